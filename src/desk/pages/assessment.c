/* The assessment before a lift: eighteen sections that several persons write over weeks. */
#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/pages/board.h"
#include "sys/files.h"

enum { SECTION_MAX = 128 << 10, NAME = DECIMAL_TEXT + 12 };

/* ---- Sections ---- */

static err folder_of(struct page *p, slice notice, buf *path) {
    TRY(page_path(p, "/assessments/", notice, path));
    return sys_dir_make((const char *)path->p);
}

static err path_of(struct page *p, slice notice, unsigned number, buf *path) {
    char name[] = {'/', (char)('0' + number / 10), (char)('0' + number % 10)};
    TRY(folder_of(p, notice, path));
    path->n--; /* its NUL */
    TRY(buf_append(path, SLICE_ARRAY(name)));
    return buf_append_byte(path, 0);
}

err page_section_get(struct page *p, slice notice, unsigned number, buf *text) {
    buf path = buf_on(NULL);
    err e = path_of(p, notice, number, &path);
    if (e == OK)
        e = sys_file_read((const char *)path.p, SECTION_MAX, text);
    buf_free(&path);
    return e;
}

static err hash_of(slice text, uint8_t hash[32]) {
    return crypto_sha256.hash(hash, &text, 1);
}

err page_section_hash(struct page *p, slice notice, unsigned number, uint8_t hash[32]) {
    buf text = buf_on(NULL);
    err e = page_section_get(p, notice, number, &text);
    if (e == OK)
        e = hash_of(buf_slice(&text), hash);
    buf_free(&text);
    return e;
}

/* One that is emptied is not written. */
static err section_put(struct page *p, slice notice, unsigned number, slice text) {
    buf path = buf_on(NULL);
    err e = path_of(p, notice, number, &path);
    if (e == OK)
        e = text.n == 0 ? sys_file_remove((const char *)path.p)
                        : sys_file_write((const char *)path.p, text, 0600);
    buf_free(&path);
    return e;
}

static const struct json_object *section_data(struct page *p, unsigned number) {
    return page_json_item(page_data_list(p->pages->data, "assessment", "sections"), number - 1);
}

void page_section_title(struct page *p, unsigned number) {
    html_number(&p->h, number);
    html_string(&p->h, ". ");
    html_text(&p->h, page_json_words(section_data(p, number), "title", p->language));
}

static void name_of(const char *what, unsigned number, char out[NAME]) {
    size_t n = strlen(what);
    memcpy(out, what, n);
    decimal_text(number, out + n);
}

/* ---- Where it stands ---- */

static err written(struct page *p, slice notice, bool has[OFFICE_ASSESSMENT], unsigned *n) {
    *n = 0;
    for (unsigned i = 0; i < OFFICE_ASSESSMENT; i++) {
        buf text = buf_on(NULL);
        err e = page_section_get(p, notice, i + 1, &text);
        buf_free(&text);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
        has[i] = e == OK;
        *n += has[i];
    }
    return OK;
}

struct since {
    slice id;
    uint64_t time, witnessed;
};

static bool since(void *ctx, const struct office_since *s) {
    struct since *found = ctx;
    if (!slice_equal(found->id, s->id))
        return true;
    found->time = s->time;
    found->witnessed = s->witnessed;
    return false;
}

static void met(struct page *p, bool yes) {
    html_string(&p->h, " ");
    page_badge(p, yes ? "info" : "warn", yes ? WORD_MET : WORD_MISSING);
}

void page_lift_standing(struct page *p, const struct office_lift_notice *n) {
    struct since s = {n->id, 0, 0};
    bool has[OFFICE_ASSESSMENT];
    unsigned count = 0;
    html_fail(&p->h, desk_notices_since(p->desk, since, &s));
    html_fail(&p->h, written(p, n->id, has, &count));
    page_facts(p);
    page_fact_time(p, WORD_ANNOUNCED_ON, s.time);
    page_fact(p, WORD_LIFT_FROM);
    page_time(p, s.time + OFFICE_LIFT_NOTICE);
    met(p, s.time != 0 && p->now >= s.time + OFFICE_LIFT_NOTICE);
    page_fact_end(p);
    page_fact(p, WORD_LIFT_WITNESSED);
    page_say_number(p, WORD_DAYS_OF_14, s.witnessed / TIME_DAY);
    met(p, s.witnessed >= OFFICE_LIFT_NOTICE);
    page_fact_end(p);
    page_fact(p, WORD_ASSESSMENT);
    page_say_number(p, WORD_SECTIONS_OF_18, count);
    met(p, count == OFFICE_ASSESSMENT);
    page_fact_end(p);
    html_close(&p->h);
}

