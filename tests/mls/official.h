/* The official vector files, with the checks that `sotto-mls vectors` runs. */
#ifndef SOTTO_TESTS_MLS_OFFICIAL_H
#define SOTTO_TESTS_MLS_OFFICIAL_H

#include "crypto/crypto.h"
#include "mlstool/vectors.h"
#include "tests/test.h"
#include "tests/vectors.h"

static inline void official_failed(void *ctx, size_t number, const char *why) {
    printf("# %s: case %zu: %s\n", (const char *)ctx, number, why);
}

/* Checks every case of "tree-math.json", and says how many there were; without the file the test is
 * skipped. */
static inline void official_check(const char *file) {
    char path[128], name[128];
    struct vectors_result r;
    CHECK_OK(crypto_init());
    snprintf(path, sizeof(path), "mls/%s", file);
    snprintf(name, sizeof(name), "%s", file);
    struct json_object *cases = vectors_load(path);
    if (cases == NULL)
        SKIP("the official vectors are not here");
    vectors_check(cases, official_failed, name, &r);
    json_object_put(cases);
    printf("# %s: %zu passed, %zu skipped (other suites)\n", file, r.passed, r.skipped);
    CHECK_EQ(r.failed, 0);
    if (r.passed == 0 && r.skipped > 0)
        SKIP("the official vectors are of other suites than this build has");
    CHECK(r.passed > 0);
}

#endif
