#include "sys/locked.h"

#include <sys/mman.h>
#include <sys/resource.h>

uint64_t sys_locked_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return 0;
    return limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_max / 1024;
}

static void raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)!setrlimit(RLIMIT_MEMLOCK, &limit); /* else locking fails, and says so */
}

err sys_locked_new(void **out, size_t n) {
    raise_limit();
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return ERR_NO_MEMORY;
    if (mlock(p, n) != 0) {
        (void)munmap(p, n);
        return ERR_LIMIT;
    }
    if (madvise(p, n, MADV_DONTDUMP) != 0) {
        (void)munmap(p, n);
        return ERR_UNSUPPORTED;
    }
    *out = p;
    return OK;
}

void sys_locked_free(void *p, size_t n) {
    if (p == NULL)
        return;
    wipe(p, n);
    (void)munmap(p, n);
}
