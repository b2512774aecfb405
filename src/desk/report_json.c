/* The report as one object. Its tables are those of the files, row by row. */
#include <stdio.h>

#include "base/text.h"
#include "desk/ledger_internal.h"
#include "desk/report_internal.h"

static err text(buf *out, const char *name, slice value, const char *end) {
    TRY(ledger_say(out, "\"%s\":\"", name));
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\')
            TRY(buf_append_byte(out, '\\'));
        TRY(buf_append_byte(out, value.p[i]));
    }
    TRY(buf_append_byte(out, '"'));
    return buf_append(out, slice_str(end));
}

static err number(buf *out, const char *name, uint64_t value, const char *end) {
    return ledger_say(out, "\"%s\":%llu%s", name, (unsigned long long)value, end);
}

static err day(buf *out, const char *name, uint64_t ms, const char *end) {
    char day[REPORT_DAY];
    if (ms == 0)
        return ledger_say(out, "\"%s\":null%s", name, end);
    report_day(ms, day);
    return text(out, name, slice_str(day), end);
}

static err moment(buf *out, const char *name, uint64_t ms, const char *end) {
    char time[OFFICE_TIME_TEXT];
    if (ms == 0)
        return ledger_say(out, "\"%s\":null%s", name, end);
    office_time_write(ms, time);
    return text(out, name, slice_str(time), end);
}

static err head(const struct report_told *r, buf *out) {
    TRY(buf_append(out, slice_str("{\"type\":\"report\",\"version\":2,")));
    TRY(day(out, "period_start", r->of.from, ","));
    TRY(day(out, "period_end", r->of.until, ","));
    TRY(text(out, "ledger", r->of.origin, ","));
    TRY(number(out, "log_size", r->of.size, ",\"root_hash\":\""));
    TRY(hex_encode(out, merkle_hash_slice(&r->of.root)));
    TRY(ledger_say(out, "\",\"witnessed\":%s,", r->witnessed ? "true" : "false"));
    TRY(number(out, "opened", r->opened, ","));
    return number(out, "sealed", r->sealed, "");
}

/* ---- Tables ---- */

struct rows {
    buf *out;
    enum report_table table;
    size_t n;
    err failed;
};

static err write_row(const struct rows *rows, const struct report_row *row) {
    buf *out = rows->out;
    size_t last = report_numbers(rows->table) - 1;
    TRY(buf_append(out, slice_str(rows->n == 0 ? "\n{" : ",\n{")));
    if (rows->table == REPORT_HALVES) {
        TRY(day(out, "period_start", row->from, ","));
        TRY(day(out, "period_end", row->until, ","));
    }
    for (size_t i = 0; i < report_keys(rows->table); i++)
        TRY(text(out, report_key_name(rows->table, i), row->key[i], ","));
    for (size_t i = 0; i <= last; i++)
        TRY(number(out, report_number_name(rows->table, i), row->number[i], i < last ? "," : "}"));
    return OK;
}

static bool add_row(void *ctx, const struct report_row *row) {
    struct rows *rows = ctx;
    rows->failed = write_row(rows, row);
    rows->n++;
    return rows->failed == OK;
}

static err tables(const struct report_told *r, buf *out) {
    static const char *const names[REPORT_TABLES] = {"cells", "jurisdictions", "whole", "over_time",
                                                     "reasons"};
    for (int t = 0; t < REPORT_TABLES; t++) {
        struct rows rows = {.out = out, .table = (enum report_table)t};
        TRY(ledger_say(out, ",\n\"%s\":[", names[t]));
        TRY(r->rows(r->ctx, rows.table, add_row, &rows));
        TRY(rows.failed);
        TRY(buf_append_byte(out, ']'));
    }
    return OK;
}

/* ---- Suspensions, bands ---- */

static err suspension(buf *out, const struct report_suspension *s) {
    TRY(text(out, "id", buf_slice(&s->id), ","));
    TRY(text(out, "jurisdictions", buf_slice(&s->jurisdictions), ","));
    TRY(text(out, "scope", buf_slice(&s->scope), ","));
    TRY(text(out, "wording", buf_slice(&s->wording), ","));
    TRY(text(out, "carve_outs", buf_slice(&s->carve_outs), ","));
    TRY(moment(out, "start", s->start, ","));
    TRY(moment(out, "review", s->review, ","));
    return moment(out, "ended", s->ended, "}");
}

static err suspensions(const struct report_told *r, buf *out) {
    bool first = true;
    TRY(buf_append(out, slice_str(",\n\"suspensions\":[")));
    for (size_t i = 0; i < r->suspensions->n; i++) {
        const struct report_suspension *s = &r->suspensions->each[i];
        if (!report_suspension_within(s, r->of.from, r->of.until))
            continue;
        TRY(buf_append(out, slice_str(first ? "\n{" : ",\n{")));
        TRY(suspension(out, s));
        first = false;
    }
    return buf_append_byte(out, ']');
}

static err band(buf *out, const struct report_band *b) {
    TRY(text(out, "option", slice_str(b->option), ","));
    TRY(text(out, "law", slice_str(b->law), ","));
    TRY(ledger_say(out, "\"law_confirmed\":%s,", b->unconfirmed ? "false" : "true"));
    TRY(text(out, "figure", slice_str(b->figure), ","));
    TRY(text(out, "counts", slice_str(b->accounts ? "accounts" : "requests"), ","));
    if (b->told) {
        TRY(number(out, "lowest", b->lowest, ","));
        TRY(number(out, "highest", b->highest, ","));
    } else {
        TRY(buf_append(out, slice_str("\"lowest\":null,\"highest\":null,")));
    }
    return day(out, "not_before", b->not_before, "}");
}

static err bands(const struct report_told *r, buf *out) {
    TRY(buf_append(out, slice_str(",\n\"bands\":[")));
    for (size_t i = 0; i < r->band_count; i++) {
        TRY(buf_append(out, slice_str(i == 0 ? "\n{" : ",\n{")));
        TRY(band(out, &r->bands[i]));
    }
    return buf_append(out, slice_str("]}\n"));
}

err report_json(const struct report_told *r, buf *out) {
    TRY(head(r, out));
    TRY(tables(r, out));
    TRY(suspensions(r, out));
    return bands(r, out);
}
