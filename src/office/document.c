#include "office/internal.h"

/* What was signed, and the lines of signatures: none if there is no empty line. */
static void split(struct office_document *d) {
    slice bytes = d->text = buf_slice(&d->bytes);
    for (size_t i = 0; i + 1 < bytes.n; i++)
        if (bytes.p[i] == '\n' && bytes.p[i + 1] == '\n') {
            d->text.n = i + 1;
            d->signatures = slice_of(bytes.p + i + 2, bytes.n - i - 2);
            return;
        }
}

static enum office_reason fill(struct office_document *d, const struct mem *mem,
                               const struct document_type *type, slice bytes, size_t *line) {
    d->bytes = buf_on(mem);
    if (bytes.n > OFFICE_DOCUMENT_MAX)
        return OFFICE_TOO_LARGE;
    NEED(reason_of(buf_set(&d->bytes, bytes), OFFICE_MEMORY));
    split(d);
    NEED(reason_of(crypto_sha256.hash(d->hash, &d->text, 1), OFFICE_MEMORY));
    NEED(text_read(mem, &type->text, d, d->text, line));
    return type->check(d);
}

enum office_reason office_document_split(struct office_document *d, slice bytes, size_t *line) {
    size_t unused;
    *d = (struct office_document){.bytes = {0}};
    if (line == NULL)
        line = &unused;
    *line = 0;
    if (bytes.n > OFFICE_DOCUMENT_MAX)
        return OFFICE_TOO_LARGE;
    NEED(reason_of(buf_set(&d->bytes, bytes), OFFICE_MEMORY));
    split(d);
    NEED(text_check(d->text, line));
    return reason_of(crypto_sha256.hash(d->hash, &d->text, 1), OFFICE_MEMORY);
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
    const struct mem *mem = d->bytes.mem;
    text_free(mem, &type->text, d);
    buf_free(&d->bytes);
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
