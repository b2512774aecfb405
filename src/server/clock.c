#include "server/clock.h"

#include "sys/loop.h"

/* 2026-01-01: this was written later. */
static const uint64_t least = UINT64_C(1767225600000);

void clock_start(struct steady *clock) {
    steady_init(clock, sys_clock_wall(), sys_clock_mono(), least);
}

uint64_t clock_now(struct steady *clock, const struct sys_log *log) {
    enum steady_news news;
    uint64_t now = steady_now(clock, sys_clock_wall(), sys_clock_mono(), &news);
    switch (news) {
    case STEADY_NONE:
        break;
    case STEADY_JUMPED:
        sys_log_warn(log, "clock_jumped",
                     "the system's clock jumped: time goes on as before, for a day; if the "
                     "new time is right, start again");
        break;
    case STEADY_BACK:
        sys_log_warn(log, "clock_right", "the system's clock is right again");
        break;
    case STEADY_TAKEN:
        sys_log_warn(log, "clock_followed",
                     "the system's clock has kept its new time for a day, and is followed");
        break;
    }
    return now;
}
