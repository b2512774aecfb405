/* Each check forks a child that enters a profile, does its own work, and then tries something
 * else. */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"
#include "sys/conn.h"
#include "sys/files.h"
#include "sys/landlock.h"
#include "sys/log.h"
#include "tests/test.h"

static char folder[64];

enum { FINE = 0, COULD_NOT_ENTER = 90, OWN_WORK_FAILED = 91, NOT_REFUSED = 92 };

/* How a child ended: its exit code, or minus the signal. */
static int in_child(const struct sys_sandbox *sandbox, bool (*own)(void), void (*other)(void)) {
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct sys_sandbox_report report;
        if (sys_sandbox_enter(sandbox, &report) != OK || !report.seccomp)
            _exit(COULD_NOT_ENTER);
        if (own != NULL && !own())
            _exit(OWN_WORK_FAILED);
        if (other != NULL)
            other();
        _exit(FINE);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static struct sys_sandbox profile(enum sys_profile which) {
    if (TEST_SANITIZED)
        SKIP("a sanitizer needs more system calls");
    if (folder[0] == 0) {
        snprintf(folder, sizeof(folder), "/tmp/sotto-sandbox-XXXXXX");
        CHECK(mkdtemp(folder) != NULL);
    }
    struct sys_sandbox sandbox = {.profile = which};
    if (which != SYS_PROFILE_EDGE)
        sandbox.write_paths[0] = folder;
    return sandbox;
}

static const char *in_folder(const char *name) {
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

/* ---- What is tried ---- */

static void open_a_file(void) {
    int fd = open("/etc/passwd", O_RDONLY);
    (void)fd;
}
static void open_by_libc(void) {
    FILE *f = fopen("/etc/hostname", "r");
    (void)f;
}
static void make_a_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)fd;
}
static void connect_somewhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 1};
    connect(0, (struct sockaddr *)&address, sizeof(address));
}
static void bind_somewhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    bind(0, (struct sockaddr *)&address, sizeof(address));
}
static void send_to_an_address(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    sendto(0, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));
}
static void connect_by_sending(void) {
    sendto(0, "x", 1, MSG_FASTOPEN, NULL, 0);
}
static void connect_by_a_message(void) {
    struct msghdr message = {0};
    sendmsg(0, &message, MSG_FASTOPEN);
}
/* As a listener that others have too. */
static void shut_a_shared_socket(void) {
    shutdown(6, SHUT_RDWR);
}
static void shut_it_by_a_long_number(void) {
    syscall(SYS_shutdown, (uint64_t)1 << 32 | 6, SHUT_RDWR);
}
static void change_a_shared_socket(void) {
    int one = 1;
    setsockopt(6, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}
static bool shuts_its_own(void) {
    int one = 1, fd = eventfd(0, 0);
    return fd >= SYS_SHARED_FDS && shutdown(9, SHUT_RDWR) == -1 && errno != EPERM &&
           setsockopt(1001, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) == -1 && errno == EBADF;
}
static void make_a_socket_block(void) {
    fcntl(0, F_SETFL, 0);
}
static void copy_a_descriptor(void) {
    fcntl(0, F_DUPFD, 10);
}
static void copy_it_otherwise(void) {
    dup2(0, 10);
}
static void run_a_program(void) {
    execl("/bin/true", "true", (char *)NULL);
}
static void start_a_process(void) {
    if (fork() == 0)
        _exit(0);
}
static void trace_a_process(void) {
    ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}
static void signal_another(void) {
    kill(getppid(), 0);
}
static void signal_its_thread(void) {
    syscall(SYS_tgkill, getppid(), getppid(), 0);
}
static void make_code(void) {
    int rights = PROT_READ | PROT_WRITE | PROT_EXEC;
    void *p = mmap(NULL, 4096, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)p;
}
static void make_memory_code(void) {
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
static void raise_a_limit(void) {
    struct rlimit limit = {10, 10};
    setrlimit(RLIMIT_NOFILE, &limit);
}
static void become_traceable(void) {
    prctl(PR_SET_DUMPABLE, 1);
}
static void mount_something(void) {
    syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}
static void new_namespace(void) {
    syscall(SYS_unshare, 0x10000000);
}
static void ring_around_the_filter(void) {
    char parameters[256] = {0};
    if (syscall(SYS_io_uring_setup, 8, parameters) != -1 || errno != ENOSYS)
        _exit(NOT_REFUSED);
}

/* ---- What is needed ---- */

static int edge_fd = -1;
static struct rig rig;

/* What an edge lives of: accepting, TLS, WebSocket, messages, the log, memory. The other half of
 * each connection is here too, so it was opened before. */
static bool works_as_edge(void) {
    struct sys_log log = sys_log_as("edge", SYS_LOG_INFO);
    log.fd = edge_fd;
    bool good = rig_until(&rig, &rig.client.opened, 3);
    for (struct sys_conn *conn = rig.client.set.first; conn != NULL; conn = conn->next)
        good = good && sys_conn_send(conn, slice_str("hello")) == OK;
    good = good && rig_until(&rig, &rig.client.messages, 3);
    sys_log_info(&log, "served", "three are served");
    sys_log_failure(&log, "failed", "could not", ERR_IO);
    void *large = malloc(8 << 20);
    good = good && large != NULL;
    free(large);
    for (struct sys_conn *conn = rig.client.set.first; conn != NULL; conn = conn->next)
        sys_conn_close(conn, SYS_CLOSE_FLUSH);
    return good && rig_until(&rig, &rig.server.closed, 3);
}

static void *thread_work(void *ctx) {
    return ctx;
}

static bool works_as_mail(void) {
    buf got = buf_on(NULL);
    pthread_t thread;
    void *back = NULL;
    char path[160];
    snprintf(path, sizeof(path), "%s/sub/deeper", folder);
    bool good = sys_dir_make(path) == OK;
    snprintf(path, sizeof(path), "%s/sub/deeper/file", folder);
    good = good && sys_file_write(path, slice_str("data"), 0600) == OK &&
           sys_file_read(path, 100, &got) == OK && slice_equal(buf_slice(&got), slice_str("data"));
    good = good && sys_file_remove(path) == OK;
    good = good && pthread_create(&thread, NULL, thread_work, &got) == 0 &&
           pthread_join(thread, &back) == 0 && back == &got;
    buf_free(&got);
    return good;
}

static bool works_as_parent(void) {
    buf got = buf_on(NULL);
    if (sys_file_read("/proc/self/status", 1, &got) == ERR_NOT_FOUND)
        return false;
    if (sys_file_write(in_folder("parent"), slice_str("x"), 0600) != OK)
        return false;
    buf_free(&got);
    pid_t pid = fork();
    if (pid == 0) {
        /* What it starts can begin, and enters its own profile. */
        execl("/proc/self/exe", "test", "--as-mail", folder, (char *)NULL);
        _exit(1);
    }
    int status = -1;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

/* ---- The profiles ---- */

static void expect_killed(const struct sys_sandbox *sandbox, const char *name,
                          void (*other)(void)) {
    int ended = in_child(sandbox, NULL, other);
    if (ended != -SIGSYS)
        test_fail(__FILE__, __LINE__, "%s: ended with %d, not by the filter", name, ended);
}

#define KILLED(sandbox, other) expect_killed((sandbox), #other, (other))

TEST(an_edge_does_its_work_over_every_carrier) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_EDGE);
    int ends[2], taken[SYS_SHARED_FDS], count = 0;
    /* Its connections from before the sandbox are none of those that others have. */
    do
        taken[count] = eventfd(0, 0);
    while (taken[count++] < SYS_SHARED_FDS - 1);
    CHECK(pipe(ends) == 0);
    edge_fd = ends[1];
    for (int kind = 0; kind < RIG_KINDS; kind++) {
        rig_init(&rig, (enum rig_kind)kind, NULL);
        for (int i = 0; i < 3; i++)
            rig_connect(&rig);
        CHECK_EQ(in_child(&sandbox, works_as_edge, NULL), FINE);
        rig_fini(&rig);
    }
    close(ends[0]);
    close(ends[1]);
    while (count > 0)
        close(taken[--count]);
}

TEST(an_edge_is_killed_for_anything_else) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_EDGE);
    KILLED(&sandbox, open_a_file);
    KILLED(&sandbox, open_by_libc);
    KILLED(&sandbox, make_a_socket_block);
    KILLED(&sandbox, shut_a_shared_socket);
    KILLED(&sandbox, shut_it_by_a_long_number);
    KILLED(&sandbox, change_a_shared_socket);
    CHECK_EQ(in_child(&sandbox, shuts_its_own, NULL), FINE);
    KILLED(&sandbox, copy_a_descriptor);
    KILLED(&sandbox, copy_it_otherwise);
    KILLED(&sandbox, make_a_socket);
    KILLED(&sandbox, connect_somewhere);
    KILLED(&sandbox, bind_somewhere);
    KILLED(&sandbox, send_to_an_address);
    KILLED(&sandbox, connect_by_sending);
    KILLED(&sandbox, connect_by_a_message);
    KILLED(&sandbox, run_a_program);
    KILLED(&sandbox, start_a_process);
    KILLED(&sandbox, trace_a_process);
    KILLED(&sandbox, signal_another);
    KILLED(&sandbox, signal_its_thread);
    KILLED(&sandbox, make_code);
    KILLED(&sandbox, make_memory_code);
    KILLED(&sandbox, raise_a_limit);
    KILLED(&sandbox, become_traceable);
    KILLED(&sandbox, mount_something);
    KILLED(&sandbox, new_namespace);
    CHECK_EQ(in_child(&sandbox, NULL, ring_around_the_filter), FINE);
}

