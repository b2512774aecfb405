/* The server's engine: RocksDB through its C API.
 *
 * A table is a column family; a key there is length of the name, name, number. A commit is one
 * write batch and one sync of the log. A name of 15 bytes or more fills the 16-byte prefix that the
 * bloom filters know, so a scan of it asks only files that may hold it; shorter names are sought in
 * order. The database's threads live in this process: one that flushes, one that compacts.
 *
 * A log is never used again, only deleted, so that no old record stands behind new ones. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/internal.h"

enum { MIB = 1024 * 1024, PREFIX = 16, PATH_ROOM = 32, TRY_EVERY_MS = 1000 };
enum { FILES_MIN = 32, FILES_MAX = 1024 };

static const char *const table_names[STORE_TABLES_MAX] = {
    "default", "t1",  "t2",  "t3",  "t4",  "t5",  "t6",  "t7",  "t8",  "t9",  "t10",
    "t11",     "t12", "t13", "t14", "t15", "t16", "t17", "t18", "t19", "t20", "t21"};

struct rocksdb_store {
    struct store store;
    char *path;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *synced;
    rocksdb_readoptions_t *plain_read;
    rocksdb_writebatch_t *batch;
    rocksdb_t *db; /* NULL while it could not be opened again */
    rocksdb_column_family_handle_t *tables[STORE_TABLES_MAX];
    bool only_reads;
    unsigned scans;    /* that are going on */
    err broken;        /* why the last write failed: open it again before anything else */
    uint64_t next_try; /* when it may be opened again, in monotonic ms */
};

static struct rocksdb_store *rocksdb_of(struct store *s) {
    return (struct rocksdb_store *)s;
}

/* ---- Errors ----
 * The C API has texts only; they begin with RocksDB's own code and carry the system's words. */
static err err_of_text(const char *text) {
    static const struct {
        const char *part;
        err e;
    } meanings[] = {
        {"No space left on device", ERR_DISK_FULL},
        {"Disk quota exceeded", ERR_DISK_FULL},
        {"File too large", ERR_DISK_FULL},
        {"/LOCK", ERR_BUSY},
        {"Permission denied", ERR_DENIED},
        {"Corruption", ERR_DAMAGED},
        {"No such file", ERR_DAMAGED},
        {"Invalid argument", ERR_DAMAGED},
        {"Cannot allocate memory", ERR_NO_MEMORY},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strstr(text, meanings[i].part) != NULL)
            return meanings[i].e;
    return ERR_IO;
}

static err take_text(char *text) {
    if (text == NULL)
        return OK;
    err e = err_of_text(text);
    rocksdb_free(text);
    return e;
}

/* ---- Keys ----
 * The table is the column family, so its byte is left out. */
static const char *key_p(const struct store_key_bytes *k) {
    return (const char *)k->p + 1;
}
static size_t key_n(const struct store_key_bytes *k) {
    return k->n - 1;
}

/* The first key after `number` of the name: nothing fits between a key and itself with a zero. */
struct key_end {
    char p[STORE_KEY_BYTES_MAX];
    size_t n;
};

static struct key_end end_after(struct store_key key, uint64_t number) {
    struct store_key_bytes k = store_key_encode(store_key_at(key, number));
    struct key_end end = {.n = key_n(&k) + 1};
    memcpy(end.p, key_p(&k), key_n(&k));
    return end;
}

/* ---- Opening ---- */

static err file_path(const struct rocksdb_store *r, const char *name, char **path) {
    size_t n = strlen(r->path) + PATH_ROOM;
    *path = malloc(n);
    if (*path == NULL)
        return ERR_NO_MEMORY;
    snprintf(*path, n, "%s/%s", r->path, name);
    return OK;
}

static bool holds_data(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".sst") == 0 || strcmp(dot, ".log") == 0);
}

static err has_current(const struct rocksdb_store *r, bool *there) {
    char *current;
    TRY(file_path(r, "CURRENT", &current));
    *there = access(current, F_OK) == 0;
    free(current);
    return OK;
}

/* RocksDB takes a folder without its file CURRENT for a new one. If there is data in it, the file
 * was lost, and a new database would bury what is left. */
static err check_folder(const struct rocksdb_store *r) {
    bool current = false, has_data = false;
    TRY(has_current(r, &current));
    DIR *folder = opendir(r->path);
    if (folder == NULL)
        return errno == EACCES ? ERR_DENIED : ERR_IO;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        has_data = has_data || holds_data(entry->d_name);
    closedir(folder);
    return has_data && !current ? ERR_DAMAGED : OK;
}

