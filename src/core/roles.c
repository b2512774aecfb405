/* Members and administrators. Who is one stands in the group context, in extension 0xF0A1, so that
 * all members of an epoch agree:
 *
 *   opaque administrators<V>;   account ids, ascending, at least one, each a member's
 *   uint8 timer;                1: everybody may change the timer, 0: administrators
 *
 * A commit is judged by the roles of the epoch that it ends, by what it is alone: each member says
 * the same of it. A conversation of two accounts has none, and one that has none is everybody's. */
#include "core/internal.h"

enum { ROLE_ACCOUNT = 16 };

/* ---- As it is written ---- */

static bool is_list(slice admins) {
    bool good = admins.n > 0 && admins.n % ROLE_ACCOUNT == 0 &&
                admins.n <= (size_t)ROLE_ACCOUNT * CORE_MEMBERS_MAX;
    for (size_t at = ROLE_ACCOUNT; good && at < admins.n; at += ROLE_ACCOUNT)
        good = memcmp(admins.p + at - ROLE_ACCOUNT, admins.p + at, ROLE_ACCOUNT) < 0;
    return good;
}

err core_roles_read(const struct mls_extension *extensions, size_t count, struct roles *roles) {
    uint8_t timer;
    memset(roles, 0, sizeof *roles);
    if (count == 0)
        return OK;
    if (count > 1 || extensions[0].type != ROLES_EXTENSION)
        return ERR_DENIED;
    reader r = reader_of(extensions[0].data);
    TRY(reader_vec(&r, &roles->admins));
    TRY(reader_u8(&r, &timer));
    roles->any = true;
    roles->timer_all = timer == 1;
    TRY(reader_end(&r));
    return timer <= 1 && is_list(roles->admins) ? OK : ERR_MALFORMED;
}

err core_roles_write(buf *out, slice admins, bool timer_all) {
    writer w = writer_on(out);
    writer_vec(&w, admins);
    writer_u8(&w, timer_all);
    return writer_result(&w);
}

err core_roles_accept(void *ctx, const struct mls_extension *extensions, size_t count) {
    struct roles roles;
    (void)ctx;
    return core_roles_read(extensions, count, &roles);
}

err core_roles_of(const struct mls_group *group, struct roles *roles) {
    size_t count;
    const struct mls_extension *extensions = mls_group_extensions(group, &count);
    return core_roles_read(extensions, count, roles);
}

bool core_roles_admin(const struct roles *roles, const uint8_t account[16]) {
    for (size_t at = 0; at < roles->admins.n; at += ROLE_ACCOUNT)
        if (memcmp(roles->admins.p + at, account, ROLE_ACCOUNT) == 0)
            return true;
    return false;
}

bool core_roles_may(const struct conversation *c, const uint8_t account[16]) {
    struct roles roles;
    return core_roles_of(c->group, &roles) == OK &&
           (!roles.any || core_roles_admin(&roles, account));
}

bool core_roles_may_time(const struct conversation *c, const uint8_t account[16]) {
    struct roles roles;
    return core_roles_of(c->group, &roles) == OK &&
           (!roles.any || roles.timer_all || core_roles_admin(&roles, account));
}

static bool same_roles(const struct roles *a, const struct roles *b) {
    return a->any == b->any && a->timer_all == b->timer_all && slice_equal(a->admins, b->admins);
}

bool core_roles_may_remove(const struct core *core, const struct conversation *c, uint32_t leaf) {
    const uint8_t *us = core->account.r.account;
    struct mls_member member;
    return core_roles_may(c, us) ||
           (mls_group_member(c->group, leaf, &member) == OK && member.identity.n == LEAF_IDENTITY &&
            memcmp(member.identity.p, us, ROLE_ACCOUNT) == 0);
}

bool core_roles_is_last(const struct core *core, const struct conversation *c) {
    struct roles roles;
    const uint8_t *us = core->account.r.account;
    return core_roles_of(c->group, &roles) == OK && roles.admins.n == ROLE_ACCOUNT &&
           core_roles_admin(&roles, us) && !core_devices_only_own(core, c->group);
}

/* ---- Lists ---- */

/* Puts an account where it belongs. */
err core_roles_insert(buf *admins, const uint8_t account[16]) {
    size_t at = 0;
    while (at < admins->n && memcmp(admins->p + at, account, ROLE_ACCOUNT) < 0)
        at += ROLE_ACCOUNT;
    if (at < admins->n && memcmp(admins->p + at, account, ROLE_ACCOUNT) == 0)
        return OK;
    TRY(buf_append(admins, slice_of(account, ROLE_ACCOUNT)));
    memmove(admins->p + at + ROLE_ACCOUNT, admins->p + at, admins->n - ROLE_ACCOUNT - at);
    memcpy(admins->p + at, account, ROLE_ACCOUNT);
    return OK;
}

