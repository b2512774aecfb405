/* The mail process: the store, and what the edges bring. Everything that has arrived is one batch
 * and one durable commit. */
#include "base/time.h"
#include "crypto/crypto.h"
#include "server/clock.h"
#include "server/mail.h"
#include "server/metrics.h"
#include "server/process.h"
#include "server/wire.h"
#include "sys/locked.h"
#include "sys/log.h"
#include "sys/machine.h"
#include "sys/proc.h"
#include "sys/sandbox.h"

enum { FD_PARENT = SYS_PROC_FD_FIRST, LINKS_MAX = 128, FILES_MAX = 1024 + LINKS_MAX + 256 };
/* Bytes that wait for an edge: above the one nothing more is read from it and no items are given to
 * it, below the other it goes on. */
enum { LINK_HIGH = 8 * 1024 * 1024, LINK_LOW = 4 * 1024 * 1024 };
/* While so many requests come in a window of time, a batch with items that were delivered is put
 * off as long as more come, so that they are acknowledged before they are written. All of the batch
 * is, so that an answer hardly tells who is connected. Where less than a part of a batch's items
 * was acknowledged in time, only one of so many others is put off, to try again. */
enum { WINDOW_MS = 10, BUSY = 50, QUIET_MS = 6, PUT_OFF_MS = 20, WORTH_PART = 4, TRY_EVERY = 16 };
enum { SWEEP_BUSY_MS = 20, SWEEP_IDLE_MS = 10 * 60 * 1000, FLUSH_MS = 60 * 60 * 1000 };
enum { OPEN_TRIES = 100, OPEN_REST_MS = 50 };
enum { COPY_MS = 10 * 60 * 1000 };

struct post;

/* The channel to one edge. */
struct edge_link {
    struct wire wire;
    struct post *post;
    uint32_t edge; /* 0: free */
    bool broken;
    bool holds; /* items were held back for it */
    uint64_t counts[METRICS_EDGE];
};

struct post {
    struct sys_loop *loop;
    struct sys_log log;
    struct sys_signals signals;
    struct wire parent;
    struct edge_link links[LINKS_MAX];
    struct sys_later commit;
    struct sys_timer sweep, flush, copy, put_off;
    uint64_t window;          /* of requests: when it began */
    uint64_t came;            /* in it */
    bool busy;                /* the one before */
    uint64_t requests, known; /* so many so far; when the batch was put off last */
    uint64_t put_off_at;      /* when it was first */
    uint64_t items, passed;   /* so many so far, when the last batch was committed */
    uint32_t batches;
    bool is_put_off, worthless; /* the batch at hand; the last that was */
    struct steady clock;
    uint64_t gone[METRICS_EDGE]; /* counts of edges that ended */
    uint64_t commit_us, began;   /* time of commits; wall, at the start */
    struct store *store;
    char folder[4097]; /* the store's */
    struct mail *mail;
    void *chain_memory;
    uint32_t chains;
    bool damaged; /* since the last flush a record could not be read */
    bool failing; /* the store takes nothing */
    int exit_code;
};

static uint64_t wall(void *ctx) {
    struct post *post = ctx;
    return clock_now(&post->clock, &post->log);
}

static void doubted(void *ctx) {
    struct post *post = ctx;
    sys_log_warn(&post->log, "clock_doubted",
                 "the clock is far from where the server was last: nothing expires for "
                 "a day; if the clock is wrong, set it and start again");
}

static void stop(struct post *post, int exit_code) {
    post->exit_code = exit_code;
    sys_loop_stop(post->loop);
}

/* ---- Replies ---- */

static struct edge_link *link_of(struct post *post, uint64_t session) {
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (post->links[i].edge != 0 && post->links[i].edge == session >> SESSION_BITS)
            return &post->links[i];
    return NULL;
}

