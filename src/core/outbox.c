/* The outbox: what was asked for, in order within each conversation, until it is done. */
#include "core/internal.h"

#include "core/content.h"

#define LATE_TIME (10 * TIME_MINUTE)
#define COPY_TIME (2 * TIME_MINUTE)
#define RETRY_FIRST TIME_SECOND
#define RETRY_MOST (2 * TIME_MINUTE)
#define FULL_MOST TIME_HOUR
#define TARGETS_TIME TIME_HOUR
enum { TAKE_FAILURES_MAX = 3 };

/* ---- Objects ---- */

void core_entry_free(struct core *core, struct entry *entry) {
    buf_free(&entry->taken);
    buf_free(&entry->targets);
    buf_free(&entry->blob_bytes);
    buf_free(&entry->bytes);
    mem_free(core->mem, entry, sizeof *entry);
}

struct entry *core_entry_find(const struct core *core, uint64_t command) {
    for (size_t i = 0; i < core->entries.n; i++) {
        struct entry *entry = core->entries.p[i];
        if (entry->r.command == command)
            return entry;
    }
    return NULL;
}

static bool is_commit(const struct entry *entry) {
    return entry->r.kind != ENTRY_CONTENT && entry->r.kind != ENTRY_LEAVE;
}

/* Who is added brings a key package. */
static bool adds(const struct entry *entry) {
    return entry->r.kind == ENTRY_CREATE || entry->r.kind == ENTRY_ADD ||
           entry->r.kind == ENTRY_REPLACE;
}

bool core_entry_pending(const struct core *core, uint32_t conversation, enum entry_kind kind) {
    for (size_t i = 0; i < core->entries.n; i++) {
        const struct entry *entry = core->entries.p[i];
        if (entry->r.conversation == conversation && entry->r.kind == kind)
            return true;
    }
    return false;
}

err core_entry_save(struct core *core, struct entry *entry) {
    TRY(record_entry_settle(&entry->bytes, &entry->r));
    return core_put(core, TABLE_OUTBOX, slice_str("entry"), entry->r.command,
                    buf_slice(&entry->bytes));
}

err core_entry_add(struct core *core, struct conversation *c, enum entry_kind kind, slice intent,
                   bool silent, struct entry **result) {
    if (core_request_is(c))
        return ERR_STATE; /* nothing leaves before it is accepted */
    if (!silent && core->entries.n >= OUTBOX_MAX)
        return ERR_LIMIT;
    struct entry *entry = mem_new(core->mem, sizeof *entry);
    if (entry == NULL)
        return ERR_NO_MEMORY;
    entry->bytes = entry->targets = entry->taken = entry->blob_bytes = buf_on(core->mem);
    entry->r.command = core_number(core);
    entry->r.kind = (uint8_t)kind;
    entry->r.silent = silent;
    entry->r.conversation = c->r.number;
    entry->r.intent = intent;
    err e = core_entry_save(core, entry);
    if (e == OK)
        e = core_list_add(core, &core->entries, entry);
    if (e != OK)
        core_entry_free(core, entry);
    else if (result != NULL)
        *result = entry;
    return e;
}

/* Key packages of others are looked up in no conversation's name. */
static uint32_t lane_of(const struct core *core, const struct entry *entry) {
    bool takes = entry->r.stage == STAGE_INTENT && entry->target * TARGET < entry->targets.n;
    return takes ? 0 : core_session_lane(core, entry->r.conversation);
}

/* ---- Ends ---- */

static void tell_end(struct core *core, const struct entry *entry, err e, uint16_t reason,
                     uint32_t refused) {
    struct core_notice notice = {.kind = CORE_NOTICE_SENT,
                                 .command = entry->r.told != 0 ? entry->r.told : entry->r.command,
                                 .error = e,
                                 .reason = reason,
                                 .conversation = entry->r.conversation,
                                 .message = entry->r.message,
                                 .refused = refused};
    memcpy(notice.message_id, entry->r.id, sizeof notice.message_id);
    if (entry->r.kind == ENTRY_CONTENT && e == OK && entry->r.message != 0)
        core_action_notice(core, &notice);
    notice.kind = CORE_NOTICE_DONE;
    if (!entry->r.silent)
        core_action_notice(core, &notice);
}

