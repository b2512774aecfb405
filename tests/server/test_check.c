/* What `sottod check` finds: rows that can't be read, totals that are wrong, damaged blocks,
 * rights. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw_person.h"
#include "server/held.h"
#include "store/store.h"

enum { FINE = 0, FAILED = 1, DAMAGED = 4 }; /* exit codes */

static struct server s;
static buf output;

static int check(const char *option) {
    const char *const arguments[] = {"check",  "--data",      s.data,   "--listen", "127.0.0.1:0",
                                     "--http", "127.0.0.1:0", "--json", option,     NULL};
    buf_clear(&output);
    return server_run(&output, arguments);
}

static bool says(const char *word) {
    CHECK_OK(buf_append_byte(&output, 0));
    return strstr((const char *)output.p, word) != NULL;
}

/* A server that had one person, and has ended. */
static void begin(void) {
    struct person bob;
    struct raw sender;
    server_init(&s);
    server_start(&s, 2);
    join(&bob, &s, 0);
    raw_open(&sender, &s);
    CHECK(try_send(&sender, &bob.address, slice_str("hello")));
    raw_close(&sender);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
}

static void end(void) {
    buf_free(&output);
    server_fini(&s);
}

/* As no server of ours writes it. */
static void write_row(uint8_t table, slice name, slice value) {
    char path[96];
    struct store *store;
    struct store_batch *batch;
    struct store_rocksdb_options options = {.memtable = 1 << 20, .cache = 1 << 20};
    snprintf(path, sizeof path, "%s/store", s.data);
    CHECK_OK(store_rocksdb_open(&store, path, &options));
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_batch_put(batch, (struct store_key){table, name, 0}, value));
    CHECK_OK(store_commit_now(store, batch));
    store_batch_free(batch);
    store_close(store);
}

TEST(a_sound_store_is_fine_however_deep_it_is_looked_at) {
    begin();
    CHECK_EQ(check(NULL), FINE);
    CHECK(!says("rows of the store"));
    CHECK_EQ(check("--deep"), FINE);
    CHECK(says("0 can't be read, 0 are not on the list; the totals are right"));
    CHECK(!says("\"fine\":false"));
    end();
}

TEST(a_row_that_can_not_be_read_is_found_by_a_deep_look) {
    begin();
    write_row(MAIL_DEVICE, slice_str("0123456789abcdef0123456789abcdef"), slice_str("short"));
    CHECK_EQ(check(NULL), FINE);
    CHECK_EQ(check("--deep"), DAMAGED);
    CHECK(says("1 can't be read, 0 are not on the list; the totals are right"));
    end();
}

TEST(a_row_of_no_kind_is_found) {
    begin();
    write_row(12, slice_str("nobody writes this table"), slice_str("what"));
    CHECK_EQ(check("--deep"), DAMAGED);
    CHECK(says("0 can't be read, 1 are not on the list; the totals are right"));
    end();
}

TEST(a_total_that_is_not_what_is_there_is_found) {
    static const char *const names[] = {"orders", "cards", "blobs"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        begin();
        write_row(MAIL_META, slice_str(names[i]), slice_of("\0\0\0\0\0\0\0\5", 8));
        CHECK_EQ(check("--deep"), DAMAGED);
        CHECK(says("0 can't be read, 0 are not on the list; the totals are not"));
        end();
    }
}

TEST(the_total_of_blobs_is_what_each_counts_as) {
    static const char blob[] = "\0\0\1\1"
                               "\0\0\0\1"
                               "\0\0\0\1"
                               "\0\0\0\0\0\0\0\5";
    begin();
    write_row(MAIL_BLOB, slice_str("0123456789abcdef"), slice_of(blob, sizeof blob - 1));
    CHECK_EQ(check("--deep"), DAMAGED);
    write_row(MAIL_META, slice_str("blobs"), slice_of("\0\0\0\0\0\0\0\5", 8));
    CHECK_EQ(check("--deep"), FINE);
    end();
}

static void damage_a_table_file(void) {
    char path[512] = "";
    uint8_t byte = 0;
    snprintf(path, sizeof path, "%s/store", s.data);
    DIR *d = opendir(path);
    CHECK(d != NULL);
    struct dirent *e;
    do
        CHECK((e = readdir(d)) != NULL);
    while (strstr(e->d_name, ".sst") == NULL);
    snprintf(path, sizeof path, "%.90s/store/%s", s.data, e->d_name);
    closedir(d);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && pread(fd, &byte, 1, 20) == 1);
    byte ^= 0x10;
    CHECK(pwrite(fd, &byte, 1, 20) == 1);
    close(fd);
}

TEST(a_damaged_block_is_found_by_a_deep_look) {
    begin();
    damage_a_table_file();
    CHECK_EQ(check("--deep"), DAMAGED);
    CHECK(says("\"what\":\"rows of the store\",\"which\":\"\",\"fine\":false"));
    end();
}

TEST(keys_that_others_may_read_are_told) {
    char path[96];
    begin();
    snprintf(path, sizeof path, "%s/pepper", s.data);
    CHECK(chmod(path, 0640) == 0);
    CHECK_EQ(check(NULL), FAILED);
    CHECK(says("others may read it"));
    CHECK(chmod(path, 0600) == 0 && chmod(s.data, 0711) == 0);
    CHECK_EQ(check(NULL), FINE); /* as a server with another user leaves it */
    CHECK(chmod(s.data, 0755) == 0);
    CHECK_EQ(check(NULL), FAILED);
    end();
}

TEST_MAIN
