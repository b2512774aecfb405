/* What the parent tells its children; the parent itself and the operator are not here. */
#include <sys/socket.h>
#include <unistd.h>

#include "server/parent.h"
#include "test.h"

void parent_stop(struct parent *p, int exit_code) {
    (void)p, (void)exit_code;
}
void parent_go_on_stopping(struct parent *p) {
    (void)p;
}
void parent_announce(struct parent *p) {
    (void)p;
}
void operator_answer(struct parent *p, const struct proto_frame *frame) {
    (void)p, (void)frame;
}
void sandbox_text_keep(char to[SANDBOX_TEXT], slice text) {
    (void)to, (void)text;
}

static struct parent p;

static void on_message(struct sys_channel *channel, void *ctx, slice message, int fd) {
    (void)channel, (void)ctx, (void)message, (void)fd;
}
static void on_closed(struct sys_channel *channel, void *ctx, err why) {
    (void)channel, (void)ctx, (void)why;
}
static const struct sys_channel_events events = {.message = on_message, .closed = on_closed};

/* The other end of the edge's channel, which takes so many bytes. */
static int connect_edge(struct child *edge, size_t queue_max) {
    int ends[2];
    CHECK_OK(sys_channel_pair(ends));
    struct sys_channel_options options = {
        .fd = ends[0], .queue_max = queue_max, .events = &events, .ctx = edge};
    CHECK_OK(sys_channel_new(&edge->wire.channel, p.loop, &options));
    return ends[1];
}

TEST(a_new_key_reaches_every_edge_that_can_be_told) {
    uint8_t bytes[512];
    CHECK_OK(sys_loop_new(&p.loop, NULL));
    p.log = sys_log_as("test", SYS_LOG_ERROR);
    p.edge_count = 4;
    p.noise.number = 7;
    int stuck = connect_edge(&p.edges[0], 8);
    int starting = connect_edge(&p.edges[2], 0);
    int ready = connect_edge(&p.edges[3], 0);
    p.edges[0].ready = p.edges[3].ready = true;
    children_tell_key(&p);
    for (int i = 0; i < 3; i++)
        CHECK_OK(sys_loop_turn(p.loop, 0));
    const int told[] = {starting, ready};
    for (int i = 0; i < 2; i++) {
        struct proto_frame frame;
        struct proto_noise_key key;
        ssize_t n = recv(told[i], bytes, sizeof bytes, MSG_DONTWAIT);
        CHECK(n > 4);
        CHECK_OK(proto_frame_decode(slice_of(bytes + 4, (size_t)n - 4), &frame));
        CHECK_EQ(frame.type, PROTO_noise_key);
        CHECK_OK(proto_noise_key_decode(frame.body, &key));
        CHECK_EQ(key.number, 7);
    }
    /* This one sees its channel end, ends, and is started with the key. */
    CHECK(p.edges[0].wire.channel == NULL);
    CHECK(recv(stuck, bytes, sizeof bytes, MSG_DONTWAIT) == 0);
    for (size_t i = 0; i < 4; i++)
        child_fini(&p.edges[i]);
    close(stuck);
    close(starting);
    close(ready);
    sys_loop_free(p.loop);
}

TEST_MAIN
