/* Official vector files: a list of cases, each for one cipher suite. */
#ifndef SOTTO_TESTS_MLS_VECTORS_SUITES_H
#define SOTTO_TESTS_MLS_VECTORS_SUITES_H

#include "mls/suite.h"
#include "tests/test.h"
#include "tests/vectors.h"

/* The file's array, or the test is skipped. */
static inline struct json_object *vectors_open(const char *file) {
    char path[128];
    snprintf(path, sizeof(path), "mls/%s", file);
    struct json_object *cases = vectors_load(path);
    if (cases == NULL)
        SKIP("the official vectors are not here");
    return cases;
}

static inline void vectors_report(const char *file, size_t passed, size_t skipped) {
    printf("# %s: %zu passed, %zu skipped (other suites)\n", file, passed, skipped);
}

/* Checks each case whose suite we have, and says how many there were. */
static inline void vectors_run(const char *file, void (*check)(struct json_object *one,
                                                               const struct mls_suite *suite)) {
    struct json_object *cases = vectors_open(file);
    size_t n = json_object_array_length(cases), passed = 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *one = json_object_array_get_idx(cases, i);
        const struct mls_suite *suite = mls_suite_find((uint16_t)vectors_u64(one, "cipher_suite"));
        if (suite == NULL)
            continue;
        check(one, suite);
        passed++;
    }
    vectors_report(file, passed, n - passed);
    CHECK(passed > 0);
    json_object_put(cases);
}

/* The bytes of a hexadecimal field; free them with buf_free. */
static inline buf vectors_bytes(struct json_object *o, const char *key) {
    buf b = buf_on(NULL);
    vectors_hex(o, key, &b);
    return b;
}

/* CHECKs that the n bytes at got are the field's. */
static inline void vectors_expect(struct json_object *o, const char *key, const uint8_t *got,
                                  size_t n) {
    buf expected = vectors_bytes(o, key);
    CHECK_SLICE(slice_of(got, n), buf_slice(&expected));
    buf_free(&expected);
}

static inline const char *vectors_text(struct json_object *o, const char *key) {
    return json_object_get_string(vectors_get(o, key));
}

static inline struct json_object *vectors_at(struct json_object *o, const char *key, size_t i) {
    return json_object_array_get_idx(vectors_get(o, key), i);
}

/* Some of the files' scalars of P-521 lack their first byte, which is zero. */
static inline void vectors_private(struct json_object *o, const char *key, size_t length, buf *out) {
    buf bytes = {0};
    vectors_hex(o, key, &bytes);
    CHECK(bytes.n <= length);
    CHECK_OK(buf_resize(out, length));
    memset(out->p, 0, length);
    memcpy(out->p + length - bytes.n, bytes.p, bytes.n);
    buf_free(&bytes);
}

#endif
