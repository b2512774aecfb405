/* What is said about messages: edits, withdrawals, reactions; whatever the order in which they
 * come, and whoever else tries. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct client *ann, *ben, *cem;

static void three(void) {
    rig_init(&rig, 3);
    ann = &rig.clients[0];
    ben = &rig.clients[1];
    cem = &rig.clients[2];
    rig_meet_all(&rig, 3);
    rig_conversation(&rig, 3);
}

static void settle(void) {
    rig_pass(&rig, 10 * TIME_SECOND);
}

/* ---- What is shown ---- */

struct shown {
    struct core_message m;
    char text[256];
    bool found;
};

struct looking {
    const char *text;
    const uint8_t *id;
    struct shown *shown;
};

static bool look(void *ctx, const struct core_message *m) {
    struct looking *l = ctx;
    bool fits = l->id != NULL ? memcmp(m->id, l->id, sizeof m->id) == 0
                              : slice_equal(m->text, slice_str(l->text));
    if (m->kind != CORE_MESSAGE_CONTENT || !fits)
        return true;
    *l->shown = (struct shown){.m = *m, .found = true};
    CHECK(m->text.n < sizeof l->shown->text);
    if (m->text.n > 0)
        memcpy(l->shown->text, m->text.p, m->text.n);
    return false;
}

static struct shown by_text(struct client *c, const char *text) {
    struct shown shown = {0};
    struct looking l = {.text = text, .shown = &shown};
    CHECK_OK(core_messages(c->core, 1, 1, UINT64_MAX, look, &l));
    return shown;
}

static struct shown by_id(struct client *c, const uint8_t id[32]) {
    struct shown shown = {0};
    struct looking l = {.id = id, .shown = &shown};
    CHECK_OK(core_messages(c->core, 1, 1, UINT64_MAX, look, &l));
    return shown;
}

/* Says it; its id is the same for all. */
static struct shown say(struct client *c, const char *text) {
    rig_say(c, text);
    settle();
    struct shown shown = by_text(c, text);
    CHECK(shown.found);
    return shown;
}

static void check_text(struct client *c, const uint8_t id[32], const char *text, bool edited) {
    struct shown shown = by_id(c, id);
    CHECK(shown.found);
    CHECK_SLICE(slice_str(shown.text), slice_str(text));
    CHECK_EQ(shown.m.edited, edited);
    CHECK(!shown.m.withdrawn);
}

struct reactions {
    char text[256];
};

static bool add_reaction(void *ctx, const struct core_reaction *r) {
    struct reactions *all = ctx;
    size_t n = strlen(all->text);
    CHECK(n + r->text.n + 2 < sizeof all->text);
    memcpy(all->text + n, r->text.p, r->text.n);
    snprintf(all->text + n + r->text.n, sizeof all->text - n - r->text.n, r->own ? "! " : " ");
    return true;
}

static const char *reactions(struct client *c, const uint8_t id[32]) {
    static struct reactions all;
    memset(&all, 0, sizeof all);
    CHECK_OK(core_reactions(c->core, 1, by_id(c, id).m.number, add_reaction, &all));
    return all.text;
}

static uint64_t react(struct client *c, const uint8_t id[32], const char *text) {
    uint64_t command, number;
    CHECK_OK(core_send_text(c->core, 1, CORE_TEXT_REACTION, slice_str(text), id, rig.now, &command,
                            &number));
    settle();
    return number;
}

static void edit(struct client *c, const uint8_t id[32], const char *text) {
    uint64_t command, number;
    CHECK_OK(core_message_edit(c->core, 1, by_id(c, id).m.number, slice_str(text), rig.now,
                               &command, &number));
    settle();
}

static void withdraw(struct client *c, const uint8_t id[32]) {
    uint64_t command;
    CHECK_OK(core_message_delete(c->core, 1, by_id(c, id).m.number, rig.now, &command));
    settle();
}

/* Any content. */
static void send(struct client *c, const buf *content) {
    uint64_t command, number;
    CHECK_OK(core_send_content(c->core, 1, buf_slice(content), rig.now, &command, &number));
    settle();
}

static void send_edit(struct client *c, const uint8_t id[32], const char *text, uint64_t time) {
    buf content = {0};
    CHECK_OK(core_content_encode_edit(&content, "text/plain", slice_str(text), NULL, id, time));
    send(c, &content);
    buf_free(&content);
}

