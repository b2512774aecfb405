/* Pictures of what a stranger attached. Nobody opens the file itself: a program of the system's,
 * confined (sys/confined.h), turns it into points, and of these, whatever drew them, a PNG of our
 * own is made. So what is looked at holds points and nothing else. Blocks, for seconds. */
#ifndef SOTTO_DESK_PICTURES_H
#define SOTTO_DESK_PICTURES_H

#include "base/slice.h"

enum {
    DESK_PICTURES_MAX = 32,        /* pages of one file */
    DESK_PICTURE_SIDE = 2000,      /* points of a picture's longer side, at most */
    DESK_PICTURES_BYTES = 12 << 20 /* of one file's pictures */
};

/* clang-format off */
/* Why there are no pictures, or not all. X(name, text) */
#define DESK_PICTURES(X)                                                                           \
    X(ALL, "")                                                                                     \
    X(SOME, "there are more pages than are shown")                                                 \
    X(KIND, "not shown: only PDF, JPEG, PNG and TIFF are")                                         \
    X(BROKEN, "not shown: it is broken")                                                           \
    X(ENCRYPTED, "not shown: it is encrypted")                                                     \
    X(LIMIT, "not shown: it takes more time or memory than a picture may")                         \
    X(TOOL, "not shown: what draws it isn't on this machine, or can't be confined")                \
    X(WAITING, "not shown: too many others waited to be drawn")
#define X(name, text) DESK_PICTURES_##name,
enum desk_pictures { DESK_PICTURES(X) DESK_PICTURES_COUNT };
#undef X
/* clang-format on */

const char *desk_pictures_text(enum desk_pictures result);

/* A page, from 1; png is gone when it returns. */
typedef err desk_picture_take(void *ctx, unsigned page, slice png);
/* Draws a file. What is wrong with it is in *result; pages taken before stay taken. NO_MEMORY, IO,
 * or the visitor's error. The process must have one thread. */
MUST err desk_pictures_draw(slice file, desk_picture_take *take, void *ctx,
                            enum desk_pictures *result);

/* ---- The parts ---- For tests. */

/* Points as netpbm writes them (P4, P5, P6), as they come in. */
struct desk_points {
    buf bytes; /* of the present picture: header and points */
    desk_picture_take *take;
    void *ctx;
    unsigned pages;
    size_t written; /* bytes of all pictures */
};
/* MALFORMED for what is no such picture, TOO_LARGE for one with too many points or when all
 * together are too large, LIMIT for one page more than DESK_PICTURES_MAX; or the visitor's error. */
MUST err desk_points_add(struct desk_points *p, slice bytes);
/* MALFORMED if a picture is not whole. */
MUST err desk_points_end(const struct desk_points *p);
void desk_points_fini(struct desk_points *p);

#endif
