/* The form of a handle, and what it looks like.
 *
 * The form is UsernameCaseMapped (RFC 8265): wide and narrow letters become ordinary ones, capitals
 * small ones, then NFC, then the Bidi Rule; and then only what RFC 8264's IdentifierClass has, less
 *
 *   - signs of ASCII but . _ - and any of these at the beginning
 *   - the joiners U+200C and U+200D, which can't be seen
 *   - letters of more than one writing system (UTS 39 section 5.1: Han with kana, and Han with
 *     Hangul or Bopomofo, are one), and digits of more than one
 *   - a mark at the beginning, the same mark twice, more than four in a row
 *   - fewer than 2 or more than 32 characters
 *
 * Two forms that look alike have one skeleton (UTS 39 section 4). Both follow one version of
 * Unicode, that of handle_tables.c; utf8proc does mapping, normalization and directions, which are
 * the same in its later versions for every character that these tables know. */
#ifndef SOTTO_LOOKUP_HANDLE_FORM_H
#define SOTTO_LOOKUP_HANDLE_FORM_H

#include "base/slice.h"

enum { HANDLE_LEAST = 2, HANDLE_MOST = 32 /* characters */ };

/* Appends the form. LENGTH: too short; TOO_LARGE: too long; UNSUPPORTED: mixed scripts or digits;
 * MALFORMED: not UTF-8, or a character that is not for handles, or not where it stands. */
MUST err lookup_handle_form(slice text, buf *form);
/* Appends the skeleton of a form. */
MUST err lookup_handle_skeleton(slice form, buf *skeleton);

/* ---- handle_tables.c, made by scripts/unicode-tables.py ---- */

struct handle_scripts {
    uint64_t bits[3]; /* one for each script; all: any */
};
/* So many characters from `first` on may stand in a form. */
struct handle_range {
    uint32_t first;
    uint16_t count;
    uint8_t scripts; /* its place in handle_sets */
    uint8_t digits;  /* 1: these are 0 to 9 of one system */
};
/* `from` looks like n characters of the pool. */
struct handle_look {
    uint32_t from;
    uint16_t at;
    uint8_t n;
};
extern const struct handle_scripts handle_sets[];
extern const struct handle_range handle_ranges[];
extern const size_t handle_range_count;
extern const struct handle_look handle_looks[];
extern const size_t handle_look_count;
extern const uint32_t handle_pool[];
extern const uint8_t handle_script_grek, handle_script_hebr, handle_script_hira, handle_script_kana,
    handle_script_hani;

#endif