static void abort_it(void) {
    abort();
}

TEST(an_edge_that_aborts_dies_of_that) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_EDGE);
    CHECK_EQ(in_child(&sandbox, NULL, abort_it), -SIGABRT);
}

TEST(mail_does_its_work) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_MAIL);
    CHECK_EQ(in_child(&sandbox, works_as_mail, NULL), FINE);
}

TEST(mail_is_killed_for_anything_else) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_MAIL);
    KILLED(&sandbox, make_a_socket);
    KILLED(&sandbox, connect_somewhere);
    KILLED(&sandbox, bind_somewhere);
    KILLED(&sandbox, send_to_an_address);
    KILLED(&sandbox, connect_by_sending);
    KILLED(&sandbox, connect_by_a_message);
    KILLED(&sandbox, run_a_program);
    KILLED(&sandbox, start_a_process);
    KILLED(&sandbox, trace_a_process);
    KILLED(&sandbox, signal_another);
    KILLED(&sandbox, make_code);
    KILLED(&sandbox, become_traceable);
    KILLED(&sandbox, new_namespace);
    CHECK_EQ(in_child(&sandbox, NULL, ring_around_the_filter), FINE);
}

static void read_elsewhere(void) {
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        _exit(NOT_REFUSED);
}
static void write_elsewhere(void) {
    if (open("/tmp/sotto-elsewhere", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EACCES)
        _exit(NOT_REFUSED);
}

TEST(landlock_keeps_mail_to_its_directory_and_the_parent_to_changing_its_own) {
    struct sys_sandbox mail = profile(SYS_PROFILE_MAIL), parent = profile(SYS_PROFILE_PARENT);
    if (sys_landlock_abi() == 0)
        SKIP("this kernel has no Landlock");
    CHECK_EQ(in_child(&mail, NULL, read_elsewhere), FINE);
    CHECK_EQ(in_child(&mail, NULL, write_elsewhere), FINE);
    CHECK_EQ(in_child(&parent, NULL, write_elsewhere), FINE);
}

TEST(the_parent_starts_children_that_enter_their_own_profiles) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_PARENT);
    CHECK_EQ(in_child(&sandbox, works_as_parent, NULL), FINE);
}

