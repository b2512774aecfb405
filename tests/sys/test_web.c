#include "sys/web.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"
#include "sys/listener.h"
#include "sys/loop.h"
#include "tests/test.h"

/* ---- Pages ---- */

static struct {
    unsigned opened, closed, parts, failures;
    uint64_t bytes;
    bool refuses;
    err sink, last; /* what the sink says; what the page was told */
} seen;

static err say(struct sys_web_answer *answer, const char *name, slice value) {
    TRY(buf_append(&answer->body, slice_str(name)));
    TRY(buf_append(&answer->body, slice_str("=")));
    TRY(buf_append(&answer->body, value));
    return buf_append(&answer->body, slice_str("\n"));
}

/* Tells all that it was asked. */
static err echo(void *ctx, const struct sys_web_request *r, err uploaded,
                struct sys_web_answer *answer) {
    (void)ctx;
    CHECK_OK(uploaded);
    TRY(say(answer, "method", r->method));
    TRY(say(answer, "path", r->path));
    TRY(say(answer, "query", r->query));
    TRY(say(answer, "star", r->stars[0]));
    TRY(say(answer, "second", r->stars[1]));
    TRY(say(answer, "origin", r->origin));
    TRY(say(answer, "type", r->type));
    TRY(say(answer, "cookies", r->cookies));
    TRY(say(answer, "languages", r->languages));
    TRY(say(answer, "site", r->site));
    TRY(say(answer, "known", r->known));
    return say(answer, "body", r->body);
}

static err own_headers(void *ctx, const struct sys_web_request *r, err uploaded,
                       struct sys_web_answer *answer) {
    (void)ctx, (void)r, (void)uploaded;
    answer->type = "text/x.own";
    TRY(sys_web_header(answer, "cache-control", slice_str("max-age=60")));
    TRY(sys_web_header(answer, "Set-Cookie", slice_str("a=1; HttpOnly")));
    TRY(sys_web_header(answer, "Set-Cookie", slice_str("b=2")));
    CHECK_ERR(sys_web_header(answer, "X", slice_str("a\r\nSet-Cookie: c=3")), ERR_MALFORMED);
    CHECK_ERR(sys_web_header(answer, "X: y", slice_str("a")), ERR_MALFORMED);
    return buf_append(&answer->body, slice_str("own"));
}

