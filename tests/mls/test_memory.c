/* Every allocation fails once: nothing leaks, nothing changes, and the next try succeeds. */
#include <stdlib.h>

#include "tests/mls/people.h"

struct failing {
    long left; /* calls until one fails; negative: none */
    size_t held;
};

static void *failing_resize(void *ctx, void *p, size_t old, size_t size) {
    struct failing *f = ctx;
    if (size == 0) {
        f->held -= old;
        free(p);
        return NULL;
    }
    if (f->left == 0)
        return NULL;
    if (f->left > 0)
        f->left--;
    void *q = realloc(p, size);
    f->held += size;
    f->held -= old;
    return q;
}

static struct failing failing = {-1, 0};
static const struct mem mem = {failing_resize, &failing};

/* Runs `attempt` with the first, second, ... allocation failing, until it succeeds. */
static size_t until_it_succeeds(err (*attempt)(void *ctx), void *ctx) {
    for (long n = 0;; n++) {
        size_t held = failing.held;
        failing.left = n;
        err e = attempt(ctx);
        failing.left = -1;
        if (e == OK)
            return (size_t)n;
        CHECK_ERR(e, ERR_NO_MEMORY);
        CHECK_EQ(failing.held, held);
    }
}

struct scene {
    struct person anna, bert, carla;
    buf before, message, welcome, other;
    struct mls_committed c;
    struct mls_staged *staged;
};

