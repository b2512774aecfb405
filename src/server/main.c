/* sottod: the command line. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "server/backup.h"
#include "server/check.h"
#include "server/config.h"
#include "server/inventory.h"
#include "server/keys.h"
#include "server/mail.h"
#include "server/office_client.h"
#include "server/operator_client.h"
#include "server/process.h"
#include "store/store.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "sys/machine.h"

enum { CONFIG_FILE_MAX = 1024 * 1024, PATH = 1024, WORDS = 3 };

static const char usage[] =
    "usage: sottod [run] [OPTIONS] [--print-invites N]   serve until SIGTERM or SIGINT; SIGHUP "
    "reads\n"
    "                                               certificate and web page again\n"
    "       sottod check [OPTIONS] [--deep] [--json]     say whether all is fit to run\n"
    "       sottod check DIR [--json]                    say whether a backup is whole\n"
    "       sottod invite [OPTIONS] [--count N] [--json] ask the running server for N links (1)\n"
    "       sottod metrics [OPTIONS]                     print the running server's counts, for\n"
    "                                                    Prometheus\n"
    "       sottod identity [OPTIONS]                    print the server's identity key\n"
    "       sottod config [OPTIONS]                      print every setting, with its value\n"
    "       sottod inventory [OPTIONS] [--fields]        count what the store holds, by kind\n"
    "       sottod office show [OPTIONS] [--json]        the office and the suspensions in force\n"
    "       sottod office pin HASH FILE [--anew]         begin with this office file\n"
    "       sottod office change FILE                    take its next version\n"
    "       sottod office suspensions FILE [--sightings FILE]\n"
    "                                                    take the next suspension list\n"
    "       sottod order FILE [--to DIR]                 carry out a signed order\n"
    "       sottod repair [OPTIONS]                      drop what damage in the log hides\n"
    "       sottod backup DIR [OPTIONS] [--without-keys] [--json]\n"
    "                                                    copy store and keys, also while it runs\n"
    "       sottod restore DIR [OPTIONS]                 begin again from such a copy\n"
    "\n"
    "  --config FILE        settings, one `key = value` a line\n"
    "  --data DIR           the directory of the store and the keys (var)\n"
    "  --listen ADDR:PORT   sessions over TCP (127.0.0.1:4460); port 0: any\n"
    "  --http ADDR:PORT     WebSocket, /health, /ready, the web page (127.0.0.1:4480)\n"
    "  --set KEY=VALUE      any setting that `sottod config` prints\n"
    "  --print-invites N    when the server is ready, print N links for new accounts\n"
    "  --take-over          `run`: in the place of the server that runs on this data, without "
    "refusing\n"
    "                       a connection meanwhile\n"
    "  --count N            print N links, each good for one new account\n"
    "  --fields             print the list of all fields that can be held, as a table\n"
    "  --deep               `check`: every row of the store, too\n"
    "  --without-keys       `backup`: without the server's secrets, for which you keep another "
    "place\n"
    "  --to DIR             where `order` writes what it gives (.)\n"
    "  --sightings FILE     what the office's ledger showed of a notice, for the lift that it was "
    "of\n"
    "  --anew               `office pin`: in the place of an office that lost its signers\n"
    "  --json               print objects: each link as `link`; each kind as `row`, `count`, "
    "`bytes`\n"
    "  --help, --version\n"
    "\n"
    "exit codes: 0 fine; 1 failed; 2 command line or configuration; 3 a port or the data\n"
    "directory is in use; 4 the store or a key file is damaged; 5 no server runs there\n";

struct options {
    struct config config;
    unsigned print_invites, count;
    bool json, fields, anew, without_keys, deep, take_over;
    const char *to, *sightings;
    const char *words[WORDS]; /* that are no options */
    size_t word_count;
};

static int complain(const char *what, const char *why) {
    fprintf(stderr, "sottod: %s: %s\n", what, why);
    return EXIT_USAGE;
}

/* ---- Options ---- */

static int read_config(struct config *c, const char *path) {
    char why[CONFIG_TEXT];
    buf text = {0};
    err e = sys_file_read(path, CONFIG_FILE_MAX, &text);
    if (e != OK) {
        buf_free(&text);
        return complain(path, err_text(e));
    }
    e = config_parse(c, buf_slice(&text), why);
    buf_free(&text);
    return e == OK ? EXIT_FINE : complain(path, why);
}

