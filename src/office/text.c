/* The one form of the office's texts: reading, writing and freeing by the tables of their kinds. */
#include "office/internal.h"

enum office_reason reason_of(err e, enum office_reason otherwise) {
    return e == OK ? OFFICE_OK : e == ERR_NO_MEMORY ? OFFICE_MEMORY : otherwise;
}

/* ---- Arrays ---- How many a block of memory has room for follows from how many there are. */

static size_t room(size_t n) {
    size_t r = 1;
    while (r < n)
        r *= 2;
    return n == 0 ? 0 : r;
}

/* One more, zero; NULL without memory. */
static uint8_t *array_add(const struct mem *mem, uint8_t *at, size_t size) {
    struct text_array a;
    memcpy(&a, at, sizeof a);
    if (room(a.n) == a.n) {
        void *p = mem_resize(mem, a.p, room(a.n) * size, room(a.n + 1) * size);
        if (p == NULL)
            return NULL;
        a.p = p;
    }
    uint8_t *item = (uint8_t *)a.p + a.n++ * size;
    memset(item, 0, size);
    memcpy(at, &a, sizeof a);
    return item;
}

static bool is_array(const struct text_field *f) {
    return f->kind == TEXT_LINES || f->kind == TEXT_BLOCKS;
}

static void record_free(const struct mem *mem, const struct text_record *record, uint8_t *at) {
    for (const struct text_field *f = record->fields; f->word != NULL; f++) {
        struct text_array a;
        if (!is_array(f))
            continue;
        memcpy(&a, at + f->at, sizeof a);
        for (size_t i = 0; i < a.n; i++)
            record_free(mem, f->record, (uint8_t *)a.p + i * f->record->size);
        mem_free(mem, a.p, room(a.n) * f->record->size);
        memset(at + f->at, 0, sizeof a);
    }
}

/* ---- Records ---- */

struct source {
    const struct mem *mem;
    slice rest;
    size_t line;
};

/* The fields of one line, a space between them; the last takes the rest. */
static enum office_reason line_read(const struct text_record *record, slice s, uint8_t *at) {
    for (const struct text_field *f = record->fields; f->word != NULL; f++) {
        bool last = f[1].word == NULL;
        if (s.n == 0 && f->least == 0)
            continue;
        NEED(text_value_read(f, last ? s : text_next(&s), at + f->at));
        if (last)
            return OFFICE_OK;
    }
    return s.n == 0 ? OFFICE_OK : OFFICE_VALUE;
}

static slice first_of(const void *record) {
    slice s;
    memcpy(&s, record, sizeof s);
    return s;
}

const void *text_find(const void *records, size_t n, size_t size, slice id) {
    const uint8_t *at = records;
    for (size_t i = 0; i < n; i++, at += size)
        if (slice_equal(first_of(at), id))
            return at;
    return NULL;
}

/* Whether the last of an array comes after the one before. */
static bool last_ascends(const uint8_t *at, const struct text_record *record) {
    struct text_array a;
    memcpy(&a, at, sizeof a);
    if (a.n < 2)
        return true;
    const uint8_t *last = (const uint8_t *)a.p + (a.n - 1) * record->size + record->fields->at;
    return slice_compare(first_of(last - record->size), first_of(last)) < 0;
}

static bool begins_with(const struct source *in, const char *word, slice *value) {
    slice rest = in->rest, line;
    if (!slice_line(&rest, &line))
        return false;
    *value = line;
    return slice_equal(text_next(value), slice_str(word));
}

static enum office_reason record_read(struct source *in, const struct text_record *record,
                                      uint8_t *at);

/* One occurrence of a field; its value is what follows the word in the next line. */
static enum office_reason field_read(struct source *in, const struct text_field *f, slice value,
                                     uint8_t *at) {
    if (f->kind == TEXT_BLOCKS)
        return record_read(in, f->record, at);
    slice line;
    in->line++;
    if (!slice_line(&in->rest, &line))
        return OFFICE_SPACES;
    if (f->kind == TEXT_LINES || f->kind == TEXT_LINE)
        return line_read(f->record, value, at);
    return text_value_read(f, value, at);
}

/* One more of an array. */
static enum office_reason element_read(struct source *in, const struct text_field *f, slice value,
                                       uint8_t *at) {
    size_t before = in->line;
    uint8_t *element = array_add(in->mem, at, f->record->size);
    if (element == NULL)
        return OFFICE_MEMORY;
    NEED(field_read(in, f, value, element));
    if (!f->ascends || last_ascends(at, f->record))
        return OFFICE_OK;
    in->line = before + 1;
    return OFFICE_TWICE;
}

