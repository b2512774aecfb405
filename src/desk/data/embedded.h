/* What the desk's program carries with it: its data, its public texts, and what its pages are made
 * of, byte for byte as the files are. Written by scripts/embed.py from the list in meson.build. */
#ifndef SOTTO_DESK_DATA_EMBEDDED_H
#define SOTTO_DESK_DATA_EMBEDDED_H

#include <stddef.h>

struct desk_embedded {
    const char *name; /* without a folder: "checklists.json" */
    const unsigned char *bytes;
    size_t n;
};

/* Ascending by name, no name twice. A zero byte, which doesn't count, follows each file's bytes. */
extern const struct desk_embedded desk_embedded[];
extern const size_t desk_embedded_count;

#endif
