/* Names and pictures: whom they reach, where they hold, and how much of them is kept. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void start(size_t count) {
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
    rig_conversation(&rig, count);
}

/* A picture of so many bytes that says who it is of. */
static slice picture(buf *b, size_t n, uint8_t who) {
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\4\0\0\0\0\1";
    buf_clear(b);
    CHECK_OK(buf_resize(b, n));
    memset(b->p, who, n);
    memcpy(b->p, png, sizeof png - 1);
    return buf_slice(b);
}

static void set(size_t i, uint32_t conversation, const char *name, const slice *image) {
    slice text = name == NULL ? SLICE_EMPTY : slice_str(name);
    CHECK_OK(core_profile_set(client(i)->core, conversation, name == NULL ? NULL : &text, image,
                              rig.now));
    rig_pass(&rig, TIME_MINUTE);
}

/* What client i calls the other in a conversation of its own. */
struct looking {
    const uint8_t *account;
    char name[CORE_NAME_MAX + 1];
};
static bool look(void *ctx, const struct core_member *m) {
    struct looking *l = ctx;
    if (memcmp(m->account, l->account, CORE_ACCOUNT) != 0)
        return true;
    if (m->name.n > 0)
        memcpy(l->name, m->name.p, m->name.n);
    return false;
}
static void check_name(size_t i, uint32_t conversation, size_t whose, const char *expected) {
    struct looking l = {.account = client(whose)->account};
    CHECK_OK(core_members(client(i)->core, conversation, look, &l));
    CHECK_SLICE(slice_str(l.name), slice_str(expected));
}

static void check_picture(size_t i, uint32_t conversation, size_t whose, slice expected) {
    slice got;
    CHECK_OK(core_picture_get(client(i)->core, client(whose)->account, conversation, &got));
    CHECK_SLICE(got, expected);
}

static void no_picture(size_t i, uint32_t conversation, size_t whose) {
    slice got;
    CHECK_ERR(core_picture_get(client(i)->core, client(whose)->account, conversation, &got),
              ERR_NOT_FOUND);
}

TEST(a_name_and_a_picture_reach_all_conversations) {
    buf one = {0}, large = {0};
    slice image = picture(&one, 1000, 1), most = picture(&large, CORE_PICTURE_MAX, 2);
    struct core_contact contact;
    start(3);
    set(0, 0, "Nul", &image);
    for (size_t i = 1; i < 3; i++) {
        check_name(i, 1, 0, "Nul");
        check_picture(i, 1, 0, image);
        check_picture(i, 0, 0, image);
        CHECK_OK(core_contact_get(client(i)->core, client(0)->account, &contact));
        CHECK_SLICE(contact.name, slice_str("Nul"));
    }
    set(0, 0, NULL, &most);
    check_name(1, 1, 0, "Nul");
    check_picture(1, 1, 0, most);
    rig_crash(client(1));
    check_picture(1, 1, 0, most);
    set(0, 0, "Null", NULL);
    check_picture(1, 1, 0, most);
    set(0, 0, NULL, &SLICE_EMPTY);
    no_picture(1, 1, 0);
    check_name(1, 1, 0, "Null");
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    buf_free(&one);
    buf_free(&large);
    rig_fini(&rig);
}

TEST(who_comes_later_gets_them_too) {
    buf one = {0}, two = {0};
    slice image = picture(&one, 30000, 1), other = picture(&two, 500, 2);
    uint64_t command;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    set(0, 0, NULL, &image);
    set(2, 0, NULL, &other);
    rig_conversation(&rig, 2);
    rig_pass(&rig, TIME_MINUTE);
    check_picture(1, 1, 0, image);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    check_picture(2, 1, 0, image);
    check_picture(1, 1, 2, other);
    buf_free(&one);
    buf_free(&two);
    rig_fini(&rig);
}

