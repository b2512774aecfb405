#include "desk/report_rows.h"

#include <stdio.h>

#include "base/text.h"
#include "desk/facts.h"

/* ---- Days ---- */

void report_day(uint64_t ms, char text[REPORT_DAY]) {
    int year, month, day;
    time_date(ms, &year, &month, &day);
    snprintf(text, REPORT_DAY, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)day % 100);
}

bool report_day_read(slice text, uint64_t *ms) {
    char all[OFFICE_TIME_TEXT];
    if (text.n != REPORT_DAY - 1)
        return false;
    snprintf(all, sizeof all, "%.*sT00:00:00Z", (int)text.n, (const char *)text.p);
    return office_time_read(slice_str(all), ms);
}

/* ---- What each table has ---- */

static const struct {
    const char *end, *word;
    size_t keys, numbers;
} tables[REPORT_TABLES] = {
    [REPORT_CELLS] = {"csv", "cell", COUNT_KEY_COUNT, REPORT_NUMBERS},
    [REPORT_ISSUERS] = {"jurisdictions.csv", "jurisdiction", 1, REPORT_NUMBERS},
    [REPORT_WHOLE] = {"whole.csv", "whole", 0, REPORT_NUMBERS},
    [REPORT_HALVES] = {"over-time.csv", "half", 1, REPORT_NUMBERS},
    [REPORT_REASONS] = {"reasons.csv", "reason", 2, 1},
};

const char *report_table_end(enum report_table table) {
    return tables[table].end;
}

const char *report_table_word(enum report_table table) {
    return tables[table].word;
}

size_t report_keys(enum report_table table) {
    return tables[table].keys;
}

size_t report_numbers(enum report_table table) {
    return tables[table].numbers;
}

const char *report_key_name(enum report_table table, size_t i) {
    return table == REPORT_REASONS && i == 1 ? "reason" : count_key_name((enum count_key)i);
}

const char *report_number_name(enum report_table table, size_t i) {
    return table == REPORT_REASONS ? "rejected"
           : i == REPORT_ANSWERED  ? "answered"
           : i == REPORT_MEDIAN    ? "median_hours"
                                   : count_column_name((enum count_column)i);
}

/* ---- As text ---- */

static err comma(buf *out, slice value) {
    TRY(buf_append(out, value));
    return buf_append_byte(out, ',');
}

static err comma_number(buf *out, uint64_t number) {
    TRY(decimal_encode(out, number));
    return buf_append_byte(out, ',');
}

static err comma_period(buf *out, uint64_t from, uint64_t until) {
    char day[REPORT_DAY];
    report_day(from, day);
    TRY(comma(out, slice_str(day)));
    report_day(until, day);
    return comma(out, slice_str(day));
}

static err ledger_end(buf *out, const struct report_of *of) {
    TRY(comma_number(out, of->size));
    TRY(hex_encode(out, merkle_hash_slice(&of->root)));
    return buf_append_byte(out, '\n');
}

err report_head_write(buf *out, enum report_table table) {
    TRY(buf_append(out, slice_str("period_start,period_end,")));
    for (size_t i = 0; i < tables[table].keys; i++)
        TRY(comma(out, slice_str(report_key_name(table, i))));
    for (size_t i = 0; i < tables[table].numbers; i++)
        TRY(comma(out, slice_str(report_number_name(table, i))));
    return buf_append(out, slice_str("log_size,root_hash\n"));
}

/* Keys are words of the desk's own data, and hold neither comma nor quote. */
static bool is_plain(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return true;
}

err report_row_write(buf *out, enum report_table table, const struct report_of *of,
                     const struct report_row *row) {
    TRY(comma_period(out, row->from, row->until));
    for (size_t i = 0; i < tables[table].keys; i++) {
        if (!is_plain(row->key[i]))
            return ERR_MALFORMED;
        TRY(comma(out, row->key[i]));
    }
    for (size_t i = 0; i < tables[table].numbers; i++)
        TRY(comma_number(out, row->number[i]));
    return ledger_end(out, of);
}

static bool next_number(slice *line, uint64_t *number) {
    return decimal_decode(slice_until(line, ','), UINT64_MAX / 16, number) == OK;
}

