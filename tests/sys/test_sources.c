#include "sys/sources.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "rig.h"
#include "tests/test.h"

static struct sys_sources sources;

static struct sockaddr_storage peer(int family, const char *text, uint16_t port) {
    struct sockaddr_storage storage = {.ss_family = (sa_family_t)family};
    if (family == AF_INET6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
        six->sin6_port = port;
        CHECK(inet_pton(family, text, &six->sin6_addr) == 1);
    } else if (family == AF_INET) {
        struct sockaddr_in *four = (struct sockaddr_in *)&storage;
        four->sin_port = port;
        CHECK(inet_pton(family, text, &four->sin_addr) == 1);
    }
    return storage;
}

static err take(int family, const char *text, uint16_t port, uint32_t *place) {
    struct sockaddr_storage storage = peer(family, text, port);
    return sys_sources_take(&sources, &storage, place);
}

TEST(each_source_has_its_own_count) {
    uint32_t a, b;
    CHECK_OK(sys_sources_init(&sources, 2));
    memset(sources.key, 7, sizeof(sources.key)); /* so that these three share no count */
    CHECK_OK(take(AF_INET, "192.0.2.1", 1, &a));
    CHECK_OK(take(AF_INET, "192.0.2.1", 2, &b));
    CHECK_EQ(a, b);
    CHECK_ERR(take(AF_INET, "192.0.2.1", 3, &b), ERR_FULL);
    CHECK_OK(take(AF_INET, "192.0.2.2", 1, &b));
    CHECK(a != b);
    CHECK_EQ(sources.refused, 1);
    sys_sources_give(&sources, a);
    CHECK_OK(take(AF_INET, "192.0.2.1", 4, &b));
}

TEST(an_ipv6_source_is_its_network_and_a_mapped_one_is_ipv4) {
    uint32_t a, b, c, d;
    CHECK_OK(sys_sources_init(&sources, 100));
    memset(sources.key, 7, sizeof(sources.key));
    CHECK_OK(take(AF_INET6, "2001:db8:1:2::1", 1, &a));
    CHECK_OK(take(AF_INET6, "2001:db8:1:2:ffff::9", 1, &b));
    CHECK_OK(take(AF_INET6, "2001:db8:1:3::1", 1, &c));
    CHECK_EQ(a, b);
    CHECK(a != c);
    CHECK_OK(take(AF_INET6, "::ffff:192.0.2.1", 1, &c));
    CHECK_OK(take(AF_INET, "192.0.2.1", 1, &d));
    CHECK_EQ(c, d);
}

TEST(a_unix_socket_is_not_counted) {
    uint32_t place = 9;
    CHECK_OK(sys_sources_init(&sources, 1));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(take(AF_UNIX, "", 0, &place));
        CHECK_EQ(place, 0);
        sys_sources_give(&sources, place);
    }
}

TEST(what_a_connection_took_comes_back_at_its_end) {
    static struct rig rig;
    rig_init(&rig, RIG_TCP, NULL);
    CHECK_OK(sys_sources_init(&sources, 2));
    rig.server.set.sources = &sources;
    for (unsigned round = 1; round <= 3; round++) {
        struct sys_conn *a = rig_connected(&rig), *b = rig_connected(&rig);
        (void)rig_connect(&rig);
        CHECK(rig_until(&rig, &rig.client.closed, 3 * round - 2));
        CHECK_EQ(rig.server.set.count, 2);
        sys_conn_close(a, SYS_CLOSE_NOW);
        sys_conn_close(b, SYS_CLOSE_NOW);
        CHECK(rig_until(&rig, &rig.server.closed, 2 * round));
        CHECK(rig_until(&rig, &rig.client.closed, 3 * round));
    }
    rig_fini(&rig);
}

TEST_MAIN
