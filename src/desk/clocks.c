/* What time brings. No clock releases anything: all that happens here is what desk_own_move finds
 * due, alarms, and tasks. */
#include "desk/entry.h"

#define ALARMS_AHEAD (15 * TIME_MINUTE)
#define JUMP (36 * TIME_HOUR)

/* ---- The machine's clock ---- */

/* The latest time that was ever seen: a move or a tick before it would undo what has been. */
err desk_clock_check(struct desk *d, uint64_t now, struct desk_why *why) {
    uint64_t seen;
    TRY(desk_meta_number(d->store, "clock", &seen));
    if (now + ALARMS_AHEAD < seen)
        return desk_refuse(why, DESK_CLOCK_BACK);
    return now > seen ? desk_meta_number_set(d->store, "clock", now) : OK;
}

err desk_clock_accept(struct desk *d) {
    TRY(desk_begin(d));
    err e = desk_meta_number_set(d->store, "clock", desk_now());
    if (e == OK)
        e = desk_meta_number_set(d->store, "clock-jumped", 0);
    return desk_end(d, e);
}

/* After a jump nothing lapses and nothing is purged for as long as the jump is the newest thing
 * that happened: somebody has a day to see that the clock is wrong. */
static err jump_check(struct desk *d, uint64_t now, bool *calm) {
    uint64_t seen, jumped;
    TRY(desk_meta_number(d->store, "clock", &seen));
    TRY(desk_meta_number(d->store, "clock-jumped", &jumped));
    if (seen != 0 && now > seen + JUMP) {
        jumped = now;
        TRY(desk_meta_number_set(d->store, "clock-jumped", jumped));
    }
    *calm = jumped == 0 || now > jumped + TIME_DAY;
    return OK;
}

/* ---- Who is here ---- */

err desk_away_set(struct desk *d, slice person, uint64_t until) {
    return until == 0 ? desk_store_run(d->store, "DELETE FROM away WHERE person = ?", "t", person)
                      : desk_store_run(d->store,
                                       "INSERT OR REPLACE INTO away (person, until) VALUES (?, ?)",
                                       "ti", person, until);
}

err desk_away_get(struct desk *d, slice person, uint64_t *until) {
    return desk_store_number(d->store, until, "SELECT until FROM away WHERE person = ?", "t",
                             person);
}

err desk_duty_set(struct desk *d, slice person, uint64_t from, uint64_t until) {
    return desk_store_run(d->store,
                          "INSERT OR REPLACE INTO duty (person, begins, until) VALUES (?, ?, ?)",
                          "tii", person, from, until);
}

err desk_duty_remove(struct desk *d, slice person, uint64_t from) {
    TRY(desk_store_run(d->store, "DELETE FROM duty WHERE person = ? AND begins = ?", "ti", person,
                       from));
    return desk_store_changed(d->store) == 0 ? ERR_NOT_FOUND : OK;
}

err desk_duty_between(struct desk *d, uint64_t from, uint64_t until, desk_duty_visit *visit,
                      void *ctx) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT person, begins, until FROM duty WHERE begins < ? AND until > ?"
                    " ORDER BY begins, person",
                    "ii", until, from);
    while (desk_rows_next(&q))
        if (!visit(ctx, desk_row_bytes(&q, 0), desk_row_number(&q, 1), desk_row_number(&q, 2)))
            break;
    return desk_rows_end(&q);
}

/* ---- Tasks ---- */

err desk_task_open(struct desk *d, enum desk_task_kind kind, slice case_id, uint32_t roles,
                   uint64_t now, uint64_t due) {
    return desk_store_run(d->store,
                          "INSERT INTO tasks (kind, case_id, roles, opened, due, done)"
                          " SELECT ?1, ?2, ?3, ?4, ?5, 0 WHERE NOT EXISTS"
                          " (SELECT 1 FROM tasks WHERE kind = ?1 AND case_id = ?2 AND done = 0)",
                          "itiii", (uint64_t)kind, case_id, (uint64_t)roles, now, due);
}

/* Those whose ground is gone. */
static err tasks_close(struct desk *d, enum desk_task_kind kind, const char *sql, uint64_t now) {
    return desk_store_run(d->store, sql, "ii", now, (uint64_t)kind);
}

