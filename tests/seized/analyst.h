/* Who guesses conversations from what the disk shows: which items were written together, their
 * sizes and weeks. Prints how often he is right, beside how often chance is. */
#ifndef SOTTO_TESTS_SEIZED_ANALYST_H
#define SOTTO_TESTS_SEIZED_ANALYST_H

#include "tests/core/rig.h"

enum { SEIZED_MEMBERS_MAX = 8 };
struct seized_group {
    uint8_t id[32];
    size_t members[SEIZED_MEMBERS_MAX], count;
};

void analyst_begin(struct store *s, const struct seized_group *groups, size_t group_count,
                   const struct client *clients, size_t people);
/* flushed: commits whose log is gone. */
void analyst_tell(uint64_t flushed);

#endif
