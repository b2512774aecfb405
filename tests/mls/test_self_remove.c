/* SelfRemove (draft-ietf-mls-extensions-10 s.6.3). */
#include "mls/framing.h"
#include "mls/group.h"
#include "mls/tree_hash.h"
#include "tests/mls/people.h"

enum { ANNA = 0, BERT = 1, CARLA = 2, DORA = 3, MEMBERS = 4 };

/* Four members who all know SelfRemove, and whoever only follows. Eve is outside. */
struct scene {
    struct person people[MEMBERS], *all[MEMBERS], eve;
    struct mls_group *observer;
    buf message, info;
};

static const uint16_t self_remove = MLS_PROPOSAL_SELF_REMOVE;

static struct mls_leaf_params describe(const struct person *p, bool capable) {
    struct mls_leaf_params leaf = person_leaf(p);
    leaf.supported_proposals = &self_remove;
    leaf.supported_proposal_count = capable;
    return leaf;
}

static void key_package(struct person *p, bool capable) {
    struct mls_key_package_params params = {
        .leaf = describe(p, capable), .not_before = 1000, .not_after = 2000};
    buf_clear(&p->key_package);
    buf_clear(&p->secrets);
    CHECK_OK(mls_key_package_new(p->suite, &params, &p->key_package, &p->secrets));
}

/* The group context's external_senders extension: Eve. */
static buf external_senders(const struct person *eve) {
    buf data = {0};
    writer w = writer_on(&data);
    size_t mark = writer_open(&w);
    writer_vec(&w, buf_slice(&eve->pub));
    writer_u16(&w, MLS_CREDENTIAL_BASIC);
    writer_vec(&w, slice_str(eve->name));
    writer_close(&w, mark);
    CHECK_OK(writer_result(&w));
    return data;
}

/* capable: how many of the members list the type. */
static void scene_begin(struct scene *s, uint16_t suite, int capable) {
    static const char *const names[MEMBERS] = {"anna", "bert", "carla", "dora"};
    slice adds[MEMBERS - 1];
    memset(s, 0, sizeof(*s));
    for (int i = 0; i < MEMBERS; i++) {
        person_init(&s->people[i], suite, names[i]);
        key_package(&s->people[i], i < capable);
        s->all[i] = &s->people[i];
        if (i > 0)
            adds[i - 1] = buf_slice(&s->people[i].key_package);
    }
    person_init(&s->eve, suite, "eve");
    buf senders = external_senders(&s->eve);
    struct mls_extension extension = {MLS_EXTENSION_EXTERNAL_SENDERS, buf_slice(&senders)};
    struct person *anna = &s->people[ANNA];
    struct mls_group_params params = {.suite = anna->suite,
                                      .group_id = slice_str("group"),
                                      .leaf = describe(anna, capable > 0),
                                      .extensions = &extension,
                                      .extension_count = 1};
    CHECK_OK(mls_group_create(&anna->group, &params, &people_auth));
    buf_free(&senders);
    struct mls_commit_params commit = {
        .adds = adds, .add_count = MEMBERS - 1, .tree_in_welcome = true};
    people_commit(anna, &commit, NULL, 0, s->all + 1, MEMBERS - 1);
    struct mls_commit_params none = {0};
    for (int i = 0; i < MEMBERS; i++) /* so that the tree is full */
        people_commit(s->all[i], &none, s->all, MEMBERS, NULL, 0);
    CHECK_OK(mls_group_info(anna->group, true, true, &s->info));
    CHECK_OK(mls_group_observe(&s->observer, buf_slice(&s->info), SLICE_EMPTY, NULL, &people_auth,
                               NULL));
}

static void scene_end(struct scene *s) {
    for (int i = 0; i < MEMBERS; i++)
        person_free(&s->people[i]);
    person_free(&s->eve);
    mls_group_free(s->observer);
    buf_free(&s->message);
    buf_free(&s->info);
}

/* Everybody who is still there, and whoever follows, gets a message; then all restart. */
static void hear(struct scene *s, const struct person *but, slice message) {
    struct person watcher = {.group = s->observer};
    CHECK_OK(person_process(&watcher, message));
    person_reload(&watcher);
    s->observer = watcher.group;
    for (int i = 0; i < MEMBERS; i++) {
        struct person *p = s->all[i];
        if (p == but || p->group == NULL || mls_group_is_out(p->group))
            continue;
        CHECK_OK(person_process(p, message));
        person_reload(p);
    }
}

static err leave(const struct person *p, buf *out) {
    struct mls_propose what = {.type = MLS_PROPOSAL_SELF_REMOVE};
    return mls_group_propose(p->group, &what, &people_auth, 0, out);
}

