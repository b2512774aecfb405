#include "tests/test.h"

#include "base/text.h"
#include "office/internal.h"
#include "tests/office/people.h"
#include "tests/support.h"

/* 1 October 2026, midnight UTC: when the orders below are made. */
#define MADE ((uint64_t)1790812800000)

#define SUSPENSION(jurisdictions, scope)                            \
    "suspension s-1\njurisdictions " jurisdictions "\nscope " scope \
    "\nwording Suspended.\nstart 2026-07-06T00:00:00Z\nreview 2026-09-01T00:00:00Z\n"
#define FREEZE "freeze f-1 2026-09-30T00:00:00Z\n"

static const char HEAD[] = "id o-1\ncase c-1\naccount id 000102030405060708090a0b0c0d0e0f\n";
static const char WHOSE[] = "authority de-court\nbeneficiary DE\nregime eu-epoc\n";

/* Where and when it is checked. */
static struct office_here here_of(const struct office *o, const struct office_suspensions *list) {
    struct office_here here = {o, list, {0x5e}, 3, MADE};
    return here;
}

static void tail(buf *out, const struct office_here *here) {
    people_say(out, "server ");
    must(hex_encode(out, SLICE_ARRAY(here->server)));
    people_say(out, "\nserver-number %d\noffice %d ", (int)here->server_number,
               (int)here->office->version);
    must(hex_encode(out, SLICE_ARRAY(here->office->document.hash)));
    people_say(out, "\nsuspensions %d ", (int)here->list->version);
    must(hex_encode(out, SLICE_ARRAY(here->list->document.hash)));
    people_say(out, "\nmade 2026-10-01T00:00:00Z\n");
}

static void release(buf *out, const struct office_here *here, const char *path) {
    people_say(out, "sotto release 1\n%sfields exists created devices\npath %s\n%s", HEAD, path,
               WHOSE);
    tail(out, here);
}

static void notice(buf *out, const struct office_here *here) {
    people_say(out, "sotto notice 1\n%sreceipt ", HEAD);
    must(hex_encode(out, SLICE_ARRAY(here->server)));
    people_say(out, "\nwording A court has asked for what we hold of your account.\n"
                    "wording 法院要求提供您的帳戶資料。\n");
    tail(out, here);
}

static void preservation(buf *out, const struct office_here *here) {
    people_say(out, "sotto preservation 1\n%s%suntil 2026-11-30T00:00:00Z\n", HEAD, WHOSE);
    tail(out, here);
}

static const struct signer ordinary[] = {
    {POLICY, false}, {LAW, true}, {RIGHTS, false}, {APPROVER, false}};
static const struct signer emergency[] = {
    {INTAKE_1, false}, {INTAKE_2, false}, {RIGHTS_DEPUTY, true}, {APPROVER_DEPUTY, false}};
static const struct signer compelled[] = {{LAW, false}, {RIGHTS, true}, {APPROVER, false}};
static const struct signer two[] = {{POLICY, false}, {LAW, false}};

enum form { ORDINARY, EMERGENCY, COMPELLED, NOTICE, PRESERVATION, FORMS };
static const struct {
    const struct signer *signers;
    size_t n;
    const char *path;
    enum office_order_kind kind;
} forms[FORMS] = {
    {ordinary, 4, "ordinary", OFFICE_ORDER_RELEASE},
    {emergency, 4, "emergency", OFFICE_ORDER_RELEASE},
    {compelled, 3, "compelled", OFFICE_ORDER_RELEASE},
    {two, 2, NULL, OFFICE_ORDER_NOTICE},
    {two, 2, NULL, OFFICE_ORDER_PRESERVATION},
};

static void write_form(buf *out, const struct office_here *here, enum form form) {
    if (form == NOTICE)
        notice(out, here);
    else if (form == PRESERVATION)
        preservation(out, here);
    else
        release(out, here, forms[form].path);
}

static enum office_reason check_text(const struct office_here *here, buf *text,
                                     const struct signer *signers, size_t n, unsigned who) {
    struct office_order *order;
    people_sign_all(text, signers, n, who);
    enum office_reason r = office_order_check(&order, here, buf_slice(text), NULL);
    CHECK((r == OFFICE_OK) == (order != NULL));
    office_order_free(order);
    return r;
}

