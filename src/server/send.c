/* Items for other people's mailboxes: send and roster_send, and commit with its order; and
 * send_now, which comes into none. */
#include "server/internal.h"

static err handle_send(struct mail *m, struct mail_call *call);
static err handle_send_now(struct mail *m, struct mail_call *call);
static err handle_roster_send(struct mail *m, struct mail_call *call);
static err handle_commit(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_send = {PROTO_send, handle_send};
const struct mail_handler mail_handle_send_now = {PROTO_send_now, handle_send_now};
const struct mail_handler mail_handle_roster_send = {PROTO_roster_send, handle_roster_send};
const struct mail_handler mail_handle_commit = {PROTO_commit, handle_commit};

/* ---- Delivering ---- */

/* The addresses of one request that were opened so far, and what was refused. */
struct fan {
    struct mail *m;
    bool may_live; /* copies may be delivered before they are written */
    bool live;     /* all of them were */
    size_t first_live;
    struct {
        struct mail_box *box;
        uint8_t serial[MAIL_SERIAL];
    } seen[PROTO_ROSTER_MAX];
    size_t seen_count;
    struct proto_refusal refused[PROTO_ROSTER_MAX + PROTO_WELCOMES_MAX];
    size_t refused_count;
    buf addresses; /* of the roster that was opened */
};

/* There is one, since it is large for an item to one address, and no request begins within
 * another. */
static err fan_new(struct mail *m, struct fan **out) {
    if (m->fan == NULL)
        m->fan = mem_new(m->mem, sizeof *m->fan);
    struct fan *f = m->fan;
    if (f == NULL)
        return ERR_NO_MEMORY;
    f->m = m;
    f->may_live = f->live = false;
    f->first_live = m->live_count;
    f->addresses = buf_on(m->mem);
    *out = f;
    return OK;
}

/* Leaves nothing of the request in memory. */
static void fan_clear(struct fan *f) {
    buf_free(&f->addresses);
    wipe(f->seen, f->seen_count * sizeof f->seen[0]);
    wipe(f->refused, f->refused_count * sizeof f->refused[0]);
    f->seen_count = f->refused_count = 0;
}

void mail_fan_fini(struct mail *m) {
    mem_free(m->mem, m->fan, m->fan == NULL ? 0 : sizeof *m->fan);
}

static void refuse(struct fan *f, uint32_t place, enum proto_reason reason) {
    f->refused[f->refused_count++] =
        (struct proto_refusal){.place = (uint16_t)place, .reason = (uint16_t)reason};
}

/* An address that stands twice is one delivery. Most mailboxes are met once, which their `call`
 * tells. */
static bool seen_before(struct fan *f, struct mail_box *box, const uint8_t serial[MAIL_SERIAL]) {
    bool maybe = box->call == f->m->call;
    box->call = f->m->call;
    for (size_t i = 0; maybe && i < f->seen_count; i++)
        if (f->seen[i].box == box && memcmp(f->seen[i].serial, serial, MAIL_SERIAL) == 0)
            return true;
    f->seen[f->seen_count].box = box;
    memcpy(f->seen[f->seen_count++].serial, serial, MAIL_SERIAL);
    return false;
}

/* The item that was prepared, to one address. once: not if the same address had it already. */
static err deliver(struct fan *f, uint32_t place, const uint8_t address[PROTO_ADDRESS], bool once) {
    uint8_t mailbox[MAIL_ID], serial[MAIL_SERIAL];
    struct mail_box *box = NULL;
    if (mail_address_open(f->m, address, mailbox, serial) != OK) {
        refuse(f, place, PROTO_REASON_ADDRESS);
        return OK;
    }
    err e = mail_box_get(f->m, mailbox, &box);
    if (mail_is_damaged(f->m, e)) {
        refuse(f, place, PROTO_REASON_DISK);
        return OK;
    }
    TRY(e);
    if (once && seen_before(f, box, serial))
        return OK;
    /* Whoever bears it can't tell: something is written, so the answer takes as long, too. */
    if (mail_revoked(box, serial)) {
        f->live = false;
        mail_touch(f->m);
        return OK;
    }
    bool live = f->may_live;
    e = mail_box_append(f->m, box, serial, &live);
    f->live = f->live && live;
    if (e != ERR_FULL)
        return e;
    refuse(f, place, PROTO_REASON_MAILBOX_FULL);
    return OK;
}

static err deliver_all(struct fan *f, const struct proto_list *addresses, slice mark, slice item) {
    reader r = reader_of(addresses->bytes);
    TRY(mail_item_prepare(f->m, mark, item));
    for (uint32_t i = 0; i < addresses->count; i++) {
        struct proto_address address;
        TRY(proto_address_read(&r, &address));
        TRY(deliver(f, i, address.bytes, true));
    }
    return OK;
}

/* Places of letters follow those of addresses. */
static err deliver_letters(struct fan *f, const struct proto_list *letters, uint32_t first_place) {
    reader r = reader_of(letters->bytes);
    for (uint32_t i = 0; i < letters->count; i++) {
        struct proto_letter letter;
        TRY(proto_letter_read(&r, &letter));
        TRY(mail_item_prepare(f->m, SLICE_EMPTY, letter.item));
        TRY(deliver(f, first_place + i, letter.address, false));
    }
    return OK;
}

static err write_refused(struct mail *m, const struct fan *f, struct proto_list *list) {
    buf_clear(&m->value);
    writer w = writer_on(&m->value);
    for (size_t i = 0; i < f->refused_count; i++)
        PROTO_LIST_ADD(refusal, &w, list, &f->refused[i]);
    TRY(writer_result(&w));
    list->bytes = buf_slice(&m->value);
    return OK;
}

enum { HASH = 32 };

/* What an order stands under; a roster's name follows from it. */
static err order_name(const struct mail *m, const uint8_t group[32], uint8_t name[HASH]) {
    static const char label[] = "Sotto order v1";
    slice parts[] = {slice_of(label, sizeof label), slice_of(group, 32)};
    return crypto_blake2b_keyed(name, HASH, SLICE_ARRAY(m->config.pepper), parts, 2);
}

/* The stored roster, as a request's list of addresses. LATE if it is another. */
static err open_roster(struct fan *f, const uint8_t group[32], slice order,
                       const struct proto_roster *roster, struct proto_list *addresses) {
    TRY(mail_roster_open(f->m, group, order, roster, &f->addresses));
    *addresses = (struct proto_list){buf_slice(&f->addresses), roster->count};
    return OK;
}

/* ---- send ---- */

static err answer_sent(struct mail *m, struct mail_call *call, bool taken, const struct fan *f) {
    struct proto_sent out = {.taken = taken};
    TRY(write_refused(m, f, &out.refused));
    writer w = mail_reply_open(m);
    proto_sent_write(&w, &out);
    TRY(mail_reply_close(m, call, PROTO_sent, &w));
    if (f->live)
        mail_live_answer(m, f->first_live);
    return OK;
}

static err handle_send(struct mail *m, struct mail_call *call) {
    struct proto_send in;
    struct fan *f = NULL;
    if (proto_send_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(fan_new(m, &f));
    f->may_live = f->live = true;
    err e = deliver_all(f, &in.addresses, SLICE_EMPTY, in.item);
    if (e == OK)
        e = answer_sent(m, call, true, f);
    fan_clear(f);
    return e;
}

static err roster_send(struct mail *m, struct mail_call *call, const struct proto_roster_send *in,
                       struct fan *f) {
    struct proto_roster roster = {.count = in->count};
    struct proto_list addresses;
    uint8_t order[HASH];
    TRY(order_name(m, in->group, order));
    memcpy(roster.hash, in->roster_hash, sizeof roster.hash);
    memcpy(roster.key, in->key, sizeof roster.key);
    err e = open_roster(f, in->group, SLICE_ARRAY(order), &roster, &addresses);
    wipe(&roster, sizeof roster);
    if (e == ERR_LATE)
        return answer_sent(m, call, false, f);
    TRY(e);
    f->may_live = f->live = true;
    TRY(deliver_all(f, &addresses, SLICE_EMPTY, in->item));
    return answer_sent(m, call, true, f);
}

static err handle_roster_send(struct mail *m, struct mail_call *call) {
    struct proto_roster_send in;
    struct fan *f = NULL;
    if (proto_roster_send_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(fan_new(m, &f));
    err e = roster_send(m, call, &in, f);
    wipe(in.key, sizeof in.key);
    fan_clear(f);
    return e;
}

/* ---- send_now ---- */

/* The answer is the same whoever was there, and whatever the addresses are good for. */
static err handle_send_now(struct mail *m, struct mail_call *call) {
    struct proto_send_now in;
    struct proto_address address;
    uint8_t mailbox[MAIL_ID], serial[MAIL_SERIAL];
    if (proto_send_now_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_item_prepare(m, SLICE_EMPTY, in.item));
    for (reader r = reader_of(in.addresses.bytes); r.n > 0;) {
        TRY(proto_address_read(&r, &address));
        if (mail_address_open(m, address.bytes, mailbox, serial) == OK)
            TRY(mail_box_pass(m, mailbox, serial));
    }
    return mail_reply_ok(m, call);
}

/* ---- commit ---- */

/* A commit as it came, and what was found out about it. */
struct proposed {
    struct proto_commit in;
    uint8_t name[HASH];          /* of its order */
    uint32_t week;               /* of the commit before; 0: none */
    bool fresh;                  /* the order begins */
    struct proto_list addresses; /* of its copies */
    buf sealed;                  /* the roster that is stored from now on; empty: none */
};

/* NOT_FOUND. */
static err order_get(struct mail *m, slice name, struct held_order *order) {
    return held_order_get(m->store, m->batch, name, 0, &m->scratch, order);
}

/* week: of the commit before, 0 for none. Its note moves to this one's. */
static err order_put(struct mail *m, slice name, const uint8_t next[HASH], uint32_t week) {
    struct held_order order = {.week = m->week};
    memcpy(order.next, next, HASH);
    if (week != 0 && week != m->week)
        TRY(mail_expiry_forget(m, MAIL_EXPIRY_ORDER, week, name));
    if (week != m->week)
        TRY(mail_expiry_note(m, MAIL_EXPIRY_ORDER, name));
    return held_order_put(m->batch, name, 0, &m->row, &order);
}

/* Of an order that a rolled back store has: which commit it would be the turn of, nobody knows. */
static bool is_open(const uint8_t next[HASH]) {
    static const uint8_t none[HASH];
    return memcmp(next, none, HASH) == 0;
}

struct reopening {
    struct store_batch *batch;
    err e;
};

static bool reopen(void *ctx, struct store_key key, slice value) {
    struct reopening *r = ctx;
    struct held_order order;
    buf work = {0};
    r->e = held_order_read(value, &order);
    memset(order.next, 0, HASH);
    if (r->e == OK)
        r->e = held_order_put(r->batch, key.name, key.number, &work, &order);
    buf_free(&work);
    return r->e == OK;
}

err mail_orders_reopen(struct store *store, struct store_batch *batch) {
    struct reopening r = {.batch = batch};
    TRY(store_scan_table(store, MAIL_ORDER, reopen, &r));
    return r.e;
}

/* The place of a commit in its order: LATE; REPEAT, it was taken before; or OK, it is the next.
 * Sees what this batch set before. */
static err order_compare(struct mail *m, struct proposed *p) {
    uint8_t token[HASH];
    struct held_order stored;
    slice part = SLICE_ARRAY(p->in.token);
    TRY(order_name(m, p->in.group, p->name));
    TRY(crypto_blake2b_keyed(token, HASH, SLICE_EMPTY, &part, 1));
    err e = order_get(m, SLICE_ARRAY(p->name), &stored);
    p->fresh = e == ERR_NOT_FOUND;
    if (p->fresh)
        return OK;
    TRY(e);
    p->week = stored.week;
    if (equal_secret(stored.next, p->in.next, HASH))
        return ERR_REPEAT;
    return is_open(stored.next) || equal_secret(stored.next, token, HASH) ? OK : ERR_LATE;
}

/* The addresses that its copies go to, and the roster that it brings. */
static err read_rosters(struct mail *m, struct proposed *p, struct fan *f,
                        enum proto_reason *reason) {
    struct proto_roster roster;
    struct proto_roster_new replaces;
    p->addresses = p->in.addresses;
    if (p->in.roster.count > 0) {
        reader r = reader_of(p->in.roster.bytes);
        TRY(proto_roster_read(&r, &roster));
        err e = open_roster(f, p->in.group, SLICE_ARRAY(p->name), &roster, &p->addresses);
        wipe(&roster, sizeof roster);
        *reason = PROTO_REASON_ROSTER;
        TRY(e);
    }
    if (p->in.replaces.count > 0) {
        reader r = reader_of(p->in.replaces.bytes);
        TRY(proto_roster_new_read(&r, &replaces));
        err e = mail_roster_check(m, p->in.group, p->in.roster_hash, &replaces, &p->sealed);
        wipe(&replaces, sizeof replaces);
        *reason = e == ERR_NOT_FOUND ? PROTO_REASON_NONE : PROTO_REASON_ROSTER;
        TRY(e);
    }
    return OK;
}

/* Counts a new order for the mailbox, once for each commit: *room if it has few of them today. */
static err charge(struct mail *m, const uint8_t address[PROTO_ADDRESS], bool *known, bool *room) {
    uint8_t mailbox[MAIL_ID], serial[MAIL_SERIAL];
    struct mail_box *box = NULL;
    uint64_t most = m->config.limits.orders_mailbox;
    if (mail_address_open(m, address, mailbox, serial) != OK)
        return OK;
    *known = true;
    err e = mail_box_get(m, mailbox, &box);
    if (e == ERR_DAMAGED) /* its delivery reports it */
        return OK;
    TRY(e);
    struct mail_day_most mosts = {(most + 3) / 4, most};
    if (box->charged == m->call || !mail_day_take_by(m, MAIL_DAY_ORDERS, box, serial, 1, &mosts))
        return OK;
    box->charged = m->call;
    *room = true;
    return OK;
}

/* Charges a new order to the mailboxes of its Welcomes; without one, to those of its copies. One
 * that has room is enough: a flood on one mailbox keeps nobody from a conversation that it is in,
 * too. */
static err charge_all(struct mail *m, const struct proposed *p, bool *known, bool *room) {
    reader r = reader_of(p->in.letters.bytes);
    struct proto_address address;
    struct proto_letter letter;
    for (uint32_t i = 0; i < p->in.letters.count; i++) {
        TRY(proto_letter_read(&r, &letter));
        TRY(charge(m, letter.address, known, room));
    }
    if (p->in.letters.count > 0 && *known)
        return OK;
    r = reader_of(p->addresses.bytes);
    for (uint32_t i = 0; i < p->addresses.count; i++) {
        TRY(proto_address_read(&r, &address));
        TRY(charge(m, address.bytes, known, room));
    }
    return OK;
}

/* A new order stays for long, so a stranger who knows no address makes none, and one who knows few
 * makes few. */
static err order_begin(struct mail *m, const struct proposed *p, enum proto_reason *reason) {
    uint64_t total = 0;
    bool known = false, room = false;
    TRY(mail_total_get(m, MAIL_TOTAL_ORDERS, &total));
    TRY(charge_all(m, p, &known, &room));
    *reason = known ? PROTO_REASON_LIMIT : PROTO_REASON_ADDRESS;
    if (!room || total >= m->config.limits.orders)
        return ERR_DENIED;
    mail_total_set(m, MAIL_TOTAL_ORDERS, total + 1);
    return OK;
}

err mail_order_expire(struct mail *m, slice name) {
    struct held_order order;
    uint64_t total = 0;
    err e = order_get(m, name, &order);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (!mail_expired(m, MAIL_EXPIRY_ORDER, order.week))
        return OK;
    TRY(mail_total_get(m, MAIL_TOTAL_ORDERS, &total));
    TRY(mail_roster_put(m, name, SLICE_EMPTY));
    mail_total_set(m, MAIL_TOTAL_ORDERS, total - (total > 0));
    return store_batch_delete(m->batch, mail_key(MAIL_ORDER, name, 0));
}

static err answer(struct mail *m, const struct mail_call *call, bool taken, const struct fan *f) {
    struct proto_committed out = {.taken = taken};
    TRY(write_refused(m, f, &out.refused));
    writer w = mail_reply_open(m);
    proto_committed_write(&w, &out);
    return mail_reply_close(m, call, PROTO_committed, &w);
}

/* Order, roster and every copy, Welcomes too: all of it or nothing. */
static err take(struct mail *m, const struct proposed *p, struct fan *f) {
    const struct proto_commit *in = &p->in;
    uint8_t mark[PROTO_MARK];
    struct proto_roster_new replaces;
    slice ordered[] = {SLICE_ARRAY(in->group), SLICE_ARRAY(in->next)};
    TRY(crypto_blake2b_keyed(mark, HASH, SLICE_EMPTY, ordered, 2));
    slice members[] = {SLICE_ARRAY(in->group), SLICE_ARRAY(in->roster_hash)};
    TRY(crypto_blake2b_keyed(mark + HASH, HASH, SLICE_EMPTY, members, 2));
    /* First, since it reads what is there: nothing is written yet if that is damaged. */
    TRY(mail_roster_put(m, SLICE_ARRAY(p->name), buf_slice(&p->sealed)));
    TRY(order_put(m, SLICE_ARRAY(p->name), in->next, p->week));
    if (in->replaces.count > 0) {
        reader r = reader_of(in->replaces.bytes);
        TRY(proto_roster_new_read(&r, &replaces));
        err e = mail_blob_delete(m, SLICE_ARRAY(replaces.blob));
        wipe(&replaces, sizeof replaces);
        TRY(e);
    }
    TRY(deliver_letters(f, &in->letters, p->addresses.count));
    return deliver_all(f, &p->addresses, SLICE_ARRAY(mark), in->item);
}

/* A refusal that `reason` names. */
static bool is_refusal(err e) {
    return e == ERR_LATE || e == ERR_NOT_FOUND || e == ERR_CRYPTO || e == ERR_TOO_LARGE ||
           e == ERR_DENIED;
}

static err commit_with(struct mail *m, struct mail_call *call, struct proposed *p, struct fan *f) {
    enum proto_reason reason = PROTO_REASON_BUSY;
    err e = order_compare(m, p);
    if (e == ERR_LATE || e == ERR_REPEAT)
        return answer(m, call, e == ERR_REPEAT, f);
    TRY(e);
    e = read_rosters(m, p, f, &reason);
    if (e == OK && p->fresh)
        e = order_begin(m, p, &reason);
    if (is_refusal(e))
        return mail_refuse(m, call, reason);
    TRY(e);
    TRY(take(m, p, f));
    return answer(m, call, true, f);
}

static err handle_commit(struct mail *m, struct mail_call *call) {
    struct proposed p = {.sealed = buf_on(m->mem)};
    struct fan *f = NULL;
    if (proto_commit_decode(call->body, &p.in) != OK ||
        (p.in.roster.count > 0 && p.in.addresses.count > 0) || is_open(p.in.next))
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(fan_new(m, &f));
    err e = commit_with(m, call, &p, f);
    fan_clear(f);
    buf_free(&p.sealed);
    wipe(&p, sizeof p);
    return e;
}
