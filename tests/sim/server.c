/* The server: the edge's sessions and the mail process's logic, as they are, between links and a
 * store that fails now and then. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/internal.h"
#include "unseal.h"

enum { STRANGER = 1 }; /* a session id that no link has */
enum { COMMIT_LATE_MS = 1500 };
enum { CHAINS = 6, CHAIN_ITEMS = 100 }; /* few and short, so that they end often */

static struct link *link_of(struct session *s) {
    return (struct link *)((char *)s - offsetof(struct link, session));
}

static int link_index(const struct world *w, const struct link *link) {
    return (int)(link - w->links);
}

static uint64_t session_id(const struct world *w, int i) {
    return (uint64_t)w->links[i].generation * LINKS_MAX + (uint64_t)i;
}

static int link_by_session(const struct world *w, uint64_t session) {
    int i = (int)(session % LINKS_MAX);
    const struct link *link = &w->links[i];
    return link->used && link->server_open && link->session.id == session ? i : 0;
}

/* ---- Groups, as far as their commits show them ---- */

int world_group_find(struct world *w, const uint8_t id[32]) {
    for (size_t i = 0; i < w->group_count; i++)
        if (memcmp(w->groups[i].id, id, 32) == 0)
            return (int)i;
    if (w->group_count == GROUPS_MAX)
        world_must(ERR_LIMIT, "groups");
    struct group *g = &w->groups[w->group_count];
    *g = (struct group){.pool = -1};
    memcpy(g->id, id, 32);
    return (int)w->group_count++;
}

uint64_t world_epoch_moment(const struct world *w, int group, uint64_t epoch) {
    const struct group *g = &w->groups[group];
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < g->candidate_count; i++)
        if (g->candidates[i].epoch == epoch && g->candidates[i].first < first)
            first = g->candidates[i].first;
    return first;
}

static uint64_t epoch_after(const struct group *g, const uint8_t token_hash[32]) {
    for (size_t i = 0; i < g->candidate_count; i++)
        if (memcmp(g->candidates[i].next, token_hash, 32) == 0)
            return g->candidates[i].epoch + 1;
    return 1;
}

static size_t candidate(struct world *w, int group, const struct proto_commit *c) {
    struct group *g = &w->groups[group];
    uint8_t hash[32];
    for (size_t i = 0; i < g->candidate_count; i++)
        if (memcmp(g->candidates[i].next, c->next, 32) == 0)
            return i;
    slice part = SLICE_ARRAY(c->token);
    world_must(crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, &part, 1), "hash");
    g->candidates =
        world_grow(g->candidates, g->candidate_count, &g->candidate_cap, sizeof *g->candidates);
    struct candidate *fresh = &g->candidates[g->candidate_count];
    memcpy(fresh->next, c->next, 32);
    fresh->epoch = epoch_after(g, hash);
    fresh->first = w->moment;
    return g->candidate_count++;
}

static void note_commit(struct world *w, const struct proto_edge_request *request) {
    struct proto_commit c;
    if (proto_commit_decode(request->body, &c) != OK)
        return;
    int group = world_group_find(w, c.group);
    if (w->request_count == sizeof w->requests / sizeof w->requests[0])
        w->request_count = 0; /* of sessions that are gone */
    w->requests[w->request_count++] =
        (struct request){request->session, request->request, group, candidate(w, group, &c)};
}

static void check_taken(struct world *w, int group, size_t number) {
    struct group *g = &w->groups[group];
    for (size_t i = 0; i < g->candidate_count; i++)
        if (i != number && g->candidates[i].taken &&
            g->candidates[i].epoch == g->candidates[number].epoch)
            world_fail(w, "group %d: two commits were taken for epoch %llu", group,
                       (unsigned long long)g->candidates[i].epoch);
    w->counts.commits += !g->candidates[number].taken;
    g->candidates[number].taken = true;
}

static void note_committed(struct world *w, const struct proto_edge_reply *reply) {
    struct proto_committed c;
    for (size_t i = 0; i < w->request_count; i++) {
        struct request *r = &w->requests[i];
        if (r->session != reply->session || r->request != reply->request)
            continue;
        if (proto_committed_decode(reply->body, &c) == OK && c.taken)
            check_taken(w, r->group, r->candidate);
        w->counts.late += proto_committed_decode(reply->body, &c) == OK && !c.taken;
        *r = w->requests[--w->request_count];
        return;
    }
}

/* ---- Sends ---- */

