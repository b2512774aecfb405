/* Blobs: encrypted chunks under an id that only those know who may fetch them. Chunks come one
 * after another, and each stays as it was first written. A blob expires so many weeks after its
 * first put, whoever puts it again. */
#include "server/internal.h"

static err handle_put(struct mail *m, struct mail_call *call);
static err handle_get(struct mail *m, struct mail_call *call);
static err handle_ask(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_blob_put = {PROTO_blob_put, handle_put};
const struct mail_handler mail_handle_blob_get = {PROTO_blob_get, handle_get};
const struct mail_handler mail_handle_blob_ask = {PROTO_blob_ask, handle_ask};

/* The chunks stand behind the head. */
static uint64_t chunk_number(uint32_t chunk) {
    return 1 + (uint64_t)chunk;
}

/* NOT_FOUND. */
static err blob_head(struct mail *m, slice id, struct held_blob *blob) {
    return held_blob_get(m->store, m->batch, id, 0, &m->scratch, blob);
}

static err put_head(struct mail *m, slice id, const struct held_blob *blob) {
    return held_blob_put(m->batch, id, 0, &m->row, blob);
}

static err reply_state(struct mail *m, struct mail_call *call, const struct held_blob *blob) {
    struct proto_blob_state out = {.chunks = blob->chunks,
                                   .have = blob->have,
                                   .until = blob->week + m->config.limits.blob_days / 7};
    writer w = mail_reply_open(m);
    proto_blob_state_write(&w, &out);
    return mail_reply_close(m, call, PROTO_blob_state, &w);
}

/* A mailbox takes so much in a day, and half of the room that is left at most: whoever floods one
 * leaves room for the others. One address takes half of that: its bearer leaves some to the bearers
 * of others. 0: it fits, and is charged. */
static enum proto_reason refusal(struct mail *m, const struct mail_box *box,
                                 const uint8_t serial[MAIL_SERIAL], uint64_t cost, uint64_t total) {
    const struct mail_limits *limits = &m->config.limits;
    if (total + cost > limits->blobs_bytes)
        return PROTO_REASON_LIMIT;
    uint64_t half = (limits->blobs_bytes - total) / 2;
    uint64_t most = half < limits->uploads_bytes ? half : limits->uploads_bytes;
    struct mail_day_most mosts = {most / 2, most};
    bool fits = mail_day_take_by(m, MAIL_DAY_UPLOADS, box, serial, cost, &mosts);
    return fits ? (enum proto_reason)0 : PROTO_REASON_UPLOADS;
}

static err put_chunk(struct mail *m, struct mail_call *call, const struct proto_blob_put *in,
                     const struct mail_box *box, const uint8_t serial[MAIL_SERIAL],
                     struct held_blob *blob) {
    slice id = SLICE_ARRAY(in->id);
    uint64_t total = 0;
    TRY(mail_total_get(m, MAIL_TOTAL_BLOBS, &total));
    bool fresh = blob->have == 0;
    uint64_t cost = in->bytes.n + (fresh ? 2 : 1) * MAIL_BLOB_ENTRY;
    enum proto_reason reason = refusal(m, box, serial, cost, total);
    if (reason != 0)
        return mail_refuse(m, call, reason);
    if (fresh)
        TRY(mail_expiry_note(m, MAIL_EXPIRY_BLOB, id));
    struct held_chunk chunk = {.bytes = in->bytes};
    TRY(held_chunk_put(m->batch, id, chunk_number(in->chunk), &m->row, &chunk));
    blob->bytes += cost;
    blob->have++;
    TRY(put_head(m, id, blob));
    mail_total_set(m, MAIL_TOTAL_BLOBS, total + cost);
    return reply_state(m, call, blob);
}

static err handle_put(struct mail *m, struct mail_call *call) {
    struct proto_blob_put in;
    struct held_blob blob;
    struct mail_box *box = NULL;
    uint8_t mailbox[MAIL_ID], serial[MAIL_SERIAL];
    if (proto_blob_put_decode(call->body, &in) != OK || in.chunk >= in.chunks ||
        in.chunks > PROTO_CHUNKS_MAX)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (mail_address_open(m, in.address, mailbox, serial) != OK)
        return mail_refuse(m, call, PROTO_REASON_ADDRESS);
    TRY(mail_box_get(m, mailbox, &box));
    err e = blob_head(m, SLICE_ARRAY(in.id), &blob);
    if (e == ERR_NOT_FOUND)
        blob = (struct held_blob){.week = m->week, .chunks = in.chunks};
    else
        TRY(e);
    if (blob.chunks != in.chunks)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    if (in.chunk == blob.have)
        return put_chunk(m, call, &in, box, serial, &blob);
    return reply_state(m, call, &blob);
}

static err handle_ask(struct mail *m, struct mail_call *call) {
    struct proto_blob_ask in;
    struct held_blob blob;
    if (proto_blob_ask_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    err e = blob_head(m, SLICE_ARRAY(in.id), &blob);
    if (e == ERR_NOT_FOUND)
        return mail_refuse(m, call, PROTO_REASON_NONE);
    TRY(e);
    return reply_state(m, call, &blob);
}

static err handle_get(struct mail *m, struct mail_call *call) {
    struct proto_blob_get in;
    struct held_blob blob;
    if (proto_blob_get_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    err e = blob_head(m, SLICE_ARRAY(in.id), &blob);
    struct held_chunk chunk;
    if (e == OK)
        e = held_chunk_get(m->store, m->batch, SLICE_ARRAY(in.id), chunk_number(in.chunk),
                           &m->value, &chunk);
    if (e == ERR_NOT_FOUND)
        return mail_refuse(m, call, PROTO_REASON_NONE);
    TRY(e);
    struct proto_blob_chunk out = {.chunks = blob.chunks, .bytes = chunk.bytes};
    writer w = mail_reply_open(m);
    proto_blob_chunk_write(&w, &out);
    return mail_reply_close(m, call, PROTO_blob_chunk, &w);
}

/* ---- What holds a roster ---- */

enum { ROSTER_BLOB_MAX = 2 * PROTO_ROSTER_MAX * PROTO_ADDRESS };

err mail_blob_read(struct mail *m, slice id, buf *content) {
    struct held_blob blob;
    struct held_chunk chunk;
    TRY(blob_head(m, id, &blob));
    if (blob.bytes > ROSTER_BLOB_MAX)
        return ERR_TOO_LARGE;
    for (uint32_t i = 0; i < blob.chunks; i++) {
        TRY(held_chunk_get(m->store, m->batch, id, chunk_number(i), &m->value, &chunk));
        TRY(buf_append(content, chunk.bytes));
    }
    return OK;
}

/* ---- The end ---- */

static err remove_blob(struct mail *m, slice id, const struct held_blob *blob) {
    uint64_t total = 0;
    TRY(mail_total_get(m, MAIL_TOTAL_BLOBS, &total));
    TRY(store_batch_delete(m->batch, mail_key(MAIL_BLOB, id, 0)));
    TRY(store_batch_delete_range(m->batch, mail_key(MAIL_BLOB, id, 1), blob->chunks));
    mail_total_set(m, MAIL_TOTAL_BLOBS, total - (blob->bytes < total ? blob->bytes : total));
    return OK;
}

err mail_blob_delete(struct mail *m, slice id) {
    struct held_blob blob;
    TRY(blob_head(m, id, &blob));
    TRY(mail_expiry_forget(m, MAIL_EXPIRY_BLOB, blob.week, id));
    return remove_blob(m, id, &blob);
}

err mail_blob_expire(struct mail *m, slice id) {
    struct held_blob blob;
    if (id.n != 32)
        return OK;
    err e = blob_head(m, id, &blob);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (!mail_expired(m, MAIL_EXPIRY_BLOB, blob.week))
        return OK;
    return remove_blob(m, id, &blob);
}
