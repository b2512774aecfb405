/* The transparency report: what is published of a period, and what opens it. docs/LEDGER.md says
 * how a report is checked without us. */
#ifndef SOTTO_DESK_REPORT_H
#define SOTTO_DESK_REPORT_H

#include "desk/count.h"
#include "merkle/tree.h"

/* Of which ledger, and when. */
struct report_of {
    slice origin;
    uint64_t size;
    struct merkle_hash root;
    uint64_t from, until;
};

/* Counts what the ledger holds of the period, and writes, below public/report/ of the desk's
 * folder, FROM_UNTIL.csv, .json, .html and .openings; and, for the auditor alone,
 * auditor/openings_FROM_UNTIL with all that can be opened. Cases that are not over, or whose notice
 * is barred, stay closed: their cells go into the auditor's statement, which is appended to
 * statement as a text to be signed. NOT_FOUND: nothing is published yet. */
MUST err desk_report(struct desk *d, uint64_t from, uint64_t until, buf *statement);

/* A line of an openings file, for the entry at this place. values: with their salts; a slot without
 * a salt is not opened. */
struct report_opening {
    uint64_t place;
    struct merkle_field fields[MERKLE_SLOTS];
    size_t n;
};
MUST err report_opening_write(buf *out, const struct report_opening *opening);
/* Reads one line (without its newline); salts and values then lie in store. MALFORMED. */
MUST err report_opening_read(slice line, struct report_opening *opening, buf *store);

/* The CSV's first line, and that of a cell. */
MUST err report_csv_head(buf *out);
MUST err report_csv_cell(buf *out, const struct report_of *of, const struct count_cell *cell);
/* "2026-01-01" */
enum { REPORT_DAY = 11 };
void report_day(uint64_t ms, char text[REPORT_DAY]);
bool report_day_read(slice text, uint64_t *ms);

#endif