typedef rocksdb_t *database_opener(struct rocksdb_store *r, const rocksdb_options_t *const *each,
                                   char **text);

static rocksdb_t *open_to_write(struct rocksdb_store *r, const rocksdb_options_t *const *each,
                                char **text) {
    return rocksdb_open_column_families(r->options, r->path, STORE_TABLES_MAX, table_names, each,
                                        r->tables, text);
}

static err expect_database(const struct rocksdb_store *r) {
    bool current = false;
    TRY(check_folder(r));
    TRY(has_current(r, &current));
    return current ? OK : ERR_NOT_FOUND;
}

/* An older store lacks the last tables until it is opened to write: who reads finds them empty. */
static rocksdb_t *open_to_read(struct rocksdb_store *r, const rocksdb_options_t *const *each,
                               char **text) {
    size_t there = 0;
    char **names = rocksdb_list_column_families(r->options, r->path, &there, text);
    if (*text != NULL)
        return NULL;
    rocksdb_list_column_families_destroy(names, there);
    int n = there < STORE_TABLES_MAX ? (int)there : STORE_TABLES_MAX;
    return rocksdb_open_for_read_only_column_families(r->options, r->path, n, table_names, each,
                                                      r->tables, 0, text);
}

static err open_database_by(struct rocksdb_store *r, database_opener *opener) {
    const rocksdb_options_t *each[STORE_TABLES_MAX];
    char *text = NULL;
    for (int i = 0; i < STORE_TABLES_MAX; i++)
        each[i] = r->options;
    TRY(check_folder(r));
    r->db = opener(r, each, &text);
    if (text != NULL)
        r->db = NULL;
    return take_text(text);
}

static err open_database(struct rocksdb_store *r) {
    return open_database_by(r, open_to_write);
}

/* After a full disk RocksDB tries to go on by itself. Closed in the midst of that it may wait for
 * itself for ever, and flushes that meet may end the process (7.8.3). */
static void stop_own_recovery(struct rocksdb_store *r) {
    rocksdb_cancel_all_background_work(r->db, false);
}

static void close_database(struct rocksdb_store *r) {
    if (r->db == NULL)
        return;
    stop_own_recovery(r);
    for (int i = 0; i < STORE_TABLES_MAX; i++)
        if (r->tables[i] != NULL)
            rocksdb_column_family_handle_destroy(r->tables[i]);
    rocksdb_close(r->db);
    r->db = NULL;
}

/* In one piece. Of the 64 pieces that RocksDB would make of it none holds the filter of a large
 * file, which then is read whole for each key. */
static rocksdb_cache_t *cache_of(size_t bytes) {
    rocksdb_lru_cache_options_t *o = rocksdb_lru_cache_options_create();
    rocksdb_lru_cache_options_set_capacity(o, bytes);
    rocksdb_lru_cache_options_set_num_shard_bits(o, 0);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru_opts(o);
    rocksdb_lru_cache_options_destroy(o);
    return cache;
}

