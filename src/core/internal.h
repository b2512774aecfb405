/* What the files of core/ share. Nobody outside includes this.
 *
 * How a change happens. Whatever alters what is known is a transaction: core_txn_begin, changes to
 * the objects in memory together with writes to core->batch, core_txn_end. That commits the batch;
 * if anything failed, it forgets the actions queued since core_txn_begin, closes all sessions, and
 * reads everything again from the store, as after a crash. So memory is never ahead of the disk,
 * and there is one way back, which tests take often.
 *
 * Network work is not part of a transaction: an answer starts one. Objects that outlive a
 * transaction are found again by their numbers. */
#ifndef SOTTO_CORE_INTERNAL_H
#define SOTTO_CORE_INTERNAL_H

#include "base/time.h"
#include "core/core.h"
#include "core/records.h"
#include "crypto/chain.h"
#include "crypto/crypto.h"
#include "lookup/handle_form.h"
#include "lookup/lookup.h"
#include "noise/noise.h"
#include "sotto/mls.h"

enum {
    FORMAT = 7, /* of the store */
    OUTBOX_MAX = 256,
    CONVERSATIONS_MAX = 4096,
    CONVERSATIONS_UNUSED = 256, /* of these, begun by others and never looked at */
    CONTACTS_MAX = 4096,
    NAMES_MAX = 16384,              /* that we know of accounts; contacts' come in any case */
    LINKS_MAX = 256,                /* that we gave away and are good still */
    REQUESTS_WAITING_MAX = 64,      /* that nobody decided on yet, from one identity each */
    REQUEST_ENTRIES_MAX = 256,      /* of one request's history */
    REQUEST_BYTES_MAX = 512 * 1024, /* of its contents */
    REQUEST_WAITING_MAX = 64,       /* items that wait, of all requests together */
    REQUEST_WAITING_BYTES = 4 * 1024 * 1024, /* of these */
    REQUEST_BLOBS_MAX = 8,                   /* that wait, and came as a request comes */
    REQUEST_BLOB_MAX = 4 * 1024 * 1024,
    REQUESTS_FETCHED_MAX = 16 * 1024 * 1024, /* of such blobs, in a day */
    BLOCKED_MAX = 4096,
    WAITING_MAX = 512,              /* items that wait, all together, but for blobs */
    WAITING_CONVERSATION_MAX = 192, /* of one conversation */
    WAITING_BYTES = 32 * 1024 * 1024,
    WAITING_CONVERSATION_BYTES = 16 * 1024 * 1024,
    EPOCHS_AHEAD = 64,               /* what is of a later epoch than so is not waited for */
    QUARANTINE_MAX = 64,             /* of one conversation */
    BLOB_MAX = 8 * 1024 * 1024,      /* what we upload or fetch */
    FETCHES_MAX = 4,                 /* blobs under way */
    FETCHED_MAX = 256 * 1024 * 1024, /* in a day */
    UPLOADS_MAX = 32,
    DOWNLOADS_MAX = 32,
    FILE_WINDOW = 6,                   /* chunks of one file under way */
    FILE_CHUNK = PROTO_CHUNK_MAX - 40, /* bytes of a file in one chunk */
    RESEND_EPOCHS = 4, /* a message encrypted longer ago than this is encrypted again */
    ATTEMPTS_MAX = 16,
    COMMANDS_MAX = 64, /* under way and not in the outbox */
    ACTIONS_MAX = 4096
};

/* How long an item can live at a server, with room to spare: hashes are kept so long. */
#define SEEN_TIME (15 * TIME_WEEK)
#define KEY_PACKAGE_TIME (26 * TIME_WEEK)
#define LIFETIME_MAX (KEY_PACKAGE_TIME + TIME_DAY) /* of anybody's leaf, RFC 9420 section 7.2 */
#define WAITING_TIME (8 * TIME_WEEK)

enum table {
    TABLE_STATE = 1,    /* "format", "account", "network", "counters", "server", "desk", "clock",
                           "receipts", "typing";
                           "claim", "notice" / number */
    TABLE_CONTACT,      /* "contact", "blocked" / number; account id: the name it calls itself */
    TABLE_CONVERSATION, /* "conversation", "settings", "staged", "draft" / number */
    TABLE_HISTORY,      /* conversation / number in the history */
    TABLE_MESSAGE_ID,   /* group id, message id: it was there before; its number, or 0 */
    TABLE_OUTBOX,       /* "entry", "upload" / command */
    TABLE_BLOB,         /* command / place: the ciphertext of a blob to upload */
    TABLE_SEEN,         /* hash; "log", "welcome" / number */
    TABLE_WAITING,      /* "item" / number */
    TABLE_QUARANTINE,   /* conversation / number */
    TABLE_KEY,          /* "key" / number; ref: that number */
    TABLE_ADDRESS,      /* "address", "given", "link", "revoke" / number */
    TABLE_GROUP,        /* conversation / part of its group */
    TABLE_PROFILE,      /* "own", group id; "said" / conversation; "picture", "image" / number */
    TABLE_DEVICES,      /* account id: its newest device list; group id: history that came early */
    TABLE_REMARK,       /* conversation, message id: what was said about it */
    TABLE_EXPIRY        /* "expiry" / number */
};

struct core;

/* ---- Lists of objects ---- */

struct list {
    void **p;
    size_t n, cap;
};
MUST err core_list_add(struct core *core, struct list *list, void *object);
void core_list_remove(struct list *list, size_t i);

/* ---- Objects ---- */

struct account {
    bool exists;
    buf bytes;
    struct record_account r;
};

struct network {
    buf bytes;
    struct record_network r;
};

struct contact {
    buf bytes;
    struct record_contact r;
};

enum link_state { LINK_OPEN = 0, LINK_USED, LINK_REVOKED };
struct contact_link {
    buf bytes;
    struct record_contact_link r;
    bool known; /* r.serial is */
};

struct blocked {
    buf bytes;
    struct record_blocked r;
};

struct picture {
    buf bytes;
    struct record_picture r;
};

struct revocation {
    buf bytes;
    struct record_revocation r;
    bool in_flight;
};

struct conversation {
    buf bytes;
    struct record_conversation r;
    struct mls_group *group; /* NULL: not loaded */
    uint64_t commit_at;      /* when to commit the proposals of others; 0: not */
    uint64_t probe_at;       /* when to ask the server whether this epoch is the last; 0: not */
    uint64_t probed;         /* when that was done last */
    uint64_t devices_at;     /* when to look at its members' devices, if it is marked */
    uint64_t read_at;        /* when to tell other own devices what was read, if they are to hear */
    uint64_t replaced_until; /* each leaf that we replace fills so much time more */
    struct record_settings settings;
    struct record_kept kept;
    uint64_t receipts_at; /* when to tell the others what came and was read; 0: not */
    bool retry;           /* look again at the items that wait */
};

enum entry_kind {
    ENTRY_CONTENT = 1, /* intent: MIMI content */
    ENTRY_CREATE,      /* intent: account ids */
    ENTRY_ADD,         /* intent: an account id */
    ENTRY_REMOVE,      /* intent: an account id */
    ENTRY_UPDATE,      /* intent: not empty if the old address is to be revoked */
    ENTRY_LEAVE,
    ENTRY_COMMIT,  /* what others proposed */
    ENTRY_REPLACE, /* a leaf that is behind; intent: its identity and address */
    ENTRY_ROLE,    /* intent: an account id and whether it is an administrator from now on (1) */
    ENTRY_TIMER    /* intent: whether everybody may change the timer (1) */
};
enum entry_stage {
    STAGE_INTENT = 0, /* nothing is encrypted yet */
    STAGE_PREPARED,   /* request and blobs stay the same from here on */
    STAGE_TAKEN       /* a commit that the server ordered: its copy will come */
};

struct entry {
    buf bytes;
    struct record_entry r;
    /* Not stored: */
    bool in_flight;        /* a request is under way */
    bool late;             /* the server said so: the winner decides */
    uint32_t subscription; /* in which the server took it */
    uint64_t not_before;   /* when to try (again) */
    uint64_t late_until;   /* how long the winner, or our own copy, may take */
    uint16_t failures;     /* refusals in a row */
    uint32_t refused;      /* addresses that took nothing; of a send, while all others do so */
    uint16_t blob;         /* next blob to upload */
    uint32_t chunk;
    uint32_t until;  /* the week in which the first of those that are there expires; 0: unknown */
    uint32_t sealed; /* the week in which that was found to be too soon last */
    buf blob_bytes;  /* of the blob under way, and its id */
    uint8_t blob_id[32];
    buf targets;   /* account id, device id, address: whose key packages are needed */
    size_t target; /* the next one */
    uint64_t targets_at;
    buf taken; /* parts `key_package`, one for each target before that */
};

