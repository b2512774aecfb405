/* The suspension board: drafts of the next list. A draft becomes a paper, which those sign whom its
 * difference from the present list demands. */
#include "crypto/crypto.h"
#include "desk/pages/page.h"

enum { WORDS_MAX = 64, COUNTRIES_MAX = 64 };

/* The list that comes after the present one, with room for one more of each. */
struct next {
    struct office_suspensions list;
    struct office_suspension *suspensions;
    struct office_lift_notice *notices;
    struct office_freeze *freezes;
    struct office_lifted lifted;
    struct office_version sections[OFFICE_ASSESSMENT];
    struct office_line wording[WORDS_MAX], consequence[WORDS_MAX];
    /* What the form says; the list points into these. */
    buf id, which, jurisdictions, text, law, date;
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
    buf_free(&n->id);
    buf_free(&n->which);
    buf_free(&n->jurisdictions);
    buf_free(&n->text);
    buf_free(&n->law);
    buf_free(&n->date);
}

/* ---- Values of forms ---- */

static size_t lines_of(slice text, struct office_line *out) {
    size_t n = 0;
    while (text.n > 0 && n < WORDS_MAX) {
        slice line = slice_until(&text, '\n');
        if (line.n > 0)
            out[n++].text = line;
    }
    return n;
}

/* Two capital letters each, ascending, each once: whatever else is refused when the text is read.
 */
static err sorted_countries(buf *words) {
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

static struct office_suspension *find(struct next *n, slice id) {
    for (size_t i = 0; i < n->list.suspensions.n; i++)
        if (slice_equal(n->suspensions[i].id, id))
            return &n->suspensions[i];
    return NULL;
}

static uint64_t seconds(uint64_t ms) {
    return ms / TIME_SECOND * TIME_SECOND;
}

/* ---- What can be drafted ---- */

static err set(struct page *p, struct next *n) {
    struct office_suspension s = {.id = buf_slice(&n->id), .start = seconds(p->now)};
    TRY(page_field(p, "law", &n->law));
    TRY(sorted_countries(&n->jurisdictions));
    TRY(page_day(buf_slice(&n->date), &s.review));
    s.jurisdictions = buf_slice(&n->jurisdictions);
    s.scope.kind = OFFICE_SCOPE_ALL;
    s.wording.p = n->wording;
    s.wording.n = lines_of(buf_slice(&n->text), n->wording);
    s.consequence.p = n->consequence;
    s.consequence.n = lines_of(buf_slice(&n->law), n->consequence);
    size_t at = n->list.suspensions.n++;
    while (at > 0 && slice_compare(n->suspensions[at - 1].id, s.id) > 0) {
        n->suspensions[at] = n->suspensions[at - 1];
        at--;
    }
    n->suspensions[at] = s;
    return OK;
}

static err extend(struct page *p, struct next *n) {
    (void)p;
    struct office_suspension *s = find(n, buf_slice(&n->which));
    if (s == NULL)
        return ERR_NOT_FOUND;
    TRY(buf_append_byte(&n->jurisdictions, ' '));
    TRY(buf_append(&n->jurisdictions, s->jurisdictions));
    TRY(sorted_countries(&n->jurisdictions));
    s->jurisdictions = buf_slice(&n->jurisdictions);
    return OK;
}

static err review(struct page *p, struct next *n) {
    (void)p;
    struct office_suspension *s = find(n, buf_slice(&n->which));
    if (s == NULL)
        return ERR_NOT_FOUND;
    return page_day(buf_slice(&n->date), &s->review);
}

static err notice(struct page *p, struct next *n) {
    (void)p;
    struct office_lift_notice *new = &n->notices[n->list.notices.n];
    if (find(n, buf_slice(&n->which)) == NULL)
        return ERR_NOT_FOUND;
    *new = (struct office_lift_notice){.id = buf_slice(&n->id), .lifts = buf_slice(&n->which)};
    new->becomes.kind = OFFICE_BECOMES_NOTHING;
    new->wording.p = n->wording;
    new->wording.n = lines_of(buf_slice(&n->text), n->wording);
    struct office_lift_notice made = *new;
    size_t at = n->list.notices.n++;
    while (at > 0 && slice_compare(n->notices[at - 1].id, made.id) > 0) {
        n->notices[at] = n->notices[at - 1];
        at--;
    }
    n->notices[at] = made;
    return OK;
}

static err section(struct page *p, int number, uint8_t hash[32]) {
    char name[DECIMAL_TEXT + 8] = "section-";
    decimal_text((uint64_t)number, name + 8);
    buf text = buf_on(NULL);
    err e = page_field(p, name, &text);
    if (e == OK && text.n == 0)
        e = ERR_NOT_FOUND;
    slice whole = buf_slice(&text);
    if (e == OK)
        e = crypto_sha256.hash(hash, &whole, 1);
    buf_free(&text);
    return e;
}

/* The suspension and its notice go; the list says so, with the assessment's hashes. */
static err lift(struct page *p, struct next *n) {
    size_t at = 0;
    while (at < n->list.notices.n && !slice_equal(n->notices[at].id, buf_slice(&n->which)))
        at++;
    if (at == n->list.notices.n)
        return ERR_NOT_FOUND;
    struct office_lift_notice gone = n->notices[at];
    struct office_suspension *s = find(n, gone.lifts);
    if (s == NULL)
        return ERR_NOT_FOUND;
    for (int i = 0; i < OFFICE_ASSESSMENT; i++) {
        n->sections[i].number = (uint64_t)i + 1;
        TRY(section(p, i + 1, n->sections[i].hash));
    }
    n->lifted = (struct office_lifted){gone.id, gone.lifts, gone.becomes, {NULL, 0}};
    n->lifted.sections.p = n->sections;
    n->lifted.sections.n = OFFICE_ASSESSMENT;
    n->list.lifted.p = &n->lifted;
    n->list.lifted.n = 1;
    n->list.notices.n--;
    memmove(n->notices + at, n->notices + at + 1, (n->list.notices.n - at) * sizeof(gone));
    n->list.suspensions.n--;
    size_t place = (size_t)(s - n->suspensions);
    memmove(s, s + 1, (n->list.suspensions.n - place) * sizeof(*s));
    return OK;
}

static err freeze(struct page *p, struct next *n) {
    char id[DECIMAL_TEXT + 8] = "freeze-";
    decimal_text(n->list.version, id + 7);
    TRY(buf_set(&n->id, slice_str(id)));
    struct office_freeze made = {buf_slice(&n->id), seconds(p->now)};
    size_t at = n->list.freezes.n++;
    while (at > 0 && slice_compare(n->freezes[at - 1].id, made.id) > 0) {
        n->freezes[at] = n->freezes[at - 1];
        at--;
    }
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
} drafts[] = {{"set", set},   {"extend", extend}, {"review", review},    {"notice", notice},
              {"lift", lift}, {"freeze", freeze}, {"unfreeze", unfreeze}};

static err draft(struct page *p, struct next *n, buf *text) {
    buf what = buf_on(NULL);
    err e = page_field(p, "what", &what);
    if (e == OK)
        e = page_field(p, "id", &n->id);
    if (e == OK)
        e = page_field(p, "which", &n->which);
    if (e == OK)
        e = page_field(p, "jurisdictions", &n->jurisdictions);
    if (e == OK)
        e = page_field(p, "text", &n->text);
    if (e == OK)
        e = page_field(p, "date", &n->date);
    if (e == OK)
        e = next_init(p, n);
    bool made = false;
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]) && e == OK; i++)
        if (slice_equal(buf_slice(&what), slice_str(drafts[i].name))) {
            e = drafts[i].make(p, n);
            made = true;
        }
    buf_free(&what);
    TRY(e);
    return made && office_suspensions_write(text, &n->list) == OFFICE_OK ? OK : ERR_MALFORMED;
}

