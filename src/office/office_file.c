/* The office file: who may do what, with which keys, and the directory of authorities. */
#include "office/internal.h"

#include "merkle/note.h"

enum { KEYS_LEAST = 2, KEYS_MOST = 8, MANY = 65536 };

const struct text_name office_role_names[] = {
#define X(text, name) {text, OFFICE_ROLE_##name},
    OFFICE_ROLES(X)
#undef X
        {0},
};
static const struct text_name move_names[] = {
#define X(text, name) {text, (uint32_t)1 << OFFICE_MOVE_##name},
    OFFICE_MOVES(X)
#undef X
        {0},
};
static const struct text_name yes[] = {{"yes", 1}, {0}};
static const struct text_name algorithms[] = {
    {"es256", OFFICE_ES256}, {"eddsa", OFFICE_EDDSA}, {0}};
static const struct text_name backed_up[] = {{"may-be-backed-up", 1}, {0}};

/* ---- The text ---- */

#define THIS struct office_passkey
static const struct text_field passkey_fields[] = {
    {FIELD("", TEXT_ONE, algorithm, 1, 1), .names = algorithms},
    {FIELD("", TEXT_BASE64, key, 1, 1)},
    {FIELD("", TEXT_BASE64, credential, 1, 1)},
    {FIELD("", TEXT_ONE, backed_up, 0, 1), .names = backed_up},
    {0},
};
static const struct text_record passkey = {sizeof(THIS), passkey_fields};
#undef THIS

#define THIS struct office_line
static const struct text_field base64_fields[] = {
    {FIELD("", TEXT_BASE64, text, 1, 1)},
    {0},
};
static const struct text_record base64_line = {sizeof(THIS), base64_fields};
static const struct text_field prose_fields[] = {
    {FIELD("", TEXT_PROSE, text, 1, 1)},
    {0},
};
const struct text_record prose_line = {sizeof(THIS), prose_fields};
static const struct text_field word_fields[] = {
    {FIELD("", TEXT_WORD, text, 1, 1)},
    {0},
};
static const struct text_record word_line = {sizeof(THIS), word_fields};
#undef THIS

#define THIS struct office_person
static const struct text_field person_fields[] = {
    {FIELD("person", TEXT_ID, id, 1, 1)},
    {FIELD("roles", TEXT_SET, roles, 0, 1), .names = office_role_names},
    {FIELD("deputy", TEXT_SET, deputy, 0, 1), .names = office_role_names},
    {FIELD("countries", TEXT_COUNTRIES, countries, 1, 1)},
    {FIELD("seal", TEXT_KEY, seal, 1, 1)},
    {FIELD("passkey", TEXT_LINES, passkeys, 0, KEYS_MOST), .record = &passkey},
    {FIELD("ssh-key", TEXT_LINES, ssh_keys, 0, KEYS_MOST), .record = &base64_line},
    {0},
};
static const struct text_record person = {sizeof(THIS), person_fields};
#undef THIS

#define THIS struct office_authority
static const struct text_field authority_fields[] = {
    {FIELD("authority", TEXT_ID, id, 1, 1)},
    {FIELD("name", TEXT_PROSE, name, 1, 1)},
    {FIELD("jurisdiction", TEXT_COUNTRY, jurisdiction, 1, 1)},
    {FIELD("call", TEXT_LINES, calls, 1, 8), .record = &prose_line},
    {FIELD("certificate", TEXT_LINES, certificates, 0, 4), .record = &base64_line},
    {0},
};
static const struct text_record authority = {sizeof(THIS), authority_fields};
#undef THIS

#define THIS struct office_also
static const struct text_field also_fields[] = {
    {FIELD("", TEXT_ONE, move, 1, 1), .names = move_names},
    {FIELD("", TEXT_SET, roles, 1, 1), .names = office_role_names},
    {0},
};
static const struct text_record also = {sizeof(THIS), also_fields};
#undef THIS

#define THIS struct office
static const struct text_field office_fields[] = {
    {FIELD("version", TEXT_NUMBER, version, 1, 1)},
    {FIELD("previous", TEXT_HASH, previous, 1, 1)},
    {FIELD("name", TEXT_PROSE, name, 1, 1)},
    {FIELD("origin", TEXT_WORD, origin, 1, 1)},
    {FIELD("rp", TEXT_WORD, rp, 1, 1)},
    {FIELD("demonstration", TEXT_ONE, demonstration, 0, 1), .names = yes},
    {FIELD("notice-key", TEXT_KEY, notice_key, 1, 1)},
    {FIELD("ledger", TEXT_WORD, ledger, 1, 1)},
    {FIELD("witness", TEXT_LINES, witnesses, 0, 16), .record = &word_line, .ascends = true},
    {FIELD("also", TEXT_LINES, also, 0, OFFICE_ALSO_MAX), .record = &also},
    {FIELD("person", TEXT_BLOCKS, persons, 1, OFFICE_PERSONS_MAX), .record = &person,
     .ascends = true},
    {FIELD("authority", TEXT_BLOCKS, authorities, 0, MANY), .record = &authority, .ascends = true},
    {0},
};
#undef THIS

/* ---- What the lines alone don't say ---- */

static bool ends_with(slice s, slice end) {
    return s.n >= end.n && slice_equal(slice_of(s.p + s.n - end.n, end.n), end);
}

/* https://HOST[:PORT], of characters that mean themselves in JSON; HOST is rp, or a name under it.
 * Browsers take a demonstration without TLS too, on their own machine. */
static bool origin_fits(const struct office *o) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:";
    bool local = o->demonstration != 0 && slice_equal(o->rp, slice_str("localhost"));
    slice host = o->origin;
    if (!slice_skip(&host, slice_str("https://")) &&
        !(local && slice_skip(&host, slice_str("http://"))))
        return false;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '\0' || strchr(allowed, host.p[i]) == NULL)
            return false;
    host = slice_until(&host, ':');
    if (!ends_with(host, o->rp))
        return false;
    return host.n == o->rp.n || host.p[host.n - o->rp.n - 1] == '.';
}

static enum office_reason passkey_check(const struct office_passkey *k) {
    buf key = {0};
    enum office_reason r = reason_of(base64_decode(&key, k->key), OFFICE_VALUE);
    if (r == OFFICE_OK)
        r = reason_of(public_key_check(passkey_kind(k), buf_slice(&key)), OFFICE_KEY);
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

/* The same again is one more person. */
static bool also_ascends(const struct office *o) {
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
    if (!also_ascends(o) || any_key_repeats(o))
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
    return text_find(o->authorities.p, o->authorities.n, sizeof *o->authorities.p, id);
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
                                       const struct office_suspensions *list) {
    NEED(version_follows(present->version, present->document.hash, next->version, next->previous));
    struct signers signers;
    NEED(signers_read(present, &next->document, &signers));
    return signers_enough(present, list, &signers, OFFICE_MOVE_OFFICE);
}

enum office_reason office_change(struct office **out, const struct office *present,
                                 const struct office_suspensions *list, slice bytes, size_t *line) {
    NEED(office_load(out, present->document.bytes.mem, bytes, line));
    enum office_reason r = change_check(*out, present, list);
    if (r != OFFICE_OK) {
        office_free(*out);
        *out = NULL;
    }
    return r;
}
