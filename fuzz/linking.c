/* The other side of a link, behind an honest handshake: what it says as the device with the
 * identity's key, and as the new one.
 *
 * Bits of the first byte: 1 the client has the identity's key, else it is new; 2 its user says yes
 * before the other side's last word, else after; 4 what comes is signed, if it is an account, for
 * just this device; to the one with the identity's key, what comes is the second handshake
 * message's payload, and not the last word. */
#include <stdlib.h>
#include <string.h>

#include "core_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOLDER = 1, EARLY = 2, FITS = 4, TURNS = 40 };
static const uint8_t SEED[32] = {4}, KEY[32] = {5}, NONCE[32] = {6}, DEVICE[16] = {7};

struct other {
    uint8_t how;
    slice said;
    struct proto_link_code code;
    bool begun;
    struct noise_handshake noise;
    struct noise_cipher send, receive;
    buf out, last;                   /* for the client, when it asks next; and then */
    struct proto_link_answer answer; /* the client's */
    bool spoke;                      /* the handshake is through */
    bool waits;                      /* the last word, for the user's yes */
    bool agreed;
    bool over; /* all is said */
};
static struct other other;

static void split(void) {
    uint8_t hash[NOISE_HASH];
    require(noise_split(&other.noise, &other.send, &other.receive, hash) == OK);
    other.spoke = true;
}

/* ---- Beside a new device ---- */

static void begin_holder(slice code) {
    buf server = {0}, content = {0};
    require(proto_link_read(code, "link", &server, &content) == OK);
    require(proto_link_code_decode(buf_slice(&content), &other.code) == OK);
    require(noise_start(&other.noise, true, other.code.key, NULL, buf_slice(&content)) == OK);
    require(noise_write(&other.noise, &other.out, SLICE_EMPTY) == OK);
    other.begun = true;
    buf_free(&server);
    buf_free(&content);
}

static void sign(buf *out, const char *label) {
    require(crypto_sign_labeled(out->p + out->n - 64, SEED, label, slice_of(out->p, out->n - 64)) ==
            OK);
}

/* The same account, as its owner would give it to the client; what is none stays as it is. */
static void write_account(buf *plain) {
    struct proto_link_account m;
    struct proto_device_list list;
    struct proto_certificate certificate = {0};
    struct proto_device device;
    buf devices = {0}, signed_list = {0}, proof = {0};
    if ((other.how & FITS) == 0 || proto_link_account_decode(other.said, &m) != OK ||
        proto_device_list_decode(m.devices, &list) != OK) {
        require(buf_set(plain, other.said) == OK);
        return;
    }
    memcpy(device.id, other.answer.device, sizeof device.id);
    memcpy(device.key, other.answer.key, sizeof device.key);
    writer w = writer_on(&devices);
    list.devices = (struct proto_list){0};
    PROTO_LIST_ADD(device, &w, &list.devices, &device);
    require(writer_result(&w) == OK);
    list.devices.bytes = buf_slice(&devices);
    require(crypto_ed25519.public_of(list.identity, SEED) == OK);
    require(proto_device_list_encode(&signed_list, &list) == OK);
    sign(&signed_list, PROTO_LABEL_DEVICE_LIST);
    memcpy(certificate.identity, list.identity, sizeof certificate.identity);
    memcpy(certificate.device, device.id, sizeof certificate.device);
    memcpy(certificate.key, device.key, sizeof certificate.key);
    require(proto_certificate_encode(&proof, &certificate) == OK);
    sign(&proof, PROTO_LABEL_DEVICE);
    m.devices = buf_slice(&signed_list);
    m.certificate = buf_slice(&proof);
    server_identity(m.server);
    require(proto_link_account_encode(plain, &m) == OK);
    buf_free(&devices);
    buf_free(&signed_list);
    buf_free(&proof);
}

static void hear_new(slice bytes) {
    buf payload = {0};
    if (!other.spoke) {
        require(noise_read(&other.noise, &payload, bytes) == OK);
        require(proto_link_answer_decode(buf_slice(&payload), &other.answer) == OK);
        split();
        buf_clear(&payload);
        write_account(&payload);
        require(noise_seal(&other.send, &other.last, buf_slice(&payload)) == OK);
    }
    buf_free(&payload);
}

/* ---- Beside the device with the identity's key ---- */

