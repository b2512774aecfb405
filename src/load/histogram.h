/* Counts of microseconds, as HdrHistogram has them: 1,024 steps to each doubling, so that every
 * value is known to a thousandth, and a fixed size whatever comes. */
#ifndef SOTTO_LOAD_HISTOGRAM_H
#define SOTTO_LOAD_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BITS = 11, HISTOGRAM_HALF = 1 << (HISTOGRAM_BITS - 1), HISTOGRAM_DOUBLINGS = 24 };
enum { HISTOGRAM_PLACES = HISTOGRAM_HALF * (HISTOGRAM_DOUBLINGS + 1) };

struct histogram {
    uint64_t count, most; /* all; the largest value */
    uint32_t places[HISTOGRAM_PLACES];
};

/* Above about 17,000 seconds all are one. */
void histogram_add(struct histogram *h, uint64_t us);
void histogram_merge(struct histogram *to, const struct histogram *from);
/* The value that `part` of all (0 to 1) do not exceed; 0 if there are none. */
uint64_t histogram_quantile(const struct histogram *h, double part);
/* The largest value that is counted in a place. */
uint64_t histogram_value(size_t place);
/* To stdout, as fields of a JSON object, a comma before each: p50_us and so on, with `name` before
 * them; all: times_us too, a list of value and number. */
void histogram_print(const struct histogram *h, const char *name, bool all);

#endif
