/* The one HTTP port: requests of up to 8 KiB and without a body, answered from a table of
 * paths (GET) or from the files of a web page (GET, HEAD: pages.h); one of the paths becomes a
 * WebSocket session. One request a connection.
 *
 *   malformed, ambiguous, or with a body       400
 *   another method                              405
 *   a path that is in neither                   404
 *   a head of more than 8 KiB                   431
 *   a session without a proper upgrade          426
 *
 * It expects to stand alone or behind a reverse proxy that speaks HTTP/1.1 to it. */
#ifndef SOTTO_SYS_HTTP_H
#define SOTTO_SYS_HTTP_H

#include "base/slice.h"
#include "sys/pages.h"

enum { SYS_HTTP_HEAD_MAX = 8192, SYS_HTTP_BODY_MAX = 4 * 1024 * 1024 };

struct sys_http_answer {
    int status;       /* 200 when the function is called */
    const char *type; /* Content-Type; "text/plain; charset=utf-8" when the function is called */
    buf *body;        /* append it here; SYS_HTTP_BODY_MAX at most */
};

struct sys_http_page {
    const char *path; /* the whole path, exact; a query is cut off before */
    /* NULL: this path is the WebSocket session. Any error is answered as 500. */
    err (*answer)(void *ctx, slice query, struct sys_http_answer *answer);
};

/* What an HTTP listener serves; must live as long as it does. */
struct sys_http {
    const struct sys_http_page *pages;
    size_t page_count;
    void *ctx;
    struct sys_pages *files; /* NULL: none; may be replaced at any time */
};

/* ---- The parser, pure ---- */
struct sys_http_request {
    slice method, target; /* as sent */
    slice path, query;    /* of the target; query without its '?', empty if there is none */
    slice key, protocols; /* Sec-WebSocket-Key, Sec-WebSocket-Protocol */
    slice codings, known; /* Accept-Encoding, If-None-Match */
    bool upgrade;         /* Upgrade: websocket, Connection: upgrade, version 13, a good key */
    bool body;            /* announces one */
};

/* Finds the end of a head. *n is its size with the empty line, or 0 if it isn't whole yet.
 * TOO_LARGE, or MALFORMED as soon as the bytes can't become a head. */
MUST err sys_http_head(slice bytes, size_t *n);
/* A whole head, as sys_http_head measured it. The slices point into it. MALFORMED for anything that
 * two parsers could read in two ways: bare CR or LF, folded lines, spaces before a colon, two
 * Hosts, lengths or keys, control characters. */
MUST err sys_http_parse(struct sys_http_request *request, slice head);
/* Whether it is this text, case apart. */
bool sys_http_is(slice s, const char *text);
bool sys_http_is_token(slice s);
/* Without spaces and tabs around it. */
slice sys_http_trim(slice s);
/* Whether a comma-separated list has the token, case apart. */
bool sys_http_has_token(slice list, const char *token);
/* Sec-WebSocket-Accept for a key, appended. MALFORMED if it has not the length of one. */
MUST err sys_http_accept_key(slice key, buf *out);

struct sys_http_response {
    int status;
    slice accept, protocol; /* Sec-WebSocket-Accept, Sec-WebSocket-Protocol */
    bool upgrade;           /* Upgrade: websocket and Connection: upgrade */
};
/* What a WebSocket client reads back. Same rules. */
MUST err sys_http_parse_response(struct sys_http_response *response, slice head);

#endif
