/* The engines that every test of the storage table runs against, and short ways to use a store. */
#ifndef SOTTO_TESTS_STORE_FIXTURE_H
#define SOTTO_TESTS_STORE_FIXTURE_H

#include "store/store.h"
#include "tests/test.h"

enum { FIXTURE_PATH = 200 };

struct fixture_engine {
    const char *name;
    /* In an empty folder, or in the folder of an earlier open. */
    err (*open)(struct store **s, const char *folder);
    bool lasts; /* opened again, it has what it had */
    bool hides_names;
};

extern const struct fixture_engine fixture_engines[];
extern const size_t fixture_engine_count;
const struct fixture_engine *fixture_engine(const char *name);

err fixture_open_rocksdb(struct store **s, const char *folder);

/* What an engine has in its memory goes to its files. */
void fixture_flush(const struct fixture_engine *engine, struct store *s);

/* A fresh folder under the temporary one; the test removes it. */
void fixture_folder(char path[FIXTURE_PATH]);
void fixture_remove(const char *path);
/* True if a file in the folder, or below it, holds the word. */
bool fixture_holds(const char *folder, const char *word);

/* A test's body, once for each engine, on a store of its own. */
typedef void fixture_body(const struct fixture_engine *engine, struct store **s,
                          const char *folder);
void fixture_each(fixture_body *body);

static inline struct store_key fixture_key(uint8_t table, const char *name, uint64_t number) {
    return (struct store_key){table, slice_str(name), number};
}

/* One operation, committed. */
err fixture_put(struct store *s, struct store_key key, slice value);
err fixture_delete(struct store *s, struct store_key key);
/* The value is exactly this. */
void fixture_expect(struct store *s, struct store_key key, slice value);

/* What a scan saw, as "number=value " for each entry; free with buf_free. `limit`: stop after so
 * many. */
struct fixture_scan {
    buf text;
    size_t count, limit;
    slice name; /* each entry has this name; p NULL: any */
};
bool fixture_visit(void *ctx, struct store_key key, slice value);

#endif
