/* A SOCKS5 proxy that the test plays itself, a byte at a time. */
#include "sys/socks.h"

#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "rig.h"
#include "tests/support.h"
#include "tests/test.h"

static struct rig rig;
static int listener = -1, client = -1, upstream = -1;
static struct sys_proxy proxy;
static struct sys_conn *conn;

static void proxy_init(enum rig_kind kind, const struct sys_conn_limits *limits) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    char place[32];
    rig_init(&rig, kind, limits);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    CHECK(listen(listener, 8) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    snprintf(place, sizeof(place), "socks5://127.0.0.1:%u", ntohs(address.sin_port));
    CHECK_OK(sys_proxy_parse(&proxy, place));
    snprintf(proxy.user, sizeof(proxy.user), "me");
    snprintf(proxy.password, sizeof(proxy.password), "word");
}

static void proxy_fini(void) {
    int *all[] = {&listener, &client, &upstream};
    for (size_t i = 0; i < 3; i++) {
        if (*all[i] >= 0)
            close(*all[i]);
        *all[i] = -1;
    }
    rig_fini(&rig);
}

/* Begins to connect to a name that only the proxy could know. */
static void begin(const char *host) {
    static const char *const SCHEMES[RIG_KINDS] = {"tcp", "ws", "tls", "wss"};
    struct sys_address address;
    char text[300];
    snprintf(text, sizeof(text), "%s://%s:4660", SCHEMES[rig.kind], host);
    CHECK_OK(sys_address_parse(&address, text));
    CHECK_OK(sys_conn_open(
        &conn, &rig.client.set,
        &(struct sys_connect){
            .address = &address, .tls = rig.client_tls, .proxy = &proxy, .ctx = &rig.client}));
    client = accept(listener, NULL, NULL);
    CHECK(client >= 0);
}

/* What the client says next is these bytes, and no more yet. */
static void hears(slice expected) {
    uint8_t got[600];
    size_t n = 0;
    for (int i = 0; i < 2000 && n < expected.n; i++) {
        rig_turn(&rig, 1);
        ssize_t more = recv(client, got + n, sizeof(got) - n, MSG_DONTWAIT);
        if (more > 0)
            n += (size_t)more;
    }
    CHECK_SLICE(slice_of(got, n), expected);
}
#define HEARS(...) hears(SLICE_ARRAY(((const uint8_t[]){__VA_ARGS__})))

static void says(slice bytes) {
    for (size_t i = 0; i < bytes.n; i++) {
        rig_write(&rig, client, slice_of(bytes.p + i, 1));
        rig_turn(&rig, 1);
    }
}
#define SAYS(...) says(SLICE_ARRAY(((const uint8_t[]){__VA_ARGS__})))

static void log_in(void) {
    HEARS(5, 2, 2, 0);
    SAYS(5, 2);
    HEARS(1, 2, 'm', 'e', 4, 'w', 'o', 'r', 'd');
    SAYS(1, 0);
}

static void carry(int from, int to) {
    uint8_t bytes[4096];
    ssize_t n = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n > 0)
        rig_write(&rig, to, slice_of(bytes, (size_t)n));
}

static void talk(void) {
    slice hello = slice_str("hello");
    upstream = rig_socket(&rig);
    for (int i = 0; i < 5000 && rig.client.messages == 0; i++) {
        if (rig.client.opened == 1 && rig.server.messages == 0 && sys_conn_queued(conn) == 0)
            (void)!sys_conn_send(conn, hello);
        carry(client, upstream);
        carry(upstream, client);
        rig_turn(&rig, 1);
    }
    CHECK_EQ(rig.client.messages, 1);
    CHECK_EQ(rig.client.opened, 1);
}

static void ends(err why) {
    CHECK(rig_until(&rig, &rig.client.closed, 1));
    CHECK_ERR(rig.client.why, why);
    CHECK_EQ(rig.client.opened, 0);
    CHECK_EQ(rig.server.set.accepted, 0);
}

/* ---- The way through ---- */

