/* Batches: which leaf gets which place, then tiles, then the checkpoint. Places are on the disk
 * before any tile is, so that a batch that broke off is written again with the very same bytes: two
 * tries that differed would show which entries are padding. */
#include <stdio.h>

#include "crypto/crypto.h"
#include "desk/ledger_internal.h"
#include "sys/files.h"

enum { BATCH_MOST = 1 << 20, CHECKPOINT_MAX = 1 << 16, AT_ONCE = 4096 };

/* ---- The published tiles ---- */

static void tile_name(const struct merkle_tile *tile, char name[LEDGER_PATH]) {
    char path[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, path);
    snprintf(name, LEDGER_PATH, "public/%s", path);
}

static err read_tile(void *ctx, const struct merkle_tile *tile, buf *out) {
    char name[LEDGER_PATH], path[LEDGER_PATH];
    tile_name(tile, name);
    TRY(ledger_path(ctx, name, path));
    buf_clear(out);
    return sys_file_read(path, MERKLE_TILE_WIDTH * (MERKLE_SEALED + 2), out);
}

static err write_tile(void *ctx, const struct merkle_tile *tile, slice bytes) {
    char path[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, path);
    return ledger_file_write(ctx, path, bytes);
}

struct merkle_tiles ledger_tiles(struct desk *d) {
    return (struct merkle_tiles){read_tile, write_tile, d};
}

/* ---- The table ---- */

static err read_batch(struct desk_rows *q, struct ledger_batch *b) {
    *b = (struct ledger_batch){0};
    if (desk_rows_next(q)) {
        b->number = desk_row_number(q, 0);
        b->first = desk_row_number(q, 1);
        b->size = desk_row_number(q, 2);
        b->time = desk_row_number(q, 3);
        b->done = desk_row_bytes(q, 4).n == MERKLE_HASH;
        desk_row_copy(q, 4, b->root.bytes, MERKLE_HASH);
    }
    return desk_rows_end(q);
}

static const char columns_newest[] = "SELECT batch, first, size, time, root FROM batches"
                                     " WHERE root IS NOT NULL ORDER BY batch DESC LIMIT 1";
static const char columns_begun[] = "SELECT batch, first, size, time, root FROM batches"
                                    " WHERE root IS NULL";

err ledger_batch_newest(struct desk *d, struct ledger_batch *b) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, columns_newest, "");
    return read_batch(&q, b);
}

err ledger_batch_note(struct desk *d, uint64_t size, buf *note) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT note FROM batches WHERE first + size = ? AND root IS NOT NULL", "i",
                    size);
    bool found = desk_rows_next(&q);
    if (found)
        q.result = buf_append(note, desk_row_bytes(&q, 0));
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

/* ---- Beginning: the oldest leaves, in places drawn by lot ---- */

/* The oldest that have no place: up to n of them, *n then. */
static err oldest_leaves(struct desk *d, uint64_t *leaves, uint64_t *n) {
    struct desk_rows q;
    uint64_t most = *n;
    desk_rows_begin(&q, d->store,
                    "SELECT leaf FROM pending_leaves WHERE place IS NULL ORDER BY leaf LIMIT ?",
                    "i", most);
    for (*n = 0; desk_rows_next(&q); ++*n)
        leaves[*n] = desk_row_number(&q, 0);
    return desk_rows_end(&q);
}

/* Of a beginning that broke off before its batch was there: no file says so, and it is drawn anew.
 */
static err forget_some(struct desk *d, uint64_t end, bool *more) {
    TRY(desk_store_run(d->store,
                       "UPDATE pending_leaves SET place = NULL WHERE leaf IN"
                       " (SELECT leaf FROM pending_leaves WHERE place >= ? LIMIT ?)",
                       "ii", end, (uint64_t)AT_ONCE));
    *more = desk_store_changed(d->store) > 0;
    return OK;
}

static err place_some(struct desk *d, const uint64_t *places, const uint64_t *leaves, uint64_t n) {
    for (uint64_t i = 0; i < n; i++)
        TRY(desk_store_run(d->store, "UPDATE pending_leaves SET place = ? WHERE leaf = ?", "ii",
                           places[i], leaves[i]));
    return OK;
}

