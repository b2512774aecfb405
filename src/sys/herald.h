/* A process of its own that runs one program of the operator's, again and again, each time with one
 * word: for those who, inside their sandbox, can start nothing. It is started before that, knows
 * only the words that it is told, and ends with who started it. */
#ifndef SOTTO_SYS_HERALD_H
#define SOTTO_SYS_HERALD_H

#include "base/slice.h"

enum { SYS_HERALD_WORD_MAX = 64, SYS_HERALD_PATIENCE_MS = 30000 };

struct sys_herald;

/* program: as for sys_run. Its output goes where ours goes; one that runs for longer than
 * patience_ms is killed, with whatever it started in its process group. Start it while there is one
 * thread. */
MUST err sys_herald_start(struct sys_herald **herald, const char *program, unsigned patience_ms);
/* Never waits. AGAIN: too many words wait; CLOSED: the process is gone. MALFORMED unless the word
 * has 1 to SYS_HERALD_WORD_MAX of the characters a-z 0-9 - and '.', and begins with a letter or
 * digit. */
MUST err sys_herald_tell(struct sys_herald *herald, slice word);
/* What was told is still done. NULL is fine. */
void sys_herald_free(struct sys_herald *herald);

#endif