static rocksdb_block_based_table_options_t *table_options(size_t cache_bytes) {
    rocksdb_block_based_table_options_t *t = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = cache_of(cache_bytes);
    rocksdb_block_based_options_set_block_cache(t, cache);
    rocksdb_cache_destroy(cache);
    rocksdb_block_based_options_set_filter_policy(t, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_block_based_options_set_whole_key_filtering(t, 1);
    /* So that the cache's size bounds them too, however large the store grows. */
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(t, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(t, 1);
    return t;
}

/* Table files to keep open: well below what this process may, or reads would fail once there are
 * more of them. */
static int open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return FILES_MIN;
    rlim_t share = limit.rlim_cur / 4 * 3;
    return share > FILES_MAX ? FILES_MAX : share < FILES_MIN ? FILES_MIN : (int)share;
}

static void set_sizes(rocksdb_options_t *o, size_t memtable) {
    rocksdb_options_set_write_buffer_size(o, memtable);
    rocksdb_options_set_max_write_buffer_number(o, 4);
    rocksdb_options_set_db_write_buffer_size(o, 2 * memtable);         /* of all tables together */
    rocksdb_options_set_max_total_wal_size(o, 2 * (uint64_t)memtable); /* bounds the next opening */
    rocksdb_options_set_target_file_size_base(o, memtable / 4);
    rocksdb_options_set_max_bytes_for_level_base(o, 4 * (uint64_t)memtable);
    rocksdb_options_set_max_open_files(o, open_files());
    rocksdb_options_set_max_background_jobs(o, 2);
    rocksdb_options_set_max_file_opening_threads(o, 1);
    rocksdb_options_set_bytes_per_sync(o, MIB);
}

/* RocksDB's own log and statistics tell when what happened: as little of them as there can be. */
static void set_quiet(rocksdb_options_t *o) {
    rocksdb_options_set_info_log_level(o, 4);
    rocksdb_options_set_keep_log_file_num(o, 1);
    rocksdb_options_set_stats_dump_period_sec(o, 0);
    rocksdb_options_set_stats_persist_period_sec(o, 0);
}

static rocksdb_options_t *database_options(size_t memtable, size_t cache) {
    rocksdb_options_t *o = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(o, 1);
    rocksdb_options_set_create_missing_column_families(o, 1);
    rocksdb_options_set_paranoid_checks(o, 1);
    rocksdb_options_set_compression(o, rocksdb_no_compression);
    rocksdb_options_set_recycle_log_file_num(o, 0);
    /* All tables are flushed together, so that one log is alive but for a moment. */
    rocksdb_options_set_atomic_flush(o, 1);
    /* A log may end within its last write, which was never acknowledged. Damage anywhere else took
     * what was, and opening says so. */
    rocksdb_options_set_wal_recovery_mode(o, rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_prefix_extractor(o, rocksdb_slicetransform_create_fixed_prefix(PREFIX));
    /* A file with a deletion in it is compacted, downwards until what it deletes is gone.
     * (RocksDB's single deletions would not be counted.) */
    rocksdb_options_add_compact_on_deletion_collector_factory(o, 1, 1);
    set_sizes(o, memtable);
    set_quiet(o);
    rocksdb_block_based_table_options_t *t = table_options(cache);
    rocksdb_options_set_block_based_table_factory(o, t);
    rocksdb_block_based_options_destroy(t);
    return o;
}

/* ---- After a failed write ----
 * RocksDB then refuses writes, and whether the end of its log holds the batch is anybody's guess.
 * So the log is read again, by opening the database anew: all that was acknowledged is in it, and
 * perhaps the batch. Until then nothing is read either: what the old handle shows may be overtaken
 * by the log, and who decided on it would have decided on the past. */

static uint64_t sum_of(const struct rocksdb_store *r, const char *property) {
    uint64_t sum = 0, bytes;
    for (int i = 0; r->db != NULL && i < STORE_TABLES_MAX; i++)
        if (rocksdb_property_int_cf(r->db, r->tables[i], property, &bytes) == 0)
            sum += bytes;
    return sum;
}

void store_rocksdb_sizes(struct store *s, uint64_t *files, uint64_t *memory) {
    *files = sum_of(rocksdb_of(s), "rocksdb.total-sst-files-size");
    *memory = sum_of(rocksdb_of(s), "rocksdb.cur-size-all-mem-tables");
}

/* Opening turns the log into a file: it needs about as much room as the memtables. */
static size_t room_needed(const struct rocksdb_store *r) {
    return 4 * MIB + sum_of(r, "rocksdb.cur-size-all-mem-tables");
}

static err check_room(const struct rocksdb_store *r) {
    char *path;
    TRY(file_path(r, "room", &path));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        unlink(path); /* before it grows, so that nothing can leave it behind */
    int failure = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)room_needed(r));
    if (fd >= 0)
        close(fd);
    free(path);
    return failure == 0 ? OK : r->broken;
}

