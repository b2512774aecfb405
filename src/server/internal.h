/* What the files of the mail logic share. Nobody outside includes this.
 *
 * A handler checks and reads everything first and writes afterwards, memory included; an error that
 * it returns (not a refusal, which is an answer) breaks the whole batch, since memory and batch
 * would no longer agree. But DAMAGED before the first write is its own trouble alone. */
#ifndef SOTTO_SERVER_INTERNAL_H
#define SOTTO_SERVER_INTERNAL_H

#include "crypto/crypto.h"
#include "server/mail.h"
#include "server/table.h"

/* ---- The store's tables ---- Numbers on the disk: never reuse one.
 *
 *   table          name                     number      value
 *   META           "blobs", "orders"        0           u64: bytes of all blobs, number of orders
 *   ACCOUNT        account id               0           created, seen (weeks), device list
 *   DEVICE         account id, device id    0           its key, its mailbox id
 *   MAILBOX        mailbox id               0           floor, place of the gap, gaps, key
 *   ITEM           mailbox id               position    week, chain, count, sealed parcel
 *   KEY_PACKAGE    mailbox id               1, 2, ...   key package
 *   LAST_RESORT    mailbox id               0           key package
 *   ORDER          keyed hash of group id   0           hash of the token, week
 *   BLOB           blob id                  0           week, chunks, bytes so far
 *                                           1 + chunk   the chunk
 *   INVITE         hash of the code         0           a zero byte
 *   EXPIRY         kind, week               its hash    what to look at when that week is over */
enum mail_table {
    MAIL_META = 1,
    MAIL_ACCOUNT,
    MAIL_DEVICE,
    MAIL_MAILBOX,
    MAIL_ITEM,
    MAIL_KEY_PACKAGE,
    MAIL_LAST_RESORT,
    MAIL_ORDER,
    MAIL_BLOB,
    MAIL_INVITE,
    MAIL_EXPIRY
};

static inline struct store_key mail_key(enum mail_table table, slice name, uint64_t number) {
    return (struct store_key){(uint8_t)table, name, number};
}

enum { MAIL_ID = 16, MAIL_SERIAL = 8, MAIL_KEY = 32 };
/* What an entry of a blob (its head with its note, or a chunk) takes beside the chunk's bytes. */
enum { MAIL_BLOB_ENTRY = 256 };

/* ---- What memory knows of a mailbox ---- */

struct mail_place {
    uint64_t position;
    uint8_t serial[MAIL_SERIAL]; /* zeros: read from the store, where it is sealed */
    uint32_t bytes, week;
};

/* How much one address has in the mailbox, of what came since the mailbox was read from the store.
 */
struct mail_share {
    uint8_t serial[MAIL_SERIAL];
    uint32_t items;
    uint64_t bytes;
};

struct mail_session;

struct mail_box {
    struct table_node node;
    struct mail_box *newer, *older; /* by use */
    uint8_t id[MAIL_ID];
    struct mail_session *subscriber;
    uint64_t call;  /* the last send that looked at it */
    uint64_t batch; /* the last batch that met it */
    bool loaded;
    /* From here on only if loaded. */
    uint64_t floor;  /* acknowledged up to here */
    uint64_t tail;   /* the last position in use */
    uint64_t gap_at; /* of the newest gap; 0: none */
    uint32_t gaps;
    uint8_t key[MAIL_KEY];     /* zeros: there is no such mailbox */
    struct mail_chain *chain;  /* that its items are sealed by; NULL: none yet */
    uint32_t indexed;          /* the week under which it stands in EXPIRY; 0: none */
    struct mail_place *places; /* from first, count of them */
    size_t first, count, cap;
    uint64_t bytes;
    struct mail_share *shares;
    size_t share_count, share_cap;
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
    MAIL_GAP
};

struct mail_effect {
    enum mail_effect_kind kind;
    uint16_t type;
    bool ends, device;
    uint32_t request;
    uint64_t session;
    size_t at, n;         /* REPLY: the body, in mail.out */
    struct mail_box *box; /* DELIVER, GAP, SUBSCRIBED */
    uint64_t position;    /* DELIVER, GAP: its own; SUBSCRIBED: the first one wanted */
    size_t op;            /* DELIVER: the batch's operation that holds the item */
    uint8_t account[MAIL_ID], mailbox[MAIL_ID]; /* PROVED */
};

/* Bytes, at most, of the body of an error or a caught_up, which need no memory. */
enum { MAIL_NOTICE = 16 };

/* ---- Counts of key packages taken, for one day ---- */

enum { MAIL_TAKES = 8192, MAIL_TAKES_WAYS = 4 };
struct mail_take {
    uint64_t tag;
    uint32_t count;
};

/* How far the sweep of a kind is. Notes below `from` are gone, but a scan would still have to pass
 * where they stood. */
struct mail_sweep {
    uint32_t week;
    uint64_t from;
};

enum mail_expiry { MAIL_EXPIRY_BOX, MAIL_EXPIRY_ORDER, MAIL_EXPIRY_BLOB, MAIL_EXPIRY_KINDS };

/* ---- What is counted for the whole store ---- */

enum mail_total_kind { MAIL_TOTAL_BLOBS, MAIL_TOTAL_ORDERS, MAIL_TOTALS };
struct mail_total {
    uint64_t value;
    bool loaded, changed;
};

struct mail_chain;

struct mail {
    const struct mem *mem;
    struct store *store;
    struct store_batch *batch;
    struct mail_config config;
    err broken; /* the batch under construction must not be committed */
    uint32_t week;
    uint64_t call, batches; /* so many so far, the present ones included */

    struct table boxes, sessions;
    struct mail_box *newest, *oldest;
    size_t cached;
    struct mail_chain *chain_newest, *chain_oldest; /* by use; the unused are the oldest */
    struct mail_session *ready, **ready_end;

