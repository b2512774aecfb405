/* Signing in: a text with a nonce of the desk's, signed by a passkey. */
#include "desk/pages/page.h"
#include "sys/files.h"

enum { SOFT_KEY_MAX = 4096 };

static bool demonstration(struct page *p) {
    const struct office *o = desk_office(p->desk);
    return o != NULL && o->demonstration != 0 && p->pages->options.people != NULL;
}

static void ask_who(struct page *p) {
    page_element(p, "p", WORD_LOGIN_LEAD);
    html_open(&p->h, "form", "method", "get", "action", "/login", "class", "form", NULL);
    page_input(
        p, &(struct page_input){
               .name = "person", .label = WORD_PERSON, .hint = WORD_PERSON_HINT, .needed = true});
    page_submit(p, WORD_NEXT);
    html_close(&p->h);
}

static err text_of(struct page *p, const struct office_person *person, buf *text) {
    const struct office *o = desk_office(p->desk);
    struct office_login login = {.person = person->id,
                                 .office = {.number = o->version},
                                 .made = p->now / TIME_SECOND * TIME_SECOND};
    memcpy(login.office.hash, o->document.hash, 32);
    TRY(page_nonce_make(&p->pages->sessions, p->now, login.nonce));
    return office_login_write(text, &login) == OFFICE_OK ? OK : ERR_BUG;
}

static err ask_signature(struct page *p, const struct office_person *person) {
    buf text = buf_on(NULL), seal = buf_on(NULL);
    TRY(text_of(p, person, &text));
    html_fail(&p->h, base64_encode(&seal, SLICE_ARRAY(person->seal)));
    html_open(&p->h, "form", "method", "post", "action", "/login", "class", "form", "data-script",
              "login", NULL);
    html_attr(&p->h, "data-person", person->id);
    html_attr(&p->h, "data-seal", buf_slice(&seal));
    html_attr(&p->h, "data-rp", desk_office(p->desk)->rp);
    page_credentials(p, person);
    page_element(p, "p", WORD_LOGIN_TEXT);
    html_open(&p->h, "section", "class", "paper", NULL);
    page_element(p, "h2", WORD_TO_SIGN);
    page_paper_text(p, "text", buf_slice(&text));
    page_paper_lines(p, "text");
    html_close(&p->h);
    html_open(&p->h, "p", "class", "actions", NULL);
    page_press(p, "login", WORD_LOGIN_PASSKEY);
    if (demonstration(p))
        page_press(p, "act-as", WORD_LOGIN_ACT_AS);
    html_element(&p->h, "button", slice_str(page_word(p, WORD_SEND_LINES)), "type", "submit",
                 "class", "quiet", NULL);
    html_close(&p->h);
    page_status(p);
    html_close(&p->h);
    buf_free(&text);
    buf_free(&seal);
    return OK;
}

static err login(struct page *p) {
    const struct office *o = desk_office(p->desk);
    if (o == NULL)
        return page_message(p, 200, WORD_LOGIN, WORD_NO_OFFICE);
    buf id = buf_on(NULL);
    err e = page_query(p, "person", &id);
    if (e != OK)
        return page_error(p, e, NULL);
    const struct office_person *person = desk_person(o, buf_slice(&id));
    page_begin(p, WORD_LOGIN);
    if (person == NULL && id.n > 0)
        page_note(p, "warn", WORD_NO_PERSON);
    if (person == NULL)
        ask_who(p);
    else
        e = ask_signature(p, person);
    buf_free(&id);
    return e == OK ? page_end(p) : e;
}
PAGE(login, PAGE_OPEN)

/* ---- The signature ---- */

static err begin_session(struct page *p, const struct office_person *person) {
    char token[PAGE_TOKEN + 1];
    const struct office *o = desk_office(p->desk);
    TRY(page_session_begin(&p->pages->sessions, person->id, o->version, p->now, token));
    buf cookie = buf_on(NULL);
    slice https = o->origin;
    err e = buf_append(&cookie, slice_str("desk="));
    if (e == OK)
        e = buf_append(&cookie, slice_str(token));
    if (e == OK)
        e = buf_append(&cookie, slice_str("; Path=/; HttpOnly; SameSite=Strict; Max-Age=900"));
    if (e == OK && slice_skip(&https, slice_str("https://")))
        e = buf_append(&cookie, slice_str("; Secure"));
    if (e == OK)
        e = sys_web_header(p->answer, "Set-Cookie", buf_slice(&cookie));
    wipe(token, sizeof(token));
    buf_free(&cookie);
    return e == OK ? page_to(p, "/queue") : e;
}

/* Its nonce is used up by a right signature alone: those that are remembered have a limit, which
 * who can't sign must not reach. */
