#include "proto/proto.h"
#include "support.h"
#include "test.h"

static void check_round(size_t n, size_t bucket) {
    buf content = {0}, item = {0};
    enum proto_item_kind kind;
    slice back;
    CHECK_OK(buf_resize(&content, n));
    memset(content.p, 7, n);
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&content)));
    CHECK_EQ(item.n, bucket);
    CHECK_OK(proto_item_read(buf_slice(&item), &kind, &back));
    CHECK_EQ(kind, PROTO_ITEM_MESSAGE);
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
    check_round(PROTO_ITEM_CONTENT, 16384);
}

TEST(what_fits_no_bucket_is_too_large) {
    buf content = {0}, item = {0};
    CHECK_OK(buf_resize(&content, 16384));
    CHECK_ERR(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&content)), ERR_TOO_LARGE);
    CHECK_EQ(item.n, 0);
    CHECK_EQ(proto_item_room(16384), 0);
    buf_free(&content);
}

TEST(room_fills_the_bucket_and_no_more) {
    for (size_t n = 1; n <= PROTO_ITEM_CONTENT; n += 13) {
        buf a = {0}, b = {0}, content = {0};
        size_t room = proto_item_room(n);
        CHECK(room >= n);
        CHECK_OK(buf_resize(&content, n));
        CHECK_OK(proto_item_write(&a, PROTO_ITEM_BLOB, buf_slice(&content)));
        CHECK_OK(buf_resize(&content, room));
        CHECK_OK(proto_item_write(&b, PROTO_ITEM_BLOB, buf_slice(&content)));
        CHECK_EQ(a.n, b.n);
        buf_free(&a);
        buf_free(&b);
        buf_free(&content);
    }
}

TEST(a_damaged_item_is_refused) {
    uint8_t bytes[512] = {PROTO_ITEM_MESSAGE, 2, 1, 1};
    enum proto_item_kind kind;
    slice content;
    CHECK_OK(proto_item_read(slice_of(bytes, 256), &kind, &content));
    CHECK_ERR(proto_item_read(slice_of(bytes, 255), &kind, &content), ERR_LENGTH);
    CHECK_ERR(proto_item_read(slice_of(bytes, 0), &kind, &content), ERR_LENGTH);
    bytes[200] = 1;
    CHECK_ERR(proto_item_read(slice_of(bytes, 256), &kind, &content), ERR_MLS_PADDING);
    bytes[200] = 0;
    bytes[0] = PROTO_ITEM_PASSING + 1;
    CHECK_ERR(proto_item_read(slice_of(bytes, 256), &kind, &content), ERR_UNKNOWN_TYPE);
    bytes[0] = PROTO_ITEM_MESSAGE;
    bytes[1] = 0x7f;
    CHECK_ERR(proto_item_read(slice_of(bytes, 256), &kind, &content), ERR_TRUNCATED);
}

TEST_MAIN
