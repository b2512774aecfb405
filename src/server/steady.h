/* Time of day to go by. The system's clock may be set wrong, by a hand, by a dead battery or by a
 * bad time server; by one that jumps ahead a month, everything that waits would expire at once. So
 * a jump of more than an hour is not followed at first: time goes on by the clock that only counts,
 * and the system's is believed again when it comes back, or has kept its new course for a day. Who
 * sets a wrong clock right and wants it at once starts the server again.
 *
 * Pure: both clocks are the caller's, in milliseconds. */
#ifndef SOTTO_SERVER_STEADY_H
#define SOTTO_SERVER_STEADY_H

#include <stdint.h>

enum steady_news {
    STEADY_NONE,
    STEADY_JUMPED, /* from here on the system's clock is not followed */
    STEADY_BACK,   /* it is followed again: it agrees */
    STEADY_TAKEN   /* it is followed again: it has stayed where it jumped to for a day */
};

struct steady {
    uint64_t wall, mono; /* both clocks when they were last believed */
    uint64_t least;      /* an earlier wall is wrong for sure, whatever follows it is better */
    uint64_t since;      /* mono when the jump was met; 0: there is none */
    uint64_t jump;       /* how far ahead of ours the system's clock is, modulo 2^64 */
};

/* least: 0 if nothing is known. */
void steady_init(struct steady *s, uint64_t wall, uint64_t mono, uint64_t least);
uint64_t steady_now(struct steady *s, uint64_t wall, uint64_t mono, enum steady_news *news);

#endif
