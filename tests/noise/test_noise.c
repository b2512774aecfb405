#include "tests/test.h"

#include "noise/noise.h"
#include "tests/support.h"

/* The case Noise_NK_25519_ChaChaPoly_BLAKE2b of cacophony's published vectors. */
static const char PROLOGUE[] = "4a6f686e2047616c74";
static const char INIT_EPHEMERAL[] =
    "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
static const char RESP_STATIC[] =
    "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893";
static const char RESP_STATIC_PUBLIC[] =
    "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62";
static const char RESP_EPHEMERAL[] =
    "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";
/* The file's handshake_hash is the one after the first message; other implementations' tests of the
 * same case publish the one after the last. */
static const char FIRST_HASH[] = "73b986043ed9bf4965187dedc657d30564cc456e55e998e4e813a29643bdfabb"
                                 "319a9807f287640e4fbe68f2aa02b4c7104c488ff75aaf1201021df988725d58";
static const char LAST_HASH[] = "f87aa4eb6416e5b0d2b6e6f0b7bc41f3c5986a5d32d55c08d67cbd412f3ec2fa"
                                "04d8e358ab95b3bbfab054a140a98eccf4284bb6309b600981d451ecac484932";
static const struct {
    const char *payload, *ciphertext;
} MESSAGES[] = {
    {"4c756477696720766f6e204d69736573", "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3af"
                                         "a4c7944f3041e39b0c8ba56008f2d1183fea6"
                                         "ac83564ead0267b0842ec4c521ed1e1407"},
    {"4d757272617920526f746862617264", "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448"
                                       "088432281dcc1835131f305dca14525e15e"
                                       "27d1f32294aa835e40fc18be480c1db9"},
    {"462e20412e20486179656b", "357e24e9f28ba22080666f7efacc01b2a0a4e358e742aeeff2aaf5"},
    {"4361726c204d656e676572", "8b23b34ff3169de06a39551e969ca7876cc5122a4acff74bf2ec29"},
    {"4a65616e2d426170746973746520536179",
     "5c104779b6f36e59fca73ed94b0ae092eae1d76dd109caf5060aaaedba385d7076"},
    {"457567656e2042f6686d20766f6e2042617765726b",
     "34ae0518d0cd3aa641ed372ea94935ceecd87f8c4b422ce21a33d3f6f5493891e3e915d83f"},
};
enum { MESSAGE_COUNT = sizeof(MESSAGES) / sizeof(MESSAGES[0]) };

/* Both ends of one session. */
struct pair {
    uint8_t s_priv[NOISE_KEY], s_pub[NOISE_KEY];
    struct noise_handshake client, server;
    struct noise_cipher client_send, client_receive, server_send, server_receive;
    uint8_t client_hash[NOISE_HASH], server_hash[NOISE_HASH];
};

static void pair_start(struct pair *p) {
    CHECK_OK(crypto_init());
    memset(p, 0, sizeof(*p));
    crypto_x25519_generate(p->s_pub, p->s_priv);
    CHECK_OK(noise_start(&p->client, true, p->s_pub, NULL, slice_str("test")));
    CHECK_OK(noise_start(&p->server, false, p->s_pub, p->s_priv, slice_str("test")));
}

static void pair_split(struct pair *p) {
    CHECK_OK(noise_split(&p->client, &p->client_send, &p->client_receive, p->client_hash));
    CHECK_OK(noise_split(&p->server, &p->server_send, &p->server_receive, p->server_hash));
    CHECK(memcmp(p->client_hash, p->server_hash, NOISE_HASH) == 0);
}

static void pair_finish(struct pair *p) {
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    pair_start(p);
    CHECK_OK(noise_write(&p->client, &wire, SLICE_EMPTY));
    CHECK_EQ(wire.n, NOISE_FIRST_OVERHEAD);
    CHECK_OK(noise_read(&p->server, &payload, buf_slice(&wire)));
    buf_clear(&wire);
    CHECK_OK(noise_write(&p->server, &wire, slice_str("welcome")));
    CHECK_EQ(wire.n, NOISE_SECOND_OVERHEAD + 7);
    CHECK_OK(noise_read(&p->client, &payload, buf_slice(&wire)));
    CHECK_SLICE(buf_slice(&payload), slice_str("welcome"));
    pair_split(p);
    buf_free(&wire);
    buf_free(&payload);
}

