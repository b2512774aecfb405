/* A server with an office, a list of suspensions and an account, and orders about it. */
#ifndef SOTTO_TESTS_SERVER_SCENE_H
#define SOTTO_TESTS_SERVER_SCENE_H

#include "desk.h"

#define SUSPENDED(country)                                                 \
    "suspension s-1\njurisdictions " country                               \
    "\nscope all\nwording Suspended.\nstart 2026-07-06T00:00:00Z\nreview " \
    "2026-11-01T00:00:00Z\n"
#define FREEZE "freeze f-1 2026-10-01T00:00:00Z\n"
enum {
    SCENE_TWO = DESK_LAW | DESK_RIGHTS,
    SCENE_FOUR = DESK_APPROVER | DESK_LAW | DESK_RIGHTS | DESK_POLICY
};

/* What an order says, where it says something else than an honest release; NULL: it doesn't. */
struct told {
    const char *until;            /* it is to preserve, until this time */
    bool notice;                  /* it tells the user */
    const char *id, *made;        /* o-1, 2026-10-01T00:00:00Z */
    const char *account;          /* "id 00..", "handle ann" */
    const char *old, *by;         /* before it is signed */
    const char *after, *after_by; /* afterwards: what is handed in is not what they signed */
    const char *stranger;         /* the approver's signature is said to be this one's */
    unsigned who;                 /* 0: the four */
};

struct scene {
    struct desk d;
    struct person ann;
    char account[33]; /* of ann, hexadecimal */
};
void scene_begin(struct scene *s);
/* Without a list; maybe without an office. */
void scene_begin_at(struct scene *s, bool with_office);
void scene_end(struct scene *s);

void scene_delete_account(struct scene *s);

/* Appends the order. told: NULL for an honest one. */
void scene_write(struct scene *s, buf *out, const struct told *told);
const struct frame *scene_hand_in(struct scene *s, const struct told *told);
/* It is refused for this, and no order counts as carried out. */
void scene_refused(struct scene *s, const char *what, const struct told *told,
                   enum office_reason reason);
/* What an order gave. */
struct proto_carried_out scene_given(const struct frame *f);
/* Its package as a string, good until the next call. */
const char *scene_letter(const struct frame *f);
static inline bool has(const char *text, const char *part) {
    return strstr(text, part) != NULL;
}

#endif
