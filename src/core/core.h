/* The client: a pure state machine. It does no I/O and reads no clock: a host brings events in, by
 * calling functions, and carries actions out, by draining a queue. What it knows lives in the
 * store; a host may die between any two calls, and core_open continues where the last durable
 * commit left off. One core is used by one thread at a time.
 *
 * The host's loop, for a long-running client and for a command that runs once alike:
 *
 *     core_open, core_online
 *     forever:
 *         while core_next_action: carry it out
 *         wait for a link's news or for the time of the last WAKE
 *         call core_link_up, core_link_message, core_link_down or core_wake
 *
 * Drain the queue after every call into the core, before the next one. A one-shot command ends at
 * its NOTICE_DONE; commands that are in the outbox outlive the host and go on at the next run.
 *
 * Times are milliseconds since 1970 (base/time.h). Texts are UTF-8, without a NUL. Slices that an
 * accessor hands out stay valid until the next call into the core that is no accessor (accessors
 * take a const core, or say so). Functions that take `now` may write to the store.
 *
 * Errors of every call that writes: DISK_FULL, IO or DAMAGED from the store, NO_MEMORY. The core
 * stays usable: nothing was done, and what is in memory is read again from the store. */
#ifndef SOTTO_CORE_CORE_H
#define SOTTO_CORE_CORE_H

#include "base/slice.h"
#include "store/store.h"

struct core;

enum {
    CORE_ACCOUNT = 16,  /* bytes of an account id */
    CORE_DEVICE = 16,   /* of a device id */
    CORE_IDENTITY = 32, /* of an identity key (Ed25519) */
    CORE_MESSAGE_ID = 32,
    CORE_NAME_MAX = 64,       /* bytes of a person's or a conversation's name */
    CORE_PICTURE_MAX = 65536, /* bytes of a picture */
    CORE_PICTURE_EDGE = 1024, /* its most pixels in a row or a column */
    CORE_TEXT_MAX = 262144,   /* bytes of a message's text */
    CORE_FILE_NAME_MAX = 255, /* of a file's name */
    CORE_MEMBERS_MAX = 1024,  /* devices in one conversation */
    CORE_PROXY_MAX = 300,     /* bytes of a proxy's place */
    CORE_LINK_DAYS = 30,      /* that a contact link is good for, */
    CORE_LINK_DAYS_MAX = 180, /* at most: address keys change twice a year */
    CORE_WORDS = 216,         /* bytes of an identity's words */
    CORE_LINKING_DIGIT_COUNT = 8,
    CORE_SAFETY_DIGITS = 60,
    CORE_HANDLE_MAX = 128,              /* bytes of a handle */
    CORE_TIMER_DEFAULT = 7 * 24 * 3600, /* seconds that messages stay */
    CORE_TIMER_MAX = 365 * 24 * 3600
};

struct core_config {
    uint16_t suite; /* of new accounts (an account keeps its own): 0 means MLS_SUITE_XWING_CHACHA */
    const struct mem *mem; /* NULL: malloc */

    /* Devices above which a conversation's roster is stored at the server: 0 means 16, which all
     * clients of a conversation must agree in. Tests set less. */
    uint32_t roster_above;

    /* Stocks; 0 means the default. */
    uint32_t key_packages; /* one-time key packages kept at the server: 20 */
    uint32_t addresses;    /* fresh sealed addresses kept here: 32 */

    /* Bytes of memory that stretching a handle takes; 0: 64 MiB, as everybody else's must. */
    size_t handle_memory;
};

/* The store stays the caller's; it must outlive the core. A store without an account is a valid
 * start. UNSUPPORTED if a newer version wrote it; BUG if the store's commits are deferred. config
 * may be NULL. */
MUST err core_open(struct core **core, struct store *store, const struct core_config *config,
                   uint64_t now);
void core_close(struct core *core);

/* ---- Events: what a host tells the core ---- */

/* Whether to hold connections. A core starts offline. Going online forgets a REPLACED and a refused
 * identity, and tries at once; going offline closes the links. */
void core_online(struct core *core, bool online, uint64_t now);
/* The host is about to go: no link is opened any more, and each that stands closes at a moment of
 * its own within CORE_LEAVE_TIME, the only one at once, since links that close together are seen to
 * be one client's. Until then what comes is received. Ended by core_online. */
#define CORE_LEAVE_TIME 2000 /* milliseconds */
void core_leave(struct core *core, uint64_t now);
/* A link that CONNECT asked for stands. */
void core_link_up(struct core *core, uint32_t link, uint64_t now);
/* One whole message of the carrier: what the other side's one TRANSMIT (or the server) put in. */
void core_link_message(struct core *core, uint32_t link, slice message, uint64_t now);
/* The link could not be made, or is gone. Not called for a link that DISCONNECT closed; harmless if
 * it is. News of a link that the core has given up is ignored. */
void core_link_down(struct core *core, uint32_t link, err why, uint64_t now);
/* The time of a WAKE has come. Too early or too often is harmless. */
void core_wake(struct core *core, uint64_t now);

/* ---- Actions: what the core asks of a host ---- */

enum core_action_kind {
    CORE_CONNECT = 1, /* open link `link` to `server` ("host:port" or "wss://..."), through the
                         SOCKS5 proxy `proxy` ("host:port") if it is not empty, and then in no
                         other way, with a login of the link's own. Several links to one server
                         must not be recognisable as one client's */
    CORE_TRANSMIT,    /* send `bytes` as one message on `link`; at most 65535 bytes */
    CORE_DISCONNECT,  /* close `link`, after what was handed to TRANSMIT before */
    CORE_WAKE,   /* call core_wake at `at`; replaces every earlier WAKE; UINT64_MAX: not at all */
    CORE_NOTICE, /* for the user interface */
    /* Give `count` bytes from `offset` of the file that belongs to `command` to core_file_bytes, or
     * say with core_file_failed why not; core_file_place says which file it is. */
    CORE_READ,
    CORE_WRITE /* write `bytes` at `offset` of such a file; if that fails, core_file_failed */
};

