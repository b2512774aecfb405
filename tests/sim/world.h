/* clang-format off */
/* A simulated world: many client cores, one server made of the real edge and mail logic, and
 * between them links with delays. Time is a number, all randomness comes from one seed, nothing
 * asks the operating system: a world that is run again does the same again.
 *
 *   world.c   time, chance, links
 *   server.c  session.c and mail.c over a store that fails
 *   client.c  cores that die and come back
 *   life.c    what people and faults do, at random
 *   check.c   what must be true
 *   main.c    seeds, TAP, replaying
 *
 * What goes wrong, besides what people do (go offline and online, two of them at the same time):
 *
 *   links       random delays, sudden stalls, lost with everything that is on its way in either
 *               direction
 *   clients     die between any two calls into the core, or between two actions; the store
 *               survives. A commit of the store fails, with nothing or with all of it on the disk
 *   server      dies with its open batch and every link; a commit fails, with nothing done and an
 *               error for everybody, or with all of it done and the answers lost
 *   its malice  deliveries come twice, old ones again; sends are replayed to every address; items
 *               that wait in a mailbox change places (life.c says which) */
/* clang-format on */
#ifndef SOTTO_TESTS_SIM_WORLD_H
#define SOTTO_TESTS_SIM_WORLD_H

#include <stdarg.h>

#include "base/time.h"
#include "core/core.h"
#include "crypto/crypto.h"
#include "server/mail.h"
#include "server/session.h"
#include "sotto/mls.h"
#include "tests/support.h"

enum {
    CLIENTS = 50, /* people, each with a device */
    DEVICES = 56, /* some have another: those behind the first CLIENTS */
    CONVERSATIONS = 20,
    POOL_MAX = 18,    /* people who may be in one conversation */
    GROUPS_MAX = 128, /* a conversation that could not be made is made again */
    VIEWS_MAX = 256,  /* conversations of one client: a group may come again */
    LINKS_MAX = 1024,
    RECENT = 32, /* sends that may be replayed, deliveries that may come again */
    FAILURES_SHOWN = 12
};

typedef uint64_t client_set; /* a bit for each person */

/* ---- Links ---- */

enum parcel_kind { PARCEL_UP = 1, PARCEL_DATA, PARCEL_DOWN };
struct parcel {
    struct parcel *next;
    enum parcel_kind kind;
    buf bytes;
};
struct pipe {
    struct parcel *first, *last;
    uint64_t busy_until; /* what comes later arrives later */
};

struct link {
    bool used;
    uint32_t generation; /* of this slot */
    int client;
    uint32_t number;      /* the client's name for it; 0: the client has given it up */
    bool server_open;     /* there is a session */
    bool cut;             /* nothing passes any more */
    uint64_t delay;       /* at least, one way */
    struct pipe up, down; /* to the server, to the client */
    struct session session;
    buf recent[4]; /* deliveries */
    size_t recent_count;
};

/* ---- Clients ---- */

struct view { /* of one conversation, as the client last showed it */
    int group;
    uint8_t state;
    uint64_t epoch;
    bool stale;
    uint64_t full; /* of what came to it before this epoch something had no room, in a request */
};

/* A file that is fetched: of which message, and how far. */
struct fetch {
    uint64_t command; /* 0: none */
    size_t message;
    uint64_t end;
};

struct client {
    int index;
    int person;        /* whose device it is: the index of the first one */
    struct core *core; /* NULL: dead */
    struct store *memory, *store;
    struct store_fault_plan plan;
    struct core_config config;
    bool online;
    uint32_t doom; /* dies after so many actions; 0: not */
    uint64_t wake;
    uint32_t wake_generation;
    uint8_t account[CORE_ACCOUNT];
    uint64_t awaited; /* a command */
    bool done;
    err result;
    buf link;                     /* contact link */
    uint64_t dropped;             /* items, as its status said last */
    struct view views[VIEWS_MAX]; /* by the conversation's number less one */
    size_t view_count;
    struct {
        uint32_t conversation;
        uint64_t message;
    } sent[64];
    size_t sent_count;
    struct fetch fetch;
    uint32_t fetch_conversation; /* in the end: up to where its files are fetched */
    uint64_t fetch_number;
    bool renewed;                         /* gave an address up, some time */
    uint64_t disordered[GROUPS_MAX / 64]; /* groups whose items changed places in the mailbox */
};

/* ---- Conversations and messages ---- */

struct epoch {
    bool known;
    client_set members;
    uint8_t authenticator[32];
};

/* A commit that reached the server. Each names, by a hash, the one that it follows. */
struct candidate {
    uint8_t next[32];
    uint64_t epoch;
    uint64_t first; /* moment at which it came first */
    bool taken;
};

struct group {
    uint8_t id[32];
    int pool;
    struct epoch *epochs;
    size_t epoch_cap;
    struct candidate *candidates;
    size_t candidate_count, candidate_cap;
};

struct pool {
    int people[POOL_MAX];
    size_t count, start; /* the first `start` are there from the beginning */
};

struct message {
    int sender, group;
    bool big;
    uint64_t file; /* bytes of the file that it names; 0: none */
    uint64_t said; /* when the command was given: a week later it goes */
    bool told;     /* the command returned OK */
    uint64_t sent; /* moment at which the sender saw "sent"; 0: it did not see it */
    uint8_t state; /* as the sender's history says in the end */
    uint64_t epoch;
    uint8_t id[CORE_MESSAGE_ID]; /* zeros: nothing was said about it again */
};

/* ---- Events ---- */

