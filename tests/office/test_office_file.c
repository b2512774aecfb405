#include "tests/test.h"

#include "base/text.h"
#include "tests/office/people.h"
#include "tests/support.h"

TEST(an_office_file_comes_back_as_it_was_written) {
    for (int demonstration = 0; demonstration < 2; demonstration++) {
        buf text = {0}, again = {0};
        struct office *o;
        size_t line;
        people_office(&text, demonstration != 0, NULL);
        CHECK_EQ(office_load(&o, NULL, buf_slice(&text), &line), OFFICE_OK);
        CHECK_EQ(line, 0);
        CHECK_EQ(office_write(&again, o), OFFICE_OK);
        CHECK_SLICE(buf_slice(&again), buf_slice(&text));
        CHECK_EQ(o->persons.n, PEOPLE);
        CHECK_EQ(o->persons.p[POLICY_DEPUTY].deputy, OFFICE_ROLE_POLICY);
        CHECK_EQ(o->persons.p[LAW].ssh_keys.n, demonstration != 0 ? 3 : 2);
        CHECK_SLICE(office_authority_find(o, slice_str("hk-police"))->jurisdiction,
                    slice_str("HK"));
        CHECK(office_authority_find(o, slice_str("hk")) == NULL);
        office_free(o);
        buf_free(&text);
        buf_free(&again);
    }
}

TEST(a_value_with_a_line_break_is_not_written) {
    struct office *o = people_office_load(false);
    buf text = {0};
    o->name = slice_str("A desk\ndemonstration yes");
    CHECK_EQ(office_write(&text, o), OFFICE_VALUE);
    buf_free(&text);
    office_free(o);
}

static enum office_reason load_changed(const char *old, const char *by, size_t *line) {
    buf text = {0};
    struct office *o = NULL;
    people_office(&text, false, NULL);
    people_replace(&text, old, by);
    enum office_reason r = office_load(&o, NULL, buf_slice(&text), line);
    CHECK((r == OFFICE_OK) == (o != NULL));
    office_free(o);
    buf_free(&text);
    return r;
}

