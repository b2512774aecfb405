/* The report as a page of its own: a picture, and every number in tables below it. It needs no
 * script, and the desk's style sheet only to look better. */
#include <stdio.h>

#include "base/text.h"
#include "desk/report_internal.h"

/* ---- Words and numbers ---- */

void report_say(struct html *h, enum words_language language, enum word w) {
    html_string(h, words_get(language, w));
}

/* {1} to {4} stand for what is said with it, each of which is of this class; NULL: of none. */
static void say_parts(struct html *h, enum words_language language, enum word w, const slice *with,
                      const char *class) {
    slice rest = slice_str(words_get(language, w));
    while (rest.n > 0) {
        html_text(h, slice_until(&rest, '{'));
        if (rest.n < 2 || rest.p[0] < '1' || rest.p[0] > '4')
            continue;
        if (class != NULL)
            html_element(h, "span", with[rest.p[0] - '1'], "class", class, NULL);
        else
            html_text(h, with[rest.p[0] - '1']);
        rest = slice_of(rest.p + 2, rest.n - 2);
    }
}

static void say_with(struct html *h, enum words_language language, enum word w, const slice *with) {
    say_parts(h, language, w, with, NULL);
}

void report_number_text(uint64_t number, char text[REPORT_NUMBER]) {
    char plain[DECIMAL_TEXT];
    decimal_text(number, plain);
    size_t n = strlen(plain), at = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = plain[i];
    }
    text[at] = '\0';
}

static void say_number(struct html *h, uint64_t number) {
    char text[REPORT_NUMBER];
    report_number_text(number, text);
    html_string(h, text);
}

static void cell(struct html *h, uint64_t number) {
    html_open(h, "td", "class", "number", NULL);
    say_number(h, number);
    html_close(h);
}

static const enum word columns[REPORT_NUMBERS] = {
#define X(text, name) [COUNT_##name] = WORD_COLUMN_##name,
    COUNT_COLUMNS(X)
#undef X
        [REPORT_ANSWERED] = WORD_COLUMN_ANSWERED,
    [REPORT_MEDIAN] = WORD_COLUMN_MEDIAN,
};

/* What tables show: every column is in one of the first two. */
static const int outcomes[] = {COUNT_RECEIVED, COUNT_ACCOUNTS, COUNT_RELEASED,  COUNT_REJECTED,
                               COUNT_NOT_HELD, COUNT_HELD,     COUNT_WITHDRAWN, COUNT_LAPSED,
                               COUNT_FORGED,   COUNT_PENDING};
static const int on_the_way[] = {COUNT_NARROWED,  COUNT_CHALLENGED,    COUNT_COMPELLED,
                                 COUNT_PRESERVED, COUNT_BLOCKED_AFTER, REPORT_ANSWERED,
                                 REPORT_MEDIAN,   COUNT_NOTIFIED,      COUNT_DELAYED};
enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };
enum { ON_THE_WAY = sizeof on_the_way / sizeof on_the_way[0] };

/* ---- Tables ---- */

struct group {
    char name[2 * DESK_ID];
    uint64_t number[REPORT_NUMBERS];
};
/* What is counted together under one name. */
struct groups {
    struct group *each;
    size_t n, room;
};

static struct group *group_of(struct groups *g, slice name) {
    for (size_t i = 0; i < g->n; i++)
        if (slice_equal(slice_str(g->each[i].name), name))
            return &g->each[i];
    if (g->n == g->room) {
        size_t more = g->room == 0 ? 16 : 2 * g->room;
        void *p = mem_resize(NULL, g->each, g->room * sizeof *g->each, more * sizeof *g->each);
        if (p == NULL)
            return NULL;
        g->each = p;
        g->room = more;
    }
    memset(&g->each[g->n], 0, sizeof g->each[g->n]);
    return desk_copy_id(g->each[g->n].name, name) ? &g->each[g->n++] : NULL;
}

static void groups_free(struct groups *g) {
    mem_free(NULL, g->each, g->room * sizeof *g->each);
    *g = (struct groups){.n = 0};
}

