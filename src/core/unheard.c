/* Who was added to a conversation and has said nothing there since. The server answers for an
 * address that holds no longer as for any other, so nobody can tell at once whether a Welcome
 * arrived. But whoever joins, and does not leave it at a request, says its name: until that or
 * something else is heard, the member may be one in the tree alone, and is shown so. */
#include "core/internal.h"

/* As it is stored: the leaf, and the epoch in which it came, of which 32 bits are enough. */
enum { MARK = 8 };

/* Where the leaf's mark begins; marks.n: it has none. *epoch: in which it came. */
static size_t find(slice marks, uint32_t leaf, uint32_t *epoch) {
    uint32_t whose = 0;
    for (reader r = reader_of(marks); reader_u32(&r, &whose) == OK && reader_u32(&r, epoch) == OK;)
        if (whose == leaf)
            return marks.n - r.n - MARK;
    return marks.n;
}

bool core_unheard(const struct conversation *c, uint32_t leaf) {
    uint32_t epoch;
    return find(c->r.unheard, leaf, &epoch) < c->r.unheard.n;
}

uint32_t core_unheard_count(const struct conversation *c) {
    return (uint32_t)(c->r.unheard.n / MARK);
}

bool core_unheard_all(const struct conversation *c, const uint8_t account[16]) {
    for (uint32_t at = 0; core_conversation_has(c, slice_of(account, 16), &at); at++)
        if (!core_unheard(c, at))
            return false;
    return true;
}

/* ---- Changes ---- */

static void unmark(buf *marks, uint32_t leaf) {
    uint32_t epoch;
    size_t at = find(buf_slice(marks), leaf, &epoch);
    if (at == marks->n)
        return;
    marks->n -= MARK;
    memmove(marks->p + at, marks->p + at + MARK, marks->n - at);
}

static err mark(buf *marks, uint32_t leaf, uint64_t epoch) {
    writer w = writer_on(marks);
    writer_u32(&w, leaf);
    writer_u32(&w, (uint32_t)epoch);
    return writer_result(&w);
}

static err save(struct core *core, struct conversation *c, const buf *marks) {
    if (slice_equal(c->r.unheard, buf_slice(marks)))
        return OK;
    c->r.unheard = buf_slice(marks);
    return core_conversation_save(core, c);
}

static err note_change(struct core *core, const struct mls_change *change, uint64_t epoch,
                       buf *marks) {
    struct leaf leaf;
    if (change->what == MLS_ADDED)
        return mark(marks, change->member.leaf, epoch);
    unmark(marks, change->member.leaf);
    if (change->what != MLS_UPDATED)
        return OK;
    TRY(core_leaf_read(&change->member, &leaf));
    return core_contact_heard(core, &leaf);
}

err core_unheard_follow(struct core *core, struct conversation *c,
                        const struct mls_staged *staged) {
    buf marks = buf_on(core->mem);
    err e = buf_set(&marks, c->r.unheard);
    for (size_t i = 0; e == OK && i < mls_staged_change_count(staged); i++) {
        struct mls_change change = mls_staged_change(staged, i);
        e = note_change(core, &change, mls_staged_epoch(staged), &marks);
    }
    unmark(&marks, mls_staged_committer(staged));
    if (e == OK)
        e = save(core, c, &marks);
    buf_free(&marks);
    return e;
}

/* What was said in an epoch before it came was said by another that had its leaf. */
static bool is_first_word(const struct conversation *c, uint32_t leaf, uint64_t epoch) {
    uint32_t since;
    return find(c->r.unheard, leaf, &since) < c->r.unheard.n && (uint32_t)epoch >= since;
}

err core_unheard_said(struct core *core, struct conversation *c, slice identity, uint64_t epoch) {
    struct mls_member member;
    struct leaf leaf;
    uint32_t at = 0;
    if (c->r.unheard.n == 0 || !core_conversation_has(c, identity, &at) ||
        !is_first_word(c, at, epoch))
        return OK;
    TRY(mls_group_member(c->group, at, &member));
    TRY(core_leaf_read(&member, &leaf));
    buf marks = buf_on(core->mem);
    err e = buf_set(&marks, c->r.unheard);
    unmark(&marks, at);
    if (e == OK)
        e = save(core, c, &marks);
    buf_free(&marks);
    TRY(e);
    core_conversation_notice(core, c);
    return core_contact_heard(core, &leaf);
}
