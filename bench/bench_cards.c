/* Look-ups of handles that exist and that don't, over the server's own logic and store, and what it
 * costs to guess.
 *
 *     bench_cards [folder] [cards] [look-ups of each kind]
 *
 * The store is written, closed and opened again, so that cards come from its files. Names are asked
 * for once each, in random order, existing and missing ones mixed, and are few beside the cards, so
 * that hardly a row is met twice. A look-up's time is that of the
 * request and of the commit that answers it; its work is done before, off the clock. "told apart"
 * is how often the best single threshold of time is right about a name: 50 % is chance. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/crypto.h"
#include "server/mail.h"

enum { PASSES = 3, MEMORY = 64 << 20, SAMPLES_MAX = 1 << 20 };

static struct mail *mail;
static slice answer;
static uint16_t answer_type;
static uint8_t answer_bytes[8192];
static size_t sizes[2], largest[2];

static void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "bench_cards: %s failed\n", what);
    exit(1);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t now(void *ctx) {
    (void)ctx;
    return 3000 * (uint64_t)604800000; /* one moment: no hour ends meanwhile */
}

static void emit(void *ctx, const struct proto_edge_reply *reply) {
    (void)ctx;
    must(reply->body.n <= sizeof answer_bytes, "an answer that fits");
    if (reply->body.n > 0)
        memcpy(answer_bytes, reply->body.p, reply->body.n);
    answer = slice_of(answer_bytes, reply->body.n);
    answer_type = reply->type;
}

static void ask(uint64_t session, uint16_t type, slice body) {
    struct proto_edge_request request = {
        .session = session, .request = 1, .type = type, .body = body};
    answer_type = 0;
    mail_request(mail, &request);
    mail_commit(mail);
}

/* ---- Work ---- */

static bool enough(const uint8_t challenge[16], uint16_t type, const uint8_t place[32],
                   uint64_t nonce, unsigned bits) {
    uint8_t hash[32];
    must(crypto_work_hash(PROTO_LABEL_WORK, challenge, type, place, nonce, hash) == OK, "a hash");
    return crypto_work_bits(hash) >= bits;
}

static struct proto_work work(uint64_t session, uint16_t type, bool claim, const uint8_t place[32],
                              uint64_t *nonce) {
    struct proto_work w;
    ask(session, PROTO_work_get, SLICE_EMPTY);
    must(answer_type == PROTO_work && proto_work_decode(answer, &w) == OK, "the price");
    for (*nonce = 0; !enough(w.challenge, type, place, *nonce, claim ? w.claim_bits : w.find_bits);)
        ++*nonce;
    return w;
}

/* ---- Cards ---- */

static void place_of(bool there, uint32_t number, uint8_t place[32]) {
    uint8_t name[5] = {there};
    put_u32(name + 1, number);
    slice part = SLICE_ARRAY(name);
    must(crypto_blake2b_keyed(place, 32, SLICE_EMPTY, &part, 1) == OK, "a place");
}

static void put(uint64_t session, uint32_t number) {
    uint8_t seed[32], sealed[PROTO_CARD];
    struct proto_card_put m = {.renew = true, .version = 1, .sealed = SLICE_ARRAY(sealed)};
    buf body = {0};
    crypto_random(sealed, sizeof sealed);
    place_of(true, number, m.place);
    must(crypto_ed25519.generate(m.owner, seed) == OK, "a key");
    struct proto_work w = work(session, PROTO_card_put, true, m.place, &m.nonce);
    memcpy(m.challenge, w.challenge, 16);
    must(proto_card_put_encode(&body, &m) == OK &&
             crypto_sign_labeled(body.p + body.n - 64, seed, PROTO_LABEL_CARD_PUT,
                                 slice_of(body.p, body.n - 64)) == OK,
         "a body");
    ask(session, PROTO_card_put, buf_slice(&body));
    must(answer_type == PROTO_ok, "a claim");
    buf_free(&body);
}

static double look_up(uint64_t session, bool there, uint32_t number) {
    struct proto_card_get m;
    buf body = {0};
    place_of(there, number, m.place);
    (void)work(session, PROTO_card_get, false, m.place, &m.nonce);
    must(proto_card_get_encode(&body, &m) == OK, "a body");
    double begin = seconds_now();
    ask(session, PROTO_card_get, buf_slice(&body));
    double took = seconds_now() - begin;
    must(answer_type == PROTO_card, "a look-up");
    if (sizes[there] == 0 || answer.n < sizes[there])
        sizes[there] = answer.n;
    if (answer.n > largest[there])
        largest[there] = answer.n;
    buf_free(&body);
    return took;
}

