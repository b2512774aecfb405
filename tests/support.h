/* What tests of several folders need: bytes from literals, random input that a seed repeats, and an
 * allocator that counts, fails and looks after its callers. */
#ifndef SOTTO_TESTS_SUPPORT_H
#define SOTTO_TESTS_SUPPORT_H

#include "base/slice.h"

/* Exactly n bytes from hexadecimal text; another length ends the program. */
void support_hex(uint8_t *out, size_t n, const char *hex);
#define SUPPORT_HEX(array, hex) support_hex((array), sizeof(array), (hex))

/* Repeatable, not secret. Any seed but 0. */
struct support_random {
    uint64_t state;
};
uint64_t support_next(struct support_random *r);
void support_fill(struct support_random *r, void *out, size_t n);

/* Hands &m.mem to the code under test. An allocation fails if it is the fail_at-th (from 1; 0:
 * none). `dirty` counts blocks that were given back without being wiped, or with a wrong size. */
struct support_mem {
    struct mem mem;
    size_t calls, fail_at;
    size_t blocks; /* not given back yet */
    size_t dirty;
};
void support_mem_init(struct support_mem *m, size_t fail_at);

#endif
