#include "desk/facts.h"

#include "base/text.h"
#include "crypto/crypto.h"

enum { ACCOUNTS_MAX = 1000000 };

bool desk_copy(char *out, size_t n, slice s) {
    if (s.n >= n || (s.n > 0 && memchr(s.p, 0, s.n) != NULL))
        return false;
    if (s.n > 0)
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

bool facts_word(const struct office_case_move *text, const char *name, slice *word) {
    size_t count = 0;
    for (size_t i = 0; text != NULL && i < text->says.n; i++)
        if (slice_equal(text->says.p[i].name, slice_str(name))) {
            *word = text->says.p[i].text;
            count++;
        }
    return count == 1;
}

bool facts_hash(const struct office_case_move *text, const char *name, slice bytes) {
    uint8_t hash[32];
    char hex[HEX_TEXT];
    slice said;
    if (!facts_word(text, name, &said) || crypto_sha256.hash(hash, &bytes, 1) != OK)
        return false;
    hex_text(hash, hex);
    return slice_equal(said, slice_str(hex));
}

bool facts_time(const struct office_case_move *text, const char *name, uint64_t *ms) {
    slice word;
    return facts_word(text, name, &word) && office_time_read(word, ms);
}

bool facts_is_id(slice s) {
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!letter && (i == 0 || (s.p[i] != '-' && s.p[i] != '.')))
            return false;
    }
    return s.n > 0 && s.n < DESK_ID;
}

