#include "desk/report.h"

#include <stdio.h>

#include "base/text.h"
#include "desk/html.h"
#include "desk/ledger_internal.h"
#include "sys/files.h"
#include "sys/stream.h"

/* ---- Days ---- */

void report_day(uint64_t ms, char text[REPORT_DAY]) {
    int year, month, day;
    time_date(ms, &year, &month, &day);
    snprintf(text, REPORT_DAY, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)day % 100);
}

bool report_day_read(slice text, uint64_t *ms) {
    char all[OFFICE_TIME_TEXT];
    if (text.n != REPORT_DAY - 1)
        return false;
    snprintf(all, sizeof all, "%.*sT00:00:00Z", (int)text.n, (const char *)text.p);
    return office_time_read(slice_str(all), ms);
}

/* ---- Openings ---- "PLACE SLOT:SALT:VALUE ...", in base64, slots ascending. */

err report_opening_write(buf *out, const struct report_opening *o) {
    TRY(decimal_encode(out, o->place));
    for (size_t i = 0; i < o->n; i++) {
        TRY(buf_append_byte(out, ' '));
        TRY(decimal_encode(out, o->fields[i].slot));
        TRY(buf_append_byte(out, ':'));
        TRY(base64_encode(out, slice_of(o->fields[i].salt, MERKLE_SALT)));
        TRY(buf_append_byte(out, ':'));
        TRY(base64_encode(out, o->fields[i].value));
    }
    return buf_append_byte(out, '\n');
}

/* The store has room for all of the line, so what lies in it stays where it is. */
static err read_field(slice word, struct merkle_field *f, buf *store) {
    uint64_t slot;
    slice salt, slot_text = slice_until(&word, ':');
    TRY(decimal_decode(slot_text, MERKLE_SLOTS_NAMED - 1, &slot));
    salt = slice_until(&word, ':');
    size_t at = store->n;
    TRY(base64_decode(store, salt));
    if (store->n - at != MERKLE_SALT)
        return ERR_MALFORMED;
    f->slot = (size_t)slot;
    f->name = merkle_slot_name((enum merkle_slot)slot);
    f->salt = store->p + at;
    at = store->n;
    TRY(base64_decode(store, word));
    f->value = slice_of(store->p + at, store->n - at);
    return OK;
}

err report_opening_read(slice line, struct report_opening *o, buf *store) {
    *o = (struct report_opening){.n = 0};
    buf_clear(store);
    TRY(buf_reserve(store, line.n + 1));
    TRY(decimal_decode(slice_until(&line, ' '), MERKLE_SIZE_MAX, &o->place));
    while (line.n > 0) {
        if (o->n == MERKLE_SLOTS)
            return ERR_MALFORMED;
        TRY(read_field(slice_until(&line, ' '), &o->fields[o->n], store));
        if (o->n > 0 && o->fields[o->n].slot <= o->fields[o->n - 1].slot)
            return ERR_MALFORMED;
        o->n++;
    }
    return OK;
}

/* ---- CSV ---- */

static err comma(buf *out, slice value) {
    TRY(buf_append(out, value));
    return buf_append_byte(out, ',');
}

static err comma_number(buf *out, uint64_t number) {
    TRY(decimal_encode(out, number));
    return buf_append_byte(out, ',');
}

err report_csv_head(buf *out) {
    TRY(buf_append(out, slice_str("period_start,period_end,")));
    for (int k = 0; k < COUNT_KEY_COUNT; k++)
        TRY(comma(out, slice_str(count_key_name((enum count_key)k))));
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        TRY(comma(out, slice_str(count_column_name((enum count_column)i))));
    return buf_append(out, slice_str("answered,median_hours,log_size,root_hash\n"));
}

/* Keys are words of the desk's own data, and hold neither comma nor quote. */
static bool is_plain(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return true;
}

err report_csv_cell(buf *out, const struct report_of *of, const struct count_cell *c) {
    char from[REPORT_DAY], until[REPORT_DAY];
    report_day(of->from, from);
    report_day(of->until, until);
    TRY(comma(out, slice_str(from)));
    TRY(comma(out, slice_str(until)));
    for (int k = 0; k < COUNT_KEY_COUNT; k++) {
        if (!is_plain(c->key[k]))
            return ERR_MALFORMED;
        TRY(comma(out, c->key[k]));
    }
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        TRY(comma_number(out, c->number[i]));
    TRY(comma_number(out, c->answered));
    TRY(comma_number(out, c->median_hours));
    TRY(comma_number(out, of->size));
    TRY(hex_encode(out, merkle_hash_slice(&of->root)));
    return buf_append_byte(out, '\n');
}

