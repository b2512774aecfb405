/* The commands that make a report, and that count one again. */
#include <stdio.h>
#include <string.h>

#include "desk/audit.h"
#include "desk/command.h"
#include "desk/keys.h"
#include "desk/report.h"
#include "sys/files.h"

enum { PATH = 1024, SIGNED_MAX = OFFICE_DOCUMENT_MAX };

/* ---- report ---- */

static err report(const char *folder, uint64_t from, uint64_t until, buf *statement) {
    struct desk *d = NULL;
    TRY(sys_dir_check(folder));
    err e = desk_open(&d, folder);
    if (e == OK)
        e = desk_report(d, from, until, statement);
    desk_close(d);
    return e;
}

int command_report(const struct command_line *line) {
    uint64_t from, until;
    buf statement = {0};
    if (line->word_count != 1 || line->from == NULL || line->until == NULL ||
        !report_day_read(slice_str(line->from), &from) ||
        !report_day_read(slice_str(line->until), &until) || from >= until)
        return command_fail(CODE_USAGE, "usage",
                            "sotto-desk report DIR --from 2026-01-01 --until 2026-07-01");
    err e = report(line->words[0], from, until, &statement);
    int code = e == OK ? command_write(line->to, buf_slice(&statement))
               : e == ERR_NOT_FOUND
                   ? command_fail(CODE_REFUSED, line->words[0],
                                  "there is no such desk, or its ledger was not published yet")
                   : command_error(line->words[0], e);
    buf_free(&statement);
    return code;
}

/* ---- audit ---- */

static void found(void *ctx, enum audit_finding finding, slice where) {
    const struct command_line *line = ctx;
    const char *name = audit_finding_name(finding);
    if (!line->json) {
        printf("%s %.*s: %s\n", name, (int)where.n, (const char *)where.p,
               audit_finding_text(finding));
        return;
    }
    printf("{\"type\":\"finding\",\"finding\":\"%s\",\"where\":\"", name);
    for (size_t i = 0; i < where.n; i++)
        printf(where.p[i] == '"' || where.p[i] == '\\' ? "\\%c" : "%c", where.p[i]);
    printf("\"}\n");
}

static void progress(void *ctx, uint64_t done, uint64_t all) {
    const struct command_line *line = ctx;
    if (!line->quiet)
        fprintf(stderr, "%llu of %llu entries\n", (unsigned long long)done,
                (unsigned long long)all);
}

static void print_sum(const struct audit_sum *s, bool json) {
    printf(json ? "{\"type\":\"audit\",\"entries\":%llu,\"opened\":%llu,\"padding\":%llu,"
                  "\"cells\":%llu,\"witnesses\":%u,\"findings\":%llu}\n"
                : "%llu entries, %llu opened, %llu padding; %llu cells counted; cosigned by %u "
                  "witnesses; %llu findings\n",
           (unsigned long long)s->entries, (unsigned long long)s->opened,
           (unsigned long long)s->padding, (unsigned long long)s->cells, s->witnesses,
           (unsigned long long)s->findings);
    if (!json && s->witnesses == 0)
        printf("NOT WITNESSED: nobody outside has seen this ledger\n");
}

/* The file that is named, or FROM_UNTIL.END beside FROM_UNTIL.csv. */
static void path_of(const struct command_line *line, const char *named, const char *end,
                    char path[PATH]) {
    const char *report = line->words[1];
    size_t n = strlen(report);
    if (named != NULL)
        snprintf(path, PATH, "%s", named);
    else
        snprintf(path, PATH, "%.*s.%s", (int)(n > 4 ? n - 4 : n), report, end);
}

/* What the auditor signed: it need not lie there if it is not named. */
static int read_signed(const struct command_line *line, const char *named, const char *end,
                       buf *out) {
    char path[PATH];
    path_of(line, named, end, path);
    err e = sys_file_read(path, SIGNED_MAX, out);
    return e == OK || (e == ERR_NOT_FOUND && named == NULL) ? CODE_FINE : command_error(path, e);
}

