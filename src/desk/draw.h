/* Who reviews: drawn by the desk from those who are free. */
#ifndef SOTTO_DESK_DRAW_H
#define SOTTO_DESK_DRAW_H

#include "desk/internal.h"

/* Names somebody for each lens that the act draws, and points act->drawn there. Whoever reviewed by
 * a lens before goes on; else by lot among those who are here; deputies only if there is nobody
 * else; in an emergency, who is on duty first. A lens for which nobody is free stays "". */
MUST err desk_draw(struct desk *d, const struct desk_history *h, const struct desk_world *w,
                   struct desk_act *act, char drawn[DESK_LENS_COUNT][DESK_ID]);

#endif
