/* The client's engine: one SQLite table of keys and values, over the file of five calls.
 *
 * The journal is a write-ahead log in exclusive mode: one sync a commit, where a rollback journal
 * needs three or four; no shared memory, so the five calls are enough; and frames with checksums,
 * so that a commit which was cut off is seen as such. secure_delete overwrites what was deleted
 * with zeros. */
#include <stdlib.h>

#include "store/internal.h"
#include "store/sqlite_vfs.h"

enum statement { GET, PUT, DELETE, DELETE_RANGE, SCAN, SCAN_DOWN, BEGIN, COMMIT, STATEMENTS };

static const char *const statement_text[STATEMENTS] = {
    [GET] = "SELECT v FROM kv WHERE k = ?1",
    [PUT] = "INSERT OR REPLACE INTO kv (k, v) VALUES (?1, ?2)",
    [DELETE] = "DELETE FROM kv WHERE k = ?1",
    [DELETE_RANGE] = "DELETE FROM kv WHERE k BETWEEN ?1 AND ?2",
    [SCAN] = "SELECT k, v FROM kv WHERE k BETWEEN ?1 AND ?2 ORDER BY k",
    [SCAN_DOWN] = "SELECT k, v FROM kv WHERE k BETWEEN ?1 AND ?2 ORDER BY k DESC",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

static const char setup_text[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA page_size = 4096;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA journal_size_limit = 4194304;"
    "CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;";

struct sqlite_store {
    struct store store;
    struct sqlite_vfs vfs;
    sqlite3 *db;
    /* Ready for use; NULL while in use or not made yet. */
    sqlite3_stmt *ready[STATEMENTS];
    unsigned scans; /* that are going on */
};

static struct sqlite_store *sqlite_of(struct store *s) {
    return (struct sqlite_store *)s;
}

static err err_of_code(const struct sqlite_store *q, int code) {
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return OK;
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* the table is not there or another one: the statements are constant */
        return ERR_DAMAGED;
    case SQLITE_NOMEM:
        return ERR_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return q->vfs.failure == OK ? ERR_IO : q->vfs.failure;
    default:
        return ERR_IO;
    }
}

/* ---- Statements ---- */

/* Takes the ready one, so that a scan inside a scan gets one of its own. */
static err take(struct sqlite_store *q, enum statement which, sqlite3_stmt **st) {
    q->vfs.failure = OK;
    *st = q->ready[which];
    q->ready[which] = NULL;
    if (*st != NULL)
        return OK;
    return err_of_code(q, sqlite3_prepare_v3(q->db, statement_text[which], -1,
                                             SQLITE_PREPARE_PERSISTENT, st, NULL));
}

static void give_back(struct sqlite_store *q, enum statement which, sqlite3_stmt *st) {
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    if (q->ready[which] == NULL)
        q->ready[which] = st;
    else
        sqlite3_finalize(st);
}

static int bind(sqlite3_stmt *st, int place, slice s) {
    return s.n == 0 ? sqlite3_bind_zeroblob(st, place, 0)
                    : sqlite3_bind_blob64(st, place, s.p, s.n, SQLITE_STATIC);
}

static slice column(sqlite3_stmt *st, int i) {
    const void *p = sqlite3_column_blob(st, i);
    return slice_of(p, (size_t)sqlite3_column_bytes(st, i));
}

/* Runs a statement without rows; first and second may be empty where it has no such place. */
static err run(struct sqlite_store *q, enum statement which, slice first, slice second) {
    sqlite3_stmt *st;
    TRY(take(q, which, &st));
    int places = sqlite3_bind_parameter_count(st);
    int code = SQLITE_OK;
    if (places >= 1)
        code = bind(st, 1, first);
    if (places >= 2 && code == SQLITE_OK)
        code = bind(st, 2, second);
    if (code == SQLITE_OK)
        code = sqlite3_step(st);
    err result = err_of_code(q, code);
    give_back(q, which, st);
    return result;
}

/* ---- Reading ---- */

static err sqlite_get(struct store *s, struct store_key key, buf *value) {
    struct sqlite_store *q = sqlite_of(s);
    struct store_key_bytes k = store_key_encode(key);
    sqlite3_stmt *st;
    TRY(take(q, GET, &st));
    err result = err_of_code(q, bind(st, 1, store_key_slice(&k)));
    int code = result == OK ? sqlite3_step(st) : SQLITE_ERROR;
    if (code == SQLITE_ROW)
        result = buf_append(value, column(st, 0));
    else if (result == OK)
        result = code == SQLITE_DONE ? ERR_NOT_FOUND : err_of_code(q, code);
    give_back(q, GET, st);
    return result;
}

static err visit_rows(struct sqlite_store *q, sqlite3_stmt *st, store_visit *visit, void *ctx) {
    int code;
    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        struct store_key key;
        TRY(store_key_decode(column(st, 0), &key));
        if (!visit(ctx, key, column(st, 1)))
            return OK;
    }
    return err_of_code(q, code);
}

