/* The server as processes, and what this machine can do at most. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "sys/loop.h"

static int server_pid; /* so that a failure stops it too */

void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "bench_server: %s failed\n", what);
    if (server_pid > 0)
        kill(server_pid, SIGTERM);
    exit(1);
}

double seconds_now(void) {
    return 1e-6 * (double)sys_clock_micros();
}

/* ---- The server ---- */

/* In the child. When the bench dies, so does the parent process, and its children with it. */
static void become(char *const argv[], int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, 1);
    execv(argv[0], argv);
    _exit(127);
}

static int spawn(char *const argv[], int *out) {
    int ends[2];
    must(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
    int pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0)
        become(argv, ends[1]);
    close(ends[1]);
    *out = ends[0];
    return pid;
}

void sottod_start(struct sottod *s, const char *program, const char *folder) {
    unsigned port = 0;
    char line[512] = "";
    *s = (struct sottod){.program = program};
    (void)snprintf(s->data, sizeof s->data, "%s/bench-XXXXXX", folder);
    must(mkdtemp(s->data) != NULL, "a folder for the server's data");
    const char *argv[] = {program,    "run",
                          "--data",   s->data,
                          "--listen", "127.0.0.1:0",
                          "--http",   "127.0.0.1:0",
                          "--set",    "rate=0",
                          "--set",    "source_connections=0",
                          "--set",    "mailbox_items=1000000",
                          "--set",    "mailbox_megabytes=4096",
                          NULL};
    s->pid = server_pid = spawn((char *const *)(uintptr_t)argv, &s->out);
    FILE *f = fdopen(s->out, "r");
    must(f != NULL && fgets(line, sizeof line, f) != NULL, "the server's start");
    must(sscanf(line, "sottod: ready on 127.0.0.1:%u,", &port) == 1, "the server's first line");
    s->port = (uint16_t)port;
}

void sottod_stop(struct sottod *s) {
    char command[512];
    int status;
    kill(s->pid, SIGTERM);
    must(waitpid(s->pid, &status, 0) == s->pid, "the server's end");
    server_pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fprintf(stderr, "bench_server: the server ended badly\n");
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", s->data);
    if (system(command) != 0)
        fprintf(stderr, "bench_server: %s stays\n", s->data);
}

void sottod_codes(const struct sottod *s, uint8_t (*codes)[16], size_t count) {
    char command[768];
    uint8_t server[32];
    for (size_t got = 0; got < count;) {
        size_t more = count - got < 200 ? count - got : 200;
        (void)snprintf(command, sizeof command, "'%s' invite --data '%s' --count %zu", s->program,
                       s->data, more);
        FILE *f = popen(command, "r");
        must(f != NULL && accounts_codes(f, codes + got, more, server) == more, "making invites");
        must(pclose(f) == 0, "sottod invite");
        got += more;
    }
}

/* ---- Limits ---- */

double limit_sync(const char *folder, size_t bytes, double seconds) {
    char path[512];
    uint8_t *value = calloc(1, bytes);
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/bench-sync", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && value != NULL, "a file to sync");
    crypto_random(value, bytes);
    double begun = seconds_now(), now = begun;
    for (; now - begun < seconds; now = seconds_now(), count++)
        must(write(fd, value, bytes) == (ssize_t)bytes && fdatasync(fd) == 0, "a sync");
    close(fd);
    unlink(path);
    free(value);
    return (double)count / (now - begun);
}

static void no_delay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void watch(int epoll, int fd) {
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0, "epoll");
}

/* In a child: says back whatever comes, until every connection is gone. */
static void answer_echo(int listener, size_t connections, int report) {
    struct epoll_event events[64];
    uint8_t bytes[65536];
    int epoll = epoll_create1(0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < connections; i++) {
        int fd = accept(listener, NULL, NULL);
        no_delay(fd);
        watch(epoll, fd);
    }
    while (connections > 0) {
        int n = epoll_wait(epoll, events, 64, 5000);
        for (int i = 0; i < n; i++) {
            ssize_t k = recv(events[i].data.fd, bytes, sizeof bytes, 0);
            if (k <= 0) {
                close(events[i].data.fd);
                connections--;
            } else if (send(events[i].data.fd, bytes, (size_t)k, MSG_NOSIGNAL) != k) {
                _exit(1);
            }
        }
    }
    double cpu = machine_own_cpu();
    _exit(write(report, &cpu, sizeof cpu) == sizeof cpu ? 0 : 1);
}

static size_t ask_echo(const int *fds, size_t connections, size_t in_flight, size_t bytes,
                       double seconds) {
    struct epoll_event events[64];
    uint8_t *value = calloc(in_flight, bytes), room[65536];
    size_t *part = calloc(65536, sizeof *part), count = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    must(value != NULL && part != NULL, "memory");
    for (size_t i = 0; i < connections; i++) {
        watch(epoll, fds[i]);
        must(send(fds[i], value, in_flight * bytes, MSG_NOSIGNAL) == (ssize_t)(in_flight * bytes),
             "echo");
    }
    for (double end = seconds_now() + seconds; seconds_now() < end;) {
        int n = epoll_wait(epoll, events, 64, 1000);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            ssize_t k = recv(fd, room, sizeof room, 0);
            must(k > 0, "echo");
            part[fd] += (size_t)k;
            size_t whole = part[fd] / bytes;
            part[fd] %= bytes;
            count += whole;
            if (whole > 0)
                must(send(fd, value, whole * bytes, MSG_NOSIGNAL) == (ssize_t)(whole * bytes),
                     "echo");
        }
    }
    close(epoll);
    free(value);
    free(part);
    return count;
}

void limit_echo(size_t connections, size_t in_flight, size_t bytes, double seconds, double *rate,
                double *cpu_us) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    int report[2], fds[1024] = {0};
    double cpu = 0;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(listener >= 0 && bind(listener, (struct sockaddr *)&at, sizeof at) == 0 &&
             listen(listener, 1024) == 0 &&
             getsockname(listener, (struct sockaddr *)&at, &size) == 0 && pipe(report) == 0 &&
             connections <= 1024,
         "echo");
    int pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0)
        answer_echo(listener, connections, report[1]);
    for (size_t i = 0; i < connections; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(connect(fds[i], (struct sockaddr *)&at, sizeof at) == 0, "echo");
        no_delay(fds[i]);
    }
    double begun = seconds_now();
    size_t count = ask_echo(fds, connections, in_flight, bytes, seconds);
    *rate = (double)count / (seconds_now() - begun);
    for (size_t i = 0; i < connections; i++)
        close(fds[i]);
    must(read(report[0], &cpu, sizeof cpu) == sizeof cpu, "echo");
    must(waitpid(pid, NULL, 0) == pid, "echo");
    *cpu_us = 1e6 * cpu / (double)(count == 0 ? 1 : count);
    close(listener);
    close(report[0]);
    close(report[1]);
}
