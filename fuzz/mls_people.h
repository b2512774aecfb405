/* Who takes part in the groups of the targets mls_group and mls_join, and how what they say is
 * changed on its way. */
#ifndef SOTTO_FUZZ_MLS_PEOPLE_H
#define SOTTO_FUZZ_MLS_PEOPLE_H

#include "sotto/mls.h"

enum { PEOPLE = 5, LAST_RESORT = 4, CUSTOM_PROPOSAL = 0xF0A0, CUSTOM_EXTENSION = 0xF0B0 };

/* `name` is one letter, the identity. The last one's key package is marked as last resort. */
struct person {
    char name[2];
    buf pub, priv, key_package, secrets;
};
extern struct person people[PEOPLE];
extern struct person server; /* the external sender */

/* Accepts everybody and everything; knows one external PSK. */
extern const struct mls_auth auth;
extern const struct mls_limits limits;
enum { PAST = 3 }; /* limits.past_epochs */
#define KNOWN_PSK "psk"

/* ---- For each input ---- */

/* Makes the people, once; and then whatever is random is the same for every input. */
void people_begin(void);
const struct mls_suite *people_suite(void);
struct mls_leaf_params people_leaf(int who);
struct mls_own_key_package people_own(int who);
/* Who is at this leaf. */
int people_at(const struct mls_group *group, uint32_t leaf);
/* The leaf of this one; UINT32_MAX if it has none. */
uint32_t people_leaf_of(const struct mls_group *group, int who);
/* The group context's extensions: `kind` chooses among a few that all people support. */
size_t people_extensions(uint8_t kind, struct mls_extension out[3]);

void require(bool holds);
/* The next byte; 0 after the end. */
uint8_t take(reader *in);
bool same_epoch(const struct mls_group *a, const struct mls_group *b);

/* ---- Changing ---- */

enum { CHANGE_SHORTER = 4, CHANGE_LONGER = 8, CHANGE_SIGN = 16, CHANGE_HIDE = 32 };
/* Some bytes of what is not empty become others, as the input has it. Returns how; 0: not at all.
 * (It may be the same all the same.) CHANGE_SIGN and CHANGE_HIDE are the caller's to do. */
uint8_t change(reader *in, buf *bytes);

#endif
