/* Handles: claiming, changing, dropping, keeping, and finding somebody by one. */
#include "core/internal.h"
#include "rig.h"
#include "server/held.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static uint64_t ask(struct client *c, const char *name, const char *pin) {
    uint64_t command = 0;
    CHECK_OK(core_handle_claim(c->core, slice_str(name), slice_str(pin), rig.now, &command));
    return command;
}

static void claim(struct client *c, const char *name, const char *pin) {
    rig_finish(c, ask(c, name, pin), OK);
}

static void refused(struct client *c, const char *name, uint16_t reason) {
    uint64_t command = ask(c, name, "");
    rig_finish(c, command, ERR_DENIED);
    CHECK_EQ(rig_done(c, command)->notice.reason, reason);
}

static err find(struct client *c, const char *name, const char *pin) {
    uint64_t command = 0;
    CHECK_OK(core_handle_find(c->core, slice_str(name), slice_str(pin), rig.now, &command));
    for (int i = 0; i < 100 && rig_done(c, command) == NULL; i++)
        rig_pass(&rig, TIME_SECOND);
    CHECK(rig_done(c, command) != NULL);
    return rig_done(c, command)->notice.error;
}

/* c finds this client by that name. */
static void finds(struct client *c, const char *name, const char *pin, const struct client *who) {
    struct core_contact contact;
    CHECK_OK(find(c, name, pin));
    CHECK_OK(core_found_get(c->core, &contact));
    CHECK_SLICE(SLICE_ARRAY(contact.account), SLICE_ARRAY(who->account));
}

static void finds_nobody(struct client *c, const char *name, const char *pin) {
    struct core_contact contact;
    CHECK_ERR(find(c, name, pin), ERR_NOT_FOUND);
    CHECK_ERR(core_found_get(c->core, &contact), ERR_NOT_FOUND);
}

static void has(struct client *c, const char *name, enum core_handle_state state) {
    struct core_handle handle;
    CHECK_OK(core_handle_get(c->core, &handle));
    CHECK_SLICE(handle.name, slice_str(name));
    CHECK_EQ(handle.state, state);
}

static bool count_entry(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

static size_t cards(void) {
    size_t n = 0;
    CHECK_OK(store_scan_table(rig.store, MAIL_CARD, count_entry, &n));
    return n;
}

/* ---- Claiming and finding ---- */

TEST(who_claims_a_handle_is_found_and_can_be_written_to) {
    uint8_t account[CORE_ACCOUNT];
    uint64_t command;
    uint32_t conversation;
    rig_init(&rig, 2);
    claim(client(0), "Alice", "");
    has(client(0), "alice", CORE_HANDLE_HELD);
    finds(client(1), "ALICE", "", client(0));
    CHECK_OK(core_found_accept(client(1)->core, slice_str("al"), rig.now, account));
    CHECK_SLICE(SLICE_ARRAY(account), SLICE_ARRAY(client(0)->account));
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])account, 1, rig.now, &command,
                                   &conversation));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).conversations, 1);
    rig_fini(&rig);
}

TEST(who_is_not_there_is_not_found) {
    rig_init(&rig, 2);
    claim(client(0), "alice", "");
    finds_nobody(client(1), "alicia", "");
    finds(client(1), "alice", "", client(0));
    finds_nobody(client(1), "alicia", ""); /* and who was found before is forgotten */
    finds_nobody(client(1), "alice", "1234");
    finds(client(0), "alice", "", client(0)); /* oneself */
    uint8_t account[CORE_ACCOUNT];
    CHECK_ERR(core_found_accept(client(0)->core, SLICE_EMPTY, rig.now, account), ERR_DENIED);
    CHECK_ERR(core_found_accept(client(1)->core, SLICE_EMPTY, rig.now, account), ERR_NOT_FOUND);
    rig_fini(&rig);
}

TEST(a_name_that_is_held_or_looks_like_it_is_taken) {
    rig_init(&rig, 2);
    claim(client(0), "paypa", "");
    refused(client(1), "paypa", PROTO_REASON_TAKEN);
    refused(client(1), "\u0440\u0430\u0443\u0440\u0430", PROTO_REASON_TAKEN);
    struct core_handle handle;
    CHECK_ERR(core_handle_get(client(1)->core, &handle), ERR_NOT_FOUND);
    finds(client(1), "\u0440\u0430\u0443\u0440\u0430", "", client(0));
    claim(client(1), "other", "");
    CHECK_EQ(cards(), 2);
    rig_fini(&rig);
}

