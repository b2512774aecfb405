/* The mark of a key package that may be used more than once: an entry of its app_data_dictionary
 * extension (draft-ietf-mls-extensions-10 s.4.6, 6.4). Other entries are nothing to us. */
#ifndef SOTTO_MLS_LAST_RESORT_H
#define SOTTO_MLS_LAST_RESORT_H

#include "mls/types.h"

/* The extensions of a key package that is marked. extensions: of zeros; nothing to free on
 * failure. */
MUST err mls_last_resort_mark(struct mls_extensions *extensions, const struct mem *mem);
/* Whether a key package's extensions hold the mark. MLS_EXTENSION, or the codec's errors, for a
 * dictionary that is not one. */
MUST err mls_last_resort_find(const struct mls_extensions *extensions, bool *marked);

#endif
