/* The locks of a sealed store: its key, encrypted under a passphrase, and, if there is one, under a
 * secret. The plain entries:
 *
 *   version (1) | passes (4) | memory in KiB (4) | salt (16) | nonce (24) | sealed key (32 + 16)
 *
 * What stands before the sealed key is bound to it. */
#include "base/codec.h"
#include "crypto/crypto.h"
#include "store/store.h"

enum {
    VERSION = 1,
    PASSES = 3,
    PASSES_MAX = 8,
    MEMORY_KIB = 64 * 1024,
    MEMORY_KIB_MIN = 8,
    MEMORY_KIB_MAX = 256 * 1024, /* an altered lock may not take more than this */
    PASSES_NONE = 1,             /* of a store without a passphrase: there is nothing to guess */
    KEY = 32,
    SALT = 16,
    NONCE = 24,
    TAG = 16,
    HEAD = 1 + 4 + 4 + SALT + NONCE
};

struct lock {
    uint32_t passes, memory_kib;
    uint8_t salt[SALT], nonce[NONCE];
    uint8_t head[HEAD]; /* all of the above as it is stored */
    uint8_t sealed[KEY + TAG];
};

enum which { BY_PASSPHRASE, BY_SECRET };

static struct store_key lock_key(enum which which) {
    return (struct store_key){0, slice_str("lock"), which};
}

static err lock_encode(struct lock *l, buf *out) {
    writer w = writer_on(out);
    writer_u8(&w, VERSION);
    writer_u32(&w, l->passes);
    writer_u32(&w, l->memory_kib);
    writer_bytes(&w, SLICE_ARRAY(l->salt));
    writer_bytes(&w, SLICE_ARRAY(l->nonce));
    return writer_result(&w);
}

static err lock_decode(struct lock *l, slice bytes) {
    uint8_t version;
    reader r = reader_of(bytes);
    TRY(reader_copy(&r, l->head, HEAD));
    TRY(reader_copy(&r, l->sealed, sizeof l->sealed));
    TRY(reader_end(&r));
    r = reader_of(SLICE_ARRAY(l->head));
    TRY(reader_u8(&r, &version));
    TRY(reader_u32(&r, &l->passes));
    TRY(reader_u32(&r, &l->memory_kib));
    TRY(reader_copy(&r, l->salt, SALT));
    TRY(reader_copy(&r, l->nonce, NONCE));
    if (version != VERSION || l->passes < 1 || l->passes > PASSES_MAX ||
        l->memory_kib < MEMORY_KIB_MIN || l->memory_kib > MEMORY_KIB_MAX)
        return ERR_MALFORMED;
    return OK;
}

static err passphrase_key(const struct lock *l, slice passphrase, uint8_t out[KEY]) {
    if (passphrase.n == 0)
        passphrase = slice_str(""); /* the library wants an address even so */
    return crypto_argon2id(out, KEY, passphrase, l->salt, l->passes, (size_t)l->memory_kib * 1024);
}

static err open_lock(struct lock *l, slice passphrase, uint8_t key[KEY]) {
    uint8_t outer[KEY];
    err result = passphrase_key(l, passphrase, outer);
    if (result == OK)
        result = crypto_xchacha20poly1305.open(key, outer, l->nonce, SLICE_ARRAY(l->head),
                                               SLICE_ARRAY(l->sealed));
    wipe(outer, sizeof outer);
    return result == ERR_CRYPTO ? ERR_PASSPHRASE : result;
}

static err make_lock(struct lock *l, slice passphrase, const uint8_t key[KEY], buf *out) {
    uint8_t outer[KEY];
    *l = passphrase.n == 0 ? (struct lock){.passes = PASSES_NONE, .memory_kib = MEMORY_KIB_MIN}
                           : (struct lock){.passes = PASSES, .memory_kib = MEMORY_KIB};
    crypto_random(l->salt, SALT);
    crypto_random(l->nonce, NONCE);
    TRY(lock_encode(l, out));
    err result = passphrase_key(l, passphrase, outer);
    if (result == OK)
        result = crypto_xchacha20poly1305.seal(l->sealed, outer, l->nonce, buf_slice(out),
                                               slice_of(key, KEY));
    wipe(outer, sizeof outer);
    return result == OK ? buf_append(out, SLICE_ARRAY(l->sealed)) : result;
}

static bool note_entry(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    *(bool *)ctx = true;
    return false;
}

/* Entries without a lock: the lock was lost, and a new one would bury them. */
static err check_empty(struct store *inner) {
    bool found = false;
    for (int table = 0; table < STORE_TABLES_MAX; table++)
        TRY(store_scan_table(inner, (uint8_t)table, note_entry, &found));
    return found ? ERR_DAMAGED : OK;
}

