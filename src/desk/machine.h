/* The state machine of a case: one table of moves, what each needs, and what no move may break.
 * Pure: no I/O, no clock, no randomness, and no signature is verified here. */
#ifndef SOTTO_DESK_MACHINE_H
#define SOTTO_DESK_MACHINE_H

#include "desk/desk.h"

enum { DESK_FIELD_COUNT = HELD_FIELD_BYTES + 1, DESK_QUESTIONS_MAX = 32 };

/* ---- What is known: versioned data for counsel (data.h loads it) ---- */

/* X(name in data, name in code): when the user is told. */
/* clang-format off */
#define DESK_NOTICES(X)                                                                            \
    X("before", BEFORE)                        /* so long before a release */                      \
    X("authority-informs", AUTHORITY_INFORMS)  /* by the authority; we keep silent */              \
    X("after", AFTER)                          /* after a release */
/* clang-format on */
#define X(text, name) DESK_NOTICE_##name,
enum desk_notice { DESK_NOTICES(X) DESK_NOTICE_COUNT };
#undef X

struct desk_regime {
    char id[DESK_ID];
    enum desk_kind kind;           /* produce or preserve */
    uint64_t term, emergency_term; /* to answer within, from receipt; 0: none */
    enum desk_notice notice;
    uint64_t notice_term;   /* of BEFORE */
    uint64_t bar_max;       /* the longest that a bar can last; 0: nothing bars it */
    uint64_t preserve_max;  /* 0: OFFICE_PRESERVATION_MAX */
    uint64_t clarification; /* for the authority to answer a question; 0: none */
    uint64_t process;       /* after an emergency, for the legal process to come; 0: none */
    /* Of each held field; "": not known, which blocks. */
    char categories[DESK_FIELD_COUNT][DESK_ID];
};

/* What "no" or "yes" to a question does; "unknown" does it always. */
enum desk_effect { DESK_EFFECT_NONE, DESK_EFFECT_BLOCKS, DESK_EFFECT_CURE, DESK_EFFECT_EXPERT };
struct desk_question {
    char id[DESK_ID]; /* small letters: "h5" */
    char wrong[8];    /* "yes" or "no" */
    enum desk_effect effect;
};
enum desk_list_name {
    DESK_LIST_AUTHENTICITY,
    DESK_LIST_POLICY, /* the lenses' in their order */
    DESK_LIST_LOCAL_LAW,
    DESK_LIST_HUMAN_RIGHTS,
    DESK_LIST_EMERGENCY,
    DESK_LIST_COUNT
};
struct desk_checklists {
    uint64_t version;
    struct {
        struct desk_question each[DESK_QUESTIONS_MAX];
        size_t n;
    } lists[DESK_LIST_COUNT];
};

/* Ids of versioned data, each with the one that it leads to, or "": of a process, the demand that
 * it is; of a demand, the ground on which it is rejected; of a ground, its cell in the report. */
struct desk_ids {
    char (*each)[DESK_ID], (*to)[DESK_ID];
    size_t n;
};
bool desk_ids_have(const struct desk_ids *ids, slice id);
/* What it leads to; "" also for what is not there. */
const char *desk_ids_to(const struct desk_ids *ids, slice id);

struct desk_world {
    const struct office *office;
    const struct office_suspensions *list;
    const struct desk_regime *regimes;
    size_t regime_count;
    const struct desk_checklists *checklists;
    struct desk_cites cites;
    const struct desk_ids *processes, *demands, *grounds;
    uint8_t server[32];
    uint64_t server_number;
    uint64_t now;
};

/* ---- A case, and what was done in it ---- */

struct desk_history {
    struct desk_case now;
    struct desk_moved *moves;
    size_t move_count, move_room;
    struct desk_seat *seats; /* of all rounds; all of them shown */
    size_t seat_count, seat_room;
};
void desk_history_free(struct desk_history *h);
MUST err desk_history_add_move(struct desk_history *h, const struct desk_moved *m);
MUST err desk_history_add_seat(struct desk_history *h, const struct desk_seat *s);

/* ---- A step ---- */

/* What somebody wants to do. Whoever calls has verified the signatures, and that the text is about
 * this case, this move before it, this office file and list, and this moment. */
struct desk_act {
    enum desk_move move;
    const struct office_person *person; /* NULL: the desk itself */
    uint32_t role;
    const struct office_case_move *text; /* its facts; NULL for one of the desk */
    uint8_t hash[32];                    /* of the text */
    uint64_t seconds;                    /* number of the move that it seconds */
    const struct office_order *order, *before;
    bool order_signed;   /* by this person, rightly */
    bool order_complete; /* the server would carry it out now */
    /* Of a move that draws reviewers: a person's id for each lens, "" for one that needs none; made
     * by whoever calls, from those that desk_may_review says yes to. */
    const char (*drawn)[DESK_ID];
};

/* Makes it, or says why not and leaves all as it was. An err only for want of memory. */
MUST err desk_step(struct desk_history *h, const struct desk_world *w, const struct desk_act *act,
                   enum desk_reason *reason);
/* The move that the desk itself has to make now, if there is one. */
bool desk_own_move(const struct desk_history *h, const struct desk_world *w, enum desk_move *move);

/* Whether the person can be drawn for a lens: holds its role, not bound, never acted in another
 * role here, made no call-back. A deputy (*deputy) is drawn only if there is nobody else. */
bool desk_may_review(const struct desk_history *h, const struct desk_world *w,
                     const struct office_person *p, enum desk_lens lens, bool *deputy);
/* The lenses of the round by the case's path, as bits. */
uint32_t desk_lenses_of(const struct desk_case *c, const struct desk_history *h);
/* Whether a move draws reviewers. Which lenses it must name somebody for, and which it may (of an
 * emergency's, one). */
bool desk_move_draws(enum desk_move move);
uint32_t desk_lenses_drawn(const struct desk_history *h, const struct desk_act *act, uint32_t *may);
/* Signatures and facts aside. */
enum desk_reason desk_may_step(const struct desk_history *h, const struct desk_world *w,
                               const struct office_person *p, uint32_t role, enum desk_move move);
/* The roles that can make a move. */
uint32_t desk_move_roles(enum desk_move move);
/* True for a move that drafts an order, and of which kind. */
bool desk_move_drafts(enum desk_move move, enum office_order_kind *kind);
/* True for a move about the order of the round. */
bool desk_move_about_order(enum desk_move move);
/* The roles that can bring the case further. */
uint32_t desk_waits(const struct desk_history *h);
/* Whether the verdicts of a round are no secret: all were in, or none will be given any more. */
bool desk_round_shown(const struct desk_history *h, uint32_t round);
/* The person's role in the case; 0 if they have none. */
uint32_t desk_role_in(const struct desk_history *h, slice person);

bool desk_state_open(enum desk_state state);
const struct desk_regime *desk_regime_find(const struct desk_world *w, slice id);
bool desk_case_suspended(const struct desk_case *c, const struct desk_world *w);

/* What no move may break, looked for in the history alone and without the table: NULL, or what is
 * broken, in words. before: the case before the last move. */
const char *desk_broken(const struct desk_case *before, const struct desk_history *h,
                        const struct desk_world *w);

#endif
