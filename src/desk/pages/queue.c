/* What waits, by role, nearest deadline first. */
#include "desk/pages/page.h"

enum { PER_PAGE = 50 };

struct rows {
    struct page *p;
    size_t n;
    char last[DESK_ID];
};

static void case_link(struct page *p, const char *id) {
    char path[16 + DESK_ID] = "/case/";
    memcpy(path + 6, id, strlen(id) + 1);
    html_element(&p->h, "a", slice_str(id), "href", path, NULL);
}

static void who_asks(struct page *p, const struct desk_case *c) {
    const struct office_authority *a =
        office_authority_find(desk_office(p->desk), slice_str(c->authority));
    html_open(&p->h, "td", NULL);
    if (a != NULL) {
        html_text(&p->h, a->name);
        html_string(&p->h, " ");
        html_element(&p->h, "span", a->jurisdiction, "class", "country", NULL);
    } else {
        html_element(&p->h, "span", slice_str(page_word(p, WORD_NOT_CLASSIFIED)), "class", "faint",
                     NULL);
    }
    html_close(&p->h);
}

static bool row(void *ctx, const struct desk_case *c) {
    struct rows *rows = ctx;
    struct page *p = rows->p;
    if (rows->n++ == PER_PAGE)
        return false;
    html_open(&p->h, "tr", NULL);
    html_open(&p->h, "th", "scope", "row", NULL);
    case_link(p, c->id);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    page_state_badge(p, c->state);
    if (c->path == OFFICE_EMERGENCY) {
        html_string(&p->h, " ");
        page_badge(p, "stop", WORD_PATH_EMERGENCY);
    }
    if (c->enrolled && c->regime[0] == '\0') {
        html_string(&p->h, " ");
        page_badge(p, "info", WORD_ENROLLED_FIRST);
    }
    html_close(&p->h);
    who_asks(p, c);
    page_cell(p, page_name(p, "regimes", "regimes", slice_str(c->regime)));
    html_open(&p->h, "td", NULL);
    page_roles(p, c->waits);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    page_deadline(p, c->deadline);
    html_close(&p->h);
    html_close(&p->h);
    memcpy(rows->last, c->id, sizeof(rows->last));
    return true;
}

/* ---- Filters ---- */

struct wanted {
    struct desk_cases_filter filter;
    buf role, state, after, mine;
};

static err read_wanted(struct page *p, struct wanted *w) {
    TRY(page_query(p, "role", &w->role));
    TRY(page_query(p, "state", &w->state));
    TRY(page_query(p, "after", &w->after));
    TRY(page_query(p, "mine", &w->mine));
    enum desk_state state;
    w->filter.limit = PER_PAGE + 1;
    if (desk_state_of(buf_slice(&w->state), &state))
        w->filter.states = (uint32_t)1 << state;
    if (w->role.n == 0 && w->state.n == 0 && w->mine.n == 0)
        w->filter.roles = desk_person_roles(p->person);
    else
        (void)desk_role_of(buf_slice(&w->role), &w->filter.roles);
    if (w->mine.n > 0)
        w->filter.person = p->person->id;
    w->filter.after = buf_slice(&w->after);
    return OK;
}

static void free_wanted(struct wanted *w) {
    buf_free(&w->role);
    buf_free(&w->state);
    buf_free(&w->after);
    buf_free(&w->mine);
}

