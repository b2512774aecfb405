/* The edge's session, from the side of a client that keeps the rules and of one that does not. */
#include "crypto/crypto.h"
#include "server/session.h"
#include "support.h"
#include "test.h"

/* ---- A client ---- */

enum { SENT_MAX = 16 };

struct side {
    struct session_env env;
    struct session s;
    buf sent[SENT_MAX]; /* by the server, since the last clear */
    size_t sent_count;
    struct proto_edge_request asked; /* the last one handed up */
    buf asked_body;
    uint8_t asked_proof[64];
    unsigned asked_count;
    struct noise_cipher out, in;
    uint8_t hash[64];
};

static uint8_t identity_priv[32], identity[32];

static void on_send(void *ctx, struct session *s, slice message) {
    struct side *side = ctx;
    CHECK(s == &side->s);
    CHECK(side->sent_count < SENT_MAX);
    CHECK_OK(buf_set(&side->sent[side->sent_count++], message));
}

static void on_request(void *ctx, struct session *s, const struct proto_edge_request *request) {
    struct side *side = ctx;
    CHECK(s == &side->s);
    side->asked = *request;
    CHECK_OK(buf_set(&side->asked_body, request->body));
    CHECK(request->proof.n == 0 || request->proof.n == 64);
    if (request->proof.n > 0)
        memcpy(side->asked_proof, request->proof.p, 64);
    side->asked_count++;
}

static void begin(struct side *side) {
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_ed25519.generate(identity, identity_priv));
    *side = (struct side){0};
    side->env.limits = session_limits_default;
    side->env.ctx = side;
    side->env.send = on_send;
    side->env.request = on_request;
    CHECK_OK(session_key_make(&side->env.keys[0], 1, identity_priv, 3000));
    session_init(&side->s, 77, &side->env, 0);
}

static void end(struct side *side) {
    session_env_fini(&side->env);
    buf_free(&side->asked_body);
    for (size_t i = 0; i < SENT_MAX; i++)
        buf_free(&side->sent[i]);
}

static uint8_t client_hello[] = {0, 0, 0, 0, 0, PROTO_client_hello, 0, PROTO_VERSION, 0};

static void give(struct side *side, slice message) {
    side->sent_count = 0;
    session_receive(&side->s, &side->env, message, 0);
}

/* Up to and with the Noise handshake, as a client does it. */
static void handshake_with_hello(struct side *side, struct noise_handshake *hs) {
    buf prologue = {0};
    struct proto_frame frame;
    struct proto_server_hello hello;
    give(side, SLICE_ARRAY(client_hello));
    CHECK_EQ(side->sent_count, 1);
    CHECK_OK(proto_frame_decode(buf_slice(&side->sent[0]), &frame));
    CHECK_EQ(frame.type, PROTO_server_hello);
    CHECK_OK(proto_server_hello_decode(frame.body, &hello));
    CHECK_OK(buf_append(&prologue, SLICE_ARRAY(client_hello)));
    CHECK_OK(buf_append(&prologue, buf_slice(&side->sent[0])));
    CHECK_OK(noise_start_with(hs, hello.aes ? NOISE_AESGCM : NOISE_CHACHAPOLY, true,
                              hello.noise_key, NULL, buf_slice(&prologue)));
    buf_free(&prologue);
}

static void open_session(struct side *side) {
    struct noise_handshake hs;
    buf message = {0}, payload = {0};
    begin(side);
    handshake_with_hello(side, &hs);
    CHECK_OK(noise_write(&hs, &message, SLICE_EMPTY));
    give(side, buf_slice(&message));
    CHECK_EQ(side->sent_count, 1);
    CHECK_OK(noise_read(&hs, &payload, buf_slice(&side->sent[0])));
    CHECK_EQ(payload.n, 0);
    CHECK_OK(noise_split(&hs, &side->out, &side->in, side->hash));
    buf_free(&message);
    buf_free(&payload);
}

static void give_frame(struct side *side, uint32_t request, uint16_t type, slice body) {
    buf plain = {0}, sealed = {0};
    writer w = writer_on(&plain);
    proto_frame_write(&w, request, type);
    writer_bytes(&w, body);
    CHECK_OK(writer_result(&w));
    CHECK_OK(proto_frame_pad(&plain));
    CHECK_OK(noise_seal(&side->out, &sealed, buf_slice(&plain)));
    give(side, buf_slice(&sealed));
    buf_free(&plain);
    buf_free(&sealed);
}

