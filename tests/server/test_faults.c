/* A real server while its disk, clock, memory or descriptors fail it: it refuses clearly, keeps
 * what it promised, and recovers by itself. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "faults.h"
#include "raw_person.h"

enum { ITEMS = 60 };
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static struct faults *faults;
static char page[96];
static int said[2]; /* what the server says on its standard error */
static struct server s;
static struct person bob;
static struct raw sender;
static bool sent[ITEMS];
static unsigned seen[ITEMS];

static void start(unsigned invites) {
    int before = dup(2);
    CHECK(dup2(said[1], 2) == 2);
    server_start(&s, invites);
    CHECK(dup2(before, 2) == 2);
    close(before);
}

/* A server with one person, and a session that sends. */
static void begin(void) {
    const char *library = getenv("FAULTS");
    if (library == NULL)
        SKIP("FAULTS does not name the library");
    CHECK(pipe2(said, O_NONBLOCK | O_CLOEXEC) == 0);
    server_init(&s);
    snprintf(page, sizeof page, "%s/faults", s.data); /* its children may open it there alone */
    int fd = open(page, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, sizeof *faults) == 0);
    faults = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(faults != MAP_FAILED);
    close(fd);
    CHECK(setenv(FAULTS_PAGE, page, 1) == 0 && setenv("LD_PRELOAD", library, 1) == 0);
    s.settings[0] = "edges=1";
    s.settings[1] = "memtable_megabytes=1";
    start(1);
    memset(sent, 0, sizeof sent);
    join(&bob, &s, 0);
    raw_open(&sender, &s);
}

static void end(void) {
    raw_close(&sender);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
    munmap(faults, sizeof *faults);
    close(said[0]);
    close(said[1]);
}

static bool send_number(unsigned i) {
    uint8_t item[2] = {(uint8_t)(i >> 8), (uint8_t)i};
    if (sender.fd < 0 && !raw_try_open(&sender, &s))
        return false;
    sent[i] = try_send(&sender, &bob.address, SLICE_ARRAY(item));
    return sent[i];
}

/* With a session of its own, should the one before be gone. */
static void send_soon(unsigned i) {
    for (int tries = 0; !send_number(i) && tries < 100; tries++) {
        raw_close(&sender);
        rest(100);
    }
    CHECK(sent[i]);
}

/* All that was acknowledged is there, after everything was killed. */
static void expect_all(void) {
    raw_close(&sender);
    CHECK_EQ(server_stop(&s, SIGKILL), -SIGKILL);
    rest(300);
    start(0);
    login_soon(&bob, &s);
    memset(seen, 0, sizeof seen);
    subscribe(&bob, 0);
    (void)collect(&bob, seen, ITEMS);
    for (unsigned i = 0; i < ITEMS; i++)
        CHECK(!sent[i] || seen[i] >= 1);
}

/* ---- The disk ---- */

static void refuse_while(volatile int32_t *fault, int why, const char *words) {
    for (unsigned i = 0; i < 10; i++)
        CHECK(send_number(i));
    *fault = why;
    for (unsigned i = 10; i < 15; i++)
        CHECK(!send_number(i));
    expect_health(&s, 503);
    CHECK_EQ(count_in_log(said[0], words), 1);
    *fault = 0;
    expect_health(&s, 200); /* though nobody sends anything */
    for (unsigned i = 15; i < 25; i++)
        send_soon(i);
    expect_all();
    for (unsigned i = 15; i < 25; i++)
        CHECK_EQ(seen[i], 1);
}

TEST(a_full_disk_refuses_until_there_is_room_and_loses_nothing) {
    begin();
    refuse_while(&faults->write_errno, ENOSPC, "nothing can be stored: the disk is full");
    end();
}

TEST(a_disk_whose_syncs_fail_refuses_until_they_work_and_loses_nothing) {
    begin();
    refuse_while(&faults->sync_errno, EIO, "nothing can be stored: ");
    end();
}

static bool has_answer(const struct raw *c, int wait_ms) {
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    return poll(&p, 1, wait_ms) == 1;
}

static slice send_body_to_bob(buf *body, uint8_t number) {
    uint8_t item[2] = {0, number};
    writer w = writer_on(body);
    writer_vec(&w, SLICE_ARRAY(bob.address.bytes));
    writer_vec(&w, SLICE_ARRAY(item));
    CHECK_OK(writer_result(&w));
    return buf_slice(body);
}

TEST(a_slow_disk_keeps_who_sends_waiting_and_nobody_else) {
    buf body = {0}, answer = {0};
    begin();
    CHECK(send_number(0));
    faults->sync_ms = 2000;
    (void)raw_ask(&sender, PROTO_send, send_body_to_bob(&body, 1));
    CHECK_EQ(raw_call(&bob.session, PROTO_ping, SLICE_EMPTY, &answer), PROTO_ok);
    CHECK_EQ(health(&s), 200);
    CHECK(!has_answer(&sender, 0)); /* not sent before it is on the disk */
    faults->sync_ms = 0;
    struct proto_frame frame;
    CHECK(raw_next(&sender, &frame, &answer));
    CHECK_EQ(frame.type, PROTO_sent);
    sent[1] = true;
    expect_all();
    buf_free(&body);
    buf_free(&answer);
    end();
}

