/* Answers to a filing in HI1, as files for a person to upload. They are made of the filing's own
 * file, since the desk can't open what is sealed into the case. */
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/command.h"
#include "desk/desk.h"
#include "desk/hi1_answer.h"
#include "desk/pages/data.h"
#include "sys/files.h"

enum { GROUNDS_MAX = 32, PACKAGE_MAX = 1 << 20, FACT_MAX = 4096 };

static int words_load(struct hi1_words *w, const char *folder) {
    err e = hi1_words_load(w, folder);
    return e == OK ? CODE_FINE : command_error("hi1.json", e);
}

/* Whatever the outcome of making it, e: once it is as the operator's schemas say. */
static int write_out(const struct command_line *line, err e, slice message) {
    if (e != OK)
        return command_error("the answer", e);
    int code = command_hi1_schema(line->schema, "the answer", message);
    if (code != CODE_FINE || line->to == NULL)
        return code == CODE_FINE ? command_write(NULL, message) : code;
    /* A letter that is delivered says of an account what is held. */
    e = sys_file_write(line->to, message, 0600);
    return e == OK ? CODE_FINE : command_error(line->to, e);
}

/* ---- answer ---- */

static int respond(const struct command_line *line, const struct hi1_filing *f) {
    enum hi1_answer answer;
    struct hi1_words w;
    buf out = {0};
    if (!hi1_answer_of(slice_str(line->words[2]), &answer))
        return command_fail(CODE_USAGE, line->words[2],
                            "it is received, disclosed, preserved, rejected or invalid");
    if (!hi1_answer_fits(f, answer))
        return command_fail(CODE_REFUSED, line->words[2], "that isn't what this order asks for");
    int code = words_load(&w, line->words[0]);
    if (code == CODE_FINE) {
        err e = hi1_respond(&out, f, &w, answer, desk_now());
        code = write_out(line, e, buf_slice(&out));
    }
    buf_free(&out);
    return code;
}

int command_answer(const struct command_line *line) {
    struct hi1_filing *f = NULL;
    buf bytes = {0};
    if (line->word_count != 3)
        return command_fail(CODE_USAGE, "usage",
                            "sotto-desk answer DIR FILE STATUS [--schema FILE] [--to FILE]");
    int code = command_hi1(line->words[1], &bytes, &f);
    if (code == CODE_FINE)
        code = respond(line, f);
    hi1_free(f);
    buf_free(&bytes);
    return code;
}

/* ---- deliver ---- */

/* What the server's manifest says of a release. */
struct manifest {
    slice case_id, kind;
    uint8_t package[32];
};

static bool manifest_read(struct manifest *m, slice text) {
    slice line;
    bool hashed = false;
    *m = (struct manifest){.case_id = SLICE_EMPTY};
    if (!slice_skip(&text, slice_str("sotto manifest 1\n")))
        return false;
    while (slice_line(&text, &line)) {
        if (slice_skip(&line, slice_str("case "))) {
            m->case_id = line;
        } else if (slice_skip(&line, slice_str("package "))) {
            m->kind = slice_until(&line, ' ');
            hashed = hex_decode_to(m->package, sizeof m->package, line) == OK;
        }
    }
    return hashed && m->case_id.n > 0;
}

static err is_of(const uint8_t hash[32], slice bytes, bool *same) {
    uint8_t found[32];
    TRY(crypto_sha256.hash(found, &bytes, 1));
    *same = memcmp(found, hash, sizeof found) == 0;
    return OK;
}

