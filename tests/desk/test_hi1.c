/* Filings in HI1: what a sound message says, and each reason for which others are refused. */
#include "desk/hi1.h"

#include <stdlib.h>

#include "crypto/crypto.h"
#include "tests/support.h"
#include "tests/test.h"

enum { SAMPLE_MAX = 1 << 16 };

#define must(e) CHECK_OK(e)

static buf sample(const char *name) {
    char path[4096];
    buf bytes = {0};
    CHECK_OK(crypto_init());
    const char *folder = getenv("HI1_SAMPLES");
    snprintf(path, sizeof path, "%s/%s", folder == NULL ? "" : folder, name);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    must(buf_resize(&bytes, SAMPLE_MAX));
    bytes.n = fread(bytes.p, 1, SAMPLE_MAX, f);
    fclose(f);
    return bytes;
}

/* The bytes with the first `from` replaced; it must be there. */
static buf replaced(slice bytes, const char *from, slice to) {
    buf out = {0};
    size_t n = strlen(from), at = 0;
    while (at + n <= bytes.n && memcmp(bytes.p + at, from, n) != 0)
        at++;
    CHECK(at + n <= bytes.n);
    must(buf_append(&out, slice_of(bytes.p, at)));
    must(buf_append(&out, to));
    must(buf_append(&out, slice_of(bytes.p + at + n, bytes.n - at - n)));
    return out;
}

static enum hi1_reason load(slice bytes, char where[HI1_WHERE]) {
    struct hi1_filing *f;
    enum hi1_reason reason = hi1_load(&f, NULL, bytes, where);
    CHECK((reason == HI1_OK) == (f != NULL));
    hi1_free(f);
    return reason;
}

struct change {
    const char *from, *to;
    enum hi1_reason reason;
    const char *where;
};

static void refuses(const char *name, const struct change *changes, size_t n) {
    buf bytes = sample(name);
    for (size_t i = 0; i < n; i++) {
        char where[HI1_WHERE];
        buf changed = replaced(buf_slice(&bytes), changes[i].from, slice_str(changes[i].to));
        enum hi1_reason reason = load(buf_slice(&changed), where);
        if (reason != changes[i].reason || strcmp(where, changes[i].where) != 0)
            test_fail(__FILE__, __LINE__, "%s -> %s: %s %s", changes[i].from, changes[i].to,
                      hi1_reason_name(reason), where);
        buf_free(&changed);
    }
    buf_free(&bytes);
}
#define REFUSES(name, changes) refuses(name, changes, sizeof changes / sizeof changes[0])

/* ---- Sound ones ---- */

#define CHECK_TEXT(got, text) CHECK_SLICE(got, slice_str(text))

TEST(a_production_order_in_xml_is_read) {
    char where[HI1_WHERE];
    struct hi1_filing *f;
    buf bytes = sample("epoc.xml");
    CHECK_EQ(hi1_load(&f, NULL, buf_slice(&bytes), where), HI1_OK);
    CHECK_TEXT(f->sender.country, "DE");
    CHECK_TEXT(f->sender.id, "COURT");
    CHECK_TEXT(f->receiver.id, "SOTTO");
    CHECK_TEXT(f->transaction, "0f3b6c1e-7f4e-4a51-9d1f-6a0f2f1d9a01");
    CHECK_TEXT(f->profile_version, "v1.3.1");
    const struct hi1_authorisation *a = &f->authorisation;
    CHECK_EQ(a->legal_type, HI1_EPOC);
    CHECK_EQ(a->flags, HI1_DELAY_INFORMING);
    CHECK_TEXT(a->reference, "12 Gs 345/26");
    CHECK_TEXT(a->priority, "TenDays");
    CHECK_TEXT(a->end, "2026-11-30T09:00:00+01:00");
    CHECK_TEXT(a->provider.id, "SOTTO");
    CHECK_EQ(a->approvals.n, 1);
    CHECK_TEXT(a->approvals.p[0].type, "IssuingAuthority");
    CHECK_EQ(a->approvals.p[0].details.n, 2);
    CHECK_TEXT(a->approvals.p[0].details.p[1].text, "Richterin am Amtsgericht");
    CHECK_EQ(f->tasks.n, 1);
    const struct hi1_task *t = &f->tasks.p[0];
    CHECK_EQ(t->kind, HI1_DISCLOSURE);
    CHECK_TEXT(t->type, "SubscriberData");
    CHECK_TEXT(t->subtypes.p[0].text, "DateOfRegistration");
    CHECK_TEXT(t->values.p[0].format, "AccountID");
    CHECK_TEXT(t->values.p[0].value, "00112233445566778899aabbccddeeff");
    CHECK_TEXT(t->delivery.p[0].text, "https://gericht.example/eingang");
    CHECK_EQ(f->documents.n, 1);
    CHECK_SLICE(buf_slice(&f->documents.p[0].bytes), slice_str("Annex I"));
    CHECK_EQ(f->to_read.n, 1);
    CHECK_TEXT(f->to_read.p[0].name, "AuthorisationManualInformation");
    hi1_free(f);
    buf_free(&bytes);
}

