/* Groups and staged commits as bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/mls/people.h"

struct pair {
    struct person anna, bert, *both[2];
};

static void pair_begin(struct pair *p, uint16_t suite) {
    memset(p, 0, sizeof(*p));
    person_init(&p->anna, suite, "anna");
    person_init(&p->bert, suite, "bert");
    p->both[0] = &p->anna;
    p->both[1] = &p->bert;
    person_create(&p->anna, "group");
    people_add(&p->anna, &p->bert, NULL, 0);
}

static void pair_end(struct pair *p) {
    person_free(&p->anna);
    person_free(&p->bert);
}

/* A group in which everything that is saved is there: past epochs with changed leaves, pending
 * proposals with keys, skipped generations. `late` are messages that Bert has not seen. */
static void fill(struct pair *p, buf late[3]) {
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    buf update = {0}, other = {0};
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mls_group_protect(p->anna.group, SLICE_EMPTY, slice_str("late"), 0, &late[i]));
        buf_clear(&p->anna.pub);
        buf_clear(&p->anna.priv);
        CHECK_OK(mls_signature_keys_new(p->anna.suite, &p->anna.pub, &p->anna.priv));
        struct mls_leaf_params leaf = person_leaf(&p->anna);
        params.leaf = &leaf;
        people_commit(&p->anna, &params, p->both, 2, NULL, 0);
    }
    CHECK_OK(mls_group_protect(p->anna.group, SLICE_EMPTY, slice_str("skipped"), 0, &late[2]));
    people_talk(&p->anna, p->both, 2, "seen");
    CHECK_OK(people_propose_update(p->bert.group, NULL, MLS_PRIVATE_MESSAGE, &update));
    CHECK_OK(people_propose_update(p->anna.group, NULL, MLS_PRIVATE_MESSAGE, &other));
    CHECK_OK(person_process(&p->anna, buf_slice(&update)));
    CHECK_OK(person_process(&p->bert, buf_slice(&other)));
    buf_free(&update);
    buf_free(&other);
}

TEST(a_loaded_group_goes_on_where_it_was) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct pair p;
        buf late[3] = {{0}};
        pair_begin(&p, mls_suite_id(mls_suite_at(i)));
        fill(&p, late);
        person_reload(&p.anna);
        person_reload(&p.bert);
        for (int j = 0; j < 3; j++) {
            CHECK_OK(person_process(&p.bert, buf_slice(&late[j])));
            person_reload(&p.bert);
            CHECK_ERR(person_process(&p.bert, buf_slice(&late[j])), ERR_REPEAT);
            buf_free(&late[j]);
        }
        CHECK_EQ(mls_group_pending_proposals(p.bert.group), 2);
        struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
        people_commit(&p.anna, &params, p.both, 2, NULL, 0); /* brings Bert's Update */
        people_agree(p.both, 2);
        people_talk(&p.bert, p.both, 2, "with the updated leaf");
        pair_end(&p);
    }
}

TEST(a_generation_is_never_used_twice_after_loading) {
    struct pair p;
    buf first = {0}, second = {0}, saved = {0};
    pair_begin(&p, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_group_protect(p.anna.group, SLICE_EMPTY, slice_str("one"), 0, &first));
    person_reload(&p.anna);
    CHECK_OK(mls_group_protect(p.anna.group, SLICE_EMPTY, slice_str("two"), 0, &second));
    CHECK_OK(person_process(&p.bert, buf_slice(&first)));
    CHECK_OK(person_process(&p.bert, buf_slice(&second)));
    buf_free(&first);
    buf_free(&second);
    buf_free(&saved);
    pair_end(&p);
}