static void note_send(struct world *w, const struct proto_edge_request *request, int sender) {
    struct proto_send m;
    uint8_t hash[32];
    if (proto_send_decode(request->body, &m) != OK)
        return;
    world_must(crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, &m.item, 1), "hash");
    w->items = world_grow(w->items, w->item_count, &w->item_cap, sizeof *w->items);
    memcpy(w->items[w->item_count].item, hash, 32);
    w->items[w->item_count++].sender = sender;
    size_t i = w->recent_count++ % RECENT;
    world_must(buf_set(&w->recent[i], request->body), "memory");
}

static void act_soon(struct world *w) {
    if (w->commit_due || w->mail == NULL)
        return;
    w->commit_due = true;
    /* Now and then so late that much is acknowledged before it is written. */
    uint64_t most = world_one_in(w, 4) ? COMMIT_LATE_MS : 8;
    world_event(w, EVENT_COMMIT, 1 + world_chance(w, most), 0, 0);
}

void server_replay(struct world *w) {
    size_t n = w->recent_count < RECENT ? w->recent_count : RECENT;
    if (n == 0 || w->mail == NULL)
        return;
    struct proto_edge_request request = {.session = STRANGER, .request = 1, .type = PROTO_send};
    request.body = buf_slice(&w->recent[world_chance(w, n)]);
    mail_request(w->mail, &request);
    w->counts.replays++;
    act_soon(w);
}

/* ---- What edge and mail say to each other ---- */

static void to_client(void *ctx, struct session *s, slice message) {
    struct world *w = ctx;
    world_link_push(w, link_index(w, link_of(s)), false, PARCEL_DATA, message);
}

static void to_mail(void *ctx, struct session *s, const struct proto_edge_request *request) {
    struct world *w = ctx;
    if (request->type == PROTO_commit)
        note_commit(w, request);
    if (request->type == PROTO_send)
        note_send(w, request, link_of(s)->client);
    w->counts.writing += request->type == PROTO_send_now;
    if (mail_full(w->mail))
        server_commit(w);
    if (w->mail != NULL)
        mail_request(w->mail, request);
    act_soon(w);
}

static void keep_codes(struct world *w, slice body) {
    struct proto_invite_made made;
    struct proto_code code;
    world_must(proto_invite_made_decode(body, &made), "codes");
    reader r = reader_of(made.codes.bytes);
    for (w->code_count = 0; r.n > 0 && w->code_count < CLIENTS; w->code_count++) {
        world_must(proto_code_read(&r, &code), "code");
        memcpy(w->codes[w->code_count], code.bytes, 16);
    }
}

/* A delivery comes twice, or an old one comes again: the positions say so. */
static void double_delivery(struct world *w, struct link *link,
                            const struct proto_edge_reply *reply) {
    world_must(buf_set(&link->recent[link->recent_count++ % 4], reply->body), "memory");
    if (w->calm || !world_one_in(w, 100))
        return;
    struct proto_edge_reply again = {.session = reply->session, .type = PROTO_delivery};
    size_t n = link->recent_count < 4 ? link->recent_count : 4;
    again.body = buf_slice(&link->recent[world_chance(w, n)]);
    w->counts.doubles++;
    session_reply(&link->session, &w->env, &again);
}

static void from_mail(void *ctx, const struct proto_edge_reply *reply) {
    struct world *w = ctx;
    if (reply->session == 0) {
        keep_codes(w, reply->body);
        return;
    }
    if (reply->type == PROTO_committed)
        note_committed(w, reply);
    int i = link_by_session(w, reply->session);
    if (i == 0)
        return;
    struct link *link = &w->links[i];
    session_reply(&link->session, &w->env, reply);
    w->counts.delivered += reply->type == PROTO_delivery;
    if (reply->type == PROTO_delivery)
        double_delivery(w, link, reply);
    if (reply->drain)
        world_event(w, EVENT_DRAINED, 1 + world_chance(w, 50), i, link->generation);
}

static uint64_t server_now(void *ctx) {
    return ((struct world *)ctx)->now;
}

/* ---- Life ---- */

