/* Drafts of the next suspension list. A draft becomes a paper, which those sign whom its difference
 * from the present list demands. */
#include "crypto/crypto.h"
#include "desk/pages/board.h"

enum { WORDS_MAX = 64, COUNTRIES_MAX = 64, CARVE_OUTS_MAX = 16, VALUES_MAX = 80 };

/* The list that comes after the present one, with room for one more of each. */
struct next {
    struct office_suspensions list;
    struct office_suspension *suspensions;
    struct office_lift_notice *notices;
    struct office_freeze *freezes;
    struct office_lifted lifted;
    struct office_version sections[OFFICE_ASSESSMENT];
    /* Of the one entry that is written or changed. */
    struct office_line wording[WORDS_MAX], consequence[WORDS_MAX], notice[WORDS_MAX];
    struct office_carve_out carve_outs[CARVE_OUTS_MAX];
    struct office_suspensions *becomes;
    /* What the form says; the list points into these. */
    buf values[VALUES_MAX];
    size_t value_count;
    slice which;
};

static size_t room(size_t n, size_t each) {
    return (n + 1) * each;
}

static err next_init(struct page *p, struct next *n) {
    static const struct office_suspensions nothing;
    const struct office_suspensions *l = desk_list(p->desk);
    const struct office *o = desk_office(p->desk);
    if (l == NULL)
        l = &nothing;
    n->list.version = l->version + 1;
    memcpy(n->list.previous, l->document.hash, 32);
    n->list.office.number = o->version;
    memcpy(n->list.office.hash, o->document.hash, 32);
    n->suspensions = mem_new(NULL, room(l->suspensions.n, sizeof(*n->suspensions)));
    n->notices = mem_new(NULL, room(l->notices.n, sizeof(*n->notices)));
    n->freezes = mem_new(NULL, room(l->freezes.n, sizeof(*n->freezes)));
    if (n->suspensions == NULL || n->notices == NULL || n->freezes == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < l->suspensions.n; i++)
        n->suspensions[i] = l->suspensions.p[i];
    for (size_t i = 0; i < l->notices.n; i++)
        n->notices[i] = l->notices.p[i];
    for (size_t i = 0; i < l->freezes.n; i++)
        n->freezes[i] = l->freezes.p[i];
    n->list.suspensions.p = n->suspensions;
    n->list.suspensions.n = l->suspensions.n;
    n->list.notices.p = n->notices;
    n->list.notices.n = l->notices.n;
    n->list.freezes.p = n->freezes;
    n->list.freezes.n = l->freezes.n;
    return OK;
}

static void next_fini(struct page *p, struct next *n) {
    const struct office_suspensions *l = desk_list(p->desk);
    mem_free(NULL, n->suspensions, room(l == NULL ? 0 : l->suspensions.n, sizeof(*n->suspensions)));
    mem_free(NULL, n->notices, room(l == NULL ? 0 : l->notices.n, sizeof(*n->notices)));
    mem_free(NULL, n->freezes, room(l == NULL ? 0 : l->freezes.n, sizeof(*n->freezes)));
    office_suspensions_free(n->becomes);
    for (size_t i = 0; i < n->value_count; i++)
        buf_free(&n->values[i]);
}

/* ---- Values of forms ---- */

static err value(struct page *p, struct next *n, const char *name, slice *out) {
    if (n->value_count == VALUES_MAX)
        return ERR_LIMIT;
    buf *b = &n->values[n->value_count++];
    TRY(page_field(p, name, b));
    *out = buf_slice(b);
    return OK;
}

static err lines(struct page *p, struct next *n, const char *name, struct office_line *out,
                 struct office_lines *lines) {
    slice text;
    TRY(value(p, n, name, &text));
    *lines = (struct office_lines){out, 0};
    while (text.n > 0) {
        slice line = slice_until(&text, '\n');
        if (line.n == 0)
            continue;
        if (lines->n == WORDS_MAX)
            return ERR_LIMIT;
        out[lines->n++].text = line;
    }
    return OK;
}

