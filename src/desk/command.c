/* What the commands share. */
#include "desk/command.h"

#include <stdio.h>

#include "desk/desk.h"
#include "sys/files.h"

int command_fail(int code, const char *what, const char *why) {
    fprintf(stderr, "sotto-desk: %s: %s\n", what, why);
    return code;
}

/* What desk_open refuses is the operator's own data. */
int command_error(const char *what, err e) {
    return command_fail(e == ERR_BUSY      ? CODE_IN_USE
                        : e == ERR_DAMAGED ? CODE_DAMAGED
                                           : CODE_FAILED,
                        what, e == ERR_STATE ? desk_reason_text(DESK_IMPOSSIBLE) : err_text(e));
}

int command_refuse(const char *what, enum office_reason reason, size_t line) {
    fprintf(stderr, "sotto-desk: %s: %s: %s", what, office_reason_name(reason),
            office_reason_text(reason));
    if (line > 0)
        fprintf(stderr, " (line %zu)", line);
    fprintf(stderr, "\n");
    return CODE_REFUSED;
}

int command_why(const char *what, const struct desk_why *why) {
    fprintf(stderr, "sotto-desk: %s: %s: %s", what, desk_why_name(why), desk_why_text(why));
    if (why->reason == DESK_OFFICE && why->line > 0)
        fprintf(stderr, " (line %zu)", why->line);
    fprintf(stderr, "\n");
    return CODE_REFUSED;
}

int command_read(const char *path, buf *out) {
    err e = sys_file_read(path, OFFICE_DOCUMENT_MAX, out);
    return e == OK ? CODE_FINE : command_error(path, e);
}

int command_write(const char *path, slice content) {
    if (path != NULL) {
        err e = sys_file_write(path, content, 0644);
        return e == OK ? CODE_FINE : command_error(path, e);
    }
    if (fwrite(content.p, 1, content.n, stdout) == content.n && fflush(stdout) == 0)
        return CODE_FINE;
    return command_fail(CODE_FAILED, "the output", "it could not be written");
}

/* ---- Signed texts ---- */

static bool begins(slice bytes, const char *kind) {
    return slice_skip(&bytes, slice_str("sotto ")) && slice_skip(&bytes, slice_str(kind)) &&
           slice_skip(&bytes, slice_str(" "));
}

enum office_reason command_paper_load(struct command_paper *paper, slice bytes, size_t *line) {
    enum office_reason r;
    *paper = (struct command_paper){0};
    if (begins(bytes, "office")) {
        r = office_load(&paper->office, NULL, bytes, line);
        paper->document = (struct office_document *)paper->office;
    } else if (begins(bytes, "suspensions")) {
        r = office_suspensions_load(&paper->list, NULL, bytes, line);
        paper->document = (struct office_document *)paper->list;
    } else if (begins(bytes, "move")) {
        r = office_case_move_load(&paper->move, NULL, bytes, line);
        paper->document = (struct office_document *)paper->move;
    } else if (begins(bytes, "statement") || begins(bytes, "review")) {
        r = office_document_split(&paper->statement, bytes, line);
        paper->document = &paper->statement;
    } else {
        r = office_order_load(&paper->order, NULL, bytes, line);
        paper->document = (struct office_document *)paper->order;
    }
    return r;
}

void command_paper_free(struct command_paper *paper) {
    office_free(paper->office);
    office_suspensions_free(paper->list);
    office_case_move_free(paper->move);
    office_order_free(paper->order);
    buf_free(&paper->statement.bytes);
    *paper = (struct command_paper){0};
}

int command_office_load(const char *path, struct office **office) {
    buf bytes = {0};
    size_t line = 0;
    *office = NULL;
    if (path == NULL)
        return command_fail(CODE_USAGE, "--office", "it names the office file that you trust");
    int code = command_read(path, &bytes);
    enum office_reason r =
        code == CODE_FINE ? office_load(office, NULL, buf_slice(&bytes), &line) : OFFICE_OK;
    buf_free(&bytes);
    return r == OFFICE_OK ? code : command_refuse(path, r, line);
}
