/* Where a filing stands, for who has its receipt; and a user's objection to a notice. Neither says
 * more than the receipt's holder may know: no name, no verdict, no account. */
#include "desk/pages/page.h"

static enum word public_state(enum desk_state s) {
    switch (s) {
    case DESK_STATE_RECEIVED:
        return WORD_PUBLIC_RECEIVED;
    case DESK_STATE_HELD:
        return WORD_PUBLIC_HELD;
    case DESK_STATE_NEEDS_CLARIFICATION:
        return WORD_PUBLIC_CLARIFY;
    case DESK_STATE_AUTHENTICATED:
    case DESK_STATE_IN_REVIEW:
    case DESK_STATE_NEEDS_EXPERT:
    case DESK_STATE_NARROWED:
    case DESK_STATE_CLEARED:
    case DESK_STATE_NOTIFIED:
    case DESK_STATE_COMPELLED:
    case DESK_STATE_CHALLENGED:
        return WORD_PUBLIC_REVIEW;
    case DESK_STATE_REJECTED:
    case DESK_STATE_NOT_HELD:
    case DESK_STATE_RELEASED:
        return WORD_PUBLIC_ANSWERED;
    case DESK_STATE_FORGED:
        return WORD_PUBLIC_FORGED;
    case DESK_STATE_WITHDRAWN:
        return WORD_PUBLIC_WITHDRAWN;
    case DESK_STATE_LAPSED:
        return WORD_PUBLIC_LAPSED;
    default:
        return WORD_PUBLIC_CLOSED;
    }
}

static void ask(struct page *p, slice value) {
    html_open(&p->h, "form", "method", "get", "action", "/status", "class", "form", NULL);
    page_input(p, &(struct page_input){.name = "receipt",
                                       .label = WORD_RECEIPT_HASH,
                                       .hint = WORD_RECEIPT_HASH_HINT,
                                       .value = value,
                                       .needed = true});
    page_submit(p, WORD_SHOW);
    html_close(&p->h);
}

static void show(struct page *p, const struct desk_receipt *r, const struct desk_case *c) {
    page_section(p, WORD_FILING);
    page_facts(p);
    page_fact_text(p, WORD_CASE_NUMBER, slice_str(r->case_id));
    page_fact_time(p, WORD_RECEIVED, r->received);
    page_fact(p, WORD_STANDS);
    page_say(p, public_state(c->state));
    page_fact_end(p);
    html_close(&p->h);
    page_element(p, "p", WORD_STATUS_NOTE);
    page_receipt_links(p, r);
    html_close(&p->h);
}

static err found(struct page *p, slice text) {
    uint8_t hash[32];
    struct desk_receipt r;
    struct desk_case c;
    err e = hex_decode_to(hash, sizeof(hash), text);
    if (e == OK)
        e = desk_receipt_find(p->desk, hash, &r);
    if (e == OK)
        e = desk_case_get(p->desk, slice_str(r.case_id), &c);
    if (e == OK)
        show(p, &r, &c);
    else if (e == ERR_NOT_FOUND || e == ERR_MALFORMED)
        page_note(p, "warn", WORD_NO_RECEIPT);
    return e == ERR_NOT_FOUND || e == ERR_MALFORMED ? OK : e;
}

static err status(struct page *p) {
    buf receipt = buf_on(NULL);
    err e = page_query(p, "receipt", &receipt);
    if (e != OK)
        return page_error(p, e, NULL);
    page_begin(p, WORD_FILING_STATUS);
    page_element(p, "p", WORD_STATUS_LEAD);
    ask(p, buf_slice(&receipt));
    if (receipt.n > 0)
        e = found(p, buf_slice(&receipt));
    buf_free(&receipt);
    if (e != OK)
        return e;
    return page_end(p);
}
PAGE(status, PAGE_OPEN)

/* ---- Objections ---- */

static err objection(struct page *p) {
    page_begin(p, WORD_OBJECT);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_OBJECT_LEAD)), "class", "lead", NULL);
    page_form(p, "/object", NULL);
    page_input(p, &(struct page_input){.name = "case",
                                       .label = WORD_CASE_NUMBER,
                                       .hint = WORD_OBJECT_CASE_HINT,
                                       .needed = true});
    page_input(p, &(struct page_input){.name = "reference",
                                       .label = WORD_OBJECT_REFERENCE,
                                       .hint = WORD_OBJECT_REFERENCE_HINT,
                                       .needed = true});
    page_input(p, &(struct page_input){.name = "text",
                                       .label = WORD_OBJECT_TEXT,
                                       .hint = WORD_OBJECT_TEXT_HINT,
                                       .lines = 10,
                                       .needed = true});
    page_submit(p, WORD_OBJECT_SEND);
    html_close(&p->h);
    return page_end(p);
}
PAGE(objection, PAGE_OPEN)

/* Whoever filed learns nothing here, not even whether the user was told. */
static err object(struct page *p) {
    uint8_t hash[32];
    struct desk_why why = {.reason = DESK_OK};
    buf id = buf_on(NULL), reference = buf_on(NULL), text = buf_on(NULL);
    err e = page_field(p, "case", &id);
    if (e == OK)
        e = page_field(p, "reference", &reference);
    if (e == OK)
        e = page_field(p, "text", &text);
    if (e == OK && hex_decode_to(hash, sizeof(hash), buf_slice(&reference)) != OK)
        e = ERR_NOT_FOUND;
    if (e == OK)
        e = desk_object(p->desk, buf_slice(&id), hash, buf_slice(&text), &why);
    if (e == ERR_NOT_FOUND || (e == ERR_DENIED && why.reason == DESK_OBJECTION))
        e = page_message(p, 404, WORD_OBJECT, WORD_OBJECT_NONE);
    else if (e == OK)
        e = page_message(p, 200, WORD_OBJECT, WORD_OBJECT_DONE);
    else
        e = page_error(p, e, &why);
    buf_free(&id);
    buf_free(&reference);
    buf_free(&text);
    return e;
}
PAGE(object, PAGE_OPEN)
