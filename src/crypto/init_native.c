#include "crypto/internal.h"

err crypto_init(void) {
    TRY(crypto_sodium_init());
    return crypto_openssl_init();
}