static void send_delete(struct client *c, const uint8_t id[32]) {
    buf content = {0};
    CHECK_OK(core_content_encode_delete(&content, CONTENT_RENDER, NULL, id));
    send(c, &content);
    buf_free(&content);
}

/* ---- Edits ---- */

TEST(an_edit_is_shown_in_place_of_the_message_by_everybody) {
    three();
    struct shown m = say(ann, "first words");
    edit(ann, m.m.id, "second words");
    check_text(ann, m.m.id, "second words", true);
    check_text(ben, m.m.id, "second words", true);
    check_text(cem, m.m.id, "second words", true);
    CHECK(rig_last(ben, CORE_NOTICE_CHANGED) != NULL);
    CHECK_EQ(rig_last(ben, CORE_NOTICE_CHANGED)->notice.message, by_id(ben, m.m.id).m.number);
    edit(ann, m.m.id, "third words");
    check_text(ben, m.m.id, "third words", true);
    /* Of its edits the newest alone is kept, and says what it is about. */
    CHECK_EQ(rig_stored(ben, "second words"), 0);
    rig_crash(ben);
    check_text(ben, m.m.id, "third words", true);
    rig_fini(&rig);
}

TEST(nobody_edits_or_withdraws_what_others_said) {
    uint64_t command, number;
    three();
    struct shown m = say(ann, "mine");
    CHECK_ERR(core_message_edit(ben->core, 1, by_id(ben, m.m.id).m.number, slice_str("no"), rig.now,
                                &command, &number),
              ERR_DENIED);
    CHECK_ERR(core_message_delete(ben->core, 1, by_id(ben, m.m.id).m.number, rig.now, &command),
              ERR_DENIED);
    send_edit(ben, m.m.id, "his", rig.now);
    send_delete(ben, m.m.id);
    check_text(ann, m.m.id, "mine", false);
    check_text(ben, m.m.id, "mine", false);
    check_text(cem, m.m.id, "mine", false);
    CHECK_EQ(by_text(cem, "his").m.about, 0);
    edit(ann, m.m.id, "hers");
    check_text(cem, m.m.id, "hers", true);
    rig_fini(&rig);
}

TEST(of_two_edits_the_later_one_holds_in_whatever_order_they_come) {
    three();
    struct shown m = say(ann, "one");
    send_edit(ann, m.m.id, "three", rig.now + 2);
    send_edit(ann, m.m.id, "two", rig.now + 1 - TIME_MINUTE);
    check_text(ann, m.m.id, "three", true);
    check_text(ben, m.m.id, "three", true);
    CHECK_EQ(rig_stored(ben, "two"), 0);
    /* Whose clock was ahead is not mute from then on. */
    send_edit(ann, m.m.id, "four", rig.now + TIME_WEEK);
    edit(ann, m.m.id, "five");
    check_text(ann, m.m.id, "five", true);
    check_text(ben, m.m.id, "five", true);
    rig_fini(&rig);
}

TEST(what_comes_before_what_it_names_holds_when_that_comes) {
    uint8_t first[32], second[32], third[32];
    buf a = {0}, b = {0}, r = {0};
    three();
    slice group = rig_state(ann).group_id;
    CHECK_OK(core_content_encode(&a, CONTENT_RENDER, "text/plain", slice_str("late"), NULL, NULL));
    CHECK_OK(core_content_encode(&b, CONTENT_RENDER, "text/plain", slice_str("gone"), NULL, NULL));
    CHECK_OK(core_content_id_of(first, ann->account, group, buf_slice(&a)));
    CHECK_OK(core_content_id_of(second, ann->account, group, buf_slice(&b)));
    CHECK_OK(core_content_encode(&r, CONTENT_REACTION, "text/plain", slice_str("+"), first, NULL));
    CHECK_OK(core_content_id_of(third, ann->account, group, buf_slice(&r)));
    send_edit(ann, first, "early", rig.now);
    react(ben, first, "x");
    send_delete(ann, second);
    send_delete(ben, first); /* not his */
    send_delete(ann, third);
    CHECK_EQ(by_text(ben, "early").m.about, 0);
    send(ann, &a);
    send(ann, &b);
    send(ann, &r);
    struct client *all[] = {ann, ben, cem};
    for (size_t i = 0; i < 3; i++) {
        check_text(all[i], first, "early", true);
        CHECK_SLICE(slice_str(reactions(all[i], first)), slice_str(all[i] == ben ? "x! " : "x "));
        CHECK(by_id(all[i], second).m.withdrawn);
        CHECK(!by_id(all[i], third).found);
        CHECK_EQ(rig_stored(all[i], "gone"), 0);
    }
    buf_free(&a);
    buf_free(&b);
    buf_free(&r);
    rig_fini(&rig);
}

