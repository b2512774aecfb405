/* How long the library's primitives took: signatures, key encapsulation, AEAD. The linker leads
 * each of their calls through a clock (--wrap, see meson.build), which is read while they are
 * counted: reading costs as much as a short call, so that runs that count are not those that are
 * timed. */
#ifndef SOTTO_BENCH_PRIMITIVES_H
#define SOTTO_BENCH_PRIMITIVES_H

#include <stdbool.h>

/* From zero, or not at all. */
void primitives_count(bool on);
double primitives_seconds(void);

/* The process' own time, in seconds: what else the machine does is not in it. */
double primitives_now(void);

#endif
