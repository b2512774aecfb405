/* HPKE, base mode, single shot (RFC 9180 sections 5.1.1, 6.1, 5.3). */
#ifndef SOTTO_CRYPTO_HPKE_H
#define SOTTO_CRYPTO_HPKE_H

#include "crypto/crypto.h"

struct hpke_suite {
    const struct crypto_kem *kem;
    const struct crypto_hash *kdf;
    uint16_t kdf_id; /* 0x0001 HKDF-SHA256, 0x0002 HKDF-SHA384, 0x0003 HKDF-SHA512 */
    const struct crypto_aead *aead;
};

/* What base mode makes of `info` (section 5.1): once for many messages with the same. info is its
 * parts, one after another; BUG if they are more than 5. */
struct hpke_info {
    uint8_t hash[CRYPTO_HASH_MAX];
};
MUST err hpke_info_prepare(const struct hpke_suite *s, struct hpke_info *prepared,
                           const slice *info, size_t count);
/* As hpke_seal below. */
MUST err hpke_seal_prepared(const struct hpke_suite *s, uint8_t *enc, uint8_t *ct, slice pub,
                            const struct hpke_info *info, slice aad, slice plain,
                            const uint8_t *seed);

/* enc: kem->enc bytes; ct: plain.n + aead->tag bytes. seed is NULL except in known-answer tests. */
MUST err hpke_seal(const struct hpke_suite *s, uint8_t *enc, uint8_t *ct, slice pub, slice info,
                   slice aad, slice plain, const uint8_t *seed);
/* plain: ct.n - aead->tag bytes. CRYPTO if it does not open, or a length is wrong. */
MUST err hpke_open(const struct hpke_suite *s, uint8_t *plain, slice enc, slice priv, slice info,
                   slice aad, slice ct);
MUST err hpke_open_prepared(const struct hpke_suite *s, uint8_t *plain, slice enc, slice priv,
                            const struct hpke_info *info, slice aad, slice ct);
/* The exporter of a fresh context: n bytes for `context`, on the sending and the receiving side. */
MUST err hpke_send_export(const struct hpke_suite *s, uint8_t *enc, uint8_t *out, size_t n,
                          slice pub, slice info, slice context, const uint8_t *seed);
MUST err hpke_receive_export(const struct hpke_suite *s, uint8_t *out, size_t n, slice enc,
                             slice priv, slice info, slice context);

#endif
