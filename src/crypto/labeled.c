#include "crypto/internal.h"

static const char VERSION[] = "HPKE-v1";

/* Of the caller. */
enum { PARTS_MAX = 5 };

static void put_u16(uint8_t *p, size_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

struct labeled labeled_kem(const struct crypto_hash *hash, uint16_t kem_id) {
    struct labeled l = {.hash = hash, .id = "KEM", .id_len = 5};
    put_u16(l.id + 3, kem_id);
    return l;
}

struct labeled labeled_hpke(const struct hpke_suite *s) {
    struct labeled l = {.hash = s->kdf, .id = "HPKE", .id_len = 10};
    put_u16(l.id + 4, s->kem->hpke_id);
    put_u16(l.id + 6, s->kdf_id);
    put_u16(l.id + 8, s->aead->hpke_id);
    return l;
}

err labeled_extract(const struct labeled *l, uint8_t *prk, slice salt, const char *label,
                    const slice *ikm, size_t count) {
    enum { OWN = 3 };
    if (count > PARTS_MAX)
        return ERR_BUG;
    slice parts[OWN + PARTS_MAX] = {slice_str(VERSION), slice_of(l->id, l->id_len),
                                    slice_str(label)};
    for (size_t i = 0; i < count; i++)
        parts[OWN + i] = ikm[i];
    return l->hash->hmac(prk, salt, parts, OWN + count);
}

err labeled_expand(const struct labeled *l, uint8_t *out, size_t n, slice prk, const char *label,
                   const slice *info, size_t count) {
    enum { OWN = 4 };
    if (n > UINT16_MAX || count > PARTS_MAX)
        return ERR_BUG;
    uint8_t length[2];
    put_u16(length, n);
    slice parts[OWN + PARTS_MAX] = {SLICE_ARRAY(length), slice_str(VERSION),
                                    slice_of(l->id, l->id_len), slice_str(label)};
    for (size_t i = 0; i < count; i++)
        parts[OWN + i] = info[i];
    return crypto_hkdf_expand(l->hash, out, n, prk, parts, OWN + count);
}
