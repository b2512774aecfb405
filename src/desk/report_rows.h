/* The tables of a report, as files of comma-separated values: the report writes them, and an audit
 * counts them again. Each has its keys, then numbers, between the period and the ledger's size and
 * root. */
#ifndef SOTTO_DESK_REPORT_ROWS_H
#define SOTTO_DESK_REPORT_ROWS_H

#include "desk/count.h"
#include "desk/data.h"
#include "merkle/tree.h"

/* Of which ledger, and when. */
struct report_of {
    slice origin;
    uint64_t size;
    struct merkle_hash root;
    uint64_t from, until;
};

/* "2026-01-01" */
enum { REPORT_DAY = 11 };
void report_day(uint64_t ms, char text[REPORT_DAY]);
bool report_day_read(slice text, uint64_t *ms);

enum report_table {
    REPORT_CELLS,
    REPORT_ISSUERS, /* by jurisdiction alone: a median is no sum of cells */
    REPORT_WHOLE,
    REPORT_HALVES, /* the half-years up to the period's end, by jurisdiction */
    REPORT_REASONS,
    REPORT_TABLES
};
enum {
    REPORT_KEYS = COUNT_KEY_COUNT,
    REPORT_NUMBERS = COUNT_COLUMN_COUNT + 2, /* and these two */
    REPORT_ANSWERED = COUNT_COLUMN_COUNT,
    REPORT_MEDIAN,
    REPORT_HALVES_MAX = 40
};
struct report_row {
    uint64_t from, until; /* of a half-year, or the report's */
    slice key[REPORT_KEYS];
    uint64_t number[REPORT_NUMBERS];
};

/* What a file's name ends in, and what a line of the statement begins with: "csv", "cell". */
const char *report_table_end(enum report_table table);
const char *report_table_word(enum report_table table);
size_t report_keys(enum report_table table);
size_t report_numbers(enum report_table table);
const char *report_key_name(enum report_table table, size_t i);
const char *report_number_name(enum report_table table, size_t i);

/* The first line, and one for a row. MALFORMED for a key with a comma, a quote or a character that
 * is not ASCII. */
MUST err report_head_write(buf *out, enum report_table table);
MUST err report_row_write(buf *out, enum report_table table, const struct report_of *of,
                          const struct report_row *row);
/* Its keys lie in the line. False unless it is of this ledger, size and root, and of a period that
 * the table can have. While of->until is 0 the row says of which it is. */
bool report_row_read(slice line, enum report_table table, struct report_of *of,
                     struct report_row *row);

/* All rows, ascending, without these kinds of process. A visitor that returns false ends it. */
typedef bool report_row_visit(void *ctx, const struct report_row *row);
MUST err report_rows(struct count *c, enum report_table table, const struct report_of *of,
                     const struct desk_ids *without, report_row_visit *visit, void *ctx);

/* ---- What a law lets nobody tell but in bands ---- */

struct report_band {
    char option[DESK_ID], law[DESK_ID], figure[DESK_ID];
    bool unconfirmed, accounts;   /* accounts: they are counted, and not requests */
    char processes[16 * DESK_ID]; /* a space between */
    bool told;                    /* else not before the time; 0: of no such period */
    uint64_t lowest, highest, not_before;
};
/* Bands are told if the report is of their period, and their time has come. c: of all cases.
 * MALFORMED: its data has a comma, or is too long. */
MUST err report_band_count(struct count *c, const struct desk_bands *bands,
                           const struct desk_band *band, const struct report_of *of, uint64_t now,
                           struct report_band *out);
MUST err report_bands_head_write(buf *out);
MUST err report_band_write(buf *out, const struct report_of *of, const struct report_band *band);
/* False for a line that is none, or of another report. */
bool report_band_read(slice line, const struct report_of *of, struct report_band *band);

#endif
