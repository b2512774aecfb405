/* A code for a person who is to make their keys. What comes of it is a draft, which counts nothing
 * until others signed an office file that has its lines. */
#include <stdio.h>

#include "crypto/crypto.h"
#include "desk/command.h"
#include "desk/desk.h"
#include "desk/enrolment.h"
#include "sys/files.h"

int command_enrol(const struct command_line *line) {
    char code[DESK_CODE];
    buf lines = {0};
    if (line->word_count < 4)
        return command_fail(CODE_USAGE, "usage",
                            "sotto-desk enrol DIR PERSON 'roles intake' 'countries IE'");
    err e = sys_dir_check(line->words[0]);
    for (size_t i = 2; e == OK && i < line->word_count; i++) {
        e = buf_append(&lines, slice_str(line->words[i]));
        if (e == OK)
            e = buf_append_byte(&lines, '\n');
    }
    if (e == OK)
        e = desk_enrolment_begin(line->words[0], slice_str(line->words[1]), buf_slice(&lines),
                                 desk_now(), code);
    if (e == OK)
        printf("%s\n", code);
    wipe(code, sizeof code);
    buf_free(&lines);
    return e == OK              ? CODE_FINE
           : e == ERR_MALFORMED ? command_fail(CODE_REFUSED, line->words[1], "it is no id")
                                : command_error(line->words[0], e);
}
