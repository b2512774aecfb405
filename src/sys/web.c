#include "sys/web.h"

#include <microhttpd.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/files.h"
#include "sys/http.h"
#include "sys/loop.h"

enum { BYTES_PER_MS = 32, TICK_MS = 500, FILE_BLOCK = 64 * 1024 };

struct conn {
    struct conn *next, **back;
    uint64_t deadline;
    uint64_t quiet; /* when it ends unless more of a body comes; 0: none is awaited */
    uint64_t since; /* when what it is at began: waiting for something, or sending it */
    int fd;         /* libmicrohttpd's */
    /* While an upload goes on. */
    const struct sys_web_upload *upload;
    uint64_t begun, got; /* got: bytes */
};

struct sys_web {
    struct sys_web_options o;
    struct sys_loop *loop;
    struct MHD_Daemon *daemon;
    struct sys_watch watch;
    struct sys_later later;
    struct sys_timer tick;
    struct conn *conns;
};

/* A request, from its first line until its answer is sent. */
struct asked {
    struct sys_web_request request;
    struct sys_web *web;
    struct MHD_Connection *connection;
    const struct sys_web_page *page;
    buf target, body;
    slice length, coding; /* Content-Length, Transfer-Encoding */
    struct sys_multipart parts;
    bool begun, parting, twice; /* twice: a header that may come once */
    err uploaded;
};

/* ---- Answers ---- */

static bool is_value(slice value) {
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < ' ' || value.p[i] == 0x7f)
            return false;
    return true;
}

/* Name and value, each with a NUL behind it. */
err sys_web_header(struct sys_web_answer *answer, const char *name, slice value) {
    size_t before = answer->headers.n;
    if (!sys_http_is_token(slice_str(name)) || !is_value(value))
        return ERR_MALFORMED;
    err e = buf_append(&answer->headers, slice_of(name, strlen(name) + 1));
    if (e == OK)
        e = buf_append(&answer->headers, value);
    if (e == OK)
        e = buf_append_byte(&answer->headers, 0);
    if (e != OK)
        answer->headers.n = before;
    return e;
}

err sys_web_redirect(struct sys_web_answer *answer, slice path) {
    bool ours =
        path.n > 0 && path.p[0] == '/' && (path.n == 1 || (path.p[1] != '/' && path.p[1] != '\\'));
    if (!ours)
        return ERR_MALFORMED;
    TRY(sys_web_header(answer, "Location", path));
    answer->status = MHD_HTTP_SEE_OTHER;
    return OK;
}

err sys_web_file(struct sys_web_answer *answer, const char *path) {
    return sys_file_open(path, &answer->file, &answer->file_n);
}

static void drop_answer(struct sys_web_answer *answer) {
    buf_free(&answer->body);
    buf_free(&answer->headers);
    if (answer->file >= 0)
        close(answer->file);
    answer->file = -1;
}

static bool next_header(slice *headers, const char **name, const char **value) {
    if (headers->n == 0)
        return false;
    *name = (const char *)slice_until(headers, 0).p;
    *value = (const char *)slice_until(headers, 0).p;
    return true;
}

static bool has_header(const struct sys_web_answer *answer, const char *name) {
    slice headers = buf_slice(&answer->headers);
    const char *known, *value;
    while (next_header(&headers, &known, &value))
        if (sys_http_is(slice_str(known), name))
            return true;
    return false;
}

#define X(name, value) {name, value},
static const struct { const char *name, *value; } STRICT[] = {SYS_WEB_STRICT(X)};
#undef X
enum { STRICT_COUNT = sizeof STRICT / sizeof STRICT[0] };

static bool add_headers(struct MHD_Response *response, const struct sys_web_answer *answer) {
    slice headers = buf_slice(&answer->headers);
    const char *name, *value;
    bool added = answer->type == NULL ||
                 MHD_add_response_header(response, "Content-Type", answer->type) == MHD_YES;
    for (size_t i = 0; added && i < STRICT_COUNT; i++)
        if (!has_header(answer, STRICT[i].name))
            added = MHD_add_response_header(response, STRICT[i].name, STRICT[i].value) == MHD_YES;
    while (added && next_header(&headers, &name, &value))
        added = MHD_add_response_header(response, name, value) == MHD_YES;
    return added;
}

