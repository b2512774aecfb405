/* The storage table: get, scan, and commit of a batch, atomic and durable. One engine fills it:
 * memory.c and null.c (tests), faulty.c (wraps another and fails on purpose), rocksdb.c (the
 * server's), sqlite.c (the client's), sealed.c (wraps another: nothing in clear on the
 * disk).
 *
 * A key is a table, a name of up to STORE_NAME_MAX bytes, and a number. Entries of one name are
 * ordered by number; a scan walks the numbers of one name. (A sealed store hides the name and
 * leaves the number in clear, which is why keys have this shape.) */
#ifndef SOTTO_STORE_STORE_H
#define SOTTO_STORE_STORE_H

#include "base/slice.h"

enum { STORE_NAME_MAX = 64, STORE_TABLES_MAX = 22, STORE_VALUE_MAX = 64 * 1024 * 1024 };

struct store_key {
    uint8_t table; /* < STORE_TABLES_MAX: the application's */
    slice name;
    uint64_t number;
};

enum store_op_kind {
    STORE_PUT,
    STORE_DELETE,
    STORE_DELETE_RANGE, /* the name's numbers from number to last, both included */
};

struct store_op {
    enum store_op_kind kind;
    struct store_key key;
    uint64_t last;
    slice value;
};

/* ---- Batches ----
 * A batch copies what it is given. Reads through it see its own writes. */
struct store_batch;
MUST err store_batch_new(struct store_batch **batch, const struct mem *mem);
void store_batch_free(struct store_batch *batch);
/* Empties it for the next use. */
void store_batch_clear(struct store_batch *batch);
size_t store_batch_count(const struct store_batch *batch);
/* Bytes of keys and values. */
size_t store_batch_size(const struct store_batch *batch);
MUST err store_batch_put(struct store_batch *batch, struct store_key key, slice value);
MUST err store_batch_delete(struct store_batch *batch, struct store_key key);
MUST err store_batch_delete_range(struct store_batch *batch, struct store_key key, uint64_t last);
/* A point to come back to: store_batch_rewind forgets every write after it. So a request that fails
 * half-way leaves nothing in a batch that it shares with others. */
size_t store_batch_mark(const struct store_batch *batch);
void store_batch_rewind(struct store_batch *batch, size_t mark);
/* In the order of the calls; valid until the next write to the batch. */
const struct store_op *store_batch_op(const struct store_batch *batch, size_t i);

/* ---- Stores ---- */
struct store {
    const struct store_engine *engine;
};

/* A scan calls this for each entry, in order of number; false ends it. key.name and value are valid
 * during the call only. It may read the store; a commit from inside a scan is BUG. */
typedef bool store_visit(void *ctx, struct store_key key, slice value);

/* Done with OK: atomic and durable. Anything else: nothing of the batch is there, but for one case
 * that nobody can tell: after IO (the disk failed in the sync) a store that is opened again may
 * have all of it. Never a part. The engine finds out before it answers the next read; while it
 * can't, reads fail with the same error. An engine may call `done` before its commit returns, or
 * later from the caller's own event loop. */
typedef void store_done(void *ctx, err result);

struct store_engine {
    const char *name;
    /* Appends the value. NOT_FOUND; DAMAGED, IO. */
    err (*get)(struct store *s, struct store_key key, buf *value);
    /* Numbers from `key.number` to `last`. */
    err (*scan)(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                void *ctx);
    /* The same from `last` downwards to key.number. */
    err (*scan_down)(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                     void *ctx);
    /* Every entry of a table. Order within a name as scan; order of names any. UNSUPPORTED where
     * names are hidden. */
    err (*scan_table)(struct store *s, uint8_t table, store_visit *visit, void *ctx);
    void (*commit)(struct store *s, const struct store_batch *batch, store_done *done, void *ctx);
    /* May be NULL: see store_settle. */
    bool (*settle)(struct store *s);
    void (*close)(struct store *s); /* frees s */
    bool deferred;                  /* commit may call `done` after it returned */
};

/* Reads: through the batch if one is given (NULL: the store alone). */
MUST err store_get(struct store *s, const struct store_batch *batch, struct store_key key,
                   buf *value);
/* Scans see the store alone, not a batch. */
MUST err store_scan(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                    void *ctx);
MUST err store_scan_down(struct store *s, struct store_key key, uint64_t last, store_visit *visit,
                         void *ctx);
MUST err store_scan_table(struct store *s, uint8_t table, store_visit *visit, void *ctx);
void store_commit(struct store *s, const struct store_batch *batch, store_done *done, void *ctx);
/* Commits on an engine that is done before it returns (all but a distributed one); BUG otherwise.
 */
MUST err store_commit_now(struct store *s, const struct store_batch *batch);
/* What was deleted before is now in none of the client's files, as far as the engine can: its log
 * is written into the table and emptied. False: that can't be done now. */
bool store_settle(struct store *s);
void store_close(struct store *s);

