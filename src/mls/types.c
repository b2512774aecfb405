/* What a tree and an update path are made of (RFC 9420 sections 5, 7, 10). */
#include "mls/types.h"

/* ---- Parts that several structures share ---- */

static void *no_memory(void *ctx, void *p, size_t old, size_t size) {
    (void)ctx;
    (void)p;
    (void)old;
    (void)size;
    return NULL;
}
const struct mem mls_in_place = {.resize = no_memory};

err mls_opaque_copy(buf *to, slice from, const struct mem *mem) {
    *to = buf_on(mem);
    if (from.n == 0)
        return OK;
    to->p = mem_new(mem, from.n);
    if (to->p == NULL)
        return ERR_NO_MEMORY;
    memcpy(to->p, from.p, from.n);
    to->n = to->cap = from.n;
    return OK;
}

err mls_opaque_read(reader *r, buf *b, const struct mem *mem) {
    slice s;
    reader at = *r;
    TRY(reader_vec(&at, &s));
    if (mem == &mls_in_place)
        *b = mls_borrow(s);
    else
        TRY(mls_opaque_copy(b, s, mem));
    *r = at;
    return OK;
}

void mls_opaque_write(writer *w, const buf *b) {
    writer_vec(w, buf_slice(b));
}

err mls_u16s_read(reader *r, struct mls_u16s *v, const struct mem *mem) {
    reader at = *r;
    TRY(mls_opaque_read(&at, &v->data, mem));
    if (v->data.n % 2 != 0) {
        mls_u16s_free(v, mem);
        return ERR_MALFORMED;
    }
    *r = at;
    return OK;
}

void mls_u16s_write(writer *w, const struct mls_u16s *v) {
    mls_opaque_write(w, &v->data);
}

void mls_u16s_free(struct mls_u16s *v, const struct mem *mem) {
    (void)mem;
    buf_free(&v->data);
}

bool mls_u16s_have(const struct mls_u16s *v, uint16_t value) {
    for (size_t i = 0; i < mls_u16s_count(v); i++)
        if (mls_u16s_at(v, i) == value)
            return true;
    return false;
}

err mls_u32s_read(reader *r, struct mls_u32s *v, const struct mem *mem) {
    reader at = *r, inner;
    *v = (struct mls_u32s){0};
    TRY(reader_open(&at, &inner));
    if (inner.n % 4 != 0)
        return ERR_MALFORMED;
    size_t n = inner.n / 4;
    uint32_t *p = mem_new_array(mem, n, sizeof(*p));
    if (p == NULL && n != 0)
        return ERR_NO_MEMORY;
    *v = (struct mls_u32s){p, n};
    for (size_t i = 0; i < n; i++)
        TRY(reader_u32(&inner, &p[i]));
    *r = at;
    return OK;
}

void mls_u32s_write(writer *w, const struct mls_u32s *v) {
    size_t mark = writer_open(w);
    for (size_t i = 0; i < v->n; i++)
        writer_u32(w, v->p[i]);
    writer_close(w, mark);
}