static void drawn(void *ctx, slice case_id, bool closed) {
    const struct command_line *line = ctx;
    printf(line->json ? "{\"type\":\"drawn\",\"case\":\"%.*s\",\"closed\":%s}\n" : "drawn %.*s%s\n",
           (int)case_id.n, (const char *)case_id.p,
           line->json ? (closed ? "true" : "false") : (closed ? ", which stays closed" : ""));
}

/* NULL: not named. */
static int read_padding(const char *path, buf *key) {
    err e = path == NULL ? OK : sys_file_read(path, DESK_KEY, key);
    if (e != OK)
        return command_error(path, e);
    if (path != NULL && key->n != DESK_KEY)
        return command_fail(CODE_REFUSED, path, "it is no padding key");
    return CODE_FINE;
}

static int run(const struct command_line *line, struct audit_of *of) {
    struct audit_sum sum;
    err e = audit_run(of, found, progress, (void *)(uintptr_t)line, &sum);
    if (e != OK)
        return command_error("audit", e);
    print_sum(&sum, line->json);
    int code = sum.findings == 0 ? CODE_FINE : CODE_REFUSED;
    if (of->draft == NULL)
        return code;
    int written = command_write(line->draft, buf_slice(of->draft));
    return written == CODE_FINE ? code : written;
}

int command_audit(const struct command_line *line) {
    struct office *office = NULL;
    buf statement = {0}, review = {0}, padding = {0}, draft = {0};
    char path[PATH];
    if (line->word_count != 2 || (line->draft != NULL && line->padding == NULL))
        return command_fail(CODE_USAGE, "usage",
                            line->word_count != 2
                                ? "sotto-desk audit PUBLIC REPORT.csv --office FILE; see --help"
                                : "who drafts the review has the padding key and all openings");
    path_of(line, line->openings, "openings", path);
    int code = command_office_load(line->office, &office);
    if (code == CODE_FINE)
        code = read_signed(line, line->statement, "statement", &statement);
    if (code == CODE_FINE)
        code = read_signed(line, line->review, "review", &review);
    if (code == CODE_FINE)
        code = read_padding(line->padding, &padding);
    if (code == CODE_FINE) {
        struct audit_of of = {.folder = line->words[0],
                              .office = office,
                              .report = line->words[1],
                              .openings = path,
                              .statement = buf_slice(&statement),
                              .review = buf_slice(&review),
                              .padding_key = line->padding == NULL ? NULL : padding.p,
                              .drawn = line->draft == NULL ? NULL : drawn,
                              .draft = line->draft == NULL ? NULL : &draft};
        code = run(line, &of);
    }
    office_free(office);
    buf_free(&statement);
    buf_free(&review);
    buf_free(&padding);
    buf_free(&draft);
    return code;
}

/* ---- audited ---- */

static err publish(const char *folder, slice bytes) {
    struct desk *d = NULL;
    TRY(sys_dir_check(folder));
    err e = desk_open(&d, folder);
    if (e == OK)
        e = desk_report_signed(d, bytes);
    desk_close(d);
    return e;
}

int command_audited(const struct command_line *line) {
    buf bytes = {0};
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "usage", "sotto-desk audited DIR FILE");
    err e = sys_file_read(line->words[1], SIGNED_MAX, &bytes);
    int code = e == OK ? CODE_FINE : command_error(line->words[1], e);
    if (code == CODE_FINE)
        e = publish(line->words[0], buf_slice(&bytes));
    buf_free(&bytes);
    if (code != CODE_FINE || e == OK)
        return code;
    return e == ERR_SIGNATURE
               ? command_fail(CODE_REFUSED, line->words[1], "no auditor of this office signed it")
           : e == ERR_NOT_FOUND ? command_fail(CODE_REFUSED, line->words[1],
                                               "no report of this size and root is published")
           : e == ERR_MALFORMED
               ? command_fail(CODE_REFUSED, line->words[1], "it is no statement and no review")
               : command_error(line->words[0], e);
}
