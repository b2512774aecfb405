/* Groups and staged commits as bytes. Each is versioned at its beginning; a reader accepts what the
 * writer writes, and groups as it wrote them before they ended with a checksum. */
#include "mls/commit.h"
#include "mls/leaf.h"
#include "mls/tree_changes.h"
#include "mls/tree_hash.h"

enum { GROUP_VERSION = 3, GROUP_VERSION_UNPROVEN = 2, STAGED_VERSION = 2 };

/* BLAKE2b over all before it. It is no protection from others, who don't get to write here; it
 * spares a load to do again what tells damage otherwise: the tree hash, and public keys of private
 * ones. */
enum { CHECKSUM = 32 };

/* What a group is to us. */
enum { ROLE_MEMBER = 0, ROLE_OUT = 1, ROLE_OBSERVER = 2 };

/* How a tree is written: whole, apart node by node, or as what differs from another. */
enum form { FORM_WHOLE = 0, FORM_PARTS = 1, FORM_CHANGES = 2 };

/* Everything that can't be read is DAMAGED, but for a lack of memory. */
static err damaged(err e) {
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_DAMAGED;
}

/* ---- Epochs ---- */

static void write_tree(writer *w, const struct mls_tree *tree, enum form form,
                       const struct mls_tree *before) {
    err e = OK;
    if (form == FORM_WHOLE)
        mls_tree_write(w, tree);
    else if (form == FORM_PARTS)
        writer_u32(w, tree->width);
    else
        e = mls_tree_changes_write(w, before, tree);
    if (e != OK)
        writer_fail(w, e);
}

/* before: for changes. */
static void write_epoch(writer *w, const struct mls_epoch *e, const struct mls_suite *suite,
                        enum form form, const struct mls_tree *before) {
    mls_group_context_write(w, &e->context);
    write_tree(w, &e->tree, form, before);
    mls_opaque_write(w, &e->confirmation_tag);
    mls_opaque_write(w, &e->interim_transcript_hash);
    if (e->keys.leaf == MLS_NODE_NONE)
        return; /* an observer's */
    mls_treekem_private_write(w, &e->keys, suite);
    mls_epoch_secrets_write(w, &e->secrets, suite);
    mls_secret_tree_write(w, &e->messages);
    mls_exporter_tree_write(w, &e->exports);
    mls_opaque_write(w, &e->signature_priv);
}

struct loading {
    const struct mem *mem;
    const struct mls_suite *suite;
    struct mls_limits limits;
    bool proven;  /* by its checksum */
    uint8_t role; /* only a member has private keys, and an observer no secrets at all */
    enum form form;
    const struct mls_parts *parts; /* FORM_PARTS */
    const struct mls_tree *before; /* FORM_CHANGES */
};

/* The nodes' parts come after the head's. */
static err next_node(void *ctx, uint32_t *x, slice *node) {
    const struct mls_parts *parts = ctx;
    uint32_t part;
    TRY(parts->next(parts->ctx, &part, node));
    if (part == 0 || node->n == 0)
        return ERR_DAMAGED;
    *x = part - 1;
    return OK;
}

static err read_tree(reader *r, struct mls_tree *tree, const struct loading *l) {
    uint32_t width;
    switch (l->form) {
    case FORM_WHOLE:
        return mls_tree_read(tree, r, l->suite, l->mem);
    case FORM_PARTS:
        TRY(reader_u32(r, &width));
        return mls_tree_assemble(tree, width, next_node, (void *)(uintptr_t)l->parts, l->suite,
                                 l->mem);
    case FORM_CHANGES:
        mls_tree_copy(tree, l->before);
        return mls_tree_changes_read(r, tree);
    }
    return ERR_BUG;
}

static err check_tree_hash(const struct mls_epoch *e, const struct loading *l) {
    uint8_t hash[CRYPTO_HASH_MAX];
    TRY(mls_tree_hash_root(&e->tree, hash));
    bool same = slice_equal(slice_of(hash, l->suite->hash->len), buf_slice(&e->context.tree_hash));
    return same ? OK : ERR_DAMAGED;
}

