/* Which pending proposals a commit of ours carries (RFC 9420 section 12.2). */
#include "tests/mls/people.h"

enum { ANNA = 0, BERT = 1, CARLA = 2, DORA = 3, MEMBERS = 4 };

struct scene {
    struct person people[MEMBERS], evan, *all[MEMBERS];
};

static void scene_begin(struct scene *s) {
    static const char *const names[] = {"anna", "bert", "carla", "dora"};
    slice adds[3];
    memset(s, 0, sizeof(*s));
    for (int i = 0; i < MEMBERS; i++) {
        person_init(&s->people[i], MLS_SUITE_X25519_CHACHA, names[i]);
        s->all[i] = &s->people[i];
        person_key_package(&s->people[i], false);
        if (i > 0)
            adds[i - 1] = buf_slice(&s->people[i].key_package);
    }
    person_init(&s->evan, MLS_SUITE_X25519_CHACHA, "evan");
    person_key_package(&s->evan, false);
    person_create(&s->people[0], "group");
    struct mls_commit_params params = {
        .adds = adds, .add_count = 3, .wire = MLS_PUBLIC_MESSAGE, .tree_in_welcome = true};
    people_commit(&s->people[0], &params, NULL, 0, s->all + 1, 3);
}

static void scene_end(struct scene *s) {
    for (int i = 0; i < MEMBERS; i++)
        person_free(&s->people[i]);
    person_free(&s->evan);
}

/* To everyone but who sent it. */
static void spread(struct scene *s, int from, buf *message) {
    for (int i = 0; i < MEMBERS; i++)
        if (i != from)
            CHECK_OK(person_process(&s->people[i], buf_slice(message)));
    buf_free(message);
}

static void propose_update(struct scene *s, int who) {
    buf message = {0};
    CHECK_OK(people_propose_update(s->people[who].group, NULL, MLS_PRIVATE_MESSAGE, &message));
    spread(s, who, &message);
}

static void propose_remove(struct scene *s, int who, uint32_t leaf) {
    buf message = {0};
    CHECK_OK(people_propose_remove(s->people[who].group, leaf, MLS_PRIVATE_MESSAGE, &message));
    spread(s, who, &message);
}

static void propose_add(struct scene *s, int who, const struct person *added) {
    buf message = {0};
    CHECK_OK(people_propose_add(s->people[who].group, buf_slice(&added->key_package), &people_auth,
                                MLS_PRIVATE_MESSAGE, &message));
    spread(s, who, &message);
}

/* Anna commits all that is pending; `changes` is what it does: "+evan -bert =carla". */
static void commit(struct scene *s, const struct mls_commit_params *given, const char *changes) {
    struct mls_commit_params params = *given;
    struct mls_committed c;
    buf done = {0};
    params.wire = MLS_PRIVATE_MESSAGE;
    CHECK_OK(mls_group_commit(s->people[ANNA].group, &params, &people_auth, &c));
    for (size_t i = 0; i < mls_staged_change_count(c.staged); i++) {
        struct mls_change change = mls_staged_change(c.staged, i);
        static const char marks[] = " +-=";
        CHECK_OK(buf_append(&done, slice_str(i == 0 ? "" : " ")));
        CHECK_OK(buf_append_byte(&done, (uint8_t)marks[change.what]));
        CHECK_OK(buf_append(&done, change.member.identity));
    }
    CHECK_SLICE(buf_slice(&done), slice_str(changes));
    for (int i = 1; i < MEMBERS; i++)
        CHECK_OK(person_process(&s->people[i], buf_slice(&c.commit)));
    mls_staged_apply(s->people[ANNA].group, c.staged);
    c.staged = NULL;
    mls_committed_free(&c, NULL);
    buf_free(&done);
    CHECK_EQ(mls_group_pending_proposals(s->people[ANNA].group), 0);
}

static const struct mls_commit_params nothing_more = {0};

TEST(what_was_proposed_is_committed) {
    struct scene s;
    scene_begin(&s);
    propose_add(&s, BERT, &s.evan);
    propose_remove(&s, CARLA, DORA);
    propose_update(&s, BERT);
    commit(&s, &nothing_more, "=bert -dora +evan");
    scene_end(&s);
}

TEST(pending_proposals_can_be_left_out) {
    struct scene s;
    struct mls_commit_params params = {.without_pending = true};
    scene_begin(&s);
    propose_remove(&s, CARLA, DORA);
    commit(&s, &params, "");
    scene_end(&s);
}

TEST(the_committers_own_update_and_removal_are_left_out) {
    struct scene s;
    scene_begin(&s);
    propose_update(&s, ANNA);
    propose_remove(&s, ANNA, ANNA); /* Anna wants to leave: another must commit it */
    propose_remove(&s, BERT, ANNA);
    propose_update(&s, DORA);
    commit(&s, &nothing_more, "=dora");
    scene_end(&s);
}

