/* A web server's answer to one request: head, chunks and codings. */
#include <stdlib.h>

#include "sys/fetch.h"
#include "sys/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sys_fetched fetched = {0};
    size_t n;
    if (sys_http_head(slice_of(data, size), &n) != OK || n == 0)
        return 0;
    if (buf_append(&fetched.head, slice_of(data, n)) == OK &&
        sys_fetched_read(&fetched, slice_of(data + n, size - n), BODY_MAX) == OK &&
        (fetched.status > 999 || (fetched.body.n > BODY_MAX && fetched.body.n > size - n)))
        abort();
    sys_fetched_fini(&fetched);
    return 0;
}
