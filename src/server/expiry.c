/* What expires is noted under its week: name = kind, week; number = a keyed hash of what it is, so
 * that the order of events within a week is not on the disk, and a note can be taken back without
 * being looked for. A note says only "look here"; what is still in use has another note under a
 * later week. */
#include "base/time.h"
#include "server/internal.h"

enum { CARRIED_DAYS = 7 }; /* for which what an order gave waits to be written out */
enum { NOTES_AT_ONCE = 16, WEEKS_AT_ONCE = 512, NOTE_MAX = 32 };

struct name {
    uint8_t bytes[5];
};

static struct name name_of(enum mail_expiry kind, uint32_t week) {
    struct name name = {{(uint8_t)kind}};
    put_u32(name.bytes + 1, week);
    return name;
}

static err number_of(const struct mail *m, slice what, uint64_t *number) {
    static const char label[] = "Sotto expiry v1";
    uint8_t hash[32];
    slice parts[] = {slice_of(label, sizeof label), what};
    TRY(crypto_blake2b_keyed(hash, sizeof hash, SLICE_ARRAY(m->config.pepper), parts, 2));
    memcpy(number, hash, sizeof *number);
    return OK;
}

err mail_expiry_note(struct mail *m, enum mail_expiry kind, slice what) {
    return mail_expiry_note_at(m, kind, m->week, what);
}

err mail_expiry_note_at(struct mail *m, enum mail_expiry kind, uint32_t week, slice what) {
    struct name name = name_of(kind, week);
    uint64_t number = 0;
    struct held_expiry row = {.what = what};
    TRY(number_of(m, what, &number));
    return held_expiry_put(m->batch, SLICE_ARRAY(name.bytes), number, &m->row, &row);
}

err mail_expiry_forget(struct mail *m, enum mail_expiry kind, uint32_t week, slice what) {
    struct name name = name_of(kind, week);
    uint64_t number = 0;
    TRY(number_of(m, what, &number));
    return store_batch_delete(m->batch, mail_key(MAIL_EXPIRY, SLICE_ARRAY(name.bytes), number));
}

static uint32_t lifetime(const struct mail *m, enum mail_expiry kind) {
    const struct mail_limits *limits = &m->config.limits;
    switch (kind) {
    case MAIL_EXPIRY_BOX:
        return limits->item_days;
    case MAIL_EXPIRY_ORDER:
        return limits->order_days;
    case MAIL_EXPIRY_TOMBSTONE:
        return limits->tombstone_days;
    case MAIL_EXPIRY_CARD:
        return limits->card_days;
    case MAIL_EXPIRY_INVITE:
        return limits->invite_days;
    case MAIL_EXPIRY_CARRIED:
        return CARRIED_DAYS;
    case MAIL_EXPIRY_PRESERVED:
    case MAIL_EXPIRY_MEANT:
        return 0; /* its note is under the week of its end */
    case MAIL_EXPIRY_NOTICE:
        return 0; /* looked at each week */
    default:
        return limits->blob_days;
    }
}

bool mail_expired(const struct mail *m, enum mail_expiry kind, uint32_t week) {
    return time_week_over(week, lifetime(m, kind), m->now);
}

/* ---- One step ---- */

struct note {
    uint64_t number;
    uint8_t what[NOTE_MAX];
    size_t n;
};

struct notes {
    struct note notes[NOTES_AT_ONCE];
    size_t count;
};

static bool collect(void *ctx, struct store_key key, slice value) {
    struct notes *notes = ctx;
    struct note *note = &notes->notes[notes->count++];
    struct held_expiry row = {.what = SLICE_EMPTY};
    note->number = key.number;
    note->n = held_expiry_read(value, &row) == OK ? row.what.n : 0;
    if (note->n > 0)
        memcpy(note->what, row.what.p, note->n);
    return notes->count < NOTES_AT_ONCE;
}

static err expire_box(struct mail *m, slice id) {
    struct mail_box *box = NULL;
    TRY(mail_box_get(m, id.p, &box));
    return mail_box_expire(m, box);
}

static err expire(struct mail *m, enum mail_expiry kind, slice what) {
    switch (kind) {
    case MAIL_EXPIRY_BOX:
        return what.n == MAIL_ID ? expire_box(m, what) : OK;
    case MAIL_EXPIRY_ORDER:
        return mail_order_expire(m, what);
    case MAIL_EXPIRY_TOMBSTONE:
        return mail_tombstone_expire(m, what);
    case MAIL_EXPIRY_CARD:
        return mail_card_expire(m, what);
    case MAIL_EXPIRY_INVITE:
        return mail_invite_expire(m, what);
    case MAIL_EXPIRY_CARRIED:
        return mail_carried_expire(m, what);
    case MAIL_EXPIRY_PRESERVED:
        return mail_preserved_expire(m, what);
    case MAIL_EXPIRY_MEANT:
        return mail_meant_expire(m, what);
    case MAIL_EXPIRY_NOTICE:
        return mail_notice_expire(m, what);
    default:
        return mail_blob_expire(m, what);
    }
}

/* True if it found something. */
static bool sweep_week(struct mail *m, enum mail_expiry kind) {
    struct notes notes = {.count = 0};
    struct mail_sweep *at = &m->sweeps[kind];
    struct name name = name_of(kind, at->week);
    err e = store_scan(m->store, mail_key(MAIL_EXPIRY, SLICE_ARRAY(name.bytes), at->from),
                       UINT64_MAX, collect, &notes);
    for (size_t i = 0; e == OK && i < notes.count; i++) {
        const struct note *note = &notes.notes[i];
        e = expire(m, kind, slice_of(note->what, note->n));
        if (mail_is_damaged(m, e)) /* its note stays: it may be mended before the next start */
            e = OK;
        else if (e == OK)
            e = store_batch_delete(m->batch,
                                   mail_key(MAIL_EXPIRY, SLICE_ARRAY(name.bytes), note->number));
    }
    if (e != OK)
        m->broken = e;
    else if (notes.count > 0)
        at->from = notes.notes[notes.count - 1].number + 1; /* after the highest: 0, all again */
    return e != OK || notes.count > 0;
}

static bool sweep_kind(struct mail *m, enum mail_expiry kind) {
    struct mail_sweep *at = &m->sweeps[kind];
    for (int i = 0; i < WEEKS_AT_ONCE; i++) {
        if (!mail_expired(m, kind, at->week))
            return false;
        if (sweep_week(m, kind))
            return true;
        *at = (struct mail_sweep){at->week + 1, 0};
    }
    return true;
}

/* For the next start: see doubt_clock. */
static void note_week(struct mail *m) {
    uint64_t week;
    err e = mail_total_get(m, MAIL_TOTAL_WEEK, &week);
    if (e != OK)
        m->broken = e;
    else if (week != m->week)
        mail_total_set(m, MAIL_TOTAL_WEEK, m->week);
}

/* On an empty batch: scans do not see one, so a note would be met twice. A server that always has
 * something to do gets to it, too. */
bool mail_sweep(struct mail *m) {
    if (store_batch_count(m->batch) > 0 || m->live_count > 0 || m->broken != OK)
        mail_commit(m);
    mail_clock(m);
    if (m->now < m->doubt)
        return false;
    note_week(m);
    for (int kind = 0; kind < MAIL_EXPIRY_KINDS; kind++)
        if (sweep_kind(m, (enum mail_expiry)kind))
            return true;
    return false;
}
