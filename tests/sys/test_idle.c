/* What a connection costs while it waits. */
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* OpenSSL has a type of this name, and we have an error of it. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/crypto.h>
#undef ERR_STATE

#include "rig.h"
#include "tests/test.h"

enum { CONNECTIONS = 2000 };

static struct rig rig;

static size_t heap(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void wait_together(enum rig_kind kind, const char *name, size_t at_most) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    unsigned n = CONNECTIONS;
    if (limit.rlim_cur < 2 * n + 64)
        n = (unsigned)(limit.rlim_cur - 64) / 2;
    rig_init(&rig, kind, NULL);
    rig_connected(&rig);
    size_t before = heap();
    uint64_t began = sys_clock_mono();
    for (unsigned i = 1; i < n; i++) {
        rig_connect(&rig);
        if (i % 50 == 0)
            CHECK(rig_until(&rig, &rig.server.opened, i - 49));
    }
    CHECK(rig_until(&rig, &rig.server.opened, n));
    CHECK(rig_until(&rig, &rig.client.opened, n));
    uint64_t took = sys_clock_mono() - began;
    size_t each = (heap() - before) / (n - 1) / 2;
    CHECK_EQ(rig.server.set.count, n);
    CHECK_EQ(rig.server.set.held + rig.client.set.held, 0);
    printf("# %u idle connections over %s: %zu bytes of heap each; opened in %u ms\n", n, name,
           each, (unsigned)took);
    /* Both ends are here: half of it is one's. */
    CHECK(each <= at_most);
    rig_fini(&rig);
}

TEST(an_idle_tcp_connection_is_one_small_struct) {
    wait_together(RIG_TCP, "tcp", 600);
}

TEST(an_idle_websocket_is_one_small_struct) {
    wait_together(RIG_WS, "ws", 600);
}

TEST(an_idle_websocket_in_tls_holds_no_buffer_of_ours_or_of_openssl) {
    /* OpenSSL 3.5 keeps about 31,600 bytes of its own, 3.0 less than 20,000. */
    wait_together(RIG_WSS, "wss", OpenSSL_version_num() < 0x30200000 ? 20000 : 36000);
}

TEST_MAIN
