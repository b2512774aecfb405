#include "term/web_log.h"

#include <stdio.h>

#include "merkle/checkpoint.h"
#include "merkle/tile.h"
#include "sys/fetch.h"

enum {
    BUNDLES_MAX = 64, /* 16,384 releases */
    BUNDLE_BYTES_MAX = MERKLE_TILE_WIDTH * (2 + MERKLE_ENTRY_MAX)
};

struct place {
    struct sys_address address;
    char folder[SYS_PATH_MAX + 1]; /* without "/" at its end */
    const struct web_way *way;
};

/* "https://host[:port][/folder][/]" */
static err find(struct place *p, const char *url) {
    char host[SYS_HOST_MAX + 64];
    const char *at = strstr(url, "://");
    size_t n = at == NULL ? strlen(url) : (size_t)(at - url) + 3;
    n += strcspn(url + n, "/");
    size_t m = strlen(url + n);
    while (m > 0 && url[n + m - 1] == '/')
        m--;
    if (n >= sizeof host || m > SYS_PATH_MAX - MERKLE_TILE_PATH_MAX ||
        strpbrk(url, "?#\r\n ") != NULL)
        return ERR_MALFORMED;
    snprintf(host, sizeof host, "%.*s", (int)n, url);
    snprintf(p->folder, sizeof p->folder, "%.*s", (int)m, url + n);
    return sys_fetch_address(&p->address, host);
}

static err fetch(struct place *p, const char *name, size_t max, buf *out) {
    struct sys_fetched fetched;
    struct sys_fetch options = {.address = &p->address,
                                .proxy = p->way->proxy,
                                .timeout_ms = p->way->timeout_ms,
                                .body_max = max};
    int n = snprintf(p->address.path, sizeof p->address.path, "%s/%s", p->folder, name);
    if (n < 0 || (size_t)n >= sizeof p->address.path)
        return ERR_BUG;
    TRY(sys_fetch(&fetched, &options));
    if (fetched.status == 200)
        buf_move(out, &fetched.body);
    err e = fetched.status == 200 ? OK : ERR_NOT_FOUND;
    sys_fetched_fini(&fetched);
    return e;
}

static err read_tile(void *ctx, const struct merkle_tile *tile, buf *out) {
    char path[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, path);
    return fetch(ctx, path, BUNDLE_BYTES_MAX, out);
}

static err take_checkpoint(struct web_log *log, struct place *p, const struct merkle_key *key) {
    struct merkle_note *note = mem_new(NULL, sizeof *note);
    struct merkle_checkpoint checkpoint;
    buf bytes = {0};
    err e = note == NULL ? ERR_NO_MEMORY : fetch(p, "checkpoint", MERKLE_NOTE_MAX, &bytes);
    if (e == OK)
        e = merkle_note_parse(note, buf_slice(&bytes));
    if (e == OK)
        e = merkle_note_verify(note, key);
    if (e == OK)
        e = merkle_checkpoint_parse(&checkpoint, note->text);
    if (e == OK && !slice_equal(checkpoint.origin, slice_of(key->name, key->name_n)))
        e = ERR_IDENTITY;
    if (e == OK && checkpoint.size > (uint64_t)BUNDLES_MAX * MERKLE_TILE_WIDTH)
        e = ERR_LIMIT;
    if (e == OK) {
        log->size = checkpoint.size;
        log->root = checkpoint.root;
    }
    buf_free(&bytes);
    mem_free(NULL, note, sizeof *note);
    return e;
}

static err take_bundle(struct web_log *log, const struct merkle_tiles *tiles,
                       struct merkle_frontier *frontier, slice text) {
    uint64_t left = log->size - frontier->size;
    struct merkle_tile tile = {.entries = true,
                               .index = frontier->size / MERKLE_TILE_WIDTH,
                               .width =
                                   (uint16_t)(left < MERKLE_TILE_WIDTH ? left : MERKLE_TILE_WIDTH)};
    struct merkle_hash leaf;
    slice entry = SLICE_EMPTY;
    buf bytes = {0};
    err e = merkle_tile_read(tiles, &tile, &bytes);
    reader r = reader_of(buf_slice(&bytes));
    for (unsigned i = 0; i < tile.width && e == OK; i++) {
        e = merkle_entry_read(&r, &entry);
        if (e != OK)
            break;
        log->listed = log->listed || slice_equal(entry, text);
        merkle_leaf_hash(&leaf, entry);
        e = merkle_append(frontier, &leaf);
    }
    buf_clear(&log->newest);
    if (e == OK)
        e = buf_append(&log->newest, entry);
    buf_free(&bytes);
    return e;
}

err web_log_read(struct web_log *log, const char *url, const struct merkle_key *key,
                 const struct web_way *way, slice text) {
    struct place p = {.way = way};
    struct merkle_tiles tiles = {.read = read_tile, .ctx = &p};
    struct merkle_frontier frontier = {0};
    struct merkle_hash root;
    *log = (struct web_log){0};
    TRY(find(&p, url));
    TRY(take_checkpoint(log, &p, key));
    while (frontier.size < log->size)
        TRY(take_bundle(log, &tiles, &frontier, text));
    merkle_frontier_root(&frontier, &root);
    return merkle_hash_equal(&root, &log->root) ? OK : ERR_PROOF;
}

void web_log_fini(struct web_log *log) {
    buf_free(&log->newest);
}