static void drop(buf *admins, size_t at) {
    admins->n -= ROLE_ACCOUNT;
    memmove(admins->p + at, admins->p + at + ROLE_ACCOUNT, admins->n - at);
}

bool core_roles_remove(buf *admins, const uint8_t account[16]) {
    for (size_t at = 0; at < admins->n; at += ROLE_ACCOUNT) {
        if (memcmp(admins->p + at, account, ROLE_ACCOUNT) == 0) {
            drop(admins, at);
            return true;
        }
    }
    return false;
}

/* The accounts of all members. */
static err list_accounts(const struct mls_group *group, buf *accounts) {
    struct mls_member member;
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++)
        if (mls_group_member(group, i, &member) == OK && member.identity.n == LEAF_IDENTITY)
            TRY(core_roles_insert(accounts, member.identity.p));
    return OK;
}

/* Whether some device of the account is there once these leaves are gone. */
static bool stays(const struct conversation *c, struct roles_leaves gone,
                  const uint8_t account[16]) {
    for (uint32_t leaf = 0; core_conversation_has(c, slice_of(account, ROLE_ACCOUNT), &leaf);
         leaf++) {
        bool goes = false;
        for (size_t i = 0; i < gone.n; i++)
            goes = goes || gone.p[i] == leaf;
        if (!goes)
            return true;
    }
    return false;
}

/* Administrators who go leave it to the others; the last one to the account whose leaf stands
 * first among those who stay. */
err core_roles_hand_on(const struct conversation *c, const struct roles *before,
                       struct roles_leaves gone, buf *admins) {
    struct mls_member member;
    TRY(buf_set(admins, before->admins));
    for (size_t at = 0; at < admins->n;) {
        if (stays(c, gone, admins->p + at))
            at += ROLE_ACCOUNT;
        else
            drop(admins, at);
    }
    for (uint32_t i = 0; admins->n == 0 && i < mls_group_leaf_count(c->group); i++)
        if (mls_group_member(c->group, i, &member) == OK && member.identity.n == LEAF_IDENTITY &&
            stays(c, gone, member.identity.p))
            TRY(core_roles_insert(admins, member.identity.p));
    return OK;
}

err core_roles_begin(const struct conversation *c, buf *admins, bool *may) {
    err e = list_accounts(c->group, admins);
    *may = e == OK && admins->n <= 2 * (size_t)ROLE_ACCOUNT;
    return e;
}

/* ---- Judging ---- */

static bool stays_staged(const struct mls_staged *staged, const uint8_t account[16]) {
    struct mls_member member;
    for (uint32_t i = 0; i < mls_staged_leaf_count(staged); i++)
        if (mls_staged_member(staged, i, &member) == OK && member.identity.n == LEAF_IDENTITY &&
            memcmp(member.identity.p, account, ROLE_ACCOUNT) == 0)
            return true;
    return false;
}

static bool is_of(const struct mls_member *member, const uint8_t account[16]) {
    return member->identity.n == LEAF_IDENTITY &&
           memcmp(member->identity.p, account, ROLE_ACCOUNT) == 0;
}

/* A device that lost its way comes again by whoever can. */
static bool comes_again(const struct conversation *c, const struct mls_staged *staged,
                        slice identity) {
    struct mls_member found;
    uint32_t leaf = 0;
    if (!core_conversation_has(c, identity, &leaf))
        return false;
    for (uint32_t i = 0; i < mls_staged_leaf_count(staged); i++)
        if (mls_staged_member(staged, i, &found) == OK && slice_equal(found.identity, identity))
            return true;
    return false;
}

/* What whoever is no administrator may: change its own devices, and bring a device back. */
static bool may_change(const struct conversation *c, const struct mls_staged *staged,
                       const uint8_t committer[16], const struct mls_change *change) {
    if (change->member.identity.n != LEAF_IDENTITY)
        return false;
    if (change->what == MLS_UPDATED || is_of(&change->member, committer))
        return true;
    return comes_again(c, staged, change->member.identity);
}

static bool may_change_all(const struct conversation *c, const struct mls_staged *staged,
                           const uint8_t committer[16]) {
    for (size_t i = 0; i < mls_staged_change_count(staged); i++) {
        struct mls_change change = mls_staged_change(staged, i);
        if (!may_change(c, staged, committer, &change))
            return false;
    }
    return true;
}

/* Where there are none, the accounts before, one or two, may become administrators when others come
 * in. */
