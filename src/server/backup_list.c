#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "server/backup.h"
#include "server/keys.h"
#include "sys/files.h"
#include "sys/loop.h"

enum { PATH = 1024, LIST_MAX = 64 * 1024 * 1024, PROGRESS_MS = 2000 };

static const char first_line[] = "sotto backup 1";
const char *const backup_keys[BACKUP_KEYS] = {"identity", "pepper", "address-keys"};

/* ---- Names ---- */

/* As RocksDB calls its files. Nothing that leads elsewhere. */
static bool is_plain(slice name) {
    if (name.n == 0 || name.p[0] == '.')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (c < '0' || c > '9') && c != '.' && c != '-')
            return false;
    }
    return true;
}

bool backup_name_ok(slice name) {
    if (name.n >= BACKUP_NAME)
        return false;
    for (size_t i = 0; i < BACKUP_KEYS; i++)
        if (slice_equal(name, slice_str(backup_keys[i])))
            return true;
    return slice_skip(&name, slice_str("store/")) && is_plain(name);
}

err backup_file_path(char *path, const char *dir, const struct backup_file *file) {
    char hash[HEX_TEXT], name[sizeof "files/" + HEX_TEXT];
    hex_text(file->hash, hash);
    snprintf(name, sizeof name, "files/%s", hash);
    return keys_path(path, dir, name);
}

/* ---- The list in memory ---- */

err backup_list_add(struct backup_list *list, const struct backup_file *file) {
    if (list->count == list->cap) {
        size_t size = sizeof *list->files, cap = list->cap == 0 ? 64 : list->cap * 2;
        void *grown = mem_resize(NULL, list->files, list->cap * size, cap * size);
        if (grown == NULL)
            return ERR_NO_MEMORY;
        list->files = grown;
        list->cap = cap;
    }
    list->files[list->count++] = *file;
    list->bytes += file->size;
    return OK;
}

const struct backup_file *backup_list_find(const struct backup_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->files[i].name, name) == 0)
            return &list->files[i];
    return NULL;
}

void backup_list_free(struct backup_list *list) {
    mem_free(NULL, list->files, list->cap * sizeof *list->files);
    *list = (struct backup_list){0};
}

/* ---- The list as text ---- */

static err add_line(buf *out, const char *word, slice value) {
    TRY(buf_append(out, slice_str(word)));
    TRY(buf_append_byte(out, ' '));
    TRY(buf_append(out, value));
    return buf_append_byte(out, '\n');
}

static err add_hash(buf *out, slice before) {
    uint8_t hash[32];
    char text[HEX_TEXT];
    TRY(crypto_sha256.hash(hash, &before, 1));
    hex_text(hash, text);
    return add_line(out, "end", slice_str(text));
}

static err write_list(const struct backup_list *list, buf *out) {
    char line[HEX_TEXT + DECIMAL_TEXT + BACKUP_NAME + 8], number[DECIMAL_TEXT];
    buf key = {0};
    TRY(buf_append(out, slice_str(first_line)));
    TRY(buf_append_byte(out, '\n'));
    err e = base32_encode(&key, SLICE_ARRAY(list->server));
    if (e == OK)
        e = add_line(out, "server", buf_slice(&key));
    buf_free(&key);
    TRY(e);
    TRY(add_line(out, "version", slice_str(list->version)));
    decimal_text(list->week, number);
    TRY(add_line(out, "week", slice_str(number)));
    for (size_t i = 0; i < list->count; i++) {
        const struct backup_file *file = &list->files[i];
        char hash[HEX_TEXT];
        hex_text(file->hash, hash);
        snprintf(line, sizeof line, "%s %llu %s", hash, (unsigned long long)file->size, file->name);
        TRY(add_line(out, "file", slice_str(line)));
    }
    return add_hash(out, buf_slice(out));
}

err backup_list_save(const struct backup_list *list, const char *dir) {
    char path[PATH];
    buf text = {0};
    TRY(keys_path(path, dir, "manifest"));
    err e = write_list(list, &text);
    if (e == OK)
        e = sys_file_write(path, buf_slice(&text), 0600);
    buf_free(&text);
    return e;
}

static bool next_value(slice *rest, const char *word, slice *value) {
    return slice_line(rest, value) && slice_skip(value, slice_str(word)) &&
           slice_skip(value, slice_str(" "));
}

