#include "merkle/fields.h"

static const char *const names[MERKLE_SLOTS_NAMED] = {
#define X(name, code, text) name,
    MERKLE_FIELDS(X)
#undef X
};

slice merkle_slot_name(enum merkle_slot slot) {
    return slice_str(names[slot]);
}

err merkle_slot_find(slice name, enum merkle_slot *slot) {
    for (size_t i = 0; i < MERKLE_SLOTS_NAMED; i++)
        if (slice_equal(name, slice_str(names[i]))) {
            *slot = (enum merkle_slot)i;
            return OK;
        }
    return ERR_NOT_FOUND;
}
