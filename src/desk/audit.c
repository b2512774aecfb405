#include "desk/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/report.h"
#include "merkle/checkpoint.h"
#include "merkle/tile.h"
#include "sys/files.h"
#include "sys/stream.h"

enum { PATH = 1024, WHERE = 512, FILE_MAX = 1 << 20, PROGRESS = 65536, VERSIONS = 4096 };

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

/* A row of the report, or of the statement. */
struct row {
    slice key[COUNT_KEY_COUNT];
    uint64_t number[COUNT_COLUMN_COUNT], answered, median;
    bool met;
};
struct rows {
    struct row *each;
    size_t n, room;
};

/* A public document as the ledger has it. */
struct version {
    bool entered;
    uint8_t hash[32];
    struct office_suspensions *list; /* of a suspension list, once it was read */
};
struct release {
    char case_id[DESK_ID], issuer[DESK_COUNTRY], beneficiary[DESK_COUNTRY];
    uint64_t list;
};

struct audit {
    const struct audit_of *of;
    audit_found *found;
    audit_progress *progress;
    void *ctx;
    struct audit_sum *sum;
    struct report_of report; /* of which the report says that it is */
    struct rows rows, stated;
    struct merkle_checkpoint checkpoint;
    struct count *count;
    buf note, store;
    struct office_document statement;
    struct sys_lines openings;
    struct report_opening next;
    bool has_next;
    uint64_t batch, batch_end; /* the batch of the present entry */
    slice batches;
    struct version office[VERSIONS], lists[VERSIONS];
    uint64_t office_most, list_most; /* that a move names */
    struct release *releases;
    size_t release_count, release_room;
};

__attribute__((format(printf, 3, 4))) static void find(struct audit *a, enum audit_finding finding,
                                                       const char *format, ...) {
    char where[WHERE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(where, sizeof where, format, args);
    va_end(args);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof where ? (size_t)n : sizeof where - 1;
    a->sum->findings++;
    a->found(a->ctx, finding, slice_of(where, length));
}

/* ---- The checkpoint ---- */

static err read_published(const struct audit *a, const char *name, size_t max, buf *out) {
    char path[PATH];
    int n = snprintf(path, sizeof path, "%s/%s", a->of->folder, name);
    return n < 0 || n >= PATH ? ERR_TOO_LARGE : sys_file_read(path, max, out);
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
            find(a, AUDIT_COSIGNATURE, "%.*s", (int)a->of->office->witnesses.p[i].text.n,
                 (const char *)a->of->office->witnesses.p[i].text.p);
    }
}

/* False: there is nothing to go on from. */
static bool read_checkpoint(struct audit *a) {
    struct merkle_note note;
    struct merkle_key key;
    err e = read_published(a, "checkpoint", FILE_MAX, &a->note);
    if (e == OK)
        e = merkle_note_parse(&note, buf_slice(&a->note));
    if (e == OK)
        e = merkle_key_parse(&key, a->of->office->ledger);
    if (e == OK)
        e = merkle_note_verify(&note, &key);
    if (e == OK)
        e = merkle_checkpoint_parse(&a->checkpoint, note.text);
    if (e == OK && !slice_equal(a->checkpoint.origin, slice_of(key.name, key.name_n)))
        e = ERR_IDENTITY;
    if (e != OK) {
        find(a, AUDIT_CHECKPOINT, "checkpoint: %s", err_text(e));
        return false;
    }
    check_witnesses(a, &note);
    return true;
}

/* ---- Report and statement ---- */

static err row_add(struct rows *rows, const struct row *row) {
    if (rows->n == rows->room) {
        size_t more = rows->room == 0 ? 64 : 2 * rows->room;
        void *p = mem_resize(NULL, rows->each, rows->room * sizeof *row, more * sizeof *row);
        if (p == NULL)
            return ERR_NO_MEMORY;
        rows->each = p;
        rows->room = more;
    }
    rows->each[rows->n++] = *row;
    return OK;
}

static bool next_number(slice *line, uint64_t *number) {
    return decimal_decode(slice_until(line, ','), UINT64_MAX / 16, number) == OK;
}

