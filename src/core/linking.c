/* A link: how a new device gets into the account. The two meet at the server by a random id
 * (link_put, link_get) and speak Noise_NKhfs_25519+ML-KEM-768_ChaChaPoly_BLAKE2b with each other,
 * the new device's one-time key being the known one:
 *
 *   the new device shows a code: id, key, hash of a nonce
 *   -> first handshake message          (from the device with the identity's key)
 *   <- second: the nonce, its device id and key
 *   both show digits, and ask their user: a hash of the code, the first message and the nonce
 *   -> the account, sealed; or nothing, for a no
 *   <- addresses of the new device, sealed, once it is at the server; or nothing, for a no
 *
 * Who stands between has to choose what makes its digits before it knows the nonce on one side and
 * the ephemeral key on the other, and so guesses once, one in a hundred million. */
#include "core/internal.h"

#define LINK_TIME TIME_MINUTE
#define REST_TIME (TIME_MINUTE / 2) /* after the digits' minute; the server has still more */
#define REFUSE_TIME (5 * TIME_SECOND)
#define POLL_TIME (TIME_SECOND / 2)
enum { NEW = 0, HOLDER = 1, ADDRESSES = 8, DIGITS = 8 };

static const char commitment_label[] = "Sotto link nonce v1",
                  digits_label[] = "Sotto link digits v1";

/* ---- Ends ---- */

void core_linking_fini(struct core *core) {
    struct linking *l = &core->linking;
    noise_wipe(&l->noise);
    buf_free(&l->server);
    buf_free(&l->code_text);
    buf_free(&l->out);
    buf_free(&l->offered);
    wipe(l, sizeof *l);
    l->server = l->code_text = l->out = l->offered = buf_on(core->mem);
}

static void notice(struct core *core) {
    struct core_notice n = {.kind = CORE_NOTICE_LINKING, .command = core->linking.command};
    core_action_notice(core, &n);
}

/* Its command's DONE, unless that came or comes from elsewhere. */
static void end(struct core *core, err e, uint16_t reason) {
    uint64_t command = core->linking.command;
    bool joining = core->linking.state == CORE_LINKING_JOINING;
    if (core->linking.refused) {
        e = ERR_DENIED;
        reason = 0;
    }
    core_linking_fini(core);
    if (!joining)
        core_action_done(core, command, e, reason, SLICE_EMPTY, 0);
}

/* ---- Which server, for a device that has no account yet ---- */

static bool is_new(const struct core *core) {
    return core->linking.state != CORE_LINKING_OFF && core->linking.side == NEW &&
           core->linking.state != CORE_LINKING_JOINING;
}

bool core_linking_wants(const struct core *core) {
    return core->linking.state != CORE_LINKING_OFF;
}

bool core_linking_is_new(const struct core *core) {
    return is_new(core);
}

slice core_server(const struct core *core) {
    return is_new(core) ? buf_slice(&core->linking.server) : core->account.r.server;
}

/* The server's hello covers the label, a zero byte, and every field before the signature. */
static err server_check(const struct proto_server_hello *hello, const uint8_t identity[32]) {
    buf fields = {0};
    writer w = writer_on(&fields);
    writer_u16(&w, hello->version);
    writer_bytes(&w, SLICE_ARRAY(hello->noise_key));
    writer_u32(&w, hello->until);
    err e = writer_result(&w);
    if (e == OK)
        e = crypto_verify_labeled(hello->signature, identity, PROTO_LABEL_NOISE_KEY,
                                  buf_slice(&fields));
    buf_free(&fields);
    return e;
}

/* Without a key to compare, what the server showed is kept: the other device will name the key. */
err core_server_accept(struct core *core, const struct proto_server_hello *hello) {
    struct linking *l = &core->linking;
    if (!is_new(core))
        return server_check(hello, core->account.r.server_identity);
    if (l->pinned)
        return server_check(hello, l->server_identity);
    l->hello = *hello;
    return OK;
}

/* ---- Starting ---- */

static err commitment(const uint8_t nonce[32], uint8_t hash[32]) {
    slice parts[] = {slice_of(commitment_label, sizeof commitment_label), slice_of(nonce, 32)};
    return crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, parts, 2);
}

