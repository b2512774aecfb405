/* QR codes, drawn in the terminal. */
#ifndef SOTTO_TERM_QR_H
#define SOTTO_TERM_QR_H

#include "term/line.h"

/* Adds the text's QR code with its margin, two rows of it in each line of half-block characters, in
 * black on white whatever the terminal's own colours are. TOO_LARGE if no code holds so much. */
MUST err qr_draw(struct line *l, slice text);

/* The same of a link "sotto:...#BASE32", whose last part in capitals, which mean the same, takes a
 * smaller code: a contact's link then fits into 80 columns. */
MUST err qr_draw_link(struct line *l, slice link);

#endif
