#include "tests/test.h"

#include "crypto/internal.h"
#include "tests/crypto/providers.h"
#include "tests/support.h"

#define SUITES test_providers.suites

/* RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode. */
#define INFO "4f6465206f6e2061204772656369616e2055726e"
#define IKM_E "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b"
#define PK_E "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
#define SK_E "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"
#define IKM_R "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df"
#define PK_R "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"
#define SK_R "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"
#define SECRET "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7"
#define KEY "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91"
#define NONCE "5c4d98150661b848853b547f"
#define EXPORTER "a3b010d4994890e2c6968a36f64470d3c824c8f5029942feb11e7a74b2921922"
#define PLAIN "4265617574792069732074727574682c20747275746820626561757479"
static const struct {
    uint16_t sequence;
    const char *aad, *ct;
} ENCRYPTIONS[] = {
    {0, "Count-0",
     "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"},
    {1, "Count-1",
     "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c"},
    {2, "Count-2",
     "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b"},
    {4, "Count-4",
     "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16"},
    {255, "Count-255",
     "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c"},
    {256, "Count-256",
     "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b"},
};
static const struct {
    const char *context, *value;
} EXPORTS[] = {
    {"", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"},
    {"00", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"},
    {"54657374436f6e74657874", "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"},
};

/* Runs a check on each suite that is the published one, whoever provides its parts. */
static void with_published(void (*check)(const struct hpke_suite *s)) {
    CHECK_OK(crypto_init());
    for (size_t i = 0; SUITES[i].kem != NULL; i++)
        if (SUITES[i].kem->hpke_id == 0x0020 && SUITES[i].kdf_id == 0x0001 &&
            SUITES[i].aead->hpke_id == 0x0003)
            check(&SUITES[i]);
}

/* The inputs of the published case. */
struct published {
    uint8_t info[20], seed[32], pub[32], priv[32], plain[29];
};

static struct published published(void) {
    struct published p;
    SUPPORT_HEX(p.info, INFO);
    SUPPORT_HEX(p.seed, IKM_E);
    SUPPORT_HEX(p.pub, PK_R);
    SUPPORT_HEX(p.priv, SK_R);
    SUPPORT_HEX(p.plain, PLAIN);
    return p;
}

static void check_hex(const uint8_t *got, size_t n, const char *hex) {
    uint8_t expected[64];
    support_hex(expected, n, hex);
    CHECK_SLICE(slice_of(got, n), slice_of(expected, n));
}

static void check_derive(const struct hpke_suite *s) {
    static const char *const CASES[][3] = {{IKM_E, PK_E, SK_E}, {IKM_R, PK_R, SK_R}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t seed[32], pub[32], priv[32];
        SUPPORT_HEX(seed, CASES[i][0]);
        CHECK_OK(s->kem->derive(pub, priv, SLICE_ARRAY(seed)));
        check_hex(pub, 32, CASES[i][1]);
        check_hex(priv, 32, CASES[i][2]);
    }
}

TEST(rfc9180_key_pairs_are_derived_as_published) {
    with_published(check_derive);
}

static void check_schedule(const struct hpke_suite *s) {
    struct published p = published();
    struct hpke_context c;
    uint8_t enc[32], secret[32];
    CHECK_OK(s->kem->encap(secret, enc, p.pub, p.seed));
    check_hex(enc, 32, PK_E);
    check_hex(secret, 32, SECRET);
    memset(secret, 0, sizeof(secret));
    CHECK_OK(s->kem->decap(secret, enc, p.priv));
    check_hex(secret, 32, SECRET);
    struct hpke_info info;
    slice text = SLICE_ARRAY(p.info);
    CHECK_OK(hpke_info_prepare(s, &info, &text, 1));
    CHECK_OK(hpke_schedule(s, &c, secret, &info));
    check_hex(c.key, 32, KEY);
    check_hex(c.nonce, 12, NONCE);
    check_hex(c.exporter, 32, EXPORTER);
}

TEST(rfc9180_key_schedule_is_as_published) {
    with_published(check_schedule);
}

static void check_message(const struct hpke_suite *s) {
    struct published p = published();
    uint8_t enc[32], ct[45], out[29];
    slice aad = slice_str(ENCRYPTIONS[0].aad), info = SLICE_ARRAY(p.info);
    CHECK_OK(hpke_seal(s, enc, ct, SLICE_ARRAY(p.pub), info, aad, SLICE_ARRAY(p.plain), p.seed));
    check_hex(ct, sizeof(ct), ENCRYPTIONS[0].ct);
    CHECK_OK(hpke_open(s, out, SLICE_ARRAY(enc), SLICE_ARRAY(p.priv), info, aad, SLICE_ARRAY(ct)));
    CHECK_SLICE(SLICE_ARRAY(out), SLICE_ARRAY(p.plain));
}

TEST(rfc9180_messages_are_sealed_as_published) {
    with_published(check_message);
}

/* Later messages of a context, which only the key schedule's values reach here. */
TEST(rfc9180_later_messages_follow_from_the_schedule) {
    CHECK_OK(crypto_init());
    uint8_t key[32], plain[29], ct[45], out[45];
    SUPPORT_HEX(key, KEY);
    SUPPORT_HEX(plain, PLAIN);
    for (size_t i = 0; i < sizeof(ENCRYPTIONS) / sizeof(ENCRYPTIONS[0]); i++) {
        uint8_t nonce[12];
        SUPPORT_HEX(nonce, NONCE);
        nonce[10] ^= (uint8_t)(ENCRYPTIONS[i].sequence >> 8);
        nonce[11] ^= (uint8_t)ENCRYPTIONS[i].sequence;
        SUPPORT_HEX(ct, ENCRYPTIONS[i].ct);
        CHECK_OK(crypto_chacha20poly1305.seal(out, key, nonce, slice_str(ENCRYPTIONS[i].aad),
                                              SLICE_ARRAY(plain)));
        CHECK_SLICE(SLICE_ARRAY(out), SLICE_ARRAY(ct));
    }
}

static void check_exports(const struct hpke_suite *s) {
    struct published p = published();
    slice info = SLICE_ARRAY(p.info);
    for (size_t i = 0; i < sizeof(EXPORTS) / sizeof(EXPORTS[0]); i++) {
        uint8_t enc[32], bytes[11], out[32];
        slice context = slice_of(bytes, strlen(EXPORTS[i].context) / 2);
        support_hex(bytes, context.n, EXPORTS[i].context);
        CHECK_OK(hpke_send_export(s, enc, out, 32, SLICE_ARRAY(p.pub), info, context, p.seed));
        check_hex(out, 32, EXPORTS[i].value);
        CHECK_OK(
            hpke_receive_export(s, out, 32, SLICE_ARRAY(enc), SLICE_ARRAY(p.priv), info, context));
        check_hex(out, 32, EXPORTS[i].value);
    }
}

TEST(rfc9180_exports_are_as_published) {
    with_published(check_exports);
}

/* One message to a fresh key. */
struct message {
    uint8_t pub[CRYPTO_KEM_PUBLIC_MAX], priv[CRYPTO_KEM_PRIVATE_MAX], enc[CRYPTO_KEM_ENC_MAX];
    uint8_t ct[64 + CRYPTO_AEAD_TAG_MAX];
    slice pub_s, priv_s, enc_s, ct_s;
};
static const slice TEXT = {(const uint8_t *)"a short text", 12};
static const slice WITH = {(const uint8_t *)"info", 4}, AAD = {(const uint8_t *)"aad", 3};

static void message_make(struct message *m, const struct hpke_suite *s) {
    CHECK_OK(crypto_init());
    CHECK_OK(s->kem->generate(m->pub, m->priv));
    m->pub_s = slice_of(m->pub, s->kem->pub);
    m->priv_s = slice_of(m->priv, s->kem->priv);
    m->enc_s = slice_of(m->enc, s->kem->enc);
    m->ct_s = slice_of(m->ct, TEXT.n + s->aead->tag);
    CHECK_OK(hpke_seal(s, m->enc, m->ct, m->pub_s, WITH, AAD, TEXT, NULL));
}

static void check_opens(const struct hpke_suite *s, const struct message *m, err expected) {
    static const uint8_t ZERO[64];
    uint8_t out[64];
    memset(out, 0xff, sizeof(out));
    CHECK_ERR(hpke_open(s, out, m->enc_s, m->priv_s, WITH, AAD, m->ct_s), expected);
    if (expected == OK)
        CHECK_SLICE(slice_of(out, TEXT.n), TEXT);
    else
        CHECK(m->ct_s.n < s->aead->tag || memcmp(out, ZERO, m->ct_s.n - s->aead->tag) == 0 ||
              m->enc_s.n != s->kem->enc);
}

TEST(what_is_sealed_opens_in_every_suite) {
    for (size_t i = 0; SUITES[i].kem != NULL; i++) {
        struct message m;
        uint8_t out[64];
        message_make(&m, &SUITES[i]);
        check_opens(&SUITES[i], &m, OK);
        CHECK_ERR(hpke_open(&SUITES[i], out, m.enc_s, m.priv_s, slice_str("x"), AAD, m.ct_s),
                  ERR_CRYPTO);
        CHECK_ERR(hpke_open(&SUITES[i], out, m.enc_s, m.priv_s, WITH, slice_str("x"), m.ct_s),
                  ERR_CRYPTO);
    }
}

TEST(both_sides_export_the_same_in_every_suite) {
    for (size_t i = 0; SUITES[i].kem != NULL; i++) {
        struct message m;
        uint8_t a[100], b[100];
        message_make(&m, &SUITES[i]);
        CHECK_OK(hpke_send_export(&SUITES[i], m.enc, a, 100, m.pub_s, WITH, AAD, NULL));
        CHECK_OK(hpke_receive_export(&SUITES[i], b, 100, m.enc_s, m.priv_s, WITH, AAD));
        CHECK_SLICE(SLICE_ARRAY(a), SLICE_ARRAY(b));
        CHECK_OK(hpke_receive_export(&SUITES[i], b, 100, m.enc_s, m.priv_s, WITH, TEXT));
        CHECK(memcmp(a, b, 100) != 0);
    }
}

TEST(an_export_longer_than_the_hash_allows_is_a_bug) {
    static uint8_t out[255 * 32 + 1];
    struct message m;
    message_make(&m, &SUITES[0]);
    CHECK_OK(hpke_send_export(&SUITES[0], m.enc, out, 255 * 32, m.pub_s, WITH, AAD, NULL));
    CHECK_ERR(hpke_send_export(&SUITES[0], m.enc, out, 255 * 32 + 1, m.pub_s, WITH, AAD, NULL),
              ERR_BUG);
}

TEST(any_flipped_bit_is_refused) {
    for (size_t i = 0; SUITES[i].kem != NULL; i++) {
        struct message m;
        message_make(&m, &SUITES[i]);
        for (size_t bit = 0; bit < 8 * m.ct_s.n; bit++) {
            m.ct[bit / 8] ^= (uint8_t)(1u << bit % 8);
            check_opens(&SUITES[i], &m, ERR_CRYPTO);
            m.ct[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * m.enc_s.n; bit += 7) {
            m.enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
            check_opens(&SUITES[i], &m, ERR_CRYPTO);
            m.enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        check_opens(&SUITES[i], &m, OK);
    }
}

TEST(wrong_lengths_are_refused) {
    for (size_t i = 0; SUITES[i].kem != NULL; i++) {
        const struct hpke_suite *s = &SUITES[i];
        struct message m, changed;
        uint8_t enc[CRYPTO_KEM_ENC_MAX], out[64 + CRYPTO_AEAD_TAG_MAX];
        message_make(&m, s);
        for (size_t n = 0; n < m.ct_s.n; n++) {
            changed = m;
            changed.ct_s = slice_of(m.ct, n);
            check_opens(s, &changed, ERR_CRYPTO);
        }
        changed = m;
        changed.enc_s.n--;
        check_opens(s, &changed, ERR_CRYPTO);
        changed = m;
        changed.priv_s.n--;
        CHECK_ERR(hpke_open(s, out, m.enc_s, changed.priv_s, WITH, AAD, m.ct_s), ERR_CRYPTO);
        CHECK_ERR(hpke_receive_export(s, out, 32, SLICE_EMPTY, m.priv_s, WITH, AAD), ERR_CRYPTO);
        slice shorter = slice_of(m.pub, m.pub_s.n - 1);
        CHECK_ERR(hpke_seal(s, enc, out, shorter, WITH, AAD, TEXT, NULL), ERR_CRYPTO);
        CHECK_ERR(hpke_send_export(s, enc, out, 32, shorter, WITH, AAD, NULL), ERR_CRYPTO);
    }
}

TEST(a_bad_public_key_gets_no_message) {
    static const uint8_t ZERO[CRYPTO_KEM_ENC_MAX];
    for (size_t i = 0; SUITES[i].kem != NULL; i++) {
        const struct hpke_suite *s = &SUITES[i];
        uint8_t pub[CRYPTO_KEM_PUBLIC_MAX] = {0}, enc[CRYPTO_KEM_ENC_MAX], ct[64];
        CHECK_OK(crypto_init());
        memset(enc, 0xff, sizeof(enc));
        memset(ct, 0xff, sizeof(ct));
        CHECK_ERR(hpke_seal(s, enc, ct, slice_of(pub, s->kem->pub), WITH, AAD, TEXT, NULL),
                  ERR_CRYPTO);
        CHECK(memcmp(enc, ZERO, s->kem->enc) == 0);
        CHECK(memcmp(ct, ZERO, TEXT.n + s->aead->tag) == 0);
    }
}

TEST_MAIN
