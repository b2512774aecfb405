/* A request by the public form. What was filed is a text of the form's fields, which names each
 * attachment by its SHA-256; the receipt shows it, since the desk itself can't open it again. */
#include "crypto/crypto.h"
#include "desk/pages/page.h"

enum { FIELD_MAX = 16 * 1024, UPLOADS_MAX = 4, FIELDS_MAX = 24 };
_Static_assert((int)PAGE_FILING_MAX >= (int)DESK_FILING_MAX, "the largest attachment fits");

/* ---- The form ---- */

/* X(name in the form and the text, label, hint, lines (0: one), needed) */
#define FILING_FIELDS(X)                                           \
    X("authority", AUTHORITY, AUTHORITY_HINT, 0, true)             \
    X("jurisdiction", JURISDICTION, JURISDICTION_HINT, 0, true)    \
    X("beneficiary", BENEFICIARY_ASKED, BENEFICIARY_HINT, 0, true) \
    X("reference", REFERENCE, NONE, 0, true)                       \
    X("official", OFFICIAL, OFFICIAL_HINT, 0, true)                \
    X("supervisor", SUPERVISOR, SUPERVISOR_HINT, 0, true)          \
    X("contact", CONTACT, CONTACT_HINT, 0, true)                   \
    X("legal-basis", LEGAL_BASIS, LEGAL_BASIS_HINT, 3, true)       \
    X("validated-by", VALIDATED_BY, VALIDATED_BY_HINT, 0, true)    \
    X("offence", OFFENCE, OFFENCE_HINT, 3, true)                   \
    X("accounts", ACCOUNTS, ACCOUNTS_HINT, 3, true)                \
    X("purpose", PURPOSE, PURPOSE_HINT, 5, true)                   \
    X("secrecy", SECRECY, SECRECY_HINT, 2, false)                  \
    X("emergency", EMERGENCY_FACTS, EMERGENCY_HINT, 4, false)

#define WORD_F_NONE WORD_NONE /* no hint */
static const struct page_input FIELDS[] = {
#define X(text, label_, hint_, lines_, needed_) \
    {.name = text,                              \
     .label = WORD_F_##label_,                  \
     .hint = WORD_F_##hint_,                    \
     .lines = lines_,                           \
     .needed = needed_},
    FILING_FIELDS(X)
#undef X
};
enum { FIELD_COUNT = sizeof(FIELDS) / sizeof(FIELDS[0]) };

static const char *const HELD[] = {
#define X(text, name) text,
    HELD_RECORD(X)
#undef X
};
enum { HELD_COUNT = sizeof(HELD) / sizeof(HELD[0]) };

static void processes(struct page *p) {
    const struct json_object *types = page_data_list(p->pages->data, "process-types", "types");
    page_select(p, "process", WORD_F_PROCESS);
    for (size_t i = 0; i < page_json_count(types); i++) {
        const struct json_object *t = page_json_item(types, i);
        page_option(p, (const char *)page_json_string(t, "id").p,
                    page_json_words(t, "name", p->language), false);
    }
    page_select_end(p);
}

static enum word held_word(size_t i) {
    static const enum word WORDS[] = {
#define X(text, name) WORD_HELD_##name,
        HELD_RECORD(X)
#undef X
    };
    return WORDS[i];
}

static void held_fields(struct page *p) {
    page_choices(p, WORD_F_FIELDS);
    page_element(p, "p", WORD_F_FIELDS_HINT);
    for (size_t i = 0; i < HELD_COUNT; i++)
        page_choice(p, "checkbox", "field", HELD[i], slice_str(page_word(p, held_word(i))), false);
    html_close(&p->h);
}

static void attachments(struct page *p) {
    html_open(&p->h, "div", "class", "field", NULL);
    html_element(&p->h, "label", slice_str(page_word(p, WORD_F_ATTACHMENTS)), "for",
                 "attachment-field", NULL);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_F_ATTACHMENTS_HINT)), "class", "hint",
                 "id", "attachment-hint", NULL);
    html_void(&p->h, "input", "type", "file", "name", "attachment", "id", "attachment-field",
              "multiple", "", "aria-describedby", "attachment-hint", NULL);
    html_close(&p->h);
}

static unsigned work_bits(const struct desk_pages *pages) {
    return pages->options.work_bits > 0 ? pages->options.work_bits : 18;
}

/* What stands before some fields. */
static void part_of_form(struct page *p, const char *name) {
    if (strcmp(name, "authority") == 0)
        page_element(p, "h2", WORD_F_WHO);
    if (strcmp(name, "legal-basis") == 0) {
        page_element(p, "h2", WORD_F_BASIS);
        processes(p);
    }
    if (strcmp(name, "accounts") == 0)
        page_element(p, "h2", WORD_F_WHAT);
    if (strcmp(name, "secrecy") == 0)
        page_element(p, "h2", WORD_F_SPECIAL);
}

