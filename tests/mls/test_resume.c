/* Groups that continue others: reinitialised ones and branches (RFC 9420 sections 11.2, 11.3). */
#include "crypto/crypto.h"
#include "mls/commit.h"
#include "mls/group.h"
#include "tests/mls/people.h"

enum { MEMBERS = 3 };

struct scene {
    struct person old[MEMBERS], new[MEMBERS], *olds[MEMBERS], *news[MEMBERS];
    slice key_packages[MEMBERS - 1];
    struct mls_committed c;
};

/* People with a group of one suite, and key packages of another: the same names. */
static void scene_begin(struct scene *s, uint16_t before, uint16_t after) {
    static const char *const names[MEMBERS] = {"anna", "bert", "carla"};
    memset(s, 0, sizeof(*s));
    for (int i = 0; i < MEMBERS; i++) {
        person_init(&s->old[i], before, names[i]);
        person_init(&s->new[i], after, names[i]);
        person_key_package(&s->new[i], false);
        s->olds[i] = &s->old[i];
        s->news[i] = &s->new[i];
        if (i > 0)
            s->key_packages[i - 1] = buf_slice(&s->new[i].key_package);
    }
    person_create(&s->old[0], "old");
    for (int i = 1; i < MEMBERS; i++)
        people_add(&s->old[0], &s->old[i], s->olds, (size_t)i);
}

static void scene_end(struct scene *s) {
    for (int i = 0; i < MEMBERS; i++) {
        person_free(&s->old[i]);
        person_free(&s->new[i]);
    }
    mls_committed_free(&s->c, NULL);
}

/* Ends the old group. */
static void end_old(struct scene *s, uint16_t suite) {
    struct mls_propose reinit = {
        .type = MLS_PROPOSAL_REINIT, .group_id = slice_str("new"), .suite = mls_suite_find(suite)};
    struct mls_commit_params params = {.proposals = &reinit, .proposal_count = 1};
    struct mls_announced announced;
    struct mls_committed c;
    CHECK(!mls_group_announced(s->old[0].group, &announced));
    CHECK_OK(mls_group_commit(s->old[0].group, &params, &people_auth, &c));
    CHECK(mls_staged_is_reinit(c.staged));
    mls_committed_free(&c, NULL);
    people_commit(&s->old[0], &params, s->olds, MEMBERS, NULL, 0);
    for (int i = 0; i < MEMBERS; i++) {
        CHECK(mls_group_is_ended(s->old[i].group));
        person_reload(&s->old[i]);
        CHECK(mls_group_is_ended(s->old[i].group));
        CHECK(mls_group_announced(s->old[i].group, &announced));
        CHECK(announced.suite == reinit.suite);
        CHECK_SLICE(announced.group_id, reinit.group_id);
    }
}

static err join_as(struct scene *s, int i, const struct mls_group *parent,
                   const struct mls_auth *auth) {
    struct mls_join_params params = {
        .welcome = buf_slice(&s->c.welcomes[0]), .own = person_own(&s->new[i]), .parent = parent};
    uint32_t sender;
    mls_group_free(s->new[i].group);
    return mls_group_join(&s->new[i].group, &params, auth, &sender);
}

static err join(struct scene *s, int i, const struct mls_group *parent) {
    return join_as(s, i, parent, &people_auth);
}

static struct mls_resume_params resume_params(const struct scene *s, size_t count) {
    return (struct mls_resume_params){.leaf = person_leaf(&s->new[0]),
                                      .key_packages = s->key_packages,
                                      .count = count,
                                      .group_id = slice_str("branch"),
                                      .tree_in_welcome = true};
}

TEST(a_group_is_reinitialised_in_another_suite) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct scene s;
        uint16_t after = mls_suite_id(mls_suite_at(i));
        scene_begin(&s, MLS_SUITE_X25519_CHACHA, after);
        end_old(&s, after);
        struct mls_resume_params params = resume_params(&s, MEMBERS - 1);
        CHECK_OK(mls_group_reinit(&s.new[0].group, s.old[0].group, &params, &people_auth, &s.c));
        CHECK_EQ(mls_group_epoch(s.new[0].group), 1);
        CHECK_SLICE(mls_group_id(s.new[0].group), slice_str("new"));
        CHECK(mls_group_suite(s.new[0].group) == mls_suite_at(i));
        for (int j = 1; j < MEMBERS; j++)
            CHECK_OK(join(&s, j, s.old[j].group));
        people_agree(s.news, MEMBERS);
        people_talk(s.news[1], s.news, MEMBERS, "we are here now");
        scene_end(&s);
    }
}

