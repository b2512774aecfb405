#include "sys/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"
#include "sys/files.h"
#include "sys/machine.h"
#include "sys/outbox.h"

enum {
    HEAD = 4,
    FDS_MAX = 64,             /* descriptors that wait for their message, or to be sent */
    QUEUE_DEFAULT = 64 << 20, /* bytes */
    READ_A_TURN = 4 << 20,    /* bytes, so that one channel can't starve the others */
    KEEP_UP_TO = 256 << 10,   /* a buffer of this size isn't given back */
};
/* Set in a length: a descriptor belongs to this message. */
#define WITH_FD ((uint32_t)1 << 31)

struct fd_queue {
    struct {
        int fd;
        size_t at; /* sending: bytes of the outbox before its message */
    } list[FDS_MAX];
    size_t count;
};

struct sys_channel {
    struct sys_loop *loop;
    const struct sys_channel_events *events;
    void *ctx;
    struct sys_watch watch;
    struct sys_later later;
    buf in;
    struct sys_outbox out;
    size_t queue_max, drain_at;
    struct fd_queue *incoming, *outgoing;
    int fd;
    unsigned busy; /* callbacks of its own that are running */
    err why;
    bool paused, read_again, above, no_write, ended, freed, secret;
};

err sys_channel_pair(int fds[2]) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        return sys_err_from_errno(errno);
    return OK;
}