enum core_notice_kind {
    /* A command is through: `command`, `error`, `reason`, `text` (a link), `conversation`,
       `refused`. */
    CORE_NOTICE_DONE = 1,
    /* A link is a step further: see core_linking_get. `command`. */
    CORE_NOTICE_LINKING,
    /* What another own device sent about the account: part `count` of `message` is here. */
    CORE_NOTICE_SYNCED,
    /* The server has a message for every member but `refused`: `conversation`, `message`,
     * `message_id`. As long as all others' mailboxes are full, it is not sent, and waits. The same
     * as the DONE of its command, for whoever watches messages. */
    CORE_NOTICE_SENT,
    /* A new entry in a conversation's history: `conversation`, `message` (its number). */
    CORE_NOTICE_MESSAGE,
    /* A conversation was joined, changed its members, its name or its state: `conversation`. If it
     * is not there any more, it was forgotten: of those that others began and the user never wrote
     * in or read, and of those that are over, the oldest make room when there are very many. */
    CORE_NOTICE_CONVERSATION,
    /* The sessions' state changed: see core_status_get. */
    CORE_NOTICE_CONNECTION,
    /* What waited in the mailbox was processed. */
    CORE_NOTICE_CAUGHT_UP,
    /* Another session of this device took over. The core stays off until core_online(true). */
    CORE_NOTICE_REPLACED,
    /* The mailbox refused items or let them expire, `count` times: somebody may have to add us
       again. */
    CORE_NOTICE_GAPS,
    /* An item could not be processed and was put aside: `conversation` (0: none), `error`. */
    CORE_NOTICE_QUARANTINED,
    /* How far a file is: `command`, `conversation`, `done` of `total` bytes. `error` and `reason`:
     * why it stands still for now; it goes on by itself. */
    CORE_NOTICE_PROGRESS,
    /* Own devices gave one petname, `text`, to two people: who got it last has it, the other none.
     */
    CORE_NOTICE_PETNAME,
    /* Of the server's request desk: a notice came, `message`, its number; or (`error` IDENTITY) the
     * server names another key for it than the pinned one: see core_desk_get. */
    CORE_NOTICE_DESK,
    /* Something the user should know: `error`, `reason`, `text`. ERR_IDENTITY: the server's key is
     * not the pinned one, the core stays off until core_online(true). Class IO: the store failed;
     * nothing was acknowledged; the core tries again by itself. */
    CORE_NOTICE_TROUBLE,
    /* An entry of a history is to be shown anew, or is gone: it was edited or withdrawn, or
     * somebody reacted to it: `conversation`, `message`, `message_id`. */
    CORE_NOTICE_CHANGED,
    /* Somebody began to write in `conversation`, or ended: core_writing tells. */
    CORE_NOTICE_WRITING
};

struct core_notice {
    enum core_notice_kind kind;
    uint64_t command; /* 0: none */
    err error;        /* OK, or why not */
    uint16_t reason;  /* the server's reason (enum proto_reason); 0: none */
    slice text;
    uint32_t conversation; /* 0: none */
    uint64_t message;      /* number in the conversation's history */
    uint8_t message_id[CORE_MESSAGE_ID];
    uint32_t refused; /* how many of the addresses took nothing; of a message: of the others' */
    uint32_t count;
    uint64_t done, total;
};

struct core_action {
    enum core_action_kind kind;
    uint32_t link;
    slice server;
    slice proxy;
    slice bytes;
    uint64_t at;
    uint64_t command, offset;
    size_t count;
    struct core_notice notice;
};

/* The next action; false if there is none. Its slices are valid until the next call into the core.
 */
bool core_next_action(struct core *core, struct core_action *action);

/* ---- Commands ----
 * A command that fails at once returns the error and has no number. One that returns OK sets
 * *command to a number that is never used again in this store, and ends with one NOTICE_DONE, now
 * or, if it waits in the outbox, in a later run. Errors at once: STATE without an account or in a
 * conversation that we are out of, NOT_FOUND for an account or a conversation that is not known,
 * TOO_LARGE, MALFORMED for a name that is not one line of text that can be seen, is "you" or
 * begins with an asterisk, LIMIT for a full outbox or more than 64 devices at once. */

/* A new account from a link "sotto:join:...": makes the keys, registers, and stocks key packages
 * and addresses. name (may be empty) is what contacts see. EXISTS if this store has a registered
 * account; an account that could not register yet is registered again with the new link's code.
 * DONE with reason INVITE: the code is not valid or was used. */
MUST err core_account_create(struct core *core, slice join_link, slice name, uint64_t now,
                             uint64_t *command);
/* An account that exists, by its identity's words (core_words), on the server that `link` is for (a
 * registration link, anybody's contact link, or that of core_server_link): this device gets the
 * place of the account's first one, which the server then knows no more; the others stay. Which
 * these are is the server's word: it can show an older list. DONE with reason PROOF: the server
 * knows no such account; LATE: it showed a list, and an older one after that; reason OLDER: it had
 * a newer one again and again. Errors at once besides those of core_account_create: MALFORMED for
 * no words (*wrong is the first that is none, from 1, or 0 if there aren't 24, or for a name),
 * SIGNATURE if their check doesn't fit, UNSUPPORTED for the link.
 */
MUST err core_account_take(struct core *core, slice link, slice words, slice name, uint64_t now,
                           uint64_t *command, uint32_t *wrong);
/* Whoever has these words is this account. They end with a NUL; wipe them. DENIED if the identity's
 * key is on another device. */
MUST err core_words(const struct core *core, char words[CORE_WORDS]);
/* Makes this store's device one of an account that exists: it shows a code, which the device with
 * the identity's key takes. server: "host:port", or any link of that server's, by which its key is
 * known from the start; else the other device tells it. LINKING comes at each step. When both show
 * digits each one's user says with core_device_link_confirm whether they are the same; nothing is
 * taken over before. DONE once this device is in the account; its conversations and contacts come
 * from then on, SYNCED tells how many parts of them are here. DONE with TIMEOUT after a minute
 * without the other, DENIED for a no, IDENTITY if the server is not the account's. EXISTS if this
 * store has a registered account. */
