#include <errno.h>

#include "sys/conn.h"
#include "sys/files.h"
#include "sys/openssl.h"

/* Each costs us two key derivations and nothing to whoever sends them; nobody needs many. */
enum { KEY_UPDATES_MAX = 32 };

/* What a call on the SSL object that returned n <= 0 means. */
static err tls_failure(struct sys_conn *conn, int n) {
    int number = errno;
    switch (SSL_get_error(conn->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        return ERR_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        conn->wants_write = true;
        return ERR_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return ERR_CLOSED;
    case SSL_ERROR_SYSCALL:
        return number == 0 ? ERR_CLOSED : sys_err_from_errno(number);
    default:
        break;
    }
    if (SSL_get_verify_result(conn->ssl) != X509_V_OK)
        return ERR_IDENTITY;
    /* The stream ended without the goodbye that TLS asks for. */
    bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    ERR_clear_error();
    return cut ? ERR_CLOSED : ERR_MALFORMED;
}

static err tls_read(struct sys_conn *conn, uint8_t *p, size_t size, size_t *n) {
    ERR_clear_error();
    errno = 0;
    int got = SSL_read(conn->ssl, p, size > INT32_MAX ? INT32_MAX : (int)size);
    if (conn->key_updates > KEY_UPDATES_MAX)
        return ERR_MALFORMED;
    if (got <= 0)
        return tls_failure(conn, got);
    *n = (size_t)got;
    return OK;
}

static err tls_write(struct sys_conn *conn, const uint8_t *p, size_t size, size_t *n) {
    ERR_clear_error();
    errno = 0;
    int put = SSL_write(conn->ssl, p, size > INT32_MAX ? INT32_MAX : (int)size);
    if (put <= 0)
        return tls_failure(conn, put);
    *n = (size_t)put;
    return OK;
}

static err tls_greet(struct sys_conn *conn) {
    ERR_clear_error();
    errno = 0;
    int done = SSL_do_handshake(conn->ssl);
    return done == 1 ? OK : tls_failure(conn, done);
}

static bool tls_pending(const struct sys_conn *conn) {
    return conn->ssl != NULL && SSL_has_pending(conn->ssl);
}

static void tls_goodbye(struct sys_conn *conn) {
    ERR_clear_error();
    /* One try: whether it goes out or not, the connection ends. */
    SSL_shutdown(conn->ssl);
    ERR_clear_error();
}

static void tls_free(struct sys_conn *conn) {
    SSL_free(conn->ssl);
    conn->ssl = NULL;
}

const struct sys_wire sys_wire_tls = {
    .read = tls_read,
    .write = tls_write,
    .greet = tls_greet,
    .pending = tls_pending,
    .goodbye = tls_goodbye,
    .free = tls_free,
};
