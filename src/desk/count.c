#include "desk/count.h"

#include <stdlib.h>

#include "base/siphash.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/facts.h"

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

/* ---- Texts, each kept once ---- */

struct texts {
    uint8_t secret[SIPHASH_KEY];
    buf bytes; /* each with a NUL */
    size_t *each, n, room;
    uint32_t *table; /* places in each, plus 1; a power of two of them */
    size_t slots;
};

static void texts_free(struct texts *t) {
    buf_free(&t->bytes);
    mem_free(NULL, t->each, t->room * sizeof *t->each);
    mem_free(NULL, t->table, t->slots * sizeof *t->table);
}

static const char *text_at(const struct texts *t, uint32_t i) {
    return (const char *)t->bytes.p + t->each[i];
}

static size_t slot_of(const struct texts *t, slice text) {
    size_t i = (size_t)siphash(t->secret, text) & (t->slots - 1);
    while (t->table[i] != 0 && !slice_equal(slice_str(text_at(t, t->table[i] - 1)), text))
        i = (i + 1) & (t->slots - 1);
    return i;
}

static err table_grow(struct texts *t) {
    size_t more = t->slots == 0 ? 64 : 2 * t->slots;
    uint32_t *table = mem_new_array(NULL, more, sizeof *table);
    if (table == NULL)
        return ERR_NO_MEMORY;
    mem_free(NULL, t->table, t->slots * sizeof *table);
    t->slots = more;
    t->table = table;
    memset(table, 0, more * sizeof *table);
    for (size_t i = 0; i < t->n; i++)
        table[slot_of(t, slice_str(text_at(t, (uint32_t)i)))] = (uint32_t)i + 1;
    return OK;
}

/* Makes room for one more of an array. */
static err grow(void **array, size_t n, size_t *room, size_t each) {
    if (n < *room)
        return OK;
    size_t more = *room == 0 ? 8 : 2 * *room;
    void *p = mem_resize(NULL, *array, *room * each, more * each);
    if (p == NULL)
        return ERR_NO_MEMORY;
    *array = p;
    *room = more;
    return OK;
}

static bool text_find(const struct texts *t, slice text, uint32_t *place) {
    size_t slot = t->slots == 0 ? 0 : slot_of(t, text);
    if (t->slots == 0 || t->table[slot] == 0)
        return false;
    *place = t->table[slot] - 1;
    return true;
}

/* The place of a text without a NUL, which is new at the end if it was not there. */
static err text_put(struct texts *t, slice text, uint32_t *place) {
    if (text_find(t, text, place))
        return OK;
    if (2 * (t->n + 1) > t->slots)
        TRY(table_grow(t));
    if (t->n == UINT32_MAX - 1)
        return ERR_LIMIT;
    TRY(grow((void **)&t->each, t->n, &t->room, sizeof *t->each));
    size_t at = t->bytes.n, slot = slot_of(t, text);
    TRY(buf_append(&t->bytes, text));
    TRY(buf_append_byte(&t->bytes, 0));
    t->each[t->n] = at;
    *place = (uint32_t)t->n++;
    t->table[slot] = *place + 1;
    return OK;
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
    SEEN_TOLD_LATE = 64,
    SEEN_BLOCKED_AFTER = 128
};

struct move {
    uint64_t made;
    uint16_t number;
    uint8_t from, to;
};

struct tally {
    uint32_t id;                   /* in ids */
    uint32_t key[COUNT_KEY_COUNT]; /* in words, as those below */
    uint32_t reason;               /* of its rejection */
    uint32_t seen;
    uint64_t accounts;
    struct move *moves;
    size_t n, room;
    uint64_t last; /* the highest number of a move, whose leaf the keys are of */
    bool sorted;   /* its moves, by number */
};

struct count {
    struct texts ids, words; /* the id of the case of the same place; word 0 is the empty one */
    struct tally *cases;
    size_t room;
};

