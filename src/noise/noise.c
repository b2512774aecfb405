#include "noise/noise.h"

enum { STEP_FIRST = 0, STEP_SECOND = 1, STEP_DONE = 2, STEP_FAILED = 3 };
enum { NOISE_NONCE = 12 };

/* ---- CipherState (section 5.1) ---- */

static const struct crypto_aead *aead_of(const struct noise_cipher *c) {
    return c->aes ? &crypto_aes256gcm : &crypto_chacha20poly1305;
}

static void cipher_key(struct noise_cipher *c, const uint8_t *key) {
    memcpy(c->key, key, NOISE_KEY);
    c->nonce = 0;
    c->ready = true;
}

/* Four zero bytes and the counter, least significant byte first, for AESGCM last (sections 12.3 and
 * 12.4). The last counter is reserved, so a cipher ends before it. */
static err cipher_nonce(const struct noise_cipher *c, uint8_t nonce[NOISE_NONCE]) {
    if (!c->ready)
        return ERR_STATE;
    if (c->nonce == UINT64_MAX)
        return ERR_LIMIT;
    memset(nonce, 0, 4);
    for (int i = 0; i < 8; i++)
        nonce[c->aes ? 11 - i : 4 + i] = (uint8_t)(c->nonce >> (8 * i));
    return OK;
}

/* Appends the sealed plain text. */
static err cipher_seal(struct noise_cipher *c, buf *out, slice aad, slice plain) {
    uint8_t nonce[NOISE_NONCE];
    TRY(cipher_nonce(c, nonce));
    TRY(buf_reserve(out, plain.n + NOISE_TAG));
    TRY(aead_of(c)->seal(out->p + out->n, c->key, nonce, aad, plain));
    out->n += plain.n + NOISE_TAG;
    c->nonce++;
    return OK;
}

/* Appends the opened text. A failure uses up no nonce (section 5.1). */
static err cipher_open(struct noise_cipher *c, buf *out, slice aad, slice sealed) {
    uint8_t nonce[NOISE_NONCE];
    if (sealed.n < NOISE_TAG)
        return ERR_TRUNCATED;
    TRY(cipher_nonce(c, nonce));
    TRY(buf_reserve(out, sealed.n));
    TRY(aead_of(c)->open(out->p + out->n, c->key, nonce, aad, sealed));
    out->n += sealed.n - NOISE_TAG;
    c->nonce++;
    return OK;
}

/* REKEY (section 4.2): what the reserved nonce makes of zeros is the next key. */
static void rekey(struct noise_cipher *c) {
    static const uint8_t zeros[NOISE_KEY];
    uint8_t nonce[NOISE_NONCE], sealed[NOISE_KEY + NOISE_TAG];
    memset(nonce, 0, 4);
    memset(nonce + 4, 0xff, 8);
    if (aead_of(c)->seal(sealed, c->key, nonce, SLICE_EMPTY, SLICE_ARRAY(zeros)) == OK)
        memcpy(c->key, sealed, NOISE_KEY);
    else
        c->ready = false; /* it can't fail */
    wipe(sealed, sizeof(sealed));
}

static void count(struct noise_cipher *c) {
    if (c->nonce % NOISE_REKEY_EVERY == 0)
        rekey(c);
}

err noise_seal(struct noise_cipher *c, buf *out, slice plain) {
    if (plain.n > NOISE_MESSAGE_MAX - NOISE_TAG)
        return ERR_TOO_LARGE;
    TRY(cipher_seal(c, out, SLICE_EMPTY, plain));
    count(c);
    return OK;
}

err noise_open(struct noise_cipher *c, buf *out, slice sealed) {
    if (sealed.n > NOISE_MESSAGE_MAX)
        return ERR_TOO_LARGE;
    TRY(cipher_open(c, out, SLICE_EMPTY, sealed));
    count(c);
    return OK;
}

/* ---- SymmetricState (section 5.2) ---- */

static err mix_hash(struct noise_handshake *hs, slice data) {
    slice parts[] = {SLICE_ARRAY(hs->h), data};
    return crypto_blake2b.hash(hs->h, parts, 2);
}

/* HKDF of section 4.3 with two outputs: RFC 5869's with ck as salt and no info. */
static err hkdf_two(const uint8_t *ck, slice ikm, uint8_t out[2 * NOISE_HASH]) {
    uint8_t prk[NOISE_HASH];
    err e = crypto_hkdf_extract(&crypto_blake2b, prk, slice_of(ck, NOISE_HASH), ikm);
    if (e == OK)
        e = crypto_hkdf_expand(&crypto_blake2b, out, 2 * NOISE_HASH, SLICE_ARRAY(prk), NULL, 0);
    wipe(prk, sizeof(prk));
    return e;
}

/* MixKey of a secret, which is wiped. */
static err mix_key(struct noise_handshake *hs, uint8_t secret[NOISE_KEY]) {
    uint8_t keys[2 * NOISE_HASH];
    err e = hkdf_two(hs->ck, slice_of(secret, NOISE_KEY), keys);
    if (e == OK) {
        memcpy(hs->ck, keys, NOISE_HASH);
        cipher_key(&hs->cipher, keys + NOISE_HASH);
    }
    wipe(secret, NOISE_KEY);
    wipe(keys, sizeof(keys));
    return e;
}