void server_start(struct world *w) {
    w->plan =
        (struct store_fault_plan){.fail_commit_in = -1, .fail_get_in = -1, .with = ERR_DISK_FULL};
    world_must(store_memory_open(&w->memory, NULL), "store");
    world_must(store_faulty_open(&w->store, w->memory, &w->plan, NULL), "store");
    w->config.limits = mail_limits_default;
    w->config.limits.takes_address = w->config.limits.takes_mailbox = 100000;
    w->config.limits.find_bits = 4;
    w->config.limits.claim_bits = 8;
    w->config.limits.orders_mailbox = 100000;
    w->config.keys[0].id = 1;
    w->config.chains = CHAINS;
    w->config.chain_memory = calloc(1, mail_chains_size(CHAINS));
    if (w->config.chain_memory == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    w->config.limits.chain_items = CHAIN_ITEMS;
    crypto_random(w->config.keys[0].key, 32);
    crypto_random(w->config.pepper, 32);
    w->config.ctx = w;
    w->config.now = server_now;
    w->config.emit = from_mail;
    world_must(crypto_ed25519.generate(w->identity, w->identity_seed), "key");
    w->env.limits = session_limits_default;
    w->env.limits.rate = 0;
    w->env.ctx = w;
    w->env.send = to_client;
    w->env.request = to_mail;
    server_live(w);
}

void server_live(struct world *w) {
    if (w->mail != NULL)
        return;
    world_must(mail_new(&w->mail, w->store, &w->config, NULL), "mail");
    world_must(session_key_make(&w->env.keys[0], 1, w->identity_seed, time_week(w->now) + 4),
               "key");
    w->commit_due = false;
    world_trace(w, "server lives");
}

static void close_session(struct world *w, int i, bool tell) {
    struct link *link = &w->links[i];
    if (!link->server_open)
        return;
    link->server_open = false;
    if (w->mail != NULL)
        mail_closed(w->mail, link->session.id);
    if (tell)
        world_link_push(w, i, false, PARCEL_DOWN, SLICE_EMPTY);
}

/* Sessions that ended while something was done for others. */
static void close_ended(struct world *w) {
    for (int i = 1; i < LINKS_MAX; i++)
        if (w->links[i].used && w->links[i].server_open && session_ended(&w->links[i].session)) {
            close_session(w, i, true);
            world_link_settle(w, i);
        }
}

void server_die(struct world *w) {
    if (w->mail == NULL)
        return;
    world_trace(w, "server dies");
    w->counts.server_crashes++;
    w->counts.passed = server_passed(w);
    mail_free(w->mail);
    w->mail = NULL;
    w->request_count = 0;
    for (int i = 1; i < LINKS_MAX; i++) {
        struct link *link = &w->links[i];
        if (!link->used || !link->server_open)
            continue;
        link->server_open = false;
        if (world_one_in(w, 2))
            world_link_cut(w, i, 0, 1 + world_chance(w, 2000));
        else
            world_link_push(w, i, false, PARCEL_DOWN, SLICE_EMPTY);
        world_link_settle(w, i);
    }
    world_event(w, EVENT_SERVER, 1 + world_chance(w, 5000), 0, 0);
}

uint64_t server_passed(const struct world *w) {
    return w->counts.passed + (w->mail == NULL ? 0 : mail_counts(w->mail).passed);
}

void server_stop(struct world *w) {
    mail_free(w->mail);
    free(w->config.chain_memory);
    store_close(w->store);
    session_env_fini(&w->env);
    for (size_t i = 0; i < RECENT; i++)
        buf_free(&w->recent[i]);
    free(w->items);
}

void server_commit(struct world *w) {
    w->commit_due = false;
    if (w->mail == NULL)
        return;
    bool armed = w->plan.fail_commit_in >= 0;
    mail_commit(w->mail);
    close_ended(w);
    /* After this failure nobody can know what is on the disk: a process ends and reads again. */
    if (armed && w->plan.fail_commit_in < 0 && w->plan.torn) {
        server_die(w);
        return;
    }
    if (mail_waiting(w->mail))
        act_soon(w);
}

void server_drained(struct world *w, int i) {
    if (w->mail == NULL || !w->links[i].server_open)
        return;
    mail_drained(w->mail, w->links[i].session.id);
    if (mail_waiting(w->mail))
        act_soon(w);
}

void server_parcel(struct world *w, int i, enum parcel_kind kind, slice bytes) {
    struct link *link = &w->links[i];
    if (kind == PARCEL_UP) {
        world_link_push(w, i, false, w->mail == NULL ? PARCEL_DOWN : PARCEL_UP, SLICE_EMPTY);
        link->server_open = w->mail != NULL;
        session_init(&link->session, session_id(w, i), &w->env, w->now);
    } else if (kind == PARCEL_DOWN) {
        close_session(w, i, false);
    } else if (link->server_open) {
        session_receive(&link->session, &w->env, bytes, w->now);
        close_ended(w);
    }
}

/* ---- A mailbox in disorder ---- */

static bool mailbox_of(struct world *w, const struct client *c, uint8_t mailbox[16]) {
    struct core_status status;
    uint8_t name[32];
    buf value = {0};
    core_status_get(c->core, &status);
    memcpy(name, status.account, 16);
    memcpy(name + 16, status.device, 16);
    bool found =
        store_get(w->memory, NULL, mail_key(MAIL_DEVICE, SLICE_ARRAY(name), 0), &value) == OK &&
        value.n == 48;
    if (found)
        memcpy(mailbox, value.p + 32, 16);
    buf_free(&value);
    return found;
}

struct place {
    uint64_t position;
    buf value;
};
struct places {
    struct place p[64];
    size_t count;
};

static bool keep_place(void *ctx, struct store_key key, slice value) {
    struct places *places = ctx;
    struct place *p = &places->p[places->count++];
    p->position = key.number;
    world_must(buf_set(&p->value, value), "memory");
    return places->count < 64;
}

/* Who sent it; -1: it must stay where it is, because a Welcome or a blob (which may be one) has to
 * come before what it makes readable; -2: a commit. */
static int mover(struct world *w, struct client *c, const struct place *p, buf *plain, int *group) {
    uint8_t hash[32];
    slice item, content;
    uint8_t kind;
    struct mls_header header;
    if (!sim_unseal(c->core, buf_slice(&p->value), plain, &item))
        return -1;
    reader r = reader_of(item);
    if (reader_u8(&r, &kind) != OK || kind != PROTO_ITEM_MESSAGE ||
        reader_vec(&r, &content) != OK || mls_message_header(content, &header) != OK ||
        header.wire != MLS_PRIVATE_MESSAGE || header.group_id.n != 32)
        return -1;
    *group = world_group_find(w, header.group_id.p);
    if (header.kind == MLS_COMMIT)
        return -2;
    world_must(crypto_blake2b_keyed(hash, 32, SLICE_EMPTY, &item, 1), "hash");
    for (size_t i = w->item_count; i-- > 0;)
        if (memcmp(w->items[i].item, hash, 32) == 0)
            return w->items[i].sender;
    return -1;
}

static void change_places(struct world *w, slice mailbox, const struct place *a,
                          const struct place *b) {
    struct store_batch *batch;
    struct held_item first, second;
    buf work = {0};
    world_must(store_batch_new(&batch, NULL), "batch");
    world_must(held_item_read(buf_slice(&a->value), &first), "item");
    world_must(held_item_read(buf_slice(&b->value), &second), "item");
    world_must(held_item_put(batch, mailbox, a->position, &work, &second), "batch");
    world_must(held_item_put(batch, mailbox, b->position, &work, &first), "batch");
    world_must(store_commit_now(w->memory, batch), "commit");
    store_batch_free(batch);
    buf_free(&work);
    w->counts.disorders++;
}

static bool may_pass(struct world *w, struct client *c, const struct place *a,
                     const struct place *b) {
    int groups[2] = {0, 0};
    buf plain = {0};
    int first = mover(w, c, a, &plain, &groups[0]), last = mover(w, c, b, &plain, &groups[1]);
    buf_free(&plain);
    if (first == -1 || last == -1 || first == last)
        return false;
    for (int i = 0; i < 2; i++)
        c->disordered[groups[i] / 64] |= (uint64_t)1 << (groups[i] % 64);
    return true;
}

/* Neighbours change places in the mailbox of a device that is away and has seen neither. */
void server_disorder(struct world *w, struct client *c) {
    struct core_status status;
    struct places *places = calloc(1, sizeof *places);
    uint8_t mailbox[16];
    if (places == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    core_status_get(c->core, &status);
    if (mailbox_of(w, c, mailbox) &&
        store_scan(w->memory, mail_key(MAIL_ITEM, SLICE_ARRAY(mailbox), status.position + 1),
                   UINT64_MAX, keep_place, places) == OK &&
        places->count >= 2) {
        size_t at = world_chance(w, places->count - 1);
        if (may_pass(w, c, &places->p[at], &places->p[at + 1]))
            change_places(w, SLICE_ARRAY(mailbox), &places->p[at], &places->p[at + 1]);
    }
    for (size_t i = 0; i < places->count; i++)
        buf_free(&places->p[i].value);
    free(places);
}

static bool count_item(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

size_t server_items(struct world *w) {
    size_t n = 0;
    world_must(store_scan_table(w->memory, MAIL_ITEM, count_item, &n), "scan");
    return n;
}

/* ---- Invites ---- */

void server_join_link(struct world *w, buf *out) {
    struct proto_invite_make make = {.count = 1};
    struct proto_invite invite;
    buf body = {0}, content = {0};
    world_must(proto_invite_make_encode(&body, &make), "invite");
    mail_operator(w->mail, 1, PROTO_invite_make, buf_slice(&body));
    server_commit(w);
    memcpy(invite.server, w->identity, sizeof invite.server);
    memcpy(invite.code, w->codes[0], sizeof invite.code);
    world_must(proto_invite_encode(&content, &invite), "invite");
    buf_clear(out);
    world_must(proto_link_write(out, "join", slice_str("here:1"), buf_slice(&content)), "link");
    buf_free(&body);
    buf_free(&content);
}
