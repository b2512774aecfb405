/* The request desk: what its files share, and what pages, commands, ledger and report call.
 *
 * A case is moved by texts that persons sign (src/office's `sotto move 1`) and by the desk's own
 * moves, which are the same text, unsigned. machine.c is the table of moves, pure; cases.c makes a
 * move and its leaf in one transaction of store.c; seal.c seals whatever names an account or is
 * free text to the case's key, which the desk itself does not have.
 *
 * Functions that can refuse take a `struct desk_why`: they return ERR_DENIED and say there why;
 * any other error is the machine's (memory, disk, another process: BUSY). What a refusal or an
 * error leaves behind is nothing. Times are milliseconds since 1970 UTC. Slices that come in are
 * borrowed for the call; those that visitors get are gone when the visitor returns. A visitor
 * returns false to stop. One thread. */
#ifndef SOTTO_DESK_DESK_H
#define SOTTO_DESK_DESK_H

#include "desk/reasons.h"
#include "office/office.h"

/* clang-format off */
/* X(name in texts, name in code) */
#define DESK_STATES(X)                                                                             \
    X("received", RECEIVED) X("authenticated", AUTHENTICATED) X("held", HELD)                      \
    X("in-review", IN_REVIEW) X("needs-expert", NEEDS_EXPERT)                                      \
    X("needs-clarification", NEEDS_CLARIFICATION) X("narrowed", NARROWED)                          \
    X("rejected", REJECTED) X("not-held", NOT_HELD) X("cleared", CLEARED)                          \
    X("notified", NOTIFIED) X("released", RELEASED) X("closed", CLOSED) X("lapsed", LAPSED)        \
    X("purged", PURGED) X("forged", FORGED) X("withdrawn", WITHDRAWN)                              \
    X("challenged", CHALLENGED) X("compelled", COMPELLED)
/* In the order of a case's life. Those in the second list are the desk's own, unsigned. The store
 * has their numbers: another one is a step there. */
#define DESK_PERSONS_MOVES(X)                                                                      \
    X("classify", CLASSIFY) X("call-back", CALL_BACK) X("forge", FORGE)                            \
    X("confirm-forged", CONFIRM_FORGED) X("open", OPEN) X("verdict", VERDICT)                      \
    X("opinion", OPINION) X("clarified", CLARIFIED) X("narrow", NARROW) X("renew", RENEW)          \
    X("recuse", RECUSE) X("replace", REPLACE) X("reject", REJECT) X("not-held", NOT_HELD)          \
    X("notify", NOTIFY) X("bar", BAR) X("sign-order", SIGN_ORDER) X("release", RELEASE)            \
    X("after-verdict", AFTER_VERDICT) X("preserve", PRESERVE) X("challenge", CHALLENGE)            \
    X("compel", COMPEL) X("deliver", DELIVER) X("late-notice", LATE_NOTICE) X("close", CLOSE)      \
    X("withdraw", WITHDRAW) X("write", WRITE)
#define DESK_OWN_MOVES(X)                                                                          \
    X("receive", RECEIVE) X("hold", HOLD) X("resume", RESUME) X("decide", DECIDE)                  \
    X("void", VOID) X("object", OBJECT) X("lapse", LAPSE) X("purge", PURGE)
#define DESK_KINDS(X) X("produce", PRODUCE) X("preserve", PRESERVE) X("demand", DEMAND)
#define DESK_LENSES(X)                                                                             \
    X("policy", POLICY) X("local-law", LOCAL_LAW) X("human-rights", HUMAN_RIGHTS)
#define DESK_VERDICTS(X)                                                                           \
    X("clear", CLEAR) X("block", BLOCK) X("clarify", CLARIFY) X("narrow", NARROW)                  \
    X("expert", EXPERT)
/* What is stored sealed to a case's key. Its number: of the move that brought it; of attachments
 * and letters, counted from 1; 0 of the filing; of pictures DESK_PICTURE_PLACES times their
 * attachment's, and the page, which is 0 of a note that says why there are none, or not all. */
