/* Lines of openings: what shows the fields of an entry. */
#include "base/text.h"
#include "desk/report.h"

/* "PLACE SLOT:SALT:VALUE ... filler:FILLER", in base64, slots ascending. */

bool report_is_secret(size_t slot) {
    return slot == MERKLE_SLOT_FILING || slot == MERKLE_SLOT_ORDER;
}

err report_opening_write(buf *out, const struct report_opening *o) {
    TRY(decimal_encode(out, o->place));
    for (size_t i = 0; i < o->n; i++) {
        TRY(buf_append_byte(out, ' '));
        TRY(decimal_encode(out, o->fields[i].slot));
        TRY(buf_append_byte(out, ':'));
        TRY(base64_encode(out, slice_of(o->fields[i].salt, MERKLE_SALT)));
        TRY(buf_append_byte(out, ':'));
        TRY(base64_encode(out, o->fields[i].value));
    }
    if (o->filler != NULL) {
        TRY(buf_append(out, slice_str(" filler:")));
        TRY(base64_encode(out, slice_of(o->filler, MERKLE_FILLER)));
    }
    return buf_append_byte(out, '\n');
}

/* The store has room for all of the line, so what lies in it stays where it is. */
static err read_field(slice word, struct merkle_field *f, buf *store) {
    uint64_t slot;
    slice salt, slot_text = slice_until(&word, ':');
    TRY(decimal_decode(slot_text, MERKLE_SLOTS_NAMED - 1, &slot));
    size_t at = store->n, left = word.n;
    salt = slice_until(&word, ':');
    if (salt.n == left) /* no second colon */
        return ERR_MALFORMED;
    TRY(base64_decode(store, salt));
    if (store->n - at != MERKLE_SALT)
        return ERR_MALFORMED;
    f->slot = (size_t)slot;
    f->name = merkle_slot_name((enum merkle_slot)slot);
    f->salt = store->p + at;
    at = store->n;
    TRY(base64_decode(store, word));
    f->value = slice_of(store->p + at, store->n - at);
    return OK;
}

/* Nothing comes after it. */
static err read_filler(slice word, struct report_opening *o, buf *store) {
    size_t at = store->n;
    TRY(base64_decode(store, word));
    if (store->n - at != MERKLE_FILLER)
        return ERR_MALFORMED;
    o->filler = store->p + at;
    return OK;
}

err report_opening_read(slice line, struct report_opening *o, buf *store) {
    *o = (struct report_opening){.n = 0};
    buf_clear(store);
    TRY(buf_reserve(store, line.n + 1));
    if (line.n > 0 && line.p[line.n - 1] == ' ')
        return ERR_MALFORMED;
    TRY(decimal_decode(slice_until(&line, ' '), MERKLE_SIZE_MAX, &o->place));
    while (line.n > 0) {
        slice word = slice_until(&line, ' ');
        if (slice_skip(&word, slice_str("filler:")))
            return line.n > 0 ? ERR_MALFORMED : read_filler(word, o, store);
        if (o->n == MERKLE_SLOTS)
            return ERR_MALFORMED;
        TRY(read_field(word, &o->fields[o->n], store));
        if (o->n > 0 && o->fields[o->n].slot <= o->fields[o->n - 1].slot)
            return ERR_MALFORMED;
        o->n++;
    }
    return OK;
}