static void begin_new(struct server *s) {
    static const char label[] = "Sotto link nonce v1";
    slice parts[] = {slice_of(label, sizeof label), SLICE_ARRAY(NONCE)};
    buf content = {0}, link = {0};
    uint64_t command;
    require(crypto_x25519_public(other.code.key, KEY) == OK);
    require(crypto_blake2b_keyed(other.code.commitment, 32, SLICE_EMPTY, parts, 2) == OK);
    require(proto_link_code_encode(&content, &other.code) == OK);
    require(proto_link_write(&link, "link", slice_str("here:1"), buf_slice(&content)) == OK);
    require(noise_start(&other.noise, false, other.code.key, KEY, buf_slice(&content)) == OK);
    require(core_device_link_take(s->core, buf_slice(&link), s->now, &command) == OK);
    buf_free(&content);
    buf_free(&link);
}

static void answer_first(slice bytes) {
    struct proto_link_answer answer = {0};
    buf payload = {0};
    require(noise_read(&other.noise, &payload, bytes) == OK && payload.n == 0);
    memcpy(answer.nonce, NONCE, sizeof answer.nonce);
    memcpy(answer.device, DEVICE, sizeof answer.device);
    require(crypto_ed25519.public_of(answer.key, SEED) == OK);
    if ((other.how & FITS) != 0)
        require(buf_set(&payload, other.said) == OK);
    else
        require(proto_link_answer_encode(&payload, &answer) == OK);
    require(noise_write(&other.noise, &other.out, buf_slice(&payload)) == OK);
    split();
    require(noise_seal(&other.send, &other.last, other.said) == OK);
    buf_free(&payload);
}

static void hear_holder(slice bytes) {
    buf plain = {0};
    if (!other.spoke)
        answer_first(bytes);
    else
        require(noise_open(&other.receive, &plain, bytes) == OK);
    buf_free(&plain);
}

/* ---- The server between ---- */

static void hand_over(struct server *s, uint32_t link, uint32_t request) {
    bool last = other.out.n == 0 && other.last.n > 0 && !other.waits;
    buf *bytes = last ? &other.last : &other.out, body = {0};
    struct proto_link_frame frame = {.bytes = buf_slice(bytes)};
    require(proto_link_frame_encode(&body, &frame) == OK);
    buf_clear(bytes);
    other.over |= last;
    server_say(s, link, request, PROTO_link_frame, buf_slice(&body));
    buf_free(&body);
}

static void asked(struct server *s, uint32_t link, const struct proto_frame *frame) {
    struct proto_link_put put;
    if (frame->type == PROTO_link_get)
        hand_over(s, link, frame->request);
    if (frame->type != PROTO_link_put)
        return;
    require(proto_link_put_decode(frame->body, &put) == OK);
    if (put.side == 0)
        hear_new(put.bytes);
    else
        hear_holder(put.bytes);
    server_say(s, link, frame->request, PROTO_ok, SLICE_EMPTY);
}

static void say_yes(struct server *s) {
    require(core_device_link_confirm(s->core, true, s->now) == OK);
    other.waits = false;
    other.agreed = true;
}

static void take_turns(struct server *s) {
    struct core_linking l;
    for (int i = 0; i < TURNS; i++) {
        (void)server_drain(s);
        core_linking_get(s->core, &l);
        if (l.state == CORE_LINKING_CODE && !other.begun)
            begin_holder(l.code);
        if (l.state == CORE_LINKING_DIGITS && (other.waits || other.over))
            say_yes(s);
        /* Before its user's yes a new device has nothing of an account. */
        require((other.how & HOLDER) != 0 || other.agreed || !s->core->account.exists);
        s->now += TIME_SECOND;
        core_wake(s->core, s->now);
    }
}

static void begin(struct server *s) {
    uint64_t command;
    server_start(s);
    s->asked = asked;
    if ((other.how & HOLDER) != 0) {
        server_register(s);
        (void)server_drain(s);
        begin_new(s);
    } else {
        require(core_device_link(s->core, slice_str("here:1"), s->now, &command) == OK);
    }
}

static void check(const struct server *s) {
    struct proto_device_list list;
    if (!s->core->account.exists)
        return;
    require(core_devices_own(s->core, &list) == OK && list.devices.count <= 2);
    if ((other.how & HOLDER) == 0)
        require((other.how & FITS) != 0); /* only its owner gives an account away */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct server s;
    if (size == 0 || size > PROTO_LINK_MAX / 2)
        return 0;
    other = (struct other){
        .how = data[0], .said = slice_of(data + 1, size - 1), .waits = (data[0] & EARLY) != 0};
    begin(&s);
    take_turns(&s);
    check(&s);
    server_finish(&s);
    noise_wipe(&other.noise);
    buf_free(&other.out);
    buf_free(&other.last);
    return 0;
}