err count_new(struct count **out) {
    uint32_t empty;
    struct count *c = mem_new(NULL, sizeof *c);
    *out = c;
    if (c == NULL)
        return ERR_NO_MEMORY;
    memset(c, 0, sizeof *c);
    crypto_random(c->ids.secret, sizeof c->ids.secret);
    crypto_random(c->words.secret, sizeof c->words.secret);
    return text_put(&c->words, SLICE_EMPTY, &empty);
}

void count_free(struct count *c) {
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->ids.n; i++)
        mem_free(NULL, c->cases[i].moves, c->cases[i].room * sizeof(struct move));
    mem_free(NULL, c->cases, c->room * sizeof *c->cases);
    texts_free(&c->ids);
    texts_free(&c->words);
    mem_free(NULL, c, sizeof *c);
}

static err find(struct count *c, slice id, struct tally **out) {
    uint32_t place;
    size_t before = c->ids.n;
    TRY(grow((void **)&c->cases, before, &c->room, sizeof *c->cases));
    TRY(text_put(&c->ids, id, &place));
    if (place == before)
        c->cases[place] = (struct tally){.id = place};
    *out = &c->cases[place];
    return OK;
}

static const char *word_of(const struct count *c, uint32_t word) {
    return text_at(&c->words, word);
}

/* ---- One entry ---- */

static bool is(slice s, const char *text) {
    return slice_equal(s, slice_str(text));
}

static err read_move(const slice *v, struct move *m, enum desk_move *move) {
    enum desk_state from = (enum desk_state)0, to;
    uint64_t number;
    if (decimal_decode(v[MERKLE_SLOT_NUMBER], DESK_MOVES_MAX, &number) != OK || number == 0 ||
        !office_time_read(v[MERKLE_SLOT_TIME], &m->made) ||
        !desk_state_of(v[MERKLE_SLOT_TO], &to) || !desk_move_of(v[MERKLE_SLOT_MOVE], move))
        return ERR_MALFORMED;
    if (number == 1 ? v[MERKLE_SLOT_FROM].n > 0 : !desk_state_of(v[MERKLE_SLOT_FROM], &from))
        return ERR_MALFORMED;
    m->number = (uint16_t)number;
    m->from = (uint8_t)from;
    m->to = (uint8_t)to;
    return OK;
}

static err moves_add(struct tally *t, const struct move *m) {
    for (size_t i = 0; i < t->n; i++)
        if (t->moves[i].number == m->number)
            return ERR_EXISTS;
    TRY(grow((void **)&t->moves, t->n, &t->room, sizeof *m));
    t->moves[t->n++] = *m;
    t->sorted = false;
    return OK;
}

/* What several sign has happened with the last of them: it is not what one of them began. */
static uint32_t seen_in(const slice *v, enum desk_move move, uint8_t to) {
    slice notice = v[MERKLE_SLOT_NOTICE];
    return (move == DESK_MOVE_NARROW ? SEEN_NARROWED : 0) |
           (move == DESK_MOVE_CHALLENGE && to == DESK_STATE_CHALLENGED ? SEEN_CHALLENGED : 0) |
           (move == DESK_MOVE_COMPEL && to == DESK_STATE_COMPELLED ? SEEN_COMPELLED : 0) |
           (move == DESK_MOVE_PRESERVE && is(v[MERKLE_SLOT_OUTCOME], "preserved") ? SEEN_PRESERVED
                                                                                  : 0) |
           (is(notice, "barred") ? SEEN_BARRED : 0) | (is(notice, "told") ? SEEN_TOLD : 0) |
           (is(notice, "told-late") ? SEEN_TOLD_LATE : 0) |
           (move == DESK_MOVE_AFTER_VERDICT && is(v[MERKLE_SLOT_REASON], "block")
                ? SEEN_BLOCKED_AFTER
                : 0);
}