/* That these bytes were filed as the manifest's case, and that it was released. */
static int check_case(struct desk *d, slice filing, const struct manifest *m) {
    struct desk_receipt receipt;
    struct desk_case c;
    uint8_t hash[32];
    bool its = false;
    err e = crypto_sha256.hash(hash, &filing, 1);
    if (e == OK)
        e = desk_receipt_find(d, hash, &receipt);
    if (e == ERR_NOT_FOUND)
        return command_fail(CODE_REFUSED, "the filing", "it was not filed at this desk");
    /* Several cases may be of these bytes, one for each account; the receipt names the newest. */
    if (e == OK)
        e = desk_case_get(d, m->case_id, &c);
    if (e == OK)
        its = memcmp(c.filing, hash, sizeof hash) == 0;
    else if (e != ERR_NOT_FOUND)
        return command_error("the store", e);
    if (!its)
        return command_fail(CODE_REFUSED, "the manifest", "it is of another case");
    return c.released != 0 ? CODE_FINE
                           : command_fail(CODE_REFUSED, c.id, "nothing was released in this case");
}

/* The one that is named, or the only one. */
static const struct hi1_task *task_of(const struct hi1_filing *f, const char *reference) {
    const struct hi1_task *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < f->tasks.n; i++) {
        const struct hi1_task *t = &f->tasks.p[i];
        if (t->kind != HI1_DISCLOSURE ||
            (reference != NULL && !slice_equal(t->reference, slice_str(reference))))
            continue;
        found = t;
        n++;
    }
    return n == 1 ? found : NULL;
}

struct delivering {
    struct hi1_filing *f;
    buf bytes, package, manifest, out;
    struct hi1_words w;
};

static int read_part(const char *path, buf *out) {
    err e = sys_file_read(path, PACKAGE_MAX, out);
    return e == OK ? CODE_FINE : command_error(path, e);
}

static int check_parts(struct delivering *d, const struct command_line *line, struct manifest *m) {
    struct desk *desk = NULL;
    bool same = false;
    if (!manifest_read(m, buf_slice(&d->manifest)))
        return command_fail(CODE_REFUSED, line->words[3], "it is no manifest of a release");
    err e = is_of(m->package, buf_slice(&d->package), &same);
    if (e != OK)
        return command_error(line->words[2], e);
    if (!same)
        return command_fail(CODE_REFUSED, line->words[2], "it isn't the package of the manifest");
    e = desk_open(&desk, line->words[0]);
    int code =
        e == OK ? check_case(desk, buf_slice(&d->bytes), m) : command_error(line->words[0], e);
    desk_close(desk);
    return code;
}

static int deliver(struct delivering *d, const struct command_line *line) {
    struct manifest m;
    const char *task = line->word_count == 5 ? line->words[4] : NULL;
    int code = read_part(line->words[2], &d->package);
    if (code == CODE_FINE)
        code = read_part(line->words[3], &d->manifest);
    if (code == CODE_FINE)
        code = check_parts(d, line, &m);
    if (code == CODE_FINE)
        code = words_load(&d->w, line->words[0]);
    if (code != CODE_FINE)
        return code;
    struct hi1_delivery delivery = {.task = task_of(d->f, task),
                                    .package = buf_slice(&d->package),
                                    .manifest = buf_slice(&d->manifest),
                                    .sealed = slice_equal(m.kind, slice_str("cms")),
                                    .time = desk_now()};
    if (delivery.task == NULL)
        return command_fail(CODE_REFUSED, task == NULL ? line->words[1] : task,
                            task == NULL ? "it has several tasks, or none: name one by its "
                                           "reference"
                                         : "it is the reference of no task, or of several");
    err e = hi1_deliver(&d->out, d->f, &d->w, &delivery);
    return write_out(line, e, buf_slice(&d->out));
}

int command_deliver(const struct command_line *line) {
    struct delivering d = {.f = NULL};
    if (line->word_count != 4 && line->word_count != 5)
        return command_fail(CODE_USAGE, "usage",
                            "sotto-desk deliver DIR FILE PACKAGE MANIFEST [TASK] [--schema FILE] "
                            "[--to FILE]");
    int code = command_hi1(line->words[1], &d.bytes, &d.f);
    if (code == CODE_FINE)
        code = deliver(&d, line);
    hi1_free(d.f);
    buf_free(&d.bytes);
    buf_free(&d.package);
    buf_free(&d.manifest);
    buf_free(&d.out);
    return code;
}

