/* The office file: who may do what, with which keys, and the directory of authorities. */
#include "office/internal.h"

#include "merkle/note.h"

enum { KEYS_LEAST = 2, KEYS_MOST = 8, MANY = 65536 };

static const char *const role_names[] = {
#define X(text, name) text,
    OFFICE_ROLES(X)
#undef X
        NULL};
static const char *const move_names[] = {
#define X(text, name) text,
    OFFICE_MOVES(X)
#undef X
        NULL};
static const char *const yes[] = {"yes", NULL};
static const char *const algorithms[] = {"es256", "eddsa", NULL};
static const char *const backed_up[] = {"may-be-backed-up", NULL};

/* ---- The text ---- */

#define AT(member) offsetof(THIS, member)
#define END \
    { NULL, TEXT_PROSE, 0, 0, 0, NULL, NULL }

#define THIS struct office_passkey
static const struct text_field passkey_fields[] = {
    {"", TEXT_ONE, AT(algorithm), 1, 1, algorithms, NULL},
    {"", TEXT_BASE64, AT(key), 1, 1, NULL, NULL},
    {"", TEXT_BASE64, AT(credential), 1, 1, NULL, NULL},
    {"", TEXT_ONE, AT(backed_up), 0, 1, backed_up, NULL},
    END,
};
static const struct text_record passkey = {sizeof(THIS), passkey_fields};
#undef THIS

#define THIS struct office_line
static const struct text_field base64_fields[] = {
    {"", TEXT_BASE64, AT(text), 1, 1, NULL, NULL},
    END,
};
static const struct text_record base64_line = {sizeof(THIS), base64_fields};
static const struct text_field prose_fields[] = {
    {"", TEXT_PROSE, AT(text), 1, 1, NULL, NULL},
    END,
};
const struct text_record prose_line = {sizeof(THIS), prose_fields};
static const struct text_field word_fields[] = {
    {"", TEXT_WORD, AT(text), 1, 1, NULL, NULL},
    END,
};
static const struct text_record word_line = {sizeof(THIS), word_fields};
#undef THIS

#define THIS struct office_person
static const struct text_field person_fields[] = {
    {"person", TEXT_ID, AT(id), 1, 1, NULL, NULL},
    {"roles", TEXT_SET, AT(roles), 0, 1, role_names, NULL},
    {"deputy", TEXT_SET, AT(deputy), 0, 1, role_names, NULL},
    {"countries", TEXT_COUNTRIES, AT(countries), 1, 1, NULL, NULL},
    {"seal", TEXT_KEY, AT(seal), 1, 1, NULL, NULL},
    {"passkey", TEXT_LINES, AT(passkeys), 0, KEYS_MOST, NULL, &passkey},
    {"ssh-key", TEXT_LINES, AT(ssh_keys), 0, KEYS_MOST, NULL, &base64_line},
    END,
};
static const struct text_record person = {sizeof(THIS), person_fields};
#undef THIS

#define THIS struct office_authority
static const struct text_field authority_fields[] = {
    {"authority", TEXT_ID, AT(id), 1, 1, NULL, NULL},
    {"name", TEXT_PROSE, AT(name), 1, 1, NULL, NULL},
    {"jurisdiction", TEXT_COUNTRY, AT(jurisdiction), 1, 1, NULL, NULL},
    {"call", TEXT_LINES, AT(calls), 1, 8, NULL, &prose_line},
    {"certificate", TEXT_LINES, AT(certificates), 0, 4, NULL, &base64_line},
    END,
};
static const struct text_record authority = {sizeof(THIS), authority_fields};
#undef THIS

#define THIS struct office_also
static const struct text_field also_fields[] = {
    {"", TEXT_ONE, AT(move), 1, 1, move_names, NULL},
    {"", TEXT_SET, AT(roles), 1, 1, role_names, NULL},
    END,
};
static const struct text_record also = {sizeof(THIS), also_fields};
#undef THIS

