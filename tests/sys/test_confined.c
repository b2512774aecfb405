/* A program on a stranger's bytes: what it can do, and that nothing else is left to it. */
#include "sys/confined.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/landlock.h"
#include "tests/test.h"

enum { MEMORY = 256 << 20, OUT_MAX = 2 << 20 };

static err keep(void *ctx, slice bytes) {
    buf *out = ctx;
    return out->n + bytes.n > OUT_MAX ? ERR_TOO_LARGE : buf_append(out, bytes);
}

static struct sys_confined confined(const char *const *argv, buf *out) {
    if (TEST_SANITIZED)
        SKIP("a sanitizer needs more system calls");
    if (sys_landlock_abi() == 0)
        SKIP("this kernel has no Landlock");
    return (struct sys_confined){.argv = argv,
                                 .input = slice_str("what came"),
                                 .memory_max = MEMORY,
                                 .cpu_s = 10,
                                 .patience_ms = 20000,
                                 .sink = keep,
                                 .ctx = out};
}

TEST(it_reads_what_it_is_given_and_says_what_it_makes_of_it) {
    static const char *const cat[] = {"/usr/bin/cat", NULL};
    buf out = {0}, much = {0};
    int status = -1;
    struct sys_confined c = confined(cat, &out);
    CHECK_OK(buf_resize(&much, 1 << 20));
    memset(much.p, 'x', much.n);
    c.input = buf_slice(&much);
    CHECK_OK(sys_confined_run(&c, &status));
    CHECK_EQ(status, 0);
    CHECK_SLICE(buf_slice(&out), buf_slice(&much));
    buf_free(&out);
    buf_free(&much);
}

/* It prints what it could do. */
static const char reach[] =
    "import os, signal, socket, sys\n"
    "def tries(name, act):\n"
    "    try:\n"
    "        act()\n"
    "        print(name)\n"
    "    except BaseException as e:\n"
    "        pass\n"
    "tries('read', lambda: open(sys.argv[1]).read())\n"
    "tries('passwd', lambda: open('/etc/passwd').read())\n"
    "tries('list', lambda: os.listdir('/tmp'))\n"
    "tries('proc', lambda: open(f'/proc/{os.getppid()}/mem', 'rb'))\n"
    "tries('write', lambda: open(sys.argv[1] + '.new', 'w'))\n"
    "tries('socket', lambda: socket.socket())\n"
    "tries('pair', lambda: socket.socketpair())\n"
    "tries('fork', lambda: os.fork())\n"
    "tries('kill', lambda: os.kill(os.getppid(), 0))\n"
    "tries('memory', lambda: bytearray(1 << 29))\n"
    "tries('descriptors', lambda: [os.write(n, b'') for n in range(3, 64)])\n"
    "tries('environment', lambda: os.environ['SOTTO_SECRET'])\n"
    "print(sys.stdin.read())\n";

TEST(it_reaches_nothing_else) {
    char file[] = "/tmp/sotto-confined-XXXXXX", new[64];
    buf out = {0};
    int status = -1, fd = mkstemp(file);
    CHECK(fd >= 0 && setenv("SOTTO_SECRET", "x", 1) == 0);
    const char *const python[] = {"/usr/bin/python3", "-S", "-c", reach, file, NULL};
    struct sys_confined c = confined(python, &out);
    CHECK_OK(sys_confined_run(&c, &status));
    CHECK_EQ(status, 0);
    CHECK_SLICE(buf_slice(&out), slice_str("what came\n"));
    (void)snprintf(new, sizeof new, "%s.new", file);
    CHECK(access(new, F_OK) != 0);
    close(fd);
    unlink(file);
    buf_free(&out);
}

TEST(what_takes_too_long_is_ended) {
    static const char *const computes[] = {"/usr/bin/python3", "-S", "-c", "while True: pass",
                                           NULL};
    static const char *const waits[] = {"/usr/bin/sleep", "1000", NULL};
    buf out = {0};
    int status = 0;
    struct sys_confined c = confined(computes, &out);
    c.cpu_s = 1;
    CHECK_OK(sys_confined_run(&c, &status));
    CHECK(status == -SIGXCPU || status == -SIGKILL);
    c = confined(waits, &out);
    c.patience_ms = 100;
    CHECK_ERR(sys_confined_run(&c, &status), ERR_TIMEOUT);
    CHECK_EQ(status, -SIGKILL);
    buf_free(&out);
}

TEST(what_says_too_much_is_ended) {
    static const char *const endless[] = {"/usr/bin/yes", NULL};
    buf out = {0};
    int status = 0;
    struct sys_confined c = confined(endless, &out);
    CHECK_ERR(sys_confined_run(&c, &status), ERR_TOO_LARGE);
    CHECK_EQ(status, -SIGKILL);
    buf_free(&out);
}

TEST(a_program_that_is_not_there_is_told) {
    static const char *const none[] = {"/usr/bin/sotto-no-such-program", NULL};
    buf out = {0};
    int status = 0;
    struct sys_confined c = confined(none, &out);
    CHECK_ERR(sys_confined_run(&c, &status), ERR_NOT_FOUND);
}

TEST_MAIN