static void body_sent(void *ctx) {
    buf *body = ctx;
    buf_free(body);
    mem_free(NULL, body, sizeof *body);
}

/* Without sendfile(), which the sandbox doesn't know. */
static ssize_t read_file(void *ctx, uint64_t at, char *out, size_t n) {
    const int *fd = ctx;
    ssize_t got = pread(*fd, out, n, (off_t)at);
    return got > 0 ? got : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void file_sent(void *ctx) {
    int *fd = ctx;
    close(*fd);
    mem_free(NULL, fd, sizeof *fd);
}

static struct MHD_Response *make_file_response(struct sys_web_answer *answer) {
    int *fd = mem_new(NULL, sizeof *fd);
    if (fd == NULL)
        return NULL;
    *fd = answer->file;
    struct MHD_Response *response =
        MHD_create_response_from_callback(answer->file_n, FILE_BLOCK, read_file, fd, file_sent);
    if (response == NULL)
        mem_free(NULL, fd, sizeof *fd);
    else
        answer->file = -1;
    return response;
}

/* The response owns the body. NULL without memory. */
static struct MHD_Response *make_response(struct sys_web_answer *answer) {
    if (answer->file >= 0)
        return make_file_response(answer);
    buf *body = mem_new(NULL, sizeof *body);
    if (body == NULL)
        return NULL;
    buf_move(body, &answer->body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(body->n, body->p, body_sent, body);
    if (response == NULL)
        body_sent(body);
    return response;
}

/* NULL for one that is about to end. */
static struct conn *conn_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/* bytes: that are to come or to go. */
static void set_deadline(const struct sys_web *web, struct MHD_Connection *connection,
                         uint64_t bytes) {
    struct conn *conn = conn_of(connection);
    if (conn == NULL)
        return;
    conn->since = sys_clock_mono();
    conn->deadline = conn->since + web->o.patience_ms + bytes / BYTES_PER_MS;
    conn->quiet = 0;
}

/* Ends the connection if there is no memory for an answer. Frees what the answer holds. */
static enum MHD_Result send_answer(struct asked *a, struct sys_web_answer *answer) {
    enum MHD_Result result = MHD_NO;
    uint64_t n = answer->file >= 0 ? answer->file_n : answer->body.n;
    struct MHD_Response *response = make_response(answer);
    if (response != NULL && add_headers(response, answer))
        result = MHD_queue_response(a->connection, answer->status, response);
    if (response != NULL)
        MHD_destroy_response(response);
    set_deadline(a->web, a->connection, n);
    drop_answer(answer);
    return result;
}

/* Of a body that is awaited. */
static void more_came(const struct asked *a, size_t n) {
    struct conn *conn = conn_of(a->connection);
    if (conn == NULL)
        return;
    conn->quiet = sys_clock_mono() + a->web->o.patience_ms;
    conn->got += n;
}

static struct sys_web_answer new_answer(unsigned status) {
    return (struct sys_web_answer){
        .status = status, .type = "text/html; charset=utf-8", .file = -1};
}

static const char *reason(unsigned status) {
    switch (status) {
    case 400:
        return "The request can't be read.\n";
    case 404:
        return "There is no such page.\n";
    case 405:
        return "This page can't be used in that way.\n";
    case 411:
        return "The length of what is sent must be said before.\n";
    case 413:
        return "What is sent is too long for this page.\n";
    case 503:
        return "Too many send something at once.\n";
    default:
        return "This page failed.\n";
    }
}

/* headers of `answer`, if not NULL, go along. */
static enum MHD_Result fail(struct asked *a, unsigned status, err why, buf *headers) {
    struct sys_web_answer answer = new_answer(status);
    answer.type = "text/plain; charset=utf-8";
    if (headers != NULL)
        buf_move(&answer.headers, headers);
    err e = buf_append(&answer.body, slice_str(reason(status)));
    if (e == OK && a->web->o.failed != NULL)
        a->web->o.failed(a->web->o.ctx, &a->request, why, &answer);
    return send_answer(a, &answer);
}

/* What a page answered, or that it failed. */
static enum MHD_Result answered(struct asked *a, err e, struct sys_web_answer *answer) {
    if (e == OK)
        return send_answer(a, answer);
    drop_answer(answer);
    return fail(a, 500, e, NULL);
}

/* ---- Pages ---- */

static slice segment(slice *path) {
    slice before = *path;
    const uint8_t *end = before.n == 0 ? NULL : memchr(before.p, '/', before.n);
    size_t n = end == NULL ? before.n : (size_t)(end - before.p);
    *path = slice_of(before.p + n, before.n - n);
    return slice_of(before.p, n);
}

static bool is_path(const char *pattern, slice path, slice *stars) {
    slice rest = slice_str(pattern);
    size_t count = 0;
    while (slice_skip(&rest, slice_str("/")) && slice_skip(&path, slice_str("/"))) {
        slice whole = path, wanted = segment(&rest), got = segment(&path);
        if (slice_equal(wanted, slice_str("**")) && rest.n == 0 && count < SYS_WEB_STARS) {
            stars[count] = whole;
            return got.n > 0;
        }
        bool star = slice_equal(wanted, slice_str("*")) && count < SYS_WEB_STARS;
        if (star && got.n > 0)
            stars[count++] = got;
        else if (star || !slice_equal(wanted, got))
            return false;
    }
    return rest.n == 0 && path.n == 0;
}

/* NOT_FOUND; STATE if only other methods have it: those are in `allowed`. */
static err find_page(struct asked *a, slice method, buf *allowed) {
    const struct sys_web_options *o = &a->web->o;
    for (size_t i = 0; i < o->page_count; i++) {
        slice stars[SYS_WEB_STARS] = {SLICE_EMPTY};
        if (!is_path(o->pages[i].path, a->request.path, stars))
            continue;
        if (slice_equal(method, slice_str(o->pages[i].method))) {
            memcpy(a->request.stars, stars, sizeof stars);
            a->page = &o->pages[i];
            return OK;
        }
        TRY(buf_append(allowed, slice_str(allowed->n > 0 ? ", " : "")));
        TRY(buf_append(allowed, slice_str(o->pages[i].method)));
        if (strcmp(o->pages[i].method, "GET") == 0)
            TRY(buf_append(allowed, slice_str(", HEAD")));
    }
    return allowed->n > 0 ? ERR_STATE : ERR_NOT_FOUND;
}

/* ---- Headers ---- */

/* Those that matter here; none of them may come twice. */
static const struct {
    const char *name;
    size_t at;
} HEADERS[] = {
    {"Host", offsetof(struct asked, request.host)},
    {"Origin", offsetof(struct asked, request.origin)},
    {"Content-Type", offsetof(struct asked, request.type)},
    {"Cookie", offsetof(struct asked, request.cookies)},
    {"Accept-Language", offsetof(struct asked, request.languages)},
    {"Sec-Fetch-Site", offsetof(struct asked, request.site)},
    {"If-None-Match", offsetof(struct asked, request.known)},
    {"Content-Length", offsetof(struct asked, length)},
    {"Transfer-Encoding", offsetof(struct asked, coding)},
};
enum { HEADER_COUNT = sizeof HEADERS / sizeof HEADERS[0] };

static enum MHD_Result take_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n) {
    struct asked *a = ctx;
    (void)kind;
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (!sys_http_is(slice_of(name, name_n), HEADERS[i].name))
            continue;
        slice *field = (slice *)(void *)((uint8_t *)a + HEADERS[i].at);
        a->twice = a->twice || field->p != NULL;
        *field = slice_of(value == NULL ? "" : value, value_n);
    }
    return MHD_YES;
}

