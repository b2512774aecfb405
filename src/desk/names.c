/* Names of what desk.h counts, and of reasons. */
#include "desk/internal.h"

#define PAIR(text, name) text,
static const char *const states[] = {DESK_STATES(PAIR)};
static const char *const moves[] = {DESK_PERSONS_MOVES(PAIR) DESK_OWN_MOVES(PAIR)};
static const char *const kinds[] = {DESK_KINDS(PAIR)};
static const char *const lenses[] = {DESK_LENSES(PAIR)};
static const char *const verdicts[] = {DESK_VERDICTS(PAIR)};
static const char *const sealeds[] = {DESK_SEALEDS(PAIR)};
static const char *const tasks[] = {DESK_TASKS(PAIR)};
static const char *const roles[] = {OFFICE_ROLES(PAIR)};
static const char *const paths[] = {"ordinary", "emergency", "compelled"};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *name_at(const char *const *names, size_t n, size_t i) {
    return i < n ? names[i] : "";
}

static bool find(const char *const *names, size_t n, slice name, size_t *i) {
    for (*i = 0; *i < n; ++*i)
        if (slice_equal(slice_str(names[*i]), name))
            return true;
    return false;
}

const char *desk_state_name(enum desk_state state) {
    return name_at(states, COUNT(states), state);
}
const char *desk_move_name(enum desk_move move) {
    return name_at(moves, COUNT(moves), move);
}
const char *desk_kind_name(enum desk_kind kind) {
    return name_at(kinds, COUNT(kinds), kind);
}
const char *desk_lens_name(enum desk_lens lens) {
    return name_at(lenses, COUNT(lenses), lens);
}
const char *desk_verdict_name(enum desk_verdict verdict) {
    return name_at(verdicts, COUNT(verdicts), verdict);
}
const char *desk_sealed_name(enum desk_sealed_kind kind) {
    return name_at(sealeds, COUNT(sealeds), kind);
}
const char *desk_task_name(enum desk_task_kind kind) {
    return name_at(tasks, COUNT(tasks), kind);
}

/* Of the lowest bit. */
static const char *bit_name(const char *const *names, size_t n, uint32_t bits) {
    size_t i = 0;
    while (i < n && (bits >> i & 1) == 0)
        i++;
    return name_at(names, n, i);
}

const char *desk_role_name(enum office_role role) {
    return bit_name(roles, COUNT(roles), (uint32_t)role);
}
const char *desk_path_name(uint32_t path) {
    return bit_name(paths, COUNT(paths), path);
}

bool desk_state_of(slice name, enum desk_state *state) {
    size_t i;
    bool found = find(states, COUNT(states), name, &i);
    *state = (enum desk_state)i;
    return found;
}
bool desk_move_of(slice name, enum desk_move *move) {
    size_t i;
    bool found = find(moves, COUNT(moves), name, &i);
    *move = (enum desk_move)i;
    return found;
}
bool desk_kind_of(slice name, enum desk_kind *kind) {
    size_t i;
    bool found = find(kinds, COUNT(kinds), name, &i);
    *kind = (enum desk_kind)i;
    return found;
}
bool desk_lens_of(slice name, enum desk_lens *lens) {
    size_t i;
    bool found = find(lenses, COUNT(lenses), name, &i);
    *lens = (enum desk_lens)i;
    return found;
}
bool desk_verdict_of(slice name, enum desk_verdict *verdict) {
    size_t i;
    bool found = find(verdicts, COUNT(verdicts), name, &i);
    *verdict = (enum desk_verdict)i;
    return found;
}
bool desk_role_of(slice name, uint32_t *role) {
    size_t i;
    bool found = find(roles, COUNT(roles), name, &i);
    *role = found ? (uint32_t)1 << i : 0;
    return found;
}
bool desk_path_of(slice name, uint32_t *path) {
    size_t i;
    bool found = find(paths, COUNT(paths), name, &i);
    *path = found ? (uint32_t)1 << i : 0;
    return found;
}

/* ---- Reasons ---- */

const char *desk_reason_name(enum desk_reason r) {
    switch (r) {
    case DESK_OK:
        return "OK";
#define X(name, text) \
    case DESK_##name: \
        return #name;
        DESK_REASONS(X)
#undef X
    }
    return "UNKNOWN";
}

const char *desk_reason_text(enum desk_reason r) {
    switch (r) {
    case DESK_OK:
        return "nothing is wrong";
#define X(name, text) \
    case DESK_##name: \
        return text;
        DESK_REASONS(X)
#undef X
    }
    return "a reason without a name";
}

const char *desk_why_name(const struct desk_why *why) {
    return why->reason == DESK_OFFICE ? office_reason_name(why->office)
                                      : desk_reason_name(why->reason);
}

const char *desk_why_text(const struct desk_why *why) {
    return why->reason == DESK_OFFICE ? office_reason_text(why->office)
                                      : desk_reason_text(why->reason);
}

err desk_refuse(struct desk_why *why, enum desk_reason reason) {
    *why = (struct desk_why){.reason = reason};
    return ERR_DENIED;
}

err desk_refuse_text(struct desk_why *why, enum office_reason reason, unsigned which, size_t line) {
    if (reason == OFFICE_MEMORY)
        return ERR_NO_MEMORY;
    *why = (struct desk_why){DESK_OFFICE, reason, line, which};
    return ERR_DENIED;
}