struct setting {
    struct office *office;
    struct office_suspensions *list;
    struct office_here here;
};
static void begin(struct setting *s, const char *entries) {
    s->office = people_office_load(false);
    s->list = people_list_load(s->office, entries);
    s->here = here_of(s->office, s->list);
}
static void end(struct setting *s) {
    office_suspensions_free(s->list);
    office_free(s->office);
}

/* One changed text of this form, by all who must sign. */
static enum office_reason check_changed(struct setting *s, enum form form, const char *old,
                                        const char *by) {
    buf text = {0};
    write_form(&text, &s->here, form);
    people_replace(&text, old, by);
    enum office_reason r =
        check_text(&s->here, &text, forms[form].signers, forms[form].n, UINT32_MAX);
    buf_free(&text);
    return r;
}

TEST(an_order_with_all_its_signers_is_taken_and_read) {
    struct setting s;
    begin(&s, SUSPENSION("HK", "all"));
    for (int form = 0; form < FORMS; form++) {
        buf text = {0}, again = {0};
        struct office_order *o;
        write_form(&text, &s.here, (enum form)form);
        size_t n = text.n;
        people_sign_all(&text, forms[form].signers, forms[form].n, UINT32_MAX);
        CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), OFFICE_OK);
        CHECK_EQ(o->kind, forms[form].kind);
        CHECK_SLICE(o->case_id, slice_str("c-1"));
        CHECK_EQ(o->account.by, OFFICE_BY_ID);
        CHECK_EQ(o->made, MADE);
        CHECK_EQ(office_order_write(&again, o), OFFICE_OK);
        CHECK_SLICE(buf_slice(&again), slice_of(text.p, n));
        if (form == ORDINARY)
            CHECK_EQ(o->fields,
                     1 << HELD_FIELD_EXISTS | 1 << HELD_FIELD_CREATED | 1 << HELD_FIELD_DEVICES);
        if (form == NOTICE)
            CHECK_EQ(o->wording.n, 2);
        office_order_free(o);
        buf_free(&text);
        buf_free(&again);
    }
    end(&s);
}

TEST(an_order_without_one_of_its_signers_is_refused) {
    struct setting s;
    begin(&s, "");
    for (int form = 0; form < FORMS; form++)
        for (size_t i = 0; i < forms[form].n; i++) {
            buf text = {0};
            write_form(&text, &s.here, (enum form)form);
            CHECK_EQ(
                check_text(&s.here, &text, forms[form].signers, forms[form].n, ~(1u << i) & 0xf),
                OFFICE_SIGNERS);
            buf_free(&text);
        }
    end(&s);
}

