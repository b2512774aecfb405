#include "sys/tls.h"

#include "sys/address.h"
#include "sys/conn.h"
#include "sys/openssl.h"

struct sys_tls {
    SSL_CTX *ctx;
    bool server, verify;
};

/* Counts the other side's KeyUpdates. */
static void on_tls_message(int sent, int version, int type, const void *bytes, size_t n, SSL *ssl,
                           void *ctx) {
    struct sys_conn *conn = ctx;
    (void)version, (void)ssl;
    if (!sent && type == SSL3_RT_HANDSHAKE && n > 0 &&
        *(const uint8_t *)bytes == SSL3_MT_KEY_UPDATE)
        conn->key_updates++;
}

/* What both ends agree on. */
static SSL_CTX *context_new(const SSL_METHOD *method) {
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* A read comes back after each record: records without data must not keep us there. */
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_msg_callback(ctx, on_tls_message);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_num_tickets(ctx, 0) != 1 || SSL_CTX_set_max_early_data(ctx, 0) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static err tls_new(struct sys_tls **out, const SSL_METHOD *method, bool server) {
    struct sys_tls *tls = mem_new(NULL, sizeof(*tls));
    if (tls == NULL)
        return ERR_NO_MEMORY;
    tls->server = server;
    tls->ctx = context_new(method);
    if (tls->ctx == NULL) {
        mem_free(NULL, tls, sizeof(*tls));
        return ERR_NO_MEMORY;
    }
    *out = tls;
    return OK;
}

void sys_tls_free(struct sys_tls *tls) {
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->ctx);
    mem_free(NULL, tls, sizeof(*tls));
}

/* Never asks at a terminal for the passphrase of an encrypted key. */
static int no_passphrase(char *p, int size, int writing, void *ctx) {
    (void)p, (void)size, (void)writing, (void)ctx;
    return 0;
}

static err use_certificates(SSL_CTX *ctx, BIO *pem) {
    X509 *own = PEM_read_bio_X509(pem, NULL, no_passphrase, NULL);
    if (own == NULL)
        return ERR_MALFORMED;
    int used = SSL_CTX_use_certificate(ctx, own);
    X509_free(own);
    if (used != 1)
        return ERR_MALFORMED;
    for (X509 *next; (next = PEM_read_bio_X509(pem, NULL, no_passphrase, NULL)) != NULL;) {
        if (SSL_CTX_add0_chain_cert(ctx, next) != 1) {
            X509_free(next);
            return ERR_MALFORMED;
        }
    }
    return OK;
}

static err use_key(SSL_CTX *ctx, BIO *pem) {
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL);
    if (key == NULL)
        return ERR_MALFORMED;
    int used = SSL_CTX_use_PrivateKey(ctx, key);
    EVP_PKEY_free(key);
    return used == 1 && SSL_CTX_check_private_key(ctx) == 1 ? OK : ERR_IDENTITY;
}

err sys_tls_server_new(struct sys_tls **out, slice certificates_pem, slice key_pem) {
    if (certificates_pem.n > INT32_MAX || key_pem.n > INT32_MAX)
        return ERR_TOO_LARGE;
    if (certificates_pem.n == 0 || key_pem.n == 0)
        return ERR_MALFORMED;
    struct sys_tls *tls;
    TRY(tls_new(&tls, TLS_server_method(), true));
    BIO *certificates = BIO_new_mem_buf(certificates_pem.p, (int)certificates_pem.n);
    BIO *key = BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
    err result = certificates == NULL || key == NULL ? ERR_NO_MEMORY : OK;
    if (result == OK)
        result = use_certificates(tls->ctx, certificates);
    if (result == OK)
        result = use_key(tls->ctx, key);
    BIO_free(certificates);
    BIO_free(key);
    ERR_clear_error();
    if (result != OK) {
        sys_tls_free(tls);
        return result;
    }
    *out = tls;
    return OK;
}

err sys_tls_client_new(struct sys_tls **out, enum sys_tls_trust trust) {
    struct sys_tls *tls;
    TRY(tls_new(&tls, TLS_client_method(), false));
    tls->verify = trust == SYS_TLS_SYSTEM;
    SSL_CTX_set_verify(tls->ctx, tls->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    if (tls->verify && SSL_CTX_set_default_verify_paths(tls->ctx) != 1) {
        sys_tls_free(tls);
        return ERR_IO;
    }
    *out = tls;
    return OK;
}

struct sys_tls *sys_tls_share(struct sys_tls *tls) {
    struct sys_tls *copy = mem_new(NULL, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    *copy = *tls;
    SSL_CTX_up_ref(copy->ctx);
    return copy;
}

/* A name goes into the handshake so that a server with several certificates can choose; a number
 * may not (RFC 6066 section 3). */
static bool expect_host(SSL *ssl, const char *host, bool verify) {
    bool number = sys_host_is_number(host);
    if (!number && SSL_set_tlsext_host_name(ssl, host) != 1)
        return false;
    if (!verify)
        return true;
    if (number)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1;
}

err sys_tls_start(struct sys_conn *conn, struct sys_tls *tls, const char *host) {
    SSL *ssl = SSL_new(tls->ctx);
    if (ssl == NULL)
        return ERR_NO_MEMORY;
    if (SSL_set_fd(ssl, conn->fd) != 1 || (!tls->server && !expect_host(ssl, host, tls->verify))) {
        SSL_free(ssl);
        ERR_clear_error();
        return ERR_NO_MEMORY;
    }
    SSL_set_msg_callback_arg(ssl, conn);
    if (tls->server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    conn->ssl = ssl;
    return OK;
}

err sys_tls_days_left(slice certificates_pem, int *days) {
    int seconds = 0;
    if (certificates_pem.n > INT32_MAX)
        return ERR_TOO_LARGE;
    BIO *bytes = BIO_new_mem_buf(certificates_pem.p, (int)certificates_pem.n);
    X509 *first = bytes == NULL ? NULL : PEM_read_bio_X509(bytes, NULL, NULL, NULL);
    err result =
        first != NULL && ASN1_TIME_diff(days, &seconds, NULL, X509_get0_notAfter(first)) == 1
            ? OK
            : ERR_MALFORMED;
    if (result == OK && (*days < 0 || seconds < 0))
        *days -= 1; /* both have one sign, and less than a day is a day */
    X509_free(first);
    BIO_free(bytes);
    return result;
}
