/* What people do, and what goes wrong, at random. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

enum { NIGHT_AFTER = 2000 }; /* actions, by chance */

/* ---- The beginning ----
 * Everybody has an account and knows whom they will meet; nothing goes wrong. */

static bool all_done(const struct world *w) {
    for (int i = 0; i < CLIENTS; i++)
        if (!w->clients[i].done)
            return false;
    return true;
}

static void await_all(struct world *w, const char *what) {
    uint64_t end = w->now + 10 * TIME_MINUTE;
    while (!all_done(w) && w->now < end && world_step(w))
        ;
    for (int i = 0; i < CLIENTS; i++) {
        world_must(w->clients[i].done ? w->clients[i].result : ERR_TIMEOUT, what);
        w->clients[i].done = false;
    }
}

static void make_accounts(struct world *w) {
    buf link = {0};
    for (int i = 0; i < CLIENTS; i++) {
        struct client *c = &w->clients[i];
        struct core_status status;
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i);
        client_start(w, i);
        server_join_link(w, &link);
        c->online = true;
        core_online(c->core, true, w->now);
        world_must(
            core_account_create(c->core, buf_slice(&link), slice_str(name), w->now, &c->awaited),
            "account");
        core_status_get(c->core, &status);
        memcpy(c->account, status.account, CORE_ACCOUNT);
        if (i % 8 != 0) /* some don't want to tell */
            world_must(core_typing_set(c->core, true, w->now), "typing");
        client_drain(w, c);
    }
    buf_free(&link);
    await_all(w, "registration");
}

/* ---- Second devices ---- */

static bool linking_is(struct world *w, const struct client *c, enum core_linking_state state) {
    uint64_t end = w->now + 2 * TIME_MINUTE;
    struct core_linking linking;
    for (core_linking_get(c->core, &linking);
         linking.state != state && w->now < end && world_step(w);)
        core_linking_get(c->core, &linking);
    return linking.state == state;
}

static void await_linked(struct world *w, struct client *c) {
    uint64_t end = w->now + 2 * TIME_MINUTE;
    while (!c->done && w->now < end && world_step(w))
        ;
    world_must(c->done ? c->result : ERR_TIMEOUT, "link");
    c->done = false;
}

static void confirm(struct world *w, struct client *c) {
    world_must(linking_is(w, c, CORE_LINKING_DIGITS) ? OK : ERR_TIMEOUT, "digits");
    world_must(core_device_link_confirm(c->core, true, w->now), "digits");
    client_drain(w, c);
}

static void link_second(struct world *w, int index, struct client *owner) {
    struct client *c = &w->clients[index];
    struct core_linking linking;
    buf server = {0};
    client_start(w, index);
    c->person = owner->index;
    memcpy(c->account, owner->account, CORE_ACCOUNT);
    c->online = true;
    core_online(c->core, true, w->now);
    world_must(core_server_link(owner->core, &server), "server");
    world_must(core_device_link(c->core, buf_slice(&server), w->now, &c->awaited), "link");
    client_drain(w, c);
    world_must(linking_is(w, c, CORE_LINKING_CODE) ? OK : ERR_TIMEOUT, "code");
    core_linking_get(c->core, &linking);
    world_must(core_device_link_take(owner->core, linking.code, w->now, &owner->awaited), "code");
    client_drain(w, owner);
    confirm(w, owner);
    confirm(w, c);
    await_linked(w, c);
    await_linked(w, owner);
    buf_free(&server);
}

/* Each of another person's. */
static void link_devices(struct world *w) {
    const int apart = CLIENTS / (DEVICES - CLIENTS);
    for (int i = CLIENTS; i < DEVICES; i++) {
        int owner = (i - CLIENTS) * apart + (int)world_chance(w, (uint64_t)apart);
        link_second(w, i, &w->clients[owner]);
        world_trace(w, "client %d is another device of %d", i, owner);
    }
}