static void emit(void *ctx, const struct proto_edge_reply *reply) {
    struct post *post = ctx;
    if (reply->session == 0) {
        if (wire_send(&post->parent, reply->request, reply->type, reply->body) != OK)
            stop(post, EXIT_FAILED);
        return;
    }
    struct edge_link *link = link_of(post, reply->session);
    if (link == NULL || link->broken)
        return;
    struct proto_edge_reply own = *reply;
    own.session &= ((uint64_t)1 << SESSION_BITS) - 1;
    writer w = wire_open(&link->wire, 0, PROTO_edge_reply);
    proto_edge_reply_write(&w, &own);
    /* An edge that does not read is as good as dead: without its channel it ends. */
    if (wire_close(&link->wire, &w) != OK)
        link->broken = true;
}

static bool crowded(void *ctx, uint64_t session) {
    struct edge_link *link = link_of(ctx, session);
    if (link == NULL || link->broken || sys_channel_queued(link->wire.channel) <= LINK_HIGH)
        return false;
    link->holds = true;
    return true;
}

/* Said once an hour, since a stranger may meet the same record again and again. */
static void damaged(void *ctx) {
    struct post *post = ctx;
    post->damaged = true;
}

/* Said when it begins and when it ends. */
static void stored(void *ctx, err result) {
    struct post *post = ctx;
    if (post->failing == (result != OK))
        return;
    post->failing = result != OK;
    if (post->failing)
        sys_log_error(&post->log, "store_fails", "nothing can be stored: %s%s", err_text(result),
                      store_advice(result));
    else
        sys_log_warn(&post->log, "store_works", "everything is stored again");
}

/* ---- The batch ---- */

static uint64_t first_session(const struct edge_link *link) {
    return (uint64_t)link->edge << SESSION_BITS;
}

static uint64_t last_session(const struct edge_link *link) {
    return first_session(link) | (((uint64_t)1 << SESSION_BITS) - 1);
}

static void drop_link(struct edge_link *link) {
    mail_closed_all(link->post->mail, first_session(link), last_session(link));
    metrics_bury(link->post->gone, link->counts);
    wire_fini(&link->wire);
    *link = (struct edge_link){.post = link->post};
}

/* However seldom this process has its turn, which is when it matters most. */
static bool is_busy(struct post *post) {
    uint64_t now = sys_loop_now(post->loop), spent = now - post->window;
    if (spent >= WINDOW_MS) {
        post->busy = post->came * WINDOW_MS >= BUSY * spent;
        post->came = 0;
        post->window = now;
    }
    return post->busy || post->came >= BUSY;
}

/* Of a batch that was committed. */
static void note_worth(struct post *post) {
    struct mail_counts counts = mail_counts(post->mail);
    if (post->is_put_off)
        post->worthless = (counts.passed - post->passed) * WORTH_PART < counts.items - post->items;
    post->is_put_off = false;
    post->items = counts.items;
    post->passed = counts.passed;
}

/* What follows from the batch goes out at once. Who asks for more than it takes waits. */
static void commit_now(struct post *post) {
    sys_timer_cancel(&post->put_off);
    uint64_t begun = sys_clock_micros();
    mail_commit(post->mail);
    post->commit_us += sys_clock_micros() - begun;
    note_worth(post);
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct sys_channel *channel = post->links[i].wire.channel;
        if (channel == NULL)
            continue;
        sys_channel_flush(channel);
        if (sys_channel_queued(channel) > LINK_HIGH)
            sys_channel_pause(channel);
    }
}

static void commit_in_time(void *ctx);
static void commit_all(struct post *post);

static bool put_off(struct post *post) {
    post->known = post->requests;
    return sys_timer_set(&post->put_off, post->loop, QUIET_MS, commit_in_time, post) == OK;
}

static void commit_in_time(void *ctx) {
    struct post *post = ctx;
    bool quiet = post->requests == post->known;
    bool late = sys_loop_now(post->loop) - post->put_off_at >= PUT_OFF_MS;
    if (quiet || late || !put_off(post))
        commit_all(post);
}

static void commit(void *ctx) {
    struct post *post = ctx;
    if (!mail_hurries(post->mail) && is_busy(post)) {
        if (post->put_off.loop != NULL)
            return;
        post->put_off_at = sys_loop_now(post->loop);
        post->is_put_off = ++post->batches % TRY_EVERY == 0 || !post->worthless;
        if (post->is_put_off && put_off(post))
            return;
    }
    commit_all(post);
}

