#include "web/web.h"

#include "crypto/crypto.h"
#include "proto/proto.h"
#include "store/file.h"
#include "store/file_host.h"
#include "web/calls.h"
#include "web/host.h"

enum { KEY = 32 };
#define STORE "store.db"

static struct {
    struct store *store, *inner; /* the inner one is closed with the other */
    struct core *core;           /* NULL: closed */
    buf room;                    /* what the host hands in */
    struct json answer;          /* of the last call */
} web;

static uint64_t now(void) {
    return (uint64_t)host_now();
}

/* ---- Actions ---- */

static const char *notice_name(enum core_notice_kind kind) {
    static const char *const names[] = {
        "",           "done",      "linking",  "synced", "sent",        "message",  "conversation",
        "connection", "caught_up", "replaced", "gaps",   "quarantined", "progress", "petname",
        "desk",       "trouble",   "changed",  "writing"};
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "";
}

static void act_notice(const struct core_notice *n) {
    struct json j = {0};
    json_object(&j, notice_name(n->kind));
    json_num(&j, "command", n->command);
    json_str(&j, "error", slice_str(n->error == OK ? "" : err_name(n->error)));
    json_str(&j, "reason", slice_str(n->reason == 0 ? "" : proto_reason_name(n->reason)));
    json_str(&j, "text", n->text);
    json_num(&j, "conversation", n->conversation);
    json_num(&j, "message", n->message);
    call_put_id(&j, "message_id", SLICE_ARRAY(n->message_id));
    json_num(&j, "refused", n->refused);
    json_num(&j, "count", n->count);
    json_num(&j, "done", n->done);
    json_num(&j, "total", n->total);
    json_object_end(&j);
    /* Without memory for it the page misses an event; the core goes on. */
    if (j.e == OK)
        host_notify(j.b.p, j.b.n);
    buf_free(&j.b);
}

static void act_read(const struct core_action *a) {
    slice place;
    err e = core_file_place(web.core, a->command, &place);
    if (e == OK)
        host_source_read((double)a->command, place.p, place.n, (double)a->offset, a->count);
    else
        core_file_failed(web.core, a->command, e, now());
}

static void act(const struct core_action *a) {
    switch (a->kind) {
    case CORE_CONNECT:
        host_net_connect(a->link);
        break;
    case CORE_TRANSMIT:
        host_net_send(a->link, a->bytes.p, a->bytes.n);
        break;
    case CORE_DISCONNECT:
        host_net_close(a->link);
        break;
    case CORE_WAKE:
        host_wake((double)a->at);
        break;
    case CORE_READ:
        act_read(a);
        break;
    case CORE_WRITE:
        host_sink_write((double)a->command, (double)a->offset, a->bytes.p, a->bytes.n);
        break;
    case CORE_NOTICE:
        act_notice(&a->notice);
        break;
    }
}

static void drain(void) {
    struct core_action action;
    while (core_next_action(web.core, &action))
        act(&action);
}

/* ---- Opening and closing ---- */

uint8_t *web_room(size_t n) {
    return buf_resize(&web.room, n) == OK ? web.room.p : NULL;
}

const char *web_error_name(int e) {
    return err_name((err)e);
}

void web_close(void) {
    core_close(web.core);
    if (web.store != NULL)
        store_close(web.store);
    buf_free(&web.room);
    buf_free(&web.answer.b);
    memset(&web, 0, sizeof web);
}

/* NOT_FOUND: there is none. Another error says nothing of that. */
static err find_store(void) {
    struct file *f;
    uint64_t size = 0;
    TRY(file_system.open(&f, STORE, 0));
    err e = f->engine->size(f, &size);
    f->engine->close(f);
    return e == OK && size == 0 ? ERR_NOT_FOUND : e;
}

static err open_store(slice passphrase, bool create, bool secret) {
    uint8_t key[KEY];
    struct store *inner = NULL;
    TRY(store_sqlite_open(&inner, STORE));
    err result = create ? OK : store_sealed_find(inner);
    if (result == OK)
        result = secret ? store_sealed_unlock_secret(inner, passphrase, key)
                        : store_sealed_unlock(inner, passphrase, key);
    if (result == OK)
        result = store_sealed_open(&web.store, inner, key, NULL);
    wipe(key, sizeof key);
    if (result == OK)
        web.inner = inner;
    else
        store_close(inner);
    return result;
}

static err open_core(slice passphrase, bool create, bool secret) {
    if (web.core != NULL)
        return ERR_STATE;
    if (!create)
        TRY(find_store());
    TRY(crypto_init());
    TRY(open_store(passphrase, create, secret));
    return core_open(&web.core, web.store, NULL, now());
}

static int open_by(size_t n, bool create, bool secret) {
    if (n > web.room.n)
        return ERR_BUG;
    err e = open_core(slice_of(web.room.p, n), create, secret);
    buf_clear(&web.room);
    if (e == OK)
        drain();
    else if (web.core == NULL)
        web_close();
    return (int)e;
}

int web_open(size_t n, int create) {
    return open_by(n, create != 0, false);
}

int web_open_secret(size_t n) {
    return open_by(n, false, true);
}

typedef err change_lock(struct store *inner, slice passphrase, slice fresh);

static int change(change_lock *how, size_t n, size_t fresh) {
    err e = ERR_CLOSED;
    if (fresh > web.room.n || n > web.room.n - fresh)
        return ERR_BUG;
    if (web.core != NULL)
        e = how(web.inner, slice_of(web.room.p, n), slice_of(web.room.p + n, fresh));
    buf_clear(&web.room);
    return (int)e;
}

int web_relock(size_t n, size_t fresh) {
    return change(store_sealed_relock, n, fresh);
}

int web_secret(size_t n, size_t secret) {
    return change(store_sealed_secret, n, secret);
}

/* ---- Events ---- of no meaning while the core is closed */

void web_online(int online) {
    if (web.core == NULL)
        return;
    core_online(web.core, online != 0, now());
    drain();
}

void web_link_up(uint32_t link) {
    if (web.core == NULL)
        return;
    core_link_up(web.core, link, now());
    drain();
}

void web_link_message(uint32_t link, size_t n) {
    if (web.core == NULL || n > web.room.n)
        return;
    core_link_message(web.core, link, slice_of(web.room.p, n), now());
    drain();
}

void web_link_down(uint32_t link) {
    if (web.core == NULL)
        return;
    core_link_down(web.core, link, ERR_CLOSED, now());
    drain();
}

void web_wake(void) {
    if (web.core == NULL)
        return;
    core_wake(web.core, now());
    drain();
}

void web_file_bytes(double command, double offset, size_t n) {
    if (web.core == NULL || n > web.room.n)
        return;
    core_file_bytes(web.core, (uint64_t)command, (uint64_t)offset, slice_of(web.room.p, n), now());
    drain();
}

void web_file_failed(double command, int failure) {
    if (web.core == NULL)
        return;
    core_file_failed(web.core, (uint64_t)command, file_host_err(failure), now());
    drain();
}

/* ---- Calls ---- */

size_t web_call(size_t n) {
    buf_clear(&web.answer.b);
    web.answer = (struct json){.b = web.answer.b};
    call_run(web.core, now(), slice_of(web.room.p, n < web.room.n ? n : web.room.n), &web.answer);
    buf_clear(&web.room); /* passphrases and words go through here */
    if (web.core != NULL)
        drain();
    return web.answer.e == OK ? web.answer.b.n : 0;
}

const uint8_t *web_answer(void) {
    return web.answer.b.p;
}
