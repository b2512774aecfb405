/* Many members in memory do random things; afterwards, and often in between, all of them agree. The
 * environment's SOTTO_SEED replays a run. */
#include <stdlib.h>

#include "tests/mls/people.h"

enum { PEOPLE = 30, STEPS = 150, SOME = 6 };

struct world {
    uint64_t state;
    struct person people[PEOPLE];
    struct person *in[PEOPLE];
    size_t in_count;
    struct person *proposed; /* by an Add in this epoch */
    uint16_t suite;
};

/* A small generator, so that a seed means the same everywhere. */
static uint32_t roll(struct world *w, size_t n) {
    w->state = w->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((w->state >> 33) % n);
}

static struct person *someone(struct world *w) {
    return w->in[roll(w, w->in_count)];
}

static bool is_in(const struct world *w, const struct person *p) {
    for (size_t i = 0; i < w->in_count; i++)
        if (w->in[i] == p)
            return true;
    return false;
}

static void gather_members(struct world *w) {
    w->in_count = 0;
    for (size_t i = 0; i < PEOPLE; i++)
        if (w->people[i].group != NULL && !mls_group_is_out(w->people[i].group))
            w->in[w->in_count++] = &w->people[i];
}

/* Up to `max` people outside, with fresh keys; a person who comes back is another client. */
static size_t invite(struct world *w, struct person **out, slice *adds, size_t max) {
    size_t n = 0;
    for (size_t tries = 0; tries < 2 * max && n < max; tries++) {
        struct person *p = &w->people[roll(w, PEOPLE)];
        bool twice = is_in(w, p) || p == w->proposed;
        for (size_t i = 0; i < n; i++)
            twice = twice || out[i] == p;
        if (twice)
            continue;
        person_key_package(p, true);
        adds[n] = buf_slice(&p->key_package);
        out[n++] = p;
    }
    return n;
}

static enum mls_wire any_wire(struct world *w) {
    return roll(w, 3) == 0 ? MLS_PUBLIC_MESSAGE : MLS_PRIVATE_MESSAGE;
}

/* Members other than the committer. */
static size_t pick_removes(struct world *w, struct person *by, uint32_t *removes, size_t max) {
    size_t n = 0;
    while (n < max && w->in_count > n + 3) {
        uint32_t leaf = mls_group_own_leaf(someone(w)->group);
        bool twice = leaf == mls_group_own_leaf(by->group);
        for (size_t i = 0; i < n; i++)
            twice = twice || removes[i] == leaf;
        if (twice)
            break;
        removes[n++] = leaf;
    }
    return n;
}

/* Delivers to all, the sender left out. */
static void deliver(struct world *w, struct person *from, slice message) {
    for (size_t i = 0; i < w->in_count; i++)
        if (w->in[i] != from)
            CHECK_OK(person_process(w->in[i], message));
}

static void do_commit(struct world *w, size_t max_adds, size_t max_removes, bool with_key) {
    struct person *by = someone(w), *added[SOME];
    slice adds[SOME];
    uint32_t removes[SOME];
    struct mls_committed c;
    buf tree = {0};
    struct mls_commit_params params = {.adds = adds, .removes = removes, .wire = any_wire(w)};
    params.tree_in_welcome = roll(w, 2) == 0;
    params.welcome_each = roll(w, 2) == 0;
    params.add_count = invite(w, added, adds, max_adds);
    params.remove_count = pick_removes(w, by, removes, max_removes);
    struct mls_leaf_params leaf;
    if (with_key) {
        buf_clear(&by->pub);
        buf_clear(&by->priv);
        CHECK_OK(mls_signature_keys_new(by->suite, &by->pub, &by->priv));
        leaf = person_leaf(by);
        params.leaf = &leaf;
    }
    CHECK_OK(mls_group_commit(by->group, &params, &people_auth, &c));
    deliver(w, by, buf_slice(&c.commit));
    mls_staged_apply(by->group, c.staged);
    c.staged = NULL;
    CHECK_OK(mls_group_tree(by->group, &tree));
    /* By value first, then who was proposed. */
    for (size_t i = 0; i < params.add_count; i++) {
        size_t which = params.welcome_each ? i : 0;
        CHECK_OK(person_join(added[i], buf_slice(&c.welcomes[which]),
                             params.tree_in_welcome ? SLICE_EMPTY : buf_slice(&tree)));
        CHECK_EQ(mls_group_own_leaf(added[i]->group), c.added[i]);
    }
    if (c.added_count > params.add_count) {
        size_t last = c.added_count - 1;
        CHECK_EQ(last, params.add_count);
        CHECK_OK(person_join(w->proposed, buf_slice(&c.welcomes[params.welcome_each ? last : 0]),
                             buf_slice(&tree)));
    }
    mls_committed_free(&c, NULL);
    buf_free(&tree);
    w->proposed = NULL;
    gather_members(w);
}

