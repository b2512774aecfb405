/* The handshake and the records against a peer that sends anything.
 *
 * The first byte chooses: 0 the bytes are a first message to a server, 1 a second message to a
 * client, 2 a record, else commands for two honest ends with somebody between them who drops,
 * repeats, swaps and changes what they send. Forged bytes must never be accepted. */
#include <stdlib.h>

#include "base/codec.h"
#include "noise/noise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Fixed keys, so that an input does the same each time. */
static const uint8_t SERVER_PRIV[NOISE_KEY] = {1}, CLIENT_E[NOISE_KEY] = {2},
                     SERVER_E[NOISE_KEY] = {3};

struct ends {
    struct noise_handshake client, server;
};

static void start(struct ends *ends) {
    uint8_t pub[NOISE_KEY];
    require(crypto_init() == OK && crypto_x25519_public(pub, SERVER_PRIV) == OK);
    require(noise_start(&ends->client, true, pub, NULL, slice_str("fuzz")) == OK);
    require(noise_start(&ends->server, false, pub, SERVER_PRIV, slice_str("fuzz")) == OK);
    ends->client.test_ephemeral = CLIENT_E;
    ends->server.test_ephemeral = SERVER_E;
}

/* An honest first message, read by the server. */
static void first(struct ends *ends, buf *wire, buf *plain) {
    require(noise_write(&ends->client, wire, SLICE_EMPTY) == OK);
    require(noise_read(&ends->server, plain, buf_slice(wire)) == OK && plain->n == 0);
}

/* Bytes that no honest end made: refused, with nothing added and the handshake over. */
static void refuse_hello(struct noise_handshake *hs, slice message) {
    buf out = {0};
    require(noise_read(hs, &out, message) != OK && out.n == 0);
    require(noise_read(hs, &out, message) == ERR_STATE);
    require(noise_write(hs, &out, SLICE_EMPTY) == ERR_STATE && out.n == 0);
    buf_free(&out);
}

/* The two directions of a session that was made honestly. */
struct session {
    struct noise_cipher up_send, up_receive, down_send, down_receive;
};

static void session_make(struct session *s) {
    struct ends ends;
    buf wire = {0}, plain = {0};
    uint8_t a[NOISE_HASH], b[NOISE_HASH];
    start(&ends);
    first(&ends, &wire, &plain);
    buf_clear(&wire);
    require(noise_write(&ends.server, &wire, SLICE_EMPTY) == OK);
    require(noise_read(&ends.client, &plain, buf_slice(&wire)) == OK);
    require(noise_split(&ends.client, &s->up_send, &s->down_receive, a) == OK);
    require(noise_split(&ends.server, &s->down_send, &s->up_receive, b) == OK);
    require(memcmp(a, b, NOISE_HASH) == 0);
    buf_free(&wire);
    buf_free(&plain);
}

/* Each command is three bytes: what to do with the record in flight, where, and how long it is. */
static void play(reader r) {
    struct session s;
    session_make(&s);
    buf wire = {0}, last = {0}, plain = {0};
    uint8_t what, where, length;
    while (reader_u8(&r, &what) == OK && reader_u8(&r, &where) == OK &&
           reader_u8(&r, &length) == OK) {
        uint8_t text[255];
        memset(text, where, sizeof(text));
        buf_clear(&wire);
        buf_clear(&plain);
        uint64_t before = s.up_receive.nonce;
        require(noise_seal(&s.up_send, &wire, slice_of(text, length)) == OK);
        bool honest = what % 4 == 0;
        if (what % 4 == 1)
            wire.p[where % wire.n] ^= (uint8_t)(1 + length % 255);
        if (what % 4 == 2)
            require(buf_resize(&wire, where % wire.n) == OK);
        if (what % 4 == 3)
            require(buf_set(&wire, buf_slice(&last)) == OK);
        err e = noise_open(&s.up_receive, &plain, buf_slice(&wire));
        require((e == OK) == honest);
        require(s.up_receive.nonce == before + honest);
        if (honest) {
            require(slice_equal(buf_slice(&plain), slice_of(text, length)));
            require(buf_set(&last, buf_slice(&wire)) == OK);
        } else {
            require(plain.n == 0);
            s.up_send.nonce = before; /* as if it had never been sent */
        }
    }
    buf_free(&wire);
    buf_free(&last);
    buf_free(&plain);
}

static void forged(uint8_t kind, slice rest) {
    struct ends ends;
    buf wire = {0}, plain = {0};
    start(&ends);
    if (kind == 0) {
        refuse_hello(&ends.server, rest);
    } else if (kind == 1) {
        first(&ends, &wire, &plain);
        refuse_hello(&ends.client, rest);
    } else {
        struct session s;
        session_make(&s);
        require(noise_open(&s.up_receive, &plain, rest) != OK && plain.n == 0);
        require(s.up_receive.nonce == 0);
    }
    noise_wipe(&ends.client);
    noise_wipe(&ends.server);
    buf_free(&wire);
    buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    if (data[0] <= 2)
        forged(data[0], slice_of(data + 1, size - 1));
    else
        play(reader_of(slice_of(data + 1, size - 1)));
    return 0;
}
