/* What the difference of two versions of the suspension list demands. Whatever is not known to bind
 * as much as before is a lift. */
#include "office/internal.h"

static const struct office_freeze *freeze_find(const struct office_suspensions *s, slice id) {
    return s == NULL ? NULL : text_find(s->freezes.p, s->freezes.n, sizeof *s->freezes.p, id);
}

/* Whether it is known to have been there for so long. */
static bool lasted(const struct office_since *since, uint64_t now, uint64_t duration) {
    return since != NULL && since->time <= now && now - since->time >= duration;
}

bool office_lines_equal(const struct office_lines *a, const struct office_lines *b) {
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!slice_equal(a->p[i].text, b->p[i].text))
            return false;
    return true;
}

static bool same_becomes(const struct office_becomes *a, const struct office_becomes *b) {
    return a->kind == b->kind && memcmp(a->hash, b->hash, sizeof a->hash) == 0;
}

static bool scope_covers(const struct office_scope *wide, const struct office_scope *narrow) {
    return wide->kind == OFFICE_SCOPE_ALL ||
           (wide->kind == narrow->kind && text_has_all(wide->only, narrow->only));
}

/* True if each of b's carve-outs is a's, unchanged. */
static bool carve_outs_within(const struct office_suspension *a,
                              const struct office_suspension *b) {
    for (size_t i = 0; i < b->carve_outs.n; i++) {
        const struct office_carve_out *c = &b->carve_outs.p[i];
        bool found = false;
        for (size_t j = 0; j < a->carve_outs.n; j++)
            found = found || (slice_equal(a->carve_outs.p[j].id, c->id) &&
                              a->carve_outs.p[j].path == c->path &&
                              slice_equal(a->carve_outs.p[j].text, c->text));
        if (!found)
            return false;
    }
    return true;
}

/* True if b binds at least where a bound, and says so in a's words. Its review date binds nothing.
 */
static bool binds_as_much(const struct office_suspension *a, const struct office_suspension *b) {
    return text_has_all(b->jurisdictions, a->jurisdictions) && scope_covers(&b->scope, &a->scope) &&
           office_lines_equal(&a->wording, &b->wording) &&
           office_lines_equal(&a->consequence, &b->consequence) && b->start <= a->start &&
           carve_outs_within(a, b);
}

struct difference {
    const struct office_suspensions *present, *next;
    const struct office_evidence *evidence; /* NULL: only the moves are asked for */
    uint32_t moves;                         /* 1 << enum office_move: each needs its signers */
};

static void moves(struct difference *d, enum office_move move) {
    d->moves |= (uint32_t)1 << move;
}

static enum office_reason entry_hash(const struct office_suspension *s, uint8_t hash[32]) {
    memset(hash, 0, 32);
    return s == NULL ? OFFICE_OK : office_suspension_hash(s, hash);
}

/* The present entry becomes b, or nothing if b is NULL: as a notice said, for long enough. */
static enum office_reason lift_check(struct difference *d, const struct office_suspension *a,
                                     const struct office_suspension *b) {
    moves(d, OFFICE_MOVE_LIFT);
    if (d->evidence == NULL)
        return OFFICE_OK;
    struct office_becomes really = {b == NULL ? OFFICE_BECOMES_NOTHING : OFFICE_BECOMES_ENTRY, {0}};
    NEED(entry_hash(b, really.hash));
    const struct office_lifted *l = lifted_find(d->next, a->id);
    const struct office_lift_notice *n = l == NULL ? NULL : notice_find(d->present, l->notice);
    if (n == NULL || !slice_equal(n->lifts, a->id) || !same_becomes(&n->becomes, &l->becomes) ||
        !same_becomes(&l->becomes, &really))
        return OFFICE_NO_NOTICE;
    if (notice_find(d->next, n->id) != NULL)
        return OFFICE_NOTICE_STAYS;
    const struct office_since *since =
        text_find(d->evidence->notices, d->evidence->notice_count, sizeof *since, n->id);
    if (!lasted(since, d->evidence->now, OFFICE_LIFT_NOTICE))
        return OFFICE_NOTICE_SHORT;
    return since->witnessed < OFFICE_LIFT_NOTICE ? OFFICE_WITNESS : OFFICE_OK;
}

/* For each entry that is there: lifted if and only if the list says so. */
static enum office_reason entry_compare(struct difference *d, const struct office_suspension *a) {
    const struct office_suspension *b = suspension_find(d->next, a->id);
    if (b == NULL || !binds_as_much(a, b))
        return lift_check(d, a, b);
    if (lifted_find(d->next, a->id) != NULL)
        return OFFICE_LIFTED;
    uint8_t before[32], after[32];
    NEED(entry_hash(a, before));
    NEED(entry_hash(b, after));
    if (memcmp(before, after, sizeof before) != 0)
        moves(d, OFFICE_MOVE_SUSPEND);
    return OFFICE_OK;
}

