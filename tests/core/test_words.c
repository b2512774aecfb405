/* The identity's key as words. */
#include <string.h>

#include "core/words.h"
#include "crypto/crypto.h"
#include "support.h"
#include "test.h"

/* BIP-39's own examples, for keys of one byte thirty-two times over. */
static const struct {
    uint8_t byte;
    const char *words;
} known[] = {
    {0x00,
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon art"},
    {0x7f, "legal winner thank year wave sausage worth useful legal winner thank year wave sausage "
           "worth useful legal winner thank year wave sausage worth title"},
    {0x80,
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount "
     "doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless"},
    {0xff,
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
     "zoo vote"},
};

TEST(the_words_are_those_of_bip_39) {
    char text[WORDS_TEXT];
    uint8_t seed[32], back[32];
    uint32_t wrong;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        memset(seed, known[i].byte, sizeof seed);
        CHECK_OK(core_words_write(seed, text));
        CHECK_SLICE(slice_str(text), slice_str(known[i].words));
        CHECK_OK(core_words_read(slice_str(text), back, &wrong));
        CHECK_SLICE(SLICE_ARRAY(back), SLICE_ARRAY(seed));
    }
}

TEST(the_list_has_an_order_and_four_letters_tell_each_word) {
    for (size_t i = 1; i < WORDS_LIST; i++) {
        CHECK(strcmp(words_english[i - 1], words_english[i]) < 0);
        CHECK(strncmp(words_english[i - 1], words_english[i], 4) != 0);
    }
}

TEST(any_key_comes_back) {
    char text[WORDS_TEXT];
    uint8_t seed[32], back[32];
    uint32_t wrong;
    CHECK_OK(crypto_init());
    for (int i = 0; i < 200; i++) {
        crypto_random(seed, sizeof seed);
        CHECK_OK(core_words_write(seed, text));
        CHECK_OK(core_words_read(slice_str(text), back, &wrong));
        CHECK_SLICE(SLICE_ARRAY(back), SLICE_ARRAY(seed));
    }
}

static err read_text(const char *text, uint32_t *wrong) {
    uint8_t seed[32];
    return core_words_read(slice_str(text), seed, wrong);
}

TEST(spaces_lines_and_large_letters_do_not_matter) {
    uint32_t wrong;
    CHECK_OK(
        read_text("  Zoo zoo\tzoo zoo zoo zoo zoo zoo\nzoo zoo zoo zoo zoo zoo zoo ZOO\r\nzoo zoo "
                  "zoo zoo zoo zoo zoo vote \n",
                  &wrong));
}

TEST(a_wrong_word_is_named) {
    uint32_t wrong;
    CHECK_ERR(read_text("zoo zoo zo", &wrong), ERR_MALFORMED);
    CHECK_EQ(wrong, 3);
    CHECK_ERR(read_text("zoo zoos", &wrong), ERR_MALFORMED);
    CHECK_EQ(wrong, 2);
    CHECK_ERR(read_text("zoo abandonedly", &wrong), ERR_MALFORMED);
    CHECK_EQ(wrong, 2);
    CHECK_ERR(read_text("", &wrong), ERR_MALFORMED);
    CHECK_EQ(wrong, 0);
    CHECK_ERR(read_text("zoo zoo", &wrong), ERR_MALFORMED);
    CHECK_EQ(wrong, 0);
    CHECK_ERR(
        read_text("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
                  "zoo zoo zoo zoo vote zoo",
                  &wrong),
        ERR_MALFORMED);
    CHECK_EQ(wrong, 0);
}

TEST(the_check_at_the_end_sees_another_word_and_another_order) {
    uint32_t wrong;
    CHECK_ERR(
        read_text("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
                  "zoo zoo zoo zoo zoo",
                  &wrong),
        ERR_SIGNATURE);
    CHECK_ERR(
        read_text("winner legal thank year wave sausage worth useful legal winner thank year "
                  "wave sausage worth useful legal winner thank year wave sausage worth title",
                  &wrong),
        ERR_SIGNATURE);
}

TEST_MAIN
