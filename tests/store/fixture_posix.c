#define _GNU_SOURCE
#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/store/fixture.h"

err fixture_open_rocksdb(struct store **s, const char *folder) {
    struct store_rocksdb_options options = {.memtable = 1 << 20, .cache = 1 << 20};
    char path[FIXTURE_PATH + 16];
    snprintf(path, sizeof path, "%s/store", folder);
    return store_rocksdb_open(s, path, &options);
}

void fixture_flush(const struct fixture_engine *engine, struct store *s) {
    if (strcmp(engine->name, "rocksdb") == 0)
        CHECK_OK(store_rocksdb_flush(s));
}

void fixture_folder(char path[FIXTURE_PATH]) {
    const char *base = getenv("TMPDIR");
    snprintf(path, FIXTURE_PATH, "%s/sotto-store-XXXXXX", base == NULL ? "/tmp" : base);
    CHECK(mkdtemp(path) != NULL);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void fixture_remove(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool file_holds(const char *path, const char *word) {
    FILE *f = fopen(path, "rb");
    buf b = buf_on(NULL);
    uint8_t part[4096];
    if (f == NULL)
        return false; /* gone since it was listed */
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        CHECK_OK(buf_append(&b, slice_of(part, n)));
    fclose(f);
    bool holds = b.n > 0 && memmem(b.p, b.n, word, strlen(word)) != NULL;
    buf_free(&b);
    return holds;
}

bool fixture_holds(const char *folder, const char *word) {
    bool holds = false;
    DIR *d = opendir(folder);
    CHECK(d != NULL);
    for (struct dirent *e; !holds && (e = readdir(d)) != NULL;) {
        char path[FIXTURE_PATH + 300];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.')
            continue;
        holds = e->d_type == DT_DIR ? fixture_holds(path, word) : file_holds(path, word);
    }
    closedir(d);
    return holds;
}
