/* Queues: cases by what they wait for. */
#include "desk/internal.h"

/* By the index: those without a deadline come last. */
#define ORDER_KEY "(CASE deadline WHEN 0 THEN 9223372036854775807 - enrolled ELSE deadline END)"
#define AFTER                                                                                      \
    " AND (" ORDER_KEY ", seq) > (coalesce((SELECT " ORDER_KEY " FROM cases WHERE id = ?1), -1),"  \
    " coalesce((SELECT seq FROM cases WHERE id = ?1), -1))"                                        \
    " AND (?2 = 0 OR (waits & ?2) != 0)"                                                           \
    " AND (?3 = '' OR EXISTS (SELECT 1 FROM moves m WHERE m.case_id = cases.id AND m.person = ?3)" \
    " OR EXISTS (SELECT 1 FROM seats s WHERE s.case_id = cases.id AND s.person = ?3))"             \
    " ORDER BY " ORDER_KEY ", seq LIMIT ?4"

static const char open_text[] = "SELECT " DESK_CASE_COLUMNS " FROM cases WHERE open = 1" AFTER;
static const char states_text[] =
    "SELECT " DESK_CASE_COLUMNS " FROM cases WHERE ((1 << state) & ?5) != 0" AFTER;

err desk_cases_list(struct desk *d, const struct desk_cases_filter *f, desk_case_visit *visit,
                    void *ctx) {
    struct desk_rows q;
    uint64_t limit = f->limit == 0 ? (uint64_t)INT64_MAX : (uint64_t)f->limit;
    if (f->states == 0)
        desk_rows_begin(&q, d->store, open_text, "titi", f->after, (uint64_t)f->roles, f->person,
                        limit);
    else
        desk_rows_begin(&q, d->store, states_text, "titii", f->after, (uint64_t)f->roles, f->person,
                        limit, (uint64_t)f->states);
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
