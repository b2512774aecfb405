/* The office: who holds which role, with which keys; the directory; the next file to be signed. */
#include "desk/pages/page.h"

static void keys(struct page *p, const struct office_person *person) {
    html_open(&p->h, "td", NULL);
    html_open(&p->h, "ul", "class", "keys", NULL);
    for (size_t i = 0; i < person->passkeys.n; i++) {
        html_open(&p->h, "li", NULL);
        page_say(p, WORD_PASSKEY);
        html_string(&p->h, person->passkeys.p[i].algorithm == OFFICE_ES256 ? " ES256" : " EdDSA");
        if (person->passkeys.p[i].backed_up != 0) {
            html_string(&p->h, " ");
            page_badge(p, "warn", WORD_MAY_BE_BACKED_UP);
        }
        html_close(&p->h);
    }
    for (size_t i = 0; i < person->ssh_keys.n; i++)
        page_element(p, "li", WORD_SSH_KEY);
    html_close(&p->h);
    html_close(&p->h);
}

static void person(struct page *p, const struct office_person *one) {
    html_open(&p->h, "tr", NULL);
    html_element(&p->h, "th", one->id, "scope", "row", NULL);
    html_open(&p->h, "td", NULL);
    page_roles(p, one->roles);
    if (one->deputy != 0) {
        html_string(&p->h, one->roles != 0 ? "; " : "");
        page_say(p, WORD_DEPUTY);
        html_string(&p->h, ": ");
        page_roles(p, one->deputy);
    }
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    html_text(&p->h, one->countries);
    if (desk_person_bound(p->desk, one)) {
        html_string(&p->h, " ");
        page_badge(p, "stop", WORD_BOUND);
    }
    html_close(&p->h);
    keys(p, one);
    uint64_t until = 0;
    html_open(&p->h, "td", NULL);
    html_fail(&p->h, desk_away_get(p->desk, one->id, &until));
    if (until > p->now) {
        page_say(p, WORD_AWAY_UNTIL);
        html_string(&p->h, " ");
        page_time(p, until);
    }
    html_close(&p->h);
    html_close(&p->h);
}

static void people(struct page *p, const struct office *o) {
    static const enum word HEADS[] = {WORD_PERSON, WORD_ROLES, WORD_COUNTRIES, WORD_KEYS,
                                      WORD_PRESENCE};
    page_section(p, WORD_PEOPLE);
    page_table(p, WORD_PEOPLE, HEADS, 5);
    for (size_t i = 0; i < o->persons.n; i++)
        person(p, &o->persons.p[i]);
    page_table_end(p);
    html_close(&p->h);
}

static void directory(struct page *p, const struct office *o) {
    enum { SHOWN = 500 };
    static const enum word HEADS[] = {WORD_AUTHORITY, WORD_NAME, WORD_JURISDICTION, WORD_CALLS,
                                      WORD_CERTIFICATES};
    page_section(p, WORD_DIRECTORY);
    page_element(p, "p", WORD_DIRECTORY_TEXT);
    page_table(p, WORD_DIRECTORY, HEADS, 5);
    for (size_t i = 0; i < o->authorities.n && i < SHOWN; i++) {
        const struct office_authority *a = &o->authorities.p[i];
        html_open(&p->h, "tr", NULL);
        html_element(&p->h, "th", a->id, "scope", "row", NULL);
        page_cell(p, a->name);
        page_cell(p, a->jurisdiction);
        html_open(&p->h, "td", NULL);
        for (size_t j = 0; j < a->calls.n; j++)
            html_element(&p->h, "p", a->calls.p[j].text, NULL);
        html_close(&p->h);
        html_open(&p->h, "td", NULL);
        html_number(&p->h, a->certificates.n);
        html_close(&p->h);
        html_close(&p->h);
    }
    page_table_end(p);
    if (o->authorities.n > SHOWN)
        page_element_number(p, "p", WORD_NOT_ALL_SHOWN, o->authorities.n);
    html_close(&p->h);
}

static bool duty(void *ctx, slice person_id, uint64_t from, uint64_t until) {
    struct page *p = ctx;
    html_open(&p->h, "li", NULL);
    html_text(&p->h, person_id);
    html_string(&p->h, ": ");
    page_time(p, from);
    html_string(&p->h, " – ");
    page_time(p, until);
    html_close(&p->h);
    return true;
}

static err roster(struct page *p) {
    page_section(p, WORD_DUTY);
    page_element(p, "p", WORD_DUTY_TEXT);
    html_open(&p->h, "ul", NULL);
    err e = desk_duty_list(p->desk, p->now, duty, p);
    html_close(&p->h);
    if (e == ERR_NOT_FOUND)
        page_note(p, "warn", WORD_DUTY_NOBODY);
    html_close(&p->h);
    return e == ERR_NOT_FOUND ? OK : e;
}

static void next_file(struct page *p) {
    page_section(p, WORD_NEXT_OFFICE);
    page_element(p, "p", WORD_NEXT_OFFICE_TEXT);
    page_form(p, "/paper", NULL);
    page_input(p, &(struct page_input){.name = "text",
                                       .label = WORD_TEXT,
                                       .hint = WORD_NEXT_OFFICE_HINT,
                                       .lines = 6,
                                       .needed = true});
    page_submit(p, WORD_DRAFT);
    html_close(&p->h);
    html_close(&p->h);
}

static err office(struct page *p) {
    const struct office *o = desk_office(p->desk);
    uint8_t identity[32];
    uint64_t number;
    page_begin(p, WORD_OFFICE);
    page_facts(p);
    page_fact(p, WORD_VERSION);
    html_number(&p->h, o->version);
    page_fact_end(p);
    page_fact_hash(p, WORD_OFFICE_HASH, o->document.hash);
    page_fact_text(p, WORD_ORIGIN, o->origin);
    if (desk_server(p->desk, identity, &number)) {
        page_fact_hash(p, WORD_SERVER, identity);
        page_fact(p, WORD_SERVER_NUMBER);
        html_number(&p->h, number);
        page_fact_end(p);
    }
    html_close(&p->h);
    if (!desk_server(p->desk, identity, &number))
        page_note(p, "warn", WORD_NO_SERVER);
    html_open(&p->h, "p", "class", "actions", NULL);
    page_link(p, "/board", WORD_FREEZE);
    html_close(&p->h);
    people(p, o);
    TRY(roster(p));
    page_papers(p);
    next_file(p);
    directory(p, o);
    return page_end(p);
}
PAGE(office, PAGE_INSIDE)
