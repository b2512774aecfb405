/* What an audit finds of a report's tables: each row is counted again, from what is opened, and the
 * auditor's statement of what is not. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "desk/audit_internal.h"
#include "desk/facts.h"
#include "desk/review.h"

/* ---- Reading ---- */

static err row_add(struct audit_rows *rows, const struct report_row *row) {
    if (rows->n == rows->room) {
        size_t more = rows->room == 0 ? 64 : 2 * rows->room;
        void *p = mem_resize(NULL, rows->each, rows->room * sizeof *rows->each,
                             more * sizeof *rows->each);
        if (p == NULL)
            return ERR_NO_MEMORY;
        rows->each = p;
        rows->room = more;
    }
    rows->each[rows->n++] = (struct audit_row){.row = *row};
    return OK;
}

static err read_table(struct audit *a, enum report_table which, bool *good) {
    struct audit_table *table = &a->tables[which];
    slice rest, line;
    buf head = {0};
    err e = audit_read_report(a, report_table_end(which), AUDIT_TABLE_MAX, &table->bytes);
    *good = e == OK;
    rest = buf_slice(&table->bytes);
    e = report_head_write(&head, which);
    *good = *good && e == OK && slice_skip(&rest, buf_slice(&head));
    buf_free(&head);
    while (e == OK && *good && slice_line(&rest, &line)) {
        struct report_row row;
        *good = report_row_read(line, which, &a->report, &row);
        if (*good)
            e = row_add(&table->reported, &row);
    }
    *good = *good && rest.n == 0;
    if (e == OK && !*good)
        audit_find(a, AUDIT_REPORT, "%s, line %zu", report_table_end(which), table->reported.n + 2);
    return e;
}

/* A report without a request says of which ledger it is by nothing but its place. */
static bool is_of_nothing(struct audit *a) {
    const char *name = strrchr(a->of->report, '/');
    slice rest = slice_str(name == NULL ? a->of->report : name + 1);
    slice from = slice_until(&rest, '_'), until = slice_until(&rest, '.');
    a->report.size = a->checkpoint.size;
    a->report.root = a->checkpoint.root;
    return report_day_read(from, &a->report.from) && report_day_read(until, &a->report.until) &&
           a->report.from < a->report.until;
}

/* ---- Bands ---- */

enum { IN_BANDS_MAX = DESK_BANDS_MAX * 16 }; /* kinds of process */

static err read_bands(struct audit *a) {
    err e = audit_read_report(a, "bands.csv", AUDIT_TABLE_MAX, &a->bands);
    if (e != OK)
        audit_find(a, AUDIT_BAND, "bands.csv can't be read");
    return e == ERR_NO_MEMORY ? e : OK;
}

/* The words of a list as ids, of which none is there twice. */
static err ids_add(struct desk_ids *ids, size_t room, slice words) {
    while (words.n > 0 && ids->n < room) {
        slice word = slice_until(&words, ' ');
        if (desk_ids_have(ids, word))
            continue;
        if (word.n == 0 || !desk_copy_id(ids->each[ids->n], word))
            return ERR_MALFORMED;
        ids->n++;
    }
    return words.n > 0 ? ERR_MALFORMED : OK;
}

static bool add_cell(void *ctx, const struct count_cell *c) {
    *(struct count_cell *)ctx = *c;
    return true;
}

static err count_band(struct audit *a, const struct desk_ids *only, struct count_cell *all) {
    const struct count_by by = {.from = a->report.from, .until = a->report.until, .only = only};
    memset(all, 0, sizeof *all);
    return count_cells(a->count, &by, add_cell, all);
}

/* The auditor's form: the figure is within. */
static err check_band(struct audit *a, const struct report_band *b) {
    enum { MOST = 16 };
    struct count_cell all;
    struct desk_ids only = {.each = mem_new_array(NULL, MOST + 1, DESK_ID)};
    if (only.each == NULL)
        return ERR_NO_MEMORY;
    err e = ids_add(&only, MOST, slice_str(b->processes));
    if (e == OK)
        e = count_band(a, &only, &all);
    mem_free(NULL, only.each, (MOST + 1) * DESK_ID);
    TRY(e);
    uint64_t number = all.number[b->accounts ? COUNT_ACCOUNTS : COUNT_RECEIVED];
    if (b->told && (number < b->lowest || number > b->highest))
        audit_find(a, AUDIT_BAND, "%s", b->figure);
    return OK;
}

