/* From the store into memory, at the start and after a commit that failed. */
#include "core/internal.h"

struct loading {
    struct core *core;
    err e;
};

static err load_format(struct core *core) {
    buf value = buf_on(core->mem);
    err e = core_get(core, TABLE_STATE, slice_str("format"), 0, &value);
    if (e == OK && (value.n != 1 || value.p[0] != FORMAT))
        e = ERR_UNSUPPORTED;
    buf_free(&value);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err load_counters(struct core *core) {
    buf value = buf_on(core->mem);
    memset(&core->counters, 0, sizeof core->counters);
    core->counters.next = 1;
    err e = core_get(core, TABLE_STATE, slice_str("counters"), 0, &value);
    if (e == OK)
        e = record_counters_read(buf_slice(&value), &core->counters);
    buf_free(&value);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err load_account(struct core *core) {
    buf_clear(&core->account.bytes);
    err e = core_get(core, TABLE_STATE, slice_str("account"), 0, &core->account.bytes);
    core->account.exists = e == OK;
    if (e == OK)
        e = record_account_read(buf_slice(&core->account.bytes), &core->account.r);
    if (e == OK && mls_suite_find(core->account.r.suite) == NULL)
        e = ERR_UNSUPPORTED;
    return e == ERR_NOT_FOUND ? OK : e;
}

static err load_record(struct core *core) {
    buf_clear(&core->record);
    err e = core_get(core, TABLE_STATE, slice_str("server"), 0, &core->record);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* One visitor for each kind of object: a zeroed object, its bytes and other bufs, its list. */
#define VISIT(what, plural, more)                                            \
    static err add_##what(struct core *core, slice value) {                  \
        struct what *o = mem_new(core->mem, sizeof *o);                      \
        if (o == NULL)                                                       \
            return ERR_NO_MEMORY;                                            \
        o->bytes = buf_on(core->mem);                                        \
        more;                                                                \
        err e = buf_set(&o->bytes, value);                                   \
        if (e == OK)                                                         \
            e = record_##what##_read(buf_slice(&o->bytes), &o->r);           \
        if (e == OK)                                                         \
            e = core_list_add(core, &core->plural, o);                       \
        if (e != OK)                                                         \
            core_##what##_free(core, o);                                     \
        return e;                                                            \
    }                                                                        \
    static bool visit_##what(void *ctx, struct store_key key, slice value) { \
        struct loading *l = ctx;                                             \
        (void)key;                                                           \
        l->e = add_##what(l->core, value);                                   \
        return l->e == OK;                                                   \
    }
VISIT(contact, contacts, )
VISIT(contact_link, links, )
VISIT(blocked, blocked, )
VISIT(picture, pictures, )
VISIT(conversation, conversations, )
VISIT(entry, entries, o->targets = o->taken = o->blob_bytes = buf_on(core->mem))
VISIT(upload, uploads, )
VISIT(waiting, waiting, o->blob = buf_on(core->mem))
VISIT(revocation, revocations, )
VISIT(claim, claims, )
VISIT(desk_notice, notices, )

static bool visit_address(void *ctx, struct store_key key, slice value) {
    struct loading *l = ctx;
    (void)value;
    if (l->core->address_count++ == 0)
        l->core->address_first = key.number;
    l->core->address_next = key.number + 1;
    return true;
}

static bool visit_key(void *ctx, struct store_key key, slice value) {
    struct loading *l = ctx;
    struct record_own_key own;
    (void)key;
    l->e = record_own_key_read(value, &own);
    if (l->e == OK && !own.last_resort)
        l->core->key_count++;
    return l->e == OK;
}

static err scan(struct core *core, enum table table, const char *name, store_visit *visit) {
    struct loading l = {core, OK};
    TRY(store_scan(core->store, core_key(table, slice_str(name), 0), UINT64_MAX, visit, &l));
    return l.e;
}

err core_load_all(struct core *core) {
    TRY(load_format(core));
    TRY(load_counters(core));
    TRY(load_account(core));
    TRY(core_network_load(core));
    TRY(load_record(core));
    TRY(core_desk_load(core));
    TRY(scan(core, TABLE_CONTACT, "contact", visit_contact));
    TRY(scan(core, TABLE_ADDRESS, "link", visit_contact_link));
    TRY(scan(core, TABLE_CONTACT, "blocked", visit_blocked));
    TRY(scan(core, TABLE_PROFILE, "picture", visit_picture));
    TRY(scan(core, TABLE_CONVERSATION, "conversation", visit_conversation));
    TRY(core_settings_load(core));
    TRY(core_kept_load(core));
    TRY(core_expiry_load(core));
    TRY(core_receipts_load(core));
    TRY(core_typing_load(core));
    TRY(scan(core, TABLE_OUTBOX, "entry", visit_entry));
    TRY(scan(core, TABLE_OUTBOX, "upload", visit_upload));
    for (size_t i = 0; i < core->uploads.n; i++)
        core_upload_loaded(core, core->uploads.p[i]);
    TRY(scan(core, TABLE_WAITING, "item", visit_waiting));
    TRY(scan(core, TABLE_STATE, "claim", visit_claim));
    TRY(scan(core, TABLE_STATE, "notice", visit_desk_notice));
    TRY(scan(core, TABLE_ADDRESS, "address", visit_address));
    TRY(scan(core, TABLE_ADDRESS, "revoke", visit_revocation));
    TRY(scan(core, TABLE_KEY, "key", visit_key));
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        c->retry = true;
        core_receipts_schedule(core, c);
        if (c->r.devices)
            TRY(core_devices_mark(core, c));
        if (c->r.pending && !core_request_is(c))
            c->commit_at = core->now + TIME_SECOND;
        if (core_waiting_for_epoch(core, c))
            core_conversation_doubt(core, c);
    }
    return OK;
}