static void make_links(struct world *w) {
    for (int i = 0; i < CLIENTS; i++) {
        struct client *c = &w->clients[i];
        world_must(core_link_new(c->core, false, CORE_LINK_DAYS * TIME_DAY, w->now, &c->awaited),
                   "contact link");
        client_drain(w, c);
    }
    await_all(w, "contact link");
}

static void meet(struct world *w, int a, int b) {
    uint8_t account[CORE_ACCOUNT];
    struct client *c = &w->clients[a];
    struct core_contact contact;
    if (a == b || core_contact_get(c->core, w->clients[b].account, &contact) == OK)
        return;
    world_must(
        core_contact_accept(c->core, buf_slice(&w->clients[b].link), SLICE_EMPTY, w->now, account),
        "contact");
    client_drain(w, c);
}

/* Who was begun with before it knew the other is asked. Whoever might begin with the same one in
 * two conversations is known, or the later request would take the earlier one's place. */
static bool stays_stranger(struct world *w, const struct pool *p, size_t knows, size_t known) {
    unsigned together = 0;
    for (int i = 0; i < CONVERSATIONS; i++) {
        const struct pool *other = &w->pools[i];
        bool a = false, b = false;
        for (size_t j = 0; j < other->count; j++) {
            a = a || other->people[j] == p->people[knows];
            b = b || other->people[j] == p->people[known];
        }
        together += a && b;
    }
    return knows > 0 && together == 1 && world_one_in(w, 3);
}

static void meet_all(struct world *w, const struct pool *p) {
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < p->count; j++)
            if (!stays_stranger(w, p, i, j))
                meet(w, p->people[i], p->people[j]);
}

/* From two people to fifteen, and some who may come in later. */
static void make_pool(struct world *w, struct pool *p) {
    bool in[CLIENTS] = {false};
    p->start = 2 + world_chance(w, world_one_in(w, 3) ? 14 : 6);
    p->count = p->start + 1 + world_chance(w, POOL_MAX - p->start);
    if (p->count > p->start + 5)
        p->count = p->start + 5;
    for (size_t i = 0; i < p->count;) {
        int who = (int)world_chance(w, CLIENTS);
        if (in[who])
            continue;
        in[who] = true;
        p->people[i++] = who;
    }
}

void life_set_up(struct world *w) {
    w->calm = true;
    server_start(w);
    make_accounts(w);
    link_devices(w);
    make_links(w);
    for (int i = 0; i < CONVERSATIONS; i++)
        make_pool(w, &w->pools[i]);
    for (int i = 0; i < CONVERSATIONS; i++)
        meet_all(w, &w->pools[i]);
    w->calm = false;
    for (int i = 0; i < CONVERSATIONS; i++)
        world_event(w, EVENT_MAKE, world_chance(w, TIME_MINUTE), i, 0);
    world_event(w, EVENT_ACT, TIME_SECOND, 0, 0);
}

void life_cut(struct world *w, int client) {
    for (int i = 1; i < LINKS_MAX && !w->calm; i++) {
        struct link *link = &w->links[i];
        if (!link->used || link->cut || link->number == 0 || link->client != client)
            continue;
        w->counts.cuts++;
        world_link_cut(w, i, world_chance(w, TIME_SECOND), world_chance(w, TIME_SECOND));
    }
}

/* What was just asked for may be carried out, and the client not hear of it: the links of many who
 * begin something break soon. */
static void lose_answers(struct world *w, const struct client *c) {
    for (int i = 0; i < 3 && world_one_in(w, 2); i++)
        world_event(w, EVENT_CUT, world_chance(w, TIME_SECOND), c->index, 0);
}

