#include "term/command.h"
#include "term/web_check.h"

const struct command command_web_check = {
    .name = "web-check",
    .words = "URL [--manifest FILE [--key KEY]]",
    .help = "whether a server's web page is the one that was built",
    .text =
        "Fetches every file of the page at URL as a browser does, its workers and the core "
        "included,\n"
        "and compares it, byte for byte and header for header, with the page that was built with "
        "this\n"
        "sotto, or with the one of which FILE is the manifest. --key: FILE is to be signed by this "
        "key\n"
        "(name+id+key). Nothing of your account goes with it, and no home is opened: where there "
        "is\n"
        "one, say which proxy it has with --proxy, or --proxy none. Exit code 9: it is another. "
        "What a server gives to others, "
        "or\n"
        "to you tomorrow, this can't show.",
    .options = OPTION_MANIFEST | OPTION_KEY,
    .flags = COMMAND_WITHOUT_HOME,
    .words_min = 1,
    .words_max = 1,
    .alone = web_check,
};
