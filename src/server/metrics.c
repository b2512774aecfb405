#include "server/metrics.h"

#include <stdio.h>

#include "base/codec.h"

enum kind { counter, gauge };

struct metric {
    const char *name, *kind, *help;
    enum kind is;
};

#define ROW(name, kind, help) {#name, #kind, help, kind},
static const struct metric of_edges[METRICS_EDGE] = {METRICS(ROW, METRIC_NOTHING)};
static const struct metric of_mail[METRICS_MAIL] = {METRICS(METRIC_NOTHING, ROW)};

err metrics_encode(buf *out, const uint64_t edge[METRICS_EDGE]) {
    writer w = writer_on(out);
    for (size_t i = 0; i < METRICS_EDGE; i++)
        writer_u64(&w, edge[i]);
    return writer_result(&w);
}

err metrics_decode(slice bytes, uint64_t edge[METRICS_EDGE]) {
    reader r = reader_of(bytes);
    for (size_t i = 0; i < METRICS_EDGE; i++)
        TRY(reader_u64(&r, &edge[i]));
    return reader_end(&r);
}

void metrics_bury(uint64_t gone[METRICS_EDGE], const uint64_t edge[METRICS_EDGE]) {
    for (size_t i = 0; i < METRICS_EDGE; i++)
        if (of_edges[i].is == counter)
            gone[i] += edge[i];
}

static err write_one(buf *out, const struct metric *metric, uint64_t value) {
    char text[512];
    int n = snprintf(text, sizeof text, "# HELP sotto_%s %s\n# TYPE sotto_%s %s\nsotto_%s %llu\n",
                     metric->name, metric->help, metric->name, metric->kind, metric->name,
                     (unsigned long long)value);
    return n < 0 || (size_t)n >= sizeof text ? ERR_BUG : buf_append(out, slice_of(text, (size_t)n));
}

err metrics_write(buf *out, const uint64_t edges[METRICS_EDGE], const uint64_t mail[METRICS_MAIL]) {
    for (size_t i = 0; i < METRICS_EDGE; i++)
        TRY(write_one(out, &of_edges[i], edges[i]));
    for (size_t i = 0; i < METRICS_MAIL; i++)
        TRY(write_one(out, &of_mail[i], mail[i]));
    return OK;
}
