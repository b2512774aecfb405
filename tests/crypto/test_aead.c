#include "tests/test.h"

#include "tests/crypto/providers.h"
#include "tests/support.h"

#define AEADS test_providers.aeads
enum { TEXT_MAX = 300 };

/* RFC 8439 section 2.8.2: the beginning of the sealed text and its tag. */
static void check_rfc8439(const struct crypto_aead *a) {
    uint8_t key[32], nonce[12], aad[12], head[16], tag[16], out[114 + 16];
    slice plain = slice_str("Ladies and Gentlemen of the class of '99: If I could offer you only "
                            "one tip for the future, sunscreen would be it.");
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(0x80 + i);
    SUPPORT_HEX(nonce, "070000004041424344454647");
    SUPPORT_HEX(aad, "50515253c0c1c2c3c4c5c6c7");
    SUPPORT_HEX(head, "d31a8d34648e60db7b86afbc53ef7ec2");
    SUPPORT_HEX(tag, "1ae10b594f09e26a7e902ecbd0600691");
    CHECK_EQ(plain.n, 114);
    CHECK_OK(a->seal(out, key, nonce, SLICE_ARRAY(aad), plain));
    CHECK_SLICE(slice_of(out, 16), SLICE_ARRAY(head));
    CHECK_SLICE(slice_of(out + 114, 16), SLICE_ARRAY(tag));
}

TEST(chacha20poly1305_has_its_known_answer) {
    CHECK_OK(crypto_init());
    for (size_t i = 0; AEADS[i] != NULL; i++)
        if (AEADS[i]->hpke_id == 0x0003)
            check_rfc8439(AEADS[i]);
}

/* The GCM specification's test cases 1, 2 (AES-128) and 13, 14 (AES-256): a key and a nonce of
 * zeros, an empty text and one block of zeros. */
static void check_gcm(const struct crypto_aead *a, const char *empty, const char *block) {
    uint8_t zero[32] = {0}, out[32], expected[32];
    support_hex(expected, 16, empty);
    CHECK_OK(a->seal(out, zero, zero, SLICE_EMPTY, SLICE_EMPTY));
    CHECK_SLICE(slice_of(out, 16), slice_of(expected, 16));
    SUPPORT_HEX(expected, block);
    CHECK_OK(a->seal(out, zero, zero, SLICE_EMPTY, slice_of(zero, 16)));
    CHECK_SLICE(SLICE_ARRAY(out), SLICE_ARRAY(expected));
}

