/* A security key in software, for ssh-keygen, which loads it as it would what talks to hardware
 * (SSH_SK_PROVIDER): so that tests sign as an office demands that is no demonstration. It is
 * touched and its user verified whenever it is asked. What it knows is in the key's handle: its
 * seed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

/* OpenSSH's interface of such libraries, PROTOCOL.u2f, in the version of Debian's. */
enum { VERSION = 0x000a0000, ALGORITHM_ED25519 = 1, FAILED = -1, UNSUPPORTED = -2 };
enum { SEED = 32, SIGNATURE = 64, DATA = SHA256_DIGEST_LENGTH + 5 + SHA256_DIGEST_LENGTH };

struct bytes {
    uint8_t *p;
    size_t n;
};
struct enrolled {
    uint8_t flags;
    struct bytes public_key, handle, signature, certificate, authenticator_data;
};
struct signature {
    uint8_t flags;
    uint32_t counter;
    struct bytes r, s;
};

uint32_t sk_api_version(void);
int sk_enroll(uint32_t algorithm, const uint8_t *challenge, size_t challenge_n,
              const char *application, uint8_t flags, const char *pin, void **options,
              struct enrolled **out);
int sk_sign(uint32_t algorithm, const uint8_t *data, size_t data_n, const char *application,
            const uint8_t *handle, size_t handle_n, uint8_t flags, const char *pin, void **options,
            struct signature **out);
int sk_load_resident_keys(const char *pin, void **options, void ***keys, size_t *n);

uint32_t sk_api_version(void) {
    return VERSION;
}

/* ssh-keygen frees it. */
static int give(struct bytes *out, const uint8_t *p, size_t n) {
    out->p = malloc(n);
    if (out->p == NULL)
        return FAILED;
    memcpy(out->p, p, n);
    out->n = n;
    return 0;
}

static EVP_PKEY *key_of(const uint8_t seed[SEED]) {
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED);
}

int sk_enroll(uint32_t algorithm, const uint8_t *challenge, size_t challenge_n,
              const char *application, uint8_t flags, const char *pin, void **options,
              struct enrolled **out) {
    uint8_t seed[SEED], public[SEED];
    size_t n = sizeof public;
    (void)challenge, (void)challenge_n, (void)application, (void)pin, (void)options;
    if (algorithm != ALGORITHM_ED25519)
        return UNSUPPORTED;
    struct enrolled *made = calloc(1, sizeof *made);
    EVP_PKEY *key = RAND_bytes(seed, sizeof seed) == 1 ? key_of(seed) : NULL;
    int code = made != NULL && key != NULL && EVP_PKEY_get_raw_public_key(key, public, &n) == 1
                   ? 0
                   : FAILED;
    EVP_PKEY_free(key);
    if (code == 0)
        code = give(&made->public_key, public, sizeof public);
    if (code == 0)
        code = give(&made->handle, seed, sizeof seed);
    /* It attests nothing. */
    if (code == 0)
        code = give(&made->signature, seed, 0);
    if (code == 0)
        made->flags = flags;
    *out = made;
    return code;
}

/* As an authenticator has it: the application, flags and a counter, the message. */
static void to_sign(uint8_t out[DATA], const char *application, uint8_t flags, uint32_t counter,
                    const uint8_t *data, size_t n) {
    uint8_t *p = out + SHA256_DIGEST_LENGTH;
    SHA256((const uint8_t *)application, strlen(application), out);
    *p++ = flags;
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (uint8_t)(counter >> shift);
    SHA256(data, n, p);
}

static int sign(uint8_t signature[SIGNATURE], const uint8_t *seed, const uint8_t data[DATA]) {
    size_t n = SIGNATURE;
    EVP_PKEY *key = key_of(seed);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    int fine = key != NULL && digest != NULL &&
               EVP_DigestSignInit(digest, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestSign(digest, signature, &n, data, DATA) == 1;
    EVP_MD_CTX_free(digest);
    EVP_PKEY_free(key);
    return fine ? 0 : FAILED;
}

int sk_sign(uint32_t algorithm, const uint8_t *data, size_t data_n, const char *application,
            const uint8_t *handle, size_t handle_n, uint8_t flags, const char *pin, void **options,
            struct signature **out) {
    uint8_t text[DATA], signature[SIGNATURE];
    (void)pin, (void)options;
    if (algorithm != ALGORITHM_ED25519 || handle_n != SEED)
        return UNSUPPORTED;
    struct signature *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAILED;
    made->flags = flags;
    made->counter = 1;
    to_sign(text, application, flags, made->counter, data, data_n);
    int code = sign(signature, handle, text);
    if (code == 0)
        code = give(&made->r, signature, sizeof signature);
    *out = made;
    return code;
}

int sk_load_resident_keys(const char *pin, void **options, void ***keys, size_t *n) {
    (void)pin, (void)options;
    *keys = NULL;
    *n = 0;
    return 0;
}
