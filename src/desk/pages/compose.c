/* A move: first a form for its facts, then the exact texts that are to be signed, then the move. */
#include "crypto/crypto.h"
#include "desk/pages/page.h"

/* ---- What each move's form asks ---- */

enum {
    ASK_CLASS = 1 << 0,
    ASK_CALL = 1 << 1,
    ASK_VERDICT = 1 << 2,
    ASK_ACCOUNT = 1 << 3, /* of an order: that of the one before, or what is typed */
    ASK_FIELDS = 1 << 4,
    ASK_GROUND = 1 << 5,
    ASK_UNTIL = 1 << 6,
    ASK_DOCUMENT = 1 << 7,
    ASK_WORDING = 1 << 8,
    ASK_MANIFEST = 1 << 9,
    ASK_LENS = 1 << 10,
    ASK_REASON = 1 << 11,
    ASK_BEFORE = 1 << 12,   /* the order of the round before, which holds the account */
    SIGNS_ORDER = 1 << 13,  /* the order that is drafted is signed with it */
    ROUND_ORDER = 1 << 14,  /* it signs the order of the round */
    ASK_TEMPLATE = 1 << 16, /* which letter, and what it says */
    ASK_LETTER = 1 << 15,   /* what the letter says of the filing */
};

static const unsigned asks[DESK_MOVE_COUNT] = {
    [DESK_MOVE_CLASSIFY] = ASK_CLASS,
    [DESK_MOVE_CALL_BACK] = ASK_CALL,
    [DESK_MOVE_FORGE] = ASK_REASON,
    [DESK_MOVE_CONFIRM_FORGED] = ASK_REASON,
    [DESK_MOVE_OPEN] = ASK_ACCOUNT | ASK_FIELDS,
    [DESK_MOVE_VERDICT] = ASK_VERDICT,
    [DESK_MOVE_OPINION] = ASK_REASON,
    [DESK_MOVE_CLARIFIED] = ASK_REASON,
    [DESK_MOVE_NARROW] = ASK_ACCOUNT | ASK_FIELDS,
    [DESK_MOVE_RENEW] = ASK_ACCOUNT | ASK_FIELDS,
    [DESK_MOVE_RECUSE] = ASK_REASON,
    [DESK_MOVE_REPLACE] = ASK_LENS | ASK_REASON,
    [DESK_MOVE_REJECT] = ASK_GROUND | ASK_LETTER,
    [DESK_MOVE_NOT_HELD] = ASK_GROUND | ASK_LETTER,
    [DESK_MOVE_NOTIFY] = ASK_ACCOUNT | ASK_WORDING | SIGNS_ORDER,
    [DESK_MOVE_BAR] = ASK_UNTIL | ASK_DOCUMENT | ASK_REASON,
    [DESK_MOVE_SIGN_ORDER] = ROUND_ORDER,
    [DESK_MOVE_RELEASE] = ROUND_ORDER,
    [DESK_MOVE_AFTER_VERDICT] = ASK_VERDICT,
    [DESK_MOVE_PRESERVE] = ASK_ACCOUNT | ASK_UNTIL | SIGNS_ORDER,
    [DESK_MOVE_CHALLENGE] = ASK_REASON,
    [DESK_MOVE_COMPEL] = ASK_GROUND | ASK_REASON,
    [DESK_MOVE_DELIVER] = ASK_MANIFEST,
    [DESK_MOVE_LATE_NOTICE] = ASK_ACCOUNT | ASK_WORDING | SIGNS_ORDER,
    [DESK_MOVE_CLOSE] = ASK_REASON,
    [DESK_MOVE_WITHDRAW] = ASK_REASON,
    [DESK_MOVE_WRITE] = ASK_TEMPLATE,
};

static const uint8_t none[32];

static bool drawn_to(const struct desk_moved *m, const uint8_t order[32]) {
    return memcmp(m->order, order, 32) == 0;
}

/* ---- The order that is sealed ---- The script finds it by its hash among those of these moves. */

struct numbers {
    const uint8_t *order;
    buf *to;
    err e;
};

static bool number(void *ctx, const struct desk_moved *m) {
    struct numbers *n = ctx;
    if (!drawn_to(m, n->order))
        return true;
    n->e = decimal_encode(n->to, m->number);
    if (n->e == OK)
        n->e = buf_append_byte(n->to, ' ');
    return n->e == OK;
}

static err sealed_order(struct page *p, const struct desk_case *c, const uint8_t order[32],
                        const char *name, enum word title, bool sign, bool collect) {
    buf all = buf_on(NULL), hash = buf_on(NULL);
    struct numbers n = {order, &all, OK};
    err e = desk_moves_list(p->desk, slice_str(c->id), number, &n);
    if (e == OK)
        e = n.e;
    if (e == OK)
        e = hex_encode(&hash, slice_of(order, 32));
    html_open(&p->h, "section", "class", "paper", "data-name", name, "data-sign", sign ? "" : NULL,
              "data-collect", collect ? "" : NULL, NULL);
    html_attr(&p->h, "data-numbers", buf_slice(&all));
    html_attr(&p->h, "data-hash", buf_slice(&hash));
    page_element(p, "h2", title);
    page_element(p, "p", WORD_ORDER_SEALED);
    page_paper_text(p, name, SLICE_EMPTY);
    /* To read it, and to take it to a machine of one's own, before it is signed. */
    if (sign) {
        page_press(p, "fill", WORD_FILL_ORDER);
        page_paper_lines(p, name);
    }
    html_close(&p->h);
    buf_free(&all);
    buf_free(&hash);
    return e;
}

