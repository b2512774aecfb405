/* A QR code in the terminal, read back as a camera would: modules, margin, colours. */
#include "term/qr.h"

#include <qrencode.h>

#include "test.h"

enum { SIDE_MAX = 200 };

/* What is drawn, a module each. */
struct picture {
    bool dark[SIDE_MAX][SIDE_MAX];
    int width, height;
};

static bool take(slice *rest, const char *text) {
    slice s = slice_str(text);
    if (rest->n < s.n || memcmp(rest->p, s.p, s.n) != 0)
        return false;
    *rest = slice_of(rest->p + s.n, rest->n - s.n);
    return true;
}

static void look(struct picture *p, slice drawn) {
    static const char *const halves[] = {" ", "▄", "▀", "█"};
    memset(p, 0, sizeof *p);
    while (drawn.n > 0) {
        int x = 0;
        CHECK(take(&drawn, "\x1b[38;5;16;48;5;231m"));
        while (!take(&drawn, "\x1b[0m\n")) {
            int h = 0;
            CHECK(x < SIDE_MAX && p->height + 1 < SIDE_MAX);
            while (h < 4 && !take(&drawn, halves[h]))
                h++;
            CHECK(h < 4);
            p->dark[p->height][x] = (h & 2) != 0;
            p->dark[p->height + 1][x++] = (h & 1) != 0;
        }
        CHECK(p->width == 0 || p->width == x);
        p->width = x;
        p->height += 2;
    }
}

static void compare(const struct picture *p, const char *text) {
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    CHECK(code != NULL);
    CHECK_EQ(p->width, code->width + 8);
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            int cx = x - 4, cy = y - 4;
            bool inside = cx >= 0 && cy >= 0 && cx < code->width && cy < code->width;
            bool dark = inside && (code->data[cy * code->width + cx] & 1) != 0;
            CHECK_EQ(p->dark[y][x], dark);
        }
    QRcode_free(code);
}

TEST(a_code_is_drawn_module_for_module_with_its_margin) {
    static struct picture p;
    struct line l = {0};
    CHECK_OK(qr_draw(&l, slice_str("sotto")));
    look(&p, buf_slice(&l.json.b));
    compare(&p, "sotto");
    /* The three corners that a reader looks for, and no fourth. */
    CHECK(p.dark[4][4] && p.dark[4][p.width - 5] && p.dark[p.width - 5][4]);
    CHECK(!p.dark[3][4] && !p.dark[4][3]);
    buf_free(&l.json.b);
}

TEST(a_links_last_part_is_drawn_in_capitals_and_so_fits_80_columns) {
    static struct picture p;
    char link[600] = "sotto:contact:127.0.0.1:4480#", capitals[600];
    size_t begin = strlen(link);
    for (size_t i = begin; i < 560; i++)
        link[i] = "abcdefghijklmnopqrstuvwxyz234567"[(i * 7919) % 32];
    memcpy(capitals, link, sizeof link);
    for (size_t i = begin; i < 560; i++)
        if (capitals[i] >= 'a')
            capitals[i] = (char)(capitals[i] - 'a' + 'A');
    struct line l = {0};
    CHECK_OK(qr_draw_link(&l, slice_str(link)));
    look(&p, buf_slice(&l.json.b));
    compare(&p, capitals);
    CHECK(p.width <= 80);
    buf_free(&l.json.b);
}

TEST(what_no_code_holds_is_refused) {
    static uint8_t text[4000];
    struct line l = {0};
    memset(text, 'x', sizeof text);
    CHECK_ERR(qr_draw(&l, SLICE_ARRAY(text)), ERR_TOO_LARGE);
    CHECK_ERR(qr_draw(&l, SLICE_EMPTY), ERR_MALFORMED);
    CHECK_ERR(qr_draw(&l, slice_of("a\0b", 3)), ERR_MALFORMED);
    CHECK_EQ(l.json.b.n, 0);
}

TEST_MAIN
