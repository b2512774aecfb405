/* Pairs of clients that outlive the server, and see whether it keeps its word. A sender repeats
 * what was not acknowledged, the same bytes, until it is. A device opens what comes, keeps it
 * (marks it here, as a client's store would), and acknowledges only what it kept; when its session
 * ends it forgets the rest and asks for it again from the last position that it kept. A message
 * that it knows already is a repeat, and is not shown again. */
#include <stdio.h>

#include "crypto/chain.h"
#include "crypto/crypto.h"
#include "load/load.h"

enum { KEEP_AT = 32, SEEN = 1024, HEAD = 16 };
#define MS ((uint64_t)1000)
#define PAUSE (100 * MS)     /* before a refused message goes again */
#define KEEP_LATE (200 * MS) /* how long a device in no hurry keeps nothing */
#define PATIENCE (20000 * MS)
#define SETTLE (120000 * MS) /* after the last progress */
#define TELL (10000 * MS)

struct message {
    uint8_t tries, came, shown, sent;
};

struct client {
    struct peer peer;
    struct pair *pair;
    bool up, opening;
    uint32_t failures;
    uint64_t open_at, since; /* when to connect; when it began to, or lost the session before */
};

/* A send that is not acknowledged yet. */
struct flight {
    uint64_t number, at; /* at: when it went, or may go again */
    uint32_t request;    /* 0: it waits */
};

struct seen {
    uint64_t position, number;
};

struct pair {
    struct steady *run;
    uint64_t account;
    struct client sender, device;
    struct message *messages;
    size_t cap;
    uint64_t made, next; /* messages so far; the first that never went */
    struct flight *flights;
    uint32_t flying;
    /* of the device: */
    uint8_t mailbox_priv[32];
    struct crypto_chain chain;
    uint64_t last, kept; /* positions */
    uint64_t pending[KEEP_AT], pending_since;
    uint32_t pending_count;
    struct seen seen[SEEN]; /* by position */
};

struct steady {
    const struct load_options *o;
    struct load_result *result;
    struct steady_counts *n;
    struct sys_loop *loop;
    struct peers peers;
    struct sys_endpoint endpoint;
    struct pair *pairs;
    uint64_t random, begun;
    buf body, plain;
    uint8_t item[PROTO_ITEM_MAX];
};

static uint64_t random_below(struct steady *run, uint64_t n) {
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return run->random % n;
}

static void more(uint8_t *count) {
    *count += *count < UINT8_MAX;
}

static uint64_t get_u64(const uint8_t *p) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

/* When message n of a pair is made: the pairs take turns. */
static uint64_t due(const struct pair *p, uint64_t n) {
    const struct steady *run = p->run;
    uint64_t turn = n * run->o->count + (uint64_t)(p - run->pairs);
    return run->begun + turn * 1000000 / run->o->rate;
}

/* ---- Connections ---- */

static void open_client(struct client *c, bool device) {
    struct steady *run = c->pair->run;
    c->opening = true;
    c->open_at = sys_clock_micros() + PATIENCE;
    if (peer_open(&c->peer, &run->peers, &run->o->address, &run->endpoint, device,
                  c->pair->account) == OK)
        return;
    c->opening = false;
    c->open_at = sys_clock_micros() + PAUSE;
}

/* Sooner at first, then later, each at another moment. */
static void on_ended(struct peer *peer, err why) {
    struct client *c = peer->ctx;
    struct pair *p = c->pair;
    uint64_t now = sys_clock_micros(), pause = PAUSE << (c->failures < 4 ? c->failures : 4);
    (void)why;
    if (c->up)
        c->since = now;
    p->run->n->ended++;
    c->failures++;
    c->up = c->opening = false;
    c->open_at = now + pause / 2 + random_below(p->run, pause);
    for (uint32_t i = 0; c == &p->sender && i < p->flying; i++)
        p->flights[i] = (struct flight){.number = p->flights[i].number};
    if (c == &p->device)
        p->pending_count = 0;
}

/* It is served. */
static void is_back(struct client *c) {
    uint64_t now = sys_clock_micros();
    if (!c->up && c->pair->run->begun != 0)
        histogram_add(&c->pair->run->result->back, now - c->since);
    c->up = true;
    c->opening = false;
    c->failures = 0;
}

