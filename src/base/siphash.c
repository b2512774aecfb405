#include "base/siphash.h"

struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, int n) {
    return x << n | x >> (64 - n);
}

static void mix(struct state *s, int rounds) {
    while (rounds-- > 0) {
        s->a += s->b;
        s->b = rotate(s->b, 13) ^ s->a;
        s->a = rotate(s->a, 32);
        s->c += s->d;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a += s->d;
        s->d = rotate(s->d, 21) ^ s->a;
        s->c += s->b;
        s->b = rotate(s->b, 17) ^ s->c;
        s->c = rotate(s->c, 32);
    }
}

static uint64_t little_endian(const uint8_t *p, size_t n) {
    uint64_t x = 0;
    for (size_t i = 0; i < n; i++)
        x |= (uint64_t)p[i] << (8 * i);
    return x;
}

static void take_word(struct state *s, uint64_t word) {
    s->d ^= word;
    mix(s, 2);
    s->a ^= word;
}

uint64_t siphash(const uint8_t key[SIPHASH_KEY], slice s) {
    uint64_t k0 = little_endian(key, 8), k1 = little_endian(key + 8, 8);
    struct state v = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                      k1 ^ 0x7465646279746573u};
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8)
        take_word(&v, little_endian(s.p + i, 8));
    take_word(&v, (uint64_t)s.n << 56 | (i < s.n ? little_endian(s.p + i, s.n - i) : 0));
    v.c ^= 0xff;
    mix(&v, 4);
    return v.a ^ v.b ^ v.c ^ v.d;
}