static void commit_all(struct post *post) {
    commit_now(post);
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (post->links[i].broken)
            drop_link(&post->links[i]);
    if (mail_waiting(post->mail))
        sys_later_set(&post->commit, post->loop, commit, post);
}

static void commit_later(struct post *post) {
    sys_later_set(&post->commit, post->loop, commit, post);
}

/* ---- From edges ---- */

/* From the edge's name of a session to mail's. */
static err name_session(const struct edge_link *link, uint64_t *session) {
    if (*session >> SESSION_BITS != 0)
        return ERR_MALFORMED;
    *session |= first_session(link);
    return OK;
}

static err take_request(const struct edge_link *link, slice body) {
    struct post *post = link->post;
    struct proto_edge_request in;
    TRY(proto_edge_request_decode(body, &in));
    if (in.session == 0)
        return ERR_MALFORMED;
    TRY(name_session(link, &in.session));
    mail_request(post->mail, &in);
    post->came++;
    post->requests++;
    if (mail_full(post->mail))
        commit_now(post);
    return OK;
}

static err take_closed(const struct edge_link *link, slice body) {
    struct proto_edge_closed in;
    TRY(proto_edge_closed_decode(body, &in));
    TRY(name_session(link, &in.session));
    mail_closed(link->post->mail, in.session);
    return OK;
}

static err take_drained(const struct edge_link *link, slice body) {
    struct proto_edge_drained in;
    TRY(proto_edge_drained_decode(body, &in));
    TRY(name_session(link, &in.session));
    mail_drained(link->post->mail, in.session);
    return OK;
}

/* While nothing can be stored, clients may stay away: so each ping tries it. */
static err answer_ping(struct edge_link *link, uint32_t request) {
    struct proto_error failing = {.reason = PROTO_REASON_DISK};
    if (!link->post->failing)
        return wire_send(&link->wire, request, PROTO_ok, SLICE_EMPTY);
    mail_touch(link->post->mail);
    writer w = wire_open(&link->wire, request, PROTO_error);
    proto_error_write(&w, &failing);
    return wire_close(&link->wire, &w);
}

static err take_counts(struct edge_link *link, slice body) {
    struct proto_edge_counts in;
    TRY(proto_edge_counts_decode(body, &in));
    return metrics_decode(in.counts, link->counts);
}

static err take_frame(struct edge_link *link, const struct proto_frame *frame) {
    switch (frame->type) {
    case PROTO_edge_request:
        return take_request(link, frame->body);
    case PROTO_edge_closed:
        return take_closed(link, frame->body);
    case PROTO_edge_drained:
        return take_drained(link, frame->body);
    case PROTO_edge_counts:
        return take_counts(link, frame->body);
    case PROTO_ping:
        return answer_ping(link, frame->request);
    default:
        return ERR_UNKNOWN_TYPE;
    }
}

static void on_edge(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct edge_link *link = ctx;
    struct proto_frame frame;
    (void)channel;
    (void)fd;
    if (link->broken)
        return;
    err e = proto_frame_decode(message, &frame);
    if (e == OK)
        e = take_frame(link, &frame);
    if (e != OK) {
        sys_log_failure(&link->post->log, "edge_cut_off", "an edge broke the rules and is cut off",
                        e);
        link->broken = true;
    }
    commit_later(link->post);
}

static void on_edge_closed(struct sys_channel *channel, void *ctx, err why) {
    (void)channel;
    (void)why;
    drop_link(ctx);
}

static void on_edge_drained(struct sys_channel *channel, void *ctx) {
    struct edge_link *link = ctx;
    sys_channel_resume(channel);
    if (!link->holds)
        return;
    link->holds = false;
    mail_resume(link->post->mail, first_session(link), last_session(link));
    commit_later(link->post);
}

static const struct sys_channel_events edge_events = {
    .message = on_edge, .drained = on_edge_drained, .closed = on_edge_closed};

/* ---- Idle time ---- */

static void sweep(void *ctx) {
    struct post *post = ctx;
    uint32_t again = SWEEP_IDLE_MS;
    if (mail_sweep(post->mail))
        again = SWEEP_BUSY_MS;
    commit_later(post);
    if (sys_timer_set(&post->sweep, post->loop, again, sweep, post) != OK)
        stop(post, EXIT_FAILED);
}

