/* Items for other people's mailboxes: send, and commit with its order. */
#include "server/internal.h"

static err handle_send(struct mail *m, struct mail_call *call);
static err handle_commit(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_send = {PROTO_send, handle_send};
const struct mail_handler mail_handle_commit = {PROTO_commit, handle_commit};

/* ---- Delivering ---- */

/* The addresses of one request that were opened so far, and what was refused. */
struct fan {
    struct mail *m;
    struct {
        struct mail_box *box;
        uint8_t serial[MAIL_SERIAL];
    } seen[PROTO_ADDRESSES_MAX];
    size_t seen_count;
    struct proto_refusal refused[PROTO_ADDRESSES_MAX + PROTO_WELCOMES_MAX];
    size_t refused_count;
};

static err fan_new(struct mail *m, struct fan **out) {
    struct fan *f = mem_new(m->mem, sizeof *f);
    if (f == NULL)
        return ERR_NO_MEMORY;
    f->m = m;
    *out = f;
    return OK;
}

static void fan_free(struct mail *m, struct fan *f) {
    mem_free(m->mem, f, sizeof *f);
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
    e = mail_box_append(f->m, box, serial);
    if (e != ERR_FULL && e != ERR_NOT_FOUND)
        return e;
    refuse(f, place, e == ERR_FULL ? PROTO_REASON_MAILBOX_FULL : PROTO_REASON_ADDRESS);
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

/* ---- send ---- */

static err send_to(struct mail *m, struct mail_call *call, const struct proto_send *in,
                   struct fan *f) {
    struct proto_sent out = {0};
    TRY(deliver_all(f, &in->addresses, SLICE_EMPTY, in->item));
    TRY(write_refused(m, f, &out.refused));
    writer w = mail_reply_open(m);
    proto_sent_write(&w, &out);
    return mail_reply_close(m, call, PROTO_sent, &w);
}

static err handle_send(struct mail *m, struct mail_call *call) {
    struct proto_send in;
    struct fan *f = NULL;
    if (proto_send_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(fan_new(m, &f));
    err e = send_to(m, call, &in, f);
    fan_free(m, f);
    return e;
}

/* ---- commit ---- */

enum { HASH = 32, ORDER = HASH + 4 };

enum verdict { LATE, TAKEN, REPEAT, NOBODY, TOO_MANY };

static err order_name(const struct mail *m, const uint8_t group[32], uint8_t name[HASH]) {
    static const char label[] = "Sotto order v1";
    slice parts[] = {slice_of(label, sizeof label), slice_of(group, 32)};
    return crypto_blake2b_keyed(name, HASH, SLICE_ARRAY(m->config.pepper), parts, 2);
}

/* The stored order: hash of the token that comes next, week. NOT_FOUND. */
static err order_get(struct mail *m, slice name, uint8_t hash[HASH], uint32_t *week) {
    buf_clear(&m->scratch);
    TRY(store_get(m->store, m->batch, mail_key(MAIL_ORDER, name, 0), &m->scratch));
    reader r = reader_of(buf_slice(&m->scratch));
    if (reader_copy(&r, hash, HASH) != OK || reader_u32(&r, week) != OK || reader_end(&r) != OK)
        return ERR_DAMAGED;
    return OK;
}

/* week: of the commit before, 0 for none. Its note moves to this one's. */
static err order_put(struct mail *m, slice name, const uint8_t next[HASH], uint32_t week) {
    uint8_t value[ORDER];
    memcpy(value, next, HASH);
    put_u32(value + HASH, m->week);
    if (week != 0 && week != m->week)
        TRY(mail_expiry_forget(m, MAIL_EXPIRY_ORDER, week, name));
    if (week != m->week)
        TRY(mail_expiry_note(m, MAIL_EXPIRY_ORDER, name));
    return store_batch_put(m->batch, mail_key(MAIL_ORDER, name, 0), SLICE_ARRAY(value));
}

static bool opens(const struct mail *m, const uint8_t address[PROTO_ADDRESS]) {
    uint8_t mailbox[MAIL_ID], serial[MAIL_SERIAL];
    return mail_address_open(m, address, mailbox, serial) == OK;
}

/* Whether the commit concerns anybody here. */
static bool has_recipient(const struct mail *m, const struct proto_commit *in) {
    reader r = reader_of(in->addresses.bytes);
    struct proto_address address;
    struct proto_letter letter;
    for (uint32_t i = 0; i < in->addresses.count; i++)
        if (proto_address_read(&r, &address) == OK && opens(m, address.bytes))
            return true;
    r = reader_of(in->letters.bytes);
    for (uint32_t i = 0; i < in->letters.count; i++)
        if (proto_letter_read(&r, &letter) == OK && opens(m, letter.address))
            return true;
    return false;
}

/* A new order stays for long, so a stranger who knows no address makes none. */
static err order_begin(struct mail *m, const struct proto_commit *in, enum verdict *verdict) {
    uint64_t total = 0;
    TRY(mail_total_get(m, MAIL_TOTAL_ORDERS, &total));
    *verdict = !has_recipient(m, in) ? NOBODY : total >= m->config.limits.orders ? TOO_MANY : TAKEN;
    if (*verdict == TAKEN)
        mail_total_set(m, MAIL_TOTAL_ORDERS, total + 1);
    return OK;
}

/* Compares, and sets if the commit is the next one. Sees what this batch set before. */
static err order_move(struct mail *m, const struct proto_commit *in, enum verdict *verdict) {
    uint8_t name[HASH], stored[HASH], token[HASH];
    uint32_t week = 0;
    slice part = SLICE_ARRAY(in->token);
    TRY(order_name(m, in->group, name));
    TRY(crypto_blake2b_keyed(token, HASH, SLICE_EMPTY, &part, 1));
    err e = order_get(m, SLICE_ARRAY(name), stored, &week);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == OK && equal_secret(stored, in->next, HASH)) {
        *verdict = REPEAT;
        return OK;
    }
    if (e == OK && !equal_secret(stored, token, HASH)) {
        *verdict = LATE;
        return OK;
    }
    *verdict = TAKEN;
    if (e == ERR_NOT_FOUND)
        TRY(order_begin(m, in, verdict));
    if (*verdict != TAKEN)
        return OK;
    return order_put(m, SLICE_ARRAY(name), in->next, week);
}

err mail_order_expire(struct mail *m, slice name) {
    uint8_t hash[HASH];
    uint32_t week = 0;
    uint64_t total = 0;
    err e = order_get(m, name, hash, &week);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (week + m->config.limits.order_weeks >= m->week)
        return OK;
    TRY(mail_total_get(m, MAIL_TOTAL_ORDERS, &total));
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

static err commit_with(struct mail *m, struct mail_call *call, const struct proto_commit *in,
                       struct fan *f) {
    enum verdict verdict = LATE;
    uint8_t mark[PROTO_MARK];
    slice ordered[] = {SLICE_ARRAY(in->group), SLICE_ARRAY(in->next)};
    TRY(crypto_blake2b_keyed(mark, HASH, SLICE_EMPTY, ordered, 2));
    slice members[] = {SLICE_ARRAY(in->group), SLICE_ARRAY(in->roster_hash)};
    TRY(crypto_blake2b_keyed(mark + HASH, HASH, SLICE_EMPTY, members, 2));
    TRY(order_move(m, in, &verdict));
    if (verdict == NOBODY)
        return mail_refuse(m, call, PROTO_REASON_ADDRESS);
    if (verdict == TOO_MANY)
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    if (verdict == TAKEN) {
        TRY(deliver_letters(f, &in->letters, in->addresses.count));
        TRY(deliver_all(f, &in->addresses, SLICE_ARRAY(mark), in->item));
    }
    return answer(m, call, verdict != LATE, f);
}

static err handle_commit(struct mail *m, struct mail_call *call) {
    struct proto_commit in;
    struct fan *f = NULL;
    if (proto_commit_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(fan_new(m, &f));
    err e = commit_with(m, call, &in, f);
    fan_free(m, f);
    return e;
}
