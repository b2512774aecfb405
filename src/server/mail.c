#include "base/time.h"
#include "crypto/chain.h"
#include "server/config.h"
#include "server/internal.h"

const struct mail_limits mail_limits_default = {
    .mailbox_items = CONFIG_MAILBOX_ITEMS,
    .mailbox_bytes = (uint64_t)CONFIG_MAILBOX_MEGABYTES << 20,
    .item_days = CONFIG_ITEM_DAYS,
    .blob_days = CONFIG_BLOB_DAYS,
    .order_days = 365,
    .tombstone_days = 30,
    .invite_days = CONFIG_INVITE_DAYS,
    .orders = 4 * 1024 * 1024,
    .blobs_bytes = (uint64_t)CONFIG_BLOB_GIGABYTES << 30,
    .uploads_bytes = (uint64_t)CONFIG_UPLOAD_GIGABYTES << 30,
    .cards = 1024 * 1024,
    .card_days = 52 * 7,
    .find_bits = 18,
    .claim_bits = 22,
    .key_packages = CONFIG_KEY_PACKAGES,
    .takes_address = 10,
    .takes_mailbox = 100,
    .orders_mailbox = 200,
    .revoked = 4096,
    .window_items = 64,
    .window_bytes = 128 * 1024,
    .batch_bytes = 8 * 1024 * 1024,
    .cached_items = 4 * 1024 * 1024,
    .live = true,
    .chain_items = CRYPTO_CHAIN_MAX,
};

enum { EFFECTS_MAX = 65536, DOUBT_WEEKS = 4 };

/* In the order of their numbers. */
static const struct mail_handler *const handlers[] = {
    &mail_handle_register,          /* 10 */
    &mail_handle_login,             /* 11 */
    &mail_handle_subscribe,         /* 12 */
    &mail_handle_ack,               /* 16 */
    &mail_handle_address_make,      /* 17 */
    &mail_handle_key_package_put,   /* 19 */
    &mail_handle_last_resort_put,   /* 20 */
    &mail_handle_key_package_count, /* 21 */
    &mail_handle_record_get,        /* 23 */
    &mail_handle_mailbox_key_put,   /* 25 */
    &mail_handle_desk_get,          /* 27 */
    &mail_handle_account_delete,    /* 28 */
    &mail_handle_send,              /* 30 */
    &mail_handle_commit,            /* 32 */
    &mail_handle_key_package_take,  /* 34 */
    &mail_handle_blob_put,          /* 36 */
    &mail_handle_blob_get,          /* 37 */
    &mail_handle_send_now,          /* 39 */
    &mail_handle_work_get,          /* 40 */
    &mail_handle_card_get,          /* 42 */
    &mail_handle_card_put,          /* 44 */
    &mail_handle_card_drop,         /* 45 */
    &mail_handle_blob_ask,          /* 47 */
    &mail_handle_device_list_put,   /* 50 */
    &mail_handle_device_join,       /* 51 */
    &mail_handle_device_list_get,   /* 52 */
    &mail_handle_link_put,          /* 54 */
    &mail_handle_link_get,          /* 55 */
    &mail_handle_address_revoke,    /* 57 */
    &mail_handle_roster_send,       /* 58 */
    &mail_handle_key_package_drop,  /* 59 */
    &mail_handle_invite_make,       /* 63 */
    &mail_handle_order_written,     /* 78 */
};

static const struct mail_handler *handler_of(const struct mail *m, uint16_t type) {
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (handlers[i]->type == type)
            return handlers[i];
    for (size_t i = 0; m->config.desk != NULL && i < MAIL_DESK_HANDLERS; i++)
        if (m->config.desk[i]->type == type)
            return m->config.desk[i];
    return NULL;
}

void mail_clock(struct mail *m) {
    m->now = m->config.now(m->config.ctx);
    m->week = time_week(m->now);
    if (m->now < m->doubt && m->week < m->doubted_week)
        m->week = (uint32_t)m->doubted_week;
}

/* ---- Totals ---- */

static slice total_name(size_t kind) {
    static const char *const names[MAIL_TOTALS] = {"blobs", "orders", "cards", "week", "run"};
    return slice_str(names[kind]);
}

err mail_total_get(struct mail *m, enum mail_total_kind kind, uint64_t *value) {
    struct mail_total *total = &m->totals[kind];
    if (!total->loaded) {
        struct held_total row;
        err e = held_total_get(m->store, NULL, total_name(kind), 0, &m->scratch, &row);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
        total->value = e == OK ? row.value : 0;
        total->loaded = true;
    }
    *value = total->value;
    return OK;
}

