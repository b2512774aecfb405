#include "core/words.h"

#include "crypto/crypto.h"

enum { WORD_BITS = 11 };

/* The key, and behind it the first byte of its hash. */
static err with_check(const uint8_t seed[32], uint8_t bytes[33]) {
    uint8_t hash[32];
    slice part = slice_of(seed, 32);
    TRY(crypto_sha256.hash(hash, &part, 1));
    memcpy(bytes, seed, 32);
    bytes[32] = hash[0];
    wipe(hash, sizeof hash);
    return OK;
}

/* The i-th eleven bits. */
static unsigned bits_at(const uint8_t bytes[33], unsigned i) {
    unsigned value = 0;
    for (unsigned bit = i * WORD_BITS; bit < (i + 1) * WORD_BITS; bit++)
        value = value << 1 | (bytes[bit / 8] >> (7 - bit % 8) & 1u);
    return value;
}

static void put_bits(uint8_t bytes[33], unsigned i, unsigned value) {
    for (unsigned k = 0; k < WORD_BITS; k++) {
        unsigned bit = i * WORD_BITS + k;
        if ((value >> (WORD_BITS - 1 - k) & 1u) != 0)
            bytes[bit / 8] |= (uint8_t)(1u << (7 - bit % 8));
    }
}

err core_words_write(const uint8_t seed[32], char text[WORDS_TEXT]) {
    uint8_t bytes[33];
    size_t n = 0;
    TRY(with_check(seed, bytes));
    for (unsigned i = 0; i < WORDS_COUNT; i++) {
        const char *word = words_english[bits_at(bytes, i)];
        for (size_t k = 0; word[k] != '\0'; k++)
            text[n++] = word[k];
        text[n++] = i + 1 < WORDS_COUNT ? ' ' : '\0';
    }
    wipe(bytes, sizeof bytes);
    return OK;
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes the next word off the text; an empty one is the end. */
static slice next_word(slice *text) {
    while (text->n > 0 && is_space(*text->p))
        *text = slice_of(text->p + 1, text->n - 1);
    size_t n = 0;
    while (n < text->n && !is_space(text->p[n]))
        n++;
    slice word = slice_of(text->p, n);
    *text = slice_of(text->p + n, text->n - n);
    return word;
}

static bool same(slice word, const char *listed) {
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] | 0x20 : word.p[i];
        if (c != (uint8_t)listed[i])
            return false; /* its end, too */
    }
    return listed[word.n] == '\0';
}

static bool find(slice word, unsigned *value) {
    for (unsigned i = 0; word.n <= WORD_MAX && i < WORDS_LIST; i++) {
        if (same(word, words_english[i])) {
            *value = i;
            return true;
        }
    }
    return false;
}

static err read_words(slice text, uint8_t bytes[33], uint32_t *wrong) {
    unsigned value = 0;
    memset(bytes, 0, 33);
    for (unsigned i = 0; i < WORDS_COUNT; i++) {
        slice word = next_word(&text);
        *wrong = word.n == 0 ? 0 : i + 1;
        if (word.n == 0 || !find(word, &value))
            return ERR_MALFORMED;
        put_bits(bytes, i, value);
    }
    *wrong = 0;
    return next_word(&text).n == 0 ? OK : ERR_MALFORMED;
}

err core_words_read(slice text, uint8_t seed[32], uint32_t *wrong) {
    uint8_t bytes[33], expected[33];
    err e = read_words(text, bytes, wrong);
    if (e == OK)
        e = with_check(bytes, expected);
    if (e == OK && !equal_secret(bytes, expected, sizeof bytes))
        e = ERR_SIGNATURE;
    if (e == OK)
        memcpy(seed, bytes, 32);
    wipe(bytes, sizeof bytes);
    wipe(expected, sizeof expected);
    return e;
}
