/* Orders on their way to the server, and what came of them. The custodian is the only way between
 * the two. */
#include "base/text.h"
#include "desk/internal.h"

/* An order whose task is open. */
struct carried {
    char case_id[DESK_ID];
    uint64_t number;
    enum desk_move move;
    uint8_t order[32];
};

static err find(struct desk *d, uint64_t task, struct carried *c) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT t.case_id, t.number, m.move, m.order_hash FROM tasks t JOIN moves m"
                    " ON m.case_id = t.case_id AND m.number = t.number"
                    " WHERE t.id = ? AND t.kind = ? AND t.done = 0",
                    "ii", task, (uint64_t)DESK_TASK_CARRY);
    bool found = desk_rows_next(&q);
    if (found) {
        desk_row_text(&q, 0, c->case_id, sizeof c->case_id);
        c->number = desk_row_number(&q, 1);
        c->move = (enum desk_move)desk_row_number(&q, 2);
        desk_row_copy(&q, 3, c->order, sizeof c->order);
    }
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

static err close_task(struct desk *d, uint64_t task) {
    return desk_store_run(d->store, "UPDATE tasks SET done = ? WHERE id = ?", "ii", desk_now(),
                          task);
}

err desk_carry_open(struct desk *d, slice case_id, uint64_t number, uint64_t until) {
    return desk_store_run(d->store,
                          "INSERT INTO tasks (kind, case_id, number, roles, opened, due, done)"
                          " VALUES (?, ?, ?, ?, ?, ?, 0)",
                          "itiiii", (uint64_t)DESK_TASK_CARRY, case_id, number,
                          (uint64_t)OFFICE_ROLE_CUSTODIAN, desk_now(), until);
}

err desk_carry_delivered(struct desk *d, slice case_id) {
    return desk_store_run(d->store,
                          "UPDATE tasks SET done = ?1 WHERE done = 0 AND kind = ?2 AND case_id = ?3"
                          " AND number = (SELECT max(number) FROM moves WHERE case_id = ?3"
                          " AND move = ?4)",
                          "iiti", desk_now(), (uint64_t)DESK_TASK_CARRY, case_id,
                          (uint64_t)DESK_MOVE_RELEASE);
}

/* ---- Manifests ---- After its first line: "order ID HASH", "case CASE", and more. */

bool desk_manifest_is(slice manifest, slice case_id, const uint8_t order[32]) {
    slice line;
    uint8_t named[32];
    if (!slice_line(&manifest, &line) || !slice_equal(line, slice_str("sotto manifest 1")))
        return false;
    if (!slice_line(&manifest, &line) || !slice_skip(&line, slice_str("order ")))
        return false;
    (void)slice_until(&line, ' ');
    if (hex_decode_to(named, sizeof named, line) != OK || memcmp(named, order, sizeof named) != 0)
        return false;
    return slice_line(&manifest, &line) && slice_skip(&line, slice_str("case ")) &&
           slice_equal(line, case_id);
}

/* Nobody, or who may act as the custodian. */
static bool may_bring(struct desk *d, slice person) {
    const struct office_person *p = desk_person(d->office, person);
    return person.n == 0 || (p != NULL && (desk_person_roles(p) & OFFICE_ROLE_CUSTODIAN) != 0 &&
                             !desk_person_bound(d, p));
}

static bool is_notice(const struct carried *c) {
    return c->move == DESK_MOVE_NOTIFY || c->move == DESK_MOVE_LATE_NOTICE;
}

/* Of case ?1, move number ?2, a ?3: the case may have begun anew since. */
#define LAST_OF_ITS_MOVE "?2 = (SELECT max(number) FROM moves WHERE case_id = ?1 AND move = ?3)"

/* The user's time begins. */
static err tell(struct desk *d, const struct carried *c) {
    return !is_notice(c) ? OK
                         : desk_store_run(d->store,
                                          "UPDATE cases SET told = ?4 WHERE id = ?1"
                                          " AND notified + told_late > 0 AND " LAST_OF_ITS_MOVE,
                                          "tiii", slice_str(c->case_id), c->number,
                                          (uint64_t)c->move, desk_now());
}

static err done(struct desk *d, uint64_t task, slice person, slice manifest, struct desk_why *why) {
    struct carried c;
    uint64_t n;
    TRY(find(d, task, &c));
    if (!may_bring(d, person))
        return desk_refuse(why, DESK_ROLE);
    if (c.move == DESK_MOVE_RELEASE)
        return desk_refuse(why, DESK_SIGNER);
    slice id = slice_str(c.case_id);
    if (!desk_manifest_is(manifest, id, c.order))
        return desk_refuse(why, DESK_MANIFEST);
    TRY(desk_store_number(d->store, &n,
                          "SELECT count(*) FROM sealed WHERE case_id = ? AND kind = ?", "ti", id,
                          (uint64_t)DESK_SEALED_MANIFEST));
    TRY(desk_seal_put(d, id, DESK_SEALED_MANIFEST, n + 1, person, manifest));
    TRY(tell(d, &c));
    return close_task(d, task);
}

