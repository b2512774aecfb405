/* The ways into a group, and what lies on them changed: a Welcome, the tree, a GroupInfo, a key
 * package. The first byte says what, the second how; then see `change`. Whoever holds the keys may
 * make signature, tree hash and encryption right again.
 *
 * What was changed and not signed again nobody takes. A Welcome that is taken leads to the same
 * epoch in any case, by the confirmation tag; a commit from outside that the group takes, too; and
 * a key package is taken by all or by nobody. Whoever only follows believes what a member signed.
 */
#include "crypto/hpke.h"
#include "mls/group.h"
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/leaf.h"
#include "mls/tree_hash.h"
#include "mls_people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOST, MEMBER, NEW = 3, MESSAGE_HEADER = 4 /* version and wire format */ };

/* ---- Making it right again ---- */

/* info: without its MLSMessage. tree: what its tree hash shall be of; empty: left alone. */
static bool sign_info(const struct mls_group *host, slice tree, buf *info) {
    struct mls_group_info gi;
    struct mls_tree t = {0};
    uint8_t hash[CRYPTO_HASH_MAX];
    reader r = reader_of(buf_slice(info)), tr = reader_of(tree);
    if (mls_group_info_read(&r, &gi, NULL) != OK)
        return false;
    if (tree.n != 0 && mls_tree_read_limited(&t, &tr, 0, host->suite, NULL) == OK &&
        mls_tree_hash_root(&t, hash) == OK)
        require(buf_set(&gi.context.tree_hash, slice_of(hash, host->suite->hash->len)) == OK);
    mls_tree_free(&t);
    buf tbs = {0};
    writer w = writer_on(&tbs);
    mls_group_info_write_unsigned(&w, &gi);
    require(writer_result(&w) == OK);
    buf_free(&gi.signature);
    require(mls_label_sign(host->suite, buf_slice(&host->epoch->signature_priv), "GroupInfoTBS",
                           buf_slice(&tbs), &gi.signature, NULL) == OK);
    buf_clear(info);
    w = writer_on(info);
    mls_group_info_write(&w, &gi);
    require(writer_result(&w) == OK);
    buf_free(&tbs);
    mls_group_info_free(&gi, NULL);
    return true;
}

static bool sign_key_package(buf *message, slice priv) {
    struct mls_key_package kp;
    if (mls_key_package_open(buf_slice(message), &kp, NULL) != OK)
        return false;
    buf tbs = {0};
    require(mls_leaf_sign(people_suite(), &kp.leaf, priv, SLICE_EMPTY, 0, NULL) == OK);
    writer w = writer_on(&tbs);
    mls_key_package_write_unsigned(&w, &kp);
    require(writer_result(&w) == OK);
    buf_free(&kp.signature);
    require(mls_label_sign(people_suite(), priv, "KeyPackageTBS", buf_slice(&tbs), &kp.signature,
                           NULL) == OK);
    buf_clear(message);
    w = writer_on(message);
    mls_message_begin(&w, MLS_KEY_PACKAGE);
    mls_key_package_write(&w, &kp);
    require(writer_result(&w) == OK);
    buf_free(&tbs);
    mls_key_package_free(&kp, NULL);
    return true;
}

/* ---- Welcomes ---- */

/* A Welcome for one, opened. */
struct opened {
    struct mls_welcome welcome;
    buf secrets, info;
    uint8_t key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX];
};

static void open_welcome(slice message, struct opened *o) {
    const struct mls_suite *suite = people_suite();
    struct mls_key_package_secrets keys;
    struct mls_group_secrets secrets;
    uint8_t welcome_secret[CRYPTO_HASH_MAX];
    uint16_t wire;
    reader r;
    require(mls_message_open(message, &wire, &r) == OK &&
            mls_welcome_read(&r, &o->welcome, NULL) == OK);
    slice sealed = buf_slice(&o->welcome.encrypted_group_info);
    require(mls_key_package_secrets_read(buf_slice(&people[NEW].secrets), &keys, NULL) == OK);
    require(mls_label_decrypt(suite, buf_slice(&keys.init_priv), "Welcome", sealed,
                              &o->welcome.secrets[0].secrets, &o->secrets) == OK);
    r = reader_of(buf_slice(&o->secrets));
    require(mls_group_secrets_read(&r, &secrets, NULL) == OK);
    require(mls_key_schedule_welcome(suite, secrets.joiner_secret.p, NULL, welcome_secret) == OK);
    require(mls_key_schedule_welcome_key(suite, welcome_secret, o->key, o->nonce) == OK);
    require(buf_resize(&o->info, sealed.n - suite->aead->tag) == OK);
    require(suite->aead->open(o->info.p, o->key, o->nonce, SLICE_EMPTY, sealed) == OK);
    mls_key_package_secrets_free(&keys);
    mls_group_secrets_free(&secrets, NULL);
}

