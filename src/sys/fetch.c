#include "sys/fetch.h"

#include <brotli/decode.h>
#include <stdio.h>
#include <zlib.h>

#include "base/text.h"
#include "sys/conn.h"

struct fetching {
    struct sys_loop *loop;
    struct sys_fetched *out;
    buf raw; /* what came after the head */
    size_t max;
    err why;
};

/* ---- The way there ---- */

err sys_fetch_address(struct sys_address *address, const char *url) {
    char text[SYS_HOST_MAX + 64];
    const char *rest = strstr(url, "://");
    bool plain = strncmp(url, "http://", 7) == 0, secret = strncmp(url, "https://", 8) == 0;
    if (!plain && !secret)
        return ERR_MALFORMED;
    size_t n = strlen(rest);
    n -= rest[n - 1] == '/' && n > 3;
    if (strchr(rest + 3, '/') != NULL && strchr(rest + 3, '/') != rest + n)
        return ERR_MALFORMED;
    int length = snprintf(text, sizeof text, "%s%.*s/", secret ? "wss" : "ws", (int)n, rest);
    if (length < 0 || (size_t)length >= sizeof text)
        return ERR_MALFORMED;
    TRY(sys_address_parse(address, text));
    snprintf(address->path, sizeof address->path, "/");
    return OK;
}

/* The words of a browser of these years. They don't make it one: TLS and the order of its requests
 * tell it from a browser. */
static err fetch_ask(struct sys_conn *conn, const struct sys_address *address) {
    char head[1024], port[8] = "";
    bool secret = address->scheme == SYS_SCHEME_WSS;
    bool brackets = strchr(address->host, ':') != NULL;
    if (strcmp(address->port, secret ? "443" : "80") != 0)
        snprintf(port, sizeof port, ":%s", address->port);
    int n = snprintf(head, sizeof head,
                     "GET %s HTTP/1.1\r\n"
                     "Host: %s%s%s%s\r\n"
                     "Connection: close\r\n"
                     "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
                     "Firefox/140.0\r\n"
                     "Accept: */*\r\n"
                     "Accept-Language: en-US,en;q=0.5\r\n"
                     "Accept-Encoding: gzip, deflate, br\r\n\r\n",
                     address->path, brackets ? "[" : "", address->host, brackets ? "]" : "", port);
    if (n < 0 || (size_t)n >= sizeof head)
        return ERR_BUG;
    uint8_t *room;
    TRY(sys_conn_room(conn, (size_t)n, &room));
    memcpy(room, head, (size_t)n);
    return OK;
}

/* The head is the first message; whatever comes then are the others. */
static err fetch_take(struct sys_conn *conn, uint8_t *p, size_t n, size_t *used) {
    size_t size = n;
    bool is_head = !conn->announced;
    if (is_head)
        TRY(sys_http_head(slice_of(p, n), &size));
    *used = size;
    if (size == 0)
        return OK;
    if (is_head)
        sys_conn_opened(conn);
    sys_conn_message(conn, slice_of(p, size));
    return OK;
}

static err fetch_put(struct sys_conn *conn, slice message) {
    (void)conn;
    (void)message;
    return ERR_BUG;
}

static const struct sys_framing framing = {.ask = fetch_ask, .take = fetch_take, .put = fetch_put};

static void opened(struct sys_conn *conn, void *ctx) {
    (void)conn;
    (void)ctx;
}

static void message(struct sys_conn *conn, void *ctx, slice bytes) {
    struct fetching *f = ctx;
    bool is_head = f->out->head.n == 0;
    if (f->why == OK && f->raw.n + bytes.n > f->max)
        f->why = ERR_TOO_LARGE;
    if (f->why == OK)
        f->why = buf_append(is_head ? &f->out->head : &f->raw, bytes);
    if (f->why != OK)
        sys_conn_close(conn, SYS_CLOSE_NOW);
}

