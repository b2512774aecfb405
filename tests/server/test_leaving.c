/* How a real server ends, and how one takes over from another: what was taken is answered, whoever
 * is there is told, and nothing that was acknowledged is lost. */
#include <signal.h>
#include <unistd.h>

#include "raw_person.h"

/* ---- The end ---- */

enum { ASKED = 400 };

static bool is_told(const struct proto_frame *frame) {
    return frame->request == 0 && frame->type == PROTO_error &&
           frame->body.p[1] == PROTO_REASON_RESTART;
}

/* Many sends that nobody waits for, and amid them the end: those that were taken are answered, in
 * order and without a gap, then comes a last word. */
static uint32_t send_into_the_end(struct server *s, const struct person *bob) {
    struct raw c;
    struct proto_frame frame;
    buf body = {0}, send = {0};
    struct proto_send out = {0};
    uint8_t item[2];
    uint32_t answered = 0;
    bool told = false;
    raw_open(&c, s);
    for (uint16_t i = 0; i < ASKED; i++) {
        item[0] = (uint8_t)(i >> 8);
        item[1] = (uint8_t)i;
        out.addresses.count = 1;
        out.addresses.bytes = SLICE_ARRAY(bob->address.bytes);
        out.item = SLICE_ARRAY(item);
        CHECK_OK(proto_send_encode(&send, &out));
        CHECK_EQ(raw_ask(&c, PROTO_send, buf_slice(&send)), i + 1);
        buf_clear(&send);
        if (i == ASKED / 2)
            CHECK(kill(s->pid, SIGTERM) == 0);
    }
    while (raw_next(&c, &frame, &body)) {
        CHECK(!told);
        told = is_told(&frame);
        if (told)
            continue;
        CHECK_EQ(frame.type, PROTO_sent);
        CHECK_EQ(frame.request, ++answered);
    }
    CHECK(told);
    raw_close(&c);
    buf_free(&send);
    buf_free(&body);
    return answered;
}

TEST(what_was_taken_is_answered_at_the_end_and_everybody_is_told) {
    static unsigned seen[ASKED];
    struct server s;
    struct person ann, bob;
    struct raw opening;
    struct proto_frame frame;
    buf body = {0};
    server_init(&s);
    server_start(&s, 2);
    join(&ann, &s, 0);
    join(&bob, &s, 1);
    raw_connect(&opening, &s);
    uint32_t answered = send_into_the_end(&s, &bob);
    CHECK(raw_next(&ann.session, &frame, &body)); /* one that asked nothing */
    CHECK(is_told(&frame));
    CHECK(!raw_next(&ann.session, &frame, &body));
    raw_close(&opening);
    leave(&ann);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGCONT), 0);
    server_start(&s, 0);
    CHECK(login(&bob, &s));
    subscribe(&bob, 0);
    (void)collect(&bob, seen, ASKED);
    for (uint32_t i = 0; i < ASKED; i++)
        CHECK_EQ(seen[i], i < answered);
    leave(&bob);
    server_fini(&s);
    buf_free(&body);
}

TEST(without_time_for_it_nobody_is_told) {
    struct server s;
    struct raw c;
    struct proto_frame frame;
    buf body = {0};
    server_init(&s);
    s.settings[0] = "drain_seconds=0";
    server_start(&s, 1);
    raw_open(&c, &s);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    CHECK(!raw_next(&c, &frame, &body));
    raw_close(&c);
    server_fini(&s);
    buf_free(&body);
}

TEST_MAIN