static uint32_t ask_position(struct client *c, uint16_t type, uint64_t position) {
    uint8_t body[8];
    put_u64(body, position);
    return peer_ask(&c->peer, type, SLICE_ARRAY(body));
}

static void on_ready(struct peer *peer) {
    struct client *c = peer->ctx;
    if (c == &c->pair->sender) {
        is_back(c);
        return;
    }
    c->pair->last = c->pair->kept;
    (void)ask_position(c, PROTO_subscribe, c->pair->kept);
}

/* ---- The sender ---- */

static void send_it(struct pair *p, struct flight *f) {
    struct steady *run = p->run;
    put_u64(run->item, p->account);
    put_u64(run->item + 8, f->number);
    buf_clear(&run->body);
    writer w = writer_on(&run->body);
    writer_vec(&w, slice_of(accounts_address(run->o->accounts, p->account), PROTO_ADDRESS));
    writer_vec(&w, slice_of(run->item, run->o->item));
    run->n->repeated += p->messages[f->number].tries > 0;
    more(&p->messages[f->number].tries);
    f->at = sys_clock_micros();
    f->request =
        writer_result(&w) == OK ? peer_ask(&p->sender.peer, PROTO_send, buf_slice(&run->body)) : 0;
}

static err make(struct pair *p) {
    if (p->made == p->cap) {
        size_t cap = p->cap == 0 ? 1024 : 2 * p->cap, size = sizeof *p->messages;
        struct message *grown = mem_resize(NULL, p->messages, p->cap * size, cap * size);
        if (grown == NULL)
            return ERR_NO_MEMORY;
        memset(grown + p->cap, 0, (cap - p->cap) * size);
        p->messages = grown;
        p->cap = cap;
    }
    p->made++;
    p->run->n->made++;
    return OK;
}

static void send_what_may(struct pair *p, uint64_t now) {
    for (uint32_t i = 0; i < p->flying && p->sender.up; i++)
        if (p->flights[i].request == 0 && p->flights[i].at <= now)
            send_it(p, &p->flights[i]);
    while (p->sender.up && p->flying < p->run->o->window && p->next < p->made) {
        p->flights[p->flying] = (struct flight){.number = p->next++};
        send_it(p, &p->flights[p->flying++]);
    }
}

static bool is_sent(const struct proto_frame *frame) {
    struct proto_sent sent;
    return frame->type == PROTO_sent && proto_sent_decode(frame->body, &sent) == OK && sent.taken &&
           sent.refused.count == 0;
}

static void take_answer(struct pair *p, const struct proto_frame *frame) {
    uint64_t now = sys_clock_micros();
    uint32_t i = 0;
    while (i < p->flying && p->flights[i].request != frame->request)
        i++;
    if (frame->request == 0 || i == p->flying)
        return;
    struct flight *f = &p->flights[i];
    if (!is_sent(frame)) {
        p->run->result->refused++;
        *f = (struct flight){.number = f->number, .at = now + PAUSE};
        return;
    }
    p->messages[f->number].sent = 1;
    p->run->n->sent++;
    if (p->run->o->rate > 0)
        histogram_add(&p->run->result->answers, now - due(p, f->number));
    *f = p->flights[--p->flying];
}

/* ---- The device ---- */

static bool opens(struct pair *p, const struct proto_delivery *d, struct proto_parcel *parcel) {
    buf *plain = &p->run->plain;
    err e = ERR_REPEAT;
    if (d->sealed.n < CRYPTO_CHAIN_TAG || buf_resize(plain, d->sealed.n - CRYPTO_CHAIN_TAG) != OK)
        return false;
    if (memcmp(p->chain.name, d->chain, sizeof d->chain) == 0)
        e = crypto_chain_open(&p->chain, d->number, plain->p, d->sealed);
    if (e == ERR_REPEAT) {
        e = crypto_chain_follow(&p->chain, d->chain, p->mailbox_priv);
        if (e == OK)
            e = crypto_chain_open(&p->chain, d->number, plain->p, d->sealed);
    }
    return e == OK && proto_parcel_decode(buf_slice(plain), parcel) == OK;
}

