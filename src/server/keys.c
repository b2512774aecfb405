#include "server/keys.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "sys/files.h"
#include "sys/loop.h"

enum { PATH = 1024, PRIVATE = 0600, ADDRESS_WEEKS = 26, DOUBT_WEEKS = 8 };

err keys_path(char *path, const char *data, const char *name) {
    int n = snprintf(path, PATH, "%s/%s", data, name);
    return n < 0 || n >= PATH ? ERR_TOO_LARGE : OK;
}

/* ---- 32 random bytes in a file ---- */

static err secret_load(const char *path, bool make, uint8_t secret[32]) {
    buf content = {0};
    err e = sys_file_read(path, 64, &content);
    if (e == ERR_NOT_FOUND && make) {
        crypto_random(secret, 32);
        e = sys_file_create(path, slice_of(secret, 32), PRIVATE);
    } else if (e == OK && content.n == 32) {
        memcpy(secret, content.p, 32);
    } else if (e == OK || e == ERR_TOO_LARGE) {
        e = ERR_DAMAGED;
    }
    buf_free(&content);
    return e;
}

/* ---- The address keys ---- the week of the newest, then each key's id and bytes. */

static err addresses_save(const struct keys *keys, const char *path, uint32_t week) {
    buf content = {0};
    writer w = writer_on(&content);
    writer_u32(&w, week);
    for (size_t i = 0; i < MAIL_KEYS; i++) {
        writer_u8(&w, keys->address[i].id);
        writer_bytes(&w, SLICE_ARRAY(keys->address[i].key));
    }
    err e = writer_result(&w);
    if (e == OK)
        e = sys_file_write(path, buf_slice(&content), PRIVATE);
    buf_free(&content);
    return e;
}

static err addresses_read(struct keys *keys, slice content, uint32_t *week) {
    reader r = reader_of(content);
    TRY(reader_u32(&r, week));
    for (size_t i = 0; i < MAIL_KEYS; i++) {
        TRY(reader_u8(&r, &keys->address[i].id));
        TRY(reader_copy(&r, keys->address[i].key, 32));
    }
    TRY(reader_end(&r));
    return keys->address[0].id == 0 ? ERR_DAMAGED : OK;
}

static err addresses_load(struct keys *keys, const char *path, bool make, uint32_t *week) {
    buf content = {0};
    err e = sys_file_read(path, 256, &content);
    if (e == OK && addresses_read(keys, buf_slice(&content), week) != OK)
        e = ERR_DAMAGED;
    if (e == ERR_NOT_FOUND && make) {
        keys->address[0].id = 1;
        crypto_random(keys->address[0].key, 32);
        *week = time_week(sys_clock_wall());
        e = addresses_save(keys, path, *week);
    }
    buf_free(&content);
    return e;
}

err keys_turn(struct keys *keys, const char *data, uint64_t now, bool certain) {
    char path[PATH];
    uint32_t week = 0;
    struct keys next;
    TRY(keys_path(path, data, "address-keys"));
    TRY(addresses_load(keys, path, false, &week));
    if (time_week(now) < week + ADDRESS_WEEKS)
        return OK;
    if (!certain && time_week(now) > week + ADDRESS_WEEKS + DOUBT_WEEKS)
        return OK;
    next = *keys;
    next.address[1] = keys->address[0];
    next.address[0].id = (uint8_t)(keys->address[0].id % 255 + 1);
    crypto_random(next.address[0].key, 32);
    err e = addresses_save(&next, path, time_week(now));
    if (e == OK)
        *keys = next;
    keys_wipe(&next);
    return e;
}

/* ---- All ---- */

/* Every database has this file. */
static bool has_store(const char *data) {
    char path[PATH];
    buf content = {0};
    err e = keys_path(path, data, "store/CURRENT");
    if (e == OK)
        e = sys_file_read(path, 4096, &content);
    buf_free(&content);
    return e != ERR_NOT_FOUND;
}

static err load_all(struct keys *keys, const char *data, bool make, char *why) {
    uint32_t week;
    memset(keys, 0, sizeof *keys);
    TRY(keys_path(why, data, "identity"));
    TRY(secret_load(why, make, keys->identity_priv));
    TRY(crypto_ed25519.public_of(keys->identity, keys->identity_priv));
    TRY(keys_path(why, data, "pepper"));
    TRY(secret_load(why, make, keys->pepper));
    TRY(keys_path(why, data, "address-keys"));
    return addresses_load(keys, why, make, &week);
}

err keys_load(struct keys *keys, const char *data, bool make, char *why) {
    bool used = has_store(data);
    err e = load_all(keys, data, make && !used, why);
    return e == ERR_NOT_FOUND && used ? ERR_DAMAGED : e;
}

void keys_wipe(struct keys *keys) {
    wipe(keys, sizeof *keys);
}