/* So that the store's compactions can take what was deleted off the disk. */
static void flush(void *ctx) {
    struct post *post = ctx;
    err e = store_rocksdb_flush(post->store);
    if (e != OK)
        sys_log_failure(&post->log, "flush_failed", "could not flush the store", e);
    if (post->damaged)
        sys_log_error(&post->log, "records_damaged",
                      "records of the store are damaged and were passed over");
    post->damaged = false;
    if (sys_timer_set(&post->flush, post->loop, FLUSH_MS, flush, post) != OK)
        stop(post, EXIT_FAILED);
}

/* ---- Backups ---- */

/* Nobody reads the copy any more: it would keep what is deleted on the disk. */
static void drop_copy(void *ctx) {
    struct post *post = ctx;
    err e = store_rocksdb_copy_drop(post->folder);
    if (e != OK)
        sys_log_failure(&post->log, "backup_failed",
                        "could not remove the copy that a backup was made from", e);
}

static err hold_copy(struct post *post) {
    return sys_timer_set(&post->copy, post->loop, COPY_MS, drop_copy, post);
}

static err take_step(struct post *post, slice body) {
    struct proto_backup in;
    TRY(proto_backup_decode(body, &in));
    switch ((enum backup_step)in.step) {
    case BACKUP_FLUSH:
        return store_rocksdb_flush(post->store);
    case BACKUP_COPY:
        TRY(hold_copy(post));
        return store_rocksdb_copy(post->store);
    case BACKUP_HOLD:
        return hold_copy(post);
    case BACKUP_DROP:
        sys_timer_cancel(&post->copy);
        return store_rocksdb_copy_drop(post->folder);
    }
    return ERR_MALFORMED;
}

static err answer_backup(struct post *post, const struct proto_frame *frame) {
    err e = take_step(post, frame->body);
    if (e == OK)
        return wire_send(&post->parent, frame->request, PROTO_ok, SLICE_EMPTY);
    sys_log_failure(&post->log, "backup_failed", "could not make a copy for a backup", e);
    struct proto_error error = {.reason = PROTO_REASON_DISK};
    writer w = wire_open(&post->parent, frame->request, PROTO_error);
    proto_error_write(&w, &error);
    return wire_close(&post->parent, &w);
}

/* ---- From the parent ---- */

static void configure(struct mail_config *config, struct post *post,
                      const struct proto_mail_setup *in) {
    *config = (struct mail_config){.closed = in->closed,
                                   .ctx = post,
                                   .now = wall,
                                   .emit = emit,
                                   .crowded = crowded,
                                   .damaged = damaged,
                                   .stored = stored,
                                   .doubted = doubted};
    config->chain_memory = post->chain_memory;
    config->chains = post->chains;
    config->desk = mail_desk;
    memcpy(config->identity, in->identity, 32);
    config->limits = mail_limits_default;
    config->limits.mailbox_items = in->mailbox_items;
    config->limits.mailbox_bytes = in->mailbox_bytes;
    config->limits.invite_days = in->invite_days;
    config->limits.item_days = in->item_days;
    config->limits.blob_days = in->blob_days;
    config->limits.blobs_bytes = in->blobs_bytes;
    config->limits.uploads_bytes = in->uploads_bytes;
    config->limits.key_packages = in->key_packages;
    config->keys[0].id = in->key_id;
    config->keys[1].id = in->old_key_id;
    memcpy(config->keys[0].key, in->key, 32);
    memcpy(config->keys[1].key, in->old_key, 32);
    memcpy(config->pepper, in->pepper, 32);
}

/* While we may still be root. */
static err lock_memory(struct post *post, uint32_t chains) {
    size_t n = mail_chains_size(chains);
    err e = sys_locked_new(&post->chain_memory, n);
    if (e == ERR_LIMIT)
        sys_log_error(
            &post->log, "memory_not_locked",
            "could not lock %zu KiB of memory for %u chains of keys; this process may lock "
            "%llu KiB: raise that limit (RLIMIT_MEMLOCK: `ulimit -l`, LimitMEMLOCK= of "
            "systemd), or set `chains` to less",
            n / 1024, chains, (unsigned long long)sys_locked_limit());
    post->chains = e == OK ? chains : 0;
    return e;
}