void mail_total_set(struct mail *m, enum mail_total_kind kind, uint64_t value) {
    m->totals[kind].value = value;
    m->totals[kind].changed = true;
}

static err put_totals(struct mail *m) {
    for (size_t i = 0; i < MAIL_TOTALS; i++) {
        struct held_total row = {.value = m->totals[i].value};
        if (m->totals[i].changed)
            TRY(held_total_put(m->batch, total_name(i), 0, &m->row, &row));
    }
    return OK;
}

/* ---- Life ---- */

/* A clock set wrong would let everything expire at once; a server that was off for so long waits
 * for a day in vain. What comes while the clock is behind would be old as soon as it is set right,
 * so it is of the last week that is known. */
static err doubt_clock(struct mail *m) {
    uint64_t last;
    TRY(mail_total_get(m, MAIL_TOTAL_WEEK, &last));
    if (last == 0 || (m->week >= last && m->week - last <= DOUBT_WEEKS))
        return OK;
    m->doubt = m->now + TIME_DAY;
    m->doubted_week = last;
    mail_clock(m);
    if (m->config.doubted != NULL)
        m->config.doubted(m->config.ctx);
    return OK;
}

enum { RUNS_MAX = 1 << 30 };               /* so that positions stay below what a device may name */
#define RUNS_BEGAN UINT64_C(1767225600000) /* 2026 */

/* One run of an older store is 256 of these. */
static uint64_t run_after(uint64_t run) {
    if (run >= MAIL_RUN_FIRST)
        return run + 1;
    run = (run + 1) << 8;
    return run < MAIL_RUN_FIRST ? MAIL_RUN_FIRST : run;
}

/* It is on the disk with the first batch, and nothing is delivered ahead of that. */
static err begin_run(struct mail *m) {
    TRY(mail_total_get(m, MAIL_TOTAL_RUN, &m->run));
    m->run = run_after(m->run);
    crypto_random(m->run_key, sizeof m->run_key);
    return m->run < RUNS_MAX ? OK : ERR_LIMIT;
}

err mail_run_skip(struct store *store, struct store_batch *batch, uint64_t now, uint64_t *run) {
    uint64_t seconds = now < RUNS_BEGAN ? 0 : (now - RUNS_BEGAN) / TIME_SECOND;
    struct held_total row = {.value = 0};
    slice name = total_name(MAIL_TOTAL_RUN);
    buf bytes = {0};
    err e = held_total_get(store, NULL, name, 0, &bytes, &row);
    if (e == ERR_NOT_FOUND)
        e = OK;
    if (e == OK) {
        row.value = run_after(row.value) + MAIL_RUNS_RESTORED;
        /* A clock that leaves no room for starts is wrong. */
        if (seconds > row.value && seconds < RUNS_MAX - MAIL_RUN_FIRST)
            row.value = seconds;
        *run = row.value;
        e = held_total_put(batch, name, 0, &bytes, &row);
    }
    buf_free(&bytes);
    return e;
}

static err mail_init(struct mail *m) {
    TRY(mail_chains_init(m));
    TRY(store_batch_new(&m->batch, m->mem));
    TRY(buf_reserve(&m->scratch, MAIL_NOTICE));
    TRY(mail_work_init(m));
    m->days = mem_new_array(m->mem, 2 * MAIL_DAYS, sizeof *m->days);
    if (m->days == NULL)
        return ERR_NO_MEMORY;
    TRY(doubt_clock(m));
    TRY(begin_run(m));
    return mail_revoked_purge(m);
}

/* By chance, so that none comes again when an older store does. 52 bits: any reader of JSON has
 * them exactly. */
static uint64_t number_of_start(void) {
    uint64_t number;
    crypto_random(&number, sizeof number);
    return number >> 12 | 1;
}

err mail_new(struct mail **out, struct store *store, const struct mail_config *config,
             const struct mem *mem) {
    struct mail *m = mem_new(mem, sizeof *m);
    if (m == NULL)
        return ERR_NO_MEMORY;
    m->mem = mem;
    m->store = store;
    m->config = *config;
    m->boxes.mem = m->sessions.mem = mem;
    m->out = m->value = m->scratch = m->row = m->parcel = m->sealed = m->paper = m->live_bytes =
        buf_on(mem);
    m->ready_end = &m->ready;
    m->batches = 1;
    m->server_number = number_of_start();
    mail_clock(m);
    err e = mail_init(m);
    if (e != OK) {
        mail_free(m);
        return e;
    }
    *out = m;
    return OK;
}

struct drop {
    struct mail_session *doomed;
    uint64_t first, last;
};

