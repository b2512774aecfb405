#include "tests/office/people.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "crypto/crypto.h"

const char *const people_ids[PEOPLE] = {"p01", "p02", "p03", "p04", "p05", "p06", "p07",
                                        "p08", "p09", "p10", "p11", "p12", "p13", "p14"};
static const char *const roles[PEOPLE] = {
    "roles intake",    "roles intake",     "roles policy",       "deputy policy",
    "roles local-law", "deputy local-law", "roles human-rights", "deputy human-rights",
    "roles approver",  "deputy approver",  "roles expert",       "roles expert",
    "roles custodian", "roles auditor"};

void people_say(buf *out, const char *format, ...) {
    char line[8192];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    must(n >= 0 && (size_t)n < sizeof line ? OK : ERR_BUG);
    must(buf_append(out, slice_of(line, (size_t)n)));
}

void people_replace(buf *text, const char *old, const char *by) {
    size_t n = strlen(old), at = 0;
    while (at + n <= text->n && memcmp(text->p + at, old, n) != 0)
        at++;
    if (at + n > text->n) {
        fprintf(stderr, "not in the text: %s\n", old);
        exit(1);
    }
    buf rest = {0};
    must(buf_set(&rest, slice_of(text->p + at + n, text->n - at - n)));
    must(buf_resize(text, at));
    must(buf_append(text, slice_str(by)));
    must(buf_append(text, buf_slice(&rest)));
    buf_free(&rest);
}

const struct soft_key *people_key(int person, enum soft_kind kind) {
    static struct soft_key keys[PEOPLE][SOFT_KINDS];
    static bool made;
    for (int i = 0; !made && i < PEOPLE; i++)
        for (int k = 0; k < SOFT_KINDS; k++)
            soft_key_make(&keys[i][k], (enum soft_kind)k, (uint64_t)i + 1);
    made = true;
    return &keys[person][kind];
}

static void key_line(buf *out, int person, enum soft_kind kind) {
    people_say(out, soft_is_ssh(kind)    ? "ssh-key "
                    : kind == SOFT_ES256 ? "passkey es256 "
                                         : "passkey eddsa ");
    soft_public(out, people_key(person, kind), soft_right.application);
    people_say(out, soft_is_ssh(kind) ? "\n" : " QUJD\n");
}

void people_seal_private(int person, uint8_t private[32]) {
    memset(private, 0, 32);
    private[1] = (uint8_t)(person + 1); /* clamping clears bits of the first byte */
}

static void person(buf *out, int i, bool demonstration) {
    uint8_t seal[32], private[32];
    must(crypto_init());
    people_seal_private(i, private);
    must(crypto_x25519_public(seal, private));
    people_say(out, "person %s\n%s\ncountries %s\nseal ", people_ids[i], roles[i],
               i == CUSTODIAN ? "DE HK" : "DE");
    must(base64_encode(out, SLICE_ARRAY(seal)));
    people_say(out, "\n");
    for (int k = 0; k < SOFT_KINDS; k++)
        if (k != SOFT_PLAIN || demonstration)
            key_line(out, i, (enum soft_kind)k);
}

const struct people_note_key people_ledger = {"example.org/ledger", {1}, MERKLE_KEY_ED25519},
                             people_witnesses[PEOPLE_WITNESSES] = {
                                 {"witness.example/a", {2}, MERKLE_KEY_COSIGNATURE},
                                 {"witness.example/b", {3}, MERKLE_KEY_COSIGNATURE}};

void people_note_key(struct merkle_key *key, const struct people_note_key *k) {
    uint8_t pub[MERKLE_KEY];
    must(crypto_init());
    must(crypto_ed25519.public_of(pub, k->seed));
    must(merkle_key_make(key, k->type, slice_str(k->name), pub));
}

static void vkey(buf *out, const struct people_note_key *k) {
    struct merkle_key key;
    people_note_key(&key, k);
    must(merkle_key_format(out, &key));
}