/* What the server sent last, opened. */
static void expect_frame(struct side *side, uint32_t request, uint16_t type, buf *body) {
    struct proto_frame frame;
    buf plain = {0};
    slice whole;
    CHECK_EQ(side->sent_count, 1);
    CHECK_OK(noise_open(&side->in, &plain, buf_slice(&side->sent[0])));
    CHECK_OK(proto_frame_unpad(buf_slice(&plain), &whole));
    CHECK_OK(proto_frame_decode(whole, &frame));
    CHECK_EQ(frame.request, request);
    CHECK_EQ(frame.type, type);
    CHECK_OK(proto_message_check(frame.type, frame.body));
    CHECK_OK(buf_set(body, frame.body));
    buf_free(&plain);
}

static void expect_end(struct side *side, uint32_t request, uint16_t reason) {
    buf body = {0};
    expect_frame(side, request, PROTO_error, &body);
    CHECK_EQ(body.p[0] << 8 | body.p[1], reason);
    CHECK(session_ended(&side->s));
    buf_free(&body);
}

static void expect_end_in_clear(struct side *side, uint16_t reason) {
    struct proto_frame frame;
    CHECK_EQ(side->sent_count, 1);
    CHECK_OK(proto_frame_decode(buf_slice(&side->sent[0]), &frame));
    CHECK_EQ(frame.request, 0);
    CHECK_EQ(frame.type, PROTO_error);
    CHECK_EQ(frame.body.n, 2);
    CHECK_EQ(frame.body.p[0] << 8 | frame.body.p[1], reason);
    CHECK(session_ended(&side->s));
}

static void reply(struct side *side, uint32_t request, uint16_t type, bool ends, bool device,
                  slice body) {
    struct proto_edge_reply r = {.session = 77,
                                 .request = request,
                                 .type = type,
                                 .ends = ends,
                                 .device = device,
                                 .body = body};
    side->sent_count = 0;
    session_reply(&side->s, &side->env, &r);
}

static const uint8_t login[96], address[PROTO_ADDRESS];

/* ---- The opening ---- */

TEST(the_noise_key_is_signed_by_the_identity) {
    static const char label[] = "Sotto noise key v1";
    struct side side;
    struct proto_frame frame;
    buf text = {0};
    begin(&side);
    give(&side, SLICE_ARRAY(client_hello));
    CHECK_OK(proto_frame_decode(buf_slice(&side.sent[0]), &frame));
    CHECK_OK(buf_append(&text, slice_of(label, sizeof label)));
    CHECK_OK(buf_append(&text, slice_of(frame.body.p, frame.body.n - 65)));
    CHECK_OK(crypto_ed25519.verify(slice_of(frame.body.p + frame.body.n - 65, 64),
                                   SLICE_ARRAY(identity), buf_slice(&text)));
    buf_free(&text);
    end(&side);
}

TEST(both_sides_have_the_same_hash_and_a_proof_gets_it) {
    struct side side;
    open_session(&side);
    give_frame(&side, 5, PROTO_login, SLICE_ARRAY(login));
    CHECK_EQ(side.asked_count, 1);
    CHECK_EQ(side.asked.session, 77);
    CHECK_EQ(side.asked.request, 5);
    CHECK_EQ(side.asked.type, PROTO_login);
    CHECK_EQ(side.asked.proof.n, 64);
    CHECK_SLICE(SLICE_ARRAY(side.asked_proof), SLICE_ARRAY(side.hash));
    end(&side);
}

TEST(aes_is_taken_where_both_have_it) {
    struct side side;
    uint8_t *offer = &client_hello[sizeof client_hello - 1];
    CHECK_OK(crypto_init());
    open_session(&side);
    CHECK(!side.s.aes && !side.out.aes);
    end(&side);
    *offer = 1;
    open_session(&side);
    CHECK(side.s.aes == crypto_has_aes() && side.out.aes == crypto_has_aes());
    give_frame(&side, 5, PROTO_login, SLICE_ARRAY(login));
    CHECK_EQ(side.asked_count, 1);
    end(&side);
    *offer = 0;
}

