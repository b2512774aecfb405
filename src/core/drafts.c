/* What was begun to be written: in the store, and on this device alone. */
#include "core/internal.h"

static const char name_draft[] = "draft";

err core_draft_forget(struct core *core, const struct conversation *c) {
    core->goes = true;
    return core_delete(core, TABLE_CONVERSATION, slice_str(name_draft), c->r.number);
}

static err set(struct core *core, const struct conversation *c, slice text) {
    if (text.n == 0)
        return core_draft_forget(core, c);
    core->goes = true; /* the one before */
    return core_put(core, TABLE_CONVERSATION, slice_str(name_draft), c->r.number, text);
}

err core_draft_set(struct core *core, uint32_t conversation, slice text, uint64_t now) {
    TRY(core_enter(core, now));
    const struct conversation *c = core_conversation_lookup(core, conversation);
    if (c == NULL)
        return ERR_NOT_FOUND;
    if (text.n > CORE_TEXT_MAX)
        return ERR_TOO_LARGE;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, set(core, c, text)));
    core_pump(core);
    return OK;
}

err core_draft_get(struct core *core, uint32_t conversation, buf *text) {
    if (core_conversation_lookup(core, conversation) == NULL)
        return ERR_NOT_FOUND;
    err e = core_get(core, TABLE_CONVERSATION, slice_str(name_draft), conversation, text);
    return e == ERR_NOT_FOUND ? OK : e;
}
