/* sotto-load: the command line, and the processes that the load is made by. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "load/load.h"
#include "load/machine.h"

enum { EXIT_BAD = 1, EXIT_USAGE = 2, PROCESSES_MAX = 128, FILES_SPARE = 64 };

static const char usage[] =
    "usage: sotto-load COMMAND --server ADDRESS --accounts FILE [OPTIONS]\n"
    "  accounts   register --count accounts by the codes in --codes, and write FILE\n"
    "  connect    --count devices log in, subscribe and stay for --seconds; with --deliver\n"
    "             each then gets a message\n"
    "  logins     --count devices log in, one after another is let in\n"
    "  messages   --count senders with a connected device each: --window messages under way, or\n"
    "             --rate a second in all\n"
    "  groups     the same, but each sender's messages go to --members devices\n"
    "  offline    --senders send to --count devices that are away, chosen at random\n"
    "  drain      --count devices log in and fetch what waits\n"
    "  steady     as messages, by clients that outlive the server: nothing may be lost or doubled\n"
    "\n"
    "  --server ADDRESS   host:port, ws://host:port/session or wss://..., a loopback address\n"
    "  --anywhere         another address, too: only where you may\n"
    "  --spread N         reach it at 127.0.0.1 to 127.0.0.N in turn, for more ports (1)\n"
    "  --accounts FILE    the accounts, by `accounts` or made beside a made store\n"
    "  --codes FILE       registration codes, as `sottod invite` prints them; - is stdin\n"
    "  --first N          the first account to use (0)\n"
    "  --count N          how many (100)\n"
    "  --step N           every Nth account from the first on (1)\n"
    "  --processes N      made by so many processes (1)\n"
    "  --window N         messages under way for each sender (16)\n"
    "  --rate N           messages a second in all; 0: as many as go (0)\n"
    "  --members N        of `groups`, 1,024 at most (100)\n"
    "  --senders N        of `offline` (100)\n"
    "  --at-once N        connections being opened by each process (64)\n"
    "  --item BYTES       size of a message (512)\n"
    "  --seconds S        how long (5)\n"
    "  --pid PID          the server's process: its time and memory are told\n"
    "  --json             one object, with all that was counted\n"
    "  --help, --version\n"
    "\n"
    "exit codes: 0 fine; 1 failed, or something was lost; 2 command line\n";

static const struct {
    const char *name;
    load_mode *run;
    uint64_t members;
} modes[] = {{"accounts", load_accounts, 1}, {"connect", load_connect, 1},
             {"logins", load_logins, 1},     {"messages", load_messages, 1},
             {"groups", load_messages, 100}, {"offline", load_offline, 1},
             {"drain", load_drain, 1},       {"steady", load_steady, 1}};

struct options {
    load_mode *run;
    const char *name, *server, *accounts, *codes;
    uint64_t first, count, step, members, processes, window, rate, senders, at_once, item, spread,
        pid;
    double seconds;
    bool anywhere, json, deliver;
};

static int complain(const char *what, const char *why) {
    fprintf(stderr, "sotto-load: %s: %s\n", what, why);
    return EXIT_USAGE;
}

/* ---- Options ---- */

static bool take_number(struct options *o, const char *name, const char *value, int *code) {
    const struct {
        const char *name;
        uint64_t *at, least, most;
    } numbers[] = {
        {"--first", &o->first, 0, 100000000},
        {"--count", &o->count, 1, 10000000},
        {"--members", &o->members, 1, PROTO_ROSTER_MAX},
        {"--step", &o->step, 1, 10000000},
        {"--processes", &o->processes, 1, PROCESSES_MAX},
        {"--window", &o->window, 1, 4096},
        {"--rate", &o->rate, 0, 1000000},
        {"--senders", &o->senders, 1, 15000},
        {"--at-once", &o->at_once, 1, 4096},
        {"--item", &o->item, 1, PROTO_ITEM_MAX},
        {"--spread", &o->spread, 1, 254},
        {"--pid", &o->pid, 1, 4194304},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(name, numbers[i].name) != 0)
            continue;
        if (decimal_decode(slice_str(value), numbers[i].most, numbers[i].at) != OK ||
            *numbers[i].at < numbers[i].least)
            *code = complain(name, "that is no number for it; see --help");
        return true;
    }
    return false;
}

