/* A conversation of as many devices as there may be. Two of them are cores; the others are leaves
 * whose addresses lead to the mailbox of a third, who is away. */
#include "core/internal.h"
#include "rig.h"
#include "server/held.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static struct conversation *view(size_t i) {
    struct conversation *c = core_conversation_lookup(client(i)->core, 1);
    CHECK(c != NULL);
    return c;
}

/* ---- Leaves without a device ---- */

static uint8_t mailbox[16]; /* of the third */

/* Made as the server makes them: that they all lead to one mailbox can't be told from outside. */
static void find_mailbox(void) {
    uint8_t address[PROTO_ADDRESS], inside[24];
    struct core *core = client(2)->core;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_txn_end(core, core_stock_take_address(core, address)));
    CHECK_OK(crypto_xchacha20poly1305.open(inside, rig.config.keys[0].key, address + 1, SLICE_EMPTY,
                                           slice_of(address + 25, PROTO_ADDRESS - 25)));
    memcpy(mailbox, inside, sizeof mailbox);
}

static void make_address(uint8_t address[PROTO_ADDRESS]) {
    uint8_t inside[24];
    memcpy(inside, mailbox, sizeof mailbox);
    crypto_random(inside + 16, 8);
    address[0] = rig.config.keys[0].id;
    crypto_random(address + 1, 24);
    CHECK_OK(crypto_xchacha20poly1305.seal(address + 25, rig.config.keys[0].key, address + 1,
                                           SLICE_EMPTY, SLICE_ARRAY(inside)));
}

/* Appends a key package of a new account's device, and the target that it is for. */
static void make_member(buf *targets, buf *packages) {
    static const uint8_t none[PROTO_ADDRESS];
    uint8_t identity_priv[32], key_priv[32], identity[LEAF_IDENTITY], address[PROTO_ADDRESS];
    struct proto_certificate certificate = {0};
    buf data = {0}, package = {0}, secrets = {0};
    CHECK_OK(crypto_ed25519.generate(certificate.identity, identity_priv));
    CHECK_OK(crypto_ed25519.generate(certificate.key, key_priv));
    crypto_random(certificate.device, sizeof certificate.device);
    CHECK_OK(core_account_id(certificate.identity, identity));
    memcpy(identity + 16, certificate.device, 16);
    make_address(address);
    CHECK_OK(proto_certificate_encode(&data, &certificate));
    CHECK_OK(crypto_sign_labeled(certificate.signature, identity_priv, PROTO_LABEL_DEVICE,
                                 slice_of(data.p, data.n - sizeof certificate.signature)));
    buf_clear(&data);
    CHECK_OK(proto_certificate_encode(&data, &certificate));
    CHECK_OK(buf_append(&data, SLICE_ARRAY(address)));
    struct mls_extension extension = {LEAF_EXTENSION, buf_slice(&data)};
    struct mls_key_package_params params = {.leaf = {.identity = SLICE_ARRAY(identity),
                                                     .signature_pub = SLICE_ARRAY(certificate.key),
                                                     .signature_priv = SLICE_ARRAY(key_priv),
                                                     .extensions = &extension,
                                                     .extension_count = 1}};
    core_stock_lifetime(client(0)->core, &params.not_before, &params.not_after);
    CHECK_OK(
        mls_key_package_new(mls_suite_find(MLS_SUITE_X25519_CHACHA), &params, &package, &secrets));
    struct proto_key_package part = {.bytes = buf_slice(&package)};
    CHECK_OK(proto_key_package_encode(packages, &part));
    CHECK_OK(buf_append(targets, SLICE_ARRAY(identity)));
    CHECK_OK(buf_append(targets, SLICE_ARRAY(address)));
    CHECK_OK(buf_append(targets, slice_of(none, sizeof none)));
    buf_free(&data);
    buf_free(&package);
    buf_free(&secrets);
}

/* Client 0 adds so many, whose key packages it has. */
static void add(size_t count, err expected) {
    struct core *core = client(0)->core;
    struct entry *entry = NULL;
    client(0)->count = client(1)->count = 0; /* each member that comes is told of */
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_txn_end(core, core_entry_add(core, view(0), ENTRY_ADD,
                                               SLICE_ARRAY(client(2)->account), false, &entry)));
    for (size_t i = 0; i < count; i++)
        make_member(&entry->targets, &entry->taken);
    entry->target = count;
    entry->targets_at = core->now;
    uint64_t command = entry->r.command;
    core_pump(core);
    rig_finish(client(0), command, expected);
}

static bool count_entry(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

static size_t items(void) {
    size_t n = 0;
    CHECK_OK(store_scan(rig.store, (struct store_key){MAIL_ITEM, SLICE_ARRAY(mailbox), 0},
                        UINT64_MAX, count_entry, &n));
    return n;
}

TEST(one_send_reaches_a_thousand_devices_and_one_commit_too) {
    uint64_t command;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    rig.config.limits.mailbox_items = 1 << 20; /* one mailbox stands for a thousand */
    rig.config.limits.mailbox_bytes = (uint64_t)1 << 32;
    find_mailbox();
    for (size_t i = 0; i < 3; i++)
        rig_cut(&rig, client(i));
    mail_free(rig.mail);
    CHECK_OK(mail_new(&rig.mail, rig.store, &rig.config, NULL));
    core_online(client(2)->core, false, rig.now);
    rig_conversation(&rig, 2);
    while (view(0)->r.members < CORE_MEMBERS_MAX) {
        size_t room = CORE_MEMBERS_MAX - view(0)->r.members;
        add(room < PROTO_WELCOMES_MAX ? room : PROTO_WELCOMES_MAX, OK);
    }
    add(1, ERR_LIMIT);
    rig_pass(&rig, TIME_MINUTE);
    rig_same_state(&rig, 2);
    CHECK_EQ(view(1)->r.members, CORE_MEMBERS_MAX);
    size_t before = items();
    rig_finish(client(1), rig_say(client(1), "hello, all"), OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK(strcmp(rig_texts(client(0)), "hello, all\n") == 0);
    CHECK_EQ(items(), before + CORE_MEMBERS_MAX - 2);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    CHECK_EQ(rig_done(client(1), command)->notice.refused, 0);
    CHECK_EQ(items(), before + 2 * (CORE_MEMBERS_MAX - 2));
    rig_pass(&rig, TIME_MINUTE);
    rig_same_state(&rig, 2);
    CHECK_EQ(rig_status(client(0)).quarantined, 0);
    rig_fini(&rig);
}

TEST_MAIN