void life_make(struct world *w, int pool) {
    const struct pool *p = &w->pools[pool];
    /* The first knows all others. */
    struct client *c = &w->clients[p->people[world_one_in(w, 2) ? 0 : world_chance(w, p->start)]];
    uint8_t accounts[POOL_MAX][CORE_ACCOUNT];
    size_t count = 0;
    uint64_t command;
    uint32_t number;
    struct core_conversation made;
    char name[32];
    for (size_t i = 0; i < p->start; i++)
        if (p->people[i] != c->index)
            memcpy(accounts[count++], w->clients[p->people[i]].account, CORE_ACCOUNT);
    (void)snprintf(name, sizeof name, "c%d", pool);
    if (c->core == NULL ||
        core_conversation_new(c->core, slice_str(name), (const uint8_t(*)[CORE_ACCOUNT])accounts,
                              count, w->now, &command, &number) != OK ||
        core_conversation_get(c->core, number, &made) != OK) {
        if (c->core != NULL)
            client_drain(w, c);
        world_event(w, EVENT_MAKE, TIME_SECOND, pool, 0);
        return;
    }
    int group = world_group_find(w, made.group_id.p);
    w->groups[group].pool = pool;
    world_trace(w, "client %d makes group %d for pool %d with %zu people, command %llu", c->index,
                group, pool, count + 1, (unsigned long long)command);
    lose_answers(w, c);
    client_drain(w, c);
}

/* ---- What people do ---- */

static struct client *somebody(struct world *w) {
    struct client *c = &w->clients[world_chance(w, DEVICES)];
    return c->core == NULL ? NULL : c;
}

/* A conversation that the client is in; 0: none. */
static uint32_t some_conversation(struct world *w, const struct client *c) {
    size_t n = 0;
    uint32_t chosen = 0;
    for (size_t i = 0; i < c->view_count; i++)
        if ((c->views[i].state == CORE_CONVERSATION_ACTIVE ||
             (c->views[i].state == CORE_CONVERSATION_NEW && world_one_in(w, 4))) &&
            world_one_in(w, ++n))
            chosen = (uint32_t)i + 1;
    return chosen;
}

static void show(struct world *w, const struct client *c, uint32_t number, const char *what,
                 uint64_t command, err e) {
    world_trace(w, "client %d (%u is group %d, epoch %llu) %s, command %llu: %s", c->index,
                (unsigned)number, c->views[number - 1].group,
                (unsigned long long)c->views[number - 1].epoch, what, (unsigned long long)command,
                err_name(e));
}

static void go_offline(struct world *w, struct client *c, uint64_t most) {
    if (!c->online)
        return;
    w->counts.offline++;
    client_online(w, c, false);
    world_event(w, EVENT_ONLINE, world_chance(w, most), c->index, 0);
}

uint8_t life_file_byte(size_t message, uint64_t at) {
    return (uint8_t)((at * 2654435761u >> 11) ^ message * 31);
}

/* Its message comes when the file is with the server: others that are younger may come before. */
static void act_send_file(struct world *w, struct client *c, uint32_t number, size_t n) {
    struct message *m = &w->messages[n];
    uint64_t command = 0;
    char name[32];
    (void)snprintf(name, sizeof name, "m%zu", n);
    m->big = true;
    m->file = 1 + world_chance(w, world_one_in(w, 8) ? 300000 : 20000);
    struct core_file_sending sending = {.place = slice_str(name),
                                        .name = slice_str(name),
                                        .type = slice_str("image/png"),
                                        .text = slice_str(name),
                                        .size = m->file};
    err e = core_file_send(c->core, number, &sending, w->now, &command);
    m->told = e == OK;
    w->counts.files += m->told;
    world_trace(w, "client %d sends m%zu to group %d, a file, command %llu: %s", c->index, n,
                m->group, (unsigned long long)command, err_name(e));
    client_drain(w, c);
}

/* A key of a message: who hears of it in time sees it, and nobody misses anything for it. */
static void act_write(struct world *w, struct client *c, uint32_t number) {
    err e = core_typing(c->core, number, w->now);
    if (e != OK)
        world_trace(w, "client %d can't say that it writes: %s", c->index, err_name(e));
}

