/* Papers: office files and suspension lists that are being signed. Each is a file in the desk's
 * folder papers/, named by the hash of its text, and grows by a line for each signature, until
 * those who must have signed; then it comes into force, and the file goes. */
#include "crypto/crypto.h"
#include "desk/pages/board.h"
#include "sys/files.h"

enum { NAME = 64, PAPERS_MAX = 64 };

static err path_to(struct page *p, slice name, buf *path) {
    return page_path(p, "/papers/", name, path);
}

static bool is_name(slice s) {
    uint8_t hash[32];
    return s.n == NAME && hex_decode_to(hash, sizeof(hash), s) == OK;
}

static err read_paper(struct page *p, slice name, buf *document) {
    if (!is_name(name))
        return ERR_NOT_FOUND;
    buf path = buf_on(NULL);
    err e = path_to(p, name, &path);
    if (e == OK)
        e = sys_file_read((const char *)path.p, OFFICE_DOCUMENT_MAX, document);
    buf_free(&path);
    return e;
}

static err write_paper(struct page *p, slice name, slice document) {
    buf path = buf_on(NULL);
    err e = path_to(p, name, &path);
    if (e == OK)
        e = sys_file_write((const char *)path.p, document, 0600);
    buf_free(&path);
    return e;
}

static err remove_paper(struct page *p, slice name) {
    buf path = buf_on(NULL);
    err e = path_to(p, name, &path);
    if (e == OK)
        e = sys_file_remove((const char *)path.p);
    buf_free(&path);
    return e;
}

/* ---- What it is ---- */

struct paper {
    struct office *office; /* one of the two */
    struct office_suspensions *list;
    const struct office_document *document;
};

static void paper_free(struct paper *paper) {
    office_free(paper->office);
    office_suspensions_free(paper->list);
}

static err paper_load(struct paper *paper, slice document, struct desk_why *why) {
    slice rest = document;
    *paper = (struct paper){NULL, NULL, NULL};
    *why = (struct desk_why){.reason = DESK_OFFICE};
    if (slice_skip(&rest, slice_str("sotto office 1\n"))) {
        why->office = office_load(&paper->office, NULL, document, &why->line);
        if (why->office == OFFICE_OK)
            paper->document = &paper->office->document;
    } else {
        why->office = office_suspensions_load(&paper->list, NULL, document, &why->line);
        if (why->office == OFFICE_OK)
            paper->document = &paper->list->document;
    }
    return why->office == OFFICE_OK ? OK : ERR_DENIED;
}

static err name_of(const struct paper *paper, buf *name) {
    return hex_encode(name, SLICE_ARRAY(paper->document->hash));
}

static err to_paper(struct page *p, slice name) {
    buf to = buf_on(NULL);
    err e = buf_append(&to, slice_str("/paper/"));
    if (e == OK)
        e = buf_append(&to, name);
    if (e == OK)
        e = sys_web_redirect(p->answer, buf_slice(&to));
    buf_free(&to);
    return e;
}

/* A line that is wrong spoils a paper for all who sign it. */
static err signatures_check(struct page *p, const struct paper *paper, struct desk_why *why) {
    struct office_signers all;
    *why = (struct desk_why){.reason = DESK_OFFICE};
    why->office = office_signed(desk_office(p->desk), desk_list(p->desk), paper->document, &all);
    return why->office == OFFICE_OK ? OK : ERR_DENIED;
}

static bool has_lines(const buf *document) {
    slice rest = buf_slice(document), line;
    while (slice_line(&rest, &line))
        if (line.n == 0)
            return true;
    return false;
}

struct crowd {
    struct page *p;
    size_t n;
    char idle[NAME]; /* one that nobody signed */
    bool has_idle;
};

static void crowd_add(void *ctx, const char *path) {
    struct crowd *c = ctx;
    size_t n = strlen(path);
    buf document = buf_on(NULL);
    if (n < NAME || !is_name(slice_str(path + n - NAME)))
        return;
    c->n++;
    slice name = slice_str(path + n - NAME);
    if (!c->has_idle && read_paper(c->p, name, &document) == OK && !has_lines(&document)) {
        memcpy(c->idle, name.p, NAME);
        c->has_idle = true;
    }
    buf_free(&document);
}

/* One that nobody signed makes room: whoever fills the folder must put their name to it, and keeps
 * no suspension from being begun. */