TEST(a_preservation_order_in_json_is_read) {
    char where[HI1_WHERE];
    struct hi1_filing *f;
    buf bytes = sample("epoc-pr.json");
    CHECK_EQ(hi1_load(&f, NULL, buf_slice(&bytes), where), HI1_OK);
    CHECK_TEXT(f->authorisation.reference, "PR 2026/77 \xC3\xA9");
    CHECK_EQ(f->authorisation.legal_type, HI1_EPOC_PR);
    CHECK_EQ(f->authorisation.flags, HI1_EMERGENCY);
    CHECK_EQ(f->authorisation.approvals.n, 2);
    CHECK_TEXT(f->authorisation.approvals.p[0].emergency, "true");
    CHECK_EQ(f->tasks.p[0].kind, HI1_PRESERVATION);
    CHECK_TEXT(f->tasks.p[0].type, "TrafficData");
    CHECK_TEXT(f->tasks.p[0].start, "2026-10-01T00:00:00Z");
    CHECK_TEXT(f->tasks.p[0].values.p[0].format, "InternationalE164");
    CHECK_EQ(f->to_read.n, 0);
    hi1_free(f);
    buf_free(&bytes);
}

TEST(what_is_not_known_is_kept_for_a_person) {
    static const struct change changes[] = {
        {"<task:Reference>", "<task:Wish>soon</task:Wish><task:Reference>", HI1_OK, "Wish"},
        {"<task:Reference>", "<x:Reference xmlns:x=\"urn:x\">y</x:Reference><task:Reference>",
         HI1_OK, "Reference"},
        {"<Header>", "<Header later=\"yes\">", HI1_OK, "@later"},
        {"<common:Value>DelayInformingUser", "<common:Value>Haste", HI1_OK,
         "EPOCAuthorisationFlag"},
        {"</doc:Contents>", "</doc:Contents><doc:Checksum>00</doc:Checksum>", HI1_OK, "Checksum"},
    };
    buf bytes = sample("epoc.xml");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char where[HI1_WHERE];
        struct hi1_filing *f;
        bool found = false;
        buf changed = replaced(buf_slice(&bytes), changes[i].from, slice_str(changes[i].to));
        CHECK_EQ(hi1_load(&f, NULL, buf_slice(&changed), where), HI1_OK);
        for (size_t k = 0; k < f->to_read.n; k++)
            found = found || slice_equal(f->to_read.p[k].name, slice_str(changes[i].where));
        CHECK(found);
        hi1_free(f);
        buf_free(&changed);
    }
    buf_free(&bytes);
}

/* ---- Hostile ones ---- */

/* Whatever is larger is refused by its size: these bytes are not there to be read. */
TEST(a_gibibyte_is_refused_before_it_is_read) {
    char where[HI1_WHERE];
    CHECK_EQ(load(slice_of("<", (size_t)1 << 30), where), HI1_TOO_LARGE);
    CHECK_EQ(load(slice_of("<", HI1_MAX + 1), where), HI1_TOO_LARGE);
    CHECK_EQ(load(SLICE_EMPTY, where), HI1_EMPTY);
}

