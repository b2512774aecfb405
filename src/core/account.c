/* Who we are: identity, device, device list, registration link. */
#include "core/internal.h"

#include "core/words.h"

err core_account_id(const uint8_t identity[32], uint8_t account[16]) {
    uint8_t hash[32];
    slice key = slice_of(identity, 32);
    TRY(crypto_sha256.hash(hash, &key, 1));
    memcpy(account, hash, 16);
    return OK;
}

/* ---- Device lists ---- */

/* Over all that was written, whose end is the signature's place. */
static err sign(const struct record_account *a, const char *label, const buf *out) {
    uint8_t *signature = out->p + out->n - 64;
    if (!a->has_identity)
        return ERR_DENIED;
    return crypto_sign_labeled(signature, a->identity_seed, label, slice_of(out->p, out->n - 64));
}

static err make_list(const struct record_account *a, uint32_t version,
                     const struct proto_list *devices, buf *out) {
    struct proto_device_list list = {.version = version, .devices = *devices};
    memcpy(list.identity, a->identity, sizeof list.identity);
    TRY(proto_device_list_encode(out, &list));
    return sign(a, PROTO_LABEL_DEVICE_LIST, out);
}

err core_account_list_after(const struct record_account *a, const struct proto_device_list *old,
                            const uint8_t *gone, const struct proto_device *fresh, buf *out) {
    struct proto_device device;
    struct proto_list devices = {0};
    buf bytes = buf_on(out->mem);
    writer w = writer_on(&bytes);
    bool found = gone == NULL;
    err e = OK;
    for (reader r = reader_of(old->devices.bytes); e == OK && r.n > 0;) {
        e = proto_device_read(&r, &device);
        bool goes = e == OK && gone != NULL && memcmp(device.id, gone, sizeof device.id) == 0;
        found |= goes;
        if (e == OK && !goes)
            PROTO_LIST_ADD(device, &w, &devices, &device);
        else if (goes && fresh != NULL)
            PROTO_LIST_ADD(device, &w, &devices, fresh);
    }
    if (gone == NULL && fresh != NULL)
        PROTO_LIST_ADD(device, &w, &devices, fresh);
    if (e == OK)
        e = found ? writer_result(&w) : ERR_NOT_FOUND;
    devices.bytes = buf_slice(&bytes);
    if (e == OK)
        e = make_list(a, old->version + 1, &devices, out);
    buf_free(&bytes);
    return e;
}

err core_account_certify(const struct record_account *a, const struct proto_device *device,
                         buf *out) {
    struct proto_certificate certificate = {0};
    memcpy(certificate.identity, a->identity, sizeof certificate.identity);
    memcpy(certificate.device, device->id, sizeof certificate.device);
    memcpy(certificate.key, device->key, sizeof certificate.key);
    TRY(proto_certificate_encode(out, &certificate));
    return sign(a, PROTO_LABEL_DEVICE, out);
}

static struct proto_device own_device(const struct record_account *a) {
    struct proto_device device;
    memcpy(device.id, a->device, sizeof device.id);
    memcpy(device.key, a->device_key, sizeof device.key);
    return device;
}

static err make_devices(const struct record_account *a, buf *out) {
    struct proto_device device = own_device(a);
    buf devices = buf_on(out->mem);
    err e = proto_device_encode(&devices, &device);
    if (e == OK)
        e = make_list(a, 1, &(struct proto_list){buf_slice(&devices), 1}, out);
    buf_free(&devices);
    return e;
}

/* ---- Storing ---- */

err core_account_save(struct core *core) {
    TRY(record_account_settle(&core->account.bytes, &core->account.r));
    return core_put(core, TABLE_STATE, slice_str("account"), 0, buf_slice(&core->account.bytes));
}

/* A device's own, once the identity's are there. */
static err make_device(const struct core *core, struct record_account *a, buf *certificate) {
    TRY(crypto_ed25519.generate(a->device_key, a->device_seed));
    crypto_random(a->device, sizeof a->device);
    core_mailbox_key_make(core, a);
    TRY(core_account_id(a->identity, a->account));
    a->has_identity = true;
    struct proto_device device = own_device(a);
    TRY(core_account_certify(a, &device, certificate));
    a->certificate = buf_slice(certificate);
    return OK;
}

static err make_keys(struct core *core, struct record_account *a, buf *certificate, buf *devices) {
    a->suite = core->config.suite;
    a->joining = false;
    TRY(crypto_ed25519.generate(a->identity, a->identity_seed));
    TRY(make_device(core, a, certificate));
    TRY(make_devices(a, devices));
    a->devices = buf_slice(devices);
    return OK;
}

