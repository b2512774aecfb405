/* The suspension board: what is suspended, what stands between it and its end, and the forms of
 * what changes it. */
#include "desk/pages/board.h"

enum { CARVE_OUTS_ROWS = 2, CARVE_OUTS_MAX = 16 };

/* ---- Finding ---- */

static const struct office_suspension *suspension_find(struct page *p, slice id) {
    const struct office_suspensions *l = desk_list(p->desk);
    for (size_t i = 0; l != NULL && i < l->suspensions.n; i++)
        if (slice_equal(l->suspensions.p[i].id, id))
            return &l->suspensions.p[i];
    return NULL;
}

/* ---- Parts of forms ---- */

static void which(struct page *p, slice id) {
    page_hidden(p, "which", id);
}

static void scope_boxes(struct page *p, const struct office_suspension *s) {
    const struct office *o = desk_office(p->desk);
    const struct json_object *regimes = page_data_list(p->pages->data, "regimes", "regimes");
    uint32_t kind = s == NULL ? (uint32_t)OFFICE_SCOPE_ALL : s->scope.kind;
    slice only = s == NULL ? SLICE_EMPTY : s->scope.only;
    page_choices(p, WORD_SCOPE);
    page_choice(p, "radio", "scope", "all", slice_str(page_word(p, WORD_SCOPE_ALL)),
                kind == OFFICE_SCOPE_ALL);
    page_choice(p, "radio", "scope", "regimes", slice_str(page_word(p, WORD_SCOPE_ONLY_REGIMES)),
                kind == OFFICE_SCOPE_REGIMES);
    html_open(&p->h, "details", NULL);
    page_element(p, "summary", WORD_REGIMES);
    for (size_t i = 0; i < page_json_count(regimes); i++) {
        const struct json_object *regime = page_json_item(regimes, i);
        slice id = page_json_string(regime, "id");
        page_choice(p, "checkbox", "only-regime", (const char *)id.p,
                    page_json_words(regime, "name", p->language), page_has_word(only, id));
    }
    html_close(&p->h);
    page_choice(p, "radio", "scope", "authorities",
                slice_str(page_word(p, WORD_SCOPE_ONLY_AUTHORITIES)),
                kind == OFFICE_SCOPE_AUTHORITIES);
    html_open(&p->h, "details", NULL);
    page_element(p, "summary", WORD_DIRECTORY);
    for (size_t i = 0; i < o->authorities.n && i < PAGE_AUTHORITIES; i++) {
        char id[DESK_ID];
        page_id(o->authorities.p[i].id, id);
        page_choice(p, "checkbox", "only-authority", id, o->authorities.p[i].name,
                    page_has_word(only, o->authorities.p[i].id));
    }
    html_close(&p->h);
    html_close(&p->h);
}

static void carve_out_row(struct page *p, unsigned i, const struct office_carve_out *c) {
    char id[] = "carve-a-id", path[] = "carve-a-path", text[] = "carve-a-text";
    id[6] = path[6] = text[6] = (char)('a' + i);
    bool emergency = c != NULL && c->path == OFFICE_EMERGENCY;
    page_choices(p, WORD_CARVE_OUT);
    page_input(p, &(struct page_input){.name = id,
                                       .label = WORD_SUSPENSION_ID,
                                       .hint = WORD_ID_HINT,
                                       .value = c == NULL ? SLICE_EMPTY : c->id});
    page_select(p, path, WORD_PATH);
    page_option(p, "ordinary", slice_str(page_word(p, WORD_PATH_ORDINARY)), !emergency);
    page_option(p, "emergency", slice_str(page_word(p, WORD_PATH_EMERGENCY)), emergency);
    page_select_end(p);
    page_input(p, &(struct page_input){.name = text,
                                       .label = WORD_CARVE_OUT_TEXT,
                                       .hint = WORD_CARVE_OUT_HINT,
                                       .value = c == NULL ? SLICE_EMPTY : c->text});
    html_close(&p->h);
}

