/* What everybody sees first: whether the desk can be believed today, and what is suspended. */
#include "desk/pages/page.h"

/* ---- Suspensions ---- */

static slice scope_name(struct page *p, const struct office_suspension *s, slice id) {
    if (s->scope.kind == OFFICE_SCOPE_REGIMES)
        return page_name(p, "regimes", "regimes", id);
    const struct office_authority *a = office_authority_find(desk_office(p->desk), id);
    return a != NULL ? a->name : id;
}

static void scope_names(struct page *p, const struct office_suspension *s) {
    slice rest = s->scope.only;
    while (rest.n > 0) {
        html_text(&p->h, scope_name(p, s, slice_until(&rest, ' ')));
        if (rest.n > 0)
            html_string(&p->h, "; ");
    }
}

static void scope(struct page *p, const struct office_suspension *s) {
    page_fact(p, WORD_SCOPE);
    if (s->scope.kind == OFFICE_SCOPE_ALL) {
        page_say(p, WORD_SCOPE_ALL);
    } else {
        page_say(p, s->scope.kind == OFFICE_SCOPE_REGIMES ? WORD_SCOPE_REGIMES
                                                          : WORD_SCOPE_AUTHORITIES);
        html_string(&p->h, ": ");
        scope_names(p, s);
    }
    page_fact_end(p);
}

static void carve_outs(struct page *p, const struct office_suspension *s) {
    page_fact(p, WORD_CARVE_OUTS);
    if (s->carve_outs.n == 0)
        page_say(p, WORD_CARVE_OUTS_NONE);
    for (size_t i = 0; i < s->carve_outs.n; i++) {
        const struct office_carve_out *c = &s->carve_outs.p[i];
        html_open(&p->h, "p", NULL);
        html_element(&p->h, "strong", c->id, NULL);
        html_string(&p->h, " (");
        page_say(p, c->path == OFFICE_EMERGENCY ? WORD_PATH_EMERGENCY : WORD_PATH_ORDINARY);
        html_string(&p->h, "): ");
        html_text(&p->h, c->text);
        html_close(&p->h);
    }
    page_fact_end(p);
}

static void review(struct page *p, const struct office_suspension *s) {
    page_fact(p, WORD_REVIEW_DUE);
    page_time(p, s->review);
    html_string(&p->h, " ");
    if (s->review <= p->now)
        page_badge(p, "warn", WORD_REVIEW_OVERDUE);
    page_fact_end(p);
}

/* What it says, without its heading. */
static void body(struct page *p, const struct office_suspension *s) {
    html_open(&p->h, "blockquote", NULL);
    page_lines(p, &s->wording);
    html_close(&p->h);
    page_facts(p);
    page_fact_text(p, WORD_SUSPENSION_ID, s->id);
    page_fact_time(p, WORD_SINCE, s->start);
    review(p, s);
    scope(p, s);
    page_fact(p, WORD_BINDS);
    page_say(p, WORD_BINDS_TEXT);
    page_fact_end(p);
    carve_outs(p, s);
    if (s->consequence.n > 0) {
        page_fact(p, WORD_CONSEQUENCE);
        page_lines(p, &s->consequence);
        page_fact_end(p);
    }
    html_close(&p->h);
}

void page_suspension(struct page *p, const struct office_suspension *s, unsigned level) {
    const char *heading = level == 2 ? "h2" : "h3";
    html_open(&p->h, "article", "class", "suspension", NULL);
    html_attr(&p->h, "id", s->id);
    html_open(&p->h, heading, NULL);
    html_text(&p->h, s->jurisdictions);
    html_string(&p->h, " ");
    page_badge(p, "stop", s->start <= p->now ? WORD_SUSPENDED : WORD_SUSPENDED_SOON);
    html_close(&p->h);
    body(p, s);
    html_close(&p->h);
}

void page_lift_becomes(struct page *p, const struct office_lift_notice *n) {
    struct office_suspensions *list = NULL;
    if (n->becomes.kind == OFFICE_BECOMES_NOTHING) {
        page_element(p, "p", WORD_LIFT_WHOLE);
        return;
    }
    err e = page_becomes_get(p, n->becomes.hash, &list);
    page_element(p, "p", e == OK ? WORD_LIFT_PART : WORD_LIFT_PART_UNKNOWN);
    if (e == OK)
        body(p, &list->suspensions.p[0]);
    else if (e != ERR_NOT_FOUND)
        html_fail(&p->h, e);
    page_facts(p);
    page_fact_hash(p, WORD_BECOMES_HASH, n->becomes.hash);
    html_close(&p->h);
    office_suspensions_free(list);
}