static enum office_reason record_read(struct source *in, const struct text_record *record,
                                      uint8_t *at) {
    for (const struct text_field *f = record->fields; f->word != NULL; f++) {
        size_t count = 0;
        slice value;
        for (; begins_with(in, f->word, &value); count++) {
            if (count == f->most) {
                in->line++;
                return OFFICE_COUNT;
            }
            NEED((is_array(f) ? element_read : field_read)(in, f, value, at + f->at));
        }
        if (count < f->least) {
            in->line++;
            return count == 0 ? OFFICE_WORD : OFFICE_COUNT;
        }
    }
    return OFFICE_OK;
}

static err line_write(buf *out, const struct text_record *record, const uint8_t *at) {
    for (const struct text_field *f = record->fields; f->word != NULL; f++)
        if (f->least > 0 || !text_value_is_none(f, at + f->at)) {
            TRY(buf_append_byte(out, ' '));
            TRY(text_value_write(out, f, at + f->at));
        }
    return OK;
}

static err record_write(buf *out, const struct text_record *record, const uint8_t *at);

static err field_write(buf *out, const struct text_field *f, const uint8_t *at) {
    if (f->kind == TEXT_BLOCKS)
        return record_write(out, f->record, at);
    TRY(buf_append(out, slice_str(f->word)));
    if (f->kind == TEXT_LINE || f->kind == TEXT_LINES) {
        TRY(line_write(out, f->record, at));
    } else {
        TRY(buf_append_byte(out, ' '));
        TRY(text_value_write(out, f, at));
    }
    return buf_append_byte(out, '\n');
}

static err record_write(buf *out, const struct text_record *record, const uint8_t *at) {
    for (const struct text_field *f = record->fields; f->word != NULL; f++) {
        struct text_array a = {NULL, 0};
        if (is_array(f))
            memcpy(&a, at + f->at, sizeof a);
        else if (f->least > 0 || !text_value_is_none(f, at + f->at))
            TRY(field_write(out, f, at + f->at));
        for (size_t i = 0; i < a.n; i++)
            TRY(field_write(out, f, (const uint8_t *)a.p + i * f->record->size));
    }
    return OK;
}

/* ---- Texts ---- */

static const char HEAD[] = "sotto ", HEAD_END[] = " 1\n";

static err head_write(buf *out, const struct text_type *type) {
    TRY(buf_append(out, slice_str(HEAD)));
    TRY(buf_append(out, slice_str(type->kind)));
    return buf_append(out, slice_str(HEAD_END));
}

bool text_skip_head(slice *text, const struct text_type *type) {
    return slice_skip(text, slice_str(HEAD)) && slice_skip(text, slice_str(type->kind)) &&
           slice_skip(text, slice_str(HEAD_END));
}

enum office_reason text_write_record(buf *out, const struct text_record *record, const void *in) {
    return reason_of(record_write(out, record, in), OFFICE_VALUE);
}

enum office_reason text_write(buf *out, const struct text_type *type, const void *in) {
    NEED(reason_of(head_write(out, type), OFFICE_VALUE));
    return text_write_record(out, &type->record, in);
}

void text_free(const struct mem *mem, const struct text_type *type, void *out) {
    record_free(mem, &type->record, out);
}

/* Whatever reading forgives, writing does not do: only what comes out again as it went in is taken.
 */
static enum office_reason same_again(const struct text_type *type, const void *in, slice text) {
    buf again = {0};
    enum office_reason r = text_write(&again, type, in);
    if (r == OFFICE_OK && !slice_equal(buf_slice(&again), text))
        r = OFFICE_FORM;
    buf_free(&again);
    return r;
}

static enum office_reason read_lines(struct source *in, const struct text_type *type, void *out) {
    in->line = 1;
    if (!text_skip_head(&in->rest, type))
        return OFFICE_KIND;
    NEED(record_read(in, &type->record, out));
    if (in->rest.n == 0)
        return OFFICE_OK;
    in->line++;
    return OFFICE_WORD;
}

enum office_reason text_read(const struct mem *mem, const struct text_type *type, void *out,
                             slice text, size_t *line) {
    struct source in = {mem, text, 0};
    enum office_reason r = text_check(text, &in.line);
    if (r == OFFICE_OK)
        r = read_lines(&in, type, out);
    if (line != NULL)
        *line = r == OFFICE_OK ? 0 : in.line;
    if (r == OFFICE_OK)
        r = same_again(type, out, text);
    return r;
}
