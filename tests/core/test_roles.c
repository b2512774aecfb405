/* Members and administrators: who may do what, and what becomes of a commit that may not. */
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

static struct conversation *view(size_t i) {
    struct conversation *c = core_conversation_lookup(client(i)->core, 1);
    CHECK(c != NULL);
    CHECK_OK(core_conversation_load(client(i)->core, c));
    return c;
}

/* ---- Who is one ---- */

static bool add_admin(void *ctx, const struct core_member *m) {
    char *text = ctx;
    size_t n = strlen(text);
    if (m->admin)
        text[n] = m->name.n > 0 ? (char)m->name.p[m->name.n - 1] : '?';
    return true;
}

/* The administrators' last digits of names, in the order of leaves. */
static const char *admins(size_t i) {
    static char text[64];
    memset(text, 0, sizeof text);
    CHECK_OK(core_members(client(i)->core, 1, add_admin, text));
    return text;
}

static void check_admins(size_t count, const char *expected) {
    for (size_t i = 0; i < count; i++)
        CHECK(strcmp(admins(i), expected) == 0);
}

static err role(size_t by, size_t whom, bool admin) {
    uint64_t command = 0;
    err e = core_conversation_role(client(by)->core, 1, client(whom)->account, admin, rig.now,
                                   &command);
    if (e == OK)
        rig_finish(client(by), command, OK);
    return e;
}

static err add(size_t by, size_t whom) {
    uint64_t command = 0;
    err e = core_conversation_add(client(by)->core, 1, client(whom)->account, rig.now, &command);
    if (e == OK)
        rig_finish(client(by), command, OK);
    return e;
}

static err drop(size_t by, size_t whom) {
    uint64_t command = 0;
    err e = core_conversation_remove(client(by)->core, 1, client(whom)->account, rig.now, &command);
    if (e == OK)
        rig_finish(client(by), command, OK);
    return e;
}

static err name(size_t by, const char *text) {
    uint64_t command = 0;
    err e = core_conversation_rename(client(by)->core, 1, slice_str(text), rig.now, &command);
    if (e == OK)
        rig_finish(client(by), command, OK);
    return e;
}

static err timer(size_t by, uint32_t seconds) {
    uint64_t command = 0;
    err e = core_conversation_timer(client(by)->core, 1, seconds, rig.now, &command);
    if (e == OK)
        rig_finish(client(by), command, OK);
    return e;
}

static void leave(size_t by) {
    uint64_t command;
    CHECK_OK(core_conversation_leave(client(by)->core, 1, rig.now, &command));
    rig_finish(client(by), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(by)).state, CORE_CONVERSATION_LEFT);
}

struct kinds {
    enum core_message_kind kind;
    size_t count;
};

static bool count_kind(void *ctx, const struct core_message *m) {
    struct kinds *k = ctx;
    k->count += m->kind == k->kind;
    return true;
}

static size_t events(size_t i, enum core_message_kind kind) {
    struct kinds k = {kind, 0};
    CHECK_OK(core_messages(client(i)->core, 1, 0, UINT64_MAX, count_kind, &k));
    return k.count;
}

TEST(whoever_makes_a_group_is_its_administrator_and_may_make_others) {
    rig_init(&rig, 4);
    rig_meet_all(&rig, 4);
    rig_conversation(&rig, 3);
    check_admins(3, "0");
    CHECK_ERR(add(1, 3), ERR_DENIED);
    CHECK_ERR(drop(1, 2), ERR_DENIED);
    CHECK_ERR(name(1, "mine"), ERR_DENIED);
    CHECK_ERR(role(1, 1, true), ERR_DENIED);
    CHECK_ERR(role(0, 3, true), ERR_NOT_FOUND);
    CHECK_ERR(role(0, 0, false), ERR_LIMIT);
    CHECK_OK(role(0, 1, true));
    CHECK_ERR(role(0, 1, true), ERR_EXISTS);
    check_admins(3, "01");
    CHECK_EQ(events(2, CORE_MESSAGE_PROMOTED), 1);
    CHECK_OK(add(1, 3));
    check_admins(4, "01");
    CHECK_OK(role(1, 0, false));
    check_admins(4, "1");
    CHECK_EQ(events(2, CORE_MESSAGE_DEMOTED), 1);
    CHECK_ERR(drop(0, 3), ERR_DENIED);
    CHECK_OK(name(1, "ours"));
    CHECK(slice_equal(rig_state(client(3)).name, slice_str("ours")));
    rig_same_state(&rig, 4);
    rig_fini(&rig);
}

