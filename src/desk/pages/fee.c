/* What a filing costs, before a byte of it is read. It rises with what waits unread, and with how
 * much is sent; authorities of the directory, which sign, pay nothing of it. */
#include "crypto/certificate.h"
#include "desk/pages/filing.h"

enum {
    BITS = 18,      /* of work, while nothing waits: a few seconds of a browser's */
    RISE_MAX = 8,   /* bits more when all is full */
    FREE = 1 << 20, /* bytes; a bit more for each time that they are doubled */
    LOOK_MS = 1000, /* the rise is looked up so often */
    SIGNATURE_MAX = 4096
};

/* ---- How much ---- */

static unsigned part_of(uint64_t n, uint64_t all) {
    return n >= all ? RISE_MAX : (unsigned)(n * RISE_MAX / all);
}

static unsigned most(unsigned a, unsigned b) {
    return a > b ? a : b;
}

static err look_up(struct desk_pages *pages, uint64_t now) {
    uint64_t n, bytes;
    TRY(desk_unread(pages->desk, false, &n, &bytes));
    unsigned rise = most(part_of(n, DESK_UNREAD_MAX), part_of(bytes, DESK_UNREAD_BYTES_MAX));
    pages->rise = most(rise, part_of(page_tickets_used(&pages->tickets, now), PAGE_TICKETS_USED));
    pages->rise_looked = now;
    return OK;
}

static err rise(struct desk_pages *pages, uint64_t now, unsigned *bits) {
    if (now >= pages->rise_looked + LOOK_MS || now < pages->rise_looked)
        TRY(look_up(pages, now));
    *bits = pages->rise;
    return OK;
}

err fee_bits(struct desk_pages *pages, uint64_t now, uint64_t length, unsigned *bits) {
    TRY(rise(pages, now, bits));
    *bits += pages->options.work_bits > 0 ? pages->options.work_bits : BITS;
    for (; length > FREE; length /= 2)
        ++*bits;
    return OK;
}

/* For the script, which knows how much it will send: one bit more while it rises, since the work
 * takes a while. */
static err file_price(struct page *p) {
    buf length = buf_on(NULL);
    uint64_t n = 0;
    unsigned bits = 0, more = 0;
    char text[DECIMAL_TEXT];
    err e = page_query(p, "length", &length);
    if (e == OK && length.n > 0)
        e = decimal_decode(buf_slice(&length), PAGE_FILING_MAX, &n);
    buf_free(&length);
    if (e != OK)
        return page_error(p, e, NULL);
    TRY(fee_bits(p->pages, p->now, n, &bits));
    TRY(rise(p->pages, p->now, &more));
    decimal_text(bits + (more > 0), text);
    p->answer->type = "text/plain; charset=utf-8";
    return buf_append(&p->answer->body, slice_str(text));
}
PAGE(file_price, PAGE_OPEN)

/* ---- Looking at what was paid ---- */

void fee_paid_free(struct fee_paid *paid) {
    buf_free(&paid->ticket);
    buf_free(&paid->work);
    buf_free(&paid->authority);
}

struct page_tickets *fee_tickets(struct desk_pages *pages, bool enrolled) {
    return enrolled ? &pages->signed_tickets : &pages->tickets;
}

