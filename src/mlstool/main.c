/* sotto-mls: what one does with MLS besides talking: run test vectors, look at messages, be driven
 * by another implementation. */
#include <stdio.h>

#include "crypto/crypto.h"
#include "mlstool/dump.h"
#include "mlstool/peer.h"
#include "mlstool/vectors.h"

static const struct {
    const char *name, *words;
    int (*run)(int argc, char **argv); /* what follows the command's name */
} COMMANDS[] = {
    {"vectors", "FILE|FOLDER...", vectors_main},
    {"dump", "[--type TYPE] [--full] [FILE|-]", dump_main},
    {"peer", "", peer_main},
};
enum { COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]), EXIT_USAGE = 2 };

static int usage(FILE *file) {
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(file, "%s sotto-mls %s %s\n", i == 0 ? "usage:" : "      ", COMMANDS[i].name,
                COMMANDS[i].words);
    return file == stdout ? 0 : EXIT_USAGE;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0)
        return usage(stdout);
    if (strcmp(name, "--version") == 0) {
        printf("sotto-mls " SOTTO_VERSION "\n");
        return 0;
    }
    if (crypto_init() != OK) {
        fprintf(stderr, "sotto-mls: there is no randomness\n");
        return 1;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return COMMANDS[i].run(argc - 2, argv + 2);
    return usage(stderr);
}