TEST(administrators_say_who_may_change_the_timer) {
    uint64_t command;
    start(3);
    CHECK_OK(timer(1, 60));
    CHECK_EQ(rig_state(client(2)).timer, 60);
    CHECK_ERR(core_conversation_timer_all(client(1)->core, 1, false, rig.now, &command),
              ERR_DENIED);
    CHECK_OK(core_conversation_timer_all(client(0)->core, 1, false, rig.now, &command));
    rig_finish(client(0), command, OK);
    CHECK_ERR(timer(1, 90), ERR_DENIED);
    CHECK_OK(timer(0, 30));
    CHECK_EQ(rig_state(client(2)).timer, 30);
    rig_fini(&rig);
}

TEST(two_have_no_roles_until_a_third_comes) {
    rig_init(&rig, 4);
    rig_meet_all(&rig, 4);
    rig_conversation(&rig, 2);
    check_admins(2, "");
    CHECK_OK(name(1, "two"));
    uint64_t command;
    CHECK_ERR(
        core_conversation_role(client(0)->core, 1, client(1)->account, true, rig.now, &command),
        ERR_UNSUPPORTED);
    CHECK_OK(add(1, 2));
    check_admins(3, "01");
    CHECK_ERR(add(2, 3), ERR_DENIED);
    rig_fini(&rig);
}

/* ---- Going ---- */

TEST(who_leaves_is_let_go_by_an_administrator_when_one_is_there) {
    uint64_t command;
    start(4);
    core_online(client(0)->core, false, rig.now);
    CHECK_OK(core_conversation_leave(client(3)->core, 1, rig.now, &command));
    rig_finish(client(3), command, OK);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(3)).state, CORE_CONVERSATION_LEAVING);
    core_online(client(0)->core, true, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(3)).state, CORE_CONVERSATION_LEFT);
    rig_same_state(&rig, 3);
    check_admins(3, "0");
    rig_fini(&rig);
}

TEST(the_last_administrator_who_leaves_hands_it_on) {
    start(4);
    leave(0);
    for (size_t i = 1; i < 4; i++)
        CHECK(strcmp(admins(i), "1") == 0);
    CHECK_EQ(events(3, CORE_MESSAGE_PROMOTED), 1);
    CHECK_OK(role(1, 2, true));
    leave(1);
    CHECK(strcmp(admins(3), "2") == 0);
    CHECK_OK(drop(2, 3));
    rig_fini(&rig);
}

TEST(an_administrator_who_was_removed_comes_again_as_a_member) {
    start(3);
    CHECK_OK(role(0, 1, true));
    CHECK_OK(drop(0, 1));
    CHECK(strcmp(admins(0), "0") == 0);
    CHECK_OK(add(0, 1));
    CHECK(strcmp(admins(0), "0") == 0);
    CHECK(strcmp(admins(2), "0") == 0);
    rig_fini(&rig);
}

/* ---- At once ---- */

