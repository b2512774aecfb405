#include "server/steady.h"

#include "base/time.h"

enum { SLACK = TIME_HOUR };
#define TAKEN_AFTER ((uint64_t)24 * TIME_HOUR)

static uint64_t distance(uint64_t a, uint64_t b) {
    return a > b ? a - b : b - a;
}

static void believe(struct steady *s, uint64_t wall, uint64_t mono) {
    s->wall = wall;
    s->mono = mono;
    s->since = 0;
}

void steady_init(struct steady *s, uint64_t wall, uint64_t mono, uint64_t least) {
    *s = (struct steady){.least = least};
    believe(s, wall, mono);
}

/* The clock stands away from ours: since when has it been that far? */
static bool has_stayed(struct steady *s, uint64_t jump, uint64_t mono, enum steady_news *news) {
    if (s->since == 0)
        *news = STEADY_JUMPED;
    /* Differences modulo 2^64: that of two jumps is small if they lead to about the same place. */
    uint64_t moved = jump - s->jump;
    if (s->since == 0 || (moved > SLACK && -moved > SLACK)) {
        s->since = mono == 0 ? 1 : mono;
        s->jump = jump;
    }
    return mono - s->since >= TAKEN_AFTER;
}

uint64_t steady_now(struct steady *s, uint64_t wall, uint64_t mono, enum steady_news *news) {
    uint64_t ours = s->wall + (mono - s->mono);
    *news = STEADY_NONE;
    if (distance(wall, ours) <= SLACK || (s->wall < s->least && wall >= s->least)) {
        if (s->since != 0)
            *news = STEADY_BACK;
        believe(s, wall, mono);
        return wall;
    }
    if (!has_stayed(s, wall - ours, mono, news))
        return ours;
    *news = STEADY_TAKEN;
    believe(s, wall, mono);
    return wall;
}
