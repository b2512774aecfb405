/* Key packages of last resort (draft-ietf-mls-extensions-10 s.4.6, 6.4). */
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/proposals.h"
#include "tests/mls/people.h"

static void last_resort(struct person *p) {
    struct mls_key_package_params params = {
        .leaf = person_leaf(p), .not_before = 1000, .not_after = 2000, .last_resort = true};
    buf_clear(&p->key_package);
    buf_clear(&p->secrets);
    CHECK_OK(mls_key_package_new(p->suite, &params, &p->key_package, &p->secrets));
}

static err check(slice key_package, struct mls_member *member) {
    struct mls_extension extensions[2];
    size_t count = 2;
    return mls_key_package_check(key_package, &people_auth, 1500, member, extensions, &count);
}

TEST(a_key_package_says_that_it_is_of_last_resort) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        static const uint8_t dictionary[] = {3, 0, 4, 0};
        struct person anna;
        struct mls_member member;
        struct mls_key_package kp;
        person_init(&anna, mls_suite_id(mls_suite_at(i)), "anna");
        last_resort(&anna);
        CHECK_OK(check(buf_slice(&anna.key_package), &member));
        CHECK(member.last_resort);
        CHECK_SLICE(member.identity, slice_str("anna"));
        CHECK_OK(mls_key_package_open(buf_slice(&anna.key_package), &kp, NULL));
        CHECK_EQ(kp.extensions.n, 1);
        CHECK_EQ(kp.extensions.p[0].type, 6);
        CHECK_SLICE(kp.extensions.p[0].data, SLICE_ARRAY(dictionary));
        CHECK(mls_u16s_have(&kp.leaf.capabilities.extensions, 6));
        mls_key_package_free(&kp, NULL);
        person_key_package(&anna, false);
        CHECK_OK(check(buf_slice(&anna.key_package), &member));
        CHECK(!member.last_resort);
        CHECK_OK(mls_key_package_open(buf_slice(&anna.key_package), &kp, NULL));
        CHECK_EQ(kp.extensions.n, 0);
        CHECK(!mls_u16s_have(&kp.leaf.capabilities.extensions, 6));
        mls_key_package_free(&kp, NULL);
        person_free(&anna);
    }
}

TEST(it_is_good_for_several_groups_but_once_in_each) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct person anna, bert, *both[] = {&anna, &bert};
        struct mls_committed c;
        uint16_t suite = mls_suite_id(mls_suite_at(i));
        person_init(&anna, suite, "anna");
        person_init(&bert, suite, "bert");
        last_resort(&bert);
        slice add = buf_slice(&bert.key_package);
        struct mls_commit_params params = {.adds = &add, .add_count = 1, .tree_in_welcome = true};
        for (int j = 0; j < 2; j++) {
            person_create(&anna, j == 0 ? "one" : "two");
            people_commit(&anna, &params, NULL, 0, both + 1, 1);
            person_reload(&bert);
            people_agree(both, 2);
            people_talk(&bert, both, 2, "hello");
            CHECK_ERR(mls_group_commit(anna.group, &params, &people_auth, &c),
                      ERR_MLS_DUPLICATE_KEY);
        }
        person_free(&anna);
        person_free(&bert);
    }
}

/* ---- What others make of it ---- */

static err no_last_resort(void *ctx, const struct mls_member *before,
                          const struct mls_member *member) {
    size_t *seen = ctx;
    (void)before;
    *seen += member->last_resort;
    return member->last_resort ? ERR_IDENTITY : OK;
}

