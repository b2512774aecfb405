/* Why a text, a signature or an order is refused: each check has a reason of its own. */
#ifndef SOTTO_OFFICE_REASONS_H
#define SOTTO_OFFICE_REASONS_H

#include <stdbool.h>

#include "base/slice.h"

/* clang-format off */
/* X(name, text): the text says what is wrong with what was handed in. */
#define OFFICE_REASONS(X)                                                                          \
    X(MEMORY, "out of memory")                                                                     \
    /* The text. */                                                                                \
    X(TOO_LARGE, "it is too large, or a line of it is too long")                                   \
    X(CHARACTERS, "it holds what is no character, or one that can't be seen")                      \
    X(SPACES, "a line is empty, has spaces where none belong, or has no end")                      \
    X(KIND, "its first line is not the one of what is expected here")                              \
    X(WORD, "a line is missing, stands in the wrong place, or is unknown")                         \
    X(COUNT, "a line stands there too often, or not often enough")                                 \
    X(VALUE, "a value has not the form that its line asks for")                                    \
    X(FORM, "it says something in another form than the only one")                                 \
    /* An office file. */                                                                          \
    X(TWICE, "a name or a key stands twice, or names are not in their order")                      \
    X(ORIGIN, "its origin is not https://host that ends in its rp")                                \
    X(KEY, "a key is none, or of a kind that is not allowed here")                                 \
    X(FEW_KEYS, "a person has fewer than two keys")                                                \
    /* Signatures. */                                                                              \
    X(UNSIGNED, "it has no signature, or too many")                                                \
    X(SIGNATURE_LINE, "a line of its signatures has not their form")                               \
    X(PERSON, "somebody signed who is not in the office")                                          \
    X(SIGNATURE, "a signature is wrong, or made with a key that is not this person's")             \
    X(SIGNATURE_FORM, "a signature is malformed")                                                  \
    X(WEBAUTHN_TYPE, "a passkey's signature was not made for a login but for something else")      \
    X(WEBAUTHN_CHALLENGE, "a passkey's signature was made over another text")                      \
    X(WEBAUTHN_ORIGIN, "a passkey's signature was made at another origin")                         \
    X(WEBAUTHN_CROSS_ORIGIN, "a passkey's signature was made inside of another site's page")       \
    X(WEBAUTHN_RP, "a passkey's signature was made for another site")                              \
    X(NOT_PRESENT, "a signature was made without anybody's touch")                                 \
    X(NOT_VERIFIED, "a signature was made without verifying the user")                             \
    X(BACKED_UP, "a passkey can be backed up, and the office file does not allow that")            \
    X(SSH_NAMESPACE, "an SSH signature was made for another purpose than sotto-office")            \
    X(SSH_HASH, "an SSH signature uses a hash that is not taken here")                             \
    /* Who signed. */                                                                              \
    X(SIGNERS, "a signature that it needs is missing")                                             \
    X(NO_SSH, "nobody who is needed signed with an SSH key, on a machine of their own")                          \
    X(BOUND, "somebody signed whom the law of a suspended jurisdiction binds")                     \
    /* A version after another. */                                                                 \
    X(OLD, "its version is not newer than the present one")                                        \
    X(GAP, "a version between the present one and it is missing")                                  \
    X(FORK, "the version before it is not the present one")                                        \
    X(OTHER_OFFICE, "it was made under another version of the office file")                        \
    X(NOT_PINNED, "it is not the office file that was pinned")                                     \
    /* Suspensions. */                                                                             \
    X(FUTURE, "it names a time that is yet to come")                                               \
    X(REVIEW, "a review is due later than 90 days from now")                                       \
    X(SECTIONS, "the assessment has not all of its 18 sections")                                   \
    X(NO_SUSPENSION, "it is about a suspension that is not in the list")                            \
    X(SCOPE, "a scope of all names some, or another scope names none")                             \
    X(BECOMES, "what a suspension becomes is said in two ways, or in none")                        \
    X(NOTICE_CHANGED, "a notice says something else than it said before")                          \
    X(NOTICE_STAYS, "the notice of a lift that is made stays in the list")                         \
    X(NO_NOTICE, "it takes from a suspension what no notice announced")                            \
    X(NOTICE_SHORT, "the notice of the lift has not been here for 14 days")                        \
    X(CHECKPOINT, "it is no checkpoint of the office's ledger")                                    \
    X(LEDGER, "the ledger's checkpoint does not hold it, or the ledger did not only grow")         \
    X(WITNESS, "no witness of the office saw it long enough")                                \
    X(SIGHTINGS, "what the ledger showed is not in its form")                                      \
    X(LIFTED, "it claims a lift that it does not make")                                            \
    X(FROZEN_SHORT, "the freeze has not lasted 72 hours")                                          \
    /* Orders. */                                                                                  \
    X(ACCOUNT, "its account is not named as it says")                                              \
    X(SERVER, "it is for another server")                                                          \
    X(SERVER_NUMBER, "it was made before this server was started")                                 \
    X(EXPIRED, "it is older than 72 hours")                                                        \
    X(STALE_OFFICE, "the office file is newer")                                                    \
    X(STALE_LIST, "the suspension list is newer")                                                  \
    X(UNKNOWN_OFFICE, "it names an office file that is not here")                                  \
    X(UNKNOWN_LIST, "it names a suspension list that is not here")                                 \
    X(AUTHORITY, "its authority is not in the office's directory")                                 \
    X(SUSPENDED, "a jurisdiction that it is from, or for, is suspended")                           \
    X(CARVE_OUT, "it names a carve-out that is not in the suspension list, or is for another path") \
    X(FROZEN, "all releases are frozen")                                                           \
    X(UNTIL, "its end is past, or more than 90 days away")                                         \
    X(NOTICE_KEY, "its last line is not the notice key's signature of what the user is to read")   \
    /* Of the server that holds the files. */                                                      \
    X(NO_OFFICE, "no office file is pinned here yet")                                              \
    X(PINNED, "an office file is pinned here; another is pinned in its place only with --anew")  \
    X(RESTS, "the office was pinned anew; nothing is released for 30 days after it")               \
    X(CARRIED_OUT, "an order of this id was carried out")                                          \
    X(OTHER_ACCOUNT, "its account is another than that of the first order of its case")            \
    X(CERTIFICATE, "a certificate of its authority can't be encrypted to")

enum office_reason {
    OFFICE_OK = 0,
#define X(name, text) OFFICE_##name,
    OFFICE_REASONS(X)
#undef X
};
/* clang-format on */

/* A stable name ("FROZEN") and a text for people. Static, never NULL. */
const char *office_reason_name(enum office_reason r);
const char *office_reason_text(enum office_reason r);
/* By its name. False for a word that is none, or OK. */
bool office_reason_of(slice name, enum office_reason *r);

#endif
