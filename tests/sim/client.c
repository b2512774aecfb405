/* Clients: cores that are asked, die between any two steps, and come back over what their store
 * holds. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- What a client shows ---- */

int client_by_account(const struct world *w, const uint8_t *account) {
    for (int i = 0; i < CLIENTS; i++)
        if (memcmp(w->clients[i].account, account, CORE_ACCOUNT) == 0)
            return i;
    return -1;
}

struct collecting {
    const struct world *w;
    client_set set;
    bool stranger;
};

static bool collect(void *ctx, const struct core_member *member) {
    struct collecting *c = ctx;
    int i = client_by_account(c->w, member->account);
    c->stranger = c->stranger || i < 0;
    if (i >= 0)
        c->set |= (client_set)1 << i;
    return true;
}

bool client_members(struct world *w, struct client *c, uint32_t conversation, client_set *members) {
    struct collecting collecting = {w, 0, false};
    if (core_members(c->core, conversation, collect, &collecting) != OK)
        return false;
    if (collecting.stranger)
        world_fail(w, "client %d sees a stranger in conversation %u", c->index,
                   (unsigned)conversation);
    *members = collecting.set;
    return true;
}

int64_t client_text_number(slice text) {
    int64_t n = 0;
    if (text.n < 2 || text.p[0] != 'm')
        return -1;
    for (size_t i = 1; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (text.p[i] - '0');
    return n;
}

static bool read_number(void *ctx, const struct core_message *m) {
    bool is_new = m->shape == CORE_CONTENT_TEXT || m->shape == CORE_CONTENT_FILE;
    *(int64_t *)ctx = is_new ? client_text_number(m->text) : -1;
    return false;
}

/* "Sent" was seen for these. */
static void note_sent(struct world *w, struct client *c) {
    for (size_t i = 0; i < c->sent_count; i++) {
        int64_t n = -1;
        err e = core_messages(c->core, c->sent[i].conversation, c->sent[i].message,
                              c->sent[i].message, read_number, &n);
        if (e == OK && n >= 0 && (uint64_t)n < w->message_count && w->messages[n].sent == 0)
            w->messages[n].sent = w->moment;
    }
    c->sent_count = 0;
}

static void look_at(struct world *w, struct client *c, uint32_t number) {
    struct core_conversation now;
    if (number == 0 || number > VIEWS_MAX || core_conversation_get(c->core, number, &now) != OK)
        return;
    for (; c->view_count < number; c->view_count++)
        c->views[c->view_count] = (struct view){.group = -1};
    struct view *v = &c->views[number - 1];
    bool failed = now.state == CORE_CONVERSATION_FAILED && v->state != CORE_CONVERSATION_FAILED;
    v->group = world_group_find(w, now.group_id.p);
    if (v->state != (uint8_t)now.state || v->epoch != now.epoch)
        world_trace(w, "client %d: group %d state %d epoch %llu", c->index, v->group,
                    (int)now.state, (unsigned long long)now.epoch);
    v->state = (uint8_t)now.state;
    v->epoch = now.epoch;
    if (failed && w->groups[v->group].pool >= 0)
        world_event(w, EVENT_MAKE, TIME_SECOND, w->groups[v->group].pool, 0);
    if (now.state == CORE_CONVERSATION_ACTIVE || now.state == CORE_CONVERSATION_LEAVING ||
        now.state == CORE_CONVERSATION_REQUEST)
        check_epoch(w, c, number);
}

static bool add_size(void *ctx, const struct core_message *m) {
    *(size_t *)ctx += m->text.n;
    return true;
}

/* 256 entries, or 512 KiB: less what one that had no room may have. */
static bool is_full(const struct client *c, const struct core_conversation *request) {
    size_t bytes = 0;
    world_must(core_messages(c->core, request->number, 1, UINT64_MAX, add_size, &bytes), "history");
    return request->messages >= 256 || bytes > 450 * 1024;
}

static void look(struct world *w, struct client *c) {
    struct core_status status;
    core_status_get(c->core, &status);
    note_sent(w, c);
    for (uint32_t at = 0; at < status.conversations; at++) {
        struct core_conversation now;
        if (core_conversation_at(c->core, at, &now) != OK)
            continue;
        uint32_t i = now.number; /* a request that was taken back is not there any more */
        bool known = i <= c->view_count && !c->views[i - 1].stale;
        if (i <= VIEWS_MAX && (!known || c->views[i - 1].epoch != now.epoch ||
                               c->views[i - 1].state != (uint8_t)now.state))
            look_at(w, c, i);
        if (i <= c->view_count && now.state == CORE_CONVERSATION_REQUEST &&
            status.dropped > c->dropped && is_full(c, &now))
            c->views[i - 1].full = now.epoch + 1;
    }
    c->dropped = status.dropped;
}

/* ---- Actions ---- */

static void end_fetch(struct world *w, struct client *c, err e) {
    const struct message *m = &w->messages[c->fetch.message];
    if (e == OK && c->fetch.end != m->file)
        world_fail(w, "client %d has %llu bytes of the file of m%zu", c->index,
                   (unsigned long long)c->fetch.end, c->fetch.message);
    if (e != OK && (w->calm || e == ERR_CRYPTO))
        world_fail(w, "client %d can't fetch the file of m%zu: %s", c->index, c->fetch.message,
                   err_name(e));
    w->counts.fetched += e == OK;
    c->fetch.command = 0;
}

static void take_notice(struct world *w, struct client *c, const struct core_notice *n) {
    switch (n->kind) {
    case CORE_NOTICE_DONE:
        w->counts.failed_commands += n->error != OK;
        if (n->error != OK)
            world_trace(w, "client %d command %llu: %s (%u)", c->index,
                        (unsigned long long)n->command, err_name(n->error), (unsigned)n->reason);
        if (n->command == c->fetch.command)
            end_fetch(w, c, n->error);
        if (n->command != c->awaited)
            break;
        c->done = true;
        c->result = n->error;
        world_must(buf_set(&c->link, n->text), "memory");
        break;
    case CORE_NOTICE_SENT:
        if (n->refused > 0)
            world_fail(w, "client %d: %u addresses refused a message", c->index,
                       (unsigned)n->refused);
        if (c->sent_count < sizeof c->sent / sizeof c->sent[0]) {
            c->sent[c->sent_count].conversation = n->conversation;
            c->sent[c->sent_count++].message = n->message;
        }
        break;
    case CORE_NOTICE_QUARANTINED:
        world_trace(w, "client %d quarantined in %u: %s", c->index, (unsigned)n->conversation,
                    err_name(n->error));
        break;
    case CORE_NOTICE_REPLACED:
        w->counts.replaced++;
        world_event(w, EVENT_ONLINE, TIME_SECOND, c->index, 0);
        break;
    case CORE_NOTICE_GAPS:
        world_fail(w, "client %d: gaps", c->index);
        break;
    case CORE_NOTICE_TROUBLE:
        w->counts.troubles++;
        if (n->error == ERR_IDENTITY || err_class(n->error) != ERR_CLASS_IO)
            world_fail(w, "client %d: trouble: %s", c->index, err_name(n->error));
        break;
    case CORE_NOTICE_LINKING:
    case CORE_NOTICE_SYNCED:
    case CORE_NOTICE_PETNAME:
    case CORE_NOTICE_DESK:
        break;
    case CORE_NOTICE_WRITING:
        w->counts.seen_writing++;
        break;
    case CORE_NOTICE_MESSAGE:
    case CORE_NOTICE_CHANGED:
    case CORE_NOTICE_CONVERSATION:
    case CORE_NOTICE_CONNECTION:
    case CORE_NOTICE_CAUGHT_UP:
    case CORE_NOTICE_PROGRESS:
        break;
    }
}

static void hang_up(struct world *w, int i) {
    world_link_push(w, i, true, PARCEL_DOWN, SLICE_EMPTY);
    w->links[i].number = 0;
    world_link_settle(w, i);
}

static void wake_at(struct world *w, struct client *c, uint64_t at) {
    c->wake = at;
    c->wake_generation++;
    if (at != UINT64_MAX)
        world_event(w, EVENT_WAKE, at > w->now ? at - w->now : 0, c->index, c->wake_generation);
}

/* Its place says which message names it. */
static void give_file(struct world *w, struct client *c, const struct core_action *a) {
    static uint8_t room[PROTO_CHUNK_MAX];
    uint64_t command = a->command, offset = a->offset;
    size_t count = a->count;
    slice place;
    world_must(core_file_place(c->core, command, &place), "file");
    size_t n = (size_t)client_text_number(place);
    uint64_t size = w->messages[n].file;
    if (offset + count > size)
        count = offset > size ? 0 : (size_t)(size - offset);
    world_must(count <= sizeof room ? OK : ERR_TOO_LARGE, "chunk");
    for (size_t i = 0; i < count; i++)
        room[i] = life_file_byte(n, offset + i);
    core_file_bytes(c->core, command, offset, slice_of(room, count), w->now);
}

static void take_file(struct world *w, struct client *c, const struct core_action *a) {
    struct fetch *f = &c->fetch;
    bool right = f->command == a->command && f->end == a->offset;
    for (size_t i = 0; right && i < a->bytes.n; i++)
        right = a->bytes.p[i] == life_file_byte(f->message, a->offset + i);
    if (!right)
        world_fail(w, "client %d is given what is not in the file of m%zu", c->index, f->message);
    f->end += a->bytes.n;
}

static void carry_out(struct world *w, struct client *c, const struct core_action *a) {
    int link;
    switch (a->kind) {
    case CORE_CONNECT:
        link = world_link_open(w, c->index, a->link);
        world_link_push(w, link, true, PARCEL_UP, SLICE_EMPTY);
        break;
    case CORE_TRANSMIT:
        link = world_link_find(w, c->index, a->link);
        if (link != 0)
            world_link_push(w, link, true, PARCEL_DATA, a->bytes);
        break;
    case CORE_DISCONNECT:
        link = world_link_find(w, c->index, a->link);
        if (link != 0)
            hang_up(w, link);
        break;
    case CORE_WAKE:
        wake_at(w, c, a->at);
        break;
    case CORE_READ:
        give_file(w, c, a);
        break;
    case CORE_WRITE:
        take_file(w, c, a);
        break;
    case CORE_NOTICE:
        take_notice(w, c, &a->notice);
        break;
    }
}

void client_drain(struct world *w, struct client *c) {
    struct core_action action;
    while (c->core != NULL) {
        if (c->doom > 0 && --c->doom == 0) {
            client_die(w, c);
            return;
        }
        if (!core_next_action(c->core, &action)) {
            look(w, c);
            return;
        }
        carry_out(w, c, &action);
    }
}

/* ---- Life ---- */

void client_start(struct world *w, int index) {
    struct client *c = &w->clients[index];
    *c = (struct client){.index = index, .person = index, .wake = UINT64_MAX};
    c->plan =
        (struct store_fault_plan){.fail_commit_in = -1, .fail_get_in = -1, .with = ERR_DISK_FULL};
    c->config.suite = w->suite;
    c->config.key_packages = 8;
    c->config.handle_memory = 65536;
    c->config.addresses = 16;
    c->config.roster_above = 4; /* both ways, and conversations that change from one to the other */
    world_must(store_memory_open(&c->memory, NULL), "store");
    world_must(store_faulty_open(&c->store, c->memory, &c->plan, NULL), "store");
    world_must(core_open(&c->core, c->store, &c->config, w->now), "core");
}

void client_stop(struct world *w, int index) {
    struct client *c = &w->clients[index];
    if (c->store == NULL)
        return;
    core_close(c->core);
    store_close(c->store);
    buf_free(&c->link);
}

/* What was on its way may arrive or not. */
static void drop_links(struct world *w, const struct client *c) {
    for (int i = 1; i < LINKS_MAX; i++) {
        struct link *link = &w->links[i];
        if (!link->used || link->client != c->index || link->number == 0)
            continue;
        if (world_one_in(w, 2))
            world_link_cut(w, i, world_chance(w, 30 * TIME_SECOND), 0);
        hang_up(w, i);
    }
}

void client_die(struct world *w, struct client *c) {
    if (c->core == NULL)
        return;
    world_trace(w, "client %d dies", c->index);
    w->counts.crashes++;
    core_close(c->core);
    c->core = NULL;
    c->doom = 0;
    c->sent_count = 0;
    c->fetch.command = 0;
    c->wake_generation++;
    drop_links(w, c);
    for (size_t i = 0; i < c->view_count; i++)
        c->views[i].stale = true;
    world_event(w, EVENT_RESTORE, world_chance(w, w->calm ? 1000 : 30 * TIME_SECOND), c->index, 0);
}

void client_live(struct world *w, struct client *c) {
    if (c->core != NULL)
        return;
    c->plan.fail_commit_in = c->plan.fail_get_in = -1;
    err e = core_open(&c->core, c->store, &c->config, w->now);
    if (e != OK) {
        world_fail(w, "client %d can't open its store: %s", c->index, err_name(e));
        world_must(e, "open");
    }
    world_trace(w, "client %d lives", c->index);
    if (c->online)
        core_online(c->core, true, w->now);
    client_drain(w, c);
}

void client_online(struct world *w, struct client *c, bool online) {
    world_trace(w, "client %d %s", c->index, online ? "online" : "offline");
    c->online = online;
    if (c->core == NULL)
        return;
    core_online(c->core, online, w->now);
    client_drain(w, c);
}

void client_wake(struct world *w, struct client *c, uint32_t generation) {
    if (c->core == NULL || c->wake_generation != generation)
        return;
    core_wake(c->core, w->now);
    client_drain(w, c);
}

void client_parcel(struct world *w, int i, enum parcel_kind kind, slice bytes) {
    struct link *link = &w->links[i];
    struct client *c = &w->clients[link->client];
    uint32_t number = link->number;
    if (number == 0 || c->core == NULL)
        return;
    if (kind == PARCEL_UP)
        core_link_up(c->core, number, w->now);
    else if (kind == PARCEL_DATA)
        core_link_message(c->core, number, bytes, w->now);
    else {
        link->number = 0;
        core_link_down(c->core, number, ERR_CLOSED, w->now);
    }
    client_drain(w, c);
}
