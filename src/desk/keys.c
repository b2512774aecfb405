#include "desk/keys.h"

#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "merkle/note.h"
#include "sys/files.h"

enum { PATH = 1024, PRIVATE = 0600 };

static err path_of(char path[PATH], const char *folder, const char *name) {
    int n = snprintf(path, PATH, "%s/keys%s%s", folder, name[0] == 0 ? "" : "/", name);
    return n < 0 || n >= PATH ? ERR_TOO_LARGE : OK;
}

static err key_make(const char *folder, const char *name) {
    char path[PATH];
    uint8_t key[DESK_KEY];
    TRY(path_of(path, folder, name));
    crypto_random(key, sizeof key);
    err e = sys_file_create(path, SLICE_ARRAY(key), PRIVATE);
    wipe(key, sizeof key);
    return e == ERR_EXISTS ? OK : e;
}

err desk_keys_make(const char *folder) {
    static const char *const names[] = {"ledger", "notice", "padding"};
    char path[PATH];
    TRY(path_of(path, folder, ""));
    TRY(sys_dir_make(path));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        TRY(key_make(folder, names[i]));
    return OK;
}

err desk_key_read(const char *folder, const char *name, uint8_t key[DESK_KEY]) {
    char path[PATH];
    buf bytes = {0};
    TRY(path_of(path, folder, name));
    err e = sys_file_read(path, DESK_KEY, &bytes);
    if (e == ERR_TOO_LARGE || (e == OK && bytes.n != DESK_KEY))
        e = ERR_DAMAGED;
    if (e == OK)
        memcpy(key, bytes.p, DESK_KEY);
    buf_free(&bytes);
    return e;
}

static err public_of(const char *folder, const char *name, uint8_t public[32]) {
    uint8_t seed[DESK_KEY];
    TRY(desk_key_read(folder, name, seed));
    err e = crypto_ed25519.public_of(public, seed);
    wipe(seed, sizeof seed);
    return e;
}

err desk_keys_describe(buf *out, const char *folder, const char *origin) {
    uint8_t notice[32], ledger[32];
    struct merkle_key key;
    TRY(public_of(folder, "notice", notice));
    TRY(public_of(folder, "ledger", ledger));
    TRY(merkle_key_make(&key, MERKLE_KEY_ED25519, slice_str(origin), ledger));
    TRY(buf_append(out, slice_str("notice-key ")));
    TRY(base64_encode(out, SLICE_ARRAY(notice)));
    TRY(buf_append(out, slice_str("\nledger ")));
    TRY(merkle_key_format(out, &key));
    return buf_append_byte(out, '\n');
}
