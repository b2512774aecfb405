/* Sessions that proved a device, and the items they are sent. A subscriber gets a window of items;
 * the last of a window is marked `drain`, and more follows only after it has left the edge. What
 * comes meanwhile stays in the store. */
#include "server/internal.h"

enum { SERVED_AT_ONCE = 64 };

/* ---- Sessions ---- */

struct mail_session *mail_session_find(const struct mail *m, uint64_t id) {
    return (struct mail_session *)table_find(&m->sessions, table_hash_number(id));
}

err mail_session_add(struct mail *m, const struct mail_effect *proved) {
    struct mail_session *old = mail_session_find(m, proved->session);
    if (old != NULL) /* no edge of ours proves one session twice */
        mail_session_drop(m, old);
    struct mail_session *s = mem_new(m->mem, sizeof *s);
    if (s == NULL)
        return ERR_NO_MEMORY;
    s->id = proved->session;
    memcpy(s->account, proved->account, MAIL_ID);
    memcpy(s->mailbox, proved->mailbox, MAIL_ID);
    if (table_add(&m->sessions, &s->node, table_hash_number(s->id)) != OK) {
        mem_free(m->mem, s, sizeof *s);
        return ERR_NO_MEMORY;
    }
    return OK;
}

void mail_subscriber_ready(struct mail *m, struct mail_session *s) {
    if (s->ready)
        return;
    s->ready = true;
    s->ready_next = NULL;
    *m->ready_end = s;
    m->ready_end = &s->ready_next;
}

void mail_subscriber_behind(struct mail *m, struct mail_session *s) {
    s->behind = true;
    if (!s->waiting && !s->held)
        mail_subscriber_ready(m, s);
}

/* Items for it stay in the store while its way is crowded. */
static bool hold(struct mail *m, struct mail_session *s) {
    if (m->config.crowded == NULL || !m->config.crowded(m->config.ctx, s->id))
        return false;
    s->held = s->behind = true;
    return true;
}

static void unready(struct mail *m, struct mail_session *s) {
    struct mail_session **link = &m->ready;
    if (!s->ready)
        return;
    while (*link != s)
        link = &(*link)->ready_next;
    *link = s->ready_next;
    if (m->ready_end == &s->ready_next)
        m->ready_end = link;
    s->ready = false;
}

/* Its session goes on, without items. */
static void unsubscribe(struct mail *m, struct mail_session *s) {
    unready(m, s);
    if (s->box != NULL)
        mail_box_left(m, s->box);
    s->box = NULL;
}

void mail_session_drop(struct mail *m, struct mail_session *s) {
    unsubscribe(m, s);
    table_remove(&m->sessions, &s->node);
    mem_free(m->mem, s, sizeof *s);
}

/* ---- Frames that nobody asked for ---- */

static void emit(struct mail *m, const struct mail_session *s, uint16_t type, bool ends, bool drain,
                 slice body) {
    struct proto_edge_reply reply = {
        .session = s->id,
        .type = type,
        .ends = ends,
        .drain = drain,
        .body = body,
    };
    m->config.emit(m->config.ctx, &reply);
}

/* The subscriber can't be told what it missed, so its session ends and it comes again. */
static void emit_failure(struct mail *m, struct mail_session *s, err why) {
    struct proto_error error = {.reason = mail_reason_of(why)};
    buf_clear(&m->scratch);
    (void)!proto_error_encode(&m->scratch, &error); /* a MAIL_NOTICE */
    emit(m, s, PROTO_error, true, false, buf_slice(&m->scratch));
    unsubscribe(m, s);
}

/* A stored item (week, chain, count, sealed parcel) is a delivery's body from the chain on. One of
 * position 0 passes: it is kept nowhere. */
err mail_subscriber_give(struct mail *m, struct mail_session *s, uint64_t position, slice stored) {
    const struct mail_limits *limits = &m->config.limits;
    if (stored.n < 4)
        return ERR_DAMAGED;
    buf_clear(&m->scratch);
    writer w = writer_on(&m->scratch);
    writer_u64(&w, position);
    writer_bytes(&w, slice_of(stored.p + 4, stored.n - 4));
    TRY(writer_result(&w));
    m->counts.deliveries++;
    s->used_items++;
    s->used_bytes += (uint32_t)m->scratch.n;
    s->waiting = s->used_items >= limits->window_items || s->used_bytes >= limits->window_bytes;
    if (position != 0)
        s->next = position + 1;
    emit(m, s, PROTO_delivery, false, s->waiting, buf_slice(&m->scratch));
    return OK;
}

bool mail_subscriber_is_current(const struct mail *m, const struct mail_box *box) {
    const struct mail_session *s = box->subscriber;
    return s != NULL && !s->behind && !s->waiting &&
           (m->config.crowded == NULL || !m->config.crowded(m->config.ctx, s->id));
}

