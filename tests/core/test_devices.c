/* An account on several devices: the identity's words, links, and what own devices share. */
#include "core/internal.h"
#include "core/words.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void refused(struct client *c, uint64_t command, uint16_t reason) {
    rig_finish(c, command, ERR_DENIED);
    CHECK_EQ(rig_done(c, command)->notice.reason, reason);
}

/* ---- The identity's words ---- */

static char words[CORE_WORDS];
static buf place;

static void keep_words(struct client *c) {
    CHECK_OK(core_words(c->core, words));
    buf_clear(&place);
    CHECK_OK(core_server_link(c->core, &place));
}

static uint64_t take(struct client *c, const char *text, slice link) {
    uint64_t command = 0;
    uint32_t wrong;
    core_online(c->core, true, rig.now);
    CHECK_OK(core_account_take(c->core, link, slice_str(text), slice_str("n0"), rig.now, &command,
                               &wrong));
    return command;
}

TEST(words_put_the_account_on_another_device_and_sign_the_first_off) {
    rig_init(&rig, 2);
    CHECK(rig_status(client(0)).has_identity);
    keep_words(client(0));
    struct client *c = rig_client(&rig, 2);
    rig_finish(c, take(c, words, buf_slice(&place)), OK);
    struct core_status s = rig_status(c), lost = rig_status(client(0));
    CHECK_SLICE(SLICE_ARRAY(s.account), SLICE_ARRAY(lost.account));
    CHECK(memcmp(s.device, lost.device, sizeof s.device) != 0);
    CHECK(s.registered && s.has_identity && s.caught_up);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_status(client(0)).auth != CORE_LINK_READY);
    CHECK_EQ(rig_status(client(0)).last_reason, PROTO_REASON_PROOF);
    CHECK(rig_last(client(0), CORE_NOTICE_TROUBLE) != NULL);
    /* It is reached as any account is. */
    memcpy(c->account, s.account, CORE_ACCOUNT);
    rig_meet(c, client(1));
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])s.account, 1, rig.now, &command,
                                   &number));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(c).conversations, 1);
    rig_fini(&rig);
}

TEST(words_of_an_account_that_the_server_does_not_know_say_so) {
    uint8_t seed[32] = {7};
    char text[WORDS_TEXT];
    rig_init(&rig, 1);
    keep_words(client(0));
    CHECK_OK(core_words_write(seed, text));
    struct client *c = rig_client(&rig, 2);
    refused(c, take(c, text, buf_slice(&place)), PROTO_REASON_PROOF);
    /* The right ones, then, in the same home. */
    rig_finish(c, take(c, words, buf_slice(&place)), OK);
    CHECK_SLICE(SLICE_ARRAY(rig_status(c).account), SLICE_ARRAY(client(0)->account));
    rig_fini(&rig);
}

TEST(words_and_links_that_are_wrong_are_refused_at_once) {
    uint64_t command;
    uint32_t wrong;
    rig_init(&rig, 1);
    keep_words(client(0));
    struct client *c = rig_client(&rig, 2);
    CHECK_ERR(core_account_take(c->core, buf_slice(&place), slice_str("zoo zoo nozoo"), SLICE_EMPTY,
                                rig.now, &command, &wrong),
              ERR_MALFORMED);
    CHECK_EQ(wrong, 3);
    CHECK_ERR(core_account_take(c->core, slice_str("here:1"), slice_str(words), SLICE_EMPTY,
                                rig.now, &command, &wrong),
              ERR_UNSUPPORTED);
    CHECK_ERR(core_account_take(c->core, buf_slice(&place), slice_str(words), slice_str("\x1b"),
                                rig.now, &command, &wrong),
              ERR_MALFORMED);
    CHECK(!rig_status(c).has_account);
    CHECK_ERR(core_words(c->core, words), ERR_STATE);
    CHECK_ERR(core_account_take(client(0)->core, buf_slice(&place), slice_str(words), SLICE_EMPTY,
                                rig.now, &command, &wrong),
              ERR_EXISTS);
    rig_fini(&rig);
}

static enum verdict cut_joins(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to, (void)type, (void)body;
    bool first = r->reply->device && r->hits == 0;
    r->hits += first;
    return first ? CUT : PASS;
}

TEST(a_takeover_whose_answer_was_lost_goes_on) {
    rig_init(&rig, 1);
    keep_words(client(0));
    struct client *c = rig_client(&rig, 2);
    rig.hits = 0;
    rig.on_reply = cut_joins;
    uint64_t command = take(c, words, buf_slice(&place));
    rig_finish(c, command, OK);
    CHECK_EQ(rig.hits, 1);
    rig_fini(&rig);
}

/* Two devices take the account over at the same time: both have the words. */
TEST(a_list_that_another_overtook_is_made_anew) {
    rig_init(&rig, 1);
    keep_words(client(0));
    struct client *a = rig_client(&rig, 1), *b = rig_client(&rig, 2);
    rig.hits = 0;
    rig.on_reply = cut_joins;
    uint64_t first = take(a, words, buf_slice(&place));
    rig_run(&rig); /* the server has a's list, and a doesn't know */
    CHECK_EQ(rig.hits, 1);
    a->away = true;
    uint64_t second = take(b, words, buf_slice(&place));
    rig_finish(b, second, OK);
    a->away = false;
    rig_finish(a, first, OK);
    CHECK(rig_status(a).registered);
    rig_fini(&rig);
}

/* A server that takes no list, since it has a newer one, and shows what the test wants it to. */
static buf shown;
static bool shows_what_came; /* else what the test put there, from the second time on */

static void say_to(const struct proto_edge_request *request, uint16_t type, slice body) {
    struct proto_edge_reply reply = {
        .session = request->session, .request = request->request, .type = type, .body = body};
    session_reply(&rig.links[reply.session - 1].session, &rig.env, &reply);
}