/* In several transactions: moves are made in between. */
static err place_leaves(struct desk *d, const struct ledger_batch *b, uint64_t *places,
                        uint64_t *leaves) {
    uint64_t n = b->size;
    for (bool more = true; more;)
        TRY(forget_some(d, b->first, &more));
    TRY(oldest_leaves(d, leaves, &n));
    for (uint64_t i = 0; i < b->size; i++)
        places[i] = b->first + i;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t lot;
        crypto_random(&lot, sizeof lot);
        lot = i + lot % (b->size - i);
        uint64_t place = places[lot];
        places[lot] = places[i];
        places[i] = place;
    }
    for (uint64_t i = 0; i < n; i += AT_ONCE) {
        uint64_t more = n - i < AT_ONCE ? n - i : AT_ONCE;
        TRY(desk_store_begin(d->store));
        TRY(desk_end(d, place_some(d, places + i, leaves + i, more)));
    }
    return OK;
}

static err begin(struct desk *d, const struct ledger_batch *last, uint64_t now,
                 struct ledger_batch *b) {
    uint64_t size;
    TRY(desk_meta_number(d->store, "batch_size", &size));
    if (size > BATCH_MOST)
        return ERR_LIMIT;
    *b = (struct ledger_batch){.number = last->number + 1,
                               .first = ledger_batch_end(last),
                               .size = size == 0 ? DESK_LEDGER_BATCH : size,
                               .time = now};
    uint64_t *places = mem_new_array(NULL, b->size, 2 * sizeof *places);
    if (places == NULL)
        return ERR_NO_MEMORY;
    err e = place_leaves(d, b, places, places + b->size);
    mem_free(NULL, places, b->size * 2 * sizeof *places);
    if (e == OK)
        e = desk_store_run(d->store,
                           "INSERT INTO batches (batch, first, size, time) VALUES (?, ?, ?, ?)",
                           "iiii", b->number, b->first, b->size, b->time);
    return e;
}

/* ---- Writing ---- */

static err append_padding(struct merkle_log *log, const uint8_t *batch_key) {
    uint8_t filler[MERKLE_FILLER], entry[MERKLE_SEALED];
    TRY(merkle_padding_filler(filler, batch_key, log->size));
    TRY(merkle_seal(entry, NULL, 0, filler));
    return merkle_log_append(log, SLICE_ARRAY(entry));
}

static err append_all(struct desk *d, const struct ledger_batch *b, const uint8_t *batch_key,
                      struct merkle_log *log) {
    struct desk_rows q;
    err e = OK;
    desk_rows_begin(&q, d->store,
                    "SELECT place, entry FROM pending_leaves WHERE place >= ? AND place < ?"
                    " ORDER BY place",
                    "ii", b->first, ledger_batch_end(b));
    bool more = desk_rows_next(&q);
    while (e == OK && q.result == OK && log->size < ledger_batch_end(b)) {
        if (!more || desk_row_number(&q, 0) != log->size) {
            e = append_padding(log, batch_key);
            continue;
        }
        e = merkle_log_append(log, desk_row_bytes(&q, 1));
        more = desk_rows_next(&q);
    }
    err ended = desk_rows_end(&q);
    return e == OK ? ended : e;
}

static err write_tiles(struct desk *d, const struct ledger_batch *last, struct ledger_batch *b,
                       const uint8_t *batch_key) {
    struct merkle_tiles tiles = ledger_tiles(d);
    struct merkle_log *log = mem_new(NULL, sizeof *log);
    if (log == NULL)
        return ERR_NO_MEMORY;
    err e = merkle_log_open(log, &tiles, b->first, &last->root);
    if (e == OK)
        e = append_all(d, b, batch_key, log);
    if (e == OK)
        e = merkle_log_flush(log);
    if (e == OK)
        merkle_log_root(log, &b->root);
    merkle_log_fini(log);
    mem_free(NULL, log, sizeof *log);
    return e == ERR_NOT_FOUND ? ERR_DAMAGED : e;
}

/* ---- Ending ---- */

static err sign(const struct ledger_key *key, const struct ledger_batch *b, buf *note) {
    struct merkle_checkpoint checkpoint = {.origin = slice_of(key->key.name, key->key.name_n),
                                           .size = ledger_batch_end(b),
                                           .root = b->root};
    buf text = {0};
    err e = merkle_checkpoint_format(&text, &checkpoint);
    if (e == OK)
        e = merkle_note_begin(note, buf_slice(&text));
    if (e == OK)
        e = merkle_note_sign(note, buf_slice(&text), &key->key, key->seed);
    buf_free(&text);
    return e;
}

