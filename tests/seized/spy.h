/* A store that notes which items each commit put, as the log's records show it. */
#ifndef SOTTO_TESTS_SEIZED_SPY_H
#define SOTTO_TESTS_SEIZED_SPY_H

#include "store/store.h"

struct spied {
    uint64_t commit;
    uint8_t mailbox[16];
    uint64_t position;
    uint32_t size;
};

/* Over another, which is closed with it. */
struct store *spy_open(struct store *inner);
const struct spied *spy_items(size_t *count);
/* How many there were so far. */
uint64_t spy_commits(void);

#endif
