#include "sys/ws.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include "rig.h"
#include "tests/support.h"
#include "tests/test.h"

static struct rig rig;
static const uint8_t KEY[4] = {0x12, 0x34, 0x56, 0x78};

/* ---- Frames ---- */

TEST(a_head_reads_back_whatever_its_length_and_needs_all_its_bytes) {
    static const size_t SIZES[] = {0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        for (int masked = 0; masked < 2; masked++) {
            uint8_t head[SYS_WS_HEAD_MAX];
            struct sys_ws_frame f;
            size_t n = sys_ws_write_head(head, SYS_WS_BINARY, SIZES[i], masked ? KEY : NULL);
            for (size_t cut = 0; cut < n; cut++) {
                CHECK_OK(sys_ws_head(&f, slice_of(head, cut), masked, SIZE_MAX));
                CHECK_EQ(f.head, 0);
            }
            CHECK_OK(sys_ws_head(&f, slice_of(head, n), masked, SIZE_MAX));
            CHECK_EQ(f.head, n);
            CHECK_EQ(f.payload, SIZES[i]);
            CHECK(f.final && f.opcode == SYS_WS_BINARY);
            CHECK_ERR(sys_ws_head(&f, slice_of(head, n), !masked, SIZE_MAX), ERR_MALFORMED);
        }
    }
}

TEST(masking_twice_gives_the_same_bytes_at_every_length) {
    uint8_t bytes[40], twice[40];
    struct support_random random = {3};
    support_fill(&random, bytes, sizeof(bytes));
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        memcpy(twice, bytes, sizeof(bytes));
        sys_ws_mask(twice, n, KEY);
        for (size_t i = 0; i < n; i++)
            CHECK_EQ(twice[i], bytes[i] ^ KEY[i % 4]);
        sys_ws_mask(twice, n, KEY);
        CHECK_SLICE(SLICE_ARRAY(twice), SLICE_ARRAY(bytes));
    }
}

TEST(close_codes_and_reasons_are_checked) {
    uint16_t code;
    CHECK_OK(sys_ws_close_code(SLICE_EMPTY, &code));
    CHECK_EQ(code, SYS_WS_NO_CODE);
    CHECK_OK(sys_ws_close_code(slice_of("\x03\xe8", 2), &code));
    CHECK_EQ(code, 1000);
    CHECK_OK(sys_ws_close_code(slice_of("\x0b\xb8ok \xe2\x82\xac \xf0\x9f\x98\x80", 13), &code));
    CHECK_EQ(code, 3000);
    static const struct {
        const char *p;
        size_t n;
    } BAD[] = {
        {"\x03", 1},
        {"\x03\xe7", 2},
        {"\x03\xec", 2},
        {"\x03\xed", 2},
        {"\x03\xee", 2},
        {"\x03\xf7", 2},
        {"\x13\x88", 2},
        {"\x03\xe8\x80", 3},
        {"\x03\xe8\xc3", 3},
        {"\x03\xe8\xc0\xaf", 4},
        {"\x03\xe8\xed\xa0\x80", 5},
        {"\x03\xe8\xf4\x90\x80\x80", 6},
        {"\x03\xe8\xe0\x80\x80", 5},
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(sys_ws_close_code(slice_of(BAD[i].p, BAD[i].n), &code), ERR_MALFORMED);
}

/* ---- A bare client ---- */

static bool ends_head(const buf *text) {
    return text->n >= 4 && memcmp(text->p + text->n - 4, "\r\n\r\n", 4) == 0;
}

static void upgrade(int fd) {
    buf answer = buf_on(NULL);
    unsigned opened = rig.server.opened + 1;
    rig_write(&rig, fd,
              slice_str("GET /session HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sotto\r\n\r\n"));
    CHECK(rig_until(&rig, &rig.server.opened, opened));
    for (int i = 0; i < 100000 && !ends_head(&answer); i++) {
        uint8_t byte[1];
        if (recv(fd, byte, 1, MSG_DONTWAIT) == 1)
            CHECK_OK(buf_append(&answer, SLICE_ARRAY(byte)));
        else
            rig_turn(&rig, 0);
    }
    CHECK(answer.n > 12 && memcmp(answer.p, "HTTP/1.1 101", 12) == 0);
    buf_free(&answer);
}

/* A frame with any first byte, masked. */
static void frame(buf *out, uint8_t first, slice payload) {
    uint8_t head[SYS_WS_HEAD_MAX];
    size_t n = sys_ws_write_head(head, 0, payload.n, KEY);
    head[0] = first;
    CHECK_OK(buf_append(out, slice_of(head, n)));
    size_t at = out->n;
    CHECK_OK(buf_append(out, payload));
    if (payload.n > 0)
        sys_ws_mask(out->p + at, payload.n, KEY);
}

/* Sends the frames and checks that the last thing that comes back is a Close with this code. */
static void expect_close(slice frames, unsigned code, err why) {
    rig_init(&rig, RIG_WS, NULL);
    int fd = rig_socket(&rig);
    buf answer = buf_on(NULL);
    upgrade(fd);
    rig_write(&rig, fd, frames);
    rig_read_all(&rig, fd, &answer);
    uint8_t close_frame[4] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
    CHECK(answer.n >= 4);
    CHECK_SLICE(slice_of(answer.p + answer.n - 4, 4), SLICE_ARRAY(close_frame));
    close(fd);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, why);
    buf_free(&answer);
    rig_fini(&rig);
}