/* RFC 9420 rule 12.4.2-10 */
TEST(nothing_is_said_in_a_group_that_has_ended) {
    struct scene s;
    struct mls_committed c;
    struct mls_commit_params none = {0};
    buf out = {0};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    struct mls_group *anna = s.old[0].group;
    struct mls_resume_params params = resume_params(&s, MEMBERS - 1);
    struct mls_group *group;
    CHECK_ERR(mls_group_reinit(&group, anna, &params, &people_auth, &s.c), ERR_MLS_REINIT);
    end_old(&s, MLS_SUITE_X25519_CHACHA);
    anna = s.old[0].group;
    CHECK_ERR(mls_group_protect(anna, SLICE_EMPTY, SLICE_EMPTY, 0, &out), ERR_MLS_REINIT);
    CHECK_ERR(mls_group_commit(anna, &none, &people_auth, &c), ERR_MLS_REINIT);
    CHECK_ERR(people_propose_update(anna, NULL, 0, &out), ERR_MLS_REINIT);
    CHECK_ERR(mls_group_branch(&group, anna, &params, &people_auth, &s.c), ERR_MLS_REINIT);
    buf_free(&out);
    scene_end(&s);
}

/* RFC 9420 rule 12.4.3.1-17 */
TEST(a_reinitialised_group_has_all_members_and_no_others) {
    struct scene s;
    struct person mallory;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    end_old(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_resume_params params = resume_params(&s, MEMBERS - 2);
    CHECK_ERR(mls_group_reinit(&s.new[0].group, s.old[0].group, &params, &people_auth, &s.c),
              ERR_MLS_REINIT);
    person_init(&mallory, MLS_SUITE_X25519_CHACHA, "mallory");
    person_key_package(&mallory, false);
    params.count = MEMBERS - 1;
    s.key_packages[1] = buf_slice(&mallory.key_package);
    CHECK_ERR(mls_group_reinit(&s.new[0].group, s.old[0].group, &params, &people_auth, &s.c),
              ERR_MLS_REINIT);
    person_free(&mallory);
    scene_end(&s);
}

TEST(some_members_branch_off) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct scene s;
        uint16_t suite = mls_suite_id(mls_suite_at(i));
        scene_begin(&s, suite, suite);
        struct mls_resume_params params = resume_params(&s, 1);
        CHECK_OK(mls_group_branch(&s.new[0].group, s.old[0].group, &params, &people_auth, &s.c));
        CHECK_SLICE(mls_group_id(s.new[0].group), slice_str("branch"));
        CHECK_OK(join(&s, 1, s.old[1].group));
        people_agree(s.news, 2);
        people_talk(s.news[0], s.news, 2, "between us");
        people_talk(s.olds[0], s.olds, MEMBERS, "and to all");
        scene_end(&s);
    }
}

