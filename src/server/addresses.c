/* Sealed addresses: key id (1), nonce (24), XChaCha20-Poly1305(address key; mailbox id, serial). No
 * list of them is kept. */
#include "server/internal.h"

enum { NONCE = 24, INSIDE = MAIL_ID + MAIL_SERIAL };

static err handle(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_address_make = {PROTO_address_make, handle};

static void seal(const struct mail_address_key *key, const uint8_t mailbox[MAIL_ID],
                 const uint8_t serial[MAIL_SERIAL], struct proto_address *address, err *e) {
    uint8_t inside[INSIDE];
    memcpy(inside, mailbox, MAIL_ID);
    memcpy(inside + MAIL_ID, serial, MAIL_SERIAL);
    address->bytes[0] = key->id;
    crypto_random(address->bytes + 1, NONCE);
    *e = crypto_xchacha20poly1305.seal(address->bytes + 1 + NONCE, key->key, address->bytes + 1,
                                       SLICE_EMPTY, SLICE_ARRAY(inside));
    wipe(inside, sizeof inside);
}

err mail_address_open(const struct mail *m, const uint8_t address[PROTO_ADDRESS],
                      uint8_t mailbox[MAIL_ID], uint8_t serial[MAIL_SERIAL]) {
    for (size_t i = 0; i < MAIL_KEYS; i++) {
        const struct mail_address_key *key = &m->config.keys[i];
        uint8_t inside[INSIDE];
        if (key->id == 0 || key->id != address[0])
            continue;
        slice sealed = slice_of(address + 1 + NONCE, PROTO_ADDRESS - 1 - NONCE);
        if (crypto_xchacha20poly1305.open(inside, key->key, address + 1, SLICE_EMPTY, sealed) != OK)
            continue;
        memcpy(mailbox, inside, MAIL_ID);
        memcpy(serial, inside + MAIL_ID, MAIL_SERIAL);
        return OK;
    }
    return ERR_DENIED;
}

static err handle(struct mail *m, struct mail_call *call) {
    struct proto_address_make in;
    struct proto_address_made out = {0};
    uint8_t serials[UINT8_MAX][MAIL_SERIAL];
    if (proto_address_make_decode(call->body, &in) != OK || in.count == 0)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    buf_clear(&m->value);
    writer w = writer_on(&m->value);
    for (uint8_t i = 0; i < in.count; i++) {
        struct proto_address address;
        err e = ERR_BUG;
        crypto_random(serials[i], MAIL_SERIAL);
        seal(&m->config.keys[0], call->session->mailbox, serials[i], &address, &e);
        TRY(e);
        PROTO_LIST_ADD(address, &w, &out.addresses, &address);
    }
    TRY(writer_result(&w));
    out.addresses.bytes = buf_slice(&m->value);
    out.serials = slice_of(serials, in.count * sizeof serials[0]);
    w = mail_reply_open(m);
    proto_address_made_write(&w, &out);
    return mail_reply_close(m, call, PROTO_address_made, &w);
}
