/* What the files of pages/ share: a page that is being made, and the parts of which pages are made.
 * Nobody outside includes this but tests. */
#ifndef SOTTO_DESK_PAGES_PAGE_H
#define SOTTO_DESK_PAGES_PAGE_H

#include "base/text.h"
#include "desk/html.h"
#include "desk/ledger.h"
#include "desk/pages/data.h"
#include "desk/pages/pages.h"
#include "desk/pages/sessions.h"
#include "desk/pages/tickets.h"
#include "desk/words.h"

struct desk_pages {
    struct desk *desk;
    struct desk_pages_options options;
    struct page_sessions sessions;
    struct page_tickets tickets, signed_tickets; /* the second: of authorities */
    struct page_data *data;
    unsigned rise; /* of what a filing costs, as it was at: */
    uint64_t rise_looked;
};

struct page {
    struct desk_pages *pages;
    struct desk *desk;
    const struct sys_web_request *request;
    err uploaded;
    struct sys_web_answer *answer;
    struct html h;
    enum words_language language;
    uint64_t now;
    /* Of whoever is signed in; NULL, both, if nobody is. */
    const struct page_session *session;
    const struct office_person *person;
};

/* ---- A page's function ----
 * Each page is a `static err NAME(struct page *p)`; PAGE gives it the form that the table wants.
 * OPEN to everybody; INSIDE for who is signed in, others are sent to sign in. */
enum page_for { PAGE_OPEN, PAGE_INSIDE };
err page_run(void *ctx, const struct sys_web_request *request, err uploaded,
             struct sys_web_answer *answer, enum page_for whom, err (*make)(struct page *p));
/* The same question before the body of what is INSIDE is read: sys_web_page's admit. */
err page_admit(void *ctx, const struct sys_web_request *request, struct sys_web_answer *answer,
               bool *admitted);
#define PAGE(name, whom)                                                         \
    err page_at_##name(void *ctx, const struct sys_web_request *request, err up, \
                       struct sys_web_answer *answer) {                          \
        return page_run(ctx, request, up, answer, whom, name);                   \
    }
/* What the table has: page_at_NAME for each. */
/* clang-format off */
#define PAGE_LIST(X) \
    X(home) \
    X(policy) \
    X(guidelines) \
    X(ledger) \
    X(published) \
    X(report) \
    X(file) \
    X(file_price) \
    X(file_wait) \
    X(file_place) \
    X(file_sign) \
    X(file_signed) \
    X(file_take) \
    X(status) \
    X(receipt_note) \
    X(receipt_proof) \
    X(objection) \
    X(object) \
    X(language) \
    X(asset) \
    X(login) \
    X(login_take) \
    X(logout) \
    X(act_as) \
    X(act_as_key) \
    X(enrol) \
    X(enrol_begin) \
    X(enrol_keys) \
    X(queue) \
    X(case_) \
    X(case_key) \
    X(case_key_drop) \
    X(case_sealed) \
    X(case_wrap) \
    X(case_form) \
    X(case_compose) \
    X(case_move) \
    X(tasks) \
    X(rewrap) \
    X(carry) \
    X(carry_done) \
    X(carry_refused) \
    X(board) \
    X(board_form) \
    X(board_compose) \
    X(assessment) \
    X(assessment_take) \
    X(sightings) \
    X(office) \
    X(office_next) \
    X(office_compose) \
    X(office_person) \
    X(office_authority) \
    X(office_authority_new) \
    X(directory) \
    X(roster) \
    X(roster_set) \
    X(roster_remove) \
    X(paper) \
    X(paper_add) \
    X(paper_sign) \
    X(me) \
    X(me_key) \
    X(me_key_put) \
    X(me_away)
/* clang-format on */
#define X(name)                                                                  \
    err page_at_##name(void *ctx, const struct sys_web_request *request, err up, \
                       struct sys_web_answer *answer);
PAGE_LIST(X)
#undef X

/* Takes the public form's upload, of so many bytes at most. */
enum { PAGE_FILING_MAX = 48 << 20 };
extern const struct sys_web_upload page_filing_upload, page_enrolled_upload;
/* Where the receipt, signed, and its proof are: receipt.c. */
void page_receipt_links(struct page *p, const struct desk_receipt *r);

/* ---- Frame ---- */

