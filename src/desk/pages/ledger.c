/* The ledger as it is published, its checkpoint to read, and how it is checked. The files under
 * public/ can be served by any web server; here they are for who has no other. */
#include "desk/pages/page.h"
#include "merkle/checkpoint.h"
#include "sys/files.h"

enum { PUBLISHED_MAX = 8 << 20, CHECKPOINT_MAX = 64 * 1024 };

/* A path below public/, with its NUL. */
static err published_path(struct page *p, slice rest, buf *path) {
    TRY(buf_append(path, slice_str(desk_folder(p->desk))));
    TRY(buf_append(path, slice_str("/public/")));
    TRY(buf_append(path, rest));
    return buf_append_byte(path, 0);
}

static err published_read(struct page *p, slice rest, size_t max, buf *out) {
    buf path = buf_on(NULL);
    err e = published_path(p, rest, &path);
    if (e == OK)
        e = sys_file_read((const char *)path.p, max, out);
    buf_free(&path);
    return e;
}

static void checkpoint(struct page *p) {
    buf note = buf_on(NULL);
    page_section(p, WORD_CHECKPOINT);
    if (published_read(p, slice_str("checkpoint"), CHECKPOINT_MAX, &note) == OK) {
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

static void keys(struct page *p, const struct office *o) {
    page_section(p, WORD_LEDGER_KEYS);
    page_facts(p);
    page_fact(p, WORD_LEDGER_KEY);
    html_element(&p->h, "code", o->ledger, "class", "hash", NULL);
    page_fact_end(p);
    page_fact(p, WORD_WITNESSES);
    if (o->witnesses.n == 0)
        page_say(p, WORD_NOT_WITNESSED_SHORT);
    for (size_t i = 0; i < o->witnesses.n; i++) {
        html_open(&p->h, "p", NULL);
        html_element(&p->h, "code", o->witnesses.p[i].text, "class", "hash", NULL);
        html_close(&p->h);
    }
    page_fact_end(p);
    page_fact_hash(p, WORD_OFFICE_HASH, o->document.hash);
    html_close(&p->h);
    html_close(&p->h);
}

static err ledger(struct page *p) {
    const struct office *o = desk_office(p->desk);
    page_begin(p, WORD_LEDGER);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_LEDGER_LEAD)), "class", "lead", NULL);
    if (o != NULL && o->witnesses.n == 0)
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
    page_pre(p, slice_str("sotto-desk audit --public FOLDER"));
    page_element(p, "p", WORD_LEDGER_LIMIT);
    html_close(&p->h);
    return page_end(p);
}
PAGE(ledger, PAGE_OPEN)

/* ---- The files ---- */

static bool plain(slice path) {
    for (size_t i = 0; i < path.n; i++) {
        uint8_t c = path.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_' || c == '/' || (c == '.' && i > 0 && path.p[i - 1] != '/');
        if (!good)
            return false;
    }
    return path.n > 0;
}

static bool text_file(slice path) {
    static const char *const WORDS[] = {"checkpoint", "notices/", "openings", "report/"};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        slice rest = path;
        if (slice_skip(&rest, slice_str(WORDS[i])))
            return true;
    }
    return false;
}

static err published(struct page *p) {
    slice rest = p->request->path;
    if (!slice_skip(&rest, slice_str("/ledger/")) || !plain(rest))
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    err e = published_read(p, rest, PUBLISHED_MAX, &p->answer->body);
    if (e != OK)
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    p->answer->type = text_file(rest) ? "text/plain; charset=utf-8" : "application/octet-stream";
    return OK;
}
PAGE(published, PAGE_OPEN)
