/* Fetches every file of the page as a browser does, over connections that have nothing to do with
 * an account, and compares bytes and headers with what was built. */
#include "term/web_check.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "host/terminal.h"
#include "merkle/note.h"
#include "sys/fetch.h"
#include "sys/files.h"
#include "sys/machine.h"
#include "sys/pages.h"
#include "term/command.h"
#include "term/explain.h"
#include "term/web_log.h"

enum { MANIFEST_MAX = 1 << 20, HEX = 64, TEXT = 512, NAME = SYS_PAGES_NAME, WORD_BYTES = 8 };

struct check {
    const struct args *args;
    struct out *out;
    buf bytes;      /* of the manifest, into which files point */
    slice manifest; /* its lines */
    struct sys_address address;
    struct sys_proxy proxy;
    struct web_way way;
    struct merkle_key key; /* with --key */
    struct web_log log;    /* with --log */
    unsigned files, differences;
};

/* ---- What is said ---- */

__attribute__((format(printf, 3, 4))) static void differs(struct check *k, slice name,
                                                          const char *format, ...) {
    struct line l = {0};
    char text[TEXT];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    k->differences++;
    if (k->out->json) {
        line_object(&l, "web_difference");
        line_str(&l, "file", name);
        line_str(&l, "text", slice_str(text));
        line_object_end(&l);
    } else {
        line_add(&l, "/");
        line_text(&l, name);
        line_add(&l, ": ");
        line_text(&l, slice_str(text));
    }
    line_end(&l, k->out, OUT_NORMAL);
}

static int sum_up(struct check *k, const char *url) {
    struct line l = {0};
    bool same = k->differences == 0;
    if (k->out->json) {
        line_object(&l, "web_check");
        line_str(&l, "url", slice_str(url));
        line_num(&l, "files", k->files);
        line_num(&l, "differences", k->differences);
        line_bool(&l, "same", same);
        if (k->args->log != NULL)
            line_num(&l, "log_size", k->log.size);
        line_object_end(&l);
    } else if (same) {
        line_add(&l,
                 "%s gave out the page as it was built: %u files, byte for byte, with all headers",
                 url, k->files);
    } else {
        line_add(&l,
                 "%s does NOT give out the page as it was built. Type no passphrase into it, and "
                 "tell others",
                 url);
    }
    line_end(&l, k->out, OUT_NORMAL);
    return same ? EXIT_FINE : EXIT_DIFFERS;
}

__attribute__((format(printf, 4, 5))) static int fail(struct check *k, err e, int code,
                                                      const char *format, ...) {
    char text[TEXT];
    struct line l = {0};
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    line_text(&l, slice_str(text));
    explain_print(k->out, e, 0, buf_slice(&l.json.b));
    buf_free(&l.json.b);
    return code;
}

/* ---- The manifest ---- */

static err take_note(struct check *k, slice bytes) {
    struct merkle_note *note = mem_new(NULL, sizeof *note);
    if (note == NULL)
        return ERR_NO_MEMORY;
    err e = merkle_note_parse(note, bytes);
    if (e == OK)
        e = merkle_note_verify(note, &k->key);
    if (e == OK)
        k->manifest = note->text;
    mem_free(NULL, note, sizeof *note);
    return e;
}

static int read_file(struct check *k) {
    const char *path = k->args->manifest;
    err e = sys_file_read(path, MANIFEST_MAX, &k->bytes);
    if (e != OK)
        return fail(k, e, EXIT_FAILED, "%s: %s", path, err_text(e));
    k->manifest = buf_slice(&k->bytes);
    if (k->args->key != NULL)
        e = take_note(k, k->manifest);
    return e == OK ? EXIT_FINE : fail(k, e, EXIT_REFUSED, "%s is not signed by that key", path);
}

