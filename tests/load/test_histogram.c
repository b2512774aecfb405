/* The histogram of latencies, beside exact quantiles. */
#include <stdlib.h>

#include "load/histogram.h"
#include "tests/support.h"
#include "tests/test.h"

enum { COUNT = 20000 };

static struct histogram h, other;
static uint64_t values[COUNT];

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void check_quantile(double part) {
    uint64_t exact = values[(size_t)(part * COUNT + 0.999999) - 1];
    uint64_t told = histogram_quantile(&h, part);
    CHECK(told >= exact && told <= exact + exact / 1000 + 1);
}

TEST(quantiles_are_known_to_a_thousandth) {
    struct support_random r = {.state = 7};
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t bits = support_next(&r) % 34;
        values[i] = support_next(&r) % ((uint64_t)2 << bits);
        histogram_add(&h, values[i]);
    }
    qsort(values, COUNT, sizeof *values, compare);
    check_quantile(0.01);
    check_quantile(0.5);
    check_quantile(0.9);
    check_quantile(0.99);
    check_quantile(0.999);
    CHECK_EQ(histogram_quantile(&h, 1), values[COUNT - 1]);
    CHECK_EQ(h.most, values[COUNT - 1]);
}

TEST(each_value_is_in_the_place_that_says_so) {
    for (uint64_t v = 0; v < 5000; v++) {
        memset(&h, 0, sizeof h);
        histogram_add(&h, v);
        for (size_t i = 0; i < HISTOGRAM_PLACES; i++)
            if (h.places[i] != 0)
                CHECK(histogram_value(i) >= v && (i == 0 || histogram_value(i - 1) < v));
    }
}

TEST(two_are_added_up) {
    memset(&h, 0, sizeof h);
    memset(&other, 0, sizeof other);
    for (uint64_t i = 1; i <= 100; i++)
        histogram_add(i % 2 == 0 ? &h : &other, i);
    histogram_merge(&h, &other);
    CHECK_EQ(h.count, 100);
    CHECK_EQ(histogram_quantile(&h, 0.5), 50);
    CHECK_EQ(histogram_quantile(&h, 0.99), 99);
}

TEST(what_is_beyond_all_is_the_last) {
    memset(&h, 0, sizeof h);
    histogram_add(&h, UINT64_MAX);
    CHECK_EQ(h.places[HISTOGRAM_PLACES - 1], 1);
    CHECK_EQ(histogram_quantile(&h, 0), histogram_value(HISTOGRAM_PLACES - 1));
}

TEST(an_empty_one_says_nothing) {
    memset(&h, 0, sizeof h);
    CHECK_EQ(histogram_quantile(&h, 0.5), 0);
}

TEST_MAIN
