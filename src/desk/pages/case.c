/* One case: what is in the clear, its history, what can be done next; and what is sealed, which
 * only a script with the person's key opens. */
#include "desk/pages/page.h"

static slice id_of(const struct page *p) {
    return p->request->stars[0];
}

/* ---- Facts ---- */

static void authority(struct page *p, const struct desk_case *c) {
    const struct office_authority *a =
        office_authority_find(desk_office(p->desk), slice_str(c->authority));
    page_fact(p, WORD_AUTHORITY);
    if (a != NULL) {
        html_text(&p->h, a->name);
        html_string(&p->h, " ");
        html_element(&p->h, "span", a->jurisdiction, "class", "country", NULL);
    } else {
        page_say(p, WORD_NOT_CLASSIFIED);
    }
    page_fact_end(p);
}

/* A category is its regime's. */
static slice category(struct page *p, const struct desk_case *c) {
    const struct json_object *regime =
        page_json_find(page_data_list(p->pages->data, "regimes", "regimes"), slice_str(c->regime));
    const struct json_object *found =
        page_json_find(page_json_get(regime, "categories"), slice_str(c->category));
    slice name = page_json_words(found, "name", p->language);
    return name.n > 0 ? name : slice_str(c->category);
}

/* What an exception is on which it relies: the words of the list, while it has them. */
static void carve_outs(struct page *p, const struct desk_case *c) {
    const struct office_suspensions *list = desk_list(p->desk);
    slice rest = slice_str(c->carve_outs);
    if (rest.n == 0)
        return;
    page_fact(p, WORD_CARVE_OUTS);
    while (rest.n > 0) {
        slice id = slice_until(&rest, ' ');
        const struct office_carve_out *found =
            list == NULL ? NULL : office_carve_out_find(list, id);
        html_open(&p->h, "p", NULL);
        html_element(&p->h, "strong", id, NULL);
        if (found != NULL) {
            html_string(&p->h, ": ");
            html_text(&p->h, found->text);
        }
        html_close(&p->h);
    }
    page_fact_end(p);
}

static void classified(struct page *p, const struct desk_case *c) {
    if (c->regime[0] == '\0')
        return;
    page_fact_text(p, WORD_REGIME, page_name(p, "regimes", "regimes", slice_str(c->regime)));
    page_fact_text(p, WORD_PROCESS, page_name(p, "process-types", "types", slice_str(c->process)));
    page_fact_text(p, WORD_CATEGORY, category(p, c));
    page_fact(p, WORD_BENEFICIARY);
    if (c->beneficiary[0] == '\0')
        page_say(p, WORD_UNKNOWN);
    html_string(&p->h, c->beneficiary);
    page_fact_end(p);
    page_fact(p, WORD_FIELDS_ASKED);
    page_fields(p, c->asked);
    page_fact_end(p);
    if (c->fields != 0) {
        page_fact(p, WORD_FIELDS_ORDER);
        page_fields(p, c->fields);
        page_fact_end(p);
    }
    page_fact(p, WORD_ACCOUNTS);
    html_number(&p->h, c->accounts);
    page_fact_end(p);
    carve_outs(p, c);
}

static enum word hold_word(enum desk_hold hold) {
    switch (hold) {
    case DESK_HOLD_SUSPENDED:
        return WORD_HOLD_SUSPENDED;
    case DESK_HOLD_UNKNOWN:
        return WORD_HOLD_UNKNOWN;
    case DESK_HOLD_DIFFER:
        return WORD_HOLD_DIFFER;
    case DESK_HOLD_NONE:
        break;
    }
    return WORD_NONE;
}

static void standing(struct page *p, const struct desk_case *c) {
    html_open(&p->h, "p", "class", "standing", NULL);
    page_state_badge(p, c->state);
    if (c->path == OFFICE_EMERGENCY) {
        html_string(&p->h, " ");
        page_badge(p, "stop", WORD_PATH_EMERGENCY);
    }
    if (c->path == OFFICE_COMPELLED) {
        html_string(&p->h, " ");
        page_badge(p, "warn", WORD_PATH_COMPELLED);
    }
    html_string(&p->h, " ");
    page_deadline(p, c->deadline);
    html_close(&p->h);
    if (c->state == DESK_STATE_HELD && c->hold != DESK_HOLD_NONE)
        page_note(p, "stop", hold_word(c->hold));
    if (c->due == DESK_DUE_REJECT)
        page_note(p, "warn", WORD_DUE_REJECT);
    if (c->due == DESK_DUE_DRAFT)
        page_note(p, "info", WORD_DUE_DRAFT);
}

