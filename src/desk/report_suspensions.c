#include "desk/report_suspensions.h"

/* ---- From the lists ---- */

static struct report_suspension *find(struct report_suspensions *s, slice id) {
    for (size_t i = 0; i < s->n; i++)
        if (s->each[i].ended == 0 && slice_equal(buf_slice(&s->each[i].id), id))
            return &s->each[i];
    return NULL;
}

static err add(struct report_suspensions *s, struct report_suspension **out) {
    if (s->n == s->room) {
        size_t more = s->room == 0 ? 8 : 2 * s->room;
        void *p = mem_resize(NULL, s->each, s->room * sizeof *s->each, more * sizeof *s->each);
        if (p == NULL)
            return ERR_NO_MEMORY;
        s->each = p;
        s->room = more;
    }
    *out = &s->each[s->n++];
    memset(*out, 0, sizeof **out);
    return OK;
}

static err say_scope(buf *out, const struct office_scope *scope) {
    TRY(buf_set(out, slice_str(scope->kind == OFFICE_SCOPE_ALL       ? "all"
                               : scope->kind == OFFICE_SCOPE_REGIMES ? "regimes "
                                                                     : "authorities ")));
    return scope->kind == OFFICE_SCOPE_ALL ? OK : buf_append(out, scope->only);
}

static err say_lines(buf *out, const struct office_lines *lines) {
    buf_clear(out);
    for (size_t i = 0; i < lines->n; i++) {
        if (i > 0)
            TRY(buf_append_byte(out, ' '));
        TRY(buf_append(out, lines->p[i].text));
    }
    return OK;
}

static err say(struct report_suspension *r, const struct office_suspension *s) {
    r->start = s->start;
    r->review = s->review;
    TRY(buf_set(&r->id, s->id));
    TRY(buf_set(&r->jurisdictions, s->jurisdictions));
    TRY(say_scope(&r->scope, &s->scope));
    TRY(say_lines(&r->wording, &s->wording));
    buf_clear(&r->carve_outs);
    for (size_t i = 0; i < s->carve_outs.n; i++) {
        if (i > 0)
            TRY(buf_append_byte(&r->carve_outs, ' '));
        TRY(buf_append(&r->carve_outs, s->carve_outs.p[i].id));
    }
    return OK;
}

static bool has(const struct office_suspensions *list, slice id) {
    for (size_t i = 0; i < list->suspensions.n; i++)
        if (slice_equal(list->suspensions.p[i].id, id))
            return true;
    return false;
}

err report_suspensions_take(struct report_suspensions *s, const struct office_suspensions *list,
                            uint64_t since) {
    for (size_t i = 0; i < s->n; i++)
        if (s->each[i].ended == 0 && !has(list, buf_slice(&s->each[i].id)))
            s->each[i].ended = since;
    for (size_t i = 0; i < list->suspensions.n; i++) {
        struct report_suspension *r = find(s, list->suspensions.p[i].id);
        if (r == NULL)
            TRY(add(s, &r));
        TRY(say(r, &list->suspensions.p[i]));
    }
    return OK;
}

/* ---- As a file ---- */

bool report_suspension_within(const struct report_suspension *s, uint64_t from, uint64_t until) {
    return s->start < until && (s->ended == 0 || s->ended > from);
}

static err quoted(buf *out, slice text) {
    TRY(buf_append_byte(out, '"'));
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            TRY(buf_append_byte(out, '"'));
        TRY(buf_append_byte(out, text.p[i]));
    }
    return buf_append(out, slice_str("\","));
}

static err say_time(buf *out, uint64_t ms, const char *end) {
    char time[OFFICE_TIME_TEXT] = "";
    if (ms != 0)
        office_time_write(ms, time);
    TRY(buf_append(out, slice_str(time)));
    return buf_append(out, slice_str(end));
}

static err write_one(buf *out, const struct report_suspension *s) {
    TRY(quoted(out, buf_slice(&s->id)));
    TRY(quoted(out, buf_slice(&s->jurisdictions)));
    TRY(quoted(out, buf_slice(&s->scope)));
    TRY(quoted(out, buf_slice(&s->wording)));
    TRY(quoted(out, buf_slice(&s->carve_outs)));
    TRY(say_time(out, s->start, ","));
    TRY(say_time(out, s->review, ","));
    return say_time(out, s->ended, "\n");
}

err report_suspensions_write(buf *out, const struct report_suspensions *s, uint64_t from,
                             uint64_t until) {
    TRY(buf_append(
        out, slice_str("suspension,jurisdictions,scope,wording,carve_outs,start,review,ended\n")));
    for (size_t i = 0; i < s->n; i++)
        if (report_suspension_within(&s->each[i], from, until))
            TRY(write_one(out, &s->each[i]));
    return OK;
}

void report_suspensions_free(struct report_suspensions *s) {
    for (size_t i = 0; i < s->n; i++) {
        buf_free(&s->each[i].id);
        buf_free(&s->each[i].jurisdictions);
        buf_free(&s->each[i].scope);
        buf_free(&s->each[i].wording);
        buf_free(&s->each[i].carve_outs);
    }
    mem_free(NULL, s->each, s->room * sizeof *s->each);
    *s = (struct report_suspensions){.n = 0};
}