/* Ascending, each once: whatever else is wrong with them is refused when the text is read. */
static err sorted_words(buf *words) {
    slice rest = buf_slice(words), each[COUNTRIES_MAX];
    size_t n = 0;
    while (rest.n > 0) {
        slice word = slice_until(&rest, ' ');
        size_t at = n;
        if (word.n == 0)
            continue;
        if (n == COUNTRIES_MAX)
            return ERR_LIMIT;
        while (at > 0 && slice_compare(each[at - 1], word) > 0)
            at--;
        if (at > 0 && slice_equal(each[at - 1], word))
            continue;
        memmove(each + at + 1, each + at, (n - at) * sizeof(each[0]));
        each[at] = word;
        n++;
    }
    buf sorted = buf_on(NULL);
    err e = OK;
    for (size_t i = 0; i < n && e == OK; i++) {
        if (i > 0)
            e = buf_append_byte(&sorted, ' ');
        if (e == OK)
            e = buf_append(&sorted, each[i]);
    }
    buf_move(words, &sorted);
    return e;
}

/* The words of a field, and some others, ascending. */
static err countries(struct page *p, struct next *n, slice others, slice *out) {
    TRY(value(p, n, "jurisdictions", out));
    buf *b = &n->values[n->value_count - 1];
    TRY(buf_append_byte(b, ' '));
    TRY(buf_append(b, others));
    TRY(sorted_words(b));
    *out = buf_slice(b);
    return OK;
}

/* Those of the boxes of this name that are ticked. */
static err ticked(struct page *p, struct next *n, const char *name, slice *out) {
    slice rest = p->request->body;
    buf field = buf_on(NULL), text = buf_on(NULL);
    if (n->value_count == VALUES_MAX)
        return ERR_LIMIT;
    buf *all = &n->values[n->value_count++];
    err e = OK;
    while (e == OK && (e = sys_form_next(&rest, &field, &text)) == OK)
        if (slice_equal(buf_slice(&field), slice_str(name))) {
            e = buf_append(all, buf_slice(&text));
            if (e == OK)
                e = buf_append_byte(all, ' ');
        }
    buf_free(&field);
    buf_free(&text);
    if (e == ERR_NOT_FOUND)
        e = sorted_words(all);
    *out = buf_slice(all);
    return e;
}

static struct office_suspension *find(struct next *n, slice id) {
    for (size_t i = 0; i < n->list.suspensions.n; i++)
        if (slice_equal(n->suspensions[i].id, id))
            return &n->suspensions[i];
    return NULL;
}

static uint64_t seconds(uint64_t ms) {
    return ms / TIME_SECOND * TIME_SECOND;
}

/* ---- An entry as a form has it ---- */

static err scope(struct page *p, struct next *n, struct office_scope *out) {
    slice kind;
    TRY(value(p, n, "scope", &kind));
    *out = (struct office_scope){.kind = OFFICE_SCOPE_ALL};
    if (slice_equal(kind, slice_str("regimes")))
        out->kind = OFFICE_SCOPE_REGIMES;
    else if (slice_equal(kind, slice_str("authorities")))
        out->kind = OFFICE_SCOPE_AUTHORITIES;
    else
        return OK;
    return ticked(p, n, out->kind == OFFICE_SCOPE_REGIMES ? "only-regime" : "only-authority",
                  &out->only);
}

static err carve_out(struct page *p, struct next *n, unsigned i, struct office_carve_out *out) {
    char id[16] = "carve-0-id", path[16] = "carve-0-path", text[16] = "carve-0-text";
    id[6] = path[6] = text[6] = (char)('a' + i);
    slice by;
    TRY(value(p, n, id, &out->id));
    TRY(value(p, n, path, &by));
    TRY(value(p, n, text, &out->text));
    out->path = slice_equal(by, slice_str("emergency")) ? OFFICE_EMERGENCY : OFFICE_ORDINARY;
    return OK;
}

/* Rows that are empty are none. */
static err carve_outs(struct page *p, struct next *n, struct office_suspension *s) {
    s->carve_outs.p = n->carve_outs;
    s->carve_outs.n = 0;
    for (unsigned i = 0; i < CARVE_OUTS_MAX; i++) {
        struct office_carve_out one;
        TRY(carve_out(p, n, i, &one));
        if (one.id.n == 0 && one.text.n == 0)
            continue;
        size_t at = s->carve_outs.n++;
        for (; at > 0 && slice_compare(n->carve_outs[at - 1].id, one.id) > 0; at--)
            n->carve_outs[at] = n->carve_outs[at - 1];
        n->carve_outs[at] = one;
    }
    return OK;
}

