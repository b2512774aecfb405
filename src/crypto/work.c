#include "base/codec.h"
#include "crypto/crypto.h"

err crypto_work_hash(const char *label, const uint8_t challenge[16], uint16_t type,
                     const uint8_t place[32], uint64_t nonce, uint8_t hash[32]) {
    uint8_t number[2] = {(uint8_t)(type >> 8), (uint8_t)type}, tail[8];
    put_u64(tail, nonce);
    slice parts[] = {slice_of(label, strlen(label) + 1), SLICE_ARRAY(number), slice_of(place, 32),
                     SLICE_ARRAY(tail)};
    return crypto_blake2b_keyed(hash, 32, slice_of(challenge, 16), parts, 4);
}

unsigned crypto_work_bits(const uint8_t hash[32]) {
    unsigned bits = 0;
    while (bits < 256 && (hash[bits / 8] & (0x80 >> bits % 8)) == 0)
        bits++;
    return bits;
}