bool report_row_read(slice line, enum report_table table, struct report_of *of,
                     struct report_row *row) {
    uint64_t size;
    struct merkle_hash root;
    *row = (struct report_row){.from = 0};
    bool good = report_day_read(slice_until(&line, ','), &row->from) &&
                report_day_read(slice_until(&line, ','), &row->until);
    for (size_t i = 0; i < tables[table].keys; i++)
        row->key[i] = slice_until(&line, ',');
    for (size_t i = 0; i < tables[table].numbers; i++)
        good = good && next_number(&line, &row->number[i]);
    good = good && next_number(&line, &size) && hex_decode_to(root.bytes, MERKLE_HASH, line) == OK;
    if (good && of->until == 0) {
        of->from = row->from;
        of->until = row->until;
        of->size = size;
        of->root = root;
    }
    return good && size == of->size && merkle_hash_equal(&root, &of->root) &&
           (table == REPORT_HALVES || (row->from == of->from && row->until == of->until));
}

/* ---- Rows of a count ---- */

struct rows_of {
    enum report_table table;
    uint64_t from, until;
    report_row_visit *visit;
    void *ctx;
    bool more;
};

static bool cell_row(void *ctx, const struct count_cell *c) {
    struct rows_of *r = ctx;
    struct report_row row = {.from = r->from, .until = r->until};
    for (size_t i = 0; i < tables[r->table].keys; i++)
        row.key[i] = c->key[i];
    memcpy(row.number, c->number, sizeof c->number);
    row.number[REPORT_ANSWERED] = c->answered;
    row.number[REPORT_MEDIAN] = c->median_hours;
    r->more = r->visit(r->ctx, &row);
    return r->more;
}

static bool reason_row(void *ctx, slice issuer, slice reason, uint64_t number) {
    struct rows_of *r = ctx;
    struct report_row row = {
        .from = r->from, .until = r->until, .key = {issuer, reason}, .number = {number}};
    r->more = r->visit(r->ctx, &row);
    return r->more;
}

/* The beginning of the half-year that holds this moment. */
static uint64_t half_of(uint64_t ms) {
    int year, month, day;
    uint64_t first = 0;
    time_date(ms, &year, &month, &day);
    return time_of_date(year, month < 7 ? 1 : 7, 1, &first) ? first : 0;
}

static err half_rows(struct count *c, const struct report_of *of, const struct desk_ids *without,
                     struct rows_of *r) {
    uint64_t begins[REPORT_HALVES_MAX + 1] = {of->until};
    int n = 0;
    while (n < REPORT_HALVES_MAX && begins[n] > 0) {
        begins[n + 1] = half_of(begins[n] - 1);
        n++;
    }
    for (r->more = true; r->more && n > 0; n--) {
        const struct count_by by = {
            .from = begins[n], .until = begins[n - 1], .keys = 1, .without = without};
        r->from = by.from;
        r->until = by.until;
        TRY(count_cells(c, &by, cell_row, r));
    }
    return OK;
}

err report_rows(struct count *c, enum report_table table, const struct report_of *of,
                const struct desk_ids *without, report_row_visit *visit, void *ctx) {
    struct rows_of r = {
        .table = table, .from = of->from, .until = of->until, .visit = visit, .ctx = ctx};
    const struct count_by by = {
        .from = of->from, .until = of->until, .keys = (int)tables[table].keys, .without = without};
    return table == REPORT_HALVES    ? half_rows(c, of, without, &r)
           : table == REPORT_REASONS ? count_reasons(c, &by, reason_row, &r)
                                     : count_cells(c, &by, cell_row, &r);
}

/* ---- Bands ---- */

static bool take_cell(void *ctx, const struct count_cell *c) {
    *(struct count_cell *)ctx = *c;
    return true;
}

/* Whether it is so many months from one day to the other. */
static bool is_months(uint64_t from, uint64_t until, uint64_t months) {
    int y1, m1, d1, y2, m2, d2;
    time_date(from, &y1, &m1, &d1);
    time_date(until, &y2, &m2, &d2);
    return d1 == d2 && (int64_t)(y2 - y1) * 12 + m2 - m1 == (int64_t)months;
}