#define DESK_SEALEDS(X)                                                                            \
    X("filing", FILING) X("attachment", ATTACHMENT) X("move", MOVE) X("order", ORDER)              \
    X("letter", LETTER) X("objection", OBJECTION) X("manifest", MANIFEST) X("picture", PICTURE)
#define DESK_TASKS(X)                                                                              \
    X("deadline", DEADLINE)         /* 50, 80 or 100 % of a case's time has passed */              \
    X("late-notice", LATE_NOTICE)   /* a user may be told now */                                   \
    X("bar-ends", BAR_ENDS)                                                                        \
    X("nobody", NOBODY)             /* nobody can act: the letter that says so is to be signed */  \
    X("after-verdict", AFTER_VERDICT) /* lenses that an emergency left out */                      \
    X("review", REVIEW)             /* of a suspension; case_id is the suspension's id */          \
    X("carry", CARRY)               /* an order is complete: the custodian carries it over */      \
    X("rewrap", REWRAP)             /* somebody lacks the key of a case */                         \
    X("clock", CLOCK)               /* the machine's clock jumped */                               \
    X("refused", REFUSED)           /* the server refused an order: it is to be made anew */       \
    X("silent", SILENT)             /* the authority was to clarify by now */                      \
    X("notice-over", NOTICE_OVER)   /* the time between notice and release is over */              \
    X("process", PROCESS)           /* the legal process that follows an emergency is due */       \
    X("preserved", PRESERVED)       /* what is preserved ends within a week */
/* clang-format on */

#define X(text, name) DESK_STATE_##name,
enum desk_state { DESK_STATES(X) DESK_STATE_COUNT };
#undef X
#define X(text, name) DESK_MOVE_##name,
enum desk_move { DESK_PERSONS_MOVES(X) DESK_OWN_MOVES(X) DESK_MOVE_COUNT };
#undef X
#define X(text, name) DESK_KIND_##name,
enum desk_kind { DESK_KINDS(X) DESK_KIND_COUNT };
#undef X
#define X(text, name) DESK_LENS_##name,
enum desk_lens { DESK_LENSES(X) DESK_LENS_COUNT };
#undef X
#define X(text, name) DESK_VERDICT_##name,
enum desk_verdict { DESK_VERDICTS(X) DESK_VERDICT_COUNT };
#undef X
#define X(text, name) DESK_SEALED_##name,
enum desk_sealed_kind { DESK_SEALEDS(X) DESK_SEALED_COUNT };
#undef X
#define X(text, name) DESK_TASK_##name,
enum desk_task_kind { DESK_TASKS(X) DESK_TASK_COUNT };
#undef X
/* What an open case waits for beside its state: a draft of the next order, the round's verdicts,
 * the rejection that a verdict asks for. */
enum desk_due { DESK_DUE_NOTHING, DESK_DUE_DRAFT, DESK_DUE_VERDICTS, DESK_DUE_REJECT };
/* Why a case is held. */
enum desk_hold { DESK_HOLD_NONE, DESK_HOLD_SUSPENDED, DESK_HOLD_UNKNOWN, DESK_HOLD_DIFFER };

/* The names above; "" for what is none. The second: false for a word that is none of them. */
const char *desk_state_name(enum desk_state state);
const char *desk_move_name(enum desk_move move);
const char *desk_kind_name(enum desk_kind kind);
const char *desk_lens_name(enum desk_lens lens);
const char *desk_verdict_name(enum desk_verdict verdict);
const char *desk_sealed_name(enum desk_sealed_kind kind);
const char *desk_task_name(enum desk_task_kind kind);
const char *desk_role_name(enum office_role role);
const char *desk_path_name(uint32_t path); /* OFFICE_ORDINARY... */
bool desk_state_of(slice name, enum desk_state *state);
bool desk_move_of(slice name, enum desk_move *move);
bool desk_kind_of(slice name, enum desk_kind *kind);
bool desk_lens_of(slice name, enum desk_lens *lens);
bool desk_verdict_of(slice name, enum desk_verdict *verdict);
bool desk_role_of(slice name, uint32_t *role);
bool desk_path_of(slice name, uint32_t *path);

