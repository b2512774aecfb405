#include "term/qr.h"

#include <errno.h>
#include <qrencode.h>

enum { MARGIN = 4 }; /* modules, as the standard wants */

/* Fixed colours of the 256: those with names are as the terminal's theme likes. */
#define BLACK_ON_WHITE "\x1b[38;5;16;48;5;231m"
#define PLAIN "\x1b[0m"

static bool is_dark(const QRcode *code, int x, int y) {
    bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return inside && (code->data[y * code->width + x] & 1) != 0;
}

/* The rows y and y + 1. */
static void draw_rows(struct line *l, const QRcode *code, int y) {
    static const char *const HALVES[] = {" ", "▄", "▀", "█"};
    line_add(l, BLACK_ON_WHITE);
    for (int x = -MARGIN; x < code->width + MARGIN; x++)
        line_add(l, "%s", HALVES[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)]);
    line_add(l, PLAIN "\n");
}

static err draw(struct line *l, const char *text) {
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (code == NULL)
        return errno == ENOMEM ? ERR_NO_MEMORY : ERR_TOO_LARGE;
    for (int y = -MARGIN; y < code->width + MARGIN; y += 2)
        draw_rows(l, code, y);
    QRcode_free(code);
    return l->json.e;
}

err qr_draw(struct line *l, slice text) {
    buf copy = {0};
    err e = text.n == 0 || memchr(text.p, 0, text.n) != NULL ? ERR_MALFORMED : OK;
    if (e == OK)
        e = buf_set(&copy, text);
    if (e == OK)
        e = buf_append_byte(&copy, 0);
    if (e == OK)
        e = draw(l, (const char *)copy.p);
    buf_free(&copy);
    return e;
}

err qr_draw_link(struct line *l, slice link) {
    buf copy = {0};
    bool after = false;
    err e = buf_set(&copy, link);
    for (size_t i = 0; e == OK && i < copy.n; i++) {
        uint8_t c = copy.p[i];
        if (after && c >= 'a' && c <= 'z')
            copy.p[i] = (uint8_t)(c - 'a' + 'A');
        after = after || c == '#';
    }
    if (e == OK)
        e = qr_draw(l, buf_slice(&copy));
    buf_free(&copy);
    return e;
}
