/* Every message and part of the schema: random valid values round trip; every truncation and every
 * byte too many is refused. */
#include "proto/proto.h"
#include "support.h"
#include "test.h"

/* ---- Random values ---- what they point to lives until the next one is made. */

enum { ROOMS = 256 };
static buf rooms[ROOMS];
static size_t rooms_used;
static struct support_random dice = {99};

static void clear_rooms(void) {
    while (rooms_used > 0)
        buf_free(&rooms[--rooms_used]);
}

static buf *room(void) {
    CHECK(rooms_used < ROOMS);
    return &rooms[rooms_used++];
}

static uint64_t below(uint64_t n) {
    return support_next(&dice) % n;
}

static slice random_vec(size_t least, size_t most) {
    buf *b = room();
    size_t n = below(4) == 0 ? most : least + below(most - least + 1);
    if (below(4) == 0)
        n = least;
    CHECK_OK(buf_resize(b, n));
    support_fill(&dice, b->p, n);
    return buf_slice(b);
}

#define FILL_u8(name, a, b) v->name = (uint8_t)support_next(&dice);
#define FILL_u16(name, a, b) v->name = (uint16_t)support_next(&dice);
#define FILL_u32(name, a, b) v->name = (uint32_t)support_next(&dice);
#define FILL_u64(name, a, b) v->name = support_next(&dice);
#define FILL_flag(name, a, b) v->name = support_next(&dice) & 1;
#define FILL_fixed(name, a, b) support_fill(&dice, v->name, a);
#define FILL_vec(name, a, b) v->name = random_vec(a, b);
#define FILL_list(name, a, b) fill_list_##a(&v->name, b);
#define FILL_FIELD(kind, name, a, b) FILL_##kind(name, a, b)

#define DEFINE_FILL(what)                              \
    static void fill_##what(struct proto_##what *v) {  \
        PROTO_FIELDS_##what(FILL_FIELD) v->unused = 0; \
    }
#define DEFINE_FILL_LIST(what)                                                                   \
    static void fill_##what(struct proto_##what *v);                                             \
    __attribute__((unused)) static void fill_list_##what(struct proto_list *list, size_t most) { \
        buf *b = room();                                                                         \
        writer w = writer_on(b);                                                                 \
        size_t n = below(most < 4 ? most + 1 : 4);                                               \
        *list = (struct proto_list){0};                                                          \
        while (list->count < n) {                                                                \
            struct proto_##what v;                                                               \
            fill_##what(&v);                                                                     \
            PROTO_LIST_ADD(what, &w, list, &v);                                                  \
        }                                                                                        \
        CHECK_OK(writer_result(&w));                                                             \
        list->bytes = buf_slice(b);                                                              \
    }
#define DEFINE_FILL_MESSAGE(name, number, from, text) DEFINE_FILL(name)
PROTO_PARTS(DEFINE_FILL_LIST)
PROTO_PARTS(DEFINE_FILL)
PROTO_MESSAGES(DEFINE_FILL_MESSAGE)

/* ---- The checks ---- */

/* A step that keeps long messages cheap, and is one near both ends. */
static size_t next_cut(size_t i, size_t n) {
    return i < 64 || n - i < 64 || n < 512 ? i + 1 : i + n / 128;
}

static void check_cuts(slice whole, err (*decode)(slice)) {
    buf copy = {0};
    for (size_t i = 0; i < whole.n; i = next_cut(i, whole.n)) {
        /* In memory of its own, so that a read past the end is seen. */
        CHECK_OK(buf_set(&copy, slice_of(whole.p, i)));
        CHECK(decode(buf_slice(&copy)) != OK);
    }
    CHECK_OK(buf_set(&copy, whole));
    CHECK_OK(buf_append_byte(&copy, 0));
    CHECK_ERR(decode(buf_slice(&copy)), ERR_TRAILING);
    buf_free(&copy);
}