/* `Where a case is` of which there is something to be done, for each kind: opened for those cases
 * that have no such task, closed for those that have it and should not. */
#define OPEN_FOR(where)                                                       \
    "INSERT INTO tasks (kind, case_id, roles, opened, due, done)"             \
    " SELECT ?2, id, ?3, ?1, ?1, 0 FROM cases WHERE " where " AND NOT EXISTS" \
    " (SELECT 1 FROM tasks WHERE kind = ?2 AND case_id = cases.id AND done = 0)"
#define CLOSE_FOR(where)                                                         \
    "UPDATE tasks SET done = ?1 WHERE done = 0 AND kind = ?2 AND case_id NOT IN" \
    " (SELECT id FROM cases WHERE " where ")"

#define BAR_OVER "open = 1 AND bar_until > 0 AND bar_until <= ?1 AND notified = 0 AND told_late = 0"
#define LATE "open = 1 AND alarm > 0 AND ?1 > 0 AND state IN (0, 1, 3, 4, 5, 6, 9, 10, 18)"

/* Nobody has written to the authority that nobody can act. */
#define UNWRITTEN                                                                       \
    " AND NOT EXISTS (SELECT 1 FROM moves m WHERE m.case_id = cases.id AND m.move = 26" \
    " AND m.detail = 'nobody-in-time')"
_Static_assert(DESK_MOVE_WRITE == 26, "UNWRITTEN names the move by number");

static const struct {
    enum desk_task_kind kind;
    uint32_t roles;
    const char *open, *close;
} case_tasks[] = {
    {DESK_TASK_BAR_ENDS, OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW, OPEN_FOR(BAR_OVER),
     CLOSE_FOR(BAR_OVER)},
    {DESK_TASK_DEADLINE, UINT32_MAX >> 1, OPEN_FOR(LATE), CLOSE_FOR(LATE)},
};
_Static_assert(DESK_STATE_RECEIVED == 0 && DESK_STATE_AUTHENTICATED == 1 &&
                   DESK_STATE_IN_REVIEW == 3 && DESK_STATE_NEEDS_EXPERT == 4 &&
                   DESK_STATE_NEEDS_CLARIFICATION == 5 && DESK_STATE_NARROWED == 6 &&
                   DESK_STATE_CLEARED == 9 && DESK_STATE_NOTIFIED == 10 &&
                   DESK_STATE_COMPELLED == 18,
               "LATE names the states by number");

static err case_tasks_renew(struct desk *d, uint64_t now) {
    TRY(desk_carry_end(d, now));
    for (size_t i = 0; i < sizeof case_tasks / sizeof case_tasks[0]; i++) {
        TRY(desk_store_run(d->store, case_tasks[i].open, "iii", now, (uint64_t)case_tasks[i].kind,
                           (uint64_t)case_tasks[i].roles));
        TRY(tasks_close(d, case_tasks[i].kind, case_tasks[i].close, now));
    }
    return OK;
}

/* A missed review leaves the suspension in force; the task stays until the list has a later date.
 */
static err review_tasks(struct desk *d, uint64_t now) {
    TRY(desk_store_run(d->store, "UPDATE tasks SET done = ? WHERE done = 0 AND kind = ?", "ii", now,
                       (uint64_t)DESK_TASK_REVIEW));
    for (size_t i = 0; d->list != NULL && i < d->list->suspensions.n; i++) {
        const struct office_suspension *s = &d->list->suspensions.p[i];
        if (s->review <= now)
            TRY(desk_task_open(d, DESK_TASK_REVIEW, s->id,
                               OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS |
                                   OFFICE_ROLE_APPROVER,
                               now, s->review));
    }
    return OK;
}

static bool lack_found(void *ctx, slice case_id, const struct office_person *person) {
    (void)case_id;
    (void)person;
    *(bool *)ctx = true;
    return false;
}

err desk_rewrap_task(struct desk *d) {
    bool lacks = false;
    uint64_t now = desk_now();
    TRY(desk_wraps_lacking(d, lack_found, &lacks));
    if (lacks)
        return desk_task_open(d, DESK_TASK_REWRAP, SLICE_EMPTY, UINT32_MAX >> 1, now, now);
    return desk_store_run(d->store, "UPDATE tasks SET done = ? WHERE done = 0 AND kind = ?", "ii",
                          now, (uint64_t)DESK_TASK_REWRAP);
}

