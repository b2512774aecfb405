/* The request desk's key and its notices. Client 0 and client 2 are devices of one account, client
 * 1 is somebody else. What an order would do at the server, the tests do by its own functions. */
#include "base/text.h"
#include "rig.h"
#include "server/internal.h"

enum { DAYS = 40 };
static const uint8_t FIRST[32] = {1}, SECOND[32] = {2}, THIRD[32] = {3}; /* seeds of keys */

static struct rig rig;
static struct client *first, *other, *stranger;

static void key_of(const uint8_t seed[32], uint8_t key[32]) {
    CHECK_OK(crypto_ed25519.public_of(key, seed));
}

/* ---- At the server ---- */

static void set_desk(const uint8_t seed[32], uint64_t version) {
    struct held_desk row = {.version = version,
                            .name = slice_str("The desk of an example"),
                            .origin = slice_str("https://desk.example.org")};
    key_of(seed, row.notice_key);
    row.hash[0] = (uint8_t)version;
    CHECK_OK(mail_desk_put(rig.mail, &row));
    mail_commit(rig.mail);
}

static void put(const uint8_t account[CORE_ACCOUNT], slice content) {
    mail_clock(rig.mail);
    CHECK_OK(mail_notice_put(rig.mail, account, content));
    mail_commit(rig.mail);
}

/* An encoded part `notice`. */
static void write_notice(buf *out, const char *head, const char *id, slice account,
                         const uint8_t seed[32]) {
    buf text = {0};
    struct proto_notice notice = {.text = SLICE_EMPTY};
    size_t n = sizeof notice.signature;
    char lines[600];
    snprintf(lines, sizeof lines, "%s\nid %s\ncase c-7\naccount ", head, id);
    CHECK_OK(buf_append(&text, slice_str(lines)));
    CHECK_OK(buf_append(&text, account));
    CHECK_OK(buf_append(&text, slice_str("\nreceipt ")));
    CHECK_OK(hex_encode(&text, SLICE_ARRAY(FIRST)));
    CHECK_OK(buf_append(&text, slice_str("\nwording A court has asked.\nwording 法院\nserver ")));
    CHECK_OK(hex_encode(&text, SLICE_ARRAY(rig.identity)));
    CHECK_OK(buf_append(&text, slice_str("\nserver-number 1\nmade 2026-10-01T00:00:00Z\n")));
    notice.text = buf_slice(&text);
    CHECK_OK(crypto_ed25519.sign(notice.signature, &n, seed, notice.text));
    buf_clear(out);
    CHECK_OK(proto_notice_encode(out, &notice));
    buf_free(&text);
}

static slice by_id(const uint8_t account[CORE_ACCOUNT]) {
    static char name[3 + 2 * CORE_ACCOUNT + 1];
    snprintf(name, 4, "id ");
    for (size_t i = 0; i < CORE_ACCOUNT; i++)
        snprintf(name + 3 + 2 * i, 3, "%02x", account[i]);
    return slice_str(name);
}

/* To the account of the two devices, as it should be but for the key. */
static void give(const char *id, const uint8_t seed[32]) {
    buf content = {0};
    write_notice(&content, "sotto notice 1", id, by_id(first->account), seed);
    put(first->account, buf_slice(&content));
    buf_free(&content);
    rig_run(&rig);
}

/* ---- At the devices ---- */

static size_t shown(struct client *c) {
    struct core_desk_notice n;
    size_t i = 0;
    while (core_desk_notice_at(c->core, i, &n) == OK)
        i++;
    return i;
}

static void check_desk(struct client *c, const uint8_t seed[32], bool changed, uint32_t waiting,
                       uint32_t refused) {
    struct core_desk desk;
    uint8_t key[32];
    key_of(seed, key);
    CHECK_OK(core_desk_get(c->core, &desk));
    CHECK_SLICE(SLICE_ARRAY(desk.key), SLICE_ARRAY(key));
    CHECK_SLICE(desk.origin, slice_str("https://desk.example.org"));
    CHECK_EQ(desk.changed, changed);
    CHECK_EQ(desk.waiting, waiting);
    CHECK_EQ(desk.refused, refused);
}

