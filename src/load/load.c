#include "load/load.h"

#include <stdio.h>

#include "crypto/crypto.h"
#include "load/group.h"
#include "load/machine.h"
#include "sys/loop.h"

volatile int load_interrupted;

/* ---- A run ---- */

enum { RING = 4096 }; /* sends of one pair under way, at most */

struct user;

struct run {
    const struct load_options *o;
    struct load_result *result;
    struct sys_loop *loop;
    struct peers peers;
    struct user *users;
    struct group *groups;              /* of the senders, where their rosters are stored */
    uint64_t devices;                  /* of the users, the first ones; the others send */
    uint64_t total, opened, up, ended; /* peers: all, begun, ready, gone */
    uint64_t wanted, finished;         /* of what a mode counts */
    uint64_t tries;                    /* more, of those whose opening failed, that are left */
    struct user *again;                /* whose opening failed */
    uint64_t random;
    buf body;
    uint8_t item[PROTO_ITEM_MAX];
    bool measures;
    void (*ready)(struct run *run, struct user *u);
    void (*frame)(struct run *run, struct user *u, const struct proto_frame *frame);
};

struct user {
    struct peer peer;
    struct run *run;
    uint64_t began;    /* to connect */
    uint64_t *stamps;  /* of its sends, RING of them, by order */
    uint32_t put, got; /* sends so far; of a receiver: deliveries */
    uint32_t under_way;
    uint64_t target, position;
    struct user *again_next;
    bool up;
};

static struct user *user_of(struct peer *p) {
    return p->ctx;
}

static void on_ready(struct peer *p) {
    struct user *u = user_of(p);
    u->up = true;
    u->run->up++;
    if (u->run->ready != NULL)
        u->run->ready(u->run, u);
}

static void on_frame(struct peer *p, const struct proto_frame *frame) {
    struct user *u = user_of(p);
    if (u->run->frame != NULL)
        u->run->frame(u->run, u, frame);
}

static void on_ended(struct peer *p, err why) {
    struct user *u = user_of(p);
    struct run *run = u->run;
    if (!u->up && why != OK && run->tries > 0) {
        run->tries--;
        u->again_next = run->again;
        run->again = u;
        return;
    }
    run->ended++;
    run->result->failed += why != OK;
}

static const struct peer_events events = {on_ready, on_frame, on_ended};

static err run_begin(struct run *run, const struct load_options *o, struct load_result *result,
                     uint64_t total) {
    *run = (struct run){.o = o, .result = result, .total = total, .random = o->seed | 1};
    run->tries = total / 10 + 10; /* a server that is busy turns some away */
    memset(result, 0, sizeof *result);
    crypto_random(run->item, sizeof run->item);
    run->users = mem_new_array(NULL, total, sizeof *run->users);
    if (run->users == NULL)
        return ERR_NO_MEMORY;
    TRY(sys_loop_new(&run->loop, NULL));
    TRY(peers_init(&run->peers, run->loop, o->accounts, &events, (uint32_t)total));
    run->peers.codes = o->codes;
    for (uint64_t i = 0; i < total; i++) {
        run->users[i].run = run;
        run->users[i].peer.ctx = &run->users[i];
    }
    return OK;
}

static void run_end(struct run *run) {
    for (uint64_t i = 0; run->users != NULL && i < run->total; i++)
        mem_free(NULL, run->users[i].stamps, RING * sizeof *run->users[i].stamps);
    if (run->loop != NULL) {
        peers_fini(&run->peers);
        sys_loop_free(run->loop);
    }
    for (uint64_t i = 0; run->groups != NULL && i < run->total - run->devices; i++)
        group_fini(&run->groups[i]);
    mem_free(NULL, run->groups, (run->total - run->devices) * sizeof *run->groups);
    mem_free(NULL, run->users, run->total * sizeof *run->users);
    buf_free(&run->body);
}

static uint64_t random_below(struct run *run, uint64_t n) {
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return run->random % n;
}

/* The account of a device, counted from 0. */
static uint64_t number_of(const struct run *run, uint64_t i) {
    return run->o->first + i * run->o->step;
}

/* The server is reached at several loopback addresses, since one has ports for 28,000 connections.
 */
static err open_user(struct run *run, struct user *u, bool device) {
    struct sys_endpoint endpoint;
    char host[SYS_HOST_MAX + 1];
    const struct sys_address *address = &run->o->address;
    if (run->o->spread > 1)
        (void)snprintf(host, sizeof host, "127.0.0.%u",
                       1 + (unsigned)(run->opened % run->o->spread));
    TRY(sys_endpoint_resolve(&endpoint, run->o->spread > 1 ? host : address->host, address->port,
                             false));
    u->began = sys_clock_micros();
    run->opened++;
    return peer_open(&u->peer, &run->peers, address, &endpoint, device,
                     number_of(run, (uint64_t)(u - run->users)));
}

