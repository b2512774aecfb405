#include "crypto/internal.h"

err crypto_init(void) {
    return crypto_sodium_init();
}
