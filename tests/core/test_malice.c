/* Members, strangers and servers who mean harm, and answers that are lost at the worst moment: what
 * they can't do, and what the user is told. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void start(size_t count) {
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
    rig_conversation(&rig, count);
}

/* The client's own view of conversation 1. */
static struct conversation *view(size_t i) {
    struct conversation *c = core_conversation_lookup(client(i)->core, 1);
    CHECK(c != NULL);
    CHECK_OK(core_conversation_load(client(i)->core, c));
    return c;
}

/* The address in the leaf of `whose`, as `by` sees it. */
static void address_of(size_t by, size_t whose, uint8_t address[PROTO_ADDRESS]) {
    const struct conversation *c = view(by);
    struct mls_member member;
    struct leaf leaf;
    uint32_t at = 0;
    CHECK(core_conversation_has(c, SLICE_ARRAY(client(whose)->account), &at));
    CHECK_OK(mls_group_member(c->group, at, &member));
    CHECK_OK(core_leaf_read(&member, &leaf));
    memcpy(address, leaf.address, PROTO_ADDRESS);
}

static void send_message(const uint8_t address[PROTO_ADDRESS], slice message) {
    buf item = {0};
    CHECK_OK(core_item_write(&item, ITEM_MESSAGE, message));
    rig_send(&rig, address, buf_slice(&item));
    buf_free(&item);
}

static void remove_member(size_t by, size_t whom, err expected) {
    uint64_t command;
    CHECK_OK(core_conversation_remove(client(by)->core, 1, client(whom)->account, rig.now,
                                      &command));
    rig_finish(client(by), command, expected);
}

/* ---- Proposals ---- */

/* A member proposes to add an account that it invented. */
static void propose_stranger(size_t by, buf *message) {
    struct core *core = client(by)->core;
    struct record_account real = core->account.r, invented = real;
    uint8_t address[PROTO_ADDRESS] = {1};
    struct leaf_own leaf;
    buf package = {0}, secrets = {0};
    CHECK_OK(crypto_ed25519.generate(invented.identity, invented.identity_seed));
    CHECK_OK(crypto_ed25519.generate(invented.device_key, invented.device_seed));
    crypto_random(invented.device, sizeof invented.device);
    CHECK_OK(core_account_id(invented.identity, invented.account));
    core->account.r = invented;
    CHECK_OK(core_leaf_own_make(core, address, &leaf));
    struct mls_key_package_params params = {.leaf = leaf.params,
                                            .not_before = rig.now / 1000 - 86400,
                                            .not_after = rig.now / 1000 + 8640000};
    CHECK_OK(mls_key_package_new(mls_suite_find(real.suite), &params, &package, &secrets));
    core->account.r = real;
    CHECK_OK(mls_group_propose_add(view(by)->group, buf_slice(&package), &core->auth,
                                   MLS_PRIVATE_MESSAGE, message));
    buf_free(&package);
    buf_free(&secrets);
}

TEST(proposals_to_add_are_refused_and_block_no_commit) {
    uint8_t first[PROTO_ADDRESS], second[PROTO_ADDRESS];
    uint64_t command;
    start(3);
    address_of(2, 0, first);
    address_of(2, 1, second);
    for (int i = 0; i < 66; i++) {
        buf message = {0};
        propose_stranger(2, &message);
        send_message(first, buf_slice(&message));
        send_message(second, buf_slice(&message));
        buf_free(&message);
    }
    CHECK_ERR(rig_last(client(0), CORE_NOTICE_QUARANTINED)->notice.error, ERR_DENIED);
    CHECK_EQ(mls_group_pending_proposals(view(0)->group), 0);
    remove_member(0, 2, OK);
    CHECK(strcmp(rig_members(client(1)), "01") == 0);
    CHECK_OK(core_conversation_leave(client(0)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

TEST_MAIN