void people_office(buf *out, bool demonstration, const struct office *present) {
    static const uint8_t none[32];
    uint8_t notice_key[32];
    people_say(out, "sotto office 1\nversion %d\nprevious ",
               present == NULL ? 1 : (int)present->version + 1);
    must(hex_encode(out, slice_of(present == NULL ? none : present->document.hash, 32)));
    people_say(out,
               "\nname The desk of an example\norigin https://desk.example.org\n"
               "rp desk.example.org\n%snotice-key ",
               demonstration ? "demonstration yes\n" : "");
    must(crypto_ed25519.public_of(notice_key, people_notice_seed));
    must(base64_encode(out, SLICE_ARRAY(notice_key)));
    people_say(out, "\nledger ");
    vkey(out, &people_ledger);
    for (int i = 0; i < PEOPLE_WITNESSES; i++) {
        people_say(out, "\nwitness ");
        vkey(out, &people_witnesses[i]);
    }
    people_say(out, "\n");
    for (int i = 0; i < PEOPLE; i++)
        person(out, i, demonstration);
    people_say(out, "authority de-court\nname Amtsgericht Beispielstadt\njurisdiction DE\n"
                    "call +49 30 000000\ncall +49 30 000001\ncertificate QUJD\n"
                    "authority hk-police\nname 香港警務處\njurisdiction HK\ncall +852 0000 "
                    "0000\ncall +852 0000 0001\n");
}

struct office *people_office_load(bool demonstration) {
    buf text = {0};
    struct office *o = NULL;
    people_office(&text, demonstration, NULL);
    must(office_load(&o, NULL, buf_slice(&text), NULL) == OFFICE_OK ? OK : ERR_BUG);
    buf_free(&text);
    return o;
}

void people_sign_way(buf *document, size_t text, int person_, enum soft_kind kind,
                     const struct soft_way *way) {
    buf line = {0};
    people_say(&line, "%s\u2014 %s %s ", document->n == text ? "\n" : "", people_ids[person_],
               soft_is_ssh(kind) ? "ssh" : "webauthn");
    soft_sign(&line, people_key(person_, kind), way, slice_of(document->p, text));
    people_say(&line, "\n");
    must(buf_append(document, buf_slice(&line)));
    buf_free(&line);
}

void people_sign(buf *document, size_t text, int person_, enum soft_kind kind) {
    people_sign_way(document, text, person_, kind, &soft_right);
}

void people_list(buf *out, const struct office *office, const struct office_suspensions *present,
                 const char *entries) {
    static const uint8_t none[32];
    people_say(out, "sotto suspensions 1\nversion %d\nprevious ",
               present == NULL ? 1 : (int)present->version + 1);
    must(hex_encode(out, slice_of(present == NULL ? none : present->document.hash, 32)));
    people_say(out, "\noffice %d ", (int)office->version);
    must(hex_encode(out, SLICE_ARRAY(office->document.hash)));
    people_say(out, "\n%s", entries);
}

struct office_suspensions *people_list_load(const struct office *office, const char *entries) {
    buf text = {0};
    struct office_suspensions *s = NULL;
    people_list(&text, office, NULL, entries);
    enum office_reason r = office_suspensions_load(&s, NULL, buf_slice(&text), NULL);
    if (r != OFFICE_OK) {
        fprintf(stderr, "%s: %s", office_reason_name(r), entries);
        exit(1);
    }
    buf_free(&text);
    return s;
}

const uint8_t people_notice_seed[32] = {4};

void people_tell(buf *document, size_t text) {
    uint8_t signature[64];
    size_t n = sizeof signature;
    must(crypto_ed25519.sign(signature, &n, people_notice_seed, slice_of(document->p, text)));
    people_say(document, "%s\u2014 office notice ", document->n == text ? "\n" : "");
    must(base64_encode(document, SLICE_ARRAY(signature)));
    people_say(document, "\n");
}

void people_sign_all(buf *document, const struct signer *signers, size_t n, unsigned who) {
    size_t text = document->n;
    for (size_t i = 0; i < n; i++)
        if ((who >> i & 1) != 0)
            people_sign(document, text, signers[i].person,
                        signers[i].ssh ? SOFT_SK_ED25519 : SOFT_EDDSA);
    slice begins = slice_of(document->p, text);
    if (slice_skip(&begins, slice_str("sotto notice 1\n")))
        people_tell(document, text);
}
