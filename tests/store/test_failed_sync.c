/* A write whose sync fails: whether the batch is there is found out before anything is read, so
 * that nobody decides on a state that the log is about to overtake. */
#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

#define NAME "a name of 16 byte"

/* The next sync of this process fails once. */
static bool fails;

static int sync_with(const char *call, int fd) {
    int (*real)(int) = NULL;
    if (fails) {
        fails = false;
        errno = EIO;
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, call);
    return real(fd);
}

int fdatasync(int fd) {
    return sync_with("fdatasync", fd);
}

int fsync(int fd) {
    return sync_with("fsync", fd);
}

static err put_two(struct store *s, const char *value) {
    struct store_batch *b;
    CHECK_OK(store_batch_new(&b, NULL));
    CHECK_OK(store_batch_put(b, fixture_key(7, NAME, 1), slice_str(value)));
    CHECK_OK(store_batch_put(b, fixture_key(7, NAME, 2), slice_str(value)));
    err e = store_commit_now(s, b);
    store_batch_free(b);
    return e;
}

/* What both keys say, or the error of reading the first. */
static err read_two(struct store *s, buf *first, err *second) {
    buf other = {0};
    buf_clear(first);
    err e = store_get(s, NULL, fixture_key(7, NAME, 1), first);
    *second = store_get(s, NULL, fixture_key(7, NAME, 2), &other);
    buf_free(&other);
    return e;
}

TEST(what_is_read_after_a_failed_sync_is_what_stays) {
    char folder[FIXTURE_PATH];
    struct store *s;
    buf before = {0}, after = {0};
    err second = OK, second_after = OK;
    fixture_folder(folder);
    const struct fixture_engine *engine = fixture_engine("rocksdb");
    CHECK_OK(engine->open(&s, folder));
    CHECK_OK(fixture_put(s, fixture_key(7, NAME, 1), slice_str("old")));
    fails = true;
    CHECK_ERR(put_two(s, "perhaps"), ERR_IO);
    CHECK(!fails);
    CHECK_OK(read_two(s, &before, &second));
    CHECK_OK(fixture_put(s, fixture_key(7, NAME, 3), slice_str("next")));
    CHECK_OK(read_two(s, &after, &second_after));
    CHECK(slice_equal(buf_slice(&before), buf_slice(&after)));
    CHECK_EQ(second, second_after);
    store_close(s);
    CHECK_OK(engine->open(&s, folder));
    CHECK_OK(read_two(s, &after, &second_after));
    CHECK(slice_equal(buf_slice(&before), buf_slice(&after)));
    CHECK_EQ(second, second_after);
    store_close(s);
    buf_free(&before);
    buf_free(&after);
    fixture_remove(folder);
}

TEST(a_store_that_goes_on_failing_refuses_reads_too) {
    char folder[FIXTURE_PATH];
    struct store *s;
    buf value = {0};
    err second = OK;
    fixture_folder(folder);
    CHECK_OK(fixture_engine("rocksdb")->open(&s, folder));
    fails = true;
    CHECK_ERR(put_two(s, "first"), ERR_IO);
    CHECK_OK(read_two(s, &value, &second));
    /* The next try to open it is a second away. */
    fails = true;
    CHECK_ERR(put_two(s, "second"), ERR_IO);
    CHECK_ERR(read_two(s, &value, &second), ERR_IO);
    CHECK_EQ(second, ERR_IO);
    store_close(s);
    buf_free(&value);
    fixture_remove(folder);
}

TEST_MAIN
