/* Accounts, registration, contact links, safety numbers. */
#include <ctype.h>

#include "base/text.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static uint64_t create(struct client *c, slice link) {
    uint64_t command = 0;
    core_online(c->core, true, rig.now);
    CHECK_OK(core_account_create(c->core, link, slice_str("Ada"), rig.now, &command));
    return command;
}

/* ---- Registration ---- */

TEST(an_account_is_made_and_stocked) {
    rig_init(&rig, 0);
    struct client *c = rig_client(&rig, 0);
    CHECK(!rig_status(c).has_account);
    rig_finish(c, create(c, rig_join_link(&rig)), OK);
    struct core_status s = rig_status(c);
    CHECK(s.registered && s.caught_up);
    CHECK_EQ(s.auth, CORE_LINK_READY);
    CHECK_EQ(s.anon, CORE_LINK_OFF); /* nothing is to be sent */
    CHECK_SLICE(s.name, slice_str("Ada"));
    CHECK(s.addresses >= 16);
    uint64_t command;
    CHECK_ERR(core_account_create(c->core, rig_join_link(&rig), SLICE_EMPTY, rig.now, &command),
              ERR_EXISTS);
    rig_fini(&rig);
}

TEST(a_link_that_is_none_is_refused_at_once) {
    uint64_t command;
    rig_init(&rig, 0);
    struct client *c = rig_client(&rig, 0);
    CHECK_ERR(core_account_create(c->core, slice_str("hello"), SLICE_EMPTY, rig.now, &command),
              ERR_MALFORMED);
    slice link = rig_join_link(&rig);
    CHECK(core_account_create(c->core, slice_of(link.p, link.n - 8), SLICE_EMPTY, rig.now,
                              &command) != OK);
    CHECK_ERR(core_account_create(c->core, link, slice_str("\x1b"), rig.now, &command),
              ERR_MALFORMED);
    CHECK(!rig_status(c).has_account);
    rig_fini(&rig);
}

TEST(a_wrong_or_used_invite_says_so_and_another_one_helps) {
    rig_init(&rig, 0);
    struct client *a = rig_client(&rig, 0), *b = rig_client(&rig, 1);
    buf link = {0};
    CHECK_OK(buf_set(&link, rig_join_link(&rig)));
    rig_finish(a, create(a, buf_slice(&link)), OK);
    uint64_t command = create(b, buf_slice(&link));
    rig_finish(b, command, ERR_DENIED);
    CHECK_EQ(rig_done(b, command)->notice.reason, PROTO_REASON_INVITE);
    CHECK(!rig_status(b).registered);
    CHECK_EQ(rig_status(b).auth, CORE_LINK_OFF);
    rig_finish(b, create(b, rig_join_link(&rig)), OK);
    CHECK(rig_status(b).registered);
    buf_free(&link);
    rig_fini(&rig);
}

static enum verdict lose_ok(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to, (void)body;
    return type == PROTO_ok && r->hits++ < 2 ? CUT : PASS;
}

TEST(a_registration_whose_answer_is_lost_is_done_once) {
    rig_init(&rig, 0);
    struct client *c = rig_client(&rig, 0);
    rig.on_reply = lose_ok;
    uint64_t command = create(c, rig_join_link(&rig));
    rig_run(&rig);
    CHECK(!rig_status(c).registered);
    rig_crash(c);
    rig_finish(c, command, OK);
    CHECK(rig_status(c).registered);
    CHECK(rig.hits >= 2);
    rig_fini(&rig);
}

/* A server that only remembers that the code was used. */
static enum verdict used_code(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    if (type != PROTO_register_account || r->hits++ == 0)
        return PASS;
    struct proto_error m = {.reason = PROTO_REASON_INVITE};
    buf answer = {0};
    writer w = writer_on(&answer);
    proto_error_write(&w, &m);
    CHECK_OK(writer_result(&w));
    struct proto_edge_reply reply = {.session = r->request->session,
                                     .request = r->request->request,
                                     .type = PROTO_error,
                                     .body = buf_slice(&answer)};
    (void)from;
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&answer);
    return DROP;
}

static enum verdict lose_first_ok(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to, (void)body;
    return type == PROTO_ok && r->hits == 1 ? CUT : PASS;
}

