/* A group of one. cc hello.c $(pkg-config --cflags --libs libsottomls) && ./a.out */
#include <sotto/mls.h>
#include <stdio.h>

static mls_err accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx, (void)before, (void)member;
    return MLS_OK;
}

int main(void) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_AES128);
    const struct mls_auth auth = {.accept = accept};
    struct mls_group *group = NULL;
    mls_buf pub = {0}, priv = {0};
    mls_err e = mls_init();
    if (e == MLS_OK)
        e = mls_signature_keys_new(suite, &pub, &priv);
    struct mls_group_params params = {.suite = suite, .group_id = mls_slice_str("hello")};
    params.leaf.identity = mls_slice_str("anna");
    params.leaf.signature_pub = mls_buf_slice(&pub);
    params.leaf.signature_priv = mls_buf_slice(&priv);
    if (e == MLS_OK)
        e = mls_group_create(&group, &params, &auth);
    if (e == MLS_OK)
        printf("%s: %u member\n", mls_suite_name(suite), (unsigned)mls_group_leaf_count(group));
    mls_group_free(group);
    mls_buf_free(&pub);
    mls_buf_free(&priv);
    return e == MLS_OK ? 0 : 1;
}
