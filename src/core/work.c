/* The work that the server wants before a card is put or given, in slices. */
#include "core/internal.h"

/* Hashes of one slice: a few hundredths of a second. */
enum { WORK_SLICE = 16384 };

err core_work_slice(struct work *work) {
    uint8_t hash[32];
    for (int i = 0; i < WORK_SLICE; i++, work->nonce++) {
        TRY(crypto_work_hash(PROTO_LABEL_WORK, work->challenge, work->type, work->place,
                             work->nonce, hash));
        if (crypto_work_bits(hash) >= work->bits)
            return OK;
    }
    return ERR_AGAIN;
}
