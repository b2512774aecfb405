/* What answers a filing in HI1, as files that a person uploads through the channel by which the
 * filing came: the response that sets our statuses, and the form of Annex III of Regulation (EU)
 * 2023/1543. Pure.
 *
 * The names of statuses are those seen in published programs; who runs a desk checks them against
 * the standard's dictionaries. */
#ifndef SOTTO_DESK_HI1_ANSWER_H
#define SOTTO_DESK_HI1_ANSWER_H

#include "desk/hi1.h"

/* clang-format off */
/* X(word, name in code, status of the authorisation, status of its tasks) */
#define HI1_ANSWERS(X)                                                                             \
    X("received", RECEIVED, "SubmittedToCSP", "AwaitingDisclosure")                                \
    X("disclosed", DISCLOSED, "Approved", "Disclosed")                                             \
    X("preserved", PRESERVED, "Approved", "Preserved")                                             \
    X("rejected", REJECTED, "Rejected", "Rejected")                                                \
    X("invalid", INVALID, "Invalid", "Invalid")
#define X(word, name, authorisation, task) HI1_ANSWER_##name,
enum hi1_answer { HI1_ANSWERS(X) HI1_ANSWER_COUNT };
#undef X
/* clang-format on */

bool hi1_answer_of(slice word, enum hi1_answer *answer);
/* Whether it can be said of such a filing: preserved of a preservation alone, disclosed of a
 * production alone. */
bool hi1_answer_fits(const struct hi1_filing *f, enum hi1_answer answer);

/* Appends the response, in XML: the request's transaction and actions, each object with its status.
 * time: now. NO_MEMORY. */
MUST err hi1_respond(buf *out, const struct hi1_filing *f, enum hi1_answer answer, uint64_t time);

/* A ground of the form. */
struct hi1_ground {
    slice name;
    bool chosen;
};
struct hi1_form {
    const struct hi1_ground *grounds;
    size_t ground_count;
    slice reason;     /* in words: why it is chosen */
    bool third_state; /* section E is to be filled in */
    uint64_t time;    /* now */
};
/* Appends the form as an HTML page to print: what the filing says is filled in, what only a person
 * knows is left open. It names file numbers, and no account. NO_MEMORY. */
MUST err hi1_annex_iii(buf *out, const struct hi1_filing *f, const struct hi1_form *form);

#endif