enum {
    DESK_ID = 65, /* with the NUL: the longest id */
    DESK_COUNTRY = 3,
    DESK_FILING_MAX = 16 << 20, /* bytes of a filing, and of an attachment */
    DESK_ATTACHMENTS_MAX = 16,
    DESK_PICTURE_PLACES = 64,
    DESK_UNREAD_MAX = 10000, /* filings that nobody classified yet; a second as many of enrolled
                                authorities; in the same way: */
    DESK_OBJECTIONS_MAX = 8, /* each voids a round: a case must come to an end */
    DESK_ROUNDS_MAX = 64,
    DESK_SETTLED_AT_ONCE = 64,
    DESK_MOVES_MAX = 1024, /* in one case; a report reads no more: */
    DESK_MOVES_OWN = 64,   /* of these, which only the desk itself makes */
    DESK_SIGNERS_MAX = 5   /* of what several sign */
};
#define DESK_UNREAD_BYTES_MAX ((uint64_t)4 << 30)
#define DESK_MADE_WITHIN (15 * TIME_MINUTE)
#define DESK_SILENCE_MAX (60 * TIME_DAY)
#define DESK_HELD_MAX (90 * TIME_DAY)
#define DESK_CLOSED_MAX (90 * TIME_DAY)
#define DESK_AFTER_VERDICT (72 * TIME_HOUR)

/* Why something was refused. office: the reason of a text, with the line that it is about, if
 * reason is DESK_OFFICE; which: 0 the move, 1 the order, 2 the order before, or a file itself. */
struct desk_why {
    enum desk_reason reason;
    enum office_reason office;
    size_t line;
    unsigned which;
};
/* Of the office's reason, if that is what it is. */
const char *desk_why_name(const struct desk_why *why);
const char *desk_why_text(const struct desk_why *why);

/* ---- The desk ----
 * Its folder: desk.sqlite; keys/ledger, keys/notice (Ed25519 seeds) and keys/padding, 32 bytes each
 * as they are; public/, what is published; data/, files that replace those of src/desk/data. */

struct desk;

/* Opens the store of the folder, making it if it is new, and reads the files in force. DAMAGED if
 * the store is of a newer desk. Freed by desk_close, which takes NULL. */
MUST err desk_open(struct desk **out, const char *folder);
void desk_close(struct desk *d);
const char *desk_folder(const struct desk *d);
/* The desk's clock: the machine's. In the test build (DESK_TEST_CLOCK), moved by the seconds in the
 * file that SOTTO_DESK_CLOCK names. */
uint64_t desk_now(void);

/* Takes up what another process handed in meanwhile: for a daemon, before it answers anybody. */
MUST err desk_refresh(struct desk *d);
/* NULL while there is none. They change with desk_refresh and with whatever writes: don't keep them
 * over these. */
const struct office *desk_office(const struct desk *d);
const struct office_suspensions *desk_list(const struct desk *d);
/* False while it is not known. */
bool desk_server(const struct desk *d, uint8_t identity[32], uint64_t *number);
/* The versions of the public texts that a verdict cites. */
struct desk_cites {
    uint64_t policy, guidelines;
};
struct desk_cites desk_cites(const struct desk *d);

/* The person of an office, NULL if there is none; whether the law of a suspended jurisdiction binds
 * them; the roles that they hold, as deputy too. */
const struct office_person *desk_person(const struct office *o, slice id);
bool desk_person_bound(const struct desk *d, const struct office_person *p);
uint32_t desk_person_roles(const struct office_person *p);

/* ---- Files ---- */

/* The first office file, by its hash; later ones by their signatures. A change voids every round
 * that is going on, draws anew where a reviewer is gone, takes keys from who must not have them,
 * and queues notice and leaf for publication. */
MUST err desk_office_pin(struct desk *d, slice bytes, const uint8_t hash[32], struct desk_why *why);
/* In place of the one in force, by its hash, for an office that lost the persons to sign its next
 * version: a higher version, in public, as the server does it too. */
MUST err desk_office_pin_anew(struct desk *d, slice bytes, const uint8_t hash[32],
                              struct desk_why *why);
MUST err desk_office_change(struct desk *d, slice bytes, struct desk_why *why);
/* The next suspension list. witnessed: what office_witnessed gave for lift notices, by their ids.
 * Every case of a suspended jurisdiction is held wherever it stands; cases held for what was lifted
 * start again at received. */