enum waiting_why {
    WAIT_BLOB = 1, /* its content is a blob */
    WAIT_READY,    /* its content came: to be processed */
    WAIT_GROUP,    /* its group may come with a Welcome that is a blob */
    WAIT_EPOCH,
    WAIT_PROPOSAL
};
struct waiting {
    buf bytes;
    struct record_waiting r;
    bool checked; /* looked at since its conversation changed last */
    bool fetching;
    uint64_t not_before;
    uint16_t failures;
    uint32_t chunk;
    buf blob;
};

/* ---- Files ---- */

struct file {
    uint8_t id[32], key[32];
    uint64_t size;
    uint32_t chunks;
};

struct upload {
    buf bytes;
    struct record_upload r;
    /* Not stored: */
    struct crypto_sha256_state hash;
    uint32_t hashed; /* so many chunks are in it */
    uint32_t next;   /* to be read from the host */
    uint32_t have;   /* the server's, if known */
    uint32_t until;  /* the week */
    uint32_t flying; /* requests under way */
    bool known;      /* since the session began, and nothing went wrong */
    bool reading;    /* the host was asked */
    uint16_t failures;
    uint16_t addresses; /* so many were no good */
    uint64_t not_before, told, saved_at;
};

struct download {
    uint64_t command, message;
    uint32_t conversation;
    struct file file;
    uint8_t digest[32]; /* as it should be */
    buf place;
    struct crypto_sha256_state hash;
    uint32_t hashed;       /* chunks that are with the host, and in the hash */
    uint32_t local;        /* of these, from an earlier try */
    uint32_t next;         /* to be asked for */
    uint32_t flying, skip; /* requests under way, and how many of them come in vain */
    bool reading;
    uint16_t failures;
    uint64_t not_before, told;
};

struct claim {
    buf bytes;
    struct record_claim r;
    bool there; /* the server just took a card, and the claim is to be renewed */
    uint64_t not_before;
    uint16_t failures;
};

/* ---- What disappears ---- */

struct expiry {
    uint64_t number; /* of its row */
    uint64_t at, message;
    uint32_t conversation;
};

/* ---- Who is writing ---- */

/* A member's device, and when it said so: by its clock, and by ours. until: shown so long; 0: it
 * isn't. */
struct writing {
    uint32_t conversation, leaf;
    uint8_t account[16];
    uint64_t said, heard, until;
};
enum { WRITERS_MAX = 32 };

/* ---- The request desk ---- */

struct desk {
    buf bytes;
    struct record_desk r;
    bool asked; /* in this session, since something came that it could explain */
};
enum desk_notice_state {
    NOTICE_WAITS = 0, /* signed by no key that is pinned */
    NOTICE_UNREAD,
    NOTICE_READ
};
struct desk_notice {
    buf bytes;
    struct record_desk_notice r;
};

/* ---- Handles ---- */

/* What a hash has to begin with, and how far we are. */
struct work {
    uint16_t type;
    uint8_t place[32], challenge[16];
    unsigned bits;
    uint64_t nonce;
};

enum handle_job_kind { JOB_NONE, JOB_FIND, JOB_CLAIM };
/* A command whose names are being stretched, or that looks for somebody. */
struct handle_job {
    enum handle_job_kind kind;
    uint64_t command;
    buf form, pin;
    struct lookup_card_keys keys[2];
    unsigned names, stretched; /* so many of them */
};

enum errand_step { ERRAND_NONE, ERRAND_PRICE, ERRAND_PRICED, ERRAND_WORK, ERRAND_ASKED };
/* The request about a card that is under way. number: of the claim, or the find's command. */
struct errand {
    enum errand_step step;
    uint64_t number;
    struct work work;
    bool renews, worked;
    uint32_t link; /* that the challenge is for */
    unsigned tries;
    uint64_t not_before;
};

/* ---- Sessions ---- */

enum session_kind { AUTH = 0, ANON = 1 };
enum session_step {
    STEP_OFF = 0,
    STEP_REST,       /* closed, and its place not free before `at` */
    STEP_WAIT,       /* closed, and tried again at `at` */
    STEP_CONNECTING, /* the host opens a link */
    STEP_HELLO,      /* server_hello is due */
    STEP_NOISE,      /* the second handshake message is due */
    STEP_PROOF,      /* AUTH: login or registration, then subscribe */
    STEP_READY
};

struct request;
/* e: OK (then type and body are the answer's, never `error`), or why there is no answer. DENIED
 * with a reason: the server said so; CLOSED or TIMEOUT: unknown whether it was carried out. */
typedef void request_done(struct core *core, const struct request *request, err e, uint16_t reason,
                          uint16_t type, slice body);
struct request {
    uint32_t id;
    uint64_t deadline;
    request_done *done;
    uint64_t number; /* of the object that asked */
};
enum { REQUESTS_MAX = 16 };

/* Anonymous sessions at one time, and all sessions. */
enum { LANES_MAX = 8, SESSIONS_MAX = 1 + LANES_MAX };
/* Beside the conversations' and the shared one, which is 0. */
#define LANE_LINKING (UINT32_MAX - 1)
#define LANE_ERRAND UINT32_MAX

struct core_session {
    enum session_kind kind;
    uint32_t lane;    /* of an anonymous one */
    uint64_t idle_at; /* of an anonymous one: when it closes unless it is used before */
    uint64_t end_at;  /* when it closes if we are leaving */
    enum session_step step;
    uint32_t link;
    uint64_t at;       /* when to connect; when to give up */
    uint64_t heard;    /* when the other side last said something */
    uint32_t failures; /* in a row */
    buf client_hello, server_hello;
    uint8_t server_key[NOISE_KEY];
    struct noise_handshake noise;
    struct noise_cipher send, receive;
    uint8_t hash[NOISE_HASH];
    uint32_t next_request;
    struct request requests[REQUESTS_MAX];
    size_t request_count;
};

/* ---- A link of two devices, while it is made ---- */

struct linking {
    enum core_linking_state state;
    uint8_t side; /* 0: the new device, 1: the one with the identity's key */
    uint64_t command;
    uint64_t at, until; /* when to ask the server again, and when it is over */
    bool in_flight, told;
    bool refused; /* its user said no: that has to be put */
    buf server;   /* the new device's: where it is, and its key if that is known */
    bool pinned;
    uint8_t server_identity[32];
    struct proto_server_hello hello; /* what it showed, if not */
    struct proto_link_code code;
    buf code_text;
    uint8_t key[32], nonce[32], first[32];
    uint8_t device[16], device_key[32], device_seed[32]; /* the new device's */
    struct noise_handshake noise;
    struct noise_cipher send, receive;
    buf out;     /* the frame to be put */
    buf offered; /* at the new device: the account, until its user says that the digits are the same
                  */
    char digits[CORE_LINKING_DIGIT_COUNT + 1];
};

/* ---- Actions ---- */

struct action {
    enum core_action_kind kind;
    uint32_t link;
    buf bytes;                /* CONNECT: server; TRANSMIT: message; NOTICE: text; WRITE: bytes */
    uint64_t command, offset; /* READ, WRITE */
    size_t count;
    struct core_notice notice;
};

/* An item of the mailbox, opened. mark: empty, or PROTO_MARK bytes. */
struct delivery {
    uint64_t position;
    uint8_t serial[8]; /* of the address that it came by */
    slice mark, item;
};

/* What a contact link is good for. */
struct link_terms {
    uint64_t lifetime; /* milliseconds */
    bool once;
};

/* A command that is under way and not in the outbox. */
enum command_kind { COMMAND_LINK = 1, COMMAND_LIST, COMMAND_RECORD, COMMAND_DELETE };
struct command {
    enum command_kind kind;
    uint64_t number;
    bool asked;
    struct link_terms terms; /* of a link */
};

/* ---- The core ---- */

struct core {
    const struct mem *mem;
    struct store *store;
    struct core_config config;
    uint64_t now;
    bool online, leaving, replaced, refused;
    bool broken; /* memory is empty because the store could not be read */
    uint64_t broken_until;
    uint32_t store_failures; /* in a row */

    struct store_batch *batch;
    size_t txn_mark;
    bool in_txn;
    bool goes;      /* something that was said goes with it, and is to leave the files */
    bool unsettled; /* something that went before is still in the files */

    struct account account;
    struct network network;
    struct record_counters counters;
    bool counters_dirty;
    struct list contacts, links, blocked, conversations, entries, waiting, claims, revocations;
    struct list uploads, downloads;
    struct expiry *expiries;
    size_t expiry_count, expiry_cap;
    uint64_t expiry_next; /* the first of them */
    struct record_clock clock;
    struct record_receipts receipts;
    struct record_typing typing;
    struct writing writers[WRITERS_MAX];
    uint32_t typing_in;  /* where the user wrote last, */
    uint64_t typing_at;  /* and when that was to be said */
    bool typing_waits;   /* it still is */
    bool typing_unknown; /* this server takes nothing that is sent now or never */
    uint64_t clock_saved;
    struct desk desk;
    struct list notices; /* struct desk_notice */
    buf wording;         /* that an accessor handed out last */
    buf record;
    struct list pictures;
    buf image, own_name;                  /* that an accessor handed out last */
    uint64_t address_first, address_next; /* the stock: numbers in use */
    size_t address_count;
    size_t key_count; /* one-time key packages that we hold secrets of */
    struct mls_auth auth;

