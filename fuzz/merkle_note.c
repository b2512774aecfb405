/* Notes, keys and checkpoints over any bytes. What is accepted has one form. */
#include <stdlib.h>

#include "merkle/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool within(slice part, slice whole) {
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void check_checkpoint(slice text) {
    struct merkle_checkpoint checkpoint;
    if (merkle_checkpoint_parse(&checkpoint, text) != OK)
        return;
    buf again = {0};
    require(checkpoint.size <= MERKLE_SIZE_MAX && checkpoint.origin.n > 0);
    require(merkle_checkpoint_format(&again, &checkpoint) == OK);
    require(slice_equal(buf_slice(&again), text));
    buf_free(&again);
}

static void check_key(slice text) {
    struct merkle_key key, back;
    if (merkle_key_parse(&key, text) != OK)
        return;
    buf again = {0};
    require(merkle_key_format(&again, &key) == OK && again.n == text.n);
    require(merkle_key_parse(&back, buf_slice(&again)) == OK);
    require(memcmp(&back, &key, sizeof key) == 0);
    buf_free(&again);
}

/* Text, an empty line, and a line for each signature: nothing else is a note. */
static void check_note(slice bytes) {
    static struct merkle_note note;
    static struct merkle_key key;
    static const uint8_t public[MERKLE_KEY] = {1};
    uint64_t seconds;
    if (merkle_note_parse(&note, bytes) != OK)
        return;
    buf again = {0};
    require(merkle_note_begin(&again, note.text) == OK && note.count > 0);
    for (size_t i = 0; i < note.count; i++) {
        const struct merkle_signature *s = &note.signatures[i];
        require(within(s->name, bytes) && within(s->base64, bytes));
        require(buf_append(&again, slice_str("\xe2\x80\x94 ")) == OK);
        require(buf_append(&again, s->name) == OK && buf_append_byte(&again, ' ') == OK);
        require(buf_append(&again, s->base64) == OK && buf_append_byte(&again, '\n') == OK);
        /* A key of any name that stands there has not signed it. */
        if (merkle_key_make(&key, MERKLE_KEY_ED25519, s->name, public) != OK)
            continue;
        key.id = s->id;
        require(merkle_note_verify(&note, &key) == ERR_SIGNATURE);
        key.type = MERKLE_KEY_COSIGNATURE;
        require(merkle_cosignature_verify(&note, &key, &seconds) != OK);
    }
    require(slice_equal(buf_slice(&again), bytes));
    buf_free(&again);
    check_checkpoint(note.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice bytes = slice_of(data, size);
    check_note(bytes);
    check_checkpoint(bytes);
    check_key(bytes);
    return 0;
}
