/* The commands that make a report, and that count one again. */
#include <stdio.h>
#include <string.h>

#include "desk/audit.h"
#include "desk/command.h"
#include "desk/keys.h"
#include "desk/report.h"
#include "sys/files.h"

enum { PATH = 1024, STATEMENT_MAX = 64 << 20 };

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
        printf(where.p[i] == '"' || where.p[i] == '\\' ? "\\%c"
               : where.p[i] < ' '                      ? "?"
                                                       : "%c",
               where.p[i]);
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

static int read_optional(const char *path, size_t max, buf *out) {
    err e = path == NULL ? OK : sys_file_read(path, max, out);
    return e == OK ? CODE_FINE : command_error(path, e);
}

/* FROM_UNTIL.openings, beside FROM_UNTIL.csv. */
static void openings_path(const struct command_line *line, char path[PATH]) {
    const char *report = line->words[1];
    size_t n = strlen(report);
    if (line->openings != NULL)
        snprintf(path, PATH, "%s", line->openings);
    else
        snprintf(path, PATH, "%.*s.openings", (int)(n > 4 ? n - 4 : n), report);
}

static int run(const struct command_line *line, struct audit_of *of) {
    struct audit_sum sum;
    err e = audit_run(of, found, progress, (void *)(uintptr_t)line, &sum);
    if (e != OK)
        return command_error("audit", e);
    print_sum(&sum, line->json);
    return sum.findings == 0 ? CODE_FINE : CODE_REFUSED;
}

int command_audit(const struct command_line *line) {
    struct office *office = NULL;
    buf statement = {0}, padding = {0};
    char path[PATH];
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "usage",
                            "sotto-desk audit PUBLIC REPORT.csv --office FILE; see --help");
    openings_path(line, path);
    int code = command_office_load(line->office, &office);
    if (code == CODE_FINE)
        code = read_optional(line->statement, STATEMENT_MAX, &statement);
    if (code == CODE_FINE)
        code = read_optional(line->padding, DESK_KEY, &padding);
    if (code == CODE_FINE && line->padding != NULL && padding.n != DESK_KEY)
        code = command_fail(CODE_REFUSED, line->padding, "it is no padding key");
    if (code == CODE_FINE) {
        struct audit_of of = {.folder = line->words[0],
                              .office = office,
                              .report = line->words[1],
                              .openings = path,
                              .statement = buf_slice(&statement),
                              .padding_key = line->padding == NULL ? NULL : padding.p};
        code = run(line, &of);
    }
    office_free(office);
    buf_free(&statement);
    buf_free(&padding);
    return code;
}
