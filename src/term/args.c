#include "term/args.h"

#include <stddef.h>
#include <stdio.h>

#include "base/codec.h"
#include "base/text.h"
#include "host/posix.h"
#include "term/command.h"

enum { TIMEOUT_DEFAULT = 15, SECONDS_MAX = 31536000, ARGUMENTS_MAX = 4096 };

/* ---- The table of options ---- */

enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_NUMBER };

static const struct option {
    const char *name;
    enum value_kind kind;
    unsigned wanted; /* the command has to take it; 0: global */
    size_t value;    /* places in struct args */
    size_t given;    /* a bool; 0: none */
} options[] = {
    {"--home", VALUE_TEXT, 0, offsetof(struct args, home), 0},
    {"--json", VALUE_NONE, 0, 0, offsetof(struct args, json)},
    {"--no-passphrase", VALUE_NONE, 0, 0, offsetof(struct args, no_passphrase)},
    {"--proxy", VALUE_TEXT, 0, offsetof(struct args, proxy), 0},
    {"--isolate", VALUE_TEXT, 0, offsetof(struct args, isolate), 0},
    {"--passphrase-file", VALUE_TEXT, 0, offsetof(struct args, passphrase_file), 0},
    {"--timeout", VALUE_NUMBER, 0, offsetof(struct args, timeout), 0},
    {"--help", VALUE_NONE, 0, 0, offsetof(struct args, help)},
    {"-h", VALUE_NONE, 0, 0, offsetof(struct args, help)},
    {"--version", VALUE_NONE, 0, 0, offsetof(struct args, version)},
    {"--offline", VALUE_NONE, OPTION_OFFLINE, 0, offsetof(struct args, offline)},
    {"--name", VALUE_TEXT, OPTION_NAME, offsetof(struct args, name), 0},
    {"--as", VALUE_TEXT, OPTION_AS, offsetof(struct args, as), 0},
    {"--title", VALUE_TEXT, OPTION_TITLE, offsetof(struct args, title), 0},
    {"--last", VALUE_NUMBER, OPTION_LAST, offsetof(struct args, last),
     offsetof(struct args, has_last)},
    {"--until-idle", VALUE_NUMBER, OPTION_UNTIL_IDLE, offsetof(struct args, until_idle),
     offsetof(struct args, has_until_idle)},
    {"--count", VALUE_NUMBER, OPTION_COUNT, offsetof(struct args, count),
     offsetof(struct args, has_count)},
    {"--picture", VALUE_TEXT, OPTION_PICTURE, offsetof(struct args, picture), 0},
    {"--in", VALUE_TEXT, OPTION_IN, offsetof(struct args, in), 0},
    {"--reset", VALUE_NONE, OPTION_RESET, 0, offsetof(struct args, reset)},
    {"--done", VALUE_NONE, OPTION_DONE, 0, offsetof(struct args, done)},
    {"--words", VALUE_NONE, OPTION_WORDS, 0, offsetof(struct args, by_words)},
    {"--code", VALUE_TEXT, OPTION_CODE, offsetof(struct args, code), 0},
    {"--accept", VALUE_TEXT, OPTION_ACCEPT, offsetof(struct args, accept), 0},
    {"--manifest", VALUE_TEXT, OPTION_MANIFEST, offsetof(struct args, manifest), 0},
    {"--key", VALUE_TEXT, OPTION_MANIFEST, offsetof(struct args, key), 0},
    {"--log", VALUE_TEXT, OPTION_MANIFEST, offsetof(struct args, log), 0},
    {"--yes", VALUE_NONE, OPTION_YES, 0, offsetof(struct args, yes)},
    {"--pin", VALUE_TEXT, OPTION_PIN, offsetof(struct args, pin), 0},
    {"--add", VALUE_NONE, OPTION_ADD, 0, offsetof(struct args, add)},
    {"--file", VALUE_TEXT, OPTION_FILE, offsetof(struct args, file), 0},
    {"--to", VALUE_TEXT, OPTION_TO, offsetof(struct args, to), 0},
    {"--force", VALUE_NONE, OPTION_FORCE, 0, offsetof(struct args, force)},
    {"--progress", VALUE_NONE, OPTION_PROGRESS, 0, offsetof(struct args, progress)},
    {"--qr", VALUE_NONE, OPTION_QR, 0, offsetof(struct args, qr)},
    {"--once", VALUE_NONE, OPTION_ONCE, 0, offsetof(struct args, once)},
    {"--days", VALUE_NUMBER, OPTION_DAYS, offsetof(struct args, days),
     offsetof(struct args, has_days)},
    {"--new-passphrase-file", VALUE_TEXT, OPTION_NEW_FILE, offsetof(struct args, new_file), 0},
    {"--off", VALUE_NONE, OPTION_OFF, 0, offsetof(struct args, off)},
    {"--numbers", VALUE_NONE, OPTION_NUMBERS, 0, offsetof(struct args, numbers)},
    {"--reply", VALUE_NUMBER, OPTION_REPLY, offsetof(struct args, reply),
     offsetof(struct args, has_reply)},
    {"--most", VALUE_NUMBER, OPTION_MOST, offsetof(struct args, most),
     offsetof(struct args, has_most)},
};

