/* Transcript hashes (RFC 9420 section 8.2) and the tags that confirm them. */
#ifndef SOTTO_MLS_TRANSCRIPT_H
#define SOTTO_MLS_TRANSCRIPT_H

#include "mls/suite.h"
#include "mls/types.h"

/* The confirmed transcript hash after a commit (wire format, content and signature; its
 * confirmation tag isn't part of it). out: suite->hash->len bytes. */
MUST err mls_transcript_confirmed(const struct mls_suite *suite, slice interim_before,
                                  const struct mls_authenticated_content *commit, uint8_t *out,
                                  const struct mem *mem);
/* The interim transcript hash that follows a confirmed one and its tag. */
MUST err mls_transcript_interim(const struct mls_suite *suite, slice confirmed, slice tag,
                                uint8_t *out);
/* Compares tags: the length must be exact, and what differs takes no time to find out. */
bool mls_tag_equal(slice a, slice b);

#endif
