/* What a program drew of a stranger's file, as it comes in pieces: whatever it is, the pictures
 * made of it are within their bounds, and the same however it is cut. */
#include <stdlib.h>

#include "desk/pictures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static err keep(void *ctx, unsigned page, slice png) {
    buf *all = ctx;
    uint32_t width = 0, height = 0;
    require(page > 0 && page <= DESK_PICTURES_MAX && png.n > 24);
    for (int i = 0; i < 4; i++) {
        width = width << 8 | png.p[16 + i];
        height = height << 8 | png.p[20 + i];
    }
    require(width > 0 && width <= DESK_PICTURE_SIDE && height > 0 && height <= DESK_PICTURE_SIDE);
    return buf_append(all, png);
}

static err draw(slice bytes, size_t step, buf *all) {
    struct desk_points p = {.take = keep, .ctx = all};
    err e = OK;
    while (e == OK && bytes.n > 0) {
        size_t n = bytes.n < step ? bytes.n : step;
        e = desk_points_add(&p, slice_of(bytes.p, n));
        bytes = slice_of(bytes.p + n, bytes.n - n);
    }
    if (e == OK)
        e = desk_points_end(&p);
    desk_points_fini(&p);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    buf whole = {0}, pieces = {0};
    slice bytes = slice_of(data, size);
    err e = draw(bytes, size, &whole);
    require(draw(bytes, 7, &pieces) == e && slice_equal(buf_slice(&whole), buf_slice(&pieces)));
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
