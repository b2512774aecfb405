/* The picture of a report: requests by half-year and outcome, of all, then of each jurisdiction.
 * Its parts differ by pattern and not by colour, and take the colour of the text around, so that
 * it reads in print, in the dark and by who sees no colours. The table below it says the same. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/report_internal.h"

/* ---- From the rows ---- */

static const enum picture_part parts[COUNT_COLUMN_COUNT] = {
    [COUNT_RELEASED] = PICTURE_DISCLOSED, [COUNT_REJECTED] = PICTURE_REJECTED,
    [COUNT_NOT_HELD] = PICTURE_NOT_HELD,  [COUNT_HELD] = PICTURE_SUSPENDED,
    [COUNT_WITHDRAWN] = PICTURE_ENDED,    [COUNT_LAPSED] = PICTURE_ENDED,
    [COUNT_FORGED] = PICTURE_ENDED,       [COUNT_PENDING] = PICTURE_PENDING,
};
static const enum count_column outcomes[] = {COUNT_RELEASED, COUNT_REJECTED,  COUNT_NOT_HELD,
                                             COUNT_HELD,     COUNT_WITHDRAWN, COUNT_LAPSED,
                                             COUNT_FORGED,   COUNT_PENDING};

static err series_of(struct picture *p, slice name, struct picture_series **out) {
    for (size_t i = 0; i < p->n; i++)
        if (slice_equal(slice_str(p->each[i].name), name)) {
            *out = &p->each[i];
            return OK;
        }
    if (p->n == p->room) {
        size_t more = p->room == 0 ? 16 : 2 * p->room;
        void *new = mem_resize(NULL, p->each, p->room * sizeof **out, more * sizeof **out);
        if (new == NULL)
            return ERR_NO_MEMORY;
        p->each = new;
        p->room = more;
    }
    *out = &p->each[p->n++];
    memset(*out, 0, sizeof **out);
    return desk_copy((*out)->name, DESK_COUNTRY, name) ? OK : ERR_MALFORMED;
}

static void series_add(struct picture_series *s, size_t half, const struct report_row *row) {
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        s->part[half][parts[outcomes[i]]] += row->number[outcomes[i]];
    for (int i = 0; i < PICTURE_PARTS; i++)
        sum += s->part[half][i];
    s->all += row->number[COUNT_RECEIVED];
    if (sum > s->most)
        s->most = sum;
}

err picture_add(struct picture *p, const struct report_row *row) {
    struct picture_series *s;
    if (p->halves == 0 || p->from[p->halves - 1] != row->from) {
        /* A half-year without a request has its place as well. */
        while (p->halves > 0 && p->halves < REPORT_HALVES_MAX) {
            uint64_t next = p->from[p->halves - 1];
            int year, month, day;
            time_date(next, &year, &month, &day);
            if (!time_of_date(month < 7 ? year : year + 1, month < 7 ? 7 : 1, 1, &next) ||
                next >= row->from)
                break;
            p->from[p->halves++] = next;
        }
        if (p->halves == REPORT_HALVES_MAX)
            return ERR_BUG;
        p->from[p->halves++] = row->from;
    }
    TRY(series_of(p, row->key[0], &s));
    series_add(s, p->halves - 1, row);
    series_add(&p->total, p->halves - 1, row);
    return OK;
}

static int by_requests(const void *a, const void *b) {
    const struct picture_series *x = a, *y = b;
    return x->all != y->all ? (x->all < y->all ? 1 : -1) : strcmp(x->name, y->name);
}

void picture_sort(struct picture *p) {
    if (p->n > 1)
        qsort(p->each, p->n, sizeof *p->each, by_requests);
}

void picture_free(struct picture *p) {
    mem_free(NULL, p->each, p->room * sizeof *p->each);
    *p = (struct picture){.n = 0};
}

/* ---- Words ---- */

enum word picture_part_word(enum picture_part part) {
    static const enum word words[PICTURE_PARTS] = {
        [PICTURE_DISCLOSED] = WORD_PART_DISCLOSED, [PICTURE_REJECTED] = WORD_PART_REJECTED,
        [PICTURE_NOT_HELD] = WORD_PART_NOT_HELD,   [PICTURE_SUSPENDED] = WORD_PART_SUSPENDED,
        [PICTURE_ENDED] = WORD_PART_ENDED,         [PICTURE_PENDING] = WORD_PART_PENDING,
    };
    return words[part];
}

void picture_half(enum words_language language, uint64_t from, char text[32]) {
    int year, month, day;
    time_date(from, &year, &month, &day);
    const char *format = words_get(language, month < 7 ? WORD_HALF_1 : WORD_HALF_2);
    const char *place = strstr(format, "{1}");
    if (place == NULL)
        snprintf(text, 32, "%s", format);
    else
        snprintf(text, 32, "%.*s%d%s", (int)(place - format), format, year, place + 3);
}

