/* Pre-shared keys, new group extensions, custom types, and what of all that waits is committed (RFC
 * 9420 sections 8.4, 12.1). */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "mls/group.h"
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/leaf.h"
#include "mls/proposals.h"
#include "tests/mls/people.h"

enum { MEMBERS = 3 };

struct scene {
    struct person people[MEMBERS], *all[MEMBERS], dora;
    buf message;
};

/* Everybody lists the custom proposal and extension types, but not `other`. */
static const uint16_t custom_type = 0xfe10, other_type = 0xfe11, custom_extension = 0xfe20;

static struct mls_leaf_params describe(const struct person *p) {
    struct mls_leaf_params leaf = person_leaf(p);
    leaf.supported_proposals = &custom_type;
    leaf.supported_proposal_count = 1;
    leaf.supported_extensions = &custom_extension;
    leaf.supported_extension_count = 1;
    leaf.grease = true;
    return leaf;
}

static void key_package(struct person *p) {
    struct mls_key_package_params params = {
        .leaf = describe(p), .not_before = 1000, .not_after = 2000};
    buf_clear(&p->key_package);
    buf_clear(&p->secrets);
    CHECK_OK(mls_key_package_new(p->suite, &params, &p->key_package, &p->secrets));
}

static void scene_begin(struct scene *s, uint16_t suite) {
    static const char *const names[MEMBERS] = {"anna", "bert", "carla"};
    slice adds[MEMBERS - 1];
    memset(s, 0, sizeof(*s));
    for (int i = 0; i < MEMBERS; i++) {
        person_init(&s->people[i], suite, names[i]);
        s->all[i] = &s->people[i];
        key_package(&s->people[i]);
    }
    person_init(&s->dora, suite, "dora");
    key_package(&s->dora);
    struct person *anna = &s->people[0];
    struct mls_group_params params = {
        .suite = anna->suite, .group_id = slice_str("group"), .leaf = describe(anna)};
    CHECK_OK(mls_group_create(&anna->group, &params, &people_auth));
    for (int i = 1; i < MEMBERS; i++)
        adds[i - 1] = buf_slice(&s->people[i].key_package);
    struct mls_commit_params commit = {
        .adds = adds, .add_count = MEMBERS - 1, .tree_in_welcome = true};
    people_commit(anna, &commit, NULL, 0, s->all + 1, MEMBERS - 1);
}

static void scene_end(struct scene *s) {
    for (int i = 0; i < MEMBERS; i++)
        person_free(&s->people[i]);
    person_free(&s->dora);
    buf_free(&s->message);
}

/* ---- With keys ---- */

/* Everybody's secret is the id backwards; "unknown" nobody has. */
static err find_psk(void *ctx, slice id, buf *secret) {
    (void)ctx;
    if (slice_equal(id, slice_str("unknown")))
        return ERR_MLS_PSK;
    TRY(buf_resize(secret, id.n));
    for (size_t i = 0; i < id.n; i++)
        secret->p[i] = id.p[id.n - 1 - i];
    return OK;
}

static struct mls_auth with_psks(void) {
    struct mls_auth auth = people_auth;
    auth.psk = find_psk;
    return auth;
}

static err process_with(struct person *p, slice message, const struct mls_auth *auth) {
    struct mls_received r;
    err e = mls_group_process(p->group, message, auth, &r);
    if (e == OK && r.commit != NULL) {
        mls_staged_apply(p->group, r.commit);
        r.commit = NULL;
    }
    mls_received_free(&r);
    return e;
}

