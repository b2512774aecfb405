/* How a report is made: all is counted while it is written down for the auditor; then that is read
 * again, for what may be opened to all. */
#include "desk/report.h"

#include <stdio.h>

#include "base/text.h"
#include "desk/ledger_internal.h"
#include "desk/report_internal.h"
#include "desk/review.h"
#include "sys/files.h"
#include "sys/stream.h"

/* ---- What the making needs beside ---- */

struct making {
    struct desk *desk;
    struct report_told told;
    uint64_t now;
    struct count *all, *closed; /* of every case; of those that stay closed */
    struct report_suspensions suspensions;
    struct report_band bands[DESK_BANDS_MAX];
    struct sys_out openings, auditor; /* the public's; all, the auditor's */
    char auditor_path[LEDGER_PATH];
    buf line, *statement;
    struct ledger_key key; /* whose name the ledger's is; its seed is wiped */
};

static const struct desk_bands *bands_of(const struct making *m) {
    return &m->desk->data.bands;
}

/* ---- From the store ---- */

static const char leaves_sql[] =
    "SELECT l.place, f.slot, f.salt, f.value, l.filler FROM pending_leaves l"
    " JOIN leaf_fields f ON f.leaf = l.leaf WHERE l.place < ? ORDER BY l.place, f.slot";

/* The row's field, kept in the store, which has room. */
static err add_field(struct report_opening *o, struct desk_rows *q, buf *store) {
    slice salt = desk_row_bytes(q, 2), value;
    uint64_t slot = desk_row_number(q, 1);
    if (salt.n != MERKLE_SALT || slot >= MERKLE_SLOTS_NAMED || o->n == MERKLE_SLOTS)
        return ERR_DAMAGED;
    struct merkle_field *f = &o->fields[o->n++];
    size_t at = store->n;
    TRY(buf_append(store, salt));
    value = desk_row_bytes(q, 3);
    TRY(buf_append(store, value));
    f->slot = (size_t)slot;
    f->name = merkle_slot_name((enum merkle_slot)slot);
    /* Offsets until the leaf is whole: the store may move. */
    f->salt = (const uint8_t *)(uintptr_t)at;
    f->value = slice_of(NULL, value.n);
    return OK;
}

static void settle_fields(struct report_opening *o, const buf *store) {
    for (size_t i = 0; i < o->n; i++) {
        size_t at = (size_t)(uintptr_t)o->fields[i].salt;
        o->fields[i].salt = store->p + at;
        o->fields[i].value.p = store->p + at + MERKLE_SALT;
    }
}

static err count_one(struct making *m, const struct report_opening *o);

static err each_leaf(struct making *m) {
    struct desk_rows q;
    uint8_t filler[MERKLE_FILLER];
    buf store = {0};
    err e = OK;
    desk_rows_begin(&q, m->desk->store, leaves_sql, "i", m->told.of.size);
    bool more = desk_rows_next(&q);
    while (more && e == OK) {
        struct report_opening o = {.place = desk_row_number(&q, 0), .filler = filler};
        desk_row_copy(&q, 4, filler, sizeof filler);
        buf_clear(&store);
        while (e == OK && more && desk_row_number(&q, 0) == o.place) {
            e = add_field(&o, &q, &store);
            more = desk_rows_next(&q);
        }
        settle_fields(&o, &store);
        if (e == OK)
            e = count_one(m, &o);
    }
    err ended = desk_rows_end(&q);
    wipe(filler, sizeof filler);
    buf_free(&store);
    return e == OK ? ended : e;
}

static void values_of(const struct report_opening *o, slice values[MERKLE_SLOTS_NAMED]) {
    memset(values, 0, MERKLE_SLOTS_NAMED * sizeof *values);
    for (size_t i = 0; i < o->n; i++)
        values[o->fields[i].slot] = o->fields[i].value;
}

/* A move that stands there twice counts once; who audits it finds the other. */
static err add(struct count *c, const slice *values) {
    err e = count_add(c, values);
    return e == ERR_EXISTS ? OK : e;
}