    struct linking linking;
    uint32_t overtaken;  /* while it joins: the server had a newer device list, so many times */
    bool list_asked;     /* the device list is on its way to the server */
    uint64_t list_after; /* when it may be put again */
    uint32_t list_failures;
    bool out;        /* the server does not know this device any more */
    bool signed_off; /* a device of ours was, and is in the conversation of own devices still */
    bool bounded;    /* no change that own devices share is dated too far ahead */

    struct core_session sessions[SESSIONS_MAX]; /* the first is AUTH, the others ANON */
    struct core_session *answering;             /* whose answer is being handled; or NULL */
    uint32_t subscription;                      /* their number */
    bool caught_up;
    bool missed; /* other own devices may have told of conversations that we are not in */
    bool held;   /* deliveries are not taken until the blobs that came before them are here */
    uint32_t unacked;
    uint64_t ack_at;           /* when to ack; 0: nothing is to be */
    struct crypto_chain chain; /* of the item that was opened last */
    bool key_told, key_asked;  /* the server has our mailbox key; is being told */
    uint64_t key_after;
    uint32_t next_link;
    err last_error;
    uint16_t last_reason;
    enum core_phase last_phase;

    /* What the AUTH session keeps stocked. */
    bool count_known, stock_busy;
    uint32_t server_keys; /* key packages at the server */
    uint64_t stock_after;
    uint64_t stock_at; /* when what is missing comes; 0: nothing is, or it is not decided */
    uint64_t purge_after;
    uint64_t revoke_after;

    /* Bytes of blobs that came in the day, and that those which ask may have brought at most. */
    uint64_t fetched, fetched_asking;
    uint64_t fetch_day;

    struct handle_job job;
    struct errand errand;
    uint64_t cards_at; /* what was due of our cards before the session began waits until then */
    buf found;         /* the contact that the last find found */

    struct command commands[COMMANDS_MAX];
    size_t command_count;

    struct action *actions;
    size_t action_first, action_n, action_cap;
    buf action_bytes; /* of the action that was handed out last */
    uint64_t wake_told;
};

/* core.c */
/* The failures that concern this machine and not what was processed: they end a transaction. */
static inline bool core_err_hard(err e) {
    return err_class(e) == ERR_CLASS_MEMORY || err_class(e) == ERR_CLASS_IO;
}
MUST err core_txn_begin(struct core *core);
MUST err core_txn_end(struct core *core, err result);
uint64_t core_number(struct core *core);
/* The same in a transaction of its own. */
MUST err core_command_number(struct core *core, uint64_t *command);
struct store_key core_key(enum table table, slice name, uint64_t number);
MUST err core_put(struct core *core, enum table table, slice name, uint64_t number, slice value);
MUST err core_delete(struct core *core, enum table table, slice name, uint64_t number);
MUST err core_get(struct core *core, enum table table, slice name, uint64_t number, buf *value);
/* Encodes and puts. */
#define RECORD_DECLARE_PUT(what)                                                                   \
    MUST err record_##what##_put(struct core *core, enum table table, slice name, uint64_t number, \
                                 const struct record_##what *v);
RECORDS(RECORD_DECLARE_PUT)
void core_pump(struct core *core);
uint64_t core_random(uint64_t below);
/* From now on, by chance: in `least` to `most` milliseconds. */
uint64_t core_moment(const struct core *core, uint64_t least, uint64_t most);
/* A moment for what nobody waits for, so that it does not tell what it comes of: half a minute to
 * ten minutes from now, by chance. */
uint64_t core_soon(const struct core *core);
/* The same in a session that may not last: a fifth of a second to CORE_SHORTLY. */
uint64_t core_shortly(const struct core *core);
#define CORE_SHORTLY CORE_LEAVE_TIME /* as long as a host that goes waits */
MUST err core_hash32(uint8_t out[32], slice bytes);
/* It is now: every event and command says so first. */
void core_clock(struct core *core, uint64_t now);
MUST err core_enter(struct core *core, uint64_t now); /* start of each command */

/* actions.c */
void core_action_connect(struct core *core, uint32_t link, slice server);
void core_action_transmit(struct core *core, uint32_t link, buf *bytes); /* takes bytes */
void core_action_disconnect(struct core *core, uint32_t link);
/* False without memory. */
bool core_action_read(struct core *core, uint64_t command, uint64_t offset, size_t count);
MUST err core_action_write(struct core *core, uint64_t command, uint64_t offset, slice bytes);
void core_action_notice(struct core *core, const struct core_notice *notice);
void core_action_done(struct core *core, uint64_t command, err e, uint16_t reason, slice text,
                      uint32_t conversation);
void core_action_trouble(struct core *core, err e, uint16_t reason, const char *text);
size_t core_action_mark(const struct core *core);
void core_action_rewind(struct core *core, size_t mark);
void core_action_free_all(struct core *core);

/* load.c */
MUST err core_load_all(struct core *core);
void core_load_forget(struct core *core);

/* session.c */
void core_session_pump(struct core *core);
uint64_t core_session_wake(const struct core *core);
void core_session_close(struct core *core, struct core_session *s, err why, uint16_t reason);
void core_session_close_all(struct core *core, err why);
/* Says of each when it ends. */
void core_session_leave(struct core *core);
/* AUTH: whether it is ready. ANON: whether it may be, since one opens when it is asked for. */
bool core_session_ready(const struct core *core, enum session_kind kind);
/* Whether a request can go out now. ANON: of lane 0; if there is none, one is opened, and it stays
 * open for a while longer, so ask only if there is something to send: the pump comes again once it
 * is ready. */
bool core_session_room(struct core *core, enum session_kind kind);
/* The same for an anonymous session of this lane: nothing goes over it but what is asked for in the
 * lane's name. */
bool core_session_lane_room(struct core *core, uint32_t lane);
/* Its link, for what is bound to a session; 0: it is not ready. */
uint32_t core_session_lane_link(struct core *core, uint32_t lane);
/* Nothing more goes over it: what comes in this lane's name later gets another, a moment later. */
void core_session_lane_close(struct core *core, uint32_t lane);
/* The conversation's lane: its own, or 0 where conversations aren't kept apart. */
uint32_t core_session_lane(const struct core *core, uint32_t conversation);
/* AGAIN if the session is not ready or has too much under way. ANON: in lane 0. */
MUST err core_session_request(struct core *core, enum session_kind kind, uint16_t type, slice body,
                              request_done *done, uint64_t number);
MUST err core_session_lane_request(struct core *core, uint32_t lane, uint16_t type, slice body,
                                   request_done *done, uint64_t number);
MUST err core_session_tell(struct core *core, struct core_session *s, uint32_t id, uint16_t type,
                           slice body);
/* The answer that is being handled breaks the protocol. */
void core_session_bad_answer(struct core *core, enum session_kind kind);
void core_session_fini(struct core_session *s);
/* True if the server may answer otherwise in a while. */
bool core_session_passing(uint16_t reason);
uint64_t core_backoff(uint32_t failures, uint64_t first, uint64_t most);

/* network.c */
MUST err core_network_load(struct core *core);
/* True if each conversation has a link of its own. */
bool core_network_isolates(const struct core *core);

/* login.c */
void core_login_start(struct core *core, struct core_session *s);
/* e: of making the body. */
void core_login_send(struct core *core, uint16_t type, const buf *body, err e, request_done *done);
/* Over this session's handshake hash. */
MUST err core_login_prove(const struct core *core, const uint8_t seed[32], const char *label,
                          uint8_t proof[64]);
/* The server knows this device from now on; or it refused for good. */
void core_login_done(struct core *core);
void core_login_failed(struct core *core, err error, uint16_t reason);

/* join.c */
void core_join_start(struct core *core);

/* account.c */
MUST err core_account_id(const uint8_t identity[32], uint8_t account[16]);
MUST err core_account_save(struct core *core);
/* The list that comes after `old`: without the device `gone` (NULL: all stay), and with `fresh`
 * (NULL: none) in its place, else at the end. Appended. NOT_FOUND: old does not have gone; DENIED
 * without the identity's key, here and in the next. */
MUST err core_account_list_after(const struct record_account *a,
                                 const struct proto_device_list *old, const uint8_t *gone,
                                 const struct proto_device *fresh, buf *out);
/* Appended. */
MUST err core_account_certify(const struct record_account *a, const struct proto_device *device,
                              buf *out);
/* Stores an account that is to be registered or joined, for a->command: in a transaction; and gets
 * to it. */
MUST err core_account_begin(struct core *core, const struct record_account *a);
void core_account_connect(struct core *core);
/* Which server a link of any kind is for. MALFORMED. */
MUST err core_server_read(slice link, buf *server, uint8_t identity[32]);

/* auth_commands.c */
void core_auth_commands_pump(struct core *core);
uint64_t core_auth_commands_wake(const struct core *core);

