/* Signing on a machine of one's own, which trusts the office file that it has and not the desk: the
 * text is read whole, and what it names is looked up in that file. The signature is ssh-keygen's.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "desk/command.h"
#include "desk/facts.h"
#include "sys/files.h"
#include "sys/run.h"

enum { ARMOR_MAX = 16384, ANSWER = 16, KEY_FILE_MAX = 4096, PATH = 1024 };

/* ---- What is shown ---- On the standard error: the output is what is signed. */

static void show_version(const char *what, const struct office_version *named,
                         const struct office_document *ours, uint64_t number) {
    bool same = named->number == number && memcmp(named->hash, ours->hash, 32) == 0;
    fprintf(stderr, "%s %s %llu: %s\n", same ? "  " : "! ", what, (unsigned long long)named->number,
            same ? "the one that you have here" : "NOT the one that you have here");
}

static void show_authority(const struct office *office, slice id) {
    const struct office_authority *a = office_authority_find(office, id);
    if (a == NULL) {
        fprintf(stderr, "!  authority %.*s: NOT in your office file\n", (int)id.n,
                (const char *)id.p);
        return;
    }
    fprintf(stderr, "   authority %.*s: %.*s, %.*s; %s\n", (int)id.n, (const char *)id.p,
            (int)a->name.n, (const char *)a->name.p, (int)a->jurisdiction.n,
            (const char *)a->jurisdiction.p,
            a->certificates.n > 0 ? "answers are encrypted for its certificates"
                                  : "it has no certificate: answers are letters");
}

static void show_follows(const struct office *office, const struct office *next) {
    bool follows = next->version == office->version + 1 &&
                   memcmp(next->previous, office->document.hash, 32) == 0;
    fprintf(stderr, "%s it %s your office file, version %llu\n", follows ? "  " : "! ",
            follows ? "follows" : "does NOT follow", (unsigned long long)office->version);
}

static void show(const struct office *office, const struct command_paper *p) {
    char hash[HEX_TEXT];
    hex_text(p->document->hash, hash);
    fprintf(stderr, "\n%.*s\n   sha-256 %s\n", (int)p->document->text.n,
            (const char *)p->document->text.p, hash);
    if (p->order != NULL) {
        if (p->order->kind != OFFICE_ORDER_NOTICE)
            show_authority(office, p->order->authority);
        show_version("office file", &p->order->office, &office->document, office->version);
    }
    if (p->move != NULL)
        show_version("office file", &p->move->office, &office->document, office->version);
    if (p->list != NULL)
        show_version("office file", &p->list->office, &office->document, office->version);
    if (p->office != NULL)
        show_follows(office, p->office);
}

/* ---- What goes with it ---- A move names it by its hash, so whoever signs that reads it. */

static const char *beside(const struct office_case_move *m) {
    static const char *const names[] = {"letter", "manifest"};
    for (size_t i = 0; m != NULL && i < sizeof names / sizeof names[0]; i++)
        if (office_say_find(m, slice_str(names[i])) != NULL)
            return names[i];
    return NULL;
}

/* Nothing that a terminal might obey, or hide. */
static bool can_be_shown(slice text) {
    uint32_t point;
    for (; text.n > 0;) {
        size_t n = text_point(text, &point);
        if (point == TEXT_INVALID || (point != '\n' && text_is_unsafe(point)))
            return false;
        text = slice_of(text.p + n, text.n - n);
    }
    return true;
}

static int show_beside(const struct command_line *line, const struct command_paper *p) {
    const char *named = beside(p->move);
    buf bytes = {0};
    if (named == NULL)
        return line->with == NULL ? CODE_FINE
                                  : command_fail(CODE_REFUSED, line->words[0],
                                                 "it names nothing that goes with it");
    if (line->with == NULL)
        return command_fail(CODE_USAGE, line->words[0],
                            "it names a letter or a manifest: read that too, by --with FILE");
    int code = command_read(line->with, &bytes);
    slice text = buf_slice(&bytes);
    if (code == CODE_FINE && !facts_hash(p->move, named, text))
        code = command_fail(CODE_REFUSED, line->with, "it is not what the text names");
    if (code == CODE_FINE && !can_be_shown(text))
        code = command_fail(CODE_REFUSED, line->with, "it is no text that can be shown whole");
    if (code == CODE_FINE && !line->quiet)
        fprintf(stderr, "\nWith it goes:\n\n%.*s\n", (int)text.n, (const char *)text.p);
    buf_free(&bytes);
    return code;
}

