#include "sys/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support.h"
#include "tests/test.h"

struct side {
    struct sys_channel *channel;
    unsigned messages, drained, closed, fds;
    size_t bytes;
    uint32_t sum;
    int last_fd;
    err why;
    bool free_in_message, free_in_closed;
};

static struct sys_loop *loop;
static struct side a, b;

static void on_message(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct side *side = ctx;
    side->messages++;
    side->bytes += message.n;
    for (size_t i = 0; i < message.n; i++)
        side->sum = side->sum * 31 + message.p[i];
    if (fd >= 0) {
        side->fds++;
        side->last_fd = fd;
    }
    if (side->free_in_message) {
        sys_channel_free(channel);
        side->channel = NULL;
    }
}

static void on_drained(struct sys_channel *channel, void *ctx) {
    (void)channel;
    ((struct side *)ctx)->drained++;
}

static void on_closed(struct sys_channel *channel, void *ctx, err why) {
    struct side *side = ctx;
    side->closed++;
    side->why = why;
    if (side->free_in_closed) {
        sys_channel_free(channel);
        side->channel = NULL;
    }
}

static const struct sys_channel_events EVENTS = {on_message, on_drained, on_closed};

static void open_pair(size_t queue_max, bool take_fds) {
    int fds[2];
    a = (struct side){.last_fd = -1};
    b = (struct side){.last_fd = -1};
    CHECK_OK(sys_loop_new(&loop, NULL));
    CHECK_OK(sys_channel_pair(fds));
    struct sys_channel_options options = {
        .fd = fds[0], .queue_max = queue_max, .take_fds = take_fds, .events = &EVENTS, .ctx = &a};
    CHECK_OK(sys_channel_new(&a.channel, loop, &options));
    options.fd = fds[1];
    options.ctx = &b;
    CHECK_OK(sys_channel_new(&b.channel, loop, &options));
}

static void close_pair(void) {
    sys_channel_free(a.channel);
    sys_channel_free(b.channel);
    sys_loop_free(loop);
}

static void turn(unsigned n) {
    while (n-- > 0)
        CHECK_OK(sys_loop_turn(loop, 1));
}

TEST(messages_of_every_size_arrive_whole_and_in_order) {
    static uint8_t bytes[SYS_CHANNEL_MAX];
    static const size_t SIZES[] = {0, 1, 3, 4, 5, 70000, 131067, 131068, 131069, SYS_CHANNEL_MAX,
                                   7};
    struct support_random random = {17};
    support_fill(&random, bytes, sizeof(bytes));
    open_pair(0, false);
    uint32_t sum = 0;
    unsigned count = sizeof(SIZES) / sizeof(SIZES[0]);
    for (unsigned i = 0; i < count; i++) {
        CHECK_OK(sys_channel_send(a.channel, slice_of(bytes, SIZES[i])));
        for (size_t k = 0; k < SIZES[i]; k++)
            sum = sum * 31 + bytes[k];
    }
    for (int i = 0; i < 200 && b.messages < count; i++)
        turn(1);
    CHECK_EQ(b.messages, count);
    CHECK_EQ(b.sum, sum);
    CHECK_EQ(sys_channel_queued(a.channel), 0);
    close_pair();
}

TEST(what_is_sent_in_one_turn_arrives_in_one_turn) {
    open_pair(0, false);
    for (int i = 0; i < 500; i++)
        CHECK_OK(sys_channel_send(a.channel, slice_str("a small message")));
    for (int i = 0; i < 4 && b.messages == 0; i++)
        turn(1);
    CHECK_EQ(b.messages, 500);
    close_pair();
}

TEST(messages_in_single_bytes_arrive) {
    int fds[2];
    a = (struct side){0};
    CHECK_OK(sys_loop_new(&loop, NULL));
    CHECK_OK(sys_channel_pair(fds));
    struct sys_channel_options options = {.fd = fds[0], .events = &EVENTS, .ctx = &a};
    CHECK_OK(sys_channel_new(&a.channel, loop, &options));
    static const uint8_t BYTES[] = {0, 0, 0, 2, 'h', 'i', 0, 0, 0, 0, 0, 0, 0, 1, '!'};
    for (size_t i = 0; i < sizeof(BYTES); i++) {
        CHECK(write(fds[1], BYTES + i, 1) == 1);
        turn(1);
    }
    CHECK_EQ(a.messages, 3);
    CHECK_EQ(a.bytes, 3);
    close(fds[1]);
    turn(2);
    CHECK_ERR(a.why, ERR_CLOSED);
    sys_channel_free(a.channel);
    sys_loop_free(loop);
}

