#include "sys/socks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/text.h"

enum { VERSION = 5, LOGIN_VERSION = 1, CONNECT = 1, NO_LOGIN = 0, BY_WORDS = 2 };
enum { IPV4 = 1, NAME = 3, IPV6 = 4 };

/* Which answer is awaited. */
enum step { METHOD, LOGIN, REPLY, NAME_SIZE, BOUND, DONE };

struct sys_socks {
    enum step step;
    size_t put, out_n, got, want;
    uint8_t out[2 * (SYS_SOCKS_WORD + 1) + 1];
    uint8_t in[256 + 2]; /* the longest: the rest of a reply that names a host */
    uint8_t login[2 * (SYS_SOCKS_WORD + 1) + 1], request[4 + 1 + SYS_HOST_MAX + 2];
    size_t login_n, request_n;
    const uint8_t *from; /* what goes out: one of the three */
};

err sys_proxy_parse(struct sys_proxy *proxy, const char *text) {
    static const char *const SCHEMES[] = {"socks5://", "socks5h://"};
    struct sys_address address;
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (strncmp(text, SCHEMES[i], strlen(SCHEMES[i])) == 0) {
            text += strlen(SCHEMES[i]);
            break;
        }
    }
    if (strstr(text, "://") != NULL)
        return ERR_MALFORMED;
    TRY(sys_address_parse(&address, text));
    *proxy = (struct sys_proxy){0};
    memcpy(proxy->host, address.host, sizeof(proxy->host));
    memcpy(proxy->port, address.port, sizeof(proxy->port));
    return OK;
}

/* ---- What we say ---- */

static void say(struct sys_socks *s, enum step step, const uint8_t *bytes, size_t n, size_t want) {
    s->step = step;
    s->from = bytes;
    s->out_n = n;
    s->want = want;
    s->put = s->got = 0;
}

static void await(struct sys_socks *s, enum step step, size_t want) {
    say(s, step, s->out, 0, want);
}

static void add_word(uint8_t *out, size_t *n, const char *word) {
    size_t size = strlen(word);
    out[(*n)++] = (uint8_t)size;
    memcpy(out + *n, word, size);
    *n += size;
}

static void make_login(struct sys_socks *s, const struct sys_proxy *proxy) {
    s->login[s->login_n++] = LOGIN_VERSION;
    add_word(s->login, &s->login_n, proxy->user);
    add_word(s->login, &s->login_n, proxy->password);
}

static void make_request(struct sys_socks *s, const struct sys_address *address) {
    uint64_t port = 0;
    (void)!decimal_decode(slice_str(address->port), UINT16_MAX, &port); /* address.c checked it */
    uint8_t *out = s->request;
    size_t n = 4;
    out[0] = VERSION;
    out[1] = CONNECT;
    out[2] = 0;
    if (inet_pton(AF_INET, address->host, out + n) == 1) {
        out[3] = IPV4;
        n += 4;
    } else if (inet_pton(AF_INET6, address->host, out + n) == 1) {
        out[3] = IPV6;
        n += 16;
    } else {
        out[3] = NAME;
        add_word(out, &n, address->host);
    }
    out[n++] = (uint8_t)(port >> 8);
    out[n++] = (uint8_t)port;
    s->request_n = n;
}

err sys_socks_new(struct sys_socks **out, const struct mem *mem, const struct sys_proxy *proxy,
                  const struct sys_address *address) {
    static const uint8_t HELLO[] = {VERSION, 2, BY_WORDS, NO_LOGIN};
    if (strlen(proxy->user) == 0 || strlen(proxy->password) == 0)
        return ERR_BUG;
    struct sys_socks *s = mem_new(mem, sizeof(*s));
    if (s == NULL)
        return ERR_NO_MEMORY;
    make_login(s, proxy);
    make_request(s, address);
    memcpy(s->out, HELLO, sizeof(HELLO));
    say(s, METHOD, s->out, sizeof(HELLO), 2);
    *out = s;
    return OK;
}

void sys_socks_free(struct sys_socks *s, const struct mem *mem) {
    if (s == NULL)
        return;
    wipe(s, sizeof(*s));
    mem_free(mem, s, sizeof(*s));
}

/* ---- What it answers ---- */

static err take_method(struct sys_socks *s) {
    if (s->in[0] != VERSION)
        return ERR_PROXY_SOCKS;
    if (s->in[1] == BY_WORDS)
        say(s, LOGIN, s->login, s->login_n, 2);
    else if (s->in[1] == NO_LOGIN)
        say(s, REPLY, s->request, s->request_n, 4);
    else
        return s->in[1] == 0xff ? ERR_PROXY_LOGIN : ERR_PROXY_SOCKS;
    return OK;
}

static err take_login(struct sys_socks *s) {
    if (s->in[0] != LOGIN_VERSION)
        return ERR_PROXY_SOCKS;
    if (s->in[1] != 0)
        return ERR_PROXY_LOGIN;
    say(s, REPLY, s->request, s->request_n, 4);
    return OK;
}

/* RFC 1928 section 6, by number. */
static const err REFUSALS[] = {
    OK,
    ERR_PROXY_FAILED,
    ERR_PROXY_RULES,
    ERR_PROXY_NETWORK,
    ERR_PROXY_HOST,
    ERR_PROXY_REFUSED,
    ERR_PROXY_TTL,
    ERR_PROXY_COMMAND,
    ERR_PROXY_ADDRESS,
};

static err take_reply(struct sys_socks *s) {
    if (s->in[0] != VERSION || s->in[1] >= sizeof(REFUSALS) / sizeof(REFUSALS[0]))
        return ERR_PROXY_SOCKS;
    TRY(REFUSALS[s->in[1]]);
    if (s->in[3] == IPV4)
        await(s, BOUND, 4 + 2);
    else if (s->in[3] == IPV6)
        await(s, BOUND, 16 + 2);
    else if (s->in[3] == NAME)
        await(s, NAME_SIZE, 1);
    else
        return ERR_PROXY_SOCKS;
    return OK;
}

static err take(struct sys_socks *s) {
    switch (s->step) {
    case METHOD:
        return take_method(s);
    case LOGIN:
        return take_login(s);
    case REPLY:
        return take_reply(s);
    case NAME_SIZE:
        await(s, BOUND, (size_t)s->in[0] + 2);
        return OK;
    default: /* where the proxy's own end is: of no use to us */
        s->step = DONE;
        return OK;
    }
}

/* ---- The socket ---- */

static err failure(void) {
    return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_PROXY;
}

static err put(struct sys_socks *s, int fd, bool *wants_write) {
    while (s->put < s->out_n) {
        ssize_t n = send(fd, s->from + s->put, s->out_n - s->put, MSG_NOSIGNAL);
        if (n < 0) {
            *wants_write = failure() == ERR_AGAIN;
            return failure();
        }
        s->put += (size_t)n;
    }
    return OK;
}

static err get(struct sys_socks *s, int fd) {
    while (s->got < s->want) {
        ssize_t n = recv(fd, s->in + s->got, s->want - s->got, 0);
        if (n <= 0)
            return n == 0 ? ERR_PROXY : failure();
        s->got += (size_t)n;
    }
    return OK;
}

err sys_socks_go(struct sys_socks *s, int fd, bool *wants_write) {
    *wants_write = false;
    while (s->step != DONE) {
        TRY(put(s, fd, wants_write));
        TRY(get(s, fd));
        TRY(take(s));
    }
    return OK;
}
