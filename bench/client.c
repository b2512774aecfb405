/* Clients of the real protocol, made by hand: Noise over plain TCP. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/crypto.h"

/* ---- Carrier messages: two bytes of length before each ---- */

static void write_all(int fd, const uint8_t *p, size_t n) {
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            must(poll(&wait, 1, 10000) == 1, "a write that waited");
            continue;
        }
        must(k > 0, "a write to the server");
        p += k;
        n -= (size_t)k;
    }
}

static void write_message(struct client *c, slice message) {
    uint8_t bytes[2 + 65536];
    bytes[0] = (uint8_t)(message.n >> 8);
    bytes[1] = (uint8_t)message.n;
    memcpy(bytes + 2, message.p, message.n);
    write_all(c->fd, bytes, 2 + message.n);
}

static void read_all(int fd, uint8_t *p, size_t n) {
    while (n > 0) {
        ssize_t k = recv(fd, p, n, 0);
        must(k > 0, "a read from the server");
        p += k;
        n -= (size_t)k;
    }
}

static void read_message(struct client *c, buf *message) {
    uint8_t head[2];
    read_all(c->fd, head, 2);
    must(buf_resize(message, (size_t)(head[0] << 8 | head[1])) == OK, "memory");
    read_all(c->fd, message->p, message->n);
}

/* ---- Frames ---- */

void client_ask(struct client *c, uint16_t type, slice body) {
    buf plain = {0}, sealed = {0};
    writer w = writer_on(&plain);
    proto_frame_write(&w, ++c->requests, type);
    writer_bytes(&w, body);
    must(writer_result(&w) == OK && proto_frame_pad(&plain) == OK &&
             noise_seal(&c->send, &sealed, buf_slice(&plain)) == OK,
         "sealing a frame");
    write_message(c, buf_slice(&sealed));
    buf_free(&plain);
    buf_free(&sealed);
}

void client_answer(struct client *c, uint16_t expected, buf *body) {
    buf message = {0}, plain = {0};
    struct proto_frame frame;
    slice whole;
    do {
        read_message(c, &message);
        buf_clear(&plain);
        must(noise_open(&c->receive, &plain, buf_slice(&message)) == OK &&
                 proto_frame_unpad(buf_slice(&plain), &whole) == OK &&
                 proto_frame_decode(whole, &frame) == OK,
             "opening a frame");
    } while (frame.request != c->requests);
    if (frame.type != expected)
        fprintf(stderr, "bench_server: answer %u, not %u\n", frame.type, expected);
    must(frame.type == expected, "an answer");
    if (body != NULL)
        must(buf_set(body, frame.body) == OK, "memory");
    buf_free(&message);
    buf_free(&plain);
}

static void take_message(struct client *c, slice message, client_frame *take, void *ctx) {
    buf plain = {0};
    struct proto_frame frame;
    slice whole;
    must(noise_open(&c->receive, &plain, message) == OK &&
             proto_frame_unpad(buf_slice(&plain), &whole) == OK &&
             proto_frame_decode(whole, &frame) == OK,
         "opening a frame");
    take(ctx, c, &frame);
    buf_free(&plain);
}

void client_read(struct client *c, client_frame *take, void *ctx) {
    uint8_t bytes[65536];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    must(n > 0, "a read from the server");
    must(buf_append(&c->in, slice_of(bytes, (size_t)n)) == OK, "memory");
    size_t at = 0;
    while (c->in.n - at >= 2) {
        size_t length = (size_t)(c->in.p[at] << 8 | c->in.p[at + 1]);
        if (c->in.n - at < 2 + length)
            break;
        take_message(c, slice_of(c->in.p + at + 2, length), take, ctx);
        at += 2 + length;
    }
    buf_consume(&c->in, at);
}

/* ---- Opening ---- */

static uint8_t client_hello[] = {0, 0, 0, 0, 0, PROTO_client_hello, 0, PROTO_VERSION, 0};

static void connect_to(struct client *c, const struct sottod *s) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->port)};
    struct timeval patience = {.tv_sec = 30};
    int on = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(c->fd >= 0, "a socket");
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    must(connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0, "a connection");
    client_hello[sizeof client_hello - 1] = crypto_has_aes();
    write_message(c, SLICE_ARRAY(client_hello));
}

static void start_noise(struct client *c) {
    buf hello = {0}, text = {0};
    struct proto_frame frame;
    struct proto_server_hello server;
    read_message(c, &hello);
    must(proto_frame_decode(buf_slice(&hello), &frame) == OK &&
             proto_server_hello_decode(frame.body, &server) == OK,
         "the server's hello");
    must(buf_append(&text, SLICE_ARRAY(client_hello)) == OK &&
             buf_append(&text, buf_slice(&hello)) == OK,
         "memory");
    must(noise_start_with(&c->noise, server.aes ? NOISE_AESGCM : NOISE_CHACHAPOLY, true,
                          server.noise_key, NULL, buf_slice(&text)) == OK,
         "Noise");
    buf_clear(&text);
    must(noise_write(&c->noise, &text, SLICE_EMPTY) == OK, "Noise");
    write_message(c, buf_slice(&text));
    buf_free(&hello);
    buf_free(&text);
}

