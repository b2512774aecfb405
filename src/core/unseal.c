/* Opens what the server sealed to our mailbox key before it stored it (crypto/chain.h). Items come
 * in the order of their chain, so the chain is kept at its next one; an item that was there before,
 * or is of another chain, is reached from that chain's start. */
#include "core/internal.h"

static err open_parcel(struct crypto_chain *chain, const struct proto_delivery *d, buf *plain) {
    if (d->sealed.n < CRYPTO_CHAIN_TAG)
        return ERR_CRYPTO;
    TRY(buf_resize(plain, d->sealed.n - CRYPTO_CHAIN_TAG));
    return crypto_chain_open(chain, d->number, plain->p, d->sealed);
}

static err open_from_start(struct core *core, const struct proto_delivery *d, const uint8_t *priv,
                           buf *plain) {
    struct crypto_chain chain;
    err e = crypto_chain_follow(&chain, d->chain, priv);
    if (e == OK)
        e = open_parcel(&chain, d, plain);
    if (e == OK)
        core->chain = chain;
    wipe(&chain, sizeof chain);
    return e;
}

static err open_with_keys(struct core *core, const struct proto_delivery *d, buf *plain) {
    const struct record_account *a = &core->account.r;
    err e = ERR_REPEAT;
    if (memcmp(core->chain.name, d->chain, sizeof d->chain) == 0)
        e = open_parcel(&core->chain, d, plain);
    if (e != ERR_REPEAT)
        return e;
    e = open_from_start(core, d, a->mailbox_priv, plain);
    if (e == ERR_CRYPTO && a->old_until != 0)
        e = open_from_start(core, d, a->old_mailbox_priv, plain);
    return e;
}

err core_unseal(struct core *core, const struct proto_delivery *sealed, buf *plain,
                struct delivery *d) {
    struct proto_parcel parcel;
    TRY(open_with_keys(core, sealed, plain));
    TRY(proto_parcel_decode(buf_slice(plain), &parcel));
    memcpy(d->serial, parcel.serial, sizeof d->serial);
    /* In place of the copy, whose life ends here. */
    if (parcel.marked)
        d->mark = slice_of(plain->p + sizeof parcel.serial + 1, PROTO_MARK);
    d->item = parcel.item;
    return OK;
}