enum event_kind {
    EVENT_UP = 1, /* a parcel for the server */
    EVENT_DOWN,   /* for the client */
    EVENT_DRAINED,
    EVENT_COMMIT,
    EVENT_WAKE,
    EVENT_RESTORE,
    EVENT_ONLINE,
    EVENT_CUT,
    EVENT_SERVER,
    EVENT_MAKE,
    EVENT_ACT
};
struct event {
    uint64_t at, order;
    enum event_kind kind;
    int who;
    uint32_t generation;
};

struct request { /* a commit that the mail process has */
    uint64_t session;
    uint32_t request;
    int group;
    size_t candidate;
};

struct counts {
    uint64_t events, actions, sends, delivered, commits, crashes, offline, cuts, server_crashes,
        client_faults, server_faults, disorders, replays, doubles, stalls, replaced, troubles,
        repeats, dropped, reads, late, accepted, failed_commands, unknown_epochs, quarantined,
        again, handles, nights, unreached, files, fetched, passed, edits, withdrawals, reactions,
        agreed, over, looks, told, told_read, writing, seen_writing;
};

struct world {
    uint64_t seed, now, start, moment; /* moment: a count of everything that happens */
    uint64_t actions;                  /* to do */
    uint16_t suite;
    bool trace, calm; /* calm: no faults */
    struct support_random chance, secrets;
    uint64_t fingerprint;

    struct event *heap;
    size_t heap_count, heap_cap;
    uint64_t order;

    struct link links[LINKS_MAX];
    struct client clients[DEVICES];

    struct store *memory, *store; /* the server's */
    struct store_fault_plan plan;
    struct mail *mail; /* NULL: the server is dead */
    struct mail_config config;
    struct session_env env;
    bool commit_due;
    uint8_t identity[32], identity_seed[32];
    uint8_t codes[CLIENTS][16];
    size_t code_count;
    struct request requests[256];
    size_t request_count;
    buf recent[RECENT]; /* sends */
    size_t recent_count;
    /* Who sent which item, so that two of one sender don't change places. */
    struct {
        uint8_t item[32];
        int sender;
    } * items;
    size_t item_count, item_cap;

    struct pool pools[CONVERSATIONS];
    struct group groups[GROUPS_MAX];
    size_t group_count;
    struct message *messages;
    size_t message_count, message_cap;

    struct counts counts;
    size_t failures;
    char failed[FAILURES_SHOWN][256];
};

/* ---- world.c ---- */
void world_fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The test itself can't go on. */
void world_must(err e, const char *what);
uint64_t world_chance(struct world *w, uint64_t below);
bool world_one_in(struct world *w, uint64_t n);
void world_event(struct world *w, enum event_kind kind, uint64_t in, int who, uint32_t generation);
/* Does what comes next. False if nothing does. */
bool world_step(struct world *w);
void *world_grow(void *array, size_t count, size_t *cap, size_t size);

int world_link_open(struct world *w, int client, uint32_t number);
int world_link_find(struct world *w, int client, uint32_t number);
void world_link_push(struct world *w, int link, bool to_server, enum parcel_kind kind, slice bytes);
/* Everything that is on its way is lost; both ends learn of it later. */
void world_link_cut(struct world *w, int link, uint64_t server_in, uint64_t client_in);
void world_link_settle(struct world *w, int link);
void world_links_free(struct world *w);

/* ---- server.c ---- */
void server_start(struct world *w);
void server_parcel(struct world *w, int link, enum parcel_kind kind, slice bytes);
void server_drained(struct world *w, int link);
void server_commit(struct world *w);
void server_die(struct world *w);
void server_live(struct world *w);
void server_join_link(struct world *w, buf *link);
void server_replay(struct world *w);
void server_disorder(struct world *w, struct client *c);
size_t server_items(struct world *w);
/* Items that were acknowledged before they were written, so far. */
uint64_t server_passed(const struct world *w);
void server_stop(struct world *w);
int world_group_find(struct world *w, const uint8_t id[32]);
/* The earliest moment at which the epoch can have begun; UINT64_MAX: it did not. */
uint64_t world_epoch_moment(const struct world *w, int group, uint64_t epoch);

/* ---- client.c ---- */
void client_start(struct world *w, int index);
void client_stop(struct world *w, int index);
void client_die(struct world *w, struct client *c);
void client_live(struct world *w, struct client *c);
void client_online(struct world *w, struct client *c, bool online);
/* Carries out what the core asks for; call after every call into it. */
void client_drain(struct world *w, struct client *c);
void client_wake(struct world *w, struct client *c, uint32_t generation);
void client_parcel(struct world *w, int link, enum parcel_kind kind, slice bytes);
int client_by_account(const struct world *w, const uint8_t *account);
bool client_members(struct world *w, struct client *c, uint32_t conversation, client_set *members);
/* The number in a text that this world wrote; -1 for another. */
int64_t client_text_number(slice text);

/* ---- life.c ---- */
void life_set_up(struct world *w);
void life_make(struct world *w, int pool);
void life_act(struct world *w);
/* All links of a client are lost at once. */
void life_cut(struct world *w, int client);
/* Everybody comes online, nothing goes wrong any more; false if things don't come to rest in
 * time. */
bool life_settle(struct world *w);
/* Afterwards: about half of all files are fetched by those who have their messages. */
void life_fetch_all(struct world *w);
/* What a message's file has at this place. */
uint8_t life_file_byte(size_t message, uint64_t at);

/* ---- check.c ---- */
void check_epoch(struct world *w, struct client *c, uint32_t conversation);
void check_end(struct world *w);

#endif
