/* The facts of a move: what its `say` lines must be. Each is said once. docs/desk/MOVES.md lists
 * them for each move. */
#ifndef SOTTO_DESK_FACTS_H
#define SOTTO_DESK_FACTS_H

#include "desk/machine.h"

/* Copies with a NUL; false if it doesn't fit in n bytes or holds a zero. */
bool desk_copy(char *out, size_t n, slice s);
/* Into an array of chars. */
#define desk_copy_id(array, s) desk_copy((array), sizeof(array), (s))

/* What is said under a name, if it is said once. */
bool facts_word(const struct office_case_move *text, const char *name, slice *word);
/* Whether that is the SHA-256 of these bytes, in hex. */
bool facts_hash(const struct office_case_move *text, const char *name, slice bytes);
bool facts_time(const struct office_case_move *text, const char *name, uint64_t *ms);
bool facts_is_id(slice s);

/* The bits of held fields by their names, a space between. */
bool facts_fields(slice words, uint32_t *fields);

/* What `classify` says, into the case. FACTS, FACT, AUTHORITY, NO_REGIME. */
enum desk_reason facts_classify(const struct office_case_move *text, const struct desk_world *w,
                                struct desk_case *c);
/* That `number` is one of the authority's in the directory: which, in decimal. */
enum desk_reason facts_called(const struct office_case_move *text, const struct desk_world *w,
                              const struct desk_case *c, char called[DESK_ID]);
/* `verdict`, `beneficiary` (a country or "unknown"), `conflict no`. */
enum desk_reason facts_verdict(const struct office_case_move *text, struct desk_seat *seat);
/* That it cites the policy and the guidelines for authorities, in the versions that stand. FACTS,
 * CITES. */
enum desk_reason facts_cited(const struct office_case_move *text, const struct desk_cites *cites);
/* That each question of the lists (bits of enum desk_list_name) is answered, and no answer blocks.
 * expert_heard: what asks for an expert has had one. */
enum desk_reason facts_clear(const struct office_case_move *text, const struct desk_checklists *c,
                             uint32_t lists, bool expert_heard);
/* The one fact of a move that stands in the clear; "" for most. text may be NULL. */
void facts_detail(const struct office_case_move *text, const struct desk_world *w,
                  const struct desk_case *c, enum desk_move move, char detail[DESK_ID]);

#endif
