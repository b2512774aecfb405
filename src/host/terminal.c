#include "host/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "sys/files.h"

enum { SECRET_MAX = 1024, CHUNK = 4096 };

/* ---- Secrets ---- */

enum { KEY_INTERRUPT = 3, KEY_END = 4, KEY_BACK = 8, KEY_KILL = 21, KEY_DELETE = 127 };

/* Drops the last character, which may be of several bytes. */
static void drop_last(buf *secret) {
    while (secret->n > 0) {
        uint8_t last = secret->p[--secret->n];
        secret->p[secret->n] = 0;
        if ((last & 0xc0) != 0x80)
            return;
    }
}

/* The terminal hands over each key as it is: nothing is shown, and Ctrl-C is ours to act on, so
 * that nobody is left with a terminal that stays silent. */
static err read_keys(int fd, buf *secret) {
    for (;;) {
        uint8_t key = 0;
        ssize_t n = read(fd, &key, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || key == KEY_INTERRUPT || (key == KEY_END && secret->n == 0))
            return ERR_CLOSED;
        if (key == '\r' || key == '\n' || key == KEY_END)
            return OK;
        if (key == KEY_BACK || key == KEY_DELETE)
            drop_last(secret);
        else if (key == KEY_KILL)
            buf_clear(secret);
        else if (secret->n == SECRET_MAX)
            return ERR_TOO_LARGE;
        else
            TRY(buf_append_byte(secret, key));
        wipe(&key, sizeof key);
    }
}

static void say(int fd, const char *text) {
    (void)!write(fd, text, strlen(text));
}

err host_ask_secret(const char *prompt, buf *secret) {
    struct termios before, silent;
    buf_clear(secret);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            close(fd);
        return ERR_NOT_FOUND;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    err e = tcsetattr(fd, TCSAFLUSH, &silent) == 0 ? OK : ERR_IO;
    if (e == OK) {
        say(fd, prompt);
        e = read_keys(fd, secret);
        say(fd, "\n");
        (void)!tcsetattr(fd, TCSAFLUSH, &before);
    }
    close(fd);
    if (e != OK)
        buf_free(secret);
    return e;
}

/* ---- Times and places ---- */

void host_time_text(uint64_t ms, char text[HOST_TIME]) {
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    text[0] = '\0';
    if (localtime_r(&seconds, &tm) == NULL || strftime(text, HOST_TIME, "%Y-%m-%d %H:%M", &tm) == 0)
        snprintf(text, HOST_TIME, "?");
}

static err join(char path[HOST_PATH], const char *folder, const char *rest) {
    int n = snprintf(path, HOST_PATH, "%s%s", folder, rest);
    return n > 0 && n < HOST_PATH ? OK : ERR_TOO_LARGE;
}

err host_home_default(char path[HOST_PATH]) {
    static const struct {
        const char *variable, *rest;
    } places[] = {{"SOTTO_HOME", ""}, {"XDG_DATA_HOME", "/sotto"}, {"HOME", "/.local/share/sotto"}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *value = getenv(places[i].variable);
        if (value != NULL && value[0] != '\0')
            return join(path, value, places[i].rest);
    }
    return ERR_NOT_FOUND;
}

/* ---- Input ---- */

bool host_is_terminal(int fd) {
    return isatty(fd) == 1;
}

err host_read_all(int fd, size_t max, buf *out) {
    for (;;) {
        TRY(buf_reserve(out, CHUNK));
        ssize_t n = read(fd, out->p + out->n, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sys_err_from_errno(errno);
        if (n == 0)
            return OK;
        out->n += (size_t)n;
        if (out->n > max)
            return ERR_TOO_LARGE;
    }
}

err host_read_line(int fd, size_t max, buf *out) {
    uint8_t byte = 0;
    while (byte != '\n') {
        ssize_t n = read(fd, &byte, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sys_err_from_errno(errno);
        if (n == 0)
            return OK;
        TRY(buf_append_byte(out, byte));
        if (out->n > max)
            return ERR_TOO_LARGE;
    }
    return OK;
}

/* One read: the descriptor may be another program's too and is left blocking, so it is asked first.
 */
static void take(struct host_input *input) {
    uint8_t chunk[CHUNK];
    struct pollfd p = {.fd = input->fd, .events = POLLIN};
    if (poll(&p, 1, 0) == 0)
        return;
    ssize_t n = read(input->fd, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        host_input_stop(input);
        input->ended = true;
        n = 0;
    }
    input->bytes(input->ctx, slice_of(chunk, (size_t)n));
}

static void ready(void *ctx, unsigned events) {
    (void)events;
    take(ctx);
}

static void again(void *ctx) {
    struct host_input *input = ctx;
    take(input);
    if (!input->ended && !input->paused)
        sys_later_set(&input->later, input->loop, again, input);
}

err host_input_start(struct host_input *input, struct sys_loop *loop, int fd,
                     void (*bytes)(void *ctx, slice bytes), void *ctx) {
    *input = (struct host_input){.loop = loop, .fd = fd, .bytes = bytes, .ctx = ctx};
    err e = sys_watch_start(&input->watch, loop, fd, SYS_READ, ready, input);
    if (e != ERR_DENIED)
        return e;
    input->file = true;
    sys_later_set(&input->later, loop, again, input);
    return OK;
}

void host_input_pause(struct host_input *input, bool paused) {
    if (input->ended || input->paused == paused)
        return;
    input->paused = paused;
    if (input->file && paused)
        sys_later_cancel(&input->later);
    else if (input->file)
        sys_later_set(&input->later, input->loop, again, input);
    else if (input->watch.loop != NULL && sys_watch_set(&input->watch, paused ? 0 : SYS_READ) != OK)
        input->paused = !paused;
}

void host_input_stop(struct host_input *input) {
    sys_watch_stop(&input->watch);
    sys_later_cancel(&input->later);
    input->ended = true;
}
