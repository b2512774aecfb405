/* What sottod does a second and what it costs, over the real protocol on this machine.
 *
 *     bench_server SOTTOD [FOLDER] [SECONDS] [CONNECTIONS]
 *     bench_server SOTTOD FOLDER SECONDS PAIRS FLIGHT      one load alone, for a profile
 *
 * One to one: each pair is a sender's anonymous session and a receiver's mailbox; an item of 512
 * bytes to one address, durable before it is answered. Online: the receiver is subscribed, gets
 * each item and acks it; offline: it stays in the mailbox. Server time is user and system time of
 * all processes of sottod. The load runs on the same machine, so with few processors it takes its
 * part of them.
 *
 * Beside them, in the same run: a loop that appends as many bytes as an item's record and calls
 * fdatasync, and bare TCP connections that carry as many bytes there and back. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"

enum {
    PAIRS_MAX = 1000,
    FLIGHT_MAX = 16,
    SAMPLES = 65536,
    RECORD = 40 /* bytes of an item's key and head in the store */
};

struct load {
    struct client senders[PAIRS_MAX], receivers[PAIRS_MAX];
    size_t pairs, flight;
    bool online, counting;
    size_t sent, delivered;
    double *samples; /* seconds from send to "sent" */
    size_t sample_count;
};

struct figure {
    double rate, cpu_us, own_us, p50, p99;
};

/* ---- The load ---- */

static void send_one(struct client *c) {
    client_ask(c, PROTO_send, buf_slice(&c->body));
    c->begun[c->requests % FLIGHT_MAX] = seconds_now();
    c->in_flight++;
}

static void take_sender(void *ctx, struct client *c, const struct proto_frame *frame) {
    struct load *l = ctx;
    must(frame->type == PROTO_sent && frame->body.n == 2 && frame->body.p[0] == 1 &&
             frame->body.p[1] == 0,
         "a send");
    c->in_flight--;
    l->sent++;
    if (l->counting && l->sample_count < SAMPLES)
        l->samples[l->sample_count++] = seconds_now() - c->begun[frame->request % FLIGHT_MAX];
}

static void take_receiver(void *ctx, struct client *c, const struct proto_frame *frame) {
    struct load *l = ctx;
    struct proto_delivery d;
    if (frame->type != PROTO_delivery)
        return;
    /* A mailbox's positions begin anywhere. */
    must(proto_delivery_decode(frame->body, &d) == OK &&
             (c->position == 0 || d.position == c->position + 1),
         "a delivery in order");
    c->position = d.position;
    l->delivered++;
}

static void ack(struct client *c) {
    uint8_t body[8];
    for (int i = 0; i < 8; i++)
        body[i] = (uint8_t)(c->position >> (56 - 8 * i));
    client_ask(c, PROTO_ack, SLICE_ARRAY(body));
}

static void serve(struct load *l, struct client *c, bool keep_on) {
    bool sender = c >= l->senders && c < l->senders + PAIRS_MAX;
    uint64_t before = c->position;
    client_read(c, sender ? take_sender : take_receiver, l);
    while (sender && keep_on && c->in_flight < l->flight)
        send_one(c);
    if (!sender && c->position != before)
        ack(c);
}

static void run_for(struct load *l, int epoll, double seconds) {
    struct epoll_event events[64];
    for (double end = seconds_now() + seconds; seconds_now() < end;) {
        int n = epoll_wait(epoll, events, 64, 100);
        for (int i = 0; i < n; i++)
            serve(l, events[i].data.ptr, true);
    }
}

/* What is under way comes to its end, and online every item arrives. */
static void run_out(struct load *l, int epoll) {
    struct epoll_event events[64];
    double end = seconds_now() + 20;
    for (bool done = false; !done;) {
        must(seconds_now() < end, "the end of a load");
        int n = epoll_wait(epoll, events, 64, 100);
        for (int i = 0; i < n; i++)
            serve(l, events[i].data.ptr, false);
        done = !l->online || l->delivered == l->sent;
        for (size_t i = 0; i < l->pairs; i++)
            done = done && l->senders[i].in_flight == 0;
    }
}

static void watch(int epoll, struct client *c) {
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) == 0, "epoll");
}

