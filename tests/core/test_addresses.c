/* Addresses that are renewed with the server's keys, and revoked. */
#include "core/internal.h"
#include "rig.h"
#include "server/held.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void start(size_t count) {
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
    rig_conversation(&rig, count);
}

static bool count_entry(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

static size_t revoked_rows(void) {
    size_t n = 0;
    CHECK_OK(store_scan_table(rig.store, MAIL_REVOKED, count_entry, &n));
    return n;
}

static struct conversation *conversation_of(struct client *c) {
    struct conversation *found = core_conversation_lookup(c->core, 1);
    CHECK(found != NULL);
    CHECK_OK(core_conversation_load(c->core, found));
    return found;
}

static void own_address(struct client *c, uint8_t address[PROTO_ADDRESS]) {
    struct conversation *v = conversation_of(c);
    struct mls_member member;
    struct leaf leaf;
    CHECK_OK(mls_group_member(v->group, mls_group_own_leaf(v->group), &member));
    CHECK_OK(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
}

static void update(struct client *c) {
    uint64_t command;
    CHECK_OK(core_conversation_update(c->core, 1, rig.now, &command));
    rig_finish(c, command, OK);
}

/* How many items of the size came to the client by the address. */
static uint64_t junk_that_came(struct client *c, const uint8_t address[PROTO_ADDRESS]) {
    uint8_t junk[256];
    uint64_t before = rig_status(c).position;
    crypto_random(junk, sizeof junk);
    rig_send(&rig, address, SLICE_ARRAY(junk));
    return rig_status(c).position - before;
}

TEST(a_device_that_gets_junk_takes_a_new_address_and_revokes_the_old_one) {
    uint8_t before[PROTO_ADDRESS], after[PROTO_ADDRESS];
    start(3);
    own_address(client(1), before);
    update(client(1));
    rig_pass(&rig, TIME_MINUTE);
    own_address(client(1), after);
    CHECK(memcmp(before, after, PROTO_ADDRESS) != 0);
    /* Who has not heard of the new one yet is still heard. */
    CHECK_EQ(junk_that_came(client(1), before), 1);
    CHECK_EQ(revoked_rows(), 0);
    rig_pass(&rig, TIME_DAY + 10 * TIME_MINUTE);
    CHECK_EQ(revoked_rows(), 1);
    CHECK_EQ(junk_that_came(client(1), before), 0);
    CHECK_EQ(junk_that_came(client(1), after), 1);
    rig_finish(client(0), rig_say(client(0), "hello"), OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK(strcmp(rig_texts(client(1)), "hello\n") == 0);
    CHECK(client(1)->core->revocations.n == 0);
    rig_fini(&rig);
}

TEST(an_update_that_nobody_asked_for_revokes_nothing) {
    struct entry *entry;
    start(2);
    struct core *core = client(1)->core;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_txn_end(core, core_entry_add(core, conversation_of(client(1)), ENTRY_UPDATE,
                                               SLICE_EMPTY, true, &entry)));
    core_pump(core);
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(core->entries.n, 0);
    CHECK_EQ(revoked_rows(), 0);
    rig_fini(&rig);
}

TEST(a_revocation_waits_for_the_server_through_a_crash) {
    uint8_t before[PROTO_ADDRESS];
    start(2);
    own_address(client(1), before);
    update(client(1));
    client(1)->away = true;
    rig_cut(&rig, client(1));
    rig_pass(&rig, TIME_HOUR);
    rig_crash(client(1));
    rig.now += TIME_DAY;
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(client(1)->core->revocations.n, 1);
    CHECK_EQ(revoked_rows(), 0);
    client(1)->away = false;
    rig_pass(&rig, 5 * TIME_MINUTE);
    CHECK_EQ(revoked_rows(), 1);
    CHECK_EQ(client(1)->core->revocations.n, 0);
    CHECK_EQ(junk_that_came(client(1), before), 0);
    rig_fini(&rig);
}

/* The server's answer to revocations; 0: its own. */
static uint16_t refusal;

static enum verdict refuse(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_error error = {.reason = refusal};
    buf bytes = {0};
    (void)from, (void)body;
    if (type != PROTO_address_revoke)
        return PASS;
    r->hits++;
    if (refusal == 0)
        return PASS;
    CHECK_OK(proto_error_encode(&bytes, &error));
    struct proto_edge_reply reply = {.session = r->request->session,
                                     .request = r->request->request,
                                     .type = PROTO_error,
                                     .body = buf_slice(&bytes)};
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&bytes);
    return DROP;
}

TEST(a_revocation_that_the_server_has_no_room_for_is_tried_again_another_day) {
    start(2);
    rig.on_request = refuse;
    refusal = PROTO_REASON_LIMIT;
    update(client(1));
    rig_pass(&rig, TIME_DAY + 20 * TIME_HOUR);
    CHECK_EQ(rig.hits, 1);
    CHECK(rig_last(client(1), CORE_NOTICE_TROUBLE) != NULL);
    CHECK_ERR(rig_last(client(1), CORE_NOTICE_TROUBLE)->notice.error, ERR_LIMIT);
    refusal = 0;
    rig_pass(&rig, 6 * TIME_HOUR);
    CHECK_EQ(rig.hits, 2);
    CHECK_EQ(revoked_rows(), 1);
    rig_fini(&rig);
}

/* However many wait: until the server has them, or nothing opens by their key any more. */
TEST(no_revocation_is_forgotten_while_its_address_could_hold) {
    enum { MANY = 5000 };
    struct record_own_address own = {.address = {1}};
    rig_init(&rig, 1);
    struct core *core = client(0)->core;
    core_online(core, false, rig.now);
    CHECK_OK(core_txn_begin(core));
    for (uint32_t i = 0; i < MANY; i++) {
        put_u32(own.address + 1, i);
        put_u32(own.serial, i);
        CHECK_OK(core_address_given(core, &own));
        if (i % 500 == 499) {
            CHECK_OK(core_txn_end(core, OK));
            CHECK_OK(core_txn_begin(core));
        }
    }
    CHECK_OK(core_txn_end(core, OK));
    for (uint32_t i = 0; i < MANY; i++) {
        put_u32(own.address + 1, i);
        CHECK_OK(core_txn_begin(core));
        CHECK_OK(core_txn_end(core, core_address_revoke(core, own.address)));
    }
    CHECK_EQ(core->revocations.n, MANY);
    for (uint8_t key = 1; key <= 3; key++) {
        core->counters.address_key = key;
        CHECK_OK(core_txn_begin(core));
        CHECK_OK(core_txn_end(core, core_address_purge(core)));
        CHECK_EQ(core->revocations.n, key < 3 ? MANY : 0);
    }
    rig_fini(&rig);
}

TEST(a_failed_commit_of_the_store_forgets_no_revocation) {
    start(2);
    update(client(1));
    rig_pass(&rig, TIME_DAY - 2 * TIME_MINUTE);
    CHECK_EQ(client(1)->core->revocations.n, 1);
    client(1)->plan.fail_commit_in = 0; /* in which the revocation would go */
    rig_pass(&rig, 15 * TIME_MINUTE);
    CHECK_EQ(client(1)->plan.fail_commit_in, -1);
    CHECK_EQ(revoked_rows(), 1); /* said twice */
    CHECK_EQ(client(1)->core->revocations.n, 0);
    rig_fini(&rig);
}

TEST(the_serial_of_an_address_is_known_until_it_is_revoked) {
    uint8_t address[PROTO_ADDRESS], serial[8];
    start(2);
    struct core *core = client(1)->core;
    own_address(client(1), address);
    bool invites = false;
    CHECK_OK(core_address_serial(core, address, serial));
    CHECK_OK(core_address_invites(core, serial, &invites));
    CHECK(invites); /* it is in our leaf, by whatever it came there */
    update(client(1));
    rig_pass(&rig, TIME_DAY - TIME_MINUTE);
    CHECK_OK(core_address_invites(core, serial, &invites));
    CHECK(invites);
    rig_pass(&rig, TIME_HOUR);
    CHECK_ERR(core_address_serial(core, address, serial), ERR_NOT_FOUND);
    CHECK_OK(core_address_invites(core, serial, &invites));
    CHECK(!invites);
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_txn_end(core, core_address_revoke(core, address))); /* again: nothing to do */
    CHECK_EQ(core->revocations.n, 0);
    rig_fini(&rig);
}

