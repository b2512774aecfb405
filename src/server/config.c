#include "server/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sys/address.h"

enum kind { TEXT, NUMBER };

struct key {
    const char *name;
    enum kind kind;
    size_t at;
    uint64_t least, most;
    const char *standard;
    const char *choices; /* of a text; NULL: any */
    const char *help;
};

#define AT(field) offsetof(struct config, field)
#define TEXT_OF(number) TEXT_OF_TOKEN(number)
#define TEXT_OF_TOKEN(token) #token

static const struct key keys[] = {
    {"data", TEXT, AT(data), 0, 0, "var", NULL, "directory of the store and the keys"},
    {"user", TEXT, AT(user), 0, 0, "", NULL,
     "whom edges and mail become if it is started as root; empty: they stay root"},
    {"listen", TEXT, AT(listen), 0, 0, "127.0.0.1:4460", NULL, "sessions over TCP"},
    {"http", TEXT, AT(http), 0, 0, "127.0.0.1:4480", NULL,
     "sessions over WebSocket (/session), whether it works (/health, /ready), and the web page; "
     "TLS if there is a certificate"},
    {"public", TEXT, AT(public), 0, 0, "", NULL,
     "the address in join links: host:port or wss://host/session; empty: `listen`, if it is one"},
    {"certificate", TEXT, AT(certificate), 0, 0, "", NULL,
     "PEM file for `http`: the certificate, then its chain"},
    {"certificate_key", TEXT, AT(certificate_key), 0, 0, "", NULL, "PEM file of its private key"},
    {"pages", TEXT, AT(pages), 0, 0, "", NULL,
     "directory of the web page that `http` shows at /; empty: none"},
    {"registration", TEXT, AT(registration), 0, 0, "invite", "invite closed",
     "who may register: invite (with a code) or closed"},
    {"invite_days", NUMBER, AT(invite_days), 1, 365, TEXT_OF(CONFIG_INVITE_DAYS), NULL,
     "then a join link expires, up to a week later"},
    {"mailbox_items", NUMBER, AT(mailbox_items), 16, 1000000, TEXT_OF(CONFIG_MAILBOX_ITEMS), NULL,
     "items that may wait for one device"},
    {"mailbox_megabytes", NUMBER, AT(mailbox_megabytes), 1, 4096, TEXT_OF(CONFIG_MAILBOX_MEGABYTES),
     NULL, "the same in MiB; one address may fill a quarter of either"},
    {"item_days", NUMBER, AT(item_days), 1, 90, TEXT_OF(CONFIG_ITEM_DAYS), NULL,
     "then a waiting item expires, up to a week later, since only its week is known"},
    {"blob_gigabytes", NUMBER, AT(blob_gigabytes), 0, 1000000, TEXT_OF(CONFIG_BLOB_GIGABYTES), NULL,
     "GiB of all blobs together"},
    {"blob_days", NUMBER, AT(blob_days), 1, 90, TEXT_OF(CONFIG_BLOB_DAYS), NULL,
     "then a blob expires, up to a week later"},
    {"upload_gigabytes", NUMBER, AT(upload_gigabytes), 0, 1000000, TEXT_OF(CONFIG_UPLOAD_GIGABYTES),
     NULL,
     "GiB of blobs that one mailbox vouches for in a day, and half of the room at most; one "
     "address "
     "for half of either"},
    {"key_packages", NUMBER, AT(key_packages), 1, 10000, TEXT_OF(CONFIG_KEY_PACKAGES), NULL,
     "key packages that one device may store"},
    {"edges", NUMBER, AT(edges), 0, 64, "0", NULL,
     "processes that hold connections; 0: one for each processor"},
    {"connections", NUMBER, AT(connections), 1, 1000000, "20000", NULL,
     "connections of one such process"},
    {"source_connections", NUMBER, AT(source_connections), 0, 65535, "500", NULL,
     "of them from one source, half of them at most; 0: any, as a reverse proxy needs"},
    {"idle_minutes", NUMBER, AT(idle_minutes), 1, 10080, "30", NULL,
     "then a silent session is closed; a stranger's after a tenth, while connections are scarce"},
    {"opening_seconds", NUMBER, AT(opening_seconds), 1, 600, "10", NULL,
     "time for a connection to finish its handshakes"},
    {"rate", NUMBER, AT(rate), 0, 1000000, TEXT_OF(CONFIG_RATE), NULL,
     "requests a second of one session, a send by its addresses, then it is slowed; 0: any"},
    {"burst", NUMBER, AT(burst), 1, 1000000, TEXT_OF(CONFIG_BURST), NULL,
     "requests that it may save up"},
    {"chains", NUMBER, AT(chains), 16, 4194304, TEXT_OF(CONFIG_CHAINS), NULL,
     "mailboxes whose items are sealed by a chain of keys at a time; each takes 128 bytes of "
     "locked "
     "memory"},
    {"memtable_megabytes", NUMBER, AT(memtable_megabytes), 1, 4096, "64", NULL,
     "memory of the store's newest writes"},
    {"silent_seconds", NUMBER, AT(silent_seconds), 2, 3600, "120", NULL,
     "after which a mail process that answers nothing is killed, and starts again"},
    {"unready_seconds", NUMBER, AT(unready_seconds), 0, 600, "0", NULL,
     "at the end, time in which all are served as before and /ready says no, for a load balancer"},
    {"drain_seconds", NUMBER, AT(drain_seconds), 0, 600, "10", NULL,
     "after that, time to answer what was taken and to say goodbye; 0: none"},
    {"sandbox", TEXT, AT(sandbox), 0, 0, "on", "on off",
     "off only where a sanitizer needs more system calls"},
    {"log", TEXT, AT(log), 0, 0, "info", "error warn info",
     "how much is said on stderr; no line names an address, an account or a time finer than a day"},
    {"log_format", TEXT, AT(log_format), 0, 0, "text", "text json",
     "text for people, or json: an object a line"},
};