/* The end of the connection is that of the answer; whether it was whole is seen later. */
static void closed(struct sys_conn *conn, void *ctx, err why) {
    struct fetching *f = ctx;
    (void)conn;
    if (f->why == OK && (why != ERR_CLOSED || f->out->head.n == 0))
        f->why = why;
    sys_loop_stop(f->loop);
}

static const struct sys_conn_events events = {
    .opened = opened, .message = message, .closed = closed};

static void too_late(void *ctx) {
    struct fetching *f = ctx;
    f->why = ERR_TIMEOUT;
    sys_loop_stop(f->loop);
}

static err run(struct fetching *f, const struct sys_fetch *options, struct sys_tls *tls) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    struct sys_conns conns;
    struct sys_timer timer = {0};
    struct sys_conn *conn;
    limits.handshake_ms = options->timeout_ms;
    sys_conns_init(&conns, f->loop, &events, f, &limits);
    struct sys_connect connect = {.address = options->address,
                                  .tls = tls,
                                  .proxy = options->proxy,
                                  .framing = &framing,
                                  .ctx = f};
    err e = sys_timer_set(&timer, f->loop, options->timeout_ms, too_late, f);
    if (e == OK)
        e = sys_conn_open(&conn, &conns, &connect);
    if (e == OK)
        e = sys_loop_run(f->loop);
    sys_timer_cancel(&timer);
    sys_conns_fini(&conns);
    return e == OK ? f->why : e;
}

/* ---- The answer ---- */

err sys_fetched_header(const struct sys_fetched *fetched, const char *name, buf *value) {
    slice rest = buf_slice(&fetched->head), line;
    buf_clear(value);
    while (slice_line(&rest, &line)) {
        slice text = line, its_name = slice_until(&text, ':');
        if (!sys_http_is(its_name, name))
            continue;
        if (text.n > 0 && text.p[text.n - 1] == '\r')
            text.n--;
        if (value->n > 0)
            TRY(buf_append(value, slice_str(", ")));
        TRY(buf_append(value, sys_http_trim(text)));
    }
    return OK;
}

static err read_status(struct sys_fetched *out) {
    uint64_t status;
    slice head = buf_slice(&out->head);
    if (!slice_skip(&head, slice_str("HTTP/1.")) || head.n < 5 || head.p[1] != ' ')
        return ERR_MALFORMED;
    TRY(decimal_decode(slice_of(head.p + 2, 3), 999, &status));
    out->status = (int)status;
    return OK;
}

/* 16: it is none. */
static unsigned hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? 10u + c - 'a' : 16;
}

/* RFC 9112 section 7.1; extensions are passed over, trailers are not taken. */
static err unchunk(slice raw, buf *out) {
    slice line;
    while (slice_line(&raw, &line)) {
        slice digits = sys_http_trim(slice_until(&line, ';'));
        size_t n = 0;
        if (digits.n > 0 && digits.p[digits.n - 1] == '\r')
            digits.n--;
        for (size_t i = 0; i < digits.n; i++) {
            unsigned digit = hex_digit(digits.p[i]);
            if (digit == 16 || i == 8)
                return ERR_MALFORMED;
            n = n * 16 + digit;
        }
        if (digits.n == 0)
            return ERR_MALFORMED;
        if (n == 0)
            return slice_equal(raw, slice_str("\r\n")) ? OK : ERR_MALFORMED;
        if (raw.n < n + 2)
            return ERR_TRUNCATED;
        if (raw.p[n] != '\r' || raw.p[n + 1] != '\n')
            return ERR_MALFORMED;
        TRY(buf_append(out, slice_of(raw.p, n)));
        raw = slice_of(raw.p + n + 2, raw.n - n - 2);
    }
    return ERR_TRUNCATED;
}

