/* Known answers of the hashes and what is built on them, for both providers. */
#include "tests/test.h"

#include "tests/crypto/providers.h"
#include "tests/support.h"

/* Does the check with each provider's hash of that name. */
static void with_each(const char *name,
                      void (*check)(const struct crypto_hash *h, const void *with),
                      const void *with) {
    for (size_t i = 0; test_providers.hashes[i] != NULL; i++)
        if (strcmp(test_providers.hashes[i]->name, name) == 0)
            check(test_providers.hashes[i], with);
}

struct answer {
    const char *text, *hex;
};

static void check_hash(const struct crypto_hash *h, const void *with) {
    const struct answer *answer = with;
    const char *text = answer->text, *hex = answer->hex;
    uint8_t expected[CRYPTO_HASH_MAX], got[CRYPTO_HASH_MAX];
    support_hex(expected, h->len, hex);
    slice whole = slice_str(text);
    CHECK_OK(h->hash(got, &whole, 1));
    CHECK_SLICE(slice_of(got, h->len), slice_of(expected, h->len));
    /* The same in parts, one of them empty. */
    slice parts[3] = {slice_of(text, whole.n / 2), SLICE_EMPTY,
                      slice_of(text + whole.n / 2, whole.n - whole.n / 2)};
    CHECK_OK(h->hash(got, parts, 3));
    CHECK_SLICE(slice_of(got, h->len), slice_of(expected, h->len));
}

