/* sottod as it really runs: processes, sandboxes, sockets, the store on a disk, and kill -9. */
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "open.h"
#include "raw_person.h"
#include "sys/carrier.h"

/* ---- The path of an item ---- */

TEST(an_item_goes_from_one_real_session_to_another) {
    struct server s;
    struct person ann, bob;
    struct raw anonymous;
    struct proto_frame frame;
    slice item;
    buf body = {0}, plain = {0};
    server_init(&s);
    server_start(&s, 2);
    join(&ann, &s, 0);
    join(&bob, &s, 1);
    subscribe(&bob, 0);
    do
        CHECK(raw_next(&bob.session, &frame, &body));
    while (frame.type != PROTO_caught_up);
    raw_open(&anonymous, &s);
    CHECK(try_send(&anonymous, &bob.address, slice_str("hello")));
    CHECK(raw_next(&bob.session, &frame, &body));
    uint64_t position = open_item(&bob, &frame, &plain, &item);
    CHECK_SLICE(item, slice_str("hello"));
    ack(&bob, position);
    CHECK_EQ(raw_call(&bob.session, PROTO_record_get, SLICE_EMPTY, &body), PROTO_record);
    struct proto_record record;
    CHECK_OK(proto_record_decode(buf_slice(&body), &record));
    CHECK_EQ(record.items, 0);
    raw_close(&anonymous);
    leave(&ann);
    leave(&bob);
    buf_free(&body);
    buf_free(&plain);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

enum { ITEMS = 120 };

/* Sends items until told to stop, through whatever happens to the server; counts what was
 * acknowledged. */
static void send_through(struct server *s, struct person *bob, bool *sent, int kill_at,
                         void (*blow)(struct server *s)) {
    struct raw c;
    raw_open(&c, s);
    for (unsigned i = 0; i < ITEMS; i++) {
        uint8_t item[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        if ((int)i == kill_at)
            blow(s);
        sent[i] = c.fd >= 0 && try_send(&c, &bob->address, SLICE_ARRAY(item));
        for (int tries = 0; !sent[i] && tries < 100; tries++) {
            raw_close(&c);
            rest(100);
            sent[i] = raw_try_open(&c, s) && try_send(&c, &bob->address, SLICE_ARRAY(item));
        }
    }
    raw_close(&c);
}

static void expect_all(struct person *bob, const bool *sent) {
    static unsigned seen[ITEMS];
    memset(seen, 0, sizeof seen);
    subscribe(bob, 0);
    (void)collect(bob, seen, ITEMS);
    for (unsigned i = 0; i < ITEMS; i++)
        CHECK(!sent[i] || seen[i] >= 1);
}

static void kill_mail(struct server *s) {
    int pid = server_child(s, "mail");
    CHECK(pid != 0);
    CHECK(kill(pid, SIGKILL) == 0);
}

static void stop_mail(struct server *s) {
    int pid = server_child(s, "mail");
    CHECK(pid != 0);
    CHECK(kill(pid, SIGSTOP) == 0);
}

static void kill_edge(struct server *s) {
    int pid = server_child(s, "edge");
    CHECK(pid != 0);
    CHECK(kill(pid, SIGKILL) == 0);
}

static void kill_all(struct server *s) {
    CHECK_EQ(server_stop(s, SIGKILL), -SIGKILL);
    rest(300); /* the children die with it, and let go of ports and store */
    server_start(s, 0);
}

static void blow_and_count(void (*blow)(struct server *s)) {
    static bool sent[ITEMS];
    struct server s;
    struct person bob;
    server_init(&s);
    s.settings[0] = "silent_seconds=2";
    server_start(&s, 1);
    join(&bob, &s, 0);
    send_through(&s, &bob, sent, ITEMS / 2, blow);
    for (unsigned i = 0; i < ITEMS; i++)
        CHECK(sent[i]);
    login_soon(&bob, &s);
    expect_all(&bob, sent);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(nothing_acknowledged_is_lost_when_mail_is_killed) {
    blow_and_count(kill_mail);
}
TEST(nothing_acknowledged_is_lost_when_mail_answers_nothing_any_more) {
    blow_and_count(stop_mail);
}
TEST(nothing_acknowledged_is_lost_when_an_edge_is_killed) {
    blow_and_count(kill_edge);
}
TEST(nothing_acknowledged_is_lost_when_all_is_killed) {
    blow_and_count(kill_all);
}

TEST(a_second_start_finds_everything_as_it_was) {
    struct server s;
    struct person bob;
    struct raw c;
    uint8_t identity[32];
    server_init(&s);
    server_start(&s, 1);
    join(&bob, &s, 0);
    memcpy(identity, s.identity, 32);
    CHECK_EQ(server_stop(&s, SIGINT), 0);
    server_start(&s, 1);
    CHECK_SLICE(SLICE_ARRAY(s.identity), SLICE_ARRAY(identity));
    raw_open(&c, &s);
    CHECK(try_send(&c, &bob.address, slice_of("\0\7", 2)));
    raw_close(&c);
    login_soon(&bob, &s);
    unsigned seen[8] = {0};
    subscribe(&bob, 0);
    CHECK(collect(&bob, seen, 8) > 0);
    CHECK_EQ(seen[7], 1);
    leave(&bob);
    server_fini(&s);
}

/* ---- Bad connections ---- */

/* One after another asks for much more than it reads. */
TEST(who_asks_for_much_and_reads_nothing_harms_nobody_else) {
    enum { HASTY = 100, GETS = 60 };
    static struct server s;
    static struct raw hasty[HASTY], other;
    struct person bob;
    static uint8_t chunk[PROTO_CHUNK_MAX];
    buf put = {0}, get = {0}, answer = {0};
    struct proto_blob_put blob = {.chunks = 1, .bytes = SLICE_ARRAY(chunk)};
    struct proto_blob_get wanted = {.chunk = 0};
    server_init(&s);
    s.settings[0] = "edges=1";
    server_start(&s, 1);
    int edge = server_child(&s, "edge"), mail = server_child(&s, "mail");
    join(&bob, &s, 0);
    memcpy(blob.address, bob.address.bytes, PROTO_ADDRESS);
    raw_open(&other, &s);
    CHECK_OK(proto_blob_put_encode(&put, &blob));
    CHECK_OK(proto_blob_get_encode(&get, &wanted));
    CHECK_EQ(raw_call(&other, PROTO_blob_put, buf_slice(&put), &answer), PROTO_blob_state);
    for (int i = 0; i < HASTY; i++) {
        raw_open(&hasty[i], &s);
        for (int k = 0; k < GETS; k++)
            (void)raw_ask(&hasty[i], PROTO_blob_get, buf_slice(&get));
    }
    for (int k = 0; k < 20; k++)
        CHECK_EQ(raw_call(&other, PROTO_blob_get, buf_slice(&get), &answer), PROTO_blob_chunk);
    CHECK_EQ(server_child(&s, "edge"), edge);
    CHECK_EQ(server_child(&s, "mail"), mail);
    for (int i = 0; i < HASTY; i++)
        raw_close(&hasty[i]);
    CHECK_EQ(raw_call(&other, PROTO_blob_get, buf_slice(&get), &answer), PROTO_blob_chunk);
    raw_close(&other);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
    buf_free(&put);
    buf_free(&get);
    buf_free(&answer);
}

/* More than an edge lets be with mail at once, answered all at once: nobody who waits for a turn is
 * forgotten when those whose turn it is have nothing to say. */
TEST(who_waits_for_a_turn_gets_one) {
    enum { CROWD = 120, EACH = 16 };
    static struct raw crowd[CROWD];
    struct server s;
    struct person bob;
    struct proto_frame frame;
    struct proto_send out = {.item = slice_str("hi"), .addresses.count = 1};
    buf body = {0}, send = {0};
    server_init(&s);
    s.settings[0] = "edges=1";
    server_start(&s, 1);
    join(&bob, &s, 0);
    out.addresses.bytes = SLICE_ARRAY(bob.address.bytes);
    CHECK_OK(proto_send_encode(&send, &out));
    for (int i = 0; i < CROWD; i++)
        raw_open(&crowd[i], &s);
    int mail = server_child(&s, "mail"), edge = server_child(&s, "edge");
    CHECK(kill(mail, SIGSTOP) == 0 && kill(edge, SIGSTOP) == 0);
    for (int i = 0; i < CROWD; i++)
        for (int k = 0; k < EACH; k++)
            (void)raw_ask(&crowd[i], PROTO_send, buf_slice(&send));
    CHECK(kill(edge, SIGCONT) == 0);
    rest(500);
    CHECK(kill(mail, SIGCONT) == 0);
    bool fine = true;
    for (int i = 0; fine && i < CROWD; i++)
        for (uint32_t k = 0; fine && k < EACH; k++)
            fine = raw_next(&crowd[i], &frame, &body) && frame.type == PROTO_sent &&
                   frame.request == k + 1;
    for (int i = CROWD - 1; fine && i >= 0; i--)
        fine = try_send(&crowd[i], &bob.address, slice_str("ho"));
    CHECK(fine);
    for (int i = 0; i < CROWD; i++)
        raw_close(&crowd[i]);
    leave(&bob);
    buf_free(&send);
    buf_free(&body);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(one_source_has_so_many_connections) {
    struct server s;
    struct raw some[3], another;
    server_init(&s);
    s.settings[0] = "edges=1";
    s.settings[1] = "source_connections=3";
    server_start(&s, 1);
    for (int i = 0; i < 3; i++)
        raw_open(&some[i], &s);
    CHECK(!raw_try_open(&another, &s));
    raw_close(&another);
    raw_close(&some[0]);
    bool open = false;
    for (int tries = 0; !open && tries < 100; tries++) {
        open = raw_try_open(&another, &s);
        if (!open)
            raw_close(&another);
        rest(20);
    }
    CHECK(open);
    raw_close(&another);
    raw_close(&some[1]);
    raw_close(&some[2]);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(one_source_never_has_more_than_half_of_them) {
    struct server s;
    struct raw some[2], another;
    server_init(&s);
    s.settings[0] = "edges=1";
    s.settings[1] = "connections=4";
    server_start(&s, 1);
    raw_open(&some[0], &s);
    raw_open(&some[1], &s);
    CHECK(!raw_try_open(&another, &s));
    raw_close(&another);
    raw_close(&some[0]);
    raw_close(&some[1]);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(silent_strangers_go_sooner_while_places_are_scarce) {
    struct server s;
    struct person bob;
    struct raw strangers[2];
    buf body = {0};
    server_init(&s);
    s.settings[0] = "edges=1";
    s.settings[1] = "connections=4";
    s.settings[2] = "source_connections=0";
    s.settings[3] = "idle_minutes=1";
    server_start(&s, 1);
    join(&bob, &s, 0);
    for (int i = 0; i < 2; i++)
        raw_open(&strangers[i], &s);
    struct proto_frame frame;
    CHECK(raw_next(&strangers[0], &frame, &body));
    CHECK_EQ(frame.type, PROTO_error);
    CHECK_EQ(frame.body.p[1], PROTO_REASON_TIMEOUT);
    CHECK_EQ(raw_call(&bob.session, PROTO_ping, SLICE_EMPTY, &body), PROTO_ok);
    for (int i = 0; i < 2; i++)
        raw_close(&strangers[i]);
    leave(&bob);
    buf_free(&body);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(a_silent_or_slow_connection_is_told_and_closed) {
    struct server s;
    struct raw silent, half;
    struct proto_frame frame;
    buf message = {0};
    server_init(&s);
    s.settings[0] = "opening_seconds=1";
    server_start(&s, 0);
    raw_connect(&silent, &s);
    raw_connect(&half, &s);
    CHECK(send(half.fd, "\0\10\0", 3, MSG_NOSIGNAL) == 3);
    CHECK(raw_read(&silent, &message));
    CHECK_OK(proto_frame_decode(buf_slice(&message), &frame));
    CHECK_EQ(frame.type, PROTO_error);
    CHECK_EQ(frame.body.p[1], PROTO_REASON_TIMEOUT);
    CHECK(!raw_read(&silent, &message));
    (void)raw_read(&half, &message);
    CHECK(!raw_read(&half, &message));
    raw_close(&silent);
    raw_close(&half);
    buf_free(&message);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* Before its handshake a connection may not even begin a large message. */
TEST(half_a_large_message_before_the_handshake_is_not_waited_for) {
    struct server s;
    struct raw bad;
    struct proto_frame frame;
    buf message = {0};
    server_init(&s);
    s.settings[0] = "opening_seconds=600";
    server_start(&s, 0);
    raw_connect(&bad, &s);
    CHECK(send(bad.fd, "\377\377half", 6, MSG_NOSIGNAL) == 6);
    CHECK(raw_read(&bad, &message));
    CHECK_OK(proto_frame_decode(buf_slice(&message), &frame));
    CHECK_EQ(frame.type, PROTO_error);
    CHECK_EQ(frame.body.p[1], PROTO_REASON_MALFORMED);
    raw_close(&bad);
    buf_free(&message);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(garbage_gets_one_clear_error_and_nobody_else_notices) {
    struct server s;
    struct raw good, bad;
    struct proto_frame frame;
    uint8_t junk[300];
    buf message = {0};
    server_init(&s);
    server_start(&s, 1);
    raw_open(&good, &s);
    for (int i = 0; i < 50; i++) {
        crypto_random(junk, sizeof junk);
        if (i % 2 == 0)
            raw_connect(&bad, &s);
        else
            raw_open(&bad, &s);
        raw_write(&bad, SLICE_ARRAY(junk));
        CHECK(raw_read(&bad, &message));
        if (i % 2 == 0) {
            CHECK_OK(proto_frame_decode(buf_slice(&message), &frame));
            CHECK_EQ(frame.type, PROTO_error);
            CHECK_EQ(frame.body.p[1], PROTO_REASON_MALFORMED);
        }
        CHECK(!raw_read(&bad, &message));
        raw_close(&bad);
    }
    CHECK_EQ(raw_call(&good, PROTO_ping, SLICE_EMPTY, &message), PROTO_ok);
    raw_close(&good);
    buf_free(&message);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST(a_carrier_message_of_no_bytes_gets_one_clear_error_too) {
    struct server s;
    struct raw bad;
    struct proto_frame frame;
    buf message = {0};
    server_init(&s);
    server_start(&s, 0);
    raw_connect(&bad, &s);
    CHECK(send(bad.fd, "\0\0", 2, MSG_NOSIGNAL) == 2);
    CHECK(raw_read(&bad, &message));
    CHECK_OK(proto_frame_decode(buf_slice(&message), &frame));
    CHECK_EQ(frame.type, PROTO_error);
    CHECK_EQ(frame.body.p[1], PROTO_REASON_MALFORMED);
    CHECK(!raw_read(&bad, &message));
    raw_close(&bad);
    buf_free(&message);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* ---- The other carrier ---- */

struct web {
    struct sys_loop *loop;
    uint16_t type; /* of the frame that came */
};

static void on_web_opened(struct sys_conn *conn, void *ctx) {
    static const uint8_t hello[] = {0, 0, 0, 0, 0, PROTO_client_hello, 0, PROTO_VERSION, 0};
    (void)ctx;
    CHECK_OK(sys_conn_send(conn, SLICE_ARRAY(hello)));
}

static void on_web_message(struct sys_conn *conn, void *ctx, slice message) {
    struct web *web = ctx;
    struct proto_frame frame;
    CHECK_OK(proto_frame_decode(message, &frame));
    web->type = frame.type;
    sys_conn_close(conn, SYS_CLOSE_FLUSH);
}

static void on_web_closed(struct sys_conn *conn, void *ctx, err why) {
    struct web *web = ctx;
    (void)conn;
    (void)why;
    sys_loop_stop(web->loop);
}

/* Says hello over a WebSocket; the type of the answer, 0 for none. */
static uint16_t hello_over(const struct server *s, const char *scheme) {
    static const struct sys_conn_events events = {
        .opened = on_web_opened, .message = on_web_message, .closed = on_web_closed};
    struct sys_conn_limits limits = sys_conn_limits_default();
    struct sys_address address;
    struct sys_tls *tls = NULL;
    struct sys_conns conns;
    struct sys_conn *conn;
    struct web web = {0};
    char text[64];
    snprintf(text, sizeof text, "%s://127.0.0.1:%u/session", scheme, s->http_port);
    CHECK_OK(sys_address_parse(&address, text));
    CHECK_OK(sys_tls_client_new(&tls, SYS_TLS_ANY));
    CHECK_OK(sys_loop_new(&web.loop, NULL));
    sys_conns_init(&conns, web.loop, &events, &web, &limits);
    struct sys_connect options = {.address = &address, .tls = tls, .ctx = &web};
    CHECK_OK(sys_conn_open(&conn, &conns, &options));
    CHECK_OK(sys_loop_run(web.loop));
    sys_conns_fini(&conns);
    sys_loop_free(web.loop);
    sys_tls_free(tls);
    return web.type;
}

TEST(a_session_begins_over_a_websocket) {
    struct server s;
    server_init(&s);
    server_start(&s, 0);
    CHECK_EQ(hello_over(&s, "ws"), PROTO_server_hello);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* NAME.pem and NAME-key.pem in the data directory; false without an openssl command. */
static bool make_certificate(const struct server *s, const char *name) {
    char command[512];
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
             "-subj /CN=localhost -keyout %s/%s-key.pem -out %s/%s.pem 2>%s/log",
             s->data, name, s->data, name, s->data);
    return system(command) == 0;
}

/* Also shows that the TLS library lives within the edge's sandbox. */
TEST(a_session_begins_over_a_websocket_in_tls) {
    char certificate[128], key[128];
    struct server s;
    server_init(&s);
    if (!make_certificate(&s, "cert")) {
        server_fini(&s);
        SKIP("no openssl command to make a certificate with");
    }
    snprintf(certificate, sizeof certificate, "certificate=%s/cert.pem", s.data);
    snprintf(key, sizeof key, "certificate_key=%s/cert-key.pem", s.data);
    s.settings[0] = certificate;
    s.settings[1] = key;
    server_start(&s, 0);
    CHECK_EQ(hello_over(&s, "wss"), PROTO_server_hello);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* ---- The command line ---- */

TEST(a_second_server_on_the_same_data_or_port_says_so) {
    struct server s;
    char port[32];
    buf output = {0};
    server_init(&s);
    server_start(&s, 0);
    snprintf(port, sizeof port, "127.0.0.1:%u", s.port);
    const char *const same_data[] = {"run",         "--data", s.data,        "--listen",
                                     "127.0.0.1:0", "--http", "127.0.0.1:0", NULL};
    CHECK_EQ(server_run(&output, same_data), 3);
    const char *const check[] = {"check", "--data", s.data, "--listen", port, NULL};
    CHECK_EQ(server_run(&output, check), 3);
    const char *const invite[] = {"invite", "--data", s.data, "--count", "2", NULL};
    buf_clear(&output);
    CHECK_EQ(server_run(&output, invite), 0);
    CHECK(output.n > 100 && memcmp(output.p, "sotto:join:", 11) == 0);
    const char *const with_end[] = {"invite", "--data", s.data, "--json", NULL};
    buf_clear(&output);
    CHECK_EQ(server_run(&output, with_end), 0);
    CHECK_OK(buf_append_byte(&output, 0));
    CHECK(strstr((const char *)output.p, "\",\"expires\":1") != NULL);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    CHECK_EQ(server_run(&output, invite), 5);
    buf_free(&output);
    server_fini(&s);
}

TEST(a_key_file_that_is_gone_is_not_made_anew_beside_a_store) {
    static const char *const names[] = {"identity", "pepper", "address-keys"};
    struct server s;
    char path[128], aside[160];
    buf output = {0};
    server_init(&s);
    server_start(&s, 0);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    const char *const run[] = {"run",         "--data", s.data,        "--listen",
                               "127.0.0.1:0", "--http", "127.0.0.1:0", NULL};
    const char *const check[] = {"check",       "--data", s.data,        "--listen",
                                 "127.0.0.1:0", "--http", "127.0.0.1:0", NULL};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", s.data, names[i]);
        snprintf(aside, sizeof aside, "%s.aside", path);
        CHECK(rename(path, aside) == 0);
        CHECK_EQ(server_run(&output, run), 4);
        CHECK_EQ(server_run(&output, check), 4);
        CHECK(access(path, F_OK) != 0);
        CHECK(rename(aside, path) == 0);
    }
    server_start(&s, 0);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    buf_free(&output);
    server_fini(&s);
}

static int check_of(const char *data, const char *certificate, const char *key, buf *output) {
    char chain[160], its_key[160];
    snprintf(chain, sizeof chain, "certificate=%s", certificate);
    snprintf(its_key, sizeof its_key, "certificate_key=%s", key);
    const char *const check[] = {"check",       "--data", data,          "--listen",
                                 "127.0.0.1:0", "--http", "127.0.0.1:0", "--set",
                                 chain,         "--set",  its_key,       NULL};
    buf_clear(output);
    return server_run(output, check);
}

TEST(check_reads_the_certificate_and_its_key) {
    char one[128], one_key[128], other_key[128], none[128];
    struct server s;
    buf output = {0};
    server_init(&s);
    if (!make_certificate(&s, "one") || !make_certificate(&s, "other")) {
        server_fini(&s);
        SKIP("no openssl command to make a certificate with");
    }
    snprintf(one, sizeof one, "%s/one.pem", s.data);
    snprintf(one_key, sizeof one_key, "%s/one-key.pem", s.data);
    snprintf(other_key, sizeof other_key, "%s/other-key.pem", s.data);
    snprintf(none, sizeof none, "%s/none.pem", s.data);
    CHECK_EQ(check_of(s.data, one, one_key, &output), 0);
    CHECK_EQ(check_of(s.data, one, other_key, &output), 1);
    CHECK_EQ(check_of(s.data, none, one_key, &output), 1);
    CHECK_EQ(check_of(s.data, one, none, &output), 1);
    CHECK_EQ(check_of(s.data, one_key, one, &output), 1);
    buf_free(&output);
    server_fini(&s);
}

TEST(check_makes_nothing) {
    char data[128], store[160];
    struct server s;
    buf output = {0};
    server_init(&s);
    snprintf(data, sizeof data, "%s/none", s.data);
    CHECK_EQ(check_of(data, "", "", &output), 0);
    CHECK(access(data, F_OK) != 0);
    CHECK(mkdir(data, 0700) == 0);
    CHECK_EQ(check_of(data, "", "", &output), 0);
    CHECK(rmdir(data) == 0); /* it is empty */
    CHECK_EQ(check_of("/dev/null", "", "", &output), 1);
    snprintf(store, sizeof store, "%s/store", s.data);
    CHECK(access(store, F_OK) != 0);
    buf_free(&output);
    server_fini(&s);
}

TEST(more_links_than_one_answer_holds_are_refused_in_words) {
    char public[512];
    struct server s;
    buf output = {0};
    memset(public, 'x', sizeof public);
    memcpy(public, "public=", 7);
    memcpy(public + sizeof public - 6, ":4460", 6);
    server_init(&s);
    s.settings[0] = public;
    server_start(&s, 0);
    const char *const many[] = {"invite", "--data", s.data, "--count", "255", NULL};
    CHECK_EQ(server_run(&output, many), 1);
    const char *const some[] = {"invite", "--data", s.data, "--count", "80", NULL};
    buf_clear(&output);
    CHECK_EQ(server_run(&output, some), 0);
    CHECK(output.n > 80 * sizeof public);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    buf_free(&output);
    server_fini(&s);
}

TEST(a_closed_server_makes_no_links) {
    struct server s;
    buf output = {0};
    server_init(&s);
    s.settings[0] = "registration=closed";
    server_start(&s, 0);
    const char *const invite[] = {"invite", "--data", s.data, NULL};
    CHECK_EQ(server_run(&output, invite), 1);
    CHECK_EQ(output.n, 0);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    buf_free(&output);
    server_fini(&s);
}

TEST(no_links_at_all_can_not_be_asked_for) {
    struct server s;
    buf output = {0};
    server_init(&s);
    const char *const invite[] = {"invite", "--data", s.data, "--count", "0", NULL};
    CHECK_EQ(server_run(&output, invite), 2);
    buf_free(&output);
    server_fini(&s);
}

TEST(config_takes_options_as_every_command) {
    buf plain = {0}, with_options = {0};
    struct server s;
    server_init(&s);
    const char *const alone[] = {"config", NULL};
    const char *const config[] = {"config", "--data", s.data, NULL};
    const char *const wrong[] = {"config", "--nope", "x", NULL};
    CHECK_EQ(server_run(&plain, alone), 0);
    CHECK_EQ(server_run(&with_options, config), 0);
    CHECK_SLICE(buf_slice(&with_options), buf_slice(&plain));
    CHECK_EQ(server_run(&plain, wrong), 2);
    buf_free(&plain);
    buf_free(&with_options);
    server_fini(&s);
}

/* ---- A full disk ---- */

static void limit_files(int pid, rlim_t size) {
    struct rlimit limit = {size, RLIM_INFINITY};
    CHECK(prlimit(pid, RLIMIT_FSIZE, &limit, NULL) == 0);
}

/* A limit of the size of files stands for the disk's. */
TEST(a_full_disk_is_told_to_the_operator_until_there_is_room) {
    struct server s;
    struct person bob;
    struct raw c;
    int log[2], stderr_before = dup(2);
    signal(SIGXFSZ, SIG_IGN); /* the server has it from here */
    CHECK(pipe2(log, O_NONBLOCK | O_CLOEXEC) == 0 && dup2(log[1], 2) == 2);
    server_init(&s);
    s.settings[0] = "edges=1";
    server_start(&s, 1);
    CHECK(dup2(stderr_before, 2) == 2);
    join(&bob, &s, 0);
    raw_open(&c, &s);
    expect_health(&s, 200);
    int mail = server_child(&s, "mail");
    limit_files(mail, 0);
    for (int i = 0; i < 3; i++)
        CHECK(!try_send(&c, &bob.address, slice_str("hello")));
    expect_health(&s, 503);
    expect_ready(&s, "\"store fails\"");
    CHECK_EQ(count_in_log(log[0], "nothing can be stored: the disk is full; make room"), 1);
    limit_files(mail, RLIM_INFINITY);
    expect_health(&s, 200); /* though nobody sends anything */
    expect_ready(&s, NULL);
    CHECK_EQ(count_in_log(log[0], "everything is stored again"), 1);
    CHECK(try_send(&c, &bob.address, slice_str("hello")));
    raw_close(&c);
    leave(&bob);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
    close(log[0]);
    close(log[1]);
    close(stderr_before);
}

/* ---- Memory that is locked ---- */

/* The number behind this word in /proc/PID/FILE; -1: it is not there. */
static long proc_number(int pid, const char *file, const char *word) {
    char path[64], line[256];
    long number = -1;
    snprintf(path, sizeof path, "/proc/%d/%.20s", pid, file);
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    while (number < 0 && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, word, strlen(word)) == 0)
            number = strtol(line + strlen(word), NULL, 10);
    fclose(f);
    return number;
}

TEST(mail_locks_the_keys_of_chains_and_no_process_leaves_a_core) {
    struct server s;
    server_init(&s);
    s.settings[0] = "edges=1";
    s.settings[1] = "chains=1000";
    server_start(&s, 0);
    CHECK(proc_number(server_child(&s, "mail"), "status", "VmLck:") >= 125);
    CHECK_EQ(proc_number(server_child(&s, "mail"), "limits", "Max core file size"), 0);
    CHECK_EQ(proc_number(server_child(&s, "edge"), "limits", "Max core file size"), 0);
    CHECK_EQ(proc_number(s.pid, "limits", "Max core file size"), 0);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

/* In the child: one that may lock 64 KiB. Root may lock anything, but for this. */
static void become_limited(const char *command, const char *data, const char *chains, int out) {
    const struct rlimit limit = {65536, 65536};
    const char *program = getenv("SOTTOD");
    const char *const arguments[] = {"sottod",      command,  "--data",      data,    "--listen",
                                     "127.0.0.1:0", "--http", "127.0.0.1:0", "--set", "edges=1",
                                     "--set",       chains,   NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (geteuid() == 0)
        (void)!prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK);
    if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2)
        execv(program, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static int run_limited(const char *command, const char *data, const char *chains, buf *output) {
    int ends[2], status = 0;
    uint8_t bytes[512];
    CHECK(pipe(ends) == 0);
    int pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        become_limited(command, data, chains, ends[1]);
    close(ends[1]);
    buf_clear(output);
    for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0;)
        CHECK_OK(buf_append(output, slice_of(bytes, (size_t)n)));
    CHECK_OK(buf_append_byte(output, 0));
    close(ends[0]);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool says(const buf *output, const char *text) {
    return strstr((const char *)output->p, text) != NULL;
}

TEST(a_server_that_can_not_lock_its_keys_does_not_start_and_says_why) {
    struct server s;
    buf output = {0};
    server_init(&s);
    CHECK_EQ(run_limited("run", s.data, "chains=1000", &output), 1);
    CHECK(says(&output, "could not lock 125 KiB"));
    CHECK(says(&output, "may lock 64 KiB"));
    CHECK(says(&output, "RLIMIT_MEMLOCK") && says(&output, "`chains`"));
    CHECK(!says(&output, "ready on"));
    CHECK_EQ(run_limited("check", s.data, "chains=1000", &output), 1);
    CHECK(says(&output, "125 KiB of locked memory for `chains`: the limit"));
    CHECK_EQ(run_limited("check", s.data, "chains=400", &output), 0);
    CHECK(says(&output, "50 KiB of locked memory for `chains`: fine"));
    buf_free(&output);
    server_fini(&s);
}

/* ---- What mail may see ---- */

static int start_mail(int *channel) {
    int ends[2];
    const char *program = getenv("SOTTOD");
    CHECK(program != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    int pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], 3);
        fcntl(3, F_SETFL, O_NONBLOCK);
        execl(program, program, "--role=mail", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *channel = ends[0];
    return pid;
}

static void write_setup(int channel, const char *store) {
    struct proto_mail_setup setup = {.store = slice_str(store),
                                     .key_id = 1,
                                     .mailbox_items = 100,
                                     .mailbox_bytes = 1 << 20,
                                     .item_days = 30,
                                     .blob_days = 30,
                                     .key_packages = 10,
                                     .chains = 16,
                                     .memtable = 1 << 20};
    buf frame = {0};
    writer w = writer_on(&frame);
    writer_u32(&w, 0);
    proto_frame_write(&w, 0, PROTO_mail_setup);
    proto_mail_setup_write(&w, &setup);
    CHECK_OK(writer_result(&w));
    put_u32(frame.p, (uint32_t)(frame.n - 4));
    CHECK(write(channel, frame.p, frame.n) == (ssize_t)frame.n);
    buf_free(&frame);
}

/* The parent names the store's own directory; the keys beside it are out of reach (Landlock). */
TEST(mail_works_in_the_directory_that_it_is_given_and_nowhere_else) {
    struct server s;
    char store[128], inner[160];
    uint8_t answer[10] = {0};
    int channel = -1, status = -1;
    server_init(&s);
    snprintf(store, sizeof store, "%s/only", s.data);
    CHECK(mkdir(store, 0700) == 0);
    int pid = start_mail(&channel);
    write_setup(channel, store);
    CHECK(read(channel, answer, sizeof answer) == (ssize_t)sizeof answer);
    CHECK_EQ(answer[9], PROTO_child_ready);
    snprintf(inner, sizeof inner, "%s/CURRENT", store);
    CHECK(access(inner, F_OK) == 0);
    CHECK(rmdir(store) != 0);
    close(channel);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    server_fini(&s);
}

static unsigned uid_of(int pid) {
    char path[64], line[256];
    unsigned uid = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "Uid: %u", &uid) == 1)
            break;
    fclose(f);
    return uid;
}

static unsigned owner_of(const struct server *s, const char *name) {
    char path[128];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", s->data, name);
    CHECK(lstat(path, &info) == 0);
    return info.st_uid;
}

/* First it ran without the setting, so that its store is root's. */
TEST(edges_and_mail_become_the_user) {
    struct server s;
    struct person bob;
    if (geteuid() != 0)
        SKIP("only root can change its user");
    const struct passwd *nobody = getpwnam("nobody");
    if (nobody == NULL)
        SKIP("there is no user nobody");
    unsigned uid = nobody->pw_uid;
    server_init(&s);
    server_start(&s, 1);
    join(&bob, &s, 0);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    s.settings[0] = "user=nobody";
    for (int i = 0; i < 2; i++) {
        server_start(&s, 0);
        CHECK_EQ(uid_of(s.pid), 0);
        CHECK_EQ(uid_of(server_child(&s, "edge")), uid);
        CHECK_EQ(uid_of(server_child(&s, "mail")), uid);
        CHECK_EQ(owner_of(&s, "store"), uid);
        CHECK_EQ(owner_of(&s, "store/CURRENT"), uid);
        CHECK_EQ(owner_of(&s, "identity"), 0);
        login_soon(&bob, &s);
        CHECK(server_child(&s, "mail") != 0);
        CHECK_EQ(server_stop(&s, SIGTERM), 0);
    }
    leave(&bob);
    server_fini(&s);
}

TEST(a_user_that_does_not_exist_is_not_begun_with) {
    struct server s;
    buf output = {0};
    if (geteuid() != 0)
        SKIP("only root can change its user");
    server_init(&s);
    const char *const run[] = {"run",         "--data",      s.data,
                               "--listen",    "127.0.0.1:0", "--http",
                               "127.0.0.1:0", "--set",       "user=no-such-user-here",
                               NULL};
    CHECK_EQ(server_run(&output, run), 1);
    buf_free(&output);
    server_fini(&s);
}

TEST(a_clean_stop_leaves_no_process) {
    static const int signals[] = {SIGTERM, SIGHUP};
    void (*before)(int) = signal(SIGHUP, SIG_DFL); /* whoever runs this may ignore it */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct server s;
        server_init(&s);
        server_start(&s, 0);
        int mail = server_child(&s, "mail"), edge = server_child(&s, "edge");
        CHECK(mail != 0 && edge != 0);
        CHECK_EQ(server_stop(&s, signals[i]), 0);
        CHECK(kill(mail, 0) != 0 && kill(edge, 0) != 0);
        server_fini(&s);
    }
    signal(SIGHUP, before);
}

TEST(a_hangup_is_ignored_where_whoever_started_it_ignores_it) {
    struct server s;
    int status;
    void (*before)(int) = signal(SIGHUP, SIG_IGN);
    server_init(&s);
    server_start(&s, 0);
    signal(SIGHUP, before);
    CHECK(kill(s.pid, SIGHUP) == 0);
    rest(500);
    CHECK(waitpid(s.pid, &status, WNOHANG) == 0);
    CHECK_EQ(server_stop(&s, SIGTERM), 0);
    server_fini(&s);
}

TEST_MAIN