/* linking.c */
void core_linking_pump(struct core *core);
uint64_t core_linking_wake(const struct core *core);
void core_linking_fini(struct core *core);
/* True if it needs a session without an identity; if it has no account yet. */
bool core_linking_wants(const struct core *core);
bool core_linking_is_new(const struct core *core);
/* Where the server is, and whether it is the right one: SIGNATURE. */
slice core_server(const struct core *core);
MUST err core_server_accept(struct core *core, const struct proto_server_hello *hello);

/* devices.c */
MUST err core_devices_own(const struct core *core, struct proto_device_list *list);
/* True if we know a list of the account's devices and this one is not in it. */
MUST err core_devices_unlisted(struct core *core, const uint8_t account[16],
                               const uint8_t device[16], bool *unlisted);
/* True of who is blocked, and of a device of ours that is in our list no more: what it says, and
 * what it adds us to, counts for nothing. identity: a leaf's. */
MUST err core_devices_unheard(struct core *core, const uint8_t identity[32], bool *unheard);
/* A list that was checked; a version never goes back. In a transaction, as what follows. */
MUST err core_devices_learn(struct core *core, const uint8_t account[16], slice encoded,
                            bool *newer);
/* Its members' devices have to be looked at. */
MUST err core_devices_mark(struct core *core, struct conversation *c);
MUST err core_devices_step(struct core *core, struct conversation *c);
bool core_devices_is_list(slice type);
MUST err core_devices_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                              slice body);
/* Our other devices that are not in the conversation and can be reached. */
MUST err core_devices_targets(struct core *core, struct conversation *c, buf *targets);
/* The first leaf from *leaf on whose device is in no list. */
MUST err core_devices_gone(struct core *core, const struct conversation *c, uint32_t *leaf,
                           bool *gone);
/* A list without it. NOT_FOUND, DENIED. */
MUST err core_devices_sign_off(struct core *core, const uint8_t id[16]);
/* True if there is a conversation of own devices, or it is being made. */
bool core_devices_shares(const struct core *core);
/* The conversation of own devices, and the new one in all others. */
MUST err core_devices_share(struct core *core);
/* True of the first in our list. */
bool core_devices_holds_identity(const struct core *core, const uint8_t device[16]);
bool core_devices_only_own(const struct core *core, const struct mls_group *group);

/* sync.c */
enum { HISTORY_ROOM = 1000 };
enum sync_kind {
    SYNC_CONTACTS = 1,
    SYNC_HISTORY,
    SYNC_BLOCKED,
    SYNC_DECISIONS,
    SYNC_PROFILES,
    SYNC_READ,
    SYNC_CLAIMS,
    SYNC_LEAVES,
    SYNC_RECEIPTS,
    SYNC_KEPT,
    SYNC_TYPING
};
/* What own devices share item by item: kind, record, and who takes another own device's word. */
#define SYNC_ITEMS(S)                           \
    S(CONTACTS, contact, core_contact_import)   \
    S(BLOCKED, blocked, core_blocked_import)    \
    S(DECISIONS, decision, core_request_settle) \
    S(PROFILES, profile, core_profile_import)   \
    S(READ, read, core_history_import_read)     \
    S(CLAIMS, claim, core_handle_import)        \
    S(LEAVES, behind, core_behind_told)         \
    S(RECEIPTS, receipts, core_receipts_import) \
    S(KEPT, kept, core_kept_import)             \
    S(TYPING, typing, core_typing_import)
/* To the others, if there are any, in a transaction. */
#define SYNC_DECLARE(kind, what, take) \
    MUST err core_sync_tell_##what(struct core *core, const struct record_##what *v);
SYNC_ITEMS(SYNC_DECLARE)
bool core_sync_is(slice type);
MUST err core_sync_receive(struct core *core, struct conversation *c, const uint8_t sender[32],
                           slice body);
/* The same: everything. */
MUST err core_sync_all(struct core *core, struct conversation *own);
/* Other own devices were added to a conversation: they are told, and what was said there. One that
 * began before there were any they have from the device that linked them. */
MUST err core_sync_history(struct core *core, struct conversation *c);
/* A contact, as it is known. */
MUST err core_sync_contact(struct core *core, const uint8_t account[16]);
/* How far the user has read. */
MUST err core_sync_read(struct core *core, struct conversation *c);
/* Takes the history that came before. */
MUST err core_sync_joined(struct core *core, struct conversation *c);
/* Changed now, by this device: after the change that *time is of (0: there was none). */
void core_sync_stamp(const struct core *core, uint64_t *time, uint8_t by[16]);
/* A time that is more than a day ahead becomes a day ahead: whether it was. */
bool core_sync_bound(const struct core *core, uint64_t *time);
/* When others changed something, as it is kept: more than a day ahead it counts for nothing against
 * what comes next. */
uint64_t core_sync_kept(const struct core *core, uint64_t time);
/* After a start, or when the clock was set back: bounds the times of all changes that are known,
 * by the four _bound_all. */
void core_sync_clock(struct core *core);
/* Whether what another device changed holds, against what is known; *time is bounded. */
bool core_sync_later(const struct core *core, uint64_t *time, const uint8_t by[16], uint64_t known,
                     const uint8_t known_by[16]);

/* stock.c */
void core_stock_pump(struct core *core);
uint64_t core_stock_wake(const struct core *core);
/* Takes one address out of the stock, for anything but a key package; AGAIN if there is none. In a
 * transaction. */
MUST err core_stock_take_address(struct core *core, uint8_t address[PROTO_ADDRESS]);
/* The lifetime of a leaf that is made now, in seconds. */
void core_stock_lifetime(const struct core *core, uint64_t *not_before, uint64_t *not_after);
MUST err core_stock_find_key(struct core *core, const uint8_t *ref, uint64_t *number, buf *bytes,
                             struct record_own_key *key);
MUST err core_stock_key_used(struct core *core, uint64_t number, const struct record_own_key *key);

/* addresses.c */
/* It is out of the stock: we know its serial until the server has its revocation, or its key is
 * gone. In a transaction. */
MUST err core_address_given(struct core *core, const struct record_own_address *address);
/* The serial that deliveries by this address of ours have. NOT_FOUND: the server has its
 * revocation, or its key is gone; the same in what follows. */
MUST err core_address_serial(struct core *core, const uint8_t address[PROTO_ADDRESS],
                             uint8_t serial[8]);
/* The other way round. */
MUST err core_address_of(struct core *core, const uint8_t serial[8],
                         uint8_t address[PROTO_ADDRESS]);
/* Whether a stranger may ask by it: not if nobody has it but with a key package, or it is unknown.
 */
MUST err core_address_invites(struct core *core, const uint8_t serial[8], bool *invites);
/* It came with a key package, and stands in a leaf now. In a transaction. */
MUST err core_address_joined(struct core *core, const uint8_t address[PROTO_ADDRESS]);
/* Of one that is to be revoked; or NULL. */
const struct revocation *core_address_ends(const struct core *core, const uint8_t serial[8]);
/* True if a server whose newest key we know still opens addresses of this one. */
bool core_address_holds(const struct core *core, uint8_t key_id);
MUST err core_address_purge(struct core *core);
/* Nobody reaches us by this address any more: queued until the server has it. In a transaction. */
MUST err core_address_revoke(struct core *core, const uint8_t address[PROTO_ADDRESS]);
/* The same, not before `at`. */
MUST err core_address_revoke_at(struct core *core, const uint8_t address[PROTO_ADDRESS],
                                uint64_t at);
/* The same of an address that stood in a leaf of ours, or still does in others: members who have
 * not heard of the next one send by it for so long, and are no strangers. */
MUST err core_address_replaced(struct core *core, const uint8_t address[PROTO_ADDRESS],
                               uint64_t time);
void core_address_pump(struct core *core);
uint64_t core_address_wake(const struct core *core);
void core_revocation_free(struct core *core, struct revocation *r);

/* leaf.c */
enum { LEAF_EXTENSION = 0xF0A0, LEAF_IDENTITY = 32, LEAF_DATA = 209 };
struct leaf {
    uint8_t account[16], device[16], identity[32];
    uint8_t address[PROTO_ADDRESS];
};
/* What our leaf says with this address; data keeps the extension's bytes. */
struct leaf_own {
    struct mls_leaf_params params;
    struct mls_extension extension;
    uint8_t identity[LEAF_IDENTITY];
    uint8_t data[LEAF_DATA];
};
MUST err core_leaf_own_make(struct core *core, const uint8_t address[PROTO_ADDRESS],
                            struct leaf_own *leaf);
MUST err core_leaf_read(const struct mls_member *member, struct leaf *leaf);
err core_leaf_accept(void *ctx, const struct mls_member *before, const struct mls_member *member);
/* Roster: every member's address in the order of leaves, and its BLAKE2b-256. */
MUST err core_leaf_roster(const struct mls_group *group, buf *addresses, uint32_t *count);
MUST err core_leaf_staged_roster(const struct mls_staged *staged, buf *addresses, uint32_t *count);
MUST err core_leaf_staged_roster_hash(const struct mls_staged *staged, uint8_t hash[32],
                                      uint32_t *count);