err sys_channel_connect(int *out, const char *path) {
    struct sys_endpoint to;
    TRY(sys_endpoint_local(&to, path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sys_err_from_errno(errno);
    if (connect(fd, (struct sockaddr *)&to.address, to.size) != 0) {
        err e = sys_err_from_errno(errno);
        close(fd);
        return e;
    }
    *out = fd;
    return OK;
}

err sys_channel_accept(int listener, int *fd) {
    *fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return *fd < 0 ? sys_err_from_errno(errno) : OK;
}

static void channel_act(void *ctx);
static void channel_ready(void *ctx, unsigned events);

err sys_channel_new(struct sys_channel **out, struct sys_loop *loop,
                    const struct sys_channel_options *options) {
    const struct mem *mem = sys_loop_mem(loop);
    struct sys_channel *channel = mem_new(mem, sizeof(*channel));
    if (channel == NULL)
        return ERR_NO_MEMORY;
    channel->loop = loop;
    channel->events = options->events;
    channel->ctx = options->ctx;
    channel->in = channel->out.bytes = buf_on(mem);
    channel->queue_max = options->queue_max != 0 ? options->queue_max : QUEUE_DEFAULT;
    channel->drain_at = options->drain_at != 0 ? options->drain_at : channel->queue_max / 2;
    channel->fd = options->fd;
    channel->secret = options->secret;
    err result = OK;
    if (options->take_fds) {
        channel->incoming = mem_new(mem, sizeof(*channel->incoming));
        result = channel->incoming == NULL ? ERR_NO_MEMORY : OK;
    }
    if (result == OK)
        result =
            sys_watch_start(&channel->watch, loop, channel->fd, SYS_READ, channel_ready, channel);
    if (result != OK) {
        mem_free(mem, channel->incoming, sizeof(*channel->incoming));
        mem_free(mem, channel, sizeof(*channel));
        return result;
    }
    *out = channel;
    return OK;
}

static void close_fds(struct sys_channel *channel, struct fd_queue **queue) {
    for (size_t i = 0; *queue != NULL && i < (*queue)->count; i++)
        close((*queue)->list[i].fd);
    mem_free(sys_loop_mem(channel->loop), *queue, sizeof(**queue));
    *queue = NULL;
}

/* Everything but the struct itself. */
static void shut(struct sys_channel *channel) {
    if (channel->fd < 0)
        return;
    sys_watch_stop(&channel->watch);
    close(channel->fd);
    channel->fd = -1;
    close_fds(channel, &channel->incoming);
    close_fds(channel, &channel->outgoing);
    sys_outbox_take(&channel->out, sys_outbox_size(&channel->out));
}

static void give_back(struct sys_channel *channel) {
    buf_free(&channel->in);
    buf_free(&channel->out.bytes);
    mem_free(sys_loop_mem(channel->loop), channel, sizeof(*channel));
}

void sys_channel_free(struct sys_channel *channel) {
    if (channel == NULL || channel->freed)
        return;
    channel->freed = channel->ended = true;
    sys_later_cancel(&channel->later);
    shut(channel);
    if (channel->busy == 0)
        give_back(channel);
}

static void wake(struct sys_channel *channel) {
    sys_later_set(&channel->later, channel->loop, channel_act, channel);
}

static void end(struct sys_channel *channel, err why) {
    if (channel->ended)
        return;
    channel->ended = true;
    channel->why = why;
    shut(channel);
    wake(channel);
}

static void update_interest(struct sys_channel *channel) {
    if (channel->ended)
        return;
    unsigned interest = channel->paused ? 0 : SYS_READ;
    if (sys_outbox_size(&channel->out) > 0)
        interest |= SYS_WRITE;
    err result = sys_watch_set(&channel->watch, interest);
    if (result != OK)
        end(channel, result);
}

/* ---- Out ---- */

static err queue_fd(struct sys_channel *channel, int fd) {
    if (channel->outgoing == NULL)
        channel->outgoing = mem_new(sys_loop_mem(channel->loop), sizeof(*channel->outgoing));
    struct fd_queue *queue = channel->outgoing;
    if (queue == NULL)
        return ERR_NO_MEMORY;
    if (queue->count == FDS_MAX)
        return ERR_FULL;
    queue->list[queue->count].fd = fd;
    queue->list[queue->count++].at = sys_outbox_size(&channel->out);
    return OK;
}

static err channel_send(struct sys_channel *channel, slice message, int fd) {
    if (channel->ended || channel->no_write)
        return ERR_CLOSED;
    if (message.n > SYS_CHANNEL_MAX)
        return ERR_TOO_LARGE;
    if (sys_outbox_size(&channel->out) + HEAD + message.n > channel->queue_max) {
        channel->above = true;
        return ERR_FULL;
    }
    if (fd >= 0)
        TRY(queue_fd(channel, fd));
    uint8_t *room;
    err result = sys_outbox_add(&channel->out, HEAD + message.n, &room);
    if (result != OK) {
        if (fd >= 0)
            channel->outgoing->count--;
        return result;
    }
    put_u32(room, (uint32_t)message.n | (fd >= 0 ? WITH_FD : 0));
    if (message.n > 0)
        memcpy(room + HEAD, message.p, message.n);
    if (sys_outbox_size(&channel->out) > channel->drain_at)
        channel->above = true;
    wake(channel);
    return OK;
}

err sys_channel_send(struct sys_channel *channel, slice message) {
    return channel_send(channel, message, -1);
}

err sys_channel_send_fd(struct sys_channel *channel, slice message, int fd) {
    return fd < 0 ? ERR_BUG : channel_send(channel, message, fd);
}

size_t sys_channel_queued(const struct sys_channel *channel) {
    return sys_outbox_size(&channel->out);
}

union fd_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

/* Writes from the front: with its descriptor if one belongs there, and up to the next one. */
static ssize_t write_some(struct sys_channel *channel) {
    struct fd_queue *queue = channel->outgoing;
    slice front = sys_outbox_front(&channel->out);
    bool with = queue != NULL && queue->count > 0 && queue->list[0].at == 0;
    size_t next = with ? 1 : 0;
    if (queue != NULL && queue->count > next && queue->list[next].at < front.n)
        front.n = queue->list[next].at;
    if (!with)
        return send(channel->fd, front.p, front.n, MSG_NOSIGNAL);
    union fd_control control = {.bytes = {0}};
    struct iovec part = {.iov_base = (void *)(uintptr_t)front.p, .iov_len = front.n};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(sizeof(int))};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &queue->list[0].fd, sizeof(int));
    ssize_t n = sendmsg(channel->fd, &message, MSG_NOSIGNAL);
    if (n > 0) {
        close(queue->list[0].fd);
        queue->count--;
        memmove(queue->list, queue->list + 1, queue->count * sizeof(queue->list[0]));
    }
    return n;
}

static void wrote(struct sys_channel *channel, size_t n) {
    sys_outbox_take_but(&channel->out, n, KEEP_UP_TO);
    for (size_t i = 0; channel->outgoing != NULL && i < channel->outgoing->count; i++)
        channel->outgoing->list[i].at -= n;
}

static bool has_drained(const struct sys_channel *channel) {
    return !channel->ended && channel->above && sys_outbox_size(&channel->out) <= channel->drain_at;
}

void sys_channel_flush(struct sys_channel *channel) {
    while (!channel->ended && sys_outbox_size(&channel->out) > 0) {
        ssize_t n = write_some(channel);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0) {
            /* The reader's end shows when all that it had sent has been read. */
            channel->no_write = true;
            close_fds(channel, &channel->outgoing);
            sys_outbox_take(&channel->out, sys_outbox_size(&channel->out));
            break;
        }
        wrote(channel, (size_t)n);
    }
    if (has_drained(channel))
        wake(channel);
}

/* ---- In ---- */

/* Remembers descriptors that came with bytes; those that nobody wants are closed. */
static void note_fds(struct sys_channel *channel, struct msghdr *message) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (channel->incoming->count < FDS_MAX)
                channel->incoming->list[channel->incoming->count++].fd = fd;
            else
                close(fd);
        }
    }
}

