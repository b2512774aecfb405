/* The desk's store: one SQLite file, and the only place that knows SQLite.
 *
 * A statement's values are told by letters, one for each ?: i (int64_t or uint64_t:
 * cast what is smaller), t (a slice, as
 * text), b (a slice, as bytes), s (const char *), n (nothing follows: NULL). Statements are
 * compiled once; `sql` must be static. */
#ifndef SOTTO_DESK_STORE_H
#define SOTTO_DESK_STORE_H

#include <stdbool.h>

#include "base/slice.h"

struct desk_store;

/* Makes it, or brings it to the present version step by step. DAMAGED if it is of a newer desk or
 * broken, BUSY, IO. */
MUST err desk_store_open(struct desk_store **out, const char *path);
/* The same up to this version of the steps: for tests of those that come after it. */
MUST err desk_store_open_as(struct desk_store **out, const char *path, int version);
void desk_store_close(struct desk_store *s);
/* The version that the present steps make. */
int desk_store_version(void);

/* A transaction that writes. BUSY if another process has one for too long. What a failed step or
 * desk_store_undo leaves is nothing. They don't nest. */
MUST err desk_store_begin(struct desk_store *s);
MUST err desk_store_commit(struct desk_store *s);
void desk_store_undo(struct desk_store *s);
/* Changes when another process wrote something. */
MUST err desk_store_changes(struct desk_store *s, uint64_t *changes);

/* Leaves nothing of what was deleted in the log of writes. BUSY while somebody reads. */
MUST err desk_store_tidy(struct desk_store *s);

/* Without rows. EXISTS for a key that is there already. */
MUST err desk_store_run(struct desk_store *s, const char *sql, const char *values, ...);
/* Of the row that was written last. */
int64_t desk_store_last(struct desk_store *s);
/* How many rows the last statement changed. */
uint64_t desk_store_changed(struct desk_store *s);

/* With rows. `for (q; next(q);)`, then desk_rows_end, which gives what went wrong, and which must
 * be called whatever happened. Rows of one statement may be read while another writes. */
struct desk_rows {
    struct desk_store *store;
    void *statement;
    size_t place; /* of the statement, where it goes back to */
    err result;
};
void desk_rows_begin(struct desk_rows *q, struct desk_store *s, const char *sql, const char *values,
                     ...);
bool desk_rows_next(struct desk_rows *q);
/* Of the present row. A slice is gone with the row; text comes out as bytes, too. NULL is 0, or
 * empty. */
uint64_t desk_row_number(struct desk_rows *q, int column);
slice desk_row_bytes(struct desk_rows *q, int column);
/* As a C string of at most n - 1 bytes. */
void desk_row_text(struct desk_rows *q, int column, char *out, size_t n);
/* n bytes exactly: zeros where there are not so many. */
void desk_row_copy(struct desk_rows *q, int column, void *out, size_t n);
MUST err desk_rows_end(struct desk_rows *q);

/* The one number of the one row; 0 for none. */
MUST err desk_store_number(struct desk_store *s, uint64_t *out, const char *sql, const char *values,
                           ...);
/* Settings, by their names. get: NOT_FOUND. */
MUST err desk_meta_get(struct desk_store *s, const char *name, buf *value);
MUST err desk_meta_set(struct desk_store *s, const char *name, slice value);
MUST err desk_meta_number(struct desk_store *s, const char *name, uint64_t *value); /* 0: none */
MUST err desk_meta_number_set(struct desk_store *s, const char *name, uint64_t value);

#endif
