/* sotto-mls vectors PATH... */
#include "mlstool/vectors.h"

#include <stdio.h>

static void print_failure(void *ctx, size_t number, const char *why) {
    printf("%s: case %zu: %s\n", (const char *)ctx, number, why);
}

static void run_file(char *path, struct vectors_result *sum) {
    struct vectors_result r = {.failed = 1};
    struct json_object *file = json_object_from_file(path);
    if (file == NULL)
        printf("%s: can't be read, or is not JSON\n", path);
    else
        vectors_check(file, print_failure, path, &r);
    json_object_put(file);
    if (file != NULL && r.passed + r.failed + r.skipped == 0) {
        printf("%s: has no cases\n", path);
        r.failed = 1;
    }
    printf("%s: %s: %zu of %zu passed", path, r.type == NULL ? "unknown" : r.type, r.passed,
           r.passed + r.failed);
    if (r.skipped != 0)
        printf(", %zu skipped", r.skipped);
    printf("\n");
    fflush(stdout);
    sum->passed += r.passed;
    sum->failed += r.failed;
    sum->skipped += r.skipped;
}

int vectors_main(int argc, char **argv) {
    struct vectors_result sum = {0};
    if (argc == 0) {
        fprintf(stderr, "usage: sotto-mls vectors PATH...\n");
        return 2;
    }
    for (int i = 0; i < argc; i++)
        run_file(argv[i], &sum);
    printf("%zu passed, %zu failed", sum.passed, sum.failed);
    if (sum.skipped != 0)
        printf(", %zu skipped", sum.skipped);
    printf("\n");
    return sum.failed == 0 ? 0 : 1;
}