#define THIS struct office
static const struct text_field office_fields[] = {
    {"version", TEXT_NUMBER, AT(version), 1, 1, NULL, NULL},
    {"previous", TEXT_HASH, AT(previous), 1, 1, NULL, NULL},
    {"name", TEXT_PROSE, AT(name), 1, 1, NULL, NULL},
    {"origin", TEXT_WORD, AT(origin), 1, 1, NULL, NULL},
    {"rp", TEXT_WORD, AT(rp), 1, 1, NULL, NULL},
    {"demonstration", TEXT_ONE, AT(demonstration), 0, 1, yes, NULL},
    {"notice-key", TEXT_KEY, AT(notice_key), 1, 1, NULL, NULL},
    {"ledger", TEXT_WORD, AT(ledger), 1, 1, NULL, NULL},
    {"witness", TEXT_LINES, AT(witnesses), 0, 16, NULL, &word_line},
    {"also", TEXT_LINES, AT(also), 0, OFFICE_ALSO_MAX, NULL, &also},
    {"person", TEXT_BLOCKS, AT(persons), 1, OFFICE_PERSONS_MAX, NULL, &person},
    {"authority", TEXT_BLOCKS, AT(authorities), 0, MANY, NULL, &authority},
    END,
};
#undef THIS

/* ---- What the lines alone don't say ---- */

static bool skip(slice *s, const char *prefix) {
    size_t n = strlen(prefix);
    if (s->n < n || memcmp(s->p, prefix, n) != 0)
        return false;
    *s = slice_of(s->p + n, s->n - n);
    return true;
}

static bool ends_with(slice s, slice end) {
    return s.n >= end.n && slice_equal(slice_of(s.p + s.n - end.n, end.n), end);
}

/* https://HOST[:PORT], of characters that mean themselves in JSON; HOST is rp, or a name under it.
 * Browsers take a demonstration without TLS too, on their own machine. */
static bool origin_fits(const struct office *o) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:";
    bool local = o->demonstration != 0 && slice_equal(o->rp, slice_str("localhost"));
    slice host = o->origin;
    if (!skip(&host, "https://") && !(local && skip(&host, "http://")))
        return false;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '\0' || strchr(allowed, host.p[i]) == NULL)
            return false;
    const uint8_t *port = memchr(host.p, ':', host.n);
    if (port != NULL)
        host.n = (size_t)(port - host.p);
    if (!ends_with(host, o->rp))
        return false;
    return host.n == o->rp.n || host.p[host.n - o->rp.n - 1] == '.';
}

static enum office_reason passkey_check(const struct office_passkey *k) {
    buf key = {0};
    enum office_reason r = reason_of(base64_decode(&key, k->key), OFFICE_VALUE);
    const struct crypto_sig *sig = k->algorithm == 1 ? &crypto_ecdsa_p256 : &crypto_ed25519;
    bool point = k->algorithm != 1 || (key.n == sig->pub && crypto_dhkem_p256.check(key.p) == OK);
    if (r == OFFICE_OK && (key.n != sig->pub || !point))
        r = OFFICE_KEY;
    buf_free(&key);
    return r;
}

static enum office_reason ssh_line_check(slice line, bool demonstration) {
    buf blob = {0};
    enum office_reason r = reason_of(base64_decode(&blob, line), OFFICE_VALUE);
    if (r == OFFICE_OK)
        r = ssh_key_check(buf_slice(&blob), demonstration);
    buf_free(&blob);
    return r;
}

static enum office_reason person_check(const struct office *o, const struct office_person *p) {
    if ((p->roles | p->deputy) == 0 || (p->roles & p->deputy) != 0)
        return OFFICE_VALUE;
    if (p->passkeys.n + p->ssh_keys.n < KEYS_LEAST)
        return OFFICE_FEW_KEYS;
    for (size_t i = 0; i < p->passkeys.n; i++)
        NEED(passkey_check(&p->passkeys.p[i]));
    for (size_t i = 0; i < p->ssh_keys.n; i++)
        NEED(ssh_line_check(p->ssh_keys.p[i].text, o->demonstration != 0));
    return OFFICE_OK;
}

/* Counts how often a key stands there; true once it is more than once. */
static bool person_has(const struct office_person *p, slice key, size_t *times) {
    for (size_t i = 0; i < p->passkeys.n; i++)
        *times += slice_equal(p->passkeys.p[i].key, key);
    for (size_t i = 0; i < p->ssh_keys.n; i++)
        *times += slice_equal(p->ssh_keys.p[i].text, key);
    return *times > 1;
}

static bool key_repeats(const struct office *o, slice key) {
    size_t times = 0;
    for (size_t i = 0; i < o->persons.n; i++)
        if (person_has(&o->persons.p[i], key, &times))
            return true;
    return false;
}

