/* Files that are handed in at the desk's machine: the office file, the suspension list, and what
 * the server says of itself. Each is checked as if it came from a stranger. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "desk/command.h"
#include "desk/desk.h"
#include "sys/files.h"

enum { STATEMENT_MAX = 65536, NUMBER = 24 };

static int result(const char *what, err e, const struct desk_why *why) {
    return e == OK                          ? CODE_FINE
           : e == ERR_DENIED && why != NULL ? command_why(what, why)
                                            : command_error(what, e);
}

/* ---- office, list ---- */

static int put_office(struct desk *d, const struct command_line *line, slice bytes) {
    struct desk_why why = {0};
    uint8_t hash[32];
    if (line->pin == NULL)
        return result(line->words[1], desk_office_change(d, bytes, &why), &why);
    if (hex_decode_to(hash, sizeof hash, slice_str(line->pin)) != OK)
        return command_fail(CODE_USAGE, line->pin, "a hash has 64 hexadecimal digits");
    return result(line->words[1], desk_office_pin(d, bytes, hash, &why), &why);
}

static int put_list(struct desk *d, const struct command_line *line, slice bytes) {
    struct desk_why why = {0};
    return result(line->words[1], desk_list_change(d, bytes, NULL, 0, &why), &why);
}

/* ---- server ---- The lines of `sottod office show`: "server HEX", "server-number N". */

static bool read_statement(slice text, uint8_t identity[32], uint64_t *number) {
    slice line;
    bool known = false;
    *number = 0;
    while (slice_line(&text, &line)) {
        slice word = slice_until(&line, ' ');
        if (slice_equal(word, slice_str("server")))
            known = hex_decode_to(identity, 32, line) == OK;
        if (slice_equal(word, slice_str("server-number")) &&
            decimal_decode(line, UINT64_MAX / 10, number) != OK)
            return false;
    }
    return known && *number > 0;
}

static int put_server(struct desk *d, const struct command_line *line, slice bytes) {
    uint8_t identity[32];
    uint64_t number;
    if (!read_statement(bytes, identity, &number))
        return command_fail(CODE_REFUSED, line->words[1],
                            "it is not what `sottod office show` prints");
    return result(line->words[1], desk_server_set(d, identity, number), NULL);
}

/* What a file in force demands of the cases that are open. */
static int settle(struct desk *d, const char *folder) {
    err e = OK;
    for (bool more = true; more && e == OK;)
        e = desk_settle_more(d, &more);
    return result(folder, e, NULL);
}

static int put(const struct command_line *line, const char *usage,
               int (*take)(struct desk *d, const struct command_line *line, slice bytes)) {
    struct desk *d = NULL;
    buf bytes = {0};
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "usage", usage);
    int code = command_read(line->words[1], &bytes);
    if (code == CODE_FINE)
        code = result(line->words[0], desk_open(&d, line->words[0]), NULL);
    if (code == CODE_FINE)
        code = take(d, line, buf_slice(&bytes));
    if (code == CODE_FINE)
        code = settle(d, line->words[0]);
    desk_close(d);
    buf_free(&bytes);
    return code;
}

int command_office(const struct command_line *line) {
    return put(line, "sotto-desk office DIR FILE [--pin HASH]", put_office);
}

int command_list(const struct command_line *line) {
    return put(line, "sotto-desk list DIR FILE", put_list);
}

int command_server(const struct command_line *line) {
    return put(line, "sotto-desk server DIR FILE, which holds what `sottod office show` prints",
               put_server);
}

/* ---- show ---- */

static void show_version(const char *what, uint64_t number, const uint8_t hash[32], bool json) {
    char hex[HEX_TEXT];
    hex_text(hash, hex);
    printf(json ? "{\"type\":\"%s\",\"version\":%" PRIu64 ",\"hash\":\"%s\"}\n"
                : "%s %" PRIu64 " %s\n",
           what, number, hex);
}

static int show(struct desk *d, bool json) {
    uint64_t count[DESK_STATE_COUNT], number = 0;
    uint8_t identity[32];
    const struct office *o = desk_office(d);
    const struct office_suspensions *list = desk_list(d);
    err e = desk_cases_count(d, count);
    if (e != OK)
        return command_error("cases", e);
    if (o != NULL)
        show_version("office", o->version, o->document.hash, json);
    if (list != NULL)
        show_version("suspensions", list->version, list->document.hash, json);
    if (desk_server(d, identity, &number)) {
        char hex[HEX_TEXT];
        hex_text(identity, hex);
        printf(json ? "{\"type\":\"server\",\"identity\":\"%s\",\"number\":%" PRIu64 "}\n"
                    : "server %s\nserver-number %" PRIu64 "\n",
               hex, number);
    }
    for (size_t i = 0; i < DESK_STATE_COUNT; i++)
        if (count[i] > 0)
            printf(json ? "{\"type\":\"cases\",\"state\":\"%s\",\"count\":%" PRIu64 "}\n"
                        : "%s: %" PRIu64 "\n",
                   desk_state_name((enum desk_state)i), count[i]);
    return CODE_FINE;
}

int command_show(const struct command_line *line) {
    struct desk *d = NULL;
    if (line->word_count != 1)
        return command_fail(CODE_USAGE, "usage", "sotto-desk show DIR [--json]");
    /* Looking makes nothing. */
    err e = sys_dir_check(line->words[0]);
    if (e == OK)
        e = desk_open(&d, line->words[0]);
    int code = e == OK ? show(d, line->json) : command_error(line->words[0], e);
    desk_close(d);
    return code;
}