static bool join(const struct desk_ids *ids, char text[16 * DESK_ID]) {
    size_t n = 0;
    for (size_t i = 0; i < ids->n; i++) {
        int more = snprintf(text + n, 16 * DESK_ID - n, "%s%s", i > 0 ? " " : "", ids->each[i]);
        if (more < 0 || (size_t)more >= 16 * DESK_ID - n)
            return false;
        n += (size_t)more;
    }
    return true;
}

err report_band_count(struct count *c, const struct desk_bands *bands, const struct desk_band *band,
                      const struct report_of *of, uint64_t now, struct report_band *out) {
    const struct count_by by = {.from = of->from, .until = of->until, .only = &band->processes};
    struct count_cell all = {.answered = 0};
    *out = (struct report_band){.unconfirmed = bands->unconfirmed, .accounts = band->accounts};
    memcpy(out->option, bands->option, sizeof out->option);
    memcpy(out->law, bands->law, sizeof out->law);
    memcpy(out->figure, band->id, sizeof out->figure);
    if (!join(&band->processes, out->processes) || !is_plain(slice_str(out->law)))
        return ERR_MALFORMED;
    if (!is_months(of->from, of->until, bands->months))
        return OK;
    if (now < of->until + bands->lag) {
        out->not_before = of->until + bands->lag;
        return OK;
    }
    TRY(count_cells(c, &by, take_cell, &all));
    uint64_t number = all.number[band->accounts ? COUNT_ACCOUNTS : COUNT_RECEIVED];
    out->told = true;
    out->lowest = number / bands->width * bands->width;
    out->highest = out->lowest + bands->width - 1;
    return OK;
}

err report_bands_head_write(buf *out) {
    return buf_append(out, slice_str("period_start,period_end,option,law,law_confirmed,figure,"
                                     "counts,process_types,lowest,highest,not_before,log_size,"
                                     "root_hash\n"));
}

err report_band_write(buf *out, const struct report_of *of, const struct report_band *b) {
    char day[REPORT_DAY] = "";
    TRY(comma_period(out, of->from, of->until));
    TRY(comma(out, slice_str(b->option)));
    TRY(comma(out, slice_str(b->law)));
    TRY(comma(out, slice_str(b->unconfirmed ? "no" : "yes")));
    TRY(comma(out, slice_str(b->figure)));
    TRY(comma(out, slice_str(b->accounts ? "accounts" : "requests")));
    TRY(comma(out, slice_str(b->processes)));
    if (b->told) {
        TRY(comma_number(out, b->lowest));
        TRY(comma_number(out, b->highest));
    } else {
        TRY(buf_append(out, slice_str(",,")));
    }
    if (b->not_before != 0)
        report_day(b->not_before, day);
    TRY(comma(out, slice_str(day)));
    return ledger_end(out, of);
}

static bool next_text(slice *line, char *text, size_t n) {
    return desk_copy(text, n, slice_until(line, ','));
}

/* What it says is what it would be written as, to the letter. */
static bool is_written(slice line, const struct report_of *of, const struct report_band *b) {
    buf again = {0};
    bool good = report_band_write(&again, of, b) == OK && again.n > 0 &&
                slice_equal(slice_of(again.p, again.n - 1), line);
    buf_free(&again);
    return good;
}

bool report_band_read(slice line, const struct report_of *of, struct report_band *b) {
    slice whole = line;
    *b = (struct report_band){.told = false};
    (void)slice_until(&line, ',');
    (void)slice_until(&line, ',');
    if (!next_text(&line, b->option, sizeof b->option) || !next_text(&line, b->law, sizeof b->law))
        return false;
    b->unconfirmed = slice_equal(slice_until(&line, ','), slice_str("no"));
    if (!next_text(&line, b->figure, sizeof b->figure))
        return false;
    b->accounts = slice_equal(slice_until(&line, ','), slice_str("accounts"));
    if (!next_text(&line, b->processes, sizeof b->processes))
        return false;
    b->told = line.n > 0 && line.p[0] != ',';
    if (b->told && (!next_number(&line, &b->lowest) || !next_number(&line, &b->highest)))
        return false;
    for (int i = 0; i < 2 && !b->told; i++)
        (void)slice_until(&line, ',');
    slice day = slice_until(&line, ',');
    return (day.n == 0 || report_day_read(day, &b->not_before)) && is_written(whole, of, b);
}
