/* sotto-witness as it really runs: a log that asks it over HTTP, and what of it survives kill
 * -9. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "branches.h"
#include "crypto/crypto.h"
#include "sys/files.h"
#include "tests/support.h"
#include "tests/test.h"

/* ---- The program ---- */

static char dir[64], hash[65];
static pid_t pid = -1;
static uint16_t port;
static struct merkle_key log_key, witness_key;

/* Starts it with up to five words; its standard output, and what it says on the other, come back as
 * descriptors. */
static pid_t start(const char *const words[5], const char *dies_at, int *out) {
    int pipes[2];
    char said[100];
    snprintf(said, sizeof said, "%s.log", dir);
    CHECK(pipe2(pipes, O_CLOEXEC) == 0);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const char *program = getenv("SOTTO_WITNESS");
        int log = open(said, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(pipes[1], 1);
        dup2(log, 2);
        if (dies_at != NULL) {
            setenv("LD_PRELOAD", getenv("DIE_AT_MODULE"), 1);
            setenv("DIE_AT", dies_at, 1);
        }
        execl(program, "sotto-witness", words[0], words[1], words[2], words[3], words[4], NULL);
        _exit(127);
    }
    close(pipes[1]);
    *out = pipes[0];
    return child;
}

/* Its exit code, or minus the signal. */
static int ended(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(const char *a, const char *b, const char *c, const char *d, const char *e,
               buf *out) {
    const char *const words[5] = {a, b, c, d, e};
    char bytes[512];
    int fd;
    ssize_t n;
    pid_t child = start(words, NULL, &fd);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        if (out != NULL)
            CHECK_OK(buf_append(out, slice_of(bytes, (size_t)n)));
    close(fd);
    return ended(child);
}

static void serve(const char *dies_at) {
    const char *const words[5] = {"serve", "--dir", dir, "--listen", "127.0.0.1:0"};
    char line[100];
    size_t n = 0;
    int fd;
    pid = start(words, dies_at, &fd);
    while (n + 1 < sizeof line && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = 0;
    const char *ready = "sotto-witness: ready on 127.0.0.1:";
    CHECK(strncmp(line, ready, strlen(ready)) == 0);
    port = (uint16_t)strtoul(line + strlen(ready), NULL, 10);
    close(fd);
}

static int stop(int signal) {
    CHECK(pid > 0 && kill(pid, signal) == 0);
    int result = ended(pid);
    pid = -1;
    return result;
}

static void begin(void) {
    buf text = {0};
    pid = -1;
    CHECK_OK(crypto_init());
    branches_key(&log_key, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, BRANCHES_SEED);
    snprintf(dir, sizeof dir, "/tmp/sotto-witness-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    CHECK_EQ(run("init", "--dir", dir, "--name", "witness.example/w1", &text), 0);
    CHECK(text.n > 0 && text.p[text.n - 1] == '\n');
    CHECK_OK(merkle_key_parse(&witness_key, slice_of(text.p, text.n - 1)));
    CHECK_EQ(witness_key.type, MERKLE_KEY_COSIGNATURE);
    buf_clear(&text);
    CHECK_OK(merkle_key_format(&text, &log_key));
    CHECK_OK(buf_append_byte(&text, 0));
    CHECK_EQ(run("add", "--dir", dir, (const char *)text.p, NULL, NULL), 0);
    slice origin = slice_str(BRANCHES_ORIGIN);
    uint8_t digest[32];
    CHECK_OK(crypto_sha256.hash(digest, &origin, 1));
    for (size_t i = 0; i < 32; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
    buf_free(&text);
}

static void end(void) {
    char command[200];
    if (pid > 0)
        CHECK_EQ(stop(SIGTERM), 0);
    snprintf(command, sizeof command, "rm -rf %s %s.log", dir, dir);
    CHECK(system(command) == 0);
}

/* ---- HTTP ---- */

/* Sends the bytes and reads until the other side closes. False if it can't be reached. */
static bool talk(slice bytes, buf *answer) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint8_t got[8192];
    ssize_t n;
    bool reached = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    while (reached && bytes.n > 0 && (n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL)) > 0)
        bytes = slice_of(bytes.p + n, bytes.n - (size_t)n);
    while (reached && (n = recv(fd, got, sizeof got, 0)) > 0)
        CHECK_OK(buf_append(answer, slice_of(got, (size_t)n)));
    close(fd);
    return reached;
}

/* The status, 0 without an answer; head and body as text, body in it. */
static unsigned request(const char *method, const char *path, slice body, buf *answer,
                        const char **answered) {
    char head[300];
    buf bytes = {0};
    snprintf(
        head, sizeof head,
        "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
        method, path, body.n);
    buf_clear(answer);
    CHECK_OK(buf_append(&bytes, slice_str(head)));
    CHECK_OK(buf_append(&bytes, body));
    bool reached = talk(buf_slice(&bytes), answer);
    buf_free(&bytes);
    CHECK_OK(buf_append_byte(answer, 0));
    const char *blank = strstr((const char *)answer->p, "\r\n\r\n");
    if (!reached || blank == NULL)
        return 0;
    *answered = blank + 4;
    return (unsigned)strtoul((const char *)answer->p + 9, NULL, 10);
}

static unsigned get(const char *path, buf *answer, const char **body) {
    return request("GET", path, SLICE_EMPTY, answer, body);
}

/* Asks for a cosignature; one that comes is right and of now. A conflict's size goes to *size. */
static unsigned ask(unsigned branch, uint64_t old, uint64_t size, uint64_t *known) {
    struct merkle_add_checkpoint asked;
    buf body = {0}, answer = {0}, note = {0};
    const char *lines;
    uint64_t seconds;
    branches_request(&body, branch, old, size);
    unsigned status = request("POST", "/add-checkpoint", buf_slice(&body), &answer, &lines);
    if (status == 200) {
        CHECK_OK(merkle_add_checkpoint_parse(&asked, buf_slice(&body)));
        CHECK_OK(buf_append(&note, asked.note));
        CHECK_OK(merkle_cosignature_take(&note, slice_str(lines), &witness_key, &seconds));
        CHECK(seconds < (uint64_t)time(NULL) + 10 && seconds + 600 > (uint64_t)time(NULL));
    }
    if (status == 409 && known != NULL) {
        CHECK(strstr((const char *)answer.p, "\r\nContent-Type: text/x.tlog.size\r\n") != NULL);
        CHECK_OK(merkle_conflict_parse(slice_str(lines), known));
    }
    buf_free(&body);
    buf_free(&answer);
    buf_free(&note);
    return status;
}

/* The size of the checkpoint that anybody can read, verified; 0 if there is none. */
static uint64_t published(void) {
    struct merkle_note note;
    struct merkle_checkpoint checkpoint = {.size = 0};
    char path[100];
    buf answer = {0};
    const char *body;
    uint64_t seconds;
    snprintf(path, sizeof path, "/%s/checkpoint", hash);
    unsigned status = get(path, &answer, &body);
    CHECK(status == 200 || status == 404);
    if (status == 200) {
        CHECK_OK(merkle_note_parse(&note, slice_str(body)));
        CHECK_OK(merkle_note_verify(&note, &log_key));
        CHECK_OK(merkle_cosignature_verify(&note, &witness_key, &seconds));
        CHECK_OK(merkle_checkpoint_parse(&checkpoint, note.text));
    }
    buf_free(&answer);
    return checkpoint.size;
}

/* ---- Tests ---- */

TEST(a_log_that_grows_is_cosigned_over_http) {
    uint64_t known = 0;
    begin();
    serve(NULL);
    CHECK_EQ(published(), 0);
    CHECK_EQ(ask(0, 0, 5, NULL), 200);
    CHECK_EQ(published(), 5);
    CHECK_EQ(ask(0, 5, 5, NULL), 200);
    CHECK_EQ(ask(0, 5, 20, NULL), 200);
    CHECK_EQ(ask(0, 0, 20, &known), 409);
    CHECK_EQ(known, 20);
    CHECK_EQ(published(), 20);
    CHECK_EQ(stop(SIGTERM), 0);
    serve(NULL);
    CHECK_EQ(published(), 20);
    CHECK_EQ(ask(0, 20, 40, NULL), 200);
    end();
}

TEST(forks_rollbacks_and_strangers_are_refused) {
    struct merkle_key stranger;
    static const uint8_t SEED[32] = {9};
    buf note = {0}, body = {0}, answer = {0};
    const char *text;
    uint64_t known = 0;
    char path[200];
    begin();
    serve(NULL);
    CHECK_EQ(ask(0, 0, 9, NULL), 200);
    CHECK_EQ(ask(0, 5, 5, &known), 409);
    CHECK_EQ(known, 9);
    CHECK_EQ(ask(1, 9, 12, NULL), 422);
    CHECK_EQ(ask(1, 9, 9, &known), 409);
    branches_key(&stranger, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, SEED);
    branches_checkpoint(&note, 0, 12, &stranger, SEED);
    struct merkle_add_checkpoint asked = {.old = 9, .note = buf_slice(&note)};
    CHECK_OK(merkle_add_checkpoint_format(&body, &asked));
    CHECK_EQ(request("POST", "/add-checkpoint", buf_slice(&body), &answer, &text), 403);
    note.p[0] = 'L';
    buf_clear(&body);
    CHECK_OK(merkle_add_checkpoint_format(&body, &asked));
    CHECK_EQ(request("POST", "/add-checkpoint", buf_slice(&body), &answer, &text), 404);
    CHECK_EQ(published(), 9);
    snprintf(path, sizeof path, "%s/%s/fork", dir, hash);
    buf_clear(&note);
    CHECK_OK(sys_file_read(path, 10000, &note));
    buf_free(&note);
    buf_free(&body);
    buf_free(&answer);
    end();
}

TEST(what_is_no_request_has_its_status) {
    static const struct {
        const char *method, *path, *body;
        unsigned status;
    } BAD[] = {
        {"GET", "/", "", 404},
        {"GET", "/add-checkpoint", "", 405},
        {"POST", "/add-checkpoint", "", 400},
        {"POST", "/add-checkpoint", "old 0\n\nlog.example/desk\n", 400},
        {"POST", "/add-checkpoint?x", "\xff\xfe", 400},
        {"POST", "/x/checkpoint", "", 405},
        {"GET", "/x/checkpoint", "", 404},
        {"GET", "/../key", "", 404},
        {"GET", "/../checkpoint", "", 404},
        {"GET", "/%2e%2e/checkpoint", "", 404},
    };
    static uint8_t long_body[64 * 1024 + 1];
    buf answer = {0};
    const char *text;
    begin();
    serve(NULL);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        CHECK_EQ(request(BAD[i].method, BAD[i].path, slice_str(BAD[i].body), &answer, &text),
                 BAD[i].status);
    CHECK_OK(buf_set(&answer, slice_str("POST /add-checkpoint HTTP/1.1\r\nHost: a\r\n"
                                        "Content-Length: 65537\r\n\r\n")));
    buf got = {0};
    CHECK(talk(buf_slice(&answer), &got));
    CHECK(got.n > 12 && memcmp(got.p, "HTTP/1.1 413", 12) == 0);
    CHECK_EQ(request("POST", "/add-checkpoint", slice_of(long_body, sizeof long_body - 1), &answer,
                     &text),
             400);
    CHECK_EQ(ask(0, 0, 5, NULL), 200);
    buf_free(&answer);
    buf_free(&got);
    end();
}

/* An answer that was sent is never taken back, and one that was not sent is either remembered or
 * was never given. */
TEST(killed_between_keeping_and_answering_it_forgets_nothing_that_it_said) {
    static const struct {
        const char *at;
        uint64_t remembered;
    } DEATHS[] = {{"rename", 5}, {"renamed", 9}, {"send", 9}};
    for (size_t i = 0; i < 3; i++) {
        begin();
        serve(NULL);
        CHECK_EQ(ask(0, 0, 5, NULL), 200);
        CHECK_EQ(stop(SIGTERM), 0);
        serve(DEATHS[i].at);
        CHECK_EQ(ask(0, 5, 9, NULL), 0);
        CHECK_EQ(ended(pid), -SIGKILL);
        serve(NULL);
        CHECK_EQ(published(), DEATHS[i].remembered);
        uint64_t known = 0;
        CHECK_EQ(ask(1, 0, 9, &known), 409);
        CHECK_EQ(known, DEATHS[i].remembered);
        /* Nobody has a cosignature of 9 leaves, so another 9 may follow only if it was not kept. */
        CHECK_EQ(ask(1, 9, 9, NULL), 409);
        CHECK_EQ(ask(0, known, 20, NULL), 200);
        CHECK_EQ(ask(1, 20, 20, NULL), 409);
        end();
    }
}

static void rest(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* A process of its own, so that it hits wherever the witness just is. */
static pid_t kill_later(pid_t whom, long ms) {
    fflush(stdout);
    pid_t killer = fork();
    CHECK(killer >= 0);
    if (killer == 0) {
        rest(ms);
        kill(whom, SIGKILL);
        _exit(0);
    }
    return killer;
}

TEST(killed_at_any_moment_it_forgets_nothing_that_it_said) {
    struct support_random random = {4711};
    uint64_t said = 0, known;
    begin();
    for (unsigned round = 0; round < 15; round++) {
        serve(NULL);
        pid_t killer = kill_later(pid, (long)(support_next(&random) % 30));
        for (;;) {
            uint64_t next = said < BRANCHES_LEAVES ? said + 1 : said;
            unsigned status = ask(0, said, next, &known);
            if (status == 0)
                break;
            /* After a kill the size that was asked for last may have been kept. */
            if (status == 409)
                CHECK(known == next);
            else
                CHECK_EQ(status, 200);
            said = next;
        }
        CHECK_EQ(ended(killer), 0);
        CHECK_EQ(ended(pid), -SIGKILL);
        serve(NULL);
        known = published();
        CHECK(known == said || known == said + 1);
        if (known > 2)
            CHECK_EQ(ask(1, known, known, NULL), 409);
        CHECK_EQ(stop(SIGTERM), 0);
    }
    printf("# %llu leaves\n", (unsigned long long)said);
    pid = -1;
    end();
}

TEST(its_log_says_nothing_of_requests) {
    buf said = {0}, answer = {0};
    char path[100];
    const char *body;
    begin();
    serve(NULL);
    CHECK_EQ(ask(0, 0, 5, NULL), 200);
    CHECK_EQ(ask(0, 0, 5, NULL), 409);
    CHECK_EQ(get("/nothing", &answer, &body), 404);
    CHECK_EQ(stop(SIGTERM), 0);
    snprintf(path, sizeof path, "%s.log", dir);
    CHECK_OK(sys_file_read(path, 10000, &said));
    CHECK_OK(buf_append_byte(&said, 0));
    const char *line = (const char *)said.p;
    CHECK(strstr(line, "cosigns for 1 logs; seccomp kill") != NULL);
    CHECK(strchr(line, '\n') == line + said.n - 2);
    buf_free(&said);
    buf_free(&answer);
    end();
}

TEST(its_exit_codes_say_what_is_wrong) {
    buf text = {0};
    char address[40], path[200];
    begin();
    CHECK_EQ(run("--help", NULL, NULL, NULL, NULL, &text), 0);
    CHECK(text.n > 100);
    CHECK_EQ(run(NULL, NULL, NULL, NULL, NULL, NULL), 2);
    CHECK_EQ(run("sing", "--dir", dir, NULL, NULL, NULL), 2);
    CHECK_EQ(run("show", NULL, NULL, NULL, NULL, NULL), 2);
    CHECK_EQ(run("show", "--dir", NULL, NULL, NULL, NULL), 2);
    CHECK_EQ(run("show", "--dir", dir, "--name", "x", NULL), 2);
    CHECK_EQ(run("init", "--dir", dir, NULL, NULL, NULL), 2);
    CHECK_EQ(run("init", "--dir", dir, "--name", "a b", NULL), 2);
    CHECK_EQ(run("init", "--dir", dir, "--name", "x", NULL), 1);
    CHECK_EQ(run("add", "--dir", dir, "log.example+00000000+AAAA", NULL, NULL), 2);
    CHECK_EQ(run("add", "--dir", dir, NULL, NULL, NULL), 2);
    CHECK_EQ(run("show", "--dir", "/nowhere/at/all", NULL, NULL, NULL), 5);
    CHECK_EQ(run("show", "--dir", "/tmp", NULL, NULL, NULL), 5);
    CHECK_EQ(run("serve", "--dir", dir, "--listen", "nowhere", NULL), 1);
    serve(NULL);
    CHECK_EQ(run("show", "--dir", dir, NULL, NULL, NULL), 3);
    CHECK_EQ(ask(0, 0, 5, NULL), 200);
    CHECK_EQ(stop(SIGINT), 0);
    buf_clear(&text);
    CHECK_EQ(run("show", "--dir", dir, NULL, NULL, &text), 0);
    CHECK_OK(buf_append_byte(&text, 0));
    CHECK(strstr((const char *)text.p, "\n5 log.example/desk\n") != NULL);
    /* A port that another holds. */
    struct sockaddr_in other = {.sin_family = AF_INET};
    other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof other;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (struct sockaddr *)&other, size) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&other, &size) == 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(other.sin_port));
    CHECK_EQ(run("serve", "--dir", dir, "--listen", address, NULL), 3);
    close(fd);
    snprintf(path, sizeof path, "%s/%s/checkpoint", dir, hash);
    CHECK_OK(sys_file_write(path, slice_str("nothing"), 0600));
    CHECK_EQ(run("serve", "--dir", dir, "--listen", "127.0.0.1:0", NULL), 4);
    buf_free(&text);
    end();
}

TEST_MAIN
