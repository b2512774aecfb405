#include "desk/count.h"

#include <stdlib.h>

#include "base/siphash.h"
#include "base/text.h"
#include "crypto/crypto.h"

const char *count_key_name(enum count_key key) {
    static const char *const names[] = {
#define X(text, name) text,
        COUNT_KEYS(X)
#undef X
    };
    return names[key];
}

const char *count_column_name(enum count_column column) {
    static const char *const names[] = {
#define X(text, name) text,
        COUNT_COLUMNS(X)
#undef X
    };
    return names[column];
}

/* ---- What is known of a case ---- */

enum { KEY_TEXT = DESK_ID, CATEGORY_TEXT = 2 * DESK_ID };

/* What has happened to it, whenever that was. */
enum {
    SEEN_NARROWED = 1,
    SEEN_CHALLENGED = 2,
    SEEN_COMPELLED = 4,
    SEEN_PRESERVED = 8,
    SEEN_BARRED = 16,
    SEEN_TOLD = 32,
    SEEN_TOLD_LATE = 64
};

struct move {
    uint64_t number, made;
    enum desk_state from, to;
};

struct tally {
    char id[DESK_ID];
    char key[COUNT_KEY_COUNT][CATEGORY_TEXT];
    char reason[KEY_TEXT]; /* of its rejection */
    uint64_t accounts;
    uint32_t seen;
    struct move *moves;
    size_t n, room;
    uint64_t last; /* the highest number of a move, whose leaf the keys are of */
};

struct count {
    uint64_t from, until;
    uint8_t secret[SIPHASH_KEY];
    struct tally *cases;
    size_t n, room;
    size_t *table; /* places in cases, plus 1; a power of two of them */
    size_t slots;
};

err count_new(struct count **out, uint64_t from, uint64_t until) {
    struct count *c = mem_new(NULL, sizeof *c);
    *out = c;
    if (c == NULL)
        return ERR_NO_MEMORY;
    *c = (struct count){.from = from, .until = until};
    crypto_random(c->secret, sizeof c->secret);
    return OK;
}

void count_free(struct count *c) {
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n; i++)
        mem_free(NULL, c->cases[i].moves, c->cases[i].room * sizeof(struct move));
    mem_free(NULL, c->cases, c->room * sizeof *c->cases);
    mem_free(NULL, c->table, c->slots * sizeof *c->table);
    mem_free(NULL, c, sizeof *c);
}

/* ---- Finding a case ---- */

static size_t slot_of(const struct count *c, slice id) {
    size_t i = (size_t)siphash(c->secret, id) & (c->slots - 1);
    while (c->table[i] != 0 && !slice_equal(slice_str(c->cases[c->table[i] - 1].id), id))
        i = (i + 1) & (c->slots - 1);
    return i;
}

static err table_grow(struct count *c) {
    size_t old = c->slots;
    size_t *table = mem_new_array(NULL, old == 0 ? 64 : 2 * old, sizeof *table);
    if (table == NULL)
        return ERR_NO_MEMORY;
    mem_free(NULL, c->table, old * sizeof *table);
    c->slots = old == 0 ? 64 : 2 * old;
    c->table = table;
    memset(table, 0, c->slots * sizeof *table);
    for (size_t i = 0; i < c->n; i++)
        table[slot_of(c, slice_str(c->cases[i].id))] = i + 1;
    return OK;
}

static err cases_grow(struct count *c) {
    size_t more = c->room == 0 ? 64 : 2 * c->room;
    void *p = mem_resize(NULL, c->cases, c->room * sizeof *c->cases, more * sizeof *c->cases);
    if (p == NULL)
        return ERR_NO_MEMORY;
    c->cases = p;
    c->room = more;
    return OK;
}

static err find(struct count *c, slice id, struct tally **out) {
    if (2 * (c->n + 1) > c->slots)
        TRY(table_grow(c));
    size_t slot = slot_of(c, id);
    if (c->table[slot] == 0) {
        if (c->n == c->room)
            TRY(cases_grow(c));
        struct tally *t = &c->cases[c->n];
        memset(t, 0, sizeof *t);
        memcpy(t->id, id.p, id.n);
        c->table[slot] = ++c->n;
    }
    *out = &c->cases[c->table[slot] - 1];
    return OK;
}

