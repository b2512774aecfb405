/* Senders from outside a group, and whoever only follows it (RFC 9420 sections 12.1.8, 12.4.3.2).
 */
#include "crypto/crypto.h"
#include "mls/framing.h"
#include "mls/group.h"
#include "mls/key_package.h"
#include "mls/leaf.h"
#include "tests/mls/people.h"

enum { MEMBERS = 3 };

struct scene {
    struct person people[MEMBERS], *all[MEMBERS], eve; /* eve is outside */
    struct mls_group *observer;
    buf info, message;
};

static buf external_senders(const struct person *sender) {
    buf data = {0};
    writer w = writer_on(&data);
    size_t mark = writer_open(&w);
    writer_vec(&w, buf_slice(&sender->pub));
    writer_u16(&w, MLS_CREDENTIAL_BASIC);
    writer_vec(&w, slice_str(sender->name));
    writer_close(&w, mark);
    CHECK_OK(writer_result(&w));
    return data;
}

/* A group in which eve is an external sender; an observer follows from epoch 0 on. */
static void scene_begin(struct scene *s, uint16_t suite) {
    static const char *const names[MEMBERS] = {"anna", "bert", "carla"};
    memset(s, 0, sizeof(*s));
    for (int i = 0; i < MEMBERS; i++) {
        person_init(&s->people[i], suite, names[i]);
        s->all[i] = &s->people[i];
    }
    person_init(&s->eve, suite, "eve");
    buf senders = external_senders(&s->eve);
    struct mls_extension extension = {MLS_EXTENSION_EXTERNAL_SENDERS, buf_slice(&senders)};
    struct person *anna = &s->people[0];
    struct mls_group_params params = {.suite = anna->suite,
                                      .group_id = slice_str("group"),
                                      .leaf = person_leaf(anna),
                                      .extensions = &extension,
                                      .extension_count = 1};
    CHECK_OK(mls_group_create(&anna->group, &params, &people_auth));
    for (int i = 1; i < MEMBERS; i++)
        people_add(anna, &s->people[i], s->all, (size_t)i);
    buf_free(&senders);
    CHECK_OK(mls_group_info(anna->group, true, true, &s->info));
    CHECK_OK(mls_group_observe(&s->observer, buf_slice(&s->info), SLICE_EMPTY, NULL, &people_auth,
                               NULL));
}

static void scene_end(struct scene *s) {
    for (int i = 0; i < MEMBERS; i++)
        person_free(&s->people[i]);
    person_free(&s->eve);
    mls_group_free(s->observer);
    buf_free(&s->info);
    buf_free(&s->message);
}

static void reload_observer(struct scene *s) {
    buf saved = {0};
    CHECK_OK(mls_group_save(s->observer, &saved));
    mls_group_free(s->observer);
    CHECK_OK(mls_group_load(&s->observer, buf_slice(&saved), NULL));
    CHECK(mls_group_is_observer(s->observer));
    buf_free(&saved);
}

/* What everybody, and whoever follows, sees of a public message. */
static void hear(struct scene *s, const struct person *but, slice message) {
    struct person watcher = {.group = s->observer};
    for (int i = 0; i < MEMBERS; i++)
        if (&s->people[i] != but && s->people[i].group != NULL &&
            !mls_group_is_out(s->people[i].group))
            CHECK_OK(person_process(&s->people[i], message));
    CHECK_OK(person_process(&watcher, message));
    reload_observer(s);
}

static void follows(const struct scene *s) {
    buf a = {0}, b = {0};
    const struct mls_group *group = s->people[0].group;
    CHECK_OK(mls_group_tree(group, &a));
    CHECK_OK(mls_group_tree(s->observer, &b));
    CHECK_SLICE(buf_slice(&a), buf_slice(&b));
    CHECK_EQ(mls_group_epoch(group), mls_group_epoch(s->observer));
    CHECK_SLICE(buf_slice(&group->epoch->interim_transcript_hash),
                buf_slice(&s->observer->epoch->interim_transcript_hash));
    CHECK_SLICE(buf_slice(&group->epoch->context_bytes),
                buf_slice(&s->observer->epoch->context_bytes));
    buf_free(&a);
    buf_free(&b);
}

