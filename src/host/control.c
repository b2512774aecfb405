#include "host/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/channel.h"
#include "sys/files.h"
#include "sys/listener.h"

/* The first byte of a message to the caller: a stream's number, the end, or a question that it
 * answers with an empty message once all before is printed. */
enum { MESSAGE_END = 0, MESSAGE_PRINTED = 3, PART = 64 * 1024, QUEUE_MAX = 8 * 1024 * 1024 };

struct host_caller {
    struct host_control *control;
    struct sys_channel *channel; /* NULL: a free place */
    void *data;
    bool asked;
};

struct host_control {
    struct sys_loop *loop;
    const struct host_control_events *events;
    void *ctx;
    struct sys_watch watch;
    int fd, folder;
    struct host_caller callers[HOST_CALLERS_MAX];
};

/* ---- The place of the socket ---- */

/* A socket's name has to be short and a home's needn't be: it is reached through its open folder.
 */
static err socket_path(char path[64], const char *home, int *folder) {
    *folder = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0)
        return sys_err_from_errno(errno);
    snprintf(path, 64, "/proc/self/fd/%d/control.sock", *folder);
    return OK;
}

/* ---- Callers ---- */

static void caller_free(struct host_caller *caller) {
    struct sys_channel *channel = caller->channel;
    *caller = (struct host_caller){.control = caller->control};
    sys_channel_free(channel);
}

static void on_message(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct host_caller *caller = ctx;
    (void)channel;
    (void)fd;
    bool first = !caller->asked;
    caller->asked = true;
    if (first)
        caller->control->events->asked(caller->control->ctx, caller, message);
    else
        caller->control->events->printed(caller->control->ctx, caller);
}

static void on_closed(struct sys_channel *channel, void *ctx, err why) {
    struct host_caller *caller = ctx;
    (void)channel;
    (void)why;
    if (caller->data != NULL)
        caller->control->events->gone(caller->control->ctx, caller);
    caller_free(caller);
}

static const struct sys_channel_events caller_events = {.message = on_message, .closed = on_closed};

void host_caller_set(struct host_caller *caller, void *data) {
    caller->data = data;
}

void *host_caller_get(const struct host_caller *caller) {
    return caller->data;
}

static err put(struct host_caller *caller, uint8_t kind, slice bytes) {
    buf message = {0};
    err e = caller->channel == NULL ? ERR_CLOSED : buf_append_byte(&message, kind);
    if (e == OK)
        e = buf_append(&message, bytes);
    if (e == OK)
        e = sys_channel_send(caller->channel, buf_slice(&message));
    buf_free(&message);
    return e;
}

err host_caller_put(struct host_caller *caller, int stream, slice bytes) {
    while (bytes.n > 0) {
        size_t n = bytes.n < PART ? bytes.n : PART;
        TRY(put(caller, (uint8_t)stream, slice_of(bytes.p, n)));
        bytes = slice_of(bytes.p + n, bytes.n - n);
    }
    return OK;
}

err host_caller_ask_printed(struct host_caller *caller) {
    return put(caller, MESSAGE_PRINTED, SLICE_EMPTY);
}

void host_caller_drop(struct host_caller *caller) {
    caller_free(caller);
}

void host_caller_end(struct host_caller *caller, int code) {
    uint8_t byte = (uint8_t)code;
    caller->data = NULL;
    if (caller->channel == NULL)
        return;
    /* The other side closes when it has read this; on_closed frees the place. */
    if (put(caller, MESSAGE_END, slice_of(&byte, 1)) != OK)
        caller_free(caller);
    else
        sys_channel_flush(caller->channel);
}

/* ---- Accepting ---- */

static bool same_user(int fd) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static struct host_caller *free_place(struct host_control *control) {
    for (size_t i = 0; i < HOST_CALLERS_MAX; i++)
        if (control->callers[i].channel == NULL)
            return &control->callers[i];
    return NULL;
}

static void on_ready(void *ctx, unsigned events) {
    struct host_control *control = ctx;
    (void)events;
    int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct host_caller *caller = same_user(fd) ? free_place(control) : NULL;
    struct sys_channel_options options = {
        .fd = fd, .queue_max = QUEUE_MAX, .events = &caller_events, .ctx = caller};
    if (caller == NULL || sys_channel_new(&caller->channel, control->loop, &options) != OK) {
        close(fd);
        return;
    }
    caller->control = control;
}

