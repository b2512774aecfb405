/* Transcript hashes and tags (RFC 9420 section 8.2), with the official answers. */
#include "crypto/crypto.h"
#include "mls/key_schedule.h"
#include "mls/transcript.h"
#include "tests/mls/vectors_suites.h"
#include "tests/test.h"

static void check_case(struct json_object *o, const struct mls_suite *suite) {
    buf key = {0}, bytes = {0}, before = {0}, confirmed = {0}, interim = {0};
    uint8_t out[CRYPTO_HASH_MAX], tag[CRYPTO_HASH_MAX];
    struct mls_authenticated_content content;
    size_t n = suite->hash->len;
    vectors_hex(o, "confirmation_key", &key);
    vectors_hex(o, "authenticated_content", &bytes);
    vectors_hex(o, "interim_transcript_hash_before", &before);
    vectors_hex(o, "confirmed_transcript_hash_after", &confirmed);
    vectors_hex(o, "interim_transcript_hash_after", &interim);
    reader r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_authenticated_content_read(&r, &content, NULL));
    CHECK_OK(mls_transcript_confirmed(suite, buf_slice(&before), &content, out, NULL));
    CHECK_SLICE(slice_of(out, n), buf_slice(&confirmed));
    CHECK_OK(mls_key_schedule_mac(suite, key.p, buf_slice(&confirmed), tag));
    CHECK(mls_tag_equal(slice_of(tag, n), buf_slice(&content.confirmation_tag)));
    CHECK_OK(mls_transcript_interim(suite, buf_slice(&confirmed),
                                    buf_slice(&content.confirmation_tag), out));
    CHECK_SLICE(slice_of(out, n), buf_slice(&interim));
    mls_authenticated_content_free(&content, NULL);
    buf_free(&key);
    buf_free(&bytes);
    buf_free(&before);
    buf_free(&confirmed);
    buf_free(&interim);
}

TEST(official_transcript_hashes) {
    CHECK_OK(crypto_init());
    vectors_run("transcript-hashes.json", check_case);
}

TEST(tags_are_equal_only_with_the_same_length) {
    static const uint8_t tag[] = {1, 2, 3, 4};
    CHECK(mls_tag_equal(SLICE_ARRAY(tag), SLICE_ARRAY(tag)));
    CHECK(!mls_tag_equal(SLICE_ARRAY(tag), slice_of(tag, 3)));
    CHECK(!mls_tag_equal(SLICE_ARRAY(tag), SLICE_EMPTY));
    CHECK(!mls_tag_equal(slice_of(tag, 3), slice_of(tag + 1, 3)));
}

TEST(only_a_commit_moves_the_transcript) {
    uint8_t out[CRYPTO_HASH_MAX];
    struct mls_authenticated_content content = {.content = {.kind = MLS_PROPOSAL}};
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    CHECK_ERR(mls_transcript_confirmed(suite, SLICE_EMPTY, &content, out, NULL), ERR_BUG);
}

TEST_MAIN
