/* A desk in a folder of its own, with the office of fourteen persons, and what these persons do
 * there: each move composed by the desk, signed with their keys, and handed in. */
#ifndef SOTTO_TESTS_DESK_DESKS_H
#define SOTTO_TESTS_DESK_DESKS_H

#include "desk/desk.h"
#include "desk/internal.h"
#include "tests/office/people.h"

struct desks {
    char folder[64], clock[96];
    int64_t offset; /* of the clock, in seconds */
    struct desk *desk;
    struct desk_why why; /* of the last refusal */
};

/* With the office in force, a list without suspensions, and a server. */
void desks_begin(struct desks *s);
void desks_end(struct desks *s);
/* Closes the store and opens it again. */
void desks_again(struct desks *s);
/* Turns the desk's clock by so many milliseconds. */
void desks_wait(struct desks *s, int64_t ms);

/* The next list, of these entries, by those who may. */
enum desk_reason desks_list(struct desks *s, const char *entries);
/* The same, with what witnesses saw of lift notices. */
enum desk_reason desks_list_witnessed(struct desks *s, const char *entries,
                                      const struct office_since *witnessed, size_t count);

/* A new case of these bytes. */
void desks_receive(struct desks *s, const char *bytes, char id[DESK_ID]);
enum desk_state desks_state(struct desks *s, const char *id);
struct desk_case desks_case(struct desks *s, const char *id);

/* What somebody does: the facts as "name words" lines, ended by NULL. */
struct desks_act {
    const char *id;
    enum desk_move move;
    int person;
    const char *says[32];
    uint32_t fields;
    bool seconds;     /* joins the last move of this name */
    const char *also; /* a letter */
};
/* DESK_OK, or why it was refused (in composing, or in handing in). */
enum desk_reason desks_act(struct desks *s, const struct desks_act *act);
/* The same, and it must be done. */
void desks_do(struct desks *s, const struct desks_act *act);

/* What a move says of what goes with it: the name, and the text's SHA-256. */
enum { DESKS_SAY = 96 };
void desks_say_hash(char say[DESKS_SAY], const char *name, const char *text);
/* What the server wrote for this order, with more lines at its end, and what `deliver` says of it.
 */
struct desks_manifest {
    char text[512], say[DESKS_SAY];
};
void desks_manifest(struct desks_manifest *m, const char *id, const uint8_t order[32],
                    const char *more);
/* The custodian enters that of the case's order. */
enum desk_reason desks_deliver(struct desks *s, const char *id);
/* The hash of the case's last notice, which was signed; and its manifest is entered. */
void desks_notice(struct desks *s, const char *id, uint8_t hash[32]);
void desks_notice_carried(struct desks *s, const char *id);

/* Opens what is sealed with the person's key. False if there is none, or it doesn't open. */
bool desks_open(struct desks *s, const char *id, int person, enum desk_sealed_kind kind,
                uint64_t number, buf *plain);
/* The text of the case's order, as this person can read it, without signatures. */
bool desks_order(struct desks *s, const char *id, int person, buf *text);

/* Whether these bytes are anywhere in the desk's files. */
bool desks_disk_has(struct desks *s, slice bytes);

/* ---- Whole ways ---- */

struct desks_kind {
    const char *authority, *regime, *category, *path, *beneficiary, *fields;
};
extern const struct desks_kind desks_epoc;
/* Up to these points, by whoever is right for it. */
void desks_authenticated(struct desks *s, const char *id, const struct desks_kind *kind);
void desks_open_case(struct desks *s, const char *id, uint32_t fields);
/* The verdict of the reviewer who was drawn for this lens. */
enum desk_reason desks_verdict(struct desks *s, const char *id, enum desk_lens lens,
                               const char *verdict, const char *beneficiary);
int desks_reviewer(struct desks *s, const char *id, enum desk_lens lens);
void desks_cleared(struct desks *s, const char *id, uint32_t fields);
/* The approver signs the order as the others did, and hands it in. */
enum desk_reason desks_release(struct desks *s, const char *id, int approver);
/* The same with another's signature under the order than who hands it in. */
enum desk_reason desks_release_by(struct desks *s, const char *id, int approver, int signer);

#endif
