/* Letters, made of their templates and of what the case holds in the clear. */
#include "desk/pages/page.h"

struct fill {
    struct page *p;
    const char *template;
    const struct desk_case *c;
    const struct page_letter_facts *facts;
    const struct json_object *ground;
    uint64_t until; /* 0: not known */
};

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

/* The day that it speaks of, where the case says it: from when data may be given; until when it was
 * forbidden to tell; by when the process of an emergency must follow; until when a copy is kept; by
 * when the answer is due. */
static uint64_t until(struct page *p, const char *template, const struct desk_case *c) {
    const struct json_object *regime =
        page_json_find(page_data_list(p->pages->data, "regimes", "regimes"), slice_str(c->regime));
    const struct json_object *terms = page_json_get(regime, "deadlines");
    const struct json_object *process = page_json_find(terms, slice_str("process")),
                             *answer = page_json_find(terms, slice_str("clarification"));
    if (strcmp(template, "clarification") == 0 && answer != NULL)
        return p->now + page_json_number(answer, "days") * TIME_DAY;
    if (strcmp(template, "notice") == 0)
        return p->now + page_json_number(page_json_get(regime, "notice"), "days") * TIME_DAY;
    if (strcmp(template, "notice-late") == 0)
        return c->bar_until;
    if (strcmp(template, "preserved") == 0)
        return c->preserved_until;
    if (strcmp(template, "enforcing-authority") == 0)
        return c->deadline;
    bool emergency = strcmp(template, "notice-emergency") == 0 ||
                     strcmp(template, "release-cover-emergency") == 0;
    if (emergency && process != NULL && c->released != 0)
        return c->released + page_json_number(process, "days") * TIME_DAY;
    return 0;
}

/* ---- Placeholders ---- One function for each; what appends nothing isn't known. */

static err put_authority(const struct fill *f, buf *out) {
    const struct office_authority *a =
        office_authority_find(desk_office(f->p->desk), slice_str(f->c->authority));
    return a == NULL ? OK : buf_append(out, a->name);
}

static err put_reference(const struct fill *f, buf *out) {
    return buf_append(out, f->facts->reference);
}

static err put_asked(const struct fill *f, buf *out) {
    return buf_append(out, f->facts->asked);
}

static err put_case(const struct fill *f, buf *out) {
    return buf_append(out, slice_str(f->c->id));
}

static err put_receipt(const struct fill *f, buf *out) {
    return hex_encode(out, SLICE_ARRAY(f->c->filing));
}

static err put_received(const struct fill *f, buf *out) {
    return time_text(out, f->c->received);
}

static err put_date(const struct fill *f, buf *out) {
    return time_text(out, f->p->now);
}

static err put_until(const struct fill *f, buf *out) {
    return f->until == 0 ? OK : time_text(out, f->until);
}

static err put_fields(const struct fill *f, buf *out) {
    return fields_text(out, f->c->fields != 0 ? f->c->fields : f->c->asked);
}

static err put_process(const struct fill *f, buf *out) {
    const struct json_object *types = page_data_list(f->p->pages->data, "process-types", "types");
    return buf_append(out, page_json_words(page_json_find(types, slice_str(f->c->process)), "name",
                                           f->p->language));
}

static err put_ground(const struct fill *f, buf *out) {
    return buf_append(out, page_json_words(f->ground, "text", f->p->language));
}

static err put_cure(const struct fill *f, buf *out) {
    return buf_append(out, page_json_words(f->ground, "cure", f->p->language));
}

static err put_court(const struct fill *f, buf *out) {
    return buf_append(out, f->facts->court);
}

/* Hours of an emergency; else days until a case lapses or what names somebody is deleted. */
static err put_days(const struct fill *f, buf *out) {
    uint64_t term = f->c->deadline - f->c->received;
    bool hours = strcmp(f->template, "nobody-in-time") == 0;
    if (hours && f->c->deadline == 0)
        return OK;
    return decimal_encode(out, hours ? term / TIME_HOUR
                               : strcmp(f->template, "clarification") == 0
                                   ? DESK_SILENCE_MAX / TIME_DAY
                               : strcmp(f->template, "withdrawn") == 0 ? DESK_CLOSED_MAX / TIME_DAY
                                                                       : DESK_HELD_MAX / TIME_DAY);
}