static void filters(struct page *p, const struct wanted *w) {
    html_open(&p->h, "form", "method", "get", "action", "/queue", "class", "filters", NULL);
    page_select(p, "role", WORD_WAITS_FOR);
    page_option(p, "",
                slice_str(page_word(p, w->state.n + w->mine.n > 0 ? WORD_ANYBODY : WORD_MY_ROLES)),
                w->role.n == 0);
#define X(text, name)                                               \
    page_option(p, text, slice_str(page_word(p, WORD_ROLE_##name)), \
                slice_equal(buf_slice(&w->role), slice_str(text)));
    OFFICE_ROLES(X)
#undef X
    page_select_end(p);
    page_select(p, "state", WORD_STATE);
    page_option(p, "", slice_str(page_word(p, WORD_ANY_OPEN)), w->state.n == 0);
#define X(text, name)                                                \
    page_option(p, text, slice_str(page_word(p, WORD_STATE_##name)), \
                slice_equal(buf_slice(&w->state), slice_str(text)));
    DESK_STATES(X)
#undef X
    page_select_end(p);
    page_choice(p, "checkbox", "mine", "yes", slice_str(page_word(p, WORD_MINE)), w->mine.n > 0);
    page_submit(p, WORD_SHOW);
    html_close(&p->h);
}

static err add_query(buf *to, const char *name, slice value) {
    TRY(buf_append(to, slice_str(name)));
    return buf_append(to, value);
}

static void more(struct page *p, const struct wanted *w, const struct rows *rows) {
    if (rows->n <= PER_PAGE)
        return;
    buf to = buf_on(NULL);
    err e = add_query(&to, "/queue?role=", buf_slice(&w->role));
    if (e == OK)
        e = add_query(&to, "&state=", buf_slice(&w->state));
    if (e == OK)
        e = add_query(&to, "&mine=", buf_slice(&w->mine));
    if (e == OK)
        e = add_query(&to, "&after=", slice_str(rows->last));
    html_fail(&p->h, e);
    html_open(&p->h, "p", "class", "actions", NULL);
    html_open(&p->h, "a", "class", "button quiet", NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    page_say(p, WORD_MORE);
    html_close(&p->h);
    html_close(&p->h);
    buf_free(&to);
}

static err counts(struct page *p) {
    uint64_t count[DESK_STATE_COUNT];
    TRY(desk_cases_count(p->desk, count));
    html_open(&p->h, "ul", "class", "counts", "aria-label", page_word(p, WORD_COUNTS), NULL);
    for (int s = 0; s < DESK_STATE_COUNT; s++) {
        if (count[s] == 0)
            continue;
        html_open(&p->h, "li", NULL);
        html_open(&p->h, "strong", NULL);
        html_number(&p->h, count[s]);
        html_close(&p->h);
        html_string(&p->h, " ");
        page_say(p, page_state_word((enum desk_state)s));
        html_close(&p->h);
    }
    html_close(&p->h);
    return OK;
}

static err list(struct page *p, const struct wanted *w) {
    static const enum word HEADS[] = {WORD_CASE,   WORD_STATE,     WORD_AUTHORITY,
                                      WORD_REGIME, WORD_WAITS_FOR, WORD_DEADLINE};
    struct rows rows = {.p = p};
    page_begin(p, WORD_QUEUE);
    TRY(counts(p));
    filters(p, w);
    page_table(p, WORD_CASES, HEADS, 6);
    TRY(desk_cases_list(p->desk, &w->filter, row, &rows));
    page_table_end(p);
    if (rows.n == 0)
        page_element(p, "p", WORD_NOTHING_WAITS);
    more(p, w, &rows);
    return page_end(p);
}

static err queue(struct page *p) {
    struct wanted w = {.filter = {.limit = 0}};
    err e = read_wanted(p, &w);
    if (e == OK)
        e = list(p, &w);
    else
        e = page_error(p, e, NULL);
    free_wanted(&w);
    return e;
}
PAGE(queue, PAGE_INSIDE)

/* ---- Tasks ---- */

static enum word task_word(enum desk_task_kind k) {
#define X(text, name) [DESK_TASK_##name] = WORD_TASK_##name,
    static const enum word WORDS[] = {DESK_TASKS(X)};
#undef X
    return WORDS[k];
}

static bool task(void *ctx, const struct desk_task *t) {
    static const enum word HEADS[] = {WORD_TASK, WORD_ABOUT, WORD_WAITS_FOR, WORD_DEADLINE};
    struct rows *rows = ctx;
    struct page *p = rows->p;
    if (rows->n++ == 0)
        page_table(p, WORD_TASKS, HEADS, 4);
    html_open(&p->h, "tr", NULL);
    html_element(&p->h, "th", slice_str(page_word(p, task_word(t->kind))), "scope", "row", NULL);
    html_open(&p->h, "td", NULL);
    if (t->kind == DESK_TASK_REVIEW)
        page_link(p, "/board", WORD_BOARD);
    else if (t->kind == DESK_TASK_REWRAP)
        page_link(p, "/tasks/keys", WORD_REWRAP);
    else if (t->kind == DESK_TASK_CARRY)
        page_link(p, "/carry", WORD_CARRY);
    else if (t->case_id[0] != '\0')
        case_link(p, t->case_id);
    if (t->reason[0] != '\0') {
        html_string(&p->h, " ");
        html_element(&p->h, "code", slice_str(t->reason), NULL);
    }
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    page_roles(p, t->roles);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    page_deadline(p, t->due);
    html_close(&p->h);
    html_close(&p->h);
    return true;
}

static err tasks(struct page *p) {
    struct rows rows = {.p = p};
    page_begin(p, WORD_TASKS);
    page_element(p, "p", WORD_TASKS_LEAD);
    TRY(desk_tasks_list(p->desk, desk_person_roles(p->person), task, &rows));
    if (rows.n == 0)
        page_element(p, "p", WORD_NO_TASKS);
    else
        page_table_end(p);
    html_open(&p->h, "p", NULL);
    page_link(p, "/tasks/keys", WORD_REWRAP);
    html_close(&p->h);
    return page_end(p);
}
PAGE(tasks, PAGE_INSIDE)

/* ---- Keys of cases, for who lacks them ---- */

enum { LACKS_MAX = 200 };

void page_lacking(struct page *p, slice case_id, const struct office_person *person) {
    buf seal = buf_on(NULL);
    html_fail(&p->h, base64_encode(&seal, SLICE_ARRAY(person->seal)));
    html_open(&p->h, "li", "data-wrap", "", NULL);
    page_case_key(p, case_id);
    html_attr(&p->h, "data-to", person->id);
    html_attr(&p->h, "data-to-seal", buf_slice(&seal));
    html_text(&p->h, case_id);
    html_string(&p->h, " → ");
    html_text(&p->h, person->id);
    html_close(&p->h);
    buf_free(&seal);
}

static bool lack(void *ctx, slice case_id, const struct office_person *person) {
    struct rows *rows = ctx;
    page_lacking(rows->p, case_id, person);
    return ++rows->n < LACKS_MAX;
}

static err rewrap(struct page *p) {
    struct rows rows = {.p = p};
    page_begin(p, WORD_REWRAP);
    page_element(p, "p", WORD_REWRAP_LEAD);
    html_open(&p->h, "div", "data-script", "rewrap", NULL);
    html_open(&p->h, "ul", "class", "lacks", NULL);
    TRY(desk_wraps_lacking(p->desk, lack, &rows));
    html_close(&p->h);
    if (rows.n == 0)
        page_element(p, "p", WORD_REWRAP_NONE);
    else
        page_press(p, "wrap", WORD_REWRAP_DO);
    page_status(p);
    html_close(&p->h);
    return page_end(p);
}
PAGE(rewrap, PAGE_INSIDE)