/* RFC 9420 rules 12.4.2-5, 12.4.3.1-3 */
TEST(a_commit_brings_keys_in_and_who_lacks_one_can_t_follow) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct scene s;
        struct mls_committed c;
        struct mls_auth auth = with_psks();
        struct person *added[] = {&s.dora};
        uint32_t sender;
        scene_begin(&s, mls_suite_id(mls_suite_at(i)));
        struct person *anna = &s.people[0];
        slice add = buf_slice(&s.dora.key_package);
        struct mls_propose psks[] = {
            {.type = MLS_PROPOSAL_PSK, .psk_id = slice_str("one")},
            {.type = MLS_PROPOSAL_PSK, .psk_id = slice_str("two")},
        };
        struct mls_commit_params params = {.proposals = psks,
                                           .proposal_count = 2,
                                           .adds = &add,
                                           .add_count = 1,
                                           .tree_in_welcome = true};
        CHECK_ERR(mls_group_commit(anna->group, &params, &people_auth, &c), ERR_MLS_PSK);
        CHECK_OK(mls_group_commit(anna->group, &params, &auth, &c));
        CHECK_ERR(person_process(&s.people[1], buf_slice(&c.commit)), ERR_MLS_PSK);
        for (int j = 1; j < MEMBERS; j++)
            CHECK_OK(process_with(&s.people[j], buf_slice(&c.commit), &auth));
        mls_staged_apply(anna->group, c.staged);
        c.staged = NULL;
        struct mls_join_params join = {.welcome = buf_slice(&c.welcomes[0]),
                                       .own = person_own(added[0])};
        CHECK_ERR(mls_group_join(&s.dora.group, &join, &people_auth, &sender), ERR_MLS_PSK);
        CHECK_OK(mls_group_join(&s.dora.group, &join, &auth, &sender));
        struct person *all[] = {&s.people[0], &s.people[1], &s.people[2], &s.dora};
        people_agree(all, 4);
        mls_committed_free(&c, NULL);
        scene_end(&s);
    }
}

static void turn_around(struct mls_group_secrets *secrets) {
    struct mls_psk_id first = secrets->psks[0];
    CHECK_EQ(secrets->psk_count, 2);
    secrets->psks[0] = secrets->psks[1];
    secrets->psks[1] = first;
}
static void shorten_nonce(struct mls_group_secrets *secrets) {
    secrets->psks[1].nonce.n--;
}

/* RFC 9420 rules 8.4-1, 8.4-2 */
TEST(a_welcome_names_the_keys_as_its_commit_does) {
    static const struct {
        void (*change)(struct mls_group_secrets *secrets);
        err expected;
    } forgeries[] = {{turn_around, ERR_CRYPTO}, {shorten_nonce, ERR_MLS_PROPOSAL_LIST}};
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        struct mls_committed c;
        struct mls_auth auth = with_psks();
        uint32_t sender;
        scene_begin(&s, MLS_SUITE_X25519_CHACHA);
        slice add = buf_slice(&s.dora.key_package);
        struct mls_propose psks[] = {
            {.type = MLS_PROPOSAL_PSK, .psk_id = slice_str("one")},
            {.type = MLS_PROPOSAL_PSK, .psk_id = slice_str("two")},
        };
        struct mls_commit_params params = {.proposals = psks,
                                           .proposal_count = 2,
                                           .adds = &add,
                                           .add_count = 1,
                                           .tree_in_welcome = true};
        CHECK_OK(mls_group_commit(s.people[0].group, &params, &auth, &c));
        person_change_secrets(&s.dora, &c.welcomes[0], forgeries[i].change);
        struct mls_join_params join = {.welcome = buf_slice(&c.welcomes[0]),
                                       .own = person_own(&s.dora)};
        CHECK_ERR(mls_group_join(&s.dora.group, &join, &auth, &sender), forgeries[i].expected);
        mls_committed_free(&c, NULL);
        scene_end(&s);
    }
}

TEST(a_pending_key_waits_until_the_caller_says_that_all_have_it) {
    struct scene s;
    struct mls_committed c;
    struct mls_auth auth = with_psks();
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_propose psk = {.type = MLS_PROPOSAL_PSK, .psk_id = slice_str("one")};
    CHECK_OK(mls_group_propose(s.people[1].group, &psk, &auth, 0, &s.message));
    CHECK_OK(person_process(&s.people[0], buf_slice(&s.message)));
    CHECK_OK(person_process(&s.people[2], buf_slice(&s.message)));
    struct mls_commit_params params = {0};
    CHECK_OK(mls_group_commit(s.people[0].group, &params, &auth, &c));
    CHECK_OK(person_process(&s.people[2], buf_slice(&c.commit))); /* without it */
    mls_committed_free(&c, NULL);
    scene_end(&s);
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_group_propose(s.people[1].group, &psk, &auth, 0, &s.message));
    CHECK_OK(person_process(&s.people[0], buf_slice(&s.message)));
    CHECK_OK(person_process(&s.people[2], buf_slice(&s.message)));
    params.pending_psks = true;
    CHECK_OK(mls_group_commit(s.people[0].group, &params, &auth, &c));
    CHECK_ERR(person_process(&s.people[2], buf_slice(&c.commit)), ERR_MLS_PSK);
    CHECK_OK(process_with(&s.people[2], buf_slice(&c.commit), &auth));
    mls_committed_free(&c, NULL);
    scene_end(&s);
}

