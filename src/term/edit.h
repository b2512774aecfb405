/* A text that is being typed, and the cursor in it. A character moves and goes together with what
 * is put over it (of no width of its own). */
#ifndef SOTTO_TERM_EDIT_H
#define SOTTO_TERM_EDIT_H

#include "base/slice.h"

struct edit {
    buf text;  /* UTF-8 */
    size_t at; /* the cursor, in bytes */
};

MUST err edit_set(struct edit *e, slice text);
/* MALFORMED, and nothing is done, for a character that is no text. */
MUST err edit_insert(struct edit *e, uint32_t point);
void edit_clear(struct edit *e);
void edit_free(struct edit *e);

void edit_left(struct edit *e);
void edit_right(struct edit *e);
void edit_word_left(struct edit *e);
void edit_word_right(struct edit *e);
/* The beginning and the end of the line. */
void edit_home(struct edit *e);
void edit_end(struct edit *e);
/* Erases before and under the cursor, the word before it, all of its line before it and behind it.
 */
void edit_back(struct edit *e);
void edit_delete(struct edit *e);
void edit_back_word(struct edit *e);
void edit_back_line(struct edit *e);
void edit_cut(struct edit *e);

/* Shown in so many columns: the lines, and where the cursor stands. */
unsigned edit_rows(const struct edit *e, unsigned columns);
void edit_place(const struct edit *e, unsigned columns, unsigned *row, unsigned *column);
/* A line of them. False: there are not so many. */
bool edit_row(const struct edit *e, unsigned columns, unsigned row, slice *line);
/* False if there is no line above or below. */
bool edit_up(struct edit *e, unsigned columns);
bool edit_down(struct edit *e, unsigned columns);

#endif
