/* Whether a newcomer would be served, as a real server says it to a load balancer. */
#include <signal.h>

#include "raw_person.h"

TEST(it_is_not_ready_while_mail_does_not_answer) {
    struct server s;
    server_init(&s);
    s.settings[0] = "edges=1";
    server_start(&s, 0);
    expect_ready(&s, NULL);
    int mail = server_child(&s, "mail"), edge = server_child(&s, "edge");
    CHECK(kill(mail, SIGSTOP) == 0);
    expect_ready(&s, "\"mail away\"");
    CHECK(kill(edge, SIGKILL) == 0); /* the next one has never heard from mail */
    expect_ready(&s, "\"starting\"");
    CHECK(kill(mail, SIGCONT) == 0);
    expect_ready(&s, NULL);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(it_is_not_ready_while_who_asks_has_the_last_place) {
    struct server s;
    struct raw c;
    server_init(&s);
    s.settings[0] = "edges=1";
    s.settings[1] = "connections=2";
    s.settings[2] = "source_connections=0";
    server_start(&s, 1);
    expect_ready(&s, NULL);
    raw_open(&c, &s);
    expect_ready(&s, "\"full\"");
    CHECK_EQ(health(&s), 200);
    raw_close(&c);
    expect_ready(&s, NULL);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* Time for a load balancer: only what it asks is answered in another way. */
TEST(before_the_end_all_are_served_while_it_says_that_it_is_not_ready) {
    struct server s;
    struct person ann;
    struct raw c;
    struct proto_frame frame;
    buf body = {0};
    server_init(&s);
    s.settings[0] = "unready_seconds=6";
    server_start(&s, 2);
    join(&ann, &s, 0);
    expect_ready(&s, NULL);
    CHECK(kill(s.pid, SIGTERM) == 0);
    expect_ready(&s, "\"stopping\"");
    CHECK_EQ(health(&s), 200);
    raw_open(&c, &s);
    CHECK(try_send(&c, &ann.address, slice_of("\0\1", 2)));
    CHECK(raw_next(&ann.session, &frame, &body)); /* then it ends as always */
    CHECK_EQ(frame.type, PROTO_error);
    CHECK_EQ(frame.request, 0);
    raw_close(&c);
    leave(&ann);
    CHECK_EQ(server_stop(&s, SIGCONT), 0);
    server_fini(&s);
    buf_free(&body);
}

TEST(asked_twice_it_ends_at_once_whatever_time_it_has) {
    struct server s;
    server_init(&s);
    s.settings[0] = "unready_seconds=600";
    server_start(&s, 0);
    CHECK(kill(s.pid, SIGTERM) == 0);
    expect_ready(&s, "\"stopping\"");
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST_MAIN