static err make_code(struct core *core, slice server) {
    struct linking *l = &core->linking;
    buf content = buf_on(core->mem);
    crypto_random(l->code.id, sizeof l->code.id);
    crypto_random(l->nonce, sizeof l->nonce);
    crypto_random(l->device, sizeof l->device);
    crypto_x25519_generate(l->code.key, l->key);
    err e = commitment(l->nonce, l->code.commitment);
    if (e == OK)
        e = crypto_ed25519.generate(l->device_key, l->device_seed);
    if (e == OK)
        e = proto_link_code_encode(&content, &l->code);
    if (e == OK)
        e = proto_link_write(&l->code_text, "link", server, buf_slice(&content));
    if (e == OK)
        e = noise_start(&l->noise, false, l->code.key, l->key, buf_slice(&content));
    buf_free(&content);
    return e;
}

/* "host:port", or any link of the server's. */
static err find_server(struct core *core, slice server) {
    struct linking *l = &core->linking;
    l->pinned = core_server_read(server, &l->server, l->server_identity) == OK;
    if (l->pinned)
        return OK;
    buf_clear(&l->server);
    if (server.n == 0 || server.n > 512)
        return ERR_MALFORMED;
    for (size_t i = 0; i < server.n; i++)
        if (server.p[i] <= ' ' || server.p[i] >= 0x7f || server.p[i] == '#')
            return ERR_MALFORMED;
    return buf_append(&l->server, server);
}

static err begin(struct core *core, uint8_t side, uint64_t now, uint64_t *command) {
    TRY(core_command_number(core, command));
    core->linking.side = side;
    core->linking.command = *command;
    core->linking.at = now;
    core->linking.until = now + LINK_TIME;
    core->linking.state = CORE_LINKING_OPENING;
    return OK;
}

err core_device_link(struct core *core, slice server, uint64_t now, uint64_t *command) {
    TRY(core_enter(core, now));
    if (core->account.exists && core->account.r.registered)
        return ERR_EXISTS;
    if (core->linking.state != CORE_LINKING_OFF)
        return ERR_STATE;
    err e = find_server(core, server);
    if (e == OK)
        e = make_code(core, buf_slice(&core->linking.server));
    if (e == OK)
        e = begin(core, NEW, now, command);
    if (e != OK)
        core_linking_fini(core);
    if (e == OK)
        core_account_connect(core);
    return e;
}

static err read_code(struct core *core, slice code) {
    struct linking *l = &core->linking;
    buf server = buf_on(core->mem), content = buf_on(core->mem);
    err e = proto_link_read(code, "link", &server, &content);
    if (e == OK)
        e = proto_link_code_decode(buf_slice(&content), &l->code);
    if (e == OK)
        e = noise_start(&l->noise, true, l->code.key, NULL, buf_slice(&content));
    if (e == OK)
        e = noise_write(&l->noise, &l->out, SLICE_EMPTY);
    if (e == OK)
        e = core_hash32(l->first, buf_slice(&l->out));
    buf_free(&server);
    buf_free(&content);
    return e;
}

err core_device_link_take(struct core *core, slice code, uint64_t now, uint64_t *command) {
    struct proto_device_list list;
    TRY(core_enter(core, now));
    if (!core->account.exists || !core->account.r.registered ||
        core->linking.state != CORE_LINKING_OFF)
        return ERR_STATE;
    if (!core->account.r.has_identity)
        return ERR_DENIED;
    TRY(core_devices_own(core, &list));
    if (list.devices.count >= PROTO_DEVICES_MAX)
        return ERR_LIMIT;
    err e = read_code(core, code);
    if (e == OK)
        e = begin(core, HOLDER, now, command);
    if (e != OK)
        core_linking_fini(core);
    else
        core_pump(core);
    return e;
}

/* ---- The digits ---- */