static uint64_t now_ms(void) {
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Opening costs much, so a disk that goes on failing sees one try a second. */
static err recover(struct rocksdb_store *r) {
    uint64_t now = now_ms();
    if (r->scans > 0 || now < r->next_try)
        return r->broken;
    r->next_try = now + TRY_EVERY_MS;
    if (r->db != NULL && r->broken == ERR_DISK_FULL)
        TRY(check_room(r));
    close_database(r);
    r->broken = open_database(r);
    return r->broken;
}

static err usable(struct rocksdb_store *r) {
    return r->broken != OK ? recover(r) : OK;
}

/* ---- Reading ---- */

static err engine_get(struct store *s, struct store_key key, buf *value) {
    struct rocksdb_store *r = rocksdb_of(s);
    struct store_key_bytes k = store_key_encode(key);
    char *text = NULL;
    TRY(usable(r));
    if (r->tables[key.table] == NULL)
        return ERR_NOT_FOUND;
    rocksdb_pinnableslice_t *found = rocksdb_get_pinned_cf(
        r->db, r->plain_read, r->tables[key.table], key_p(&k), key_n(&k), &text);
    TRY(take_text(text));
    if (found == NULL)
        return ERR_NOT_FOUND;
    size_t n = 0;
    const char *p = rocksdb_pinnableslice_value(found, &n);
    err result = buf_append(value, slice_of(p, n));
    rocksdb_pinnableslice_destroy(found);
    return result;
}

static err visit_entry(const rocksdb_iterator_t *i, uint8_t table, store_visit *visit, void *ctx,
                       bool *more) {
    size_t n, value_n;
    const char *p = rocksdb_iter_key(i, &n);
    const char *value = rocksdb_iter_value(i, &value_n);
    uint8_t bytes[STORE_KEY_BYTES_MAX] = {table};
    struct store_key key;
    if (n >= sizeof bytes)
        return ERR_DAMAGED;
    memcpy(bytes + 1, p, n);
    TRY(store_key_decode(slice_of(bytes, n + 1), &key));
    *more = visit(ctx, key, slice_of(value, value_n));
    return OK;
}

typedef void iterator_step(rocksdb_iterator_t *);

/* From where the iterator stands until its bound. */
static err visit_entries(struct rocksdb_store *r, rocksdb_iterator_t *i, iterator_step *step,
                         uint8_t table, store_visit *visit, void *ctx) {
    err result = OK;
    bool more = true;
    r->scans++;
    for (; rocksdb_iter_valid(i) && more && result == OK; step(i))
        result = visit_entry(i, table, visit, ctx, &more);
    r->scans--;
    char *text = NULL;
    rocksdb_iter_get_error(i, &text);
    err failure = take_text(text);
    return result != OK ? result : failure;
}

/* In the key's table, from one key's bytes to the bound: upwards the first key that isn't seen,
 * downwards the last one that is. Without a bound it sees the whole table. */
static err scan(struct store *s, struct store_key key, slice from, slice bound, bool down,
                store_visit *visit, void *ctx) {
    struct rocksdb_store *r = rocksdb_of(s);
    TRY(usable(r));
    if (r->tables[key.table] == NULL)
        return OK;
    rocksdb_readoptions_t *o = rocksdb_readoptions_create();
    if (bound.n > 0)
        (down ? rocksdb_readoptions_set_iterate_lower_bound
              : rocksdb_readoptions_set_iterate_upper_bound)(o, (const char *)bound.p, bound.n);
    rocksdb_readoptions_set_total_order_seek(o, 1 + key.name.n < PREFIX);
    rocksdb_readoptions_set_fill_cache(o, bound.n > 0);
    rocksdb_iterator_t *i = rocksdb_create_iterator_cf(r->db, o, r->tables[key.table]);
    (down ? rocksdb_iter_seek_for_prev : rocksdb_iter_seek)(i, (const char *)from.p, from.n);
    err result =
        visit_entries(r, i, down ? rocksdb_iter_prev : rocksdb_iter_next, key.table, visit, ctx);
    rocksdb_iter_destroy(i);
    rocksdb_readoptions_destroy(o);
    return result;
}

static err engine_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                       void *ctx) {
    struct store_key_bytes first = store_key_encode(key);
    struct key_end end = end_after(key, last);
    return scan(s, key, slice_of(key_p(&first), key_n(&first)), slice_of(end.p, end.n), false,
                visit, ctx);
}

static err engine_scan_down(struct store *s, struct store_key key, uint64_t last,
                            store_visit *visit, void *ctx) {
    struct store_key_bytes first = store_key_encode(key);
    struct store_key_bytes start = store_key_encode(store_key_at(key, last));
    return scan(s, key, slice_of(key_p(&start), key_n(&start)),
                slice_of(key_p(&first), key_n(&first)), true, visit, ctx);
}

static err engine_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    struct store_key key = {.table = table};
    return scan(s, key, slice_of("", 0), SLICE_EMPTY, false, visit, ctx);
}

/* ---- Writing ---- */

