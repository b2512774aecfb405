/* sotto-desk: the command line. */
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "desk/command.h"
#include "sys/machine.h"

static const char usage[] =
    "usage: sotto-desk init DIR ORIGIN        make a desk's folder: its keys and an empty store\n"
    "       sotto-desk demo DIR ORIGIN        a demonstration office with fourteen people's keys\n"
    "       sotto-desk office DIR FILE [--pin HASH]\n"
    "                                         take the first office file, or the next version\n"
    "       sotto-desk list DIR FILE          take the next suspension list\n"
    "       sotto-desk server DIR FILE        take what `sottod office show` printed into FILE\n"
    "       sotto-desk show DIR [--json]      what is in force, and how many cases there are\n"
    "       sotto-desk sign FILE --as PERSON --key KEY --office FILE [--to FILE] [--yes]\n"
    "                                         read a text, and sign it with an SSH key\n"
    "       sotto-desk signed FILE --office FILE [--list FILE] [--json]\n"
    "                                         say who signed it, once each signature is checked\n"
    "       sotto-desk merge FILE... [--to FILE]\n"
    "                                         one document of several, whose text is the same\n"
    "\n"
    "  --office FILE   the office file that this machine trusts\n"
    "  --list FILE     the suspension list, by which signatures of bound persons don't count\n"
    "  --as PERSON     who signs, by the id in the office file\n"
    "  --key KEY       the SSH key (its private file; KEY.pub lies beside it)\n"
    "  --to FILE       where the result goes (the standard output)\n"
    "  --pin HASH      the hash of the first office file, from paper\n"
    "  --yes           sign without asking\n"
    "  --json          print objects\n"
    "  --help, --version\n"
    "\n"
    "exit codes: 0 fine; 1 failed; 2 command line; 3 a port or the store is in use; 4 the store "
    "or\n"
    "a file of the desk's is damaged; 5 refused, and nothing has changed\n";

static const struct {
    const char *name;
    int (*act)(const struct command_line *line);
} commands[] = {
    {"demo", command_demo},   {"init", command_init},     {"list", command_list},
    {"merge", command_merge}, {"office", command_office}, {"server", command_server},
    {"show", command_show},   {"sign", command_sign},     {"signed", command_signed},
};

/* ---- Options ---- */

static const char **option_place(struct command_line *line, const char *option) {
    struct {
        const char *name;
        const char **place;
    } options[] = {{"--as", &line->as},     {"--key", &line->key}, {"--office", &line->office},
                   {"--list", &line->list}, {"--to", &line->to},   {"--pin", &line->pin}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(options[i].name, option) == 0)
            return options[i].place;
    return NULL;
}

static int parse(struct command_line *line, int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        const char **place = option_place(line, argv[i]);
        if (strcmp(argv[i], "--yes") == 0)
            line->yes = true;
        else if (strcmp(argv[i], "--json") == 0)
            line->json = true;
        else if (place != NULL && i + 1 < argc)
            *place = argv[++i];
        else if (place != NULL)
            return command_fail(CODE_USAGE, argv[i], "it takes a value; see --help");
        else if (argv[i][0] == '-')
            return command_fail(CODE_USAGE, argv[i], "there is no such option; see --help");
        else if (line->word_count == COMMAND_WORDS)
            return command_fail(CODE_USAGE, argv[i], "there are too many words; see --help");
        else
            line->words[line->word_count++] = argv[i];
    }
    return CODE_FINE;
}

int main(int argc, char **argv) {
    struct command_line line = {0};
    if (sys_machine_hide_memory() != OK)
        return command_fail(CODE_FAILED, "core dumps", "they can't be turned off");
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return printf("%s", usage) < 0;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("sotto-desk %s\n", SOTTO_VERSION) < 0;
    if (argc < 2)
        return fputs(usage, stderr), CODE_USAGE;
    if (crypto_init() != OK)
        return command_fail(CODE_FAILED, "the cryptography", "it can't start");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, argv[1]) == 0) {
            int code = parse(&line, argc - 2, argv + 2);
            return code == CODE_FINE ? commands[i].act(&line) : code;
        }
    return command_fail(CODE_USAGE, argv[1], "there is no such command; see --help");
}
