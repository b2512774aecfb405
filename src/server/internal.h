/* What the files of the mail logic share. Nobody outside includes this.
 *
 * A handler checks and reads everything first and writes afterwards, memory included; an error that
 * it returns (not a refusal, which is an answer) breaks the whole batch, since memory and batch
 * would no longer agree. But DAMAGED before the first write is its own trouble alone. */
#ifndef SOTTO_SERVER_INTERNAL_H
#define SOTTO_SERVER_INTERNAL_H

#include "crypto/crypto.h"
#include "server/held.h"
#include "server/mail.h"
#include "server/table.h"

/* Rows are written by held_<row>_put alone, so that nothing is held that is not on its list. Only
 * tests write damaged ones. */
#ifndef HELD_DAMAGES
#pragma GCC poison store_batch_put
#endif

static inline struct store_key mail_key(enum mail_table table, slice name, uint64_t number) {
    return (struct store_key){(uint8_t)table, name, number};
}

enum { MAIL_ID = 16, MAIL_SERIAL = 8, MAIL_PUBLIC = 32 };

/* ---- What memory knows of a mailbox ---- */

struct mail_place {
    uint64_t position;
    uint8_t serial[MAIL_SERIAL]; /* zeros: read from the store, where it is sealed */
    uint32_t bytes, week;
    uint32_t live; /* its number among those that are not written (live.c); 0: it is */
};

/* How much one address has in the mailbox, of what came since the mailbox was read from the store.
 */
struct mail_share {
    uint8_t serial[MAIL_SERIAL];
    uint32_t items;
    uint64_t bytes;
};

struct mail_revoked {
    uint64_t number; /* its serial */
    uint8_t key_id;
};

struct mail_session;

struct mail_box {
    struct table_node node;
    struct mail_box *newer, *older; /* by use */
    uint8_t id[MAIL_ID];
    struct mail_session *subscriber;
    uint64_t call;    /* the last send that looked at it */
    uint64_t charged; /* the last commit that it was charged for */
    uint64_t batch;   /* the last batch that met it */
    uint64_t written; /* the last batch with something that its subscriber is to see */
    bool loaded;
    bool rests; /* it has a subscriber, is not loaded, and stands in no list */
    bool gone;  /* loaded, and its device is signed off: it takes everything and keeps nothing */
    bool ahead; /* loaded, and its device knows positions that this run didn't give: those that
                 * follow are not counted, and nothing is delivered before it is on the disk */
    /* From here on only if loaded. */
    uint64_t floor;  /* acknowledged up to here */
    uint64_t tail;   /* the last position in use */
    uint64_t start;  /* its positions of this run are above */
    uint64_t gap_at; /* of the newest gap; 0: none */
    uint32_t gaps;
    uint8_t key[MAIL_PUBLIC];  /* that its items are sealed to */
    struct mail_chain *chain;  /* that its items are sealed by; NULL: none yet */
    uint32_t indexed;          /* the week under which it stands in EXPIRY; 0: none */
    struct mail_place *places; /* from first, count of them */
    size_t first, count, cap;
    uint64_t bytes;
    struct mail_share *shares;
    size_t share_count, share_cap;
    struct mail_revoked *revoked;
    size_t revoked_count, revoked_cap;
    bool packages_loaded;
    uint64_t package_first, package_end; /* numbers in use: first <= n < end */
};

/* A session that proved a device. */
struct mail_session {
    struct table_node node;
    uint64_t id;
    uint8_t account[MAIL_ID];
    uint8_t mailbox[MAIL_ID];
    struct mail_box *box; /* subscribed to; NULL: not */
    uint64_t next;        /* the first position not yet delivered */
    uint64_t told_gap;    /* the gap that a caught_up of its own position told of */
    bool behind;          /* items wait in the store; live ones must not overtake them */
    bool waiting;         /* for mail_drained */
    bool held;            /* for mail_resume */
    bool told;            /* caught_up was sent */
    bool ready;           /* in the list of those to serve */
    struct mail_session *ready_next;
    struct mail_session *doomed_next; /* while many are dropped */
    uint32_t used_items, used_bytes;  /* of the window */
};

