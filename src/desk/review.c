#include "desk/review.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/facts.h"

enum { ONE_IN = 20, LINE = 512 };

/* ---- The draw ---- */

static err lot_of(const struct report_of *of, slice case_id, uint64_t *lot) {
    uint8_t hash[32];
    slice parts[] = {slice_str("sotto draw 1\n"), merkle_hash_slice(&of->root), case_id};
    TRY(crypto_sha256.hash(hash, parts, sizeof parts / sizeof parts[0]));
    for (int i = 0; i < 8; i++)
        *lot = *lot << 8 | hash[i];
    return OK;
}

struct drawing {
    struct review_draw *draw;
    struct count *count;
    const struct report_of *of;
    struct review_case lowest;
    err failed;
};

static err add(struct review_draw *d, const struct review_case *c) {
    if (d->n == d->room) {
        size_t more = d->room == 0 ? 64 : 2 * d->room;
        void *p = mem_resize(NULL, d->each, d->room * sizeof *c, more * sizeof *c);
        if (p == NULL)
            return ERR_NO_MEMORY;
        d->each = p;
        d->room = more;
    }
    d->each[d->n++] = *c;
    return OK;
}

static err take(struct drawing *g, slice case_id) {
    struct review_case c = {.lot = 0};
    struct count_case its;
    TRY(lot_of(g->of, case_id, &c.lot));
    TRY(count_case_get(g->count, case_id, &its));
    TRY(desk_copy_id(c.id, case_id) ? OK : ERR_BUG);
    c.closed = !its.over || its.barred;
    if (g->draw->answered++ == 0 || c.lot < g->lowest.lot)
        g->lowest = c;
    return c.lot < UINT64_MAX / ONE_IN ? add(g->draw, &c) : OK;
}

static bool take_one(void *ctx, slice case_id) {
    struct drawing *g = ctx;
    g->failed = take(g, case_id);
    return g->failed == OK;
}

err review_draw(struct review_draw *draw, struct count *c, const struct report_of *of,
                const struct desk_ids *without) {
    const struct count_by by = {.from = of->from, .until = of->until, .without = without};
    struct drawing g = {.draw = draw, .count = c, .of = of};
    *draw = (struct review_draw){.n = 0};
    TRY(count_answered(c, &by, take_one, &g));
    TRY(g.failed);
    draw->by_lowest = draw->n == 0 && draw->answered > 0;
    return draw->by_lowest ? add(draw, &g.lowest) : OK;
}

void review_draw_free(struct review_draw *draw) {
    mem_free(NULL, draw->each, draw->room * sizeof *draw->each);
    *draw = (struct review_draw){.n = 0};
}

/* ---- Its text ---- */

__attribute__((format(printf, 2, 3))) static err say(buf *out, const char *format, ...) {
    char line[LINE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return n < 0 || n >= LINE ? ERR_BUG : buf_append(out, slice_of(line, (size_t)n));
}

err review_head_write(buf *out, const char *kind, const struct report_of *of) {
    char from[REPORT_DAY], until[REPORT_DAY], root[HEX_TEXT];
    report_day(of->from, from);
    report_day(of->until, until);
    hex_text(of->root.bytes, root);
    return say(out, "sotto %s 1\nledger %.*s\nsize %llu\nroot %s\nfrom %s\nuntil %s\n", kind,
               (int)of->origin.n, (const char *)of->origin.p, (unsigned long long)of->size, root,
               from, until);
}

err review_write(buf *out, const struct report_of *of, const struct review_draw *draw) {
    size_t closed = 0;
    TRY(review_head_write(out, "review", of));
    TRY(say(out, "answered %llu\ndrawn %zu\n", (unsigned long long)draw->answered, draw->n));
    for (size_t i = 0; i < draw->n; i++)
        if (draw->each[i].closed)
            closed++;
        else
            TRY(say(out, "case %s unread\n", draw->each[i].id));
    return say(out, "closed agreed 0\nclosed doubted 0\nclosed unread %zu\n", closed);
}