TEST(a_document_type_is_refused_whatever_it_declares) {
    static const struct change changes[] = {
        {"<HI1Message", "<!DOCTYPE x><HI1Message", HI1_DTD, ""},
        {"<HI1Message",
         "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
         "\"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]>"
         "<HI1Message",
         HI1_DTD, ""},
        {"<HI1Message", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><HI1Message",
         HI1_DTD, ""},
        {"<HI1Message", "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\"><HI1Message", HI1_DTD, ""},
        {"<Header>", "<!ENTITY e \"x\"><Header>", HI1_DTD, ""},
        {"12 Gs", "&e; Gs", HI1_SYNTAX, ""},
    };
    REFUSES("epoc.xml", changes);
}

TEST(xml_that_is_not_well_formed_is_refused) {
    static const struct change changes[] = {
        {"</Header>", "</Heading>", HI1_SYNTAX, ""},
        {"</Header>", "</Header", HI1_SYNTAX, ""},
        {"</Header>", "<!-- </Header>", HI1_SYNTAX, ""},
        {"</Header>", "</Header><![CDATA[", HI1_SYNTAX, ""},
        {"<Header>", "<Header a='1' a='2'>", HI1_SYNTAX, ""},
        {"<Header>", "<y:Header>", HI1_SYNTAX, ""},
        {"</HI1Message>", "", HI1_SYNTAX, ""},
        {"</HI1Message>", "</HI1Message><a/>", HI1_SYNTAX, ""},
        {"12 Gs", "12 \xFF", HI1_CHARACTERS, ""},
        {"12 Gs", "12 \x01", HI1_CHARACTERS, ""},
        {"12 Gs", "12 \xED\xA0\x80", HI1_CHARACTERS, ""},
        {"<Header>", "<Header>text", HI1_MIXED, ""},
        {"<Header>", "text<Header>", HI1_MIXED, ""},
    };
    REFUSES("epoc.xml", changes);
}

static buf repeated(const char *text, size_t times) {
    buf out = {0};
    for (size_t i = 0; i < times; i++)
        must(buf_append(&out, slice_str(text)));
    return out;
}

static void refuses_many(const char *name, const char *from, const char *text, size_t times,
                         enum hi1_reason reason) {
    char where[HI1_WHERE];
    buf bytes = sample(name), many = repeated(text, times);
    buf changed = replaced(buf_slice(&bytes), from, buf_slice(&many));
    CHECK_EQ(load(buf_slice(&changed), where), reason);
    buf_free(&changed);
    buf_free(&many);
    buf_free(&bytes);
}

TEST(depth_number_and_size_of_elements_have_limits) {
    refuses_many("epoc.xml", "<Header>", "<a>", 100000, HI1_DEPTH);
    refuses_many("epoc.xml", "</Header>", "<a/>", 100000, HI1_NODES);
    refuses_many("epoc.xml", "<Header>", "<Header x=\"", 1000, HI1_TAG);
    refuses_many("epoc.xml", "Core\"", "Core\" a=\"1\"", 100000, HI1_TAG);
    refuses_many("epoc.xml", "<Header>", "<Header><a xmlns:b='c'/>", 1, HI1_OK);
    refuses_many("epoc-pr.json", "\"FR\"", "[", 100000, HI1_SYNTAX);
    refuses_many("epoc-pr.json", "\"FR\"", "{\"a\":", 100000, HI1_DEPTH);
    refuses_many("epoc-pr.json", "\"Header\": {", "\"Header\": {\"a\": [1", 1, HI1_SYNTAX);
    refuses_many("epoc-pr.json", "[\"5a7c9f52", "[1,1,1,1,1,1,1,1,1,1", 1, HI1_SYNTAX);
}