uint32_t core_leaf_members(const struct mls_group *group);
/* How many members stand before us in the roster. */
uint32_t core_leaf_own_place(const struct mls_group *group);
MUST err core_leaf_token(const struct mls_group *group, uint8_t token[32]);
/* What the server puts on the copies of a commit that it ordered: proto/schema.h, `delivery`. */
MUST err core_leaf_mark(const uint8_t group[32], const uint8_t next[32],
                        const uint8_t roster_hash[32], uint8_t mark[PROTO_MARK]);
MUST err core_leaf_staged_token(const struct mls_staged *staged, uint8_t token[32]);
MUST err core_leaf_staged_next(const struct mls_staged *staged, uint8_t next[32]);

/* roles.c */
enum { ROLES_EXTENSION = 0xF0A1 };
/* Of one epoch; admins points into the group. */
struct roles {
    bool any;       /* false: a conversation that is everybody's */
    bool timer_all; /* everybody may change the timer */
    slice admins;   /* account ids, ascending */
};
MUST err core_roles_write(buf *out, slice admins, bool timer_all);
/* For mls_auth: what group contexts may have. */
err core_roles_accept(void *ctx, const struct mls_extension *extensions, size_t count);
MUST err core_roles_read(const struct mls_extension *extensions, size_t count, struct roles *roles);
MUST err core_roles_of(const struct mls_group *group, struct roles *roles);
bool core_roles_admin(const struct roles *roles, const uint8_t account[16]);
/* Whether the account may add, remove, rename, or change the timer. The group is loaded. */
bool core_roles_may(const struct conversation *c, const uint8_t account[16]);
bool core_roles_may_time(const struct conversation *c, const uint8_t account[16]);
/* DENIED if we may not (commands.c). */
MUST err core_roles_check(struct core *core, struct conversation *c, bool timer);
bool core_roles_may_remove(const struct core *core, const struct conversation *c, uint32_t leaf);
/* True if we are the only administrator, and others are there. */
bool core_roles_is_last(const struct core *core, const struct conversation *c);
MUST err core_roles_insert(buf *admins, const uint8_t account[16]);
/* False if it is none. */
bool core_roles_remove(buf *admins, const uint8_t account[16]);
/* The administrators once these leaves are gone. */
struct roles_leaves {
    const uint32_t *p;
    size_t n;
};
MUST err core_roles_hand_on(const struct conversation *c, const struct roles *before,
                            struct roles_leaves gone, buf *admins);
/* The first administrators of a conversation without roles, when others come in; *may: it can have
 * some. */
MUST err core_roles_begin(const struct conversation *c, buf *admins, bool *may);
/* DENIED: the committer may not do all of it. */
MUST err core_roles_judge(const struct conversation *c, const struct mls_staged *staged);
/* The same of a Welcome: of a group that is new, and of one that we know. */
MUST err core_roles_judge_join(const struct mls_group *group, const uint8_t adder[16],
                               const uint8_t us[16]);
MUST err core_roles_judge_again(const struct conversation *c, const struct mls_group *group,
                                const uint8_t adder[16], const uint8_t us[16]);
/* True if the commit takes our device out and brings it back: a Welcome has to come. */
bool core_roles_comes_again(const struct conversation *c, const struct mls_staged *staged);
/* The server ordered a commit that every member refuses. The conversation stays in its epoch; the
 * order goes on from the token of the one that the commit would have begun, which its members know,
 * and whoever commits first uses that. In a transaction. */
MUST err core_roles_skip(struct core *core, struct conversation *c,
                         const struct mls_staged *staged);
/* That token; NOT_FOUND if the order is where the group is. */
MUST err core_roles_skipped(struct core *core, const struct conversation *c, uint8_t token[32]);
MUST err core_roles_go_on(struct core *core, const struct conversation *c);

/* rosters.c */
/* True for a conversation of so many devices: its roster is stored at the server. */
bool core_roster_is_stored(const struct core *core, uint32_t members);
/* How a request names the stored roster of the present epoch. It holds a key: wipe it. */
MUST err core_roster_of(const struct mls_group *group, struct proto_roster *roster);
/* Appends the sealed roster of the epoch that would begin, which is to be uploaded as a blob. */
MUST err core_roster_seal(const struct mls_staged *staged, const uint8_t group[32],
                          struct proto_roster_new *roster, buf *sealed);

/* contacts.c */
struct contact *core_contact_lookup(const struct core *core, const uint8_t account[16]);
/* core_contact_find's. *petname: it fits (or several do) by what we call them. */
MUST err core_contact_search(const struct core *core, slice text, bool *petname,
                             const struct contact **found);
void core_contact_free(struct core *core, struct contact *contact);
/* What a device list says of a contact; a contact that another own device has. */
MUST err core_contact_learn_devices(struct core *core, const uint8_t account[16], slice devices,
                                    uint32_t version);
MUST err core_contact_import(struct core *core, const struct record_contact *contact);
MUST err core_contact_bound_all(struct core *core);
MUST err core_contact_learn_name(struct core *core, const uint8_t account[16], slice name,
                                 bool own_word);
/* petname, or what it calls itself in this conversation (0: none), or everywhere; may be empty.
 * Appended. */
MUST err core_contact_name_of(struct core *core, uint32_t conversation, const uint8_t account[16],
                              buf *name);
/* The address of the device's leaf in a conversation that both are in, and that is not `but`.
 * NOT_FOUND. */
MUST err core_contact_living_address(struct core *core, const uint8_t identity[32], uint32_t but,
                                     uint8_t address[PROTO_ADDRESS]);
/* Whose key packages are needed to add the account: appends account, device, address. */
MUST err core_contact_targets(struct core *core, const uint8_t account[16], buf *targets);
/* A link to us by this address; expires: seconds since 1970. */
MUST err core_contact_link_write(const struct core *core, const uint8_t address[PROTO_ADDRESS],
                                 uint64_t expires, bool once, buf *link);
/* We are in a conversation with the account now. If the address that we had of it was good for one
 * Welcome, its leaf's takes the place. In a transaction. */
MUST err core_contact_met(struct core *core, struct conversation *c, const uint8_t account[16]);
/* Something came from this leaf: if it is a contact's, its device is known by the leaf's address
 * from now on. In a transaction. */
MUST err core_contact_heard(struct core *core, const struct leaf *leaf);
/* Writes into the empty content a part `contact` of ours with this address, signed over the label,
 * `bound` (as a vector) and its fields; expires: seconds since 1970. */
MUST err core_contact_write(const struct core *core, const char *label, slice bound,
                            const uint8_t address[PROTO_ADDRESS], uint64_t expires, bool once,
                            buf *content);
/* The other side of that; what it decodes borrows from content. EXPIRED. */
MUST err core_contact_check(const struct core *core, const char *label, slice bound, slice content,
                            struct proto_contact *contact, struct proto_device_list *list);
/* Makes a contact of one that was checked, or renews it. DENIED: it is us. */
MUST err core_contact_take(struct core *core, const struct proto_contact *contact,
                           const struct proto_device_list *list, slice petname,
                           uint8_t account[16]);
/* EXISTS if another contact than this account's has the petname. */
MUST err core_contact_petname_free(const struct core *core, const uint8_t account[16],
                                   slice petname);
/* A member becomes a contact, or has this petname from now on. In a transaction. */
MUST err core_contact_keep_member(struct core *core, struct conversation *c,
                                  const uint8_t account[16], slice petname);
enum { TARGET = 16 + 16 + 2 * PROTO_ADDRESS };
bool core_text_valid(slice text);
/* A person's or a conversation's name: one line of text that can be seen, or empty. TOO_LARGE,
 * MALFORMED. */
MUST err core_name_check(slice name);

/* contact_links.c */
/* Those that are still good. */
size_t core_links_alive(const struct core *core);
/* A new link, with an address of its own: in a transaction. AGAIN: there is no address in stock. */
MUST err core_link_make(struct core *core, const struct link_terms *terms, uint64_t number,
                        buf *text);
void core_contact_link_free(struct core *core, struct contact_link *link);
/* True if what comes by this serial comes by a link that is closed: nobody is to see it. */
MUST err core_link_closed(struct core *core, const uint8_t serial[8], bool *closed);
/* Something came by it: a link for one is used. In a transaction, as the next. */
MUST err core_link_came(struct core *core, const uint8_t serial[8]);
/* Forgets the oldest. */
MUST err core_links_purge(struct core *core);

