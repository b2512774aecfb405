/* The official passive clients: join by a Welcome, follow commits. Suites other than ours are
 * counted and left out. */
#include <stdlib.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "sotto/mls.h"
#include "tests/mls/vectors_suites.h"

static err accept_extensions(void *ctx, const struct mls_extension *extensions, size_t count) {
    (void)ctx;
    (void)extensions;
    (void)count;
    return OK;
}

static err accept_all(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return OK;
}

/* ctx: the case's list of external PSKs. */
static err find_psk(void *ctx, slice id, buf *secret) {
    struct json_object *psks = ctx;
    buf known = {0};
    err e = ERR_MLS_PSK;
    for (size_t i = 0; i < json_object_array_length(psks) && e != OK; i++) {
        struct json_object *psk = json_object_array_get_idx(psks, i);
        vectors_hex(psk, "psk_id", &known);
        if (!slice_equal(buf_slice(&known), id))
            continue;
        vectors_hex(psk, "psk", secret);
        e = OK;
    }
    buf_free(&known);
    return e;
}

static void optional_hex(struct json_object *o, const char *key, buf *out) {
    buf_clear(out);
    if (vectors_get(o, key) != NULL)
        vectors_hex(o, key, out);
}

static struct mls_group *join(struct json_object *o, const struct mls_auth *auth) {
    buf key_package = {0}, signature = {0}, init = {0}, leaf = {0}, welcome = {0}, tree = {0};
    buf secrets = {0};
    vectors_hex(o, "key_package", &key_package);
    const struct mls_suite *suite = mls_suite_find((uint16_t)vectors_u64(o, "cipher_suite"));
    vectors_private(o, "signature_priv", suite->sig->priv, &signature);
    vectors_private(o, "init_priv", suite->kem->priv, &init);
    vectors_private(o, "encryption_priv", suite->kem->priv, &leaf);
    vectors_hex(o, "welcome", &welcome);
    optional_hex(o, "ratchet_tree", &tree);
    writer w = writer_on(&secrets); /* as mls_key_package_new writes them */
    writer_u16(&w, 1);
    writer_vec(&w, buf_slice(&init));
    writer_vec(&w, buf_slice(&leaf));
    CHECK_OK(writer_result(&w));
    struct mls_join_params params = {
        .welcome = buf_slice(&welcome),
        .own = {buf_slice(&key_package), buf_slice(&secrets), buf_slice(&signature)},
        .tree = buf_slice(&tree)};
    struct mls_group *group;
    uint32_t sender;
    CHECK_OK(mls_group_join(&group, &params, auth, &sender));
    buf_free(&key_package);
    buf_free(&signature);
    buf_free(&init);
    buf_free(&leaf);
    buf_free(&welcome);
    buf_free(&tree);
    buf_free(&secrets);
    return group;
}

static void process(struct mls_group *group, slice message, const struct mls_auth *auth) {
    struct mls_received received;
    CHECK_OK(mls_group_process(group, message, auth, &received));
    if (received.commit != NULL) {
        mls_staged_apply(group, received.commit);
        received.commit = NULL;
    }
    mls_received_free(&received);
}

static void check_authenticator(struct json_object *o, const char *key,
                                const struct mls_group *group) {
    buf expected = {0};
    vectors_hex(o, key, &expected);
    CHECK_SLICE(mls_group_epoch_authenticator(group), buf_slice(&expected));
    buf_free(&expected);
}

/* Once straight on, once saved and loaded before every message. */
static void follow(struct json_object *o, bool reload) {
    struct mls_auth auth = {.accept = accept_all,
                            .ctx = vectors_get(o, "external_psks"),
                            .psk = find_psk,
                            .extensions = accept_extensions};
    struct mls_group *group = join(o, &auth);
    buf message = {0}, saved = {0};
    check_authenticator(o, "initial_epoch_authenticator", group);
    struct json_object *epochs = vectors_get(o, "epochs");
    for (size_t i = 0; i < json_object_array_length(epochs); i++) {
        struct json_object *epoch = json_object_array_get_idx(epochs, i);
        struct json_object *proposals = vectors_get(epoch, "proposals");
        for (size_t j = 0; j <= json_object_array_length(proposals); j++) {
            if (j < json_object_array_length(proposals)) {
                buf_clear(&message);
                const char *hex = json_object_get_string(json_object_array_get_idx(proposals, j));
                CHECK_OK(hex_decode(&message, slice_str(hex)));
            } else {
                vectors_hex(epoch, "commit", &message);
            }
            if (reload) {
                buf_clear(&saved);
                CHECK_OK(mls_group_save(group, &saved));
                mls_group_free(group);
                CHECK_OK(mls_group_load(&group, buf_slice(&saved), NULL));
            }
            process(group, buf_slice(&message), &auth);
        }
        check_authenticator(epoch, "epoch_authenticator", group);
    }
    buf_free(&message);
    buf_free(&saved);
    mls_group_free(group);
}

static void follow_file(const char *name) {
    CHECK_OK(crypto_init());
    struct json_object *cases = vectors_load(name);
    if (cases == NULL)
        SKIP("the vectors are not here");
    size_t passed = 0, skipped = 0;
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *o = json_object_array_get_idx(cases, i);
        if (mls_suite_find((uint16_t)vectors_u64(o, "cipher_suite")) == NULL) {
            skipped++;
            continue;
        }
        follow(o, false);
        follow(o, true);
        passed++;
    }
    printf("# %s: %zu passed, %zu skipped (other suites)\n", name + 4, passed, skipped);
    json_object_put(cases);
}

TEST(passive_clients_join_by_welcome) {
    follow_file("mls/passive-client-welcome.json");
}

TEST(passive_clients_follow_commits) {
    follow_file("mls/passive-client-handling-commit.json");
}

TEST(passive_client_of_a_long_life) {
    follow_file("mls/passive-client-random.json");
}

TEST_MAIN