TEST(aes_gcm_has_its_known_answers) {
    CHECK_OK(crypto_init());
    for (size_t i = 0; AEADS[i] != NULL; i++) {
        if (AEADS[i]->hpke_id == 0x0001)
            check_gcm(AEADS[i], "58e2fccefa7e3061367f1d57a4e7455a",
                      "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
        if (AEADS[i]->hpke_id == 0x0002)
            check_gcm(AEADS[i], "530f8afbc74536b9a963b4f1c4cb738b",
                      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    }
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B, test cases 15 and 16:
 * AES-256, four blocks; the same but four bytes, with additional data. */
static void check_aes256(const struct crypto_aead *a) {
    uint8_t key[32], nonce[12], aad[20], plain[64], sealed[64], tag[16], out[80];
    SUPPORT_HEX(key, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    SUPPORT_HEX(nonce, "cafebabefacedbaddecaf888");
    SUPPORT_HEX(aad, "feedfacedeadbeeffeedfacedeadbeefabaddad2");
    SUPPORT_HEX(plain, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                       "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255");
    SUPPORT_HEX(sealed, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad");
    for (int i = 0; i < 2; i++) {
        size_t n = i == 0 ? 64 : 60;
        slice more = i == 0 ? SLICE_EMPTY : SLICE_ARRAY(aad);
        SUPPORT_HEX(tag, i == 0 ? "b094dac5d93471bdec1a502270e3cc6c"
                                : "76fc6ece0f4e1768cddf8853bb2d551b");
        CHECK_OK(a->seal(out, key, nonce, more, slice_of(plain, n)));
        CHECK_SLICE(slice_of(out, n), slice_of(sealed, n));
        CHECK_SLICE(slice_of(out + n, 16), SLICE_ARRAY(tag));
        CHECK_OK(a->open(out, key, nonce, more, slice_of(out, n + 16)));
        CHECK_SLICE(slice_of(out, n), slice_of(plain, n));
    }
}

TEST(aes_256_gcm_has_its_known_answers_with_additional_data) {
    CHECK_OK(crypto_init());
    for (size_t i = 0; AEADS[i] != NULL; i++)
        if (AEADS[i]->hpke_id == 0x0002)
            check_aes256(AEADS[i]);
}

/* That of sessions, which only some processors have. */
TEST(aes_256_gcm_in_hardware_has_the_same_known_answers) {
    CHECK_OK(crypto_init());
    if (!crypto_has_aes())
        SKIP("this processor has no AES");
    check_gcm(&crypto_aes256gcm, "530f8afbc74536b9a963b4f1c4cb738b",
              "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    check_aes256(&crypto_aes256gcm);
}

/* draft-irtf-cfrg-xchacha, appendix A.3.1: the sealed text's beginning and tag. */
TEST(xchacha20poly1305_has_its_known_answer) {
    uint8_t key[32], nonce[24], aad[12], head[16], tag[16], out[114 + 16];
    slice plain = slice_str("Ladies and Gentlemen of the class of '99: If I could offer you only "
                            "one tip for the future, sunscreen would be it.");
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(0x80 + i);
    for (size_t i = 0; i < sizeof(nonce); i++)
        nonce[i] = (uint8_t)(0x40 + i);
    SUPPORT_HEX(aad, "50515253c0c1c2c3c4c5c6c7");
    SUPPORT_HEX(head, "bd6d179d3e83d43b9576579493c0e939");
    SUPPORT_HEX(tag, "c0875924c1c7987947deafd8780acf49");
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_xchacha20poly1305.seal(out, key, nonce, SLICE_ARRAY(aad), plain));
    CHECK_SLICE(slice_of(out, 16), SLICE_ARRAY(head));
    CHECK_SLICE(slice_of(out + 114, 16), SLICE_ARRAY(tag));
}

/* A key, a nonce, additional data and a text of any length, sealed. */
struct sealed {
    uint8_t key[CRYPTO_AEAD_KEY_MAX], nonce[CRYPTO_AEAD_NONCE_MAX], aad[20];
    uint8_t plain[TEXT_MAX], out[TEXT_MAX + CRYPTO_AEAD_TAG_MAX];
    size_t n;
};

static void sealed_make(struct sealed *s, const struct crypto_aead *a, size_t n, uint64_t seed) {
    struct support_random r = {seed};
    CHECK_OK(crypto_init());
    support_fill(&r, s, sizeof(*s));
    s->n = n;
    CHECK_OK(a->seal(s->out, s->key, s->nonce, SLICE_ARRAY(s->aad), slice_of(s->plain, n)));
}

TEST(what_is_sealed_opens) {
    for (size_t i = 0; AEADS[i] != NULL; i++)
        for (size_t n = 0; n <= TEXT_MAX; n += 1 + n / 4) {
            struct sealed s;
            uint8_t back[TEXT_MAX];
            sealed_make(&s, AEADS[i], n, n + 1);
            slice all = slice_of(s.out, n + AEADS[i]->tag);
            CHECK_OK(AEADS[i]->open(back, s.key, s.nonce, SLICE_ARRAY(s.aad), all));
            CHECK_SLICE(slice_of(back, n), slice_of(s.plain, n));
            /* In place, both ways. */
            uint8_t place[TEXT_MAX + CRYPTO_AEAD_TAG_MAX];
            memcpy(place, s.plain, n);
            CHECK_OK(AEADS[i]->seal(place, s.key, s.nonce, SLICE_ARRAY(s.aad), slice_of(place, n)));
            CHECK_SLICE(slice_of(place, all.n), all);
            CHECK_OK(
                AEADS[i]->open(place, s.key, s.nonce, SLICE_ARRAY(s.aad), slice_of(place, all.n)));
            CHECK_SLICE(slice_of(place, n), slice_of(s.plain, n));
        }
}

/* It must not open, and nothing of the text may be left. */
static void refused(const struct crypto_aead *a, const struct sealed *s, slice aad, slice all) {
    uint8_t back[TEXT_MAX];
    static const uint8_t ZERO[TEXT_MAX];
    memset(back, 0xff, sizeof(back));
    CHECK_ERR(a->open(back, s->key, s->nonce, aad, all), ERR_CRYPTO);
    if (all.n > a->tag)
        CHECK(memcmp(back, ZERO, all.n - a->tag) == 0);
}

TEST(any_flipped_bit_is_refused_and_leaves_zeros) {
    for (size_t i = 0; AEADS[i] != NULL; i++) {
        const struct crypto_aead *a = AEADS[i];
        struct sealed s;
        sealed_make(&s, a, 33, 7);
        slice all = slice_of(s.out, 33 + a->tag), aad = SLICE_ARRAY(s.aad);
        struct {
            uint8_t *p;
            size_t n;
        } parts[] = {{s.out, all.n}, {s.aad, sizeof(s.aad)}, {s.key, a->key}, {s.nonce, a->nonce}};
        for (size_t part = 0; part < 4; part++)
            for (size_t bit = 0; bit < 8 * parts[part].n; bit++) {
                parts[part].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
                refused(a, &s, aad, all);
                parts[part].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        uint8_t back[TEXT_MAX];
        CHECK_OK(a->open(back, s.key, s.nonce, aad, all));
    }
}

TEST(any_truncation_is_refused) {
    for (size_t i = 0; AEADS[i] != NULL; i++) {
        struct sealed s;
        sealed_make(&s, AEADS[i], 20, 9);
        slice aad = SLICE_ARRAY(s.aad);
        for (size_t n = 0; n < 20 + AEADS[i]->tag; n++)
            refused(AEADS[i], &s, aad, slice_of(s.out, n));
        refused(AEADS[i], &s, aad, slice_of(s.out, 21 + AEADS[i]->tag));
        refused(AEADS[i], &s, SLICE_EMPTY, slice_of(s.out, 20 + AEADS[i]->tag));
        refused(AEADS[i], &s, aad, SLICE_EMPTY);
    }
}

TEST_MAIN
