/* `sotto-mls dump`: MLS objects as text. */
#ifndef SOTTO_MLSTOOL_DUMP_H
#define SOTTO_MLSTOOL_DUMP_H

#include <stdio.h>

#include "base/slice.h"

/* Replaces out by the bytes that a file's content stands for: hexadecimal or base64 text (either
 * alphabet), white space anywhere, or else the bytes themselves. */
MUST err dump_input(slice content, buf *out);

/* Writes what a structure holds, in the names of RFC 9420, as far as it can be read; then what is
 * wrong, and where. type: a structure's name, in any case; NOT_FOUND if there is none of this name.
 * full: bytes are not abridged. */
MUST err dump_print(FILE *out, const char *type, slice bytes, bool full);

/* `sotto-mls dump [--type TYPE] [--full] [FILE|-]`. */
int dump_main(int argc, char **argv);

#endif
