/* What desk and server both verify: the office file, the suspension list, orders, and the
 * signatures of persons under them. docs/OFFICE.md has the texts, line by line, and why they are
 * so.
 *
 * Call crypto_init() once before anything else. Nothing here does I/O, reads a clock or keeps
 * anything: the present files and the time come in as parameters, the answer is OFFICE_OK or the
 * reason of a refusal. Times are milliseconds since 1970 UTC.
 *
 * What is signed is a text, and the signed bytes are the text itself. A signed document is the
 * text, an empty line, and lines of signatures. A document's hash is the SHA-256 of its text. */
#ifndef SOTTO_OFFICE_OFFICE_H
#define SOTTO_OFFICE_OFFICE_H

#include "base/held.h"
#include "base/slice.h"
#include "base/time.h"
#include "merkle/checkpoint.h"
#include "office/reasons.h"

enum {
    OFFICE_DOCUMENT_MAX = 1 << 20, /* bytes, with its signatures */
    OFFICE_LINE_MAX = 8192,
    OFFICE_NOTICE_MAX = 16000, /* a notice's text, which is to fit an item of a mailbox */
    OFFICE_SIGNATURES_MAX = 32,
    OFFICE_SINCE_MAX = 512, /* lift notices and freezes of a list */
    OFFICE_ASSESSMENT = 18  /* its sections */
};
#define OFFICE_ORDER_LIFE (72 * TIME_HOUR)
#define OFFICE_UNFREEZE_AFTER (72 * TIME_HOUR)
#define OFFICE_LIFT_NOTICE (14 * TIME_DAY)
#define OFFICE_REVIEW_MAX (90 * TIME_DAY)
#define OFFICE_PRESERVATION_MAX (90 * TIME_DAY)
/* How far a clock that wrote a time may be ahead of ours. */
#define OFFICE_CLOCKS_APART (5 * TIME_MINUTE)

/* clang-format off */
/* X(name in texts, name in code) */
#define OFFICE_ROLES(X)                                                                            \
    X("intake", INTAKE) X("policy", POLICY) X("local-law", LOCAL_LAW)                              \
    X("human-rights", HUMAN_RIGHTS) X("approver", APPROVER) X("expert", EXPERT)                    \
    X("custodian", CUSTODIAN) X("auditor", AUDITOR)
#define OFFICE_MOVES(X)                                                                            \
    X("release", RELEASE) X("emergency", EMERGENCY) X("compelled", COMPELLED)                      \
    X("preservation", PRESERVATION) X("notice", NOTICE) X("suspend", SUSPEND) X("lift", LIFT)      \
    X("freeze", FREEZE) X("unfreeze", UNFREEZE) X("office", OFFICE)
/* clang-format on */

enum office_role_number {
#define X(text, name) OFFICE_ROLE_NUMBER_##name,
    OFFICE_ROLES(X)
#undef X
};
enum office_role {
#define X(text, name) OFFICE_ROLE_##name = 1 << OFFICE_ROLE_NUMBER_##name,
    OFFICE_ROLES(X)
#undef X
};
enum office_move {
#define X(text, name) OFFICE_MOVE_##name,
    OFFICE_MOVES(X)
#undef X
        OFFICE_MOVE_COUNT
};

/* ---- The texts, read ---- Slices point into the document's own copy of the bytes. */

struct office_document {
    buf bytes; /* as they came */
    slice text, signatures;
    uint8_t hash[32];
};
struct office_version {
    uint64_t number;
    uint8_t hash[32];
};
struct office_line {
    slice text;
};
struct office_lines {
    struct office_line *p;
    size_t n;
};
/* The same texts in the same order. */
bool office_lines_equal(const struct office_lines *a, const struct office_lines *b);