TEST(the_parent_is_killed_for_what_no_process_of_ours_needs) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_PARENT);
    KILLED(&sandbox, trace_a_process);
    KILLED(&sandbox, mount_something);
    KILLED(&sandbox, new_namespace);
}

/* ---- The modes and the rest ---- */

static void socket_is_refused(void) {
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        _exit(NOT_REFUSED);
}

TEST(the_debug_mode_refuses_instead_of_killing) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_EDGE);
    sandbox.mode = SYS_SANDBOX_ERRNO;
    CHECK_EQ(in_child(&sandbox, NULL, socket_is_refused), FINE);
}

TEST(without_a_filter_the_rest_still_holds_and_the_report_says_so) {
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct sys_sandbox sandbox = {
            .mode = SYS_SANDBOX_OFF, .files_max = 100, .die_with_parent = true};
        struct sys_sandbox_report report;
        struct rlimit files, core;
        bool good = sys_sandbox_enter(&sandbox, &report) == OK &&
                    strcmp(report.text, "seccomp off, landlock none") == 0 && !report.seccomp &&
                    prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                    getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == 100 &&
                    getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0;
        _exit(good ? 0 : 1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_EQ(status, 0);
}

TEST(another_user_is_taken_for_good) {
    struct sys_sandbox sandbox = profile(SYS_PROFILE_EDGE);
    if (geteuid() != 0)
        SKIP("only root can change its user");
    sandbox.user = "nobody";
    sandbox.die_with_parent = true;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct sys_sandbox_report report;
        int tie = 0;
        sandbox.mode = SYS_SANDBOX_OFF;
        bool good = sys_sandbox_enter(&sandbox, &report) == OK && report.user_changed &&
                    geteuid() != 0 && getgid() != 0 && setuid(0) != 0 &&
                    prctl(PR_GET_PDEATHSIG, &tie) == 0 && tie == SIGKILL;
        _exit(good ? 0 : 1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_EQ(status, 0);
    sandbox.user = "no-such-user-here";
    struct sys_sandbox_report report;
    CHECK_ERR(sys_sandbox_enter(&sandbox, &report), ERR_NOT_FOUND);
}

TEST(the_folder_is_removed) {
    char command[128];
    if (folder[0] == 0)
        SKIP("there is none");
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_EQ(system(command), 0);
}

/* What the parent starts: mail, in a directory. */
static int as_mail(const char *directory) {
    snprintf(folder, sizeof(folder), "%s", directory);
    struct sys_sandbox sandbox = {.profile = SYS_PROFILE_MAIL, .write_paths = {folder}};
    struct sys_sandbox_report report;
    if (sys_sandbox_enter(&sandbox, &report) != OK)
        return 2;
    return works_as_mail() ? 0 : 3;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--as-mail") == 0)
        return as_mail(argv[2]);
    return test_main(argc, argv);
}
