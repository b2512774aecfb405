/* The audit: the ledger from its first entry to its last, and what is opened of it. */
#include "desk/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "desk/audit_internal.h"
#include "merkle/tile.h"
#include "sys/files.h"

enum { PROGRESS = 65536 };

const char *audit_finding_name(enum audit_finding finding) {
    static const char *const names[] = {
#define X(name, text) #name,
        AUDIT_FINDINGS(X)
#undef X
    };
    return names[finding];
}

const char *audit_finding_text(enum audit_finding finding) {
    static const char *const texts[] = {
#define X(name, text) text,
        AUDIT_FINDINGS(X)
#undef X
    };
    return texts[finding];
}

void audit_find(struct audit *a, enum audit_finding finding, const char *format, ...) {
    char where[AUDIT_WHERE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(where, sizeof where, format, args);
    va_end(args);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof where ? (size_t)n : sizeof where - 1;
    /* What it names may come from the desk that is audited, and goes to a terminal. */
    for (size_t i = 0; i < length; i++)
        if (where[i] < ' ' || where[i] > '~')
            where[i] = '?';
    a->sum->findings++;
    a->found(a->ctx, finding, slice_of(where, length));
}

/* ---- The checkpoint ---- */

err audit_read(const struct audit *a, const char *name, size_t max, buf *out) {
    char path[AUDIT_PATH];
    int n = snprintf(path, sizeof path, "%s/%s", a->of->folder, name);
    return n < 0 || n >= AUDIT_PATH ? ERR_TOO_LARGE : sys_file_read(path, max, out);
}

/* Beside FROM_UNTIL.csv. */
err audit_read_report(const struct audit *a, const char *end, size_t max, buf *out) {
    char path[AUDIT_PATH];
    size_t whole = strlen(a->of->report), n = whole > 4 ? whole - 4 : whole;
    int length = snprintf(path, sizeof path, "%.*s.%s", (int)n, a->of->report, end);
    return length < 0 || length >= AUDIT_PATH ? ERR_TOO_LARGE : sys_file_read(path, max, out);
}

bool audit_is_auditors(const struct audit *a, const struct office_document *d) {
    struct office_signers who;
    if (office_signed(a->of->office, NULL, d, &who) != OFFICE_OK)
        return false;
    for (size_t i = 0; i < who.n; i++)
        if (((who.each[i].person->roles | who.each[i].person->deputy) & OFFICE_ROLE_AUDITOR) != 0)
            return true;
    return false;
}

static void check_witnesses(struct audit *a, const struct merkle_note *note) {
    for (size_t i = 0; i < a->of->office->witnesses.n; i++) {
        struct merkle_key key;
        uint64_t seconds;
        err e = merkle_key_parse(&key, a->of->office->witnesses.p[i].text);
        if (e == OK)
            e = merkle_cosignature_verify(note, &key, &seconds);
        if (e == OK)
            a->sum->witnesses++;
        else if (e != ERR_NOT_FOUND)
            audit_find(a, AUDIT_COSIGNATURE, "%.*s", (int)a->of->office->witnesses.p[i].text.n,
                       (const char *)a->of->office->witnesses.p[i].text.p);
    }
}

/* False: there is nothing to go on from. */
static bool read_checkpoint(struct audit *a) {
    struct merkle_note note;
    struct merkle_key *key = &a->key;
    err e = audit_read(a, "checkpoint", AUDIT_FILE_MAX, &a->note);
    if (e == OK)
        e = merkle_note_parse(&note, buf_slice(&a->note));
    if (e == OK)
        e = merkle_key_parse(key, a->of->office->ledger);
    if (e == OK)
        e = merkle_note_verify(&note, key);
    if (e == OK)
        e = merkle_checkpoint_parse(&a->checkpoint, note.text);
    if (e == OK && !slice_equal(a->checkpoint.origin, slice_of(key->name, key->name_n)))
        e = ERR_IDENTITY;
    if (e != OK) {
        audit_find(a, AUDIT_CHECKPOINT, "checkpoint: %s", err_text(e));
        return false;
    }
    a->report.origin = a->checkpoint.origin;
    check_witnesses(a, &note);
    return true;
}

/* ---- Opened entries ---- */

/* MALFORMED for whatever is wrong with the file; what the machine can't is told as it is. */
static err read_opening(struct audit *a, uint64_t last, bool first) {
    slice line;
    err e = sys_lines_next(&a->openings, &line);
    if (e == ERR_NOT_FOUND)
        return e;
    if (e == OK)
        e = report_opening_read(line, &a->next, &a->store);
    if (e == OK && !first && a->next.place <= last)
        e = ERR_EXISTS;
    return e;
}

static void next_opening(struct audit *a) {
    uint64_t last = a->next.place;
    err e = read_opening(a, last, !a->has_next);
    a->has_next = e == OK;
    if (e != OK && e != ERR_NOT_FOUND)
        audit_find(a, AUDIT_OPENING, "after entry %llu: %s", (unsigned long long)last, err_text(e));
}

static err keep_move(struct audit *a, const slice *v, uint64_t place) {
    uint64_t office = 0, list = 0;
    err e = decimal_decode(v[MERKLE_SLOT_OFFICE], AUDIT_VERSIONS - 1, &office);
    if (e == OK)
        e = decimal_decode(v[MERKLE_SLOT_LIST], AUDIT_VERSIONS - 1, &list);
    if (e == OK)
        e = count_add(a->count, v);
    if (e == ERR_EXISTS)
        audit_find(a, AUDIT_TWICE, "entry %llu: case %.*s", (unsigned long long)place,
                   (int)v[MERKLE_SLOT_CASE].n, (const char *)v[MERKLE_SLOT_CASE].p);
    else if (e == ERR_MALFORMED)
        audit_find(a, AUDIT_ENTRY, "entry %llu", (unsigned long long)place);
    else
        TRY(e);
    if (office > a->office_most)
        a->office_most = office;
    if (list > a->list_most)
        a->list_most = list;
    if (e == OK && slice_equal(v[MERKLE_SLOT_TO], slice_str("released")) &&
        !slice_equal(v[MERKLE_SLOT_FROM], slice_str("released")))
        TRY(audit_release_keep(a, v, list));
    return OK;
}

/* What an entry has, and nobody may keep back: all but what would let somebody find its case. */
static bool is_needed(const slice *values, size_t slot) {
    if (values[MERKLE_SLOT_DOCUMENT].n > 0)
        return slot == MERKLE_SLOT_MOVE || slot == MERKLE_SLOT_NUMBER;
    return slot != MERKLE_SLOT_DOCUMENT && !report_is_secret(slot);
}

/* The auditor's form: a slot that is not opened holds nothing, or what nobody is shown. */
static void check_left(struct audit *a, slice entry, const slice *values, size_t slot) {
    const struct report_opening *o = &a->next;
    bool secret = values[MERKLE_SLOT_DOCUMENT].n == 0 && report_is_secret(slot);
    if (a->of->padding_key == NULL || secret)
        return;
    if (o->filler == NULL || merkle_open_empty(entry, slot, o->filler) != OK)
        audit_find(a, AUDIT_HIDDEN, "entry %llu: slot %zu", (unsigned long long)o->place, slot);
}

static void check_slots(struct audit *a, slice entry, const slice *values) {
    bool opened[MERKLE_SLOTS] = {false};
    for (size_t i = 0; i < a->next.n; i++)
        opened[a->next.fields[i].slot] = true;
    for (size_t slot = 0; slot < MERKLE_SLOTS; slot++)
        if (!opened[slot] && is_needed(values, slot)) {
            slice name = merkle_slot_name((enum merkle_slot)slot);
            audit_find(a, AUDIT_KEPT, "entry %llu: %.*s", (unsigned long long)a->next.place,
                       (int)name.n, (const char *)name.p);
        } else if (!opened[slot]) {
            check_left(a, entry, values, slot);
        }
}

static err take_opening(struct audit *a, slice entry) {
    const struct report_opening *o = &a->next;
    slice values[MERKLE_SLOTS_NAMED];
    memset(values, 0, sizeof values);
    a->sum->opened++;
    for (size_t i = 0; i < o->n; i++) {
        if (merkle_open(entry, &o->fields[i]) != OK) {
            audit_find(a, AUDIT_OPENING, "entry %llu: %.*s", (unsigned long long)o->place,
                       (int)o->fields[i].name.n, (const char *)o->fields[i].name.p);
            return OK;
        }
        values[o->fields[i].slot] = o->fields[i].value;
    }
    check_slots(a, entry, values);
    if (values[MERKLE_SLOT_DOCUMENT].n > 0) {
        audit_document_keep(a, values, o->place);
        return OK;
    }
    return keep_move(a, values, o->place);
}

/* ---- Padding ---- "NUMBER FIRST SIZE", a line for each batch. */

static bool batch_of(struct audit *a, uint64_t place) {
    slice line;
    uint64_t first = 0, size = 0;
    while (place >= a->batch_end) {
        if (!slice_line(&a->batches, &line) ||
            decimal_decode(slice_until(&line, ' '), UINT64_MAX / 16, &a->batch) != OK ||
            decimal_decode(slice_until(&line, ' '), MERKLE_SIZE_MAX, &first) != OK ||
            decimal_decode(line, MERKLE_SIZE_MAX, &size) != OK || first != a->batch_end)
            return false;
        a->batch_end = first + size;
    }
    return true;
}

static err check_padding(struct audit *a, slice entry, uint64_t place) {
    uint8_t key[MERKLE_FILLER], filler[MERKLE_FILLER];
    if (!batch_of(a, place)) {
        audit_find(a, AUDIT_HIDDEN, "entry %llu is in no batch", (unsigned long long)place);
        a->batch_end = UINT64_MAX;
        return OK;
    }
    TRY(merkle_batch_key(key, a->of->padding_key, a->batch));
    TRY(merkle_padding_filler(filler, key, place));
    if (merkle_open_padding(entry, filler) == OK)
        a->sum->padding++;
    else
        audit_find(a, AUDIT_HIDDEN, "entry %llu", (unsigned long long)place);
    return OK;
}

/* ---- All entries ---- */

static err read_tile(void *ctx, const struct merkle_tile *tile, buf *out) {
    char path[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, path);
    buf_clear(out);
    return audit_read(ctx, path, MERKLE_TILE_WIDTH * (MERKLE_SEALED + 2), out);
}

static err take_entry(struct audit *a, slice entry, uint64_t place,
                      struct merkle_frontier *frontier) {
    struct merkle_hash leaf, root;
    merkle_leaf_hash(&leaf, entry);
    TRY(merkle_append(frontier, &leaf));
    if (frontier->size == a->report.size) {
        merkle_frontier_root(frontier, &root);
        if (!merkle_hash_equal(&root, &a->report.root))
            audit_find(a, AUDIT_REPORT, "the root at %llu is another",
                       (unsigned long long)a->report.size);
    }
    while (a->has_next && a->next.place < place)
        next_opening(a);
    if (a->has_next && a->next.place == place) {
        TRY(take_opening(a, entry));
        next_opening(a);
        return OK;
    }
    /* Later entries are none of this report's. */
    return a->of->padding_key == NULL || place >= a->report.size ? OK
                                                                 : check_padding(a, entry, place);
}

static err take_bundle(struct audit *a, slice bytes, uint64_t first, uint64_t n,
                       struct merkle_frontier *frontier, bool *good) {
    reader r = reader_of(bytes);
    for (uint64_t i = 0; i < n && *good; i++) {
        slice entry;
        *good = merkle_entry_read(&r, &entry) == OK && entry.n == MERKLE_SEALED;
        if (*good)
            TRY(take_entry(a, entry, first + i, frontier));
    }
    return OK;
}

static err walk(struct audit *a) {
    struct merkle_tiles tiles = {.read = read_tile, .ctx = a};
    struct merkle_frontier frontier = {.size = 0};
    struct merkle_hash root;
    uint64_t size = a->checkpoint.size;
    buf bytes = {0};
    bool good = true;
    err e = OK;
    while (e == OK && good && frontier.size < size) {
        uint64_t first = frontier.size, left = size - first;
        struct merkle_tile tile = {
            .entries = true,
            .width = (uint16_t)(left < MERKLE_TILE_WIDTH ? left : MERKLE_TILE_WIDTH),
            .index = first / MERKLE_TILE_WIDTH};
        e = merkle_tile_read(&tiles, &tile, &bytes);
        good = e == OK;
        if (e == ERR_NOT_FOUND || e == ERR_DAMAGED || e == ERR_TOO_LARGE)
            e = OK;
        if (good)
            e = take_bundle(a, buf_slice(&bytes), first, tile.width, &frontier, &good);
        if (a->progress != NULL && frontier.size % PROGRESS == 0)
            a->progress(a->ctx, frontier.size, size);
    }
    buf_free(&bytes);
    a->sum->entries = frontier.size;
    if (e != OK)
        return e;
    merkle_frontier_root(&frontier, &root);
    if (!good)
        audit_find(a, AUDIT_ENTRIES, "entry %llu", (unsigned long long)frontier.size);
    else if (!merkle_hash_equal(&root, &a->checkpoint.root))
        audit_find(a, AUDIT_ROOT, "size %llu", (unsigned long long)size);
    return OK;
}

static bool fault_found(void *ctx, slice case_id, enum count_fault fault) {
    struct audit *a = ctx;
    audit_find(a,
               fault == COUNT_GAP    ? AUDIT_GAP
               : fault == COUNT_JUMP ? AUDIT_JUMP
                                     : AUDIT_BACK,
               "case %.*s", (int)case_id.n, (const char *)case_id.p);
    return true;
}

/* ---- The whole ---- */

static void open_openings(struct audit *a) {
    if (sys_lines_open(&a->openings, a->of->openings) == OK)
        next_opening(a);
    else
        audit_find(a, AUDIT_OPENING, "%s can't be read", a->of->openings);
}

static err walk_all(struct audit *a) {
    buf batches = {0};
    if (a->of->padding_key != NULL && audit_read(a, "batches", AUDIT_FILE_MAX, &batches) != OK)
        audit_find(a, AUDIT_HIDDEN, "batches can't be read");
    a->batches = buf_slice(&batches);
    open_openings(a);
    err e = count_new(&a->count);
    if (e == OK)
        e = walk(a);
    a->batches = SLICE_EMPTY;
    buf_free(&batches);
    return e;
}

static err go(struct audit *a) {
    bool good;
    if (!read_checkpoint(a))
        return OK;
    TRY(audit_tables_read(a, &good));
    if (!good)
        return OK;
    if (a->report.size > a->checkpoint.size) {
        audit_find(a, AUDIT_REPORT, "size %llu is not published",
                   (unsigned long long)a->report.size);
        return OK;
    }
    /* Who has all openings counts by them alone. */
    if (a->of->padding_key == NULL)
        TRY(audit_statement_read(a));
    TRY(walk_all(a));
    if (a->has_next)
        audit_find(a, AUDIT_OPENING, "entry %llu is not published",
                   (unsigned long long)a->next.place);
    TRY(count_faults(a->count, fault_found, a));
    TRY(audit_documents_check(a));
    TRY(audit_tables_check(a));
    TRY(audit_pages(a));
    return audit_review(a);
}

err audit_run(const struct audit_of *of, audit_found *found, audit_progress *progress, void *ctx,
              struct audit_sum *sum) {
    struct audit *a = mem_new(NULL, sizeof *a);
    *sum = (struct audit_sum){.entries = 0};
    if (a == NULL)
        return ERR_NO_MEMORY;
    memset(a, 0, sizeof *a);
    a->of = of;
    a->found = found;
    a->progress = progress;
    a->ctx = ctx;
    a->sum = sum;
    a->openings.fd = -1;
    err e = go(a);
    audit_documents_free(a);
    audit_tables_free(a);
    count_free(a->count);
    sys_lines_close(&a->openings);
    buf_free(&a->note);
    buf_free(&a->store);
    buf_free(&a->statement.bytes);
    mem_free(NULL, a, sizeof *a);
    return e;
}