TEST(each_mistake_in_an_office_file_has_its_reason) {
    static const struct {
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {
        {"version 1", "version 2", OFFICE_OK},
        {"jurisdiction HK", "jurisdiction XK", OFFICE_OK},
        {"name The desk", "name \xc3\x9c\xe9\xa6\x99 The desk", OFFICE_OK},
        {"rp desk.example.org", "rp example.org", OFFICE_OK},
        {"org\nrp", "org:8443\nrp", OFFICE_OK},
        {"witness witness.example/a", "also release expert\nwitness witness.example/a",
         OFFICE_WORD},
        {"\nperson p01", "\nalso release expert\nalso release policy\nperson p01", OFFICE_TWICE},
        {"\nperson p01", "\nalso lift expert\nalso release expert\nperson p01", OFFICE_TWICE},
        {"\nperson p01", "\nalso release expert\nalso release expert\nperson p01", OFFICE_OK},
        {"sotto office 1", "sotto office 2", OFFICE_KIND},
        {"sotto office 1", "sotto suspensions 1", OFFICE_KIND},
        {"sotto office 1", "sotto office", OFFICE_KIND},
        {"version 1\n", "version 01\n", OFFICE_VALUE},
        {"version 1\n", "version 0\n", OFFICE_VALUE},
        {"version 1\n", "version -1\n", OFFICE_VALUE},
        {"version 1\n", "version 1000000000000000000\n", OFFICE_VALUE},
        {"version 1\n", "version\n", OFFICE_VALUE},
        {"version 1\n", "version 1 1\n", OFFICE_VALUE},
        {"version 1\n", "version 1\nversion 1\n", OFFICE_COUNT},
        {"version 1\n", "", OFFICE_WORD},
        {"version 1\n", "\nversion 1\n", OFFICE_WORD},
        {"version 1\n", "version  1\n", OFFICE_SPACES},
        {"version 1\n", "version 1 \n", OFFICE_SPACES},
        {"version 1\n", " version 1\n", OFFICE_SPACES},
        {"version 1\n", "version 1\r\n", OFFICE_CHARACTERS},
        {"version 1\n", "version 1\t\n", OFFICE_CHARACTERS},
        {"previous 00", "previous 0", OFFICE_VALUE},
        {"previous 00", "previous 0A", OFFICE_FORM},
        {"name The", "name \xff", OFFICE_CHARACTERS},
        {"name The", "name \xc0\x80", OFFICE_CHARACTERS},
        {"name The", "nom The", OFFICE_WORD},
        {"+852 0000 0001\n", "+852 0000 0001", OFFICE_SPACES},
        {"+852 0000 0001\n", "+852 0000 0001\nmore\n", OFFICE_WORD},
        {"origin https", "origin http", OFFICE_ORIGIN},
        {"desk.example.org\nrp", "desk.example.org/\nrp", OFFICE_ORIGIN},
        {"desk.example.org\nrp", "desk.example.org\"\nrp", OFFICE_ORIGIN},
        {"rp desk.example.org", "rp esk.example.org", OFFICE_ORIGIN},
        {"rp desk.example.org", "rp other.example.org", OFFICE_ORIGIN},
        {"notice-key", "demonstration no\nnotice-key", OFFICE_VALUE},
        {"SAE=\nledger", "SA==\nledger", OFFICE_VALUE},
        {"SAE=\nledger", "SAF=\nledger", OFFICE_VALUE},
        {"ledger example.org/", "ledger example.org /", OFFICE_VALUE},
        {"person p01", "person P01", OFFICE_VALUE},
        {"person p01", "person p15", OFFICE_TWICE},
        {"person p01", "person p02", OFFICE_TWICE},
        {"roles intake", "roles clerk", OFFICE_VALUE},
        {"roles intake", "roles policy intake", OFFICE_VALUE},
        {"roles intake", "roles intake intake", OFFICE_VALUE},
        {"roles intake", "roles intake\ndeputy intake", OFFICE_VALUE},
        {"roles intake\n", "", OFFICE_VALUE},
        {"roles intake", "roles intake policy", OFFICE_OK},
        {"countries DE\n", "countries DEU\n", OFFICE_VALUE},
        {"countries DE\n", "countries UK\n", OFFICE_VALUE},
        {"countries DE\n", "countries de\n", OFFICE_VALUE},
        {"countries DE\n", "countries HK DE\n", OFFICE_VALUE},
        {"countries DE\n", "countries DE DE\n", OFFICE_VALUE},
        {"countries DE\n", "", OFFICE_WORD},
        {"passkey es256 ", "passkey rs256 ", OFFICE_VALUE},
        {"passkey es256 ", "passkey eddsa ", OFFICE_KEY},
        {"QUJD\npasskey eddsa", "QUJD synced\npasskey eddsa", OFFICE_VALUE},
        {"QUJD\npasskey eddsa", "QUJD may-be-backed-up\npasskey eddsa", OFFICE_OK},
        {"QUJD\npasskey eddsa", "\npasskey eddsa", OFFICE_SPACES},
        {"ssh-key AAAAGnNr", "ssh-key AAAAGnNs", OFFICE_KEY},
        {"jurisdiction DE\ncall +49 30 000000\ncall +49 30 000001\n", "jurisdiction DE\n",
         OFFICE_WORD},
        {"authority hk-police", "authority a", OFFICE_TWICE},
        {"certificate QUJD", "certificate QUJ", OFFICE_VALUE},
        {"witness witness.example/a", "witness witness.example/c", OFFICE_TWICE},
        {"witness witness.example/b", "witness witness.example/c", OFFICE_KEY},
        {"ledger example.org/", "ledger example.org/x", OFFICE_KEY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum office_reason r = load_changed(cases[i].old, cases[i].by, NULL);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "'%s' for '%s': %s, expected %s", cases[i].by,
                      cases[i].old, office_reason_name(r), office_reason_name(cases[i].reason));
    }
}

TEST(what_can_not_be_seen_is_refused_wherever_it_stands) {
    static const uint32_t points[] = {
        0x00,   0x07,   0x0b,   0x1b,    0x7f,    0x85,    0xa0,    0xad,   0x34f,  0x61c,
        0x115f, 0x1680, 0x180e, 0x2000,  0x200b,  0x200c,  0x200d,  0x200e, 0x202a, 0x202e,
        0x2028, 0x2060, 0x2066, 0x2800,  0x3000,  0x3164,  0xe000,  0xfdd0, 0xfe0f, 0xfeff,
        0xffa0, 0xfffd, 0xffff, 0x1d173, 0x1fffe, 0xe0041, 0x10ffff};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint32_t p = points[i];
        uint8_t c[4];
        size_t n = p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4;
        for (size_t j = n; j-- > 1; p >>= 6)
            c[j] = (uint8_t)(0x80 | (p & 0x3f));
        c[0] = (uint8_t)(n == 1 ? p : (0xf00 >> n & 0xff) | p);
        buf text = {0};
        struct office *o;
        size_t line;
        people_office(&text, false, NULL);
        memmove(text.p + 90, c, n); /* in the line of `previous` */
        CHECK_EQ(office_load(&o, NULL, buf_slice(&text), &line), OFFICE_CHARACTERS);
        CHECK_EQ(line, 3);
        CHECK(o == NULL);
        buf_free(&text);
    }
}

