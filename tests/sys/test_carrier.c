#include "sys/carrier.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"
#include "sys/conn.h"
#include "sys/openssl.h"
#include "tests/support.h"
#include "tests/test.h"

static struct rig rig;

static void each_kind(void (*run)(enum rig_kind kind)) {
    for (int kind = 0; kind < RIG_KINDS; kind++) {
        unsigned before = rig_descriptors();
        run((enum rig_kind)kind);
        CHECK_EQ(rig_descriptors(), before);
    }
}

/* Appends a message as rig_side.got has them. */
static void expect(buf *out, slice message) {
    uint8_t size[2] = {(uint8_t)(message.n >> 8), (uint8_t)message.n};
    CHECK_OK(buf_append(out, SLICE_ARRAY(size)));
    CHECK_OK(buf_append(out, message));
}

/* ---- Messages ---- */

static void echo_of_every_size(enum rig_kind kind) {
    static const size_t SIZES[] = {1, 2, 125, 126, 127, 128, 4095, 16384, 16385, 65534, 65535};
    static uint8_t bytes[SYS_MESSAGE_MAX];
    struct support_random random = {99};
    buf expected = buf_on(NULL);
    rig_init(&rig, kind, NULL);
    struct sys_conn *conn = rig_connected(&rig);
    support_fill(&random, bytes, sizeof(bytes));
    unsigned n = sizeof(SIZES) / sizeof(SIZES[0]);
    for (unsigned i = 0; i < n; i++) {
        CHECK_OK(sys_conn_send(conn, slice_of(bytes, SIZES[i])));
        expect(&expected, slice_of(bytes, SIZES[i]));
    }
    CHECK(rig_until(&rig, &rig.client.messages, n));
    CHECK_SLICE(buf_slice(&rig.server.got), buf_slice(&expected));
    CHECK_SLICE(buf_slice(&rig.client.got), buf_slice(&expected));
    CHECK_EQ(rig.client.set.held, 0);
    CHECK_EQ(rig.server.set.held, 0);
    buf_free(&expected);
    rig_fini(&rig);
}

TEST(a_message_of_every_size_comes_back_over_every_carrier) {
    each_kind(echo_of_every_size);
}

static void refuses_sizes(enum rig_kind kind) {
    static uint8_t bytes[SYS_MESSAGE_MAX + 1];
    rig_init(&rig, kind, NULL);
    struct sys_conn *conn = rig_connect(&rig);
    CHECK_ERR(sys_conn_send(conn, slice_of(bytes, 1)), ERR_STATE);
    CHECK(rig_until(&rig, &rig.client.opened, 1));
    CHECK_ERR(sys_conn_send(conn, SLICE_EMPTY), ERR_LENGTH);
    CHECK_ERR(sys_conn_send(conn, SLICE_ARRAY(bytes)), ERR_TOO_LARGE);
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
    CHECK_ERR(sys_conn_send(conn, slice_of(bytes, 1)), ERR_CLOSED);
    rig_fini(&rig);
}

TEST(sending_too_early_too_late_too_little_or_too_much_is_refused) {
    each_kind(refuses_sizes);
}

TEST(a_tcp_message_in_single_bytes_is_a_message) {
    rig_init(&rig, RIG_TCP, NULL);
    int fd = rig_socket(&rig);
    static const uint8_t BYTES[] = {0, 3, 'a', 'b', 'c', 0, 1, 'd'};
    for (size_t i = 0; i < sizeof(BYTES); i++) {
        rig_write(&rig, fd, slice_of(BYTES + i, 1));
        rig_turn(&rig, 2);
        if (i == 3)
            CHECK(rig.server.set.held > 0);
    }
    CHECK(rig_until(&rig, &rig.server.messages, 2));
    CHECK_SLICE(buf_slice(&rig.server.got), SLICE_ARRAY(BYTES));
    CHECK_EQ(rig.server.set.held, 0);
    close(fd);
    rig_fini(&rig);
}

