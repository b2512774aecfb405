/* A process apart (apart.h) that does one thing again and again: what takes longer than somebody
 * who waits for a page should wait. It ends with who started it. */
#ifndef SOTTO_SYS_BESIDE_H
#define SOTTO_SYS_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct sys_beside;

/* Calls work(ctx) after a second, then each_ms after it ended the last time. */
MUST err sys_beside_start(struct sys_beside **beside, void (*work)(void *ctx), void *ctx,
                          uint64_t each_ms);
/* Whether it ended by itself, as it never should. */
bool sys_beside_gone(const struct sys_beside *beside);
/* It ends once what it is at is done. NULL is fine. */
void sys_beside_free(struct sys_beside *beside);

#endif