MUST err core_device_link(struct core *core, slice server, uint64_t now, uint64_t *command);
/* At the device with the identity's key: takes the code that the new device shows. After the user's
 * yes the new device is in the account's list; after a no at the new device it is signed off again.
 * DONE once it came to the account: it is added to the conversations from then on. DONE with DENIED
 * for a no on either side, with reason NONE if the code is used or over, or of another server.
 * DENIED without the identity's key; LIMIT for too many. */
MUST err core_device_link_take(struct core *core, slice code, uint64_t now, uint64_t *command);
/* On each of the two devices, what its user says of the digits; a no ends the link, and DONE tells
 * what else does. STATE if it is not at its digits. */
MUST err core_device_link_confirm(struct core *core, bool same, uint64_t now);
/* Signs a device off, at the server and in all conversations: DONE once the server has that; what
 * is still to be done in conversations goes on. DENIED without the identity's key, or for this
 * device; NOT_FOUND. */
MUST err core_device_unlink(struct core *core, const uint8_t device[CORE_DEVICE], uint64_t now,
                            uint64_t *command);
/* Appends "sotto:server:...": where the server is and its key. */
MUST err core_server_link(const struct core *core, buf *link);
/* What others see of us from now on: everywhere, or in one conversation alone (0: everywhere),
 * where it stays as it is from then on. NULL leaves the name or the picture as it is; both NULL in
 * a conversation: the same as everywhere again. A picture is PNG, JPEG or WebP, goes out as it is
 * given, with all that stands in it, and may be empty for none. MALFORMED, TOO_LARGE. */
MUST err core_profile_set(struct core *core, uint32_t conversation, const slice *name,
                          const slice *picture, uint64_t now);

/* What others are told of what they say, on all own devices alike: nothing, that it came, or also
 * that it was read. Told is it in conversations of up to 32 devices, to everybody in them, some
 * time after; never in requests, and nothing of what came or was read before it was switched on.
 * MALFORMED. */
enum core_receipts { CORE_RECEIPTS_NONE = 0, CORE_RECEIPTS_DELIVERED, CORE_RECEIPTS_READ };
MUST err core_receipts_set(struct core *core, enum core_receipts level, uint64_t now);
/* An accessor. READ where nobody set it. */
enum core_receipts core_receipts_get(const struct core *core);
/* "off", "delivered", "read"; MALFORMED for another word. */
const char *core_receipts_name(enum core_receipts level);
MUST err core_receipts_named(slice name, enum core_receipts *level);

/* Whether the others of a conversation are told that the user writes, and the user that they do: both
 * or neither, for all own devices; not where nobody chose it. What it tells the server is in
 * docs/decisions/0088. STATE without an account. */
MUST err core_typing_set(struct core *core, bool on, uint64_t now);
/* An accessor. */
bool core_typing_get(const struct core *core);
/* The user writes something there: to be called at each key. It decides itself whether that is told,
 * which costs nothing if not; nothing is stored. NOT_FOUND. */
MUST err core_typing(struct core *core, uint32_t conversation, uint64_t now);
/* Who writes there just now, and how many they are: at most so many. An accessor. */
size_t core_writing(const struct core *core, uint32_t conversation,
                    uint8_t (*accounts)[CORE_ACCOUNT], size_t most);

/* Whether each conversation sends over a link of its own, so that the server can't tell by the link
 * which of them are one person's. UNSET: with a proxy it does; without one all links come from one
 * place anyway. */
enum core_isolate { CORE_ISOLATE_UNSET = 0, CORE_ISOLATE_ON, CORE_ISOLATE_OFF };
/* How the server is reached from now on, remembered in the store; links that stand are closed.
 * proxy: the host's to understand; empty: none. They need no account. TOO_LARGE, MALFORMED. */
MUST err core_proxy_set(struct core *core, slice proxy, uint64_t now);
MUST err core_isolate_set(struct core *core, enum core_isolate isolate, uint64_t now);

/* A link "sotto:contact:..." with which others can write to us: in DONE's text; its number is the
 * command's. It is good for `lifetime` milliseconds, at most CORE_LINK_DAYS_MAX days, and for
 * everybody who has it, or `once`: for whoever asks first. It needs fresh addresses, and so a
 * connection only when the stock of them is empty. LIMIT: 256 are good still; revoke one. */
MUST err core_link_new(struct core *core, bool once, uint64_t lifetime, uint64_t now,
                       uint64_t *command);
/* Nobody comes by it any more. NOT_FOUND. */
MUST err core_link_revoke(struct core *core, uint64_t number, uint64_t now);
/* Takes somebody's link: done at once. petname is what we call them; empty: their own name. A link
 * of a known contact renews its addresses; a device list never goes back to an older version.
 * EXISTS, here and below, if another contact has this petname; DENIED for our own link, SIGNATURE
 * for a forged one, UNSUPPORTED for another server's, EXPIRED for one whose time is over. */
MUST err core_contact_accept(struct core *core, slice contact_link, slice petname, uint64_t now,
                             uint8_t account[CORE_ACCOUNT]);
/* Makes a contact of a member of a conversation. EXISTS, too, if it is one. */
MUST err core_contact_meet(struct core *core, uint32_t conversation,
                           const uint8_t account[CORE_ACCOUNT], slice petname, uint64_t now);
MUST err core_contact_rename(struct core *core, const uint8_t account[CORE_ACCOUNT], slice petname,
                             uint64_t now);
/* Remembers that the safety numbers were compared. */
MUST err core_contact_set_verified(struct core *core, const uint8_t account[CORE_ACCOUNT],
                                   bool verified, uint64_t now);

/* ---- Requests ----
 * A conversation that is begun with us by somebody who is no contact is a request
 * (CORE_CONVERSATION_REQUEST): it is received and can be looked at, but nothing goes back until it
 * is accepted, not even that it came. One for each identity, whose later one takes the earlier
 * one's place; the oldest makes room when very many wait. In a request nothing can be asked for:
 * STATE. These are done at once. NOT_FOUND without such a conversation, STATE if it is no request.
 */