enum { OFFICE_ES256 = 1, OFFICE_EDDSA = 2 };
struct office_passkey {
    uint32_t algorithm;
    slice key;          /* base64: the point, uncompressed, or the 32 bytes */
    slice credential;   /* base64 */
    uint32_t backed_up; /* 1: may be */
};
struct office_person {
    slice id;
    uint32_t roles, deputy; /* enum office_role; a deputy counts as holding the role */
    slice countries;
    uint8_t seal[32]; /* X25519 */
    struct {
        struct office_passkey *p;
        size_t n;
    } passkeys;
    struct office_lines ssh_keys; /* base64 of the public key's blob */
};
struct office_authority {
    slice id, name, jurisdiction;
    struct office_lines calls,
        certificates; /* certificates: base64 of X.509's DER, not looked at */
};
/* One more person for a move, who has one of the roles. */
struct office_also {
    uint32_t move; /* 1 << enum office_move */
    uint32_t roles;
};
struct office {
    struct office_document document;
    uint64_t version;
    uint8_t previous[32];
    slice name, origin, rp;
    uint32_t demonstration; /* 1: only to show how it works */
    uint8_t notice_key[32]; /* Ed25519 */
    slice ledger;           /* vkey */
    struct office_lines witnesses;
    struct {
        struct office_also *p;
        size_t n;
    } also;
    struct {
        struct office_person *p;
        size_t n;
    } persons;
    struct {
        struct office_authority *p;
        size_t n;
    } authorities;
};

enum { OFFICE_SCOPE_ALL = 1, OFFICE_SCOPE_REGIMES = 2, OFFICE_SCOPE_AUTHORITIES = 4 };
enum { OFFICE_ORDINARY = 1, OFFICE_EMERGENCY = 2, OFFICE_COMPELLED = 4 };
struct office_carve_out {
    slice id;
    uint32_t path;
    slice text;
};
struct office_suspension {
    slice id, jurisdictions;
    struct office_scope {
        uint32_t kind;
        slice only; /* regimes or authorities */
    } scope;
    struct office_lines wording;
    uint64_t start, review;
    struct office_lines consequence;
    struct {
        struct office_carve_out *p;
        size_t n;
    } carve_outs;
};
enum { OFFICE_BECOMES_NOTHING = 1, OFFICE_BECOMES_ENTRY = 2 };
/* What a suspension becomes: nothing, or the entry whose lines have this hash. */
struct office_becomes {
    uint32_t kind;
    uint8_t hash[32];
};
struct office_lift_notice {
    slice id, lifts; /* lifts: the suspension */
    struct office_becomes becomes;
    struct office_lines wording;
};
/* A lift that this version of the list makes, as its notice said. */
struct office_lifted {
    slice notice, lifts;
    struct office_becomes becomes;
    struct {
        struct office_version *p;
        size_t n;
    } sections; /* of the assessment */
};
struct office_freeze {
    slice id;
    uint64_t time;
};
struct office_suspensions {
    struct office_document document;
    uint64_t version;
    uint8_t previous[32];
    struct office_version office;
    struct {
        struct office_suspension *p;
        size_t n;
    } suspensions;
    struct {
        struct office_lift_notice *p;
        size_t n;
    } notices;
    struct {
        struct office_lifted *p;
        size_t n;
    } lifted;
    struct {
        struct office_freeze *p;
        size_t n;
    } freezes;
};

enum office_order_kind { OFFICE_ORDER_RELEASE, OFFICE_ORDER_NOTICE, OFFICE_ORDER_PRESERVATION };
enum office_account_by {
    OFFICE_BY_ID = 1,
    OFFICE_BY_KEY = 2,
    OFFICE_BY_HANDLE = 4,
    OFFICE_BY_LINK = 8
};
struct office_order {
    struct office_document document;
    enum office_order_kind kind;
    slice id, case_id;
    struct office_account {
        uint32_t by;
        slice name;
    } account;
    uint32_t fields; /* 1 << HELD_FIELD_..., of a release */
    uint32_t path;   /* of a release */
    slice authority, beneficiary, regime;
    slice carve_outs;
    uint64_t until;              /* of a preservation */
    uint8_t receipt[32];         /* of a notice: the hash of the bytes that were filed */
    struct office_lines wording; /* of a notice: what the user reads */
    uint8_t told[64];   /* of a notice that was checked: the notice key's signature of its text */
    uint8_t server[32]; /* its identity key */
    uint64_t server_number; /* another after each restore */
    struct office_version office, suspensions;
    uint64_t made;
};

/* A move of a case at the desk: what a person did there, or, unsigned, the desk itself. Each names
 * the one before, so that it is of no use in another case, or at another moment. */
