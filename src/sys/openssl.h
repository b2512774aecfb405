/* OpenSSL's headers. One of their types has the name of one of our errors, and goes by another
 * here. */
#ifndef SOTTO_SYS_OPENSSL_H
#define SOTTO_SYS_OPENSSL_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#endif
