#include "known.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/codec.h"
#include "server/held.h"
#include "tests/test.h"

/* A fragment is enough: things are looked for in pieces of so many bytes. */
enum { PIECE = 16, LEAST = 8, BLOOM_BITS = 26 };

const char *const known_texts[KNOWN_COUNT] = {
#define K(name, text) text,
    KNOWN_KINDS(K)
#undef K
};
const char *const known_forms[FORM_COUNT] = {"raw", "hexadecimal", "HEXADECIMAL", "base64",
                                             "base64url"};

/* ---- What is known ---- */

struct thing {
    size_t at, n; /* in `bytes` */
};
struct things {
    struct thing *p;
    size_t n, cap;
};
static struct things things[KNOWN_COUNT];
static buf bytes;

static void *grown(void *p, size_t n, size_t *cap, size_t size) {
    if (n < *cap)
        return p;
    *cap = *cap == 0 ? 256 : *cap * 2;
    p = realloc(p, *cap * size);
    CHECK(p != NULL);
    return p;
}

void known_add(enum known_kind kind, slice what) {
    struct things *t = &things[kind];
    CHECK(what.n >= LEAST);
    for (size_t i = t->n; i-- > 0 && t->n - i < 4096;)
        if (slice_equal(known_get(kind, i), what))
            return;
    t->p = grown(t->p, t->n, &t->cap, sizeof *t->p);
    t->p[t->n++] = (struct thing){bytes.n, what.n};
    CHECK_OK(buf_append(&bytes, what));
}

static void add_number(uint64_t n) {
    uint8_t big[8], little[8];
    char digits[24];
    put_u64(big, n);
    for (int i = 0; i < 8; i++)
        little[i] = big[7 - i];
    known_add(KNOWN_TIME, SLICE_ARRAY(big));
    known_add(KNOWN_TIME, SLICE_ARRAY(little));
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    known_add(KNOWN_TIME, slice_str(digits));
}

void known_add_time(uint64_t ms) {
    char date[24];
    time_t s = (time_t)(ms / 1000);
    struct tm day;
    add_number(ms / 1000);
    add_number(ms);
    add_number(ms * 1000);
    add_number(ms * 1000000);
    CHECK(gmtime_r(&s, &day) != NULL && strftime(date, sizeof date, "%Y-%m-%d", &day) > 0);
    known_add(KNOWN_TIME, slice_str(date));
}

size_t known_count(enum known_kind kind) {
    return things[kind].n;
}

slice known_get(enum known_kind kind, size_t i) {
    return slice_of(bytes.p + things[kind].p[i].at, things[kind].p[i].n);
}

/* ---- Forms ---- */

static void write_hex(buf *out, slice s, const char *digits) {
    for (size_t i = 0; i < s.n; i++) {
        char two[2] = {digits[s.p[i] >> 4], digits[s.p[i] & 15]};
        CHECK_OK(buf_append(out, slice_of(two, 2)));
    }
}

/* As it stands inside a longer text that has `before` bytes, modulo 3, in front of it: only what
 * depends on nothing else. */
static void write_base64(buf *out, slice s, const char *digits, size_t before) {
    size_t first = before == 0 ? 0 : 3 - before;
    for (size_t i = first; i + 3 <= s.n; i += 3) {
        uint32_t v = (uint32_t)s.p[i] << 16 | (uint32_t)s.p[i + 1] << 8 | s.p[i + 2];
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63], digits[v & 63]};
        CHECK_OK(buf_append(out, slice_of(four, 4)));
    }
}

void known_write(buf *out, slice what, enum known_form form, size_t before) {
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    switch (form) {
    case FORM_HEX:
        write_hex(out, what, "0123456789abcdef");
        break;
    case FORM_HEX_UPPER:
        write_hex(out, what, "0123456789ABCDEF");
        break;
    case FORM_BASE64:
        write_base64(out, what, LETTERS "+/", before);
        break;
    case FORM_BASE64_URL:
        write_base64(out, what, LETTERS "-_", before);
        break;
    default:
        CHECK_OK(buf_append(out, what));
        break;
    }
#undef LETTERS
}

/* ---- Patterns: an open table by their first bytes, behind a bitmap ---- */

struct pattern {
    uint32_t n; /* 0: free */
    uint8_t kind, form;
    size_t at; /* in `text` */
};
struct patterns {
    struct pattern *slots;
    size_t count, cap;
    uint8_t *bloom;
    buf text;
};
static struct patterns all, accounts;

static uint64_t first_of(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v * UINT64_C(0x9e3779b97f4a7c15);
}

static void place(struct patterns *set, struct pattern pattern) {
    uint64_t hash = first_of(set->text.p + pattern.at);
    size_t i = (size_t)(hash >> 20) & (set->cap - 1);
    while (set->slots[i].n != 0)
        i = (i + 1) & (set->cap - 1);
    set->slots[i] = pattern;
    hash >>= 64 - BLOOM_BITS;
    set->bloom[hash >> 3] |= (uint8_t)(1u << (hash & 7));
}