/* Sends payload i of the vector and compares with what was published. */
static void vector_handshake(struct noise_handshake *from, struct noise_handshake *to, size_t i) {
    uint8_t plain[64], sealed[128];
    size_t plain_n = strlen(MESSAGES[i].payload) / 2, sealed_n = strlen(MESSAGES[i].ciphertext) / 2;
    support_hex(plain, plain_n, MESSAGES[i].payload);
    support_hex(sealed, sealed_n, MESSAGES[i].ciphertext);
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    CHECK_OK(noise_write(from, &wire, slice_of(plain, plain_n)));
    CHECK_SLICE(buf_slice(&wire), slice_of(sealed, sealed_n));
    CHECK_OK(noise_read(to, &payload, buf_slice(&wire)));
    CHECK_SLICE(buf_slice(&payload), slice_of(plain, plain_n));
    buf_free(&wire);
    buf_free(&payload);
}

static void vector_transport(struct noise_cipher *from, struct noise_cipher *to, size_t i) {
    uint8_t plain[64], sealed[128];
    size_t plain_n = strlen(MESSAGES[i].payload) / 2, sealed_n = strlen(MESSAGES[i].ciphertext) / 2;
    support_hex(plain, plain_n, MESSAGES[i].payload);
    support_hex(sealed, sealed_n, MESSAGES[i].ciphertext);
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    CHECK_OK(noise_seal(from, &wire, slice_of(plain, plain_n)));
    CHECK_SLICE(buf_slice(&wire), slice_of(sealed, sealed_n));
    CHECK_OK(noise_open(to, &payload, buf_slice(&wire)));
    CHECK_SLICE(buf_slice(&payload), slice_of(plain, plain_n));
    buf_free(&wire);
    buf_free(&payload);
}

TEST(the_published_vector_matches) {
    struct pair p = {0};
    uint8_t prologue[9], e_client[NOISE_KEY], e_server[NOISE_KEY], hash[NOISE_HASH];
    CHECK_OK(crypto_init());
    SUPPORT_HEX(prologue, PROLOGUE);
    SUPPORT_HEX(e_client, INIT_EPHEMERAL);
    SUPPORT_HEX(e_server, RESP_EPHEMERAL);
    SUPPORT_HEX(p.s_priv, RESP_STATIC);
    SUPPORT_HEX(p.s_pub, RESP_STATIC_PUBLIC);
    CHECK_OK(noise_start_plain(&p.client, true, p.s_pub, NULL, SLICE_ARRAY(prologue)));
    CHECK_OK(noise_start_plain(&p.server, false, p.s_pub, p.s_priv, SLICE_ARRAY(prologue)));
    p.client.test_ephemeral = e_client;
    p.server.test_ephemeral = e_server;
    vector_handshake(&p.client, &p.server, 0);
    SUPPORT_HEX(hash, FIRST_HASH);
    CHECK_SLICE(SLICE_ARRAY(p.client.h), SLICE_ARRAY(hash));
    vector_handshake(&p.server, &p.client, 1);
    pair_split(&p);
    SUPPORT_HEX(hash, LAST_HASH);
    CHECK_SLICE(SLICE_ARRAY(p.client_hash), SLICE_ARRAY(hash));
    for (size_t i = 2; i < MESSAGE_COUNT; i++) {
        if (i % 2 == 0)
            vector_transport(&p.client_send, &p.server_receive, i);
        else
            vector_transport(&p.server_send, &p.client_receive, i);
    }
}

TEST(messages_pass_in_both_directions) {
    struct pair p;
    pair_finish(&p);
    buf wire = buf_on(NULL), plain = buf_on(NULL);
    for (int i = 0; i < 200; i++) {
        bool up = i % 3 == 0;
        buf_clear(&wire);
        buf_clear(&plain);
        uint8_t text[300];
        memset(text, i, sizeof(text));
        slice sent = slice_of(text, (size_t)i);
        CHECK_OK(noise_seal(up ? &p.client_send : &p.server_send, &wire, sent));
        CHECK_EQ(wire.n, sent.n + NOISE_TAG);
        CHECK_OK(noise_open(up ? &p.server_receive : &p.client_receive, &plain, buf_slice(&wire)));
        CHECK_SLICE(buf_slice(&plain), sent);
    }
    buf_free(&wire);
    buf_free(&plain);
}