TEST(what_is_shown_in_one_conversation_stays_there) {
    buf one = {0}, two = {0};
    slice image = picture(&one, 400, 1), owl = picture(&two, 500, 2);
    uint64_t command;
    uint32_t number;
    struct core_profile p;
    struct core_contact contact;
    start(2);
    CHECK_OK(core_conversation_new(client(0)->core, slice_str("night"),
                                   (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(0), command, OK);
    CHECK_EQ(number, 2);
    set(0, 0, "Nul", &image);
    set(0, 2, "Owl", &owl);
    check_name(1, 1, 0, "Nul");
    check_name(1, 2, 0, "Owl");
    check_picture(1, 1, 0, image);
    check_picture(1, 2, 0, owl);
    check_picture(1, 0, 0, image);
    CHECK_OK(core_contact_get(client(1)->core, client(0)->account, &contact));
    CHECK_SLICE(contact.name, slice_str("Nul"));
    /* It stays when the rest changes. */
    set(0, 0, "Zero", &SLICE_EMPTY);
    check_name(1, 1, 0, "Zero");
    check_name(1, 2, 0, "Owl");
    no_picture(1, 1, 0);
    check_picture(1, 2, 0, owl);
    CHECK_OK(core_profile_get(client(0)->core, 2, &p));
    CHECK_SLICE(p.name, slice_str("Owl"));
    CHECK_SLICE(p.picture, owl);
    CHECK(p.name_here && p.picture_here);
    CHECK_OK(core_profile_get(client(0)->core, 1, &p));
    CHECK_SLICE(p.name, slice_str("Zero"));
    CHECK(!p.name_here && !p.picture_here && p.picture.n == 0);
    /* And ends when it is taken back. */
    set(0, 2, NULL, NULL);
    check_name(1, 2, 0, "Zero");
    no_picture(1, 2, 0);
    CHECK_OK(core_contact_rename(client(1)->core, client(0)->account, slice_str("zed"), rig.now));
    set(0, 2, "Owl", NULL);
    check_name(1, 2, 0, "zed"); /* what we call somebody outweighs it */
    buf_free(&one);
    buf_free(&two);
    rig_fini(&rig);
}

TEST(who_is_added_hears_the_name_that_a_member_has_there) {
    uint64_t command;
    start(2);
    rig_account(&rig, 2);
    rig_meet(client(0), client(2));
    set(1, 1, "Owl", NULL);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(2)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    check_name(2, 1, 1, "Owl");
    rig_fini(&rig);
}

TEST(what_is_no_picture_is_refused) {
    uint8_t bytes[32] = "GIF89a";
    buf one = {0};
    slice text = slice_str("you"), image = picture(&one, CORE_PICTURE_MAX + 1, 1);
    struct core_profile p;
    start(2);
    struct core *core = client(0)->core;
    CHECK_ERR(core_profile_set(core, 0, NULL, &image, rig.now), ERR_TOO_LARGE);
    image = SLICE_ARRAY(bytes);
    CHECK_ERR(core_profile_set(core, 0, NULL, &image, rig.now), ERR_MALFORMED);
    CHECK_ERR(core_profile_set(core, 0, &text, NULL, rig.now), ERR_MALFORMED);
    CHECK_ERR(core_profile_set(core, 9, NULL, NULL, rig.now), ERR_NOT_FOUND);
    image = picture(&one, 100, 1);
    client(0)->plan.fail_commit_in = 0;
    CHECK_ERR(core_profile_set(core, 0, NULL, &image, rig.now), ERR_DISK_FULL);
    CHECK_OK(core_profile_get(core, 0, &p));
    CHECK_EQ(p.picture.n, 0);
    CHECK_SLICE(p.name, slice_str("n0"));
    CHECK_ERR(rig_name(rig_client(&rig, 3)->core, SLICE_EMPTY, rig.now), ERR_STATE);
    memcpy(bytes, "\xff\xd8\xff", 3);
    CHECK_EQ(core_picture_kind(SLICE_ARRAY(bytes)), CORE_PICTURE_JPEG);
    memcpy(bytes, "RIFF0000WEBP", 12);
    CHECK_EQ(core_picture_kind(SLICE_ARRAY(bytes)), CORE_PICTURE_WEBP);
    CHECK_EQ(core_picture_kind(slice_of(bytes, 12)), CORE_PICTURE_NONE);
    buf_free(&one);
    rig_fini(&rig);
}

/* A picture is fetched as a blob, while what is said later is here already. */
TEST(what_comes_late_does_not_take_the_place_of_what_is_newer) {
    buf one = {0};
    slice image = picture(&one, 100, 1);
    static const uint8_t newer[] = {0x86, 0x61, 'b', 0xf6, 0x80, 0x40, 0x00, 0x09};
    static const uint8_t older[] = {0x86, 0x61, 'a', 0xf6, 0x80, 0xf6, 0x00, 0x08};
    static const uint8_t here[] = {0x86, 0x61, 'c', 0xf6, 0x80, 0xf6, 0x01, 0x08};
    start(3);
    struct core *core = client(1)->core;
    struct conversation *c = core_conversation_lookup(core, 1);
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_profile_receive(core, c, client(0)->account, SLICE_ARRAY(here)));
    CHECK_OK(core_profile_receive(core, c, client(0)->account, SLICE_ARRAY(newer)));
    CHECK_OK(core_profile_receive(core, c, client(0)->account, SLICE_ARRAY(older)));
    CHECK_OK(core_profile_receive(core, c, client(0)->account, SLICE_ARRAY(here)));
    CHECK_OK(core_picture_take(core, c, client(0)->account, false, image, 8));
    CHECK_OK(core_txn_end(core, OK));
    check_name(1, 1, 0, "b");
    no_picture(1, 1, 0);
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_profile_receive(core, c, client(2)->account, SLICE_ARRAY(newer)));
    CHECK_OK(core_profile_receive(core, c, client(2)->account, SLICE_ARRAY(older)));
    CHECK_OK(core_txn_end(core, OK));
    check_name(1, 1, 2, "b");
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_picture_take(core, c, client(0)->account, false, image, 9));
    CHECK_OK(core_txn_end(core, OK));
    check_picture(1, 1, 0, image);
    buf_free(&one);
    rig_fini(&rig);
}