/* Signers of one kind of order are none for another, and nobody has two seats. */
TEST(only_the_right_persons_are_enough) {
    static const struct {
        enum form form;
        struct signer signers[5];
        size_t n;
        enum office_reason reason;
    } cases[] = {
        {ORDINARY, {{POLICY_DEPUTY, 0}, {LAW_DEPUTY, 0}, {RIGHTS, 1}, {APPROVER, 0}}, 4, OFFICE_OK},
        {ORDINARY, {{POLICY, 0}, {LAW, 0}, {RIGHTS, 0}, {APPROVER, 0}}, 4, OFFICE_NO_SSH},
        {ORDINARY,
         {{POLICY, 1}, {POLICY_DEPUTY, 0}, {RIGHTS, 0}, {APPROVER, 0}},
         4,
         OFFICE_SIGNERS},
        {ORDINARY, {{POLICY, 1}, {LAW, 0}, {RIGHTS, 0}, {EXPERT_1, 0}}, 4, OFFICE_SIGNERS},
        {ORDINARY, {{POLICY, 1}, {LAW, 0}, {RIGHTS, 0}, {RIGHTS, 1}}, 4, OFFICE_SIGNERS},
        {ORDINARY, {{POLICY, 1}, {LAW, 0}, {RIGHTS, 0}, {APPROVER, 0}, {AUDITOR, 0}}, 5, OFFICE_OK},
        {ORDINARY, {{INTAKE_1, 0}, {INTAKE_2, 0}, {RIGHTS, 1}, {APPROVER, 0}}, 4, OFFICE_SIGNERS},
        {ORDINARY, {{LAW, 0}, {RIGHTS, 1}, {APPROVER, 0}}, 3, OFFICE_SIGNERS},
        /* Who has no seat doesn't sign for those who have. */
        {ORDINARY,
         {{POLICY, 0}, {LAW, 0}, {RIGHTS, 0}, {APPROVER, 0}, {AUDITOR, 1}},
         5,
         OFFICE_NO_SSH},
        {ORDINARY,
         {{POLICY, 0}, {LAW, 0}, {RIGHTS, 0}, {APPROVER, 0}, {LAW_DEPUTY, 1}},
         5,
         OFFICE_OK},
        {EMERGENCY, {{INTAKE_1, 0}, {INTAKE_1, 1}, {RIGHTS, 1}, {APPROVER, 0}}, 4, OFFICE_SIGNERS},
        {EMERGENCY, {{INTAKE_1, 0}, {INTAKE_2, 0}, {LAW, 0}, {APPROVER, 0}}, 4, OFFICE_NO_SSH},
        {EMERGENCY, {{INTAKE_1, 0}, {INTAKE_2, 1}, {LAW, 0}, {APPROVER, 0}}, 4, OFFICE_OK},
        {EMERGENCY, {{INTAKE_1, 0}, {INTAKE_2, 1}, {POLICY, 0}, {APPROVER, 0}}, 4, OFFICE_SIGNERS},
        {EMERGENCY, {{POLICY, 0}, {LAW, 0}, {RIGHTS, 1}, {APPROVER, 0}}, 4, OFFICE_SIGNERS},
        {COMPELLED, {{LAW, 0}, {RIGHTS, 0}, {APPROVER, 0}}, 3, OFFICE_NO_SSH},
        {COMPELLED, {{LAW, 0}, {POLICY, 1}, {APPROVER, 0}}, 3, OFFICE_SIGNERS},
        {NOTICE, {{RIGHTS, 0}, {APPROVER, 0}}, 2, OFFICE_OK},
        {NOTICE, {{RIGHTS, 0}, {EXPERT_1, 0}}, 2, OFFICE_SIGNERS},
        {NOTICE, {{INTAKE_1, 0}, {INTAKE_2, 0}}, 2, OFFICE_SIGNERS},
        {PRESERVATION, {{POLICY_DEPUTY, 0}, {LAW_DEPUTY, 0}}, 2, OFFICE_OK},
        {PRESERVATION, {{LAW, 0}, {LAW_DEPUTY, 0}}, 2, OFFICE_SIGNERS},
        {PRESERVATION, {{LAW, 0}, {RIGHTS, 0}}, 2, OFFICE_SIGNERS},
    };
    struct setting s;
    begin(&s, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        write_form(&text, &s.here, cases[i].form);
        enum office_reason r = check_text(&s.here, &text, cases[i].signers, cases[i].n, UINT32_MAX);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "case %zu: %s, expected %s", i, office_reason_name(r),
                      office_reason_name(cases[i].reason));
        buf_free(&text);
    }
    end(&s);
}

/* One person with two roles is one person, and the others are put where they are needed. */
TEST(seats_are_filled_if_they_can_be) {
    struct setting s;
    begin(&s, "");
    s.office->persons.p[POLICY].roles = OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW;
    s.office->persons.p[LAW].roles = OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS;
    s.office->persons.p[RIGHTS].roles = OFFICE_ROLE_HUMAN_RIGHTS | OFFICE_ROLE_APPROVER;
    s.office->persons.p[APPROVER].roles = OFFICE_ROLE_POLICY;
    static const struct signer ring[] = {
        {POLICY, true}, {LAW, false}, {RIGHTS, false}, {APPROVER, false}};
    buf text = {0};
    write_form(&text, &s.here, ORDINARY);
    CHECK_EQ(check_text(&s.here, &text, ring, 4, UINT32_MAX), OFFICE_OK);
    buf_clear(&text);
    write_form(&text, &s.here, ORDINARY);
    s.office->persons.p[APPROVER].roles = OFFICE_ROLE_AUDITOR;
    CHECK_EQ(check_text(&s.here, &text, ring, 4, UINT32_MAX), OFFICE_SIGNERS);
    buf_free(&text);
    end(&s);
}