static enum verdict has_a_newer_list(struct rig *r, struct client *from, uint16_t type,
                                     slice body) {
    struct proto_error error = {.reason = PROTO_REASON_OLDER};
    struct proto_device_list_is is = {0};
    struct proto_device_join join;
    buf answer = {0};
    (void)from;
    if (type == PROTO_device_join) {
        CHECK_OK(proto_device_join_decode(body, &join));
        r->hits++;
        if (shows_what_came)
            CHECK_OK(buf_set(&shown, join.devices));
        CHECK_OK(proto_error_encode(&answer, &error));
        say_to(r->request, PROTO_error, buf_slice(&answer));
    } else if (type == PROTO_device_list_get && r->hits > 0) {
        is.devices = buf_slice(&shown);
        CHECK_OK(proto_device_list_is_encode(&answer, &is));
        say_to(r->request, PROTO_device_list_is, buf_slice(&answer));
    } else {
        return PASS;
    }
    buf_free(&answer);
    return DROP;
}

static struct client *take_from_a_liar(uint64_t *command) {
    struct client *c = rig_client(&rig, 3);
    rig.hits = 0;
    rig.on_request = has_a_newer_list;
    *command = take(c, words, buf_slice(&place));
    rig_pass(&rig, TIME_SECOND);
    return c;
}

TEST(a_server_whose_list_goes_back_is_not_followed) {
    uint64_t command;
    struct proto_device_list list;
    rig_init(&rig, 1);
    keep_words(client(0));
    CHECK_OK(buf_set(&shown, client(0)->core->account.r.devices));
    (void)rig_link(&rig, 0, 2);
    shows_what_came = false;
    struct client *c = take_from_a_liar(&command);
    rig_finish(c, command, ERR_LATE);
    CHECK_EQ(rig.hits, 1);
    CHECK(!rig_status(c).registered);
    CHECK_OK(core_devices_own(c->core, &list));
    CHECK_EQ(list.version, 3);
    CHECK_EQ(list.devices.count, 2);
    buf_free(&shown);
    rig_fini(&rig);
}

TEST(a_server_that_always_has_a_newer_list_is_left) {
    uint64_t command;
    rig_init(&rig, 1);
    keep_words(client(0));
    shows_what_came = true;
    struct client *c = take_from_a_liar(&command);
    refused(c, command, PROTO_REASON_OLDER);
    CHECK_EQ(rig.hits, 9);
    CHECK(!rig_status(c).registered);
    buf_free(&shown);
    rig_fini(&rig);
}

/* ---- A link ---- */

static char code[512];

static struct core_linking linking(struct client *c) {
    struct core_linking l;
    core_linking_get(c->core, &l);
    return l;
}

/* Both run until they are so far. */
static void until(struct client *c, enum core_linking_state state) {
    for (int i = 0; i < 50 && linking(c).state != state; i++)
        rig_pass(&rig, TIME_SECOND / 2);
    CHECK_EQ(linking(c).state, state);
}

/* A new device shows its code. */
static uint64_t show(struct client *c, slice server) {
    uint64_t command = 0;
    core_online(c->core, true, rig.now);
    CHECK_OK(core_device_link(c->core, server, rig.now, &command));
    until(c, CORE_LINKING_CODE);
    slice text = linking(c).code;
    CHECK(text.n < sizeof code);
    memcpy(code, text.p, text.n);
    code[text.n] = '\0';
    return command;
}

static uint64_t scan(struct client *c) {
    uint64_t command = 0;
    CHECK_OK(core_device_link_take(c->core, slice_str(code), rig.now, &command));
    return command;
}

/* Both show their digits. */
static void compare(struct client *c) {
    until(client(0), CORE_LINKING_DIGITS);
    until(c, CORE_LINKING_DIGITS);
}

static void confirm(struct client *c, bool same) {
    CHECK_OK(core_device_link_confirm(c->core, same, rig.now));
}

/* Client `fresh` becomes a device of client 0's account. */
static struct client *link(size_t fresh) {
    return rig_link(&rig, 0, fresh);
}

static uint32_t conversation_of(struct client *c, const uint8_t *group) {
    struct core_conversation state;
    for (size_t i = 0; core_conversation_at(c->core, i, &state) == OK; i++)
        if (memcmp(state.group_id.p, group, 32) == 0)
            return state.number;
    return 0;
}

static void group_id(struct client *c, uint32_t number, uint8_t group[32]) {
    struct core_conversation state;
    CHECK_OK(core_conversation_get(c->core, number, &state));
    memcpy(group, state.group_id.p, 32);
}

struct shown {
    char text[4096];
    size_t n, own, linked, unlinked;
};

static bool add_shown(void *ctx, const struct core_message *m) {
    struct shown *s = ctx;
    s->linked += m->kind == CORE_MESSAGE_LINKED;
    s->unlinked += m->kind == CORE_MESSAGE_UNLINKED;
    if (m->kind != CORE_MESSAGE_CONTENT)
        return true;
    s->own += m->own;
    CHECK(s->n + m->text.n + 2 < sizeof s->text);
    memcpy(s->text + s->n, m->text.p, m->text.n);
    s->n += m->text.n;
    s->text[s->n++] = '|';
    return true;
}

static struct shown history(struct client *c, uint32_t number) {
    struct shown s = {0};
    CHECK_OK(core_messages(c->core, number, 1, UINT64_MAX, add_shown, &s));
    return s;
}

static void say(struct client *c, uint32_t number, const char *text) {
    uint64_t command, message;
    CHECK_OK(core_send_text(c->core, number, CORE_TEXT_PLAIN, slice_str(text), NULL, rig.now,
                            &command, &message));
    rig_finish(c, command, OK);
    rig_pass(&rig, TIME_SECOND);
}

