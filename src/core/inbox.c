/* The inbox: each item is processed once. What it does to groups, history and outbox, the mailbox's
 * position, and the hash by which a repeat is known, are one commit of the store; then the ack goes
 * out. */
#include "core/internal.h"

#include "core/content.h"

enum { ACK_EVERY = 32 };
#define ACK_LEAST (TIME_SECOND / 5)
#define ACK_MOST TIME_SECOND

/* What became of an item that did not fail for this machine's reasons. */
struct outcome {
    enum { PROCESSED = 0, DROPPED, REPEATED, ASIDE, WAITS } what;
    enum waiting_why why;
    err error;
    uint32_t conversation;
};

static err aside(struct outcome *o, uint32_t conversation, err error) {
    *o = (struct outcome){ASIDE, 0, error, conversation};
    return OK;
}

static err waits(struct outcome *o, uint32_t conversation, enum waiting_why why) {
    *o = (struct outcome){WAITS, why, OK, conversation};
    return OK;
}

static err becomes(struct outcome *o, int what) {
    *o = (struct outcome){.what = what};
    return OK;
}

/* ---- One message of a group ---- */

static err take_application(struct core *core, struct conversation *c,
                            const struct mls_received *received, struct outcome *o) {
    struct content content;
    struct record_message m = {.kind = CORE_MESSAGE_CONTENT,
                               .time = core->now,
                               .epoch = received->epoch,
                               .content = received->application};
    uint64_t number;
    bool known, unheard;
    TRY(core_conversation_save_group(core, c));
    TRY(core_unheard_said(core, c, received->sender_identity, received->epoch));
    if (m.content.n > CONTENT_MAX)
        return aside(o, c->r.number, ERR_TOO_LARGE);
    memcpy(m.sender, received->sender_identity.p, sizeof m.sender);
    memcpy(m.device, received->sender_identity.p + 16, sizeof m.device);
    m.own = memcmp(m.sender, core->account.r.account, sizeof m.sender) == 0;
    m.state = m.own ? CORE_MESSAGE_SENT : CORE_MESSAGE_RECEIVED;
    if (core_content_id_of(m.id, m.sender, SLICE_ARRAY(c->r.group), m.content) != OK)
        TRY(core_hash32(m.id, m.content));
    TRY(core_history_known(core, c, m.id, &known));
    TRY(core_devices_unheard(core, received->sender_identity.p, &unheard));
    if (unheard)
        return becomes(o, DROPPED);
    if (known)
        return becomes(o, REPEATED);
    if (core_content_decode(m.content, &content) == OK &&
        content.part.disposition == CONTENT_PROFILE) {
        /* They come often, and one that comes again says nothing new. */
        if (core_receipts_is(content.part.type))
            return core_receipts_receive(core, c, m.sender, content.part.body);
        if (!core_request_is(c)) /* there it may come often, and nothing may be kept of it */
            TRY(core_history_mark_known(core, c, m.id, 0));
        if (core_devices_is_list(content.part.type))
            return core_devices_receive(core, c, m.sender, content.part.body);
        if (core_behind_is(content.part.type))
            return core_behind_receive(core, c, received->sender_identity.p, content.part.body);
        if (core_timer_is(content.part.type))
            return core_timer_receive(core, c, m.sender, content.part.body);
        if (core_sync_is(content.part.type))
            return core_sync_receive(core, c, received->sender_identity.p, content.part.body);
        return core_profile_receive(core, c, m.sender, content.part.body);
    }
    core_typing_said(core, c, m.sender);
    return core_history_add(core, c, &m, &number);
}