static void doom(void *ctx, struct table_node *node) {
    struct drop *drop = ctx;
    struct mail_session *s = (struct mail_session *)node;
    if (s->id < drop->first || s->id > drop->last)
        return;
    s->doomed_next = drop->doomed;
    drop->doomed = s;
}

static void drop_sessions(struct mail *m, uint64_t first, uint64_t last) {
    struct drop drop = {NULL, first, last};
    table_each(&m->sessions, doom, &drop);
    for (struct mail_session *s = drop.doomed, *next; s != NULL; s = next) {
        next = s->doomed_next;
        mail_session_drop(m, s);
    }
}

void mail_free(struct mail *m) {
    if (m == NULL)
        return;
    drop_sessions(m, 0, UINT64_MAX);
    table_fini(&m->sessions);
    mail_boxes_fini(m);
    mail_chains_fini(m);
    mail_links_fini(m);
    mail_live_fini(m);
    mail_fan_fini(m);
    store_batch_free(m->batch);
    mem_free(m->mem, m->effects, m->effect_cap * sizeof *m->effects);
    mem_free(m->mem, m->days, 2 * MAIL_DAYS * sizeof *m->days);
    mail_work_fini(m);
    buf_free(&m->out);
    buf_free(&m->value);
    buf_free(&m->scratch);
    buf_free(&m->row);
    buf_free(&m->parcel);
    buf_free(&m->sealed);
    buf_free(&m->paper);
    wipe(m->run_key, sizeof m->run_key);
    mem_free(m->mem, m, sizeof *m);
}

/* ---- Answers ---- */

err mail_effect_add(struct mail *m, const struct mail_effect *effect) {
    if (m->effect_count == m->effect_cap) {
        size_t cap = m->effect_cap == 0 ? 64 : m->effect_cap * 2;
        size_t size = sizeof *m->effects;
        void *grown = mem_resize(m->mem, m->effects, m->effect_cap * size, cap * size);
        if (grown == NULL)
            return ERR_NO_MEMORY;
        m->effects = grown;
        m->effect_cap = cap;
    }
    m->effects[m->effect_count++] = *effect;
    return OK;
}

writer mail_reply_open(struct mail *m) {
    m->reply_at = m->out.n;
    return writer_on(&m->out);
}

static err reply_add(struct mail *m, struct mail_effect reply, const writer *w) {
    TRY(writer_result(w));
    reply.kind = MAIL_REPLY;
    reply.at = m->reply_at;
    reply.n = m->out.n - m->reply_at;
    return mail_effect_add(m, &reply);
}

err mail_reply_close(struct mail *m, const struct mail_call *call, uint16_t type, writer *w) {
    return reply_add(m,
                     (struct mail_effect){
                         .type = type,
                         .request = call->request,
                         .session = call->session_id,
                         .device = type == PROTO_ok && call->proof.n > 0,
                     },
                     w);
}

err mail_reply_ok(struct mail *m, const struct mail_call *call) {
    writer w = mail_reply_open(m);
    return mail_reply_close(m, call, PROTO_ok, &w);
}

err mail_refuse(struct mail *m, const struct mail_call *call, enum proto_reason reason) {
    struct proto_error error = {.reason = (uint16_t)reason};
    writer w = mail_reply_open(m);
    proto_error_write(&w, &error);
    return reply_add(m,
                     (struct mail_effect){
                         .type = PROTO_error,
                         .ends = proto_reason_closes((uint16_t)reason),
                         .request = call->request,
                         .session = call->session_id,
                     },
                     &w);
}

/* ---- Requests ---- */

static void begin_call(struct mail *m) {
    mail_clock(m);
    m->call++;
}

/* Signed off by an earlier request of this batch: its session ends with the commit. */
static err is_gone(struct mail *m, const struct mail_session *s, bool *gone) {
    struct mail_box *box = NULL;
    TRY(mail_box_get(m, s->mailbox, &box));
    *gone = box->gone;
    return OK;
}

static err run(struct mail *m, struct mail_call *call, uint16_t type) {
    const struct mail_handler *handler = handler_of(m, type);
    const struct proto_message_info *info = proto_message_info(type);
    if (handler == NULL || info == NULL)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    bool device =
        info->from == PROTO_FROM_BOTH ? call->session != NULL : info->from == PROTO_FROM_DEVICE;
    bool proof = info->from == PROTO_FROM_PROOF;
    bool operator_only = info->from == PROTO_FROM_INNER;
    /* The edge sees to this; one that was taken over would not. */
    if (operator_only != (call->session_id == 0) || device != (call->session != NULL) ||
        proof != (call->proof.n > 0))
        return mail_refuse(m, call, PROTO_REASON_STATE);
    bool gone = false;
    if (device)
        TRY(is_gone(m, call->session, &gone));
    return gone ? mail_refuse(m, call, PROTO_REASON_GONE) : handler->handle(m, call);
}

