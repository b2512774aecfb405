/* Time is a number that the caller brings: milliseconds since 1970 UTC. Nothing here reads a clock.
 */
#ifndef SOTTO_BASE_TIME_H
#define SOTTO_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define TIME_SECOND ((uint64_t)1000)
#define TIME_MINUTE (60 * TIME_SECOND)
#define TIME_HOUR (60 * TIME_MINUTE)
#define TIME_DAY (24 * TIME_HOUR)
#define TIME_WEEK (7 * TIME_DAY)

/* The only precision that the server keeps: weeks since Monday 1970-01-05 00:00 UTC (0 before). */
uint32_t time_week(uint64_t ms);
/* True once this week has been over for so many days. */
bool time_week_over(uint32_t week, uint32_t days, uint64_t ms);
/* When a week begins. */
uint64_t time_week_start(uint32_t week);
/* The day in UTC, as year, month (1..12), day (1..31). */
void time_date(uint64_t ms, int *year, int *month, int *day);
/* When a day begins. False for what is none, or is before 1970. */
bool time_of_date(int year, int month, int day, uint64_t *ms);
/* The Monday on which a week begins. */
void time_week_date(uint32_t week, int *year, int *month, int *day);

#endif