/* A word of less than most bytes, none of them zero. */
static err keep_word(struct count *c, slice word, size_t most, uint32_t *place) {
    if (word.n >= most || (word.n > 0 && memchr(word.p, 0, word.n) != NULL))
        return ERR_MALFORMED;
    return text_put(&c->words, word, place);
}

static err keep_last(struct count *c, struct tally *t, const slice *v) {
    static const enum merkle_slot slots[COUNT_KEY_COUNT] = {
        MERKLE_SLOT_ISSUER, MERKLE_SLOT_BENEFICIARY, MERKLE_SLOT_PROCESS, MERKLE_SLOT_PATH,
        MERKLE_SLOT_CATEGORY};
    TRY(decimal_decode(v[MERKLE_SLOT_ACCOUNTS], UINT32_MAX, &t->accounts));
    for (int k = 0; k < COUNT_KEY_COUNT; k++)
        TRY(keep_word(c, v[slots[k]], CATEGORY_TEXT, &t->key[k]));
    return OK;
}

err count_add(struct count *c, const slice v[MERKLE_SLOTS_NAMED]) {
    struct move m = {0};
    enum desk_move move;
    struct tally *t;
    slice id = v[MERKLE_SLOT_CASE];
    if (id.n == 0)
        return OK;
    /* It goes into what an auditor signs, a line each. */
    if (!facts_is_id(id))
        return ERR_MALFORMED;
    TRY(read_move(v, &m, &move));
    TRY(find(c, id, &t));
    TRY(moves_add(t, &m));
    t->seen |= seen_in(v, move, m.to);
    if (m.to == DESK_STATE_REJECTED && move == DESK_MOVE_REJECT)
        TRY(keep_word(c, v[MERKLE_SLOT_REASON], KEY_TEXT, &t->reason));
    if (m.number < t->last)
        return OK;
    t->last = m.number;
    return keep_last(c, t, v);
}

/* ---- What became of it ---- */

