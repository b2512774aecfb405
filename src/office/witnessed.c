/* How long a witness of the office saw the ledger hold something. */
#include "office/internal.h"

struct seen {
    struct merkle_note note;
    struct merkle_checkpoint checkpoint;
};

/* A checkpoint of the office's ledger. */
static err seen_read(const struct merkle_key *ledger, slice bytes, struct seen *s) {
    TRY(merkle_note_parse(&s->note, bytes));
    TRY(merkle_note_verify(&s->note, ledger));
    TRY(merkle_checkpoint_parse(&s->checkpoint, s->note.text));
    return slice_equal(s->checkpoint.origin, slice_of(ledger->name, ledger->name_n)) ? OK
                                                                                     : ERR_IDENTITY;
}

static err grown(const struct office_witnessed *w, const struct seen *first,
                 const struct seen *last) {
    TRY(merkle_inclusion_verify(&w->inclusion, &w->leaf, w->index, first->checkpoint.size,
                                &first->checkpoint.root));
    return merkle_consistency_verify(&w->consistency, first->checkpoint.size,
                                     &first->checkpoint.root, last->checkpoint.size,
                                     &last->checkpoint.root);
}

/* In milliseconds; 0 unless the witness cosigned both, the last one later. */
static uint64_t between(slice vkey, const struct seen *first, const struct seen *last) {
    struct merkle_key key;
    uint64_t from, to;
    if (merkle_key_parse(&key, vkey) != OK ||
        merkle_cosignature_verify(&first->note, &key, &from) != OK ||
        merkle_cosignature_verify(&last->note, &key, &to) != OK || to <= from ||
        to - from > UINT64_MAX / TIME_SECOND)
        return 0;
    return (to - from) * TIME_SECOND;
}

enum office_reason office_witnessed(const struct office *o, const struct office_witnessed *w,
                                    uint64_t *duration) {
    struct merkle_key ledger;
    struct seen first, last;
    *duration = 0;
    NEED(reason_of(merkle_key_parse(&ledger, o->ledger), OFFICE_KEY));
    NEED(reason_of(seen_read(&ledger, w->first, &first), OFFICE_CHECKPOINT));
    NEED(reason_of(seen_read(&ledger, w->last, &last), OFFICE_CHECKPOINT));
    NEED(reason_of(grown(w, &first, &last), OFFICE_LEDGER));
    for (size_t i = 0; i < o->witnesses.n; i++) {
        uint64_t ms = between(o->witnesses.p[i].text, &first, &last);
        if (ms > *duration)
            *duration = ms;
    }
    return *duration > 0 ? OFFICE_OK : OFFICE_WITNESS;
}