/* The public's form: the auditor states the same, and nothing of these kinds is opened. */
static err check_bands_stated(struct audit *a, slice rows) {
    slice stated = a->stated_bands, row, line;
    struct count_cell all;
    bool good = true;
    while (good && slice_line(&rows, &row))
        good = slice_line(&stated, &line) && slice_skip(&line, slice_str("band ")) &&
               slice_equal(line, row);
    if (!good || stated.n > 0)
        audit_find(a, AUDIT_BAND, "bands.csv is not what the auditor states");
    TRY(count_band(a, &a->in_bands, &all));
    if (all.number[COUNT_RECEIVED] > 0)
        audit_find(a, AUDIT_BAND, "cases that are told in bands only are opened");
    return OK;
}

/* Which kinds are in bands: no other table has them. *rows: what follows the head. */
static err bands_begin(struct audit *a, slice *rows) {
    slice line, rest = buf_slice(&a->bands);
    buf head = {0};
    a->in_bands.each = mem_new_array(NULL, IN_BANDS_MAX + 1, DESK_ID);
    if (a->in_bands.each == NULL)
        return ERR_NO_MEMORY;
    TRY(report_bands_head_write(&head));
    bool good = slice_skip(&rest, buf_slice(&head));
    buf_free(&head);
    *rows = rest;
    while (good && slice_line(&rest, &line)) {
        struct report_band *b = &a->told_bands[a->band_count];
        good = a->band_count < DESK_BANDS_MAX && report_band_read(line, &a->report, b) &&
               ids_add(&a->in_bands, IN_BANDS_MAX, slice_str(b->processes)) == OK;
        a->band_count += good;
    }
    if (!good || rest.n > 0) {
        audit_find(a, AUDIT_BAND, "bands.csv is malformed, or of another report");
        *rows = SLICE_EMPTY;
    }
    return OK;
}

static err bands_check(struct audit *a, slice rows) {
    if (a->of->padding_key == NULL)
        return check_bands_stated(a, rows);
    for (size_t i = 0; i < a->band_count; i++)
        TRY(check_band(a, &a->told_bands[i]));
    return OK;
}

err audit_tables_read(struct audit *a, bool *good) {
    TRY(read_table(a, REPORT_CELLS, good));
    if (!*good)
        return OK;
    if (a->report.until == 0 && !is_of_nothing(a)) {
        audit_find(a, AUDIT_REPORT, "%s: the name says no period", a->of->report);
        *good = false;
        return OK;
    }
    for (int t = REPORT_CELLS + 1; t < REPORT_TABLES; t++) {
        bool readable;
        TRY(read_table(a, (enum report_table)t, &readable));
    }
    return read_bands(a);
}

/* ---- The statement ---- */

/* All lines that begin with the table's word. */
static err stated_rows(struct audit *a, enum report_table table, slice *rest, bool *good) {
    slice line, left = *rest;
    while (*good && slice_line(&left, &line)) {
        struct report_row row;
        if (!slice_skip(&line, slice_str(report_table_word(table))) ||
            !slice_skip(&line, slice_str(" ")))
            break;
        *good = report_row_read(line, table, &a->report, &row);
        if (*good)
            TRY(row_add(&a->tables[table].stated, &row));
        *rest = left;
    }
    return OK;
}

static bool are_bands(slice rest) {
    slice line;
    while (slice_line(&rest, &line))
        if (!slice_skip(&line, slice_str("band ")))
            return false;
    return rest.n == 0;
}

err audit_statement_read(struct audit *a) {
    buf head = {0};
    if (a->of->statement.n == 0)
        return OK;
    enum office_reason r = office_document_split(&a->statement, a->of->statement, NULL);
    const struct office_document *d = &a->statement;
    err e = r == OFFICE_MEMORY ? ERR_NO_MEMORY : review_head_write(&head, "statement", &a->report);
    slice rest = d->text;
    bool good =
        e == OK && r == OFFICE_OK && audit_is_auditors(a, d) && slice_skip(&rest, buf_slice(&head));
    buf_free(&head);
    for (int t = 0; e == OK && good && t < REPORT_TABLES; t++)
        e = stated_rows(a, (enum report_table)t, &rest, &good);
    if (e == OK && good)
        a->stated_bands = rest;
    if (e == OK && !(good && are_bands(rest)))
        audit_find(a, AUDIT_STATEMENT, "statement");
    return e;
}

