/* The chains that items are sealed by before they are written. A mailbox has one chain at a time;
 * its keys are in the memory that the configuration hands in, and are gone with each use. Whose
 * chain was used longest ago loses it when another mailbox needs one. */
#include "crypto/chain.h"
#include "server/internal.h"

struct mail_chain {
    struct mail_chain *newer, *older;
    struct mail_box *box; /* NULL: unused */
    struct crypto_chain chain;
};

size_t mail_chains_size(uint32_t chains) {
    return (size_t)chains * sizeof(struct mail_chain);
}

static void list_remove(struct mail *m, struct mail_chain *c) {
    *(c->newer == NULL ? &m->chain_newest : &c->newer->older) = c->older;
    *(c->older == NULL ? &m->chain_oldest : &c->older->newer) = c->newer;
}

static void add_newest(struct mail *m, struct mail_chain *c) {
    c->newer = NULL;
    c->older = m->chain_newest;
    *(m->chain_newest == NULL ? &m->chain_oldest : &m->chain_newest->newer) = c;
    m->chain_newest = c;
}

static void add_oldest(struct mail *m, struct mail_chain *c) {
    c->older = NULL;
    c->newer = m->chain_oldest;
    *(m->chain_oldest == NULL ? &m->chain_newest : &m->chain_oldest->older) = c;
    m->chain_oldest = c;
}

err mail_chains_init(struct mail *m) {
    struct mail_chain *chains = m->config.chain_memory;
    if (chains == NULL || m->config.chains == 0)
        return ERR_BUG;
    memset(chains, 0, mail_chains_size(m->config.chains));
    for (uint32_t i = 0; i < m->config.chains; i++)
        add_oldest(m, &chains[i]);
    return OK;
}

void mail_chains_fini(struct mail *m) {
    if (m->config.chain_memory != NULL)
        wipe(m->config.chain_memory, mail_chains_size(m->config.chains));
}

void mail_chain_end(struct mail *m, struct mail_box *box) {
    struct mail_chain *c = box->chain;
    if (c == NULL)
        return;
    wipe(&c->chain, sizeof c->chain);
    c->box = NULL;
    box->chain = NULL;
    list_remove(m, c);
    add_oldest(m, c);
}

static err begin(struct mail *m, struct mail_box *box) {
    struct mail_chain *c = m->chain_oldest;
    if (c->box != NULL)
        mail_chain_end(m, c->box);
    TRY(crypto_chain_begin(&c->chain, box->key));
    c->box = box;
    box->chain = c;
    return OK;
}

err mail_reseal(struct mail *m, struct mail_box *box, slice plain, struct held_item *row) {
    if (box->chain != NULL && box->chain->chain.count >= m->config.limits.chain_items)
        mail_chain_end(m, box);
    if (box->chain == NULL)
        TRY(begin(m, box));
    struct mail_chain *c = box->chain;
    list_remove(m, c);
    add_newest(m, c);
    TRY(buf_resize(&m->sealed, plain.n + CRYPTO_CHAIN_TAG));
    memcpy(row->chain, c->chain.name, sizeof row->chain);
    row->number = crypto_chain_number(&c->chain);
    row->sealed = buf_slice(&m->sealed);
    return crypto_chain_seal(&c->chain, m->sealed.p, plain);
}