/* conversation.c */
struct conversation *core_conversation_lookup(const struct core *core, uint32_t number);
/* The newest that is open or being made, else the newest. */
struct conversation *core_conversation_by_group(const struct core *core, slice group);
void core_conversation_free(struct core *core, struct conversation *c);
/* Ends it, if it is open, and removes whatever is stored of it. */
MUST err core_conversation_forget(struct core *core, struct conversation *c);
/* True for one that is ours and one other account's alone. */
bool core_conversation_one_to_one(struct core *core, struct conversation *c, uint8_t account[16]);
/* Makes room, if there is little, by forgetting the oldest that nobody will miss. */
MUST err core_conversation_insert(struct core *core, const uint8_t group[32], uint8_t state,
                                  struct conversation **c);
MUST err core_conversation_save(struct core *core, struct conversation *c);
MUST err core_conversation_load(struct core *core, struct conversation *c);
MUST err core_conversation_save_group(struct core *core, struct conversation *c);
/* True if the i-th proposal that waits is its sender's wish to leave; *leaf: whose. */
bool core_conversation_wish(const struct conversation *c, size_t i, uint32_t *leaf);
bool core_conversation_open(const struct conversation *c);
MUST err core_conversation_end(struct core *core, struct conversation *c,
                               enum core_conversation_state state);
void core_conversation_notice(struct core *core, const struct conversation *c);
/* Finds the first member from *leaf on that is the account's, or is this device: identity is an
 * account id, with or without a device id after it. */
bool core_conversation_has(const struct conversation *c, slice identity, uint32_t *leaf);
/* Applies a commit (takes staged): history, state, waiting items, outbox. ours: our own. */
MUST err core_conversation_apply(struct core *core, struct conversation *c,
                                 struct mls_staged *staged, struct entry *ours);
/* serial: of the address that it came by. *unseen: it came from somebody who is blocked, was
 * declined on another own device, or from a stranger in no way that we gave away; nothing was made
 * of it. */
MUST err core_conversation_join(struct core *core, slice welcome, const uint8_t serial[8],
                                bool *unseen);
/* What goes back to who added us: our name, and a new leaf at once if that came by a key package
 * that others have too. In a transaction. */
MUST err core_conversation_answer(struct core *core, struct conversation *c, bool last_resort);
/* The server has a newer address key than our leaf's address: plans to renew that. In a
 * transaction. */
MUST err core_conversation_plan_renewal(struct core *core, struct conversation *c);
void core_conversation_pump(struct core *core);
uint64_t core_conversation_wake(const struct core *core);
MUST err core_conversation_schedule(struct core *core, struct conversation *c);
/* Something says that there may be a later epoch than ours, and it may lie: soon a commit of our
 * own is ordered, or is late. */
void core_conversation_doubt(const struct core *core, struct conversation *c);
/* A commit was ordered that can't be applied; or, behind, that others can apply and we did not get.
 */
MUST err core_conversation_spoil(struct core *core, struct conversation *c, bool behind);

/* timer.c */
void core_settings_init(struct conversation *c);
MUST err core_settings_save(struct core *core, const struct conversation *c);
MUST err core_settings_load(struct core *core);
MUST err core_settings_forget(struct core *core, const struct conversation *c);
/* Content of ours that is about to be said: has the time at which it goes, if the conversation has
 * a timer. */
MUST err core_timer_date(const struct core *core, const struct conversation *c, buf *content);
/* Or goes when that one does. */
MUST err core_timer_like(slice message, buf *content);
/* To everybody, if the timer is not what it is where nobody set it. In a transaction, as the next.
 */
MUST err core_timer_send(struct core *core, struct conversation *c, bool silent,
                         struct entry **entry);
bool core_timer_is(slice type);
MUST err core_timer_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                            slice body);

/* search.c */
/* As search compares texts. Appends. */
MUST err core_search_fold(buf *out, slice text);

/* expiry.c */
MUST err core_expiry_load(struct core *core);
void core_expiry_forget_all(struct core *core);
/* What is in the history in this place goes when it says so. In a transaction, as the next. */
MUST err core_expiry_add(struct core *core, const struct conversation *c, slice content,
                         uint64_t number);
/* Its conversation is forgotten. */
MUST err core_expiry_forget(struct core *core, const struct conversation *c);
/* True of what is over and not gone yet. */
bool core_expiry_hides(const struct core *core, uint32_t conversation, uint64_t message);
void core_expiry_pump(struct core *core);
uint64_t core_expiry_wake(const struct core *core);

/* kept.c */
MUST err core_kept_load(struct core *core);
MUST err core_kept_forget(struct core *core, const struct conversation *c);
bool core_kept_muted(const struct core *core, const struct conversation *c);
/* Others said something in it. */
MUST err core_kept_came(struct core *core, struct conversation *c);
size_t core_kept_count(const struct core *core);
MUST err core_kept_export(struct core *core, size_t i, buf *item);
MUST err core_kept_import(struct core *core, const struct record_kept *told);
MUST err core_kept_bound_all(struct core *core);

/* receipts.c */
MUST err core_receipts_load(struct core *core);
/* Something came or was read: the others hear of it at some moment. In a transaction, as what
 * follows. */
MUST err core_receipts_due(struct core *core, struct conversation *c);
void core_receipts_schedule(const struct core *core, struct conversation *c);
MUST err core_receipts_step(struct core *core, struct conversation *c);
bool core_receipts_is(slice type);
MUST err core_receipts_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                               slice body);
size_t core_receipts_count(const struct core *core);
MUST err core_receipts_export(struct core *core, size_t i, buf *item);
MUST err core_receipts_import(struct core *core, const struct record_receipts *told);
MUST err core_receipts_bound(struct core *core);

/* typing.c */
MUST err core_typing_load(struct core *core);
/* An item that came now or never. */
void core_typing_take(struct core *core, slice item);
/* The sender said something: what was being written is there. */
void core_typing_said(struct core *core, const struct conversation *c, const uint8_t sender[16]);
/* The same of the user. */
void core_typing_over(struct core *core, const struct conversation *c);
void core_typing_pump(struct core *core);
uint64_t core_typing_wake(const struct core *core);
size_t core_typing_count(const struct core *core);
MUST err core_typing_export(struct core *core, size_t i, buf *item);
/* Another own device's word. In a transaction, as the next. */
MUST err core_typing_import(struct core *core, const struct record_typing *told);
MUST err core_typing_bound(struct core *core);

/* behind.c */
enum { BEHIND_INTENT = LEAF_IDENTITY + PROTO_ADDRESS };
/* The conversation is behind: whom it may ask is asked. In a transaction, as core_behind_receive.
 */
MUST err core_behind_ask(struct core *core, struct conversation *c);
/* Other devices of ours were added, too: they are told. In a transaction, as the next, which is the
 * other side of it. */
MUST err core_behind_tell(struct core *core, struct conversation *c);
MUST err core_behind_told(struct core *core, const struct record_behind *r);
void core_behind_pump(struct core *core);
bool core_behind_is(slice type);
/* in: where it was said. sender: a leaf's identity. */
MUST err core_behind_receive(struct core *core, const struct conversation *in,
                             const uint8_t sender[32], slice body);
/* True if the leaf of an ENTRY_REPLACE is there still. The group is loaded. */
bool core_behind_find(const struct conversation *c, slice intent, uint32_t *leaf);

/* requests.c */
bool core_request_is(const struct conversation *c);
/* The one that waits of this identity; or NULL. */
struct conversation *core_request_of(const struct core *core, const uint8_t inviter[16]);
/* In a transaction: room for a request of this identity, whose earlier one goes. */
MUST err core_request_room(struct core *core, const uint8_t inviter[16]);
/* True if nothing of so many bytes has room in its history any more. */
bool core_request_full(const struct conversation *c, size_t n);
/* True if no item of a request may wait that has n bytes. */
bool core_request_crowded(const struct core *core, size_t n);
/* In a transaction: the conversation goes, and our address in it. */
MUST err core_request_drop(struct core *core, struct conversation *c);
/* In a transaction: whoever has become a contact has no request any more, but a conversation. */
MUST err core_request_of_contact(struct core *core, const uint8_t account[16]);
/* Another own device's word. In a transaction. */
MUST err core_request_settle(struct core *core, const struct record_decision *decision);
bool core_is_blocked(const struct core *core, const uint8_t account[16]);
/* The same of a block. */
MUST err core_blocked_import(struct core *core, const struct record_blocked *told);
MUST err core_blocked_bound_all(struct core *core);
size_t core_blocked_count(const struct core *core);
void core_blocked_free(struct core *core, struct blocked *b);
/* True if what came by this address of ours may be a Welcome only: it stands in a link or on a
 * card, or is to hold no longer. */
MUST err core_request_only(struct core *core, const uint8_t serial[8], bool *only);
/* Whoever knows the address that our leaf in the group brings reaches us by it no more. */
MUST err core_request_revoke(struct core *core, const struct mls_group *group, bool last_resort);

/* history.c */
slice core_conversation_key(uint32_t number, uint8_t key[4]);
MUST err core_history_forget(struct core *core, const struct conversation *c);
/* drafts.c. In a transaction. */
MUST err core_draft_forget(struct core *core, const struct conversation *c);
MUST err core_history_add(struct core *core, struct conversation *c,
                          const struct record_message *message, uint64_t *number);