static err form(struct page *p, const char *ticket, uint64_t from) {
    char action[16 + PAGE_TICKET] = "/file?ticket=", bits[DECIMAL_TEXT];
    memcpy(action + strlen(action), ticket, strlen(ticket) + 1);
    decimal_text(work_bits(p->pages), bits);
    html_open(&p->h, "form", "method", "post", "action", action, "enctype", "multipart/form-data",
              "class", "form", "data-script", from == 0 ? "filing" : NULL, "data-ticket", ticket,
              "data-bits", bits, NULL);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        part_of_form(p, FIELDS[i].name);
        page_input(p, &FIELDS[i]);
        if (strcmp(FIELDS[i].name, "accounts") == 0)
            held_fields(p);
    }
    attachments(p);
    page_submit(p, WORD_F_SEND);
    html_element(&p->h, "p", SLICE_EMPTY, "role", "status", "class", "status", "data-status", "",
                 NULL);
    html_element(&p->h, "span", slice_str(page_word(p, WORD_SAY_WORKING)), "hidden", "", "data-say",
                 "working", NULL);
    html_close(&p->h);
    return page_end(p);
}

static err file(struct page *p) {
    char ticket[PAGE_TICKET];
    TRY(page_ticket_make(&p->pages->tickets, p->now, ticket));
    page_begin(p, WORD_FILE);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_FILE_LEAD)), "class", "lead", NULL);
    page_note(p, "info", WORD_FILE_NOTE);
    html_open(&p->h, "noscript", NULL);
    html_open(&p->h, "div", "class", "note", "data-kind", "warn", NULL);
    html_open(&p->h, "p", NULL);
    page_say(p, WORD_FILE_NO_SCRIPT);
    html_string(&p->h, " ");
    page_link(p, "/file/wait", WORD_FILE_WAIT_LINK);
    html_close(&p->h);
    html_close(&p->h);
    html_close(&p->h);
    return form(p, ticket, 0);
}
PAGE(file, PAGE_OPEN)

static err file_wait(struct page *p) {
    char ticket[PAGE_TICKET];
    uint64_t from;
    if (page_ticket_wait(&p->pages->tickets, p->now, ticket, &from) != OK)
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
    return form(p, ticket, from);
}
PAGE(file_wait, PAGE_OPEN)

/* ---- What comes in ---- */

struct upload {
    struct desk_pages *pages;
    buf fields[FIELD_COUNT];
    buf process;
    uint32_t held;
    buf held_name; /* of the box that is being read */
    buf names[DESK_ATTACHMENTS_MAX], bytes[DESK_ATTACHMENTS_MAX];
    size_t count;
    buf *to; /* where the part goes that is being read; NULL: nowhere */
    size_t max;
};

static void upload_free(struct upload *u) {
    for (size_t i = 0; i < FIELD_COUNT; i++)
        buf_free(&u->fields[i]);
    for (size_t i = 0; i < DESK_ATTACHMENTS_MAX; i++) {
        buf_free(&u->names[i]);
        buf_free(&u->bytes[i]);
    }
    buf_free(&u->process);
    buf_free(&u->held_name);
    mem_free(NULL, u, sizeof(*u));
}

static void box_end(struct upload *u) {
    for (size_t i = 0; i < HELD_COUNT; i++)
        if (slice_equal(buf_slice(&u->held_name), slice_str(HELD[i])))
            u->held |= (uint32_t)1 << i;
    buf_clear(&u->held_name);
}

static err attachment_part(struct upload *u, const struct sys_form_part *part) {
    if (part->file.n == 0) { /* what a browser sends for no file at all */
        u->to = NULL;
        return OK;
    }
    if (u->count == DESK_ATTACHMENTS_MAX)
        return ERR_LIMIT;
    u->to = &u->bytes[u->count];
    u->max = DESK_FILING_MAX;
    return buf_append(&u->names[u->count++], part->file);
}

static err part(void *ctx, const struct sys_form_part *part) {
    struct upload *u = ctx;
    box_end(u);
    u->max = FIELD_MAX;
    u->to = NULL;
    if (slice_equal(part->name, slice_str("attachment")))
        return attachment_part(u, part);
    if (slice_equal(part->name, slice_str("process")))
        u->to = &u->process;
    if (slice_equal(part->name, slice_str("field")))
        u->to = &u->held_name;
    for (size_t i = 0; i < FIELD_COUNT && u->to == NULL; i++)
        if (slice_equal(part->name, slice_str(FIELDS[i].name)))
            u->to = &u->fields[i];
    return u->to == NULL || u->to->n == 0 ? OK : ERR_REPEAT;
}

