#include "load/histogram.h"

#include <inttypes.h>
#include <stdio.h>

/* The first 2,048 values have a place each; then each doubling has 1,024. */
static size_t place_of(uint64_t us) {
    unsigned shift = 0;
    while (us >> shift >= 2 * HISTOGRAM_HALF)
        shift++;
    size_t place = (size_t)shift * HISTOGRAM_HALF + (size_t)(us >> shift);
    return place < HISTOGRAM_PLACES ? place : HISTOGRAM_PLACES - 1;
}

uint64_t histogram_value(size_t place) {
    if (place < 2 * HISTOGRAM_HALF)
        return place;
    unsigned shift = (unsigned)(place / HISTOGRAM_HALF - 1);
    uint64_t first = (uint64_t)(place - (size_t)shift * HISTOGRAM_HALF) << shift;
    return first + ((uint64_t)1 << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t us) {
    h->places[place_of(us)]++;
    h->count++;
    if (us > h->most)
        h->most = us;
}

void histogram_merge(struct histogram *to, const struct histogram *from) {
    for (size_t i = 0; i < HISTOGRAM_PLACES; i++)
        to->places[i] += from->places[i];
    to->count += from->count;
    if (from->most > to->most)
        to->most = from->most;
}

uint64_t histogram_quantile(const struct histogram *h, double part) {
    uint64_t so_far = 0;
    for (size_t i = 0; i < HISTOGRAM_PLACES; i++) {
        so_far += h->places[i];
        if (so_far > 0 && (double)so_far >= part * (double)h->count)
            return histogram_value(i) < h->most ? histogram_value(i) : h->most;
    }
    return 0;
}

void histogram_print(const struct histogram *h, const char *name, bool all) {
    static const struct {
        const char *name;
        double part;
    } told[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};
    const char *between = "";
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        printf(",\"%s%s_us\":%" PRIu64, name, told[i].name, histogram_quantile(h, told[i].part));
    if (!all)
        return;
    printf(",\"%stimes_us\":[", name);
    for (size_t i = 0; i < HISTOGRAM_PLACES; i++) {
        if (h->places[i] == 0)
            continue;
        printf("%s[%" PRIu64 ",%" PRIu32 "]", between, histogram_value(i), h->places[i]);
        between = ",";
    }
    printf("]");
}
