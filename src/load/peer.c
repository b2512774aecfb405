#include "load/peer.h"

#include "crypto/crypto.h"

enum { HELLO, HANDSHAKE, PROVING, READY };

static void fail(struct peer *p) {
    sys_conn_close(p->conn, SYS_CLOSE_NOW);
}

static void end_handshake(struct peer *p) {
    if (p->noise == NULL)
        return;
    noise_wipe(p->noise);
    mem_free(NULL, p->noise, sizeof *p->noise);
    p->noise = NULL;
}

/* ---- Out ---- */

static err put(struct peer *p, uint16_t type, slice body) {
    buf *plain = &p->all->plain, *sealed = &p->all->sealed;
    buf_clear(plain);
    buf_clear(sealed);
    writer w = writer_on(plain);
    proto_frame_write(&w, ++p->requests, type);
    writer_bytes(&w, body);
    TRY(writer_result(&w));
    TRY(proto_frame_pad(plain));
    TRY(noise_seal(&p->send, sealed, buf_slice(plain)));
    return sys_conn_send(p->conn, buf_slice(sealed));
}

uint32_t peer_ask(struct peer *p, uint16_t type, slice body) {
    if (p->conn == NULL)
        return 0;
    if (put(p, type, body) == OK)
        return p->requests;
    fail(p);
    return 0;
}

static err write_hello(buf *out) {
    struct proto_client_hello hello = {.version = PROTO_VERSION, .aes = crypto_has_aes()};
    writer w = writer_on(out);
    proto_frame_write(&w, 0, PROTO_client_hello);
    proto_client_hello_write(&w, &hello);
    return writer_result(&w);
}

static err send_hello(struct peer *p) {
    buf_clear(&p->all->plain);
    TRY(write_hello(&p->all->plain));
    return sys_conn_send(p->conn, buf_slice(&p->all->plain));
}

/* ---- In ---- */

static err take_hello(struct peer *p, slice message) {
    struct proto_frame frame;
    struct proto_server_hello hello;
    buf *prologue = &p->all->plain, *first = &p->all->sealed;
    TRY(proto_frame_decode(message, &frame));
    if (frame.type != PROTO_server_hello)
        return ERR_DENIED;
    TRY(proto_server_hello_decode(frame.body, &hello));
    buf_clear(prologue);
    buf_clear(first);
    TRY(write_hello(prologue));
    TRY(buf_append(prologue, message));
    p->noise = mem_new(NULL, sizeof *p->noise);
    if (p->noise == NULL)
        return ERR_NO_MEMORY;
    TRY(noise_start_with(p->noise, hello.aes ? NOISE_AESGCM : NOISE_CHACHAPOLY, true,
                         hello.noise_key, NULL, buf_slice(prologue)));
    TRY(noise_write(p->noise, first, SLICE_EMPTY));
    return sys_conn_send(p->conn, buf_slice(first));
}

static err register_it(struct peer *p, const uint8_t hash[NOISE_HASH]) {
    struct account a;
    struct proto_register_account in = {0};
    buf devices = {0}, body = {0};
    err e = account_make(&a, p->all->accounts->seed, p->number);
    if (e == OK)
        e = account_devices(&a, &devices);
    memcpy(in.code, p->all->codes[p->number], sizeof in.code);
    memcpy(in.device, a.device, sizeof in.device);
    memcpy(in.mailbox_key, a.mailbox_key, sizeof in.mailbox_key);
    in.devices = buf_slice(&devices);
    if (e == OK)
        e = crypto_sign_labeled(in.proof, a.key_priv, PROTO_LABEL_LOGIN,
                                slice_of(hash, NOISE_HASH));
    if (e == OK)
        e = proto_register_account_encode(&body, &in);
    if (e == OK && peer_ask(p, PROTO_register_account, buf_slice(&body)) == 0)
        e = ERR_CLOSED;
    buf_free(&devices);
    buf_free(&body);
    wipe(&a, sizeof a);
    return e;
}

