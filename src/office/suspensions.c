/* The suspension list, and what the difference of two versions demands. Whatever is not known to
 * bind more than before is a lift. */
#include "office/internal.h"

enum { MANY = 256, LINES = 64, CARVE_OUTS = 16 };

static const struct text_name scopes[] = {{"all", OFFICE_SCOPE_ALL},
                                          {"regimes", OFFICE_SCOPE_REGIMES},
                                          {"authorities", OFFICE_SCOPE_AUTHORITIES},
                                          {0}};
static const struct text_name paths[] = {
    {"ordinary", OFFICE_ORDINARY}, {"emergency", OFFICE_EMERGENCY}, {0}};
static const struct text_name becomings[] = {
    {"nothing", OFFICE_BECOMES_NOTHING}, {"entry", OFFICE_BECOMES_ENTRY}, {0}};

/* ---- The text ---- */

#define THIS struct office_carve_out
static const struct text_field carve_out_fields[] = {
    {FIELD("", TEXT_ID, id, 1, 1)},
    {FIELD("", TEXT_ONE, path, 1, 1), .names = paths},
    {FIELD("", TEXT_PROSE, text, 1, 1)},
    {0},
};
static const struct text_record carve_out = {sizeof(THIS), carve_out_fields};
#undef THIS

#define THIS struct office_scope
static const struct text_field scope_fields[] = {
    {FIELD("", TEXT_ONE, kind, 1, 1), .names = scopes},
    {FIELD("", TEXT_IDS, only, 0, 1)},
    {0},
};
static const struct text_record scope = {sizeof(THIS), scope_fields};
#undef THIS

#define THIS struct office_suspension
static const struct text_field suspension_fields[] = {
    {FIELD("suspension", TEXT_ID, id, 1, 1)},
    {FIELD("jurisdictions", TEXT_COUNTRIES, jurisdictions, 1, 1)},
    {FIELD("scope", TEXT_LINE, scope, 1, 1), .record = &scope},
    {FIELD("wording", TEXT_LINES, wording, 1, LINES), .record = &prose_line},
    {FIELD("start", TEXT_TIME, start, 1, 1)},
    {FIELD("review", TEXT_TIME, review, 1, 1)},
    {FIELD("consequence", TEXT_LINES, consequence, 0, LINES), .record = &prose_line},
    {FIELD("carve-out", TEXT_LINES, carve_outs, 0, CARVE_OUTS), .record = &carve_out,
     .ascends = true},
    {0},
};
static const struct text_record suspension = {sizeof(THIS), suspension_fields};
#undef THIS

#define THIS struct office_becomes
static const struct text_field becomes_fields[] = {
    {FIELD("", TEXT_ONE, kind, 1, 1), .names = becomings},
    {FIELD("", TEXT_HASH, hash, 0, 1)},
    {0},
};
static const struct text_record becomes = {sizeof(THIS), becomes_fields};
#undef THIS

#define THIS struct office_lift_notice
static const struct text_field notice_fields[] = {
    {FIELD("lift-notice", TEXT_ID, id, 1, 1)},
    {FIELD("lifts", TEXT_ID, lifts, 1, 1)},
    {FIELD("becomes", TEXT_LINE, becomes, 1, 1), .record = &becomes},
    {FIELD("wording", TEXT_LINES, wording, 1, LINES), .record = &prose_line},
    {0},
};
static const struct text_record notice = {sizeof(THIS), notice_fields};
#undef THIS

#define THIS struct office_lifted
static const struct text_field lifted_fields[] = {
    {FIELD("lifted", TEXT_ID, notice, 1, 1)},
    {FIELD("lifts", TEXT_ID, lifts, 1, 1)},
    {FIELD("becomes", TEXT_LINE, becomes, 1, 1), .record = &becomes},
    {FIELD("section", TEXT_LINES, sections, 0, OFFICE_ASSESSMENT), .record = &version_line},
    {0},
};
static const struct text_record lifted = {sizeof(THIS), lifted_fields};
#undef THIS

#define THIS struct office_freeze
static const struct text_field freeze_fields[] = {
    {FIELD("", TEXT_ID, id, 1, 1)},
    {FIELD("", TEXT_TIME, time, 1, 1)},
    {0},
};
static const struct text_record freeze = {sizeof(THIS), freeze_fields};
#undef THIS

#define THIS struct office_suspensions
static const struct text_field list_fields[] = {
    {FIELD("version", TEXT_NUMBER, version, 1, 1)},
    {FIELD("previous", TEXT_HASH, previous, 1, 1)},
    {FIELD("office", TEXT_LINE, office, 1, 1), .record = &version_line},
    {FIELD("suspension", TEXT_BLOCKS, suspensions, 0, MANY), .record = &suspension,
     .ascends = true},
    {FIELD("lift-notice", TEXT_BLOCKS, notices, 0, MANY), .record = &notice, .ascends = true},
    {FIELD("lifted", TEXT_BLOCKS, lifted, 0, MANY), .record = &lifted, .ascends = true},
    {FIELD("freeze", TEXT_LINES, freezes, 0, MANY), .record = &freeze, .ascends = true},
    {0},
};
#undef THIS

