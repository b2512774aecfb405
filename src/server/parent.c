/* The parent: ports, keys and certificates; it starts the others and watches them. It parses
 * nothing that comes from a peer. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "server/backup.h"
#include "server/parent.h"
#include "sys/activation.h"
#include "sys/address.h"
#include "sys/files.h"
#include "sys/machine.h"
#include "sys/pages.h"
#include "sys/tls.h"

enum { LOCK_TRIES = 100, LOCK_REST_MS = 20 };
/* A Noise key is changed after four weeks and may be met for two more. */
enum { KEY_WEEKS = 4, KEY_GRACE_WEEKS = 2 };

enum exit_code exit_code_of(err e) {
    switch (e) {
    case OK:
        return EXIT_FINE;
    case ERR_BUSY:
        return EXIT_IN_USE;
    case ERR_DAMAGED:
        return EXIT_DAMAGED;
    default:
        return EXIT_FAILED;
    }
}

const char *store_advice(err e) {
    switch (e) {
    case ERR_DISK_FULL:
        return "; make room on it";
    case ERR_DAMAGED:
        return "; restore a backup, or let `sottod repair` drop what can't be read";
    default:
        return "";
    }
}

void sandbox_text_keep(char to[SANDBOX_TEXT], slice text) {
    size_t n = text.n < SANDBOX_TEXT ? text.n : SANDBOX_TEXT - 1;
    for (size_t i = 0; i < n; i++) {
        char c = (char)text.p[i];
        to[i] = c < ' ' || c == '"' || c == '\\' ? '?' : c;
    }
    to[n] = 0;
}

const char *sandbox_user(char to[SANDBOX_USER], slice user) {
    if (user.n == 0 || user.n >= SANDBOX_USER)
        return NULL;
    memcpy(to, user.p, user.n);
    to[user.n] = 0;
    return to;
}

/* ---- The end ---- */

static bool edges_run(const struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++)
        if (p->edges[i].proc != NULL && sys_proc_pid(p->edges[i].proc) != 0)
            return true;
    return false;
}

/* Edges first, so that mail has the last word about what they brought. */
void parent_go_on_stopping(struct parent *p) {
    if (edges_run(p))
        return;
    if (p->mail.proc != NULL && sys_proc_pid(p->mail.proc) != 0)
        children_stop_mail(p);
    else
        sys_loop_stop(p->loop);
}

static void drain_over(void *ctx) {
    struct parent *p = ctx;
    sys_log_warn(&p->log, "drain_over",
                 "some connections end without a word: the time for it is over");
    children_stop_edges(p);
}

/* Who comes now is refused at once, unless the service manager has the sockets too. */
static void close_ports(struct parent *p) {
    sys_fd_close(p->tcp);
    sys_fd_close(p->http);
    p->tcp = p->http = -1;
}

static void see_off(struct parent *p) {
    uint64_t ms = p->config->drain_seconds * 1000;
    if (ms > 0 && sys_timer_set(&p->drain, p->loop, ms, drain_over, p) == OK)
        children_see_off(p);
    else
        children_stop_edges(p);
    parent_go_on_stopping(p);
}

static void close_and_see_off(void *ctx) {
    struct parent *p = ctx;
    close_ports(p);
    see_off(p);
}

static void note_stopping(struct parent *p) {
    p->stopping = true;
    sys_notify("STOPPING=1");
}

void parent_stop(struct parent *p, int exit_code) {
    if (p->stopping) {
        sys_loop_stop(p->loop); /* asked twice: at once */
        return;
    }
    note_stopping(p);
    p->exit_code = exit_code;
    uint64_t ms = p->announced ? p->config->unready_seconds * 1000 : 0;
    if (ms > 0 && sys_timer_set(&p->drain, p->loop, ms, close_and_see_off, p) == OK)
        children_unready(p);
    else
        close_and_see_off(p);
}

void parent_hand_over(struct parent *p) {
    sys_log_info(&p->log, "taken_over", "another server takes over");
    note_stopping(p);
    p->hands_over = true;
    see_off(p);
}

/* What has ended already is started again as if it had died. */
void parent_take_back(struct parent *p) {
    sys_log_warn(&p->log, "heir_gone",
                 "the server that was to take over is gone; this one goes on");
    p->hands_over = p->stopping = false;
    sys_timer_cancel(&p->drain);
    sys_notify("READY=1");
}

/* ---- What is printed ---- */

static void print_base32(slice bytes) {
    buf text = {0};
    if (base32_encode(&text, bytes) == OK)
        printf("%.*s", (int)text.n, (const char *)text.p);
    buf_free(&text);
}

