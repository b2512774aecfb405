/* What the files of an audit share while it runs. */
#ifndef SOTTO_DESK_AUDIT_INTERNAL_H
#define SOTTO_DESK_AUDIT_INTERNAL_H

#include "desk/audit.h"
#include "desk/report.h"
#include "desk/report_suspensions.h"
#include "merkle/checkpoint.h"
#include "sys/stream.h"

enum {
    AUDIT_PATH = 1024,
    AUDIT_WHERE = 512,
    AUDIT_FILE_MAX = 1 << 20,
    AUDIT_TABLE_MAX = 64 << 20,
    AUDIT_VERSIONS = 4096
};

/* A table as it was reported, and what is stated of it. */
struct audit_row {
    struct report_row row;
    bool met;
};
struct audit_rows {
    struct audit_row *each;
    size_t n, room;
};
struct audit_table {
    buf bytes;
    struct audit_rows reported, stated;
};

/* A public document as the ledger has it. */
struct audit_version {
    bool entered;
    uint8_t hash[32];
    uint64_t noticed;                /* when, by its notice; 0: not yet */
    struct office_suspensions *list; /* of a suspension list, once it was read */
};
struct audit_release {
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
    struct audit_table tables[REPORT_TABLES];
    buf bands; /* the file, and what it says */
    struct report_band told_bands[DESK_BANDS_MAX];
    size_t band_count;
    slice stated_bands;       /* lines of the statement, each with its word */
    struct desk_ids in_bands; /* kinds of process */
    struct merkle_checkpoint checkpoint;
    struct merkle_key key; /* the ledger's */
    struct count *count;
    buf note, store;
    struct office_document statement;
    struct sys_lines openings;
    struct report_opening next;
    bool has_next;
    uint64_t batch, batch_end; /* the batch of the present entry */
    slice batches;
    struct audit_version office[AUDIT_VERSIONS], lists[AUDIT_VERSIONS];
    uint64_t office_most, list_most; /* that a move names */
    struct audit_release *releases;
    size_t release_count, release_room;
};

__attribute__((format(printf, 3, 4))) void audit_find(struct audit *a, enum audit_finding finding,
                                                      const char *format, ...);
/* A file of what is published; of the report: "over-time.csv". */
MUST err audit_read(const struct audit *a, const char *name, size_t max, buf *out);
MUST err audit_read_report(const struct audit *a, const char *end, size_t max, buf *out);
bool audit_is_auditors(const struct audit *a, const struct office_document *d);

/* ---- Tables ---- audit_tables.c */

/* *good: there is something to go on from. */
MUST err audit_tables_read(struct audit *a, bool *good);
MUST err audit_statement_read(struct audit *a);
MUST err audit_tables_check(struct audit *a);
void audit_tables_free(struct audit *a);

/* ---- Public documents ---- audit_documents.c */

void audit_document_keep(struct audit *a, const slice *values, uint64_t place);
MUST err audit_release_keep(struct audit *a, const slice *values, uint64_t list);
MUST err audit_documents_check(struct audit *a);
/* As the lists have them. */
MUST err audit_suspensions(const struct audit *a, struct report_suspensions *s);
void audit_documents_free(struct audit *a);

/* ---- Pages ---- audit_pages.c, after both */

MUST err audit_pages(struct audit *a);

/* ---- The second reading ---- audit_review.c, after the tables */

MUST err audit_review(struct audit *a);

#endif