/* The first that holds the case. */
static const struct office_suspension *suspension_of(const struct fill *f, slice *country) {
    const struct office_suspensions *list = desk_list(f->p->desk);
    const char *of[] = {f->c->issuer, f->c->beneficiary};
    for (size_t i = 0; list != NULL && i < list->suspensions.n; i++)
        for (size_t k = 0; k < 2; k++) {
            slice rest = list->suspensions.p[i].jurisdictions;
            while (rest.n > 0) {
                *country = slice_until(&rest, ' ');
                if (slice_equal(*country, slice_str(of[k])))
                    return &list->suspensions.p[i];
            }
        }
    return NULL;
}

static err put_jurisdiction(const struct fill *f, buf *out) {
    slice country;
    return suspension_of(f, &country) == NULL ? OK : buf_append(out, country);
}

static err put_wording(const struct fill *f, buf *out) {
    slice country;
    const struct office_suspension *s = suspension_of(f, &country);
    for (size_t i = 0; s != NULL && i < s->wording.n; i++) {
        if (i > 0)
            TRY(buf_append_byte(out, ' '));
        TRY(buf_append(out, s->wording.p[i].text));
    }
    return OK;
}

static err put_kinds(const struct fill *f, buf *out) {
    const struct json_object *kinds = page_data_list(f->p->pages->data, "held", "kinds");
    return buf_append(out, page_json_string(kinds, words_tag(f->p->language)));
}

static const struct {
    const char *name;
    err (*put)(const struct fill *f, buf *out);
} PLACES[] = {{"authority", put_authority}, {"reference", put_reference},
              {"asked", put_asked},         {"identifier", put_asked},
              {"case", put_case},           {"receipt", put_receipt},
              {"received", put_received},   {"date", put_date},
              {"until", put_until},         {"fields", put_fields},
              {"process", put_process},     {"ground", put_ground},
              {"cure", put_cure},           {"kinds", put_kinds},
              {"question", put_asked},      {"manifest", put_asked},
              {"court", put_court},         {"days", put_days},
              {"wording", put_wording},     {"jurisdiction", put_jurisdiction}};

/* What is not known stays to be seen, in its braces. */
static err place(const struct fill *f, slice name, buf *out) {
    size_t before = out->n;
    TRY(buf_append(out, page_deployed(f->p, name)));
    for (size_t i = 0; out->n == before && i < sizeof(PLACES) / sizeof(PLACES[0]); i++)
        if (slice_equal(name, slice_str(PLACES[i].name)))
            TRY(PLACES[i].put(f, out));
    if (out->n > before)
        return OK;
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
    return OK;
}

err page_letter_subject(struct page *p, const struct json_object *letter, const struct desk_case *c,
                        buf *out) {
    struct page_letter_facts none = {.ground = SLICE_EMPTY};
    struct fill f = {.p = p, .template = "", .c = c, .facts = &none};
    return fill(&f, page_json_words(letter, "subject", p->language), out);
}

err page_letter(struct page *p, const char *template, const struct desk_case *c,
                const struct page_letter_facts *facts, buf *out) {
    const struct json_object *letter =
        page_json_find(page_data_list(p->pages->data, "letters", "letters"), slice_str(template));
    struct fill f = {
        p,
        template,
        c,
        facts,
        page_json_find(page_data_list(p->pages->data, "reasons", "reasons"), facts->ground),
        facts->until != 0 ? facts->until : until(p, template, c)};
    TRY(fill(&f, page_json_words(letter, "subject", p->language), out));
    TRY(buf_append_byte(out, '\n'));
    TRY(fill(&f, page_json_words(letter, "body", p->language), out));
    return buf_append_byte(out, '\n');
}

bool page_letter_fits(const struct json_object *letter, const struct desk_case *c) {
    slice to = page_json_string(letter, "to"), state = page_json_string(letter, "state");
    slice id = page_json_string(letter, "id");
    if (slice_equal(to, slice_str("user")))
        return false;
    if (slice_equal(id, slice_str("preserved")))
        return c->preserved_until != 0;
    if (slice_equal(id, slice_str("nobody-in-time")))
        return c->deadline != 0 && c->released == 0 && c->state != DESK_STATE_HELD &&
               c->state != DESK_STATE_REJECTED && c->state != DESK_STATE_NOT_HELD;
    return slice_equal(state, slice_str(desk_state_name(c->state)));
}
