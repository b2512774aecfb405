/* The server as processes, and what this machine can do at most. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/crypto.h"

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
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
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

static size_t read_codes(const struct sottod *s, uint8_t (*codes)[16], size_t count) {
    char command[768], line[2048];
    size_t got = 0;
    (void)snprintf(command, sizeof command, "'%s' invite --data '%s' --count %zu", s->program,
                   s->data, count);
    FILE *f = popen(command, "r");
    must(f != NULL, "sottod invite");
    while (got < count && fgets(line, sizeof line, f) != NULL) {
        buf host = {0}, content = {0};
        struct proto_invite invite;
        char *link = strstr(line, "sotto:join:");
        if (link == NULL)
            continue;
        link[strcspn(link, " \n")] = 0;
        must(proto_link_read(slice_str(link), "join", &host, &content) == OK &&
                 proto_invite_decode(buf_slice(&content), &invite) == OK,
             "an invite");
        memcpy(codes[got++], invite.code, 16);
        buf_free(&host);
        buf_free(&content);
    }
    must(pclose(f) == 0, "sottod invite");
    return got;
}

void sottod_codes(const struct sottod *s, uint8_t (*codes)[16], size_t count) {
    for (size_t got = 0; got < count;) {
        size_t more = read_codes(s, codes + got, count - got < 200 ? count - got : 200);
        must(more > 0, "making invites");
        got += more;
    }
}

/* ---- Its time and memory ---- */

struct process {
    int parent;
    double cpu;
};

static bool read_process(const char *pid, struct process *p) {
    char path[64], text[1024] = "";
    unsigned long user = 0, system_time = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = 0;
    fclose(f);
    const char *after = strrchr(text, ')');
    if (after == NULL || sscanf(after, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                &p->parent, &user, &system_time) != 3)
        return false;
    p->cpu = (double)(user + system_time) / (double)sysconf(_SC_CLK_TCK);
    return true;
}

static bool has_role(const char *pid, const char *name) {
    char path[64], text[512] = "";
    (void)snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f), length = strlen(name);
    fclose(f);
    return n > length && memcmp(text + n - 1 - length, name, length) == 0;
}

static double read_pss(const char *pid) {
    char path[64], line[256];
    double kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/smaps_rollup", pid);
    FILE *f = fopen(path, "r");
    must(f != NULL, "reading the server's memory");
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "Pss: %lf kB", &kib) == 1)
            break;
    fclose(f);
    return kib * 1024;
}

/* Calls it for the server's process and each of its children. */
static void each_process(const struct sottod *s,
                         void (*take)(void *ctx, const char *pid, const struct process *p),
                         void *ctx) {
    DIR *proc = opendir("/proc");
    struct process p;
    must(proc != NULL, "reading /proc");
    for (struct dirent *e; (e = readdir(proc)) != NULL;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && read_process(e->d_name, &p) &&
            (p.parent == s->pid || atoi(e->d_name) == s->pid))
            take(ctx, e->d_name, &p);
    closedir(proc);
}

static void add_cpu(void *ctx, const char *pid, const struct process *p) {
    (void)pid;
    *(double *)ctx += p->cpu;
}

double sottod_cpu(const struct sottod *s) {
    double sum = 0;
    each_process(s, add_cpu, &sum);
    return sum;
}

struct memory {
    double edges, mail;
};

static void add_memory(void *ctx, const char *pid, const struct process *p) {
    struct memory *m = ctx;
    (void)p;
    if (has_role(pid, "edge"))
        m->edges += read_pss(pid);
    else if (has_role(pid, "mail"))
        m->mail += read_pss(pid);
}

void sottod_memory(const struct sottod *s, double *edges, double *mail) {
    struct memory m = {0, 0};
    each_process(s, add_memory, &m);
    must(m.edges > 0 && m.mail > 0, "finding the server's processes");
    *edges = m.edges;
    *mail = m.mail;
}

double own_cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
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
    double cpu = own_cpu();
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
    int report[2], fds[1024];
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
