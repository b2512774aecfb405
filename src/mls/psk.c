/* Pre-shared keys (RFC 9420 sections 8.4, 8.6, 12.1.4). */
#include "mls/group.h"

bool mls_psk_id_equal(const struct mls_psk_id *a, const struct mls_psk_id *b) {
    return a->type == b->type && a->usage == b->usage && a->epoch == b->epoch &&
           slice_equal(buf_slice(&a->id), buf_slice(&b->id)) &&
           slice_equal(buf_slice(&a->nonce), buf_slice(&b->nonce));
}

err mls_psk_check_nonce(const struct mls_suite *suite, const struct mls_psk_id *id) {
    /* RFC 9420 rules 8.4-1, 11.3-4, 12.1.4-3: the nonce is KDF.Nh bytes long. */
    return id->nonce.n == suite->hash->len ? OK : ERR_MLS_PROPOSAL_LIST;
}

err mls_psk_check(const struct mls_suite *suite, const struct mls_psk_id *id) {
    /* RFC 9420 rules 12.1.4-1, 12.1.4-2: usages reinit and branch have their own operations. */
    if (id->type == MLS_PSK_RESUMPTION && id->usage != MLS_PSK_APPLICATION)
        return ERR_MLS_PROPOSAL_LIST;
    return mls_psk_check_nonce(suite, id);
}

/* NULL if the group does not have it any more. */
static const uint8_t *find_kept(const struct mls_group *group, uint64_t epoch) {
    if (!group->observer && !group->out && epoch == group->epoch->context.epoch)
        return group->epoch->secrets.resumption_psk;
    for (size_t i = 0; i < group->past_count; i++)
        if (group->past[i]->epoch == epoch)
            return group->past[i]->resumption_psk;
    return NULL;
}

err mls_group_resumption_psk(const struct mls_group *group, uint64_t epoch, uint8_t *out,
                             size_t *n) {
    const uint8_t *found = find_kept(group, epoch);
    if (found == NULL)
        return ERR_MLS_PSK;
    if (*n < group->suite->hash->len)
        return ERR_LIMIT;
    *n = group->suite->hash->len;
    memcpy(out, found, *n);
    return OK;
}

static err find_resumption(const struct mls_group *group, const struct mls_psk_id *id,
                           const struct mls_auth *auth, buf *own, slice *secret) {
    const uint8_t *kept = NULL;
    if (group != NULL && slice_equal(buf_slice(&id->id), mls_group_id(group)))
        kept = find_kept(group, id->epoch);
    if (kept != NULL) {
        *secret = slice_of(kept, group->suite->hash->len);
        return OK;
    }
    if (auth == NULL || auth->resumption == NULL)
        return ERR_MLS_PSK;
    TRY(auth->resumption(auth->ctx, buf_slice(&id->id), id->epoch, own));
    *secret = buf_slice(own);
    return OK;
}

static err find(const struct mls_group *group, const struct mls_psk_id *id,
                const struct mls_auth *auth, buf *own, slice *secret) {
    if (id->type == MLS_PSK_RESUMPTION)
        return find_resumption(group, id, auth, own, secret);
    if (auth == NULL || auth->psk == NULL)
        return ERR_MLS_PSK;
    TRY(auth->psk(auth->ctx, buf_slice(&id->id), own));
    *secret = buf_slice(own);
    return OK;
}

err mls_psk_id_new(struct mls_psk_id *id, const struct mls_suite *suite, enum mls_psk_usage usage,
                   slice name, uint64_t epoch, const struct mem *mem) {
    uint8_t nonce[CRYPTO_HASH_MAX];
    crypto_random(nonce, suite->hash->len);
    id->type = usage == 0 ? MLS_PSK_EXTERNAL : MLS_PSK_RESUMPTION;
    id->usage = (uint8_t)usage;
    id->epoch = epoch;
    TRY(mls_opaque_copy(&id->id, name, mem));
    return mls_opaque_copy(&id->nonce, slice_of(nonce, suite->hash->len), mem);
}

err mls_psk_secret(const struct mls_suite *suite, const struct mls_group *group,
                   const struct mls_psk_id *ids, size_t n, const struct mls_auth *auth,
                   uint8_t *psk_secret, const struct mem *mem) {
    if (n > MLS_PSKS_MAX)
        return ERR_LIMIT;
    buf *own = mem_new_array(mem, n, sizeof(*own)); /* what the application hands out */
    slice *secrets = mem_new_array(mem, n, sizeof(*secrets));
    err e = n != 0 && (own == NULL || secrets == NULL) ? ERR_NO_MEMORY : OK;
    for (size_t i = 0; e == OK && i < n; i++) {
        own[i] = buf_on(mem);
        e = find(group, &ids[i], auth, &own[i], &secrets[i]);
    }
    if (e == OK)
        e = mls_key_schedule_psk(suite, ids, secrets, n, psk_secret, mem);
    for (size_t i = 0; own != NULL && i < n; i++)
        buf_free(&own[i]);
    mem_free(mem, own, n * sizeof(*own));
    mem_free(mem, secrets, n * sizeof(*secrets));
    return e;
}
