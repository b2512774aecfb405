#include "desk/hi1_answer.h"

#include <stdio.h>

#include "base/time.h"
#include "desk/html.h"

#define CORE "http://uri.etsi.org/03120/common/2019/10/Core"
#define COMMON "http://uri.etsi.org/03120/common/2016/02/Common"
#define AUTHORISATION "http://uri.etsi.org/03120/common/2020/09/Authorisation"
#define TASK "http://uri.etsi.org/03120/common/2020/09/Task"
#define DOCUMENT "http://uri.etsi.org/03120/common/2020/09/Document"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

static const struct {
    const char *word, *authorisation, *task;
} answers[] = {
#define X(word, name, authorisation, task) {word, authorisation, task},
    HI1_ANSWERS(X)
#undef X
};

bool hi1_answer_of(slice word, enum hi1_answer *answer) {
    for (size_t i = 0; i < HI1_ANSWER_COUNT; i++)
        if (slice_equal(word, slice_str(answers[i].word))) {
            *answer = (enum hi1_answer)i;
            return true;
        }
    return false;
}

bool hi1_answer_fits(const struct hi1_filing *f, enum hi1_answer answer) {
    bool produce = f->authorisation.legal_type == HI1_EPOC;
    return answer == HI1_ANSWER_DISCLOSED   ? produce
           : answer == HI1_ANSWER_PRESERVED ? !produce
                                            : answer < HI1_ANSWER_COUNT;
}

/* ---- The response ---- */

static void put(struct html *h, const char *name, slice text) {
    html_element(h, name, text, NULL);
}

static void say(struct html *h, const char *name, const char *text) {
    put(h, name, slice_str(text));
}

static void party(struct html *h, const char *name, const struct hi1_party *p) {
    html_open(h, name, NULL);
    put(h, "CountryCode", p->country);
    put(h, "UniqueIdentifier", p->id);
    html_close(h);
}

static void put_time(struct html *h, const char *name, uint64_t ms) {
    char text[40];
    int year, month, day;
    unsigned seconds = (unsigned)(ms % TIME_DAY / TIME_SECOND);
    time_date(ms, &year, &month, &day);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02u:%02u:%02uZ", year, month, day, seconds / 3600,
             seconds / 60 % 60, seconds % 60);
    say(h, name, text);
}

/* As it came, but for the time: who sent the request finds it again. */
static void header(struct html *h, const struct hi1_filing *f, uint64_t time) {
    html_open(h, "Header", NULL);
    party(h, "SenderIdentifier", &f->sender);
    party(h, "ReceiverIdentifier", &f->receiver);
    put(h, "TransactionIdentifier", f->transaction);
    put_time(h, "Timestamp", time);
    html_open(h, "Version", NULL);
    put(h, "ETSIVersion", f->etsi_version);
    put(h, "NationalProfileOwner", f->profile_owner);
    put(h, "NationalProfileVersion", f->profile_version);
    html_close(h);
    html_close(h);
}

static void entry(struct html *h, const char *name, const char *dictionary, const char *value) {
    html_open(h, name, NULL);
    say(h, "common:Owner", "ETSI");
    say(h, "common:Name", dictionary);
    say(h, "common:Value", value);
    html_close(h);
}

/* status: the element of the status, its dictionary, its value; NULL: it has none. */
static void created(struct html *h, const struct hi1_object *o, const char *type,
                    const char *const status[3]) {
    html_open(h, "ActionResponse", NULL);
    put(h, "ActionIdentifier", o->action);
    html_open(h, "CREATEResponse", NULL);
    put(h, "Identifier", o->id);
    if (status != NULL) {
        html_open(h, "HI1Object", "xsi:type", type, NULL);
        put(h, "ObjectIdentifier", o->id);
        entry(h, status[0], status[1], status[2]);
        html_close(h);
    }
    html_close(h);
    html_close(h);
}