/* ---- The report, as it is made ---- */

struct reporting {
    struct desk *desk;
    struct report_of of;
    struct count *all, *closed;       /* of every case; of those that stay closed */
    struct sys_out openings, auditor; /* the public's; all, the auditor's */
    char auditor_path[LEDGER_PATH];
    buf csv, json, statement, line;
    size_t cells;
    uint64_t opened, sealed; /* entries */
    err failed;
};

/* ---- From the store ---- */

static const char leaves_sql[] =
    "SELECT l.place, f.slot, f.salt, f.value FROM pending_leaves l"
    " JOIN leaf_fields f ON f.leaf = l.leaf WHERE l.place < ? ORDER BY l.place, f.slot";

/* The row's field, kept in the store, which has room. */
static err add_field(struct report_opening *o, struct desk_rows *q, buf *store) {
    slice salt = desk_row_bytes(q, 2), value;
    uint64_t slot = desk_row_number(q, 1);
    if (salt.n != MERKLE_SALT || slot >= MERKLE_SLOTS_NAMED || o->n == MERKLE_SLOTS)
        return ERR_DAMAGED;
    struct merkle_field *f = &o->fields[o->n++];
    size_t at = store->n;
    TRY(buf_append(store, salt));
    value = desk_row_bytes(q, 3);
    TRY(buf_append(store, value));
    f->slot = (size_t)slot;
    f->name = merkle_slot_name((enum merkle_slot)slot);
    /* Offsets until the leaf is whole: the store may move. */
    f->salt = (const uint8_t *)(uintptr_t)at;
    f->value = slice_of(NULL, value.n);
    return OK;
}

static void settle_fields(struct report_opening *o, const buf *store) {
    for (size_t i = 0; i < o->n; i++) {
        size_t at = (size_t)(uintptr_t)o->fields[i].salt;
        o->fields[i].salt = store->p + at;
        o->fields[i].value.p = store->p + at + MERKLE_SALT;
    }
}

static err count_one(struct reporting *r, const struct report_opening *o);

static err each_leaf(struct reporting *r) {
    struct desk_rows q;
    struct report_opening o = {.n = 0};
    buf store = {0};
    err e = OK;
    desk_rows_begin(&q, r->desk->store, leaves_sql, "i", r->of.size);
    bool more = desk_rows_next(&q);
    while (more && e == OK) {
        uint64_t place = desk_row_number(&q, 0);
        o = (struct report_opening){.place = place};
        buf_clear(&store);
        while (e == OK && more && desk_row_number(&q, 0) == place) {
            e = add_field(&o, &q, &store);
            more = desk_rows_next(&q);
        }
        settle_fields(&o, &store);
        if (e == OK)
            e = count_one(r, &o);
    }
    err ended = desk_rows_end(&q);
    buf_free(&store);
    return e == OK ? ended : e;
}

static void values_of(const struct report_opening *o, slice values[MERKLE_SLOTS_NAMED]) {
    memset(values, 0, MERKLE_SLOTS_NAMED * sizeof *values);
    for (size_t i = 0; i < o->n; i++)
        values[o->fields[i].slot] = o->fields[i].value;
}

/* A move that stands there twice counts once; who audits it finds the other. */
static err add(struct count *c, const slice *values) {
    err e = count_add(c, values);
    return e == ERR_EXISTS ? OK : e;
}

static err write_line(struct reporting *r, struct sys_out *out, const struct report_opening *o) {
    buf_clear(&r->line);
    TRY(report_opening_write(&r->line, o));
    return sys_out_add(out, buf_slice(&r->line));
}

static err count_one(struct reporting *r, const struct report_opening *o) {
    slice values[MERKLE_SLOTS_NAMED];
    values_of(o, values);
    TRY(write_line(r, &r->auditor, o));
    return add(r->all, values);
}

/* ---- What is opened ---- Once all is counted: what may be opened is not known before. */

/* Never opened: what would let somebody who has a filing or an order find its case. */
static bool is_secret(size_t slot) {
    return slot == MERKLE_SLOT_FILING || slot == MERKLE_SLOT_ORDER;
}