TEST(a_refusal_names_the_line) {
    size_t line;
    CHECK_EQ(load_changed("sotto office 1", "sotto", &line), OFFICE_KIND);
    CHECK_EQ(line, 1);
    CHECK_EQ(load_changed("version 1", "version x", &line), OFFICE_VALUE);
    CHECK_EQ(line, 2);
    CHECK_EQ(load_changed("person p01\nroles intake", "person p01\nroles clerk", &line),
             OFFICE_VALUE);
    CHECK_EQ(line, 12);
    CHECK_EQ(load_changed("rp desk.example.org\n", "", &line), OFFICE_WORD);
    CHECK_EQ(line, 6);
    CHECK_EQ(load_changed("witness witness.example/a", "witness witness.example/c", &line),
             OFFICE_TWICE);
    CHECK_EQ(line, 10);
    /* The line that begins a person. */
    CHECK_EQ(load_changed("person p01", "person p02", &line), OFFICE_TWICE);
    CHECK_EQ(line, 19);
}

TEST(a_person_has_two_keys_of_kinds_that_are_allowed) {
    buf text = {0}, key = {0}, line = {0};
    struct office *o;
    people_office(&text, false, NULL);
    /* Plain keys are for demonstrations. */
    soft_public(&key, people_key(AUDITOR, SOFT_PLAIN), "");
    people_say(&line, "ssh-key %.*s\nauthority de-court", (int)key.n, (const char *)key.p);
    must(buf_append_byte(&line, 0));
    people_replace(&text, "authority de-court", (const char *)line.p);
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_KEY);
    people_replace(&text, "notice-key", "demonstration yes\nnotice-key");
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_OK);
    office_free(o);
    buf_clear(&text);
    /* An authenticator's key for web pages, and one whose point is not on the curve. */
    people_office(&text, false, NULL);
    buf_clear(&key);
    buf_clear(&line);
    soft_public(&key, people_key(AUDITOR, SOFT_SK_ED25519), "desk.example.org");
    people_say(&line, "ssh-key %.*s\nauthority de-court", (int)key.n, (const char *)key.p);
    must(buf_append_byte(&line, 0));
    people_replace(&text, "authority de-court", (const char *)line.p);
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_KEY);
    buf_clear(&text);
    people_office(&text, false, NULL);
    struct soft_key bent = *people_key(AUDITOR, SOFT_SK_ECDSA);
    bent.pub[40] ^= 1;
    buf_clear(&key);
    buf_clear(&line);
    soft_public(&key, &bent, "ssh:sotto");
    people_say(&line, "ssh-key %.*s\nauthority de-court", (int)key.n, (const char *)key.p);
    must(buf_append_byte(&line, 0));
    people_replace(&text, "authority de-court", (const char *)line.p);
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_KEY);
    buf_free(&text);
    buf_free(&key);
    buf_free(&line);
}