/* Nothing beside the store: the keys lie next to it. */
static err enter_sandbox(const char *folder, const struct proto_mail_setup *in,
                         struct sys_sandbox_report *report) {
    char user[SANDBOX_USER];
    struct sys_sandbox sandbox = {.profile = SYS_PROFILE_MAIL,
                                  .mode = (enum sys_sandbox_mode)in->sandbox,
                                  .user = sandbox_user(user, in->user),
                                  .write_paths = {folder},
                                  .files_max = FILES_MAX,
                                  .die_with_parent = true};
    return sys_sandbox_enter(&sandbox, report);
}

/* A copy that a backup left behind when all ended goes first. The store's lock may still be held by
 * the mail process of a server that was killed, which outlives it for a moment. */
static err open_store(struct post *post, const struct proto_mail_setup *in) {
    struct store_rocksdb_options options = {.memtable = (size_t)in->memtable,
                                            .cache = (size_t)in->memtable};
    TRY(store_rocksdb_copy_drop(post->folder));
    err e = ERR_BUSY;
    for (int i = 0; e == ERR_BUSY && i < OPEN_TRIES; i++) {
        e = store_rocksdb_open(&post->store, post->folder, &options);
        if (e == ERR_BUSY)
            sys_clock_rest(OPEN_REST_MS);
    }
    return e;
}

static err set_up(struct post *post, slice body) {
    struct proto_mail_setup in;
    struct mail_config config;
    struct sys_sandbox_report report;
    if (post->mail != NULL)
        return ERR_STATE;
    TRY(proto_mail_setup_decode(body, &in));
    memcpy(post->folder, in.store.p, in.store.n);
    post->log.level = (enum sys_log_level)in.log_level;
    TRY(lock_memory(post, in.chains));
    TRY(enter_sandbox(post->folder, &in, &report));
    err e = open_store(post, &in);
    if (e != OK) {
        sys_log_error(&post->log, "store_not_opened", "could not open the store: %s%s", err_text(e),
                      store_advice(e));
        return e;
    }
    clock_start(&post->clock);
    post->began = wall(post);
    configure(&config, post, &in);
    TRY(mail_new(&post->mail, post->store, &config, NULL));
    wipe(&config, sizeof config);
    wipe(&in, sizeof in);
    sweep(post);
    TRY(sys_timer_set(&post->flush, post->loop, FLUSH_MS, flush, post));
    struct proto_child_ready ready = {.sandbox = slice_str(report.text)};
    writer w = wire_open(&post->parent, 0, PROTO_child_ready);
    proto_child_ready_write(&w, &ready);
    return wire_close(&post->parent, &w);
}

static err take_link(struct post *post, slice body, int fd) {
    struct proto_edge_link in;
    struct edge_link *link = NULL;
    TRY(proto_edge_link_decode(body, &in));
    for (size_t i = 0; i < LINKS_MAX && link == NULL; i++)
        if (post->links[i].edge == 0)
            link = &post->links[i];
    if (link == NULL || fd < 0 || in.edge == 0 || post->mail == NULL)
        return ERR_STATE;
    struct sys_channel_options options = {
        .fd = fd, .drain_at = LINK_LOW, .secret = true, .events = &edge_events, .ctx = link};
    TRY(sys_channel_new(&link->wire.channel, post->loop, &options));
    link->post = post;
    link->edge = in.edge;
    return OK;
}

/* ---- What is counted ---- */

static void count_edges(const struct post *post, uint64_t edges[METRICS_EDGE], uint64_t *known) {
    memcpy(edges, post->gone, sizeof post->gone);
    for (size_t i = 0; i < LINKS_MAX; i++) {
        *known += post->links[i].edge != 0;
        for (size_t k = 0; post->links[i].edge != 0 && k < METRICS_EDGE; k++)
            edges[k] += post->links[i].counts[k];
    }
}