static int set(struct config *c, const char *key, const char *value) {
    char why[CONFIG_TEXT];
    return config_set(c, slice_str(key), slice_str(value), why) == OK ? EXIT_FINE
                                                                      : complain(key, why);
}

static int set_pair(struct config *c, const char *pair) {
    char why[CONFIG_TEXT];
    const char *equals = strchr(pair, '=');
    if (equals == NULL)
        return complain(pair, "--set takes KEY=VALUE");
    slice key = slice_of(pair, (size_t)(equals - pair));
    return config_set(c, key, slice_str(equals + 1), why) == OK ? EXIT_FINE : complain(pair, why);
}

static int number(const char *option, const char *text, unsigned least, unsigned *out) {
    uint64_t value = 0;
    if (decimal_decode(slice_str(text), 255, &value) != OK || value < least)
        return complain(option, least == 0 ? "it takes a number up to 255"
                                           : "it takes a number from 1 to 255");
    *out = (unsigned)value;
    return EXIT_FINE;
}

static int take_option(struct options *o, const char *option, const char *value) {
    if (strcmp(option, "--config") == 0)
        return EXIT_FINE; /* read before all others */
    if (strcmp(option, "--data") == 0)
        return set(&o->config, "data", value);
    if (strcmp(option, "--listen") == 0)
        return set(&o->config, "listen", value);
    if (strcmp(option, "--http") == 0)
        return set(&o->config, "http", value);
    if (strcmp(option, "--set") == 0)
        return set_pair(&o->config, value);
    if (strcmp(option, "--print-invites") == 0)
        return number(option, value, 0, &o->print_invites);
    if (strcmp(option, "--to") == 0)
        return o->to = value, EXIT_FINE;
    if (strcmp(option, "--sightings") == 0)
        return o->sightings = value, EXIT_FINE;
    if (strcmp(option, "--count") == 0)
        return number(option, value, 1, &o->count);
    return complain(option, "there is no such option; see --help");
}

/* The file first, whatever its place, so that the command line has the last word. */
static int find_config(struct options *o, int argc, char **argv) {
    for (int i = 0; i + 1 < argc; i++)
        if (strcmp(argv[i], "--config") == 0)
            return read_config(&o->config, argv[i + 1]);
    return EXIT_FINE;
}

/* most: words that the command takes. */
static int parse(struct options *o, size_t most, int argc, char **argv) {
    char why[CONFIG_TEXT];
    config_init(&o->config);
    o->count = 1;
    o->to = ".";
    int code = find_config(o, argc, argv);
    for (int i = 0; code == EXIT_FINE && i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            o->json = true;
        else if (strcmp(argv[i], "--fields") == 0)
            o->fields = true;
        else if (strcmp(argv[i], "--anew") == 0)
            o->anew = true;
        else if (strcmp(argv[i], "--deep") == 0)
            o->deep = true;
        else if (strcmp(argv[i], "--take-over") == 0)
            o->take_over = true;
        else if (strcmp(argv[i], "--without-keys") == 0)
            o->without_keys = true;
        else if (argv[i][0] != '-' && o->word_count < most)
            o->words[o->word_count++] = argv[i];
        else if (i + 1 == argc)
            code = complain(argv[i], "there is no such option, or it takes a value; see --help");
        else
            code = take_option(o, argv[i], argv[i + 1]), i++;
    }
    if (code == EXIT_FINE && config_check(&o->config, why) != OK)
        code = complain("configuration", why);
    return code;
}

/* ---- check ---- */

static int check(struct options *o) {
    return o->word_count > 0 ? backup_check(o->words[0], o->json)
                             : check_server(&o->config, o->deep, o->json);
}

static int metrics(struct options *o) {
    return operator_client_metrics(o->config.data);
}

/* ---- repair ---- */

static err roll_back(const char *path) {
    struct store *store;
    struct store_rocksdb_options options = {0};
    TRY(store_rocksdb_open(&store, path, &options));
    err e = mail_rolled_back(store, sys_clock_wall());
    store_close(store);
    return e;
}

static err repair_store(const char *data, uint64_t *lost) {
    char path[PATH];
    int lock = -1;
    TRY(keys_path(path, data, "lock"));
    TRY(sys_lock_take(path, &lock));
    err e = keys_path(path, data, "store");
    if (e == OK)
        e = store_rocksdb_repair(path, lost);
    if (e == OK)
        e = roll_back(path);
    sys_lock_release(lock);
    return e;
}