static void add_op(void *ctx, const struct store_op *op) {
    struct rocksdb_store *r = ctx;
    struct store_key_bytes k = store_key_encode(op->key);
    struct key_end end = end_after(op->key, op->last);
    rocksdb_column_family_handle_t *table = r->tables[op->key.table];
    switch (op->kind) {
    case STORE_PUT:
        rocksdb_writebatch_put_cf(r->batch, table, key_p(&k), key_n(&k), (const char *)op->value.p,
                                  op->value.n);
        break;
    case STORE_DELETE:
        rocksdb_writebatch_delete_cf(r->batch, table, key_p(&k), key_n(&k));
        break;
    case STORE_DELETE_RANGE:
        rocksdb_writebatch_delete_range_cf(r->batch, table, key_p(&k), key_n(&k), end.p, end.n);
        break;
    }
}

static err write_batch(struct rocksdb_store *r, const struct store_batch *batch) {
    char *text = NULL;
    if (r->only_reads)
        return ERR_DENIED;
    TRY(usable(r));
    store_batch_unordered(batch, add_op, r);
    rocksdb_write(r->db, r->synced, r->batch, &text);
    rocksdb_writebatch_clear(r->batch);
    r->broken = take_text(text);
    if (r->broken != OK)
        stop_own_recovery(r);
    return r->broken;
}

static void engine_commit(struct store *s, const struct store_batch *batch, store_done *done,
                          void *ctx) {
    struct rocksdb_store *r = rocksdb_of(s);
    err result = r->scans > 0 ? ERR_BUG : OK;
    if (result == OK && store_batch_count(batch) > 0)
        result = write_batch(r, batch);
    done(ctx, result);
}

static err flush(struct rocksdb_store *r, bool wait) {
    err result = OK;
    rocksdb_flushoptions_t *o = rocksdb_flushoptions_create();
    rocksdb_flushoptions_set_wait(o, wait);
    for (int i = 0; i < STORE_TABLES_MAX && result == OK; i++) {
        char *text = NULL;
        rocksdb_flush_cf(r->db, o, r->tables[i], &text);
        result = take_text(text);
    }
    rocksdb_flushoptions_destroy(o);
    return result;
}

/* ---- The engine ---- */

static void free_store(struct rocksdb_store *r) {
    close_database(r);
    rocksdb_writebatch_destroy(r->batch);
    rocksdb_readoptions_destroy(r->plain_read);
    rocksdb_writeoptions_destroy(r->synced);
    rocksdb_options_destroy(r->options);
    free(r->path);
    free(r);
}

static void engine_close(struct store *s) {
    struct rocksdb_store *r = rocksdb_of(s);
    /* So that no log is left, with what was deleted since. If it fails, the next opening has the
     * log. */
    if (r->db != NULL && r->broken == OK && !r->only_reads)
        (void)flush(r, true);
    free_store(r);
}

static const struct store_engine rocksdb_engine = {
    .name = "rocksdb",
    .get = engine_get,
    .scan = engine_scan,
    .scan_down = engine_scan_down,
    .scan_table = engine_scan_table,
    .commit = engine_commit,
    .close = engine_close,
};

static err make_folder(const char *path) {
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return OK;
    return errno == EACCES   ? ERR_DENIED
           : errno == ENOENT ? ERR_NOT_FOUND
                             : err_of_text(strerror(errno));
}

static err new_store(struct rocksdb_store **out, const char *path, size_t memtable, size_t cache) {
    struct rocksdb_store *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NO_MEMORY;
    r->store.engine = &rocksdb_engine;
    r->path = strdup(path);
    r->options = database_options(memtable, cache);
    r->synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(r->synced, 1);
    r->plain_read = rocksdb_readoptions_create();
    r->batch = rocksdb_writebatch_create();
    if (r->path == NULL) {
        free_store(r);
        return ERR_NO_MEMORY;
    }
    *out = r;
    return OK;
}

err store_rocksdb_open(struct store **s, const char *path,
                       const struct store_rocksdb_options *options) {
    size_t memtable = options == NULL || options->memtable == 0 ? 256 * MIB : options->memtable;
    size_t cache = options == NULL || options->cache == 0 ? 256 * MIB : options->cache;
    struct rocksdb_store *r;
    TRY(new_store(&r, path, memtable, cache));
    err result = make_folder(path);
    if (result == OK)
        result = open_database(r);
    if (result != OK) {
        free_store(r);
        return result;
    }
    *s = &r->store;
    return OK;
}

