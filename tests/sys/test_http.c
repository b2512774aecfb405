#include "sys/http.h"

#include <stdio.h>
#include <unistd.h>

#include "rig.h"
#include "tests/support.h"
#include "tests/test.h"

#define LINE "GET /session HTTP/1.1\r\n"
#define UPGRADE                                                                    \
    "Host: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"         \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Protocol: other, sotto\r\n"

/* ---- The parser ---- */

static err parse(struct sys_http_request *request, const char *text) {
    size_t n;
    TRY(sys_http_head(slice_str(text), &n));
    return n == 0 ? ERR_TRUNCATED : sys_http_parse(request, slice_of(text, n));
}

TEST(a_request_is_taken_apart) {
    struct sys_http_request r;
    CHECK_OK(parse(&r, "GET /health?a=b HTTP/1.1\r\nHost: h\r\nX-Other:  y \r\n\r\nrest"));
    CHECK_SLICE(r.method, slice_str("GET"));
    CHECK_SLICE(r.path, slice_str("/health"));
    CHECK_SLICE(r.query, slice_str("a=b"));
    CHECK(!r.upgrade && !r.body);
    CHECK_OK(parse(&r, LINE UPGRADE "\r\n"));
    CHECK(r.upgrade);
    CHECK(sys_http_has_token(r.protocols, "SOTTO"));
    CHECK(!sys_http_has_token(r.protocols, "sott"));
    CHECK_OK(parse(&r, "GET / HTTP/1.0\r\n\r\n"));
    CHECK(!r.upgrade);
    CHECK_OK(parse(&r, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"));
    CHECK(!r.body);
    CHECK_OK(parse(&r, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"));
    CHECK(r.body);
    CHECK_OK(parse(&r, "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
    CHECK(r.body);
}

TEST(the_accept_key_is_the_one_of_rfc_6455) {
    buf out = {0};
    CHECK_OK(sys_http_accept_key(slice_str("dGhlIHNhbXBsZSBub25jZQ=="), &out));
    CHECK_SLICE(buf_slice(&out), slice_str("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    CHECK_ERR(sys_http_accept_key(slice_str("dGhlIHNhbXBsZQ=="), &out), ERR_MALFORMED);
    buf_free(&out);
}

TEST(a_request_that_two_parsers_could_read_in_two_ways_is_malformed) {
    static const char *const BAD[] = {
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\n\n",
        "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: h\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
        "GET /\r\nHost: h\r\n\r\n",
        "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /# HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n: nameless\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\ntransfer-encoding: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: \x7f\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX\xff: y\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct sys_http_request r;
        if (parse(&r, BAD[i]) != ERR_MALFORMED)
            test_fail(__FILE__, __LINE__, "taken: %s", BAD[i]);
    }
}

TEST(an_upgrade_needs_each_of_its_fields) {
    static const char *const LESS[] = {
        LINE "Host: x\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\nSec-WebSocket-Version: 13\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQA=\r\nSec-WebSocket-Version: 13\r\n\r\n",
        LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "GET /session HTTP/1.0\r\n" UPGRADE "\r\n",
    };
    for (size_t i = 0; i < sizeof(LESS) / sizeof(LESS[0]); i++) {
        struct sys_http_request r;
        CHECK_OK(parse(&r, LESS[i]));
        CHECK(!r.upgrade);
    }
}

TEST(a_head_is_whole_at_its_last_byte_and_never_before) {
    static const char TEXT[] = LINE UPGRADE "\r\n";
    size_t n;
    for (size_t i = 0; i + 1 < sizeof(TEXT); i++) {
        CHECK_OK(sys_http_head(slice_of(TEXT, i), &n));
        CHECK_EQ(n, i == sizeof(TEXT) - 1 ? i : 0);
    }
    CHECK_OK(sys_http_head(slice_of(TEXT, sizeof(TEXT) - 1), &n));
    CHECK_EQ(n, sizeof(TEXT) - 1);
}

TEST(a_head_of_more_than_8_kib_is_too_large) {
    char text[SYS_HTTP_HEAD_MAX + 16];
    memset(text, 'a', sizeof(text));
    size_t n;
    CHECK_OK(sys_http_head(slice_of(text, SYS_HTTP_HEAD_MAX - 1), &n));
    CHECK_ERR(sys_http_head(slice_of(text, SYS_HTTP_HEAD_MAX), &n), ERR_TOO_LARGE);
    memcpy(text + SYS_HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    CHECK_OK(sys_http_head(slice_of(text, SYS_HTTP_HEAD_MAX), &n));
    CHECK_EQ(n, SYS_HTTP_HEAD_MAX);
    memcpy(text + SYS_HTTP_HEAD_MAX - 4, "aa\r\n\r\n", 6);
    CHECK_ERR(sys_http_head(slice_of(text, SYS_HTTP_HEAD_MAX + 2), &n), ERR_TOO_LARGE);
}

/* ---- The port ---- */

static struct rig rig;

static void ask(slice request, const char *status, const char *holds) {
    int fd = rig_socket(&rig);
    buf answer = buf_on(NULL);
    rig_write(&rig, fd, request);
    rig_read_all(&rig, fd, &answer);
    CHECK_OK(buf_append_byte(&answer, 0));
    const char *text = (const char *)answer.p;
    bool good = answer.n > 12 && strncmp(text, "HTTP/1.1 ", 9) == 0 &&
                strncmp(text + 9, status, 3) == 0 && strstr(text, holds) != NULL;
    if (!good)
        test_fail(__FILE__, __LINE__, "expected %s: %.*s -> %s", status, (int)request.n,
                  (const char *)request.p, text);
    buf_free(&answer);
    close(fd);
}

TEST(each_request_gets_the_status_it_deserves) {
    static char large[9000];
    memset(large, 'a', sizeof(large));
    memcpy(large, "GET /", 5);
    rig_init(&rig, RIG_WS, NULL);
    ask(slice_str("GET /health HTTP/1.1\r\nHost: h\r\n\r\n"), "200", "\r\n\r\n{\"ok\":true}\n");
    ask(slice_str("GET /health?x HTTP/1.0\r\n\r\n"), "200", "Content-Length: 12\r\n");
    ask(slice_str("GET /health?fail HTTP/1.0\r\n\r\n"), "500", "");
    ask(slice_str("GET /healthy HTTP/1.0\r\n\r\n"), "404", "");
    ask(slice_str("GET /../health HTTP/1.0\r\n\r\n"), "404", "");
    ask(slice_str("POST /health HTTP/1.0\r\n\r\n"), "405", "Allow: GET");
    ask(slice_str("GET /health HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello"), "400", "");
    ask(slice_str("GET /health HTTP/1.1\r\n\r\n"), "400", "");
    ask(slice_str("\x16\x03\x01"), "400", "");
    ask(SLICE_ARRAY(large), "431", "");
    ask(slice_str("GET /session HTTP/1.1\r\nHost: h\r\n\r\n"), "426", "Upgrade: websocket");
    ask(slice_str(LINE UPGRADE "\r\n"), "101", "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    /* A second request on the same connection is not read. */
    ask(slice_str("GET /no HTTP/1.0\r\n\r\nGET /health HTTP/1.0\r\n\r\n"), "404",
        "404 Not Found\n");
    CHECK_EQ(rig.server.opened, 1);
    rig_turn(&rig, 10);
    CHECK_EQ(rig.server.set.count, 0);
    rig_fini(&rig);
}

TEST(a_session_without_our_subprotocol_is_refused) {
    rig_init(&rig, RIG_WS, NULL);
    ask(slice_str(LINE "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Version: 13\r\n\r\n"),
        "400", "");
    rig_fini(&rig);
}

TEST(a_request_may_come_in_single_bytes) {
    static const char TEXT[] = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";
    rig_init(&rig, RIG_WS, NULL);
    int fd = rig_socket(&rig);
    for (size_t i = 0; i + 1 < sizeof(TEXT); i++) {
        rig_write(&rig, fd, slice_of(TEXT + i, 1));
        rig_turn(&rig, 1);
    }
    buf answer = buf_on(NULL);
    rig_read_all(&rig, fd, &answer);
    CHECK(answer.n > 15 && memcmp(answer.p, "HTTP/1.1 200 OK", 15) == 0);
    buf_free(&answer);
    close(fd);
    rig_fini(&rig);
}

/* ---- What a client reads ---- */

TEST(a_client_takes_no_answer_but_the_right_one) {
    static const struct {
        const char *text;
        err why;
    } CASES[] = {
        {"HTTP/1.1 404 Not Found\r\n\r\n", ERR_UNSUPPORTED},
        {"HTTP/1.1 503 Busy\r\n\r\n", ERR_AGAIN},
        {"HTTP/1.1 200 OK\r\n\r\n", ERR_UNSUPPORTED},
        {"HTTP/1.0 101 x\r\n\r\n", ERR_MALFORMED},
        {"HTTP/1.1 1x1 x\r\n\r\n", ERR_MALFORMED},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
         "Sec-WebSocket-Protocol: sotto\r\n\r\n",
         ERR_MALFORMED},
        {"garbage\n", ERR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        rig_init(&rig, RIG_WS, NULL);
        sys_listener_free(rig.listener);
        rig.listener = NULL;
        int listening = -1;
        CHECK_OK(sys_listen_open(&listening, &(struct sys_listen){"127.0.0.1", "0"}));
        CHECK_OK(sys_listen_port(listening, &rig.port));
        rig_connect(&rig);
        rig_turn(&rig, 5);
        int fd = accept(listening, NULL, NULL);
        CHECK(fd >= 0);
        rig_write(&rig, fd, slice_str(CASES[i].text));
        rig_turn(&rig, 5);
        close(fd);
        CHECK(rig_until(&rig, &rig.client.closed, 1));
        CHECK_ERR(rig.client.why, CASES[i].why);
        CHECK_EQ(rig.client.opened, 0);
        close(listening);
        rig_fini(&rig);
    }
}

TEST_MAIN
