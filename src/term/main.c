/* sotto: the command line. */
#include <stdio.h>

#include "sys/files.h"
#include "sys/machine.h"
#include "term/app.h"
#include "term/explain.h"

enum { INPUT = 0, ERROR_OUTPUT = 2, TEXT_MAX = CORE_TEXT_MAX + 2, ARGC_MAX = 4096 };

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
    printf(
        "\n"
        "options, before or after the command:\n"
        "  --home DIR              where the account is kept: $SOTTO_HOME, or\n"
        "                          $XDG_DATA_HOME/sotto, or ~/.local/share/sotto\n"
        "  --json                  one object a line, for programs (docs/SOTTO-JSON.md)\n"
        "  --no-passphrase         the home has no passphrase\n"
        "  --passphrase-file FILE  read the passphrase from there instead of asking\n"
        "  --proxy HOST:PORT       reach the server through this SOCKS5 proxy (Tor) only, now and\n"
        "                          with every later command; --proxy none ends that\n"
        "  --isolate on|off        whether each conversation sends over a connection of its own,\n"
        "                          now and later: on with a proxy unless said otherwise\n"
        "  --timeout SECONDS       how long to wait for the server (15)\n"
        "  --help, --version\n"
        "\n"
        "`sotto help COMMAND` says more. Exit codes: 0 fine; 1 failed; 2 wrong command line,\n"
        "link or text; 3 the server is away; 4 refused (passphrase, invite, key); 5 the store\n"
        "is full, damaged or in use; 6 no such contact or conversation, or several; 7 sent, but\n"
        "not to every mailbox; 8 kept, and held back; 9 another web page than was built;\n"
        "130 stopped (0 for listen and chat).\n");
}

static void print_one(const struct command *c) {
    const char *space = c->words[0] != '\0' ? " " : "";
    printf("usage: sotto [OPTIONS] %s%s%s\n\n%s\n", c->name, space, c->words, c->text);
}

static int help(const struct args *args) {
    const struct command *about = args->command;
    if (about == &command_help && args->word_count > 0)
        about = command_named(args->words[0]);
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

/* ---- Text and links from the input ---- */

static bool text_from_input(const struct args *args) {
    return args->command == &command_send && args->file == NULL &&
           (args->word_count == 1 || (args->word_count == 2 && strcmp(args->words[1], "-") == 0));
}

/* A link is a secret, which everybody on the machine can read in a command line. */
static bool link_from_input(const struct args *args) {
    return (args->command == &command_init || args->command == &command_invite) &&
           args->word_count == 1 && strcmp(args->words[0], "-") == 0;
}

/* The 24 words of an identity, on as many lines as they are. */
static err read_words(buf *words) {
    size_t count = 0;
    bool inside = false;
    fprintf(stderr, "The 24 words:\n");
    for (size_t at = 0, before = SIZE_MAX; count + inside < 24 && before != words->n;) {
        before = words->n;
        TRY(host_read_line(INPUT, TEXT_MAX, words));
        for (; at < words->n; at++) {
            bool space = words->p[at] == ' ' || words->p[at] == '\t' || words->p[at] == '\n' ||
                         words->p[at] == '\r';
            count += inside && space;
            inside = !space;
        }
    }
    if (words->n > 0 && memchr(words->p, 0, words->n) != NULL)
        return ERR_MALFORMED;
    return buf_append_byte(words, 0);
}

static bool pin_from_input(const struct args *args) {
    return args->pin != NULL && strcmp(args->pin, "-") == 0;
}

static err read_input(const struct args *args, buf *text) {
    if (args->command == &command_send)
        TRY(host_read_all(INPUT, TEXT_MAX, text));
    else
        TRY(host_read_line(INPUT, TEXT_MAX, text));
    if (text->n > 0 && text->p[text->n - 1] == '\n')
        text->n--;
    if (text->n > 0 && memchr(text->p, 0, text->n) != NULL)
        return ERR_MALFORMED;
    return buf_append_byte(text, 0);
}

/* Puts what comes on the input among the words, or in the place of the PIN: *words and the bufs
 * hold it. */
static err take_input(struct args *args, const char *words[2], buf *text, buf *more) {
    bool links = link_from_input(args);
    if (text_from_input(args) || links || pin_from_input(args))
        TRY(read_input(args, text));
    if (pin_from_input(args)) {
        args->pin = (const char *)text->p;
    } else if (text_from_input(args) || links) {
        words[0] = args->words[0];
        args->word_count = links ? 1 : 2;
        words[args->word_count - 1] = (const char *)text->p;
        args->words = words;
    }
    if (args->command == &command_init && args->by_words) {
        TRY(read_words(more));
        words[0] = args->words[0];
        words[1] = (const char *)more->p;
        args->words = words;
        args->word_count = 2;
    }
    return OK;
}

/* Another process may hold the home, and open the file from where it stands. */
static err place(const char **name, buf *path) {
    if (*name == NULL || (*name)[0] == '\0')
        return OK;
    TRY(sys_file_absolute(*name, path));
    *name = (const char *)path->p;
    return OK;
}

static err place_files(struct args *args, buf *picture, buf *file) {
    TRY(place(&args->picture, picture));
    if (args->command == &command_save && args->to == NULL)
        args->to = ".";
    if ((args->command->options & OPTION_PROGRESS) != 0)
        args->progress = args->progress || host_is_terminal(ERROR_OUTPUT);
    TRY(place(&args->file, file));
    return place(&args->to, file); /* no command takes both */
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
    explain_print(&out, ERR_MALFORMED, 0, buf_slice(&l.json.b));
    buf_free(&l.json.b);
    return EXIT_USAGE;
}

static int run(struct app *app, int argc, const char **argv) {
    char home[HOST_PATH];
    buf picture = {0}, file = {0};
    buf text = {0}, more = {0}, packed = {0};
    const char *words[2];
    struct args *args = &app->own.args;
    char why[ARGS_WHY];
    int code;
    if (args_parse(args, argc, argv, why) != OK) {
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
    if (args->command->alone != NULL) {
        struct out out = {.json = args->json, .put = put};
        code = args->command->alone(args, &out);
        goto out;
    }
    if (args->home == NULL && host_home_default(home) == OK)
        args->home = home;
    if (args->home == NULL) {
        code = usage_error(args, "there is no home to use: name one with --home DIR");
        goto out;
    }
    err e = take_input(args, words, &text, &more);
    if (e == OK)
        e = place_files(args, &picture, &file);
    if (e == OK)
        e = args_pack(&packed, args);
    if (e != OK) {
        code = usage_error(args, e == ERR_TOO_LARGE ? "the text is longer than 262144 bytes"
                                                    : "the text has a byte that no text has");
        goto out;
    }
    app->home = args->home;
    code = app_run(app, buf_slice(&packed));
out:
    buf_free(&text);
    buf_free(&more);
    buf_free(&packed);
    buf_free(&picture);
    buf_free(&file);
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
