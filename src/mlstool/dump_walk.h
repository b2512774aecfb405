/* The structures of RFC 9420 as walks that read and print. Private to the dump. */
#ifndef SOTTO_MLSTOOL_DUMP_WALK_H
#define SOTTO_MLSTOOL_DUMP_WALK_H

#include <stdio.h>

#include "base/codec.h"
#include "base/text.h"

/* The first failure sticks; nothing is printed after it. */
struct dump {
    FILE *out;
    bool full;
    int depth;
    err e;
    size_t at; /* where it failed: bytes from `start` */
    const uint8_t *start;
};
void dump_fail(struct dump *d, const reader *r, err e);

typedef void dump_walk(struct dump *d, reader *r, const char *name);

/* What can be asked for; ends with a name that is NULL. */
extern const struct dump_type {
    const char *name;
    dump_walk *walk;
} dump_types[];

#endif
