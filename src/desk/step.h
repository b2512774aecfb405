/* A step of the machine while it is checked and made: what machine.c and rules.c share. */
#ifndef SOTTO_DESK_STEP_H
#define SOTTO_DESK_STEP_H

#include "desk/facts.h"

#define INTAKE OFFICE_ROLE_INTAKE
#define POLICY OFFICE_ROLE_POLICY
#define LAW OFFICE_ROLE_LOCAL_LAW
#define RIGHTS OFFICE_ROLE_HUMAN_RIGHTS
#define APPROVER OFFICE_ROLE_APPROVER
#define EXPERT OFFICE_ROLE_EXPERT
#define CUSTODIAN OFFICE_ROLE_CUSTODIAN
#define AUDITOR OFFICE_ROLE_AUDITOR
#define REVIEWER (POLICY | LAW | RIGHTS)

#define S(name) ((uint32_t)1 << DESK_STATE_##name)
#define NEEDS (S(NEEDS_EXPERT) | S(NEEDS_CLARIFICATION) | S(NARROWED))
#define REVIEWED (S(IN_REVIEW) | NEEDS | S(CLEARED) | S(NOTIFIED))
/* From where a suspension holds it. */
#define HOLDABLE (S(RECEIVED) | S(AUTHENTICATED) | REVIEWED | S(CHALLENGED) | S(COMPELLED))
#define UNDECIDED (HOLDABLE | S(HELD))

#define DUE(name) (1u << DESK_DUE_##name)
#define ANY_DUE UINT32_MAX
#define KIND(name) (1u << DESK_KIND_##name)
#define ANY_KIND UINT32_MAX

enum { SAME = DESK_STATE_COUNT, SEATS = 3 };
enum {
    DRIVES = 1, /* it brings the case further: its roles are those that the case waits for */
    ORDER = 2,  /* it is about the round's order */
    DRAFTS = 4, /* it makes the order of a new round */
    NOTICE = 8, /* what is signed with it is a notice */
    KEEPS = 16, /* what is signed with it is a preservation */
    DRAWS = 32, /* it needs reviewers drawn */
};

struct step;
struct rule {
    uint32_t from, dues, kinds;
    int to;
    /* One signature for each, in whatever order; more than one: each signs the same. */
    uint32_t seats[SEATS];
    unsigned flags;
    enum desk_reason (*who)(const struct step *); /* beside the roles */
    enum desk_reason (*what)(const struct step *);
    void (*apply)(struct step *);
};
struct step {
    struct desk_history *h;
    const struct desk_case *c; /* before */
    const struct desk_world *w;
    const struct desk_act *a;
    const struct rule *rule;
    struct desk_case next;
    struct desk_moved moved;
    bool complete; /* no further signature is needed */
    /* Changes of seats: at most one each. */
    struct desk_seat *answered, *out;
    struct desk_seat drawn[DESK_LENS_COUNT];
    size_t drawn_count;
};

extern const struct rule desk_rules[DESK_MOVE_COUNT];
extern const uint32_t desk_lens_role[DESK_LENS_COUNT];

static inline bool desk_in(enum desk_state state, uint32_t states) {
    return (states >> state & 1) != 0;
}
/* The number of the last move of this kind since the case began (again); 0: none. */
uint64_t desk_last(const struct desk_history *h, enum desk_move move);
/* Whether the person ever made this move here; begun again or not. */
bool desk_ever(const struct desk_history *h, const struct office_person *p, enum desk_move move);
bool desk_is_by(const struct desk_moved *m, const struct office_person *p);
/* Who reviews by this lens in this round, or which seat the person has in it; NULL: none. */
struct desk_seat *desk_seat_of(const struct desk_history *h, enum desk_lens lens);
struct desk_seat *desk_seat_by(const struct desk_history *h, const struct office_person *p);
/* The order of the round is no longer what anybody may sign or carry out. */
bool desk_order_is_void(const struct desk_case *c, const struct desk_world *w);
/* The move whose facts count: the one that this one seconds, or this one. */
const struct desk_moved *desk_first_of(const struct step *s);

#endif