/* ---- What follows from the batch once it is durable ---- */

enum mail_effect_kind {
    MAIL_NOTHING,
    MAIL_REPLY,
    MAIL_PROVED,
    MAIL_SUBSCRIBED,
    MAIL_DELIVER,
    MAIL_GAP,
    MAIL_ACK,
    MAIL_GONE
};

struct mail_effect {
    enum mail_effect_kind kind;
    uint16_t type;
    bool ends, device;
    uint32_t request;
    uint64_t session;
    size_t at, n;         /* REPLY: the body, in mail.out */
    struct mail_box *box; /* DELIVER, GAP, SUBSCRIBED */
    uint32_t waits;       /* REPLY: for acks of so many live items (live.c); 0: for the commit */
    uint64_t position;    /* DELIVER, GAP: its own; SUBSCRIBED: the first one wanted */
    size_t op;            /* DELIVER: the batch's operation that holds the item */
    uint8_t account[MAIL_ID], mailbox[MAIL_ID]; /* PROVED; the mailbox also for GONE */
};

/* ---- Delivered before it is on the disk (live.c) ---- */

struct mail_live {
    struct mail_box *box; /* NULL: acknowledged, or in the batch by now */
    size_t at, n;         /* its row, in mail.live_bytes */
    uint32_t effect;      /* the answer to its sender, plus one; 0: one that waits for the commit */
};

/* Bytes, at most, of the body of an error or a caught_up, which need no memory. */
enum { MAIL_NOTICE = 16 };

/* ---- Counts of one day (days.c) ---- Bytes and the rest have a table each. */

enum { MAIL_JOINS = 16 }; /* of one account in a day */
enum { MAIL_DAYS = 8192, MAIL_DAYS_WAYS = 4 };
struct mail_day {
    uint64_t tag;
    uint64_t count;
};
enum mail_day_kind {
    MAIL_DAY_ADDRESS,  /* key packages that a bearer of one address took */
    MAIL_DAY_PACKAGES, /* that all bearers together took */
    MAIL_DAY_ORDERS,   /* new orders with a Welcome for it; if they have none, with a copy */
    MAIL_DAY_UPLOADS,  /* bytes of blobs that it vouched for */
    MAIL_DAY_JOINS     /* devices that came to an account */
};

/* How far the sweep of a kind is. Notes below `from` are gone, but a scan would still have to pass
 * where they stood. */
struct mail_sweep {
    uint32_t week;
    uint64_t from;
};

/* Numbers on the disk. */
enum mail_expiry {
    MAIL_EXPIRY_BOX,
    MAIL_EXPIRY_ORDER,
    MAIL_EXPIRY_BLOB,
    MAIL_EXPIRY_TOMBSTONE,
    MAIL_EXPIRY_CARD,
    MAIL_EXPIRY_INVITE,
    MAIL_EXPIRY_CARRIED,
    MAIL_EXPIRY_NOTICE,
    MAIL_EXPIRY_PRESERVED,
    MAIL_EXPIRY_MEANT,
    MAIL_EXPIRY_KINDS
};

/* ---- Links of two devices: in memory only, for a minute ---- */

enum { MAIL_LINKS = 256 };
struct mail_link {
    uint8_t id[MAIL_ID];
    uint64_t until;            /* 0: free */
    uint64_t session[2];       /* of each side; 0: nobody yet */
    buf frame[2];              /* for each side: what it gets next */
    uint64_t came[2], left[2]; /* the batches in which; left 0: it did not */
};

/* ---- What is counted for the whole store ---- */

/* Items of one run of the server have positions that share the bits above these. The run is on the
 * disk before any position of it is given, so none ever names two items, though what was delivered
 * need not have been written. Where in a run a mailbox begins follows from its id and a key that
 * the run alone has, so that no position on the disk counts items or compares two mailboxes.
 * Positions of older stores, with fewer and larger runs or none, lie below the first. */
enum { MAIL_RUN_SHIFT = 32, MAIL_RUN_FIRST = 1 << 22 };
/* What a restored store passes over: more starts than there can be since it was copied. Its run is
 * no less than the seconds since 2026, either: a copy that is restored again is restored later. */