static err open_one(struct reporting *r, const struct report_opening *o) {
    slice values[MERKLE_SLOTS_NAMED];
    struct report_opening shown = {.place = o->place};
    struct count_case its = {.over = true}; /* a public document's */
    values_of(o, values);
    if (values[MERKLE_SLOT_CASE].n > 0)
        TRY(count_case_get(r->all, values[MERKLE_SLOT_CASE], &its));
    if (!its.over || its.barred) {
        r->sealed++;
        return add(r->closed, values);
    }
    for (size_t i = 0; i < o->n; i++)
        if (!is_secret(o->fields[i].slot))
            shown.fields[shown.n++] = o->fields[i];
    r->opened++;
    return write_line(r, &r->openings, &shown);
}

/* Reads again what was written for the auditor, which is cheaper than the store. */
static err open_all(struct reporting *r) {
    struct report_opening o;
    struct sys_lines lines;
    buf store = {0};
    slice line;
    err e = sys_lines_open(&lines, r->auditor_path);
    while (e == OK && (e = sys_lines_next(&lines, &line)) == OK) {
        e = report_opening_read(line, &o, &store);
        if (e == OK)
            e = open_one(r, &o);
    }
    sys_lines_close(&lines);
    buf_free(&store);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- JSON ---- */

static err json_text(buf *out, const char *name, slice value) {
    TRY(ledger_say(out, "\"%s\":\"", name));
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\')
            TRY(buf_append_byte(out, '\\'));
        TRY(buf_append_byte(out, value.p[i]));
    }
    return buf_append(out, slice_str("\","));
}

static err json_number(buf *out, const char *name, uint64_t number, const char *end) {
    return ledger_say(out, "\"%s\":%llu%s", name, (unsigned long long)number, end);
}

static err json_cell(buf *out, const struct count_cell *c, bool first) {
    TRY(buf_append(out, slice_str(first ? "\n{" : ",\n{")));
    for (int k = 0; k < COUNT_KEY_COUNT; k++)
        TRY(json_text(out, count_key_name((enum count_key)k), c->key[k]));
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        TRY(json_number(out, count_column_name((enum count_column)i), c->number[i], ","));
    TRY(json_number(out, "answered", c->answered, ","));
    return json_number(out, "median_hours", c->median_hours, "}");
}

static err json_head(struct reporting *r) {
    char from[REPORT_DAY], until[REPORT_DAY];
    buf *out = &r->json;
    report_day(r->of.from, from);
    report_day(r->of.until, until);
    TRY(buf_append(out, slice_str("{\"type\":\"report\",\"version\":1,")));
    TRY(json_text(out, "period_start", slice_str(from)));
    TRY(json_text(out, "period_end", slice_str(until)));
    TRY(json_text(out, "ledger", r->of.origin));
    TRY(json_number(out, "log_size", r->of.size, ",\"root_hash\":\""));
    TRY(hex_encode(out, merkle_hash_slice(&r->of.root)));
    TRY(buf_append(out, slice_str("\",")));
    TRY(json_number(out, "opened", r->opened, ","));
    TRY(json_number(out, "sealed", r->sealed, ","));
    return buf_append(out, slice_str("\"cells\":["));
}

static bool json_reason(void *ctx, slice issuer, slice reason, uint64_t number) {
    struct reporting *r = ctx;
    err e = buf_append(&r->json, slice_str(r->cells++ == 0 ? "\n{" : ",\n{"));
    if (e == OK)
        e = json_text(&r->json, count_key_name(COUNT_KEY_ISSUER), issuer);
    if (e == OK)
        e = json_text(&r->json, "reason", reason);
    if (e == OK)
        e = json_number(&r->json, "rejected", number, "}");
    r->failed = e;
    return e == OK;
}

/* Those in force, with their words; what was lifted is in the lists that are published. */
static err json_suspensions(struct reporting *r) {
    const struct office_suspensions *list = desk_list(r->desk);
    buf *out = &r->json;
    TRY(buf_append(out, slice_str("],\n\"suspensions\":[")));
    for (size_t i = 0; list != NULL && i < list->suspensions.n; i++) {
        const struct office_suspension *s = &list->suspensions.p[i];
        char start[OFFICE_TIME_TEXT], review[OFFICE_TIME_TEXT];
        office_time_write(s->start, start);
        office_time_write(s->review, review);
        TRY(buf_append(out, slice_str(i == 0 ? "\n{" : ",\n{")));
        TRY(json_text(out, "id", s->id));
        TRY(json_text(out, "jurisdictions", s->jurisdictions));
        TRY(json_text(out, "start", slice_str(start)));
        TRY(json_text(out, "review", slice_str(review)));
        TRY(buf_append(out, slice_str("\"wording\":[")));
        for (size_t k = 0; k < s->wording.n; k++) {
            buf line = {0};
            err e = json_text(&line, "", s->wording.p[k].text);
            /* "":"text", without the name */
            if (e == OK)
                e = buf_append(out, slice_of(line.p + 3, line.n - 4));
            if (e == OK && k + 1 < s->wording.n)
                e = buf_append_byte(out, ',');
            buf_free(&line);
            TRY(e);
        }
        TRY(buf_append(out, slice_str("]}")));
    }
    return buf_append(out, slice_str("]}\n"));
}