static err bytes(void *ctx, slice s) {
    struct upload *u = ctx;
    if (u->to == NULL)
        return OK;
    return u->to->n + s.n <= u->max ? buf_append(u->to, s) : ERR_TOO_LARGE;
}

/* The ticket stands in the address, so that who has none costs no more than a head. */
static err ticket_look(struct desk_pages *pages, const struct sys_web_request *r, buf *ticket,
                       uint64_t *from) {
    buf work = buf_on(NULL);
    err e = sys_form_value(r->query, "ticket", ticket);
    if (e == OK && sys_form_value(r->query, "work", &work) == ERR_MALFORMED)
        e = ERR_MALFORMED;
    if (e == OK)
        e = page_ticket_check(&pages->tickets, desk_now(), work_bits(pages), buf_slice(ticket),
                              buf_slice(&work), from);
    buf_free(&work);
    return e;
}

static err ticket_good(struct desk_pages *pages, const struct sys_web_request *r, buf *ticket) {
    uint64_t from;
    return ticket_look(pages, r, ticket, &from);
}

static err refused_ticket(struct page *p) {
    uint64_t from = 0;
    buf ticket = buf_on(NULL);
    err e = ticket_look(p->pages, p->request, &ticket, &from);
    buf_free(&ticket);
    p->answer->status = e == ERR_EARLY ? 425 : 403;
    page_begin(p, WORD_TICKET_REFUSED);
    page_element(p, "p",
                 e == ERR_EARLY    ? WORD_TICKET_EARLY
                 : e == ERR_PROOF  ? WORD_TICKET_WORK
                 : e == ERR_REPEAT ? WORD_TICKET_USED
                 : e == ERR_LIMIT  ? WORD_FLOOD
                                   : WORD_TICKET_OVER);
    if (e == ERR_EARLY) {
        html_open(&p->h, "p", NULL);
        page_time(p, from);
        html_close(&p->h);
    } else {
        html_open(&p->h, "p", NULL);
        page_link(p, "/file", WORD_FILE);
        html_string(&p->h, " · ");
        page_link(p, "/file/wait", WORD_FILE_WAIT_LINK);
        html_close(&p->h);
    }
    return page_end(p);
}

static err too_many(struct page *p) {
    return page_message(p, 503, WORD_BUSY, WORD_FLOOD);
}

static err upload_open(void *ctx, const struct sys_web_request *request,
                       struct sys_web_answer *answer, void **upload) {
    struct desk_pages *pages = ctx;
    if (pages->uploads == UPLOADS_MAX)
        return page_run(ctx, request, OK, answer, PAGE_OPEN, too_many);
    buf ticket = buf_on(NULL);
    err e = ticket_good(pages, request, &ticket);
    buf_free(&ticket);
    if (e == ERR_NO_MEMORY)
        return e;
    if (e != OK)
        return page_run(ctx, request, OK, answer, PAGE_OPEN, refused_ticket);
    struct upload *u = mem_new(NULL, sizeof(*u));
    if (u == NULL)
        return ERR_NO_MEMORY;
    u->pages = pages;
    pages->uploads++;
    *upload = u;
    return OK;
}

static void upload_close(void *ctx, void *upload) {
    struct desk_pages *pages = ctx;
    pages->uploads--;
    upload_free(upload);
}

const struct sys_web_upload page_filing_upload = {
    .open = upload_open, .sink = {part, bytes}, .close = upload_close};

/* ---- The text that is filed ---- */

/* A value of several lines goes on indented, so that none can be taken for the next field's. */
static err say(buf *text, const char *name, slice value) {
    TRY(buf_append(text, slice_str(name)));
    TRY(buf_append(text, slice_str(":")));
    while (value.n > 0) {
        slice line = slice_until(&value, '\n');
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        TRY(buf_append(text, slice_str(text->p[text->n - 1] == ':' ? " " : "\n    ")));
        TRY(buf_append(text, line));
    }
    return buf_append_byte(text, '\n');
}

static err say_held(buf *text, uint32_t held) {
    buf names = buf_on(NULL);
    err e = OK;
    for (size_t i = 0; i < HELD_COUNT && e == OK; i++)
        if (held >> i & 1) {
            if (names.n > 0)
                e = buf_append_byte(&names, ' ');
            if (e == OK)
                e = buf_append(&names, slice_str(HELD[i]));
        }
    if (e == OK)
        e = say(text, "fields", buf_slice(&names));
    buf_free(&names);
    return e;
}

static err say_attachment(buf *text, slice name, slice bytes_) {
    uint8_t hash[32];
    buf value = buf_on(NULL);
    err e = crypto_sha256.hash(hash, &bytes_, 1);
    if (e == OK)
        e = hex_encode(&value, SLICE_ARRAY(hash));
    if (e == OK)
        e = buf_append_byte(&value, ' ');
    if (e == OK)
        e = buf_append(&value, name);
    if (e == OK)
        e = say(text, "attachment", buf_slice(&value));
    buf_free(&value);
    return e;
}