TEST(prefixes_of_namespaces_have_a_limit) {
    buf bytes = sample("epoc.xml"), many = {0};
    for (int i = 0; i < HI1_PREFIXES_MAX; i++) {
        char text[64];
        snprintf(text, sizeof text, "<a xmlns:p%d='q'/>", i);
        must(buf_append(&many, slice_str(text)));
    }
    must(buf_append(&many, slice_str("<Header>")));
    char where[HI1_WHERE];
    buf changed = replaced(buf_slice(&bytes), "<Header>", buf_slice(&many));
    CHECK_EQ(load(buf_slice(&changed), where), HI1_NODES);
    buf_free(&changed);
    buf_free(&many);
    buf_free(&bytes);
}

TEST(json_that_is_not_strict_is_refused) {
    static const struct change changes[] = {
        {"\"CountryCode\": \"FR\",", "\"CountryCode\": \"FR\", \"CountryCode\": \"FR\",", HI1_TWICE,
         ""},
        {"\"CountryCode\": \"FR\",", "\"CountryCode\": \"FR\", \"CountryC\\u006fde\": \"FR\",",
         HI1_TWICE, ""},
        {"\"@xmlns:task\"", "\"@xmlns:auth\"", HI1_TWICE, ""},
        {"\"@xsi:type\"", "\"@xsi:type\": \"x\", \"@xsi:type\"", HI1_TWICE, ""},
        {"\"FR\",", "\"FR\",,", HI1_SYNTAX, ""},
        {"\"FR\",", "'FR',", HI1_SYNTAX, ""},
        {"\"FR\",", "FR,", HI1_SYNTAX, ""},
        {"\"FR\",", "\"FR\", // it is\n", HI1_SYNTAX, ""},
        {"\"ActionIdentifier\": 0", "\"ActionIdentifier\": 01", HI1_SYNTAX, ""},
        {"\"ActionIdentifier\": 0", "\"ActionIdentifier\": 0x1", HI1_SYNTAX, ""},
        {"\"ActionIdentifier\": 0", "\"ActionIdentifier\": NaN", HI1_SYNTAX, ""},
        {"\\u00e9", "\\ud800", HI1_CHARACTERS, ""},
        {"\\u00e9", "\\u0000", HI1_CHARACTERS, ""},
        {"\\u00e9", "\\u00g9", HI1_SYNTAX, ""},
        {"\\u00e9", "\\x", HI1_SYNTAX, ""},
        {"\\u00e9", "\n", HI1_SYNTAX, ""},
    };
    REFUSES("epoc-pr.json", changes);
    refuses_many("epoc-pr.json", "  }\n}\n", "", 1, HI1_SYNTAX);
    refuses_many("epoc-pr.json", "  }\n}\n", "  }\n}\n{}", 1, HI1_SYNTAX);
}

/* ---- Sound in form, and refused ---- */

TEST(a_message_of_another_kind_is_refused) {
    static const struct change changes[] = {
        {"common/2019/10/Core", "common/2019/10/Cord", HI1_MESSAGE, ""},
        {"http://uri.etsi.org/03120/common/2019/10/Core", "urn:x", HI1_MESSAGE, ""},
        {"http://uri.etsi.org/03120/common/2020/09/Task", "urn:task", HI1_OBJECT, "HI1Object"},
        {"auth:AuthorisationObject", "auth:NotificationObject", HI1_OBJECT, "HI1Object"},
        {" xsi:type=\"auth:AuthorisationObject\"", "", HI1_OBJECT, "HI1Object"},
        {"<NationalProfileOwner>EU", "<NationalProfileOwner>XX", HI1_PROFILE, "Version"},
        {"V1.22.1", "V2.0.0", HI1_PROFILE, "Version"},
        {"<CREATE>", "<GET/><CREATE>", HI1_VERB, "GET"},
        {"<RequestPayload>", "<ResponsePayload/><RequestPayload>", HI1_RESPONSE, "ResponsePayload"},
    };
    REFUSES("epoc.xml", changes);
}

