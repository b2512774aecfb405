#include "server/session.h"

#include "crypto/crypto.h"
#include "server/config.h"

const struct session_limits session_limits_default = {
    .rate = CONFIG_RATE,
    .burst = CONFIG_BURST,
    .pending = 64,
};

/* Who may speak in which state (schema.h): one row a state, one column a kind of sender. */
#define FROM(kind) (1u << PROTO_FROM_##kind)
static const unsigned allowed[] = {
    [SESSION_HELLO] = FROM(HELLO),
    [SESSION_HANDSHAKE] = 0,
    [SESSION_FRESH] = FROM(ANY) | FROM(ANON) | FROM(BOTH) | FROM(PROOF),
    [SESSION_ANON] = FROM(ANY) | FROM(ANON) | FROM(BOTH),
    [SESSION_PROVING] = FROM(ANY),
    [SESSION_UNPROVED] = FROM(ANY) | FROM(PROOF),
    [SESSION_DEVICE] = FROM(ANY) | FROM(BOTH) | FROM(DEVICE),
    [SESSION_ENDED] = 0,
};

/* ---- The Noise key ---- */

static struct proto_server_hello hello_of(const struct session_key *key) {
    struct proto_server_hello hello = {.version = PROTO_VERSION, .until = key->until};
    memcpy(hello.noise_key, key->pub, sizeof hello.noise_key);
    memcpy(hello.signature, key->signature, sizeof hello.signature);
    return hello;
}

err session_key_make(struct session_key *key, uint32_t number, const uint8_t identity[32],
                     uint32_t until) {
    *key = (struct session_key){.number = number, .until = until};
    crypto_x25519_generate(key->pub, key->priv);
    struct proto_server_hello hello = hello_of(key);
    buf bytes = {0};
    err e = proto_server_hello_encode(&bytes, &hello);
    if (e == OK) /* all fields before the signature, which one more follows */
        e = crypto_sign_labeled(key->signature, identity, PROTO_LABEL_NOISE_KEY,
                                slice_of(bytes.p, bytes.n - sizeof hello.signature - 1));
    buf_free(&bytes);
    return e;
}

static const struct session_key *key_numbered(const struct session_env *env, uint32_t number) {
    for (size_t i = 0; i < 2; i++)
        if (env->keys[i].number == number && number != 0)
            return &env->keys[i];
    return NULL;
}

/* ---- Output ---- */

static bool ciphers_ready(const struct session *s) {
    return s->send.ready;
}

static writer open_frame(struct session_env *env, uint32_t request, uint16_t type) {
    buf_clear(&env->plain);
    writer w = writer_on(&env->plain);
    proto_frame_write(&w, request, type);
    return w;
}

/* Sealed if there are ciphers by now. A failure here is ours: nothing can be said. */
static void close_frame(struct session *s, struct session_env *env, const writer *w) {
    err e = writer_result(w);
    if (e == OK && ciphers_ready(s)) {
        buf_clear(&env->sealed);
        e = proto_frame_pad(&env->plain);
    }
    if (e == OK && ciphers_ready(s))
        e = noise_seal(&s->send, &env->sealed, buf_slice(&env->plain));
    if (e == OK)
        env->send(env->ctx, s, buf_slice(ciphers_ready(s) ? &env->sealed : &env->plain));
    else
        s->state = SESSION_ENDED;
    buf_clear(&env->plain);
}

static void send_frame(struct session *s, struct session_env *env, uint32_t request, uint16_t type,
                       slice body) {
    writer w = open_frame(env, request, type);
    writer_bytes(&w, body);
    close_frame(s, env, &w);
}

static void send_error(struct session *s, struct session_env *env, uint32_t request,
                       enum proto_reason reason) {
    struct proto_error error = {.reason = (uint16_t)reason};
    writer w = open_frame(env, request, PROTO_error);
    proto_error_write(&w, &error);
    close_frame(s, env, &w);
}

