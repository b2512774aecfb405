/* A world whose server has an office, and documents of that office. */
#ifndef SOTTO_TESTS_SERVER_DESK_H
#define SOTTO_TESTS_SERVER_DESK_H

#include "server/office.h"
#include "tests/office/people.h"
#include "world.h"

/* 1 October 2026, midnight UTC: when it is, to begin with. */
#define DESK_NOW ((uint64_t)1790812800000)

enum { DESK_HANDLE_MEMORY = 65536 };

struct desk {
    struct world w;
    struct office *office; /* what the test believes to be in force */
    struct office_suspensions *list;
    enum office_reason reason; /* of the last refusal; OK after anything else */
    slice sightings;           /* go with the next document that is handed in */
    struct proto_office_is is; /* the last answer of that kind */
};
void desk_init(struct desk *d);
void desk_fini(struct desk *d);
/* Hands a document in, with the hash of its text or NULL; its answer's frame. */
const struct frame *desk_put(struct desk *d, enum mail_office_what what, slice document,
                             const uint8_t *pin);
/* The same; the reason of the refusal, or OK. */
enum office_reason desk_reason(struct desk *d, enum mail_office_what what, slice document,
                               const uint8_t *pin);
/* What the server says is in force. */
const struct proto_office_is *desk_get(struct desk *d);
/* The office of `people` is pinned. */
void desk_pin(struct desk *d);
/* The same, its authorities without certificates. */
void desk_pin_plain(struct desk *d);
/* The next list with these entries, signed by those whose bit is set in `who`. */
enum office_reason desk_list(struct desk *d, const char *entries, unsigned who);
extern const struct signer desk_signers[];
enum { DESK_APPROVER = 1, DESK_LAW = 2, DESK_RIGHTS = 4, DESK_POLICY = 8, DESK_INTAKE = 16 };

#endif