/* For each entry that comes. */
static enum office_reason entry_times(struct difference *d, const struct office_suspension *b) {
    const struct office_suspension *a = suspension_find(d->present, b->id);
    if (a == NULL)
        moves(d, OFFICE_MOVE_SUSPEND);
    if (d->evidence == NULL)
        return OFFICE_OK;
    uint64_t now = d->evidence->now;
    if ((a == NULL || b->review > a->review) && b->review > now + OFFICE_REVIEW_MAX)
        return OFFICE_REVIEW;
    return (a == NULL || b->start != a->start) && b->start > now + OFFICE_CLOCKS_APART
               ? OFFICE_FUTURE
               : OFFICE_OK;
}

static enum office_reason entries_compare(struct difference *d) {
    for (size_t i = 0; d->present != NULL && i < d->present->suspensions.n; i++)
        NEED(entry_compare(d, &d->present->suspensions.p[i]));
    for (size_t i = 0; i < d->next->suspensions.n; i++)
        NEED(entry_times(d, &d->next->suspensions.p[i]));
    for (size_t i = 0; i < d->next->lifted.n; i++)
        if (suspension_find(d->present, d->next->lifted.p[i].lifts) == NULL)
            return OFFICE_LIFTED;
    return OFFICE_OK;
}

static bool used(const struct office_suspensions *next, slice notice) {
    return text_find(next->lifted.p, next->lifted.n, sizeof *next->lifted.p, notice) != NULL;
}

/* A notice that is taken back takes nothing from a suspension. */
static enum office_reason notices_compare(struct difference *d) {
    for (size_t i = 0; d->present != NULL && i < d->present->notices.n; i++) {
        slice id = d->present->notices.p[i].id;
        if (notice_find(d->next, id) == NULL && !used(d->next, id))
            moves(d, OFFICE_MOVE_SUSPEND);
    }
    for (size_t i = 0; i < d->next->notices.n; i++) {
        const struct office_lift_notice *n = &d->next->notices.p[i];
        const struct office_lift_notice *before = notice_find(d->present, n->id);
        if (before == NULL)
            moves(d, OFFICE_MOVE_SUSPEND);
        else if (!slice_equal(before->lifts, n->lifts) ||
                 !same_becomes(&before->becomes, &n->becomes) ||
                 !office_lines_equal(&before->wording, &n->wording))
            return OFFICE_NOTICE_CHANGED;
    }
    return OFFICE_OK;
}

static enum office_reason freezes_compare(struct difference *d) {
    for (size_t i = 0; d->present != NULL && i < d->present->freezes.n; i++) {
        const struct office_freeze *f = &d->present->freezes.p[i];
        const struct office_freeze *stays = freeze_find(d->next, f->id);
        if (stays != NULL && stays->time == f->time)
            continue;
        moves(d, OFFICE_MOVE_UNFREEZE);
        if (d->evidence == NULL)
            continue;
        const struct office_since *since =
            text_find(d->evidence->freezes, d->evidence->freeze_count, sizeof *since, f->id);
        if (!lasted(since, d->evidence->now, OFFICE_UNFREEZE_AFTER))
            return OFFICE_FROZEN_SHORT;
    }
    for (size_t i = 0; i < d->next->freezes.n; i++) {
        const struct office_freeze *f = &d->next->freezes.p[i];
        const struct office_freeze *before = freeze_find(d->present, f->id);
        if (before != NULL && before->time == f->time)
            continue;
        moves(d, OFFICE_MOVE_FREEZE);
        if (d->evidence != NULL && f->time > d->evidence->now + OFFICE_CLOCKS_APART)
            return OFFICE_FUTURE;
    }
    return OFFICE_OK;
}

static enum office_reason compare(struct difference *d) {
    NEED(entries_compare(d));
    NEED(notices_compare(d));
    NEED(freezes_compare(d));
    if (d->moves == 0)
        moves(d, OFFICE_MOVE_SUSPEND);
    return OFFICE_OK;
}

uint32_t office_suspensions_moves(const struct office_suspensions *next,
                                  const struct office_suspensions *present) {
    struct difference d = {present, next, NULL, 0};
    return compare(&d) == OFFICE_OK ? d.moves : 0;
}

static enum office_reason change_check(const struct office_suspensions *next,
                                       const struct office *office,
                                       const struct office_suspensions *present,
                                       const struct office_evidence *evidence) {
    struct difference d = {present, next, evidence, 0};
    NEED(version_follows(present == NULL ? 0 : present->version,
                         present == NULL ? NULL : present->document.hash, next->version,
                         next->previous));
    if (next->office.number != office->version ||
        memcmp(next->office.hash, office->document.hash, 32) != 0)
        return OFFICE_OTHER_OFFICE;
    NEED(compare(&d));
    struct signers signers;
    NEED(signers_read(office, &next->document, &signers));
    for (int move = 0; move < OFFICE_MOVE_COUNT; move++)
        if ((d.moves >> move & 1) != 0)
            NEED(signers_enough(office, present, &signers, (enum office_move)move));
    return OFFICE_OK;
}

enum office_reason office_suspensions_change(struct office_suspensions **out,
                                             const struct office *office,
                                             const struct office_suspensions *present, slice bytes,
                                             const struct office_evidence *evidence, size_t *line) {
    NEED(office_suspensions_load(out, office->document.bytes.mem, bytes, line));
    enum office_reason r = change_check(*out, office, present, evidence);
    if (r != OFFICE_OK) {
        office_suspensions_free(*out);
        *out = NULL;
    }
    return r;
}
