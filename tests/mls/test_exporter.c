/* The exporter tree, and exporting from a group (draft-ietf-mls-extensions-10 s.4.4). */
#include "crypto/crypto.h"
#include "mls/group.h"
#include "mls/labels.h"
#include "tests/mls/people.h"

static const uint16_t components[] = {0, 1, 0x0a0a, 0x7fff, 0x8000, 0xfffe, 0xffff};
enum { COMPONENTS = sizeof(components) / sizeof(components[0]), HEIGHT = MLS_EXPORTER_HEIGHT };

/* ---- The tree ---- */

/* What a secret tree (which the official vectors test) makes of its leaf's secret, in order to
 * compare it with ours: the key of the first handshake message. */
static void first_key(const struct mls_suite *suite, const uint8_t *leaf, uint8_t *key) {
    uint8_t ratchet[CRYPTO_HASH_MAX];
    size_t nh = suite->hash->len;
    CHECK_OK(mls_label_expand(suite, slice_of(leaf, nh), "handshake", SLICE_EMPTY, ratchet, nh));
    CHECK_OK(mls_label_derive_tree(suite, slice_of(ratchet, nh), "key", 0, key, suite->aead->key));
}

TEST(its_leaves_are_those_of_a_secret_tree) {
    CHECK_OK(crypto_init());
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        const struct mls_suite *suite = mls_suite_at(i);
        uint8_t root[CRYPTO_HASH_MAX], leaf[CRYPTO_HASH_MAX], key[CRYPTO_AEAD_KEY_MAX];
        struct mls_exporter_tree exports;
        struct mls_secret_tree secrets;
        struct mls_message_key expected;
        crypto_random(root, sizeof(root));
        CHECK_OK(mls_exporter_tree_init(&exports, suite, root, NULL));
        CHECK_OK(mls_secret_tree_init(&secrets, suite, 1 << HEIGHT, root, NULL, NULL));
        for (int j = 0; j < COMPONENTS; j++) {
            CHECK_OK(mls_exporter_tree_take(&exports, components[j], leaf));
            first_key(suite, leaf, key);
            CHECK_OK(
                mls_secret_tree_peek(&secrets, components[j], MLS_RATCHET_HANDSHAKE, 0, &expected));
            CHECK_SLICE(slice_of(key, suite->aead->key), slice_of(expected.key, suite->aead->key));
        }
        mls_exporter_tree_free(&exports);
        mls_secret_tree_free(&secrets);
    }
}

/* Computed apart from this code, from the draft's and RFC 9420's text, with HMAC-SHA-256. */
TEST(a_secret_is_the_one_that_the_draft_says) {
    static const uint8_t expected[] = {0x5c, 0x5c, 0xaf, 0xa4, 0x3f, 0x47, 0x0a, 0xc0,
                                       0x63, 0xf2, 0x1b, 0x52, 0x94, 0x24, 0x07, 0xf8,
                                       0x65, 0xab, 0x0f, 0xbd, 0x37, 0xb3, 0xbd, 0xea,
                                       0xb1, 0x0d, 0x34, 0xa3, 0x32, 0xb4, 0x5d, 0x6a};
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    uint8_t epoch_secret[32], out[CRYPTO_HASH_MAX];
    struct mls_epoch_secrets secrets;
    struct mls_exporter_tree t;
    CHECK_OK(crypto_init());
    for (uint8_t i = 0; i < 32; i++)
        epoch_secret[i] = i;
    CHECK_OK(mls_key_schedule_first(suite, epoch_secret, &secrets));
    CHECK_OK(mls_exporter_tree_init(&t, suite, secrets.application_export, NULL));
    CHECK_OK(mls_exporter_tree_take(&t, 0x8001, out));
    CHECK_SLICE(slice_of(out, 32), SLICE_ARRAY(expected));
    mls_exporter_tree_free(&t);
}

TEST(every_leaf_is_taken_once) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    uint8_t root[CRYPTO_HASH_MAX] = {1}, secret[CRYPTO_HASH_MAX];
    struct mls_exporter_tree t;
    CHECK_OK(crypto_init());
    CHECK_OK(mls_exporter_tree_init(&t, suite, root, NULL));
    for (uint32_t i = 0; i <= UINT16_MAX; i++) { /* from both halves in turn */
        uint16_t component = (uint16_t)(i >> 1 | i << 15);
        CHECK_OK(mls_exporter_tree_take(&t, component, secret));
        if (i % 4096 == 0)
            CHECK_ERR(mls_exporter_tree_take(&t, component, secret), ERR_REPEAT);
    }
    CHECK_EQ(t.count, 0);
    CHECK_ERR(mls_exporter_tree_take(&t, 77, secret), ERR_REPEAT);
    mls_exporter_tree_free(&t);
}

