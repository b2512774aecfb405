/* What pages are made of beside HTML, byte for byte. Written by scripts/embed.py. */
#ifndef SOTTO_DESK_PAGES_ASSETS_H
#define SOTTO_DESK_PAGES_ASSETS_H

#include <stddef.h>

struct desk_assets {
    const char *name;
    const unsigned char *bytes;
    size_t n;
};
extern const struct desk_assets desk_assets[];
extern const size_t desk_assets_count;

#endif
