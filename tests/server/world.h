/* A mail logic over a memory store that can fail, a clock that tests set, and everything it
 * emitted. */
#ifndef SOTTO_TESTS_SERVER_WORLD_H
#define SOTTO_TESTS_SERVER_WORLD_H

#include "base/time.h"
#include "crypto/crypto.h"
#include "server/mail.h"
#include "support.h"
#include "test.h"

enum { WORLD_FRAMES = 4096, WORLD_CHAINS = 64, WORLD_MET = 128 };

/* What was emitted, in order. */
struct frame {
    uint64_t session;
    uint32_t request;
    uint16_t type;
    bool ends, device, drain;
    buf body;
};

/* A delivery, opened. mark: empty, or PROTO_MARK bytes. */
struct delivery {
    uint64_t position;
    uint8_t chain[32];
    uint32_t number;
    uint8_t serial[8];
    slice mark, item;
};

struct world {
    struct store *memory, *store; /* the second wraps the first */
    struct store_fault_plan plan;
    struct mail_config config;
    struct mail *mail;
    uint64_t now;
    struct frame frames[WORLD_FRAMES];
    size_t count, read; /* emitted, and looked at by the test */
    uint32_t requests;
    bool crowded;     /* the way to every session */
    bool hold_drains; /* else a drain is answered at once */
};

void world_init(struct world *w);
/* The mail process dies and comes again over the same store. */
void world_restart(struct world *w);
void world_fini(struct world *w);
/* Small steps of expiry, until there are no more. */
void world_sweep(struct world *w);
/* Rows of the table in the store. */
size_t world_rows(const struct world *w, uint8_t table);

/* A request into the batch; its number. */
uint32_t world_ask(struct world *w, uint64_t session, uint16_t type, slice body);
void world_commit(struct world *w);
/* The answer to a request, or NULL. */
const struct frame *world_answer(const struct world *w, uint32_t request);
/* Asks, commits, and returns the answer, which must be of this type. */
const struct frame *world_get(struct world *w, uint64_t session, uint16_t type, slice body,
                              uint16_t expected);
/* The same for an error of this reason. */
void world_refused(struct world *w, uint64_t session, uint16_t type, slice body, uint16_t reason);
/* The next frame of request 0 for the session; NULL if there is none. */
const struct frame *world_next(struct world *w, uint64_t session);
/* The reason in an error frame. */
uint16_t frame_reason(const struct frame *f);

/* ---- People ---- */

struct person {
    uint8_t identity_priv[32], identity[32], account[16];
    uint8_t device[16], key_priv[32], key[32];
    uint8_t mailbox_priv[32], mailbox_key[32];
    buf devices;                /* the signed list */
    uint8_t code[16], hash[64]; /* invite code; handshake hash of the session */
    uint64_t session;
    uint64_t start; /* after it the mailbox's positions begin; those below are counted from it */
    uint64_t
        met[WORLD_MET]; /* positions by their numbers, since those of a later run lie far above */
};

void person_init(struct person *p, struct world *w, uint64_t session);
/* Another mailbox key; the server does not know it yet. */
void person_new_key(struct person *p);
void person_fini(struct person *p);
/* Bodies; valid until the next call. */
slice person_register_body(struct person *p);
slice person_login_body(struct person *p);
uint32_t person_prove(struct person *p, struct world *w, uint16_t type, slice body);
/* All of it: code, registration, committed. */
void person_join(struct person *p, struct world *w, uint64_t session);
void person_login(struct person *p, struct world *w, uint64_t session);
/* A world with two people, on sessions 1 and 2; and its end. */
void world_begin(struct world *w, struct person *ann, struct person *bob);
void world_end(struct world *w, struct person *ann, struct person *bob);
void person_address(struct person *p, struct world *w, struct proto_address *address);
/* In a later run: numbers begin at the next item. */
void person_counts_anew(struct person *p, struct world *w);
/* Where the item of this number is, as far as it was met. */
uint64_t person_position(const struct person *p, uint64_t number);
/* It is at this position: as before, or between its neighbours. */
void person_meets(struct person *p, uint64_t number, uint64_t position);
void person_subscribe(struct person *p, struct world *w, uint64_t after);
void person_ack(struct person *p, struct world *w, uint64_t up_to);

/* Sends from an anonymous session and returns the answer to `sent`'s count of refusals; -1 on
 * error. */
int world_send(struct world *w, const struct proto_address *to, size_t count, slice item);
slice send_body(const struct proto_address *to, size_t count, slice item);
slice commit_body(const uint8_t group, uint8_t token, uint8_t next, const struct proto_address *to,
                  size_t count, slice item, const struct proto_letter *letters,
                  size_t letter_count);
/* 1: taken, 0: late, -1: an error. */
int world_commit_group(struct world *w, slice body);
void world_record(struct world *w, uint64_t session, struct proto_record *record);
/* Opened with whichever person's key does; its slices are good until the next call but three. */
struct delivery frame_delivery(const struct frame *f);
struct proto_caught_up frame_caught_up(const struct frame *f);

#endif
