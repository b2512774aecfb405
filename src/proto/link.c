#include "base/text.h"
#include "proto/proto.h"

static const char scheme[] = "sotto:";

err proto_link_write(buf *out, const char *kind, slice server, slice content) {
    TRY(buf_append(out, slice_str(scheme)));
    TRY(buf_append(out, slice_str(kind)));
    TRY(buf_append_byte(out, ':'));
    TRY(buf_append(out, server));
    TRY(buf_append_byte(out, '#'));
    return base32_encode(out, content);
}

err proto_link_read(slice link, const char *kind, buf *server, buf *content) {
    slice rest = link;
    if (!slice_skip(&rest, slice_str(scheme)) || !slice_skip(&rest, slice_str(kind)) ||
        !slice_skip(&rest, slice_str(":")))
        return ERR_MALFORMED;
    const uint8_t *hash = rest.n > 0 ? memchr(rest.p, '#', rest.n) : NULL;
    if (hash == NULL || hash == rest.p)
        return ERR_MALFORMED;
    slice host = slice_of(rest.p, (size_t)(hash - rest.p));
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] <= ' ' || host.p[i] >= 0x7f)
            return ERR_MALFORMED;
    TRY(buf_append(server, host));
    return base32_decode(content, slice_of(hash + 1, rest.n - host.n - 1));
}
