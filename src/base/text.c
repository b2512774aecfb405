#include "base/text.h"

static const char HEX[] = "0123456789abcdef";
static const char BASE32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Ends an encoding or decoding that appended to out: on failure out is as it was before. */
static err finish(buf *out, size_t before, err result) {
    if (result != OK && buf_resize(out, before) != OK)
        return ERR_BUG;
    return result;
}

err hex_encode(buf *out, slice in) {
    if (in.n > SIZE_MAX / 2)
        return ERR_NO_MEMORY;
    TRY(buf_reserve(out, 2 * in.n));
    for (size_t i = 0; i < in.n; i++) {
        out->p[out->n++] = (uint8_t)HEX[in.p[i] >> 4];
        out->p[out->n++] = (uint8_t)HEX[in.p[i] & 15];
    }
    return OK;
}

void hex_text(const uint8_t bytes[32], char text[HEX_TEXT]) {
    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = HEX[bytes[i] >> 4];
        text[2 * i + 1] = HEX[bytes[i] & 15];
    }
    text[HEX_TEXT - 1] = 0;
}

/* 0 to 15, or -1. */
static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

err hex_decode(buf *out, slice in) {
    if (in.n % 2 != 0)
        return ERR_MALFORMED;
    size_t before = out->n;
    TRY(buf_reserve(out, in.n / 2));
    for (size_t i = 0; i < in.n; i += 2) {
        int high = hex_digit(in.p[i]), low = hex_digit(in.p[i + 1]);
        if (high < 0 || low < 0)
            return finish(out, before, ERR_MALFORMED);
        out->p[out->n++] = (uint8_t)(high << 4 | low);
    }
    return OK;
}

err base32_encode(buf *out, slice in) {
    if (in.n > SIZE_MAX / 2)
        return ERR_NO_MEMORY;
    TRY(buf_reserve(out, in.n / 5 * 8 + 8));
    uint32_t held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < in.n; i++) {
        held = (held << 8 | in.p[i]) & 0xfff; /* at most 4 bits are left over from before */
        for (bits += 8; bits >= 5; bits -= 5)
            out->p[out->n++] = (uint8_t)BASE32[held >> (bits - 5) & 31];
    }
    if (bits > 0)
        out->p[out->n++] = (uint8_t)BASE32[held << (5 - bits) & 31];
    return OK;
}

/* 0 to 31, or -1. */
static int base32_digit(uint8_t c) {
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= '2' && c <= '7')
        return c - '2' + 26;
    return -1;
}

err base32_decode(buf *out, slice in) {
    size_t before = out->n;
    TRY(buf_reserve(out, in.n / 8 * 5 + 5));
    uint32_t held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < in.n; i++) {
        int digit = base32_digit(in.p[i]);
        if (digit < 0)
            return finish(out, before, ERR_MALFORMED);
        held = (held << 5 | (uint32_t)digit) & 0xfff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out->p[out->n++] = (uint8_t)(held >> bits);
        }
    }
    /* 5 bits or more are a character too many; a rest that isn't zero is a second spelling. */
    bool canonical = bits < 5 && (held & ((1u << bits) - 1)) == 0;
    return finish(out, before, canonical ? OK : ERR_MALFORMED);
}

err base64_encode(buf *out, slice in) {
    if (in.n > SIZE_MAX / 2)
        return ERR_NO_MEMORY;
    TRY(buf_reserve(out, in.n / 3 * 4 + 4));
    for (size_t i = 0; i < in.n; i += 3) {
        size_t n = in.n - i < 3 ? in.n - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < n ? in.p[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            out->p[out->n++] = (uint8_t)(j <= n ? BASE64[bits >> (18 - 6 * j) & 63] : '=');
    }
    return OK;
}

/* 0 to 63, or -1. */
static int base64_digit(uint8_t c) {
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

err base64_decode(buf *out, slice in) {
    size_t before = out->n, padding = 0;
    while (padding < 2 && padding < in.n && in.p[in.n - 1 - padding] == '=')
        padding++;
    if (in.n % 4 != 0)
        return ERR_MALFORMED;
    TRY(buf_reserve(out, in.n / 4 * 3));
    uint32_t held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < in.n - padding; i++) {
        int digit = base64_digit(in.p[i]);
        if (digit < 0)
            return finish(out, before, ERR_MALFORMED);
        held = (held << 6 | (uint32_t)digit) & 0xfff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out->p[out->n++] = (uint8_t)(held >> bits);
        }
    }
    /* As in base32: a rest that isn't zero is a second spelling. */
    return finish(out, before, (held & ((1u << bits) - 1)) == 0 ? OK : ERR_MALFORMED);
}

