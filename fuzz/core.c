/* The client against a server that proves who it is and then says anything, and the parsers of what
 * members send each other.
 *
 * The first byte chooses: 0 content, 1 an item, 2 a contact link, 3 a joining link, 4 an MLS
 * message in an item, 5 a notice, 6 a parcel, 7 what another own device shares; else the rest is a
 * server's frames after an honest handshake: request id, type, length in two bytes, body. */
#include <stdlib.h>
#include <string.h>

#include "core/content.h"
#include "core/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* ---- An honest server's beginning ---- */

enum { LINKS = 64, NOW = 1800000000 };
#define NOW_MS ((uint64_t)NOW * 1000)

static const uint8_t IDENTITY_SEED[32] = {1}, NOISE_PRIV[NOISE_KEY] = {2};

struct peer {
    unsigned step; /* 0: client_hello is due, 1: the first Noise message, 2: frames */
    buf prologue;
    struct noise_handshake noise;
    struct noise_cipher send, receive;
};

struct world {
    struct core *core;
    struct store *store;
    struct peer peers[LINKS];
    slice frames; /* what the server will say */
};

static void hello(struct world *w, uint32_t link, slice message) {
    struct peer *p = &w->peers[link];
    struct proto_server_hello m = {.version = PROTO_VERSION, .until = time_week(NOW_MS) + 4};
    buf fields = {0}, out = {0};
    writer f = writer_on(&fields), o = writer_on(&out);
    require(crypto_x25519_public(m.noise_key, NOISE_PRIV) == OK);
    writer_u16(&f, m.version);
    writer_bytes(&f, SLICE_ARRAY(m.noise_key));
    writer_u32(&f, m.until);
    require(crypto_sign_labeled(m.signature, IDENTITY_SEED, PROTO_LABEL_NOISE_KEY,
                                buf_slice(&fields)) == OK);
    proto_frame_write(&o, 0, PROTO_server_hello);
    proto_server_hello_write(&o, &m);
    require(writer_result(&o) == OK && buf_append(&p->prologue, message) == OK &&
            buf_append(&p->prologue, buf_slice(&out)) == OK);
    require(noise_start(&p->noise, false, m.noise_key, NOISE_PRIV, buf_slice(&p->prologue)) == OK);
    p->step = 1;
    core_link_message(w->core, link, buf_slice(&out), NOW_MS);
    buf_free(&fields);
    buf_free(&out);
}

static void handshake(struct world *w, uint32_t link, slice message) {
    struct peer *p = &w->peers[link];
    uint8_t hash[NOISE_HASH];
    buf payload = {0}, out = {0};
    require(noise_read(&p->noise, &payload, message) == OK);
    require(noise_write(&p->noise, &out, SLICE_EMPTY) == OK);
    require(noise_split(&p->noise, &p->send, &p->receive, hash) == OK);
    p->step = 2;
    core_link_message(w->core, link, buf_slice(&out), NOW_MS);
    buf_free(&payload);
    buf_free(&out);
}

static void say(struct world *w, uint32_t link, uint32_t request, uint16_t type, slice body) {
    buf plain = {0}, out = {0};
    writer o = writer_on(&plain);
    proto_frame_write(&o, request, type);
    writer_bytes(&o, body);
    if (writer_result(&o) == OK && proto_frame_pad(&plain) == OK &&
        noise_seal(&w->peers[link].send, &out, buf_slice(&plain)) == OK)
        core_link_message(w->core, link, buf_slice(&out), NOW_MS);
    buf_free(&plain);
    buf_free(&out);
}

/* Registration, login, subscription are granted; everything else gets what the input says. */
static void answer(struct world *w, uint32_t link, slice message) {
    buf plain = {0};
    struct proto_frame frame;
    slice whole;
    require(noise_open(&w->peers[link].receive, &plain, message) == OK);
    require(proto_frame_unpad(buf_slice(&plain), &whole) == OK);
    require(proto_frame_decode(whole, &frame) == OK);
    require(proto_message_check(frame.type, frame.body) == OK);
    if (frame.type == PROTO_register_account || frame.type == PROTO_login ||
        frame.type == PROTO_subscribe)
        say(w, link, frame.request, PROTO_ok, SLICE_EMPTY);
    buf_free(&plain);
}