struct office_say {
    slice name, text;
};
struct office_case_move {
    struct office_document document;
    slice case_id;
    uint64_t number; /* from 1 */
    slice move, state;
    uint8_t previous[32]; /* hash of the case's move before; zeros: none */
    uint32_t role;        /* in which the signer acts; 0: the desk made it */
    uint8_t salt[32];     /* so that the hash tells nothing to who guesses the text */
    uint8_t order[32];    /* zeros: it is about no order */
    uint8_t seconds[32];  /* of the same move by somebody else, that this one joins; zeros: none */
    struct {
        struct office_say *p;
        size_t n;
    } says;
    struct office_version office, suspensions; /* suspensions: number 0 while there is no list */
    uint64_t made;
};
/* That somebody is there, for a session of the desk's pages. */
struct office_login {
    struct office_document document;
    slice person;
    uint8_t nonce[32];
    struct office_version office;
    uint64_t made;
};

/* ---- Reading and writing ----
 * What the functions give is the caller's to free. mem: NULL for malloc. line, if not NULL: the
 * first line, from 1, that a refusal of the text is about, or 0. */

/* A signed document of ours that was accepted before, or a text that nobody signed yet. */
enum office_reason office_load(struct office **out, const struct mem *mem, slice bytes,
                               size_t *line);
enum office_reason office_suspensions_load(struct office_suspensions **out, const struct mem *mem,
                                           slice bytes, size_t *line);
enum office_reason office_order_load(struct office_order **out, const struct mem *mem, slice bytes,
                                     size_t *line);
enum office_reason office_case_move_load(struct office_case_move **out, const struct mem *mem,
                                         slice bytes, size_t *line);
enum office_reason office_login_load(struct office_login **out, const struct mem *mem, slice bytes,
                                     size_t *line);
/* Of a text of another kind than those here (an auditor's statement): what stands in it is the
 * caller's to read; office_signed says who signed. buf_free the bytes, also after a refusal. */
enum office_reason office_document_split(struct office_document *out, slice bytes, size_t *line);
void office_free(struct office *o);
void office_suspensions_free(struct office_suspensions *s);
void office_order_free(struct office_order *o);
void office_case_move_free(struct office_case_move *m);
void office_login_free(struct office_login *l);
/* Appends the text, to be signed. VALUE for a value with a line break; whatever else is not as it
 * should be is refused when it is read. */
enum office_reason office_write(buf *out, const struct office *o);
enum office_reason office_suspensions_write(buf *out, const struct office_suspensions *s);
enum office_reason office_order_write(buf *out, const struct office_order *o);
enum office_reason office_case_move_write(buf *out, const struct office_case_move *m);
enum office_reason office_login_write(buf *out, const struct office_login *l);
/* SHA-256 of an entry's lines, for a lift notice that says what it becomes. */
enum office_reason office_suspension_hash(const struct office_suspension *s, uint8_t hash[32]);

/* ---- Checks ---- */

/* The file with this hash, which the operator read on paper. NOT_PINNED. */
enum office_reason office_pin(struct office **out, const struct mem *mem, slice bytes,
                              const uint8_t hash[32], size_t *line);
/* The version after `present`, signed as that one demands. list may be NULL: no suspension. */
enum office_reason office_change(struct office **out, const struct office *present,
                                 const struct office_suspensions *list, slice bytes, size_t *line);

/* What is known of a lift notice or a freeze of the present list. */
struct office_since {
    slice id;
    uint64_t time; /* since when it has been in the list without a break, by the server's clock */
    uint64_t witnessed; /* of a notice: what office_witnessed gave for it; 0: nothing */
};
struct office_evidence {
    const struct office_since *notices, *freezes;
    size_t notice_count, freeze_count;
    uint64_t now;
};

/* What a ledger shows for a leaf: that it is in the tree of a checkpoint, and that the tree of a
 * later checkpoint begins with that one. Both are signed notes with cosignatures. */
struct office_witnessed {
    struct merkle_hash leaf; /* the hash that the caller computed of what should be there */
    uint64_t index;
    slice first, last;
    struct merkle_proof inclusion, consistency;
};
/* How long one witness of the office, by its own times, saw the leaf. CHECKPOINT, LEDGER; WITNESS
 * if none cosigned both. */
enum office_reason office_witnessed(const struct office *o, const struct office_witnessed *w,
                                    uint64_t *duration);

/* The same as a text, for whoever keeps no ledger: of versions of the suspension list. entry, first
 * and last are base64. */
