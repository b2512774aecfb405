/* A saved group that may be damaged, with a checksum that says it isn't. What loads saves to the
 * same bytes, and can be used: it sends, commits and refuses nonsense without a crash. The first
 * byte: 0 a group, 1 a staged commit for one. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "sotto/mls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void use(struct mls_group *group) {
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
        mls_committed_free(&c, NULL);
    }
    buf_free(&out);
}

/* A group of the version that has a checksum gets one. */
static bool load(struct mls_group **group, slice bytes, buf *whole) {
    enum { VERSION = 3, CHECKSUM = 32 };
    uint8_t sum[CHECKSUM];
    require(buf_append(whole, bytes) == OK);
    require(crypto_blake2b_keyed(sum, CHECKSUM, SLICE_EMPTY, &bytes, 1) == OK);
    if (bytes.n > 1 && bytes.p[1] == VERSION)
        require(buf_append(whole, SLICE_ARRAY(sum)) == OK);
    err e = mls_group_load(group, buf_slice(whole), NULL);
    require((*group != NULL) == (e == OK));
    return e == OK && bytes.p[1] == VERSION;
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
        use(group);
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
        use(group);
    }
    mls_group_free(group);
    buf_free(&whole);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    require(crypto_init() == OK);
    if (size == 0)
        return 0;
    slice rest = slice_of(data + 1, size - 1);
    if (data[0] % 2 == 0)
        try_group(rest);
    else
        try_staged(rest);
    return 0;
}