MUST err desk_list_change(struct desk *d, slice bytes, const struct office_since *witnessed,
                          size_t count, struct desk_why *why);
/* Since when each notice of a lift has been in the list by this desk's clock, and how long one of
 * the ledger's witnesses has seen it. */
typedef bool desk_since_visit(void *ctx, const struct office_since *s);
MUST err desk_notices_since(struct desk *d, desk_since_visit *visit, void *ctx);
/* As `sottod office show --json` has it. A new number voids the orders that are not carried out. */
MUST err desk_server_set(struct desk *d, const uint8_t identity[32], uint64_t number);
/* A file in force binds at once: no move that it forbids is made after that. What it makes the desk
 * do in each open case, such as hold it, is done in the first DESK_SETTLED_AT_ONCE of them before
 * the functions above return, and in as many more by each call of this; in a case in which somebody
 * wants to make a move, before that move. It goes on where it was after a restart. */
MUST err desk_settle_more(struct desk *d, bool *more);

/* ---- Filings ---- */

struct desk_part {
    slice name; /* the file's, as it was given; sealed with the bytes */
    slice bytes;
};
struct desk_filing {
    slice bytes;   /* exactly as they came */
    slice channel; /* an id: "form", "hi1", "post" */
    bool enrolled; /* by an authority that is known */
    const struct desk_part *attachments;
    size_t attachment_count;
};
struct desk_receipt {
    char case_id[DESK_ID];
    uint8_t hash[32]; /* SHA-256 of the filing's bytes */
    uint64_t received;
};
/* A new case. EMPTY, TOO_LARGE, FLOOD, FILED (in a case that is open), NO_OFFICE. What a receipt
 * promises and how it is signed: desk/ledger.h. */
MUST err desk_file_receive(struct desk *d, const struct desk_filing *filing,
                           struct desk_receipt *receipt, struct desk_why *why);
/* The same bytes as a case for each of several accounts that they name, all or none: a case is of
 * one account. The filings differ in what stands beside the bytes. */
MUST err desk_file_receive_each(struct desk *d, const struct desk_filing *filings, size_t count,
                                struct desk_receipt *receipts, struct desk_why *why);
/* How many nobody classified yet, of enrolled authorities or of all others, and how large they are:
 * beyond DESK_UNREAD_MAX and DESK_UNREAD_BYTES_MAX there is a FLOOD. */
MUST err desk_unread(struct desk *d, bool enrolled, uint64_t *n, uint64_t *bytes);
/* A picture of a page of an attachment, or (page 0) a text of the desk's about it, which is shown:
 * what it read in it, or why there is no picture. STATE: the case is purged; NOT_FOUND. */
MUST err desk_picture_put(struct desk *d, slice case_id, uint64_t attachment, uint64_t page,
                          slice note, slice png);
/* By the hash that a receipt names. NOT_FOUND. */
MUST err desk_receipt_find(struct desk *d, const uint8_t hash[32], struct desk_receipt *receipt);
/* What the user answers to a notice. reference: SHA-256 of the notice's text, which the account
 * alone was sent; whoever filed can't know it. Sealed for the reviewers; before the release it
 * voids the round, after it the case keeps it. EMPTY, TOO_LARGE; and one and the same OBJECTION
 * whether there is no such case, it is another reference, nobody was told yet, or it is too late or
 * too often. */
MUST err desk_object(struct desk *d, slice case_id, const uint8_t reference[32], slice text,
                     struct desk_why *why);

/* ---- Cases: what is in the clear ---- */