static void count_mail(const struct post *post, uint64_t mail[METRICS_MAIL]) {
    struct mail_counts counts = mail_counts(post->mail);
    mail[METRIC_devices] = counts.devices;
    mail[METRIC_mailboxes_loaded] = counts.mailboxes;
    mail[METRIC_commits_total] = counts.commits;
    mail[METRIC_commit_microseconds_total] = post->commit_us;
    mail[METRIC_commit_failures_total] = counts.commit_failures;
    mail[METRIC_items_taken_total] = counts.items;
    mail[METRIC_items_passed_total] = counts.passed;
    mail[METRIC_items_refused_total] = counts.refused;
    mail[METRIC_deliveries_total] = counts.deliveries;
    mail[METRIC_store_fails] = post->failing;
    mail[METRIC_process_start_days] = post->began / TIME_DAY;
    store_rocksdb_sizes(post->store, &mail[METRIC_store_bytes], &mail[METRIC_memtable_bytes]);
}

static err tell_metrics(struct post *post, uint32_t request) {
    uint64_t edges[METRICS_EDGE], mail[METRICS_MAIL] = {0};
    buf text = {0};
    count_edges(post, edges, &mail[METRIC_edges]);
    count_mail(post, mail);
    err e = metrics_write(&text, edges, mail);
    struct proto_metrics out = {.text = buf_slice(&text)};
    if (e == OK) {
        writer w = wire_open(&post->parent, request, PROTO_metrics);
        proto_metrics_write(&w, &out);
        e = wire_close(&post->parent, &w);
    }
    buf_free(&text);
    return e;
}

static void on_parent(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct post *post = ctx;
    struct proto_frame frame;
    (void)channel;
    err e = proto_frame_decode(message, &frame);
    bool is_link = e == OK && frame.type == PROTO_edge_link;
    if (is_link)
        e = take_link(post, frame.body, fd);
    if (!is_link || e != OK)
        sys_fd_close(fd);
    if (e == OK && frame.type == PROTO_mail_setup)
        e = set_up(post, frame.body);
    if (e == OK && frame.type == PROTO_backup && post->mail != NULL) {
        e = answer_backup(post, &frame);
    } else if (e == OK && frame.type == PROTO_ping) {
        e = wire_send(&post->parent, 0, PROTO_ok, SLICE_EMPTY);
    } else if (e == OK && frame.type == PROTO_metrics_get && post->mail != NULL) {
        e = tell_metrics(post, frame.request);
    } else if (e == OK && operator_asks(frame.type) && post->mail != NULL) {
        mail_operator(post->mail, frame.request, frame.type, frame.body);
        commit_later(post);
    }
    if (e == OK)
        return;
    sys_log_failure(&post->log, "start_failed", "could not start", e);
    stop(post, (int)exit_code_of(e));
}

static void on_parent_closed(struct sys_channel *channel, void *ctx, err why) {
    (void)channel;
    (void)why;
    stop(ctx, EXIT_FINE);
}

static const struct sys_channel_events parent_events = {.message = on_parent,
                                                        .closed = on_parent_closed};

static void on_signal(void *ctx, int number) {
    (void)number;
    stop(ctx, EXIT_FINE);
}

static err run(struct post *post) {
    struct sys_channel_options parent = {
        .fd = FD_PARENT, .take_fds = true, .secret = true, .events = &parent_events, .ctx = post};
    TRY(crypto_init());
    TRY(sys_loop_new(&post->loop, NULL));
    TRY(sys_signals_start(&post->signals, post->loop, sys_stop_signals, on_signal, post));
    TRY(sys_channel_new(&post->parent.channel, post->loop, &parent));
    return sys_loop_run(post->loop);
}

int mail_main(bool log_json) {
    static struct post post;
    post.log = sys_log_as("mail", SYS_LOG_INFO);
    post.log.json = log_json;
    err e = run(&post);
    if (e != OK) {
        sys_log_failure(&post.log, "run_failed", "could not run", e);
        post.exit_code = (int)exit_code_of(e);
    }
    if (post.mail != NULL)
        mail_commit(post.mail);
    mail_free(post.mail);
    sys_locked_free(post.chain_memory, mail_chains_size(post.chains));
    store_close(post.store);
    return post.exit_code;
}
