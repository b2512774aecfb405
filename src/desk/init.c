/* A new desk's folder. Its store is made when it is opened first. */
#include "desk/command.h"
#include "desk/keys.h"

int command_init(const struct command_line *line) {
    buf text = {0};
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "init",
                            "it takes DIR and the ledger's origin, as desk.example.org/ledger");
    err e = desk_keys_make(line->words[0]);
    if (e == OK)
        e = desk_keys_describe(&text, line->words[0], line->words[1]);
    int code = e == OK ? command_write(NULL, buf_slice(&text)) : command_error(line->words[0], e);
    buf_free(&text);
    return code;
}