TEST(what_is_no_handle_is_refused_at_once) {
    uint64_t command;
    rig_init(&rig, 1);
    static const struct {
        const char *name, *pin;
        err why;
    } bad[] = {
        {"a", "", ERR_LENGTH},
        {"a b", "", ERR_MALFORMED},
        {"p\u0430y", "", ERR_UNSUPPORTED},
        {"alice", "123", ERR_LENGTH},
        {"alice", "12a4", ERR_MALFORMED},
        {"alice", "1234567890123", ERR_TOO_LARGE},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddd", "", ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(core_handle_claim(client(0)->core, slice_str(bad[i].name), slice_str(bad[i].pin),
                                    rig.now, &command),
                  bad[i].why);
        CHECK_ERR(core_handle_find(client(0)->core, slice_str(bad[i].name), slice_str(bad[i].pin),
                                   rig.now, &command),
                  bad[i].why);
    }
    struct client *fresh = rig_client(&rig, 1);
    CHECK_ERR(core_handle_claim(fresh->core, slice_str("bob"), SLICE_EMPTY, rig.now, &command),
              ERR_STATE);
    CHECK_ERR(core_handle_drop(client(0)->core, rig.now, &command), ERR_NOT_FOUND);
    rig_fini(&rig);
}

TEST(one_command_about_handles_at_a_time) {
    uint64_t command;
    rig_init(&rig, 1);
    client(0)->away = true;
    rig_cut(&rig, client(0));
    uint64_t first = ask(client(0), "alice", "");
    CHECK_ERR(core_handle_claim(client(0)->core, slice_str("bob"), SLICE_EMPTY, rig.now, &command),
              ERR_LIMIT);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_ERR(core_handle_claim(client(0)->core, slice_str("bob"), SLICE_EMPTY, rig.now, &command),
              ERR_LIMIT);
    CHECK_ERR(core_handle_drop(client(0)->core, rig.now, &command), ERR_LIMIT);
    has(client(0), "alice", CORE_HANDLE_WANTED);
    client(0)->away = false;
    rig_finish(client(0), first, OK);
    rig_fini(&rig);
}

/* ---- With a PIN ---- */

