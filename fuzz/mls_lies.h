/* Messages that are changed on their way, by somebody who is a member, or has a sender's key.
 *
 * Nobody accepts what was changed, unless it is another valid message:
 * - signed again, a proposal can be, and a private message made of it;
 * - nobody without secrets can check the tags of a message, and whom a commit removes can't check
 *   its confirmation tag: these accept whatever is signed. */
#ifndef SOTTO_FUZZ_MLS_LIES_H
#define SOTTO_FUZZ_MLS_LIES_H

#include "sotto/mls.h"

struct liar {
    const struct mls_group *group; /* for the context, the tag and the keys of private messages */
    slice priv;                    /* to sign with */
};

/* What was sent, and what becomes of it. */
struct sent {
    buf before, message;
    bool different, signed_again;
    bool sure; /* if it is not different, all accept it */
};
/* Changes s->message as the input has it; the rest of s is of zeros. */
void sent_on_its_way(reader *in, const struct liar *liar, struct sent *s);
/* Gives to a group what is different, and requires what is said above; and that nothing of it is
 * left in the group. */
void sent_refuse(struct mls_group *to, const struct sent *s);
void sent_free(struct sent *s);

#endif
