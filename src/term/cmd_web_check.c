#include "term/command.h"
#include "term/web_check.h"

const struct command command_web_check = {
    .name = "web-check",
    .words = "URL [--manifest FILE] [--log URL] [--key KEY]",
    .help = "whether a server's web page is the one that was built",
    .text =
        "Fetches every file of the page at URL as a browser does, its workers and the core\n"
        "included, and compares it, byte for byte and header for header, with the page that was\n"
        "built with this sotto, or with the one of which FILE is the manifest. --key: FILE is to\n"
        "be signed by this key (name+id+key). --log: FILE is to be in the log at that URL, which\n"
        "the key signs and everybody can read; without FILE the newest release in it counts.\n"
        "Nothing of your account goes with it, and no home is opened: where there is one, say\n"
        "which proxy it has with --proxy, or --proxy none. Exit code 9: it is another. What a\n"
        "server gives to others, or to you tomorrow, this can't show.",
    .options = OPTION_MANIFEST,
    .flags = COMMAND_WITHOUT_HOME,
    .words_min = 1,
    .words_max = 1,
    .alone = web_check,
};