static err decode_to(err (*decode)(buf *, slice), uint8_t *out, size_t n, slice in) {
    buf bytes = {0};
    err e = decode(&bytes, in);
    if (e == OK && bytes.n != n)
        e = ERR_MALFORMED;
    if (e == OK && n > 0)
        memcpy(out, bytes.p, n);
    buf_free(&bytes);
    return e;
}

err hex_decode_to(uint8_t *out, size_t n, slice in) {
    return in.n == 2 * n ? decode_to(hex_decode, out, n, in) : ERR_MALFORMED;
}

err base64_decode_to(uint8_t *out, size_t n, slice in) {
    return in.n == (n + 2) / 3 * 4 ? decode_to(base64_decode, out, n, in) : ERR_MALFORMED;
}

/* ---- Numbers ---- */

err decimal_decode(slice in, uint64_t max, uint64_t *number) {
    if (in.n == 0 || (in.n > 1 && in.p[0] == '0'))
        return ERR_MALFORMED;
    uint64_t v = 0;
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] < '0' || in.p[i] > '9')
            return ERR_MALFORMED;
        unsigned digit = in.p[i] - '0';
        if (digit > max || v > (max - digit) / 10)
            return ERR_MALFORMED;
        v = 10 * v + digit;
    }
    *number = v;
    return OK;
}

void decimal_text(uint64_t number, char text[DECIMAL_TEXT]) {
    char backwards[DECIMAL_TEXT];
    size_t n = 0;
    do {
        backwards[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < n; i++)
        text[i] = backwards[n - 1 - i];
    text[n] = '\0';
}

err decimal_encode(buf *out, uint64_t number) {
    char text[DECIMAL_TEXT];
    decimal_text(number, text);
    return buf_append(out, slice_str(text));
}

/* ---- Characters ---- */

size_t utf8_decode(slice text, uint32_t *point) {
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t c = text.p[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || n > text.n)
        return 0;
    uint32_t v = n == 1 ? c : c & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((text.p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (text.p[i] & 0x3f);
    }
    if (v < LEAST[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *point = v;
    return n;
}

size_t text_point(slice text, uint32_t *point) {
    size_t n = utf8_decode(text, point);
    if (n > 0)
        return n;
    *point = TEXT_INVALID;
    return 1;
}

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t point, const struct range *ranges, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

bool text_is_unsafe(uint32_t point) {
    static const struct range ranges[] = {
        {0x00, 0x1f},
        {0x7f, 0x9f},
        {0xad, 0xad},
        {0x61c, 0x61c},
        {0x180e, 0x180e},
        {0x200b, 0x200b},
        {0x200e, 0x200f},
        {0x2028, 0x202e},
        {0x2060, 0x206f},
        {0xfeff, 0xfeff},
        {0xfff9, 0xfffb},
        {0xe0000, 0xe007f},
        {TEXT_INVALID, TEXT_INVALID},
    };
    return is_in(point, ranges, sizeof ranges / sizeof ranges[0]);
}

bool text_is_blank(uint32_t point) {
    static const struct range ranges[] = {
        {0x20, 0x20},     {0xa0, 0xa0},       {0x34f, 0x34f},   {0x115f, 0x1160}, {0x1680, 0x1680},
        {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x2000, 0x200a}, {0x200c, 0x200d}, {0x202f, 0x202f},
        {0x205f, 0x205f}, {0x2800, 0x2800},   {0x3000, 0x3000}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
        {0xffa0, 0xffa0}, {0xe0100, 0xe01ef},
    };
    return is_in(point, ranges, sizeof ranges / sizeof ranges[0]);
}
