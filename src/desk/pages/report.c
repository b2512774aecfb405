/* The transparency reports: files below public/report, which the desk's command writes; here they
 * are listed, the newest period first, and given out. */
#include "desk/pages/page.h"
#include "desk/report_rows.h"
#include "sys/files.h"

enum { NAMES = 1024, PERIOD = 2 * (REPORT_DAY - 1) + 1 };

/* Names of files, ascending: those of one period stand together. */
struct names {
    buf bytes; /* each with a NUL */
    size_t at[NAMES], n;
    err failed;
};

/* Only names that the pages of published files take; the others are none of ours. */
static void take(void *ctx, const char *path) {
    struct names *names = ctx;
    const char *name = strrchr(path, '/');
    if (name == NULL || !page_published_name(slice_str(name + 1)) || names->n == NAMES ||
        names->failed != OK)
        return;
    names->at[names->n] = names->bytes.n;
    names->failed = buf_append(&names->bytes, slice_of(name + 1, strlen(name + 1) + 1));
    names->n += names->failed == OK;
}

static slice name_at(const struct names *names, size_t i) {
    return slice_str((const char *)names->bytes.p + names->at[i]);
}

/* "2026-01-01_2026-07-01", or nothing. */
static slice period_of(slice name) {
    uint64_t day;
    if (name.n < PERIOD || name.p[REPORT_DAY - 1] != '_' ||
        !report_day_read(slice_of(name.p, REPORT_DAY - 1), &day) ||
        !report_day_read(slice_of(name.p + REPORT_DAY, REPORT_DAY - 1), &day))
        return SLICE_EMPTY;
    return slice_of(name.p, PERIOD);
}

static void link_to(struct page *p, slice name, slice end, const char *class, slice text) {
    buf to = buf_on(NULL);
    err e = buf_append(&to, slice_str("/ledger/report/"));
    if (e == OK)
        e = buf_append(&to, name);
    if (e == OK)
        e = buf_append(&to, end);
    html_fail(&p->h, e);
    html_open(&p->h, "a", "class", class, NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    html_text(&p->h, text);
    html_close(&p->h);
    buf_free(&to);
}

/* Its page first, for most people; then all files, for those who count again. */
static void period(struct page *p, const struct names *names, size_t first, size_t end) {
    slice of = period_of(name_at(names, first));
    html_open(&p->h, "section", NULL);
    if (of.n > 0) {
        slice days[] = {slice_of(of.p, REPORT_DAY - 1),
                        slice_of(of.p + REPORT_DAY, REPORT_DAY - 1)};
        html_open(&p->h, "h2", NULL);
        page_say_with(p, WORD_REPORT_PERIOD, days, 2);
        html_close(&p->h);
        html_open(&p->h, "p", NULL);
        link_to(p, of, slice_str(p->language == WORDS_ZH ? ".zh-Hant.html" : ".html"), "button",
                slice_str(page_word(p, WORD_REPORT_READ)));
        html_close(&p->h);
        page_element(p, "h3", WORD_REPORT_FILES);
    }
    html_open(&p->h, "ul", NULL);
    for (size_t i = first; i < end; i++) {
        html_open(&p->h, "li", NULL);
        link_to(p, name_at(names, i), SLICE_EMPTY, NULL, name_at(names, i));
        html_close(&p->h);
    }
    html_close(&p->h);
    html_close(&p->h);
}

static void all(struct page *p, const struct names *names) {
    for (size_t end = names->n, first; end > 0; end = first) {
        slice of = period_of(name_at(names, end - 1));
        for (first = end - 1; first > 0; first--)
            if (!slice_equal(period_of(name_at(names, first - 1)), of))
                break;
        period(p, names, first, end);
    }
    if (names->n == 0)
        page_element(p, "p", WORD_REPORT_NONE);
}

static err report(struct page *p) {
    struct names names = {.n = 0};
    buf folder = buf_on(NULL);
    err e = buf_append(&folder, slice_str(desk_folder(p->desk)));
    if (e == OK)
        e = buf_append(&folder, slice_of("/public/report", 15));
    if (e == OK)
        sys_files_walk((const char *)folder.p, "", take, &names);
    if (e == OK)
        e = names.failed;
    page_begin(p, WORD_REPORT);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_REPORT_LEAD)), "class", "lead", NULL);
    all(p, &names);
    buf_free(&folder);
    buf_free(&names.bytes);
    return e == OK ? page_end(p) : e;
}
PAGE(report, PAGE_OPEN)