static void scene_begin(struct scene *s, const struct mem *annas) {
    memset(s, 0, sizeof(*s));
    person_init(&s->anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&s->bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_init(&s->carla, MLS_SUITE_X25519_CHACHA, "carla");
    s->anna.mem = annas;
    person_create(&s->anna, "group");
    people_add(&s->anna, &s->bert, NULL, 0);
    person_key_package(&s->carla, false);
}

static void scene_end(struct scene *s) {
    person_free(&s->anna);
    person_free(&s->bert);
    person_free(&s->carla);
    buf_free(&s->before);
    buf_free(&s->message);
    buf_free(&s->welcome);
    buf_free(&s->other);
    CHECK_EQ(failing.held, 0);
}

/* The group as it is saved, which a failed call must not change. (What peeking derives in the
 * secret tree shows; so groups are compared after the ratchets were used once.) */
static void remember(struct scene *s) {
    buf_clear(&s->before);
    CHECK_OK(mls_group_save(s->anna.group, &s->before));
}

static void check_unchanged(struct scene *s) {
    buf now = {0};
    failing.left = -1;
    CHECK_OK(mls_group_save(s->anna.group, &now));
    CHECK_SLICE(buf_slice(&now), buf_slice(&s->before));
    buf_free(&now);
}

static err try_create(void *ctx) {
    struct scene *s = ctx;
    struct mls_group_params params = {.suite = s->anna.suite,
                                      .group_id = slice_str("group"),
                                      .leaf = person_leaf(&s->anna),
                                      .mem = &mem};
    return mls_group_create(&s->anna.group, &params, &people_auth);
}

static err try_save_and_load(void *ctx) {
    struct scene *s = ctx;
    struct mls_group *group;
    buf saved = buf_on(&mem);
    err e = mls_group_save(s->anna.group, &saved);
    if (e == OK)
        e = mls_group_load(&group, buf_slice(&saved), &mem);
    if (e == OK)
        mls_group_free(group);
    buf_free(&saved);
    return e;
}

TEST(creating_saving_and_loading) {
    struct scene s = {0};
    person_init(&s.anna, MLS_SUITE_X25519_CHACHA, "anna");
    size_t n = until_it_succeeds(try_create, &s);
    printf("# create: %zu allocations\n", n);
    CHECK(n > 5);
    CHECK(until_it_succeeds(try_save_and_load, &s) > 5);
    scene_end(&s);
}

static err try_join(void *ctx) {
    struct scene *s = ctx;
    s->carla.mem = &mem;
    return person_join(&s->carla, buf_slice(&s->welcome), SLICE_EMPTY);
}

static err try_commit(void *ctx) {
    struct scene *s = ctx;
    slice add = buf_slice(&s->carla.key_package);
    struct mls_commit_params params = {
        .adds = &add, .add_count = 1, .wire = MLS_PRIVATE_MESSAGE, .tree_in_welcome = true};
    err e = mls_group_commit(s->anna.group, &params, &people_auth, &s->c);
    if (e != OK)
        check_unchanged(s);
    return e;
}

TEST(committing_and_joining) {
    struct scene s;
    scene_begin(&s, &mem);
    CHECK_OK(people_propose_update(s.anna.group, NULL, MLS_PRIVATE_MESSAGE, &s.message));
    mls_group_clear_proposals(s.anna.group);
    buf_clear(&s.message);
    CHECK_OK(people_propose_update(s.bert.group, NULL, MLS_PUBLIC_MESSAGE, &s.message));
    CHECK_OK(person_process(&s.anna, buf_slice(&s.message)));
    remember(&s);
    size_t n = until_it_succeeds(try_commit, &s);
    printf("# commit: %zu allocations\n", n);
    mls_staged_apply(s.anna.group, s.c.staged);
    s.c.staged = NULL;
    CHECK_OK(buf_append(&s.welcome, buf_slice(&s.c.welcomes[0])));
    CHECK_OK(person_process(&s.bert, buf_slice(&s.c.commit)));
    mls_committed_free(&s.c, &mem);
    n = until_it_succeeds(try_join, &s);
    printf("# join: %zu allocations\n", n);
    struct person *three[] = {&s.anna, &s.bert, &s.carla};
    people_agree(three, 3);
    people_talk(&s.carla, three, 3, "hello");
    scene_end(&s);
}

static err try_process(void *ctx) {
    struct scene *s = ctx;
    struct mls_received r;
    err e = mls_group_process(s->anna.group, buf_slice(&s->message), &people_auth, &r);
    if (e != OK)
        check_unchanged(s);
    else if (r.commit != NULL)
        mls_staged_apply(s->anna.group, r.commit);
    r.commit = NULL;
    mls_received_free(&r);
    return e;
}

/* Bert's ratchets in Anna's tree exist from here on. */
static void use_ratchets(struct scene *s) {
    struct person *both[] = {&s->anna, &s->bert};
    buf proposal = {0};
    people_talk(&s->bert, both, 2, "first");
    CHECK_OK(people_propose_update(s->bert.group, NULL, MLS_PRIVATE_MESSAGE, &proposal));
    CHECK_OK(person_process(&s->anna, buf_slice(&proposal)));
    mls_group_clear_proposals(s->anna.group);
    mls_group_clear_proposals(s->bert.group);
    buf_free(&proposal);
}

TEST(processing) {
    struct scene s;
    struct mls_committed c;
    scene_begin(&s, &mem);
    use_ratchets(&s);
    for (int i = 0; i < 3; i++) { /* two are skipped */
        buf_clear(&s.message);
        CHECK_OK(mls_group_protect(s.bert.group, SLICE_EMPTY, slice_str("hello"), 0, &s.message));
    }
    remember(&s);
    CHECK(until_it_succeeds(try_process, &s) > 5);
    buf_clear(&s.message);
    CHECK_OK(people_propose_add(s.bert.group, buf_slice(&s.carla.key_package), &people_auth,
                                MLS_PRIVATE_MESSAGE, &s.message));
    remember(&s);
    CHECK(until_it_succeeds(try_process, &s) > 5);
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    CHECK_OK(mls_group_commit(s.bert.group, &params, &people_auth, &c));
    mls_staged_apply(s.bert.group, c.staged);
    c.staged = NULL;
    buf_clear(&s.message);
    CHECK_OK(buf_append(&s.message, buf_slice(&c.commit)));
    mls_committed_free(&c, NULL);
    remember(&s);
    size_t n = until_it_succeeds(try_process, &s);
    printf("# process a commit: %zu allocations\n", n);
    struct person *both[] = {&s.anna, &s.bert};
    people_agree(both, 2);
    scene_end(&s);
}

static err try_propose(void *ctx) {
    struct scene *s = ctx;
    s->other.mem = &mem;
    err e = people_propose_update(s->anna.group, NULL, MLS_PRIVATE_MESSAGE, &s->other);
    CHECK(e == OK || s->other.n == 0);
    if (e != OK) {
        buf_free(&s->other);
        check_unchanged(s);
    }
    return e;
}

static err try_protect(void *ctx) {
    struct scene *s = ctx;
    s->other.mem = &mem;
    err e = mls_group_protect(s->anna.group, SLICE_EMPTY, slice_str("hello"), 0, &s->other);
    if (e != OK) {
        buf_free(&s->other);
        check_unchanged(s);
    }
    return e;
}

static err try_safe_export(void *ctx) {
    struct scene *s = ctx;
    uint8_t out[64];
    size_t n = sizeof(out);
    err e = mls_group_safe_export(s->anna.group, 0x8001, out, &n);
    if (e != OK)
        check_unchanged(s);
    return e;
}

static err try_staged_save_and_load(void *ctx) {
    struct scene *s = ctx;
    struct mls_staged *staged;
    buf saved = buf_on(&mem);
    err e = mls_staged_save(s->c.staged, &saved);
    if (e == OK)
        e = mls_staged_load(&staged, s->anna.group, buf_slice(&saved));
    if (e == OK)
        mls_staged_free(staged);
    buf_free(&saved);
    return e;
}

TEST(sending_and_staged_commits) {
    struct scene s;
    buf proposal = {0};
    struct person *both[2];
    scene_begin(&s, &mem);
    both[0] = &s.anna;
    both[1] = &s.bert;
    people_talk(&s.anna, both, 2, "first");
    CHECK_OK(people_propose_update(s.anna.group, NULL, MLS_PRIVATE_MESSAGE, &proposal));
    mls_group_clear_proposals(s.anna.group);
    buf_free(&proposal);
    remember(&s);
    CHECK(until_it_succeeds(try_protect, &s) > 3);
    buf_free(&s.other);
    remember(&s);
    CHECK(until_it_succeeds(try_propose, &s) > 5);
    buf_free(&s.other);
    remember(&s);
    CHECK_EQ(until_it_succeeds(try_safe_export, &s), 1);
    CHECK_OK(try_commit(&s));
    CHECK(until_it_succeeds(try_staged_save_and_load, &s) > 5);
    mls_committed_free(&s.c, &mem);
    scene_end(&s);
}

/* ---- From outside ---- */

static err try_observe(void *ctx) {
    struct scene *s = ctx;
    struct mls_group *group;
    err e = mls_group_observe(&group, buf_slice(&s->other), SLICE_EMPTY, NULL, &people_auth, &mem);
    mls_group_free(group);
    return e;
}

static err try_external(void *ctx) {
    struct scene *s = ctx;
    struct mls_external_params params = {
        .group_info = buf_slice(&s->other), .leaf = person_leaf(&s->carla), .mem = &mem};
    struct mls_group *group;
    s->message = buf_on(&mem);
    err e = mls_group_join_external(&group, &params, &people_auth, &s->message);
    mls_group_free(group);
    if (e != OK)
        buf_free(&s->message);
    return e;
}

static err try_info(void *ctx) {
    struct scene *s = ctx;
    s->other = buf_on(&mem);
    err e = mls_group_info(s->anna.group, true, true, &s->other);
    if (e != OK)
        buf_free(&s->other);
    return e;
}

static err try_process_external(void *ctx) {
    struct scene *s = ctx;
    struct mls_received received;
    err e = mls_group_process(s->anna.group, buf_slice(&s->message), &people_auth, &received);
    if (e != OK)
        check_unchanged(s);
    mls_received_free(&received);
    return e;
}

TEST(following_and_joining_from_outside) {
    struct scene s;
    scene_begin(&s, &mem);
    CHECK(until_it_succeeds(try_info, &s) > 5);
    CHECK(until_it_succeeds(try_observe, &s) > 20);
    CHECK(until_it_succeeds(try_external, &s) > 40);
    remember(&s);
    CHECK(until_it_succeeds(try_process_external, &s) > 40);
    buf_free(&s.message);
    buf_free(&s.other);
    scene_end(&s);
}

/* ---- Going on elsewhere ---- */

static err try_branch(void *ctx) {
    struct scene *s = ctx;
    slice key_package = buf_slice(&s->carla.key_package);
    struct mls_resume_params params = {.leaf = person_leaf(&s->bert),
                                       .key_packages = &key_package,
                                       .count = 1,
                                       .group_id = slice_str("branch"),
                                       .mem = &mem};
    struct mls_group *group;
    struct mls_committed c;
    err e = mls_group_branch(&group, s->anna.group, &params, &people_auth, &c);
    mls_group_free(group);
    mls_committed_free(&c, &mem);
    return e;
}

TEST(branching) {
    struct scene s;
    scene_begin(&s, &mem);
    snprintf(s.carla.name, sizeof(s.carla.name), "anna"); /* somebody of the old group */
    person_key_package(&s.carla, true);
    CHECK(until_it_succeeds(try_branch, &s) > 40);
    scene_end(&s);
}

TEST_MAIN
