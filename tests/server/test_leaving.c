/* How a real server ends, and how one takes over from another: what was taken is answered, whoever
 * is there is told, and nothing that was acknowledged is lost. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
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

/* ---- One server after the other, under load ---- */

enum { MANY = 1 << 16 };

/* What the test and its helpers share. */
struct load {
    volatile bool stop;
    volatile uint32_t sent, connected; /* acknowledged; by who only connects */
    volatile uint32_t seen[MANY];
    int sender, receiver, knocker;
};

/* Each item until it is acknowledged. */
static void keep_sending(struct load *load, const struct server *s, const struct person *bob) {
    struct raw c = {.fd = -1};
    while (!load->stop && load->sent < MANY) {
        uint8_t item[2] = {(uint8_t)(load->sent >> 8), (uint8_t)load->sent};
        if (c.fd >= 0 && try_send(&c, &bob->address, SLICE_ARRAY(item))) {
            load->sent++;
            rest(1);
            continue;
        }
        raw_close(&c);
        c.fd = -1;
        if (!raw_try_open(&c, s)) {
            raw_close(&c);
            c.fd = -1;
            rest(20);
        }
    }
    raw_close(&c);
}

/* Until all is there that was acknowledged. What comes twice has the same number. */
static void keep_receiving(struct load *load, const struct server *s, struct person *bob) {
    struct proto_frame frame;
    buf body = {0}, plain = {0};
    slice item;
    while (!load->stop || load->seen[load->sent - 1] == 0) {
        login_soon(bob, s);
        subscribe(bob, 0);
        while (raw_next(&bob->session, &frame, &body)) {
            if (frame.type != PROTO_delivery)
                continue;
            uint64_t position = open_item(bob, &frame, &plain, &item);
            load->seen[item.p[0] << 8 | item.p[1]]++;
            ack(bob, position);
            if (load->stop && load->seen[load->sent - 1] > 0)
                break;
        }
    }
    leave(bob);
    buf_free(&body);
    buf_free(&plain);
}

static void keep_knocking(struct load *load, const struct server *s) {
    while (!load->stop) {
        struct raw c;
        raw_connect(&c, s); /* fails if it is refused */
        raw_close(&c);
        load->connected++;
        rest(1);
    }
}

static int helper(void (*what)(struct load *load, const struct server *s, struct person *bob),
                  struct load *load, struct server *s, struct person *bob) {
    fflush(stdout);
    int pid = fork();
    CHECK(pid >= 0);
    if (pid > 0)
        return pid;
    test_help();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(120);
    what(load, s, bob);
    _exit(0);
}

static void send_all(struct load *load, const struct server *s, struct person *bob) {
    keep_sending(load, s, bob);
}

static void knock_all(struct load *load, const struct server *s, struct person *bob) {
    (void)bob;
    keep_knocking(load, s);
}