static void talk(void) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    say(client(0), 1, "one");
    say(client(1), 1, "two");
}

TEST(a_linked_device_has_contacts_conversations_and_what_was_said) {
    uint8_t group[32];
    talk();
    struct client *c = link(2);
    struct core_status s = rig_status(c);
    CHECK_SLICE(SLICE_ARRAY(s.account), SLICE_ARRAY(client(0)->account));
    CHECK_SLICE(s.name, slice_str("n0"));
    CHECK(!s.has_identity && s.registered);
    CHECK_EQ(s.contacts, 1);
    CHECK_EQ(s.devices, 2);
    CHECK_EQ(s.conversations, 2);
    group_id(client(0), 1, group);
    uint32_t number = conversation_of(c, group);
    CHECK(number != 0);
    struct shown h = history(c, number);
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|"));
    CHECK_EQ(h.own, 1);
    /* All say and hear everything, and what this account said is its own on both of its devices. */
    say(c, number, "three");
    say(client(1), 1, "four");
    say(client(0), 1, "five");
    h = history(c, number);
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|three|four|five|"));
    CHECK_EQ(h.own, 3);
    h = history(client(0), 1);
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|three|four|five|"));
    CHECK_EQ(h.own, 3);
    h = history(client(1), 1);
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|three|four|five|"));
    CHECK_EQ(h.own, 2);
    CHECK_EQ(h.linked, 1);
    rig_fini(&rig);
}

static bool linked_by[RIG_LINKS], sent_by[RIG_LINKS]; /* sessions */

static enum verdict note_sessions(struct rig *r, struct client *from, uint16_t type, slice body) {
    uint64_t session = r->request->session;
    (void)from, (void)body;
    CHECK(session < RIG_LINKS);
    bool links = type == PROTO_link_put || type == PROTO_link_get;
    linked_by[session] |= links;
    sent_by[session] |= !links && type != PROTO_ping;
    return PASS;
}

/* The new device says who it is soon after: what was sent beside the link would be that account's.
 */
TEST(what_two_devices_link_by_carries_nothing_else) {
    size_t sessions = 0;
    talk();
    rig.on_request = note_sessions;
    memset(linked_by, 0, sizeof linked_by);
    memset(sent_by, 0, sizeof sent_by);
    say(client(0), 1, "before");
    (void)link(2);
    say(client(0), 1, "after");
    for (size_t i = 0; i < RIG_LINKS; i++) {
        CHECK(!linked_by[i] || !sent_by[i]);
        sessions += linked_by[i];
    }
    CHECK_EQ(sessions, 2);
    rig_fini(&rig);
}

TEST(every_own_device_shows_that_one_was_linked) {
    talk();
    struct client *c = link(2);
    CHECK_EQ(history(client(0), rig_status(client(0)).own).linked, 1);
    struct client *d = link(3);
    CHECK_EQ(history(client(0), rig_status(client(0)).own).linked, 2);
    CHECK_EQ(history(c, rig_status(c).own).linked, 1);
    CHECK_EQ(rig_status(d).devices, 3);
    CHECK_EQ(rig_status(c).devices, 3);
    rig_fini(&rig);
}

TEST(whoever_writes_to_one_device_reaches_all) {
    uint64_t command;
    uint32_t number;
    rig_init(&rig, 2);
    struct client *c = link(2);
    rig_meet(
        c, client(1)); /* by a link of the linked device, which knows it now and tells the other */
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).contacts, 1);
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(0)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_EQ(rig_status(c).conversations, 2);
    CHECK_EQ(rig_status(client(0)).conversations, 2);
    uint8_t group[32];
    group_id(client(1), number, group);
    say(client(1), number, "hello");
    struct shown h = history(client(0), conversation_of(client(0), group));
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("hello|"));
    h = history(c, conversation_of(c, group));
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("hello|"));
    rig_fini(&rig);
}

/* ---- Whom strangers find ---- */

/* Client 1 finds the account by its handle, and asks; returns the conversation there. */
static uint32_t ask_by_handle(const char *name) {
    uint64_t command;
    uint32_t number;
    uint8_t account[CORE_ACCOUNT];
    struct client *b = client(1);
    CHECK_OK(core_handle_find(b->core, slice_str(name), SLICE_EMPTY, rig.now, &command));
    for (int i = 0; i < 100 && rig_done(b, command) == NULL; i++)
        rig_pass(&rig, TIME_SECOND);
    rig_finish(b, command, OK);
    CHECK_OK(core_found_accept(b->core, SLICE_EMPTY, rig.now, account));
    CHECK_SLICE(SLICE_ARRAY(account), SLICE_ARRAY(client(0)->account));
    CHECK_OK(core_conversation_new(b->core, SLICE_EMPTY, (const uint8_t(*)[CORE_ACCOUNT])account, 1,
                                   rig.now, &command, &number));
    rig_finish(b, command, OK);
    say(b, number, "may I ask");
    return number;
}

static enum core_conversation_state state_of(struct client *c, const uint8_t *group) {
    struct core_conversation state;
    CHECK_OK(core_conversation_get(c->core, conversation_of(c, group), &state));
    return state.state;
}

/* A card has one address. Until the request is accepted nothing goes back, and so nobody is added.
 */