static bool goes_on(const struct run *run, uint64_t end) {
    return !load_interrupted && (end == 0 || sys_clock_micros() < end) && run->ended < run->total;
}

static err open_again(struct run *run, bool device) {
    while (run->again != NULL) {
        struct user *u = run->again;
        run->again = u->again_next;
        TRY(open_user(run, u, device));
    }
    return OK;
}

/* All peers from the given one on, `at_once` at a time, until each is ready. */
static err open_all(struct run *run, uint64_t from, uint64_t to, bool device) {
    uint64_t end = sys_clock_micros() + (uint64_t)1800 * 1000000, before = run->up, next = from;
    while (run->up - before < to - from && goes_on(run, end)) {
        while (next < to && next - from - (run->up - before) < run->o->at_once) {
            TRY(open_user(run, &run->users[next], device));
            next++;
        }
        TRY(sys_loop_turn(run->loop, 100));
        TRY(open_again(run, device));
        if (run->result->failed > 0)
            return ERR_CLOSED;
    }
    return run->up - before == to - from ? OK : load_interrupted ? ERR_CLOSED : ERR_TIMEOUT;
}

static uint32_t ask_position(struct user *u, uint16_t type, uint64_t position) {
    uint8_t body[8];
    for (int i = 0; i < 8; i++)
        body[i] = (uint8_t)(position >> (56 - 8 * i));
    return peer_ask(&u->peer, type, SLICE_ARRAY(body));
}

static slice address_of(const struct run *run, uint64_t device) {
    return slice_of(accounts_address(run->o->accounts, number_of(run, device)), PROTO_ADDRESS);
}

static void ask_send(struct run *run, struct user *u, uint16_t type, err e, uint64_t stamp) {
    u->stamps[u->put++ % RING] = stamp;
    u->under_way++;
    if (e != OK || peer_ask(&u->peer, type, buf_slice(&run->body)) == 0)
        run->result->failed++;
}

/* One item to so many devices. */
static void send_item(struct run *run, struct user *u, uint64_t first, uint64_t count,
                      uint64_t stamp) {
    buf_clear(&run->body);
    writer w = writer_on(&run->body);
    size_t list = writer_open(&w);
    for (uint64_t i = first; i < first + count; i++)
        writer_bytes(&w, address_of(run, i));
    writer_close(&w, list);
    writer_vec(&w, slice_of(run->item, run->o->item));
    run->wanted += count;
    ask_send(run, u, PROTO_send, writer_result(&w), stamp);
}

static err make_stamps(struct user *u) {
    u->stamps = mem_new_array(NULL, RING, sizeof *u->stamps);
    return u->stamps == NULL ? ERR_NO_MEMORY : OK;
}

static uint64_t position_of(const struct proto_frame *frame) {
    struct proto_delivery d;
    struct proto_caught_up c;
    if (frame->type == PROTO_delivery && proto_delivery_decode(frame->body, &d) == OK)
        return d.position;
    if (frame->type == PROTO_caught_up && proto_caught_up_decode(frame->body, &c) == OK)
        return c.position;
    return 0;
}

static bool is_sent(const struct proto_frame *frame) {
    struct proto_sent sent;
    return frame->type == PROTO_sent && proto_sent_decode(frame->body, &sent) == OK && sent.taken &&
           sent.refused.count == 0;
}

static void since(struct histogram *h, uint64_t stamp) {
    uint64_t now = sys_clock_micros();
    histogram_add(h, now > stamp ? now - stamp : 0);
}

/* ---- accounts ---- */

static void ask_address(struct run *run, struct user *u) {
    (void)run;
    (void)peer_ask(&u->peer, PROTO_address_make, slice_of("\1", 1));
}

/* In their order: the file has no numbers. */
static void take_address(struct run *run, struct user *u, const struct proto_frame *frame) {
    struct proto_address_made made;
    if (frame->type == PROTO_address_made && proto_address_made_decode(frame->body, &made) == OK &&
        made.addresses.count == 1) {
        memcpy(run->o->accounts->bytes.p + run->o->accounts->bytes.n -
                   (run->o->count - (uint64_t)(u - run->users)) * PROTO_ADDRESS,
               made.addresses.bytes.p, PROTO_ADDRESS);
        run->finished++;
    } else {
        run->result->refused++;
    }
    peer_close(&u->peer);
}

