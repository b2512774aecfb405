/* The server's store, opened and used under the filter of the process that holds it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "sys/sandbox.h"
#include "tests/test.h"

enum { ENTRIES = 20000, VALUE = 1000 };

static err fill(struct store *s) {
    static uint8_t value[VALUE];
    struct store_batch *batch = NULL;
    TRY(store_batch_new(&batch, NULL));
    err result = OK;
    for (uint64_t i = 0; result == OK && i < ENTRIES; i++) {
        value[i % VALUE]++;
        result =
            store_batch_put(batch, (struct store_key){1, slice_str("box"), i}, SLICE_ARRAY(value));
        if (result == OK && i % 500 == 499) {
            result = store_commit_now(s, batch);
            store_batch_clear(batch);
        }
    }
    if (result == OK)
        result = store_batch_delete_range(batch, (struct store_key){1, slice_str("box"), 0}, 15000);
    if (result == OK)
        result = store_commit_now(s, batch);
    store_batch_free(batch);
    return result;
}

/* Small memtables, so that flushes and compactions happen, in threads of their own. */
static err use_store(const char *path) {
    struct store_rocksdb_options options = {.memtable = 1 << 20, .cache = 1 << 20};
    for (int round = 0; round < 2; round++) {
        struct store *s = NULL;
        buf value = buf_on(NULL);
        TRY(store_rocksdb_open(&s, path, &options));
        err result = fill(s);
        if (result == OK)
            result = store_rocksdb_flush(s);
        if (result == OK)
            result = store_get(s, NULL, (struct store_key){1, slice_str("box"), 19000}, &value);
        buf_free(&value);
        usleep(200000);
        store_close(s);
        TRY(result);
    }
    return OK;
}

static void enter_and_use(const char *folder) {
    char path[100];
    struct sys_sandbox sandbox = {.profile = SYS_PROFILE_MAIL, .write_paths = {folder}};
    struct sys_sandbox_report report;
    snprintf(path, sizeof(path), "%s/store", folder);
    err result = sys_sandbox_enter(&sandbox, &report);
    if (result == OK)
        result = use_store(path);
    if (result != OK)
        fprintf(stderr, "# %s\n", err_text(result));
    exit(result == OK ? 0 : 1);
}

TEST(the_store_opens_fills_flushes_compacts_and_closes_under_the_filter) {
    if (TEST_SANITIZED)
        SKIP("a sanitizer needs more system calls");
    char folder[] = "/tmp/sotto-sandboxed-XXXXXX", command[100];
    CHECK(mkdtemp(folder) != NULL);
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        enter_and_use(folder);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_EQ(system(command), 0);
    CHECK(!WIFSIGNALED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

TEST_MAIN