TEST(every_session_has_its_own_keys) {
    struct pair a, b;
    pair_finish(&a);
    pair_finish(&b);
    CHECK(memcmp(a.client_hash, b.client_hash, NOISE_HASH) != 0);
    CHECK(memcmp(a.client_send.key, b.client_send.key, NOISE_KEY) != 0);
    CHECK(memcmp(a.client_send.key, a.client_receive.key, NOISE_KEY) != 0);
    CHECK(memcmp(a.client_send.key, a.server_receive.key, NOISE_KEY) == 0);
}

static bool is_wiped(const struct noise_handshake *hs) {
    static const uint8_t ZERO[NOISE_HASH];
    return memcmp(hs->ck, ZERO, NOISE_HASH) == 0 && memcmp(hs->e_priv, ZERO, NOISE_KEY) == 0 &&
           memcmp(hs->s_priv, ZERO, NOISE_KEY) == 0 && memcmp(hs->cipher.key, ZERO, NOISE_KEY) == 0;
}

TEST(the_handshake_is_wiped_after_the_split) {
    struct pair p;
    pair_finish(&p);
    CHECK(is_wiped(&p.client) && is_wiped(&p.server));
    uint8_t hash[NOISE_HASH];
    CHECK_ERR(noise_split(&p.client, &p.client_send, &p.client_receive, hash), ERR_STATE);
}

TEST(calls_out_of_turn_are_refused_and_change_nothing) {
    struct pair p;
    buf wire = buf_on(NULL), out = buf_on(NULL);
    uint8_t hash[NOISE_HASH];
    pair_start(&p);
    CHECK_ERR(noise_write(&p.server, &out, SLICE_EMPTY), ERR_STATE);
    CHECK_ERR(noise_read(&p.client, &out, slice_str("x")), ERR_STATE);
    CHECK_ERR(noise_split(&p.client, &p.client_send, &p.client_receive, hash), ERR_STATE);
    CHECK_OK(noise_write(&p.client, &wire, SLICE_EMPTY));
    CHECK_ERR(noise_write(&p.client, &out, SLICE_EMPTY), ERR_STATE);
    CHECK_ERR(noise_split(&p.client, &p.client_send, &p.client_receive, hash), ERR_STATE);
    CHECK_OK(noise_read(&p.server, &out, buf_slice(&wire)));
    CHECK_ERR(noise_read(&p.server, &out, buf_slice(&wire)), ERR_STATE);
    buf_clear(&wire);
    CHECK_OK(noise_write(&p.server, &wire, SLICE_EMPTY));
    CHECK_OK(noise_read(&p.client, &out, buf_slice(&wire)));
    CHECK_ERR(noise_read(&p.client, &out, buf_slice(&wire)), ERR_STATE);
    CHECK_ERR(noise_write(&p.client, &out, SLICE_EMPTY), ERR_STATE);
    CHECK_EQ(out.n, 0);
    pair_split(&p);
    buf_free(&wire);
    buf_free(&out);
}

TEST(a_cipher_without_a_key_is_refused) {
    struct noise_cipher c = {0};
    buf out = buf_on(NULL);
    CHECK_ERR(noise_seal(&c, &out, slice_str("x")), ERR_STATE);
    CHECK_ERR(noise_open(&c, &out, slice_str("0123456789abcdefx")), ERR_STATE);
    CHECK_EQ(out.n, 0);
}

TEST(a_start_without_the_keys_is_a_bug) {
    struct noise_handshake hs;
    uint8_t key[NOISE_KEY] = {1};
    buf out = buf_on(NULL);
    CHECK_ERR(noise_start(&hs, true, NULL, NULL, SLICE_EMPTY), ERR_BUG);
    CHECK_ERR(noise_start(&hs, true, key, key, SLICE_EMPTY), ERR_BUG);
    CHECK_ERR(noise_start(&hs, false, key, NULL, SLICE_EMPTY), ERR_BUG);
    CHECK_ERR(noise_write(&hs, &out, SLICE_EMPTY), ERR_STATE);
}

/* Gives the server a first message; it must refuse, add nothing, and refuse everything after. */
static void refused_by_server(struct pair *p, slice message, err expected) {
    struct noise_handshake server = p->server;
    buf out = buf_on(NULL);
    CHECK_OK(buf_append(&out, slice_str("before")));
    CHECK_ERR(noise_read(&server, &out, message), expected);
    CHECK_SLICE(buf_slice(&out), slice_str("before"));
    CHECK(is_wiped(&server));
    CHECK_ERR(noise_read(&server, &out, message), ERR_STATE);
    CHECK_ERR(noise_write(&server, &out, SLICE_EMPTY), ERR_STATE);
    buf_free(&out);
}

