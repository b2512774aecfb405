/* What a receipt promises, signed, and the proof that it was kept: files for who has the receipt's
 * hash, to keep and to check elsewhere. */
#include "desk/ledger.h"
#include "desk/pages/page.h"

/* The word before the hash; what follows it. */
static void link_to(struct page *p, const struct desk_receipt *r, const char *end, enum word w) {
    buf path = buf_on(NULL);
    err e = buf_append(&path, slice_str("/receipt/"));
    if (e == OK)
        e = hex_encode(&path, SLICE_ARRAY(r->hash));
    if (e == OK)
        e = buf_append(&path, slice_of(end, strlen(end) + 1));
    html_open(&p->h, "li", NULL);
    if (e == OK)
        page_link(p, (const char *)path.p, w);
    html_close(&p->h);
    html_fail(&p->h, e);
    buf_free(&path);
}

void page_receipt_links(struct page *p, const struct desk_receipt *r) {
    html_open(&p->h, "ul", NULL);
    link_to(p, r, "", WORD_RECEIPT_SIGNED);
    link_to(p, r, "/proof", WORD_RECEIPT_PROOF);
    html_close(&p->h);
}

/* ---- The files ---- */

static err of_filing(struct page *p,
                     err (*write)(struct desk *d, const struct desk_receipt *receipt, buf *out)) {
    struct desk_receipt r;
    uint8_t hash[32];
    err e = hex_decode_to(hash, sizeof hash, p->request->stars[0]);
    if (e == OK)
        e = desk_receipt_find(p->desk, hash, &r);
    if (e == OK)
        e = write(p->desk, &r, &p->answer->body);
    if (e == ERR_MISSING)
        return page_message(p, 404, WORD_RECEIPT_PROOF, WORD_RECEIPT_NO_PROOF);
    if (e == ERR_NOT_FOUND || e == ERR_MALFORMED)
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NO_RECEIPT);
    p->answer->type = "text/plain; charset=utf-8";
    return e;
}

static err receipt_note(struct page *p) {
    return of_filing(p, desk_ledger_receipt);
}
PAGE(receipt_note, PAGE_OPEN)

static err receipt_proof(struct page *p) {
    return of_filing(p, desk_ledger_proof);
}
PAGE(receipt_proof, PAGE_OPEN)
