/* The allocator that everything below the programs uses. A library's user hands in its own; tests
 * hand in one that fails at the n-th call. */
#ifndef SOTTO_BASE_MEM_H
#define SOTTO_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

struct mem {
    /* Like realloc: p may be NULL (then old is 0), size 0 frees and returns NULL. old is the size
     * that was asked for p. Returns NULL and leaves p alone if there is no memory. */
    void *(*resize)(void *ctx, void *p, size_t old, size_t size);
    void *ctx;
};

/* Wherever a `const struct mem *` is asked for, NULL means malloc and free. */

/* size zeroed bytes, or NULL. size > 0. */
void *mem_new(const struct mem *mem, size_t size);
/* count * size zeroed bytes, or NULL (also when the product overflows). */
void *mem_new_array(const struct mem *mem, size_t count, size_t size);
/* Wipes and frees. p may be NULL; size is what was asked for. */
void mem_free(const struct mem *mem, void *p, size_t size);
/* Grows or shrinks; the old bytes are wiped where they don't stay; new bytes are not zeroed.
 * NULL and p untouched if there is no memory. */
void *mem_resize(const struct mem *mem, void *p, size_t old, size_t size);

/* Overwrites secrets in a way that the compiler can't leave out. */
void wipe(void *p, size_t n);
/* True if the n bytes are equal; takes the same time whatever they are. */
_Bool equal_secret(const void *a, const void *b, size_t n);

#endif
