/* The mail process's logic, pure: requests in, replies and deliveries out, over any store.
 *
 *   mail_request   any number of times: checks, and writes into the batch under construction
 *   mail_commit    commits the batch once, durably, and only then emits what follows from it
 *
 * So nothing is acknowledged before it is durable. A message for a subscriber that is caught up is
 * delivered at once (live.c), and its sender answered when its recipients acknowledged it, should
 * that come before the commit. If the commit fails, every request of the batch that was not
 * answered yet is answered with an error (DISK, or BUSY), and what memory knew is read again from
 * the store.
 *
 * The only time that is written is the week. No item is written as it came: each copy is sealed to
 * its mailbox's key first (reseal.c). */
#ifndef SOTTO_SERVER_MAIL_H
#define SOTTO_SERVER_MAIL_H

#include "proto/proto.h"
#include "store/store.h"

enum { MAIL_KEYS = 2 };

/* Keys of sealed addresses: the newest first; those of the second still open. */
struct mail_address_key {
    uint8_t id; /* 0: none */
    uint8_t key[32];
};

struct mail_limits {
    uint32_t mailbox_items;  /* that wait in one mailbox */
    uint64_t mailbox_bytes;  /* the same in bytes; one address may fill a quarter of either */
    uint32_t item_days;      /* after the end of its week an item expires and leaves a gap */
    uint32_t blob_days;      /* after that of its first upload */
    uint32_t order_days;     /* after that of its last commit */
    uint32_t tombstone_days; /* after that of the deletion */
    uint32_t invite_days;    /* after the end of its week a registration code expires */
    uint64_t orders;         /* of the whole server */
    uint64_t blobs_bytes;    /* of all blobs together */
    uint64_t uploads_bytes;  /* that a mailbox vouches for in a day, one address for half;
                                half of the room at most */
    uint64_t cards;          /* of the whole server */
    uint32_t card_days;      /* after that of its last renewal */
    uint8_t find_bits;       /* work of a look-up while there are few; see work.c */
    uint8_t claim_bits;      /* of a claim */
    uint32_t key_packages;   /* that one device may store */
    uint32_t takes_address;  /* key packages a bearer of one address takes in a day */
    uint32_t takes_mailbox;  /* for all bearers together; then the last-resort one is given */
    uint32_t orders_mailbox; /* that begin in a day with a Welcome for it */
    uint32_t revoked;        /* addresses of one mailbox */
    uint32_t window_items;   /* deliveries under way to one subscriber */
    uint32_t window_bytes;
    uint32_t batch_bytes; /* when to commit at the latest */
    uint32_t
        cached_items; /* whose places are kept in memory; mailboxes without subscriber go first */
    bool live;        /* an item may be delivered before it is on the disk */
    uint32_t chain_items; /* that one chain of keys seals; CRYPTO_CHAIN_MAX at most */
};
/* As an operator who sets nothing has them. */
extern const struct mail_limits mail_limits_default;

/* What the operator may ask of the request desk's side; office.c. Not where there is no OpenSSL. */
struct mail_handler;
enum { MAIL_DESK_HANDLERS = 3 };
extern const struct mail_handler *const mail_desk[MAIL_DESK_HANDLERS];

struct mail_config {
    const struct mail_handler *const *desk; /* mail_desk; NULL: no office here */
    uint8_t identity[32];                   /* the server's, public */
    struct mail_address_key keys[MAIL_KEYS];
    uint8_t pepper[32];   /* keys the hashes of group ids and of handles' places */
    size_t handle_memory; /* what Argon2id takes for a handle; 0: what all take */
    bool closed;          /* no registration, not even with a code */
    /* Where the keys of so many chains are, and nowhere else: mail_chains_size bytes, aligned for
     * anything. Locked, where there is such memory. It stays the caller's and is wiped by
     * mail_free. */
    void *chain_memory;
    uint32_t chains;
    struct mail_limits limits;
    void *ctx;                  /* of the calls below */
    uint64_t (*now)(void *ctx); /* ms since 1970 */
    /* A frame for a session. `ends`: close it afterwards. `drain`: call mail_drained once the frame
     * has left (at once is allowed, from outside of this call). Must not call into mail. Session 0
     * is the operator's. */
    void (*emit)(void *ctx, const struct proto_edge_reply *reply);
    /* True: so much waits on the session's way that items for it should stay in the store until
     * mail_resume. NULL: never. */
    bool (*crowded)(void *ctx, uint64_t session);
    /* A record of the store can't be read and was passed over. NULL: nobody wants to know. */
    void (*damaged)(void *ctx);
    /* How the store answered: each commit of something, and each failure to read, but for
     * DAMAGED. NULL: nobody wants to know. */
    void (*stored)(void *ctx, err result);
    /* The clock is far from where the server was last: nothing expires for a day. NULL: nobody
     * wants to know. */
    void (*doubted)(void *ctx);
};

/* So many so far, or at the moment. */
struct mail_counts {
    uint64_t commits, commit_failures;
    uint64_t items, passed, refused, deliveries;
    uint64_t devices, mailboxes;
};

struct mail;

size_t mail_chains_size(uint32_t chains);

/* The store is an older one than devices have seen, or lost the end of its log: no position that
 * one of them may know is given again, and each is told that items may be missing. Each
 * conversation may be epochs ahead of its order, so the next commit that comes is taken, once.
 * Before mail_new. now: wall clock, so that the same copy may be restored many times. */
MUST err mail_rolled_back(struct store *store, uint64_t now);

/* The store stays the caller's. IO, DAMAGED, NO_MEMORY; BUG without memory for chains. */
MUST err mail_new(struct mail **m, struct store *store, const struct mail_config *config,
                  const struct mem *mem);
void mail_free(struct mail *m);

/* A client's frame. The body was checked by the edge and is checked again. Its answer comes with
 * the next mail_commit. */
void mail_request(struct mail *m, const struct proto_edge_request *request);
/* The operator's: invite_make, order_written, and what is in mail_desk. The reply is emitted for
 * session 0 with this request id. */
void mail_operator(struct mail *m, uint32_t request, uint16_t type, slice body);
/* The session is gone. */
void mail_closed(struct mail *m, uint64_t session);
/* All sessions from first to last are gone (an edge died). */
void mail_closed_all(struct mail *m, uint64_t first, uint64_t last);
/* The reply with `drain` has left: more may come. */
void mail_drained(struct mail *m, uint64_t session);

/* The way to all sessions from first to last has room again. */
void mail_resume(struct mail *m, uint64_t first, uint64_t last);

struct mail_counts mail_counts(const struct mail *m);

/* True if the batch is large enough that it should be committed before the next request. */
bool mail_full(const struct mail *m);
/* True if putting the commit off saves nothing: no item waits to be acknowledged before it is
 * written, or something else can't go on. */
bool mail_hurries(const struct mail *m);
/* True if mail_commit has something to do: a batch, or a subscriber to serve. */
bool mail_waiting(const struct mail *m);
void mail_commit(struct mail *m);
/* Writes something that is stored already into the batch, so that the commit shows whether the
 * store takes anything. */
void mail_touch(struct mail *m);
/* Commits what waits, then takes a small step of expiry, into the batch; commit after it. False:
 * nothing more to do this week. */
bool mail_sweep(struct mail *m);

#endif