err load_accounts(const struct load_options *o, struct load_result *result, load_mark *mark,
                  void *ctx) {
    static const uint8_t none[PROTO_ADDRESS];
    struct run run;
    err e = run_begin(&run, o, result, o->count);
    for (uint64_t i = 0; e == OK && i < o->count; i++)
        e = accounts_add(o->accounts, none);
    run.ready = ask_address;
    run.frame = take_address;
    mark(ctx, true);
    uint64_t begun = sys_clock_micros(), next = 0;
    while (e == OK && run.finished + result->refused < o->count && !load_interrupted) {
        while (e == OK && next < o->count && next - run.ended < o->at_once) {
            e = open_user(&run, &run.users[next], true);
            next++;
        }
        if (e == OK)
            e = sys_loop_turn(run.loop, 100);
        if (result->failed > 0)
            e = ERR_DENIED;
    }
    result->count = run.finished;
    result->seconds = 1e-6 * (double)(sys_clock_micros() - begun);
    mark(ctx, false);
    run_end(&run);
    return e;
}

/* ---- logins ---- */

static void note_login(struct run *run, struct user *u) {
    run->result->count++;
    since(&run->result->times, u->began);
}

err load_logins(const struct load_options *o, struct load_result *result, load_mark *mark,
                void *ctx) {
    struct run run;
    err e = run_begin(&run, o, result, o->count);
    run.ready = note_login;
    mark(ctx, true);
    uint64_t begun = sys_clock_micros();
    double cpu = machine_own_cpu();
    if (e == OK)
        e = open_all(&run, 0, o->count, true);
    result->seconds = 1e-6 * (double)(sys_clock_micros() - begun);
    result->cpu = machine_own_cpu() - cpu;
    mark(ctx, false);
    run_end(&run);
    return e;
}

/* ---- Devices that are there ---- */

static void subscribe(struct run *run, struct user *u) {
    (void)run;
    (void)ask_position(u, PROTO_subscribe, 0);
}

static void wait_caught_up(struct run *run, struct user *u, const struct proto_frame *frame) {
    (void)u;
    if (frame->type == PROTO_caught_up)
        run->finished++;
}

/* Devices from 0 to `count` of the users, each caught up. */
static err bring_up(struct run *run, uint64_t count) {
    run->ready = subscribe;
    run->frame = wait_caught_up;
    TRY(open_all(run, 0, count, true));
    for (uint64_t end = sys_clock_micros() + (uint64_t)60 * 1000000;
         run->finished < count && goes_on(run, end);)
        TRY(sys_loop_turn(run->loop, 100));
    run->finished = 0;
    return OK;
}

static void take_one(struct run *run, struct user *u, const struct proto_frame *frame) {
    if (frame->type == PROTO_delivery) {
        (void)ask_position(u, PROTO_ack, position_of(frame));
        since(&run->result->times, u->began);
        run->result->count++;
    } else if (frame->type == PROTO_sent) {
        u->under_way--;
        run->result->refused += !is_sent(frame);
    }
}

static void rest(struct run *run, double seconds) {
    for (uint64_t end = sys_clock_micros() + (uint64_t)(seconds * 1e6); goes_on(run, end);)
        if (sys_loop_turn(run->loop, 100) != OK)
            break;
}

/* Each device gets one message, from a sender of its own process. */
static err deliver_all(struct run *run, struct user *sender, uint64_t count) {
    run->ready = NULL;
    run->frame = take_one;
    TRY(make_stamps(sender));
    TRY(open_all(run, count, count + 1, false));
    uint64_t end = sys_clock_micros() + (uint64_t)120 * 1000000, next = 0;
    while (run->result->count < count && goes_on(run, end)) {
        while (next < count && sender->under_way < run->o->window) {
            run->users[next].began = sys_clock_micros();
            send_item(run, sender, next, 1, sys_clock_micros());
            next++;
        }
        TRY(sys_loop_turn(run->loop, 100));
    }
    run->result->lost = count - run->result->count;
    return OK;
}

err load_connect(const struct load_options *o, struct load_result *result, load_mark *mark,
                 void *ctx) {
    struct run run;
    err e = run_begin(&run, o, result, o->count + 1);
    if (e == OK)
        e = bring_up(&run, o->count);
    if (e == OK)
        rest(&run, o->seconds);
    mark(ctx, true);
    uint64_t begun = sys_clock_micros();
    if (e == OK && o->deliver)
        e = deliver_all(&run, &run.users[o->count], o->count);
    else
        result->count = run.up - run.ended;
    result->seconds = 1e-6 * (double)(sys_clock_micros() - begun);
    mark(ctx, false);
    run_end(&run);
    return e;
}

