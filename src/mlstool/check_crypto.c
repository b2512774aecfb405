/* Vectors of primitives and of the key schedule (RFC 9420 sections 5, 8, 9). */
#include "mls/key_schedule.h"
#include "mls/labels.h"
#include "mls/secret_tree.h"
#include "mls/transcript.h"
#include "mls/tree_math.h"
#include "mlstool/check.h"

/* What a vector derives at most. */
enum { OUT_MAX = 1024 };

static size_t length(struct check *c, struct json_object *o) {
    size_t n = check_u32(c, o, "length");
    EXPECT(c, n <= OUT_MAX);
    return n;
}

/* ---- crypto-basics ---- */

static void ref_hash(struct check *c, struct json_object *o) {
    uint8_t out[CRYPTO_HASH_MAX];
    buf value = check_bytes(c, o, "value");
    EXPECT_OK(c, mls_label_ref_hash(c->suite, check_text(c, o, "label"), buf_slice(&value), out));
    check_expect(c, o, "out", out, c->suite->hash->len);
}

static void expand(struct check *c, struct json_object *o) {
    uint8_t out[OUT_MAX];
    size_t nh = c->suite->hash->len, n = length(c, o);
    slice secret = slice_of(check_exactly(c, o, "secret", nh), nh);
    buf context = check_bytes(c, o, "context");
    EXPECT_OK(c, mls_label_expand(c->suite, secret, check_text(c, o, "label"), buf_slice(&context),
                                  out, n));
    check_expect(c, o, "out", out, n);
}

static void derive(struct check *c, struct json_object *o) {
    uint8_t out[CRYPTO_HASH_MAX], named[CRYPTO_HASH_MAX];
    size_t nh = c->suite->hash->len;
    slice secret = slice_of(check_exactly(c, o, "secret", nh), nh);
    const char *label = check_text(c, o, "label");
    EXPECT_OK(c, mls_label_derive(c->suite, secret, label, out));
    check_expect(c, o, "out", out, nh);
    EXPECT_OK(c, mls_label_derive_named(c->suite, secret, slice_str(label), named));
    check_expect(c, o, "out", named, nh);
}

static void derive_tree(struct check *c, struct json_object *o) {
    uint8_t out[OUT_MAX];
    size_t nh = c->suite->hash->len, n = length(c, o);
    slice secret = slice_of(check_exactly(c, o, "secret", nh), nh);
    EXPECT_OK(c, mls_label_derive_tree(c->suite, secret, check_text(c, o, "label"),
                                       check_u32(c, o, "generation"), out, n));
    check_expect(c, o, "out", out, n);
}

static void sign(struct check *c, struct json_object *o) {
    slice priv = check_private(c, o, "priv", c->suite->sig->priv);
    buf pub = check_bytes(c, o, "pub"), content = check_bytes(c, o, "content");
    buf signature = check_bytes(c, o, "signature"), own = buf_on(&c->mem);
    const char *label = check_text(c, o, "label");
    slice key = buf_slice(&pub), text = buf_slice(&content);
    const struct mem *mem = &c->mem;
    EXPECT_OK(c, mls_label_verify(c->suite, key, label, text, buf_slice(&signature), mem));
    EXPECT_OK(c, mls_label_sign(c->suite, priv, label, text, &own, mem));
    EXPECT_OK(c, mls_label_verify(c->suite, key, label, text, buf_slice(&own), mem));
    EXPECT_ERR(c, mls_label_verify(c->suite, key, "Another", text, buf_slice(&own), mem),
               ERR_SIGNATURE);
    own.p[0] ^= 1;
    EXPECT_ERR(c, mls_label_verify(c->suite, key, label, text, buf_slice(&own), mem),
               ERR_SIGNATURE);
}

static void encrypt(struct check *c, struct json_object *o) {
    const struct mls_suite *suite = c->suite;
    slice priv = check_private(c, o, "priv", suite->kem->priv);
    buf pub = check_bytes(c, o, "pub"), context = check_bytes(c, o, "context");
    buf plain = check_bytes(c, o, "plaintext"), got = buf_on(&c->mem);
    struct mls_hpke_ciphertext given = {check_bytes(c, o, "kem_output"),
                                        check_bytes(c, o, "ciphertext")};
    struct mls_hpke_ciphertext own;
    const char *label = check_text(c, o, "label");
    slice about = buf_slice(&context);
    struct hpke_info info;
    EXPECT_OK(c, mls_label_decrypt(suite, priv, label, about, &given, &got));
    EXPECT_SLICE(c, buf_slice(&got), buf_slice(&plain));
    buf_free(&got);
    EXPECT_OK(c, mls_label_prepare(suite, label, about, &info));
    EXPECT_OK(c,
              mls_label_encrypt(suite, buf_slice(&pub), &info, buf_slice(&plain), &own, &c->mem));
    EXPECT_OK(c, mls_label_decrypt(suite, priv, label, about, &own, &got));
    EXPECT_SLICE(c, buf_slice(&got), buf_slice(&plain));
    buf_free(&got);
    EXPECT_ERR(c, mls_label_decrypt(suite, priv, "Another", about, &own, &got), ERR_CRYPTO);
}

