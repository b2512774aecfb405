/* Drafts of the next office file: one person or authority comes, changes or goes at a time, in the
 * present file or in a draft that nobody signed yet. What counts is the text, which its own reader
 * judges when it becomes a paper. */
#include "base/text.h"
#include "desk/enrolment.h"
#include "desk/pages/page.h"
#include "sys/files.h"

enum { DRAFT_MAX = 8192 };
static const char *const KINDS[] = {"person ", "authority "};

/* ---- Texts ---- */

/* The draft that the changes go into; without one, the file in force. */
static err base_text(struct page *p, slice base, buf *text) {
    if (base.n > 0)
        return page_paper_unsigned(p, base, text);
    return buf_append(text, desk_office(p->desk)->document.text);
}

/* Persons stand before authorities, each ascending. */
static bool comes_before(int kind, slice id, int other_kind, slice other) {
    return kind != other_kind ? kind < other_kind : slice_compare(id, other) < 0;
}

struct change {
    int kind; /* of KINDS */
    slice id, block;
    bool placed;
};

static err place(struct change *c, buf *out) {
    if (c->placed)
        return OK;
    c->placed = true;
    return buf_append(out, c->block);
}

/* The block of this line begins: whether it stays. */
static err begin_block(struct change *c, int kind, slice id, bool *stays, buf *out) {
    bool same = kind == c->kind && slice_equal(id, c->id);
    *stays = !same;
    return same || comes_before(c->kind, c->id, kind, id) ? place(c, out) : OK;
}

static err head_line(struct page *p, slice line, buf *out) {
    const struct office *o = desk_office(p->desk);
    slice rest = line;
    if (slice_skip(&rest, slice_str("version "))) {
        TRY(buf_append(out, slice_str("version ")));
        TRY(decimal_encode(out, o->version + 1));
    } else if (slice_skip(&rest, slice_str("previous "))) {
        TRY(buf_append(out, slice_str("previous ")));
        TRY(hex_encode(out, slice_of(o->document.hash, 32)));
    } else {
        TRY(buf_append(out, line));
    }
    return buf_append_byte(out, '\n');
}

/* The file with this block in the place of the one of its id; without it, if the block is empty. */
static err changed_text(struct page *p, slice text, struct change *c, buf *out) {
    bool head = true, stays = true;
    for (slice line; slice_line(&text, &line);) {
        for (int kind = 0; kind < 2; kind++) {
            slice id = line;
            if (!slice_skip(&id, slice_str(KINDS[kind])))
                continue;
            head = false;
            TRY(begin_block(c, kind, id, &stays, out));
        }
        if (head)
            TRY(head_line(p, line, out));
        else if (stays) {
            TRY(buf_append(out, line));
            TRY(buf_append_byte(out, '\n'));
        }
    }
    return place(c, out);
}

/* ---- What a form says ---- */

/* "word value", of one line; nothing for an empty value. */
static err add_line(buf *block, const char *word, slice value) {
    if (value.n == 0)
        return OK;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == '\n')
            return ERR_MALFORMED;
    TRY(buf_append(block, slice_str(word)));
    TRY(buf_append(block, value));
    return buf_append_byte(block, '\n');
}

static err add_field(struct page *p, buf *block, const char *word, const char *name) {
    buf value = buf_on(NULL);
    err e = page_field(p, name, &value);
    if (e == OK)
        e = add_line(block, word, buf_slice(&value));
    buf_free(&value);
    return e;
}

/* Each line of the field. */
static err add_lines(struct page *p, buf *block, const char *word, const char *name) {
    buf value = buf_on(NULL);
    err e = page_field(p, name, &value);
    slice rest = buf_slice(&value);
    while (e == OK && rest.n > 0)
        e = add_line(block, word, slice_until(&rest, '\n'));
    buf_free(&value);
    return e;
}

/* As PEM has it, or base64 alone, a line each. */
static err add_certificates(struct page *p, buf *block) {
    buf value = buf_on(NULL), one = buf_on(NULL);
    bool inside = false;
    err e = page_field(p, "certificates", &value);
    slice rest = buf_slice(&value);
    while (e == OK && rest.n > 0) {
        slice line = slice_until(&rest, '\n');
        bool begins = slice_equal(line, slice_str("-----BEGIN CERTIFICATE-----")),
             ends = slice_equal(line, slice_str("-----END CERTIFICATE-----"));
        inside = (inside || begins) && !ends;
        if (!begins && !ends)
            e = buf_append(&one, line);
        if (e == OK && !inside) {
            e = add_line(block, "certificate ", buf_slice(&one));
            buf_clear(&one);
        }
    }
    buf_free(&value);
    buf_free(&one);
    return e == OK && inside ? ERR_MALFORMED : e;
}

