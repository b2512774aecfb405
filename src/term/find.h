/* What the user means: conversations and contacts by the words that name them. */
#ifndef SOTTO_TERM_FIND_H
#define SOTTO_TERM_FIND_H

#include "term/job.h"

/* A conversation by what the user calls it. False: the job has failed and said so. */
bool find_conversation(struct job *job, const char *text, struct core_conversation *c);
/* Says it if the user is not in this conversation: `what` begins the sentence, as in job_fail. */
void find_tell_state(struct job *job, const char *what, uint32_t number);
/* What was said, by its number in the history. False: the job has failed and said so. */
struct found_message {
    uint64_t number;
    uint8_t id[CORE_MESSAGE_ID];
};
bool find_message(struct job *job, const struct core_conversation *c, const char *text,
                  struct found_message *found);
/* Says why a message can't be said again, if e says that: `what` as in job_fail. */
bool find_refused(struct job *job, err e, uint32_t conversation, const char *what);
/* A contact, else a member of a conversation who is none and calls itself so, or has such an id:
 * *met is that conversation's number (0: a contact), and nothing is kept. */
bool find_person(struct job *job, const char *text, struct core_contact *person, uint32_t *met);
/* The same, but a member becomes a contact without a petname. */
bool find_contact(struct job *job, const char *text, struct core_contact *contact);
/* A request by its number, or by who asks: what it calls itself, or the beginning of its id. */
bool find_request(struct job *job, const char *text, struct core_conversation *c);
/* A member of the conversation by name, the beginning of an id, or "you". False: the job has failed
 * and said so; what begins the sentence. */
struct found_member {
    uint8_t account[CORE_ACCOUNT];
    bool us;
};
bool find_member(struct job *job, uint32_t number, const char *what, const char *text,
                 struct found_member *member);
/* Whether a member is called so, or has an id that begins so. */
bool find_fits(const struct core_member *m, slice text);
/* A conversation, but a contact without a conversation gets one. */
bool find_or_make_conversation(struct job *job, const char *text, uint32_t *number);
/* A time as people write it: "30s", "5m", "8h", "1d", "4w", "off" (0). False: it is none. */
bool find_span(const char *text, uint32_t *seconds);

#endif
