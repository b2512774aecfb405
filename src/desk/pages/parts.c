/* What pages are made of. */
#include "desk/pages/page.h"

const char *page_word(const struct page *p, enum word w) {
    return words_get(p->language, w);
}

void page_say(struct page *p, enum word w) {
    html_string(&p->h, page_word(p, w));
}

void page_say_with(struct page *p, enum word w, const slice *with, size_t n) {
    slice rest = slice_str(page_word(p, w));
    while (rest.n > 0) {
        html_text(&p->h, slice_until(&rest, '{'));
        if (rest.n < 2)
            break;
        size_t i = (size_t)(rest.p[0] - '1');
        if (i < n)
            html_text(&p->h, with[i]);
        rest = slice_of(rest.p + 2, rest.n - 2);
    }
}

void page_say_number(struct page *p, enum word w, uint64_t number) {
    char text[DECIMAL_TEXT];
    decimal_text(number, text);
    page_say_with(p, w, (slice[]){slice_str(text)}, 1);
}

void page_element(struct page *p, const char *element, enum word w) {
    html_element(&p->h, element, slice_str(page_word(p, w)), NULL);
}

void page_element_number(struct page *p, const char *element, enum word w, uint64_t number) {
    html_open(&p->h, element, NULL);
    page_say_number(p, w, number);
    html_close(&p->h);
}

void page_note(struct page *p, const char *kind, enum word w) {
    html_open(&p->h, "div", "class", "note", NULL);
    html_attr(&p->h, "data-kind", slice_str(kind));
    page_element(p, "p", w);
    html_close(&p->h);
}

void page_link(struct page *p, const char *path, enum word w) {
    html_element(&p->h, "a", slice_str(page_word(p, w)), "href", path, NULL);
}

void page_section(struct page *p, enum word title) {
    html_open(&p->h, "section", NULL);
    page_element(p, "h2", title);
}

void page_lines(struct page *p, const struct office_lines *lines) {
    for (size_t i = 0; i < lines->n; i++)
        html_element(&p->h, "p", lines->p[i].text, NULL);
}

void page_pre(struct page *p, slice text) {
    html_element(&p->h, "pre", text, "class", "text", "tabindex", "0", NULL);
}

/* ---- Time ---- */