/* The inviter, if it is still a member, becomes a contact; petname may be empty. So does a request
 * that waits when its inviter becomes a contact in another way. EXISTS for another's petname. */
MUST err core_request_accept(struct core *core, uint32_t conversation, slice petname, uint64_t now);
/* Forgets it; the other side can't tell. */
MUST err core_request_decline(struct core *core, uint32_t conversation, uint64_t now);

/* From now on its requests and its messages, in whatever conversation, are dropped unseen. Its
 * request, and one-to-one conversations with it, end here, with our addresses in them; what was
 * said in these stays. Nothing tells it: what it sends counts as sent. In conversations with others
 * both stay. EXISTS, DENIED for ourselves, LIMIT. */
MUST err core_block(struct core *core, const uint8_t account[CORE_ACCOUNT], uint64_t now);
/* NOT_FOUND. What was dropped does not come back; who unblocks a contact begins anew. */
MUST err core_unblock(struct core *core, const uint8_t account[CORE_ACCOUNT], uint64_t now);

/* A new conversation with these contacts, all their devices. *conversation is usable at once: what
 * is sent waits until the others are in. DONE comes when they are; if it fails, the conversation is
 * CORE_CONVERSATION_FAILED. name may be empty. DENIED, here and in the next, for somebody whom we
 * have blocked. */
MUST err core_conversation_new(struct core *core, slice name,
                               const uint8_t (*accounts)[CORE_ACCOUNT], size_t count, uint64_t now,
                               uint64_t *command, uint32_t *conversation);
/* All devices of a contact. DONE with EXISTS if they are members already. */
MUST err core_conversation_add(struct core *core, uint32_t conversation,
                               const uint8_t account[CORE_ACCOUNT], uint64_t now,
                               uint64_t *command);
/* All devices of a member. DONE with NOT_FOUND if it is none any more. Like the one before and the
 * next two: DENIED, at once or in DONE, for whoever is no administrator, where there are some. */
MUST err core_conversation_remove(struct core *core, uint32_t conversation,
                                  const uint8_t account[CORE_ACCOUNT], uint64_t now,
                                  uint64_t *command);
/* Makes a member an administrator, or one no longer. NOT_FOUND if it is no member; EXISTS if it is
 * so already; LIMIT: it is the last one; UNSUPPORTED: the conversation has no roles. */
MUST err core_conversation_role(struct core *core, uint32_t conversation,
                                const uint8_t account[CORE_ACCOUNT], bool admin, uint64_t now,
                                uint64_t *command);
/* Whether everybody may change the timer, or administrators alone. EXISTS if it is so already;
 * UNSUPPORTED as above. */
MUST err core_conversation_timer_all(struct core *core, uint32_t conversation, bool all,
                                     uint64_t now, uint64_t *command);
/* New keys and a new address for our leaf; nobody reaches us by the old one any more, from a
 * day after the others have the new one, or some minutes later. */
MUST err core_conversation_update(struct core *core, uint32_t conversation, uint64_t now,
                                  uint64_t *command);
/* Asks to be removed; another member, an administrator where there are some, carries it out. DONE
 * once the others have the request; the conversation's state goes from LEAVING to LEFT when they
 * did it, or after a week without an answer, and back to ACTIVE if the request could not be sent.
 * In one that is spoiled or behind it ends here, at once: nobody would hear of it. */
MUST err core_conversation_leave(struct core *core, uint32_t conversation, uint64_t now,
                                 uint64_t *command);
/* Renames it, for every member. */
MUST err core_conversation_rename(struct core *core, uint32_t conversation, slice name,
                                  uint64_t now, uint64_t *command);
/* How many seconds what is said from now on stays, for every member; 0: until somebody deletes it.
 * It is CORE_TIMER_DEFAULT where nobody set it. Each message says itself when it goes, and what was
 * said before goes when it said. TOO_LARGE. */
MUST err core_conversation_timer(struct core *core, uint32_t conversation, uint32_t seconds,
                                 uint64_t now, uint64_t *command);
/* Everything up to this message was seen by the user. */
MUST err core_conversation_read(struct core *core, uint32_t conversation, uint64_t message,
                                uint64_t now);

/* For the user alone, on all own devices: no notification until then (UINT64_MAX: for good; 0 ends
 * it); and away from the list, until somebody else says something in it while it isn't muted.
 * NOT_FOUND; STATE of a request. */
MUST err core_conversation_mute(struct core *core, uint32_t conversation, uint64_t until,
                                uint64_t now);
MUST err core_conversation_archive(struct core *core, uint32_t conversation, bool archived,
                                   uint64_t now);

/* What was begun to be written there, kept on this device alone; empty: none. What it was before
 * goes. NOT_FOUND, TOO_LARGE (CORE_TEXT_MAX). */
MUST err core_draft_set(struct core *core, uint32_t conversation, slice text, uint64_t now);
/* An accessor. Appends it. NOT_FOUND: no such conversation. */
MUST err core_draft_get(struct core *core, uint32_t conversation, buf *text);

enum core_text_kind { CORE_TEXT_PLAIN = 0, CORE_TEXT_MARKDOWN = 1, CORE_TEXT_REACTION = 2 };
/* A message, in the history at once and in the outbox until the server has it. in_reply_to: a
 * message id, or NULL (a reaction needs one). *message: its number in the history. */
MUST err core_send_text(struct core *core, uint32_t conversation, enum core_text_kind kind,
                        slice text, const uint8_t *in_reply_to, uint64_t now, uint64_t *command,
                        uint64_t *message);
/* Another text for a message of our own that is a text or has one beside a file: for everybody, who
 * can see that it was changed. message: its number in the history; *edit: that of the entry by
 * which it is changed. NOT_FOUND, DENIED if it isn't ours, STATE if it is withdrawn, UNSUPPORTED if
 * it has no text. */
MUST err core_message_edit(struct core *core, uint32_t conversation, uint64_t message, slice text,
                           uint64_t now, uint64_t *command, uint64_t *edit);
