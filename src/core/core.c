#include "core/internal.h"

/* ---- Small things that everything uses ---- */

err core_list_add(struct core *core, struct list *list, void *object) {
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 8 : list->cap * 2;
        void **p = mem_resize(core->mem, list->p, list->cap * sizeof *p, cap * sizeof *p);
        if (p == NULL)
            return ERR_NO_MEMORY;
        list->p = p;
        list->cap = cap;
    }
    list->p[list->n++] = object;
    return OK;
}

void core_list_remove(struct list *list, size_t i) {
    memmove(&list->p[i], &list->p[i + 1], (list->n - i - 1) * sizeof *list->p);
    list->n--;
}

uint64_t core_random(uint64_t below) {
    uint64_t v;
    crypto_random(&v, sizeof v);
    return below == 0 ? 0 : v % below;
}

uint64_t core_moment(const struct core *core, uint64_t least, uint64_t most) {
    return core->now + least + core_random(most - least);
}

uint64_t core_soon(const struct core *core) {
    return core_moment(core, TIME_MINUTE / 2, 10 * TIME_MINUTE);
}

uint64_t core_shortly(const struct core *core) {
    return core_moment(core, TIME_SECOND / 5, CORE_SHORTLY);
}

uint64_t core_number(struct core *core) {
    core->counters_dirty = true;
    return core->counters.next++;
}

err core_command_number(struct core *core, uint64_t *command) {
    TRY(core_txn_begin(core));
    uint64_t number = core_number(core);
    TRY(core_txn_end(core, OK));
    *command = number; /* of a failed one the next may have the same */
    return OK;
}

err core_hash32(uint8_t out[32], slice bytes) {
    return crypto_blake2b_keyed(out, 32, SLICE_EMPTY, &bytes, 1);
}

/* ---- Store and transactions ---- */

struct store_key core_key(enum table table, slice name, uint64_t number) {
    return (struct store_key){(uint8_t)table, name, number};
}

err core_put(struct core *core, enum table table, slice name, uint64_t number, slice value) {
    return store_batch_put(core->batch, core_key(table, name, number), value);
}

err core_delete(struct core *core, enum table table, slice name, uint64_t number) {
    return store_batch_delete(core->batch, core_key(table, name, number));
}

err core_get(struct core *core, enum table table, slice name, uint64_t number, buf *value) {
    return store_get(core->store, core->in_txn ? core->batch : NULL, core_key(table, name, number),
                     value);
}

/* Forgets everything and reads it again: as after a crash. */
static err start_over(struct core *core, err why) {
    core_session_close_all(core, why);
    uint64_t at = core->now + core_backoff(core->store_failures++, TIME_SECOND, TIME_MINUTE);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        core->sessions[i].at = at;
    core_load_forget(core);
    err e = core_load_all(core);
    core->broken = e != OK;
    if (e != OK) {
        core_load_forget(core);
        core->broken_until = at;
    }
    return e;
}

err core_txn_begin(struct core *core) {
    if (core->in_txn)
        return ERR_BUG;
    if (core->broken)
        TRY(start_over(core, ERR_IO));
    store_batch_clear(core->batch);
    core->txn_mark = core_action_mark(core);
    core->in_txn = true;
    return OK;
}

err core_txn_end(struct core *core, err result) {
    if (!core->in_txn)
        return ERR_BUG;
    if (result == OK && core->counters_dirty)
        result = record_counters_put(core, TABLE_STATE, slice_str("counters"), 0, &core->counters);
    bool writes = store_batch_count(core->batch) > 0;
    if (result == OK && writes)
        result = store_commit_now(core->store, core->batch);
    if (result == OK && writes)
        core->store_failures = 0;
    core->unsettled = core->unsettled || (result == OK && core->goes);
    if (result == OK && core->unsettled)
        core->unsettled = !store_settle(core->store);
    core->in_txn = core->goes = false;
    store_batch_clear(core->batch);
    core->counters_dirty = false;
    if (result == OK)
        return OK;
    core_action_rewind(core, core->txn_mark);
    core_action_trouble(core, result, 0, "what was under way is undone and tried again");
    if (start_over(core, result) != OK)
        core_action_trouble(core, ERR_IO, 0, "the store can't be read now");
    return result;
}

/* ---- The clock ---- */

static void back(uint64_t *at, uint64_t step) {
    if (*at != 0)
        *at = *at > step ? *at - step : 1;
}

static void session_back(struct core_session *s, uint64_t step) {
    back(&s->at, step);
    back(&s->heard, step);
    back(&s->idle_at, step);
    back(&s->end_at, step);
    for (size_t i = 0; i < s->request_count; i++)
        back(&s->requests[i].deadline, step);
}

/* Whoever set the clock back must not make us wait for so long: what was due in a minute still is.
 */
static void set_back(struct core *core, uint64_t step) {
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        session_back(&core->sessions[i], step);
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        back(&c->commit_at, step);
        back(&c->probe_at, step);
        back(&c->probed, step);
        back(&c->devices_at, step);
        back(&c->read_at, step);
        back(&c->receipts_at, step);
        back(&c->replaced_until, step);
    }
    for (size_t i = 0; i < core->entries.n; i++) {
        struct entry *entry = core->entries.p[i];
        back(&entry->not_before, step);
        back(&entry->late_until, step);
    }
    for (size_t i = 0; i < WRITERS_MAX; i++) {
        back(&core->writers[i].heard, step);
        back(&core->writers[i].until, step);
    }
    back(&core->typing_at, step);
    for (size_t i = 0; i < core->waiting.n; i++) {
        struct waiting *w = core->waiting.p[i];
        back(&w->not_before, step);
    }
    for (size_t i = 0; i < core->uploads.n; i++) {
        struct upload *u = core->uploads.p[i];
        back(&u->not_before, step);
        back(&u->told, step);
        back(&u->saved_at, step);
    }
    for (size_t i = 0; i < core->downloads.n; i++) {
        struct download *d = core->downloads.p[i];
        back(&d->not_before, step);
        back(&d->told, step);
    }
    back(&core->linking.at, step);
    back(&core->linking.until, step);
    back(&core->broken_until, step);
    back(&core->ack_at, step);
    back(&core->stock_after, step);
    back(&core->stock_at, step);
    back(&core->key_after, step);
    back(&core->list_after, step);
    back(&core->purge_after, step);
    back(&core->revoke_after, step);
    back(&core->fetch_day, step);
    core_handle_back(core, step);
}

