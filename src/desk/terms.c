/* The terms beside the one to answer within, most of them a regime's: none moves a case, each opens
 * a task when it is over, or some time before, which ends with what it was about. */
#include "desk/internal.h"

#define PRESERVED_AHEAD (7 * TIME_DAY)

/* Of which cases it can be. */
#define FIND(which)                                                                       \
    "SELECT " DESK_CASE_COLUMNS " FROM cases WHERE open = 1 AND " which " AND NOT EXISTS" \
    " (SELECT 1 FROM tasks WHERE kind = ?2 AND case_id = cases.id AND done = 0)"
#define CLOSE(which)                                                             \
    "UPDATE tasks SET done = ?1 WHERE done = 0 AND kind = ?2 AND case_id NOT IN" \
    " (SELECT id FROM cases WHERE open = 1 AND " which ")"
#define TERM(kind, roles, which) \
    { kind, roles, FIND(which), CLOSE(which) }

static const struct term {
    enum desk_task_kind kind;
    uint32_t roles;
    const char *find, *close;
} terms[] = {
    TERM(DESK_TASK_SILENT, OFFICE_ROLE_INTAKE, "state = 5"),
    TERM(DESK_TASK_NOTICE_OVER, OFFICE_ROLE_INTAKE | OFFICE_ROLE_APPROVER, "state = 10"),
    TERM(DESK_TASK_PROCESS, OFFICE_ROLE_INTAKE | OFFICE_ROLE_APPROVER, "state = 11"),
    TERM(DESK_TASK_PRESERVED, OFFICE_ROLE_INTAKE | OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW,
         "preserved_until > ?1"),
    TERM(DESK_TASK_LATE_NOTICE, OFFICE_ROLE_POLICY | OFFICE_ROLE_APPROVER,
         "released > 0 AND notified = 0 AND told_late = 0 AND bar_until <= ?1"),
    TERM(DESK_TASK_AFTER_VERDICT,
         OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS,
         "released > 0 AND EXISTS (SELECT 1 FROM seats s WHERE s.case_id = cases.id"
         " AND s.late = 1 AND s.number = 0 AND s.out = 0)"),
};
enum { TERMS = sizeof terms / sizeof terms[0] };
_Static_assert(DESK_STATE_NEEDS_CLARIFICATION == 5 && DESK_STATE_NOTIFIED == 10 &&
                   DESK_STATE_RELEASED == 11,
               "terms name the states by number");

/* The day after which a user may be told, or by which they are to be; where the authority informs,
 * we keep silent. */
static uint64_t late_notice(const struct desk_case *c, const struct desk_regime *r) {
    uint64_t from = c->bar_until > c->released ? c->bar_until : c->released;
    if (r->notice == DESK_NOTICE_AUTHORITY_INFORMS)
        return 0;
    return r->notice == DESK_NOTICE_AFTER ? from + r->notice_term : from;
}

/* When it is over; 0: it doesn't run in this case. */
static uint64_t over(enum desk_task_kind kind, const struct desk_case *c,
                     const struct desk_regime *r) {
    switch (kind) {
    case DESK_TASK_SILENT:
        return r->clarification == 0 ? 0 : c->since + r->clarification;
    case DESK_TASK_NOTICE_OVER:
        return c->told == 0 ? 0 : c->told + r->notice_term;
    case DESK_TASK_PROCESS:
        return c->path != OFFICE_EMERGENCY || r->process == 0 ? 0 : c->released + r->process;
    case DESK_TASK_PRESERVED:
        return c->preserved_until;
    case DESK_TASK_LATE_NOTICE:
        return late_notice(c, r);
    case DESK_TASK_AFTER_VERDICT:
        return c->released + DESK_AFTER_VERDICT;
    default:
        return 0;
    }
}

/* How long before it is over somebody is asked. */
static uint64_t ahead_of(enum desk_task_kind kind, const struct desk_regime *r) {
    return kind == DESK_TASK_PRESERVED       ? PRESERVED_AHEAD
           : kind == DESK_TASK_AFTER_VERDICT ? DESK_AFTER_VERDICT
           : kind == DESK_TASK_LATE_NOTICE   ? r->notice_term
                                             : 0;
}

static err term_open(struct desk *d, const struct term *t, const struct desk_world *w) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, t->find, "ii", w->now, (uint64_t)t->kind);
    while (desk_rows_next(&q)) {
        struct desk_case c;
        desk_case_read(&q, &c);
        const struct desk_regime *r = desk_regime_find(w, slice_str(c.regime));
        uint64_t due = r == NULL ? 0 : over(t->kind, &c, r);
        if (due != 0 && due <= w->now + ahead_of(t->kind, r))
            q.result = desk_task_open(d, t->kind, slice_str(c.id), t->roles, w->now, due);
    }
    return desk_rows_end(&q);
}

err desk_terms_renew(struct desk *d, const struct desk_world *w) {
    for (size_t i = 0; i < TERMS; i++) {
        TRY(desk_store_run(d->store, terms[i].close, "ii", w->now, (uint64_t)terms[i].kind));
        TRY(term_open(d, &terms[i], w));
    }
    return OK;
}