struct desk_case {
    char id[DESK_ID];
    enum desk_state state;
    enum desk_due due;
    enum desk_kind kind;
    enum desk_hold hold;
    uint32_t path; /* OFFICE_ORDINARY, _EMERGENCY, _COMPELLED */
    char authority[DESK_ID], regime[DESK_ID], category[DESK_ID], process[DESK_ID];
    char carve_outs[4 * DESK_ID];
    /* "" while unknown. The issuer is the jurisdiction of the directory's entry. */
    char issuer[DESK_COUNTRY], beneficiary[DESK_COUNTRY];
    uint32_t asked, fields; /* 1 << HELD_FIELD_...: that were asked for; of the present order */
    uint64_t accounts;      /* that the filing names */
    uint8_t filing[32];     /* hash */
    bool enrolled;
    uint64_t number;  /* of its last move */
    uint8_t head[32]; /* hash of that move's text */
    /* The round: its order is that of the hash, made then under these versions. */
    uint32_t round;
    uint8_t order[32]; /* zeros: none */
    uint64_t order_made, order_office, order_list, order_server;
    uint32_t waits;              /* enum office_role: who can bring it further */
    uint64_t received, deadline, /* 0: none */
        since,                   /* when it came into its state */
        notified, objected, bar_until, preserved_until, released, delivered, told_late,
        told; /* when the server's word came back that it took the notice, of either kind */
    unsigned alarm; /* per cent of the time that passed, of the alarms given: 0, 50, 80, 100 */
};

/* NOT_FOUND. */
MUST err desk_case_get(struct desk *d, slice id, struct desk_case *c);

struct desk_cases_filter {
    uint32_t states; /* 1 << enum desk_state; 0: all that are open */
    uint32_t
        roles;    /* enum office_role: those that wait for one of them; 0: whatever they wait for */
    slice person; /* those in which the person reviews or acted; empty: all */
    /* After this case; empty: from the beginning. They come by deadline; those without one, which
     * nobody classified yet, at the end, enrolled authorities' before all others; then as they
     * came. */
    slice after;
    size_t limit;
};
typedef bool desk_case_visit(void *ctx, const struct desk_case *c);
MUST err desk_cases_list(struct desk *d, const struct desk_cases_filter *filter,
                         desk_case_visit *visit, void *ctx);
/* How many in each state. */
MUST err desk_cases_count(struct desk *d, uint64_t count[DESK_STATE_COUNT]);

/* A move that was made. Its text is sealed: kind MOVE, of this number. */
struct desk_moved {
    uint64_t number;
    enum desk_move move;
    enum desk_state from, to;
    char person[DESK_ID]; /* "": the desk */
    uint32_t role;
    uint32_t round;
    uint64_t made;
    uint8_t hash[32], order[32];
    uint64_t seconds; /* the number of the move that it seconds; 0: none */
    /* Of what several must sign: some are still missing. A new round or state makes it void. */
    bool pending;
    char detail[DESK_ID]; /* a fact that names nobody: which number was called, the ground */
};
typedef bool desk_moved_visit(void *ctx, const struct desk_moved *m);
MUST err desk_moves_list(struct desk *d, slice case_id, desk_moved_visit *visit, void *ctx);

/* A reviewer of a round. */
struct desk_seat {
    enum desk_lens lens;
    char person[DESK_ID];
    uint32_t round;
    bool out; /* recused or replaced */
    /* Whether the verdict is in. What it is stands here only for its author until all of the round
     * are in; of a round that was void before, until the case is decided. */
    bool answered, shown;
    enum desk_verdict verdict;
    char beneficiary[DESK_COUNTRY]; /* "": unknown */
    uint64_t number;                /* of the move */
    bool after;                     /* a lens that an emergency left out, answered later */
};
typedef bool desk_seat_visit(void *ctx, const struct desk_seat *s);
/* viewer: a person's id; empty for nobody in particular. */
MUST err desk_seats_list(struct desk *d, slice case_id, slice viewer, desk_seat_visit *visit,
                         void *ctx);

/* ---- Moves ---- */

struct desk_say {
    slice name, text;
};
/* What a person fills in. The facts of each move are in docs/desk/MOVES.md and in machine.c. */
struct desk_draft {
    slice case_id, person;
    uint32_t role; /* 0: the one that the person has in the case, or the only one that may */
    enum desk_move move;
    const struct desk_say *says;
    size_t say_count;
    /* Of a move that drafts an order (open, narrow, renew; notify and late-notice; preserve): the
     * text of the round's order, if there is one, from which account and beneficiary are taken; or
     * else these. */
    slice before;
    struct office_account account;
    slice beneficiary; /* empty: the case's */
    uint32_t fields;
    const slice *wording; /* of a notice */
    size_t wording_count;
    uint64_t until; /* of a preservation */
    /* Of one that seconds a move of the same name, which its first signer began: its number; then
     * nothing but this is said. 0: it is the first. */
    uint64_t seconds;
};
/* What is to be signed: the move's text, and the text of the order, empty if the move drafts none.
 * It shows at once what desk_move would refuse for but the signatures. buf_free both. */
