#include "mlstool/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "mlstool/vectors.h"

/* ---- A case: its memory, and leaving it ---- */

/* In front of every block of the case, so that all of them can be found. */
struct block {
    struct block *next, **back;
    max_align_t bytes[];
};

struct running {
    struct check c; /* first: check_fail finds the rest by it */
    struct block *blocks;
    char why[512];
};

/* One case at a time: leaving it from any depth. In WebAssembly there are tests alone, whose host
 * catches (tests/test.c). */
static struct {
    struct running *r;
    const struct check_type *type;
    struct json_object *o;
    bool passed;
} current;

static void run_current(void) {
    current.type->run(&current.r->c, current.o);
    current.passed = true;
}

#ifdef __wasm__
__attribute__((import_module("test"), import_name("run"))) void test_host_run(void (*run)(void));
__attribute__((import_module("test"), import_name("leave"), noreturn)) void test_host_leave(void);

static void run_guarded(void (*run)(void)) {
    test_host_run(run);
}

__attribute__((noreturn)) static void leave(void) {
    test_host_leave();
}
#else
#include <setjmp.h>
static jmp_buf out_of_case;

static void run_guarded(void (*run)(void)) {
    if (setjmp(out_of_case) == 0)
        run();
}

__attribute__((noreturn)) static void leave(void) {
    longjmp(out_of_case, 1);
}
#endif

static void unlink_block(struct block *b) {
    *b->back = b->next;
    if (b->next != NULL)
        b->next->back = b->back;
}

static void link_block(struct running *r, struct block *b) {
    b->next = r->blocks;
    b->back = &r->blocks;
    if (b->next != NULL)
        b->next->back = &b->next;
    r->blocks = b;
}

static void *resize(void *ctx, void *p, size_t old, size_t size) {
    struct running *r = ctx;
    struct block *from = p == NULL ? NULL : (struct block *)p - 1, *to = NULL;
    if (size != 0) {
        to = size <= SIZE_MAX - sizeof(*to) ? malloc(sizeof(*to) + size) : NULL;
        if (to == NULL)
            return NULL;
        link_block(r, to);
        if (from != NULL)
            memcpy(to->bytes, from->bytes, old < size ? old : size);
    }
    if (from != NULL) {
        unlink_block(from);
        free(from);
    }
    return to == NULL ? NULL : to->bytes;
}

static void free_blocks(struct running *r) {
    while (r->blocks != NULL) {
        struct block *b = r->blocks;
        unlink_block(b);
        free(b);
    }
}

void check_fail(struct check *c, const char *file, int line, const char *format, ...) {
    struct running *r = (struct running *)c;
    va_list args;
    const char *name = strrchr(file, '/');
    int n = snprintf(r->why, sizeof(r->why), "%s:%d: ", name == NULL ? file : name + 1, line);
    va_start(args, format);
    if (n > 0 && (size_t)n < sizeof(r->why))
        vsnprintf(r->why + n, sizeof(r->why) - (size_t)n, format, args);
    va_end(args);
    leave();
}

void check_err(struct check *c, const char *file, int line, const char *text, err got,
               err expected) {
    if (got != expected)
        check_fail(c, file, line, "%s: got %s, expected %s", text, err_name(got),
                   err_name(expected));
}

/* The beginning of some bytes as text. */
static void show(char *out, slice s) {
    enum { SHOWN = 32 };
    for (size_t i = 0; i < s.n && i < SHOWN; i++)
        snprintf(out + 2 * i, 3, "%02x", s.p[i]);
    snprintf(out + 2 * (s.n < SHOWN ? s.n : SHOWN), 4, "%s", s.n > SHOWN ? "..." : "");
}

void check_slice(struct check *c, const char *file, int line, const char *text, slice got,
                 slice expected) {
    char a[80], b[80];
    if (slice_equal(got, expected))
        return;
    show(a, got);
    show(b, expected);
    check_fail(c, file, line, "%s: got %zu bytes %s, expected %zu bytes %s", text, got.n, a,
               expected.n, b);
}

/* ---- Fields ---- */

struct json_object *check_get(struct check *c, struct json_object *o, const char *key) {
    struct json_object *field = NULL;
    if (!json_object_object_get_ex(o, key, &field))
        check_fail(c, __FILE__, __LINE__, "there is no %s", key);
    return field;
}

size_t check_count(struct check *c, struct json_object *o, const char *key) {
    struct json_object *field = check_get(c, o, key);
    if (!json_object_is_type(field, json_type_array))
        check_fail(c, __FILE__, __LINE__, "%s is not an array", key);
    return json_object_array_length(field);
}

struct json_object *check_at(struct check *c, struct json_object *o, const char *key, size_t i) {
    if (i >= check_count(c, o, key))
        check_fail(c, __FILE__, __LINE__, "%s has no element %zu", key, i);
    return json_object_array_get_idx(check_get(c, o, key), i);
}

