#include "tests/office/authenticator.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/text.h"
#include "tests/support.h"

const struct soft_way soft_right = {.type = "webauthn.get",
                                    .origin = "https://desk.example.org",
                                    .cross = "false",
                                    .rest = "}",
                                    .rp = "desk.example.org",
                                    .extensions = "",
                                    .flags = 0x05,
                                    .space = "sotto-office",
                                    .hash = "sha512",
                                    .application = "ssh:sotto",
                                    .reserved = "",
                                    .numbers_rest = "",
                                    .inner_rest = ""};

void must(err e) {
    if (e == OK)
        return;
    fprintf(stderr, "a helper of the tests failed: %s\n", err_name(e));
    exit(1);
}

static const struct crypto_sig *table(enum soft_kind kind) {
    return kind == SOFT_ES256 || kind == SOFT_SK_ECDSA ? &crypto_ecdsa_p256 : &crypto_ed25519;
}

bool soft_is_ssh(enum soft_kind kind) {
    return kind >= SOFT_SK_ED25519;
}

void soft_key_make(struct soft_key *k, enum soft_kind kind, uint64_t seed) {
    struct support_random r = {seed * SOFT_KINDS + kind + 1};
    k->kind = kind;
    support_fill(&r, k->priv, sizeof k->priv);
    must(crypto_init());
    must(table(kind)->public_of(k->pub, k->priv));
}

static void string(writer *w, slice s) {
    writer_u32(w, (uint32_t)s.n);
    writer_bytes(w, s);
}

static const char *ssh_name(enum soft_kind kind) {
    return kind == SOFT_PLAIN        ? "ssh-ed25519"
           : kind == SOFT_SK_ED25519 ? "sk-ssh-ed25519@openssh.com"
                                     : "sk-ecdsa-sha2-nistp256@openssh.com";
}

static void blob(writer *w, const struct soft_key *k, const char *application) {
    string(w, slice_str(ssh_name(k->kind)));
    if (k->kind == SOFT_SK_ECDSA)
        string(w, slice_str("nistp256"));
    string(w, slice_of(k->pub, table(k->kind)->pub));
    if (k->kind != SOFT_PLAIN)
        string(w, slice_str(application));
}

void soft_public(buf *out, const struct soft_key *k, const char *application) {
    buf bytes = {0};
    writer w = writer_on(&bytes);
    if (soft_is_ssh(k->kind))
        blob(&w, k, application);
    else
        writer_bytes(&w, slice_of(k->pub, table(k->kind)->pub));
    must(writer_result(&w));
    must(base64_encode(out, buf_slice(&bytes)));
    buf_free(&bytes);
}

/* ---- Passkeys ---- */

static void client_data(buf *out, const struct soft_way *way, slice text) {
    uint8_t hash[32];
    buf challenge = {0};
    char line[1024];
    must(crypto_sha256.hash(hash, &text, 1));
    must(base64_encode(&challenge, SLICE_ARRAY(hash)));
    for (size_t i = 0; i < challenge.n; i++)
        challenge.p[i] = challenge.p[i] == '+'   ? '-'
                         : challenge.p[i] == '/' ? '_'
                         : challenge.p[i] == '=' ? '\0'
                                                 : challenge.p[i];
    snprintf(line, sizeof line,
             "{\"type\":\"%s\",\"challenge\":\"%.43s\",\"origin\":\"%s\",\"crossOrigin\":%s%s",
             way->type, way->challenge != NULL ? way->challenge : (const char *)challenge.p,
             way->origin, way->cross, way->rest);
    must(buf_set(out, slice_str(line)));
    buf_free(&challenge);
}

static void sign(buf *out, const struct soft_key *k, slice message) {
    size_t n = CRYPTO_SIG_MAX;
    must(buf_resize(out, n));
    must(table(k->kind)->sign(out->p, &n, k->priv, message));
    must(buf_resize(out, n));
}

static void assertion(buf *out, const struct soft_key *k, const struct soft_way *way, slice text) {
    buf client = {0}, data = {0}, message = {0}, signature = {0};
    uint8_t hash[32];
    slice rp = slice_str(way->rp);
    client_data(&client, way, text);
    must(crypto_sha256.hash(hash, &rp, 1));
    writer w = writer_on(&data);
    writer_bytes(&w, SLICE_ARRAY(hash));
    writer_u8(&w, way->flags);
    writer_u32(&w, 7);
    writer_bytes(&w, slice_str(way->extensions));
    must(writer_result(&w));
    slice whole = buf_slice(&client);
    must(crypto_sha256.hash(hash, &whole, 1));
    must(buf_append(&message, buf_slice(&data)));
    must(buf_append(&message, SLICE_ARRAY(hash)));
    sign(&signature, k, buf_slice(&message));
    w = writer_on(out);
    writer_vec(&w, buf_slice(&data));
    writer_vec(&w, buf_slice(&client));
    writer_vec(&w, buf_slice(&signature));
    must(writer_result(&w));
    buf_free(&client);
    buf_free(&data);
    buf_free(&message);
    buf_free(&signature);
}