TEST(a_code_that_was_used_by_our_own_earlier_try_is_no_failure) {
    rig_init(&rig, 0);
    struct client *c = rig_client(&rig, 0);
    rig.on_request = used_code;
    rig.on_reply = lose_first_ok;
    rig_finish(c, create(c, rig_join_link(&rig)), OK);
    CHECK_EQ(rig.hits, 2);
    CHECK(rig_status(c).registered);
    rig_fini(&rig);
}

TEST(a_registration_goes_on_after_a_crash_at_any_moment) {
    for (uint64_t ms = 0; ms < 8; ms++) {
        rig_init(&rig, 0);
        struct client *c = rig_client(&rig, 0);
        uint64_t command = create(c, rig_join_link(&rig));
        struct core_action action;
        for (uint64_t i = 0; i < ms && core_next_action(c->core, &action); i++)
            ;
        rig_crash(c);
        rig_finish(c, command, OK);
        rig_fini(&rig);
    }
}

TEST(the_servers_record_is_shown) {
    uint64_t command;
    struct core_record record;
    rig_init(&rig, 1);
    CHECK_ERR(core_record_get(client(0)->core, &record), ERR_NOT_FOUND);
    CHECK_OK(core_record_ask(client(0)->core, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_OK(core_record_get(client(0)->core, &record));
    CHECK_EQ(record.created_week, time_week(rig.now));
    CHECK_EQ(record.devices, 1);
    CHECK_EQ(record.items, 0);
    rig_crash(client(0));
    CHECK_OK(core_record_get(client(0)->core, &record));
    rig_fini(&rig);
}

TEST(the_last_resort_is_renewed_weekly) {
    rig_init(&rig, 1);
    rig.now += 8 * TIME_DAY;
    unsigned before = rig_status(client(0)).addresses;
    CHECK_OK(session_key_make(&rig.env.keys[0], 1, rig.identity_seed, time_week(rig.now) + 4));
    core_wake(client(0)->core, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_status(client(0)).addresses != before);
    rig_fini(&rig);
}

/* ---- Contact links ---- */

static const char *contact_link(struct client *c) {
    uint64_t command;
    CHECK_OK(core_link_new(c->core, false, CORE_LINK_DAYS * TIME_DAY, rig.now, &command));
    rig_finish(c, command, OK);
    return rig_done(c, command)->text;
}

TEST(a_contact_link_makes_a_contact) {
    uint8_t account[16];
    struct core_contact contact;
    rig_init(&rig, 2);
    const char *link = contact_link(client(0));
    CHECK_OK(
        core_contact_accept(client(1)->core, slice_str(link), slice_str("Zero"), rig.now, account));
    CHECK_OK(core_contact_at(client(1)->core, 0, &contact));
    CHECK_SLICE(contact.petname, slice_str("Zero"));
    CHECK_SLICE(contact.name, slice_str("n0"));
    CHECK_EQ(contact.devices, 1);
    CHECK_EQ(contact.list_version, 1);
    CHECK_SLICE(SLICE_ARRAY(contact.identity), SLICE_ARRAY(rig_status(client(0)).identity));
    CHECK_OK(core_contact_rename(client(1)->core, account, slice_str("Null"), rig.now));
    CHECK_OK(core_contact_set_verified(client(1)->core, account, true, rig.now));
    rig_crash(client(1));
    CHECK_OK(core_contact_get(client(1)->core, account, &contact));
    CHECK_SLICE(contact.petname, slice_str("Null"));
    CHECK(contact.verified);
    CHECK_OK(core_contact_accept(client(1)->core, slice_str(contact_link(client(0))), SLICE_EMPTY,
                                 rig.now, account));
    CHECK_EQ(rig_status(client(1)).contacts, 1);
    CHECK_OK(core_contact_get(client(1)->core, account, &contact));
    CHECK_SLICE(contact.petname, slice_str("Null"));
    rig_fini(&rig);
}

TEST(two_links_have_two_addresses) {
    rig_init(&rig, 1);
    const char *first = contact_link(client(0)), *second = contact_link(client(0));
    CHECK(strcmp(first, second) != 0);
    rig_fini(&rig);
}

TEST(links_that_are_wrong_are_refused) {
    uint8_t account[16];
    rig_init(&rig, 2);
    struct core *core = client(1)->core;
    const char *own = contact_link(client(1));
    CHECK_ERR(core_contact_accept(core, slice_str(own), SLICE_EMPTY, rig.now, account), ERR_DENIED);
    CHECK_ERR(
        core_contact_accept(core, slice_str("sotto:contact:x#a"), SLICE_EMPTY, rig.now, account),
        ERR_MALFORMED);
    CHECK_ERR(core_contact_accept(core, rig_join_link(&rig), SLICE_EMPTY, rig.now, account),
              ERR_MALFORMED);
    /* One letter of the signed list is another one. */
    char forged[2048];
    snprintf(forged, sizeof forged, "%s", contact_link(client(0)));
    char *content = strchr(forged, '#') + 1 + 80;
    *content = *content == 'a' ? 'b' : 'a';
    CHECK_ERR(core_contact_accept(core, slice_str(forged), SLICE_EMPTY, rig.now, account),
              ERR_SIGNATURE);
    /* Another server's. */
    snprintf(forged, sizeof forged, "%s", contact_link(client(0)));
    content = strchr(forged, '#') + 1;
    *content = *content == 'a' ? 'b' : 'a';
    CHECK_ERR(core_contact_accept(core, slice_str(forged), SLICE_EMPTY, rig.now, account),
              ERR_UNSUPPORTED);
    CHECK_EQ(rig_status(client(1)).contacts, 0);
    rig_fini(&rig);
}

TEST(a_link_with_any_byte_changed_is_refused) {
    uint8_t account[16];
    char changed[2048];
    rig_init(&rig, 2);
    struct core *core = client(1)->core;
    const char *link = contact_link(client(0));
    size_t n = strlen(link), taken = 0;
    for (size_t i = 0; i < n; i++) {
        snprintf(changed, sizeof changed, "%s", link);
        changed[i] = link[i] == 'a' ? 'b' : 'a';
        taken += core_contact_accept(core, slice_str(changed), SLICE_EMPTY, rig.now, account) == OK;
        changed[i] = (char)(link[i] ^ 1);
        taken += core_contact_accept(core, slice_str(changed), SLICE_EMPTY, rig.now, account) == OK;
    }
    CHECK_EQ(taken, 0);
    CHECK_EQ(rig_status(client(1)).contacts, 0);
    CHECK_OK(core_contact_accept(core, slice_str(link), SLICE_EMPTY, rig.now, account));
    rig_fini(&rig);
}

TEST(contacts_are_found_by_name_or_id) {
    struct core_contact contact;
    char hex[33];
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    struct core *core = client(0)->core;
    CHECK_OK(core_contact_find(core, slice_str("n2"), &contact));
    CHECK_SLICE(SLICE_ARRAY(contact.account), SLICE_ARRAY(client(2)->account));
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", client(1)->account[i]);
    CHECK_OK(core_contact_find(core, slice_of(hex, 12), &contact));
    CHECK_SLICE(SLICE_ARRAY(contact.account), SLICE_ARRAY(client(1)->account));
    /* A contact that calls itself by another's id is not the one that is meant. */
    char other[33] = {0};
    memcpy(other, hex, 8);
    CHECK_OK(rig_name(client(2)->core, slice_str(other), rig.now));
    rig_meet(client(0), client(2));
    CHECK_ERR(core_contact_find(core, slice_str(other), &contact), ERR_LIMIT);
    CHECK_ERR(core_contact_find(core, slice_str("nobody"), &contact), ERR_NOT_FOUND);
    CHECK_ERR(core_contact_find(core, SLICE_EMPTY, &contact), ERR_NOT_FOUND);
    CHECK_OK(core_contact_rename(core, client(1)->account, slice_str("same"), rig.now));
    CHECK_OK(core_contact_rename(core, client(1)->account, slice_str("same"), rig.now));
    CHECK_ERR(core_contact_rename(core, client(2)->account, slice_str("same"), rig.now),
              ERR_EXISTS);
    CHECK_OK(core_contact_find(core, slice_str("same"), &contact));
    CHECK_SLICE(SLICE_ARRAY(contact.account), SLICE_ARRAY(client(1)->account));
    rig_fini(&rig);
}

TEST(a_name_is_one_line_of_text) {
    uint64_t command;
    uint32_t number;
    slice lines = slice_str("Ann\nX"), tab = slice_str("Ann\tX");
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    struct core *core = client(0)->core, *stranger = rig_client(&rig, 2)->core;
    CHECK_ERR(core_account_create(stranger, rig_join_link(&rig), lines, rig.now, &command),
              ERR_MALFORMED);
    CHECK(!rig_status(client(2)).has_account);
    CHECK_ERR(rig_name(core, lines, rig.now), ERR_MALFORMED);
    CHECK_ERR(rig_name(core, tab, rig.now), ERR_MALFORMED);
    static const char *const unseen[] = {"A\xc2\x9b", "A\xe2\x80\xae", "A\xe2\x80\x8b", "A\x7f"};
    for (size_t i = 0; i < 4; i++)
        CHECK_ERR(rig_name(core, slice_str(unseen[i]), rig.now), ERR_MALFORMED);
    static const char *const blank[] = {" ", "\xe3\x85\xa4", "\xe2\xa0\x80\xc2\xa0", "\xe2\x80\x8d",
                                        "\xef\xb8\x8f"};
    for (size_t i = 0; i < 5; i++)
        CHECK_ERR(rig_name(core, slice_str(blank[i]), rig.now), ERR_MALFORMED);
    CHECK_ERR(core_contact_rename(core, client(1)->account, slice_str(blank[1]), rig.now),
              ERR_MALFORMED);
    /* Joiners between letters, as Persian is written. */
    CHECK_OK(core_contact_rename(core, client(1)->account,
                                 slice_str("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb1"), rig.now));
    CHECK_SLICE(rig_status(client(0)).name, slice_str("n0"));
    CHECK_ERR(core_contact_rename(core, client(1)->account, lines, rig.now), ERR_MALFORMED);
    CHECK_ERR(core_conversation_new(core, lines, (const uint8_t(*)[16])client(1)->account, 1,
                                    rig.now, &command, &number),
              ERR_MALFORMED);
    rig_conversation(&rig, 2);
    CHECK_ERR(core_conversation_rename(core, 1, lines, rig.now, &command), ERR_MALFORMED);
    rig_fini(&rig);
}

/* ---- Safety numbers ---- */

TEST(both_sides_see_the_same_sixty_digits) {
    char a[CORE_SAFETY_DIGITS + 1], b[CORE_SAFETY_DIGITS + 1], c[CORE_SAFETY_DIGITS + 1];
    rig_init(&rig, 3);
    CHECK_OK(core_safety_number(client(0)->core, rig_status(client(1)).identity, a));
    CHECK_OK(core_safety_number(client(1)->core, rig_status(client(0)).identity, b));
    CHECK_OK(core_safety_number(client(0)->core, rig_status(client(2)).identity, c));
    CHECK_EQ(strlen(a), 60);
    for (int i = 0; i < 60; i++)
        CHECK(isdigit((unsigned char)a[i]));
    CHECK(strcmp(a, b) == 0);
    CHECK(strcmp(a, c) != 0);
    rig_fini(&rig);
}

/* ---- What can't be asked ---- */

TEST(without_an_account_commands_are_refused) {
    uint64_t command;
    uint32_t number;
    uint8_t account[1][16] = {{0}};
    rig_init(&rig, 0);
    struct core *core = rig_client(&rig, 0)->core;
    CHECK_ERR(core_link_new(core, false, CORE_LINK_DAYS * TIME_DAY, rig.now, &command), ERR_STATE);
    CHECK_ERR(core_record_ask(core, rig.now, &command), ERR_STATE);
    CHECK_ERR(rig_name(core, SLICE_EMPTY, rig.now), ERR_STATE);
    CHECK_ERR(core_conversation_new(core, SLICE_EMPTY, (const uint8_t(*)[16])account, 1, rig.now,
                                    &command, &number),
              ERR_STATE);
    CHECK_ERR(core_conversation_leave(core, 1, rig.now, &command), ERR_NOT_FOUND);
    core_online(core, true, rig.now);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_OFF);
    rig_fini(&rig);
}

TEST(a_store_of_a_newer_version_is_not_touched) {
    static const uint8_t newer = 9;
    struct store_batch *batch;
    struct core *core;
    rig_init(&rig, 1);
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(
        store_batch_put(batch, (struct store_key){1, slice_str("format"), 0}, slice_of(&newer, 1)));
    CHECK_OK(store_commit_now(client(0)->store, batch));
    store_batch_free(batch);
    CHECK_ERR(core_open(&core, client(0)->store, &client(0)->config, rig.now), ERR_UNSUPPORTED);
    CHECK(core == NULL);
    rig_fini(&rig);
}

TEST_MAIN
