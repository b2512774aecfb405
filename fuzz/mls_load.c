/* A saved group that may be damaged, with a checksum that says it isn't. What loads saves to the
 * same bytes, and can be used: it sends, commits and refuses nonsense without a crash. The first
 * byte: 0 a group, 1 a staged commit for one, 2 a group in parts. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "sotto/mls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a head says of its tree's width costs memory, and a checksum makes it believed. */
static void *bounded(void *ctx, void *p, size_t old, size_t size) {
    enum { MOST = 256 << 20 };
    static size_t used;
    (void)ctx;
    if (size > MOST || used - old + size > MOST)
        return NULL;
    used += size - old;
    if (size != 0)
        return realloc(p, size);
    free(p);
    return NULL;
}
static const struct mem memory = {.resize = bounded};

static void require(bool holds) {
    if (!holds)
        abort();
}

static err accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return OK;
}

static const struct mls_auth auth = {.accept = accept};

static void use(struct mls_group *group, const struct mem *mem) {
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE};
    struct mls_committed c;
    struct mls_received r;
    struct mls_member member;
    buf out = {0};
    for (uint32_t i = 0; i < 4; i++)
        (void)!mls_group_member(group, i, &member);
    if (mls_group_protect(group, SLICE_EMPTY, slice_str("x"), 3, &out) == OK)
        require(mls_group_process(group, buf_slice(&out), &auth, &r) != OK);
    if (mls_group_commit(group, &params, &auth, &c) == OK) {
        mls_staged_apply(group, c.staged);
        c.staged = NULL;
        mls_committed_free(&c, mem);
    }
    buf_free(&out);
}

/* A group of the version that has a checksum gets one. True if it is. */
static bool prove(slice bytes, buf *whole) {
    enum { VERSION = 3, CHECKSUM = 32 };
    uint8_t sum[CHECKSUM];
    bool newest = bytes.n > 1 && bytes.p[1] == VERSION;
    require(buf_append(whole, bytes) == OK);
    require(crypto_blake2b_keyed(sum, CHECKSUM, SLICE_EMPTY, &bytes, 1) == OK);
    if (newest)
        require(buf_append(whole, SLICE_ARRAY(sum)) == OK);
    return newest;
}

static bool load(struct mls_group **group, slice bytes, buf *whole) {
    bool newest = prove(bytes, whole);
    err e = mls_group_load(group, buf_slice(whole), NULL);
    require((*group != NULL) == (e == OK));
    return e == OK && newest;
}

static void try_group(slice bytes) {
    struct mls_group *group;
    buf whole = {0}, out = {0};
    bool newest = load(&group, bytes, &whole);
    if (newest) {
        require(mls_group_save(group, &out) == OK);
        require(slice_equal(buf_slice(&out), buf_slice(&whole)));
    }
    if (group != NULL)
        use(group, NULL);
    mls_group_free(group);
    buf_free(&whole);
    buf_free(&out);
}

/* The group's bytes come first, as a vector. */
static void try_staged(slice bytes) {
    struct mls_group *group;
    struct mls_staged *staged;
    reader r = reader_of(bytes);
    slice saved;
    buf whole = {0}, out = {0};
    if (reader_vec(&r, &saved) != OK)
        return;
    (void)load(&group, saved, &whole);
    if (group != NULL && mls_staged_load(&staged, group, reader_rest(&r)) == OK) {
        require(mls_staged_save(staged, &out) == OK);
        require(slice_equal(buf_slice(&out), reader_rest(&r)));
        for (size_t i = 0; i < mls_staged_change_count(staged); i++)
            (void)mls_staged_change(staged, i);
        mls_staged_apply(group, staged);
        use(group, NULL);
    }
    mls_group_free(group);
    buf_free(&whole);
    buf_free(&out);
}

struct kept {
    buf head;
    bool read;   /* the head was */
    reader rest; /* number and value of each other part */
};

static err next_part(void *ctx, uint32_t *part, slice *value) {
    struct kept *k = ctx;
    if (!k->read) {
        k->read = true;
        *part = 0;
        *value = buf_slice(&k->head);
        return OK;
    }
    if (k->rest.n == 0)
        return ERR_NOT_FOUND;
    TRY(reader_u32(&k->rest, part));
    return reader_vec(&k->rest, value);
}

/* Nothing but the head is written, and as it was: no node has changed. */
static err put_part(void *ctx, uint32_t part, slice value) {
    const struct kept *k = ctx;
    require(part == 0 && slice_equal(value, buf_slice(&k->head)));
    return OK;
}

/* The head comes first, as a vector. */
static void try_parts(slice bytes) {
    struct mls_group *group;
    struct kept k = {.rest = reader_of(bytes)};
    struct mls_parts parts = {.ctx = &k, .put = put_part, .next = next_part};
    slice head;
    if (reader_vec(&k.rest, &head) != OK)
        return;
    bool newest = prove(head, &k.head);
    err e = mls_group_load_parts(&group, &parts, &memory);
    require((group != NULL) == (e == OK));
    if (group != NULL && newest) {
        e = mls_group_save_parts(group, &parts);
        require(e == OK || e == ERR_NO_MEMORY);
    }
    if (group != NULL)
        use(group, &memory);
    mls_group_free(group);
    buf_free(&k.head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    require(crypto_init() == OK);
    if (size == 0)
        return 0;
    slice rest = slice_of(data + 1, size - 1);
    if (data[0] % 3 == 0)
        try_group(rest);
    else if (data[0] % 3 == 1)
        try_staged(rest);
    else
        try_parts(rest);
    return 0;
}
