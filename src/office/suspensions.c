/* The suspension list, and what the difference of two versions demands. Whatever is not known to
 * bind more than before is a lift. */
#include "office/internal.h"

enum { MANY = 256, LINES = 64, CARVE_OUTS = 16 };

static const char *const scopes[] = {"all", "regimes", "authorities", NULL};
static const char *const paths[] = {"ordinary", "emergency", NULL};
static const char *const becomings[] = {"nothing", "entry", NULL};

/* ---- The text ---- */

#define AT(member) offsetof(THIS, member)
#define END \
    { NULL, TEXT_PROSE, 0, 0, 0, NULL, NULL }

#define THIS struct office_carve_out
static const struct text_field carve_out_fields[] = {
    {"", TEXT_ID, AT(id), 1, 1, NULL, NULL},
    {"", TEXT_ONE, AT(path), 1, 1, paths, NULL},
    {"", TEXT_PROSE, AT(text), 1, 1, NULL, NULL},
    END,
};
static const struct text_record carve_out = {sizeof(THIS), carve_out_fields};
#undef THIS

#define THIS struct office_scope
static const struct text_field scope_fields[] = {
    {"", TEXT_ONE, AT(kind), 1, 1, scopes, NULL},
    {"", TEXT_IDS, AT(only), 0, 1, NULL, NULL},
    END,
};
static const struct text_record scope = {sizeof(THIS), scope_fields};
#undef THIS

#define THIS struct office_suspension
static const struct text_field suspension_fields[] = {
    {"suspension", TEXT_ID, AT(id), 1, 1, NULL, NULL},
    {"jurisdictions", TEXT_COUNTRIES, AT(jurisdictions), 1, 1, NULL, NULL},
    {"scope", TEXT_LINE, AT(scope), 1, 1, NULL, &scope},
    {"wording", TEXT_LINES, AT(wording), 1, LINES, NULL, &prose_line},
    {"start", TEXT_TIME, AT(start), 1, 1, NULL, NULL},
    {"review", TEXT_TIME, AT(review), 1, 1, NULL, NULL},
    {"consequence", TEXT_LINES, AT(consequence), 0, LINES, NULL, &prose_line},
    {"carve-out", TEXT_LINES, AT(carve_outs), 0, CARVE_OUTS, NULL, &carve_out},
    END,
};
static const struct text_record suspension = {sizeof(THIS), suspension_fields};
#undef THIS

#define THIS struct office_becomes
static const struct text_field becomes_fields[] = {
    {"", TEXT_ONE, AT(kind), 1, 1, becomings, NULL},
    {"", TEXT_HASH, AT(hash), 0, 1, NULL, NULL},
    END,
};
static const struct text_record becomes = {sizeof(THIS), becomes_fields};
#undef THIS

#define THIS struct office_lift_notice
static const struct text_field notice_fields[] = {
    {"lift-notice", TEXT_ID, AT(id), 1, 1, NULL, NULL},
    {"lifts", TEXT_ID, AT(lifts), 1, 1, NULL, NULL},
    {"becomes", TEXT_LINE, AT(becomes), 1, 1, NULL, &becomes},
    {"wording", TEXT_LINES, AT(wording), 1, LINES, NULL, &prose_line},
    END,
};
static const struct text_record notice = {sizeof(THIS), notice_fields};
#undef THIS

#define THIS struct office_section
static const struct text_field section_fields[] = {
    {"", TEXT_NUMBER, AT(number), 1, 1, NULL, NULL},
    {"", TEXT_HASH, AT(hash), 1, 1, NULL, NULL},
    END,
};
static const struct text_record section = {sizeof(THIS), section_fields};
#undef THIS

#define THIS struct office_lifted
static const struct text_field lifted_fields[] = {
    {"lifted", TEXT_ID, AT(notice), 1, 1, NULL, NULL},
    {"lifts", TEXT_ID, AT(lifts), 1, 1, NULL, NULL},
    {"becomes", TEXT_LINE, AT(becomes), 1, 1, NULL, &becomes},
    {"section", TEXT_LINES, AT(sections), 0, OFFICE_ASSESSMENT, NULL, &section},
    END,
};
static const struct text_record lifted = {sizeof(THIS), lifted_fields};
#undef THIS

