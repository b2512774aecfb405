/* The mail logic against any requests: of a stranger, of a device, and of one that is not proved.
 *
 * The input is one request after another: who (0 a stranger, 1 a device, 2 a stranger with a
 * proof), type, where a sealed address that holds is put into the body (255: nowhere), the body's
 * length in two bytes, the body. Type 0 is a roster: a count and the bytes that are sealed as such,
 * uploaded, brought by a commit and sent to.
 *
 * Each is answered once, and never with a failure of our own: the store takes everything. */
#include <stdlib.h>

#include "base/time.h"
#include "server/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

enum { STRANGER = 9, DEVICE = 1, CHAINS = 4, NOWHERE = 255 };

static struct mail *mail;
static unsigned answers;
static buf last; /* the body of the last answer */
static uint8_t address[PROTO_ADDRESS];

static uint64_t now(void *ctx) {
    (void)ctx;
    return 3000 * TIME_WEEK;
}

static void emit(void *ctx, const struct proto_edge_reply *reply) {
    struct proto_error error;
    (void)ctx;
    require(proto_message_check(reply->type, reply->body) == OK);
    if (reply->request == 0)
        return;
    answers++;
    require(buf_set(&last, reply->body) == OK);
    if (reply->type != PROTO_error)
        return;
    require(proto_error_decode(reply->body, &error) == OK);
    require(error.reason != PROTO_REASON_BUSY && error.reason != PROTO_REASON_DISK);
}

/* ---- Asking ---- */

static void ask(uint64_t session, uint16_t type, slice proof, slice body) {
    struct proto_edge_request request = {
        .session = session, .request = 1, .type = type, .proof = proof, .body = body};
    answers = 0;
    mail_request(mail, &request);
    for (int i = 0; i < 100 && mail_waiting(mail); i++)
        mail_commit(mail);
    require(answers == 1 || (type == PROTO_ack && answers == 0));
}

static void make_code(uint8_t code[16]) {
    struct proto_invite_made made;
    mail_operator(mail, 1, PROTO_invite_make, slice_of("\1", 1));
    mail_commit(mail);
    require(proto_invite_made_decode(buf_slice(&last), &made) == OK && made.codes.count == 1);
    memcpy(code, made.codes.bytes.p, 16);
}

static void make_list(uint8_t seed[32], const struct proto_device *device, buf *out) {
    struct proto_device_list list = {.version = 1};
    buf devices = {0};
    require(crypto_ed25519.generate(list.identity, seed) == OK);
    require(proto_device_encode(&devices, device) == OK);
    list.devices = (struct proto_list){buf_slice(&devices), 1};
    require(proto_device_list_encode(out, &list) == OK);
    require(crypto_sign_labeled(out->p + out->n - 64, seed, PROTO_LABEL_DEVICE_LIST,
                                slice_of(out->p, out->n - 64)) == OK);
    buf_free(&devices);
}

/* A device, and an address of its mailbox. */
static void begin_device(void) {
    static const uint8_t hash[64] = {1};
    uint8_t seed[32], identity[32], unused[32];
    struct proto_register_account in = {.device = {7}};
    struct proto_device device = {.id = {7}};
    struct proto_address_made made;
    buf list = {0}, body = {0};
    make_code(in.code);
    require(crypto_ed25519.generate(device.key, seed) == OK);
    make_list(identity, &device, &list);
    in.devices = buf_slice(&list);
    crypto_x25519_generate(in.mailbox_key, unused);
    require(crypto_sign_labeled(in.proof, seed, PROTO_LABEL_LOGIN, SLICE_ARRAY(hash)) == OK);
    require(proto_register_account_encode(&body, &in) == OK);
    ask(DEVICE, PROTO_register_account, SLICE_ARRAY(hash), buf_slice(&body));
    ask(DEVICE, PROTO_address_make, SLICE_EMPTY, slice_of("\1", 1));
    require(proto_address_made_decode(buf_slice(&last), &made) == OK);
    memcpy(address, made.addresses.bytes.p, PROTO_ADDRESS);
    buf_free(&list);
    buf_free(&body);
}

/* ---- Rosters ---- */