static void objects(struct html *h, const struct hi1_filing *f, enum hi1_answer answer) {
    const char *const authorisation[] = {"auth:AuthorisationStatus", "AuthorisationStatus",
                                         answers[answer].authorisation};
    const char *const disclosure[] = {"task:Status", "LDTaskStatus", answers[answer].task};
    const char *const preservation[] = {"task:Status", "LPTaskStatus", answers[answer].task};
    created(h, &f->authorisation.object, "auth:AuthorisationObject", authorisation);
    for (size_t i = 0; i < f->tasks.n; i++) {
        const struct hi1_task *t = &f->tasks.p[i];
        if (t->kind == HI1_DISCLOSURE)
            created(h, &t->object, "task:LDTaskObject", disclosure);
        else if (t->kind == HI1_PRESERVATION)
            created(h, &t->object, "task:LPTaskObject", preservation);
        else
            created(h, &t->object, "task:LITaskObject",
                    (const char *const[]){"task:Status", "TaskStatus", "Rejected"});
    }
    for (size_t i = 0; i < f->documents.n; i++)
        created(h, &f->documents.p[i].object, "doc:DocumentObject", NULL);
}

err hi1_respond(buf *out, const struct hi1_filing *f, enum hi1_answer answer, uint64_t time) {
    struct html h;
    TRY(buf_append(out, slice_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")));
    html_init(&h, out);
    html_open(&h, "HI1Message", "xmlns", CORE, "xmlns:xsi", XSI, "xmlns:common", COMMON,
              "xmlns:auth", AUTHORISATION, "xmlns:task", TASK, "xmlns:doc", DOCUMENT, NULL);
    header(&h, f, time);
    html_open(&h, "Payload", NULL);
    html_open(&h, "ResponsePayload", NULL);
    html_open(&h, "ActionResponses", NULL);
    objects(&h, f, answer);
    for (int i = 0; i < 4; i++)
        html_close(&h);
    TRY(html_result(&h));
    return buf_append_byte(out, '\n');
}

/* ---- Annex III ---- */

static void row(struct html *h, const char *name, slice text) {
    html_open(h, "p", NULL);
    html_element(h, "b", slice_str(name), NULL);
    html_string(h, ": ");
    html_text(h, text.n > 0 ? text : slice_str("......................................"));
    html_close(h);
}

static void section(struct html *h, const char *title) {
    say(h, "h2", title);
}

static void rows(struct html *h, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++)
        row(h, names[i], SLICE_EMPTY);
}
#define ROWS(h, names) rows(h, names, sizeof names / sizeof names[0])

static void authorities(struct html *h, const struct hi1_filing *f) {
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
    row(h, "Date of receipt", SLICE_EMPTY);
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

static void rest(struct html *h, const struct hi1_form *form) {
    static const char *const third[] = {"The law of the third country, and its provision",
                                        "Nature of the obligation",
                                        "Why it applies",
                                        "Why there is a conflict",
                                        "Link of the provider to the third country",
                                        "Consequences of complying"};
    static const char *const contact[] = {"Name",   "Function", "Address",  "Telephone",
                                          "E-mail", "Date",     "Signature"};
    section(h, "E. Conflict with the law of a third country");
    if (form->third_state)
        ROWS(h, third);
    else
        say(h, "p", "Not raised.");
    section(h, "F. What is asked of the issuing authority");
    row(h, "Question, or what is to be corrected", SLICE_EMPTY);
    section(h, "G. Preservation");
    say(h, "p", "[ ] The data asked for is preserved meanwhile.  [ ] It is not, since:");
    row(h, "Reason", SLICE_EMPTY);
    section(h, "H. Contact and signature");
    ROWS(h, contact);
}

err hi1_annex_iii(buf *out, const struct hi1_filing *f, const struct hi1_form *form) {
    bool produce = f->authorisation.legal_type == HI1_EPOC;
    const struct hi1_party *to =
        f->authorisation.provider.id.n > 0 ? &f->authorisation.provider : &f->receiver;
    struct html h;
    html_init(&h, out);
    html_doctype(&h);
    html_open(&h, "html", "lang", "en", NULL);
    html_open(&h, "head", NULL);
    html_void(&h, "meta", "charset", "utf-8", NULL);
    say(&h, "title", "Annex III");
    html_close(&h);
    html_open(&h, "body", NULL);
    say(&h, "h1", "Annex III of Regulation (EU) 2023/1543: the certificate can't be complied with");
    put_time(&h, "p", form->time);
    section(&h, "A. The certificate");
    html_string(&h, produce ? "[x] EPOC  [ ] EPOC-PR" : "[ ] EPOC  [x] EPOC-PR");
    authorities(&h, f);
    section(&h, "C. Addressee");
    row(&h, "Addressee", to->id);
    row(&h, "State", to->country);
    grounds(&h, form);
    rest(&h, form);
    html_close(&h);
    html_close(&h);
    return html_result(&h);
}