/* Another device of ours leaves: all of them do. */
static err leave_too(struct core *core, struct conversation *c, uint32_t leaf) {
    struct mls_member member;
    bool unheard;
    if (c->r.state != CORE_CONVERSATION_ACTIVE || mls_group_member(c->group, leaf, &member) != OK ||
        member.identity.n != LEAF_IDENTITY ||
        memcmp(member.identity.p, core->account.r.account, 16) != 0)
        return OK;
    TRY(core_devices_unheard(core, member.identity.p, &unheard));
    if (unheard)
        return OK;
    c->r.state = CORE_CONVERSATION_LEAVING;
    c->r.leaving = core->now;
    TRY(core_conversation_save(core, c));
    core_conversation_notice(core, c);
    return core_entry_add(core, c, ENTRY_LEAVE, SLICE_EMPTY, true, NULL);
}

/* All that a member may propose is to be removed itself. For the rest it has commits of its own:
 * proposals of others could fill ours with what nobody asked for. */
static err take_proposal(struct core *core, struct conversation *c, struct outcome *o) {
    uint32_t leaf;
    bool leaves = core_conversation_wish(c, mls_group_pending_proposals(c->group) - 1, &leaf);
    if (!leaves)
        mls_group_forget_proposal(c->group);
    TRY(core_conversation_save_group(core, c));
    if (!leaves)
        return aside(o, c->r.number, ERR_DENIED);
    c->retry = true;
    TRY(leave_too(core, c, leaf));
    return core_conversation_schedule(core, c);
}

/* The mark is the server's word that this commit won in this conversation's order; the next token
 * and the roster bind it to the commit that we staged. One that removes us leaves us without the
 * next epoch's token: then the roster has to do. More members than a send can address would make a
 * conversation that nobody can write to. */
static err fits_mark(const struct conversation *c, const struct mls_staged *staged, slice mark,
                     bool *fits) {
    uint8_t next[32] = {0}, roster[32], expected[PROTO_MARK];
    uint32_t members;
    bool out = mls_staged_removes_us(staged);
    TRY(core_leaf_staged_roster_hash(staged, roster, &members));
    if (!out)
        TRY(core_leaf_staged_next(staged, next));
    TRY(core_leaf_mark(c->r.group, next, roster, expected));
    if (out)
        memcpy(expected, mark.p, 32);
    *fits = slice_equal(mark, SLICE_ARRAY(expected)) && members <= CORE_MEMBERS_MAX;
    return OK;
}

static err take_commit(struct core *core, struct conversation *c, struct mls_received *received,
                       slice mark, struct outcome *o) {
    struct mls_staged *staged = received->commit;
    bool fits = false;
    err e = fits_mark(c, staged, mark, &fits);
    received->commit = NULL;
    if (e != OK || !fits) {
        mls_staged_free(staged);
        TRY(e);
        TRY(core_conversation_spoil(core, c, false));
        return aside(o, c->r.number, ERR_UNORDERED);
    }
    e = core_roles_judge(c, staged);
    if (e == ERR_DENIED) {
        e = core_roles_skip(core, c, staged);
        mls_staged_free(staged);
        return e == OK ? aside(o, c->r.number, ERR_DENIED) : e;
    }
    if (e != OK) {
        mls_staged_free(staged);
        return e;
    }
    if (core_roles_comes_again(c, staged)) {
        mls_staged_free(staged);
        return core_conversation_spoil(core, c, true);
    }
    return core_conversation_apply(core, c, staged, NULL);
}

/* Garbage with a mark may be what the server ordered in this conversation. Or its mark is of
 * another order: then anybody can have sent it, and it says nothing. */
static err refused(const struct core *core, struct conversation *c, slice mark, err e,
                   struct outcome *o) {
    switch (e) {
    case ERR_EARLY:
        return waits(o, c->r.number, WAIT_EPOCH);
    case ERR_MISSING:
        return waits(o, c->r.number, WAIT_PROPOSAL);
    case ERR_MLS_OWN_MESSAGE:
    case ERR_REPEAT:
        return becomes(o, REPEATED);
    default:
        if (core_err_hard(e))
            return e;
        if (mark.n > 0)
            core_conversation_doubt(core, c);
        return aside(o, c->r.number, e);
    }
}

