#include "merkle/internal.h"

err lines_next(slice *rest, slice *line) {
    return slice_line(rest, line) ? OK : ERR_MALFORMED;
}

err lines_add_hash(buf *out, const struct merkle_hash *hash) {
    TRY(base64_encode(out, merkle_hash_slice(hash)));
    return buf_append_byte(out, '\n');
}