/* ---- Cells ---- */

static struct count_by by_all(const struct reporting *r) {
    return (struct count_by){.from = r->of.from, .until = r->of.until, .keys = COUNT_KEY_COUNT};
}

static bool add_cell(void *ctx, const struct count_cell *c) {
    struct reporting *r = ctx;
    err e = report_csv_cell(&r->csv, &r->of, c);
    if (e == OK)
        e = json_cell(&r->json, c, r->cells++ == 0);
    r->failed = e;
    return e == OK;
}

static bool add_statement(void *ctx, const struct count_cell *c) {
    struct reporting *r = ctx;
    r->failed = buf_append(&r->statement, slice_str("cell "));
    if (r->failed == OK)
        r->failed = report_csv_cell(&r->statement, &r->of, c);
    return r->failed == OK;
}

static err write_statement(struct reporting *r) {
    buf *out = &r->statement;
    char from[REPORT_DAY], until[REPORT_DAY];
    report_day(r->of.from, from);
    report_day(r->of.until, until);
    TRY(ledger_say(out, "sotto statement 1\nledger %.*s\nsize %llu\nroot ", (int)r->of.origin.n,
                   (const char *)r->of.origin.p, (unsigned long long)r->of.size));
    TRY(hex_encode(out, merkle_hash_slice(&r->of.root)));
    TRY(ledger_say(out, "\nfrom %s\nuntil %s\n", from, until));
    const struct count_by by = by_all(r);
    TRY(count_cells(r->closed, &by, add_statement, r));
    return r->failed;
}

/* ---- HTML: a picture, and the same in a table ---- */

enum { BAR_WIDTH = 640, BAR_HEIGHT = 20, BAR_LEFT = 48, ROWS = 300 };
static const struct {
    enum count_column column;
    const char *text, *fill;
} outcomes[] = {{COUNT_RELEASED, "some data disclosed", "#1f6f5c"},
                {COUNT_REJECTED, "rejected", "#8a3324"},
                {COUNT_NOT_HELD, "not held", "#6b6b6b"},
                {COUNT_HELD, "held: suspended", "#b07d2b"},
                {COUNT_PENDING, "pending", "#9fb3c8"},
                {COUNT_LAPSED, "lapsed", "#cfcfcf"},
                {COUNT_WITHDRAWN, "withdrawn", "#5b6fa8"},
                {COUNT_FORGED, "forged", "#222222"}};
enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };

/* What each jurisdiction filed. Countries are fewer than ROWS. */
struct rows {
    size_t n;
    struct {
        char name[DESK_COUNTRY];
        uint64_t number[COUNT_COLUMN_COUNT];
    } each[ROWS];
    uint64_t most;
};

/* Cells come by issuer first. */
static bool add_row(void *ctx, const struct count_cell *c) {
    struct rows *rows = ctx;
    slice issuer = c->key[COUNT_KEY_ISSUER];
    if (rows->n == 0 || !slice_equal(issuer, slice_str(rows->each[rows->n - 1].name))) {
        if (rows->n == ROWS || !desk_copy(rows->each[rows->n].name, DESK_COUNTRY, issuer))
            return false;
        rows->n++;
    }
    uint64_t *number = rows->each[rows->n - 1].number;
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        number[i] += c->number[i];
    if (number[COUNT_RECEIVED] > rows->most)
        rows->most = number[COUNT_RECEIVED];
    return true;
}

static const char *name_of(const char *country) {
    return country[0] == '\0' ? "not known" : country;
}

static void bar(struct html *h, const uint64_t *number, uint64_t most, uint64_t y) {
    uint64_t x = BAR_LEFT;
    for (size_t i = 0; i < OUTCOMES; i++) {
        uint64_t width = most == 0 ? 0 : number[outcomes[i].column] * BAR_WIDTH / most;
        if (width == 0)
            continue;
        html_open(h, "rect", "fill", outcomes[i].fill, NULL);
        html_attr_number(h, "x", x);
        html_attr_number(h, "y", y);
        html_attr_number(h, "width", width);
        html_attr_number(h, "height", BAR_HEIGHT - 4);
        html_close(h);
        x += width;
    }
}

