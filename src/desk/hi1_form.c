/* The form of Annex III, by the sections of the Regulation: a page to print, and the same as XML. */
#include "desk/hi1_answer.h"
#include "desk/html.h"

static bool produces(const struct hi1_filing *f) {
    return f->authorisation.legal_type == HI1_EPOC;
}

static const struct hi1_party *addressee(const struct hi1_filing *f) {
    return f->authorisation.provider.id.n > 0 ? &f->authorisation.provider : &f->receiver;
}

static const char *const asks[HI1_FACT_COUNT] = {
#define X(id, name, text) text,
    HI1_FACTS(X)
#undef X
};

/* ---- A page to print ---- */

static void row(struct html *h, const char *name, slice text) {
    html_open(h, "p", NULL);
    html_element(h, "b", slice_str(name), NULL);
    html_string(h, ": ");
    html_text(h, text.n > 0 ? text : slice_str("......................................"));
    html_close(h);
}

static void say(struct html *h, const char *name, const char *text) {
    html_element(h, name, slice_str(text), NULL);
}

static void section(struct html *h, const char *title) {
    say(h, "h2", title);
}

static void facts(struct html *h, const struct hi1_form *form, enum hi1_fact first,
                  enum hi1_fact last) {
    for (int i = (int)first; i <= (int)last; i++)
        row(h, asks[i], form->facts[i]);
}

static void authorities(struct html *h, const struct hi1_filing *f, const struct hi1_form *form) {
    section(h, "B. Authorities, file numbers, dates");
    row(h, "State", f->sender.country);
    row(h, "Sender", f->sender.id);
    row(h, "File number", f->authorisation.reference);
    row(h, "Transaction", f->transaction);
    for (size_t i = 0; i < f->authorisation.approvals.n; i++) {
        const struct hi1_approval *a = &f->authorisation.approvals.p[i];
        row(h, "Approved by", a->type);
        row(h, "Date of issue", a->time);
    }
    facts(h, form, HI1_FACT_RECEIVED, HI1_FACT_RECEIVED);
}

static void grounds(struct html *h, const struct hi1_form *form) {
    section(h, "D. Reasons");
    html_open(h, "ul", NULL);
    for (size_t i = 0; i < form->ground_count; i++) {
        html_open(h, "li", NULL);
        html_string(h, form->grounds[i].chosen ? "[x] " : "[ ] ");
        html_text(h, form->grounds[i].name);
        html_close(h);
    }
    html_close(h);
    row(h, "Explanation", form->reason);
}

static void rest(struct html *h, const struct hi1_form *form, const char *time) {
    section(h, "E. Conflict with the law of a third country");
    if (form->third_state)
        facts(h, form, HI1_FACT_LAW, HI1_FACT_CONSEQUENCES);
    else
        say(h, "p", "Not raised.");
    section(h, "F. What is asked of the issuing authority");
    facts(h, form, HI1_FACT_QUESTION, HI1_FACT_QUESTION);
    section(h, "G. Preservation");
    facts(h, form, HI1_FACT_PRESERVED, HI1_FACT_PRESERVED);
    section(h, "H. Contact and signature");
    facts(h, form, HI1_FACT_NAME, HI1_FACT_E_MAIL);
    row(h, "Date", slice_str(time));
    row(h, "Signature", SLICE_EMPTY);
}

err hi1_annex_iii(buf *out, const struct hi1_filing *f, const struct hi1_form *form) {
    struct html h;
    char time[HI1_TIME];
    hi1_time_text(form->time, time);
    html_init(&h, out);
    html_doctype(&h);
    html_open(&h, "html", "lang", "en", NULL);
    html_open(&h, "head", NULL);
    html_void(&h, "meta", "charset", "utf-8", NULL);
    say(&h, "title", "Annex III");
    html_close(&h);
    html_open(&h, "body", NULL);
    say(&h, "h1", "Annex III of Regulation (EU) 2023/1543: the certificate can't be complied with");
    section(&h, "A. The certificate");
    html_string(&h, produces(f) ? "[x] EPOC  [ ] EPOC-PR" : "[ ] EPOC  [x] EPOC-PR");
    authorities(&h, f, form);
    section(&h, "C. Addressee");
    row(&h, "Addressee", addressee(f)->id);
    row(&h, "State", addressee(f)->country);
    grounds(&h, form);
    rest(&h, form, time);
    html_close(&h);
    html_close(&h);
    return html_result(&h);
}

/* ---- XML ---- */

struct writing {
    struct html h;
    const struct hi1_words *w;
    const struct hi1_filing *f;
    const struct hi1_form *form;
};

static void open(struct writing *x, enum hi1_word word) {
    html_open(&x->h, x->w->each[word], NULL);
}