static void commit_of(struct scene *s, struct person *by, struct person **added, size_t count) {
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE, .tree_in_welcome = true};
    struct mls_committed c;
    CHECK_OK(mls_group_commit(by->group, &params, &people_auth, &c));
    CHECK_EQ(c.added_count, count);
    hear(s, by, buf_slice(&c.commit));
    mls_staged_apply(by->group, c.staged);
    c.staged = NULL;
    for (size_t i = 0; i < count; i++)
        CHECK_OK(person_join(added[i], buf_slice(&c.welcomes[0]), SLICE_EMPTY));
    mls_committed_free(&c, NULL);
    follows(s);
}

TEST(an_observer_follows_commits_and_proposals_without_secrets) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct scene s;
        buf message = {0};
        struct mls_received r;
        struct mls_committed c;
        struct mls_commit_params none = {0};
        uint8_t out[32];
        size_t n = 32;
        scene_begin(&s, mls_suite_id(mls_suite_at(i)));
        follows(&s);
        CHECK_OK(people_propose_update(s.people[1].group, NULL, MLS_PUBLIC_MESSAGE, &message));
        hear(&s, &s.people[1], buf_slice(&message));
        commit_of(&s, &s.people[2], NULL, 0);
        people_agree(s.all, MEMBERS);
        buf_clear(&message);
        CHECK_OK(mls_group_protect(s.people[0].group, SLICE_EMPTY, slice_str("x"), 0, &message));
        CHECK_ERR(mls_group_process(s.observer, buf_slice(&message), &people_auth, &r), ERR_DENIED);
        CHECK_ERR(mls_group_protect(s.observer, SLICE_EMPTY, SLICE_EMPTY, 0, &message), ERR_DENIED);
        CHECK_ERR(mls_group_commit(s.observer, &none, &people_auth, &c), ERR_DENIED);
        CHECK_ERR(mls_group_export(s.observer, SLICE_EMPTY, SLICE_EMPTY, out, 32), ERR_DENIED);
        CHECK_ERR(mls_group_info(s.observer, true, true, &message), ERR_DENIED);
        CHECK_ERR(mls_group_resumption_psk(s.observer, mls_group_epoch(s.observer), out, &n),
                  ERR_MLS_PSK);
        buf_free(&message);
        scene_end(&s);
    }
}

TEST(an_observer_refuses_what_it_can_see_to_be_wrong) {
    struct scene s;
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE};
    struct mls_committed c;
    struct mls_received r;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_group_commit(s.people[0].group, &params, &people_auth, &c));
    for (size_t i = 30; i < c.commit.n - 70; i += 7) { /* up to the tags, which it can't check */
        c.commit.p[i] ^= 1;
        CHECK(mls_group_process(s.observer, buf_slice(&c.commit), &people_auth, &r) != OK);
        c.commit.p[i] ^= 1;
    }
    CHECK_OK(mls_group_process(s.observer, buf_slice(&c.commit), &people_auth, &r));
    CHECK_EQ(mls_staged_committer(r.commit), 0);
    mls_received_free(&r);
    mls_committed_free(&c, NULL);
    scene_end(&s);
}

static err enter(struct scene *s, struct person *p, bool resync, uint32_t removed) {
    struct mls_external_params params = {.group_info = buf_slice(&s->info),
                                         .leaf = person_leaf(p),
                                         .resync = resync,
                                         .removed = removed,
                                         .authenticated_data = slice_str("aad")};
    mls_group_free(p->group);
    buf_clear(&s->message);
    return mls_group_join_external(&p->group, &params, &people_auth, &s->message);
}

