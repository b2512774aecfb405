#include "desk/pictures.h"

#include <zlib.h>

#include "sys/confined.h"

enum {
    POINTS_MAX = 24 << 20, /* before it is made smaller */
    SIDE_MAX = 16384,
    HEADER_MAX = 64,
    MEMORY = 768 << 20,
    CPU_S = 10,
    PATIENCE_MS = 30000,
    DENSITY = 255
};

const char *desk_pictures_text(enum desk_pictures result) {
    static const char *const texts[] = {
#define X(name, text) text,
        DESK_PICTURES(X)
#undef X
    };
    return (size_t)result < DESK_PICTURES_COUNT ? texts[result] : "";
}

/* ---- Points ---- */

struct header {
    uint8_t kind; /* '4': bits, '5': grey, '6': red, green, blue */
    uint32_t width, height, most;
    size_t size, row; /* bytes of the header; of a row */
};

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* AGAIN: it goes on in what is still to come. */
static err number(slice s, size_t *at, uint32_t *value) {
    size_t first = *at;
    while (*at < s.n && is_space(s.p[*at]))
        ++*at;
    if (*at == first && *at < s.n)
        return ERR_MALFORMED;
    *value = 0;
    for (first = *at; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9'; ++*at) {
        *value = 10 * *value + (uint32_t)(s.p[*at] - '0');
        if (*value > UINT16_MAX)
            return ERR_TOO_LARGE;
    }
    if (*at == s.n)
        return s.n < HEADER_MAX ? ERR_AGAIN : ERR_MALFORMED;
    return *at == first || *value == 0 ? ERR_MALFORMED : OK;
}

static err header_read(struct header *h, slice s) {
    size_t at = 2;
    if (s.n < 2)
        return ERR_AGAIN;
    h->kind = s.p[1];
    h->most = 1;
    if (s.p[0] != 'P' || h->kind < '4' || h->kind > '6')
        return ERR_MALFORMED;
    TRY(number(s, &at, &h->width));
    TRY(number(s, &at, &h->height));
    if (h->kind != '4')
        TRY(number(s, &at, &h->most));
    if (!is_space(s.p[at]))
        return ERR_MALFORMED;
    h->size = at + 1;
    h->row = h->kind == '4'
                 ? (h->width + 7) / 8
                 : (size_t)h->width * (h->kind == '6' ? 3 : 1) * (h->most > DENSITY ? 2 : 1);
    return h->width > SIDE_MAX || h->height > SIDE_MAX ||
                   (uint64_t)h->width * h->height > POINTS_MAX
               ? ERR_TOO_LARGE
               : OK;
}

/* One of the three colours of a point, 0 to DENSITY. */
static uint32_t density(const struct header *h, const uint8_t *points, uint32_t x, uint32_t y,
                        unsigned colour) {
    const uint8_t *row = points + y * h->row;
    if (h->kind == '4') /* a bit that is set is black */
        return (row[x / 8] >> (7 - x % 8) & 1) != 0 ? 0 : DENSITY;
    size_t i = h->kind == '6' ? (size_t)x * 3 + colour : x;
    uint32_t value = h->most > DENSITY ? (uint32_t)row[2 * i] << 8 | row[2 * i + 1] : row[i];
    return value >= h->most ? DENSITY : value * DENSITY / h->most;
}

/* The mean of a square of by times by points, cut off at the edges. */
static uint8_t mean(const struct header *h, const uint8_t *points, uint32_t x, uint32_t y,
                    unsigned colour, uint32_t by) {
    uint32_t sum = 0, n = 0;
    for (uint32_t j = y * by; j < (y + 1) * by && j < h->height; j++)
        for (uint32_t i = x * by; i < (x + 1) * by && i < h->width; i++, n++)
            sum += density(h, points, i, j, colour);
    return (uint8_t)(sum / n);
}

/* ---- PNG ---- */