/* One says that it leaves, and all hear it. */
static void announce(struct scene *s, int who, buf *out) {
    buf_clear(out);
    CHECK_OK(leave(s->all[who], out));
    person_reload(s->all[who]);
    hear(s, s->all[who], buf_slice(out));
}

/* The tree hash is that of the tree as a newcomer reads it, with nothing computed before. */
static void tree_hash_is_fresh(const struct mls_group *group) {
    struct mls_tree tree = {0};
    uint8_t hash[CRYPTO_HASH_MAX];
    buf bytes = {0};
    CHECK_OK(mls_group_tree(group, &bytes));
    reader r = reader_of(buf_slice(&bytes));
    CHECK_OK(mls_tree_read(&tree, &r, group->suite, NULL));
    CHECK_OK(mls_tree_hash_root(&tree, hash));
    CHECK_SLICE(slice_of(hash, group->suite->hash->len),
                buf_slice(&group->epoch->context.tree_hash));
    mls_tree_free(&tree);
    buf_free(&bytes);
}

static void follows(const struct scene *s, const struct mls_group *group) {
    CHECK_SLICE(buf_slice(&group->epoch->context_bytes),
                buf_slice(&s->observer->epoch->context_bytes));
    tree_hash_is_fresh(group);
    tree_hash_is_fresh(s->observer);
}

/* ---- Leaving ---- */

static void commit_and_hear(struct scene *s, struct person *by,
                            const struct mls_commit_params *given) {
    struct mls_commit_params params = *given;
    struct mls_committed c;
    params.wire = MLS_PUBLIC_MESSAGE;
    CHECK_OK(mls_group_commit(by->group, &params, &people_auth, &c));
    hear(s, by, buf_slice(&c.commit));
    mls_staged_apply(by->group, c.staged);
    c.staged = NULL;
    mls_committed_free(&c, NULL);
}

/* bug self-remove-hash */
TEST(a_member_leaves_and_another_commits_it) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        for (int who = 0; who < MEMBERS; who++) {
            struct scene s;
            struct mls_committed c;
            struct mls_commit_params none = {0};
            scene_begin(&s, mls_suite_id(mls_suite_at(i)), MEMBERS);
            struct person *leaver = s.all[who], *by = s.all[(who + 1) % MEMBERS];
            announce(&s, who, &s.message);
            CHECK_OK(mls_group_commit(by->group, &none, &people_auth, &c));
            CHECK_EQ(mls_staged_change_count(c.staged), 1);
            struct mls_change change = mls_staged_change(c.staged, 0);
            CHECK_EQ(change.what, MLS_REMOVED);
            CHECK_SLICE(change.member.identity, slice_str(leaver->name));
            CHECK_EQ(change.by.type, MLS_SENDER_MEMBER);
            CHECK_EQ(change.by.index, (uint32_t)who);
            mls_committed_free(&c, NULL);
            commit_and_hear(&s, by, &none);
            CHECK(mls_group_is_out(leaver->group));
            struct person *rest[MEMBERS];
            size_t n = 0;
            for (int j = 0; j < MEMBERS; j++)
                if (j != who)
                    rest[n++] = s.all[j];
            people_agree(rest, n);
            follows(&s, by->group);
            /* The leaf is free for who comes next, and it reads the same tree. */
            key_package(&s.eve, true);
            slice add = buf_slice(&s.eve.key_package);
            struct mls_commit_params params = {
                .adds = &add, .add_count = 1, .tree_in_welcome = true};
            struct person *eve = &s.eve;
            people_commit(by, &params, rest, n, &eve, 1);
            CHECK_EQ(mls_group_own_leaf(eve->group), (uint32_t)who);
            rest[n++] = eve;
            people_agree(rest, n);
            people_talk(eve, rest, n, "hello");
            scene_end(&s);
        }
    }
}

TEST(several_leave_at_once_and_the_tree_shrinks) {
    struct scene s;
    struct mls_commit_params none = {0};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    announce(&s, CARLA, &s.message);
    announce(&s, DORA, &s.message);
    announce(&s, BERT, &s.message);
    commit_and_hear(&s, &s.people[ANNA], &none);
    CHECK_EQ(mls_group_leaf_count(s.people[ANNA].group), 1);
    follows(&s, s.people[ANNA].group);
    for (int i = 1; i < MEMBERS; i++)
        CHECK(mls_group_is_out(s.people[i].group));
    scene_end(&s);
}

TEST(it_is_a_public_message_with_nothing_in_it) {
    struct scene s;
    struct mls_public_message m;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    CHECK_OK(leave(&s.people[BERT], &s.message));
    reader body = reader_of(slice_of(s.message.p + 4, s.message.n - 4));
    CHECK_EQ(s.message.p[3], MLS_PUBLIC_MESSAGE);
    CHECK_OK(mls_public_message_read(&body, &m, NULL));
    CHECK_OK(reader_end(&body));
    buf proposal = {0};
    writer w = writer_on(&proposal);
    mls_proposal_write(&w, &m.auth.content.proposal);
    CHECK_SLICE(buf_slice(&proposal), slice_of((const uint8_t[]){0, 10}, 2));
    mls_public_message_free(&m, NULL);
    buf_free(&proposal);
    scene_end(&s);
}