static void fail(struct session *s, struct session_env *env, uint32_t request,
                 enum proto_reason reason) {
    if (s->state == SESSION_ENDED)
        return;
    send_error(s, env, request, reason);
    session_wipe(s);
}

/* ---- The handshake ---- */

static void write_server_hello(writer *w, const struct session_key *key, bool aes) {
    struct proto_server_hello hello = hello_of(key);
    hello.aes = aes;
    proto_frame_write(w, 0, PROTO_server_hello);
    proto_server_hello_write(w, &hello);
}

static void write_client_hello(writer *w, bool aes) {
    struct proto_client_hello hello = {.version = PROTO_VERSION, .aes = aes};
    proto_frame_write(w, 0, PROTO_client_hello);
    proto_client_hello_write(w, &hello);
}

static void take_hello(struct session *s, struct session_env *env, slice message) {
    struct proto_frame frame;
    struct proto_client_hello hello;
    uint16_t version = 0;
    if (proto_frame_decode(message, &frame) != OK || frame.type != PROTO_client_hello ||
        frame.request != 0) {
        fail(s, env, 0, PROTO_REASON_MALFORMED);
        return;
    }
    /* What follows may be anything in another version. */
    reader r = reader_of(frame.body);
    if (reader_u16(&r, &version) == OK && version != PROTO_VERSION) {
        fail(s, env, 0, PROTO_REASON_VERSION);
        return;
    }
    if (proto_client_hello_decode(frame.body, &hello) != OK) {
        fail(s, env, 0, PROTO_REASON_MALFORMED);
        return;
    }
    s->offers_aes = hello.aes;
    s->aes = hello.aes && crypto_has_aes();
    buf_clear(&env->sealed);
    writer w = writer_on(&env->sealed);
    write_server_hello(&w, &env->keys[0], s->aes);
    if (env->keys[0].number == 0 || writer_result(&w) != OK) {
        fail(s, env, 0, PROTO_REASON_BUSY);
        return;
    }
    s->key = env->keys[0].number;
    s->state = SESSION_HANDSHAKE;
    env->send(env->ctx, s, buf_slice(&env->sealed));
}

/* The hellos are what they must be, byte for byte, so the prologue needs no copy of them. */
static err answer_noise(struct session *s, struct session_env *env, slice message,
                        const struct session_key *key) {
    struct noise_handshake hs;
    buf_clear(&env->plain);
    buf_clear(&env->sealed);
    writer w = writer_on(&env->plain);
    write_client_hello(&w, s->offers_aes);
    write_server_hello(&w, key, s->aes);
    TRY(writer_result(&w));
    err e = noise_start_with(&hs, s->aes ? NOISE_AESGCM : NOISE_CHACHAPOLY, false, key->pub,
                             key->priv, buf_slice(&env->plain));
    buf_clear(&env->plain);
    if (e == OK)
        e = noise_read(&hs, &env->plain, message);
    if (e == OK && env->plain.n != 0)
        e = ERR_TRAILING;
    if (e == OK)
        e = noise_write(&hs, &env->sealed, SLICE_EMPTY);
    if (e == OK)
        e = noise_split(&hs, &s->send, &s->receive, s->hash);
    noise_wipe(&hs);
    return e;
}

static void take_noise(struct session *s, struct session_env *env, slice message) {
    const struct session_key *key = key_numbered(env, s->key);
    if (key == NULL) {
        fail(s, env, 0, PROTO_REASON_TIMEOUT);
        return;
    }
    if (answer_noise(s, env, message, key) != OK) {
        wipe(&s->send, sizeof s->send);
        fail(s, env, 0, PROTO_REASON_MALFORMED);
        return;
    }
    s->state = SESSION_FRESH;
    env->send(env->ctx, s, buf_slice(&env->sealed));
}

/* ---- The rate limit ---- */

enum { BYTES_PER_TOKEN = 8192 }; /* so that a file gets on: its chunks have limits of their own */

