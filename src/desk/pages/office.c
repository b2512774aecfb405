/* The office: who holds which role, with which keys; the directory; the next file to be signed. */
#include "base/text.h"
#include "crypto/crypto.h"
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

/* ---- The directory of authorities ---- */

enum { PER_PAGE = 50 };

/* A certificate by its SHA-256, as every tool shows it. */
static void certificate(struct page *p, slice text) {
    uint8_t hash[32];
    buf der = buf_on(NULL);
    err e = base64_decode(&der, text);
    slice bytes = buf_slice(&der);
    if (e == OK)
        e = crypto_sha256.hash(hash, &bytes, 1);
    html_fail(&p->h, e);
    html_open(&p->h, "p", NULL);
    page_hash(p, hash);
    html_close(&p->h);
    buf_free(&der);
}

static void change_link(struct page *p, slice id) {
    buf to = buf_on(NULL);
    html_fail(&p->h, buf_append(&to, slice_str("/office/authority/")));
    html_fail(&p->h, buf_append(&to, id));
    html_open(&p->h, "a", NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    page_say(p, WORD_CHANGE);
    html_close(&p->h);
    buf_free(&to);
}

static void authority(struct page *p, const struct office_authority *a) {
    html_open(&p->h, "tr", NULL);
    html_open(&p->h, "th", "scope", "row", NULL);
    html_text(&p->h, a->name);
    html_open(&p->h, "p", "class", "faint", NULL);
    html_element(&p->h, "code", a->id, NULL);
    html_close(&p->h);
    html_close(&p->h);
    page_cell(p, a->jurisdiction);
    html_open(&p->h, "td", NULL);
    for (size_t j = 0; j < a->calls.n; j++)
        html_element(&p->h, "p", a->calls.p[j].text, NULL);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    for (size_t j = 0; j < a->certificates.n; j++)
        certificate(p, a->certificates.p[j].text);
    if (a->certificates.n == 0)
        page_say(p, WORD_NO_CERTIFICATE);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    change_link(p, a->id);
    html_close(&p->h);
    html_close(&p->h);
}

/* Letters of ASCII in either case. */
static uint8_t small(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool holds(slice text, slice part) {
    for (size_t i = 0; i + part.n <= text.n; i++) {
        size_t j = 0;
        while (j < part.n && small(text.p[i + j]) == small(part.p[j]))
            j++;
        if (j == part.n)
            return true;
    }
    return false;
}

static bool wanted(const struct office_authority *a, slice part) {
    return holds(a->name, part) || holds(a->id, part) ||
           (part.n == 2 && slice_equal(a->jurisdiction, part));
}

static void more(struct page *p, slice part, slice after) {
    html_open(&p->h, "form", "method", "get", "action", "/directory", "class", "actions", NULL);
    page_hidden(p, "q", part);
    page_hidden(p, "after", after);
    html_element(&p->h, "button", slice_str(page_word(p, WORD_MORE)), "type", "submit", "class",
                 "quiet", NULL);
    html_close(&p->h);
}

static void authorities(struct page *p, slice part, slice after) {
    static const enum word HEADS[] = {WORD_AUTHORITY, WORD_JURISDICTION, WORD_CALLS,
                                      WORD_CERTIFICATES_HASH, WORD_CHANGE};
    const struct office *o = desk_office(p->desk);
    slice last = SLICE_EMPTY;
    size_t n = 0;
    page_table(p, WORD_DIRECTORY, HEADS, 5);
    for (size_t i = 0; i < o->authorities.n && n <= PER_PAGE; i++) {
        const struct office_authority *a = &o->authorities.p[i];
        if (slice_compare(a->id, after) <= 0 || !wanted(a, part) || n++ == PER_PAGE)
            continue;
        authority(p, a);
        last = a->id;
    }
    page_table_end(p);
    if (n == 0)
        page_element(p, "p", WORD_DIRECTORY_NONE);
    if (n > PER_PAGE)
        more(p, part, last);
}

static void search(struct page *p, slice part) {
    html_open(&p->h, "form", "method", "get", "action", "/directory", "class", "filters", NULL);
    page_input(p, &(struct page_input){
                      .name = "q", .label = WORD_DIRECTORY_SEARCH, .value = part, .needed = true});
    page_submit(p, WORD_SHOW);
    html_close(&p->h);
}

static err directory(struct page *p) {
    buf part = buf_on(NULL), after = buf_on(NULL);
    err e = page_query(p, "q", &part);
    if (e == OK)
        e = page_query(p, "after", &after);
    if (e == OK) {
        page_begin(p, WORD_DIRECTORY);
        html_element(&p->h, "p", slice_str(page_word(p, WORD_DIRECTORY_TEXT)), "class", "lead",
                     NULL);
        page_element(p, "p", WORD_DIRECTORY_ENROLLED);
        html_open(&p->h, "p", "class", "actions", NULL);
        html_element(&p->h, "a", slice_str(page_word(p, WORD_ADD_AUTHORITY)), "href",
                     "/office/authority", "class", "button quiet", NULL);
        html_close(&p->h);
        search(p, buf_slice(&part));
        authorities(p, buf_slice(&part), buf_slice(&after));
        e = page_end(p);
    } else {
        e = page_error(p, e, NULL);
    }
    buf_free(&part);
    buf_free(&after);
    return e;
}
PAGE(directory, PAGE_INSIDE)

/* ---- The page ---- */

static void where_else(struct page *p) {
    static const struct {
        const char *path;
        enum word word;
    } LINKS[] = {{"/roster", WORD_ROSTER},
                 {"/directory", WORD_DIRECTORY},
                 {"/office/next", WORD_NEXT_OFFICE},
                 {"/board/freeze", WORD_FREEZE}};
    html_open(&p->h, "ul", "class", "moves", NULL);
    for (size_t i = 0; i < sizeof(LINKS) / sizeof(LINKS[0]); i++) {
        html_open(&p->h, "li", NULL);
        html_element(&p->h, "a", slice_str(page_word(p, LINKS[i].word)), "href", LINKS[i].path,
                     "class", "button quiet", NULL);
        html_close(&p->h);
    }
    html_close(&p->h);
}

static err office(struct page *p) {
    const struct office *o = desk_office(p->desk);
    uint8_t identity[32];
    uint64_t number;
    page_begin(p, WORD_OFFICE);
    TRY(page_duty_note(p));
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
    where_else(p);
    people(p, o);
    page_papers(p);
    return page_end(p);
}
PAGE(office, PAGE_INSIDE)