/* What FILE is must be in it; without FILE, the newest counts. */
static int read_log(struct check *k) {
    const char *url = k->args->log;
    err e = web_log_read(&k->log, url, &k->key, &k->way, k->manifest);
    if (e == ERR_NOT_FOUND || e == ERR_SIGNATURE || e == ERR_IDENTITY)
        return fail(k, e, EXIT_REFUSED, "%s is no log that this key signed", url);
    if (e == ERR_PROOF)
        return fail(k, e, EXIT_REFUSED,
                    "the entries of %s are not those that its checkpoint signs: keep both, and "
                    "show them to others",
                    url);
    if (e != OK)
        return fail(k, e, explain_code(e), "could not read the log %s: %s", url, err_text(e));
    if (k->manifest.n > 0 && !k->log.listed)
        return fail(k, ERR_NOT_FOUND, EXIT_REFUSED,
                    "%s is not in the log: it was shown to you, and not to everybody",
                    k->args->manifest);
    if (k->manifest.n == 0)
        k->manifest = buf_slice(&k->log.newest);
    return EXIT_FINE;
}

/* One that was built with this program needs no signature: whoever could change it could change
 * this program. */
static int read_built(struct check *k) {
    if (web_built_count > 0)
        k->manifest = slice_of(web_built[0].bytes, web_built[0].n);
    return k->manifest.n > 0 ? EXIT_FINE
                             : fail(k, ERR_NOT_FOUND, EXIT_USAGE,
                                    "this sotto was built without the web page; name a manifest of "
                                    "it with --manifest FILE");
}

static int read_manifest(struct check *k) {
    const struct args *args = k->args;
    int code = EXIT_FINE;
    if (args->log != NULL && args->key == NULL)
        return fail(k, ERR_MALFORMED, EXIT_USAGE, "--log is of a key; add --key KEY");
    if (args->key != NULL && args->log == NULL && args->manifest == NULL)
        return fail(k, ERR_MALFORMED, EXIT_USAGE,
                    "--key is of a manifest or of a log; add --manifest FILE or --log URL");
    if (args->key != NULL && merkle_key_parse(&k->key, slice_str(args->key)) != OK)
        return fail(k, ERR_MALFORMED, EXIT_USAGE, "--key takes a key as name+id+key");
    if (args->manifest != NULL)
        code = read_file(k);
    if (code == EXIT_FINE && args->log != NULL)
        code = read_log(k);
    if (code == EXIT_FINE && args->manifest == NULL && args->log == NULL)
        code = read_built(k);
    if (code == EXIT_FINE && !slice_skip(&k->manifest, slice_str("sotto web v1\n")))
        return fail(k, ERR_MALFORMED, EXIT_USAGE, "%s is no manifest of a web page",
                    args->manifest != NULL ? args->manifest : "the newest entry of the log");
    return code;
}

/* "HASH NAME" */
static bool next_file(slice *lines, slice *hash, slice *name) {
    slice line;
    if (!slice_line(lines, &line) || line.n <= HEX + 1 || line.n - HEX > NAME || line.p[HEX] != ' ')
        return false;
    *hash = slice_of(line.p, HEX);
    *name = slice_of(line.p + HEX + 1, line.n - HEX - 1);
    return true;
}

static bool is_listed(const struct check *k, slice wanted) {
    slice lines = k->manifest, hash, name;
    while (next_file(&lines, &hash, &name))
        if (slice_equal(name, wanted))
            return true;
    return false;
}

/* ---- What an answer says ---- */

/* Nothing that a page needs, and each of them reaches further than one. */
static const char *const STRANGE[] = {"Set-Cookie",
                                      "Refresh",
                                      "Link",
                                      "Location",
                                      "Report-To",
                                      "NEL",
                                      "Reporting-Endpoints",
                                      "Service-Worker-Allowed",
                                      "SourceMap",
                                      "Content-Security-Policy-Report-Only"};

