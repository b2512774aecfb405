/* The server's side of HTTP: one request, answered and closed, or upgraded to WebSocket. */
#include <stdio.h>

#include "sys/conn.h"

static const struct {
    int status;
    const char *reason;
} REASONS[] = {
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {426, "Upgrade Required"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

static const char *reason_of(int status) {
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++)
        if (REASONS[i].status == status)
            return REASONS[i].reason;
    return "Other";
}

static err queue(struct sys_conn *conn, slice bytes) {
    uint8_t *room;
    TRY(sys_conn_room(conn, bytes.n, &room));
    memcpy(room, bytes.p, bytes.n);
    return OK;
}

/* headers: further lines, each ended by \r\n. */
static err respond(struct sys_conn *conn, int status, const char *type, const char *headers,
                   slice body) {
    char head[2048];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d %s\r\n"
                     "Content-Type: %s\r\n"
                     "Content-Length: %zu\r\n"
                     "Cache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\n"
                     "Connection: close\r\n"
                     "%s\r\n",
                     status, reason_of(status), type, body.n, headers);
    if (n < 0 || (size_t)n >= sizeof(head))
        return ERR_BUG;
    TRY(queue(conn, slice_of(head, (size_t)n)));
    return body.n > 0 ? queue(conn, body) : OK;
}

static const char plain[] = "text/plain; charset=utf-8";

/* A status and its reason as the page. */
static void respond_plain(struct sys_conn *conn, int status, const char *headers) {
    char body[64];
    int n = snprintf(body, sizeof(body), "%d %s\n", status, reason_of(status));
    err lost = respond(conn, status, plain, headers, slice_of(body, n < 0 ? 0 : (size_t)n));
    (void)lost; /* no room for it: the connection ends all the same */
}

static err respond_page(struct sys_conn *conn, const struct sys_http_page *page, slice query) {
    buf body = buf_on(sys_loop_mem(conn->set->loop));
    struct sys_http_answer answer = {200, plain, &body};
    err result = page->answer(conn->http->ctx, query, &answer);
    if (result == OK)
        result = respond(conn, answer.status, answer.type, "", buf_slice(&body));
    if (result != OK && sys_conn_queued(conn) == 0)
        respond_plain(conn, 500, "");
    buf_free(&body);
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
    return OK;
}

/* ---- Files of a page ---- */

/* A list of entity tags, weak or not: the bytes are the same either way. */
static bool has_mark(slice list, slice mark) {
    while (list.n > 0) {
        slice one = sys_http_trim(slice_until(&list, ','));
        slice_skip(&one, slice_str("W/"));
        if (one.n == mark.n + 2 && slice_equal(slice_of(one.p + 1, mark.n), mark))
            return true;
    }
    return false;
}

static const char *const CODINGS[SYS_CODINGS] = {"", "gzip", "br"};

/* The smallest that the browser takes by its bare name. */
static enum sys_coding choose(const struct sys_page *page, slice accepted) {
    for (enum sys_coding coding = SYS_CODING_BR; coding > SYS_CODING_NONE; coding--)
        if (page->bodies[coding].p != NULL && sys_http_has_token(accepted, CODINGS[coding]))
            return coding;
    return SYS_CODING_NONE;
}

static err queue_head(struct sys_conn *conn, int status, const struct sys_page *page,
                      enum sys_coding coding) {
    char head[256];
    const char *named = coding == SYS_CODING_NONE ? "" : "Content-Encoding: ";
    int n = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\nConnection: close\r\n%s%s%s", status,
                     reason_of(status), named, CODINGS[coding], named[0] == 0 ? "" : "\r\n");
    TRY(queue(conn, slice_of(head, (size_t)n)));
    TRY(queue(conn, page->headers));
    n = status == 304
            ? snprintf(head, sizeof(head), "\r\n")
            : snprintf(head, sizeof(head), "Content-Length: %zu\r\n\r\n", page->bodies[coding].n);
    return queue(conn, slice_of(head, (size_t)n));
}

/* The body is sent from where it lies, as fast as it is read. */
static err respond_file(struct sys_conn *conn, const struct sys_http_request *request,
                        const struct sys_page *page) {
    bool known = has_mark(request->known, page->mark);
    enum sys_coding coding = known ? SYS_CODING_NONE : choose(page, request->codings);
    TRY(queue_head(conn, known ? 304 : 200, page, coding));
    if (!known && slice_equal(request->method, slice_str("GET")))
        TRY(sys_conn_send_file(conn, conn->http->files, page->bodies[coding]));
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
    return OK;
}

/* ---- A request ---- */

static err upgrade(struct sys_conn *conn, const struct sys_http_request *request) {
    if (!request->upgrade) {
        respond_plain(conn, 426, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
        sys_conn_close(conn, SYS_CLOSE_FLUSH);
        return OK;
    }
    if (!sys_http_has_token(request->protocols, "sotto"))
        return ERR_MALFORMED;
    char head[256];
    buf accept = {0};
    TRY(sys_http_accept_key(request->key, &accept));
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 101 Switching Protocols\r\n"
                     "Upgrade: websocket\r\n"
                     "Connection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: %.*s\r\n"
                     "Sec-WebSocket-Protocol: sotto\r\n\r\n",
                     (int)accept.n, (const char *)accept.p);
    buf_free(&accept);
    TRY(queue(conn, slice_of(head, (size_t)n)));
    conn->framing = &sys_framing_ws;
    sys_conn_opened(conn);
    return OK;
}

static err serve(struct sys_conn *conn, const struct sys_http_request *request) {
    if (request->body)
        return ERR_MALFORMED;
    const struct sys_http *http = conn->http;
    struct sys_page file;
    bool gets = slice_equal(request->method, slice_str("GET"));
    bool reads = gets || slice_equal(request->method, slice_str("HEAD"));
    if (reads && http->files != NULL && sys_pages_find(http->files, request->path, &file))
        return respond_file(conn, request, &file);
    for (size_t i = 0; gets && i < http->page_count; i++) {
        const struct sys_http_page *page = &http->pages[i];
        if (slice_equal(request->path, slice_str(page->path)))
            return page->answer == NULL ? upgrade(conn, request)
                                        : respond_page(conn, page, request->query);
    }
    int status = gets ? 404 : 405;
    respond_plain(conn, status, status == 405 ? "Allow: GET\r\n" : "");
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
    return OK;
}

static err http_take(struct sys_conn *conn, uint8_t *p, size_t n, size_t *used) {
    size_t size;
    TRY(sys_http_head(slice_of(p, n), &size));
    if (size == 0)
        return OK;
    struct sys_http_request request;
    TRY(sys_http_parse(&request, slice_of(p, size)));
    *used = size;
    return serve(conn, &request);
}

static void http_farewell(struct sys_conn *conn, err why) {
    switch (why) {
    case OK:
        break;
    case ERR_TOO_LARGE:
        respond_plain(conn, 431, "");
        break;
    case ERR_TIMEOUT:
        respond_plain(conn, 408, "");
        break;
    case ERR_MALFORMED:
        respond_plain(conn, 400, "");
        break;
    default:
        respond_plain(conn, 503, "");
        break;
    }
}

const struct sys_framing sys_framing_http = {
    .take = http_take,
    .farewell = http_farewell,
};
