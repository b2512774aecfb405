/* What the files of a report share while it is made. */
#ifndef SOTTO_DESK_REPORT_INTERNAL_H
#define SOTTO_DESK_REPORT_INTERNAL_H

#include "desk/html.h"
#include "desk/internal.h"
#include "desk/report.h"
#include "desk/report_suspensions.h"
#include "desk/words.h"

/* What a report tells: as it is made, or as an audit reads it in its tables. */
struct report_told {
    struct report_of of;
    uint64_t opened, sealed; /* entries */
    bool witnessed;
    /* The rows of a table, as report_rows gives them. */
    err (*rows)(void *ctx, enum report_table table, report_row_visit *visit, void *visit_ctx);
    void *ctx;
    const struct report_suspensions *suspensions;
    const struct report_band *bands;
    size_t band_count;
    const char *folder; /* of a desk, whose data may be its own; or NULL */
};

/* The report as one JSON object, and as a page. NO_MEMORY. */
MUST err report_json(const struct report_told *told, buf *out);
MUST err report_html(const struct report_told *told, enum words_language language, buf *out);
const char *report_page_end(enum words_language language); /* "html" */

/* ---- The picture ---- report_picture.c */

/* What may become of a request, as the picture has it: fewer, so that they can be told apart. */
enum picture_part {
    PICTURE_DISCLOSED,
    PICTURE_REJECTED,
    PICTURE_NOT_HELD,
    PICTURE_SUSPENDED,
    PICTURE_ENDED, /* withdrawn, lapsed, forged */
    PICTURE_PENDING,
    PICTURE_PARTS
};
/* Requests of one jurisdiction, or of all, by half-year. */
struct picture_series {
    char name[DESK_COUNTRY]; /* "": not known */
    uint64_t all, most;      /* in all half-years; in the one with the most */
    uint64_t part[REPORT_HALVES_MAX][PICTURE_PARTS];
};
struct picture {
    uint64_t from[REPORT_HALVES_MAX]; /* of each half-year, ascending */
    size_t halves;
    struct picture_series total, *each; /* each: by `all`, descending */
    size_t n, room;
};
/* Takes a row of the half-years; they come ascending. */
MUST err picture_add(struct picture *p, const struct report_row *row);
void picture_sort(struct picture *p);
void picture_free(struct picture *p);
void picture_write(struct html *h, enum words_language language, const struct picture *p);
/* "2026 H1" */
void picture_half(enum words_language language, uint64_t from, char text[32]);
enum word picture_part_word(enum picture_part part);

/* ---- Parts of pages ---- report_html.c */

void report_say(struct html *h, enum words_language language, enum word w);
/* 1204 as "1,204". */
enum { REPORT_NUMBER = 28 };
void report_number_text(uint64_t number, char text[REPORT_NUMBER]);

#endif