static void picture(struct html *h, const struct rows *rows) {
    html_open(h, "svg", "xmlns", "http://www.w3.org/2000/svg", "role", "img", "aria-label",
              "Requests by jurisdiction and outcome; the table below says the same", NULL);
    html_attr_number(h, "width", BAR_LEFT + BAR_WIDTH);
    html_attr_number(h, "height", rows->n * BAR_HEIGHT);
    for (size_t i = 0; i < rows->n; i++) {
        html_open(h, "text", "x", "0", "font-size", "13", NULL);
        html_attr_number(h, "y", i * BAR_HEIGHT + 13);
        html_string(h, rows->each[i].name[0] == '\0' ? "?" : rows->each[i].name);
        html_close(h);
        bar(h, rows->each[i].number, rows->most, i * BAR_HEIGHT);
    }
    html_close(h);
    html_open(h, "ul", "class", "legend", NULL);
    for (size_t i = 0; i < OUTCOMES; i++) {
        html_open(h, "li", NULL);
        html_open(h, "svg", "width", "14", "height", "14", "aria-hidden", "true", NULL);
        html_open(h, "rect", "width", "14", "height", "14", "fill", outcomes[i].fill, NULL);
        html_close(h);
        html_close(h);
        html_string(h, " ");
        html_string(h, outcomes[i].text);
        html_close(h);
    }
    html_close(h);
}

static void table(struct html *h, const struct rows *rows) {
    html_open(h, "table", NULL);
    html_element(h, "caption", slice_str("Requests by issuing jurisdiction"), NULL);
    html_open(h, "thead", NULL);
    html_open(h, "tr", NULL);
    html_element(h, "th", slice_str("jurisdiction"), "scope", "col", NULL);
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        html_element(h, "th", slice_str(count_column_name((enum count_column)i)), "scope", "col",
                     NULL);
    html_close(h);
    html_close(h);
    html_open(h, "tbody", NULL);
    for (size_t r = 0; r < rows->n; r++) {
        html_open(h, "tr", NULL);
        html_element(h, "th", slice_str(name_of(rows->each[r].name)), "scope", "row", NULL);
        for (int i = 0; i < COUNT_COLUMN_COUNT; i++) {
            html_open(h, "td", NULL);
            html_number(h, rows->each[r].number[i]);
            html_close(h);
        }
        html_close(h);
    }
    html_close(h);
    html_close(h);
}

static void facts(struct html *h, const struct reporting *r) {
    char from[REPORT_DAY], until[REPORT_DAY];
    report_day(r->of.from, from);
    report_day(r->of.until, until);
    html_open(h, "p", NULL);
    html_string(h, "Requests received from ");
    html_string(h, from);
    html_string(h, " to before ");
    html_string(h, until);
    html_string(h, ", as the ledger ");
    html_text(h, r->of.origin);
    html_string(h, " has them at size ");
    html_number(h, r->of.size);
    html_string(h, ". Of its entries ");
    html_number(h, r->opened);
    html_string(h, " are opened, so that anybody can count again; ");
    html_number(h, r->sealed);
    html_string(h, " of open or barred cases are not, and for these the auditor's statement "
                   "stands. What was never entered is in no report.");
    html_close(h);
}

static err html_report(struct reporting *r, buf *out) {
    struct html h;
    struct rows *rows = mem_new(NULL, sizeof *rows);
    if (rows == NULL)
        return ERR_NO_MEMORY;
    memset(rows, 0, sizeof *rows);
    const struct count_by by = by_all(r);
    err e = count_cells(r->all, &by, add_row, rows);
    html_init(&h, out);
    html_doctype(&h);
    html_open(&h, "html", "lang", "en", NULL);
    html_open(&h, "head", NULL);
    html_void(&h, "meta", "charset", "utf-8", NULL);
    html_element(&h, "title", slice_str("Transparency report"), NULL);
    html_void(&h, "link", "rel", "stylesheet", "href", "/style.css", NULL);
    html_close(&h);
    html_open(&h, "body", NULL);
    html_open(&h, "main", NULL);
    html_element(&h, "h1", slice_str("Transparency report"), NULL);
    facts(&h, r);
    picture(&h, rows);
    table(&h, rows);
    for (int i = 0; i < 3; i++)
        html_close(&h);
    mem_free(NULL, rows, sizeof *rows);
    return e == OK ? html_result(&h) : e;
}

