/* An identity's key as words that can be written on paper: BIP-39's, 24 of them for 256 bits and 8
 * bits of their SHA-256. */
#ifndef SOTTO_CORE_WORDS_H
#define SOTTO_CORE_WORDS_H

#include "base/slice.h"

enum {
    WORDS_COUNT = 24,
    WORDS_LIST = 2048,
    WORD_MAX = 8,
    WORDS_TEXT = WORDS_COUNT * (WORD_MAX + 1)
};

/* In the order of the alphabet (words_english.c, which scripts/words.py makes). */
extern const char words_english[WORDS_LIST][WORD_MAX + 1];

/* One space between two words, a NUL at the end. */
MUST err core_words_write(const uint8_t seed[32], char text[WORDS_TEXT]);
/* Any white space, large letters or small. MALFORMED: *wrong is the number (from 1) of the first
 * word that is not in the list, or 0 if these are not 24 words; SIGNATURE: each is one, but one is
 * wrong or two changed places, as the check at the end tells. */
MUST err core_words_read(slice text, uint8_t seed[32], uint32_t *wrong);

#endif
