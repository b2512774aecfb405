/* The public policy and the guidelines for authorities. They are files in a small part of Markdown:
 * headings, paragraphs, lists of one level; nothing else has a meaning. */
#include "desk/pages/page.h"

struct text {
    struct page *p;
    const char *open; /* "p", "ul" with an open "li", or NULL */
};

static void shut(struct text *t) {
    if (t->open == NULL)
        return;
    html_close(&t->p->h);
    if (strcmp(t->open, "ul") == 0)
        html_close(&t->p->h);
    t->open = NULL;
}

slice page_deployed(struct page *p, slice id) {
    const struct office *o = desk_office(p->desk);
    const struct json_object *own = page_data_list(p->pages->data, "deployment", "names");
    for (size_t i = 0; i < page_json_count(own); i++)
        if (slice_equal(page_json_string(page_json_item(own, i), "id"), id))
            return page_json_words(page_json_item(own, i), "text", p->language);
    if (o == NULL)
        return SLICE_EMPTY;
    if (slice_equal(id, slice_str("service")) || slice_equal(id, slice_str("entity")))
        return o->name;
    return slice_equal(id, slice_str("origin")) || slice_equal(id, slice_str("contact"))
               ? o->origin
               : SLICE_EMPTY;
}

/* {service} and the like, which only who runs the desk knows. */
static void placeholder(struct page *p, slice name) {
    slice text = page_deployed(p, name);
    html_text(&p->h, text.n > 0 ? text : name);
}

static void line_text(struct page *p, slice line) {
    while (line.n > 0) {
        html_text(&p->h, slice_until(&line, '{'));
        if (line.n > 0)
            placeholder(p, slice_until(&line, '}'));
    }
}

static void line(struct text *t, slice s) {
    struct html *h = &t->p->h;
    if (s.n == 0) {
        shut(t);
    } else if (slice_skip(&s, slice_str("## "))) {
        shut(t);
        html_open(h, "h2", NULL);
        line_text(t->p, s);
        html_close(h);
    } else if (slice_skip(&s, slice_str("### "))) {
        shut(t);
        html_open(h, "h3", NULL);
        line_text(t->p, s);
        html_close(h);
    } else if (slice_skip(&s, slice_str("- "))) {
        if (t->open == NULL || strcmp(t->open, "ul") != 0) {
            shut(t);
            html_open(h, "ul", NULL);
        } else {
            html_close(h);
        }
        html_open(h, "li", NULL);
        line_text(t->p, s);
        t->open = "ul";
    } else {
        if (t->open == NULL) {
            html_open(h, "p", NULL);
            t->open = "p";
        } else {
            html_string(h, "\n");
        }
        while (slice_skip(&s, slice_str(" ")))
            continue;
        line_text(t->p, s);
    }
}

/* The first line is the version, the first heading the page's own. */
static void show(struct page *p, slice text) {
    struct text t = {.p = p};
    slice s;
    if (slice_line(&text, &s))
        html_element(&p->h, "p", s, "class", "faint", NULL);
    html_open(&p->h, "div", "class", "prose", NULL);
    while (text.n > 0) {
        slice whole = text;
        if (!slice_line(&text, &s)) {
            s = whole;
            text = SLICE_EMPTY;
        }
        slice title = s;
        if (!slice_skip(&title, slice_str("# ")))
            line(&t, s);
    }
    shut(&t);
    html_close(&p->h);
}

static err text_page(struct page *p, const char *name, enum word title) {
    slice text = page_data_text(p->pages->data, name, p->language);
    page_begin(p, title);
    show(p, text);
    return page_end(p);
}

static err policy(struct page *p) {
    return text_page(p, "policy", WORD_POLICY);
}
PAGE(policy, PAGE_OPEN)

static err guidelines(struct page *p) {
    return text_page(p, "authorities", WORD_GUIDELINES);
}
PAGE(guidelines, PAGE_OPEN)
