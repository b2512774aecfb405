#include <stdio.h>
#include <stdlib.h>

#include "term/screen.h"
#include "term/show.h"
#include "term/text.h"

size_t screen_items(const struct screen *s, struct screen_item **items) {
    *items = (struct screen_item *)(void *)s->items.p;
    return s->items.n / sizeof **items;
}

void screen_list_free(struct screen *s) {
    struct screen_item *items;
    size_t n = screen_items(s, &items);
    for (size_t i = 0; i < n; i++)
        buf_free(&items[i].name);
    buf_free(&s->items);
}

/* Who waits for an answer comes first, then what is newest. */
static int compare(const void *a, const void *b) {
    const struct screen_item *x = a, *y = b;
    if (x->request != y->request)
        return x->request ? -1 : 1;
    if (x->archived != y->archived)
        return x->archived ? 1 : -1;
    if (x->time != y->time)
        return x->time > y->time ? -1 : 1;
    return x->number < y->number ? 1 : -1;
}

static err add(struct screen *s, const struct core_conversation *c) {
    struct screen_item item = {.number = c->number,
                               .unread = c->messages - c->read,
                               .request = c->state == CORE_CONVERSATION_REQUEST,
                               .archived = c->archived,
                               .muted = c->muted > host_now()};
    struct line l = {0};
    show_conversation_name(&l, s->job, c);
    uint64_t newest;
    err e = core_message_newest(job_core(s->job), c->number, &newest, &item.time);
    if (e == OK || e == ERR_NOT_FOUND)
        e = l.json.e;
    item.name = l.json.b;
    if (e == OK)
        e = buf_append(&s->items, slice_of(&item, sizeof item));
    if (e != OK)
        buf_free(&item.name);
    return e;
}

void screen_list_load(struct screen *s) {
    struct core *core = job_core(s->job);
    struct core_conversation c;
    struct core_status status;
    struct screen_item *items;
    err e = OK;
    screen_list_free(s);
    core_status_get(core, &status);
    for (size_t i = 0; e == OK && i < status.conversations; i++)
        if (core_conversation_at(core, i, &c) == OK && c.number != status.own)
            e = add(s, &c);
    (void)screen_fine(s, "could not list all conversations", e);
    size_t n = screen_items(s, &items), at = 0;
    if (n > 0)
        qsort(items, n, sizeof *items, compare);
    while (at < n && items[at].number != s->on)
        at++;
    if (at == n)
        s->on = n > 0 ? items[0].number : 0;
}

static size_t place(const struct screen *s) {
    struct screen_item *items;
    size_t n = screen_items(s, &items), at = 0;
    while (at < n && items[at].number != s->on)
        at++;
    return at < n ? at : 0;
}

void screen_list_move(struct screen *s, int by) {
    struct screen_item *items;
    size_t n = screen_items(s, &items), at = place(s);
    if (n == 0)
        return;
    if (by < 0)
        at = (size_t)-by > at ? 0 : at - (size_t)-by;
    else
        at = at + (size_t)by >= n ? n - 1 : at + (size_t)by;
    s->on = items[at].number;
}

void screen_list_find(struct screen *s, slice needle) {
    struct screen_item *items;
    size_t n = screen_items(s, &items), at = place(s);
    for (size_t i = 1; i <= n; i++) {
        const struct screen_item *item = &items[(at + i) % n];
        if (text_has(buf_slice(&item->name), needle)) {
            s->on = item->number;
            return;
        }
    }
    screen_say(s, "no conversation is called so");
}

static void draw_item(struct screen *s, const struct screen_item *item, unsigned row,
                      const struct layout_area *a) {
    char count[32] = "";
    bool open = item->number == s->talk.number;
    unsigned style = s->in_list && item->number == s->on ? HOST_STYLE_REVERSE : 0;
    style |= (item->unread > 0 && !item->muted) || item->request || open ? HOST_STYLE_BOLD : 0;
    style |= item->muted || item->archived ? HOST_STYLE_DIM : 0;
    if (item->request)
        snprintf(count, sizeof count, " asks");
    else if (item->unread > 0)
        snprintf(count, sizeof count, " %llu", (unsigned long long)item->unread);
    unsigned n = (unsigned)strlen(count);
    host_screen_fill(s->host, row, a->column, a->columns, style);
    host_screen_put(s->host, row, a->column, 1, slice_str(open ? ">" : " "), style);
    host_screen_put(s->host, row, a->column + 2, a->columns - 3 - n, buf_slice(&item->name), style);
    host_screen_put(s->host, row, a->column + a->columns - 1 - n, n, slice_str(count), style);
}

void screen_list_draw(struct screen *s) {
    struct screen_item *items;
    const struct layout_area *a = &s->layout.list;
    size_t n = screen_items(s, &items);
    if (a->rows == 0)
        return;
    host_screen_put(s->host, a->row, a->column, a->columns, slice_str(" Conversations"),
                    HOST_STYLE_BOLD);
    size_t rows = a->rows - 1;
    s->list_top = layout_scroll(s->list_top, place(s), n, rows);
    for (size_t i = 0; i < rows && s->list_top + i < n; i++)
        draw_item(s, &items[s->list_top + i], a->row + 1 + (unsigned)i, a);
    if (n == 0)
        host_screen_put(s->host, a->row + 1, a->column + 2, a->columns - 2,
                        slice_str("none yet: `sotto invite`"), HOST_STYLE_DIM);
}