int mls_u32_order(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

void mls_u32s_free(struct mls_u32s *v, const struct mem *mem) {
    mem_free(mem, v->p, v->n * sizeof(*v->p));
    *v = (struct mls_u32s){0};
}

void mls_list_free(const struct mls_list_kind *kind, void *p, size_t n, const struct mem *mem) {
    for (size_t i = 0; i < n; i++)
        kind->free((uint8_t *)p + i * kind->size, mem);
    mem_free(mem, p, n * kind->size);
}

/* Elements that are being read: the room doubles, and what was not used is given back at the end.
 */
struct growing {
    uint8_t *p;
    size_t n, room;
};

static err resize_room(struct growing *g, size_t room, size_t size, const struct mem *mem) {
    if (room > SIZE_MAX / 2 / size)
        return ERR_NO_MEMORY;
    uint8_t *p = mem_resize(mem, g->p, g->room * size, room * size);
    if (p == NULL && room != 0)
        return ERR_NO_MEMORY;
    g->p = p;
    g->room = room;
    return OK;
}

static err read_elements(reader *r, const struct mls_list_kind *kind, struct growing *g,
                         const struct mem *mem) {
    reader inner;
    TRY(reader_open(r, &inner));
    while (inner.n > 0) {
        if (g->n == g->room)
            TRY(resize_room(g, g->room == 0 ? 1 : g->room * 2, kind->size, mem));
        uint8_t *element = g->p + g->n * kind->size;
        memset(element, 0, kind->size);
        g->n++;
        TRY(kind->read(&inner, element, mem));
    }
    return g->n == g->room ? OK : resize_room(g, g->n, kind->size, mem);
}

err mls_list_read(reader *r, const struct mls_list_kind *kind, void **p, size_t *n,
                  const struct mem *mem) {
    struct growing g = {NULL, 0, 0};
    reader at = *r;
    err e = read_elements(&at, kind, &g, mem);
    if (e != OK) {
        for (size_t i = 0; i < g.n; i++)
            kind->free(g.p + i * kind->size, mem);
        mem_free(mem, g.p, g.room * kind->size);
        return e;
    }
    *p = g.p;
    *n = g.n;
    *r = at;
    return OK;
}

/* ---- Extensions (section 13) ---- */

static err count_extensions(struct mls_extensions *v) {
    for (reader r = reader_of(buf_slice(&v->data)); r.n > 0; v->n++) {
        uint16_t type;
        slice data;
        TRY(reader_u16(&r, &type));
        TRY(reader_vec(&r, &data));
    }
    return OK;
}

void mls_extensions_list(const struct mls_extensions *v, struct mls_extension *p) {
    reader r = reader_of(buf_slice(&v->data));
    for (size_t i = 0; i < v->n; i++)
        if (reader_u16(&r, &p[i].type) != OK || reader_vec(&r, &p[i].data) != OK)
            return; /* never: they were counted */
}

err mls_extensions_index(struct mls_extensions *v, const struct mem *mem) {
    if (v->n == 0)
        return OK;
    v->p = mem_new_array(mem, v->n, sizeof(*v->p));
    if (v->p == NULL)
        return ERR_NO_MEMORY;
    mls_extensions_list(v, v->p);
    return OK;
}

static err fill_extensions(reader *r, struct mls_extensions *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->data, mem));
    TRY(count_extensions(v));
    return mem == &mls_in_place ? OK : mls_extensions_index(v, mem);
}
MLS_DEFINE_READ(extensions)

void mls_extensions_write(writer *w, const struct mls_extensions *v) {
    mls_opaque_write(w, &v->data);
}

void mls_extensions_free(struct mls_extensions *v, const struct mem *mem) {
    mem_free(mem, v->p, v->n * sizeof(*v->p));
    buf_free(&v->data);
    *v = (struct mls_extensions){0};
}

err mls_extensions_from(struct mls_extensions *to, const struct mls_extension *p, size_t n,
                        const struct mem *mem) {
    *to = (struct mls_extensions){.data = buf_on(mem)};
    writer w = writer_on(&to->data);
    for (size_t i = 0; i < n; i++) {
        writer_u16(&w, p[i].type);
        writer_vec(&w, p[i].data);
    }
    err e = writer_result(&w);
    if (e == OK)
        e = count_extensions(to);
    if (e == OK)
        e = mls_extensions_index(to, mem);
    if (e != OK)
        mls_extensions_free(to, mem);
    return e;
}

const struct mls_extension *mls_extensions_find(const struct mls_extensions *v, uint16_t type) {
    for (size_t i = 0; i < v->n; i++)
        if (v->p[i].type == type)
            return &v->p[i];
    return NULL;
}

/* ---- Credentials and capabilities (sections 5.3, 7.2) ---- */

/* A Credential carries no length, so every type that is defined is one vector (basic, X.509 and
 * those of draft-ietf-mls-extensions are). */
static err fill_credential(reader *r, struct mls_credential *v, const struct mem *mem) {
    TRY(reader_u16(r, &v->type));
    return mls_opaque_read(r, &v->identity, mem);
}
MLS_DEFINE_READ(credential)

void mls_credential_write(writer *w, const struct mls_credential *v) {
    writer_u16(w, v->type);
    mls_opaque_write(w, &v->identity);
}

void mls_credential_free(struct mls_credential *v, const struct mem *mem) {
    (void)mem;
    buf_free(&v->identity);
    *v = (struct mls_credential){0};
}

static err fill_capabilities(reader *r, struct mls_capabilities *v, const struct mem *mem) {
    TRY(mls_u16s_read(r, &v->versions, mem));
    TRY(mls_u16s_read(r, &v->suites, mem));
    TRY(mls_u16s_read(r, &v->extensions, mem));
    TRY(mls_u16s_read(r, &v->proposals, mem));
    return mls_u16s_read(r, &v->credentials, mem);
}
MLS_DEFINE_READ(capabilities)

void mls_capabilities_write(writer *w, const struct mls_capabilities *v) {
    mls_u16s_write(w, &v->versions);
    mls_u16s_write(w, &v->suites);
    mls_u16s_write(w, &v->extensions);
    mls_u16s_write(w, &v->proposals);
    mls_u16s_write(w, &v->credentials);
}