TEST(a_joiner_checks_what_the_group_says_that_it_continues) {
    struct scene s, other;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    scene_begin(&other, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    struct mls_resume_params params = resume_params(&s, 1);
    CHECK_OK(mls_group_branch(&s.new[0].group, s.old[0].group, &params, &people_auth, &s.c));
    CHECK_ERR(join(&s, 1, NULL), ERR_MLS_PSK); /* what it continues was not expected */
    /* A group of the same name, with other secrets. */
    CHECK_ERR(join(&s, 1, other.old[1].group), ERR_CRYPTO);
    /* The parent has moved on since: its epoch of then will do. */
    struct mls_commit_params none = {0};
    people_commit(&s.old[1], &none, s.olds, MEMBERS, NULL, 0);
    CHECK_OK(join(&s, 1, s.old[1].group));
    mls_committed_free(&s.c, NULL);
    /* A plain group where a branch is expected. */
    person_create(&s.new[0], "plain");
    slice add = s.key_packages[1];
    struct mls_commit_params plain = {.adds = &add, .add_count = 1, .tree_in_welcome = true};
    CHECK_OK(mls_group_commit(s.new[0].group, &plain, &people_auth, &s.c));
    CHECK_ERR(join(&s, 2, s.old[2].group), ERR_MLS_PSK);
    CHECK_OK(join(&s, 2, NULL));
    scene_end(&other);
    scene_end(&s);
}

TEST(a_group_with_members_from_elsewhere_is_no_branch) {
    struct scene s;
    struct person dora, *all[] = {&s.old[0], &s.old[1], &s.old[2], &dora};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    /* Bert's view of the parent lacks Dora, who was added after he was removed from it. */
    person_init(&dora, MLS_SUITE_X25519_CHACHA, "dora");
    buf before = {0};
    CHECK_OK(mls_group_save(s.old[1].group, &before));
    people_add(&s.old[0], &dora, all, 3);
    struct person fresh;
    person_init(&fresh, MLS_SUITE_X25519_CHACHA, "dora");
    person_key_package(&fresh, false);
    slice both[] = {s.key_packages[0], buf_slice(&fresh.key_package)};
    struct mls_resume_params params = resume_params(&s, 2);
    params.key_packages = both;
    CHECK_OK(mls_group_branch(&s.new[0].group, s.old[0].group, &params, &people_auth, &s.c));
    CHECK_OK(join(&s, 1, s.old[1].group));
    mls_group_free(s.old[1].group);
    CHECK_OK(mls_group_load(&s.old[1].group, buf_slice(&before), NULL));
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_PSK); /* an epoch that he has not seen */
    buf_free(&before);
    person_free(&dora);
    person_free(&fresh);
    scene_end(&s);
}

/* ---- What a malicious member makes ---- */

/* A group that says that it continues the old one, held to no rule: Anna's, with these others. */
static void forge(struct scene *s, const char *group_id, enum mls_psk_usage usage, bool late,
                  const slice *key_packages, size_t count) {
    struct mls_commit_params none = {0}, params = {.adds = key_packages,
                                                   .add_count = count,
                                                   .tree_in_welcome = true};
    struct mls_commit_origin origin = {
        .succeeds = MLS_NODE_NONE, .parent = s->old[0].group, .usage = usage};
    mls_committed_free(&s->c, NULL);
    person_create(&s->new[0], group_id);
    if (late)
        people_commit(&s->new[0], &none, NULL, 0, NULL, 0);
    CHECK_OK(mls_commit_make(s->new[0].group, &params, &origin, &people_auth, &s->c));
}

TEST(a_forged_reinitialisation_is_refused) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    end_old(&s, MLS_SUITE_X25519_CHACHA);
    forge(&s, "new", MLS_PSK_REINIT, true, s.key_packages, 2);
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_EPOCH); /* rule 11.2-2 */
    forge(&s, "new", MLS_PSK_REINIT, false, s.key_packages, 1);
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_REINIT); /* rule 12.4.3.1-17 */
    forge(&s, "new", MLS_PSK_REINIT, false, s.key_packages, 2);
    CHECK_OK(join(&s, 1, s.old[1].group));
    scene_end(&s);
}

/* RFC 9420 rule 11.2-1 */
TEST(a_reinitialised_group_is_what_its_reinit_said) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    end_old(&s, MLS_SUITE_X25519_CHACHA);
    forge(&s, "another", MLS_PSK_REINIT, false, s.key_packages, 2);
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_REINIT);
    forge(&s, "new", MLS_PSK_REINIT, false, s.key_packages, 2);
    struct mls_proposal *reinit = &s.old[1].group->reinit;
    reinit->version++;
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_REINIT);
    reinit->version--;
    reinit->suite = MLS_SUITE_XWING_CHACHA;
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_REINIT);
    reinit->suite = MLS_SUITE_X25519_CHACHA;
    CHECK_OK(join(&s, 1, s.old[1].group));
    struct mls_extension one = {MLS_EXTENSION_EXTERNAL_SENDERS, SLICE_EMPTY};
    mls_extensions_free(&reinit->extensions, NULL);
    CHECK_OK(mls_extensions_from(&reinit->extensions, &one, 1, NULL));
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_REINIT);
    scene_end(&s);
}

