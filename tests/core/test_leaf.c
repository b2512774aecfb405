/* Whose leaf it is: each rule of the credential, broken once. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct leaf_own own;
static struct mls_member member;
static struct mls_extension extension;
static uint8_t data[LEAF_DATA], identity[LEAF_IDENTITY], key[32];

static struct core *start(void) {
    static const uint8_t address[PROTO_ADDRESS] = {5};
    rig_init(&rig, 2);
    struct core *core = rig.clients[0].core;
    CHECK_OK(core_leaf_own_make(core, address, &own));
    memcpy(data, own.data, sizeof data);
    memcpy(identity, own.identity, sizeof identity);
    memcpy(key, own.params.signature_pub.p, sizeof key);
    extension = (struct mls_extension){LEAF_EXTENSION, SLICE_ARRAY(data)};
    member = (struct mls_member){.credential = MLS_CREDENTIAL_BASIC,
                                 .identity = SLICE_ARRAY(identity),
                                 .signature_pub = SLICE_ARRAY(key),
                                 .extensions = &extension,
                                 .extension_count = 1};
    return core;
}

static void refused(void) {
    CHECK_ERR(core_leaf_accept(NULL, NULL, &member), ERR_MLS_CREDENTIAL);
}

TEST(our_own_leaf_is_accepted_and_read) {
    struct leaf leaf;
    struct core *core = start();
    CHECK_OK(core_leaf_accept(NULL, NULL, &member));
    CHECK_OK(core_leaf_read(&member, &leaf));
    CHECK_SLICE(SLICE_ARRAY(leaf.account), SLICE_ARRAY(core->account.r.account));
    CHECK_SLICE(SLICE_ARRAY(leaf.device), SLICE_ARRAY(core->account.r.device));
    CHECK_EQ(leaf.address[0], 5);
    rig_fini(&rig);
}

TEST(a_leaf_that_lives_too_long_is_refused) {
    (void)start();
    member.not_before = 1000;
    member.not_after = 1000 + LIFETIME_MAX / TIME_SECOND;
    CHECK_OK(core_leaf_accept(NULL, NULL, &member));
    member.not_after++;
    CHECK_ERR(core_leaf_accept(NULL, NULL, &member), ERR_MLS_LIFETIME);
    member.not_after = UINT64_MAX;
    CHECK_ERR(core_leaf_accept(NULL, NULL, &member), ERR_MLS_LIFETIME);
    rig_fini(&rig);
}

TEST(every_byte_of_credential_key_and_certificate_counts) {
    (void)start();
    for (size_t i = 0; i < sizeof identity; i++) {
        identity[i] ^= 1;
        refused();
        identity[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] ^= 1;
        refused();
        key[i] ^= 1;
    }
    for (size_t i = 0; i < LEAF_DATA - PROTO_ADDRESS; i++) {
        data[i] ^= 1;
        refused();
        data[i] ^= 1;
    }
    CHECK_OK(core_leaf_accept(NULL, NULL, &member));
    rig_fini(&rig);
}

TEST(a_leaf_without_its_extension_or_with_another_length_is_refused) {
    (void)start();
    extension.type = LEAF_EXTENSION + 1;
    refused();
    extension.type = LEAF_EXTENSION;
    extension.data.n--;
    refused();
    extension.data.n++;
    member.extension_count = 0;
    refused();
    member.extension_count = 1;
    member.identity.n--;
    refused();
    rig_fini(&rig);
}

TEST(a_leaf_that_follows_another_keeps_account_and_device) {
    static const uint8_t address[PROTO_ADDRESS] = {6};
    struct leaf_own other;
    (void)start();
    struct mls_member before = member;
    CHECK_OK(core_leaf_accept(NULL, &before, &member));
    CHECK_OK(core_leaf_own_make(rig.clients[1].core, address, &other));
    before.identity = SLICE_ARRAY(other.identity);
    CHECK_ERR(core_leaf_accept(NULL, &before, &member), ERR_MLS_CREDENTIAL);
    uint8_t device[LEAF_IDENTITY];
    memcpy(device, identity, sizeof device);
    device[31] ^= 1;
    before.identity = SLICE_ARRAY(device);
    CHECK_ERR(core_leaf_accept(NULL, &before, &member), ERR_MLS_CREDENTIAL);
    rig_fini(&rig);
}

/* A certificate of somebody's own making for somebody else's account id. */
TEST(an_account_id_belongs_to_its_identity_key) {
    struct proto_certificate certificate;
    uint8_t seed[32];
    (void)start();
    reader r = reader_of(SLICE_ARRAY(data));
    CHECK_OK(proto_certificate_read(&r, &certificate));
    CHECK_OK(crypto_ed25519.generate(certificate.identity, seed));
    memcpy(data, certificate.identity, 32);
    CHECK_OK(crypto_sign_labeled(data + 80, seed, "Sotto device v1", slice_of(data, 80)));
    refused();
    rig_fini(&rig);
}

TEST_MAIN
