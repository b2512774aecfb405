#include "merkle/commitment.h"

#include "base/codec.h"
#include "crypto/crypto.h"

/* Each hash begins with what it is for, so that none is another. */
static const char ENTRY[] = "sotto ledger v1\n";
static const char FIELD[] = "sotto ledger v1 field";
static const char SALT[] = "sotto ledger v1 salt";
static const char BATCH[] = "sotto ledger v1 batch";
static const char PADDING[] = "sotto ledger v1 padding";

enum { HEAD = sizeof ENTRY - 1 };
_Static_assert(HEAD + MERKLE_SLOTS * MERKLE_COMMITMENT == MERKLE_SEALED, "an entry's length");

static void hash_vec(struct crypto_sha256_state *state, slice s) {
    uint8_t n[VARINT_MAX];
    crypto_sha256_add(state, slice_of(n, put_varint(n, s.n)));
    crypto_sha256_add(state, s);
}

static void commit(uint8_t out[MERKLE_COMMITMENT], slice name, const uint8_t *salt, slice value) {
    struct crypto_sha256_state state;
    crypto_sha256_begin(&state);
    hash_vec(&state, slice_str(FIELD));
    hash_vec(&state, name);
    crypto_sha256_add(&state, slice_of(salt, MERKLE_SALT));
    hash_vec(&state, value);
    crypto_sha256_digest(&state, out);
    wipe(&state, sizeof state);
}

/* 32 bytes that only the key gives: HMAC-SHA256 over what they are for and a number. */
static err derive(uint8_t out[32], const uint8_t *key, const char *label, uint64_t number) {
    uint8_t eight[8];
    put_u64(eight, number);
    return crypto_sha256.hmac(out, slice_of(key, 32),
                              (slice[]){slice_str(label), SLICE_ARRAY(eight)}, 2);
}

static err commit_empty(uint8_t out[MERKLE_COMMITMENT], size_t slot, const uint8_t *filler) {
    uint8_t salt[MERKLE_SALT];
    err e = derive(salt, filler, SALT, slot);
    if (e == OK)
        commit(out, SLICE_EMPTY, salt, SLICE_EMPTY);
    wipe(salt, sizeof salt);
    return e;
}

static err check_field(const struct merkle_field *field) {
    if (field->slot >= MERKLE_SLOTS)
        return ERR_LIMIT;
    if (field->name.n == 0)
        return ERR_MALFORMED;
    bool large = field->name.n > MERKLE_FIELD_NAME_MAX || field->value.n > MERKLE_FIELD_MAX;
    return large ? ERR_TOO_LARGE : OK;
}

static uint8_t *slot_at(uint8_t *entry, size_t slot) {
    return entry + HEAD + slot * MERKLE_COMMITMENT;
}

static err seal(uint8_t *entry, const struct merkle_field *fields, size_t count,
                const uint8_t *filler) {
    bool used[MERKLE_SLOTS] = {false};
    memcpy(entry, ENTRY, HEAD);
    for (size_t i = 0; i < count; i++) {
        TRY(check_field(&fields[i]));
        if (used[fields[i].slot])
            return ERR_EXISTS;
        used[fields[i].slot] = true;
        commit(slot_at(entry, fields[i].slot), fields[i].name, fields[i].salt, fields[i].value);
    }
    for (size_t slot = 0; slot < MERKLE_SLOTS; slot++)
        if (!used[slot])
            TRY(commit_empty(slot_at(entry, slot), slot, filler));
    return OK;
}

err merkle_seal(uint8_t entry[MERKLE_SEALED], const struct merkle_field *fields, size_t count,
                const uint8_t *filler) {
    err e = seal(entry, fields, count, filler);
    if (e != OK)
        memset(entry, 0, MERKLE_SEALED);
    return e;
}

/* ---- Opening ---- */

static err check_entry(slice entry, size_t slot) {
    if (entry.n != MERKLE_SEALED || memcmp(entry.p, ENTRY, HEAD) != 0)
        return ERR_MALFORMED;
    return slot < MERKLE_SLOTS ? OK : ERR_LIMIT;
}

static err compare(slice entry, size_t slot, const uint8_t commitment[MERKLE_COMMITMENT]) {
    const uint8_t *at = entry.p + HEAD + slot * MERKLE_COMMITMENT;
    return memcmp(at, commitment, MERKLE_COMMITMENT) == 0 ? OK : ERR_PROOF;
}

err merkle_open(slice entry, const struct merkle_field *field) {
    uint8_t commitment[MERKLE_COMMITMENT];
    TRY(check_entry(entry, field->slot));
    TRY(check_field(field));
    commit(commitment, field->name, field->salt, field->value);
    return compare(entry, field->slot, commitment);
}

err merkle_open_empty(slice entry, size_t slot, const uint8_t *filler) {
    uint8_t commitment[MERKLE_COMMITMENT];
    TRY(check_entry(entry, slot));
    TRY(commit_empty(commitment, slot, filler));
    return compare(entry, slot, commitment);
}

err merkle_open_padding(slice entry, const uint8_t *filler) {
    for (size_t slot = 0; slot < MERKLE_SLOTS; slot++)
        TRY(merkle_open_empty(entry, slot, filler));
    return OK;
}

err merkle_batch_key(uint8_t batch_key[MERKLE_FILLER], const uint8_t *key, uint64_t batch) {
    return derive(batch_key, key, BATCH, batch);
}

err merkle_padding_filler(uint8_t filler[MERKLE_FILLER], const uint8_t *batch_key, uint64_t index) {
    return derive(filler, batch_key, PADDING, index);
}