/* Context and tree, which must fit together: a checksum knows nothing of nodes that are apart. */
static err read_public(reader *r, struct mls_epoch *e, const struct loading *l) {
    TRY(mls_group_context_read(r, &e->context, l->mem));
    if (e->context.version != MLS_VERSION_10 || e->context.suite != l->suite->id)
        return ERR_DAMAGED;
    TRY(mls_extensions_check(&e->context.extensions, MLS_IN_GROUP_CONTEXT));
    TRY(read_tree(r, &e->tree, l));
    if (!l->proven || l->form == FORM_PARTS)
        TRY(check_tree_hash(e, l));
    return mls_epoch_encode_context(e, l->mem);
}

static err read_transcript(reader *r, struct mls_epoch *e, const struct loading *l) {
    size_t hash = l->suite->hash->len;
    TRY(mls_opaque_read(r, &e->confirmation_tag, l->mem));
    TRY(mls_opaque_read(r, &e->interim_transcript_hash, l->mem));
    return e->confirmation_tag.n == hash && e->interim_transcript_hash.n == hash ? OK : ERR_DAMAGED;
}

static err read_secret(reader *r, struct mls_epoch *e, const struct loading *l) {
    if (l->role == ROLE_OBSERVER) {
        e->keys.leaf = MLS_NODE_NONE;
        return OK;
    }
    TRY(mls_treekem_private_read(r, &e->keys, l->suite));
    TRY(mls_epoch_secrets_read(r, &e->secrets, l->suite));
    TRY(mls_secret_tree_read(r, &e->messages, l->suite, &l->limits, l->mem));
    TRY(mls_exporter_tree_read(r, &e->exports, l->suite, l->mem));
    TRY(mls_opaque_read(r, &e->signature_priv, l->mem));
    if (e->messages.width != e->tree.width || mls_tree_leaf(&e->tree, e->keys.leaf) == NULL)
        return ERR_DAMAGED;
    if (l->role == ROLE_OUT)
        return e->signature_priv.n == 0 && e->exports.count == 0 ? OK : ERR_DAMAGED;
    if (e->signature_priv.n != l->suite->sig->priv)
        return ERR_DAMAGED;
    return l->proven ? OK : mls_treekem_private_check(&e->keys, &e->tree);
}

static err read_epoch(reader *r, struct mls_epoch **epoch, const struct loading *l) {
    struct mls_epoch *e = mls_epoch_new(l->mem);
    *epoch = NULL;
    if (e == NULL)
        return ERR_NO_MEMORY;
    err result = read_public(r, e, l);
    if (result == OK)
        result = read_transcript(r, e, l);
    if (result == OK)
        result = read_secret(r, e, l);
    if (result == OK)
        *epoch = e;
    else
        mls_epoch_free(e, l->mem);
    return result;
}

/* ---- Past epochs ---- */

static void write_past(writer *w, const struct mls_past *p, const struct mls_suite *suite) {
    writer_u64(w, p->epoch);
    writer_u32(w, p->own_leaf);
    writer_bytes(w, slice_of(p->sender_data, suite->hash->len));
    writer_bytes(w, slice_of(p->resumption_psk, suite->hash->len));
    mls_opaque_write(w, &p->context_bytes);
    mls_secret_tree_write(w, &p->messages);
    size_t mark = writer_open(w);
    for (size_t i = 0; i < p->changed_count; i++) {
        writer_u32(w, p->changed[i].leaf);
        writer_u8(w, p->changed[i].blank);
        writer_u16(w, p->changed[i].credential);
        mls_opaque_write(w, &p->changed[i].identity);
        mls_opaque_write(w, &p->changed[i].signature_pub);
    }
    writer_close(w, mark);
}

static err read_old_leaf(reader *r, void *element, const struct mem *mem) {
    struct mls_old_leaf *old = element;
    TRY(reader_u32(r, &old->leaf));
    TRY(reader_bool(r, &old->blank));
    TRY(reader_u16(r, &old->credential));
    TRY(mls_opaque_read(r, &old->identity, mem));
    TRY(mls_opaque_read(r, &old->signature_pub, mem));
    return old->blank && (old->identity.n != 0 || old->signature_pub.n != 0) ? ERR_DAMAGED : OK;
}

static void free_old_leaf(void *element, const struct mem *mem) {
    struct mls_old_leaf *old = element;
    (void)mem;
    buf_free(&old->identity);
    buf_free(&old->signature_pub);
}

static const struct mls_list_kind old_leaves = {
    .size = sizeof(struct mls_old_leaf),
    .read = read_old_leaf,
    .free = free_old_leaf,
};