static err room_make(struct page *p, struct desk_why *why) {
    struct crowd c = {.p = p};
    buf folder = buf_on(NULL);
    err e = path_to(p, SLICE_EMPTY, &folder);
    if (e == OK)
        sys_files_walk((const char *)folder.p, "", crowd_add, &c);
    buf_free(&folder);
    if (e != OK || c.n < PAPERS_MAX)
        return e;
    if (c.has_idle)
        return remove_paper(p, slice_of(c.idle, NAME));
    *why = (struct desk_why){.reason = DESK_PAPERS};
    return ERR_DENIED;
}

/* One that is there already keeps the signatures that it has. */
static err begin_paper(struct page *p, slice name, slice text, struct desk_why *why) {
    buf path = buf_on(NULL);
    err e = room_make(p, why);
    if (e == OK)
        e = path_to(p, name, &path);
    if (e == OK)
        e = sys_file_create((const char *)path.p, text, 0600);
    buf_free(&path);
    return e == ERR_EXISTS ? OK : e;
}

err page_paper_begin(struct page *p, slice text) {
    struct paper paper;
    struct desk_why why;
    buf name = buf_on(NULL);
    err e = paper_load(&paper, text, &why);
    if (e == OK && paper.document->signatures.n > 0)
        e = signatures_check(p, &paper, &why);
    if (e == OK)
        e = name_of(&paper, &name);
    if (e == OK)
        e = begin_paper(p, buf_slice(&name), text, &why);
    e = e == OK ? to_paper(p, buf_slice(&name)) : page_error(p, e, &why);
    paper_free(&paper);
    buf_free(&name);
    return e;
}

static err paper_add(struct page *p) {
    buf document = buf_on(NULL);
    err e = page_document(p, "text", &document);
    e = e == OK ? page_paper_begin(p, buf_slice(&document)) : page_error(p, e, NULL);
    buf_free(&document);
    return e;
}
PAGE(paper_add, PAGE_INSIDE)

err page_paper_unsigned(struct page *p, slice name, buf *text) {
    struct paper paper = {NULL, NULL, NULL};
    struct desk_why why;
    err e = read_paper(p, name, text);
    if (e == OK)
        e = paper_load(&paper, buf_slice(text), &why);
    if (e == OK && (paper.office == NULL || paper.document->signatures.n > 0))
        e = ERR_NOT_FOUND;
    paper_free(&paper);
    return e;
}

err page_paper_drop(struct page *p, slice name) {
    return is_name(name) ? remove_paper(p, name) : ERR_NOT_FOUND;
}

/* ---- To sign ---- */

static void signers(struct page *p, const struct paper *paper) {
    static const enum word HEADS[] = {WORD_PERSON, WORD_ROLES, WORD_HOW};
    struct office_signers all;
    if (office_signed(desk_office(p->desk), desk_list(p->desk), paper->document, &all) != OFFICE_OK)
        return;
    page_section(p, WORD_SIGNED_SO_FAR);
    if (all.n == 0) {
        page_element(p, "p", WORD_SIGNED_BY_NOBODY);
    } else {
        page_table(p, WORD_SIGNATURES, HEADS, 3);
        for (size_t i = 0; i < all.n; i++) {
            html_open(&p->h, "tr", NULL);
            html_element(&p->h, "th", all.each[i].person->id, "scope", "row", NULL);
            html_open(&p->h, "td", NULL);
            page_roles(p, desk_person_roles(all.each[i].person));
            html_close(&p->h);
            page_cell_word(p, all.each[i].ssh ? WORD_HOW_SSH : WORD_HOW_PASSKEY);
            html_close(&p->h);
        }
        page_table_end(p);
    }
    html_close(&p->h);
}

/* ---- What it needs ---- */

static enum word move_word(enum office_move move) {
    switch (move) {
    case OFFICE_MOVE_LIFT:
        return WORD_NEEDS_LIFT;
    case OFFICE_MOVE_FREEZE:
        return WORD_NEEDS_FREEZE;
    case OFFICE_MOVE_UNFREEZE:
        return WORD_NEEDS_UNFREEZE;
    case OFFICE_MOVE_OFFICE:
        return WORD_NEEDS_OFFICE;
    default:
        return WORD_NEEDS_SUSPEND;
    }
}

static void needs_move(struct page *p, const struct office_signers *all, enum office_move move) {
    struct office_missing missing;
    office_missing(desk_office(p->desk), all, move, &missing);
    html_open(&p->h, "div", "class", "needs", NULL);
    page_element(p, "h3", move_word(move));
    if (missing.n == 0 && !missing.ssh)
        page_element(p, "p", WORD_ALL_SIGNED);
    html_open(&p->h, "ul", NULL);
    for (size_t i = 0; i < missing.n; i++) {
        html_open(&p->h, "li", NULL);
        page_seat(p, missing.seats[i]);
        html_close(&p->h);
    }
    if (missing.ssh)
        page_element(p, "li", WORD_MISSING_SSH);
    html_close(&p->h);
    html_close(&p->h);
}