enum { MAIL_RUNS_RESTORED = 4096 };

enum mail_total_kind {
    MAIL_TOTAL_BLOBS,
    MAIL_TOTAL_ORDERS,
    MAIL_TOTAL_CARDS,
    MAIL_TOTAL_WEEK, /* no sum: the last week in which the server ran */
    MAIL_TOTAL_RUN,  /* no sum either */
    MAIL_TOTALS
};
struct mail_total {
    uint64_t value;
    bool loaded, changed;
};

/* ---- Work that strangers did ---- */

enum { MAIL_WORK_USED = 32768, MAIL_WORK_SESSIONS = 4096 };
struct mail_work {
    uint8_t key[32]; /* of the challenges; a fresh one each hour, or when half of used is full */
    uint64_t hour;   /* in which it was made */
    uint64_t *used;  /* a set of what was taken since, MAIL_WORK_USED places; 0: free */
    uint32_t used_count;
    uint64_t recent;           /* look-ups of this hour, and half of those before */
    struct mail_day *sessions; /* how many look-ups each had in this hour */
};

struct mail_chain;

struct mail {
    const struct mem *mem;
    struct store *store;
    struct store_batch *batch;
    struct mail_config config;
    err broken; /* the batch under construction must not be committed */
    uint64_t now;
    uint32_t week;          /* of now */
    uint64_t call, batches; /* so many so far, the present ones included */

    struct table boxes, sessions;
    struct mail_box *newest, *oldest;
    size_t cached;
    struct mail_chain *chain_newest, *chain_oldest; /* by use; the unused are the oldest */
    struct mail_session *ready, **ready_end;

    /* Positions are a run of the server and a number in it: MAIL_RUN_SHIFT. */
    uint64_t run, given; /* this one; how many any mailbox was given in it, at most */
    bool run_begun;      /* it is on the disk */
    uint8_t run_key[32]; /* where mailboxes begin in it */

    struct mail_live *live;
    size_t live_count, live_cap, live_open; /* open: neither acknowledged nor in the batch */
    buf live_bytes;

    struct mail_effect *effects;
    size_t effect_count, effect_cap;
    buf out;             /* bodies of replies */
    size_t reply_at;     /* where the one being written starts */
    buf value, scratch;  /* a stored value in work; a second one, with room for a MAIL_NOTICE */
    buf row;             /* of held_<row>_put */
    buf parcel, sealed;  /* what is being delivered; the same for one mailbox */
    uint32_t item_bytes; /* of the item in it */

    struct mail_total totals[MAIL_TOTALS];
    struct mail_day *days;
    uint64_t day;
    struct mail_work work;
    struct fan *fan; /* of the request at hand; NULL before the first */
    struct mail_link links[MAIL_LINKS];
    buf paper;              /* what the operator hands in, so far */
    uint64_t server_number; /* another at each start */
    struct mail_sweep sweeps[MAIL_EXPIRY_KINDS];
    struct mail_counts counts;
    uint64_t doubt;        /* until then nothing expires */
    uint64_t doubted_week; /* and it is not earlier than that */
};

/* ---- Calls ---- */

struct mail_call {
    uint64_t session_id;
    struct mail_session *session; /* of a device; NULL otherwise */
    uint32_t request;
    slice proof, body;
};

struct mail_handler {
    uint16_t type;
    err (*handle)(struct mail *m, struct mail_call *call);
};

/* It is now. */
void mail_clock(struct mail *m);

/* Writing an answer: open, write the body, close. */
writer mail_reply_open(struct mail *m);
MUST err mail_reply_close(struct mail *m, const struct mail_call *call, uint16_t type, writer *w);
MUST err mail_reply_ok(struct mail *m, const struct mail_call *call);
/* An answer too. */
MUST err mail_refuse(struct mail *m, const struct mail_call *call, enum proto_reason reason);
MUST err mail_effect_add(struct mail *m, const struct mail_effect *effect);
/* A run far above all that the store's future may have had; into the batch. now: wall clock. */
MUST err mail_run_skip(struct store *store, struct store_batch *batch, uint64_t now, uint64_t *run);
/* Emits an answer before the commit. */
void mail_effect_now(struct mail *m, struct mail_effect *reply);
/* A total, with what this batch added. */
MUST err mail_total_get(struct mail *m, enum mail_total_kind kind, uint64_t *value);
/* After mail_total_get. */
void mail_total_set(struct mail *m, enum mail_total_kind kind, uint64_t value);
/* True if it is DAMAGED, which is reported. */
bool mail_is_damaged(struct mail *m, err e);
/* What a failure of ours is called on the wire: DISK or BUSY. */
uint16_t mail_reason_of(err why);