struct office_hash {
    uint8_t bytes[32];
};
struct office_hashes {
    struct office_hash *p;
    size_t n;
};
struct office_sighting {
    uint8_t document[32]; /* hash of the list's text, as the entry has it */
    slice entry;          /* of the ledger (merkle/commitment.h) */
    uint8_t salt[32];     /* of its field `document` */
    uint64_t place;       /* in the ledger, from 1 */
    slice first, last;
    struct office_hashes inclusion, consistency;
};
struct office_sightings {
    struct office_document document;
    struct {
        struct office_sighting *p;
        size_t n;
    } each;
};
enum office_reason office_sightings_load(struct office_sightings **out, const struct mem *mem,
                                         slice bytes, size_t *line);
void office_sightings_free(struct office_sightings *s);
enum office_reason office_sightings_write(buf *out, const struct office_sightings *s);
/* As office_witnessed; LEDGER too if the entry is not of this document. */
enum office_reason office_sighting_check(const struct office *o, const struct office_sighting *s,
                                         uint64_t *duration);

/* The version after `present` (NULL: there is none yet), signed as the difference demands. */
enum office_reason office_suspensions_change(struct office_suspensions **out,
                                             const struct office *office,
                                             const struct office_suspensions *present, slice bytes,
                                             const struct office_evidence *evidence, size_t *line);

/* Who checks an order, and when. A server without a list of suspensions carries out no order. */
struct office_here {
    const struct office *office;
    const struct office_suspensions *list;
    uint8_t server[32];
    uint64_t server_number;
    uint64_t now;
};
/* That it is carried out once is the caller's to see to. */
enum office_reason office_order_check(struct office_order **out, const struct office_here *here,
                                      slice bytes, size_t *line);

/* Each person once, with those marked whom the law of a suspended jurisdiction binds (list may be
 * NULL). Whether they are enough for anything is the caller's to say. */
struct office_signer {
    const struct office_person *person; /* of the office file */
    bool ssh;                           /* one of the signatures is of an SSH key */
    bool bound;
};
struct office_signers {
    size_t n;
    struct office_signer each[OFFICE_SIGNATURES_MAX];
};
enum office_reason office_signed(const struct office *office, const struct office_suspensions *list,
                                 const struct office_document *document,
                                 struct office_signers *out);
/* What the difference of a version of the list from the present one (NULL: there is none)
 * demands, whatever else speaks against it: 1 << enum office_move of each that needs its signers.
 * 0 for one that no signatures bring into force. */
uint32_t office_suspensions_moves(const struct office_suspensions *next,
                                  const struct office_suspensions *present);
/* The seats of a move that nobody who signed takes, each as the roles that may take it (all bits:
 * anybody); and whether one is missing who signs by SSH. */
enum { OFFICE_SEATS_MAX = 5 + 32 };
struct office_missing {
    uint32_t seats[OFFICE_SEATS_MAX];
    size_t n;
    bool ssh;
};
void office_missing(const struct office *o, const struct office_signers *signers,
                    enum office_move move, struct office_missing *out);
/* One person, by the nonce that was given out, within five minutes. */
enum office_reason office_login_check(struct office_signer *who, const struct office *office,
                                      const struct office_suspensions *list, slice bytes,
                                      const uint8_t nonce[32], uint64_t now, size_t *line);
/* Whether a suspension binds an order of this issuer (a country; empty: not known) with this path,
 * authority, beneficiary (empty: not known), regime and these carve-outs; whatever else stands in
 * the order doesn't matter. */
bool office_is_suspended(const struct office_suspensions *list, slice issuer,
                         const struct office_order *order);
/* Whether the law of a suspended jurisdiction binds the person. list may be NULL. */
bool office_person_bound(const struct office_person *person, const struct office_suspensions *list);
/* A time as texts have it: "2026-10-01T00:00:00Z". read: false for what is none. */
enum { OFFICE_TIME_TEXT = 21 }; /* with the NUL */
bool office_time_read(slice s, uint64_t *ms);
void office_time_write(uint64_t ms, char text[OFFICE_TIME_TEXT]);
/* NULL if it is not there. */
const struct office_say *office_say_find(const struct office_case_move *m, slice name);
const struct office_authority *office_authority_find(const struct office *o, slice id);
const struct office_carve_out *office_carve_out_find(const struct office_suspensions *s, slice id);
/* Whether those whom the law of one of these countries ("CN HK") binds are enough to sign a
 * release, on any path. */
bool office_could_compel(const struct office *o, slice countries);

#endif
