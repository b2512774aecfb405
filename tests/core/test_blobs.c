#include "core/internal.h"
#include "support.h"
#include "test.h"

static void check_blob(size_t n) {
    struct proto_blob_reference reference;
    buf content = {0}, sealed = {0}, back = {0};
    CHECK_OK(crypto_init());
    CHECK_OK(buf_resize(&content, n));
    if (n > 0)
        crypto_random(content.p, n);
    CHECK_OK(core_blob_seal(buf_slice(&content), &sealed, &reference));
    CHECK_EQ(reference.size, n);
    CHECK_EQ(reference.chunks, (sealed.n + PROTO_CHUNK_MAX - 1) / PROTO_CHUNK_MAX);
    CHECK(sealed.n >= n + 16 && sealed.n <= n + n / 8 + 4096 + 16);
    CHECK_OK(core_blob_open(buf_slice(&sealed), &reference, &back));
    CHECK_SLICE(buf_slice(&back), buf_slice(&content));
    buf_free(&content);
    buf_free(&sealed);
    buf_free(&back);
}

TEST(a_blob_opens_with_its_reference) {
    check_blob(0);
    check_blob(1);
    check_blob(4096);
    check_blob(100000);
    check_blob(BLOB_MAX);
}

TEST(a_blob_that_was_changed_does_not_open) {
    struct proto_blob_reference reference;
    buf sealed = {0}, back = {0};
    CHECK_OK(crypto_init());
    CHECK_OK(core_blob_seal(slice_str("secret"), &sealed, &reference));
    sealed.p[10] ^= 1;
    CHECK_ERR(core_blob_open(buf_slice(&sealed), &reference, &back), ERR_CRYPTO);
    sealed.p[10] ^= 1;
    reference.key[0] ^= 1;
    CHECK_ERR(core_blob_open(buf_slice(&sealed), &reference, &back), ERR_CRYPTO);
    reference.key[0] ^= 1;
    reference.id[0] ^= 1;
    CHECK_ERR(core_blob_open(buf_slice(&sealed), &reference, &back), ERR_CRYPTO);
    reference.id[0] ^= 1;
    reference.size = (uint32_t)sealed.n;
    CHECK_ERR(core_blob_open(buf_slice(&sealed), &reference, &back), ERR_TRUNCATED);
    reference.size = 5;
    CHECK_ERR(core_blob_open(buf_slice(&sealed), &reference, &back), ERR_MLS_PADDING);
    CHECK_EQ(back.n, 0);
    buf_free(&sealed);
    buf_free(&back);
}

TEST(a_blob_larger_than_the_limit_is_refused) {
    struct proto_blob_reference reference;
    buf content = {0}, sealed = {0};
    CHECK_OK(buf_resize(&content, BLOB_MAX + 1));
    CHECK_ERR(core_blob_seal(buf_slice(&content), &sealed, &reference), ERR_TOO_LARGE);
    buf_free(&content);
}

/* ---- Text from people ---- */

TEST(names_are_utf8_without_control_characters) {
    CHECK(core_text_valid(slice_str("Zo\xc3\xab \xe2\x9d\xa4 \xf0\x9f\xa5\xb3")));
    CHECK(core_text_valid(SLICE_EMPTY));
    CHECK(core_text_valid(slice_str("two\nlines\tand a tab")));
    CHECK(!core_text_valid(slice_str("\x1b[31m")));
    CHECK(!core_text_valid(slice_of("a\0b", 3)));
    CHECK(!core_text_valid(slice_str("\xc3")));
    CHECK(!core_text_valid(slice_str("\xc0\xaf")));
    CHECK(!core_text_valid(slice_str("\xed\xa0\x80")));
    CHECK(!core_text_valid(slice_str("\xf4\x90\x80\x80")));
    CHECK(!core_text_valid(slice_str("\x7f")));
}

TEST_MAIN