/* Whoever stands between takes the offer out: both have other prologues. */
TEST(an_offer_that_was_taken_out_on_the_way_fails_the_handshake) {
    struct noise_handshake hs;
    struct side side;
    buf message = {0};
    begin(&side);
    handshake_with_hello(&side, &hs);
    CHECK_OK(noise_write(&hs, &message, SLICE_EMPTY));
    side.s.offers_aes = true;
    give(&side, buf_slice(&message));
    expect_end_in_clear(&side, PROTO_REASON_MALFORMED);
    buf_free(&message);
    end(&side);
}

TEST(another_version_is_told_so) {
    static const uint8_t hello[] = {0, 0, 0, 0, 0, PROTO_client_hello, 0, 9};
    struct side side;
    begin(&side);
    give(&side, SLICE_ARRAY(hello));
    expect_end_in_clear(&side, PROTO_REASON_VERSION);
    end(&side);
    /* The first version's hello was shorter. */
    begin(&side);
    give(&side, slice_of("\0\0\0\0\0\1\0\1", 8));
    expect_end_in_clear(&side, PROTO_REASON_VERSION);
    end(&side);
}

TEST(a_bad_hello_ends_the_session) {
    struct side side;
    for (size_t n = 0; n < sizeof client_hello + 2; n++) {
        uint8_t hello[sizeof client_hello + 1] = {0};
        memcpy(hello, client_hello, sizeof client_hello);
        if (n == sizeof client_hello)
            continue;
        begin(&side);
        if (n > sizeof client_hello)
            hello[3] = 1; /* a request number */
        size_t size = n > sizeof client_hello ? sizeof client_hello : n;
        give(&side, slice_of(hello, size));
        expect_end_in_clear(&side, PROTO_REASON_MALFORMED);
        CHECK_EQ(side.asked_count, 0);
        end(&side);
    }
}

TEST(a_bad_first_noise_message_ends_the_session) {
    struct noise_handshake hs;
    struct side side;
    buf message = {0};
    for (size_t cut = 0; cut < NOISE_FIRST_OVERHEAD + 2; cut += cut < 1200 ? 40 : 1) {
        begin(&side);
        handshake_with_hello(&side, &hs);
        buf_clear(&message);
        CHECK_OK(noise_write(&hs, &message, SLICE_EMPTY));
        if (cut < message.n)
            message.n = cut;
        else if (cut == message.n)
            message.p[cut - 1] ^= 1;
        else
            CHECK_OK(buf_append_byte(&message, 0));
        give(&side, buf_slice(&message));
        expect_end_in_clear(&side, PROTO_REASON_MALFORMED);
        end(&side);
    }
    begin(&side);
    handshake_with_hello(&side, &hs);
    buf_clear(&message);
    CHECK_OK(noise_write(&hs, &message, slice_str("payload")));
    give(&side, buf_slice(&message));
    expect_end_in_clear(&side, PROTO_REASON_MALFORMED);
    end(&side);
    buf_free(&message);
}

TEST(a_handshake_goes_on_with_the_key_it_began_with) {
    struct noise_handshake hs;
    struct side side;
    buf message = {0};
    for (int changes = 1; changes <= 2; changes++) {
        begin(&side);
        handshake_with_hello(&side, &hs);
        for (int i = 0; i < changes; i++) {
            side.env.keys[1] = side.env.keys[0];
            CHECK_OK(session_key_make(&side.env.keys[0], 2 + (uint32_t)i, identity_priv, 3001));
        }
        buf_clear(&message);
        CHECK_OK(noise_write(&hs, &message, SLICE_EMPTY));
        give(&side, buf_slice(&message));
        CHECK_EQ(session_ended(&side.s), changes == 2);
        end(&side);
    }
    buf_free(&message);
}

/* ---- Who may say what ---- */

