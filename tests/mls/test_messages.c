/* messages.json: every structure decodes, and encodes to the same bytes. Then what a decoder must
 * refuse. */
#include <stdlib.h>

#include "mls/types.h"
#include "tests/mls/official.h"

TEST(official_messages_decode_and_encode_to_the_same_bytes) {
    official_check("messages.json");
}

/* ---- What is refused ---- */

#define READ(type, ...)                                 \
    static err try_##type(const uint8_t *p, size_t n) { \
        struct mls_##type v;                            \
        reader r = {p, n};                              \
        err e = mls_##type##_read(&r, &v, NULL);        \
        mls_##type##_free(&v, NULL);                    \
        return e;                                       \
    }
READ(proposal)
READ(sender)
READ(commit)
READ(capabilities)
READ(parent_node)
READ(psk_id)
READ(framed_content)

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

TEST(unknown_types_are_refused) {
    CHECK_ERR(try_proposal(BYTES(0, 0, 0)), ERR_UNKNOWN_TYPE);
    CHECK_OK(try_proposal(BYTES(0xfe, 0x0a, 1, 7))); /* custom: one opaque<V> */
    CHECK_ERR(try_sender(BYTES(0, 0, 0, 0, 0)), ERR_UNKNOWN_TYPE);
    CHECK_ERR(try_sender(BYTES(5, 0, 0, 0, 0)), ERR_UNKNOWN_TYPE);
    CHECK_ERR(try_commit(BYTES(2, 3, 0, 0)), ERR_UNKNOWN_TYPE);
    CHECK_ERR(try_psk_id(BYTES(3, 0, 0)), ERR_UNKNOWN_TYPE);
    CHECK_ERR(try_psk_id(BYTES(2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), ERR_UNKNOWN_TYPE);
    CHECK_ERR(try_framed_content(BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4)), ERR_UNKNOWN_TYPE);
}

TEST(lists_must_hold_whole_elements) {
    CHECK_ERR(try_capabilities(BYTES(1, 0, 0, 0, 0, 0)), ERR_MALFORMED);
    CHECK_ERR(try_parent_node(BYTES(0, 0, 3, 0, 0, 0)), ERR_MALFORMED);
    CHECK_OK(try_capabilities(BYTES(0, 2, 0, 3, 0, 0, 0)));
}

TEST(the_presence_of_a_path_is_zero_or_one) {
    CHECK_OK(try_commit(BYTES(0, 0)));
    CHECK_ERR(try_commit(BYTES(0, 2)), ERR_MALFORMED);
    CHECK_ERR(try_commit(BYTES(0, 1)), ERR_TRUNCATED);
}

TEST(another_protocol_version_is_refused) {
    uint16_t wire;
    reader body;
    static const uint8_t other[] = {0, 2, 0, 1}, ours[] = {0, 1, 0, 5};
    CHECK_ERR(mls_message_open(SLICE_ARRAY(other), &wire, &body), ERR_MLS_VERSION);
    CHECK_OK(mls_message_open(SLICE_ARRAY(ours), &wire, &body));
    CHECK_EQ(wire, MLS_KEY_PACKAGE);
}

/* A count of what an allocator holds, for the bound that follows. */
static void *counted(void *ctx, void *p, size_t old, size_t size) {
    size_t *held = ctx;
    *held += size;
    *held -= old;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

TEST(memory_grows_in_proportion_to_the_bytes_that_are_there) {
    size_t held = 0;
    struct mem mem = {counted, &held};
    /* A length that promises a gigabyte, over nothing. */
    static const uint8_t promise[] = {0xbf, 0xff, 0xff, 0xff, 1, 1};
    struct mls_commit commit;
    reader r = reader_of(SLICE_ARRAY(promise));
    CHECK_ERR(mls_commit_read(&r, &commit, &mem), ERR_TRUNCATED);
    CHECK_EQ(held, 0);
    /* The densest commit: the shortest reference for each proposal. */
    uint8_t reference[34] = {2, 32};
    buf bytes = {0};
    writer w = writer_on(&bytes);
    size_t mark = writer_open(&w);
    for (size_t i = 0; i < 10000; i++)
        writer_bytes(&w, SLICE_ARRAY(reference));
    writer_close(&w, mark);
    writer_u8(&w, 0);
    CHECK_OK(writer_result(&w));
    r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_commit_read(&r, &commit, &mem));
    CHECK_EQ(commit.proposal_count, 10000);
    CHECK(held < 4 * bytes.n);
    mls_commit_free(&commit, &mem);
    CHECK_EQ(held, 0);
    buf_free(&bytes);
}

TEST_MAIN