/* ---- messages and groups: so many devices for each sender, which is anonymous ---- */

static struct group *group_of(struct run *run, const struct user *sender) {
    return &run->groups[sender - &run->users[run->devices]];
}

static void send_next(struct run *run, struct user *sender, uint64_t stamp) {
    if (run->groups == NULL) {
        send_item(run, sender, sender->target, run->o->members, stamp);
        return;
    }
    slice item = slice_of(run->item, run->o->item);
    run->wanted += run->o->members;
    ask_send(run, sender, PROTO_roster_send, group_send(group_of(run, sender), item, &run->body),
             stamp);
}

static void take_message(struct run *run, struct user *u, const struct proto_frame *frame) {
    uint64_t place = (uint64_t)(u - run->users);
    bool receiver = place < run->devices;
    if (receiver && frame->type == PROTO_delivery) {
        struct user *sender = &run->users[run->devices + place / run->o->members];
        uint64_t stamp = sender->stamps[u->got++ % RING];
        (void)ask_position(u, PROTO_ack, position_of(frame));
        if (run->measures) {
            run->result->count++;
            since(&run->result->times, stamp);
        }
        run->finished++;
    } else if (!receiver && frame->type == PROTO_sent) {
        run->result->refused += !is_sent(frame);
        u->under_way--;
        if (run->o->rate == 0 && run->measures)
            send_next(run, u, sys_clock_micros());
    }
}

/* Each message has its time, and counts from it however late it goes. */
static err run_rate(struct run *run) {
    uint64_t begun = sys_clock_micros(), all = (uint64_t)(run->o->seconds * run->o->rate);
    for (uint64_t i = 0; i < all && goes_on(run, 0);) {
        uint64_t due = begun + i * 1000000 / run->o->rate;
        if (due <= sys_clock_micros()) {
            send_next(run, &run->users[run->devices + i++ % (run->total - run->devices)], due);
            continue;
        }
        TRY(sys_loop_turn(run->loop, 0));
    }
    for (uint64_t end = sys_clock_micros() + 5000000;
         run->finished < run->wanted && goes_on(run, end);)
        TRY(sys_loop_turn(run->loop, 10));
    run->result->lost = run->wanted - run->finished;
    return OK;
}

static err run_closed(struct run *run) {
    for (uint64_t i = run->devices; i < run->total; i++)
        for (uint32_t k = 0; k < run->o->window; k++)
            send_next(run, &run->users[i], sys_clock_micros());
    for (uint64_t end = sys_clock_micros() + (uint64_t)(run->o->seconds * 1e6); goes_on(run, end);)
        TRY(sys_loop_turn(run->loop, 100));
    return OK;
}

/* The next chunk of a sender's roster, or the commit behind the last one. */
static void store_roster(struct run *run, struct user *sender) {
    const struct group *g = group_of(run, sender);
    uint16_t type = PROTO_blob_put;
    err e = group_put(g, (uint32_t)sender->position++, &run->body);
    if (e == ERR_NOT_FOUND) {
        type = PROTO_commit;
        e = group_commit(g, slice_of(run->item, run->o->item), &run->body);
    }
    if (e != OK || peer_ask(&sender->peer, type, buf_slice(&run->body)) == 0)
        run->result->failed++;
}

static void take_stored(struct run *run, struct user *u, const struct proto_frame *frame) {
    if (frame->type == PROTO_blob_state)
        store_roster(run, u);
    else if (frame->type == PROTO_delivery)
        (void)ask_position(u, PROTO_ack, position_of(frame));
    else if (frame->type == PROTO_error)
        run->result->refused++;
    run->finished += frame->type == PROTO_delivery || frame->type == PROTO_committed;
}

/* Each is stored when it is told so, and the commit's one copy has come. */
static err store_rosters(struct run *run) {
    uint64_t senders = run->total - run->devices, end = sys_clock_micros() + 60000000;
    run->groups = mem_new_array(NULL, senders, sizeof *run->groups);
    if (run->groups == NULL)
        return ERR_NO_MEMORY;
    run->frame = take_stored;
    for (uint64_t i = 0; i < senders; i++) {
        struct user *sender = &run->users[run->devices + i];
        for (uint64_t k = 0; k < run->o->members; k++)
            TRY(buf_append(&run->groups[i].addresses, address_of(run, sender->target + k)));
        TRY(group_begin(&run->groups[i]));
        store_roster(run, sender);
    }
    while (run->finished < 2 * senders && run->result->refused == 0 && goes_on(run, end))
        TRY(sys_loop_turn(run->loop, 100));
    bool stored = run->finished == 2 * senders;
    run->finished = 0;
    return stored ? OK : ERR_DENIED;
}