static void act_send(struct world *w, struct client *c, uint32_t number) {
    uint64_t command = 0, message = 0;
    char *text = malloc(60001);
    if (text == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    if (world_one_in(w, 3))
        act_write(w, c, number);
    w->messages = world_grow(w->messages, w->message_count, &w->message_cap, sizeof *w->messages);
    size_t n = w->message_count++;
    struct message *m = &w->messages[n];
    *m = (struct message){.sender = c->index, .group = c->views[number - 1].group, .said = w->now};
    if (world_one_in(w, 60)) {
        act_send_file(w, c, number, n);
        free(text);
        return;
    }
    m->big = world_one_in(w, 150);
    int length =
        snprintf(text, 60001, "m%zu%*s", n, (int)world_chance(w, m->big ? 60000 - 32 : 600), "");
    m->told = core_send_text(c->core, number, CORE_TEXT_PLAIN, slice_of(text, (size_t)length), NULL,
                             w->now, &command, &message) == OK;
    w->counts.sends += m->told;
    world_trace(w, "client %d sends m%zu to group %d, command %llu%s%s", c->index, n, m->group,
                (unsigned long long)command, m->big ? ", big" : "", m->told ? "" : ": refused");
    free(text);
    client_drain(w, c);
    /* It left, the answer finds nobody, and when it is asked again the others are epochs away. */
    if (world_one_in(w, 40))
        go_offline(w, c, 10 * TIME_MINUTE);
}

struct pick {
    int64_t message; /* -1: none */
    uint64_t number;
    bool own;
    uint8_t id[CORE_MESSAGE_ID], device[CORE_DEVICE];
};

static bool take_pick(void *ctx, const struct core_message *m) {
    struct pick *p = ctx;
    if (m->kind != CORE_MESSAGE_CONTENT || m->shape != CORE_CONTENT_TEXT || m->withdrawn)
        return true;
    p->message = client_text_number(m->text);
    p->number = m->number;
    p->own = m->own;
    memcpy(p->id, m->id, sizeof p->id);
    memcpy(p->device, m->sender_device, sizeof p->device);
    return false;
}

/* About one of the last that were said: one's own is said anew or withdrawn. */
static void act_say_again(struct world *w, struct client *c, uint32_t number) {
    struct core_conversation now;
    struct core_status status;
    struct pick p = {.message = -1};
    char text[64];
    uint64_t command = 0, entry = 0;
    core_status_get(c->core, &status);
    if (core_conversation_get(c->core, number, &now) != OK || now.messages == 0)
        return;
    uint64_t last = now.messages - world_chance(w, now.messages < 20 ? now.messages : 20);
    if (core_messages(c->core, number, last, now.messages, take_pick, &p) != OK || p.message < 0)
        return;
    memcpy(w->messages[p.message].id, p.id, sizeof p.id);
    bool ours = p.own && memcmp(p.device, status.device, sizeof p.device) == 0;
    (void)snprintf(text, sizeof text, "m%lld, said again at %llu", (long long)p.message,
                   (unsigned long long)w->moment);
    if (!ours)
        w->counts.reactions += core_send_text(c->core, number, CORE_TEXT_REACTION, slice_str("+"),
                                              p.id, w->now, &command, &entry) == OK;
    else if (world_one_in(w, 4))
        w->counts.withdrawals +=
            core_message_delete(c->core, number, p.number, w->now, &command) == OK;
    else
        w->counts.edits += core_message_edit(c->core, number, p.number, slice_str(text), w->now,
                                             &command, &entry) == OK;
    world_trace(w, "client %d says something about m%lld, command %llu", c->index,
                (long long)p.message, (unsigned long long)command);
}

/* Up to one of the last. */
static void act_read(struct world *w, struct client *c, uint32_t number) {
    struct core_conversation now;
    if (core_conversation_get(c->core, number, &now) != OK || now.messages == 0)
        return;
    uint64_t last = now.messages - world_chance(w, now.messages < 5 ? now.messages : 5);
    w->counts.looks += core_conversation_read(c->core, number, last, w->now) == OK;
}

struct file_search {
    uint64_t number; /* 0: not found */
    int64_t message;
};

static bool is_file(void *ctx, const struct core_message *m) {
    struct file_search *s = ctx;
    if (m->kind != CORE_MESSAGE_CONTENT || m->shape != CORE_CONTENT_FILE)
        return true;
    s->number = m->number;
    s->message = client_text_number(m->text);
    return false;
}

/* The first file from this entry on; its number, or 0. */
static uint64_t fetch_next(struct world *w, struct client *c, uint32_t conversation,
                           uint64_t from) {
    struct file_search s = {0};
    char place[32];
    if (core_messages(c->core, conversation, from, UINT64_MAX, is_file, &s) != OK || s.number == 0)
        return 0;
    (void)snprintf(place, sizeof place, "m%lld", (long long)s.message);
    c->fetch = (struct fetch){.message = (size_t)s.message};
    err e = core_file_fetch(c->core, conversation, s.number, slice_str(place), 0, true, w->now,
                            &c->fetch.command);
    if (e != OK && err_class(e) != ERR_CLASS_IO)
        world_fail(w, "client %d can't fetch the file of %s: %s", c->index, place, err_name(e));
    client_drain(w, c);
    return s.number;
}

static void act_fetch(struct world *w, struct client *c, uint32_t number) {
    struct core_conversation now;
    if (c->fetch.command == 0 && core_conversation_get(c->core, number, &now) == OK)
        (void)fetch_next(w, c, number, 1 + world_chance(w, now.messages));
}

static void act_add(struct world *w, struct client *c, uint32_t number, client_set members) {
    const struct group *g = &w->groups[c->views[number - 1].group];
    uint64_t command = 0;
    if (g->pool < 0)
        return;
    const struct pool *p = &w->pools[g->pool];
    int who = p->people[world_chance(w, p->count)];
    for (size_t i = 0; i < p->count && (members >> who & 1) != 0; i++)
        who = p->people[world_chance(w, p->count)];
    err e = core_conversation_add(c->core, number, w->clients[who].account, w->now, &command);
    world_trace(w, "client %d adds %d", c->index, who);
    show(w, c, number, "adds", command, e);
}

static void act_remove(struct world *w, struct client *c, uint32_t number, client_set members) {
    uint64_t command = 0;
    for (int tries = 0; tries < 200; tries++) {
        int who = (int)world_chance(w, CLIENTS);
        if (who == c->person || (members >> who & 1) == 0)
            continue;
        err e =
            core_conversation_remove(c->core, number, w->clients[who].account, w->now, &command);
        world_trace(w, "client %d removes %d", c->index, who);
        show(w, c, number, "removes", command, e);
        return;
    }
}

static unsigned count_set(client_set s) {
    unsigned n = 0;
    for (; s != 0; s &= s - 1)
        n++;
    return n;
}

/* Without more administrators than one few could add or remove anybody. */
static void act_role(struct world *w, struct client *c, uint32_t number, client_set members) {
    uint64_t command = 0;
    int who = (int)world_chance(w, CLIENTS);
    for (int tries = 0; tries < 200 && (members >> who & 1) == 0; tries++)
        who = (int)world_chance(w, CLIENTS);
    err e = core_conversation_role(c->core, number, w->clients[who].account, !world_one_in(w, 4),
                                   w->now, &command);
    world_trace(w, "client %d gives %d a role", c->index, who);
    show(w, c, number, "gives a role", command, e);
}

/* Conversations stay about as large as they were. */
static void act_member(struct world *w, struct client *c, uint32_t number) {
    client_set members;
    if (!client_members(w, c, number, &members))
        return;
    if (world_one_in(w, 3))
        act_role(w, c, number, members);
    unsigned n = count_set(members);
    const struct group *g = &w->groups[c->views[number - 1].group];
    size_t about = g->pool < 0 ? 2 : w->pools[g->pool].start;
    if (n < 2 || world_chance(w, n + about) >= n)
        act_add(w, c, number, members);
    else if (n > 2)
        act_remove(w, c, number, members);
}

static void act_leave(struct world *w, struct client *c, uint32_t number) {
    uint64_t command = 0;
    client_set members;
    if (!client_members(w, c, number, &members) || count_set(members) < 3)
        return;
    show(w, c, number, "leaves", 0, OK);
    err e = core_conversation_leave(c->core, number, w->now, &command);
    show(w, c, number, "leaves", command, e);
}

static void act_update(struct world *w, struct client *c, uint32_t number) {
    uint64_t command = 0;
    err e = core_conversation_update(c->core, number, w->now, &command);
    c->renewed = true;
    show(w, c, number, "updates", command, e);
}

static void act_rename(struct world *w, struct client *c, uint32_t number) {
    uint64_t command = 0;
    char name[32];
    (void)snprintf(name, sizeof name, "r%llu", (unsigned long long)w->moment);
    err e = core_conversation_rename(c->core, number, slice_str(name), w->now, &command);
    show(w, c, number, "renames", command, e);
}

/* Four names for all: most claims are refused. */
static void act_handle(struct world *w, struct client *c) {
    static const char *const names[] = {"anna", "bert", "cleo", "dora"};
    slice name = slice_str(names[world_chance(w, 4)]), pin = SLICE_EMPTY;
    uint64_t command = 0;
    if (world_one_in(w, 3))
        pin = slice_str("1234");
    err e = world_one_in(w, 3)   ? core_handle_find(c->core, name, pin, w->now, &command)
            : world_one_in(w, 4) ? core_handle_drop(c->core, w->now, &command)
                                 : core_handle_claim(c->core, name, pin, w->now, &command);
    world_trace(w, "client %d asks for a handle: %s", c->index, err_name(e));
}

/* ---- Days ---- */

/* Everybody sleeps for a day or more, so that what is renewed and given up is over when they wake;
 * a few are away for the next such night, too. */
static uint64_t night(struct world *w) {
    uint64_t length = TIME_DAY + world_chance(w, TIME_DAY);
    world_trace(w, "night, of %.1f days", (double)length / TIME_DAY);
    w->counts.nights++;
    for (int i = 0; i < DEVICES; i++) {
        struct client *c = &w->clients[i];
        uint64_t more = world_one_in(w, 8) ? 2 * TIME_DAY : 0;
        if (!c->online)
            continue;
        client_online(w, c, false);
        world_event(w, EVENT_ONLINE, length + more + world_chance(w, TIME_MINUTE), c->index, 0);
    }
    return length;
}

/* ---- What goes wrong ---- */

static void fault_offline(struct world *w, struct client *c) {
    go_offline(w, c, world_one_in(w, 10) ? 10 * TIME_MINUTE : TIME_MINUTE);
}

static void fault_cut(struct world *w) {
    for (int tries = 0; tries < 100; tries++) {
        int i = 1 + (int)world_chance(w, 200);
        if (!w->links[i].used || w->links[i].cut || w->links[i].number == 0)
            continue;
        world_trace(w, "link of %d is lost", w->links[i].client);
        w->counts.cuts++;
        world_link_cut(w, i, world_chance(w, TIME_MINUTE), world_chance(w, 10 * TIME_SECOND));
        return;
    }
}

static void fault_stall(struct world *w) {
    for (int tries = 0; tries < 100; tries++) {
        int i = 1 + (int)world_chance(w, 200);
        struct link *link = &w->links[i];
        if (!link->used || link->cut)
            continue;
        struct pipe *pipe = world_one_in(w, 2) ? &link->up : &link->down;
        pipe->busy_until = w->now + world_chance(w, 40 * TIME_SECOND);
        w->counts.stalls++;
        return;
    }
}

static void fault_client_store(struct world *w, struct client *c) {
    c->plan.torn = world_one_in(w, 2);
    c->plan.with = c->plan.torn || world_one_in(w, 2) ? ERR_IO : ERR_DISK_FULL;
    c->plan.fail_commit_in = (int64_t)world_chance(w, 12);
    if (world_one_in(w, 4))
        c->plan.fail_get_in = (int64_t)world_chance(w, 40);
    w->counts.client_faults++;
}

static void fault_server_store(struct world *w) {
    w->plan.torn = world_one_in(w, 2);
    w->plan.with = w->plan.torn ? ERR_IO : ERR_DISK_FULL;
    w->plan.fail_commit_in = (int64_t)world_chance(w, 5);
    w->counts.server_faults++;
}

/* Only of one who is away, so that nothing on its way says something else. */
static void fault_disorder(struct world *w) {
    for (int i = 0; i < CLIENTS; i++) {
        struct client *c = &w->clients[(i + (int)world_chance(w, CLIENTS)) % CLIENTS];
        bool away = c->core != NULL && !c->online && w->mail != NULL && !mail_waiting(w->mail);
        for (int j = 1; j < LINKS_MAX && away; j++)
            away = !w->links[j].used || w->links[j].client != c->index;
        if (!away)
            continue;
        for (int n = 0; n < 6; n++)
            server_disorder(w, c);
        return;
    }
}

static void something_goes_wrong(struct world *w, uint64_t dice) {
    struct client *c = somebody(w);
    if (dice < 550 && c != NULL)
        fault_offline(w, c);
    else if (dice < 850 && c != NULL)
        c->doom = 1 + (uint32_t)world_chance(w, world_one_in(w, 2) ? 2 : 30);
    else if (dice < 1450)
        fault_cut(w);
    else if (dice < 1600 && c != NULL)
        fault_client_store(w, c);
    else if (dice < 1640)
        fault_server_store(w);
    else if (dice < 1670)
        server_die(w);
    else if (dice < 1870)
        fault_disorder(w);
    else if (dice < 1950)
        server_replay(w);
    else
        fault_stall(w);
    if (c != NULL)
        client_drain(w, c);
}

static void somebody_acts(struct world *w, uint64_t dice) {
    struct client *c = somebody(w);
    uint32_t number = c == NULL ? 0 : some_conversation(w, c);
    if (number == 0)
        return;
    if (dice >= 6000 && dice < 7500 && world_one_in(w, 10))
        lose_answers(w, c);
    if (dice < 100)
        act_fetch(w, c, number);
    else if (dice < 700)
        act_say_again(w, c, number);
    else if (dice < 1200)
        act_read(w, c, number);
    else if (dice < 6000)
        act_send(w, c, number);
    else if (dice < 6500)
        act_update(w, c, number);
    else if (dice < 7500)
        act_member(w, c, number);
    else if (dice < 7700)
        act_leave(w, c, number);
    else if (c->index == c->person && world_one_in(w, 2))
        act_handle(w, c);
    else
        act_rename(w, c, number);
    client_drain(w, c);
}

/* All that it was asked. */
static void accept_requests(struct world *w, struct client *c) {
    struct core_conversation now;
    for (size_t i = 0; c->core != NULL && core_conversation_at(c->core, i, &now) == OK; i++) {
        if (now.state != CORE_CONVERSATION_REQUEST)
            continue;
        err e = core_request_accept(c->core, now.number, SLICE_EMPTY, w->now);
        w->counts.accepted += e == OK;
        world_trace(w, "client %d accepts %u: %s", c->index, (unsigned)now.number, err_name(e));
        client_drain(w, c);
    }
}

void life_act(struct world *w) {
    if (world_one_in(w, 4))
        accept_requests(w, &w->clients[world_chance(w, DEVICES)]);
    uint64_t dice = world_chance(w, 9800);
    if (w->counts.actions >= w->actions)
        return;
    w->counts.actions++;
    if (dice < 2000)
        something_goes_wrong(w, dice);
    else
        somebody_acts(w, dice - 2000);
    /* Now and then many at once. */
    uint64_t in = world_one_in(w, 5) ? 0 : world_chance(w, 400);
    world_event(w, EVENT_ACT, world_one_in(w, NIGHT_AFTER) ? night(w) : in, 0, 0);
}

/* ---- The end ---- */

static bool is_there(const struct client *c, uint32_t number) {
    struct core_conversation now;
    return core_conversation_get(c->core, number, &now) == OK;
}

static bool at_rest(const struct client *c) {
    struct core_status s;
    struct core_handle handle;
    if (c->core == NULL || !c->online)
        return false;
    if (core_handle_get(c->core, &handle) == OK && handle.state != CORE_HANDLE_HELD)
        return false;
    core_status_get(c->core, &s);
    for (size_t i = 0; i < c->view_count; i++)
        if (c->views[i].state == CORE_CONVERSATION_LEAVING ||
            c->views[i].state == CORE_CONVERSATION_NEW ||
            (c->views[i].state == CORE_CONVERSATION_REQUEST && is_there(c, (uint32_t)i + 1)))
            return false;
    return s.auth == CORE_LINK_READY && s.caught_up && s.outbox == 0 && s.waiting == 0;
}

/* Whether the two are in the same conversations. */
static bool is_in(const struct client *c, int group) {
    for (size_t i = 0; i < c->view_count; i++)
        if (c->views[i].group == group && c->views[i].state == CORE_CONVERSATION_ACTIVE)
            return true;
    return false;
}

/* A group; -1: none. */
static int differs(const struct world *w, const struct client *c) {
    for (size_t i = 0; i < w->group_count; i++)
        if (is_in(c, (int)i) != is_in(&w->clients[c->person], (int)i))
            return (int)i;
    return -1;
}

static bool all_at_rest(struct world *w) {
    if (w->mail == NULL || mail_waiting(w->mail) || server_items(w) > 0)
        return false;
    for (int i = 0; i < DEVICES; i++)
        if (!at_rest(&w->clients[i]) || differs(w, &w->clients[i]) >= 0)
            return false;
    return true;
}

static void complain(struct world *w) {
    for (int i = 0; i < DEVICES; i++) {
        struct client *c = &w->clients[i];
        struct core_status s = {0};
        if (at_rest(c) && differs(w, c) >= 0)
            world_fail(w, "client %d and client %d are not in the same: group %d", i, c->person,
                       differs(w, c));
        if (at_rest(c))
            continue;
        if (c->core != NULL)
            core_status_get(c->core, &s);
        world_fail(w,
                   "client %d does not come to rest: alive %d online %d auth %d anon %d caught up "
                   "%d outbox %u waiting %u last %s %u",
                   i, c->core != NULL, c->online, (int)s.auth, (int)s.anon, (int)s.caught_up,
                   (unsigned)s.outbox, (unsigned)s.waiting, err_name(s.last_error),
                   (unsigned)s.last_reason);
    }
    if (server_items(w) > 0)
        world_fail(w, "%zu items stay in mailboxes", server_items(w));
}

bool life_settle(struct world *w) {
    w->calm = true;
    w->plan.fail_commit_in = -1;
    for (int i = 0; i < DEVICES; i++) {
        struct client *c = &w->clients[i];
        c->plan.fail_commit_in = c->plan.fail_get_in = -1;
        c->doom = 0;
        client_online(w, c, true);
    }
    world_trace(w, "calm");
    uint64_t end = w->now + 30 * TIME_MINUTE;
    while (w->now < end) {
        uint64_t pause = w->now + 5 * TIME_SECOND;
        for (int i = 0; i < DEVICES; i++)
            accept_requests(w, &w->clients[i]);
        while (w->now < pause && world_step(w))
            ;
        if (all_at_rest(w))
            return true;
    }
    complain(w);
    return false;
}

/* One file at a time for each. True if one is on its way. */
static bool fetch_on(struct world *w, struct client *c) {
    struct core_conversation now;
    while (c->fetch.command == 0 &&
           core_conversation_at(c->core, c->fetch_conversation, &now) == OK) {
        uint64_t found = fetch_next(w, c, now.number, c->fetch_number + 1);
        c->fetch_number = found + world_chance(w, 20); /* and not all of them */
        if (found != 0)
            break;
        c->fetch_number = 0;
        c->fetch_conversation++;
    }
    return c->fetch.command != 0;
}

void life_fetch_all(struct world *w) {
    uint64_t end = w->now + TIME_HOUR;
    bool busy = true;
    while (busy && w->now < end) {
        busy = false;
        for (int i = 0; i < DEVICES; i++)
            busy = fetch_on(w, &w->clients[i]) || busy;
        for (uint64_t pause = w->now + TIME_SECOND; w->now < pause && world_step(w);)
            ;
    }
    if (busy)
        world_fail(w, "files don't come");
}
