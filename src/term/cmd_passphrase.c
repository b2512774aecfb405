#include "term/command.h"

const struct command command_passphrase = {
    .name = "passphrase",
    .words = "[--new-passphrase-file FILE | --off]",
    .help = "set, change or remove the home's passphrase",
    .text =
        "Asks for the passphrase that the home has (--no-passphrase: none yet), and twice for the\n"
        "one that it is to have; --off: none from now on. The old one opens nothing any more, but\n"
        "copies of the home from before: if such a copy may be in other hands, and the passphrase\n"
        "too, sign this device off and link another. It needs the home for itself: while another\n"
        "sotto holds it, nothing is changed.",
    .options = OPTION_NEW_FILE | OPTION_OFF,
    .flags = COMMAND_ALONE | COMMAND_LOCKS,
};