static void crypto_basics(struct check *c, struct json_object *o) {
    ref_hash(c, check_get(c, o, "ref_hash"));
    expand(c, check_get(c, o, "expand_with_label"));
    derive(c, check_get(c, o, "derive_secret"));
    derive_tree(c, check_get(c, o, "derive_tree_secret"));
    sign(c, check_get(c, o, "sign_with_label"));
    encrypt(c, check_get(c, o, "encrypt_with_label"));
}

const struct check_type check_crypto_basics = {
    "crypto-basics", {"cipher_suite", "ref_hash", "expand_with_label"}, crypto_basics};

/* ---- secret-tree ---- */

static void sender_data(struct check *c, struct json_object *o) {
    uint8_t key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX];
    const struct mls_suite *suite = c->suite;
    const uint8_t *secret = check_exactly(c, o, "sender_data_secret", suite->hash->len);
    buf sealed = check_bytes(c, o, "ciphertext");
    EXPECT_OK(c, mls_key_schedule_sender_data(suite, secret, buf_slice(&sealed), key, nonce));
    check_expect(c, o, "key", key, suite->aead->key);
    check_expect(c, o, "nonce", nonce, suite->aead->nonce);
}

static void generation(struct check *c, struct json_object *o, struct mls_secret_tree *t,
                       uint32_t leaf) {
    const struct crypto_aead *aead = c->suite->aead;
    uint32_t number = check_u32(c, o, "generation");
    struct mls_message_key key;
    EXPECT_OK(c, mls_secret_tree_peek(t, leaf, MLS_RATCHET_APPLICATION, number, &key));
    check_expect(c, o, "application_key", key.key, aead->key);
    check_expect(c, o, "application_nonce", key.nonce, aead->nonce);
    EXPECT_OK(c, mls_secret_tree_consume(t, leaf, MLS_RATCHET_APPLICATION, number));
    EXPECT_OK(c, mls_secret_tree_peek(t, leaf, MLS_RATCHET_HANDSHAKE, number, &key));
    check_expect(c, o, "handshake_key", key.key, aead->key);
    check_expect(c, o, "handshake_nonce", key.nonce, aead->nonce);
    EXPECT_OK(c, mls_secret_tree_consume(t, leaf, MLS_RATCHET_HANDSHAKE, number));
}

static void secret_tree(struct check *c, struct json_object *o) {
    uint32_t leaves = (uint32_t)check_count(c, o, "leaves");
    struct mls_secret_tree t;
    const uint8_t *secret = check_exactly(c, o, "encryption_secret", c->suite->hash->len);
    sender_data(c, check_get(c, o, "sender_data"));
    EXPECT(c, leaves > 0);
    EXPECT_OK(
        c, mls_secret_tree_init(&t, c->suite, mls_tree_math_width(leaves), secret, NULL, &c->mem));
    for (uint32_t leaf = 0; leaf < leaves; leaf++) {
        struct json_object *list = check_at(c, o, "leaves", leaf);
        EXPECT(c, json_object_is_type(list, json_type_array));
        for (size_t i = 0; i < json_object_array_length(list); i++)
            generation(c, json_object_array_get_idx(list, i), &t, leaf);
    }
}

const struct check_type check_secret_tree = {
    "secret-tree", {"encryption_secret", "sender_data", "leaves"}, secret_tree};

/* ---- key-schedule ---- */

static void expect_hash(struct check *c, struct json_object *o, const char *key,
                        const uint8_t *got) {
    check_expect(c, o, key, got, c->suite->hash->len);
}

static void exporter(struct check *c, struct json_object *o, const uint8_t *exporter_secret) {
    uint8_t out[OUT_MAX];
    buf context = check_bytes(c, o, "context");
    size_t n = length(c, o);
    EXPECT_OK(c, mls_key_schedule_export(c->suite, exporter_secret,
                                         slice_str(check_text(c, o, "label")), buf_slice(&context),
                                         out, n));
    check_expect(c, o, "secret", out, n);
}

static buf group_context(struct check *c, struct json_object *o, uint64_t epoch,
                         const buf *group_id) {
    struct mls_group_context context = {.version = MLS_VERSION_10,
                                        .suite = c->suite->id,
                                        .group_id = *group_id,
                                        .epoch = epoch,
                                        .tree_hash = check_bytes(c, o, "tree_hash"),
                                        .confirmed_transcript_hash =
                                            check_bytes(c, o, "confirmed_transcript_hash")};
    buf out = buf_on(&c->mem);
    writer w = writer_on(&out);
    mls_group_context_write(&w, &context);
    EXPECT_OK(c, writer_result(&w));
    check_expect(c, o, "group_context", out.p, out.n);
    return out;
}

