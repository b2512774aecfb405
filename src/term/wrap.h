/* Text in columns: how wide it is, and where its lines end. */
#ifndef SOTTO_TERM_WRAP_H
#define SOTTO_TERM_WRAP_H

#include "base/slice.h"

/* Columns that one line of text takes. */
unsigned wrap_width(slice text);
/* The length of the first line if there are so many columns (at least 2); *next: where the second
 * begins. With `words` it ends at a space where it can, which is in neither. A newline ends it. Of
 * a text that isn't empty, *next is never 0. */
size_t wrap_line(slice text, unsigned columns, bool words, size_t *next);

#endif