/* of is that of the first row, and all others are of the same. */
static bool read_row(slice line, struct report_of *of, struct row *row) {
    struct report_of own = *of;
    bool good = report_day_read(slice_until(&line, ','), &own.from) &&
                report_day_read(slice_until(&line, ','), &own.until);
    for (int k = 0; k < COUNT_KEY_COUNT; k++)
        row->key[k] = slice_until(&line, ',');
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        good = good && next_number(&line, &row->number[i]);
    good = good && next_number(&line, &row->answered) && next_number(&line, &row->median) &&
           next_number(&line, &own.size) && hex_decode_to(own.root.bytes, MERKLE_HASH, line) == OK;
    good = good &&
           (of->until == 0 || (own.from == of->from && own.until == of->until &&
                               own.size == of->size && merkle_hash_equal(&own.root, &of->root)));
    *of = own;
    return good;
}

static err read_report(struct audit *a, bool *good) {
    slice rest = a->of->report, line;
    buf head = {0};
    err e = report_csv_head(&head);
    *good = e == OK && slice_skip(&rest, buf_slice(&head));
    buf_free(&head);
    while (e == OK && *good && slice_line(&rest, &line)) {
        struct row row = {.met = false};
        *good = read_row(line, &a->report, &row);
        if (*good)
            e = row_add(&a->rows, &row);
    }
    *good = *good && rest.n == 0 && a->rows.n > 0;
    if (e == OK && !*good)
        find(a, AUDIT_REPORT, "report, line %zu", a->rows.n + 2);
    return e;
}

static bool signed_by_auditor(struct audit *a, const struct office_document *d) {
    struct office_signers who;
    if (office_signed(a->of->office, NULL, d, &who) != OFFICE_OK)
        return false;
    for (size_t i = 0; i < who.n; i++)
        if (((who.each[i].person->roles | who.each[i].person->deputy) & OFFICE_ROLE_AUDITOR) != 0)
            return true;
    return false;
}

static err statement_head(const struct audit *a, buf *out) {
    char text[WHERE], from[REPORT_DAY], until[REPORT_DAY];
    report_day(a->report.from, from);
    report_day(a->report.until, until);
    snprintf(text, sizeof text, "sotto statement 1\nledger %.*s\nsize %llu\nroot ",
             (int)a->checkpoint.origin.n, (const char *)a->checkpoint.origin.p,
             (unsigned long long)a->report.size);
    TRY(buf_append(out, slice_str(text)));
    TRY(hex_encode(out, merkle_hash_slice(&a->report.root)));
    snprintf(text, sizeof text, "\nfrom %s\nuntil %s\n", from, until);
    return buf_append(out, slice_str(text));
}

static err read_statement(struct audit *a) {
    buf head = {0};
    slice line;
    if (a->of->statement.n == 0)
        return OK;
    enum office_reason r = office_document_split(&a->statement, a->of->statement, NULL);
    const struct office_document *d = &a->statement;
    err e = r == OFFICE_MEMORY ? ERR_NO_MEMORY : statement_head(a, &head);
    slice rest = d->text;
    bool good =
        e == OK && r == OFFICE_OK && signed_by_auditor(a, d) && slice_skip(&rest, buf_slice(&head));
    buf_free(&head);
    while (e == OK && good && slice_line(&rest, &line)) {
        struct row row = {.met = false};
        struct report_of of = a->report;
        good = slice_skip(&line, slice_str("cell ")) && read_row(line, &of, &row);
        if (good)
            e = row_add(&a->stated, &row);
    }
    if (e == OK && !(good && rest.n == 0))
        find(a, AUDIT_STATEMENT, "statement");
    return e;
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
        find(a, AUDIT_OPENING, "after entry %llu: %s", (unsigned long long)last, err_text(e));
}

static void keep_version(struct audit *a, const slice *v, uint64_t place) {
    bool office = slice_equal(v[MERKLE_SLOT_MOVE], slice_str("office"));
    struct version *versions = office ? a->office : a->lists;
    uint64_t number;
    if (decimal_decode(v[MERKLE_SLOT_NUMBER], VERSIONS - 1, &number) != OK || number == 0 ||
        versions[number].entered ||
        hex_decode_to(versions[number].hash, 32, v[MERKLE_SLOT_DOCUMENT]) != OK) {
        find(a, AUDIT_ENTRY, "entry %llu: a public document", (unsigned long long)place);
        return;
    }
    versions[number].entered = true;
}

