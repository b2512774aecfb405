/* Messages that disappear: each says when, and goes at that time, whoever sent it; with it goes
 * what was said about it. A row of the store for each, all of them in memory.
 *
 * A clock that jumps deletes nothing for good. What its time hides is not shown, at once; it is
 * deleted up to the last time that is believed: now, but after a step of more than a day only the
 * time before it, until the clock has kept its new course for a day, or has gone on by another such
 * step. One that is set right before that has deleted nothing. */
#include "core/internal.h"

#include "core/content.h"

#define STEP_MOST TIME_DAY
#define LOOK_EVERY (TIME_DAY / 2) /* or the clock would seem to jump while nothing happens */
#define SAVE_EVERY TIME_HOUR
#define LATE_TIME TIME_DAY /* that what comes too late is shown */
enum { AT_ONCE = 64 };     /* in one transaction */

static const char row_name[] = "expiry", clock_name[] = "clock";

/* ---- The list ---- */

static void note_next(struct core *core) {
    core->expiry_next = UINT64_MAX;
    for (size_t i = 0; i < core->expiry_count; i++)
        if (core->expiries[i].at < core->expiry_next)
            core->expiry_next = core->expiries[i].at;
}

static err list_add(struct core *core, uint64_t number, const struct record_expiry *r) {
    if (core->expiry_count == core->expiry_cap) {
        size_t cap = core->expiry_cap == 0 ? 64 : core->expiry_cap * 2;
        struct expiry *p =
            mem_resize(core->mem, core->expiries, core->expiry_cap * sizeof *p, cap * sizeof *p);
        if (p == NULL)
            return ERR_NO_MEMORY;
        core->expiries = p;
        core->expiry_cap = cap;
    }
    core->expiries[core->expiry_count++] =
        (struct expiry){number, r->at, r->message, r->conversation};
    if (r->at < core->expiry_next)
        core->expiry_next = r->at;
    return OK;
}

static err list_remove(struct core *core, size_t i) {
    uint64_t number = core->expiries[i].number;
    core->expiries[i] = core->expiries[--core->expiry_count];
    return core_delete(core, TABLE_EXPIRY, slice_str(row_name), number);
}

struct loading {
    struct core *core;
    err e;
};

static bool load_row(void *ctx, struct store_key key, slice value) {
    struct loading *l = ctx;
    struct record_expiry r;
    l->e = record_expiry_read(value, &r);
    if (l->e == OK)
        l->e = list_add(l->core, key.number, &r);
    return l->e == OK;
}

err core_expiry_load(struct core *core) {
    struct loading l = {core, OK};
    buf value = buf_on(core->mem);
    core->expiry_next = UINT64_MAX;
    err e = core_get(core, TABLE_STATE, slice_str(clock_name), 0, &value);
    if (e == OK)
        e = record_clock_read(buf_slice(&value), &core->clock);
    core->clock_saved = core->clock.last;
    buf_free(&value);
    if (e == OK || e == ERR_NOT_FOUND)
        e = store_scan(core->store, core_key(TABLE_EXPIRY, slice_str(row_name), 0), UINT64_MAX,
                       load_row, &l);
    return e == OK ? l.e : e;
}

void core_expiry_forget_all(struct core *core) {
    mem_free(core->mem, core->expiries, core->expiry_cap * sizeof *core->expiries);
    core->expiries = NULL;
    core->expiry_count = core->expiry_cap = 0;
    core->expiry_next = UINT64_MAX;
    memset(&core->clock, 0, sizeof core->clock);
}

/* ---- The clock ---- */

static void set_back(struct core *core) {
    struct record_clock *c = &core->clock;
    if (c->since != 0 && core->now < c->since)
        c->since = core->now > c->trusted + STEP_MOST ? core->now : 0;
    if (core->now < c->trusted)
        c->trusted = core->now;
}