/* ---- Requests ---- */

TEST(a_request_s_names_and_picture_hold_when_it_is_accepted_and_go_with_it) {
    buf one = {0}, name = {0};
    slice image = picture(&one, 700, 1);
    uint64_t command;
    uint32_t number;
    rig_init(&rig, 2);
    rig_take_link(client(1), client(0));
    set(0, 0, "Nul", &image);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                       (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1,
                                       rig.now, &command, &number));
        rig_finish(client(0), command, OK);
        rig_pass(&rig, TIME_MINUTE);
        check_name(1, (uint32_t)i + 1, 0, "Nul");
        check_picture(1, (uint32_t)i + 1, 0, image);
        no_picture(1, 0, 0);
        if (i == 0)
            CHECK_OK(core_request_decline(client(1)->core, 1, rig.now));
        CHECK_ERR(
            core_get(client(1)->core, TABLE_CONTACT, SLICE_ARRAY(client(0)->account), 0, &name),
            ERR_NOT_FOUND);
        CHECK_EQ(client(1)->core->pictures.n, i);
    }
    struct core_contact contact;
    CHECK_OK(core_request_accept(client(1)->core, 2, SLICE_EMPTY, rig.now));
    CHECK_OK(core_contact_get(client(1)->core, client(0)->account, &contact));
    CHECK_SLICE(contact.name, slice_str("Nul"));
    check_picture(1, 0, 0, image);
    rig_crash(client(1));
    check_picture(1, 0, 0, image);
    buf_free(&one);
    rig_fini(&rig);
}

/* Headers of pictures, with their width and height in `at` bytes, `n` of each. */
static const struct header {
    const char *bytes;
    size_t length, width, height, n;
    bool little;
    uint32_t base, most; /* how the edge's pixels are written */
} headers[] = {
    {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR________", 24, 16, 20, 4, false, 0, 1024},
    {"\xff\xd8\xff\xe1\0\4__\xff\xc2\0\x11\x8____________________", 32, 15, 13, 2, false, 0, 1024},
    {"RIFF____WEBPVP8 _______\x9d\x01\x2a____", 30, 26, 28, 2, true, 0, 1024},
    {"RIFF____WEBPVP8X________________", 30, 24, 27, 3, true, 0, 1023},
};

static err check_size(const struct header *h, uint32_t width, uint32_t height) {
    uint8_t bytes[32];
    memcpy(bytes, h->bytes, h->length);
    for (size_t i = 0; i < h->n; i++) {
        size_t shift = 8 * (h->little ? i : h->n - 1 - i);
        bytes[h->width + i] = (uint8_t)(width >> shift);
        bytes[h->height + i] = (uint8_t)(height >> shift);
    }
    return core_picture_check(slice_of(bytes, h->length));
}

TEST(a_picture_of_too_many_pixels_is_refused) {
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct header *h = &headers[i];
        CHECK_OK(check_size(h, h->most, h->most));
        CHECK_ERR(check_size(h, h->most + 1, 1), ERR_TOO_LARGE);
        CHECK_ERR(check_size(h, 1, h->most + 1), ERR_TOO_LARGE);
    }
    CHECK_ERR(check_size(&headers[0], 0, 1), ERR_MALFORMED);
    /* 1024 x 1025 without loss: 14 bits each, less one. */
    uint8_t bytes[30] = "RIFF____WEBPVP8L____\x2f\xff\x03\x00\x01";
    CHECK_ERR(core_picture_check(SLICE_ARRAY(bytes)), ERR_TOO_LARGE);
    bytes[23] = 0xff, bytes[24] = 0x00;
    CHECK_OK(core_picture_check(SLICE_ARRAY(bytes)));
    /* A header that is cut off, or hides its size. */
    CHECK_ERR(core_picture_check(slice_of(headers[1].bytes, 24 - 8)), ERR_MALFORMED);
    uint8_t scan[32] = "\xff\xd8\xff\xda\0\4__\xff\xc2\0\x11\x8\0\1\0\1";
    CHECK_ERR(core_picture_check(SLICE_ARRAY(scan)), ERR_MALFORMED);
    uint8_t gap[32] = "\xff\xd8\xff\xe1\0\4___\xff\xc2\0\x11\x8\0\1\0\1";
    CHECK_ERR(core_picture_check(SLICE_ARRAY(gap)), ERR_MALFORMED);
}