/* The length of the body that is announced. REPEAT, MALFORMED, LENGTH if it is not. */
static err read_headers(struct asked *a, uint64_t *length) {
    *length = 0;
    MHD_get_connection_values_n(a->connection, MHD_HEADER_KIND, take_header, a);
    if (a->twice)
        return ERR_REPEAT;
    if (a->request.host.n == 0)
        return ERR_MALFORMED;
    if (a->coding.p != NULL)
        return a->length.p != NULL ? ERR_MALFORMED : ERR_LENGTH;
    return a->length.p == NULL ? OK : decimal_decode(a->length, UINT64_MAX, length);
}

/* ---- Requests ---- */

static void cut_target(struct asked *a) {
    slice rest = buf_slice(&a->target);
    a->request.path = slice_until(&rest, '?');
    a->request.query = rest;
}

/* Bytes in a second, of one that goes on for `age`. */
static uint64_t speed(const struct conn *conn, uint64_t age) {
    return conn->got * 1000 / age;
}

/* Whether one more may begin: the slowest makes room. */
static bool make_room(struct sys_web *web, const struct sys_web_upload *upload) {
    uint64_t now = sys_clock_mono(), grace = web->o.patience_ms / 10;
    struct conn *slowest = NULL;
    unsigned n = 0;
    for (struct conn *conn = web->conns; conn != NULL; conn = conn->next) {
        if (conn->upload != upload)
            continue;
        n++;
        bool old = now - conn->begun >= grace && now > conn->begun;
        if (old && (slowest == NULL ||
                    speed(conn, now - conn->begun) < speed(slowest, now - slowest->begun)))
            slowest = conn;
    }
    if (n < upload->at_once)
        return true;
    if (slowest == NULL)
        return false;
    slowest->upload = NULL;
    shutdown(slowest->fd, SHUT_RDWR);
    return true;
}

