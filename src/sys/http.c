#include "sys/http.h"

#include <stddef.h>

#include "base/text.h"
#include "sys/openssl.h"

/* ---- Text ---- */

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sys_http_is(slice s, const char *text) {
    size_t n = strlen(text);
    if (s.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower((char)s.p[i]) != lower(text[i]))
            return false;
    return true;
}

slice sys_http_trim(slice s) {
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_of(s.p + 1, s.n - 1);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* RFC 9110 section 5.6.2. */
bool sys_http_is_token(slice s) {
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
        if (!alnum && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return s.n > 0;
}

bool sys_http_has_token(slice list, const char *token) {
    while (list.n > 0)
        if (sys_http_is(sys_http_trim(slice_until(&list, ',')), token))
            return true;
    return false;
}

/* ---- Heads ---- */

err sys_http_head(slice bytes, size_t *n) {
    *n = 0;
    size_t line = 0; /* bytes in this line */
    for (size_t i = 0; i < bytes.n && i < SYS_HTTP_HEAD_MAX; i++) {
        uint8_t c = bytes.p[i];
        if (c == '\r') {
            if (i + 1 == bytes.n)
                return i + 1 < SYS_HTTP_HEAD_MAX ? OK : ERR_TOO_LARGE;
            if (bytes.p[i + 1] != '\n' || (line == 0 && i == 0))
                return ERR_MALFORMED;
            i++;
            if (line == 0) {
                *n = i + 1;
                return *n <= SYS_HTTP_HEAD_MAX ? OK : ERR_TOO_LARGE;
            }
            line = 0;
        } else if ((c < ' ' && c != '\t') || c >= 0x7f) {
            return ERR_MALFORMED;
        } else {
            line++;
        }
    }
    return bytes.n < SYS_HTTP_HEAD_MAX ? OK : ERR_TOO_LARGE;
}

/* The header fields that matter here; none of them may come twice. */
struct fields {
    slice host, upgrade, connection, version, key, accept, protocol, length, coding;
    slice codings, known;
    uint16_t seen;
};

static const struct {
    const char *name;
    size_t at;
} FIELDS[] = {
    {"Host", offsetof(struct fields, host)},
    {"Upgrade", offsetof(struct fields, upgrade)},
    {"Connection", offsetof(struct fields, connection)},
    {"Sec-WebSocket-Version", offsetof(struct fields, version)},
    {"Sec-WebSocket-Key", offsetof(struct fields, key)},
    {"Sec-WebSocket-Accept", offsetof(struct fields, accept)},
    {"Sec-WebSocket-Protocol", offsetof(struct fields, protocol)},
    {"Content-Length", offsetof(struct fields, length)},
    {"Transfer-Encoding", offsetof(struct fields, coding)},
    {"Accept-Encoding", offsetof(struct fields, codings)},
    {"If-None-Match", offsetof(struct fields, known)},
};

enum { FIELD_COUNT = sizeof(FIELDS) / sizeof(FIELDS[0]) };

static bool has_field(const struct fields *fields, const char *name) {
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (strcmp(FIELDS[i].name, name) == 0)
            return (fields->seen >> i & 1) != 0;
    return false;
}

static err note_field(struct fields *fields, slice name, slice value) {
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!sys_http_is(name, FIELDS[i].name))
            continue;
        if (fields->seen >> i & 1)
            return ERR_MALFORMED;
        fields->seen = (uint16_t)(fields->seen | 1u << i);
        *(slice *)(void *)((uint8_t *)fields + FIELDS[i].at) = value;
    }
    return OK;
}

/* The next line; every one ends in CR LF (sys_http_head saw to that). */
static slice next_line(slice *rest) {
    slice line = slice_until(rest, '\n');
    return line.n > 0 && line.p[line.n - 1] == '\r' ? slice_of(line.p, line.n - 1) : line;
}

