#include "sys/herald.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/apart.h"
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

struct job {
    const char *program;
    unsigned patience_ms;
};

static void serve(int fd, void *ctx) {
    const struct job *job = ctx;
    char word[SYS_HERALD_WORD_MAX + 1];
    for (;;) {
        ssize_t n = recv(fd, word, SYS_HERALD_WORD_MAX, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        word[n] = 0;
        run(job->program, job->patience_ms, word);
    }
}

err sys_herald_start(struct sys_herald **out, const char *program, unsigned patience_ms) {
    struct job job = {program, patience_ms};
    *out = NULL;
    struct sys_herald *h = mem_new(NULL, sizeof *h);
    if (h == NULL)
        return ERR_NO_MEMORY;
    err e = sys_apart_start(&h->fd, SOCK_SEQPACKET, serve, &job);
    if (e == OK)
        *out = h;
    else
        mem_free(NULL, h, sizeof *h);
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