/* ---- Drawing ---- In units of which 720 are the width of all. */

enum { WIDTH = 720, PANELS = 12, IN_A_ROW = 3, LINE = 14 };

static void numbers(struct html *h, const char *const *names, const uint64_t *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        html_attr_number(h, names[i], values[i]);
}

static void rect(struct html *h, uint64_t x, uint64_t y, uint64_t width, uint64_t height) {
    numbers(h, (const char *const[]){"x", "y", "width", "height"},
            (uint64_t[]){x, y, width, height}, 4);
}

static void line(struct html *h, uint64_t x1, uint64_t x2, uint64_t y, const char *strong) {
    html_open(h, "line", "stroke", "currentColor", "stroke-opacity", strong, NULL);
    numbers(h, (const char *const[]){"x1", "x2", "y1", "y2"}, (uint64_t[]){x1, x2, y, y}, 4);
    html_close(h);
}

static void label(struct html *h, uint64_t x, uint64_t y, const char *anchor, const char *weight,
                  const char *text) {
    html_open(h, "text", "text-anchor", anchor, "font-size", "12", "font-weight", weight, "fill",
              "currentColor", NULL);
    numbers(h, (const char *const[]){"x", "y"}, (uint64_t[]){x, y}, 2);
    html_string(h, text);
    html_close(h);
}

/* The ground of a part, and what is drawn on it. */
static void pattern(struct html *h, const char *id, const char *size, const char *path,
                    const char *width) {
    html_open(h, "pattern", "id", id, "width", size, "height", size, "patternUnits",
              "userSpaceOnUse", NULL);
    html_open(h, "path", "d", path, "stroke", "currentColor", "stroke-width", width, "fill", "none",
              NULL);
    html_close(h);
    html_close(h);
}

static void patterns(struct html *h) {
    html_open(h, "defs", NULL);
    pattern(h, "rejected", "5", "M-1 1 1 -1M0 5 5 0M4 6 6 4", "1.6");
    pattern(h, "not-held", "4", "M0 2H4", "1");
    pattern(h, "suspended", "6", "M0 0H6M0 3H6M0 0V6M3 0V6", "1.1");
    pattern(h, "ended", "6", "M1 1H2.4M4 4H5.4", "1.4");
    html_close(h);
}

static const char *const fills[PICTURE_PARTS] = {
    [PICTURE_DISCLOSED] = "currentColor",  [PICTURE_REJECTED] = "url(#rejected)",
    [PICTURE_NOT_HELD] = "url(#not-held)", [PICTURE_SUSPENDED] = "url(#suspended)",
    [PICTURE_ENDED] = "url(#ended)",       [PICTURE_PENDING] = "none",
};

static void box(struct html *h, enum picture_part part, uint64_t x, uint64_t y, uint64_t width,
                uint64_t height) {
    html_open(h, "rect", "fill", fills[part], "stroke", "currentColor", "stroke-width", "0.75",
              NULL);
    rect(h, x, y, width, height);
    html_close(h);
}

static void legend(struct html *h, enum words_language language, uint64_t y) {
    for (int i = 0; i < PICTURE_PARTS; i++) {
        uint64_t x = (uint64_t)(i % 3) * 240, row = y + (uint64_t)(i / 3) * 22;
        box(h, (enum picture_part)i, x + 1, row, 22, LINE);
        label(h, x + 30, row + 12, "start", "normal",
              words_get(language, picture_part_word((enum picture_part)i)));
    }
}

/* A round number not below this one, of which the half is one, too. */
static uint64_t round_up(uint64_t most) {
    static const uint64_t steps[] = {2, 4, 6, 8, 10, 12, 16};
    uint64_t ten = 1;
    while (most > 16 * ten)
        ten *= 10;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i] * ten >= most)
            return steps[i] * ten;
    return most;
}

struct panel {
    uint64_t x, y, width, height; /* of the field in which columns stand */
    uint64_t top;                 /* the number at its upper edge */
};

static void axis(struct html *h, const struct panel *p) {
    char text[REPORT_NUMBER];
    for (uint64_t i = 0; i <= 2; i++) {
        uint64_t y = p->y + p->height - i * p->height / 2;
        line(h, p->x, p->x + p->width, y, i == 0 ? "1" : "0.25");
        report_number_text(p->top * i / 2, text);
        label(h, p->x - 6, y + 4, "end", "normal", text);
    }
}