TEST(only_a_text_of_our_own_is_edited) {
    uint64_t command, number;
    three();
    struct shown m = say(ann, "words");
    CHECK_ERR(core_message_edit(ann->core, 1, 99, slice_str("x"), rig.now, &command, &number),
              ERR_NOT_FOUND);
    CHECK_ERR(core_message_edit(ann->core, 1, 1, slice_str("x"), rig.now, &command, &number),
              ERR_UNSUPPORTED); /* that it was made */
    CHECK_ERR(core_message_edit(ann->core, 1, m.m.number, SLICE_EMPTY, rig.now, &command, &number),
              ERR_MALFORMED);
    uint64_t reaction = react(ann, m.m.id, "+");
    CHECK_ERR(core_message_edit(ann->core, 1, reaction, slice_str("x"), rig.now, &command, &number),
              ERR_UNSUPPORTED);
    withdraw(ann, m.m.id);
    CHECK_ERR(
        core_message_edit(ann->core, 1, m.m.number, slice_str("x"), rig.now, &command, &number),
        ERR_STATE);
    CHECK_ERR(core_message_delete(ann->core, 1, m.m.number, rig.now, &command), ERR_STATE);
    CHECK_ERR(core_message_delete(ann->core, 1, m.m.number + 2, rig.now, &command),
              ERR_UNSUPPORTED); /* the withdrawal itself */
    rig_fini(&rig);
}

/* ---- Withdrawals ---- */

TEST(of_what_is_withdrawn_nothing_stays_in_any_store) {
    three();
    struct shown m = say(ann, "the secret plan");
    edit(ann, m.m.id, "the better plan");
    react(ben, m.m.id, "applause");
    CHECK(rig_stored(ben, "the secret plan") > 0 && rig_stored(ben, "the better plan") > 0);
    withdraw(ann, m.m.id);
    struct client *all[] = {ann, ben, cem};
    for (size_t i = 0; i < 3; i++) {
        struct shown shown = by_id(all[i], m.m.id);
        CHECK(shown.found && shown.m.withdrawn && !shown.m.edited);
        CHECK_EQ(shown.m.text.n, 0);
        CHECK_EQ(shown.m.content.n, 0);
        CHECK_EQ(shown.m.reactions, 0);
        CHECK_EQ(rig_stored(all[i], "the secret plan"), 0);
        CHECK_EQ(rig_stored(all[i], "the better plan"), 0);
        CHECK_EQ(rig_stored(all[i], "applause"), 0);
    }
    /* What comes for it later leaves nothing either. */
    send_edit(ann, m.m.id, "another plan", rig.now + TIME_DAY);
    react(cem, m.m.id, "boo");
    CHECK(by_id(ben, m.m.id).m.withdrawn);
    CHECK_EQ(rig_stored(ben, "another plan"), 0);
    CHECK_EQ(rig_stored(ben, "boo"), 0);
    rig_fini(&rig);
}

TEST(a_reaction_too_many_is_not_kept) {
    char text[16];
    three();
    struct shown m = say(ann, "news");
    for (int i = 1; i <= 9; i++) {
        (void)snprintf(text, sizeof text, "number %d", i);
        react(cem, m.m.id, text);
    }
    CHECK_EQ(by_id(ben, m.m.id).m.reactions, 8);
    CHECK_EQ(rig_stored(ben, "number 8"), 1);
    CHECK_EQ(rig_stored(ben, "number 9"), 0);
    uint64_t newest, time;
    CHECK_OK(core_message_newest(ben->core, 1, &newest, &time));
    CHECK_EQ(newest, rig_state(ben).messages - 1);
    CHECK_ERR(core_message_newest(ben->core, 9, &newest, &time), ERR_NOT_FOUND);
    rig_fini(&rig);
}