static void close_upload(struct asked *a) {
    struct conn *conn = conn_of(a->connection);
    if (conn != NULL)
        conn->upload = NULL;
    if (a->parting)
        sys_multipart_fini(&a->parts);
    a->parting = false;
    if (a->request.upload != NULL)
        a->page->upload->close(a->web->o.ctx, a->request.upload);
    a->request.upload = NULL;
}

static enum MHD_Result begin_upload(struct asked *a) {
    const struct sys_web_upload *upload = a->page->upload;
    struct conn *conn = conn_of(a->connection);
    if (conn == NULL || !make_room(a->web, upload)) {
        close_upload(a);
        return fail(a, 503, OK, NULL);
    }
    conn->upload = upload;
    conn->begun = sys_clock_mono();
    conn->got = 0;
    a->uploaded = sys_multipart_init(&a->parts, a->request.type, &upload->sink, a->request.upload);
    a->parting = a->uploaded == OK;
    return MHD_YES;
}

static enum MHD_Result open_upload(struct asked *a) {
    struct sys_web_answer answer = new_answer(200);
    err e = a->page->upload->open(a->web->o.ctx, &a->request, &answer, &a->request.upload);
    if (e != OK || a->request.upload == NULL)
        return answered(a, e, &answer);
    drop_answer(&answer);
    return begin_upload(a);
}

static enum MHD_Result ask_admission(struct asked *a) {
    struct sys_web_answer answer = new_answer(200);
    bool admitted = false;
    err e = a->page->admit(a->web->o.ctx, &a->request, &answer, &admitted);
    if (e != OK || !admitted)
        return answered(a, e, &answer);
    drop_answer(&answer);
    return MHD_YES;
}

static enum MHD_Result refuse_method(struct asked *a, buf *allowed) {
    struct sys_web_answer answer = new_answer(405);
    err e = sys_web_header(&answer, "Allow", buf_slice(allowed));
    if (e != OK)
        return answered(a, e, &answer);
    return fail(a, 405, OK, &answer.headers);
}

static enum MHD_Result choose_page(struct asked *a, slice method) {
    buf allowed = {0};
    if (slice_equal(method, slice_str("HEAD")))
        method = slice_str("GET");
    err e = find_page(a, method, &allowed);
    enum MHD_Result result = e == OK              ? MHD_YES
                             : e == ERR_STATE     ? refuse_method(a, &allowed)
                             : e == ERR_NOT_FOUND ? fail(a, 404, OK, NULL)
                                                  : fail(a, 500, e, NULL);
    buf_free(&allowed);
    return result;
}

