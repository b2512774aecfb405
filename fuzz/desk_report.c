/* What an audit reads of a report: lines of openings, rows of tables, bands. The first byte says
 * which. What is read is written again, and then is the same. */
#include <stdint.h>
#include <stdlib.h>

#include "desk/report.h"

static void must(bool good) {
    if (!good)
        abort();
}

static void opening(slice line) {
    struct report_opening o;
    buf store = {0}, again = {0};
    if (report_opening_read(line, &o, &store) == OK) {
        must(report_opening_write(&again, &o) == OK);
        must(slice_equal(slice_of(again.p, again.n - 1), line));
    }
    buf_free(&store);
    buf_free(&again);
}

static void row(slice line, enum report_table table) {
    struct report_of of = {.size = 0};
    struct report_row first, second;
    buf again = {0};
    if (report_row_read(line, table, &of, &first) &&
        report_row_write(&again, table, &of, &first) == OK) {
        must(report_row_read(slice_of(again.p, again.n - 1), table, &of, &second));
        must(first.from == second.from && first.until == second.until);
        must(memcmp(first.number, second.number, sizeof first.number) == 0);
        for (size_t i = 0; i < report_keys(table); i++)
            must(slice_equal(first.key[i], second.key[i]));
    }
    buf_free(&again);
}

static void band(slice line) {
    struct report_of of = {.from = UINT64_C(1767225600000), .until = UINT64_C(1798761600000)};
    struct report_band b;
    if (report_band_read(line, &of, &b))
        must(!b.told || b.not_before == 0 || line.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    slice line = slice_of(data + 1, n - 1);
    if (data[0] < REPORT_TABLES)
        row(line, (enum report_table)data[0]);
    else if (data[0] == REPORT_TABLES)
        opening(line);
    else
        band(line);
    return 0;
}
