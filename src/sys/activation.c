#include "sys/activation.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum { FIRST = 3, MOST = 16, ABOVE = 16 };

/* ---- Sockets ---- */

static uint64_t number_of(const char *name) {
    const char *text = getenv(name);
    uint64_t value = 0;
    return text != NULL && decimal_decode(slice_str(text), 1 << 30, &value) == OK ? value : 0;
}

static bool listens(int fd) {
    int yes = 0;
    socklen_t size = sizeof yes;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes;
}

/* Away from the numbers that a child's descriptors get. */
static int move_up(int fd) {
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);
    if (moved < 0)
        return -1;
    close(fd);
    int flags = fcntl(moved, F_GETFL);
    if (flags < 0 || fcntl(moved, F_SETFL, flags | O_NONBLOCK) != 0) {
        close(moved);
        return -1;
    }
    return moved;
}

int sys_activation_take(const char *name) {
    uint64_t count = number_of("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES");
    size_t n = strlen(name);
    if (names == NULL || number_of("LISTEN_PID") != (uint64_t)getpid() || count > MOST)
        return -1;
    for (uint64_t i = 0; i < count && *names != 0; i++) {
        size_t length = strcspn(names, ":");
        int fd = FIRST + (int)i;
        if (length == n && memcmp(names, name, n) == 0 && listens(fd))
            return move_up(fd);
        names += length + (names[length] == ':');
    }
    return -1;
}

/* ---- Words to the manager ---- */

static int manager = -1;

void sys_notify_open(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path == NULL ? 0 : strlen(path);
    if (n < 2 || n >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, n);
    if (path[0] == '@')
        address.sun_path[0] = 0; /* an abstract name */
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, size) == 0)
        manager = fd;
    else if (fd >= 0)
        close(fd);
}

void sys_notify(const char *state) {
    if (manager >= 0) /* a manager that is gone need not know */
        (void)!send(manager, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT);
}