uint64_t check_u64(struct check *c, struct json_object *o, const char *key) {
    struct json_object *field = check_get(c, o, key);
    if (!json_object_is_type(field, json_type_int))
        check_fail(c, __FILE__, __LINE__, "%s is not a number", key);
    return json_object_get_uint64(field);
}

uint32_t check_u32(struct check *c, struct json_object *o, const char *key) {
    uint64_t v = check_u64(c, o, key);
    if (v > UINT32_MAX)
        check_fail(c, __FILE__, __LINE__, "%s is too large", key);
    return (uint32_t)v;
}

const char *check_text(struct check *c, struct json_object *o, const char *key) {
    struct json_object *field = check_get(c, o, key);
    if (!json_object_is_type(field, json_type_string))
        check_fail(c, __FILE__, __LINE__, "%s is not text", key);
    return json_object_get_string(field);
}

buf check_bytes_of(struct check *c, struct json_object *text) {
    buf out = buf_on(&c->mem);
    if (!json_object_is_type(text, json_type_string))
        check_fail(c, __FILE__, __LINE__, "bytes are not hexadecimal text");
    slice hex = slice_of(json_object_get_string(text), (size_t)json_object_get_string_len(text));
    EXPECT_OK(c, hex_decode(&out, hex));
    return out;
}

buf check_bytes(struct check *c, struct json_object *o, const char *key) {
    check_text(c, o, key);
    return check_bytes_of(c, check_get(c, o, key));
}

buf check_optional(struct check *c, struct json_object *o, const char *key) {
    struct json_object *field = NULL;
    bool there = json_object_object_get_ex(o, key, &field) && field != NULL;
    return there ? check_bytes(c, o, key) : buf_on(&c->mem);
}

const uint8_t *check_exactly(struct check *c, struct json_object *o, const char *key, size_t n) {
    buf bytes = check_bytes(c, o, key);
    if (bytes.n != n)
        check_fail(c, __FILE__, __LINE__, "%s has %zu bytes, not %zu", key, bytes.n, n);
    return bytes.p;
}

slice check_private(struct check *c, struct json_object *o, const char *key, size_t n) {
    buf bytes = check_bytes(c, o, key), out = buf_on(&c->mem);
    if (bytes.n > n)
        check_fail(c, __FILE__, __LINE__, "%s is longer than a private key", key);
    EXPECT_OK(c, buf_resize(&out, n));
    if (bytes.n != 0)
        memcpy(out.p + n - bytes.n, bytes.p, bytes.n);
    return buf_slice(&out);
}

void check_expect(struct check *c, struct json_object *o, const char *key, const uint8_t *got,
                  size_t n) {
    buf expected = check_bytes(c, o, key);
    check_slice(c, __FILE__, __LINE__, key, slice_of(got, n), buf_slice(&expected));
}

/* ---- Files ---- */

static const struct check_type *const TYPES[] = {
    &check_crypto_basics, &check_secret_tree,       &check_key_schedule,
    &check_psk_secret,    &check_transcript_hashes, &check_message_protection,
    &check_welcome,       &check_messages,          &check_deserialization,
    &check_tree_math,     &check_tree_operations,   &check_tree_validation,
    &check_treekem,       &check_passive_client,
};

static const struct check_type *find_type(struct json_object *o) {
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        bool fits = json_object_is_type(o, json_type_object);
        for (size_t j = 0; fits && j < 3 && TYPES[i]->fields[j] != NULL; j++)
            fits = json_object_object_get_ex(o, TYPES[i]->fields[j], NULL);
        if (fits)
            return TYPES[i];
    }
    return NULL;
}

/* True if it passed. */
static bool run_case(struct running *r, const struct check_type *type, struct json_object *o) {
    current.r = r;
    current.type = type;
    current.o = o;
    current.passed = false;
    run_guarded(run_current);
    free_blocks(r);
    return current.passed;
}

static bool names_other_suite(struct running *r, struct json_object *o) {
    struct json_object *field;
    if (!json_object_object_get_ex(o, "cipher_suite", &field))
        return false;
    int64_t id = json_object_get_int64(field);
    r->c.suite = id < 0 || id > UINT16_MAX ? NULL : mls_suite_find((uint16_t)id);
    return r->c.suite == NULL;
}

void vectors_check(struct json_object *file,
                   void (*failed)(void *ctx, size_t number, const char *why), void *ctx,
                   struct vectors_result *result) {
    bool list = json_object_is_type(file, json_type_array);
    size_t n = list ? json_object_array_length(file) : 1;
    *result = (struct vectors_result){0};
    for (size_t i = 0; i < n; i++) {
        struct json_object *o = list ? json_object_array_get_idx(file, i) : file;
        const struct check_type *type = find_type(o);
        struct running r = {.c = {.mem = {resize, &r}, .thorough = i == 0 || i + 1 == n},
                            .why = "this is no format that we know"};
        if (type != NULL)
            result->type = type->name;
        if (type != NULL && names_other_suite(&r, o)) {
            result->skipped++;
        } else if (type != NULL && run_case(&r, type, o)) {
            result->passed++;
        } else {
            result->failed++;
            failed(ctx, i, r.why);
        }
    }
}