TEST(any_flipped_bit_of_the_first_message_fails_the_handshake) {
    struct pair p;
    buf wire = buf_on(NULL);
    pair_start(&p);
    CHECK_OK(noise_write(&p.client, &wire, slice_str("hi")));
    for (size_t bit = 0; bit < 8 * wire.n; bit++) {
        wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refused_by_server(&p, buf_slice(&wire), ERR_CRYPTO);
        wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_free(&wire);
}

TEST(any_truncation_of_the_first_message_fails_the_handshake) {
    struct pair p;
    buf wire = buf_on(NULL);
    pair_start(&p);
    CHECK_OK(noise_write(&p.client, &wire, slice_str("hi")));
    for (size_t n = 0; n < wire.n; n++)
        refused_by_server(&p, slice_of(wire.p, n),
                          n < NOISE_FIRST_OVERHEAD ? ERR_TRUNCATED : ERR_CRYPTO);
    CHECK_OK(buf_append_byte(&wire, 0));
    refused_by_server(&p, buf_slice(&wire), ERR_CRYPTO);
    CHECK_OK(buf_resize(&wire, NOISE_MESSAGE_MAX + 1));
    refused_by_server(&p, buf_slice(&wire), ERR_TOO_LARGE);
    buf_free(&wire);
}

TEST(any_flipped_bit_of_the_second_message_fails_the_handshake) {
    struct pair p;
    buf first = buf_on(NULL), second = buf_on(NULL), out = buf_on(NULL);
    pair_start(&p);
    CHECK_OK(noise_write(&p.client, &first, SLICE_EMPTY));
    CHECK_OK(noise_read(&p.server, &out, buf_slice(&first)));
    CHECK_OK(noise_write(&p.server, &second, slice_str("x")));
    for (size_t bit = 0; bit < 8 * second.n; bit++) {
        struct noise_handshake client = p.client;
        second.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERR(noise_read(&client, &out, buf_slice(&second)), ERR_CRYPTO);
        CHECK(is_wiped(&client) && out.n == 0);
        second.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_OK(noise_read(&p.client, &out, buf_slice(&second)));
    buf_free(&first);
    buf_free(&second);
    buf_free(&out);
}

TEST(another_prologue_or_server_key_fails_the_handshake) {
    struct pair p;
    uint8_t other_pub[NOISE_KEY], other_priv[NOISE_KEY];
    buf wire = buf_on(NULL), out = buf_on(NULL);
    pair_start(&p);
    CHECK_OK(noise_write(&p.client, &wire, SLICE_EMPTY));
    CHECK_OK(noise_start(&p.server, false, p.s_pub, p.s_priv, slice_str("other")));
    CHECK_ERR(noise_read(&p.server, &out, buf_slice(&wire)), ERR_CRYPTO);
    crypto_x25519_generate(other_pub, other_priv);
    CHECK_OK(noise_start(&p.server, false, other_pub, other_priv, slice_str("test")));
    CHECK_ERR(noise_read(&p.server, &out, buf_slice(&wire)), ERR_CRYPTO);
    /* The right public key with another private one: an impostor. */
    CHECK_OK(noise_start(&p.server, false, p.s_pub, other_priv, slice_str("test")));
    CHECK_ERR(noise_read(&p.server, &out, buf_slice(&wire)), ERR_CRYPTO);
    buf_free(&wire);
    buf_free(&out);
}

TEST(an_ephemeral_key_of_small_order_is_refused) {
    static const char *const POINTS[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"};
    struct pair p;
    pair_start(&p);
    for (size_t i = 0; i < sizeof(POINTS) / sizeof(POINTS[0]); i++) {
        uint8_t message[NOISE_FIRST_OVERHEAD] = {0};
        support_hex(message, NOISE_KEY, POINTS[i]);
        refused_by_server(&p, SLICE_ARRAY(message), ERR_CRYPTO);
    }
}

TEST(a_forged_transport_message_uses_up_no_nonce) {
    struct pair p;
    buf wire = buf_on(NULL), out = buf_on(NULL);
    pair_finish(&p);
    CHECK_OK(noise_seal(&p.client_send, &wire, slice_str("hello")));
    for (size_t bit = 0; bit < 8 * wire.n; bit++) {
        wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_ERR(noise_open(&p.server_receive, &out, buf_slice(&wire)), ERR_CRYPTO);
        wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < wire.n; n++)
        CHECK_ERR(noise_open(&p.server_receive, &out, slice_of(wire.p, n)),
                  n < NOISE_TAG ? ERR_TRUNCATED : ERR_CRYPTO);
    CHECK_EQ(out.n, 0);
    CHECK_OK(noise_open(&p.server_receive, &out, buf_slice(&wire)));
    CHECK_SLICE(buf_slice(&out), slice_str("hello"));
    CHECK_ERR(noise_open(&p.server_receive, &out, buf_slice(&wire)), ERR_CRYPTO); /* a replay */
    buf_free(&wire);
    buf_free(&out);
}

TEST(a_reordered_transport_message_is_refused) {
    struct pair p;
    buf first = buf_on(NULL), second = buf_on(NULL), out = buf_on(NULL);
    pair_finish(&p);
    CHECK_OK(noise_seal(&p.client_send, &first, slice_str("1")));
    CHECK_OK(noise_seal(&p.client_send, &second, slice_str("2")));
    CHECK_ERR(noise_open(&p.server_receive, &out, buf_slice(&second)), ERR_CRYPTO);
    CHECK_OK(noise_open(&p.server_receive, &out, buf_slice(&first)));
    CHECK_OK(noise_open(&p.server_receive, &out, buf_slice(&second)));
    CHECK_SLICE(buf_slice(&out), slice_str("12"));
    /* A message reflected to its sender. */
    CHECK_ERR(noise_open(&p.client_receive, &out, buf_slice(&first)), ERR_CRYPTO);
    buf_free(&first);
    buf_free(&second);
    buf_free(&out);
}

TEST(the_last_nonce_is_never_used) {
    struct pair p;
    buf wire = buf_on(NULL), out = buf_on(NULL);
    pair_finish(&p);
    p.client_send.nonce = UINT64_MAX - 1;
    p.server_receive.nonce = UINT64_MAX - 1;
    CHECK_OK(noise_seal(&p.client_send, &wire, slice_str("last")));
    CHECK_OK(noise_open(&p.server_receive, &out, buf_slice(&wire)));
    CHECK_ERR(noise_seal(&p.client_send, &wire, slice_str("x")), ERR_LIMIT);
    CHECK_ERR(noise_open(&p.server_receive, &out, buf_slice(&wire)), ERR_LIMIT);
    CHECK_SLICE(buf_slice(&out), slice_str("last"));
    buf_free(&wire);
    buf_free(&out);
}

TEST(messages_are_at_most_65535_bytes) {
    struct pair p;
    buf plain = buf_on(NULL), wire = buf_on(NULL), out = buf_on(NULL);
    pair_start(&p);
    CHECK_OK(buf_resize(&plain, NOISE_MESSAGE_MAX - NOISE_FIRST_OVERHEAD + 1));
    CHECK_ERR(noise_write(&p.client, &wire, buf_slice(&plain)), ERR_TOO_LARGE);
    CHECK_OK(buf_resize(&plain, NOISE_MESSAGE_MAX - NOISE_FIRST_OVERHEAD));
    CHECK_OK(noise_write(&p.client, &wire, buf_slice(&plain)));
    CHECK_EQ(wire.n, NOISE_MESSAGE_MAX);
    CHECK_OK(noise_read(&p.server, &out, buf_slice(&wire)));
    CHECK_SLICE(buf_slice(&out), buf_slice(&plain));
    pair_finish(&p);
    CHECK_OK(buf_resize(&plain, NOISE_MESSAGE_MAX - NOISE_TAG + 1));
    CHECK_ERR(noise_seal(&p.client_send, &wire, buf_slice(&plain)), ERR_TOO_LARGE);
    CHECK_OK(buf_resize(&plain, NOISE_MESSAGE_MAX - NOISE_TAG));
    buf_clear(&wire);
    buf_clear(&out);
    CHECK_OK(noise_seal(&p.client_send, &wire, buf_slice(&plain)));
    CHECK_EQ(wire.n, NOISE_MESSAGE_MAX);
    CHECK_OK(noise_open(&p.server_receive, &out, buf_slice(&wire)));
    CHECK_OK(buf_append_byte(&wire, 0));
    CHECK_ERR(noise_open(&p.server_receive, &out, buf_slice(&wire)), ERR_TOO_LARGE);
    buf_free(&plain);
    buf_free(&wire);
    buf_free(&out);
}

TEST(without_memory_a_message_can_be_sealed_again) {
    struct pair p;
    struct support_mem m;
    buf wire = buf_on(NULL), out = buf_on(NULL);
    pair_finish(&p);
    support_mem_init(&m, 1);
    buf tight = buf_on(&m.mem);
    CHECK_ERR(noise_seal(&p.client_send, &tight, slice_str("x")), ERR_NO_MEMORY);
    CHECK_OK(noise_seal(&p.client_send, &wire, slice_str("x")));
    support_mem_init(&m, 1);
    CHECK_ERR(noise_open(&p.server_receive, &tight, buf_slice(&wire)), ERR_NO_MEMORY);
    CHECK_OK(noise_open(&p.server_receive, &out, buf_slice(&wire)));
    CHECK_SLICE(buf_slice(&out), slice_str("x"));
    buf_free(&wire);
    buf_free(&out);
}

TEST(a_handshake_without_memory_fails_and_is_wiped) {
    struct pair p;
    struct support_mem m;
    pair_start(&p);
    support_mem_init(&m, 1);
    buf tight = buf_on(&m.mem);
    CHECK_ERR(noise_write(&p.client, &tight, SLICE_EMPTY), ERR_NO_MEMORY);
    CHECK(is_wiped(&p.client) && tight.n == 0 && m.blocks == 0);
    CHECK_ERR(noise_write(&p.client, &tight, SLICE_EMPTY), ERR_STATE);
}

static void read_first(struct pair *p, buf *wire) {
    buf payload = buf_on(NULL);
    CHECK_OK(noise_write(&p->client, wire, SLICE_EMPTY));
    CHECK_OK(noise_read(&p->server, &payload, buf_slice(wire)));
    buf_clear(wire);
    buf_free(&payload);
}

/* ---- AES-256-GCM ---- */

static void start_with(struct pair *p, enum noise_aead client, enum noise_aead server) {
    CHECK_OK(crypto_init());
    if ((client == NOISE_AESGCM || server == NOISE_AESGCM) && !crypto_has_aes())
        SKIP("this processor has no AES");
    memset(p, 0, sizeof *p);
    crypto_x25519_generate(p->s_pub, p->s_priv);
    CHECK_OK(noise_start_with(&p->client, client, true, p->s_pub, NULL, slice_str("test")));
    CHECK_OK(noise_start_with(&p->server, server, false, p->s_pub, p->s_priv, slice_str("test")));
}

TEST(with_aes_on_both_sides_messages_pass) {
    struct pair p;
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    start_with(&p, NOISE_AESGCM, NOISE_AESGCM);
    read_first(&p, &wire);
    CHECK_OK(noise_write(&p.server, &wire, SLICE_EMPTY));
    CHECK_OK(noise_read(&p.client, &payload, buf_slice(&wire)));
    pair_split(&p);
    for (int i = 0; i < 300; i++) {
        uint8_t nonce[12] = {[10] = (uint8_t)(i >> 8), [11] = (uint8_t)i}, own[32];
        buf_clear(&wire);
        buf_clear(&payload);
        CHECK_OK(crypto_aes256gcm.seal(own, p.client_send.key, nonce, SLICE_EMPTY,
                                       slice_str("sixteen letters!")));
        CHECK_OK(noise_seal(&p.client_send, &wire, slice_str("sixteen letters!")));
        CHECK_SLICE(buf_slice(&wire), SLICE_ARRAY(own)); /* section 12.4 */
        CHECK_OK(noise_open(&p.server_receive, &payload, buf_slice(&wire)));
    }
    wire.p[0] ^= 1;
    CHECK_ERR(noise_open(&p.server_receive, &payload, buf_slice(&wire)), ERR_CRYPTO);
    buf_free(&wire);
    buf_free(&payload);
}

TEST(sides_that_take_different_ciphers_fail) {
    struct pair p;
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    start_with(&p, NOISE_AESGCM, NOISE_CHACHAPOLY);
    CHECK_OK(noise_write(&p.client, &wire, SLICE_EMPTY));
    CHECK_ERR(noise_read(&p.server, &payload, buf_slice(&wire)), ERR_CRYPTO);
    buf_free(&wire);
    buf_free(&payload);
}

/* ---- The keys of messages change ---- */

TEST(after_so_many_messages_both_sides_have_another_key) {
    struct pair p;
    uint8_t before[NOISE_KEY];
    buf wire = buf_on(NULL), plain = buf_on(NULL);
    pair_finish(&p);
    memcpy(before, p.client_send.key, sizeof before);
    for (int i = 0; i < NOISE_REKEY_EVERY + 10; i++) {
        buf_clear(&wire);
        buf_clear(&plain);
        CHECK_OK(noise_seal(&p.client_send, &wire, slice_str("x")));
        CHECK_OK(noise_open(&p.server_receive, &plain, buf_slice(&wire)));
        CHECK(memcmp(before, p.client_send.key, sizeof before) == 0 || i >= NOISE_REKEY_EVERY - 1);
    }
    CHECK(memcmp(before, p.client_send.key, sizeof before) != 0);
    CHECK_SLICE(SLICE_ARRAY(p.client_send.key), SLICE_ARRAY(p.server_receive.key));
    buf_free(&wire);
    buf_free(&plain);
}

/* Section 4.2 in other words: the key is what the nonce of 2^64-1 makes of 32 zeros. Both AEADs
 * write that nonce in the same way. */
static void rekey_by_hand(enum noise_aead aead, uint8_t key[NOISE_KEY]) {
    const struct crypto_aead *a =
        aead == NOISE_AESGCM ? &crypto_aes256gcm : &crypto_chacha20poly1305;
    static const uint8_t zeros[32];
    const uint8_t nonce[12] = {0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};
    uint8_t sealed[32 + NOISE_TAG];
    CHECK_OK(a->seal(sealed, key, nonce, SLICE_EMPTY, SLICE_ARRAY(zeros)));
    memcpy(key, sealed, NOISE_KEY);
}

static void pass(struct noise_cipher *from, struct noise_cipher *to, uint32_t number) {
    buf wire = buf_on(NULL), plain = buf_on(NULL);
    CHECK_OK(noise_seal(from, &wire, slice_of(&number, sizeof number)));
    CHECK_OK(noise_open(to, &plain, buf_slice(&wire)));
    CHECK_SLICE(buf_slice(&plain), slice_of(&number, sizeof number));
    buf_free(&wire);
    buf_free(&plain);
}

/* A receiver that changes its key at another message, or to another one, opens nothing of what
 * comes after the change. */
static void refuse_wrong_rekeys(enum noise_aead aead, const struct noise_cipher *from,
                                const struct noise_cipher *to, const uint8_t before[NOISE_KEY]) {
    struct noise_cipher sender = *from, wrong[4];
    buf wire = buf_on(NULL), plain = buf_on(NULL);
    CHECK_OK(noise_seal(&sender, &wire, slice_str("after")));
    for (size_t i = 0; i < 4; i++)
        wrong[i] = *to;
    memcpy(wrong[0].key, before, NOISE_KEY); /* it did not */
    rekey_by_hand(aead, wrong[1].key);       /* twice */
    wrong[2].key[31] ^= 1;
    wrong[3].nonce = 0; /* Noise's REKEY leaves the nonce */
    for (size_t i = 0; i < 4; i++) {
        CHECK_ERR(noise_open(&wrong[i], &plain, buf_slice(&wire)), ERR_CRYPTO);
        CHECK_EQ(plain.n, 0);
    }
    struct noise_cipher right = *to;
    CHECK_OK(noise_open(&right, &plain, buf_slice(&wire)));
    buf_free(&wire);
    buf_free(&plain);
}

/* The client says three times as much as the server; each direction changes its key after its own
 * 65,536 messages, twice and once. */
static void cross_rekeys(enum noise_aead aead) {
    struct pair p;
    uint8_t client_key[NOISE_KEY], server_key[NOISE_KEY], before[NOISE_KEY];
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    start_with(&p, aead, aead);
    read_first(&p, &wire);
    CHECK_OK(noise_write(&p.server, &wire, SLICE_EMPTY));
    CHECK_OK(noise_read(&p.client, &payload, buf_slice(&wire)));
    pair_split(&p);
    memcpy(client_key, p.client_send.key, NOISE_KEY);
    memcpy(server_key, p.server_send.key, NOISE_KEY);
    for (uint32_t i = 1; i <= 3 * (NOISE_REKEY_EVERY + 2); i++) {
        pass(&p.client_send, &p.server_receive, i);
        if (i % NOISE_REKEY_EVERY == 0) {
            memcpy(before, client_key, NOISE_KEY);
            rekey_by_hand(aead, client_key);
            refuse_wrong_rekeys(aead, &p.client_send, &p.server_receive, before);
        }
        CHECK(memcmp(p.client_send.key, client_key, NOISE_KEY) == 0);
        if (i % 3 != 0)
            continue;
        pass(&p.server_send, &p.client_receive, i);
        if (i / 3 == NOISE_REKEY_EVERY) {
            memcpy(before, server_key, NOISE_KEY);
            rekey_by_hand(aead, server_key);
            refuse_wrong_rekeys(aead, &p.server_send, &p.client_receive, before);
        }
        CHECK(memcmp(p.server_send.key, server_key, NOISE_KEY) == 0);
    }
    CHECK_EQ(p.server_send.nonce, NOISE_REKEY_EVERY + 2);
    CHECK_EQ(p.server_receive.nonce, 3 * (NOISE_REKEY_EVERY + 2));
    buf_free(&wire);
    buf_free(&payload);
}

TEST(both_directions_go_on_past_their_rekeys_with_chacha) {
    cross_rekeys(NOISE_CHACHAPOLY);
}

TEST(both_directions_go_on_past_their_rekeys_with_aes) {
    cross_rekeys(NOISE_AESGCM);
}

/* ---- The hybrid half ---- */

/* As a quantum computer that has every X25519 key, but not ML-KEM's. */
TEST(who_knows_all_of_x25519_alone_reads_nothing) {
    struct pair p;
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    pair_start(&p);
    read_first(&p, &wire);
    CHECK_OK(noise_write(&p.server, &wire, slice_str("welcome")));
    struct noise_handshake other = p.client;
    memset(other.e1_priv, 0, sizeof other.e1_priv);
    CHECK_ERR(noise_read(&other, &payload, buf_slice(&wire)), ERR_CRYPTO);
    CHECK_OK(noise_read(&p.client, &payload, buf_slice(&wire)));
    buf_free(&wire);
    buf_free(&payload);
}

/* FIPS 203 section 7.2, inside a message that authenticates. */
TEST(an_encapsulation_key_that_is_none_fails_the_handshake) {
    struct pair p;
    buf wire = buf_on(NULL);
    pair_start(&p);
    read_first(&p, &wire);
    memset(p.server.re1, 0xff, 3);
    CHECK_ERR(noise_write(&p.server, &wire, SLICE_EMPTY), ERR_CRYPTO);
    CHECK(is_wiped(&p.server) && wire.n == 0);
    buf_free(&wire);
}

/* What the code gave when it was written: nobody publishes vectors of this name. */
TEST(the_hybrid_handshake_stays_what_it_is) {
    static const char KNOWN[] = "7088320989dc8a4cc82c832254b7da294a01a8ae18c5c5673cd9b02d42fae1ad"
                                "ccaa77adfae8f5314250a5e4e4ca17698a4e8edb50c803dfedaaaecaf5ea1ab7";
    struct pair p = {0};
    uint8_t e_client[NOISE_KEY], e_server[NOISE_KEY], e1[CRYPTO_MLKEM_PRIV], seed[32], hash[64];
    buf wire = buf_on(NULL), payload = buf_on(NULL);
    CHECK_OK(crypto_init());
    SUPPORT_HEX(e_client, INIT_EPHEMERAL);
    SUPPORT_HEX(e_server, RESP_EPHEMERAL);
    SUPPORT_HEX(p.s_priv, RESP_STATIC);
    SUPPORT_HEX(p.s_pub, RESP_STATIC_PUBLIC);
    memset(e1, 1, sizeof e1);
    memset(seed, 2, sizeof seed);
    CHECK_OK(noise_start(&p.client, true, p.s_pub, NULL, slice_str("test")));
    CHECK_OK(noise_start(&p.server, false, p.s_pub, p.s_priv, slice_str("test")));
    p.client.test_ephemeral = e_client;
    p.client.test_e1 = e1;
    p.server.test_ephemeral = e_server;
    p.server.test_ekem1 = seed;
    read_first(&p, &wire);
    CHECK_OK(noise_write(&p.server, &wire, SLICE_EMPTY));
    CHECK_OK(noise_read(&p.client, &payload, buf_slice(&wire)));
    pair_split(&p);
    SUPPORT_HEX(hash, KNOWN);
    CHECK_SLICE(SLICE_ARRAY(p.client_hash), SLICE_ARRAY(hash));
    buf_free(&wire);
    buf_free(&payload);
}

TEST_MAIN