/* ---- Who may send it, and how ---- */

/* A proposal that `by` makes as a malicious member can: anything in its name, public or private. */
static void forge(const struct person *by, const struct mls_proposal *proposal, slice aad,
                  enum mls_wire wire, buf *out) {
    struct mls_authenticated_content content = {0};
    buf_clear(out);
    CHECK_OK(mls_content_begin(by->group, &content, MLS_PROPOSAL, wire));
    CHECK_OK(mls_proposal_copy(&content.content.proposal, proposal, NULL));
    CHECK_OK(mls_opaque_copy(&content.content.authenticated_data, aad, NULL));
    CHECK_OK(mls_content_sign(by->group, &content));
    CHECK_OK(mls_content_protect(by->group, &content, 0, out));
    mls_authenticated_content_free(&content, NULL);
}

static const struct mls_proposal leaving = {.type = MLS_PROPOSAL_SELF_REMOVE};

TEST(encrypted_it_is_refused) {
    struct scene s;
    struct mls_propose what = {.type = MLS_PROPOSAL_SELF_REMOVE};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    struct mls_group *bert = s.people[BERT].group;
    CHECK_ERR(mls_group_propose(bert, &what, &people_auth, MLS_PRIVATE_MESSAGE, &s.message),
              ERR_DENIED);
    forge(&s.people[BERT], &leaving, SLICE_EMPTY, MLS_PRIVATE_MESSAGE, &s.message);
    CHECK_ERR(person_process(&s.people[ANNA], buf_slice(&s.message)), ERR_DENIED);
    CHECK_EQ(mls_group_pending_proposals(s.people[ANNA].group), 0);
    CHECK_OK(mls_group_propose(bert, &what, &people_auth, MLS_PUBLIC_MESSAGE, &s.message));
    scene_end(&s);
}

TEST(all_members_must_know_it) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS - 1);
    CHECK_ERR(leave(&s.people[BERT], &s.message), ERR_MLS_CAPABILITIES);
    forge(&s.people[BERT], &leaving, SLICE_EMPTY, MLS_PUBLIC_MESSAGE, &s.message);
    CHECK_ERR(person_process(&s.people[ANNA], buf_slice(&s.message)), ERR_MLS_CAPABILITIES);
    scene_end(&s);
}

TEST(nobody_sends_two_in_an_epoch) {
    struct scene s;
    struct mls_commit_params without = {.without_pending = true};
    if (mls_suite_find(MLS_SUITE_P256_AES128) == NULL)
        SKIP("the suite whose signatures differ each time is not in this build");
    scene_begin(&s, MLS_SUITE_P256_AES128, MEMBERS);
    announce(&s, BERT, &s.message);
    CHECK_ERR(leave(&s.people[BERT], &s.message), ERR_REPEAT);
    mls_group_clear_proposals(s.people[BERT].group);
    person_reload(&s.people[BERT]);
    CHECK_ERR(leave(&s.people[BERT], &s.message), ERR_REPEAT);
    commit_and_hear(&s, &s.people[ANNA], &without);
    buf_clear(&s.message);
    CHECK_OK(leave(&s.people[BERT], &s.message));
    /* It is of one epoch. */
    commit_and_hear(&s, &s.people[ANNA], &without);
    CHECK_ERR(person_process(&s.people[ANNA], buf_slice(&s.message)), ERR_MLS_EPOCH);
    scene_end(&s);
}

/* The same proposal in the name of another sender, signed by Eve. */
static void from_outside(struct scene *s, enum mls_sender_type type, buf *out) {
    struct mls_group *group = s->people[ANNA].group;
    struct mls_authenticated_content content = {0};
    CHECK_OK(mls_content_begin(group, &content, MLS_PROPOSAL, MLS_PUBLIC_MESSAGE));
    content.content.sender = (struct mls_sender){type, 0};
    CHECK_OK(mls_proposal_copy(&content.content.proposal, &leaving, NULL));
    CHECK_OK(mls_framing_sign(group->suite, &content, SLICE_EMPTY, buf_slice(&s->eve.priv), NULL));
    buf_clear(out);
    CHECK_OK(mls_public_message_protect(group->suite, &content, SLICE_EMPTY, NULL, out, NULL));
    mls_authenticated_content_free(&content, NULL);
}