static void put(struct writing *x, enum hi1_word word, slice text) {
    html_element(&x->h, x->w->each[word], text, NULL);
}

static void put_facts(struct writing *x, enum hi1_fact first, enum hi1_fact last) {
    for (int i = (int)first; i <= (int)last; i++)
        put(x, (enum hi1_word)(HI1_WORD_OF_FACT + i), x->form->facts[i]);
}

/* A section of facts alone. */
static void put_section(struct writing *x, enum hi1_word word, enum hi1_fact first,
                        enum hi1_fact last) {
    open(x, word);
    put_facts(x, first, last);
    html_close(&x->h);
}

static void put_authorities(struct writing *x) {
    const struct hi1_authorisation *a = &x->f->authorisation;
    open(x, HI1_WORD_SECTION_B);
    put(x, HI1_WORD_STATE, x->f->sender.country);
    put(x, HI1_WORD_AUTHORITY, x->f->sender.id);
    put(x, HI1_WORD_FILE_NUMBER, a->reference);
    put(x, HI1_WORD_TRANSACTION, x->f->transaction);
    for (size_t i = 0; i < a->approvals.n; i++) {
        open(x, HI1_WORD_APPROVAL);
        put(x, HI1_WORD_APPROVED_BY, a->approvals.p[i].type);
        put(x, HI1_WORD_FILE_NUMBER, a->approvals.p[i].reference);
        put(x, HI1_WORD_ISSUED, a->approvals.p[i].time);
        html_close(&x->h);
    }
    put_facts(x, HI1_FACT_RECEIVED, HI1_FACT_RECEIVED);
    html_close(&x->h);
}

/* The same of each task: what is refused is the order. */
static void put_reasons(struct writing *x) {
    open(x, HI1_WORD_SECTION_D);
    for (size_t i = 0; i < x->f->tasks.n; i++) {
        open(x, HI1_WORD_NON_EXECUTION);
        put(x, HI1_WORD_TASK, x->f->tasks.p[i].object.id);
        open(x, HI1_WORD_REASONS);
        for (size_t k = 0; k < x->form->ground_count; k++)
            if (x->form->grounds[k].chosen)
                put(x, HI1_WORD_REASON, x->form->grounds[k].name);
        html_close(&x->h);
        put(x, HI1_WORD_EXPLANATION, x->form->reason);
        html_close(&x->h);
    }
    html_close(&x->h);
}

static void put_preservation(struct writing *x) {
    open(x, HI1_WORD_SECTION_G);
    for (size_t i = 0; i < x->f->tasks.n; i++) {
        open(x, HI1_WORD_PRESERVATION);
        put(x, HI1_WORD_TASK, x->f->tasks.p[i].object.id);
        put_facts(x, HI1_FACT_PRESERVED, HI1_FACT_PRESERVED);
        html_close(&x->h);
    }
    html_close(&x->h);
}

static void put_form(struct writing *x, const char *time) {
    open(x, HI1_WORD_SECTION_A);
    put(x, HI1_WORD_CERTIFICATE, slice_str(produces(x->f) ? "EPOC" : "EPOC-PR"));
    html_close(&x->h);
    put_authorities(x);
    open(x, HI1_WORD_SECTION_C);
    put(x, HI1_WORD_ADDRESSEE, addressee(x->f)->id);
    put(x, HI1_WORD_STATE, addressee(x->f)->country);
    html_close(&x->h);
    put_reasons(x);
    if (x->form->third_state)
        put_section(x, HI1_WORD_SECTION_E, HI1_FACT_LAW, HI1_FACT_CONSEQUENCES);
    put_section(x, HI1_WORD_SECTION_F, HI1_FACT_QUESTION, HI1_FACT_QUESTION);
    put_preservation(x);
    open(x, HI1_WORD_SECTION_H);
    put_facts(x, HI1_FACT_NAME, HI1_FACT_E_MAIL);
    put(x, HI1_WORD_DATE, slice_str(time));
    html_close(&x->h);
}

err hi1_annex_iii_xml(buf *out, const struct hi1_filing *f, const struct hi1_words *w,
                      const struct hi1_form *form) {
    struct writing x = {.w = w, .f = f, .form = form};
    char time[HI1_TIME];
    hi1_time_text(form->time, time);
    TRY(buf_append(out, slice_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")));
    html_init(&x.h, out);
    html_open(&x.h, w->each[HI1_WORD_FORM], "xmlns", w->each[HI1_WORD_FORM_NAMESPACE], NULL);
    put_form(&x, time);
    html_close(&x.h);
    TRY(html_result(&x.h));
    return buf_append_byte(out, '\n');
}
