#include "tests/mls/people.h"

#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "mls/key_package.h"
#include "mls/labels.h"

static err accept_all(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    return member->identity.n == 0 ? ERR_MLS_CREDENTIAL : OK;
}

static err accept_extensions(void *ctx, const struct mls_extension *extensions, size_t count) {
    (void)ctx;
    (void)extensions;
    (void)count;
    return OK;
}

const struct mls_auth people_auth = {
    .accept = accept_all, .extensions = accept_extensions, .outside = true};

void person_init(struct person *p, uint16_t suite, const char *name) {
    CHECK_OK(crypto_init());
    *p = (struct person){.suite = mls_suite_find(suite)};
    snprintf(p->name, sizeof(p->name), "%s", name);
    CHECK_OK(mls_signature_keys_new(p->suite, &p->pub, &p->priv));
}

void person_free(struct person *p) {
    buf_free(&p->pub);
    buf_free(&p->priv);
    buf_free(&p->key_package);
    buf_free(&p->secrets);
    mls_group_free(p->group);
    p->group = NULL;
}

struct mls_leaf_params person_leaf(const struct person *p) {
    return (struct mls_leaf_params){
        .identity = slice_str(p->name),
        .signature_pub = buf_slice(&p->pub),
        .signature_priv = buf_slice(&p->priv),
    };
}

void person_key_package(struct person *p, bool new_keys) {
    if (new_keys) {
        buf_clear(&p->pub);
        buf_clear(&p->priv);
        CHECK_OK(mls_signature_keys_new(p->suite, &p->pub, &p->priv));
    }
    struct mls_key_package_params params = {
        .leaf = person_leaf(p), .not_before = 1000, .not_after = 2000};
    buf_clear(&p->key_package);
    buf_clear(&p->secrets);
    CHECK_OK(mls_key_package_new(p->suite, &params, &p->key_package, &p->secrets));
}

void person_create(struct person *p, const char *group_id) {
    struct mls_group_params params = {
        .suite = p->suite, .group_id = slice_str(group_id), .leaf = person_leaf(p), .mem = p->mem};
    mls_group_free(p->group);
    CHECK_OK(mls_group_create(&p->group, &params, &people_auth));
}

err person_join(struct person *p, slice welcome, slice tree) {
    struct mls_join_params params = {
        .welcome = welcome, .own = person_own(p), .tree = tree, .mem = p->mem};
    uint32_t sender;
    mls_group_free(p->group);
    return mls_group_join(&p->group, &params, &people_auth, &sender);
}

/* Of a Welcome for p alone. */
static void reseal(const struct person *p, struct mls_welcome *welcome,
                   void (*change)(struct mls_group_secrets *secrets)) {
    struct mls_hpke_ciphertext *sealed = &welcome->secrets[0].secrets;
    struct mls_key_package kp;
    struct mls_key_package_secrets keys;
    struct mls_group_secrets secrets;
    struct hpke_info info;
    buf plain = {0};
    slice group_info = buf_slice(&welcome->encrypted_group_info);
    CHECK_OK(mls_key_package_secrets_read(buf_slice(&p->secrets), &keys, NULL));
    CHECK_OK(mls_label_decrypt(p->suite, buf_slice(&keys.init_priv), "Welcome", group_info, sealed,
                               &plain));
    reader r = reader_of(buf_slice(&plain));
    CHECK_OK(mls_group_secrets_read(&r, &secrets, NULL));
    change(&secrets);
    buf_clear(&plain);
    writer w = writer_on(&plain);
    mls_group_secrets_write(&w, &secrets);
    CHECK_OK(writer_result(&w));
    CHECK_OK(mls_key_package_open(buf_slice(&p->key_package), &kp, NULL));
    CHECK_OK(mls_label_prepare(p->suite, "Welcome", group_info, &info));
    mls_hpke_ciphertext_free(sealed, NULL);
    CHECK_OK(mls_label_encrypt(p->suite, buf_slice(&kp.init_key), &info, buf_slice(&plain), sealed,
                               NULL));
    mls_key_package_secrets_free(&keys);
    mls_key_package_free(&kp, NULL);
    mls_group_secrets_free(&secrets, NULL);
    buf_free(&plain);
}

void person_change_secrets(const struct person *p, buf *welcome,
                           void (*change)(struct mls_group_secrets *secrets)) {
    struct mls_welcome opened;
    buf message = {0};
    reader r = reader_of(slice_of(welcome->p + 4, welcome->n - 4));
    CHECK_OK(mls_welcome_read(&r, &opened, NULL));
    reseal(p, &opened, change);
    writer w = writer_on(&message);
    mls_message_begin(&w, MLS_WELCOME);
    mls_welcome_write(&w, &opened);
    CHECK_OK(writer_result(&w));
    buf_move(welcome, &message);
    mls_welcome_free(&opened, NULL);
}

struct mls_own_key_package person_own(const struct person *p) {
    return (struct mls_own_key_package){buf_slice(&p->key_package), buf_slice(&p->secrets),
                                        buf_slice(&p->priv)};
}

err people_propose_add(struct mls_group *group, slice key_package, const struct mls_auth *auth,
                       enum mls_wire wire, buf *out) {
    struct mls_propose what = {.type = MLS_PROPOSAL_ADD, .key_package = key_package};
    return mls_group_propose(group, &what, auth, wire, out);
}

