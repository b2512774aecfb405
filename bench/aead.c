/* CPU time of sealing a frame, by cipher and library: what a session's cipher is chosen by. */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

enum { FRAME_MAX = 20000, KEY = 32, NONCE = 12, TAG = 16 };

static unsigned char key[KEY], nonce[NONCE], plain[FRAME_MAX], sealed[FRAME_MAX + TAG];
static EVP_CIPHER_CTX *gcm, *chacha;

static void sodium_chacha(size_t n) {
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, plain, n, NULL, 0, NULL, nonce, key);
}

static void sodium_gcm(size_t n) {
    crypto_aead_aes256gcm_encrypt(sealed, NULL, plain, n, NULL, 0, NULL, nonce, key);
}

static void openssl(EVP_CIPHER_CTX *ctx, size_t n) {
    int length;
    EVP_EncryptInit_ex(ctx, NULL, NULL, key, nonce);
    EVP_EncryptUpdate(ctx, sealed, &length, plain, (int)n);
    EVP_EncryptFinal_ex(ctx, sealed + n, &length);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, sealed + n);
}

static void openssl_chacha(size_t n) {
    openssl(chacha, n);
}

static void openssl_gcm(size_t n) {
    openssl(gcm, n);
}

static double cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double measure(void (*seal)(size_t n), size_t n) {
    int count = n < 4000 ? 200000 : 30000;
    double begun = cpu();
    for (int i = 0; i < count; i++) {
        nonce[0]++;
        seal(n);
    }
    return 1e6 * (cpu() - begun) / count;
}

int main(void) {
    static const size_t sizes[] = {256, 512, 1042, 2066, 16402};
    if (sodium_init() < 0 || !crypto_aead_aes256gcm_is_available()) {
        fprintf(stderr, "aead: this processor has no AES\n");
        return 1;
    }
    gcm = EVP_CIPHER_CTX_new();
    chacha = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, key, nonce);
    EVP_EncryptInit_ex(chacha, EVP_chacha20_poly1305(), NULL, key, nonce);
    printf(
        "| bytes | ChaCha20-Poly1305, libsodium | OpenSSL | AES-256-GCM, libsodium | OpenSSL |\n");
    printf("|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        printf("| %zu | %.2f us | %.2f | %.2f | %.2f |\n", sizes[i],
               measure(sodium_chacha, sizes[i]), measure(openssl_chacha, sizes[i]),
               measure(sodium_gcm, sizes[i]), measure(openssl_gcm, sizes[i]));
    EVP_CIPHER_CTX_free(gcm);
    EVP_CIPHER_CTX_free(chacha);
    return 0;
}
