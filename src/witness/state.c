#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "sys/files.h"
#include "witness/witness.h"

enum {
    PATH = 1024,
    SEED = 32,
    HASH_TEXT = 2 * MERKLE_HASH,
    KEY_FILE_MAX = 1024,
    KEYS_FILE_MAX = 8192,
    FRESH_SECONDS = 60, /* what says nothing new is kept again after this only */
    PRIVATE = 0600,
    PUBLIC = 0644
};

struct known {
    char hash[HASH_TEXT + 1];
    struct merkle_key keys[WITNESS_KEYS];
    buf note;
    uint64_t kept, given; /* the times of the cosignature that is kept, and of the newest */
};

struct witness {
    char dir[PATH / 2];
    const struct sys_log *log;
    int lock;
    struct merkle_witness state; /* its logs stand as `known` does */
    struct known *known;
    uint8_t seed[SEED];
};

static err path_of(char path[PATH], const char *dir, const char *folder, const char *name) {
    int n = snprintf(path, PATH, "%s/%s%s%s", dir, folder, folder[0] == 0 ? "" : "/", name);
    return n < 0 || n >= PATH ? ERR_TOO_LARGE : OK;
}

static err hash_of(char text[HASH_TEXT + 1], slice origin) {
    uint8_t digest[MERKLE_HASH];
    buf hex = {0};
    TRY(crypto_sha256.hash(digest, &origin, 1));
    err e = hex_encode(&hex, SLICE_ARRAY(digest));
    if (e == OK)
        memcpy(text, hex.p, HASH_TEXT);
    text[HASH_TEXT] = 0;
    buf_free(&hex);
    return e;
}

/* ---- The key ---- a line with its name, a line with the seed in base64. */

static err key_of(struct merkle_key *key, slice name, const uint8_t seed[SEED]) {
    uint8_t public[MERKLE_KEY];
    TRY(crypto_ed25519.public_of(public, seed));
    return merkle_key_make(key, MERKLE_KEY_COSIGNATURE, name, public);
}

static err write_key(const char *path, slice name, const uint8_t seed[SEED]) {
    buf text = {0};
    err e = buf_append(&text, name);
    if (e == OK)
        e = buf_append_byte(&text, '\n');
    if (e == OK)
        e = base64_encode(&text, slice_of(seed, SEED));
    if (e == OK)
        e = buf_append_byte(&text, '\n');
    if (e == OK)
        e = sys_file_create(path, buf_slice(&text), PRIVATE);
    buf_free(&text);
    return e;
}

err witness_init(const char *dir, slice name) {
    char path[PATH];
    uint8_t seed[SEED];
    struct merkle_key key;
    crypto_random(seed, sizeof seed);
    err e = key_of(&key, name, seed);
    if (e == OK)
        e = sys_dir_make(dir);
    if (e == OK)
        e = path_of(path, dir, "", "key");
    if (e == OK)
        e = write_key(path, name, seed);
    wipe(seed, sizeof seed);
    return e;
}

static err parse_key(struct witness *w, slice text) {
    slice name, seed;
    if (!slice_line(&text, &name) || !slice_line(&text, &seed) || text.n > 0)
        return ERR_DAMAGED;
    if (base64_decode_to(w->seed, SEED, seed) != OK)
        return ERR_DAMAGED;
    return key_of(&w->state.key, name, w->seed) == OK ? OK : ERR_DAMAGED;
}

static err load_key(struct witness *w) {
    char path[PATH];
    buf text = {0};
    TRY(path_of(path, w->dir, "", "key"));
    err e = sys_file_read(path, KEY_FILE_MAX, &text);
    if (e == OK)
        e = parse_key(w, buf_slice(&text));
    buf_free(&text);
    w->state.seed = w->seed;
    return e == ERR_TOO_LARGE ? ERR_DAMAGED : e;
}

/* ---- A log ---- */