TEST(a_request_by_a_handle_comes_to_the_device_that_claimed_it_and_once_accepted_to_all) {
    uint64_t command;
    uint8_t group[32];
    struct core_contact contact;
    rig_init(&rig, 2);
    struct client *c = link(2);
    CHECK_OK(core_handle_claim(client(0)->core, slice_str("quillfeather"), SLICE_EMPTY, rig.now,
                               &command));
    for (int i = 0; i < 100 && rig_done(client(0), command) == NULL; i++)
        rig_pass(&rig, TIME_SECOND);
    rig_finish(client(0), command, OK);
    uint32_t number = ask_by_handle("quillfeather");
    rig_pass(&rig, TIME_HOUR);
    group_id(client(1), number, group);
    uint32_t here = conversation_of(client(0), group);
    CHECK_EQ(state_of(client(0), group), CORE_CONVERSATION_REQUEST);
    CHECK_EQ(rig_status(c).conversations, 1);
    CHECK_OK(core_request_accept(client(0)->core, here, slice_str("who asked"), rig.now));
    rig_pass(&rig, 3 * TIME_MINUTE);
    CHECK_EQ(state_of(c, group), CORE_CONVERSATION_ACTIVE);
    CHECK_OK(core_contact_get(c->core, client(1)->account, &contact));
    CHECK_SLICE(contact.petname, slice_str("who asked"));
    say(client(1), number, "thanks");
    say(c, conversation_of(c, group), "from the other device");
    for (int i = 0; i < 2; i++) {
        struct client *own = i == 0 ? client(0) : c;
        struct shown h = history(own, conversation_of(own, group));
        CHECK_SLICE(slice_of(h.text, h.n), slice_str("may I ask|thanks|from the other device|"));
    }
    rig_fini(&rig);
}

/* Who has an address of each asks both; what the user decides on one holds on the other. */
TEST(a_request_that_is_accepted_on_one_device_is_on_the_other) {
    uint64_t command;
    uint32_t number;
    uint8_t group[32];
    struct core_contact contact;
    rig_init(&rig, 2);
    struct client *c = link(2);
    rig_take_link(client(0), client(1));
    rig_take_link(c, client(1));
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(0)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(client(1), command, OK);
    say(client(1), number, "may I ask");
    group_id(client(1), number, group);
    CHECK_EQ(state_of(client(0), group), CORE_CONVERSATION_REQUEST);
    CHECK_EQ(state_of(c, group), CORE_CONVERSATION_REQUEST);
    CHECK_OK(
        core_request_accept(c->core, conversation_of(c, group), slice_str("who asked"), rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(state_of(c, group), CORE_CONVERSATION_ACTIVE);
    CHECK_EQ(state_of(client(0), group), CORE_CONVERSATION_ACTIVE);
    CHECK_OK(core_contact_get(client(0)->core, client(1)->account, &contact));
    CHECK_SLICE(contact.petname, slice_str("who asked"));
    struct shown h = history(client(0), conversation_of(client(0), group));
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("may I ask|"));
    rig_fini(&rig);
}

TEST(what_is_said_before_the_other_device_is_added_is_told_to_it) {
    uint64_t command;
    uint32_t number;
    uint8_t group[32];
    rig_init(&rig, 2);
    struct client *c = link(2);
    rig_meet(client(0), client(1));
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(0)->account, 1, rig.now,
                                   &command, &number));
    say(client(1), number, "at once");
    rig_pass(&rig, 3 * TIME_MINUTE);
    group_id(client(1), number, group);
    struct shown h = history(c, conversation_of(c, group));
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("at once|"));
    rig_fini(&rig);
}

/* ---- The end of one ---- */