static void expect_end(slice bytes, err why) {
    int fds[2];
    a = (struct side){.free_in_closed = true};
    CHECK_OK(sys_loop_new(&loop, NULL));
    CHECK_OK(sys_channel_pair(fds));
    struct sys_channel_options options = {.fd = fds[0], .events = &EVENTS, .ctx = &a};
    CHECK_OK(sys_channel_new(&a.channel, loop, &options));
    CHECK(write(fds[1], bytes.p, bytes.n) == (ssize_t)bytes.n);
    turn(2);
    close(fds[1]);
    turn(2);
    CHECK_EQ(a.closed, 1);
    CHECK_ERR(a.why, why);
    CHECK(a.channel == NULL);
    sys_loop_free(loop);
}

TEST(a_length_out_of_range_or_a_descriptor_that_is_not_there_ends_the_channel) {
    expect_end(slice_of("\0\x10\0\1", 4), ERR_MALFORMED);
    expect_end(slice_of("\x7f\xff\xff\xff", 4), ERR_MALFORMED);
    expect_end(slice_of("\x80\0\0\0", 4), ERR_MALFORMED);
    expect_end(slice_of("\0\0\0\5ab", 6), ERR_TRUNCATED);
}

TEST(a_full_queue_refuses_and_drains) {
    static uint8_t bytes[300000];
    open_pair(1 << 20, false);
    sys_channel_pause(b.channel);
    turn(2);
    unsigned sent = 0;
    while (sys_channel_send(a.channel, SLICE_ARRAY(bytes)) == OK) {
        sent++;
        turn(1);
        CHECK(sent < 100);
    }
    CHECK_ERR(sys_channel_send(a.channel, SLICE_ARRAY(bytes)), ERR_FULL);
    CHECK_EQ(b.messages, 0);
    sys_channel_resume(b.channel);
    for (int i = 0; i < 100 && (b.messages < sent || a.drained == 0); i++)
        turn(1);
    CHECK_EQ(b.messages, sent);
    CHECK_EQ(a.drained, 1);
    close_pair();
}

TEST(too_large_a_message_is_refused) {
    uint8_t *bytes = calloc(1, SYS_CHANNEL_MAX + 1);
    open_pair(0, false);
    CHECK_ERR(sys_channel_send(a.channel, slice_of(bytes, SYS_CHANNEL_MAX + 1)), ERR_TOO_LARGE);
    free(bytes);
    close_pair();
}

TEST(all_that_was_sent_before_the_end_arrives_before_closed) {
    open_pair(0, false);
    for (int i = 0; i < 1000; i++)
        CHECK_OK(sys_channel_send(a.channel, slice_str("the last words")));
    sys_channel_flush(a.channel);
    sys_channel_free(a.channel);
    a.channel = NULL;
    /* Its own writing fails first. */
    CHECK_OK(sys_channel_send(b.channel, slice_str("into the void")));
    turn(4);
    CHECK_EQ(b.messages, 1000);
    CHECK_EQ(b.closed, 1);
    CHECK_ERR(b.why, ERR_CLOSED);
    CHECK_ERR(sys_channel_send(b.channel, slice_str("x")), ERR_CLOSED);
    close_pair();
}

TEST(a_channel_may_be_freed_in_its_own_callback) {
    open_pair(0, false);
    b.free_in_message = true;
    for (int i = 0; i < 10; i++)
        CHECK_OK(sys_channel_send(a.channel, slice_str("x")));
    turn(3);
    CHECK_EQ(b.messages, 1);
    CHECK_EQ(a.closed, 1);
    close_pair();
}

