/* `sotto-desk ledger`: what the operator does with the ledger, and carries to witnesses and back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "desk/command.h"
#include "desk/ledger.h"
#include "sys/files.h"

enum { ANSWER_MAX = 1 << 16 };

static int result(const char *what, err e) {
    return e == OK ? CODE_FINE : command_error(what, e);
}

/* ---- publish, show ---- */

static int publish(struct desk *d, const struct command_line *line) {
    (void)line;
    return result("the ledger", desk_ledger_publish(d, desk_now()));
}

static void show_hash(const struct merkle_hash *hash) {
    for (size_t i = 0; i < MERKLE_HASH; i++)
        printf("%02x", hash->bytes[i]);
}

static bool show_witness(void *ctx, const struct desk_ledger_witness *w) {
    const bool *json = ctx;
    printf(*json ? "{\"type\":\"witness\",\"key\":\"%.*s\",\"size\":%" PRIu64 ",\"time\":%" PRIu64
                   "}\n"
                 : "witness %.*s %" PRIu64 " %" PRIu64 "\n",
           (int)w->key.n, (const char *)w->key.p, w->size, w->time);
    return true;
}

static int show(struct desk *d, const struct command_line *line) {
    struct desk_ledger_state state;
    bool json = line->json;
    err e = desk_ledger_state_get(d, &state);
    if (e != OK)
        return command_error("the ledger", e);
    printf(json ? "{\"type\":\"ledger\",\"size\":%" PRIu64 ",\"batches\":%" PRIu64
                  ",\"waiting\":%" PRIu64 ",\"root\":\""
                : "size %" PRIu64 "\nbatches %" PRIu64 "\nwaiting %" PRIu64 "\nroot ",
           state.size, state.batches, state.waiting);
    show_hash(&state.root);
    printf(json ? "\"}\n" : "\n");
    return result("the ledger", desk_ledger_witnesses(d, show_witness, &json));
}

/* ---- ask, answer ---- */

/* A witness of the office by its key, or the name in it. */
static int find_witness(struct desk *d, const char *said, slice *key) {
    const struct office *o = desk_office(d);
    for (size_t i = 0; o != NULL && i < o->witnesses.n; i++) {
        slice rest = o->witnesses.p[i].text;
        slice name = slice_until(&rest, '+');
        *key = o->witnesses.p[i].text;
        if (slice_equal(*key, slice_str(said)) || slice_equal(name, slice_str(said)))
            return CODE_FINE;
    }
    return command_fail(CODE_REFUSED, said, "the office has no such witness");
}

static int ask(struct desk *d, const struct command_line *line) {
    slice key;
    buf body = {0};
    int code = find_witness(d, line->words[2], &key);
    if (code == CODE_FINE)
        code = result("the ledger", desk_ledger_ask(d, key, &body));
    if (code == CODE_FINE)
        code = command_write(line->to, buf_slice(&body));
    buf_free(&body);
    return code;
}

/* The disk's faults and a store that is an old one are the machine's; the rest is the answer's. */
static int taken(const char *what, err e) {
    bool ours = err_class(e) == ERR_CLASS_IO || err_class(e) == ERR_CLASS_MEMORY;
    return e == OK || ours ? result(what, e) : command_fail(CODE_REFUSED, what, err_text(e));
}

static int answer(struct desk *d, const struct command_line *line) {
    slice key;
    buf body = {0};
    uint64_t status;
    if (decimal_decode(slice_str(line->words[3]), 999, &status) != OK)
        return command_fail(CODE_USAGE, line->words[3], "a status of HTTP is a number, as 200");
    int code = find_witness(d, line->words[2], &key);
    if (code == CODE_FINE)
        code = result(line->words[4], sys_file_read(line->words[4], ANSWER_MAX, &body));
    if (code == CODE_FINE)
        code =
            taken(line->words[4], desk_ledger_answer(d, key, (unsigned)status, buf_slice(&body)));
    /* So that what is published shows it at once. */
    if (code == CODE_FINE)
        code = result("the ledger", desk_ledger_tick(d, desk_now()));
    buf_free(&body);
    return code;
}

static int sightings(struct desk *d, const struct command_line *line) {
    buf text = {0};
    err e = desk_ledger_sightings(d, &text);
    int code = e == ERR_NOT_FOUND ? command_fail(CODE_REFUSED, "the ledger",
                                                 "no witness has seen a list for a while")
                                  : result("the ledger", e);
    if (code == CODE_FINE)
        code = command_write(line->to, buf_slice(&text));
    buf_free(&text);
    return code;
}

/* ---- receipt, proof ---- */

static int of_filing(struct desk *d, const struct command_line *line,
                     err (*write)(struct desk *d, const struct desk_receipt *receipt, buf *out)) {
    struct desk_receipt receipt;
    uint8_t hash[32];
    buf out = {0};
    if (hex_decode_to(hash, sizeof hash, slice_str(line->words[2])) != OK)
        return command_fail(CODE_USAGE, line->words[2], "a hash has 64 hexadecimal digits");
    err e = desk_receipt_find(d, hash, &receipt);
    if (e == ERR_NOT_FOUND)
        return command_fail(CODE_REFUSED, line->words[2], "nothing of this hash was filed");
    if (e == OK)
        e = write(d, &receipt, &out);
    int code = e == ERR_MISSING
                   ? command_fail(CODE_REFUSED, line->words[2], "no batch of the ledger has it yet")
                   : result("the ledger", e);
    if (code == CODE_FINE)
        code = command_write(line->to, buf_slice(&out));
    buf_free(&out);
    return code;
}

static int receipt(struct desk *d, const struct command_line *line) {
    return of_filing(d, line, desk_ledger_receipt);
}

static int proof(struct desk *d, const struct command_line *line) {
    return of_filing(d, line, desk_ledger_proof);
}

static const struct {
    const char *name;
    size_t words;
    int (*act)(struct desk *d, const struct command_line *line);
} parts[] = {{"publish", 2, publish}, {"show", 2, show},           {"ask", 3, ask},
             {"answer", 5, answer},   {"sightings", 2, sightings}, {"receipt", 3, receipt},
             {"proof", 3, proof}};

int command_ledger(const struct command_line *line) {
    struct desk *d = NULL;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (line->word_count != parts[i].words || strcmp(parts[i].name, line->words[0]) != 0)
            continue;
        int code = result(line->words[1], desk_open(&d, line->words[1]));
        if (code == CODE_FINE)
            code = parts[i].act(d, line);
        desk_close(d);
        return code;
    }
    return command_fail(CODE_USAGE, "ledger", "it takes what to do and a folder; see --help");
}