TEST(a_staged_commit_survives_a_restart) {
    struct pair p;
    struct mls_committed c;
    struct mls_staged *staged;
    buf saved = {0}, again = {0};
    struct mls_received r;
    pair_begin(&p, MLS_SUITE_X25519_CHACHA);
    struct person carla, *three[] = {&p.anna, &p.bert, &carla};
    person_init(&carla, MLS_SUITE_X25519_CHACHA, "carla");
    person_key_package(&carla, false);
    slice add = buf_slice(&carla.key_package);
    struct mls_commit_params params = {
        .adds = &add, .add_count = 1, .wire = MLS_PRIVATE_MESSAGE, .tree_in_welcome = true};
    CHECK_OK(mls_group_commit(p.anna.group, &params, &people_auth, &c));
    CHECK_OK(mls_staged_save(c.staged, &saved));
    mls_staged_free(c.staged);
    c.staged = NULL;
    person_reload(&p.anna);
    CHECK_OK(mls_staged_load(&staged, p.anna.group, buf_slice(&saved)));
    CHECK_OK(mls_staged_save(staged, &again));
    CHECK_SLICE(buf_slice(&again), buf_slice(&saved));
    CHECK_EQ(mls_staged_change_count(staged), 1);
    CHECK_SLICE(mls_staged_change(staged, 0).member.identity, slice_str("carla"));
    /* Bert, too, restarts between staging and applying. */
    buf_clear(&again);
    CHECK_OK(mls_group_process(p.bert.group, buf_slice(&c.commit), &people_auth, &r));
    CHECK_OK(mls_staged_save(r.commit, &again));
    mls_received_free(&r);
    person_reload(&p.bert);
    struct mls_staged *berts;
    CHECK_OK(mls_staged_load(&berts, p.bert.group, buf_slice(&again)));
    mls_staged_apply(p.bert.group, berts);
    mls_staged_apply(p.anna.group, staged);
    CHECK_OK(person_join(&carla, buf_slice(&c.welcomes[0]), SLICE_EMPTY));
    people_agree(three, 3);
    people_talk(&carla, three, 3, "hello");
    /* It continues no other epoch. */
    CHECK_ERR(mls_staged_load(&staged, p.anna.group, buf_slice(&saved)), ERR_MLS_EPOCH);
    person_create(&carla, "another");
    CHECK(mls_staged_load(&staged, carla.group, buf_slice(&saved)) != OK);
    mls_committed_free(&c, NULL);
    person_free(&carla);
    buf_free(&saved);
    buf_free(&again);
    pair_end(&p);
}

TEST(a_staged_removal_of_us_survives_a_restart) {
    struct pair p;
    struct mls_committed c;
    struct mls_staged *staged;
    struct mls_received r;
    uint32_t bert = 1;
    buf saved = {0};
    struct mls_commit_params params = {
        .removes = &bert, .remove_count = 1, .wire = MLS_PRIVATE_MESSAGE};
    pair_begin(&p, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_group_commit(p.anna.group, &params, &people_auth, &c));
    CHECK_OK(mls_group_process(p.bert.group, buf_slice(&c.commit), &people_auth, &r));
    CHECK_OK(mls_staged_save(r.commit, &saved));
    mls_received_free(&r);
    person_reload(&p.bert);
    CHECK_OK(mls_staged_load(&staged, p.bert.group, buf_slice(&saved)));
    CHECK(mls_staged_removes_us(staged));
    CHECK_SLICE(mls_staged_change(staged, 0).member.identity, slice_str("bert"));
    mls_staged_apply(p.bert.group, staged);
    CHECK(mls_group_is_out(p.bert.group));
    person_reload(&p.bert);
    CHECK(mls_group_is_out(p.bert.group));
    mls_committed_free(&c, NULL);
    buf_free(&saved);
    pair_end(&p);
}

/* Bert's group with everything in it, as bytes. */
static void save_filled(buf *saved) {
    struct pair p;
    buf late[3] = {{0}};
    pair_begin(&p, MLS_SUITE_X25519_CHACHA);
    fill(&p, late);
    CHECK_OK(mls_group_save(p.bert.group, saved));
    for (int i = 0; i < 3; i++)
        buf_free(&late[i]);
    pair_end(&p);
}

/* How many changed bytes are told; those that are not load. */
static size_t damage_each(buf *saved) {
    struct mls_group *group;
    size_t told = 0;
    for (size_t n = 0; n < saved->n; n++) {
        CHECK_ERR(mls_group_load(&group, slice_of(saved->p, n), NULL), ERR_DAMAGED);
        CHECK(group == NULL);
    }
    for (size_t i = 0; i < saved->n; i++) {
        saved->p[i] ^= 0x80;
        err e = mls_group_load(&group, buf_slice(saved), NULL);
        CHECK(e == OK || e == ERR_DAMAGED);
        told += e != OK;
        mls_group_free(group);
        saved->p[i] ^= 0x80;
    }
    return told;
}

TEST(damaged_bytes_are_told) {
    struct mls_group *group;
    buf saved = {0};
    save_filled(&saved);
    CHECK_EQ(damage_each(&saved), saved.n);
    CHECK_OK(buf_append_byte(&saved, 0));
    CHECK_ERR(mls_group_load(&group, buf_slice(&saved), NULL), ERR_DAMAGED);
    buf_free(&saved);
}

/* Whatever is cut off or changed in its structure is damaged; without a checksum a change inside a
 * secret can't be seen. Nothing crashes. */
