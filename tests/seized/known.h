/* What the clients know and the disk must not show, and the search for it. */
#ifndef SOTTO_TESTS_SEIZED_KNOWN_H
#define SOTTO_TESTS_SEIZED_KNOWN_H

#include "base/slice.h"
#include "store/store.h"

/* clang-format off */
#define KNOWN_KINDS(K)                                                                  \
    K(HANDLE, "handle") K(NAME, "name of a person") K(TITLE, "name of a conversation")  \
    K(TEXT, "text of a message") K(FILE, "content of a file or a picture")              \
    K(FILE_NAME, "name of a file") K(ITEM, "item as it was sent")                       \
    K(GROUP, "group id") K(ADDRESS, "sealed address") K(TOKEN, "token of an epoch")     \
    K(KEY, "key of a blob, a roster or a card") K(PLACE, "place of a handle")           \
    K(KEY_PACKAGE, "key package as it was given") K(CODE, "registration code")          \
    K(LINK, "what devices that are linked say") K(TIME, "time finer than a week")       \
    K(NOTICE, "notice of the request desk")                                             \
    K(ACCOUNT, "account, identity or device, outside of its own rows")
/* clang-format on */

enum known_kind {
#define K(name, text) KNOWN_##name,
    KNOWN_KINDS(K)
#undef K
        KNOWN_COUNT
};
extern const char *const known_texts[KNOWN_COUNT];

/* How it may stand on the disk. */
enum known_form { FORM_RAW, FORM_HEX, FORM_HEX_UPPER, FORM_BASE64, FORM_BASE64_URL, FORM_COUNT };
extern const char *const known_forms[FORM_COUNT];

/* At least 8 bytes. Only once, if it is the same as one before. */
void known_add(enum known_kind kind, slice bytes);
/* A moment in ms since 1970: in s, ms, us and ns as a number of 8 bytes either way round and as
 * digits, and its day as a date. */
void known_add_time(uint64_t ms);
size_t known_count(enum known_kind kind);
/* The i-th of a kind. */
slice known_get(enum known_kind kind, size_t i);
/* One thing in one form, as a planted file would have it; of base64, with so many bytes (0 to 2)
 * before it that are encoded with it. */
void known_write(buf *out, slice bytes, enum known_form form, size_t before);

struct finding {
    enum known_kind kind;
    enum known_form form;
    size_t count;
    char where[512];
    uint64_t at;
};

/* After the last known_add. */
void known_prepare(void);
/* Every byte of every file in the folder and those below it; but for accounts. Returns how many
 * places show something; the first is in *first. bytes: how many were searched. */
size_t known_search(const char *folder, struct finding *first, uint64_t *bytes);
/* Keys and values of all rows, as the database gives them out; for accounts of all tables but two.
 */
size_t known_search_rows(struct store *s, struct finding *first);
void known_free(void);

#endif
