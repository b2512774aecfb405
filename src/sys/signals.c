#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/loop.h"

static void signals_ready(void *ctx, unsigned events) {
    struct sys_signals *s = ctx;
    (void)events;
    struct signalfd_siginfo info;
    /* One a call: the callback may stop and free what holds it. The rest is still readable. */
    if (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        s->caught(s->ctx, (int)info.ssi_signo);
}

/* Whoever started it under nohup wants it to outlive the terminal. */
static bool outlives(int signal) {
    struct sigaction now;
    return signal == SIGHUP && sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

err sys_signals_start(struct sys_signals *s, struct sys_loop *loop, const int *signals,
                      void (*caught)(void *ctx, int signal), void *ctx) {
    sigset_t set;
    sigemptyset(&set);
    for (; *signals != 0; signals++)
        if (!outlives(*signals))
            sigaddset(&set, *signals);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return sys_err_from_errno(errno);
    *s = (struct sys_signals){.caught = caught, .ctx = ctx};
    s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->fd < 0)
        return sys_err_from_errno(errno);
    err result = sys_watch_start(&s->watch, loop, s->fd, SYS_READ, signals_ready, s);
    if (result != OK) {
        close(s->fd);
        s->fd = -1;
    }
    return result;
}

void sys_signals_hear_hangup(void) {
    signal(SIGHUP, SIG_DFL); /* blocked a moment later, so it ends nothing */
}

void sys_signals_stop(struct sys_signals *s) {
    if (s->watch.loop == NULL)
        return;
    sys_watch_stop(&s->watch);
    close(s->fd);
    s->fd = -1;
}