static char *digits(char *at, unsigned number, int n) {
    for (int i = n - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + n;
}

void page_time_text(uint64_t ms, char out[PAGE_TIME]) {
    int year, month, day;
    time_date(ms, &year, &month, &day);
    unsigned minutes = (unsigned)(ms % TIME_DAY / TIME_MINUTE);
    char *at = digits(out, (unsigned)year, 4);
    *at++ = '-';
    at = digits(at, (unsigned)month, 2);
    *at++ = '-';
    at = digits(at, (unsigned)day, 2);
    *at++ = ' ';
    at = digits(at, minutes / 60, 2);
    *at++ = ':';
    at = digits(at, minutes % 60, 2);
    memcpy(at, " UTC", 5);
}

void page_time(struct page *p, uint64_t ms) {
    char text[PAGE_TIME], machine[PAGE_TIME];
    page_time_text(ms, text);
    memcpy(machine, text, 16);
    machine[10] = 'T';
    memcpy(machine + 16, "Z", 2);
    html_element(&p->h, "time", slice_str(text), "datetime", machine, NULL);
}

static void span(struct page *p, uint64_t ms, const enum word words[3]) {
    if (ms >= 2 * TIME_DAY)
        page_say_number(p, words[0], ms / TIME_DAY);
    else if (ms >= 2 * TIME_HOUR)
        page_say_number(p, words[1], ms / TIME_HOUR);
    else
        page_say_number(p, words[2], ms / TIME_MINUTE);
}

void page_until(struct page *p, uint64_t ms) {
    static const enum word AHEAD[] = {WORD_IN_DAYS, WORD_IN_HOURS, WORD_IN_MINUTES},
                           PAST[] = {WORD_DAYS_AGO, WORD_HOURS_AGO, WORD_MINUTES_AGO};
    if (ms >= p->now)
        span(p, ms - p->now, AHEAD);
    else
        span(p, p->now - ms, PAST);
}

void page_deadline(struct page *p, uint64_t ms) {
    if (ms == 0) {
        html_element(&p->h, "span", slice_str(page_word(p, WORD_NO_DEADLINE)), "class", "faint",
                     NULL);
        return;
    }
    bool over = ms <= p->now, near = !over && ms - p->now <= TIME_DAY;
    html_open(&p->h, "span", "class", over ? "due over" : near ? "due near" : "due", NULL);
    page_time(p, ms);
    html_string(&p->h, " ");
    html_open(&p->h, "span", "class", "span", NULL);
    if (over) {
        page_say(p, WORD_OVERDUE);
        html_string(&p->h, ", ");
    }
    page_until(p, ms);
    html_close(&p->h);
    html_close(&p->h);
}

/* ---- Facts ---- */

void page_facts(struct page *p) {
    html_open(&p->h, "dl", "class", "facts", NULL);
}

void page_fact(struct page *p, enum word term) {
    html_open(&p->h, "div", NULL);
    page_element(p, "dt", term);
    html_open(&p->h, "dd", NULL);
}

void page_fact_end(struct page *p) {
    html_close(&p->h);
    html_close(&p->h);
}

void page_fact_text(struct page *p, enum word term, slice text) {
    page_fact(p, term);
    html_text(&p->h, text);
    page_fact_end(p);
}

void page_fact_time(struct page *p, enum word term, uint64_t ms) {
    if (ms == 0)
        return;
    page_fact(p, term);
    page_time(p, ms);
    page_fact_end(p);
}

void page_hash(struct page *p, const uint8_t hash[32]) {
    buf text = buf_on(NULL);
    html_fail(&p->h, hex_encode(&text, slice_of(hash, 32)));
    html_element(&p->h, "code", buf_slice(&text), "class", "hash", NULL);
    buf_free(&text);
}

void page_fact_hash(struct page *p, enum word term, const uint8_t hash[32]) {
    page_fact(p, term);
    page_hash(p, hash);
    page_fact_end(p);
}

/* ---- Tables ---- */

void page_table(struct page *p, enum word caption, const enum word *heads, size_t n) {
    html_open(&p->h, "div", "class", "table", "tabindex", "0", "role", "region", "aria-label",
              page_word(p, caption), NULL);
    html_open(&p->h, "table", NULL);
    page_element(p, "caption", caption);
    html_open(&p->h, "thead", NULL);
    html_open(&p->h, "tr", NULL);
    for (size_t i = 0; i < n; i++)
        html_element(&p->h, "th", slice_str(page_word(p, heads[i])), "scope", "col", NULL);
    html_close(&p->h);
    html_close(&p->h);
    html_open(&p->h, "tbody", NULL);
}

void page_table_end(struct page *p) {
    html_close(&p->h);
    html_close(&p->h);
    html_close(&p->h);
}

void page_cell(struct page *p, slice text) {
    html_element(&p->h, "td", text, NULL);
}

void page_cell_word(struct page *p, enum word w) {
    page_element(p, "td", w);
}

/* ---- Forms ---- */

void page_form(struct page *p, const char *action, const char *script) {
    html_open(&p->h, "form", "method", "post", "action", action, "data-script", script, "class",
              "form", NULL);
}

static void id_attr(struct page *p, const char *attribute, const char *name, const char *end) {
    buf id = buf_on(NULL);
    err e = buf_append(&id, slice_str(name));
    if (e == OK)
        e = buf_append(&id, slice_str(end));
    html_fail(&p->h, e);
    html_attr(&p->h, attribute, buf_slice(&id));
    buf_free(&id);
}

static void label(struct page *p, const char *name, enum word w) {
    html_open(&p->h, "label", NULL);
    id_attr(p, "for", name, "-field");
    page_say(p, w);
    html_close(&p->h);
}

static void input_attributes(struct page *p, const struct page_input *i) {
    html_attr(&p->h, "name", slice_str(i->name));
    id_attr(p, "id", i->name, "-field");
    if (i->hint != WORD_NONE)
        id_attr(p, "aria-describedby", i->name, "-hint");
    if (i->needed)
        html_attr(&p->h, "required", SLICE_EMPTY);
}

void page_input(struct page *p, const struct page_input *i) {
    html_open(&p->h, "div", "class", "field", NULL);
    label(p, i->name, i->label);
    if (!i->needed) {
        html_string(&p->h, " ");
        html_element(&p->h, "span", slice_str(page_word(p, WORD_OPTIONAL)), "class", "faint", NULL);
    }
    if (i->hint != WORD_NONE) {
        html_open(&p->h, "p", "class", "hint", NULL);
        id_attr(p, "id", i->name, "-hint");
        page_say(p, i->hint);
        html_close(&p->h);
    }
    if (i->lines > 0) {
        html_open(&p->h, "textarea", "spellcheck", "false", NULL);
        html_attr_number(&p->h, "rows", i->lines);
        input_attributes(p, i);
        html_text(&p->h, i->value);
        html_close(&p->h);
    } else {
        html_void(&p->h, "input", "type", i->type != NULL ? i->type : "text", NULL);
        input_attributes(p, i);
        if (i->value.n > 0)
            html_attr(&p->h, "value", i->value);
    }
    html_close(&p->h);
}

void page_lines_input(struct page *p, const struct office_lines *lines,
                      const struct page_input *input) {
    buf text = buf_on(NULL);
    struct page_input filled = *input;
    for (size_t i = 0; lines != NULL && i < lines->n; i++) {
        html_fail(&p->h, buf_append(&text, lines->p[i].text));
        html_fail(&p->h, buf_append_byte(&text, '\n'));
    }
    filled.value = buf_slice(&text);
    page_input(p, &filled);
    buf_free(&text);
}

void page_hidden(struct page *p, const char *name, slice value) {
    html_void(&p->h, "input", "type", "hidden", "name", name, NULL);
    html_attr(&p->h, "value", value);
}

void page_select(struct page *p, const char *name, enum word w) {
    html_open(&p->h, "div", "class", "field", NULL);
    label(p, name, w);
    html_open(&p->h, "select", "name", name, NULL);
    id_attr(p, "id", name, "-field");
}

void page_option(struct page *p, const char *value, slice text, bool selected) {
    html_element(&p->h, "option", text, "value", value, "selected", selected ? "" : NULL, NULL);
}

void page_select_end(struct page *p) {
    html_close(&p->h);
    html_close(&p->h);
}

void page_choices(struct page *p, enum word legend) {
    html_open(&p->h, "fieldset", NULL);
    page_element(p, "legend", legend);
}

void page_choice(struct page *p, const char *type, const char *name, const char *value, slice text,
                 bool checked) {
    html_open(&p->h, "label", "class", "choice", NULL);
    html_void(&p->h, "input", "type", type, "name", name, "value", value, "checked",
              checked ? "" : NULL, NULL);
    html_string(&p->h, " ");
    html_element(&p->h, "span", text, NULL);
    html_close(&p->h);
}

void page_submit(struct page *p, enum word w) {
    html_element(&p->h, "button", slice_str(page_word(p, w)), "type", "submit", NULL);
}

void page_press(struct page *p, const char *what, enum word w) {
    html_element(&p->h, "button", slice_str(page_word(p, w)), "type", "button", "disabled", "",
                 "data-press", what, NULL);
}

static void said(struct page *p, const char *name, enum word w) {
    html_element(&p->h, "span", slice_str(page_word(p, w)), "data-say", name, NULL);
}

void page_status(struct page *p) {
    html_element(&p->h, "p", SLICE_EMPTY, "role", "status", "class", "status", "data-status", "",
                 NULL);
    html_open(&p->h, "div", "hidden", "", NULL);
    said(p, "failed", WORD_SAY_FAILED);
    said(p, "refused", WORD_SAY_REFUSED);
    said(p, "no-prf", WORD_SAY_NO_PRF);
    said(p, "no-key", WORD_SAY_NO_KEY);
    said(p, "no-wrap", WORD_SAY_NO_WRAP);
    said(p, "bad-wrap", WORD_SAY_BAD_WRAP);
    said(p, "gone", WORD_SAY_GONE);
    said(p, "save", WORD_SAY_SAVE);
    said(p, "picture", WORD_SAY_PICTURE);
    said(p, "opening", WORD_SAY_OPENING);
    said(p, "opened", WORD_SAY_OPENED);
    said(p, "signing", WORD_SAY_SIGNING);
    said(p, "other-order", WORD_SAY_OTHER_ORDER);
    said(p, "wrapped", WORD_SAY_WRAPPED);
    said(p, "passkeys", WORD_SAY_PASSKEYS);
    said(p, "working", WORD_SAY_WORKING);
    html_close(&p->h);
    html_open(&p->h, "noscript", NULL);
    page_element(p, "p", WORD_NEEDS_SCRIPT);
    html_close(&p->h);
}

void page_paper_text(struct page *p, const char *name, slice text) {
    page_pre(p, text);
    html_element(&p->h, "textarea", text, "name", name, "hidden", "", "aria-label", name, NULL);
    html_open(&p->h, "p", "class", "save", "data-save", "", NULL);
    html_close(&p->h);
}

void page_paper_lines(struct page *p, const char *name) {
    html_open(&p->h, "details", NULL);
    page_element(p, "summary", WORD_OWN_MACHINE);
    page_element(p, "p", WORD_OWN_MACHINE_TEXT);
    html_open(&p->h, "div", "class", "field", NULL);
    label(p, name, WORD_SIGNATURE_LINES);
    html_open(&p->h, "textarea", "rows", "3", "spellcheck", "false", NULL);
    id_attr(p, "name", name, "-lines");
    id_attr(p, "id", name, "-field");
    html_close(&p->h);
    html_close(&p->h);
    html_close(&p->h);
}

void page_paper(struct page *p, const char *name, enum word title, slice text) {
    html_open(&p->h, "section", "class", "paper", "data-sign", "", "data-name", name, NULL);
    page_element(p, "h2", title);
    page_paper_text(p, name, text);
    page_paper_lines(p, name);
    html_close(&p->h);
}

/* ---- What was sent ---- */

void page_line_ends(buf *value) {
    size_t to = 0;
    for (size_t from = 0; from < value->n; from++)
        if (value->p[from] != '\r' || from + 1 == value->n || value->p[from + 1] != '\n')
            value->p[to++] = value->p[from];
    value->n = to;
}

err page_field(struct page *p, const char *name, buf *value) {
    err e = sys_form_value(p->request->body, name, value);
    if (e == ERR_NOT_FOUND) {
        buf_clear(value);
        return OK;
    }
    TRY(e);
    page_line_ends(value);
    return OK;
}

err page_query(struct page *p, const char *name, buf *value) {
    err e = sys_form_value(p->request->query, name, value);
    if (e != ERR_NOT_FOUND)
        return e;
    buf_clear(value);
    return OK;
}

/* A page that sends no referrer sends no origin either ("null"): then what the browser says of the
 * site alone counts, where it does. */
bool page_same_site(struct page *p) {
    slice site = p->request->site, rest = p->request->origin;
    if (site.n > 0)
        return slice_equal(site, slice_str("same-origin"));
    if (rest.n == 0)
        return true;
    bool web = slice_skip(&rest, slice_str("https://")) || slice_skip(&rest, slice_str("http://"));
    return web && slice_equal(rest, p->request->host);
}

err page_document(struct page *p, const char *name, buf *document) {
    buf lines = buf_on(NULL), field = buf_on(NULL);
    err e = page_field(p, name, document);
    if (e == OK)
        e = buf_append(&field, slice_str(name));
    if (e == OK)
        e = buf_append(&field, slice_of("-lines", 7)); /* with its NUL */
    if (e == OK)
        e = page_field(p, (const char *)field.p, &lines);
    if (e == OK && lines.n > 0)
        e = buf_append_byte(document, '\n');
    if (e == OK && lines.n > 0)
        e = buf_append(document, buf_slice(&lines));
    if (e == OK && lines.n > 0 && lines.p[lines.n - 1] != '\n')
        e = buf_append_byte(document, '\n');
    buf_free(&lines);
    buf_free(&field);
    return e;
}

bool page_has_word(slice words, slice word) {
    while (words.n > 0)
        if (slice_equal(slice_until(&words, ' '), word))
            return true;
    return false;
}

void page_id(slice id, char out[DESK_ID]) {
    size_t n = id.n < DESK_ID ? id.n : DESK_ID - 1;
    memcpy(out, id.p, n);
    out[n] = '\0';
}

static unsigned two(slice s, size_t at) {
    return (unsigned)(s.p[at] - '0') * 10 + (unsigned)(s.p[at + 1] - '0');
}

err page_two(slice s, unsigned most, uint64_t *number) {
    if (s.n != 2 || s.p[0] < '0' || s.p[0] > '9' || s.p[1] < '0' || s.p[1] > '9')
        return ERR_MALFORMED;
    *number = two(s, 0);
    return *number <= most ? OK : ERR_MALFORMED;
}

err page_day(slice s, uint64_t *ms) {
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
        return ERR_MALFORMED;
    for (size_t i = 0; i < s.n; i++)
        if (i != 4 && i != 7 && (s.p[i] < '0' || s.p[i] > '9'))
            return ERR_MALFORMED;
    int year = (int)(two(s, 0) * 100 + two(s, 2));
    return time_of_date(year, (int)two(s, 5), (int)two(s, 8), ms) ? OK : ERR_MALFORMED;
}

/* ---- Names ---- */

enum word page_state_word(enum desk_state s) {
#define X(text, name) [DESK_STATE_##name] = WORD_STATE_##name,
    static const enum word WORDS[] = {DESK_STATES(X)};
#undef X
    return WORDS[s];
}

enum word page_move_word(enum desk_move m) {
#define X(text, name) [DESK_MOVE_##name] = WORD_MOVE_##name,
    static const enum word WORDS[] = {DESK_PERSONS_MOVES(X) DESK_OWN_MOVES(X)};
#undef X
    return WORDS[m];
}

enum word page_moved_word(enum desk_move m) {
#define X(text, name) [DESK_MOVE_##name] = WORD_MOVED_##name,
    static const enum word WORDS[DESK_MOVE_COUNT] = {DESK_PERSONS_MOVES(X)};
#undef X
    return WORDS[m] != WORD_NONE ? WORDS[m] : page_move_word(m);
}

enum word page_lens_word(enum desk_lens lens) {
#define X(text, name) [DESK_LENS_##name] = WORD_LENS_##name,
    static const enum word WORDS[] = {DESK_LENSES(X)};
#undef X
    return WORDS[lens];
}

enum word page_verdict_word(enum desk_verdict v) {
#define X(text, name) [DESK_VERDICT_##name] = WORD_VERDICT_##name,
    static const enum word WORDS[] = {DESK_VERDICTS(X)};
#undef X
    return WORDS[v];
}

slice page_name(const struct page *p, const char *file, const char *list, slice id) {
    const struct json_object *found =
        page_json_find(page_data_list(p->pages->data, file, list), id);
    slice name = page_json_words(found, "name", p->language);
    return name.n > 0 ? name : id;
}

enum word page_role_word(uint32_t role) {
#define X(text, name)              \
    if (role & OFFICE_ROLE_##name) \
        return WORD_ROLE_##name;
    OFFICE_ROLES(X)
#undef X
    return WORD_NONE;
}

void page_seat(struct page *p, uint32_t roles) {
    bool first = true;
    if (roles == UINT32_MAX) {
        page_say(p, WORD_ANYBODY);
        return;
    }
    for (uint32_t bit = 1; bit != 0 && bit <= roles; bit <<= 1) {
        if ((roles & bit) == 0)
            continue;
        if (!first)
            page_say(p, WORD_OR);
        page_say(p, page_role_word(bit));
        first = false;
    }
}

void page_roles(struct page *p, uint32_t roles) {
    bool first = true;
    for (uint32_t bit = 1; bit != 0 && bit <= roles; bit <<= 1)
        if (roles & bit) {
            if (!first)
                html_string(&p->h, p->language == WORDS_ZH ? "、" : ", ");
            page_say(p, page_role_word(bit));
            first = false;
        }
}

void page_fields(struct page *p, uint32_t fields) {
    static const enum word WORDS[] = {
#define X(text, name) WORD_HELD_##name,
        HELD_RECORD(X)
#undef X
    };
    if (fields == 0) {
        html_string(&p->h, "–");
        return;
    }
    html_open(&p->h, "ul", "class", "plain", NULL);
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (fields >> i & 1)
            page_element(p, "li", WORDS[i]);
    html_close(&p->h);
}

void page_badge(struct page *p, const char *kind, enum word w) {
    html_element(&p->h, "span", slice_str(page_word(p, w)), "class", "badge", "data-kind", kind,
                 NULL);
}

static const char *state_kind(enum desk_state s) {
    switch (s) {
    case DESK_STATE_HELD:
    case DESK_STATE_FORGED:
    case DESK_STATE_REJECTED:
        return "stop";
    case DESK_STATE_IN_REVIEW:
    case DESK_STATE_NEEDS_EXPERT:
    case DESK_STATE_NEEDS_CLARIFICATION:
    case DESK_STATE_NARROWED:
    case DESK_STATE_NOTIFIED:
    case DESK_STATE_CHALLENGED:
    case DESK_STATE_COMPELLED:
        return "warn";
    case DESK_STATE_CLEARED:
    case DESK_STATE_RELEASED:
        return "info";
    default:
        return "plain";
    }
}

void page_state_badge(struct page *p, enum desk_state s) {
    page_badge(p, state_kind(s), page_state_word(s));
}