TEST(somebody_joins_by_a_commit_of_her_own) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct scene s;
        struct mls_received r;
        scene_begin(&s, mls_suite_id(mls_suite_at(i)));
        struct person *all[] = {&s.people[0], &s.people[1], &s.people[2], &s.eve};
        CHECK_OK(enter(&s, &s.eve, false, 0));
        CHECK_OK(mls_group_process(s.people[1].group, buf_slice(&s.message), &people_auth, &r));
        CHECK_EQ(r.sender_type, MLS_SENDER_NEW_MEMBER_COMMIT);
        CHECK_SLICE(r.sender_identity, slice_str("eve"));
        CHECK_SLICE(r.authenticated_data, slice_str("aad"));
        CHECK(mls_staged_is_external(r.commit));
        CHECK_EQ(mls_staged_committer(r.commit), 3);
        CHECK_EQ(mls_staged_change_count(r.commit), 1);
        struct mls_change change = mls_staged_change(r.commit, 0);
        CHECK_EQ(change.what, MLS_ADDED);
        CHECK_EQ(change.by.type, MLS_SENDER_NEW_MEMBER_COMMIT);
        CHECK_SLICE(change.member.identity, slice_str("eve"));
        mls_received_free(&r);
        hear(&s, NULL, buf_slice(&s.message));
        follows(&s);
        people_agree(all, 4);
        for (int j = 0; j < 4; j++) {
            people_talk(all[j], all, 4, "hello");
            person_reload(all[j]);
        }
        struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
        people_commit(&s.eve, &params, all, 4, NULL, 0);
        people_commit(&s.people[0], &params, all, 4, NULL, 0);
        people_agree(all, 4);
        scene_end(&s);
    }
}

TEST(who_lost_its_state_takes_its_own_place) {
    struct scene s;
    struct mls_received r;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct person *bert = &s.people[1];
    mls_group_free(bert->group);
    bert->group = NULL;
    CHECK_ERR(enter(&s, bert, false, 0),
              ERR_MLS_DUPLICATE_KEY); /* the signature key is in the tree */
    bert->group = NULL;
    CHECK_ERR(enter(&s, bert, true, 9), ERR_MLS_PROPOSAL_LIST);
    bert->group = NULL;
    CHECK_OK(enter(&s, bert, true, 1));
    CHECK_EQ(mls_group_own_leaf(bert->group), 1);
    CHECK_OK(mls_group_process(s.people[0].group, buf_slice(&s.message), &people_auth, &r));
    CHECK_EQ(mls_staged_change_count(r.commit), 2);
    CHECK_EQ(mls_staged_change(r.commit, 0).what, MLS_REMOVED);
    CHECK_EQ(mls_staged_change(r.commit, 1).what, MLS_ADDED);
    mls_received_free(&r);
    hear(&s, bert, buf_slice(&s.message));
    people_agree(s.all, MEMBERS);
    people_talk(bert, s.all, MEMBERS, "back");
    scene_end(&s);
}

TEST(outsiders_are_not_heard_where_the_application_does_not_want_it) {
    struct scene s;
    struct mls_received r;
    struct mls_auth closed = people_auth;
    closed.outside = false;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(enter(&s, &s.eve, false, 0));
    CHECK_ERR(mls_group_process(s.people[0].group, buf_slice(&s.message), &closed, &r),
              ERR_MLS_SENDER);
    scene_end(&s);
}

/* ---- Commits from outside that break a rule ---- */

typedef void change(struct scene *s, struct mls_public_message *m);

static struct mls_proposal *append(struct mls_public_message *m, uint16_t type) {
    struct mls_commit *c = &m->auth.content.commit;
    size_t n = c->proposal_count, size = sizeof(*c->proposals);
    c->proposals = mem_resize(NULL, c->proposals, n * size, (n + 1) * size);
    memset(&c->proposals[n], 0, size);
    c->proposal_count++;
    c->proposals[n].proposal = mem_new(NULL, sizeof(*c->proposals[n].proposal));
    c->proposals[n].proposal->type = type;
    return c->proposals[n].proposal;
}