TEST(a_tcp_stream_cut_at_every_place_gives_the_same_messages) {
    static const uint8_t BYTES[] = {0, 3, 'a', 'b', 'c', 0, 1, 'd', 0, 2, 'e', 'f'};
    rig_init(&rig, RIG_TCP, NULL);
    for (size_t cut = 1; cut < sizeof(BYTES); cut++) {
        int fd = rig_socket(&rig);
        unsigned want = rig.server.messages + 3;
        buf_clear(&rig.server.got);
        rig_write(&rig, fd, slice_of(BYTES, cut));
        rig_turn(&rig, 2);
        rig_write(&rig, fd, slice_of(BYTES + cut, sizeof(BYTES) - cut));
        CHECK(rig_until(&rig, &rig.server.messages, want));
        CHECK_SLICE(buf_slice(&rig.server.got), SLICE_ARRAY(BYTES));
        close(fd);
    }
    rig_fini(&rig);
}

/* ---- Ends ---- */

TEST(an_empty_tcp_message_closes_the_connection) {
    rig_init(&rig, RIG_TCP, NULL);
    int fd = rig_socket(&rig);
    rig_write(&rig, fd, slice_of("\0\0", 2));
    CHECK(rig_until(&rig, &rig.server.opened, 1));
    buf rest = buf_on(NULL);
    shutdown(fd, SHUT_WR);
    rig_read_all(&rig, fd, &rest);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_MALFORMED);
    CHECK_EQ(rest.n, 0);
    buf_free(&rest);
    close(fd);
    rig_fini(&rig);
}

TEST(a_stream_that_ends_within_a_message_is_truncated) {
    rig_init(&rig, RIG_TCP, NULL);
    int fd = rig_socket(&rig);
    rig_write(&rig, fd, slice_of("\0\5ab", 4));
    rig_turn(&rig, 10);
    close(fd);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_TRUNCATED);
    rig_fini(&rig);
}

static void closing_flushes(enum rig_kind kind) {
    static uint8_t bytes[60000];
    rig_init(&rig, kind, NULL);
    rig.server.echo = false;
    struct sys_conn *conn = rig_connected(&rig);
    for (int i = 0; i < 10; i++)
        CHECK_OK(sys_conn_send(conn, SLICE_ARRAY(bytes)));
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
    CHECK(rig_until(&rig, &rig.server.messages, 10));
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK(rig_until(&rig, &rig.client.closed, 1));
    CHECK_OK(rig.client.why);
    CHECK_ERR(rig.server.why, ERR_CLOSED);
    CHECK_EQ(rig.client.set.count + rig.server.set.count, 0);
    rig_fini(&rig);
}

TEST(closing_sends_what_is_queued_first_and_tells_both_sides_once) {
    each_kind(closing_flushes);
}

static void closing_now(enum rig_kind kind) {
    static uint8_t bytes[60000];
    rig_init(&rig, kind, NULL);
    struct sys_conn *conn = rig_connected(&rig);
    CHECK_OK(sys_conn_send(conn, SLICE_ARRAY(bytes)));
    sys_conn_close(conn, SYS_CLOSE_NOW);
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
    CHECK_EQ(rig.client.closed, 0);
    CHECK(rig_until(&rig, &rig.client.closed, 1));
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_EQ(rig.server.messages, 0);
    rig_turn(&rig, 5);
    CHECK_EQ(rig.client.closed, 1);
    rig_fini(&rig);
}

TEST(closing_at_once_drops_what_is_queued) {
    each_kind(closing_now);
}

static void closing_in_opened(enum rig_kind kind) {
    rig_init(&rig, kind, NULL);
    rig.server.closes = rig.client.closes = true;
    rig_connect(&rig);
    CHECK(rig_until(&rig, &rig.client.closed, 1));
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    rig_fini(&rig);
}

TEST(a_connection_may_be_closed_in_its_own_callbacks) {
    each_kind(closing_in_opened);
}

TEST(connecting_to_nobody_ends_with_closed) {
    rig_init(&rig, RIG_TCP, NULL);
    sys_listener_free(rig.listener);
    rig.listener = NULL;
    rig_connect(&rig);
    CHECK(rig_until(&rig, &rig.client.closed, 1));
    CHECK_ERR(rig.client.why, ERR_CLOSED);
    CHECK_EQ(rig.client.opened, 0);
    rig_fini(&rig);
}

