/* A filing in HI1 becomes a case, or one for each account that it names. What the operator sees of
 * it names no account: the filing, its documents and what was read of it are sealed into the case.
 */
#include <stdio.h>

#include "base/text.h"
#include "desk/command.h"
#include "desk/data.h"
#include "desk/desk.h"
#include "desk/hi1_class.h"
#include "desk/hi1_schema.h"
#include "desk/pictures.h"
#include "sys/files.h"

static int refused(const char *path, enum hi1_reason reason, const char *where) {
    fprintf(stderr, "sotto-desk: %s: %s: %s", path, hi1_reason_name(reason),
            hi1_reason_text(reason));
    if (where[0] != '\0')
        fprintf(stderr, " (%s)", where);
    fprintf(stderr, "\n");
    return CODE_REFUSED;
}

int command_hi1(const char *path, buf *bytes, struct hi1_filing **f) {
    char where[HI1_WHERE] = "";
    err e = sys_file_read(path, HI1_MAX, bytes);
    if (e == ERR_TOO_LARGE)
        return refused(path, HI1_TOO_LARGE, where);
    if (e != OK)
        return command_error(path, e);
    enum hi1_reason reason = hi1_load(f, NULL, buf_slice(bytes), where);
    if (reason == HI1_MEMORY)
        return command_error(path, ERR_NO_MEMORY);
    return reason == HI1_OK ? CODE_FINE : refused(path, reason, where);
}

int command_hi1_schema(const char *schema, const char *path, slice bytes) {
    enum hi1_reason reason = HI1_SCHEMA;
    char where[HI1_WHERE];
    if (schema == NULL)
        return CODE_FINE;
    err e = hi1_schema_check(schema, bytes, &reason, where);
    if (e != OK)
        return command_error(schema, e);
    if (reason == HI1_MEMORY)
        return command_error(path, ERR_NO_MEMORY);
    return reason == HI1_OK ? CODE_FINE : refused(path, reason, where);
}

/* ---- A case for each account ---- A release is of one. */

enum { ACCOUNTS_MAX = 64 }; /* in a filing */
struct one {
    struct hi1_class class;
    struct desk_filing filing;
    struct desk_part parts[1 + HI1_DOCUMENTS_MAX];
    buf reading;
};
struct cases {
    struct one *each;
    struct desk_receipt *receipts;
    size_t n;
};

static void cases_free(struct cases *c) {
    for (size_t i = 0; c->each != NULL && i < c->n; i++)
        buf_free(&c->each[i].reading);
    if (c->each != NULL)
        mem_free(NULL, c->each, c->n * sizeof *c->each);
    if (c->receipts != NULL)
        mem_free(NULL, c->receipts, c->n * sizeof *c->receipts);
}

static err cases_new(struct cases *c, const struct hi1_class *all) {
    size_t named = 0, at = 0;
    for (size_t i = 0; i < all->account_count; i++)
        named += all->accounts[i].by != 0;
    if (named > ACCOUNTS_MAX)
        return ERR_LIMIT;
    c->n = named == 0 ? 1 : named;
    c->each = mem_new_array(NULL, c->n, sizeof *c->each);
    c->receipts = mem_new_array(NULL, c->n, sizeof *c->receipts);
    if (c->each == NULL || c->receipts == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < c->n; i++)
        c->each[i] = (struct one){.class = *all};
    for (size_t i = 0; named > 1 && i < all->account_count; i++)
        if (all->accounts[i].by != 0) {
            c->each[at].class.accounts = &all->accounts[i];
            c->each[at++].class.account_count = 1;
        }
    return OK;
}

static err one_fill(struct one *o, size_t number, size_t count, const struct hi1_filing *f,
                    slice bytes) {
    char line[128];
    int n = snprintf(line, sizeof line, "case %zu of %zu: one for each account of the filing\n\n",
                     number, count);
    if (count > 1)
        TRY(buf_append(&o->reading, slice_of(line, (size_t)n)));
    TRY(hi1_read_out(&o->reading, f, &o->class));
    o->parts[0] = (struct desk_part){slice_str("reading.txt"), buf_slice(&o->reading)};
    for (size_t i = 0; i < f->documents.n; i++)
        o->parts[1 + i] =
            (struct desk_part){f->documents.p[i].name, buf_slice(&f->documents.p[i].bytes)};
    o->filing = (struct desk_filing){.bytes = bytes,
                                     .channel = slice_str("hi1"),
                                     .enrolled = o->class.authority != NULL,
                                     .attachments = o->parts,
                                     .attachment_count = 1 + f->documents.n};
    return OK;
}

