#include "tests/test.h"

#include "merkle/tree.h"
#include "tests/support.h"

/* ---- The definitions of RFC 6962 section 2.1, as they are written there ---- */

enum { LEAVES = 300 };

static struct merkle_hash leaves[LEAVES];

static void leaf_of(struct merkle_hash *out, unsigned i) {
    uint8_t entry[2] = {(uint8_t)(i >> 8), (uint8_t)i};
    merkle_leaf_hash(out, SLICE_ARRAY(entry));
}

static unsigned half(unsigned n) {
    unsigned k = 1;
    while (2 * k < n)
        k *= 2;
    return k;
}

/* MTH of complete subtrees, by height and number: computed once, by the same definition. */
static struct merkle_hash complete[9][LEAVES];

static struct merkle_hash mth(const struct merkle_hash *d, unsigned n) {
    struct merkle_hash out;
    unsigned height = 0, number = (unsigned)(d - leaves);
    while (1u << height < n)
        height++;
    if (n == 1u << height)
        return complete[height][number >> height];
    struct merkle_hash left = mth(d, half(n)), right = mth(d + half(n), n - half(n));
    merkle_node_hash(&out, &left, &right);
    return out;
}

static void path_of(struct merkle_proof *p, unsigned m, const struct merkle_hash *d, unsigned n) {
    if (n == 1)
        return;
    unsigned k = half(n);
    if (m < k) {
        path_of(p, m, d, k);
        p->path[p->n++] = mth(d + k, n - k);
    } else {
        path_of(p, m - k, d + k, n - k);
        p->path[p->n++] = mth(d, k);
    }
}

static void subproof(struct merkle_proof *p, unsigned m, const struct merkle_hash *d, unsigned n,
                     bool known) {
    if (m == n) {
        if (!known)
            p->path[p->n++] = mth(d, n);
        return;
    }
    unsigned k = half(n);
    if (m <= k) {
        subproof(p, m, d, k, known);
        p->path[p->n++] = mth(d + k, n - k);
    } else {
        subproof(p, m - k, d + k, n - k, false);
        p->path[p->n++] = mth(d, k);
    }
}

static void check_same(const struct merkle_proof *got, const struct merkle_proof *expected) {
    CHECK_EQ(got->n, expected->n);
    for (size_t i = 0; i < got->n; i++)
        CHECK_SLICE(merkle_hash_slice(&got->path[i]), merkle_hash_slice(&expected->path[i]));
}

/* Reads the leaves, as a log that kept nothing else would. */
static err read_leaves(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out) {
    const uint64_t *size = ctx;
    if ((index + 1) << level > *size)
        return ERR_IO;
    *out = mth(leaves + (index << level), 1u << level);
    return OK;
}

static struct merkle_hash roots[LEAVES + 1];

static void grow(void) {
    struct merkle_frontier frontier = {0};
    merkle_frontier_root(&frontier, &roots[0]);
    for (unsigned n = 1; n <= LEAVES; n++) {
        leaf_of(&leaves[n - 1], n - 1);
        complete[0][n - 1] = leaves[n - 1];
        CHECK_OK(merkle_append(&frontier, &leaves[n - 1]));
        merkle_frontier_root(&frontier, &roots[n]);
    }
    for (unsigned height = 1; height < 9; height++)
        for (unsigned i = 0; (i + 1) << height <= LEAVES; i++)
            merkle_node_hash(&complete[height][i], &complete[height - 1][2 * i],
                             &complete[height - 1][2 * i + 1]);
}

/* ---- Tests ---- */