static err board_compose(struct page *p) {
    struct next n = {.list = {.version = 0}};
    buf text = buf_on(NULL);
    err e = draft(p, &n, &text);
    next_fini(p, &n);
    e = e == OK ? page_paper_begin(p, buf_slice(&text)) : page_error(p, e, NULL);
    buf_free(&text);
    return e;
}
PAGE(board_compose, PAGE_INSIDE)

/* ---- The page ---- */

static void form(struct page *p, const char *what, enum word title, enum word text) {
    html_open(&p->h, "details", "class", "action", NULL);
    page_element(p, "summary", title);
    page_form(p, "/board", NULL);
    page_element(p, "p", text);
    page_hidden(p, "what", slice_str(what));
}

static void form_end(struct page *p) {
    page_submit(p, WORD_DRAFT);
    html_close(&p->h);
    html_close(&p->h);
}

/* Names of fields in this page's forms are the same; ids must differ. */
static void field(struct page *p, const char *name, const char *id, enum word label, enum word hint,
                  unsigned lines, const char *type) {
    html_open(&p->h, "div", "class", "field", NULL);
    html_element(&p->h, "label", slice_str(page_word(p, label)), "for", id, NULL);
    if (hint != WORD_NONE)
        html_element(&p->h, "p", slice_str(page_word(p, hint)), "class", "hint", NULL);
    if (lines > 0) {
        html_open(&p->h, "textarea", "name", name, "id", id, "required", "", NULL);
        html_attr_number(&p->h, "rows", lines);
        html_close(&p->h);
    } else {
        html_void(&p->h, "input", "name", name, "id", id, "required", "", "type", type, NULL);
    }
    html_close(&p->h);
}

static void which(struct page *p, const char *id) {
    const struct office_suspensions *l = desk_list(p->desk);
    html_open(&p->h, "div", "class", "field", NULL);
    html_element(&p->h, "label", slice_str(page_word(p, WORD_SUSPENSION)), "for", id, NULL);
    html_open(&p->h, "select", "name", "which", "id", id, NULL);
    for (size_t i = 0; l != NULL && i < l->suspensions.n; i++) {
        html_open(&p->h, "option", NULL);
        html_attr(&p->h, "value", l->suspensions.p[i].id);
        html_text(&p->h, l->suspensions.p[i].id);
        html_close(&p->h);
    }
    html_close(&p->h);
    html_close(&p->h);
}