static err parse_keys(struct known *known, size_t *count, slice text) {
    slice line;
    for (*count = 0; slice_line(&text, &line); ++*count) {
        if (*count == WITNESS_KEYS || merkle_key_parse(&known->keys[*count], line) != OK)
            return ERR_DAMAGED;
        const struct merkle_key *first = &known->keys[0], *key = &known->keys[*count];
        if (key->type != MERKLE_KEY_ED25519 ||
            !slice_equal(slice_of(key->name, key->name_n), slice_of(first->name, first->name_n)))
            return ERR_DAMAGED;
    }
    return *count > 0 && text.n == 0 ? OK : ERR_DAMAGED;
}

/* What our own cosignature says is what is remembered. */
static err parse_note(const struct witness *w, struct known *known, struct merkle_witnessed *log) {
    struct merkle_note note;
    struct merkle_checkpoint checkpoint;
    TRY(merkle_note_parse(&note, buf_slice(&known->note)));
    TRY(merkle_checkpoint_parse(&checkpoint, note.text));
    TRY(merkle_cosignature_verify(&note, &w->state.key, &known->given));
    known->kept = known->given;
    log->size = checkpoint.size;
    log->root = checkpoint.root;
    return slice_equal(checkpoint.origin, log->origin) ? OK : ERR_IDENTITY;
}

static err load_note(const struct witness *w, struct known *known, struct merkle_witnessed *log) {
    char path[PATH];
    TRY(path_of(path, w->dir, known->hash, "checkpoint"));
    err e = sys_file_read(path, 2 * WITNESS_BODY_MAX, &known->note);
    if (e == ERR_NOT_FOUND)
        return OK; /* it cosigned none yet */
    if (e == OK && parse_note(w, known, log) != OK)
        return ERR_DAMAGED;
    return e == ERR_TOO_LARGE ? ERR_DAMAGED : e;
}

static bool is_in_folder(const char *path, const char *hash) {
    static const char NAME[] = "/keys";
    size_t n = strlen(path), tail = HASH_TEXT + strlen(NAME);
    return n > tail && path[n - tail - 1] == '/' && memcmp(path + n - tail, hash, HASH_TEXT) == 0 &&
           strcmp(path + n - strlen(NAME), NAME) == 0;
}

/* path: of its file `keys`. */
static err load_log(const struct witness *w, const char *path, struct known *known,
                    struct merkle_witnessed *log) {
    buf text = {0};
    err e = sys_file_read(path, KEYS_FILE_MAX, &text);
    if (e == OK)
        e = parse_keys(known, &log->key_count, buf_slice(&text));
    buf_free(&text);
    if (e != OK)
        return e == ERR_TOO_LARGE ? ERR_DAMAGED : e;
    log->origin = slice_of(known->keys[0].name, known->keys[0].name_n);
    TRY(hash_of(known->hash, log->origin));
    if (!is_in_folder(path, known->hash))
        return ERR_DAMAGED;
    return load_note(w, known, log);
}

struct loading {
    struct witness *witness;
    err result;
};

static void found_log(void *ctx, const char *path) {
    struct loading *loading = ctx;
    struct witness *w = loading->witness;
    size_t i = w->state.count;
    if (loading->result != OK)
        return;
    loading->result = ERR_LIMIT;
    if (i == WITNESS_LOGS)
        return;
    w->state.count++; /* so that its note is freed in any case */
    w->state.logs[i].keys = w->known[i].keys;
    loading->result = load_log(w, path, &w->known[i], &w->state.logs[i]);
}

static err load(struct witness *w) {
    struct loading loading = {w, OK};
    w->known = mem_new_array(NULL, WITNESS_LOGS, sizeof *w->known);
    w->state.logs = mem_new_array(NULL, WITNESS_LOGS, sizeof *w->state.logs);
    if (w->known == NULL || w->state.logs == NULL)
        return ERR_NO_MEMORY;
    sys_files_walk(w->dir, "keys", found_log, &loading);
    return loading.result;
}

