/* An edge's session against any client. The first byte says how far the client keeps the rules: not
 * at all, until the hello, or until the handshake is done; the rest are messages, each after a
 * 16-bit length. A client that finished the handshake seals them. */
#include <stdlib.h>

#include "base/codec.h"
#include "crypto/crypto.h"
#include "server/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

struct world {
    struct session_env env;
    struct session session;
    struct noise_cipher seal;
    buf last;      /* the server's last message */
    unsigned sent; /* since the last message of the client's */
    bool answers;  /* requests are answered at once */
    bool pads;     /* the client pads its frames */
};

static void on_send(void *ctx, struct session *s, slice message) {
    struct world *w = ctx;
    (void)s;
    w->sent++;
    require(buf_set(&w->last, message) == OK);
}

static void on_request(void *ctx, struct session *s, const struct proto_edge_request *request) {
    struct world *w = ctx;
    const struct proto_message_info *info = proto_message_info(request->type);
    require(info != NULL && proto_message_check(request->type, request->body) == OK);
    require(info->from == PROTO_FROM_ANON || info->from == PROTO_FROM_PROOF ||
            info->from == PROTO_FROM_BOTH || info->from == PROTO_FROM_DEVICE);
    require((info->from == PROTO_FROM_PROOF) == (request->proof.n == 64));
    require(info->from != PROTO_FROM_DEVICE || s->state == SESSION_DEVICE);
    require(info->from != PROTO_FROM_ANON || s->state == SESSION_ANON);
    struct proto_edge_reply reply = {.session = s->id,
                                     .request = request->request,
                                     .type = PROTO_ok,
                                     .device = request->proof.n > 0};
    if (w->answers && request->type != PROTO_ack)
        session_reply(s, &w->env, &reply);
}

static const uint8_t hello[] = {0, 0, 0, 0, 0, PROTO_client_hello, 0, PROTO_VERSION, 0};

static void shake_hands(struct world *w) {
    struct noise_handshake hs;
    struct noise_cipher receive;
    struct proto_frame frame;
    struct proto_server_hello in;
    uint8_t hash[NOISE_HASH];
    buf text = {0}, payload = {0};
    require(buf_append(&text, SLICE_ARRAY(hello)) == OK);
    require(buf_append(&text, buf_slice(&w->last)) == OK);
    require(proto_frame_decode(buf_slice(&w->last), &frame) == OK);
    require(proto_server_hello_decode(frame.body, &in) == OK);
    require(noise_start(&hs, true, in.noise_key, NULL, buf_slice(&text)) == OK);
    buf_clear(&text);
    require(noise_write(&hs, &text, SLICE_EMPTY) == OK);
    session_receive(&w->session, &w->env, buf_slice(&text), 0);
    require(noise_read(&hs, &payload, buf_slice(&w->last)) == OK);
    require(noise_split(&hs, &w->seal, &receive, hash) == OK);
    buf_free(&text);
    buf_free(&payload);
}

static void give(struct world *w, slice message) {
    buf sealed = {0};
    bool ended = session_ended(&w->session);
    buf padded = {0};
    if (w->seal.ready && message.n <= PROTO_FRAME_MAX) {
        require(buf_set(&padded, message) == OK);
        require(!w->pads || proto_frame_pad(&padded) == OK);
        require(noise_seal(&w->seal, &sealed, buf_slice(&padded)) == OK);
    }
    buf_free(&padded);
    w->sent = 0;
    session_receive(&w->session, &w->env, w->seal.ready ? buf_slice(&sealed) : message, 0);
    require(w->sent <= (ended ? 0 : 1));
    buf_free(&sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t identity[32] = {1};
    struct world w = {.env.limits = session_limits_default};
    require(crypto_init() == OK);
    if (size == 0)
        return 0;
    w.env.ctx = &w;
    w.env.send = on_send;
    w.env.request = on_request;
    w.answers = (data[0] & 4) != 0;
    w.pads = (data[0] & 8) == 0;
    require(session_key_make(&w.env.keys[0], 1, identity, 1) == OK);
    session_init(&w.session, 1, &w.env, 0);
    if ((data[0] & 3) >= 1)
        session_receive(&w.session, &w.env, SLICE_ARRAY(hello), 0);
    if ((data[0] & 3) >= 2)
        shake_hands(&w);
    reader r = reader_of(slice_of(data + 1, size - 1));
    uint16_t n;
    slice message;
    while (reader_u16(&r, &n) == OK && reader_bytes(&r, n < r.n ? n : r.n, &message) == OK)
        give(&w, message);
    session_wipe(&w.session);
    session_env_fini(&w.env);
    buf_free(&w.last);
    return 0;
}