static err take_group_message(struct core *core, struct conversation *c, slice mark, slice message,
                              struct outcome *o) {
    struct mls_received received;
    memset(&received, 0, sizeof received);
    TRY(core_conversation_load(core, c));
    err e = mls_group_process(c->group, message, &core->auth, &received);
    if (e != OK)
        return refused(core, c, mark, e, o);
    if (received.sender_identity.n != LEAF_IDENTITY)
        e = aside(o, c->r.number, ERR_MLS_SENDER);
    else if (received.kind == MLS_APPLICATION)
        e = take_application(core, c, &received, o);
    else if (received.kind == MLS_PROPOSAL)
        e = take_proposal(core, c, o);
    else
        e = take_commit(core, c, &received, mark, o);
    mls_received_free(&received);
    return e;
}

static err take_private(struct core *core, slice mark, slice message,
                        const struct mls_header *header, struct outcome *o) {
    struct conversation *c = core_conversation_by_group(core, header->group_id);
    bool open = c != NULL && core_conversation_open(c);
    if (!open && core_waiting_blobs(core))
        return waits(o, 0, WAIT_GROUP);
    if (!open)
        return becomes(o, DROPPED);
    if (header->wire != MLS_PRIVATE_MESSAGE)
        return aside(o, c->r.number, ERR_DENIED);
    if (header->epoch > c->r.epoch + EPOCHS_AHEAD)
        return becomes(o, DROPPED);
    if (header->epoch > c->r.epoch)
        return waits(o, c->r.number, WAIT_EPOCH);
    if (header->epoch < c->r.joined)
        return becomes(o, DROPPED);
    if (header->kind == MLS_PROPOSAL && header->epoch < c->r.epoch)
        return OK; /* its sender proposes again */
    if (header->kind == MLS_COMMIT && header->epoch < c->r.epoch)
        return aside(o, c->r.number, ERR_MLS_EPOCH);
    if (header->kind == MLS_COMMIT && mark.n != PROTO_MARK)
        return aside(o, c->r.number, ERR_UNORDERED);
    return take_group_message(core, c, mark, message, o);
}

static err take_welcome(struct core *core, const uint8_t serial[8], slice message,
                        struct outcome *o) {
    bool unseen = false;
    err e = core_conversation_join(core, message, serial, &unseen);
    if (core_err_hard(e) || (e == OK && !unseen))
        return e;
    if (unseen || e == ERR_MLS_NO_WELCOME)
        return becomes(o, DROPPED);
    if (e == ERR_REPEAT)
        return becomes(o, REPEATED);
    return aside(o, 0, e);
}

/* Nothing from outside the group but a Welcome. */
static err take_message(struct core *core, const uint8_t serial[8], slice mark, slice message,
                        struct outcome *o) {
    struct mls_header header;
    if (mls_message_header(message, &header) != OK)
        return aside(o, 0, ERR_MALFORMED);
    switch (header.wire) {
    case MLS_PUBLIC_MESSAGE:
    case MLS_PRIVATE_MESSAGE:
        return take_private(core, mark, message, &header, o);
    case MLS_WELCOME:
        return take_welcome(core, serial, message, o);
    default:
        return aside(o, 0, ERR_DENIED);
    }
}

/* Of requests not much may wait. */
static bool no_room(const struct core *core, const struct outcome *o, size_t n) {
    const struct conversation *c = core_conversation_lookup(core, o->conversation);
    return o->what == WAITS && c != NULL && core_request_is(c) && core_request_crowded(core, n);
}