static void forget_list(struct core *core, struct list *list) {
    mem_free(core->mem, list->p, list->cap * sizeof *list->p);
    memset(list, 0, sizeof *list);
}

void core_load_forget(struct core *core) {
    for (size_t i = 0; i < core->contacts.n; i++)
        core_contact_free(core, core->contacts.p[i]);
    for (size_t i = 0; i < core->links.n; i++)
        core_contact_link_free(core, core->links.p[i]);
    for (size_t i = 0; i < core->blocked.n; i++)
        core_blocked_free(core, core->blocked.p[i]);
    for (size_t i = 0; i < core->pictures.n; i++)
        core_picture_free(core, core->pictures.p[i]);
    for (size_t i = 0; i < core->conversations.n; i++)
        core_conversation_free(core, core->conversations.p[i]);
    for (size_t i = 0; i < core->entries.n; i++)
        core_entry_free(core, core->entries.p[i]);
    for (size_t i = 0; i < core->uploads.n; i++)
        core_upload_free(core, core->uploads.p[i]);
    for (size_t i = 0; i < core->waiting.n; i++)
        core_waiting_free(core, core->waiting.p[i]);
    for (size_t i = 0; i < core->revocations.n; i++)
        core_revocation_free(core, core->revocations.p[i]);
    for (size_t i = 0; i < core->notices.n; i++)
        core_desk_notice_free(core, core->notices.p[i]);
    forget_list(core, &core->contacts);
    forget_list(core, &core->links);
    forget_list(core, &core->blocked);
    forget_list(core, &core->pictures);
    forget_list(core, &core->conversations);
    forget_list(core, &core->entries);
    forget_list(core, &core->uploads);
    core_handle_forget(core);
    core_expiry_forget_all(core);
    forget_list(core, &core->waiting);
    forget_list(core, &core->revocations);
    forget_list(core, &core->claims);
    forget_list(core, &core->notices);
    buf_free(&core->network.bytes);
    memset(&core->network.r, 0, sizeof core->network.r);
    buf_free(&core->desk.bytes);
    memset(&core->desk, 0, sizeof core->desk);
    core->desk.bytes = buf_on(core->mem);
    buf_free(&core->account.bytes);
    core->account.exists = false;
    memset(&core->account.r, 0, sizeof core->account.r);
    core->address_first = core->address_next = 0;
    core->address_count = core->key_count = 0;
    memset(core->writers, 0, sizeof core->writers);
    core->caught_up = core->count_known = core->stock_busy = false;
    core->unacked = 0;
    core->ack_at = 0;
    wipe(&core->chain, sizeof core->chain);
}
