/* The client against a server that proves who it is and then says anything, and the parsers of what
 * members send each other.
 *
 * The first byte chooses: 0 content, 1 an item, 2 a contact link, 3 a joining link, 4 an MLS
 * message in an item, 5 a notice, 6 a parcel, 7 what another own device shares, 8 a timer, 9
 * receipts; else the rest is a server's frames after an honest handshake: request id, type, length
 * in two bytes, body. */
#include <stdlib.h>
#include <string.h>

#include "core/content.h"
#include "core_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- The cases ---- */

static void fuzz_frames(slice input) {
    static struct server w;
    server_start(&w);
    server_register(&w);
    uint32_t link = server_drain(&w);
    reader r = reader_of(input);
    uint8_t request, type;
    uint16_t n;
    slice body;
    while (link != 0 && reader_u8(&r, &request) == OK && reader_u8(&r, &type) == OK &&
           reader_u16(&r, &n) == OK && reader_bytes(&r, n < r.n ? n : r.n, &body) == OK) {
        uint32_t to = request & 0x80 ? w.core->sessions[ANON].link : link;
        if (to != 0 && to < SERVER_LINKS && w.peers[to].step == 2)
            server_say(&w, to, request & 0x7f, type, body);
        link = server_drain(&w);
    }
    server_finish(&w);
}

/* Sealed to the client's own mailbox key. */
static void deliver(struct server *w, uint32_t link, slice parcel) {
    struct proto_delivery d = {0};
    struct core_status status;
    struct crypto_chain chain;
    buf sealed = {0}, body = {0};
    require(buf_resize(&sealed, parcel.n + CRYPTO_CHAIN_TAG) == OK);
    require(crypto_chain_begin(&chain, w->core->account.r.mailbox_key) == OK);
    require(crypto_chain_seal(&chain, sealed.p, parcel) == OK);
    memcpy(d.chain, chain.name, sizeof d.chain);
    d.number = chain.first;
    d.sealed = buf_slice(&sealed);
    /* First as what passes, of which nothing is kept. */
    d.position = 0;
    require(proto_delivery_encode(&body, &d) == OK);
    server_say(w, link, 0, PROTO_delivery, buf_slice(&body));
    core_status_get(w->core, &status);
    require(status.position == 0 && status.dropped == 0);
    buf_clear(&body);
    d.position = 1;
    require(proto_delivery_encode(&body, &d) == OK);
    server_say(w, link, 0, PROTO_delivery, buf_slice(&body));
    core_status_get(w->core, &status);
    /* Processed, whatever it was, and nothing came of it. */
    require(status.position == 1 && status.conversations == 0);
    buf_free(&sealed);
    buf_free(&body);
}

static void fuzz_parcel(slice parcel) {
    static struct server w;
    server_start(&w);
    server_register(&w);
    uint32_t link = server_drain(&w);
    if (parcel.n + CRYPTO_CHAIN_TAG <= PROTO_SEALED_MAX)
        deliver(&w, link, parcel);
    (void)server_drain(&w);
    server_finish(&w);
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
    static const uint8_t seed[32] = {1}; /* the server's, too */
    static struct server w;
    struct proto_notice notice = {.text = text};
    struct core_desk_notice shown;
    size_t n = sizeof notice.signature;
    buf content = {0};
    server_start(&w);
    server_register(&w);
    (void)server_drain(&w);
    memset(w.core->account.r.account, 7, sizeof w.core->account.r.account);
    w.core->desk.r.pinned = true;
    require(crypto_ed25519.public_of(w.core->desk.r.key, seed) == OK);
    require(crypto_ed25519.sign(notice.signature, &n, seed, text) == OK);
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
    server_finish(&w);
}

/* In the conversation of own devices, with another conversation whose history may come. */
static void fuzz_sync(slice body) {
    static struct server w;
    struct conversation *own, *other;
    struct record_message m = {.kind = CORE_MESSAGE_CONTENT, .id = {1}};
    const uint8_t groups[2][32] = {{1}, {2}};
    uint8_t us[LEAF_IDENTITY];
    uint64_t number;
    server_start(&w);
    server_register(&w);
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
    server_finish(&w);
}

/* What a member says beside what is shown, in a conversation with one message of ours. */
static void fuzz_beside(slice body, bool receipts) {
    static struct server w;
    struct conversation *c;
    struct record_message m = {.kind = CORE_MESSAGE_CONTENT, .own = true, .id = {1}};
    const uint8_t group[32] = {1}, sender[16] = {3}; /* of a timer: ourselves, who need no role */
    uint64_t number;
    server_start(&w);
    server_register(&w);
    require(core_txn_begin(w.core) == OK);
    require(core_conversation_insert(w.core, group, CORE_CONVERSATION_ACTIVE, &c) == OK);
    require(core_history_add(w.core, c, &m, &number) == OK);
    if (receipts)
        require(core_receipts_receive(w.core, c, sender, body) == OK);
    else
        require(core_timer_receive(w.core, c, w.core->account.r.account, body) == OK);
    require(core_txn_end(w.core, OK) == OK);
    server_finish(&w);
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
    static struct server w;
    uint8_t account[16];
    uint64_t command;
    server_start(&w);
    server_register(&w);
    if (contact)
        require(core_contact_accept(w.core, link, SLICE_EMPTY, SERVER_NOW_MS, account) != OK);
    else
        (void)!core_account_create(w.core, link, SLICE_EMPTY, SERVER_NOW_MS, &command);
    server_finish(&w);
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
    case 8:
    case 9:
        fuzz_beside(rest, data[0] == 9);
        break;
    default:
        fuzz_frames(rest);
    }
    return 0;
}