struct desk_texts {
    buf move, order;
};
MUST err desk_compose(struct desk *d, const struct desk_draft *draft, struct desk_texts *texts,
                      struct desk_why *why);

/* Whether a text still has a placeholder: {name}. */
bool desk_unfilled(slice text);

/* What was signed. order: with the move that drafts one, its text with the signature of who makes
 * the move, if that is one of its signers; with `verdict clear` and `sign-order`, the order of the
 * round with this person's line; with `release` and the last signature of notify, late-notice and
 * preserve, with the lines of all. before: the text of the order of the round before, for a move
 * that drafts another one. */
struct desk_hand {
    slice move, order, before;
    /* Goes with reject, not-held and others, which say its SHA-256 as `letter`; with deliver, the
     * manifest, as `manifest`. Sealed. LETTER, MANIFEST. */
    slice letter;
};
/* What came of it: the last of the moves made, by the desk too. */
struct desk_made {
    uint64_t number;
    enum desk_state state;
    enum desk_due due;
    bool pending; /* others must sign the same */
};
MUST err desk_move(struct desk *d, slice case_id, const struct desk_hand *hand,
                   struct desk_made *made, struct desk_why *why);
/* Whether the person could make this move now, signatures and facts aside: for buttons. */
bool desk_may(struct desk *d, const struct desk_case *c, const struct office_person *p,
              enum desk_move move);
/* All of them at once: 1 << enum desk_move. NOT_FOUND. */
MUST err desk_may_moves(struct desk *d, slice case_id, const struct office_person *p,
                        uint64_t *moves);

/* ---- What is sealed ----
 * HPKE: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, base mode, single shot. A sealed
 * thing is enc (32 bytes), then the ciphertext. An object: to the case's key, info "sotto desk 1
 * case", aad = case id, a zero byte, the kind's name, a zero byte, its number in decimal. A wrap:
 * the case's private key (32 bytes) to a person's seal key of the office file, info "sotto desk 1
 * wrap", aad = case id, a zero byte, "key", a zero byte, "0". What is in a filing's, attachment's
 * or picture's object: opaque name<V>, opaque bytes<V> (RFC 9420's vectors); in the others, the
 * text as it was handed in.
 */

struct desk_sealed {
    enum desk_sealed_kind kind;
    uint64_t number;
    char person[DESK_ID]; /* who brought it; "": the desk */
    uint64_t time, size;  /* of what is sealed */
};
typedef bool desk_sealed_visit(void *ctx, const struct desk_sealed *s);
/* Those of a case, all or (kind < DESK_SEALED_COUNT) of one kind. Verdicts of a round that is not
 * complete are left out but for the viewer's own; empty viewer: none is left out but these. */
MUST err desk_sealed_list(struct desk *d, slice case_id, enum desk_sealed_kind kind, slice viewer,
                          desk_sealed_visit *visit, void *ctx);
/* One of them, as this viewer may see it: appended. NOT_FOUND. */
MUST err desk_sealed_get(struct desk *d, slice case_id, enum desk_sealed_kind kind, uint64_t number,
                         slice viewer, buf *sealed);
/* The case's public key, and the person's wrap of the private one. NOT_FOUND. */
MUST err desk_case_key(struct desk *d, slice case_id, uint8_t key[32]);
MUST err desk_wrap_get(struct desk *d, slice case_id, slice person, buf *wrap);
/* Opens what is sealed with the person's own private key, which only a program of theirs has.
 * NOT_FOUND: there is no wrap for them, or nothing sealed; CRYPTO: it is another key. Append. */
MUST err desk_unseal(struct desk *d, slice case_id, enum desk_sealed_kind kind, uint64_t number,
                     slice person, const uint8_t private[32], buf *plain);