#define THIS struct office_freeze
static const struct text_field freeze_fields[] = {
    {"", TEXT_ID, AT(id), 1, 1, NULL, NULL},
    {"", TEXT_TIME, AT(time), 1, 1, NULL, NULL},
    END,
};
static const struct text_record freeze = {sizeof(THIS), freeze_fields};
#undef THIS

#define THIS struct office_suspensions
static const struct text_field list_fields[] = {
    {"version", TEXT_NUMBER, AT(version), 1, 1, NULL, NULL},
    {"previous", TEXT_HASH, AT(previous), 1, 1, NULL, NULL},
    {"office", TEXT_LINE, AT(office), 1, 1, NULL, &version_line},
    {"suspension", TEXT_BLOCKS, AT(suspensions), 0, MANY, NULL, &suspension},
    {"lift-notice", TEXT_BLOCKS, AT(notices), 0, MANY, NULL, &notice},
    {"lifted", TEXT_BLOCKS, AT(lifted), 0, MANY, NULL, &lifted},
    {"freeze", TEXT_LINES, AT(freezes), 0, MANY, NULL, &freeze},
    END,
};
#undef THIS

/* ---- Finding ---- */

const struct office_suspension *suspension_find(const struct office_suspensions *s, slice id) {
    for (size_t i = 0; s != NULL && i < s->suspensions.n; i++)
        if (slice_equal(s->suspensions.p[i].id, id))
            return &s->suspensions.p[i];
    return NULL;
}

const struct office_lift_notice *notice_find(const struct office_suspensions *s, slice id) {
    for (size_t i = 0; s != NULL && i < s->notices.n; i++)
        if (slice_equal(s->notices.p[i].id, id))
            return &s->notices.p[i];
    return NULL;
}

const struct office_lifted *lifted_find(const struct office_suspensions *s, slice lifts) {
    for (size_t i = 0; s != NULL && i < s->lifted.n; i++)
        if (slice_equal(s->lifted.p[i].lifts, lifts))
            return &s->lifted.p[i];
    return NULL;
}

/* ---- What the lines alone don't say ---- */

static bool names_ascend(const struct office_suspensions *s) {
    for (size_t i = 1; i < s->suspensions.n; i++)
        if (slice_compare(s->suspensions.p[i - 1].id, s->suspensions.p[i].id) >= 0)
            return false;
    for (size_t i = 1; i < s->notices.n; i++)
        if (slice_compare(s->notices.p[i - 1].id, s->notices.p[i].id) >= 0)
            return false;
    for (size_t i = 1; i < s->lifted.n; i++)
        if (slice_compare(s->lifted.p[i - 1].notice, s->lifted.p[i].notice) >= 0)
            return false;
    for (size_t i = 1; i < s->freezes.n; i++)
        if (slice_compare(s->freezes.p[i - 1].id, s->freezes.p[i].id) >= 0)
            return false;
    return true;
}

/* An order names a carve-out by its id alone, so this is one's in the whole list. */
static bool carve_outs_ascend(const struct office_suspensions *s) {
    for (size_t i = 0; i < s->suspensions.n; i++) {
        const struct office_suspension *a = &s->suspensions.p[i];
        for (size_t j = 0; j < a->carve_outs.n; j++) {
            slice id = a->carve_outs.p[j].id;
            if (office_carve_out_find(s, id) != &a->carve_outs.p[j] ||
                (j > 0 && slice_compare(a->carve_outs.p[j - 1].id, id) >= 0))
                return false;
        }
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
    if (!names_ascend(s) || !carve_outs_ascend(s))
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
    for (size_t i = 0; i < s->suspensions.n; i++)
        for (size_t j = 0; j < s->suspensions.p[i].carve_outs.n; j++)
            if (slice_equal(s->suspensions.p[i].carve_outs.p[j].id, id))
                return &s->suspensions.p[i].carve_outs.p[j];
    return NULL;
}
