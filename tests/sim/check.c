/* clang-format off */
/* What must be true.
 *
 * All the time: whoever reaches epoch n of a conversation shows the same members and the same
 * authenticator as everybody else who reached it; the server takes one commit an epoch.
 *
 * In the end, when everybody is online and nothing goes wrong any more:
 *
 *   rest        within 30 minutes of the world's time every outbox and every mailbox is empty,
 *               nothing waits, nobody is still leaving
 *   agreement   those who say that they are in a conversation are exactly its members, in the same
 *               epoch, with the same authenticator; but for who was added by an address that it had
 *               given up, days ago, and is shown as not heard of
 *   messages    below
 *   outbox      no message is still queued; one whose command returned OK is sent, or failed
 *               because the conversation ended
 *   quarantine  nothing was put aside
 *   devices     whoever has two is in the same conversations with both, each of which has what it
 *               must have as if it were another person's
 *   files       are fetched, byte for byte, when all is at rest
 *   handles     nobody is still claiming one or giving one up, and no two hold the same
 *
 * Messages: a client is in a conversation during intervals of epochs: from the one in which its
 * history says that it made or joined it, until the one in which its history says that it was
 * removed or left. A message has the epoch in which it was encrypted; one that was encrypted again
 * (its sender was away for long) has that of the last time for its sender, and any of them for a
 * receiver.
 *
 *   must have   exactly once, if the sender's history says "sent", the epoch is in one of the
 *               client's intervals, and either that interval goes on to the end, or the sender saw
 *               "sent" before any commit that could have ended the interval came to the server.
 *               This second half is not asked of whoever's mailbox was put in disorder in that
 *               conversation: its removal may have passed the message. Nor is the first of who
 *               left as the last member, whom no commit removed; nor anything of a request that
 *               was longer than a request may be
 *   may have    between these two moments: it depends on what the server took first
 *   never has   a message twice, or of an epoch outside its intervals, or from a sender who was no
 *               member in that epoch, or under another's name
 *   alike       what was edited or withdrawn is shown by whoever was in from then to the end as its
 *               sender shows it, if that is still in
 *   receipts    no sender is told by more people that a message came than were there to get it, nor
 *               by more that it was read; and some are told
 *   over        what was said a week ago is gone where it was said, and nobody must have it
 *   order       messages of one sender are in the order in which they were sent, but for those that
 *               travelled as blobs: a message that is fetched takes its place when it is here; and
 *               for those that were sent again, encrypted in a later epoch than newer ones */
/* clang-format on */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- All the time ---- */

void check_epoch(struct world *w, struct client *c, uint32_t number) {
    struct view *v = &c->views[number - 1];
    struct group *g = &w->groups[v->group];
    uint8_t authenticator[32];
    client_set members;
    struct core_conversation now;
    if (!client_members(w, c, number, &members) ||
        core_conversation_authenticator(c->core, number, authenticator) != OK ||
        core_conversation_get(c->core, number, &now) != OK || now.epoch != v->epoch) {
        v->stale = true;
        return;
    }
    v->stale = false;
    while (g->epoch_cap <= v->epoch)
        g->epochs = world_grow(g->epochs, g->epoch_cap, &g->epoch_cap, sizeof *g->epochs);
    struct epoch *e = &g->epochs[v->epoch];
    if (!e->known) {
        *e = (struct epoch){.known = true, .members = members};
        memcpy(e->authenticator, authenticator, 32);
    }
    if ((members >> c->person & 1) == 0)
        world_fail(w, "client %d is not in group %d, epoch %llu, itself", c->index, v->group,
                   (unsigned long long)v->epoch);
    if (e->members != members || memcmp(e->authenticator, authenticator, 32) != 0)
        world_fail(w, "client %d does not agree on group %d, epoch %llu: members %llx, others %llx",
                   c->index, v->group, (unsigned long long)v->epoch, (unsigned long long)members,
                   (unsigned long long)e->members);
}

/* ---- One client's history of one conversation ---- */

enum { ROOM = 1000 }; /* more than anybody here has of one conversation */

