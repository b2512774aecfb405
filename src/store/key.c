#include "base/codec.h"
#include "store/internal.h"

struct store_key_bytes store_key_encode(struct store_key key) {
    struct store_key_bytes k = {.n = 0};
    k.p[k.n++] = key.table;
    k.p[k.n++] = (uint8_t)key.name.n;
    if (key.name.n > 0)
        memcpy(k.p + k.n, key.name.p, key.name.n);
    k.n += key.name.n;
    put_u64(k.p + k.n, key.number);
    k.n += 8;
    return k;
}

err store_key_decode(slice bytes, struct store_key *key) {
    if (bytes.n < 2 || bytes.p[0] >= STORE_TABLES_MAX || bytes.p[1] > STORE_NAME_MAX ||
        bytes.n != (size_t)2 + bytes.p[1] + 8)
        return ERR_DAMAGED;
    key->table = bytes.p[0];
    key->name = slice_of(bytes.p + 2, bytes.p[1]);
    key->number = 0;
    for (size_t i = bytes.n - 8; i < bytes.n; i++)
        key->number = key->number << 8 | bytes.p[i];
    return OK;
}