/* Each has a key of its type. */
TEST(a_ledger_is_no_witness_nor_the_other_way) {
    buf ledger = {0}, witness = {0};
    struct merkle_key key;
    people_note_key(&key, &people_ledger);
    must(merkle_key_format(&ledger, &key));
    must(buf_append_byte(&ledger, 0));
    people_note_key(&key, &people_witnesses[0]);
    must(merkle_key_format(&witness, &key));
    must(buf_append_byte(&witness, 0));
    CHECK_EQ(load_changed((const char *)witness.p, (const char *)ledger.p, NULL), OFFICE_KEY);
    CHECK_EQ(load_changed((const char *)ledger.p, (const char *)witness.p, NULL), OFFICE_KEY);
    buf_free(&ledger);
    buf_free(&witness);
}

/* Drops the lines of the last person's keys, from the last on. */
static void drop_keys(buf *text, size_t keep) {
    buf lines = {0}, with = {0};
    for (int k = 0; k < SOFT_PLAIN; k++) {
        buf one = {0};
        people_say(&one, soft_is_ssh((enum soft_kind)k) ? "ssh-key "
                         : k == SOFT_ES256              ? "passkey es256 "
                                                        : "passkey eddsa ");
        soft_public(&one, people_key(AUDITOR, (enum soft_kind)k), soft_right.application);
        people_say(&one, soft_is_ssh((enum soft_kind)k) ? "\n" : " QUJD\n");
        must(buf_append(&lines, buf_slice(&one)));
        if ((size_t)k < keep)
            must(buf_append(&with, buf_slice(&one)));
        buf_free(&one);
    }
    must(buf_append_byte(&lines, 0));
    must(buf_append_byte(&with, 0));
    people_replace(text, (const char *)lines.p, (const char *)with.p);
    buf_free(&lines);
    buf_free(&with);
}

TEST(a_person_with_one_key_is_refused) {
    for (size_t keep = 0; keep < 4; keep++) {
        buf text = {0};
        struct office *o;
        people_office(&text, false, NULL);
        drop_keys(&text, keep);
        CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL),
                 keep < 2 ? OFFICE_FEW_KEYS : OFFICE_OK);
        office_free(o);
        buf_free(&text);
    }
}

/* As bytes of another person's line. */
static void seal_line(buf *out, int person) {
    uint8_t private[32], public[32];
    people_seal_private(person, private);
    must(crypto_x25519_public(public, private));
    must(buf_append(out, slice_str("seal ")));
    must(base64_encode(out, SLICE_ARRAY(public)));
    must(buf_append_byte(out, 0));
}

TEST(a_key_of_two_persons_is_refused) {
    for (int k = 0; k < SOFT_PLAIN; k++) {
        buf text = {0}, a = {0}, b = {0};
        struct office *o;
        people_office(&text, false, NULL);
        soft_public(&a, people_key(LAW, (enum soft_kind)k), soft_right.application);
        soft_public(&b, people_key(RIGHTS, (enum soft_kind)k), soft_right.application);
        must(buf_append_byte(&a, 0));
        must(buf_append_byte(&b, 0));
        people_replace(&text, (const char *)a.p, (const char *)b.p);
        CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_TWICE);
        buf_free(&text);
        buf_free(&a);
        buf_free(&b);
    }
    buf a = {0}, b = {0};
    seal_line(&a, INTAKE_1);
    seal_line(&b, INTAKE_2);
    CHECK_EQ(load_changed((const char *)a.p, (const char *)b.p, NULL), OFFICE_TWICE);
    buf_free(&a);
    buf_free(&b);
}