static uint8_t kept_psk[MLS_HASH_MAX];
static size_t kept_size;

static err find_kept(void *ctx, slice group_id, uint64_t epoch, buf *secret) {
    (void)ctx;
    if (epoch != 1 || !slice_equal(group_id, slice_str("group")))
        return ERR_MLS_PSK;
    return buf_append(secret, slice_of(kept_psk, kept_size));
}

TEST(resumption_keys_come_from_the_group_or_from_who_kept_them) {
    struct scene s;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_propose psk = {.type = MLS_PROPOSAL_PSK, .resumption = true, .epoch = 1};
    struct mls_commit_params with = {.proposals = &psk, .proposal_count = 1}, without = {0};
    kept_size = sizeof(kept_psk);
    CHECK_OK(mls_group_resumption_psk(s.people[0].group, 1, kept_psk, &kept_size));
    CHECK_EQ(kept_size, 32);
    for (int i = 0; i < MLS_PAST_EPOCHS; i++)
        people_commit(&s.people[0], i == 3 ? &with : &without, s.all, MEMBERS, NULL, 0);
    people_agree(s.all, MEMBERS);
    people_commit(&s.people[0], &without, s.all, MEMBERS, NULL, 0);
    /* Now the first epoch is out of reach. */
    struct mls_committed c;
    size_t n = sizeof(kept_psk);
    uint8_t out[MLS_HASH_MAX];
    CHECK_ERR(mls_group_resumption_psk(s.people[0].group, 1, out, &n), ERR_MLS_PSK);
    CHECK_ERR(mls_group_commit(s.people[0].group, &with, &people_auth, &c), ERR_MLS_PSK);
    struct mls_auth auth = people_auth;
    auth.resumption = find_kept;
    CHECK_OK(mls_group_commit(s.people[0].group, &with, &auth, &c));
    CHECK_ERR(person_process(&s.people[1], buf_slice(&c.commit)), ERR_MLS_PSK);
    CHECK_OK(process_with(&s.people[1], buf_slice(&c.commit), &auth));
    mls_committed_free(&c, NULL);
    scene_end(&s);
}

/* ---- The group's extensions ---- */

/* RFC 9420 rule 12.1.7-1 */
TEST(new_extensions_are_shown_before_they_are_taken) {
    struct scene s;
    struct mls_committed c;
    struct mls_received r;
    struct mls_auth closed = people_auth;
    size_t count;
    bool changed;
    closed.extensions = NULL;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_extension extensions[] = {{custom_extension, slice_str("data")}};
    struct mls_propose what = {.type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                               .extensions = extensions,
                               .extension_count = 1};
    struct mls_commit_params params = {.proposals = &what, .proposal_count = 1};
    CHECK_OK(mls_group_commit(s.people[0].group, &params, &closed, &c)); /* it is ours */
    CHECK_ERR(mls_group_process(s.people[1].group, buf_slice(&c.commit), &closed, &r),
              ERR_MLS_EXTENSION);
    CHECK_OK(mls_group_process(s.people[1].group, buf_slice(&c.commit), &people_auth, &r));
    const struct mls_extension *shown = mls_staged_extensions(r.commit, &count, &changed);
    CHECK(changed && count == 1 && shown[0].type == custom_extension);
    CHECK_SLICE(shown[0].data, slice_str("data"));
    mls_staged_apply(s.people[1].group, r.commit);
    r.commit = NULL;
    mls_received_free(&r);
    shown = mls_group_extensions(s.people[1].group, &count);
    CHECK(count == 1 && shown[0].type == custom_extension);
    mls_committed_free(&c, NULL);
    /* What belongs elsewhere, or nobody could store. */
    extensions[0] = (struct mls_extension){MLS_EXTENSION_RATCHET_TREE, SLICE_EMPTY};
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c), ERR_MLS_EXTENSION);
    extensions[0].type = MLS_EXTENSION_APPLICATION_ID;
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c), ERR_MLS_EXTENSION);
    buf large = {0};
    CHECK_OK(buf_resize(&large, MLS_CONTEXT_MAX + 1));
    memset(large.p, 0, large.n);
    extensions[0] = (struct mls_extension){custom_extension, buf_slice(&large)};
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c), ERR_TOO_LARGE);
    extensions[0] = (struct mls_extension){0xfe21, SLICE_EMPTY};
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c), ERR_MLS_CAPABILITIES);
    buf_free(&large);
    scene_end(&s);
}