static err fill_past(reader *r, struct mls_past *p, const struct loading *l) {
    void *changed = NULL;
    TRY(reader_u64(r, &p->epoch));
    TRY(reader_u32(r, &p->own_leaf));
    TRY(reader_copy(r, p->sender_data, l->suite->hash->len));
    TRY(reader_copy(r, p->resumption_psk, l->suite->hash->len));
    TRY(mls_opaque_read(r, &p->context_bytes, l->mem));
    TRY(mls_secret_tree_read(r, &p->messages, l->suite, &l->limits, l->mem));
    TRY(mls_list_read(r, &old_leaves, &changed, &p->changed_count, l->mem));
    p->changed = changed;
    return OK;
}

static err read_past(reader *r, struct mls_group *g, const struct loading *l) {
    uint32_t count;
    uint64_t after = g->epoch->context.epoch;
    TRY(reader_u32(r, &count));
    if (count > l->limits.past_epochs)
        return ERR_DAMAGED;
    for (uint32_t i = 0; i < count; i++) {
        struct mls_past *p = mem_new(l->mem, sizeof(*p));
        if (p == NULL)
            return ERR_NO_MEMORY;
        g->past[g->past_count++] = p;
        TRY(fill_past(r, p, l));
        if (p->epoch >= after)
            return ERR_DAMAGED;
        after = p->epoch;
    }
    return OK;
}

/* ---- Pending proposals ---- */

static void write_pending(writer *w, const struct mls_pending *p, const struct mls_suite *suite) {
    writer_bytes(w, slice_of(p->ref, suite->hash->len));
    mls_sender_write(w, &p->sender);
    mls_proposal_write(w, &p->proposal);
    mls_opaque_write(w, &p->leaf_priv);
    mls_opaque_write(w, &p->signature_priv);
}

/* Only an Update of our own has keys with it. */
static err check_pending(const struct mls_pending *p, const struct mls_group *g) {
    bool own_update = p->proposal.type == MLS_PROPOSAL_UPDATE &&
                      mls_sender_is_leaf(&p->sender, g->epoch->keys.leaf);
    size_t leaf = own_update ? g->suite->kem->priv : 0, sig = own_update ? g->suite->sig->priv : 0;
    if (p->sender.type == MLS_SENDER_MEMBER &&
        mls_tree_leaf(&g->epoch->tree, p->sender.index) == NULL)
        return ERR_DAMAGED;
    if (p->proposal.type == MLS_PROPOSAL_SELF_REMOVE && p->sender.type != MLS_SENDER_MEMBER)
        return ERR_DAMAGED;
    return p->leaf_priv.n == leaf && p->signature_priv.n == sig ? OK : ERR_DAMAGED;
}

static err fill_pending(reader *r, struct mls_pending *p, const struct mls_group *g) {
    TRY(reader_copy(r, p->ref, g->suite->hash->len));
    TRY(mls_sender_read(r, &p->sender, g->mem));
    TRY(mls_proposal_read(r, &p->proposal, g->mem));
    TRY(mls_opaque_read(r, &p->leaf_priv, g->mem));
    TRY(mls_opaque_read(r, &p->signature_priv, g->mem));
    return check_pending(p, g);
}

