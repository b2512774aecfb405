/* The transparency reports: files below public/report, which the desk's command writes; here they
 * are listed and given out. */
#include "desk/pages/page.h"
#include "sys/files.h"

struct files {
    struct page *p;
    size_t n;
};

/* Only names that the pages of published files take; the others are none of ours. */
static void file(void *ctx, const char *path) {
    struct files *files = ctx;
    struct page *p = files->p;
    const char *name = strrchr(path, '/');
    if (name == NULL || !page_published_name(slice_str(name + 1)))
        return;
    buf to = buf_on(NULL);
    err e = buf_append(&to, slice_str("/ledger/report/"));
    if (e == OK)
        e = buf_append(&to, slice_str(name + 1));
    html_fail(&p->h, e);
    html_open(&p->h, "li", NULL);
    html_open(&p->h, "a", NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    html_string(&p->h, name + 1);
    html_close(&p->h);
    html_close(&p->h);
    buf_free(&to);
    files->n++;
}

static err report(struct page *p) {
    struct files files = {p, 0};
    buf folder = buf_on(NULL);
    err e = buf_append(&folder, slice_str(desk_folder(p->desk)));
    if (e == OK)
        e = buf_append(&folder, slice_of("/public/report", 15));
    page_begin(p, WORD_REPORT);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_REPORT_LEAD)), "class", "lead", NULL);
    html_open(&p->h, "ul", NULL);
    if (e == OK)
        sys_files_walk((const char *)folder.p, "", file, &files);
    html_close(&p->h);
    if (files.n == 0)
        page_element(p, "p", WORD_REPORT_NONE);
    buf_free(&folder);
    return e == OK ? page_end(p) : e;
}
PAGE(report, PAGE_OPEN)
