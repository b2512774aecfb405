/* How much bearers did today to a mailbox, or by one address of it: tables of fixed size, in memory
 * alone. */
#include "base/time.h"
#include "server/internal.h"

enum { COUNTS = 8192, WAYS = 4 };

err mail_counts_init(struct mail_counts *counts, const struct mem *mem) {
    counts->p = mem_new_array(mem, COUNTS, sizeof *counts->p);
    return counts->p == NULL ? ERR_NO_MEMORY : OK;
}

void mail_counts_fini(struct mail_counts *counts, const struct mem *mem) {
    mem_free(mem, counts->p, COUNTS * sizeof *counts->p);
}

static uint64_t tag_of(const uint8_t *bytes) {
    uint64_t tag;
    memcpy(&tag, bytes, sizeof tag);
    return tag;
}

/* If it is crowded, the smallest count of four makes room. */
static uint64_t *find(struct mail_counts *counts, uint64_t tag) {
    struct mail_take *set = &counts->p[(tag % (COUNTS / WAYS)) * WAYS];
    struct mail_take *least = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].tag == tag)
            return &set[i].count;
        if (set[i].count < least->count)
            least = &set[i];
    }
    *least = (struct mail_take){.tag = tag};
    return &least->count;
}

uint64_t *mail_count_today(struct mail *m, struct mail_counts *counts,
                           const uint8_t mailbox[MAIL_ID], const uint8_t *serial) {
    uint64_t day = m->config.now(m->config.ctx) / TIME_DAY;
    if (day != counts->day) {
        wipe(counts->p, COUNTS * sizeof *counts->p);
        counts->day = day;
    }
    uint64_t tag = serial == NULL ? tag_of(mailbox) : tag_of(mailbox + 8) ^ tag_of(serial);
    return find(counts, table_hash_number(tag));
}
