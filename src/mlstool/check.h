/* What the checks of test vectors are written with.
 *
 * A check that fails leaves its case at once, from any depth (EXPECT and its kin, and every read of
 * a field). What it holds then is freed with the case: whatever takes a `struct mem` takes the
 * case's, &c->mem, and nothing else need be freed. Nothing of a file is trusted: lengths are
 * checked where bytes are read. */
#ifndef SOTTO_MLSTOOL_CHECK_H
#define SOTTO_MLSTOOL_CHECK_H

#include <json-c/json.h>

#include "mls/suite.h"

struct check;

/* One format. A case has it if it has all these fields. */
struct check_type {
    const char *name;
    const char *fields[3];
    void (*run)(struct check *c, struct json_object *o);
};
extern const struct check_type check_crypto_basics, check_secret_tree, check_key_schedule,
    check_psk_secret, check_transcript_hashes;
extern const struct check_type check_message_protection, check_welcome, check_messages,
    check_deserialization;
extern const struct check_type check_tree_math, check_tree_operations, check_tree_validation,
    check_treekem;
extern const struct check_type check_passive_client;

/* A case that is being checked. */
struct check {
    struct mem mem;
    const struct mls_suite *suite; /* of its cipher_suite; NULL if it has no such field */
    bool thorough;                 /* the first or last of its file: what takes long is done too */
};

#define EXPECT(c, condition)                                       \
    do {                                                           \
        if (!(condition))                                          \
            check_fail((c), __FILE__, __LINE__, "%s", #condition); \
    } while (0)
#define EXPECT_OK(c, expression) EXPECT_ERR(c, expression, OK)
#define EXPECT_ERR(c, expression, expected) \
    check_err((c), __FILE__, __LINE__, #expression, (expression), (expected))
#define EXPECT_SLICE(c, got, expected) check_slice((c), __FILE__, __LINE__, #got, (got), (expected))

__attribute__((noreturn, format(printf, 4, 5))) void check_fail(struct check *c, const char *file,
                                                                int line, const char *format, ...);
void check_err(struct check *c, const char *file, int line, const char *text, err got,
               err expected);
void check_slice(struct check *c, const char *file, int line, const char *text, slice got,
                 slice expected);

/* Fields of an object; a missing one, or one of another type, fails. */
struct json_object *check_get(struct check *c, struct json_object *o, const char *key);
/* The same for an array's elements. */
size_t check_count(struct check *c, struct json_object *o, const char *key);
struct json_object *check_at(struct check *c, struct json_object *o, const char *key, size_t i);
uint64_t check_u64(struct check *c, struct json_object *o, const char *key);
uint32_t check_u32(struct check *c, struct json_object *o, const char *key);
const char *check_text(struct check *c, struct json_object *o, const char *key);
/* The bytes of a hexadecimal field, or of a hexadecimal text itself. */
buf check_bytes(struct check *c, struct json_object *o, const char *key);
buf check_bytes_of(struct check *c, struct json_object *text);
/* The same; empty where the field is missing or null. */
buf check_optional(struct check *c, struct json_object *o, const char *key);
/* A secret or key of n bytes exactly. */
const uint8_t *check_exactly(struct check *c, struct json_object *o, const char *key, size_t n);
/* A private key of n bytes: some of the official files' scalars of P-521 lack their first byte,
 * which is zero. */
slice check_private(struct check *c, struct json_object *o, const char *key, size_t n);

/* Fails unless the n bytes are the field's. */
void check_expect(struct check *c, struct json_object *o, const char *key, const uint8_t *got,
                  size_t n);

#endif