static void expect_frame_close(uint8_t first, slice payload, unsigned code, err why) {
    buf frames = buf_on(NULL);
    frame(&frames, first, payload);
    expect_close(buf_slice(&frames), code, why);
    buf_free(&frames);
}

TEST(frames_against_the_rules_close_with_the_right_code) {
    static uint8_t long_ping[126];
    expect_frame_close(0x81, slice_str("text"), SYS_WS_UNSUPPORTED, ERR_UNSUPPORTED);
    expect_frame_close(0x82, SLICE_EMPTY, SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x80, slice_str("x"), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0xc2, slice_str("x"), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x92, slice_str("x"), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x83, slice_str("x"), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x8b, slice_str("x"), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x09, slice_str("x"), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x89, SLICE_ARRAY(long_ping), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x88, slice_str("x"), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_frame_close(0x88, SLICE_EMPTY, SYS_WS_NORMAL, ERR_CLOSED);
    expect_frame_close(0x88, slice_of("\x03\xe9", 2), SYS_WS_NORMAL, ERR_CLOSED);
    /* Not masked; a length in more bytes than it needs; too large, told by its head alone. */
    expect_close(slice_of("\x82\x01x", 3), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_close(slice_of("\x82\xfe\x00\x05", 4), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_close(slice_of("\x82\xff\0\0\0\0\0\0\xff\xff", 10), SYS_WS_PROTOCOL_ERROR,
                 ERR_MALFORMED);
    expect_close(slice_of("\x82\xff\x80\0\0\0\0\0\0\0", 10), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    expect_close(slice_of("\x82\xff\0\0\0\0\0\1\0\0", 10), SYS_WS_TOO_BIG, ERR_TOO_LARGE);
}

TEST(a_second_message_within_the_fragments_of_a_first_is_an_error) {
    buf frames = buf_on(NULL);
    frame(&frames, 0x02, slice_str("a"));
    frame(&frames, 0x82, slice_str("b"));
    expect_close(buf_slice(&frames), SYS_WS_PROTOCOL_ERROR, ERR_MALFORMED);
    buf_free(&frames);
}

TEST(fragments_together_may_not_exceed_a_message) {
    static uint8_t half[40000];
    buf frames = buf_on(NULL);
    frame(&frames, 0x02, SLICE_ARRAY(half));
    frame(&frames, 0x80, SLICE_ARRAY(half));
    expect_close(buf_slice(&frames), SYS_WS_TOO_BIG, ERR_TOO_LARGE);
    buf_free(&frames);
}

TEST(a_stream_of_frames_cut_at_every_place_gives_the_same_messages_and_pongs) {
    buf frames = buf_on(NULL), expected = buf_on(NULL);
    frame(&frames, 0x02, slice_str("frag"));
    frame(&frames, 0x89, slice_str("hey"));
    frame(&frames, 0x00, SLICE_EMPTY);
    frame(&frames, 0x80, slice_str("ments"));
    frame(&frames, 0x8a, slice_str("unasked"));
    frame(&frames, 0x82, slice_str("whole"));
    CHECK_OK(buf_append(&expected, slice_of("\x8a\3hey\x82\x09"
                                            "fragments\x82\5whole",
                                            23)));
    for (size_t cut = 0; cut <= frames.n; cut++) {
        rig_init(&rig, RIG_WS, NULL);
        int fd = rig_socket(&rig);
        buf answer = buf_on(NULL);
        upgrade(fd);
        rig_write(&rig, fd, slice_of(frames.p, cut));
        rig_turn(&rig, 1);
        rig_write(&rig, fd, slice_of(frames.p + cut, frames.n - cut));
        CHECK(rig_until(&rig, &rig.server.messages, 2));
        CHECK_EQ(rig.server.messages, 2);
        shutdown(fd, SHUT_WR);
        for (int i = 0; i < 50 && answer.n < expected.n; i++) {
            uint8_t bytes[64];
            rig_turn(&rig, 0);
            ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
            if (n > 0)
                CHECK_OK(buf_append(&answer, slice_of(bytes, (size_t)n)));
        }
        CHECK_SLICE(buf_slice(&answer), buf_slice(&expected));
        CHECK_EQ(rig.server.set.held, 0);
        close(fd);
        buf_free(&answer);
        rig_fini(&rig);
    }
    buf_free(&frames);
    buf_free(&expected);
}

TEST(an_endless_message_of_empty_fragments_times_out) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.message_ms = 60;
    limits.linger_ms = 60;
    rig_init(&rig, RIG_WS, &limits);
    int fd = rig_socket(&rig);
    buf frames = buf_on(NULL);
    upgrade(fd);
    frame(&frames, 0x02, SLICE_EMPTY);
    for (int i = 0; i < 40 && rig.server.closed == 0; i++) {
        rig_write(&rig, fd, buf_slice(&frames));
        buf_clear(&frames);
        frame(&frames, 0x00, SLICE_EMPTY);
        rig_turn(&rig, 5);
    }
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_TIMEOUT);
    buf_free(&frames);
    close(fd);
    rig_fini(&rig);
}

TEST(whoever_floods_with_pings_and_does_not_read_costs_a_bounded_queue) {
    static uint8_t payload[125];
    rig_init(&rig, RIG_WS, NULL);
    int fd = rig_socket(&rig);
    int small = 4096;
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
    buf pings = buf_on(NULL);
    upgrade(fd);
    for (int i = 0; i < 500; i++)
        frame(&pings, 0x89, SLICE_ARRAY(payload));
    for (int i = 0; i < 100; i++) {
        rig_write(&rig, fd, buf_slice(&pings));
        CHECK(rig.server.set.held < 600000);
    }
    buf_free(&pings);
    close(fd);
    rig_fini(&rig);
}

TEST(random_bytes_after_the_upgrade_end_the_connection_and_leave_nothing) {
    struct support_random random = {11};
    rig_init(&rig, RIG_WS, NULL);
    for (int i = 0; i < 60; i++) {
        uint8_t bytes[200];
        int fd = rig_socket(&rig);
        upgrade(fd);
        support_fill(&random, bytes, sizeof(bytes));
        rig_write(&rig, fd, SLICE_ARRAY(bytes));
        rig_turn(&rig, 1);
        close(fd);
    }
    rig_turn(&rig, 20);
    CHECK_EQ(rig.server.set.count, 0);
    CHECK_EQ(rig.server.set.held, 0);
    rig_fini(&rig);
}

/* ---- Another implementation ---- */

struct peer {
    int fd;
    buf got;
    unsigned messages, pongs;
};

static ssize_t peer_recv(wslay_event_context_ptr ctx, uint8_t *p, size_t n, int flags, void *user) {
    struct peer *peer = user;
    (void)flags;
    ssize_t got = recv(peer->fd, p, n, MSG_DONTWAIT);
    if (got <= 0)
        wslay_event_set_error(ctx, got < 0 && errno == EAGAIN ? WSLAY_ERR_WOULDBLOCK
                                                              : WSLAY_ERR_CALLBACK_FAILURE);
    return got > 0 ? got : -1;
}

static ssize_t peer_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n, int flags,
                         void *user) {
    struct peer *peer = user;
    (void)flags;
    ssize_t put = send(peer->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0)
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
    return put;
}

static int peer_key(wslay_event_context_ptr ctx, uint8_t *p, size_t n, void *user) {
    (void)ctx, (void)user;
    memset(p, 0x5a, n);
    return 0;
}

static void peer_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *arg,
                         void *user) {
    struct peer *peer = user;
    (void)ctx;
    if (arg->opcode == WSLAY_PONG)
        peer->pongs++;
    if (arg->opcode != WSLAY_BINARY_FRAME)
        return;
    peer->messages++;
    CHECK_OK(buf_append(&peer->got, slice_of(arg->msg, arg->msg_length)));
}