TEST(a_forged_branch_is_refused) {
    struct scene s;
    struct person mallory;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
    forge(&s, "branch", MLS_PSK_BRANCH, true, s.key_packages, 1);
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_EPOCH); /* rule 11.3-2 */
    person_init(&mallory, MLS_SUITE_X25519_CHACHA, "mallory");
    person_key_package(&mallory, false);
    slice both[] = {s.key_packages[0], buf_slice(&mallory.key_package)};
    forge(&s, "branch", MLS_PSK_BRANCH, false, both, 2);
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_REINIT); /* rule 11.3-3 */
    forge(&s, "branch", MLS_PSK_BRANCH, false, s.key_packages, 1);
    CHECK_OK(join(&s, 1, s.old[1].group));
    person_free(&mallory);
    scene_end(&s);
    scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_XWING_CHACHA);
    forge(&s, "branch", MLS_PSK_BRANCH, false, s.key_packages, 1);
    CHECK_ERR(join(&s, 1, s.old[1].group), ERR_MLS_SUITE); /* rule 11.3-1 */
    scene_end(&s);
}

/* Somebody who keeps the keys of other groups. */
static err any_secret(void *ctx, slice group_id, uint64_t epoch, buf *secret) {
    (void)ctx;
    (void)epoch;
    return buf_append(secret, group_id);
}

static void of_another_group(struct mls_group_secrets *secrets) {
    CHECK_OK(buf_set(&secrets->psks[0].id, slice_str("older")));
}
static void of_an_earlier_epoch(struct mls_group_secrets *secrets) {
    secrets->psks[0].epoch--;
}
static void with_a_short_nonce(struct mls_group_secrets *secrets) {
    secrets->psks[0].nonce.n--;
}
static void twice(struct mls_group_secrets *secrets) {
    size_t size = sizeof(*secrets->psks);
    CHECK_EQ(secrets->psk_count, 1);
    secrets->psks = mem_resize(NULL, secrets->psks, size, 2 * size);
    struct mls_psk_id *first = &secrets->psks[0], *second = &secrets->psks[1];
    *second = *first;
    CHECK_OK(mls_opaque_copy(&second->id, buf_slice(&first->id), NULL));
    CHECK_OK(mls_opaque_copy(&second->nonce, buf_slice(&first->nonce), NULL));
    second->nonce.p[0] ^= 1;
    secrets->psk_count++;
}

TEST(what_ties_a_group_to_the_one_that_it_continues_is_checked) {
    static const struct {
        void (*change)(struct mls_group_secrets *secrets);
        enum mls_psk_usage usage;
        err expected;
    } forgeries[] = {
        {of_another_group, MLS_PSK_REINIT, ERR_MLS_PSK},    /* rule 11.2-3 */
        {of_an_earlier_epoch, MLS_PSK_REINIT, ERR_MLS_PSK}, /* rule 11.2-4 */
        {with_a_short_nonce, MLS_PSK_REINIT, ERR_MLS_PROPOSAL_LIST},
        {with_a_short_nonce, MLS_PSK_BRANCH, ERR_MLS_PROPOSAL_LIST}, /* rule 11.3-4 */
        {twice, MLS_PSK_REINIT, ERR_MLS_PSK},                        /* rule 12.4.3.1-4 */
        {twice, MLS_PSK_BRANCH, ERR_MLS_PSK},                        /* rule 12.4.3.1-4 */
    };
    struct mls_auth keeper = people_auth;
    keeper.resumption = any_secret;
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        struct scene s;
        bool reinit = forgeries[i].usage == MLS_PSK_REINIT;
        scene_begin(&s, MLS_SUITE_X25519_CHACHA, MLS_SUITE_X25519_CHACHA);
        if (reinit)
            end_old(&s, MLS_SUITE_X25519_CHACHA);
        forge(&s, "new", forgeries[i].usage, false, s.key_packages, reinit ? 2 : 1);
        person_change_secrets(&s.new[1], &s.c.welcomes[0], forgeries[i].change);
        CHECK_ERR(join_as(&s, 1, s.old[1].group, &keeper), forgeries[i].expected);
        scene_end(&s);
    }
}

TEST_MAIN