TEST(each_mistake_in_an_order_has_its_reason) {
    static const struct {
        enum form form;
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {
        {ORDINARY, "sotto release 1", "sotto release 2", OFFICE_KIND},
        {ORDINARY, "sotto release 1", "sotto notice 1", OFFICE_WORD},
        {NOTICE, "sotto notice 1", "sotto preservation 1", OFFICE_WORD},
        {ORDINARY, "sotto release 1", "sotto suspensions 1", OFFICE_KIND},
        {ORDINARY, "0e0f\n", "0e0\n", OFFICE_ACCOUNT},
        {ORDINARY, "0e0f\n", "0e0F\n", OFFICE_ACCOUNT},
        {ORDINARY, "0e0f\n", "0e0f00\n", OFFICE_ACCOUNT},
        {ORDINARY, "account id", "account key", OFFICE_ACCOUNT},
        {ORDINARY, "account id", "account phone", OFFICE_VALUE},
        {ORDINARY, "account id 000102030405060708090a0b0c0d0e0f", "account handle anna", OFFICE_OK},
        {ORDINARY, "account id 000102030405060708090a0b0c0d0e0f", "account handle anna b",
         OFFICE_VALUE},
        {ORDINARY, "account id ", "account key 000102030405060708090a0b0c0d0e0f", OFFICE_OK},
        {ORDINARY, "fields exists", "fields content exists", OFFICE_VALUE},
        {ORDINARY, "fields exists created", "fields created exists", OFFICE_VALUE},
        {ORDINARY, "fields exists created devices\n", "", OFFICE_WORD},
        {ORDINARY, "path ordinary", "path quick", OFFICE_VALUE},
        {ORDINARY, "path ordinary", "path emergency", OFFICE_SIGNERS},
        {ORDINARY, "authority de-court", "authority de-castle", OFFICE_AUTHORITY},
        {PRESERVATION, "authority de-court", "authority de-castle", OFFICE_AUTHORITY},
        {ORDINARY, "server 5e", "server 5f", OFFICE_SERVER},
        {NOTICE, "server 5e", "server 5f", OFFICE_SERVER},
        {ORDINARY, "server-number 3", "server-number 2", OFFICE_SERVER_NUMBER},
        {ORDINARY, "server-number 3", "server-number 4", OFFICE_SERVER_NUMBER},
        {ORDINARY, "office 1 ", "office 2 ", OFFICE_UNKNOWN_OFFICE},
        {ORDINARY, "suspensions 1 ", "suspensions 2 ", OFFICE_UNKNOWN_LIST},
        {ORDINARY, "made 2026-10-01T00:00:00Z", "made 2026-10-01T00:05:00Z", OFFICE_OK},
        {ORDINARY, "made 2026-10-01T00:00:00Z", "made 2026-10-01T00:05:01Z", OFFICE_FUTURE},
        {ORDINARY, "made 2026-10-01T00:00:00Z", "made 2026-09-28T00:00:00Z", OFFICE_OK},
        {ORDINARY, "made 2026-10-01T00:00:00Z", "made 2026-09-27T23:59:59Z", OFFICE_EXPIRED},
        {NOTICE, "made 2026-10-01T00:00:00Z", "made 2026-09-27T23:59:59Z", OFFICE_EXPIRED},
        {PRESERVATION, "until 2026-11-30T00", "until 2026-12-30T00", OFFICE_OK},
        {PRESERVATION, "until 2026-11-30T00", "until 2026-12-30T01", OFFICE_UNTIL},
        {PRESERVATION, "until 2026-11-30T00", "until 2026-10-01T00", OFFICE_UNTIL},
        {PRESERVATION, "regime eu-epoc", "regime eu-epoc\ncarve-outs c-1", OFFICE_WORD},
        {ORDINARY, "regime eu-epoc", "regime eu-epoc\ncarve-outs c-1", OFFICE_CARVE_OUT},
    };
    struct setting s;
    begin(&s, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum office_reason r = check_changed(&s, cases[i].form, cases[i].old, cases[i].by);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "'%s' for '%s': %s, expected %s", cases[i].by,
                      cases[i].old, office_reason_name(r), office_reason_name(cases[i].reason));
    }
    end(&s);
}

