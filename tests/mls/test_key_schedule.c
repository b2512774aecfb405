#include "mls/key_schedule.h"
#include "tests/mls/official.h"

TEST(official_vectors) {
    official_check("key-schedule.json");
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
