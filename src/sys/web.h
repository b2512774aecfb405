/* A web server for pages (the desk's, the witness's): HTTP/1.1 by libmicrohttpd, on a loop, in the
 * one thread that turns it. TLS is a reverse proxy's.
 *
 *   malformed, without Host, or a header twice that may come once  400
 *   a path that no page has                                        404
 *   a page, but not for this method (HEAD goes where GET does)     405, with Allow
 *   a body whose length is not announced                           411
 *   a body that is longer than the page takes                      413, before it is read
 *   a head that is too long                                        431
 *   a page that fails                                              500
 *   an upload more than there may be at once                       503
 *
 * Some of these are libmicrohttpd's own pages. A page sees nothing of where a request came from. */
#ifndef SOTTO_SYS_WEB_H
#define SOTTO_SYS_WEB_H

#include "base/slice.h"
#include "sys/form.h"

struct sys_loop;

enum {
    SYS_WEB_STARS = 4,
    SYS_WEB_PATIENCE_MS = 20000,
    SYS_WEB_HEAD_MAX = 32 * 1024,      /* of a request, about */
    SYS_WEB_BODY_MAX = 4 * 1024 * 1024 /* of a request that is kept in memory */
};

/* Points into what is gone when the page returns. A header that is not there is empty. */
struct sys_web_request {
    slice method;               /* the page's: "GET" for a HEAD, too */
    slice path;                 /* as sent: escapes are not undone */
    slice query;                /* without its '?': sys_form_value reads it */
    slice stars[SYS_WEB_STARS]; /* what the stars in the page's path stand for; never empty */
    /* The headers Host, Origin, Content-Type, Cookie, Accept-Language, Sec-Fetch-Site,
     * If-None-Match. */
    slice host, origin, type, cookies, languages, site, known;
    uint64_t length; /* of the body, as it was announced */
    slice body;      /* empty if the page has an upload */
    void *upload;    /* what its open made */
};

struct sys_web_answer {
    unsigned status;  /* 200 when the page is called */
    const char *type; /* Content-Type; "text/html; charset=utf-8" when the page is called */
    buf body;         /* append it here; it is wiped once it was sent */
    buf headers;      /* by sys_web_header */
    int file;         /* by sys_web_file; -1: none */
    uint64_t file_n;
};

/* Adds a header. What stands in SYS_WEB_STRICT may be set too, and then holds instead; Set-Cookie
 * may come several times. MALFORMED for a value with control characters or a name that is no token.
 */
MUST err sys_web_header(struct sys_web_answer *answer, const char *name, slice value);
/* The whole file is the body, read while it is sent, so that it may be larger than memory: as
 * sys_file_open. */
MUST err sys_web_file(struct sys_web_answer *answer, const char *path);
/* 303: the browser gets this path of ours next. MALFORMED unless it begins with one '/'. */
MUST err sys_web_redirect(struct sys_web_answer *answer, slice path);

/* Takes a multipart/form-data body as it arrives, so that it is never in memory as a whole. */
struct sys_web_upload {
    /* Before any of it is read. *upload stays NULL: refused; then answer is sent at once, and the
     * rest is not read. Any error is answered as 500. */
    err (*open)(void *ctx, const struct sys_web_request *request, struct sys_web_answer *answer,
                void **upload);
    /* As in form.h, with the upload as ctx. After an error the rest of the body is read and
     * dropped; the page learns of it. */
    struct sys_form_sink sink;
    /* After the page has answered, or when the client went away before. */
    void (*close)(void *ctx, void *upload);
    /* So many go on at once. For one more, the slowest of those that had a tenth of the patience
     * ends, so that who drips keeps nobody out; if all are younger, the one more is refused. */
    unsigned at_once;
};

struct sys_web_page {
    const char *method; /* "GET", which is HEAD too, or "POST" */
    /* The whole path, exact, without the query. A star is one segment: "/cases/" "*" "/notes";
     * two stars at the end are all that is left, one segment or more. */
    const char *path;
    uint64_t body_max; /* bytes; 0: no body. Up to SYS_WEB_BODY_MAX unless there is an upload */
    const struct sys_web_upload *upload; /* NULL: the body is handed over as a whole */
    /* May be NULL. When the head is there, before any of the body is read. *admitted stays false:
     * refused; then answer is sent at once, and the body is not read. An error is answered as 500.
     */
    err (*admit)(void *ctx, const struct sys_web_request *request, struct sys_web_answer *answer,
                 bool *admitted);
    /* uploaded: of a page with an upload, how that ended: OK; what a sink returned; UNSUPPORTED if
     * the body is no multipart/form-data, MALFORMED, TRUNCATED, ... Of any other: OK. An error of
     * the page is answered as 500. */
    err (*answer)(void *ctx, const struct sys_web_request *request, err uploaded,
                  struct sys_web_answer *answer);
};

struct sys_web_options {
    int fd; /* listening (listener.h) */
    const struct sys_web_page *pages;
    size_t page_count;
    void *ctx;
    /* With so many, the one that has been at the same thing for longest, and for a tenth of the
     * patience, ends, unless it uploads; beyond these, others wait. */
    unsigned connections_max;
    /* A connection ends if a request is not begun and its head there in this time, and its body, or
     * the answer to it, not through in this and a second for each 32 KiB of it; or if nothing of a
     * body comes for this time. */
    uint64_t patience_ms; /* SYS_WEB_PATIENCE_MS but in tests */
    /* May be NULL. Called for an answer that no page made (the list above): its status is set, its
     * body a line of plain text; it may be made a page of the same look as the others. why: what a
     * page returned, or OK. */
    void (*failed)(void *ctx, const struct sys_web_request *request, err why,
                   struct sys_web_answer *answer);
};

/* Sent with each answer, unless the page says otherwise: nothing is kept, framed, sniffed, loaded
 * from elsewhere or told to others. */
#define SYS_WEB_STRICT(X)                                                       \
    X("Cache-Control", "no-store")                                              \
    X("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; " \
                                 "base-uri 'none'; form-action 'none'")         \
    X("Cross-Origin-Opener-Policy", "same-origin")                              \
    X("Cross-Origin-Resource-Policy", "same-origin")                            \
    X("Permissions-Policy", "camera=(), geolocation=(), microphone=()")         \
    X("Referrer-Policy", "no-referrer")                                         \
    X("X-Content-Type-Options", "nosniff")

struct sys_web;

/* Pages and options' strings must live as long as it does. It closes the descriptor when it is
 * freed; on failure that stays the caller's. Who shall serve inside a sandbox makes it before. */
MUST err sys_web_new(struct sys_web **web, struct sys_loop *loop,
                     const struct sys_web_options *options);
/* Connections end as they are, answers that were not sent are lost. NULL is fine. Not from within a
 * page. */
void sys_web_free(struct sys_web *web);

#endif