static void put_u32(uint8_t out[4], uint32_t v) {
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static err chunk(buf *png, const char *type, slice bytes) {
    uint8_t number_[4];
    put_u32(number_, (uint32_t)bytes.n);
    TRY(buf_append(png, slice_of(number_, 4)));
    TRY(buf_append(png, slice_str(type)));
    TRY(buf_append(png, bytes));
    uLong crc = crc32(0, (const Bytef *)type, 4);
    if (bytes.n > 0)
        crc = crc32(crc, bytes.p, (uInt)bytes.n);
    put_u32(number_, (uint32_t)crc);
    return buf_append(png, slice_of(number_, 4));
}

static err pack(buf *packed, slice rows) {
    uLongf n = compressBound(rows.n);
    TRY(buf_resize(packed, n));
    if (compress2(packed->p, &n, rows.p, rows.n, 6) != Z_OK)
        return ERR_NO_MEMORY;
    packed->n = n;
    return OK;
}

/* Eight bits of red, green and blue; each row begins with its filter, which is none. */
static err rows_make(const struct header *h, const uint8_t *points, uint32_t by, uint32_t width,
                     uint32_t height, buf *rows) {
    TRY(buf_resize(rows, (size_t)height * (1 + 3 * (size_t)width)));
    uint8_t *to = rows->p;
    for (uint32_t y = 0; y < height; y++) {
        *to++ = 0;
        for (uint32_t x = 0; x < width; x++)
            for (unsigned colour = 0; colour < 3; colour++)
                *to++ = mean(h, points, x, y, colour, by);
    }
    return OK;
}

static err png_make(const struct header *h, const uint8_t *points, buf *png) {
    uint32_t longer = h->width > h->height ? h->width : h->height;
    uint32_t by = (longer + DESK_PICTURE_SIDE - 1) / DESK_PICTURE_SIDE;
    uint32_t width = (h->width + by - 1) / by, height = (h->height + by - 1) / by;
    uint8_t head[13] = {[8] = 8, [9] = 2};
    buf rows = {0}, packed = {0};
    put_u32(head, width);
    put_u32(head + 4, height);
    err e = rows_make(h, points, by, width, height, &rows);
    if (e == OK)
        e = pack(&packed, buf_slice(&rows));
    if (e == OK)
        e = buf_append(png, slice_str("\x89PNG\r\n\x1a\n"));
    if (e == OK)
        e = chunk(png, "IHDR", SLICE_ARRAY(head));
    if (e == OK)
        e = chunk(png, "IDAT", buf_slice(&packed));
    if (e == OK)
        e = chunk(png, "IEND", SLICE_EMPTY);
    buf_free(&rows);
    buf_free(&packed);
    return e;
}

/* ---- Pages ---- */

static err page_take(struct desk_points *p, const struct header *h) {
    buf png = {0};
    if (p->pages == DESK_PICTURES_MAX)
        return ERR_LIMIT;
    err e = png_make(h, p->bytes.p + h->size, &png);
    p->written += png.n;
    if (e == OK && p->written > DESK_PICTURES_BYTES)
        e = ERR_TOO_LARGE;
    if (e == OK)
        e = p->take(p->ctx, ++p->pages, buf_slice(&png));
    buf_free(&png);
    return e;
}

/* So many more bytes, or all that come. */
static err grow(struct desk_points *p, slice *bytes, size_t n) {
    if (n > bytes->n)
        n = bytes->n;
    TRY(buf_append(&p->bytes, slice_of(bytes->p, n)));
    *bytes = slice_of(bytes->p + n, bytes->n - n);
    return OK;
}

err desk_points_add(struct desk_points *p, slice bytes) {
    while (bytes.n > 0) {
        struct header h;
        err e = header_read(&h, buf_slice(&p->bytes));
        if (e == ERR_AGAIN) {
            TRY(grow(p, &bytes, 1));
            continue;
        }
        TRY(e);
        size_t whole = h.size + h.row * h.height;
        TRY(grow(p, &bytes, whole - p->bytes.n));
        if (p->bytes.n == whole) {
            TRY(page_take(p, &h));
            buf_clear(&p->bytes);
        }
    }
    return OK;
}

err desk_points_end(const struct desk_points *p) {
    return p->bytes.n == 0 && p->pages > 0 ? OK : ERR_MALFORMED;
}

void desk_points_fini(struct desk_points *p) {
    buf_free(&p->bytes);
}

/* ---- Who draws what ---- */

static const char *const pdf[] = {"/usr/bin/pdftoppm", "-q", "-scale-to", "1600", "-l", "33", "-",
                                  NULL};
static const char *const jpeg[] = {"/usr/bin/jpegtopnm", NULL};
static const char *const png[] = {"/usr/bin/pngtopnm", NULL};
static const char *const tiff[] = {"/usr/bin/tifftopnm", NULL};
static const struct {
    const char *begins;
    size_t n;
    const char *const *argv;
} kinds[] = {{"%PDF-", 5, pdf},
             {"\xFF\xD8\xFF", 3, jpeg},
             {"\x89PNG\r\n\x1a\n", 8, png},
             {"II*\0", 4, tiff},
             {"MM\0*", 4, tiff}};

static const char *const *argv_of(slice file) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (slice_skip(&file, slice_of(kinds[i].begins, kinds[i].n)))
            return kinds[i].argv;
    return NULL;
}

