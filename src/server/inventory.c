#include "server/inventory.h"

#include <stdio.h>

#include "base/held.h"
#include "server/held.h"
#include "server/keys.h"
#include "server/process.h"

enum { PATH = 1024 };

struct count {
    uint64_t rows[HELD_COUNT], bytes[HELD_COUNT];
    uint64_t strange; /* rows that are none of ours */
};

static bool add(void *ctx, struct store_key key, slice value) {
    struct count *c = ctx;
    enum held_row row = held_row_of(key);
    if (row == HELD_COUNT) {
        c->strange++;
        return true;
    }
    c->rows[row]++;
    c->bytes[row] += 1 + key.name.n + sizeof key.number + value.n;
    return true;
}

static err count_all(struct store *s, struct count *c) {
    for (uint8_t table = 0; table < STORE_TABLES_MAX; table++)
        TRY(store_scan_table(s, table, add, c));
    return OK;
}

static void show(const struct count *c, bool json) {
    for (size_t i = 0; i < HELD_COUNT; i++) {
        const struct held_row_info *row = &held_rows[i];
        if (json)
            printf("{\"row\":\"%s\",\"count\":%llu,\"bytes\":%llu}\n", row->name,
                   (unsigned long long)c->rows[i], (unsigned long long)c->bytes[i]);
        else
            printf("%-28s %12llu %16llu bytes\n", row->text, (unsigned long long)c->rows[i],
                   (unsigned long long)c->bytes[i]);
    }
    if (c->strange > 0)
        fprintf(stderr,
                "sottod: %llu rows are not on the list; was this store written by a newer "
                "sottod?\n",
                (unsigned long long)c->strange);
}

static int fail(const char *data, err e) {
    if (e == ERR_NOT_FOUND)
        fprintf(stderr, "sottod: there is no store in %s yet; the first `sottod run` makes it\n",
                data);
    else
        fprintf(stderr,
                "sottod: store in %s: %s; if the server was writing meanwhile, try again%s\n", data,
                err_text(e), store_advice(e));
    return (int)exit_code_of(e);
}

int inventory_count(const char *data, bool json) {
    char path[PATH];
    struct store *store = NULL;
    struct count c = {.strange = 0};
    err e = keys_path(path, data, "store");
    if (e == OK)
        e = store_rocksdb_read(&store, path);
    if (e == OK) {
        e = count_all(store, &c);
        store_close(store);
    }
    if (e != OK)
        return fail(data, e);
    show(&c, json);
    return c.strange > 0 ? EXIT_FAILED : EXIT_FINE;
}

/* ---- The list ---- */

static const char *class_text(enum held_class class) {
    switch (class) {
    case HELD_RECORD:
        return "the record";
    case HELD_SEALED:
        return HELD_WORDS;
    default:
        return "the server's work";
    }
}

int inventory_fields(void) {
    printf("| kind | named by | until | field | what it is | belongs to |\n"
           "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < HELD_COUNT; i++) {
        const struct held_row_info *row = &held_rows[i];
        for (size_t j = 0; j < row->field_count; j++)
            printf("| %s | %s | %s | `%s` | %s | %s |\n", j == 0 ? row->text : "",
                   j == 0 ? row->key : "", j == 0 ? row->until : "", row->fields[j].name,
                   row->fields[j].text, class_text(row->fields[j].class));
    }
    return EXIT_FINE;
}