/* ---- Pressure ---- */

static void pausing(enum rig_kind kind) {
    static uint8_t bytes[1000];
    rig_init(&rig, kind, NULL);
    rig.server.echo = false;
    struct sys_conn *conn = rig_connected(&rig);
    sys_conn_pause(rig.server.last);
    for (int i = 0; i < 100; i++)
        CHECK_OK(sys_conn_send(conn, SLICE_ARRAY(bytes)));
    rig_turn(&rig, 30);
    CHECK_EQ(rig.server.messages, 0);
    sys_conn_resume(rig.server.last);
    CHECK(rig_until(&rig, &rig.server.messages, 100));
    CHECK_EQ(rig.server.set.held, 0);
    rig_fini(&rig);
}

TEST(a_paused_connection_receives_nothing_until_it_is_resumed) {
    each_kind(pausing);
}

static void pause_after_one(struct sys_conn *conn, void *ctx, slice message) {
    (void)message;
    ++*(unsigned *)ctx;
    sys_conn_pause(conn);
}
static struct sys_conn *paused_conn;
static void keep_conn(struct sys_conn *conn, void *ctx) {
    (void)ctx;
    paused_conn = conn;
}
static void forget_conn(struct sys_conn *conn, void *ctx, err why) {
    (void)conn, (void)ctx, (void)why;
}

static void pausing_inside(enum rig_kind kind) {
    static const struct sys_conn_events ONE = {
        .opened = keep_conn, .message = pause_after_one, .closed = forget_conn};
    unsigned seen = 0;
    rig_init(&rig, kind, NULL);
    rig.server.set.events = &ONE;
    rig.server.set.ctx = &seen;
    struct sys_conn *conn = rig_connect(&rig);
    CHECK(rig_until(&rig, &rig.client.opened, 1));
    for (int i = 0; i < 5; i++)
        CHECK_OK(sys_conn_send(conn, slice_str("message")));
    for (unsigned i = 1; i <= 5; i++) {
        rig_turn(&rig, 5);
        CHECK_EQ(seen, i);
        sys_conn_resume(paused_conn);
    }
    rig_fini(&rig);
}

TEST(pausing_in_the_callback_keeps_back_the_messages_already_read) {
    each_kind(pausing_inside);
}

static void queue_limit(enum rig_kind kind) {
    static uint8_t bytes[60000];
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.queue_max = 200000;
    limits.drain_at = 100000;
    rig_init(&rig, kind, &limits);
    rig.server.echo = false;
    struct sys_conn *conn = rig_connected(&rig);
    for (int i = 0; i < 3; i++)
        CHECK_OK(sys_conn_send(conn, SLICE_ARRAY(bytes)));
    CHECK_ERR(sys_conn_send(conn, SLICE_ARRAY(bytes)), ERR_FULL);
    CHECK(sys_conn_queued(conn) > 180000);
    CHECK(rig_until(&rig, &rig.client.drained, 1));
    CHECK_OK(sys_conn_send(conn, SLICE_ARRAY(bytes)));
    CHECK(rig_until(&rig, &rig.server.messages, 4));
    CHECK_EQ(rig.client.drained, 1);
    rig_fini(&rig);
}

TEST(a_full_queue_refuses_and_says_when_it_has_drained) {
    each_kind(queue_limit);
}

TEST(the_bytes_of_all_connections_together_are_bounded) {
    static uint8_t half[40002] = {0xff, 0xff};
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.held_max = 400000;
    limits.linger_ms = 20;
    rig_init(&rig, RIG_TCP, &limits);
    int fds[20];
    for (int i = 0; i < 20; i++) {
        fds[i] = rig_socket(&rig);
        rig_write(&rig, fds[i], SLICE_ARRAY(half));
        rig_turn(&rig, 3);
        CHECK(rig.server.set.held <= 400000 + 2 * 65536);
    }
    CHECK(rig_until(&rig, &rig.server.closed, 10));
    CHECK_ERR(rig.server.why, ERR_FULL);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    rig_turn(&rig, 20);
    CHECK_EQ(rig.server.set.held, 0);
    rig_fini(&rig);
}