static void needs(struct page *p, const struct paper *paper) {
    struct office_signers all;
    uint32_t moves = paper->office != NULL
                         ? (uint32_t)1 << OFFICE_MOVE_OFFICE
                         : office_suspensions_moves(paper->list, desk_list(p->desk));
    if (office_signed(desk_office(p->desk), desk_list(p->desk), paper->document, &all) != OFFICE_OK)
        all.n = 0;
    page_section(p, WORD_STILL_MISSING);
    if (moves == 0)
        page_note(p, "stop", WORD_NEVER_IN_FORCE);
    for (int move = 0; move < OFFICE_MOVE_COUNT; move++)
        if (moves >> move & 1)
            needs_move(p, &all, (enum office_move)move);
    html_close(&p->h);
}

/* ---- The assessment that a lift is made on ---- */

/* What is signed is its hash: a section that was written anew since is not what this paper has. */
static err assessed(struct page *p, const struct office_lifted *l, size_t i) {
    uint8_t hash[32];
    buf text = buf_on(NULL);
    err e = page_section_get(p, l->notice, (unsigned)i + 1, &text);
    if (e == OK)
        e = page_section_hash(p, l->notice, (unsigned)i + 1, hash);
    bool same = e == OK && memcmp(hash, l->sections.p[i].hash, sizeof(hash)) == 0;
    html_open(&p->h, "details", NULL);
    html_open(&p->h, "summary", NULL);
    page_section_title(p, (unsigned)i + 1);
    html_close(&p->h);
    if (same)
        page_pre(p, buf_slice(&text));
    else
        page_note(p, "stop", WORD_SECTION_OTHER);
    html_open(&p->h, "p", "class", "faint", NULL);
    page_hash(p, l->sections.p[i].hash);
    html_close(&p->h);
    html_close(&p->h);
    buf_free(&text);
    return e == ERR_NOT_FOUND ? OK : e;
}

static const struct office_lift_notice *notice_of(struct page *p, slice id) {
    const struct office_suspensions *l = desk_list(p->desk);
    for (size_t i = 0; l != NULL && i < l->notices.n; i++)
        if (slice_equal(l->notices.p[i].id, id))
            return &l->notices.p[i];
    return NULL;
}

static err lifts(struct page *p, const struct office_suspensions *list) {
    for (size_t i = 0; i < list->lifted.n; i++) {
        const struct office_lifted *l = &list->lifted.p[i];
        const struct office_lift_notice *n = notice_of(p, l->notice);
        page_section(p, WORD_ASSESSMENT);
        if (n != NULL) {
            page_lift_standing(p, n);
            page_lift_becomes(p, n);
        }
        page_element(p, "p", WORD_ASSESSMENT_SIGNED);
        for (size_t j = 0; j < l->sections.n; j++)
            TRY(assessed(p, l, j));
        html_close(&p->h);
    }
    return OK;
}

static void what_changes(struct page *p, const struct paper *paper) {
    page_section(p, WORD_WHAT_CHANGES);
    if (paper->office != NULL)
        page_office_changes(p, paper->office);
    else
        page_list_changes(p, paper->list);
    html_close(&p->h);
}

static err show_paper(struct page *p, const struct paper *paper) {
    page_begin(p, paper->office != NULL ? WORD_PAPER_OFFICE : WORD_PAPER_LIST);
    html_element(&p->h, "p", slice_str(page_word(p, WORD_PAPER_LEAD)), "class", "lead", NULL);
    what_changes(p, paper);
    if (paper->office != NULL && paper->document->signatures.n == 0)
        page_office_go_on(p, paper->document->hash);
    signers(p, paper);
    needs(p, paper);
    if (paper->list != NULL)
        TRY(lifts(p, paper->list));
    html_open(&p->h, "form", "method", "post", "class", "form", "data-script", "sign", NULL);
    html_attr(&p->h, "action", p->request->path);
    page_paper(p, "text", WORD_TO_SIGN, paper->document->text);
    html_open(&p->h, "p", "class", "actions", NULL);
    page_press(p, "sign", WORD_SIGN);
    html_element(&p->h, "button", slice_str(page_word(p, WORD_SEND_LINES)), "type", "submit",
                 "class", "quiet", NULL);
    html_close(&p->h);
    page_status(p);
    html_close(&p->h);
    return page_end(p);
}