static bool any_key_repeats(const struct office *o) {
    for (size_t i = 0; i < o->persons.n; i++) {
        const struct office_person *p = &o->persons.p[i];
        for (size_t j = 0; j < p->passkeys.n; j++)
            if (key_repeats(o, p->passkeys.p[j].key))
                return true;
        for (size_t j = 0; j < p->ssh_keys.n; j++)
            if (key_repeats(o, p->ssh_keys.p[j].text))
                return true;
        for (size_t j = 0; j < i; j++)
            if (memcmp(p->seal, o->persons.p[j].seal, sizeof p->seal) == 0)
                return true;
    }
    return false;
}

static bool names_ascend(const struct office *o) {
    for (size_t i = 1; i < o->persons.n; i++)
        if (slice_compare(o->persons.p[i - 1].id, o->persons.p[i].id) >= 0)
            return false;
    for (size_t i = 1; i < o->authorities.n; i++)
        if (slice_compare(o->authorities.p[i - 1].id, o->authorities.p[i].id) >= 0)
            return false;
    for (size_t i = 1; i < o->witnesses.n; i++)
        if (slice_compare(o->witnesses.p[i - 1].text, o->witnesses.p[i].text) >= 0)
            return false;
    for (size_t i = 1; i < o->also.n; i++) {
        const struct office_also *a = &o->also.p[i - 1], *b = &o->also.p[i];
        if (a->move > b->move || (a->move == b->move && a->roles > b->roles))
            return false;
    }
    return true;
}

static enum office_reason vkey_check(slice text, enum merkle_key_type type) {
    struct merkle_key key;
    NEED(reason_of(merkle_key_parse(&key, text), OFFICE_KEY));
    return key.type == type ? OFFICE_OK : OFFICE_KEY;
}

static enum office_reason check(const void *document) {
    const struct office *o = document;
    if (!names_ascend(o) || any_key_repeats(o))
        return OFFICE_TWICE;
    if (!origin_fits(o))
        return OFFICE_ORIGIN;
    NEED(vkey_check(o->ledger, MERKLE_KEY_ED25519));
    for (size_t i = 0; i < o->witnesses.n; i++)
        NEED(vkey_check(o->witnesses.p[i].text, MERKLE_KEY_COSIGNATURE));
    for (size_t i = 0; i < o->persons.n; i++)
        NEED(person_check(o, &o->persons.p[i]));
    return OFFICE_OK;
}

static const struct document_type office_type = {{"office", {sizeof(struct office), office_fields}},
                                                 check};

/* ---- Reading, writing ---- */

enum office_reason office_load(struct office **out, const struct mem *mem, slice bytes,
                               size_t *line) {
    void *document = NULL;
    enum office_reason r = document_new(&document, mem, &office_type, bytes, line);
    *out = document;
    return r;
}

void office_free(struct office *o) {
    document_free(&office_type, o);
}

enum office_reason office_write(buf *out, const struct office *o) {
    return text_write(out, &office_type.text, o);
}

const struct office_authority *office_authority_find(const struct office *o, slice id) {
    for (size_t i = 0; i < o->authorities.n; i++)
        if (slice_equal(o->authorities.p[i].id, id))
            return &o->authorities.p[i];
    return NULL;
}

/* ---- Versions ---- */

enum office_reason office_pin(struct office **out, const struct mem *mem, slice bytes,
                              const uint8_t hash[32], size_t *line) {
    NEED(office_load(out, mem, bytes, line));
    if (memcmp((*out)->document.hash, hash, 32) == 0)
        return OFFICE_OK;
    office_free(*out);
    *out = NULL;
    return OFFICE_NOT_PINNED;
}

static enum office_reason change_check(const struct office *next, const struct office *present,
                                       const struct office_suspensions *list, slice bytes) {
    NEED(version_follows(present->version, present->document.hash, next->version, next->previous));
    struct signers signers;
    NEED(signers_read(present, &next->document, bytes, &signers));
    return signers_enough(present, list, &signers, OFFICE_MOVE_OFFICE);
}

enum office_reason office_change(struct office **out, const struct office *present,
                                 const struct office_suspensions *list, slice bytes, size_t *line) {
    NEED(office_load(out, present->document.text.mem, bytes, line));
    enum office_reason r = change_check(*out, present, list, bytes);
    if (r != OFFICE_OK) {
        office_free(*out);
        *out = NULL;
    }
    return r;
}