TEST(a_device_that_is_signed_off_is_out_everywhere) {
    uint64_t command;
    uint8_t group[32];
    talk();
    struct client *c = link(2);
    group_id(client(0), 1, group);
    CHECK_ERR(core_device_unlink(c->core, rig_status(client(0)).device, rig.now, &command),
              ERR_DENIED);
    CHECK_ERR(core_device_unlink(client(0)->core, rig_status(client(0)).device, rig.now, &command),
              ERR_DENIED);
    CHECK_ERR(core_device_unlink(client(0)->core, group, rig.now, &command), ERR_NOT_FOUND);
    CHECK_OK(core_device_unlink(client(0)->core, rig_status(c).device, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK(rig_status(c).out);
    CHECK_EQ(rig_state(client(0)).members, 2);
    CHECK_EQ(rig_state(client(1)).members, 2);
    CHECK_EQ(history(client(1), 1).unlinked, 1);
    CHECK_EQ(rig_status(client(0)).devices, 1);
    say(client(1), 1, "without it");
    struct shown h = history(c, conversation_of(c, group));
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|"));
    rig_fini(&rig);
}

/* The contact removes it, since the device with the identity's key is away. */
TEST(a_leaf_of_no_list_is_removed_by_the_next_committer) {
    uint64_t command;
    talk();
    struct client *c = link(2);
    CHECK_OK(core_device_unlink(client(0)->core, rig_status(c).device, rig.now, &command));
    for (int i = 0; i < 40 && core_conversation_lookup(client(0)->core, 1)->r.list_sent < 3; i++)
        rig_run(&rig);
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_EQ(rig_state(client(1)).members, 2);
    rig_fini(&rig);
}

TEST(a_list_never_goes_back_to_an_older_one) {
    struct core_contact contact;
    uint64_t command, message;
    buf old = {0}, content = {0};
    talk();
    struct client *c = link(2);
    CHECK_OK(buf_set(&old, client(0)->core->account.r.devices));
    CHECK_OK(core_device_unlink(client(0)->core, rig_status(c).device, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_OK(core_content_encode(&content, CONTENT_PROFILE, "application/vnd.sotto.devices",
                                 buf_slice(&old), NULL, NULL));
    CHECK_OK(
        core_send_content(client(0)->core, 1, buf_slice(&content), rig.now, &command, &message));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_OK(core_contact_get(client(1)->core, client(0)->account, &contact));
    CHECK_EQ(contact.list_version, 3);
    CHECK_EQ(contact.devices, 1);
    bool unlisted = false;
    CHECK_OK(core_devices_unlisted(client(1)->core, client(0)->account, rig_status(c).device,
                                   &unlisted));
    CHECK(unlisted);
    buf_free(&old);
    buf_free(&content);
    rig_fini(&rig);
}

/* ---- A device that is signed off, and still in the conversations ---- */

static buf own_list;

/* Client 0 knows a list without it; nothing else has followed yet. */
static void sign_off_unseen(struct client *c) {
    struct record_account *a = &client(0)->core->account.r;
    struct proto_device_list old;
    buf_clear(&own_list);
    CHECK_OK(core_devices_own(client(0)->core, &old));
    CHECK_OK(core_account_list_after(a, &old, rig_status(c).device, NULL, &own_list));
    a->devices = buf_slice(&own_list);
}

static void end_signed_off(void) {
    buf_free(&own_list);
    rig_fini(&rig);
}

TEST(a_device_that_is_signed_off_is_not_heard) {
    uint8_t group[32];
    struct core_contact contact;
    talk();
    struct client *c = link(2);
    group_id(client(0), 1, group);
    uint64_t dropped = rig_status(client(0)).dropped;
    sign_off_unseen(c);
    say(c, conversation_of(c, group), "it is me");
    struct shown h = history(client(0), 1);
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|"));
    CHECK_EQ(rig_status(client(0)).dropped, dropped + 1);
    h = history(client(1), 1); /* which has not heard of the list */
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|it is me|"));
    CHECK_OK(core_contact_rename(c->core, client(1)->account, slice_str("Mallory"), rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_OK(core_contact_get(client(0)->core, client(1)->account, &contact));
    CHECK_EQ(contact.petname.n, 0);
    end_signed_off();
}

TEST(nor_does_it_take_the_others_out_of_a_conversation) {
    uint8_t group[32];
    uint64_t command;
    talk();
    struct client *c = link(2);
    group_id(client(0), 1, group);
    sign_off_unseen(c);
    CHECK_OK(core_conversation_leave(c->core, conversation_of(c, group), rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_ACTIVE);
    end_signed_off();
}

TEST(nor_into_one) {
    uint64_t command;
    uint32_t number;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    struct client *c = link(2);
    rig_take_link(c, client(1)); /* which knows both devices now */
    uint32_t before = rig_status(client(0)).conversations;
    uint64_t dropped = rig_status(client(0)).dropped;
    sign_off_unseen(c);
    CHECK_OK(core_conversation_new(c->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])client(1)->account, 1, rig.now,
                                   &command, &number));
    rig_finish(c, command, OK);
    rig_pass(&rig, 5 * TIME_MINUTE);
    CHECK_EQ(rig_status(client(1)).conversations, 1);
    CHECK_EQ(rig_status(client(0)).conversations, before);
    CHECK(rig_status(client(0)).dropped > dropped); /* it came */
    end_signed_off();
}

/* ---- Which conversation is that of own devices ---- */

static uint8_t held_back[32];

/* Nobody is added to this group for now. */
static enum verdict hold_commits(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_commit commit;
    (void)r, (void)from;
    return type == PROTO_commit && proto_commit_decode(body, &commit) == OK &&
                   memcmp(commit.group, held_back, sizeof held_back) == 0
               ? DROP
               : PASS;
}

TEST(one_that_all_others_have_left_is_not_taken_for_it) {
    uint8_t own[32], group[32];
    uint64_t command;
    talk();
    group_id(client(0), 1, group);
    CHECK_OK(core_conversation_leave(client(1)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(0)).members, 1);
    memcpy(held_back, group, sizeof group);
    rig.on_request = hold_commits;
    struct client *c = link(2);
    CHECK_EQ(rig_status(c).conversations, 1);
    rig.on_request = NULL;
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_EQ(rig_status(c).conversations, 2);
    group_id(client(0), rig_status(client(0)).own, own);
    CHECK_EQ(rig_status(c).own, conversation_of(c, own));
    CHECK_EQ(rig_status(c).contacts, 1);
    struct shown h = history(c, conversation_of(c, group));
    CHECK_SLICE(slice_of(h.text, h.n), slice_str("one|two|"));
    rig_fini(&rig);
}

/* The order in which they come is chance: here the wrong one came first. */
TEST(what_comes_from_the_identitys_device_says_which_it_is) {
    uint8_t own[32];
    talk();
    struct client *c = link(2);
    group_id(client(0), rig_status(client(0)).own, own);
    c->core->account.r.own = 1 + (conversation_of(c, own) == 1);
    CHECK_OK(core_contact_rename(client(0)->core, client(1)->account, slice_str("Ben"), rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(c).own, conversation_of(c, own));
    struct core_contact contact;
    CHECK_OK(core_contact_get(c->core, client(1)->account, &contact));
    CHECK_SLICE(contact.petname, slice_str("Ben"));
    rig_fini(&rig);
}

TEST(what_comes_from_another_own_device_does_not) {
    uint8_t own[32];
    talk();
    struct client *c = link(2);
    group_id(client(0), rig_status(client(0)).own, own);
    client(0)->core->account.r.own = 1;
    CHECK_OK(core_contact_rename(c->core, client(1)->account, slice_str("Ben"), rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(0)).own, 1);
    rig_fini(&rig);
}

/* ---- A list's way to the server ---- */

static enum proto_reason refusal;
static unsigned refusals;

static enum verdict refuse_lists(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_error error = {.reason = refusal};
    buf answer = {0};
    (void)from, (void)body;
    if (type != PROTO_device_list_put || ++r->hits > refusals)
        return PASS;
    CHECK_OK(proto_error_encode(&answer, &error));
    say_to(r->request, PROTO_error, buf_slice(&answer));
    buf_free(&answer);
    return DROP;
}

static uint64_t unlink_refused(struct client *c, enum proto_reason reason, unsigned times) {
    uint64_t command;
    rig.hits = 0;
    rig.on_request = refuse_lists;
    refusal = reason;
    refusals = times;
    CHECK_OK(core_device_unlink(client(0)->core, rig_status(c).device, rig.now, &command));
    return command;
}

static uint32_t blocks(struct client *c) {
    return rig_status(c).blocked;
}

/* The server does not have the list yet, so that its mailbox is still there. */
TEST(a_device_that_is_signed_off_is_told_nothing_before_it_is_out) {
    const uint8_t account[CORE_ACCOUNT] = {9};
    rig_init(&rig, 1);
    struct client *c = link(2), *gone = link(3);
    uint32_t own = rig_status(client(0)).own;
    unlink_refused(gone, PROTO_REASON_BUSY, 99);
    CHECK_OK(core_block(client(0)->core, account, rig.now));
    rig_run(&rig);
    CHECK_EQ(rig_status(gone).auth, CORE_LINK_READY);
    CHECK_EQ(blocks(gone), 0);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(blocks(gone), 0);
    CHECK_EQ(blocks(c), 1);
    say(client(0), own, "among us");
    CHECK_EQ(rig_status(client(0)).outbox, 0);
    rig_fini(&rig);
}

static uint16_t busy;

static enum verdict be_busy(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_error error = {.reason = PROTO_REASON_BUSY};
    buf answer = {0};
    (void)body;
    if (from != client(0) || (type != busy && type != PROTO_device_list_put))
        return PASS;
    CHECK_OK(proto_error_encode(&answer, &error));
    say_to(r->request, PROTO_error, buf_slice(&answer));
    buf_free(&answer);
    return DROP;
}

TEST(nor_is_it_told_what_was_encrypted_before) {
    const uint8_t account[CORE_ACCOUNT] = {9};
    rig_init(&rig, 1);
    struct client *c = link(2), *gone = link(3);
    rig.on_request = be_busy;
    busy = PROTO_send;
    CHECK_OK(core_block(client(0)->core, account, rig.now));
    rig_run(&rig);
    unlink_refused(gone, PROTO_REASON_BUSY, 99);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(gone).auth, CORE_LINK_READY);
    CHECK_EQ(blocks(gone), 0);
    CHECK_EQ(blocks(c), 1);
    rig_fini(&rig);
}

TEST(but_another_hears_of_the_list_and_removes_it) {
    uint64_t command;
    const uint8_t account[CORE_ACCOUNT] = {9};
    rig_init(&rig, 1);
    struct client *c = link(2), *gone = link(3);
    rig.on_request = be_busy;
    busy = PROTO_commit;
    CHECK_OK(core_device_unlink(client(0)->core, rig_status(gone).device, rig.now, &command));
    CHECK_OK(core_block(client(0)->core, account, rig.now));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(blocks(gone), 0);
    CHECK_EQ(blocks(c), 1);
    rig_fini(&rig);
}

TEST(a_list_that_the_server_refuses_is_put_again_later_and_later) {
    uint64_t at[5];
    bool wakes = false;
    rig_init(&rig, 1);
    struct client *c = link(2);
    uint64_t command = unlink_refused(c, PROTO_REASON_BUSY, 4);
    rig_run(&rig);
    at[0] = rig.now;
    for (unsigned i = 1; i < 5; i++) {
        CHECK_EQ(rig.hits, i);
        CHECK(rig_done(client(0), command) == NULL);
        for (int s = 0; s < 200 && rig.hits == i; s++) {
            wakes = wakes || client(0)->wake == client(0)->core->list_after;
            rig_pass(&rig, TIME_SECOND);
        }
        at[i] = rig.now;
    }
    CHECK(wakes);
    CHECK(at[4] - at[3] > at[1] - at[0]);
    rig_finish(client(0), command, OK);
    CHECK(!client(0)->core->account.r.put_list);
    CHECK_EQ(rig.hits, 5);
    rig_fini(&rig);
}

TEST(a_list_that_another_overtook_is_not_put_again) {
    rig_init(&rig, 1);
    struct client *c = link(2);
    uint64_t command = unlink_refused(c, PROTO_REASON_OLDER, 9);
    refused(client(0), command, PROTO_REASON_OLDER);
    rig_pass(&rig, TIME_HOUR);
    CHECK_EQ(rig.hits, 1);
    rig_fini(&rig);
}

static struct proto_edge_request first_put;

static enum verdict keep_first_put(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)from, (void)body;
    if (type != PROTO_device_list_put || r->hits++ > 0)
        return PASS;
    first_put = *r->request;
    return DROP;
}

TEST(a_list_that_is_signed_while_another_is_put_is_put_after_it) {
    uint64_t first, second;
    rig_init(&rig, 1);
    struct client *c = link(2), *d = link(3);
    rig.hits = 0;
    rig.on_request = keep_first_put;
    CHECK_OK(core_device_unlink(client(0)->core, rig_status(c).device, rig.now, &first));
    rig_run(&rig);
    CHECK_OK(core_device_unlink(client(0)->core, rig_status(d).device, rig.now, &second));
    rig_run(&rig);
    CHECK_EQ(rig.hits, 1);
    say_to(&first_put, PROTO_ok, SLICE_EMPTY);
    rig_finish(client(0), second, OK);
    CHECK_EQ(rig.hits, 2);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK(rig_status(c).out && rig_status(d).out);
    rig_fini(&rig);
}

/* ---- What goes wrong ---- */

TEST(a_contact_link_of_a_device_that_is_in_no_list_is_refused) {
    uint64_t command;
    uint8_t account[16];
    rig_init(&rig, 2);
    client(0)->core->account.r.device[0] ^= 1;
    CHECK_OK(core_link_new(client(0)->core, false, CORE_LINK_DAYS * TIME_DAY, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_ERR(core_contact_accept(client(1)->core, rig_done(client(0), command)->notice.text,
                                  SLICE_EMPTY, rig.now, account),
              ERR_SIGNATURE);
    rig_fini(&rig);
}

/* The server puts a key of its own into the list that the identity asked for. */
static enum verdict change_list(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to;
    if (type != PROTO_device_list_is)
        return PASS;
    buf changed = {0};
    struct proto_edge_reply reply = *r->reply;
    CHECK_OK(buf_set(&changed, body));
    changed.p[60] ^= 1;
    reply.body = buf_slice(&changed);
    r->hits++;
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&changed);
    return DROP;
}

TEST(a_list_that_the_server_changed_is_not_signed_again) {
    rig_init(&rig, 1);
    keep_words(client(0));
    struct client *c = rig_client(&rig, 2);
    rig.hits = 0;
    rig.on_reply = change_list;
    (void)take(c, words, buf_slice(&place));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig.hits > 0);
    CHECK(!rig_status(c).registered);
    CHECK(rig_ended(c, ERR_MALFORMED));
    rig_fini(&rig);
}

/* ---- The user's word at each of the two ---- */

static uint64_t fresh_command, holder_command;

/* Client 2 is a new device, and both show their digits. */
static struct client *to_digits(void) {
    rig_init(&rig, 1);
    struct client *c = rig_client(&rig, 2);
    fresh_command = show(c, slice_str("here:1"));
    holder_command = scan(client(0));
    compare(c);
    return c;
}

static void nothing_linked(struct client *c, uint32_t list_version) {
    struct proto_device_list list;
    rig_finish(client(0), holder_command, ERR_DENIED);
    rig_finish(c, fresh_command, ERR_DENIED);
    CHECK(!rig_status(c).has_account);
    CHECK_EQ(linking(c).state, CORE_LINKING_OFF);
    CHECK_EQ(rig_status(client(0)).devices, 1);
    CHECK_OK(core_devices_own(client(0)->core, &list));
    CHECK_EQ(list.version, list_version);
    rig_fini(&rig);
}

TEST(a_no_ends_the_link_on_both_sides) {
    struct client *c = to_digits();
    confirm(client(0), false);
    nothing_linked(c, 1);
}

TEST(a_no_at_the_new_device_ends_the_link_on_both_sides) {
    struct client *c = to_digits();
    confirm(c, false);
    nothing_linked(c, 1);
}

TEST(a_no_is_heard_by_who_has_not_shown_its_digits_yet) {
    rig_init(&rig, 1);
    struct client *c = rig_client(&rig, 2);
    fresh_command = show(c, slice_str("here:1"));
    holder_command = scan(client(0));
    until(c, CORE_LINKING_DIGITS);
    CHECK_EQ(linking(client(0)).state, CORE_LINKING_OPENING);
    confirm(c, false);
    nothing_linked(c, 1);
}

static enum verdict drop_puts(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)from, (void)body;
    return type == PROTO_link_put ? DROP : PASS;
}

TEST(a_no_that_can_t_be_told_ends_the_link_all_the_same) {
    struct client *c = to_digits();
    rig.on_request = drop_puts;
    confirm(c, false);
    CHECK_ERR(core_device_link_confirm(c->core, true, rig.now), ERR_STATE);
    rig_finish(c, fresh_command, ERR_DENIED);
    CHECK_EQ(linking(c).state, CORE_LINKING_OFF);
    CHECK(!rig_status(c).has_account);
    rig_fini(&rig);
}

TEST(a_no_at_the_new_device_after_the_others_yes_signs_it_off) {
    struct client *c = to_digits();
    confirm(client(0), true);
    rig_pass(&rig, 2 * TIME_SECOND);
    confirm(c, false);
    nothing_linked(c, 3);
}

TEST(a_no_of_the_other_ends_it_after_the_new_devices_yes) {
    struct client *c = to_digits();
    confirm(c, true);
    CHECK_ERR(core_device_link_confirm(c->core, true, rig.now), ERR_STATE);
    rig_pass(&rig, 2 * TIME_SECOND);
    CHECK_EQ(linking(c).state, CORE_LINKING_ACCOUNT);
    confirm(client(0), false);
    nothing_linked(c, 1);
}

TEST(nothing_is_taken_over_before_the_new_devices_user_says_yes) {
    struct client *c = to_digits();
    confirm(client(0), true);
    rig_pass(&rig, 20 * TIME_SECOND);
    CHECK_EQ(linking(c).state, CORE_LINKING_DIGITS);
    CHECK(!rig_status(c).has_account);
    confirm(c, true);
    rig_finish(client(0), holder_command, OK);
    rig_finish(c, fresh_command, OK);
    CHECK(rig_status(c).registered);
    rig_fini(&rig);
}

TEST(a_new_device_whose_user_says_nothing_takes_nothing) {
    struct client *c = to_digits();
    confirm(client(0), true);
    rig_pass(&rig, 2 * TIME_MINUTE);
    rig_finish(c, fresh_command, ERR_TIMEOUT);
    rig_finish(client(0), holder_command, ERR_TIMEOUT);
    CHECK(!rig_status(c).has_account);
    rig_fini(&rig);
}

/* One takes nearly a minute, and there is time for the rest. */
TEST(slow_people_link_all_the_same) {
    struct client *c = to_digits();
    confirm(client(0), true);
    rig_pass(&rig, 55 * TIME_SECOND);
    c->away = true;
    confirm(c, true);
    rig_pass(&rig, 10 * TIME_SECOND);
    c->away = false;
    rig_finish(client(0), holder_command, OK);
    rig_finish(c, fresh_command, OK);
    rig_fini(&rig);
}

static enum verdict count_puts(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)from, (void)body;
    r->hits += type == PROTO_link_put;
    return PASS;
}

TEST(a_list_that_was_not_stored_does_not_go_out) {
    struct client *c = to_digits();
    rig.hits = 0;
    rig.on_request = count_puts;
    client(0)->plan.fail_commit_in = 0;
    confirm(client(0), true);
    rig_finish(client(0), holder_command, ERR_DISK_FULL);
    CHECK_EQ(client(0)->plan.fail_commit_in, -1);
    CHECK_EQ(linking(client(0)).state, CORE_LINKING_OFF);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig.hits, 0);
    CHECK_EQ(rig_status(client(0)).devices, 1);
    rig_finish(c, fresh_command, ERR_TIMEOUT);
    rig_fini(&rig);
}

TEST(a_code_is_over_after_a_minute_and_works_once) {
    rig_init(&rig, 2);
    struct client *c = rig_client(&rig, 2);
    uint64_t a = show(c, slice_str("here:1"));
    rig_pass(&rig, TIME_MINUTE + TIME_SECOND);
    rig_finish(c, a, ERR_TIMEOUT);
    refused(client(0), scan(client(0)), PROTO_REASON_NONE);
    /* Once used, it is of no use to another account. */
    (void)show(c, slice_str("here:1"));
    (void)scan(client(0));
    until(c, CORE_LINKING_DIGITS);
    refused(client(1), scan(client(1)), PROTO_REASON_NONE);
    rig_fini(&rig);
}

TEST(what_is_no_code_and_no_server_is_refused_at_once) {
    uint64_t command;
    talk();
    struct client *c = rig_client(&rig, 2);
    CHECK_ERR(core_device_link_take(client(0)->core, slice_str("sotto:link:here#aaaa"), rig.now,
                                    &command),
              ERR_TRUNCATED);
    CHECK_ERR(core_device_link_take(client(0)->core, slice_str("hello"), rig.now, &command),
              ERR_MALFORMED);
    CHECK_ERR(core_device_link_take(c->core, slice_str("hello"), rig.now, &command), ERR_STATE);
    CHECK_ERR(core_device_link_confirm(client(0)->core, true, rig.now), ERR_STATE);
    CHECK_ERR(core_device_link(client(0)->core, slice_str("here:1"), rig.now, &command),
              ERR_EXISTS);
    CHECK_ERR(core_device_link(c->core, slice_str("he re"), rig.now, &command), ERR_MALFORMED);
    CHECK_ERR(core_device_link(c->core, SLICE_EMPTY, rig.now, &command), ERR_MALFORMED);
    struct client *d = link(3);
    CHECK_ERR(core_device_link_take(d->core, slice_str(code), rig.now, &command), ERR_DENIED);
    rig_fini(&rig);
}

/* Somebody shows the first device a code of its own, and takes that of the new one. */
TEST(in_the_middle_the_digits_are_others) {
    rig_init(&rig, 2);
    struct client *c = rig_client(&rig, 2), *m = rig_client(&rig, 3);
    char real[sizeof code];
    (void)show(c, slice_str("here:1"));
    memcpy(real, code, sizeof real);
    (void)show(m, slice_str("here:1"));
    (void)scan(client(0));
    memcpy(code, real, sizeof code);
    (void)scan(client(1));
    compare(c);
    CHECK(strcmp(linking(client(0)).digits, linking(c).digits) != 0);
    rig_fini(&rig);
}

/* A nonce chosen after the first message would choose the digits. */
TEST(another_nonce_than_the_code_binds_is_refused) {
    rig_init(&rig, 1);
    struct client *c = rig_client(&rig, 2);
    (void)show(c, slice_str("here:1"));
    c->core->linking.nonce[0] ^= 1;
    uint64_t b = scan(client(0));
    rig_finish(client(0), b, ERR_CRYPTO);
    rig_fini(&rig);
}

/* The new device was led to another server, which passes the frames on: the account names the key.
 */
TEST(a_server_with_another_key_is_found_out) {
    rig_init(&rig, 1);
    struct client *c = rig_client(&rig, 2);
    uint64_t a = show(c, slice_str("here:1"));
    (void)scan(client(0));
    compare(c);
    c->core->linking.hello.noise_key[0] ^= 1;
    confirm(client(0), true);
    confirm(c, true);
    rig_finish(c, a, ERR_IDENTITY);
    CHECK(!rig_status(c).has_account);
    rig_fini(&rig);
}

TEST(a_server_whose_key_is_known_is_pinned_from_the_start) {
    uint64_t command;
    rig_init(&rig, 1);
    keep_words(client(0));
    rig.identity[0] ^= 1;
    struct client *c = rig_client(&rig, 2);
    core_online(c->core, true, rig.now);
    CHECK_OK(core_device_link(c->core, rig_join_link(&rig), rig.now, &command));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_last(c, CORE_NOTICE_TROUBLE)->notice.error, ERR_IDENTITY);
    rig_fini(&rig);
}

TEST(a_new_device_that_dies_while_it_joins_goes_on) {
    rig_init(&rig, 1);
    struct client *c = rig_client(&rig, 2);
    (void)show(c, slice_str("here:1"));
    (void)scan(client(0));
    compare(c);
    rig.hits = 0;
    rig.on_reply = cut_joins;
    confirm(client(0), true);
    confirm(c, true);
    until(c, CORE_LINKING_JOINING);
    rig_crash(c);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_status(c).registered);
    CHECK_EQ(rig_status(client(0)).devices, 2);
    rig_fini(&rig);
}

TEST_MAIN