#define DEFINE_CHECK(what)                                          \
    static err decode_##what(slice s) {                             \
        struct proto_##what v;                                      \
        return proto_##what##_decode(s, &v);                        \
    }                                                               \
    static void round_trip_##what(void) {                           \
        struct proto_##what v, again;                               \
        buf first = {0}, second = {0};                              \
        fill_##what(&v);                                            \
        CHECK_OK(proto_##what##_encode(&first, &v));                \
        CHECK_OK(proto_##what##_decode(buf_slice(&first), &again)); \
        CHECK_OK(proto_##what##_encode(&second, &again));           \
        CHECK_SLICE(buf_slice(&second), buf_slice(&first));         \
        check_cuts(buf_slice(&first), decode_##what);               \
        buf_free(&first);                                           \
        buf_free(&second);                                          \
        clear_rooms();                                              \
    }
#define DEFINE_CHECK_MESSAGE(name, number, from, text) DEFINE_CHECK(name)
PROTO_PARTS(DEFINE_CHECK)
PROTO_MESSAGES(DEFINE_CHECK_MESSAGE)

TEST(every_message_round_trips_and_no_truncation_is_accepted) {
    for (int i = 0; i < 8; i++) {
#define M(name, number, from, text) round_trip_##name();
        PROTO_MESSAGES(M)
#undef M
    }
}

TEST(every_part_round_trips_and_no_truncation_is_accepted) {
    for (int i = 0; i < 8; i++) {
#define P(name) round_trip_##name();
        PROTO_PARTS(P)
#undef P
    }
}

TEST(numbers_and_names_are_unique) {
    size_t count = 0;
    const struct proto_message_info *infos = proto_messages(&count);
    for (size_t i = 0; i < count; i++) {
        CHECK(proto_message_info(infos[i].type) == &infos[i]);
        for (size_t j = 0; j < i; j++)
            CHECK(infos[i].type != infos[j].type && strcmp(infos[i].name, infos[j].name) != 0);
    }
    CHECK(proto_message_info(0) == NULL);
    CHECK_ERR(proto_message_check(0, SLICE_EMPTY), ERR_UNKNOWN_TYPE);
    CHECK_ERR(proto_message_check(9, SLICE_EMPTY), ERR_UNKNOWN_TYPE);
}

TEST(every_message_fits_a_frame_or_is_refused) {
    /* The fields' limits together may exceed a frame; a frame's own limit is the carrier's. */
    CHECK(PROTO_FRAME_MAX + 2 + 16 == 65535);
    CHECK(255 * PROTO_ADDRESS + 8 < PROTO_FRAME_MAX);
    CHECK(PROTO_ADDRESSES_MAX * PROTO_ADDRESS + PROTO_ITEM_MAX + 256 < PROTO_FRAME_MAX);
}

TEST(a_vector_over_its_limit_is_refused_by_both_sides) {
    static uint8_t big[PROTO_SEALED_MAX + 1];
    struct proto_delivery d = {.sealed = slice_of(big, PROTO_SEALED_MAX)};
    buf b = {0};
    CHECK_OK(proto_delivery_encode(&b, &d));
    CHECK_OK(proto_message_check(PROTO_delivery, buf_slice(&b)));
    buf_clear(&b);
    d.sealed = SLICE_ARRAY(big);
    CHECK_OK(buf_append_byte(&b, 7));
    CHECK_ERR(proto_delivery_encode(&b, &d), ERR_BUG);
    CHECK_SLICE(buf_slice(&b), slice_of("\7", 1)); /* it takes back what it wrote */
    buf_clear(&b);
    writer w = writer_on(&b);
    writer_u64(&w, 1);
    writer_bytes(&w, slice_of(big, 32));
    writer_u32(&w, 2);
    writer_vec(&w, SLICE_ARRAY(big));
    CHECK_OK(writer_result(&w));
    CHECK_ERR(proto_message_check(PROTO_delivery, buf_slice(&b)), ERR_TOO_LARGE);
    buf_clear(&b);
    w = writer_on(&b);
    writer_u64(&w, 1);
    writer_bytes(&w, slice_of(big, 32));
    writer_u32(&w, 2);
    writer_vec(&w, SLICE_EMPTY); /* what is sealed is never empty */
    CHECK_ERR(proto_message_check(PROTO_delivery, buf_slice(&b)), ERR_MALFORMED);
    buf_free(&b);
}

TEST(the_parcel_of_the_largest_item_fits_a_delivery) {
    static const uint8_t item[PROTO_ITEM_MAX];
    struct proto_parcel parcel = {.item = SLICE_ARRAY(item)};
    buf b = {0};
    CHECK_OK(proto_parcel_encode(&b, &parcel));
    CHECK_EQ(b.n + 16, PROTO_SEALED_MAX);
    buf_free(&b);
}

TEST(a_list_over_its_limit_or_with_a_torn_element_is_refused) {
    static uint8_t addresses[(PROTO_ADDRESSES_MAX + 1) * PROTO_ADDRESS];
    struct proto_send in;
    buf b = {0};
    size_t sizes[] = {sizeof addresses - PROTO_ADDRESS, sizeof addresses, PROTO_ADDRESS + 1};
    err expected[] = {OK, ERR_LIMIT, ERR_TRUNCATED};
    for (int i = 0; i < 3; i++) {
        buf_clear(&b);
        writer w = writer_on(&b);
        writer_vec(&w, slice_of(addresses, sizes[i]));
        writer_vec(&w, slice_str("item"));
        CHECK_OK(writer_result(&w));
        CHECK_ERR(proto_send_decode(buf_slice(&b), &in), expected[i]);
    }
    buf_free(&b);
}

TEST(a_flag_is_0_or_1) {
    CHECK_OK(proto_message_check(PROTO_committed, slice_of("\1\0", 2)));
    CHECK_ERR(proto_message_check(PROTO_committed, slice_of("\2\0", 2)), ERR_MALFORMED);
}

TEST(a_frame_needs_its_head) {
    struct proto_frame frame;
    for (size_t n = 0; n < 6; n++)
        CHECK_ERR(proto_frame_decode(slice_of("\0\0\0\7\0\5", n), &frame), ERR_TRUNCATED);
    CHECK_OK(proto_frame_decode(slice_of("\0\0\0\7\0\5x", 7), &frame));
    CHECK_EQ(frame.request, 7);
    CHECK_EQ(frame.type, PROTO_ping);
    CHECK_SLICE(frame.body, slice_str("x"));
}

TEST(a_frame_of_each_size_is_padded_to_few_sizes_and_comes_back) {
    static const size_t sizes[] = {256, 512, 1024, 2048, 4096, 8192, 16384, 33024, 65519};
    buf b = {0}, copy = {0};
    slice frame;
    for (size_t n = 0, i = 0; n <= PROTO_FRAME_MAX; n += n > 600 ? 61 : 1) {
        buf_clear(&b);
        CHECK_OK(buf_resize(&b, n));
        if (n > 0)
            memset(b.p, 0xa5, n);
        CHECK_OK(buf_set(&copy, buf_slice(&b)));
        CHECK_OK(proto_frame_pad(&b));
        while (sizes[i] < n + 2)
            i++;
        CHECK_EQ(b.n, sizes[i]);
        CHECK_OK(proto_frame_unpad(buf_slice(&b), &frame));
        CHECK_SLICE(frame, buf_slice(&copy));
    }
    CHECK_OK(buf_resize(&b, PROTO_FRAME_MAX + 1));
    CHECK_ERR(proto_frame_pad(&b), ERR_TOO_LARGE);
    CHECK_EQ(b.n, PROTO_FRAME_MAX + 1);
    buf_free(&b);
    buf_free(&copy);
}

TEST(what_is_padded_in_another_way_is_refused) {
    uint8_t padded[513] = {1, 2, 3};
    slice frame;
    padded[255] = 3;
    CHECK_OK(proto_frame_unpad(slice_of(padded, 256), &frame));
    for (size_t n = 0; n < 256; n++)
        CHECK_ERR(proto_frame_unpad(slice_of(padded, n), &frame), ERR_MALFORMED);
    padded[511] = 3; /* would fit a smaller size */
    CHECK_ERR(proto_frame_unpad(slice_of(padded, 512), &frame), ERR_MALFORMED);
    padded[254] = 1; /* longer than it is */
    CHECK_ERR(proto_frame_unpad(slice_of(padded, 256), &frame), ERR_MALFORMED);
    padded[254] = 0;
    padded[200] = 1; /* not zero */
    CHECK_ERR(proto_frame_unpad(slice_of(padded, 256), &frame), ERR_MALFORMED);
    padded[200] = 0;
    padded[255] = 255; /* no room for the length itself */
    CHECK_ERR(proto_frame_unpad(slice_of(padded, 256), &frame), ERR_MALFORMED);
}

TEST(a_rosters_size_is_one_of_few) {
    CHECK_EQ(proto_roster_step(1), 32);
    CHECK_EQ(proto_roster_step(32), 32);
    CHECK_EQ(proto_roster_step(33), 64);
    CHECK_EQ(proto_roster_step(PROTO_ROSTER_MAX), PROTO_ROSTER_MAX);
}

TEST(every_reason_has_a_text) {
#define R(name, number, closes, text)                     \
    CHECK(strcmp(proto_reason_name(number), #name) == 0); \
    CHECK_EQ(proto_reason_closes(number), closes);
    PROTO_REASONS(R)
#undef R
    CHECK(proto_reason_text(999) != NULL && proto_reason_closes(999));
}

/* ---- Links ---- */

TEST(a_link_round_trips) {
    buf link = {0}, server = {0}, content = {0};
    CHECK_OK(proto_link_write(&link, "join", slice_str("host:4460"), slice_str("content")));
    CHECK_OK(proto_link_read(buf_slice(&link), "join", &server, &content));
    CHECK_SLICE(buf_slice(&server), slice_str("host:4460"));
    CHECK_SLICE(buf_slice(&content), slice_str("content"));
    CHECK_ERR(proto_link_read(buf_slice(&link), "contact", &server, &content), ERR_MALFORMED);
    buf_free(&link);
    buf_free(&server);
    buf_free(&content);
}

TEST(what_is_no_link_is_refused) {
    static const char *const bad[] = {
        "",
        "sotto",
        "sotto:",
        "sotto:join",
        "sotto:join:",
        "sotto:join:#mzxw6",
        "join:h:1#mzxw6",
        "sotto:join:h:1",
        "sotto:join:h 1#mzxw6",
        "sotto:join:h:1#mzxw6!",
        "sotto:join:h:1#m",
    };
    buf server = {0}, content = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ERR(proto_link_read(slice_str(bad[i]), "join", &server, &content), ERR_MALFORMED);
    buf_free(&server);
    buf_free(&content);
}

TEST_MAIN
