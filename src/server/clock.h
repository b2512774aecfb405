/* The time of day that a process of the server goes by, and what is said when it jumps. */
#ifndef SOTTO_SERVER_CLOCK_H
#define SOTTO_SERVER_CLOCK_H

#include "server/steady.h"
#include "sys/log.h"

/* At a process's start. */
void clock_start(struct steady *clock);
uint64_t clock_now(struct steady *clock, const struct sys_log *log);

#endif
