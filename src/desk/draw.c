#include "desk/draw.h"

#include "crypto/crypto.h"

/* The lower, the sooner somebody is drawn. */
enum rank { BEFORE, ON_DUTY, HOLDS, DEPUTY, AWAY };

static err is_away(struct desk *d, const struct desk_world *w, slice person, bool *away) {
    uint64_t until;
    TRY(desk_store_number(d->store, &until, "SELECT until FROM away WHERE person = ?", "t",
                          person));
    *away = until > w->now;
    return OK;
}

static err on_duty(struct desk *d, const struct desk_world *w, slice person, bool *duty) {
    uint64_t n;
    TRY(desk_store_number(
        d->store, &n, "SELECT count(*) FROM duty WHERE person = ? AND begins <= ? AND until > ?",
        "tii", person, w->now, w->now));
    *duty = n > 0;
    return OK;
}

static bool reviewed_before(const struct desk_history *h, const struct office_person *p,
                            enum desk_lens lens) {
    for (size_t i = 0; i < h->seat_count; i++)
        if (h->seats[i].lens == lens && !h->seats[i].out &&
            slice_equal(slice_str(h->seats[i].person), p->id))
            return true;
    return false;
}

static err rank_of(struct desk *d, const struct desk_history *h, const struct desk_world *w,
                   const struct office_person *p, enum desk_lens lens, bool deputy,
                   enum rank *rank) {
    bool away, duty = false;
    TRY(is_away(d, w, p->id, &away));
    if (h->now.path == OFFICE_EMERGENCY)
        TRY(on_duty(d, w, p->id, &duty));
    *rank = away                          ? AWAY
            : reviewed_before(h, p, lens) ? BEFORE
            : duty                        ? ON_DUTY
            : deputy                      ? DEPUTY
                                          : HOLDS;
    return OK;
}

static bool taken(char drawn[DESK_LENS_COUNT][DESK_ID], slice id) {
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        if (slice_equal(slice_str(drawn[lens]), id))
            return true;
    return false;
}

/* Unpredictable, evenly enough for fewer than 256 persons. */
static size_t lot(size_t n) {
    uint32_t r;
    crypto_random(&r, sizeof r);
    return r % n;
}

/* The best rank that there is for the lens; who is away is not drawn. */
static err draw_one(struct desk *d, const struct desk_history *h, const struct desk_world *w,
                    const struct desk_act *act, enum desk_lens lens,
                    char drawn[DESK_LENS_COUNT][DESK_ID], enum rank *best) {
    const struct office_person *found = NULL;
    size_t equal = 0;
    *best = AWAY;
    for (size_t i = 0; i < w->office->persons.n; i++) {
        const struct office_person *p = &w->office->persons.p[i];
        enum rank rank;
        bool deputy, self = act->person != NULL && slice_equal(p->id, act->person->id);
        if (taken(drawn, p->id) || !desk_may_review(h, w, p, lens, &deputy) ||
            (self && act->move != DESK_MOVE_NARROW))
            continue;
        TRY(rank_of(d, h, w, p, lens, deputy, &rank));
        if (rank < *best)
            equal = 0;
        if (rank > *best || rank == AWAY)
            continue;
        *best = rank;
        if (lot(++equal) == 0)
            found = p;
    }
    return found == NULL || desk_copy(drawn[lens], DESK_ID, found->id) ? OK : ERR_BUG;
}

/* Of the lenses of an emergency, the one whose reviewer is nearest. */
static err draw_either(struct desk *d, const struct desk_history *h, const struct desk_world *w,
                       const struct desk_act *act, uint32_t lenses,
                       char drawn[DESK_LENS_COUNT][DESK_ID]) {
    enum rank best = AWAY, rank;
    int chosen = -1;
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++) {
        if ((lenses >> lens & 1) == 0)
            continue;
        TRY(draw_one(d, h, w, act, (enum desk_lens)lens, drawn, &rank));
        bool better =
            drawn[lens][0] != '\0' && (chosen < 0 || rank < best || (rank == best && lot(2) == 0));
        if (better && chosen >= 0)
            drawn[chosen][0] = '\0';
        if (better) {
            best = rank;
            chosen = lens;
        } else {
            drawn[lens][0] = '\0';
        }
    }
    return OK;
}

err desk_draw(struct desk *d, const struct desk_history *h, const struct desk_world *w,
              struct desk_act *act, char drawn[DESK_LENS_COUNT][DESK_ID]) {
    uint32_t may, must;
    enum rank rank;
    memset(drawn, 0, DESK_LENS_COUNT * sizeof drawn[0]);
    act->drawn = (const char(*)[DESK_ID])drawn;
    if (!desk_move_draws(act->move))
        return OK;
    must = desk_lenses_drawn(h, act, &may);
    if (act->move != DESK_MOVE_RELEASE && act->move != DESK_MOVE_RECUSE && must == 0)
        return draw_either(d, h, w, act, may, drawn);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        if (((must | may) >> lens & 1) != 0)
            TRY(draw_one(d, h, w, act, (enum desk_lens)lens, drawn, &rank));
    return OK;
}
