/* A passphrase is changed: the lock that it made is in no file any more, and a process that is
 * killed on the way leaves a store that one of the two opens. */
#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEALED_AT = 1 + 4 + 4 + 16 + 24, RUN = 12, BEFORE = 0, AFTER = 1 };

static void open_sqlite(struct store **s, const char *folder) {
    CHECK_OK(fixture_engine("sqlite")->open(s, folder));
}

/* Some bytes of the sealed key, as a word; a lock is made anew until it has them without a NUL. */
static void make_lock(const char *folder, char word[RUN + 1]) {
    struct store *s;
    uint8_t key[32];
    buf lock = buf_on(NULL);
    size_t n = 0;
    open_sqlite(&s, folder);
    CHECK_OK(store_sealed_unlock(s, slice_str("old"), key));
    CHECK_OK(store_get(s, NULL, fixture_key(0, "lock", 0), &lock));
    store_close(s);
    for (size_t i = SEALED_AT; i < lock.n && n < RUN; i++) {
        n = lock.p[i] == 0 ? 0 : n + 1;
        memcpy(word, lock.p + i + 1 - n, n);
    }
    word[n] = 0;
    buf_free(&lock);
    CHECK(n == RUN);
    CHECK(fixture_holds(folder, word));
}

static bool opens(const char *folder, const char *passphrase) {
    struct store *s;
    uint8_t key[32];
    open_sqlite(&s, folder);
    err e = store_sealed_unlock(s, slice_str(passphrase), key);
    store_close(s);
    CHECK(e == OK || e == ERR_PASSPHRASE);
    return e == OK;
}

TEST(the_old_lock_is_in_none_of_the_files) {
    char folder[FIXTURE_PATH], word[RUN + 1];
    struct store *s;
    fixture_folder(folder);
    make_lock(folder, word);
    open_sqlite(&s, folder);
    CHECK_OK(store_sealed_relock(s, slice_str("old"), slice_str("new")));
    CHECK(!fixture_holds(folder, word)); /* while it is open, too */
    store_close(s);
    CHECK(!fixture_holds(folder, word));
    CHECK(opens(folder, "new"));
    CHECK(!opens(folder, "old"));
    fixture_remove(folder);
}

/* In a child: the store is given up just before or just after the commit. */
static void relock_and_die(const char *folder, int when) {
    struct store *inner, *s;
    struct store_fault_plan plan = {.fail_get_in = -1, .with = ERR_IO, .torn = when == AFTER};
    if (fixture_engine("sqlite")->open(&inner, folder) == OK &&
        store_faulty_open(&s, inner, &plan, NULL) == OK &&
        store_sealed_relock(s, slice_str("old"), slice_str("new")) == ERR_IO)
        raise(SIGKILL);
    _exit(1);
}

static void kill_relock(const char *folder, int when) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        relock_and_die(folder, when);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(killed_before_the_commit_the_old_passphrase_opens) {
    char folder[FIXTURE_PATH], word[RUN + 1];
    fixture_folder(folder);
    make_lock(folder, word);
    kill_relock(folder, BEFORE);
    CHECK(!opens(folder, "new"));
    CHECK(opens(folder, "old"));
    fixture_remove(folder);
}

TEST(killed_after_the_commit_the_new_one_opens_and_clears_the_old_lock_away) {
    char folder[FIXTURE_PATH], word[RUN + 1];
    struct store *s;
    uint8_t key[32];
    fixture_folder(folder);
    make_lock(folder, word);
    kill_relock(folder, AFTER);
    CHECK(fixture_holds(folder, word)); /* the log was not written into the file yet */
    open_sqlite(&s, folder);
    CHECK_OK(store_sealed_unlock(s, slice_str("new"), key));
    CHECK(!fixture_holds(folder, word));
    CHECK_ERR(store_sealed_unlock(s, slice_str("old"), key), ERR_PASSPHRASE);
    store_close(s);
    fixture_remove(folder);
}

TEST_MAIN