/* ---- Comparing ---- */

struct comparing {
    struct audit *a;
    enum report_table which;
    struct audit_table *table;
};

static struct report_row *row_find(struct audit_rows *rows, size_t keys,
                                   const struct report_row *want) {
    for (size_t i = 0; i < rows->n; i++) {
        struct report_row *row = &rows->each[i].row;
        bool same = row->from == want->from && row->until == want->until;
        for (size_t k = 0; k < keys && same; k++)
            same = slice_equal(row->key[k], want->key[k]);
        if (same) {
            rows->each[i].met = true;
            return row;
        }
    }
    return NULL;
}

static void key_text(const struct comparing *c, const struct report_row *row,
                     char text[AUDIT_WHERE / 2]) {
    char day[REPORT_DAY];
    report_day(row->from, day);
    size_t most = AUDIT_WHERE / 2;
    int n = snprintf(text, most, "%s, from %s", report_table_end(c->which), day);
    for (size_t k = 0; k < report_keys(c->which) && n > 0 && (size_t)n < most; k++)
        n += snprintf(text + n, most - (size_t)n, ",%.*s", (int)row->key[k].n,
                      (const char *)row->key[k].p);
}

static void compare_row(const struct comparing *c, const struct report_row *counted,
                        const struct report_row *stated) {
    static const struct report_row none = {.from = 0};
    char text[AUDIT_WHERE / 2];
    size_t keys = report_keys(c->which);
    const struct report_row *reported = row_find(&c->table->reported, keys, counted);
    reported = reported == NULL ? &none : reported;
    c->a->sum->cells++;
    for (size_t i = 0; i < report_numbers(c->which); i++) {
        uint64_t sum = counted->number[i] + (stated == NULL ? 0 : stated->number[i]);
        /* A median of two parts can't be had from the medians of each. */
        bool both = i == REPORT_MEDIAN && stated != NULL && stated->number[REPORT_ANSWERED] > 0;
        if (both || reported->number[i] == sum)
            continue;
        key_text(c, counted, text);
        audit_find(c->a, AUDIT_CELL, "%s: %s: the report says %llu, the ledger %llu", text,
                   report_number_name(c->which, i), (unsigned long long)reported->number[i],
                   (unsigned long long)sum);
    }
}

static bool check_row(void *ctx, const struct report_row *row) {
    const struct comparing *c = ctx;
    compare_row(c, row, row_find(&c->table->stated, report_keys(c->which), row));
    return true;
}

/* What is stated of rows of which nothing is opened, and what is reported of none. */
static void check_rest(const struct comparing *c) {
    for (int stated = 1; stated >= 0; stated--) {
        struct audit_rows *rows = stated ? &c->table->stated : &c->table->reported;
        for (size_t i = 0; i < rows->n; i++) {
            struct report_row empty = rows->each[i].row;
            if (rows->each[i].met)
                continue;
            memset(empty.number, 0, sizeof empty.number);
            compare_row(c, &empty, stated ? &rows->each[i].row : NULL);
        }
    }
}

err audit_tables_check(struct audit *a) {
    slice bands;
    TRY(bands_begin(a, &bands));
    for (int t = 0; t < REPORT_TABLES; t++) {
        struct comparing c = {a, (enum report_table)t, &a->tables[t]};
        TRY(report_rows(a->count, c.which, &a->report, &a->in_bands, check_row, &c));
        check_rest(&c);
    }
    return bands_check(a, bands);
}

void audit_tables_free(struct audit *a) {
    for (int t = 0; t < REPORT_TABLES; t++) {
        struct audit_table *table = &a->tables[t];
        mem_free(NULL, table->reported.each, table->reported.room * sizeof(struct audit_row));
        mem_free(NULL, table->stated.each, table->stated.room * sizeof(struct audit_row));
        buf_free(&table->bytes);
    }
    mem_free(NULL, a->in_bands.each, (IN_BANDS_MAX + 1) * DESK_ID);
    buf_free(&a->bands);
}
