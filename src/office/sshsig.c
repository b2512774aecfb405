/* Signatures of OpenSSH's files PROTOCOL.sshsig and PROTOCOL.u2f, in the namespace sotto-office. */
#include "office/internal.h"

static const char NAMESPACE[] = "sotto-office", MAGIC[] = "SSHSIG";
enum { PRESENT = 0x01, VERIFIED = 0x04, BLOB_MAX = 4096, SCALAR = 32, DER_MAX = 72 };

/* ---- Encoding (RFC 4251 section 5) ---- */

static err string_read(reader *r, slice *s) {
    reader ahead = *r;
    uint32_t n;
    TRY(reader_u32(&ahead, &n));
    TRY(reader_bytes(&ahead, n, s));
    *r = ahead;
    return OK;
}

static void string_write(writer *w, slice s) {
    writer_u32(w, (uint32_t)s.n);
    writer_bytes(w, s);
}

/* ---- Public keys ---- */

enum ssh_type { SSH_ED25519, SSH_SK_ED25519, SSH_SK_ECDSA, SSH_TYPES };
static const char *const TYPES[SSH_TYPES] = {"ssh-ed25519", "sk-ssh-ed25519@openssh.com",
                                             "sk-ecdsa-sha2-nistp256@openssh.com"};

struct ssh_key {
    enum ssh_type type;
    slice key, application;
};

static err type_read(reader *r, enum ssh_type *type) {
    slice name;
    TRY(string_read(r, &name));
    for (size_t i = 0; i < SSH_TYPES; i++)
        if (slice_equal(name, slice_str(TYPES[i]))) {
            *type = (enum ssh_type)i;
            return OK;
        }
    return ERR_UNKNOWN_TYPE;
}

/* Of an authenticator: the application says what it may sign, and "ssh:" keeps it from signing
 * for web pages. */
static err key_read(slice blob, struct ssh_key *k) {
    reader r = reader_of(blob);
    slice curve = slice_str("nistp256");
    k->application = SLICE_EMPTY;
    TRY(type_read(&r, &k->type));
    if (k->type == SSH_SK_ECDSA)
        TRY(string_read(&r, &curve));
    TRY(string_read(&r, &k->key));
    if (k->type != SSH_ED25519)
        TRY(string_read(&r, &k->application));
    TRY(reader_end(&r));
    if (!slice_equal(curve, slice_str("nistp256")))
        return ERR_UNSUPPORTED;
    TRY(public_key_check(k->type == SSH_SK_ECDSA ? &crypto_ecdsa_p256 : &crypto_ed25519, k->key));
    slice rest = k->application;
    return k->type == SSH_ED25519 || slice_skip(&rest, slice_str("ssh:")) ? OK : ERR_MALFORMED;
}

enum office_reason ssh_key_check(slice blob, bool demonstration) {
    struct ssh_key k;
    NEED(reason_of(key_read(blob, &k), OFFICE_KEY));
    return k.type != SSH_ED25519 || demonstration ? OFFICE_OK : OFFICE_KEY;
}

/* ---- What is signed ---- */

struct sshsig {
    slice key, space, reserved, hash, signature;
};

static err sshsig_read(slice bytes, struct sshsig *s) {
    reader r = reader_of(bytes);
    slice magic;
    uint32_t version;
    TRY(reader_bytes(&r, strlen(MAGIC), &magic));
    TRY(reader_u32(&r, &version));
    if (!slice_equal(magic, slice_str(MAGIC)) || version != 1)
        return ERR_UNSUPPORTED;
    TRY(string_read(&r, &s->key));
    TRY(string_read(&r, &s->space));
    TRY(string_read(&r, &s->reserved));
    TRY(string_read(&r, &s->hash));
    TRY(string_read(&r, &s->signature));
    return reader_end(&r);
}

static err signed_data(buf *out, const struct sshsig *s, slice text) {
    const struct crypto_hash *hash =
        slice_equal(s->hash, slice_str("sha256")) ? &crypto_sha256 : &crypto_sha512;
    uint8_t digest[CRYPTO_HASH_MAX];
    TRY(hash->hash(digest, &text, 1));
    writer w = writer_on(out);
    writer_bytes(&w, slice_str(MAGIC));
    string_write(&w, s->space);
    string_write(&w, s->reserved);
    string_write(&w, s->hash);
    string_write(&w, slice_of(digest, hash->len));
    return writer_result(&w);
}

/* What an authenticator signs of it. */
static err authenticator_data(buf *out, const struct ssh_key *k, uint8_t flags, uint32_t counter,
                              slice data) {
    uint8_t application[32], hash[32];
    TRY(crypto_sha256.hash(application, &k->application, 1));
    TRY(crypto_sha256.hash(hash, &data, 1));
    writer w = writer_on(out);
    writer_bytes(&w, SLICE_ARRAY(application));
    writer_u8(&w, flags);
    writer_u32(&w, counter);
    writer_bytes(&w, SLICE_ARRAY(hash));
    return writer_result(&w);
}

