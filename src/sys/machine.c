#include "sys/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/files.h"

const int sys_stop_signals[] = {SIGTERM, SIGINT, SIGHUP, 0};

unsigned sys_machine_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : (unsigned)n;
}

/* Who may go beyond the hard limit is told by trying; the process is one that ends soon. */
err sys_machine_files(uint64_t *count) {
    struct rlimit limit, more;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return sys_err_from_errno(errno);
    *count = limit.rlim_max;
    more.rlim_max = more.rlim_cur = limit.rlim_max + 1;
    if (limit.rlim_max != RLIM_INFINITY && setrlimit(RLIMIT_NOFILE, &more) == 0) {
        *count = UINT32_MAX;
        (void)!setrlimit(RLIMIT_NOFILE, &limit);
    }
    return OK;
}

err sys_machine_hide_memory(void) {
    const struct rlimit none = {0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        return sys_err_from_errno(errno);
    return OK;
}

err sys_fd_copy(int fd, int *copy) {
    *copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return *copy < 0 ? sys_err_from_errno(errno) : OK;
}

void sys_fd_close(int fd) {
    if (fd >= 0)
        close(fd);
}

err sys_endpoint_local(struct sys_endpoint *endpoint, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return ERR_TOO_LARGE;
    memcpy(address.sun_path, path, strlen(path));
    memset(endpoint, 0, sizeof(*endpoint));
    memcpy(&endpoint->address, &address, sizeof(address));
    endpoint->size = sizeof(address);
    return OK;
}
