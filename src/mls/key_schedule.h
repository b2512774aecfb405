/* The key schedule (RFC 9420 section 8). Secrets are hash->len bytes in arrays of CRYPTO_HASH_MAX.
 * */
#ifndef SOTTO_MLS_KEY_SCHEDULE_H
#define SOTTO_MLS_KEY_SCHEDULE_H

#include "mls/suite.h"
#include "mls/types.h"

/* X(name, label): what DeriveSecret makes of an epoch_secret (section 8, table 4; the last one:
 * draft-ietf-mls-extensions-10 s.4.4). */
#define MLS_EPOCH_SECRETS(X)                 \
    X(sender_data, "sender data")            \
    X(encryption, "encryption")              \
    X(exporter, "exporter")                  \
    X(external, "external")                  \
    X(confirmation_key, "confirm")           \
    X(membership_key, "membership")          \
    X(resumption_psk, "resumption")          \
    X(epoch_authenticator, "authentication") \
    X(init, "init")                          \
    X(application_export, "application_export")

/* The secrets of one epoch. init is for the next. `encryption` and `application_export` are erased
 * once the secret tree and the exporter tree have them (section 9.2). Copied by assignment; wipe
 * every copy. */
struct mls_epoch_secrets {
#define X(name, label) uint8_t name[CRYPTO_HASH_MAX];
    MLS_EPOCH_SECRETS(X)
#undef X
};
void mls_epoch_secrets_wipe(struct mls_epoch_secrets *s);
void mls_epoch_secrets_write(writer *w, const struct mls_epoch_secrets *s,
                             const struct mls_suite *suite);
MUST err mls_epoch_secrets_read(reader *r, struct mls_epoch_secrets *s,
                                const struct mls_suite *suite);

/* joiner_secret. commit_secret: NULL for all zeros (a commit without a path). context: the encoded
 * GroupContext of the new epoch. */
MUST err mls_key_schedule_joiner(const struct mls_suite *suite, const uint8_t *init_secret,
                                 const uint8_t *commit_secret, slice context,
                                 uint8_t *joiner_secret);
/* welcome_secret (section 8). psk_secret: NULL for all zeros. */
MUST err mls_key_schedule_welcome(const struct mls_suite *suite, const uint8_t *joiner_secret,
                                  const uint8_t *psk_secret, uint8_t *welcome_secret);
/* Key and nonce of the Welcome's encrypted GroupInfo (section 12.4.3): aead->key, aead->nonce
 * bytes. */
MUST err mls_key_schedule_welcome_key(const struct mls_suite *suite, const uint8_t *welcome_secret,
                                      uint8_t *key, uint8_t *nonce);
/* The secrets of the epoch whose encoded GroupContext is context. */
MUST err mls_key_schedule_epoch(const struct mls_suite *suite, const uint8_t *joiner_secret,
                                const uint8_t *psk_secret, slice context,
                                struct mls_epoch_secrets *s);
/* The first epoch (section 11): as above, from an epoch_secret that is given: fresh random bytes.
 * */
MUST err mls_key_schedule_first(const struct mls_suite *suite, const uint8_t *epoch_secret,
                                struct mls_epoch_secrets *s);

/* psk_secret (section 8.4) of n keys; all zeros for none. LIMIT for more than 65,535. */
MUST err mls_key_schedule_psk(const struct mls_suite *suite, const struct mls_psk_id *ids,
                              const slice *psks, size_t n, uint8_t *psk_secret,
                              const struct mem *mem);
/* MLS-Exporter (section 8.5). BUG if n is more than the KDF can give (255 * hash->len). */
MUST err mls_key_schedule_export(const struct mls_suite *suite, const uint8_t *exporter_secret,
                                 slice label, slice context, uint8_t *out, size_t n);
/* What a joiner from outside and the group export of their HPKE context (section 8.3). */
#define MLS_EXTERNAL_INIT "MLS 1.0 external init secret"
/* The key pair of external_secret (section 8.3): kem->pub, kem->priv bytes. */
MUST err mls_key_schedule_external(const struct mls_suite *suite, const uint8_t *external_secret,
                                   uint8_t *pub, uint8_t *priv);
/* MAC (section 5.1): hash->len bytes; for confirmation tag and membership tag. */
MUST err mls_key_schedule_mac(const struct mls_suite *suite, const uint8_t *key, slice message,
                              uint8_t *tag);
/* Key and nonce of a PrivateMessage's sender data (section 6.3.2), from the whole ciphertext. */
MUST err mls_key_schedule_sender_data(const struct mls_suite *suite,
                                      const uint8_t *sender_data_secret, slice ciphertext,
                                      uint8_t *key, uint8_t *nonce);

#endif
