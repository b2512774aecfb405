/* Folders that are beginnings of names: the files are in the memory of tests/wasm/run.mjs. */
#include "tests/store/fixture.h"
#include "tests/store/host.h"

void fixture_flush(const struct fixture_engine *engine, struct store *s) {
    (void)engine, (void)s;
}

void fixture_folder(char path[FIXTURE_PATH]) {
    static unsigned count;
    snprintf(path, FIXTURE_PATH, "folder %u", ++count);
}

void fixture_remove(const char *path) {
    host_files_remove(path, strlen(path));
}

bool fixture_holds(const char *folder, const char *word) {
    return host_files_hold(folder, strlen(folder), word, strlen(word)) != 0;
}
