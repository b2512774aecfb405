#include "office/internal.h"

void document_split(slice bytes, slice *text, slice *lines) {
    *text = bytes;
    *lines = SLICE_EMPTY;
    for (size_t i = 0; i + 1 < bytes.n; i++)
        if (bytes.p[i] == '\n' && bytes.p[i + 1] == '\n') {
            *text = slice_of(bytes.p, i + 1);
            *lines = slice_of(bytes.p + i + 2, bytes.n - i - 2);
            return;
        }
}

static enum office_reason fill(struct office_document *d, const struct mem *mem,
                               const struct document_type *type, slice bytes, size_t *line) {
    slice text, lines;
    document_split(bytes, &text, &lines);
    d->text = buf_on(mem);
    if (bytes.n > OFFICE_DOCUMENT_MAX)
        return OFFICE_TOO_LARGE;
    NEED(reason_of(buf_set(&d->text, text), OFFICE_MEMORY));
    text = buf_slice(&d->text);
    NEED(reason_of(crypto_sha256.hash(d->hash, &text, 1), OFFICE_MEMORY));
    NEED(text_read(mem, &type->text, d, text, line));
    return type->check(d);
}

enum office_reason document_new(void **out, const struct mem *mem, const struct document_type *type,
                                slice bytes, size_t *line) {
    if (line != NULL)
        *line = 0;
    *out = NULL;
    struct office_document *d = mem_new(mem, type->text.record.size);
    if (d == NULL)
        return OFFICE_MEMORY;
    enum office_reason r = fill(d, mem, type, bytes, line);
    if (r == OFFICE_OK)
        *out = d;
    else
        document_free(type, d);
    return r;
}

void document_free(const struct document_type *type, void *document) {
    struct office_document *d = document;
    if (d == NULL)
        return;
    const struct mem *mem = d->text.mem;
    text_free(mem, &type->text, d);
    buf_free(&d->text);
    mem_free(mem, d, type->text.record.size);
}

enum office_reason version_follows(uint64_t present, const uint8_t present_hash[32],
                                   uint64_t version, const uint8_t previous[32]) {
    static const uint8_t none[32];
    if (version <= present)
        return OFFICE_OLD;
    if (version > present + 1)
        return OFFICE_GAP;
    return memcmp(previous, present == 0 ? none : present_hash, sizeof none) == 0 ? OFFICE_OK
                                                                                  : OFFICE_FORK;
}