bool mail_is_damaged(struct mail *m, err e) {
    if (e != ERR_DAMAGED)
        return false;
    if (m->config.damaged != NULL)
        m->config.damaged(m->config.ctx);
    return true;
}

/* Kept whatever becomes of it: it has no answer that could say so. */
static err note_ack(struct mail *m, const struct mail_call *call) {
    struct mail_effect ack = {.kind = MAIL_ACK, .session = call->session_id};
    return mail_effect_add(m, &ack);
}

/* Whatever the handler left half done goes down with the batch. Who met a damaged record before
 * anything was written fails alone. */
static void serve(struct mail *m, struct mail_call *call, uint16_t type) {
    begin_call(m);
    err e = type == PROTO_ack ? note_ack(m, call) : OK;
    size_t effects = m->effect_count, writes = store_batch_count(m->batch);
    if (e == OK)
        e = m->broken != OK ? m->broken : run(m, call, type);
    if (e == OK)
        return;
    bool alone = m->broken == OK && mail_is_damaged(m, e) && store_batch_count(m->batch) == writes;
    if (!alone)
        m->broken = e;
    m->effect_count = effects;
    if (type != PROTO_ack &&
        mail_refuse(m, call, alone ? PROTO_REASON_DISK : PROTO_REASON_BUSY) != OK)
        m->effect_count = effects;
}

void mail_request(struct mail *m, const struct proto_edge_request *request) {
    struct mail_call call = {
        .session_id = request->session,
        .session = mail_session_find(m, request->session),
        .request = request->request,
        .proof = request->proof,
        .body = request->body,
    };
    if (request->session != 0)
        serve(m, &call, request->type);
}

void mail_operator(struct mail *m, uint32_t request, uint16_t type, slice body) {
    struct mail_call call = {.request = request, .body = body};
    serve(m, &call, type);
}

/* A session may be gone before its proof is durable. */
static void void_effects(struct mail *m, uint64_t first, uint64_t last) {
    for (size_t i = 0; i < m->effect_count; i++) {
        struct mail_effect *e = &m->effects[i];
        if (e->kind == MAIL_PROVED && e->session >= first && e->session <= last)
            e->kind = MAIL_NOTHING;
    }
}

void mail_closed(struct mail *m, uint64_t session) {
    void_effects(m, session, session);
    struct mail_session *s = mail_session_find(m, session);
    if (s != NULL)
        mail_session_drop(m, s);
}

void mail_closed_all(struct mail *m, uint64_t first, uint64_t last) {
    void_effects(m, first, last);
    drop_sessions(m, first, last);
}

void mail_drained(struct mail *m, uint64_t session) {
    struct mail_session *s = mail_session_find(m, session);
    if (s == NULL || !s->waiting)
        return;
    s->waiting = false;
    s->used_items = s->used_bytes = 0;
    if (s->behind)
        mail_subscriber_behind(m, s);
}

struct resume {
    struct mail *m;
    uint64_t first, last;
};

static void resume(void *ctx, struct table_node *node) {
    struct resume *r = ctx;
    struct mail_session *s = (struct mail_session *)node;
    if (!s->held || s->id < r->first || s->id > r->last)
        return;
    s->held = false;
    if (s->behind)
        mail_subscriber_behind(r->m, s);
}

void mail_resume(struct mail *m, uint64_t first, uint64_t last) {
    struct resume r = {m, first, last};
    table_each(&m->sessions, resume, &r);
}

/* ---- The commit ---- */

bool mail_full(const struct mail *m) {
    return m->effect_count >= EFFECTS_MAX || m->out.n >= m->config.limits.batch_bytes ||
           m->live_bytes.n >= m->config.limits.batch_bytes ||
           store_batch_size(m->batch) >= m->config.limits.batch_bytes;
}

bool mail_hurries(const struct mail *m) {
    return m->live_open == 0 || m->ready != NULL || m->broken != OK || mail_full(m);
}

bool mail_waiting(const struct mail *m) {
    return m->effect_count > 0 || store_batch_count(m->batch) > 0 || m->ready != NULL ||
           m->live_count > 0 || m->broken != OK;
}