static void seal_roster(const struct proto_roster_new *roster, const uint8_t group[32],
                        slice addresses, uint8_t hash[32], buf *sealed) {
    static const uint8_t nonce[24];
    buf bound = {0};
    size_t n = proto_roster_step(roster->count) * PROTO_ADDRESS;
    require(crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, &addresses, 1) == OK);
    require(proto_roster_bound(&bound, group, hash) == OK);
    require(buf_set(sealed, addresses) == OK && buf_resize(sealed, n + 16) == OK);
    require(crypto_xchacha20poly1305.seal(sealed->p, roster->key, nonce, buf_slice(&bound),
                                          slice_of(sealed->p, n)) == OK);
    buf_free(&bound);
}

static void upload(const uint8_t id[32], slice bytes) {
    struct proto_blob_put put = {.chunks = (uint32_t)((bytes.n - 1) / PROTO_CHUNK_MAX + 1)};
    buf body = {0};
    memcpy(put.address, address, sizeof put.address);
    memcpy(put.id, id, sizeof put.id);
    for (; put.chunk < put.chunks; put.chunk++) {
        size_t at = put.chunk * PROTO_CHUNK_MAX, n = bytes.n - at;
        put.bytes = slice_of(bytes.p + at, n < PROTO_CHUNK_MAX ? n : PROTO_CHUNK_MAX);
        buf_clear(&body);
        require(proto_blob_put_encode(&body, &put) == OK);
        ask(STRANGER, PROTO_blob_put, SLICE_EMPTY, buf_slice(&body));
    }
    buf_free(&body);
}

static void bring_roster(slice input) {
    struct proto_roster_new roster = {.count = 1, .key = {5}, .blob = {6}};
    struct proto_commit commit = {.item = slice_str("c")};
    struct proto_roster_send send = {.item = slice_str("s")};
    buf sealed = {0}, list = {0}, body = {0};
    if (input.n == 0)
        return;
    roster.count = input.p[0];
    size_t room = proto_roster_step(roster.count) * PROTO_ADDRESS, n = input.n - 1;
    slice addresses = slice_of(input.p + 1, n < room ? n : room);
    seal_roster(&roster, commit.group, addresses, commit.roster_hash, &sealed);
    upload(roster.blob, buf_slice(&sealed));
    require(proto_roster_new_encode(&list, &roster) == OK);
    commit.addresses = (struct proto_list){SLICE_ARRAY(address), 1};
    commit.replaces = (struct proto_list){buf_slice(&list), 1};
    require(proto_commit_encode(&body, &commit) == OK);
    ask(STRANGER, PROTO_commit, SLICE_EMPTY, buf_slice(&body));
    send.count = roster.count;
    memcpy(send.roster_hash, commit.roster_hash, sizeof send.roster_hash);
    memcpy(send.key, roster.key, sizeof send.key);
    buf_clear(&body);
    require(proto_roster_send_encode(&body, &send) == OK);
    ask(STRANGER, PROTO_roster_send, SLICE_EMPTY, buf_slice(&body));
    buf_free(&sealed);
    buf_free(&list);
    buf_free(&body);
}

/* ---- The requests ---- */

static void request(uint8_t who, uint8_t type, uint8_t where, slice given) {
    static const uint8_t hash[64] = {2};
    slice proof = who == 2 ? SLICE_ARRAY(hash) : SLICE_EMPTY;
    buf body = {0};
    require(buf_set(&body, given) == OK);
    if (where != NOWHERE && (size_t)where + PROTO_ADDRESS <= body.n)
        memcpy(body.p + where, address, PROTO_ADDRESS);
    if (type == 0)
        bring_roster(buf_slice(&body));
    else
        ask(who == 1 ? DEVICE : STRANGER, type, proof, buf_slice(&body));
    buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct store *store;
    struct mail_config config = {.limits = mail_limits_default, .now = now, .emit = emit};
    reader r = reader_of(slice_of(data, size));
    uint8_t who, type, where;
    uint16_t n;
    slice body;
    require(crypto_init() == OK && store_memory_open(&store, NULL) == OK);
    config.keys[0].id = 1;
    config.limits.find_bits = config.limits.claim_bits = 0;
    config.chains = CHAINS;
    config.chain_memory = calloc(1, mail_chains_size(CHAINS));
    require(config.chain_memory != NULL && mail_new(&mail, store, &config, NULL) == OK);
    begin_device();
    while (reader_u8(&r, &who) == OK && reader_u8(&r, &type) == OK && reader_u8(&r, &where) == OK &&
           reader_u16(&r, &n) == OK && reader_bytes(&r, n < r.n ? n : r.n, &body) == OK)
        request(who % 3, type, where, body);
    mail_free(mail);
    store_close(store);
    free(config.chain_memory);
    buf_free(&last);
    return 0;
}
