/* A process apart: what it has of ours, and what it hasn't. */
#include "sys/apart.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { LOW = 3, HIGH = 100 };

struct seen {
    int below, above; /* descriptors that are open beside its own end */
    bool leads, waits;
};

static void look(int fd, void *ctx) {
    struct seen seen = {.leads = getsid(0) == getpid(),
                        .waits = (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0};
    uint8_t byte;
    (void)ctx;
    alarm(2); /* should it not see that we are gone */
    for (int i = LOW; i <= HIGH; i++)
        if (i != fd && fcntl(i, F_GETFD) >= 0)
            *(i < fd ? &seen.below : &seen.above) += 1;
    if (write(fd, &seen, sizeof seen) == (ssize_t)sizeof seen && read(fd, &byte, 1) < 0)
        _exit(1);
}

static void check(int type) {
    struct seen seen;
    int fd, how;
    CHECK_OK(sys_apart_start(&fd, type, look, NULL));
    CHECK(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1) == 1);
    CHECK(read(fd, &seen, sizeof seen) == (ssize_t)sizeof seen);
    CHECK(seen.below == 0 && seen.above == 0);
    CHECK(seen.leads && seen.waits);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    close(fd);
    CHECK(wait(&how) > 0 && WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

TEST(it_has_the_standard_descriptors_and_its_own_end_and_goes_when_we_do) {
    CHECK(dup2(0, HIGH) == HIGH);
    check(SOCK_STREAM);
    check(SOCK_SEQPACKET);
    close(HIGH);
}

TEST_MAIN
