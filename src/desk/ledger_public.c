/* Signed notes: of office files and suspension lists as they come, and of receipts. */
#include <stdarg.h>
#include <stdio.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/ledger_internal.h"
#include "sys/files.h"

enum { LINE = 512, HEX = 2 * MERKLE_HASH };

/* ---- What all share ---- */

err ledger_path(const struct desk *d, const char *name, char path[LEDGER_PATH]) {
    int n = snprintf(path, LEDGER_PATH, "%s/%s", d->folder, name);
    return n < 0 || n >= LEDGER_PATH ? ERR_TOO_LARGE : OK;
}

err ledger_file_write(const struct desk *d, const char *name, slice bytes) {
    char path[LEDGER_PATH];
    int n = snprintf(path, sizeof path, "%s/public/%s", d->folder, name);
    if (n < 0 || n >= (int)sizeof path)
        return ERR_TOO_LARGE;
    char *slash = strrchr(path, '/');
    *slash = 0;
    TRY(sys_dir_make(path));
    *slash = '/';
    return sys_file_write(path, bytes, LEDGER_PUBLIC);
}

static err key_fits(const struct ledger_key *key) {
    uint8_t public[MERKLE_KEY];
    TRY(crypto_ed25519.public_of(public, key->seed));
    return memcmp(public, key->key.public, MERKLE_KEY) == 0 ? OK : ERR_IDENTITY;
}

err ledger_key_load(const struct desk *d, struct ledger_key *key) {
    const struct office *o = d->office;
    if (o == NULL)
        return ERR_NOT_FOUND;
    TRY(merkle_key_parse(&key->key, o->ledger));
    TRY(desk_key_read(d->folder, "ledger", key->seed));
    err e = key_fits(key);
    if (e != OK)
        wipe(key, sizeof *key);
    return e;
}