static void assessment(struct page *p) {
    const struct json_object *sections = page_data_list(p->pages->data, "assessment", "sections");
    for (size_t i = 0; i < page_json_count(sections); i++) {
        const struct json_object *s = page_json_item(sections, i);
        char name[DECIMAL_TEXT + 8] = "section-";
        decimal_text(page_json_number(s, "number"), name + 8);
        html_open(&p->h, "div", "class", "field", NULL);
        html_open(&p->h, "label", "for", name, NULL);
        html_number(&p->h, page_json_number(s, "number"));
        html_string(&p->h, ". ");
        html_text(&p->h, page_json_words(s, "title", p->language));
        html_close(&p->h);
        html_element(&p->h, "p", page_json_words(s, "contains", p->language), "class", "hint",
                     NULL);
        html_open(&p->h, "textarea", "name", name, "id", name, "rows", "4", "required", "", NULL);
        html_close(&p->h);
        html_close(&p->h);
    }
}

static void lift_form(struct page *p) {
    const struct office_suspensions *l = desk_list(p->desk);
    form(p, "lift", WORD_LIFT, WORD_LIFT_FORM_TEXT);
    html_open(&p->h, "div", "class", "field", NULL);
    html_element(&p->h, "label", slice_str(page_word(p, WORD_NOTICE_OF_LIFT)), "for", "lift-which",
                 NULL);
    html_open(&p->h, "select", "name", "which", "id", "lift-which", NULL);
    for (size_t i = 0; l != NULL && i < l->notices.n; i++) {
        html_open(&p->h, "option", NULL);
        html_attr(&p->h, "value", l->notices.p[i].id);
        html_text(&p->h, l->notices.p[i].id);
        html_close(&p->h);
    }
    html_close(&p->h);
    html_close(&p->h);
    assessment(p);
    form_end(p);
}

static void forms(struct page *p) {
    const struct office_suspensions *l = desk_list(p->desk);
    page_section(p, WORD_DRAFT_NEXT);
    page_element(p, "p", WORD_DRAFT_NEXT_TEXT);
    form(p, "freeze", WORD_FREEZE, WORD_FREEZE_TEXT);
    form_end(p);
    form(p, "set", WORD_SUSPEND, WORD_SUSPEND_TEXT);
    field(p, "id", "set-id", WORD_SUSPENSION_ID, WORD_ID_HINT, 0, "text");
    field(p, "jurisdictions", "set-countries", WORD_JURISDICTIONS, WORD_JURISDICTIONS_HINT, 0,
          "text");
    field(p, "text", "set-text", WORD_WORDING, WORD_WORDING_HINT, 5, NULL);
    field(p, "date", "set-date", WORD_REVIEW_DUE, WORD_REVIEW_HINT, 0, "date");
    page_input(p, &(struct page_input){.name = "law",
                                       .label = WORD_CONSEQUENCE,
                                       .hint = WORD_CONSEQUENCE_HINT,
                                       .lines = 3});
    form_end(p);
    if (l != NULL && l->suspensions.n > 0) {
        form(p, "extend", WORD_EXTEND, WORD_EXTEND_TEXT);
        which(p, "extend-which");
        field(p, "jurisdictions", "extend-countries", WORD_JURISDICTIONS, WORD_JURISDICTIONS_HINT,
              0, "text");
        form_end(p);
        form(p, "review", WORD_REVIEW_MADE, WORD_REVIEW_MADE_TEXT);
        which(p, "review-which");
        field(p, "date", "review-date", WORD_REVIEW_DUE, WORD_REVIEW_HINT, 0, "date");
        form_end(p);
        form(p, "notice", WORD_LIFT_ANNOUNCE, WORD_LIFT_ANNOUNCE_TEXT);
        which(p, "notice-which");
        field(p, "id", "notice-id", WORD_NOTICE_ID, WORD_ID_HINT, 0, "text");
        field(p, "text", "notice-text", WORD_WORDING, WORD_WORDING_HINT, 4, NULL);
        form_end(p);
    }
    if (l != NULL && l->notices.n > 0)
        lift_form(p);
    if (l != NULL && l->freezes.n > 0) {
        form(p, "unfreeze", WORD_UNFREEZE, WORD_UNFREEZE_TEXT);
        form_end(p);
    }
    html_close(&p->h);
}

static err board(struct page *p) {
    const struct office_suspensions *l = desk_list(p->desk);
    page_begin(p, WORD_BOARD);
    if (l == NULL)
        page_note(p, "warn", WORD_NO_LIST);
    if (l != NULL && l->freezes.n > 0)
        page_note(p, "stop", WORD_FROZEN);
    if (l != NULL && l->suspensions.n == 0)
        page_element(p, "p", WORD_NOTHING_SUSPENDED);
    for (size_t i = 0; l != NULL && i < l->suspensions.n; i++)
        page_suspension(p, &l->suspensions.p[i], 2);
    page_papers(p);
    forms(p);
    return page_end(p);
}
PAGE(board, PAGE_INSIDE)
