/* A log of up to BRANCHES_LEAVES leaves that can go two ways, for tests of witnesses. Its branches,
 * 0 and 1, are the same up to the second leaf. */
#ifndef SOTTO_TESTS_MERKLE_BRANCHES_H
#define SOTTO_TESTS_MERKLE_BRANCHES_H

#include "merkle/witness.h"

enum { BRANCHES_LEAVES = 40 };
#define BRANCHES_ORIGIN "log.example/desk"
extern const uint8_t BRANCHES_SEED[32];

void branches_key(struct merkle_key *key, enum merkle_key_type type, const char *name,
                  const uint8_t *seed);
void branches_root(unsigned branch, uint64_t size, struct merkle_hash *root);
/* Replaces note by a checkpoint signed with the seed. */
void branches_checkpoint(buf *note, unsigned branch, uint64_t size, const struct merkle_key *key,
                         const uint8_t *seed);
/* Replaces body by a request of the log, signed with BRANCHES_SEED, as it grew along a branch. */
void branches_request(buf *body, unsigned branch, uint64_t old, uint64_t size);

#endif