/* ---- SSH ---- */

/* DER's SEQUENCE of two INTEGERs, whose content is SSH's. */
static void numbers(buf *out, slice der) {
    writer w = writer_on(out);
    size_t at = 2;
    for (int i = 0; i < 2; i++) {
        string(&w, slice_of(der.p + at + 2, der.p[at + 1]));
        at += 2 + (size_t)der.p[at + 1];
    }
    must(writer_result(&w));
}

static void authenticator_data(buf *out, const struct soft_way *way, slice data) {
    uint8_t application[32], hash[32];
    slice name = slice_str(way->application);
    must(crypto_sha256.hash(application, &name, 1));
    must(crypto_sha256.hash(hash, &data, 1));
    writer w = writer_on(out);
    writer_bytes(&w, SLICE_ARRAY(application));
    writer_u8(&w, way->flags);
    writer_u32(&w, 9);
    writer_bytes(&w, SLICE_ARRAY(hash));
    must(writer_result(&w));
}

static void inner(writer *w, const struct soft_key *k, const struct soft_way *way, slice data) {
    buf message = {0}, signature = {0}, out = {0};
    if (k->kind == SOFT_PLAIN)
        must(buf_set(&message, data));
    else
        authenticator_data(&message, way, data);
    sign(&signature, k, buf_slice(&message));
    if (k->kind == SOFT_SK_ECDSA)
        numbers(&out, buf_slice(&signature));
    else
        must(buf_set(&out, buf_slice(&signature)));
    must(buf_append(&out, slice_str(way->numbers_rest)));
    string(w, slice_str(ssh_name(k->kind)));
    string(w, buf_slice(&out));
    if (k->kind != SOFT_PLAIN) {
        writer_u8(w, way->flags);
        writer_u32(w, 9);
    }
    writer_bytes(w, slice_str(way->inner_rest));
    buf_free(&message);
    buf_free(&signature);
    buf_free(&out);
}

static void sshsig(buf *out, const struct soft_key *k, const struct soft_way *way, slice text) {
    buf data = {0}, key = {0}, signature = {0};
    const struct crypto_hash *hash =
        strcmp(way->hash, "sha256") == 0 ? &crypto_sha256 : &crypto_sha512;
    uint8_t digest[64];
    must(hash->hash(digest, &text, 1));
    writer w = writer_on(&data);
    writer_bytes(&w, slice_str("SSHSIG"));
    string(&w, slice_str(way->space));
    string(&w, slice_str(way->reserved));
    string(&w, slice_str(way->hash));
    string(&w, slice_of(digest, hash->len));
    must(writer_result(&w));
    w = writer_on(&key);
    blob(&w, k, way->application);
    must(writer_result(&w));
    w = writer_on(&signature);
    inner(&w, k, way, buf_slice(&data));
    must(writer_result(&w));
    w = writer_on(out);
    writer_bytes(&w, slice_str("SSHSIG"));
    writer_u32(&w, 1);
    string(&w, buf_slice(&key));
    string(&w, slice_str(way->space));
    string(&w, slice_str(way->reserved));
    string(&w, slice_str(way->hash));
    string(&w, buf_slice(&signature));
    must(writer_result(&w));
    buf_free(&data);
    buf_free(&key);
    buf_free(&signature);
}

void soft_sign(buf *out, const struct soft_key *k, const struct soft_way *way, slice text) {
    buf bytes = {0};
    struct soft_way whole = soft_right;
#define TAKE(member) \
    if (way->member) \
        whole.member = way->member;
    TAKE(type)
    TAKE(origin)
    TAKE(cross)
    TAKE(rest)
    TAKE(challenge)
    TAKE(rp)
    TAKE(extensions)
    TAKE(flags)
    TAKE(space)
    TAKE(hash)
    TAKE(application)
    TAKE(reserved)
    TAKE(numbers_rest)
    TAKE(inner_rest)
#undef TAKE
    (soft_is_ssh(k->kind) ? sshsig : assertion)(&bytes, k, &whole, text);
    must(base64_encode(out, buf_slice(&bytes)));
    buf_free(&bytes);
}