struct interval {
    uint64_t from, until; /* until: the first epoch without the client; UINT64_MAX: none */
};

struct history {
    struct world *w;
    struct client *c;
    int group;
    uint8_t device[CORE_DEVICE];
    struct interval intervals[256];
    size_t count;
    bool left;
    uint8_t *got;               /* by message: how often */
    uint64_t *shows;            /* by message: what it is shown as, hashed */
    uint32_t *told, *told_read; /* by message of its own: how many people told that */
    int64_t newest[DEVICES];
    uint64_t newest_epoch[DEVICES];
};

static bool within(const struct history *h, uint64_t epoch, uint64_t *until) {
    for (size_t i = 0; i < h->count; i++) {
        *until = h->intervals[i].until;
        if (h->intervals[i].from <= epoch && epoch < *until)
            return true;
    }
    return false;
}

static void take_event(struct history *h, const struct core_message *m) {
    bool us = memcmp(m->subject, h->c->account, CORE_ACCOUNT) == 0;
    bool begins = m->kind == CORE_MESSAGE_CREATED || m->kind == CORE_MESSAGE_JOINED;
    bool gone = m->kind == CORE_MESSAGE_REMOVED || m->kind == CORE_MESSAGE_LEFT;
    bool alone = m->kind == CORE_MESSAGE_UNLINKED &&
                 memcmp(m->sender_device, h->device, sizeof h->device) == 0;
    bool ends = us && (gone || alone);
    if (begins && h->count < 256)
        h->intervals[h->count++] = (struct interval){m->epoch, UINT64_MAX};
    if (ends && h->count > 0)
        h->intervals[h->count - 1].until = m->epoch;
}

static void check_received(struct history *h, size_t n, const struct core_message *m) {
    struct world *w = h->w;
    const struct message *sent = &w->messages[n];
    const struct group *g = &w->groups[h->group];
    uint64_t until;
    if (!within(h, m->epoch, &until))
        world_fail(w, "client %d has m%zu of epoch %llu, in which it was not in group %d",
                   h->c->index, n, (unsigned long long)m->epoch, h->group);
    if (m->epoch >= g->epoch_cap || !g->epochs[m->epoch].known)
        w->counts.unknown_epochs++;
    else if ((g->epochs[m->epoch].members >> w->clients[sent->sender].person & 1) == 0 ||
             (g->epochs[m->epoch].members >> h->c->person & 1) == 0)
        world_fail(w, "client %d has m%zu of epoch %llu of group %d, but one of them was no member",
                   h->c->index, n, (unsigned long long)m->epoch, h->group);
}

/* A withdrawn one has no text. */
static int64_t message_of(const struct world *w, const struct core_message *m) {
    if (!m->withdrawn)
        return client_text_number(m->text);
    for (size_t n = 0; n < w->message_count; n++)
        if (memcmp(w->messages[n].id, m->id, sizeof m->id) == 0)
            return (int64_t)n;
    return -1;
}

