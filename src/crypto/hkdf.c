#include "crypto/crypto.h"

enum { HKDF_PARTS_MAX = 16 };

err crypto_hkdf_extract(const struct crypto_hash *hash, uint8_t *prk, slice salt, slice ikm) {
    return hash->hmac(prk, salt, &ikm, 1);
}

err crypto_hkdf_expand(const struct crypto_hash *hash, uint8_t *out, size_t n, slice prk,
                       const slice *info, size_t count) {
    if (n > 255 * hash->len || count > HKDF_PARTS_MAX)
        return ERR_BUG;
    uint8_t block[CRYPTO_HASH_MAX], counter = 0;
    slice parts[HKDF_PARTS_MAX + 2] = {SLICE_EMPTY};
    for (size_t i = 0; i < count; i++)
        parts[1 + i] = info[i];
    parts[1 + count] = slice_of(&counter, 1);
    err e = ERR_BUG;
    for (size_t done = 0, take; done < n; done += take) {
        counter++;
        TRY_OUT(e, hash->hmac(block, prk, parts, count + 2));
        parts[0] = slice_of(block, hash->len);
        take = n - done < hash->len ? n - done : hash->len;
        memcpy(out + done, block, take);
    }
    e = OK;
out:
    wipe(block, sizeof(block));
    if (e != OK)
        wipe(out, n);
    return e;
}