static void refill(struct session *s, const struct session_env *env, uint64_t now) {
    uint32_t elapsed = (uint32_t)now - s->refilled;
    uint64_t more = (uint64_t)elapsed * env->limits.rate / 1000;
    if (more == 0)
        return;
    s->refilled = (uint32_t)now;
    int64_t tokens = s->tokens + (int64_t)more;
    s->tokens = (int32_t)(tokens > env->limits.burst ? env->limits.burst : tokens);
}

static void spend(struct session *s, const struct session_env *env, size_t tokens) {
    /* A carrier that does not pause can't run up a debt for ever. */
    if (env->limits.rate != 0 && s->tokens > -(1 << 24))
        s->tokens -= (int32_t)tokens;
}

static void charge(struct session *s, const struct session_env *env, size_t bytes, uint64_t now) {
    if (env->limits.rate != 0)
        refill(s, env, now);
    spend(s, env, 1 + bytes / BYTES_PER_TOKEN);
}

/* What it is to carry an item to an address: one, and one for each KiB that is written there. */
static size_t copies(uint32_t addresses, slice item) {
    return addresses * (1 + item.n / 1024);
}

static uint32_t recipients(const struct proto_commit *commit) {
    struct proto_roster roster;
    reader r = reader_of(commit->roster.bytes);
    if (commit->roster.count == 0 || proto_roster_read(&r, &roster) != OK)
        return commit->addresses.count;
    uint32_t count = roster.count;
    wipe(&roster, sizeof roster); /* its key */
    return count;
}

enum { RECORD_TOKENS = 256 };

/* What a frame has mail do, beyond taking its bytes. */
static size_t effect(const struct proto_frame *frame) {
    struct proto_send send;
    struct proto_send_now send_now;
    struct proto_roster_send roster_send;
    struct proto_commit commit;
    struct proto_address_make make;
    if (frame->type == PROTO_send && proto_send_decode(frame->body, &send) == OK)
        return copies(send.addresses.count, send.item);
    if (frame->type == PROTO_send_now && proto_send_now_decode(frame->body, &send_now) == OK)
        return copies(send_now.addresses.count, send_now.item);
    /* The count that a request gives is checked against the roster that it opens. */
    if (frame->type == PROTO_roster_send &&
        proto_roster_send_decode(frame->body, &roster_send) == OK) {
        size_t tokens = copies(roster_send.count, roster_send.item);
        wipe(&roster_send, sizeof roster_send); /* its key */
        return tokens;
    }
    if (frame->type == PROTO_commit && proto_commit_decode(frame->body, &commit) == OK)
        return copies(recipients(&commit), commit.item) + commit.letters.count;
    if (frame->type == PROTO_address_make && proto_address_make_decode(frame->body, &make) == OK)
        return make.count;
    if (frame->type == PROTO_record_get) /* reads all of an account's key packages */
        return RECORD_TOKENS;
    return 0;
}

uint32_t session_delay(struct session *s, const struct session_env *env, uint64_t now) {
    if (env->limits.rate == 0 || s->state == SESSION_ENDED)
        return 0;
    refill(s, env, now);
    if (s->tokens >= 0)
        return 0;
    return (uint32_t)((uint64_t)(-(int64_t)s->tokens) * 1000 / env->limits.rate) + 1;
}

bool session_crowded(const struct session *s, const struct session_env *env) {
    return s->pending >= env->limits.pending || s->chunks >= SESSION_CHUNKS;
}

/* ---- Frames ---- */

/* Only what is answered counts as under way. */
static bool is_answered(uint16_t type) {
    return type != PROTO_ack;
}

static void hand_up(struct session *s, struct session_env *env, const struct proto_frame *frame,
                    enum proto_from from) {
    uint8_t proof[NOISE_HASH];
    struct proto_edge_request request = {
        .session = s->id,
        .request = frame->request,
        .type = frame->type,
        .body = frame->body,
    };
    spend(s, env, effect(frame));
    if (from == PROTO_FROM_PROOF) {
        memcpy(proof, s->hash, sizeof proof);
        request.proof = SLICE_ARRAY(proof);
        s->state = SESSION_PROVING;
    } else if (s->state == SESSION_FRESH) {
        s->state = SESSION_ANON;
        wipe(s->hash, sizeof s->hash);
    }
    if (is_answered(frame->type))
        s->pending++;
    if (frame->type == PROTO_blob_get)
        s->chunks++;
    env->request(env->ctx, s, &request);
    wipe(proof, sizeof proof);
}