/* By a giver who has it, for who lacks it, or for an expert who is asked. WRAP, also if the giver
 * has none or the person has it already; NO_CASE, BOUND. */
MUST err desk_wrap_put(struct desk *d, slice case_id, slice giver, slice person, slice wrap,
                       struct desk_why *why);
/* Says of one's own wrap that it opens nothing: it goes, and somebody else is to give it anew. WRAP
 * if there is none, or nobody else has one. */
MUST err desk_wrap_drop(struct desk *d, slice case_id, slice person, struct desk_why *why);
/* Who lacks the key of an open case that their role needs. */
typedef bool desk_lack_visit(void *ctx, slice case_id, const struct office_person *person);
MUST err desk_wraps_lacking(struct desk *d, desk_lack_visit *visit, void *ctx);

/* A person's X25519 key, wrapped by the browser under what a passkey's PRF gives. One for each
 * credential (base64, as in the office file). NOT_FOUND. */
MUST err desk_person_key_put(struct desk *d, slice person, slice credential, slice wrapped);
MUST err desk_person_key_get(struct desk *d, slice person, slice credential, buf *wrapped);

/* ---- Clocks ---- */

/* Away until then: not drawn, and a deputy may be. 0: back. */
MUST err desk_away_set(struct desk *d, slice person, uint64_t until);
MUST err desk_away_get(struct desk *d, slice person, uint64_t *until);
/* Who is on duty for emergencies from then to then. A person's later word on the same beginning
 * counts. */
MUST err desk_duty_set(struct desk *d, slice person, uint64_t from, uint64_t until);
/* The shift that begins then. NOT_FOUND. */
MUST err desk_duty_remove(struct desk *d, slice person, uint64_t from);
/* Those of which some lies in that time, by their beginning. */
typedef bool desk_duty_visit(void *ctx, slice person, uint64_t from, uint64_t until);
MUST err desk_duty_between(struct desk *d, uint64_t from, uint64_t until, desk_duty_visit *visit,
                           void *ctx);

/* Whatever time brings: alarms, orders that are over, lapses, purges, tasks. It releases nothing.
 * alarm, if not NULL, is called for each new alarm, with a case number alone, after all was
 * written. Call it every minute. CLOCK_BACK. */
typedef void desk_alarm(void *ctx, slice case_id);
MUST err desk_tick(struct desk *d, desk_alarm *alarm, void *ctx, struct desk_why *why);
/* After the operator set a clock right that had been ahead. */
MUST err desk_clock_accept(struct desk *d);

struct desk_task {
    uint64_t id;
    enum desk_task_kind kind;
    char case_id[DESK_ID]; /* of a review: the suspension's */
    /* Of carry and refused: the move whose ORDER is the complete one. */
    uint64_t number;
    enum desk_move move;
    char reason[DESK_ID]; /* of refused: the server's word, as in office/reasons.h */
    uint32_t roles;
    uint64_t opened, due; /* of carry: when the order is void */
};
typedef bool desk_task_visit(void *ctx, const struct desk_task *t);
/* Those that are open for one of the roles (0: for any). */
MUST err desk_tasks_list(struct desk *d, uint32_t roles, desk_task_visit *visit, void *ctx);

/* ---- What is carried to the server ----
 * The desk never talks to it: the custodian takes each order of a carry task there, and brings back
 * one of two things. These tasks end so, or when the order is void; the others end by themselves.
 * NOT_FOUND: no such task is open. */

/* The manifest of an order that was carried out, which is sealed into the case. person: the
 * custodian, or "" if nobody says who. MANIFEST if it is another's; SIGNER of a release, whose
 * manifest comes with the move deliver; ROLE. */
MUST err desk_carry_done(struct desk *d, uint64_t task, slice person, slice manifest,
                         struct desk_why *why);
/* Why the server refused it: now those who can make it anew have a task. Of a notice: the user was
 * not told, unless it is CARRIED_OUT; one that is void before its manifest came is EXPIRED. */
MUST err desk_carry_refused(struct desk *d, uint64_t task, enum office_reason reason);

#endif