/* ---- Verifying ---- */

/* A positive number of at most 256 bits, in its shortest form, which is DER's form too. */
static err scalar_read(reader *r, slice *s) {
    TRY(string_read(r, s));
    bool good = s->n > 0 && s->n <= SCALAR + 1 && (s->p[0] & 0x80) == 0 &&
                (s->n == 1 ? s->p[0] != 0 : s->p[0] != 0 || (s->p[1] & 0x80) != 0);
    return good ? OK : ERR_MALFORMED;
}

static size_t der_integer(uint8_t *out, slice s) {
    out[0] = 0x02;
    out[1] = (uint8_t)s.n;
    memcpy(out + 2, s.p, s.n);
    return 2 + s.n;
}

/* The two numbers of an ECDSA signature, as SSH writes them, in DER. */
static err der_of(slice numbers, uint8_t der[DER_MAX], size_t *n) {
    reader r = reader_of(numbers);
    slice a, b;
    TRY(scalar_read(&r, &a));
    TRY(scalar_read(&r, &b));
    TRY(reader_end(&r));
    der[0] = 0x30;
    *n = 2 + der_integer(der + 2, a);
    *n += der_integer(der + *n, b);
    der[1] = (uint8_t)(*n - 2);
    return OK;
}

static enum office_reason core_verify(const struct ssh_key *k, slice signature, slice message) {
    uint8_t der[DER_MAX];
    size_t n;
    if (k->type != SSH_SK_ECDSA)
        return reason_of(crypto_ed25519.verify(signature, k->key, message), OFFICE_SIGNATURE);
    if (der_of(signature, der, &n) != OK)
        return OFFICE_SIGNATURE_FORM;
    return reason_of(crypto_ecdsa_p256.verify(slice_of(der, n), k->key, message), OFFICE_SIGNATURE);
}

static enum office_reason sk_verify(const struct ssh_key *k, slice core, uint8_t flags,
                                    uint32_t counter, slice data) {
    buf message = {0};
    if ((flags & PRESENT) == 0)
        return OFFICE_NOT_PRESENT;
    if ((flags & VERIFIED) == 0)
        return OFFICE_NOT_VERIFIED;
    enum office_reason r =
        reason_of(authenticator_data(&message, k, flags, counter, data), OFFICE_MEMORY);
    if (r == OFFICE_OK)
        r = core_verify(k, core, buf_slice(&message));
    buf_free(&message);
    return r;
}

static enum office_reason inner_verify(const struct ssh_key *k, slice signature, slice data) {
    reader r = reader_of(signature);
    enum ssh_type type;
    slice core;
    uint8_t flags = 0;
    uint32_t counter = 0;
    if (type_read(&r, &type) != OK || type != k->type || string_read(&r, &core) != OK)
        return OFFICE_SIGNATURE_FORM;
    if (type != SSH_ED25519 && (reader_u8(&r, &flags) != OK || reader_u32(&r, &counter) != OK))
        return OFFICE_SIGNATURE_FORM;
    if (reader_end(&r) != OK)
        return OFFICE_SIGNATURE_FORM;
    return type == SSH_ED25519 ? core_verify(k, core, data)
                               : sk_verify(k, core, flags, counter, data);
}

/* OK if it is one of the person's keys: whether an office may name it was checked when the office
 * was read. */
static enum office_reason key_is_of(const struct office_person *person, slice blob) {
    buf text = {0};
    enum office_reason r = reason_of(base64_encode(&text, blob), OFFICE_MEMORY);
    if (r == OFFICE_OK)
        r = OFFICE_SIGNATURE;
    for (size_t i = 0; i < person->ssh_keys.n && r == OFFICE_SIGNATURE; i++)
        if (slice_equal(person->ssh_keys.p[i].text, buf_slice(&text)))
            r = OFFICE_OK;
    buf_free(&text);
    return r;
}

enum office_reason sshsig_verify(const struct office_person *person,
                                 const struct office_document *over, slice bytes) {
    struct sshsig s;
    struct ssh_key k;
    if (bytes.n > BLOB_MAX || sshsig_read(bytes, &s) != OK)
        return OFFICE_SIGNATURE_FORM;
    if (!slice_equal(s.space, slice_str(NAMESPACE)))
        return OFFICE_SSH_NAMESPACE;
    if (!slice_equal(s.hash, slice_str("sha512")) && !slice_equal(s.hash, slice_str("sha256")))
        return OFFICE_SSH_HASH;
    NEED(key_is_of(person, s.key));
    NEED(reason_of(key_read(s.key, &k), OFFICE_KEY));
    buf data = {0};
    enum office_reason r = reason_of(signed_data(&data, &s, over->text), OFFICE_MEMORY);
    if (r == OFFICE_OK)
        r = inner_verify(&k, s.signature, buf_slice(&data));
    buf_free(&data);
    return r;
}