err ledger_say(buf *out, const char *format, ...) {
    char line[LINE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return n < 0 || n >= (int)sizeof line ? ERR_BUG : buf_append(out, slice_of(line, (size_t)n));
}

static err say_hash(buf *out, const char *word, const uint8_t hash[32]) {
    TRY(buf_append(out, slice_str(word)));
    TRY(buf_append_byte(out, ' '));
    TRY(hex_encode(out, slice_of(hash, 32)));
    return buf_append_byte(out, '\n');
}

static err say_origin(buf *out, const struct ledger_key *key) {
    return ledger_say(out, "ledger %.*s\n", (int)key->key.name_n, (const char *)key->key.name);
}

static err sign(buf *note, slice text, const struct ledger_key *key) {
    TRY(merkle_note_begin(note, text));
    return merkle_note_sign(note, text, &key->key, key->seed);
}

/* ---- Notices ---- */

struct notice {
    uint64_t number, version, time;
    char kind[16];
    uint8_t hash[32], previous[32];
};

static err write_text(buf *text, const struct notice *n, const struct ledger_key *key) {
    char time[OFFICE_TIME_TEXT];
    office_time_write(n->time, time);
    TRY(buf_append(text, slice_str("sotto publication 1\n")));
    TRY(say_origin(text, key));
    TRY(ledger_say(text, "number %llu\n", (unsigned long long)n->number));
    TRY(say_hash(text, "previous", n->previous));
    TRY(ledger_say(text, "kind %s\nversion %llu\n", n->kind, (unsigned long long)n->version));
    TRY(say_hash(text, "document", n->hash));
    return ledger_say(text, "time %s\n", time);
}

static err keep_notice(struct desk *d, const struct notice *n, slice text, slice note) {
    uint8_t hash[32];
    TRY(crypto_sha256.hash(hash, &text, 1));
    return desk_store_run(d->store,
                          "INSERT INTO publications (number, hash, note) VALUES (?, ?, ?)", "ibb",
                          n->number, SLICE_ARRAY(hash), note);
}

static err sign_notice(struct desk *d, const struct notice *n, const struct ledger_key *key) {
    buf text = {0}, note = {0};
    err e = write_text(&text, n, key);
    if (e == OK)
        e = sign(&note, buf_slice(&text), key);
    if (e == OK)
        e = keep_notice(d, n, buf_slice(&text), buf_slice(&note));
    buf_free(&text);
    buf_free(&note);
    return e;
}

/* The next that is queued; number 0: none. */
static err next_notice(struct desk *d, struct notice *n) {
    struct desk_rows q;
    *n = (struct notice){0};
    desk_rows_begin(&q, d->store,
                    "SELECT notice, n.kind, n.version, n.hash, time, publications.hash"
                    " FROM pending_notices AS n JOIN documents USING (kind, version)"
                    " LEFT JOIN publications ON number = notice - 1"
                    " WHERE notice > (SELECT IFNULL(MAX(number), 0) FROM publications)"
                    " ORDER BY notice LIMIT 1",
                    "");
    if (desk_rows_next(&q)) {
        n->number = desk_row_number(&q, 0);
        desk_row_text(&q, 1, n->kind, sizeof n->kind);
        n->version = desk_row_number(&q, 2);
        desk_row_copy(&q, 3, n->hash, sizeof n->hash);
        n->time = desk_row_number(&q, 4);
        desk_row_copy(&q, 5, n->previous, sizeof n->previous);
    }
    return desk_rows_end(&q);
}

/* The document first: whoever reads the note finds it. */
static err write_notice(struct desk *d, struct desk_rows *q) {
    char kind[16], name[64];
    desk_row_text(q, 1, kind, sizeof kind);
    snprintf(name, sizeof name, "%s/%llu", kind, (unsigned long long)desk_row_number(q, 2));
    TRY(ledger_file_write(d, name, desk_row_bytes(q, 3)));
    snprintf(name, sizeof name, "notices/%llu", (unsigned long long)desk_row_number(q, 0));
    TRY(ledger_file_write(d, name, desk_row_bytes(q, 4)));
    return ledger_file_write(d, "notices/newest", desk_row_bytes(q, 4));
}

/* Those that no file has yet. */
static err write_notices(struct desk *d) {
    struct desk_rows q;
    uint64_t written;
    TRY(desk_meta_number(d->store, "notices_written", &written));
    uint64_t before = written;
    err e = OK;
    desk_rows_begin(&q, d->store,
                    "SELECT number, n.kind, n.version, bytes, note FROM publications"
                    " JOIN pending_notices AS n ON notice = number"
                    " JOIN documents USING (kind, version) WHERE number > ? ORDER BY number",
                    "i", written);
    while (e == OK && desk_rows_next(&q)) {
        e = write_notice(d, &q);
        if (e == OK)
            written = desk_row_number(&q, 0);
    }
    err ended = desk_rows_end(&q);
    if (written > before && e == OK && ended == OK)
        e = desk_meta_number_set(d->store, "notices_written", written);
    return e == OK ? ended : e;
}

err ledger_notices_go(struct desk *d, const struct ledger_key *key) {
    struct notice n;
    TRY(next_notice(d, &n));
    while (n.number != 0) {
        TRY(sign_notice(d, &n, key));
        TRY(next_notice(d, &n));
    }
    return write_notices(d);
}

/* ---- Receipts ---- */

/* The leaf of the move that received the case. */
struct receipt_leaf {
    uint64_t leaf, place;
    bool placed;
    uint8_t entry[MERKLE_SEALED];
};

static err find_leaf(struct desk *d, const struct desk_receipt *receipt,
                     struct receipt_leaf *leaf) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT leaf, place, place IS NOT NULL, entry FROM pending_leaves"
                    " WHERE case_id = ? AND number = 1",
                    "s", receipt->case_id);
    bool found = desk_rows_next(&q);
    if (found) {
        leaf->leaf = desk_row_number(&q, 0);
        leaf->place = desk_row_number(&q, 1);
        leaf->placed = desk_row_number(&q, 2) != 0;
        desk_row_copy(&q, 3, leaf->entry, sizeof leaf->entry);
    }
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

static err write_receipt(buf *text, const struct desk_receipt *receipt,
                         const struct receipt_leaf *leaf, const struct ledger_key *key) {
    char time[OFFICE_TIME_TEXT];
    struct merkle_hash hash;
    merkle_leaf_hash(&hash, SLICE_ARRAY(leaf->entry));
    office_time_write(receipt->received, time);
    TRY(buf_append(text, slice_str("sotto receipt 1\n")));
    TRY(say_origin(text, key));
    TRY(ledger_say(text, "case %s\n", receipt->case_id));
    TRY(say_hash(text, "filing", receipt->hash));
    TRY(ledger_say(text, "received %s\n", time));
    TRY(say_hash(text, "entry", hash.bytes));
    return buf_append(text,
                      slice_str("promise the entry comes into the ledger with one of the next "
                                "weekly batches, the oldest first\n"));
}