static void come_again(struct client *c) {
    core_online(c->core, false, rig.now);
    rig_run(&rig);
    core_online(c->core, true, rig.now);
    rig_run(&rig);
}

static void begin(void) {
    rig_init(&rig, 2);
    first = &rig.clients[0];
    stranger = &rig.clients[1];
    other = rig_link(&rig, 0, 2);
    set_desk(FIRST, 1);
    come_again(first);
    come_again(other);
    come_again(stranger);
}

TEST(the_first_key_is_pinned_and_without_a_desk_none) {
    struct core_desk desk;
    rig_init(&rig, 2);
    first = &rig.clients[0];
    CHECK_ERR(core_desk_get(first->core, &desk), ERR_NOT_FOUND);
    come_again(first);
    CHECK_ERR(core_desk_get(first->core, &desk), ERR_NOT_FOUND);
    set_desk(FIRST, 1);
    come_again(first);
    check_desk(first, FIRST, false, 0, 0);
    CHECK_EQ(rig_notices(first, CORE_NOTICE_DESK), 0);
    rig_fini(&rig);
}

TEST(a_notice_is_shown_on_each_device_with_what_it_takes_to_object) {
    struct core_desk_notice n;
    begin();
    give("n-1", FIRST);
    CHECK_EQ(shown(first), 1);
    CHECK_EQ(shown(other), 1);
    CHECK_EQ(shown(stranger), 0);
    CHECK_OK(core_desk_notice_at(other->core, 0, &n));
    CHECK_SLICE(n.id, slice_str("n-1"));
    CHECK_SLICE(n.case_id, slice_str("c-7"));
    CHECK_SLICE(n.wording, slice_str("A court has asked.\n法院"));
    CHECK_SLICE(SLICE_ARRAY(n.receipt), SLICE_ARRAY(FIRST));
    uint8_t hash[32];
    CHECK_OK(crypto_sha256.hash(hash, &n.text, 1));
    CHECK_SLICE(SLICE_ARRAY(n.reference), SLICE_ARRAY(hash));
    CHECK_EQ(rig_last(other, CORE_NOTICE_DESK)->notice.message, n.number);
    CHECK_EQ(rig_last(other, CORE_NOTICE_DESK)->notice.error, OK);
    CHECK_EQ(rig_status(other).notices, 1);
    CHECK_OK(core_desk_notice_read(other->core, n.number, rig.now));
    CHECK_EQ(rig_status(other).notices, 0);
    rig_crash(other);
    CHECK_EQ(rig_status(other).notices, 0);
    CHECK_EQ(shown(other), 1);
    CHECK_EQ(rig_status(first).notices, 1);
    CHECK_EQ(rig_status(first).quarantined, 0);
    rig_fini(&rig);
}