static void begin_table(struct html *h, enum words_language language, enum word caption) {
    html_open(h, "div", "class", "table", "tabindex", "0", "role", "region", "aria-label",
              words_get(language, caption), NULL);
    html_open(h, "table", NULL);
    html_element(h, "caption", slice_str(words_get(language, caption)), NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
}

static void heading(struct html *h, enum words_language language, enum word w, bool number) {
    html_element(h, "th", slice_str(words_get(language, w)), "scope", "col", "class",
                 number ? "number" : NULL, NULL);
}

static void begin_rows(struct html *h) {
    html_close(h);
    html_close(h);
    html_open(h, "tbody", NULL);
}

static void end_table(struct html *h) {
    for (int i = 0; i < 3; i++)
        html_close(h);
}

static void row_name(struct html *h, enum words_language language, slice name) {
    html_element(h, "th", name.n == 0 ? slice_str(words_get(language, WORD_NOT_CLASSIFIED)) : name,
                 "scope", "row", NULL);
}

/* names: what the groups' names mean; NULL: themselves. */
static void table(struct html *h, enum words_language language, enum word caption, enum word first,
                  const struct groups *g, const struct desk_names *names, const int *which,
                  size_t n) {
    begin_table(h, language, caption);
    heading(h, language, first, false);
    for (size_t i = 0; i < n; i++)
        heading(h, language, columns[which[i]], true);
    begin_rows(h);
    for (size_t r = 0; r < g->n; r++) {
        slice name = slice_str(g->each[r].name);
        html_open(h, "tr", NULL);
        row_name(h, language, names == NULL ? name : desk_names_get(names, name, (int)language));
        for (size_t i = 0; i < n; i++)
            cell(h, g->each[r].number[which[i]]);
        html_close(h);
    }
    end_table(h);
}

/* ---- What is shown ---- */

struct page {
    const struct report_told *r;
    struct html h;
    enum words_language language;
    struct picture picture;
    struct groups issuers, processes, paths, categories, all;
    struct desk_names process_names, reason_names, category_names, figure_names;
};

static void section(struct page *p, enum word title) {
    html_open(&p->h, "section", NULL);
    html_open(&p->h, "h2", NULL);
    report_say(&p->h, p->language, title);
    html_close(&p->h);
}

static void paragraph(struct page *p, enum word w, const slice *with, const char *class) {
    html_open(&p->h, "p", "class", class, NULL);
    say_with(&p->h, p->language, w, with);
    html_close(&p->h);
}

static bool add_half(void *ctx, const struct report_row *row) {
    struct page *p = ctx;
    err e = picture_add(&p->picture, row);
    html_fail(&p->h, e);
    return e == OK;
}

static void put(struct page *p, struct groups *g, slice name, const struct report_row *row) {
    struct group *group = group_of(g, name);
    if (group == NULL) {
        html_fail(&p->h, ERR_NO_MEMORY);
        return;
    }
    for (int i = 0; i < REPORT_MEDIAN; i++)
        group->number[i] += row->number[i];
}

static bool add_cell(void *ctx, const struct report_row *row) {
    struct page *p = ctx;
    put(p, &p->processes, row->key[COUNT_KEY_PROCESS], row);
    put(p, &p->paths, row->key[COUNT_KEY_PATH], row);
    put(p, &p->categories, row->key[COUNT_KEY_CATEGORY], row);
    return true;
}

/* With its own median. */
static void put_whole(struct page *p, struct groups *g, slice name, const struct report_row *row) {
    struct group *group = group_of(g, name);
    if (group == NULL)
        html_fail(&p->h, ERR_NO_MEMORY);
    else
        memcpy(group->number, row->number, sizeof group->number);
}

static bool add_issuer(void *ctx, const struct report_row *row) {
    struct page *p = ctx;
    put_whole(p, &p->issuers, row->key[0], row);
    return true;
}

static bool add_whole(void *ctx, const struct report_row *row) {
    struct page *p = ctx;
    put_whole(p, &p->issuers, slice_str(words_get(p->language, WORD_REPORT_ALL)), row);
    put_whole(p, &p->all, SLICE_EMPTY, row);
    return true;
}

static err gather(struct page *p) {
    const struct report_told *r = p->r;
    TRY(r->rows(r->ctx, REPORT_HALVES, add_half, p));
    TRY(r->rows(r->ctx, REPORT_CELLS, add_cell, p));
    TRY(r->rows(r->ctx, REPORT_ISSUERS, add_issuer, p));
    TRY(r->rows(r->ctx, REPORT_WHOLE, add_whole, p));
    picture_sort(&p->picture);
    const char *in = r->folder;
    TRY(desk_names_load(&p->process_names, in, "process-types.json", "types", NULL));
    TRY(desk_names_load(&p->reason_names, in, "reasons.json", "reasons", NULL));
    TRY(desk_names_load(&p->category_names, in, "regimes.json", "regimes", "categories"));
    TRY(desk_names_load(&p->category_names, in, "demands.json", "demands", NULL));
    return desk_names_load(&p->figure_names, in, "bands.json", "cells", NULL);
}

/* ---- Parts ---- */

static void head(struct page *p) {
    const struct report_told *r = p->r;
    char from[REPORT_DAY], until[REPORT_DAY], text[4][REPORT_NUMBER];
    static const struct group none = {.name = ""};
    const struct group *all = p->all.n == 0 ? &none : &p->all.each[0];
    report_day(r->of.from, from);
    report_day(r->of.until, until);
    html_open(&p->h, "h1", NULL);
    report_say(&p->h, p->language, WORD_REPORT_TITLE);
    html_close(&p->h);
    paragraph(p, WORD_REPORT_PERIOD, (slice[]){slice_str(from), slice_str(until)}, "period");
    report_number_text(all->number[COUNT_RECEIVED], text[0]);
    report_number_text(all->number[COUNT_ACCOUNTS], text[1]);
    report_number_text(all->number[COUNT_RELEASED], text[2]);
    html_open(&p->h, "p", "class", "lead", NULL);
    say_parts(&p->h, p->language, WORD_REPORT_SUM,
              (slice[]){slice_str(text[0]), slice_str(text[1]), slice_str(text[2])}, "number");
    html_close(&p->h);
    if (!r->witnessed)
        paragraph(p, WORD_NOT_WITNESSED, NULL, "not-witnessed");
}

/* Of several rows. */
static void group_name(struct html *h, enum words_language language, slice name, size_t rows) {
    html_open(h, "th", "scope", "rowgroup", NULL);
    html_attr_number(h, "rowspan", rows);
    html_text(h, name.n == 0 ? slice_str(words_get(language, WORD_NOT_CLASSIFIED)) : name);
    html_close(h);
}

/* The picture's numbers: a row for each jurisdiction and half-year. */
static void over_time(struct page *p) {
    static const enum picture_part parts[] = {PICTURE_DISCLOSED, PICTURE_REJECTED, PICTURE_NOT_HELD,
                                              PICTURE_SUSPENDED, PICTURE_ENDED,    PICTURE_PENDING};
    struct html *h = &p->h;
    begin_table(h, p->language, WORD_PICTURE_ALL);
    heading(h, p->language, WORD_REPORT_JURISDICTION, false);
    heading(h, p->language, WORD_REPORT_HALF, false);
    heading(h, p->language, WORD_COLUMN_RECEIVED, true);
    for (int i = 0; i < PICTURE_PARTS; i++)
        heading(h, p->language, picture_part_word(parts[i]), true);
    begin_rows(h);
    for (size_t s = 0; s < p->picture.n; s++)
        for (size_t i = 0; i < p->picture.halves; i++) {
            const uint64_t *part = p->picture.each[s].part[i];
            uint64_t sum = 0;
            char half[32];
            for (int k = 0; k < PICTURE_PARTS; k++)
                sum += part[k];
            picture_half(p->language, p->picture.from[i], half);
            html_open(h, "tr", NULL);
            if (i == 0)
                group_name(h, p->language, slice_str(p->picture.each[s].name), p->picture.halves);
            html_element(h, "th", slice_str(half), "scope", "row", "class", "half", NULL);
            cell(h, sum);
            for (int k = 0; k < PICTURE_PARTS; k++)
                cell(h, part[parts[k]]);
            html_close(h);
        }
    end_table(h);
}

static void tables(struct page *p) {
    struct html *h = &p->h;
    section(p, WORD_REPORT_OVER_TIME);
    picture_write(h, p->language, &p->picture);
    over_time(p);
    html_close(h);
    section(p, WORD_REPORT_BY_ISSUER);
    table(h, p->language, WORD_REPORT_OUTCOMES, WORD_REPORT_JURISDICTION, &p->issuers, NULL,
          outcomes, OUTCOMES);
    table(h, p->language, WORD_REPORT_ON_THE_WAY, WORD_REPORT_JURISDICTION, &p->issuers, NULL,
          on_the_way, ON_THE_WAY);
    html_close(h);
    section(p, WORD_REPORT_BY_PROCESS);
    table(h, p->language, WORD_REPORT_OUTCOMES, WORD_REPORT_PROCESS, &p->processes,
          &p->process_names, outcomes, OUTCOMES);
    html_close(h);
    section(p, WORD_REPORT_BY_CATEGORY);
    table(h, p->language, WORD_REPORT_OUTCOMES, WORD_REPORT_CATEGORY, &p->categories,
          &p->category_names, outcomes, OUTCOMES);
    html_close(h);
}

static void paths(struct page *p) {
    struct desk_name names[] = {{.id = "ordinary"}, {.id = "emergency"}, {.id = "compelled"}};
    static const enum word words[] = {WORD_REPORT_PATH_ORDINARY, WORD_REPORT_PATH_EMERGENCY,
                                      WORD_REPORT_PATH_COMPELLED};
    const struct desk_names all = {.each = names, .n = sizeof names / sizeof names[0]};
    for (size_t i = 0; i < all.n; i++)
        for (int language = 0; language < WORDS_LANGUAGES; language++)
            snprintf(names[i].name[language], sizeof names[i].name[language], "%s",
                     words_get((enum words_language)language, words[i]));
    section(p, WORD_REPORT_BY_PATH);
    table(&p->h, p->language, WORD_REPORT_OUTCOMES, WORD_REPORT_PATH, &p->paths, &all, outcomes,
          OUTCOMES);
    html_close(&p->h);
}

static bool reason_row(void *ctx, const struct report_row *row) {
    struct page *p = ctx;
    html_open(&p->h, "tr", NULL);
    row_name(&p->h, p->language, row->key[0]);
    html_element(&p->h, "td", desk_names_get(&p->reason_names, row->key[1], (int)p->language),
                 NULL);
    cell(&p->h, row->number[0]);
    html_close(&p->h);
    return true;
}

static err reasons(struct page *p) {
    section(p, WORD_REPORT_REASONS);
    begin_table(&p->h, p->language, WORD_REPORT_REASONS);
    heading(&p->h, p->language, WORD_REPORT_JURISDICTION, false);
    heading(&p->h, p->language, WORD_REPORT_REASON, false);
    heading(&p->h, p->language, WORD_COLUMN_REJECTED, true);
    begin_rows(&p->h);
    err e = p->r->rows(p->r->ctx, REPORT_REASONS, reason_row, p);
    end_table(&p->h);
    html_close(&p->h);
    return e;
}

static void fact(struct page *p, enum word name, slice value) {
    html_open(&p->h, "div", NULL);
    html_element(&p->h, "dt", slice_str(words_get(p->language, name)), NULL);
    html_element(&p->h, "dd", value, NULL);
    html_close(&p->h);
}

static void fact_time(struct page *p, enum word name, uint64_t ms) {
    char time[OFFICE_TIME_TEXT];
    if (ms == 0)
        return;
    office_time_write(ms, time);
    fact(p, name, slice_str(time));
}

static void suspension(struct page *p, const struct report_suspension *s) {
    html_open(&p->h, "article", "class", "suspension", NULL);
    html_element(&p->h, "h3", buf_slice(&s->jurisdictions), NULL);
    html_element(&p->h, "blockquote", buf_slice(&s->wording), NULL);
    html_open(&p->h, "dl", "class", "facts", NULL);
    fact_time(p, WORD_REPORT_START, s->start);
    fact_time(p, WORD_REPORT_ENDED, s->ended);
    fact_time(p, WORD_REPORT_REVIEW, s->review);
    fact(p, WORD_REPORT_SCOPE, buf_slice(&s->scope));
    html_close(&p->h);
    html_close(&p->h);
}

static void suspensions(struct page *p) {
    const struct report_told *r = p->r;
    size_t shown = 0;
    section(p, WORD_REPORT_SUSPENSIONS);
    for (size_t i = 0; i < r->suspensions->n; i++)
        if (report_suspension_within(&r->suspensions->each[i], r->of.from, r->of.until)) {
            suspension(p, &r->suspensions->each[i]);
            shown++;
        }
    if (shown == 0)
        paragraph(p, WORD_REPORT_NO_SUSPENSION, NULL, NULL);
    html_close(&p->h);
}

static void band(struct page *p, const struct report_band *b) {
    struct html *h = &p->h;
    char lowest[REPORT_NUMBER], highest[REPORT_NUMBER], day[REPORT_DAY] = "";
    report_number_text(b->lowest, lowest);
    report_number_text(b->highest, highest);
    if (b->not_before != 0)
        report_day(b->not_before, day);
    html_open(h, "tr", NULL);
    row_name(h, p->language,
             desk_names_get(&p->figure_names, slice_str(b->figure), (int)p->language));
    html_open(h, "td", NULL);
    if (b->told)
        say_with(h, p->language, WORD_REPORT_BAND,
                 (slice[]){slice_str(lowest), slice_str(highest)});
    else
        say_with(h, p->language,
                 b->not_before != 0 ? WORD_REPORT_BAND_LATER : WORD_REPORT_BAND_NEVER,
                 (slice[]){slice_str(day)});
    html_close(h);
    html_close(h);
}

static void bands(struct page *p) {
    const struct report_told *r = p->r;
    if (r->band_count == 0)
        return;
    section(p, WORD_REPORT_BANDS);
    paragraph(p, WORD_REPORT_BANDS_TEXT, (slice[]){slice_str(r->bands[0].law)}, NULL);
    if (r->bands[0].unconfirmed)
        paragraph(p, WORD_REPORT_BANDS_UNCONFIRMED, NULL, "hint");
    begin_table(&p->h, p->language, WORD_REPORT_BANDS);
    heading(&p->h, p->language, WORD_REPORT_FIGURE, false);
    heading(&p->h, p->language, WORD_COLUMN_RECEIVED, false);
    begin_rows(&p->h);
    for (size_t i = 0; i < r->band_count; i++)
        band(p, &r->bands[i]);
    end_table(&p->h);
    html_close(&p->h);
}

static void check(struct page *p) {
    const struct report_told *r = p->r;
    char size[REPORT_NUMBER], opened[REPORT_NUMBER], sealed[REPORT_NUMBER];
    report_number_text(r->of.size, size);
    report_number_text(r->opened, opened);
    report_number_text(r->sealed, sealed);
    section(p, WORD_REPORT_CHECK);
    paragraph(p, WORD_REPORT_COUNTED,
              (slice[]){r->of.origin, slice_str(size), slice_str(opened), slice_str(sealed)}, NULL);
    paragraph(p, WORD_REPORT_CHECK_TEXT, NULL, NULL);
    html_close(&p->h);
}

/* ---- The whole ---- */

const char *report_page_end(enum words_language language) {
    return language == WORDS_ZH ? "zh-Hant.html" : "html";
}

static err write_page(struct page *p) {
    struct html *h = &p->h;
    html_doctype(h);
    html_open(h, "html", "lang", words_tag(p->language), NULL);
    html_open(h, "head", NULL);
    html_void(h, "meta", "charset", "utf-8", NULL);
    html_void(h, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1",
              NULL);
    html_element(h, "title", slice_str(words_get(p->language, WORD_REPORT_TITLE)), NULL);
    html_void(h, "link", "rel", "stylesheet", "href", "/style.css", NULL);
    html_close(h);
    html_open(h, "body", NULL);
    html_open(h, "main", "class", "report", NULL);
    head(p);
    tables(p);
    paths(p);
    TRY(reasons(p));
    suspensions(p);
    bands(p);
    check(p);
    for (int i = 0; i < 3; i++)
        html_close(h);
    return html_result(h);
}

err report_html(const struct report_told *r, enum words_language language, buf *out) {
    struct page *p = mem_new(NULL, sizeof *p);
    if (p == NULL)
        return ERR_NO_MEMORY;
    p->r = r;
    p->language = language;
    html_init(&p->h, out);
    err e = gather(p);
    if (e == OK)
        e = write_page(p);
    picture_free(&p->picture);
    groups_free(&p->issuers);
    groups_free(&p->processes);
    groups_free(&p->paths);
    groups_free(&p->categories);
    groups_free(&p->all);
    desk_names_free(&p->process_names);
    desk_names_free(&p->reason_names);
    desk_names_free(&p->category_names);
    desk_names_free(&p->figure_names);
    mem_free(NULL, p, sizeof *p);
    return e;
}