static ssize_t read_some(struct sys_channel *channel, uint8_t *p, size_t size) {
    if (channel->incoming == NULL)
        return recv(channel->fd, p, size, 0);
    union fd_control control;
    struct iovec part = {.iov_base = p, .iov_len = size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t n = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC);
    if (n > 0)
        note_fds(channel, &message);
    return n;
}

static err next_fd(struct sys_channel *channel, uint32_t head, int *fd) {
    *fd = -1;
    if ((head & WITH_FD) == 0)
        return OK;
    struct fd_queue *queue = channel->incoming;
    if (queue == NULL || queue->count == 0)
        return ERR_MALFORMED;
    *fd = queue->list[0].fd;
    queue->count--;
    memmove(queue->list, queue->list + 1, queue->count * sizeof(queue->list[0]));
    return OK;
}

/* Hands over whole messages; returns how many bytes they were. */
static size_t hand_over(struct sys_channel *channel, const uint8_t *p, size_t n) {
    size_t done = 0;
    while (!channel->ended && !channel->paused && n - done >= HEAD) {
        const uint8_t *at = p + done;
        uint32_t head =
            (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
        size_t size = head & ~WITH_FD;
        int fd;
        if (size > SYS_CHANNEL_MAX) {
            end(channel, ERR_MALFORMED);
            break;
        }
        if (n - done - HEAD < size)
            break;
        if (next_fd(channel, head, &fd) != OK) {
            end(channel, ERR_MALFORMED);
            break;
        }
        done += HEAD + size;
        channel->events->message(channel, channel->ctx, slice_of(at + HEAD, size), fd);
    }
    return done;
}

static err take_in(struct sys_channel *channel, const uint8_t *p, size_t n) {
    if (channel->in.n == 0) {
        size_t done = hand_over(channel, p, n);
        return channel->ended ? OK : buf_append(&channel->in, slice_of(p + done, n - done));
    }
    if (n > 0)
        TRY(buf_append(&channel->in, slice_of(p, n)));
    buf_consume(&channel->in, hand_over(channel, channel->in.p, channel->in.n));
    if (channel->in.n == 0 && (channel->secret || channel->in.cap > KEEP_UP_TO))
        buf_free(&channel->in);
    return OK;
}

static void read_in(struct sys_channel *channel) {
    channel->read_again = false;
    err result = channel->in.n > 0 ? take_in(channel, NULL, 0) : OK;
    size_t total = 0;
    while (result == OK && !channel->ended && !channel->paused && total < READ_A_TURN) {
        uint8_t *scratch = sys_loop_scratch(channel->loop);
        ssize_t n = read_some(channel, scratch, SYS_SCRATCH);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            bool cut = channel->in.n > 0 || (n < 0 && errno != ECONNRESET);
            end(channel, n < 0 && errno == ECONNRESET ? ERR_CLOSED
                         : cut                        ? ERR_TRUNCATED
                                                      : ERR_CLOSED);
            return;
        }
        total += (size_t)n;
        result = take_in(channel, scratch, (size_t)n);
        if (channel->secret)
            wipe(scratch, (size_t)n);
        /* That was all; what came meanwhile, the end too, is another turn's. */
        if (n < SYS_SCRATCH)
            break;
    }
    if (result != OK)
        end(channel, result);
}

static void leave(struct sys_channel *channel) {
    channel->busy--;
    if (channel->freed && channel->busy == 0)
        give_back(channel);
    else if (!channel->freed)
        update_interest(channel);
}

static void channel_ready(void *ctx, unsigned events) {
    struct sys_channel *channel = ctx;
    channel->busy++;
    if (events & SYS_WRITE)
        sys_channel_flush(channel);
    if ((events & SYS_READ) && !channel->paused)
        read_in(channel);
    leave(channel);
}

/* What a turn left to do. */
static void channel_act(void *ctx) {
    struct sys_channel *channel = ctx;
    channel->busy++;
    if (channel->ended) {
        channel->events->closed(channel, channel->ctx, channel->why);
        leave(channel);
        return;
    }
    if (channel->read_again && !channel->paused)
        read_in(channel);
    sys_channel_flush(channel);
    if (has_drained(channel)) {
        channel->above = false;
        sys_later_cancel(&channel->later);
        if (channel->events->drained != NULL)
            channel->events->drained(channel, channel->ctx);
    }
    leave(channel);
}

void sys_channel_pause(struct sys_channel *channel) {
    channel->paused = true;
    if (!channel->ended)
        wake(channel);
}

void sys_channel_resume(struct sys_channel *channel) {
    if (!channel->paused)
        return;
    channel->paused = false;
    channel->read_again = true;
    if (!channel->ended)
        wake(channel);
}