/* What Anna says to a message of Eve's, changed and signed by `signer`. */
static err answer(struct scene *s, change *how, const struct person *signer) {
    struct mls_public_message m;
    struct mls_received r;
    const struct mls_group *anna = s->people[0].group;
    slice context = buf_slice(&anna->epoch->context_bytes);
    buf forged = {0};
    reader body = reader_of(slice_of(s->message.p + 4, s->message.n - 4));
    CHECK_OK(mls_public_message_read(&body, &m, NULL));
    how(s, &m);
    CHECK_OK(mls_framing_sign(anna->suite, &m.auth, context, buf_slice(&signer->priv), NULL));
    CHECK_OK(mls_public_message_protect(anna->suite, &m.auth, context, NULL, &forged, NULL));
    err e = mls_group_process(s->people[0].group, buf_slice(&forged), &people_auth, &r);
    mls_received_free(&r);
    mls_public_message_free(&m, NULL);
    buf_free(&forged);
    return e;
}

static void nothing(struct scene *s, struct mls_public_message *m) {
    (void)s;
    (void)m;
}
static void no_path(struct scene *s, struct mls_public_message *m) {
    (void)s;
    mls_update_path_free(&m->auth.content.commit.path, NULL);
    m->auth.content.commit.has_path = false;
}
static void no_init(struct scene *s, struct mls_public_message *m) {
    (void)s;
    struct mls_proposal *p = m->auth.content.commit.proposals[0].proposal;
    CHECK_EQ(p->type, MLS_PROPOSAL_EXTERNAL_INIT);
    mls_proposal_free(p, NULL);
    p->type = MLS_PROPOSAL_REMOVE;
    p->removed = 1;
}
static void two_inits(struct scene *s, struct mls_public_message *m) {
    (void)s;
    const struct mls_proposal *p = m->auth.content.commit.proposals[0].proposal;
    slice output = buf_slice(&p->kem_output);
    CHECK_OK(mls_opaque_copy(&append(m, MLS_PROPOSAL_EXTERNAL_INIT)->kem_output, output, NULL));
}
static void two_removes(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append(m, MLS_PROPOSAL_REMOVE)->removed = 1;
    append(m, MLS_PROPOSAL_REMOVE)->removed = 2;
}
static void an_add(struct scene *s, struct mls_public_message *m) {
    struct mls_proposal *p = append(m, MLS_PROPOSAL_ADD);
    p->key_package = mem_new(NULL, sizeof(*p->key_package));
    CHECK_OK(mls_key_package_open(buf_slice(&s->eve.key_package), p->key_package, NULL));
}
static void short_output(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->auth.content.commit.proposals[0].proposal->kem_output.n--;
}
static void output_of_zeros(struct scene *s, struct mls_public_message *m) {
    (void)s;
    buf *output = &m->auth.content.commit.proposals[0].proposal->kem_output;
    memset(output->p, 0, output->n);
}

TEST(commits_from_outside_that_break_a_rule_are_refused) {
    static const struct {
        change *how;
        bool by_another;
        err expected;
    } forgeries[] = {
        {nothing, false, OK},
        {nothing, true, ERR_SIGNATURE},              /* rule 12.4.3.2-3 */
        {no_path, false, ERR_MLS_SENDER},            /* rule 12.4.3.2-1 */
        {no_init, false, ERR_MLS_PROPOSAL_LIST},     /* rule 12.2-13 */
        {two_inits, false, ERR_MLS_PROPOSAL_LIST},   /* rule 12.2-13 */
        {two_removes, false, ERR_MLS_PROPOSAL_LIST}, /* rule 12.2-14 */
        {an_add, false, ERR_MLS_PROPOSAL_LIST},      /* rule 12.2-17 */
        {short_output, false, ERR_CRYPTO},           /* rule 8.3-1 */
        {output_of_zeros, false, ERR_CRYPTO},        /* rule 8.3-1 */
    };
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    person_key_package(&s.eve, false);
    CHECK_OK(enter(&s, &s.eve, false, 0));
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++)
        CHECK_ERR(answer(&s, forgeries[i].how, forgeries[i].by_another ? &s.people[2] : &s.eve),
                  forgeries[i].expected);
    scene_end(&s);
}