/* As one commit of a client's store. Then it is acknowledged. */
static void keep(struct pair *p) {
    struct steady_counts *n = p->run->n;
    for (uint32_t i = 0; i < p->pending_count; i++) {
        struct message *m = &p->messages[p->pending[i]];
        more(&m->came);
        if (m->shown > 0) {
            n->dropped++;
            continue;
        }
        more(&m->shown);
        n->shown++;
        if (p->run->o->rate > 0)
            histogram_add(&p->run->result->times, sys_clock_micros() - due(p, p->pending[i]));
    }
    p->pending_count = 0;
    p->kept = p->last;
    (void)ask_position(&p->device, PROTO_ack, p->kept);
}

static void take_delivery(struct pair *p, const struct proto_delivery *d) {
    struct steady_counts *n = p->run->n;
    struct proto_parcel parcel;
    struct seen *seen = &p->seen[d->position % SEEN];
    if (d->position <= p->last) {
        n->disordered++;
        return;
    }
    p->last = d->position;
    if (!opens(p, d, &parcel) || parcel.item.n != p->run->o->item ||
        get_u64(parcel.item.p) != p->account || get_u64(parcel.item.p + 8) >= p->next) {
        n->unreadable++;
        return;
    }
    uint64_t number = get_u64(parcel.item.p + 8);
    n->renamed += seen->position == d->position && seen->number != number;
    *seen = (struct seen){d->position, number};
    if (p->pending_count == 0)
        p->pending_since = sys_clock_micros();
    p->pending[p->pending_count++] = number;
    /* Every other device is in no hurry, as our own client. */
    if (p->account % 2 == 0 || p->pending_count == KEEP_AT)
        keep(p);
}

static void take_caught_up(struct pair *p, const struct proto_caught_up *c) {
    if (c->position > p->last)
        p->last = c->position;
    keep(p);
    is_back(&p->device);
}

static void on_frame(struct peer *peer, const struct proto_frame *frame) {
    struct client *c = peer->ctx;
    struct proto_delivery d;
    struct proto_caught_up caught_up;
    if (c == &c->pair->sender)
        take_answer(c->pair, frame);
    else if (frame->type == PROTO_delivery && proto_delivery_decode(frame->body, &d) == OK)
        take_delivery(c->pair, &d);
    else if (frame->type == PROTO_caught_up &&
             proto_caught_up_decode(frame->body, &caught_up) == OK)
        take_caught_up(c->pair, &caught_up);
}

static const struct peer_events events = {on_ready, on_frame, on_ended};

/* ---- A run ---- */

static err begin_pair(struct steady *run, struct pair *p, uint64_t account) {
    p->run = run;
    p->account = account;
    p->sender.pair = p->device.pair = p;
    p->sender.peer.ctx = &p->sender;
    p->device.peer.ctx = &p->device;
    p->flights = mem_new_array(NULL, run->o->window, sizeof *p->flights);
    if (p->flights == NULL)
        return ERR_NO_MEMORY;
    return account_mailbox_priv(p->mailbox_priv, run->o->accounts->seed, account);
}

static err begin(struct steady *run, const struct load_options *o, struct load_result *result) {
    const struct sys_address *address = &o->address;
    *run = (struct steady){.o = o, .result = result, .n = &result->steady, .random = o->seed | 1};
    memset(result, 0, sizeof *result);
    crypto_random(run->item, sizeof run->item);
    if (o->item < HEAD)
        return ERR_LIMIT;
    run->pairs = mem_new_array(NULL, o->count, sizeof *run->pairs);
    if (run->pairs == NULL)
        return ERR_NO_MEMORY;
    TRY(sys_endpoint_resolve(&run->endpoint, address->host, address->port, false));
    TRY(sys_loop_new(&run->loop, NULL));
    TRY(peers_init(&run->peers, run->loop, o->accounts, &events, (uint32_t)(2 * o->count)));
    for (uint64_t i = 0; i < o->count; i++)
        TRY(begin_pair(run, &run->pairs[i], o->first + i));
    return OK;
}

static void end(struct steady *run) {
    for (uint64_t i = 0; run->pairs != NULL && i < run->o->count; i++) {
        struct pair *p = &run->pairs[i];
        mem_free(NULL, p->messages, p->cap * sizeof *p->messages);
        mem_free(NULL, p->flights, run->o->window * sizeof *p->flights);
    }
    if (run->loop != NULL) {
        peers_fini(&run->peers);
        sys_loop_free(run->loop);
    }
    mem_free(NULL, run->pairs, run->o->count * sizeof *run->pairs);
    buf_free(&run->body);
    buf_free(&run->plain);
}