static err keep_release(struct audit *a, const slice *v, uint64_t list) {
    struct release r = {.list = list};
    if (a->release_count == a->release_room) {
        size_t more = a->release_room == 0 ? 64 : 2 * a->release_room;
        void *p = mem_resize(NULL, a->releases, a->release_room * sizeof r, more * sizeof r);
        if (p == NULL)
            return ERR_NO_MEMORY;
        a->releases = p;
        a->release_room = more;
    }
    snprintf(r.case_id, sizeof r.case_id, "%.*s", (int)v[MERKLE_SLOT_CASE].n,
             (const char *)v[MERKLE_SLOT_CASE].p);
    snprintf(r.issuer, sizeof r.issuer, "%.*s", (int)v[MERKLE_SLOT_ISSUER].n,
             (const char *)v[MERKLE_SLOT_ISSUER].p);
    snprintf(r.beneficiary, sizeof r.beneficiary, "%.*s", (int)v[MERKLE_SLOT_BENEFICIARY].n,
             (const char *)v[MERKLE_SLOT_BENEFICIARY].p);
    a->releases[a->release_count++] = r;
    return OK;
}

static err keep_move(struct audit *a, const slice *v, uint64_t place) {
    uint64_t office = 0, list = 0;
    err e = decimal_decode(v[MERKLE_SLOT_OFFICE], VERSIONS - 1, &office);
    if (e == OK)
        e = decimal_decode(v[MERKLE_SLOT_LIST], VERSIONS - 1, &list);
    if (e == OK)
        e = count_add(a->count, v);
    if (e == ERR_EXISTS)
        find(a, AUDIT_TWICE, "entry %llu: case %.*s", (unsigned long long)place,
             (int)v[MERKLE_SLOT_CASE].n, (const char *)v[MERKLE_SLOT_CASE].p);
    else if (e == ERR_MALFORMED)
        find(a, AUDIT_ENTRY, "entry %llu", (unsigned long long)place);
    else
        TRY(e);
    if (office > a->office_most)
        a->office_most = office;
    if (list > a->list_most)
        a->list_most = list;
    if (e == OK && slice_equal(v[MERKLE_SLOT_TO], slice_str("released")) &&
        !slice_equal(v[MERKLE_SLOT_FROM], slice_str("released")))
        TRY(keep_release(a, v, list));
    return OK;
}

static err take_opening(struct audit *a, slice entry) {
    const struct report_opening *o = &a->next;
    slice values[MERKLE_SLOTS_NAMED];
    memset(values, 0, sizeof values);
    a->sum->opened++;
    for (size_t i = 0; i < o->n; i++) {
        if (merkle_open(entry, &o->fields[i]) != OK) {
            find(a, AUDIT_OPENING, "entry %llu: %.*s", (unsigned long long)o->place,
                 (int)o->fields[i].name.n, (const char *)o->fields[i].name.p);
            return OK;
        }
        values[o->fields[i].slot] = o->fields[i].value;
    }
    if (values[MERKLE_SLOT_DOCUMENT].n > 0) {
        keep_version(a, values, o->place);
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
        find(a, AUDIT_HIDDEN, "entry %llu is in no batch", (unsigned long long)place);
        a->batch_end = UINT64_MAX;
        return OK;
    }
    TRY(merkle_batch_key(key, a->of->padding_key, a->batch));
    TRY(merkle_padding_filler(filler, key, place));
    if (merkle_open_padding(entry, filler) == OK)
        a->sum->padding++;
    else
        find(a, AUDIT_HIDDEN, "entry %llu", (unsigned long long)place);
    return OK;
}

/* ---- All entries ---- */

static err read_tile(void *ctx, const struct merkle_tile *tile, buf *out) {
    char path[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, path);
    buf_clear(out);
    return read_published(ctx, path, MERKLE_TILE_WIDTH * (MERKLE_SEALED + 2), out);
}

