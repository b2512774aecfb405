/* kill -9 in the middle of commits: what was acknowledged is there, and every batch is whole.
 *
 * Each store is opened in a child only: RocksDB's threads don't live on in a fork. */
#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support.h"

enum { ROUNDS = 10, KEPT = 40, FILL = 3000 };

#define MAILBOX "a name of 16 byte"

/* In a child: no test frame to return to. */
static void must(bool condition, const char *what) {
    if (condition)
        return;
    printf("# child: %s\n", what);
    fflush(stdout);
    _exit(1);
}
#define MUST_OK(e) must((e) == OK, #e)

static uint64_t last_number(struct store *s) {
    uint64_t last = 0;
    buf b = buf_on(NULL);
    err e = store_get(s, NULL, fixture_key(0, "last", 0), &b);
    must(e == ERR_NOT_FOUND || (e == OK && b.n == sizeof last), "the counter is whole");
    if (e == OK)
        memcpy(&last, b.p, sizeof last);
    buf_free(&b);
    return last;
}

/* Batch n: an entry in a mailbox, its like in another table, an old one's end, and the counter. */
static void fill_batch(struct store_batch *b, uint64_t n) {
    uint8_t value[FILL];
    memset(value, (int)(n & 0xff), sizeof value);
    slice v = slice_of(value, n % FILL);
    MUST_OK(store_batch_put(b, fixture_key(1, MAILBOX, n), v));
    MUST_OK(store_batch_put(b, fixture_key(2, "b", n), v));
    MUST_OK(store_batch_put(b, fixture_key(0, "last", 0), slice_of(&n, sizeof n)));
    if (n <= KEPT)
        return;
    MUST_OK(store_batch_delete(b, fixture_key(1, MAILBOX, n - KEPT)));
    MUST_OK(store_batch_delete_range(b, fixture_key(2, "b", 0), n - KEPT));
}

static void run_writer(const struct fixture_engine *engine, const char *folder, int acks) {
    struct store *s;
    struct store_batch *b;
    MUST_OK(engine->open(&s, folder));
    MUST_OK(store_batch_new(&b, NULL));
    for (uint64_t n = last_number(s) + 1;; n++) {
        store_batch_clear(b);
        fill_batch(b, n);
        MUST_OK(store_commit_now(s, b));
        must(write(acks, &n, sizeof n) == sizeof n, "the parent listens");
    }
}

struct seen {
    uint64_t next;
    bool whole;
};

static bool check_entry(void *ctx, struct store_key key, slice value) {
    struct seen *seen = ctx;
    seen->whole &= key.number == seen->next++ && value.n == key.number % FILL;
    for (size_t i = 0; i < value.n; i++)
        seen->whole &= value.p[i] == (uint8_t)key.number;
    return true;
}

static void run_checker(const struct fixture_engine *engine, const char *folder, uint64_t acked) {
    struct store *s;
    MUST_OK(engine->open(&s, folder));
    uint64_t last = last_number(s);
    must(last >= acked, "what was acknowledged is there");
    must(last <= acked + 1, "one batch at most was on its way");
    uint64_t first = last > KEPT ? last - KEPT + 1 : 1;
    struct seen a = {first, true}, b = {first, true};
    MUST_OK(store_scan(s, fixture_key(1, MAILBOX, 0), UINT64_MAX, check_entry, &a));
    MUST_OK(store_scan(s, fixture_key(2, "b", 0), UINT64_MAX, check_entry, &b));
    must(a.whole && a.next == last + 1, "each batch is whole in the mailbox");
    must(b.whole && b.next == last + 1, "each batch is whole in the other table");
    /* Half of the time the next writer finds a store that was closed, else what the kill left. */
    if (last % 2 == 0)
        store_close(s);
    _exit(0);
}

static void sleep_ms(uint64_t ms) {
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* Returns the last number that was acknowledged. */
static uint64_t write_and_kill(const struct fixture_engine *engine, const char *folder,
                               struct support_random *r) {
    int ends[2];
    uint64_t acked = 0;
    CHECK(pipe(ends) == 0);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_writer(engine, folder, ends[1]);
    close(ends[1]);
    CHECK(read(ends[0], &acked, sizeof acked) == sizeof acked);
    sleep_ms(support_next(r) % 80);
    kill(child, SIGKILL);
    while (read(ends[0], &acked, sizeof acked) == sizeof acked)
        ;
    close(ends[0]);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return acked;
}

static void check_in_child(const struct fixture_engine *engine, const char *folder,
                           uint64_t acked) {
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_checker(engine, folder, acked);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void kill_often(const char *name) {
    const struct fixture_engine *engine = fixture_engine(name);
    struct support_random r = {(uint64_t)time(NULL) * 2 + 1};
    char folder[FIXTURE_PATH];
    uint64_t acked = 0;
    fixture_folder(folder);
    for (int i = 0; i < ROUNDS; i++) {
        acked = write_and_kill(engine, folder, &r);
        check_in_child(engine, folder, acked);
    }
    printf("# %s: %d kills, %llu batches\n", name, ROUNDS, (unsigned long long)acked);
    fixture_remove(folder);
}

TEST(sqlite_loses_nothing_that_it_acknowledged) {
    kill_often("sqlite");
}

TEST(rocksdb_loses_nothing_that_it_acknowledged) {
    kill_often("rocksdb");
}

TEST(a_sealed_store_loses_nothing_that_it_acknowledged) {
    kill_often("sealed sqlite");
}

TEST_MAIN