/* The encryption key of the leaf that it removes. */
static void the_old_key(struct scene *s, struct mls_public_message *m) {
    struct mls_leaf_node *leaf = &m->auth.content.commit.path.leaf;
    const struct mls_leaf_node *old = mls_tree_leaf(&s->people[0].group->epoch->tree, 1);
    CHECK_OK(buf_set(&leaf->encryption_key, buf_slice(&old->encryption_key)));
    CHECK_OK(mls_leaf_sign(s->eve.suite, leaf, buf_slice(&s->people[1].priv), slice_str("group"), 1,
                           NULL));
}

/* RFC 9420 rule 12.2-15 */
TEST(who_takes_its_own_place_brings_another_encryption_key) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(enter(&s, &s.people[1], true, 1));
    CHECK_OK(answer(&s, nothing, &s.people[1]));
    CHECK_ERR(answer(&s, the_old_key, &s.people[1]), ERR_MLS_DUPLICATE_KEY);
    scene_end(&s);
}

static err same_identity(void *ctx, const struct mls_member *before,
                         const struct mls_member *member) {
    (void)ctx;
    return before == NULL || slice_equal(before->identity, member->identity) ? OK : ERR_IDENTITY;
}

/* RFC 9420 rule 12.2-16 */
TEST(nobody_takes_the_place_of_somebody_else) {
    struct scene s;
    struct mls_received r;
    struct mls_auth strict = people_auth;
    strict.accept = same_identity;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(enter(&s, &s.eve, true, 1));
    CHECK_ERR(mls_group_process(s.people[0].group, buf_slice(&s.message), &strict, &r),
              ERR_IDENTITY);
    CHECK_OK(enter(&s, &s.people[1], true, 1));
    CHECK_OK(mls_group_process(s.people[0].group, buf_slice(&s.message), &strict, &r));
    mls_received_free(&r);
    scene_end(&s);
}

/* RFC 9420 rule 12.4.3.2-4 */
TEST(a_group_info_without_the_external_key_lets_nobody_in) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    buf_clear(&s.info);
    CHECK_OK(mls_group_info(s.people[0].group, true, false, &s.info));
    CHECK_ERR(enter(&s, &s.eve, false, 0), ERR_MLS_EXTENSION);
    scene_end(&s);
}

/* The leaf that a group begins with, as Bert sees it who joins from outside. */
static void begin(uint64_t not_before, uint64_t not_after, enum mls_leaf_source source) {
    struct person anna, bert, *both[] = {&anna, &bert};
    struct mls_member member;
    buf info = {0}, commit = {0};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    struct mls_group_params params = {.suite = anna.suite,
                                      .group_id = slice_str("group"),
                                      .leaf = person_leaf(&anna),
                                      .not_before = not_before,
                                      .not_after = not_after};
    CHECK_OK(mls_group_create(&anna.group, &params, &people_auth));
    person_reload(&anna);
    CHECK_OK(mls_group_info(anna.group, true, true, &info));
    struct mls_external_params external = {.group_info = buf_slice(&info),
                                           .leaf = person_leaf(&bert)};
    CHECK_OK(mls_group_join_external(&bert.group, &external, &people_auth, &commit));
    CHECK_OK(person_process(&anna, buf_slice(&commit)));
    people_agree(both, 2);
    CHECK_EQ(mls_tree_leaf(&bert.group->epoch->tree, 0)->source, source);
    CHECK_OK(mls_group_member(bert.group, 0, &member));
    CHECK_EQ(member.not_before, not_before);
    CHECK_EQ(member.not_after, not_after);
    struct mls_commit_params empty = {.wire = MLS_PRIVATE_MESSAGE};
    people_commit(&anna, &empty, both, 2, NULL, 0);
    CHECK_OK(mls_group_member(bert.group, 0, &member));
    CHECK_EQ(member.not_after, 0);
    people_agree(both, 2);
    person_free(&anna);
    person_free(&bert);
    buf_free(&info);
    buf_free(&commit);
}