/* Clients that ask and don't read: echoes fill what they may hold, and are refused then. */
TEST(slow_readers_leave_memory_for_the_next_one) {
    static uint8_t bytes[40000] = {1};
    enum { SLOW = 12 };
    struct sys_conn_limits limits = sys_conn_limits_default();
    struct sys_conn *slow[SLOW];
    limits.held_max = 1000000;
    rig_init(&rig, RIG_TCP, &limits);
    for (int i = 0; i < SLOW; i++) {
        (void)rig_connected(&rig);
        slow[i] = rig.server.last;
        while (sys_conn_send(slow[i], SLICE_ARRAY(bytes)) == OK)
            continue;
    }
    CHECK(rig.server.set.held <= limits.held_max);
    (void)rig_connected(&rig);
    CHECK(rig.server.last != slow[SLOW - 1]);
    CHECK_OK(sys_conn_send(rig.server.last, slice_of(bytes, 20000)));
    rig_fini(&rig);
}

/* Half messages fill everything; then one comes that wants little, and one from before goes on. */
TEST(who_holds_most_ends_when_another_needs_memory) {
    static uint8_t half[40002] = {0xff, 0xff}, small[2000] = {1};
    enum { HALVES = 8 };
    struct sys_conn_limits limits = sys_conn_limits_default();
    int fds[HALVES];
    limits.held_max = 400000;
    limits.linger_ms = 20;
    rig_init(&rig, RIG_TCP, &limits);
    struct sys_conn *before = rig_connected(&rig);
    for (int i = 0; i < HALVES; i++) {
        fds[i] = rig_socket(&rig);
        rig_write(&rig, fds[i], SLICE_ARRAY(half));
        rig_turn(&rig, 3);
    }
    CHECK_OK(sys_conn_send(before, SLICE_ARRAY(small)));
    CHECK(rig_until(&rig, &rig.client.messages, 1));
    struct sys_conn *after = rig_connected(&rig);
    CHECK_OK(sys_conn_send(after, SLICE_ARRAY(small)));
    CHECK(rig_until(&rig, &rig.client.messages, 2));
    CHECK_EQ(rig.client.closed, 0);
    CHECK_ERR(rig.server.why, ERR_FULL);
    CHECK(rig.server.set.held <= limits.held_max);
    for (int i = 0; i < HALVES; i++)
        close(fds[i]);
    rig_fini(&rig);
}

/* Those that wait for a turn, too. */
TEST(a_stranger_that_waits_for_its_turn_ends_when_another_needs_memory) {
    static uint8_t half[8000] = {0xf0}, small[4000] = {1};
    enum { KNOWN = 12, HALVES = 32, LARGE = 20 };
    struct sys_conn *known[KNOWN];
    struct sys_conn_limits limits = sys_conn_limits_default();
    int fds[HALVES];
    limits.held_max = 200000;
    limits.first_max = SYS_MESSAGE_MAX - 1;
    rig_init(&rig, RIG_TCP, &limits);
    for (int i = 0; i < KNOWN; i++) {
        (void)rig_connected(&rig);
        known[i] = rig.server.last;
        sys_conn_widen(known[i]);
    }
    for (int i = 0; i < HALVES; i++) {
        fds[i] = rig_socket(&rig);
        rig_write(&rig, fds[i], slice_of(half, i < LARGE ? sizeof(half) : 2000));
        rig_turn(&rig, 3);
    }
    CHECK_EQ(rig.server.closed, 0);
    CHECK(rig.server.set.held >= limits.held_max - 4 * sizeof(small));
    for (int i = 0; i < HALVES; i++)
        CHECK(write(fds[i], small, 1) == 1);
    CHECK_OK(sys_loop_turn(rig.loop, 0));
    for (int i = 0; i < KNOWN; i++)
        CHECK_OK(sys_conn_send(known[i], SLICE_ARRAY(small)));
    CHECK(rig_until(&rig, &rig.client.messages, KNOWN));
    for (int i = 0; i < HALVES; i++)
        close(fds[i]);
    rig_fini(&rig);
}