/* The eight leaves that RFC 6962's implementations have had in their tests from the start. */
TEST(the_trees_of_the_first_implementations_have_their_roots) {
    static const char *const ENTRIES[] = {"",
                                          "00",
                                          "10",
                                          "2021",
                                          "3031",
                                          "40414243",
                                          "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f"};
    static const char *const ROOTS[] = {
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct merkle_frontier frontier = {0};
    struct merkle_hash root, expected, leaf;
    merkle_frontier_root(&frontier, &root);
    SUPPORT_HEX(expected.bytes, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_SLICE(merkle_hash_slice(&root), merkle_hash_slice(&expected));
    for (size_t i = 0; i < sizeof(ROOTS) / sizeof(ROOTS[0]); i++) {
        uint8_t entry[16];
        size_t n = strlen(ENTRIES[i]) / 2;
        support_hex(entry, n, ENTRIES[i]);
        merkle_leaf_hash(&leaf, slice_of(entry, n));
        CHECK_OK(merkle_append(&frontier, &leaf));
        merkle_frontier_root(&frontier, &root);
        SUPPORT_HEX(expected.bytes, ROOTS[i]);
        CHECK_SLICE(merkle_hash_slice(&root), merkle_hash_slice(&expected));
    }
}

TEST(roots_and_frontiers_are_those_of_the_definition) {
    grow();
    for (uint64_t n = 1; n <= LEAVES; n++) {
        struct merkle_hash expected = mth(leaves, (unsigned)n), root;
        CHECK_SLICE(merkle_hash_slice(&roots[n]), merkle_hash_slice(&expected));
        struct merkle_source source = {read_leaves, &n};
        struct merkle_frontier frontier;
        CHECK_OK(merkle_frontier_read(&source, n, &frontier));
        merkle_frontier_root(&frontier, &root);
        CHECK_SLICE(merkle_hash_slice(&root), merkle_hash_slice(&expected));
    }
}

static void check_inclusion_of(struct merkle_proof *proof, unsigned index, unsigned size) {
    const struct merkle_hash *leaf = &leaves[index], *root = &roots[size];
    static unsigned turn;
    CHECK_OK(merkle_inclusion_verify(proof, leaf, index, size, root));
    /* Another place, or another size. */
    for (unsigned other = 0; other <= size; other += other == index ? 1 : 1 + other / 2)
        CHECK((merkle_inclusion_verify(proof, leaf, other, size, root) == OK) == (other == index));
    CHECK_ERR(merkle_inclusion_verify(proof, leaf, index, size, &roots[size - 1]), ERR_PROOF);
    if (size < LEAVES)
        CHECK_ERR(merkle_inclusion_verify(proof, leaf, index, size, &roots[size + 1]), ERR_PROOF);
    CHECK_ERR(merkle_inclusion_verify(proof, &leaves[(index + 1) % LEAVES], index, size, root),
              ERR_PROOF);
    if (proof->n > 0) {
        /* One bit changed, another each time; and one hash fewer, and one more. */
        uint8_t *byte = &proof->path[turn % proof->n].bytes[turn / 8 % MERKLE_HASH];
        *byte ^= (uint8_t)(1 << turn % 8);
        CHECK_ERR(merkle_inclusion_verify(proof, leaf, index, size, root), ERR_PROOF);
        *byte ^= (uint8_t)(1 << turn++ % 8);
        proof->n--;
        CHECK_ERR(merkle_inclusion_verify(proof, leaf, index, size, root), ERR_PROOF);
        proof->n++;
    }
    proof->path[proof->n++] = *leaf;
    CHECK_ERR(merkle_inclusion_verify(proof, leaf, index, size, root), ERR_PROOF);
    proof->n--;
}

TEST(every_inclusion_proof_holds_and_none_that_is_changed) {
    grow();
    for (uint64_t size = 1; size <= LEAVES; size++) {
        struct merkle_source source = {read_leaves, &size};
        for (unsigned index = 0; index < size; index++) {
            struct merkle_proof proof, expected = {0};
            CHECK_OK(merkle_inclusion_prove(&source, index, size, &proof));
            path_of(&expected, index, leaves, (unsigned)size);
            check_same(&proof, &expected);
            check_inclusion_of(&proof, index, (unsigned)size);
        }
    }
}

static void check_consistency_of(struct merkle_proof *proof, unsigned older, unsigned newer) {
    const struct merkle_hash *was = &roots[older], *is = &roots[newer];
    static unsigned turn;
    CHECK_OK(merkle_consistency_verify(proof, older, was, newer, is));
    CHECK_ERR(merkle_consistency_verify(proof, older, was, newer, &leaves[LEAVES - 1]),
              older == 0 && newer > 0 ? OK : ERR_PROOF);
    CHECK_ERR(merkle_consistency_verify(proof, older, &leaves[LEAVES - 1], newer, is), ERR_PROOF);
    if (older > 0)
        CHECK_ERR(merkle_consistency_verify(proof, older - 1, was, newer, is), ERR_PROOF);
    if (older < newer) {
        CHECK_ERR(merkle_consistency_verify(proof, newer, is, older, was), ERR_PROOF);
        CHECK_ERR(merkle_consistency_verify(proof, older + 1, was, newer, is), ERR_PROOF);
    }
    if (proof->n > 0) {
        uint8_t *byte = &proof->path[turn % proof->n].bytes[turn / 8 % MERKLE_HASH];
        *byte ^= (uint8_t)(1 << turn % 8);
        CHECK_ERR(merkle_consistency_verify(proof, older, was, newer, is), ERR_PROOF);
        *byte ^= (uint8_t)(1 << turn++ % 8);
        proof->n--;
        CHECK_ERR(merkle_consistency_verify(proof, older, was, newer, is), ERR_PROOF);
        proof->n++;
    }
    proof->path[proof->n++] = *was;
    CHECK_ERR(merkle_consistency_verify(proof, older, was, newer, is), ERR_PROOF);
    proof->n--;
}

TEST(every_consistency_proof_holds_and_none_that_is_changed) {
    grow();
    for (uint64_t newer = 0; newer <= LEAVES; newer++) {
        struct merkle_source source = {read_leaves, &newer};
        for (unsigned older = 0; older <= newer; older++) {
            struct merkle_proof proof, expected = {0};
            CHECK_OK(merkle_consistency_prove(&source, older, newer, &proof));
            if (older > 0)
                subproof(&expected, older, leaves, (unsigned)newer, true);
            check_same(&proof, &expected);
            check_consistency_of(&proof, older, (unsigned)newer);
        }
    }
}

/* Of small trees every bit of everything. */
TEST(no_bit_of_a_proof_may_change) {
    grow();
    for (uint64_t size = 1; size <= 20; size++) {
        struct merkle_source source = {read_leaves, &size};
        for (unsigned at = 0; at < size; at++) {
            struct merkle_proof in, grown;
            CHECK_OK(merkle_inclusion_prove(&source, at, size, &in));
            CHECK_OK(merkle_consistency_prove(&source, at, size, &grown));
            for (size_t i = 0; i < 256 * in.n; i++) {
                struct merkle_proof bad = in;
                bad.path[i / 256].bytes[i % 256 / 8] ^= (uint8_t)(1 << i % 8);
                CHECK_ERR(merkle_inclusion_verify(&bad, &leaves[at], at, size, &roots[size]),
                          ERR_PROOF);
            }
            for (size_t i = 0; i < 256 * grown.n; i++) {
                struct merkle_proof bad = grown;
                bad.path[i / 256].bytes[i % 256 / 8] ^= (uint8_t)(1 << i % 8);
                CHECK_ERR(merkle_consistency_verify(&bad, at, &roots[at], size, &roots[size]),
                          ERR_PROOF);
            }
        }
    }
}

/* Any hash that is asked for; of a tree too large to be built. */
static err read_any(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out) {
    (void)ctx;
    uint8_t name[9] = {(uint8_t)level};
    for (int i = 0; i < 8; i++)
        name[1 + i] = (uint8_t)(index >> (8 * i));
    merkle_leaf_hash(out, SLICE_ARRAY(name));
    return OK;
}

TEST(the_largest_tree_has_proofs_and_a_larger_one_is_refused) {
    struct merkle_source source = {read_any, NULL};
    struct merkle_frontier frontier;
    struct merkle_hash root, leaf;
    struct merkle_proof proof;
    CHECK_OK(merkle_frontier_read(&source, MERKLE_SIZE_MAX, &frontier));
    merkle_frontier_root(&frontier, &root);
    uint64_t last = MERKLE_SIZE_MAX - 1;
    CHECK_OK(merkle_inclusion_prove(&source, last, MERKLE_SIZE_MAX, &proof));
    CHECK_OK(read_any(NULL, 0, last, &leaf));
    CHECK_OK(merkle_inclusion_verify(&proof, &leaf, last, MERKLE_SIZE_MAX, &root));
    CHECK_OK(merkle_consistency_prove(&source, last, MERKLE_SIZE_MAX, &proof));
    CHECK(proof.n <= MERKLE_PROOF_MAX);
    CHECK_ERR(merkle_append(&frontier, &leaf), ERR_LIMIT);
    CHECK_ERR(merkle_inclusion_prove(&source, 0, MERKLE_SIZE_MAX + 1, &proof), ERR_LIMIT);
    CHECK_ERR(merkle_consistency_prove(&source, 1, MERKLE_SIZE_MAX + 1, &proof), ERR_LIMIT);
    CHECK_ERR(merkle_frontier_read(&source, MERKLE_SIZE_MAX + 1, &frontier), ERR_LIMIT);
}

TEST(what_is_not_in_the_tree_has_no_proof) {
    uint64_t size = 5;
    struct merkle_source source = {read_leaves, &size};
    struct merkle_proof proof;
    grow();
    CHECK_ERR(merkle_inclusion_prove(&source, 5, 5, &proof), ERR_NOT_FOUND);
    CHECK_ERR(merkle_inclusion_prove(&source, 0, 0, &proof), ERR_NOT_FOUND);
    CHECK_ERR(merkle_consistency_prove(&source, 6, 5, &proof), ERR_NOT_FOUND);
    /* A source that fails is heard. */
    CHECK_ERR(merkle_inclusion_prove(&source, 0, 8, &proof), ERR_IO);
    CHECK_ERR(merkle_consistency_prove(&source, 3, 8, &proof), ERR_IO);
}

TEST_MAIN