/* Both know the code, the first message's hash and the nonce. */
static void show_digits(struct core *core) {
    struct linking *l = &core->linking;
    uint8_t hash[8];
    uint64_t value = 0;
    slice parts[] = {slice_of(digits_label, sizeof digits_label),
                     SLICE_ARRAY(l->code.id),
                     SLICE_ARRAY(l->code.key),
                     SLICE_ARRAY(l->code.commitment),
                     SLICE_ARRAY(l->first),
                     SLICE_ARRAY(l->nonce)};
    err e = crypto_blake2b_keyed(hash, sizeof hash, SLICE_EMPTY, parts, 6);
    if (e != OK) {
        end(core, e, 0);
        return;
    }
    for (size_t i = 0; i < sizeof hash; i++)
        value = value << 8 | hash[i];
    for (size_t i = DIGITS; i-- > 0; value /= 10)
        l->digits[i] = (char)('0' + value % 10);
    l->digits[DIGITS] = '\0';
    l->state = CORE_LINKING_DIGITS;
    l->until = core->now + LINK_TIME;
    notice(core);
}

/* At the new device: the first message came. */
static err answer_first(struct core *core, slice message) {
    struct linking *l = &core->linking;
    struct proto_link_answer answer;
    uint8_t hash[NOISE_HASH];
    buf payload = buf_on(core->mem);
    memcpy(answer.nonce, l->nonce, sizeof answer.nonce);
    memcpy(answer.device, l->device, sizeof answer.device);
    memcpy(answer.key, l->device_key, sizeof answer.key);
    err e = core_hash32(l->first, message);
    if (e == OK)
        e = noise_read(&l->noise, &payload, message);
    if (e == OK && payload.n != 0)
        e = ERR_MALFORMED;
    if (e == OK)
        e = proto_link_answer_encode(&payload, &answer);
    if (e == OK)
        e = noise_write(&l->noise, &l->out, buf_slice(&payload));
    if (e == OK)
        e = noise_split(&l->noise, &l->send, &l->receive, hash);
    buf_free(&payload);
    return e;
}

/* At the other: the second came. Whoever answers with another nonce than it bound itself to wants
 * to choose the digits. */
static err take_second(struct core *core, slice message) {
    struct linking *l = &core->linking;
    struct proto_link_answer answer;
    uint8_t hash[NOISE_HASH], bound[32];
    buf payload = buf_on(core->mem);
    err e = noise_read(&l->noise, &payload, message);
    if (e == OK)
        e = proto_link_answer_decode(buf_slice(&payload), &answer);
    if (e == OK)
        e = noise_split(&l->noise, &l->send, &l->receive, hash);
    if (e == OK)
        e = commitment(answer.nonce, bound);
    if (e == OK && memcmp(bound, l->code.commitment, sizeof bound) != 0)
        e = ERR_CRYPTO;
    buf_free(&payload);
    TRY(e);
    memcpy(l->nonce, answer.nonce, sizeof l->nonce);
    memcpy(l->device, answer.device, sizeof l->device);
    memcpy(l->device_key, answer.key, sizeof l->device_key);
    show_digits(core);
    return OK;
}

/* ---- The account, from the device with the identity's key ---- */

static err write_account(struct core *core, slice devices, slice certificate) {
    const struct record_account *a = &core->account.r;
    struct linking *l = &core->linking;
    struct proto_link_account m = {
        .suite = a->suite, .name = a->name, .devices = devices, .certificate = certificate};
    buf plain = buf_on(core->mem);
    memcpy(m.server, a->server_identity, sizeof m.server);
    err e = proto_link_account_encode(&plain, &m);
    if (e == OK)
        e = noise_seal(&l->send, &l->out, buf_slice(&plain));
    buf_free(&plain);
    return e;
}

/* The list counts from here on, whatever becomes of the link: no other list of its version may ever
 * be signed. So nothing goes out before it is on the disk. */
static err sign_on(struct core *core) {
    struct linking *l = &core->linking;
    struct proto_device_list list;
    struct proto_device fresh;
    bool newer;
    buf devices = buf_on(core->mem), certificate = buf_on(core->mem);
    memcpy(fresh.id, l->device, sizeof fresh.id);
    memcpy(fresh.key, l->device_key, sizeof fresh.key);
    err e = core_devices_own(core, &list);
    if (e == OK)
        e = core_account_list_after(&core->account.r, &list, NULL, &fresh, &devices);
    if (e == OK)
        e = core_account_certify(&core->account.r, &fresh, &certificate);
    if (e == OK)
        e = core_txn_begin(core);
    if (e == OK) {
        core->account.r.put_list = true;
        e = core_txn_end(
            core, core_devices_learn(core, core->account.r.account, buf_slice(&devices), &newer));
    }
    if (e == OK)
        e = write_account(core, buf_slice(&devices), buf_slice(&certificate));
    buf_free(&devices);
    buf_free(&certificate);
    return e;
}