enum { KEYS = sizeof keys / sizeof keys[0] };

/* ---- One value ---- */

static err put_text(struct config *c, const struct key *key, slice value, char *why) {
    char *text = (char *)c + key->at;
    if (value.n >= CONFIG_TEXT || (value.n > 0 && memchr(value.p, 0, value.n) != NULL)) {
        snprintf(why, CONFIG_TEXT, "the value of '%s' is too long", key->name);
        return ERR_LIMIT;
    }
    memset(text, 0, CONFIG_TEXT);
    if (value.n > 0)
        memcpy(text, value.p, value.n);
    return OK;
}

static bool is_choice(const char *choices, slice value) {
    for (const char *p = choices; *p != 0;) {
        size_t n = strcspn(p, " ");
        if (n == value.n && memcmp(p, value.p, n) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static err put_number(struct config *c, const struct key *key, slice value, char *why) {
    uint64_t number = 0;
    bool good = decimal_decode(value, UINT64_MAX, &number) == OK;
    if (!good || number < key->least || number > key->most) {
        snprintf(why, CONFIG_TEXT, "'%s' must be a number from %llu to %llu", key->name,
                 (unsigned long long)key->least, (unsigned long long)key->most);
        return good ? ERR_LIMIT : ERR_MALFORMED;
    }
    memcpy((char *)c + key->at, &number, sizeof number);
    return OK;
}

static err put(struct config *c, const struct key *key, slice value, char *why) {
    if (key->kind == NUMBER)
        return put_number(c, key, value, why);
    if (key->choices != NULL && !is_choice(key->choices, value)) {
        snprintf(why, CONFIG_TEXT, "'%s' must be one of: %s", key->name, key->choices);
        return ERR_MALFORMED;
    }
    return put_text(c, key, value, why);
}

err config_set(struct config *c, slice key, slice value, char *why) {
    for (size_t i = 0; i < KEYS; i++)
        if (slice_equal(key, slice_str(keys[i].name)))
            return put(c, &keys[i], value, why);
    snprintf(why, CONFIG_TEXT, "there is no setting '%.*s'", (int)(key.n < 64 ? key.n : 64),
             (const char *)key.p);
    return ERR_NOT_FOUND;
}

void config_init(struct config *c) {
    char why[CONFIG_TEXT];
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < KEYS; i++)
        (void)!put(c, &keys[i], slice_str(keys[i].standard), why);
}

/* ---- A file ---- */

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static slice trim(slice s) {
    while (s.n > 0 && is_space(s.p[0]))
        s = slice_of(s.p + 1, s.n - 1);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* "key = value"; a '#' that begins a line makes it a comment. */
static err parse_line(struct config *c, slice line, char *why) {
    line = trim(line);
    if (line.n == 0 || line.p[0] == '#')
        return OK;
    size_t n = 0;
    while (n < line.n && line.p[n] != '=' && !is_space(line.p[n]))
        n++;
    slice key = slice_of(line.p, n), value = trim(slice_of(line.p + n, line.n - n));
    if (value.n == 0 || value.p[0] != '=') {
        snprintf(why, CONFIG_TEXT, "a line must be key = value");
        return ERR_MALFORMED;
    }
    return config_set(c, key, trim(slice_of(value.p + 1, value.n - 1)), why);
}

err config_parse(struct config *c, slice text, char *why) {
    char reason[CONFIG_TEXT];
    for (unsigned number = 1; text.n > 0; number++) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);
        err e = parse_line(c, slice_of(text.p, n), reason);
        if (e != OK) {
            snprintf(why, CONFIG_TEXT, "line %u: %.400s", number, reason);
            return e;
        }
        size_t used = end == NULL ? n : n + 1;
        text = slice_of(text.p + used, text.n - used);
    }
    return OK;
}

/* ---- The whole ---- */

/* Join links name `listen` unless `public` is set, and no client can call every address. */
static bool names_nobody(const struct config *c) {
    static const char *const every[] = {"", "0.0.0.0", "::", "0"};
    char host[CONFIG_TEXT], port[CONFIG_TEXT];
    bool links = strcmp(c->registration, "closed") != 0;
    if (!links || c->public[0] != 0 || sys_address_split(c->listen, host, port) != OK)
        return false;
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++)
        if (strcmp(host, every[i]) == 0)
            return true;
    return false;
}