/* ---- Bounds ---- */

static void invent(uint8_t account[16], unsigned n) {
    memset(account, 0x77, 16);
    put_u32(account, n);
}

TEST(pictures_are_bounded_and_contacts_outlive_others) {
    buf one = {0};
    slice image = picture(&one, CORE_PICTURE_MAX, 1), got;
    uint8_t account[16];
    start(2);
    struct core *core = client(1)->core;
    const struct conversation *c = core_conversation_lookup(core, 1);
    size_t bytes = 0;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_picture_take(core, c, client(0)->account, false, image, 1));
    for (unsigned i = 0; i < 300; i++) {
        invent(account, i);
        CHECK_OK(core_picture_take(core, c, account, false, image, 1));
    }
    CHECK_OK(core_txn_end(core, OK));
    for (size_t i = 0; i < core->pictures.n; i++)
        bytes += ((struct picture *)core->pictures.p[i])->r.size;
    CHECK_EQ(bytes, 8 * 1024 * 1024);
    check_picture(1, 0, 0, image);
    CHECK_ERR(core_picture_get(core, account, 7, &got), OK);
    invent(account, 0);
    CHECK_ERR(core_picture_get(core, account, 0, &got), ERR_NOT_FOUND);
    image = picture(&one, 100, 1);
    CHECK_OK(core_txn_begin(core));
    for (unsigned i = 0; i < 600; i++) {
        invent(account, i);
        CHECK_OK(core_picture_take(core, c, account, i % 2 == 0, image, 2));
    }
    CHECK_OK(core_txn_end(core, OK));
    CHECK_EQ(core->pictures.n, 256);
    check_picture(1, 0, 0, picture(&one, CORE_PICTURE_MAX, 1));
    buf_free(&one);
    rig_fini(&rig);
}

TEST(names_of_one_conversation_are_bounded) {
    uint8_t account[16];
    buf name = {0};
    start(2);
    struct core *core = client(1)->core;
    CHECK_OK(core_txn_begin(core));
    for (unsigned i = 0; i < 300; i++) {
        invent(account, i);
        struct record_said said = {.name = slice_str("somebody")};
        memcpy(said.account, account, sizeof said.account);
        CHECK_OK(core_said_put(core, 1, &said));
        said.name = slice_str("somebody else");
        CHECK_OK(core_said_put(core, 1, &said));
    }
    CHECK_OK(core_txn_end(core, OK));
    CHECK_OK(core_said_find(core, 1, account, &name));
    CHECK_SLICE(buf_slice(&name), slice_str("somebody else"));
    invent(account, 43);
    CHECK_ERR(core_said_find(core, 1, account, &name), ERR_NOT_FOUND);
    invent(account, 45);
    CHECK_OK(core_said_find(core, 1, account, &name));
    CHECK_ERR(core_said_find(core, 2, account, &name), ERR_NOT_FOUND);
    buf_free(&name);
    rig_fini(&rig);
}

/* Nobody's word, nor what it is called elsewhere, puts a name where it wants none. */
TEST(who_wants_no_name_in_a_conversation_has_none_there) {
    start(2);
    set(0, 1, "", NULL);
    check_name(1, 1, 0, "");
    struct core *core = client(1)->core;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_contact_learn_name(core, client(0)->account, slice_str("told"), false));
    CHECK_OK(core_contact_learn_name(core, client(0)->account, slice_str("elsewhere"), true));
    CHECK_OK(core_txn_end(core, OK));
    check_name(1, 1, 0, "");
    rig_crash(client(1));
    check_name(1, 1, 0, "");
    set(0, 1, NULL, NULL); /* the same as everywhere again */
    check_name(1, 1, 0, "n0");
    rig_fini(&rig);
}