/* ---- account.c ---- */
struct mail_account {
    uint8_t id[MAIL_ID];
    struct held_account row; /* borrows from mail.value */
};
/* The base point's encoding: a key that is well formed and whose owner can't prove anything here.
 */
extern const uint8_t mail_nobody[MAIL_PUBLIC];
bool mail_account_proved(const struct mail_call *call, const uint8_t key[MAIL_PUBLIC],
                         const char *label, const uint8_t proof[64]);
/* The list's signature covers all before it. */
bool mail_account_list_signed(const struct proto_device_list *list, slice encoded);
MUST err mail_account_id(const uint8_t identity[MAIL_PUBLIC], uint8_t id[MAIL_ID]);
/* NOT_FOUND. */
MUST err mail_account_get(struct mail *m, const uint8_t id[MAIL_ID], struct mail_account *a);
MUST err mail_account_put(struct mail *m, const struct mail_account *a);
/* All that can be said of an account; `beside` is good until mail.value is used. NOT_FOUND. */
MUST err mail_record(struct mail *m, const uint8_t account[MAIL_ID], struct proto_record *record);
/* NOT_FOUND. */
MUST err mail_device_get(struct mail *m, const uint8_t account[MAIL_ID],
                         const uint8_t device[MAIL_ID], struct held_device *d);
MUST err mail_device_put(struct mail *m, const uint8_t account[MAIL_ID],
                         const uint8_t device[MAIL_ID], const struct held_device *d);
/* Its row alone. */
MUST err mail_device_forget(struct mail *m, const uint8_t account[MAIL_ID],
                            const uint8_t device[MAIL_ID]);
/* Reads all that deleting the account's devices will read. */
MUST err mail_devices_look(struct mail *m, const struct mail_account *a);
/* With its mailbox, what is in it, and its key packages. */
MUST err mail_device_delete(struct mail *m, const uint8_t account[MAIL_ID],
                            const uint8_t device[MAIL_ID]);
/* The session is the device's from the commit on. */
MUST err mail_account_welcome(struct mail *m, const struct mail_call *call,
                              const uint8_t account[MAIL_ID], const struct held_device *d);

/* ---- invites.c ---- */
/* It is gone with the batch. NOT_FOUND, also if it has expired. */
MUST err mail_invite_use(struct mail *m, const uint8_t code[16]);

/* ---- send.c ---- */
void mail_fan_fini(struct mail *m);
/* For mail_rolled_back. */
MUST err mail_orders_reopen(struct store *store, struct store_batch *batch);

/* ---- carried.c ---- */
/* Of the order with this id; borrows from mail.value. NOT_FOUND: it was not carried out. */
MUST err mail_carried_get(struct mail *m, slice id, struct held_carried *row);
/* It is carried out. */
MUST err mail_carried_put(struct mail *m, slice id, const struct held_carried *row);

/* ---- desk.c ---- */
/* What clients are told of the desk from now on. */
MUST err mail_desk_put(struct mail *m, const struct held_desk *row);

/* ---- notices.c ---- */
/* Puts a notice (an encoded part `notice`) into the mailbox of each device of the account, full or
 * not, and keeps it there until the device fetched it. NOT_FOUND: there is no such account. */
MUST err mail_notice_put(struct mail *m, const uint8_t account[MAIL_ID], slice notice);
/* The item at this position expires. *again: it is a notice, and is there anew, above all others.
 */
MUST err mail_notice_again(struct mail *m, struct mail_box *box, uint64_t position, bool *again);
/* ---- cards.c ---- */
/* What a look-up answers: the card, or one that is made up. */
MUST err mail_card_look(struct mail *m, const uint8_t place[32], uint8_t card[PROTO_CARD]);

