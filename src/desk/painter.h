/* The process that draws what is attached to filings (desk/pictures.h), for a daemon that can start
 * nothing inside its sandbox. It is started before, is told one file after the other, and ends with
 * the daemon. Its pictures are sealed into their case as they come, and so is why there are none.
 * What still waits when the daemon ends is never drawn: nobody can open the file again but those
 * who hold the case's key. */
#ifndef SOTTO_DESK_PAINTER_H
#define SOTTO_DESK_PAINTER_H

#include "desk/desk.h"

struct sys_loop;
struct sys_log;
struct desk_painter;

/* Start it while there is one thread. */
MUST err desk_painter_start(struct desk_painter **painter);
/* From then on it can be given something, on this loop. All must outlive it. */
MUST err desk_painter_join(struct desk_painter *painter, struct sys_loop *loop, struct desk *d,
                           const struct sys_log *log);
/* The file that is the case's attachment of this number. Never waits; what can't be done is told in
 * the case, or in the log. */
void desk_painter_give(struct desk_painter *painter, slice case_id, size_t number, slice file);
/* NULL is fine. */
void desk_painter_free(struct desk_painter *painter);

#endif