static void go_on(struct core *core) {
    struct record_clock *c = &core->clock;
    bool step = core->now > c->last + STEP_MOST;
    if (step) {
        c->trusted = c->last;
        c->since = core->now;
    } else if (c->since != 0 && core->now >= c->since + STEP_MOST) {
        c->since = 0;
    }
}

static void follow(struct core *core) {
    struct record_clock *c = &core->clock;
    if (c->last == 0)
        c->last = core->now;
    else if (core->now < c->last)
        set_back(core);
    else
        go_on(core);
    if (c->since == 0)
        c->trusted = core->now;
    c->last = core->now;
}

/* True if it is to be known after a crash, too. */
static bool follow_and_look(struct core *core) {
    uint64_t since = core->clock.since;
    follow(core);
    return core->expiry_count > 0 && (core->clock.since != since || core->now < core->clock_saved ||
                                      core->now >= core->clock_saved + SAVE_EVERY);
}

static err save_clock(struct core *core) {
    TRY(core_txn_begin(core));
    err e = record_clock_put(core, TABLE_STATE, slice_str(clock_name), 0, &core->clock);
    TRY(core_txn_end(core, e));
    core->clock_saved = core->clock.last;
    return OK;
}

/* ---- Coming ---- */

err core_expiry_add(struct core *core, const struct conversation *c, slice bytes, uint64_t number) {
    struct content content;
    struct record_expiry r = {.conversation = c->r.number, .message = number};
    if (core_content_decode(bytes, &content) != OK || !content.has_expires)
        return OK;
    r.at = content.expires * TIME_SECOND + (content.expires_relative ? core->now : 0);
    if (r.at <= core->now) {
        uint64_t timer = c->settings.timer * TIME_SECOND;
        r.at = core->now + (timer == 0 || timer > LATE_TIME ? LATE_TIME : timer);
    }
    uint64_t row = core_number(core);
    TRY(record_expiry_put(core, TABLE_EXPIRY, slice_str(row_name), row, &r));
    return list_add(core, row, &r);
}

/* ---- Going ---- */

static err expire(struct core *core, const struct expiry *x) {
    struct conversation *c = core_conversation_lookup(core, x->conversation);
    if (c == NULL)
        return OK;
    TRY(core_entry_end(core, c, x->message, ERR_EXPIRED));
    return core_remark_expire(core, c, x->message);
}

static uint64_t limit(const struct core *core) {
    return core->clock.trusted < core->now ? core->clock.trusted : core->now;
}

static err expire_some(struct core *core) {
    size_t done = 0;
    for (size_t i = core->expiry_count; i-- > 0 && done < AT_ONCE;) {
        struct expiry x = core->expiries[i];
        if (x.at > limit(core))
            continue;
        TRY(list_remove(core, i));
        TRY(expire(core, &x));
        done++;
    }
    note_next(core);
    return OK;
}

void core_expiry_pump(struct core *core) {
    if (core->broken || (follow_and_look(core) && save_clock(core) != OK))
        return;
    while (core->expiry_next <= limit(core))
        if (core_txn_begin(core) != OK || core_txn_end(core, expire_some(core)) != OK)
            return;
}

uint64_t core_expiry_wake(const struct core *core) {
    uint64_t at = core->clock.last + LOOK_EVERY;
    if (core->expiry_count == 0)
        return UINT64_MAX;
    if (core->expiry_next > core->now && core->expiry_next < at)
        at = core->expiry_next;
    return at;
}

bool core_expiry_hides(const struct core *core, uint32_t conversation, uint64_t message) {
    if (core->expiry_next > core->now)
        return false;
    for (size_t i = 0; i < core->expiry_count; i++) {
        const struct expiry *x = &core->expiries[i];
        if (x->at <= core->now && x->conversation == conversation && x->message == message)
            return true;
    }
    return false;
}

err core_expiry_forget(struct core *core, const struct conversation *c) {
    for (size_t i = core->expiry_count; i-- > 0;)
        if (core->expiries[i].conversation == c->r.number)
            TRY(list_remove(core, i));
    note_next(core);
    return OK;
}
