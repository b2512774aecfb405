/* Requests to a witness, and its answers, over any bytes. The log's key is the one that the corpus
 * is signed with, so that what is mutated behind the signature is reached. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "merkle/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static const uint8_t LOG_SEED[32] = {1}, WITNESS_SEED[32] = {2};

struct world {
    struct merkle_key log_key;
    struct merkle_witnessed log;
    struct merkle_witness witness;
};

static void make_key(struct merkle_key *key, enum merkle_key_type type, const char *name,
                     const uint8_t *seed) {
    uint8_t public[MERKLE_KEY];
    require(crypto_init() == OK && crypto_ed25519.public_of(public, seed) == OK);
    require(merkle_key_make(key, type, slice_str(name), public) == OK);
}

static struct world *world(void) {
    static struct world w;
    if (w.witness.count > 0)
        return &w;
    make_key(&w.log_key, MERKLE_KEY_ED25519, "ledger.example/desk", LOG_SEED);
    make_key(&w.witness.key, MERKLE_KEY_COSIGNATURE, "witness.example/w1", WITNESS_SEED);
    w.log = (struct merkle_witnessed){
        .origin = slice_str("ledger.example/desk"), .keys = &w.log_key, .key_count = 1};
    w.witness.logs = &w.log;
    w.witness.count = 1;
    w.witness.seed = WITNESS_SEED;
    return &w;
}

/* A request that is understood is written as it was. */
static void check_request(slice body) {
    static struct merkle_add_checkpoint request;
    if (merkle_add_checkpoint_parse(&request, body) != OK)
        return;
    buf again = {0};
    require(request.proof.n <= MERKLE_REQUEST_HASHES && request.old <= MERKLE_SIZE_MAX);
    require(merkle_add_checkpoint_format(&again, &request) == OK);
    require(slice_equal(buf_slice(&again), body));
    buf_free(&again);
}

/* Of an unknown log's first checkpoint, and of a log that is known at another size. */
static void check_answer(struct world *w, slice body, uint64_t known) {
    struct merkle_witness_answer answer;
    uint64_t seconds;
    w->log.size = known;
    memset(&w->log.root, 7, sizeof w->log.root);
    require(merkle_witness_stage(&w->witness, body, 1, &answer) == OK);
    require(w->log.size == known);
    merkle_witness_apply(&w->witness, &answer);
    require(w->log.size >= known);
    if (answer.status == MERKLE_STATUS_CONFLICT) {
        require(merkle_conflict_parse(buf_slice(&answer.body), &seconds) == OK && seconds == known);
    } else if (answer.status == MERKLE_STATUS_OK) {
        static struct merkle_add_checkpoint request;
        buf note = {0};
        require(merkle_add_checkpoint_parse(&request, body) == OK && request.old == known);
        require(buf_set(&note, request.note) == OK);
        err e = merkle_cosignature_take(&note, buf_slice(&answer.body), &w->witness.key, &seconds);
        require((e == OK && seconds == 1) || e == ERR_LIMIT || e == ERR_TOO_LARGE);
        buf_free(&note);
    }
    buf_free(&answer.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice body = slice_of(data, size);
    struct world *w = world();
    check_request(body);
    check_answer(w, body, 0);
    check_answer(w, body, 5);
    return 0;
}
