/* What padding costs: a message as the server gets it (send, to ten devices) and as a device gets
 * it (delivery), with its item and its frame padded and without either, in one run. Sealed, written
 * to a socket, read, opened and decoded, in turn by one thread: so what a message costs both ends.
 *
 *     bench_padding [seconds of each measurement] */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/internal.h"

enum { DEVICES = 10, SLICES = 20 };

static struct noise_cipher here, there;
static int ends[2];

static void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "bench_padding: %s failed\n", what);
    exit(1);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void shake_hands(void) {
    struct noise_handshake one, other;
    struct noise_cipher unused;
    uint8_t pub[32], priv[32], hash[NOISE_HASH];
    buf message = {0}, payload = {0};
    crypto_x25519_generate(pub, priv);
    must(noise_start(&one, true, pub, NULL, SLICE_EMPTY) == OK, "a handshake");
    must(noise_start(&other, false, pub, priv, SLICE_EMPTY) == OK, "a handshake");
    must(noise_write(&one, &message, SLICE_EMPTY) == OK, "a handshake");
    must(noise_read(&other, &payload, buf_slice(&message)) == OK, "a handshake");
    buf_clear(&message);
    must(noise_write(&other, &message, SLICE_EMPTY) == OK, "a handshake");
    must(noise_read(&one, &payload, buf_slice(&message)) == OK, "a handshake");
    must(noise_split(&one, &here, &unused, hash) == OK, "a handshake");
    must(noise_split(&other, &unused, &there, hash) == OK, "a handshake");
    buf_free(&message);
    buf_free(&payload);
}

/* ---- One message ---- */

/* An item that holds a message of so many bytes: its kind, its length and it, padded or not. */
static void make_item(size_t n, bool padded, buf *item) {
    buf message = {0};
    must(buf_resize(&message, n) == OK, "memory");
    crypto_random(message.p, n);
    must(proto_item_write(item, PROTO_ITEM_MESSAGE, buf_slice(&message)) == OK, "an item");
    if (!padded)
        must(buf_resize(item, 1 + (n < 64 ? 1 : n < 16384 ? 2 : 4) + n) == OK, "an item");
    buf_free(&message);
}

static void make_send(slice item, buf *body) {
    uint8_t addresses[DEVICES * PROTO_ADDRESS];
    struct proto_send m = {.addresses = {SLICE_ARRAY(addresses), DEVICES}, .item = item};
    crypto_random(addresses, sizeof addresses);
    must(proto_send_encode(body, &m) == OK, "a request");
}

static void make_delivery(slice item, buf *body) {
    struct proto_parcel parcel = {.item = item};
    struct proto_delivery m = {.position = 1};
    buf sealed = {0};
    must(proto_parcel_encode(&sealed, &parcel) == OK, "a delivery");
    must(buf_resize(&sealed, sealed.n + CRYPTO_CHAIN_TAG) == OK, "memory");
    m.sealed = buf_slice(&sealed);
    must(proto_delivery_encode(body, &m) == OK, "a delivery");
    buf_free(&sealed);
}

/* Returns the bytes on the wire, with the two that say a carrier's message's length. */
static size_t pass(uint16_t type, slice body, bool padded) {
    static uint8_t wire[2 + NOISE_MESSAGE_MAX];
    static buf plain, sealed, opened;
    struct proto_frame frame;
    writer w = writer_on(&plain);
    buf_clear(&plain);
    buf_clear(&sealed);
    buf_clear(&opened);
    proto_frame_write(&w, 1, type);
    writer_bytes(&w, body);
    must(writer_result(&w) == OK, "a frame");
    must(!padded || proto_frame_pad(&plain) == OK, "padding");
    must(noise_seal(&here, &sealed, buf_slice(&plain)) == OK, "sealing");
    size_t n = 2 + sealed.n;
    memcpy(wire + 2, sealed.p, sealed.n);
    must(write(ends[0], wire, n) == (ssize_t)n, "a write");
    for (size_t got = 0; got < n;) {
        ssize_t k = read(ends[1], wire + got, n - got);
        must(k > 0, "a read");
        got += (size_t)k;
    }
    must(noise_open(&there, &opened, slice_of(wire + 2, n - 2)) == OK, "opening");
    slice inside = buf_slice(&opened);
    must(!padded || proto_frame_unpad(inside, &inside) == OK, "padding");
    must(proto_frame_decode(inside, &frame) == OK && frame.body.n == body.n, "a frame");
    return n;
}

/* ---- The table ---- */

struct way {
    buf body;
    size_t bytes, count;
    double time;
};

static void run(struct way *way, uint16_t type, bool padded, double seconds) {
    double begun = seconds_now(), now = begun;
    for (; now < begun + seconds; now = seconds_now())
        for (int i = 0; i < 100; i++, way->count++)
            way->bytes = pass(type, buf_slice(&way->body), padded);
    way->time += now - begun;
}

/* Both ways by turns, so that the machine's moods fall on both. */
static void measure(const char *name, uint16_t type, size_t n, double seconds) {
    struct way ways[2] = {0};
    for (int padded = 0; padded < 2; padded++) {
        buf item = {0};
        make_item(n, padded, &item);
        if (type == PROTO_send)
            make_send(buf_slice(&item), &ways[padded].body);
        else
            make_delivery(buf_slice(&item), &ways[padded].body);
        buf_free(&item);
    }
    for (int i = 0; i < SLICES; i++)
        for (int padded = 0; padded < 2; padded++)
            run(&ways[padded], type, padded, seconds / SLICES);
    double bare = (double)ways[0].count / ways[0].time, full = (double)ways[1].count / ways[1].time;
    printf("| %s | %zu | %zu | %zu | %.2f | %.0f | %.0f | %.2f |\n", name, n, ways[0].bytes,
           ways[1].bytes, (double)ways[1].bytes / (double)ways[0].bytes, bare, full, full / bare);
    fflush(stdout);
    buf_free(&ways[0].body);
    buf_free(&ways[1].body);
}

int main(int argc, char **argv) {
    static const size_t sizes[] = {150, 300, 600, 1500, 5000, 15000};
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    must(crypto_init() == OK, "the crypto library");
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "a socket");
    shake_hands();
    printf("| message | bytes of MLS | bare bytes | padded bytes | ratio | bare/s | padded/s | "
           "ratio |\n"
           "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        measure("send to ten", PROTO_send, sizes[i], seconds);
        measure("delivery", PROTO_delivery, sizes[i], seconds);
    }
    return 0;
}
