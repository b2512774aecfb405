/* `sotto-desk carry`: what the custodian takes to the server, and what came of it. An order lies
 * sealed in its case: it is written out with the custodian's own key, never by the desk alone. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/command.h"
#include "desk/desk.h"
#include "sys/files.h"

enum { PATH = 1024, PRIVATE = 0600, KEY = 32, KEY_FILE_MAX = 256 };

static int result(const char *what, err e, const struct desk_why *why) {
    if (e == ERR_NOT_FOUND)
        return command_fail(CODE_REFUSED, what, "no such order is to be carried");
    return e == ERR_DENIED ? command_why(what, why) : e == OK ? CODE_FINE : command_error(what, e);
}

/* ---- show ---- */

struct shown {
    bool json;
    uint64_t now;
};

static void print_task(const struct desk_task *t, bool json) {
    printf(json ? "{\"type\":\"%s\",\"task\":%" PRIu64 ",\"case\":\"%s\",\"number\":%" PRIu64
                  ",\"move\":\"%s\""
                : "%s %" PRIu64 ": case %s, number %" PRIu64 ", %s",
           desk_task_name(t->kind), t->id, t->case_id, t->number, desk_move_name(t->move));
}

static bool show_task(void *ctx, const struct desk_task *t) {
    const struct shown *s = ctx;
    char time[OFFICE_TIME_TEXT];
    if (t->kind == DESK_TASK_CARRY && t->due >= s->now) {
        print_task(t, s->json);
        office_time_write(t->due, time);
        if (s->json)
            printf(",\"until\":%" PRIu64 "}\n", t->due);
        else
            printf(", until %s\n", time);
    }
    if (t->kind == DESK_TASK_REFUSED) {
        print_task(t, s->json);
        printf(s->json ? ",\"reason\":\"%s\"}\n" : ", %s\n", t->reason);
    }
    return true;
}

static int show(struct desk *d, const struct command_line *line) {
    struct shown s = {line->json, desk_now()};
    return result("tasks", desk_tasks_list(d, 0, show_task, &s), NULL);
}

/* ---- out ---- */

/* 64 hexadecimal digits and the end of the line. */
static int read_key(const char *path, uint8_t key[KEY]) {
    buf text = {0};
    err e = sys_file_read(path, KEY_FILE_MAX, &text);
    slice rest = buf_slice(&text), first = slice_until(&rest, '\n');
    if (e == OK && (rest.n > 0 || hex_decode_to(key, KEY, first) != OK))
        e = ERR_DAMAGED;
    buf_free(&text);
    return e == OK ? CODE_FINE : command_error(path, e);
}

struct out {
    struct desk *d;
    const struct command_line *line;
    uint8_t key[KEY];
    uint64_t now;
    int code; /* of what failed last */
};

static err write_order(const struct out *o, const struct desk_task *t, const char *path) {
    buf order = {0};
    err e = desk_unseal(o->d, slice_str(t->case_id), DESK_SEALED_ORDER, t->number,
                        slice_str(o->line->as), o->key, &order);
    if (e == OK)
        e = sys_file_create(path, buf_slice(&order), PRIVATE);
    buf_free(&order);
    return e;
}

/* Whatever became of one, the next is tried. */
static bool out_task(void *ctx, const struct desk_task *t) {
    struct out *o = ctx;
    char path[PATH];
    if (t->kind != DESK_TASK_CARRY || t->due < o->now)
        return true;
    int n =
        snprintf(path, sizeof path, "%s/%s-%" PRIu64 ".order", o->line->to, t->case_id, t->number);
    err e = n < 0 || n >= PATH ? ERR_TOO_LARGE : write_order(o, t, path);
    if (e == OK)
        printf(o->line->json ? "{\"type\":\"order\",\"task\":%" PRIu64 ",\"file\":\"%s\"}\n"
                             : "%" PRIu64 " %s\n",
               t->id, path);
    else if (e == ERR_EXISTS)
        o->code = command_fail(CODE_REFUSED, path, "it is there already, and stays as it is");
    else if (e == ERR_NOT_FOUND)
        o->code = command_fail(CODE_REFUSED, t->case_id, "the person has no key of this case");
    else if (e == ERR_CRYPTO)
        o->code = command_fail(CODE_REFUSED, t->case_id, "the key is not the person's");
    else
        o->code = command_error(path, e);
    return true;
}

static int out(struct desk *d, const struct command_line *line) {
    struct out o = {.d = d, .line = line, .now = desk_now(), .code = CODE_FINE};
    if (line->as == NULL || line->key == NULL || line->to == NULL)
        return command_fail(CODE_USAGE, "carry out",
                            "it takes DIR --as PERSON --key SEAL --to DIR");
    int code = read_key(line->key, o.key);
    if (code == CODE_FINE) {
        err e = sys_dir_check(line->to);
        code = e == OK ? CODE_FINE : command_error(line->to, e);
    }
    if (code == CODE_FINE)
        code = result("tasks", desk_tasks_list(d, 0, out_task, &o), NULL);
    wipe(o.key, sizeof o.key);
    return code == CODE_FINE ? o.code : code;
}

/* ---- done, refused ---- */