TEST(a_demonstration_may_be_on_this_machine) {
    buf text = {0};
    struct office *o;
    people_office(&text, true, NULL);
    people_replace(&text, "https://desk.example.org\nrp desk.example.org",
                   "http://localhost:8443\nrp localhost");
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_OK);
    office_free(o);
    people_replace(&text, "http://localhost:8443\nrp localhost",
                   "http://desk.example.org\nrp desk.example.org");
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_ORIGIN);
    buf_free(&text);
    CHECK_EQ(load_changed("https://desk.example.org\nrp desk.example.org",
                          "http://localhost:8443\nrp localhost", NULL),
             OFFICE_ORIGIN);
}

TEST(a_text_that_is_too_large_is_refused) {
    buf text = {0}, name = {0};
    struct office *o;
    people_office(&text, false, NULL);
    must(buf_append(&name, slice_str("name ")));
    while (name.n < OFFICE_LINE_MAX)
        must(buf_append_byte(&name, 'x'));
    must(buf_append_byte(&name, 0));
    people_replace(&text, "name The desk of an example", (const char *)name.p);
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_OK);
    office_free(o);
    people_replace(&text, "name x", "name xx");
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_TOO_LARGE);
    /* With what stands behind the text. */
    buf_clear(&text);
    people_office(&text, false, NULL);
    size_t n = text.n;
    must(buf_resize(&text, OFFICE_DOCUMENT_MAX));
    memset(text.p + n, '\n', text.n - n);
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_OK);
    office_free(o);
    must(buf_append_byte(&text, '\n'));
    CHECK_EQ(office_load(&o, NULL, buf_slice(&text), NULL), OFFICE_TOO_LARGE);
    buf_free(&text);
    buf_free(&name);
}

TEST(without_memory_nothing_is_read_and_nothing_stays) {
    buf text = {0};
    people_office(&text, true, NULL);
    for (size_t fail = 1;; fail++) {
        struct support_mem m;
        struct office *o;
        support_mem_init(&m, fail);
        enum office_reason r = office_load(&o, &m.mem, buf_slice(&text), NULL);
        CHECK_EQ(r, m.calls < fail ? OFFICE_OK : OFFICE_MEMORY);
        office_free(o);
        CHECK_EQ(m.blocks, 0);
        CHECK_EQ(m.dirty, 0);
        if (r == OFFICE_OK)
            break;
    }
    buf_free(&text);
}

/* ---- Versions ---- */

TEST(the_first_file_is_the_one_whose_hash_was_read_on_paper) {
    struct office *o = people_office_load(false), *pinned;
    uint8_t hash[32];
    memcpy(hash, o->document.hash, 32);
    CHECK_EQ(office_pin(&pinned, NULL, o->document.text, hash, NULL), OFFICE_OK);
    office_free(pinned);
    hash[31] ^= 1;
    CHECK_EQ(office_pin(&pinned, NULL, o->document.text, hash, NULL), OFFICE_NOT_PINNED);
    CHECK(pinned == NULL);
    office_free(o);
}

struct hand {
    int person;
    enum soft_kind kind;
};

static enum office_reason change(const struct office *present, const buf *text,
                                 const struct hand *signers, size_t n) {
    buf signed_text = {0};
    struct office *next;
    must(buf_append(&signed_text, buf_slice(text)));
    for (size_t i = 0; i < n; i++)
        people_sign(&signed_text, text->n, signers[i].person, signers[i].kind);
    enum office_reason r = office_change(&next, present, NULL, buf_slice(&signed_text), NULL);
    CHECK((r == OFFICE_OK) == (next != NULL));
    office_free(next);
    buf_free(&signed_text);
    return r;
}