static int by_number(const void *a, const void *b) {
    const struct move *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void sort_moves(struct tally *t) {
    if (!t->sorted)
        qsort(t->moves, t->n, sizeof *t->moves, by_number);
    t->sorted = true;
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

static bool is_counted(const struct count *c, const struct tally *t, const struct count_by *by) {
    slice process = slice_str(word_of(c, t->key[COUNT_KEY_PROCESS]));
    return t->n > 0 && t->moves[0].number == 1 && t->moves[0].made >= by->from &&
           t->moves[0].made < by->until &&
           (by->without == NULL || !desk_ids_have(by->without, process)) &&
           (by->only == NULL || desk_ids_have(by->only, process));
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
    n[COUNT_BLOCKED_AFTER] += (t->seen & SEEN_BLOCKED_AFTER) != 0;
    n[COUNT_DELAYED] += (t->seen & (SEEN_BARRED | SEEN_TOLD_LATE)) != 0;
}

/* ---- In order ---- qsort tells its function nothing, so each tally brings its words. */

struct sorted {
    const struct tally *tally;
    const char *word[COUNT_KEY_COUNT]; /* what it is sorted by, as far as it is */
};

static int by_words(const void *a, const void *b) {
    const struct sorted *x = a, *y = b;
    for (int k = 0; k < COUNT_KEY_COUNT && x->word[k] != NULL; k++) {
        int d = strcmp(x->word[k], y->word[k]);
        if (d != 0)
            return d;
    }
    return 0;
}

typedef void words_of(const struct count *c, const struct count_by *by, struct sorted *s);

static void keys_of(const struct count *c, const struct count_by *by, struct sorted *s) {
    for (int k = 0; k < by->keys; k++)
        s->word[k] = word_of(c, s->tally->key[k]);
}

static void reason_of(const struct count *c, const struct count_by *by, struct sorted *s) {
    (void)by;
    s->word[0] = word_of(c, s->tally->key[COUNT_KEY_ISSUER]);
    s->word[1] = word_of(c, s->tally->reason);
}

static void id_of(const struct count *c, const struct count_by *by, struct sorted *s) {
    (void)by;
    s->word[0] = text_at(&c->ids, s->tally->id);
}

/* Those that count. Freed by sorted_free. */
static err sorted(struct count *c, const struct count_by *by, words_of *words, struct sorted **out,
                  size_t *n) {
    *n = 0;
    *out = mem_new_array(NULL, c->ids.n + 1, sizeof **out);
    if (*out == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < c->ids.n; i++) {
        sort_moves(&c->cases[i]);
        if (!is_counted(c, &c->cases[i], by))
            continue;
        (*out)[*n] = (struct sorted){.tally = &c->cases[i]};
        words(c, by, &(*out)[(*n)++]);
    }
    qsort(*out, *n, sizeof **out, by_words);
    return OK;
}

static void sorted_free(struct count *c, struct sorted *list) {
    mem_free(NULL, list, (c->ids.n + 1) * sizeof *list);
}

/* ---- Cells ---- */

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

err count_cells(struct count *c, const struct count_by *by, count_cell_visit *visit, void *ctx) {
    struct sorted *list;
    size_t n;
    TRY(sorted(c, by, keys_of, &list, &n));
    uint64_t *hours = mem_new_array(NULL, n + 1, sizeof *hours);
    bool more = hours != NULL;
    for (size_t i = 0, next; i < n && more; i = next) {
        struct count_cell cell = {.answered = 0};
        for (int k = 0; k < by->keys; k++)
            cell.key[k] = slice_str(list[i].word[k]);
        for (next = i; next < n && by_words(&list[i], &list[next]) == 0; next++) {
            tally_add(&cell, list[next].tally);
            cell.answered += hours_of(list[next].tally, &hours[cell.answered]);
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

err count_reasons(struct count *c, const struct count_by *by, count_reason_visit *visit,
                  void *ctx) {
    struct sorted *list;
    size_t n;
    TRY(sorted(c, by, reason_of, &list, &n));
    bool more = true;
    for (size_t i = 0, next; i < n && more; i = next) {
        uint64_t number = 0;
        for (next = i; next < n && by_words(&list[i], &list[next]) == 0; next++)
            number += outcome_of(list[next].tally) == COUNT_REJECTED;
        if (number > 0)
            more = visit(ctx, slice_str(list[i].word[0]), slice_str(list[i].word[1]), number);
    }
    sorted_free(c, list);
    return OK;
}

/* ---- Single cases ---- */

err count_answered(struct count *c, const struct count_by *by, count_case_visit *visit, void *ctx) {
    struct sorted *list;
    size_t n;
    uint64_t hours;
    TRY(sorted(c, by, id_of, &list, &n));
    bool more = true;
    for (size_t i = 0; i < n && more; i++)
        if (hours_of(list[i].tally, &hours))
            more = visit(ctx, slice_str(list[i].word[0]));
    sorted_free(c, list);
    return OK;
}

err count_case_get(struct count *c, slice case_id, struct count_case *out) {
    uint32_t place;
    if (!text_find(&c->ids, case_id, &place))
        return ERR_NOT_FOUND;
    struct tally *t = &c->cases[place];
    sort_moves(t);
    enum count_column outcome = outcome_of(t);
    out->over = outcome != COUNT_PENDING && outcome != COUNT_HELD;
    out->barred = (t->seen & SEEN_BARRED) != 0 && (t->seen & (SEEN_TOLD | SEEN_TOLD_LATE)) == 0;
    out->process = slice_str(word_of(c, t->key[COUNT_KEY_PROCESS]));
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
    for (size_t i = 0; i < c->ids.n && more; i++) {
        sort_moves(&c->cases[i]);
        enum count_fault fault = fault_of(&c->cases[i]);
        if (fault != COUNT_NO_FAULT)
            more = visit(ctx, slice_str(text_at(&c->ids, (uint32_t)i)), fault);
    }
    return OK;
}
