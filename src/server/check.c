#include "server/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "server/backup.h"
#include "server/held.h"
#include "server/keys.h"
#include "server/mail.h"
#include "server/process.h"
#include "store/store.h"
#include "sys/address.h"
#include "sys/files.h"
#include "sys/listener.h"
#include "sys/locked.h"
#include "sys/loop.h"
#include "sys/machine.h"
#include "sys/pages.h"
#include "sys/tls.h"

enum { PATH = 1024, TEXT = 256, PROGRESS_MS = 2000, SOON_DAYS = 14 };
/* Of an edge, beside its connections; of mail. */
enum { EDGE_FILES = 64, MAIL_FILES = 1408 };
#define ROOM ((uint64_t)256 << 20) /* what the store needs to write out what is in memory */

struct check {
    const struct config *c;
    bool json;
    int code; /* of the first that isn't fine */
};

/* ---- What is said ---- */

static void put_json(const char *name, const char *text, const char *end) {
    printf("\"%s\":\"", name);
    for (; *text != 0; text++)
        printf(*text == '"' || *text == '\\' ? "\\%c" : (uint8_t)*text < ' ' ? "?" : "%c", *text);
    printf("\"%s", end);
}

static void say(struct check *k, const char *what, const char *which, int code, const char *text) {
    if (k->code == EXIT_FINE)
        k->code = code;
    if (!k->json) {
        printf("%s%s%s: %s\n", what, which[0] == 0 ? "" : " ", which, text);
        return;
    }
    printf("{");
    put_json("what", what, ",");
    put_json("which", which, ",");
    printf("\"fine\":%s,", code == EXIT_FINE ? "true" : "false");
    put_json("text", text, "}\n");
}

static bool say_err(struct check *k, const char *what, const char *which, err e) {
    say(k, what, which, (int)exit_code_of(e), e == OK ? "fine" : err_text(e));
    return e == OK;
}

/* ---- Ports and limits ---- */

static err open_port(const char *text) {
    char host[CONFIG_TEXT], port[CONFIG_TEXT];
    int fd = -1;
    TRY(sys_address_split(text, host, port));
    struct sys_listen options = {.host = host, .port = port};
    TRY(sys_listen_open(&fd, &options));
    sys_fd_close(fd);
    return OK;
}

static void check_locked(struct check *k) {
    char which[TEXT];
    void *p = NULL;
    size_t n = mail_chains_size((uint32_t)k->c->chains);
    err e = sys_locked_new(&p, n);
    sys_locked_free(p, n);
    snprintf(which, sizeof which, "%zu KiB of locked memory for `chains`", n / 1024);
    say(k, which, "", (int)exit_code_of(e),
        e == OK          ? "fine"
        : e == ERR_LIMIT ? "the limit (RLIMIT_MEMLOCK, `ulimit -l`) is lower"
                         : err_text(e));
}

static void check_files(struct check *k) {
    char which[TEXT], text[TEXT] = "fine";
    uint64_t need = k->c->connections + EDGE_FILES, most = 0;
    if (need < MAIL_FILES)
        need = MAIL_FILES;
    err e = sys_machine_files(&most);
    snprintf(which, sizeof which, "%llu descriptors for `connections`", (unsigned long long)need);
    if (e == OK && need > most)
        snprintf(
            text, sizeof text,
            "it runs, but a process has %llu here (RLIMIT_NOFILE, `ulimit -Hn`), so holds fewer; "
            "more `edges` hold as many",
            (unsigned long long)most);
    say(k, which, "", (int)exit_code_of(e), e == OK ? text : err_text(e));
}

/* ---- The certificate ---- */

static void check_time(struct check *k, slice chain) {
    char text[TEXT];
    int days = 0;
    err e = sys_tls_days_left(chain, &days);
    if (e != OK)
        say_err(k, "the certificate's time", "", e);
    else if (days < 0)
        say(k, "the certificate's time", "", EXIT_FAILED, "it is over");
    else {
        snprintf(text, sizeof text, "%s, %d days are left", days < SOON_DAYS ? "soon over" : "fine",
                 days);
        say(k, "the certificate's time", "", EXIT_FINE, text);
    }
}