TEST(nobody_outside_may_send_it) {
    struct scene s;
    struct mls_propose what = {.type = MLS_PROPOSAL_SELF_REMOVE};
    struct mls_outsider from = {.suite = mls_suite_find(MLS_SUITE_X25519_CHACHA),
                                .group_id = slice_str("group")};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    from.signature_priv = buf_slice(&s.eve.priv);
    CHECK_ERR(mls_outsider_propose(&from, &what, &s.message), ERR_MLS_SENDER);
    from.new_member = true;
    CHECK_ERR(mls_outsider_propose(&from, &what, &s.message), ERR_MLS_SENDER);
    from_outside(&s, MLS_SENDER_EXTERNAL, &s.message);
    CHECK_ERR(person_process(&s.people[ANNA], buf_slice(&s.message)), ERR_MLS_SENDER);
    from_outside(&s, MLS_SENDER_NEW_MEMBER_PROPOSAL, &s.message);
    CHECK_ERR(person_process(&s.people[ANNA], buf_slice(&s.message)), ERR_MLS_SENDER);
    scene_end(&s);
}

/* ---- What a commit may not do with it ---- */

/* Anna's commit, with the proposals that `change` appends. */
typedef void change(struct scene *s, struct mls_commit *commit);

static struct mls_proposal_or_ref *append(struct mls_commit *c) {
    size_t n = c->proposal_count;
    struct mls_proposal_or_ref *p =
        mem_resize(NULL, c->proposals, n * sizeof(*p), (n + 1) * sizeof(*p));
    CHECK(p != NULL);
    memset(&p[n], 0, sizeof(*p));
    c->proposals = p;
    c->proposal_count = n + 1;
    return &p[n];
}

static struct mls_proposal *append_value(struct mls_commit *c, uint16_t type) {
    struct mls_proposal_or_ref *p = append(c);
    p->proposal = mem_new(NULL, sizeof(*p->proposal));
    CHECK(p->proposal != NULL);
    p->proposal->type = type;
    return p->proposal;
}

/* The i-th proposal that waits with Bert. */
static void append_pending(struct scene *s, struct mls_commit *c, size_t i) {
    const struct mls_group *bert = s->people[BERT].group;
    CHECK(i < bert->pending_count);
    CHECK_OK(mls_opaque_copy(&append(c)->reference,
                             slice_of(bert->pending[i]->ref, bert->suite->hash->len), NULL));
}

static void as_it_should(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
}

static void by_value(struct scene *s, struct mls_commit *c) {
    (void)s;
    append_value(c, MLS_PROPOSAL_SELF_REMOVE);
}

static void own(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 1);
}

static void with_a_remove(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
    append_value(c, MLS_PROPOSAL_REMOVE)->removed = CARLA;
}

static void with_an_update(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
    append_pending(s, c, 2);
}

static void with_another(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
    append_pending(s, c, 3);
}

static void twice(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
    append_pending(s, c, 0);
}

static void with_a_reinit(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
    struct mls_proposal *reinit = append_value(c, MLS_PROPOSAL_REINIT);
    reinit->version = MLS_VERSION_10;
    reinit->suite = MLS_SUITE_X25519_CHACHA;
}

static void without_path(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
    mls_update_path_free(&c->path, NULL);
    c->has_path = false;
}

/* What waits: Carla's SelfRemove, Anna's, Carla's Update, and another SelfRemove of Carla's. */
static void prepare(struct scene *s) {
    CHECK_OK(leave(s->all[CARLA], &s->message));
    CHECK_OK(person_process(s->all[BERT], buf_slice(&s->message)));
    buf_clear(&s->message);
    CHECK_OK(leave(s->all[ANNA], &s->message));
    CHECK_OK(person_process(s->all[BERT], buf_slice(&s->message)));
    buf_clear(&s->message);
    CHECK_OK(people_propose_update(s->all[CARLA]->group, NULL, MLS_PUBLIC_MESSAGE, &s->message));
    CHECK_OK(person_process(s->all[BERT], buf_slice(&s->message)));
    forge(s->all[CARLA], &leaving, slice_str("again"), MLS_PUBLIC_MESSAGE, &s->message);
    CHECK_OK(person_process(s->all[BERT], buf_slice(&s->message)));
}

/* Bert's answer to a commit of Anna's that was changed, signed and tagged again. */
static err answer(struct scene *s, change *how) {
    struct mls_group *anna = s->people[ANNA].group;
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE, .without_pending = true};
    struct mls_committed c;
    struct mls_public_message m;
    struct mls_received r;
    slice context = buf_slice(&anna->epoch->context_bytes);
    CHECK_OK(mls_group_commit(anna, &params, &people_auth, &c));
    reader body = reader_of(slice_of(c.commit.p + 4, c.commit.n - 4));
    CHECK_OK(mls_public_message_read(&body, &m, NULL));
    how(s, &m.auth.content.commit);
    CHECK_OK(
        mls_framing_sign(anna->suite, &m.auth, context, buf_slice(&s->people[ANNA].priv), NULL));
    buf_clear(&s->message);
    CHECK_OK(mls_public_message_protect(anna->suite, &m.auth, context,
                                        anna->epoch->secrets.membership_key, &s->message, NULL));
    err e = mls_group_process(s->people[BERT].group, buf_slice(&s->message), &people_auth, &r);
    mls_received_free(&r);
    mls_public_message_free(&m, NULL);
    mls_committed_free(&c, NULL);
    return e;
}

