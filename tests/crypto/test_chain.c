#include "crypto/chain.h"

#include "crypto/crypto.h"
#include "tests/support.h"
#include "tests/test.h"

static uint8_t priv[32], pub[32];
static struct crypto_chain sender, receiver;

static void begin(void) {
    CHECK_OK(crypto_init());
    crypto_x25519_generate(pub, priv);
    CHECK_OK(crypto_chain_begin(&sender, pub));
    CHECK_OK(crypto_chain_follow(&receiver, sender.name, priv));
}

enum { TEXT = 7, SEALED = TEXT + CRYPTO_CHAIN_TAG };

static void seal(uint8_t out[SEALED], uint32_t number) {
    uint8_t text[TEXT] = {'s', 'o', 't', 't', 'o', ' ', (uint8_t)('0' + number % 10)};
    CHECK_EQ(sender.count, number);
    CHECK_OK(crypto_chain_seal(&sender, out, SLICE_ARRAY(text)));
}

static void opens(struct crypto_chain *c, uint32_t number, const uint8_t sealed[SEALED]) {
    uint8_t text[TEXT] = {'s', 'o', 't', 't', 'o', ' ', (uint8_t)('0' + number % 10)};
    uint8_t out[TEXT];
    CHECK_OK(crypto_chain_open(c, c->first + number, out, slice_of(sealed, SEALED)));
    CHECK_SLICE(SLICE_ARRAY(out), SLICE_ARRAY(text));
    CHECK_EQ(c->count, number + 1);
}

/* Made by Python's hashlib and hmac and the X25519 and ChaCha20-Poly1305 of its cryptography
 * package, from what chain.h says; ephemeral key 00 01 ... 1f, receiver's 64 65 ... 83. */
TEST(a_chain_has_its_known_answers) {
    static const char *const answers[] = {"ffd4aff9dc40321f8cc78ca02aee405f33f5af7180049c",
                                          "297197130595576b5919e49af741b4ba97ee97cf9e0f70",
                                          "827e52620507ef6ed0397a67ecba07b88b9a108367959c"};
    uint8_t name[32], key[32], sealed[SEALED];
    CHECK_OK(crypto_init());
    SUPPORT_HEX(name, "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");
    SUPPORT_HEX(key, "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283");
    CHECK_OK(crypto_chain_follow(&receiver, name, key));
    CHECK_EQ(receiver.first, 1870235225u);
    for (uint32_t i = 0; i < 3; i++) {
        SUPPORT_HEX(sealed, answers[i]);
        opens(&receiver, i, sealed);
    }
}

TEST(what_one_side_seals_the_other_opens_also_with_some_left_out) {
    uint8_t sealed[12][SEALED];
    begin();
    for (uint32_t i = 0; i < 12; i++)
        seal(sealed[i], i);
    opens(&receiver, 0, sealed[0]);
    opens(&receiver, 1, sealed[1]);
    opens(&receiver, 7, sealed[7]);
    opens(&receiver, 11, sealed[11]);
    CHECK_OK(crypto_chain_follow(&receiver, sender.name, priv));
    opens(&receiver, 5, sealed[5]);
}

TEST(equal_texts_look_different_and_no_two_chains_are_alike) {
    uint8_t a[SEALED], b[SEALED], first[32];
    begin();
    memcpy(first, sender.name, 32);
    CHECK_OK(crypto_chain_seal(&sender, a, slice_str("sotto 0")));
    CHECK_OK(crypto_chain_seal(&sender, b, slice_str("sotto 0")));
    CHECK(memcmp(a, b, 4) != 0);
    CHECK_OK(crypto_chain_begin(&sender, pub));
    CHECK(memcmp(first, sender.name, 32) != 0);
    CHECK_OK(crypto_chain_seal(&sender, b, slice_str("sotto 0")));
    CHECK(memcmp(a, b, 4) != 0);
}

static void fails(const uint8_t name[32], const uint8_t key[32], uint32_t number, slice sealed) {
    uint8_t out[SEALED] = {0};
    struct crypto_chain c;
    CHECK_OK(crypto_chain_follow(&c, name, key));
    CHECK_ERR(crypto_chain_open(&c, c.first + number, out, sealed), ERR_CRYPTO);
}