/* ---- Writing ---- */

/* "report/FROM_UNTIL.END" */
static void name_of_file(const struct reporting *r, const char *end, char name[LEDGER_PATH]) {
    char from[REPORT_DAY], until[REPORT_DAY];
    report_day(r->of.from, from);
    report_day(r->of.until, until);
    snprintf(name, LEDGER_PATH, "report/%s_%s.%s", from, until, end);
}

static err file(struct reporting *r, const char *end, const buf *content) {
    char name[LEDGER_PATH];
    name_of_file(r, end, name);
    return ledger_file_write(r->desk, name, buf_slice(content));
}

/* For the auditor alone, beside what is public. */
static err begin_auditor(struct reporting *r) {
    char name[LEDGER_PATH], path[LEDGER_PATH], from[REPORT_DAY], until[REPORT_DAY];
    report_day(r->of.from, from);
    report_day(r->of.until, until);
    TRY(ledger_path(r->desk, "auditor", path));
    TRY(sys_dir_make(path));
    snprintf(name, sizeof name, "auditor/openings_%s_%s", from, until);
    TRY(ledger_path(r->desk, name, r->auditor_path));
    return sys_out_begin(&r->auditor, r->auditor_path, 0600);
}

static err begin_openings(struct reporting *r) {
    char name[LEDGER_PATH], path[LEDGER_PATH], below[LEDGER_PATH + 8];
    name_of_file(r, "openings", name);
    TRY(ledger_path(r->desk, "public/report", path));
    TRY(sys_dir_make(path));
    snprintf(below, sizeof below, "public/%s", name);
    TRY(ledger_path(r->desk, below, path));
    return sys_out_begin(&r->openings, path, LEDGER_PUBLIC);
}

static err count_all(struct reporting *r) {
    TRY(count_new(&r->all));
    TRY(count_new(&r->closed));
    TRY(begin_auditor(r));
    TRY(each_leaf(r));
    TRY(sys_out_end(&r->auditor));
    TRY(begin_openings(r));
    return open_all(r);
}

/* The openings before what they open is spoken of. */
static err write_files(struct reporting *r, const buf *html) {
    TRY(sys_out_end(&r->openings));
    TRY(file(r, "csv", &r->csv));
    TRY(file(r, "json", &r->json));
    return file(r, "html", html);
}

static err make(struct reporting *r) {
    const struct count_by by = by_all(r);
    buf html = {0};
    TRY(count_all(r));
    TRY(report_csv_head(&r->csv));
    TRY(json_head(r));
    TRY(count_cells(r->all, &by, add_cell, r));
    TRY(r->failed);
    TRY(buf_append(&r->json, slice_str("],\n\"reasons\":[")));
    r->cells = 0;
    TRY(count_reasons(r->all, &by, json_reason, r));
    TRY(r->failed);
    TRY(json_suspensions(r));
    TRY(write_statement(r));
    err e = html_report(r, &html);
    if (e == OK)
        e = write_files(r, &html);
    buf_free(&html);
    return e;
}

static err ledger_now(struct desk *d, struct report_of *of, struct ledger_key *key) {
    struct ledger_batch newest;
    TRY(ledger_batch_newest(d, &newest));
    if (newest.number == 0)
        return ERR_NOT_FOUND;
    TRY(ledger_key_load(d, key));
    wipe(key->seed, sizeof key->seed);
    of->origin = slice_of(key->key.name, key->key.name_n);
    of->size = ledger_batch_end(&newest);
    of->root = newest.root;
    return OK;
}

err desk_report(struct desk *d, uint64_t from, uint64_t until, buf *statement) {
    struct reporting r = {.desk = d,
                          .of = {.from = from, .until = until},
                          .openings = {.fd = -1},
                          .auditor = {.fd = -1}};
    struct ledger_key key;
    err e = ledger_now(d, &r.of, &key);
    if (e == OK)
        e = make(&r);
    if (e == OK)
        e = buf_append(statement, buf_slice(&r.statement));
    count_free(r.all);
    count_free(r.closed);
    buf_free(&r.csv);
    buf_free(&r.json);
    buf_free(&r.line);
    buf_free(&r.statement);
    sys_out_fini(&r.openings);
    sys_out_fini(&r.auditor);
    return e;
}
