/* Safety numbers. Each side's half is 30 digits of its own identity key:
 *
 *   h(0)   = SHA-512("Sotto safety number v1" || 0 || identity || account id || identity)
 *   h(i+1) = SHA-512(h(i) || identity)                                      for i < 5199
 *   six times: five bytes of h(5199) as a big-endian number, modulo 100,000, as five digits
 *
 * The halves stand in the order of their digits, so that both people see the same sixty. 5,200
 * hashes make it dear to look for a key whose half resembles another's. */
#include "core/internal.h"

enum { ROUNDS = 5200, HALF = CORE_SAFETY_DIGITS / 2 };

static err half(const uint8_t identity[CORE_IDENTITY], char digits[HALF]) {
    static const char label[] = "Sotto safety number v1";
    uint8_t hash[64], account[CORE_ACCOUNT];
    TRY(core_account_id(identity, account));
    slice key = slice_of(identity, CORE_IDENTITY);
    slice first[] = {slice_of(label, sizeof label), key, SLICE_ARRAY(account), key};
    TRY(crypto_sha512.hash(hash, first, 4));
    for (int i = 1; i < ROUNDS; i++) {
        slice parts[] = {SLICE_ARRAY(hash), key};
        TRY(crypto_sha512.hash(hash, parts, 2));
    }
    for (size_t group = 0; group < HALF / 5; group++) {
        uint64_t v = 0;
        for (size_t i = 0; i < 5; i++)
            v = v << 8 | hash[group * 5 + i];
        v %= 100000;
        for (size_t i = 5; i-- > 0; v /= 10)
            digits[group * 5 + i] = (char)('0' + v % 10);
    }
    return OK;
}

err core_safety_number(const struct core *core, const uint8_t other[CORE_IDENTITY],
                       char digits[CORE_SAFETY_DIGITS + 1]) {
    char ours[HALF], theirs[HALF];
    if (!core->account.exists)
        return ERR_STATE;
    TRY(half(core->account.r.identity, ours));
    TRY(half(other, theirs));
    bool first = memcmp(ours, theirs, HALF) <= 0;
    memcpy(digits, first ? ours : theirs, HALF);
    memcpy(digits + HALF, first ? theirs : ours, HALF);
    digits[CORE_SAFETY_DIGITS] = 0;
    return OK;
}