static err mix_dh(struct noise_handshake *hs, const uint8_t *priv, const uint8_t *pub) {
    uint8_t shared[NOISE_KEY];
    TRY(crypto_x25519(shared, priv, pub));
    return mix_key(hs, shared);
}

/* EncryptAndHash, DecryptAndHash. */
static err seal_and_hash(struct noise_handshake *hs, buf *out, slice plain) {
    size_t at = out->n;
    TRY(cipher_seal(&hs->cipher, out, SLICE_ARRAY(hs->h), plain));
    return mix_hash(hs, slice_of(out->p + at, out->n - at));
}

static err open_and_hash(struct noise_handshake *hs, buf *out, slice sealed) {
    TRY(cipher_open(&hs->cipher, out, SLICE_ARRAY(hs->h), sealed));
    return mix_hash(hs, sealed);
}

/* ---- HandshakeState (section 5.3), the pattern NKhfs ---- */

static err start(struct noise_handshake *hs, const char *name, bool initiator,
                 const uint8_t *server_pub, const uint8_t *server_priv, slice prologue) {
    memset(hs, 0, sizeof(*hs));
    hs->step = STEP_FAILED;
    if (server_pub == NULL || (server_priv == NULL) != initiator)
        return ERR_BUG;
    hs->initiator = initiator;
    memcpy(hs->s_pub, server_pub, NOISE_KEY);
    if (!initiator)
        memcpy(hs->s_priv, server_priv, NOISE_KEY);
    memcpy(hs->h, name, strlen(name)); /* of NOISE_HASH bytes at most: as it is, with zeros */
    memcpy(hs->ck, hs->h, NOISE_HASH);
    TRY(mix_hash(hs, prologue));
    TRY(mix_hash(hs, SLICE_ARRAY(hs->s_pub)));
    hs->step = STEP_FIRST;
    return OK;
}

err noise_start_with(struct noise_handshake *hs, enum noise_aead aead, bool initiator,
                     const uint8_t *server_pub, const uint8_t *server_priv, slice prologue) {
    static const char *const NAMES[] = {
        [NOISE_CHACHAPOLY] = "Noise_NKhfs_25519+ML-KEM-768_ChaChaPoly_BLAKE2b",
        [NOISE_AESGCM] = "Noise_NKhfs_25519+ML-KEM-768_AESGCM_BLAKE2b"};
    TRY(start(hs, NAMES[aead], initiator, server_pub, server_priv, prologue));
    hs->cipher.aes = aead == NOISE_AESGCM;
    return OK;
}

err noise_start(struct noise_handshake *hs, bool initiator, const uint8_t *server_pub,
                const uint8_t *server_priv, slice prologue) {
    return noise_start_with(hs, NOISE_CHACHAPOLY, initiator, server_pub, server_priv, prologue);
}

err noise_start_plain(struct noise_handshake *hs, bool initiator, const uint8_t *server_pub,
                      const uint8_t *server_priv, slice prologue) {
    static const char NAME[] = "Noise_NK_25519_ChaChaPoly_BLAKE2b";
    TRY(start(hs, NAME, initiator, server_pub, server_priv, prologue));
    hs->test_plain = true;
    return OK;
}

void noise_wipe(struct noise_handshake *hs) {
    wipe(hs, sizeof(*hs));
    hs->step = STEP_FAILED;
}

/* The initiator sends the first message, the responder the second. */
static bool is_due(const struct noise_handshake *hs, bool writing) {
    if (hs->step == STEP_FIRST)
        return hs->initiator == writing;
    return hs->step == STEP_SECOND && hs->initiator != writing;
}

static err make_ephemeral(struct noise_handshake *hs) {
    if (hs->test_ephemeral == NULL) {
        crypto_x25519_generate(hs->e_pub, hs->e_priv);
        return OK;
    }
    memcpy(hs->e_priv, hs->test_ephemeral, NOISE_KEY);
    return crypto_x25519_public(hs->e_pub, hs->e_priv);
}

/* The token after `e`: es in the first message, ee in the second. */
static err mix_token(struct noise_handshake *hs) {
    if (hs->step == STEP_SECOND)
        return mix_dh(hs, hs->e_priv, hs->re);
    if (hs->initiator)
        return mix_dh(hs, hs->e_priv, hs->s_pub);
    return mix_dh(hs, hs->s_priv, hs->re);
}

/* e1 */
static err write_kem_key(struct noise_handshake *hs, buf *out) {
    uint8_t pub[CRYPTO_MLKEM_PUB];
    if (hs->test_e1 == NULL) {
        TRY(crypto_mlkem768_generate(pub, hs->e1_priv));
    } else {
        memcpy(hs->e1_priv, hs->test_e1, CRYPTO_MLKEM_PRIV);
        TRY(crypto_mlkem768_public(pub, hs->e1_priv));
    }
    return seal_and_hash(hs, out, SLICE_ARRAY(pub));
}