TEST(pending_extensions_yield_to_somebody_added_by_value_who_does_not_know_them) {
    struct scene s;
    struct person evan, *added[] = {&evan};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    person_init(&evan, MLS_SUITE_X25519_CHACHA, "evan");
    person_key_package(&evan, false); /* which lists nothing */
    struct mls_extension extensions[] = {{custom_extension, slice_str("data")}};
    struct mls_propose what = {.type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                               .extensions = extensions,
                               .extension_count = 1};
    CHECK_OK(mls_group_propose(s.people[1].group, &what, &people_auth, 0, &s.message));
    CHECK_OK(person_process(&s.people[0], buf_slice(&s.message)));
    CHECK_OK(person_process(&s.people[2], buf_slice(&s.message)));
    slice add = buf_slice(&evan.key_package);
    struct mls_commit_params params = {.adds = &add, .add_count = 1, .tree_in_welcome = true};
    people_commit(&s.people[0], &params, s.all, MEMBERS, added, 1);
    size_t count;
    (void)mls_group_extensions(evan.group, &count);
    CHECK_EQ(count, 0);
    person_free(&evan);
    scene_end(&s);
}

/* RFC 9420 rule 12.3-1 */
TEST(an_add_is_judged_by_the_extensions_of_the_same_commit) {
    struct scene s;
    struct person evan;
    struct mls_epoch *next;
    struct mls_applied applied;
    struct mls_proposal add = {0}, extend = {0};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    person_init(&evan, MLS_SUITE_X25519_CHACHA, "evan");
    person_key_package(&evan, false); /* which lists nothing */
    const struct mls_group *bert = s.people[1].group;
    const struct mls_sender anna = {MLS_SENDER_MEMBER, 0};
    struct mls_extension extension = {custom_extension, slice_str("data")};
    struct mls_propose what[] = {
        {.type = MLS_PROPOSAL_ADD, .key_package = buf_slice(&evan.key_package)},
        {.type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
         .extensions = &extension,
         .extension_count = 1},
    };
    CHECK_OK(mls_proposal_from(&add, &what[0], evan.suite, slice_str("group"), NULL));
    CHECK_OK(mls_proposal_from(&extend, &what[1], evan.suite, slice_str("group"), NULL));
    struct mls_item items[] = {{&add, NULL, anna}, {&extend, NULL, anna}};
    for (size_t from = 0; from < 2; from++) /* both, and then the extensions alone */
        for (size_t n = 1; n <= 2 - from; n++) {
            struct mls_list list = {items + from, n};
            CHECK_OK(mls_epoch_successor(&next, bert->epoch, NULL));
            err e = mls_list_apply(&list, bert, &anna, false, &people_auth, next, &applied);
            CHECK_ERR(e, n == 2 ? ERR_MLS_CAPABILITIES : OK);
            mls_applied_end(&applied, NULL);
            mls_epoch_free(next, NULL);
        }
    mls_proposal_free(&add, NULL);
    mls_proposal_free(&extend, NULL);
    person_free(&evan);
    scene_end(&s);
}

/* RFC 9420 rules 11.1-2, 12.1.7-1 */
TEST(new_extensions_need_those_who_stay_to_know_them) {
    struct person anna, bert, *both[] = {&anna, &bert};
    struct mls_epoch *next;
    struct mls_applied applied;
    struct mls_proposal extend = {0}, remove = {.type = MLS_PROPOSAL_REMOVE, .removed = 1};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    struct mls_group_params params = {
        .suite = anna.suite, .group_id = slice_str("group"), .leaf = describe(&anna)};
    CHECK_OK(mls_group_create(&anna.group, &params, &people_auth));
    people_add(&anna, &bert, both, 1); /* who lists nothing */
    const struct mls_sender sender = {MLS_SENDER_MEMBER, 0};
    struct mls_extension extension = {custom_extension, slice_str("data")};
    struct mls_propose what = {.type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                               .extensions = &extension,
                               .extension_count = 1};
    CHECK_OK(mls_proposal_from(&extend, &what, anna.suite, slice_str("group"), NULL));
    struct mls_item items[] = {{&extend, NULL, sender}, {&remove, NULL, sender}};
    for (size_t n = 1; n <= 2; n++) {
        struct mls_list list = {items, n};
        CHECK_OK(mls_epoch_successor(&next, bert.group->epoch, NULL));
        CHECK_OK(mls_list_apply(&list, bert.group, &sender, false, &people_auth, next, &applied));
        CHECK_ERR(mls_applied_check(&applied, next), n == 1 ? ERR_MLS_CAPABILITIES : OK);
        mls_applied_end(&applied, NULL);
        mls_epoch_free(next, NULL);
    }
    mls_proposal_free(&extend, NULL);
    person_free(&anna);
    person_free(&bert);
}