void parent_announce(struct parent *p) {
    char http_host[CONFIG_TEXT], http_port[CONFIG_TEXT];
    if (sys_address_split(p->config->http, http_host, http_port) != OK)
        return;
    printf("sottod: ready on %s:%u, http %s:%u, identity ", p->host, p->port, http_host,
           p->http_port);
    print_base32(SLICE_ARRAY(p->keys.identity));
    printf("\n");
    fflush(stdout);
    sys_notify("READY=1\nSTATUS=serving");
    uint8_t count = (uint8_t)(p->print_invites > 255 ? 255 : p->print_invites);
    struct proto_frame frame = {0, PROTO_invite_make, slice_of(&count, 1)};
    if (count > 0 && operator_ask(p, NULL, &frame) != OK)
        sys_log_error(&p->log, "invites_failed", "could not ask for invites");
}

/* ---- The Noise key ---- */

static uint64_t parent_now(struct parent *p) {
    return clock_now(&p->clock, &p->log);
}

static err make_noise_key(struct parent *p) {
    uint32_t until = time_week(parent_now(p)) + KEY_WEEKS + KEY_GRACE_WEEKS;
    struct session_key key;
    TRY(session_key_make(&key, p->noise.number + 1, p->keys.identity_priv, until));
    p->noise_before = p->noise;
    p->noise = key;
    wipe(&key, sizeof key);
    return OK;
}

/* Mail works with those that it was started with. It starts again when its channel is gone, and the
 * edges with it: twice a year every connection is lost once. */
static err turn_address_keys(struct parent *p) {
    uint8_t before = p->keys.address[0].id;
    bool certain = sys_clock_mono() - p->started >= TIME_DAY;
    TRY(keys_turn(&p->keys, p->config->data, parent_now(p), certain));
    if (p->keys.address[0].id == before || p->mail.wire.channel == NULL)
        return OK;
    sys_log_info(&p->log, "address_key_changes",
                 "the key of addresses changes; all processes start again");
    wire_fini(&p->mail.wire);
    return OK;
}

static void hourly(void *ctx) {
    struct parent *p = ctx;
    err e = sys_timer_set(&p->hourly, p->loop, TIME_HOUR, hourly, p);
    bool due = time_week(parent_now(p)) + KEY_GRACE_WEEKS >= p->noise.until;
    if (e == OK && due)
        e = make_noise_key(p);
    if (e == OK && due)
        children_tell_key(p);
    if (e != OK)
        sys_log_failure(&p->log, "session_key_failed", "could not change the session key", e);
    e = p->stopping ? OK : turn_address_keys(p);
    if (e != OK)
        sys_log_failure(&p->log, "address_key_failed", "could not change the key of addresses", e);
}

/* ---- Start ---- */

static err complain(struct parent *p, const char *what, const char *which, err e) {
    char text[PARENT_PATH + 128];
    snprintf(text, sizeof text, "%s %s", what, which);
    sys_log_failure(&p->log, "setup_failed", text, e);
    return e;
}

/* By the server before, or by the service manager, if either has it open: then nobody is refused
 * while this one starts. */
static err open_port(struct parent *p, const char *manager_name, const char *text, int *fd,
                     uint16_t *port) {
    char host[CONFIG_TEXT], name[CONFIG_TEXT];
    if (*fd < 0)
        *fd = sys_activation_take(manager_name);
    if (*fd >= 0)
        return sys_listen_port(*fd, port);
    TRY(sys_address_split(text, host, name));
    struct sys_listen options = {.host = host, .port = name};
    err e = sys_listen_open(fd, &options);
    if (e != OK)
        return complain(p, "could not listen on", text, e);
    return sys_listen_port(*fd, port);
}

err parent_open_ports(struct parent *p) {
    char name[CONFIG_TEXT];
    TRY(open_port(p, "tcp", p->config->listen, &p->tcp, &p->port));
    TRY(open_port(p, "http", p->config->http, &p->http, &p->http_port));
    TRY(sys_address_split(p->config->listen, p->host, name));
    int n = p->config->public[0] != 0
                ? snprintf(p->public, sizeof p->public, "%s", p->config->public)
                : snprintf(p->public, sizeof p->public,
                           strchr(p->host, ':') ? "[%.480s]:%u" : "%.480s:%u", p->host, p->port);
    return n < 0 || (size_t)n >= sizeof p->public ? ERR_TOO_LARGE : OK;
}

static err read_pem(struct parent *p, const char *path, buf *out) {
    if (path[0] == 0)
        return OK;
    err e = sys_file_read(path, PEM_MAX, out);
    return e == OK ? OK : complain(p, "could not read", path, e);
}

static err read_pages(struct parent *p, int *fd) {
    char which[SYS_PAGES_NAME];
    if (p->config->pages[0] == 0)
        return OK;
    err e = sys_pages_read(p->config->pages, fd, which);
    return e == OK ? OK : complain(p, "could not read the web page:", which, e);
}