/* ---- preserved.c ---- */
struct mail_preserved {
    uint64_t until;
    uint32_t week;              /* in which the record was */
    bool exists;                /* the account did */
    struct proto_record record; /* without what is beside it */
};
/* Keeps the record as it is now, until then. What is kept already of this account and case stays as
 * it is, as long as the later of both ends. */
MUST err mail_preserved_put(struct mail *m, const uint8_t account[MAIL_ID], slice case_id,
                            uint64_t until);
/* NOT_FOUND, also after its end. */
MUST err mail_preserved_get(struct mail *m, const uint8_t account[MAIL_ID], slice case_id,
                            struct mail_preserved *p);

/* ---- meant.c ---- */
/* *other: an order of this case was carried out, and meant another account, or nobody. */
MUST err mail_meant_check(struct mail *m, slice case_id, const uint8_t account[MAIL_ID],
                          bool *other);
/* An order of the case was: the first says whom the case means (NULL: nobody), each keeps that for
 * another 52 weeks. */
MUST err mail_meant_put(struct mail *m, slice case_id, const uint8_t *account);

/* ---- live.c ---- */
/* True if the next item of this mailbox may be delivered at once. */
bool mail_live_fits(const struct mail *m, const struct mail_box *box);
/* Delivers it, and keeps its row. */
MUST err mail_live_add(struct mail *m, struct mail_box *box, struct mail_place *place,
                       const struct held_item *row);
/* The newest effect answers all that were added since there were `first`, and nothing else was
 * written for it. */
void mail_live_answer(struct mail *m, size_t first);
/* A place's number: its recipient has it, or it is gone. */
void mail_live_acked(struct mail *m, uint32_t number);
/* Into the batch with those of one mailbox; of all. */
MUST err mail_live_write_box(struct mail *m, struct mail_box *box);
MUST err mail_live_write(struct mail *m);
void mail_live_clear(struct mail *m);
void mail_live_fini(struct mail *m);

/* ---- linking.c ---- */
/* The batch failed: no frame came or left with it. */
void mail_links_forget(struct mail *m);
/* Those whose minute is over go. */
void mail_links_expire(struct mail *m);
void mail_links_fini(struct mail *m);

/* ---- key_packages.c ---- */
/* Finds which numbers are in use. */
MUST err mail_key_packages_load(struct mail *m, struct mail_box *box);
/* All of a mailbox. */
MUST err mail_key_packages_delete(struct mail *m, struct mail_box *box);
/* Adds their number and size. */
MUST err mail_key_packages_measure(struct mail *m, struct mail_box *box,
                                   struct proto_held_kind *kind);

/* ---- addresses.c ---- */
/* ERR_DENIED if it is none of ours. */
MUST err mail_address_open(const struct mail *m, const uint8_t address[PROTO_ADDRESS],
                           uint8_t mailbox[MAIL_ID], uint8_t serial[MAIL_SERIAL]);

/* ---- boxes.c ---- */
/* Loaded, and good until the batch ends. */
MUST err mail_box_get(struct mail *m, const uint8_t id[MAIL_ID], struct mail_box **box);
/* A new mailbox, and the key that its items are sealed to. */
MUST err mail_box_begin(struct mail *m, const uint8_t id[MAIL_ID], const uint8_t key[MAIL_PUBLIC]);
/* Another key, from now on. */
MUST err mail_box_rekey(struct mail *m, struct mail_box *box, const uint8_t key[MAIL_PUBLIC]);
/* It and all that is in it. */
MUST err mail_box_delete(struct mail *m, struct mail_box *box);
/* Puts the item that mail_item_prepare made into the mailbox. ERR_FULL: a gap was counted instead.
 */
MUST err mail_item_prepare(struct mail *m, slice mark, slice item);
/* *live: it may be delivered before it is written; afterwards, that it was. */
MUST err mail_box_append(struct mail *m, struct mail_box *box, const uint8_t serial[MAIL_SERIAL],
                         bool *live);
