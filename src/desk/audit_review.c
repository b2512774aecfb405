/* What an audit finds of the auditor's second reading: that it is the auditor's, of this report,
 * and of the cases that the lot drew. */
#include <stdio.h>

#include "base/text.h"
#include "desk/audit_internal.h"
#include "desk/review.h"

/* What the text says. */
struct said {
    uint64_t answered, drawn, closed; /* closed: agreed and doubted together */
    slice cases;                      /* lines */
    bool unread;
};

static bool say_number(slice *text, const char *word, uint64_t *number) {
    slice line;
    return slice_line(text, &line) && slice_skip(&line, slice_str(word)) &&
           decimal_decode(line, UINT32_MAX, number) == OK;
}

/* The lines of cases, then those of the closed. */
static bool read_said(slice text, struct said *s) {
    uint64_t agreed, doubted, unread = 0;
    slice line, rest;
    if (!say_number(&text, "answered ", &s->answered) || !say_number(&text, "drawn ", &s->drawn))
        return false;
    s->cases = text;
    for (rest = text; slice_line(&rest, &line) && slice_skip(&line, slice_str("case "));)
        text = rest;
    s->cases.n -= text.n;
    if (!say_number(&text, "closed agreed ", &agreed) ||
        !say_number(&text, "closed doubted ", &doubted))
        return false;
    if (text.n > 0 && !say_number(&text, "closed unread ", &unread))
        return false;
    s->closed = agreed + doubted;
    s->unread = unread > 0;
    return text.n == 0;
}

static bool has_verdict(slice line) {
    return slice_equal(line, slice_str("agreed")) ||
           (slice_skip(&line, slice_str("doubted ")) && line.n > 0);
}

/* The cases that are named are those that were drawn, and each was read. */
static size_t check_cases(struct audit *a, const struct review_draw *draw, slice lines) {
    slice line;
    size_t i = 0, named = 0;
    while (slice_line(&lines, &line)) {
        (void)slice_skip(&line, slice_str("case "));
        slice id = slice_until(&line, ' ');
        named++;
        while (i < draw->n && draw->each[i].closed)
            i++;
        if (i == draw->n || !slice_equal(id, slice_str(draw->each[i].id)))
            audit_find(a, AUDIT_REVIEW, "case %.*s was not drawn, or another before it was",
                       (int)id.n, (const char *)id.p);
        else if (!has_verdict(line))
            audit_find(a, AUDIT_REVIEW, "case %.*s was not read", (int)id.n, (const char *)id.p);
        i += i < draw->n;
    }
    while (i < draw->n && draw->each[i].closed)
        i++;
    if (i < draw->n)
        audit_find(a, AUDIT_REVIEW, "case %s was drawn", draw->each[i].id);
    return named;
}

static uint64_t all_answered(const struct audit *a) {
    const struct audit_rows *rows = &a->tables[REPORT_CELLS].reported;
    uint64_t sum = 0;
    for (size_t i = 0; i < rows->n; i++)
        sum += rows->each[i].row.number[REPORT_ANSWERED];
    return sum;
}

/* Who has the public's openings can't draw among the closed: that one of these is the lowest is the
 * auditor's word. */
static void check_said(struct audit *a, struct review_draw *draw, const struct said *s) {
    bool all = a->of->padding_key != NULL;
    if (!all && draw->by_lowest && s->cases.n == 0 && s->closed > 0)
        draw->n = 0;
    size_t named = check_cases(a, draw, s->cases);
    if (s->answered != all_answered(a))
        audit_find(a, AUDIT_REVIEW, "the report answers other than %llu",
                   (unsigned long long)s->answered);
    if (s->unread || s->drawn != named + s->closed || (all && s->drawn != draw->n) ||
        (s->answered > 0 && s->drawn == 0))
        audit_find(a, AUDIT_REVIEW, "%llu drawn", (unsigned long long)s->drawn);
}

static err check(struct audit *a, const struct office_document *d, struct review_draw *draw) {
    struct said s = {.drawn = 0};
    slice text = d->text;
    buf head = {0};
    TRY(review_head_write(&head, "review", &a->report));
    bool good =
        audit_is_auditors(a, d) && slice_skip(&text, buf_slice(&head)) && read_said(text, &s);
    buf_free(&head);
    if (good)
        check_said(a, draw, &s);
    else
        audit_find(a, AUDIT_REVIEW, "review");
    return OK;
}

static err check_signed(struct audit *a, struct review_draw *draw) {
    struct office_document d = {.bytes = {0}};
    enum office_reason r = office_document_split(&d, a->of->review, NULL);
    err e = r == OFFICE_MEMORY ? ERR_NO_MEMORY : OK;
    if (r == OFFICE_OK)
        e = check(a, &d, draw);
    else if (e == OK)
        audit_find(a, AUDIT_REVIEW, "review: %s", office_reason_text(r));
    buf_free(&d.bytes);
    return e;
}

err audit_review(struct audit *a) {
    struct review_draw draw;
    err e = review_draw(&draw, a->count, &a->report, &a->in_bands);
    for (size_t i = 0; e == OK && a->of->drawn != NULL && i < draw.n; i++)
        a->of->drawn(a->ctx, slice_str(draw.each[i].id), draw.each[i].closed);
    if (e == OK && a->of->draft != NULL)
        e = review_write(a->of->draft, &a->report, &draw);
    if (e == OK && a->of->review.n > 0)
        e = check_signed(a, &draw);
    review_draw_free(&draw);
    return e;
}