TEST(a_device_that_was_away_for_forty_days_gets_it) {
    begin();
    core_online(other->core, false, rig.now);
    rig_run(&rig);
    give("n-1", FIRST);
    for (int day = 0; day < DAYS; day++) {
        rig_pass(&rig, TIME_DAY);
        CHECK_OK(session_key_make(&rig.env.keys[0], 1, rig.identity_seed, time_week(rig.now) + 4));
        while (mail_sweep(rig.mail))
            mail_commit(rig.mail);
        mail_commit(rig.mail);
    }
    CHECK_EQ(shown(first), 1);
    CHECK_EQ(shown(other), 0);
    core_online(other->core, true, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(shown(other), 1);
    CHECK_EQ(shown(first), 1);
    rig_fini(&rig);
}

/* ---- What counts for nothing ---- */

/* Appends a contact link of this client's. */
static void link_of(struct client *c, buf *out) {
    uint64_t command;
    CHECK_OK(core_link_new(c->core, false, TIME_DAY, rig.now, &command));
    rig_run(&rig);
    const struct notice *n = rig_done(c, command);
    CHECK(n != NULL);
    CHECK_OK(buf_append(out, slice_str(n->text)));
}

static void address_of(struct client *c, struct proto_address *address) {
    buf link = {0}, server = {0}, content = {0};
    struct proto_contact contact;
    link_of(c, &link);
    CHECK_OK(proto_link_read(buf_slice(&link), "contact", &server, &content));
    CHECK_OK(proto_contact_decode(buf_slice(&content), &contact));
    reader r = reader_of(contact.addresses.bytes);
    CHECK_OK(proto_address_read(&r, address));
    buf_free(&link);
    buf_free(&server);
    buf_free(&content);
}

TEST(nobody_but_the_server_can_put_one_there) {
    struct proto_address to;
    buf content = {0}, item = {0};
    begin();
    address_of(first, &to);
    write_notice(&content, "sotto notice 1", "n-1", by_id(first->account), FIRST);
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_NOTICE, buf_slice(&content)));
    rig_send(&rig, to.bytes, buf_slice(&item));
    rig_run(&rig);
    CHECK_EQ(shown(first), 0);
    CHECK_EQ(rig_status(first).dropped, 1);
    CHECK_EQ(rig_status(first).quarantined, 0);
    check_desk(first, FIRST, false, 0, 0);
    give("n-1", FIRST); /* and has not used up the order's id */
    CHECK_EQ(shown(first), 1);
    buf_free(&content);
    buf_free(&item);
    rig_fini(&rig);
}

TEST(a_forged_key_is_refused_and_counted) {
    begin();
    give("n-1", THIRD);
    CHECK_EQ(shown(first), 0);
    check_desk(first, FIRST, false, 0, 1);
    check_desk(other, FIRST, false, 0, 1);
    give("n-1", FIRST); /* it has not used up the order's id */
    CHECK_EQ(shown(first), 1);
    rig_fini(&rig);
}

TEST(what_is_for_another_account_or_server_is_dropped) {
    buf content = {0};
    begin();
    write_notice(&content, "sotto notice 1", "n-1", by_id(stranger->account), FIRST);
    put(first->account, buf_slice(&content));
    rig.identity[0] ^= 1;
    write_notice(&content, "sotto notice 1", "n-2", by_id(first->account), FIRST);
    rig.identity[0] ^= 1;
    put(first->account, buf_slice(&content));
    rig_run(&rig);
    CHECK_EQ(shown(first), 0);
    CHECK_EQ(rig_status(first).dropped, 2);
    check_desk(first, FIRST, false, 0, 0);
    buf_free(&content);
    rig_fini(&rig);
}

TEST(an_order_counts_once) {
    begin();
    give("n-1", FIRST);
    give("n-1", FIRST);
    CHECK_EQ(shown(first), 1);
    CHECK(rig_status(first).repeats > 0);
    give("n-2", FIRST);
    CHECK_EQ(shown(first), 2);
    rig_fini(&rig);
}

TEST(a_text_that_is_none_is_dropped) {
    static const char *const heads[] = {"sotto notice 2",        "sotto release 1",
                                        "sotto notice 1 ",       "sotto notice 1\nid x",
                                        "sotto notice 1\x1b[2J", ""};
    buf content = {0};
    begin();
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        write_notice(&content, heads[i], "n-1", by_id(first->account), FIRST);
        put(first->account, buf_slice(&content));
    }
    put(first->account, slice_str("no notice at all"));
    write_notice(&content, "sotto notice 1", "n-1\x1b[2J", by_id(first->account), FIRST);
    put(first->account, buf_slice(&content));
    rig_run(&rig);
    CHECK_EQ(shown(first), 0);
    CHECK_EQ(rig_status(first).dropped, sizeof heads / sizeof heads[0] + 2);
    buf_free(&content);
    rig_fini(&rig);
}

/* ---- Ways to name an account ---- */