/* ---- Engines ---- */
MUST err store_memory_open(struct store **s, const struct mem *mem);
/* Accepts and forgets everything. */
MUST err store_null_open(struct store **s, const struct mem *mem);

/* Fails on purpose: plan is read at each call; the inner store is closed with it. */
struct store_fault_plan {
    int64_t fail_commit_in; /* 0: this commit fails; counts down; negative: never */
    int64_t fail_get_in;
    err with;           /* DISK_FULL, IO, ... */
    bool torn;          /* the failing commit is applied all the same: the answer was lost */
    unsigned unsettled; /* so many times nothing can be settled */
};
MUST err store_faulty_open(struct store **s, struct store *inner, struct store_fault_plan *plan,
                           const struct mem *mem);

/* A directory of RocksDB files, made if it is not there. BUSY if another process holds it; DAMAGED
 * if its log or its files are: nothing is dropped, but for a last write that was never done. */
struct store_rocksdb_options {
    size_t memtable; /* bytes; 0: 256 MiB */
    size_t cache;    /* bytes; 0: 256 MiB */
};
MUST err store_rocksdb_open(struct store **s, const char *path,
                            const struct store_rocksdb_options *options);
/* To read only, while another process may have it open and write. What that one deletes meanwhile
 * may make a read fail with IO or DAMAGED: try again. NOT_FOUND if there is none. Commits are
 * DENIED. */
MUST err store_rocksdb_read(struct store **s, const char *path);
/* For a store that opens as DAMAGED: ends its log before the first place that can't be read, so
 * that it opens as it once was. `lost` counts the writes (entries put or deleted) from that place
 * to the last one that can be read; what stood behind that one nobody can count. DAMAGED: it isn't
 * the log that is damaged. */
MUST err store_rocksdb_repair(const char *path, uint64_t *lost);
/* Asks for a flush of memtables and deletion of old logs. What was deleted leaves the disk in the
 * compactions that follow by themselves. */
MUST err store_rocksdb_flush(struct store *s);
/* Bytes of its tables' files, and of what was written last; 0 while it is not open. */
void store_rocksdb_sizes(struct store *s, uint64_t *files, uint64_t *memory);
/* All that is committed, as a store of its own in this folder beneath it: its files are names of
 * the same ones, so it takes little time and no room. But as long as it is there, nothing that was
 * deleted since leaves the disk: drop it soon. Dropping is fine if there is none; a half-made one
 * goes, too. */
#define STORE_ROCKSDB_COPY "copy"
MUST err store_rocksdb_copy(struct store *s);
MUST err store_rocksdb_copy_drop(const char *path);
/* Takes all that is in a table of a store that nobody has open, at once and off the disk. */
MUST err store_rocksdb_empty(const char *path, uint8_t table);

/* One SQLite file, made if it is not there. BUSY if another process holds it; DAMAGED. */
MUST err store_sqlite_open(struct store **s, const char *path);

/* A store over another whose values are encrypted (XChaCha20-Poly1305, table and whole key bound as
 * associated data) and whose names are hidden (keyed BLAKE2b). `key` is 32 bytes, copied and wiped
 * at close. The inner store is closed with it. A value that does not authenticate is DAMAGED.
 * Lengths of values are rounded up. An old value, or none, in the place of a newer one is not
 * noticed. */
MUST err store_sealed_open(struct store **s, struct store *inner, const uint8_t key[32],
                           const struct mem *mem);
/* The key of a sealed store: random, itself encrypted under a passphrase (Argon2id) in `inner`,
 * table 0, name "lock". Creates it if the store is empty. PASSPHRASE if it does not open. An empty
 * passphrase is a passphrase like any other (that of a store without one), but that only a real one
 * is slow on purpose. */
MUST err store_sealed_unlock(struct store *inner, slice passphrase, uint8_t key[32]);
/* From now on `fresh` opens it, and `passphrase` no longer does: one commit, so there is always one
 * that opens it. The key that the old lock held is in none of the files any more (store_settle); if
 * the process is ended just before that, the next one that unlocks the store sees to it. The key
 * itself stays: a copy of the files from before still opens with the old passphrase. PASSPHRASE,
 * NOT_FOUND (no lock), DAMAGED; then nothing was changed, but for IO, as with every commit. */
MUST err store_sealed_relock(struct store *inner, slice passphrase, slice fresh);
/* A secret of 32 to 64 bytes that opens it as well, in the place of the one before; an empty one:
 * none any more. It stays when the passphrase is changed, and goes when that is removed: an empty
 * passphrase is STATE. Else as store_sealed_relock. */
MUST err store_sealed_secret(struct store *inner, slice passphrase, slice secret);
/* NOT_FOUND: no lock was made yet. Whoever means to open what is there asks this first, or the next
 * passphrase would be taken for the chosen one. */
MUST err store_sealed_find(struct store *inner);
/* By that secret. PASSPHRASE if it does not open, or there is none. */
MUST err store_sealed_unlock_secret(struct store *inner, slice secret, uint8_t key[32]);

#endif
