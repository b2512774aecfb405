/* The commands of sotto-desk: each takes what the command line says and returns the exit code. What
 * fails has been told on the standard error. */
#ifndef SOTTO_DESK_COMMAND_H
#define SOTTO_DESK_COMMAND_H

#include "office/office.h"

enum command_code {
    CODE_FINE = 0,
    CODE_FAILED = 1,  /* the machine: disk, memory, a program that is not there */
    CODE_USAGE = 2,   /* the command line */
    CODE_IN_USE = 3,  /* a port or the store is another process's */
    CODE_DAMAGED = 4, /* the store, or a file of the desk's, can't be read */
    CODE_REFUSED = 5  /* what was handed in is not as it must be; nothing has changed */
};

enum { COMMAND_WORDS = 16, COMMAND_LINE = 512 };

struct command_line {
    const char *words[COMMAND_WORDS]; /* that are no options */
    size_t word_count;
    const char *as, *key, *office, *list, *to, *pin; /* NULL: not given */
    const char *listen, *people, *alarm;
    const char *from, *until, *statement, *review, *draft, *openings, *padding;
    const char *schema, *facts, *with;
    bool yes, json, xml;
    bool quiet; /* `sign` shows nothing: of the demonstration's own texts */
};

int command_annex(const struct command_line *line);
int command_answer(const struct command_line *line);
int command_audit(const struct command_line *line);
int command_audited(const struct command_line *line);
int command_carry(const struct command_line *line);
int command_deliver(const struct command_line *line);
int command_demo(const struct command_line *line);
int command_duty(const struct command_line *line);
int command_import(const struct command_line *line);
int command_enrol(const struct command_line *line);
int command_init(const struct command_line *line);
int command_ledger(const struct command_line *line);
int command_list(const struct command_line *line);
int command_office(const struct command_line *line);
int command_pictures(const struct command_line *line);
int command_report(const struct command_line *line);
int command_serve(const struct command_line *line);
int command_server(const struct command_line *line);
int command_show(const struct command_line *line);
int command_sign(const struct command_line *line);
int command_signed(const struct command_line *line);
int command_merge(const struct command_line *line);

/* ---- For the commands ---- command.c */

/* Says "sotto-desk: WHAT: WHY". */
int command_fail(int code, const char *what, const char *why);
/* The same for an error of the machine, or of a file. */
int command_error(const char *what, err e);
/* For a text that is refused, and why. */
int command_refuse(const char *what, enum office_reason reason, size_t line);

/* For what the desk refuses. */
struct desk_why;
int command_why(const char *what, const struct desk_why *why);

/* Reads a file of the office's size. What fails has been told. */
int command_read(const char *path, buf *out);
/* Writes a file, or, if path is NULL, to the standard output. */
int command_write(const char *path, slice content);

/* Reads a file that is a filing in HI1, which hi1_free frees. What fails has been told. */
struct hi1_filing;
int command_hi1(const char *path, buf *bytes, struct hi1_filing **f);
/* Whether a message, of this name, is as the schema says; NULL: as none. */
int command_hi1_schema(const char *schema, const char *what, slice bytes);

/* A signed text of any kind, which is told by its first line. One of the first four is not NULL,
 * or it is an auditor's statement or review. */
struct command_paper {
    struct office *office;
    struct office_suspensions *list;
    struct office_order *order;
    struct office_case_move *move;
    struct office_document statement;
    struct office_document *document; /* that of whichever it is */
};
enum office_reason command_paper_load(struct command_paper *paper, slice bytes, size_t *line);
void command_paper_free(struct command_paper *paper);
/* The office file that this machine trusts. What fails has been told. */
int command_office_load(const char *path, struct office **office);

#endif