static err paper(struct page *p) {
    struct paper paper = {NULL, NULL, NULL};
    struct desk_why why = {.reason = DESK_OK};
    buf document = buf_on(NULL);
    err e = read_paper(p, p->request->stars[0], &document);
    if (e == OK)
        e = paper_load(&paper, buf_slice(&document), &why);
    e = e == OK ? show_paper(p, &paper) : page_error(p, e, &why);
    paper_free(&paper);
    buf_free(&document);
    return e;
}
PAGE(paper, PAGE_INSIDE)

/* ---- Signed ---- */

/* Who hasn't enough signatures yet waits; what else is wrong is told. */
static bool waits(const struct desk_why *why) {
    return why->reason == DESK_OFFICE &&
           (why->office == OFFICE_SIGNERS || why->office == OFFICE_NO_SSH);
}

static err in_force(struct page *p, const struct paper *paper, slice document,
                    struct desk_why *why) {
    if (paper->office != NULL)
        return desk_office_change(p->desk, document, why);
    return desk_list_change(p->desk, document, NULL, 0, why);
}

/* None, for a paper that was signed before, is fine: then it is tried again. */
static err add_lines(struct page *p, buf *document) {
    buf lines = buf_on(NULL);
    bool has = has_lines(document);
    err e = page_field(p, "text-lines", &lines);
    if (e == OK && lines.n == 0)
        e = has ? OK : ERR_MALFORMED;
    else if (e == OK) {
        if (!has)
            e = buf_append_byte(document, '\n');
        if (e == OK)
            e = buf_append(document, buf_slice(&lines));
        if (e == OK && lines.p[lines.n - 1] != '\n')
            e = buf_append_byte(document, '\n');
    }
    buf_free(&lines);
    return e;
}

static err signed_paper(struct page *p, const struct paper *paper, slice name, slice document,
                        struct desk_why *why) {
    TRY(signatures_check(p, paper, why));
    TRY(write_paper(p, name, document));
    err e = in_force(p, paper, document, why);
    if (e == ERR_DENIED && waits(why))
        return to_paper(p, name);
    TRY(e);
    TRY(remove_paper(p, name));
    return page_to(p, paper->office != NULL ? "/office" : "/board");
}

static err paper_sign(struct page *p) {
    struct paper paper = {NULL, NULL, NULL};
    struct desk_why why = {.reason = DESK_OK};
    buf document = buf_on(NULL);
    err e = read_paper(p, p->request->stars[0], &document);
    if (e == OK)
        e = add_lines(p, &document);
    if (e == OK)
        e = paper_load(&paper, buf_slice(&document), &why);
    if (e == OK)
        e = signed_paper(p, &paper, p->request->stars[0], buf_slice(&document), &why);
    if (e != OK)
        e = page_error(p, e, &why);
    paper_free(&paper);
    buf_free(&document);
    return e;
}
PAGE(paper_sign, PAGE_INSIDE)

/* ---- Those that wait ---- */

struct waiting {
    struct page *p;
    size_t n;
};

static enum word kind_of(struct page *p, slice name) {
    buf document = buf_on(NULL);
    bool list = read_paper(p, name, &document) == OK;
    slice rest = buf_slice(&document);
    list = list && slice_skip(&rest, slice_str("sotto suspensions "));
    buf_free(&document);
    return list ? WORD_A_PAPER_LIST : WORD_A_PAPER_OFFICE;
}

static void waiting(void *ctx, const char *path) {
    struct waiting *w = ctx;
    struct page *p = w->p;
    size_t n = strlen(path);
    char to[8 + NAME] = "/paper/";
    if (n < NAME || !is_name(slice_str(path + n - NAME)))
        return;
    memcpy(to + 7, path + n - NAME, NAME + 1);
    w->n++;
    html_open(&p->h, "li", NULL);
    html_open(&p->h, "a", "href", to, NULL);
    page_say(p, kind_of(p, slice_str(to + 7)));
    html_string(&p->h, " ");
    html_element(&p->h, "code", slice_of(to + 7, NAME), "class", "hash", NULL);
    html_close(&p->h);
    html_close(&p->h);
}

void page_papers(struct page *p) {
    struct waiting w = {p, 0};
    buf path = buf_on(NULL);
    err e = path_to(p, SLICE_EMPTY, &path);
    page_section(p, WORD_PAPERS);
    html_open(&p->h, "ul", "class", "papers", NULL);
    if (e == OK)
        sys_files_walk((const char *)path.p, "", waiting, &w);
    html_close(&p->h);
    if (w.n == 0)
        page_element(p, "p", WORD_PAPERS_NONE);
    page_element(p, "p", WORD_PAPERS_TEXT);
    html_close(&p->h);
    html_fail(&p->h, e);
    buf_free(&path);
}