/* ---- The page ---- */

static const struct office_lift_notice *notice_of(struct page *p) {
    const struct office_suspensions *l = desk_list(p->desk);
    for (size_t i = 0; l != NULL && i < l->notices.n; i++)
        if (slice_equal(l->notices.p[i].id, p->request->stars[0]))
            return &l->notices.p[i];
    return NULL;
}

static bool may_write(const struct page *p) {
    return (desk_person_roles(p->person) &
            (OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS | OFFICE_ROLE_EXPERT)) != 0;
}

static void missing(struct page *p, const bool has[OFFICE_ASSESSMENT], bool asked) {
    html_open(&p->h, "div", "class", "note", "data-kind", asked ? "stop" : "info", "role",
              asked ? "alert" : NULL, NULL);
    page_element(p, "h2", WORD_SECTIONS_MISSING);
    html_open(&p->h, "ul", NULL);
    for (unsigned i = 0; i < OFFICE_ASSESSMENT; i++) {
        char to[NAME + 8] = "#";
        if (has[i])
            continue;
        name_of("section-", i + 1, to + 1);
        html_open(&p->h, "li", NULL);
        html_open(&p->h, "a", "href", to, NULL);
        page_section_title(p, i + 1);
        html_close(&p->h);
        html_close(&p->h);
    }
    html_close(&p->h);
    html_close(&p->h);
}

static void section_hints(struct page *p, unsigned number, const char *id) {
    const struct json_object *data = section_data(p, number);
    html_element(&p->h, "p", page_json_words(data, "contains", p->language), "class", "hint", "id",
                 id, NULL);
    html_open(&p->h, "details", NULL);
    page_element(p, "summary", WORD_HELP);
    html_element(&p->h, "p", page_json_words(data, "help", p->language), NULL);
    html_close(&p->h);
}

/* What was there when somebody began to write, so that nobody writes over somebody else. */
static void section_was(struct page *p, unsigned number, slice text) {
    char name[NAME];
    uint8_t hash[32];
    buf was = buf_on(NULL);
    name_of("was-", number, name);
    err e = hash_of(text, hash);
    if (e == OK)
        e = hex_encode(&was, SLICE_ARRAY(hash));
    html_fail(&p->h, e);
    page_hidden(p, name, buf_slice(&was));
    buf_free(&was);
}