/* init: in, of the epoch before; out, of this one. */
static void epoch_secrets(struct check *c, struct json_object *o, slice context, uint8_t *init) {
    uint8_t joiner[CRYPTO_HASH_MAX], welcome[CRYPTO_HASH_MAX];
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    const struct mls_suite *suite = c->suite;
    struct mls_epoch_secrets s;
    const uint8_t *commit_secret = check_exactly(c, o, "commit_secret", suite->hash->len);
    const uint8_t *psk = check_exactly(c, o, "psk_secret", suite->hash->len);
    EXPECT_OK(c, mls_key_schedule_joiner(suite, init, commit_secret, context, joiner));
    expect_hash(c, o, "joiner_secret", joiner);
    EXPECT_OK(c, mls_key_schedule_welcome(suite, joiner, psk, welcome));
    expect_hash(c, o, "welcome_secret", welcome);
    EXPECT_OK(c, mls_key_schedule_epoch(suite, joiner, psk, context, &s));
    expect_hash(c, o, "init_secret", s.init);
    expect_hash(c, o, "sender_data_secret", s.sender_data);
    expect_hash(c, o, "encryption_secret", s.encryption);
    expect_hash(c, o, "exporter_secret", s.exporter);
    expect_hash(c, o, "epoch_authenticator", s.epoch_authenticator);
    expect_hash(c, o, "external_secret", s.external);
    expect_hash(c, o, "confirmation_key", s.confirmation_key);
    expect_hash(c, o, "membership_key", s.membership_key);
    expect_hash(c, o, "resumption_psk", s.resumption_psk);
    EXPECT_OK(c, mls_key_schedule_external(suite, s.external, pub, priv));
    check_expect(c, o, "external_pub", pub, suite->kem->pub);
    exporter(c, check_get(c, o, "exporter"), s.exporter);
    memcpy(init, s.init, suite->hash->len);
}

static void key_schedule(struct check *c, struct json_object *o) {
    uint8_t init[CRYPTO_HASH_MAX];
    size_t nh = c->suite->hash->len;
    memcpy(init, check_exactly(c, o, "initial_init_secret", nh), nh);
    buf group_id = check_bytes(c, o, "group_id");
    for (size_t epoch = 0; epoch < check_count(c, o, "epochs"); epoch++) {
        struct json_object *one = check_at(c, o, "epochs", epoch);
        buf context = group_context(c, one, epoch, &group_id);
        epoch_secrets(c, one, buf_slice(&context), init);
    }
}

const struct check_type check_key_schedule = {
    "key-schedule", {"cipher_suite", "initial_init_secret", "epochs"}, key_schedule};

/* ---- psk_secret ---- */

static void psk_secret(struct check *c, struct json_object *o) {
    enum { PSKS_MAX = 256 };
    uint8_t out[CRYPTO_HASH_MAX];
    struct mls_psk_id ids[PSKS_MAX];
    slice psks[PSKS_MAX];
    size_t n = check_count(c, o, "psks");
    EXPECT(c, n <= PSKS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct json_object *one = check_at(c, o, "psks", i);
        ids[i] = (struct mls_psk_id){.type = MLS_PSK_EXTERNAL,
                                     .id = check_bytes(c, one, "psk_id"),
                                     .nonce = check_bytes(c, one, "psk_nonce")};
        buf psk = check_bytes(c, one, "psk");
        psks[i] = buf_slice(&psk);
    }
    EXPECT_OK(c, mls_key_schedule_psk(c->suite, ids, psks, n, out, &c->mem));
    expect_hash(c, o, "psk_secret", out);
}

const struct check_type check_psk_secret = {
    "psk_secret", {"cipher_suite", "psks", "psk_secret"}, psk_secret};

/* ---- transcript-hashes ---- */

static void transcript_hashes(struct check *c, struct json_object *o) {
    uint8_t out[CRYPTO_HASH_MAX], tag[CRYPTO_HASH_MAX];
    const struct mls_suite *suite = c->suite;
    struct mls_authenticated_content content;
    const uint8_t *key = check_exactly(c, o, "confirmation_key", suite->hash->len);
    buf bytes = check_bytes(c, o, "authenticated_content");
    buf before = check_bytes(c, o, "interim_transcript_hash_before");
    buf confirmed = check_bytes(c, o, "confirmed_transcript_hash_after");
    reader r = reader_of(buf_slice(&bytes));
    EXPECT_OK(c, mls_authenticated_content_read(&r, &content, &c->mem));
    EXPECT_OK(c, reader_end(&r));
    EXPECT_OK(c, mls_transcript_confirmed(suite, buf_slice(&before), &content, out, &c->mem));
    expect_hash(c, o, "confirmed_transcript_hash_after", out);
    EXPECT_OK(c, mls_key_schedule_mac(suite, key, buf_slice(&confirmed), tag));
    EXPECT(c, mls_tag_equal(slice_of(tag, suite->hash->len), buf_slice(&content.confirmation_tag)));
    EXPECT_OK(c, mls_transcript_interim(suite, buf_slice(&confirmed),
                                        buf_slice(&content.confirmation_tag), out));
    expect_hash(c, o, "interim_transcript_hash_after", out);
}

const struct check_type check_transcript_hashes = {
    "transcript-hashes",
    {"cipher_suite", "authenticated_content", "interim_transcript_hash_before"},
    transcript_hashes};
