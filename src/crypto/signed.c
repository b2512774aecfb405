#include "crypto/crypto.h"

enum { SIGNATURE = 64, KEY = 32 };

static err signed_bytes(buf *out, const char *label, slice content) {
    TRY(buf_append(out, slice_of(label, strlen(label) + 1)));
    return buf_append(out, content);
}

err crypto_sign_labeled(uint8_t *signature, const uint8_t *seed, const char *label, slice content) {
    buf bytes = {0};
    size_t n = SIGNATURE;
    err e = signed_bytes(&bytes, label, content);
    if (e == OK)
        e = crypto_ed25519.sign(signature, &n, seed, buf_slice(&bytes));
    buf_free(&bytes);
    return e;
}

err crypto_verify_labeled(const uint8_t *signature, const uint8_t *key, const char *label,
                          slice content) {
    buf bytes = {0};
    err e = signed_bytes(&bytes, label, content);
    if (e == OK)
        e = crypto_ed25519.verify(slice_of(signature, SIGNATURE), slice_of(key, KEY),
                                  buf_slice(&bytes));
    buf_free(&bytes);
    return e;
}
