/* A request by the public form. What was filed is a text of the form's fields, which names each
 * attachment by its SHA-256; the receipt shows it, since the desk itself can't open it again. */
#include "crypto/crypto.h"
#include "desk/pages/filing.h"

enum { FIELD_MAX = 16 * 1024, PUBLIC_AT_ONCE = 16, ENROLLED_AT_ONCE = 8 };
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

static err action_of(const char *ticket, slice authority, buf *action) {
    TRY(buf_append(action, slice_str(authority.n > 0 ? "/file/enrolled?" : "/file?")));
    if (authority.n > 0) {
        TRY(buf_append(action, slice_str("authority=")));
        TRY(buf_append(action, authority));
        TRY(buf_append_byte(action, '&'));
    }
    TRY(buf_append(action, slice_str("ticket=")));
    return buf_append(action, slice_str(ticket));
}

err filing_form(struct page *p, const char *ticket, uint64_t from, slice authority) {
    bool works = from == 0 && authority.n == 0;
    buf action = buf_on(NULL);
    html_fail(&p->h, action_of(ticket, authority, &action));
    html_open(&p->h, "form", "method", "post", "enctype", "multipart/form-data", "class", "form",
              "data-script", works ? "filing" : NULL, "data-ticket", works ? ticket : NULL, NULL);
    html_attr(&p->h, "action", buf_slice(&action));
    buf_free(&action);
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
    TRY(page_ticket_make(&p->pages->tickets, PAGE_TICKET_WORK, SLICE_EMPTY, p->now, ticket));
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
    html_open(&p->h, "p", NULL);
    page_link(p, "/file/enrolled", WORD_FILE_SIGN_LINK);
    html_close(&p->h);
    return filing_form(p, ticket, 0, SLICE_EMPTY);
}
PAGE(file, PAGE_OPEN)

/* ---- What comes in ---- */

struct upload {
    struct desk_pages *pages;
    struct fee_paid paid; /* authority: empty unless it is enrolled */
    bool enrolled, filed;
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
    fee_paid_free(&u->paid);
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

/* The ticket stands in the address, so that who has none costs no more than a head. It is taken
 * while the upload goes on. */
static err upload_open(struct desk_pages *pages, const struct sys_web_request *request,
                       bool enrolled, struct sys_web_answer *answer, void **upload) {
    struct fee_paid paid = {.ticket = {0}};
    uint64_t now = desk_now(), from;
    TRY(desk_refresh(pages->desk));
    err e = fee_look(pages, request, enrolled, &paid, &from);
    struct upload *u = e == OK ? mem_new(NULL, sizeof(*u)) : NULL;
    if (u == NULL) {
        fee_paid_free(&paid);
        return e == OK || e == ERR_NO_MEMORY
                   ? ERR_NO_MEMORY
                   : page_run(pages, request, OK, answer, PAGE_OPEN, fee_refused);
    }
    page_ticket_begin(fee_tickets(pages, enrolled), now, buf_slice(&paid.ticket));
    u->pages = pages;
    u->paid = paid;
    u->enrolled = enrolled;
    *upload = u;
    return OK;
}

static err public_open(void *ctx, const struct sys_web_request *request,
                       struct sys_web_answer *answer, void **upload) {
    return upload_open(ctx, request, false, answer, upload);
}

static err enrolled_open(void *ctx, const struct sys_web_request *request,
                         struct sys_web_answer *answer, void **upload) {
    return upload_open(ctx, request, true, answer, upload);
}

static void upload_close(void *ctx, void *upload) {
    struct upload *u = upload;
    page_ticket_end(fee_tickets(ctx, u->enrolled), buf_slice(&u->paid.ticket), u->filed);
    upload_free(u);
}

const struct sys_web_upload page_filing_upload = {
    .open = public_open, .sink = {part, bytes}, .close = upload_close, .at_once = PUBLIC_AT_ONCE};
/* With places of their own, which no flood takes. */
const struct sys_web_upload page_enrolled_upload = {.open = enrolled_open,
                                                    .sink = {part, bytes},
                                                    .close = upload_close,
                                                    .at_once = ENROLLED_AT_ONCE};

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
    if (u->enrolled)
        TRY(say(text, "signed-by", buf_slice(&u->paid.authority)));
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
                                                   .enrolled = u->enrolled,
                                                   .attachments = parts,
                                                   .attachment_count = u->count},
                             r, why);
}

static void attached(struct page *p, const struct upload *u, const struct desk_receipt *r) {
    const struct desk_pages_options *o = &p->pages->options;
    for (size_t i = 0; o->attached != NULL && i < u->count; i++)
        o->attached(o->attached_ctx, slice_str(r->case_id), i + 1, buf_slice(&u->bytes[i]));
}

static err filed(struct page *p, struct upload *u) {
    struct desk_receipt r;
    struct desk_why why = {.reason = DESK_OK};
    buf text = buf_on(NULL);
    err e = take(p, u, &text, &r, &why);
    if (e == OK)
        attached(p, u, &r);
    if (e == OK) {
        u->filed = true;
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
    return filed(p, u);
}
PAGE(file_take, PAGE_OPEN)
