/* A conversation of 1,000 devices, each with a mailbox of its own: one message to all of them by
 * the addresses, in two requests, and by the stored roster, in one. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"

enum { DEVICES = 1000, IN_REQUEST = DEVICES / 2 };
static const uint8_t group[32] = {7}, key[32] = {9}, nonce[24];

static uint8_t hash[32];

static void seal(const buf *addresses, buf *sealed) {
    buf bound = {0};
    slice all = buf_slice(addresses);
    must(crypto_blake2b_keyed(hash, sizeof hash, SLICE_EMPTY, &all, 1) == OK, "a hash");
    must(proto_roster_bound(&bound, group, hash) == OK, "memory");
    size_t n = proto_roster_step(DEVICES) * PROTO_ADDRESS;
    must(buf_set(sealed, all) == OK && buf_resize(sealed, n + 16) == OK, "memory");
    must(crypto_xchacha20poly1305.seal(sealed->p, key, nonce, buf_slice(&bound),
                                       slice_of(sealed->p, n)) == OK,
         "sealing a roster");
    buf_free(&bound);
}

static void upload(struct client *c, const uint8_t *address, slice sealed, const uint8_t id[32]) {
    struct proto_blob_put put = {.chunks = (uint32_t)((sealed.n - 1) / PROTO_CHUNK_MAX + 1)};
    memcpy(put.address, address, PROTO_ADDRESS);
    memcpy(put.id, id, 32);
    for (; put.chunk < put.chunks; put.chunk++) {
        size_t at = put.chunk * PROTO_CHUNK_MAX, n = sealed.n - at;
        put.bytes = slice_of(sealed.p + at, n < PROTO_CHUNK_MAX ? n : PROTO_CHUNK_MAX);
        buf body = {0};
        must(proto_blob_put_encode(&body, &put) == OK, "memory");
        client_ask(c, PROTO_blob_put, buf_slice(&body));
        client_answer(c, PROTO_blob_state, NULL);
        buf_free(&body);
    }
}

/* The first commit, which brings the roster. */
static void store_roster(struct client *c, const buf *addresses) {
    struct proto_roster_new roster = {.count = DEVICES};
    struct proto_commit commit = {.addresses = {slice_of(addresses->p, PROTO_ADDRESS), 1},
                                  .item = slice_str("commit")};
    buf sealed = {0}, list = {0}, body = {0};
    seal(addresses, &sealed);
    crypto_random(roster.blob, sizeof roster.blob);
    memcpy(roster.key, key, sizeof roster.key);
    upload(c, addresses->p, buf_slice(&sealed), roster.blob);
    must(proto_roster_new_encode(&list, &roster) == OK, "memory");
    commit.replaces = (struct proto_list){buf_slice(&list), 1};
    memcpy(commit.group, group, sizeof group);
    crypto_random(commit.next, sizeof commit.next);
    memcpy(commit.roster_hash, hash, sizeof hash);
    must(proto_commit_encode(&body, &commit) == OK, "memory");
    client_ask(c, PROTO_commit, buf_slice(&body));
    client_answer(c, PROTO_committed, NULL);
    buf_free(&sealed);
    buf_free(&list);
    buf_free(&body);
}

static void write_bodies(const buf *addresses, buf halves[2], buf *by_roster) {
    uint8_t item[ITEM];
    struct proto_roster_send m = {.count = DEVICES, .item = SLICE_ARRAY(item)};
    crypto_random(item, sizeof item);
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *first = addresses->p + i * IN_REQUEST * PROTO_ADDRESS;
        struct proto_send half = {
            .addresses = {slice_of(first, IN_REQUEST * PROTO_ADDRESS), IN_REQUEST},
            .item = SLICE_ARRAY(item)};
        must(proto_send_encode(&halves[i], &half) == OK, "memory");
    }
    memcpy(m.group, group, sizeof group);
    memcpy(m.roster_hash, hash, sizeof hash);
    memcpy(m.key, key, sizeof key);
    must(proto_roster_send_encode(by_roster, &m) == OK, "memory");
}

static void send_to_all(struct client *c, uint16_t type, const buf *bodies, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf answer = {0};
        client_ask(c, type, buf_slice(&bodies[i]));
        client_answer(c, PROTO_sent, &answer);
        must(answer.n == 2 && answer.p[0] == 1 && answer.p[1] == 0, "a send to all");
        buf_free(&answer);
    }
}

static void measure(const struct sottod *s, struct client *c, const char *way, uint16_t type,
                    const buf *bodies, size_t count, double seconds) {
    size_t n = 0, bytes = 0;
    send_to_all(c, type, bodies, count);
    double cpu = machine_of(s->pid, false).cpu, begun = seconds_now();
    for (; seconds_now() < begun + seconds; n++)
        send_to_all(c, type, bodies, count);
    double passed = seconds_now() - begun;
    for (size_t i = 0; i < count; i++)
        bytes += bodies[i].n;
    printf("| %s | %.1f | %.0f | %.2f | %zu |\n", way, (double)n / passed,
           (double)n * DEVICES / passed, 1e3 * (machine_of(s->pid, false).cpu - cpu) / (double)n,
           bytes);
    (void)fflush(stdout);
}

void show_large(const struct sottod *s, double seconds) {
    struct client *devices = calloc(DEVICES, sizeof *devices), sender = {0};
    buf addresses = {0}, halves[2] = {{0}, {0}}, by_roster = {0};
    must(devices != NULL, "memory");
    clients_open(devices, DEVICES, s);
    clients_register(devices, DEVICES, s);
    for (size_t i = 0; i < DEVICES; i++)
        must(buf_append(&addresses, SLICE_ARRAY(devices[i].address)) == OK, "memory");
    clients_close(devices, DEVICES);
    clients_open(&sender, 1, s);
    store_roster(&sender, &addresses);
    write_bodies(&addresses, halves, &by_roster);
    printf("| to %d mailboxes | messages/s | items/s | server CPU ms/message | bytes sent |\n"
           "|---|---|---|---|---|\n",
           DEVICES);
    for (int round = 0; round < 2; round++) {
        measure(s, &sender, "by addresses, in two requests", PROTO_send, halves, 2, seconds);
        measure(s, &sender, "by the stored roster", PROTO_roster_send, &by_roster, 1, seconds);
    }
    clients_close(&sender, 1);
    for (size_t i = 0; i < 2; i++)
        buf_free(&halves[i]);
    buf_free(&by_roster);
    buf_free(&addresses);
    free(devices);
}