TEST(a_sender_never_sets_our_status) {
    static const struct change changes[] = {
        {"<auth:AuthorisationDesiredStatus>",
         "<auth:AuthorisationStatus/><auth:AuthorisationDesiredStatus>", HI1_STATUS,
         "AuthorisationStatus"},
        {"<auth:AuthorisationPriority>",
         "<auth:AuthorisationInvalidReason/><auth:AuthorisationPriority>", HI1_STATUS,
         "AuthorisationInvalidReason"},
        {"<task:DesiredStatus>", "<task:Status>x</task:Status><task:DesiredStatus>", HI1_STATUS,
         "Status"},
        {"<task:DesiredStatus>", "<task:LDTaskStatus/><task:DesiredStatus>", HI1_STATUS,
         "LDTaskStatus"},
    };
    static const struct change json[] = {
        {"\"task:Reference\"", "\"task:LPTaskStatus\": null, \"task:Reference\"", HI1_STATUS,
         "LPTaskStatus"},
    };
    REFUSES("epoc.xml", changes);
    REFUSES("epoc-pr.json", json);
}

TEST(what_is_missing_or_too_much_is_named) {
    static const struct change changes[] = {
        {"<CountryCode>DE</CountryCode>", "", HI1_MISSING, "CountryCode"},
        {"<CountryCode>DE</CountryCode>",
         "<CountryCode>DE</CountryCode><CountryCode>DE</CountryCode>", HI1_COUNT, "CountryCode"},
        {"<auth:AuthorisationReference>12 Gs 345/26</auth:AuthorisationReference>", "", HI1_MISSING,
         "AuthorisationReference"},
        {"<common:Value>EPOC</common:Value>", "", HI1_MISSING, "Value"},
        {"<ActionIdentifier>0</ActionIdentifier>", "", HI1_MISSING, "ActionIdentifier"},
        {"<task:FormatName>AccountID</task:FormatName>", "", HI1_MISSING, "FormatName"},
        {"<common:Value>EPOC</common:Value>", "<common:Value>EPOK</common:Value>", HI1_LEGAL_TYPE,
         "HI1Object"},
        {"<common:Value>EPOC</common:Value>", "<common:Value>EPOCPR</common:Value>", HI1_TASK_KIND,
         ""},
        {"task:LDTaskObject", "task:LPTaskObject", HI1_TASK_KIND, ""},
        {"<AssociatedObject>0f", "<AssociatedObject>1f", HI1_ASSOCIATED, ""},
    };
    static const struct change json[] = {
        {"Task}LPTaskObject", "Document}DocumentObject", HI1_MISSING, "DocumentName"},
    };
    REFUSES("epoc.xml", changes);
    REFUSES("epoc-pr.json", json);
}

TEST(values_have_their_forms) {
    static const struct change changes[] = {
        {"<CountryCode>DE", "<CountryCode>de", HI1_VALUE, "CountryCode"},
        {"<TransactionIdentifier>0f3b", "<TransactionIdentifier>0g3b", HI1_VALUE,
         "TransactionIdentifier"},
        {"2026-11-20T09:30:00.250000Z", "2026-02-30T09:30:00Z", HI1_VALUE, "Timestamp"},
        {"2026-11-20T09:30:00.250000Z", "2026-11-20T09:30:00", HI1_VALUE, "Timestamp"},
        {"2026-11-20T09:30:00.250000Z", "2026-11-20T24:30:00Z", HI1_VALUE, "Timestamp"},
        {"2026-11-20T09:30:00.250000Z", "2026-11-20T09:30:00.Z", HI1_VALUE, "Timestamp"},
        {"2026-11-20T09:30:00.250000Z", "", HI1_VALUE, "Timestamp"},
        {"12 Gs 345/26<", "12\nGs<", HI1_VALUE, "AuthorisationReference"},
        {"12 Gs 345/26<", "12 &#x202E;Gs<", HI1_VALUE, "AuthorisationReference"},
        {"<auth:ApprovalIsEmergency>false", "<auth:ApprovalIsEmergency>no", HI1_VALUE,
         "ApprovalIsEmergency"},
        {"<task:Value>00112233445566778899aabbccddeeff", "<task:Value>", HI1_VALUE, "Value"},
    };
    REFUSES("epoc.xml", changes);
}

