#include "raw_person.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "open.h"

void rest(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void make_devices(struct person *p) {
    uint8_t signature[64];
    writer w = writer_on(&p->devices);
    writer_bytes(&w, SLICE_ARRAY(p->identity));
    writer_u32(&w, 1);
    size_t list = writer_open(&w);
    writer_bytes(&w, SLICE_ARRAY(p->device));
    writer_bytes(&w, SLICE_ARRAY(p->key));
    writer_close(&w, list);
    CHECK_OK(writer_result(&w));
    CHECK_OK(crypto_sign_labeled(signature, p->identity_priv, PROTO_LABEL_DEVICE_LIST,
                                 buf_slice(&p->devices)));
    CHECK_OK(buf_append(&p->devices, SLICE_ARRAY(signature)));
}

static void prove(const struct person *p, uint8_t proof[64]) {
    CHECK_OK(
        crypto_sign_labeled(proof, p->key_priv, PROTO_LABEL_LOGIN, SLICE_ARRAY(p->session.hash)));
}

void join(struct person *p, const struct server *s, unsigned code) {
    struct proto_register_account in = {0};
    buf body = {0};
    uint8_t digest[32];
    *p = (struct person){0};
    CHECK_OK(crypto_ed25519.generate(p->identity, p->identity_priv));
    CHECK_OK(crypto_ed25519.generate(p->key, p->key_priv));
    crypto_random(p->device, sizeof p->device);
    crypto_x25519_generate(in.mailbox_key, p->mailbox_priv);
    slice part = SLICE_ARRAY(p->identity);
    CHECK_OK(crypto_sha256.hash(digest, &part, 1));
    memcpy(p->account, digest, 16);
    make_devices(p);
    raw_open(&p->session, s);
    memcpy(in.code, s->codes[code], 16);
    memcpy(in.device, p->device, 16);
    in.devices = buf_slice(&p->devices);
    prove(p, in.proof);
    CHECK_OK(proto_register_account_encode(&body, &in));
    CHECK_EQ(raw_call(&p->session, PROTO_register_account, buf_slice(&body), &p->answer), PROTO_ok);
    CHECK_EQ(raw_call(&p->session, PROTO_address_make, slice_of("\1", 1), &p->answer),
             PROTO_address_made);
    struct proto_address_made made;
    CHECK_OK(proto_address_made_decode(buf_slice(&p->answer), &made));
    CHECK_EQ(made.addresses.count, 1);
    memcpy(p->address.bytes, made.addresses.bytes.p, PROTO_ADDRESS);
    buf_free(&body);
}

bool login(struct person *p, const struct server *s) {
    struct proto_login in;
    buf body = {0};
    raw_close(&p->session);
    if (!raw_try_open(&p->session, s))
        return false;
    memcpy(in.account, p->account, 16);
    memcpy(in.device, p->device, 16);
    prove(p, in.proof);
    CHECK_OK(proto_login_encode(&body, &in));
    uint16_t type = raw_call(&p->session, PROTO_login, buf_slice(&body), &p->answer);
    buf_free(&body);
    return type == PROTO_ok;
}

void login_soon(struct person *p, const struct server *s) {
    for (int i = 0; i < 100; i++) {
        if (login(p, s))
            return;
        rest(100);
    }
    CHECK(!"the server did not come back");
}

void leave(struct person *p) {
    raw_close(&p->session);
    buf_free(&p->devices);
    buf_free(&p->answer);
}

void subscribe(struct person *p, uint64_t after) {
    uint8_t body[8];
    for (int i = 0; i < 8; i++)
        body[i] = (uint8_t)(after >> (56 - 8 * i));
    (void)raw_ask(&p->session, PROTO_subscribe, SLICE_ARRAY(body));
}

void ack(struct person *p, uint64_t up_to) {
    uint8_t body[8];
    for (int i = 0; i < 8; i++)
        body[i] = (uint8_t)(up_to >> (56 - 8 * i));
    (void)raw_ask(&p->session, PROTO_ack, SLICE_ARRAY(body));
}

bool try_send(struct raw *c, const struct proto_address *to, slice item) {
    buf body = {0}, answer = {0};
    writer w = writer_on(&body);
    writer_vec(&w, SLICE_ARRAY(to->bytes));
    writer_vec(&w, item);
    CHECK_OK(writer_result(&w));
    struct proto_sent out = {0};
    bool sent = raw_call(c, PROTO_send, buf_slice(&body), &answer) == PROTO_sent &&
                proto_sent_decode(buf_slice(&answer), &out) == OK && out.refused.count == 0;
    buf_free(&body);
    buf_free(&answer);
    return sent;
}

uint64_t open_item(const struct person *p, const struct proto_frame *frame, buf *plain,
                   slice *item) {
    struct proto_delivery d;
    struct proto_parcel parcel;
    CHECK_EQ(frame->type, PROTO_delivery);
    CHECK_OK(proto_delivery_decode(frame->body, &d));
    CHECK_OK(delivery_open(&d, p->mailbox_priv, plain, &parcel));
    *item = parcel.item;
    return d.position;
}

/* The items up to caught_up, by the number that each holds: each at least once in `seen`. */
uint64_t collect(struct person *p, unsigned *seen, size_t count) {
    struct proto_frame frame;
    buf body = {0}, plain = {0};
    uint64_t last = 0;
    for (;;) {
        CHECK(raw_next(&p->session, &frame, &body));
        if (frame.type == PROTO_delivery) {
            slice item;
            uint64_t position = open_item(p, &frame, &plain, &item);
            CHECK(position > last);
            last = position;
            size_t number = (size_t)(item.p[0] << 8 | item.p[1]);
            CHECK(number < count);
            seen[number]++;
        } else if (frame.type == PROTO_caught_up) {
            break;
        }
    }
    buf_free(&body);
    buf_free(&plain);
    return last;
}

/* ---- What the operator sees ---- */

/* The status of a page; its head and body. */
static int ask_page(const struct server *s, const char *path, char *answer, size_t room) {
    char request[64];
    int status = 0;
    struct server web = {.port = s->http_port};
    struct raw c;
    raw_connect(&c, &web);
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    CHECK(send(c.fd, request, (size_t)n, MSG_NOSIGNAL) == n);
    ssize_t got = recv(c.fd, answer, room - 1, MSG_WAITALL);
    CHECK(got > 0);
    answer[got] = 0;
    CHECK(sscanf(answer, "HTTP/1.1 %d", &status) == 1);
    raw_close(&c);
    return status;
}

int health(const struct server *s) {
    char answer[32];
    return ask_page(s, "/health", answer, sizeof answer);
}

void expect_health(const struct server *s, int status) {
    int found = 0;
    for (int tries = 0; (found = health(s)) != status && tries < 100; tries++)
        rest(100);
    CHECK_EQ(found, status);
}

void expect_ready(const struct server *s, const char *why) {
    char answer[1024], body[64];
    int status = 0;
    snprintf(body, sizeof body, "\r\n\r\n{\"ready\":%s%s%s}\n", why == NULL ? "true" : "false,",
             why == NULL ? "" : "\"why\":", why == NULL ? "" : why);
    for (int tries = 0; tries < 200; tries++) {
        status = ask_page(s, "/ready", answer, sizeof answer);
        if (strstr(answer, body) != NULL)
            break;
        rest(100);
    }
    CHECK(strstr(answer, body) != NULL);
    CHECK_EQ(status, why == NULL ? 200 : 503);
}

/* How often the word stands in what came through the pipe since the last call. */
unsigned count_in_log(int pipe, const char *word) {
    static char text[65536];
    unsigned count = 0;
    ssize_t n = read(pipe, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
        count++;
    return count;
}
