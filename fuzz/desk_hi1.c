/* A filing in HI1, XML or JSON: what is read can be read again from the same bytes, and says the
 * same. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "desk/hi1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct hi1_filing *first, *second;
    char where[HI1_WHERE];
    slice bytes = slice_of(data, size);
    require(crypto_init() == OK);
    enum hi1_reason reason = hi1_load(&first, NULL, bytes, where);
    require(strlen(where) < HI1_WHERE && (reason == HI1_OK) == (first != NULL));
    require(hi1_load(&second, NULL, bytes, where) == reason);
    if (first != NULL) {
        require(first->tasks.n > 0 && first->tasks.n == second->tasks.n);
        require(first->to_read.n == second->to_read.n);
        require(slice_equal(first->authorisation.reference, second->authorisation.reference));
    }
    hi1_free(first);
    hi1_free(second);
    return 0;
}