MUST err core_history_event(struct core *core, struct conversation *c, enum core_message_kind kind,
                            const uint8_t *sender, const uint8_t *subject);
/* The same about one device. */
MUST err core_history_device(struct core *core, struct conversation *c, enum core_message_kind kind,
                             const uint8_t *sender, const uint8_t *subject, const uint8_t *device);
/* message's slices live as long as bytes. NOT_FOUND: it is not there, or not any more. */
MUST err core_history_get(struct core *core, const struct conversation *c, uint64_t number,
                          buf *bytes, struct record_message *message);
/* The same for who asks: not what is hidden because its time is over. */
MUST err core_history_shown(struct core *core, const struct conversation *c, uint64_t number,
                            buf *bytes, struct record_message *message);
/* The same of one that must be there. */
MUST err core_history_read(struct core *core, const struct conversation *c, uint64_t number,
                           buf *bytes, struct record_message *message);
/* epoch: in which what was sent was encrypted; it may have been queued in an older one. */
MUST err core_history_set_state(struct core *core, const struct conversation *c, uint64_t number,
                                enum core_message_state state, uint64_t epoch, uint32_t refused);
MUST err core_history_put(struct core *core, const struct conversation *c, uint64_t number,
                          const struct record_message *message);
/* Its id stays known. */
MUST err core_history_drop(struct core *core, const struct conversation *c, uint64_t number);
/* A notice: it looks different now. */
void core_history_changed(struct core *core, const struct conversation *c, uint64_t number,
                          const uint8_t id[32]);
/* Fills in what content is shown as, with its text, which is appended. */
MUST err core_history_show(struct core *core, const struct conversation *c,
                           const struct record_message *r, struct core_message *m, buf *text);
/* Whether a message of this id was in the group before. */
MUST err core_history_known(struct core *core, const struct conversation *c, const uint8_t id[32],
                            bool *known);
MUST err core_history_mark_known(struct core *core, const struct conversation *c,
                                 const uint8_t id[32], uint64_t number);
/* Its number, which it was marked with; 0: it is not in the history. */
MUST err core_history_find(struct core *core, const struct conversation *c, const uint8_t id[32],
                           uint64_t *number);
/* The newest message that the user has read; zeros if there is none. */
MUST err core_history_newest_read(struct core *core, const struct conversation *c, uint8_t id[32]);
/* Another own device's word. In a transaction. */
MUST err core_history_import_read(struct core *core, const struct record_read *told);

/* commands.c */
MUST err core_conversation_find_open(struct core *core, uint32_t number, uint64_t now,
                                     struct conversation **c);
/* Into history and outbox, in a transaction. told: under which command its end is told. */
MUST err core_queue_content(struct core *core, struct conversation *c, slice content, uint64_t told,
                            uint64_t *message);

/* files.c */
/* Of a file of so many bytes, padding included. */
uint32_t core_file_chunks(uint64_t size);
/* How many bytes of the content are in a chunk; 0: it is padding alone. */
size_t core_file_content(uint64_t size, uint32_t chunk);
/* Appends. */
MUST err core_file_seal(const struct file *file, uint32_t chunk, slice content, buf *sealed);
/* Replaces content. CRYPTO, MLS_PADDING. */
MUST err core_file_open(const struct file *file, uint32_t chunk, slice sealed, buf *content);
/* A notice, unless one was given just before: *told says when. */
void core_file_progress(struct core *core, uint64_t *told, const struct core_notice *progress);

/* uploads.c */
struct upload *core_upload_find(const struct core *core, uint64_t command);
void core_upload_free(struct core *core, struct upload *u);
void core_upload_loaded(struct core *core, struct upload *u);
void core_upload_bytes(struct core *core, struct upload *u, uint64_t offset, slice bytes);
void core_upload_end(struct core *core, struct upload *u, err why, uint16_t reason);
/* True if a message went into the outbox. */
bool core_upload_pump(struct core *core);
uint64_t core_upload_wake(const struct core *core);

/* downloads.c */
struct download *core_download_find(const struct core *core, uint64_t command);
void core_download_free_all(struct core *core);
void core_download_bytes(struct core *core, struct download *d, uint64_t offset, slice bytes);
void core_download_end(struct core *core, struct download *d, err why, uint16_t reason);
void core_download_pump(struct core *core);
uint64_t core_download_wake(const struct core *core);

/* blobs.c */
/* The size that n bytes are padded to: the top bits stay, the rest is rounded up. */
uint64_t core_padded(uint64_t n);
/* The address of one of the conversation's devices, which vouches for a blob; after a failure
 * another's, since any may be too old. Whose it is tells nothing of who uploads. */
MUST err core_blob_permission(struct core *core, struct conversation *c, const uint8_t id[32],
                              uint32_t failures, uint8_t address[PROTO_ADDRESS]);
/* Pads and encrypts; `sealed` is appended to and is what the server gets. */
MUST err core_blob_seal(slice content, buf *sealed, struct proto_blob_reference *reference);
MUST err core_blob_open(slice sealed, const struct proto_blob_reference *reference, buf *content);
MUST err core_blob_store(struct core *core, uint64_t command, uint16_t place, slice sealed);
/* As it was before this transaction. */
MUST err core_blob_load(struct core *core, uint64_t command, uint16_t place, buf *sealed);
MUST err core_blob_forget(struct core *core, uint64_t command, uint16_t count);
void core_blob_fetch_pump(struct core *core);
uint64_t core_blob_wake(const struct core *core);
/* True if no more is fetched today, of those that ask or of the others. */
bool core_blob_paused(const struct core *core, bool asks);
/* Uploads what is missing of an entry's blobs: true once all are there. */
bool core_blob_upload(struct core *core, struct entry *entry);

/* mailbox_key.c */
void core_mailbox_key_make(const struct core *core, struct record_account *a);
void core_mailbox_key_pump(struct core *core);
uint64_t core_mailbox_key_wake(const struct core *core);

/* unheard.c */
/* True if the leaf came while we were in, and nothing came from it since. */
bool core_unheard(const struct conversation *c, uint32_t leaf);
uint32_t core_unheard_count(const struct conversation *c);
/* The same of all devices of an account; the group has to be loaded. */
bool core_unheard_all(const struct conversation *c, const uint8_t account[16]);
/* Before a commit is applied, in a transaction: who comes with it, and who is heard by it. */
MUST err core_unheard_follow(struct core *core, struct conversation *c,
                             const struct mls_staged *staged);
/* The device of this identity said something in that epoch. In a transaction. */
MUST err core_unheard_said(struct core *core, struct conversation *c, slice identity,
                           uint64_t epoch);

/* unseal.c */
/* All but d->position, which is left; slices point into plain. Not hard: it does not open, or is no
 * parcel. */
MUST err core_unseal(struct core *core, const struct proto_delivery *sealed, buf *plain,
                     struct delivery *d);

/* inbox.c */
void core_inbox_delivery(struct core *core, const struct proto_delivery *sealed);
void core_inbox_caught_up(struct core *core, const struct proto_caught_up *caught_up);
void core_inbox_pump(struct core *core);
void core_inbox_ack_pump(struct core *core);
/* What is processed is acked before the session ends. */
void core_inbox_ack_now(struct core *core);
/* Ends the authenticated session and begins another: everything that is not acked comes again. */
void core_inbox_subscribe_again(struct core *core);
/* Processes one that waits, in a transaction: it goes, or waits for something else. */
MUST err core_inbox_look_again(struct core *core, uint64_t number);
/* The own copy of the entry's commit is here, or will not come: applies it. In a transaction. */
MUST err core_commit_came(struct core *core, struct entry *entry);

/* seen.c */
enum seen_what { SEEN_PROCESSED = 0, SEEN_OWN = 1, SEEN_OWN_COMMIT = 2 };
MUST err core_seen_hash(uint8_t hash[32], slice mark, slice item);
/* NOT_FOUND if it is new. */
MUST err core_seen_find(struct core *core, const uint8_t hash[32], struct record_seen *seen);
MUST err core_seen_add(struct core *core, const uint8_t hash[32], const struct record_seen *seen);
/* Changes what is known of one that was added. */
MUST err core_seen_put(struct core *core, const uint8_t hash[32], const struct record_seen *seen);
/* An item of ours, about to leave: its copy will come back. */
MUST err core_seen_expect(struct core *core, slice mark, slice item,
                          const struct record_seen *seen);
/* A Welcome led to this group, and is remembered for as long as the secrets that open it; REPEAT if
 * one did before. */
MUST err core_seen_welcome(struct core *core, const struct mls_group *group);
/* An item named this blob; REPEAT if another did before: whatever key it names, the blob is not
 * fetched again. */
MUST err core_seen_blob(struct core *core, const uint8_t id[32]);
/* Another own device declined a request whose Welcome is not here yet; whether that is so, once. */
MUST err core_seen_decline(struct core *core, const uint8_t group[32]);
MUST err core_seen_take_declined(struct core *core, const uint8_t group[32], bool *declined);
MUST err core_seen_purge(struct core *core);

