#include "desk/report_suspensions.h"

#include "tests/test.h"

enum { DAY = 86400000 };

static struct office_line words[] = {{{(const uint8_t *)"Said \"so\".", 10}},
                                     {{(const uint8_t *)"And why.", 8}}};

static struct office_suspension of(const char *id, const char *jurisdictions, uint64_t start,
                                   size_t lines) {
    return (struct office_suspension){.id = slice_str(id),
                                      .jurisdictions = slice_str(jurisdictions),
                                      .scope = {.kind = OFFICE_SCOPE_ALL},
                                      .wording = {words, lines},
                                      .start = start,
                                      .review = start + 90 * (uint64_t)DAY};
}

static void take(struct report_suspensions *s, struct office_suspension *each, size_t n,
                 uint64_t since) {
    struct office_suspensions list = {.suspensions = {each, n}};
    CHECK_OK(report_suspensions_take(s, &list, since));
}

static const char head[] = "suspension,jurisdictions,scope,wording,carve_outs,start,review,ended\n";
static const char hk[] = "\"hk\",\"HK\",\"all\",\"Said \"\"so\"\". And why.\",\"\","
                         "1970-01-11T00:00:00Z,1970-04-11T00:00:00Z,1970-01-31T00:00:00Z\n";
static const char xx[] = "\"xx\",\"XX YY\",\"all\",\"Said \"\"so\"\".\",\"\","
                         "1970-01-21T00:00:00Z,1970-04-21T00:00:00Z,\n";
static const char again[] = "\"hk\",\"HK\",\"all\",\"Said \"\"so\"\".\",\"\","
                            "1970-02-10T00:00:00Z,1970-05-11T00:00:00Z,\n";

static void check(const struct report_suspensions *s, uint64_t from, uint64_t until,
                  const char *const *lines) {
    buf got = {0}, want = {0};
    CHECK_OK(buf_append(&want, slice_str(head)));
    for (; *lines != NULL; lines++)
        CHECK_OK(buf_append(&want, slice_str(*lines)));
    CHECK_OK(report_suspensions_write(&got, s, from * DAY, until * DAY));
    CHECK_SLICE(buf_slice(&got), buf_slice(&want));
    buf_free(&got);
    buf_free(&want);
}

/* Set, worded anew, lifted, set once more: two suspensions of one name. */
TEST(suspensions_have_their_last_words_and_their_end) {
    struct report_suspensions s = {.n = 0};
    struct office_suspension first[] = {of("hk", "HK", 10 * (uint64_t)DAY, 1)};
    struct office_suspension second[] = {of("hk", "HK", 10 * (uint64_t)DAY, 2),
                                         of("xx", "XX YY", 20 * (uint64_t)DAY, 1)};
    struct office_suspension fourth[] = {second[1], of("hk", "HK", 40 * (uint64_t)DAY, 1)};
    take(&s, NULL, 0, 1);
    take(&s, first, 1, 10 * (uint64_t)DAY);
    take(&s, second, 2, 20 * (uint64_t)DAY);
    take(&s, second + 1, 1, 30 * (uint64_t)DAY);
    take(&s, fourth, 2, 40 * (uint64_t)DAY);
    check(&s, 0, 90, (const char *const[]){hk, xx, again, NULL});
    check(&s, 30, 40, (const char *const[]){xx, NULL});
    check(&s, 0, 10, (const char *const[]){NULL});
    check(&s, 29, 30, (const char *const[]){hk, xx, NULL});
    report_suspensions_free(&s);
}

TEST_MAIN
