/* The frame of every page: who asks, in which language, head and foot. */
#include "desk/pages/page.h"

#define CONTENT_SECURITY_POLICY                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src " \
    "'self'; "                                                                              \
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/* ---- Who asks, and how ---- */

static bool begins(slice s, const char *with) {
    return slice_skip(&s, slice_str(with));
}

/* What was chosen, else what the browser likes: the first Chinese or English that it names. */
static enum words_language language_of(const struct sys_web_request *r) {
    slice chosen;
    if (sys_cookie_value(r->cookies, "language", &chosen) == OK)
        return slice_equal(chosen, slice_str("zh-Hant")) ? WORDS_ZH : WORDS_EN;
    slice rest = r->languages;
    while (rest.n > 0) {
        slice tag = slice_until(&rest, ',');
        while (slice_skip(&tag, slice_str(" ")))
            continue;
        if (begins(tag, "zh"))
            return WORDS_ZH;
        if (begins(tag, "en"))
            return WORDS_EN;
    }
    return WORDS_EN;
}

static void sign_in(struct page *p) {
    slice token;
    const struct office *o = desk_office(p->desk);
    if (o == NULL || sys_cookie_value(p->request->cookies, "desk", &token) != OK)
        return;
    const struct page_session *s = page_session_find(&p->pages->sessions, token, p->now);
    if (s == NULL || s->office != o->version)
        return;
    const struct office_person *person = desk_person(o, slice_str(s->person));
    /* A suspension binds who is signed in already, too. */
    if (person != NULL && !desk_person_bound(p->desk, person)) {
        p->session = s;
        p->person = person;
    }
}

static err meet(struct page *p, struct desk_pages *pages, const struct sys_web_request *request,
                struct sys_web_answer *answer) {
    *p = (struct page){.pages = pages,
                       .desk = pages->desk,
                       .request = request,
                       .answer = answer,
                       .language = language_of(request),
                       .now = desk_now()};
    html_init(&p->h, &answer->body);
    TRY(desk_refresh(p->desk));
    sign_in(p);
    return OK;
}

/* Where it may not be made, the answer says why. */
static err ask(struct page *p, enum page_for whom, bool *may) {
    *may = false;
    if (slice_equal(p->request->method, slice_str("POST")) && !page_same_site(p))
        return page_message(p, 403, WORD_OTHER_SITE, WORD_OTHER_SITE_TEXT);
    if (whom == PAGE_INSIDE && p->session == NULL)
        return page_to(p, "/login");
    *may = true;
    return OK;
}

err page_admit(void *ctx, const struct sys_web_request *request, struct sys_web_answer *answer,
               bool *admitted) {
    struct page p;
    TRY(meet(&p, ctx, request, answer));
    return ask(&p, PAGE_INSIDE, admitted);
}

err page_run(void *ctx, const struct sys_web_request *request, err uploaded,
             struct sys_web_answer *answer, enum page_for whom, err (*make)(struct page *p)) {
    struct page p;
    bool may;
    TRY(meet(&p, ctx, request, answer));
    p.uploaded = uploaded;
    TRY(ask(&p, whom, &may));
    return may ? make(&p) : OK;
}

/* ---- Head and foot ---- */

static void menu(struct page *p, const char *path, enum word w) {
    html_open(&p->h, "li", NULL);
    bool here = slice_equal(p->request->path, slice_str(path));
    html_element(&p->h, "a", slice_str(page_word(p, w)), "href", path, "aria-current",
                 here ? "page" : NULL, NULL);
    html_close(&p->h);
}

static void menu_open(struct page *p, const char *class, enum word name) {
    html_open(&p->h, "nav", "class", class, "aria-label", page_word(p, name), NULL);
    html_open(&p->h, "ul", NULL);
}

static void menu_close(struct page *p) {
    html_close(&p->h);
    html_close(&p->h);
}

static void other_language(struct page *p) {
    bool zh = p->language == WORDS_ZH;
    html_open(&p->h, "a", "class", "language", "lang", zh ? "en" : "zh-Hant", "hreflang",
              zh ? "en" : "zh-Hant", NULL);
    buf to = buf_on(NULL);
    err e = buf_append(&to, slice_str(zh ? "/language?to=en&back=" : "/language?to=zh-Hant&back="));
    /* Who posted a form comes back to the beginning. */
    slice back =
        slice_equal(p->request->method, slice_str("GET")) ? p->request->path : slice_str("/");
    if (e == OK)
        e = buf_append(&to, back);
    html_fail(&p->h, e);
    html_attr(&p->h, "href", buf_slice(&to));
    buf_free(&to);
    html_string(&p->h, zh ? "English" : "繁體中文");
    html_close(&p->h);
}

