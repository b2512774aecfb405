/* sotto-desk: the command line. */
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "desk/command.h"
#include "sys/machine.h"

static const char usage[] =
    "usage: sotto-desk init DIR ORIGIN        make a desk's folder: its keys and an empty store\n"
    "       sotto-desk demo DIR ORIGIN        a demonstration office with fourteen people's keys\n"
    "       sotto-desk enrol DIR PERSON LINE...  a code, good for an hour, with which the person "
    "makes\n"
    "                                         keys on the page /enrol; LINEs as in an office "
    "file:\n"
    "                                         'roles intake' 'countries IE'\n"
    "       sotto-desk serve DIR [--listen ADDR:PORT] [--alarm PROGRAM]\n"
    "                        [--people DIR]   serve the pages, and mind the clock, until SIGTERM\n"
    "       sotto-desk duty DIR               who is on duty now, for the command of --alarm\n"
    "       sotto-desk office DIR FILE [--pin HASH]\n"
    "                                         take the first office file, or the next version\n"
    "       sotto-desk list DIR FILE          take the next suspension list\n"
    "       sotto-desk server DIR FILE        take what `sottod office show` printed into FILE\n"
    "       sotto-desk import DIR FILE        file an e-Evidence order (ETSI TS 103 120, XML or "
    "JSON)\n"
    "       sotto-desk answer DIR FILE STATUS [--schema FILE] [--to FILE]\n"
    "                                         the response to it: received, disclosed, preserved,\n"
    "                                         rejected or invalid\n"
    "       sotto-desk deliver DIR FILE PACKAGE MANIFEST [TASK] [--schema FILE] [--to FILE]\n"
    "                                         the delivery of what the server wrote for its case\n"
    "       sotto-desk annex DIR FILE GROUND [--facts FILE] [--xml] [--schema FILE] [--to FILE]\n"
    "                                         the form that says why it can't be complied with\n"
    "       sotto-desk carry show DIR [--json]       the orders that wait to be carried to the "
    "server\n"
    "       sotto-desk carry out DIR --as PERSON --key SEAL --to FOLDER\n"
    "                                         write each into a file, opened with the custodian's "
    "key\n"
    "       sotto-desk carry done DIR TASK MANIFEST [--as PERSON --key KEY --office FILE]\n"
    "                                         it was carried out; of a release, signed\n"
    "       sotto-desk carry refused DIR TASK REASON\n"
    "                                         the server refused it, with this word\n"
    "       sotto-desk pictures FILE DIR      pictures of a file that was attached to a filing\n"
    "       sotto-desk ledger show DIR [--json]      how far the ledger is, and who witnessed it\n"
    "       sotto-desk ledger publish DIR            a batch now, not only once a week\n"
    "       sotto-desk ledger ask DIR WITNESS [--to FILE]\n"
    "                                         what to POST to the witness's add-checkpoint\n"
    "       sotto-desk ledger answer DIR WITNESS STATUS FILE\n"
    "                                         take what it answered\n"
    "       sotto-desk ledger sightings DIR [--to FILE]\n"
    "                                         for `sottod office suspensions`, with a lift\n"
    "       sotto-desk ledger receipt DIR HASH [--to FILE]\n"
    "       sotto-desk ledger proof DIR HASH [--to FILE]\n"
    "                                         of what was filed, by its SHA-256\n"
    "       sotto-desk show DIR [--json]      what is in force, and how many cases there are\n"
    "       sotto-desk report DIR --from DAY --until DAY [--to FILE]\n"
    "                                         write the report of a period, and the statement for "
    "the\n"
    "                                         auditor to sign (FILE)\n"
    "       sotto-desk audited DIR FILE       publish the statement or the review that the auditor "
    "signed\n"
    "       sotto-desk audit PUBLIC REPORT --office FILE [--statement FILE] [--review FILE]\n"
    "                        [--openings FILE] [--padding FILE] [--draft FILE] [--json]\n"
    "                                         count a report again, from what a desk publishes\n"
    "       sotto-desk sign FILE --as PERSON --key KEY --office FILE [--with FILE] [--to FILE] "
    "[--yes]\n"
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
    "  --with FILE     the letter or manifest that a move names by its hash: it is read, too\n"
    "  --to FILE       where the result goes (the standard output)\n"
    "  --pin HASH      the hash of the first office file, from paper\n"
    "  --listen A:P    where the pages are (127.0.0.1:4490); a reverse proxy brings them TLS\n"
    "  --alarm PROGRAM it is run with the number of a case whose time runs out, and nothing else\n"
    "  --people DIR    of a demonstration: its people's keys, for visitors who act as them\n"
    "  --from DAY, --until DAY   of what was received from this day to before that one\n"
    "  --statement FILE          what the auditor signed of the cases that stay closed\n"
    "  --review FILE             what the auditor signed of the cases that were read again\n"
    "  --draft FILE              where the text of that review goes: one answered case in twenty, "
    "by lot\n"
    "  --openings FILE           another file than the one beside the report\n"
    "  --padding FILE            the padding key: the auditor's form, with all openings\n"
    "  --schema FILE   the official schema that a message in XML, or our answer, must be valid by\n"
    "  --facts FILE    what a person says in the form: lines of an id and a text\n"
    "  --xml           the form as XML\n"
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
    {"annex", command_annex},       {"answer", command_answer}, {"audit", command_audit},
    {"audited", command_audited},   {"carry", command_carry},   {"deliver", command_deliver},
    {"demo", command_demo},         {"duty", command_duty},     {"enrol", command_enrol},
    {"import", command_import},     {"init", command_init},     {"ledger", command_ledger},
    {"list", command_list},         {"merge", command_merge},   {"office", command_office},
    {"pictures", command_pictures}, {"report", command_report}, {"serve", command_serve},
    {"server", command_server},     {"show", command_show},     {"sign", command_sign},
    {"signed", command_signed},
};

/* ---- Options ---- */

static const char **option_place(struct command_line *line, const char *option) {
    struct {
        const char *name;
        const char **place;
    } options[] = {
        {"--as", &line->as},          {"--key", &line->key},     {"--schema", &line->schema},
        {"--facts", &line->facts},    {"--with", &line->with},   {"--office", &line->office},
        {"--list", &line->list},      {"--to", &line->to},       {"--pin", &line->pin},
        {"--listen", &line->listen},  {"--alarm", &line->alarm}, {"--people", &line->people},
        {"--from", &line->from},      {"--until", &line->until}, {"--statement", &line->statement},
        {"--review", &line->review},  {"--draft", &line->draft}, {"--openings", &line->openings},
        {"--padding", &line->padding}};
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
        else if (strcmp(argv[i], "--xml") == 0)
            line->xml = true;
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