/* Withdraws a message of our own, for everybody; or takes a reaction of ours back. What it said,
 * its edits and the reactions to it leave this store now, and that of each member when it hears of
 * it; that it was there stays. NOT_FOUND, DENIED if it isn't ours, STATE if it is withdrawn,
 * UNSUPPORTED if it is itself an edit or a withdrawal. */
MUST err core_message_delete(struct core *core, uint32_t conversation, uint64_t message,
                             uint64_t now, uint64_t *command);
/* The same for any MIMI content (core/content.h), as it is: the conversation's timer is not put
 * into it. MALFORMED if it is none. */
MUST err core_send_content(struct core *core, uint32_t conversation, slice content, uint64_t now,
                           uint64_t *command, uint64_t *message);

/* ---- Files ----
 * The core asks for a file's bytes piece by piece, and hands them over so, by the actions READ and
 * WRITE: it holds a few chunks of each file at a time, however large that is. */

#define CORE_FILE_MAX ((uint64_t)1 << 31) /* bytes */

/* place: the host's own name for the file, by which a later run finds it again. name, type: what
 * others see, a name without a path and a media type. text: may be empty; in_reply_to: NULL or a
 * message id. */
struct core_file_sending {
    slice place, name, type, text;
    const uint8_t *in_reply_to;
    uint64_t size;
};
/* Uploads a file, then sends the message that names it. What was begun goes on in a later run, from
 * where the server has it; asked for again, it is the same command, which goes on at once. DONE:
 * `message`, as for a text; or CHANGED if the file is no longer what it was, and what the host
 * gave to core_file_failed. */
MUST err core_file_send(struct core *core, uint32_t conversation,
                        const struct core_file_sending *sending, uint64_t now, uint64_t *command);
/* Fetches the file that a message names. place: as above. have: so many bytes of it are there from
 * an earlier try, and are read again to be checked; if they are wrong it begins anew. hurry: the
 * user waits for it; otherwise it begins at some moment soon, so that it can't be told from the
 * message's coming. NOT_FOUND: the message names no file that can be fetched. DONE: every byte was
 * handed over and is what was sent; or CRYPTO if not, or reason NONE: it has expired. A later run
 * has to ask again. */
MUST err core_file_fetch(struct core *core, uint32_t conversation, uint64_t message, slice place,
                         uint64_t have, bool hurry, uint64_t now, uint64_t *command);
/* Ends either, with its DONE (CLOSED). NOT_FOUND. */
MUST err core_file_cancel(struct core *core, uint64_t command, uint64_t now);
/* What READ asked for. */
void core_file_bytes(struct core *core, uint64_t command, uint64_t offset, slice bytes,
                     uint64_t now);
/* The host can't read or write it: its DONE brings this error. */
void core_file_failed(struct core *core, uint64_t command, err why, uint64_t now);
/* NOT_FOUND. */
MUST err core_file_place(const struct core *core, uint64_t command, slice *place);

/* What the server's disk says about this account: after DONE, core_record_get. */
MUST err core_record_ask(struct core *core, uint64_t now, uint64_t *command);

/* The end of the account at the server; what is here stays. After DONE nothing connects any more.
 */
MUST err core_account_delete(struct core *core, uint64_t now, uint64_t *command);

/* ---- Handles ----
 * A handle is a name under which others find us: its card has who we are and an address. The client
 * puts the card anew each week, with a fresh address, and renews the claim twice a year; it lapses
 * a year after that. Claims and finds cost seconds of work: each call into the core does a slice
 * of it and asks to be woken at once. One that stretches a name takes a fifth of a second.
 *
 * Errors at once: MALFORMED, UNSUPPORTED (mixed scripts), LENGTH (too short), TOO_LARGE for what is
 * no handle (lookup/handle_form.h) or no PIN (4 to 12 digits), LIMIT if such a command is under
 * way.
 */

/* Claims it; what we held before is given up once this one is ours. pin may be empty; with it, who
 * knows the name alone learns that a PIN is needed. DONE with DENIED and reason TAKEN: somebody has
 * it, or one that looks like it; EXISTS: it is ours, whatever its PIN; LIMIT: the server holds as
 * many as it can. Until the names are stretched it ends with the host, later it goes on at the next
 * run. */
MUST err core_handle_claim(struct core *core, slice name, slice pin, uint64_t now,
                           uint64_t *command);
/* Gives it up. NOT_FOUND if we have none. */
MUST err core_handle_drop(struct core *core, uint64_t now, uint64_t *command);
/* Looks a handle up; ends with the host. DONE with NOT_FOUND: nobody has it, or not with this PIN;
 * DENIED without a reason: it needs a PIN. Then core_found_get. */
MUST err core_handle_find(struct core *core, slice name, slice pin, uint64_t now,
                          uint64_t *command);
/* Makes a contact of whom the last find found, as core_contact_accept does. */
MUST err core_found_accept(struct core *core, slice petname, uint64_t now,
                           uint8_t account[CORE_ACCOUNT]);

/* ---- Accessors ---- */

enum core_handle_state {
    CORE_HANDLE_WANTED = 1, /* it is being claimed */
    CORE_HANDLE_HELD,
    CORE_HANDLE_UNWANTED /* it is being given up */
};
struct core_handle {
    slice name;
    bool pin; /* it has one */
    enum core_handle_state state;
    uint32_t lapses_week; /* HELD */
};
/* Ours; NOT_FOUND if there is none. While it changes, the one that we hold. */
MUST err core_handle_get(const struct core *core, struct core_handle *handle);

struct core_contact;
/* Whom the last find found: without petname, not verified. NOT_FOUND if nobody. It may be us. */
MUST err core_found_get(const struct core *core, struct core_contact *found);

struct core_network {
    slice proxy;
    enum core_isolate isolate; /* as it was set */
    bool isolates;             /* what that comes to */
};
void core_network_get(const struct core *core, struct core_network *network);

enum core_link_state {
    CORE_LINK_OFF = 0,
    CORE_LINK_WAITING,
    CORE_LINK_CONNECTING,
    CORE_LINK_READY
};
/* "off", "waiting", "connecting", "ready". */
const char *core_link_state_name(enum core_link_state state);

