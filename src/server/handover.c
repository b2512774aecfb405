/* From one server to the next on the same data, without a moment in which a connection is refused.
 *
 *   old, serves                          new, `run --take-over`
 *                                <-      connects to the socket
 *   its two listeners            ->
 *                                        looks whether all else that it needs is there
 *                                <-      let_go
 *   edges leave, mail ends
 *   ends, and with it the channel,
 *   the lock and the store       ->      begins
 *
 * Who connects meanwhile waits in the listeners, which are open all the time. Until let_go the old
 * one goes on whatever happens to the new one; after it too, as long as its mail process works. */
#include "server/parent.h"
#include "sys/files.h"
#include "sys/machine.h"

enum { PORTS = 2 };

/* ---- The old one ---- */

static void on_heir_closed(struct sys_channel *channel, void *ctx, err why) {
    struct parent *p = ctx;
    (void)channel;
    (void)why;
    wire_fini(&p->heir);
    if (p->hands_over)
        parent_take_back(p);
}

static void on_heir(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct parent *p = ctx;
    struct proto_frame frame;
    (void)channel;
    (void)fd;
    if (proto_frame_decode(message, &frame) == OK && frame.type == PROTO_let_go && !p->stopping)
        parent_hand_over(p);
}

static const struct sys_channel_events heir_events = {.message = on_heir, .closed = on_heir_closed};

static err hand_port(struct parent *p, int port, bool is_http) {
    struct proto_port_handed out = {.http = is_http};
    writer w = wire_open(&p->heir, 0, PROTO_port_handed);
    proto_port_handed_write(&w, &out);
    return wire_close_with(&p->heir, &w, port);
}

/* One at a time, and not before there is something to hand over. */
static err welcome(struct parent *p, int fd) {
    struct sys_channel_options options = {.fd = fd, .events = &heir_events, .ctx = p};
    if (p->heir.channel != NULL || p->stopping || !p->announced)
        return ERR_BUSY;
    TRY(sys_channel_new(&p->heir.channel, p->loop, &options));
    err e = hand_port(p, p->tcp, false);
    if (e == OK)
        e = hand_port(p, p->http, true);
    if (e != OK)
        wire_fini(&p->heir);
    return OK; /* the descriptor is the channel's */
}

static void on_knock(void *ctx, unsigned events) {
    struct parent *p = ctx;
    int fd = -1;
    (void)events;
    if (sys_channel_accept(p->handover_fd, &fd) == OK && welcome(p, fd) != OK)
        sys_fd_close(fd);
}

err handover_open(struct parent *p) {
    TRY(keys_path(p->handover_path, p->config->data, "handover.sock"));
    err e = sys_listen_unix(&p->handover_fd, p->handover_path);
    if (e == OK)
        e = sys_watch_start(&p->handover, p->loop, p->handover_fd, SYS_READ, on_knock, p);
    if (e != OK)
        sys_log_failure(&p->log, "takers_not_heard",
                        "could not listen for a server that takes over", e);
    return e;
}

void handover_close(struct parent *p) {
    if (p->handover_fd < 0)
        return;
    sys_watch_stop(&p->handover);
    sys_fd_close(p->handover_fd);
    (void)!sys_file_remove(p->handover_path);
}

/* ---- The new one ---- */

struct taking {
    struct parent *p;
    struct wire old;
    unsigned ports; /* that came */
    bool asked;     /* to let go */
    err result;
};

static void end_taking(struct taking *t, err result) {
    t->result = result;
    sys_loop_stop(t->p->loop);
}

static void on_old_closed(struct sys_channel *channel, void *ctx, err why) {
    struct taking *t = ctx;
    (void)channel;
    (void)why;
    end_taking(t, t->asked ? OK : ERR_BUSY);
}

/* A socket of another address is not for us: then the configuration says where to listen. */
static void keep_port(struct parent *p, bool is_http, int fd) {
    int *place = is_http ? &p->http : &p->tcp;
    if (*place < 0 && sys_listen_fits(fd, is_http ? p->config->http : p->config->listen))
        *place = fd;
    else
        sys_fd_close(fd);
}

static void on_old(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct taking *t = ctx;
    struct proto_frame frame;
    struct proto_port_handed in;
    (void)channel;
    if (fd < 0 || t->asked || proto_frame_decode(message, &frame) != OK ||
        frame.type != PROTO_port_handed || proto_port_handed_decode(frame.body, &in) != OK) {
        sys_fd_close(fd);
        end_taking(t, ERR_MALFORMED);
        return;
    }
    keep_port(t->p, in.http, fd);
    if (++t->ports < PORTS)
        return;
    err e = parent_open_ports(t->p);
    if (e == OK)
        e = wire_send(&t->old, 0, PROTO_let_go, SLICE_EMPTY);
    if (e != OK) {
        end_taking(t, e);
        return;
    }
    t->asked = true;
    sys_log_info(&t->p->log, "takes_over", "the other server answers what it took, then lets go");
}

static const struct sys_channel_events old_events = {.message = on_old, .closed = on_old_closed};

err handover_take(struct parent *p) {
    struct taking t = {.p = p};
    struct sys_channel_options options = {.take_fds = true, .events = &old_events, .ctx = &t};
    TRY(keys_path(p->handover_path, p->config->data, "handover.sock"));
    err e = sys_channel_connect(&options.fd, p->handover_path);
    if (e == ERR_NOT_FOUND || e == ERR_CLOSED) {
        sys_log_info(&p->log, "none_to_take_over", "no server runs there to take over from");
        return OK;
    }
    TRY(e);
    e = sys_channel_new(&t.old.channel, p->loop, &options);
    if (e != OK) {
        sys_fd_close(options.fd);
        return e;
    }
    e = sys_loop_run(p->loop);
    wire_fini(&t.old);
    return e == OK ? t.result : e;
}