TEST(one_who_is_an_administrator_no_longer_loses_what_was_under_way) {
    uint64_t removal, demotion;
    start(4);
    CHECK_OK(role(0, 1, true));
    core_online(client(1)->core, false, rig.now);
    CHECK_OK(core_conversation_remove(client(1)->core, 1, client(2)->account, rig.now, &removal));
    CHECK_OK(
        core_conversation_role(client(0)->core, 1, client(1)->account, false, rig.now, &demotion));
    rig_finish(client(0), demotion, OK);
    core_online(client(1)->core, true, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    rig_finish(client(1), removal, ERR_DENIED);
    rig_same_state(&rig, 4);
    rig_fini(&rig);
}

TEST(two_administrators_commit_at_once) {
    uint64_t first, second;
    start(5);
    CHECK_OK(role(0, 1, true));
    CHECK_OK(core_conversation_remove(client(0)->core, 1, client(3)->account, rig.now, &first));
    CHECK_OK(core_conversation_remove(client(1)->core, 1, client(4)->account, rig.now, &second));
    rig_pass(&rig, TIME_MINUTE);
    rig_finish(client(0), first, OK);
    rig_finish(client(1), second, OK);
    CHECK(strcmp(rig_members(client(2)), "012") == 0);
    rig_same_state(&rig, 3);
    rig_fini(&rig);
}

/* ---- A core that was changed ---- */

/* Member `by` has this ordered as its commit, whatever it may do. */
static void order(size_t by, const struct mls_commit_params *params) {
    struct conversation *c = view(by);
    struct mls_committed made;
    struct proto_commit m = {0};
    uint32_t members;
    buf item = {0}, addresses = {0}, body = {0};
    memset(&made, 0, sizeof made);
    CHECK_OK(mls_group_commit(c->group, params, &client(by)->core->auth, &made));
    memcpy(m.group, c->r.group, sizeof m.group);
    CHECK_OK(core_leaf_token(c->group, m.token));
    CHECK_OK(core_leaf_staged_next(made.staged, m.next));
    CHECK_OK(core_leaf_staged_roster_hash(made.staged, m.roster_hash, &members));
    CHECK_OK(core_leaf_roster(c->group, &addresses, &m.addresses.count));
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&made.commit)));
    m.addresses.bytes = buf_slice(&addresses);
    m.item = buf_slice(&item);
    CHECK_OK(proto_commit_encode(&body, &m));
    struct proto_edge_request request = {
        .session = 1, .request = 1, .type = PROTO_commit, .body = buf_slice(&body)};
    mail_request(rig.mail, &request);
    rig_run(&rig);
    mls_committed_free(&made, client(by)->core->mem);
    buf_free(&item);
    buf_free(&addresses);
    buf_free(&body);
}

/* The same with other roles. */
static void order_roles(size_t by, slice list, const uint32_t *removes, size_t count) {
    buf data = {0};
    CHECK_OK(core_roles_write(&data, list, true));
    struct mls_extension extension = {ROLES_EXTENSION, buf_slice(&data)};
    struct mls_propose proposal = {.type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                   .extensions = &extension,
                                   .extension_count = 1};
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE,
                                       .removes = removes,
                                       .remove_count = count,
                                       .proposals = &proposal,
                                       .proposal_count = 1};
    order(by, &params);
    buf_free(&data);
}

static uint32_t leaf_of(size_t by, size_t whose) {
    uint32_t leaf = 0;
    CHECK(core_conversation_has(view(by), SLICE_ARRAY(client(whose)->account), &leaf));
    return leaf;
}

static void check_put_aside(void) {
    const struct notice *last = rig_last(client(0), CORE_NOTICE_QUARANTINED);
    CHECK(last != NULL);
    CHECK_ERR(last->notice.error, ERR_DENIED);
}

/* What was ordered is refused by all others, who go on. */
static void check_refused(size_t by) {
    check_put_aside();
    rig_pass(&rig, TIME_MINUTE);
    check_admins(4, "0");
    rig_same_state(&rig, 4);
    CHECK(!rig_state(client(by)).spoiled);
    rig_finish(client(1), rig_say(client(1), "and on"), OK);
    CHECK(strstr(rig_texts(client(2)), "and on") != NULL);
    CHECK_OK(name(0, "as before"));
    CHECK_OK(drop(0, 3));
    CHECK(strcmp(rig_members(client(2)), "012") == 0);
}

TEST(a_member_who_removes_another_is_refused_and_the_others_go_on) {
    start(4);
    uint32_t leaf = leaf_of(3, 2);
    struct mls_commit_params params = {
        .wire = MLS_PRIVATE_MESSAGE, .removes = &leaf, .remove_count = 1};
    order(3, &params);
    check_refused(3);
    rig_fini(&rig);
}