/* The bytes that the head announces, and no more: what one browser passes over another may read. */
static err whole(const struct sys_fetched *out, slice raw, buf *body, buf *value) {
    uint64_t length;
    bool chunked;
    TRY(sys_fetched_header(out, "Transfer-Encoding", value));
    chunked = value->n > 0;
    if (chunked && !sys_http_is(buf_slice(value), "chunked"))
        return ERR_UNSUPPORTED;
    TRY(sys_fetched_header(out, "Content-Length", value));
    if (chunked)
        return value->n > 0 ? ERR_MALFORMED : unchunk(raw, body);
    if (value->n > 0) {
        TRY(decimal_decode(buf_slice(value), SIZE_MAX, &length));
        if (length != raw.n)
            return length > raw.n ? ERR_TRUNCATED : ERR_MALFORMED;
    }
    return buf_append(body, raw);
}

static err inflate_all(slice in, size_t max, buf *out) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n};
    if (inflateInit2(&z, 32 + MAX_WBITS) != Z_OK) /* gzip or zlib, as its head says */
        return ERR_NO_MEMORY;
    err e = buf_resize(out, max);
    if (e == OK) {
        z.next_out = out->p;
        z.avail_out = (uInt)max;
        int end = inflate(&z, Z_FINISH);
        e = end == Z_STREAM_END && z.avail_in == 0    ? OK
            : end != Z_STREAM_END && z.avail_out == 0 ? ERR_TOO_LARGE
                                                      : ERR_MALFORMED;
        out->n = max - z.avail_out;
    }
    inflateEnd(&z);
    return e;
}

static err unbrotli(slice in, size_t max, buf *out) {
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (state == NULL)
        return ERR_NO_MEMORY;
    err e = buf_resize(out, max);
    if (e == OK) {
        uint8_t *next = out->p;
        size_t room = max;
        BrotliDecoderResult end =
            BrotliDecoderDecompressStream(state, &in.n, &in.p, &room, &next, NULL);
        e = end == BROTLI_DECODER_RESULT_SUCCESS && in.n == 0 ? OK
            : end == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT  ? ERR_TOO_LARGE
                                                              : ERR_MALFORMED;
        out->n = max - room;
    }
    BrotliDecoderDestroyInstance(state);
    return e;
}

static err decode(struct sys_fetched *out, slice coded, size_t max, buf *value) {
    TRY(sys_fetched_header(out, "Content-Encoding", value));
    slice coding = buf_slice(value);
    if (coding.n == 0 || sys_http_is(coding, "identity"))
        return buf_append(&out->body, coded);
    if (sys_http_is(coding, "br"))
        return unbrotli(coded, max, &out->body);
    if (sys_http_is(coding, "gzip") || sys_http_is(coding, "deflate"))
        return inflate_all(coded, max, &out->body);
    return ERR_UNSUPPORTED;
}

err sys_fetched_read(struct sys_fetched *fetched, slice raw, size_t max) {
    buf coded = {0}, value = {0};
    err e = read_status(fetched);
    if (e == OK)
        e = whole(fetched, raw, &coded, &value);
    if (e == OK)
        e = decode(fetched, buf_slice(&coded), max, &value);
    buf_free(&coded);
    buf_free(&value);
    return e;
}

err sys_fetch(struct sys_fetched *out, const struct sys_fetch *options) {
    struct fetching f = {.out = out, .max = options->body_max};
    struct sys_tls *tls = NULL;
    *out = (struct sys_fetched){0};
    err e = sys_loop_new(&f.loop, NULL);
    if (e == OK && options->address->scheme == SYS_SCHEME_WSS)
        e = sys_tls_client_new(&tls, SYS_TLS_SYSTEM);
    if (e == OK)
        e = run(&f, options, tls);
    if (e == OK)
        e = sys_fetched_read(out, buf_slice(&f.raw), f.max);
    sys_tls_free(tls);
    sys_loop_free(f.loop);
    buf_free(&f.raw);
    if (e != OK)
        sys_fetched_fini(out);
    return e;
}

void sys_fetched_fini(struct sys_fetched *fetched) {
    buf_free(&fetched->head);
    buf_free(&fetched->body);
}