static err read_server(struct backup_list *list, slice text) {
    buf key = {0};
    err e = base32_decode(&key, text);
    if (e == OK && key.n != sizeof list->server)
        e = ERR_MALFORMED;
    if (e == OK)
        memcpy(list->server, key.p, key.n);
    buf_free(&key);
    return e;
}

static err read_file(struct backup_list *list, slice line) {
    struct backup_file file = {.size = 0};
    slice hash = slice_until(&line, ' '), size = slice_until(&line, ' ');
    if (!backup_name_ok(line))
        return ERR_MALFORMED;
    memcpy(file.name, line.p, line.n);
    TRY(hex_decode_to(file.hash, sizeof file.hash, hash));
    TRY(decimal_decode(size, UINT64_MAX >> 1, &file.size));
    return backup_list_add(list, &file);
}

static err read_list(struct backup_list *list, slice text) {
    slice rest = text, value;
    uint64_t week;
    if (!slice_line(&rest, &value) || !slice_equal(value, slice_str(first_line)))
        return ERR_MALFORMED;
    if (!next_value(&rest, "server", &value))
        return ERR_MALFORMED;
    TRY(read_server(list, value));
    if (!next_value(&rest, "version", &value) || value.n >= BACKUP_VERSION)
        return ERR_MALFORMED;
    memcpy(list->version, value.p, value.n);
    if (!next_value(&rest, "week", &value))
        return ERR_MALFORMED;
    TRY(decimal_decode(value, UINT32_MAX, &week));
    list->week = (uint32_t)week;
    while (rest.n > 0) {
        if (!next_value(&rest, "file", &value))
            return ERR_MALFORMED;
        TRY(read_file(list, value));
    }
    return OK;
}

/* The last line holds for all before it, so nothing else needs to be looked at twice. */
static err check_end(slice text, slice *before) {
    enum { END = 4 + HEX_TEXT }; /* with its newline */
    buf end = {0};
    if (text.n < END)
        return ERR_MALFORMED;
    *before = slice_of(text.p, text.n - END);
    err e = add_hash(&end, *before);
    if (e == OK && !slice_equal(buf_slice(&end), slice_of(text.p + before->n, END)))
        e = ERR_MALFORMED;
    buf_free(&end);
    return e;
}

err backup_list_load(struct backup_list *list, const char *dir) {
    char path[PATH];
    buf text = {0};
    slice before;
    *list = (struct backup_list){0};
    TRY(keys_path(path, dir, "manifest"));
    err e = sys_file_read(path, LIST_MAX, &text);
    if (e == OK)
        e = check_end(buf_slice(&text), &before);
    if (e == OK)
        e = read_list(list, before);
    buf_free(&text);
    if (e != OK)
        backup_list_free(list);
    return e == ERR_MALFORMED || e == ERR_TOO_LARGE ? ERR_DAMAGED : e;
}

/* ---- Copying ---- */

struct copying {
    struct crypto_sha256_state hash;
    struct backup_file *file;
    struct backup_progress *progress;
    int to; /* -1: only read */
};

static err show(struct backup_progress *p, uint64_t now) {
    if (p->pause != NULL)
        TRY(p->pause(p));
    if (p->shown == 0)
        p->shown = now;
    if (now - p->shown < PROGRESS_MS)
        return OK;
    p->shown = now;
    fprintf(stderr, "sottod: %s: %llu of %llu MiB\n", p->what, (unsigned long long)(p->done >> 20),
            (unsigned long long)(p->total >> 20));
    return OK;
}

static err copy_piece(void *ctx, slice bytes) {
    struct copying *c = ctx;
    crypto_sha256_add(&c->hash, bytes);
    c->file->size += bytes.n;
    c->progress->done += bytes.n;
    if (c->to >= 0)
        TRY(sys_write_all(c->to, bytes));
    return show(c->progress, sys_clock_mono());
}

err backup_copy(const char *from, const char *to, struct backup_file *file,
                struct backup_progress *progress) {
    struct copying c = {.file = file, .progress = progress, .to = -1};
    file->size = 0;
    crypto_sha256_begin(&c.hash);
    if (to != NULL)
        TRY(sys_file_begin(to, 0600, &c.to));
    err e = sys_file_each(from, copy_piece, &c);
    err end = to == NULL ? OK : sys_file_finish(c.to);
    crypto_sha256_digest(&c.hash, file->hash);
    wipe(&c.hash, sizeof c.hash);
    return e == OK ? end : e;
}
