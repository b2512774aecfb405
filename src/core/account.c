/* Who we are: identity, device, device list, registration link. */
#include "core/internal.h"

err core_account_id(const uint8_t identity[32], uint8_t account[16]) {
    uint8_t hash[32];
    slice key = slice_of(identity, 32);
    TRY(crypto_sha256.hash(hash, &key, 1));
    memcpy(account, hash, 16);
    return OK;
}

/* ---- Device lists ---- */

err core_account_devices_check(slice encoded, struct proto_device_list *list) {
    TRY(proto_device_list_decode(encoded, list));
    if (list->devices.count == 0 || list->version == 0)
        return ERR_MALFORMED;
    slice fields = slice_of(encoded.p, encoded.n - sizeof list->signature);
    return crypto_verify_labeled(list->signature, list->identity, PROTO_LABEL_DEVICE_LIST, fields);
}

static err write_devices(const struct record_account *a, const uint8_t signature[64], buf *out) {
    struct proto_device device;
    struct proto_device_list list = {.version = 1};
    buf devices = buf_on(out->mem);
    memcpy(device.id, a->device, sizeof device.id);
    memcpy(device.key, a->device_key, sizeof device.key);
    memcpy(list.identity, a->identity, sizeof list.identity);
    memcpy(list.signature, signature, sizeof list.signature);
    err e = proto_device_encode(&devices, &device);
    list.devices = (struct proto_list){buf_slice(&devices), 1};
    if (e == OK)
        e = proto_device_list_encode(out, &list);
    buf_free(&devices);
    return e;
}

static err make_devices(const struct record_account *a, buf *out) {
    uint8_t signature[64] = {0};
    TRY(write_devices(a, signature, out));
    slice fields = slice_of(out->p, out->n - sizeof signature);
    TRY(crypto_sign_labeled(signature, a->identity_seed, PROTO_LABEL_DEVICE_LIST, fields));
    memcpy(out->p + out->n - sizeof signature, signature, sizeof signature);
    return OK;
}

/* ---- Storing ---- */

err core_account_save(struct core *core) {
    TRY(record_account_settle(&core->account.bytes, &core->account.r));
    return core_put(core, TABLE_STATE, slice_str("account"), 0, buf_slice(&core->account.bytes));
}

static err make_keys(struct core *core, struct record_account *a, buf *devices) {
    a->suite = core->config.suite;
    TRY(crypto_ed25519.generate(a->identity, a->identity_seed));
    TRY(crypto_ed25519.generate(a->device_key, a->device_seed));
    crypto_random(a->device, sizeof a->device);
    core_mailbox_key_make(core, a);
    TRY(core_account_id(a->identity, a->account));
    TRY(make_devices(a, devices));
    a->devices = buf_slice(devices);
    return OK;
}

static err create(struct core *core, struct record_account *a, uint64_t *command) {
    static const uint8_t format = FORMAT;
    buf devices = buf_on(core->mem);
    TRY(core_txn_begin(core));
    err e = core->account.exists ? OK : make_keys(core, a, &devices);
    a->command = core_number(core);
    *command = a->command;
    core->account.r = *a;
    core->account.exists = true;
    if (e == OK)
        e = core_account_save(core);
    if (e == OK)
        e = core_put(core, TABLE_STATE, slice_str("format"), 0, slice_of(&format, 1));
    e = core_txn_end(core, e);
    buf_free(&devices);
    wipe(a, sizeof *a);
    return e;
}

err core_account_create(struct core *core, slice join_link, slice name, uint64_t now,
                        uint64_t *command) {
    TRY(core_enter(core, now));
    if (core->account.exists && core->account.r.registered)
        return ERR_EXISTS;
    TRY(core_name_check(name));
    buf server = buf_on(core->mem), content = buf_on(core->mem);
    struct proto_invite invite;
    struct record_account a = core->account.r;
    err e = proto_link_read(join_link, "join", &server, &content);
    if (e == OK)
        e = proto_invite_decode(buf_slice(&content), &invite);
    if (e == OK && server.n > 512)
        e = ERR_TOO_LARGE;
    if (e == OK) {
        memcpy(a.server_identity, invite.server, sizeof a.server_identity);
        memcpy(a.code, invite.code, sizeof a.code);
        a.server = buf_slice(&server);
        a.name = name;
        a.tried = false;
        e = create(core, &a, command);
    }
    buf_free(&server);
    buf_free(&content);
    if (e == OK) {
        core_session_close_both(core, OK);
        core->sessions[AUTH].at = now;
        core_pump(core);
    }
    return e;
}