TEST(a_member_who_makes_itself_an_administrator_is_refused) {
    start(4);
    order_roles(3, SLICE_ARRAY(client(3)->account), NULL, 0);
    check_refused(3);
    rig_fini(&rig);
}

/* All but the administrator see the order move on and go on from there, too. */
TEST(a_member_who_removes_the_administrator_is_refused) {
    start(4);
    uint32_t leaf = leaf_of(3, 0);
    order_roles(3, SLICE_ARRAY(client(1)->account), &leaf, 1);
    rig_pass(&rig, TIME_MINUTE);
    check_refused(3);
    rig_fini(&rig);
}

TEST(what_was_refused_is_gone_on_from_after_a_crash) {
    start(4);
    uint32_t leaf = leaf_of(3, 2);
    struct mls_commit_params params = {
        .wire = MLS_PRIVATE_MESSAGE, .removes = &leaf, .remove_count = 1};
    order(3, &params);
    for (size_t i = 0; i < 3; i++)
        rig_crash(client(i));
    rig_pass(&rig, TIME_MINUTE);
    rig_same_state(&rig, 4);
    CHECK_OK(drop(0, 3));
    CHECK(strcmp(rig_members(client(1)), "012") == 0);
    rig_fini(&rig);
}

TEST(a_list_that_names_nobody_or_no_member_is_refused_from_an_administrator_too) {
    uint8_t stranger[CORE_ACCOUNT] = {1};
    start(4);
    CHECK_OK(role(0, 3, true));
    order_roles(3, SLICE_ARRAY(stranger), NULL, 0);
    check_put_aside();
    rig_pass(&rig, TIME_MINUTE);
    rig_same_state(&rig, 4);
    check_admins(4, "03");
    rig_fini(&rig);
}

/* Its own core says that it may. */
TEST(names_and_timers_of_those_who_may_not_are_ignored) {
    uint64_t command;
    start(3);
    CHECK_OK(core_conversation_timer_all(client(0)->core, 1, false, rig.now, &command));
    rig_finish(client(0), command, OK);
    struct core *core = client(2)->core;
    struct conversation *c = view(2);
    struct entry *entry = NULL;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_profile_rename(core, c, slice_str("theirs"), &entry));
    c->settings.changed = rig.now + 1;
    c->settings.timer = 5;
    CHECK_OK(core_timer_send(core, c, true, &entry));
    CHECK_OK(core_txn_end(core, OK));
    core_wake(core, rig.now);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(slice_equal(rig_state(client(0)).name, slice_str("us")));
    CHECK_EQ(rig_state(client(0)).timer, CORE_TIMER_DEFAULT);
    rig_fini(&rig);
}

/* ---- Devices ---- */

/* Its first conversation is that of own devices. */
static struct core_conversation on_the_new(size_t i) {
    struct core_conversation c;
    CHECK_OK(core_conversation_get(client(i)->core, 2, &c));
    return c;
}

TEST(a_member_links_a_device_and_signs_it_off) {
    uint64_t command;
    start(3);
    (void)rig_link(&rig, 1, 3);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(2)).members, 4);
    CHECK_EQ(on_the_new(3).members, 4);
    check_admins(3, "0");
    uint8_t device[16];
    memcpy(device, client(3)->core->account.r.device, 16);
    CHECK_OK(core_device_unlink(client(1)->core, device, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(2)).members, 3);
    check_admins(3, "0");
    rig_fini(&rig);
}

TEST(a_device_of_an_administrator_is_one) {
    start(3);
    (void)rig_link(&rig, 0, 3);
    rig_pass(&rig, TIME_MINUTE);
    uint64_t command;
    CHECK_OK(core_conversation_remove(client(3)->core, on_the_new(3).number, client(2)->account,
                                      rig.now, &command));
    rig_finish(client(3), command, OK);
    CHECK_EQ(rig_state(client(1)).members, 3);
    rig_fini(&rig);
}

TEST_MAIN