static void unlist(struct core *core, const struct entry *entry) {
    for (size_t i = 0; i < core->entries.n; i++) {
        if (core->entries.p[i] == entry) {
            core_list_remove(&core->entries, i);
            return;
        }
    }
}

err core_entry_finish(struct core *core, struct entry *entry, err result, uint16_t reason,
                      uint32_t refused) {
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    bool failed_create = entry->r.kind == ENTRY_CREATE && result != OK;
    bool staged = is_commit(entry) && entry->r.stage != STAGE_INTENT;
    bool stays = entry->r.kind == ENTRY_LEAVE && result != OK;
    tell_end(core, entry, result, reason, refused);
    unlist(core, entry);
    err e = core_delete(core, TABLE_OUTBOX, slice_str("entry"), entry->r.command);
    if (e == OK)
        e = core_blob_forget(core, entry->r.command, entry->r.blobs);
    if (e == OK && staged)
        e = core_delete(core, TABLE_CONVERSATION, slice_str("staged"), entry->r.conversation);
    if (e == OK && c != NULL && entry->r.message != 0)
        e = core_history_set_state(core, c, entry->r.message,
                                   result == OK ? CORE_MESSAGE_SENT : CORE_MESSAGE_FAILED,
                                   entry->r.epoch, refused);
    core_entry_free(core, entry);
    if (e == OK && failed_create && c != NULL && c->r.state == CORE_CONVERSATION_NEW)
        e = core_conversation_end(core, c, CORE_CONVERSATION_FAILED);
    if (e == OK && stays && c != NULL && c->r.state == CORE_CONVERSATION_LEAVING) {
        c->r.state = CORE_CONVERSATION_ACTIVE;
        e = core_conversation_save(core, c);
        core_conversation_notice(core, c);
    }
    return e;
}

err core_entry_end(struct core *core, const struct conversation *c, uint64_t message, err why) {
    for (size_t i = 0; i < core->entries.n; i++) {
        struct entry *entry = core->entries.p[i];
        if (entry->r.conversation == c->r.number && entry->r.message == message)
            return core_entry_finish(core, entry, why, 0, 0);
    }
    return OK;
}

/* What tells something by itself waits until the one before it has left. */
bool core_entry_tells(const struct core *core, const struct conversation *c) {
    for (size_t i = 0; i < core->entries.n; i++) {
        const struct entry *entry = core->entries.p[i];
        if (entry->r.conversation == c->r.number && entry->r.silent &&
            entry->r.kind == ENTRY_CONTENT)
            return true;
    }
    return false;
}

void core_entry_rewind(struct entry *entry) {
    entry->blob = 0;
    entry->chunk = 0;
    entry->until = 0;
    buf_clear(&entry->blob_bytes);
}

err core_entry_again(struct core *core, struct entry *entry) {
    TRY(core_blob_forget(core, entry->r.command, entry->r.blobs));
    entry->r.stage = STAGE_INTENT;
    entry->r.request = entry->r.mark = SLICE_EMPTY;
    entry->r.blobs = 0;
    entry->late = false;
    entry->refused = 0;
    core_entry_rewind(entry);
    return core_entry_save(core, entry);
}

/* Another commit won: ours is done again on top of it, if it still makes sense then. */
err core_entry_lost(struct core *core, struct conversation *c) {
    for (size_t i = 0; i < core->entries.n; i++) {
        struct entry *entry = core->entries.p[i];
        if (entry->r.conversation != c->r.number || !is_commit(entry) ||
            entry->r.stage == STAGE_INTENT)
            continue;
        if (++entry->r.attempts > ATTEMPTS_MAX)
            return core_entry_finish(core, entry, ERR_LATE, 0, 0);
        entry->not_before = core->now + core_backoff(entry->r.attempts, 100, 10 * TIME_SECOND);
        return core_entry_again(core, entry);
    }
    return OK;
}

static void fail(struct core *core, struct entry *entry, err e, uint16_t reason) {
    if (core_txn_begin(core) == OK)
        (void)!core_txn_end(core, core_entry_finish(core, entry, e, reason, 0));
}

/* ---- Answers ---- */

/* The entry that asked; NULL if it is gone, or if there was no answer: then it is asked again. */
static struct entry *answered(struct core *core, const struct request *request, err e) {
    struct entry *entry = core_entry_find(core, request->number);
    if (entry != NULL)
        entry->in_flight = false;
    return e == ERR_CLOSED ? NULL : entry;
}