/* ---- One entry ---- */

static bool is(slice s, const char *text) {
    return slice_equal(s, slice_str(text));
}

static err read_move(const slice *v, struct move *m, enum desk_move *move) {
    if (decimal_decode(v[MERKLE_SLOT_NUMBER], DESK_MOVES_MAX, &m->number) != OK || m->number == 0 ||
        !office_time_read(v[MERKLE_SLOT_TIME], &m->made) ||
        !desk_state_of(v[MERKLE_SLOT_TO], &m->to) || !desk_move_of(v[MERKLE_SLOT_MOVE], move))
        return ERR_MALFORMED;
    if (m->number == 1)
        return v[MERKLE_SLOT_FROM].n == 0 ? OK : ERR_MALFORMED;
    return desk_state_of(v[MERKLE_SLOT_FROM], &m->from) ? OK : ERR_MALFORMED;
}

static err moves_add(struct tally *t, const struct move *m) {
    for (size_t i = 0; i < t->n; i++)
        if (t->moves[i].number == m->number)
            return ERR_EXISTS;
    if (t->n == t->room) {
        size_t more = t->room == 0 ? 8 : 2 * t->room;
        void *p = mem_resize(NULL, t->moves, t->room * sizeof *m, more * sizeof *m);
        if (p == NULL)
            return ERR_NO_MEMORY;
        t->moves = p;
        t->room = more;
    }
    t->moves[t->n++] = *m;
    return OK;
}

static uint32_t seen_in(const slice *v, enum desk_move move) {
    slice notice = v[MERKLE_SLOT_NOTICE];
    return (move == DESK_MOVE_NARROW ? SEEN_NARROWED : 0) |
           (move == DESK_MOVE_CHALLENGE ? SEEN_CHALLENGED : 0) |
           (move == DESK_MOVE_COMPEL ? SEEN_COMPELLED : 0) |
           (move == DESK_MOVE_PRESERVE ? SEEN_PRESERVED : 0) |
           (is(notice, "barred") ? SEEN_BARRED : 0) | (is(notice, "told") ? SEEN_TOLD : 0) |
           (is(notice, "told-late") ? SEEN_TOLD_LATE : 0);
}

static err keep_last(struct tally *t, const slice *v) {
    static const enum merkle_slot slots[COUNT_KEY_COUNT] = {
        MERKLE_SLOT_ISSUER, MERKLE_SLOT_BENEFICIARY, MERKLE_SLOT_PROCESS, MERKLE_SLOT_PATH,
        MERKLE_SLOT_CATEGORY};
    TRY(decimal_decode(v[MERKLE_SLOT_ACCOUNTS], UINT32_MAX, &t->accounts));
    for (int k = 0; k < COUNT_KEY_COUNT; k++) {
        slice s = v[slots[k]];
        if (s.n >= CATEGORY_TEXT || memchr(s.p == NULL ? (const uint8_t *)"" : s.p, 0, s.n) != NULL)
            return ERR_MALFORMED;
        memset(t->key[k], 0, CATEGORY_TEXT);
        memcpy(t->key[k], s.p == NULL ? (const uint8_t *)"" : s.p, s.n);
    }
    return OK;
}

err count_add(struct count *c, const slice v[MERKLE_SLOTS_NAMED]) {
    struct move m = {0};
    enum desk_move move;
    struct tally *t;
    slice id = v[MERKLE_SLOT_CASE], reason = v[MERKLE_SLOT_REASON];
    if (id.n == 0)
        return OK;
    if (id.n >= DESK_ID || reason.n >= KEY_TEXT)
        return ERR_MALFORMED;
    TRY(read_move(v, &m, &move));
    TRY(find(c, id, &t));
    TRY(moves_add(t, &m));
    t->seen |= seen_in(v, move);
    if (m.to == DESK_STATE_REJECTED && move == DESK_MOVE_REJECT) {
        memset(t->reason, 0, sizeof t->reason);
        memcpy(t->reason, reason.p == NULL ? (const uint8_t *)"" : reason.p, reason.n);
    }
    if (m.number < t->last)
        return OK;
    t->last = m.number;
    return keep_last(t, v);
}

