/* What an audit finds of the report as people and programs read it: the object and the pages are
 * made again from the tables. Of a page its numbers are compared, and how high its columns are;
 * words may be of another version of this program. */
#include <stdio.h>

#include "base/text.h"
#include "desk/audit_internal.h"
#include "desk/report_internal.h"

static err rows(void *ctx, enum report_table table, report_row_visit *visit, void *visit_ctx) {
    const struct audit *a = ctx;
    const struct audit_rows *all = &a->tables[table].reported;
    for (size_t i = 0; i < all->n; i++)
        if (!visit(visit_ctx, &all->each[i].row))
            break;
    return OK;
}

/* Past the first time that the text has this. */
static bool past(slice *text, const char *what) {
    slice want = slice_str(what);
    for (; text->n >= want.n; *text = slice_of(text->p + 1, text->n - 1))
        if (slice_skip(text, want))
            return true;
    return false;
}

static uint64_t said(slice text, const char *name) {
    uint64_t number = 0;
    size_t n = 0;
    if (past(&text, name))
        while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
            n++;
    return decimal_decode(slice_of(text.p, n), MERKLE_SIZE_MAX, &number) == OK ? number : 0;
}

static err make(struct audit *a, slice object, struct report_suspensions *s,
                struct report_told *told) {
    slice rest = object;
    *told = (struct report_told){.of = a->report,
                                 .opened = said(object, "\"opened\":"),
                                 .sealed = said(object, "\"sealed\":"),
                                 .witnessed = past(&rest, "\"witnessed\":true"),
                                 .rows = rows,
                                 .ctx = a,
                                 .suspensions = s,
                                 .bands = a->told_bands,
                                 .band_count = a->band_count};
    return audit_suspensions(a, s);
}

/* How much of it was opened is what the public can see; what is sealed, and whether it was
 * witnessed when it was made, it says itself. */
static err check_object(struct audit *a, const struct report_told *told, slice object) {
    buf again = {0};
    err e = report_json(told, &again);
    if (e == OK && !slice_equal(buf_slice(&again), object))
        audit_find(a, AUDIT_PAGE, "json: it is not what the tables give");
    if (e == OK && a->of->padding_key == NULL && told->opened != a->sum->opened)
        audit_find(a, AUDIT_PAGE, "json: %llu entries are opened",
                   (unsigned long long)a->sum->opened);
    buf_free(&again);
    return e;
}

/* The next number of a page, or the height of what is drawn. */
static bool next_number(slice *page, slice *number) {
    while (page->n > 0) {
        bool shown = slice_skip(page, slice_str("class=\"number\">"));
        bool drawn = !shown && slice_skip(page, slice_str(" height=\""));
        if (!shown && !drawn) {
            *page = slice_of(page->p + 1, page->n - 1);
            continue;
        }
        if (page->n == 0 || page->p[0] < '0' || page->p[0] > '9')
            continue;
        *number = slice_until(page, shown ? '<' : '"');
        return true;
    }
    return false;
}

static void compare(struct audit *a, const char *end, slice page, slice again) {
    slice x, y;
    for (unsigned i = 1;; i++) {
        bool one = next_number(&page, &x), other = next_number(&again, &y);
        if (!one && !other)
            return;
        if (one && other && slice_equal(x, y))
            continue;
        audit_find(a, AUDIT_PAGE, "%s: its number %u is not what the tables give", end, i);
        return;
    }
}

static err check_page(struct audit *a, const struct report_told *told,
                      enum words_language language) {
    buf page = {0}, again = {0};
    const char *end = report_page_end(language);
    err e = report_html(told, language, &again);
    if (audit_read_report(a, end, AUDIT_TABLE_MAX, &page) != OK)
        audit_find(a, AUDIT_PAGE, "%s can't be read", end);
    else if (e == OK)
        compare(a, end, buf_slice(&page), buf_slice(&again));
    buf_free(&page);
    buf_free(&again);
    return e;
}

err audit_pages(struct audit *a) {
    struct report_suspensions s = {.n = 0};
    struct report_told told;
    buf object = {0};
    if (audit_read_report(a, "json", AUDIT_TABLE_MAX, &object) != OK)
        audit_find(a, AUDIT_PAGE, "json can't be read");
    err e = make(a, buf_slice(&object), &s, &told);
    if (e == OK && object.n > 0)
        e = check_object(a, &told, buf_slice(&object));
    for (int l = 0; e == OK && l < WORDS_LANGUAGES; l++)
        e = check_page(a, &told, (enum words_language)l);
    report_suspensions_free(&s);
    buf_free(&object);
    return e;
}