/* A server that was killed while it handed over may hold it for a moment. */
static err take_lock(struct parent *p, const char *path) {
    err e = sys_lock_take(path, &p->lock);
    for (int i = 0; p->takes_over && e == ERR_BUSY && i < LOCK_TRIES; i++) {
        sys_clock_rest(LOCK_REST_MS);
        e = sys_lock_take(path, &p->lock);
    }
    return e;
}

static err take_data(struct parent *p) {
    char path[PARENT_PATH];
    const char *data = p->config->data;
    err e = sys_dir_make(data);
    if (e != OK)
        return complain(p, "could not make the directory", data, e);
    TRY(keys_path(path, data, "lock"));
    e = take_lock(p, path);
    if (e != OK)
        return complain(p, "could not take the data directory", data, e);
    TRY(keys_path(path, data, RESTORING));
    if (sys_dir_check(path) != ERR_NOT_FOUND)
        return complain(p, "`sottod restore` did not come to its end, do it again:", path,
                        ERR_DAMAGED);
    e = keys_load(&p->keys, data, true, path);
    if (e == ERR_DAMAGED)
        return complain(p, "a key file is missing or damaged, restore it from a backup:", path, e);
    if (e != OK)
        return complain(p, "could not read the key file", path, e);
    TRY(keys_turn(&p->keys, data, parent_now(p), false));
    /* Made here, since mail sees nothing of what lies beside it. */
    TRY(keys_path(p->store_path, data, "store"));
    e = sys_dir_make(p->store_path);
    if (e != OK)
        return complain(p, "could not make the directory", p->store_path, e);
    if (p->config->user[0] == 0)
        return OK;
    e = sys_dir_give(data, p->store_path, p->config->user);
    return e == OK ? OK : complain(p, "could not give the store to", p->config->user, e);
}

static err enter_sandbox(struct parent *p) {
    struct sys_sandbox_report report;
    struct sys_sandbox sandbox = {
        .profile = SYS_PROFILE_PARENT, .mode = p->sandbox_mode, .write_paths = {p->config->data}};
    err e = sys_sandbox_enter(&sandbox, &report);
    if (e != OK)
        return complain(p, "could not enter the sandbox of the", "parent", e);
    sandbox_text_keep(p->sandbox, slice_str(report.text));
    return OK;
}

/* ---- Another certificate ---- */

static err check_certificate(slice certificate, slice key) {
    struct sys_tls *tls = NULL;
    int days = 0;
    TRY(sys_tls_server_new(&tls, certificate, key));
    sys_tls_free(tls);
    TRY(sys_tls_days_left(certificate, &days));
    return days < 0 ? ERR_EXPIRED : OK;
}

/* What can't be used changes nothing. */
static void reload_certificate(struct parent *p) {
    buf certificate = {0}, key = {0};
    err e = read_pem(p, p->config->certificate, &certificate);
    if (e == OK)
        e = read_pem(p, p->config->certificate_key, &key);
    if (e == OK)
        e = check_certificate(buf_slice(&certificate), buf_slice(&key));
    if (e == OK) {
        buf before = p->certificate, key_before = p->certificate_key;
        p->certificate = certificate;
        p->certificate_key = key;
        certificate = before;
        key = key_before;
        children_tell_certificate(p);
        sys_log_info(&p->log, "certificate_read", "the certificate was read again");
    } else {
        sys_log_failure(&p->log, "certificate_refused", "the certificate stays as it was", e);
    }
    wipe(key.p, key.n);
    buf_free(&certificate);
    buf_free(&key);
}

static void reload_pages(struct parent *p) {
    int fd = -1;
    if (read_pages(p, &fd) != OK) {
        sys_log_error(&p->log, "pages_refused", "the web page stays as it was");
        return;
    }
    sys_fd_close(p->pages);
    p->pages = fd;
    children_tell_pages(p);
    sys_log_info(&p->log, "pages_read", "the web page was read again");
}

/* Whether SIGHUP is a wish to read them again, and not one to end. */
static bool reads_again(const struct config *c) {
    return c->certificate[0] != 0 || c->pages[0] != 0;
}

static void on_signal(void *ctx, int number) {
    struct parent *p = ctx;
    if (number == SIGHUP && reads_again(p->config)) {
        if (p->config->certificate[0] != 0)
            reload_certificate(p);
        if (p->config->pages[0] != 0)
            reload_pages(p);
        return;
    }
    sys_log_info(&p->log, "stopping", "stopping");
    parent_stop(p, EXIT_FINE);
}

