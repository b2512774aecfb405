/* Letters, made of their templates and of what the case holds in the clear. */
#include "desk/pages/page.h"

struct fill {
    struct page *p;
    const struct desk_case *c;
    const struct json_object *ground;
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
                     page_json_find(page_data_list(p->pages->data, "reasons", "reasons"), ground)};
    TRY(fill(&f, page_json_words(letter, "subject", p->language), out));
    return fill(&f, page_json_words(letter, "body", p->language), out);
}