TEST(lists_that_break_a_rule_are_refused) {
    static const struct {
        const char *what;
        change *how;
        err expected;
    } cases[] = {
        /* The list is fine: what fails comes later, since the path was made for another tree. */
        {"by reference", as_it_should, ERR_MLS_PARENT_HASH},
        {"by value", by_value, ERR_MLS_PROPOSAL_LIST},
        {"the committer's own", own, ERR_MLS_PROPOSAL_LIST},
        {"with a Remove of the same leaf", with_a_remove, ERR_MLS_PROPOSAL_LIST},
        {"with an Update of the same leaf", with_an_update, ERR_MLS_PROPOSAL_LIST},
        {"with another one of the same leaf", with_another, ERR_MLS_PROPOSAL_LIST},
        {"named twice", twice, ERR_MLS_PROPOSAL_LIST},
        {"with a ReInit", with_a_reinit, ERR_MLS_PROPOSAL_LIST},
        {"without path", without_path, ERR_MLS_PATH_REQUIRED},
    };
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    prepare(&s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err e = answer(&s, cases[i].how);
        if (e != cases[i].expected)
            test_fail(__FILE__, __LINE__, "%s: got %s", cases[i].what, err_name(e));
    }
    scene_end(&s);
}

/* ---- What a committer chooses ---- */

TEST(it_wins_over_updates_and_removes_of_its_leaf) {
    struct scene s;
    struct mls_committed c;
    struct mls_propose value = {.type = MLS_PROPOSAL_SELF_REMOVE};
    uint32_t carla = CARLA;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    buf_clear(&s.message);
    CHECK_OK(people_propose_update(s.all[CARLA]->group, NULL, MLS_PUBLIC_MESSAGE, &s.message));
    hear(&s, s.all[CARLA], buf_slice(&s.message));
    buf_clear(&s.message);
    CHECK_OK(people_propose_remove(s.all[BERT]->group, CARLA, MLS_PUBLIC_MESSAGE, &s.message));
    hear(&s, s.all[BERT], buf_slice(&s.message));
    announce(&s, CARLA, &s.message);
    forge(s.all[CARLA], &leaving, slice_str("again"), MLS_PUBLIC_MESSAGE, &s.message);
    for (int i = 0; i < MEMBERS; i++)
        if (i != CARLA)
            CHECK_OK(person_process(s.all[i], buf_slice(&s.message)));
    struct mls_commit_params params = {.proposals = &value, .proposal_count = 1};
    CHECK_ERR(mls_group_commit(s.all[ANNA]->group, &params, &people_auth, &c),
              ERR_MLS_PROPOSAL_LIST);
    params = (struct mls_commit_params){
        .wire = MLS_PUBLIC_MESSAGE, .removes = &carla, .remove_count = 1};
    CHECK_OK(mls_group_commit(s.all[ANNA]->group, &params, &people_auth, &c));
    CHECK_EQ(mls_staged_change_count(c.staged), 1);
    CHECK_EQ(mls_staged_change(c.staged, 0).by.index, CARLA);
    CHECK_OK(person_process(s.all[DORA], buf_slice(&c.commit)));
    CHECK_OK(person_process(s.all[BERT], buf_slice(&c.commit)));
    CHECK_OK(person_process(s.all[CARLA], buf_slice(&c.commit)));
    CHECK(mls_group_is_out(s.all[CARLA]->group));
    mls_staged_apply(s.all[ANNA]->group, c.staged);
    c.staged = NULL;
    struct person *rest[] = {s.all[ANNA], s.all[BERT], s.all[DORA]};
    people_agree(rest, 3);
    mls_committed_free(&c, NULL);
    scene_end(&s);
}

TEST(who_leaves_can_t_commit_it_but_may_commit_other_things) {
    struct scene s;
    struct mls_commit_params none = {0};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    announce(&s, DORA, &s.message);
    announce(&s, BERT, &s.message);
    commit_and_hear(&s, s.all[BERT], &none);
    CHECK(mls_group_is_out(s.all[DORA]->group));
    people_agree(s.all, MEMBERS - 1);
    scene_end(&s);
}