    struct mail_effect *effects;
    size_t effect_count, effect_cap;
    buf out;             /* bodies of replies */
    size_t reply_at;     /* where the one being written starts */
    buf value, scratch;  /* a stored value in work; a second one, with room for a MAIL_NOTICE */
    uint32_t item_bytes; /* of the item that was prepared */

    struct mail_total totals[MAIL_TOTALS];
    struct mail_take *takes;
    uint64_t takes_day;
    struct mail_sweep sweeps[MAIL_EXPIRY_KINDS];
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

/* Writing an answer: open, write the body, close. */
writer mail_reply_open(struct mail *m);
MUST err mail_reply_close(struct mail *m, const struct mail_call *call, uint16_t type, writer *w);
MUST err mail_reply_ok(struct mail *m, const struct mail_call *call);
/* An answer too. */
MUST err mail_refuse(struct mail *m, const struct mail_call *call, enum proto_reason reason);
MUST err mail_effect_add(struct mail *m, const struct mail_effect *effect);
/* A total, with what this batch added. */
MUST err mail_total_get(struct mail *m, enum mail_total_kind kind, uint64_t *value);
/* After mail_total_get. */
void mail_total_set(struct mail *m, enum mail_total_kind kind, uint64_t value);
/* True if it is DAMAGED, which is reported. */
bool mail_is_damaged(struct mail *m, err e);
/* What a failure of ours is called on the wire: DISK or BUSY. */
uint16_t mail_reason_of(err why);

/* ---- addresses.c ---- */
/* ERR_DENIED if it is none of ours. */
MUST err mail_address_open(const struct mail *m, const uint8_t address[PROTO_ADDRESS],
                           uint8_t mailbox[MAIL_ID], uint8_t serial[MAIL_SERIAL]);

/* ---- boxes.c ---- */
/* Loaded, and good until the batch ends. */
MUST err mail_box_get(struct mail *m, const uint8_t id[MAIL_ID], struct mail_box **box);
/* A new mailbox, and the key that its items are sealed to. */
MUST err mail_box_begin(struct mail *m, const uint8_t id[MAIL_ID], const uint8_t key[MAIL_KEY]);
/* Another key: from now on. */
MUST err mail_box_rekey(struct mail *m, struct mail_box *box, const uint8_t key[MAIL_KEY]);
/* Puts the item that mail_item_prepare made into the mailbox. ERR_FULL: a gap was counted instead.
 * ERR_NOT_FOUND: there is no such mailbox, or no item can be sealed to its key. */
MUST err mail_item_prepare(struct mail *m, slice mark, slice item);
MUST err mail_box_append(struct mail *m, struct mail_box *box, const uint8_t serial[MAIL_SERIAL]);
MUST err mail_box_ack(struct mail *m, struct mail_box *box, uint64_t up_to);
/* Gives the gaps a position above every item. */
MUST err mail_box_raise_gap(struct mail *m, struct mail_box *box);
/* Lets positions go on above this one. */
MUST err mail_box_raise_tail(struct mail *m, struct mail_box *box, uint64_t position);
MUST err mail_box_expire(struct mail *m, struct mail_box *box);
/* The batch failed: what it met is read again from the store. */
void mail_boxes_forget(struct mail *m);
void mail_boxes_trim(struct mail *m);
void mail_boxes_fini(struct mail *m);

/* ---- reseal.c ---- */
MUST err mail_chains_init(struct mail *m);
/* Ends every chain and wipes their memory. */
void mail_chains_fini(struct mail *m);
/* Appends chain, count and opaque sealed<V>: all of a stored item but the week. plain may be
 * anything that fits. CRYPTO if the mailbox's key is none. */
MUST err mail_reseal(struct mail *m, struct mail_box *box, slice plain, writer *w);
/* The next item begins another chain. */
void mail_chain_end(struct mail *m, struct mail_box *box);

/* ---- subscribers.c ---- */
struct mail_session *mail_session_find(const struct mail *m, uint64_t id);
MUST err mail_session_add(struct mail *m, const struct mail_effect *proved);
void mail_session_drop(struct mail *m, struct mail_session *s);
/* What an effect means for subscribers, once it is durable. */
void mail_subscriber_start(struct mail *m, const struct mail_effect *effect);
void mail_subscriber_deliver(struct mail *m, const struct mail_effect *effect);
void mail_subscriber_gap(struct mail *m, const struct mail_effect *effect);
/* Serves some of those that are ready, a window each. */
void mail_subscribers_serve(struct mail *m);
void mail_subscriber_ready(struct mail *m, struct mail_session *s);
/* What comes next for it is in the store. */
void mail_subscriber_behind(struct mail *m, struct mail_session *s);

/* ---- expiry.c ---- */
/* Notes that `what` should be looked at when this week's things expire. */
MUST err mail_expiry_note(struct mail *m, enum mail_expiry kind, slice what);
/* Takes the note of that week back. */
MUST err mail_expiry_forget(struct mail *m, enum mail_expiry kind, uint32_t week, slice what);
/* The others' part of the sweep. */
MUST err mail_order_expire(struct mail *m, slice name);
MUST err mail_blob_expire(struct mail *m, slice id);

/* ---- The handlers ---- */
extern const struct mail_handler mail_handle_register, mail_handle_login, mail_handle_subscribe,
    mail_handle_ack, mail_handle_address_make, mail_handle_key_package_put,
    mail_handle_last_resort_put, mail_handle_key_package_count, mail_handle_record_get,
    mail_handle_mailbox_key_put, mail_handle_send, mail_handle_commit, mail_handle_key_package_take,
    mail_handle_blob_put, mail_handle_blob_get, mail_handle_invite_make;

#endif
