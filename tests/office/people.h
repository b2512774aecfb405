/* An office of fourteen persons for tests, and what they sign. */
#ifndef SOTTO_TESTS_OFFICE_PEOPLE_H
#define SOTTO_TESTS_OFFICE_PEOPLE_H

#include "office/office.h"
#include "tests/office/authenticator.h"

enum {
    INTAKE_1,
    INTAKE_2,
    POLICY,
    POLICY_DEPUTY,
    LAW,
    LAW_DEPUTY,
    RIGHTS,
    RIGHTS_DEPUTY,
    APPROVER,
    APPROVER_DEPUTY,
    EXPERT_1,
    EXPERT_2,
    CUSTODIAN,
    AUDITOR,
    PEOPLE
};
/* Where the person is bound: all by DE, the custodian by HK too. */
extern const char *const people_ids[PEOPLE];

/* A key of each kind for each person, always the same. */
const struct soft_key *people_key(int person, enum soft_kind kind);
/* The private half of the person's X25519 key. */
void people_seal_private(int person, uint8_t private[32]);
/* Who signs the office's ledger, and who are its witnesses. */
enum { PEOPLE_WITNESSES = 2 };
struct people_note_key {
    const char *name;
    uint8_t seed[32];
    enum merkle_key_type type;
};
extern const struct people_note_key people_ledger, people_witnesses[PEOPLE_WITNESSES];
void people_note_key(struct merkle_key *key, const struct people_note_key *k);

/* Appends the text of an office file: version 1 if present is NULL, else the one after. Plain SSH
 * keys stand in it if it is a demonstration. */
void people_office(buf *out, bool demonstration, const struct office *present);
/* Appends a line of signature; the first one, the empty line before it too. text: how much of
 * document is the text. */
void people_sign(buf *document, size_t text, int person, enum soft_kind kind);
void people_sign_way(buf *document, size_t text, int person, enum soft_kind kind,
                     const struct soft_way *way);
/* The office whose text people_office writes, loaded. */
struct office *people_office_load(bool demonstration);

/* Appends the head of a suspension list, version 1 if present is NULL, and `entries`. */
void people_list(buf *out, const struct office *office, const struct office_suspensions *present,
                 const char *entries);
struct office_suspensions *people_list_load(const struct office *office, const char *entries);

/* Who signs, with a passkey or, if `ssh`, with an authenticator's SSH key. */
struct signer {
    int person;
    bool ssh;
};
/* The notice key's line, after those of the persons. */
void people_tell(buf *document, size_t text);
extern const uint8_t people_notice_seed[32];
/* Appends the lines of all whose bit in `who` is set, in their order; under a notice, people_tell's
 * too. */
void people_sign_all(buf *document, const struct signer *signers, size_t n, unsigned who);

/* Appends a formatted line. */
__attribute__((format(printf, 2, 3))) void people_say(buf *out, const char *format, ...);
/* Replaces `old`, which must be there, once. */
void people_replace(buf *text, const char *old, const char *by);

#endif