TEST(the_next_file_is_signed_as_the_one_before_demands) {
    static const struct {
        struct hand signers[4];
        size_t n;
        enum office_reason reason;
    } cases[] = {
        {{{APPROVER, SOFT_ES256}, {LAW, SOFT_SK_ED25519}, {RIGHTS, SOFT_EDDSA}}, 3, OFFICE_OK},
        {{{LAW, SOFT_ES256}, {LAW_DEPUTY, SOFT_ES256}, {APPROVER_DEPUTY, SOFT_SK_ECDSA}},
         3,
         OFFICE_OK},
        {{{APPROVER, SOFT_ES256}, {LAW, SOFT_ES256}, {RIGHTS, SOFT_EDDSA}}, 3, OFFICE_NO_SSH},
        {{{APPROVER, SOFT_SK_ECDSA}, {LAW, SOFT_ES256}, {LAW, SOFT_SK_ED25519}}, 3, OFFICE_SIGNERS},
        {{{APPROVER, SOFT_SK_ECDSA}, {APPROVER_DEPUTY, SOFT_ES256}, {LAW, SOFT_SK_ED25519}},
         3,
         OFFICE_SIGNERS},
        {{{POLICY, SOFT_SK_ECDSA}, {RIGHTS, SOFT_ES256}, {LAW, SOFT_SK_ED25519}},
         3,
         OFFICE_SIGNERS},
        {{{EXPERT_1, SOFT_SK_ECDSA}, {APPROVER, SOFT_ES256}, {LAW, SOFT_SK_ED25519}},
         3,
         OFFICE_SIGNERS},
        {{{APPROVER, SOFT_SK_ECDSA}, {LAW, SOFT_SK_ED25519}}, 2, OFFICE_SIGNERS},
        {{{0}}, 0, OFFICE_UNSIGNED},
    };
    struct office *present = people_office_load(false);
    buf text = {0};
    people_office(&text, false, present);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_EQ(change(present, &text, cases[i].signers, cases[i].n), cases[i].reason);
    buf_free(&text);
    office_free(present);
}

TEST(versions_come_one_after_another) {
    static const struct hand enough[] = {
        {APPROVER, SOFT_ES256}, {LAW, SOFT_SK_ED25519}, {RIGHTS, SOFT_EDDSA}};
    static const struct {
        const char *by;
        enum office_reason reason;
    } cases[] = {
        {"version 1\n", OFFICE_OLD}, {"version 3\n", OFFICE_GAP}, {"version 2\n", OFFICE_OK}};
    struct office *present = people_office_load(false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        people_office(&text, false, present);
        people_replace(&text, "version 2\n", cases[i].by);
        CHECK_EQ(change(present, &text, enough, 3), cases[i].reason);
        buf_free(&text);
    }
    buf text = {0};
    present->document.hash[0] ^= 1;
    people_office(&text, false, present);
    present->document.hash[0] ^= 1;
    CHECK_EQ(change(present, &text, enough, 3), OFFICE_FORK);
    buf_free(&text);
    office_free(present);
}

/* What a file demands more binds the next one. */
TEST(a_file_can_demand_more_but_never_less) {
    static const struct hand floor_[] = {
        {APPROVER, SOFT_ES256}, {LAW, SOFT_SK_ED25519}, {RIGHTS, SOFT_EDDSA}};
    static const struct hand more[] = {{APPROVER, SOFT_ES256},
                                       {LAW, SOFT_SK_ED25519},
                                       {RIGHTS, SOFT_EDDSA},
                                       {EXPERT_1, SOFT_ES256}};
    buf text = {0}, next = {0};
    struct office *present;
    people_office(&text, false, NULL);
    people_replace(&text, "person p01", "also office expert auditor\nperson p01");
    CHECK_EQ(office_load(&present, NULL, buf_slice(&text), NULL), OFFICE_OK);
    people_office(&next, false, present);
    CHECK_EQ(change(present, &next, floor_, 3), OFFICE_SIGNERS);
    CHECK_EQ(change(present, &next, more, 4), OFFICE_OK);
    office_free(present);
    buf_free(&text);
    buf_free(&next);
}