/* ---- New address keys ---- */

/* Everybody looks in once a day. */
static void days(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        for (size_t j = 0; j < RIG_CLIENTS; j++)
            client(j)->count = 0;
        rig.now += TIME_DAY - 2 * TIME_MINUTE;
        CHECK_OK(session_key_make(&rig.env.keys[0], rig.env.keys[0].number + 1, rig.identity_seed,
                                  time_week(rig.now) + 4));
        rig_pass(&rig, 2 * TIME_MINUTE);
    }
}

static void turn_key(void) {
    rig.config.keys[1] = rig.config.keys[0];
    rig.config.keys[0].id++;
    crypto_random(rig.config.keys[0].key, 32);
    for (size_t i = 0; i < RIG_CLIENTS; i++)
        if (client(i)->core != NULL)
            rig_cut(&rig, client(i));
    mail_free(rig.mail);
    CHECK_OK(mail_new(&rig.mail, rig.store, &rig.config, NULL));
    rig_pass(&rig, TIME_MINUTE);
}

static struct proto_key_package_taken taken;

/* A key package of the client's, by an address of its. */
static uint8_t key_of_package(struct client *from, struct client *of) {
    uint64_t command;
    uint32_t number;
    taken.last_resort = false;
    CHECK_OK(core_conversation_new(from->core, SLICE_EMPTY, (const uint8_t(*)[16])of->account, 1,
                                   rig.now, &command, &number));
    rig_finish(from, command, OK);
    rig_pass(&rig, TIME_SECOND);
    struct conversation *c = core_conversation_lookup(of->core, number);
    CHECK(c != NULL);
    return c->r.address_key;
}

