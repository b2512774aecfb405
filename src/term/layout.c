#include "term/layout.h"

static unsigned list_columns(unsigned columns) {
    unsigned n = columns * 3 / 10;
    return n > 36 ? 36 : n;
}

struct layout layout_make(unsigned rows, unsigned columns, bool in_list, unsigned typed) {
    struct layout l = {.small = rows < LAYOUT_ROWS_MIN || columns < LAYOUT_COLUMNS_MIN};
    if (l.small)
        return l;
    bool both = columns >= LAYOUT_BOTH;
    unsigned body = rows - 2, left = 0;
    l.status = (struct layout_area){rows - 2, 0, 1, columns};
    l.footer = (struct layout_area){rows - 1, 0, 1, columns};
    if (both || in_list)
        l.list = (struct layout_area){0, 0, body, both ? list_columns(columns) : columns};
    if (!both && in_list)
        return l;
    if (both) {
        l.rule = l.list.columns;
        left = l.rule + 1;
    }
    unsigned most = body / 3 > 0 ? body / 3 : 1;
    unsigned compose = typed > most ? most : typed;
    l.title = (struct layout_area){0, left, 1, columns - left};
    l.talk = (struct layout_area){1, left, body - 1 - compose, columns - left};
    l.compose = (struct layout_area){body - compose, left, compose, columns - left};
    return l;
}

size_t layout_scroll(size_t top, size_t at, size_t count, size_t rows) {
    size_t last = count > rows ? count - rows : 0;
    if (at < top)
        top = at;
    else if (at >= top + rows)
        top = at + 1 - rows;
    return top < last ? top : last;
}