static err check(struct page *p, slice document, struct office_signer *who) {
    struct office_login *login = NULL;
    size_t line;
    const struct office *o = desk_office(p->desk);
    if (o == NULL || office_login_load(&login, NULL, document, &line) != OFFICE_OK)
        return ERR_DENIED;
    uint8_t nonce[32];
    memcpy(nonce, login->nonce, sizeof(nonce));
    office_login_free(login);
    if (office_login_check(who, o, desk_list(p->desk), document, nonce, p->now, &line) != OFFICE_OK)
        return ERR_DENIED;
    return page_nonce_use(&p->pages->sessions, p->now, nonce);
}

static err login_take(struct page *p) {
    struct office_signer who;
    buf document = buf_on(NULL);
    err e = page_document(p, "text", &document);
    if (e == OK)
        e = check(p, buf_slice(&document), &who);
    buf_free(&document);
    if (e == OK && who.bound)
        return page_message(p, 403, WORD_LOGIN, WORD_LOGIN_BOUND);
    if (e == OK)
        e = begin_session(p, who.person);
    if (e == ERR_LIMIT)
        return page_message(p, 503, WORD_BUSY, WORD_BUSY_TEXT);
    if (e == ERR_NO_MEMORY || e == OK)
        return e;
    return page_message(p, 403, WORD_LOGIN, WORD_LOGIN_REFUSED);
}
PAGE(login_take, PAGE_OPEN)

static err logout(struct page *p) {
    slice token;
    if (sys_cookie_value(p->request->cookies, "desk", &token) == OK)
        page_session_end(&p->pages->sessions, token);
    TRY(sys_web_header(p->answer, "Set-Cookie",
                       slice_str("desk=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")));
    return page_to(p, "/");
}
PAGE(logout, PAGE_OPEN)

/* ---- A demonstration's people ---- */

static err act_as(struct page *p) {
    if (!demonstration(p))
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    const struct office *o = desk_office(p->desk);
    static const enum word HEADS[] = {WORD_PERSON, WORD_ROLES, WORD_COUNTRIES};
    page_begin(p, WORD_ACT_AS);
    page_element(p, "p", WORD_ACT_AS_TEXT);
    page_table(p, WORD_PEOPLE, HEADS, 3);
    for (size_t i = 0; i < o->persons.n; i++) {
        const struct office_person *person = &o->persons.p[i];
        html_open(&p->h, "tr", NULL);
        html_open(&p->h, "th", "scope", "row", NULL);
        buf to = buf_on(NULL);
        err e = buf_append(&to, slice_str("/login?person="));
        if (e == OK)
            e = buf_append(&to, person->id);
        html_fail(&p->h, e);
        html_open(&p->h, "a", NULL);
        html_attr(&p->h, "href", buf_slice(&to));
        html_text(&p->h, person->id);
        html_close(&p->h);
        buf_free(&to);
        html_close(&p->h);
        html_open(&p->h, "td", NULL);
        page_roles(p, person->roles);
        if (person->deputy != 0) {
            html_string(&p->h, " (");
            page_say(p, WORD_DEPUTY);
            html_string(&p->h, ": ");
            page_roles(p, person->deputy);
            html_string(&p->h, ")");
        }
        html_close(&p->h);
        page_cell(p, person->countries);
        html_close(&p->h);
    }
    page_table_end(p);
    return page_end(p);
}
PAGE(act_as, PAGE_OPEN)

/* A file of the folder that holds a person's keys. The id is the office's own, so the path has no
 * surprises. */
static err add_key(struct page *p, slice person, const char *name) {
    buf path = buf_on(NULL);
    err e = buf_append(&path, slice_str(p->pages->options.people));
    if (e == OK)
        e = buf_append_byte(&path, '/');
    if (e == OK)
        e = buf_append(&path, person);
    if (e == OK)
        e = buf_append_byte(&path, '/');
    if (e == OK)
        e = buf_append(&path, slice_of(name, strlen(name) + 1));
    if (e == OK)
        e = sys_file_read((const char *)path.p, SOFT_KEY_MAX, &p->answer->body);
    buf_free(&path);
    return e;
}

static err act_as_key(struct page *p) {
    const struct office_person *person =
        demonstration(p) ? desk_person(desk_office(p->desk), p->request->stars[0]) : NULL;
    if (person == NULL)
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    err e = add_key(p, person->id, "passkey");
    if (e == OK)
        e = add_key(p, person->id, "seal");
    if (e != OK) {
        buf_clear(&p->answer->body);
        return page_error(p, ERR_NOT_FOUND, NULL);
    }
    p->answer->type = "text/plain; charset=utf-8";
    return OK;
}
PAGE(act_as_key, PAGE_OPEN)