static void first_size(enum rig_kind kind) {
    static uint8_t bytes[SYS_MESSAGE_MAX];
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.first_max = 256;
    rig_init(&rig, kind, &limits);
    struct sys_conn *small = rig_connected(&rig);
    sys_conn_widen(small);
    CHECK_OK(sys_conn_send(small, slice_of(bytes, 256)));
    CHECK(rig_until(&rig, &rig.client.messages, 1));
    sys_conn_widen(rig.server.last);
    CHECK_OK(sys_conn_send(small, SLICE_ARRAY(bytes)));
    CHECK(rig_until(&rig, &rig.client.messages, 2));
    struct sys_conn *large = rig_connected(&rig);
    CHECK_OK(sys_conn_send(large, slice_of(bytes, 257)));
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_TOO_LARGE);
    CHECK_EQ(rig.server.messages, 2);
    rig_fini(&rig);
}

TEST(messages_are_small_until_the_owner_widens_the_connection) {
    each_kind(first_size);
}

/* ---- Strangers ---- */

enum { STRANGERS = 60, FEW = 4 };

/* One that is known, and many that are not; all are connected, none has said anything. */
static int open_strangers(int fds[STRANGERS]) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.first_max = 256;
    limits.handshake_ms = 400;
    rig_init(&rig, RIG_TCP, &limits);
    rig.server.echo = false;
    int known = rig_socket(&rig);
    CHECK(rig_until(&rig, &rig.server.opened, 1));
    sys_conn_widen(rig.server.last);
    for (int i = 0; i < STRANGERS; i++)
        fds[i] = rig_socket(&rig);
    CHECK(rig_until(&rig, &rig.server.opened, 1 + STRANGERS));
    return known;
}

static void close_strangers(int fds[STRANGERS], int known) {
    for (int i = 0; i < STRANGERS; i++)
        close(fds[i]);
    close(known);
    rig_fini(&rig);
}

/* Without a turn of the loop. */
static void say(int fd, char what) {
    char message[] = {0, 1, what};
    CHECK(write(fd, message, sizeof(message)) == (ssize_t)sizeof(message));
}

/* Of the messages so far, those of this one byte. */
static unsigned count_of(char which) {
    unsigned n = 0;
    for (size_t i = 2; i < rig.server.got.n; i += 3)
        n += rig.server.got.p[i] == (uint8_t)which;
    return n;
}

TEST(strangers_do_not_keep_the_known_waiting) {
    int fds[STRANGERS], known = open_strangers(fds);
    for (int i = 0; i < STRANGERS; i++)
        say(fds[i], 's');
    for (unsigned turn = 1; turn <= STRANGERS / FEW; turn++) {
        say(known, 'k');
        CHECK_OK(sys_loop_turn(rig.loop, 0));
        CHECK_EQ(count_of('k'), turn);
        CHECK_EQ(count_of('s'), turn * FEW);
    }
    say(fds[7], 's'); /* and each comes again */
    CHECK(rig_until(&rig, &rig.server.messages, STRANGERS / FEW + STRANGERS + 1));
    close_strangers(fds, known);
}

TEST(a_newcomer_does_not_keep_waiting_whoever_has_begun) {
    int fds[STRANGERS], known = open_strangers(fds);
    say(fds[0], 'b');
    CHECK(rig_until(&rig, &rig.server.messages, 1));
    for (int i = 1; i < STRANGERS; i++)
        say(fds[i], 's');
    say(fds[0], 'b');
    CHECK_OK(sys_loop_turn(rig.loop, 0));
    CHECK_EQ(count_of('b'), 2);
    close_strangers(fds, known);
}

TEST(who_would_wait_too_long_is_closed_before_anything_is_done_for_it) {
    int fds[STRANGERS], known = open_strangers(fds);
    for (int i = 0; i < STRANGERS; i++)
        say(fds[i], 's');
    CHECK_OK(sys_loop_turn(rig.loop, 0));
    usleep(300 * 1000);
    CHECK(rig_until(&rig, &rig.server.closed, STRANGERS - FEW));
    CHECK_ERR(rig.server.why, ERR_TIMEOUT);
    CHECK_EQ(count_of('s'), FEW);
    say(known, 'k');
    CHECK(rig_until(&rig, &rig.server.messages, FEW + 1));
    close_strangers(fds, known);
}

