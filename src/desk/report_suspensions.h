/* The suspensions of a period, with their dates and words, as the versions of the suspension list
 * give them: report and audit each read the lists, and write the same. */
#ifndef SOTTO_DESK_REPORT_SUSPENSIONS_H
#define SOTTO_DESK_REPORT_SUSPENSIONS_H

#include "office/office.h"

struct report_suspension {
    buf id, jurisdictions, scope, wording, carve_outs; /* as the last list that has it says */
    uint64_t start, review, ended;                     /* ended: 0 if it is in force */
};
struct report_suspensions {
    struct report_suspension *each;
    size_t n, room;
};

/* The next version of the list, which came into force then. NO_MEMORY. */
MUST err report_suspensions_take(struct report_suspensions *s,
                                 const struct office_suspensions *list, uint64_t since);
/* Those that were in force in the period, a line each, in quotes where words stand. */
MUST err report_suspensions_write(buf *out, const struct report_suspensions *s, uint64_t from,
                                  uint64_t until);
bool report_suspension_within(const struct report_suspension *s, uint64_t from, uint64_t until);
void report_suspensions_free(struct report_suspensions *s);

#endif