static err section(struct page *p, unsigned number) {
    char name[NAME], hint[NAME];
    buf text = buf_on(NULL);
    err e = page_section_get(p, p->request->stars[0], number, &text);
    name_of("section-", number, name);
    name_of("hint-", number, hint);
    html_open(&p->h, "div", "class", "field", NULL);
    html_open(&p->h, "label", "for", name, NULL);
    page_section_title(p, number);
    html_close(&p->h);
    section_hints(p, number, hint);
    html_open(&p->h, "textarea", "name", name, "id", name, "rows", "6", "aria-describedby", hint,
              "readonly", may_write(p) ? NULL : "", NULL);
    html_text(&p->h, buf_slice(&text));
    html_close(&p->h);
    section_was(p, number, buf_slice(&text));
    html_close(&p->h);
    buf_free(&text);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err form(struct page *p) {
    html_open(&p->h, "form", "method", "post", "class", "form", NULL);
    html_attr(&p->h, "action", p->request->path);
    page_hidden(p, "what", slice_str("lift"));
    for (unsigned i = 0; i < OFFICE_ASSESSMENT; i++)
        TRY(section(p, i + 1));
    if (may_write(p)) {
        html_open(&p->h, "p", "class", "actions", NULL);
        page_submit(p, WORD_DRAFT_LIFT);
        html_element(&p->h, "button", slice_str(page_word(p, WORD_SAVE_ONLY)), "type", "submit",
                     "name", "save", "value", "yes", "class", "quiet", NULL);
        html_close(&p->h);
    }
    html_close(&p->h);
    return OK;
}

static err assessment(struct page *p) {
    const struct office_lift_notice *n = notice_of(p);
    bool has[OFFICE_ASSESSMENT];
    unsigned count;
    buf asked = buf_on(NULL);
    if (n == NULL)
        return page_error(p, ERR_NOT_FOUND, NULL);
    TRY(written(p, n->id, has, &count));
    err e = page_query(p, "missing", &asked);
    bool wanted = asked.n > 0;
    buf_free(&asked);
    TRY(e);
    page_begin_with(p, WORD_ASSESSMENT, n->id);
    if (count < OFFICE_ASSESSMENT)
        missing(p, has, wanted);
    page_element(p, "p", WORD_ASSESSMENT_TEXT);
    page_lift_standing(p, n);
    page_lift_becomes(p, n);
    page_section(p, WORD_SECTIONS);
    TRY(form(p));
    html_close(&p->h);
    return page_end(p);
}
PAGE(assessment, PAGE_INSIDE)

/* ---- What was written ---- */

/* CHANGED: somebody else wrote in between. */
static err section_take(struct page *p, slice notice, unsigned number, slice text, slice was) {
    uint8_t then[32], now[32];
    buf present = buf_on(NULL);
    err e = page_section_get(p, notice, number, &present);
    if (e == ERR_NOT_FOUND)
        e = OK;
    bool same = slice_equal(buf_slice(&present), text);
    if (e == OK)
        e = hash_of(buf_slice(&present), now);
    buf_free(&present);
    TRY(e);
    if (same)
        return OK;
    if (was.n > 0 &&
        (hex_decode_to(then, sizeof(then), was) != OK || memcmp(then, now, sizeof(then)) != 0))
        return ERR_CHANGED;
    return section_put(p, notice, number, text);
}

/* One that the form doesn't have stays as it is. */
static err section_sent(struct page *p, slice notice, unsigned number) {
    char name[NAME], was_name[NAME];
    buf text = buf_on(NULL), was = buf_on(NULL);
    name_of("section-", number, name);
    name_of("was-", number, was_name);
    err e = sys_form_value(p->request->body, name, &text);
    page_line_ends(&text);
    if (e == OK)
        e = page_field(p, was_name, &was);
    if (e == OK && text.n > SECTION_MAX)
        e = ERR_TOO_LARGE;
    if (e == OK)
        e = section_take(p, notice, number, buf_slice(&text), buf_slice(&was));
    buf_free(&text);
    buf_free(&was);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err to_page(struct page *p, const char *query) {
    buf to = buf_on(NULL);
    err e = buf_append(&to, p->request->path);
    if (e == OK)
        e = buf_append(&to, slice_str(query));
    if (e == OK)
        e = sys_web_redirect(p->answer, buf_slice(&to));
    buf_free(&to);
    return e;
}

static err taken(struct page *p, const struct office_lift_notice *n) {
    bool has[OFFICE_ASSESSMENT];
    unsigned count;
    buf save = buf_on(NULL);
    err e = page_field(p, "save", &save);
    bool only = save.n > 0;
    buf_free(&save);
    TRY(e);
    for (unsigned i = 1; i <= OFFICE_ASSESSMENT; i++)
        TRY(section_sent(p, n->id, i));
    TRY(written(p, n->id, has, &count));
    if (only)
        return to_page(p, "");
    return count < OFFICE_ASSESSMENT ? to_page(p, "?missing=yes")
                                     : page_list_draft(p, slice_str("lift"), n->id);
}

static err assessment_take(struct page *p) {
    const struct office_lift_notice *n = notice_of(p);
    if (n == NULL)
        return page_error(p, ERR_NOT_FOUND, NULL);
    if (!may_write(p))
        return page_error(p, ERR_DENIED, &(struct desk_why){.reason = DESK_ROLE});
    err e = taken(p, n);
    if (e == ERR_CHANGED)
        return page_message(p, 409, WORD_SECTION_STALE, WORD_SECTION_STALE_TEXT);
    return e == OK ? OK : page_error(p, e, NULL);
}
PAGE(assessment_take, PAGE_INSIDE)
