#include "term/edit.h"

#include "base/text.h"
#include "host/screen.h"
#include "term/wrap.h"

err edit_set(struct edit *e, slice text) {
    TRY(buf_set(&e->text, text));
    e->at = text.n;
    return OK;
}

void edit_clear(struct edit *e) {
    buf_clear(&e->text);
    e->at = 0;
}

void edit_free(struct edit *e) {
    buf_free(&e->text);
    e->at = 0;
}

static size_t encode(uint32_t point, uint8_t out[4]) {
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; point >>= 6)
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
    out[0] = (uint8_t)(first[n] | point);
    return n;
}

err edit_insert(struct edit *e, uint32_t point) {
    uint8_t bytes[4];
    if (point > 0x10ffff || (text_is_unsafe(point) && point != '\n' && point != '\t'))
        return ERR_MALFORMED;
    size_t n = encode(point, bytes), behind = e->text.n - e->at;
    TRY(buf_resize(&e->text, e->text.n + n));
    memmove(e->text.p + e->at + n, e->text.p + e->at, behind);
    memcpy(e->text.p + e->at, bytes, n);
    e->at += n;
    return OK;
}

/* ---- Moving ---- */

static uint32_t point_at(const struct edit *e, size_t at, size_t *n) {
    uint32_t point;
    *n = text_point(slice_of(e->text.p + at, e->text.n - at), &point);
    return point;
}

static size_t before(const struct edit *e, size_t at) {
    size_t n;
    do {
        do
            at--;
        while (at > 0 && (e->text.p[at] & 0xc0) == 0x80);
    } while (at > 0 && host_char_width(point_at(e, at, &n)) == 0);
    return at;
}

static size_t after(const struct edit *e, size_t at) {
    size_t n;
    (void)point_at(e, at, &n);
    at += n;
    while (at < e->text.n && host_char_width(point_at(e, at, &n)) == 0)
        at += n;
    return at;
}

void edit_left(struct edit *e) {
    if (e->at > 0)
        e->at = before(e, e->at);
}

void edit_right(struct edit *e) {
    if (e->at < e->text.n)
        e->at = after(e, e->at);
}

static bool is_space(const struct edit *e, size_t at) {
    return e->text.p[at] == ' ' || e->text.p[at] == '\n' || e->text.p[at] == '\t';
}

void edit_word_left(struct edit *e) {
    while (e->at > 0 && is_space(e, e->at - 1))
        e->at--;
    while (e->at > 0 && !is_space(e, e->at - 1))
        e->at--;
}

void edit_word_right(struct edit *e) {
    while (e->at < e->text.n && is_space(e, e->at))
        e->at++;
    while (e->at < e->text.n && !is_space(e, e->at))
        e->at++;
}

void edit_home(struct edit *e) {
    while (e->at > 0 && e->text.p[e->at - 1] != '\n')
        e->at--;
}

void edit_end(struct edit *e) {
    while (e->at < e->text.n && e->text.p[e->at] != '\n')
        e->at++;
}

/* ---- Erasing ---- */

/* From the cursor to `to`, which may be on either side. */
static void erase(struct edit *e, size_t to) {
    size_t from = e->at < to ? e->at : to, end = e->at < to ? to : e->at;
    memmove(e->text.p + from, e->text.p + end, e->text.n - end);
    wipe(e->text.p + e->text.n - (end - from), end - from);
    e->text.n -= end - from;
    e->at = from;
}

static void erase_by(struct edit *e, void (*move)(struct edit *e)) {
    size_t at = e->at;
    move(e);
    if (e->at != at)
        erase(e, at);
}

void edit_back(struct edit *e) {
    erase_by(e, edit_left);
}

void edit_delete(struct edit *e) {
    erase_by(e, edit_right);
}

void edit_back_word(struct edit *e) {
    erase_by(e, edit_word_left);
}

void edit_back_line(struct edit *e) {
    erase_by(e, edit_home);
}

void edit_cut(struct edit *e) {
    erase_by(e, edit_end);
}

/* ---- On the screen ---- */

/* Where the row begins, and how long it is. After a newline at the end there is an empty one. */
static bool find_row(const struct edit *e, unsigned columns, unsigned row, size_t *start,
                     size_t *length) {
    size_t at = 0, next;
    for (;;) {
        size_t n = wrap_line(slice_of(e->text.p + at, e->text.n - at), columns, false, &next);
        if (row-- == 0) {
            *start = at;
            *length = n;
            return true;
        }
        if (at + next == e->text.n && (next == n || e->text.n == 0))
            return false;
        at += next;
    }
}

unsigned edit_rows(const struct edit *e, unsigned columns) {
    unsigned rows = 0;
    for (size_t start, n; find_row(e, columns, rows, &start, &n);)
        rows++;
    return rows;
}

void edit_place(const struct edit *e, unsigned columns, unsigned *row, unsigned *column) {
    size_t start = 0, n = 0, from = 0;
    *row = 0;
    for (unsigned r = 0; find_row(e, columns, r, &start, &n) && start <= e->at; r++) {
        *row = r;
        from = start;
    }
    *column = wrap_width(slice_of(e->text.p + from, e->at - from));
}

bool edit_row(const struct edit *e, unsigned columns, unsigned row, slice *line) {
    size_t start, n;
    if (!find_row(e, columns, row, &start, &n))
        return false;
    *line = slice_of(e->text.p + start, n);
    return true;
}

static bool go_to(struct edit *e, unsigned columns, unsigned row, unsigned column) {
    size_t start, n;
    if (!find_row(e, columns, row, &start, &n))
        return false;
    size_t at = start;
    while (at < start + n && wrap_width(slice_of(e->text.p + start, at - start)) < column)
        at = after(e, at);
    e->at = at;
    return true;
}

bool edit_up(struct edit *e, unsigned columns) {
    unsigned row, column;
    edit_place(e, columns, &row, &column);
    return row > 0 && go_to(e, columns, row - 1, column);
}

bool edit_down(struct edit *e, unsigned columns) {
    unsigned row, column;
    edit_place(e, columns, &row, &column);
    return go_to(e, columns, row + 1, column);
}