/* RFC 9420 rule 12.2-11 */
TEST(who_leaves_need_not_know_a_custom_type) {
    static const uint16_t types[] = {MLS_PROPOSAL_SELF_REMOVE, 0xf0a0};
    struct scene s;
    struct mls_committed c;
    struct mls_propose custom = {.type = types[1]};
    struct mls_commit_params params = {.proposals = &custom, .proposal_count = 1};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    for (int i = 0; i < DORA; i++) {
        struct mls_leaf_params leaf = person_leaf(s.all[i]);
        struct mls_commit_params update = {.leaf = &leaf};
        leaf.supported_proposals = types;
        leaf.supported_proposal_count = 2;
        commit_and_hear(&s, s.all[i], &update);
    }
    CHECK_ERR(mls_group_commit(s.all[ANNA]->group, &params, &people_auth, &c),
              ERR_MLS_CAPABILITIES);
    announce(&s, DORA, &s.message);
    commit_and_hear(&s, s.all[ANNA], &params);
    CHECK(mls_group_is_out(s.all[DORA]->group));
    people_agree(s.all, MEMBERS - 1);
    scene_end(&s);
}

TEST(who_leaves_may_come_back_with_the_same_keys_at_once) {
    struct scene s;
    struct mls_committed c;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    announce(&s, CARLA, &s.message);
    key_package(s.all[CARLA], true);
    slice add = buf_slice(&s.all[CARLA]->key_package);
    struct mls_commit_params params = {
        .adds = &add, .add_count = 1, .wire = MLS_PUBLIC_MESSAGE, .tree_in_welcome = true};
    CHECK_OK(mls_group_commit(s.all[ANNA]->group, &params, &people_auth, &c));
    hear(&s, s.all[ANNA], buf_slice(&c.commit));
    mls_staged_apply(s.all[ANNA]->group, c.staged);
    c.staged = NULL;
    CHECK_OK(person_join(s.all[CARLA], buf_slice(&c.welcomes[0]), SLICE_EMPTY));
    people_agree(s.all, MEMBERS);
    follows(&s, s.all[ANNA]->group);
    mls_committed_free(&c, NULL);
    scene_end(&s);
}

/* ---- Joining by a commit ---- */

static err enter(struct scene *s, struct person *who, struct mls_external_params *params,
                 const struct mls_auth *auth) {
    params->group_info = buf_slice(&s->info);
    params->leaf = describe(who, true);
    mls_group_free(who->group);
    who->group = NULL;
    buf_clear(&s->message);
    return mls_group_join_external(&who->group, params, auth, &s->message);
}

TEST(a_joiner_brings_those_who_leave) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct scene s;
        buf bert = {0}, dora = {0};
        scene_begin(&s, mls_suite_id(mls_suite_at(i)), MEMBERS);
        announce(&s, DORA, &dora);
        announce(&s, BERT, &bert);
        slice both[] = {buf_slice(&dora), buf_slice(&bert)};
        struct mls_external_params params = {.self_removes = both, .self_remove_count = 2};
        CHECK_OK(enter(&s, &s.eve, &params, &people_auth));
        hear(&s, NULL, buf_slice(&s.message));
        CHECK(mls_group_is_out(s.all[BERT]->group));
        CHECK(mls_group_is_out(s.all[DORA]->group));
        CHECK_EQ(mls_group_own_leaf(s.eve.group), BERT);
        struct person *rest[] = {s.all[ANNA], &s.eve, s.all[CARLA]};
        people_agree(rest, 3);
        follows(&s, s.all[ANNA]->group);
        tree_hash_is_fresh(s.eve.group);
        for (int j = 0; j < 3; j++) {
            person_reload(rest[j]);
            people_talk(rest[j], rest, 3, "hello");
        }
        struct mls_commit_params none = {0};
        people_commit(&s.eve, &none, rest, 3, NULL, 0);
        people_commit(s.all[CARLA], &none, rest, 3, NULL, 0);
        people_agree(rest, 3);
        buf_free(&bert);
        buf_free(&dora);
        scene_end(&s);
    }
}

TEST(a_joiner_can_t_check_the_membership_tag) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    buf bert = {0};
    announce(&s, BERT, &bert);
    bert.p[bert.n - 1] ^= 1;
    CHECK_ERR(person_process(s.all[ANNA], buf_slice(&bert)), ERR_MLS_MEMBERSHIP_TAG);
    slice one = buf_slice(&bert);
    struct mls_external_params params = {.self_removes = &one, .self_remove_count = 1};
    CHECK_OK(enter(&s, &s.eve, &params, &people_auth));
    hear(&s, NULL, buf_slice(&s.message)); /* the others know it with the right tag */
    CHECK(mls_group_is_out(s.all[BERT]->group));
    buf_free(&bert);
    scene_end(&s);
}