static void do_propose(struct world *w) {
    struct person *by = someone(w), *other = someone(w), *outside[1];
    enum mls_wire wire = any_wire(w);
    slice add[1];
    buf message = {0};
    err e = OK;
    switch (roll(w, 3)) {
    case 0:
        if (w->proposed != NULL || invite(w, outside, add, 1) != 1)
            break;
        w->proposed = outside[0];
        e = people_propose_add(by->group, add[0], &people_auth, wire, &message);
        break;
    case 1:
        e = people_propose_remove(by->group, mls_group_own_leaf(other->group), wire, &message);
        break;
    default:
        e = people_propose_update(by->group, NULL, wire, &message);
    }
    CHECK(e == OK || e == ERR_REPEAT);
    if (message.n != 0)
        deliver(w, by, buf_slice(&message));
    buf_free(&message);
}

static void step(struct world *w) {
    uint32_t what = roll(w, 20);
    if (what < 4)
        do_commit(w, SOME, 0, false);
    else if (what < 7)
        do_commit(w, 1, 3, false);
    else if (what < 9)
        do_commit(w, 0, 0, roll(w, 2) == 0);
    else if (what < 14)
        do_propose(w);
    else if (what < 17)
        people_talk(someone(w), w->in, w->in_count, "hello everyone");
    else
        person_reload(someone(w));
    if (w->in_count < 2)
        do_commit(w, SOME, 0, false);
}

static void live(uint16_t suite, uint64_t seed) {
    static struct world w;
    memset(&w, 0, sizeof(w));
    w.state = seed;
    w.suite = suite;
    for (int i = 0; i < PEOPLE; i++) {
        char name[24];
        snprintf(name, sizeof(name), "person %d", i);
        person_init(&w.people[i], suite, name);
    }
    person_create(&w.people[0], "the group");
    gather_members(&w);
    for (int i = 0; i < STEPS; i++) {
        step(&w);
        if (i % 10 == 0)
            people_agree(w.in, w.in_count);
    }
    people_agree(w.in, w.in_count);
    people_talk(someone(&w), w.in, w.in_count, "good bye");
    printf("# suite %04x, seed %llu: epoch %llu, %zu members\n", suite, (unsigned long long)seed,
           (unsigned long long)mls_group_epoch(w.in[0]->group), w.in_count);
    for (int i = 0; i < PEOPLE; i++)
        person_free(&w.people[i]);
}

static uint64_t first_seed(void) {
    const char *given = getenv("SOTTO_SEED");
    return given == NULL ? 1 : strtoull(given, NULL, 10);
}

TEST(thirty_people_agree_after_random_lives) {
    for (uint64_t seed = first_seed(); seed < first_seed() + 3; seed++)
        live(MLS_SUITE_X25519_CHACHA, seed);
}

TEST(thirty_people_agree_with_the_hybrid_suite) {
    live(MLS_SUITE_XWING_CHACHA, first_seed());
}

TEST_MAIN