/* The set of the boxes of this name, in the order of the roles. */
static err add_roles(struct page *p, buf *block, const char *word, const char *name) {
    static const char *const ROLES[] = {
#define X(text, name) text,
        OFFICE_ROLES(X)
#undef X
    };
    uint32_t set = 0;
    slice rest = p->request->body;
    buf field = buf_on(NULL), text = buf_on(NULL), names = buf_on(NULL);
    err e = OK;
    while (e == OK && (e = sys_form_next(&rest, &field, &text)) == OK)
        for (size_t i = 0; i < sizeof(ROLES) / sizeof(ROLES[0]); i++)
            if (slice_equal(buf_slice(&field), slice_str(name)) &&
                slice_equal(buf_slice(&text), slice_str(ROLES[i])))
                set |= (uint32_t)1 << i;
    e = e == ERR_NOT_FOUND ? OK : e;
    for (size_t i = 0; i < sizeof(ROLES) / sizeof(ROLES[0]) && e == OK; i++)
        if (set >> i & 1) {
            e = names.n > 0 ? buf_append_byte(&names, ' ') : OK;
            if (e == OK)
                e = buf_append(&names, slice_str(ROLES[i]));
        }
    if (e == OK)
        e = add_line(block, word, buf_slice(&names));
    buf_free(&field);
    buf_free(&text);
    buf_free(&names);
    return e;
}

/* The lines of a person's keys, as they stand. */
static err add_keys(slice text, slice id, buf *block) {
    static const char *const KEYS[] = {"seal ", "passkey ", "ssh-key "};
    bool own = false;
    for (slice line; slice_line(&text, &line);) {
        slice rest = line;
        if (slice_skip(&rest, slice_str("person ")) || slice_skip(&rest, slice_str("authority ")))
            own = slice_equal(rest, id) && line.p[0] == 'p';
        for (size_t i = 0; own && i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
            rest = line;
            if (slice_skip(&rest, slice_str(KEYS[i])))
                TRY(add_line(block, "", line));
        }
    }
    return OK;
}

static err person_block(struct page *p, slice base, slice id, buf *block) {
    TRY(add_line(block, "person ", id));
    TRY(add_roles(p, block, "roles ", "role"));
    TRY(add_roles(p, block, "deputy ", "deputy"));
    TRY(add_field(p, block, "countries ", "countries"));
    return add_keys(base, id, block);
}

static err authority_block(struct page *p, slice base, slice id, buf *block) {
    (void)base;
    TRY(add_line(block, "authority ", id));
    TRY(add_field(p, block, "name ", "name"));
    TRY(add_field(p, block, "jurisdiction ", "jurisdiction"));
    TRY(add_lines(p, block, "call ", "calls"));
    return add_certificates(p, block);
}

static bool is_id(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              (i > 0 && (s.p[i] == '-' || s.p[i] == '.'))))
            return false;
    return s.n > 0 && s.n < DESK_ID;
}

/* What a person handed in who enrolled. */
static err enrolled_block(struct page *p, slice base, slice id, buf *block) {
    (void)base;
    buf path = buf_on(NULL);
    err e = is_id(id) ? page_path(p, "/drafts/", id, &path) : ERR_NOT_FOUND;
    if (e == OK)
        e = sys_file_read((const char *)path.p, DRAFT_MAX, block);
    buf_free(&path);
    return e;
}

static err no_block(struct page *p, slice base, slice id, buf *block) {
    (void)p;
    (void)base;
    (void)id;
    (void)block;
    return OK;
}

static const struct {
    const char *what;
    int kind;
    err (*block)(struct page *p, slice base, slice id, buf *block);
} drafts[] = {{"person", 0, person_block},
              {"enrolled", 0, enrolled_block},
              {"remove-person", 0, no_block},
              {"authority", 1, authority_block},
              {"remove-authority", 1, no_block}};

