#include "base/time.h"

#include <stdbool.h>

/* 1970-01-01 was a Thursday. */
#define FIRST_MONDAY (4 * TIME_DAY)

uint32_t time_week(uint64_t ms) {
    if (ms < FIRST_MONDAY)
        return 0;
    uint64_t week = (ms - FIRST_MONDAY) / TIME_WEEK;
    return week > UINT32_MAX ? UINT32_MAX : (uint32_t)week;
}

static bool leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Takes off whole blocks of 400 years first (146,097 days each), so any week ends quickly. */
void time_week_date(uint32_t week, int *year, int *month, int *day) {
    static const int DAYS[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = (int64_t)week * 7 + 4;
    int64_t y = 1970 + days / 146097 * 400;
    days %= 146097;
    for (int length; days >= (length = leap(y) ? 366 : 365); y++)
        days -= length;
    int m = 0;
    for (int length; days >= (length = DAYS[m] + (m == 1 && leap(y))); m++)
        days -= length;
    *year = (int)y;
    *month = m + 1;
    *day = (int)days + 1;
}