TEST(another_number_name_key_or_byte_does_not_open) {
    uint8_t sealed[SEALED], other_priv[32], other_pub[32];
    struct crypto_chain other;
    begin();
    seal(sealed, 0);
    seal(sealed, 1);
    fails(sender.name, priv, 0, SLICE_ARRAY(sealed));
    fails(sender.name, priv, 2, SLICE_ARRAY(sealed));
    CHECK_OK(crypto_chain_begin(&other, pub));
    fails(other.name, priv, 1, SLICE_ARRAY(sealed));
    crypto_x25519_generate(other_pub, other_priv);
    fails(sender.name, other_priv, 1, SLICE_ARRAY(sealed));
    fails(sender.name, priv, 1, slice_of(sealed, SEALED - 1));
    fails(sender.name, priv, 1, slice_of(sealed, 3));
    for (size_t i = 0; i < SEALED; i++) {
        sealed[i] ^= 1;
        fails(sender.name, priv, 1, SLICE_ARRAY(sealed));
        sealed[i] ^= 1;
    }
    opens(&receiver, 1, sealed);
}

/* The name is bound by itself, too: with the right keys under a wrong name nothing opens. */
TEST(the_name_and_the_number_are_associated_data) {
    uint8_t sealed[SEALED], out[TEXT];
    begin();
    seal(sealed, 0);
    struct crypto_chain renamed = receiver, renumbered = receiver;
    renamed.name[5] ^= 1;
    CHECK_ERR(crypto_chain_open(&renamed, receiver.first, out, SLICE_ARRAY(sealed)), ERR_CRYPTO);
    renumbered.first++;
    CHECK_ERR(crypto_chain_open(&renumbered, renumbered.first, out, SLICE_ARRAY(sealed)),
              ERR_CRYPTO);
}

TEST(there_is_no_way_back) {
    uint8_t sealed[2][SEALED], out[TEXT], before[64];
    static const uint8_t zeros[32];
    begin();
    memcpy(before, sender.key, sizeof before);
    seal(sealed[0], 0);
    seal(sealed[1], 1);
    struct crypto_chain found = sender; /* as in a picture of the memory */
    CHECK_ERR(crypto_chain_open(&found, found.first, out, SLICE_ARRAY(sealed[0])), ERR_REPEAT);
    CHECK_ERR(crypto_chain_open(&found, found.first + 1, out, SLICE_ARRAY(sealed[1])), ERR_REPEAT);
    found.count = 1;
    CHECK_ERR(crypto_chain_open(&found, found.first + 1, out, SLICE_ARRAY(sealed[1])), ERR_CRYPTO);
    CHECK(memcmp(sender.key, before, 32) != 0);
    CHECK(memcmp(sender.key + 32, zeros, 32) == 0); /* the message's key */
    found = sender;
    seal(sealed[0], 2);
    opens(&found, 2, sealed[0]);
    CHECK(memcmp(found.key + 32, zeros, 32) == 0);
}

/* In numbers that pass 2^32, too. */
TEST(a_chain_ends_and_what_lies_beyond_it_is_not_walked_to) {
    uint8_t sealed[SEALED], out[TEXT];
    begin();
    sender.first = receiver.first = UINT32_MAX - 100;
    for (uint32_t i = 0; i < CRYPTO_CHAIN_MAX; i++)
        seal(sealed, i);
    CHECK_ERR(crypto_chain_seal(&sender, out, SLICE_EMPTY), ERR_LIMIT);
    CHECK_ERR(
        crypto_chain_open(&receiver, sender.first + CRYPTO_CHAIN_MAX, out, SLICE_ARRAY(sealed)),
        ERR_CRYPTO);
    CHECK_ERR(crypto_chain_open(&receiver, sender.first - 1, out, SLICE_ARRAY(sealed)), ERR_CRYPTO);
    CHECK_EQ(receiver.count, 0);
    opens(&receiver, CRYPTO_CHAIN_MAX - 1, sealed);
}

TEST(a_key_that_is_none_begins_no_chain) {
    static const uint8_t zeros[32], one[32] = {1};
    begin();
    CHECK_ERR(crypto_chain_begin(&sender, zeros), ERR_CRYPTO);
    CHECK_ERR(crypto_chain_begin(&sender, one), ERR_CRYPTO);
    CHECK_ERR(crypto_chain_follow(&receiver, zeros, priv), ERR_CRYPTO);
}

TEST(sealing_in_place_gives_the_same) {
    uint8_t apart[SEALED], inside[SEALED] = "sotto 0";
    begin();
    struct crypto_chain same = sender;
    CHECK_OK(crypto_chain_seal(&sender, apart, slice_str("sotto 0")));
    CHECK_OK(crypto_chain_seal(&same, inside, slice_of(inside, TEXT)));
    CHECK_SLICE(SLICE_ARRAY(inside), SLICE_ARRAY(apart));
}

TEST_MAIN