static void check_certificate(struct check *k) {
    struct sys_tls *tls = NULL;
    buf chain = {0}, key = {0};
    const char *certificate = k->c->certificate, *its_key = k->c->certificate_key;
    if (certificate[0] == 0)
        return;
    if (say_err(k, "certificate", certificate, sys_file_read(certificate, PEM_MAX, &chain)) &&
        say_err(k, "its key", its_key, sys_file_read(its_key, PEM_MAX, &key)) &&
        say_err(k, "certificate with", its_key,
                sys_tls_server_new(&tls, buf_slice(&chain), buf_slice(&key))))
        check_time(k, buf_slice(&chain));
    sys_tls_free(tls);
    buf_free(&chain);
    buf_free(&key);
}

/* ---- The web page ---- */

static void check_pages(struct check *k) {
    char which[SYS_PAGES_NAME], text[TEXT];
    struct sys_pages *pages = NULL;
    int fd = -1;
    if (k->c->pages[0] == 0)
        return;
    err e = sys_pages_read(k->c->pages, &fd, which);
    if (e == OK)
        e = sys_pages_open(&pages, fd);
    if (e != OK) {
        say_err(k, "web page", which, e);
        return;
    }
    snprintf(text, sizeof text, "fine, %zu files, %zu KiB of memory for all edges together",
             sys_pages_count(pages), sys_pages_bytes(pages) / 1024);
    say(k, "web page", k->c->pages, EXIT_FINE, text);
    sys_pages_free(pages);
}

/* ---- The store, deep ---- */

/* What the totals of the store are to say. */
struct counts {
    uint64_t rows, bad, strange, shown;
    uint64_t blobs, orders, cards;
};

static void count_totals(struct counts *n, enum held_row row, slice value) {
    struct held_blob blob;
    struct held_roster roster;
    n->orders += row == HELD_order;
    n->cards += row == HELD_card;
    if (row == HELD_blob && held_blob_read(value, &blob) == OK)
        n->blobs += blob.bytes;
    if (row == HELD_roster && held_roster_read(value, &roster) == OK)
        n->blobs += roster.sealed.n + MAIL_BLOB_ENTRY;
}

static bool look_at(void *ctx, struct store_key key, slice value) {
    struct counts *n = ctx;
    enum held_row row = held_row_of(key);
    n->rows++;
    n->strange += row == HELD_COUNT;
    n->bad += row != HELD_COUNT && held_row_check(row, value) != OK;
    count_totals(n, row, value);
    if ((n->rows & 0xffff) != 0 || sys_clock_mono() - n->shown < PROGRESS_MS)
        return true;
    n->shown = sys_clock_mono();
    fprintf(stderr, "sottod: check: %llu rows\n", (unsigned long long)n->rows);
    return true;
}

