/* What the files of the suspension board share. */
#ifndef SOTTO_DESK_PAGES_BOARD_H
#define SOTTO_DESK_PAGES_BOARD_H

#include "desk/pages/page.h"

/* Drafts the next list by what the form says, and shows it as a paper. which: the suspension, or
 * the notice, that it is about. */
err page_list_draft(struct page *p, slice what, slice which);

/* ---- The assessment of a lift ---- Its sections are files in the desk's folder
 * assessments/NOTICE/, 01 to 18; the list has their hashes. notice: the id of one of the list. */

/* NOT_FOUND: it is not written yet. */
err page_section_get(struct page *p, slice notice, unsigned number, buf *text);
err page_section_hash(struct page *p, slice notice, unsigned number, uint8_t hash[32]);
/* A section's number and title. */
void page_section_title(struct page *p, unsigned number);
/* What stands between a notice and its lift: both clocks, and the assessment. */
void page_lift_standing(struct page *p, const struct office_lift_notice *n);
#endif
