/* messages.json: every structure decodes, and encodes to the same bytes. Then what a decoder must
 * refuse. */
#include <stdlib.h>

#include "mls/types.h"
#include "tests/test.h"
#include "tests/vectors.h"

/* A decoder and encoder behind one shape; the structure itself is never looked at. */
struct codec {
    size_t size;
    err (*read)(reader *r, void *v);
    void (*write)(writer *w, const void *v);
    void (*free)(void *v);
    err (*copy)(void *to, const void *from);
};

#define CODEC(type)                                                                   \
    static err read_##type(reader *r, void *v) {                                      \
        return mls_##type##_read(r, v, NULL);                                         \
    }                                                                                 \
    static void write_##type(writer *w, const void *v) {                              \
        mls_##type##_write(w, v);                                                     \
    }                                                                                 \
    static void free_##type(void *v) {                                                \
        mls_##type##_free(v, NULL);                                                   \
    }                                                                                 \
    static err copy_##type(void *to, const void *from) {                              \
        return mls_##type##_copy(to, from, NULL);                                     \
    }                                                                                 \
    static const struct codec codec_##type = {sizeof(struct mls_##type), read_##type, \
                                              write_##type, free_##type, copy_##type};
CODEC(welcome)
CODEC(group_info)
CODEC(key_package)
CODEC(group_secrets)
CODEC(proposal)
CODEC(commit)
CODEC(public_message)
CODEC(private_message)

struct field {
    const char *name;
    const struct codec *codec;
    uint16_t wire;     /* not 0: in an MLSMessage of this wire format */
    uint16_t proposal; /* not 0: the content of a proposal of this type */
};

static const struct field fields[] = {
    {"mls_welcome", &codec_welcome, MLS_WELCOME, 0},
    {"mls_group_info", &codec_group_info, MLS_GROUP_INFO, 0},
    {"mls_key_package", &codec_key_package, MLS_KEY_PACKAGE, 0},
    {"group_secrets", &codec_group_secrets, 0, 0},
    {"add_proposal", &codec_proposal, 0, MLS_PROPOSAL_ADD},
    {"update_proposal", &codec_proposal, 0, MLS_PROPOSAL_UPDATE},
    {"remove_proposal", &codec_proposal, 0, MLS_PROPOSAL_REMOVE},
    {"pre_shared_key_proposal", &codec_proposal, 0, MLS_PROPOSAL_PSK},
    {"re_init_proposal", &codec_proposal, 0, MLS_PROPOSAL_REINIT},
    {"external_init_proposal", &codec_proposal, 0, MLS_PROPOSAL_EXTERNAL_INIT},
    {"group_context_extensions_proposal", &codec_proposal, 0,
     MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS},
    {"commit", &codec_commit, 0, 0},
    {"public_message_application", &codec_public_message, MLS_PUBLIC_MESSAGE, 0},
    {"public_message_proposal", &codec_public_message, MLS_PUBLIC_MESSAGE, 0},
    {"public_message_commit", &codec_public_message, MLS_PUBLIC_MESSAGE, 0},
    {"private_message", &codec_private_message, MLS_PRIVATE_MESSAGE, 0},
};
enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

/* The bytes that the codec reads and writes. */
static void field_bytes(const struct field *f, slice bytes, buf *out) {
    writer w = writer_on(out);
    buf_clear(out);
    reader body = reader_of(bytes);
    uint16_t wire;
    if (f->wire != 0) {
        CHECK_OK(mls_message_open(bytes, &wire, &body));
        CHECK_EQ(wire, f->wire);
    }
    if (f->proposal != 0)
        writer_u16(&w, f->proposal);
    writer_bytes(&w, reader_rest(&body));
    CHECK_OK(writer_result(&w));
}

static void check_round_trip(const struct codec *c, slice bytes) {
    void *v = calloc(1, c->size), *copy = calloc(1, c->size);
    reader r = reader_of(bytes);
    CHECK_OK(c->read(&r, v));
    CHECK_OK(reader_end(&r));
    CHECK_OK(c->copy(copy, v));
    c->free(v);
    buf again = {0};
    writer w = writer_on(&again);
    c->write(&w, copy);
    CHECK_OK(writer_result(&w));
    CHECK_SLICE(buf_slice(&again), bytes);
    c->free(copy);
    buf_free(&again);
    free(v);
    free(copy);
}

/* Every shorter input is refused, with nothing left behind and the cursor in its place. */
static void check_truncations(const struct codec *c, slice bytes) {
    void *v = calloc(1, c->size);
    for (size_t n = 0; n < bytes.n; n++) {
        reader r = {bytes.p, n};
        CHECK(c->read(&r, v) != OK);
        CHECK(r.p == bytes.p && r.n == n);
        c->free(v);
    }
    free(v);
}

static void check_case(struct json_object *o, bool truncate) {
    buf raw = {0}, bytes = {0};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        vectors_hex(o, fields[i].name, &raw);
        field_bytes(&fields[i], buf_slice(&raw), &bytes);
        check_round_trip(fields[i].codec, buf_slice(&bytes));
        if (truncate)
            check_truncations(fields[i].codec, buf_slice(&bytes));
    }
    buf_free(&raw);
    buf_free(&bytes);
}

TEST(official_messages_decode_and_encode_to_the_same_bytes) {
    struct json_object *cases = vectors_load("mls/messages.json");
    if (cases == NULL)
        SKIP("messages.json is not here: 300 cases left out");
    size_t n = json_object_array_length(cases);
    for (size_t i = 0; i < n; i++)
        check_case(json_object_array_get_idx(cases, i), i == 0 || i + 1 == n);
    printf("# messages.json: %zu passed, 0 skipped\n", n);
    json_object_put(cases);
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
