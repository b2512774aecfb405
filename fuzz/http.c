/* The HTTP parsers over any bytes, whole and in pieces. */
#include <stdlib.h>

#include "sys/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool within(slice part, slice whole) {
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* A head that is whole stays so whatever follows, and no shorter piece of it is. */
static void check_pieces(slice whole, size_t n) {
    size_t shorter;
    require(n <= whole.n && n <= SYS_HTTP_HEAD_MAX);
    require(sys_http_head(slice_of(whole.p, n), &shorter) == OK && shorter == n);
    for (size_t cut = n > 64 ? n - 64 : 0; cut < n; cut++)
        require(sys_http_head(slice_of(whole.p, cut), &shorter) == OK && shorter == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice whole = slice_of(data, size);
    size_t n;
    if (sys_http_head(whole, &n) != OK || n == 0)
        return 0;
    check_pieces(whole, n);
    slice head = slice_of(data, n);
    struct sys_http_request request;
    if (sys_http_parse(&request, head) == OK) {
        require(within(request.method, head) && within(request.target, head));
        require(within(request.path, head) && within(request.query, head));
        require(within(request.key, head) && within(request.protocols, head));
        require(request.path.n > 0 && request.path.p[0] == '/');
        buf accept = {0};
        require(!request.upgrade || sys_http_accept_key(request.key, &accept) == OK);
        buf_free(&accept);
        sys_http_has_token(request.protocols, "sotto");
    }
    struct sys_http_response response;
    if (sys_http_parse_response(&response, head) == OK) {
        require(within(response.accept, head) && within(response.protocol, head));
        require(response.status >= 0 && response.status <= 999);
    }
    return 0;
}