TEST(every_carrier_goes_through_it_and_the_proxy_looks_the_name_up) {
    for (int kind = 0; kind < RIG_KINDS; kind++) {
        proxy_init((enum rig_kind)kind, NULL);
        begin("a.test");
        log_in();
        HEARS(5, 1, 0, 3, 6, 'a', '.', 't', 'e', 's', 't', 0x12, 0x34);
        SAYS(5, 0, 0, 1, 127, 0, 0, 1, 0, 80);
        talk();
        proxy_fini();
    }
}

TEST(a_proxy_that_asks_for_no_login_gets_none) {
    proxy_init(RIG_TCP, NULL);
    begin("a.test");
    HEARS(5, 2, 2, 0);
    SAYS(5, 0);
    HEARS(5, 1, 0, 3, 6, 'a', '.', 't', 'e', 's', 't', 0x12, 0x34);
    SAYS(5, 0, 0, 3, 2, 'x', 'y', 0, 80);
    talk();
    proxy_fini();
}

TEST(numbers_are_named_as_numbers) {
    proxy_init(RIG_TCP, NULL);
    begin("10.1.2.3");
    log_in();
    HEARS(5, 1, 0, 1, 10, 1, 2, 3, 0x12, 0x34);
    proxy_fini();
    proxy_init(RIG_TCP, NULL);
    begin("[2001:db8::7]");
    log_in();
    HEARS(5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x12, 0x34);
    SAYS(5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80);
    talk();
    proxy_fini();
}

/* The server's first bytes come in one piece with the proxy's answer. */
TEST(what_follows_the_answer_is_the_servers) {
    proxy_init(RIG_TCP, NULL);
    begin("a.test");
    log_in();
    HEARS(5, 1, 0, 3, 6, 'a', '.', 't', 'e', 's', 't', 0x12, 0x34);
    static const uint8_t BYTES[] = {5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 'h', 'i'};
    rig_write(&rig, client, SLICE_ARRAY(BYTES));
    CHECK(rig_until(&rig, &rig.client.messages, 1));
    CHECK_SLICE(buf_slice(&rig.client.got), slice_of(BYTES + 10, 4));
    proxy_fini();
}

/* ---- What goes wrong ---- */