static void refused(struct core *core, struct entry *entry, uint16_t reason, uint16_t most) {
    entry->failures++;
    if (!core_session_passing(reason) || entry->failures >= most)
        fail(core, entry, ERR_DENIED, reason);
    else
        entry->not_before = core->now + core_backoff(entry->failures, RETRY_FIRST, RETRY_MOST);
}

/* Its epoch is so long ago that members may not open it any more; a proposal's epoch must be now.
 */
static bool outdated(const struct conversation *c, const struct entry *entry) {
    uint64_t age = entry->r.kind == ENTRY_CONTENT ? RESEND_EPOCHS : 0;
    return !is_commit(entry) && c->r.epoch > entry->r.epoch + age;
}

/* What did not leave yet is encrypted again in a new epoch: some of the addresses may be revoked.
 */
static bool overtaken(const struct conversation *c, const struct entry *entry) {
    return !is_commit(entry) && c->r.epoch > entry->r.epoch;
}

/* How many of the others took no copy, and whether that is all of them, for a while. */
static err count_refused(struct core *core, const struct entry *entry,
                         const struct proto_sent *answer, uint32_t *refused, bool *all) {
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    struct proto_refusal refusal;
    bool passing = false;
    if (c == NULL)
        return ERR_BUG;
    TRY(core_conversation_load(core, c));
    uint32_t own = core_leaf_own_place(c->group);
    *refused = 0;
    for (reader r = reader_of(answer->refused.bytes); r.n > 0;) {
        TRY(proto_refusal_read(&r, &refusal));
        *refused += refusal.place != own;
        passing = passing || refusal.reason == PROTO_REASON_MAILBOX_FULL;
    }
    *all = passing && *refused + 1 >= core_leaf_members(c->group);
    return OK;
}

/* Repeats are dropped by whoever has it, so the same bytes may go out until somebody takes them. */
static err nobody_took(struct core *core, struct entry *entry, uint32_t refused) {
    const struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    entry->failures++;
    entry->not_before = core->now + core_backoff(entry->failures, RETRY_FIRST, FULL_MOST);
    if (entry->refused == 0 && c != NULL)
        core_conversation_notice(core, c);
    entry->refused = refused;
    return OK;
}

/* What commits overtook while it was under way may count for nothing now. */
static err arrived(struct core *core, struct entry *entry, const struct proto_sent *answer) {
    const struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    uint32_t refused = answer->refused.count;
    bool all = false;
    /* The server takes what names the roster in the roster's epoch alone. */
    bool exact = entry->r.kind == ENTRY_CONTENT && entry->r.type == PROTO_roster_send;
    if (c != NULL && !exact && outdated(c, entry))
        return core_entry_again(core, entry);
    if (refused > 0 && entry->r.stage == STAGE_PREPARED)
        TRY(count_refused(core, entry, answer, &refused, &all));
    if (all)
        return nobody_took(core, entry, refused);
    return core_entry_finish(core, entry, OK, 0, refused);
}

static void sent(struct core *core, const struct request *request, err e, uint16_t reason,
                 uint16_t type, slice body) {
    struct proto_sent answer;
    struct entry *entry = answered(core, request, e);
    if (entry == NULL)
        return;
    if (e != OK) {
        refused(core, entry, reason, UINT16_MAX);
        return;
    }
    if (type != PROTO_sent || proto_sent_decode(body, &answer) != OK) {
        core_session_bad_answer(core, ANON);
        return;
    }
    if (!answer.taken && entry->r.stage == STAGE_INTENT)
        return; /* it is to be encrypted again: for a conversation that came again meanwhile */
    if (!answer.taken) {
        /* Nobody has it. A commit that is in our own mailbox, or will be, has replaced the roster.
         */
        entry->late = true;
        entry->late_until = core->now + LATE_TIME;
        return;
    }
    if (core_txn_begin(core) == OK)
        (void)!core_txn_end(core, arrived(core, entry, &answer));
}