TEST(descriptors_arrive_with_their_own_messages) {
    static uint8_t bytes[400000];
    open_pair(0, true);
    int pipes[3][2];
    for (int i = 0; i < 3; i++)
        CHECK(pipe(pipes[i]) == 0);
    CHECK_OK(sys_channel_send_fd(a.channel, slice_str("one"), pipes[0][1]));
    CHECK_OK(sys_channel_send(a.channel, SLICE_ARRAY(bytes)));
    CHECK_OK(sys_channel_send_fd(a.channel, SLICE_EMPTY, pipes[1][1]));
    CHECK_OK(sys_channel_send_fd(a.channel, SLICE_ARRAY(bytes), pipes[2][1]));
    for (unsigned i = 1; i <= 3; i++) {
        for (int k = 0; k < 100 && b.fds < i; k++) {
            sys_channel_pause(b.channel);
            turn(1);
            sys_channel_resume(b.channel);
            turn(1);
        }
        /* Possibly several came in one turn: only the last is at hand then. */
    }
    CHECK_EQ(b.fds, 3);
    CHECK_EQ(b.messages, 4);
    CHECK(write(b.last_fd, "x", 1) == 1);
    char byte;
    CHECK(read(pipes[2][0], &byte, 1) == 1);
    close_pair();
    for (int i = 0; i < 3; i++)
        close(pipes[i][0]);
}

TEST(descriptors_that_nobody_asked_for_do_not_arrive) {
    open_pair(0, false);
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_OK(sys_channel_send_fd(a.channel, slice_str("take this"), ends[1]));
    turn(3);
    CHECK_EQ(b.closed, 1);
    CHECK_ERR(b.why, ERR_MALFORMED);
    /* Nobody holds the writing end any more. */
    char byte;
    CHECK(read(ends[0], &byte, 1) == 0);
    close(ends[0]);
    close_pair();
}

TEST(it_says_when_it_has_drained_to_the_mark_without_having_been_full) {
    static uint8_t bytes[300000];
    int fds[2];
    open_pair(0, false);
    CHECK_OK(sys_channel_pair(fds));
    struct sys_channel_options options = {
        .fd = fds[0], .drain_at = 500000, .events = &EVENTS, .ctx = &a};
    sys_channel_free(a.channel);
    sys_channel_free(b.channel);
    CHECK_OK(sys_channel_new(&a.channel, loop, &options));
    options.fd = fds[1];
    options.ctx = &b;
    CHECK_OK(sys_channel_new(&b.channel, loop, &options));
    CHECK_OK(sys_channel_send(a.channel, SLICE_ARRAY(bytes)));
    for (int i = 0; i < 20; i++)
        CHECK_OK(sys_loop_turn(loop, 1));
    CHECK_EQ(a.drained, 0);
    for (int i = 0; i < 10; i++)
        CHECK_OK(sys_channel_send(a.channel, SLICE_ARRAY(bytes)));
    for (int i = 0; i < 100 && b.messages < 11; i++)
        CHECK_OK(sys_loop_turn(loop, 10));
    CHECK_EQ(b.messages, 11);
    CHECK_EQ(a.drained, 1);
    close_pair();
}

static bool scratch_holds(const char *word) {
    return memmem(sys_loop_scratch(loop), SYS_SCRATCH, word, strlen(word)) != NULL;
}

TEST(a_secret_channel_leaves_nothing_where_it_read) {
    static const char key[] = "a private key of thirty-two bytes";
    for (int secret = 0; secret < 2; secret++) {
        open_pair(0, false);
        sys_channel_free(b.channel);
        int fds[2];
        CHECK_OK(sys_channel_pair(fds));
        struct sys_channel_options options = {
            .fd = fds[0], .secret = secret == 1, .events = &EVENTS, .ctx = &b};
        CHECK_OK(sys_channel_new(&b.channel, loop, &options));
        uint8_t head[4] = {0, 0, 0, sizeof key};
        CHECK(write(fds[1], head, sizeof head) == (ssize_t)sizeof head);
        CHECK(write(fds[1], key, sizeof key) == (ssize_t)sizeof key);
        for (int i = 0; i < 100 && b.messages == 0; i++)
            CHECK_OK(sys_loop_turn(loop, 10));
        CHECK_EQ(b.messages, 1);
        CHECK_EQ(scratch_holds(key), secret == 0);
        close(fds[1]);
        close_pair();
    }
}

TEST_MAIN