/* Now or never, once in a request: to who is subscribed and has all before. Nothing is written. */
MUST err mail_box_pass(struct mail *m, const uint8_t id[MAIL_ID],
                       const uint8_t serial[MAIL_SERIAL]);
/* Writes an item at its place. */
MUST err mail_box_write(struct mail *m, struct mail_box *box, const struct mail_place *place,
                        const struct held_item *row);
/* The same for an item of the server's own, which has room in any case: by the serial 0, which no
 * address has. Not if the mailbox is gone. */
MUST err mail_box_append_own(struct mail *m, struct mail_box *box, uint64_t *position);
MUST err mail_box_ack(struct mail *m, struct mail_box *box, uint64_t up_to);
/* Gives the gaps a position above every item. */
MUST err mail_box_raise_gap(struct mail *m, struct mail_box *box);
/* Lets positions go on above this one. */
MUST err mail_box_raise_tail(struct mail *m, struct mail_box *box, uint64_t position);
MUST err mail_box_expire(struct mail *m, struct mail_box *box);
/* The batch failed: what it met is read again from the store. */
void mail_boxes_forget(struct mail *m);
void mail_boxes_trim(struct mail *m);
/* It has no subscriber any more. */
void mail_box_left(struct mail *m, struct mail_box *box);
void mail_boxes_fini(struct mail *m);

/* ---- reseal.c ---- */
MUST err mail_chains_init(struct mail *m);
/* Ends every chain and wipes their memory. */
void mail_chains_fini(struct mail *m);
/* Fills in all but the week; row->sealed is good until the next call. plain may be anything. */
MUST err mail_reseal(struct mail *m, struct mail_box *box, slice plain, struct held_item *row);
/* The next item begins another chain. */
void mail_chain_end(struct mail *m, struct mail_box *box);

/* ---- days.c ---- */
/* The counts of a day that is over go. */
void mail_days_expire(struct mail *m);
/* Adds `amount`, if today's count stays within `most`. serial: NULL, or of an address. */
bool mail_day_take(struct mail *m, enum mail_day_kind kind, const uint8_t mailbox[MAIL_ID],
                   const uint8_t *serial, uint64_t amount, uint64_t most);
struct mail_day_most {
    uint64_t address, mailbox;
};
/* The same for what came by an address: it has its own share, and one that is revoked or whose
 * mailbox is gone spends no other's. Whoever bears it can't tell. */
bool mail_day_take_by(struct mail *m, enum mail_day_kind kind, const struct mail_box *box,
                      const uint8_t serial[MAIL_SERIAL], uint64_t amount,
                      const struct mail_day_most *most);

/* ---- revoked.c ---- */
MUST err mail_revoked_load(struct mail *m, struct mail_box *box);
bool mail_revoked(const struct mail_box *box, const uint8_t serial[MAIL_SERIAL]);
/* Forgets those whose address key is gone; commits. Before any mailbox is in memory. */
MUST err mail_revoked_purge(struct mail *m);
/* All of them. */
MUST err mail_revoked_delete(struct mail *m, struct mail_box *box);

/* ---- rosters.c ---- `order`: its name in the store. */
/* Appends the addresses. LATE if no roster is stored that these fields open. */
MUST err mail_roster_open(struct mail *m, const uint8_t group[32], slice order,
                          const struct proto_roster *roster, buf *addresses);
/* Appends the sealed roster that a blob holds, if it opens and has this hash. NOT_FOUND, CRYPTO. */
MUST err mail_roster_check(struct mail *m, const uint8_t group[32], const uint8_t hash[32],
                           const struct proto_roster_new *roster, buf *sealed);
/* In place of the one before; empty: none is stored any more. */
MUST err mail_roster_put(struct mail *m, slice order, slice sealed);

/* ---- blobs.c ---- */
/* Appends the whole. NOT_FOUND, also if a part is missing; TOO_LARGE for more than a roster. */
MUST err mail_blob_read(struct mail *m, slice id, buf *content);
MUST err mail_blob_delete(struct mail *m, slice id);