/* ekem1 */
static err write_kem_secret(struct noise_handshake *hs, buf *out) {
    uint8_t secret[NOISE_KEY], enc[CRYPTO_MLKEM_ENC];
    err e = crypto_mlkem768_encap(secret, enc, hs->re1, hs->test_ekem1);
    if (e == OK)
        e = seal_and_hash(hs, out, SLICE_ARRAY(enc));
    if (e == OK)
        e = mix_key(hs, secret);
    wipe(secret, sizeof(secret));
    return e;
}

static err write_kem(struct noise_handshake *hs, buf *out) {
    if (hs->test_plain)
        return OK;
    return hs->step == STEP_FIRST ? write_kem_key(hs, out) : write_kem_secret(hs, out);
}

static err write_message(struct noise_handshake *hs, buf *out, slice payload) {
    TRY(make_ephemeral(hs));
    TRY(mix_hash(hs, SLICE_ARRAY(hs->e_pub)));
    TRY(mix_token(hs));
    TRY(buf_reserve(out, NOISE_FIRST_OVERHEAD + payload.n));
    TRY(buf_append(out, SLICE_ARRAY(hs->e_pub)));
    TRY(write_kem(hs, out));
    return seal_and_hash(hs, out, payload);
}

err noise_write(struct noise_handshake *hs, buf *out, slice payload) {
    if (!is_due(hs, true))
        return ERR_STATE;
    if (payload.n > NOISE_MESSAGE_MAX - NOISE_FIRST_OVERHEAD)
        return ERR_TOO_LARGE;
    size_t before = out->n;
    err e = write_message(hs, out, payload);
    if (e == OK) {
        hs->step++;
        return OK;
    }
    noise_wipe(hs);
    return buf_resize(out, before) == OK ? e : ERR_BUG;
}

/* Opens so many sealed bytes at the front of what is left, into out. */
static err take_sealed(struct noise_handshake *hs, slice *left, uint8_t *out, size_t n) {
    buf plain = {0};
    slice sealed = slice_of(left->p, n + NOISE_TAG);
    err e = left->n < sealed.n ? ERR_TRUNCATED : open_and_hash(hs, &plain, sealed);
    if (e == OK) {
        memcpy(out, plain.p, n);
        *left = slice_of(left->p + sealed.n, left->n - sealed.n);
    }
    buf_free(&plain);
    return e;
}

static err read_kem_secret(struct noise_handshake *hs, slice *left) {
    uint8_t secret[NOISE_KEY], enc[CRYPTO_MLKEM_ENC];
    TRY(take_sealed(hs, left, enc, sizeof(enc)));
    err e = crypto_mlkem768_decap(secret, enc, hs->e1_priv);
    if (e == OK)
        e = mix_key(hs, secret);
    wipe(secret, sizeof(secret));
    return e;
}

static err read_kem(struct noise_handshake *hs, slice *left) {
    if (hs->test_plain)
        return OK;
    return hs->step == STEP_FIRST ? take_sealed(hs, left, hs->re1, sizeof(hs->re1))
                                  : read_kem_secret(hs, left);
}

static err read_message(struct noise_handshake *hs, buf *payload, slice message) {
    if (message.n < NOISE_KEY + NOISE_TAG)
        return ERR_TRUNCATED;
    slice left = slice_of(message.p + NOISE_KEY, message.n - NOISE_KEY);
    memcpy(hs->re, message.p, NOISE_KEY);
    TRY(mix_hash(hs, SLICE_ARRAY(hs->re)));
    TRY(mix_token(hs));
    TRY(read_kem(hs, &left));
    return open_and_hash(hs, payload, left);
}

err noise_read(struct noise_handshake *hs, buf *payload, slice message) {
    if (!is_due(hs, false))
        return ERR_STATE;
    size_t before = payload->n;
    err e = message.n > NOISE_MESSAGE_MAX ? ERR_TOO_LARGE : read_message(hs, payload, message);
    if (e == OK) {
        hs->step++;
        return OK;
    }
    noise_wipe(hs);
    return buf_resize(payload, before) == OK ? e : ERR_BUG;
}

err noise_split(struct noise_handshake *hs, struct noise_cipher *send, struct noise_cipher *receive,
                uint8_t hash[NOISE_HASH]) {
    if (hs->step != STEP_DONE)
        return ERR_STATE;
    uint8_t keys[2 * NOISE_HASH];
    err e = hkdf_two(hs->ck, SLICE_EMPTY, keys);
    if (e == OK) {
        send->aes = receive->aes = hs->cipher.aes;
        /* The first key is the initiator's to send with. */
        cipher_key(hs->initiator ? send : receive, keys);
        cipher_key(hs->initiator ? receive : send, keys + NOISE_HASH);
        memcpy(hash, hs->h, NOISE_HASH);
    }
    wipe(keys, sizeof(keys));
    noise_wipe(hs);
    return e;
}
