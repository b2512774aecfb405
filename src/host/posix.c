#include "host/posix.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/time.h"
#include "crypto/crypto.h"
#include "host/files.h"
#include "proto/proto.h"
#include "sys/carrier.h"
#include "sys/files.h"

enum { PATH_MAX_BYTES = 4096, LINKS_MAX = 24, KEY = 32 };

/* A proxy may need a while to find its way. */
enum { HANDSHAKE_MS = 10000, PROXY_MS = 60000 };

/* A link of the core and the connection that serves it. */
struct link {
    struct host *host;
    struct sys_conn *conn;
    uint32_t number;
    bool used;
};

struct host {
    struct sys_loop *loop;
    struct store *store;
    struct core *core;
    struct sys_conns conns;
    struct sys_tls *tls; /* made when first needed */
    struct sys_timer wake;
    struct sys_later later;
    struct link links[LINKS_MAX];
    void (*notice)(void *ctx, const struct core_notice *notice);
    void *ctx;
    struct host_files files;
    bool draining;
};

uint64_t host_now(void) {
    return sys_clock_wall();
}

struct core *host_core(struct host *host) {
    return host->core;
}

/* ---- Links ---- */

static struct link *link_find(struct host *h, uint32_t number) {
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (h->links[i].used && h->links[i].number == number)
            return &h->links[i];
    return NULL;
}

/* A slot whose connection still says goodbye is not free: the connection points to it. */
static struct link *link_free_slot(struct host *h) {
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (!h->links[i].used && h->links[i].conn == NULL)
            return &h->links[i];
    return NULL;
}

static void link_opened(struct sys_conn *conn, void *ctx) {
    struct link *l = ctx;
    (void)conn;
    if (!l->used)
        return;
    core_link_up(l->host->core, l->number, host_now());
    host_drain(l->host);
}

static void link_message(struct sys_conn *conn, void *ctx, slice message) {
    struct link *l = ctx;
    (void)conn;
    if (!l->used)
        return;
    core_link_message(l->host->core, l->number, message, host_now());
    host_drain(l->host);
}

static void link_closed(struct sys_conn *conn, void *ctx, err why) {
    struct link *l = ctx;
    (void)conn;
    l->conn = NULL;
    if (!l->used)
        return;
    l->used = false;
    core_link_down(l->host->core, l->number, why == OK ? ERR_CLOSED : why, host_now());
    host_drain(l->host);
}

static const struct sys_conn_events link_events = {
    .opened = link_opened, .message = link_message, .closed = link_closed};

/* The server's own key is pinned inside the session, so a certificate proves nothing more: any will
 * do, and a self-signed one too. */
static err link_tls(struct host *h, const struct sys_address *address) {
    bool needed = address->scheme == SYS_SCHEME_WSS || address->scheme == SYS_SCHEME_TLS;
    if (!needed || h->tls != NULL)
        return OK;
    return sys_tls_client_new(&h->tls, SYS_TLS_ANY);
}

static err to_text(char *text, size_t size, slice bytes) {
    if (bytes.n >= size)
        return ERR_MALFORMED;
    memcpy(text, bytes.p, bytes.n);
    text[bytes.n] = '\0';
    return OK;
}

static void random_word(char word[SYS_SOCKS_WORD + 1]) {
    uint8_t bytes[SYS_SOCKS_WORD / 2];
    crypto_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(word + 2 * i, 3, "%02x", bytes[i]);
}

err host_proxy_check(const char *text) {
    struct sys_proxy proxy;
    return strlen(text) <= CORE_PROXY_MAX ? sys_proxy_parse(&proxy, text) : ERR_MALFORMED;
}

static err link_proxy(struct sys_proxy *proxy, slice text) {
    char copy[CORE_PROXY_MAX + 1];
    TRY(to_text(copy, sizeof copy, text));
    TRY(sys_proxy_parse(proxy, copy));
    random_word(proxy->user);
    random_word(proxy->password);
    return OK;
}

/* With a proxy there is no other way: whatever fails here leaves the link down. */
static err link_connect(struct host *h, struct link *l, slice server, slice proxy_text) {
    char text[SYS_HOST_MAX + SYS_PATH_MAX + 32];
    struct sys_address address;
    struct sys_proxy proxy;
    bool proxied = proxy_text.n > 0;
    TRY(to_text(text, sizeof text, server));
    TRY(sys_address_parse(&address, text));
    TRY(link_tls(h, &address));
    if (proxied)
        TRY(link_proxy(&proxy, proxy_text));
    h->conns.limits.handshake_ms = proxied ? PROXY_MS : HANDSHAKE_MS;
    return sys_conn_open(
        &l->conn, &h->conns,
        &(struct sys_connect){
            .address = &address, .tls = h->tls, .proxy = proxied ? &proxy : NULL, .ctx = l});
}

static void act_connect(struct host *h, uint32_t number, slice server, slice proxy) {
    struct link *l = link_free_slot(h);
    err e = ERR_LIMIT;
    if (l != NULL) {
        *l = (struct link){.host = h, .number = number, .used = true};
        e = link_connect(h, l, server, proxy);
        if (e != OK)
            *l = (struct link){.host = h};
    }
    if (e != OK)
        core_link_down(h->core, number, e, host_now());
}

static void act_transmit(struct host *h, uint32_t number, slice bytes) {
    struct link *l = link_find(h, number);
    if (l == NULL || l->conn == NULL)
        return;
    /* A queue that is full or closing ends the connection; its closed() tells the core. */
    if (sys_conn_send(l->conn, bytes) != OK)
        sys_conn_close(l->conn, SYS_CLOSE_NOW);
}

