/* The text in which a desk hands on what its ledger showed of versions of the suspension list. */
#include "merkle/fields.h"
#include "office/internal.h"

enum { MANY = 256, PROOF = 64 };
_Static_assert((int)PROOF == (int)MERKLE_PROOF_MAX, "the longest proof");

#define THIS struct office_hash
static const struct text_field hash_fields[] = {
    {FIELD("", TEXT_HASH, bytes, 1, 1)},
    {0},
};
static const struct text_record hash_line = {sizeof(THIS), hash_fields};
#undef THIS

#define THIS struct office_sighting
static const struct text_field sighting_fields[] = {
    {FIELD("document", TEXT_HASH, document, 1, 1)},
    {FIELD("entry", TEXT_BASE64, entry, 1, 1)},
    {FIELD("salt", TEXT_HASH, salt, 1, 1)},
    {FIELD("place", TEXT_NUMBER, place, 1, 1)},
    {FIELD("first", TEXT_BASE64, first, 1, 1)},
    {FIELD("inclusion", TEXT_LINES, inclusion, 0, PROOF), .record = &hash_line},
    {FIELD("last", TEXT_BASE64, last, 1, 1)},
    {FIELD("consistency", TEXT_LINES, consistency, 0, PROOF), .record = &hash_line},
    {0},
};
static const struct text_record sighting = {sizeof(THIS), sighting_fields};
#undef THIS

#define THIS struct office_sightings
static const struct text_field sightings_fields[] = {
    {FIELD("document", TEXT_BLOCKS, each, 1, MANY), .record = &sighting},
    {0},
};
#undef THIS

static enum office_reason no_more(const void *document) {
    (void)document;
    return OFFICE_OK;
}

static const struct document_type sightings_type = {
    {"sightings", {sizeof(struct office_sightings), sightings_fields}}, no_more};

enum office_reason office_sightings_load(struct office_sightings **out, const struct mem *mem,
                                         slice bytes, size_t *line) {
    void *document = NULL;
    enum office_reason r = document_new(&document, mem, &sightings_type, bytes, line);
    *out = document;
    return r;
}

void office_sightings_free(struct office_sightings *s) {
    document_free(&sightings_type, s);
}

enum office_reason office_sightings_write(buf *out, const struct office_sightings *s) {
    return text_write(out, &sightings_type.text, s);
}

/* ---- What one shows ---- */

/* That the entry says `document`; then its leaf. */
static err leaf_of(const struct office_sighting *s, slice entry, struct merkle_hash *leaf) {
    buf hex = {0};
    err e = hex_encode(&hex, SLICE_ARRAY(s->document));
    struct merkle_field field = {MERKLE_SLOT_DOCUMENT, merkle_slot_name(MERKLE_SLOT_DOCUMENT),
                                 s->salt, buf_slice(&hex)};
    if (e == OK)
        e = merkle_open(entry, &field);
    if (e == OK)
        merkle_leaf_hash(leaf, entry);
    buf_free(&hex);
    return e;
}

static void proof_of(struct merkle_proof *out, const struct office_hashes *hashes) {
    out->n = hashes->n;
    for (size_t i = 0; i < hashes->n; i++)
        memcpy(out->path[i].bytes, hashes->p[i].bytes, MERKLE_HASH);
}

enum office_reason office_sighting_check(const struct office *o, const struct office_sighting *s,
                                         uint64_t *duration) {
    buf entry = {0}, first = {0}, last = {0};
    struct office_witnessed shown = {.index = s->place - 1};
    *duration = 0;
    err e = base64_decode(&entry, s->entry);
    if (e == OK)
        e = base64_decode(&first, s->first);
    if (e == OK)
        e = base64_decode(&last, s->last);
    if (e == OK)
        e = leaf_of(s, buf_slice(&entry), &shown.leaf);
    shown.first = buf_slice(&first);
    shown.last = buf_slice(&last);
    proof_of(&shown.inclusion, &s->inclusion);
    proof_of(&shown.consistency, &s->consistency);
    enum office_reason r = reason_of(e, OFFICE_LEDGER);
    if (r == OFFICE_OK)
        r = office_witnessed(o, &shown, duration);
    buf_free(&entry);
    buf_free(&first);
    buf_free(&last);
    return r;
}