static int repair(struct options *o) {
    uint64_t lost = 0;
    err e = repair_store(o->config.data, &lost);
    if (e != OK) {
        printf("store in %s: %s\n", o->config.data, err_text(e));
        return (int)exit_code_of(e);
    }
    printf("store in %s: it opens; %llu writes were dropped, from the first damage in its log to "
           "the last write that could be read; what stood behind that one can't be counted. Every "
           "device is told that something may be "
           "missing\n",
           o->config.data, (unsigned long long)lost);
    return EXIT_FINE;
}

/* ---- The others ---- */

static int identity(struct options *o) {
    struct keys keys = {0};
    char why[PATH] = "the cryptography";
    buf text = {0};
    err e = crypto_init();
    if (e == OK)
        e = keys_load(&keys, o->config.data, false, why);
    if (e == OK)
        e = base32_encode(&text, SLICE_ARRAY(keys.identity));
    if (e == OK)
        printf("%.*s\n", (int)text.n, (const char *)text.p);
    else if (e == ERR_NOT_FOUND)
        fprintf(stderr, "sottod: there is no identity in %s yet; the first `sottod run` makes it\n",
                o->config.data);
    else
        fprintf(stderr, "sottod: %s: %s\n", why, err_text(e));
    keys_wipe(&keys);
    buf_free(&text);
    return (int)exit_code_of(e);
}

static int print_config(struct options *o) {
    buf text = {0};
    (void)o;
    err e = config_describe(&text);
    if (e == OK)
        printf("%.*s", (int)text.n, (const char *)text.p);
    buf_free(&text);
    return (int)exit_code_of(e);
}

static int invite(struct options *o) {
    return operator_client_invite(o->config.data, (uint8_t)o->count, o->json);
}

static int inventory(struct options *o) {
    return o->fields ? inventory_fields() : inventory_count(o->config.data, o->json);
}

static int office(struct options *o) {
    const char *const *w = o->words, *data = o->config.data;
    if (o->word_count == 1 && strcmp(w[0], "show") == 0)
        return office_client_show(data, o->json);
    if (o->word_count < 2)
        return complain("office", "it takes show, pin, change or suspensions; see --help");
    bool has_hash = o->word_count == 3;
    return office_client_put(data, w[0], has_hash ? w[1] : NULL, w[o->word_count - 1], o->sightings,
                             o->anew, o->json);
}

static int order(struct options *o) {
    if (o->word_count == 0)
        return complain("order", "it takes the file of a signed order; see --help");
    return office_client_order(o->config.data, o->words[0], o->to);
}

static int backup(struct options *o) {
    if (o->word_count == 0)
        return complain("backup", "it takes the directory to write to; see --help");
    return backup_make(o->config.data, o->words[0], o->without_keys, o->json);
}

static int restore(struct options *o) {
    if (o->word_count == 0)
        return complain("restore", "it takes the directory of a backup; see --help");
    return backup_restore(o->config.data, o->words[0]);
}

static int run(struct options *o) {
    return parent_main(&o->config, o->print_invites, o->take_over);
}

static const struct {
    const char *name;
    int (*act)(struct options *o);
    size_t words;
} commands[] = {{"run", run, 0},           {"check", check, 1},         {"invite", invite, 0},
                {"identity", identity, 0}, {"inventory", inventory, 0}, {"office", office, WORDS},
                {"order", order, 1},       {"backup", backup, 1},       {"restore", restore, 1},
                {"repair", repair, 0},     {"config", print_config, 0}, {"metrics", metrics, 0}};

int main(int argc, char **argv) {
    static struct options options;
    if (sys_machine_hide_memory() != OK)
        return fprintf(stderr, "sottod: core dumps can't be turned off\n"), EXIT_FAILED;
    bool log_json = argc == 3 && strcmp(argv[2], ROLE_LOGS_JSON) == 0;
    if (argc == 2 + log_json && strcmp(argv[1], ROLE_EDGE) == 0)
        return edge_main(log_json);
    if (argc == 2 + log_json && strcmp(argv[1], ROLE_MAIL) == 0)
        return mail_main(log_json);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return printf("%s", usage) < 0;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("sottod %s\n", SOTTO_VERSION) < 0;
    const char *name = argc > 1 && argv[1][0] != '-' ? argv[1] : "run";
    int used = argc > 1 && argv[1][0] != '-' ? 2 : 1;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        int code = parse(&options, commands[i].words, argc - used, argv + used);
        return code == EXIT_FINE ? commands[i].act(&options) : code;
    }
    return complain(name, "there is no such command; see --help");
}
