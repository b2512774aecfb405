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

/* ---- What goes wrong ---- */

TEST(a_contact_link_of_a_device_that_is_in_no_list_is_refused) {
    uint64_t command;
    uint8_t account[16];
    rig_init(&rig, 2);
    client(0)->core->account.r.device[0] ^= 1;
    CHECK_OK(core_contact_link(client(0)->core, rig.now, &command));
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

TEST(a_no_ends_the_link_on_both_sides) {
    rig_init(&rig, 1);
    struct client *c = rig_client(&rig, 2);
    uint64_t a = show(c, slice_str("here:1")), b = scan(client(0));
    until(client(0), CORE_LINKING_DIGITS);
    until(c, CORE_LINKING_DIGITS);
    CHECK_ERR(core_device_link_confirm(c->core, true, rig.now), ERR_STATE);
    CHECK_OK(core_device_link_confirm(client(0)->core, false, rig.now));
    rig_finish(client(0), b, ERR_DENIED);
    rig_finish(c, a, ERR_DENIED);
    CHECK(!rig_status(c).has_account);
    CHECK_EQ(rig_status(client(0)).devices, 1);
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
    until(client(0), CORE_LINKING_DIGITS);
    until(c, CORE_LINKING_DIGITS);
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
    until(client(0), CORE_LINKING_DIGITS);
    until(c, CORE_LINKING_DIGITS);
    c->core->linking.hello.noise_key[0] ^= 1;
    CHECK_OK(core_device_link_confirm(client(0)->core, true, rig.now));
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
    until(client(0), CORE_LINKING_DIGITS);
    until(c, CORE_LINKING_DIGITS);
    rig.hits = 0;
    rig.on_reply = cut_joins;
    CHECK_OK(core_device_link_confirm(client(0)->core, true, rig.now));
    until(c, CORE_LINKING_JOINING);
    rig_crash(c);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_status(c).registered);
    CHECK_EQ(rig_status(client(0)).devices, 2);
    rig_fini(&rig);
}

TEST_MAIN