static err look_at_headers(struct check *k, slice name, const struct sys_fetched *fetched) {
    static const struct {
        const char *name, *value;
    } EXPECTED[] = {
#define ROW(header, value) {header, value},
        SYS_PAGES_HEADERS(ROW)
#undef ROW
    };
    buf value = {0};
    char plain[NAME];
    err e = OK;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0] && e == OK; i++) {
        e = sys_fetched_header(fetched, EXPECTED[i].name, &value);
        if (e == OK && value.n == 0)
            differs(k, name, "the header %s is missing", EXPECTED[i].name);
        else if (e == OK && !slice_equal(buf_slice(&value), slice_str(EXPECTED[i].value)))
            differs(k, name, "the header %s is another: %.*s", EXPECTED[i].name,
                    (int)(value.n < 300 ? value.n : 300), (const char *)value.p);
    }
    for (size_t i = 0; i < sizeof STRANGE / sizeof STRANGE[0] && e == OK; i++) {
        e = sys_fetched_header(fetched, STRANGE[i], &value);
        if (e == OK && value.n > 0)
            differs(k, name, "it comes with a header %s, which the page has no use for",
                    STRANGE[i]);
    }
    snprintf(plain, sizeof plain, "%.*s", (int)name.n, (const char *)name.p);
    const char *type = sys_pages_type(name.n == 0 ? "index.html" : plain);
    if (e == OK)
        e = sys_fetched_header(fetched, "Content-Type", &value);
    if (e == OK && type != NULL && !slice_equal(buf_slice(&value), slice_str(type)))
        differs(k, name, "it is given out as %.*s, not as %s", (int)(value.n < 100 ? value.n : 100),
                (const char *)value.p, type);
    buf_free(&value);
    return e;
}

/* The piece from one mark to the next one. */
static bool cut(slice *rest, const char *from, const char *to, slice *piece) {
    size_t n = strlen(from), m = strlen(to);
    for (size_t i = 0; i + n <= rest->n; i++) {
        if (memcmp(rest->p + i, from, n) != 0)
            continue;
        *rest = slice_of(rest->p + i + n, rest->n - i - n);
        for (size_t j = 0; j + m <= rest->n; j++)
            if (memcmp(rest->p + j, to, m) == 0)
                return *piece = slice_of(rest->p, j), true;
        *piece = *rest;
        return true;
    }
    return false;
}

/* Which scripts a changed index brings, since that is what harms. */
static void look_at_scripts(struct check *k, slice name, slice html) {
    slice tag, source;
    while (cut(&html, "<script", ">", &tag)) {
        slice inside = tag;
        if (!cut(&inside, "src=\"", "\"", &source))
            differs(k, name, "it has a script of its own in it");
        else if (!is_listed(k, source))
            differs(k, name, "it has a script that is not of the page: %.*s",
                    (int)(source.n < 200 ? source.n : 200), (const char *)source.p);
    }
}

static err compare(struct check *k, slice name, slice expected, const struct sys_fetched *fetched) {
    struct crypto_sha256_state state;
    uint8_t hash[32];
    buf text = {0};
    if (fetched->status != 200) {
        differs(k, name, "it is not given out: the server answers %d", fetched->status);
        return OK;
    }
    crypto_sha256_begin(&state);
    crypto_sha256_add(&state, buf_slice(&fetched->body));
    crypto_sha256_digest(&state, hash);
    err e = hex_encode(&text, SLICE_ARRAY(hash));
    if (e == OK && !slice_equal(buf_slice(&text), expected)) {
        differs(k, name, "it is not what was built: %zu bytes with another hash", fetched->body.n);
        if (name.n == 0 || slice_equal(name, slice_str("index.html")))
            look_at_scripts(k, name, buf_slice(&fetched->body));
    }
    buf_free(&text);
    return e == OK ? look_at_headers(k, name, fetched) : e;
}

/* ---- Fetching ---- */

