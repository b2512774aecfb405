/* The duty roster: who covers the eight hours of an emergency, and when nobody does. */
#include "desk/pages/page.h"

#define AHEAD (14 * TIME_DAY)
#define SHIFT_MAX (31 * TIME_DAY)
#define YEAR (366 * TIME_DAY)
#define EDGES_MAX 2048

static const uint32_t ON_DUTY =
    OFFICE_ROLE_INTAKE | OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS | OFFICE_ROLE_APPROVER;

/* ---- Who is on duty at a time ---- */

struct cover {
    struct page *p;
    uint64_t at;
    struct office_signers on;
};

static bool shift_at(void *ctx, slice person_id, uint64_t from, uint64_t until) {
    struct cover *c = ctx;
    const struct office_person *one = desk_person(desk_office(c->p->desk), person_id);
    if (one == NULL || from > c->at || until <= c->at || c->on.n == OFFICE_SIGNATURES_MAX)
        return true;
    for (size_t i = 0; i < c->on.n; i++)
        if (c->on.each[i].person == one)
            return true;
    /* That one of them has an SSH key is the office's to see to. */
    c->on.each[c->on.n++] = (struct office_signer){one, true, desk_person_bound(c->p->desk, one)};
    return true;
}

static err cover_at(struct page *p, uint64_t at, struct cover *c, struct office_missing *missing) {
    *c = (struct cover){.p = p, .at = at};
    TRY(desk_duty_between(p->desk, at, at + 1, shift_at, c));
    office_missing(desk_office(p->desk), &c->on, OFFICE_MOVE_EMERGENCY, missing);
    return OK;
}

static void seats(struct page *p, const struct office_missing *missing) {
    html_open(&p->h, "ul", "class", "plain", NULL);
    for (size_t i = 0; i < missing->n; i++) {
        html_open(&p->h, "li", NULL);
        page_seat(p, missing->seats[i]);
        html_close(&p->h);
    }
    html_close(&p->h);
}

err page_duty_note(struct page *p) {
    struct cover c;
    struct office_missing missing;
    TRY(cover_at(p, p->now, &c, &missing));
    if (missing.n == 0) {
        page_note(p, "info", WORD_DUTY_COVERED);
        return OK;
    }
    html_open(&p->h, "div", "class", "note", "data-kind", "stop", NULL);
    page_element(p, "p", WORD_DUTY_GAP_NOW);
    seats(p, &missing);
    html_close(&p->h);
    return OK;
}

/* ---- The weeks ahead ---- Between two edges it is the same people. */

struct edges {
    uint64_t each[EDGES_MAX], until;
    size_t n;
};

static void edge(struct edges *e, uint64_t at) {
    size_t i = e->n;
    if (at >= e->until || e->n == EDGES_MAX)
        return;
    while (i > 0 && e->each[i - 1] > at)
        i--;
    if (i > 0 && e->each[i - 1] == at)
        return;
    memmove(e->each + i + 1, e->each + i, (e->n - i) * sizeof(e->each[0]));
    e->each[i] = at;
    e->n++;
}

static bool edges_of(void *ctx, slice person_id, uint64_t from, uint64_t until) {
    struct edges *e = ctx;
    (void)person_id;
    if (from > e->each[0])
        edge(e, from);
    if (until > e->each[0])
        edge(e, until);
    return true;
}

static void who(struct page *p, const struct cover *c) {
    html_open(&p->h, "td", NULL);
    html_open(&p->h, "ul", "class", "plain", NULL);
    for (size_t i = 0; i < c->on.n; i++) {
        html_open(&p->h, "li", NULL);
        html_text(&p->h, c->on.each[i].person->id);
        if (c->on.each[i].bound) {
            html_string(&p->h, " ");
            page_badge(p, "stop", WORD_BOUND);
        }
        html_close(&p->h);
    }
    html_close(&p->h);
    if (c->on.n == 0)
        html_string(&p->h, "–");
    html_close(&p->h);
}