static void take_frame(struct session *s, struct session_env *env, slice plain) {
    struct proto_frame frame;
    if (proto_frame_decode(plain, &frame) != OK) {
        fail(s, env, 0, PROTO_REASON_MALFORMED);
        return;
    }
    const struct proto_message_info *info = proto_message_info(frame.type);
    if (info == NULL || proto_message_check(frame.type, frame.body) != OK ||
        (frame.request == 0 && is_answered(frame.type))) {
        fail(s, env, frame.request, PROTO_REASON_MALFORMED);
        return;
    }
    if ((allowed[s->state] & (1u << info->from)) == 0) {
        fail(s, env, frame.request, PROTO_REASON_STATE);
        return;
    }
    if (frame.type == PROTO_ping)
        send_frame(s, env, frame.request, PROTO_ok, SLICE_EMPTY);
    /* A carrier that pauses at session_crowded never gets here; others can't make us remember more.
     */
    else if (s->pending >= 2 * env->limits.pending || s->chunks >= 2 * SESSION_CHUNKS)
        send_error(s, env, frame.request, PROTO_REASON_BUSY);
    else
        hand_up(s, env, &frame, info->from);
}

static void take_sealed(struct session *s, struct session_env *env, slice message) {
    slice frame;
    if (noise_open(&s->receive, &env->opened, message) != OK ||
        proto_frame_unpad(buf_slice(&env->opened), &frame) != OK)
        fail(s, env, 0, PROTO_REASON_MALFORMED);
    else
        take_frame(s, env, frame);
    buf_clear(&env->opened);
}

/* ---- The session ---- */

void session_init(struct session *s, uint64_t id, const struct session_env *env, uint64_t now) {
    *s = (struct session){.id = id, .state = SESSION_HELLO};
    s->tokens = (int32_t)env->limits.burst;
    s->refilled = (uint32_t)now;
}

void session_receive(struct session *s, struct session_env *env, slice message, uint64_t now) {
    charge(s, env, message.n, now);
    switch (s->state) {
    case SESSION_HELLO:
        take_hello(s, env, message);
        break;
    case SESSION_HANDSHAKE:
        take_noise(s, env, message);
        break;
    case SESSION_ENDED:
        break;
    default:
        take_sealed(s, env, message);
    }
}

void session_reply(struct session *s, struct session_env *env,
                   const struct proto_edge_reply *reply) {
    if (session_opening(s) || s->state == SESSION_ENDED)
        return;
    if (reply->request != 0 && s->pending > 0)
        s->pending--;
    /* A refusal doesn't tell what it answers, so some stay counted until nothing is under way. */
    if (s->pending == 0)
        s->chunks = 0;
    else if (reply->type == PROTO_blob_chunk && s->chunks > 0)
        s->chunks--;
    if (reply->device && s->state == SESSION_PROVING) {
        s->state = SESSION_DEVICE;
        wipe(s->hash, sizeof s->hash);
    } else if (s->state == SESSION_PROVING && reply->request != 0) {
        s->state = SESSION_UNPROVED;
    }
    send_frame(s, env, reply->request, reply->type, reply->body);
    if (reply->ends)
        session_wipe(s);
}

void session_end(struct session *s, struct session_env *env, enum proto_reason reason) {
    fail(s, env, 0, reason);
}

void session_wipe(struct session *s) {
    uint64_t id = s->id;
    wipe(s, sizeof *s);
    s->id = id;
    s->state = SESSION_ENDED;
}

void session_env_fini(struct session_env *env) {
    buf_free(&env->plain);
    buf_free(&env->sealed);
    buf_free(&env->opened);
    wipe(env->keys, sizeof env->keys);
}
