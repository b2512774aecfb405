/* What a filing in HI1 is at the desk. */
#include "desk/hi1_class.h"

#include <stdlib.h>

#include "crypto/crypto.h"
#include "desk/data.h"
#include "tests/office/people.h"
#include "tests/test.h"

enum { SAMPLE_MAX = 1 << 16 };

static buf sample(const char *name) {
    char path[4096];
    buf bytes = {0};
    const char *folder = getenv("HI1_SAMPLES");
    snprintf(path, sizeof path, "%s/%s", folder == NULL ? "" : folder, name);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    CHECK_OK(buf_resize(&bytes, SAMPLE_MAX));
    bytes.n = fread(bytes.p, 1, SAMPLE_MAX, f);
    fclose(f);
    return bytes;
}

/* Every place of `from` becomes `to`; there is one at least. */
static void replace(buf *bytes, const char *from, const char *to) {
    buf out = {0};
    size_t n = strlen(from), at = 0, times = 0;
    while (at < bytes->n)
        if (at + n <= bytes->n && memcmp(bytes->p + at, from, n) == 0) {
            CHECK_OK(buf_append(&out, slice_str(to)));
            at += n;
            times++;
        } else {
            CHECK_OK(buf_append_byte(&out, bytes->p[at++]));
        }
    CHECK(times > 0);
    buf_move(bytes, &out);
}

struct scene {
    struct office *office;
    struct desk_data data;
    struct hi1_filing *filing;
    struct hi1_class class;
};

/* The sample with changes in pairs: from, to; a NULL ends them. */
static void scene_init(struct scene *s, const char *name, const char *const *changes) {
    char where[HI1_WHERE];
    CHECK_OK(crypto_init());
    buf bytes = sample(name);
    for (; *changes != NULL; changes += 2)
        replace(&bytes, changes[0], changes[1]);
    s->office = people_office_load(false);
    CHECK_OK(desk_data_load(&s->data, NULL));
    CHECK_EQ(hi1_load(&s->filing, NULL, buf_slice(&bytes), where), HI1_OK);
    CHECK_OK(hi1_classify(&s->class, s->filing, s->office, s->data.regimes, s->data.regime_count));
    buf_free(&bytes);
}

static void scene_fini(struct scene *s) {
    hi1_class_free(&s->class);
    hi1_free(s->filing);
    desk_data_free(&s->data);
    office_free(s->office);
}

static void says(const char *name, const char *const *changes, const char *text) {
    struct scene s;
    buf out = {0};
    scene_init(&s, name, changes);
    CHECK_OK(hi1_class_say(&out, &s.class));
    CHECK_SLICE(buf_slice(&out), slice_str(text));
    buf_free(&out);
    scene_fini(&s);
}
#define CHANGES(...)        \
    (const char *const[]) { \
        __VA_ARGS__         \
    }

TEST(a_production_order_is_classified) {
    says("epoc.xml", CHANGES(NULL),
         "kind produce\npath ordinary\nauthority de-court\nregime eu-epoc\ncategory subscriber\n"
         "process epoc\naccounts 1\nbeneficiary DE\nfields exists created\n");
}

TEST(a_preservation_order_is_never_an_emergency) {
    says("epoc-pr.json", CHANGES(NULL),
         "kind preserve\npath ordinary\nauthority unknown\nregime eu-epoc-pr\ncategory traffic\n"
         "process epoc-pr\naccounts 0\nbeneficiary FR\nfields seen items bytes\n"
         "ground no-such-identifier\n");
}

TEST(an_emergency_takes_the_emergency_path) {
    says("epoc.xml",
         CHANGES("DelayInformingUser", "IsEmergency", "SubscriberData", "TrafficData", NULL),
         "kind produce\npath emergency\nauthority de-court\nregime eu-epoc\ncategory traffic\n"
         "process epoc\naccounts 1\nbeneficiary DE\nfields seen items bytes\n");
}

TEST(what_is_not_held_can_only_be_refused) {
    says("epoc.xml", CHANGES("SubscriberData", "StoredContentData", NULL),
         "kind produce\npath ordinary\nauthority de-court\nregime eu-epoc\ncategory content\n"
         "process epoc\naccounts 1\nbeneficiary DE\nground not-held\n");
}

TEST(a_demand_of_live_data_is_no_production) {
    says("epoc.xml", CHANGES("task:LDTaskObject", "task:LITaskObject", NULL),
         "kind demand\npath ordinary\nauthority de-court\nregime eu-epoc\ncategory interception\n"
         "process epoc\naccounts 0\nbeneficiary DE\nground live-data\n");
}

