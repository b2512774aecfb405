#include "desk/enrolment.h"

#include "base/text.h"
#include "crypto/crypto.h"
#include "sys/files.h"

enum { CODE_BYTES = 20, FILE_MAX = 8192, PRIVATE = 0600 };
_Static_assert(CODE_BYTES * 8 / 5 + 1 == DESK_CODE, "base32 of a code");

static err path_of(buf *path, const char *folder, const char *below, slice name) {
    TRY(buf_append(path, slice_str(folder)));
    TRY(buf_append(path, slice_str(below)));
    TRY(buf_append(path, name));
    return buf_append_byte(path, 0);
}

/* By its hash, so that who reads the folder can't use it. */
static err code_path(buf *path, const char *folder, slice code) {
    uint8_t hash[32];
    buf name = buf_on(NULL);
    err e = crypto_sha256.hash(hash, &code, 1);
    if (e == OK)
        e = hex_encode(&name, SLICE_ARRAY(hash));
    if (e == OK)
        e = path_of(path, folder, "/enrolments/", buf_slice(&name));
    buf_free(&name);
    return e;
}

static bool is_id(slice s) {
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!letter && (i == 0 || (s.p[i] != '-' && s.p[i] != '.')))
            return false;
    }
    return s.n > 0 && s.n < DESK_ENROLMENT_ID;
}

static err make_folder(const char *folder, const char *below) {
    buf path = buf_on(NULL);
    err e = path_of(&path, folder, below, SLICE_EMPTY);
    if (e == OK)
        e = sys_dir_make((const char *)path.p);
    buf_free(&path);
    return e;
}

static err make_code(char code[DESK_CODE]) {
    uint8_t random[CODE_BYTES];
    buf text = buf_on(NULL);
    crypto_random(random, sizeof(random));
    err e = base32_encode(&text, SLICE_ARRAY(random));
    if (e == OK) {
        memcpy(code, text.p, text.n);
        code[text.n] = '\0';
    }
    wipe(random, sizeof(random));
    buf_free(&text);
    return e;
}

err desk_enrolment_begin(const char *folder, slice id, slice lines, uint64_t now,
                         char code[DESK_CODE]) {
    if (!is_id(id))
        return ERR_MALFORMED;
    TRY(make_folder(folder, "/enrolments"));
    TRY(make_code(code));
    buf path = buf_on(NULL), text = buf_on(NULL);
    err e = decimal_encode(&text, now + DESK_CODE_LIFE);
    if (e == OK)
        e = buf_append(&text, slice_str("\nperson "));
    if (e == OK)
        e = buf_append(&text, id);
    if (e == OK)
        e = buf_append_byte(&text, '\n');
    if (e == OK)
        e = buf_append(&text, lines);
    if (e == OK)
        e = code_path(&path, folder, slice_str(code));
    if (e == OK)
        e = sys_file_create((const char *)path.p, buf_slice(&text), PRIVATE);
    buf_free(&path);
    buf_free(&text);
    return e;
}

/* What the code's file says after its first line. */
static err read_code(const char *folder, slice code, uint64_t now, buf *text) {
    uint64_t until;
    slice first, rest;
    buf path = buf_on(NULL);
    err e = code_path(&path, folder, code);
    if (e == OK)
        e = sys_file_read((const char *)path.p, FILE_MAX, text);
    buf_free(&path);
    TRY(e);
    rest = buf_slice(text);
    if (!slice_line(&rest, &first) || decimal_decode(first, UINT64_MAX, &until) != OK)
        return ERR_DAMAGED;
    if (until <= now || until > now + DESK_CODE_LIFE)
        return ERR_EXPIRED;
    buf_consume(text, first.n + 1);
    return OK;
}

static err id_of(slice text, slice *id) {
    slice line;
    if (!slice_line(&text, &line) || !slice_skip(&line, slice_str("person ")) || !is_id(line))
        return ERR_DAMAGED;
    *id = line;
    return OK;
}

err desk_enrolment_find(const char *folder, slice code, uint64_t now, char id[DESK_ENROLMENT_ID]) {
    slice found;
    buf text = buf_on(NULL);
    err e = read_code(folder, code, now, &text);
    if (e == OK)
        e = id_of(buf_slice(&text), &found);
    if (e == OK) {
        memcpy(id, found.p, found.n);
        id[found.n] = '\0';
    }
    buf_free(&text);
    return e;
}

err desk_enrolment_end(const char *folder, slice code, uint64_t now, slice lines) {
    slice id;
    buf text = buf_on(NULL), used = buf_on(NULL), path = buf_on(NULL);
    err e = read_code(folder, code, now, &text);
    if (e == OK)
        e = buf_append(&text, lines);
    if (e == OK)
        e = id_of(buf_slice(&text), &id);
    if (e == OK)
        e = make_folder(folder, "/drafts");
    if (e == OK)
        e = path_of(&path, folder, "/drafts/", id);
    if (e == OK)
        e = code_path(&used, folder, code);
    /* The code goes first: a failure after it costs a new code, not a second draft. */
    if (e == OK)
        e = sys_file_remove((const char *)used.p);
    if (e == OK)
        e = sys_file_write((const char *)path.p, buf_slice(&text), PRIVATE);
    buf_free(&text);
    buf_free(&used);
    buf_free(&path);
    return e;
}