/* ---- subscribers.c ---- */
struct mail_session *mail_session_find(const struct mail *m, uint64_t id);
MUST err mail_session_add(struct mail *m, const struct mail_effect *proved);
void mail_session_drop(struct mail *m, struct mail_session *s);
/* What an effect means for subscribers, once it is durable. */
void mail_subscriber_start(struct mail *m, const struct mail_effect *effect);
void mail_subscriber_deliver(struct mail *m, const struct mail_effect *effect);
/* Its subscriber has all that came before, and there is room on the way. */
bool mail_subscriber_is_current(const struct mail *m, const struct mail_box *box);
/* A stored item, at once. */
MUST err mail_subscriber_give(struct mail *m, struct mail_session *s, uint64_t position,
                              slice stored);
void mail_subscriber_gap(struct mail *m, const struct mail_effect *effect);
/* The same for an ack that did not become durable. */
void mail_subscriber_unacked(struct mail *m, const struct mail_effect *effect);
/* Ends the sessions of a device that is signed off. */
void mail_sessions_gone(struct mail *m, const struct mail_effect *effect);
/* Serves some of those that are ready, a window each. */
void mail_subscribers_serve(struct mail *m);
void mail_subscriber_ready(struct mail *m, struct mail_session *s);
/* What comes next for it is in the store. */
void mail_subscriber_behind(struct mail *m, struct mail_session *s);

/* ---- expiry.c ---- */
/* Notes that `what` should be looked at when this week's things expire. */
MUST err mail_expiry_note(struct mail *m, enum mail_expiry kind, slice what);
/* The same under a later week: that of its end, for a kind that lasts no longer. */
MUST err mail_expiry_note_at(struct mail *m, enum mail_expiry kind, uint32_t week, slice what);
/* Takes the note of that week back. */
MUST err mail_expiry_forget(struct mail *m, enum mail_expiry kind, uint32_t week, slice what);
/* Whether what is of this week is over. */
bool mail_expired(const struct mail *m, enum mail_expiry kind, uint32_t week);
/* The others' part of the sweep. */
MUST err mail_order_expire(struct mail *m, slice name);
MUST err mail_blob_expire(struct mail *m, slice id);
MUST err mail_tombstone_expire(struct mail *m, slice name);
MUST err mail_invite_expire(struct mail *m, slice hash);
MUST err mail_carried_expire(struct mail *m, slice name);
MUST err mail_notice_expire(struct mail *m, slice name);
MUST err mail_preserved_expire(struct mail *m, slice name);
MUST err mail_meant_expire(struct mail *m, slice name);
MUST err mail_card_expire(struct mail *m, slice note);

/* ---- work.c ---- */
MUST err mail_work_init(struct mail *m);
void mail_work_fini(struct mail *m);
enum mail_work_price { MAIL_WORK_FIND, MAIL_WORK_CLAIM };
/* Checks and takes the work that a message brings; good: it was enough. Makes the next dearer. */
MUST err mail_work_take(struct mail *m, const struct mail_call *call, uint16_t type,
                        enum mail_work_price price, const uint8_t place[32], uint64_t nonce,
                        bool *good);
/* Whether this is the session's challenge now. */
bool mail_work_is_challenge(struct mail *m, const struct mail_call *call,
                            const uint8_t challenge[16]);

/* ---- The handlers ---- */
extern const struct mail_handler mail_handle_register, mail_handle_login, mail_handle_subscribe,
    mail_handle_ack, mail_handle_address_make, mail_handle_address_revoke, mail_handle_roster_send,
    mail_handle_key_package_drop, mail_handle_key_package_put, mail_handle_last_resort_put,
    mail_handle_key_package_count, mail_handle_record_get, mail_handle_mailbox_key_put,
    mail_handle_send, mail_handle_commit, mail_handle_key_package_take, mail_handle_blob_put,
    mail_handle_blob_get, mail_handle_blob_ask, mail_handle_work_get, mail_handle_card_get,
    mail_handle_card_put, mail_handle_card_drop, mail_handle_device_list_put,
    mail_handle_device_join, mail_handle_device_list_get, mail_handle_link_put,
    mail_handle_link_get, mail_handle_invite_make, mail_handle_order_written,
    mail_handle_account_delete, mail_handle_desk_get, mail_handle_send_now;

#endif