static bool holds(slice bytes, slice part) {
    for (size_t i = 0; i + part.n <= bytes.n; i++)
        if (memcmp(bytes.p + i, part.p, part.n) == 0)
            return true;
    return false;
}

/* The way from the root to a leaf, root first. */
static void secrets_above(const struct mls_suite *suite, const uint8_t *root, uint16_t leaf,
                          uint8_t way[HEIGHT + 1][CRYPTO_HASH_MAX]) {
    size_t nh = suite->hash->len;
    memcpy(way[0], root, nh);
    for (int i = 0; i < HEIGHT; i++) {
        slice side = slice_str(leaf >> (HEIGHT - 1 - i) & 1 ? "right" : "left");
        CHECK_OK(mls_label_expand(suite, slice_of(way[i], nh), "tree", side, way[i + 1], nh));
    }
}

TEST(nothing_stays_that_a_taken_secret_comes_from) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct person anna;
        uint8_t way[COMPONENTS][HEIGHT + 1][CRYPTO_HASH_MAX], out[MLS_HASH_MAX];
        buf saved = {0};
        person_init(&anna, mls_suite_id(mls_suite_at(i)), "anna");
        person_create(&anna, "group");
        const struct mls_exporter_tree *t = &anna.group->epoch->exports;
        size_t nh = anna.suite->hash->len, n = sizeof(out);
        CHECK_EQ(t->count, 1);
        for (int j = 0; j < COMPONENTS; j++)
            secrets_above(anna.suite, t->nodes[0].secret, components[j], way[j]);
        CHECK_OK(mls_group_save(anna.group, &saved));
        CHECK(holds(buf_slice(&saved), slice_of(way[0][0], nh)));
        for (int j = 0; j < COMPONENTS; j++) {
            n = sizeof(out);
            CHECK_OK(mls_group_safe_export(anna.group, components[j], out, &n));
            CHECK_SLICE(slice_of(out, n), slice_of(way[j][HEIGHT], nh));
            buf_clear(&saved);
            CHECK_OK(mls_group_save(anna.group, &saved));
            slice epoch = slice_of((const uint8_t *)anna.group->epoch, sizeof(*anna.group->epoch));
            slice nodes = slice_of((const uint8_t *)t->nodes, t->count * sizeof(*t->nodes));
            for (int k = 0; k <= HEIGHT; k++) {
                slice secret = slice_of(way[j][k], nh);
                CHECK(!holds(buf_slice(&saved), secret));
                CHECK(!holds(epoch, secret) && !holds(nodes, secret));
            }
            person_reload(&anna);
            t = &anna.group->epoch->exports;
            CHECK_ERR(mls_group_safe_export(anna.group, components[j], out, &n), ERR_REPEAT);
        }
        buf_free(&saved);
        person_free(&anna);
    }
}

/* Two nodes in the order given, and what reading them back says. */
static err read_back(const struct mls_suite *suite, uint16_t first, uint8_t height, uint16_t second,
                     uint8_t second_height) {
    struct mls_exporter_node nodes[2] = {{.first = first, .height = height},
                                         {.first = second, .height = second_height}};
    struct mls_exporter_tree t = {suite, NULL, nodes, 2}, back;
    buf bytes = {0};
    writer w = writer_on(&bytes);
    mls_exporter_tree_write(&w, &t);
    CHECK_OK(writer_result(&w));
    reader r = reader_of(buf_slice(&bytes));
    err e = mls_exporter_tree_read(&r, &back, suite, NULL);
    if (e == OK)
        mls_exporter_tree_free(&back);
    buf_free(&bytes);
    return e;
}

TEST(nodes_that_are_no_tree_s_are_damaged) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    CHECK_OK(read_back(suite, 0, 1, 2, 1));
    CHECK_OK(read_back(suite, 0, 15, 0x8000, 15));
    CHECK_ERR(read_back(suite, 2, 1, 0, 1), ERR_DAMAGED);
    CHECK_ERR(read_back(suite, 0, 1, 1, 0), ERR_DAMAGED);
    CHECK_ERR(read_back(suite, 0, 0, 1, 1), ERR_DAMAGED);
    CHECK_ERR(read_back(suite, 0, 16, 0, 16), ERR_DAMAGED);
    CHECK_ERR(read_back(suite, 0, 0, 0, 17), ERR_DAMAGED);
    const uint8_t many[] = {0xff, 0xff, 0xff, 0xff, 0};
    struct mls_exporter_tree t;
    reader r = reader_of(SLICE_ARRAY(many));
    CHECK_ERR(mls_exporter_tree_read(&r, &t, suite, NULL), ERR_DAMAGED);
}

/* ---- Groups ---- */

