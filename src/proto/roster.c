#include "proto/proto.h"

enum { STEP_FIRST = 32 };

size_t proto_roster_step(uint16_t count) {
    size_t step = STEP_FIRST;
    while (step < count)
        step *= 2;
    return step;
}

err proto_roster_bound(buf *out, const uint8_t group[32], const uint8_t hash[32]) {
    TRY(buf_append(out, slice_of(PROTO_LABEL_ROSTER, sizeof PROTO_LABEL_ROSTER)));
    TRY(buf_append(out, slice_of(group, 32)));
    return buf_append(out, slice_of(hash, 32));
}