static err log_in(struct peer *p, const uint8_t hash[NOISE_HASH]) {
    struct account a;
    struct proto_login in;
    buf body = {0};
    TRY(account_make_login(&a, p->all->accounts->seed, p->number));
    memcpy(in.account, a.id, sizeof in.account);
    memcpy(in.device, a.device, sizeof in.device);
    TRY(crypto_sign_labeled(in.proof, a.key_priv, PROTO_LABEL_LOGIN, slice_of(hash, NOISE_HASH)));
    err e = proto_login_encode(&body, &in);
    if (e == OK && peer_ask(p, PROTO_login, buf_slice(&body)) == 0)
        e = ERR_CLOSED;
    buf_free(&body);
    wipe(&a, sizeof a);
    return e;
}

static err take_noise(struct peer *p, slice message) {
    uint8_t hash[NOISE_HASH];
    buf_clear(&p->all->plain);
    TRY(noise_read(p->noise, &p->all->plain, message));
    TRY(noise_split(p->noise, &p->send, &p->receive, hash));
    end_handshake(p);
    p->step = p->device ? PROVING : READY;
    if (p->device)
        return p->all->codes != NULL ? register_it(p, hash) : log_in(p, hash);
    p->all->events->ready(p);
    return OK;
}

static err take_frame(struct peer *p, slice message) {
    struct proto_frame frame;
    slice whole;
    buf plain = {0}; /* its own, since answering uses the others */
    err e = noise_open(&p->receive, &plain, message);
    if (e == OK)
        e = proto_frame_unpad(buf_slice(&plain), &whole);
    if (e == OK)
        e = proto_frame_decode(whole, &frame);
    if (e == OK && p->step == PROVING) {
        p->step = READY;
        if (frame.type == PROTO_ok)
            p->all->events->ready(p);
        else
            e = ERR_DENIED;
    } else if (e == OK) {
        p->all->events->frame(p, &frame);
    }
    buf_free(&plain);
    return e;
}

static void on_opened(struct sys_conn *conn, void *ctx) {
    struct peer *p = ctx;
    (void)conn;
    if (send_hello(p) != OK)
        fail(p);
}

static void on_message(struct sys_conn *conn, void *ctx, slice message) {
    struct peer *p = ctx;
    err e = OK;
    (void)conn;
    switch (p->step) {
    case HELLO:
        e = take_hello(p, message);
        p->step = HANDSHAKE;
        break;
    case HANDSHAKE:
        e = take_noise(p, message);
        break;
    default:
        e = take_frame(p, message);
    }
    if (e != OK && p->conn != NULL)
        fail(p);
}

static void on_closed(struct sys_conn *conn, void *ctx, err why) {
    struct peer *p = ctx;
    (void)conn;
    p->conn = NULL;
    end_handshake(p);
    p->all->events->ended(p, why);
}

static const struct sys_conn_events conn_events = {
    .opened = on_opened, .message = on_message, .closed = on_closed};

/* ---- Life ---- */

err peers_init(struct peers *all, struct sys_loop *loop, const struct accounts *accounts,
               const struct peer_events *events, uint32_t most) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.count_max = most;
    limits.held_max = 0;
    limits.queue_max = 0;
    limits.handshake_ms = limits.message_ms = limits.stall_ms = 120000;
    *all = (struct peers){.loop = loop, .events = events, .accounts = accounts};
    sys_conns_init(&all->conns, loop, &conn_events, NULL, &limits);
    return sys_tls_client_new(&all->tls, SYS_TLS_ANY);
}

void peers_fini(struct peers *all) {
    sys_conns_fini(&all->conns);
    sys_tls_free(all->tls);
    buf_free(&all->plain);
    buf_free(&all->sealed);
}

err peer_open(struct peer *p, struct peers *all, const struct sys_address *address,
              const struct sys_endpoint *endpoint, bool device, uint64_t number) {
    struct sys_connect connect = {
        .address = address, .endpoint = endpoint, .tls = all->tls, .ctx = p};
    void *ctx = p->ctx;
    *p = (struct peer){.all = all, .number = number, .device = device, .ctx = ctx};
    return sys_conn_open(&p->conn, &all->conns, &connect);
}

void peer_close(struct peer *p) {
    if (p->conn != NULL)
        sys_conn_close(p->conn, SYS_CLOSE_NOW);
}