/* ---- The form ---- */

static void choice_list(struct page *p, const char *name, enum word label, const char *file,
                        const char *list) {
    const struct json_object *all = page_data_list(p->pages->data, file, list);
    page_select(p, name, label);
    for (size_t i = 0; i < page_json_count(all); i++) {
        const struct json_object *o = page_json_item(all, i);
        page_option(p, (const char *)page_json_string(o, "id").p,
                    page_json_words(o, "name", p->language), false);
    }
    page_select_end(p);
}

static void authorities(struct page *p) {
    const struct office *o = desk_office(p->desk);
    if (o->authorities.n > PAGE_AUTHORITIES) {
        page_input(p, &(struct page_input){.name = "say-authority",
                                           .label = WORD_AUTHORITY,
                                           .hint = WORD_AUTHORITY_ID_HINT,
                                           .needed = true});
        return;
    }
    page_select(p, "say-authority", WORD_AUTHORITY);
    for (size_t i = 0; i < o->authorities.n; i++) {
        char id[DESK_ID];
        page_id(o->authorities.p[i].id, id);
        page_option(p, id, o->authorities.p[i].name, false);
    }
    page_select_end(p);
}

/* What can't be carried out, of the kinds that there are. */
static void demands(struct page *p) {
    const struct json_object *list = page_data_list(p->pages->data, "demands", "demands");
    html_open(&p->h, "optgroup", "label", page_word(p, WORD_KIND_DEMAND), NULL);
    for (size_t i = 0; i < page_json_count(list); i++) {
        const struct json_object *demand = page_json_item(list, i);
        page_option(p, (const char *)page_json_string(demand, "id").p,
                    page_json_words(demand, "name", p->language), false);
    }
    html_close(&p->h);
}

/* Each category once, though several regimes have it. */
static void categories(struct page *p) {
    const struct json_object *regimes = page_data_list(p->pages->data, "regimes", "regimes");
    buf seen = buf_on(NULL);
    page_select(p, "say-category", WORD_CATEGORY);
    for (size_t i = 0; i < page_json_count(regimes); i++) {
        const struct json_object *list = page_json_get(page_json_item(regimes, i), "categories");
        for (size_t j = 0; j < page_json_count(list); j++) {
            const struct json_object *category = page_json_item(list, j);
            slice id = page_json_string(category, "id"), rest = buf_slice(&seen);
            bool again = false;
            while (rest.n > 0 && !again)
                again = slice_equal(slice_until(&rest, ' '), id);
            if (again)
                continue;
            html_fail(&p->h, buf_append(&seen, id));
            html_fail(&p->h, buf_append_byte(&seen, ' '));
            page_option(p, (const char *)id.p, page_json_words(category, "name", p->language),
                        false);
        }
    }
    demands(p);
    page_select_end(p);
    buf_free(&seen);
}

static void held_boxes(struct page *p, const char *name, uint32_t of) {
    static const struct {
        const char *name;
        enum word word;
    } HELD[] = {
#define X(text, name) {text, WORD_HELD_##name},
        HELD_RECORD(X)
#undef X
    };
    page_choices(p, WORD_FIELDS);
    for (size_t i = 0; i < sizeof(HELD) / sizeof(HELD[0]); i++)
        if (of >> i & 1)
            page_choice(p, "checkbox", name, HELD[i].name, slice_str(page_word(p, HELD[i].word)),
                        false);
    html_close(&p->h);
}

static void classification(struct page *p) {
    page_select(p, "say-kind", WORD_KIND);
    page_option(p, "produce", slice_str(page_word(p, WORD_KIND_PRODUCE)), true);
    page_option(p, "preserve", slice_str(page_word(p, WORD_KIND_PRESERVE)), false);
    page_option(p, "demand", slice_str(page_word(p, WORD_KIND_DEMAND)), false);
    page_select_end(p);
    page_select(p, "say-path", WORD_PATH);
    page_option(p, "ordinary", slice_str(page_word(p, WORD_PATH_ORDINARY)), true);
    page_option(p, "emergency", slice_str(page_word(p, WORD_PATH_EMERGENCY)), false);
    page_select_end(p);
    authorities(p);
    choice_list(p, "say-regime", WORD_REGIME, "regimes", "regimes");
    choice_list(p, "say-process", WORD_PROCESS, "process-types", "types");
    categories(p);
    page_input(p, &(struct page_input){.name = "say-beneficiary",
                                       .label = WORD_BENEFICIARY,
                                       .hint = WORD_BENEFICIARY_FORM_HINT,
                                       .needed = true});
    page_input(p, &(struct page_input){.name = "say-accounts",
                                       .label = WORD_ACCOUNTS,
                                       .hint = WORD_ACCOUNTS_FORM_HINT,
                                       .value = slice_str("1"),
                                       .needed = true});
    held_boxes(p, "say-fields", UINT32_MAX);
    page_input(p, &(struct page_input){.name = "say-carve-outs",
                                       .label = WORD_CARVE_OUTS,
                                       .hint = WORD_CARVE_OUTS_FORM_HINT});
}

/* ---- Checklists ---- */