/* Whoever is not there comes back; whoever waits too long for the server gives its session up. */
static void look_after(struct client *c, bool device, uint64_t now) {
    bool waits = c->opening;
    for (uint32_t i = 0; !device && i < c->pair->flying; i++)
        if (c->pair->flights[i].request != 0 && now > c->pair->flights[i].at + PATIENCE)
            waits = true, c->open_at = now;
    if (!waits && !c->up && now >= c->open_at)
        open_client(c, device);
    if (!waits || now < c->open_at)
        return;
    c->pair->run->n->timeouts++;
    c->open_at = now + PATIENCE;
    peer_close(&c->peer);
}

static err turn(struct steady *run, uint64_t until) {
    uint64_t now = sys_clock_micros();
    for (uint64_t i = 0; i < run->o->count; i++) {
        struct pair *p = &run->pairs[i];
        look_after(&p->sender, false, now);
        look_after(&p->device, true, now);
        if (p->pending_count > 0 && now > p->pending_since + KEEP_LATE)
            keep(p);
        while (now < until &&
               (run->o->rate > 0 ? due(p, p->made) <= now : p->made < p->next + run->o->window))
            TRY(make(p));
        send_what_may(p, now);
    }
    return sys_loop_turn(run->loop, 1);
}

static bool is_done(const struct steady *run) {
    const struct steady_counts *n = run->n;
    return n->sent == n->made && n->shown == n->made;
}

static void tell(const struct steady *run) {
    const struct steady_counts *n = run->n;
    fprintf(stderr, "sotto-load: %.0f s: made %llu, sent %llu, shown %llu, repeats dropped %llu\n",
            1e-6 * (double)(sys_clock_micros() - run->begun), (unsigned long long)n->made,
            (unsigned long long)n->sent, (unsigned long long)n->shown,
            (unsigned long long)n->dropped);
}

static void judge(struct steady *run) {
    struct steady_counts *n = run->n;
    for (uint64_t i = 0; i < run->o->count; i++)
        for (uint64_t k = 0; k < run->pairs[i].made; k++) {
            const struct message *m = &run->pairs[i].messages[k];
            run->result->lost += m->sent && !m->shown;
            n->unsent += !m->sent;
            n->twice += m->shown > 1;
            n->doubled += m->came > m->tries;
        }
    run->result->count = n->shown;
    run->result->failed =
        n->unsent + n->twice + n->doubled + n->renamed + n->disordered + n->unreadable;
}

static bool all_up(const struct steady *run) {
    for (uint64_t i = 0; i < run->o->count; i++)
        if (!run->pairs[i].sender.up || !run->pairs[i].device.up)
            return false;
    return true;
}

static err work(struct steady *run) {
    uint64_t until = run->begun + (uint64_t)(run->o->seconds * 1e6);
    uint64_t told = run->begun, moved = until, done = 0;
    tell(run);
    for (uint64_t now = told; !load_interrupted && now < moved + SETTLE; now = sys_clock_micros()) {
        TRY(turn(run, until));
        if (now > until && run->n->sent + run->n->shown > done) {
            done = run->n->sent + run->n->shown;
            moved = now;
        }
        if (now > until && is_done(run))
            break;
        if (now < told + TELL)
            continue;
        told = now;
        tell(run);
    }
    return OK;
}

err load_steady(const struct load_options *o, struct load_result *result, load_mark *mark,
                void *ctx) {
    static struct steady run;
    err e = begin(&run, o, result);
    for (uint64_t limit = sys_clock_micros() + SETTLE;
         e == OK && !load_interrupted && !all_up(&run);)
        e = sys_clock_micros() > limit ? ERR_TIMEOUT : turn(&run, 0);
    mark(ctx, true);
    run.begun = sys_clock_micros();
    if (e == OK)
        e = work(&run);
    result->seconds = 1e-6 * (double)(sys_clock_micros() - run.begun);
    mark(ctx, false);
    if (e == OK)
        judge(&run);
    end(&run);
    return e;
}