/* From the bottom: what was disclosed first, for this is what is looked for. */
static void column(struct html *h, const struct panel *p, const uint64_t *part, uint64_t x,
                   uint64_t width) {
    uint64_t sum = 0, below = 0;
    for (int i = 0; i < PICTURE_PARTS; i++) {
        sum += part[i];
        uint64_t upper = sum * p->height / p->top;
        if (upper > below)
            box(h, (enum picture_part)i, x, p->y + p->height - upper, width, upper - below);
        below = upper;
    }
}

/* Every column has its label where there is room, else each second, fourth... */
static void columns(struct html *h, enum words_language language, const struct picture *pic,
                    const struct picture_series *s, const struct panel *p, uint64_t room) {
    size_t n = pic->halves, step = 1;
    uint64_t each = p->width / n, width = each * 3 / 5 < 64 ? each * 3 / 5 : 64;
    while (each * step < room && step < n)
        step *= 2;
    for (size_t i = 0; i < n; i++) {
        char text[32];
        uint64_t middle = p->x + each * i + each / 2;
        column(h, p, s->part[i], middle - width / 2, width);
        if ((n - 1 - i) % step != 0)
            continue;
        picture_half(language, pic->from[i], text);
        label(h, middle, p->y + p->height + 16, "middle", "normal", text);
    }
}

static void panel(struct html *h, enum words_language language, const struct picture *pic,
                  const struct picture_series *s, const struct panel *field, const char *title) {
    struct panel p = *field;
    char text[REPORT_NUMBER], whole[REPORT_NUMBER + 64];
    p.top = round_up(s->most == 0 ? 1 : s->most);
    report_number_text(s->all, text);
    snprintf(whole, sizeof whole, "%s: %s", title, text);
    label(h, p.x - 36, p.y - 12, "start", "bold", whole);
    axis(h, &p);
    columns(h, language, pic, s, &p, 64);
}

static void figure(struct html *h, const char *id, uint64_t height, const char *title,
                   const char *text) {
    char box_text[48], of[48], title_id[24], text_id[24];
    snprintf(box_text, sizeof box_text, "0 0 %d %llu", WIDTH, (unsigned long long)height);
    snprintf(title_id, sizeof title_id, "%s-title", id);
    snprintf(text_id, sizeof text_id, "%s-text", id);
    snprintf(of, sizeof of, "%s %s", title_id, text_id);
    html_open(h, "svg", "xmlns", "http://www.w3.org/2000/svg", "role", "img", "viewBox", box_text,
              "aria-labelledby", of, "class", "picture", NULL);
    html_element(h, "title", slice_str(title), "id", title_id, NULL);
    html_element(h, "desc", slice_str(text), "id", text_id, NULL);
}

static void all_of_them(struct html *h, enum words_language language, const struct picture *p) {
    const struct panel field = {.x = 48, .y = 90, .width = WIDTH - 48, .height = 220};
    figure(h, "all", 334, words_get(language, WORD_PICTURE_ALL),
           words_get(language, WORD_PICTURE_TEXT));
    patterns(h);
    legend(h, language, 2);
    panel(h, language, p, &p->total, &field, words_get(language, WORD_PICTURE_TOTAL));
    html_close(h);
}

static void each_of_them(struct html *h, enum words_language language, const struct picture *p) {
    size_t n = p->n < PANELS ? p->n : PANELS;
    uint64_t rows = (n + IN_A_ROW - 1) / IN_A_ROW;
    figure(h, "each", rows * 170, words_get(language, WORD_PICTURE_EACH),
           words_get(language, WORD_PICTURE_TEXT));
    for (size_t i = 0; i < n; i++) {
        const struct panel field = {.x = 44 + 240 * (i % IN_A_ROW),
                                    .y = 32 + 170 * (i / IN_A_ROW),
                                    .width = 180,
                                    .height = 100};
        panel(h, language, p, &p->each[i], &field,
              p->each[i].name[0] == '\0' ? words_get(language, WORD_NOT_CLASSIFIED)
                                         : p->each[i].name);
    }
    html_close(h);
}

void picture_write(struct html *h, enum words_language language, const struct picture *p) {
    if (p->halves == 0)
        return;
    html_open(h, "figure", NULL);
    html_open(h, "figcaption", NULL);
    report_say(h, language, WORD_PICTURE_ALL);
    html_close(h);
    all_of_them(h, language, p);
    html_close(h);
    html_open(h, "figure", NULL);
    html_open(h, "figcaption", NULL);
    report_say(h, language, WORD_PICTURE_EACH);
    html_string(h, " ");
    report_say(h, language, WORD_PICTURE_SCALES);
    html_close(h);
    each_of_them(h, language, p);
    html_close(h);
}