static err moved(void *ctx, const struct sys_web_request *r, err uploaded,
                 struct sys_web_answer *answer) {
    (void)ctx, (void)uploaded;
    static const char *const BAD[] = {"", "https://elsewhere.example/", "//elsewhere.example/",
                                      "/\\elsewhere.example", "/a\r\nX: y"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK_ERR(sys_web_redirect(answer, slice_str(BAD[i])), ERR_MALFORMED);
    CHECK_EQ(r->body.n, 3);
    return sys_web_redirect(answer, slice_str("/cases/7?a=b"));
}

static err broken(void *ctx, const struct sys_web_request *r, err uploaded,
                  struct sys_web_answer *answer) {
    (void)ctx, (void)r, (void)uploaded;
    CHECK_OK(buf_append(&answer->body, slice_str("half of a page")));
    return ERR_DAMAGED;
}

static err large(void *ctx, const struct sys_web_request *r, err uploaded,
                 struct sys_web_answer *answer) {
    (void)ctx, (void)r, (void)uploaded;
    return buf_resize(&answer->body, 3000000);
}

/* One that a test made, or not. */
static char file_path[64];

static err whole_file(void *ctx, const struct sys_web_request *r, err uploaded,
                      struct sys_web_answer *answer) {
    (void)ctx, (void)r, (void)uploaded;
    answer->type = "application/octet-stream";
    err e = sys_web_file(answer, file_path);
    if (e == ERR_NOT_FOUND)
        answer->status = 404;
    return e == ERR_NOT_FOUND ? OK : e;
}

static err half_file(void *ctx, const struct sys_web_request *r, err uploaded,
                     struct sys_web_answer *answer) {
    TRY(whole_file(ctx, r, uploaded, answer));
    return ERR_DAMAGED;
}

static err admit(void *ctx, const struct sys_web_request *r, struct sys_web_answer *answer,
                 bool *admitted) {
    (void)ctx;
    CHECK_EQ(r->body.n, 0);
    *admitted = slice_equal(r->cookies, slice_str("session=good"));
    if (slice_equal(r->cookies, slice_str("session=broken")))
        return ERR_DAMAGED;
    return *admitted ? OK : sys_web_redirect(answer, slice_str("/login"));
}

/* ---- An upload ---- */

static err up_open(void *ctx, const struct sys_web_request *r, struct sys_web_answer *answer,
                   void **upload) {
    (void)ctx, (void)r;
    if (seen.refuses) {
        answer->status = 403;
        return buf_append(&answer->body, slice_str("not you"));
    }
    seen.opened++;
    *upload = &seen;
    return OK;
}

static err up_part(void *ctx, const struct sys_form_part *part) {
    CHECK(ctx == &seen);
    CHECK(part->name.n > 0);
    seen.parts++;
    return seen.sink;
}

static err up_bytes(void *ctx, slice bytes) {
    (void)ctx;
    seen.bytes += bytes.n;
    return OK;
}

static void up_close(void *ctx, void *upload) {
    (void)ctx;
    CHECK(upload == &seen);
    seen.closed++;
}

static err up_answer(void *ctx, const struct sys_web_request *r, err uploaded,
                     struct sys_web_answer *answer) {
    (void)ctx;
    CHECK(r->upload == &seen && seen.closed < seen.opened);
    seen.last = uploaded;
    answer->status = uploaded == OK ? 200 : 422;
    return buf_append(&answer->body, slice_str(err_name(uploaded)));
}

enum { AT_ONCE = 3 };
static const struct sys_web_upload UPLOAD = {up_open, {up_part, up_bytes}, up_close, AT_ONCE};

enum { UPLOAD_MAX = 8 * 1024 * 1024 };

static const struct sys_web_page PAGES[] = {
    {"GET", "/", 0, NULL, NULL, echo},
    {"GET", "/cases/*", 0, NULL, NULL, echo},
    {"POST", "/cases/*", 100, NULL, NULL, echo},
    {"GET", "/cases/*/notes/*", 0, NULL, NULL, echo},
    {"GET", "/files/*/**", 0, NULL, NULL, echo},
    {"GET", "/own", 0, NULL, NULL, own_headers},
    {"POST", "/moved", 100, NULL, NULL, moved},
    {"GET", "/broken", 0, NULL, NULL, broken},
    {"GET", "/large", 0, NULL, NULL, large},
    {"GET", "/file", 0, NULL, NULL, whole_file},
    {"GET", "/half-file", 0, NULL, NULL, half_file},
    {"POST", "/inside", 1 << 20, NULL, admit, echo},
    {"POST", "/upload", UPLOAD_MAX, &UPLOAD, NULL, up_answer},
};

static void failed(void *ctx, const struct sys_web_request *r, err why,
                   struct sys_web_answer *answer) {
    (void)ctx, (void)r;
    seen.failures++;
    CHECK((answer->status == 500) == (why != OK));
    answer->type = "text/x.styled";
}

/* ---- The rig ---- */

static struct sys_loop *loop;
static struct sys_web *web;
static uint16_t port;

static void start_patient(unsigned connections_max, uint64_t patience_ms) {
    struct sys_listen listen = {.host = "127.0.0.1", .port = "0"};
    struct sys_web_options options = {.pages = PAGES,
                                      .page_count = sizeof PAGES / sizeof PAGES[0],
                                      .connections_max = connections_max,
                                      .patience_ms = patience_ms,
                                      .failed = failed};
    memset(&seen, 0, sizeof seen);
    CHECK_OK(sys_loop_new(&loop, NULL));
    CHECK_OK(sys_listen_open(&options.fd, &listen));
    CHECK_OK(sys_listen_port(options.fd, &port));
    CHECK_OK(sys_web_new(&web, loop, &options));
}

static void start(unsigned connections_max) {
    start_patient(connections_max, SYS_WEB_PATIENCE_MS);
}

static void stop(void) {
    sys_web_free(web);
    sys_loop_free(loop);
}

static void turn(unsigned times) {
    for (unsigned i = 0; i < times; i++)
        CHECK_OK(sys_loop_turn(loop, 1));
}

static int dial(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    return fd;
}

/* Sends all, as far as the other side takes it, while the loop turns. */
static bool push(int fd, slice bytes) {
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n > 0)
            bytes = slice_of(bytes.p + n, bytes.n - (size_t)n);
        else if (errno != EAGAIN)
            return false;
        turn(1);
    }
    return true;
}

