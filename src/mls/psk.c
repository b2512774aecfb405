/* Pre-shared keys (RFC 9420 sections 8.4, 8.6, 12.1.4). */
#include "mls/group.h"

bool mls_psk_id_equal(const struct mls_psk_id *a, const struct mls_psk_id *b) {
    return a->type == b->type && a->usage == b->usage && a->epoch == b->epoch &&
           slice_equal(buf_slice(&a->id), buf_slice(&b->id)) &&
           slice_equal(buf_slice(&a->nonce), buf_slice(&b->nonce));
}

err mls_psk_check(const struct mls_suite *suite, const struct mls_psk_id *id) {
    /* RFC 9420 s.12.1.4: usages reinit and branch belong to their own operations. */
    if (id->type == MLS_PSK_RESUMPTION && id->usage != MLS_PSK_APPLICATION)
        return ERR_MLS_PROPOSAL_LIST;
    /* RFC 9420 s.12.1.4: the nonce is KDF.Nh bytes long. */
    return id->nonce.n == suite->hash->len ? OK : ERR_MLS_PROPOSAL_LIST;
}

/* The resumption PSK of an epoch of this group that is still kept. */
static err find_resumption(const struct mls_group *group, const struct mls_psk_id *id,
                           slice *secret) {
    if (group == NULL || !slice_equal(buf_slice(&id->id), mls_group_id(group)))
        return ERR_MLS_PSK;
    const uint8_t *found = NULL;
    if (id->epoch == group->epoch->context.epoch)
        found = group->epoch->secrets.resumption_psk;
    for (size_t i = 0; i < group->past_count; i++)
        if (group->past[i]->epoch == id->epoch)
            found = group->past[i]->resumption_psk;
    if (found == NULL)
        return ERR_MLS_PSK;
    *secret = slice_of(found, group->suite->hash->len);
    return OK;
}

static err find(const struct mls_group *group, const struct mls_psk_id *id,
                const struct mls_auth *auth, buf *own, slice *secret) {
    if (id->type == MLS_PSK_RESUMPTION)
        return find_resumption(group, id, secret);
    if (auth == NULL || auth->psk == NULL)
        return ERR_MLS_PSK;
    TRY(auth->psk(auth->ctx, buf_slice(&id->id), own));
    *secret = buf_slice(own);
    return OK;
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