TEST(what_is_withdrawn_before_it_is_sent_never_leaves) {
    uint64_t command;
    three();
    core_online(ann->core, false, rig.now);
    uint64_t said = rig_say(ann, "too fast");
    struct shown m = by_text(ann, "too fast");
    CHECK_OK(core_message_edit(ann->core, 1, m.m.number, slice_str("faster"), rig.now, &command,
                               &command));
    CHECK_OK(core_message_delete(ann->core, 1, m.m.number, rig.now, &command));
    rig_finish(ann, said, ERR_CHANGED);
    CHECK_EQ(rig_state(ann).outbox, 1);
    core_online(ann->core, true, rig.now);
    rig_finish(ann, command, OK);
    settle();
    CHECK(by_id(ann, m.m.id).m.withdrawn);
    CHECK(!by_id(ben, m.m.id).found);
    CHECK_EQ(rig_state(ann).outbox, 0);
    CHECK_EQ(rig_stored(ann, "too fast") + rig_stored(ann, "faster"), 0);
    CHECK_EQ(rig_stored(ben, "too fast") + rig_stored(ben, "faster"), 0);
    rig_fini(&rig);
}

/* ---- Reactions ---- */

TEST(reactions_are_gathered_and_taken_back) {
    uint64_t command;
    three();
    struct shown m = say(ann, "news");
    react(ben, m.m.id, "a");
    uint64_t second = react(ben, m.m.id, "b");
    react(cem, m.m.id, "c");
    CHECK_EQ(by_id(ann, m.m.id).m.reactions, 3);
    CHECK_SLICE(slice_str(reactions(ann, m.m.id)), slice_str("a b c "));
    CHECK_SLICE(slice_str(reactions(ben, m.m.id)), slice_str("a! b! c "));
    CHECK_EQ(by_text(ann, "b").m.about, by_id(ann, m.m.id).m.number);
    CHECK_OK(core_message_delete(ben->core, 1, second, rig.now, &command));
    settle();
    CHECK_SLICE(slice_str(reactions(ann, m.m.id)), slice_str("a c "));
    CHECK_EQ(by_id(ann, m.m.id).m.reactions, 2);
    CHECK(!by_text(ann, "b").found);
    CHECK_ERR(core_message_delete(ben->core, 1, second, rig.now, &command), ERR_NOT_FOUND);
    /* A blocked person's don't count, whenever they came. */
    CHECK_OK(core_block(ann->core, cem->account, rig.now));
    react(cem, m.m.id, "d");
    CHECK_SLICE(slice_str(reactions(ann, m.m.id)), slice_str("a "));
    CHECK_EQ(by_id(ann, m.m.id).m.reactions, 1);
    rig_fini(&rig);
}

TEST(one_person_has_a_few_reactions_to_a_message) {
    three();
    struct shown m = say(ann, "news");
    for (int i = 0; i < 12; i++)
        react(ben, m.m.id, "x");
    react(cem, m.m.id, "y");
    CHECK_EQ(by_id(ann, m.m.id).m.reactions, 9);
    rig_fini(&rig);
}

/* ---- Own devices ---- */

TEST(a_device_that_comes_later_sees_what_was_said_again) {
    struct core_conversation c;
    three();
    struct shown edited = say(ann, "old text"), gone = say(ben, "regret");
    edit(ann, edited.m.id, "new text");
    react(ben, edited.m.id, "r");
    withdraw(ben, gone.m.id);
    struct client *pad = rig_link(&rig, 0, 3);
    rig_pass(&rig, 3 * TIME_MINUTE);
    CHECK_OK(core_conversation_find(pad->core, slice_str("us"), &c));
    struct shown shown = {0};
    struct looking l = {.id = edited.m.id, .shown = &shown};
    CHECK_OK(core_messages(pad->core, c.number, 1, UINT64_MAX, look, &l));
    CHECK(shown.found && shown.m.edited);
    CHECK_SLICE(slice_str(shown.text), slice_str("new text"));
    CHECK_EQ(shown.m.reactions, 1);
    l.id = gone.m.id;
    CHECK_OK(core_messages(pad->core, c.number, 1, UINT64_MAX, look, &l));
    CHECK(shown.found && shown.m.withdrawn);
    CHECK_EQ(rig_stored(pad, "regret"), 0);
    rig_fini(&rig);
}

TEST_MAIN
