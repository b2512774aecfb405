/* Two people: Anna makes a group and adds Bert; they talk; Bert renews his keys; Anna's machine
 * starts anew.
 *
 * Real programs are on two machines. Here, what would cross the network is a local variable, and
 * what would be written to a disk is named where it matters. */
#include <sotto/mls.h>
#include <stdio.h>
#include <stdlib.h>

struct person {
    const char *name;
    mls_buf signature_pub, signature_priv;
    mls_buf key_package, secrets; /* the secrets stay on the machine until a Welcome uses them */
    struct mls_group *group;
};

static void must(mls_err e, const char *what) {
    if (e == MLS_OK)
        return;
    fprintf(stderr, "%s: %s (%s)\n", what, mls_err_text(e), mls_err_name(e));
    exit(1);
}

/* Whom to believe is the application's to say: here a name is enough. `before` is set where a
 * member changes what it says of itself; it may not become somebody else. */
static mls_err accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    if (member->credential != MLS_CREDENTIAL_BASIC)
        return MLS_ERR_MLS_CREDENTIAL;
    if (before != NULL && !mls_slice_equal(before->identity, member->identity))
        return MLS_ERR_MLS_CREDENTIAL;
    return MLS_OK;
}
static const struct mls_auth auth = {.accept = accept};

static const struct mls_suite *suite(void) {
    return mls_suite_find(MLS_SUITE_X25519_CHACHA);
}

static struct mls_leaf_params leaf_of(const struct person *p) {
    return (struct mls_leaf_params){.identity = mls_slice_str(p->name),
                                    .signature_pub = mls_buf_slice(&p->signature_pub),
                                    .signature_priv = mls_buf_slice(&p->signature_priv)};
}

static void person_init(struct person *p, const char *name) {
    *p = (struct person){.name = name};
    must(mls_signature_keys_new(suite(), &p->signature_pub, &p->signature_priv), "new keys");
}

static void person_free(struct person *p) {
    mls_group_free(p->group);
    mls_buf_free(&p->signature_pub);
    mls_buf_free(&p->signature_priv);
    mls_buf_free(&p->key_package);
    mls_buf_free(&p->secrets);
}

/* What the receiver of any message does. */
static void receive(struct person *p, const mls_buf *message) {
    struct mls_received r;
    must(mls_group_process(p->group, mls_buf_slice(message), &auth, &r), "process");
    if (r.kind == MLS_APPLICATION)
        printf("%s reads from %.*s: %.*s\n", p->name, (int)r.sender_identity.n,
               (const char *)r.sender_identity.p, (int)r.application.n,
               (const char *)r.application.p);
    if (r.kind == MLS_COMMIT) {
        /* New members, removed ones and changed leaves. Here one can look at them, and refuse:
         * mls_staged_free. */
        printf("%s: %zu members change with epoch %llu\n", p->name,
               mls_staged_change_count(r.commit), (unsigned long long)mls_staged_epoch(r.commit));
        mls_staged_apply(p->group, r.commit);
        r.commit = NULL; /* it is gone */
    }
    mls_received_free(&r);
    /* Now mls_group_save, before anything is acknowledged. */
}

static void say(struct person *from, struct person *to, const char *text) {
    mls_buf message = {0};
    size_t padding;
    /* All messages up to 256 bytes look alike. */
    must(mls_group_padding(from->group, MLS_SLICE_EMPTY, strlen(text), 256, &padding), "padding");
    must(mls_group_protect(from->group, MLS_SLICE_EMPTY, mls_slice_str(text), padding, &message),
         "protect");
    /* Now mls_group_save, before the message leaves: a key is never used twice. */
    receive(to, &message);
    mls_buf_free(&message);
}

/* What we say of ourselves is valid from now on for 90 days. */
enum { BEFORE = 3600, AFTER = 90 * 86400 };

static void create(struct person *anna, uint64_t now) {
    struct mls_group_params params = {.suite = suite(),
                                      .group_id = mls_slice_str("tea"),
                                      .leaf = leaf_of(anna),
                                      .not_before = now - BEFORE,
                                      .not_after = now + AFTER};
    must(mls_group_create(&anna->group, &params, &auth), "create");
}

/* Bert publishes a key package. */
static void publish(struct person *bert, uint64_t now) {
    struct mls_key_package_params params = {
        .leaf = leaf_of(bert), .not_before = now - BEFORE, .not_after = now + AFTER};
    must(mls_key_package_new(suite(), &params, &bert->key_package, &bert->secrets),
         "new key package");
}

static void add(struct person *anna, struct person *bert, uint64_t now) {
    mls_slice key_package = mls_buf_slice(&bert->key_package);
    struct mls_member who;
    struct mls_extension extensions[8];
    size_t count = 8;
    must(mls_key_package_check(key_package, &auth, now, &who, extensions, &count), "check");

    struct mls_commit_params params = {
        .adds = &key_package, .add_count = 1, .tree_in_welcome = true};
    struct mls_committed c = {0};
    must(mls_group_commit(anna->group, &params, &auth, &c), "commit");
    /* c.commit goes to the members that there are (nobody yet), and if the server takes it before
     * any other of this epoch, it counts: apply it, and send c.welcomes[0] to Bert. */
    mls_staged_apply(anna->group, c.staged);
    c.staged = NULL;

    struct mls_join_params join = {
        .welcome = mls_buf_slice(&c.welcomes[0]),
        .own = {key_package, mls_buf_slice(&bert->secrets), mls_buf_slice(&bert->signature_priv)}};
    uint32_t sender;
    must(mls_group_join(&bert->group, &join, &auth, &sender), "join");
    mls_committed_free(&c, NULL);
}

/* A commit that changes nothing but keys: whoever had stolen the old ones is locked out again. */
static void renew(struct person *by, struct person *other) {
    struct mls_commit_params params = {0};
    struct mls_committed c = {0};
    must(mls_group_commit(by->group, &params, &auth, &c), "commit");
    receive(other, &c.commit);
    mls_staged_apply(by->group, c.staged);
    c.staged = NULL;
    mls_committed_free(&c, NULL);
}

/* A machine stops and starts again. */
static void restart(struct person *p) {
    mls_buf saved = {0};
    must(mls_group_save(p->group, &saved), "save"); /* seal it: it holds every secret */
    mls_group_free(p->group);
    must(mls_group_load(&p->group, mls_buf_slice(&saved), NULL), "load");
    mls_buf_free(&saved);
}

int main(void) {
    uint64_t now = 1800000000; /* the library reads no clock */
    struct person anna, bert;
    must(mls_init(), "init");
    person_init(&anna, "anna");
    person_init(&bert, "bert");
    create(&anna, now);
    publish(&bert, now);
    add(&anna, &bert, now);
    say(&anna, &bert, "Will you come for tea?");
    renew(&bert, &anna);
    restart(&anna);
    say(&bert, &anna, "At four.");
    mls_slice a = mls_group_epoch_authenticator(anna.group);
    mls_slice b = mls_group_epoch_authenticator(bert.group);
    bool same = mls_slice_equal(a, b);
    printf("epoch %llu, %s\n", (unsigned long long)mls_group_epoch(anna.group),
           same ? "the same for both" : "NOT THE SAME");
    person_free(&anna);
    person_free(&bert);
    return same ? 0 : 1;
}