static err enter_with(struct scene *s, slice message) {
    struct mls_external_params params = {.self_removes = &message, .self_remove_count = 1};
    err e = enter(s, &s->eve, &params, &people_auth);
    CHECK(e == OK || (s->eve.group == NULL && s->message.n == 0));
    return e;
}

TEST(a_joiner_checks_all_else) {
    struct scene s, other;
    buf bert = {0}, forged = {0};
    struct mls_commit_params without = {.without_pending = true};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    announce(&s, BERT, &bert);
    CHECK_OK(buf_append(&forged, buf_slice(&bert)));
    forged.p[forged.n - 40] ^= 1; /* in the signature */
    CHECK_ERR(enter_with(&s, buf_slice(&forged)), ERR_SIGNATURE);
    CHECK_OK(buf_append_byte(&bert, 0));
    CHECK_ERR(enter_with(&s, buf_slice(&bert)), ERR_TRAILING);
    bert.n--;
    struct mls_proposal remove = {.type = MLS_PROPOSAL_REMOVE, .removed = CARLA};
    forge(s.all[BERT], &remove, SLICE_EMPTY, MLS_PUBLIC_MESSAGE, &forged);
    CHECK_ERR(enter_with(&s, buf_slice(&forged)), ERR_MLS_PROPOSAL_LIST);
    struct mls_proposal psk = {.type = MLS_PROPOSAL_PSK};
    CHECK_OK(mls_psk_id_new(&psk.psk, s.eve.suite, 0, slice_str("key"), 0, NULL));
    forge(s.all[BERT], &psk, SLICE_EMPTY, MLS_PUBLIC_MESSAGE, &forged);
    mls_proposal_free(&psk, NULL);
    CHECK_ERR(enter_with(&s, buf_slice(&forged)), ERR_MLS_PROPOSAL_LIST);
    forge(s.all[BERT], &leaving, SLICE_EMPTY, MLS_PRIVATE_MESSAGE, &forged);
    CHECK_ERR(enter_with(&s, buf_slice(&forged)), ERR_UNKNOWN_TYPE);
    CHECK_ERR(enter_with(&s, buf_slice(&s.info)), ERR_UNKNOWN_TYPE);
    slice same[] = {buf_slice(&bert), buf_slice(&bert)};
    struct mls_external_params params = {.self_removes = same, .self_remove_count = 2};
    CHECK_ERR(enter(&s, &s.eve, &params, &people_auth), ERR_REPEAT);
    /* Of another epoch, and of another group. */
    commit_and_hear(&s, s.all[ANNA], &without);
    buf_clear(&s.info);
    CHECK_OK(mls_group_info(s.all[ANNA]->group, true, true, &s.info));
    CHECK_ERR(enter_with(&s, buf_slice(&bert)), ERR_MLS_EPOCH);
    person_create(&s.eve, "another");
    forge(&s.eve, &leaving, SLICE_EMPTY, MLS_PUBLIC_MESSAGE, &forged);
    CHECK_ERR(enter_with(&s, buf_slice(&forged)), ERR_MLS_GROUP_ID);
    /* Where not all know it. */
    scene_begin(&other, MLS_SUITE_X25519_CHACHA, MEMBERS - 1);
    forge(other.all[BERT], &leaving, SLICE_EMPTY, MLS_PUBLIC_MESSAGE, &forged);
    CHECK_ERR(enter_with(&other, buf_slice(&forged)), ERR_MLS_CAPABILITIES);
    buf_free(&bert);
    buf_free(&forged);
    scene_end(&other);
    scene_end(&s);
}

/* Anna's answer to Eve's commit that was changed and signed again. */
static err answer_joiner(struct scene *s, change *how) {
    struct mls_external_params params = {0};
    struct mls_public_message m;
    struct mls_received r;
    buf forged = {0};
    CHECK_OK(enter(s, &s->eve, &params, &people_auth));
    reader body = reader_of(slice_of(s->message.p + 4, s->message.n - 4));
    CHECK_OK(mls_public_message_read(&body, &m, NULL));
    how(s, &m.auth.content.commit);
    slice context = buf_slice(&s->all[BERT]->group->epoch->context_bytes);
    CHECK_OK(mls_framing_sign(s->eve.suite, &m.auth, context, buf_slice(&s->eve.priv), NULL));
    CHECK_OK(mls_public_message_protect(s->eve.suite, &m.auth, context, NULL, &forged, NULL));
    err e = mls_group_process(s->all[BERT]->group, buf_slice(&forged), &people_auth, &r);
    mls_received_free(&r);
    mls_public_message_free(&m, NULL);
    buf_free(&forged);
    return e;
}

static void not_known(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 0);
    c->proposals[c->proposal_count - 1].reference.p[0] ^= 1;
}

static void a_remove(struct scene *s, struct mls_commit *c) {
    append_pending(s, c, 1);
}