static void export_from(const struct person *p, uint16_t component, uint8_t *out) {
    size_t n = MLS_HASH_MAX;
    CHECK_OK(mls_group_safe_export(p->group, component, out, &n));
    CHECK_EQ(n, p->suite->hash->len);
}

/* Everybody gets the same secret for a component, and each component its own. */
static void export_together(struct person **people, size_t n, uint8_t *first) {
    uint8_t out[MLS_HASH_MAX], other[MLS_HASH_MAX];
    size_t hash = people[0]->suite->hash->len;
    for (size_t i = 0; i < n; i++) {
        export_from(people[i], 0x8001, i == 0 ? first : out);
        export_from(people[i], 0x8002, other);
        if (i > 0)
            CHECK_SLICE(slice_of(out, hash), slice_of(first, hash));
        CHECK(memcmp(first, other, hash) != 0);
    }
}

TEST(a_group_exports_one_secret_for_each_component_and_epoch) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct person anna, bert, carla, *all[] = {&anna, &bert, &carla};
        uint8_t first[MLS_HASH_MAX], next[MLS_HASH_MAX], last[MLS_HASH_MAX];
        uint16_t suite = mls_suite_id(mls_suite_at(i));
        buf info = {0}, commit = {0};
        size_t n = 16;
        person_init(&anna, suite, "anna");
        person_init(&bert, suite, "bert");
        person_init(&carla, suite, "carla");
        person_create(&anna, "group");
        people_add(&anna, &bert, NULL, 0);
        CHECK_ERR(mls_group_safe_export(anna.group, 0x8001, first, &n), ERR_LIMIT);
        export_together(all, 2, first);
        struct mls_commit_params none = {0};
        people_commit(&bert, &none, all, 2, NULL, 0);
        person_reload(&anna);
        export_together(all, 2, next);
        CHECK(memcmp(first, next, anna.suite->hash->len) != 0);
        /* So does who joins by a commit, in the epoch that it begins. */
        CHECK_OK(mls_group_info(anna.group, true, true, &info));
        struct mls_external_params params = {.group_info = buf_slice(&info),
                                             .leaf = person_leaf(&carla)};
        CHECK_OK(mls_group_join_external(&carla.group, &params, &people_auth, &commit));
        CHECK_OK(person_process(&anna, buf_slice(&commit)));
        CHECK_OK(person_process(&bert, buf_slice(&commit)));
        export_together(all, 3, last);
        CHECK(memcmp(last, next, anna.suite->hash->len) != 0);
        for (int j = 0; j < 3; j++)
            person_free(all[j]);
        buf_free(&info);
        buf_free(&commit);
    }
}

TEST(a_staged_commit_keeps_the_next_epoch_s_secrets) {
    struct person anna, bert, *both[] = {&anna, &bert};
    struct mls_committed c;
    struct mls_staged *staged;
    struct mls_commit_params none = {0};
    uint8_t out[MLS_HASH_MAX];
    buf saved = {0};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_create(&anna, "group");
    people_add(&anna, &bert, NULL, 0);
    CHECK_OK(mls_group_commit(anna.group, &none, &people_auth, &c));
    CHECK_OK(mls_staged_save(c.staged, &saved));
    export_from(&anna, 0x8001, out); /* of the present epoch */
    CHECK_OK(mls_staged_load(&staged, anna.group, buf_slice(&saved)));
    mls_staged_apply(anna.group, staged);
    CHECK_OK(person_process(&bert, buf_slice(&c.commit)));
    export_together(both, 2, out);
    mls_committed_free(&c, NULL);
    buf_free(&saved);
    person_free(&anna);
    person_free(&bert);
}

TEST(who_has_no_epoch_has_nothing_to_export) {
    struct person anna, bert, *both[] = {&anna, &bert};
    struct mls_group *observer;
    uint8_t out[MLS_HASH_MAX];
    size_t n = sizeof(out);
    uint32_t leaf = 1;
    buf info = {0};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_create(&anna, "group");
    people_add(&anna, &bert, NULL, 0);
    CHECK_OK(mls_group_info(anna.group, true, true, &info));
    CHECK_OK(mls_group_observe(&observer, buf_slice(&info), SLICE_EMPTY, NULL, &people_auth, NULL));
    CHECK_ERR(mls_group_safe_export(observer, 1, out, &n), ERR_DENIED);
    struct mls_commit_params remove = {.removes = &leaf, .remove_count = 1};
    people_commit(&anna, &remove, both, 2, NULL, 0);
    CHECK_ERR(mls_group_safe_export(bert.group, 1, out, &n), ERR_MLS_REMOVED);
    CHECK_EQ(bert.group->epoch->exports.count, 0);
    person_reload(&bert);
    mls_group_free(observer);
    buf_free(&info);
    person_free(&anna);
    person_free(&bert);
}

TEST_MAIN
