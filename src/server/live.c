/* Items that were delivered before they are on the disk. They wait here, in memory, until the batch
 * is committed, which writes them as any other item, or until their recipient acknowledges them
 * first: then they are never written at all. Who sent an item is answered once each of its copies
 * is one or the other.
 *
 * Only an item for a subscriber that is caught up, whose mailbox has nothing else in the batch,
 * goes this way; so nothing overtakes anything. */
#include "server/internal.h"

/* What an effect waits for that no acknowledgement brings. */
enum { WRITTEN = UINT32_MAX };

bool mail_live_fits(const struct mail *m, const struct mail_box *box) {
    return m->config.limits.live && m->run_begun && box->written != m->batches && !box->ahead &&
           mail_subscriber_is_current(m, box);
}

static err list_reserve(struct mail *m) {
    if (m->live_count < m->live_cap)
        return OK;
    size_t cap = m->live_cap == 0 ? 64 : m->live_cap * 2;
    size_t size = sizeof *m->live;
    void *grown = mem_resize(m->mem, m->live, m->live_cap * size, cap * size);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    m->live = grown;
    m->live_cap = cap;
    return OK;
}

err mail_live_add(struct mail *m, struct mail_box *box, struct mail_place *place,
                  const struct held_item *row) {
    size_t at = m->live_bytes.n;
    TRY(list_reserve(m));
    TRY(held_item_append(&m->live_bytes, row));
    struct mail_live live = {.box = box, .at = at, .n = m->live_bytes.n - at};
    TRY(mail_subscriber_give(m, box->subscriber, place->position,
                             slice_of(m->live_bytes.p + live.at, live.n)));
    m->live[m->live_count] = live;
    m->live_open++;
    place->live = (uint32_t)++m->live_count;
    return OK;
}

void mail_live_answer(struct mail *m, size_t first) {
    if (first == m->live_count)
        return;
    m->effects[m->effect_count - 1].waits = (uint32_t)(m->live_count - first);
    for (size_t i = first; i < m->live_count; i++)
        m->live[i].effect = (uint32_t)m->effect_count;
}

static struct mail_effect *effect_of(const struct mail *m, const struct mail_live *live) {
    return live->effect == 0 ? NULL : &m->effects[live->effect - 1];
}

void mail_live_acked(struct mail *m, uint32_t number) {
    struct mail_live *live = &m->live[number - 1];
    struct mail_effect *answer = effect_of(m, live);
    live->box = NULL;
    m->live_open--;
    m->counts.passed++;
    if (answer == NULL || answer->waits == WRITTEN || --answer->waits > 0)
        return;
    mail_effect_now(m, answer);
}

static err write_one(struct mail *m, struct mail_live *live, struct mail_place *place) {
    struct mail_effect *answer = effect_of(m, live);
    struct held_item row;
    if (answer != NULL)
        answer->waits = WRITTEN;
    TRY(held_item_read(slice_of(m->live_bytes.p + live->at, live->n), &row));
    TRY(mail_box_write(m, live->box, place, &row));
    place->live = 0;
    live->box = NULL;
    m->live_open--;
    return OK;
}

err mail_live_write_box(struct mail *m, struct mail_box *box) {
    size_t end = box->first + box->count, first = end;
    while (first > box->first && box->places[first - 1].live != 0)
        first--;
    for (size_t i = first; i < end; i++)
        TRY(write_one(m, &m->live[box->places[i].live - 1], &box->places[i]));
    return OK;
}

err mail_live_write(struct mail *m) {
    for (size_t i = 0; i < m->live_count; i++)
        if (m->live[i].box != NULL)
            TRY(mail_live_write_box(m, m->live[i].box));
    return OK;
}

void mail_live_clear(struct mail *m) {
    m->live_count = m->live_open = 0;
    buf_clear(&m->live_bytes);
}

void mail_live_fini(struct mail *m) {
    mail_live_clear(m);
    mem_free(m->mem, m->live, m->live_cap * sizeof *m->live);
    buf_free(&m->live_bytes);
}
