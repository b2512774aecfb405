/* What is where on the screen. */
#include "term/layout.h"
#include "test.h"

static bool is_inside(const struct layout_area *a, unsigned rows, unsigned columns) {
    return a->row + a->rows <= rows && a->column + a->columns <= columns;
}

TEST(a_wide_screen_shows_list_and_talk_side_by_side) {
    struct layout l = layout_make(24, 80, false, 1);
    CHECK(l.list.rows > 0 && l.talk.rows > 0);
    CHECK_EQ(l.rule, l.list.columns);
    CHECK_EQ(l.talk.column, l.rule + 1);
    CHECK_EQ(l.talk.column + l.talk.columns, 80);
    l = layout_make(24, 80, true, 1);
    CHECK(l.list.rows > 0 && l.talk.rows > 0);
}

TEST(a_narrow_one_shows_one_of_them) {
    struct layout l = layout_make(24, 79, false, 1);
    CHECK_EQ(l.list.rows, 0);
    CHECK_EQ(l.talk.columns, 79);
    l = layout_make(24, 79, true, 1);
    CHECK_EQ(l.talk.rows, 0);
    CHECK_EQ(l.list.columns, 79);
}

TEST(nothing_overlaps_whatever_the_size) {
    for (unsigned rows = 1; rows < 60; rows++)
        for (unsigned columns = 1; columns < 200; columns += 7)
            for (unsigned typed = 1; typed < 40; typed += 3) {
                struct layout l = layout_make(rows, columns, typed % 2 == 0, typed);
                if (l.small)
                    continue;
                CHECK(is_inside(&l.list, rows, columns) && is_inside(&l.talk, rows, columns));
                CHECK(is_inside(&l.compose, rows, columns));
                CHECK_EQ(l.status.row + 1, l.footer.row);
                CHECK_EQ(l.footer.row + 1, rows);
                if (l.talk.rows == 0)
                    continue;
                CHECK_EQ(l.talk.row, l.title.row + 1);
                CHECK_EQ(l.talk.row + l.talk.rows, l.compose.row);
                CHECK_EQ(l.compose.row + l.compose.rows, l.status.row);
            }
}

TEST(what_is_typed_takes_a_third_at_most) {
    CHECK_EQ(layout_make(24, 80, false, 3).compose.rows, 3);
    CHECK_EQ(layout_make(24, 80, false, 100).compose.rows, 22 / 3);
}

TEST(a_screen_of_a_few_cells_shows_nothing) {
    CHECK(layout_make(LAYOUT_ROWS_MIN - 1, 80, false, 1).small);
    CHECK(layout_make(24, LAYOUT_COLUMNS_MIN - 1, false, 1).small);
    CHECK(!layout_make(LAYOUT_ROWS_MIN, LAYOUT_COLUMNS_MIN, false, 1).small);
}

TEST(scrolling_keeps_what_is_chosen_in_sight_and_moves_no_further) {
    CHECK_EQ(layout_scroll(0, 4, 10, 5), 0);
    CHECK_EQ(layout_scroll(0, 5, 10, 5), 1);
    CHECK_EQ(layout_scroll(4, 2, 10, 5), 2);
    CHECK_EQ(layout_scroll(9, 9, 10, 5), 5);
    CHECK_EQ(layout_scroll(3, 0, 2, 5), 0);
}

TEST_MAIN