static uint64_t hash_shown(const struct core_message *m) {
    uint64_t hash = m->withdrawn ? 1 : 2;
    for (size_t i = 0; i < m->text.n; i++)
        hash = (hash ^ m->text.p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool take_only_event(void *ctx, const struct core_message *m) {
    if (m->kind != CORE_MESSAGE_CONTENT)
        take_event(ctx, m);
    return true;
}

static bool take_message(void *ctx, const struct core_message *m) {
    struct history *h = ctx;
    struct world *w = h->w;
    if (m->kind != CORE_MESSAGE_CONTENT || m->shape == CORE_CONTENT_REACTION ||
        m->shape == CORE_CONTENT_EDIT || m->shape == CORE_CONTENT_DELETE)
        return true;
    int64_t n = message_of(w, m);
    if (n < 0 || (size_t)n >= w->message_count || w->messages[n].group != h->group ||
        client_by_account(w, m->sender) != w->clients[w->messages[n].sender].person) {
        world_fail(w, "client %d has a message that nobody sent to group %d: %.*s", h->c->index,
                   h->group, (int)(m->text.n < 20 ? m->text.n : 20), (const char *)m->text.p);
        return true;
    }
    struct message *sent = &w->messages[n];
    if (h->got[n]++ != 0)
        world_fail(w, "client %d has m%lld twice", h->c->index, (long long)n);
    h->shows[n] = hash_shown(m);
    if (sent->sender == h->c->index) {
        sent->state = (uint8_t)m->state;
        sent->epoch = m->epoch;
        h->told[n] = m->delivered;
        h->told_read[n] = m->read;
    } else {
        check_received(h, (size_t)n, m);
    }
    if (sent->big)
        return true;
    /* One that was encrypted later than a newer one is one that was sent again. */
    if (n > h->newest[sent->sender]) {
        h->newest[sent->sender] = n;
        h->newest_epoch[sent->sender] = m->epoch;
    } else if (m->epoch > h->newest_epoch[sent->sender]) {
        w->counts.again++;
    } else {
        world_fail(w, "client %d has m%lld of %d after m%lld", h->c->index, (long long)n,
                   sent->sender, (long long)h->newest[sent->sender]);
    }
    return true;
}

static struct history *new_history(struct world *w, struct client *c, int group) {
    struct history *h = calloc(1, sizeof *h);
    if (h == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    struct core_status status;
    core_status_get(c->core, &status);
    *h = (struct history){.w = w, .c = c, .group = group};
    memcpy(h->device, status.device, sizeof h->device);
    for (size_t i = 0; i < DEVICES; i++)
        h->newest[i] = -1;
    h->got = calloc(w->message_count + 1, 1);
    h->shows = calloc(w->message_count + 1, sizeof *h->shows);
    h->told = calloc(w->message_count + 1, sizeof *h->told);
    h->told_read = calloc(w->message_count + 1, sizeof *h->told_read);
    if (h->got == NULL || h->shows == NULL || h->told == NULL || h->told_read == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    return h;
}

/* What another device of the same person sent of the time before stands in room that was left for
 * it, and counts for this one's conversation as little as what another person has. */
static bool take_room(void *ctx, const struct core_message *m) {
    struct history *h = ctx;
    bool is_new = m->shape == CORE_CONTENT_TEXT || m->shape == CORE_CONTENT_FILE;
    int64_t n = m->kind == CORE_MESSAGE_CONTENT && is_new ? client_text_number(m->text) : -1;
    if (n >= 0 && (size_t)n < h->w->message_count && h->got[n]++ != 0)
        world_fail(h->w, "client %d has m%lld twice", h->c->index, (long long)n);
    return true;
}

/* Appends: a group that a client was out of comes again as another conversation of a higher number,
 * and what it had of the group is what all of them have, in their order. */
static void read_history(struct world *w, struct client *c, uint32_t number, struct history *h) {
    const struct view *v = &c->views[number - 1];
    h->left = v->state == CORE_CONVERSATION_LEFT;
    size_t before = h->count;
    struct core_conversation now;
    world_must(core_conversation_get(c->core, number, &now), "history");
    uint64_t first = now.messages > ROOM ? ROOM + 1 : 1;
    world_must(core_messages(c->core, number, 1, first - 1, take_room, h), "history");
    world_must(core_messages(c->core, number, first, UINT64_MAX, take_only_event, h), "history");
    world_must(core_messages(c->core, number, first, UINT64_MAX, take_message, h), "history");
    bool open = v->state == CORE_CONVERSATION_ACTIVE || v->state == CORE_CONVERSATION_LEAVING ||
                v->state == CORE_CONVERSATION_REQUEST;
    bool says = h->count > before && h->intervals[h->count - 1].until == UINT64_MAX;
    /* The last one to leave is not removed by anybody; nor is who could not make it. */
    if (open != says && v->state != CORE_CONVERSATION_LEFT && v->state != CORE_CONVERSATION_FAILED)
        world_fail(w, "client %d: state %u of group %d is not what its history says", c->index,
                   (unsigned)v->state, h->group);
}

/* ---- Messages ---- */

struct all {
    struct history *of[DEVICES][GROUPS_MAX];
};

static bool had_no_room(const struct history *h, uint64_t epoch) {
    for (size_t i = 0; i < h->c->view_count; i++)
        if (h->c->views[i].group == h->group && epoch < h->c->views[i].full)
            return true;
    return false;
}

static bool must_have(const struct world *w, const struct history *h, const struct message *m) {
    uint64_t until;
    if (!within(h, m->epoch, &until) || had_no_room(h, m->epoch))
        return false;
    if (until == UINT64_MAX)
        return !h->left;
    if (m->sent == 0 || (h->c->disordered[h->group / 64] >> (h->group % 64) & 1) != 0)
        return false;
    return world_epoch_moment(w, h->group, until) > m->sent;
}

/* Was in when the message was sent, and ever since: what was said about it came, too. */
static bool stayed(const struct history *h, const struct message *m) {
    uint64_t until;
    return h != NULL && within(h, m->epoch, &until) && until == UINT64_MAX && !h->left &&
           !had_no_room(h, m->epoch);
}

static void check_shown(struct world *w, const struct all *all, size_t n) {
    const struct message *m = &w->messages[n];
    const struct history *sender = all->of[m->sender][m->group];
    if (!stayed(sender, m))
        return;
    for (int i = 0; i < DEVICES; i++) {
        const struct history *h = all->of[i][m->group];
        if (!stayed(h, m) || h->shows[n] == 0)
            continue; /* or it has it from another device of its person */
        w->counts.agreed++;
        if (h->shows[n] != sender->shows[n])
            world_fail(w, "client %d does not show m%zu as its sender, client %d, does", i, n,
                       m->sender);
    }
}

static void check_told(struct world *w, const struct all *all, size_t n) {
    const struct message *m = &w->messages[n];
    const struct history *sender = all->of[m->sender][m->group];
    client_set people = 0;
    uint64_t until, count = 0;
    if (sender == NULL)
        return;
    for (int i = 0; i < DEVICES; i++) {
        const struct history *h = all->of[i][m->group];
        if (h != NULL && h->c->person != sender->c->person &&
            (h->got[n] != 0 || within(h, m->epoch, &until)))
            people |= (client_set)1 << h->c->person;
    }
    for (client_set s = people; s != 0; s &= s - 1)
        count++;
    if (sender->told[n] > count || sender->told_read[n] > sender->told[n])
        world_fail(w, "client %d is told by %u that m%zu came, by %u that it was read; %llu got it",
                   m->sender, (unsigned)sender->told[n], n, (unsigned)sender->told_read[n],
                   (unsigned long long)count);
    w->counts.told += sender->told[n];
    w->counts.told_read += sender->told_read[n];
}

/* Who got it late may have it for a day more; a file's message was made later. */
static bool is_over(struct world *w, const struct all *all, size_t n) {
    const struct message *m = &w->messages[n];
    const struct history *sender = all->of[m->sender][m->group];
    if (m->said + TIME_WEEK > w->now)
        return false;
    w->counts.over++;
    if (m->file == 0 && sender != NULL && sender->got[n] != 0 &&
        m->said + TIME_WEEK + TIME_MINUTE < w->now)
        world_fail(w, "client %d still has m%zu, whose time is over", m->sender, n);
    return true;
}

static void check_message(struct world *w, const struct all *all, size_t n) {
    const struct message *m = &w->messages[n];
    if (is_over(w, all, n))
        return;
    if (m->state == CORE_MESSAGE_QUEUED)
        world_fail(w, "m%zu of client %d to group %d is still queued", n, m->sender, m->group);
    if (m->told && m->state == 0 && (m->file == 0 || m->sent != 0))
        world_fail(w, "m%zu is not in the history of client %d", n, m->sender);
    if (m->sent != 0 && m->state != CORE_MESSAGE_SENT)
        world_fail(w, "client %d saw m%zu sent, but its history says %u", m->sender, n,
                   (unsigned)m->state);
    if (m->state != CORE_MESSAGE_SENT)
        return;
    for (int i = 0; i < DEVICES; i++) {
        const struct history *h = all->of[i][m->group];
        if (h == NULL || i == m->sender)
            continue;
        w->counts.reads += h->got[n];
        if (h->got[n] == 0 && must_have(w, h, m))
            world_fail(w, "client %d does not have m%zu of client %d, group %d, epoch %llu%s", i, n,
                       m->sender, m->group, (unsigned long long)m->epoch, m->big ? ", big" : "");
    }
    check_shown(w, all, n);
    check_told(w, all, n);
}

static void check_messages(struct world *w) {
    struct all *all = calloc(1, sizeof *all);
    if (all == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    for (int i = 0; i < DEVICES; i++) {
        struct client *c = &w->clients[i];
        for (size_t j = 0; j < c->view_count; j++) {
            struct core_conversation now;
            if (c->views[j].group < 0 ||
                core_conversation_get(c->core, (uint32_t)j + 1, &now) != OK)
                continue; /* a request that was taken back */
            struct history **h = &all->of[i][c->views[j].group];
            if (*h == NULL)
                *h = new_history(w, c, c->views[j].group);
            read_history(w, c, (uint32_t)j + 1, *h);
        }
    }
    for (size_t n = 0; n < w->message_count; n++)
        check_message(w, all, n);
    for (int i = 0; i < DEVICES; i++) {
        for (int j = 0; j < GROUPS_MAX; j++) {
            if (all->of[i][j] != NULL) {
                free(all->of[i][j]->got);
                free(all->of[i][j]->shows);
                free(all->of[i][j]->told);
                free(all->of[i][j]->told_read);
            }
            free(all->of[i][j]);
        }
    }
    free(all);
}

/* ---- Agreement ---- */

struct unheard {
    const struct world *w;
    client_set set;
};

static bool add_unheard(void *ctx, const struct core_member *m) {
    struct unheard *u = ctx;
    int i = client_by_account(u->w, m->account);
    if (m->unheard && i >= 0 && u->w->clients[i].renewed && u->w->counts.nights > 0)
        u->set |= (client_set)1 << i;
    return true;
}

static uint64_t member_since(const struct group *g, int person, uint64_t epoch) {
    while (epoch > 0 && (g->epochs[epoch - 1].members >> person & 1))
        epoch--;
    return epoch;
}

/* Whoever was there when they were added is gone, so that nobody left knows them for unheard: who
 * came with them doesn't either. */
static client_set nobody_knows(const struct world *w, const struct group *g, client_set in,
                               client_set members, uint64_t epoch) {
    client_set set = 0;
    uint64_t first = UINT64_MAX;
    for (int i = 0; i < CLIENTS; i++) {
        if (in >> i & 1) {
            uint64_t since = member_since(g, i, epoch);
            first = since < first ? since : first;
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        if (((members & ~in) >> i & 1) && w->clients[i].renewed && w->counts.nights > 0 &&
            member_since(g, i, epoch) <= first)
            set |= (client_set)1 << i;
    return set;
}

static void check_group(struct world *w, int group) {
    client_set in = 0;
    struct unheard unheard = {.w = w};
    uint64_t epoch = UINT64_MAX;
    for (int i = 0; i < DEVICES; i++) {
        const struct client *c = &w->clients[i];
        for (size_t j = 0; j < c->view_count; j++) {
            struct core_conversation now;
            if (c->views[j].group != group ||
                core_conversation_get(c->core, (uint32_t)j + 1, &now) != OK)
                continue;
            if (now.spoiled)
                world_fail(w, "group %d is spoiled for client %d", group, i);
            if (now.state != CORE_CONVERSATION_ACTIVE)
                continue;
            in |= (client_set)1 << c->person;
            world_must(core_members(c->core, (uint32_t)j + 1, add_unheard, &unheard), "members");
            if (epoch != UINT64_MAX && epoch != now.epoch)
                world_fail(w, "group %d: client %d is in epoch %llu, others in %llu", group, i,
                           (unsigned long long)now.epoch, (unsigned long long)epoch);
            epoch = now.epoch;
        }
    }
    const struct group *g = &w->groups[group];
    client_set members = epoch < g->epoch_cap ? g->epochs[epoch].members : 0;
    if (members != 0)
        unheard.set |= nobody_knows(w, g, in, members, epoch);
    client_set unreached = members & ~in & unheard.set;
    for (int i = 0; in != 0 && i < CLIENTS; i++)
        if ((members & ~in) >> i & 1)
            world_trace(w, "group %d: client %d was not reached", group, i);
    for (client_set s = unreached; s != 0; s &= s - 1)
        w->counts.unreached++;
    if (in != 0 && members != (in | unreached))
        world_fail(w, "group %d: %llx say that they are members, the group says %llx", group,
                   (unsigned long long)in, (unsigned long long)members);
    for (size_t i = 0; in != 0 && i < g->candidate_count; i++)
        if (g->candidates[i].taken && g->candidates[i].epoch > epoch)
            world_fail(w, "group %d is in epoch %llu, but the server took a commit for %llu", group,
                       (unsigned long long)epoch, (unsigned long long)g->candidates[i].epoch);
}

/* ---- Quarantine ---- */

static bool take_quarantined(void *ctx, const struct core_quarantined *q) {
    struct history *h = ctx;
    struct mls_header header = {0};
    h->w->counts.quarantined++;
    bool readable = mls_message_header(q->item, &header) == OK;
    world_fail(h->w, "client %d, group %d: quarantined: %s; kind %d, epoch %llu, at %.3f",
               h->c->index, h->group, err_name(q->error), readable ? (int)header.kind : 0,
               (unsigned long long)header.epoch, (double)(q->time - h->w->start) / 1000);
    return true;
}

static void check_client(struct world *w, struct client *c) {
    struct core_status s;
    struct history h = {.w = w, .c = c, .group = -1};
    core_status_get(c->core, &s);
    w->counts.repeats += s.repeats;
    w->counts.dropped += s.dropped;
    if (core_quarantine(c->core, 0, take_quarantined, &h) != OK)
        world_fail(w, "client %d can't read its quarantine", c->index);
    for (size_t i = 0; i < c->view_count; i++) {
        h.group = c->views[i].group;
        if (core_quarantine(c->core, (uint32_t)i + 1, take_quarantined, &h) != OK)
            world_fail(w, "client %d can't read its quarantine", c->index);
    }
}

/* ---- Handles ---- */

static void check_handle(struct world *w, struct client *c) {
    struct core_handle ours, theirs;
    if (core_handle_get(c->core, &ours) != OK)
        return;
    w->counts.handles++;
    for (int i = c->index + 1; i < CLIENTS; i++)
        if (core_handle_get(w->clients[i].core, &theirs) == OK &&
            slice_equal(ours.name, theirs.name))
            world_fail(w, "clients %d and %d hold one handle", c->index, i);
}

enum { ENOUGH_LOOKS = 20, ENOUGH_WRITING = 20 }; /* that some of them are told of */

void check_end(struct world *w) {
    for (int i = 0; i < DEVICES; i++)
        if (w->clients[i].core == NULL)
            return; /* it did not come to rest, and that was said */
    for (int i = 0; i < DEVICES; i++)
        check_client(w, &w->clients[i]);
    for (int i = 0; i < CLIENTS; i++)
        check_handle(w, &w->clients[i]);
    for (size_t i = 0; i < w->group_count; i++)
        check_group(w, (int)i);
    check_messages(w);
    if (w->counts.agreed > 0 && w->counts.told == 0)
        world_fail(w, "no sender was told that a message came");
    if (w->counts.looks >= ENOUGH_LOOKS && w->counts.told_read == 0)
        world_fail(w, "no sender was told that a message was read");
    if (w->counts.writing >= ENOUGH_WRITING && w->counts.seen_writing == 0)
        world_fail(w, "nobody saw that somebody writes");
    if (server_passed(w) == 0)
        world_fail(w, "no item was acknowledged before it was written");
}
