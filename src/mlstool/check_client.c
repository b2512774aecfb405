/* Passive clients: they join by a Welcome and follow commits. The official files, and those of
 * others in the same format, which may also carry
 *   resumption_psks  [{group_id, epoch, psk}]: of groups that the case does not tell of
 *   applications     of an epoch: [{message, plaintext}], opened after its commit
 */
#include "crypto/crypto.h"
#include "mlstool/check.h"

struct client {
    struct check *c;
    struct json_object *o;
    struct mls_auth auth;
    struct mls_group *group;
};

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

static size_t optional_count(struct client *client, struct json_object *o, const char *key) {
    struct json_object *list = NULL;
    if (!json_object_object_get_ex(o, key, &list) || list == NULL)
        return 0;
    return check_count(client->c, o, key);
}

static err give(struct client *client, struct json_object *psk, buf *secret) {
    buf bytes = check_bytes(client->c, psk, "psk");
    return buf_set(secret, buf_slice(&bytes));
}

static err find_psk(void *ctx, slice id, buf *secret) {
    struct client *client = ctx;
    for (size_t i = 0; i < optional_count(client, client->o, "external_psks"); i++) {
        struct json_object *psk = check_at(client->c, client->o, "external_psks", i);
        buf known = check_bytes(client->c, psk, "psk_id");
        if (slice_equal(buf_slice(&known), id))
            return give(client, psk, secret);
    }
    return ERR_MLS_PSK;
}

static err find_resumption(void *ctx, slice group_id, uint64_t epoch, buf *secret) {
    struct client *client = ctx;
    for (size_t i = 0; i < optional_count(client, client->o, "resumption_psks"); i++) {
        struct json_object *psk = check_at(client->c, client->o, "resumption_psks", i);
        buf known = check_bytes(client->c, psk, "group_id");
        if (slice_equal(buf_slice(&known), group_id) && check_u64(client->c, psk, "epoch") == epoch)
            return give(client, psk, secret);
    }
    return ERR_MLS_PSK;
}

static void expect_authenticator(struct client *client, struct json_object *o, const char *key) {
    buf expected = check_bytes(client->c, o, key);
    EXPECT_SLICE(client->c, mls_group_epoch_authenticator(client->group), buf_slice(&expected));
}

static void join(struct client *client) {
    struct check *c = client->c;
    struct json_object *o = client->o;
    buf key_package = check_bytes(c, o, "key_package"), welcome = check_bytes(c, o, "welcome");
    buf tree = check_optional(c, o, "ratchet_tree"), secrets = buf_on(&c->mem);
    writer w = writer_on(&secrets); /* as mls_key_package_new writes them */
    writer_u16(&w, 1);
    writer_vec(&w, check_private(c, o, "init_priv", c->suite->kem->priv));
    writer_vec(&w, check_private(c, o, "encryption_priv", c->suite->kem->priv));
    EXPECT_OK(c, writer_result(&w));
    struct mls_join_params params = {
        .welcome = buf_slice(&welcome),
        .own = {buf_slice(&key_package), buf_slice(&secrets),
                check_private(c, o, "signature_priv", c->suite->sig->priv)},
        .tree = buf_slice(&tree),
        .mem = &c->mem};
    uint32_t sender;
    EXPECT_OK(c, mls_group_join(&client->group, &params, &client->auth, &sender));
    expect_authenticator(client, o, "initial_epoch_authenticator");
}

static void reload(struct client *client) {
    struct check *c = client->c;
    buf saved = buf_on(&c->mem);
    EXPECT_OK(c, mls_group_save(client->group, &saved));
    mls_group_free(client->group);
    EXPECT_OK(c, mls_group_load(&client->group, buf_slice(&saved), &c->mem));
    buf_free(&saved);
}

static void process(struct client *client, buf message) {
    struct mls_received received;
    EXPECT_OK(client->c,
              mls_group_process(client->group, buf_slice(&message), &client->auth, &received));
    if (received.commit != NULL) {
        mls_staged_apply(client->group, received.commit);
        received.commit = NULL;
    }
    mls_received_free(&received);
    buf_free(&message);
}

static void application(struct client *client, struct json_object *o) {
    struct check *c = client->c;
    struct mls_received received;
    buf message = check_bytes(c, o, "message"), plain = check_bytes(c, o, "plaintext");
    EXPECT_OK(c, mls_group_process(client->group, buf_slice(&message), &client->auth, &received));
    EXPECT(c, received.kind == MLS_APPLICATION);
    EXPECT_SLICE(c, received.application, buf_slice(&plain));
    mls_received_free(&received);
}

static void epoch(struct client *client, struct json_object *o, bool reloading) {
    struct check *c = client->c;
    for (size_t i = 0; i < optional_count(client, o, "proposals"); i++) {
        if (reloading)
            reload(client);
        process(client, check_bytes_of(c, check_at(c, o, "proposals", i)));
    }
    if (reloading)
        reload(client);
    process(client, check_bytes(c, o, "commit"));
    expect_authenticator(client, o, "epoch_authenticator");
    for (size_t i = 0; i < optional_count(client, o, "applications"); i++)
        application(client, check_at(c, o, "applications", i));
}

/* Once straight on, once saved and loaded before every message. */
static void passive_client(struct check *c, struct json_object *o) {
    for (int reloading = 0; reloading < 2; reloading++) {
        struct client client = {.c = c, .o = o};
        client.auth = (struct mls_auth){.accept = accept_all,
                                        .ctx = &client,
                                        .psk = find_psk,
                                        .resumption = find_resumption,
                                        .extensions = accept_extensions,
                                        .outside = true};
        join(&client);
        for (size_t i = 0; i < check_count(c, o, "epochs"); i++)
            epoch(&client, check_at(c, o, "epochs", i), reloading);
        mls_group_free(client.group);
    }
}

const struct check_type check_passive_client = {
    "passive-client", {"cipher_suite", "initial_epoch_authenticator", "init_priv"}, passive_client};
