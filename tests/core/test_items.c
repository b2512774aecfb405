/* Items and blobs. */
#include "core/internal.h"
#include "support.h"
#include "test.h"

static void check_round(size_t n, size_t bucket) {
    buf content = {0}, item = {0};
    enum item_kind kind;
    slice back;
    CHECK_OK(buf_resize(&content, n));
    memset(content.p, 7, n);
    CHECK_OK(core_item_write(&item, ITEM_MESSAGE, buf_slice(&content)));
    CHECK_EQ(item.n, bucket);
    CHECK_OK(core_item_read(buf_slice(&item), &kind, &back));
    CHECK_EQ(kind, ITEM_MESSAGE);
    CHECK_SLICE(back, buf_slice(&content));
    buf_free(&content);
    buf_free(&item);
}

TEST(an_item_takes_the_smallest_bucket) {
    check_round(1, 256);
    check_round(253, 256);
    check_round(254, 512);
    check_round(509, 512);
    check_round(510, 1024);
    check_round(16000, 16384);
    check_round(ITEM_CONTENT_MAX, 16384);
}

TEST(what_fits_no_bucket_is_too_large) {
    buf content = {0}, item = {0};
    CHECK_OK(buf_resize(&content, 16384));
    CHECK_ERR(core_item_write(&item, ITEM_MESSAGE, buf_slice(&content)), ERR_TOO_LARGE);
    CHECK_EQ(item.n, 0);
    CHECK_EQ(core_item_room(16384), 0);
    buf_free(&content);
}

TEST(room_fills_the_bucket_and_no_more) {
    for (size_t n = 1; n <= ITEM_CONTENT_MAX; n += 13) {
        buf a = {0}, b = {0}, content = {0};
        size_t room = core_item_room(n);
        CHECK(room >= n);
        CHECK_OK(buf_resize(&content, n));
        CHECK_OK(core_item_write(&a, ITEM_BLOB, buf_slice(&content)));
        CHECK_OK(buf_resize(&content, room));
        CHECK_OK(core_item_write(&b, ITEM_BLOB, buf_slice(&content)));
        CHECK_EQ(a.n, b.n);
        buf_free(&a);
        buf_free(&b);
        buf_free(&content);
    }
}

TEST(a_damaged_item_is_refused) {
    uint8_t bytes[512] = {ITEM_MESSAGE, 2, 1, 1};
    enum item_kind kind;
    slice content;
    CHECK_OK(core_item_read(slice_of(bytes, 256), &kind, &content));
    CHECK_ERR(core_item_read(slice_of(bytes, 255), &kind, &content), ERR_LENGTH);
    CHECK_ERR(core_item_read(slice_of(bytes, 0), &kind, &content), ERR_LENGTH);
    bytes[200] = 1;
    CHECK_ERR(core_item_read(slice_of(bytes, 256), &kind, &content), ERR_MLS_PADDING);
    bytes[200] = 0;
    bytes[0] = 3;
    CHECK_ERR(core_item_read(slice_of(bytes, 256), &kind, &content), ERR_UNKNOWN_TYPE);
    bytes[0] = ITEM_MESSAGE;
    bytes[1] = 0x7f;
    CHECK_ERR(core_item_read(slice_of(bytes, 256), &kind, &content), ERR_TRUNCATED);
}

/* ---- Blobs ---- */

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