err desk_ledger_receipt(struct desk *d, const struct desk_receipt *receipt, buf *note) {
    struct ledger_key key;
    struct receipt_leaf leaf;
    buf text = {0};
    TRY(find_leaf(d, receipt, &leaf));
    TRY(ledger_key_load(d, &key));
    err e = write_receipt(&text, receipt, &leaf, &key);
    if (e == OK)
        e = sign(note, buf_slice(&text), &key);
    wipe(&key, sizeof key);
    buf_free(&text);
    return e;
}

/* ---- Their proofs ---- */

/* The entry, and each field that the filer knows as name, salt and value. */
static err write_extra(struct desk *d, const struct receipt_leaf *leaf, buf *extra) {
    struct desk_rows q;
    writer w = writer_on(extra);
    writer_vec(&w, SLICE_ARRAY(leaf->entry));
    desk_rows_begin(&q, d->store,
                    "SELECT slot, salt, value FROM leaf_fields WHERE leaf = ? AND slot IN (?, ?, ?,"
                    " ?, ?) ORDER BY slot",
                    "iiiiii", leaf->leaf, (int64_t)MERKLE_SLOT_MOVE, (int64_t)MERKLE_SLOT_CASE,
                    (int64_t)MERKLE_SLOT_NUMBER, (int64_t)MERKLE_SLOT_TIME,
                    (int64_t)MERKLE_SLOT_FILING);
    while (desk_rows_next(&q)) {
        writer_vec(&w, merkle_slot_name((enum merkle_slot)desk_row_number(&q, 0)));
        writer_bytes(&w, desk_row_bytes(&q, 1));
        writer_vec(&w, desk_row_bytes(&q, 2));
    }
    TRY(desk_rows_end(&q));
    return writer_result(&w);
}

static err write_proof(const struct receipt_leaf *leaf, const struct merkle_proof *path,
                       slice extra, slice checkpoint, buf *out) {
    TRY(buf_append(out, slice_str("c2sp.org/tlog-proof@v1\nextra ")));
    TRY(base64_encode(out, extra));
    TRY(ledger_say(out, "\nindex %llu\n", (unsigned long long)leaf->place));
    for (size_t i = 0; i < path->n; i++) {
        TRY(base64_encode(out, merkle_hash_slice(&path->path[i])));
        TRY(buf_append_byte(out, '\n'));
    }
    TRY(buf_append_byte(out, '\n'));
    return buf_append(out, checkpoint);
}

static err prove(struct desk *d, uint64_t place, uint64_t size, struct merkle_proof *path) {
    struct merkle_tiles tiles = ledger_tiles(d);
    struct merkle_tile_reader r;
    merkle_tile_reader_init(&r, &tiles, size);
    struct merkle_source source = merkle_tile_source(&r);
    err e = merkle_inclusion_prove(&source, place, size, path);
    merkle_tile_reader_fini(&r);
    return e;
}

err desk_ledger_proof(struct desk *d, const struct desk_receipt *receipt, buf *proof) {
    struct receipt_leaf leaf;
    struct ledger_batch newest;
    struct merkle_proof path;
    buf extra = {0}, checkpoint = {0};
    TRY(find_leaf(d, receipt, &leaf));
    TRY(ledger_batch_newest(d, &newest));
    if (!leaf.placed || leaf.place >= ledger_batch_end(&newest))
        return ERR_MISSING;
    err e = prove(d, leaf.place, ledger_batch_end(&newest), &path);
    if (e == OK)
        e = write_extra(d, &leaf, &extra);
    if (e == OK)
        e = desk_ledger_checkpoint(d, &checkpoint);
    if (e == OK)
        e = write_proof(&leaf, &path, buf_slice(&extra), buf_slice(&checkpoint), proof);
    buf_free(&extra);
    buf_free(&checkpoint);
    return e;
}
