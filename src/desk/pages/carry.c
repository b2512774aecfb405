/* What the custodian takes to the server: each order to be saved, and what came of it. */
#include "desk/pages/page.h"

#include <inttypes.h>
#include <stdio.h>

enum { PATH = 64 };

void page_manifest(struct page *p) {
    page_input(p, &(struct page_input){.name = "manifest",
                                       .label = WORD_MANIFEST,
                                       .hint = WORD_MANIFEST_HINT,
                                       .lines = 10,
                                       .needed = true});
}

static void title(struct page *p, const struct desk_task *t) {
    char path[8 + DESK_ID];
    (void)snprintf(path, sizeof path, "/case/%s", t->case_id);
    html_open(&p->h, "h2", NULL);
    page_say(p, page_move_word(t->move));
    html_string(&p->h, " ");
    html_element(&p->h, "a", slice_str(t->case_id), "href", path, NULL);
    html_close(&p->h);
    html_open(&p->h, "p", NULL);
    page_say(p, WORD_CARRY_VOID);
    html_string(&p->h, " ");
    page_deadline(p, t->due);
    html_close(&p->h);
}

static void save(struct page *p, const struct desk_task *t) {
    char file[DESK_ID + DECIMAL_TEXT + 8];
    (void)snprintf(file, sizeof file, "%s-%" PRIu64 ".order", t->case_id, t->number);
    html_open(&p->h, "div", "data-script", "carry", "data-file", file, NULL);
    html_attr_number(&p->h, "data-number", t->number);
    page_case_key(p, slice_str(t->case_id));
    page_press(p, "save", WORD_CARRY_SAVE);
    page_status(p);
    html_close(&p->h);
}

/* A release's manifest is signed for, the others' are not. */
static void came_back(struct page *p, const struct desk_task *t) {
    char path[24 + DESK_ID];
    if (t->move == DESK_MOVE_RELEASE) {
        (void)snprintf(path, sizeof path, "/case/%s/do/deliver", t->case_id);
        html_open(&p->h, "p", NULL);
        html_element(&p->h, "a", slice_str(page_word(p, WORD_CARRY_DELIVER)), "class", "button",
                     "href", path, NULL);
        html_close(&p->h);
        return;
    }
    (void)snprintf(path, sizeof path, "/carry/%" PRIu64 "/done", t->id);
    html_open(&p->h, "form", "method", "post", "action", path, "class", "form", NULL);
    page_manifest(p);
    page_submit(p, WORD_CARRY_DONE);
    html_close(&p->h);
}

static void was_refused(struct page *p, const struct desk_task *t) {
    char path[PATH];
    (void)snprintf(path, sizeof path, "/carry/%" PRIu64 "/refused", t->id);
    html_open(&p->h, "form", "method", "post", "action", path, "class", "form", NULL);
    page_input(p, &(struct page_input){.name = "reason",
                                       .label = WORD_CARRY_REASON,
                                       .hint = WORD_CARRY_REASON_HINT,
                                       .needed = true});
    page_submit(p, WORD_CARRY_REFUSED);
    html_close(&p->h);
}

struct orders {
    struct page *p;
    size_t n;
};

static bool order(void *ctx, const struct desk_task *t) {
    struct orders *o = ctx;
    if (t->kind != DESK_TASK_CARRY || t->due < o->p->now)
        return true;
    o->n++;
    html_open(&o->p->h, "section", NULL);
    title(o->p, t);
    save(o->p, t);
    came_back(o->p, t);
    was_refused(o->p, t);
    html_close(&o->p->h);
    return true;
}

static err carry(struct page *p) {
    struct orders o = {p, 0};
    page_begin(p, WORD_CARRY);
    page_element(p, "p", WORD_CARRY_LEAD);
    TRY(desk_tasks_list(p->desk, desk_person_roles(p->person), order, &o));
    if (o.n == 0)
        page_element(p, "p", WORD_CARRY_NONE);
    return page_end(p);
}
PAGE(carry, PAGE_INSIDE)

/* ---- What came of one ---- */

/* NOT_FOUND for who is no custodian, too: no such task is theirs. */
static err task_of(const struct page *p, uint64_t *task) {
    if ((desk_person_roles(p->person) & OFFICE_ROLE_CUSTODIAN) == 0 ||
        decimal_decode(p->request->stars[0], UINT32_MAX, task) != OK)
        return ERR_NOT_FOUND;
    return OK;
}

static err carry_done(struct page *p) {
    struct desk_why why = {.reason = DESK_OK};
    buf manifest = buf_on(NULL);
    uint64_t task = 0;
    err e = task_of(p, &task);
    if (e == OK)
        e = page_field(p, "manifest", &manifest);
    if (e == OK)
        e = desk_carry_done(p->desk, task, p->person->id, buf_slice(&manifest), &why);
    buf_free(&manifest);
    return e == OK ? page_to(p, "/carry") : page_error(p, e, &why);
}
PAGE(carry_done, PAGE_INSIDE)

static err carry_refused(struct page *p) {
    enum office_reason reason = OFFICE_OK;
    buf word = buf_on(NULL);
    uint64_t task = 0;
    err e = task_of(p, &task);
    if (e == OK)
        e = page_field(p, "reason", &word);
    if (e == OK && !office_reason_of(buf_slice(&word), &reason))
        e = ERR_MALFORMED;
    if (e == OK)
        e = desk_carry_refused(p->desk, task, reason);
    buf_free(&word);
    return e == OK ? page_to(p, "/carry") : page_error(p, e, NULL);
}
PAGE(carry_refused, PAGE_INSIDE)
