#include "raw_client.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

/* ---- The server ---- */

static const char *program(void) {
    const char *path = getenv("SOTTOD");
    if (path == NULL || access(path, X_OK) != 0)
        SKIP("SOTTOD does not name the program");
    return path;
}

void server_init(struct server *s) {
    *s = (struct server){.data = "/tmp/sottod-test-XXXXXX", .out = -1};
    (void)program();
    CHECK_OK(crypto_init());
    CHECK(mkdtemp(s->data) != NULL);
}

/* In the child: never comes back. */
static void become(const char *const *arguments, int out) {
    char *argv[64] = {(char *)(uintptr_t)program()};
    for (int i = 0; arguments[i] != NULL && i < 62; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no server behind */
    dup2(out, 1);
    execv(argv[0], argv);
    _exit(127);
}

static int spawn(const char *const *arguments, int *out) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    int pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        become(arguments, ends[1]);
    close(ends[1]);
    *out = ends[0];
    return pid;
}

/* One line of its output, within 20 s. */
static bool read_line(int fd, char *line, size_t size) {
    size_t n = 0;
    while (n + 1 < size) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 20000) != 1 || read(fd, line + n, 1) != 1)
            return false;
        if (line[n] == '\n')
            break;
        n++;
    }
    line[n] = 0;
    return true;
}

static void read_invite(struct server *s, const char *line) {
    buf host = {0}, content = {0};
    struct proto_invite invite;
    const char *link = strstr(line, "sotto:join:");
    CHECK(link != NULL && s->code_count < 8);
    CHECK_OK(proto_link_read(slice_str(link), "join", &host, &content));
    CHECK_OK(proto_invite_decode(buf_slice(&content), &invite));
    memcpy(s->identity, invite.server, 32);
    memcpy(s->codes[s->code_count++], invite.code, 16);
    buf_free(&host);
    buf_free(&content);
}

void server_begin(struct server *s, unsigned invites) {
    char count[8], http[32], tcp[32];
    const char *arguments[16 + 2 * SERVER_OPTIONS] = {"run"};
    size_t n = 1;
    snprintf(count, sizeof count, "%u", invites);
    snprintf(tcp, sizeof tcp, "127.0.0.1:%u", s->port);
    snprintf(http, sizeof http, "127.0.0.1:%u", s->http_port);
    const char *const fixed[] = {"--data", s->data, "--listen",        tcp,
                                 "--http", http,    "--print-invites", count};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        arguments[n++] = fixed[i];
    for (size_t i = 0; i < SERVER_OPTIONS && s->settings[i] != NULL; i++) {
        arguments[n++] = "--set";
        arguments[n++] = s->settings[i];
    }
    if (s->take_over)
        arguments[n++] = "--take-over";
    s->pid = spawn(arguments, &s->out);
}

bool server_ready(struct server *s, unsigned invites) {
    char line[1024];
    unsigned port = 0, http_port = 0;
    if (!read_line(s->out, line, sizeof line))
        return false;
    CHECK(sscanf(line, "sottod: ready on 127.0.0.1:%u, http 127.0.0.1:%u, identity", &port,
                 &http_port) == 2);
    s->port = (uint16_t)port;
    s->http_port = (uint16_t)http_port;
    s->code_count = 0;
    for (unsigned i = 0; i < invites; i++) {
        CHECK(read_line(s->out, line, sizeof line));
        read_invite(s, line);
    }
    return true;
}

void server_start(struct server *s, unsigned invites) {
    server_begin(s, invites);
    CHECK(server_ready(s, invites));
}