TEST(the_leaf_that_a_group_begins_with_has_a_lifetime_if_one_is_given) {
    begin(1000, 2000, MLS_LEAF_KEY_PACKAGE);
    begin(0, UINT64_MAX, MLS_LEAF_KEY_PACKAGE);
    begin(0, 0, MLS_LEAF_UPDATE);
}

/* ---- Proposals from outside ---- */

static void from_outside(struct scene *s, bool new_member, uint32_t place,
                         const struct mls_propose *what, buf *out) {
    struct mls_outsider from = {.suite = s->eve.suite,
                                .group_id = slice_str("group"),
                                .epoch = mls_group_epoch(s->people[0].group),
                                .new_member = new_member,
                                .place = place,
                                .signature_priv = buf_slice(&s->eve.priv)};
    buf_clear(out);
    CHECK_OK(mls_outsider_propose(&from, what, out));
}

TEST(an_external_sender_proposes_and_a_member_commits) {
    struct scene s;
    struct mls_received r;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_propose remove = {.type = MLS_PROPOSAL_REMOVE, .leaf = 1};
    from_outside(&s, false, 0, &remove, &s.message);
    CHECK_OK(mls_group_process(s.people[0].group, buf_slice(&s.message), &people_auth, &r));
    CHECK_EQ(r.sender_type, MLS_SENDER_EXTERNAL);
    CHECK_SLICE(r.sender_identity, slice_str("eve"));
    mls_received_free(&r);
    mls_group_clear_proposals(s.people[0].group);
    hear(&s, NULL, buf_slice(&s.message));
    commit_of(&s, &s.people[2], NULL, 0);
    CHECK(mls_group_is_out(s.people[1].group));
    struct person *rest[] = {&s.people[0], &s.people[2]};
    people_agree(rest, 2);
    /* The other end of what may be proposed, and of who may. */
    from_outside(&s, false, 1, &remove, &s.message);
    CHECK_ERR(person_process(&s.people[0], buf_slice(&s.message)), ERR_MLS_SENDER);
    from_outside(&s, false, 0, &remove, &s.message); /* of a blank leaf by now */
    CHECK_ERR(person_process(&s.people[0], buf_slice(&s.message)), ERR_MLS_PROPOSAL_LIST);
    struct mls_propose custom = {.type = 0xfe01};
    struct mls_outsider from = {.suite = s.eve.suite,
                                .group_id = slice_str("group"),
                                .signature_priv = buf_slice(&s.eve.priv)};
    CHECK_ERR(mls_outsider_propose(&from, &custom, &s.message), ERR_MLS_SENDER);
    from.new_member = true;
    CHECK_ERR(mls_outsider_propose(&from, &remove, &s.message), ERR_MLS_SENDER);
    /* Signed by somebody else. */
    struct person other;
    person_init(&other, MLS_SUITE_X25519_CHACHA, "eve");
    from = (struct mls_outsider){.suite = other.suite,
                                 .group_id = slice_str("group"),
                                 .epoch = mls_group_epoch(s.people[0].group),
                                 .signature_priv = buf_slice(&other.priv)};
    remove.leaf = 2;
    buf_clear(&s.message);
    CHECK_OK(mls_outsider_propose(&from, &remove, &s.message));
    CHECK_ERR(person_process(&s.people[0], buf_slice(&s.message)), ERR_SIGNATURE);
    person_free(&other);
    scene_end(&s);
}

TEST(somebody_asks_to_be_added) {
    struct scene s;
    struct person *added[] = {&s.eve};
    struct mls_received r;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    person_key_package(&s.eve, false);
    struct mls_propose add = {.type = MLS_PROPOSAL_ADD,
                              .key_package = buf_slice(&s.eve.key_package)};
    from_outside(&s, true, 0, &add, &s.message);
    CHECK_OK(mls_group_process(s.people[1].group, buf_slice(&s.message), &people_auth, &r));
    CHECK_EQ(r.sender_type, MLS_SENDER_NEW_MEMBER_PROPOSAL);
    mls_received_free(&r);
    mls_group_clear_proposals(s.people[1].group);
    hear(&s, NULL, buf_slice(&s.message));
    commit_of(&s, &s.people[1], added, 1);
    struct person *all[] = {&s.people[0], &s.people[1], &s.people[2], &s.eve};
    people_agree(all, 4);
    people_talk(&s.eve, all, 4, "thanks");
    scene_end(&s);
}

