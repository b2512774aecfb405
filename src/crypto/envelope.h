/* Content for the owners of certificates alone, in the form that other people's programs open: CMS
 * (RFC 5652). */
#ifndef SOTTO_CRYPTO_ENVELOPE_H
#define SOTTO_CRYPTO_ENVELOPE_H

#include "base/slice.h"

/* Appends an EnvelopedData in DER, AES-256-CBC, for each of the certificates (X.509, DER), RSA by
 * OAEP. Who the certificates are of, and until when, is the caller's to know. MALFORMED if one of
 * them is none, or has a key that nothing can be encrypted to. NO_MEMORY. */
MUST err crypto_envelope_seal(buf *out, const slice *certificates, size_t n, slice content);

#endif
