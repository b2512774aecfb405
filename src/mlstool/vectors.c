/* sotto-mls vectors FILE|FOLDER... */
#include "mlstool/vectors.h"

#include <stdio.h>

#include "sys/files.h"

static void print_failure(void *ctx, size_t number, const char *why) {
    printf("%s: case %zu: %s\n", *(const char **)ctx, number, why);
}

static void run_file(const char *path, struct vectors_result *sum) {
    struct vectors_result r = {.failed = 1};
    struct json_object *file = json_object_from_file(path);
    if (file == NULL)
        printf("%s: can't be read, or is not JSON\n", path);
    else
        vectors_check(file, print_failure, &path, &r);
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

struct run {
    struct vectors_result sum;
    size_t files;
};

static void run_one(void *ctx, const char *path) {
    struct run *run = ctx;
    run->files++;
    run_file(path, &run->sum);
}

int vectors_main(int argc, char **argv) {
    struct run run = {0};
    if (argc == 0) {
        fprintf(stderr, "usage: sotto-mls vectors FILE|FOLDER...\n");
        return 2;
    }
    for (int i = 0; i < argc; i++) {
        size_t before = run.files;
        sys_files_walk(argv[i], ".json", run_one, &run);
        if (run.files == before) {
            printf("%s: has no files of vectors\n", argv[i]);
            run.sum.failed++;
        }
    }
    printf("%zu passed, %zu failed", run.sum.passed, run.sum.failed);
    if (run.sum.skipped != 0)
        printf(", %zu skipped", run.sum.skipped);
    printf("\n");
    return run.sum.failed == 0 ? 0 : 1;
}
