/* What a web server answers: only what is whole and well made is taken. */
#include "sys/fetch.h"
#include "tests/test.h"

enum { MOST = 100 };

static err answer(const char *head, const char *raw, const char *body) {
    struct sys_fetched fetched = {0};
    CHECK_OK(buf_append(&fetched.head, slice_str(head)));
    err e = sys_fetched_read(&fetched, slice_str(raw), MOST);
    if (e == OK) {
        CHECK_EQ(fetched.status, 200);
        CHECK_SLICE(buf_slice(&fetched.body), slice_str(body));
    }
    sys_fetched_fini(&fetched);
    return e;
}

#define FINE "HTTP/1.1 200 OK\r\n"
#define CHUNKED FINE "Transfer-Encoding: chunked\r\n\r\n"

TEST(a_body_ends_where_the_head_says) {
    CHECK_OK(answer(FINE "Content-Length: 3\r\n\r\n", "abcde", "abc"));
    CHECK_OK(answer(FINE "\r\n", "abc", "abc"));
    CHECK_ERR(answer(FINE "Content-Length: 6\r\n\r\n", "abcde", ""), ERR_TRUNCATED);
    CHECK_ERR(answer(FINE "Content-Length: x\r\n\r\n", "abcde", ""), ERR_MALFORMED);
    CHECK_ERR(answer("HTTP/2 200\r\n\r\n", "abc", ""), ERR_MALFORMED);
    CHECK_ERR(answer(FINE "Content-Encoding: zstd\r\n\r\n", "abc", ""), ERR_UNSUPPORTED);
    CHECK_ERR(answer(FINE "Content-Encoding: gzip\r\n\r\n", "abc", ""), ERR_MALFORMED);
}

TEST(chunks_are_taken_as_they_are_written) {
    CHECK_OK(answer(CHUNKED, "2;a=b\r\nab\r\nA\r\n0123456789\r\n0\r\n\r\n", "ab0123456789"));
    CHECK_ERR(answer(CHUNKED, "2\r\nab\r\n", ""), ERR_TRUNCATED);
    CHECK_ERR(answer(CHUNKED, "5\r\nab\r\n", ""), ERR_TRUNCATED);
    CHECK_ERR(answer(CHUNKED, "2\r\nabcd0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "\x12\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "g\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "000000002\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
}

TEST_MAIN
