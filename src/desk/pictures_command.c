/* Pictures of a file that somebody attached and a person saved: for one that the desk could not draw
 * when it came, on a machine of the person's own. */
#include <stdio.h>

#include "desk/command.h"
#include "desk/desk.h"
#include "desk/pictures.h"
#include "sys/files.h"

enum { PATH = 4096 };

static err take(void *ctx, unsigned page, slice png) {
    const char *folder = ctx;
    char path[PATH];
    int n = snprintf(path, sizeof path, "%s/page-%02u.png", folder, page);
    if (n < 0 || (size_t)n >= sizeof path)
        return ERR_TOO_LARGE;
    TRY(sys_file_write(path, png, 0600));
    printf("%s\n", path);
    return OK;
}

int command_pictures(const struct command_line *line) {
    enum desk_pictures result;
    buf file = {0};
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "usage", "sotto-desk pictures FILE DIR");
    err e = sys_file_read(line->words[0], DESK_FILING_MAX, &file);
    if (e != OK)
        return command_error(line->words[0], e);
    e = sys_dir_check(line->words[1]);
    if (e == OK)
        e = desk_pictures_draw(buf_slice(&file), take, (void *)(uintptr_t)line->words[1], &result);
    buf_free(&file);
    if (e != OK)
        return command_error(line->words[1], e);
    return result == DESK_PICTURES_ALL
               ? CODE_FINE
               : command_fail(CODE_REFUSED, line->words[0], desk_pictures_text(result));
}