struct found {
    uint64_t id;
    struct desk_task task;
};

static bool find(void *ctx, const struct desk_task *t) {
    struct found *f = ctx;
    if (t->id == f->id && t->kind == DESK_TASK_CARRY)
        f->task = *t;
    return f->task.id == 0;
}

static int find_task(struct desk *d, const char *number, struct desk_task *task) {
    struct found f = {.id = 0};
    if (decimal_decode(slice_str(number), UINT32_MAX, &f.id) != OK)
        return command_fail(CODE_USAGE, number, "a task is a number; `carry show` has it");
    err e = desk_tasks_list(d, 0, find, &f);
    *task = f.task;
    return result(number, e == OK && f.task.id == 0 ? ERR_NOT_FOUND : e, NULL);
}

/* The move that says so, to be signed beside the manifest. */
static int write_deliver(struct desk *d, const struct command_line *line, const char *case_id,
                         slice manifest, const char *path) {
    struct desk_texts texts = {{0}, {0}};
    struct desk_why why = {0};
    uint8_t hash[32];
    char hex[HEX_TEXT];
    err e = crypto_sha256.hash(hash, &manifest, 1);
    hex_text(hash, hex);
    struct desk_say say = {slice_str("manifest"), slice_str(hex)};
    struct desk_draft draft = {.case_id = slice_str(case_id),
                               .person = slice_str(line->as),
                               .move = DESK_MOVE_DELIVER,
                               .says = &say,
                               .say_count = 1};
    if (e == OK)
        e = desk_compose(d, &draft, &texts, &why);
    int code = result(case_id, e, &why);
    if (code == CODE_FINE && (e = sys_file_create(path, buf_slice(&texts.move), PRIVATE)) != OK)
        code = command_error(path, e);
    buf_free(&texts.move);
    buf_free(&texts.order);
    return code;
}

static int sign_deliver(const struct command_line *line, const char *path, buf *move) {
    struct command_line sign = *line;
    sign.words[0] = sign.to = path;
    sign.with = line->words[3];
    sign.word_count = 1;
    int code = command_sign(&sign);
    return code == CODE_FINE ? command_read(path, move) : code;
}

static int deliver(struct desk *d, const struct command_line *line, const char *case_id,
                   slice manifest) {
    char path[PATH];
    buf move = {0};
    struct desk_made made;
    struct desk_why why = {0};
    if (line->as == NULL || line->key == NULL || line->office == NULL)
        return command_fail(CODE_USAGE, "carry done",
                            "of a release it takes --as PERSON --key KEY --office FILE, too");
    int n = snprintf(path, sizeof path, "%s.deliver", line->words[3]);
    if (n < 0 || n >= PATH)
        return command_error(line->words[3], ERR_TOO_LARGE);
    int code = write_deliver(d, line, case_id, manifest, path);
    if (code != CODE_FINE)
        return code;
    code = sign_deliver(line, path, &move);
    if (code == CODE_FINE)
        code = result(case_id,
                      desk_move(d, slice_str(case_id),
                                &(struct desk_hand){.move = buf_slice(&move), .letter = manifest},
                                &made, &why),
                      &why);
    err e = sys_file_remove(path);
    buf_free(&move);
    return code == CODE_FINE && e != OK ? command_error(path, e) : code;
}

static int done(struct desk *d, const struct command_line *line) {
    struct desk_task task;
    struct desk_why why = {0};
    buf manifest = {0};
    int code = find_task(d, line->words[2], &task);
    if (code == CODE_FINE)
        code = command_read(line->words[3], &manifest);
    if (code == CODE_FINE && task.move == DESK_MOVE_RELEASE)
        code = deliver(d, line, task.case_id, buf_slice(&manifest));
    else if (code == CODE_FINE)
        code =
            result(line->words[3],
                   desk_carry_done(d, task.id, line->as == NULL ? SLICE_EMPTY : slice_str(line->as),
                                   buf_slice(&manifest), &why),
                   &why);
    buf_free(&manifest);
    return code;
}

static int refused(struct desk *d, const struct command_line *line) {
    struct desk_task task;
    enum office_reason reason;
    if (!office_reason_of(slice_str(line->words[3]), &reason))
        return command_fail(CODE_USAGE, line->words[3], "it is no word that the server says");
    int code = find_task(d, line->words[2], &task);
    return code == CODE_FINE ? result(line->words[2], desk_carry_refused(d, task.id, reason), NULL)
                             : code;
}

static const struct {
    const char *name;
    size_t words;
    int (*act)(struct desk *d, const struct command_line *line);
} parts[] = {{"show", 2, show}, {"out", 2, out}, {"done", 4, done}, {"refused", 4, refused}};

int command_carry(const struct command_line *line) {
    struct desk *d = NULL;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (line->word_count != parts[i].words || strcmp(parts[i].name, line->words[0]) != 0)
            continue;
        err e = sys_dir_check(line->words[1]);
        if (e == OK)
            e = desk_open(&d, line->words[1]);
        int code = e == OK ? parts[i].act(d, line) : command_error(line->words[1], e);
        desk_close(d);
        return code;
    }
    return command_fail(CODE_USAGE, "carry", "it takes what to do and a folder; see --help");
}