TEST(leaves_and_key_packages_get_addresses_of_a_new_key) {
    uint64_t turned;
    start(3);
    uint64_t epoch = rig_state(client(0)).epoch;
    turn_key();
    turned = rig.now;
    /* Within a week it is noticed; then the leaves are renewed one by one. */
    days(8);
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(client(i)->core->counters.address_key, 2);
        CHECK_EQ(client(i)->core->counters.package_key, 2);
    }
    days(28);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ(conversation_of(client(i))->r.address_key, 2);
    CHECK(rig_state(client(0)).epoch >= epoch + 3);
    CHECK_EQ(key_of_package(client(0), client(1)), 2);
    CHECK(rig.now < turned + 26 * TIME_WEEK);
    turn_key(); /* the first key is gone */
    rig_finish(client(0), rig_say(client(0), "still here"), OK);
    CHECK_EQ(rig_last(client(0), CORE_NOTICE_DONE)->notice.refused, 0);
    rig_pass(&rig, TIME_SECOND);
    CHECK(strcmp(rig_texts(client(2)), "still here\n") == 0);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

TEST(renewals_are_spread_over_days_and_kept_through_crashes) {
    uint64_t at[3];
    start(3);
    turn_key();
    days(8);
    for (size_t i = 0; i < 3; i++) {
        at[i] = conversation_of(client(i))->r.renew;
        CHECK(at[i] == 0 || at[i] < rig.now + 4 * TIME_WEEK);
    }
    CHECK(at[0] != at[1] && at[1] != at[2]);
    for (size_t i = 0; i < 3; i++) {
        rig_crash(client(i));
        CHECK_EQ(core_conversation_lookup(client(i)->core, 1)->r.renew, at[i]);
    }
    rig_fini(&rig);
}

TEST(who_comes_back_after_two_new_keys_renews_at_once) {
    start(3);
    client(2)->away = true;
    rig_cut(&rig, client(2));
    turn_key();
    days(42);
    turn_key();
    days(42);
    rig_finish(client(0), rig_say(client(0), "lost to one"), OK);
    CHECK_EQ(rig_last(client(0), CORE_NOTICE_DONE)->notice.refused, 1);
    client(2)->away = false;
    rig_pass(&rig, 2 * TIME_HOUR);
    CHECK_EQ(client(2)->core->counters.address_key, 3);
    /* It did not get the others' commits, for its address was gone: it is behind, and says so. */
    CHECK(rig_state(client(2)).behind || rig_state(client(2)).spoiled);
    rig_fini(&rig);
}