static err span(struct page *p, uint64_t from, uint64_t until) {
    struct cover c;
    struct office_missing missing;
    TRY(cover_at(p, from, &c, &missing));
    html_open(&p->h, "tr", NULL);
    html_open(&p->h, "th", "scope", "row", NULL);
    page_time(p, from);
    html_string(&p->h, " – ");
    page_time(p, until);
    html_close(&p->h);
    who(p, &c);
    html_open(&p->h, "td", NULL);
    if (missing.n == 0)
        page_badge(p, "info", WORD_COVERED);
    else
        page_badge(p, "stop", WORD_GAP);
    seats(p, &missing);
    html_close(&p->h);
    html_close(&p->h);
    return OK;
}

static err weeks(struct page *p) {
    static const enum word HEADS[] = {WORD_WHEN, WORD_ON_DUTY, WORD_COVER};
    struct edges *e = mem_new(NULL, sizeof(*e));
    if (e == NULL)
        return ERR_NO_MEMORY;
    e->until = p->now + AHEAD;
    e->each[e->n++] = p->now;
    err result = desk_duty_between(p->desk, p->now, e->until, edges_of, e);
    page_section(p, WORD_DUTY_AHEAD);
    page_table(p, WORD_DUTY_AHEAD, HEADS, 3);
    for (size_t i = 0; i < e->n && result == OK; i++)
        result = span(p, e->each[i], i + 1 < e->n ? e->each[i + 1] : e->until);
    page_table_end(p);
    html_close(&p->h);
    mem_free(NULL, e, sizeof(*e));
    return result;
}

/* ---- Shifts ---- */

static bool sets_others(const struct page *p) {
    return (desk_person_roles(p->person) & OFFICE_ROLE_APPROVER) != 0;
}

static bool may_set(const struct page *p, slice person_id) {
    return sets_others(p) ||
           (slice_equal(p->person->id, person_id) && (desk_person_roles(p->person) & ON_DUTY) != 0);
}

static void remove_button(struct page *p, slice person_id, uint64_t from) {
    char text[DECIMAL_TEXT];
    decimal_text(from, text);
    html_open(&p->h, "form", "method", "post", "action", "/roster/remove", "class", "inline", NULL);
    page_hidden(p, "person", person_id);
    page_hidden(p, "from", slice_str(text));
    html_open(&p->h, "button", "type", "submit", "class", "quiet", NULL);
    page_say(p, WORD_TAKE_OFF);
    html_close(&p->h);
    html_close(&p->h);
}

static bool shift(void *ctx, slice person_id, uint64_t from, uint64_t until) {
    struct page *p = ctx;
    html_open(&p->h, "tr", NULL);
    html_element(&p->h, "th", person_id, "scope", "row", NULL);
    html_open(&p->h, "td", NULL);
    page_time(p, from);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    page_time(p, until);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    if (may_set(p, person_id))
        remove_button(p, person_id, from);
    html_close(&p->h);
    html_close(&p->h);
    return true;
}

static err shifts(struct page *p) {
    static const enum word HEADS[] = {WORD_PERSON, WORD_FROM, WORD_UNTIL, WORD_TAKE_OFF};
    page_section(p, WORD_SHIFTS);
    page_table(p, WORD_SHIFTS, HEADS, 4);
    TRY(desk_duty_between(p->desk, p->now, UINT64_MAX >> 1, shift, p));
    page_table_end(p);
    html_close(&p->h);
    return OK;
}

static void set_form(struct page *p) {
    const struct office *o = desk_office(p->desk);
    if (!may_set(p, p->person->id))
        return;
    page_section(p, WORD_SHIFT_ADD);
    page_element(p, "p", WORD_SHIFT_ADD_TEXT);
    page_form(p, "/roster", NULL);
    page_select(p, "person", WORD_PERSON);
    for (size_t i = 0; i < o->persons.n; i++) {
        const struct office_person *one = &o->persons.p[i];
        char id[DESK_ID];
        page_id(one->id, id);
        if ((desk_person_roles(one) & ON_DUTY) != 0 && may_set(p, one->id) &&
            !desk_person_bound(p->desk, one))
            page_option(p, id, one->id, one == p->person);
    }
    page_select_end(p);
    page_input(p, &(struct page_input){.name = "from",
                                       .label = WORD_FROM,
                                       .hint = WORD_TIME_HINT,
                                       .type = "datetime-local",
                                       .needed = true});
    page_input(p, &(struct page_input){.name = "until",
                                       .label = WORD_UNTIL,
                                       .hint = WORD_SHIFT_HINT,
                                       .type = "datetime-local",
                                       .needed = true});
    page_submit(p, WORD_SAVE);
    html_close(&p->h);
    html_close(&p->h);
}

