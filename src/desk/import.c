/* A filing in HI1 becomes a case. What the operator sees of it names no account: the filing, its
 * documents and what was read of it are sealed into the case. */
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

static err receive(struct desk *d, const struct hi1_filing *f, slice bytes,
                   const struct hi1_class *class, struct desk_receipt *receipt,
                   struct desk_why *why) {
    struct desk_part parts[1 + HI1_DOCUMENTS_MAX];
    buf reading = {0};
    err e = hi1_read_out(&reading, f, class);
    parts[0] = (struct desk_part){slice_str("reading.txt"), buf_slice(&reading)};
    for (size_t i = 0; i < f->documents.n; i++)
        parts[1 + i] =
            (struct desk_part){f->documents.p[i].name, buf_slice(&f->documents.p[i].bytes)};
    struct desk_filing filing = {.bytes = bytes,
                                 .channel = slice_str("hi1"),
                                 .enrolled = class->authority != NULL,
                                 .attachments = parts,
                                 .attachment_count = 1 + f->documents.n};
    if (e == OK)
        e = desk_file_receive(d, &filing, receipt, why);
    /* What is ours, and has nothing in it that a screen obeys, is shown as it is. */
    if (e == OK)
        e = desk_picture_put(d, slice_str(receipt->case_id), 1, 0, buf_slice(&reading),
                             SLICE_EMPTY);
    buf_free(&reading);
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

static int file(struct desk *d, const char *folder, const char *path, const struct hi1_filing *f,
                slice bytes) {
    struct desk_data data = {0};
    struct hi1_class class = {0};
    struct desk_receipt receipt;
    struct desk_why why = {0};
    buf text = {0};
    err e = desk_data_load(&data, folder);
    if (e == OK)
        e = hi1_classify(&class, f, desk_office(d), data.regimes, data.regime_count);
    if (e == OK)
        e = receive(d, f, bytes, &class, &receipt, &why);
    int code = e == ERR_DENIED ? command_fail(CODE_REFUSED, path, desk_why_text(&why))
                               : (e == OK ? CODE_FINE : command_error(folder, e));
    if (code == CODE_FINE) {
        e = say(&text, &receipt, &class);
        code = e == OK ? command_write(NULL, buf_slice(&text)) : command_error(path, e);
    }
    /* It is filed, whatever becomes of its pictures. */
    e = code == CODE_FINE ? draw(d, f, &receipt) : OK;
    if (e != OK)
        fprintf(stderr, "sotto-desk: %s: its documents could not all be drawn: %s\n", path,
                err_text(e));
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