static err judge_first(const struct conversation *c, const struct mls_staged *staged,
                       const struct roles *after) {
    bool may = false, adds = false;
    buf accounts = buf_on(NULL);
    err e = core_roles_begin(c, &accounts, &may);
    for (size_t i = 0; i < mls_staged_change_count(staged); i++) {
        struct mls_change change = mls_staged_change(staged, i);
        uint32_t leaf = 0;
        adds = adds || (change.what == MLS_ADDED && change.member.identity.n == LEAF_IDENTITY &&
                        !core_conversation_has(c, slice_of(change.member.identity.p, 16), &leaf));
    }
    if (e == OK &&
        (!may || !adds || !after->timer_all || !slice_equal(after->admins, buf_slice(&accounts))))
        e = ERR_DENIED;
    buf_free(&accounts);
    return e;
}

static bool all_stay(const struct mls_staged *staged, slice admins) {
    for (size_t at = 0; at < admins.n; at += ROLE_ACCOUNT)
        if (!stays_staged(staged, admins.p + at))
            return false;
    return true;
}

err core_roles_judge(const struct conversation *c, const struct mls_staged *staged) {
    struct roles before, after;
    struct mls_member committer;
    size_t count;
    const struct mls_extension *extensions = mls_staged_extensions(staged, &count, &(bool){false});
    TRY(core_roles_of(c->group, &before));
    if (mls_staged_is_external(staged) || mls_staged_is_reinit(staged) ||
        core_roles_read(extensions, count, &after) != OK ||
        mls_group_member(c->group, mls_staged_committer(staged), &committer) != OK ||
        committer.identity.n != LEAF_IDENTITY)
        return ERR_DENIED;
    if (!before.any)
        return after.any ? judge_first(c, staged, &after) : OK;
    if (!after.any || !all_stay(staged, after.admins))
        return ERR_DENIED;
    if (core_roles_admin(&before, committer.identity.p))
        return OK;
    if (!may_change_all(c, staged, committer.identity.p))
        return ERR_DENIED;
    return same_roles(&before, &after) ? OK : ERR_DENIED;
}

err core_roles_judge_join(const struct mls_group *group, const uint8_t adder[16],
                          const uint8_t us[16]) {
    struct roles roles;
    if (core_roles_of(group, &roles) != OK)
        return ERR_DENIED;
    bool may =
        !roles.any || core_roles_admin(&roles, adder) || memcmp(adder, us, ROLE_ACCOUNT) == 0;
    return may ? OK : ERR_DENIED;
}

err core_roles_judge_again(const struct conversation *c, const struct mls_group *group,
                           const uint8_t adder[16], const uint8_t us[16]) {
    struct roles before, after;
    TRY(core_roles_of(c->group, &before));
    if (core_roles_of(group, &after) != OK)
        return ERR_DENIED;
    bool same = same_roles(&before, &after);
    bool may =
        !before.any || core_roles_admin(&before, adder) || memcmp(adder, us, ROLE_ACCOUNT) == 0;
    return same || (may && (after.any || !before.any)) ? OK : ERR_DENIED;
}

bool core_roles_comes_again(const struct conversation *c, const struct mls_staged *staged) {
    struct mls_member us;
    return mls_staged_removes_us(staged) &&
           mls_group_member(c->group, mls_group_own_leaf(c->group), &us) == OK &&
           comes_again(c, staged, us.identity);
}

/* ---- A commit that was ordered and is refused ---- */

static const char skipped_name[] = "skipped";

err core_roles_skip(struct core *core, struct conversation *c, const struct mls_staged *staged) {
    uint8_t token[32];
    if (mls_staged_removes_us(staged)) { /* another member has to go on */
        core_conversation_doubt(core, c);
        return OK;
    }
    TRY(core_leaf_staged_token(staged, token));
    err e = core_put(core, TABLE_CONVERSATION, slice_str(skipped_name), c->r.number,
                     SLICE_ARRAY(token));
    wipe(token, sizeof token);
    TRY(e);
    TRY(core_entry_lost(core, c));
    return core_conversation_schedule(core, c);
}

err core_roles_skipped(struct core *core, const struct conversation *c, uint8_t token[32]) {
    buf found = buf_on(core->mem);
    err e = core_get(core, TABLE_CONVERSATION, slice_str(skipped_name), c->r.number, &found);
    if (e == OK && found.n != 32)
        e = ERR_DAMAGED;
    if (e == OK)
        memcpy(token, found.p, 32);
    buf_free(&found);
    return e;
}

err core_roles_go_on(struct core *core, const struct conversation *c) {
    return core_delete(core, TABLE_CONVERSATION, slice_str(skipped_name), c->r.number);
}