static struct load *load_begin(struct server *s, struct person *bob, bool knocks) {
    struct load *load =
        mmap(NULL, sizeof *load, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(load != MAP_FAILED);
    raw_close(&bob->session);
    bob->session.fd = -1;
    load->sender = helper(send_all, load, s, bob);
    load->receiver = helper(keep_receiving, load, s, bob);
    load->knocker = knocks ? helper(knock_all, load, s, bob) : 0;
    for (int i = 0; load->sent < 20 && i < 1000; i++)
        rest(10);
    CHECK(load->sent >= 20);
    return load;
}

static void expect_end(int pid) {
    int status = -1;
    CHECK(pid == 0 || waitpid(pid, &status, 0) == pid);
    CHECK(pid == 0 || status == 0);
}

/* It goes on after whatever was done; then all has come. */
static void load_end(struct load *load) {
    uint32_t before = load->sent;
    for (int i = 0; load->sent < before + 20 && i < 1000; i++)
        rest(10);
    CHECK(load->sent >= before + 20);
    load->stop = true;
    expect_end(load->sender);
    expect_end(load->knocker);
    expect_end(load->receiver);
    for (uint32_t i = 0; i < load->sent; i++)
        CHECK(load->seen[i] >= 1);
    CHECK(munmap(load, sizeof *load) == 0);
}

static int wait_for(int pid) {
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(a_server_takes_over_from_another_and_no_connection_is_refused) {
    struct server s;
    struct person bob;
    server_init(&s);
    server_start(&s, 1);
    join(&bob, &s, 0);
    struct load *load = load_begin(&s, &bob, true);
    s.take_over = true;
    for (int i = 0; i < 3; i++) {
        int old = s.pid;
        server_start(&s, 0);
        CHECK_EQ(wait_for(old), 0);
        rest(100);
    }
    CHECK(load->connected > 0);
    load_end(load);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* Moments of a hand over, in milliseconds after its beginning. */
static const long moments[] = {0, 3, 10, 20, 40, 80, 150, 300};

TEST(one_that_takes_over_may_be_killed_at_any_moment) {
    struct server s;
    struct person bob;
    server_init(&s);
    server_start(&s, 1);
    join(&bob, &s, 0);
    struct load *load = load_begin(&s, &bob, false);
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        struct server heir = s;
        heir.take_over = true;
        server_begin(&heir, 0);
        rest(moments[i]);
        CHECK_EQ(server_stop(&heir, SIGKILL), -SIGKILL);
        rest(500);
        int status = 0;
        if (waitpid(s.pid, &status, WNOHANG) == s.pid) { /* it had let go */
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            server_start(&s, 0);
        }
        uint32_t before = load->sent;
        for (int k = 0; load->sent == before && k < 1000; k++)
            rest(10);
        CHECK(load->sent > before);
    }
    load_end(load);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(one_that_is_taken_over_from_may_be_killed_at_any_moment) {
    struct server s;
    struct person bob;
    server_init(&s);
    server_start(&s, 1);
    join(&bob, &s, 0);
    struct load *load = load_begin(&s, &bob, false);
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        struct server heir = s;
        heir.take_over = true;
        server_begin(&heir, 0);
        rest(moments[i]);
        CHECK(kill(s.pid, SIGKILL) == 0);
        int how = wait_for(s.pid);
        CHECK(how == -SIGKILL || how == 0);
        /* One that came too early to be told anything has nothing to take over. */
        if (!server_ready(&heir, 0)) {
            CHECK(wait_for(heir.pid) != 0);
            heir.take_over = false;
            server_start(&heir, 0);
        }
        s = heir;
    }
    load_end(load);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* Asks as a server that takes over, and gives both listeners back; its channel. */
static int ask_to_let_go(const struct server *s) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    static const uint8_t let_go[] = {0, 0, 0, 6, 0, 0, 0, 0, 0, PROTO_let_go};
    uint8_t handed[2 * (4 + 7)];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s/handover.sock", s->data);
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    for (size_t n = 0; n < sizeof handed;) {
        ssize_t k = recv(fd, handed + n, sizeof handed - n, 0);
        CHECK(k > 0);
        n += (size_t)k;
    }
    CHECK(send(fd, let_go, sizeof let_go, MSG_NOSIGNAL) == (ssize_t)sizeof let_go);
    return fd;
}

TEST(a_server_goes_on_if_the_one_that_takes_over_goes_away) {
    struct server s;
    struct person bob;
    struct raw c;
    struct proto_frame frame;
    buf body = {0};
    server_init(&s);
    server_start(&s, 1);
    join(&bob, &s, 0);
    raw_open(&c, &s);
    int heir = ask_to_let_go(&s);
    CHECK(raw_next(&c, &frame, &body));
    CHECK(is_told(&frame)); /* and it is waited for, since it doesn't close */
    close(heir);
    login_soon(&bob, &s);
    raw_close(&c);
    login_soon(&bob, &s);
    CHECK_EQ(raw_call(&bob.session, PROTO_ping, SLICE_EMPTY, &body), PROTO_ok);
    CHECK_EQ(waitpid(s.pid, NULL, WNOHANG), 0);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
    buf_free(&body);
}

TEST(a_process_that_does_not_end_keeps_nobody_from_taking_over) {
    struct server s;
    server_init(&s);
    s.settings[0] = "edges=1";
    s.settings[1] = "drain_seconds=1";
    server_start(&s, 0);
    int old = s.pid;
    CHECK(kill(server_child(&s, "edge"), SIGSTOP) == 0);
    s.take_over = true;
    alarm(20);
    server_start(&s, 0);
    alarm(0);
    CHECK_EQ(wait_for(old), 0);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* Its socket answers, and is closed before a port is handed over. */
TEST(one_that_is_killed_before_it_is_asked_leaves_its_place_to_who_takes_over) {
    struct server s;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    server_init(&s);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/handover.sock", s.data);
    int old = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(old, (struct sockaddr *)&at, sizeof at) == 0 && listen(old, 1) == 0);
    s.take_over = true;
    server_begin(&s, 0);
    close(accept(old, NULL, NULL));
    close(old);
    CHECK(server_ready(&s, 0));
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(one_that_could_not_serve_does_not_take_over) {
    struct server s, heir;
    struct raw c;
    buf answer = {0};
    server_init(&s);
    server_start(&s, 1);
    raw_open(&c, &s);
    heir = s;
    heir.take_over = true;
    heir.settings[0] = "certificate=/dev/null";
    heir.settings[1] = "certificate_key=/dev/null";
    server_begin(&heir, 0);
    CHECK(!server_ready(&heir, 0));
    CHECK(wait_for(heir.pid) != 0);
    CHECK_EQ(raw_call(&c, PROTO_ping, SLICE_EMPTY, &answer), PROTO_ok); /* nothing happened */
    raw_close(&c);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
    buf_free(&answer);
}

TEST_MAIN