static const struct option *find_option(const char *name, size_t n) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strlen(options[i].name) == n && memcmp(options[i].name, name, n) == 0)
            return &options[i];
    return NULL;
}

/* ---- Parsing ---- */

static err complain(char why[ARGS_WHY], const char *argument, const char *text) {
    snprintf(why, ARGS_WHY, "%.60s: %s", argument, text);
    return ERR_MALFORMED;
}

static err set_value(struct args *args, const struct option *o, const char *value,
                     char why[ARGS_WHY]) {
    char *base = (char *)args;
    if (o->kind == VALUE_TEXT)
        memcpy(base + o->value, &value, sizeof value);
    uint64_t number = 0;
    if (o->kind == VALUE_NUMBER && decimal_decode(slice_str(value), SECONDS_MAX, &number) != OK)
        return complain(why, o->name, "it takes a whole number");
    if (o->kind == VALUE_NUMBER)
        memcpy(base + o->value, &number, sizeof number);
    if (o->given != 0)
        *(bool *)(base + o->given) = true;
    return OK;
}

/* One option at argv[*at]; *at moves to its last argument. */
static err take_option(struct args *args, unsigned *used, int argc, const char **argv, int *at,
                       char why[ARGS_WHY]) {
    const char *given = argv[*at];
    const char *equals = strchr(given, '=');
    size_t n = equals != NULL ? (size_t)(equals - given) : strlen(given);
    const struct option *o = find_option(given, n);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (o == NULL)
        return complain(why, given, "there is no such option");
    if (o->kind == VALUE_NONE && value != NULL)
        return complain(why, given, "it takes no value");
    if (o->kind != VALUE_NONE && value == NULL) {
        if (*at + 1 >= argc)
            return complain(why, given, "it takes a value");
        value = argv[++*at];
    }
    *used |= o->wanted;
    return set_value(args, o, value, why);
}

static const char *option_named(unsigned bit) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if ((options[i].wanted & bit) != 0)
            return options[i].name;
    return "";
}

static err check_network(const struct args *args, char why[ARGS_WHY]) {
    const char *isolate = args->isolate;
    if (args->proxy != NULL && strcmp(args->proxy, "none") != 0 &&
        host_proxy_check(args->proxy) != OK)
        return complain(why, "--proxy", "it takes HOST:PORT of a SOCKS5 proxy, or none");
    if (isolate != NULL && strcmp(isolate, "on") != 0 && strcmp(isolate, "off") != 0)
        return complain(why, "--isolate", "it takes on or off");
    return OK;
}

