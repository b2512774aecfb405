/* What the user means: conversations and contacts by the words that name them. */
#ifndef SOTTO_TERM_FIND_H
#define SOTTO_TERM_FIND_H

#include "term/job.h"

/* A conversation by what the user calls it. False: the job has failed and said so. */
bool find_conversation(struct job *job, const char *text, struct core_conversation *c);
/* Says it if the user is not in this conversation: `what` begins the sentence, as in job_fail. */
void find_tell_state(struct job *job, const char *what, uint32_t number);
/* A contact, else a member of a conversation who is none and calls itself so, or has such an id:
 * *met is that conversation's number (0: a contact), and nothing is kept. */
bool find_person(struct job *job, const char *text, struct core_contact *person, uint32_t *met);
/* The same, but a member becomes a contact without a petname. */
bool find_contact(struct job *job, const char *text, struct core_contact *contact);
/* A request by its number, or by who asks: what it calls itself, or the beginning of its id. */
bool find_request(struct job *job, const char *text, struct core_conversation *c);
/* Whether a member is called so, or has an id that begins so. */
bool find_fits(const struct core_member *m, slice text);
/* A conversation, but a contact without a conversation gets one. */
bool find_or_make_conversation(struct job *job, const char *text, uint32_t *number);

#endif
