#include "sys/herald.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/files.h"

enum { PAUSE_MS = 20 };

/* Words are messages of a socket that keeps them apart. */
struct sys_herald {
    int fd;
};

/* In a process group of its own. */
static bool spawn(const char *program, char **argv, pid_t *pid) {
    posix_spawnattr_t how;
    if (posix_spawnattr_init(&how) != 0)
        return false;
    bool fine = posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP) == 0 &&
                posix_spawnattr_setpgroup(&how, 0) == 0 &&
                posix_spawnp(pid, program, NULL, &how, argv, environ) == 0;
    posix_spawnattr_destroy(&how);
    return fine;
}

/* One that hangs doesn't keep back what comes after it. */
static void run(const char *program, unsigned patience_ms, char *word) {
    char *argv[] = {(char *)(uintptr_t)program, word, NULL};
    pid_t pid = 0;
    int how;
    if (!spawn(program, argv, &pid))
        return;
    for (unsigned tries = 0; tries < patience_ms / PAUSE_MS; tries++) {
        if (waitpid(pid, &how, WNOHANG) != 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    kill(-pid, SIGKILL);
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        ;
}

/* Until the other end is closed. Signals that end a daemon are that one's to answer. */
__attribute__((noreturn)) static void serve(int fd, const char *program, unsigned patience_ms) {
    char word[SYS_HERALD_WORD_MAX + 1];
    setsid();
    for (;;) {
        ssize_t n = recv(fd, word, SYS_HERALD_WORD_MAX, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0);
        word[n] = 0;
        run(program, patience_ms, word);
    }
}

static void close_others(int keep) {
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range((unsigned)keep + 1, UINT_MAX, 0);
}

err sys_herald_start(struct sys_herald **out, const char *program, unsigned patience_ms) {
    int fds[2];
    *out = NULL;
    struct sys_herald *h = mem_new(NULL, sizeof *h);
    if (h == NULL)
        return ERR_NO_MEMORY;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        mem_free(NULL, h, sizeof *h);
        return sys_err_from_errno(errno);
    }
    pid_t pid = fork();
    if (pid == 0) {
        close_others(fds[1]);
        serve(fds[1], program, patience_ms);
    }
    close(fds[1]);
    h->fd = fds[0];
    if (pid > 0 && fcntl(h->fd, F_SETFL, O_NONBLOCK) == 0) {
        *out = h;
        return OK;
    }
    err e = sys_err_from_errno(errno);
    sys_herald_free(h);
    return e;
}

static bool is_word(slice s) {
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (i == 0 || (c != '-' && c != '.')))
            return false;
    }
    return s.n > 0 && s.n <= SYS_HERALD_WORD_MAX;
}

err sys_herald_tell(struct sys_herald *herald, slice word) {
    if (!is_word(word))
        return ERR_MALFORMED;
    if (send(herald->fd, word.p, word.n, MSG_NOSIGNAL) == (ssize_t)word.n)
        return OK;
    return errno == EPIPE || errno == ECONNRESET ? ERR_CLOSED : sys_err_from_errno(errno);
}

void sys_herald_free(struct sys_herald *herald) {
    if (herald == NULL)
        return;
    close(herald->fd);
    mem_free(NULL, herald, sizeof *herald);
}