/* What has waited is closed, freed and left like any other. */
TEST(who_leaves_while_it_waits_is_forgotten) {
    int fds[STRANGERS], known = open_strangers(fds);
    for (int i = 0; i < STRANGERS; i++)
        say(fds[i], 's');
    CHECK_OK(sys_loop_turn(rig.loop, 0));
    close_strangers(fds, known); /* the set ends with most of them waiting */
}

TEST(connections_beyond_the_limit_wait_until_one_ends) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.count_max = 3;
    rig_init(&rig, RIG_TCP, &limits);
    int fds[5];
    for (int i = 0; i < 5; i++)
        fds[i] = rig_socket(&rig);
    rig_turn(&rig, 20);
    CHECK_EQ(rig.server.set.count, 3);
    close(fds[0]);
    CHECK(rig_until(&rig, &rig.server.opened, 4));
    close(fds[1]);
    CHECK(rig_until(&rig, &rig.server.opened, 5));
    for (int i = 2; i < 5; i++)
        close(fds[i]);
    rig_fini(&rig);
}

/* ---- Time ---- */

static struct sys_conn_limits short_limits(void) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.handshake_ms = 60;
    limits.message_ms = 60;
    limits.stall_ms = 60;
    limits.linger_ms = 60;
    return limits;
}

TEST(a_silent_peer_may_wait_but_not_within_a_message) {
    struct sys_conn_limits limits = short_limits();
    rig_init(&rig, RIG_TCP, &limits);
    int fd = rig_socket(&rig);
    rig_turn(&rig, 150);
    CHECK_EQ(rig.server.closed, 0);
    /* One byte every 10 ms is progress, and still too slow. */
    rig_write(&rig, fd, slice_of("\0\377", 2));
    for (int i = 0; i < 20 && rig.server.closed == 0; i++) {
        rig_write(&rig, fd, slice_of("x", 1));
        rig_turn(&rig, 10);
    }
    close(fd);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_TIMEOUT);
    rig_fini(&rig);
}

static void slow_handshake(enum rig_kind kind) {
    if (kind == RIG_TCP)
        return;
    struct sys_conn_limits limits = short_limits();
    rig_init(&rig, kind, &limits);
    int fd = rig_socket(&rig);
    rig_turn(&rig, 10);
    CHECK_EQ(rig.server.set.count, 1);
    /* A ClientHello that doesn't go on; a request that doesn't either. */
    if (kind == RIG_WS)
        rig_write(&rig, fd, slice_str("GET /session HT"));
    else
        rig_write(&rig, fd, slice_of("\x16\x03\x01\x02\x00\x01", 6));
    buf rest = buf_on(NULL);
    rig_read_all(&rig, fd, &rest);
    if (kind == RIG_WS)
        CHECK(rest.n > 12 && memcmp(rest.p, "HTTP/1.1 408", 12) == 0);
    buf_free(&rest);
    close(fd);
    rig_turn(&rig, 100);
    CHECK_EQ(rig.server.set.count, 0);
    CHECK_EQ(rig.server.set.failed, 1);
    CHECK_EQ(rig.server.opened + rig.server.closed, 0);
    rig_fini(&rig);
}

TEST(a_handshake_that_takes_too_long_ends) {
    each_kind(slow_handshake);
}

TEST(a_peer_that_does_not_read_is_closed) {
    static uint8_t bytes[60000];
    struct sys_conn_limits limits = short_limits();
    limits.queue_max = 64 << 20;
    rig_init(&rig, RIG_TCP, &limits);
    int fd = rig_socket(&rig);
    CHECK(rig_until(&rig, &rig.server.opened, 1));
    /* More than the kernel's buffers take. */
    for (int i = 0; i < 300; i++)
        CHECK_OK(sys_conn_send(rig.server.last, SLICE_ARRAY(bytes)));
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_TIMEOUT);
    CHECK_EQ(rig.server.set.held, 0);
    close(fd);
    rig_fini(&rig);
}