static bool agreed(const struct command_line *line) {
    char answer[ANSWER] = "";
    if (line->yes)
        return true;
    fprintf(stderr, "\nSign this as %s? Type yes: ", line->as);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

/* ---- The key ---- */

/* "TYPE BASE64 comment" */
static int read_public(const char *key, buf *base64) {
    char path[PATH];
    buf bytes = {0};
    int n = snprintf(path, sizeof path, "%s.pub", key);
    err e = n < 0 || n >= PATH ? ERR_TOO_LARGE : sys_file_read(path, KEY_FILE_MAX, &bytes);
    slice rest = buf_slice(&bytes), line = SLICE_EMPTY;
    if (e == OK && slice_line(&rest, &line)) {
        (void)slice_until(&line, ' ');
        e = buf_set(base64, slice_until(&line, ' '));
    }
    buf_free(&bytes);
    return e == OK ? CODE_FINE : command_error(path, e);
}

static int check_key(const struct office_person *person, const char *key) {
    buf base64 = {0};
    int code = read_public(key, &base64);
    bool known = false;
    for (size_t i = 0; code == CODE_FINE && i < person->ssh_keys.n; i++)
        known |= slice_equal(person->ssh_keys.p[i].text, buf_slice(&base64));
    buf_free(&base64);
    if (code == CODE_FINE && !known)
        code = command_fail(CODE_REFUSED, key, "the office file names no such key of this person");
    return code;
}

/* ---- The signature ---- */

/* What stands between BEGIN and END, in one line. */
static err unarmor(slice armor, buf *base64) {
    slice line;
    bool inside = false;
    while (slice_line(&armor, &line)) {
        if (slice_equal(line, slice_str("-----BEGIN SSH SIGNATURE-----")))
            inside = true;
        else if (slice_equal(line, slice_str("-----END SSH SIGNATURE-----")))
            return inside ? OK : ERR_MALFORMED;
        else if (inside)
            TRY(buf_append(base64, line));
    }
    return ERR_MALFORMED;
}

static int make_signature(const char *key, slice text, buf *base64) {
    const char *const argv[] = {"ssh-keygen",   "-Y", "sign", "-q", "-n",
                                "sotto-office", "-f", key,    NULL};
    buf armor = {0};
    int status = 0;
    err e = sys_run(argv, text, ARMOR_MAX, &armor, &status);
    if (e == OK && status == 0)
        e = unarmor(buf_slice(&armor), base64);
    buf_free(&armor);
    if (e != OK)
        return command_error("ssh-keygen", e);
    return status == 0 ? CODE_FINE : command_fail(CODE_FAILED, "ssh-keygen", "it did not sign");
}

/* The document with one more line. */
static err append_line(buf *out, const struct office_document *d, const char *person,
                       slice base64) {
    TRY(buf_append(out, d->text));
    TRY(buf_append_byte(out, '\n'));
    TRY(buf_append(out, d->signatures));
    TRY(buf_append(out, slice_str("\u2014 ")));
    TRY(buf_append(out, slice_str(person)));
    TRY(buf_append(out, slice_str(" ssh ")));
    TRY(buf_append(out, base64));
    return buf_append_byte(out, '\n');
}

/* Looks once more at what will be handed in, as those will who get it. */
static int check_signed(const struct office *office, slice bytes, const char *file) {
    struct command_paper paper;
    struct office_signers who;
    size_t line = 0;
    enum office_reason r = command_paper_load(&paper, bytes, &line);
    if (r == OFFICE_OK)
        r = office_signed(office, NULL, paper.document, &who);
    command_paper_free(&paper);
    return r == OFFICE_OK ? CODE_FINE : command_refuse(file, r, line);
}

static int sign(const struct command_line *line, const struct office *office,
                const struct command_paper *paper) {
    buf base64 = {0}, out = {0};
    int code = make_signature(line->key, paper->document->text, &base64);
    if (code == CODE_FINE) {
        err e = append_line(&out, paper->document, line->as, buf_slice(&base64));
        code = e == OK ? check_signed(office, buf_slice(&out), line->words[0])
                       : command_error(line->words[0], e);
    }
    if (code == CODE_FINE)
        code = command_write(line->to, buf_slice(&out));
    buf_free(&base64);
    buf_free(&out);
    return code;
}

static int sign_with(const struct command_line *line, const struct office *office, slice bytes) {
    struct command_paper paper;
    size_t at = 0;
    const struct office_person *person = desk_person(office, slice_str(line->as));
    if (person == NULL)
        return command_fail(CODE_REFUSED, line->as, "your office file has no such person");
    int code = check_key(person, line->key);
    if (code != CODE_FINE)
        return code;
    enum office_reason r = command_paper_load(&paper, bytes, &at);
    if (r != OFFICE_OK) {
        code = command_refuse(line->words[0], r, at);
    } else {
        if (!line->quiet)
            show(office, &paper);
        code = show_beside(line, &paper);
        if (code == CODE_FINE)
            code = agreed(line) ? sign(line, office, &paper)
                                : command_fail(CODE_REFUSED, line->words[0], "nothing was signed");
    }
    command_paper_free(&paper);
    return code;
}

int command_sign(const struct command_line *line) {
    struct office *office;
    buf bytes = {0};
    if (line->word_count != 1 || line->as == NULL || line->key == NULL)
        return command_fail(CODE_USAGE, "sign",
                            "it takes FILE --as PERSON --key KEY --office FILE");
    int code = command_office_load(line->office, &office);
    if (code == CODE_FINE)
        code = command_read(line->words[0], &bytes);
    if (code == CODE_FINE)
        code = sign_with(line, office, buf_slice(&bytes));
    buf_free(&bytes);
    office_free(office);
    return code;
}

/* ---- Who signed ---- */

static void print_signers(const struct office_signers *who, bool json) {
    for (size_t i = 0; i < who->n; i++) {
        const struct office_signer *s = &who->each[i];
        slice id = s->person->id;
        printf(json ? "{\"type\":\"signature\",\"person\":\"%.*s\",\"ssh\":%s,\"bound\":%s}\n"
                    : "%.*s%s%s\n",
               (int)id.n, (const char *)id.p,
               json ? (s->ssh ? "true" : "false") : (s->ssh ? " ssh" : ""),
               json ? (s->bound ? "true" : "false") : (s->bound ? " bound, doesn't count" : ""));
    }
}

int command_signed(const struct command_line *line) {
    struct office *office = NULL;
    struct command_paper paper = {0}, list = {0};
    struct office_signers who = {0};
    buf bytes = {0};
    size_t at = 0;
    if (line->word_count != 1)
        return command_fail(CODE_USAGE, "signed", "it takes FILE --office FILE [--list FILE]");
    const char *file = line->words[0];
    int code = command_office_load(line->office, &office);
    if (code == CODE_FINE && line->list != NULL)
        code = command_read(line->list, &bytes);
    if (code == CODE_FINE && line->list != NULL) {
        enum office_reason r = command_paper_load(&list, buf_slice(&bytes), &at);
        if (r == OFFICE_OK && list.list == NULL)
            r = OFFICE_KIND;
        code = r == OFFICE_OK ? CODE_FINE : command_refuse(line->list, r, at);
    }
    buf_clear(&bytes);
    if (code == CODE_FINE)
        code = command_read(file, &bytes);
    if (code == CODE_FINE) {
        enum office_reason r = command_paper_load(&paper, buf_slice(&bytes), &at);
        if (r == OFFICE_OK)
            r = office_signed(office, list.list, paper.document, &who);
        code = r == OFFICE_OK ? CODE_FINE : command_refuse(file, r, at);
    }
    print_signers(&who, line->json);
    command_paper_free(&paper);
    command_paper_free(&list);
    buf_free(&bytes);
    office_free(office);
    return code;
}

/* ---- Several signatures of one text ---- */

static bool has_line(slice lines, slice line) {
    slice each;
    while (slice_line(&lines, &each))
        if (slice_equal(each, line))
            return true;
    return false;
}

/* The lines of `more` that are not there yet. */
static err add_lines(buf *lines, slice more) {
    slice line;
    while (slice_line(&more, &line)) {
        if (has_line(buf_slice(lines), line))
            continue;
        TRY(buf_append(lines, line));
        TRY(buf_append_byte(lines, '\n'));
    }
    return OK;
}

/* The first file gives the text. */
static int merge_one(const char *file, buf *text, buf *lines) {
    struct command_paper paper;
    buf bytes = {0};
    size_t at = 0;
    int code = command_read(file, &bytes);
    if (code != CODE_FINE)
        return code;
    enum office_reason r = command_paper_load(&paper, buf_slice(&bytes), &at);
    err e = OK;
    if (r != OFFICE_OK)
        code = command_refuse(file, r, at);
    else if (text->n > 0 && !slice_equal(buf_slice(text), paper.document->text))
        code = command_fail(CODE_REFUSED, file, "it is another text than the first file's");
    else if (text->n == 0)
        e = buf_append(text, paper.document->text);
    if (code == CODE_FINE && e == OK)
        e = add_lines(lines, paper.document->signatures);
    command_paper_free(&paper);
    buf_free(&bytes);
    return e == OK ? code : command_error(file, e);
}

int command_merge(const struct command_line *line) {
    buf text = {0}, lines = {0};
    int code = line->word_count > 0
                   ? CODE_FINE
                   : command_fail(CODE_USAGE, "merge", "it takes files of one text");
    for (size_t i = 0; i < line->word_count && code == CODE_FINE; i++)
        code = merge_one(line->words[i], &text, &lines);
    err e = code == CODE_FINE && lines.n > 0 ? buf_append_byte(&text, '\n') : OK;
    if (e == OK)
        e = buf_append(&text, buf_slice(&lines));
    if (e != OK)
        code = command_error("merge", e);
    if (code == CODE_FINE)
        code = command_write(line->to, buf_slice(&text));
    buf_free(&text);
    buf_free(&lines);
    return code;
}