static err draft(struct page *p, slice what, slice id, slice base, buf *out) {
    buf block = buf_on(NULL);
    err e = ERR_MALFORMED;
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
        if (!slice_equal(what, slice_str(drafts[i].what)))
            continue;
        e = drafts[i].block(p, base, id, &block);
        struct change c = {drafts[i].kind, id, buf_slice(&block), false};
        if (e == OK)
            e = changed_text(p, base, &c, out);
    }
    buf_free(&block);
    return e;
}

static err drafted(struct page *p, slice what, slice id, slice base) {
    buf text = buf_on(NULL), next = buf_on(NULL);
    err e = base_text(p, base, &text);
    if (e == OK)
        e = draft(p, what, id, buf_slice(&text), &next);
    if (e == OK)
        e = page_paper_begin(p, buf_slice(&next));
    else
        e = page_error(p, e, NULL);
    /* The draft that it goes on from is in the way, once there is another. */
    if (e == OK && base.n > 0 && p->answer->status == 303 &&
        !slice_equal(buf_slice(&text), buf_slice(&next)))
        e = page_paper_drop(p, base);
    buf_free(&text);
    buf_free(&next);
    return e;
}

static err office_compose(struct page *p) {
    buf what = buf_on(NULL), id = buf_on(NULL), base = buf_on(NULL);
    err e = page_field(p, "what", &what);
    if (e == OK)
        e = page_field(p, "id", &id);
    if (e == OK)
        e = page_field(p, "base", &base);
    e = e == OK ? drafted(p, buf_slice(&what), buf_slice(&id), buf_slice(&base))
                : page_error(p, e, NULL);
    buf_free(&what);
    buf_free(&id);
    buf_free(&base);
    return e;
}
PAGE(office_compose, PAGE_INSIDE)

/* ---- The forms ---- */

/* The draft that the address names, or the file in force. Freed by the caller. */
static err base_load(struct page *p, buf *base, struct office **o) {
    buf text = buf_on(NULL);
    *o = NULL;
    err e = page_query(p, "base", base);
    if (e == OK)
        e = base_text(p, buf_slice(base), &text);
    if (e == OK && office_load(o, NULL, buf_slice(&text), NULL) != OFFICE_OK)
        e = ERR_NOT_FOUND;
    buf_free(&text);
    return e;
}

static void form_begin(struct page *p, slice base, const char *what) {
    page_form(p, "/office/next", NULL);
    page_hidden(p, "base", base);
    page_hidden(p, "what", slice_str(what));
}

static void form_end(struct page *p) {
    html_element(&p->h, "p", slice_str(page_word(p, WORD_COMPOSE_TEXT)), "class", "hint", NULL);
    page_submit(p, WORD_DRAFT);
    html_close(&p->h);
}

/* A form of one button. */
static void button(struct page *p, slice base, const char *what, slice id, enum word w) {
    html_open(&p->h, "form", "method", "post", "action", "/office/next", "class", "inline", NULL);
    page_hidden(p, "base", base);
    page_hidden(p, "what", slice_str(what));
    page_hidden(p, "id", id);
    html_open(&p->h, "button", "type", "submit", "class", "quiet", NULL);
    page_say(p, w);
    html_string(&p->h, " ");
    html_text(&p->h, id);
    html_close(&p->h);
    html_close(&p->h);
}

