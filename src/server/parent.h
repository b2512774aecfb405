/* What the files of the parent process share. Nobody else includes this. */
#ifndef SOTTO_SERVER_PARENT_H
#define SOTTO_SERVER_PARENT_H

#include "server/clock.h"
#include "server/keys.h"
#include "server/process.h"
#include "server/session.h"
#include "server/wire.h"
#include "sys/listener.h"
#include "sys/log.h"
#include "sys/proc.h"
#include "sys/sandbox.h"

enum { EDGES_MAX = 64, ASKS_MAX = 32, PARENT_PATH = 1024 };

struct parent;

/* A process of ours. */
struct child {
    struct parent *parent;
    struct sys_proc *proc;
    struct wire wire;
    int ends[2];     /* of the channel, while it starts */
    int links[2];    /* an edge: of its channel to mail, while it starts */
    uint32_t number; /* an edge's; a new one at each start */
    bool ready;
    char sandbox[SANDBOX_TEXT];
};

/* Somebody at the control socket who waits for an answer; number 0: free. */
struct ask {
    uint32_t number, request;
    struct sys_conn *conn; /* NULL: the parent itself, to print invites */
    bool anew;             /* an office is pinned in the place of another */
};

struct parent {
    struct sys_loop *loop;
    struct sys_log log;
    const struct config *config;
    struct keys keys;
    struct session_key noise, noise_before;
    struct sys_signals signals;
    struct sys_timer hourly, drain, look;
    struct steady clock;
    uint64_t started;         /* monotonic */
    unsigned mail_unanswered; /* pings, one after the other */
    struct sys_conns conns;
    struct sys_listener *control;
    enum sys_sandbox_mode sandbox_mode;
    char sandbox[SANDBOX_TEXT];
    char control_path[PARENT_PATH], store_path[PARENT_PATH], handover_path[PARENT_PATH];
    char public[CONFIG_TEXT], host[CONFIG_TEXT];
    uint16_t port, http_port;
    int tcp, http, lock, control_fd, handover_fd;
    int pages; /* the web page's memory; -1: none */
    struct sys_watch handover;
    struct wire heir; /* a server that takes over from this one */
    buf certificate, certificate_key;
    struct child mail, edges[EDGES_MAX];
    size_t edge_count;
    uint32_t edge_number;
    struct ask asks[ASKS_MAX];
    uint32_t ask_number;
    unsigned print_invites;
    bool announced, stopping, takes_over;
    bool hands_over; /* it stops for another one, but would go on without it */
    int exit_code;
};

/* ---- parent.c ---- */
/* Ends everything in good order, with this exit code: after unready_seconds edges answer what they
 * took and say goodbye, then mail ends. Asked twice, at once. */
void parent_stop(struct parent *p, int exit_code);
/* The same, for a server that has the ports already: they stay open. */
void parent_hand_over(struct parent *p);
/* It is gone: this one goes on. */
void parent_take_back(struct parent *p);
/* Those that are not open yet. */
MUST err parent_open_ports(struct parent *p);
/* A child has ended while everything ends. */
void parent_go_on_stopping(struct parent *p);
/* All edges work for the first time. */
void parent_announce(struct parent *p);

/* ---- children.c ---- */
MUST err children_start_mail(struct parent *p);
/* Mail ends. */
void children_stop_mail(struct parent *p);
/* Edges say from now on that they will end. */
void children_unready(struct parent *p);
/* Edges that work are to answer what they took, say goodbye and end; the others end now. */
void children_see_off(struct parent *p);
/* Edges that are still there end now. */
void children_stop_edges(struct parent *p);
/* Tells every edge that has started of a new key. */
void children_tell_key(struct parent *p);
/* The same for a certificate, and for the web page. */
void children_tell_certificate(struct parent *p);
void children_tell_pages(struct parent *p);
void child_fini(struct child *child);

/* ---- operator.c ---- */
MUST err operator_open(struct parent *p);
void operator_close(struct parent *p);
/* Asks mail what operator_asks allows; conn NULL: invites, to be printed. */
MUST err operator_ask(struct parent *p, struct sys_conn *conn, const struct proto_frame *frame);
/* Mail's answer. */
void operator_answer(struct parent *p, const struct proto_frame *frame);

/* ---- handover.c ---- */
/* Listens for a server that takes over. */
MUST err handover_open(struct parent *p);
void handover_close(struct parent *p);
/* Takes over from the server that runs, if one does: afterwards the ports are open and it is gone.
 * BUSY: it is starting or ending, or was killed before it could be asked. */
MUST err handover_take(struct parent *p);

#endif