static err entry(struct page *p, struct next *n, const char *wording, struct office_suspension *s) {
    slice date;
    TRY(countries(p, n, SLICE_EMPTY, &s->jurisdictions));
    TRY(scope(p, n, &s->scope));
    TRY(lines(p, n, wording, n->wording, &s->wording));
    TRY(lines(p, n, "law", n->consequence, &s->consequence));
    TRY(value(p, n, "date", &date));
    TRY(page_day(date, &s->review));
    return carve_outs(p, n, s);
}

/* ---- What can be drafted ---- */

static err set(struct page *p, struct next *n) {
    struct office_suspension s = {.start = seconds(p->now)};
    TRY(value(p, n, "id", &s.id));
    TRY(entry(p, n, "text", &s));
    size_t at = n->list.suspensions.n++;
    for (; at > 0 && slice_compare(n->suspensions[at - 1].id, s.id) > 0; at--)
        n->suspensions[at] = n->suspensions[at - 1];
    n->suspensions[at] = s;
    return OK;
}

/* More jurisdictions, all requests, fewer exceptions: in the same words. */
static err extend(struct page *p, struct next *n) {
    struct office_suspension *s = find(n, n->which);
    slice all, gone;
    size_t stay = 0;
    if (s == NULL)
        return ERR_NOT_FOUND;
    TRY(countries(p, n, s->jurisdictions, &s->jurisdictions));
    TRY(value(p, n, "scope", &all));
    if (slice_equal(all, slice_str("all")))
        s->scope = (struct office_scope){.kind = OFFICE_SCOPE_ALL};
    TRY(ticked(p, n, "gone", &gone));
    for (size_t i = 0; i < s->carve_outs.n && stay < CARVE_OUTS_MAX; i++) {
        slice rest = gone;
        bool goes = false;
        while (rest.n > 0 && !goes)
            goes = slice_equal(slice_until(&rest, ' '), s->carve_outs.p[i].id);
        if (!goes)
            n->carve_outs[stay++] = s->carve_outs.p[i];
    }
    s->carve_outs.p = n->carve_outs;
    s->carve_outs.n = stay;
    return OK;
}

static err review(struct page *p, struct next *n) {
    struct office_suspension *s = find(n, n->which);
    slice date;
    if (s == NULL)
        return ERR_NOT_FOUND;
    TRY(value(p, n, "date", &date));
    return page_day(date, &s->review);
}

/* In part: what it becomes is written down whole, and named by its hash. */
static err becomes(struct page *p, struct next *n, struct office_becomes *out) {
    slice how;
    struct office_suspension s = *find(n, n->which);
    TRY(value(p, n, "becomes", &how));
    out->kind = OFFICE_BECOMES_NOTHING;
    if (!slice_equal(how, slice_str("entry")))
        return OK;
    out->kind = OFFICE_BECOMES_ENTRY;
    TRY(entry(p, n, "entry-text", &s));
    return page_becomes_put(p, &s, out->hash);
}

static err notice(struct page *p, struct next *n) {
    struct office_lift_notice made = {.lifts = n->which};
    if (find(n, n->which) == NULL)
        return ERR_NOT_FOUND;
    TRY(value(p, n, "id", &made.id));
    TRY(lines(p, n, "text", n->notice, &made.wording));
    TRY(becomes(p, n, &made.becomes));
    size_t at = n->list.notices.n++;
    for (; at > 0 && slice_compare(n->notices[at - 1].id, made.id) > 0; at--)
        n->notices[at] = n->notices[at - 1];
    n->notices[at] = made;
    return OK;
}

static err notice_take(struct next *n, struct office_lift_notice *gone) {
    size_t at = 0;
    while (at < n->list.notices.n && !slice_equal(n->notices[at].id, n->which))
        at++;
    if (at == n->list.notices.n)
        return ERR_NOT_FOUND;
    *gone = n->notices[at];
    n->list.notices.n--;
    memmove(n->notices + at, n->notices + at + 1, (n->list.notices.n - at) * sizeof(*gone));
    return OK;
}