static err check(const struct args *args, unsigned used, char why[ARGS_WHY]) {
    const struct command *c = args->command;
    if (args->help || args->version || c == NULL)
        return OK;
    unsigned wrong = used & ~c->options;
    if (wrong != 0)
        return complain(why, option_named(wrong), "this command has no such option");
    if (args->word_count < c->words_min)
        return complain(why, c->name, "something is missing");
    if (args->word_count > c->words_max)
        return complain(why, args->words[c->words_max], "that is one argument too many");
    TRY(check_network(args, why));
    if (args->no_passphrase && args->passphrase_file != NULL)
        return complain(why, "--passphrase-file", "not together with --no-passphrase");
    if (args->off && args->new_file != NULL)
        return complain(why, "--new-passphrase-file", "not together with --off");
    return OK;
}

static err parse(struct args *args, int argc, const char **argv, char why[ARGS_WHY]) {
    bool only_words = false;
    unsigned used = 0;
    *args = (struct args){.timeout = TIMEOUT_DEFAULT, .words = argv};
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            TRY(take_option(args, &used, argc, argv, &i, why));
        } else if (args->command == NULL) {
            args->command = command_named(argv[i]);
            if (args->command == NULL)
                return complain(why, argv[i], "there is no such command");
        } else {
            argv[args->word_count++] = argv[i];
        }
    }
    return check(args, used, why);
}

/* A mistake is told as it was asked for, though --json may come after it. */
static bool asks_json(int argc, const char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

err args_parse(struct args *args, int argc, const char **argv, char why[ARGS_WHY]) {
    bool json = asks_json(argc, argv);
    err e = parse(args, argc, argv, why);
    args->json |= e != OK && json;
    return e;
}

err args_join(const struct args *args, size_t from, buf *text) {
    for (size_t i = from; i < args->word_count; i++) {
        if (i > from)
            TRY(buf_append_byte(text, ' '));
        TRY(buf_append(text, slice_str(args->words[i])));
    }
    return OK;
}

/* ---- Handing over ---- */

static void pack_option(writer *w, const struct args *args, const struct option *o) {
    const char *base = (const char *)args, *text = NULL;
    char digits[DECIMAL_TEXT];
    uint64_t number;
    bool given = false;
    if (o->given != 0)
        given = *(const bool *)(base + o->given);
    if (o->kind == VALUE_TEXT) {
        memcpy(&text, base + o->value, sizeof text);
        given = text != NULL;
    } else if (o->kind == VALUE_NUMBER) {
        memcpy(&number, base + o->value, sizeof number);
        decimal_text(number, digits);
        text = digits;
        given |= o->given == 0;
    }
    if (!given)
        return;
    writer_vec(w, slice_str(o->name));
    if (text != NULL)
        writer_vec(w, slice_str(text));
}

err args_pack(buf *out, const struct args *args) {
    writer w = writer_on(out);
    writer_vec(&w, slice_str(args->command->name));
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        pack_option(&w, args, &options[i]);
    writer_vec(&w, slice_str("--"));
    for (size_t i = 0; i < args->word_count; i++)
        writer_vec(&w, slice_str(args->words[i]));
    return writer_result(&w);
}

err args_unpack(slice packed, buf *text, buf *argv, int *argc) {
    reader r = reader_of(packed);
    slice s;
    const char *at = "sotto";
    buf_clear(text);
    buf_clear(argv);
    /* Never moved while pointers into it are made. */
    TRY(buf_reserve(text, packed.n + 1));
    TRY(buf_append(argv, slice_of(&at, sizeof at)));
    *argc = 1;
    while (r.n > 0) {
        TRY(reader_vec(&r, &s));
        if (*argc == ARGUMENTS_MAX || (s.n > 0 && memchr(s.p, 0, s.n) != NULL))
            return ERR_MALFORMED;
        at = (const char *)text->p + text->n;
        TRY(buf_append(text, s));
        TRY(buf_append_byte(text, 0));
        TRY(buf_append(argv, slice_of(&at, sizeof at)));
        ++*argc;
    }
    return OK;
}