err config_check(const struct config *c, char *why) {
    char host[CONFIG_TEXT], port[CONFIG_TEXT];
    const char *const addresses[] = {c->listen, c->http};
    const char *const names[] = {"listen", "http"};
    for (int i = 0; i < 2; i++) {
        if (sys_address_split(addresses[i], host, port) == OK)
            continue;
        snprintf(why, CONFIG_TEXT,
                 "'%s' must be an address and a port up to 65535, as 127.0.0.1:4460", names[i]);
        return ERR_MALFORMED;
    }
    if (names_nobody(c)) {
        snprintf(why, CONFIG_TEXT,
                 "'listen' is every address of this machine: set 'public' to the one that join "
                 "links shall name, as chat.example.org:4460");
        return ERR_MALFORMED;
    }
    if ((c->certificate[0] == 0) != (c->certificate_key[0] == 0)) {
        snprintf(why, CONFIG_TEXT, "'certificate' and 'certificate_key' need each other");
        return ERR_MALFORMED;
    }
    if (strlen(c->user) > CONFIG_USER) {
        snprintf(why, CONFIG_TEXT, "'user' is no user's name");
        return ERR_MALFORMED;
    }
    if (c->data[0] == 0) {
        snprintf(why, CONFIG_TEXT, "'data' must name a directory");
        return ERR_MALFORMED;
    }
    return OK;
}

err config_describe(buf *out) {
    char line[1024];
    for (size_t i = 0; i < KEYS; i++) {
        const struct key *key = &keys[i];
        int n = snprintf(line, sizeof line, "%s# %s\n#%s =%s%s\n", i == 0 ? "" : "\n", key->help,
                         key->name, key->standard[0] == 0 ? "" : " ", key->standard);
        if (n < 0 || (size_t)n >= sizeof line)
            return ERR_BUG;
        TRY(buf_append(out, slice_of(line, (size_t)n)));
    }
    return OK;
}