static void check_named(const char *id, const char *way, slice name, bool ours) {
    buf account = {0}, content = {0};
    size_t before = shown(first);
    CHECK_OK(buf_append(&account, slice_str(way)));
    CHECK_OK(buf_append(&account, name));
    write_notice(&content, "sotto notice 1", id, buf_slice(&account), FIRST);
    put(first->account, buf_slice(&content));
    rig_run(&rig);
    if (shown(first) != before + ours)
        test_fail(__FILE__, __LINE__, "%s: %s", id, ours ? "not taken" : "taken");
    buf_free(&account);
    buf_free(&content);
}

static void hex_of(buf *out, slice bytes) {
    buf_clear(out);
    CHECK_OK(hex_encode(out, bytes));
}

TEST(an_account_is_named_by_id_key_link_or_handle) {
    buf name = {0};
    uint64_t command;
    begin();
    hex_of(&name, SLICE_ARRAY(rig_status(first).identity));
    check_named("key", "key ", buf_slice(&name), true);
    hex_of(&name, SLICE_ARRAY(rig_status(stranger).identity));
    check_named("their-key", "key ", buf_slice(&name), false);
    buf_clear(&name);
    link_of(first, &name);
    check_named("link", "link ", buf_slice(&name), true);
    buf_clear(&name);
    link_of(stranger, &name);
    check_named("their-link", "link ", buf_slice(&name), false);
    check_named("no-handle", "handle ", slice_str("anna"), false);
    CHECK_OK(core_handle_claim(first->core, slice_str("Anna"), SLICE_EMPTY, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    check_named("handle", "handle ", slice_str("ANNA"), true);
    CHECK_OK(core_handle_claim(first->core, slice_str("Berta"), SLICE_EMPTY, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    check_named("next-handle", "handle ", slice_str("berta"), true);
    check_named("old-handle", "handle ", slice_str("anna"), true); /* it is not dropped yet */
    check_named("their-handle", "handle ", slice_str("bob"), false);
    check_named("nothing", "telephone ", slice_str("110"), false);
    buf_free(&name);
    rig_fini(&rig);
}

/* ---- Another key ---- */

TEST(another_key_is_told_and_believed_only_once_the_user_accepts_it) {
    uint8_t key[32];
    begin();
    set_desk(SECOND, 2);
    give("n-1", SECOND); /* nobody has told the client of the key; it asks */
    rig_run(&rig);
    CHECK_EQ(shown(first), 0);
    check_desk(first, FIRST, true, 1, 0);
    CHECK_EQ(rig_last(first, CORE_NOTICE_DESK)->notice.error, ERR_IDENTITY);
    CHECK_EQ(rig_notices(first, CORE_NOTICE_DESK), 1);
    CHECK(rig_status(first).desk_changed);
    come_again(first);
    CHECK_EQ(rig_notices(first, CORE_NOTICE_DESK), 1); /* told once */
    give("n-2", FIRST);                                /* the pinned one still holds */
    CHECK_EQ(shown(first), 1);
    give("n-3", THIRD);
    check_desk(first, FIRST, true, 1, 1);
    rig_crash(first);
    check_desk(first, FIRST, true, 1, 1);
    key_of(THIRD, key);
    CHECK_ERR(core_desk_accept(first->core, key, rig.now), ERR_NOT_FOUND);
    key_of(SECOND, key);
    CHECK_OK(core_desk_accept(first->core, key, rig.now));
    CHECK_EQ(shown(first), 2);
    check_desk(first, SECOND, false, 0, 1);
    CHECK_ERR(core_desk_accept(first->core, key, rig.now), ERR_NOT_FOUND);
    give("n-4", FIRST); /* and the one before no longer */
    CHECK_EQ(shown(first), 2);
    check_desk(first, SECOND, false, 0, 2);
    CHECK_EQ(shown(other), 2); /* n-2 and n-4: it has not accepted it */
    rig_fini(&rig);
}

TEST(a_key_that_comes_back_needs_no_word) {
    begin();
    set_desk(SECOND, 2);
    come_again(first);
    CHECK(rig_status(first).desk_changed);
    give("n-1", SECOND);
    set_desk(FIRST, 3);
    come_again(first);
    check_desk(first, FIRST, false, 0, 1); /* nobody's key any more */
    rig_fini(&rig);
}

TEST(a_notice_from_before_the_first_key_waits_for_it) {
    rig_init(&rig, 2);
    first = &rig.clients[0];
    core_online(first->core, false, rig.now);
    rig_run(&rig);
    set_desk(FIRST, 1);
    give("n-1", FIRST);
    core_online(first->core, true, rig.now);
    rig_run(&rig);
    CHECK_EQ(shown(first), 1);
    check_desk(first, FIRST, false, 0, 0);
    rig_fini(&rig);
}

TEST(a_store_that_fails_loses_no_notice) {
    begin();
    first->plan.fail_commit_in = 0;
    first->plan.with = ERR_IO;
    give("n-1", FIRST);
    CHECK_EQ(shown(first), 0);
    first->plan.fail_commit_in = -1;
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(shown(first), 1);
    rig_fini(&rig);
}

/* The first key, a notice, and its reading; one allocation fails. */
static void come_with_failing_memory(size_t at, size_t *calls) {
    struct core_desk_notice n;
    struct support_mem m;
    support_mem_init(&m, 0);
    rig_init(&rig, 2);
    first = &rig.clients[0];
    core_close(first->core);
    first->core = NULL;
    rig_cut(&rig, first);
    set_desk(FIRST, 1);
    give("n-1", FIRST);
    first->config.mem = &m.mem;
    CHECK_OK(core_open(&first->core, first->store, &first->config, rig.now));
    size_t before = m.calls;
    m.fail_at = at == 0 ? 0 : m.calls + at;
    core_online(first->core, true, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    for (int i = 0; i < 60 && shown(first) == 0; i++)
        rig_pass(&rig, TIME_SECOND);
    *calls = m.calls - before;
    m.fail_at = 0;
    CHECK_EQ(shown(first), 1);
    CHECK_OK(core_desk_notice_at(first->core, 0, &n));
    CHECK_OK(core_desk_notice_read(first->core, n.number, rig.now));
    check_desk(first, FIRST, false, 0, 0);
    CHECK_EQ(rig_status(first).dropped + rig_status(first).quarantined, 0);
    core_close(first->core);
    first->core = NULL;
    CHECK_EQ(m.blocks, 0);
    CHECK_EQ(m.dirty, 0);
    rig_fini(&rig);
}

TEST(any_allocation_may_fail) {
    size_t calls, unused;
    come_with_failing_memory(0, &calls);
    CHECK(calls > 50);
    for (size_t at = 1; at < calls; at += 1 + at / 64)
        come_with_failing_memory(at, &unused);
}

TEST(so_many_are_kept_and_the_unread_longest) {
    struct core_desk_notice n;
    char id[16];
    begin();
    give("n-0", FIRST);
    give("n-1", FIRST);
    CHECK_OK(core_desk_notice_at(first->core, 1, &n));
    CHECK_OK(core_desk_notice_read(first->core, n.number, rig.now));
    for (int i = 2; i < 257; i++) {
        snprintf(id, sizeof id, "n-%d", i);
        give(id, FIRST);
    }
    CHECK_EQ(shown(first), 256);
    CHECK_OK(core_desk_notice_at(first->core, 0, &n));
    CHECK_SLICE(n.id, slice_str("n-0"));
    CHECK_OK(core_desk_notice_at(first->core, 1, &n));
    CHECK_SLICE(n.id, slice_str("n-2"));
    CHECK_EQ(shown(other), 256);
    CHECK_OK(core_desk_notice_at(other->core, 0, &n));
    CHECK_SLICE(n.id, slice_str("n-1"));
    rig_fini(&rig);
}

TEST_MAIN
