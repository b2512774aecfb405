/* Letters, made of their templates and of what the case holds in the clear. */
#include "desk/pages/page.h"

struct fill {
    struct page *p;
    const struct desk_case *c;
    const struct json_object *ground;
    uint64_t until; /* 0: not known */
};

static err hash_text(buf *out, const uint8_t hash[32]) {
    return hex_encode(out, slice_of(hash, 32));
}

static err time_text(buf *out, uint64_t ms) {
    char text[PAGE_TIME];
    page_time_text(ms, text);
    return buf_append(out, slice_str(text));
}

static err fields_text(buf *out, uint32_t fields) {
    static const char *const NAMES[] = {
#define X(text, name) text,
        HELD_RECORD(X)
#undef X
    };
    bool first = true;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (fields >> i & 1) {
            if (!first)
                TRY(buf_append(out, slice_str(", ")));
            TRY(buf_append(out, slice_str(NAMES[i])));
            first = false;
        }
    return OK;
}

static slice process_name(const struct fill *f) {
    const struct json_object *types = page_data_list(f->p->pages->data, "process-types", "types");
    return page_json_words(page_json_find(types, slice_str(f->c->process)), "name", f->p->language);
}

/* The day that a notice speaks of: from when data may be given; until when it was forbidden to
 * tell; by when the process of an emergency must follow. */
static uint64_t until(struct page *p, const char *template, const struct desk_case *c) {
    const struct json_object *regime =
        page_json_find(page_data_list(p->pages->data, "regimes", "regimes"), slice_str(c->regime));
    const struct json_object *process =
        page_json_find(page_json_get(regime, "deadlines"), slice_str("process"));
    if (strcmp(template, "notice") == 0)
        return p->now + page_json_number(page_json_get(regime, "notice"), "days") * TIME_DAY;
    if (strcmp(template, "notice-late") == 0)
        return c->bar_until;
    if (strcmp(template, "notice-emergency") == 0 && process != NULL && c->released != 0)
        return c->released + page_json_number(process, "days") * TIME_DAY;
    return 0;
}

/* What is not known here stays to be seen, in its braces. */
static err place(const struct fill *f, slice name, buf *out) {
    const struct office *o = desk_office(f->p->desk);
    const struct office_authority *a = office_authority_find(o, slice_str(f->c->authority));
    if (slice_equal(name, slice_str("case")))
        return buf_append(out, slice_str(f->c->id));
    if (slice_equal(name, slice_str("service")) || slice_equal(name, slice_str("entity")))
        return buf_append(out, o->name);
    if (slice_equal(name, slice_str("origin")) || slice_equal(name, slice_str("contact")))
        return buf_append(out, o->origin);
    if (slice_equal(name, slice_str("authority")) && a != NULL)
        return buf_append(out, a->name);
    if (slice_equal(name, slice_str("receipt")))
        return hash_text(out, f->c->filing);
    if (slice_equal(name, slice_str("received")))
        return time_text(out, f->c->received);
    if (slice_equal(name, slice_str("date")))
        return time_text(out, f->p->now);
    if (slice_equal(name, slice_str("fields")))
        return fields_text(out, f->c->fields != 0 ? f->c->fields : f->c->asked);
    if (slice_equal(name, slice_str("ground")) && f->ground != NULL)
        return buf_append(out, page_json_words(f->ground, "text", f->p->language));
    if (slice_equal(name, slice_str("cure")) && f->ground != NULL)
        return buf_append(out, page_json_words(f->ground, "cure", f->p->language));
    if (slice_equal(name, slice_str("process")) && f->c->process[0] != '\0')
        return buf_append(out, process_name(f));
    if (slice_equal(name, slice_str("until")) && f->until != 0)
        return time_text(out, f->until);
    TRY(buf_append_byte(out, '{'));
    TRY(buf_append(out, name));
    return buf_append_byte(out, '}');
}

static err fill(const struct fill *f, slice text, buf *out) {
    while (text.n > 0) {
        TRY(buf_append(out, slice_until(&text, '{')));
        if (text.n > 0)
            TRY(place(f, slice_until(&text, '}'), out));
    }
    return buf_append_byte(out, '\n');
}

err page_letter(struct page *p, const char *template, const struct desk_case *c, slice ground,
                buf *out) {
    const struct json_object *letter =
        page_json_find(page_data_list(p->pages->data, "letters", "letters"), slice_str(template));
    struct fill f = {p, c,
                     page_json_find(page_data_list(p->pages->data, "reasons", "reasons"), ground),
                     until(p, template, c)};
    TRY(fill(&f, page_json_words(letter, "subject", p->language), out));
    return fill(&f, page_json_words(letter, "body", p->language), out);
}
