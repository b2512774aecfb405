/* Signatures by the owners of certificates, as `openssl dgst -sha256 -sign` makes them. */
#ifndef SOTTO_CRYPTO_CERTIFICATE_H
#define SOTTO_CRYPTO_CERTIFICATE_H

#include "base/slice.h"

/* Whether the key of the certificate (X.509, DER) signed the message: RSA of 2048 bits or more
 * (PKCS #1 v1.5) or ECDSA of 224 or more, both with SHA-256, or Ed25519. Who the certificate is of,
 * until when and for what, is the caller's to know. SIGNATURE if not; MALFORMED if it is no
 * certificate; UNSUPPORTED for a key of another kind, or a shorter one. */
MUST err crypto_certificate_verify(slice certificate, slice message, slice signature);

#endif