static bool is_country(slice s) {
    return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

/* "unknown" becomes "". */
static bool country(slice s, char out[DESK_COUNTRY]) {
    if (slice_equal(s, slice_str("unknown")))
        s = SLICE_EMPTY;
    else if (!is_country(s))
        return false;
    return desk_copy(out, DESK_COUNTRY, s);
}

bool facts_fields(slice words, uint32_t *fields) {
    static const char *const names[] = {
#define X(text, name) text,
        HELD_RECORD(X)
#undef X
    };
    *fields = 0;
    while (words.n > 0) {
        slice word = slice_until(&words, ' ');
        int i = 0;
        while (i < DESK_FIELD_COUNT && !slice_equal(word, slice_str(names[i])))
            i++;
        if (i == DESK_FIELD_COUNT)
            return false;
        *fields |= (uint32_t)1 << i;
    }
    return *fields != 0;
}

bool desk_unfilled(slice text) {
    while (text.n > 0) {
        (void)slice_until(&text, '{');
        size_t n = 0;
        while (n < text.n && ((text.p[n] >= 'a' && text.p[n] <= 'z') || text.p[n] == '-'))
            n++;
        if (n > 0 && n < text.n && text.p[n] == '}')
            return true;
    }
    return false;
}

/* ---- Classifying ---- */

/* One that must be there, an id. */
static enum desk_reason id_of(const struct office_case_move *text, const char *name,
                              char out[DESK_ID]) {
    slice word;
    if (!facts_word(text, name, &word))
        return DESK_FACTS;
    return facts_is_id(word) && desk_copy(out, DESK_ID, word) ? DESK_OK : DESK_FACT;
}

static enum desk_reason kind_and_path(const struct office_case_move *text, struct desk_case *c) {
    slice kind, path;
    if (!facts_word(text, "kind", &kind) || !facts_word(text, "path", &path))
        return DESK_FACTS;
    return desk_kind_of(kind, &c->kind) && desk_path_of(path, &c->path) &&
                   c->path != OFFICE_COMPELLED
               ? DESK_OK
               : DESK_FACT;
}

static enum desk_reason authority(const struct desk_world *w, struct desk_case *c) {
    const struct office_authority *a = office_authority_find(w->office, slice_str(c->authority));
    if (a == NULL)
        return DESK_AUTHORITY;
    return desk_copy_id(c->issuer, a->jurisdiction) ? DESK_OK : DESK_AUTHORITY;
}

/* What can't be carried out is a case of a kind of its own, whatever it calls itself. */
static enum desk_reason demand(const struct desk_world *w, const struct desk_case *c) {
    bool demands = desk_ids_to(w->processes, slice_str(c->process))[0] != '\0';
    if (c->kind != DESK_KIND_DEMAND)
        return demands ? DESK_NOT_EXECUTABLE : DESK_OK;
    return desk_ids_have(w->demands, slice_str(c->category)) ? DESK_OK : DESK_DEMAND;
}

/* The category is one that a held field has under the regime. */
static enum desk_reason regime(const struct desk_world *w, struct desk_case *c) {
    const struct desk_regime *r = desk_regime_find(w, slice_str(c->regime));
    if (r == NULL)
        return DESK_NO_REGIME;
    uint64_t term =
        c->path == OFFICE_EMERGENCY && r->emergency_term != 0 ? r->emergency_term : r->term;
    c->deadline = term == 0 ? 0 : c->received + term;
    if (c->kind == DESK_KIND_DEMAND)
        return DESK_OK;
    if (c->kind != r->kind)
        return DESK_NO_REGIME;
    for (int i = 0; i < DESK_FIELD_COUNT && c->kind == DESK_KIND_PRODUCE; i++)
        if (strcmp(r->categories[i], c->category) == 0)
            return DESK_OK;
    return c->kind == DESK_KIND_PRODUCE ? DESK_NO_REGIME : DESK_OK;
}

static enum desk_reason fields_and_accounts(const struct office_case_move *text,
                                            struct desk_case *c) {
    slice fields, accounts;
    c->asked = 0;
    if (!facts_word(text, "accounts", &accounts))
        return DESK_FACTS;
    if (decimal_decode(accounts, ACCOUNTS_MAX, &c->accounts) != OK)
        return DESK_FACT;
    if (!facts_word(text, "fields", &fields))
        return c->kind == DESK_KIND_PRODUCE ? DESK_FACTS : DESK_OK;
    return facts_fields(fields, &c->asked) ? DESK_OK : DESK_FACT;
}

enum desk_reason facts_classify(const struct office_case_move *text, const struct desk_world *w,
                                struct desk_case *c) {
    slice word;
    enum desk_reason r = kind_and_path(text, c);
    if (r == DESK_OK)
        r = id_of(text, "authority", c->authority);
    if (r == DESK_OK)
        r = id_of(text, "regime", c->regime);
    if (r == DESK_OK)
        r = id_of(text, "process", c->process);
    if (r == DESK_OK)
        r = id_of(text, "category", c->category);
    if (r == DESK_OK && !desk_ids_have(w->processes, slice_str(c->process)))
        r = DESK_NO_REGIME;
    if (r == DESK_OK)
        r = demand(w, c);
    if (r == DESK_OK)
        r = authority(w, c);
    if (r == DESK_OK)
        r = regime(w, c);
    if (r == DESK_OK)
        r = fields_and_accounts(text, c);
    if (r != DESK_OK)
        return r;
    if (!facts_word(text, "beneficiary", &word))
        return DESK_FACTS;
    if (!country(word, c->beneficiary))
        return DESK_FACT;
    c->carve_outs[0] = '\0';
    return !facts_word(text, "carve-outs", &word) || desk_copy_id(c->carve_outs, word) ? DESK_OK
                                                                                       : DESK_FACT;
}

/* ---- The others ---- */

enum desk_reason facts_called(const struct office_case_move *text, const struct desk_world *w,
                              const struct desk_case *c, char called[DESK_ID]) {
    const struct office_authority *a = office_authority_find(w->office, slice_str(c->authority));
    slice number;
    if (a == NULL)
        return DESK_AUTHORITY;
    if (!facts_word(text, "number", &number))
        return DESK_FACTS;
    for (size_t i = 0; i < a->calls.n; i++)
        if (slice_equal(a->calls.p[i].text, number)) {
            decimal_text(i + 1, called);
            return DESK_OK;
        }
    return DESK_NUMBER;
}

enum desk_reason facts_verdict(const struct office_case_move *text, struct desk_seat *seat) {
    slice verdict, beneficiary, conflict;
    if (!facts_word(text, "verdict", &verdict) || !facts_word(text, "beneficiary", &beneficiary) ||
        !facts_word(text, "conflict", &conflict))
        return DESK_FACTS;
    if (!slice_equal(conflict, slice_str("no")))
        return DESK_CONFLICT;
    return desk_verdict_of(verdict, &seat->verdict) && country(beneficiary, seat->beneficiary)
               ? DESK_OK
               : DESK_FACT;
}

static enum desk_reason cited(const struct office_case_move *text, const char *name,
                              uint64_t version) {
    slice word;
    uint64_t n;
    if (!facts_word(text, name, &word))
        return DESK_FACTS;
    return decimal_decode(word, UINT32_MAX, &n) == OK && n == version ? DESK_OK : DESK_CITES;
}

enum desk_reason facts_cited(const struct office_case_move *text, const struct desk_cites *cites) {
    enum desk_reason r = cited(text, "policy", cites->policy);
    return r == DESK_OK ? cited(text, "guidelines", cites->guidelines) : r;
}

static enum desk_reason answer(const struct office_case_move *text, const struct desk_question *q,
                               bool expert_heard) {
    slice word;
    if (!facts_word(text, q->id, &word))
        return DESK_ANSWERS;
    bool unknown = slice_equal(word, slice_str("unknown"));
    if (!unknown && !slice_equal(word, slice_str("yes")) && !slice_equal(word, slice_str("no")))
        return DESK_ANSWERS;
    if (q->effect == DESK_EFFECT_NONE || (q->effect == DESK_EFFECT_EXPERT && expert_heard))
        return DESK_OK;
    return unknown || slice_equal(word, slice_str(q->wrong)) ? DESK_BLOCKING : DESK_OK;
}

enum desk_reason facts_clear(const struct office_case_move *text, const struct desk_checklists *c,
                             uint32_t lists, bool expert_heard) {
    slice word;
    uint64_t version;
    if (!facts_word(text, "checklists", &word) ||
        decimal_decode(word, UINT32_MAX, &version) != OK || version != c->version)
        return DESK_ANSWERS;
    for (int list = 0; list < DESK_LIST_COUNT; list++)
        for (size_t i = 0; (lists >> list & 1) != 0 && i < c->lists[list].n; i++) {
            enum desk_reason r = answer(text, &c->lists[list].each[i], expert_heard);
            if (r != DESK_OK)
                return r;
        }
    return DESK_OK;
}

void facts_detail(const struct office_case_move *text, const struct desk_world *w,
                  const struct desk_case *c, enum desk_move move, char detail[DESK_ID]) {
    static const char *const names[DESK_MOVE_COUNT] = {
        [DESK_MOVE_BAR] = "until",       [DESK_MOVE_REJECT] = "ground",
        [DESK_MOVE_NOT_HELD] = "ground", [DESK_MOVE_COMPEL] = "ground",
        [DESK_MOVE_REPLACE] = "lens",    [DESK_MOVE_AFTER_VERDICT] = "verdict",
        [DESK_MOVE_WRITE] = "template",
    };
    slice word;
    detail[0] = '\0';
    if (move == DESK_MOVE_CALL_BACK)
        (void)facts_called(text, w, c, detail);
    else if (names[move] != NULL && facts_word(text, names[move], &word))
        (void)desk_copy(detail, DESK_ID, word);
}