err desk_carry_done(struct desk *d, uint64_t task, slice person, slice manifest,
                    struct desk_why *why) {
    if (manifest.n > OFFICE_DOCUMENT_MAX)
        return desk_refuse(why, DESK_TOO_LARGE);
    TRY(desk_begin(d));
    return desk_end(d, done(d, task, person, manifest, why));
}

/* ---- Refusals ---- */

/* Whom the server did not tell was not told: the notice can be given anew, and without that nothing
 * is released on it. */
static err untell(struct desk *d, const struct carried *c, enum office_reason reason) {
    if (reason == OFFICE_CARRIED_OUT)
        return tell(d, c);
    return !is_notice(c)
               ? OK
               : desk_store_run(
                     d->store,
                     "UPDATE cases SET notified = 0, told_late = 0, told = 0 WHERE id = ?1"
                     " AND " LAST_OF_ITS_MOVE,
                     "tii", slice_str(c->case_id), c->number, (uint64_t)c->move);
}

static err refused(struct desk *d, uint64_t task, enum office_reason reason) {
    struct carried c;
    uint64_t now = desk_now();
    TRY(find(d, task, &c));
    uint32_t roles = desk_move_roles(c.move == DESK_MOVE_RELEASE ? DESK_MOVE_RENEW : c.move);
    TRY(desk_store_run(d->store,
                       "INSERT INTO tasks (kind, case_id, number, roles, opened, due, done, reason)"
                       " VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
                       "itiiiis", (uint64_t)DESK_TASK_REFUSED, slice_str(c.case_id), c.number,
                       (uint64_t)roles, now, now, office_reason_name(reason)));
    TRY(untell(d, &c, reason));
    return close_task(d, task);
}

err desk_carry_refused(struct desk *d, uint64_t task, enum office_reason reason) {
    TRY(desk_begin(d));
    return desk_end(d, refused(d, task, reason));
}

/* ---- Ends ---- */

/* A release is void, too, once its case is in another state: it was suspended, or renewed. */
static const char end_carry[] =
    "UPDATE tasks SET done = ?1 WHERE done = 0 AND kind = ?2 AND (due < ?1 OR EXISTS"
    " (SELECT 1 FROM moves m, cases c WHERE m.case_id = tasks.case_id AND m.number = tasks.number"
    " AND c.id = m.case_id AND m.move = ?3 AND c.state <> ?4))";
/* What was refused is over with its case, or with what stands in its place. */
static const char end_refused[] =
    "UPDATE tasks SET done = ?1 WHERE done = 0 AND kind = ?2 AND (case_id IN"
    " (SELECT id FROM cases WHERE open = 0) OR EXISTS"
    " (SELECT 1 FROM moves was, moves m WHERE was.case_id = tasks.case_id"
    " AND was.number = tasks.number AND m.case_id = was.case_id AND m.number > was.number"
    " AND m.move = CASE was.move WHEN ?3 THEN ?4 ELSE was.move END))";

/* A notice that did not come back from the server in its time: as if the server had refused it. */
static err notices_end(struct desk *d, uint64_t now) {
    uint64_t task;
    do {
        TRY(desk_store_number(d->store, &task,
                              "SELECT min(t.id) FROM tasks t JOIN moves m"
                              " ON m.case_id = t.case_id AND m.number = t.number"
                              " WHERE t.done = 0 AND t.kind = ? AND t.due < ? AND m.move IN (?, ?)",
                              "iiii", (uint64_t)DESK_TASK_CARRY, now, (uint64_t)DESK_MOVE_NOTIFY,
                              (uint64_t)DESK_MOVE_LATE_NOTICE));
        if (task != 0)
            TRY(refused(d, task, OFFICE_EXPIRED));
    } while (task != 0);
    return OK;
}

err desk_carry_end(struct desk *d, uint64_t now) {
    TRY(notices_end(d, now));
    TRY(desk_store_run(d->store, end_carry, "iiii", now, (uint64_t)DESK_TASK_CARRY,
                       (uint64_t)DESK_MOVE_RELEASE, (uint64_t)DESK_STATE_RELEASED));
    return desk_store_run(d->store, end_refused, "iiii", now, (uint64_t)DESK_TASK_REFUSED,
                          (uint64_t)DESK_MOVE_RELEASE, (uint64_t)DESK_MOVE_RENEW);
}
