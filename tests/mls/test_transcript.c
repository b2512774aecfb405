/* Transcript hashes and tags (RFC 9420 section 8.2), with the official answers. */
#include "mls/key_schedule.h"
#include "mls/transcript.h"
#include "tests/mls/official.h"

TEST(official_transcript_hashes) {
    official_check("transcript-hashes.json");
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