/* What the other server ends for must not fail for want of something that could be seen before. */
static err take_over(struct parent *p) {
    struct keys keys = {0};
    char why[PARENT_PATH] = "";
    err e = keys_load(&keys, p->config->data, false, why);
    keys_wipe(&keys);
    if (e != OK && e != ERR_NOT_FOUND)
        return complain(p, "could not read the key file", why, e);
    if (p->certificate.n > 0)
        e = check_certificate(buf_slice(&p->certificate), buf_slice(&p->certificate_key));
    if (p->certificate.n > 0 && e != OK)
        return complain(p, "could not use the certificate", p->config->certificate, e);
    e = handover_take(p);
    /* It was killed before it could be asked to let go, or ends just now. */
    for (int i = 0; e == ERR_BUSY && i < LOCK_TRIES; i++) {
        sys_clock_rest(LOCK_REST_MS);
        e = handover_take(p);
    }
    return e == OK ? OK : complain(p, "could not take over the server on", p->config->data, e);
}

static bool is_loopback(const char *text) {
    return strncmp(text, "127.", 4) == 0 || strncmp(text, "[::1]", 5) == 0 ||
           strncmp(text, "localhost:", 10) == 0;
}

static err start(struct parent *p) {
    TRY(crypto_init());
    TRY(sys_loop_new(&p->loop, NULL));
    sys_notify_open();
    TRY(read_pem(p, p->config->certificate, &p->certificate));
    TRY(read_pem(p, p->config->certificate_key, &p->certificate_key));
    TRY(read_pages(p, &p->pages));
    if (p->takes_over)
        TRY(take_over(p));
    TRY(take_data(p));
    TRY(parent_open_ports(p));
    TRY(operator_open(p));
    TRY(handover_open(p));
    if (reads_again(p->config))
        sys_signals_hear_hangup();
    TRY(sys_signals_start(&p->signals, p->loop, sys_stop_signals, on_signal, p));
    TRY(make_noise_key(p));
    TRY(enter_sandbox(p));
    if (!is_loopback(p->config->http) && p->certificate.n == 0)
        sys_log_warn(&p->log, "http_without_tls",
                     "http is open to others without TLS; put a proxy before it");
    TRY(sys_timer_set(&p->hourly, p->loop, TIME_HOUR, hourly, p));
    return children_start_mail(p);
}

static void parent_init(struct parent *p, const struct config *config, unsigned print_invites,
                        bool takes_over) {
    enum sys_log_level level = SYS_LOG_INFO;
    *p =
        (struct parent){.config = config, .print_invites = print_invites, .takes_over = takes_over};
    if (sys_log_level_parse(&level, config->log) != OK)
        level = SYS_LOG_INFO;
    p->log = sys_log_as("sottod", level);
    p->log.json = strcmp(config->log_format, "json") == 0;
    if (strcmp(config->sandbox, "off") == 0)
        p->sandbox_mode = SYS_SANDBOX_OFF;
    clock_start(&p->clock);
    p->started = sys_clock_mono();
    p->tcp = p->http = p->lock = p->control_fd = p->handover_fd = p->pages = -1;
    p->edge_count = config->edges != 0 ? (size_t)config->edges : sys_machine_cores();
    if (p->edge_count > EDGES_MAX)
        p->edge_count = EDGES_MAX;
    p->mail = (struct child){.parent = p, .ends = {-1, -1}, .links = {-1, -1}};
    for (size_t i = 0; i < EDGES_MAX; i++)
        p->edges[i] = p->mail;
}

static void parent_fini(struct parent *p) {
    for (size_t i = 0; i < p->edge_count; i++)
        child_fini(&p->edges[i]);
    child_fini(&p->mail);
    sys_timer_cancel(&p->hourly);
    sys_timer_cancel(&p->drain);
    sys_timer_cancel(&p->look);
    operator_close(p);
    handover_close(p);
    sys_signals_stop(&p->signals);
    sys_fd_close(p->tcp);
    sys_fd_close(p->http);
    sys_fd_close(p->pages);
    if (p->lock >= 0)
        sys_lock_release(p->lock);
    wire_fini(&p->heir); /* it begins now */
    sys_loop_free(p->loop);
    buf_free(&p->certificate);
    buf_free(&p->certificate_key);
    keys_wipe(&p->keys);
    wipe(&p->noise, sizeof p->noise);
    wipe(&p->noise_before, sizeof p->noise_before);
}

int parent_main(const struct config *config, unsigned print_invites, bool takes_over) {
    static struct parent p;
    parent_init(&p, config, print_invites, takes_over);
    err e = start(&p);
    if (e == OK)
        e = sys_loop_run(p.loop);
    if (e != OK) {
        sys_log_failure(&p.log, "run_failed", "could not run", e);
        p.exit_code = (int)exit_code_of(e);
    }
    parent_fini(&p);
    return p.exit_code;
}