/* ---- Finding ---- */

const struct office_suspension *suspension_find(const struct office_suspensions *s, slice id) {
    return s == NULL ? NULL
                     : text_find(s->suspensions.p, s->suspensions.n, sizeof *s->suspensions.p, id);
}

const struct office_lift_notice *notice_find(const struct office_suspensions *s, slice id) {
    return s == NULL ? NULL : text_find(s->notices.p, s->notices.n, sizeof *s->notices.p, id);
}

const struct office_lifted *lifted_find(const struct office_suspensions *s, slice lifts) {
    for (size_t i = 0; s != NULL && i < s->lifted.n; i++)
        if (slice_equal(s->lifted.p[i].lifts, lifts))
            return &s->lifted.p[i];
    return NULL;
}

/* ---- What the lines alone don't say ---- */

/* An order names a carve-out by its id alone, so this is one's in the whole list. */
static bool carve_outs_differ(const struct office_suspensions *s) {
    for (size_t i = 0; i < s->suspensions.n; i++) {
        const struct office_suspension *a = &s->suspensions.p[i];
        for (size_t j = 0; j < a->carve_outs.n; j++)
            if (office_carve_out_find(s, a->carve_outs.p[j].id) != &a->carve_outs.p[j])
                return false;
    }
    return true;
}

static enum office_reason becomes_check(const struct office_becomes *b) {
    static const uint8_t none[32];
    bool named = memcmp(b->hash, none, sizeof none) != 0;
    return named == (b->kind == OFFICE_BECOMES_ENTRY) ? OFFICE_OK : OFFICE_BECOMES;
}

static enum office_reason lifted_check(const struct office_suspensions *s,
                                       const struct office_lifted *l) {
    static const uint8_t none[32];
    NEED(becomes_check(&l->becomes));
    if (lifted_find(s, l->lifts) != l)
        return OFFICE_TWICE;
    if (l->sections.n != OFFICE_ASSESSMENT)
        return OFFICE_SECTIONS;
    for (size_t i = 0; i < OFFICE_ASSESSMENT; i++)
        if (l->sections.p[i].number != i + 1 ||
            memcmp(l->sections.p[i].hash, none, sizeof none) == 0)
            return OFFICE_SECTIONS;
    return OFFICE_OK;
}

static enum office_reason check(const void *document) {
    const struct office_suspensions *s = document;
    if (!carve_outs_differ(s))
        return OFFICE_TWICE;
    for (size_t i = 0; i < s->suspensions.n; i++) {
        const struct office_scope *where = &s->suspensions.p[i].scope;
        if ((where->kind == OFFICE_SCOPE_ALL) != (where->only.n == 0))
            return OFFICE_SCOPE;
    }
    for (size_t i = 0; i < s->notices.n; i++) {
        if (suspension_find(s, s->notices.p[i].lifts) == NULL)
            return OFFICE_NO_SUSPENSION;
        NEED(becomes_check(&s->notices.p[i].becomes));
    }
    for (size_t i = 0; i < s->lifted.n; i++)
        NEED(lifted_check(s, &s->lifted.p[i]));
    return OFFICE_OK;
}

static const struct document_type suspensions_type = {
    {"suspensions", {sizeof(struct office_suspensions), list_fields}}, check};

/* ---- Reading, writing ---- */

enum office_reason office_suspensions_load(struct office_suspensions **out, const struct mem *mem,
                                           slice bytes, size_t *line) {
    void *document = NULL;
    enum office_reason r = document_new(&document, mem, &suspensions_type, bytes, line);
    *out = document;
    return r;
}

void office_suspensions_free(struct office_suspensions *s) {
    document_free(&suspensions_type, s);
}

enum office_reason office_suspensions_write(buf *out, const struct office_suspensions *s) {
    return text_write(out, &suspensions_type.text, s);
}

enum office_reason office_suspension_hash(const struct office_suspension *s, uint8_t hash[32]) {
    buf text = {0};
    enum office_reason r = text_write_record(&text, &suspension, s);
    slice bytes = buf_slice(&text);
    if (r == OFFICE_OK)
        r = reason_of(crypto_sha256.hash(hash, &bytes, 1), OFFICE_MEMORY);
    buf_free(&text);
    return r;
}

const struct office_carve_out *office_carve_out_find(const struct office_suspensions *s, slice id) {
    for (size_t i = 0; i < s->suspensions.n; i++) {
        const struct office_suspension *a = &s->suspensions.p[i];
        const struct office_carve_out *c =
            text_find(a->carve_outs.p, a->carve_outs.n, sizeof *c, id);
        if (c != NULL)
            return c;
    }
    return NULL;
}