/* How far the last session came that ended. */
enum core_phase {
    CORE_PHASE_CONNECT, /* there was no link yet */
    CORE_PHASE_HELLO,   /* a link, but who is at its end had not said that it is a server */
    CORE_PHASE_SESSION
};

struct core_status {
    bool has_account; /* there are keys */
    bool registered;
    bool deleted;      /* at the server, by us: nothing goes or comes any more */
    bool registering;  /* not yet, but asked for, and goes on */
    bool has_identity; /* the identity's key is on this device */
    bool out;          /* the server does not know this device any more */
    uint32_t devices;  /* of the account */
    uint32_t own;      /* the conversation of own devices; 0: none */
    uint8_t account[CORE_ACCOUNT];
    uint8_t device[CORE_DEVICE];
    uint8_t identity[CORE_IDENTITY];
    uint8_t server_identity[CORE_IDENTITY];
    slice name;
    slice server;
    uint16_t suite;
    /* The session that receives, and the best of those that send: these are opened when there is
     * something to send, and OFF else. */
    enum core_link_state auth, anon;
    bool caught_up;
    bool replaced;
    err last_error; /* why the last session ended, or OK */
    uint16_t last_reason;
    enum core_phase last_phase;
    uint32_t contacts;
    uint32_t conversations; /* requests, too */
    uint32_t requests;
    uint32_t blocked;
    uint32_t outbox;      /* commands that wait */
    bool unsettled;       /* something of ours is on its way, or about to be */
    uint32_t waiting;     /* items that wait for something that comes first */
    uint32_t quarantined; /* items put aside, all conversations together */
    uint64_t dropped;     /* items for no known group, ever */
    uint64_t repeats;     /* items that came twice, ever */
    uint64_t gaps;        /* gap marks, ever */
    uint64_t position;    /* processed up to here */
    uint32_t addresses;   /* in stock */
    uint32_t notices;     /* of the request desk, not read yet */
    bool desk_changed;    /* the server names another key for it than the pinned one */
};
void core_status_get(const struct core *core, struct core_status *status);

/* The server's request desk, which tells users that somebody asks for what the server holds of
 * them: docs/OFFICE.md. The key of its notices is pinned when the server first names one; by
 * another none is believed before core_desk_accept. */
struct core_desk {
    slice name, origin; /* origin: of its pages */
    uint64_t version;   /* of the office file, which is public, and its hash */
    uint8_t hash[32];
    uint8_t key[32];
    bool changed; /* the server names another key, `offered` */
    uint8_t offered[32];
    uint32_t waiting; /* notices that this other key signed */
    uint32_t refused; /* notices that neither signed, ever */
};
/* NOT_FOUND: the server has named none yet. */
MUST err core_desk_get(const struct core *core, struct core_desk *desk);
/* The offered key is the pinned one from now on, and notices that it signed are shown. NOT_FOUND if
 * this one is not offered. */
MUST err core_desk_accept(struct core *core, const uint8_t key[32], uint64_t now);

struct core_desk_notice {
    uint64_t number, time; /* time: when it came */
    bool read;
    slice id, case_id;
    uint8_t receipt[32];   /* SHA-256 of what was filed */
    uint8_t reference[32]; /* SHA-256 of text: with it, and it alone, one can object */
    slice wording;         /* lines of text */
    slice text;            /* the whole, as it was signed */
    uint8_t signature[64];
};
/* An accessor. Those that are believed, oldest first; the newest 256 are kept, the unread longest.
 * NOT_FOUND after the last. */
MUST err core_desk_notice_at(struct core *core, size_t i, struct core_desk_notice *notice);
/* The user has seen it. */
MUST err core_desk_notice_read(struct core *core, uint64_t number, uint64_t now);

struct core_held {
    slice name;
    uint64_t count, bytes;
};
enum { CORE_HELD_MAX = 32 };
enum core_linking_state {
    CORE_LINKING_OFF = 0,
    CORE_LINKING_OPENING, /* the server is asked */
    CORE_LINKING_CODE,    /* the new device's code is to be shown */
    CORE_LINKING_DIGITS,  /* to be compared */
    CORE_LINKING_ACCOUNT, /* here the user said that they are the same: the other side is due */
    CORE_LINKING_JOINING  /* at the new device: it has the account, and comes to the server */
};
struct core_linking {
    enum core_linking_state state;
    bool is_new; /* this is the new device */
    slice code;  /* the new device's, "sotto:link:..." */
    char digits[CORE_LINKING_DIGIT_COUNT + 1];
    uint64_t until;
};
void core_linking_get(const struct core *core, struct core_linking *linking);

struct core_device {
    uint8_t device[CORE_DEVICE];
    bool us;
    bool has_identity;
};
typedef bool core_device_visit(void *ctx, const struct core_device *device);
/* This account's, from the newest list that is known here. False ends it. STATE without an account.
 */
MUST err core_devices(const struct core *core, core_device_visit *visit, void *ctx);

struct core_record {
    uint32_t created_week, seen_week, devices, items;
    uint64_t bytes;
    struct core_held beside[CORE_HELD_MAX]; /* kinds of what is held, sealed */
    size_t beside_count;
};
/* The last answer to core_record_ask; NOT_FOUND if there is none. */
MUST err core_record_get(const struct core *core, struct core_record *record);

struct core_profile {
    slice name, picture;
    bool name_here, picture_here; /* in this conversation alone */
};
/* What we show in a conversation, or (0) everywhere. */
MUST err core_profile_get(struct core *core, uint32_t conversation, struct core_profile *profile);

enum core_picture_kind {
    CORE_PICTURE_NONE = 0,
    CORE_PICTURE_PNG,
    CORE_PICTURE_JPEG,
    CORE_PICTURE_WEBP
};
/* By its first bytes; nothing here looks further. */
enum core_picture_kind core_picture_kind(slice picture);
/* What somebody shows in a conversation, or (0) everywhere; NOT_FOUND. Of so many people and bytes
 * at most, contacts' before others'. */
MUST err core_picture_get(struct core *core, const uint8_t account[CORE_ACCOUNT],
                          uint32_t conversation, slice *picture);

