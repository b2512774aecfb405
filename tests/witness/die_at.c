/* Loaded into a witness: at the call that DIE_AT names, the process is gone, as if it had been
 * killed just then. "rename": before what it remembers is replaced; "renamed": right after; "send":
 * when it is about to answer. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die_at(const char *where) {
    const char *wanted = getenv("DIE_AT");
    if (wanted != NULL && strcmp(wanted, where) == 0)
        syscall(SYS_tgkill, getpid(), gettid(), SIGKILL);
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) =
        (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    die_at("rename");
    int result = real(from, to);
    die_at("renamed");
    return result;
}

ssize_t send(int fd, const void *p, size_t n, int flags) {
    die_at("send");
    return sendto(fd, p, n, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    die_at("send");
    return syscall(SYS_sendmsg, fd, message, flags);
}
