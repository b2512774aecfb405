#include "tests/test.h"

#include "base/text.h"
#include "office/internal.h"
#include "tests/office/people.h"
#include "tests/support.h"

/* Of a signed office file, by the persons of o. */
static enum office_reason read_signers(const struct office *o, const buf *bytes,
                                       struct signers *out) {
    struct office *next;
    enum office_reason r = office_load(&next, NULL, buf_slice(bytes), NULL);
    if (r == OFFICE_OK)
        r = signers_read(o, &next->document, out);
    office_free(next);
    return r;
}

/* What a reader of the office says of a document that one person signed so. */
static enum office_reason judge(const struct office *o, int person, enum soft_kind kind,
                                const struct soft_way *way) {
    buf bytes = {0};
    struct signers signers;
    must(buf_append(&bytes, o->document.text));
    people_sign_way(&bytes, bytes.n, person, kind, way);
    enum office_reason r = read_signers(o, &bytes, &signers);
    if (r == OFFICE_OK) {
        CHECK_EQ(signers.n, 1);
        CHECK_SLICE(signers.each[0].person->id, slice_str(people_ids[person]));
        CHECK_EQ(signers.each[0].ssh, soft_is_ssh(kind));
    }
    buf_free(&bytes);
    return r;
}

TEST(signatures_of_each_kind_are_taken) {
    struct office *o = people_office_load(true);
    for (int person = 0; person < PEOPLE; person++)
        for (int kind = 0; kind < SOFT_KINDS; kind++)
            CHECK_EQ(judge(o, person, (enum soft_kind)kind, &soft_right), OFFICE_OK);
    office_free(o);
}

/* No other office can name one. */
TEST(plain_ssh_keys_are_for_demonstrations) {
    struct office *o = people_office_load(true);
    CHECK_EQ(judge(o, LAW, SOFT_PLAIN, &soft_right), OFFICE_OK);
    office_free(o);
    o = people_office_load(false);
    CHECK_EQ(judge(o, LAW, SOFT_PLAIN, &soft_right), OFFICE_SIGNATURE);
    CHECK_EQ(judge(o, LAW, SOFT_SK_ED25519, &soft_right), OFFICE_OK);
    office_free(o);
}

enum {
    PASSKEYS = 1 << SOFT_ES256 | 1 << SOFT_EDDSA,
    SK = 1 << SOFT_SK_ED25519 | 1 << SOFT_SK_ECDSA
};
TEST(each_part_of_a_signature_is_checked) {
    static const struct {
        unsigned kinds;
        enum office_reason reason;
        struct soft_way way;
    } cases[] = {
        {PASSKEYS, OFFICE_WEBAUTHN_TYPE, {.type = "webauthn.create"}},
        {PASSKEYS, OFFICE_WEBAUTHN_TYPE, {.type = "payment.get"}},
        {PASSKEYS,
         OFFICE_WEBAUTHN_CHALLENGE,
         {.challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},
        {PASSKEYS, OFFICE_WEBAUTHN_CHALLENGE, {.challenge = ""}},
        {PASSKEYS, OFFICE_WEBAUTHN_ORIGIN, {.origin = "https://desk.example.org.evil.net"}},
        {PASSKEYS, OFFICE_WEBAUTHN_ORIGIN, {.origin = "https://desk.example.or"}},
        {PASSKEYS, OFFICE_WEBAUTHN_ORIGIN, {.origin = "http://desk.example.org"}},
        {PASSKEYS, OFFICE_WEBAUTHN_CROSS_ORIGIN, {.cross = "true"}},
        {PASSKEYS, OFFICE_OK, {.rest = ",\"other_keys_can_be_added_here\":\"x\"}"}},
        {PASSKEYS, OFFICE_SIGNATURE_FORM, {.rest = ""}},
        {PASSKEYS, OFFICE_SIGNATURE_FORM, {.rest = "}}"}},
        {PASSKEYS, OFFICE_SIGNATURE_FORM, {.rest = "x}"}},
        {PASSKEYS, OFFICE_WEBAUTHN_RP, {.rp = "example.org"}},
        {PASSKEYS | SK, OFFICE_NOT_PRESENT, {.flags = 0x04}},
        {PASSKEYS | SK, OFFICE_NOT_VERIFIED, {.flags = 0x01}},
        {PASSKEYS, OFFICE_BACKED_UP, {.flags = 0x0d}},
        {PASSKEYS, OFFICE_BACKED_UP, {.flags = 0x1d}},
        {PASSKEYS, OFFICE_SIGNATURE_FORM, {.flags = 0x15}},
        {PASSKEYS, OFFICE_SIGNATURE_FORM, {.flags = 0x45}},
        {PASSKEYS, OFFICE_SIGNATURE_FORM, {.flags = 0x85}},
        {PASSKEYS, OFFICE_SIGNATURE_FORM, {.extensions = "x"}},
        {PASSKEYS, OFFICE_OK, {.flags = 0x85, .extensions = "\xa0"}},
        {SK, OFFICE_SSH_NAMESPACE, {.space = "file"}},
        {SK, OFFICE_SSH_NAMESPACE, {.space = "sotto-office2"}},
        {SK, OFFICE_SSH_HASH, {.hash = "sha1"}},
        {SK, OFFICE_SSH_HASH, {.hash = "sha384"}},
        {SK, OFFICE_OK, {.hash = "sha256"}},
        {SK, OFFICE_SIGNATURE, {.application = "ssh:"}},
        {SK, OFFICE_OK, {.reserved = "whatever"}},
        {SK, OFFICE_SIGNATURE_FORM, {.inner_rest = "x"}},
        {1 << SOFT_SK_ECDSA, OFFICE_SIGNATURE_FORM, {.numbers_rest = "x"}},
        {1 << SOFT_SK_ED25519, OFFICE_SIGNATURE, {.numbers_rest = "x"}},
    };
    struct office *o = people_office_load(true);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int kind = 0; kind < SOFT_PLAIN; kind++) {
            if ((cases[i].kinds >> kind & 1) == 0)
                continue;
            enum office_reason r = judge(o, RIGHTS, (enum soft_kind)kind, &cases[i].way);
            if (r != cases[i].reason)
                test_fail(__FILE__, __LINE__, "case %zu, kind %d: %s, expected %s", i, kind,
                          office_reason_name(r), office_reason_name(cases[i].reason));
        }
    office_free(o);
}