static err own_copy_refused(struct core *core, struct conversation *c,
                            const struct proto_committed *answer, bool *is) {
    reader r = reader_of(answer->refused.bytes);
    struct proto_refusal refusal;
    *is = false;
    TRY(core_conversation_load(core, c));
    uint32_t place = core_leaf_own_place(c->group);
    while (r.n > 0) {
        TRY(proto_refusal_read(&r, &refusal));
        *is = *is || refusal.place == place;
    }
    return OK;
}

/* Ordered. Its copy in our own mailbox says when to apply it, unless that refused the copy. */
static err taken(struct core *core, struct entry *entry, const struct proto_committed *answer) {
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    bool refused_own;
    if (c == NULL)
        return ERR_BUG;
    entry->refused = answer->refused.count;
    TRY(own_copy_refused(core, c, answer, &refused_own));
    if (refused_own)
        return core_commit_came(core, entry);
    entry->r.stage = STAGE_TAKEN;
    entry->subscription = core->subscription;
    entry->late_until = core->now + COPY_TIME;
    return core_entry_save(core, entry);
}

/* Our own copy may be lost, and with the first answer that it was refused: then it is not among
 * what a subscription brings that began after the server had taken the commit. */
void core_outbox_caught_up(struct core *core, bool gaps) {
    for (size_t i = 0; core->caught_up && i < core->entries.n;) {
        struct entry *entry = core->entries.p[i];
        bool lost = gaps || entry->subscription != core->subscription;
        if (entry->r.stage != STAGE_TAKEN || !lost) {
            i++;
            continue;
        }
        if (core_txn_begin(core) != OK || core_txn_end(core, core_commit_came(core, entry)) != OK)
            return;
        i = 0;
    }
}

/* The commit is the next one, and the epoch's roster is not stored: nobody can go on from here. */
static void roster_lost(struct core *core, struct entry *entry) {
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    if (c == NULL || core_txn_begin(core) != OK)
        return;
    err e = core_entry_finish(core, entry, ERR_DENIED, PROTO_REASON_ROSTER, 0);
    if (e == OK)
        e = core_conversation_spoil(core, c, false);
    (void)!core_txn_end(core, e);
}

static void commit_refused(struct core *core, struct entry *entry, uint16_t reason) {
    if (reason == PROTO_REASON_ROSTER) {
        roster_lost(core, entry);
    } else if (reason == PROTO_REASON_NONE && entry->r.blobs > 0) {
        /* The roster that it brings is gone: all is uploaded again. */
        core_entry_rewind(entry);
        entry->failures++;
        entry->not_before = core->now + core_backoff(entry->failures, RETRY_FIRST, RETRY_MOST);
    } else {
        refused(core, entry, reason, UINT16_MAX);
    }
}

static void committed(struct core *core, const struct request *request, err e, uint16_t reason,
                      uint16_t type, slice body) {
    struct proto_committed answer;
    struct entry *entry = answered(core, request, e);
    if (entry == NULL)
        return;
    if (e != OK) {
        commit_refused(core, entry, reason);
        return;
    }
    if (type != PROTO_committed || proto_committed_decode(body, &answer) != OK) {
        core_session_bad_answer(core, ANON);
        return;
    }
    if (entry->r.stage != STAGE_PREPARED)
        return; /* the winner came before the answer */
    /* Nobody else can have begun an order under a random id of ours: what is late was taken before,
     * and the answer lost. */
    if (answer.taken || entry->r.kind == ENTRY_CREATE) {
        if (core_txn_begin(core) == OK)
            (void)!core_txn_end(core, taken(core, entry, &answer));
        return;
    }
    /* Whichever commit comes in our own mailbox decides: it may still be ours. */
    entry->late = true;
    entry->late_until = core->now + LATE_TIME;
}

/* ---- Key packages ---- */

/* It has to be the device's whose address we used. */
static err check_taken(struct core *core, const struct entry *entry, slice key_package) {
    struct mls_member member;
    struct mls_extension extensions[8];
    size_t count = sizeof extensions / sizeof extensions[0];
    TRY(mls_key_package_check(key_package, &core->auth, core->now / 1000, &member, extensions,
                              &count));
    if (!slice_equal(member.identity,
                     slice_of(entry->targets.p + entry->target * TARGET, LEAF_IDENTITY)))
        return ERR_MLS_CREDENTIAL;
    return OK;
}

