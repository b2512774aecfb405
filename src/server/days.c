/* What a mailbox is charged for in a day: counts in a small table of fixed size, in memory alone.
 * If it is crowded, the smallest count of four makes room. */
#include "base/time.h"
#include "server/internal.h"

/* Its count, or the one that makes room for it. */
static struct mail_day *find(struct mail *m, enum mail_day_kind kind, uint64_t tag) {
    struct mail_day *table = &m->days[kind == MAIL_DAY_UPLOADS ? MAIL_DAYS : 0];
    struct mail_day *set = &table[(tag % (MAIL_DAYS / MAIL_DAYS_WAYS)) * MAIL_DAYS_WAYS];
    struct mail_day *least = set;
    for (int i = 0; i < MAIL_DAYS_WAYS; i++) {
        if (set[i].tag == tag)
            return &set[i];
        if (set[i].count < least->count)
            least = &set[i];
    }
    return least;
}

static uint64_t part_of(const uint8_t *bytes) {
    uint64_t part;
    memcpy(&part, bytes, sizeof part);
    return part;
}

/* A mailbox's id is random, and so is a serial. */
static uint64_t tag_of(enum mail_day_kind kind, const uint8_t mailbox[MAIL_ID],
                       const uint8_t *serial) {
    uint64_t of = serial == NULL ? part_of(mailbox) : part_of(mailbox + 8) ^ part_of(serial);
    return table_hash_number(of + (uint64_t)kind);
}

void mail_days_expire(struct mail *m) {
    uint64_t day = m->config.now(m->config.ctx) / TIME_DAY;
    if (day == m->day)
        return;
    wipe(m->days, 2 * MAIL_DAYS * sizeof *m->days);
    m->day = day;
}

bool mail_day_take(struct mail *m, enum mail_day_kind kind, const uint8_t mailbox[MAIL_ID],
                   const uint8_t *serial, uint64_t amount, uint64_t most) {
    mail_days_expire(m);
    if (amount > most)
        return false;
    uint64_t tag = tag_of(kind, mailbox, serial);
    struct mail_day *count = find(m, kind, tag);
    uint64_t so_far = count->tag == tag ? count->count : 0;
    if (so_far > most - amount)
        return false;
    *count = (struct mail_day){tag, so_far + amount};
    return true;
}

bool mail_day_take_by(struct mail *m, enum mail_day_kind kind, const struct mail_box *box,
                      const uint8_t serial[MAIL_SERIAL], uint64_t amount,
                      const struct mail_day_most *most) {
    if (!mail_day_take(m, kind, box->id, serial, amount, most->address))
        return false;
    return box->gone || mail_revoked(box, serial) ||
           mail_day_take(m, kind, box->id, NULL, amount, most->mailbox);
}