/* ---- The account, at the new device ---- */

/* Replaces plain. DENIED: the other side's user said no. */
static err open_frame(struct core *core, slice message, buf *plain) {
    buf_clear(plain);
    TRY(noise_open(&core->linking.receive, plain, message));
    return plain->n == 0 ? ERR_DENIED : OK;
}

static err check_certificate(const struct linking *l, const struct proto_device_list *list,
                             slice encoded) {
    struct proto_certificate c;
    TRY(proto_certificate_decode(encoded, &c));
    if (memcmp(c.identity, list->identity, sizeof c.identity) != 0 ||
        memcmp(c.device, l->device, sizeof c.device) != 0 ||
        memcmp(c.key, l->device_key, sizeof c.key) != 0)
        return ERR_SIGNATURE;
    return crypto_verify_labeled(c.signature, c.identity, PROTO_LABEL_DEVICE,
                                 slice_of(encoded.p, encoded.n - sizeof c.signature));
}

static err check_account(const struct linking *l, const struct proto_link_account *m,
                         struct proto_device_list *list) {
    struct proto_device device;
    TRY(lookup_devices_check(m->devices, list));
    if (!lookup_devices_has(list, l->device, &device) ||
        memcmp(device.key, l->device_key, sizeof device.key) != 0)
        return ERR_SIGNATURE;
    TRY(check_certificate(l, list, m->certificate));
    if (l->pinned && memcmp(l->server_identity, m->server, sizeof m->server) != 0)
        return ERR_IDENTITY;
    if (!l->pinned && server_check(&l->hello, m->server) != OK)
        return ERR_IDENTITY;
    return mls_suite_find(m->suite) == NULL ? ERR_UNSUPPORTED : OK;
}

static err adopt(struct core *core, const struct proto_link_account *m,
                 const struct proto_device_list *list) {
    struct linking *l = &core->linking;
    struct record_account a = {.suite = m->suite,
                               .server = buf_slice(&l->server),
                               .name = core_name_check(m->name) == OK ? m->name : SLICE_EMPTY,
                               .certificate = m->certificate,
                               .devices = m->devices,
                               .joining = true,
                               .command = l->command};
    memcpy(a.server_identity, m->server, sizeof a.server_identity);
    memcpy(a.identity, list->identity, sizeof a.identity);
    memcpy(a.device, l->device, sizeof a.device);
    memcpy(a.device_key, l->device_key, sizeof a.device_key);
    memcpy(a.device_seed, l->device_seed, sizeof a.device_seed);
    core_mailbox_key_make(core, &a);
    err e = core_account_id(a.identity, a.account);
    if (e == OK)
        e = core_txn_begin(core);
    if (e == OK)
        e = core_txn_end(core, core_account_begin(core, &a));
    wipe(&a, sizeof a);
    return e;
}

/* Its command goes on as a registration's: DONE once others can find keys of this device. */
static err take_account(struct core *core) {
    struct linking *l = &core->linking;
    struct proto_link_account m;
    struct proto_device_list list;
    TRY(proto_link_account_decode(buf_slice(&l->offered), &m));
    TRY(check_account(l, &m, &list));
    TRY(adopt(core, &m, &list));
    l->state = CORE_LINKING_JOINING;
    l->until = core->now + LINK_TIME;
    core->sessions[AUTH].at = core->now;
    notice(core);
    return OK;
}

/* It may come before this device's own user has said that the digits are the same: until then it is
 * kept, and nothing is made of it. */
static err take_offer(struct core *core, slice message) {
    struct linking *l = &core->linking;
    TRY(open_frame(core, message, &l->offered));
    return l->state == CORE_LINKING_ACCOUNT ? take_account(core) : OK;
}

/* ---- The user's word ---- */

static err ask(struct core *core, uint16_t type, request_done *done) {
    struct linking *l = &core->linking;
    struct proto_link_put put = {.side = l->side, .bytes = buf_slice(&l->out)};
    struct proto_link_get get = {.side = l->side};
    buf body = buf_on(core->mem);
    memcpy(put.id, l->code.id, sizeof put.id);
    memcpy(get.id, l->code.id, sizeof get.id);
    err e = type == PROTO_link_put ? proto_link_put_encode(&body, &put)
                                   : proto_link_get_encode(&body, &get);
    if (e == OK)
        e = core_session_lane_request(core, LANE_LINKING, type, buf_slice(&body), done, l->command);
    buf_free(&body);
    return e;
}