static void facts(struct page *p, const struct desk_case *c) {
    page_section(p, WORD_FACTS);
    page_facts(p);
    page_fact_time(p, WORD_RECEIVED, c->received);
    page_fact_hash(p, WORD_RECEIPT_HASH, c->filing);
    authority(p, c);
    classified(p, c);
    if (c->waits != 0) {
        page_fact(p, WORD_WAITS_FOR);
        page_roles(p, c->waits);
        page_fact_end(p);
    }
    page_fact_time(p, WORD_ORDER_MADE, c->order_made);
    if (c->told == 0)
        page_fact_time(p, WORD_NOTICE_WAITS, c->told_late != 0 ? c->told_late : c->notified);
    page_fact_time(p, WORD_NOTIFIED_ON, c->told);
    page_fact_time(p, WORD_OBJECTED_ON, c->objected);
    page_fact_time(p, WORD_BAR_UNTIL, c->bar_until);
    page_fact_time(p, WORD_PRESERVED_UNTIL, c->preserved_until);
    page_fact_time(p, WORD_RELEASED_ON, c->released);
    page_fact_time(p, WORD_DELIVERED_ON, c->delivered);
    html_close(&p->h);
    html_close(&p->h);
}

/* ---- What can be done ---- */

static void path_of(buf *to, struct html *h, const char *id, const char *what, const char *move) {
    err e = buf_append(to, slice_str("/case/"));
    if (e == OK)
        e = buf_append(to, slice_str(id));
    if (e == OK)
        e = buf_append(to, slice_str(what));
    if (e == OK)
        e = buf_append(to, slice_str(move));
    html_fail(h, e);
}

struct second {
    uint64_t number[DESK_MOVE_COUNT]; /* of the first signature that waits for more; 0: none */
};

static bool pending(void *ctx, const struct desk_moved *m) {
    struct second *s = ctx;
    if (m->pending && m->seconds == 0)
        s->number[m->move] = m->number;
    return true;
}

/* Those that leave a case's usual way. */
static bool is_aside(enum desk_move move) {
    static const enum desk_move ASIDE[] = {
        DESK_MOVE_FORGE,    DESK_MOVE_NOT_HELD, DESK_MOVE_RECUSE, DESK_MOVE_REPLACE,
        DESK_MOVE_BAR,      DESK_MOVE_PRESERVE, DESK_MOVE_COMPEL, DESK_MOVE_CHALLENGE,
        DESK_MOVE_WITHDRAW, DESK_MOVE_WRITE};
    for (size_t i = 0; i < sizeof(ASIDE) / sizeof(ASIDE[0]); i++)
        if (ASIDE[i] == move)
            return true;
    return false;
}

