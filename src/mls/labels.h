/* Functions with labels (RFC 9420 sections 5.1.2, 5.1.3, 5.2, 8, 9). `label` is always without the
 * prefix "MLS 1.0 ", which is added here, but for the reference hash, whose labels are whole. */
#ifndef SOTTO_MLS_LABELS_H
#define SOTTO_MLS_LABELS_H

#include "mls/suite.h"
#include "mls/types.h"

/* RefHash (section 5.2). out: suite->hash->len bytes. label: "MLS 1.0 KeyPackage Reference" or
 * "MLS 1.0 Proposal Reference". */
MUST err mls_label_ref_hash(const struct mls_suite *suite, const char *label, slice value,
                            uint8_t *out);

/* SignWithLabel (section 5.1.2). signature: an empty buf on mem. BUG if priv has the wrong
 * length. */
MUST err mls_label_sign(const struct mls_suite *suite, slice priv, const char *label, slice content,
                        buf *signature, const struct mem *mem);
/* VerifyWithLabel. SIGNATURE if it is wrong, also when a key has the wrong length. */
MUST err mls_label_verify(const struct mls_suite *suite, slice pub, const char *label,
                          slice content, slice signature, const struct mem *mem);

/* The same for what is long, without a copy: `content` is SignContent as mls_label_begin, what is
 * signed and writer_close(w, mark) write it. */
size_t mls_label_begin(writer *w, const char *label);
/* SignContent in place, in the MLS_LABEL_ROOM bytes before the n of content. LENGTH if it is too
 * long. */
enum { MLS_LABEL_ROOM = 64 };
MUST err mls_label_before(const char *label, uint8_t *content, size_t n, slice *framed);
MUST err mls_label_sign_content(const struct mls_suite *suite, slice priv, slice content,
                                buf *signature);
MUST err mls_label_verify_content(const struct mls_suite *suite, slice pub, slice content,
                                  slice signature);

/* EncryptWithLabel (section 5.1.3), in two steps: label and context, which may be long, are taken
 * in once for all receivers. out: zeros; free it with mls_hpke_ciphertext_free. CRYPTO if the key
 * is not one. */
MUST err mls_label_prepare(const struct mls_suite *suite, const char *label, slice context,
                           struct hpke_info *prepared);
MUST err mls_label_encrypt(const struct mls_suite *suite, slice pub,
                           const struct hpke_info *prepared, slice plain,
                           struct mls_hpke_ciphertext *out, const struct mem *mem);
/* DecryptWithLabel. plain: an empty buf on mem. CRYPTO if it does not open. */
MUST err mls_label_decrypt(const struct mls_suite *suite, slice priv, const char *label,
                           slice context, const struct mls_hpke_ciphertext *in, buf *plain);

/* ExpandWithLabel (section 8). out may not be a part of secret. */
MUST err mls_label_expand(const struct mls_suite *suite, slice secret, const char *label,
                          slice context, uint8_t *out, size_t n);
/* DeriveSecret: out: suite->hash->len bytes. */
MUST err mls_label_derive(const struct mls_suite *suite, slice secret, const char *label,
                          uint8_t *out);
/* The same for a label that is not a constant: the exporter's. */
MUST err mls_label_derive_named(const struct mls_suite *suite, slice secret, slice label,
                                uint8_t *out);
/* DeriveTreeSecret (section 9). */
MUST err mls_label_derive_tree(const struct mls_suite *suite, slice secret, const char *label,
                               uint32_t generation, uint8_t *out, size_t n);

#endif
