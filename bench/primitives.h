/* How long the library's primitives took: signatures, key encapsulation, AEAD. The linker leads each of
 * their calls through a clock (--wrap, see meson.build). */
#ifndef SOTTO_BENCH_PRIMITIVES_H
#define SOTTO_BENCH_PRIMITIVES_H

void primitives_reset(void);
double primitives_seconds(void);

#endif
