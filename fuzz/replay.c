/* Runs a fuzz target over its corpus, without a fuzzer: replay FOLDER... prints TAP, one test for
 * each folder. The empty input is always tried too. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An exact copy on the heap, so that a sanitizer sees a read past its end. */
static void run_input(const uint8_t *data, size_t size) {
    uint8_t *copy = calloc(size > 0 ? size : 1, 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int run_file(const char *path) {
    static uint8_t data[1 << 20];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return -1;
    size_t size = fread(data, 1, sizeof data, f);
    int bad = ferror(f);
    fclose(f);
    if (bad)
        return -1;
    /* Should the target crash, the last line names the input. */
    printf("# %s\n", path);
    fflush(stdout);
    run_input(data, size);
    return 0;
}

/* How many inputs ran; -1 if one could not be read. A folder that is not there has none. */
static int run_folder(const char *folder) {
    int count = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return 0;
    for (struct dirent *entry; count >= 0 && (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count = run_file(path) == 0 ? count + 1 : -1;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv) {
    int failed = 0;
    printf("1..%d\n", argc - 1);
    run_input(NULL, 0);
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        const char *name = strrchr(argv[i], '/');
        name = name == NULL ? argv[i] : name + 1;
        printf("%s %d - the %d inputs of %s\n", count < 0 ? "not ok" : "ok", i, count, name);
        failed += count < 0;
    }
    return failed == 0 ? 0 : 1;
}
