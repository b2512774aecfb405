/* What the files of a report share while it is made. */
#ifndef SOTTO_DESK_REPORT_INTERNAL_H
#define SOTTO_DESK_REPORT_INTERNAL_H

#include "desk/html.h"
#include "desk/internal.h"
#include "desk/report.h"
#include "desk/report_suspensions.h"
#include "desk/words.h"

struct reporting {
    struct desk *desk;
    struct report_of of;
    uint64_t now;
    struct count *all, *closed; /* of every case; of those that stay closed */
    struct report_suspensions suspensions;
    struct report_band bands[DESK_BANDS_MAX];
    uint64_t opened, sealed; /* entries */
    bool witnessed;
};

static inline const struct desk_bands *report_bands(const struct reporting *r) {
    return &r->desk->data.bands;
}

/* The report as one JSON object, and as a page. NO_MEMORY. */
MUST err report_json(struct reporting *r, buf *out);
MUST err report_html(struct reporting *r, enum words_language language, buf *out);

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