static void emit_reply(struct mail *m, const struct mail_effect *e) {
    struct proto_edge_reply reply = {
        .session = e->session,
        .request = e->request,
        .type = e->type,
        .ends = e->ends,
        .device = e->device,
        .body = slice_of(m->out.p + e->at, e->n),
    };
    m->config.emit(m->config.ctx, &reply);
}

void mail_effect_now(struct mail *m, struct mail_effect *reply) {
    emit_reply(m, reply);
    reply->kind = MAIL_NOTHING;
}

static void emit_all(struct mail *m) {
    for (size_t i = 0; i < m->effect_count; i++) {
        const struct mail_effect *e = &m->effects[i];
        switch (e->kind) {
        case MAIL_NOTHING:
        case MAIL_ACK:
            break;
        case MAIL_REPLY:
            emit_reply(m, e);
            break;
        case MAIL_PROVED:
            /* Without memory for it the device finds itself unknown at its next request. */
            (void)!mail_session_add(m, e);
            break;
        case MAIL_SUBSCRIBED:
            mail_subscriber_start(m, e);
            break;
        case MAIL_DELIVER:
            mail_subscriber_deliver(m, e);
            break;
        case MAIL_GAP:
            mail_subscriber_gap(m, e);
            break;
        case MAIL_GONE:
            mail_sessions_gone(m, e);
            break;
        }
    }
}

uint16_t mail_reason_of(err why) {
    return err_class(why) == ERR_CLASS_IO ? PROTO_REASON_DISK : PROTO_REASON_BUSY;
}

/* Nothing of the batch happened: every answer becomes an error, an error stays what it was. */
static void emit_failure(struct mail *m, err why) {
    struct proto_error error = {.reason = mail_reason_of(why)};
    buf_clear(&m->scratch);
    (void)!proto_error_encode(&m->scratch, &error); /* a MAIL_NOTICE */
    for (size_t i = 0; i < m->effect_count; i++) {
        const struct mail_effect *e = &m->effects[i];
        if (e->kind == MAIL_ACK)
            mail_subscriber_unacked(m, e);
        if (e->kind != MAIL_REPLY)
            continue;
        struct proto_edge_reply reply = {
            .session = e->session,
            .request = e->request,
            .type = PROTO_error,
            .body = buf_slice(&m->scratch),
        };
        m->config.emit(m->config.ctx, &reply);
    }
}

static void tell_stored(struct mail *m, err result) {
    if (m->config.stored != NULL)
        m->config.stored(m->config.ctx, result);
}

static err commit_batch(struct mail *m) {
    /* A damaged record is no sign that others can't be stored. */
    if (err_class(m->broken) == ERR_CLASS_IO && m->broken != ERR_DAMAGED)
        tell_stored(m, m->broken);
    TRY(m->broken);
    if (!m->run_begun)
        mail_total_set(m, MAIL_TOTAL_RUN, m->run);
    TRY(put_totals(m));
    if (store_batch_count(m->batch) == 0)
        return OK;
    err e = store_commit_now(m->store, m->batch);
    m->counts.commits += e == OK;
    m->counts.commit_failures += e != OK;
    tell_stored(m, e);
    return e;
}

struct mail_counts mail_counts(const struct mail *m) {
    struct mail_counts counts = m->counts;
    counts.devices = m->sessions.count;
    counts.mailboxes = m->boxes.count;
    return counts;
}

void mail_touch(struct mail *m) {
    uint64_t orders;
    if (m->broken == OK && mail_total_get(m, MAIL_TOTAL_ORDERS, &orders) == OK)
        mail_total_set(m, MAIL_TOTAL_ORDERS, orders);
}

void mail_commit(struct mail *m) {
    if (m->broken == OK)
        m->broken = mail_live_write(m);
    err e = commit_batch(m);
    if (e == OK) {
        m->run_begun = true;
        emit_all(m);
    } else {
        mail_boxes_forget(m);
        mail_links_forget(m);
        memset(m->totals, 0, sizeof m->totals);
        for (size_t i = 0; i < MAIL_EXPIRY_KINDS; i++)
            m->sweeps[i].from = 0;
        emit_failure(m, e);
    }
    for (size_t i = 0; i < MAIL_TOTALS; i++)
        m->totals[i].changed = false;
    m->broken = OK;
    m->effect_count = 0;
    mail_live_clear(m);
    store_batch_clear(m->batch);
    buf_clear(&m->out);
    mail_boxes_trim(m);
    m->batches++;
    mail_subscribers_serve(m);
    mail_links_expire(m);
    mail_days_expire(m);
    /* What was handled is gone from memory, too. */
    buf_clear(&m->value);
    buf_clear(&m->scratch);
    buf_clear(&m->row);
    buf_clear(&m->parcel);
}
