/* Authenticators and SSH keys in software, for tests: they sign whatever they are told to, also
 * what no honest one would. */
#ifndef SOTTO_TESTS_OFFICE_AUTHENTICATOR_H
#define SOTTO_TESTS_OFFICE_AUTHENTICATOR_H

#include "crypto/crypto.h"

enum soft_kind { SOFT_ES256, SOFT_EDDSA, SOFT_SK_ED25519, SOFT_SK_ECDSA, SOFT_PLAIN, SOFT_KINDS };

struct soft_key {
    enum soft_kind kind;
    uint8_t pub[CRYPTO_SIG_PUBLIC_MAX], priv[CRYPTO_SIG_PRIVATE_MAX];
};
/* The same key for the same seed. */
void soft_key_make(struct soft_key *k, enum soft_kind kind, uint64_t seed);
bool soft_is_ssh(enum soft_kind kind);
/* What an office file names: base64 of the passkey's public key, or of the SSH key's blob. */
void soft_public(buf *out, const struct soft_key *k, const char *application);

/* What is signed beside the text, and how. What is NULL or 0 is as in soft_right. */
struct soft_way {
    const char *type, *origin, *cross, *rest; /* of the client's data */
    const char *challenge;                    /* NULL: that of the text */
    const char *rp;
    const char *extensions; /* appended to the authenticator's data */
    uint8_t flags;          /* of a passkey, and of an SSH authenticator */
    const char *space, *hash, *application, *reserved;
    const char *numbers_rest, *inner_rest; /* appended to an SSH signature's inner parts */
};
extern const struct soft_way soft_right;
/* Appends what a line of signatures has in base64. */
void soft_sign(buf *out, const struct soft_key *k, const struct soft_way *way, slice text);

/* Ends the test program if a helper fails. */
void must(err e);

#endif
