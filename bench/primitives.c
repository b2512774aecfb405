#define _GNU_SOURCE
#include "bench/primitives.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { SAMPLES = 1000 };

static double spent;
static double reading; /* what the clock itself adds to a call */
static bool counting;
static int depth; /* some of them call others */

double primitives_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void primitives_count(bool on) {
    if (reading == 0) {
        double from = primitives_now();
        for (int i = 0; i < SAMPLES; i++)
            (void)primitives_now();
        reading = (primitives_now() - from) / SAMPLES;
    }
    counting = on;
    spent = 0;
}

double primitives_seconds(void) {
    return spent;
}

/* A call of the library under its real name, timed. */
#define TIMED(type, name, params, args)             \
    type __real_##name params;                      \
    type __wrap_##name params;                      \
    type __wrap_##name params {                     \
        if (!counting || depth > 0)                 \
            return __real_##name args;              \
        depth++;                                    \
        double from = primitives_now();             \
        type result = __real_##name args;           \
        spent += primitives_now() - from - reading; \
        depth--;                                    \
        return result;                              \
    }

typedef unsigned char uc;
typedef unsigned long long ull;

TIMED(int, crypto_sign_ed25519_verify_detached, (const uc *sig, const uc *m, ull n, const uc *pk),
      (sig, m, n, pk))
TIMED(int, crypto_sign_ed25519_detached, (uc * sig, ull *sn, const uc *m, ull n, const uc *sk),
      (sig, sn, m, n, sk))
TIMED(int, crypto_sign_ed25519_seed_keypair, (uc * pk, uc *sk, const uc *seed), (pk, sk, seed))
TIMED(int, crypto_scalarmult_curve25519, (uc * q, const uc *n, const uc *p), (q, n, p))
TIMED(int, crypto_scalarmult_curve25519_base, (uc * q, const uc *n), (q, n))
TIMED(int, crypto_kem_xwing_seed_keypair, (uc * pk, uc *sk, const uc *seed), (pk, sk, seed))
TIMED(int, crypto_kem_xwing_enc, (uc * ct, uc *ss, const uc *pk), (ct, ss, pk))
TIMED(int, crypto_kem_xwing_dec, (uc * ss, const uc *ct, const uc *sk), (ss, ct, sk))
TIMED(int, crypto_aead_chacha20poly1305_ietf_encrypt,
      (uc * c, ull *cn, const uc *m, ull n, const uc *ad, ull adn, const uc *ns, const uc *np,
       const uc *k),
      (c, cn, m, n, ad, adn, ns, np, k))
TIMED(int, crypto_aead_chacha20poly1305_ietf_decrypt,
      (uc * m, ull *mn, uc *ns, const uc *c, ull n, const uc *ad, ull adn, const uc *np,
       const uc *k),
      (m, mn, ns, c, n, ad, adn, np, k))
TIMED(int, EVP_CipherInit_ex,
      (void *ctx, const void *type, void *impl, const uc *key, const uc *iv, int enc),
      (ctx, type, impl, key, iv, enc))
TIMED(int, EVP_CipherUpdate, (void *ctx, uc *out, int *on, const uc *in, int n),
      (ctx, out, on, in, n))
TIMED(int, EVP_CipherFinal_ex, (void *ctx, uc *out, int *on), (ctx, out, on))
TIMED(int, EVP_DigestSign, (void *ctx, uc *sig, size_t *sn, const uc *m, size_t n),
      (ctx, sig, sn, m, n))
