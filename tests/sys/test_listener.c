#include "sys/listener.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rig.h"
#include "sys/files.h"
#include "tests/test.h"

static struct rig rig;

TEST(a_port_that_is_taken_is_busy) {
    int first = -1, second = -1;
    uint16_t port = 0;
    char text[8];
    struct sys_listen options = {.host = "127.0.0.1", .port = "0"};
    CHECK_OK(sys_listen_open(&first, &options));
    CHECK_OK(sys_listen_port(first, &port));
    snprintf(text, sizeof(text), "%u", port);
    options.port = text;
    CHECK_ERR(sys_listen_open(&second, &options), ERR_BUSY);
    close(first);
    CHECK_OK(sys_listen_open(&first, &options));
    close(first);
    options.host = "no such host";
    CHECK_ERR(sys_listen_open(&first, &options), ERR_NOT_FOUND);
}

static int connect_unix(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

TEST(a_unix_socket_is_its_owner_s_and_replaces_only_a_stale_one) {
    char folder[] = "/tmp/sotto-listen-XXXXXX", path[64];
    struct stat info;
    int first = -1, second = -1;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/admin", folder);
    CHECK_OK(sys_file_write(path, slice_str("not a socket"), 0600));
    CHECK_ERR(sys_listen_unix(&first, path), ERR_EXISTS);
    CHECK_OK(sys_file_remove(path));
    CHECK_OK(sys_listen_unix(&first, path));
    CHECK(stat(path, &info) == 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
    CHECK_ERR(sys_listen_unix(&second, path), ERR_BUSY);
    close(first);
    CHECK_OK(sys_listen_unix(&first, path));
    close(first);
    CHECK_OK(sys_file_remove(path));
    CHECK_EQ(rmdir(folder), 0);
}

TEST(messages_go_over_a_unix_socket_too) {
    char folder[] = "/tmp/sotto-listen-XXXXXX", path[64];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/admin", folder);
    rig_init(&rig, RIG_TCP, NULL);
    sys_listener_free(rig.listener);
    struct sys_listener_options options = {.fd = -1};
    CHECK_OK(sys_listen_unix(&options.fd, path));
    CHECK_OK(sys_listener_new(&rig.listener, &rig.server.set, &options));
    int fd = connect_unix(path);
    CHECK(rig_until(&rig, &rig.server.opened, 1));
    rig_write(&rig, fd, slice_of("\0\3abc", 5));
    CHECK(rig_until(&rig, &rig.server.messages, 1));
    close(fd);
    rig_fini(&rig);
    CHECK_OK(sys_file_remove(path));
    CHECK_EQ(rmdir(folder), 0);
}

TEST(a_socket_made_elsewhere_can_be_adopted) {
    int ends[2];
    struct sys_conn_limits limits = sys_conn_limits_default();
    limits.count_max = 1;
    rig_init(&rig, RIG_TCP, &limits);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK_OK(sys_listener_adopt(rig.listener, ends[0]));
    CHECK_ERR(sys_listener_adopt(rig.listener, ends[1]), ERR_LIMIT);
    rig_write(&rig, ends[1], slice_of("\0\1x", 3));
    CHECK(rig_until(&rig, &rig.server.messages, 1));
    close(ends[1]);
    CHECK(rig_until(&rig, &rig.server.closed, 1));
    rig_fini(&rig);
}

TEST(an_address_to_listen_on_is_split) {
    char host[SYS_HOST_MAX + 1], port[SYS_PORT_TEXT];
    CHECK_OK(sys_address_split("127.0.0.1:0", host, port));
    CHECK(strcmp(host, "127.0.0.1") == 0 && strcmp(port, "0") == 0);
    CHECK_OK(sys_address_split("[::1]:4460", host, port));
    CHECK(strcmp(host, "::1") == 0 && strcmp(port, "4460") == 0);
    CHECK_OK(sys_address_split(":80", host, port));
    CHECK(host[0] == 0);
    CHECK_ERR(sys_address_split("127.0.0.1", host, port), ERR_MALFORMED);
    CHECK_ERR(sys_address_split("::1:4460", host, port), ERR_MALFORMED);
    CHECK_ERR(sys_address_split("h:", host, port), ERR_MALFORMED);
    CHECK_ERR(sys_address_split("h:x", host, port), ERR_MALFORMED);
    CHECK_ERR(sys_address_split("h:123456", host, port), ERR_MALFORMED);
    CHECK_OK(sys_address_split("h:65535", host, port));
    CHECK_ERR(sys_address_split("h:65536", host, port), ERR_MALFORMED);
    CHECK_ERR(sys_address_split("h:99999", host, port), ERR_MALFORMED);
}

TEST_MAIN
