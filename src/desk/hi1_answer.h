/* What answers a filing in HI1, as files that a person uploads through the channel by which the
 * filing came: the response that sets our statuses, what is delivered, and the form of Annex III of
 * Regulation (EU) 2023/1543. Each message has the filing's own form, XML or JSON. Pure. */
#ifndef SOTTO_DESK_HI1_ANSWER_H
#define SOTTO_DESK_HI1_ANSWER_H

#include "desk/hi1.h"
#include "desk/hi1_words.h"

/* clang-format off */
/* X(word, name in code): what is said of the order; its statuses are words of hi1_words.h. */
#define HI1_ANSWERS(X)                                                                             \
    X("received", RECEIVED) X("disclosed", DISCLOSED) X("preserved", PRESERVED)                    \
    X("rejected", REJECTED) X("invalid", INVALID)
#define X(word, name) HI1_ANSWER_##name,
enum hi1_answer { HI1_ANSWERS(X) HI1_ANSWER_COUNT };
#undef X
/* clang-format on */

bool hi1_answer_of(slice word, enum hi1_answer *answer);
/* Whether it can be said of such a filing: preserved of a preservation alone, disclosed of a
 * production alone. */
bool hi1_answer_fits(const struct hi1_filing *f, enum hi1_answer answer);

/* Appends the response: the request's transaction and actions, each object with its status. time:
 * now. NO_MEMORY. */
MUST err hi1_respond(buf *out, const struct hi1_filing *f, const struct hi1_words *w,
                     enum hi1_answer answer, uint64_t time);

/* What is delivered for a task: the package that the server wrote, and its manifest. */
struct hi1_delivery {
    const struct hi1_task *task;
    slice package, manifest;
    bool sealed; /* the package is CMS; else a letter */
    uint64_t time;
};
/* Appends a message of our own in which both are delivered. Its ids are made of the hash of the
 * package, so the same package is the same delivery, however often this is called. NO_MEMORY. */
MUST err hi1_deliver(buf *out, const struct hi1_filing *f, const struct hi1_words *w,
                     const struct hi1_delivery *d);

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
    slice facts[HI1_FACT_COUNT]; /* empty: not said yet */
    uint64_t time;               /* now */
};
/* Appends the form: what the filing and the facts say is filled in, the rest is left open. It names
 * file numbers, and no account. As an HTML page to print, or as XML. NO_MEMORY. */
MUST err hi1_annex_iii(buf *out, const struct hi1_filing *f, const struct hi1_form *form);
MUST err hi1_annex_iii_xml(buf *out, const struct hi1_filing *f, const struct hi1_words *w,
                           const struct hi1_form *form);

/* A time as XML Schema has it. */
enum { HI1_TIME = 40 };
void hi1_time_text(uint64_t ms, char text[HI1_TIME]);

#endif