static void close_welcome(struct opened *o, buf *message) {
    const struct mls_suite *suite = people_suite();
    struct mls_key_package kp;
    struct hpke_info info;
    struct mls_hpke_ciphertext *sealed = &o->welcome.secrets[0].secrets;
    buf *group_info = &o->welcome.encrypted_group_info;
    buf_free(group_info);
    require(buf_resize(group_info, o->info.n + suite->aead->tag) == OK);
    require(suite->aead->seal(group_info->p, o->key, o->nonce, SLICE_EMPTY, buf_slice(&o->info)) ==
            OK);
    mls_hpke_ciphertext_free(sealed, NULL);
    require(mls_key_package_open(buf_slice(&people[NEW].key_package), &kp, NULL) == OK);
    require(mls_label_prepare(suite, "Welcome", buf_slice(group_info), &info) == OK);
    require(mls_label_encrypt(suite, buf_slice(&kp.init_key), &info, buf_slice(&o->secrets), sealed,
                              NULL) == OK);
    buf_clear(message);
    writer w = writer_on(message);
    mls_message_begin(&w, MLS_WELCOME);
    mls_welcome_write(&w, &o->welcome);
    require(writer_result(&w) == OK);
    mls_key_package_free(&kp, NULL);
    mls_welcome_free(&o->welcome, NULL);
    buf_free(&o->secrets);
    buf_free(&o->info);
}

/* ---- What is taken ---- */

static void take_commit(struct mls_group *group, slice commit) {
    struct mls_received r;
    require(mls_group_process(group, commit, &auth, &r) == OK);
    mls_staged_apply(group, r.commit);
    r.commit = NULL;
    mls_received_free(&r);
}

/* Whoever joins is where the host is. */
static err join(const struct mls_group *host, slice welcome, slice tree, slice key_package) {
    struct mls_join_params params = {
        .welcome = welcome, .own = people_own(NEW), .tree = tree, .limits = &limits};
    struct mls_group *group;
    uint32_t sender;
    params.own.key_package = key_package;
    err e = mls_group_join(&group, &params, &auth, &sender);
    require(e != ERR_BUG && (e != OK || same_epoch(group, host)));
    mls_group_free(group);
    return e;
}

/* The host's commit that adds one. */
static err add(struct mls_group *host, slice key_package, uint8_t flags, struct mls_committed *c) {
    struct mls_commit_params params = {.adds = &key_package,
                                       .add_count = 1,
                                       .wire = MLS_PUBLIC_MESSAGE,
                                       .tree_in_welcome = (flags & 1) != 0,
                                       .external_pub = (flags & 2) != 0};
    TRY(mls_group_commit(host, &params, &auth, c));
    mls_staged_apply(host, c->staged);
    c->staged = NULL;
    return OK;
}

/* Changed: 0 the message, 1 the GroupInfo in it, 2 the secrets in it, 3 the tree beside it. */
static void by_welcome(reader *in, struct mls_group *host, uint8_t flags) {
    struct mls_committed c;
    struct opened o = {0};
    buf tree = {0};
    slice key_package = buf_slice(&people[NEW].key_package);
    require(add(host, key_package, flags, &c) == OK && mls_group_tree(host, &tree) == OK);
    buf *welcome = &c.welcomes[0];
    uint8_t part = flags >> 2 & 3, how = 0;
    if (part == 0 || part == 3) {
        how = change(in, part == 0 ? welcome : &tree);
    } else {
        open_welcome(buf_slice(welcome), &o);
        how = change(in, part == 1 ? &o.info : &o.secrets);
        if (part == 1 && (how & CHANGE_SIGN))
            (void)sign_info(host, SLICE_EMPTY, &o.info);
        close_welcome(&o, welcome);
    }
    require(join(host, buf_slice(welcome), buf_slice(&tree), key_package) == OK || how != 0);
    mls_committed_free(&c, NULL);
    buf_free(&tree);
}

/* Who follows can be saved, whatever it believes, and nothing that is said to it is a bug. */
static err follow(struct mls_group *host, slice info, slice tree) {
    struct mls_group *group, *again;
    struct mls_committed c;
    struct mls_received r;
    buf saved = {0}, twice = {0};
    TRY(mls_group_observe(&group, info, tree, &limits, &auth, NULL));
    require(mls_group_save(group, &saved) == OK);
    require(mls_group_load(&again, buf_slice(&saved), NULL) == OK);
    require(mls_group_save(again, &twice) == OK);
    require(slice_equal(buf_slice(&saved), buf_slice(&twice)));
    require(add(host, buf_slice(&people[NEW].key_package), 0, &c) == OK);
    err e = mls_group_process(again, buf_slice(&c.commit), &auth, &r);
    mls_received_free(&r);
    mls_committed_free(&c, NULL);
    mls_group_free(group);
    mls_group_free(again);
    buf_free(&saved);
    buf_free(&twice);
    return e;
}

/* By a commit from outside, if the host takes it. */
static err enter(struct mls_group *host, slice info, slice tree) {
    struct mls_group *group;
    struct mls_received r;
    buf commit = {0};
    struct mls_external_params params = {
        .group_info = info, .tree = tree, .leaf = people_leaf(NEW), .limits = &limits};
    TRY(mls_group_join_external(&group, &params, &auth, &commit));
    err e = mls_group_process(host, buf_slice(&commit), &auth, &r);
    if (e == OK) {
        mls_staged_apply(host, r.commit);
        r.commit = NULL;
        require(same_epoch(host, group));
    }
    mls_received_free(&r);
    mls_group_free(group);
    buf_free(&commit);
    return e;
}

