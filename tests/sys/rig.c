#include "rig.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/openssl.h"
#include "tests/test.h"

/* ---- What the sides do ---- */

static struct rig_side *side_of(struct sys_conn *conn) {
    return sys_conn_set(conn)->ctx;
}

static void on_opened(struct sys_conn *conn, void *ctx) {
    struct rig_side *side = side_of(conn);
    (void)ctx;
    side->last = conn;
    side->opened++;
    if (side->closes)
        sys_conn_close(conn, SYS_CLOSE_FLUSH);
}

static void on_message(struct sys_conn *conn, void *ctx, slice message) {
    struct rig_side *side = side_of(conn);
    (void)ctx;
    side->messages++;
    side->bytes += message.n;
    uint8_t size[2] = {(uint8_t)(message.n >> 8), (uint8_t)message.n};
    CHECK_OK(buf_append(&side->got, SLICE_ARRAY(size)));
    CHECK_OK(buf_append(&side->got, message));
    if (side->echo && sys_conn_send(conn, message) != OK)
        sys_conn_close(conn, SYS_CLOSE_NOW);
}

static void on_drained(struct sys_conn *conn, void *ctx) {
    (void)ctx;
    side_of(conn)->drained++;
}

static void on_closed(struct sys_conn *conn, void *ctx, err why) {
    struct rig_side *side = side_of(conn);
    (void)ctx;
    side->closed++;
    side->why = why;
    if (side->last == conn)
        side->last = NULL;
}

static const struct sys_conn_events EVENTS = {
    .opened = on_opened, .message = on_message, .drained = on_drained, .closed = on_closed};

static err answer_health(void *ctx, slice query, struct sys_http_answer *answer) {
    (void)ctx;
    if (slice_equal(query, slice_str("fail")))
        return ERR_IO;
    answer->type = "application/json";
    return buf_append(answer->body, slice_str("{\"ok\":true}\n"));
}

static const struct sys_http_page PAGES[] = {{"/health", answer_health}, {"/session", NULL}};

/* ---- The rig ---- */

static void make_tls(struct rig *rig) {
    buf certificate = buf_on(NULL), key = buf_on(NULL);
    rig_certificate(&certificate, &key);
    CHECK_OK(sys_tls_server_new(&rig->server_tls, buf_slice(&certificate), buf_slice(&key)));
    CHECK_OK(sys_tls_client_new(&rig->client_tls, SYS_TLS_ANY));
    buf_free(&certificate);
    buf_free(&key);
}

void rig_init(struct rig *rig, enum rig_kind kind, const struct sys_conn_limits *limits) {
    *rig = (struct rig){.kind = kind};
    struct sys_conn_limits standard = sys_conn_limits_default();
    if (limits == NULL)
        limits = &standard;
    CHECK_OK(sys_loop_new(&rig->loop, NULL));
    sys_conns_init(&rig->server.set, rig->loop, &EVENTS, &rig->server, limits);
    sys_conns_init(&rig->client.set, rig->loop, &EVENTS, &rig->client, limits);
    rig->server.echo = true;
    rig->http = (struct sys_http){PAGES, sizeof(PAGES) / sizeof(PAGES[0]), rig, NULL};
    bool tls = kind == RIG_TLS || kind == RIG_WSS, web = kind == RIG_WS || kind == RIG_WSS;
    if (tls)
        make_tls(rig);
    struct sys_listener_options options = {.tls = rig->server_tls, .http = web ? &rig->http : NULL};
    CHECK_OK(sys_listen_open(&options.fd, &(struct sys_listen){.host = "127.0.0.1", .port = "0"}));
    CHECK_OK(sys_listen_port(options.fd, &rig->port));
    CHECK_OK(sys_listener_new(&rig->listener, &rig->server.set, &options));
}

void rig_fini(struct rig *rig) {
    sys_conns_fini(&rig->client.set);
    sys_conns_fini(&rig->server.set);
    CHECK_EQ(rig->client.set.held, 0);
    CHECK_EQ(rig->server.set.held, 0);
    CHECK_EQ(rig->server.set.count, 0);
    sys_listener_free(rig->listener);
    sys_tls_free(rig->server_tls);
    sys_tls_free(rig->client_tls);
    sys_loop_free(rig->loop);
    buf_free(&rig->server.got);
    buf_free(&rig->client.got);
}

struct sys_conn *rig_connect(struct rig *rig) {
    static const char *const SCHEMES[RIG_KINDS] = {"tcp", "ws", "tls", "wss"};
    char text[64];
    snprintf(text, sizeof(text), "%s://127.0.0.1:%u", SCHEMES[rig->kind], rig->port);
    struct sys_address address;
    CHECK_OK(sys_address_parse(&address, text));
    struct sys_connect options = {.address = &address, .tls = rig->client_tls, .ctx = &rig->client};
    struct sys_conn *conn;
    CHECK_OK(sys_conn_open(&conn, &rig->client.set, &options));
    return conn;
}

struct sys_conn *rig_connected(struct rig *rig) {
    unsigned server = rig->server.opened + 1, client = rig->client.opened + 1;
    struct sys_conn *conn = rig_connect(rig);
    CHECK(rig_until(rig, &rig->client.opened, client));
    CHECK(rig_until(rig, &rig->server.opened, server));
    return conn;
}

bool rig_until(struct rig *rig, const unsigned *counter, unsigned n) {
    uint64_t end = sys_clock_mono() + 20000;
    while (*counter < n) {
        if (sys_clock_mono() > end)
            return false;
        CHECK_OK(sys_loop_turn(rig->loop, 20));
    }
    return true;
}

void rig_turn(struct rig *rig, unsigned ms) {
    uint64_t end = sys_clock_mono() + ms;
    do
        CHECK_OK(sys_loop_turn(rig->loop, 1));
    while (sys_clock_mono() < end);
}

/* ---- Bare sockets ---- */

int rig_socket(const struct rig *rig) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rig->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

void rig_write(struct rig *rig, int fd, slice bytes) {
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return; /* the server has closed: what it answered is still to be read */
        if (n > 0)
            bytes = slice_of(bytes.p + n, bytes.n - (size_t)n);
        CHECK_OK(sys_loop_turn(rig->loop, 0));
    }
}

void rig_read_all(struct rig *rig, int fd, buf *out) {
    uint64_t end = sys_clock_mono() + 1000;
    uint8_t bytes[4096];
    while (sys_clock_mono() < end) {
        CHECK_OK(sys_loop_turn(rig->loop, 1));
        ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return;
        if (n > 0)
            CHECK_OK(buf_append(out, slice_of(bytes, (size_t)n)));
    }
}

unsigned rig_descriptors(void) {
    unsigned n = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

/* ---- Certificates ---- */

static void keep(BIO *bio, buf *out) {
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    CHECK_OK(buf_append(out, slice_of(p, (size_t)n)));
    BIO_free(bio);
}

void rig_certificate(buf *certificate, buf *key) {
    rig_certificate_for(certificate, key, 86400);
}

void rig_certificate_for(buf *certificate, buf *key, long seconds) {
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    CHECK(pair != NULL && x != NULL);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -7 * 86400);
    X509_gmtime_adj(X509_getm_notAfter(x), seconds);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, pair);
    CHECK(X509_sign(x, pair, EVP_sha256()) > 0);
    BIO *c = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_X509(c, x) == 1);
    CHECK(PEM_write_bio_PrivateKey(k, pair, NULL, NULL, 0, NULL, NULL) == 1);
    keep(c, certificate);
    keep(k, key);
    X509_free(x);
    EVP_PKEY_free(pair);
}