/* FIPS 180-4's and RFC 7693's "abc". */
TEST(hashes_have_their_known_answers) {
    static const char SHA256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char SHA384[] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                                 "8086072ba1e7cc2358baeca134c825a7";
    static const char SHA512[] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                                 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    static const char BLAKE2B[] =
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923";
    static const char EMPTY[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    CHECK_OK(crypto_init());
    with_each("SHA-256", check_hash, &(struct answer){"abc", SHA256});
    with_each("SHA-384", check_hash, &(struct answer){"abc", SHA384});
    with_each("SHA-512", check_hash, &(struct answer){"abc", SHA512});
    with_each("BLAKE2b", check_hash, &(struct answer){"abc", BLAKE2B});
    with_each("SHA-256", check_hash, &(struct answer){"", EMPTY});
}

struct hmac_answer {
    slice key, text;
    const char *hex;
};

static void check_hmac(const struct crypto_hash *h, const void *with) {
    const struct hmac_answer *answer = with;
    slice key = answer->key, text = answer->text;
    const char *hex = answer->hex;
    uint8_t expected[CRYPTO_HASH_MAX], got[CRYPTO_HASH_MAX];
    support_hex(expected, h->len, hex);
    CHECK_OK(h->hmac(got, key, &text, 1));
    CHECK_SLICE(slice_of(got, h->len), slice_of(expected, h->len));
    slice parts[3] = {slice_of(text.p, 1), SLICE_EMPTY, slice_of(text.p + 1, text.n - 1)};
    CHECK_OK(h->hmac(got, key, parts, 3));
    CHECK_SLICE(slice_of(got, h->len), slice_of(expected, h->len));
}

/* RFC 4231, test cases 2 and 6 (a key longer than a block). */
TEST(hmac_sha2_has_its_known_answers) {
    slice jefe = slice_str("Jefe"), question = slice_str("what do ya want for nothing?");
    static const char C2_256[] = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    static const char C2_384[] = "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                                 "8e2240ca5e69e2c78b3239ecfab21649";
    static const char C2_512[] = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                                 "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
    static const char C6_256[] = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
    uint8_t long_key[131];
    memset(long_key, 0xaa, sizeof(long_key));
    slice hashed = slice_str("Test Using Larger Than Block-Size Key - Hash Key First");
    CHECK_OK(crypto_init());
    with_each("SHA-256", check_hmac, &(struct hmac_answer){jefe, question, C2_256});
    with_each("SHA-384", check_hmac, &(struct hmac_answer){jefe, question, C2_384});
    with_each("SHA-512", check_hmac, &(struct hmac_answer){jefe, question, C2_512});
    with_each("SHA-256", check_hmac, &(struct hmac_answer){SLICE_ARRAY(long_key), hashed, C6_256});
}

/* No document publishes these: they come from another implementation of RFC 2104 over BLAKE2b
 * (Python's hmac and hashlib), for keys shorter than, as long as and longer than a block. */
TEST(hmac_blake2b_matches_another_implementation) {
    static const struct {
        size_t key;
        const char *hex;
    } CASES[] = {
        {0, "136f95d2eeae4fe08eccd925a57c3609705fe786f96c2c2051ffd859f05aef64"
            "150e767a4e1a21acb8f446ce4311add6abadcf233e62fa049d39b32a3fc024de"},
        {64, "e33fddf8992f619b8fc74af98a787f16606b9a7f588bda065006ac8c7e6fd3f4"
             "5ff64fd7ea59c43847f32dd569d7db654d7b77715e7bf2d0fe7afa0f0ec75bc4"},
        {128, "a23f247c5af57f819850774dc67d6b1690225e444f738035a8a9a1ac663f47de"
              "be4db2941371f6095c614338d316cc29773d41c7af9e714e7b052676358d590b"},
        {129, "74852d0002da0bf835ad81d34198a478aec54b997c614e9a4af590611558cf60"
              "5dc04245e80e0c82f9a790a20218e9c8b8f81ebec7ebfd2bdeb51afe04e85437"},
        {200, "a40c306db2192b762947da7250adc891badc90355abe47a4d49f14d68dfae7b9"
              "230d489f31eaa48b22b14a3fb414e51ac19b53af1652d3956a459d722f11262e"},
    };
    uint8_t key[200];
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    slice text = slice_str("what do ya want for nothing?");
    CHECK_OK(crypto_init());
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        check_hmac(&crypto_blake2b,
                   &(struct hmac_answer){slice_of(key, CASES[i].key), text, CASES[i].hex});
}

/* RFC 5869, appendix A.1 and A.3 (no salt, no info). */
static void check_hkdf(const struct crypto_hash *h, const void *unused) {
    (void)unused;
    uint8_t ikm[22], salt[13], info[10], prk[32], expected_prk[32], okm[42], expected[42];
    memset(ikm, 0x0b, sizeof(ikm));
    for (size_t i = 0; i < sizeof(salt); i++)
        salt[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(info); i++)
        info[i] = (uint8_t)(0xf0 + i);
    SUPPORT_HEX(expected_prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    SUPPORT_HEX(expected, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                          "34007208d5b887185865");
    CHECK_OK(crypto_hkdf_extract(h, prk, SLICE_ARRAY(salt), SLICE_ARRAY(ikm)));
    CHECK_SLICE(SLICE_ARRAY(prk), SLICE_ARRAY(expected_prk));
    slice parts[2] = {slice_of(info, 3), slice_of(info + 3, 7)};
    CHECK_OK(crypto_hkdf_expand(h, okm, sizeof(okm), SLICE_ARRAY(prk), parts, 2));
    CHECK_SLICE(SLICE_ARRAY(okm), SLICE_ARRAY(expected));
    SUPPORT_HEX(expected, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                          "9d201395faa4b61a96c8");
    CHECK_OK(crypto_hkdf_extract(h, prk, SLICE_EMPTY, SLICE_ARRAY(ikm)));
    CHECK_OK(crypto_hkdf_expand(h, okm, sizeof(okm), SLICE_ARRAY(prk), NULL, 0));
    CHECK_SLICE(SLICE_ARRAY(okm), SLICE_ARRAY(expected));
}

TEST(hkdf_has_its_known_answers) {
    CHECK_OK(crypto_init());
    with_each("SHA-256", check_hkdf, NULL);
}

TEST(hkdf_gives_at_most_255_blocks) {
    static uint8_t out[255 * 32 + 1];
    uint8_t prk[32] = {1};
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_hkdf_expand(&crypto_sha256, out, 255 * 32, SLICE_ARRAY(prk), NULL, 0));
    CHECK_ERR(crypto_hkdf_expand(&crypto_sha256, out, 255 * 32 + 1, SLICE_ARRAY(prk), NULL, 0),
              ERR_BUG);
    CHECK_OK(crypto_hkdf_expand(&crypto_sha256, out, 0, SLICE_ARRAY(prk), NULL, 0));
    slice parts[17] = {SLICE_EMPTY};
    CHECK_ERR(crypto_hkdf_expand(&crypto_sha256, out, 1, SLICE_ARRAY(prk), parts, 17), ERR_BUG);
}

TEST(keyed_blake2b_has_its_known_answers) {
    /* The first line of BLAKE2's own known answers (an empty text under the key 00..3f), and one
     * made with Python's hashlib. */
    uint8_t key[64], out[64], expected[64];
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    slice abc[2] = {slice_str("a"), slice_str("bc")};
    CHECK_OK(crypto_init());
    SUPPORT_HEX(expected, "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
                          "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
    CHECK_OK(crypto_blake2b_keyed(out, 64, SLICE_ARRAY(key), NULL, 0));
    CHECK_SLICE(SLICE_ARRAY(out), SLICE_ARRAY(expected));
    support_hex(expected, 16, "1a64be47e4729d951c302ee543f97cf3");
    CHECK_OK(crypto_blake2b_keyed(out, 16, slice_of(key, 32), abc, 2));
    CHECK_SLICE(slice_of(out, 16), slice_of(expected, 16));
}

TEST(keyed_blake2b_refuses_lengths_that_it_has_not) {
    uint8_t out[65], key[65] = {0};
    slice none = SLICE_EMPTY;
    CHECK_OK(crypto_init());
    CHECK_ERR(crypto_blake2b_keyed(out, 0, none, &none, 1), ERR_BUG);
    CHECK_ERR(crypto_blake2b_keyed(out, 65, none, &none, 1), ERR_BUG);
    CHECK_ERR(crypto_blake2b_keyed(out, 32, SLICE_ARRAY(key), &none, 1), ERR_BUG);
    CHECK_OK(crypto_blake2b_keyed(out, 1, slice_of(key, 64), NULL, 0));
    CHECK_OK(crypto_blake2b_keyed(out, 64, none, &none, 1));
}

TEST(argon2id_depends_on_everything_it_is_given) {
    uint8_t salt[16] = {1}, other_salt[16] = {2}, a[32], b[32];
    slice pass = slice_str("correct horse");
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_argon2id(a, 32, pass, salt, 1, 1 << 16));
    CHECK_OK(crypto_argon2id(b, 32, pass, salt, 1, 1 << 16));
    CHECK(memcmp(a, b, 32) == 0);
    CHECK_OK(crypto_argon2id(b, 32, slice_str("correct horsf"), salt, 1, 1 << 16));
    CHECK(memcmp(a, b, 32) != 0);
    CHECK_OK(crypto_argon2id(b, 32, pass, other_salt, 1, 1 << 16));
    CHECK(memcmp(a, b, 32) != 0);
    CHECK_OK(crypto_argon2id(b, 32, pass, salt, 2, 1 << 16));
    CHECK(memcmp(a, b, 32) != 0);
    CHECK_OK(crypto_argon2id(b, 32, pass, salt, 1, 1 << 17));
    CHECK(memcmp(a, b, 32) != 0);
}

TEST(argon2id_refuses_what_is_too_weak) {
    uint8_t out[32], salt[16] = {0};
    slice pass = slice_str("pass");
    CHECK_OK(crypto_init());
    CHECK_ERR(crypto_argon2id(out, 8, pass, salt, 1, 8192), ERR_BUG);
    CHECK_ERR(crypto_argon2id(out, 32, pass, salt, 0, 8192), ERR_BUG);
    CHECK_ERR(crypto_argon2id(out, 32, pass, salt, 1, 1024), ERR_BUG);
}

TEST(random_bytes_differ) {
    uint8_t a[32] = {0}, b[32] = {0};
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_init());
    crypto_random(a, sizeof(a));
    crypto_random(b, sizeof(b));
    CHECK(memcmp(a, b, sizeof(a)) != 0);
}

TEST_MAIN
