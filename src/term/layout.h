/* What is where on the screen, by its size alone. */
#ifndef SOTTO_TERM_LAYOUT_H
#define SOTTO_TERM_LAYOUT_H

#include "base/slice.h"

/* Columns from which on list and conversation stand side by side. */
enum { LAYOUT_BOTH = 80, LAYOUT_ROWS_MIN = 6, LAYOUT_COLUMNS_MIN = 20 };

struct layout_area {
    unsigned row, column, rows, columns; /* no rows: it is not shown */
};
/* From the top to the bottom: a title; the list, or the talk with what is typed below it, or both
 * side by side; the status; the footer with the keys. */
struct layout {
    struct layout_area list, title, talk, compose, status, footer;
    unsigned rule; /* the column between list and talk; 0: none */
    bool small;    /* nothing of use can be shown */
};

/* in_list: of the two the list is shown if there is room for one. typed: rows that the composer
 * would like. */
struct layout layout_make(unsigned rows, unsigned columns, bool in_list, unsigned typed);

/* The first of `count` things that is shown in `rows` rows: from `top`, moved no further than that
 * `at` is seen. */
size_t layout_scroll(size_t top, size_t at, size_t count, size_t rows);

#endif