static void small(slice id, char *out, const char *end) {
    size_t n = 0;
    for (; n < id.n && n < 16; n++)
        out[n] = (char)(id.p[n] >= 'A' && id.p[n] <= 'Z' ? id.p[n] + 'a' - 'A' : id.p[n]);
    memcpy(out + n, end, strlen(end) + 1);
}

static void question(struct page *p, const struct json_object *item) {
    char name[DESK_ID] = "say-", reason[DESK_ID] = "say-";
    slice id = page_json_string(item, "id");
    small(id, name + 4, "");
    small(id, reason + 4, "-reason");
    html_open(&p->h, "fieldset", "class", "question", NULL);
    html_open(&p->h, "legend", NULL);
    html_element(&p->h, "span", id, "class", "number", NULL);
    html_string(&p->h, " ");
    html_text(&p->h, page_json_words(item, "text", p->language));
    html_close(&p->h);
    html_open(&p->h, "details", NULL);
    page_element(p, "summary", WORD_HELP);
    html_element(&p->h, "p", page_json_words(item, "help", p->language), NULL);
    html_close(&p->h);
    html_open(&p->h, "div", "class", "answers", NULL);
    page_choice(p, "radio", name, "yes", slice_str(page_word(p, WORD_YES)), false);
    page_choice(p, "radio", name, "no", slice_str(page_word(p, WORD_NO)), false);
    page_choice(p, "radio", name, "unknown", slice_str(page_word(p, WORD_UNKNOWN)), false);
    html_close(&p->h);
    html_open(&p->h, "p", "class", "hint", NULL);
    page_say(p, WORD_BLOCKS_IF);
    html_string(&p->h, " ");
    page_say(p,
             slice_equal(page_json_string(item, "blocks"), slice_str("yes")) ? WORD_YES : WORD_NO);
    html_close(&p->h);
    page_input(p, &(struct page_input){.name = reason, .label = WORD_REASON});
    html_close(&p->h);
}

static void checklist(struct page *p, const char *id) {
    const struct json_object *list =
        page_json_find(page_data_list(p->pages->data, "checklists", "lists"), slice_str(id));
    const struct json_object *items = page_json_get(list, "items");
    char version[DECIMAL_TEXT];
    html_open(&p->h, "section", "class", "checklist", NULL);
    html_element(&p->h, "h2", page_json_words(list, "name", p->language), NULL);
    for (size_t i = 0; i < page_json_count(items); i++)
        question(p, page_json_item(items, i));
    html_close(&p->h);
    decimal_text(page_data_version(p->pages->data, "checklists"), version);
    page_hidden(p, "say-checklists", slice_str(version));
}

static void calling(struct page *p, const struct desk_case *c) {
    const struct office_authority *a =
        office_authority_find(desk_office(p->desk), slice_str(c->authority));
    page_choices(p, WORD_CALLED_NUMBER);
    page_element(p, "p", WORD_CALLED_NUMBER_HINT);
    for (size_t i = 0; a != NULL && i < a->calls.n; i++) {
        html_open(&p->h, "label", "class", "choice", NULL);
        html_void(&p->h, "input", "type", "radio", "name", "say-number", "required", "", NULL);
        html_attr(&p->h, "value", a->calls.p[i].text);
        html_string(&p->h, " ");
        html_element(&p->h, "span", a->calls.p[i].text, NULL);
        html_close(&p->h);
    }
    html_close(&p->h);
    checklist(p, "authenticity");
}

struct own_seat {
    slice person;
    uint32_t round;
    const char *lens;
};

static bool own_seat(void *ctx, const struct desk_seat *s) {
    struct own_seat *own = ctx;
    if (slice_equal(own->person, slice_str(s->person)) && !s->out &&
        (s->round == own->round || s->after))
        own->lens = desk_lens_name(s->lens);
    return true;
}

static void cite(struct page *p, const char *say, uint64_t version, const char *path,
                 enum word name) {
    char text[DECIMAL_TEXT];
    decimal_text(version, text);
    page_fact(p, WORD_CITES);
    page_link(p, path, name);
    html_string(&p->h, " ");
    page_say_number(p, WORD_CITES_VERSION, version);
    page_hidden(p, say, slice_str(text));
    page_fact_end(p);
}

/* What the verdict is given under: it stands in the text that is signed. */
static void cites(struct page *p) {
    struct desk_cites now = desk_cites(p->desk);
    page_facts(p);
    cite(p, "say-policy", now.policy, "/policy", WORD_POLICY);
    cite(p, "say-guidelines", now.guidelines, "/guidelines", WORD_GUIDELINES);
    html_close(&p->h);
}

/* What counsel's data says of the category: the lens's own questions ask whether it is so. */
static void category_law(struct page *p, const struct desk_case *c) {
    const struct json_object *regime =
        page_json_find(page_data_list(p->pages->data, "regimes", "regimes"), slice_str(c->regime));
    const struct json_object *category =
        page_json_find(page_json_get(regime, "categories"), slice_str(c->category));
    const struct json_object *validators = page_json_get(category, "validators"),
                             *all = page_data_list(p->pages->data, "regimes", "validators");
    char years[DECIMAL_TEXT];
    if (category == NULL)
        return;
    page_facts(p);
    page_fact_text(p, WORD_CATEGORY, page_json_words(category, "name", p->language));
    page_fact(p, WORD_VALIDATORS);
    html_open(&p->h, "ul", NULL);
    for (size_t i = 0; i < page_json_count(validators); i++)
        html_element(&p->h, "li",
                     page_json_words(page_json_find(all, page_json_text(validators, i)), "name",
                                     p->language),
                     NULL);
    html_close(&p->h);
    page_fact_end(p);
    decimal_text(page_json_number(category, "min_years"), years);
    page_fact_text(p, WORD_MIN_YEARS, slice_str(years));
    html_close(&p->h);
}