static bool has(slice bytes, const char *word) {
    slice w = slice_str(word);
    for (; bytes.n >= w.n; bytes = slice_of(bytes.p + 1, bytes.n - 1))
        if (memcmp(bytes.p, w.p, w.n) == 0)
            return true;
    return false;
}

static err points_take(void *ctx, slice bytes) {
    return desk_points_add(ctx, bytes);
}

/* What the file is to blame for; an error that is the machine's or the visitor's stays. */
static err judge(slice file, err e, int status, const struct desk_points *p,
                 enum desk_pictures *result) {
    bool locked = argv_of(file) == pdf && has(file, "/Encrypt");
    switch (e) {
    case ERR_NOT_FOUND:
    case ERR_UNSUPPORTED:
        *result = DESK_PICTURES_TOOL;
        return OK;
    case ERR_LIMIT:
        *result = DESK_PICTURES_SOME;
        return OK;
    case ERR_TIMEOUT:
    case ERR_TOO_LARGE:
        *result = p->pages > 0 ? DESK_PICTURES_SOME : DESK_PICTURES_LIMIT;
        return OK;
    case ERR_MALFORMED:
        *result = DESK_PICTURES_BROKEN;
        return OK;
    case OK:
        break;
    default:
        return e;
    }
    if (status < 0)
        *result = p->pages > 0 ? DESK_PICTURES_SOME : DESK_PICTURES_LIMIT;
    else if (desk_points_end(p) == OK)
        *result = status == 0 ? DESK_PICTURES_ALL : DESK_PICTURES_SOME;
    else
        *result = locked ? DESK_PICTURES_ENCRYPTED : DESK_PICTURES_BROKEN;
    return OK;
}

err desk_pictures_draw(slice file, desk_picture_take *take, void *ctx,
                       enum desk_pictures *result) {
    struct desk_points points = {.take = take, .ctx = ctx};
    struct sys_confined c = {.argv = argv_of(file),
                             .input = file,
                             .memory_max = MEMORY,
                             .cpu_s = CPU_S,
                             .patience_ms = PATIENCE_MS,
                             .sink = points_take,
                             .ctx = &points};
    int status = 0;
    *result = DESK_PICTURES_KIND;
    if (c.argv == NULL)
        return OK;
    err e = sys_confined_run(&c, &status);
    e = judge(file, e, status, &points, result);
    desk_points_fini(&points);
    return e;
}
