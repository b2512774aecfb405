#include <time.h>

#include "sys/loop.h"

static uint64_t clock_ms(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t sys_clock_mono(void) {
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t sys_clock_micros(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t sys_clock_wall(void) {
    return clock_ms(CLOCK_REALTIME);
}

void sys_clock_rest(unsigned ms) {
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}