static void carve_out_rows(struct page *p, const struct office_suspension *s) {
    size_t n = s == NULL ? 0 : s->carve_outs.n;
    html_open(&p->h, "details", "open", n > 0 ? "" : NULL, NULL);
    page_element(p, "summary", WORD_CARVE_OUTS);
    page_element(p, "p", WORD_CARVE_OUTS_RULE);
    for (size_t i = 0; i < n + CARVE_OUTS_ROWS && i < CARVE_OUTS_MAX; i++)
        carve_out_row(p, (unsigned)i, i < n ? &s->carve_outs.p[i] : NULL);
    html_close(&p->h);
}

static void date(struct page *p, uint64_t ms) {
    char text[PAGE_TIME];
    page_time_text(ms, text);
    page_input(p, &(struct page_input){.name = "date",
                                       .label = WORD_REVIEW_DUE,
                                       .hint = WORD_REVIEW_HINT,
                                       .value = ms == 0 ? SLICE_EMPTY : slice_of(text, 10),
                                       .type = "date",
                                       .needed = true});
}

/* All that an entry says, but its name and its beginning. */
static void entry(struct page *p, const struct office_suspension *s, const char *wording) {
    page_input(p, &(struct page_input){.name = "jurisdictions",
                                       .label = WORD_JURISDICTIONS,
                                       .hint = WORD_JURISDICTIONS_HINT,
                                       .value = s == NULL ? SLICE_EMPTY : s->jurisdictions,
                                       .needed = true});
    page_lines_input(p, s == NULL ? NULL : &s->wording,
                     &(struct page_input){.name = wording,
                                          .label = WORD_WORDING,
                                          .hint = WORD_WORDING_HINT,
                                          .lines = 6,
                                          .needed = true});
    date(p, s == NULL ? 0 : s->review);
    scope_boxes(p, s);
    page_lines_input(
        p, s == NULL ? NULL : &s->consequence,
        &(struct page_input){
            .name = "law", .label = WORD_CONSEQUENCE, .hint = WORD_CONSEQUENCE_HINT, .lines = 3});
    carve_out_rows(p, s);
}

static void name(struct page *p, enum word label) {
    page_input(p, &(struct page_input){
                      .name = "id", .label = label, .hint = WORD_ID_HINT, .needed = true});
}

/* ---- The forms ---- */

static void set_form(struct page *p, const struct office_suspension *s) {
    (void)s;
    name(p, WORD_SUSPENSION_ID);
    entry(p, NULL, "text");
}

static void extend_form(struct page *p, const struct office_suspension *s) {
    page_input(p, &(struct page_input){.name = "jurisdictions",
                                       .label = WORD_JURISDICTIONS_MORE,
                                       .hint = WORD_JURISDICTIONS_HINT});
    if (s->scope.kind != OFFICE_SCOPE_ALL) {
        page_choices(p, WORD_SCOPE);
        page_choice(p, "checkbox", "scope", "all", slice_str(page_word(p, WORD_SCOPE_TO_ALL)),
                    false);
        html_close(&p->h);
    }
    if (s->carve_outs.n == 0)
        return;
    page_choices(p, WORD_CARVE_OUTS_TAKE);
    for (size_t i = 0; i < s->carve_outs.n; i++) {
        char id[DESK_ID];
        page_id(s->carve_outs.p[i].id, id);
        page_choice(p, "checkbox", "gone", id, s->carve_outs.p[i].text, false);
    }
    html_close(&p->h);
}

static void review_form(struct page *p, const struct office_suspension *s) {
    (void)s;
    date(p, 0);
}

