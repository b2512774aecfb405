/* The ledger as it is published, its checkpoint to read, and how it is checked. The files under
 * public/ can be served by any web server; here they are for who has no other. */
#include "desk/ledger.h"
#include "desk/pages/page.h"
#include "sys/files.h"

/* A file below public/, as it is. */
static err published_send(struct page *p, slice rest) {
    buf path = buf_on(NULL);
    err e = buf_append(&path, slice_str(desk_folder(p->desk)));
    if (e == OK)
        e = buf_append(&path, slice_str("/public/"));
    if (e == OK)
        e = buf_append(&path, rest);
    if (e == OK)
        e = buf_append_byte(&path, 0);
    if (e == OK)
        e = sys_web_file(p->answer, (const char *)path.p);
    buf_free(&path);
    return e;
}

static void checkpoint(struct page *p) {
    buf note = buf_on(NULL);
    struct desk_ledger_state state;
    page_section(p, WORD_CHECKPOINT);
    if (desk_ledger_state_get(p->desk, &state) == OK && state.size > 0 &&
        desk_ledger_checkpoint(p->desk, &note) == OK) {
        page_facts(p);
        page_fact_time(p, WORD_PUBLISHED_ON, state.time);
        page_fact(p, WORD_ENTRIES);
        html_number(&p->h, state.size);
        page_fact_end(p);
        html_close(&p->h);
        page_pre(p, buf_slice(&note));
        html_open(&p->h, "p", NULL);
        page_link(p, "/ledger/checkpoint", WORD_CHECKPOINT_FILE);
        html_close(&p->h);
    } else {
        page_element(p, "p", WORD_CHECKPOINT_NONE);
    }
    html_close(&p->h);
    buf_free(&note);
}

static bool witness(void *ctx, const struct desk_ledger_witness *w) {
    struct page *p = ctx;
    html_open(&p->h, "p", NULL);
    html_element(&p->h, "code", w->key, "class", "hash", NULL);
    html_string(&p->h, " ");
    if (w->size == 0)
        page_badge(p, "warn", WORD_NOT_WITNESSED_SHORT);
    else
        page_time(p, w->time);
    html_close(&p->h);
    return true;
}

struct seen {
    uint64_t size;
    bool witnessed;
};

static bool has_seen(void *ctx, const struct desk_ledger_witness *w) {
    struct seen *seen = ctx;
    seen->witnessed = seen->witnessed || w->size == seen->size;
    return !seen->witnessed;
}

/* What a witness saw long ago says nothing of what is shown now. */
bool page_witnessed(struct page *p) {
    struct desk_ledger_state state;
    if (desk_ledger_state_get(p->desk, &state) != OK || state.size == 0)
        return false;
    struct seen seen = {state.size, false};
    return desk_ledger_witnesses(p->desk, has_seen, &seen) == OK && seen.witnessed;
}

static void keys(struct page *p, const struct office *o) {
    page_section(p, WORD_LEDGER_KEYS);
    page_facts(p);
    page_fact(p, WORD_LEDGER_KEY);
    html_element(&p->h, "code", o->ledger, "class", "hash", NULL);
    page_fact_end(p);
    page_fact(p, WORD_WITNESSES);
    if (o->witnesses.n == 0 || desk_ledger_witnesses(p->desk, witness, p) != OK)
        page_say(p, WORD_NOT_WITNESSED_SHORT);
    page_fact_end(p);
    page_fact_hash(p, WORD_OFFICE_HASH, o->document.hash);
    html_close(&p->h);
    html_close(&p->h);
}

static err ledger(struct page *p) {
    const struct office *o = desk_office(p->desk);
    page_begin(p, WORD_LEDGER);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_LEDGER_LEAD)), "class", "lead", NULL);
    if (!page_witnessed(p))
        page_note(p, "warn", WORD_NOT_WITNESSED);
    checkpoint(p);
    if (o != NULL)
        keys(p, o);
    page_section(p, WORD_LEDGER_CHECK);
    html_open(&p->h, "ol", "class", "steps", NULL);
    page_element(p, "li", WORD_LEDGER_CHECK_1);
    page_element(p, "li", WORD_LEDGER_CHECK_2);
    page_element(p, "li", WORD_LEDGER_CHECK_3);
    html_close(&p->h);
    page_pre(p, slice_str("sotto-desk audit FOLDER FOLDER/report/PERIOD --office office.txt"));
    page_element(p, "p", WORD_LEDGER_LIMIT);
    html_close(&p->h);
    return page_end(p);
}
PAGE(ledger, PAGE_OPEN)

/* ---- The files ---- */

/* Letters, digits, hyphens, underscores; a point only within a name; parts with a slash between. */
bool page_published_name(slice path) {
    bool first = true; /* of a part */
    for (size_t i = 0; i < path.n; i++) {
        uint8_t c = path.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '_';
        if (!letter && (first || (c != '/' && c != '.')))
            return false;
        first = c == '/';
    }
    return path.n > 0 && !first;
}

static const char *type_of(slice path) {
    static const struct {
        const char *end, *type;
    } TYPES[] = {{".html", "text/html; charset=utf-8"},
                 {".csv", "text/csv; charset=utf-8"},
                 {".json", "application/json"},
                 {".txt", "text/plain; charset=utf-8"}};
    static const char *const TEXTS[] = {"checkpoint", "batches", "notices/", "office/",
                                        "suspensions/"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        slice rest = path;
        if (slice_skip(&rest, slice_str(TEXTS[i])))
            return "text/plain; charset=utf-8";
    }
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        size_t n = strlen(TYPES[i].end);
        if (path.n >= n && memcmp(path.p + path.n - n, TYPES[i].end, n) == 0)
            return TYPES[i].type;
    }
    return "application/octet-stream";
}

static err published(struct page *p) {
    slice rest = p->request->path;
    if (!slice_skip(&rest, slice_str("/ledger/")) || !page_published_name(rest))
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    err e = published_send(p, rest);
    if (e == ERR_NOT_FOUND || e == ERR_UNSUPPORTED || e == ERR_TOO_LARGE)
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    TRY(e);
    p->answer->type = type_of(rest);
    /* A report is a page of its own, with the desk's style and nothing else. */
    return sys_web_header(p->answer, "Content-Security-Policy",
                          slice_str("default-src 'none'; style-src 'self'; base-uri 'none'; "
                                    "form-action 'none'; frame-ancestors 'none'"));
}
PAGE(published, PAGE_OPEN)