TEST(a_session_is_anonymous_or_a_devices_for_its_whole_life) {
    struct side side;
    buf body = {0};
    open_session(&side);
    give_frame(&side, 1, PROTO_key_package_take, SLICE_ARRAY(address));
    CHECK_EQ(side.asked_count, 1);
    CHECK_EQ(side.asked.proof.n, 0);
    give_frame(&side, 2, PROTO_login, SLICE_ARRAY(login));
    expect_end(&side, 2, PROTO_REASON_STATE);
    CHECK_EQ(side.asked_count, 1);
    end(&side);
    open_session(&side);
    give_frame(&side, 1, PROTO_login, SLICE_ARRAY(login));
    reply(&side, 1, PROTO_ok, false, true, SLICE_EMPTY);
    expect_frame(&side, 1, PROTO_ok, &body);
    give_frame(&side, 2, PROTO_record_get, SLICE_EMPTY);
    CHECK_EQ(side.asked_count, 2);
    give_frame(&side, 3, PROTO_key_package_take, SLICE_ARRAY(address));
    expect_end(&side, 3, PROTO_REASON_STATE);
    CHECK_EQ(side.asked_count, 2);
    end(&side);
    buf_free(&body);
}

TEST(nothing_of_a_devices_is_allowed_before_the_proof_is_answered) {
    struct side side;
    open_session(&side);
    give_frame(&side, 1, PROTO_record_get, SLICE_EMPTY);
    expect_end(&side, 1, PROTO_REASON_STATE);
    end(&side);
    open_session(&side);
    give_frame(&side, 1, PROTO_login, SLICE_ARRAY(login));
    give_frame(&side, 2, PROTO_record_get, SLICE_EMPTY);
    expect_end(&side, 2, PROTO_REASON_STATE);
    CHECK_EQ(side.asked_count, 1);
    end(&side);
}

TEST(a_refused_proof_may_be_followed_by_another_but_not_by_anonymous_requests) {
    static const uint8_t busy[] = {0, PROTO_REASON_BUSY};
    struct side side;
    for (int i = 0; i < 2; i++) {
        open_session(&side);
        give_frame(&side, 1, PROTO_login, SLICE_ARRAY(login));
        reply(&side, 1, PROTO_error, false, false, SLICE_ARRAY(busy));
        buf body = {0};
        expect_frame(&side, 1, PROTO_error, &body);
        buf_free(&body);
        CHECK(!session_ended(&side.s));
        if (i == 0) {
            give_frame(&side, 2, PROTO_login, SLICE_ARRAY(login));
            CHECK_EQ(side.asked_count, 2);
            CHECK_SLICE(SLICE_ARRAY(side.asked_proof), SLICE_ARRAY(side.hash));
        } else {
            give_frame(&side, 2, PROTO_key_package_take, SLICE_ARRAY(address));
            expect_end(&side, 2, PROTO_REASON_STATE);
        }
        end(&side);
    }
}

TEST(a_client_may_not_send_what_is_the_servers_or_between_processes) {
    size_t count = 0;
    const struct proto_message_info *infos = proto_messages(&count);
    static const uint8_t zeros[200];
    for (size_t i = 0; i < count; i++) {
        if (infos[i].from != PROTO_FROM_SERVER && infos[i].from != PROTO_FROM_INNER &&
            infos[i].from != PROTO_FROM_HELLO)
            continue;
        for (size_t n = 0; n < sizeof zeros; n++) {
            if (proto_message_check(infos[i].type, slice_of(zeros, n)) != OK)
                continue;
            struct side side;
            open_session(&side);
            give_frame(&side, 1, infos[i].type, slice_of(zeros, n));
            expect_end(&side, 1, PROTO_REASON_STATE);
            CHECK_EQ(side.asked_count, 0);
            end(&side);
            break;
        }
    }
}

TEST(the_session_answers_a_ping_itself_in_every_state) {
    struct side side;
    buf body = {0};
    open_session(&side);
    for (int i = 0; i < 3; i++) {
        give_frame(&side, 9, PROTO_ping, SLICE_EMPTY);
        expect_frame(&side, 9, PROTO_ok, &body);
        CHECK_EQ(side.asked_count, i == 2);
        if (i == 1)
            give_frame(&side, 1, PROTO_login, SLICE_ARRAY(login));
    }
    end(&side);
    buf_free(&body);
}

static void ping_past_the_rekey(bool aes) {
    struct side side;
    uint8_t before[NOISE_KEY];
    buf body = {0};
    client_hello[sizeof client_hello - 1] = aes;
    open_session(&side);
    client_hello[sizeof client_hello - 1] = 0;
    CHECK_EQ(side.s.aes, aes);
    memcpy(before, side.out.key, sizeof before);
    for (uint32_t i = 1; i <= NOISE_REKEY_EVERY + 3; i++) {
        give_frame(&side, i, PROTO_ping, SLICE_EMPTY);
        expect_frame(&side, i, PROTO_ok, &body);
    }
    memcpy(side.out.key, before, sizeof before); /* it opens nothing any more */
    give_frame(&side, 1, PROTO_ping, SLICE_EMPTY);
    expect_end(&side, 0, PROTO_REASON_MALFORMED);
    end(&side);
    buf_free(&body);
}