/* ---- Figures ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Both sorted: the largest distance of their distributions, as how often a guess is right. */
static double told_apart(const double *a, const double *b, size_t n) {
    double best = 0;
    for (size_t i = 0, j = 0; i < n && j < n;) {
        a[i] <= b[j] ? i++ : j++;
        double d = (double)i / (double)n - (double)j / (double)n;
        d = d < 0 ? -d : d;
        best = d > best ? d : best;
    }
    return 0.5 + best / 2;
}

static void row(const char *name, bool there, const double *s, size_t n) {
    printf("| %s | %zu | %zu to %zu | %.1f | %.1f | %.1f |\n", name, n, sizes[there],
           largest[there], 1e6 * s[n / 20], 1e6 * s[n / 2], 1e6 * s[n - 1 - n / 100]);
}

static void look_ups(uint64_t *session, uint32_t cards, size_t n) {
    double *samples[2] = {calloc(n, sizeof(double)), calloc(n, sizeof(double))};
    size_t count[2] = {0};
    must(samples[0] != NULL && samples[1] != NULL && n <= cards, "memory");
    for (size_t i = 0; count[0] < n || count[1] < n; i++) {
        uint32_t random = 0;
        crypto_random(&random, sizeof random);
        bool there = count[1] < n && (count[0] == n || (random & 1) != 0);
        /* Numbers that are far apart: each card is met once. */
        uint32_t number = (uint32_t)((count[there] * 2654435761u) % cards);
        samples[there][count[there]++] = look_up(++*session, there, number);
    }
    for (int i = 0; i < 2; i++)
        qsort(samples[i], n, sizeof(double), by_value);
    printf("| the handle | look-ups | bytes of the answer | p5 us | p50 us | p99 us |\n"
           "|---|---|---|---|---|---|\n");
    row("exists", true, samples[1], n);
    row("does not", false, samples[0], n);
    printf("\nTold apart by time alone: %.1f %% right.\n\n",
           100 * told_apart(samples[1], samples[0], n));
    free(samples[0]);
    free(samples[1]);
}

static void guesses(void) {
    uint8_t out[64], salt[16] = {0}, place[32] = {0};
    double begin = seconds_now();
    for (int i = 0; i < 5; i++)
        must(crypto_argon2id(out, sizeof out, slice_str("anna"), salt, PASSES, MEMORY) == OK,
             "a stretch");
    double stretch = (seconds_now() - begin) / 5;
    const double hashes = 1 << 20;
    begin = seconds_now();
    for (uint64_t i = 0; i < 1 << 20; i++)
        (void)enough(salt, PROTO_card_get, place, i, 64);
    double hash = (seconds_now() - begin) / hashes;
    double first = (double)(1u << mail_limits_default.find_bits) * hash;
    printf("One stretch of a name: %.3f s (64 MiB, %d passes). One hash of work: %.3f us.\n\n",
           stretch, PASSES, 1e6 * hash);
    printf("| one million guesses | CPU hours |\n|---|---|\n"
           "| stretching alone: whoever has the disk and the pepper | %.0f |\n"
           "| with work at the first price, 8 look-ups a session, 4,096 an hour | %.0f |\n"
           "| with work at the highest price for all | %.0f |\n",
           1e6 * stretch / 3600, 1e6 * (stretch + first) / 3600,
           1e6 * (stretch + 64 * first) / 3600);
}

int main(int argc, char **argv) {
    char path[512];
    const char *folder = argc > 1 ? argv[1] : "/tmp";
    uint32_t cards = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 40000;
    size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 4000;
    struct mail_config config = {.limits = mail_limits_default, .now = now, .emit = emit};
    struct store_rocksdb_options options = {.memtable = 16 << 20};
    struct store *store = NULL;
    uint64_t session = 0;
    must(n > 100 && n <= cards && n < SAMPLES_MAX && crypto_init() == OK, "the start");
    config.chains = 16;
    config.chain_memory = calloc(1, mail_chains_size(config.chains));
    must(config.chain_memory != NULL, "memory");
    config.limits.find_bits = config.limits.claim_bits = 0;
    snprintf(path, sizeof path, "%s/cards-%ld", folder, (long)time(NULL));
    for (int turn = 0; turn < 2; turn++) {
        must(store_rocksdb_open(&store, path, &options) == OK, "the store");
        must(mail_new(&mail, store, &config, NULL) == OK, "the logic");
        for (uint32_t i = 0; turn == 0 && i < cards; i++)
            put(++session, i);
        if (turn == 1)
            look_ups(&session, cards, n);
        mail_free(mail);
        store_close(store);
    }
    free(config.chain_memory);
    guesses();
    return 0;
}