static int take_value(struct options *o, const char *name, const char *value) {
    int code = 0;
    if (strcmp(name, "--server") == 0)
        o->server = value;
    else if (strcmp(name, "--accounts") == 0)
        o->accounts = value;
    else if (strcmp(name, "--codes") == 0)
        o->codes = value;
    else if (strcmp(name, "--seconds") == 0) {
        char *end;
        o->seconds = strtod(value, &end);
        if (*end != 0 || !(o->seconds >= 0 && o->seconds <= 86400))
            code = complain(name, "it takes seconds, a day's at most");
    } else if (!take_number(o, name, value, &code))
        code = complain(name, "there is no such option; see --help");
    return code;
}

static bool *find_flag(struct options *o, const char *name) {
    return strcmp(name, "--anywhere") == 0  ? &o->anywhere
           : strcmp(name, "--json") == 0    ? &o->json
           : strcmp(name, "--deliver") == 0 ? &o->deliver
                                            : NULL;
}

static int parse(struct options *o, int argc, char **argv) {
    *o = (struct options){.count = 100,
                          .step = 1,
                          .processes = 1,
                          .window = 16,
                          .senders = 100,
                          .at_once = 64,
                          .item = 512,
                          .spread = 1,
                          .seconds = 5};
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[1], modes[i].name) == 0) {
            o->run = modes[i].run;
            o->name = modes[i].name;
            o->members = modes[i].members;
        }
    if (o->run == NULL)
        return fputs(usage, stderr), EXIT_USAGE;
    for (int i = 2; i < argc; i++) {
        bool *flag = find_flag(o, argv[i]);
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        if (i + 1 == argc)
            return complain(argv[i], "it needs a value, or does not exist; see --help");
        int code = take_value(o, argv[i], argv[i + 1]);
        if (code != 0)
            return code;
        i++;
    }
    if (o->server == NULL || o->accounts == NULL)
        return complain("--server and --accounts", "both are needed; see --help");
    return 0;
}