struct core_contact {
    uint8_t account[CORE_ACCOUNT];
    uint8_t identity[CORE_IDENTITY];
    slice petname; /* what we call them; empty: none */
    slice name;    /* what they call themselves */
    uint32_t devices;
    uint32_t list_version;
    bool verified;
};
/* i < status.contacts, in the order in which they came. */
MUST err core_contact_at(const struct core *core, size_t i, struct core_contact *contact);
MUST err core_contact_get(const struct core *core, const uint8_t account[CORE_ACCOUNT],
                          struct core_contact *contact);
/* By petname; else by own name, or the beginning (at least 4 digits) of the account id in
 * hexadecimal. LIMIT if several contacts fit equally well. */
MUST err core_contact_find(const struct core *core, slice text, struct core_contact *contact);
/* Whether text is such a beginning: 4 digits at least. */
bool core_contact_id_begins(const uint8_t account[CORE_ACCOUNT], slice text);

struct core_blocked {
    uint8_t account[CORE_ACCOUNT];
    slice name; /* what it was called when it was blocked; may be empty */
    uint64_t time;
};
/* i < status.blocked. */
MUST err core_blocked_at(const struct core *core, size_t i, struct core_blocked *blocked);

/* What two people compare to know that nobody sits between them: 60 digits, the same on both sides
 * (core/safety.c says how they are made). other is an identity key. digits gets a NUL at the end.
 */
MUST err core_safety_number(const struct core *core, const uint8_t other[CORE_IDENTITY],
                            char digits[CORE_SAFETY_DIGITS + 1]);

struct core_link {
    uint64_t number, made, expires;
    bool once;
    bool used; /* somebody came, and it was for one */
    bool over; /* its time is, or it is used */
};
/* The contact links that we gave away and did not revoke, oldest first; NOT_FOUND after the last.
 */
MUST err core_link_at(const struct core *core, size_t i, struct core_link *link);

enum core_conversation_state {
    CORE_CONVERSATION_NEW = 1, /* being made */
    CORE_CONVERSATION_ACTIVE,
    CORE_CONVERSATION_LEAVING, /* we asked to be removed */
    CORE_CONVERSATION_LEFT,    /* read-only from here on */
    CORE_CONVERSATION_REMOVED,
    CORE_CONVERSATION_FAILED,
    CORE_CONVERSATION_REQUEST /* somebody who is no contact asks: see core_request_accept */
};

struct core_conversation {
    uint32_t number; /* its name in this store, from 1 */
    slice group_id;  /* 32 bytes; a group that we were out of comes again as another conversation */
    slice name;
    bool own_name; /* we gave it */
    enum core_conversation_state state;
    uint64_t epoch;
    uint32_t members;  /* devices */
    uint64_t messages; /* the number of the newest entry of the history; they count from 1 */
    uint64_t read;     /* the newest that the user has seen; what is its own counts as seen, unless
                          something before it is not */
    uint32_t timer;    /* seconds that messages stay; 0: they do */
    uint64_t muted;    /* until then; UINT64_MAX: for good; 0: it isn't */
    bool archived;     /* put away, until somebody else says something in it while it isn't muted */
    uint32_t outbox;
    uint32_t asked;   /* of these, what commands asked for: each one's DONE is yet to come */
    uint32_t refused; /* not 0: the outbox waits, since so many mailboxes, all but ours, are full */
    uint32_t waiting;
    uint32_t quarantined;
    uint8_t inviter[CORE_ACCOUNT]; /* who added us; zeros if we made it */
    bool spoiled;     /* a commit was ordered that can't be applied: make a new conversation */
    bool behind;      /* the others went on, and the commit that leads to them did not come: what is
                         asked for here waits, until a member removes us and adds us again */
    uint32_t unheard; /* devices from which nothing came since they were added: they wait for their
                         user's yes, or the Welcome did not reach them, which nobody tells */
};
/* i < status.conversations. */
MUST err core_conversation_at(const struct core *core, size_t i, struct core_conversation *c);
MUST err core_conversation_get(const struct core *core, uint32_t number,
                               struct core_conversation *c);
/* By number, by name, or by the contact it is one-to-one with; if nothing of these fits, by the one
 * other member that is no contact, as core_contact_find would find it. A petname, and a name that
 * we gave, outweigh what others chose; one that we are out of is found only if no other fits; LIMIT
 * if several fit equally well. Of several with one contact it is the same on both sides: one
 * without a name if there is such, then that of the lowest group id. */
MUST err core_conversation_find(struct core *core, slice text, struct core_conversation *c);

/* Whose conversation it is besides us, if one person's alone: what a user interface calls one
 * without a name. NOT_FOUND if there are several others, or none, or we are out of it. An accessor.
 */
MUST err core_conversation_with(struct core *core, uint32_t conversation,
                                uint8_t account[CORE_ACCOUNT]);

struct core_member {
    uint8_t account[CORE_ACCOUNT];
    uint8_t device[CORE_DEVICE];
    uint8_t identity[CORE_IDENTITY];
    slice name; /* our petname for it, or what it calls itself, or empty */
    uint32_t leaf;
    bool us;
    bool contact;
    bool unlisted; /* not in the newest device list that we know of its account */
    bool unheard;  /* nothing came from any device of the account since it was added */
    bool admin;    /* an administrator: of a conversation that has some */
};
typedef bool core_member_visit(void *ctx, const struct core_member *member);
/* An accessor. In the order of the leaves; false ends it. A conversation that is being made, or
 * that we are out of, has none. */
MUST err core_members(struct core *core, uint32_t conversation, core_member_visit *visit,
                      void *ctx);
struct core_roles {
    bool any;       /* false: what administrators may, everybody may */
    bool admin;     /* we are one */
    bool timer_all; /* everybody may change the timer */
};
/* An accessor; all false like that where there are no members. */
MUST err core_conversation_roles(struct core *core, uint32_t conversation,
                                 struct core_roles *roles);
/* 32 bytes that are the same for all members in the same state of the conversation. */
MUST err core_conversation_authenticator(struct core *core, uint32_t conversation, uint8_t out[32]);