static void key_package_came(struct core *core, const struct request *request, err e,
                             uint16_t reason, uint16_t type, slice body) {
    struct proto_key_package_taken answer;
    struct entry *entry = answered(core, request, e);
    if (entry == NULL)
        return;
    if (e != OK) {
        refused(core, entry, reason, TAKE_FAILURES_MAX);
        return;
    }
    if (type != PROTO_key_package_taken || proto_key_package_taken_decode(body, &answer) != OK) {
        core_session_bad_answer(core, ANON);
        return;
    }
    if ((entry->target + 1) * TARGET > entry->targets.n)
        return;
    struct proto_key_package key_package = {.bytes = answer.key_package};
    e = check_taken(core, entry, answer.key_package);
    if (e == OK)
        e = proto_key_package_encode(&entry->taken, &key_package);
    if (e == OK)
        entry->target++;
    else if (e != ERR_NO_MEMORY)
        fail(core, entry, e, 0);
}

static void ask_key_package(struct core *core, struct entry *entry) {
    struct proto_key_package_take m;
    buf body = buf_on(core->mem);
    memcpy(m.address, entry->targets.p + entry->target * TARGET + LEAF_IDENTITY, PROTO_ADDRESS);
    err e = proto_key_package_take_encode(&body, &m);
    if (e == OK)
        e = core_session_request(core, ANON, PROTO_key_package_take, buf_slice(&body),
                                 key_package_came, entry->r.command);
    entry->in_flight = e == OK;
    buf_free(&body);
}

/* ---- One step of one entry: true if it moved ---- */

/* Failures that are the entry's own end it; what it wrote into the batch is forgotten, and so is
 * the group in memory, which may have moved. */
static err prepare(struct core *core, struct conversation *c, struct entry *entry, bool *moved) {
    size_t mark = store_batch_mark(core->batch);
    err e = core_prepare_entry(core, c, entry);
    *moved = e != ERR_AGAIN;
    if (e == OK || core_err_hard(e))
        return e;
    store_batch_rewind(core->batch, mark);
    mls_group_free(c->group);
    c->group = NULL;
    TRY(record_entry_read(buf_slice(&entry->bytes), &entry->r));
    if (e == ERR_AGAIN) {
        entry->not_before = core->now + RETRY_FIRST;
        return OK;
    }
    return core_entry_finish(core, entry, e, 0, 0);
}

/* By an address that was found out so long ago the Welcome might not arrive. */
static void forget_old_targets(const struct core *core, struct entry *entry) {
    if (entry->targets.n == 0 || core->now < entry->targets_at + TARGETS_TIME)
        return;
    buf_clear(&entry->targets);
    buf_clear(&entry->taken);
    entry->target = 0;
}

static bool step_intent(struct core *core, struct conversation *c, struct entry *entry) {
    bool moved = false;
    forget_old_targets(core, entry);
    if (adds(entry) && entry->targets.n == 0) {
        err e = core_prepare_targets(core, entry);
        entry->targets_at = core->now;
        if (e != OK) {
            fail(core, entry, e, 0);
            return true;
        }
    }
    if (entry->target * TARGET < entry->targets.n) {
        ask_key_package(core, entry);
        return false;
    }
    if (core_txn_begin(core) != OK)
        return false;
    return core_txn_end(core, prepare(core, c, entry, &moved)) == OK && moved;
}

static bool again(struct core *core, struct entry *entry) {
    if (core_txn_begin(core) != OK)
        return false;
    return core_txn_end(core, core_entry_again(core, entry)) == OK;
}

/* Another commit was ordered, and it is not in our mailbox, nor in a blob that is still due. If
 * there is something of a later epoch, the others have it, and all that is ours waits for that. */
static void no_winner(struct core *core, struct conversation *c, struct entry *entry) {
    bool behind = core_waiting_for_epoch(core, c);
    err e = OK;
    if (core_waiting_blobs_due(core, false)) {
        entry->late_until = core->now + LATE_TIME;
        return;
    }
    if (core_txn_begin(core) != OK)
        return;
    if (!behind)
        e = core_entry_finish(core, entry, ERR_LATE, 0, 0);
    if (e == OK)
        e = core_conversation_spoil(core, c, behind);
    (void)!core_txn_end(core, e);
}

/* What it sends can be fetched for a week at least, where the server keeps any so long. */
static bool expires_soon(const struct core *core, const struct entry *entry) {
    uint32_t week = time_week(core->now);
    return entry->r.blobs > 0 && entry->until <= week + 1 && entry->sealed < week;
}