TEST(a_group_from_before_there_was_a_checksum_is_loaded) {
    enum { CHECKSUM = 32 };
    struct mls_group *group;
    buf saved = {0}, again = {0}, old = {0};
    save_filled(&saved);
    CHECK_OK(buf_append(&old, slice_of(saved.p, saved.n - CHECKSUM)));
    CHECK_ERR(mls_group_load(&group, buf_slice(&old), NULL), ERR_DAMAGED);
    old.p[1] = 2; /* the version */
    CHECK_OK(mls_group_load(&group, buf_slice(&old), NULL));
    CHECK_OK(mls_group_save(group, &again));
    CHECK_SLICE(buf_slice(&again), buf_slice(&saved));
    mls_group_free(group);
    CHECK(damage_each(&old) > old.n / 4);
    old.p[1] = 1; /* one that was never published */
    CHECK_ERR(mls_group_load(&group, buf_slice(&old), NULL), ERR_DAMAGED);
    old.p[1] = 4;
    CHECK_ERR(mls_group_load(&group, buf_slice(&old), NULL), ERR_DAMAGED);
    buf_free(&saved);
    buf_free(&again);
    buf_free(&old);
}

TEST(damaged_staged_commits_are_told) {
    struct pair p;
    struct mls_committed c;
    struct mls_staged *staged;
    buf saved = {0};
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    pair_begin(&p, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_group_commit(p.anna.group, &params, &people_auth, &c));
    CHECK_OK(mls_staged_save(c.staged, &saved));
    for (size_t n = 0; n < saved.n; n++) {
        CHECK_ERR(mls_staged_load(&staged, p.anna.group, slice_of(saved.p, n)), ERR_DAMAGED);
        CHECK(staged == NULL);
    }
    for (size_t i = 0; i < saved.n; i++) {
        saved.p[i] ^= 0x80;
        err e = mls_staged_load(&staged, p.anna.group, buf_slice(&saved));
        CHECK(err_class(e) != ERR_CLASS_BUG);
        mls_staged_free(staged);
        saved.p[i] ^= 0x80;
    }
    mls_committed_free(&c, NULL);
    buf_free(&saved);
    pair_end(&p);
}

/* ---- In parts ---- */

enum { PARTS_MAX = 300 };

struct shelf {
    buf value[PARTS_MAX];
    size_t puts, bytes; /* of the last save */
    uint32_t at;
};

static err shelf_put(void *ctx, uint32_t part, slice value) {
    struct shelf *s = ctx;
    CHECK(part < PARTS_MAX);
    s->puts++;
    s->bytes += value.n;
    return buf_set(&s->value[part], value);
}

static err shelf_next(void *ctx, uint32_t *part, slice *value) {
    struct shelf *s = ctx;
    while (s->at < PARTS_MAX && s->value[s->at].n == 0)
        s->at++;
    if (s->at == PARTS_MAX)
        return ERR_NOT_FOUND;
    *part = s->at;
    *value = buf_slice(&s->value[s->at++]);
    return OK;
}

static struct mls_parts parts_of(struct shelf *s) {
    s->puts = s->bytes = 0;
    s->at = 0;
    return (struct mls_parts){shelf_put, shelf_next, s};
}

/* Saves in parts, loads that, and compares with the whole. */
static void shelve(struct person *p, struct shelf *s) {
    buf whole = {0}, again = {0};
    struct mls_group *group;
    CHECK_OK(mls_group_save(p->group, &whole));
    struct mls_parts parts = parts_of(s);
    CHECK_OK(mls_group_save_parts(p->group, &parts));
    size_t puts = s->puts, bytes = s->bytes;
    CHECK_OK(mls_group_load_parts(&group, &parts, NULL));
    CHECK_OK(mls_group_save(group, &again));
    CHECK_SLICE(buf_slice(&again), buf_slice(&whole));
    mls_group_free(group);
    buf_free(&whole);
    buf_free(&again);
    s->puts = puts;
    s->bytes = bytes;
}

static void shelf_free(struct shelf *s) {
    for (size_t i = 0; i < PARTS_MAX; i++)
        buf_free(&s->value[i]);
}

enum { CROWD = 70 };

/* Nobody else is there to hear of it. */
static void commit_alone(struct person *p, const struct mls_commit_params *params) {
    struct mls_committed c;
    CHECK_OK(mls_group_commit(p->group, params, &people_auth, &c));
    mls_staged_apply(p->group, c.staged);
    c.staged = NULL;
    mls_committed_free(&c, NULL);
}