TEST(an_unknown_kind_of_data_has_no_category) {
    says("epoc.xml", CHANGES("SubscriberData", "AllData", NULL),
         "kind produce\npath ordinary\nauthority de-court\nregime eu-epoc\ncategory unknown\n"
         "process epoc\naccounts 1\nbeneficiary DE\n");
}

TEST(a_sender_of_another_country_is_not_the_authority) {
    struct scene s;
    scene_init(&s, "epoc.xml", CHANGES("<CountryCode>DE", "<CountryCode>FR", NULL));
    CHECK(s.class.authority == NULL);
    static const struct {
        const char *country, *id;
        bool known;
    } senders[] = {{"DE", "COURT", true},  {"DE", "court", true},    {"DE", "Court", true},
                   {"HK", "POLICE", true}, {"HK", "police/", false}, {"DE", "COUR", false},
                   {"DE", "", false},      {"US", "COURT", false},   {"DE", "COURT\n", false}};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        struct hi1_party p = {slice_str(senders[i].country), slice_str(senders[i].id)};
        CHECK_EQ(hi1_authority(s.office, &p) != NULL, senders[i].known);
    }
    struct hi1_party p = {slice_str("DE"), slice_str("COURT")};
    CHECK(hi1_authority(NULL, &p) == NULL);
    for (size_t i = 0; i < s.office->authorities.n; i++)
        s.office->authorities.p[i].jurisdiction = slice_str("AT");
    CHECK(hi1_authority(s.office, &p) == NULL);
    scene_fini(&s);
}

TEST(an_account_is_told_by_its_form) {
    static const struct {
        const char *format, *value;
        uint32_t by;
        const char *nothing;
    } cases[] = {
        {"AccountID", "00112233445566778899AABBCCDDEEFF", OFFICE_BY_ID, ""},
        {"x", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", OFFICE_BY_KEY,
         ""},
        {"x", "https://sotto.example/i/abc", OFFICE_BY_LINK, ""},
        {"Handle", "anna", OFFICE_BY_HANDLE, ""},
        {"x", "@anna", OFFICE_BY_HANDLE, ""},
        {"InternationalE164", "4930000000", 0, "telephone"},
        {"EmailAddress", "anna@example.org", 0, "e-mail"},
        {"IPv4Address", "192.0.2.1", 0, "ip"},
        {"IPv6Address", "2001:db8::1", 0, "ip"},
        {"Name", "Anna", 0, "name"},
        {"IMEI", "00112233445566778899aabbccddeeff", 0, "machine"},
        {"x", "anna@example.org", 0, ""},
        {"x", "0011", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        scene_init(&s, "epoc.xml",
                   CHANGES("AccountID", cases[i].format, "00112233445566778899aabbccddeeff",
                           cases[i].value, NULL));
        CHECK_EQ(s.class.account_count, 1);
        CHECK_EQ(s.class.accounts[0].by, cases[i].by);
        CHECK_SLICE(slice_str(s.class.accounts[0].nothing), slice_str(cases[i].nothing));
        CHECK_EQ(s.class.ground[0] != '\0', cases[i].nothing[0] != '\0');
        scene_fini(&s);
    }
}

static bool contains(slice s, const char *text) {
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, text, n) == 0)
            return true;
    return false;
}

TEST(what_a_person_reads_has_all_of_it_and_nothing_that_a_screen_obeys) {
    struct scene s;
    buf out = {0};
    scene_init(&s, "epoc.xml",
               CHANGES("Please write", "\nPlease &#x202E;write", "Dr. A.", "Dr.&#x200B;A.", NULL));
    CHECK_OK(hi1_read_out(&out, s.filing, &s.class));
    CHECK(contains(buf_slice(&out), "account id 00112233445566778899aabbccddeeff\n"));
    CHECK(contains(buf_slice(&out), "authorisation 12 Gs 345/26\n"));
    CHECK(contains(buf_slice(&out), "flag DelayInformingUser\n"));
    CHECK(contains(buf_slice(&out), "ApproverName: Dr.\xEF\xBF\xBD"
                                    "A. Beispiel\n"));
    CHECK(contains(buf_slice(&out), "StGB. \n    Please \xEF\xBF\xBDwrite before you call.\n"));
    CHECK(contains(buf_slice(&out), "document form-1.txt\n"));
    CHECK(!contains(buf_slice(&out), "\xE2\x80"));
    buf_free(&out);
    scene_fini(&s);
}

TEST_MAIN