/* The head is there. Whatever is answered here is answered without the body. */
static enum MHD_Result begin(struct asked *a, const char *method) {
    cut_target(a);
    err e = read_headers(a, &a->request.length);
    if (e != OK)
        return fail(a, e == ERR_LENGTH ? 411 : 400, OK, NULL);
    enum MHD_Result result = choose_page(a, slice_str(method));
    if (a->page == NULL)
        return result;
    a->request.method = slice_str(a->page->method);
    if (a->request.length > a->page->body_max)
        return fail(a, 413, OK, NULL);
    set_deadline(a->web, a->connection, a->request.length);
    more_came(a, 0);
    if (a->page->admit != NULL)
        return ask_admission(a);
    return a->page->upload == NULL ? MHD_YES : open_upload(a);
}

static void take_body(struct asked *a, slice bytes) {
    more_came(a, bytes.n);
    if (a->uploaded != OK)
        return;
    if (a->parting)
        a->uploaded = sys_multipart_feed(&a->parts, bytes);
    else
        a->uploaded = buf_append(&a->body, bytes);
}

static enum MHD_Result finish(struct asked *a) {
    struct sys_web_answer answer = new_answer(200);
    err e = OK;
    if (a->parting && a->uploaded == OK)
        a->uploaded = sys_multipart_end(&a->parts);
    if (a->page->upload == NULL)
        e = a->uploaded; /* no memory */
    a->request.body = buf_slice(&a->body);
    if (e == OK)
        e = a->page->answer(a->web->o.ctx, &a->request, a->uploaded, &answer);
    close_upload(a);
    return answered(a, e, &answer);
}

/* ---- libmicrohttpd's calls ---- */

/* The first line of a request is there: what is returned stands for it from now on. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection) {
    struct asked *a = mem_new(NULL, sizeof *a);
    if (a == NULL)
        return NULL;
    a->web = ctx;
    a->connection = connection;
    if (buf_append(&a->target, slice_str(target)) == OK)
        return a;
    mem_free(NULL, a, sizeof *a);
    return NULL;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **asked) {
    struct asked *a = *asked;
    (void)ctx, (void)connection, (void)url, (void)version;
    if (a == NULL)
        return MHD_NO;
    if (!a->begun) {
        a->begun = true;
        return begin(a, method);
    }
    if (*data_n == 0)
        return finish(a);
    take_body(a, slice_of(data, *data_n));
    *data_n = 0;
    return MHD_YES;
}

static void on_end(void *ctx, struct MHD_Connection *connection, void **asked,
                   enum MHD_RequestTerminationCode code) {
    struct asked *a = *asked;
    (void)code;
    set_deadline(ctx, connection, 0);
    if (a == NULL)
        return;
    close_upload(a);
    buf_free(&a->target);
    buf_free(&a->body);
    mem_free(NULL, a, sizeof *a);
    *asked = NULL;
}

/* Escapes stay as they are: pages see the path as it was sent. */
static size_t on_escapes(void *ctx, struct MHD_Connection *connection, char *text) {
    (void)ctx, (void)connection;
    return strlen(text);
}

/* ---- Connections ---- */

/* It may have more to do with what it read already, which no descriptor tells. */
static void drive(void *ctx) {
    struct sys_web *web = ctx;
    MHD_UNSIGNED_LONG_LONG wait;
    MHD_run(web->daemon);
    if (MHD_get_timeout(web->daemon, &wait) == MHD_YES && wait == 0)
        sys_later_set(&web->later, web->loop, drive, web);
}

/* The last place is for who comes next: the one that has been at the same thing for longest ends,
 * but no upload, which has its own rule, and none that has just begun. */
