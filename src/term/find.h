/* What the user means: conversations and contacts by the words that name them. */
#ifndef SOTTO_TERM_FIND_H
#define SOTTO_TERM_FIND_H

#include "term/job.h"

/* A conversation by what the user calls it. False: the job has failed and said so. */
bool find_conversation(struct job *job, const char *text, struct core_conversation *c);
bool find_contact(struct job *job, const char *text, struct core_contact *contact);
/* The same, but a contact without a conversation gets one. */
bool find_or_make_conversation(struct job *job, const char *text, uint32_t *number);

#endif
