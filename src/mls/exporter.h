/* The exporter tree (draft-ietf-mls-extensions-10 s.4.4): one secret of an epoch for each
 * component, handed out once. It is a secret tree of 2^16 leaves (RFC 9420 section 9), of which
 * only the nodes are kept that were not derived from yet: at first the root, then what stands
 * beside the ways to the leaves that were handed out. */
#ifndef SOTTO_MLS_EXPORTER_H
#define SOTTO_MLS_EXPORTER_H

#include "mls/suite.h"

enum { MLS_EXPORTER_HEIGHT = 16 };

/* A node above the leaves first, first + 1, ... first + 2^height - 1. */
struct mls_exporter_node {
    uint16_t first;
    uint8_t height;
    uint8_t secret[CRYPTO_HASH_MAX];
};

struct mls_exporter_tree {
    const struct mls_suite *suite;
    const struct mem *mem;
    struct mls_exporter_node *nodes; /* from left to right */
    size_t count;
};

/* application_export_secret is copied: erase it. */
MUST err mls_exporter_tree_init(struct mls_exporter_tree *t, const struct mls_suite *suite,
                                const uint8_t *application_export_secret, const struct mem *mem);
void mls_exporter_tree_free(struct mls_exporter_tree *t);
/* A component's secret, hash->len bytes, and nothing stays from which it could be derived again.
 * REPEAT if it was taken before. */
MUST err mls_exporter_tree_take(struct mls_exporter_tree *t, uint16_t component, uint8_t *out);

void mls_exporter_tree_write(writer *w, const struct mls_exporter_tree *t);
/* DAMAGED for what write would not write. Nothing to free on failure. */
MUST err mls_exporter_tree_read(reader *r, struct mls_exporter_tree *t,
                                const struct mls_suite *suite, const struct mem *mem);

#endif