TEST(another_implementation_talks_with_our_server) {
    static const struct wslay_event_callbacks CALLBACKS = {
        .recv_callback = peer_recv,
        .send_callback = peer_send,
        .genmask_callback = peer_key,
        .on_msg_recv_callback = peer_message,
    };
    static uint8_t bytes[65535];
    struct support_random random = {21};
    support_fill(&random, bytes, sizeof(bytes));
    rig_init(&rig, RIG_WS, NULL);
    struct peer peer = {.fd = rig_socket(&rig), .got = buf_on(NULL)};
    upgrade(peer.fd);
    wslay_event_context_ptr ctx;
    CHECK(wslay_event_context_client_init(&ctx, &CALLBACKS, &peer) == 0);
    static const size_t SIZES[] = {1, 125, 126, 5000, 65535};
    buf expected = buf_on(NULL);
    for (size_t i = 0; i < 5; i++) {
        struct wslay_event_msg message = {WSLAY_BINARY_FRAME, bytes, SIZES[i]};
        struct wslay_event_msg ping = {WSLAY_PING, bytes, 100};
        CHECK(wslay_event_queue_msg(ctx, &message) == 0);
        CHECK(wslay_event_queue_msg(ctx, &ping) == 0);
        CHECK_OK(buf_append(&expected, slice_of(bytes, SIZES[i])));
    }
    for (int i = 0; i < 2000 && (peer.messages < 5 || peer.pongs < 5); i++) {
        CHECK(wslay_event_send(ctx) == 0);
        rig_turn(&rig, 0);
        CHECK(wslay_event_recv(ctx) == 0);
    }
    CHECK_SLICE(buf_slice(&peer.got), buf_slice(&expected));
    CHECK_EQ(peer.pongs, 5);
    CHECK(wslay_event_queue_close(ctx, 1000, NULL, 0) == 0);
    for (int i = 0; i < 200 && !wslay_event_get_close_received(ctx); i++) {
        CHECK(wslay_event_send(ctx) == 0);
        rig_turn(&rig, 0);
        CHECK(wslay_event_recv(ctx) == 0);
    }
    CHECK_EQ(wslay_event_get_status_code_received(ctx), 1000);
    wslay_event_context_free(ctx);
    close(peer.fd);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    buf_free(&peer.got);
    buf_free(&expected);
    rig_fini(&rig);
}

TEST_MAIN