err store_rocksdb_read(struct store **s, const char *path) {
    struct rocksdb_store *r;
    struct stat folder;
    if (stat(path, &folder) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : errno == EACCES ? ERR_DENIED : ERR_IO;
    TRY(new_store(&r, path, 64 * MIB, 64 * MIB));
    r->only_reads = true;
    rocksdb_options_set_create_if_missing(r->options, 0);
    err result = expect_database(r);
    if (result == OK)
        result = open_database_by(r, open_to_read);
    if (result != OK) {
        free_store(r);
        return result;
    }
    *s = &r->store;
    return OK;
}

/* ---- Going on after damage ---- */

/* All writes that can be read, also those behind a damaged place; nothing is changed. */
static err count_readable(struct rocksdb_store *r, uint64_t *count) {
    rocksdb_options_set_wal_recovery_mode(r->options, rocksdb_skip_any_corrupted_records_recovery);
    TRY(open_database_by(r, open_to_read));
    *count = rocksdb_get_latest_sequence_number(r->db);
    close_database(r);
    return OK;
}

static err cut_log(struct rocksdb_store *r, uint64_t *count) {
    rocksdb_options_set_wal_recovery_mode(r->options, rocksdb_point_in_time_recovery);
    TRY(open_database_by(r, open_to_write));
    *count = rocksdb_get_latest_sequence_number(r->db);
    return flush(r, true);
}

err store_rocksdb_repair(const char *path, uint64_t *lost) {
    struct rocksdb_store *r;
    uint64_t readable = 0, kept = 0;
    TRY(new_store(&r, path, 64 * MIB, 64 * MIB));
    rocksdb_options_set_create_if_missing(r->options, 0);
    err result = count_readable(r, &readable);
    if (result == OK)
        result = cut_log(r, &kept);
    free_store(r);
    *lost = readable > kept ? readable - kept : 0;
    return result;
}

err store_rocksdb_flush(struct store *s) {
    struct rocksdb_store *r = rocksdb_of(s);
    if (s->engine != &rocksdb_engine)
        return ERR_BUG;
    TRY(usable(r));
    return flush(r, false);
}

/* ---- Copies ---- */

/* What is younger than the last flush comes as a copy of the log, up to so much. */
enum { COPY_LOG = 64 * MIB };

err store_rocksdb_copy(struct store *s) {
    struct rocksdb_store *r = rocksdb_of(s);
    char *path, *text = NULL;
    if (s->engine != &rocksdb_engine)
        return ERR_BUG;
    TRY(usable(r));
    TRY(store_rocksdb_copy_drop(r->path));
    TRY(file_path(r, STORE_ROCKSDB_COPY, &path));
    rocksdb_checkpoint_t *maker = rocksdb_checkpoint_object_create(r->db, &text);
    if (text == NULL)
        rocksdb_checkpoint_create(maker, path, COPY_LOG, &text);
    if (maker != NULL)
        rocksdb_checkpoint_object_destroy(maker);
    free(path);
    return take_text(text);
}

/* A folder that holds files alone; fine if it isn't there. */
static err remove_folder(int above, const char *name) {
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? OK : ERR_IO;
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return ERR_NO_MEMORY;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        unlinkat(fd, entry->d_name, 0);
    closedir(folder);
    return unlinkat(above, name, AT_REMOVEDIR) == 0 ? OK : ERR_IO;
}

err store_rocksdb_copy_drop(const char *path) {
    int above = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0)
        return errno == ENOENT ? OK : ERR_IO;
    err result = remove_folder(above, STORE_ROCKSDB_COPY);
    if (result == OK)
        result = remove_folder(above, STORE_ROCKSDB_COPY ".tmp"); /* RocksDB's own */
    close(above);
    return result;
}

static err empty(struct rocksdb_store *r, uint8_t table) {
    char *text = NULL;
    TRY(open_database(r));
    rocksdb_drop_column_family(r->db, r->tables[table], &text);
    TRY(take_text(text));
    rocksdb_column_family_handle_destroy(r->tables[table]);
    r->tables[table] = rocksdb_create_column_family(r->db, r->options, table_names[table], &text);
    if (text != NULL)
        r->tables[table] = NULL;
    return take_text(text);
}

err store_rocksdb_empty(const char *path, uint8_t table) {
    struct rocksdb_store *r;
    if (table >= STORE_TABLES_MAX)
        return ERR_BUG;
    TRY(new_store(&r, path, 64 * MIB, 64 * MIB));
    rocksdb_options_set_create_if_missing(r->options, 0);
    err result = empty(r, table);
    free_store(r);
    return result;
}