TEST(a_passkey_that_the_office_names_may_be_backed_up) {
    struct soft_way way = {.flags = 0x1d};
    struct office *o = people_office_load(true);
    o->persons.p[LAW].passkeys.p[0].backed_up = 1;
    CHECK_EQ(judge(o, LAW, SOFT_ES256, &way), OFFICE_OK);
    CHECK_EQ(judge(o, LAW, SOFT_EDDSA, &way), OFFICE_BACKED_UP);
    office_free(o);
}

/* With the key of somebody else who is in the office too. */
TEST(nobody_signs_for_another) {
    struct office *o = people_office_load(true);
    for (int kind = 0; kind < SOFT_KINDS; kind++) {
        buf bytes = {0};
        struct signers signers;
        must(buf_append(&bytes, o->document.text));
        people_sign(&bytes, bytes.n, LAW, (enum soft_kind)kind);
        people_replace(&bytes, "\u2014 p05 ", "\u2014 p07 ");
        CHECK_EQ(read_signers(o, &bytes, &signers), OFFICE_SIGNATURE);
        people_replace(&bytes, "\u2014 p07 ", "\u2014 p77 ");
        CHECK_EQ(read_signers(o, &bytes, &signers), OFFICE_PERSON);
        buf_free(&bytes);
    }
    office_free(o);
}

TEST(a_person_counts_once_however_often_he_signs) {
    struct office *o = people_office_load(true);
    buf bytes = {0};
    struct signers signers;
    must(buf_append(&bytes, o->document.text));
    size_t text = bytes.n;
    people_sign(&bytes, text, LAW, SOFT_ES256);
    people_sign(&bytes, text, LAW, SOFT_EDDSA);
    people_sign(&bytes, text, LAW, SOFT_ES256);
    people_sign(&bytes, text, RIGHTS, SOFT_ES256);
    people_sign(&bytes, text, LAW, SOFT_SK_ECDSA);
    CHECK_EQ(read_signers(o, &bytes, &signers), OFFICE_OK);
    CHECK_EQ(signers.n, 2);
    CHECK(signers.each[0].ssh && !signers.each[1].ssh);
    /* One that is wrong refuses the whole. */
    people_replace(&bytes, "\u2014 p07 webauthn", "\u2014 p05 webauthn");
    CHECK_EQ(read_signers(o, &bytes, &signers), OFFICE_SIGNATURE);
    buf_free(&bytes);
    office_free(o);
}