static err receive(struct desk *d, const struct hi1_filing *f, slice bytes, struct cases *c,
                   struct desk_why *why) {
    struct desk_filing *filings = mem_new_array(NULL, c->n, sizeof *filings);
    err e = filings == NULL ? ERR_NO_MEMORY : OK;
    for (size_t i = 0; e == OK && i < c->n; i++) {
        e = one_fill(&c->each[i], i + 1, c->n, f, bytes);
        filings[i] = c->each[i].filing;
    }
    if (e == OK)
        e = desk_file_receive_each(d, filings, c->n, c->receipts, why);
    if (filings != NULL)
        mem_free(NULL, filings, c->n * sizeof *filings);
    /* What is ours, and has nothing in it that a screen obeys, is shown as it is. */
    for (size_t i = 0; e == OK && i < c->n; i++)
        e = desk_picture_put(d, slice_str(c->receipts[i].case_id), 1, 0,
                             buf_slice(&c->each[i].reading), SLICE_EMPTY);
    return e;
}

/* ---- Pictures of its documents ---- */

struct drawing {
    struct desk *desk;
    slice case_id;
    size_t attachment;
};

static err take(void *ctx, unsigned page, slice png) {
    const struct drawing *d = ctx;
    return desk_picture_put(d->desk, d->case_id, d->attachment, page, SLICE_EMPTY, png);
}

static err draw(struct desk *d, const struct hi1_filing *f, const struct desk_receipt *receipt) {
    for (size_t i = 0; i < f->documents.n; i++) {
        /* The first attachment is reading.txt. */
        struct drawing drawing = {d, slice_str(receipt->case_id), i + 2};
        enum desk_pictures result;
        TRY(desk_pictures_draw(buf_slice(&f->documents.p[i].bytes), take, &drawing, &result));
        if (result != DESK_PICTURES_ALL)
            TRY(desk_picture_put(d, drawing.case_id, drawing.attachment, 0,
                                 slice_str(desk_pictures_text(result)), SLICE_EMPTY));
    }
    return OK;
}

static err say(buf *out, const struct desk_receipt *receipt, const struct hi1_class *class) {
    TRY(buf_append(out, slice_str("case ")));
    TRY(buf_append(out, slice_str(receipt->case_id)));
    TRY(buf_append(out, slice_str("\nhash ")));
    TRY(hex_encode(out, slice_of(receipt->hash, sizeof receipt->hash)));
    TRY(buf_append_byte(out, '\n'));
    return hi1_class_say(out, class);
}

static err say_all(buf *out, const struct cases *c) {
    for (size_t i = 0; i < c->n; i++) {
        if (i > 0)
            TRY(buf_append_byte(out, '\n'));
        TRY(say(out, &c->receipts[i], &c->each[i].class));
    }
    return OK;
}

static err draw_all(struct desk *d, const struct hi1_filing *f, const struct cases *c) {
    for (size_t i = 0; i < c->n; i++)
        TRY(draw(d, f, &c->receipts[i]));
    return OK;
}

static int file(struct desk *d, const char *folder, const char *path, const struct hi1_filing *f,
                slice bytes) {
    struct desk_data data = {0};
    struct hi1_class class = {0};
    struct cases cases = {NULL, NULL, 0};
    struct desk_why why = {0};
    buf text = {0};
    err e = desk_data_load(&data, folder);
    if (e == OK)
        e = hi1_classify(&class, f, desk_office(d), data.regimes, data.regime_count);
    if (e == OK)
        e = cases_new(&cases, &class);
    if (e == OK)
        e = receive(d, f, bytes, &cases, &why);
    int code = e == ERR_DENIED  ? command_fail(CODE_REFUSED, path, desk_why_text(&why))
               : e == ERR_LIMIT ? command_fail(CODE_REFUSED, path, "it names more than 64 accounts")
               : e == OK        ? CODE_FINE
                                : command_error(folder, e);
    if (code == CODE_FINE) {
        e = say_all(&text, &cases);
        code = e == OK ? command_write(NULL, buf_slice(&text)) : command_error(path, e);
    }
    /* It is filed, whatever becomes of its pictures. */
    e = code == CODE_FINE ? draw_all(d, f, &cases) : OK;
    if (e != OK)
        fprintf(stderr, "sotto-desk: %s: its documents could not all be drawn: %s\n", path,
                err_text(e));
    cases_free(&cases);
    hi1_class_free(&class);
    desk_data_free(&data);
    buf_free(&text);
    return code;
}

int command_import(const struct command_line *line) {
    struct desk *d = NULL;
    struct hi1_filing *f = NULL;
    buf bytes = {0};
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "usage", "sotto-desk import DIR FILE [--schema FILE]");
    const char *folder = line->words[0], *path = line->words[1];
    int code = command_hi1(path, &bytes, &f);
    if (code == CODE_FINE)
        code = command_hi1_schema(line->schema, path, buf_slice(&bytes));
    if (code == CODE_FINE) {
        err e = desk_open(&d, folder);
        code = e == OK ? file(d, folder, path, f, buf_slice(&bytes)) : command_error(folder, e);
    }
    desk_close(d);
    hi1_free(f);
    buf_free(&bytes);
    return code;
}