/* It begins with a file that changed, and it is looked at again only while it lasts. */
static err rewrap_end(struct desk *d) {
    uint64_t open, found;
    /* An older store did not keep who lacks what. */
    TRY(desk_meta_number(d->store, "lacks-found", &found));
    if (found == 0)
        return desk_settle_begin(d);
    TRY(desk_store_number(d->store, &open, "SELECT count(*) FROM tasks WHERE done = 0 AND kind = ?",
                          "i", (uint64_t)DESK_TASK_REWRAP));
    return open == 0 ? OK : desk_rewrap_task(d);
}

err desk_tasks_list(struct desk *d, uint32_t roles, desk_task_visit *visit, void *ctx) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT t.id, t.kind, t.case_id, t.roles, t.opened, t.due, t.number, m.move,"
                    " t.reason FROM tasks t LEFT JOIN moves m"
                    " ON m.case_id = t.case_id AND m.number = t.number"
                    " WHERE t.done = 0 AND (?1 = 0 OR (t.roles & ?1) != 0) ORDER BY t.due, t.id",
                    "i", (uint64_t)roles);
    while (desk_rows_next(&q)) {
        struct desk_task t = {.id = desk_row_number(&q, 0),
                              .kind = (enum desk_task_kind)desk_row_number(&q, 1),
                              .roles = (uint32_t)desk_row_number(&q, 3),
                              .opened = desk_row_number(&q, 4),
                              .due = desk_row_number(&q, 5),
                              .number = desk_row_number(&q, 6),
                              .move = (enum desk_move)desk_row_number(&q, 7)};
        desk_row_text(&q, 2, t.case_id, sizeof t.case_id);
        desk_row_text(&q, 8, t.reason, sizeof t.reason);
        if (!visit(ctx, &t))
            break;
    }
    return desk_rows_end(&q);
}

/* ---- Alarms ---- */

struct alarms {
    char (*each)[DESK_ID];
    size_t n, room;
};

/* The cases that a statement finds in its first column. */
static err alarms_add(struct alarms *a, struct desk_rows *q) {
    while (desk_rows_next(q)) {
        if (a->n == a->room) {
            size_t more = a->room == 0 ? 16 : 2 * a->room;
            void *p = mem_resize(NULL, a->each, a->room * DESK_ID, more * DESK_ID);
            if (p == NULL) {
                q->result = ERR_NO_MEMORY;
                break;
            }
            a->each = p;
            a->room = more;
        }
        desk_row_text(q, 0, a->each[a->n++], DESK_ID);
    }
    return desk_rows_end(q);
}

/* The highest of the alarms that are due, of each case that is not answered yet. */
static err alarms_raise(struct desk *d, uint64_t now, struct alarms *a) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT id, CASE WHEN ?1 >= deadline THEN 100"
                    " WHEN (?1 - received) * 5 >= (deadline - received) * 4 THEN 80"
                    " WHEN (?1 - received) * 2 >= deadline - received THEN 50 ELSE 0 END AS level,"
                    " alarm FROM cases WHERE open = 1 AND deadline > 0"
                    " AND state IN (0, 1, 3, 4, 5, 6, 9, 10, 18) AND level > alarm",
                    "i", now);
    TRY(alarms_add(a, &q));
    for (size_t i = 0; i < a->n; i++)
        TRY(desk_store_run(d->store,
                           "UPDATE cases SET alarm = CASE WHEN ?1 >= deadline THEN 100"
                           " WHEN (?1 - received) * 5 >= (deadline - received) * 4 THEN 80"
                           " ELSE 50 END WHERE id = ?2",
                           "is", now, a->each[i]));
    return OK;
}