static err write_line(struct making *m, struct sys_out *out, const struct report_opening *o) {
    buf_clear(&m->line);
    TRY(report_opening_write(&m->line, o));
    return sys_out_add(out, buf_slice(&m->line));
}

/* Without what a purge deletes: the file may outlive the case. */
static void hide(const struct report_opening *o, struct report_opening *shown) {
    *shown = (struct report_opening){.place = o->place, .filler = o->filler};
    for (size_t i = 0; i < o->n; i++)
        if (!report_is_secret(o->fields[i].slot))
            shown->fields[shown->n++] = o->fields[i];
}

static err count_one(struct making *m, const struct report_opening *o) {
    slice values[MERKLE_SLOTS_NAMED];
    struct report_opening shown;
    values_of(o, values);
    hide(o, &shown);
    TRY(write_line(m, &m->auditor, &shown));
    return add(m->all, values);
}

/* ---- What is opened ---- Once all is counted: what may be opened is not known before. */

/* Who sees how many are sealed must not learn how many are in a band. */
static err seal_one(struct making *m, const slice *values, const struct count_case *its) {
    if (!desk_ids_have(&bands_of(m)->all, its->process))
        m->told.sealed++;
    return add(m->closed, values);
}

static err open_one(struct making *m, const struct report_opening *o) {
    slice values[MERKLE_SLOTS_NAMED];
    struct report_opening shown = *o;
    struct count_case its = {.over = true}; /* a public document's */
    values_of(o, values);
    if (values[MERKLE_SLOT_CASE].n > 0)
        TRY(count_case_get(m->all, values[MERKLE_SLOT_CASE], &its));
    if (!its.over || its.barred || desk_ids_have(&bands_of(m)->all, its.process))
        return seal_one(m, values, &its);
    shown.filler = NULL;
    m->told.opened++;
    return write_line(m, &m->openings, &shown);
}