TEST(what_did_not_leave_before_a_new_epoch_goes_to_its_addresses) {
    start(3);
    client(0)->away = true;
    rig_cut(&rig, client(0));
    uint64_t said = rig_say(client(0), "to the new address");
    update(client(1));
    rig.now += TIME_DAY;
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(revoked_rows(), 1);
    client(0)->away = false;
    rig_finish(client(0), said, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK(strcmp(rig_texts(client(1)), "to the new address\n") == 0);
    rig_fini(&rig);
}

/* It was encrypted, and its link was lost before the server had it. */
static enum verdict lose_send(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    return from == client(0) && type == PROTO_send && r->hits++ == 0 ? CUT : PASS;
}

TEST(what_was_encrypted_before_a_new_epoch_goes_to_its_addresses) {
    start(3);
    rig.on_request = lose_send;
    uint64_t said = rig_say(client(0), "to the new address");
    rig_run(&rig);
    CHECK_EQ(rig.hits, 1);
    client(0)->away = true;
    rig_cut(&rig, client(0));
    update(client(1));
    rig.now += TIME_DAY;
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(revoked_rows(), 1);
    client(0)->away = false;
    rig_finish(client(0), said, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK(strcmp(rig_texts(client(1)), "to the new address\n") == 0);
    rig_fini(&rig);
}

/* ---- Whom we know by a leaf's address ---- */

/* Client 2 knows the others, who know nobody but it: in conversation 1, and in as many more as are
 * wanted, all three are together. Client 0 makes a contact of client 1 there. */
static void start_met(uint32_t conversations) {
    uint64_t command;
    uint32_t number;
    uint8_t accounts[2][CORE_ACCOUNT];
    rig_init(&rig, 3);
    rig_meet(client(2), client(0));
    rig_meet(client(2), client(1));
    memcpy(accounts[0], client(0)->account, CORE_ACCOUNT);
    memcpy(accounts[1], client(1)->account, CORE_ACCOUNT);
    for (uint32_t i = 1; i <= conversations; i++) {
        CHECK_OK(core_conversation_new(client(2)->core, SLICE_EMPTY,
                                       (const uint8_t(*)[CORE_ACCOUNT])accounts, 2, rig.now,
                                       &command, &number));
        rig_finish(client(2), command, OK);
        rig_pass(&rig, TIME_SECOND);
    }
    CHECK_OK(core_contact_meet(client(0)->core, 1, client(1)->account, slice_str("met"), rig.now));
}

/* Client 1 gives its address in conversation 1 up, which client 0 does not hear of. */
static void renew_unheard_of(void) {
    uint64_t command;
    size_t rows = revoked_rows();
    CHECK_OK(core_conversation_remove(client(2)->core, 1, client(0)->account, rig.now, &command));
    rig_finish(client(2), command, OK);
    rig_pass(&rig, TIME_SECOND);
    update(client(1));
    rig_pass(&rig, TIME_DAY + TIME_HOUR);
    CHECK(revoked_rows() > rows);
}

static uint32_t begin(void) {
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    return number;
}

/* Of client 1, in the conversation of client 0. */
static bool take_unheard(void *ctx, const struct core_member *m) {
    if (memcmp(m->account, client(1)->account, CORE_ACCOUNT) == 0)
        *(int *)ctx = m->unheard;
    return true;
}

/* -1: it is no member. */
static int is_unheard(uint32_t number) {
    struct core_conversation c;
    int unheard = -1;
    CHECK_OK(core_members(client(0)->core, number, take_unheard, &unheard));
    CHECK_OK(core_conversation_get(client(0)->core, number, &c));
    CHECK_EQ(c.unheard, unheard == 1);
    return unheard;
}

TEST(who_gave_an_address_up_is_added_by_that_of_another_conversation) {
    start_met(2);
    renew_unheard_of();
    CHECK_EQ(rig_status(client(1)).conversations, 2);
    uint32_t number = begin();
    CHECK_EQ(rig_status(client(1)).requests, 1);
    CHECK_EQ(is_unheard(number), 1);
    CHECK_OK(core_request_accept(client(1)->core, 3, SLICE_EMPTY, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(is_unheard(number), 0);
    rig_fini(&rig);
}

TEST(a_link_still_leads_to_whom_a_leaf_s_address_does_not_reach_any_more) {
    start_met(1);
    rig_take_link(client(1), client(0));
    update(client(1)); /* from which it is heard */
    renew_unheard_of();
    begin();
    CHECK_EQ(rig_status(client(1)).requests, 1);
    CHECK_EQ(rig_status(client(1)).repeats, 0);
    rig_fini(&rig);
}

TEST(what_comes_by_two_addresses_is_one_request) {
    start_met(1);
    rig_take_link(client(1), client(0));
    update(client(1));
    uint64_t command;
    CHECK_OK(core_conversation_remove(client(2)->core, 1, client(0)->account, rig.now, &command));
    rig_finish(client(2), command, OK);
    begin();
    CHECK_EQ(rig_status(client(1)).requests, 1);
    CHECK_EQ(rig_status(client(1)).repeats, 1);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    rig_fini(&rig);
}

TEST(who_can_t_be_reached_is_shown_so_and_comes_by_a_new_link) {
    uint64_t command;
    start_met(1);
    renew_unheard_of();
    uint32_t number = begin();
    rig_pass(&rig, TIME_DAY);
    rig_crash(client(0));
    CHECK_EQ(rig_status(client(1)).conversations, 1);
    CHECK_EQ(is_unheard(number), 1);
    rig_take_link(client(1), client(0));
    CHECK_OK(
        core_conversation_remove(client(0)->core, number, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_EQ(is_unheard(number), -1);
    CHECK_OK(core_conversation_add(client(0)->core, number, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(1)).requests, 1);
    CHECK_OK(core_request_accept(client(1)->core, 2, SLICE_EMPTY, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(is_unheard(number), 0);
    rig_fini(&rig);
}

TEST(a_new_link_goes_before_the_leaf_of_a_conversation) {
    uint8_t address[PROTO_ADDRESS];
    start_met(1);
    struct core *core = client(1)->core;
    own_address(client(1), address);
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_txn_end(core, core_address_revoke(core, address)));
    core_pump(core);
    rig_pass(&rig, TIME_HOUR);
    begin();
    CHECK_EQ(rig_status(client(1)).requests, 0);
    rig_take_link(client(1), client(0));
    begin();
    CHECK_EQ(rig_status(client(1)).requests, 1);
    rig_fini(&rig);
}

/* All others in the conversation know as little of who came; and who has no name is heard, too. */
TEST(whoever_joins_is_heard) {
    uint64_t command;
    uint32_t number;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    CHECK_OK(core_profile_set(client(1)->core, 0, &(slice){0}, NULL, rig.now));
    client(1)->away = true;
    rig_cut(&rig, client(1));
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(2)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(0)).unheard, 0);
    CHECK_OK(core_conversation_add(client(0)->core, number, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(0)).unheard, 1);
    CHECK_EQ(rig_state(client(2)).unheard, 1);
    client(1)->away = false;
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(rig_state(client(0)).unheard, 0);
    CHECK_EQ(rig_state(client(2)).unheard, 0);
    CHECK_EQ(rig_state(client(1)).unheard, 0);
    rig_fini(&rig);
}

TEST(who_comes_again_is_not_heard_by_what_it_said_before) {
    uint64_t command;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    rig_conversation(&rig, 3);
    rig_finish(client(1), rig_say(client(1), "here"), OK);
    rig_pass(&rig, TIME_SECOND);
    client(1)->deaf = true;
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_OK(core_conversation_add(client(0)->core, 1, client(1)->account, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_say(client(1), "still here");
    rig_pass(&rig, TIME_SECOND);
    CHECK(strcmp(rig_texts(client(2)), "here\nstill here\n") == 0);
    CHECK_EQ(rig_state(client(2)).unheard, 1);
    client(1)->deaf = false;
    rig_cut(&rig, client(1));
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(rig_state(client(2)).unheard, 0);
    rig_fini(&rig);
}

/* What client 0 first commits is lost, and it with it. */
static enum verdict lose_commit(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    if (from != client(0) || type != PROTO_commit || r->hits > 0)
        return PASS;
    r->hits++;
    from->away = true;
    return CUT;
}

TEST(an_addition_that_waited_for_days_goes_by_the_address_of_now) {
    uint64_t command, other;
    uint32_t number;
    start_met(1);
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(2)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    rig.on_request = lose_commit;
    CHECK_OK(core_conversation_add(client(0)->core, number, client(1)->account, rig.now, &command));
    rig_run(&rig);
    CHECK_EQ(rig.hits, 1);
    rig_cut(&rig, client(0));
    /* Meanwhile another commit takes the place of that one, and the address goes. */
    CHECK_OK(core_conversation_update(client(2)->core, number, rig.now, &other));
    rig_finish(client(2), other, OK);
    update(client(1));
    rig.now += TIME_DAY;
    rig_pass(&rig, TIME_HOUR);
    client(0)->away = false;
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(1)).requests, 1);
    rig_fini(&rig);
}

TEST_MAIN