/* Changed: the GroupInfo, or the tree beside it (and its hash in the GroupInfo, too). */
static void by_group_info(reader *in, struct mls_group *host, uint8_t flags) {
    buf message = {0}, info = {0}, tree = {0}, before = {0};
    buf *changed = flags & 4 ? &tree : &message;
    bool beside = changed == &tree, read = !beside || (flags & 1) == 0, again = false;
    require(mls_group_info(host, (flags & 1) != 0, true, &message) == OK);
    require(mls_group_tree(host, &tree) == OK);
    require(buf_append(&before, buf_slice(changed)) == OK);
    uint8_t how = change(in, changed);
    bool different = !slice_equal(buf_slice(changed), buf_slice(&before));
    if ((how & CHANGE_SIGN) && message.n > MESSAGE_HEADER) {
        slice body = slice_of(message.p + MESSAGE_HEADER, message.n - MESSAGE_HEADER);
        require(buf_append(&info, body) == OK);
        again = sign_info(host, beside ? buf_slice(&tree) : SLICE_EMPTY, &info);
        message.n = MESSAGE_HEADER;
        require(buf_append(&message, buf_slice(&info)) == OK);
    }
    err e = (flags & 8 ? enter : follow)(host, buf_slice(&message), buf_slice(&tree));
    require(e != ERR_BUG && (e == OK || different));
    require(e != OK || !different || again || !read);
    buf_free(&message);
    buf_free(&info);
    buf_free(&tree);
    buf_free(&before);
}

static void by_key_package(reader *in, struct mls_group *host, struct mls_group *member,
                           uint8_t flags) {
    buf key_package = {0};
    struct mls_committed c;
    bool again = false;
    slice own = buf_slice(&people[NEW].key_package);
    require(buf_append(&key_package, own) == OK);
    if (change(in, &key_package) & CHANGE_SIGN)
        again = sign_key_package(&key_package, buf_slice(&people[NEW].priv));
    bool different = !slice_equal(buf_slice(&key_package), own);
    err e = add(host, buf_slice(&key_package), flags | 1, &c);
    require(e != ERR_BUG && (e == OK ? !different || again : different));
    if (e == OK) {
        take_commit(member, buf_slice(&c.commit));
        require(same_epoch(host, member));
        e = join(host, buf_slice(&c.welcomes[0]), SLICE_EMPTY, buf_slice(&key_package));
        require(e == OK || different);
        mls_committed_free(&c, NULL);
    }
    buf_free(&key_package);
}

/* ---- The group, made once and loaded for each input ---- */

static buf saved[2];

/* Three members, of whom two have committed, so that the tree has parents. */
static void make_group(void) {
    struct mls_group *host, *member;
    struct mls_extension extensions[3];
    struct mls_committed c;
    uint32_t sender;
    slice adds[] = {buf_slice(&people[1].key_package), buf_slice(&people[2].key_package)};
    struct mls_group_params params = {.suite = people_suite(),
                                      .group_id = slice_str("fuzz"),
                                      .leaf = people_leaf(HOST),
                                      .extensions = extensions,
                                      .extension_count = people_extensions(3, extensions),
                                      .limits = &limits};
    struct mls_commit_params commit = {.adds = adds, .add_count = 2, .tree_in_welcome = true};
    require(mls_group_create(&host, &params, &auth) == OK);
    require(mls_group_commit(host, &commit, &auth, &c) == OK);
    mls_staged_apply(host, c.staged);
    c.staged = NULL;
    struct mls_join_params join_params = {
        .welcome = buf_slice(&c.welcomes[0]), .own = people_own(MEMBER), .limits = &limits};
    require(mls_group_join(&member, &join_params, &auth, &sender) == OK);
    mls_committed_free(&c, NULL);
    commit = (struct mls_commit_params){0};
    require(mls_group_commit(member, &commit, &auth, &c) == OK);
    mls_staged_apply(member, c.staged);
    c.staged = NULL;
    take_commit(host, buf_slice(&c.commit));
    mls_committed_free(&c, NULL);
    require(mls_group_save(host, &saved[HOST]) == OK);
    require(mls_group_save(member, &saved[MEMBER]) == OK);
    mls_group_free(host);
    mls_group_free(member);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mls_group *host, *member;
    reader in = {data, size};
    people_begin();
    if (saved[HOST].n == 0)
        make_group();
    people_begin();
    require(mls_group_load(&host, buf_slice(&saved[HOST]), NULL) == OK);
    require(mls_group_load(&member, buf_slice(&saved[MEMBER]), NULL) == OK);
    uint8_t what = take(&in), flags = take(&in);
    if (what % 3 == 0)
        by_welcome(&in, host, flags);
    else if (what % 3 == 1)
        by_group_info(&in, host, flags);
    else
        by_key_package(&in, host, member, flags);
    mls_group_free(host);
    mls_group_free(member);
    return 0;
}