/* Reads again what was written for the auditor, which is cheaper than the store. */
static err open_all(struct making *m) {
    struct report_opening o;
    struct sys_lines lines;
    buf store = {0};
    slice line;
    err e = sys_lines_open(&lines, m->auditor_path);
    while (e == OK && (e = sys_lines_next(&lines, &line)) == OK) {
        e = report_opening_read(line, &o, &store);
        if (e == OK)
            e = open_one(m, &o);
    }
    sys_lines_close(&lines);
    buf_free(&store);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* "report/FROM_UNTIL.END" */
static void name_of_file(const struct report_of *of, const char *end, char name[LEDGER_PATH]) {
    char from[REPORT_DAY], until[REPORT_DAY];
    report_day(of->from, from);
    report_day(of->until, until);
    snprintf(name, LEDGER_PATH, "report/%s_%s.%s", from, until, end);
}

/* For the auditor alone, beside what is public. */
static err begin_auditor(struct making *m) {
    char name[LEDGER_PATH], path[LEDGER_PATH], from[REPORT_DAY], until[REPORT_DAY];
    report_day(m->told.of.from, from);
    report_day(m->told.of.until, until);
    TRY(ledger_path(m->desk, "auditor", path));
    TRY(sys_dir_make(path));
    snprintf(name, sizeof name, "auditor/openings_%s_%s", from, until);
    TRY(ledger_path(m->desk, name, m->auditor_path));
    return sys_out_begin(&m->auditor, m->auditor_path, 0600);
}

static err begin_openings(struct making *m) {
    char name[LEDGER_PATH], path[LEDGER_PATH], below[LEDGER_PATH + 8];
    name_of_file(&m->told.of, "openings", name);
    TRY(ledger_path(m->desk, "public/report", path));
    TRY(sys_dir_make(path));
    snprintf(below, sizeof below, "public/%s", name);
    TRY(ledger_path(m->desk, below, path));
    return sys_out_begin(&m->openings, path, LEDGER_PUBLIC);
}

static err count_all(struct making *m) {
    TRY(count_new(&m->all));
    TRY(count_new(&m->closed));
    TRY(begin_auditor(m));
    TRY(each_leaf(m));
    TRY(sys_out_end(&m->auditor));
    TRY(begin_openings(m));
    return open_all(m);
}

/* ---- Suspensions ---- Of the lists that the ledger has at this size. */

static err take_list(struct making *m, slice bytes, uint64_t since) {
    struct office_suspensions *list = NULL;
    enum office_reason reason = office_suspensions_load(&list, NULL, bytes, NULL);
    err e = reason == OFFICE_MEMORY ? ERR_NO_MEMORY : reason != OFFICE_OK ? ERR_DAMAGED : OK;
    if (e == OK)
        e = report_suspensions_take(&m->suspensions, list, since);
    office_suspensions_free(list);
    return e;
}

static err read_lists(struct making *m) {
    struct desk_rows q;
    err e = OK;
    desk_rows_begin(&q, m->desk->store,
                    "SELECT d.bytes, d.time FROM documents d"
                    " JOIN document_leaves USING (kind, version) JOIN pending_leaves USING (leaf)"
                    " WHERE d.kind = 'suspensions' AND place < ? ORDER BY d.version",
                    "i", m->told.of.size);
    while (e == OK && desk_rows_next(&q))
        e = take_list(m, desk_row_bytes(&q, 0), desk_row_number(&q, 1));
    err ended = desk_rows_end(&q);
    return e == OK ? ended : e;
}

/* ---- Witnesses ---- */

static bool is_witnessed(void *ctx, const struct desk_ledger_witness *w) {
    struct making *m = ctx;
    m->told.witnessed = m->told.witnessed || w->size == m->told.of.size;
    return !m->told.witnessed;
}

/* ---- Bands ---- */

static err count_bands(struct making *m) {
    const struct desk_bands *b = bands_of(m);
    for (size_t i = 0; i < b->n; i++)
        TRY(report_band_count(m->all, b, &b->each[i], &m->told.of, m->now, &m->bands[i]));
    return OK;
}

/* ---- The files ---- */

struct writing {
    const struct making *m;
    enum report_table table;
    const char *word; /* before each line */
    buf *out;
    err failed;
};

static bool write_row(void *ctx, const struct report_row *row) {
    struct writing *w = ctx;
    w->failed = buf_append(w->out, slice_str(w->word));
    if (w->failed == OK)
        w->failed = report_row_write(w->out, w->table, &w->m->told.of, row);
    return w->failed == OK;
}

static err write_rows(struct making *m, struct count *c, enum report_table table, const char *word,
                      buf *out) {
    struct writing w = {.m = m, .table = table, .word = word, .out = out};
    TRY(report_rows(c, table, &m->told.of, &bands_of(m)->all, write_row, &w));
    return w.failed;
}

static err write_bands(const struct making *m, const char *word, buf *out) {
    const struct desk_bands *b = bands_of(m);
    for (size_t i = 0; i < b->n; i++) {
        TRY(buf_append(out, slice_str(word)));
        TRY(report_band_write(out, &m->told.of, &m->bands[i]));
    }
    return OK;
}

static err write_statement(struct making *m, buf *out) {
    char word[16];
    TRY(review_head_write(out, "statement", &m->told.of));
    for (int t = 0; t < REPORT_TABLES; t++) {
        snprintf(word, sizeof word, "%s ", report_table_word((enum report_table)t));
        TRY(write_rows(m, m->closed, (enum report_table)t, word, out));
    }
    return write_bands(m, "band ", out);
}

static err table_file(struct making *m, enum report_table table, buf *out) {
    TRY(report_head_write(out, table));
    return write_rows(m, m->all, table, "", out);
}

static err bands_file(struct making *m, buf *out) {
    TRY(report_bands_head_write(out));
    return write_bands(m, "", out);
}

static err told_rows(void *ctx, enum report_table table, report_row_visit *visit, void *visit_ctx) {
    struct making *m = ctx;
    return report_rows(m->all, table, &m->told.of, &bands_of(m)->all, visit, visit_ctx);
}

/* One of the files: what makes it, by its number. */
enum { FILE_SUSPENSIONS = REPORT_TABLES, FILE_BANDS, FILE_JSON, FILE_EN, FILE_ZH, FILES };
static const char *const file_ends[] = {
    [FILE_SUSPENSIONS] = "suspensions.csv",
    [FILE_BANDS] = "bands.csv",
    [FILE_JSON] = "json",
};

static err content(struct making *m, int file, buf *out) {
    switch (file) {
    case FILE_SUSPENSIONS:
        return report_suspensions_write(out, &m->suspensions, m->told.of.from, m->told.of.until);
    case FILE_BANDS:
        return bands_file(m, out);
    case FILE_JSON:
        return report_json(&m->told, out);
    case FILE_EN:
        return report_html(&m->told, WORDS_EN, out);
    case FILE_ZH:
        return report_html(&m->told, WORDS_ZH, out);
    default:
        return table_file(m, (enum report_table)file, out);
    }
}

static err write_files(struct making *m) {
    char name[LEDGER_PATH];
    buf out = {0};
    err e = OK;
    for (int i = 0; e == OK && i < FILES; i++) {
        buf_clear(&out);
        name_of_file(&m->told.of,
                     i < REPORT_TABLES ? report_table_end((enum report_table)i)
                     : i >= FILE_EN    ? report_page_end((enum words_language)(i - FILE_EN))
                                       : file_ends[i],
                     name);
        e = content(m, i, &out);
        if (e == OK)
            e = ledger_file_write(m->desk, name, buf_slice(&out));
    }
    buf_free(&out);
    return e;
}

/* ---- The whole ---- */

/* The openings before what they open is spoken of. */
static err make(struct making *m) {
    TRY(count_all(m));
    TRY(read_lists(m));
    TRY(desk_ledger_witnesses(m->desk, is_witnessed, m));
    TRY(count_bands(m));
    TRY(write_statement(m, m->statement));
    TRY(sys_out_end(&m->openings));
    return write_files(m);
}

static err ledger_now(struct desk *d, struct report_of *of, struct ledger_key *key) {
    struct ledger_batch newest;
    TRY(ledger_batch_newest(d, &newest));
    if (newest.number == 0)
        return ERR_NOT_FOUND;
    TRY(ledger_key_load(d, key));
    wipe(key->seed, sizeof key->seed);
    of->origin = slice_of(key->key.name, key->key.name_n);
    of->size = ledger_batch_end(&newest);
    of->root = newest.root;
    return OK;
}

static err make_all(struct desk *d, uint64_t from, uint64_t until, struct making *m) {
    m->desk = d;
    m->told.of.from = from;
    m->told.of.until = until;
    m->told.rows = told_rows;
    m->told.ctx = m;
    m->told.suspensions = &m->suspensions;
    m->told.bands = m->bands;
    m->told.band_count = bands_of(m)->n;
    m->told.folder = d->folder;
    m->now = desk_now();
    TRY(ledger_now(d, &m->told.of, &m->key));
    return make(m);
}

err desk_report(struct desk *d, uint64_t from, uint64_t until, buf *statement) {
    struct making *m = mem_new(NULL, sizeof *m);
    size_t before = statement->n;
    if (m == NULL)
        return ERR_NO_MEMORY;
    m->statement = statement;
    m->openings.fd = m->auditor.fd = -1;
    err e = make_all(d, from, until, m);
    if (e != OK)
        statement->n = before;
    count_free(m->all);
    count_free(m->closed);
    report_suspensions_free(&m->suspensions);
    buf_free(&m->line);
    sys_out_fini(&m->openings);
    sys_out_fini(&m->auditor);
    mem_free(NULL, m, sizeof *m);
    return e;
}