/* In the place of the one before, if there is one. */
static err put_lock(struct store_batch *batch, enum which which, slice passphrase,
                    const uint8_t key[KEY]) {
    struct lock l;
    buf value = buf_on(NULL);
    err result = make_lock(&l, passphrase, key, &value);
    if (result == OK)
        result = store_batch_put(batch, lock_key(which), buf_slice(&value));
    buf_free(&value);
    return result;
}

/* A secret has no use without a passphrase: whatever opens without one is not locked. */
static err set_passphrase(struct store *inner, slice passphrase, const uint8_t key[KEY]) {
    struct store_batch *batch = NULL;
    err result = store_batch_new(&batch, NULL);
    if (result == OK)
        result = put_lock(batch, BY_PASSPHRASE, passphrase, key);
    if (result == OK && passphrase.n == 0)
        result = store_batch_delete(batch, lock_key(BY_SECRET));
    if (result == OK)
        result = store_commit_now(inner, batch);
    store_batch_free(batch);
    return result;
}

static err set_secret(struct store *inner, slice passphrase, const uint8_t key[KEY]) {
    struct store_batch *batch = NULL;
    err result = store_batch_new(&batch, NULL);
    if (result == OK && passphrase.n == 0)
        result = store_batch_delete(batch, lock_key(BY_SECRET));
    else if (result == OK)
        result = put_lock(batch, BY_SECRET, passphrase, key);
    if (result == OK)
        result = store_commit_now(inner, batch);
    store_batch_free(batch);
    return result;
}

/* What a secret is as a passphrase: of no use anywhere else. */
static err secret_passphrase(slice secret, uint8_t out[KEY]) {
    slice label = slice_str("sotto store secret");
    return secret.n < KEY || secret.n > 2 * KEY ? ERR_MALFORMED
                                                : crypto_blake2b_keyed(out, KEY, secret, &label, 1);
}

static err create(struct store *inner, slice passphrase, uint8_t key[KEY]) {
    TRY(check_empty(inner));
    crypto_random(key, KEY);
    return set_passphrase(inner, passphrase, key);
}

/* NOT_FOUND if there is no lock. */
static err unlock(struct store *inner, enum which which, slice passphrase, uint8_t key[KEY]) {
    struct lock l;
    buf value = buf_on(NULL);
    err result = store_get(inner, NULL, lock_key(which), &value);
    if (result == OK && lock_decode(&l, buf_slice(&value)) != OK)
        result = ERR_DAMAGED;
    else if (result == OK)
        result = open_lock(&l, passphrase, key);
    if (result == OK)
        (void)store_settle(
            inner); /* whoever changed the lock may have been ended before they did */
    buf_free(&value);
    return result;
}

err store_sealed_find(struct store *inner) {
    buf value = buf_on(NULL);
    err result = store_get(inner, NULL, lock_key(BY_PASSPHRASE), &value);
    buf_free(&value);
    return result;
}

err store_sealed_unlock(struct store *inner, slice passphrase, uint8_t key[32]) {
    err result = unlock(inner, BY_PASSPHRASE, passphrase, key);
    if (result == ERR_NOT_FOUND)
        result = create(inner, passphrase, key);
    if (result != OK)
        wipe(key, KEY);
    return result;
}

err store_sealed_relock(struct store *inner, slice passphrase, slice fresh) {
    uint8_t key[KEY];
    err result = unlock(inner, BY_PASSPHRASE, passphrase, key);
    if (result == OK)
        result = set_passphrase(inner, fresh, key);
    if (result == OK)
        (void)store_settle(inner);
    wipe(key, sizeof key);
    return result;
}

err store_sealed_secret(struct store *inner, slice passphrase, slice secret) {
    uint8_t key[KEY], outer[KEY];
    err result = passphrase.n == 0 ? ERR_STATE : unlock(inner, BY_PASSPHRASE, passphrase, key);
    if (result == OK && secret.n > 0)
        result = secret_passphrase(secret, outer);
    if (result == OK)
        result = set_secret(inner, slice_of(outer, secret.n > 0 ? KEY : 0), key);
    if (result == OK)
        (void)store_settle(inner);
    wipe(outer, sizeof outer);
    wipe(key, sizeof key);
    return result;
}

err store_sealed_unlock_secret(struct store *inner, slice secret, uint8_t key[32]) {
    uint8_t outer[KEY];
    err result = secret_passphrase(secret, outer);
    if (result == OK)
        result = unlock(inner, BY_SECRET, SLICE_ARRAY(outer), key);
    if (result == ERR_NOT_FOUND)
        result = ERR_PASSPHRASE;
    if (result != OK)
        wipe(key, KEY);
    wipe(outer, sizeof outer);
    return result;
}