err witness_open(struct witness **out, const char *dir, const struct sys_log *log) {
    char path[PATH];
    struct witness *w = mem_new(NULL, sizeof *w);
    if (w == NULL)
        return ERR_NO_MEMORY;
    w->log = log;
    w->lock = -1;
    int n = snprintf(w->dir, sizeof w->dir, "%s", dir);
    err e = n >= (int)sizeof w->dir ? ERR_TOO_LARGE : path_of(path, dir, "", "lock");
    if (e == OK)
        e = load_key(w);
    if (e == OK)
        e = sys_lock_take(path, &w->lock);
    if (e == OK)
        e = load(w);
    if (e == OK)
        *out = w;
    else
        witness_close(w);
    return e;
}

void witness_close(struct witness *w) {
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->state.count; i++)
        buf_free(&w->known[i].note);
    mem_free(NULL, w->known, WITNESS_LOGS * sizeof *w->known);
    mem_free(NULL, w->state.logs, WITNESS_LOGS * sizeof *w->state.logs);
    if (w->lock >= 0)
        sys_lock_release(w->lock);
    mem_free(NULL, w, sizeof *w);
}

const struct merkle_key *witness_key(const struct witness *w) {
    return &w->state.key;
}

size_t witness_count(const struct witness *w) {
    return w->state.count;
}

slice witness_origin(const struct witness *w, size_t i, uint64_t *size) {
    *size = w->state.logs[i].size;
    return w->state.logs[i].origin;
}

/* ---- A new one ---- */

static err add_keys(buf *text, const struct merkle_witnessed *log, const struct merkle_key *key) {
    for (size_t i = 0; log != NULL && i < log->key_count; i++) {
        if (memcmp(log->keys[i].public, key->public, MERKLE_KEY) == 0)
            return ERR_EXISTS;
        TRY(merkle_key_format(text, &log->keys[i]));
        TRY(buf_append_byte(text, '\n'));
    }
    if (log != NULL && log->key_count == WITNESS_KEYS)
        return ERR_LIMIT;
    TRY(merkle_key_format(text, key));
    return buf_append_byte(text, '\n');
}

static err write_keys(const struct witness *w, slice origin, slice text) {
    char hash[HASH_TEXT + 1], path[PATH];
    TRY(hash_of(hash, origin));
    TRY(path_of(path, w->dir, hash, ""));
    TRY(sys_dir_make(path));
    TRY(path_of(path, w->dir, hash, "keys"));
    return sys_file_write(path, text, PUBLIC);
}

err witness_add(struct witness *w, const struct merkle_key *key) {
    const struct merkle_witnessed *log = NULL;
    slice origin = slice_of(key->name, key->name_n);
    buf text = {0};
    if (key->type != MERKLE_KEY_ED25519)
        return ERR_UNSUPPORTED;
    for (size_t i = 0; i < w->state.count; i++)
        if (slice_equal(w->state.logs[i].origin, origin))
            log = &w->state.logs[i];
    if (log == NULL && w->state.count == WITNESS_LOGS)
        return ERR_LIMIT;
    err e = add_keys(&text, log, key);
    if (e == OK)
        e = write_keys(w, origin, buf_slice(&text));
    buf_free(&text);
    return e;
}

/* ---- Asking ---- */

static bool is_of(const struct merkle_signature *signature, const struct merkle_witnessed *log) {
    for (size_t i = 0; i < log->key_count; i++)
        if (signature->id == log->keys[i].id && slice_equal(signature->name, log->origin))
            return true;
    return false;
}

/* The note of a request that was verified, without what others signed: anybody may have added
 * that. */