static err filing_text(const struct upload *u, uint64_t now, buf *text) {
    char time[PAGE_TIME];
    page_time_text(now, time);
    TRY(buf_append(text, slice_str("sotto filing 1\n")));
    TRY(say(text, "filed", slice_str(time)));
    TRY(say(text, "process", buf_slice(&u->process)));
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (u->fields[i].n > 0)
            TRY(say(text, FIELDS[i].name, buf_slice(&u->fields[i])));
    TRY(say_held(text, u->held));
    for (size_t i = 0; i < u->count; i++)
        TRY(say_attachment(text, buf_slice(&u->names[i]), buf_slice(&u->bytes[i])));
    return OK;
}

/* ---- The receipt ---- */

static void receipt(struct page *p, const struct desk_receipt *r, slice text) {
    page_begin_with(p, WORD_RECEIPT, slice_str(r->case_id));
    page_note(p, "info", WORD_RECEIPT_KEEP);
    page_facts(p);
    page_fact_text(p, WORD_CASE_NUMBER, slice_str(r->case_id));
    page_fact_hash(p, WORD_RECEIPT_HASH, r->hash);
    page_fact_time(p, WORD_RECEIVED, r->received);
    html_close(&p->h);
    page_element(p, "p", WORD_RECEIPT_PROMISE);
    page_receipt_links(p, r);
    html_open(&p->h, "p", NULL);
    html_open(&p->h, "a", NULL);
    buf to = buf_on(NULL);
    err e = buf_append(&to, slice_str("/status?receipt="));
    if (e == OK)
        e = hex_encode(&to, SLICE_ARRAY(r->hash));
    html_fail(&p->h, e);
    html_attr(&p->h, "href", buf_slice(&to));
    buf_free(&to);
    page_say(p, WORD_FILING_STATUS);
    html_close(&p->h);
    html_close(&p->h);
    page_section(p, WORD_RECEIPT_TEXT);
    page_element(p, "p", WORD_RECEIPT_TEXT_NOTE);
    page_pre(p, text);
    html_close(&p->h);
}

static bool lacks(const struct upload *u) {
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (FIELDS[i].needed && u->fields[i].n == 0)
            return true;
    return u->process.n == 0;
}

static err take(struct page *p, const struct upload *u, buf *text, struct desk_receipt *r,
                struct desk_why *why) {
    struct desk_part parts[DESK_ATTACHMENTS_MAX];
    for (size_t i = 0; i < u->count; i++)
        parts[i] = (struct desk_part){buf_slice(&u->names[i]), buf_slice(&u->bytes[i])};
    TRY(filing_text(u, p->now, text));
    return desk_file_receive(p->desk,
                             &(struct desk_filing){.bytes = buf_slice(text),
                                                   .channel = slice_str("form"),
                                                   .attachments = parts,
                                                   .attachment_count = u->count},
                             r, why);
}

static void attached(struct page *p, const struct upload *u, const struct desk_receipt *r) {
    const struct desk_pages_options *o = &p->pages->options;
    for (size_t i = 0; o->attached != NULL && i < u->count; i++)
        o->attached(o->attached_ctx, slice_str(r->case_id), i + 1, buf_slice(&u->bytes[i]));
}

static err filed(struct page *p, const struct upload *u, slice ticket) {
    struct desk_receipt r;
    struct desk_why why = {.reason = DESK_OK};
    buf text = buf_on(NULL);
    err e = take(p, u, &text, &r, &why);
    if (e == OK)
        attached(p, u, &r);
    if (e == OK) {
        page_ticket_use(&p->pages->tickets, p->now, ticket);
        receipt(p, &r, buf_slice(&text));
        e = page_end(p);
    } else {
        e = page_error(p, e, &why);
    }
    buf_free(&text);
    return e;
}

static err file_take(struct page *p) {
    struct upload *u = p->request->upload;
    box_end(u);
    if (p->uploaded != OK)
        return page_error(p, p->uploaded, NULL);
    if (lacks(u))
        return page_message(p, 422, WORD_FILE_LACKS, WORD_FILE_LACKS_TEXT);
    buf ticket = buf_on(NULL);
    /* Looked at once more: another upload with it may have ended first. */
    err e = ticket_good(p->pages, p->request, &ticket);
    if (e == OK)
        e = filed(p, u, buf_slice(&ticket));
    else if (e != ERR_NO_MEMORY)
        e = refused_ticket(p);
    buf_free(&ticket);
    return e;
}
PAGE(file_take, PAGE_OPEN)