static void notice_form(struct page *p, const struct office_suspension *s) {
    name(p, WORD_NOTICE_ID);
    page_input(p, &(struct page_input){.name = "text",
                                       .label = WORD_NOTICE_TEXT,
                                       .hint = WORD_WORDING_HINT,
                                       .lines = 4,
                                       .needed = true});
    page_choices(p, WORD_BECOMES);
    page_choice(p, "radio", "becomes", "nothing", slice_str(page_word(p, WORD_BECOMES_NOTHING)),
                true);
    page_choice(p, "radio", "becomes", "entry", slice_str(page_word(p, WORD_BECOMES_ENTRY)), false);
    html_close(&p->h);
    html_open(&p->h, "details", NULL);
    page_element(p, "summary", WORD_BECOMES_WHAT);
    page_element(p, "p", WORD_BECOMES_TEXT);
    entry(p, s, "entry-text");
    html_close(&p->h);
}

/* of: it is about a suspension. */
static const struct board_form {
    const char *what;
    enum word title, text;
    bool of;
    void (*questions)(struct page *p, const struct office_suspension *s);
} forms[] = {{"freeze", WORD_FREEZE, WORD_FREEZE_TEXT, false, NULL},
             {"unfreeze", WORD_UNFREEZE, WORD_UNFREEZE_TEXT, false, NULL},
             {"set", WORD_SUSPEND, WORD_SUSPEND_TEXT, false, set_form},
             {"extend", WORD_EXTEND, WORD_EXTEND_TEXT, true, extend_form},
             {"review", WORD_REVIEW_MADE, WORD_REVIEW_MADE_TEXT, true, review_form},
             {"notice", WORD_LIFT_ANNOUNCE, WORD_LIFT_ANNOUNCE_TEXT, true, notice_form}};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static err show_form(struct page *p, const struct board_form *f,
                     const struct office_suspension *s) {
    if (s == NULL)
        page_begin(p, f->title);
    else
        page_begin_with(p, f->title, s->id);
    html_element(&p->h, "p", slice_str(page_word(p, f->text)), "class", "lead", NULL);
    page_form(p, "/board", NULL);
    page_hidden(p, "what", slice_str(f->what));
    if (s != NULL)
        which(p, s->id);
    if (f->questions != NULL)
        f->questions(p, s);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_COMPOSE_TEXT)), "class", "hint", NULL);
    page_submit(p, WORD_DRAFT);
    html_close(&p->h);
    return page_end(p);
}

static const struct board_form *form_find(slice what) {
    for (size_t i = 0; i < FORMS; i++)
        if (slice_equal(what, slice_str(forms[i].what)))
            return &forms[i];
    return NULL;
}

/* The suspension that the address names; of a list that has one, that one. */
static err asked(struct page *p, const struct office_suspension **s) {
    const struct office_suspensions *l = desk_list(p->desk);
    buf of = buf_on(NULL);
    err e = page_query(p, "of", &of);
    if (e == OK && of.n == 0 && l != NULL && l->suspensions.n == 1)
        *s = &l->suspensions.p[0];
    else if (e == OK)
        *s = suspension_find(p, buf_slice(&of));
    buf_free(&of);
    return e == OK && *s == NULL ? ERR_NOT_FOUND : e;
}

static err board_form(struct page *p) {
    const struct board_form *f = form_find(p->request->stars[0]);
    const struct office_suspension *s = NULL;
    err e = f == NULL ? ERR_NOT_FOUND : OK;
    if (e == OK && f->of)
        e = asked(p, &s);
    return e == OK ? show_form(p, f, s) : page_error(p, e, NULL);
}
PAGE(board_form, PAGE_INSIDE)

/* ---- The page ---- */