static void act_disconnect(struct host *h, uint32_t number) {
    struct link *l = link_find(h, number);
    if (l == NULL)
        return;
    l->used = false;
    if (l->conn != NULL)
        sys_conn_close(l->conn, SYS_CLOSE_FLUSH);
}

/* ---- Actions ---- */

static void wake(void *ctx) {
    struct host *h = ctx;
    core_wake(h->core, host_now());
    host_drain(h);
}

static void act_wake(struct host *h, uint64_t at) {
    uint64_t now = host_now();
    sys_timer_cancel(&h->wake);
    if (at == UINT64_MAX)
        return;
    /* At most a day, so that a clock that was set is noticed. */
    uint64_t in = at > now ? at - now : 0;
    if (in > TIME_DAY)
        in = TIME_DAY;
    if (sys_timer_set(&h->wake, h->loop, in, wake, h) != OK)
        sys_later_set(&h->later, h->loop, wake, h);
}

static void act_notice(struct host *h, struct core_notice notice) {
    if (notice.kind == CORE_NOTICE_DONE)
        notice.error = host_files_done(&h->files, notice.command, notice.error);
    if (h->notice != NULL)
        h->notice(h->ctx, &notice);
}

static void act(struct host *h, const struct core_action *a) {
    switch (a->kind) {
    case CORE_CONNECT:
        act_connect(h, a->link, a->server, a->proxy);
        break;
    case CORE_TRANSMIT:
        act_transmit(h, a->link, a->bytes);
        break;
    case CORE_DISCONNECT:
        act_disconnect(h, a->link);
        break;
    case CORE_WAKE:
        act_wake(h, a->at);
        break;
    case CORE_READ:
        host_files_read(&h->files, a);
        break;
    case CORE_WRITE:
        host_files_write(&h->files, a);
        break;
    case CORE_NOTICE:
        act_notice(h, a->notice);
        break;
    }
}

void host_drain(struct host *h) {
    struct core_action action;
    if (h->draining)
        return;
    h->draining = true;
    while (core_next_action(h->core, &action))
        act(h, &action);
    h->draining = false;
}

static void drain(void *ctx) {
    host_drain(ctx);
}

struct host_files *host_files(struct host *h) {
    return &h->files;
}

void host_online(struct host *h, bool online) {
    core_online(h->core, online, host_now());
    host_drain(h);
}

static bool has_links(const struct host *h) {
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (h->links[i].conn != NULL)
            return true;
    return false;
}

void host_goodbye(struct host *h, int max_ms) {
    uint64_t until = sys_clock_mono() + CORE_LEAVE_TIME + (uint64_t)max_ms;
    core_leave(h->core, host_now());
    host_drain(h);
    while (has_links(h) && sys_clock_mono() < until)
        if (sys_loop_turn(h->loop, 20) != OK)
            return;
}

/* ---- Reasons ---- */

const char *host_reason_text(uint16_t reason) {
    return proto_reason_text(reason);
}

const char *host_reason_name(uint16_t reason) {
    return proto_reason_name(reason);
}

/* ---- Opening ---- */

static err store_path(char *path, const char *home) {
    int n = snprintf(path, PATH_MAX_BYTES, "%s/store.db", home);
    return n > 0 && n < PATH_MAX_BYTES ? OK : ERR_TOO_LARGE;
}

bool host_exists(const char *home) {
    char path[PATH_MAX_BYTES];
    struct stat st;
    return store_path(path, home) == OK && stat(path, &st) == 0;
}

static err open_store(struct host *h, const struct host_config *config) {
    char path[PATH_MAX_BYTES];
    uint8_t key[KEY];
    struct store *inner = NULL;
    if (!config->create && !host_exists(config->home))
        return ERR_NOT_FOUND;
    TRY(store_path(path, config->home));
    TRY(sys_dir_make(config->home));
    TRY(store_sqlite_open(&inner, path));
    err result = config->create ? OK : store_sealed_find(inner);
    if (result == OK)
        result = store_sealed_unlock(inner, config->passphrase, key);
    if (result == OK)
        result = store_sealed_open(&h->store, inner, key, NULL);
    wipe(key, sizeof key);
    if (result != OK)
        store_close(inner);
    return result;
}

err host_relock(const char *home, slice passphrase, slice fresh) {
    char path[PATH_MAX_BYTES];
    struct store *inner = NULL;
    if (!host_exists(home))
        return ERR_NOT_FOUND;
    TRY(crypto_init());
    TRY(store_path(path, home));
    TRY(store_sqlite_open(&inner, path));
    err result = store_sealed_relock(inner, passphrase, fresh);
    store_close(inner);
    return result;
}

err host_open(struct host **out, struct sys_loop *loop, const struct host_config *config) {
    err result = ERR_NO_MEMORY;
    *out = NULL;
    struct host *h = mem_new(NULL, sizeof *h);
    if (h == NULL)
        return result;
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.queue_max = 4 * 1024 * 1024;
    h->loop = loop;
    h->notice = config->notice;
    h->ctx = config->ctx;
    sys_conns_init(&h->conns, loop, &link_events, NULL, &limits);
    TRY_OUT(result, crypto_init());
    TRY_OUT(result, open_store(h, config));
    TRY_OUT(result, core_open(&h->core, h->store, &config->core, host_now()));
    host_files_init(&h->files, h->core, loop, drain, h);
    *out = h;
    h = NULL;
out:
    host_close(h);
    return result;
}

void host_close(struct host *h) {
    if (h == NULL)
        return;
    sys_timer_cancel(&h->wake);
    sys_later_cancel(&h->later);
    host_files_fini(&h->files);
    sys_conns_fini(&h->conns);
    sys_tls_free(h->tls);
    core_close(h->core);
    if (h->store != NULL)
        store_close(h->store);
    mem_free(NULL, h, sizeof *h);
}