static bool is_loopback(const char *host) {
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

/* ---- Codes ---- */

static int read_codes(const char *path, uint8_t (*codes)[16], uint64_t count, uint8_t server[32]) {
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (f == NULL)
        return complain(path, "it can't be read");
    uint64_t got = accounts_codes(f, codes, count, server);
    if (f != stdin)
        fclose(f);
    return got == count ? 0 : complain(path, "it has fewer codes than --count");
}

/* ---- Processes ---- */

/* One that makes a part of the load. It says when it is ready, is told to begin, and hands over
 * what it counted. */
struct part {
    int pid, to, from;
    struct load_result result;
};

struct ends {
    int in, out;
};

/* A word to the parent and one back, at the beginning; at the end the word alone. */
static void mark(void *ctx, bool begins) {
    const struct ends *ends = ctx;
    char word = 'r';
    if (write(ends->out, &word, 1) != 1 || (begins && read(ends->in, &word, 1) != 1))
        _exit(EXIT_BAD);
}

static void interrupt(int number) {
    (void)number;
    load_interrupted = 1;
}

static bool write_all(int fd, const void *p, size_t n) {
    for (const char *at = p; n > 0;) {
        ssize_t k = write(fd, at, n);
        if (k <= 0)
            return false;
        at += k;
        n -= (size_t)k;
    }
    return true;
}

static bool read_all(int fd, void *p, size_t n) {
    for (char *at = p; n > 0;) {
        ssize_t k = read(fd, at, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        at += k;
        n -= (size_t)k;
    }
    return true;
}

static int run_part(const struct options *o, const struct load_options *own, struct ends *ends) {
    static struct load_result result;
    err e = o->run(own, &result, mark, ends);
    int code = e == OK ? 0 : (int)e;
    if (!write_all(ends->out, &code, sizeof code) || !write_all(ends->out, &result, sizeof result))
        return EXIT_BAD;
    return 0;
}

/* The share of process i of a number. */
static uint64_t share(uint64_t all, uint64_t of, uint64_t i) {
    return all / of + (i < all % of);
}

static bool start_part(const struct options *o, const struct load_options *own, struct part *part) {
    int down[2], up[2];
    if (pipe(down) != 0 || pipe(up) != 0)
        return false;
    part->pid = fork();
    if (part->pid == 0) {
        struct ends ends = {down[0], up[1]};
        close(down[1]);
        close(up[0]);
        _exit(run_part(o, own, &ends));
    }
    close(down[0]);
    close(up[1]);
    part->to = down[1];
    part->from = up[0];
    return part->pid > 0;
}

static bool start_parts(const struct options *o, const struct load_options *all,
                        struct part *parts) {
    uint64_t first = o->first;
    for (uint64_t i = 0; i < o->processes; i++) {
        struct load_options own = *all;
        own.first = first;
        own.count = share(o->count, o->processes, i);
        own.rate = (uint32_t)share(o->rate, o->processes, i);
        own.senders = (uint32_t)share(o->senders, o->processes, i);
        own.seed = all->seed + i * 7919;
        first += own.count * own.step;
        if (!start_part(o, &own, &parts[i]))
            return false;
    }
    return true;
}

/* Waits for a word of each; progress on a terminal. */
static bool gather(struct part *parts, uint64_t count, const char *what) {
    bool shows = isatty(2) != 0, fine = true;
    for (uint64_t i = 0; i < count; i++) {
        char word;
        if (shows)
            fprintf(stderr, "\rsotto-load: %s, %llu of %llu processes ", what,
                    (unsigned long long)i, (unsigned long long)count);
        fine = read_all(parts[i].from, &word, 1) && fine;
    }
    if (shows)
        fprintf(stderr, "\r%60s\r", "");
    return fine;
}

static err collect(struct part *parts, uint64_t count, struct load_result *sum) {
    err worst = OK;
    for (uint64_t i = 0; i < count; i++) {
        struct load_result *r = &parts[i].result;
        int code = 0, status;
        if (!read_all(parts[i].from, &code, sizeof code) || !read_all(parts[i].from, r, sizeof *r))
            code = ERR_CLOSED;
        waitpid(parts[i].pid, &status, 0);
        if (code != 0)
            worst = (err)code;
        sum->count += r->count;
        sum->lost += r->lost;
        sum->refused += r->refused;
        sum->failed += r->failed;
        sum->cpu += r->cpu;
        if (r->seconds > sum->seconds)
            sum->seconds = r->seconds;
        histogram_merge(&sum->times, &r->times);
        histogram_merge(&sum->answers, &r->answers);
        histogram_merge(&sum->back, &r->back);
        for (size_t k = 0; k < LOAD_STEADY_COUNT; k++)
            sum->steady_counts[k] += r->steady_counts[k];
    }
    return worst;
}

/* ---- What is told ---- */

struct server {
    double cpu, added; /* seconds of the run; bytes that came with the devices */
    struct machine idle;
};

static const char *const steady_names[] = {
#define NAME(name) #name,
    LOAD_STEADY(NAME)};

static void show_json_steady(const struct load_result *r) {
    histogram_print(&r->back, "back_", false);
    for (size_t i = 0; i < LOAD_STEADY_COUNT; i++)
        printf(",\"%s\":%llu", steady_names[i], (unsigned long long)r->steady_counts[i]);
}

static void show(const struct options *o, const struct load_result *r, const struct server *s) {
    double per = r->count > 0 ? (double)r->count : 1;
    double rate = r->seconds > 0 ? (double)r->count / r->seconds : 0;
    double cpu = 1e6 * s->cpu / per;
    if (!o->json) {
        printf("%s: %llu in %.2f s, %.0f a second; lost %llu, refused %llu, failed %llu\n", o->name,
               (unsigned long long)r->count, r->seconds, rate, (unsigned long long)r->lost,
               (unsigned long long)r->refused, (unsigned long long)r->failed);
        printf("times: p50 %llu us, p99 %llu us, p999 %llu us, most %llu us\n",
               (unsigned long long)histogram_quantile(&r->times, 0.5),
               (unsigned long long)histogram_quantile(&r->times, 0.99),
               (unsigned long long)histogram_quantile(&r->times, 0.999),
               (unsigned long long)r->times.most);
        for (size_t i = 0; o->run == load_steady && i < LOAD_STEADY_COUNT; i++)
            printf("%s %llu%s", steady_names[i], (unsigned long long)r->steady_counts[i],
                   i + 1 < LOAD_STEADY_COUNT ? ", " : "\n");
        if (o->pid > 0)
            printf("server: %.2f us of CPU each, %.0f bytes now (edges %.0f, mail %.0f)\n", cpu,
                   s->idle.bytes, s->idle.edges, s->idle.mail);
        return;
    }
    printf("{\"command\":\"%s\",\"count\":%llu,\"seconds\":%.4f,\"per_second\":%.1f,\"lost\":%llu,"
           "\"refused\":%llu,\"failed\":%llu,\"cpu_us\":%.3f,\"load_cpu_us\":%.3f",
           o->name, (unsigned long long)r->count, r->seconds, rate, (unsigned long long)r->lost,
           (unsigned long long)r->refused, (unsigned long long)r->failed, cpu, 1e6 * r->cpu / per);
    printf(",\"bytes\":%.0f,\"all_bytes\":%.0f,\"edge_bytes\":%.0f,\"mail_bytes\":%.0f",
           s->added / (double)o->count, s->idle.bytes, s->idle.edges, s->idle.mail);
    histogram_print(&r->times, "", true);
    histogram_print(&r->answers, "answer_", false);
    if (o->run == load_steady)
        show_json_steady(r);
    printf("}\n");
}

static int run(const struct options *o, const struct load_options *all) {
    static struct part parts[PROCESSES_MAX];
    static struct load_result sum;
    bool memory = strcmp(o->name, "connect") == 0;
    struct server server = {.added = -machine_of((int)o->pid, memory).bytes};
    if (!start_parts(o, all, parts))
        return complain("--processes", "they can't be started");
    bool fine = gather(parts, o->processes, "getting ready");
    server.idle = machine_of((int)o->pid, memory); /* before anything is sent */
    server.added += server.idle.bytes;
    for (uint64_t i = 0; i < o->processes; i++)
        (void)!write(parts[i].to, "g", 1);
    fine = gather(parts, o->processes, "at work") && fine;
    server.cpu = machine_of((int)o->pid, 0).cpu - server.idle.cpu;
    err e = collect(parts, o->processes, &sum);
    if (e != OK)
        fprintf(stderr, "sotto-load: %s: %s\n", o->name, err_text(e));
    show(o, &sum, &server);
    return fine && e == OK && sum.lost == 0 && sum.failed == 0 ? 0 : EXIT_BAD;
}

/* ---- Registration, in this process ---- */

static void no_mark(void *ctx, bool begins) {
    (void)ctx;
    (void)begins;
}

static int make_accounts(const struct options *o, struct load_options *all) {
    static struct load_result result;
    uint8_t seed[ACCOUNTS_SEED], server[32] = {0};
    uint8_t(*codes)[16] = calloc(o->count, 16);
    if (codes == NULL || o->codes == NULL)
        return complain("--codes", "it is needed; see --help");
    int code = read_codes(o->codes, codes, o->count, server);
    crypto_random(seed, sizeof seed);
    err e = code == 0 ? accounts_begin(all->accounts, seed, server) : OK;
    all->codes = (const uint8_t(*)[16])codes;
    all->first = 0;
    all->step = 1;
    all->count = o->count;
    if (code == 0 && e == OK)
        e = load_accounts(all, &result, no_mark, NULL);
    if (code == 0 && e == OK && result.count < o->count)
        e = ERR_DENIED;
    if (code == 0 && e == OK)
        e = accounts_write(all->accounts, o->accounts);
    if (e != OK)
        fprintf(stderr, "sotto-load: accounts: %s\n", err_text(e));
    free(codes);
    if (code == 0 && e == OK)
        printf(o->json ? "{\"command\":\"accounts\",\"count\":%llu,\"seconds\":%.3f}\n"
                       : "accounts: %llu in %.2f s\n",
               (unsigned long long)result.count, result.seconds);
    return code != 0 ? code : e == OK ? 0 : EXIT_BAD;
}

static int start(const struct options *o) {
    static struct accounts accounts;
    struct load_options all = {.accounts = &accounts,
                               .step = o->step,
                               .members = o->members,
                               .window = (uint32_t)o->window,
                               .at_once = (uint32_t)o->at_once,
                               .item = (uint32_t)o->item,
                               .spread = (uint32_t)o->spread,
                               .seconds = o->seconds,
                               .deliver = o->deliver};
    struct rlimit files;
    if (sys_address_parse(&all.address, o->server) != OK)
        return complain(o->server, "that is no address");
    if (!is_loopback(all.address.host) && !o->anywhere)
        return complain(o->server, "no loopback address: a load can stop a server that others use; "
                                   "--anywhere if it is yours");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    crypto_random(&all.seed, sizeof all.seed);
    if (o->run == load_accounts)
        return make_accounts(o, &all);
    err e = accounts_read(&accounts, o->accounts);
    if (e != OK)
        return complain(o->accounts, err_text(e));
    if (o->members > 1 && o->count / o->processes < o->members)
        return complain("--members", "there are more than --count has for each process");
    if (o->first + (o->count - 1) * o->step >= accounts.count)
        return complain(o->accounts,
                        "it has fewer accounts than --first, --count and --step ask for");
    int code = run(o, &all);
    accounts_free(&accounts);
    return code;
}

int main(int argc, char **argv) {
    struct options o;
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout), 0;
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return printf("sotto-load " SOTTO_VERSION "\n"), 0;
    int code = parse(&o, argc, argv);
    if (code != 0)
        return code;
    if (crypto_init() != OK)
        return complain("randomness", "there is none");
    return start(&o);
}