int server_stop(struct server *s, int signal_number) {
    int status = 0;
    if (s->pid == 0)
        return 0;
    kill(s->pid, signal_number);
    CHECK(waitpid(s->pid, &status, 0) == s->pid);
    close(s->out);
    s->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int parent_of(const char *pid) {
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = 0;
    fclose(f);
    const char *after = strrchr(text, ')');
    int parent = 0;
    return after != NULL && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

static bool has_role(const char *pid, const char *name) {
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    size_t length = strlen(name);
    return n > length && memcmp(text + n - 1 - length, name, length) == 0;
}

int server_child(const struct server *s, const char *name) {
    DIR *proc = opendir("/proc");
    int found = 0;
    CHECK(proc != NULL);
    for (struct dirent *e; found == 0 && (e = readdir(proc)) != NULL;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && parent_of(e->d_name) == s->pid &&
            has_role(e->d_name, name))
            found = atoi(e->d_name);
    closedir(proc);
    return found;
}

static void remove_tree(const char *path) {
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char inner[1024];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (unlink(inner) != 0)
            remove_tree(inner);
    }
    if (d != NULL)
        closedir(d);
    rmdir(path);
}

void server_fini(struct server *s) {
    (void)server_stop(s, SIGKILL);
    remove_tree(s->data);
}

int server_run(buf *output, const char *const *arguments) {
    int out = -1, status = 0;
    uint8_t bytes[512];
    int pid = spawn(arguments, &out);
    for (ssize_t n; (n = read(out, bytes, sizeof bytes)) > 0;)
        CHECK_OK(buf_append(output, slice_of(bytes, (size_t)n)));
    close(out);
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- Carrier messages ---- */

static bool try_connect(struct raw *c, const struct server *s) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->port)};
    struct timeval patience = {.tv_sec = 10};
    *c = (struct raw){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(c->fd >= 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0;
}

void raw_connect(struct raw *c, const struct server *s) {
    CHECK(try_connect(c, s));
}

static bool write_all(int fd, const uint8_t *p, size_t n) {
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static bool read_all(int fd, uint8_t *p, size_t n) {
    while (n > 0) {
        ssize_t k = recv(fd, p, n, 0);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

/* A failure shows at the next read. */
void raw_write(struct raw *c, slice message) {
    uint8_t head[2] = {(uint8_t)(message.n >> 8), (uint8_t)message.n};
    if (write_all(c->fd, head, 2))
        (void)!write_all(c->fd, message.p, message.n);
}

bool raw_read(struct raw *c, buf *message) {
    uint8_t head[2];
    buf_clear(message);
    if (!read_all(c->fd, head, 2))
        return false;
    CHECK_OK(buf_resize(message, (size_t)(head[0] << 8 | head[1])));
    return read_all(c->fd, message->p, message->n);
}

void raw_close(struct raw *c) {
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static uint8_t client_hello[] = {0, 0, 0, 0, 0, PROTO_client_hello, 0, PROTO_VERSION, 0};

/* It ends, or takes nobody now. */
static bool is_sent_away(slice message) {
    struct proto_frame frame;
    return message.n < 16 && proto_frame_decode(message, &frame) == OK &&
           frame.type == PROTO_error &&
           (frame.body.p[1] == PROTO_REASON_RESTART || frame.body.p[1] == PROTO_REASON_BUSY);
}

static bool greet(struct raw *c, const struct server *s, buf *message, buf *text) {
    static const char label[] = "Sotto noise key v1";
    struct noise_handshake hs;
    struct proto_frame frame;
    struct proto_server_hello hello;
    client_hello[sizeof client_hello - 1] = crypto_has_aes();
    raw_write(c, SLICE_ARRAY(client_hello));
    if (!raw_read(c, message) || is_sent_away(buf_slice(message)))
        return false;
    CHECK_OK(proto_frame_decode(buf_slice(message), &frame));
    CHECK_EQ(frame.type, PROTO_server_hello);
    CHECK_OK(proto_server_hello_decode(frame.body, &hello));
    CHECK_OK(buf_append(text, slice_of(label, sizeof label)));
    CHECK_OK(buf_append(text, slice_of(frame.body.p, frame.body.n - 65)));
    CHECK_OK(crypto_ed25519.verify(SLICE_ARRAY(hello.signature), SLICE_ARRAY(s->identity),
                                   buf_slice(text)));
    buf_clear(text);
    CHECK_OK(buf_append(text, SLICE_ARRAY(client_hello)));
    CHECK_OK(buf_append(text, buf_slice(message)));
    CHECK_OK(noise_start_with(&hs, hello.aes ? NOISE_AESGCM : NOISE_CHACHAPOLY, true,
                              hello.noise_key, NULL, buf_slice(text)));
    buf_clear(text);
    CHECK_OK(noise_write(&hs, text, SLICE_EMPTY));
    raw_write(c, buf_slice(text));
    if (!raw_read(c, message) || is_sent_away(buf_slice(message)))
        return false;
    buf_clear(text);
    CHECK_OK(noise_read(&hs, text, buf_slice(message)));
    CHECK_OK(noise_split(&hs, &c->send, &c->receive, c->hash));
    return true;
}

bool raw_try_open(struct raw *c, const struct server *s) {
    buf message = {0}, text = {0};
    bool open = try_connect(c, s) && greet(c, s, &message, &text);
    buf_free(&message);
    buf_free(&text);
    if (!open)
        raw_close(c);
    return open;
}

void raw_open(struct raw *c, const struct server *s) {
    CHECK(raw_try_open(c, s));
}

/* ---- Frames ---- */

uint32_t raw_ask(struct raw *c, uint16_t type, slice body) {
    buf plain = {0}, sealed = {0};
    writer w = writer_on(&plain);
    proto_frame_write(&w, ++c->requests, type);
    writer_bytes(&w, body);
    CHECK_OK(writer_result(&w));
    CHECK_OK(proto_frame_pad(&plain));
    CHECK_OK(noise_seal(&c->send, &sealed, buf_slice(&plain)));
    raw_write(c, buf_slice(&sealed));
    buf_free(&plain);
    buf_free(&sealed);
    return c->requests;
}

bool raw_next(struct raw *c, struct proto_frame *frame, buf *body) {
    buf message = {0};
    bool got = raw_read(c, &message);
    buf_clear(body);
    if (got) {
        CHECK_OK(noise_open(&c->receive, body, buf_slice(&message)));
        slice plain;
        CHECK_OK(proto_frame_unpad(buf_slice(body), &plain));
        CHECK_OK(proto_frame_decode(plain, frame));
        CHECK_OK(proto_message_check(frame->type, frame->body));
    }
    buf_free(&message);
    return got;
}

uint16_t raw_call(struct raw *c, uint16_t type, slice body, buf *answer) {
    struct proto_frame frame;
    uint32_t request = raw_ask(c, type, body);
    buf bytes = {0};
    uint16_t found = 0;
    while (found == 0 && raw_next(c, &frame, &bytes)) {
        if (frame.request != request)
            continue;
        found = frame.type;
        CHECK_OK(buf_set(answer, frame.body));
    }
    buf_free(&bytes);
    return found;
}
