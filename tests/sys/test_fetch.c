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
    CHECK_OK(answer(FINE "Content-Length: 3\r\n\r\n", "abc", "abc"));
    CHECK_ERR(answer(FINE "Content-Length: 3\r\n\r\n", "abcde", ""), ERR_MALFORMED);
    CHECK_OK(answer(FINE "\r\n", "abc", "abc"));
    CHECK_ERR(answer(FINE "Content-Length: 6\r\n\r\n", "abcde", ""), ERR_TRUNCATED);
    CHECK_ERR(answer(FINE "Content-Length: x\r\n\r\n", "abcde", ""), ERR_MALFORMED);
    CHECK_ERR(answer("HTTP/2 200\r\n\r\n", "abc", ""), ERR_MALFORMED);
    CHECK_ERR(answer(FINE "Content-Encoding: zstd\r\n\r\n", "abc", ""), ERR_UNSUPPORTED);
    CHECK_ERR(answer(FINE "Content-Encoding: gzip\r\n\r\n", "abc", ""), ERR_MALFORMED);
}

TEST(chunks_are_taken_as_they_are_written) {
    CHECK_OK(answer(CHUNKED, "2;a=b\r\nab\r\nA\r\n0123456789\r\n0\r\n\r\n", "ab0123456789"));
    CHECK_ERR(answer(CHUNKED, "2\r\nab\r\n0\r\n\r\nmore", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "2\r\nab\r\n0\r\na: b\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(
        answer(FINE "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "0\r\n\r\n", ""),
        ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "2\r\nab\r\n", ""), ERR_TRUNCATED);
    CHECK_ERR(answer(CHUNKED, "5\r\nab\r\n", ""), ERR_TRUNCATED);
    CHECK_ERR(answer(CHUNKED, "2\r\nabcd0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "\x12\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "g\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
    CHECK_ERR(answer(CHUNKED, "000000002\r\nab\r\n0\r\n\r\n", ""), ERR_MALFORMED);
}

/* "abc" in brotli and in gzip: a second member, or anything else, is behind the end. */
#define BR "\x0b\x01\x80\x61\x62\x63\x03"
#define GZIP_HEAD "\x1f\x8b\x08\0\0\0\0\0\0\x03"
#define GZIP GZIP_HEAD "\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35\x03\0\0"

static err coded(const char *coding, const char *raw, size_t n) {
    struct sys_fetched fetched = {0};
    CHECK_OK(buf_append(&fetched.head, slice_str(FINE "Content-Encoding: ")));
    CHECK_OK(buf_append(&fetched.head, slice_str(coding)));
    CHECK_OK(buf_append(&fetched.head, slice_str("\r\n\r\n")));
    err e = sys_fetched_read(&fetched, slice_of(raw, n), MOST);
    if (e == OK)
        CHECK_SLICE(buf_slice(&fetched.body), slice_str("abc"));
    sys_fetched_fini(&fetched);
    return e;
}

TEST(nothing_stands_behind_what_was_compressed) {
    CHECK_OK(coded("br", BR, sizeof BR - 1));
    CHECK_ERR(coded("br", BR "x", sizeof BR), ERR_MALFORMED);
    CHECK_ERR(coded("br", BR, sizeof BR - 2), ERR_MALFORMED);
    CHECK_OK(coded("gzip", GZIP "\0", sizeof GZIP));
    CHECK_ERR(coded("gzip",
                    GZIP "\0"
                         "x",
                    sizeof GZIP + 1),
              ERR_MALFORMED);
    CHECK_ERR(coded("gzip", GZIP "\0" GZIP "\0", 2 * sizeof GZIP), ERR_MALFORMED);
}

TEST_MAIN
