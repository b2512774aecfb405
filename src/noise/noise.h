/* The session's handshake: Noise_NKhfs_25519+ML-KEM-768_AESGCM_BLAKE2b where both ends have AES in
 * hardware, else Noise_NKhfs_25519+ML-KEM-768_ChaChaPoly_BLAKE2b (Noise Protocol
 * Framework, revision 34, with the extension for hybrid forward secrecy), as a pure engine: bytes
 * in, bytes out.
 *
 *   -> e, es, e1        (client: it knows the server's static key)
 *   <- e, ee, ekem1
 *
 * So whoever records a session and has a quantum computer later finds X25519 open and ML-KEM-768
 * (FIPS 203) closed. Then each side has a cipher for each direction. No I/O. */
#ifndef SOTTO_NOISE_NOISE_H
#define SOTTO_NOISE_NOISE_H

#include "crypto/crypto.h"

enum {
    NOISE_KEY = 32,
    NOISE_HASH = 64,
    NOISE_TAG = 16,
    NOISE_MESSAGE_MAX = 65535,
    NOISE_REKEY_EVERY = 65536, /* transport messages of one direction */
    /* Bytes of the handshake's messages beside their payloads. */
    NOISE_FIRST_OVERHEAD = NOISE_KEY + CRYPTO_MLKEM_PUB + NOISE_TAG + NOISE_TAG,
    NOISE_SECOND_OVERHEAD = NOISE_KEY + CRYPTO_MLKEM_ENC + NOISE_TAG + NOISE_TAG
};

enum noise_aead { NOISE_CHACHAPOLY, NOISE_AESGCM };

struct noise_cipher {
    uint8_t key[NOISE_KEY];
    uint64_t nonce; /* the next one; at 2^64-1 the cipher refuses (LIMIT) */
    bool ready, aes;
};

struct noise_handshake {
    bool initiator;
    uint8_t step; /* 0: first message due, 1: second due, 2: done, 3: failed */
    uint8_t h[NOISE_HASH], ck[NOISE_HASH];
    struct noise_cipher cipher;
    uint8_t e_priv[NOISE_KEY], e_pub[NOISE_KEY];
    uint8_t s_priv[NOISE_KEY]; /* responder */
    uint8_t s_pub[NOISE_KEY];  /* of the responder */
    uint8_t re[NOISE_KEY];
    uint8_t e1_priv[CRYPTO_MLKEM_PRIV]; /* initiator */
    uint8_t re1[CRYPTO_MLKEM_PUB];      /* responder */
    /* Of known-answer tests alone: the private key to use, and the seeds of e1 (64 bytes) and of
     * ekem1 (32); without e1 and ekem1 at all, which is Noise_NK_25519_ChaChaPoly_BLAKE2b. */
    const uint8_t *test_ephemeral, *test_e1, *test_ekem1;
    bool test_plain;
};

/* server_pub: the responder's static key; server_priv: NULL on the initiator's side. */
MUST err noise_start_with(struct noise_handshake *hs, enum noise_aead aead, bool initiator,
                          const uint8_t *server_pub, const uint8_t *server_priv, slice prologue);
/* With ChaChaPoly, which everybody has. */
MUST err noise_start(struct noise_handshake *hs, bool initiator, const uint8_t *server_pub,
                     const uint8_t *server_priv, slice prologue);
/* Of known-answer tests alone. */
MUST err noise_start_plain(struct noise_handshake *hs, bool initiator, const uint8_t *server_pub,
                           const uint8_t *server_priv, slice prologue);
/* Appends the handshake message that is due. STATE if it is the other side's turn (nothing
 * changes); any other failure than TOO_LARGE for the payload ends the handshake. */
MUST err noise_write(struct noise_handshake *hs, buf *out, slice payload);
/* Reads the other side's; appends its payload. STATE if it is not due. CRYPTO if it does not
 * authenticate, TRUNCATED, TOO_LARGE, NO_MEMORY: the handshake has failed and is wiped. */
MUST err noise_read(struct noise_handshake *hs, buf *payload, slice message);
/* After step 2: the two ciphers (send and receive as seen from this side) and the handshake hash
 * that a device signs. The handshake is wiped. STATE before. */
MUST err noise_split(struct noise_handshake *hs, struct noise_cipher *send,
                     struct noise_cipher *receive, uint8_t hash[NOISE_HASH]);
void noise_wipe(struct noise_handshake *hs);

/* Transport messages: appends the sealed or opened bytes. plain.n + tag at most NOISE_MESSAGE_MAX
 * (TOO_LARGE). On failure out, the key and the nonce stay as they were. After NOISE_REKEY_EVERY
 * messages both sides change the key (section 11.3): the one before opens nothing any more. */
MUST err noise_seal(struct noise_cipher *c, buf *out, slice plain);
MUST err noise_open(struct noise_cipher *c, buf *out, slice sealed);

#endif