static void form_link(struct page *p, const struct board_form *f, slice of) {
    buf to = buf_on(NULL);
    err e = buf_append(&to, slice_str("/board/"));
    if (e == OK)
        e = buf_append(&to, slice_str(f->what));
    if (e == OK && of.n > 0)
        e = buf_append(&to, slice_str("?of="));
    if (e == OK)
        e = buf_append(&to, of);
    html_fail(&p->h, e);
    html_open(&p->h, "li", NULL);
    html_open(&p->h, "a", "class", of.n > 0 ? "button quiet" : "button", NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    page_say(p, f->title);
    html_close(&p->h);
    html_close(&p->h);
    buf_free(&to);
}

static void links(struct page *p, slice of) {
    const struct office_suspensions *l = desk_list(p->desk);
    html_open(&p->h, "ul", "class", "moves", NULL);
    for (size_t i = 0; i < FORMS; i++) {
        bool frozen = l != NULL && l->freezes.n > 0;
        if (forms[i].of == (of.n > 0) && (frozen || strcmp(forms[i].what, "unfreeze") != 0))
            form_link(p, &forms[i], of);
    }
    html_close(&p->h);
}

static void notice_actions(struct page *p, const struct office_lift_notice *n) {
    buf to = buf_on(NULL);
    html_fail(&p->h, buf_append(&to, slice_str("/assessment/")));
    html_fail(&p->h, buf_append(&to, n->id));
    html_open(&p->h, "form", "method", "post", "action", "/board", "class", "actions", NULL);
    html_open(&p->h, "a", "class", "button", NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    page_say(p, WORD_LIFT);
    html_close(&p->h);
    page_hidden(p, "what", slice_str("take-back"));
    which(p, n->id);
    html_element(&p->h, "button", slice_str(page_word(p, WORD_TAKE_BACK)), "type", "submit",
                 "class", "quiet", NULL);
    html_close(&p->h);
    buf_free(&to);
}

static void notices(struct page *p, const struct office_suspensions *l, slice of) {
    for (size_t i = 0; i < l->notices.n; i++) {
        const struct office_lift_notice *n = &l->notices.p[i];
        if (!slice_equal(n->lifts, of))
            continue;
        page_lift_notice(p, n);
        page_lift_standing(p, n);
        notice_actions(p, n);
    }
}

/* What the custodian carries over, so that the server knows the same. */
static void carrying(struct page *p, const struct office_suspensions *l) {
    char to[32 + DECIMAL_TEXT] = "/ledger/suspensions/";
    if (l == NULL)
        return;
    decimal_text(l->version, to + strlen(to));
    page_section(p, WORD_CARRY_LIST);
    page_element(p, "p", WORD_CARRY_LIST_TEXT);
    html_open(&p->h, "ul", NULL);
    html_open(&p->h, "li", NULL);
    page_link(p, to, WORD_LIST_IN_FORCE);
    html_close(&p->h);
    html_open(&p->h, "li", NULL);
    page_link(p, "/sightings", WORD_SIGHTINGS);
    html_close(&p->h);
    html_close(&p->h);
    html_close(&p->h);
}

static err board(struct page *p) {
    const struct office_suspensions *l = desk_list(p->desk);
    page_begin(p, WORD_BOARD);
    if (l == NULL)
        page_note(p, "warn", WORD_NO_LIST);
    if (l != NULL && l->freezes.n > 0)
        page_note(p, "stop", WORD_FROZEN);
    page_element(p, "p", WORD_DRAFT_NEXT_TEXT);
    links(p, SLICE_EMPTY);
    if (l != NULL && l->suspensions.n == 0)
        page_element(p, "p", WORD_NOTHING_SUSPENDED);
    for (size_t i = 0; l != NULL && i < l->suspensions.n; i++) {
        page_suspension(p, &l->suspensions.p[i], 2);
        links(p, l->suspensions.p[i].id);
        notices(p, l, l->suspensions.p[i].id);
    }
    page_papers(p);
    carrying(p, l);
    return page_end(p);
}
PAGE(board, PAGE_INSIDE)

/* For the server: what the ledger's witnesses have seen of the notices. */
static err sightings(struct page *p) {
    buf text = buf_on(NULL);
    err e = desk_ledger_sightings(p->desk, &text);
    if (e == OK) {
        p->answer->type = "text/plain; charset=utf-8";
        buf_move(&p->answer->body, &text);
    }
    buf_free(&text);
    if (e == ERR_NOT_FOUND)
        return page_message(p, 200, WORD_SIGHTINGS, WORD_SIGHTINGS_NONE);
    return e == OK ? OK : page_error(p, e, NULL);
}
PAGE(sightings, PAGE_INSIDE)