/* Everything before and after a page's own content; begin writes its heading, too. */
void page_begin(struct page *p, enum word title);
/* The same with a title of data, such as a case's number, after the word. */
void page_begin_with(struct page *p, enum word title, slice what);
err page_end(struct page *p);
/* A page that says one thing. */
err page_message(struct page *p, unsigned status, enum word title, enum word text);
/* Why, in the reader's language. */
const char *page_why_text(const struct page *p, const struct desk_why *why);
/* What the desk refused, and why. */
err page_refused(struct page *p, const struct desk_why *why);
/* An error of the desk: refusals and what isn't there become pages, others stay what they are. */
err page_error(struct page *p, err e, const struct desk_why *why);
err page_to(struct page *p, const char *path);

/* ---- Parts ---- */

const char *page_word(const struct page *p, enum word w);
void page_say(struct page *p, enum word w);
/* Words with {1}, {2}... replaced. */
void page_say_with(struct page *p, enum word w, const slice *with, size_t n);
void page_say_number(struct page *p, enum word w, uint64_t number);
void page_element(struct page *p, const char *element, enum word w);
void page_element_number(struct page *p, const char *element, enum word w, uint64_t number);
void page_note(struct page *p, const char *kind, enum word w); /* "info", "warn", "stop" */
void page_link(struct page *p, const char *path, enum word w);
void page_section(struct page *p, enum word title); /* html_close ends it */
/* A text as it is, in its lines. */
void page_lines(struct page *p, const struct office_lines *lines);
void page_pre(struct page *p, slice text);

enum { PAGE_TIME = 32 };
/* 2026-11-27 14:05 UTC */
void page_time_text(uint64_t ms, char out[PAGE_TIME]);
void page_time(struct page *p, uint64_t ms);
/* How far from now: "in 3 days", "2 hours ago". */
void page_until(struct page *p, uint64_t ms);
/* Says in words whether it is over. */
void page_deadline(struct page *p, uint64_t ms);

/* A list of terms: rows between page_facts and html_close. */
void page_facts(struct page *p);
void page_fact(struct page *p, enum word term); /* open; page_fact_end closes it */
void page_fact_end(struct page *p);
void page_fact_text(struct page *p, enum word term, slice text);
void page_fact_time(struct page *p, enum word term, uint64_t ms); /* left out if 0 */
void page_fact_hash(struct page *p, enum word term, const uint8_t hash[32]);
void page_hash(struct page *p, const uint8_t hash[32]);

enum { PAGE_AUTHORITIES = 500 }; /* of the directory, in one list */

/* A table in a frame that scrolls by keyboard, too; page_table_end closes it. */
void page_table(struct page *p, enum word caption, const enum word *heads, size_t n);
void page_table_end(struct page *p);
void page_cell(struct page *p, slice text);
void page_cell_word(struct page *p, enum word w);

/* ---- Forms ---- */

void page_form(struct page *p, const char *action, const char *script);
struct page_input {
    const char *name;
    enum word label, hint; /* hint: WORD_NONE for none */
    slice value;
    bool needed;
    unsigned lines;   /* 0: one, an input; else a textarea of so many */
    const char *type; /* NULL: "text" */
};
void page_input(struct page *p, const struct page_input *input);
/* A textarea that has these lines; NULL for none. */
void page_lines_input(struct page *p, const struct office_lines *lines,
                      const struct page_input *input);
void page_hidden(struct page *p, const char *name, slice value);
void page_select(struct page *p, const char *name, enum word label);
void page_option(struct page *p, const char *value, slice text, bool selected);
void page_select_end(struct page *p);
/* A group of choices: page_choice each, html_close ends it. */
void page_choices(struct page *p, enum word legend);
void page_choice(struct page *p, const char *type, const char *name, const char *value, slice text,
                 bool checked);
void page_submit(struct page *p, enum word w);
/* A button for the script: shown as out of use until it takes it over. */
void page_press(struct page *p, const char *what, enum word w);
/* Where the script says what it does, and the words that it uses. */
void page_status(struct page *p);
/* A text that is to be signed, exactly as it is. name: of the form's field for it. */
void page_paper(struct page *p, const char *name, enum word title, slice text);
/* What is in it, for a caller who opens the section: the text, and where lines of signatures that
 * were made elsewhere are pasted. */
