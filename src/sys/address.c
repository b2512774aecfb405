#include "sys/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

#include "base/text.h"
#include "sys/files.h"

struct scheme {
    const char *prefix;
    enum sys_scheme scheme;
    const char *port; /* "" if it has to be given */
};

static const struct scheme SCHEMES[] = {
    {"tcp://", SYS_SCHEME_TCP, ""},
    {"tls://", SYS_SCHEME_TLS, ""},
    {"ws://", SYS_SCHEME_WS, "80"},
    {"wss://", SYS_SCHEME_WSS, "443"},
};
static const struct scheme BARE = {"", SYS_SCHEME_TCP, ""};

static const struct scheme *find_scheme(const char *text) {
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++)
        if (strncmp(text, SCHEMES[i].prefix, strlen(SCHEMES[i].prefix)) == 0)
            return &SCHEMES[i];
    return &BARE;
}

/* n bytes as a string; MALFORMED if there are none, TOO_LARGE if they don't fit. */
static err copy_text(char *out, size_t size, const char *text, size_t n) {
    if (n == 0)
        return ERR_MALFORMED;
    if (n >= size)
        return ERR_TOO_LARGE;
    memcpy(out, text, n);
    out[n] = 0;
    return OK;
}

static err parse_host(struct sys_address *address, const char **text) {
    const char *p = *text;
    if (*p == '[') {
        size_t n = strcspn(p + 1, "]");
        if (p[1 + n] != ']')
            return ERR_MALFORMED;
        TRY(copy_text(address->host, sizeof(address->host), p + 1, n));
        struct in6_addr number;
        if (inet_pton(AF_INET6, address->host, &number) != 1)
            return ERR_MALFORMED;
        *text = p + n + 2;
        return OK;
    }
    size_t n = strcspn(p, ":/");
    TRY(copy_text(address->host, sizeof(address->host), p, n));
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '-' || c == '_';
        if (!fine)
            return ERR_MALFORMED;
    }
    *text = p + n;
    return OK;
}

static err parse_port(struct sys_address *address, const char **text, const char *standard) {
    if (**text != ':')
        return copy_text(address->port, sizeof(address->port), standard, strlen(standard));
    const char *p = *text + 1;
    size_t n = strspn(p, "0123456789");
    TRY(copy_text(address->port, sizeof(address->port), p, n));
    uint64_t port;
    TRY(decimal_decode(slice_of(p, n), UINT16_MAX, &port));
    *text = p + n;
    return port == 0 ? ERR_MALFORMED : OK;
}

err sys_address_parse(struct sys_address *address, const char *text) {
    for (const char *p = text; *p != 0; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return ERR_MALFORMED;
    struct sys_address parsed = {0};
    const struct scheme *scheme = find_scheme(text);
    parsed.scheme = scheme->scheme;
    text += strlen(scheme->prefix);
    TRY(parse_host(&parsed, &text));
    TRY(parse_port(&parsed, &text, scheme->port));
    bool has_path = parsed.scheme == SYS_SCHEME_WS || parsed.scheme == SYS_SCHEME_WSS;
    if (*text != 0 && (*text != '/' || !has_path))
        return ERR_MALFORMED;
    if (has_path && (*text == 0 || text[1] == 0))
        text = "/session";
    if (has_path)
        TRY(copy_text(parsed.path, sizeof(parsed.path), text, strlen(text)));
    *address = parsed;
    return OK;
}

err sys_address_split(const char *text, char *host, char *port) {
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return ERR_MALFORMED;
    size_t n = (size_t)(colon - text), digits = strlen(colon + 1);
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    } else if (memchr(text, ':', n) != NULL) {
        return ERR_MALFORMED;
    }
    if (n > SYS_HOST_MAX || digits == 0 || digits >= SYS_PORT_TEXT ||
        strspn(colon + 1, "0123456789") != digits)
        return ERR_MALFORMED;
    if (digits == 5 && strcmp(colon + 1, "65535") > 0)
        return ERR_MALFORMED;
    memcpy(host, text, n);
    host[n] = 0;
    memcpy(port, colon + 1, digits + 1);
    return OK;
}

bool sys_host_is_number(const char *host) {
    struct in6_addr number;
    return inet_pton(AF_INET, host, &number) == 1 || inet_pton(AF_INET6, host, &number) == 1;
}

err sys_endpoint_resolve(struct sys_endpoint *endpoint, const char *host, const char *port,
                         bool to_listen) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    if (to_listen)
        hints.ai_flags |= AI_PASSIVE;
    struct addrinfo *found = NULL;
    bool any = host == NULL || host[0] == 0;
    int failure = getaddrinfo(any ? NULL : host, port, &hints, &found);
    if (failure == EAI_AGAIN)
        return ERR_AGAIN;
    if (failure == EAI_MEMORY)
        return ERR_NO_MEMORY;
    if (failure != 0 || found == NULL)
        return ERR_NOT_FOUND;
    err result = ERR_TOO_LARGE;
    if (found->ai_addrlen <= sizeof(endpoint->address)) {
        *endpoint = (struct sys_endpoint){.size = found->ai_addrlen};
        memcpy(&endpoint->address, found->ai_addr, found->ai_addrlen);
        result = OK;
    }
    freeaddrinfo(found);
    return result;
}