void page_lift_notice(struct page *p, const struct office_lift_notice *n) {
    html_open(&p->h, "article", "class", "lift-notice", NULL);
    html_open(&p->h, "h3", NULL);
    page_say_with(
        p, n->becomes.kind == OFFICE_BECOMES_NOTHING ? WORD_LIFT_NOTICE : WORD_LIFT_NOTICE_PART,
        (slice[]){n->lifts}, 1);
    html_close(&p->h);
    html_open(&p->h, "blockquote", NULL);
    page_lines(p, &n->wording);
    html_close(&p->h);
    page_lift_becomes(p, n);
    page_element(p, "p", WORD_LIFT_NOTICE_TEXT);
    html_close(&p->h);
}

static void suspensions(struct page *p) {
    const struct office_suspensions *list = desk_list(p->desk);
    page_section(p, WORD_SUSPENSIONS);
    if (list == NULL) {
        page_note(p, "warn", WORD_NO_LIST);
    } else {
        if (list->suspensions.n == 0)
            page_element(p, "p", WORD_NOTHING_SUSPENDED);
        for (size_t i = 0; i < list->suspensions.n; i++)
            page_suspension(p, &list->suspensions.p[i], 3);
        for (size_t i = 0; i < list->notices.n; i++)
            page_lift_notice(p, &list->notices.p[i]);
    }
    html_close(&p->h);
}

/* ---- Whether it can be believed ---- */

static void compellers(struct page *p, const struct office *o) {
    char seen[512] = "";
    size_t n = 0;
    for (size_t i = 0; i < o->persons.n; i++) {
        slice rest = o->persons.p[i].countries;
        while (rest.n > 0) {
            slice country = slice_until(&rest, ' ');
            char word[4] = {(char)country.p[0], (char)country.p[1], ' ', '\0'};
            if (strstr(seen, word) != NULL || n + 4 > sizeof(seen))
                continue;
            memcpy(seen + n, word, 4);
            n += 3;
            if (!office_could_compel(o, country))
                continue;
            html_open(&p->h, "div", "class", "note", "data-kind", "warn", NULL);
            html_open(&p->h, "p", NULL);
            page_say_with(p, WORD_COULD_COMPEL, (slice[]){country}, 1);
            html_close(&p->h);
            html_close(&p->h);
        }
    }
}

/* Whether there are enough at all: whoever is bound by any of the countries is everybody. */
static bool enough(const struct office *o) {
    buf all = buf_on(NULL);
    err e = OK;
    for (size_t i = 0; i < o->persons.n && e == OK; i++) {
        e = buf_append(&all, o->persons.p[i].countries);
        if (e == OK)
            e = buf_append_byte(&all, ' ');
    }
    if (all.n > 0)
        all.n--;
    bool any = e == OK && office_could_compel(o, buf_slice(&all));
    buf_free(&all);
    return any;
}

static void warnings(struct page *p, const struct office *o) {
    const struct office_suspensions *list = desk_list(p->desk);
    if (list != NULL && list->freezes.n > 0)
        page_note(p, "stop", WORD_FROZEN);
    if (!enough(o))
        page_note(p, "warn", WORD_NO_QUORUM);
    compellers(p, o);
    if (!page_witnessed(p))
        page_note(p, "warn", WORD_NOT_WITNESSED);
}

static void overdue(struct page *p) {
    const struct office_suspensions *list = desk_list(p->desk);
    size_t n = 0;
    for (size_t i = 0; list != NULL && i < list->suspensions.n; i++)
        n += list->suspensions.p[i].review <= p->now;
    if (n == 0)
        return;
    html_open(&p->h, "div", "class", "note", "data-kind", "warn", NULL);
    page_element_number(p, "p", WORD_REVIEWS_OVERDUE, n);
    html_close(&p->h);
}

static err home(struct page *p) {
    const struct office *o = desk_office(p->desk);
    page_begin(p, WORD_HOME_TITLE);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_HOME_LEAD)), "class", "lead", NULL);
    if (o == NULL) {
        page_note(p, "warn", WORD_NO_OFFICE);
    } else {
        warnings(p, o);
        overdue(p);
        suspensions(p);
        page_section(p, WORD_HOME_HOW);
        html_open(&p->h, "ol", "class", "steps", NULL);
        page_element(p, "li", WORD_HOME_STEP_1);
        page_element(p, "li", WORD_HOME_STEP_2);
        page_element(p, "li", WORD_HOME_STEP_3);
        page_element(p, "li", WORD_HOME_STEP_4);
        page_element(p, "li", WORD_HOME_STEP_5);
        html_close(&p->h);
        html_open(&p->h, "p", "class", "actions", NULL);
        html_element(&p->h, "a", slice_str(page_word(p, WORD_FILE)), "href", "/file", "class",
                     "button", NULL);
        html_string(&p->h, " ");
        page_link(p, "/policy", WORD_POLICY);
        html_close(&p->h);
        html_close(&p->h);
    }
    return page_end(p);
}
PAGE(home, PAGE_OPEN)
