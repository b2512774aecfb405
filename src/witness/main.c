/* sotto-witness: the command line. */
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "sys/machine.h"
#include "witness/witness.h"

static const char usage[] =
    "usage: sotto-witness init --dir DIR --name NAME      make the witness's key, and print it\n"
    "       sotto-witness add --dir DIR KEY               know the log that this key signs\n"
    "       sotto-witness show --dir DIR                  print its key and the logs it knows\n"
    "       sotto-witness serve --dir DIR [--listen ADDR:PORT]\n"
    "                                                     cosign until SIGTERM, SIGINT or SIGHUP\n"
    "\n"
    "  --dir DIR            where its key is, and what it remembers of each log\n"
    "  --name NAME          what it is called: a URL without its scheme, as witness.example/w1\n"
    "  --listen ADDR:PORT   HTTP (127.0.0.1:4470); port 0: any\n"
    "  --help, --version\n"
    "\n"
    "KEY is a verifier key, as NAME+ID+BASE64; its name is the log's origin.\n"
    "\n"
    "exit codes: 0 fine; 1 failed; 2 command line; 3 the port or the directory is in use;\n"
    "4 the directory is damaged; 5 there is no witness in it\n";

enum {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_IN_USE = 3,
    EXIT_DAMAGED = 4,
    EXIT_NO_WITNESS = 5
};

struct options {
    const char *dir, *name, *listen, *key;
};

static int complain(const char *what, const char *why, int code) {
    fprintf(stderr, "sotto-witness: %s: %s\n", what, why);
    return code;
}

static int failed(const char *what, err e) {
    int code = e == ERR_BUSY ? EXIT_IN_USE : e == ERR_DAMAGED ? EXIT_DAMAGED : EXIT_FAILED;
    return complain(what, err_text(e), code);
}

static int print_key(const struct merkle_key *key) {
    buf text = {0};
    err e = merkle_key_format(&text, key);
    if (e == OK)
        printf("%.*s\n", (int)text.n, (const char *)text.p);
    buf_free(&text);
    return e == OK ? EXIT_FINE : failed("its key", e);
}

static int open_witness(struct witness **witness, const char *dir, const struct sys_log *log) {
    err e = witness_open(witness, dir, log);
    if (e == ERR_NOT_FOUND)
        return complain(dir, "there is no witness; make one by `sotto-witness init`",
                        EXIT_NO_WITNESS);
    return e == OK ? EXIT_FINE : failed(dir, e);
}

static int init(const struct options *o) {
    struct witness *witness = NULL;
    if (o->name == NULL)
        return complain("--name", "it is missing; see --help", EXIT_USAGE);
    err e = witness_init(o->dir, slice_str(o->name));
    if (e == ERR_MALFORMED || e == ERR_TOO_LARGE)
        return complain(o->name, err_text(e), EXIT_USAGE);
    if (e != OK)
        return failed(o->dir, e);
    int code = open_witness(&witness, o->dir, NULL);
    if (code == EXIT_FINE)
        code = print_key(witness_key(witness));
    witness_close(witness);
    return code;
}

static int add(const struct options *o) {
    struct witness *witness = NULL;
    struct merkle_key key;
    if (o->key == NULL)
        return complain("add", "it takes the log's key; see --help", EXIT_USAGE);
    err e = merkle_key_parse(&key, slice_str(o->key));
    if (e != OK)
        return complain(o->key, err_text(e), EXIT_USAGE);
    int code = open_witness(&witness, o->dir, NULL);
    if (code != EXIT_FINE)
        return code;
    e = witness_add(witness, &key);
    witness_close(witness);
    return e == OK ? EXIT_FINE : failed(o->key, e);
}

static int show(const struct options *o) {
    struct witness *witness = NULL;
    int code = open_witness(&witness, o->dir, NULL);
    if (code == EXIT_FINE)
        code = print_key(witness_key(witness));
    for (size_t i = 0; code == EXIT_FINE && i < witness_count(witness); i++) {
        uint64_t size;
        slice origin = witness_origin(witness, i, &size);
        printf("%llu %.*s\n", (unsigned long long)size, (int)origin.n, (const char *)origin.p);
    }
    witness_close(witness);
    return code;
}

static int serve(const struct options *o) {
    struct witness *witness = NULL;
    struct sys_log log = sys_log_as("witness", SYS_LOG_INFO);
    int code = open_witness(&witness, o->dir, &log);
    if (code != EXIT_FINE)
        return code;
    err e = witness_serve(witness, o->dir, o->listen, &log);
    witness_close(witness);
    return e == OK ? EXIT_FINE : failed(o->listen, e);
}

static const struct {
    const char *name;
    int (*run)(const struct options *o);
    bool key, named, listens; /* what it takes, beside --dir */
} COMMANDS[] = {
    {"init", init, false, true, false},
    {"add", add, true, false, false},
    {"show", show, false, false, false},
    {"serve", serve, false, false, true},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

static int run(size_t command, int argc, char **argv) {
    struct options o = {.listen = "127.0.0.1:4470"};
    for (int i = 0; i < argc; i++) {
        const char **value = strcmp(argv[i], "--dir") == 0                               ? &o.dir
                             : COMMANDS[command].named && strcmp(argv[i], "--name") == 0 ? &o.name
                             : COMMANDS[command].listens && strcmp(argv[i], "--listen") == 0
                                 ? &o.listen
                                 : NULL;
        if (value == NULL && COMMANDS[command].key && o.key == NULL && argv[i][0] != '-')
            o.key = argv[i];
        else if (value == NULL || i + 1 == argc)
            return complain(argv[i], "there is no such option, or it takes a value; see --help",
                            EXIT_USAGE);
        else
            *value = argv[++i];
    }
    if (o.dir == NULL || o.dir[0] == 0)
        return complain("--dir", "it is missing; see --help", EXIT_USAGE);
    return COMMANDS[command].run(&o);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return printf("%s", usage) < 0;
    if (argc == 2 && strcmp(name, "--version") == 0)
        return printf("sotto-witness %s\n", SOTTO_VERSION) < 0;
    if (sys_machine_hide_memory() != OK || crypto_init() != OK)
        return complain("this machine", "it gives no randomness, or writes core dumps",
                        EXIT_FAILED);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return run(i, argc - 2, argv + 2);
    return complain(name, "there is no such command; see --help", EXIT_USAGE);
}