/* The link is over once the other side can hear the no, or it could not be told soon. */
static err refuse(struct core *core) {
    struct linking *l = &core->linking;
    l->refused = true;
    l->until = core->now + REFUSE_TIME;
    return noise_seal(&l->send, &l->out, SLICE_EMPTY);
}

static err agree(struct core *core) {
    struct linking *l = &core->linking;
    l->state = CORE_LINKING_ACCOUNT;
    l->until += REST_TIME;
    if (l->side == HOLDER)
        return sign_on(core);
    return l->offered.n > 0 ? take_account(core) : OK;
}

err core_device_link_confirm(struct core *core, bool same, uint64_t now) {
    struct linking *l = &core->linking;
    TRY(core_enter(core, now));
    if (l->state != CORE_LINKING_DIGITS || l->refused)
        return ERR_STATE;
    err e = same ? agree(core) : refuse(core);
    if (e != OK)
        end(core, e, 0);
    core_pump(core);
    return OK;
}

/* ---- The addresses, with which the link is done ---- */

static err write_addresses(struct core *core, buf *plain) {
    struct proto_link_done m = {0};
    buf list = buf_on(core->mem);
    writer w = writer_on(&list);
    err e = OK;
    while (e == OK && m.addresses.count < ADDRESSES && core->address_count > 0) {
        struct proto_address address;
        e = core_stock_take_address(core, address.bytes);
        if (e == OK)
            PROTO_LIST_ADD(address, &w, &m.addresses, &address);
    }
    if (e == OK)
        e = writer_result(&w);
    m.addresses.bytes = buf_slice(&list);
    if (e == OK)
        e = proto_link_done_encode(plain, &m);
    buf_free(&list);
    return e;
}

/* At the new device, once it is at the server with its keys. */
static void tell_addresses(struct core *core) {
    struct linking *l = &core->linking;
    buf plain = buf_on(core->mem);
    if (!core->account.r.registered || core->account.r.command != 0 || l->told ||
        core->address_count == 0 || core_txn_begin(core) != OK)
        return;
    err e = core_txn_end(core, write_addresses(core, &plain));
    if (e == OK)
        e = noise_seal(&l->send, &l->out, buf_slice(&plain));
    l->told = true;
    buf_free(&plain);
    if (e != OK)
        end(core, e, 0);
}

/* At the other: how it is reached from now on. */
static err keep_addresses(struct core *core, const struct proto_link_done *m) {
    buf sibling = buf_on(core->mem);
    struct proto_address address;
    reader r = reader_of(m->addresses.bytes);
    err e = buf_append(&sibling, SLICE_ARRAY(core->linking.device));
    while (e == OK && r.n > 0) {
        e = proto_address_read(&r, &address);
        if (e == OK)
            e = buf_append(&sibling, SLICE_ARRAY(address.bytes));
    }
    core->account.r.sibling = buf_slice(&sibling);
    if (e == OK)
        e = core_account_save(core);
    if (e == OK)
        e = core_devices_share(core);
    buf_free(&sibling);
    return e;
}

/* The user at the new device said no, after a list that has it was signed: DENIED once there is one
 * without it. */
static err sign_off(struct core *core) {
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, core_devices_sign_off(core, core->linking.device)));
    return ERR_DENIED;
}

static err take_addresses(struct core *core, slice message) {
    struct proto_link_done m;
    buf plain = buf_on(core->mem);
    err e = open_frame(core, message, &plain);
    if (e == ERR_DENIED)
        e = sign_off(core);
    if (e == OK)
        e = proto_link_done_decode(buf_slice(&plain), &m);
    if (e == OK && m.addresses.count == 0)
        e = ERR_MALFORMED;
    if (e == OK)
        e = core_txn_begin(core);
    if (e == OK)
        e = core_txn_end(core, keep_addresses(core, &m));
    buf_free(&plain);
    if (e == OK)
        end(core, OK, 0);
    return e;
}

