#include "base/text.h"
#include "merkle/internal.h"

slice lines_until(slice *rest, char end) {
    size_t n = 0;
    while (n < rest->n && rest->p[n] != (uint8_t)end)
        n++;
    slice taken = slice_of(rest->p, n);
    size_t past = n < rest->n ? n + 1 : n;
    *rest = past == 0 ? *rest : slice_of(rest->p + past, rest->n - past);
    return taken;
}

err lines_next(slice *rest, slice *line) {
    slice left = *rest;
    *line = lines_until(&left, '\n');
    if (line->n == rest->n)
        return ERR_MALFORMED;
    *rest = left;
    return OK;
}

err lines_number(slice text, uint64_t max, uint64_t *number) {
    if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
        return ERR_MALFORMED;
    uint64_t v = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return ERR_MALFORMED;
        unsigned digit = text.p[i] - '0';
        if (v > max / 10 || 10 * v > max - digit)
            return ERR_MALFORMED;
        v = 10 * v + digit;
    }
    *number = v;
    return OK;
}

void lines_number_text(uint64_t number, char text[LINES_NUMBER_MAX]) {
    char backwards[LINES_NUMBER_MAX];
    size_t n = 0;
    do {
        backwards[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < n; i++)
        text[i] = backwards[n - 1 - i];
    text[n] = '\0';
}

err lines_add_number(buf *out, uint64_t number) {
    char text[LINES_NUMBER_MAX];
    lines_number_text(number, text);
    return buf_append(out, slice_str(text));
}

err lines_base64(slice text, uint8_t *out, size_t n) {
    buf bytes = {0};
    err e = text.n == (n + 2) / 3 * 4 ? base64_decode(&bytes, text) : ERR_MALFORMED;
    if (e == OK && bytes.n != n)
        e = ERR_MALFORMED;
    if (e == OK)
        memcpy(out, bytes.p, n);
    buf_free(&bytes);
    return e;
}

err lines_add_hash(buf *out, const struct merkle_hash *hash) {
    TRY(base64_encode(out, merkle_hash_slice(hash)));
    return buf_append_byte(out, '\n');
}