static err take_back(struct page *p, struct next *n) {
    struct office_lift_notice gone;
    (void)p;
    return notice_take(n, &gone);
}

static err sections(struct page *p, struct next *n, slice id) {
    for (unsigned i = 0; i < OFFICE_ASSESSMENT; i++) {
        n->sections[i].number = i + 1;
        TRY(page_section_hash(p, id, i + 1, n->sections[i].hash));
    }
    n->lifted.sections.p = n->sections;
    n->lifted.sections.n = OFFICE_ASSESSMENT;
    return OK;
}

/* The notice goes, and the suspension goes or becomes what the notice said; the list says so, with
 * the assessment's hashes. */
static err lift(struct page *p, struct next *n) {
    struct office_lift_notice gone;
    TRY(notice_take(n, &gone));
    struct office_suspension *s = find(n, gone.lifts);
    if (s == NULL)
        return ERR_NOT_FOUND;
    n->lifted = (struct office_lifted){gone.id, gone.lifts, gone.becomes, {NULL, 0}};
    TRY(sections(p, n, gone.id));
    n->list.lifted.p = &n->lifted;
    n->list.lifted.n = 1;
    if (gone.becomes.kind == OFFICE_BECOMES_ENTRY) {
        TRY(page_becomes_get(p, gone.becomes.hash, &n->becomes));
        *s = n->becomes->suspensions.p[0];
        return OK;
    }
    size_t place = (size_t)(s - n->suspensions);
    n->list.suspensions.n--;
    memmove(s, s + 1, (n->list.suspensions.n - place) * sizeof(*s));
    return OK;
}

static err freeze(struct page *p, struct next *n) {
    char id[DECIMAL_TEXT + 8] = "freeze-";
    decimal_text(n->list.version, id + 7);
    if (n->value_count == VALUES_MAX)
        return ERR_LIMIT;
    buf *name = &n->values[n->value_count++];
    TRY(buf_set(name, slice_str(id)));
    struct office_freeze made = {buf_slice(name), seconds(p->now)};
    size_t at = n->list.freezes.n++;
    for (; at > 0 && slice_compare(n->freezes[at - 1].id, made.id) > 0; at--)
        n->freezes[at] = n->freezes[at - 1];
    n->freezes[at] = made;
    return OK;
}

static err unfreeze(struct page *p, struct next *n) {
    (void)p;
    n->list.freezes.n = 0;
    return OK;
}

static const struct {
    const char *name;
    err (*make)(struct page *p, struct next *n);
} drafts[] = {{"set", set},   {"extend", extend},       {"review", review}, {"notice", notice},
              {"lift", lift}, {"take-back", take_back}, {"freeze", freeze}, {"unfreeze", unfreeze}};

static err draft(struct page *p, struct next *n, slice what, buf *text) {
    TRY(next_init(p, n));
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++)
        if (slice_equal(what, slice_str(drafts[i].name))) {
            TRY(drafts[i].make(p, n));
            return office_suspensions_write(text, &n->list) == OFFICE_OK ? OK : ERR_MALFORMED;
        }
    return ERR_MALFORMED;
}

err page_list_draft(struct page *p, slice what, slice which) {
    struct next *n = mem_new(NULL, sizeof(*n));
    if (n == NULL)
        return ERR_NO_MEMORY;
    buf text = buf_on(NULL);
    n->which = which;
    err e = draft(p, n, what, &text);
    next_fini(p, n);
    mem_free(NULL, n, sizeof(*n));
    e = e == OK ? page_paper_begin(p, buf_slice(&text)) : page_error(p, e, NULL);
    buf_free(&text);
    return e;
}

static err board_compose(struct page *p) {
    buf what = buf_on(NULL), which = buf_on(NULL);
    err e = page_field(p, "what", &what);
    if (e == OK)
        e = page_field(p, "which", &which);
    e = e == OK ? page_list_draft(p, buf_slice(&what), buf_slice(&which)) : page_error(p, e, NULL);
    buf_free(&what);
    buf_free(&which);
    return e;
}
PAGE(board_compose, PAGE_INSIDE)