err people_propose_remove(struct mls_group *group, uint32_t leaf, enum mls_wire wire, buf *out) {
    struct mls_propose what = {.type = MLS_PROPOSAL_REMOVE, .leaf = leaf};
    return mls_group_propose(group, &what, &people_auth, wire, out);
}

err people_propose_update(struct mls_group *group, const struct mls_leaf_params *leaf,
                          enum mls_wire wire, buf *out) {
    struct mls_propose what = {.type = MLS_PROPOSAL_UPDATE, .update = leaf};
    return mls_group_propose(group, &what, &people_auth, wire, out);
}

void person_reload(struct person *p) {
    buf saved = {0}, again = {0};
    CHECK_OK(mls_group_save(p->group, &saved));
    mls_group_free(p->group);
    CHECK_OK(mls_group_load(&p->group, buf_slice(&saved), p->mem));
    CHECK_OK(mls_group_save(p->group, &again));
    CHECK_SLICE(buf_slice(&again), buf_slice(&saved));
    buf_free(&saved);
    buf_free(&again);
}

err person_process(struct person *p, slice message) {
    struct mls_received received;
    err e = mls_group_process(p->group, message, &people_auth, &received);
    if (e == OK && received.commit != NULL) {
        mls_staged_apply(p->group, received.commit);
        received.commit = NULL;
    }
    mls_received_free(&received);
    return e;
}

void people_talk(struct person *from, struct person **to, size_t n, const char *text) {
    buf message = {0};
    CHECK_OK(mls_group_protect(from->group, slice_str("aad"), slice_str(text), 32, &message));
    for (size_t i = 0; i < n; i++) {
        struct mls_received r;
        if (to[i] == from)
            continue;
        CHECK_OK(mls_group_process(to[i]->group, buf_slice(&message), &people_auth, &r));
        CHECK_EQ(r.kind, MLS_APPLICATION);
        CHECK_SLICE(r.application, slice_str(text));
        CHECK_SLICE(r.authenticated_data, slice_str("aad"));
        CHECK_SLICE(r.sender_identity, slice_str(from->name));
        CHECK_SLICE(r.sender_signature_pub, buf_slice(&from->pub));
        CHECK_EQ(r.sender, mls_group_own_leaf(from->group));
        mls_received_free(&r);
    }
    buf_free(&message);
}

static void check_own_leaf(const struct person *p) {
    struct mls_member member;
    CHECK_OK(mls_group_member(p->group, mls_group_own_leaf(p->group), &member));
    CHECK_SLICE(member.identity, slice_str(p->name));
    CHECK_SLICE(member.signature_pub, buf_slice(&p->pub));
}

void people_agree(struct person **people, size_t n) {
    buf tree = {0}, other = {0};
    uint8_t first[32], exported[32];
    CHECK_OK(mls_group_tree(people[0]->group, &tree));
    CHECK_OK(mls_group_export(people[0]->group, slice_str("l"), slice_str("c"), first, 32));
    for (size_t i = 0; i < n; i++) {
        const struct mls_group *g = people[i]->group;
        CHECK_EQ(mls_group_epoch(g), mls_group_epoch(people[0]->group));
        CHECK_SLICE(mls_group_epoch_authenticator(g),
                    mls_group_epoch_authenticator(people[0]->group));
        buf_clear(&other);
        CHECK_OK(mls_group_tree(g, &other));
        CHECK_SLICE(buf_slice(&other), buf_slice(&tree));
        CHECK_OK(mls_group_export(g, slice_str("l"), slice_str("c"), exported, 32));
        CHECK_SLICE(slice_of(exported, 32), slice_of(first, 32));
        check_own_leaf(people[i]);
    }
    buf_free(&tree);
    buf_free(&other);
}

void people_commit(struct person *by, const struct mls_commit_params *params,
                   struct person **others, size_t n, struct person **added, size_t added_count) {
    struct mls_committed c;
    buf tree = {0};
    CHECK_OK(mls_group_commit(by->group, params, &people_auth, &c));
    CHECK_EQ(c.added_count, added_count);
    for (size_t i = 0; i < n; i++)
        if (others[i] != by)
            CHECK_OK(person_process(others[i], buf_slice(&c.commit)));
    mls_staged_apply(by->group, c.staged);
    c.staged = NULL;
    if (!params->tree_in_welcome)
        CHECK_OK(mls_group_tree(by->group, &tree));
    for (size_t i = 0; i < added_count; i++) {
        size_t which = params->welcome_each ? i : 0;
        CHECK_OK(person_join(added[i], buf_slice(&c.welcomes[which]), buf_slice(&tree)));
        CHECK_EQ(mls_group_own_leaf(added[i]->group), c.added[i]);
    }
    mls_committed_free(&c, by->mem);
    buf_free(&tree);
}

void people_add(struct person *by, struct person *added, struct person **others, size_t n) {
    person_key_package(added, false);
    slice add = buf_slice(&added->key_package);
    struct mls_commit_params params = {
        .adds = &add, .add_count = 1, .wire = MLS_PRIVATE_MESSAGE, .tree_in_welcome = true};
    people_commit(by, &params, others, n, &added, 1);
}