TEST(a_session_goes_on_past_its_rekey) {
    ping_past_the_rekey(false);
    if (crypto_has_aes())
        ping_past_the_rekey(true);
}

/* ---- Bad frames ---- */

TEST(a_frame_that_does_not_open_ends_the_session) {
    struct side side;
    static const uint8_t junk[200];
    for (size_t n = 0; n <= sizeof junk; n += 8) {
        open_session(&side);
        give(&side, slice_of(junk, n));
        expect_end(&side, 0, PROTO_REASON_MALFORMED);
        CHECK_EQ(side.asked_count, 0);
        end(&side);
    }
}

/* Each is a ping, padded in a way that is none. */
TEST(a_frame_that_is_not_padded_as_it_should_be_ends_the_session) {
    for (int i = 0; i < 4; i++) {
        struct side side;
        buf plain = {0}, sealed = {0};
        open_session(&side);
        writer w = writer_on(&plain);
        proto_frame_write(&w, 1, PROTO_ping);
        if (i > 0)
            CHECK_OK(proto_frame_pad(&plain));
        if (i == 1)
            plain.p[100] = 1;
        else if (i == 2)
            plain.p[255]++;
        else if (i == 3)
            CHECK_OK(buf_append(&plain, slice_of(client_hello, 8)));
        CHECK_OK(noise_seal(&side.out, &sealed, buf_slice(&plain)));
        give(&side, buf_slice(&sealed));
        if (i == 2)
            expect_end(&side, 1, PROTO_REASON_MALFORMED); /* a ping has no body */
        else
            expect_end(&side, 0, PROTO_REASON_MALFORMED);
        buf_free(&plain);
        buf_free(&sealed);
        end(&side);
    }
}

TEST(a_repeated_or_reordered_frame_ends_the_session) {
    struct side side;
    buf plain = {0}, sealed = {0};
    open_session(&side);
    writer w = writer_on(&plain);
    proto_frame_write(&w, 1, PROTO_ping);
    CHECK_OK(proto_frame_pad(&plain));
    CHECK_OK(noise_seal(&side.out, &sealed, buf_slice(&plain)));
    give(&side, buf_slice(&sealed));
    CHECK(!session_ended(&side.s));
    buf body = {0};
    expect_frame(&side, 1, PROTO_ok, &body);
    give(&side, buf_slice(&sealed));
    expect_end(&side, 0, PROTO_REASON_MALFORMED);
    buf_free(&body);
    buf_free(&plain);
    buf_free(&sealed);
    end(&side);
}

TEST(a_malformed_body_or_an_unknown_type_ends_the_session_with_its_request) {
    struct side side;
    open_session(&side);
    give_frame(&side, 4, PROTO_login, slice_of(login, 95));
    expect_end(&side, 4, PROTO_REASON_MALFORMED);
    end(&side);
    open_session(&side);
    give_frame(&side, 5, 4711, SLICE_EMPTY);
    expect_end(&side, 5, PROTO_REASON_MALFORMED);
    end(&side);
    open_session(&side);
    give_frame(&side, 0, PROTO_ping, SLICE_EMPTY); /* whom would the answer be for? */
    expect_end(&side, 0, PROTO_REASON_MALFORMED);
    end(&side);
}

TEST(an_ended_session_takes_and_says_nothing_more) {
    struct side side;
    open_session(&side);
    give_frame(&side, 5, 4711, SLICE_EMPTY);
    CHECK(session_ended(&side.s));
    give_frame(&side, 6, PROTO_ping, SLICE_EMPTY);
    CHECK_EQ(side.sent_count, 0);
    reply(&side, 1, PROTO_ok, false, true, SLICE_EMPTY);
    CHECK_EQ(side.sent_count, 0);
    session_end(&side.s, &side.env, PROTO_REASON_TIMEOUT);
    CHECK_EQ(side.sent_count, 0);
    static const struct noise_cipher none;
    CHECK(memcmp(&side.s.send, &none, sizeof none) == 0);
    end(&side);
}

