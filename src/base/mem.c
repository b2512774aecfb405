#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* No object is larger than PTRDIFF_MAX, so an allocator never sees a size that overflows in it. */
static void *resize_raw(const struct mem *mem, void *p, size_t old, size_t size) {
    if (size > PTRDIFF_MAX)
        return NULL;
    if (mem != NULL)
        return mem->resize(mem->ctx, p, old, size);
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

void *mem_new(const struct mem *mem, size_t size) {
    if (size == 0)
        return NULL;
    void *p = resize_raw(mem, NULL, 0, size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

void *mem_new_array(const struct mem *mem, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return mem_new(mem, count * size);
}

void mem_free(const struct mem *mem, void *p, size_t size) {
    if (p == NULL)
        return;
    wipe(p, size);
    resize_raw(mem, p, size, 0);
}

/* Never grows in place: an allocator that moves the bytes would leave a copy of them behind. */
void *mem_resize(const struct mem *mem, void *p, size_t old, size_t size) {
    if (size == 0) {
        mem_free(mem, p, old);
        return NULL;
    }
    void *moved = resize_raw(mem, NULL, 0, size);
    if (moved == NULL)
        return NULL;
    if (p != NULL)
        memcpy(moved, p, old < size ? old : size);
    mem_free(mem, p, old);
    return moved;
}

void wipe(void *p, size_t n) {
    if (n == 0)
        return;
    memset(p, 0, n);
    /* The compiler must assume that this reads the bytes, so it can't drop the memset. */
    __asm__ volatile("" : : "r"(p) : "memory");
}

_Bool equal_secret(const void *a, const void *b, size_t n) {
    const volatile uint8_t *x = a, *y = b;
    uint8_t differing = 0;
    for (size_t i = 0; i < n; i++)
        differing = (uint8_t)(differing | (x[i] ^ y[i]));
    return differing == 0;
}