/* An empty name is the page's own address. */
static int look_at(struct check *k, slice name, slice hash) {
    struct sys_fetched fetched;
    struct sys_fetch options = {.address = &k->address,
                                .proxy = k->way.proxy,
                                .timeout_ms = k->way.timeout_ms,
                                .body_max = SYS_PAGE_BYTES_MAX};
    snprintf(k->address.path, sizeof k->address.path, "/%.*s", (int)name.n, (const char *)name.p);
    err e = sys_fetch(&fetched, &options);
    if (e == ERR_TOO_LARGE || e == ERR_MALFORMED || e == ERR_UNSUPPORTED || e == ERR_TRUNCATED) {
        differs(k, name, "what the server answers can't be what was built: %s", err_text(e));
        k->files++;
        return EXIT_FINE;
    }
    if (e == OK) {
        e = compare(k, name, hash, &fetched);
        sys_fetched_fini(&fetched);
        k->files++;
    }
    if (e == OK)
        return EXIT_FINE;
    return fail(k, e, explain_code(e), "could not fetch %s: %s", k->address.path, err_text(e));
}

static int look_at_all(struct check *k) {
    slice lines = k->manifest, hash, name;
    int code = EXIT_FINE;
    while (code == EXIT_FINE && next_file(&lines, &hash, &name)) {
        if (slice_equal(name, slice_str("index.html")))
            code = look_at(k, SLICE_EMPTY, hash);
        if (code == EXIT_FINE)
            code = look_at(k, name, hash);
    }
    if (code == EXIT_FINE && (lines.n > 0 || k->files == 0))
        return fail(k, ERR_MALFORMED, EXIT_USAGE, "the manifest can't be read to its end");
    return code;
}

/* Its proxy lies sealed in it: asking without would show this machine's address. */
static bool has_home(const char *home) {
    char path[HOST_PATH], standard[HOST_PATH];
    uint64_t size;
    int fd = -1;
    if (home == NULL && host_home_default(standard) == OK)
        home = standard;
    int n = snprintf(path, sizeof path, "%s/store.db", home == NULL ? "" : home);
    bool there = n > 0 && (size_t)n < sizeof path && sys_file_open(path, &fd, &size) == OK;
    sys_fd_close(fd);
    return there;
}

/* A circuit of its own through Tor. */
static int choose_way(struct check *k) {
    const char *proxy = k->args->proxy;
    uint8_t random[WORD_BYTES];
    k->way.timeout_ms = (uint32_t)k->args->timeout * 1000;
    if (proxy == NULL && has_home(k->args->home))
        return fail(k, ERR_NOT_FOUND, EXIT_USAGE,
                    "there is a home here, whose proxy this does not know: add --proxy HOST:PORT, "
                    "or --proxy none to "
                    "ask the server directly");
    if (proxy == NULL || strcmp(proxy, "none") == 0)
        return EXIT_FINE;
    err e = sys_proxy_parse(&k->proxy, proxy);
    for (int i = 0; i < 2 && e == OK; i++) {
        char *word = i == 0 ? k->proxy.user : k->proxy.password;
        crypto_random(random, sizeof random);
        for (size_t at = 0; at < sizeof random; at++)
            snprintf(word + 2 * at, 3, "%02x", random[at]);
    }
    k->way.proxy = &k->proxy;
    return e == OK ? EXIT_FINE
                   : fail(k, e, EXIT_USAGE, "--proxy takes HOST:PORT of a SOCKS5 proxy, or none");
}

int web_check(const struct args *args, struct out *out) {
    struct check k = {.args = args, .out = out};
    const char *url = args->words[0];
    int code = EXIT_FINE;
    if (crypto_init() != OK)
        return fail(&k, ERR_BUG, EXIT_FAILED, "the cryptography does not work here");
    if (sys_fetch_address(&k.address, url) != OK)
        code = fail(
            &k, ERR_MALFORMED, EXIT_USAGE,
            "%s: it takes a web address as https://chat.example.org or http://127.0.0.1:4480", url);
    if (code == EXIT_FINE)
        code = choose_way(&k);
    if (code == EXIT_FINE)
        code = read_manifest(&k);
    if (code == EXIT_FINE)
        code = look_at_all(&k);
    /* Whoever breaks off after that hides nothing. */
    if (code == EXIT_FINE || k.differences > 0)
        code = sum_up(&k, url);
    buf_free(&k.bytes);
    web_log_fini(&k.log);
    return code;
}
