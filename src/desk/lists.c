/* Queues: cases by what they wait for. */
#include "desk/internal.h"

/* By the index: those without a deadline come last. */
#define ORDER_KEY "(CASE deadline WHEN 0 THEN 9223372036854775807 ELSE deadline END)"
#define AFTER                                                                                      \
    " AND (" ORDER_KEY ", id) > (?1, ?2)"                                                          \
    " AND (?3 = 0 OR (waits & ?3) != 0)"                                                           \
    " AND (?4 = '' OR EXISTS (SELECT 1 FROM moves m WHERE m.case_id = cases.id AND m.person = ?4)" \
    " OR EXISTS (SELECT 1 FROM seats s WHERE s.case_id = cases.id AND s.person = ?4))"             \
    " ORDER BY " ORDER_KEY ", id LIMIT ?5"

static const char open_text[] = "SELECT " DESK_CASE_COLUMNS " FROM cases WHERE open = 1" AFTER;
static const char states_text[] =
    "SELECT " DESK_CASE_COLUMNS " FROM cases WHERE ((1 << state) & ?6) != 0" AFTER;

err desk_cases_list(struct desk *d, const struct desk_cases_filter *f, desk_case_visit *visit,
                    void *ctx) {
    struct desk_rows q;
    bool beginning = f->after_id.n == 0;
    uint64_t after = beginning                ? 0
                     : f->after_deadline == 0 ? (uint64_t)INT64_MAX
                                              : f->after_deadline;
    uint64_t limit = f->limit == 0 ? (uint64_t)INT64_MAX : (uint64_t)f->limit;
    if (f->states == 0)
        desk_rows_begin(&q, d->store, open_text, "ititi", after, f->after_id, (uint64_t)f->roles,
                        f->person, limit);
    else
        desk_rows_begin(&q, d->store, states_text, "ititii", after, f->after_id, (uint64_t)f->roles,
                        f->person, limit, (uint64_t)f->states);
    while (desk_rows_next(&q)) {
        struct desk_case c;
        desk_case_read(&q, &c);
        if (!visit(ctx, &c))
            break;
    }
    return desk_rows_end(&q);
}

err desk_cases_count(struct desk *d, uint64_t count[DESK_STATE_COUNT]) {
    struct desk_rows q;
    memset(count, 0, DESK_STATE_COUNT * sizeof count[0]);
    desk_rows_begin(&q, d->store, "SELECT state, count(*) FROM cases GROUP BY state", "");
    while (desk_rows_next(&q)) {
        uint64_t state = desk_row_number(&q, 0);
        if (state < DESK_STATE_COUNT)
            count[state] = desk_row_number(&q, 1);
    }
    return desk_rows_end(&q);
}
