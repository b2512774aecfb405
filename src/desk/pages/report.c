/* The transparency report, as it was published last. */
#include "desk/pages/page.h"
#include "sys/files.h"

static err report(struct page *p) {
    page_begin(p, WORD_REPORT);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_REPORT_LEAD)), "class", "lead", NULL);
    page_element(p, "p", WORD_REPORT_NONE);
    return page_end(p);
}
PAGE(report, PAGE_OPEN)