/* `sender` says in conversation 1 what this account is called; whether client i took it. */
static bool tells(size_t i, size_t sender, const uint8_t account[16]) {
    uint8_t body[] = {0x86, 0x60, 0xf6, 0x81, 0x82, 0x50, 0, 0, 0,    0,   0,   0,    0, 0,
                      0,    0,    0,    0,    0,    0,    0, 0, 0x62, 'n', 'n', 0xf6, 0, 0};
    struct core *core = client(i)->core;
    buf name = {0};
    memcpy(body + 6, account, 16);
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_profile_receive(core, core_conversation_lookup(core, 1), client(sender)->account,
                                  SLICE_ARRAY(body)));
    CHECK_OK(core_txn_end(core, OK));
    err e = core_get(core, TABLE_CONTACT, slice_of(account, 16), 0, &name);
    bool took = e == OK && slice_equal(buf_slice(&name), slice_str("nn"));
    buf_free(&name);
    return took;
}

TEST(a_member_names_members_alone) {
    uint8_t account[16];
    start(2);
    invent(account, 1);
    CHECK(!tells(1, 0, account));
    /* Of a member nothing was heard yet. */
    struct core *core = client(1)->core;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_delete(core, TABLE_CONTACT, SLICE_ARRAY(client(0)->account), 0));
    CHECK_OK(core_txn_end(core, OK));
    CHECK(tells(1, 0, client(0)->account));
    rig_fini(&rig);
}

TEST(names_are_bounded_but_for_contacts) {
    uint8_t account[16];
    buf name = {0};
    start(2);
    struct core *core = client(1)->core;
    core->counters.names = NAMES_MAX - 1;
    CHECK_OK(core_txn_begin(core));
    for (unsigned i = 0; i < 2; i++) {
        invent(account, i);
        CHECK_OK(core_contact_learn_name(core, account, slice_str("somebody"), true));
        CHECK_OK(core_contact_learn_name(core, account, slice_str("again"), true));
    }
    CHECK_ERR(core_get(core, TABLE_CONTACT, SLICE_ARRAY(account), 0, &name), ERR_NOT_FOUND);
    invent(account, 0);
    CHECK_OK(core_get(core, TABLE_CONTACT, SLICE_ARRAY(account), 0, &name));
    CHECK_OK(core_contact_learn_name(core, client(0)->account, slice_str("a contact"), true));
    CHECK_OK(core_txn_end(core, OK));
    rig_crash(client(1));
    CHECK_EQ(client(1)->core->counters.names, NAMES_MAX);
    check_name(1, 1, 0, "a contact");
    buf_free(&name);
    rig_fini(&rig);
}

/* What does not read changes nothing, and ends nothing. */
TEST(a_profile_that_does_not_read_is_ignored) {
    static const uint8_t bodies[][12] = {
        {0x83, 0x61, 'x', 0xf6, 0x80},                         /* as it was once */
        {0x86, 0x61, 'x', 0xf6, 0x80, 0xf6},                   /* too short */
        {0x86, 0x61, 'x', 0xf6, 0x80, 0xf6, 0x04, 0x00},       /* holds where? */
        {0x86, 0x61, 'x', 0xf6, 0x81, 0x00, 0xf6, 0x00, 0x00}, /* told of nobody */
        {0x86, 0x61, 'x', 0xf6, 0x80, 0x61, 'p', 0x00, 0x00},  /* a text for a picture */
    };
    start(2);
    struct core *core = client(1)->core;
    struct conversation *c = core_conversation_lookup(core, 1);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        CHECK_OK(core_txn_begin(core));
        CHECK_OK(core_profile_receive(core, c, client(0)->account, SLICE_ARRAY(bodies[i])));
        CHECK_OK(core_txn_end(core, OK));
    }
    check_name(1, 1, 0, "n0");
    static const uint8_t good[] = {0x86, 0x61, 'x', 0xf6, 0x80, 0xf6, 0x00, 0x00};
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_profile_receive(core, c, client(0)->account, SLICE_ARRAY(good)));
    CHECK_OK(core_txn_end(core, OK));
    check_name(1, 1, 0, "x");
    rig_fini(&rig);
}

TEST_MAIN
