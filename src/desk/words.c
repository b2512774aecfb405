#include "desk/words.h"

static const char *const words[WORDS_LANGUAGES][WORD_COUNT] = {
    [WORDS_EN] =
        {
#define X(name, en, zh) en,
            DESK_WORDS(X)
#undef X
        },
    [WORDS_ZH] =
        {
#define X(name, en, zh) zh,
            DESK_WORDS(X)
#undef X
        },
};

const char *words_get(enum words_language language, enum word w) {
    return words[language][w];
}

const char *words_tag(enum words_language language) {
    return language == WORDS_ZH ? "zh-Hant" : "en";
}