/* RFC 9420 rule 12.4.3.2-2 */
TEST(a_joiner_brings_nothing_else_by_reference) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    announce(&s, CARLA, &s.message);
    buf_clear(&s.message);
    CHECK_OK(people_propose_remove(s.all[ANNA]->group, DORA, MLS_PUBLIC_MESSAGE, &s.message));
    hear(&s, s.all[ANNA], buf_slice(&s.message));
    CHECK_ERR(answer_joiner(&s, not_known), ERR_MISSING);
    CHECK_ERR(answer_joiner(&s, a_remove), ERR_MLS_PROPOSAL_LIST);
    CHECK_ERR(answer_joiner(&s, by_value), ERR_MLS_PROPOSAL_LIST);
    CHECK_ERR(answer_joiner(&s, twice), ERR_MLS_PROPOSAL_LIST);
    CHECK_ERR(answer_joiner(&s, with_a_remove), ERR_MLS_PROPOSAL_LIST);
    scene_end(&s);
}

/* The leaf that the application is told a joiner follows; empty for none. */
static char followed[24];

static err note_before(void *ctx, const struct mls_member *before,
                       const struct mls_member *member) {
    if (slice_equal(member->identity, slice_str(ctx))) {
        memset(followed, 0, sizeof(followed));
        if (before != NULL)
            memcpy(followed, before->identity.p, before->identity.n);
    }
    return OK;
}

TEST(a_joiner_follows_the_leaf_that_it_takes_the_place_of_and_no_other) {
    struct scene s;
    buf bert = {0}, carla = {0};
    struct mls_received r;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    struct mls_auth auth = {.accept = note_before, .ctx = s.all[CARLA]->name, .outside = true};
    announce(&s, BERT, &bert);
    slice one = buf_slice(&bert);
    struct mls_external_params params = {
        .self_removes = &one, .self_remove_count = 1, .resync = true, .removed = CARLA};
    CHECK_OK(enter(&s, s.all[CARLA], &params, &auth));
    CHECK_SLICE(slice_str(followed), slice_str("carla"));
    followed[0] = 0;
    CHECK_OK(mls_group_process(s.all[ANNA]->group, buf_slice(&s.message), &auth, &r));
    CHECK_SLICE(slice_str(followed), slice_str("carla"));
    CHECK_EQ(mls_staged_change_count(r.commit), 3);
    mls_received_free(&r);
    hear(&s, s.all[CARLA], buf_slice(&s.message));
    struct person *rest[] = {s.all[ANNA], s.all[CARLA], s.all[DORA]};
    people_agree(rest, 3);
    /* Whose own SelfRemove waits comes in as somebody new. */
    buf_clear(&s.info);
    CHECK_OK(mls_group_info(s.all[ANNA]->group, true, true, &s.info));
    announce(&s, CARLA, &carla);
    one = buf_slice(&carla);
    params.removed = mls_group_own_leaf(s.all[CARLA]->group);
    CHECK_OK(enter(&s, s.all[CARLA], &params, &auth));
    CHECK_SLICE(slice_str(followed), SLICE_EMPTY);
    followed[0] = 'x';
    CHECK_OK(mls_group_process(s.all[ANNA]->group, buf_slice(&s.message), &auth, &r));
    CHECK_SLICE(slice_str(followed), SLICE_EMPTY);
    CHECK_EQ(mls_staged_change_count(r.commit), 2);
    mls_received_free(&r);
    hear(&s, s.all[CARLA], buf_slice(&s.message));
    people_agree(rest, 3);
    follows(&s, s.all[ANNA]->group);
    buf_free(&bert);
    buf_free(&carla);
    scene_end(&s);
}

/* ---- Saved ---- */

TEST(one_that_is_kept_is_a_member_s) {
    struct scene s;
    buf saved = {0};
    struct mls_group *group;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MEMBERS);
    announce(&s, BERT, &s.message);
    struct mls_group *anna = s.all[ANNA]->group;
    anna->pending[0]->sender = (struct mls_sender){MLS_SENDER_EXTERNAL, 0};
    CHECK_OK(mls_group_save(anna, &saved));
    CHECK_ERR(mls_group_load(&group, buf_slice(&saved), NULL), ERR_DAMAGED);
    anna->pending[0]->sender = (struct mls_sender){MLS_SENDER_MEMBER, BERT};
    buf_clear(&saved);
    CHECK_OK(mls_group_save(anna, &saved));
    CHECK_OK(mls_group_load(&group, buf_slice(&saved), NULL));
    mls_group_free(group);
    s.observer->leaving = true;
    buf_clear(&saved);
    CHECK_OK(mls_group_save(s.observer, &saved));
    CHECK_ERR(mls_group_load(&group, buf_slice(&saved), NULL), ERR_DAMAGED);
    buf_free(&saved);
    scene_end(&s);
}

TEST_MAIN