static void emit_caught_up(struct mail *m, struct mail_session *s, uint64_t position) {
    const struct mail_box *box = s->box;
    struct proto_caught_up caught_up = {.position = position, .gaps = box->gaps};
    buf_clear(&m->scratch);
    (void)!proto_caught_up_encode(&m->scratch, &caught_up); /* a MAIL_NOTICE */
    s->told = true;
    if (box->gaps > 0 && box->gap_at == position)
        s->told_gap = position;
    emit(m, s, PROTO_caught_up, false, false, buf_slice(&m->scratch));
}

/* ---- Effects ---- */

void mail_subscriber_start(struct mail *m, const struct mail_effect *effect) {
    struct mail_session *s = mail_session_find(m, effect->session);
    if (s == NULL)
        return;
    struct mail_session *other = effect->box->subscriber;
    if (other != NULL && other != s) {
        emit(m, other, PROTO_replaced, true, false, SLICE_EMPTY);
        unsubscribe(m, other);
    }
    s->box = effect->box;
    s->box->subscriber = s;
    s->next = effect->position;
    s->told_gap = 0;
    s->told = s->waiting = false;
    s->used_items = s->used_bytes = 0;
    mail_subscriber_behind(m, s);
}

void mail_subscriber_deliver(struct mail *m, const struct mail_effect *effect) {
    struct mail_session *s = effect->box->subscriber;
    if (s == NULL || s->behind || hold(m, s))
        return;
    if (s->waiting) {
        s->behind = true;
        return;
    }
    err e =
        mail_subscriber_give(m, s, effect->position, store_batch_op(m->batch, effect->op)->value);
    if (e != OK)
        emit_failure(m, s, e);
}

/* Only the newest gap is told, at its own place among the items. */
void mail_subscriber_gap(struct mail *m, const struct mail_effect *effect) {
    struct mail_box *box = effect->box;
    struct mail_session *s = box->subscriber;
    if (s == NULL || s->behind || hold(m, s))
        return;
    if (box->gaps > 0 && box->gap_at == effect->position)
        emit_caught_up(m, s, effect->position);
}

/* Nothing answers an ack, so its sender would take the items for deleted: it is told anew that it
 * caught up, and acks again. */
void mail_subscriber_unacked(struct mail *m, const struct mail_effect *effect) {
    struct mail_session *s = mail_session_find(m, effect->session);
    if (s == NULL || s->box == NULL)
        return;
    s->told = false;
    mail_subscriber_behind(m, s);
}

struct going {
    const struct mail_effect *effect;
    struct mail_session *first;
};

static void find_going(void *ctx, struct table_node *node) {
    struct going *going = ctx;
    struct mail_session *s = (struct mail_session *)node;
    if (memcmp(s->mailbox, going->effect->mailbox, MAIL_ID) != 0)
        return;
    s->doomed_next = going->first;
    going->first = s;
}

void mail_sessions_gone(struct mail *m, const struct mail_effect *effect) {
    struct going going = {effect, NULL};
    struct proto_error error = {.reason = PROTO_REASON_GONE};
    buf_clear(&m->scratch);
    (void)!proto_error_encode(&m->scratch, &error); /* a MAIL_NOTICE */
    table_each(&m->sessions, find_going, &going);
    for (struct mail_session *s = going.first, *next; s != NULL; s = next) {
        next = s->doomed_next;
        emit(m, s, PROTO_error, true, false, buf_slice(&m->scratch));
        mail_session_drop(m, s);
    }
}

/* ---- From the store ---- */

struct serve {
    struct mail *m;
    struct mail_session *s;
    err e;
};

static bool serve_item(void *ctx, struct store_key key, slice value) {
    struct serve *serve = ctx;
    serve->e = mail_subscriber_give(serve->m, serve->s, key.number, value);
    return serve->e == OK && !serve->s->waiting;
}

/* Everything was delivered. The batch is empty now, so memory and store say the same. */
static err caught_up(struct mail *m, struct mail_session *s) {
    struct mail_box *box = NULL;
    TRY(mail_box_get(m, s->mailbox, &box));
    s->behind = false;
    s->next = box->tail + 1;
    if (!s->told || (box->gaps > 0 && box->gap_at > s->told_gap))
        emit_caught_up(m, s, box->tail);
    return OK;
}

static void serve_one(struct mail *m, struct mail_session *s) {
    struct serve serve = {m, s, OK};
    err e = store_scan(m->store, mail_key(MAIL_ITEM, slice_of(s->mailbox, MAIL_ID), s->next),
                       UINT64_MAX, serve_item, &serve);
    if (e == OK)
        e = serve.e;
    if (e == OK && !s->waiting)
        e = caught_up(m, s);
    if (e != OK)
        emit_failure(m, s, e);
}

void mail_subscribers_serve(struct mail *m) {
    for (int i = 0; i < SERVED_AT_ONCE && m->ready != NULL; i++) {
        struct mail_session *s = m->ready;
        unready(m, s);
        if (s->box != NULL && s->behind && !s->waiting && !s->held && !hold(m, s))
            serve_one(m, s);
    }
}