static void inside_menu(struct page *p) {
    menu_open(p, "inside", WORD_MENU_DESK);
    menu(p, "/queue", WORD_QUEUE);
    menu(p, "/tasks", WORD_TASKS);
    menu(p, "/board", WORD_BOARD);
    menu(p, "/office", WORD_OFFICE);
    menu(p, "/roster", WORD_ROSTER);
    menu(p, "/me", WORD_ME);
    html_open(&p->h, "li", "class", "who", NULL);
    html_open(&p->h, "form", "method", "post", "action", "/logout", NULL);
    html_element(&p->h, "span", p->person->id, "class", "person", NULL);
    html_string(&p->h, " ");
    html_element(&p->h, "button", slice_str(page_word(p, WORD_LOGOUT)), "type", "submit", "class",
                 "quiet", NULL);
    html_close(&p->h);
    html_close(&p->h);
    menu_close(p);
}

static void banner(struct page *p, const struct office *o) {
    if (o == NULL || o->demonstration == 0)
        return;
    html_open(&p->h, "div", "class", "demonstration", "role", "note", NULL);
    html_open(&p->h, "p", NULL);
    html_element(&p->h, "strong", slice_str(page_word(p, WORD_DEMONSTRATION)), NULL);
    html_string(&p->h, " ");
    page_say(p, WORD_DEMONSTRATION_TEXT);
    html_string(&p->h, " ");
    if (p->pages->options.people != NULL)
        page_link(p, "/act-as", WORD_ACT_AS);
    html_close(&p->h);
    html_close(&p->h);
}

static void top(struct page *p, const struct office *o) {
    html_element(&p->h, "a", slice_str(page_word(p, WORD_SKIP)), "href", "#main", "class", "skip",
                 NULL);
    banner(p, o);
    html_open(&p->h, "header", "class", "top", NULL);
    html_open(&p->h, "div", "class", "title", NULL);
    html_element(&p->h, "a", o != NULL ? o->name : slice_str(page_word(p, WORD_DESK)), "href", "/",
                 "class", "name", NULL);
    html_element(&p->h, "span", slice_str(page_word(p, WORD_DESK)), "class", "what", NULL);
    other_language(p);
    html_close(&p->h);
    menu_open(p, "public", WORD_MENU_PUBLIC);
    menu(p, "/", WORD_STATUS);
    menu(p, "/policy", WORD_POLICY);
    menu(p, "/guidelines", WORD_GUIDELINES);
    menu(p, "/file", WORD_FILE);
    menu(p, "/status", WORD_FILING_STATUS);
    menu(p, "/report", WORD_REPORT);
    menu(p, "/ledger", WORD_LEDGER);
    if (p->session == NULL)
        menu(p, "/login", WORD_LOGIN);
    menu_close(p);
    if (p->session != NULL)
        inside_menu(p);
    html_close(&p->h);
}

/* What the script signs with. */
static void who(struct page *p, const struct office *o) {
    buf seal = buf_on(NULL);
    html_fail(&p->h, base64_encode(&seal, SLICE_ARRAY(p->person->seal)));
    html_attr(&p->h, "data-person", p->person->id);
    html_attr(&p->h, "data-seal", buf_slice(&seal));
    html_attr(&p->h, "data-rp", o->rp);
    page_credentials(p, p->person);
    buf_free(&seal);
}

void page_credentials(struct page *p, const struct office_person *person) {
    buf all = buf_on(NULL);
    err e = OK;
    for (size_t i = 0; i < person->passkeys.n && e == OK; i++) {
        e = buf_append(&all, person->passkeys.p[i].credential);
        if (e == OK)
            e = buf_append_byte(&all, ' ');
    }
    html_fail(&p->h, e);
    html_attr(&p->h, "data-credentials", buf_slice(&all));
    buf_free(&all);
}

static void begin(struct page *p, enum word title, slice what) {
    const struct office *o = desk_office(p->desk);
    html_fail(&p->h, sys_web_header(p->answer, "Content-Security-Policy",
                                    slice_str(CONTENT_SECURITY_POLICY)));
    html_doctype(&p->h);
    html_open(&p->h, "html", "lang", words_tag(p->language), NULL);
    html_open(&p->h, "head", NULL);
    html_void(&p->h, "meta", "charset", "utf-8", NULL);
    html_void(&p->h, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1",
              NULL);
    html_open(&p->h, "title", NULL);
    page_say(p, title);
    if (what.n > 0) {
        html_string(&p->h, " ");
        html_text(&p->h, what);
    }
    html_string(&p->h, " — ");
    html_text(&p->h, o != NULL ? o->name : slice_str(page_word(p, WORD_DESK)));
    html_close(&p->h);
    html_void(&p->h, "link", "rel", "stylesheet", "href", "/style.css", NULL);
    html_void(&p->h, "link", "rel", "icon", "href", "/icon.svg", "type", "image/svg+xml", NULL);
    html_element(&p->h, "script", SLICE_EMPTY, "src", "/desk.js", "defer", "", NULL);
    html_close(&p->h);
    html_open(&p->h, "body", NULL);
    if (p->session != NULL)
        who(p, o);
    top(p, o);
    html_open(&p->h, "main", "id", "main", "tabindex", "-1", NULL);
    html_open(&p->h, "h1", NULL);
    page_say(p, title);
    if (what.n > 0) {
        html_string(&p->h, " ");
        html_element(&p->h, "span", what, "class", "id", NULL);
    }
    html_close(&p->h);
}