static err scan(struct sqlite_store *q, enum statement which, slice first, slice last,
                store_visit *visit, void *ctx) {
    sqlite3_stmt *st;
    TRY(take(q, which, &st));
    err result = err_of_code(q, bind(st, 1, first));
    if (result == OK)
        result = err_of_code(q, bind(st, 2, last));
    q->scans++;
    if (result == OK)
        result = visit_rows(q, st, visit, ctx);
    q->scans--;
    give_back(q, which, st);
    return result;
}

static err sqlite_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                       void *ctx) {
    struct store_key_bytes first = store_key_encode(key);
    struct store_key_bytes end = store_key_encode(store_key_at(key, last));
    return scan(sqlite_of(s), SCAN, store_key_slice(&first), store_key_slice(&end), visit, ctx);
}

static err sqlite_scan_down(struct store *s, struct store_key key, uint64_t last,
                            store_visit *visit, void *ctx) {
    struct store_key_bytes first = store_key_encode(key);
    struct store_key_bytes end = store_key_encode(store_key_at(key, last));
    return scan(sqlite_of(s), SCAN_DOWN, store_key_slice(&first), store_key_slice(&end), visit,
                ctx);
}

static err sqlite_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx) {
    uint8_t last[2] = {table, 255}; /* no name is as long */
    return scan(sqlite_of(s), SCAN, slice_of(&table, 1), SLICE_ARRAY(last), visit, ctx);
}

/* ---- Writing ---- */

static err write_op(struct sqlite_store *q, const struct store_op *op) {
    struct store_key_bytes k = store_key_encode(op->key);
    struct store_key_bytes end = store_key_encode(store_key_at(op->key, op->last));
    switch (op->kind) {
    case STORE_PUT:
        return run(q, PUT, store_key_slice(&k), op->value);
    case STORE_DELETE:
        return run(q, DELETE, store_key_slice(&k), SLICE_EMPTY);
    case STORE_DELETE_RANGE:
        return run(q, DELETE_RANGE, store_key_slice(&k), store_key_slice(&end));
    }
    return ERR_BUG;
}

static err write_batch(struct sqlite_store *q, const struct store_batch *batch) {
    TRY(run(q, BEGIN, SLICE_EMPTY, SLICE_EMPTY));
    for (size_t i = 0; i < store_batch_count(batch); i++)
        TRY(write_op(q, store_batch_op(batch, i)));
    return run(q, COMMIT, SLICE_EMPTY, SLICE_EMPTY);
}

static void sqlite_commit(struct store *s, const struct store_batch *batch, store_done *done,
                          void *ctx) {
    struct sqlite_store *q = sqlite_of(s);
    err result = q->scans > 0 ? ERR_BUG : OK;
    if (result == OK && store_batch_count(batch) > 0) {
        result = write_batch(q, batch);
        /* SQLite itself undoes some failures, a full disk for one, and leaves others open. */
        if (!sqlite3_get_autocommit(q->db))
            sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL);
    }
    done(ctx, result);
}

/* ---- Opening and closing ---- */

/* Not while somebody reads, or with a full disk. */
static bool sqlite_settle(struct store *s) {
    return sqlite3_wal_checkpoint_v2(sqlite_of(s)->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                     NULL) == SQLITE_OK;
}

static void sqlite_close(struct store *s) {
    struct sqlite_store *q = sqlite_of(s);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(q->ready[i]);
    sqlite3_close(q->db);
    sqlite_vfs_fini(&q->vfs);
    free(q);
}

static const struct store_engine sqlite_engine = {
    .name = "sqlite",
    .get = sqlite_get,
    .scan = sqlite_scan,
    .scan_down = sqlite_scan_down,
    .scan_table = sqlite_scan_table,
    .commit = sqlite_commit,
    .settle = sqlite_settle,
    .close = sqlite_close,
};

/* Of the settings that answer with a row, one matters: without the log there is no promise to keep.
 */
static int note_answer(void *has_log, int columns, char **values, char **names) {
    (void)names;
    if (columns == 1 && values[0] != NULL && strcmp(values[0], "wal") == 0)
        *(bool *)has_log = true;
    return 0;
}

static err open_database(struct sqlite_store *q, const char *path) {
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    TRY(err_of_code(q, sqlite3_open_v2(path, &q->db, flags, q->vfs.name)));
    int reserved = SQLITE_VFS_RESERVED;
    sqlite3_file_control(q->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    bool has_log = false;
    TRY(err_of_code(q, sqlite3_exec(q->db, setup_text, note_answer, &has_log, NULL)));
    return has_log ? OK : ERR_IO;
}

err store_sqlite_open(struct store **s, const char *path) {
    struct sqlite_store *q = calloc(1, sizeof *q);
    if (q == NULL)
        return ERR_NO_MEMORY;
    q->store.engine = &sqlite_engine;
    err result = sqlite_vfs_init(&q->vfs, &file_system);
    if (result != OK) {
        free(q);
        return result;
    }
    result = open_database(q, path);
    if (result != OK) {
        sqlite_close(&q->store);
        return result;
    }
    *s = &q->store;
    return OK;
}