static err take_entry(struct audit *a, slice entry, uint64_t place,
                      struct merkle_frontier *frontier) {
    struct merkle_hash leaf, root;
    merkle_leaf_hash(&leaf, entry);
    TRY(merkle_append(frontier, &leaf));
    if (frontier->size == a->report.size) {
        merkle_frontier_root(frontier, &root);
        if (!merkle_hash_equal(&root, &a->report.root))
            find(a, AUDIT_REPORT, "the root at %llu is another",
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
        find(a, AUDIT_ENTRIES, "entry %llu", (unsigned long long)frontier.size);
    else if (!merkle_hash_equal(&root, &a->checkpoint.root))
        find(a, AUDIT_ROOT, "size %llu", (unsigned long long)size);
    return OK;
}

/* ---- Public documents ---- */

static err check_version(struct audit *a, const char *kind, struct version *v, uint64_t number) {
    char name[PATH];
    struct office_document d = {.bytes = {0}};
    buf bytes = {0};
    snprintf(name, sizeof name, "%s/%llu", kind, (unsigned long long)number);
    err e = read_published(a, name, OFFICE_DOCUMENT_MAX, &bytes);
    if (e == OK && office_document_split(&d, buf_slice(&bytes), NULL) != OFFICE_OK)
        e = ERR_MALFORMED;
    if (!v->entered)
        find(a, AUDIT_DOCUMENT, "%s %llu is not in the ledger", kind, (unsigned long long)number);
    else if (e != OK || memcmp(d.hash, v->hash, 32) != 0)
        find(a, AUDIT_DOCUMENT, "%s %llu", kind, (unsigned long long)number);
    else if (strcmp(kind, "suspensions") == 0 &&
             office_suspensions_load(&v->list, NULL, buf_slice(&bytes), NULL) != OFFICE_OK)
        find(a, AUDIT_DOCUMENT, "%s %llu can't be read", kind, (unsigned long long)number);
    buf_free(&bytes);
    buf_free(&d.bytes);
    return e == ERR_NO_MEMORY ? e : OK;
}

/* Every version up to the highest that is entered or that a move names. */
static err check_versions(struct audit *a, const char *kind, struct version *versions,
                          uint64_t most) {
    for (uint64_t i = 1; i < VERSIONS; i++)
        if (versions[i].entered && i > most)
            most = i;
    for (uint64_t i = 1; i <= most; i++)
        TRY(check_version(a, kind, &versions[i], i));
    return OK;
}

static bool names(slice jurisdictions, const char *country) {
    slice c = slice_str(country);
    while (jurisdictions.n > 0)
        if (slice_equal(slice_until(&jurisdictions, ' '), c))
            return c.n > 0;
    return false;
}

/* A suspension of all, without a way out, binds whatever was released under its list. */
static void check_releases(struct audit *a) {
    for (size_t i = 0; i < a->release_count; i++) {
        const struct release *r = &a->releases[i];
        const struct office_suspensions *list = a->lists[r->list].list;
        for (size_t k = 0; list != NULL && k < list->suspensions.n; k++) {
            const struct office_suspension *s = &list->suspensions.p[k];
            if (s->scope.kind == OFFICE_SCOPE_ALL && s->carve_outs.n == 0 &&
                (names(s->jurisdictions, r->issuer) || names(s->jurisdictions, r->beneficiary)))
                find(a, AUDIT_SUSPENDED, "case %s", r->case_id);
        }
    }
}

/* ---- Cells ---- */

static struct row *row_find(struct rows *rows, const slice *key) {
    for (size_t i = 0; i < rows->n; i++) {
        bool same = true;
        for (int k = 0; k < COUNT_KEY_COUNT; k++)
            same = same && slice_equal(rows->each[i].key[k], key[k]);
        if (same)
            return &rows->each[i];
    }
    return NULL;
}

static void key_text(const slice *key, char text[WHERE / 2]) {
    size_t n = 0;
    for (int k = 0; k < COUNT_KEY_COUNT; k++) {
        int more = snprintf(text + n, WHERE / 2 - n, "%s%.*s", k == 0 ? "" : ",", (int)key[k].n,
                            (const char *)key[k].p);
        n += more < 0 || (size_t)more >= WHERE / 2 - n ? 0 : (size_t)more;
    }
}

static void compare(struct audit *a, const slice *key, const char *column, uint64_t reported,
                    uint64_t counted) {
    char text[WHERE / 2];
    if (reported == counted)
        return;
    key_text(key, text);
    find(a, AUDIT_CELL, "%s: %s: the report says %llu, the ledger %llu", text, column,
         (unsigned long long)reported, (unsigned long long)counted);
}

static void compare_cell(struct audit *a, const struct count_cell *c, const struct row *stated) {
    static const struct row none = {.met = false};
    struct row *row = row_find(&a->rows, c->key);
    const struct row *reported = row == NULL ? &none : row;
    a->sum->cells++;
    if (row != NULL)
        row->met = true;
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        compare(a, c->key, count_column_name((enum count_column)i), reported->number[i],
                c->number[i] + (stated == NULL ? 0 : stated->number[i]));
    compare(a, c->key, "answered", reported->answered,
            c->answered + (stated == NULL ? 0 : stated->answered));
    /* A median of two parts can't be had from the medians of each. */
    if (stated == NULL || stated->answered == 0)
        compare(a, c->key, "median_hours", reported->median, c->median_hours);
}

static bool check_cell(void *ctx, const struct count_cell *c) {
    struct audit *a = ctx;
    struct row *stated = row_find(&a->stated, c->key);
    if (stated != NULL)
        stated->met = true;
    compare_cell(a, c, stated);
    return true;
}

/* What is stated of cells of which nothing is opened, and what is reported of none. */
static void check_rest(struct audit *a) {
    struct count_cell cell = {.answered = 0};
    for (size_t i = 0; i < a->stated.n; i++)
        if (!a->stated.each[i].met) {
            memcpy(cell.key, a->stated.each[i].key, sizeof cell.key);
            compare_cell(a, &cell, &a->stated.each[i]);
        }
    for (size_t i = 0; i < a->rows.n; i++)
        if (!a->rows.each[i].met) {
            memcpy(cell.key, a->rows.each[i].key, sizeof cell.key);
            compare_cell(a, &cell, NULL);
        }
}

static bool fault_found(void *ctx, slice case_id, enum count_fault fault) {
    struct audit *a = ctx;
    find(a,
         fault == COUNT_GAP    ? AUDIT_GAP
         : fault == COUNT_JUMP ? AUDIT_JUMP
                               : AUDIT_BACK,
         "case %.*s", (int)case_id.n, (const char *)case_id.p);
    return true;
}

/* ---- The whole ---- */

static err go(struct audit *a) {
    bool good;
    TRY(read_report(a, &good));
    if (!good || !read_checkpoint(a))
        return OK;
    if (a->report.size > a->checkpoint.size) {
        find(a, AUDIT_REPORT, "size %llu is not published", (unsigned long long)a->report.size);
        return OK;
    }
    TRY(read_statement(a));
    buf batches = {0};
    err e = OK;
    if (a->of->padding_key != NULL && read_published(a, "batches", FILE_MAX, &batches) != OK)
        find(a, AUDIT_HIDDEN, "batches can't be read");
    a->batches = buf_slice(&batches);
    if (sys_lines_open(&a->openings, a->of->openings) == OK)
        next_opening(a);
    else
        find(a, AUDIT_OPENING, "%s can't be read", a->of->openings);
    e = count_new(&a->count);
    if (e == OK)
        e = walk(a);
    buf_free(&batches);
    TRY(e);
    if (a->has_next)
        find(a, AUDIT_OPENING, "entry %llu is not published", (unsigned long long)a->next.place);
    TRY(count_faults(a->count, fault_found, a));
    TRY(check_versions(a, "office", a->office, a->office_most));
    TRY(check_versions(a, "suspensions", a->lists, a->list_most));
    check_releases(a);
    const struct count_by by = {
        .from = a->report.from, .until = a->report.until, .keys = COUNT_KEY_COUNT};
    TRY(count_cells(a->count, &by, check_cell, a));
    check_rest(a);
    return OK;
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
    for (size_t i = 0; i < VERSIONS; i++)
        office_suspensions_free(a->lists[i].list);
    mem_free(NULL, a->rows.each, a->rows.room * sizeof *a->rows.each);
    mem_free(NULL, a->stated.each, a->stated.room * sizeof *a->stated.each);
    mem_free(NULL, a->releases, a->release_room * sizeof *a->releases);
    count_free(a->count);
    buf_free(&a->note);
    sys_lines_close(&a->openings);
    buf_free(&a->store);
    buf_free(&a->statement.bytes);
    mem_free(NULL, a, sizeof *a);
    return e;
}