/* Appends what comes until the other side closes (true) or is silent for a while. */
static bool pull(int fd, buf *out) {
    uint8_t bytes[65536];
    for (int silent = 0; silent < 100; silent++) {
        uint64_t before = seen.bytes;
        turn(1);
        if (seen.bytes > before)
            silent = 0;
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return true;
        if (n > 0)
            CHECK_OK(buf_append(out, slice_of(bytes, (size_t)n)));
        if (n > 0)
            silent = 0;
    }
    return false;
}

/* One connection, one request, its answer as text. */
static const char *ask(const char *request) {
    static buf answer;
    int fd = dial();
    buf_clear(&answer);
    push(fd, slice_str(request));
    pull(fd, &answer);
    close(fd);
    CHECK_OK(buf_append_byte(&answer, 0));
    return (const char *)answer.p;
}

static unsigned status_of(const char *answer) {
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
}

static bool has(const char *answer, const char *text) {
    return strstr(answer, text) != NULL;
}

#define HOST "Host: desk.example\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"
#define POST(path, length, body) \
    "POST " path " HTTP/1.1\r\n" HOST "Content-Length: " length "\r\n\r\n" body

/* ---- Pages ---- */

TEST(a_page_is_told_what_was_asked) {
    start(4);
    const char *answer = ask("GET /cases/a%2Fb/notes/9?x=%31&y HTTP/1.1\r\n" HOST
                             "Cookie: s=1; t=2\r\norigin: https://a.example\r\n"
                             "Accept-Language: zh-Hant\r\nSec-Fetch-Site: same-origin\r\n"
                             "If-None-Match: \"1\"\r\nContent-Type: a/b\r\n\r\n");
    CHECK_EQ(status_of(answer), 200);
    CHECK(has(answer, "method=GET\npath=/cases/a%2Fb/notes/9\nquery=x=%31&y\nstar=a%2Fb\n"
                      "second=9\norigin=https://a.example\ntype=a/b\ncookies=s=1; t=2\n"
                      "languages=zh-Hant\nsite=same-origin\nknown=\"1\"\nbody=\n"));
    CHECK(has(answer, "Content-Type: text/html; charset=utf-8\r\n"));
    answer = ask(GET("/"));
    CHECK_EQ(status_of(answer), 200);
    CHECK(has(answer, "path=/\nquery=\nstar=\n"));
    CHECK(has(ask(GET("/files/a/b/c.p/8")), "star=a\nsecond=b/c.p/8\n"));
    CHECK(has(ask(GET("/files/a/b")), "star=a\nsecond=b\n"));
    stop();
}

TEST(a_body_comes_whole_however_it_is_cut) {
    start(4);
    buf answer = {0};
    int fd = dial();
    CHECK(push(fd, slice_str("POST /cases/1 HTTP/1.1\r\nHo")));
    turn(5);
    CHECK(push(fd, slice_str("st: a\r\nContent-Length: 10\r\n\r\n0123")));
    turn(5);
    CHECK(push(fd, slice_str("456789")));
    CHECK(!pull(fd, &answer));
    CHECK_OK(buf_append_byte(&answer, 0));
    CHECK(has((const char *)answer.p, "method=POST\n") &&
          has((const char *)answer.p, "body=0123456789\n"));
    close(fd);
    buf_free(&answer);
    stop();
}

TEST(a_connection_is_used_again) {
    start(4);
    buf answers = {0};
    int fd = dial();
    CHECK(push(fd, slice_str(GET("/cases/one") GET("/cases/two"))));
    CHECK(!pull(fd, &answers));
    CHECK(push(fd, slice_str(POST("/cases/three", "2", "ab"))));
    CHECK(!pull(fd, &answers));
    CHECK_OK(buf_append_byte(&answers, 0));
    CHECK(has((const char *)answers.p, "star=one") && has((const char *)answers.p, "star=two"));
    CHECK(has((const char *)answers.p, "star=three"));
    close(fd);
    buf_free(&answers);
    stop();
}

TEST(a_head_request_gets_the_head_of_what_get_would) {
    start(4);
    const char *answer = ask("HEAD /cases/1 HTTP/1.1\r\n" HOST "\r\n");
    CHECK_EQ(status_of(answer), 200);
    CHECK(has(answer, "Content-Length: ") && !has(answer, "Content-Length: 0\r\n"));
    CHECK(!has(answer, "method="));
    CHECK_EQ(status_of(ask("HEAD /upload HTTP/1.1\r\n" HOST "\r\n")), 405);
    stop();
}