void page_begin(struct page *p, enum word title) {
    begin(p, title, SLICE_EMPTY);
}

void page_begin_with(struct page *p, enum word title, slice what) {
    begin(p, title, what);
}

static void files_in_force(struct page *p, const struct office *o) {
    const struct office_suspensions *list = desk_list(p->desk);
    html_open(&p->h, "p", "class", "versions", NULL);
    page_say_number(p, WORD_FOOT_OFFICE, o->version);
    html_string(&p->h, " · ");
    if (list != NULL) {
        page_say_number(p, WORD_FOOT_LIST, list->version);
        html_string(&p->h, " · ");
    }
    page_time(p, p->now);
    html_close(&p->h);
}

err page_end(struct page *p) {
    html_close(&p->h); /* main */
    html_open(&p->h, "footer", NULL);
    const struct office *o = desk_office(p->desk);
    if (o != NULL)
        files_in_force(p, o);
    page_element(p, "p", WORD_FOOT);
    html_close(&p->h);
    html_close(&p->h);
    html_close(&p->h);
    return html_result(&p->h);
}

/* ---- Whole pages ---- */

err page_message(struct page *p, unsigned status, enum word title, enum word text) {
    p->answer->status = status;
    page_begin(p, title);
    page_element(p, "p", text);
    return page_end(p);
}

err page_refused(struct page *p, const struct desk_why *why) {
    p->answer->status = 422;
    page_begin(p, WORD_REFUSED);
    html_open(&p->h, "div", "class", "note", "data-kind", "stop", "role", "alert", NULL);
    page_element(p, "p", WORD_REFUSED_TEXT);
    html_open(&p->h, "p", NULL);
    html_element(&p->h, "strong", slice_str(page_why_text(p, why)), NULL);
    html_string(&p->h, " ");
    html_element(&p->h, "code", slice_str(desk_why_name(why)), "class", "faint", NULL);
    html_close(&p->h);
    if (why->reason == DESK_OFFICE && why->line > 0)
        page_element_number(p, "p", WORD_REFUSED_LINE, why->line);
    html_close(&p->h);
    page_element(p, "p", WORD_REFUSED_BACK);
    return page_end(p);
}

err page_error(struct page *p, err e, const struct desk_why *why) {
    if (e == ERR_DENIED && why != NULL)
        return page_refused(p, why);
    if (e == ERR_NOT_FOUND)
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    if (e == ERR_BUSY)
        return page_message(p, 503, WORD_BUSY, WORD_BUSY_TEXT);
    if (err_class(e) == ERR_CLASS_BAD || err_class(e) == ERR_CLASS_LIMIT)
        return page_message(p, 400, WORD_BAD, WORD_BAD_TEXT);
    return e;
}

err page_to(struct page *p, const char *path) {
    return sys_web_redirect(p->answer, slice_str(path));
}

static err failed(struct page *p) {
    switch (p->answer->status) {
    case 404:
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    case 413:
        return page_message(p, 413, WORD_TOO_LARGE, WORD_TOO_LARGE_TEXT);
    case 503:
        return page_message(p, 503, WORD_BUSY, WORD_BUSY_TEXT);
    case 500:
        return page_message(p, 500, WORD_FAILED, WORD_FAILED_TEXT);
    default:
        return page_message(p, p->answer->status, WORD_BAD, WORD_BAD_TEXT);
    }
}

void desk_pages_failed(void *ctx, const struct sys_web_request *request, err why,
                       struct sys_web_answer *answer) {
    unsigned status = answer->status;
    buf plain = buf_on(NULL);
    buf_move(&plain, &answer->body);
    answer->type = "text/html; charset=utf-8";
    err e = page_run(ctx, request, why, answer, PAGE_OPEN, failed);
    answer->status = status;
    if (e != OK) { /* no memory, most likely: the plain line does */
        answer->type = "text/plain; charset=utf-8";
        buf_move(&answer->body, &plain);
    }
    buf_free(&plain);
}

/* ---- The choice of a language ---- */

static err language(struct page *p) {
    buf to = buf_on(NULL), back = buf_on(NULL);
    err e = page_query(p, "to", &to);
    if (e == OK)
        e = page_query(p, "back", &back);
    bool zh = slice_equal(buf_slice(&to), slice_str("zh-Hant"));
    if (e == OK)
        e = sys_web_header(p->answer, "Set-Cookie",
                           slice_str(zh ? "language=zh-Hant; Path=/; SameSite=Lax; Max-Age=31536000"
                                        : "language=en; Path=/; SameSite=Lax; Max-Age=31536000"));
    if (e == OK && sys_web_redirect(p->answer, buf_slice(&back)) != OK)
        e = page_to(p, "/");
    buf_free(&to);
    buf_free(&back);
    return page_error(p, e, NULL);
}
PAGE(language, PAGE_OPEN)
