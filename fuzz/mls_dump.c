/* The dump: it reads the input as text or bytes, then as the structure that the first byte
 * chooses. */
#include <stdlib.h>

#include "mlstool/dump.h"
#include "mlstool/dump_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static FILE *nowhere;
    buf bytes = {0};
    size_t count = 0;
    if (size == 0)
        return 0;
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    while (dump_types[count].name != NULL)
        count++;
    if (nowhere == NULL || dump_input(slice_of(data + 1, size - 1), &bytes) != OK)
        abort();
    (void)!dump_print(nowhere, dump_types[data[0] % count].name, buf_slice(&bytes), true);
    buf_free(&bytes);
    return 0;
}