/* quarantine.c */
MUST err core_quarantine_forget(struct core *core, struct conversation *c);
MUST err core_quarantine_add(struct core *core, uint32_t conversation, err why, slice item);

/* waiting.c */
void core_waiting_pump(struct core *core);
void core_waiting_free(struct core *core, struct waiting *w);
struct waiting *core_waiting_find(const struct core *core, uint64_t number);
MUST err core_waiting_save(struct core *core, struct waiting *w);
/* With no room left, the oldest of its kind is put aside. What asks has little room, of its own. */
MUST err core_waiting_add(struct core *core, const struct record_waiting *r);
/* It waits for something else from now on: with no room left for that, as when one is added. */
MUST err core_waiting_turn(struct core *core, struct waiting *w, enum waiting_why why,
                           uint32_t conversation);
MUST err core_waiting_remove(struct core *core, struct waiting *w);
/* Into the quarantine, but for what asks: that is dropped. */
MUST err core_waiting_put_aside(struct core *core, struct waiting *w, err why);
/* Puts aside what waits for too long. */
MUST err core_waiting_purge(struct core *core);
/* True if there are blobs that did not come yet, or were not looked at. */
bool core_waiting_blobs(const struct core *core);
/* True if there are some that come as soon as they can, today. asking: also if they ask; anybody
 * can send such, and no conversation waits for them. */
bool core_waiting_blobs_due(const struct core *core, bool asking);
/* True if something waits for another epoch of this conversation, or for what leads to it. */
bool core_waiting_for_epoch(const struct core *core, const struct conversation *c);
/* True if there is soon no room left for what waits for blobs. */
bool core_waiting_crowded(const struct core *core);

/* outbox.c */
void core_outbox_pump(struct core *core);
/* All that is in the mailbox is here; gaps: and more was lost. */
void core_outbox_caught_up(struct core *core, bool gaps);
uint64_t core_outbox_wake(const struct core *core);
struct entry *core_entry_find(const struct core *core, uint64_t command);
void core_entry_free(struct core *core, struct entry *entry);
MUST err core_entry_add(struct core *core, struct conversation *c, enum entry_kind kind,
                        slice intent, bool silent, struct entry **entry);
MUST err core_entry_save(struct core *core, struct entry *entry);
/* Removes it, with its DONE. */
MUST err core_entry_finish(struct core *core, struct entry *entry, err e, uint16_t reason,
                           uint32_t refused);
/* The same for what sends this entry of the history, if it did not leave yet. */
MUST err core_entry_end(struct core *core, const struct conversation *c, uint64_t message, err why);
/* Whether something that was not asked for waits to be sent there. */
bool core_entry_tells(const struct core *core, const struct conversation *c);
/* Its blobs are uploaded from the first one on. */
void core_entry_rewind(struct entry *entry);
/* Forgets what was encrypted: it is tried again. */
MUST err core_entry_again(struct core *core, struct entry *entry);
MUST err core_entry_lost(struct core *core, struct conversation *c);
bool core_entry_pending(const struct core *core, uint32_t conversation, enum entry_kind kind);

/* prepare.c: encrypts an entry, in a transaction. */
MUST err core_prepare_entry(struct core *core, struct conversation *c, struct entry *entry);
/* The same commit and Welcomes, in blobs that the server does not have yet. In a transaction. */
MUST err core_prepare_fresh_blobs(struct core *core, struct entry *entry);
/* What the entry needs from the network first: fills entry->targets. */
MUST err core_prepare_targets(struct core *core, struct entry *entry);

/* work.c */
/* AGAIN: not found in this slice. */
MUST err core_work_slice(struct work *work);

/* handle.c */
void core_handle_pump(struct core *core);
uint64_t core_handle_wake(const struct core *core);
/* All that is in the mailbox is here, for the first time in this session. */
void core_handle_caught_up(struct core *core);
/* The clock was set back by so much. */
void core_handle_back(struct core *core, uint64_t step);
void core_handle_forget(struct core *core);
void core_handle_fini(struct core *core);
void core_claim_free(struct core *core, struct claim *claim);
/* The i-th claim that we hold, with its keys, for own devices. NOT_FOUND. Appended. */
MUST err core_handle_export(struct core *core, size_t i, buf *item);
/* Another own device's word. In a transaction. */
MUST err core_handle_import(struct core *core, const struct record_claim *told);
MUST err core_handle_bound_all(struct core *core);
/* True once we hold no handle; until then, it is being given up. */
bool core_handle_give_up(struct core *core);

/* desk.c */
MUST err core_desk_load(struct core *core);
/* The server, in a session that has just become the device's. */
void core_desk_ask(struct core *core);
void core_desk_pump(struct core *core);
/* In a transaction. */
MUST err core_desk_save(struct core *core);

/* desk_notices.c */
void core_desk_notice_free(struct core *core, struct desk_notice *n);
/* Content of an item that the server put into the mailbox itself; what is not for us, or no notice,
 * is dropped. In a transaction, as the next. */
MUST err core_desk_take(struct core *core, slice content);
/* The server said which key its desk has, or the user accepted another: those that wait are
 * believed, go on waiting for the user's word, or are refused. */
MUST err core_desk_judge(struct core *core);
uint32_t core_desk_waiting(const struct core *core);
uint32_t core_desk_unread(const struct core *core);

/* profile.c */
MUST err core_profile_send(struct core *core, struct conversation *c, bool with_room);
MUST err core_profile_rename(struct core *core, struct conversation *c, slice name,
                             struct entry **entry);
MUST err core_profile_receive(struct core *core, struct conversation *c, const uint8_t sender[16],
                              slice body);
/* A request was accepted: what was said in it holds like any other. In a transaction. */
MUST err core_profile_adopt(struct core *core, uint32_t conversation);
MUST err core_profile_forget(struct core *core, const struct conversation *c);
/* What we show in the conversation (NULL: everywhere), for own devices. NOT_FOUND: nothing of its
 * own. Appended. */
MUST err core_profile_export(struct core *core, const struct conversation *c, buf *item);
/* Another own device's word. In a transaction. */
MUST err core_profile_import(struct core *core, const struct record_profile *told);
MUST err core_profile_bound_all(struct core *core);

/* said.c */
/* NOT_FOUND if it calls itself nothing special there; empty if it wants no name there. Appended. */
MUST err core_said_find(struct core *core, uint32_t conversation, const uint8_t account[16],
                        buf *name);
/* When what is known of it there was said; 0: nothing is. */
MUST err core_said_changed(struct core *core, uint32_t conversation, const uint8_t account[16],
                           uint64_t *changed);
MUST err core_said_put(struct core *core, uint32_t conversation, const struct record_said *said);
MUST err core_said_adopt(struct core *core, uint32_t conversation);
MUST err core_said_forget(struct core *core, uint32_t conversation);

/* remarks.c */
enum remark_what {
    REMARK_NONE = 0,
    REMARK_EDIT,
    REMARK_DELETE,
    REMARK_REACTION,
    REMARK_DELIVERED, /* these two are no entries: number is that of the message */
    REMARK_READ
};
/* True of content that is about no other. */
bool core_remark_is_none(slice content);
/* An account says that a message of ours came, or was read. In a transaction. */
MUST err core_remark_receipt(struct core *core, struct conversation *c, uint64_t number,
                             const uint8_t sender[16], bool read);
/* A message is in the history: what was said about it before holds, and what it says about another.
 * In a transaction. */
MUST err core_remark_take(struct core *core, struct conversation *c, const struct record_message *m,
                          uint64_t number);
/* Its time has come: it goes, and what was said about it. */
MUST err core_remark_expire(struct core *core, struct conversation *c, uint64_t number);
/* Its conversation is forgotten. */
MUST err core_remark_forget(struct core *core, const struct conversation *c,
                            const struct record_message *m);
struct remarked {
    uint64_t edit, time; /* the entry whose text holds (0: its own), and when by its sender */
    uint32_t reactions, delivered, read;
};
MUST err core_remark_look(struct core *core, const struct conversation *c,
                          const struct record_message *m, struct remarked *remarked);
struct content;
/* The entry that shows what m says about it; 0: none. content: m's. */
MUST err core_remark_about(struct core *core, const struct conversation *c,
                           const struct record_message *m, const struct content *content,
                           uint64_t *about);

/* pictures.c */
/* TOO_LARGE in bytes or pixels; MALFORMED if it is neither a picture that says how wide and high it
 * is, nor empty. */
MUST err core_picture_check(slice picture);
/* Empty: none any more. What is no picture, or has no room, is ignored. */
MUST err core_picture_take(struct core *core, const struct conversation *c,
                           const uint8_t sender[16], bool here, slice image, uint64_t changed);
MUST err core_picture_adopt(struct core *core, uint32_t conversation);
MUST err core_picture_forget(struct core *core, uint32_t conversation);
void core_picture_free(struct core *core, struct picture *p);

#endif