TEST(an_application_may_refuse_one_that_is_added) {
    struct person anna, bert, carla;
    struct mls_committed c;
    struct mls_received r;
    struct mls_member member;
    size_t seen = 0;
    struct mls_auth strict = {.accept = no_last_resort, .ctx = &seen};
    buf message = {0};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_init(&carla, MLS_SUITE_X25519_CHACHA, "carla");
    person_create(&anna, "group");
    people_add(&anna, &bert, NULL, 0);
    last_resort(&carla);
    slice add = buf_slice(&carla.key_package);
    struct mls_commit_params params = {.adds = &add, .add_count = 1, .without_pending = true};
    struct mls_extension extensions[2];
    size_t count = 2;
    CHECK_ERR(mls_key_package_check(add, &strict, 1500, &member, extensions, &count), ERR_IDENTITY);
    CHECK_ERR(mls_group_commit(anna.group, &params, &strict, &c), ERR_IDENTITY);
    CHECK_OK(people_propose_add(anna.group, add, &people_auth, 0, &message));
    CHECK_ERR(mls_group_process(bert.group, buf_slice(&message), &strict, &r), ERR_IDENTITY);
    CHECK_OK(mls_group_commit(anna.group, &params, &people_auth, &c));
    CHECK_ERR(mls_group_process(bert.group, buf_slice(&c.commit), &strict, &r), ERR_IDENTITY);
    CHECK_EQ(seen, 4);
    CHECK_OK(person_process(&bert, buf_slice(&c.commit)));
    mls_committed_free(&c, NULL);
    buf_free(&message);
    person_free(&anna);
    person_free(&bert);
    person_free(&carla);
}

/* Bert's key package with this dictionary, as Bert can make it, appended to out. */
static void forge(const struct person *bert, slice dictionary, buf *out) {
    struct mls_key_package kp;
    struct mls_extension one = {MLS_EXTENSION_APP_DATA_DICTIONARY, dictionary};
    buf tbs = {0};
    writer t = writer_on(&tbs), w = writer_on(out);
    CHECK_OK(mls_key_package_open(buf_slice(&bert->key_package), &kp, NULL));
    mls_extensions_free(&kp.extensions, NULL);
    CHECK_OK(mls_extensions_from(&kp.extensions, &one, 1, NULL));
    mls_key_package_write_unsigned(&t, &kp);
    CHECK_OK(writer_result(&t));
    buf_free(&kp.signature);
    CHECK_OK(mls_label_sign(bert->suite, buf_slice(&bert->priv), "KeyPackageTBS", buf_slice(&tbs),
                            &kp.signature, NULL));
    mls_message_begin(&w, MLS_KEY_PACKAGE);
    mls_key_package_write(&w, &kp);
    CHECK_OK(writer_result(&w));
    mls_key_package_free(&kp, NULL);
    buf_free(&tbs);
}

TEST(dictionaries_that_break_a_rule_are_refused) {
    static const struct {
        const char *what;
        uint8_t bytes[16];
        size_t n;
        err expected;
        bool marked;
    } cases[] = {
        {"nothing but the mark", {3, 0, 4, 0}, 4, OK, true},
        {"no component", {0}, 1, OK, false},
        {"components that nobody knows", {8, 0, 1, 1, 9, 0xff, 0xff, 1, 9}, 9, OK, false},
        {"the mark among others", {11, 0, 3, 1, 9, 0, 4, 0, 0x0a, 0x0a, 1, 9}, 12, OK, true},
        {"the mark twice", {6, 0, 4, 0, 0, 4, 0}, 7, ERR_MLS_EXTENSION, false},
        {"another twice", {6, 0, 5, 0, 0, 5, 0}, 7, ERR_MLS_EXTENSION, false},
        {"not sorted", {6, 0, 5, 0, 0, 4, 0}, 7, ERR_MLS_EXTENSION, false},
        {"the mark with data", {4, 0, 4, 1, 0}, 5, ERR_MLS_EXTENSION, false},
        {"something after it", {3, 0, 4, 0, 0}, 5, ERR_TRAILING, false},
        {"half an entry", {2, 0, 4}, 3, ERR_TRUNCATED, false},
        {"components of four bytes", {5, 0, 0, 0, 4, 0}, 6, ERR_TRUNCATED, false},
    };
    struct person anna, bert;
    struct mls_committed c;
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_create(&anna, "group");
    person_key_package(&bert, false);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mls_member member = {0};
        buf forged = {0};
        forge(&bert, slice_of(cases[i].bytes, cases[i].n), &forged);
        slice add = buf_slice(&forged);
        err e = check(add, &member);
        if (e != cases[i].expected)
            test_fail(__FILE__, __LINE__, "%s: got %s", cases[i].what, err_name(e));
        CHECK_EQ(member.last_resort, cases[i].marked);
        struct mls_commit_params params = {.adds = &add, .add_count = 1};
        CHECK_ERR(mls_group_commit(anna.group, &params, &people_auth, &c), cases[i].expected);
        mls_committed_free(&c, NULL);
        buf_free(&forged);
    }
    person_free(&anna);
    person_free(&bert);
}

TEST_MAIN