TEST(random_messages_at_every_state_end_it_with_one_error) {
    struct support_random random = {7};
    uint8_t bytes[512];
    for (int round = 0; round < 600; round++) {
        struct noise_handshake hs;
        struct side side;
        size_t n = support_next(&random) % sizeof bytes;
        support_fill(&random, bytes, n);
        if (round % 3 == 0)
            begin(&side);
        else if (round % 3 == 1)
            begin(&side), handshake_with_hello(&side, &hs);
        else
            open_session(&side);
        if (round % 6 == 5)
            give_frame(&side, 3, (uint16_t)(support_next(&random) % 70), slice_of(bytes, n));
        else
            give(&side, slice_of(bytes, n));
        CHECK(side.sent_count <= 1);
        CHECK(session_ended(&side.s) || side.asked_count + side.sent_count == 1);
        end(&side);
    }
}

/* ---- Limits ---- */

TEST(a_time_out_is_said) {
    struct side side;
    open_session(&side);
    side.sent_count = 0;
    session_end(&side.s, &side.env, PROTO_REASON_TIMEOUT);
    expect_end(&side, 0, PROTO_REASON_TIMEOUT);
    end(&side);
}

TEST(requests_under_way_are_counted_and_bounded) {
    struct side side;
    open_session(&side);
    side.env.limits.pending = 2;
    for (uint32_t i = 1; i <= 4; i++) {
        CHECK_EQ(session_crowded(&side.s, &side.env), i > 2);
        give_frame(&side, i, PROTO_key_package_take, SLICE_ARRAY(address));
    }
    CHECK_EQ(side.asked_count, 4);
    give_frame(&side, 5, PROTO_key_package_take, SLICE_ARRAY(address));
    CHECK_EQ(side.asked_count, 4);
    buf body = {0};
    expect_frame(&side, 5, PROTO_error, &body);
    CHECK_EQ(body.p[1], PROTO_REASON_BUSY);
    for (uint32_t i = 1; i <= 3; i++)
        reply(&side, i, PROTO_ok, false, false, SLICE_EMPTY);
    CHECK(!session_crowded(&side.s, &side.env));
    buf_free(&body);
    end(&side);
}

TEST(few_large_answers_are_under_way_at_a_time) {
    struct side side;
    uint8_t get[36] = {0}, chunk[6] = {0, 0, 0, 1, 1, 'x'};
    open_session(&side);
    for (uint32_t i = 1; i <= SESSION_CHUNKS; i++) {
        CHECK(!session_crowded(&side.s, &side.env));
        give_frame(&side, i, PROTO_blob_get, SLICE_ARRAY(get));
    }
    CHECK(session_crowded(&side.s, &side.env));
    reply(&side, 1, PROTO_blob_chunk, false, false, SLICE_ARRAY(chunk));
    CHECK(!session_crowded(&side.s, &side.env));
    /* Refusals count when nothing is under way any more. */
    for (uint32_t i = 2; i <= SESSION_CHUNKS; i++)
        reply(&side, i, PROTO_error, false, false, slice_of("\0\14", 2));
    for (uint32_t i = 1; i <= 2 * SESSION_CHUNKS; i++)
        give_frame(&side, i, PROTO_blob_get, SLICE_ARRAY(get));
    unsigned asked = side.asked_count;
    give_frame(&side, 99, PROTO_blob_get, SLICE_ARRAY(get));
    CHECK_EQ(side.asked_count, asked);
    end(&side);
}

TEST(a_hasty_client_is_made_to_wait_and_no_request_is_refused) {
    struct side side;
    open_session(&side);
    side.env.limits.rate = 10;
    side.env.limits.burst = 5;
    session_init(&side.s, 77, &side.env, 1000);
    CHECK_EQ(session_delay(&side.s, &side.env, 1000), 0);
    for (int i = 0; i < 7; i++)
        session_receive(&side.s, &side.env, slice_of(login, 0), 1000);
    CHECK(session_ended(&side.s));
    session_init(&side.s, 77, &side.env, 1000);
    side.s.tokens = -10;
    uint32_t delay = session_delay(&side.s, &side.env, 1000);
    CHECK(delay >= 1000 && delay <= 1002);
    CHECK_EQ(session_delay(&side.s, &side.env, 1000 + delay), 0);
    (void)session_delay(&side.s, &side.env, 1000000000);
    CHECK_EQ(side.s.tokens, 5);
    end(&side);
}