/* ---- What became of it ---- */

static int by_number(const void *a, const void *b) {
    const struct move *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void sort_moves(struct tally *t) {
    qsort(t->moves, t->n, sizeof *t->moves, by_number);
}

/* The column of its end, or PENDING. What comes after an end (closed, purged) changes nothing. */
static enum count_column outcome_of(const struct tally *t) {
    enum count_column outcome = COUNT_PENDING;
    for (size_t i = 0; i < t->n; i++)
        switch (t->moves[i].to) {
        case DESK_STATE_RELEASED:
            outcome = COUNT_RELEASED;
            break;
        case DESK_STATE_REJECTED:
            outcome = COUNT_REJECTED;
            break;
        case DESK_STATE_NOT_HELD:
            outcome = COUNT_NOT_HELD;
            break;
        case DESK_STATE_WITHDRAWN:
            outcome = COUNT_WITHDRAWN;
            break;
        case DESK_STATE_FORGED:
            outcome = COUNT_FORGED;
            break;
        case DESK_STATE_LAPSED:
            outcome = COUNT_LAPSED;
            break;
        case DESK_STATE_HELD:
            outcome = COUNT_HELD;
            break;
        case DESK_STATE_CLOSED:
        case DESK_STATE_PURGED:
            break;
        default:
            outcome = COUNT_PENDING;
        }
    return outcome;
}

static bool hours_of(const struct tally *t, uint64_t *hours) {
    for (size_t i = 0; i < t->n; i++)
        if (t->moves[i].to == DESK_STATE_RELEASED || t->moves[i].to == DESK_STATE_REJECTED ||
            t->moves[i].to == DESK_STATE_NOT_HELD) {
            uint64_t received = t->moves[0].made, made = t->moves[i].made;
            *hours = made > received ? (made - received) / TIME_HOUR : 0;
            return true;
        }
    return false;
}

static bool in_period(const struct count *c, const struct tally *t) {
    return t->n > 0 && t->moves[0].number == 1 && t->moves[0].made >= c->from &&
           t->moves[0].made < c->until;
}

static void tally_add(struct count_cell *cell, const struct tally *t) {
    uint64_t *n = cell->number;
    n[COUNT_RECEIVED]++;
    n[COUNT_ACCOUNTS] += t->accounts;
    n[outcome_of(t)]++;
    n[COUNT_NARROWED] += (t->seen & SEEN_NARROWED) != 0;
    n[COUNT_CHALLENGED] += (t->seen & SEEN_CHALLENGED) != 0;
    n[COUNT_COMPELLED] += (t->seen & SEEN_COMPELLED) != 0;
    n[COUNT_PRESERVED] += (t->seen & SEEN_PRESERVED) != 0;
    n[COUNT_NOTIFIED] += (t->seen & (SEEN_TOLD | SEEN_TOLD_LATE)) != 0;
    n[COUNT_DELAYED] += (t->seen & (SEEN_BARRED | SEEN_TOLD_LATE)) != 0;
}

/* ---- Cells ---- */

static int compare_keys(const struct tally *a, const struct tally *b) {
    for (int k = 0; k < COUNT_KEY_COUNT; k++) {
        int d = strcmp(a->key[k], b->key[k]);
        if (d != 0)
            return d;
    }
    return 0;
}

static int by_keys(const void *a, const void *b) {
    return compare_keys(*(const struct tally *const *)a, *(const struct tally *const *)b);
}

static int by_reason(const void *a, const void *b) {
    const struct tally *x = *(const struct tally *const *)a, *y = *(const struct tally *const *)b;
    int d = strcmp(x->key[COUNT_KEY_ISSUER], y->key[COUNT_KEY_ISSUER]);
    return d != 0 ? d : strcmp(x->reason, y->reason);
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The cases of the period, sorted. Freed by the caller, who asked for c->n of them. */
static err sorted(struct count *c, int (*order)(const void *, const void *),
                  const struct tally ***out, size_t *n) {
    *n = 0;
    *out = mem_new_array(NULL, c->n + 1, sizeof **out);
    if (*out == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < c->n; i++) {
        sort_moves(&c->cases[i]);
        if (in_period(c, &c->cases[i]))
            (*out)[(*n)++] = &c->cases[i];
    }
    qsort(*out, *n, sizeof **out, order);
    return OK;
}

static void sorted_free(struct count *c, const struct tally **list) {
    mem_free(NULL, list, (c->n + 1) * sizeof *list);
}

err count_cells(struct count *c, count_cell_visit *visit, void *ctx) {
    const struct tally **list;
    size_t n;
    TRY(sorted(c, by_keys, &list, &n));
    uint64_t *hours = mem_new_array(NULL, n + 1, sizeof *hours);
    bool more = hours != NULL;
    for (size_t i = 0, next; i < n && more; i = next) {
        struct count_cell cell = {.answered = 0};
        for (int k = 0; k < COUNT_KEY_COUNT; k++)
            cell.key[k] = slice_str(list[i]->key[k]);
        for (next = i; next < n && compare_keys(list[i], list[next]) == 0; next++) {
            tally_add(&cell, list[next]);
            cell.answered += hours_of(list[next], &hours[cell.answered]);
        }
        qsort(hours, cell.answered, sizeof *hours, by_value);
        if (cell.answered > 0)
            cell.median_hours = hours[(cell.answered - 1) / 2];
        more = visit(ctx, &cell);
    }
    err e = hours == NULL ? ERR_NO_MEMORY : OK;
    mem_free(NULL, hours, (n + 1) * sizeof *hours);
    sorted_free(c, list);
    return e;
}

err count_reasons(struct count *c, count_reason_visit *visit, void *ctx) {
    const struct tally **list;
    size_t n;
    TRY(sorted(c, by_reason, &list, &n));
    bool more = true;
    for (size_t i = 0, next; i < n && more; i = next) {
        uint64_t number = 0;
        for (next = i; next < n && by_reason(&list[i], &list[next]) == 0; next++)
            number += outcome_of(list[next]) == COUNT_REJECTED;
        if (number > 0)
            more = visit(ctx, slice_str(list[i]->key[COUNT_KEY_ISSUER]), slice_str(list[i]->reason),
                         number);
    }
    sorted_free(c, list);
    return OK;
}

err count_may_open(const struct count *c, slice case_id, bool *may) {
    *may = false;
    if (c->slots == 0 || c->table[slot_of(c, case_id)] == 0)
        return ERR_NOT_FOUND;
    struct tally *t = &c->cases[c->table[slot_of(c, case_id)] - 1];
    sort_moves(t);
    enum count_column outcome = outcome_of(t);
    bool barred = (t->seen & SEEN_BARRED) != 0 && (t->seen & (SEEN_TOLD | SEEN_TOLD_LATE)) == 0;
    *may = outcome != COUNT_PENDING && outcome != COUNT_HELD && !barred;
    return OK;
}

/* ---- Faults ---- */

static enum count_fault fault_of(const struct tally *t) {
    for (size_t i = 0; i < t->n; i++) {
        if (t->moves[i].number != i + 1)
            return COUNT_GAP;
        if (i > 0 && t->moves[i].from != t->moves[i - 1].to)
            return COUNT_JUMP;
        if (i > 0 && t->moves[i].made < t->moves[i - 1].made)
            return COUNT_BACK;
    }
    return COUNT_NO_FAULT;
}

err count_faults(struct count *c, count_fault_visit *visit, void *ctx) {
    bool more = true;
    for (size_t i = 0; i < c->n && more; i++) {
        sort_moves(&c->cases[i]);
        enum count_fault fault = fault_of(&c->cases[i]);
        if (fault != COUNT_NO_FAULT)
            more = visit(ctx, slice_str(c->cases[i].id), fault);
    }
    return OK;
}