/* An order is for the versions that are there, and no others. */
TEST(an_order_of_other_versions_is_void) {
    struct setting s;
    begin(&s, "");
    for (int i = 0; i < 4; i++) {
        struct office office = *s.office;
        struct office_suspensions list = *s.list;
        struct office_here there = here_of(&office, &list);
        buf text = {0};
        release(&text, &s.here, "ordinary");
        if (i == 0)
            office.version++;
        if (i == 1)
            list.version++;
        if (i == 2)
            office.document.hash[5] ^= 1;
        if (i == 3)
            list.document.hash[5] ^= 1;
        static const enum office_reason reasons[] = {OFFICE_STALE_OFFICE, OFFICE_STALE_LIST,
                                                     OFFICE_UNKNOWN_OFFICE, OFFICE_UNKNOWN_LIST};
        CHECK_EQ(check_text(&there, &text, ordinary, 4, UINT32_MAX), reasons[i]);
        buf_free(&text);
    }
    end(&s);
}

TEST(a_suspended_jurisdiction_gets_nothing_without_a_carve_out) {
    static const struct {
        const char *entries;
        enum form form;
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {
        {SUSPENSION("DE", "all"), ORDINARY, "x", NULL, OFFICE_SUSPENDED},
        {SUSPENSION("DE", "all"), EMERGENCY, "x", NULL, OFFICE_SUSPENDED},
        {SUSPENSION("DE", "all"), COMPELLED, "x", NULL, OFFICE_SUSPENDED},
        {SUSPENSION("DE", "all"), PRESERVATION, "x", NULL, OFFICE_SUSPENDED},
        {SUSPENSION("HK", "all"), ORDINARY, "beneficiary DE", "beneficiary HK", OFFICE_SUSPENDED},
        {SUSPENSION("HK", "all"), PRESERVATION, "beneficiary DE", "beneficiary HK",
         OFFICE_SUSPENDED},
        {SUSPENSION("HK", "all"), ORDINARY, "authority de-court", "authority hk-police",
         OFFICE_SUSPENDED},
        {SUSPENSION("HK", "all"), ORDINARY, "beneficiary DE", "beneficiary FR", OFFICE_OK},
        {SUSPENSION("FR HK", "all"), ORDINARY, "beneficiary DE", "beneficiary FR",
         OFFICE_SUSPENDED},
        {SUSPENSION("FR", "regimes eu-epoc"), ORDINARY, "beneficiary DE", "beneficiary FR",
         OFFICE_SUSPENDED},
        {SUSPENSION("FR", "regimes us-2703d"), ORDINARY, "beneficiary DE", "beneficiary FR",
         OFFICE_OK},
        {SUSPENSION("HK", "authorities hk-police"), ORDINARY, "authority de-court",
         "authority hk-police", OFFICE_SUSPENDED},
        {SUSPENSION("HK", "authorities hk-customs"), ORDINARY, "authority de-court",
         "authority hk-police", OFFICE_OK},
        {SUSPENSION("HK", "authorities hk-customs"), ORDINARY, "beneficiary DE", "beneficiary HK",
         OFFICE_SUSPENDED},
        {SUSPENSION("FR", "all") "carve-out c-1 ordinary Life.\n", ORDINARY, "beneficiary DE",
         "beneficiary FR", OFFICE_SUSPENDED},
        {SUSPENSION("FR", "all") "carve-out c-1 ordinary Life.\n", ORDINARY,
         "beneficiary DE\nregime eu-epoc", "beneficiary FR\nregime eu-epoc\ncarve-outs c-1",
         OFFICE_OK},
        {SUSPENSION("FR", "all") "carve-out c-1 emergency Life.\n", ORDINARY,
         "beneficiary DE\nregime eu-epoc", "beneficiary FR\nregime eu-epoc\ncarve-outs c-1",
         OFFICE_CARVE_OUT},
        {SUSPENSION("FR", "all") "carve-out c-1 emergency Life.\n", EMERGENCY,
         "beneficiary DE\nregime eu-epoc", "beneficiary FR\nregime eu-epoc\ncarve-outs c-1",
         OFFICE_OK},
        {SUSPENSION("FR", "all") "carve-out c-1 ordinary Life.\n", COMPELLED,
         "beneficiary DE\nregime eu-epoc", "beneficiary FR\nregime eu-epoc\ncarve-outs c-1",
         OFFICE_CARVE_OUT},
        {SUSPENSION("FR", "all") "carve-out c-1 ordinary Life.\n", ORDINARY,
         "beneficiary DE\nregime eu-epoc", "beneficiary FR\nregime eu-epoc\ncarve-outs c-1 c-2",
         OFFICE_CARVE_OUT},
        /* Of another suspension than the one that binds. */
        {SUSPENSION("FR", "all") "suspension s-2\njurisdictions IT\nscope all\nwording X\nstart "
                                 "2026-07-06T00:00:00Z\nreview 2026-09-01T00:00:00Z\n"
                                 "carve-out c-1 ordinary Life.\n",
         ORDINARY, "beneficiary DE\nregime eu-epoc",
         "beneficiary FR\nregime eu-epoc\ncarve-outs c-1", OFFICE_SUSPENDED},
        {FREEZE, ORDINARY, "x", NULL, OFFICE_FROZEN},
        {FREEZE, EMERGENCY, "x", NULL, OFFICE_FROZEN},
        {FREEZE, COMPELLED, "x", NULL, OFFICE_FROZEN},
        {FREEZE, PRESERVATION, "x", NULL, OFFICE_FROZEN},
        /* A user may be told all the same. */
        {FREEZE, NOTICE, "x", NULL, OFFICE_OK},
        {SUSPENSION("FR", "all"), NOTICE, "x", NULL, OFFICE_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setting s;
        begin(&s, cases[i].entries);
        enum office_reason r = cases[i].by == NULL
                                   ? check_changed(&s, cases[i].form, "id o-1", "id o-2")
                                   : check_changed(&s, cases[i].form, cases[i].old, cases[i].by);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "case %zu: %s, expected %s", i, office_reason_name(r),
                      office_reason_name(cases[i].reason));
        end(&s);
    }
}

/* One more who is bound makes an order void, though the others would be enough. */
TEST(nobody_acts_whom_a_suspended_jurisdiction_binds) {
    static const struct signer signers[] = {
        {POLICY, false}, {LAW, true}, {RIGHTS, false}, {APPROVER, false}, {CUSTODIAN, false}};
    static const char *const entries[] = {"", SUSPENSION("HK", "all"), SUSPENSION("FR", "all")};
    for (int i = 0; i < 3; i++)
        for (int form = 0; form < 2; form++) {
            struct setting s;
            buf text = {0};
            begin(&s, entries[i]);
            if (form == 0)
                release(&text, &s.here, "ordinary");
            else
                notice(&text, &s.here);
            CHECK_EQ(check_text(&s.here, &text, signers, 5, UINT32_MAX),
                     i == 1 ? OFFICE_BOUND : OFFICE_OK);
            buf_free(&text);
            end(&s);
        }
}

/* The user's client knows the notice key and none of the persons'. */
TEST(a_notice_needs_the_notice_key_s_word_for_its_very_text) {
    static const struct {
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {
        {"\u2014 office notice ", "\u2014 office notic ", OFFICE_NOTICE_KEY},
        {"\u2014 office notice ", "\u2014 p03 notice ", OFFICE_NOTICE_KEY},
        {"\u2014 office notice ", "\u2014 office notice A", OFFICE_NOTICE_KEY},
        {"\u2014 office notice ", "\u2014 office ssh ", OFFICE_NOTICE_KEY},
        {"wording A court", "wording The court", OFFICE_NOTICE_KEY},
        {"\u2014 p05 ", "\u2014 p09 ", OFFICE_SIGNATURE},
    };
    struct setting s;
    struct office_order *o;
    begin(&s, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        notice(&text, &s.here);
        people_sign_all(&text, two, 2, UINT32_MAX);
        people_replace(&text, cases[i].old, cases[i].by);
        CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), cases[i].reason);
        buf_free(&text);
    }
    buf text = {0};
    notice(&text, &s.here);
    size_t n = text.n;
    people_sign(&text, n, POLICY, SOFT_EDDSA);
    people_sign(&text, n, LAW, SOFT_EDDSA);
    CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), OFFICE_NOTICE_KEY);
    people_tell(&text, n);
    CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_OK(crypto_ed25519.verify(SLICE_ARRAY(o->told), SLICE_ARRAY(s.office->notice_key),
                                   slice_of(text.p, n)));
    office_order_free(o);
    people_tell(&text, n); /* twice: the first of them is no person's */
    CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), OFFICE_SIGNATURE_LINE);
    buf_free(&text);
    notice(&text, &s.here);
    people_tell(&text, text.n); /* alone, it is nobody's */
    CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), OFFICE_UNSIGNED);
    buf_free(&text);
    end(&s);
}