static void role_boxes(struct page *p, enum word legend, const char *name, uint32_t roles) {
    page_choices(p, legend);
#define X(text, role)                                                                 \
    page_choice(p, "checkbox", name, text, slice_str(page_word(p, WORD_ROLE_##role)), \
                (roles & OFFICE_ROLE_##role) != 0);
    OFFICE_ROLES(X)
#undef X
    html_close(&p->h);
}

static err person_form(struct page *p, slice base, const struct office_person *one) {
    if (one == NULL)
        return page_error(p, ERR_NOT_FOUND, NULL);
    page_begin_with(p, WORD_CHANGE_PERSON, one->id);
    page_element(p, "p", WORD_CHANGE_PERSON_TEXT);
    form_begin(p, base, "person");
    page_hidden(p, "id", one->id);
    role_boxes(p, WORD_ROLES, "role", one->roles);
    role_boxes(p, WORD_DEPUTY_FOR, "deputy", one->deputy);
    page_input(p, &(struct page_input){.name = "countries",
                                       .label = WORD_COUNTRIES,
                                       .hint = WORD_COUNTRIES_HINT,
                                       .value = one->countries,
                                       .needed = true});
    form_end(p);
    page_section(p, WORD_REMOVE_PERSON);
    page_element(p, "p", WORD_REMOVE_PERSON_TEXT);
    button(p, base, "remove-person", one->id, WORD_REMOVE);
    html_close(&p->h);
    return page_end(p);
}

static err office_person(struct page *p) {
    struct office *o = NULL;
    buf base = buf_on(NULL);
    err e = base_load(p, &base, &o);
    e = e == OK ? person_form(p, buf_slice(&base), desk_person(o, p->request->stars[0]))
                : page_error(p, e, NULL);
    office_free(o);
    buf_free(&base);
    return e;
}
PAGE(office_person, PAGE_INSIDE)

static void authority_questions(struct page *p, const struct office_authority *a) {
    slice none = SLICE_EMPTY;
    page_input(p, &(struct page_input){.name = "name",
                                       .label = WORD_NAME,
                                       .hint = WORD_AUTHORITY_NAME_HINT,
                                       .value = a == NULL ? none : a->name,
                                       .needed = true});
    page_input(p, &(struct page_input){.name = "jurisdiction",
                                       .label = WORD_JURISDICTION,
                                       .hint = WORD_JURISDICTION_HINT,
                                       .value = a == NULL ? none : a->jurisdiction,
                                       .needed = true});
    page_lines_input(p, a == NULL ? NULL : &a->calls,
                     &(struct page_input){.name = "calls",
                                          .label = WORD_CALLS,
                                          .hint = WORD_CALLS_HINT,
                                          .lines = 3,
                                          .needed = true});
    page_lines_input(p, a == NULL ? NULL : &a->certificates,
                     &(struct page_input){.name = "certificates",
                                          .label = WORD_CERTIFICATES,
                                          .hint = WORD_CERTIFICATES_HINT,
                                          .lines = 6});
}

static err authority_form(struct page *p, slice base, const struct office_authority *a) {
    if (a == NULL)
        page_begin(p, WORD_ADD_AUTHORITY);
    else
        page_begin_with(p, WORD_CHANGE_AUTHORITY, a->id);
    page_element(p, "p", WORD_AUTHORITY_FORM_TEXT);
    form_begin(p, base, "authority");
    if (a == NULL)
        page_input(
            p, &(struct page_input){
                   .name = "id", .label = WORD_AUTHORITY_ID, .hint = WORD_ID_HINT, .needed = true});
    else
        page_hidden(p, "id", a->id);
    authority_questions(p, a);
    form_end(p);
    if (a != NULL) {
        page_section(p, WORD_REMOVE_AUTHORITY);
        page_element(p, "p", WORD_REMOVE_AUTHORITY_TEXT);
        button(p, base, "remove-authority", a->id, WORD_REMOVE);
        html_close(&p->h);
    }
    return page_end(p);
}

static err authority_page(struct page *p, slice id) {
    struct office *o = NULL;
    buf base = buf_on(NULL);
    err e = base_load(p, &base, &o);
    const struct office_authority *a = e == OK && id.n > 0 ? office_authority_find(o, id) : NULL;
    if (e == OK && id.n > 0 && a == NULL)
        e = ERR_NOT_FOUND;
    e = e == OK ? authority_form(p, buf_slice(&base), a) : page_error(p, e, NULL);
    office_free(o);
    buf_free(&base);
    return e;
}

static err office_authority(struct page *p) {
    return authority_page(p, p->request->stars[0]);
}
PAGE(office_authority, PAGE_INSIDE)

static err office_authority_new(struct page *p) {
    return authority_page(p, SLICE_EMPTY);
}
PAGE(office_authority_new, PAGE_INSIDE)

/* ---- What can be changed ---- */

static void link_to(struct page *p, const char *below, slice id, slice base, slice text) {
    buf to = buf_on(NULL);
    err e = buf_append(&to, slice_str(below));
    if (e == OK)
        e = buf_append(&to, id);
    if (e == OK && base.n > 0)
        e = buf_append(&to, slice_str("?base="));
    if (e == OK)
        e = buf_append(&to, base);
    html_fail(&p->h, e);
    html_open(&p->h, "a", NULL);
    html_attr(&p->h, "href", buf_slice(&to));
    html_text(&p->h, text);
    html_close(&p->h);
    buf_free(&to);
}

void page_office_go_on(struct page *p, const uint8_t paper[32]) {
    char base[HEX_TEXT];
    hex_text(paper, base);
    html_open(&p->h, "p", NULL);
    link_to(p, "/office/next", SLICE_EMPTY, slice_str(base), slice_str(page_word(p, WORD_GO_ON)));
    html_close(&p->h);
}

struct enrolled {
    struct page *p;
    slice base;
    size_t n;
};

static void enrolled(void *ctx, const char *path) {
    struct enrolled *all = ctx;
    const char *name = strrchr(path, '/');
    static const char IN[] = "/drafts";
    size_t n = name == NULL ? 0 : (size_t)(name - path), in = sizeof(IN) - 1;
    /* A folder that is not there is told of, too. */
    if (n < in || memcmp(name - in, IN, in) != 0 || !is_id(slice_str(name + 1)))
        return;
    html_open(&all->p->h, "li", NULL);
    button(all->p, all->base, "enrolled", slice_str(name + 1), WORD_TAKE_IN);
    html_close(&all->p->h);
    all->n++;
}

static err who_enrolled(struct page *p, slice base) {
    struct enrolled all = {p, base, 0};
    buf path = buf_on(NULL);
    page_section(p, WORD_WHO_ENROLLED);
    page_element(p, "p", WORD_WHO_ENROLLED_TEXT);
    html_open(&p->h, "ul", "class", "plain", NULL);
    err e = page_path(p, "/drafts", SLICE_EMPTY, &path);
    if (e == OK)
        sys_files_walk((const char *)path.p, "", enrolled, &all);
    html_close(&p->h);
    if (all.n == 0)
        page_element(p, "p", WORD_WHO_ENROLLED_NONE);
    html_close(&p->h);
    buf_free(&path);
    return e;
}

static void persons(struct page *p, slice base, const struct office *o) {
    page_section(p, WORD_PEOPLE);
    page_element(p, "p", WORD_CHANGE_WHOM);
    html_open(&p->h, "ul", "class", "columns", NULL);
    for (size_t i = 0; i < o->persons.n; i++) {
        html_open(&p->h, "li", NULL);
        link_to(p, "/office/person/", o->persons.p[i].id, base, o->persons.p[i].id);
        html_close(&p->h);
    }
    html_close(&p->h);
    html_close(&p->h);
}

static void authorities(struct page *p, slice base, const struct office *o) {
    page_section(p, WORD_DIRECTORY);
    html_open(&p->h, "p", NULL);
    link_to(p, "/office/authority", SLICE_EMPTY, base, slice_str(page_word(p, WORD_ADD_AUTHORITY)));
    html_close(&p->h);
    html_open(&p->h, "ul", "class", "columns", NULL);
    for (size_t i = 0; i < o->authorities.n && i < PAGE_AUTHORITIES; i++) {
        html_open(&p->h, "li", NULL);
        link_to(p, "/office/authority/", o->authorities.p[i].id, base, o->authorities.p[i].name);
        html_close(&p->h);
    }
    html_close(&p->h);
    if (o->authorities.n > PAGE_AUTHORITIES)
        page_element_number(p, "p", WORD_NOT_ALL_SHOWN, o->authorities.n);
    html_close(&p->h);
}

static void whole_text(struct page *p) {
    page_section(p, WORD_NEXT_OFFICE_WHOLE);
    page_element(p, "p", WORD_NEXT_OFFICE_TEXT);
    page_form(p, "/paper", NULL);
    page_input(p, &(struct page_input){.name = "text",
                                       .label = WORD_TEXT,
                                       .hint = WORD_NEXT_OFFICE_HINT,
                                       .lines = 6,
                                       .needed = true});
    page_submit(p, WORD_DRAFT);
    html_close(&p->h);
    html_close(&p->h);
}

static err next_page(struct page *p, slice base, const struct office *o) {
    page_begin(p, WORD_NEXT_OFFICE);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_NEXT_OFFICE_LEAD)), "class", "lead", NULL);
    if (base.n > 0) {
        page_note(p, "info", WORD_GOES_ON);
        page_office_changes(p, o);
    }
    TRY(who_enrolled(p, base));
    persons(p, base, o);
    authorities(p, base, o);
    whole_text(p);
    return page_end(p);
}

static err office_next(struct page *p) {
    struct office *o = NULL;
    buf base = buf_on(NULL);
    err e = base_load(p, &base, &o);
    e = e == OK ? next_page(p, buf_slice(&base), o) : page_error(p, e, NULL);
    office_free(o);
    buf_free(&base);
    return e;
}
PAGE(office_next, PAGE_INSIDE)