void core_clock(struct core *core, uint64_t now) {
    if (now < core->now) {
        set_back(core, core->now - now);
        core->bounded = false;
    }
    core->now = now;
    core_sync_clock(core);
}

err core_enter(struct core *core, uint64_t now) {
    core_clock(core, now);
    if (core->broken)
        return start_over(core, ERR_IO);
    return OK;
}

/* ---- The pump: everything that may have become possible ---- */

void core_pump(struct core *core) {
    if (core->broken && (core->now < core->broken_until || start_over(core, ERR_IO) != OK))
        return;
    core_expiry_pump(core);
    core_session_pump(core);
    core_inbox_pump(core);
    core_inbox_ack_pump(core);
    core_behind_pump(core);
    core_conversation_pump(core);
    core_blob_fetch_pump(core);
    core_auth_commands_pump(core);
    core_desk_pump(core);
    core_mailbox_key_pump(core);
    core_stock_pump(core);
    core_linking_pump(core);
    core_address_pump(core);
    core_handle_pump(core);
    core_outbox_pump(core); /* before the files: a message takes the room that there is */
    if (core_upload_pump(core))
        core_outbox_pump(core);
    core_download_pump(core);
    core_typing_pump(core);
}

void core_wake(struct core *core, uint64_t now) {
    core_clock(core, now);
    core->wake_told = 0;
    core_pump(core);
}

void core_online(struct core *core, bool online, uint64_t now) {
    core_clock(core, now);
    if (!online)
        core_inbox_ack_now(core);
    core->online = online;
    core->leaving = false;
    if (online) {
        core->replaced = core->refused = false;
        for (size_t i = 0; i < SESSIONS_MAX; i++)
            if (core->sessions[i].step == STEP_WAIT)
                core->sessions[i].at = now;
    }
    core_pump(core);
}

void core_leave(struct core *core, uint64_t now) {
    core_clock(core, now);
    core->leaving = true;
    core_session_leave(core);
    core_pump(core);
}

/* ---- Open and close ---- */

static err init(struct core *core) {
    core->auth =
        (struct mls_auth){.accept = core_leaf_accept, .extensions = core_roles_accept, .ctx = core};
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        core->sessions[i].kind = i == 0 ? AUTH : ANON;
        core->sessions[i].client_hello = buf_on(core->mem);
        core->sessions[i].server_hello = buf_on(core->mem);
    }
    core->wake_told = UINT64_MAX;
    core->missed = true; /* until it was looked */
    core->linking.server = core->linking.code_text = buf_on(core->mem);
    core->linking.out = core->linking.offered = buf_on(core->mem);
    core->record = core->image = core->own_name = core->wording = buf_on(core->mem);
    core->account.bytes = core->network.bytes = core->desk.bytes = buf_on(core->mem);
    core->action_bytes = buf_on(core->mem);
    core->job.form = core->job.pin = core->found = buf_on(core->mem);
    if (core->config.suite == 0)
        core->config.suite = MLS_SUITE_XWING_CHACHA;
    if (core->config.roster_above == 0)
        core->config.roster_above = PROTO_ROSTER_ABOVE;
    if (core->config.key_packages == 0)
        core->config.key_packages = 20;
    if (core->config.addresses == 0)
        core->config.addresses = 32;
    if (core->config.handle_memory == 0)
        core->config.handle_memory = LOOKUP_HANDLE_MEMORY;
    if (core->config.addresses > 200)
        core->config.addresses = 200;
    if (core->store->engine->deferred)
        return ERR_BUG;
    if (mls_suite_find(core->config.suite) == NULL)
        return ERR_UNSUPPORTED;
    TRY(crypto_init());
    return store_batch_new(&core->batch, core->mem);
}

err core_open(struct core **result, struct store *store, const struct core_config *config,
              uint64_t now) {
    const struct mem *mem = config == NULL ? NULL : config->mem;
    struct core *core = mem_new(mem, sizeof *core);
    *result = NULL;
    if (core == NULL)
        return ERR_NO_MEMORY;
    core->mem = mem;
    core->store = store;
    core->now = now;
    core->next_link = 1;
    if (config != NULL)
        core->config = *config;
    err e = init(core);
    if (e == OK)
        e = core_load_all(core);
    if (e != OK) {
        core_close(core);
        return e;
    }
    *result = core;
    return OK;
}

void core_close(struct core *core) {
    if (core == NULL)
        return;
    core_load_forget(core);
    core_download_free_all(core);
    mem_free(core->mem, core->downloads.p, core->downloads.cap * sizeof *core->downloads.p);
    core_linking_fini(core);
    core_handle_fini(core);
    core_action_free_all(core);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        core_session_fini(&core->sessions[i]);
    buf_free(&core->record);
    buf_free(&core->image);
    buf_free(&core->own_name);
    buf_free(&core->wording);
    store_batch_free(core->batch);
    mem_free(core->mem, core, sizeof *core);
}