err load_messages(const struct load_options *o, struct load_result *result, load_mark *mark,
                  void *ctx) {
    struct run run;
    uint64_t senders = o->count / o->members, devices = senders * o->members;
    err e = run_begin(&run, o, result, devices + senders);
    run.devices = devices;
    if (e == OK)
        e = bring_up(&run, devices);
    run.ready = NULL;
    if (e == OK)
        e = open_all(&run, devices, run.total, false);
    for (uint64_t i = 0; e == OK && i < senders; i++) {
        run.users[devices + i].target = i * o->members;
        e = make_stamps(&run.users[devices + i]);
    }
    if (e == OK && o->members > PROTO_ROSTER_ABOVE)
        e = store_rosters(&run);
    run.frame = take_message;
    mark(ctx, true);
    uint64_t begun = sys_clock_micros();
    double cpu = machine_own_cpu();
    run.measures = true;
    if (e == OK)
        e = o->rate > 0 ? run_rate(&run) : run_closed(&run);
    run.measures = false;
    result->seconds = 1e-6 * (double)(sys_clock_micros() - begun);
    result->cpu = machine_own_cpu() - cpu;
    mark(ctx, false);
    if (o->rate == 0) { /* what is under way arrives, so that nothing is left behind */
        for (uint64_t end = sys_clock_micros() + 5000000;
             run.finished < run.wanted && goes_on(&run, end);)
            if (sys_loop_turn(run.loop, 10) != OK)
                break;
        result->lost = run.wanted - run.finished;
    }
    run_end(&run);
    return e;
}

/* ---- offline: senders alone ---- */

static void send_anywhere(struct run *run, struct user *u) {
    send_item(run, u, random_below(run, run->o->count), 1, sys_clock_micros());
}

static void take_sent(struct run *run, struct user *u, const struct proto_frame *frame) {
    if (frame->type != PROTO_sent)
        return;
    since(&run->result->answers, u->stamps[u->got++ % RING]);
    run->result->count += is_sent(frame);
    run->result->refused += !is_sent(frame);
    u->under_way--;
    if (run->measures)
        send_anywhere(run, u);
}

err load_offline(const struct load_options *o, struct load_result *result, load_mark *mark,
                 void *ctx) {
    struct run run;
    err e = run_begin(&run, o, result, o->senders);
    run.frame = take_sent;
    if (e == OK)
        e = open_all(&run, 0, o->senders, false);
    for (uint64_t i = 0; e == OK && i < o->senders; i++)
        e = make_stamps(&run.users[i]);
    mark(ctx, true);
    uint64_t begun = sys_clock_micros();
    double cpu = machine_own_cpu();
    run.measures = true;
    for (uint64_t i = 0; e == OK && i < o->senders; i++)
        for (uint32_t k = 0; k < o->window; k++)
            send_anywhere(&run, &run.users[i]);
    if (e == OK)
        rest(&run, o->seconds);
    result->seconds = 1e-6 * (double)(sys_clock_micros() - begun);
    result->cpu = machine_own_cpu() - cpu;
    mark(ctx, false);
    run_end(&run);
    return e;
}

/* ---- drain ---- */

static void take_waiting(struct run *run, struct user *u, const struct proto_frame *frame) {
    if (frame->type == PROTO_delivery) {
        run->result->count++;
        u->position = position_of(frame);
    } else if (frame->type == PROTO_caught_up) {
        (void)ask_position(u, PROTO_ack, position_of(frame));
        since(&run->result->times, u->began);
        run->finished++;
    }
}

err load_drain(const struct load_options *o, struct load_result *result, load_mark *mark,
               void *ctx) {
    struct run run;
    err e = run_begin(&run, o, result, o->count);
    run.ready = subscribe;
    run.frame = take_waiting;
    mark(ctx, true);
    uint64_t begun = sys_clock_micros();
    double cpu = machine_own_cpu();
    if (e == OK)
        e = open_all(&run, 0, o->count, true);
    for (uint64_t end = sys_clock_micros() + (uint64_t)120 * 1000000;
         e == OK && run.finished < o->count && goes_on(&run, end);)
        e = sys_loop_turn(run.loop, 100);
    result->lost = o->count - run.finished; /* devices that did not catch up */
    result->seconds = 1e-6 * (double)(sys_clock_micros() - begun);
    result->cpu = machine_own_cpu() - cpu;
    mark(ctx, false);
    rest(&run, 0.5); /* the last acks */
    run_end(&run);
    return e;
}