enum core_message_kind {
    CORE_MESSAGE_CONTENT = 1, /* somebody said something */
    CORE_MESSAGE_CREATED,     /* `sender` made this conversation */
    CORE_MESSAGE_JOINED,      /* `sender` added us */
    CORE_MESSAGE_ADDED,       /* `sender` added `subject` */
    CORE_MESSAGE_REMOVED,     /* `sender` removed `subject` */
    CORE_MESSAGE_LEFT,        /* `subject` left */
    CORE_MESSAGE_UPDATED,     /* `subject` has new keys */
    CORE_MESSAGE_RENAMED,     /* `sender` renamed the conversation: `text` */
    CORE_MESSAGE_LINKED,      /* `subject` is in it with another device too: `sender_device` */
    CORE_MESSAGE_UNLINKED,    /* that device of `subject` is out of it, another is still in */
    CORE_MESSAGE_TIMER,       /* `sender` set how long messages stay: `text`, seconds in digits */
    CORE_MESSAGE_PROMOTED, /* `sender` made `subject` an administrator; nobody: it was handed on */
    CORE_MESSAGE_DEMOTED   /* ... and one no longer */
};
enum core_message_state {
    CORE_MESSAGE_RECEIVED = 0,
    CORE_MESSAGE_QUEUED, /* ours: not yet with the server */
    CORE_MESSAGE_SENT,   /* ours: with the server */
    CORE_MESSAGE_FAILED  /* ours: will not be sent */
};
enum core_content_shape {
    CORE_CONTENT_TEXT = 1, /* text to be shown */
    CORE_CONTENT_REACTION, /* text is a reaction to in_reply_to */
    CORE_CONTENT_EDIT,     /* text replaces that of `replaces` */
    CORE_CONTENT_DELETE,   /* `replaces` is withdrawn */
    CORE_CONTENT_OTHER,    /* text describes what this version can't show */
    CORE_CONTENT_FILE      /* a file, and text if it is not empty */
};
/* "active", "content", "text", "received": for JSON; empty if it is none. */
const char *core_conversation_state_name(enum core_conversation_state state);
const char *core_message_kind_name(enum core_message_kind kind);
const char *core_content_shape_name(enum core_content_shape shape);
const char *core_message_state_name(enum core_message_state state);
/* A file that a message names, in its sender's words. */
struct core_file {
    slice name, type, description;
    uint64_t size;
    uint64_t expires; /* ms since 1970, or 0: not known */
};
struct core_message {
    uint64_t number;
    enum core_message_kind kind;
    enum core_message_state state;
    uint32_t refused; /* SENT: how many of the others' mailboxes took no copy, for good */
    uint64_t time;    /* when it was written to this history */
    uint64_t epoch;   /* in which it was sent; events: the epoch that began */
    uint64_t expires; /* when it goes, by its sender's clock; 0: it stays */
    uint8_t sender[CORE_ACCOUNT];
    uint8_t sender_device[CORE_DEVICE];
    uint8_t subject[CORE_ACCOUNT];
    slice sender_name, subject_name;
    bool own;
    uint8_t id[CORE_MESSAGE_ID];
    enum core_content_shape shape;
    bool markdown;
    bool has_reply, has_replaces;
    uint8_t in_reply_to[CORE_MESSAGE_ID];
    uint8_t replaces[CORE_MESSAGE_ID];
    slice text;
    bool has_file;
    struct core_file file;
    slice content; /* the whole MIMI content as it was sent first; empty once it is withdrawn */
    /* What was said about it since; only its own sender's edits and withdrawals count. Of one that
     * is about another, `about` is the number of the entry that shows it (0: that isn't here, or it
     * counts for nothing). */
    bool edited;    /* text and markdown are those of its newest edit */
    bool withdrawn; /* nothing else is left of it */
    uint32_t reactions;
    uint64_t about;
    uint32_t delivered,
        read; /* ours: accounts that told that it came, and of these that it was read */
};
/* Slices are valid during the call. False ends it. */
typedef bool core_message_visit(void *ctx, const struct core_message *message);
/* The entries from `first` to `last`, at most (both included). Don't call commands from `visit`. */
MUST err core_messages(struct core *core, uint32_t conversation, uint64_t first, uint64_t last,
                       core_message_visit *visit, void *ctx);

/* The newest entry that is there: some go at their time. NOT_FOUND: there is none. */
MUST err core_message_newest(struct core *core, uint32_t conversation, uint64_t *number,
                             uint64_t *time);

/* Looks for messages whose text, or whose file's name, has all these words in it, with a space
 * between each two: among some hundred entries before this one (0: the newest ones). Capitals are
 * small letters' equals. The visitor gets them in the order of their numbers; *next is where to go
 * on, or 0 if there is nothing before. MALFORMED without a word. */
MUST err core_search(struct core *core, uint32_t conversation, slice words, uint64_t before,
                     core_message_visit *visit, void *ctx, uint64_t *next);

/* An accessor. The number of the entry with this message id; NOT_FOUND. */
MUST err core_message_number(struct core *core, uint32_t conversation,
                             const uint8_t id[CORE_MESSAGE_ID], uint64_t *number);

struct core_reaction {
    uint64_t number; /* of its own entry: core_message_delete takes it back */
    uint8_t id[CORE_MESSAGE_ID];
    uint8_t sender[CORE_ACCOUNT];
    slice sender_name, text;
    bool own;
};
typedef bool core_reaction_visit(void *ctx, const struct core_reaction *reaction);
/* An accessor. The reactions to a message, in the order in which they came; false ends it.
 * NOT_FOUND. */
MUST err core_reactions(struct core *core, uint32_t conversation, uint64_t message,
                        core_reaction_visit *visit, void *ctx);

/* What was put aside, newest last. */
struct core_quarantined {
    uint32_t conversation;
    err error;
    uint64_t time;
    slice item;
};
typedef bool core_quarantine_visit(void *ctx, const struct core_quarantined *entry);
MUST err core_quarantine(struct core *core, uint32_t conversation, core_quarantine_visit *visit,
                         void *ctx);

#endif