/* While its user still compares, all that the new device can say is a no. */
static err take_no(struct core *core, slice message) {
    buf plain = buf_on(core->mem);
    err e = open_frame(core, message, &plain);
    buf_free(&plain);
    return e == OK ? ERR_STATE : e;
}

/* ---- The wire ---- */

static void take_frame(struct core *core, slice message) {
    struct linking *l = &core->linking;
    bool compares = l->state == CORE_LINKING_DIGITS;
    bool agreed = l->state == CORE_LINKING_ACCOUNT;
    err e = ERR_STATE;
    if (l->side == NEW && l->state == CORE_LINKING_CODE)
        e = answer_first(core, message);
    else if (l->side == NEW && (compares || agreed) && l->offered.n == 0)
        e = take_offer(core, message);
    else if (l->side == HOLDER && l->state == CORE_LINKING_OPENING)
        e = take_second(core, message);
    else if (l->side == HOLDER && compares)
        e = take_no(core, message);
    else if (l->side == HOLDER && agreed)
        e = take_addresses(core, message);
    if (e != OK)
        end(core, e, 0);
}

/* NULL: this is no answer for the link that is under way, or there is none. Once the new device has
 * its account, the rest is a courtesy. */
static struct linking *answered(struct core *core, const struct request *request, err e,
                                uint16_t reason) {
    struct linking *l = &core->linking;
    if (l->state == CORE_LINKING_OFF || request->number != l->command)
        return NULL;
    l->in_flight = false;
    l->at = core->now + POLL_TIME;
    if (e == OK)
        return l;
    if (e != ERR_DENIED || !core_session_passing(reason))
        end(core, e, reason);
    return NULL;
}

static void put_done(struct core *core, const struct request *request, err e, uint16_t reason,
                     uint16_t type, slice body) {
    (void)type, (void)body;
    struct linking *l = answered(core, request, e, reason);
    if (l == NULL)
        return;
    buf_clear(&l->out);
    if (l->refused || (l->side == NEW && l->state == CORE_LINKING_JOINING))
        end(core, OK, 0);
    else if (l->side == NEW && l->state == CORE_LINKING_CODE)
        show_digits(core);
}

static void get_done(struct core *core, const struct request *request, err e, uint16_t reason,
                     uint16_t type, slice body) {
    struct proto_link_frame frame;
    struct linking *l = answered(core, request, e, reason);
    if (l == NULL)
        return;
    if (type != PROTO_link_frame || proto_link_frame_decode(body, &frame) != OK) {
        core_session_bad_answer(core, ANON);
        return;
    }
    if (l->side == NEW && l->state == CORE_LINKING_OPENING) {
        l->state = CORE_LINKING_CODE;
        l->until = core->now + LINK_TIME;
        notice(core);
    }
    if (frame.bytes.n > 0 && !l->refused)
        take_frame(core, frame.bytes);
}

void core_linking_pump(struct core *core) {
    struct linking *l = &core->linking;
    if (l->state == CORE_LINKING_OFF)
        return;
    if (core->now >= l->until) {
        end(core, ERR_TIMEOUT, 0);
        return;
    }
    if (l->state == CORE_LINKING_JOINING)
        tell_addresses(core);
    bool waits = l->state == CORE_LINKING_JOINING && l->out.n == 0;
    if (l->state == CORE_LINKING_OFF || waits || l->in_flight || core->now < l->at ||
        !core_session_lane_room(core, LANE_LINKING))
        return;
    bool puts = l->out.n > 0;
    l->in_flight =
        ask(core, puts ? PROTO_link_put : PROTO_link_get, puts ? put_done : get_done) == OK;
}

uint64_t core_linking_wake(const struct core *core) {
    const struct linking *l = &core->linking;
    if (l->state == CORE_LINKING_OFF)
        return UINT64_MAX;
    bool asks = !l->in_flight && core_session_ready(core, ANON) && l->at > core->now;
    return asks && l->at < l->until ? l->at : l->until;
}

void core_linking_get(const struct core *core, struct core_linking *out) {
    const struct linking *l = &core->linking;
    memset(out, 0, sizeof *out);
    out->state = l->state;
    out->is_new = l->side == NEW;
    out->code = buf_slice(&l->code_text);
    out->until = l->until;
    memcpy(out->digits, l->digits, sizeof out->digits);
}