TEST(the_notice_key_signs_nothing_but_notices) {
    struct setting s;
    struct office_order *o;
    buf text = {0};
    begin(&s, "");
    release(&text, &s.here, "ordinary");
    size_t n = text.n;
    people_sign_all(&text, ordinary, 4, UINT32_MAX);
    people_tell(&text, n);
    CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), OFFICE_SIGNATURE_LINE);
    buf_free(&text);
    end(&s);
}

TEST(a_notice_that_fits_no_mailbox_is_too_large) {
    struct setting s;
    struct office_order *o;
    begin(&s, "");
    for (int more = 0; more < 2; more++) {
        buf text = {0};
        notice(&text, &s.here);
        size_t fill = OFFICE_NOTICE_MAX - text.n + (size_t)more;
        char *line = mem_new(NULL, fill + sizeof "wording A court");
        memset(line, 'x', fill + sizeof "wording A court" - 1);
        memcpy(line, "wording ", 8);
        for (size_t i = 4000; i < fill; i += 4000)
            memcpy(line + i, "\nwording ", 9);
        people_replace(&text, "wording A court", line);
        mem_free(NULL, line, fill + sizeof "wording A court");
        CHECK_EQ(text.n, OFFICE_NOTICE_MAX + (size_t)more);
        enum office_reason r = office_order_load(&o, NULL, buf_slice(&text), NULL);
        CHECK_EQ(r, more ? OFFICE_TOO_LARGE : OFFICE_OK);
        office_order_free(o);
        buf_free(&text);
    }
    end(&s);
}