static void finish_noise(struct client *c) {
    buf message = {0}, text = {0};
    read_message(c, &message);
    must(noise_read(&c->noise, &text, buf_slice(&message)) == OK &&
             noise_split(&c->noise, &c->send, &c->receive, c->hash) == OK,
         "Noise");
    buf_free(&message);
    buf_free(&text);
}

enum { AT_ONCE = 64 };

void clients_open(struct client *c, size_t count, const struct sottod *s) {
    for (size_t first = 0; first < count; first += AT_ONCE) {
        size_t last = first + AT_ONCE < count ? first + AT_ONCE : count;
        for (size_t i = first; i < last; i++) {
            c[i].requests = 0;
            connect_to(&c[i], s);
        }
        for (size_t i = first; i < last; i++)
            start_noise(&c[i]);
        for (size_t i = first; i < last; i++)
            finish_noise(&c[i]);
    }
}

void clients_close(struct client *c, size_t count) {
    for (size_t i = 0; i < count; i++) {
        close(c[i].fd);
        buf_free(&c[i].in);
        buf_free(&c[i].body);
        free(c[i].begun);
        c[i].begun = NULL;
    }
}

/* ---- Accounts ---- */

static void prove(const struct client *c, uint8_t proof[64]) {
    must(crypto_sign_labeled(proof, c->key_priv, PROTO_LABEL_LOGIN, SLICE_ARRAY(c->hash)) == OK,
         "a signature");
}

static void make_devices(const struct client *c, buf *devices) {
    uint8_t signature[64];
    writer w = writer_on(devices);
    writer_bytes(&w, SLICE_ARRAY(c->identity));
    writer_u32(&w, 1);
    size_t list = writer_open(&w);
    writer_bytes(&w, SLICE_ARRAY(c->device));
    writer_bytes(&w, SLICE_ARRAY(c->key));
    writer_close(&w, list);
    must(writer_result(&w) == OK, "a device list");
    must(crypto_sign_labeled(signature, c->identity_priv, PROTO_LABEL_DEVICE_LIST,
                             buf_slice(devices)) == OK,
         "a signature");
    must(buf_append(devices, SLICE_ARRAY(signature)) == OK, "memory");
}

static void ask_register(struct client *c, const uint8_t code[16]) {
    struct proto_register_account in = {0};
    uint8_t digest[32], mailbox_priv[32];
    buf devices = {0}, body = {0};
    must(crypto_ed25519.generate(c->identity, c->identity_priv) == OK &&
             crypto_ed25519.generate(c->key, c->key_priv) == OK,
         "keys");
    crypto_random(c->device, sizeof c->device);
    crypto_x25519_generate(in.mailbox_key, mailbox_priv); /* the load opens nothing */
    slice part = SLICE_ARRAY(c->identity);
    must(crypto_sha256.hash(digest, &part, 1) == OK, "a hash");
    memcpy(c->account, digest, sizeof c->account);
    make_devices(c, &devices);
    memcpy(in.code, code, 16);
    memcpy(in.device, c->device, 16);
    in.devices = buf_slice(&devices);
    prove(c, in.proof);
    must(proto_register_account_encode(&body, &in) == OK, "a registration");
    client_ask(c, PROTO_register_account, buf_slice(&body));
    buf_free(&devices);
    buf_free(&body);
}

static void take_address(struct client *c) {
    buf body = {0};
    struct proto_address_made made;
    client_answer(c, PROTO_address_made, &body);
    must(proto_address_made_decode(buf_slice(&body), &made) == OK && made.addresses.count == 1,
         "an address");
    memcpy(c->address, made.addresses.bytes.p, PROTO_ADDRESS);
    buf_free(&body);
}

void clients_register(struct client *c, size_t count, const struct sottod *s) {
    uint8_t(*codes)[16] = calloc(count, 16);
    must(codes != NULL, "memory");
    sottod_codes(s, codes, count);
    for (size_t first = 0; first < count; first += AT_ONCE) {
        size_t last = first + AT_ONCE < count ? first + AT_ONCE : count;
        for (size_t i = first; i < last; i++)
            ask_register(&c[i], codes[i]);
        for (size_t i = first; i < last; i++)
            client_answer(&c[i], PROTO_ok, NULL);
        for (size_t i = first; i < last; i++)
            client_ask(&c[i], PROTO_address_make, slice_of("\1", 1));
        for (size_t i = first; i < last; i++)
            take_address(&c[i]);
    }
    free(codes);
}

void clients_subscribe(struct client *c, size_t count) {
    static const uint8_t from_the_start[8];
    for (size_t i = 0; i < count; i++)
        client_ask(&c[i], PROTO_subscribe, SLICE_ARRAY(from_the_start));
    for (size_t i = 0; i < count; i++)
        client_answer(&c[i], PROTO_ok, NULL);
}