static err settle(struct core *core, const struct outcome *o, slice mark, slice message) {
    struct record_waiting r = {
        .why = (uint8_t)o->why, .conversation = o->conversation, .mark = mark, .content = message};
    core->counters_dirty = core->counters_dirty || o->what == DROPPED || o->what == REPEATED;
    core->counters.dropped += o->what == DROPPED;
    core->counters.repeats += o->what == REPEATED;
    const struct conversation *c = core_conversation_lookup(core, o->conversation);
    bool request = c != NULL && core_request_is(c);
    if (request && (o->what == ASIDE || no_room(core, o, message.n))) {
        core->counters_dirty = true;
        core->counters.dropped++;
        return OK;
    }
    if (o->what == WAITS)
        return core_waiting_add(core, &r);
    if (o->what == ASIDE)
        return core_quarantine_add(core, o->conversation, o->error, message);
    return OK;
}

/* ---- Our own commits ---- */

err core_commit_came(struct core *core, struct entry *entry) {
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    struct mls_staged *staged = NULL;
    buf saved = buf_on(core->mem);
    if (c == NULL)
        return ERR_BUG;
    err e = core_get(core, TABLE_CONVERSATION, slice_str("staged"), c->r.number, &saved);
    if (e == OK)
        e = core_conversation_load(core, c);
    if (e == OK)
        e = mls_staged_load(&staged, c->group, buf_slice(&saved));
    buf_free(&saved);
    if (e != OK)
        return e;
    return core_conversation_apply(core, c, staged, entry);
}

static bool on_its_way(const struct core *core, const struct record_seen *seen) {
    for (size_t i = 0; i < core->entries.n; i++) {
        const struct entry *entry = core->entries.p[i];
        if (entry->r.conversation == seen->conversation && entry->r.message == seen->message)
            return true;
    }
    return false;
}

static err send_again(struct core *core, struct conversation *c, uint64_t message) {
    struct record_message m;
    struct entry *entry = NULL;
    buf bytes = buf_on(core->mem);
    err e = core_history_get(core, c, message, &bytes, &m);
    bool gone =
        e == ERR_NOT_FOUND || (e == OK && m.content.n == 0); /* withdrawn, or its time came */
    if (gone) {
        buf_free(&bytes);
        return OK;
    }
    if (e == OK)
        e = core_entry_add(core, c, ENTRY_CONTENT, m.content, true, &entry);
    if (e == OK) {
        entry->r.message = message;
        memcpy(entry->r.id, m.id, sizeof entry->r.id);
        e = core_entry_save(core, entry);
    }
    if (e == OK)
        e = core_history_set_state(core, c, message, CORE_MESSAGE_QUEUED, 0, 0);
    buf_free(&bytes);
    return e;
}

/* Commits that we had not seen when the server took it may have come before it: then others can't
 * open it any more. Who could drops the repeat, by its id. */
static err own_message_came(struct core *core, const struct record_seen *seen) {
    struct conversation *c = core_conversation_lookup(core, seen->conversation);
    if (seen->message == 0 || c == NULL || c->r.state != CORE_CONVERSATION_ACTIVE ||
        c->r.epoch <= seen->epoch + RESEND_EPOCHS || on_its_way(core, seen))
        return OK;
    return send_again(core, c, seen->message);
}

static err own_came(struct core *core, const uint8_t hash[32], const struct record_seen *seen,
                    slice mark) {
    struct record_seen plain = {.what = SEEN_PROCESSED};
    TRY(core_seen_put(core, hash, &plain));
    if (seen->what != SEEN_OWN_COMMIT)
        return own_message_came(core, seen);
    struct entry *entry = core_entry_find(core, seen->entry);
    if (entry == NULL || entry->r.stage == STAGE_INTENT)
        return OK; /* applied already, because the server said that our copy was refused */
    if (!slice_equal(mark, entry->r.mark))
        return OK; /* an earlier try's, which another commit has overtaken */
    return core_commit_came(core, entry);
}