TEST(all_that_a_file_demands_more_has_its_seat) {
    static const struct {
        size_t more;
        enum office_reason reason;
    } cases[] = {{11, OFFICE_OK}, {12, OFFICE_SIGNERS}, {32, OFFICE_SIGNERS}};
    struct hand all[PEOPLE];
    for (int i = 0; i < PEOPLE; i++)
        all[i] = (struct hand){i, SOFT_SK_ED25519};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0}, next = {0}, also = {0};
        struct office *present;
        for (size_t n = 0; n < cases[i].more; n++)
            people_say(&also, "also office intake policy local-law human-rights approver expert "
                              "custodian auditor\n");
        people_say(&also, "person p01%c", '\0');
        people_office(&text, false, NULL);
        people_replace(&text, "person p01", (const char *)also.p);
        CHECK_EQ(office_load(&present, NULL, buf_slice(&text), NULL), OFFICE_OK);
        people_office(&next, false, present);
        CHECK_EQ(change(present, &next, all, PEOPLE), cases[i].reason);
        office_free(present);
        buf_free(&text);
        buf_free(&next);
        buf_free(&also);
    }
}

TEST(one_country_that_could_compel_a_quorum_is_found) {
    struct office *o = people_office_load(false);
    CHECK(office_could_compel(o, slice_str("DE")));
    CHECK(!office_could_compel(o, slice_str("HK")));
    CHECK(!office_could_compel(o, slice_str("FR")));
    CHECK(office_could_compel(o, slice_str("DE HK")));
    /* Three persons are enough, on the path of a court's order. */
    for (int i = 0; i < PEOPLE; i++)
        o->persons.p[i].countries = slice_str("US");
    o->persons.p[LAW].countries = o->persons.p[RIGHTS_DEPUTY].countries = slice_str("CH FR");
    CHECK(!office_could_compel(o, slice_str("FR")));
    o->persons.p[APPROVER].countries = slice_str("FR");
    CHECK(office_could_compel(o, slice_str("FR")));
    CHECK(!office_could_compel(o, slice_str("CH")));
    office_free(o);
}

/* An office whose persons have all roles, and which asks for so many more for a release. */
static void large_office(buf *out, size_t persons, size_t also) {
    buf one = {0};
    people_office(&one, false, NULL);
    must(buf_append_byte(&one, 0));
    char *end = strstr((char *)one.p, "person p01");
    CHECK(end != NULL);
    must(buf_append(out, slice_of(one.p, (size_t)(end - (char *)one.p))));
    for (size_t i = 0; i < also; i++)
        people_say(out, "also release auditor\n");
    for (size_t i = 0; i < persons; i++) {
        uint8_t key[32] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        people_say(out,
                   "person p%03zu\nroles intake policy local-law human-rights approver expert "
                   "custodian auditor\ncountries DE\nseal ",
                   i);
        must(base64_encode(out, SLICE_ARRAY(key)));
        for (; key[2] < 3; key[2]++) {
            people_say(out, "\npasskey eddsa ");
            must(base64_encode(out, SLICE_ARRAY(key)));
            people_say(out, " QUJD");
        }
        people_say(out, "\n");
    }
    buf_free(&one);
}

TEST(the_largest_office_is_judged_as_any) {
    static const struct {
        size_t persons, also;
        enum office_reason reason;
        size_t line;
        bool compels;
    } cases[] = {
        {256, 32, OFFICE_OK, 0, true},
        {36, 32, OFFICE_OK, 0, true},
        {2, 32, OFFICE_OK, 0, false},
        {257, 32, OFFICE_COUNT, 10 + 32 + 256 * 6 + 1, false},
        {256, 33, OFFICE_COUNT, 10 + 33, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        struct office *o;
        size_t line;
        large_office(&text, cases[i].persons, cases[i].also);
        CHECK_EQ(office_load(&o, NULL, buf_slice(&text), &line), cases[i].reason);
        CHECK_EQ(line, cases[i].line);
        if (o != NULL)
            CHECK_EQ(office_could_compel(o, slice_str("DE")), cases[i].compels);
        office_free(o);
        buf_free(&text);
    }
}

TEST_MAIN
