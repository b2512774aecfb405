/* sotto: the command line. */
#include <stdio.h>

#include "sys/machine.h"
#include "term/app.h"
#include "term/explain.h"

enum { TEXT_MAX = CORE_TEXT_MAX + 2, ARGC_MAX = 4096 };

static err put(void *ctx, int stream, slice bytes) {
    (void)ctx;
    FILE *file = stream == OUT_NORMAL ? stdout : stderr;
    return fwrite(bytes.p, 1, bytes.n, file) == bytes.n ? OK : ERR_IO;
}

/* ---- Help ---- */

static void print_all(void) {
    printf("usage: sotto [OPTIONS] COMMAND ...\n\n"
           "Private conversations through a server that can't read them.\n\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        printf("  %-9s %-37s %s\n", commands[i]->name, commands[i]->words, commands[i]->help);
    printf("\n"
           "options, before or after the command:\n"
           "  --home DIR              where the account is kept: $SOTTO_HOME, or\n"
           "                          $XDG_DATA_HOME/sotto, or ~/.local/share/sotto\n"
           "  --json                  one object a line, for programs (docs/SOTTO-JSON.md)\n"
           "  --no-passphrase         the home has no passphrase\n"
           "  --passphrase-file FILE  read the passphrase from there instead of asking\n"
           "  --timeout SECONDS       how long to wait for the server (15)\n"
           "  --help, --version\n"
           "\n"
           "`sotto help COMMAND` says more. Exit codes: 0 fine; 1 failed; 2 wrong command line,\n"
           "link or text; 3 the server is away; 4 refused (passphrase, invite, key); 5 the store\n"
           "is full, damaged or in use; 6 no such contact or conversation, or several; 130\n"
           "stopped.\n");
}

static void print_one(const struct command *c) {
    const char *space = c->words[0] != '\0' ? " " : "";
    printf("usage: sotto [OPTIONS] %s%s%s\n\n%s\n", c->name, space, c->words, c->text);
}

static int help(const struct args *args) {
    const struct command *about = args->command;
    if (about == &command_help && args->word_count > 0)
        about = command_find(args->words[0]);
    else if (about == &command_help)
        about = NULL;
    if (args->command == &command_help && args->word_count > 0 && about == NULL) {
        fprintf(stderr, "sotto: there is no such command. `sotto --help` lists them.\n");
        return EXIT_USAGE;
    }
    if (about == NULL)
        print_all();
    else
        print_one(about);
    return EXIT_FINE;
}

/* ---- Text from the input ---- */

static bool from_input(const struct args *args) {
    return args->command == &command_send &&
           (args->word_count == 1 ||
            (args->word_count == 2 && strcmp(args->words[1], "-") == 0));
}

static err read_text(buf *text) {
    TRY(host_read_all(0, TEXT_MAX, text));
    if (text->n > 0 && text->p[text->n - 1] == '\n')
        text->n--;
    if (text->n > 0 && memchr(text->p, 0, text->n) != NULL)
        return ERR_MALFORMED;
    return buf_append_byte(text, 0);
}

/* ---- Main ---- */

static int usage_error(const struct args *args, const char *why) {
    struct out out = {.json = args->json, .put = put};
    struct line l = {0};
    line_text(&l, slice_str(why));
    if (args->command != NULL)
        line_add(&l, ". `sotto help %s` says how", args->command->name);
    else
        line_add(&l, ". `sotto --help` says how");
    explain_print(&out, ERR_MALFORMED, 0, buf_slice(&l.b));
    buf_free(&l.b);
    return EXIT_USAGE;
}

/* The command line as it was given, with the text from the input in its place. */
static err pack(buf *packed, int argc, const char **argv, const buf *text) {
    const char *line[ARGC_MAX + 2];
    int n = 0;
    for (int i = 0; i < argc; i++)
        if (text->n == 0 || strcmp(argv[i], "-") != 0)
            line[n++] = argv[i];
    if (text->n > 0) {
        line[n++] = "--";
        line[n++] = (const char *)text->p;
    }
    return args_pack(packed, n, line);
}

static int run(struct app *app, int argc, const char **argv) {
    char home[HOST_PATH];
    buf text = {0}, packed = {0}, copy = {0};
    const char *words[2];
    struct args *args = &app->own.args;
    err e = buf_append(&copy, slice_of(argv, (size_t)argc * sizeof *argv));
    char why[ARGS_WHY];
    int code;
    if (e == OK && args_parse(args, argc, argv, why) != OK) {
        code = usage_error(args, why);
        goto out;
    }
    if (args->version) {
        printf("sotto %s\n", SOTTO_VERSION);
        code = EXIT_FINE;
        goto out;
    }
    if (args->help || args->command == &command_help) {
        code = help(args);
        goto out;
    }
    code = EXIT_USAGE;
    if (args->command == NULL) {
        print_all();
        goto out;
    }
    if (args->home == NULL && host_home_default(home) == OK)
        args->home = home;
    if (args->home == NULL) {
        code = usage_error(args, "there is no home to use: name one with --home DIR");
        goto out;
    }
    if (e == OK && from_input(args))
        e = read_text(&text);
    if (e == OK)
        e = pack(&packed, argc, (const char **)(void *)copy.p, &text);
    if (e != OK) {
        code = usage_error(args, e == ERR_TOO_LARGE ? "the text is longer than 262144 bytes"
                                                    : "the text has a byte that no text has");
        goto out;
    }
    if (text.n > 0) {
        words[0] = args->words[0];
        words[1] = (const char *)text.p;
        args->words = words;
        args->word_count = 2;
    }
    app->home = args->home;
    code = app_run(app, buf_slice(&packed));
out:
    buf_free(&text);
    buf_free(&packed);
    buf_free(&copy);
    return code;
}

int main(int argc, char **argv) {
    static struct app app;
    if (argc < 1 || argc > ARGC_MAX) {
        fprintf(stderr, "sotto: that is too long a command line\n");
        return EXIT_USAGE;
    }
    if (sys_machine_hide_memory() != OK) {
        fprintf(stderr, "sotto: the system does not let this process keep its memory to itself\n");
        return EXIT_FAILED;
    }
    return run(&app, argc, (const char **)(void *)argv);
}
