/* Durable appends a second of the server's store, by batch, and what recycled logs would change.
 *
 *     bench_store [folder] [seconds of a slice] [rounds]
 *
 * An append is a 400-byte value under a random mailbox of 100,000; one synced commit a batch.
 * "engine" is the store as the server opens it; "fresh" and "recycled" are RocksDB itself with the
 * engine's settings, told to make new logs or to write over old ones. Each starts on a store whose
 * log has changed a few times. The three take turns in short slices, so that a busy machine is busy
 * for all of them; each figure is the median of the rounds. */
#define _GNU_SOURCE
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/store.h"

enum { VALUE = 400, NAME = 16, MAILBOXES = 100000, MEMTABLE = 16 << 20, ROUNDS_MAX = 31 };
enum column { ENGINE, FRESH, RECYCLED, COLUMNS };

static const char *const column_names[COLUMNS] = {"engine", "fresh", "recycled"};
static const size_t batches[] = {1, 16, 256, 2048};
enum { BATCHES = sizeof batches / sizeof *batches };

struct bench {
    enum column column;
    uint64_t state, number;
    struct store *store;
    struct store_batch *batch;
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *synced;
    rocksdb_writebatch_t *raw;
};

struct figure {
    double rate, cpu_us, p50_ms, p99_ms;
};

static void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "bench_store: %s failed\n", what);
    exit(1);
}

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t next_random(struct bench *b) {
    b->state ^= b->state << 13;
    b->state ^= b->state >> 7;
    b->state ^= b->state << 17;
    return b->state;
}

static void fill(uint8_t *p, size_t n, uint64_t x) {
    for (size_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        p[i] = (uint8_t)(x >> 56);
    }
}

/* ---- One append, one commit ---- */

static void add(struct bench *b) {
    uint8_t key[1 + NAME + 8] = {NAME}, value[VALUE];
    fill(key + 1, NAME, next_random(b) % MAILBOXES);
    fill(value, VALUE, next_random(b));
    uint64_t number = b->number++;
    if (b->column == ENGINE) {
        struct store_key k = {1, slice_of(key + 1, NAME), number};
        must(store_batch_put(b->batch, k, SLICE_ARRAY(value)) == OK, "put");
        return;
    }
    for (int i = 0; i < 8; i++)
        key[1 + NAME + i] = (uint8_t)(number >> (56 - 8 * i));
    rocksdb_writebatch_put(b->raw, (char *)key, sizeof key, (char *)value, VALUE);
}

static void commit(struct bench *b) {
    char *text = NULL;
    if (b->column == ENGINE) {
        must(store_commit_now(b->store, b->batch) == OK, "commit");
        store_batch_clear(b->batch);
        return;
    }
    rocksdb_write(b->db, b->synced, b->raw, &text);
    must(text == NULL, text == NULL ? "" : text);
    rocksdb_writebatch_clear(b->raw);
}

/* ---- Opening ---- */

static void open_raw(struct bench *b, const char *path) {
    char *text = NULL;
    rocksdb_options_t *o = b->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(o, 1);
    rocksdb_options_set_compression(o, rocksdb_no_compression);
    rocksdb_options_set_write_buffer_size(o, MEMTABLE);
    rocksdb_options_set_max_write_buffer_number(o, 4);
    rocksdb_options_set_max_background_jobs(o, 2);
    rocksdb_options_set_prefix_extractor(o, rocksdb_slicetransform_create_fixed_prefix(NAME));
    rocksdb_options_set_recycle_log_file_num(o, b->column == RECYCLED ? 4 : 0);
    /* RocksDB recycles under this recovery only. */
    if (b->column == RECYCLED)
        rocksdb_options_set_wal_recovery_mode(o, rocksdb_tolerate_corrupted_tail_records_recovery);
    b->db = rocksdb_open(o, path, &text);
    must(text == NULL, text == NULL ? "" : text);
    b->synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(b->synced, 1);
    b->raw = rocksdb_writebatch_create();
}

static void open_one(struct bench *b, const char *path) {
    struct store_rocksdb_options options = {.memtable = MEMTABLE};
    if (b->column != ENGINE) {
        open_raw(b, path);
        return;
    }
    must(store_rocksdb_open(&b->store, path, &options) == OK, "open");
    must(store_batch_new(&b->batch, NULL) == OK, "a batch");
}