/* ---- The clock ---- */

TEST(a_clock_that_jumps_lets_nothing_expire_and_stops_nobody) {
    begin();
    CHECK(send_number(0));
    faults->wall_ms = 400 * DAY_MS;
    CHECK(send_number(1));
    CHECK(login(&bob, &s));
    CHECK(count_in_log(said[0], "clock jumped") >= 1);
    faults->wall_ms = -400 * DAY_MS;
    CHECK(send_number(2));
    faults->wall_ms = 0;
    CHECK(send_number(3));
    CHECK(count_in_log(said[0], "clock is right again") >= 1);
    expect_all();
    end();
}

TEST(a_start_with_a_wrong_clock_lets_nothing_expire) {
    begin();
    for (unsigned i = 0; i < 5; i++)
        CHECK(send_number(i));
    faults->wall_ms = 400 * DAY_MS;
    expect_all();
    CHECK_EQ(count_in_log(said[0], "nothing expires for a day"), 1);
    faults->wall_ms = 0;
    expect_all();
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(seen[i], 1);
    end();
}

/* ---- Memory ---- */

TEST(an_edge_without_memory_refuses_newcomers_and_recovers) {
    struct raw late;
    begin();
    CHECK(send_number(0));
    int edge = server_child(&s, "edge");
    faults->no_memory = edge;
    CHECK(!raw_try_open(&late, &s));
    (void)send_number(1);
    faults->no_memory = 0;
    for (unsigned i = 2; i < 6; i++)
        send_soon(i);
    CHECK_EQ(server_child(&s, "edge"), edge); /* it went on */
    expect_all();
    end();
}

TEST(a_mail_process_without_memory_loses_nothing_and_recovers) {
    begin();
    for (unsigned i = 0; i < 5; i++)
        CHECK(send_number(i));
    faults->no_memory = server_child(&s, "mail");
    for (unsigned i = 5; i < 8; i++)
        CHECK(!send_number(i));
    faults->no_memory = 0;
    for (unsigned i = 8; i < 12; i++)
        send_soon(i);
    expect_health(&s, 200);
    expect_all();
    end();
}

/* ---- Descriptors ---- */

static rlim_t limit_descriptors(int pid, rlim_t count) {
    struct rlimit before, limit;
    CHECK(prlimit(pid, RLIMIT_NOFILE, NULL, &before) == 0);
    limit = (struct rlimit){count, before.rlim_max};
    CHECK(prlimit(pid, RLIMIT_NOFILE, &limit, NULL) == 0);
    return before.rlim_cur;
}

TEST(an_edge_out_of_descriptors_serves_who_is_there_and_takes_others_in_later) {
    struct raw late;
    buf answer = {0};
    begin();
    int edge = server_child(&s, "edge");
    rlim_t before = limit_descriptors(edge, 3);
    raw_connect(&late, &s); /* it waits */
    CHECK(send_number(0));
    CHECK_EQ(raw_call(&bob.session, PROTO_ping, SLICE_EMPTY, &answer), PROTO_ok);
    CHECK(!has_answer(&late, 300));
    (void)limit_descriptors(edge, before);
    raw_close(&late);
    raw_open(&late, &s);
    CHECK_EQ(raw_call(&late, PROTO_ping, SLICE_EMPTY, &answer), PROTO_ok);
    raw_close(&late);
    CHECK_EQ(server_child(&s, "edge"), edge);
    expect_all();
    buf_free(&answer);
    end();
}

TEST(a_parent_out_of_descriptors_starts_a_dead_edge_once_it_has_some) {
    begin();
    CHECK(send_number(0));
    rlim_t before = limit_descriptors(s.pid, 3);
    CHECK(kill(server_child(&s, "edge"), SIGKILL) == 0);
    rest(1500); /* meanwhile it tries in vain */
    (void)limit_descriptors(s.pid, before);
    raw_close(&sender);
    send_soon(1);
    expect_all();
    end();
}

TEST(a_mail_process_out_of_descriptors_loses_nothing_and_recovers) {
    static uint8_t large[32 * 1024];
    int failed = 0;
    begin();
    int mail = server_child(&s, "mail");
    for (unsigned i = 0; i < 5; i++)
        CHECK(send_number(i));
    rlim_t before = limit_descriptors(mail, 3);
    raw_close(&sender);
    raw_open(&sender, &s);
    for (int i = 0; i < 60; i++) /* until the store needs another file */
        failed += !try_send(&sender, &bob.address, SLICE_ARRAY(large));
    CHECK(failed > 0);
    (void)limit_descriptors(mail, before);
    raw_close(&sender);
    for (unsigned i = 5; i < 10; i++)
        send_soon(i);
    expect_health(&s, 200);
    end();
}

TEST_MAIN
