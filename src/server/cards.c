/* Contact cards: ciphertext of one size under the keyed hash of a place. Who claimed a place first
 * holds it with a key that was made for it alone, until the claim lapses.
 *
 * Every look-up does the same: reads one row, makes up a card, and answers one of the two. What
 * is made up depends on the place alone and changes once a week, at a moment that depends on place
 * and week, as a card does whose owner puts it anew each week. */
#include "base/time.h"
#include "server/internal.h"

static err handle_get(struct mail *m, struct mail_call *call);
static err handle_put(struct mail *m, struct mail_call *call);
static err handle_drop(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_card_get = {PROTO_card_get, handle_get};
const struct mail_handler mail_handle_card_put = {PROTO_card_put, handle_put};
const struct mail_handler mail_handle_card_drop = {PROTO_card_drop, handle_drop};

enum { OWNER = 32, REST = 24, SIGNATURE = 64, NOTE = 8 };

/* Where a card stands: the keyed hash of its place. Its beginning is the number of the row, so that
 * there is a next row to every place; the row has the rest. */
struct spot {
    uint8_t hash[32];
    uint64_t number;
};
static const slice rows = {(const uint8_t *)"card", 4};

static err spot_of(const struct mail *m, const uint8_t place[32], struct spot *spot) {
    static const char label[] = "Sotto card v1";
    slice parts[] = {slice_of(label, sizeof label), slice_of(place, 32)};
    TRY(crypto_blake2b_keyed(spot->hash, 32, SLICE_ARRAY(m->config.pepper), parts, 2));
    reader r = reader_of(slice_of(spot->hash, 8));
    return reader_u64(&r, &spot->number);
}

static bool stands_at(const struct held_card *card, const struct spot *spot) {
    return equal_secret(card->rest, spot->hash + 8, REST);
}

/* NOT_FOUND. Two places of one number can't both be claimed; there are too few cards for that. What
 * card borrows is in m->value. */
static err card_get(struct mail *m, uint64_t number, struct held_card *card) {
    return held_card_get(m->store, m->batch, rows, number, &m->value, card);
}

/* ---- Looking up ---- */

static err keyed(const struct mail *m, const char *label, slice name, uint64_t number,
                 uint8_t out[32]) {
    uint8_t bytes[8];
    put_u64(bytes, number);
    slice parts[] = {slice_of(label, strlen(label) + 1), name, SLICE_ARRAY(bytes)};
    return crypto_blake2b_keyed(out, 32, SLICE_ARRAY(m->config.pepper), parts, 3);
}

/* The week whose made-up card is shown now. */
static err shown_week(const struct mail *m, slice name, uint64_t *week) {
    uint8_t hash[32];
    uint64_t now = m->config.now(m->config.ctx), moment;
    *week = time_week(now);
    TRY(keyed(m, "Sotto card's moment v1", name, *week, hash));
    memcpy(&moment, hash, sizeof moment);
    *week -= now < time_week_start((uint32_t)*week) + moment % TIME_WEEK;
    return OK;
}

static err make_up(const struct mail *m, slice name, uint8_t card[PROTO_CARD]) {
    static const uint8_t nonce[CRYPTO_AEAD_NONCE_MAX] = {0};
    uint8_t key[32];
    uint64_t week = 0;
    TRY(shown_week(m, name, &week));
    TRY(keyed(m, "Sotto no card v1", name, week, key));
    memset(card, 0, PROTO_CARD);
    err e = crypto_xchacha20poly1305.seal(card, key, nonce, SLICE_EMPTY,
                                          slice_of(card, PROTO_CARD - CRYPTO_AEAD_TAG_MAX));
    wipe(key, sizeof key);
    return e;
}

/* card = there ? real : card, in the same steps. */
static void choose(uint8_t card[PROTO_CARD], const uint8_t *real, bool there) {
    uint8_t mask = (uint8_t)(0 - (unsigned)there);
    for (size_t i = 0; i < PROTO_CARD; i++)
        card[i] = (uint8_t)((card[i] & ~mask) | (real[i] & mask));
}

struct next {
    buf *value;
    uint64_t number;
    bool found;
    err e;
};

static bool take_next(void *ctx, struct store_key key, slice value) {
    struct next *next = ctx;
    next->found = true;
    next->number = key.number;
    next->e = buf_set(next->value, value);
    return false;
}

/* The row that stands at the number or follows it, or after the last one the first: so a card that
 * is there and one that is not cost the same two rows. */
static err read_next(struct mail *m, uint64_t number, struct next *next) {
    struct next first = {.value = &m->scratch};
    *next = (struct next){.value = &m->value};
    TRY(store_scan(m->store, mail_key(MAIL_CARD, rows, number), UINT64_MAX, take_next, next));
    TRY(store_scan(m->store, mail_key(MAIL_CARD, rows, 0), UINT64_MAX, take_next, &first));
    TRY(first.e);
    if (next->found)
        return next->e;
    next->found = first.found;
    next->number = first.number;
    return buf_set(&m->value, buf_slice(&m->scratch));
}

/* Puts the card, or what was made up, into `answer`. */
static err answer_for(struct mail *m, const struct spot *spot, uint8_t answer[PROTO_CARD]) {
    static const uint8_t nothing[PROTO_CARD] = {0};
    struct held_card card = {.sealed = SLICE_ARRAY(nothing)};
    struct next next;
    TRY(read_next(m, spot->number, &next));
    err e = next.found ? held_card_read(buf_slice(&m->value), &card) : OK;
    if (mail_is_damaged(m, e)) /* somebody else's, or as if there were none */
        card = (struct held_card){.sealed = SLICE_ARRAY(nothing)};
    bool there = next.found && stands_at(&card, spot);
    TRY(make_up(m, SLICE_ARRAY(spot->hash), answer));
    choose(answer, card.sealed.p, there);
    return OK;
}

err mail_card_look(struct mail *m, const uint8_t place[32], uint8_t card[PROTO_CARD]) {
    struct spot spot;
    TRY(spot_of(m, place, &spot));
    return answer_for(m, &spot, card);
}

static err handle_get(struct mail *m, struct mail_call *call) {
    struct proto_card_get in;
    uint8_t answer[PROTO_CARD];
    bool worked = false;
    if (proto_card_get_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_work_take(m, call, PROTO_card_get, MAIL_WORK_FIND, in.place, in.nonce, &worked));
    if (!worked)
        return mail_refuse(m, call, PROTO_REASON_WORK);
    TRY(mail_card_look(m, in.place, answer));
    struct proto_card out = {.sealed = SLICE_ARRAY(answer)};
    writer w = mail_reply_open(m);
    proto_card_write(&w, &out);
    return mail_reply_close(m, call, PROTO_card, &w);
}

/* ---- Claiming, replacing, dropping ---- */

/* The signature covers everything before it, as the schema says. */
static bool is_signed(const struct mail_call *call, const uint8_t owner[OWNER], const char *label) {
    slice fields = slice_of(call->body.p, call->body.n - SIGNATURE);
    return crypto_verify_labeled(call->body.p + fields.n, owner, label, fields) == OK;
}

/* What forbids the put; 0: nothing. e: OK, or NOT_FOUND. */
static uint16_t why_not(struct mail *m, const struct proto_card_put *in, err e,
                        const struct spot *spot, const struct held_card *card, uint64_t total) {
    if (e == ERR_NOT_FOUND && !in->renew)
        return PROTO_REASON_NONE;
    if (e == ERR_NOT_FOUND)
        return total >= m->config.limits.cards ? PROTO_REASON_LIMIT : 0;
    if (!stands_at(card, spot) || memcmp(card->owner, in->owner, OWNER) != 0)
        return PROTO_REASON_TAKEN;
    return in->version <= card->version ? PROTO_REASON_OLD : 0;
}

/* e: OK, or NOT_FOUND; then `card` is a new one. */
static err put(struct mail *m, const struct spot *spot, const struct proto_card_put *in, err e,
               struct held_card *card, uint64_t total) {
    uint8_t note[NOTE];
    put_u64(note, spot->number);
    if (e == ERR_NOT_FOUND) {
        memcpy(card->rest, spot->hash + 8, REST);
        memcpy(card->owner, in->owner, OWNER);
        mail_total_set(m, MAIL_TOTAL_CARDS, total + 1);
    }
    if (e == OK && in->renew && card->week != m->week)
        TRY(mail_expiry_forget(m, MAIL_EXPIRY_CARD, card->week, SLICE_ARRAY(note)));
    if (in->renew && (e != OK || card->week != m->week))
        TRY(mail_expiry_note(m, MAIL_EXPIRY_CARD, SLICE_ARRAY(note)));
    if (in->renew)
        card->week = m->week;
    card->version = in->version;
    card->sealed = in->sealed;
    return held_card_put(m->batch, rows, spot->number, &m->row, card);
}

static err handle_put(struct mail *m, struct mail_call *call) {
    struct proto_card_put in;
    struct spot spot;
    struct held_card card = {0};
    uint64_t total = 0;
    bool worked = false;
    if (proto_card_put_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (mail_work_is_challenge(m, call, in.challenge))
        TRY(mail_work_take(m, call, PROTO_card_put, in.renew ? MAIL_WORK_CLAIM : MAIL_WORK_FIND,
                           in.place, in.nonce, &worked));
    if (!worked)
        return mail_refuse(m, call, PROTO_REASON_WORK);
    if (!is_signed(call, in.owner, PROTO_LABEL_CARD_PUT))
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    TRY(mail_total_get(m, MAIL_TOTAL_CARDS, &total));
    TRY(spot_of(m, in.place, &spot));
    err e = card_get(m, spot.number, &card);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    uint16_t reason = why_not(m, &in, e, &spot, &card, total);
    if (reason != 0)
        return mail_refuse(m, call, reason);
    TRY(put(m, &spot, &in, e, &card, total));
    return mail_reply_ok(m, call);
}

static err forget(struct mail *m, uint64_t number) {
    uint64_t total = 0;
    TRY(mail_total_get(m, MAIL_TOTAL_CARDS, &total));
    mail_total_set(m, MAIL_TOTAL_CARDS, total - (total > 0));
    return store_batch_delete(m->batch, mail_key(MAIL_CARD, rows, number));
}

static err handle_drop(struct mail *m, struct mail_call *call) {
    struct proto_card_drop in;
    struct spot spot;
    struct held_card card = {0};
    bool worked = false;
    if (proto_card_drop_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (mail_work_is_challenge(m, call, in.challenge))
        TRY(mail_work_take(m, call, PROTO_card_drop, MAIL_WORK_FIND, in.place, in.nonce, &worked));
    if (!worked)
        return mail_refuse(m, call, PROTO_REASON_WORK);
    TRY(spot_of(m, in.place, &spot));
    err e = card_get(m, spot.number, &card);
    if (e == ERR_NOT_FOUND)
        return mail_refuse(m, call, PROTO_REASON_NONE);
    TRY(e);
    if (!stands_at(&card, &spot) || !is_signed(call, card.owner, PROTO_LABEL_CARD_DROP))
        return mail_refuse(m, call, PROTO_REASON_TAKEN);
    if (in.version <= card.version)
        return mail_refuse(m, call, PROTO_REASON_OLD);
    uint8_t note[NOTE];
    put_u64(note, spot.number);
    TRY(mail_expiry_forget(m, MAIL_EXPIRY_CARD, card.week, SLICE_ARRAY(note)));
    TRY(forget(m, spot.number));
    return mail_reply_ok(m, call);
}

err mail_card_expire(struct mail *m, slice note) {
    struct held_card card;
    uint64_t number = 0;
    reader r = reader_of(note);
    if (note.n != NOTE)
        return OK;
    TRY(reader_u64(&r, &number));
    err e = card_get(m, number, &card);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    return mail_expired(m, MAIL_EXPIRY_CARD, card.week) ? forget(m, number) : OK;
}