/* What isn't there is empty. */
static err address_value(slice query, const char *name, buf *value) {
    err e = sys_form_value(query, name, value);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err read_paid(const struct sys_web_request *r, struct fee_paid *paid) {
    TRY(address_value(r->query, "ticket", &paid->ticket));
    TRY(address_value(r->query, "work", &paid->work));
    return address_value(r->query, "authority", &paid->authority);
}

err fee_look(struct desk_pages *pages, const struct sys_web_request *r, bool enrolled,
             struct fee_paid *paid, uint64_t *from) {
    uint64_t now = desk_now();
    struct page_ticket t = {.kind = PAGE_TICKET_WORK};
    TRY(read_paid(r, paid));
    t.ticket = buf_slice(&paid->ticket);
    t.work = buf_slice(&paid->work);
    t.authority = buf_slice(&paid->authority);
    if (!enrolled)
        TRY(fee_bits(pages, now, r->length, &t.bits));
    err e = page_ticket_check(fee_tickets(pages, enrolled), now, &t);
    *from = t.from;
    TRY(e);
    if (enrolled)
        return t.kind == PAGE_TICKET_SIGNED &&
                       office_authority_find(desk_office(pages->desk), t.authority) != NULL
                   ? OK
                   : ERR_DENIED;
    return t.kind == PAGE_TICKET_WORK || t.kind == PAGE_TICKET_PLACE ? OK : ERR_DENIED;
}

static enum word refusal(err e) {
    return e == ERR_EARLY    ? WORD_TICKET_EARLY
           : e == ERR_PROOF  ? WORD_TICKET_WORK
           : e == ERR_REPEAT ? WORD_TICKET_USED
           : e == ERR_LIMIT  ? WORD_FLOOD
                             : WORD_TICKET_OVER;
}

err fee_refused(struct page *p) {
    bool enrolled = slice_equal(p->request->path, slice_str("/file/enrolled"));
    struct fee_paid paid = {.ticket = {0}};
    uint64_t from = 0;
    err e = fee_look(p->pages, p->request, enrolled, &paid, &from);
    fee_paid_free(&paid);
    p->answer->status = e == ERR_EARLY ? 425 : 403;
    page_begin(p, WORD_TICKET_REFUSED);
    page_element(p, "p", refusal(e));
    html_open(&p->h, "p", NULL);
    if (e == ERR_EARLY) {
        page_time(p, from);
    } else {
        page_link(p, "/file", WORD_FILE);
        html_string(&p->h, " · ");
        page_link(p, "/file/wait", WORD_FILE_WAIT_LINK);
    }
    html_close(&p->h);
    return page_end(p);
}

/* ---- Waiting ---- */

/* A place is taken by who presses the button, not by whoever follows a link. */
static err file_wait(struct page *p) {
    page_begin(p, WORD_FILE_WAIT_LINK);
    page_element(p, "p", WORD_FILE_WAIT_LEAD);
    page_form(p, "/file/wait", NULL);
    page_submit(p, WORD_FILE_WAIT_TAKE);
    html_close(&p->h);
    return page_end(p);
}
PAGE(file_wait, PAGE_OPEN)

/* While much waits, places are farther apart. */
static err file_place(struct page *p) {
    char ticket[PAGE_TICKET];
    uint64_t from;
    unsigned more;
    TRY(rise(p->pages, p->now, &more));
    if (page_ticket_wait(&p->pages->tickets, p->now, PAGE_TICKET_STEP << more, ticket, &from) != OK)
        return page_message(p, 503, WORD_FILE_LINE_FULL, WORD_FILE_LINE_FULL_TEXT);
    page_begin(p, WORD_FILE);
    html_open(&p->h, "div", "class", "note", "data-kind", "info", NULL);
    html_open(&p->h, "p", NULL);
    page_say(p, WORD_FILE_WAIT_TEXT);
    html_string(&p->h, " ");
    page_time(p, from);
    html_string(&p->h, " (");
    page_until(p, from);
    html_string(&p->h, ")");
    html_close(&p->h);
    html_close(&p->h);
    return filing_form(p, ticket, from, SLICE_EMPTY);
}
PAGE(file_place, PAGE_OPEN)

/* ---- Authorities of the directory ---- They sign a ticket with the key of a certificate that the
 * office file names. */

/* Names the desk, so that nobody can have it signed for another one. */
static err text_to_sign(const struct page *p, slice ticket, buf *text) {
    TRY(buf_append(text, slice_str("sotto filing ")));
    TRY(buf_append(text, desk_office(p->desk)->origin));
    TRY(buf_append_byte(text, ' '));
    return buf_append(text, ticket);
}

static err file_sign(struct page *p) {
    char ticket[PAGE_TICKET];
    buf text = buf_on(NULL);
    if (desk_office(p->desk) == NULL)
        return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
    TRY(page_ticket_make(&p->pages->signed_tickets, PAGE_TICKET_TO_SIGN, SLICE_EMPTY, p->now,
                         ticket));
    page_begin(p, WORD_FILE_SIGN);
    page_element(p, "p", WORD_FILE_SIGN_LEAD);
    html_fail(&p->h, text_to_sign(p, slice_str(ticket), &text));
    page_pre(p, buf_slice(&text));
    page_element(p, "p", WORD_FILE_SIGN_HOW);
    page_pre(p, slice_str("printf %s 'sotto filing ...' | openssl dgst -sha256 -sign KEY.pem | "
                          "base64 -w0"));
    page_form(p, "/file/signed", NULL);
    page_hidden(p, "ticket", slice_str(ticket));
    page_input(p, &(struct page_input){.name = "authority",
                                       .label = WORD_FILE_SIGN_AUTHORITY,
                                       .hint = WORD_FILE_SIGN_AUTHORITY_HINT,
                                       .needed = true});
    page_input(p, &(struct page_input){.name = "signature",
                                       .label = WORD_FILE_SIGN_SIGNATURE,
                                       .hint = WORD_NONE,
                                       .needed = true,
                                       .lines = 3});
    page_submit(p, WORD_FILE_SIGN_GO);
    html_close(&p->h);
    buf_free(&text);
    return page_end(p);
}
PAGE(file_sign, PAGE_OPEN)

static err decode(slice text, buf *out) {
    buf plain = buf_on(NULL);
    err e = text.n > SIGNATURE_MAX ? ERR_TOO_LARGE : OK;
    for (size_t i = 0; i < text.n && e == OK; i++)
        if (text.p[i] > ' ')
            e = buf_append_byte(&plain, text.p[i]);
    if (e == OK)
        e = base64_decode(out, buf_slice(&plain));
    buf_free(&plain);
    return e;
}

/* SIGNATURE unless one of the authority's certificates signed it. */
static err signed_by(const struct office_authority *a, slice text, slice signature) {
    err e = ERR_SIGNATURE;
    for (size_t i = 0; i < a->certificates.n && e != OK && e != ERR_NO_MEMORY; i++) {
        buf der = buf_on(NULL);
        e = base64_decode(&der, a->certificates.p[i].text);
        if (e == OK)
            e = crypto_certificate_verify(buf_slice(&der), text, signature);
        buf_free(&der);
    }
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_SIGNATURE;
}

struct signed_ticket {
    buf ticket, authority, line, text, signature;
};

static err signed_read(struct page *p, struct signed_ticket *s) {
    TRY(page_field(p, "ticket", &s->ticket));
    TRY(page_field(p, "authority", &s->authority));
    TRY(page_field(p, "signature", &s->line));
    TRY(decode(buf_slice(&s->line), &s->signature));
    return text_to_sign(p, buf_slice(&s->ticket), &s->text);
}

static err signed_check(struct page *p, const struct signed_ticket *s) {
    struct page_ticket t = {.ticket = buf_slice(&s->ticket)};
    const struct office_authority *a =
        office_authority_find(desk_office(p->desk), buf_slice(&s->authority));
    TRY(page_ticket_check(&p->pages->signed_tickets, p->now, &t));
    if (t.kind != PAGE_TICKET_TO_SIGN || a == NULL)
        return ERR_DENIED;
    return signed_by(a, buf_slice(&s->text), buf_slice(&s->signature));
}

static err signed_form(struct page *p, const struct signed_ticket *s) {
    char ticket[PAGE_TICKET];
    TRY(page_ticket_make(&p->pages->signed_tickets, PAGE_TICKET_SIGNED, buf_slice(&s->authority),
                         p->now, ticket));
    page_ticket_begin(&p->pages->signed_tickets, p->now, buf_slice(&s->ticket));
    page_ticket_end(&p->pages->signed_tickets, buf_slice(&s->ticket), true);
    page_begin(p, WORD_FILE);
    page_note(p, "info", WORD_FILE_SIGNED);
    return filing_form(p, ticket, 0, buf_slice(&s->authority));
}

static err file_signed(struct page *p) {
    struct signed_ticket s = {.ticket = {0}};
    err e = desk_office(p->desk) == NULL ? ERR_DENIED : signed_read(p, &s);
    if (e == OK)
        e = signed_check(p, &s);
    if (e == OK)
        e = signed_form(p, &s);
    else if (e != ERR_NO_MEMORY)
        e = page_message(p, 403, WORD_TICKET_REFUSED, WORD_FILE_SIGN_REFUSED);
    buf_free(&s.ticket);
    buf_free(&s.authority);
    buf_free(&s.line);
    buf_free(&s.text);
    buf_free(&s.signature);
    return e;
}
PAGE(file_signed, PAGE_OPEN)
