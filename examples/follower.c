/* A server that follows a public group: it holds no secret and can read nothing that is said, but
 * knows who is in the group, refuses commits that break the rules, and can give newcomers the tree.
 *
 * For this, members send proposals and commits as PublicMessages. Application messages stay
 * private. */
#include <sotto/mls.h>
#include <stdio.h>
#include <stdlib.h>

struct person {
    const char *name;
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

/* The server's rule: nobody called mallory. */
static mls_err accept_most(void *ctx, const struct mls_member *before,
                           const struct mls_member *member) {
    (void)ctx, (void)before;
    return mls_slice_equal(member->identity, mls_slice_str("mallory")) ? MLS_ERR_MLS_CREDENTIAL
                                                                       : MLS_OK;
}

static const struct mls_auth auth = {.accept = accept}, server_auth = {.accept = accept_most};

static const struct mls_suite *suite(void) {
    return mls_suite_find(MLS_SUITE_P256_AES128);
}

static struct mls_leaf_params leaf_of(const struct person *p) {
    return (struct mls_leaf_params){.identity = mls_slice_str(p->name),
                                    .signature_pub = mls_buf_slice(&p->pub),
                                    .signature_priv = mls_buf_slice(&p->priv)};
}

static void person_init(struct person *p, const char *name) {
    *p = (struct person){.name = name};
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

/* The server: it checks a commit before it passes it on. What it refuses changes nothing. */
static mls_err serve(struct mls_group *server, const mls_buf *commit) {
    struct mls_received r;
    mls_err e = mls_group_process(server, mls_buf_slice(commit), &server_auth, &r);
    if (e != MLS_OK) {
        printf("server: refused: %s\n", mls_err_text(e));
        return e;
    }
    for (size_t i = 0; i < mls_staged_change_count(r.commit); i++) {
        static const char *const names[] = {"", "added", "removed", "updated"};
        struct mls_change change = mls_staged_change(r.commit, i);
        printf("server: %.*s %s\n", (int)change.member.identity.n,
               (const char *)change.member.identity.p, names[change.what]);
    }
    mls_staged_apply(server, r.commit);
    r.commit = NULL;
    mls_received_free(&r);
    return MLS_OK;
}

/* A member adds somebody; the others are reached only through the server. */
static mls_err add(struct mls_group *server, struct person *by, struct person *added) {
    mls_slice key_package = mls_buf_slice(&added->key_package);
    struct mls_commit_params params = {
        .adds = &key_package, .add_count = 1, .wire = MLS_PUBLIC_MESSAGE};
    struct mls_committed c = {0};
    must(mls_group_commit(by->group, &params, &auth, &c), "commit");
    mls_err e = serve(server, &c.commit);
    if (e == MLS_OK) {
        mls_buf tree = {0};
        uint32_t sender;
        mls_staged_apply(by->group, c.staged);
        c.staged = NULL;
        /* The newcomer gets the tree from the server, and checks it against the Welcome. */
        must(mls_group_tree(server, &tree), "tree");
        struct mls_join_params join = {
            .welcome = mls_buf_slice(&c.welcomes[0]),
            .own = {key_package, mls_buf_slice(&added->secrets), mls_buf_slice(&added->priv)},
            .tree = mls_buf_slice(&tree)};
        must(mls_group_join(&added->group, &join, &auth, &sender), "join");
        mls_buf_free(&tree);
    }
    mls_committed_free(&c, NULL); /* frees what was not applied, too */
    return e;
}

/* The server's state has no secret in it, but is saved and loaded like any other. */
static void restart(struct mls_group **server) {
    mls_buf saved = {0};
    must(mls_group_save(*server, &saved), "save");
    mls_group_free(*server);
    must(mls_group_load(server, mls_buf_slice(&saved), NULL), "load");
    printf("server: state of %zu bytes\n", saved.n);
    mls_buf_free(&saved);
}

static bool can_read(struct mls_group *server, struct person *from) {
    mls_buf message = {0};
    struct mls_received r;
    must(mls_group_protect(from->group, MLS_SLICE_EMPTY, mls_slice_str("a secret"), 0, &message),
         "protect");
    mls_err e = mls_group_process(server, mls_buf_slice(&message), &server_auth, &r);
    if (e == MLS_OK)
        mls_received_free(&r);
    mls_buf_free(&message);
    return e == MLS_OK;
}

int main(void) {
    struct person anna, bert, mallory;
    struct mls_group *server;
    mls_buf info = {0};
    must(mls_init(), "init");
    person_init(&anna, "anna");
    person_init(&bert, "bert");
    person_init(&mallory, "mallory");
    struct mls_group_params params = {
        .suite = suite(), .group_id = mls_slice_str("public"), .leaf = leaf_of(&anna)};
    must(mls_group_create(&anna.group, &params, &auth), "create");
    must(mls_group_info(anna.group, true, true, &info), "group info");
    must(
        mls_group_observe(&server, mls_buf_slice(&info), MLS_SLICE_EMPTY, NULL, &server_auth, NULL),
        "observe");
    must(add(server, &anna, &bert), "add");
    restart(&server);
    bool refused = add(server, &bert, &mallory) != MLS_OK;
    bool blind = !can_read(server, &bert);
    bool same =
        mls_group_epoch(server) == mls_group_epoch(bert.group) && mls_group_leaf_count(server) == 2;
    printf("server: epoch %llu, %u members, %s\n", (unsigned long long)mls_group_epoch(server),
           (unsigned)mls_group_leaf_count(server), blind ? "reads nothing" : "READS");
    mls_group_free(server);
    mls_buf_free(&info);
    person_free(&anna);
    person_free(&bert);
    person_free(&mallory);
    return refused && blind && same ? 0 : 1;
}
