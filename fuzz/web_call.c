/* The page's calls over any bytes, on a core without an account: each has an answer that is JSON.
 */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "web/calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Brackets close in their order, and nothing stands behind the last. */
static bool is_whole(slice json) {
    char open[64];
    size_t depth = 0;
    for (size_t i = 0; i < json.n; i++) {
        char c = (char)json.p[i];
        if (c == '"')
            for (i++; i < json.n && json.p[i] != '"'; i++)
                i += json.p[i] == '\\';
        else if ((c == '{' || c == '[') && depth < sizeof open)
            open[depth++] = c == '{' ? '}' : ']';
        else if ((c == '}' || c == ']') && (depth == 0 || open[--depth] != c))
            return false;
        if (depth == 0)
            return i + 1 == json.n;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct store *store = NULL;
    struct core *core;
    struct core_action action;
    struct json answer = {0};
    require(crypto_init() == OK && store_memory_open(&store, NULL) == OK);
    require(core_open(&core, store, &(struct core_config){.handle_memory = 8192}, 1000) == OK);
    call_run(core, 1000, slice_of(data, size), &answer);
    require(answer.e == OK && is_whole(buf_slice(&answer.b)));
    while (core_next_action(core, &action))
        continue;
    buf_free(&answer.b);
    core_close(core);
    store_close(store);
    return 0;
}