static err read_fields(struct fields *fields, slice rest) {
    for (slice line; (line = next_line(&rest)).n > 0;) {
        slice value = line;
        slice name = slice_until(&value, ':');
        /* A folded line begins with a space, which no token does. */
        if (name.n == line.n || !sys_http_is_token(name))
            return ERR_MALFORMED;
        TRY(note_field(fields, name, sys_http_trim(value)));
    }
    return rest.n == 0 ? OK : ERR_MALFORMED;
}

/* ---- Requests ---- */

static err parse_target(struct sys_http_request *request) {
    slice target = request->target;
    if (target.n == 0 || target.p[0] != '/')
        return ERR_MALFORMED;
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] <= ' ' || target.p[i] >= 0x7f || target.p[i] == '#')
            return ERR_MALFORMED;
    request->query = target;
    request->path = slice_until(&request->query, '?');
    return OK;
}

static err parse_length(struct sys_http_request *request, const struct fields *fields) {
    bool coded = has_field(fields, "Transfer-Encoding");
    bool measured = has_field(fields, "Content-Length");
    if (coded && measured)
        return ERR_MALFORMED;
    request->body = coded;
    if (!measured)
        return OK;
    if (fields->length.n == 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < fields->length.n; i++) {
        if (fields->length.p[i] < '0' || fields->length.p[i] > '9')
            return ERR_MALFORMED;
        if (fields->length.p[i] != '0')
            request->body = true;
    }
    return OK;
}

/* Sixteen bytes in base64 (RFC 6455 section 4.1). */
static bool good_key(slice key) {
    buf bytes = {0};
    bool good = base64_decode(&bytes, key) == OK && bytes.n == 16;
    buf_free(&bytes);
    return good;
}

static bool asks_upgrade(const struct fields *fields) {
    return sys_http_has_token(fields->upgrade, "websocket") &&
           sys_http_has_token(fields->connection, "upgrade");
}

err sys_http_parse(struct sys_http_request *request, slice head) {
    *request = (struct sys_http_request){0};
    struct fields fields = {0};
    slice line = next_line(&head);
    request->method = slice_until(&line, ' ');
    request->target = slice_until(&line, ' ');
    bool newest = slice_equal(line, slice_str("HTTP/1.1"));
    if (!sys_http_is_token(request->method) ||
        (!newest && !slice_equal(line, slice_str("HTTP/1.0"))))
        return ERR_MALFORMED;
    TRY(parse_target(request));
    TRY(read_fields(&fields, head));
    TRY(parse_length(request, &fields));
    if (newest && !has_field(&fields, "Host"))
        return ERR_MALFORMED;
    request->key = fields.key;
    request->protocols = fields.protocol;
    request->codings = fields.codings;
    request->known = fields.known;
    request->upgrade = newest && asks_upgrade(&fields) && good_key(fields.key) &&
                       slice_equal(fields.version, slice_str("13"));
    return OK;
}

err sys_http_accept_key(slice key, buf *out) {
    static const char MAGIC[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t joined[24 + sizeof(MAGIC) - 1], hash[20];
    if (key.n != 24)
        return ERR_MALFORMED;
    memcpy(joined, key.p, 24);
    memcpy(joined + 24, MAGIC, sizeof(MAGIC) - 1);
    unsigned size = sizeof(hash);
    if (EVP_Digest(joined, sizeof(joined), hash, &size, EVP_sha1(), NULL) != 1)
        return ERR_NO_MEMORY;
    return base64_encode(out, SLICE_ARRAY(hash));
}

/* ---- Responses ---- */

err sys_http_parse_response(struct sys_http_response *response, slice head) {
    *response = (struct sys_http_response){0};
    struct fields fields = {0};
    slice line = next_line(&head);
    slice version = slice_until(&line, ' ');
    slice status = slice_until(&line, ' ');
    uint64_t number;
    if (!slice_equal(version, slice_str("HTTP/1.1")) || status.n != 3)
        return ERR_MALFORMED;
    TRY(decimal_decode(status, 999, &number));
    response->status = (int)number;
    TRY(read_fields(&fields, head));
    response->accept = fields.accept;
    response->protocol = fields.protocol;
    response->upgrade = asks_upgrade(&fields);
    return OK;
}
