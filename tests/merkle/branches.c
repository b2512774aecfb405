#include "branches.h"

#include "crypto/crypto.h"
#include "tests/test.h"

const uint8_t BRANCHES_SEED[32] = {1};

void branches_key(struct merkle_key *key, enum merkle_key_type type, const char *name,
                  const uint8_t *seed) {
    uint8_t public[32];
    CHECK_OK(crypto_ed25519.public_of(public, seed));
    CHECK_OK(merkle_key_make(key, type, slice_str(name), public));
}

/* Leaves of the branch differ from the third on. */
static err read_branch(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out) {
    const unsigned *branch = ctx;
    struct merkle_frontier frontier = {0};
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        uint8_t entry[2] = {(uint8_t)i, i < 2 ? 0 : (uint8_t)*branch};
        struct merkle_hash leaf;
        merkle_leaf_hash(&leaf, SLICE_ARRAY(entry));
        TRY(merkle_append(&frontier, &leaf));
    }
    merkle_frontier_root(&frontier, out);
    return OK;
}

void branches_root(unsigned branch, uint64_t size, struct merkle_hash *root) {
    struct merkle_source source = {read_branch, &branch};
    struct merkle_frontier frontier;
    CHECK_OK(merkle_frontier_read(&source, size, &frontier));
    merkle_frontier_root(&frontier, root);
}

void branches_checkpoint(buf *note, unsigned branch, uint64_t size, const struct merkle_key *key,
                         const uint8_t *seed) {
    struct merkle_checkpoint checkpoint = {.origin = slice_str(BRANCHES_ORIGIN), .size = size};
    buf text = {0};
    branches_root(branch, size, &checkpoint.root);
    CHECK_OK(merkle_checkpoint_format(&text, &checkpoint));
    buf_clear(note);
    CHECK_OK(merkle_note_begin(note, buf_slice(&text)));
    CHECK_OK(merkle_note_sign(note, buf_slice(&text), key, seed));
    buf_free(&text);
}

void branches_request(buf *body, unsigned branch, uint64_t old, uint64_t size) {
    struct merkle_source source = {read_branch, &branch};
    struct merkle_add_checkpoint request = {.old = old};
    struct merkle_key key;
    buf note = {0};
    branches_key(&key, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, BRANCHES_SEED);
    branches_checkpoint(&note, branch, size, &key, BRANCHES_SEED);
    CHECK_OK(merkle_consistency_prove(&source, old, size, &request.proof));
    request.note = buf_slice(&note);
    buf_clear(body);
    CHECK_OK(merkle_add_checkpoint_format(body, &request));
    buf_free(&note);
}