/* ---- Holding ----
 * A commit may end the epoch, and a Welcome the conversation as it was, of a message that travels
 * as a blob and came before it. While blobs are due, such an item is not taken, nor anything after
 * it, so nothing is acked; nor is a message of our own. Once the blobs are in, or given up, or put
 * off to another day because there are so many, subscribing again brings the rest. Blobs are taken
 * in the order in which they came, so a commit in a blob needs no holding. Anybody can send blobs
 * that ask; they bring Welcomes, and hold no more than these. */

static bool is_welcome(const struct delivery *d) {
    enum proto_item_kind kind;
    slice content;
    struct mls_header header;
    return proto_item_read(d->item, &kind, &content) == OK && kind == PROTO_ITEM_MESSAGE &&
           mls_message_header(content, &header) == OK && header.wire == MLS_WELCOME;
}

/* A message of ours: how many commits have overtaken it is known when those in blobs are in. */
static bool is_ours(struct core *core, const struct delivery *d) {
    uint8_t hash[32];
    struct record_seen seen;
    return core_seen_hash(hash, d->mark, d->item) == OK &&
           core_seen_find(core, hash, &seen) == OK && seen.what == SEEN_OWN;
}

static bool hold(struct core *core, const struct delivery *d) {
    if (!core->held && core_waiting_blobs_due(core, true))
        core->held = is_welcome(d) || core_waiting_crowded(core) ||
                     (core_waiting_blobs_due(core, false) && (d->mark.n > 0 || is_ours(core, d)));
    core->caught_up = core->caught_up && !core->held;
    return core->held;
}

void core_inbox_subscribe_again(struct core *core) {
    struct core_session *s = &core->sessions[AUTH];
    core_session_close(core, s, OK, 0);
    s->failures = 0;
    s->at = core->now;
}

/* ---- Items ---- */

/* A Welcome, or a message of a conversation that we are in. */
static bool is_expected(const struct core *core, slice content) {
    struct mls_header header;
    if (mls_message_header(content, &header) != OK)
        return false;
    const struct conversation *c =
        header.wire == MLS_WELCOME ? NULL : core_conversation_by_group(core, header.group_id);
    return header.wire == MLS_WELCOME || (c != NULL && core_conversation_open(c));
}

static bool reads_reference(slice content, uint32_t most, struct proto_blob_reference *r) {
    return proto_blob_reference_decode(content, r) == OK && r->chunks > 0 &&
           r->chunks <= most / PROTO_CHUNK_MAX + 1 && r->size <= most;
}

/* Anybody may have the address of a link or of a card, and ask by it, with a blob if it must be;
 * the rest is junk. */
static err unfit(struct core *core, bool asks, slice item) {
    core->counters.dropped += asks;
    return asks ? OK : core_quarantine_add(core, 0, ERR_MALFORMED, item);
}

static err take_blob(struct core *core, const struct delivery *d, slice reference, bool asks) {
    struct proto_blob_reference read;
    struct record_waiting r = {
        .why = WAIT_BLOB, .asks = asks, .mark = d->mark, .reference = reference};
    memcpy(r.serial, d->serial, sizeof r.serial);
    if (!reads_reference(reference, asks ? REQUEST_BLOB_MAX : BLOB_MAX, &read))
        return unfit(core, asks, reference);
    err e = core_seen_blob(core, read.id);
    core->counters.repeats += e == ERR_REPEAT;
    if (e == OK)
        e = core_waiting_add(core, &r);
    return e == ERR_REPEAT ? OK : e;
}

/* A Welcome that came by a link for one closes it; one in a blob does so when that is here. */
static err take_item(struct core *core, const struct delivery *d) {
    struct outcome o = {0};
    enum proto_item_kind kind;
    slice content;
    bool asks; /* it came by such an address */
    TRY(core_request_only(core, d->serial, &asks));
    if (proto_item_read(d->item, &kind, &content) != OK)
        return unfit(core, asks, d->item);
    /* By an address, and so not the server's; or kept, what is sent now or never. */
    if (kind == PROTO_ITEM_NOTICE || kind == PROTO_ITEM_PASSING) {
        core->counters.dropped++;
        return OK;
    }
    if (kind == PROTO_ITEM_BLOB)
        return take_blob(core, d, content, asks);
    if (asks && !is_expected(core, content))
        return unfit(core, true, content);
    TRY(take_message(core, d->serial, d->mark, content, &o));
    TRY(settle(core, &o, d->mark, content));
    return core_link_came(core, d->serial);
}