TEST(parts_change_with_the_path_and_not_with_the_group) {
    struct person *anna = calloc(1, sizeof(*anna)), *others = calloc(CROWD, sizeof(*others));
    struct shelf *shelf = calloc(1, sizeof(*shelf));
    slice adds[CROWD];
    person_init(anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_create(anna, "group");
    shelve(anna, shelf);
    CHECK_EQ(shelf->puts, 2);
    for (size_t i = 0; i < CROWD; i++) {
        char name[16];
        snprintf(name, sizeof(name), "p%zu", i);
        person_init(&others[i], MLS_SUITE_X25519_CHACHA, name);
        person_key_package(&others[i], false);
        adds[i] = buf_slice(&others[i].key_package);
    }
    /* Wider step by step, then narrower. */
    struct mls_commit_params params = {.tree_in_welcome = true};
    for (size_t n = 0; n < CROWD; n += 7) {
        params.adds = &adds[n];
        params.add_count = 7;
        commit_alone(anna, &params);
        shelve(anna, shelf);
    }
    params = (struct mls_commit_params){0};
    commit_alone(anna, &params);
    shelve(anna, shelf);
    CHECK(shelf->puts <= 1 + 1 + 7); /* head, leaf, the path in a tree of 128 */
    buf message = {0};
    CHECK_OK(mls_group_protect(anna->group, SLICE_EMPTY, slice_str("x"), 0, &message));
    shelve(anna, shelf);
    CHECK_EQ(shelf->puts, 1);
    for (uint32_t leaf = CROWD; leaf > 3; leaf -= 3) {
        uint32_t removes[] = {leaf, leaf - 1, leaf - 2};
        params.removes = removes;
        params.remove_count = 3;
        commit_alone(anna, &params);
        shelve(anna, shelf);
    }
    buf_free(&message);
    shelf_free(shelf);
    person_free(anna);
    for (size_t i = 0; i < CROWD; i++)
        person_free(&others[i]);
    free(shelf);
    free(anna);
    free(others);
}

TEST(missing_and_foreign_parts_are_told) {
    struct pair p;
    struct mls_group *group;
    struct shelf *shelf = calloc(1, sizeof(*shelf));
    pair_begin(&p, MLS_SUITE_X25519_CHACHA);
    shelve(&p.anna, shelf);
    for (uint32_t part = 0; part < 4; part++) {
        struct mls_parts parts = parts_of(shelf);
        buf kept = {0};
        CHECK_OK(buf_set(&kept, buf_slice(&shelf->value[part])));
        buf_clear(&shelf->value[part]);
        err e = mls_group_load_parts(&group, &parts, NULL);
        CHECK_ERR(e, kept.n == 0 ? OK : ERR_DAMAGED);
        mls_group_free(group);
        CHECK_OK(buf_set(&shelf->value[part], kept.n == 0 ? slice_str("more") : buf_slice(&kept)));
        parts = parts_of(shelf);
        e = mls_group_load_parts(&group, &parts, NULL);
        CHECK_ERR(e, kept.n == 0 ? ERR_DAMAGED : OK);
        mls_group_free(group);
        CHECK_OK(buf_set(&shelf->value[part], buf_slice(&kept)));
        buf_free(&kept);
    }
    /* A node beyond the tree. */
    CHECK_OK(buf_set(&shelf->value[200], buf_slice(&shelf->value[1])));
    struct mls_parts parts = parts_of(shelf);
    CHECK_ERR(mls_group_load_parts(&group, &parts, NULL), ERR_DAMAGED);
    shelf_free(shelf);
    free(shelf);
    pair_end(&p);
}

TEST(a_staged_commit_costs_what_it_changes) {
    struct person anna, *others = calloc(CROWD, sizeof(*others));
    slice adds[CROWD];
    struct mls_committed c;
    struct mls_staged *staged;
    buf saved = {0}, whole = {0};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_create(&anna, "group");
    for (size_t i = 0; i < CROWD; i++) {
        person_init(&others[i], MLS_SUITE_X25519_CHACHA, "p");
        person_key_package(&others[i], false);
        adds[i] = buf_slice(&others[i].key_package);
    }
    struct mls_commit_params params = {.adds = adds, .add_count = CROWD}, none = {0};
    for (int round = 0; round < 2; round++) { /* wider by far, then as wide as it is */
        CHECK_OK(mls_group_commit(anna.group, round == 0 ? &params : &none, &people_auth, &c));
        buf_clear(&saved);
        CHECK_OK(mls_staged_save(c.staged, &saved));
        mls_committed_free(&c, NULL);
        CHECK_OK(mls_staged_load(&staged, anna.group, buf_slice(&saved)));
        mls_staged_apply(anna.group, staged);
        person_reload(&anna);
    }
    CHECK_OK(mls_group_save(anna.group, &whole));
    CHECK(4 * saved.n < whole.n);
    buf_free(&saved);
    buf_free(&whole);
    person_free(&anna);
    for (size_t i = 0; i < CROWD; i++)
        person_free(&others[i]);
    free(others);
}

TEST_MAIN