/* Signatures under one text are none under another that says nearly the same. */
TEST(signatures_are_not_carried_over) {
    struct setting s;
    begin(&s, "");
    buf text = {0}, other = {0};
    release(&text, &s.here, "ordinary");
    size_t n = text.n;
    people_sign_all(&text, ordinary, 4, UINT32_MAX);
    release(&other, &s.here, "ordinary");
    people_replace(&other, "0e0f\n", "0e0e\n");
    must(buf_append(&other, slice_of(text.p + n, text.n - n)));
    struct office_order *o;
    CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&other), NULL), OFFICE_WEBAUTHN_CHALLENGE);
    CHECK_EQ(office_order_check(&o, &s.here, slice_of(text.p, n), NULL), OFFICE_UNSIGNED);
    buf_free(&text);
    buf_free(&other);
    end(&s);
}

TEST(an_order_with_another_byte_is_refused) {
    struct setting s;
    struct support_random random = {11};
    struct office_order *o;
    buf text = {0};
    begin(&s, "");
    release(&text, &s.here, "ordinary");
    people_sign_all(&text, ordinary, 4, UINT32_MAX);
    for (size_t i = 0; i < text.n; i++)
        for (int times = 0; times < 3; times++) {
            uint8_t right = text.p[i];
            text.p[i] ^= (uint8_t)(1 + support_next(&random) % 255);
            if (office_order_check(&o, &s.here, buf_slice(&text), NULL) == OFFICE_OK)
                test_fail(__FILE__, __LINE__, "byte %zu as 0x%02x is taken", i, text.p[i]);
            text.p[i] = right;
        }
    CHECK_EQ(office_order_check(&o, &s.here, buf_slice(&text), NULL), OFFICE_OK);
    office_order_free(o);
    buf_free(&text);
    end(&s);
}

TEST_MAIN
