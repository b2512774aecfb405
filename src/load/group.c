#include "load/group.h"

#include "crypto/crypto.h"

enum { TAG = 16 };

err group_begin(struct group *g) {
    g->count = (uint16_t)(g->addresses.n / PROTO_ADDRESS);
    crypto_random(g->id, sizeof g->id);
    crypto_random(g->key, sizeof g->key);
    crypto_random(g->blob, sizeof g->blob);
    slice all = buf_slice(&g->addresses);
    return crypto_blake2b_keyed(g->hash, sizeof g->hash, SLICE_EMPTY, &all, 1);
}

void group_fini(struct group *g) {
    buf_free(&g->addresses);
}

static err seal(const struct group *g, buf *sealed) {
    static const uint8_t nonce[24];
    size_t n = proto_roster_step(g->count) * PROTO_ADDRESS;
    buf bound = {0};
    err e = proto_roster_bound(&bound, g->id, g->hash);
    if (e == OK)
        e = buf_set(sealed, buf_slice(&g->addresses));
    if (e == OK)
        e = buf_resize(sealed, n + TAG);
    if (e == OK)
        e = crypto_xchacha20poly1305.seal(sealed->p, g->key, nonce, buf_slice(&bound),
                                          slice_of(sealed->p, n));
    buf_free(&bound);
    return e;
}

static err put(const struct group *g, slice sealed, uint32_t chunk, buf *out) {
    struct proto_blob_put m = {.chunk = chunk,
                               .chunks = (uint32_t)((sealed.n - 1) / PROTO_CHUNK_MAX + 1)};
    if (chunk == m.chunks)
        return ERR_NOT_FOUND;
    size_t at = (size_t)chunk * PROTO_CHUNK_MAX, n = sealed.n - at;
    m.bytes = slice_of(sealed.p + at, n < PROTO_CHUNK_MAX ? n : PROTO_CHUNK_MAX);
    memcpy(m.address, g->addresses.p, PROTO_ADDRESS);
    memcpy(m.id, g->blob, sizeof m.id);
    buf_clear(out);
    return proto_blob_put_encode(out, &m);
}

err group_put(const struct group *g, uint32_t chunk, buf *out) {
    buf sealed = {0};
    err e = seal(g, &sealed);
    if (e == OK)
        e = put(g, buf_slice(&sealed), chunk, out);
    buf_free(&sealed);
    return e;
}

err group_commit(const struct group *g, slice item, buf *out) {
    struct proto_roster_new roster = {.count = g->count};
    struct proto_commit m = {.addresses = {slice_of(g->addresses.p, PROTO_ADDRESS), 1},
                             .item = item};
    buf list = {0};
    memcpy(roster.blob, g->blob, sizeof roster.blob);
    memcpy(roster.key, g->key, sizeof roster.key);
    memcpy(m.group, g->id, sizeof m.group);
    memcpy(m.roster_hash, g->hash, sizeof m.roster_hash);
    crypto_random(m.next, sizeof m.next);
    err e = proto_roster_new_encode(&list, &roster);
    m.replaces = (struct proto_list){buf_slice(&list), 1};
    buf_clear(out);
    if (e == OK)
        e = proto_commit_encode(out, &m);
    buf_free(&list);
    return e;
}

err group_send(const struct group *g, slice item, buf *out) {
    struct proto_roster_send m = {.count = g->count, .item = item};
    memcpy(m.group, g->id, sizeof m.group);
    memcpy(m.roster_hash, g->hash, sizeof m.roster_hash);
    memcpy(m.key, g->key, sizeof m.key);
    buf_clear(out);
    return proto_roster_send_encode(out, &m);
}