static err own_note(buf *out, const struct merkle_witnessed *log, slice body) {
    struct merkle_add_checkpoint request;
    struct merkle_note note;
    TRY(merkle_add_checkpoint_parse(&request, body));
    TRY(merkle_note_parse(&note, request.note));
    TRY(merkle_note_begin(out, note.text));
    for (size_t i = 0; i < note.count; i++) {
        const struct merkle_signature *signature = &note.signatures[i];
        if (!is_of(signature, log))
            continue;
        TRY(buf_append(out, slice_str("\xe2\x80\x94 ")));
        TRY(buf_append(out, signature->name));
        TRY(buf_append_byte(out, ' '));
        TRY(buf_append(out, signature->base64));
        TRY(buf_append_byte(out, '\n'));
    }
    return OK;
}

static err keep_note(struct witness *w, slice body, const struct merkle_witness_answer *answer,
                     buf *note) {
    char path[PATH];
    uint64_t seconds;
    TRY(own_note(note, &w->state.logs[answer->log], body));
    TRY(merkle_cosignature_take(note, buf_slice(&answer->body), &w->state.key, &seconds));
    TRY(path_of(path, w->dir, w->known[answer->log].hash, "checkpoint"));
    return sys_file_write(path, buf_slice(note), PUBLIC);
}

static bool is_known(const struct witness *w, const struct merkle_witness_answer *answer) {
    const struct merkle_witnessed *log = &w->state.logs[answer->log];
    return w->known[answer->log].note.n > 0 && answer->checkpoint.size == log->size &&
           merkle_hash_equal(&answer->checkpoint.root, &log->root);
}

static err keep(struct witness *w, slice body, uint64_t seconds,
                const struct merkle_witness_answer *answer) {
    struct known *known = &w->known[answer->log];
    buf note = {0};
    err e = OK;
    if (!is_known(w, answer) || seconds - known->kept >= FRESH_SECONDS) {
        e = keep_note(w, body, answer, &note);
        if (e == OK)
            buf_move(&known->note, &note);
        if (e == OK)
            known->kept = seconds;
    }
    if (e == OK)
        known->given = seconds;
    buf_free(&note);
    return e;
}

/* Two roots of one size, both signed by the log: whoever sees both files knows that it forked. It
 * is said once. */
static void keep_fork(struct witness *w, slice body, const struct merkle_witness_answer *answer) {
    const struct merkle_witnessed *log = &w->state.logs[answer->log];
    char path[PATH];
    buf note = {0};
    if (w->known[answer->log].note.n == 0 || answer->checkpoint.size != log->size ||
        merkle_hash_equal(&answer->checkpoint.root, &log->root))
        return;
    err e = own_note(&note, log, body);
    if (e == OK)
        e = path_of(path, w->dir, w->known[answer->log].hash, "fork");
    if (e == OK)
        e = sys_file_create(path, buf_slice(&note), PUBLIC);
    if (e == OK)
        sys_log_warn(w->log, "log_forked", "%.*s forked at size %llu: %s", (int)log->origin.n,
                     (const char *)log->origin.p, (unsigned long long)log->size, path);
    else if (e != ERR_EXISTS)
        sys_log_failure(w->log, "fork_failed", "a fork could not be kept", e);
    buf_free(&note);
}

err witness_ask(struct witness *w, slice body, uint64_t seconds,
                struct merkle_witness_answer *answer) {
    TRY(merkle_witness_stage(&w->state, body, seconds, answer));
    if (answer->status == MERKLE_STATUS_CONFLICT)
        keep_fork(w, body, answer);
    if (answer->status != MERKLE_STATUS_OK)
        return OK;
    err e = seconds < w->known[answer->log].given ? ERR_LATE : keep(w, body, seconds, answer);
    if (e == OK)
        merkle_witness_apply(&w->state, answer);
    else
        buf_free(&answer->body);
    return e;
}

err witness_checkpoint(const struct witness *w, slice hash, slice *note) {
    for (size_t i = 0; i < w->state.count; i++)
        if (slice_equal(slice_str(w->known[i].hash), hash) && w->known[i].note.n > 0) {
            *note = buf_slice(&w->known[i].note);
            return OK;
        }
    return ERR_NOT_FOUND;
}
