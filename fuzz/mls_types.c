/* Every decoder of RFC 9420's structures: what it accepts encodes to the same bytes, can be copied,
 * and leaves nothing behind. The first byte chooses the structure; after those, whole messages. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "mls/key_package.h"
#include "mls/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

#define X(type)                                                                  \
    static void try_##type(slice bytes) {                                        \
        struct mls_##type v, copy;                                               \
        reader r = reader_of(bytes);                                             \
        buf out = {0};                                                           \
        writer w = writer_on(&out);                                              \
        if (mls_##type##_read(&r, &v, NULL) != OK) {                             \
            require(r.n == bytes.n);                                             \
            return;                                                              \
        }                                                                        \
        require(mls_##type##_copy(&copy, &v, NULL) == OK);                       \
        mls_##type##_free(&v, NULL);                                             \
        mls_##type##_write(&w, &copy);                                           \
        require(writer_result(&w) == OK);                                        \
        require(slice_equal(buf_slice(&out), slice_of(bytes.p, bytes.n - r.n))); \
        mls_##type##_free(&copy, NULL);                                          \
        buf_free(&out);                                                          \
    }
MLS_TYPES(X)
#undef X

static void try_tree(slice bytes) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    struct mls_tree tree = {0};
    reader r = reader_of(bytes);
    buf out = {0};
    writer w = writer_on(&out);
    if (mls_tree_read(&tree, &r, suite, NULL) != OK)
        return;
    mls_tree_write(&w, &tree);
    require(writer_result(&w) == OK);
    require(slice_equal(buf_slice(&out), slice_of(bytes.p, bytes.n - r.n)));
    mls_tree_free(&tree);
    buf_free(&out);
}

static err accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return OK;
}

static void try_messages(slice bytes) {
    static const struct mls_auth auth = {.accept = accept};
    struct mls_header header;
    struct mls_member member;
    struct mls_extension extensions[3];
    uint8_t refs[4 * 32], ref[MLS_HASH_MAX];
    size_t count = 4, n = sizeof(ref), extension_count = 3;
    (void)!mls_message_header(bytes, &header);
    if (mls_welcome_refs(bytes, refs, 32, &count) == OK)
        require(count <= 4);
    (void)!mls_key_package_ref(bytes, ref, &n);
    (void)!mls_key_package_check(bytes, &auth, 1500, &member, extensions, &extension_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const targets[])(slice bytes) = {
#define X(type) try_##type,
        MLS_TYPES(X)
#undef X
            try_tree,
        try_messages,
    };
    require(crypto_init() == OK);
    if (size == 0)
        return 0;
    targets[data[0] % (sizeof(targets) / sizeof(targets[0]))](slice_of(data + 1, size - 1));
    return 0;
}