/* Of a task that opened now somebody is told, too; of an answer's deadline they are already. */
static err alarms_of_tasks(struct desk *d, uint64_t now, struct alarms *a) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT case_id FROM tasks WHERE done = 0 AND opened = ?1 AND case_id IN"
                    " (SELECT id FROM cases) AND kind NOT IN (?2, ?3, ?4)",
                    "iiii", now, (uint64_t)DESK_TASK_DEADLINE, (uint64_t)DESK_TASK_NOBODY,
                    (uint64_t)DESK_TASK_REWRAP);
    return alarms_add(a, &q);
}

static void alarms_free(struct alarms *a) {
    mem_free(NULL, a->each, a->room * DESK_ID);
}

/* A case whose time runs out, and that nobody could bring to an answer: the letter that says so. */
static err nobody_task(struct desk *d, const struct desk_world *w, const struct alarms *a) {
    for (size_t i = 0; i < a->n; i++) {
        struct desk_history h;
        bool lacks;
        TRY(desk_history_load(d, slice_str(a->each[i]), &h));
        err e = desk_lacks_somebody(d, &h, w, &lacks);
        uint64_t due = h.now.deadline;
        desk_history_free(&h);
        TRY(e);
        if (lacks)
            TRY(desk_task_open(d, DESK_TASK_NOBODY, slice_str(a->each[i]),
                               OFFICE_ROLE_INTAKE | OFFICE_ROLE_APPROVER, w->now, due));
    }
    return tasks_close(d, DESK_TASK_NOBODY, CLOSE_FOR(LATE UNWRITTEN), w->now);
}

/* ---- Ticks ---- */

/* Cases in which time alone may have made something due. */
static const char due_text[] =
    "SELECT id FROM cases WHERE open = 1 AND"
    " ((state IN (3, 9) AND due IN (0, 2) AND order_made + ?1 < ?3)"
    " OR (?2 AND ((state = 2 AND since + ?4 < ?3) OR (state = 5 AND since + ?5 < ?3))))"
    " UNION ALL SELECT id FROM cases WHERE ?2 AND state = 12 AND since + ?6 < ?3";
_Static_assert(DESK_STATE_HELD == 2 && DESK_STATE_CLOSED == 12 && DESK_DUE_VERDICTS == 2 &&
                   DESK_DUE_NOTHING == 0,
               "due_text names them by number");

static err tick(struct desk *d, const struct desk_world *w, struct alarms *a,
                struct desk_why *why) {
    struct desk_rows q;
    bool calm;
    size_t n;
    TRY(jump_check(d, w->now, &calm));
    TRY(desk_clock_check(d, w->now, why));
    TRY(calm ? desk_store_run(d->store, "UPDATE tasks SET done = ? WHERE done = 0 AND kind = ?",
                              "ii", w->now, (uint64_t)DESK_TASK_CLOCK)
             : desk_task_open(d, DESK_TASK_CLOCK, SLICE_EMPTY, UINT32_MAX >> 1, w->now, w->now));
    if (d->office == NULL)
        return OK;
    desk_rows_begin(&q, d->store, due_text, "iiiiii", (uint64_t)OFFICE_ORDER_LIFE, (uint64_t)calm,
                    w->now, (uint64_t)DESK_HELD_MAX, (uint64_t)DESK_SILENCE_MAX,
                    (uint64_t)DESK_CLOSED_MAX);
    TRY(desk_settle_found(d, &q, w, &n));
    TRY(alarms_raise(d, w->now, a));
    TRY(nobody_task(d, w, a));
    TRY(case_tasks_renew(d, w->now));
    TRY(desk_terms_renew(d, w));
    TRY(alarms_of_tasks(d, w->now, a));
    TRY(review_tasks(d, w->now));
    return rewrap_end(d);
}

err desk_tick(struct desk *d, desk_alarm *alarm, void *ctx, struct desk_why *why) {
    struct alarms a = {NULL, 0, 0};
    struct desk_world w;
    TRY(desk_begin(d));
    desk_world_now(d, &w);
    err e = desk_end(d, tick(d, &w, &a, why));
    /* Who reads now keeps it for another minute. */
    if (e == OK) {
        err tidy = desk_store_tidy(d->store);
        e = tidy == ERR_BUSY ? OK : tidy;
    }
    for (size_t i = 0; e == OK && alarm != NULL && i < a.n; i++)
        alarm(ctx, slice_str(a.each[i]));
    alarms_free(&a);
    return e;
}