TEST(a_peer_that_reads_a_little_now_and_then_is_closed_too) {
    static uint8_t bytes[60000];
    struct sys_conn_limits limits = short_limits();
    limits.stall_ms = 500; /* the kernel takes bytes in large strides */
    limits.queue_max = 64 << 20;
    rig_init(&rig, RIG_TCP, &limits);
    int fd = rig_socket(&rig), window = 65536;
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window)) == 0);
    CHECK(rig_until(&rig, &rig.server.opened, 1));
    for (int i = 0; i < 500; i++)
        CHECK_OK(sys_conn_send(rig.server.last, SLICE_ARRAY(bytes)));
    for (int i = 0; i < 100 && rig.server.closed == 0; i++) {
        rig_turn(&rig, 10);
        CHECK(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0);
    }
    CHECK_EQ(rig.server.closed, 1);
    CHECK_ERR(rig.server.why, ERR_TIMEOUT);
    CHECK_EQ(rig.server.set.held, 0);
    close(fd);
    rig_fini(&rig);
}

TEST(an_idle_limit_ends_a_silent_connection) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.idle_ms = 400;
    rig_init(&rig, RIG_TCP, &limits);
    int fd = rig_socket(&rig);
    CHECK(rig_until(&rig, &rig.server.opened, 1));
    for (int i = 0; i < 12; i++) {
        rig_write(&rig, fd, slice_of("\0\1x", 3));
        rig_turn(&rig, 40);
    }
    CHECK_EQ(rig.server.closed, 0);
    rig_turn(&rig, 500);
    close(fd);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_TIMEOUT);
    rig_fini(&rig);
}

/* ---- TLS ---- */

TEST(garbage_instead_of_tls_is_closed_and_nobody_else_notices) {
    struct support_random random = {5};
    rig_init(&rig, RIG_TLS, NULL);
    struct sys_conn *good = rig_connected(&rig);
    for (int i = 0; i < 20; i++) {
        uint8_t bytes[300];
        support_fill(&random, bytes, sizeof(bytes));
        int fd = rig_socket(&rig);
        rig_write(&rig, fd, slice_of(bytes, 5 + (size_t)i * 10));
        rig_turn(&rig, 3);
        close(fd);
    }
    rig_turn(&rig, 10);
    CHECK_EQ(rig.server.set.count, 1);
    CHECK_OK(sys_conn_send(good, slice_str("still here")));
    CHECK(rig_until(&rig, &rig.client.messages, 1));
    rig_fini(&rig);
}

/* A handshake by hand, then so many KeyUpdates at once. */
static SSL *update_keys(SSL_CTX *ctx, int fd, int count) {
    SSL *ssl = SSL_new(ctx);
    CHECK(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
    CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    for (int i = 0; i < 2000 && SSL_connect(ssl) != 1; i++)
        rig_turn(&rig, 1);
    CHECK(SSL_is_init_finished(ssl));
    rig_turn(&rig, 5);
    for (int i = 0; i < count; i++)
        CHECK(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1);
    return ssl;
}

TEST(key_updates_are_taken_a_few_at_a_time_and_never_many) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    rig_init(&rig, RIG_TLS, NULL);
    int few = rig_socket(&rig), many = rig_socket(&rig);
    SSL *a = update_keys(ctx, few, 20);
    CHECK_OK(sys_loop_turn(rig.loop, 100));
    struct sys_conn *conn = rig.server.last;
    CHECK(conn != NULL && conn->key_updates > 0 && conn->key_updates < 20);
    rig_turn(&rig, 20);
    CHECK_EQ(conn->key_updates, 20);
    CHECK_EQ(SSL_write(a, "\0\1x", 3), 3);
    CHECK(rig_until(&rig, &rig.server.messages, 1));
    SSL *b = update_keys(ctx, many, 40);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    CHECK_ERR(rig.server.why, ERR_MALFORMED);
    SSL_free(a);
    SSL_free(b);
    SSL_CTX_free(ctx);
    close(few);
    close(many);
    rig_fini(&rig);
}

