/* The transparency report: what is published of a period, and what opens it. docs/LEDGER.md says
 * how a report is checked without us. */
#ifndef SOTTO_DESK_REPORT_H
#define SOTTO_DESK_REPORT_H

#include "desk/desk.h"
#include "desk/report_rows.h"

/* Counts what the ledger holds of the period, and writes, below public/report/ of the desk's
 * folder, FROM_UNTIL and .csv, .over-time.csv, .reasons.csv, .suspensions.csv, .bands.csv, .json,
 * .html, .zh-Hant.html, .openings; and, for the auditor alone, auditor/openings_FROM_UNTIL, of
 * all entries that hold something. Cases that are not over, or whose notice is barred, stay closed:
 * their cells go into the auditor's statement, which is appended to statement as a text to be
 * signed. What a law allows in bands only is in no other figure, and stays closed. NOT_FOUND:
 * nothing is published yet. */
MUST err desk_report(struct desk *d, uint64_t from, uint64_t until, buf *statement);

/* Publishes what an auditor signed of a report that is published: the statement or the review, as
 * FROM_UNTIL.statement or .review beside it. MALFORMED, NOT_FOUND: there is no such report, or it
 * is of another size or root; SIGNATURE: no auditor of the office signed it. */
MUST err desk_report_signed(struct desk *d, slice bytes);

/* A line of an openings file, for the entry at this place: its fields, and, for the auditor, the
 * filler of the slots that are left. */
struct report_opening {
    uint64_t place;
    struct merkle_field fields[MERKLE_SLOTS];
    size_t n;
    const uint8_t *filler; /* MERKLE_FILLER bytes, or NULL */
};
/* Never opened: what would let somebody who has a filing or an order find its case, and is deleted
 * when the case is purged. */
bool report_is_secret(size_t slot);
MUST err report_opening_write(buf *out, const struct report_opening *opening);
/* Reads one line (without its newline); what it names then lies in store. MALFORMED. */
MUST err report_opening_read(slice line, struct report_opening *opening, buf *store);

#endif