/* Tokens that a frame costs, less those for its bytes. */
static int32_t cost_of(uint16_t type, slice body) {
    struct side side;
    buf frame = {0};
    CHECK_OK(buf_resize(&frame, body.n + 6));
    CHECK_OK(proto_frame_pad(&frame));
    open_session(&side);
    bool device = type == PROTO_address_make || type == PROTO_record_get;
    side.s.state = device ? SESSION_DEVICE : SESSION_ANON;
    int32_t before = side.s.tokens;
    give_frame(&side, 9, type, body);
    CHECK_EQ(side.asked_count, 1);
    int32_t cost = before - side.s.tokens - 1 - (int32_t)((frame.n + 16) / 8192);
    buf_free(&frame);
    end(&side);
    return cost;
}

TEST(what_mail_has_to_do_costs_too) {
    static uint8_t item[10 * 1024], addresses[300 * PROTO_ADDRESS];
    buf body = {0};
    struct proto_send send = {.addresses = {SLICE_ARRAY(addresses), 300}, .item = slice_str("x")};
    CHECK_OK(proto_send_encode(&body, &send));
    CHECK_EQ(cost_of(PROTO_send, buf_slice(&body)), 300);
    send.item = SLICE_ARRAY(item);
    buf_clear(&body);
    CHECK_OK(proto_send_encode(&body, &send));
    CHECK_EQ(cost_of(PROTO_send, buf_slice(&body)), 300 * 11);
    struct proto_letter letter = {.item = slice_str("w")};
    struct proto_commit commit = {.addresses = send.addresses, .item = send.item};
    buf letters = {0};
    writer w = writer_on(&letters);
    for (int i = 0; i < 5; i++)
        PROTO_LIST_ADD(letter, &w, &commit.letters, &letter);
    commit.letters.bytes = buf_slice(&letters);
    buf_clear(&body);
    CHECK_OK(proto_commit_encode(&body, &commit));
    CHECK_EQ(cost_of(PROTO_commit, buf_slice(&body)), 300 * 11 + 5);
    /* By a stored roster as by so many addresses. */
    struct proto_roster roster = {.count = 1000};
    buf stored = {0};
    CHECK_OK(proto_roster_encode(&stored, &roster));
    commit.addresses = (struct proto_list){SLICE_EMPTY, 0};
    commit.roster = (struct proto_list){buf_slice(&stored), 1};
    buf_clear(&body);
    CHECK_OK(proto_commit_encode(&body, &commit));
    CHECK_EQ(cost_of(PROTO_commit, buf_slice(&body)), 1000 * 11 + 5);
    struct proto_roster_send by_roster = {.count = 1000, .item = slice_str("x")};
    buf_clear(&body);
    CHECK_OK(proto_roster_send_encode(&body, &by_roster));
    CHECK_EQ(cost_of(PROTO_roster_send, buf_slice(&body)), 1000);
    struct proto_send_now now = {.addresses = {slice_of(addresses, 16 * PROTO_ADDRESS), 16},
                                 .item = slice_str("x")};
    buf_clear(&body);
    CHECK_OK(proto_send_now_encode(&body, &now));
    CHECK_EQ(cost_of(PROTO_send_now, buf_slice(&body)), 16);
    buf_free(&stored);
    CHECK_EQ(cost_of(PROTO_address_make, slice_of("\200", 1)), 128);
    CHECK_EQ(cost_of(PROTO_record_get, SLICE_EMPTY), 256);
    CHECK_EQ(cost_of(PROTO_key_package_take, SLICE_ARRAY(address)), 0);
    buf_free(&letters);
    buf_free(&body);
}

TEST(replies_that_end_the_session_end_it) {
    struct side side;
    buf body = {0};
    open_session(&side);
    reply(&side, 0, PROTO_replaced, true, false, SLICE_EMPTY);
    expect_frame(&side, 0, PROTO_replaced, &body);
    CHECK(session_ended(&side.s));
    buf_free(&body);
    end(&side);
}

TEST(a_session_is_small) {
    CHECK(sizeof(struct session) <= 256);
}

TEST_MAIN