TEST(each_refusal_has_its_error) {
    static const err WHY[] = {
        ERR_PROXY_SOCKS,   ERR_PROXY_FAILED, ERR_PROXY_RULES,   ERR_PROXY_NETWORK, ERR_PROXY_HOST,
        ERR_PROXY_REFUSED, ERR_PROXY_TTL,    ERR_PROXY_COMMAND, ERR_PROXY_ADDRESS, ERR_PROXY_SOCKS};
    for (uint8_t code = 1; code < sizeof(WHY) / sizeof(WHY[0]); code++) {
        proxy_init(RIG_WSS, NULL);
        begin("a.test");
        log_in();
        HEARS(5, 1, 0, 3, 6, 'a', '.', 't', 'e', 's', 't', 0x12, 0x34);
        SAYS(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
        ends(WHY[code]);
        proxy_fini();
    }
}

TEST(a_login_that_is_refused_ends_it) {
    proxy_init(RIG_TCP, NULL);
    begin("a.test");
    HEARS(5, 2, 2, 0);
    SAYS(5, 0xff);
    ends(ERR_PROXY_LOGIN);
    proxy_fini();
    proxy_init(RIG_TCP, NULL);
    begin("a.test");
    HEARS(5, 2, 2, 0);
    SAYS(5, 2);
    HEARS(1, 2, 'm', 'e', 4, 'w', 'o', 'r', 'd');
    SAYS(1, 7);
    ends(ERR_PROXY_LOGIN);
    proxy_fini();
}

TEST(garbage_in_each_place_ends_it) {
    static const uint8_t GARBAGE[][4] = {{'H', 'T', 'T', 'P'}, {5, 9}, {4, 0}};
    for (size_t i = 0; i < 3; i++) {
        proxy_init(RIG_TCP, NULL);
        begin("a.test");
        HEARS(5, 2, 2, 0);
        says(slice_of(GARBAGE[i], 2));
        ends(ERR_PROXY_SOCKS);
        proxy_fini();
    }
    static const uint8_t REPLIES[][4] = {{4, 0, 0, 1}, {5, 0, 0, 2}};
    for (size_t i = 0; i < 2; i++) {
        proxy_init(RIG_TCP, NULL);
        begin("a.test");
        log_in();
        HEARS(5, 1, 0, 3, 6, 'a', '.', 't', 'e', 's', 't', 0x12, 0x34);
        says(SLICE_ARRAY(REPLIES[i]));
        ends(ERR_PROXY_SOCKS);
        proxy_fini();
    }
    proxy_init(RIG_TCP, NULL);
    begin("a.test");
    HEARS(5, 2, 2, 0);
    SAYS(5, 2);
    HEARS(1, 2, 'm', 'e', 4, 'w', 'o', 'r', 'd');
    SAYS(5, 0);
    ends(ERR_PROXY_SOCKS);
    proxy_fini();
}

TEST(a_proxy_that_goes_away_ends_it) {
    proxy_init(RIG_TCP, NULL);
    begin("a.test");
    HEARS(5, 2, 2, 0);
    close(client);
    client = -1;
    ends(ERR_PROXY);
    proxy_fini();
}

TEST(a_proxy_that_stalls_is_given_up) {
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.handshake_ms = 100;
    proxy_init(RIG_TCP, &limits);
    begin("a.test");
    log_in();
    SAYS(5, 0, 0);
    ends(ERR_PROXY_TIMEOUT);
    proxy_fini();
}

TEST(where_no_proxy_is_nothing_goes_straight) {
    proxy_init(RIG_TCP, NULL);
    close(listener);
    listener = -1;
    struct sys_address address;
    char text[64];
    snprintf(text, sizeof(text), "127.0.0.1:%u", rig.port);
    CHECK_OK(sys_address_parse(&address, text));
    struct sys_connect options = {.address = &address, .proxy = &proxy, .ctx = &rig.client};
    CHECK_OK(sys_conn_open(&conn, &rig.client.set, &options));
    ends(ERR_PROXY);
    snprintf(proxy.host, sizeof(proxy.host), "no.such.host.invalid");
    CHECK_ERR(sys_conn_open(&conn, &rig.client.set, &options), ERR_PROXY);
    rig_turn(&rig, 50);
    CHECK_EQ(rig.server.set.accepted, 0);
    proxy_fini();
}

TEST(without_words_of_its_own_no_connection_is_made) {
    proxy_init(RIG_TCP, NULL);
    struct sys_address address;
    CHECK_OK(sys_address_parse(&address, "a.test:1"));
    struct sys_connect options = {.address = &address, .proxy = &proxy, .ctx = &rig.client};
    proxy.user[0] = 0;
    CHECK_ERR(sys_conn_open(&conn, &rig.client.set, &options), ERR_BUG);
    proxy_fini();
}

/* ---- Its place as text ---- */

TEST(places_of_a_proxy_are_read) {
    struct sys_proxy p;
    CHECK_OK(sys_proxy_parse(&p, "127.0.0.1:9050"));
    CHECK_SLICE(slice_str(p.host), slice_str("127.0.0.1"));
    CHECK_SLICE(slice_str(p.port), slice_str("9050"));
    CHECK_OK(sys_proxy_parse(&p, "socks5://tor.example:9050"));
    CHECK_OK(sys_proxy_parse(&p, "socks5h://[::1]:9050"));
    CHECK_SLICE(slice_str(p.host), slice_str("::1"));
    static const char *const BAD[] = {"",          "none",           "host",     "http://h:1",
                                      "wss://h:1", "socks4://h:1",   "h:0",      "h:70000",
                                      "h:1/x",     "socks5://a@h:1", "tcp://h:1"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK(sys_proxy_parse(&p, BAD[i]) != OK);
}

TEST_MAIN