/* ---- Custom types ---- */

/* RFC 9420 rule 12.2-11 */
TEST(a_custom_proposal_is_passed_through_if_everybody_knows_its_type) {
    struct scene s;
    struct mls_committed c;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_propose custom = {.type = custom_type, .content = slice_str("anything")};
    CHECK_OK(mls_group_propose(s.people[1].group, &custom, &people_auth, 0, &s.message));
    for (int i = 0; i < MEMBERS; i += 2)
        CHECK_OK(person_process(&s.people[i], buf_slice(&s.message)));
    for (int i = 0; i < MEMBERS; i++)
        person_reload(&s.people[i]);
    struct mls_commit_params params = {.proposals = &custom, .proposal_count = 1};
    people_commit(&s.people[0], &params, s.all, MEMBERS, NULL, 0);
    people_agree(s.all, MEMBERS);
    custom.type = other_type;
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c), ERR_MLS_CAPABILITIES);
    custom.type = 0;
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c),
              ERR_MLS_PROPOSAL_LIST);
    custom.type = MLS_PROPOSAL_EXTERNAL_INIT;
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c),
              ERR_MLS_PROPOSAL_LIST);
    scene_end(&s);
}

/* Bert's, though Evan does not know the type: he does not keep it himself. */
static void send_custom(struct scene *s) {
    struct mls_authenticated_content content = {0};
    struct mls_group *bert = s->people[1].group;
    CHECK_OK(mls_content_begin(bert, &content, MLS_PROPOSAL, MLS_PUBLIC_MESSAGE));
    content.content.proposal.type = custom_type;
    CHECK_OK(mls_content_sign(bert, &content));
    buf_clear(&s->message);
    CHECK_OK(mls_content_protect(bert, &content, 0, &s->message));
    mls_authenticated_content_free(&content, NULL);
    CHECK_OK(person_process(&s->people[0], buf_slice(&s->message)));
    CHECK_OK(person_process(&s->people[2], buf_slice(&s->message)));
}

/* RFC 9420 rule 12.2-11 */
TEST(who_is_removed_with_it_need_not_know_a_custom_type) {
    struct scene s;
    struct person evan;
    struct mls_committed c;
    uint32_t last = MEMBERS;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    person_init(&evan, MLS_SUITE_X25519_CHACHA, "evan");
    people_add(&s.people[0], &evan, s.all, MEMBERS); /* who lists nothing */
    struct mls_propose custom = {.type = custom_type};
    CHECK_ERR(mls_group_propose(s.people[1].group, &custom, &people_auth, 0, &s.message),
              ERR_MLS_CAPABILITIES);
    /* By reference: left out while Evan stays, and taken with his Remove. */
    struct mls_group *anna = s.people[0].group;
    for (size_t with = 0; with < 2; with++) {
        struct mls_commit_params params = {.removes = &last, .remove_count = with};
        send_custom(&s);
        CHECK_EQ(mls_group_pending_proposals(anna), 1);
        CHECK_OK(mls_group_commit(anna, &params, &people_auth, &c));
        CHECK_OK(person_process(&s.people[2], buf_slice(&c.commit)));
        /* Bert knows no such proposal. */
        CHECK_ERR(person_process(&s.people[1], buf_slice(&c.commit)), with == 0 ? OK : ERR_MISSING);
        if (with == 0) {
            mls_staged_apply(anna, c.staged);
            c.staged = NULL;
        }
        mls_committed_free(&c, NULL);
    }
    person_free(&evan);
    scene_end(&s);
}