static err finish(struct desk *d, const struct ledger_key *key, const struct ledger_batch *last,
                  struct ledger_batch *b) {
    uint8_t padding[DESK_KEY], batch_key[MERKLE_FILLER];
    buf note = {0};
    TRY(desk_key_read(d->folder, "padding", padding));
    err e = merkle_batch_key(batch_key, padding, b->number);
    if (e == OK)
        e = write_tiles(d, last, b, batch_key);
    if (e == OK)
        e = sign(key, b, &note);
    if (e == OK)
        e = desk_store_run(d->store, "UPDATE batches SET root = ?, note = ? WHERE batch = ?", "bbi",
                           merkle_hash_slice(&b->root), buf_slice(&note), b->number);
    wipe(padding, sizeof padding);
    wipe(batch_key, sizeof batch_key);
    buf_free(&note);
    return e;
}

/* ---- The files that name the newest ---- */

static err list_batches(struct desk *d, buf *out) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT batch, first, size FROM batches WHERE root IS NOT NULL ORDER BY batch",
                    "");
    err e = OK;
    while (e == OK && desk_rows_next(&q))
        e = ledger_say(out, "%llu %llu %llu\n", (unsigned long long)desk_row_number(&q, 0),
                       (unsigned long long)desk_row_number(&q, 1),
                       (unsigned long long)desk_row_number(&q, 2));
    err ended = desk_rows_end(&q);
    return e == OK ? ended : e;
}

static err read_published(struct desk *d, buf *note) {
    char path[LEDGER_PATH];
    TRY(ledger_path(d, "public/checkpoint", path));
    err e = sys_file_read(path, CHECKPOINT_MAX, note);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* What stands in the folder was said in public: the store must have it, to the letter. */
static err check_published(struct desk *d, slice published) {
    struct merkle_note note, ours;
    struct merkle_checkpoint checkpoint;
    buf bytes = {0};
    if (published.n == 0)
        return OK;
    if (merkle_note_parse(&note, published) != OK ||
        merkle_checkpoint_parse(&checkpoint, note.text) != OK)
        return ERR_DAMAGED;
    err e = ledger_batch_note(d, checkpoint.size, &bytes);
    if (e == OK)
        e = merkle_note_parse(&ours, buf_slice(&bytes));
    if (e == OK)
        e = slice_equal(ours.text, note.text) ? OK : ERR_DAMAGED;
    buf_free(&bytes);
    return e == ERR_NOT_FOUND ? ERR_DAMAGED : e;
}

static err write_newest(struct desk *d, slice published) {
    buf note = {0}, batches = {0};
    err e = desk_ledger_checkpoint(d, &note);
    if (e == ERR_NOT_FOUND || (e == OK && slice_equal(buf_slice(&note), published))) {
        buf_free(&note);
        return OK;
    }
    if (e == OK)
        e = list_batches(d, &batches);
    if (e == OK)
        e = ledger_file_write(d, "batches", buf_slice(&batches));
    if (e == OK)
        e = ledger_file_write(d, "checkpoint", buf_slice(&note));
    buf_free(&note);
    buf_free(&batches);
    return e;
}

static err go(struct desk *d, const struct ledger_key *key, uint64_t now, bool wanted) {
    struct ledger_batch last, b;
    struct desk_rows q;
    TRY(ledger_batch_newest(d, &last));
    desk_rows_begin(&q, d->store, columns_begun, "");
    TRY(read_batch(&q, &b));
    bool due = last.number == 0 || time_week(now) > time_week(last.time);
    if (b.number == 0 && (wanted || due))
        TRY(begin(d, &last, now, &b));
    return b.number == 0 ? OK : finish(d, key, &last, &b);
}

err ledger_batch_go(struct desk *d, const struct ledger_key *key, uint64_t now, bool wanted) {
    buf published = {0};
    err e = read_published(d, &published);
    if (e == OK)
        e = check_published(d, buf_slice(&published));
    if (e == OK)
        e = go(d, key, now, wanted);
    if (e == OK)
        e = write_newest(d, buf_slice(&published));
    buf_free(&published);
    return e;
}