void mls_capabilities_free(struct mls_capabilities *v, const struct mem *mem) {
    mls_u16s_free(&v->versions, mem);
    mls_u16s_free(&v->suites, mem);
    mls_u16s_free(&v->extensions, mem);
    mls_u16s_free(&v->proposals, mem);
    mls_u16s_free(&v->credentials, mem);
}

/* ---- Nodes (sections 7.1, 7.2) ---- */

static err fill_leaf_source(reader *r, struct mls_leaf_node *v, const struct mem *mem) {
    uint8_t source;
    TRY(reader_u8(r, &source));
    switch (source) {
    case MLS_LEAF_KEY_PACKAGE:
        v->source = MLS_LEAF_KEY_PACKAGE;
        TRY(reader_u64(r, &v->not_before));
        return reader_u64(r, &v->not_after);
    case MLS_LEAF_UPDATE:
        v->source = MLS_LEAF_UPDATE;
        return OK;
    case MLS_LEAF_COMMIT:
        v->source = MLS_LEAF_COMMIT;
        return mls_opaque_read(r, &v->parent_hash, mem);
    default:
        return ERR_UNKNOWN_TYPE;
    }
}

static err fill_leaf_node(reader *r, struct mls_leaf_node *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->encryption_key, mem));
    TRY(mls_opaque_read(r, &v->signature_key, mem));
    TRY(mls_credential_read(r, &v->credential, mem));
    TRY(mls_capabilities_read(r, &v->capabilities, mem));
    TRY(fill_leaf_source(r, v, mem));
    TRY(mls_extensions_read(r, &v->extensions, mem));
    return mls_opaque_read(r, &v->signature, mem);
}
MLS_DEFINE_READ(leaf_node)

static void write_leaf_source(writer *w, const struct mls_leaf_node *v) {
    writer_u8(w, (uint8_t)v->source);
    switch (v->source) {
    case MLS_LEAF_KEY_PACKAGE:
        writer_u64(w, v->not_before);
        writer_u64(w, v->not_after);
        return;
    case MLS_LEAF_UPDATE:
        return;
    case MLS_LEAF_COMMIT:
        mls_opaque_write(w, &v->parent_hash);
        return;
    }
    writer_fail(w, ERR_BUG);
}

void mls_leaf_node_write_unsigned(writer *w, const struct mls_leaf_node *v) {
    mls_opaque_write(w, &v->encryption_key);
    mls_opaque_write(w, &v->signature_key);
    mls_credential_write(w, &v->credential);
    mls_capabilities_write(w, &v->capabilities);
    write_leaf_source(w, v);
    mls_extensions_write(w, &v->extensions);
}

void mls_leaf_node_write(writer *w, const struct mls_leaf_node *v) {
    mls_leaf_node_write_unsigned(w, v);
    mls_opaque_write(w, &v->signature);
}

void mls_leaf_node_free(struct mls_leaf_node *v, const struct mem *mem) {
    buf_free(&v->encryption_key);
    buf_free(&v->signature_key);
    mls_credential_free(&v->credential, mem);
    mls_capabilities_free(&v->capabilities, mem);
    buf_free(&v->parent_hash);
    mls_extensions_free(&v->extensions, mem);
    buf_free(&v->signature);
    memset(v, 0, sizeof(*v));
}

static err fill_parent_node(reader *r, struct mls_parent_node *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->encryption_key, mem));
    TRY(mls_opaque_read(r, &v->parent_hash, mem));
    return mls_u32s_read(r, &v->unmerged, mem);
}
MLS_DEFINE_READ(parent_node)

void mls_parent_node_write(writer *w, const struct mls_parent_node *v) {
    mls_opaque_write(w, &v->encryption_key);
    mls_opaque_write(w, &v->parent_hash);
    mls_u32s_write(w, &v->unmerged);
}

void mls_parent_node_free(struct mls_parent_node *v, const struct mem *mem) {
    buf_free(&v->encryption_key);
    buf_free(&v->parent_hash);
    mls_u32s_free(&v->unmerged, mem);
    memset(v, 0, sizeof(*v));
}

/* ---- Key packages (section 10) ---- */

static err fill_key_package(reader *r, struct mls_key_package *v, const struct mem *mem) {
    TRY(reader_u16(r, &v->version));
    TRY(reader_u16(r, &v->suite));
    TRY(mls_opaque_read(r, &v->init_key, mem));
    TRY(mls_leaf_node_read(r, &v->leaf, mem));
    TRY(mls_extensions_read(r, &v->extensions, mem));
    return mls_opaque_read(r, &v->signature, mem);
}
MLS_DEFINE_READ(key_package)