err host_control_open(struct host_control **out, struct sys_loop *loop, const char *home,
                      const struct host_control_events *events, void *ctx) {
    char path[64];
    *out = NULL;
    struct host_control *control = mem_new(NULL, sizeof *control);
    if (control == NULL)
        return ERR_NO_MEMORY;
    *control =
        (struct host_control){.loop = loop, .events = events, .ctx = ctx, .fd = -1, .folder = -1};
    err e = socket_path(path, home, &control->folder);
    if (e == OK)
        e = sys_listen_unix(&control->fd, path);
    if (e == OK)
        e = sys_watch_start(&control->watch, loop, control->fd, SYS_READ, on_ready, control);
    if (e == OK) {
        *out = control;
        return OK;
    }
    host_control_close(control);
    return e;
}

void host_control_close(struct host_control *control) {
    if (control == NULL)
        return;
    for (size_t i = 0; i < HOST_CALLERS_MAX; i++)
        if (control->callers[i].channel != NULL)
            caller_free(&control->callers[i]);
    sys_watch_stop(&control->watch);
    if (control->fd >= 0) {
        close(control->fd);
        (void)!unlinkat(control->folder, "control.sock", 0);
    }
    if (control->folder >= 0)
        close(control->folder);
    mem_free(NULL, control, sizeof *control);
}

/* ---- The other side ---- */

struct asking {
    struct sys_channel *channel;
    struct sys_loop *loop;
    err (*put)(void *ctx, int stream, slice bytes);
    void *ctx;
    int code;
    err result;
    bool failed; /* to print: what follows in the same turn is not for us any more */
};

static void on_answer(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct asking *a = ctx;
    (void)fd;
    err e = OK;
    if (a->failed)
        return;
    if (message.n == 1 && message.p[0] == MESSAGE_PRINTED) {
        e = sys_channel_send(channel, SLICE_EMPTY);
    } else if (message.n > 1 && message.p[0] != MESSAGE_END) {
        e = a->put(a->ctx, message.p[0], slice_of(message.p + 1, message.n - 1));
    } else if (message.n == 2) {
        a->code = message.p[1];
        a->result = OK;
        sys_loop_stop(a->loop);
    }
    a->failed = e != OK;
    if (a->failed)
        sys_loop_stop(a->loop);
}

static void on_holder_gone(struct sys_channel *channel, void *ctx, err why) {
    struct asking *a = ctx;
    (void)channel;
    (void)why;
    sys_loop_stop(a->loop);
}

static const struct sys_channel_events asking_events = {.message = on_answer,
                                                        .closed = on_holder_gone};

static err reach(const char *home, int *out) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[64];
    int folder;
    TRY(socket_path(path, home, &folder));
    memcpy(address.sun_path, path, sizeof path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    err e = fd < 0 ? sys_err_from_errno(errno) : OK;
    if (e == OK && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        e = ERR_NOT_FOUND;
    if (e == OK && !same_user(fd))
        e = ERR_NOT_FOUND;
    close(folder);
    if (e != OK && fd >= 0)
        close(fd);
    if (e == OK)
        *out = fd;
    return e;
}

err host_control_ask(const char *home, slice args,
                     err (*put_out)(void *ctx, int stream, slice bytes), void *ctx, int *code) {
    struct asking a = {.put = put_out, .ctx = ctx, .result = ERR_CLOSED};
    int fd = -1;
    TRY(reach(home, &fd));
    err e = sys_loop_new(&a.loop, NULL);
    if (e != OK) {
        close(fd);
        return e;
    }
    struct sys_channel_options options = {.fd = fd, .events = &asking_events, .ctx = &a};
    e = sys_channel_new(&a.channel, a.loop, &options);
    if (e != OK)
        close(fd);
    if (e == OK)
        e = sys_channel_send(a.channel, args);
    if (e == OK)
        e = sys_loop_run(a.loop);
    sys_channel_free(a.channel);
    sys_loop_free(a.loop);
    *code = a.code;
    return e == OK ? a.result : e;
}
