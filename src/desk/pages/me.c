/* Whoever is signed in: their roles, their absence, and their key for what is sealed, which the
 * desk keeps wrapped for each of their passkeys. */
#include "desk/pages/page.h"

enum { WRAPPED_MAX = 1024 };

static err me(struct page *p) {
    uint64_t until = 0;
    TRY(desk_away_get(p->desk, p->person->id, &until));
    page_begin_with(p, WORD_ME, p->person->id);
    page_facts(p);
    page_fact(p, WORD_ROLES);
    page_roles(p, desk_person_roles(p->person));
    page_fact_end(p);
    page_fact_text(p, WORD_COUNTRIES, p->person->countries);
    page_fact_time(p, WORD_SESSION_UNTIL, p->session->until);
    page_fact_time(p, WORD_AWAY_UNTIL, until > p->now ? until : 0);
    html_close(&p->h);
    page_section(p, WORD_AWAY);
    page_element(p, "p", WORD_AWAY_TEXT);
    page_form(p, "/me/away", NULL);
    page_input(
        p, &(struct page_input){
               .name = "until", .label = WORD_AWAY_UNTIL, .hint = WORD_AWAY_HINT, .type = "date"});
    page_submit(p, WORD_SAVE);
    html_close(&p->h);
    html_close(&p->h);
    return page_end(p);
}
PAGE(me, PAGE_INSIDE)

static err me_away(struct page *p) {
    uint64_t until = 0;
    buf date = buf_on(NULL);
    err e = page_field(p, "until", &date);
    if (e == OK && date.n > 0)
        e = page_day(buf_slice(&date), &until);
    if (e == OK)
        e = desk_away_set(p->desk, p->person->id, until);
    buf_free(&date);
    return e == OK ? page_to(p, "/me") : page_error(p, e, NULL);
}
PAGE(me_away, PAGE_INSIDE)

static bool own_credential(const struct page *p, slice credential) {
    for (size_t i = 0; i < p->person->passkeys.n; i++)
        if (slice_equal(p->person->passkeys.p[i].credential, credential))
            return true;
    return false;
}

static err me_key(struct page *p) {
    buf credential = buf_on(NULL);
    err e = page_query(p, "credential", &credential);
    if (e == OK && !own_credential(p, buf_slice(&credential)))
        e = ERR_NOT_FOUND;
    p->answer->type = "application/octet-stream";
    if (e == OK)
        e = desk_person_key_get(p->desk, p->person->id, buf_slice(&credential), &p->answer->body);
    buf_free(&credential);
    if (e == OK)
        return OK;
    p->answer->type = "text/html; charset=utf-8";
    return page_error(p, e, NULL);
}
PAGE(me_key, PAGE_INSIDE)

static err me_key_put(struct page *p) {
    buf credential = buf_on(NULL), text = buf_on(NULL), wrapped = buf_on(NULL);
    err e = page_field(p, "credential", &credential);
    if (e == OK)
        e = page_field(p, "wrapped", &text);
    if (e == OK && text.n > WRAPPED_MAX)
        e = ERR_TOO_LARGE;
    if (e == OK)
        e = base64_decode(&wrapped, buf_slice(&text));
    if (e == OK && !own_credential(p, buf_slice(&credential)))
        e = ERR_NOT_FOUND;
    if (e == OK)
        e = desk_person_key_put(p->desk, p->person->id, buf_slice(&credential),
                                buf_slice(&wrapped));
    buf_free(&credential);
    buf_free(&text);
    buf_free(&wrapped);
    return e == OK ? page_message(p, 200, WORD_ME, WORD_DONE) : page_error(p, e, NULL);
}
PAGE(me_key_put, PAGE_INSIDE)
