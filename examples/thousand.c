/* A group of a thousand: one commit adds 999 people with one Welcome; some of them join and talk;
 * removing one costs what the path to the root costs, not a thousand encryptions.
 *
 * Joining checks a thousand signatures, so only a few of the people do it here. */
#include <sotto/mls.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEOPLE = 1000, JOINING = 4 };

struct person {
    char name[16];
    mls_buf pub, priv, key_package, secrets;
    struct mls_group *group;
};

static void must(mls_err e, const char *what) {
    if (e == MLS_OK)
        return;
    fprintf(stderr, "%s: %s (%s)\n", what, mls_err_text(e), mls_err_name(e));
    exit(1);
}

static mls_err accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx, (void)before, (void)member;
    return MLS_OK;
}
static const struct mls_auth auth = {.accept = accept};

static const struct mls_suite *suite(void) {
    return mls_suite_find(MLS_SUITE_X25519_CHACHA);
}

static struct mls_leaf_params leaf_of(const struct person *p) {
    return (struct mls_leaf_params){.identity = mls_slice_str(p->name),
                                    .signature_pub = mls_buf_slice(&p->pub),
                                    .signature_priv = mls_buf_slice(&p->priv)};
}

static void person_init(struct person *p, unsigned number) {
    snprintf(p->name, sizeof(p->name), "person %u", number);
    must(mls_signature_keys_new(suite(), &p->pub, &p->priv), "new keys");
    struct mls_key_package_params params = {.leaf = leaf_of(p), .not_after = UINT64_MAX};
    must(mls_key_package_new(suite(), &params, &p->key_package, &p->secrets), "key package");
}

static void person_free(struct person *p) {
    mls_group_free(p->group);
    mls_buf_free(&p->pub);
    mls_buf_free(&p->priv);
    mls_buf_free(&p->key_package);
    mls_buf_free(&p->secrets);
}

/* One commit for all. With so many the tree does not go into the Welcome: a server keeps one copy
 * (mls_group_tree), and whoever joins fetches it. */
static void add_all(struct person *people) {
    mls_slice adds[PEOPLE - 1];
    for (size_t i = 1; i < PEOPLE; i++)
        adds[i - 1] = mls_buf_slice(&people[i].key_package);
    struct mls_commit_params params = {.adds = adds, .add_count = PEOPLE - 1};
    struct mls_committed c = {0};
    mls_buf tree = {0};
    must(mls_group_commit(people[0].group, &params, &auth, &c), "commit");
    mls_staged_apply(people[0].group, c.staged);
    c.staged = NULL;
    must(mls_group_tree(people[0].group, &tree), "tree");
    printf("one commit of %zu bytes adds %zu people; Welcome %zu bytes, tree %zu bytes\n",
           c.commit.n, c.added_count, c.welcomes[0].n, tree.n);
    for (size_t i = 0; i < JOINING; i++) {
        struct person *p = &people[1 + i * (PEOPLE - 2) / (JOINING - 1)];
        struct mls_join_params join = {.welcome = mls_buf_slice(&c.welcomes[0]),
                                       .own = {mls_buf_slice(&p->key_package),
                                               mls_buf_slice(&p->secrets), mls_buf_slice(&p->priv)},
                                       .tree = mls_buf_slice(&tree)};
        uint32_t sender;
        must(mls_group_join(&p->group, &join, &auth, &sender), "join");
        printf("%s joined as leaf %u\n", p->name, (unsigned)mls_group_own_leaf(p->group));
    }
    mls_buf_free(&tree);
    mls_committed_free(&c, NULL);
}

/* Gives a message to all who joined, but not to its sender. */
static void deliver(struct person *people, const struct person *from, const mls_buf *message) {
    for (size_t i = 0; i < PEOPLE; i++) {
        struct mls_received r;
        if (people[i].group == NULL || &people[i] == from || mls_group_is_out(people[i].group))
            continue;
        must(mls_group_process(people[i].group, mls_buf_slice(message), &auth, &r), "process");
        if (r.commit != NULL)
            mls_staged_apply(people[i].group, r.commit);
        r.commit = NULL;
        mls_received_free(&r);
    }
}

static void remove_one(struct person *people, struct person *by, uint32_t leaf) {
    struct mls_commit_params params = {.removes = &leaf, .remove_count = 1};
    struct mls_committed c = {0};
    must(mls_group_commit(by->group, &params, &auth, &c), "commit");
    deliver(people, by, &c.commit);
    mls_staged_apply(by->group, c.staged);
    c.staged = NULL;
    printf("one commit of %zu bytes removes one\n", c.commit.n);
    mls_committed_free(&c, NULL);
}

static void say(struct person *people, struct person *from, const char *text) {
    mls_buf message = {0};
    must(mls_group_protect(from->group, MLS_SLICE_EMPTY, mls_slice_str(text), 0, &message),
         "protect");
    deliver(people, from, &message);
    printf("%s said \"%s\" to everybody in %zu bytes\n", from->name, text, message.n);
    mls_buf_free(&message);
}

static size_t members(const struct mls_group *group) {
    struct mls_member member;
    size_t n = 0;
    for (uint32_t leaf = 0; leaf < mls_group_leaf_count(group); leaf++)
        n += mls_group_member(group, leaf, &member) == MLS_OK;
    return n;
}

int main(void) {
    struct person *people = calloc(PEOPLE, sizeof(*people));
    if (people == NULL)
        return 1;
    must(mls_init(), "init");
    for (unsigned i = 0; i < PEOPLE; i++)
        person_init(&people[i], i);
    struct mls_group_params params = {
        .suite = suite(), .group_id = mls_slice_str("everybody"), .leaf = leaf_of(&people[0])};
    must(mls_group_create(&people[0].group, &params, &auth), "create");
    add_all(people);
    say(people, &people[PEOPLE - 1], "hello");
    remove_one(people, &people[1], PEOPLE - 1);
    say(people, &people[0], "she is gone");
    size_t left = members(people[0].group);
    bool gone = mls_group_is_out(people[PEOPLE - 1].group);
    printf("%zu members; the removed one %s\n", left, gone ? "can't read on" : "READS ON");
    for (size_t i = 0; i < PEOPLE; i++)
        person_free(&people[i]);
    free(people);
    return left == PEOPLE - 1 && gone ? 0 : 1;
}