/* One that was never counted is not there. */
static err total_is(struct store *s, const char *name, uint64_t counted, bool *same) {
    struct held_total row;
    buf bytes = {0};
    err e = held_total_get(s, NULL, slice_str(name), 0, &bytes, &row);
    *same = *same && (e == ERR_NOT_FOUND ? counted == 0 : e == OK && row.value == counted);
    buf_free(&bytes);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* Reading a row reads its block, whose checksum the engine compares. */
static err look_at_all(struct store *s, struct counts *n, bool *same) {
    n->shown = sys_clock_mono();
    for (uint8_t table = 0; table < STORE_TABLES_MAX; table++)
        TRY(store_scan_table(s, table, look_at, n));
    TRY(total_is(s, "blobs", n->blobs, same));
    TRY(total_is(s, "orders", n->orders, same));
    return total_is(s, "cards", n->cards, same);
}

static void check_rows(struct check *k, struct store *s) {
    struct counts n = {.rows = 0};
    char text[TEXT];
    bool same = true;
    err e = look_at_all(s, &n, &same);
    if (e != OK) {
        say_err(k, "rows of the store", "", e);
        return;
    }
    bool fine = n.bad == 0 && n.strange == 0 && same;
    snprintf(text, sizeof text, "%s, %llu rows, %llu can't be read, %llu are not on the list; %s",
             fine ? "fine" : "damaged", (unsigned long long)n.rows, (unsigned long long)n.bad,
             (unsigned long long)n.strange,
             same ? "the totals are right" : "the totals are not what is there");
    say(k, "rows of the store", "", fine ? EXIT_FINE : EXIT_DAMAGED, text);
}

/* ---- The data directory ---- */

/* Whoever holds the lock made it: without one nobody runs here. */
static err check_lock(const char *data) {
    char path[PATH];
    buf content = {0};
    int lock = -1;
    TRY(sys_dir_check(data));
    TRY(keys_path(path, data, "lock"));
    err e = sys_file_read(path, PATH, &content);
    buf_free(&content);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(sys_lock_take(path, &lock));
    sys_lock_release(lock);
    return OK;
}

static void check_keys(struct check *k) {
    struct keys keys;
    char why[PATH];
    err e = keys_load(&keys, k->c->data, false, why);
    keys_wipe(&keys);
    say_err(k, "keys in", k->c->data, e == ERR_NOT_FOUND ? OK : e); /* the first start makes them */
    for (size_t i = 0; i < BACKUP_KEYS; i++)
        if (keys_path(why, k->c->data, backup_keys[i]) == OK && sys_path_private(why) == ERR_DENIED)
            say(k, "rights of", why, EXIT_FAILED, "others may read it");
}

static void check_store(struct check *k, bool deep) {
    char path[PATH], text[TEXT];
    struct store *store = NULL;
    err e = keys_path(path, k->c->data, "store");
    if (e == OK)
        e = store_rocksdb_read(&store, path);
    if (e == ERR_NOT_FOUND)
        e = OK; /* the first start makes it */
    snprintf(text, sizeof text, "%s%s", e == OK ? "fine" : err_text(e), store_advice(e));
    say(k, "store in", k->c->data, (int)exit_code_of(e), text);
    if (store != NULL && deep)
        check_rows(k, store);
    store_close(store);
}

static void check_room(struct check *k) {
    char text[TEXT];
    uint64_t bytes = 0;
    err e = sys_disk_room(k->c->data, &bytes);
    bool low = e == OK && bytes < ROOM;
    snprintf(text, sizeof text, "%s, %llu MiB are free", low ? "too little" : "fine",
             (unsigned long long)(bytes >> 20));
    say(k, "room on the disk of", k->c->data, low ? EXIT_FAILED : (int)exit_code_of(e),
        e == OK ? text : err_text(e));
}

static void check_directory(struct check *k, bool deep) {
    const char *data = k->c->data;
    err e = check_lock(data);
    if (e == ERR_NOT_FOUND) {
        say(k, "data directory", data, EXIT_FINE, "not there yet; the first start makes it");
        return;
    }
    if (!say_err(k, "data directory", data, e))
        return;
    if (sys_path_private(data) == ERR_DENIED)
        say(k, "rights of", data, EXIT_FAILED, "others may see into it");
    check_keys(k);
    check_room(k);
    if (k->code == EXIT_FINE)
        check_store(k, deep);
}

int check_server(const struct config *c, bool deep, bool json) {
    struct check k = {.c = c, .json = json};
    check_directory(&k, deep);
    check_certificate(&k);
    check_pages(&k);
    say_err(&k, "sessions on", c->listen, open_port(c->listen));
    say_err(&k, "http on", c->http, open_port(c->http));
    check_locked(&k);
    check_files(&k);
    return k.code;
}