static void add_pattern(struct patterns *set, enum known_kind kind, enum known_form form, slice s) {
    if (s.n < LEAST)
        return;
    if (set->count * 2 >= set->cap) {
        struct patterns old = *set;
        set->cap = set->cap == 0 ? 1 << 16 : set->cap * 4;
        set->slots = calloc(set->cap, sizeof *set->slots);
        if (set->bloom == NULL)
            set->bloom = calloc(1, (size_t)1 << (BLOOM_BITS - 3));
        CHECK(set->slots != NULL && set->bloom != NULL);
        for (size_t i = 0; i < old.cap; i++)
            if (old.slots[i].n != 0)
                place(set, old.slots[i]);
        free(old.slots);
    }
    struct pattern pattern = {(uint32_t)s.n, (uint8_t)kind, (uint8_t)form, set->text.n};
    CHECK_OK(buf_append(&set->text, s));
    place(set, pattern);
    set->count++;
}

static void add_piece(struct patterns *set, enum known_kind kind, slice piece) {
    for (int form = 0; form < FORM_COUNT; form++) {
        bool base64 = form == FORM_BASE64 || form == FORM_BASE64_URL;
        for (size_t before = 0; before < (base64 ? 3u : 1u); before++) {
            buf text = {0};
            known_write(&text, piece, (enum known_form)form, before);
            add_pattern(set, kind, (enum known_form)form, buf_slice(&text));
            buf_free(&text);
        }
    }
}

void known_prepare(void) {
    for (int kind = 0; kind < KNOWN_COUNT; kind++) {
        struct patterns *set = kind == KNOWN_ACCOUNT ? &accounts : &all;
        for (size_t i = 0; i < things[kind].n; i++) {
            slice what = known_get((enum known_kind)kind, i);
            size_t at = 0;
            for (; at + PIECE <= what.n; at += PIECE)
                add_piece(set, (enum known_kind)kind, slice_of(what.p + at, PIECE));
            if (what.n < PIECE)
                add_piece(set, (enum known_kind)kind, what);
        }
    }
}

/* ---- The search ---- */

static const struct pattern *match(const struct patterns *set, slice s, size_t at) {
    uint64_t hash = first_of(s.p + at), bit = hash >> (64 - BLOOM_BITS);
    if ((set->bloom[bit >> 3] >> (bit & 7) & 1) == 0)
        return NULL;
    for (size_t i = (size_t)(hash >> 20) & (set->cap - 1); set->slots[i].n != 0;
         i = (i + 1) & (set->cap - 1)) {
        const struct pattern *p = &set->slots[i];
        if (p->n <= s.n - at && memcmp(set->text.p + p->at, s.p + at, p->n) == 0)
            return p;
    }
    return NULL;
}

static size_t search_bytes(const struct patterns *set, slice s, const char *where,
                           struct finding *first) {
    size_t found = 0;
    for (size_t at = 0; set->count > 0 && at + LEAST <= s.n; at++) {
        const struct pattern *p = match(set, s, at);
        if (p == NULL)
            continue;
        if (found++ == 0 && first->count == 0) {
            first->kind = (enum known_kind)p->kind;
            first->form = (enum known_form)p->form;
            first->at = at;
            snprintf(first->where, sizeof first->where, "%s", where);
        }
        first->count++;
    }
    return found;
}

static size_t search_file(const char *path, struct finding *first, uint64_t *searched) {
    buf content = {0};
    uint8_t part[65536];
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        CHECK_OK(buf_append(&content, slice_of(part, n)));
    fclose(f);
    *searched += content.n;
    size_t found = search_bytes(&all, buf_slice(&content), path, first);
    found += search_bytes(&all, slice_str(path), path, first);
    buf_free(&content);
    return found;
}

static size_t search_below(const char *folder, struct finding *first, uint64_t *searched) {
    size_t found = 0;
    DIR *d = opendir(folder);
    CHECK(d != NULL);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        char path[1024];
        struct stat s;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        CHECK(stat(path, &s) == 0);
        found += S_ISDIR(s.st_mode) ? search_below(path, first, searched)
                                    : search_file(path, first, searched);
    }
    closedir(d);
    return found;
}

size_t known_search(const char *folder, struct finding *first, uint64_t *searched) {
    *first = (struct finding){.count = 0};
    *searched = 0;
    return search_below(folder, first, searched);
}

struct rows {
    struct finding *first;
    size_t found;
    bool own; /* of accounts and devices */
};

static bool search_row(void *ctx, struct store_key key, slice value) {
    struct rows *rows = ctx;
    char where[64];
    enum held_row row = held_row_of(key);
    snprintf(where, sizeof where, "a row of %s", row == HELD_COUNT ? "?" : held_rows[row].name);
    rows->found += search_bytes(&all, key.name, where, rows->first);
    rows->found += search_bytes(&all, value, where, rows->first);
    if (rows->own)
        return true;
    rows->found += search_bytes(&accounts, key.name, where, rows->first);
    rows->found += search_bytes(&accounts, value, where, rows->first);
    return true;
}

size_t known_search_rows(struct store *s, struct finding *first) {
    struct rows rows = {.first = first};
    *first = (struct finding){.count = 0};
    for (uint8_t table = 0; table < STORE_TABLES_MAX; table++) {
        rows.own = table == MAIL_ACCOUNT || table == MAIL_DEVICE;
        CHECK_OK(store_scan_table(s, table, search_row, &rows));
    }
    return rows.found;
}

static void patterns_free(struct patterns *set) {
    free(set->slots);
    free(set->bloom);
    buf_free(&set->text);
    *set = (struct patterns){0};
}

void known_free(void) {
    patterns_free(&all);
    patterns_free(&accounts);
    for (int kind = 0; kind < KNOWN_COUNT; kind++)
        free(things[kind].p);
    buf_free(&bytes);
}