static err verdict(struct page *p, const struct desk_case *c) {
    struct own_seat own = {p->person->id, c->round, NULL};
    TRY(desk_seats_list(p->desk, slice_str(c->id), p->person->id, own_seat, &own));
    page_note(p, "info", WORD_VERDICT_NOTE);
    cites(p);
    if (own.lens != NULL && strcmp(own.lens, "local-law") == 0)
        category_law(p, c);
    if (own.lens != NULL)
        checklist(p, own.lens);
    if (c->path == OFFICE_EMERGENCY)
        checklist(p, "emergency");
    page_input(p, &(struct page_input){.name = "say-beneficiary",
                                       .label = WORD_BENEFICIARY,
                                       .hint = WORD_BENEFICIARY_VERDICT_HINT,
                                       .needed = true});
    page_choices(p, WORD_CONFLICT);
    page_choice(p, "radio", "say-conflict", "no", slice_str(page_word(p, WORD_CONFLICT_NO)), false);
    page_choice(p, "radio", "say-conflict", "yes", slice_str(page_word(p, WORD_CONFLICT_YES)),
                false);
    html_close(&p->h);
    page_choices(p, WORD_VERDICT);
#define X(text, name)                                                                          \
    page_choice(p, "radio", "say-verdict", text, slice_str(page_word(p, WORD_VERDICT_##name)), \
                false);
    DESK_VERDICTS(X)
#undef X
    html_close(&p->h);
    return OK;
}

/* ---- */

static bool has_order(const struct desk_case *c) {
    return memcmp(c->order, none, sizeof(none)) != 0;
}

/* The script puts it there when the form is sent. */
static err before(struct page *p, const struct desk_case *c) {
    TRY(sealed_order(p, c, c->order, "before", WORD_ORDER_BEFORE, false, false));
    page_press(p, "fill", WORD_FILL);
    return OK;
}

static void account(struct page *p, const struct desk_case *c) {
    page_select(p, "account-by", WORD_ACCOUNT_BY);
    page_option(p, "id", slice_str(page_word(p, WORD_ACCOUNT_ID)), true);
    page_option(p, "key", slice_str(page_word(p, WORD_ACCOUNT_KEY)), false);
    page_option(p, "handle", slice_str(page_word(p, WORD_ACCOUNT_HANDLE)), false);
    page_option(p, "link", slice_str(page_word(p, WORD_ACCOUNT_LINK)), false);
    page_select_end(p);
    page_input(p, &(struct page_input){.name = "account-name",
                                       .label = WORD_ACCOUNT_NAME,
                                       .hint = WORD_ACCOUNT_NAME_HINT,
                                       .needed = true});
    if (c->beneficiary[0] == '\0')
        page_input(p, &(struct page_input){.name = "beneficiary",
                                           .label = WORD_BENEFICIARY,
                                           .hint = WORD_BENEFICIARY_ORDER_HINT,
                                           .needed = true});
}

static void lenses(struct page *p) {
    page_select(p, "say-lens", WORD_LENS);
#define X(text, name) page_option(p, text, slice_str(page_word(p, WORD_LENS_##name)), false);
    DESK_LENSES(X)
#undef X
    page_select_end(p);
}

static err wording(struct page *p, const struct desk_case *c, enum desk_move move) {
    buf text = buf_on(NULL);
    err e = page_letter(p,
                        move == DESK_MOVE_NOTIFY      ? "notice"
                        : c->path == OFFICE_EMERGENCY ? "notice-emergency"
                                                      : "notice-late",
                        c, &(struct page_letter_facts){.ground = SLICE_EMPTY}, &text);
    if (e == OK)
        page_input(p, &(struct page_input){.name = "wording",
                                           .label = WORD_NOTICE_WORDING,
                                           .hint = WORD_NOTICE_WORDING_HINT,
                                           .value = buf_slice(&text),
                                           .lines = 12,
                                           .needed = true});
    buf_free(&text);
    return e;
}

/* The desk can't read it in the filing. */
static void letter_facts(struct page *p, enum desk_move move) {
    page_input(p, &(struct page_input){.name = "letter-reference",
                                       .label = WORD_LETTER_REFERENCE,
                                       .hint = WORD_LETTER_REFERENCE_HINT,
                                       .needed = true});
    if (move == DESK_MOVE_NOT_HELD)
        page_input(p, &(struct page_input){.name = "letter-asked",
                                           .label = WORD_LETTER_ASKED,
                                           .hint = WORD_LETTER_ASKED_HINT,
                                           .needed = true});
}

static void letter_grounds(struct page *p) {
    const struct json_object *all = page_data_list(p->pages->data, "reasons", "reasons");
    page_select(p, "letter-ground", WORD_LETTER_GROUND);
    page_option(p, "", slice_str("\u2014"), true);
    for (size_t i = 0; i < page_json_count(all); i++) {
        const struct json_object *o = page_json_item(all, i);
        page_option(p, (const char *)page_json_string(o, "id").p,
                    page_json_words(o, "name", p->language), false);
    }
    page_select_end(p);
}

/* Whether a letter that fits the case has one of these places (ended by NULL). */
static bool letters_have(struct page *p, const struct desk_case *c, const char *const *places) {
    const struct json_object *list = page_data_list(p->pages->data, "letters", "letters");
    for (size_t i = 0; i < page_json_count(list); i++) {
        const struct json_object *letter = page_json_item(list, i);
        const struct json_object *has = page_json_get(letter, "placeholders");
        for (size_t k = 0; page_letter_fits(letter, c) && k < page_json_count(has); k++)
            for (size_t n = 0; places[n] != NULL; n++)
                if (slice_equal(page_json_text(has, k), slice_str(places[n])))
                    return true;
    }
    return false;
}

/* What one of them may need, and the case doesn't say. */
static void letters_need(struct page *p, const struct desk_case *c) {
    static const char *const says[] = {"question", "asked", "identifier", "manifest", NULL},
                             *const court[] = {"court", NULL}, *const until[] = {"until", NULL},
                             *const ground[] = {"ground", "cure", NULL};
    letter_facts(p, DESK_MOVE_WRITE);
    if (letters_have(p, c, says))
        page_input(p, &(struct page_input){.name = "letter-asked",
                                           .label = WORD_LETTER_SAYS,
                                           .hint = WORD_LETTER_SAYS_HINT,
                                           .lines = 4});
    if (letters_have(p, c, court))
        page_input(p, &(struct page_input){.name = "letter-court", .label = WORD_LETTER_COURT});
    if (letters_have(p, c, until))
        page_input(p, &(struct page_input){.name = "letter-until",
                                           .label = WORD_LETTER_UNTIL,
                                           .hint = WORD_LETTER_UNTIL_HINT,
                                           .type = "date"});
    if (letters_have(p, c, ground))
        letter_grounds(p);
}

/* Those that fit the case. */
static err templates(struct page *p, const struct desk_case *c) {
    const struct json_object *list = page_data_list(p->pages->data, "letters", "letters");
    buf subject = buf_on(NULL);
    err e = OK;
    page_select(p, "say-template", WORD_LETTER);
    for (size_t i = 0; e == OK && i < page_json_count(list); i++) {
        const struct json_object *letter = page_json_item(list, i);
        if (!page_letter_fits(letter, c))
            continue;
        buf_clear(&subject);
        e = page_letter_subject(p, letter, c, &subject);
        page_option(p, (const char *)page_json_string(letter, "id").p, buf_slice(&subject), false);
    }
    page_select_end(p);
    buf_free(&subject);
    letters_need(p, c);
    return e;
}

static err questions(struct page *p, const struct desk_case *c, enum desk_move move) {
    unsigned ask = asks[move];
    if (ask & ASK_CLASS)
        classification(p);
    if (ask & ASK_CALL)
        calling(p, c);
    if (ask & ASK_VERDICT)
        TRY(verdict(p, c));
    if (ask & ASK_ACCOUNT) {
        if (has_order(c))
            TRY(before(p, c));
        else
            account(p, c);
    }
    if (ask & ASK_FIELDS)
        held_boxes(p, "field", c->fields != 0 ? c->fields : c->asked);
    if (ask & ASK_LENS)
        lenses(p);
    if (ask & ASK_GROUND)
        choice_list(p, "say-ground", WORD_GROUND, "reasons", "reasons");
    if (ask & ASK_LETTER)
        letter_facts(p, move);
    if (ask & ASK_TEMPLATE)
        TRY(templates(p, c));
    if (ask & ASK_UNTIL)
        page_input(p, &(struct page_input){.name = "say-until",
                                           .label = WORD_UNTIL,
                                           .hint = WORD_UNTIL_HINT,
                                           .type = "date",
                                           .needed = true});
    if (ask & ASK_DOCUMENT)
        page_input(p, &(struct page_input){.name = "say-document",
                                           .label = WORD_DOCUMENT,
                                           .hint = WORD_DOCUMENT_HINT,
                                           .needed = true});
    if (ask & ASK_WORDING)
        TRY(wording(p, c, move));
    if (ask & ASK_MANIFEST)
        page_manifest(p);
    if (ask & ASK_REASON)
        page_input(p, &(struct page_input){.name = "say-reason",
                                           .label = WORD_REASON,
                                           .hint = WORD_REASON_HINT,
                                           .lines = 4,
                                           .needed = true});
    return OK;
}

static err asked(struct page *p, struct desk_case *c, enum desk_move *move) {
    TRY(desk_case_get(p->desk, p->request->stars[0], c));
    if (!desk_move_of(p->request->stars[1], move) || *move > DESK_MOVE_WRITE)
        return ERR_NOT_FOUND;
    return OK;
}

static err form(struct page *p, const struct desk_case *c, enum desk_move move, slice seconds) {
    page_begin_with(p, page_move_word(move), slice_str(c->id));
    html_open(&p->h, "form", "method", "post", "class", "form", "data-script", "sign", NULL);
    html_attr(&p->h, "action", p->request->path);
    page_case_key(p, slice_str(c->id));
    if (seconds.n > 0) {
        page_hidden(p, "seconds", seconds);
        page_element(p, "p", WORD_SECONDS_TEXT);
    } else {
        TRY(questions(p, c, move));
    }
    html_element(&p->h, "p", slice_str(page_word(p, WORD_COMPOSE_TEXT)), "class", "hint", NULL);
    page_submit(p, WORD_COMPOSE);
    page_status(p);
    html_close(&p->h);
    return page_end(p);
}

static err case_form(struct page *p) {
    struct desk_case c;
    enum desk_move move;
    buf seconds = buf_on(NULL);
    err e = asked(p, &c, &move);
    if (e == OK)
        e = page_query(p, "seconds", &seconds);
    if (e == OK)
        e = form(p, &c, move, buf_slice(&seconds));
    else
        e = page_error(p, e, NULL);
    buf_free(&seconds);
    return e;
}
PAGE(case_form, PAGE_INSIDE)

/* ---- What was filled in ---- */

enum { SAYS_MAX = 128, LINES_MAX = 256 };

struct filled {
    struct desk_draft draft;
    buf text; /* that says, wording and account point into, by place until all is read */
    struct {
        size_t name, name_n, text, text_n;
    } at[SAYS_MAX];
    struct desk_say says[SAYS_MAX];
    size_t n;
    slice wording[LINES_MAX];
    buf words, account, before, beneficiary, manifest, letter;
};

static err add_say(struct filled *f, slice name, slice text) {
    if (f->n == SAYS_MAX)
        return ERR_LIMIT;
    f->at[f->n].name = f->text.n;
    f->at[f->n].name_n = name.n;
    TRY(buf_append(&f->text, name));
    f->at[f->n].text = f->text.n;
    f->at[f->n].text_n = text.n;
    f->n++;
    return buf_append(&f->text, text);
}

/* A box that is ticked beside others of its name goes on where that one ended. */
static bool goes_on(struct filled *f, slice name) {
    if (f->n == 0)
        return false;
    slice last = slice_of(f->text.p + f->at[f->n - 1].name, f->at[f->n - 1].name_n);
    return slice_equal(name, slice_str("fields")) && slice_equal(last, name);
}

static err say(struct filled *f, slice name, slice value) {
    if (goes_on(f, name)) {
        TRY(buf_append_byte(&f->text, ' '));
        TRY(buf_append(&f->text, value));
        f->at[f->n - 1].text_n += 1 + value.n;
        return OK;
    }
    while (value.n > 0) {
        slice line = slice_until(&value, '\n');
        if (line.n > 0)
            TRY(add_say(f, name, line));
    }
    /* A day is when it begins. */
    if (slice_equal(name, slice_str("until")) && f->n > 0 && f->at[f->n - 1].text_n == 10) {
        TRY(buf_append(&f->text, slice_str("T00:00:00Z")));
        f->at[f->n - 1].text_n += 10;
    }
    return OK;
}

static uint32_t held_bit(slice name) {
    static const char *const HELD[] = {
#define X(text, name) text,
        HELD_RECORD(X)
#undef X
    };
    for (size_t i = 0; i < sizeof(HELD) / sizeof(HELD[0]); i++)
        if (slice_equal(name, slice_str(HELD[i])))
            return (uint32_t)1 << i;
    return 0;
}

static err read_says(struct page *p, struct filled *f) {
    slice rest = p->request->body;
    buf name = buf_on(NULL), value = buf_on(NULL);
    err e = OK;
    while (e == OK && (e = sys_form_next(&rest, &name, &value)) == OK) {
        slice what = buf_slice(&name);
        page_line_ends(&value);
        if (slice_skip(&what, slice_str("say-")))
            e = say(f, what, buf_slice(&value));
        else if (slice_equal(what, slice_str("field")))
            f->draft.fields |= held_bit(buf_slice(&value));
    }
    buf_free(&name);
    buf_free(&value);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err read_account(struct page *p, struct filled *f) {
    static const char *const NAMES[] = {"id", "key", "handle", "link"};
    buf by = buf_on(NULL);
    err e = page_field(p, "account-by", &by);
    if (e == OK)
        e = page_field(p, "account-name", &f->account);
    for (size_t i = 0; i < 4 && e == OK; i++)
        if (slice_equal(buf_slice(&by), slice_str(NAMES[i])))
            f->draft.account.by = (uint32_t)1 << i;
    buf_free(&by);
    if (e == OK)
        e = page_field(p, "before", &f->before);
    if (e == OK)
        e = page_field(p, "beneficiary", &f->beneficiary);
    f->draft.account.name = buf_slice(&f->account);
    f->draft.before = buf_slice(&f->before);
    f->draft.beneficiary = buf_slice(&f->beneficiary);
    return e;
}

static err read_wording(struct page *p, struct filled *f) {
    TRY(page_field(p, "wording", &f->words));
    slice rest = buf_slice(&f->words);
    while (rest.n > 0) {
        slice line = slice_until(&rest, '\n');
        if (line.n == 0)
            continue;
        if (f->draft.wording_count == LINES_MAX)
            return ERR_LIMIT;
        f->wording[f->draft.wording_count++] = line;
    }
    f->draft.wording = f->wording;
    return OK;
}

static err read_date(const struct filled *f, uint64_t *ms) {
    for (size_t i = 0; i < f->n; i++)
        if (slice_equal(f->says[i].name, slice_str("until")))
            return page_day(slice_of(f->says[i].text.p, f->says[i].text.n < 10 ? 0 : 10), ms);
    return OK;
}

static void set_says(struct filled *f) {
    for (size_t i = 0; i < f->n; i++) {
        f->says[i].name = slice_of(f->text.p + f->at[i].name, f->at[i].name_n);
        f->says[i].text = slice_of(f->text.p + f->at[i].text, f->at[i].text_n);
    }
    f->draft.says = f->says;
    f->draft.say_count = f->n;
}

static slice said(const struct filled *f, const char *name) {
    for (size_t i = 0; i < f->n; i++)
        if (slice_equal(f->says[i].name, slice_str(name)))
            return f->says[i].text;
    return SLICE_EMPTY;
}

/* What is signed of what goes with the move is its hash. */
static err say_hash(struct filled *f, const char *name, slice bytes) {
    uint8_t hash[32];
    char text[HEX_TEXT];
    if (bytes.n == 0)
        return OK;
    TRY(crypto_sha256.hash(hash, &bytes, 1));
    hex_text(hash, text);
    TRY(add_say(f, slice_str(name), slice_str(text)));
    set_says(f);
    return OK;
}

/* The template that was chosen, if it fits, or the ground's; empty: the move has no letter. */
static slice template_of(struct page *p, const struct desk_case *c, const struct filled *f,
                         slice ground) {
    const struct json_object *reasons = page_data_list(p->pages->data, "reasons", "reasons"),
                             *letters = page_data_list(p->pages->data, "letters", "letters");
    if ((asks[f->draft.move] & ASK_LETTER) != 0)
        return page_json_string(page_json_find(reasons, ground), "letter");
    const struct json_object *letter = page_json_find(letters, said(f, "template"));
    return (asks[f->draft.move] & ASK_TEMPLATE) != 0 && page_letter_fits(letter, c)
               ? page_json_string(letter, "id")
               : SLICE_EMPTY;
}

static err read_facts(struct page *p, buf *reference, buf *asked_, buf *court, uint64_t *until) {
    buf day = buf_on(NULL);
    TRY(page_field(p, "letter-reference", reference));
    TRY(page_field(p, "letter-asked", asked_));
    TRY(page_field(p, "letter-court", court));
    err e = page_field(p, "letter-until", &day);
    if (e == OK && day.n > 0)
        e = page_day(buf_slice(&day), until);
    buf_free(&day);
    return e;
}

/* Who seconds the move finds it sealed. */
static err read_letter(struct page *p, const struct desk_case *c, struct filled *f) {
    buf reference = buf_on(NULL), asked_ = buf_on(NULL), court = buf_on(NULL),
        ground = buf_on(NULL);
    uint64_t until = 0;
    err e = page_field(p, "letter-ground", &ground);
    slice on = ground.n > 0 ? buf_slice(&ground) : said(f, "ground");
    slice template = e == OK ? template_of(p, c, f, on) : SLICE_EMPTY;
    if (template.n > 0)
        e = read_facts(p, &reference, &asked_, &court, &until);
    if (e == OK && template.n > 0)
        e = page_letter(p, (const char *)template.p, c,
                        &(struct page_letter_facts){on, buf_slice(&reference), buf_slice(&asked_),
                                                    buf_slice(&court), until},
                        &f->letter);
    buf_free(&reference);
    buf_free(&asked_);
    buf_free(&court);
    buf_free(&ground);
    return e;
}

static err read_filled(struct page *p, const struct desk_case *c, struct filled *f) {
    buf seconds = buf_on(NULL);
    TRY(read_says(p, f));
    set_says(f);
    TRY(page_field(p, "manifest", &f->manifest));
    TRY(say_hash(f, "manifest", buf_slice(&f->manifest)));
    TRY(read_letter(p, c, f));
    TRY(say_hash(f, "letter", buf_slice(&f->letter)));
    TRY(read_date(f, &f->draft.until));
    TRY(read_account(p, f));
    TRY(read_wording(p, f));
    err e = page_field(p, "seconds", &seconds);
    if (e == OK && seconds.n > 0)
        e = decimal_decode(buf_slice(&seconds), UINT32_MAX, &f->draft.seconds);
    buf_free(&seconds);
    return e;
}

static void free_filled(struct filled *f) {
    buf_free(&f->text);
    buf_free(&f->words);
    buf_free(&f->account);
    buf_free(&f->before);
    buf_free(&f->beneficiary);
    buf_free(&f->manifest);
    buf_free(&f->letter);
    mem_free(NULL, f, sizeof(*f));
}

/* ---- The texts ---- */

struct first {
    uint64_t number;
    uint8_t order[32];
};

static bool find_first(void *ctx, const struct desk_moved *m) {
    struct first *f = ctx;
    if (m->number == f->number)
        memcpy(f->order, m->order, 32);
    return m->number != f->number;
}

static bool signs_round_order(const struct filled *f) {
    return (asks[f->draft.move] & ROUND_ORDER) != 0 ||
           (f->draft.move == DESK_MOVE_VERDICT &&
            slice_equal(said(f, "verdict"), slice_str("clear")));
}

static err order_paper(struct page *p, const struct desk_case *c, const struct filled *f,
                       slice text) {
    bool with = (asks[f->draft.move] & SIGNS_ORDER) != 0;
    if (text.n > 0 && with) {
        page_paper(p, "order", WORD_ORDER, text);
        return OK;
    }
    if (text.n > 0) {
        html_open(&p->h, "section", "class", "paper", NULL);
        page_element(p, "h2", WORD_ORDER_DRAFT);
        page_element(p, "p", WORD_ORDER_DRAFT_TEXT);
        page_paper_text(p, "order", text);
        html_close(&p->h);
        return OK;
    }
    if (signs_round_order(f))
        return sealed_order(p, c, c->order, "order", WORD_ORDER, true,
                            f->draft.move == DESK_MOVE_RELEASE);
    if (with && f->draft.seconds != 0) {
        struct first first = {f->draft.seconds, {0}};
        TRY(desk_moves_list(p->desk, slice_str(c->id), find_first, &first));
        return sealed_order(p, c, first.order, "order", WORD_ORDER, true, true);
    }
    return OK;
}

/* A letter, or a manifest in its place, of which the move says the hash. */
static void beside(struct page *p, enum word title, enum word what, slice text) {
    if (text.n == 0)
        return;
    html_open(&p->h, "section", "class", "paper", "data-name", "letter", NULL);
    page_element(p, "h2", title);
    page_element(p, "p", what);
    page_paper_text(p, "letter", text);
    html_close(&p->h);
}

static err papers(struct page *p, const struct desk_case *c, const struct filled *f,
                  const struct desk_texts *texts) {
    char action[32 + DESK_ID] = "/case/";
    memcpy(action + 6, c->id, strlen(c->id));
    memcpy(action + 6 + strlen(c->id), "/move", 6);
    page_begin_with(p, page_move_word(f->draft.move), slice_str(c->id));
    html_element(&p->h, "p", slice_str(page_word(p, WORD_SIGN_LEAD)), "class", "lead", NULL);
    html_open(&p->h, "form", "method", "post", "action", action, "class", "form", "data-script",
              "sign", NULL);
    page_case_key(p, slice_str(c->id));
    page_paper(p, "move", WORD_MOVE, buf_slice(&texts->move));
    TRY(order_paper(p, c, f, buf_slice(&texts->order)));
    if ((asks[f->draft.move] & ASK_ACCOUNT) && has_order(c) && f->draft.seconds == 0)
        TRY(sealed_order(p, c, c->order, "before", WORD_ORDER_BEFORE, false, false));
    beside(p, WORD_LETTER, WORD_LETTER_TEXT, buf_slice(&f->letter));
    beside(p, WORD_MANIFEST, WORD_MANIFEST_TEXT, buf_slice(&f->manifest));
    html_open(&p->h, "p", "class", "actions", NULL);
    page_press(p, "sign", WORD_SIGN);
    html_element(&p->h, "button", slice_str(page_word(p, WORD_SEND_LINES)), "type", "submit",
                 "class", "quiet", NULL);
    html_close(&p->h);
    page_status(p);
    html_close(&p->h);
    return page_end(p);
}

static err compose(struct page *p, struct filled *f) {
    struct desk_case c;
    struct desk_texts texts = {buf_on(NULL), buf_on(NULL)};
    struct desk_why why = {.reason = DESK_OK};
    err e = asked(p, &c, &f->draft.move);
    if (e == OK)
        e = read_filled(p, &c, f);
    f->draft.case_id = slice_str(c.id);
    f->draft.person = p->person->id;
    if (e == OK)
        e = desk_compose(p->desk, &f->draft, &texts, &why);
    if (e == OK && desk_unfilled(buf_slice(&f->letter))) {
        why.reason = DESK_UNFILLED;
        e = ERR_DENIED;
    }
    e = e == OK ? papers(p, &c, f, &texts) : page_error(p, e, &why);
    buf_free(&texts.move);
    buf_free(&texts.order);
    return e;
}

static err case_compose(struct page *p) {
    struct filled *f = mem_new(NULL, sizeof(*f));
    if (f == NULL)
        return ERR_NO_MEMORY;
    err e = compose(p, f);
    free_filled(f);
    return e;
}
PAGE(case_compose, PAGE_INSIDE)

/* ---- The move ---- */

static err case_move(struct page *p) {
    struct desk_made made;
    struct desk_why why = {.reason = DESK_OK};
    buf move = buf_on(NULL), order = buf_on(NULL), before = buf_on(NULL),
        letter_text = buf_on(NULL);
    buf back = buf_on(NULL);
    err e = page_document(p, "move", &move);
    if (e == OK)
        e = page_document(p, "order", &order);
    if (e == OK)
        e = page_document(p, "before", &before);
    if (e == OK)
        e = page_field(p, "letter", &letter_text);
    if (e == OK)
        e = desk_move(p->desk, p->request->stars[0],
                      &(struct desk_hand){.move = buf_slice(&move),
                                          .order = buf_slice(&order),
                                          .before = buf_slice(&before),
                                          .letter = buf_slice(&letter_text)},
                      &made, &why);
    if (e == OK)
        e = buf_append(&back, slice_str("/case/"));
    if (e == OK)
        e = buf_append(&back, p->request->stars[0]);
    e = e == OK ? sys_web_redirect(p->answer, buf_slice(&back)) : page_error(p, e, &why);
    buf_free(&move);
    buf_free(&order);
    buf_free(&before);
    buf_free(&letter_text);
    buf_free(&back);
    return e;
}
PAGE(case_move, PAGE_INSIDE)
