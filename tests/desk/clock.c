/* Loaded into each process of the story: their clock is ahead by the seconds in the file that
 * SOTTO_AHEAD names, so that weeks pass for the desk, the server, its users and the witness at
 * once: both clocks go on, since to the server one that goes on alone is one that is wrong. The
 * file is mapped before a process shuts itself in. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;
static int (*real)(clockid_t, struct timespec *);

/* Other libraries may ask for the time before this one is set up. */
static void find_real(void) {
    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SOTTO_AHEAD");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    find_real();
    if (fd < 0)
        return;
    void *p = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED)
        ahead = p;
    close(fd);
}

int clock_gettime(clockid_t id, struct timespec *now) {
    find_real();
    int result = real(id, now);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_MONOTONIC) && ahead != NULL)
        now->tv_sec += *ahead;
    return result;
}