/* A commit stays what it is: the server may have ordered it already, and knows it by the epoch that
 * it begins, whatever it travels in. */
static bool fresh_blobs(struct core *core, struct entry *entry) {
    if (core_txn_begin(core) != OK)
        return false;
    entry->sealed = time_week(core->now);
    return core_txn_end(core, is_commit(entry) ? core_prepare_fresh_blobs(core, entry)
                                               : core_entry_again(core, entry)) == OK;
}

static bool step_prepared(struct core *core, struct conversation *c, struct entry *entry) {
    if (overtaken(c, entry))
        return again(core, entry);
    if (entry->late) {
        if (core->now >= entry->late_until)
            no_winner(core, c, entry);
        return false;
    }
    if (!core_blob_upload(core, entry))
        return false;
    if (expires_soon(core, entry))
        return fresh_blobs(core, entry);
    err e = core_session_lane_request(core, lane_of(core, entry), entry->r.type, entry->r.request,
                                      entry->r.type == PROTO_commit ? committed : sent,
                                      entry->r.command);
    entry->in_flight = e == OK;
    return false;
}

/* Whether it only waits for something to come. */
static bool awaits(const struct entry *entry) {
    return entry->late || entry->r.stage == STAGE_TAKEN;
}

static bool step(struct core *core, struct entry *entry) {
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    if (c == NULL || c->r.behind || entry->in_flight || core->now < entry->not_before ||
        !core->caught_up)
        return false;
    if (entry->r.stage == STAGE_INTENT && core_waiting_blobs_due(core, false))
        return false;
    if (!awaits(entry) && !core_session_lane_room(core, lane_of(core, entry)))
        return false;
    if (entry->r.stage == STAGE_TAKEN) {
        if (core->now >= entry->late_until)
            core_inbox_subscribe_again(core);
        return false;
    }
    return entry->r.stage == STAGE_INTENT ? step_intent(core, c, entry)
                                          : step_prepared(core, c, entry);
}

/* ---- Whose turn it is ---- */

static bool is_list(const struct entry *entry) {
    struct content content;
    return core_content_decode(entry->r.intent, &content) == OK &&
           core_devices_is_list(content.part.type);
}

/* What own devices tell each other, keys among it, is not for one that was signed off: while that
 * is in their conversation, it waits for the commit that removes it, which passes. So does the list
 * that says so. */
static bool held_back(const struct core *core, const struct entry *entry) {
    return core->signed_off && entry->r.conversation == core->account.r.own &&
           entry->r.kind == ENTRY_CONTENT && !entry->in_flight && !is_list(entry);
}

static bool is_first(const struct core *core, size_t i) {
    const struct entry *entry = core->entries.p[i];
    for (size_t j = 0; j < i; j++) {
        const struct entry *before = core->entries.p[j];
        if (before->r.conversation == entry->r.conversation && !held_back(core, before))
            return false;
    }
    return !held_back(core, entry);
}

/* Also if that can't be found out now. */
static bool any_signed_off(struct core *core) {
    struct conversation *own = core_conversation_lookup(core, core->account.r.own);
    uint32_t leaf = 0;
    bool gone = true;
    if (own == NULL || !core_conversation_open(own) ||
        !core_entry_pending(core, own->r.number, ENTRY_CONTENT))
        return false;
    err e = core_conversation_load(core, own);
    if (e == OK)
        e = core_devices_gone(core, own, &leaf, &gone);
    return e != OK || gone;
}

/* Lists may have changed after each step that moved: start again. */
void core_outbox_pump(struct core *core) {
    core->signed_off = any_signed_off(core);
    for (size_t i = 0; i < core->entries.n;) {
        if (is_first(core, i) && step(core, core->entries.p[i]))
            i = 0;
        else
            i++;
    }
}

uint64_t core_outbox_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    if (!core->caught_up)
        return at;
    for (size_t i = 0; i < core->entries.n; i++) {
        const struct entry *entry = core->entries.p[i];
        uint64_t due = awaits(entry) ? entry->late_until : entry->not_before;
        if (is_first(core, i) && !entry->in_flight && due > core->now && due < at)
            at = due;
    }
    return at;
}