static uint32_t drain(struct world *w, uint32_t device) {
    struct core_action action;
    buf bytes = {0};
    while (core_next_action(w->core, &action)) {
        if (action.link >= LINKS)
            return 0;
        require(buf_set(&bytes, action.bytes) == OK);
        if (action.kind == CORE_CONNECT)
            core_link_up(w->core, action.link, NOW_MS);
        else if (action.kind == CORE_TRANSMIT && w->peers[action.link].step == 0)
            hello(w, action.link, buf_slice(&bytes));
        else if (action.kind == CORE_TRANSMIT && w->peers[action.link].step == 1)
            handshake(w, action.link, buf_slice(&bytes));
        else if (action.kind == CORE_TRANSMIT)
            answer(w, action.link, buf_slice(&bytes));
        device = w->core->sessions[AUTH].link;
    }
    buf_free(&bytes);
    return device;
}

static void start(struct world *w) {
    struct proto_invite invite = {.code = {3}};
    struct core_config config = {.suite = MLS_SUITE_X25519_CHACHA, .key_packages = 1};
    buf content = {0}, link = {0};
    uint64_t command;
    memset(w, 0, sizeof *w);
    require(crypto_init() == OK && store_memory_open(&w->store, NULL) == OK);
    require(core_open(&w->core, w->store, &config, NOW_MS) == OK);
    require(crypto_ed25519.public_of(invite.server, IDENTITY_SEED) == OK);
    require(proto_invite_encode(&content, &invite) == OK);
    require(proto_link_write(&link, "join", slice_str("here:1"), buf_slice(&content)) == OK);
    core_online(w->core, true, NOW_MS);
    require(core_account_create(w->core, buf_slice(&link), slice_str("fuzz"), NOW_MS, &command) ==
            OK);
    buf_free(&content);
    buf_free(&link);
}

static void finish(struct world *w) {
    core_close(w->core);
    store_close(w->store);
    for (size_t i = 0; i < LINKS; i++) {
        buf_free(&w->peers[i].prologue);
        noise_wipe(&w->peers[i].noise);
    }
}

/* ---- The cases ---- */

static void fuzz_frames(slice input) {
    static struct world w;
    start(&w);
    uint32_t link = drain(&w, 0);
    reader r = reader_of(input);
    uint8_t request, type;
    uint16_t n;
    slice body;
    while (link != 0 && reader_u8(&r, &request) == OK && reader_u8(&r, &type) == OK &&
           reader_u16(&r, &n) == OK && reader_bytes(&r, n < r.n ? n : r.n, &body) == OK) {
        uint32_t to = request & 0x80 ? w.core->sessions[ANON].link : link;
        if (to != 0 && to < LINKS && w.peers[to].step == 2)
            say(&w, to, request & 0x7f, type, body);
        link = drain(&w, link);
    }
    finish(&w);
}

/* Sealed to the client's own mailbox key. */
static void deliver(struct world *w, uint32_t link, slice parcel) {
    struct proto_delivery d = {.position = 1};
    struct core_status status;
    struct crypto_chain chain;
    buf sealed = {0}, body = {0};
    require(buf_resize(&sealed, parcel.n + CRYPTO_CHAIN_TAG) == OK);
    require(crypto_chain_begin(&chain, w->core->account.r.mailbox_key) == OK);
    require(crypto_chain_seal(&chain, sealed.p, parcel) == OK);
    memcpy(d.chain, chain.name, sizeof d.chain);
    d.number = chain.first;
    d.sealed = buf_slice(&sealed);
    require(proto_delivery_encode(&body, &d) == OK);
    say(w, link, 0, PROTO_delivery, buf_slice(&body));
    core_status_get(w->core, &status);
    /* Processed, whatever it was, and nothing came of it. */
    require(status.position == 1 && status.conversations == 0);
    buf_free(&sealed);
    buf_free(&body);
}

static void fuzz_parcel(slice parcel) {
    static struct world w;
    start(&w);
    uint32_t link = drain(&w, 0);
    if (parcel.n + CRYPTO_CHAIN_TAG <= PROTO_SEALED_MAX)
        deliver(&w, link, parcel);
    drain(&w, link);
    finish(&w);
}

static void fuzz_message(slice message) {
    struct proto_parcel parcel = {0};
    buf item = {0}, bytes = {0};
    if (message.n > 0 && proto_item_write(&item, PROTO_ITEM_MESSAGE, message) == OK) {
        parcel.item = buf_slice(&item);
        require(proto_parcel_encode(&bytes, &parcel) == OK);
        fuzz_parcel(buf_slice(&bytes));
    }
    buf_free(&item);
    buf_free(&bytes);
}