static void write_body(struct client *sender, const struct client *receiver) {
    uint8_t item[ITEM];
    crypto_random(item, sizeof item);
    writer w = writer_on(&sender->body);
    writer_vec(&w, slice_of(receiver->address, PROTO_ADDRESS));
    writer_vec(&w, SLICE_ARRAY(item));
    must(writer_result(&w) == OK, "memory");
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void prepare(struct load *l, const struct sottod *s, int epoll) {
    clients_open(l->senders, l->pairs, s);
    clients_open(l->receivers, l->pairs, s);
    clients_register(l->receivers, l->pairs, s);
    if (l->online)
        clients_subscribe(l->receivers, l->pairs);
    else
        clients_close(l->receivers, l->pairs);
    for (size_t i = 0; i < l->pairs; i++) {
        l->senders[i].begun = calloc(FLIGHT_MAX, sizeof *l->senders[i].begun);
        must(l->senders[i].begun != NULL, "memory");
        write_body(&l->senders[i], &l->receivers[i]);
        watch(epoll, &l->senders[i]);
        if (l->online)
            watch(epoll, &l->receivers[i]);
        while (l->senders[i].in_flight < l->flight)
            send_one(&l->senders[i]);
    }
}

static struct figure measure(const struct sottod *s, size_t pairs, size_t flight, bool online,
                             double seconds) {
    struct load *l = calloc(1, sizeof *l);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    must(l != NULL && epoll >= 0, "memory");
    l->pairs = pairs;
    l->flight = flight;
    l->online = online;
    l->samples = calloc(SAMPLES, sizeof *l->samples);
    must(l->samples != NULL, "memory");
    prepare(l, s, epoll);
    run_for(l, epoll, 0.5);
    size_t sent = l->sent;
    double cpu = machine_of(s->pid, false).cpu, own = machine_own_cpu(), begun = seconds_now();
    l->counting = true;
    run_for(l, epoll, seconds);
    double passed = seconds_now() - begun, n = (double)(l->sent - sent);
    must(n > 0, "sending");
    struct figure f = {.rate = n / passed,
                       .cpu_us = 1e6 * (machine_of(s->pid, false).cpu - cpu) / n,
                       .own_us = 1e6 * (machine_own_cpu() - own) / n};
    qsort(l->samples, l->sample_count, sizeof *l->samples, compare);
    f.p50 = 1e3 * l->samples[l->sample_count / 2];
    f.p99 = 1e3 * l->samples[l->sample_count * 99 / 100];
    run_out(l, epoll);
    clients_close(l->senders, l->pairs);
    if (online)
        clients_close(l->receivers, l->pairs);
    close(epoll);
    free(l->samples);
    free(l);
    return f;
}

/* ---- Tables ---- */

struct row {
    size_t pairs, flight;
    bool online;
    struct figure f;
    double syncs, echoes, echo_us;
};

enum { ROWS = 12 };

/* Each load right after the limits that it is compared with. */
static size_t measure_all(const struct sottod *s, const char *folder, double seconds,
                          struct row rows[ROWS]) {
    static const size_t pairs[] = {1, 32, PAIRS_MAX}, flights[] = {1, FLIGHT_MAX};
    size_t n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        struct row *r = &rows[n++];
        *r =
            (struct row){.pairs = pairs[i / 4], .flight = flights[i / 2 % 2], .online = i % 2 == 0};
        limit_echo(r->pairs, r->flight, ITEM, seconds / 4, &r->echoes, &r->echo_us);
        r->syncs = limit_sync(folder, ITEM + RECORD, seconds / 4);
        r->f = measure(s, r->pairs, r->flight, r->online, seconds);
    }
    return n;
}

static void show_messages(const struct sottod *s, const char *folder, double seconds) {
    struct row rows[ROWS];
    size_t n = measure_all(s, folder, seconds, rows);
    printf(
        "| pairs | in flight | receiver | messages/s | p50 ms | p99 ms | server CPU us/message | "
        "load CPU us/message |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        printf("| %zu | %zu | %s | %.0f | %.2f | %.2f | %.1f | %.1f |\n", rows[i].pairs,
               rows[i].flight, rows[i].online ? "online" : "offline", rows[i].f.rate, rows[i].f.p50,
               rows[i].f.p99, rows[i].f.cpu_us, rows[i].f.own_us);
    printf("\n| pairs | in flight | receiver | fdatasync/s | messages/fdatasync | TCP echoes/s | "
           "messages/echo | echo CPU us | server CPU/echo CPU |\n"
           "|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        printf("| %zu | %zu | %s | %.0f | %.2f | %.0f | %.3f | %.1f | %.1f |\n", rows[i].pairs,
               rows[i].flight, rows[i].online ? "online" : "offline", rows[i].syncs,
               rows[i].f.rate / rows[i].syncs, rows[i].echoes, rows[i].f.rate / rows[i].echoes,
               rows[i].echo_us, rows[i].f.cpu_us / rows[i].echo_us);
    (void)fflush(stdout);
}