err core_account_begin(struct core *core, const struct record_account *a) {
    static const uint8_t format = FORMAT;
    core->account.r = *a;
    core->account.exists = true;
    TRY(core_account_save(core));
    return core_put(core, TABLE_STATE, slice_str("format"), 0, slice_of(&format, 1));
}

static err create(struct core *core, struct record_account *a, uint64_t *command) {
    buf certificate = buf_on(core->mem), devices = buf_on(core->mem);
    bool goes_on = core->account.exists && !a->joining;
    TRY(core_txn_begin(core));
    a->command = *command = core_number(core);
    err e = goes_on ? OK : make_keys(core, a, &certificate, &devices);
    if (e == OK)
        e = core_account_begin(core, a);
    e = core_txn_end(core, e);
    buf_free(&certificate);
    buf_free(&devices);
    wipe(a, sizeof *a);
    return e;
}

void core_account_connect(struct core *core) {
    core_session_close_all(core, OK);
    core->sessions[AUTH].at = core->now;
    core_pump(core);
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
    if (e == OK)
        core_account_connect(core);
    return e;
}

/* ---- An account that exists, by its identity's words ---- */

err core_server_read(slice link, buf *server, uint8_t identity[32]) {
    buf content = buf_on(server->mem);
    struct proto_invite invite;
    struct proto_contact contact;
    struct proto_place place;
    slice known = SLICE_EMPTY;
    err e = ERR_MALFORMED;
    if (proto_link_read(link, "join", server, &content) == OK) {
        if (proto_invite_decode(buf_slice(&content), &invite) == OK)
            known = SLICE_ARRAY(invite.server);
    } else if (proto_link_read(link, "contact", server, &content) == OK) {
        if (proto_contact_decode(buf_slice(&content), &contact) == OK)
            known = SLICE_ARRAY(contact.server);
    } else if (proto_link_read(link, "server", server, &content) == OK) {
        if (proto_place_decode(buf_slice(&content), &place) == OK)
            known = SLICE_ARRAY(place.server);
    }
    if (known.n == 32 && server->n <= 512) {
        memcpy(identity, known.p, 32);
        e = OK;
    }
    buf_free(&content);
    return e;
}

err core_server_link(const struct core *core, buf *link) {
    struct proto_place place;
    buf content = buf_on(core->mem);
    if (!core->account.exists)
        return ERR_STATE;
    memcpy(place.server, core->account.r.server_identity, sizeof place.server);
    err e = proto_place_encode(&content, &place);
    if (e == OK)
        e = proto_link_write(link, "server", core->account.r.server, buf_slice(&content));
    buf_free(&content);
    return e;
}

static err take(struct core *core, struct record_account *a, uint64_t *command) {
    buf certificate = buf_on(core->mem);
    TRY(core_txn_begin(core));
    a->suite = core->config.suite;
    a->joining = true;
    a->command = *command = core_number(core);
    core->overtaken = 0;
    err e = crypto_ed25519.public_of(a->identity, a->identity_seed);
    if (e == OK)
        e = make_device(core, a, &certificate);
    if (e == OK)
        e = core_account_begin(core, a);
    e = core_txn_end(core, e);
    buf_free(&certificate);
    return e;
}

err core_account_take(struct core *core, slice link, slice words, slice name, uint64_t now,
                      uint64_t *command, uint32_t *wrong) {
    struct record_account a = {.name = name};
    buf server = buf_on(core->mem);
    TRY(core_enter(core, now));
    *wrong = 0;
    if (core->account.exists && core->account.r.registered)
        return ERR_EXISTS;
    TRY(core_name_check(name));
    err e = core_server_read(link, &server, a.server_identity) == OK ? OK : ERR_UNSUPPORTED;
    a.server = buf_slice(&server);
    if (e == OK)
        e = core_words_read(words, a.identity_seed, wrong);
    if (e == OK)
        e = take(core, &a, command);
    wipe(&a, sizeof a);
    buf_free(&server);
    if (e == OK)
        core_account_connect(core);
    return e;
}

err core_words(const struct core *core, char words[CORE_WORDS]) {
    if (!core->account.exists)
        return ERR_STATE;
    if (!core->account.r.has_identity)
        return ERR_DENIED;
    return core_words_write(core->account.r.identity_seed, words);
}
