/* A thousand members once, with the times that each step took: printed, not judged. */
#include <stdlib.h>
#include <time.h>

#include "tests/mls/people.h"

enum { OTHERS = 999 };

static double now_ms(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double since(const char *what, double from) {
    double now = now_ms();
    printf("#   %-36s %9.2f ms\n", what, now - from);
    return now_ms();
}

struct crowd {
    struct person anna, others[OTHERS];
};

static void commit_once(struct person *by, struct person *other,
                        const struct mls_commit_params *params, const char *name) {
    struct mls_committed done;
    char text[64];
    double t = now_ms();
    CHECK_OK(mls_group_commit(by->group, params, &people_auth, &done));
    snprintf(text, sizeof(text), "%s: commit", name);
    since(text, t);
    printf("#   %-36s %9zu bytes\n", "", done.commit.n);
    t = now_ms();
    CHECK_OK(person_process(other, buf_slice(&done.commit)));
    snprintf(text, sizeof(text), "%s: process", name);
    since(text, t);
    mls_staged_apply(by->group, done.staged);
    done.staged = NULL;
    mls_committed_free(&done, NULL);
}

static void measure(uint16_t suite) {
    struct crowd *c = calloc(1, sizeof(*c));
    slice adds[OTHERS];
    buf tree = {0}, saved = {0}, message = {0};
    struct mls_committed done;
    printf("# suite %04x, %d members\n", suite, OTHERS + 1);
    person_init(&c->anna, suite, "anna");
    person_create(&c->anna, "crowd");
    double t = now_ms();
    for (int i = 0; i < OTHERS; i++) {
        char name[24];
        snprintf(name, sizeof(name), "person %d", i);
        person_init(&c->others[i], suite, name);
        person_key_package(&c->others[i], false);
        adds[i] = buf_slice(&c->others[i].key_package);
    }
    t = since("key packages, each one's", t);
    struct mls_commit_params params = {
        .adds = adds, .add_count = OTHERS, .wire = MLS_PRIVATE_MESSAGE};
    CHECK_OK(mls_group_commit(c->anna.group, &params, &people_auth, &done));
    t = since("add all: commit", t);
    mls_staged_apply(c->anna.group, done.staged);
    done.staged = NULL;
    CHECK_OK(mls_group_tree(c->anna.group, &tree));
    printf("#   commit %zu, tree %zu, welcome %zu bytes\n", done.commit.n, tree.n,
           done.welcomes[0].n);
    t = now_ms();
    CHECK_OK(person_join(&c->others[0], buf_slice(&done.welcomes[0]), buf_slice(&tree)));
    since("join", t);
    CHECK_OK(person_join(&c->others[1], buf_slice(&done.welcomes[0]), buf_slice(&tree)));
    CHECK_OK(person_join(&c->others[500], buf_slice(&done.welcomes[0]), buf_slice(&tree)));
    mls_committed_free(&done, NULL);
    struct person *three[] = {&c->anna, &c->others[0], &c->others[500]};
    people_agree(three, 3);
    params = (struct mls_commit_params){.wire = MLS_PRIVATE_MESSAGE};
    t = now_ms();
    CHECK_OK(mls_group_commit(c->others[0].group, &params, &people_auth, &done));
    since("empty, bare tree: commit", t);
    printf("#   %-36s %9zu bytes\n", "", done.commit.n);
    t = now_ms();
    CHECK_OK(person_process(&c->others[500], buf_slice(&done.commit)));
    since("empty, bare tree: process", t);
    CHECK_OK(person_process(&c->anna, buf_slice(&done.commit)));
    CHECK_OK(person_process(&c->others[1], buf_slice(&done.commit)));
    mls_staged_apply(c->others[0].group, done.staged);
    done.staged = NULL;
    mls_committed_free(&done, NULL);
    people_agree(three, 3);
    commit_once(&c->anna, &c->others[500], &params, "empty");
    uint32_t gone = 700;
    params.removes = &gone;
    params.remove_count = 1;
    commit_once(&c->anna, &c->others[500], &params, "remove one");
    t = now_ms();
    for (int i = 0; i < 100; i++) {
        buf_clear(&message);
        CHECK_OK(mls_group_protect(c->anna.group, SLICE_EMPTY, slice_str("hello"), 200, &message));
        CHECK_OK(person_process(&c->others[500], buf_slice(&message)));
    }
    since("100 messages, sent and read", t);
    t = now_ms();
    CHECK_OK(mls_group_save(c->anna.group, &saved));
    t = since("save", t);
    mls_group_free(c->anna.group);
    t = now_ms();
    CHECK_OK(mls_group_load(&c->anna.group, buf_slice(&saved), NULL));
    since("load", t);
    printf("#   saved: %zu bytes\n", saved.n);
    CHECK_SLICE(mls_group_epoch_authenticator(c->anna.group),
                mls_group_epoch_authenticator(c->others[500].group));
    buf_free(&tree);
    buf_free(&saved);
    buf_free(&message);
    person_free(&c->anna);
    for (int i = 0; i < OTHERS; i++)
        person_free(&c->others[i]);
    free(c);
}

TEST(a_thousand_members) {
    measure(MLS_SUITE_X25519_CHACHA);
}

TEST(a_thousand_members_with_the_hybrid_suite) {
    measure(MLS_SUITE_XWING_CHACHA);
}

TEST_MAIN
