#include "mls/key_schedule.h"
#include "tests/mls/vectors_suites.h"

static void expect(struct json_object *o, const char *key, const uint8_t *got,
                   const struct mls_suite *suite) {
    vectors_expect(o, key, got, suite->hash->len);
}

static void check_exporter(struct json_object *o, const struct mls_suite *suite,
                           const uint8_t *exporter_secret) {
    uint8_t out[256];
    buf context = vectors_bytes(o, "context");
    size_t n = vectors_u64(o, "length");
    CHECK(n <= sizeof(out));
    CHECK_OK(mls_key_schedule_export(suite, exporter_secret, slice_str(vectors_text(o, "label")),
                                     buf_slice(&context), out, n));
    vectors_expect(o, "secret", out, n);
    buf_free(&context);
}

static void check_context(struct json_object *o, const struct mls_suite *suite, uint64_t epoch,
                          const buf *group_id, buf *context) {
    struct mls_group_context c = {.version = MLS_VERSION_10, .suite = suite->id, .epoch = epoch};
    buf expected = vectors_bytes(o, "group_context");
    CHECK_OK(buf_set(&c.group_id, buf_slice(group_id)));
    c.tree_hash = vectors_bytes(o, "tree_hash");
    c.confirmed_transcript_hash = vectors_bytes(o, "confirmed_transcript_hash");
    writer w = writer_on(context);
    mls_group_context_write(&w, &c);
    CHECK_OK(writer_result(&w));
    CHECK_SLICE(buf_slice(context), buf_slice(&expected));
    mls_group_context_free(&c, NULL);
    buf_free(&expected);
}

/* init: in, of the epoch before; out, of this one. */
static void check_epoch(struct json_object *o, const struct mls_suite *suite, slice context,
                        uint8_t *init) {
    uint8_t joiner[CRYPTO_HASH_MAX], welcome[CRYPTO_HASH_MAX];
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX];
    struct mls_epoch_secrets s;
    buf commit_secret = vectors_bytes(o, "commit_secret"), psk = vectors_bytes(o, "psk_secret");
    CHECK_OK(mls_key_schedule_joiner(suite, init, commit_secret.p, context, joiner));
    expect(o, "joiner_secret", joiner, suite);
    CHECK_OK(mls_key_schedule_welcome(suite, joiner, psk.p, welcome));
    expect(o, "welcome_secret", welcome, suite);
    CHECK_OK(mls_key_schedule_epoch(suite, joiner, psk.p, context, &s));
    expect(o, "init_secret", s.init, suite);
    expect(o, "sender_data_secret", s.sender_data, suite);
    expect(o, "encryption_secret", s.encryption, suite);
    expect(o, "exporter_secret", s.exporter, suite);
    expect(o, "epoch_authenticator", s.epoch_authenticator, suite);
    expect(o, "external_secret", s.external, suite);
    expect(o, "confirmation_key", s.confirmation_key, suite);
    expect(o, "membership_key", s.membership_key, suite);
    expect(o, "resumption_psk", s.resumption_psk, suite);
    CHECK_OK(mls_key_schedule_external(suite, s.external, pub, priv));
    vectors_expect(o, "external_pub", pub, suite->kem->pub);
    check_exporter(vectors_get(o, "exporter"), suite, s.exporter);
    memcpy(init, s.init, suite->hash->len);
    mls_epoch_secrets_wipe(&s);
    buf_free(&commit_secret);
    buf_free(&psk);
}

static void check_case(struct json_object *one, const struct mls_suite *suite) {
    buf init = vectors_bytes(one, "initial_init_secret"), group_id = vectors_bytes(one, "group_id");
    for (size_t epoch = 0; epoch < vectors_count(one, "epochs"); epoch++) {
        struct json_object *o = vectors_at(one, "epochs", epoch);
        buf context = buf_on(NULL);
        check_context(o, suite, epoch, &group_id, &context);
        check_epoch(o, suite, buf_slice(&context), init.p);
        buf_free(&context);
    }
    buf_free(&init);
    buf_free(&group_id);
}

TEST(official_vectors) {
    CHECK_OK(crypto_init());
    vectors_run("key-schedule.json", check_case);
}

TEST(missing_secrets_count_as_zeros) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    uint8_t zeros[CRYPTO_HASH_MAX] = {0}, a[CRYPTO_HASH_MAX], b[CRYPTO_HASH_MAX];
    size_t nh = suite->hash->len;
    CHECK_OK(mls_key_schedule_joiner(suite, zeros, NULL, slice_str("context"), a));
    CHECK_OK(mls_key_schedule_joiner(suite, zeros, zeros, slice_str("context"), b));
    CHECK_SLICE(slice_of(a, nh), slice_of(b, nh));
    CHECK_OK(mls_key_schedule_welcome(suite, zeros, NULL, a));
    CHECK_OK(mls_key_schedule_welcome(suite, zeros, zeros, b));
    CHECK_SLICE(slice_of(a, nh), slice_of(b, nh));
}

TEST(epoch_secrets_come_back_as_they_were_saved) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    uint8_t epoch_secret[CRYPTO_HASH_MAX] = {7};
    struct mls_epoch_secrets s, back;
    buf saved = buf_on(NULL);
    writer w = writer_on(&saved);
    CHECK_OK(mls_key_schedule_first(suite, epoch_secret, &s));
    mls_epoch_secrets_write(&w, &s, suite);
    CHECK_OK(writer_result(&w));
    reader r = reader_of(buf_slice(&saved));
    CHECK_OK(mls_epoch_secrets_read(&r, &back, suite));
    CHECK_OK(reader_end(&r));
    CHECK(memcmp(&s, &back, sizeof(s)) == 0);
    r = reader_of(slice_of(saved.p, saved.n - 1));
    CHECK_ERR(mls_epoch_secrets_read(&r, &back, suite), ERR_TRUNCATED);
    CHECK_EQ(r.n, saved.n - 1);
    buf_free(&saved);
}

TEST(an_export_longer_than_the_kdf_gives_is_refused) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    uint8_t secret[CRYPTO_HASH_MAX] = {1}, out[1];
    CHECK_ERR(mls_key_schedule_export(suite, secret, slice_str("l"), SLICE_EMPTY, out,
                                      255 * suite->hash->len + 1),
              ERR_BUG);
}

TEST_MAIN