TEST(a_document_is_the_one_of_its_checksum) {
#define TYPE                                                                          \
    "<doc:ChecksumType><common:Owner>ETSI</common:Owner><common:Name>x</common:Name>" \
    "<common:Value>SHA-256</common:Value></doc:ChecksumType>"
    static const struct change changes[] = {
        {"</doc:Contents>",
         "</doc:Contents>" TYPE "<doc:Checksum>"
         "0000000000000000000000000000000000000000000000000000000000000000</doc:Checksum>",
         HI1_CHECKSUM, "HI1Object"},
        {"</doc:Contents>", "</doc:Contents>" TYPE "<doc:Checksum>00</doc:Checksum>", HI1_CHECKSUM,
         "HI1Object"},
        {"SQ==", "S?==", HI1_DOCUMENT, "HI1Object"},
    };
#undef TYPE
    REFUSES("epoc.xml", changes);
}

/* The sample with so many copies of its first request that has this in it. */
static enum hi1_reason with_copies(const char *has, size_t copies) {
    static const char begin[] = "<ActionRequest>", end[] = "</ActionRequest>";
    char where[HI1_WHERE];
    buf bytes = sample("epoc.xml"), changed = {0};
    must(buf_append_byte(&bytes, 0));
    char *text = (char *)bytes.p, *at = strstr(text, has), *first = text, *next;
    CHECK(at != NULL);
    while ((next = strstr(first + 1, begin)) != NULL && next < at)
        first = next;
    size_t before = (size_t)(first - text), n = (size_t)(strstr(at, end) - first) + strlen(end);
    must(buf_append(&changed, slice_of(text, before)));
    for (size_t i = 0; i < copies; i++)
        must(buf_append(&changed, slice_of(first, n)));
    must(buf_append(&changed, slice_of(first + n, bytes.n - 1 - before - n)));
    enum hi1_reason r = load(buf_slice(&changed), where);
    buf_free(&changed);
    buf_free(&bytes);
    return r;
}

TEST(one_filing_brings_one_authorisation_and_its_tasks) {
    CHECK_EQ(with_copies("AuthorisationObject", 0), HI1_AUTHORISATIONS);
    CHECK_EQ(with_copies("AuthorisationObject", 1), HI1_OK);
    CHECK_EQ(with_copies("AuthorisationObject", 2), HI1_AUTHORISATIONS);
    CHECK_EQ(with_copies("LDTaskObject", 0), HI1_TASKS);
    CHECK_EQ(with_copies("LDTaskObject", HI1_TASKS_MAX), HI1_OK);
    CHECK_EQ(with_copies("LDTaskObject", HI1_TASKS_MAX + 1), HI1_TASKS);
}

TEST(cut_anywhere_it_is_refused) {
    static const char *const names[] = {"epoc.xml", "epoc-pr.json"};
    for (size_t i = 0; i < 2; i++) {
        char where[HI1_WHERE];
        buf bytes = sample(names[i]);
        for (size_t n = 0; n + 2 < bytes.n; n += 7)
            CHECK(load(slice_of(bytes.p, n), where) != HI1_OK);
        buf_free(&bytes);
    }
}

TEST(without_memory_nothing_is_read_and_nothing_stays) {
    static const char *const names[] = {"epoc.xml", "epoc-pr.json"};
    for (size_t i = 0; i < 2; i++) {
        buf bytes = sample(names[i]);
        for (size_t fail = 1;; fail++) {
            struct support_mem m;
            struct hi1_filing *f;
            char where[HI1_WHERE];
            support_mem_init(&m, fail);
            enum hi1_reason reason = hi1_load(&f, &m.mem, buf_slice(&bytes), where);
            CHECK_EQ(reason, m.calls < fail ? HI1_OK : HI1_MEMORY);
            hi1_free(f);
            CHECK_EQ(m.blocks, 0);
            CHECK_EQ(m.dirty, 0);
            if (reason == HI1_OK)
                break;
        }
        buf_free(&bytes);
    }
}

TEST_MAIN