static void close_one(struct bench *b) {
    if (b->column == ENGINE) {
        store_batch_free(b->batch);
        store_close(b->store);
        return;
    }
    rocksdb_writebatch_destroy(b->raw);
    rocksdb_writeoptions_destroy(b->synced);
    rocksdb_close(b->db);
    rocksdb_options_destroy(b->options);
}

/* ---- Measuring ---- */

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double at(double *sorted, size_t n, double part) {
    return sorted[(size_t)((double)(n - 1) * part)];
}

static struct figure measure(struct bench *b, size_t batch, double seconds) {
    enum { COMMITS_MAX = 1000000 };
    double *ms = malloc(COMMITS_MAX * sizeof *ms);
    size_t n = 0;
    must(ms != NULL, "memory");
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID), end = start;
    while (end - start < seconds && n < COMMITS_MAX) {
        for (size_t i = 0; i < batch; i++)
            add(b);
        double before = now(CLOCK_MONOTONIC);
        commit(b);
        end = now(CLOCK_MONOTONIC);
        ms[n++] = (end - before) * 1e3;
    }
    double appends = (double)n * (double)batch;
    qsort(ms, n, sizeof *ms, compare);
    struct figure f = {appends / (end - start),
                       (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / appends, at(ms, n, 0.5),
                       at(ms, n, 0.99)};
    free(ms);
    return f;
}

static void remove_folder(const char *path) {
    char command[8192];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    must(system(command) == 0, "rm");
}

/* Opens it and fills a few logs, so that there are some to recycle. */
static void start(struct bench *b, enum column column, const char *folder) {
    char path[4096];
    *b = (struct bench){.column = column, .state = 88172645463325252u};
    snprintf(path, sizeof path, "%s/%s", folder, column_names[column]);
    open_one(b, path);
    for (size_t bytes = 0; bytes < 5 * (size_t)MEMTABLE; bytes += 2048 * VALUE) {
        for (int i = 0; i < 2048; i++)
            add(b);
        commit(b);
    }
}

static double median(const double *v, int n) {
    double sorted[ROUNDS_MAX];
    memcpy(sorted, v, (size_t)n * sizeof *v);
    qsort(sorted, (size_t)n, sizeof *sorted, compare);
    return sorted[n / 2];
}

static void print_row(const struct figure (*f)[COLUMNS][BATCHES], int rounds, int column,
                      int batch) {
    double v[4][ROUNDS_MAX];
    for (int r = 0; r < rounds; r++) {
        const struct figure *one = &f[r][column][batch];
        v[0][r] = one->rate;
        v[1][r] = one->cpu_us;
        v[2][r] = one->p50_ms;
        v[3][r] = one->p99_ms;
    }
    printf("%6zu  %-9s %10.0f  %9.1f  %7.2f  %7.2f\n", batches[batch], column_names[column],
           median(v[0], rounds), median(v[1], rounds), median(v[2], rounds), median(v[3], rounds));
}

int main(int argc, char **argv) {
    static struct figure figures[ROUNDS_MAX][COLUMNS][BATCHES];
    struct bench b[COLUMNS];
    const char *base = argc > 1 ? argv[1] : "/tmp";
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 0.5;
    int rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 9;
    char folder[4000];
    if (rounds < 1 || rounds > ROUNDS_MAX)
        rounds = ROUNDS_MAX;
    snprintf(folder, sizeof folder, "%s/bench-store-XXXXXX", base);
    must(mkdtemp(folder) != NULL, "a folder");
    for (int c = 0; c < COLUMNS; c++)
        start(&b[c], c, folder);
    for (int i = 0; i < BATCHES; i++)
        for (int r = 0; r < rounds; r++)
            for (int c = 0; c < COLUMNS; c++)
                figures[r][c][i] = measure(&b[c], batches[i], seconds);
    for (int c = 0; c < COLUMNS; c++)
        close_one(&b[c]);
    remove_folder(folder);
    printf(" batch  logs       appends/s  CPU us/ap   p50 ms   p99 ms\n");
    for (int i = 0; i < BATCHES; i++)
        for (int c = 0; c < COLUMNS; c++)
            print_row((const struct figure(*)[COLUMNS][BATCHES])figures, rounds, c, i);
    return 0;
}