void page_paper_text(struct page *p, const char *name, slice text);
void page_paper_lines(struct page *p, const char *name);
/* Whether a witness has cosigned the ledger. */
bool page_witnessed(struct page *p);
/* Whether a path below public/ is one that is given out. */
bool page_published_name(slice path);
/* Takes an office file or a suspension list to be signed, and shows it. */
err page_paper_begin(struct page *p, slice text);
/* An office file that waits and that nobody signed: its text. NOT_FOUND. */
err page_paper_unsigned(struct page *p, slice name, buf *text);
/* It is in the way of another draft. */
err page_paper_drop(struct page *p, slice name);
/* A list of what a paper changes, beside what is in force. */
void page_office_changes(struct page *p, const struct office *next);
void page_list_changes(struct page *p, const struct office_suspensions *next);
/* A link to draft more changes into an office file that nobody signed. */
void page_office_go_on(struct page *p, const uint8_t paper[32]);
/* Whether those on duty now could answer an emergency. */
err page_duty_note(struct page *p);
/* Those that wait for signatures. */
void page_papers(struct page *p);
/* What deployment.json says under this id, or the office file; empty if neither does. */
slice page_deployed(struct page *p, slice id);
/* What of a letter a person says: the ground, of reasons.json, and what only who read the filing
 * knows, since the desk can't: the authority's own file number, and what it asked for or by what it
 * named somebody, or else the letter's question or manifest; the court; by when. Empty, 0: not
 * said. */
struct page_letter_facts {
    slice ground, reference, asked, court;
    uint64_t until;
};
/* What a template, of letters.json, is called. */
err page_letter_subject(struct page *p, const struct json_object *letter, const struct desk_case *c,
                        buf *out);
/* Whether this template, of letters.json, is one for the authority of such a case as it is now. */
bool page_letter_fits(const struct json_object *letter, const struct desk_case *c);
/* A letter by its template, for a case. Lines, none empty. What is not known stays in its braces,
 * and desk_unfilled finds it. */
err page_letter(struct page *p, const char *template, const struct desk_case *c,
                const struct page_letter_facts *facts, buf *out);
/* The case and its public key, for the script, as attributes. */
void page_case_key(struct page *p, slice id);
/* Where the text of a server's manifest is pasted. */
void page_manifest(struct page *p);
/* A row of who lacks a case's key, for the script to give it. */
void page_lacking(struct page *p, slice case_id, const struct office_person *person);
/* The person's passkeys, for the script, as an attribute. */
void page_credentials(struct page *p, const struct office_person *person);

/* ---- What was sent ---- */

/* A field of the form; empty if it isn't there. Line ends as browsers send them become newlines. */
err page_field(struct page *p, const char *name, buf *value);
void page_line_ends(buf *value);
/* A value of the address. */
err page_query(struct page *p, const char *name, buf *value);
/* Whether a word is among others that spaces part. */
bool page_has_word(slice words, slice word);
/* An id of an office file or a list as a string. */
void page_id(slice id, char out[DESK_ID]);
/* False for a form on a page of somebody else, by what the browser says. */
bool page_same_site(struct page *p);
/* When the day of a date field begins. MALFORMED. */
err page_day(slice date, uint64_t *ms);
/* A number of two digits. MALFORMED. */
err page_two(slice s, unsigned most, uint64_t *number);
/* A document of a text and lines of signatures, as forms have them: NAME and NAME-lines. */
err page_document(struct page *p, const char *name, buf *document);

/* ---- Names ---- */

enum word page_state_word(enum desk_state s);
enum word page_move_word(enum desk_move m);
/* As history tells it: a move that was made, in whole. */
enum word page_moved_word(enum desk_move m);
enum word page_lens_word(enum desk_lens lens);
enum word page_verdict_word(enum desk_verdict v);
/* What data calls it: FILE's LIST has an entry of this id; else the id itself. */
slice page_name(const struct page *p, const char *file, const char *list, slice id);
enum word page_role_word(uint32_t role); /* the lowest bit */
void page_roles(struct page *p, uint32_t roles);
/* A seat of which one of the roles is enough: "approver or local-law reviewer". */
void page_seat(struct page *p, uint32_t roles);
void page_fields(struct page *p, uint32_t fields);
void page_badge(struct page *p, const char *kind, enum word w);
void page_state_badge(struct page *p, enum desk_state s);

/* Whether something is suspended or otherwise to be known everywhere. */
void page_suspension(struct page *p, const struct office_suspension *s, unsigned level);
void page_lift_notice(struct page *p, const struct office_lift_notice *n);
/* That the suspension ends, or what it becomes. */
void page_lift_becomes(struct page *p, const struct office_lift_notice *n);

/* ---- The desk's folder ---- */

/* BELOW (such as "/papers/") and a name, with their NUL. */
err page_path(const struct page *p, const char *below, slice name, buf *path);
/* Keeps a suspension as it will be after a lift in part, by the hash that a notice of it names. */
err page_becomes_put(struct page *p, const struct office_suspension *s, uint8_t hash[32]);
/* A list of it alone, whose slices point into the document. NOT_FOUND. */
err page_becomes_get(struct page *p, const uint8_t hash[32], struct office_suspensions **out);
#endif
