#include "merkle/tree.h"

#include "crypto/crypto.h"

static void hash_parts(struct merkle_hash *out, const slice *parts, size_t count) {
    struct crypto_sha256_state state;
    crypto_sha256_begin(&state);
    for (size_t i = 0; i < count; i++)
        crypto_sha256_add(&state, parts[i]);
    crypto_sha256_digest(&state, out->bytes);
}

void merkle_leaf_hash(struct merkle_hash *out, slice entry) {
    hash_parts(out, (slice[]){slice_of("\x00", 1), entry}, 2);
}

void merkle_node_hash(struct merkle_hash *out, const struct merkle_hash *left,
                      const struct merkle_hash *right) {
    slice parts[] = {slice_of("\x01", 1), merkle_hash_slice(left), merkle_hash_slice(right)};
    hash_parts(out, parts, 3);
}

/* ---- Growing ---- */

static size_t count_bits(uint64_t v) {
    size_t n = 0;
    for (; v != 0; v &= v - 1)
        n++;
    return n;
}

/* The root above peaks, n > 0, the largest first. */
static void fold(struct merkle_hash *root, const struct merkle_hash *peaks, size_t n) {
    *root = peaks[--n];
    while (n > 0)
        merkle_node_hash(root, &peaks[--n], root);
}