static err roster(struct page *p) {
    page_begin(p, WORD_ROSTER);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_DUTY_TEXT)), "class", "lead", NULL);
    TRY(page_duty_note(p));
    page_element(p, "p", WORD_ROSTER_TEXT);
    TRY(weeks(p));
    TRY(shifts(p));
    set_form(p);
    return page_end(p);
}
PAGE(roster, PAGE_INSIDE)

/* ---- What is set ---- */

/* 2026-11-27T14:05, as the browser sends it; UTC. */
static err moment(struct page *p, const char *name, uint64_t *ms) {
    buf text = buf_on(NULL);
    uint64_t hours, minutes;
    err e = page_field(p, name, &text);
    slice s = buf_slice(&text);
    if (e == OK && (s.n != 16 || s.p[10] != 'T' || s.p[13] != ':'))
        e = ERR_MALFORMED;
    if (e == OK)
        e = page_day(slice_of(s.p, 10), ms);
    if (e == OK)
        e = page_two(slice_of(s.p + 11, 2), 23, &hours);
    if (e == OK)
        e = page_two(slice_of(s.p + 14, 2), 59, &minutes);
    if (e == OK)
        *ms += hours * TIME_HOUR + minutes * TIME_MINUTE;
    buf_free(&text);
    return e;
}

static err refuse(struct page *p, enum desk_reason reason) {
    return page_error(p, ERR_DENIED, &(struct desk_why){.reason = reason});
}

static err set(struct page *p, slice person_id, uint64_t from, uint64_t until) {
    const struct office_person *one = desk_person(desk_office(p->desk), person_id);
    if (one == NULL)
        return page_error(p, ERR_NOT_FOUND, NULL);
    if (!may_set(p, person_id) || (desk_person_roles(one) & ON_DUTY) == 0)
        return refuse(p, DESK_ROLE);
    if (desk_person_bound(p->desk, one))
        return refuse(p, DESK_BOUND);
    if (until <= from || until <= p->now || until - from > SHIFT_MAX || from > p->now + YEAR)
        return refuse(p, DESK_TERM);
    err e = desk_duty_set(p->desk, person_id, from, until);
    return e == OK ? page_to(p, "/roster") : page_error(p, e, NULL);
}

static err roster_set(struct page *p) {
    uint64_t from, until;
    buf person = buf_on(NULL);
    err e = page_field(p, "person", &person);
    if (e == OK)
        e = moment(p, "from", &from);
    if (e == OK)
        e = moment(p, "until", &until);
    e = e == OK ? set(p, buf_slice(&person), from, until) : page_error(p, e, NULL);
    buf_free(&person);
    return e;
}
PAGE(roster_set, PAGE_INSIDE)

static err roster_remove(struct page *p) {
    uint64_t from;
    buf person = buf_on(NULL), text = buf_on(NULL);
    err e = page_field(p, "person", &person);
    if (e == OK)
        e = page_field(p, "from", &text);
    if (e == OK)
        e = decimal_decode(buf_slice(&text), UINT64_MAX >> 1, &from);
    if (e == OK && !may_set(p, buf_slice(&person)))
        e = refuse(p, DESK_ROLE);
    else if (e == OK)
        e = desk_duty_remove(p->desk, buf_slice(&person), from);
    if (e == OK && p->answer->status != 422)
        e = page_to(p, "/roster");
    else if (e != OK)
        e = page_error(p, e, NULL);
    buf_free(&person);
    buf_free(&text);
    return e;
}
PAGE(roster_remove, PAGE_INSIDE)