static void keep_a_place(struct sys_web *web) {
    uint64_t now = sys_clock_mono();
    struct conn *oldest = NULL;
    unsigned n = 0;
    for (struct conn *conn = web->conns; conn != NULL; conn = conn->next) {
        n++;
        bool old = conn->upload == NULL && now - conn->since >= web->o.patience_ms / 10;
        if (old && (oldest == NULL || conn->since < oldest->since))
            oldest = conn;
    }
    if (n >= web->o.connections_max && oldest != NULL)
        shutdown(oldest->fd, SHUT_RDWR);
}

/* libmicrohttpd sees that the socket has ended, and frees what it has. */
static void on_tick(void *ctx) {
    struct sys_web *web = ctx;
    uint64_t now = sys_clock_mono();
    for (struct conn *conn = web->conns; conn != NULL; conn = conn->next)
        if (conn->deadline <= now || (conn->quiet != 0 && conn->quiet <= now))
            shutdown(conn->fd, SHUT_RDWR);
    keep_a_place(web);
    /* If that fails, the next connection sets it. */
    if (web->conns != NULL)
        (void)!sys_timer_set(&web->tick, web->loop, TICK_MS, on_tick, web);
    drive(web);
}

static err add_conn(struct sys_web *web, int fd, struct conn **out) {
    if (web->tick.loop == NULL)
        TRY(sys_timer_set(&web->tick, web->loop, TICK_MS, on_tick, web));
    struct conn *conn = mem_new(NULL, sizeof *conn);
    if (conn == NULL)
        return ERR_NO_MEMORY;
    uint64_t now = sys_clock_mono();
    *conn = (struct conn){.next = web->conns,
                          .back = &web->conns,
                          .deadline = now + web->o.patience_ms,
                          .since = now,
                          .fd = fd};
    if (conn->next != NULL)
        conn->next->back = &conn->next;
    web->conns = conn;
    *out = conn;
    return OK;
}

static void remove_conn(struct conn *conn) {
    *conn->back = conn->next;
    if (conn->next != NULL)
        conn->next->back = conn->back;
    mem_free(NULL, conn, sizeof *conn);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **conn,
                          enum MHD_ConnectionNotificationCode code) {
    struct sys_web *web = ctx;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct conn *added = NULL;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        /* Without a deadline it must not stay. */
        if (add_conn(web, info->connect_fd, &added) != OK)
            shutdown(info->connect_fd, SHUT_RDWR);
        *conn = added;
        keep_a_place(web);
        return;
    }
    if (*conn != NULL)
        remove_conn(*conn);
    /* One that waits gets its turn at the next run only. */
    sys_later_set(&web->later, web->loop, drive, web);
}

/* ---- The whole ---- */

static void on_ready(void *ctx, unsigned events) {
    (void)events;
    drive(ctx);
}

static err start(struct sys_web *web) {
    const unsigned flags = MHD_USE_EPOLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    web->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, web, MHD_OPTION_LISTEN_SOCKET, web->o.fd,
        MHD_OPTION_CONNECTION_LIMIT, web->o.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SYS_WEB_HEAD_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, web, MHD_OPTION_UNESCAPE_CALLBACK, on_escapes, web, MHD_OPTION_NOTIFY_COMPLETED,
        on_end, web, MHD_OPTION_NOTIFY_CONNECTION, on_connection, web,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (web->daemon == NULL)
        return ERR_IO;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return ERR_UNSUPPORTED;
    return sys_watch_start(&web->watch, web->loop, info->epoll_fd, SYS_READ, on_ready, web);
}

err sys_web_new(struct sys_web **out, struct sys_loop *loop,
                const struct sys_web_options *options) {
    struct sys_web *web = mem_new(NULL, sizeof *web);
    if (web == NULL)
        return ERR_NO_MEMORY;
    web->o = *options;
    web->loop = loop;
    err e = start(web);
    if (e == OK)
        *out = web;
    else
        sys_web_free(web);
    return e;
}

void sys_web_free(struct sys_web *web) {
    if (web == NULL)
        return;
    sys_watch_stop(&web->watch);
    if (web->daemon != NULL)
        MHD_stop_daemon(web->daemon);
    sys_later_cancel(&web->later);
    sys_timer_cancel(&web->tick);
    mem_free(NULL, web, sizeof *web);
}