err merkle_append(struct merkle_frontier *frontier, const struct merkle_hash *leaf) {
    if (frontier->size >= MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    size_t n = count_bits(frontier->size);
    struct merkle_hash last = *leaf;
    for (uint64_t size = frontier->size; size % 2 != 0; size /= 2)
        merkle_node_hash(&last, &frontier->peaks[--n], &last);
    frontier->peaks[n] = last;
    frontier->size++;
    return OK;
}

void merkle_empty_root(struct merkle_hash *root) {
    hash_parts(root, NULL, 0);
}

void merkle_frontier_root(const struct merkle_frontier *frontier, struct merkle_hash *root) {
    if (frontier->size == 0)
        merkle_empty_root(root);
    else
        fold(root, frontier->peaks, count_bits(frontier->size));
}

/* ---- Proving ---- */

/* The peaks of the leaves from begin to before end, where begin is a multiple of the largest. */
static err read_peaks(const struct merkle_source *source, uint64_t begin, uint64_t end,
                      struct merkle_hash peaks[MERKLE_HEIGHT_MAX]) {
    uint64_t size = end - begin;
    for (unsigned level = MERKLE_HEIGHT_MAX; level-- > 0;)
        if ((size >> level & 1) != 0) {
            TRY(source->hash(source->ctx, level, begin >> level, peaks++));
            begin += (uint64_t)1 << level;
        }
    return OK;
}

/* Appends MTH(begin, end) to the proof. */
static err add_range(struct merkle_proof *proof, const struct merkle_source *source, uint64_t begin,
                     uint64_t end) {
    struct merkle_hash peaks[MERKLE_HEIGHT_MAX];
    if (proof->n == MERKLE_PROOF_MAX)
        return ERR_BUG;
    TRY(read_peaks(source, begin, end, peaks));
    fold(&proof->path[proof->n++], peaks, count_bits(end - begin));
    return OK;
}

/* The largest power of two below n, n > 1. */
static uint64_t split_of(uint64_t n) {
    uint64_t k = 1;
    while (k < n - k)
        k *= 2;
    return k;
}

/* Proofs are found from the root down, and written from the leaf up. */
static void reverse(struct merkle_proof *proof) {
    for (size_t i = 0; i < proof->n / 2; i++) {
        struct merkle_hash swapped = proof->path[i];
        proof->path[i] = proof->path[proof->n - 1 - i];
        proof->path[proof->n - 1 - i] = swapped;
    }
}

err merkle_frontier_read(const struct merkle_source *source, uint64_t size,
                         struct merkle_frontier *frontier) {
    if (size > MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    frontier->size = size;
    return read_peaks(source, 0, size, frontier->peaks);
}

err merkle_inclusion_prove(const struct merkle_source *source, uint64_t index, uint64_t size,
                           struct merkle_proof *proof) {
    proof->n = 0;
    if (size > MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    if (index >= size)
        return ERR_NOT_FOUND;
    uint64_t begin = 0, end = size;
    while (end - begin > 1) {
        uint64_t middle = begin + split_of(end - begin);
        if (index < middle) {
            TRY(add_range(proof, source, middle, end));
            end = middle;
        } else {
            TRY(add_range(proof, source, begin, middle));
            begin = middle;
        }
    }
    reverse(proof);
    return OK;
}

err merkle_consistency_prove(const struct merkle_source *source, uint64_t older, uint64_t newer,
                             struct merkle_proof *proof) {
    proof->n = 0;
    if (newer > MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    if (older > newer)
        return ERR_NOT_FOUND;
    if (older == 0)
        return OK;
    uint64_t begin = 0, end = newer;
    while (end != older) {
        uint64_t middle = begin + split_of(end - begin);
        if (older <= middle) {
            TRY(add_range(proof, source, middle, end));
            end = middle;
        } else {
            TRY(add_range(proof, source, begin, middle));
            begin = middle;
        }
    }
    /* Who verifies has the older root, but no smaller part of that tree. */
    if (begin > 0)
        TRY(add_range(proof, source, begin, end));
    reverse(proof);
    return OK;
}

/* ---- Verifying ---- */

/* A place in the tree, as RFC 9162 climbs it: a node's number in its level, and the last one's. */
struct climb {
    uint64_t node, last;
};

/* Whether the next hash of the path stands to the left. The climb goes on to the parent, past
 * levels where the node has no sibling. */
static bool comes_left(struct climb *c) {
    bool left = c->node % 2 == 1 || c->node == c->last;
    while (left && c->node % 2 == 0 && c->node != 0) {
        c->node >>= 1;
        c->last >>= 1;
    }
    c->node >>= 1;
    c->last >>= 1;
    return left;
}

err merkle_inclusion_verify(const struct merkle_proof *proof, const struct merkle_hash *leaf,
                            uint64_t index, uint64_t size, const struct merkle_hash *root) {
    if (index >= size || size > MERKLE_SIZE_MAX || proof->n > MERKLE_PROOF_MAX)
        return ERR_PROOF;
    struct climb c = {index, size - 1};
    struct merkle_hash hash = *leaf;
    for (size_t i = 0; i < proof->n; i++) {
        if (c.last == 0)
            return ERR_PROOF;
        if (comes_left(&c))
            merkle_node_hash(&hash, &proof->path[i], &hash);
        else
            merkle_node_hash(&hash, &hash, &proof->path[i]);
    }
    return c.last == 0 && merkle_hash_equal(&hash, root) ? OK : ERR_PROOF;
}

/* 0 < older < newer. */
static err verify_growth(const struct merkle_proof *proof, uint64_t older,
                         const struct merkle_hash *older_root, uint64_t newer,
                         const struct merkle_hash *newer_root) {
    struct climb c = {older - 1, newer - 1};
    while (c.node % 2 == 1) {
        c.node >>= 1;
        c.last >>= 1;
    }
    /* An older tree that is complete is a node of the newer; its hash is not sent. */
    bool complete = c.node == 0;
    if (!complete && proof->n == 0)
        return ERR_PROOF;
    struct merkle_hash was = complete ? *older_root : proof->path[0], is = was;
    for (size_t i = complete ? 0 : 1; i < proof->n; i++) {
        if (c.last == 0)
            return ERR_PROOF;
        const struct merkle_hash *next = &proof->path[i];
        if (comes_left(&c)) {
            merkle_node_hash(&was, next, &was);
            merkle_node_hash(&is, next, &is);
        } else {
            merkle_node_hash(&is, &is, next);
        }
    }
    bool holds =
        c.last == 0 && merkle_hash_equal(&was, older_root) && merkle_hash_equal(&is, newer_root);
    return holds ? OK : ERR_PROOF;
}

err merkle_consistency_verify(const struct merkle_proof *proof, uint64_t older,
                              const struct merkle_hash *older_root, uint64_t newer,
                              const struct merkle_hash *newer_root) {
    if (older > newer || newer > MERKLE_SIZE_MAX || proof->n > MERKLE_PROOF_MAX)
        return ERR_PROOF;
    if (older > 0 && older < newer)
        return verify_growth(proof, older, older_root, newer, newer_root);
    struct merkle_hash same = *newer_root;
    if (older == 0)
        merkle_empty_root(&same);
    if (older == 0 && newer == 0 && !merkle_hash_equal(&same, newer_root))
        return ERR_PROOF;
    return proof->n == 0 && merkle_hash_equal(&same, older_root) ? OK : ERR_PROOF;
}
