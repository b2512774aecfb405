/* Time, chance, and links. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

void world_must(err e, const char *what) {
    if (e == OK)
        return;
    fprintf(stderr, "the world can't go on: %s: %s\n", what, err_name(e));
    abort();
}

__attribute__((format(printf, 3, 0))) static void say(struct world *w, const char *what,
                                                      const char *format, va_list list) {
    char text[256];
    (void)vsnprintf(text, sizeof text, format, list);
    fprintf(stderr, "%10.3f %s%s\n", (double)(w->now - w->start) / 1000, what, text);
}

void world_fail(struct world *w, const char *format, ...) {
    va_list list;
    if (w->failures < FAILURES_SHOWN) {
        va_start(list, format);
        (void)vsnprintf(w->failed[w->failures], sizeof w->failed[0], format, list);
        va_end(list);
    }
    w->failures++;
    if (!w->trace)
        return;
    va_start(list, format);
    say(w, "FAILED ", format, list);
    va_end(list);
}

void world_trace(struct world *w, const char *format, ...) {
    va_list list;
    if (!w->trace)
        return;
    va_start(list, format);
    say(w, "", format, list);
    va_end(list);
}

uint64_t world_chance(struct world *w, uint64_t below) {
    return below == 0 ? 0 : support_next(&w->chance) % below;
}

bool world_one_in(struct world *w, uint64_t n) {
    return world_chance(w, n) == 0;
}

void *world_grow(void *array, size_t count, size_t *cap, size_t size) {
    if (count < *cap)
        return array;
    size_t more = *cap == 0 ? 64 : *cap * 2;
    void *grown = realloc(array, more * size);
    if (grown == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    memset((char *)grown + *cap * size, 0, (more - *cap) * size);
    *cap = more;
    return grown;
}

/* ---- Events: a heap, the earliest on top ---- */

static bool earlier(const struct event *a, const struct event *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct world *w, size_t i, size_t j) {
    struct event e = w->heap[i];
    w->heap[i] = w->heap[j];
    w->heap[j] = e;
}