/* ---- annex ---- */

/* Lines "ID TEXT", of the form's facts, each once. They point into the file's bytes. */
static int facts_read(struct hi1_form *form, const char *path, buf *bytes) {
    slice rest, line;
    if (path == NULL)
        return CODE_FINE;
    int code = command_read(path, bytes);
    rest = buf_slice(bytes);
    while (code == CODE_FINE && slice_line(&rest, &line)) {
        enum hi1_fact fact;
        slice id = slice_until(&line, ' ');
        if (!hi1_fact_of(id, &fact) || line.n == 0 || line.n > FACT_MAX || form->facts[fact].n > 0)
            return command_fail(CODE_REFUSED, path,
                                "a line names no fact of the form, or one "
                                "twice, or says nothing");
        form->facts[fact] = line;
    }
    return code == CODE_FINE && rest.n > 0 ? command_fail(CODE_REFUSED, path,
                                                          "its last line ends "
                                                          "without a newline")
                                           : code;
}

static int write_form(const struct hi1_filing *f, const struct hi1_form *form,
                      const struct command_line *line) {
    struct hi1_words w;
    buf out = {0};
    int code = line->xml ? words_load(&w, line->words[0]) : CODE_FINE;
    if (code != CODE_FINE)
        return code;
    err e = line->xml ? hi1_annex_iii_xml(&out, f, &w, form) : hi1_annex_iii(&out, f, form);
    code = line->xml ? write_out(line, e, buf_slice(&out))
           : e == OK ? command_write(line->to, buf_slice(&out))
                     : command_error("the form", e);
    buf_free(&out);
    return code;
}

static int make_form(const struct hi1_filing *f, const struct page_data *data,
                     const struct command_line *line) {
    const struct json_object *reason =
        page_json_find(page_data_list(data, "reasons", "reasons"), slice_str(line->words[2]));
    const struct json_object *all =
        page_json_get(page_data_list(data, "reasons", "annex_iii"), "grounds");
    slice chosen = page_json_string(reason, "annex_iii");
    struct hi1_ground grounds[GROUNDS_MAX];
    struct hi1_form form = {.grounds = grounds,
                            .reason = page_json_words(reason, "text", WORDS_EN),
                            .third_state = slice_equal(chosen, slice_str("third-country-law")),
                            .time = desk_now()};
    buf bytes = {0};
    if (reason == NULL)
        return command_fail(CODE_USAGE, line->words[2], "reasons.json has no such ground");
    if (chosen.n == 0)
        return command_fail(CODE_REFUSED, line->words[2],
                            "the form has no place for it: write to the enforcing authority");
    for (size_t i = 0; i < page_json_count(all) && i < GROUNDS_MAX; i++) {
        const struct json_object *o = page_json_item(all, i);
        grounds[form.ground_count++] = (struct hi1_ground){
            page_json_words(o, "name", WORDS_EN), slice_equal(page_json_string(o, "id"), chosen)};
    }
    int code = facts_read(&form, line->facts, &bytes);
    if (code == CODE_FINE)
        code = write_form(f, &form, line);
    buf_free(&bytes);
    return code;
}

int command_annex(const struct command_line *line) {
    struct hi1_filing *f = NULL;
    struct page_data *data = NULL;
    buf bytes = {0};
    if (line->word_count != 3)
        return command_fail(CODE_USAGE, "usage",
                            "sotto-desk annex DIR FILE GROUND [--facts FILE] [--xml] "
                            "[--schema FILE] [--to FILE]");
    int code = command_hi1(line->words[1], &bytes, &f);
    if (code == CODE_FINE) {
        err e = page_data_load(&data, line->words[0]);
        code = e == OK ? make_form(f, data, line) : command_error(line->words[0], e);
    }
    page_data_free(data);
    hi1_free(f);
    buf_free(&bytes);
    return code;
}