TEST(with_a_pin_the_name_alone_says_that_one_is_needed) {
    struct core_contact contact;
    rig_init(&rig, 2);
    claim(client(0), "alice", "123456");
    CHECK_EQ(cards(), 2);
    CHECK_ERR(find(client(1), "alice", ""), ERR_DENIED);
    CHECK_ERR(core_found_get(client(1)->core, &contact), ERR_NOT_FOUND);
    finds_nobody(client(1), "alice", "123457");
    finds(client(1), "alice", "123456", client(0));
    refused(client(1), "alice", PROTO_REASON_TAKEN);
    uint64_t command;
    CHECK_OK(core_handle_drop(client(0)->core, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_EQ(cards(), 0);
    rig_fini(&rig);
}

TEST(a_name_that_is_taken_leaves_nothing_of_its_pin) {
    rig_init(&rig, 2);
    claim(client(0), "alice", "");
    uint64_t command = ask(client(1), "alice", "1234");
    rig_finish(client(1), command, ERR_DENIED);
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(cards(), 1);
    struct core_handle handle;
    CHECK_ERR(core_handle_get(client(1)->core, &handle), ERR_NOT_FOUND);
    rig_fini(&rig);
}

/* ---- Changing, dropping, keeping ---- */

TEST(a_change_gives_the_old_name_up_once_the_new_one_is_ours) {
    rig_init(&rig, 2);
    claim(client(0), "alice", "1234");
    claim(client(1), "bob", "");
    refused(client(0), "bob", PROTO_REASON_TAKEN);
    has(client(0), "alice", CORE_HANDLE_HELD);
    rig_pass(&rig, TIME_MINUTE);
    finds(client(1), "alice", "1234", client(0));
    claim(client(0), "carol", "");
    has(client(0), "carol", CORE_HANDLE_HELD);
    CHECK_EQ(cards(), 2);
    finds_nobody(client(1), "alice", "");
    claim(client(1), "alice", "");
    rig_fini(&rig);
}

TEST(ones_own_name_is_no_other_whatever_its_pin) {
    rig_init(&rig, 2);
    claim(client(0), "rnary", "");
    rig_finish(client(0), ask(client(0), "mary", "1234"), ERR_EXISTS);
    finds(client(1), "mary", "", client(0));
    CHECK_EQ(cards(), 1);
    rig_fini(&rig);
}

TEST(a_dropped_handle_is_free) {
    uint64_t command;
    struct core_handle handle;
    rig_init(&rig, 2);
    claim(client(0), "alice", "");
    CHECK_OK(core_handle_drop(client(0)->core, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_ERR(core_handle_get(client(0)->core, &handle), ERR_NOT_FOUND);
    finds_nobody(client(1), "alice", "");
    claim(client(1), "alice", "");
    rig_fini(&rig);
}

struct last {
    buf value;
};

static bool keep_entry(void *ctx, struct store_key key, slice value) {
    (void)key;
    CHECK_OK(buf_set(&((struct last *)ctx)->value, value));
    return true;
}

static void stored(struct last *last) {
    CHECK_OK(store_scan_table(rig.store, MAIL_CARD, keep_entry, last));
}

/* Weeks with a client that is there each day. */
static void live(unsigned days) {
    for (unsigned i = 0; i < days; i++) {
        rig_pass(&rig, TIME_DAY);
        while (mail_sweep(rig.mail))
            mail_commit(rig.mail);
        CHECK_OK(session_key_make(&rig.env.keys[0], 1, rig.identity_seed, time_week(rig.now) + 4));
        for (size_t j = 0; j < RIG_CLIENTS; j++)
            client(j)->count = 0; /* notices */
    }
}

TEST(an_account_that_is_deleted_gives_its_handle_up_first) {
    uint64_t command;
    rig_init(&rig, 2);
    claim(client(0), "alice", "1234");
    CHECK_OK(core_account_delete(client(0)->core, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_EQ(cards(), 0);
    CHECK_ERR(
        core_handle_claim(client(0)->core, slice_str("alice"), SLICE_EMPTY, rig.now, &command),
        ERR_STATE);
    claim(client(1), "alice", "");
    rig_fini(&rig);
}

/* A put must never need a second try. */
static enum verdict no_old(struct rig *r, struct client *to, uint16_t type, slice body) {
    struct proto_error error;
    (void)to;
    if (type == PROTO_error && proto_error_decode(body, &error) == OK)
        r->hits += error.reason == PROTO_REASON_OLD;
    return PASS;
}

TEST(the_card_is_put_anew_once_a_week) {
    struct last before = {0}, after = {0};
    unsigned changes = 0;
    rig_init(&rig, 1);
    rig.on_reply = no_old;
    claim(client(0), "alice", "");
    stored(&before);
    for (int day = 0; day < 8 * 7; day++) {
        live(1);
        stored(&after);
        changes += !slice_equal(buf_slice(&before.value), buf_slice(&after.value));
        CHECK_OK(buf_set(&before.value, buf_slice(&after.value)));
    }
    CHECK(changes >= 7 && changes <= 8);
    CHECK_EQ(rig.hits, 0);
    buf_free(&before.value);
    buf_free(&after.value);
    rig_fini(&rig);
}

static enum verdict count_revocations(struct rig *r, struct client *from, uint16_t type,
                                      slice body) {
    (void)from, (void)body;
    r->hits += type == PROTO_address_revoke;
    return PASS;
}

TEST(a_cards_address_is_revoked_a_week_after_the_next_one_is_there) {
    uint64_t command;
    rig_init(&rig, 1);
    live(21); /* what is renewed at the start is */
    rig.on_request = count_revocations;
    claim(client(0), "alice", "");
    live(3 * 7);
    CHECK(rig.hits >= 1 && rig.hits <= 2);
    CHECK_OK(core_handle_drop(client(0)->core, rig.now, &command));
    rig_finish(client(0), command, OK);
    live(8);
    CHECK(rig.hits >= 3 && rig.hits <= 4);
    rig_fini(&rig);
}

static enum verdict lose_and_go(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)body;
    to->away = type == PROTO_ok;
    return to->away ? CUT : PASS;
}

/* The put of the next card has no answer; then the handle is dropped. */
TEST(an_address_that_may_have_been_on_a_card_is_revoked_with_the_handle) {
    uint64_t command;
    uint8_t serial[8];
    bool revoked = false;
    rig_init(&rig, 1);
    claim(client(0), "alice", "");
    struct core *core = client(0)->core;
    struct claim *c = core->claims.p[0];
    c->r.put_at = rig.now;
    core->cards_at = 0;
    rig.on_reply = lose_and_go;
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(c->r.fresh.n, PROTO_ADDRESS);
    CHECK_OK(core_address_serial(core, c->r.fresh.p, serial));
    CHECK_OK(core_handle_drop(core, rig.now, &command));
    rig.on_reply = NULL;
    client(0)->away = false;
    rig_finish(client(0), command, OK);
    for (size_t i = 0; i < core->revocations.n; i++) {
        const struct revocation *r = core->revocations.p[i];
        revoked |= memcmp(r->r.serial, serial, sizeof serial) == 0;
    }
    CHECK(revoked);
    rig_fini(&rig);
}

TEST(who_was_found_by_a_card_that_is_over_is_added_by_what_came_since) {
    uint8_t account[CORE_ACCOUNT];
    uint64_t command;
    uint32_t number;
    rig_init(&rig, 2);
    rig_take_link(client(1), client(0)); /* so that nothing waits for a yes */
    claim(client(0), "alice", "");
    finds(client(1), "alice", "", client(0));
    CHECK_OK(core_found_accept(client(1)->core, SLICE_EMPTY, rig.now, account));
    for (uint32_t i = 1; i <= 3; i++) {
        CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                       (const uint8_t(*)[CORE_ACCOUNT])account, 1, rig.now,
                                       &command, &number));
        rig_finish(client(1), command, OK);
        rig_pass(&rig, TIME_MINUTE);
        CHECK_EQ(rig_status(client(0)).conversations, i);
        live(i == 1 ? 21 : 0);
        if (i == 2) { /* nor is there a conversation with it then */
            CHECK_OK(core_conversation_leave(client(1)->core, 1, rig.now, &command));
            CHECK_OK(core_conversation_leave(client(1)->core, 2, rig.now, &command));
            rig_pass(&rig, TIME_MINUTE);
        }
    }
    rig_fini(&rig);
}

TEST(a_claim_is_renewed_as_long_as_the_client_lives) {
    rig_init(&rig, 2);
    claim(client(0), "alice", "");
    live(80 * 7);
    finds(client(1), "alice", "", client(0));
    struct core_handle handle;
    CHECK_OK(core_handle_get(client(0)->core, &handle));
    CHECK(handle.lapses_week > time_week(rig.now) + 20);
    rig_fini(&rig);
}

static void sleep_for(struct client *c, unsigned weeks) {
    core_online(c->core, false, rig.now);
    rig_run(&rig);
    rig.now += weeks * TIME_WEEK;
    CHECK_OK(session_key_make(&rig.env.keys[0], 1, rig.identity_seed, time_week(rig.now) + 4));
    while (mail_sweep(rig.mail))
        mail_commit(rig.mail);
}

TEST(who_comes_back_after_a_year_claims_it_again) {
    rig_init(&rig, 1);
    claim(client(0), "alice", "");
    sleep_for(client(0), 60);
    CHECK_EQ(cards(), 0);
    core_online(client(0)->core, true, rig.now);
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(cards(), 0); /* another own device may have dropped it, and say so now */
    live(3);
    CHECK_EQ(cards(), 1);
    has(client(0), "alice", CORE_HANDLE_HELD);
    rig_fini(&rig);
}

TEST(who_comes_back_too_late_is_told_that_it_is_somebody_elses) {
    struct core_handle handle;
    rig_init(&rig, 2);
    claim(client(0), "alice", "");
    sleep_for(client(0), 60);
    rig_cut(&rig, client(1));
    rig_pass(&rig, TIME_HOUR);
    claim(client(1), "alice", "");
    core_online(client(0)->core, true, rig.now);
    rig_pass(&rig, TIME_HOUR);
    const struct notice *trouble = rig_last(client(0), CORE_NOTICE_TROUBLE);
    CHECK(trouble != NULL && trouble->notice.reason == PROTO_REASON_TAKEN);
    CHECK_ERR(core_handle_get(client(0)->core, &handle), ERR_NOT_FOUND);
    finds(client(0), "alice", "", client(1));
    rig_fini(&rig);
}

/* ---- What goes wrong on the way ---- */

static uint16_t lost_type;

static enum verdict lose(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to, (void)body;
    if (type != lost_type || r->hits == 0)
        return PASS;
    r->hits--;
    return CUT;
}

TEST(a_claim_whose_answers_are_lost_is_made_once) {
    static const uint16_t types[] = {PROTO_work, PROTO_ok};
    for (size_t i = 0; i < 2; i++) {
        rig_init(&rig, 2);
        uint64_t command = ask(client(0), "alice", "1234");
        lost_type = types[i];
        rig.hits = 3;
        rig.on_reply = lose;
        rig_finish(client(0), command, OK);
        CHECK_EQ(rig.hits, 0);
        CHECK_EQ(cards(), 2);
        finds(client(1), "alice", "1234", client(0));
        rig_fini(&rig);
    }
}

TEST(a_find_whose_answers_are_lost_finds) {
    static const uint16_t types[] = {PROTO_work, PROTO_card};
    for (size_t i = 0; i < 2; i++) {
        rig_init(&rig, 2);
        claim(client(0), "alice", "");
        lost_type = types[i];
        rig.hits = 2;
        rig.on_reply = lose;
        finds(client(1), "alice", "", client(0));
        CHECK_EQ(rig.hits, 0);
        rig_fini(&rig);
    }
}

TEST(a_claim_goes_on_after_a_crash) {
    rig_init(&rig, 2);
    lost_type = PROTO_ok;
    rig.hits = 1;
    rig.on_reply = lose;
    uint64_t command = ask(client(0), "alice", "");
    for (int i = 0; i < 100 && rig.hits > 0; i++)
        rig_pass(&rig, TIME_SECOND / 10);
    CHECK_EQ(rig.hits, 0);
    has(client(0), "alice", CORE_HANDLE_WANTED);
    rig_crash(client(0));
    rig_finish(client(0), command, OK);
    has(client(0), "alice", CORE_HANDLE_HELD);
    finds(client(1), "alice", "", client(0));
    rig_crash(client(0));
    has(client(0), "alice", CORE_HANDLE_HELD);
    rig_fini(&rig);
}

TEST(work_of_an_hour_that_is_over_is_done_again) {
    rig_init(&rig, 2);
    claim(client(0), "alice", "");
    uint64_t command;
    rig.now = (rig.now / TIME_HOUR + 1) * TIME_HOUR - 1;
    CHECK_OK(core_handle_find(client(1)->core, slice_str("alice"), SLICE_EMPTY, rig.now, &command));
    rig_run(&rig);
    rig.now += 2;
    rig_finish(client(1), command, OK);
    rig_fini(&rig);
}

TEST(a_price_beyond_all_measure_is_not_paid) {
    rig_init(&rig, 1);
    mail_free(rig.mail);
    rig.config.limits.find_bits = 60;
    CHECK_OK(mail_new(&rig.mail, rig.store, &rig.config, NULL));
    rig_cut(&rig, client(0));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_ERR(find(client(0), "alice", ""), ERR_LIMIT);
    rig_fini(&rig);
}

TEST(a_store_that_fails_makes_no_claim_twice) {
    for (int64_t i = 0; i < 8; i++) {
        uint64_t command = 0;
        rig_init(&rig, 1);
        client(0)->plan.fail_commit_in = i;
        err e = core_handle_claim(client(0)->core, slice_str("alice"), slice_str("1234"), rig.now,
                                  &command);
        if (e == OK) {
            rig_pass(&rig, TIME_HOUR);
            const struct notice *done = rig_done(client(0), command);
            CHECK(done != NULL);
            e = done->notice.error;
        }
        client(0)->plan.fail_commit_in = -1;
        rig_pass(&rig, TIME_HOUR);
        CHECK_EQ(cards(), e == OK ? 2 : 0);
        CHECK(e == OK || e == ERR_DISK_FULL);
        rig_fini(&rig);
    }
}

/* A card that somebody who guessed the name put there, with the server's help. */
static enum verdict swap_card(struct rig *r, struct client *to, uint16_t type, slice body) {
    if (type != PROTO_card || r->hits == 0)
        return PASS;
    buf other = {0};
    r->hits--;
    CHECK_OK(buf_set(&other, body));
    other.p[other.n - 1] ^= 1;
    struct proto_edge_reply reply = *r->reply;
    reply.body = buf_slice(&other);
    for (size_t i = 0; i < r->link_count; i++)
        if (r->links[i].client == to && r->links[i].session.id == reply.session)
            session_reply(&r->links[i].session, &r->env, &reply);
    buf_free(&other);
    return DROP;
}

TEST(a_card_that_was_changed_is_nobodys) {
    rig_init(&rig, 2);
    claim(client(0), "alice", "");
    rig.on_reply = swap_card;
    rig.hits = 1;
    finds_nobody(client(1), "alice", "");
    CHECK_EQ(rig.hits, 0);
    finds(client(1), "alice", "", client(0));
    rig_fini(&rig);
}

/* What the server answers instead: a card that opens, with a contact that client 0 signed for
 * something else. */
static uint8_t forged[PROTO_CARD];

static enum verdict answer_forged(struct rig *r, struct client *to, uint16_t type, slice body) {
    if (type != PROTO_card || r->hits == 0)
        return PASS;
    buf other = {0};
    r->hits--;
    CHECK_OK(buf_set(&other, body));
    memcpy(other.p + other.n - PROTO_CARD, forged, PROTO_CARD);
    struct proto_edge_reply reply = *r->reply;
    reply.body = buf_slice(&other);
    for (size_t i = 0; i < r->link_count; i++)
        if (r->links[i].client == to && r->links[i].session.id == reply.session)
            session_reply(&r->links[i].session, &r->env, &reply);
    buf_free(&other);
    return DROP;
}

static err find_forged(const char *label, const char *bound_to, uint64_t expires) {
    static const uint8_t address[PROTO_ADDRESS] = {1};
    struct lookup_card_keys keys, bound;
    buf contact = {0};
    const struct core *core = client(1)->core;
    const uint8_t *server = core->account.r.server_identity;
    size_t memory = core->config.handle_memory;
    CHECK_OK(lookup_card_stretch(server, memory, slice_str("alice"), SLICE_EMPTY, &keys));
    CHECK_OK(lookup_card_stretch(server, memory, slice_str(bound_to), SLICE_EMPTY, &bound));
    CHECK_OK(core_contact_write(client(0)->core, label, SLICE_ARRAY(bound.place), address, expires,
                                false, &contact));
    struct proto_card_content content = {.contact = buf_slice(&contact)};
    CHECK_OK(lookup_card_seal(&keys, &content, forged));
    buf_free(&contact);
    rig.on_reply = answer_forged;
    rig.hits = 1;
    return find(client(1), "alice", "");
}

TEST(a_contact_that_was_signed_for_something_else_is_refused) {
    rig_init(&rig, 2);
    uint64_t later = rig.now / TIME_SECOND + 3600;
    CHECK_OK(find_forged(PROTO_LABEL_CONTACT_CARD, "alice", later));
    CHECK_ERR(find_forged(PROTO_LABEL_CONTACT_CARD, "mallory", later), ERR_SIGNATURE);
    CHECK_ERR(find_forged(PROTO_LABEL_CONTACT_LINK, "alice", later), ERR_SIGNATURE);
    CHECK_ERR(find_forged(PROTO_LABEL_CONTACT_CARD, "alice", 0), ERR_EXPIRED);
    CHECK_ERR(find_forged(PROTO_LABEL_CONTACT_CARD, "alice", rig.now / TIME_SECOND - 1),
              ERR_EXPIRED);
    rig_fini(&rig);
}

static bool delete_entry(void *ctx, struct store_key key, slice value) {
    (void)value;
    return store_batch_delete(ctx, key) == OK;
}

TEST(a_card_that_the_server_lost_is_claimed_again) {
    struct store_batch *batch = NULL;
    rig_init(&rig, 1);
    claim(client(0), "alice", "");
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_scan_table(rig.store, MAIL_CARD, delete_entry, batch));
    CHECK_OK(store_commit_now(rig.store, batch));
    store_batch_free(batch);
    CHECK_EQ(cards(), 0);
    live(18);
    CHECK_EQ(cards(), 1);
    rig_fini(&rig);
}

TEST_MAIN
