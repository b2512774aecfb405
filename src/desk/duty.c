/* Who is on duty now, for the operator's command for alarms: it gets the number of a case and
 * nothing else, and asks here whom to wake. */
#include <stdio.h>

#include "desk/command.h"
#include "desk/desk.h"
#include "sys/files.h"

struct on_duty {
    struct desk *d;
    const struct office_person *said[OFFICE_SIGNATURES_MAX];
    size_t n;
};

/* Each once; whom a suspended jurisdiction's law binds is not woken. */
static bool on_duty(void *ctx, slice person, uint64_t from, uint64_t until) {
    struct on_duty *all = ctx;
    const struct office_person *p = desk_person(desk_office(all->d), person);
    (void)from;
    (void)until;
    if (p == NULL || desk_person_bound(all->d, p))
        return true;
    for (size_t i = 0; i < all->n; i++)
        if (all->said[i] == p)
            return true;
    printf("%.*s\n", (int)p->id.n, (const char *)p->id.p);
    all->said[all->n++] = p;
    return all->n < OFFICE_SIGNATURES_MAX;
}

int command_duty(const struct command_line *line) {
    struct on_duty all = {.d = NULL};
    uint64_t now = desk_now();
    if (line->word_count != 1)
        return command_fail(CODE_USAGE, "usage", "sotto-desk duty DIR");
    err e = sys_dir_check(line->words[0]);
    if (e == OK)
        e = desk_open(&all.d, line->words[0]);
    if (e == OK && desk_office(all.d) != NULL)
        e = desk_duty_between(all.d, now, now + 1, on_duty, &all);
    desk_close(all.d);
    if (e != OK)
        return command_error(line->words[0], e);
    return all.n > 0 ? CODE_FINE : command_fail(CODE_FAILED, "the roster", "nobody is on duty now");
}