void world_event(struct world *w, enum event_kind kind, uint64_t in, int who, uint32_t generation) {
    w->heap = world_grow(w->heap, w->heap_count, &w->heap_cap, sizeof *w->heap);
    size_t i = w->heap_count++;
    w->heap[i] = (struct event){w->now + in, w->order++, kind, who, generation};
    for (; i > 0 && earlier(&w->heap[i], &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(w, i, (i - 1) / 2);
}

static struct event pop(struct world *w) {
    struct event top = w->heap[0];
    w->heap[0] = w->heap[--w->heap_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->heap_count; child++)
            if (earlier(&w->heap[child], &w->heap[least]))
                least = child;
        if (least == i)
            return top;
        swap(w, i, least);
        i = least;
    }
}

static void mix(struct world *w, uint64_t v) {
    w->fingerprint = (w->fingerprint ^ v) * UINT64_C(0x100000001b3);
    w->fingerprint ^= w->fingerprint >> 29;
}

/* ---- Links ---- */

static void pipe_clear(struct pipe *p) {
    for (struct parcel *next, *q = p->first; q != NULL; q = next) {
        next = q->next;
        buf_free(&q->bytes);
        free(q);
    }
    p->first = p->last = NULL;
}

int world_link_open(struct world *w, int client, uint32_t number) {
    for (int i = 1; i < LINKS_MAX; i++) {
        struct link *link = &w->links[i];
        if (link->used)
            continue;
        uint32_t generation = link->generation + 1;
        *link = (struct link){.used = true,
                              .generation = generation,
                              .client = client,
                              .number = number,
                              .delay = 2 + world_chance(w, world_one_in(w, 4) ? 300 : 40)};
        return i;
    }
    world_must(ERR_LIMIT, "links");
    return 0;
}

int world_link_find(struct world *w, int client, uint32_t number) {
    for (int i = 1; i < LINKS_MAX; i++)
        if (w->links[i].used && w->links[i].client == client && w->links[i].number == number)
            return i;
    return 0;
}

/* Frees it once nobody knows it. */
void world_link_settle(struct world *w, int i) {
    struct link *link = &w->links[i];
    if (!link->used || link->server_open || link->number != 0 || link->up.first != NULL)
        return;
    pipe_clear(&link->down);
    session_wipe(&link->session);
    for (size_t j = 0; j < 4; j++)
        buf_free(&link->recent[j]);
    link->used = false;
}

static void push(struct world *w, int i, bool to_server, enum parcel_kind kind, slice bytes,
                 uint64_t delay) {
    struct link *link = &w->links[i];
    struct pipe *pipe = to_server ? &link->up : &link->down;
    struct parcel *p = calloc(1, sizeof *p);
    if (p == NULL)
        world_must(ERR_NO_MEMORY, "memory");
    p->kind = kind;
    world_must(buf_set(&p->bytes, bytes), "memory");
    if (pipe->first == NULL)
        pipe->first = p;
    else
        pipe->last->next = p;
    pipe->last = p;
    uint64_t at = w->now + delay;
    if (at < pipe->busy_until)
        at = pipe->busy_until;
    pipe->busy_until = at;
    world_event(w, to_server ? EVENT_UP : EVENT_DOWN, at - w->now, i, link->generation);
}

void world_link_push(struct world *w, int i, bool to_server, enum parcel_kind kind, slice bytes) {
    uint64_t delay = w->links[i].delay;
    delay += world_chance(w, 1 + delay / 2);
    if (!w->links[i].cut)
        push(w, i, to_server, kind, bytes, delay);
}

void world_link_cut(struct world *w, int i, uint64_t server_in, uint64_t client_in) {
    struct link *link = &w->links[i];
    pipe_clear(&link->up);
    pipe_clear(&link->down);
    link->up.busy_until = link->down.busy_until = 0;
    link->cut = true;
    link->generation++; /* what was scheduled is void */
    push(w, i, true, PARCEL_DOWN, SLICE_EMPTY, server_in);
    push(w, i, false, PARCEL_DOWN, SLICE_EMPTY, client_in);
}

static void carry(struct world *w, const struct event *e) {
    struct link *link = &w->links[e->who];
    struct pipe *pipe = e->kind == EVENT_UP ? &link->up : &link->down;
    struct parcel *p = pipe->first;
    if (!link->used || link->generation != e->generation || p == NULL)
        return;
    pipe->first = p->next;
    mix(w, p->bytes.n);
    if (e->kind == EVENT_UP)
        server_parcel(w, e->who, p->kind, buf_slice(&p->bytes));
    else
        client_parcel(w, e->who, p->kind, buf_slice(&p->bytes));
    buf_free(&p->bytes);
    free(p);
    world_link_settle(w, e->who);
}

void world_links_free(struct world *w) {
    for (int i = 0; i < LINKS_MAX; i++) {
        struct link *link = &w->links[i];
        if (!link->used)
            continue;
        pipe_clear(&link->up);
        link->number = 0;
        link->server_open = false;
        world_link_settle(w, i);
    }
    free(w->heap);
}

/* ---- One step ---- */

bool world_step(struct world *w) {
    if (w->heap_count == 0)
        return false;
    struct event e = pop(w);
    w->now = e.at > w->now ? e.at : w->now;
    w->moment++;
    w->counts.events++;
    mix(w, w->now);
    mix(w, (uint64_t)e.kind << 32 | (uint32_t)e.who);
    switch (e.kind) {
    case EVENT_UP:
    case EVENT_DOWN:
        carry(w, &e);
        break;
    case EVENT_DRAINED:
        if (w->links[e.who].generation == e.generation)
            server_drained(w, e.who);
        break;
    case EVENT_COMMIT:
        server_commit(w);
        break;
    case EVENT_WAKE:
        client_wake(w, &w->clients[e.who], e.generation);
        break;
    case EVENT_RESTORE:
        client_live(w, &w->clients[e.who]);
        break;
    case EVENT_ONLINE:
        client_online(w, &w->clients[e.who], true);
        break;
    case EVENT_CUT:
        life_cut(w, e.who);
        break;
    case EVENT_SERVER:
        server_live(w);
        break;
    case EVENT_MAKE:
        life_make(w, e.who);
        break;
    case EVENT_ACT:
        life_act(w);
        break;
    }
    return true;
}
