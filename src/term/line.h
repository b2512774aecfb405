/* Lines of output: sentences for people, objects for programs. A line is built in memory and handed
 * over as a whole, so that a failure half-way prints nothing. */
#ifndef SOTTO_TERM_LINE_H
#define SOTTO_TERM_LINE_H

#include "base/json.h"

/* Where a command's output goes: this process's, or the other end of the control socket. */
enum { OUT_NORMAL = 1, OUT_TROUBLE = 2 };
struct out {
    bool json;
    err (*put)(void *ctx, int stream, slice bytes);
    void *ctx;
    err failed; /* something is missing from the output, and nothing more comes after it; or OK */
};

/* All zero is an empty line. A failed append sticks, and line_end then prints nothing. */
struct line {
    struct json json;
};

/* ---- Sentences ---- */
__attribute__((format(printf, 2, 3))) void line_add(struct line *l, const char *format, ...);
/* Somebody else's words, on one line. */
void line_text(struct line *l, slice text);
/* A name that somebody chose, without the characters of `marks`. */
void line_name(struct line *l, slice name, const char *marks);
/* Somebody else's words, on as many lines as they have. */
void line_lines(struct line *l, slice text, const char *indent);

/* ---- Objects ---- one a line: {"type":TYPE,...} */
void line_object(struct line *l, const char *type);
void line_str(struct line *l, const char *name, slice value);
void line_num(struct line *l, const char *name, uint64_t value);
void line_bool(struct line *l, const char *name, bool value);
void line_hex(struct line *l, const char *name, slice value);
/* Closes it. */
void line_object_end(struct line *l);

/* Writes the line and a line end, and empties it. out->failed says whether that is so. */
void line_end(struct line *l, struct out *out, int stream);

#endif