/* RFC 9420 rule 12.2-11 */
TEST(who_stays_must_know_a_custom_type) {
    struct scene s;
    struct person evan;
    struct mls_epoch *next;
    struct mls_applied applied;
    uint32_t last = MEMBERS;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    person_init(&evan, MLS_SUITE_X25519_CHACHA, "evan");
    people_add(&s.people[0], &evan, s.all, MEMBERS);
    const struct mls_sender anna = {MLS_SENDER_MEMBER, 0};
    struct mls_proposal custom = {.type = custom_type};
    struct mls_proposal others = {.type = MLS_PROPOSAL_REMOVE, .removed = 2};
    struct mls_proposal his = {.type = MLS_PROPOSAL_REMOVE, .removed = last};
    struct mls_item items[] = {{&custom, NULL, anna}, {&others, NULL, anna}, {&his, NULL, anna}};
    for (size_t n = 1; n <= 3; n++) {
        struct mls_list list = {items, n};
        CHECK_OK(mls_epoch_successor(&next, s.people[1].group->epoch, NULL));
        err e =
            mls_list_apply(&list, s.people[1].group, &anna, false, &people_auth, next, &applied);
        CHECK_ERR(e, n < 3 ? ERR_MLS_CAPABILITIES : OK);
        mls_applied_end(&applied, NULL);
        mls_epoch_free(next, NULL);
    }
    /* By value it is taken with his Remove, by himself, too. */
    struct mls_propose by_value = {.type = custom_type};
    struct mls_commit_params params = {
        .proposals = &by_value, .proposal_count = 1, .removes = &last, .remove_count = 1};
    struct person *rest[] = {&s.people[0], &s.people[1], &s.people[2], &evan};
    people_commit(&s.people[0], &params, rest, 4, NULL, 0);
    CHECK(mls_group_is_out(evan.group));
    people_agree(s.all, MEMBERS);
    person_free(&evan);
    scene_end(&s);
}

/* With as many of them as a message has room for, and him who doesn't know them removed last: a
 * search through all for each of them would not come to its end. */
TEST(many_of_a_custom_type_are_judged_once) {
    enum { MANY = 500000 };
    struct scene s;
    struct mls_epoch *next;
    struct mls_applied applied;
    struct person evan;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    person_init(&evan, MLS_SUITE_X25519_CHACHA, "evan");
    people_add(&s.people[0], &evan, s.all, MEMBERS);
    const struct mls_sender anna = {MLS_SENDER_MEMBER, 0};
    struct mls_proposal custom = {.type = custom_type};
    struct mls_proposal his = {.type = MLS_PROPOSAL_REMOVE, .removed = MEMBERS};
    struct mls_item *items = calloc(MANY, sizeof(*items));
    CHECK(items != NULL);
    for (size_t i = 0; i < MANY; i++)
        items[i] = (struct mls_item){i + 1 < MANY ? &custom : &his, NULL, anna};
    for (size_t missing = 0; missing < 2; missing++) {
        struct mls_list list = {items, MANY - missing};
        CHECK_OK(mls_epoch_successor(&next, s.people[1].group->epoch, NULL));
        err e =
            mls_list_apply(&list, s.people[1].group, &anna, false, &people_auth, next, &applied);
        CHECK_ERR(e, missing == 0 ? OK : ERR_MLS_CAPABILITIES);
        mls_applied_end(&applied, NULL);
        mls_epoch_free(next, NULL);
    }
    free(items);
    person_free(&evan);
    scene_end(&s);
}

/* ---- Keys and lifetimes of those who come ---- */

/* RFC 9420 rule 7.3-5 */
TEST(who_is_late_is_left_out_or_refused) {
    struct scene s;
    struct mls_committed c;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(people_propose_add(s.people[1].group, buf_slice(&s.dora.key_package), &people_auth, 0,
                                &s.message));
    CHECK_OK(person_process(&s.people[0], buf_slice(&s.message)));
    struct mls_commit_params params = {.now = 2001};
    CHECK_OK(mls_group_commit(s.people[0].group, &params, &people_auth, &c));
    CHECK_EQ(c.added_count, 0);
    mls_committed_free(&c, NULL);
    params.now = 2000;
    CHECK_OK(mls_group_commit(s.people[0].group, &params, &people_auth, &c));
    CHECK_EQ(c.added_count, 1);
    mls_committed_free(&c, NULL);
    slice add = buf_slice(&s.dora.key_package);
    params = (struct mls_commit_params){
        .adds = &add, .add_count = 1, .without_pending = true, .now = 999};
    CHECK_ERR(mls_group_commit(s.people[0].group, &params, &people_auth, &c), ERR_MLS_LIFETIME);
    scene_end(&s);
}

