/* What the files of office/ share: the form of its texts, and the signatures of persons. Nobody
 * outside includes this but tests. */
#ifndef SOTTO_OFFICE_INTERNAL_H
#define SOTTO_OFFICE_INTERNAL_H

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "office/office.h"

/* Leaves the function with the reason of an expression, if it is one. */
#define NEED(expression)                               \
    do {                                               \
        enum office_reason need_reason = (expression); \
        if (need_reason != OFFICE_OK)                  \
            return need_reason;                        \
    } while (0)

/* What an office file can hold at most, and so how many persons and seats a move is about. */
enum { OFFICE_PERSONS_MAX = 256, OFFICE_ALSO_MAX = 32 };

/* For what fails for want of memory alone, or else for this reason. */
enum office_reason reason_of(err e, enum office_reason otherwise);

/* ---- Texts ----
 * A kind of text is a table of fields; reading, writing and freeing walk it. Each field is a line,
 * `word value`, and the lines come in the table's order. */

enum text_kind {
    TEXT_ID,        /* slice: lower case letters, digits, '-' and '.' */
    TEXT_IDS,       /* slice: ids, ascending, a space between them */
    TEXT_COUNTRY,   /* slice: two capital letters */
    TEXT_COUNTRIES, /* slice: ascending */
    TEXT_WORD,      /* slice: printable, no space */
    TEXT_PROSE,     /* slice: whatever may stand in a line */
    TEXT_BASE64,    /* slice: still base64 */
    TEXT_NUMBER,    /* uint64_t: decimal, not 0 */
    TEXT_TIME,      /* uint64_t: milliseconds, whole seconds in the text */
    TEXT_HASH,      /* uint8_t[32]: hexadecimal */
    TEXT_KEY,       /* uint8_t[32]: base64 */
    TEXT_ONE,       /* uint32_t: the bit of one of `names` */
    TEXT_SET,       /* uint32_t: the bits of some, at least one, in their order */
    TEXT_LINE,      /* a record in the line: its fields have no words of their own */
    TEXT_LINES,     /* struct text_array: any number of such lines */
    TEXT_BLOCKS     /* struct text_array: records of several lines, whose first has this word */
};

/* What a bit is called; the last has no text. */
struct text_name {
    const char *text;
    uint32_t bit;
};
struct text_record;
struct text_field {
    const char *word;
    enum text_kind kind;
    size_t at; /* in the struct */
    /* How often it stands there. A field of no necessity is zero, empty, without it. */
    size_t least, most;
    const struct text_name *names;    /* of ONE and SET */
    const struct text_record *record; /* of LINE, LINES and BLOCKS */
    bool ascends;                     /* of LINES and BLOCKS: by their first field, a slice */
};
/* A row of a table of fields of THIS struct. */
#define FIELD(word_, kind_, member, least_, most_)                                     \
    .word = (word_), .kind = (kind_), .at = offsetof(THIS, member), .least = (least_), \
    .most = (most_)
struct text_record {
    size_t size;
    const struct text_field *fields; /* ends with a word of NULL */
};
/* The head of every array of a parsed text: {struct x *p; size_t n}. */
struct text_array {
    void *p;
    size_t n;
};

/* One of these stands in the first line: "sotto <kind> 1". */
struct text_type {
    const char *kind;
    struct text_record record;
};

/* Only characters that show as what they are, lines that are not empty, one space between words,
 * and a last newline. *line: the first that is not so. */
enum office_reason text_check(slice text, size_t *line);
/* Reads a text whose form is the only one for what it says, into a struct of zeros whose slices
 * then point into the text. After a failure it holds what was read before. line may be NULL. */
enum office_reason text_read(const struct mem *mem, const struct text_type *type, void *out,
                             slice text, size_t *line);
enum office_reason text_write(buf *out, const struct text_type *type, const void *in);
/* Moves past the first line, if it is the one of this type. */
bool text_skip_head(slice *text, const struct text_type *type);
/* The lines of one record, for hashing a part. */
enum office_reason text_write_record(buf *out, const struct text_record *record, const void *in);
void text_free(const struct mem *mem, const struct text_type *type, void *out);

enum office_reason text_value_read(const struct text_field *f, slice s, uint8_t *at);
err text_value_write(buf *out, const struct text_field *f, const uint8_t *at);
/* True for a value that was not there. */
bool text_value_is_none(const struct text_field *f, const uint8_t *at);

/* The record whose first member is this slice: NULL if it is not among the n of `size` bytes. */
const void *text_find(const void *records, size_t n, size_t size, slice id);

/* The next of some words, "" after the last. */
slice text_next(slice *words);
bool text_has(slice words, slice word);
/* True if every word of `some` is one of `words`. */
bool text_has_all(slice words, slice some);
bool text_shares(slice words, slice others);

/* ---- Signatures of persons ---- Over a document's bytes or, in a passkey's challenge, their
 * SHA-256. */

/* LENGTH, or another error, if it is no public key of this kind. */
MUST err public_key_check(const struct crypto_sig *kind, slice key);
const struct crypto_sig *passkey_kind(const struct office_passkey *k);
/* Of one of the person's passkeys. bytes: authenticator data, client data and signature, each
 * opaque v<V>. */
enum office_reason webauthn_verify(const struct office *office, const struct office_person *person,
                                   const struct office_document *over, slice bytes);
/* bytes: PROTOCOL.sshsig's blob. */
enum office_reason sshsig_verify(const struct office_person *person,
                                 const struct office_document *over, slice bytes);
/* OK if it is a public key that an office may name. demonstration: plain keys too. */
enum office_reason ssh_key_check(slice blob, bool demonstration);

struct signers {
    struct {
        const struct office_person *person;
        bool ssh;
    } each[OFFICE_SIGNATURES_MAX];
    size_t n;
};
/* Verifies each signature of the document. Persons stand once in the result. */
enum office_reason signers_read(const struct office *office, const struct office_document *over,
                                struct signers *out);
/* Whether they are enough for the move, with those left out whom a suspended jurisdiction binds. */
enum office_reason signers_enough(const struct office *office,
                                  const struct office_suspensions *list,
                                  const struct signers *signers, enum office_move move);

/* ---- Documents ---- A struct that begins with a struct office_document. */

struct document_type {
    struct text_type text;
    /* What the lines alone don't say. */
    enum office_reason (*check)(const void *document);
};
/* Reads what was signed of bytes, with a copy of them in the document. */
enum office_reason document_new(void **out, const struct mem *mem, const struct document_type *type,
                                slice bytes, size_t *line);
void document_free(const struct document_type *type, void *document);
/* OK for a version after another; version 1 comes after none (number 0). */
enum office_reason version_follows(uint64_t present, const uint8_t present_hash[32],
                                   uint64_t version, const uint8_t previous[32]);

/* NULL if it is not there, or s is NULL. */
const struct office_suspension *suspension_find(const struct office_suspensions *s, slice id);
const struct office_lift_notice *notice_find(const struct office_suspensions *s, slice id);
/* By the suspension that it lifts. */
const struct office_lifted *lifted_find(const struct office_suspensions *s, slice lifts);

extern const struct text_record prose_line, version_line;
extern const struct text_name office_role_names[];

#endif