static void action(struct page *p, const struct desk_case *c, enum desk_move move, uint64_t first) {
    buf to = buf_on(NULL);
    char number[DECIMAL_TEXT];
    decimal_text(first, number);
    path_of(&to, &p->h, c->id, "/do/", desk_move_name(move));
    if (first != 0) {
        html_fail(&p->h, buf_append(&to, slice_str("?seconds=")));
        html_fail(&p->h, buf_append(&to, slice_str(number)));
    }
    html_open(&p->h, "li", NULL);
    html_open(&p->h, "a", "class", is_aside(move) ? "button quiet" : "button", NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    page_say(p, page_move_word(move));
    html_close(&p->h);
    if (first != 0) {
        html_string(&p->h, " ");
        page_say(p, WORD_SECOND_NEEDED);
    }
    html_close(&p->h);
    buf_free(&to);
}

static err actions(struct page *p, const struct desk_case *c) {
    struct second second = {{0}};
    size_t n = 0;
    TRY(desk_moves_list(p->desk, slice_str(c->id), pending, &second));
    page_section(p, WORD_WHAT_NEXT);
    html_open(&p->h, "ul", "class", "moves", NULL);
    for (int m = 0; m <= DESK_MOVE_WRITE; m++)
        if (desk_may(p->desk, c, p->person, (enum desk_move)m)) {
            action(p, c, (enum desk_move)m, second.number[m]);
            n++;
        }
    html_close(&p->h);
    if (n == 0)
        page_element(p, "p", WORD_NOTHING_TO_DO);
    html_close(&p->h);
    return OK;
}

/* ---- Reviewers ---- */

static bool seat(void *ctx, const struct desk_seat *s) {
    struct page *p = ctx;
    html_open(&p->h, "tr", NULL);
    html_element(&p->h, "th", slice_str(page_word(p, page_lens_word(s->lens))), "scope", "row",
                 NULL);
    page_cell(p, slice_str(s->person));
    html_open(&p->h, "td", NULL);
    html_number(&p->h, s->round);
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    if (s->out)
        page_say(p, WORD_SEAT_OUT);
    else if (!s->answered)
        page_say(p, WORD_SEAT_WAITS);
    else if (!s->shown)
        page_say(p, WORD_SEAT_HIDDEN);
    else
        page_badge(p,
                   s->verdict == DESK_VERDICT_CLEAR   ? "info"
                   : s->verdict == DESK_VERDICT_BLOCK ? "stop"
                                                      : "warn",
                   page_verdict_word(s->verdict));
    html_close(&p->h);
    html_open(&p->h, "td", NULL);
    if (s->answered && s->shown)
        html_string(&p->h, s->beneficiary[0] == '\0' ? page_word(p, WORD_UNKNOWN) : s->beneficiary);
    html_close(&p->h);
    html_close(&p->h);
    return true;
}

static err seats(struct page *p, const struct desk_case *c) {
    static const enum word HEADS[] = {WORD_LENS, WORD_PERSON, WORD_ROUND, WORD_VERDICT,
                                      WORD_BENEFICIARY};
    if (c->round == 0)
        return OK;
    page_section(p, WORD_REVIEW);
    page_element(p, "p", WORD_REVIEW_HIDDEN);
    page_table(p, WORD_REVIEWERS, HEADS, 5);
    TRY(desk_seats_list(p->desk, slice_str(c->id), p->person->id, seat, p));
    page_table_end(p);
    html_close(&p->h);
    return OK;
}

/* ---- History ---- */

/* A fact of a move that stands in the clear. */
static void detail(struct page *p, const struct desk_moved *m) {
    slice said = slice_str(m->detail);
    enum desk_lens lens;
    enum desk_verdict verdict;
    uint64_t time;
    if (m->move == DESK_MOVE_REPLACE && desk_lens_of(said, &lens))
        page_say(p, page_lens_word(lens));
    else if (m->move == DESK_MOVE_AFTER_VERDICT && desk_verdict_of(said, &verdict))
        page_say(p, page_verdict_word(verdict));
    else if (m->move == DESK_MOVE_BAR && office_time_read(said, &time))
        page_time(p, time);
    else
        html_text(&p->h, page_name(p, "reasons", "reasons", said));
}

/* To where it brought the case, if the move's own word doesn't say it. */
static void moved_to(struct page *p, const struct desk_moved *m, enum word word) {
    enum word to = page_state_word(m->to);
    if (m->from == m->to || strcmp(page_word(p, word), page_word(p, to)) == 0)
        return;
    html_string(&p->h, " → ");
    page_say(p, to);
}

static bool moved(void *ctx, const struct desk_moved *m) {
    struct page *p = ctx;
    html_open(&p->h, "li", NULL);
    html_open(&p->h, "p", NULL);
    page_time(p, m->made);
    html_string(&p->h, " ");
    enum word word = m->pending ? page_move_word(m->move) : page_moved_word(m->move);
    html_element(&p->h, "strong", slice_str(page_word(p, word)), NULL);
    moved_to(p, m, word);
    if (m->pending) {
        html_string(&p->h, " ");
        page_badge(p, "warn", WORD_PENDING);
    }
    html_close(&p->h);
    html_open(&p->h, "p", "class", "faint", NULL);
    page_say_number(p, WORD_MOVE_NUMBER, m->number);
    html_string(&p->h, " · ");
    if (m->person[0] == '\0') {
        page_say(p, WORD_BY_DESK);
    } else {
        html_string(&p->h, m->person);
        html_string(&p->h, " ");
        page_say(p, page_role_word(m->role));
    }
    if (m->detail[0] != '\0') {
        html_string(&p->h, " · ");
        detail(p, m);
    }
    html_string(&p->h, " · ");
    page_hash(p, m->hash);
    html_close(&p->h);
    html_close(&p->h);
    return true;
}

static err history(struct page *p, const struct desk_case *c) {
    page_section(p, WORD_HISTORY);
    html_open(&p->h, "ol", "class", "history", NULL);
    TRY(desk_moves_list(p->desk, slice_str(c->id), moved, p));
    html_close(&p->h);
    html_close(&p->h);
    return OK;
}

/* ---- What is sealed ---- */

static enum word sealed_word(enum desk_sealed_kind k) {
#define X(text, name) [DESK_SEALED_##name] = WORD_SEALED_##name,
    static const enum word WORDS[] = {DESK_SEALEDS(X)};
#undef X
    return WORDS[k];
}

static bool sealed(void *ctx, const struct desk_sealed *s) {
    struct page *p = ctx;
    html_open(&p->h, "article", "class", "sealed", NULL);
    html_open(&p->h, "h3", NULL);
    page_say(p, sealed_word(s->kind));
    uint64_t places = s->kind == DESK_SEALED_PICTURE ? DESK_PICTURE_PLACES : 1;
    if (s->number > 0) {
        html_string(&p->h, " ");
        html_number(&p->h, s->number / places);
    }
    if (s->number % places > 0) {
        html_string(&p->h, " · ");
        page_say_number(p, WORD_PICTURE_PAGE, s->number % places);
    }
    html_close(&p->h);
    html_open(&p->h, "p", "class", "faint", NULL);
    page_time(p, s->time);
    html_string(&p->h, " · ");
    page_say_number(p, WORD_BYTES, s->size);
    html_close(&p->h);
    html_open(&p->h, "div", "class", "contents", "data-sealed", "", "data-kind",
              desk_sealed_name(s->kind), NULL);
    html_attr_number(&p->h, "data-number", s->number);
    page_element(p, "p", WORD_STILL_SEALED);
    html_close(&p->h);
    html_close(&p->h);
    return true;
}

void page_case_key(struct page *p, slice id) {
    uint8_t key[32];
    buf text = buf_on(NULL);
    err e = desk_case_key(p->desk, id, key);
    if (e == OK)
        e = base64_encode(&text, SLICE_ARRAY(key));
    if (e != ERR_NOT_FOUND) /* purged: nothing is left to open */
        html_fail(&p->h, e);
    html_attr(&p->h, "data-case", id);
    html_attr(&p->h, "data-case-key", buf_slice(&text));
    buf_free(&text);
}

static err contents(struct page *p, const struct desk_case *c) {
    html_open(&p->h, "section", "data-script", "case", NULL);
    page_case_key(p, slice_str(c->id));
    page_element(p, "h2", WORD_SEALED);
    page_element(p, "p", WORD_SEALED_TEXT);
    html_element(&p->h, "button", slice_str(page_word(p, WORD_OPEN_SEALED)), "type", "button",
                 "disabled", "", "data-open", "", NULL);
    page_status(p);
    TRY(desk_sealed_list(p->desk, slice_str(c->id), DESK_SEALED_COUNT, p->person->id, sealed, p));
    html_close(&p->h);
    return OK;
}

/* ---- Experts ---- They have no key before they are asked. */

static err lacks_key(struct page *p, const struct desk_case *c, const struct office_person *one,
                     bool *lacks) {
    buf wrap = buf_on(NULL);
    err e = desk_wrap_get(p->desk, slice_str(c->id), one->id, &wrap);
    buf_free(&wrap);
    *lacks = e == ERR_NOT_FOUND;
    return *lacks ? OK : e;
}

static err experts(struct page *p, const struct desk_case *c) {
    const struct office *o = desk_office(p->desk);
    if (c->state != DESK_STATE_NEEDS_EXPERT)
        return OK;
    html_open(&p->h, "section", "data-script", "rewrap", NULL);
    page_element(p, "h2", WORD_EXPERTS);
    page_element(p, "p", WORD_EXPERTS_TEXT);
    html_open(&p->h, "ul", "class", "lacks", NULL);
    for (size_t i = 0; i < o->persons.n; i++) {
        const struct office_person *one = &o->persons.p[i];
        bool lacks = false;
        if ((desk_person_roles(one) & OFFICE_ROLE_EXPERT) == 0 || desk_person_bound(p->desk, one))
            continue;
        TRY(lacks_key(p, c, one, &lacks));
        if (lacks)
            page_lacking(p, slice_str(c->id), one);
    }
    html_close(&p->h);
    page_press(p, "wrap", WORD_REWRAP_DO);
    page_status(p);
    html_close(&p->h);
    return OK;
}

static err show(struct page *p, const struct desk_case *c) {
    page_begin_with(p, WORD_CASE, slice_str(c->id));
    standing(p, c);
    TRY(actions(p, c));
    facts(p, c);
    TRY(seats(p, c));
    TRY(experts(p, c));
    TRY(contents(p, c));
    TRY(history(p, c));
    return page_end(p);
}

static err case_(struct page *p) {
    struct desk_case c;
    err e = desk_case_get(p->desk, id_of(p), &c);
    return e == OK ? show(p, &c) : page_error(p, e, NULL);
}
PAGE(case_, PAGE_INSIDE)

/* ---- For the script ---- */

static err case_key(struct page *p) {
    p->answer->type = "application/octet-stream";
    err e = desk_wrap_get(p->desk, id_of(p), p->person->id, &p->answer->body);
    return e == OK ? OK : page_error(p, e, NULL);
}
PAGE(case_key, PAGE_INSIDE)

/* What was given opens nothing, the script says. */
static err case_key_drop(struct page *p) {
    struct desk_why why = {.reason = DESK_OK};
    err e = desk_wrap_drop(p->desk, id_of(p), p->person->id, &why);
    return e == OK ? page_message(p, 200, WORD_REWRAP, WORD_DONE) : page_error(p, e, &why);
}
PAGE(case_key_drop, PAGE_INSIDE)

static bool sealed_kind(slice name, enum desk_sealed_kind *kind) {
    for (int k = 0; k < DESK_SEALED_COUNT; k++)
        if (slice_equal(name, slice_str(desk_sealed_name((enum desk_sealed_kind)k)))) {
            *kind = (enum desk_sealed_kind)k;
            return true;
        }
    return false;
}

static err case_sealed(struct page *p) {
    enum desk_sealed_kind kind;
    uint64_t number;
    if (!sealed_kind(p->request->stars[1], &kind) ||
        decimal_decode(p->request->stars[2], INT64_MAX, &number) != OK)
        return page_error(p, ERR_NOT_FOUND, NULL);
    err e = desk_sealed_get(p->desk, id_of(p), kind, number, p->person->id, &p->answer->body);
    if (e != OK)
        return page_error(p, e, NULL);
    p->answer->type = "application/octet-stream";
    return OK;
}
PAGE(case_sealed, PAGE_INSIDE)

static err case_wrap(struct page *p) {
    struct desk_why why = {.reason = DESK_OK};
    buf person = buf_on(NULL), text = buf_on(NULL), wrap = buf_on(NULL);
    err e = page_field(p, "person", &person);
    if (e == OK)
        e = page_field(p, "wrap", &text);
    if (e == OK)
        e = base64_decode(&wrap, buf_slice(&text));
    if (e == OK)
        e = desk_wrap_put(p->desk, id_of(p), p->person->id, buf_slice(&person), buf_slice(&wrap),
                          &why);
    buf_free(&person);
    buf_free(&text);
    buf_free(&wrap);
    return e == OK ? page_message(p, 200, WORD_REWRAP, WORD_DONE) : page_error(p, e, &why);
}
PAGE(case_wrap, PAGE_INSIDE)
