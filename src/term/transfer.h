/* Files that are sent and fetched, as the person in front of them sees it. */
#ifndef SOTTO_TERM_TRANSFER_H
#define SOTTO_TERM_TRANSFER_H

#include "term/job.h"

/* Appends what a file of this name may be called here: its last part, without what a terminal or a
 * shell might take for something else; never empty, hidden, or longer than a folder takes. */
MUST err transfer_file_name(buf *out, slice name);
/* "3.2 MiB" */
void transfer_size(struct line *l, uint64_t bytes);
/* Shows a PROGRESS; and as long as something moves, the job has time. False: it stands still for a
 * reason that does not pass soon, and the job has failed and said so. */
bool transfer_progress(struct job *job, const struct core_notice *n, const char *what);
/* It is where it belongs. */
void transfer_saved(struct job *job, uint32_t conversation, uint64_t number, const char *path,
                    uint64_t size);
/* Takes the line of progress away. */
void transfer_clear(struct job *job);

#endif
