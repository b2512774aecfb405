/* Rosters of large conversations, which the server stores sealed: under a key of the epoch, bound
 * to the group and to the hash of the addresses, with zeros up to a step, so that its size tells
 * little of how many there are. docs/PROTOCOL.md has the form. */
#include "core/internal.h"

static const char key_label[] = "sotto roster";

bool core_roster_is_stored(const struct core *core, uint32_t members) {
    return members > core->config.roster_above;
}

err core_roster_of(const struct mls_group *group, struct proto_roster *roster) {
    buf addresses = buf_on(NULL);
    uint32_t count = 0;
    err e = core_leaf_roster(group, &addresses, &count);
    roster->count = (uint16_t)count;
    if (e == OK && count > PROTO_ROSTER_MAX)
        e = ERR_LIMIT;
    if (e == OK)
        e = core_hash32(roster->hash, buf_slice(&addresses));
    if (e == OK)
        e = mls_group_export(group, slice_str(key_label), SLICE_EMPTY, roster->key,
                             sizeof roster->key);
    buf_free(&addresses);
    return e;
}

static err seal(const uint8_t group[32], const uint8_t hash[32], const uint8_t key[32],
                uint16_t count, buf *sealed) {
    static const uint8_t nonce[24]; /* a key seals one roster */
    size_t n = proto_roster_step(count) * PROTO_ADDRESS;
    buf bound = buf_on(sealed->mem);
    err e = proto_roster_bound(&bound, group, hash);
    if (e == OK)
        e = buf_resize(sealed, n + crypto_xchacha20poly1305.tag);
    if (e == OK)
        e = crypto_xchacha20poly1305.seal(sealed->p, key, nonce, buf_slice(&bound),
                                          slice_of(sealed->p, n));
    buf_free(&bound);
    return e;
}

err core_roster_seal(const struct mls_staged *staged, const uint8_t group[32],
                     struct proto_roster_new *roster, buf *sealed) {
    uint8_t hash[32];
    uint32_t count = 0;
    TRY(core_leaf_staged_roster(staged, sealed, &count));
    if (count > PROTO_ROSTER_MAX)
        return ERR_LIMIT;
    roster->count = (uint16_t)count;
    TRY(core_hash32(hash, buf_slice(sealed)));
    TRY(mls_staged_export(staged, slice_str(key_label), SLICE_EMPTY, roster->key,
                          sizeof roster->key));
    TRY(seal(group, hash, roster->key, roster->count, sealed));
    return core_hash32(roster->blob, buf_slice(sealed));
}
