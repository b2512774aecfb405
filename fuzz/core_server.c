#include "core_server.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t IDENTITY_SEED[32] = {1}, NOISE_PRIV[NOISE_KEY] = {2};

void require(bool holds) {
    if (!holds)
        abort();
}

void server_identity(uint8_t identity[32]) {
    require(crypto_ed25519.public_of(identity, IDENTITY_SEED) == OK);
}

static void hello(struct server *s, uint32_t link, slice message) {
    struct server_peer *p = &s->peers[link];
    struct proto_server_hello m = {.version = PROTO_VERSION, .until = time_week(s->now) + 4};
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
    core_link_message(s->core, link, buf_slice(&out), s->now);
    buf_free(&fields);
    buf_free(&out);
}

static void handshake(struct server *s, uint32_t link, slice message) {
    struct server_peer *p = &s->peers[link];
    uint8_t hash[NOISE_HASH];
    buf payload = {0}, out = {0};
    require(noise_read(&p->noise, &payload, message) == OK);
    require(noise_write(&p->noise, &out, SLICE_EMPTY) == OK);
    require(noise_split(&p->noise, &p->send, &p->receive, hash) == OK);
    p->step = 2;
    core_link_message(s->core, link, buf_slice(&out), s->now);
    buf_free(&payload);
    buf_free(&out);
}

void server_say(struct server *s, uint32_t link, uint32_t request, uint16_t type, slice body) {
    buf plain = {0}, out = {0};
    writer o = writer_on(&plain);
    proto_frame_write(&o, request, type);
    writer_bytes(&o, body);
    if (writer_result(&o) == OK && proto_frame_pad(&plain) == OK &&
        noise_seal(&s->peers[link].send, &out, buf_slice(&plain)) == OK)
        core_link_message(s->core, link, buf_slice(&out), s->now);
    buf_free(&plain);
    buf_free(&out);
}

/* Registration, login, subscription are granted; the rest is the target's. */
static void answer(struct server *s, uint32_t link, slice message) {
    buf plain = {0};
    struct proto_frame frame;
    slice whole;
    require(noise_open(&s->peers[link].receive, &plain, message) == OK);
    require(proto_frame_unpad(buf_slice(&plain), &whole) == OK);
    require(proto_frame_decode(whole, &frame) == OK);
    require(proto_message_check(frame.type, frame.body) == OK);
    if (frame.type == PROTO_register_account || frame.type == PROTO_login ||
        frame.type == PROTO_subscribe)
        server_say(s, link, frame.request, PROTO_ok, SLICE_EMPTY);
    else if (s->asked != NULL)
        s->asked(s, link, &frame);
    buf_free(&plain);
}

static void take(struct server *s, uint32_t link, slice message) {
    if (s->peers[link].step == 0)
        hello(s, link, message);
    else if (s->peers[link].step == 1)
        handshake(s, link, message);
    else
        answer(s, link, message);
}

uint32_t server_drain(struct server *s) {
    struct core_action action;
    buf bytes = {0};
    bool fine = true;
    while (fine && core_next_action(s->core, &action)) {
        fine = action.link < SERVER_LINKS;
        require(buf_set(&bytes, action.bytes) == OK);
        if (fine && action.kind == CORE_CONNECT)
            core_link_up(s->core, action.link, s->now);
        else if (fine && action.kind == CORE_TRANSMIT)
            take(s, action.link, buf_slice(&bytes));
    }
    buf_free(&bytes);
    return fine ? s->core->sessions[AUTH].link : 0;
}

void server_start(struct server *s) {
    struct core_config config = {.suite = MLS_SUITE_X25519_CHACHA, .key_packages = 1};
    memset(s, 0, sizeof *s);
    s->now = SERVER_NOW_MS;
    require(crypto_init() == OK && store_memory_open(&s->store, NULL) == OK);
    require(core_open(&s->core, s->store, &config, s->now) == OK);
    core_online(s->core, true, s->now);
}

void server_register(struct server *s) {
    struct proto_invite invite = {.code = {3}};
    buf content = {0}, link = {0};
    uint64_t command;
    server_identity(invite.server);
    require(proto_invite_encode(&content, &invite) == OK);
    require(proto_link_write(&link, "join", slice_str("here:1"), buf_slice(&content)) == OK);
    require(core_account_create(s->core, buf_slice(&link), slice_str("fuzz"), s->now, &command) ==
            OK);
    buf_free(&content);
    buf_free(&link);
}

void server_finish(struct server *s) {
    core_close(s->core);
    store_close(s->store);
    for (size_t i = 0; i < SERVER_LINKS; i++) {
        buf_free(&s->peers[i].prologue);
        noise_wipe(&s->peers[i].noise);
    }
}