/* A notice's text that the pinned key signed, twice; the account has a known id. */
static void fuzz_notice(slice text) {
    static struct world w;
    struct proto_notice notice = {.text = text};
    struct core_desk_notice shown;
    size_t n = sizeof notice.signature;
    buf content = {0};
    start(&w);
    memset(w.core->account.r.account, 7, sizeof w.core->account.r.account);
    w.core->desk.r.pinned = true;
    require(crypto_ed25519.public_of(w.core->desk.r.key, IDENTITY_SEED) == OK);
    require(crypto_ed25519.sign(notice.signature, &n, IDENTITY_SEED, text) == OK);
    if (proto_notice_encode(&content, &notice) == OK) {
        require(core_txn_begin(w.core) == OK);
        require(core_desk_take(w.core, buf_slice(&content)) == OK);
        require(core_desk_take(w.core, buf_slice(&content)) == OK);
        require(core_txn_end(w.core, OK) == OK);
    }
    if (core_desk_notice_at(w.core, 0, &shown) == OK)
        require(slice_equal(shown.text, text) && core_text_valid(shown.wording));
    require(core_desk_notice_at(w.core, 1, &shown) == ERR_NOT_FOUND);
    buf_free(&content);
    finish(&w);
}

/* In the conversation of own devices, with another conversation whose history may come. */
static void fuzz_sync(slice body) {
    static struct world w;
    struct conversation *own, *other;
    struct record_message m = {.kind = CORE_MESSAGE_CONTENT, .id = {1}};
    const uint8_t groups[2][32] = {{1}, {2}};
    uint8_t us[LEAF_IDENTITY];
    uint64_t number;
    start(&w);
    memcpy(us, w.core->account.r.account, 16);
    memcpy(us + 16, w.core->account.r.device, 16);
    require(core_txn_begin(w.core) == OK);
    require(core_conversation_insert(w.core, groups[0], CORE_CONVERSATION_ACTIVE, &own) == OK);
    require(core_conversation_insert(w.core, groups[1], CORE_CONVERSATION_ACTIVE, &other) == OK);
    w.core->account.r.own = own->r.number;
    other->r.messages = other->r.read = HISTORY_ROOM;
    other->r.room = true;
    require(core_history_add(w.core, other, &m, &number) == OK);
    require(core_sync_receive(w.core, own, us, body) == OK);
    require(core_txn_end(w.core, OK) == OK);
    require(w.core->blocked.n <= BLOCKED_MAX && w.core->contacts.n <= CONTACTS_MAX);
    finish(&w);
}

static void fuzz_content(slice bytes) {
    struct content content;
    enum core_content_shape shape;
    struct content_part file;
    bool markdown;
    buf text = {0}, again = {0};
    if (core_content_decode(bytes, &content) == OK) {
        require(core_content_show(&content, &shape, &markdown, &file, &text) == OK);
        require(core_content_write(&again, &content) == OK);
        require(slice_equal(buf_slice(&again), bytes));
    }
    buf_free(&text);
    buf_free(&again);
}

static void fuzz_item(slice bytes) {
    enum proto_item_kind kind;
    slice content;
    buf again = {0};
    if (proto_item_read(bytes, &kind, &content) == OK) {
        require(proto_item_write(&again, kind, content) == OK);
        require(again.n <= bytes.n && memcmp(again.p, bytes.p, again.n) == 0);
    }
    buf_free(&again);
}

static void fuzz_link(slice link, bool contact) {
    static struct world w;
    uint8_t account[16];
    uint64_t command;
    start(&w);
    if (contact)
        require(core_contact_accept(w.core, link, SLICE_EMPTY, NOW_MS, account) != OK);
    else
        (void)!core_account_create(w.core, link, SLICE_EMPTY, NOW_MS, &command);
    finish(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    slice rest = slice_of(data + 1, size - 1);
    switch (data[0]) {
    case 0:
        fuzz_content(rest);
        break;
    case 1:
        fuzz_item(rest);
        break;
    case 2:
        fuzz_link(rest, true);
        break;
    case 3:
        fuzz_link(rest, false);
        break;
    case 4:
        fuzz_message(rest);
        break;
    case 5:
        fuzz_notice(rest);
        break;
    case 6:
        fuzz_parcel(rest);
        break;
    case 7:
        fuzz_sync(rest);
        break;
    default:
        fuzz_frames(rest);
    }
    return 0;
}