TEST(a_client_that_trusts_the_system_refuses_a_certificate_of_our_own) {
    rig_init(&rig, RIG_WSS, NULL);
    sys_tls_free(rig.client_tls);
    CHECK_OK(sys_tls_client_new(&rig.client_tls, SYS_TLS_SYSTEM));
    rig_connect(&rig);
    CHECK(rig_until(&rig, &rig.client.closed, 1));
    CHECK_ERR(rig.client.why, ERR_IDENTITY);
    CHECK_EQ(rig.server.opened, 0);
    rig_fini(&rig);
}

TEST(a_certificate_must_be_readable_and_fit_its_key) {
    buf certificate = buf_on(NULL), key = buf_on(NULL), other = buf_on(NULL), more = buf_on(NULL);
    struct sys_tls *tls = NULL;
    rig_certificate(&certificate, &key);
    rig_certificate(&more, &other);
    CHECK_ERR(sys_tls_server_new(&tls, slice_str("nonsense"), buf_slice(&key)), ERR_MALFORMED);
    CHECK_ERR(sys_tls_server_new(&tls, buf_slice(&certificate), SLICE_EMPTY), ERR_MALFORMED);
    CHECK_ERR(sys_tls_server_new(&tls, buf_slice(&certificate), buf_slice(&other)), ERR_IDENTITY);
    buf_free(&certificate);
    buf_free(&key);
    buf_free(&other);
    buf_free(&more);
}

/* ---- Memory ---- */

static void without_memory(enum rig_kind kind) {
    /* The rig checks with longjmp what must hold, so the loop is made by hand here. */
    for (size_t fail_at = 3; fail_at < 60; fail_at++) {
        struct support_mem m;
        support_mem_init(&m, 0);
        rig_init(&rig, kind, NULL);
        struct sys_loop *normal = rig.loop;
        CHECK_OK(sys_loop_new(&rig.loop, &m.mem));
        rig.client.set.loop = rig.loop;
        m.fail_at = fail_at;
        struct sys_address address;
        char text[64];
        static const char *const SCHEMES[RIG_KINDS] = {"tcp", "ws", "tls", "wss"};
        snprintf(text, sizeof(text), "%s://127.0.0.1:%u", SCHEMES[kind], rig.port);
        CHECK_OK(sys_address_parse(&address, text));
        struct sys_connect options = {.address = &address, .tls = rig.client_tls};
        struct sys_conn *conn;
        if (sys_conn_open(&conn, &rig.client.set, &options) == OK) {
            for (int i = 0; i < 100 && rig.client.closed == 0 && rig.client.messages == 0; i++) {
                CHECK_OK(sys_loop_turn(rig.loop, 1));
                CHECK_OK(sys_loop_turn(normal, 0));
                if (rig.client.opened == 1 && i % 4 == 0 && rig.client.closed == 0 &&
                    sys_conn_send(conn, slice_str("hello")) == ERR_NO_MEMORY)
                    sys_conn_close(conn, SYS_CLOSE_NOW);
            }
        }
        sys_conns_fini(&rig.client.set);
        sys_loop_free(rig.loop);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
        rig.loop = normal;
        rig.client.set.loop = normal;
        rig_fini(&rig);
        if (m.calls < fail_at)
            return;
    }
}

TEST(a_client_without_memory_ends_and_leaks_nothing) {
    each_kind(without_memory);
}

TEST(a_certificate_says_how_many_days_are_left) {
    static const struct {
        long seconds;
        int days;
    } cases[] = {{5 * 86400 + 600, 5}, {600, 0}, {-600, -1}, {-2 * 86400 - 600, -3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf certificate = {0}, key = {0};
        int days = 77;
        rig_certificate_for(&certificate, &key, cases[i].seconds);
        CHECK_OK(sys_tls_days_left(buf_slice(&certificate), &days));
        CHECK_EQ(days, cases[i].days);
        CHECK_EQ(sys_tls_days_left(buf_slice(&key), &days), ERR_MALFORMED);
        buf_free(&certificate);
        buf_free(&key);
    }
}

TEST_MAIN
