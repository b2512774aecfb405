/* How things look: one place for the sentence and for the object of each. */
#ifndef SOTTO_TERM_SHOW_H
#define SOTTO_TERM_SHOW_H

#include "term/job.h"

/* Whether the user gave this account a name. */
bool show_is_named(struct job *job, const uint8_t account[CORE_ACCOUNT]);
/* What to call a person: "you", the petname, else "Ann? (1a2b3c4d)" or the beginning of the id. */
void show_person(struct line *l, struct job *job, slice name, const uint8_t account[CORE_ACCOUNT]);
/* "a week", "90 minutes": in the largest unit that it is a whole number of. */
void show_span(struct line *l, uint64_t seconds);
/* "PNG", "JPEG", "WebP"; empty if it is none. */
const char *show_picture_kind(slice picture);
/* Somebody whom the user has blocked. */
void show_blocked(struct job *job, const uint8_t account[CORE_ACCOUNT]);
void show_contact(struct job *job, const struct core_contact *contact);
/* Its name, else the one other person's, else "conversation 3". */
void show_conversation_name(struct line *l, struct job *job, const struct core_conversation *c);
void show_conversation(struct job *job, const struct core_conversation *c);

/* The entries first..last of its history; with the conversation's name before each if `named`;
 * with their numbers if `numbers`; without our own content if `others`; what is our own alone if
 * `own`. *count, if given, grows by
 * the contents that others wrote. */
struct show_messages {
    uint64_t first, last;
    bool named, others, own, numbers;
    uint64_t *count;
};
/* Who asks, how to know them, and what they say first. */
MUST err show_request(struct job *job, const struct core_conversation *c);
/* How many ask, to people, if somebody does. */
void show_asked(struct job *job);
/* Shows some of them, and moves what->first behind them: it is all when first > last. An error if
 * the output failed. */
MUST err show_messages(struct job *job, const struct core_conversation *c,
                       struct show_messages *what);
/* What happened in a conversation, said nothing: "* Ann left". */
void show_event(struct line *l, struct job *job, const struct core_message *m);

/* What was put aside: everywhere, or in one conversation. */
MUST err show_quarantine(struct job *job);
MUST err show_quarantine_of(struct job *job, uint32_t number);

/* A conversation's members, each person once, as "Ann, Bob (not a contact)": no object, and so on
 * the error output where programs read the other. */
void show_members(struct job *job, uint32_t number);
/* The same, each in a line or an object of its own. */
MUST err show_each_member(struct job *job, uint32_t number);

/* What the mailbox lost, and what to do about it. */
void show_gaps(struct job *job, uint32_t count);

/* How many devices of the conversation were not heard of since they were added. */
uint32_t show_unheard(struct job *job, uint32_t number);
/* The object `sent`, but for its end; number: of the entry. */
void show_sent(struct line *l, struct job *job, const struct core_notice *notice, uint64_t number);
/* The same as a whole, or a sentence, for what is said about a message; or what failed. */
void show_said(struct job *job, const struct core_notice *notice, const char *failed,
               const char *done);
/* True if e says that only administrators may do that there: the job has failed and said so. */
bool show_not_admin(struct job *job, err e, uint32_t number);
/* A message or a change is through, or not: the usual then() of commands that change a
 * conversation. */
void show_done(struct job *job, const struct core_notice *notice, const char *failed,
               const char *done);

#endif