static err read_pending(reader *r, struct mls_group *g) {
    uint32_t count;
    TRY(reader_u32(r, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct mls_pending *p = mem_new(g->mem, sizeof(*p));
        if (p == NULL)
            return ERR_NO_MEMORY;
        err e = fill_pending(r, p, g);
        if (e == OK)
            e = mls_pending_reserve(g, &p->sender);
        if (e != OK) {
            mls_pending_free(p, g->mem);
            return e;
        }
        mls_pending_add(g, p);
    }
    return OK;
}

/* ---- Groups ---- */

static void write_reinit(writer *w, bool is, const struct mls_proposal *reinit) {
    writer_u8(w, is);
    if (is)
        mls_proposal_write(w, reinit);
}

static err read_reinit(reader *r, bool *is, struct mls_proposal *reinit, const struct mem *mem) {
    TRY(reader_bool(r, is));
    if (!*is)
        return OK;
    TRY(mls_proposal_read(r, reinit, mem));
    return reinit->type == MLS_PROPOSAL_REINIT ? OK : ERR_DAMAGED;
}

static err checksum(uint8_t out[CHECKSUM], slice s) {
    return crypto_blake2b_keyed(out, CHECKSUM, SLICE_EMPTY, &s, 1);
}

static void write_checksum(writer *w, size_t from) {
    uint8_t sum[CHECKSUM];
    if (writer_result(w) != OK)
        return;
    err e = checksum(sum, slice_of(w->b->p + from, w->b->n - from));
    if (e != OK)
        writer_fail(w, e);
    writer_bytes(w, SLICE_ARRAY(sum));
}

static void write_group(writer *w, const struct mls_group *g, enum form form) {
    size_t from = w->b->n;
    writer_u16(w, GROUP_VERSION);
    writer_u8(w, (uint8_t)form);
    writer_u16(w, g->suite->id);
    writer_u32(w, g->limits.past_epochs);
    writer_u32(w, g->limits.out_of_order);
    writer_u32(w, g->limits.forward);
    writer_u32(w, g->limits.proposals);
    writer_u8(w, g->observer ? ROLE_OBSERVER : g->out ? ROLE_OUT : ROLE_MEMBER);
    write_reinit(w, g->ended, &g->reinit);
    write_epoch(w, g->epoch, g->suite, form, NULL);
    writer_u32(w, (uint32_t)g->past_count);
    for (size_t i = 0; i < g->past_count; i++)
        write_past(w, g->past[i], g->suite);
    writer_u8(w, g->leaving);
    writer_u32(w, (uint32_t)g->pending_count);
    for (size_t i = 0; i < g->pending_count; i++)
        write_pending(w, g->pending[i], g->suite);
    write_checksum(w, from);
}

err mls_group_save(const struct mls_group *group, buf *out) {
    size_t before = out->n;
    writer w = writer_on(out);
    write_group(&w, group, FORM_WHOLE);
    if (writer_result(&w) != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    return writer_result(&w);
}

/* Takes the checksum off the end. */
static err check_checksum(reader *r) {
    uint8_t sum[CHECKSUM];
    if (r->n < CHECKSUM)
        return ERR_DAMAGED;
    r->n -= CHECKSUM;
    TRY(checksum(sum, reader_rest(r)));
    return memcmp(sum, r->p + r->n, CHECKSUM) == 0 ? OK : ERR_DAMAGED;
}

static err read_version(reader *r, bool *proven) {
    uint16_t version;
    reader at = *r;
    TRY(reader_u16(&at, &version));
    *proven = version == GROUP_VERSION;
    if (*proven)
        TRY(check_checksum(r));
    else if (version != GROUP_VERSION_UNPROVEN)
        return ERR_DAMAGED;
    return reader_u16(r, &version);
}

static err read_head(reader *r, struct loading *l) {
    uint16_t suite;
    uint8_t form;
    TRY(read_version(r, &l->proven));
    TRY(reader_u8(r, &form));
    if (form != l->form)
        return ERR_DAMAGED;
    TRY(reader_u16(r, &suite));
    l->suite = mls_suite_find(suite);
    if (l->suite == NULL)
        return ERR_DAMAGED;
    TRY(reader_u32(r, &l->limits.past_epochs));
    TRY(reader_u32(r, &l->limits.out_of_order));
    TRY(reader_u32(r, &l->limits.forward));
    TRY(reader_u32(r, &l->limits.proposals));
    TRY(reader_u8(r, &l->role));
    return l->role <= ROLE_OBSERVER && l->limits.proposals != 0 ? OK : ERR_DAMAGED;
}

static err read_rest(reader *r, struct mls_group *g, const struct loading *l) {
    g->out = l->role == ROLE_OUT;
    g->observer = l->role == ROLE_OBSERVER;
    TRY(read_past(r, g, l));
    TRY(reader_bool(r, &g->leaving));
    if (g->leaving && l->role != ROLE_MEMBER)
        return ERR_DAMAGED;
    TRY(read_pending(r, g));
    return reader_end(r);
}

static err load(struct mls_group **group, slice head, struct loading *l) {
    struct mls_epoch *epoch = NULL;
    struct mls_proposal reinit = {0};
    bool ended = false;
    reader r = reader_of(head);
    *group = NULL;
    err e = read_head(&r, l);
    if (e == OK)
        e = read_reinit(&r, &ended, &reinit, l->mem);
    if (e == OK)
        e = read_epoch(&r, &epoch, l);
    if (e == OK)
        e = mls_group_wrap(group, l->suite, epoch, &l->limits, l->mem);
    if (e == OK) { /* hand-over */
        (*group)->ended = ended;
        (*group)->reinit = reinit;
        reinit = (struct mls_proposal){0};
        e = read_rest(&r, *group, l);
    }
    mls_proposal_free(&reinit, l->mem);
    if (e != OK) {
        mls_group_free(*group);
        *group = NULL;
    }
    return damaged(e);
}

err mls_group_load(struct mls_group **group, slice saved, const struct mem *mem) {
    struct loading l = {.mem = mem, .form = FORM_WHOLE};
    return load(group, saved, &l);
}

/* ---- In parts ---- */

static err put_node(void *ctx, uint32_t x, slice node) {
    const struct mls_parts *parts = ctx;
    return parts->put(parts->ctx, x + 1, node);
}

err mls_group_save_parts(struct mls_group *group, const struct mls_parts *parts) {
    buf head = buf_on(group->mem);
    writer w = writer_on(&head);
    write_group(&w, group, FORM_PARTS);
    err e = writer_result(&w);
    if (e == OK)
        e = parts->put(parts->ctx, 0, buf_slice(&head));
    if (e == OK)
        e = mls_tree_changes(&group->saved, &group->epoch->tree, put_node,
                             (void *)(uintptr_t)parts);
    buf_free(&head);
    if (e != OK)
        return e;
    mls_tree_free(&group->saved);
    mls_tree_copy(&group->saved, &group->epoch->tree);
    return OK;
}

err mls_group_load_parts(struct mls_group **group, const struct mls_parts *parts,
                         const struct mem *mem) {
    struct loading l = {.mem = mem, .form = FORM_PARTS, .parts = parts};
    buf head = buf_on(mem);
    uint32_t part;
    slice value;
    *group = NULL;
    err e = parts->next(parts->ctx, &part, &value);
    if (e == OK && part != 0)
        e = ERR_DAMAGED;
    if (e == OK) /* the next call would take it away */
        e = buf_set(&head, value);
    if (e == OK)
        e = load(group, buf_slice(&head), &l);
    if (e == OK)
        mls_tree_copy(&(*group)->saved, &(*group)->epoch->tree);
    buf_free(&head);
    return e == ERR_NOT_FOUND ? ERR_DAMAGED : e;
}

/* ---- Staged commits ---- */

static uint8_t staged_role(const struct mls_staged *s) {
    if (s->removes_us)
        return ROLE_OUT;
    return s->next->keys.leaf == MLS_NODE_NONE ? ROLE_OBSERVER : ROLE_MEMBER;
}

static void write_staged(writer *w, const struct mls_staged *s) {
    writer_u16(w, STAGED_VERSION);
    writer_u16(w, s->suite->id);
    writer_u32(w, s->committer);
    writer_u8(w, staged_role(s));
    writer_u8(w, s->external);
    writer_u8(w, s->new_extensions);
    write_reinit(w, s->is_reinit, &s->reinit);
    if (s->removes_us) { /* no secrets there */
        mls_group_context_write(w, &s->next->context);
        write_tree(w, &s->next->tree, FORM_CHANGES, &s->before);
    } else {
        write_epoch(w, s->next, s->suite, FORM_CHANGES, &s->before);
    }
    writer_u32(w, (uint32_t)s->change_count);
    for (size_t i = 0; i < s->change_count; i++) {
        writer_u8(w, (uint8_t)s->changes[i].what);
        writer_u32(w, s->changes[i].leaf);
        mls_sender_write(w, &s->changes[i].by);
    }
}

err mls_staged_save(const struct mls_staged *staged, buf *out) {
    size_t before = out->n;
    writer w = writer_on(out);
    write_staged(&w, staged);
    if (writer_result(&w) != OK)
        (void)!buf_resize(out, before); /* shrinking can't fail */
    return writer_result(&w);
}

struct loading_staged {
    struct loading l;
    uint32_t committer;
    bool external, is_reinit;
    struct mls_epoch *next;
    struct mls_proposal reinit, external_init;
    struct mls_applied applied;
};

static err read_staged_epoch(reader *r, struct loading_staged *s) {
    if (s->l.role != ROLE_OUT)
        return read_epoch(r, &s->next, &s->l);
    s->next = mls_epoch_new(s->l.mem);
    return s->next == NULL ? ERR_NO_MEMORY : read_public(r, s->next, &s->l);
}

static err read_change(reader *r, struct mls_staged_change *c, const struct loading_staged *s,
                       const struct mls_tree *before) {
    uint8_t what;
    TRY(reader_u8(r, &what));
    TRY(reader_u32(r, &c->leaf));
    TRY(mls_sender_read(r, &c->by, s->l.mem));
    c->what = what;
    const struct mls_tree *tree = what == MLS_REMOVED ? before : &s->next->tree;
    if (what < MLS_ADDED || what > MLS_UPDATED || mls_tree_leaf(tree, c->leaf) == NULL)
        return ERR_DAMAGED;
    return OK;
}

static err read_changes(reader *r, struct loading_staged *s, const struct mls_tree *before) {
    enum { CHANGE_MIN = 1 + 4 + 1 };
    struct mls_applied *a = &s->applied;
    uint32_t count;
    TRY(reader_u32(r, &count));
    if (count > r->n / CHANGE_MIN)
        return ERR_DAMAGED;
    a->changes = mem_new_array(s->l.mem, count, sizeof(*a->changes));
    if (a->changes == NULL && count != 0)
        return ERR_NO_MEMORY;
    a->room = a->change_count = count;
    for (uint32_t i = 0; i < count; i++)
        TRY(read_change(r, &a->changes[i], s, before));
    return OK;
}

static err read_staged_head(reader *r, struct loading_staged *s, const struct mls_group *group) {
    uint16_t version, suite;
    TRY(reader_u16(r, &version));
    if (version != STAGED_VERSION)
        return ERR_DAMAGED;
    TRY(reader_u16(r, &suite));
    if (suite != group->suite->id)
        return ERR_DAMAGED;
    TRY(reader_u32(r, &s->committer));
    TRY(reader_u8(r, &s->l.role));
    if (s->l.role > ROLE_OBSERVER)
        return ERR_DAMAGED;
    TRY(reader_bool(r, &s->external));
    TRY(reader_bool(r, &s->applied.new_extensions));
    TRY(read_reinit(r, &s->is_reinit, &s->reinit, s->l.mem));
    s->applied.removes_us = s->l.role == ROLE_OUT;
    s->applied.reinit = s->is_reinit ? &s->reinit : NULL;
    s->applied.external_init = s->external ? &s->external_init : NULL;
    return OK;
}

static err read_staged(reader *r, struct loading_staged *s, const struct mls_group *group) {
    TRY(read_staged_head(r, s, group));
    TRY(read_staged_epoch(r, s));
    TRY(read_changes(r, s, &group->epoch->tree));
    TRY(reader_end(r));
    const struct mls_tree *tree = s->external ? &s->next->tree : &group->epoch->tree;
    return mls_tree_leaf(tree, s->committer) == NULL ? ERR_DAMAGED : OK;
}

/* It must continue the group as it is. */
static err check_fits(const struct loading_staged *s, const struct mls_group *group) {
    if (!slice_equal(buf_slice(&s->next->context.group_id), mls_group_id(group)))
        return ERR_MLS_GROUP_ID;
    return s->next->context.epoch == mls_group_epoch(group) + 1 ? OK : ERR_MLS_EPOCH;
}

err mls_staged_load(struct mls_staged **staged, const struct mls_group *group, slice saved) {
    const struct mem *mem = group->mem;
    struct loading_staged s = {.l = {.mem = mem,
                                     .suite = group->suite,
                                     .limits = group->limits,
                                     .form = FORM_CHANGES,
                                     .before = &group->epoch->tree}};
    reader r = reader_of(saved);
    *staged = NULL;
    err e = damaged(read_staged(&r, &s, group));
    if (e == OK)
        e = check_fits(&s, group);
    if (e == OK) {
        struct mls_epoch *next = s.next;
        s.next = NULL;
        e = mls_staged_new(staged, group, next, s.committer, &s.applied);
    }
    mls_epoch_free(s.next, mem);
    mls_proposal_free(&s.reinit, mem);
    mem_free(mem, s.applied.changes, s.applied.room * sizeof(*s.applied.changes));
    return e;
}