TEST(strict_headers_go_with_each_answer_unless_the_page_has_its_own) {
    static const char *const ASKED[] = {GET("/"), GET("/nowhere"), GET("/broken"), GET("/upload")};
    start(4);
    for (size_t i = 0; i < sizeof ASKED / sizeof ASKED[0]; i++) {
        const char *answer = ask(ASKED[i]);
        CHECK(has(answer, "\r\nCache-Control: no-store\r\n"));
        CHECK(has(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
        CHECK(has(answer, "\r\nReferrer-Policy: no-referrer\r\n"));
        CHECK(has(answer, "\r\nContent-Security-Policy: default-src 'none'; "));
        CHECK(!has(answer, "\r\nServer:"));
    }
    const char *answer = ask(GET("/own"));
    CHECK(has(answer, "\r\ncache-control: max-age=60\r\n") && !has(answer, "no-store"));
    CHECK(has(answer, "\r\nSet-Cookie: a=1; HttpOnly\r\n"));
    CHECK(has(answer, "\r\nSet-Cookie: b=2\r\n") && !has(answer, "c=3"));
    CHECK(has(answer, "\r\nContent-Type: text/x.own\r\n"));
    CHECK(has(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
    stop();
}

TEST(a_redirect_stays_with_us) {
    start(4);
    const char *answer = ask(POST("/moved", "3", "abc"));
    CHECK_EQ(status_of(answer), 303);
    CHECK(has(answer, "\r\nLocation: /cases/7?a=b\r\n"));
    stop();
}

TEST(an_answer_of_megabytes_arrives) {
    start(4);
    buf answer = {0};
    int fd = dial();
    CHECK(push(fd, slice_str(GET("/large"))));
    CHECK(!pull(fd, &answer));
    CHECK(answer.n > 3000000);
    close(fd);
    buf_free(&answer);
    stop();
}

/* ---- What is refused ---- */

static void make_file(int n) {
    char folder[] = "/tmp/sotto-web-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    snprintf(file_path, sizeof file_path, "%s/file", folder);
    FILE *f = fopen(file_path, "wb");
    CHECK(f != NULL);
    for (int i = 0; i < n; i++)
        CHECK(fputc(i % 251, f) != EOF);
    CHECK(fclose(f) == 0);
}

static void remove_file(void) {
    CHECK(unlink(file_path) == 0);
    *strrchr(file_path, '/') = '\0';
    CHECK(rmdir(file_path) == 0);
}

TEST(a_file_is_sent_as_it_is_and_never_read_as_a_whole) {
    enum { N = 9000000 };
    buf answer = {0};
    start(4);
    make_file(N);
    unsigned before = rig_descriptors();
    int fd = dial();
    push(fd, slice_str(GET("/file")));
    pull(fd, &answer);
    CHECK(answer.n > N);
    const uint8_t *body = answer.p + answer.n - N;
    CHECK(memcmp(body - 4, "\r\n\r\n", 4) == 0);
    for (int i = 0; i < N; i++)
        CHECK(body[i] == i % 251);
    close(fd);
    buf_free(&answer);
    const char *head = ask("HEAD /file HTTP/1.1\r\n" HOST "\r\n");
    CHECK_EQ(status_of(head), 200);
    CHECK(has(head, "Content-Length: 9000000\r\n") && has(head, "octet-stream"));
    CHECK_EQ(status_of(ask(GET("/half-file"))), 500);
    /* Who goes away in the middle leaves nothing open. */
    fd = dial();
    push(fd, slice_str(GET("/file")));
    turn(5);
    close(fd);
    turn(20);
    CHECK_EQ(rig_descriptors(), before);
    remove_file();
    CHECK_EQ(status_of(ask(GET("/file"))), 404);
    stop();
}

TEST(a_body_is_read_of_who_is_admitted_alone) {
    start(4);
    const char *answer = ask(POST("/inside", "1000000", ""));
    CHECK_EQ(status_of(answer), 303);
    CHECK(has(answer, "Location: /login\r\n"));
    CHECK_EQ(status_of(ask("POST /inside HTTP/1.1\r\n" HOST "Cookie: session=broken\r\n"
                           "Content-Length: 1000000\r\n\r\n")),
             500);
    answer = ask("POST /inside HTTP/1.1\r\n" HOST "Cookie: session=good\r\n"
                 "Content-Length: 4\r\n\r\nbody");
    CHECK(status_of(answer) == 200 && has(answer, "body=body\n"));
    CHECK_EQ(status_of(ask("POST /inside HTTP/1.1\r\n" HOST "Cookie: session=good\r\n"
                           "Content-Length: 1073741824\r\n\r\n")),
             413);
    stop();
}

TEST(what_no_page_takes_has_its_status) {
    start(4);
    static const struct {
        const char *request;
        unsigned status;
    } BAD[] = {
        {GET("/nowhere"), 404},
        {GET("/cases/"), 404},
        {GET("/cases"), 404},
        {GET("/cases/1/"), 404},
        {GET("/cases/1/notes"), 404},
        {GET("//"), 404},
        {GET("/./"), 404},
        {GET("/files/a"), 404},
        {GET("/files/a/"), 404},
        {GET("/files//b"), 404},
        {GET("/cases/../own"), 404},
        {"GET http://desk.example/ HTTP/1.1\r\n" HOST "\r\n", 404},
        {"GET * HTTP/1.1\r\n" HOST "\r\n", 404},
        {"DELETE / HTTP/1.1\r\n" HOST "\r\n", 405},
        {"OPTIONS /own HTTP/1.1\r\n" HOST "\r\n", 405},
        {"get / HTTP/1.1\r\n" HOST "\r\n", 405},
        {POST("/own", "0", ""), 405},
        {POST("/cases/1", "101", ""), 413},
        {POST("/cases/1", "18446744073709551615", ""), 413},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\na", 413},
        {"POST /cases/1 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
         411},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Cookie: a=1\r\nCookie: a=2\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "Origin: \r\nOrigin: a\r\n\r\n", 400},
        {"POST /cases/1 HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
        {"POST /cases/1 HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\na", 400},
        {"POST /cases/1 HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\na", 400},
        {"POST /cases/1 HTTP/1.1\r\n" HOST "Content-Length: 01\r\n\r\na", 400},
        {"POST /cases/1 HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: "
         "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
         400},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        unsigned status = status_of(ask(BAD[i].request));
        if (status != BAD[i].status)
            printf("# %s\n", BAD[i].request);
        CHECK_EQ(status, BAD[i].status);
    }
    CHECK(has(ask("PUT /cases/1 HTTP/1.1\r\n" HOST "\r\n"), "\r\nAllow: GET, HEAD, POST\r\n"));
    CHECK_EQ(seen.opened, 0);
    stop();
}

TEST(a_page_that_fails_shows_nothing_of_what_it_had) {
    start(4);
    const char *answer = ask(GET("/broken"));
    CHECK_EQ(status_of(answer), 500);
    CHECK(!has(answer, "half"));
    CHECK(has(answer, "\r\nContent-Type: text/x.styled\r\n"));
    CHECK_EQ(seen.failures, 1);
    stop();
}

/* Whatever comes: no page, and the next one is served. */
TEST(garbage_costs_a_connection) {
    start(8);
    static char endless[200000];
    memset(endless, 'a', sizeof endless - 1);
    static const char *const GARBAGE[] = {
        "\r\n\r\n\r\n\r\n",
        "\x16\x03\x01\x02\x01",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\x01 HTTP/1.1\r\nHost : a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        endless,
    };
    for (size_t i = 0; i < sizeof GARBAGE / sizeof GARBAGE[0]; i++)
        CHECK(status_of(ask(GARBAGE[i])) != 200);
    char *request = malloc(sizeof endless + 100);
    CHECK(request != NULL);
    snprintf(request, sizeof endless + 100, "GET / HTTP/1.1\r\n" HOST "X: %s\r\n\r\n", endless);
    CHECK_EQ(status_of(ask(request)), 431);
    snprintf(request, sizeof endless + 100, "GET /%s HTTP/1.1\r\n" HOST "\r\n", endless);
    unsigned status = status_of(ask(request));
    CHECK(status == 414 || status == 431);
    free(request);
    CHECK_EQ(status_of(ask(GET("/"))), 200);
    stop();
}

TEST(connections_beyond_the_limit_wait_for_one_to_end) {
    start(2);
    int first = dial(), second = dial(), third = dial();
    buf answer = {0};
    turn(10);
    CHECK(push(third, slice_str(GET("/"))));
    CHECK(!pull(third, &answer));
    CHECK_EQ(answer.n, 0);
    close(first);
    CHECK(!pull(third, &answer));
    CHECK(answer.n > 0);
    close(second);
    close(third);
    buf_free(&answer);
    stop();
}

/* Who holds all connections, idle, in the middle of a head, or reading nothing, keeps nobody out.
 */
TEST(the_connection_that_stood_for_longest_makes_room) {
    enum { HELD = 8 };
    int fd[HELD];
    start_patient(HELD, 6000);
    make_file(4000000);
    for (size_t i = 0; i < HELD; i++) {
        fd[i] = dial();
        push(fd[i], slice_str(i % 3 == 0 ? "" : i % 3 == 1 ? "GET / HT" : GET("/file")));
    }
    turn(10);
    usleep(700000);
    for (int i = 0; i < 3; i++) {
        const char *answer = "";
        for (int tries = 0; tries < 10 && status_of(answer) != 200; tries++)
            answer = ask(GET("/"));
        CHECK_EQ(status_of(answer), 200);
    }
    for (size_t i = 0; i < HELD; i++)
        close(fd[i]);
    remove_file();
    stop();
}

/* The other side drips bytes, and reads nothing. */
TEST(a_connection_that_takes_too_long_ends) {
    static const char *const BEGUN[] = {
        "",
        "GET / HTTP/1.1\r\nX: ", "POST /cases/1 HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nab",
        GET("/")};
    start_patient(16, 100);
    for (size_t i = 0; i < sizeof BEGUN / sizeof BEGUN[0]; i++) {
        int fd = dial();
        buf answer = {0};
        CHECK(push(fd, slice_str(BEGUN[i])));
        unsigned tries = 0;
        while ((i == 3 || push(fd, slice_str("a"))) && !pull(fd, &answer))
            CHECK(++tries < 50);
        close(fd);
        buf_free(&answer);
    }
    CHECK_EQ(status_of(ask(GET("/"))), 200);
    stop();
}

TEST(descriptors_and_uploads_end_with_their_connections) {
    start(16);
    unsigned before = rig_descriptors();
    int fd[8];
    for (size_t i = 0; i < 8; i++) {
        fd[i] = dial();
        CHECK(push(fd[i], slice_str(i % 2 == 0 ? "GET / HT" : POST("/cases/1", "9", "half"))));
    }
    int uploading = dial();
    CHECK(push(uploading,
               slice_str("POST /upload HTTP/1.1\r\n" HOST "Content-Type: multipart/form-data; "
                         "boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\nContent-Disposition: "
                         "form-data; name=a\r\n\r\nhalf")));
    turn(10);
    CHECK_EQ(seen.opened, 1);
    CHECK_EQ(seen.closed, 0);
    for (size_t i = 0; i < 8; i++)
        close(fd[i]);
    close(uploading);
    turn(20);
    CHECK_EQ(seen.closed, 1);
    CHECK_EQ(rig_descriptors(), before);
    stop();
}

TEST(what_is_under_way_when_it_stops_is_freed) {
    start(16);
    int fd = dial();
    CHECK(push(fd, slice_str("POST /upload HTTP/1.1\r\n" HOST "Content-Type: multipart/form-data; "
                             "boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n")));
    turn(10);
    CHECK_EQ(seen.opened, 1);
    stop();
    CHECK_EQ(seen.closed, 1);
    close(fd);
}

/* ---- Uploads ---- */

#define BOUNDARY "multipart/form-data; boundary=b"

static const char *upload(const char *type, const char *before, size_t n, const char *after) {
    static buf answer;
    char head[300];
    uint8_t *bytes = calloc(1, n + 1);
    int fd = dial();
    buf_clear(&answer);
    snprintf(head, sizeof head,
             "POST /upload HTTP/1.1\r\n" HOST "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
             type, strlen(before) + n + strlen(after), before);
    CHECK(bytes != NULL);
    if (push(fd, slice_str(head)) && push(fd, slice_of(bytes, n)))
        push(fd, slice_str(after));
    pull(fd, &answer);
    close(fd);
    free(bytes);
    CHECK_OK(buf_append_byte(&answer, 0));
    return (const char *)answer.p;
}

#define FILE_PART "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n"

TEST(an_upload_arrives_in_pieces) {
    start(4);
    size_t n = UPLOAD_MAX - strlen(FILE_PART) - strlen("\r\n--b--");
    CHECK_EQ(status_of(upload(BOUNDARY, FILE_PART, n, "\r\n--b--")), 200);
    CHECK_OK(seen.last);
    CHECK_EQ(seen.bytes, n);
    CHECK_EQ(seen.parts, 1);
    CHECK_EQ(seen.closed, 1);
    stop();
}

TEST(an_upload_that_is_too_long_is_not_begun) {
    start(4);
    CHECK_EQ(status_of(ask(POST("/upload", "8388609", ""))), 413);
    upload(BOUNDARY, FILE_PART, UPLOAD_MAX, "\r\n--b--");
    CHECK_EQ(seen.opened, 0);
    CHECK_EQ(seen.bytes, 0);
    CHECK_EQ(status_of(ask(GET("/"))), 200);
    stop();
}

TEST(an_upload_may_be_refused_before_it_is_read) {
    start(4);
    seen.refuses = true;
    const char *answer = ask(POST("/upload", "1000000", ""));
    CHECK_EQ(status_of(answer), 403);
    CHECK(has(answer, "not you"));
    CHECK_EQ(seen.closed, 0);
    stop();
}

TEST(a_page_learns_how_its_upload_ended) {
    start(4);
    CHECK_EQ(status_of(upload("text/plain", "", 10, "")), 422);
    CHECK_ERR(seen.last, ERR_UNSUPPORTED);
    CHECK_EQ(status_of(upload(BOUNDARY, FILE_PART, 100000, "")), 422);
    CHECK_ERR(seen.last, ERR_TRUNCATED);
    CHECK_EQ(status_of(upload(BOUNDARY, "--c", 100000, "--b--")), 422);
    CHECK_ERR(seen.last, ERR_MALFORMED);
    seen.sink = ERR_FULL;
    CHECK_EQ(status_of(upload(BOUNDARY, FILE_PART, 100000, "\r\n--b--")), 422);
    CHECK_ERR(seen.last, ERR_FULL);
    CHECK_EQ(seen.closed, 4);
    stop();
}

static int begin_upload_of(const char *more) {
    int fd = dial();
    CHECK(push(fd, slice_str("POST /upload HTTP/1.1\r\n" HOST "Content-Type: " BOUNDARY
                             "\r\nContent-Length: 8000000\r\n\r\n" FILE_PART)));
    CHECK(push(fd, slice_str(more)));
    turn(5);
    return fd;
}

static bool ended(int fd) {
    uint8_t byte;
    turn(10);
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

TEST(one_upload_more_ends_the_slowest_and_none_that_has_just_begun) {
    buf answer = {0};
    int fd[AT_ONCE];
    start_patient(16, 2000);
    fd[0] = begin_upload_of("some bytes more than the next one has");
    fd[1] = begin_upload_of("few");
    fd[2] = begin_upload_of("these are quite a lot of bytes, more than others have");
    CHECK_EQ(seen.opened, AT_ONCE);
    int more = begin_upload_of("");
    pull(more, &answer);
    CHECK_OK(buf_append_byte(&answer, 0));
    CHECK_EQ(status_of((const char *)answer.p), 503);
    close(more);
    CHECK_EQ(seen.closed, 1);
    usleep(250000);
    more = begin_upload_of("x");
    CHECK(ended(fd[1]) && !ended(fd[0]) && !ended(fd[2]) && !ended(more));
    CHECK_EQ(seen.closed, 2);
    /* Other pages wait for none of them. */
    CHECK_EQ(status_of(ask(GET("/"))), 200);
    for (size_t i = 0; i < AT_ONCE; i++)
        close(fd[i]);
    close(more);
    turn(20);
    CHECK_EQ(seen.closed, seen.opened);
    buf_free(&answer);
    stop();
}

TEST(an_upload_of_which_nothing_comes_ends) {
    start_patient(16, 300);
    int fd = begin_upload_of("half");
    for (int i = 0; i < 1000 && !ended(fd); i++)
        continue;
    CHECK(ended(fd));
    CHECK_EQ(seen.closed, 1);
    close(fd);
    stop();
}

TEST_MAIN