TEST(lines_of_signatures_have_one_form) {
    static const struct {
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {
        {"\u2014 p05", "- p05", OFFICE_SIGNATURE_LINE},
        {"\u2014 p05", "\u2014  p05", OFFICE_SPACES},
        {" ssh ", " pgp ", OFFICE_SIGNATURE_LINE},
        {" ssh ", " webauthn ", OFFICE_SIGNATURE_FORM},
        {" ssh ", " ", OFFICE_SIGNATURE_LINE},
        {" ssh U", " ssh ", OFFICE_SIGNATURE_LINE},
        {" ssh U1", " ssh U1 ", OFFICE_SIGNATURE_LINE},
        {" ssh U1NI", " ssh QUJD", OFFICE_SIGNATURE_FORM},
        {"\n\u2014", "\u2014", OFFICE_WORD},
        {"\n\u2014", "\n\n\u2014", OFFICE_SPACES},
    };
    struct office *o = people_office_load(false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf bytes = {0};
        struct signers signers;
        must(buf_append(&bytes, o->document.text));
        people_sign(&bytes, bytes.n, LAW, SOFT_SK_ED25519);
        people_replace(&bytes, cases[i].old, cases[i].by);
        enum office_reason r = read_signers(o, &bytes, &signers);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "case %zu: %s, expected %s", i, office_reason_name(r),
                      office_reason_name(cases[i].reason));
        buf_free(&bytes);
    }
    office_free(o);
}

TEST(too_many_signatures_are_refused) {
    struct office *o = people_office_load(false);
    buf bytes = {0};
    struct signers signers;
    must(buf_append(&bytes, o->document.text));
    size_t text = bytes.n;
    for (int i = 0; i < OFFICE_SIGNATURES_MAX; i++)
        people_sign(&bytes, text, i % PEOPLE, SOFT_SK_ED25519);
    CHECK_EQ(read_signers(o, &bytes, &signers), OFFICE_OK);
    CHECK_EQ(signers.n, PEOPLE);
    people_sign(&bytes, text, LAW, SOFT_SK_ED25519);
    CHECK_EQ(read_signers(o, &bytes, &signers), OFFICE_UNSIGNED);
    buf_free(&bytes);
    office_free(o);
}

/* Whatever byte is changed, to whatever: nobody takes it. */
TEST(a_signed_document_with_another_byte_is_refused) {
    struct office *o = people_office_load(true);
    struct office_suspensions *next;
    struct office_evidence evidence = {.now = 1788220800000};
    buf bytes = {0};
    struct support_random random = {5};
    people_list(&bytes, o, NULL, "freeze f-1 2026-07-06T00:00:00Z\n");
    size_t text = bytes.n;
    people_sign(&bytes, text, APPROVER, SOFT_ES256);
    people_sign(&bytes, text, LAW, SOFT_EDDSA);
    people_sign(&bytes, text, RIGHTS, SOFT_SK_ED25519);
    people_sign(&bytes, text, POLICY, SOFT_SK_ECDSA);
    people_sign(&bytes, text, POLICY_DEPUTY, SOFT_PLAIN);
    for (size_t i = 0; i <= bytes.n; i++) {
        uint8_t right = i < bytes.n ? bytes.p[i] : 0;
        if (i < bytes.n)
            bytes.p[i] ^= (uint8_t)(1 + support_next(&random) % 255);
        enum office_reason r =
            office_suspensions_change(&next, o, NULL, buf_slice(&bytes), &evidence, NULL);
        if ((r == OFFICE_OK) != (i == bytes.n))
            test_fail(__FILE__, __LINE__, "byte %zu: %s", i, office_reason_name(r));
        if (i < bytes.n)
            bytes.p[i] = right;
        office_suspensions_free(next);
    }
    buf_free(&bytes);
    office_free(o);
}

/* Cut off anywhere, or with something after its end. */
TEST(signatures_end_where_they_should) {
    struct office *o = people_office_load(true);
    for (int kind = 0; kind < SOFT_KINDS; kind++) {
        buf text = {0}, bytes = {0};
        soft_sign(&text, people_key(LAW, (enum soft_kind)kind), &soft_right, o->document.text);
        CHECK_OK(base64_decode(&bytes, buf_slice(&text)));
        must(buf_append_byte(&bytes, 0));
        for (size_t n = 0; n <= bytes.n; n++) {
            enum office_reason r =
                soft_is_ssh((enum soft_kind)kind)
                    ? sshsig_verify(&o->persons.p[LAW], &o->document, slice_of(bytes.p, n))
                    : webauthn_verify(o, &o->persons.p[LAW], &o->document, slice_of(bytes.p, n));
            CHECK((r == OFFICE_OK) == (n == bytes.n - 1));
        }
        buf_free(&text);
        buf_free(&bytes);
    }
    office_free(o);
}

TEST_MAIN
