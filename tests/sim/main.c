/* Runs seeds, one test each. A seed that fails says how to see it again. */
#include "world.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- The only randomness there is ---- */

static struct support_random *source;

static const char *random_name(void) {
    return "seeded";
}

static void random_bytes(void *const out, const size_t n) {
    uint8_t *p = out;
    for (size_t i = 0; i < n;) {
        uint64_t v = support_next(source);
        for (int j = 0; j < 8 && i < n; j++, i++)
            p[i] = (uint8_t)(v >> (8 * j));
    }
}

static uint32_t random_number(void) {
    return (uint32_t)(support_next(source) >> 32);
}

static randombytes_implementation seeded = {
    .implementation_name = random_name,
    .random = random_number,
    .buf = random_bytes,
};

static uint64_t mixed(uint64_t seed, uint64_t salt) {
    uint64_t v = (seed + salt) * UINT64_C(0x9e3779b97f4a7c15);
    v = (v ^ (v >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ (v >> 27)) * UINT64_C(0x94d049bb133111eb);
    v ^= v >> 31;
    return v == 0 ? 1 : v;
}

/* ---- One seed ---- */

struct options {
    uint64_t first, last, seconds, at_least, actions;
    uint16_t suite;
    bool trace;
};

static void show_counts(const struct world *w) {
    const struct counts *c = &w->counts;
#define N(what) (unsigned long long)c->what
    printf("# %llu messages sent, %llu read, %llu commits, %llu late; %zu groups; %llu deliveries, "
           "%llu acknowledged before written; %llu requests accepted\n",
           N(sends), N(reads), N(commits), N(late), w->group_count, N(delivered),
           (unsigned long long)server_passed(w), N(accepted));
    printf("# %llu crashes, %llu times offline, %llu links lost, %llu stalls, %llu server crashes, "
           "%llu and %llu store faults\n",
           N(crashes), N(offline), N(cuts), N(stalls), N(server_crashes), N(client_faults),
           N(server_faults));
    printf(
        "# %llu doubled, %llu replayed, %llu out of order; %llu repeats, %llu dropped, %llu "
        "quarantined, %llu replaced, %llu troubles, %llu commands failed, %llu epochs unseen, %llu "
        "read late because sent again, %llu handles held\n",
        N(doubles), N(replays), N(disorders), N(repeats), N(dropped), N(quarantined), N(replaced),
        N(troubles), N(failed_commands), N(unknown_epochs), N(again), N(handles));
    printf("# %llu edits, %llu withdrawals, %llu reactions; shown alike %llu times, "
           "%llu messages over; read up to %llu times, told that %llu came and %llu were read; "
           "said %llu times that somebody writes, seen %llu times\n",
           N(edits), N(withdrawals), N(reactions), N(agreed), N(over), N(looks), N(told),
           N(told_read), N(writing), N(seen_writing));
    printf(
        "# %llu events in %.0f s of the world's time, %llu nights; %llu members were not reached; "
        "%llu files, fetched %llu times; "
        "fingerprint %016llx\n",
        N(events), (double)(w->now - w->start) / 1000, N(nights), N(unreached), N(files),
        N(fetched), (unsigned long long)w->fingerprint);
#undef N
}

static void world_free(struct world *w) {
    for (int i = 0; i < DEVICES; i++)
        client_stop(w, i);
    server_stop(w);
    world_links_free(w);
    for (size_t i = 0; i < w->group_count; i++) {
        free(w->groups[i].epochs);
        free(w->groups[i].candidates);
    }
    free(w->messages);
    free(w);
}

static bool run_seed(const struct options *o, uint64_t seed, int number, const char *program) {
    struct world *w = calloc(1, sizeof *w);
    struct timespec begun, ended;
    timespec_get(&begun, TIME_UTC);
    if (w == NULL)
        return false;
    w->seed = seed;
    w->suite = o->suite;
    w->trace = o->trace;
    w->actions = o->actions;
    w->now = w->start = 3000 * TIME_WEEK + mixed(seed, 3) % TIME_WEEK;
    w->chance.state = mixed(seed, 1);
    w->secrets.state = mixed(seed, 2);
    source = &w->secrets;
    life_set_up(w);
    while (w->counts.actions < w->actions && world_step(w))
        ;
    if (life_settle(w))
        life_fetch_all(w);
    check_end(w);
    show_counts(w);
    timespec_get(&ended, TIME_UTC);
    printf("# %.1f s\n",
           (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    for (size_t i = 0; i < w->failures && i < FAILURES_SHOWN; i++)
        printf("# failed: %s\n", w->failed[i]);
    if (w->failures > 0)
        printf("# %zu failures; again: %s --seed %llu --actions %llu --suite %04x --trace\n",
               w->failures, program, (unsigned long long)seed, (unsigned long long)o->actions,
               (unsigned)o->suite);
    bool good = w->failures == 0;
    printf("%sok %d - seed %llu, suite %04x: %d clients, %d conversations, %llu actions\n",
           good ? "" : "not ", number, (unsigned long long)seed, (unsigned)o->suite, CLIENTS,
           CONVERSATIONS, (unsigned long long)w->counts.actions);
    (void)fflush(stdout);
    world_free(w);
    return good;
}

/* ---- Options ---- */

static uint64_t number_of(const char *text, int base) {
    char *end;
    unsigned long long v = strtoull(text, &end, base);
    if (*text == 0 || *end != 0) {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return v;
}

static void usage(const char *program) {
    fprintf(stderr,
            "%s [--seed N | --seeds FIRST LAST] [--seconds S] [--at-least N] [--actions N]\n"
            "    [--suite HEX] [--trace]\n"
            "Runs the simulated world once for each seed; after S seconds begins no new one, but\n"
            "runs at least N seeds. --trace says on standard error what happens.\n",
            program);
    exit(2);
}

static struct options read_options(int argc, char **argv) {
    struct options o = {1, 1, 0, 1, 10000, MLS_SUITE_X25519_CHACHA, false};
    for (int i = 1; i < argc; i++) {
        int left = argc - i - 1;
        if (strcmp(argv[i], "--seed") == 0 && left >= 1)
            o.first = o.last = number_of(argv[++i], 10);
        else if (strcmp(argv[i], "--seeds") == 0 && left >= 2) {
            o.first = number_of(argv[++i], 10);
            o.last = number_of(argv[++i], 10);
        } else if (strcmp(argv[i], "--seconds") == 0 && left >= 1)
            o.seconds = number_of(argv[++i], 10);
        else if (strcmp(argv[i], "--at-least") == 0 && left >= 1)
            o.at_least = number_of(argv[++i], 10);
        else if (strcmp(argv[i], "--actions") == 0 && left >= 1)
            o.actions = number_of(argv[++i], 10);
        else if (strcmp(argv[i], "--suite") == 0 && left >= 1)
            o.suite = (uint16_t)number_of(argv[++i], 16);
        else if (strcmp(argv[i], "--trace") == 0)
            o.trace = true;
        else
            usage(argv[0]);
    }
    return o;
}

int main(int argc, char **argv) {
    struct options o = read_options(argc, argv);
    struct support_random none = {1};
    int count = 0, bad = 0;
    time_t begun = time(NULL);
    source = &none;
    if (randombytes_set_implementation(&seeded) != 0)
        return 1;
    world_must(crypto_init(), "crypto");
    for (uint64_t seed = o.first; seed <= o.last; seed++) {
        bool late = o.seconds > 0 && (uint64_t)(time(NULL) - begun) >= o.seconds;
        if (late && (uint64_t)count >= o.at_least)
            break;
        bad += !run_seed(&o, seed, ++count, argv[0]);
    }
    printf("1..%d\n", count);
    return bad > 0;
}