TEST(a_removal_wins_over_updates_and_other_removals) {
    struct scene s;
    scene_begin(&s);
    propose_update(&s, CARLA);
    propose_remove(&s, BERT, CARLA);
    propose_remove(&s, DORA, CARLA);
    propose_update(&s, CARLA);
    commit(&s, &nothing_more, "-carla");
    scene_end(&s);
}

TEST(a_removal_by_value_wins_over_one_by_reference) {
    struct scene s;
    uint32_t carla = CARLA;
    struct mls_commit_params params = {.removes = &carla, .remove_count = 1};
    scene_begin(&s);
    propose_remove(&s, BERT, CARLA);
    propose_update(&s, CARLA);
    commit(&s, &params, "-carla");
    scene_end(&s);
}

TEST(the_newest_of_several_updates_wins) {
    struct scene s;
    struct mls_member member;
    buf message = {0};
    struct mls_extension extension = {0xfe33, slice_str("newest")};
    scene_begin(&s);
    propose_update(&s, CARLA);
    propose_update(&s, CARLA);
    struct mls_leaf_params leaf = person_leaf(&s.people[CARLA]);
    leaf.extensions = &extension;
    leaf.extension_count = 1;
    CHECK_OK(people_propose_update(s.people[CARLA].group, &leaf, MLS_PRIVATE_MESSAGE, &message));
    spread(&s, CARLA, &message);
    commit(&s, &nothing_more, "=carla");
    CHECK_OK(mls_group_member(s.people[BERT].group, CARLA, &member));
    CHECK_EQ(member.extension_count, 1);
    people_agree(s.all, MEMBERS);
    scene_end(&s);
}

TEST(a_client_is_added_once) {
    struct scene s;
    scene_begin(&s);
    propose_add(&s, BERT, &s.evan);
    propose_add(&s, CARLA, &s.evan); /* the same key package */
    person_key_package(&s.evan, false);
    propose_add(&s, DORA, &s.evan); /* another with the same signature key */
    commit(&s, &nothing_more, "+evan");
    scene_end(&s);
}

TEST(an_add_by_value_wins_over_one_by_reference) {
    struct scene s;
    scene_begin(&s);
    propose_add(&s, BERT, &s.evan);
    slice add = buf_slice(&s.evan.key_package);
    struct mls_commit_params params = {.adds = &add, .add_count = 1};
    commit(&s, &params, "+evan");
    scene_end(&s);
}

TEST(a_member_is_added_again_only_if_it_is_removed) {
    struct scene s;
    scene_begin(&s);
    person_key_package(&s.people[DORA], false);
    propose_add(&s, BERT, &s.people[DORA]);
    propose_update(&s, CARLA);
    commit(&s, &nothing_more, "=carla");
    uint32_t dora = DORA;
    slice add = buf_slice(&s.people[DORA].key_package);
    struct mls_commit_params params = {
        .adds = &add, .add_count = 1, .removes = &dora, .remove_count = 1};
    commit(&s, &params, "-dora +dora");
    scene_end(&s);
}

TEST(what_is_asked_for_by_value_must_be_possible) {
    struct scene s;
    struct mls_committed c;
    scene_begin(&s);
    struct mls_group *anna = s.people[ANNA].group;
    uint32_t own[] = {ANNA}, twice[] = {BERT, BERT}, blank[] = {9};
    slice member[] = {buf_slice(&s.people[BERT].key_package)};
    slice same[] = {buf_slice(&s.evan.key_package), buf_slice(&s.evan.key_package)};
    slice nonsense[] = {slice_str("nonsense")};
    struct mls_commit_params params = {.removes = own, .remove_count = 1};
    CHECK_ERR(mls_group_commit(anna, &params, &people_auth, &c), ERR_MLS_PROPOSAL_LIST);
    params = (struct mls_commit_params){.removes = twice, .remove_count = 2};
    CHECK_ERR(mls_group_commit(anna, &params, &people_auth, &c), ERR_MLS_PROPOSAL_LIST);
    params = (struct mls_commit_params){.removes = blank, .remove_count = 1};
    CHECK_ERR(mls_group_commit(anna, &params, &people_auth, &c), ERR_MLS_PROPOSAL_LIST);
    params = (struct mls_commit_params){.adds = member, .add_count = 1};
    CHECK_ERR(mls_group_commit(anna, &params, &people_auth, &c), ERR_MLS_DUPLICATE_KEY);
    params = (struct mls_commit_params){.adds = same, .add_count = 2};
    CHECK_ERR(mls_group_commit(anna, &params, &people_auth, &c), ERR_MLS_DUPLICATE_KEY);
    params = (struct mls_commit_params){.adds = nonsense, .add_count = 1};
    CHECK_ERR(mls_group_commit(anna, &params, &people_auth, &c), ERR_MLS_VERSION);
    commit(&s, &nothing_more, "");
    scene_end(&s);
}

TEST_MAIN