/* A notice that the server put there itself, by the serial that no address has. */
static bool is_notice(const struct delivery *d, slice *content) {
    static const uint8_t none[8];
    enum proto_item_kind kind;
    return memcmp(d->serial, none, sizeof none) == 0 &&
           proto_item_read(d->item, &kind, content) == OK && kind == PROTO_ITEM_NOTICE;
}

static err take_delivery(struct core *core, const struct delivery *d) {
    uint8_t hash[32];
    bool closed;
    struct record_seen seen, fresh = {.what = SEEN_PROCESSED};
    slice notice;
    core->counters_dirty = true;
    core->counters.position = d->position;
    /* Before what was seen: nobody who sends the same bytes takes its place. */
    if (is_notice(d, &notice))
        return core_desk_take(core, notice);
    TRY(core_seen_hash(hash, d->mark, d->item));
    err e = core_seen_find(core, hash, &seen);
    if (e == OK && seen.what != SEEN_PROCESSED)
        return own_came(core, hash, &seen, d->mark);
    if (e == OK) {
        core->counters.repeats++;
        return OK;
    }
    if (e != ERR_NOT_FOUND)
        return e;
    TRY(core_seen_add(core, hash, &fresh));
    TRY(core_link_closed(core, d->serial, &closed));
    core->counters.dropped += closed;
    return closed ? OK : take_item(core, d);
}

static err put_aside(struct core *core, const struct delivery *d, err why) {
    core->counters_dirty = true;
    core->counters.position = d->position;
    return core_quarantine_add(core, 0, why, d->item);
}

/* What failed for no reason of this machine's is put aside in a transaction of its own. */
static err poison(struct core *core, const struct delivery *d, err why) {
    TRY(core_txn_begin(core));
    return core_txn_end(core, put_aside(core, d, why));
}

static void ack(struct core *core) {
    struct core_session *s = &core->sessions[AUTH];
    struct proto_ack m = {.up_to = core->counters.position};
    buf body = buf_on(core->mem);
    core->unacked = 0;
    core->ack_at = 0;
    if (s->step != STEP_READY && s->step != STEP_PROOF)
        return;
    if (proto_ack_encode(&body, &m) != OK ||
        core_session_tell(core, s, 0, PROTO_ack, buf_slice(&body)) != OK)
        core_session_close(core, s, ERR_NO_MEMORY, 0);
    buf_free(&body);
}

/* An ack goes out a moment after the first item that it covers, by chance a shorter or a longer
 * one, whatever the items are: so it tells nothing of what this client did with them. */
static void ack_soon(struct core *core) {
    if (core->ack_at == 0)
        core->ack_at = core_moment(core, ACK_LEAST, ACK_MOST);
}

void core_inbox_ack_pump(struct core *core) {
    if (core->ack_at != 0 && core->now >= core->ack_at)
        ack(core);
}

void core_inbox_ack_now(struct core *core) {
    if (core->ack_at != 0)
        ack(core);
}

/* opened: how that went. */
static void take(struct core *core, const struct delivery *d, err opened) {
    if (core_txn_begin(core) != OK)
        return;
    err e = opened == OK            ? take_delivery(core, d)
            : core_err_hard(opened) ? opened
                                    : put_aside(core, d, opened);
    e = core_txn_end(core, e);
    if (e != OK && !core_err_hard(e))
        (void)!poison(core, d, e);
    else if (e == OK && ++core->unacked >= ACK_EVERY)
        ack(core);
    else if (e == OK)
        ack_soon(core);
}