static void become(struct mls_public_message *m, uint16_t type) {
    mls_proposal_free(&m->auth.content.proposal, NULL);
    m->auth.content.proposal.type = type;
}
static void an_update(struct scene *s, struct mls_public_message *m) {
    struct mls_proposal *p = &m->auth.content.proposal;
    become(m, MLS_PROPOSAL_UPDATE);
    p->leaf = mem_new(NULL, sizeof(*p->leaf));
    CHECK_OK(mls_leaf_node_copy(p->leaf, mls_tree_leaf(&s->people[0].group->epoch->tree, 1), NULL));
}
static void an_external_init(struct scene *s, struct mls_public_message *m) {
    (void)s;
    become(m, MLS_PROPOSAL_EXTERNAL_INIT);
}
static void a_custom_proposal(struct scene *s, struct mls_public_message *m) {
    (void)s;
    become(m, 0xfe01);
}
static void a_remove(struct scene *s, struct mls_public_message *m) {
    (void)s;
    become(m, MLS_PROPOSAL_REMOVE);
    m->auth.content.proposal.removed = 1;
}
static void from_the_next_place(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->auth.content.sender.index++;
}

TEST(proposals_from_outside_that_break_a_rule_are_refused) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_propose remove = {.type = MLS_PROPOSAL_REMOVE, .leaf = 2};
    from_outside(&s, false, 0, &remove, &s.message);
    CHECK_ERR(answer(&s, an_update, &s.eve), ERR_MLS_SENDER);           /* rule 12.1.8-3 */
    CHECK_ERR(answer(&s, an_external_init, &s.eve), ERR_MLS_SENDER);    /* rule 12.1.8-3 */
    CHECK_ERR(answer(&s, a_custom_proposal, &s.eve), ERR_MLS_SENDER);   /* rule 12.1.8-3 */
    CHECK_ERR(answer(&s, from_the_next_place, &s.eve), ERR_MLS_SENDER); /* rule 12.1.8.1-1 */
    CHECK_ERR(answer(&s, nothing, &s.people[1]), ERR_SIGNATURE);        /* rule 12.1.8.1-2 */
    CHECK_OK(answer(&s, nothing, &s.eve));
    person_key_package(&s.eve, false);
    struct mls_propose add = {.type = MLS_PROPOSAL_ADD,
                              .key_package = buf_slice(&s.eve.key_package)};
    from_outside(&s, true, 0, &add, &s.message);
    CHECK_ERR(answer(&s, a_remove, &s.eve), ERR_MLS_SENDER); /* rule 12.1.8-4 */
    CHECK_OK(answer(&s, nothing, &s.eve));
    scene_end(&s);
}

TEST(proposals_from_outside_need_the_groups_and_the_applications_will) {
    struct scene s;
    struct mls_received r;
    struct mls_auth closed = people_auth;
    closed.outside = false;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct person *anna = &s.people[0];
    struct mls_propose remove = {.type = MLS_PROPOSAL_REMOVE, .leaf = 0};
    from_outside(&s, false, 0, &remove, &s.message);
    CHECK_ERR(mls_group_process(anna->group, buf_slice(&s.message), &closed, &r),
              ERR_MLS_SENDER); /* rule 12.1.8-2 */
    CHECK_OK(person_process(anna, buf_slice(&s.message)));
    person_create(anna, "group"); /* without the extension */
    from_outside(&s, false, 0, &remove, &s.message);
    CHECK_ERR(person_process(anna, buf_slice(&s.message)), ERR_MLS_SENDER); /* rule 12.1.8-1 */
    scene_end(&s);
}

TEST_MAIN