TEST(a_proposal_with_a_key_of_the_tree_or_none_stops_nobody) {
    struct scene s;
    struct mls_committed c;
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct mls_commit_params none = {0};
    people_commit(&s.people[0], &none, s.all, MEMBERS, NULL, 0);
    people_commit(&s.people[1], &none, s.all, MEMBERS, NULL, 0);
    const struct mls_tree *tree = &s.people[0].group->epoch->tree;
    slice root = mls_tree_public_key(tree, mls_tree_math_root(tree->width));
    CHECK_EQ(root.n, 32);
    static const uint8_t zeros[32];
    /* Key packages of a malicious member's making: the leaf's key is a parent's, or no key at all.
     */
    for (int i = 0; i < 2; i++) {
        struct mls_key_package kp;
        CHECK_OK(mls_key_package_open(buf_slice(&s.dora.key_package), &kp, NULL));
        CHECK_OK(buf_set(&kp.leaf.encryption_key, i == 0 ? root : SLICE_ARRAY(zeros)));
        CHECK_OK(
            mls_leaf_sign(s.dora.suite, &kp.leaf, buf_slice(&s.dora.priv), SLICE_EMPTY, 0, NULL));
        buf tbs = {0}, forged = {0};
        writer w = writer_on(&tbs), v = writer_on(&forged);
        mls_key_package_write_unsigned(&w, &kp);
        buf_free(&kp.signature);
        CHECK_OK(mls_label_sign(s.dora.suite, buf_slice(&s.dora.priv), "KeyPackageTBS",
                                buf_slice(&tbs), &kp.signature, NULL));
        mls_message_begin(&v, MLS_KEY_PACKAGE);
        mls_key_package_write(&v, &kp);
        CHECK_OK(writer_result(&v));
        buf_clear(&s.message);
        err e =
            people_propose_add(s.people[2].group, buf_slice(&forged), &people_auth, 0, &s.message);
        CHECK_ERR(e, i == 0 ? OK : ERR_MLS_LEAF_NODE);
        if (e == OK)
            CHECK_OK(person_process(&s.people[0], buf_slice(&s.message)));
        mls_key_package_free(&kp, NULL);
        buf_free(&tbs);
        buf_free(&forged);
    }
    CHECK_OK(mls_group_commit(s.people[0].group, &none, &people_auth, &c));
    CHECK_EQ(c.added_count, 0);
    CHECK_OK(person_process(&s.people[1], buf_slice(&c.commit)));
    mls_committed_free(&c, NULL);
    scene_end(&s);
}

TEST(a_proposal_too_large_to_keep_is_refused_by_everybody) {
    struct scene s;
    buf large = {0};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(buf_resize(&large, MLS_PROPOSAL_MAX));
    memset(large.p, 0, large.n);
    struct mls_propose custom = {.type = custom_type, .content = buf_slice(&large)};
    CHECK_ERR(mls_group_propose(s.people[1].group, &custom, &people_auth, 0, &s.message),
              ERR_TOO_LARGE);
    buf_free(&large);
    scene_end(&s);
}

/* ---- A commit that was overtaken ---- */

TEST(applying_another_epoch_s_commit_changes_nothing) {
    struct scene s;
    struct mls_committed first, second;
    struct mls_commit_params none = {0};
    scene_begin(&s, MLS_SUITE_X25519_CHACHA);
    struct person *anna = &s.people[0];
    CHECK_OK(mls_group_commit(anna->group, &none, &people_auth, &first));
    CHECK_OK(mls_group_commit(anna->group, &none, &people_auth, &second));
    for (int i = 1; i < MEMBERS; i++)
        CHECK_OK(person_process(&s.people[i], buf_slice(&first.commit)));
    mls_staged_apply(anna->group, first.staged);
    mls_staged_apply(anna->group, second.staged);
    first.staged = second.staged = NULL;
    people_agree(s.all, MEMBERS);
    person_reload(anna);
    mls_committed_free(&first, NULL);
    mls_committed_free(&second, NULL);
    scene_end(&s);
}

TEST_MAIN