void core_inbox_delivery(struct core *core, const struct proto_delivery *sealed) {
    struct delivery d = {.position = sealed->position, .item = sealed->sealed};
    buf plain = buf_on(core->mem);
    if (sealed->position <= core->counters.position && sealed->position != 0)
        return;
    err opened = core_unseal(core, sealed, &plain, &d);
    if (sealed->position == 0) { /* no item of the mailbox: it passes */
        if (opened == OK)
            core_typing_take(core, d.item);
    } else if (!hold(core, &d)) {
        take(core, &d, opened);
    }
    buf_free(&plain);
}

static err note_caught_up(struct core *core, const struct proto_caught_up *m) {
    TRY(core_txn_begin(core));
    core->counters_dirty = true;
    core->counters.gaps += m->gaps;
    if (m->position > core->counters.position)
        core->counters.position = m->position;
    return core_txn_end(core, OK);
}

void core_inbox_caught_up(struct core *core, const struct proto_caught_up *m) {
    if (core->held || note_caught_up(core, m) != OK)
        return;
    bool first = !core->caught_up;
    core->caught_up = true;
    if (first)
        core_handle_caught_up(core);
    ack_soon(core);
    struct core_notice notice = {.kind = CORE_NOTICE_GAPS, .count = m->gaps};
    if (m->gaps > 0)
        core_action_notice(core, &notice);
    notice = (struct core_notice){.kind = CORE_NOTICE_CAUGHT_UP};
    if (first)
        core_action_notice(core, &notice);
    if (first || m->gaps > 0)
        core_outbox_caught_up(core, m->gaps > 0);
}

/* ---- What waits ---- */

/* What asked by a blob, now that this is here: as if it had come in the item, but that what leads
 * nowhere is not put aside. A later Welcome of the same group may have overtaken it. */
static err take_asking(struct core *core, const uint8_t serial[8], slice mark, slice message,
                       struct outcome *o) {
    bool closed;
    TRY(core_link_closed(core, serial, &closed));
    if (closed || !is_expected(core, message))
        return becomes(o, DROPPED);
    TRY(take_message(core, serial, mark, message, o));
    if (o->what == ASIDE)
        TRY(becomes(o, DROPPED));
    return core_link_came(core, serial);
}

err core_inbox_look_again(struct core *core, uint64_t number) {
    struct waiting *w = core_waiting_find(core, number);
    struct outcome o = {0};
    uint8_t serial[8];
    bool asks = w->r.asks;
    buf mark = buf_on(core->mem), content = buf_on(core->mem);
    memcpy(serial, w->r.serial, sizeof serial);
    w->checked = true;
    err e = buf_set(&mark, w->r.mark);
    if (e == OK)
        e = buf_set(&content, w->r.content);
    if (e == OK && asks)
        e = take_asking(core, serial, buf_slice(&mark), buf_slice(&content), &o);
    else if (e == OK)
        e = take_message(core, serial, buf_slice(&mark), buf_slice(&content), &o);
    /* Processing may have ended the conversation, and this with it. */
    w = core_waiting_find(core, number);
    bool stays = w != NULL && o.what == WAITS &&
                 (w->r.conversation == o.conversation || !no_room(core, &o, content.n));
    if (e == OK && stays) {
        e = core_waiting_turn(core, w, o.why, o.conversation);
    } else if (e == OK) {
        if (w != NULL)
            e = core_waiting_remove(core, w);
        if (e == OK)
            e = settle(core, &o, buf_slice(&mark), buf_slice(&content));
    }
    buf_free(&mark);
    buf_free(&content);
    return e;
}

void core_inbox_pump(struct core *core) {
    core_waiting_pump(core);
    if (core->held && !core_waiting_blobs_due(core, true))
        core_inbox_subscribe_again(core);
}