static void rest(void) {
    struct timespec t = {1, 0};
    nanosleep(&t, NULL);
}

static void show_memory(const struct sottod *s, size_t most) {
    const size_t counts[] = {0, most / 10, most};
    struct client *c = calloc(most, sizeof *c);
    struct machine empty = {0};
    must(c != NULL, "memory");
    printf(
        "| devices connected | edges MiB | mail MiB | bytes/connection, all | edges, added | mail, "
        "added |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < 3; i++) {
        size_t from = i == 0 ? 0 : counts[i - 1], n = counts[i];
        clients_open(c + from, n - from, s);
        if (n > from)
            clients_register(c + from, n - from, s);
        clients_subscribe(c + from, n - from);
        rest();
        struct machine m = machine_of(s->pid, true);
        if (n == 0) {
            empty = m;
            printf("| 0 | %.1f | %.1f | | | |\n", m.edges / 1048576, m.mail / 1048576);
            continue;
        }
        printf("| %zu | %.1f | %.1f | %.0f | %.0f | %.0f |\n", n, m.edges / 1048576,
               m.mail / 1048576, (m.edges + m.mail) / (double)n,
               (m.edges - empty.edges) / (double)n, (m.mail - empty.mail) / (double)n);
        (void)fflush(stdout);
    }
    clients_close(c, most);
    free(c);
}

/* Says which process to look at, and goes on without limits beside it. */
static void show_one(const struct sottod *s, size_t pairs, size_t flight, double seconds) {
    must(pairs >= 1 && pairs <= PAIRS_MAX && flight >= 1 && flight <= FLIGHT_MAX, "such a load");
    printf("sottod %d\n", s->pid);
    (void)fflush(stdout);
    struct figure f = measure(s, pairs, flight, true, seconds);
    printf("%zu x %zu: %.0f messages/s, server CPU %.1f us, load CPU %.1f us, p50 %.2f ms\n", pairs,
           flight, f.rate, f.cpu_us, f.own_us, f.p50);
}

int main(int argc, char **argv) {
    struct sottod s;
    const char *folder = argc > 2 ? argv[2] : ".";
    double seconds = argc > 3 ? atof(argv[3]) : 4;
    size_t most = argc > 4 ? (size_t)atol(argv[4]) : 10000;
    rlim_t room = (rlim_t)(most > 2 * PAIRS_MAX ? most : 2 * PAIRS_MAX) + 1000;
    struct rlimit files = {room, room};
    if (argc < 2 || argc > 6 || seconds <= 0) {
        fprintf(stderr, "%s SOTTOD [FOLDER] [SECONDS] [CONNECTIONS]\n", argv[0]);
        fprintf(stderr, "%s SOTTOD FOLDER SECONDS PAIRS FLIGHT\n", argv[0]);
        return 2;
    }
    must(crypto_init() == OK, "the crypto library");
    must(setrlimit(RLIMIT_NOFILE, &files) == 0, "a limit of so many descriptors");
    if (argc == 6) {
        sottod_start(&s, argv[1], folder);
        show_one(&s, most, (size_t)atol(argv[5]), seconds);
        sottod_stop(&s);
        return 0;
    }
    printf("Items of %d bytes; %ld processors; %g s each.\n\n", (int)ITEM,
           sysconf(_SC_NPROCESSORS_ONLN), seconds);
    (void)limit_sync(folder, ITEM + RECORD, 1); /* a disk's first syncs may be of other writes */
    sottod_start(&s, argv[1], folder);
    show_messages(&s, folder, seconds);
    sottod_stop(&s);
    printf("\n");
    sottod_start(&s, argv[1], folder);
    show_memory(&s, most);
    sottod_stop(&s);
    return 0;
}