void mls_key_package_write_unsigned(writer *w, const struct mls_key_package *v) {
    writer_u16(w, v->version);
    writer_u16(w, v->suite);
    mls_opaque_write(w, &v->init_key);
    mls_leaf_node_write(w, &v->leaf);
    mls_extensions_write(w, &v->extensions);
}

void mls_key_package_write(writer *w, const struct mls_key_package *v) {
    mls_key_package_write_unsigned(w, v);
    mls_opaque_write(w, &v->signature);
}

void mls_key_package_free(struct mls_key_package *v, const struct mem *mem) {
    buf_free(&v->init_key);
    mls_leaf_node_free(&v->leaf, mem);
    mls_extensions_free(&v->extensions, mem);
    buf_free(&v->signature);
    memset(v, 0, sizeof(*v));
}

/* ---- Update paths (section 7.6) ---- */

/* No KEM has shorter keys or outputs, and what is shorter would cost many times its bytes of
 * memory. */
enum { KEM_MIN = 32 };

static err fill_hpke_ciphertext(reader *r, struct mls_hpke_ciphertext *v, const struct mem *mem) {
    TRY(mls_opaque_read(r, &v->kem_output, mem));
    if (v->kem_output.n < KEM_MIN)
        return ERR_MALFORMED;
    return mls_opaque_read(r, &v->ciphertext, mem);
}
MLS_DEFINE_READ(hpke_ciphertext)

void mls_hpke_ciphertext_write(writer *w, const struct mls_hpke_ciphertext *v) {
    mls_opaque_write(w, &v->kem_output);
    mls_opaque_write(w, &v->ciphertext);
}

void mls_hpke_ciphertext_free(struct mls_hpke_ciphertext *v, const struct mem *mem) {
    (void)mem;
    buf_free(&v->kem_output);
    buf_free(&v->ciphertext);
}

static err read_path_secret(reader *r, void *element, const struct mem *mem) {
    return mls_hpke_ciphertext_read(r, element, mem);
}

static void free_path_secret(void *element, const struct mem *mem) {
    mls_hpke_ciphertext_free(element, mem);
}

static const struct mls_list_kind path_secrets = {
    .size = sizeof(struct mls_hpke_ciphertext),
    .read = read_path_secret,
    .free = free_path_secret,
};

static err read_path_node(reader *r, void *element, const struct mem *mem) {
    struct mls_update_path_node *v = element;
    void *secrets = NULL;
    TRY(mls_opaque_read(r, &v->encryption_key, mem));
    if (v->encryption_key.n < KEM_MIN)
        return ERR_MALFORMED;
    TRY(mls_list_read(r, &path_secrets, &secrets, &v->secret_count, mem));
    v->secrets = secrets;
    return OK;
}

static void free_path_node(void *element, const struct mem *mem) {
    struct mls_update_path_node *v = element;
    buf_free(&v->encryption_key);
    mls_list_free(&path_secrets, v->secrets, v->secret_count, mem);
}

static const struct mls_list_kind path_nodes = {
    .size = sizeof(struct mls_update_path_node),
    .read = read_path_node,
    .free = free_path_node,
};

static err fill_update_path(reader *r, struct mls_update_path *v, const struct mem *mem) {
    TRY(mls_leaf_node_read(r, &v->leaf, mem));
    void *nodes = NULL;
    TRY(mls_list_read(r, &path_nodes, &nodes, &v->node_count, mem));
    v->nodes = nodes;
    return OK;
}
MLS_DEFINE_READ(update_path)

void mls_update_path_write(writer *w, const struct mls_update_path *v) {
    mls_leaf_node_write(w, &v->leaf);
    size_t nodes = writer_open(w);
    for (size_t i = 0; i < v->node_count; i++) {
        mls_opaque_write(w, &v->nodes[i].encryption_key);
        size_t secrets = writer_open(w);
        for (size_t j = 0; j < v->nodes[i].secret_count; j++)
            mls_hpke_ciphertext_write(w, &v->nodes[i].secrets[j]);
        writer_close(w, secrets);
    }
    writer_close(w, nodes);
}

void mls_update_path_free(struct mls_update_path *v, const struct mem *mem) {
    mls_leaf_node_free(&v->leaf, mem);
    mls_list_free(&path_nodes, v->nodes, v->node_count, mem);
    memset(v, 0, sizeof(*v));
}
