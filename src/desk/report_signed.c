/* What the auditor signed of a report, beside it: without that, nobody else can count again. */
#include <stdio.h>

#include "base/text.h"
#include "desk/ledger_internal.h"
#include "desk/report.h"
#include "desk/review.h"
#include "sys/files.h"

enum { TABLE_MAX = 64 << 20 };

static bool word_line(slice *text, const char *word, slice *value) {
    slice line;
    if (!slice_line(text, &line) || !slice_skip(&line, slice_str(word)))
        return false;
    *value = line;
    return true;
}

/* Of which report it is; kind: "statement" or "review". */
static bool read_head(slice text, struct report_of *of, const char **kind) {
    slice first, size, root, from, until;
    if (!word_line(&text, "sotto ", &first) || !word_line(&text, "ledger ", &of->origin) ||
        !word_line(&text, "size ", &size) || !word_line(&text, "root ", &root) ||
        !word_line(&text, "from ", &from) || !word_line(&text, "until ", &until))
        return false;
    *kind = slice_equal(first, slice_str("statement 1")) ? "statement"
            : slice_equal(first, slice_str("review 1"))  ? "review"
                                                         : NULL;
    return *kind != NULL && decimal_decode(size, MERKLE_SIZE_MAX, &of->size) == OK &&
           hex_decode_to(of->root.bytes, MERKLE_HASH, root) == OK &&
           report_day_read(from, &of->from) && report_day_read(until, &of->until);
}

static void name_of(const struct report_of *of, const char *end, char name[LEDGER_PATH]) {
    char from[REPORT_DAY], until[REPORT_DAY];
    report_day(of->from, from);
    report_day(of->until, until);
    snprintf(name, LEDGER_PATH, "report/%s_%s.%s", from, until, end);
}

/* NOT_FOUND unless each row of the report is of this ledger, size and root. */
static err check_report(const struct desk *d, struct report_of of) {
    char name[LEDGER_PATH], below[LEDGER_PATH + 8], path[LEDGER_PATH];
    struct report_row row;
    slice rest, line;
    buf bytes = {0};
    name_of(&of, "csv", name);
    snprintf(below, sizeof below, "public/%s", name);
    TRY(ledger_path(d, below, path));
    err e = sys_file_read(path, TABLE_MAX, &bytes);
    rest = buf_slice(&bytes);
    bool head = e == OK && slice_line(&rest, &line);
    while (e == OK && head && slice_line(&rest, &line))
        if (!report_row_read(line, REPORT_CELLS, &of, &row))
            e = ERR_NOT_FOUND;
    buf_free(&bytes);
    return e;
}

static err check_signers(const struct desk *d, const struct office_document *document) {
    struct office_signers who;
    if (d->office == NULL || office_signed(d->office, d->list, document, &who) != OFFICE_OK)
        return ERR_SIGNATURE;
    for (size_t i = 0; i < who.n; i++)
        if (!who.each[i].bound &&
            ((who.each[i].person->roles | who.each[i].person->deputy) & OFFICE_ROLE_AUDITOR) != 0)
            return OK;
    return ERR_SIGNATURE;
}

err desk_report_signed(struct desk *d, slice bytes) {
    struct office_document document = {.bytes = {0}};
    struct report_of of = {.size = 0};
    const char *kind;
    char name[LEDGER_PATH];
    enum office_reason reason = office_document_split(&document, bytes, NULL);
    err e = reason == OFFICE_MEMORY ? ERR_NO_MEMORY : reason != OFFICE_OK ? ERR_MALFORMED : OK;
    if (e == OK && !read_head(document.text, &of, &kind))
        e = ERR_MALFORMED;
    if (e == OK)
        e = check_signers(d, &document);
    if (e == OK)
        e = check_report(d, of);
    if (e == OK) {
        name_of(&of, kind, name);
        e = ledger_file_write(d, name, bytes);
    }
    buf_free(&document.bytes);
    return e;
}
