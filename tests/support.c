#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

void support_hex(uint8_t *out, size_t n, const char *hex) {
    buf b = buf_on(NULL);
    if (hex_decode(&b, slice_str(hex)) != OK || b.n != n) {
        fprintf(stderr, "support_hex: not %zu bytes: %s\n", n, hex);
        exit(1);
    }
    if (n != 0)
        memcpy(out, b.p, n);
    buf_free(&b);
}

/* xorshift64* */
uint64_t support_next(struct support_random *r) {
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * UINT64_C(2685821657736338717);
}

void support_fill(struct support_random *r, void *out, size_t n) {
    uint8_t *p = out;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(support_next(r) >> 56);
}

/* Each block has its size in front of it. */
enum { HEADER = 16 };

static void *resize(void *ctx, void *p, size_t old, size_t size) {
    struct support_mem *m = ctx;
    uint8_t *block = p == NULL ? NULL : (uint8_t *)p - HEADER;
    if (size != 0 && ++m->calls == m->fail_at)
        return NULL;
    uint8_t *fresh = NULL;
    if (size != 0) {
        fresh = malloc(HEADER + size);
        if (fresh == NULL)
            return NULL;
        memcpy(fresh, &size, sizeof(size));
        memset(fresh + HEADER, 0xa5, size); /* so that nobody relies on zeros */
        m->blocks++;
    }
    if (block != NULL) {
        size_t known, nonzero = 0;
        memcpy(&known, block, sizeof(known));
        for (size_t i = 0; i < known; i++)
            nonzero += block[HEADER + i] != 0;
        m->dirty += known != old || nonzero != 0;
        m->blocks--;
        free(block);
    }
    return fresh == NULL ? NULL : fresh + HEADER;
}

void support_mem_init(struct support_mem *m, size_t fail_at) {
    *m = (struct support_mem){.mem = {resize, m}, .fail_at = fail_at};
}
