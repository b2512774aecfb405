/* What was said about messages: edits, withdrawals and reactions; and receipts for our own. Each of
 * the first is a message of its own in the history. Here is a row for each message that they name,
 * by its id, so that one which comes before what it names is found when that is here.
 *
 * An edit or a withdrawal counts if it is of the account that sent the message. Of one account's
 * edits the newest stays, and is looked up when the message is shown; the others go. With a
 * withdrawn message go its edits and the reactions to it: nothing stays but that it was there. */
#include "core/internal.h"

#include "core/content.h"

enum { REACTIONS_MAX = 256, REACTIONS_EACH = 8 }; /* to one message; of one account's */

/* ---- Rows ---- */

static slice key_of(const struct conversation *c, const uint8_t id[32], uint8_t key[36]) {
    put_u32(key, c->r.number);
    memcpy(key + 4, id, 32);
    return slice_of(key, 36);
}

static err load(struct core *core, const struct conversation *c, const uint8_t id[32], buf *row) {
    uint8_t key[36];
    err e = core_get(core, TABLE_REMARK, key_of(c, id, key), 0, row);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err store(struct core *core, const struct conversation *c, const uint8_t id[32], slice row) {
    uint8_t key[36];
    if (row.n == 0)
        return core_delete(core, TABLE_REMARK, key_of(c, id, key), 0);
    return core_put(core, TABLE_REMARK, key_of(c, id, key), 0, row);
}

static err next(reader *r, struct record_remark *remark) {
    slice bytes;
    if (reader_vec(r, &bytes) != OK)
        return ERR_DAMAGED;
    return record_remark_read(bytes, remark);
}

static err append(buf *row, const struct record_remark *remark) {
    buf bytes = buf_on(row->mem);
    writer w = writer_on(row);
    err e = record_remark_write(&bytes, remark);
    writer_vec(&w, buf_slice(&bytes));
    buf_free(&bytes);
    return e == OK ? writer_result(&w) : e;
}

static bool is_by(const struct record_remark *remark, enum remark_what what,
                  const uint8_t sender[16]) {
    return remark->what == what && memcmp(remark->sender, sender, sizeof remark->sender) == 0;
}

/* The first of the sender's that is so. *number: its place; 0: there is none. */
static err find(slice row, enum remark_what what, const uint8_t sender[16],
                struct record_remark *found) {
    struct record_remark remark;
    memset(found, 0, sizeof *found);
    for (reader r = reader_of(row); found->number == 0 && r.n > 0;) {
        TRY(next(&r, &remark));
        if (is_by(&remark, what, sender))
            *found = remark;
    }
    return OK;
}

/* All but the one in this place of the history. */
static err copy_others(slice row, uint64_t number, buf *rest) {
    struct record_remark remark;
    for (reader r = reader_of(row); r.n > 0;) {
        TRY(next(&r, &remark));
        if (remark.number != number)
            TRY(append(rest, &remark));
    }
    return OK;
}

static err take_out(struct core *core, const struct conversation *c, const uint8_t id[32],
                    uint64_t number) {
    buf row = buf_on(core->mem), rest = buf_on(core->mem);
    err e = load(core, c, id, &row);
    if (e == OK)
        e = copy_others(buf_slice(&row), number, &rest);
    if (e == OK && rest.n < row.n)
        e = store(core, c, id, buf_slice(&rest));
    buf_free(&row);
    buf_free(&rest);
    return e;
}

/* ---- What a message says about another ---- */

static enum remark_what what_of(const struct content *content, slice *target) {
    bool replaces = content->replaces.n > 0, none = content->part.cardinality == CONTENT_NULL;
    *target = replaces ? content->replaces : content->in_reply_to;
    if (replaces)
        return none ? REMARK_DELETE : REMARK_EDIT;
    return content->part.disposition == CONTENT_REACTION && target->n > 0 && !none ? REMARK_REACTION
                                                                                   : REMARK_NONE;
}

/* ---- Going ---- */

/* An entry that is shown at another goes, with what was said about it in its turn; where it did not
 * leave yet it never will. */
static err drop(struct core *core, struct conversation *c, uint64_t number, unsigned depth) {
    struct record_message m;
    struct record_remark remark;
    buf bytes = buf_on(core->mem), row = buf_on(core->mem);
    err e = core_history_get(core, c, number, &bytes, &m);
    if (e == OK)
        e = load(core, c, m.id, &row);
    for (reader r = reader_of(buf_slice(&row)); e == OK && depth > 0 && r.n > 0;) {
        e = next(&r, &remark);
        if (e == OK && remark.what <= REMARK_REACTION)
            e = drop(core, c, remark.number, depth - 1);
    }
    if (e == OK && row.n > 0)
        e = store(core, c, m.id, SLICE_EMPTY);
    if (e == OK)
        e = core_entry_end(core, c, number, ERR_CHANGED);
    if (e == OK)
        e = core_history_drop(core, c, number);
    buf_free(&bytes);
    buf_free(&row);
    return e == ERR_NOT_FOUND ? OK : e;
}

enum { DEPTH = 2 }; /* of a message, an edit of a reaction to it */

static err drop_remarks(struct core *core, struct conversation *c, slice row) {
    struct record_remark remark;
    for (reader r = reader_of(row); r.n > 0;) {
        TRY(next(&r, &remark));
        if (remark.what == REMARK_EDIT || remark.what == REMARK_REACTION)
            TRY(drop(core, c, remark.number, DEPTH));
    }
    return OK;
}

/* A reaction that is taken back, or an edit: nothing of it stays. */
static err take_back(struct core *core, struct conversation *c, uint64_t number,
                     const uint8_t target[32]) {
    uint64_t about;
    TRY(take_out(core, c, target, number));
    TRY(drop(core, c, number, DEPTH));
    TRY(core_history_find(core, c, target, &about));
    if (about != 0)
        core_history_changed(core, c, about, target);
    return OK;
}

err core_remark_expire(struct core *core, struct conversation *c, uint64_t number) {
    struct record_message m;
    struct content content;
    slice target = SLICE_EMPTY;
    buf bytes = buf_on(core->mem);
    err e = core_history_get(core, c, number, &bytes, &m);
    enum remark_what what = e == OK && core_content_decode(m.content, &content) == OK
                                ? what_of(&content, &target)
                                : REMARK_NONE;
    if (e == OK && (what == REMARK_EDIT || what == REMARK_REACTION))
        e = take_back(core, c, number, target.p);
    else if (e == OK)
        e = drop(core, c, number, DEPTH);
    if (e == OK)
        core_history_changed(core, c, number, m.id);
    buf_free(&bytes);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* m borrows from what may go: it is not used after that. */
static err withdraw(struct core *core, struct conversation *c, uint64_t number,
                    struct record_message *m, slice row, const struct record_remark *by) {
    struct content content;
    slice target = SLICE_EMPTY;
    buf rest = buf_on(core->mem);
    bool reads = core_content_decode(m->content, &content) == OK;
    enum remark_what what = reads ? what_of(&content, &target) : REMARK_NONE;
    if (what == REMARK_DELETE)
        return OK; /* what is withdrawn does not come back */
    if (what != REMARK_NONE)
        return take_back(core, c, number, target.p);
    err e = drop_remarks(core, c, row);
    if (e == OK)
        e = append(&rest, by);
    if (e == OK)
        e = store(core, c, m->id, buf_slice(&rest));
    buf_free(&rest);
    if (e == OK && m->content.n > 0) {
        m->content = SLICE_EMPTY;
        core->goes = true;
        e = core_history_put(core, c, number, m);
        if (e == OK)
            e = core_entry_end(core, c, number, ERR_CHANGED);
    }
    return e;
}

/* The message and what was said about it meet, whichever came first. */
static err settle(struct core *core, struct conversation *c, const uint8_t id[32]) {
    struct record_message m;
    struct record_remark by = {0};
    uint64_t number;
    buf row = buf_on(core->mem), bytes = buf_on(core->mem);
    err e = core_history_find(core, c, id, &number);
    if (e == OK && number != 0)
        e = load(core, c, id, &row);
    if (e == OK && row.n > 0)
        e = core_history_read(core, c, number, &bytes, &m);
    if (e == OK && row.n > 0)
        e = find(buf_slice(&row), REMARK_DELETE, m.sender, &by);
    if (e == OK && by.number != 0)
        e = withdraw(core, c, number, &m, buf_slice(&row), &by);
    if (e == OK && row.n > 0)
        core_history_changed(core, c, number, id);
    buf_free(&row);
    buf_free(&bytes);
    return e;
}

/* ---- Coming ---- */

/* Of one account's edits the later one stays, in whatever order they come. */
static err add_edit(struct core *core, struct conversation *c, const struct record_remark *remark,
                    const struct record_remark *before, buf *row) {
    buf rest = buf_on(core->mem);
    if (before->number != 0 && before->time > remark->time)
        return drop(core, c, remark->number, DEPTH);
    err e = copy_others(buf_slice(row), before->number, &rest);
    if (e == OK && before->number != 0)
        e = drop(core, c, before->number, DEPTH);
    if (e == OK)
        e = append(&rest, remark);
    if (e == OK)
        e = buf_set(row, buf_slice(&rest));
    buf_free(&rest);
    return e;
}

static err has_room(slice row, const uint8_t sender[16], bool *room) {
    struct record_remark other;
    size_t all = 0, each = 0;
    for (reader r = reader_of(row); r.n > 0;) {
        TRY(next(&r, &other));
        all += other.what == REMARK_REACTION;
        each += is_by(&other, REMARK_REACTION, sender);
    }
    *room = all < REACTIONS_MAX && each < REACTIONS_EACH;
    return OK;
}

static err add(struct core *core, struct conversation *c, const uint8_t id[32],
               const struct record_remark *remark) {
    struct record_remark before;
    bool room = true;
    buf row = buf_on(core->mem);
    err e = load(core, c, id, &row);
    if (e == OK)
        e = find(buf_slice(&row), (enum remark_what)remark->what, remark->sender, &before);
    if (e == OK && remark->what == REMARK_REACTION)
        e = has_room(buf_slice(&row), remark->sender, &room);
    if (e == OK && remark->what == REMARK_EDIT)
        e = add_edit(core, c, remark, &before, &row);
    else if (e == OK && !room)
        e = drop(core, c, remark->number, DEPTH); /* or it would stay, seen by nobody */
    else if (e == OK && (remark->what == REMARK_REACTION || before.number == 0))
        e = append(&row, remark);
    if (e == OK)
        e = store(core, c, id, buf_slice(&row));
    buf_free(&row);
    return e;
}

err core_remark_take(struct core *core, struct conversation *c, const struct record_message *m,
                     uint64_t number) {
    struct content content;
    struct record_remark remark = {.number = number};
    slice target = SLICE_EMPTY;
    bool reads = core_content_decode(m->content, &content) == OK;
    if (reads)
        remark.what = (uint8_t)what_of(&content, &target);
    if (remark.what != REMARK_NONE) {
        remark.time = content.edited;
        memcpy(remark.sender, m->sender, sizeof remark.sender);
        TRY(add(core, c, target.p, &remark));
        TRY(settle(core, c, target.p));
    }
    return settle(core, c, m->id);
}

bool core_remark_is_none(slice bytes) {
    struct content content;
    slice target;
    return bytes.n > 0 && (core_content_decode(bytes, &content) != OK ||
                           what_of(&content, &target) == REMARK_NONE);
}

/* ---- Receipts ---- */

/* One for each account: read says more than delivered. *changed: it says something new. */
static err add_receipt(slice row, const struct record_remark *receipt, buf *rest, bool *changed) {
    struct record_remark other;
    *changed = true;
    for (reader r = reader_of(row); r.n > 0;) {
        TRY(next(&r, &other));
        bool same = other.what >= REMARK_DELIVERED &&
                    memcmp(other.sender, receipt->sender, sizeof other.sender) == 0;
        if (same && other.what >= receipt->what)
            *changed = false;
        if (!same)
            TRY(append(rest, &other));
    }
    return append(rest, receipt);
}

static err put_receipt(struct core *core, struct conversation *c, const uint8_t id[32],
                       const struct record_remark *receipt) {
    bool changed = false;
    buf row = buf_on(core->mem), rest = buf_on(core->mem);
    err e = load(core, c, id, &row);
    if (e == OK)
        e = add_receipt(buf_slice(&row), receipt, &rest, &changed);
    if (e == OK && changed)
        e = store(core, c, id, buf_slice(&rest));
    if (e == OK && changed)
        core_history_changed(core, c, receipt->number, id);
    buf_free(&row);
    buf_free(&rest);
    return e;
}

err core_remark_receipt(struct core *core, struct conversation *c, uint64_t number,
                        const uint8_t sender[16], bool read) {
    struct record_message m;
    struct record_remark receipt = {.what = read ? REMARK_READ : REMARK_DELIVERED,
                                    .number = number};
    buf bytes = buf_on(core->mem);
    err e = core_history_read(core, c, number, &bytes, &m);
    memcpy(receipt.sender, sender, sizeof receipt.sender);
    if (e == OK && m.own && m.content.n > 0)
        e = put_receipt(core, c, m.id, &receipt);
    buf_free(&bytes);
    return e;
}

err core_remark_forget(struct core *core, const struct conversation *c,
                       const struct record_message *m) {
    struct content content;
    slice target = SLICE_EMPTY;
    TRY(store(core, c, m->id, SLICE_EMPTY));
    if (core_content_decode(m->content, &content) != OK ||
        what_of(&content, &target) == REMARK_NONE)
        return OK;
    return store(core, c, target.p, SLICE_EMPTY);
}

/* ---- Showing ---- */

err core_remark_look(struct core *core, const struct conversation *c,
                     const struct record_message *m, struct remarked *remarked) {
    struct record_remark remark;
    buf row = buf_on(core->mem);
    err e = load(core, c, m->id, &row);
    memset(remarked, 0, sizeof *remarked);
    for (reader r = reader_of(buf_slice(&row)); e == OK && r.n > 0;) {
        e = next(&r, &remark);
        if (e != OK)
            break;
        if (is_by(&remark, REMARK_EDIT, m->sender)) {
            remarked->edit = remark.number;
            remarked->time = remark.time;
        }
        remarked->delivered += remark.what >= REMARK_DELIVERED;
        remarked->read += remark.what == REMARK_READ;
        remarked->reactions +=
            remark.what == REMARK_REACTION && !core_is_blocked(core, remark.sender);
    }
    buf_free(&row);
    return e;
}

err core_remark_about(struct core *core, const struct conversation *c,
                      const struct record_message *m, const struct content *content,
                      uint64_t *about) {
    struct record_message named;
    slice target;
    enum remark_what what = what_of(content, &target);
    buf bytes = buf_on(core->mem);
    *about = 0;
    if (what == REMARK_NONE)
        return OK;
    TRY(core_history_find(core, c, target.p, about));
    if (*about == 0 || what == REMARK_REACTION)
        return OK;
    err e = core_history_read(core, c, *about, &bytes, &named);
    if (e == OK && memcmp(named.sender, m->sender, sizeof named.sender) != 0)
        *about = 0;
    buf_free(&bytes);
    return e;
}

/* True if the visitor wants more. */
static err show_reaction(struct core *core, const struct conversation *c,
                         const struct record_remark *remark, core_reaction_visit *visit, void *ctx,
                         bool *more) {
    struct record_message m;
    struct core_message shown;
    struct core_reaction reaction = {.number = remark->number};
    buf bytes = buf_on(core->mem), text = buf_on(core->mem), name = buf_on(core->mem);
    err e = core_history_read(core, c, remark->number, &bytes, &m);
    if (e == OK)
        e = core_history_show(core, c, &m, &shown, &text);
    if (e == OK)
        e = core_contact_name_of(core, c->r.number, m.sender, &name);
    if (e == OK) {
        memcpy(reaction.id, m.id, sizeof reaction.id);
        memcpy(reaction.sender, m.sender, sizeof reaction.sender);
        reaction.own = m.own;
        reaction.sender_name = buf_slice(&name);
        reaction.text = buf_slice(&text);
        *more = visit(ctx, &reaction);
    }
    buf_free(&bytes);
    buf_free(&text);
    buf_free(&name);
    return e;
}

err core_reactions(struct core *core, uint32_t conversation, uint64_t message,
                   core_reaction_visit *visit, void *ctx) {
    const struct conversation *c = core_conversation_lookup(core, conversation);
    struct record_message m;
    struct record_remark remark;
    bool more = true;
    buf bytes = buf_on(core->mem), row = buf_on(core->mem);
    err e = c == NULL ? ERR_NOT_FOUND : core_history_shown(core, c, message, &bytes, &m);
    if (e == OK)
        e = load(core, c, m.id, &row);
    for (reader r = reader_of(buf_slice(&row)); e == OK && more && r.n > 0;) {
        e = next(&r, &remark);
        if (e == OK && remark.what == REMARK_REACTION && !core_is_blocked(core, remark.sender))
            e = show_reaction(core, c, &remark, visit, ctx, &more);
    }
    buf_free(&bytes);
    buf_free(&row);
    return e;
}
