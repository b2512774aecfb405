#include "tests/test.h"

#include "merkle/note.h"
#include "tests/office/ledger.h"

struct scene {
    struct office *office;
    struct ledger ledger;
    buf first, last;
    struct office_witnessed shown;
};

static void begin(struct scene *s, const struct witness_time at[4]) {
    memset(s, 0, sizeof *s);
    s->office = people_office_load(false);
    struct merkle_source source = ledger_source(&s->ledger);
    ledger_init(&s->ledger, SLICE_EMPTY);
    ledger_checkpoint(&s->first, &s->ledger, people_ledger.name, &people_ledger, LEDGER_FIRST, at);
    ledger_checkpoint(&s->last, &s->ledger, people_ledger.name, &people_ledger, LEDGER_LAST,
                      at + 2);
    s->shown.leaf = s->ledger.leaves[LEDGER_INDEX];
    s->shown.index = LEDGER_INDEX;
    must(merkle_inclusion_prove(&source, LEDGER_INDEX, LEDGER_FIRST, &s->shown.inclusion));
    must(merkle_consistency_prove(&source, LEDGER_FIRST, LEDGER_LAST, &s->shown.consistency));
}

static enum office_reason judge(struct scene *s, uint64_t *duration) {
    s->shown.first = buf_slice(&s->first);
    s->shown.last = buf_slice(&s->last);
    return office_witnessed(s->office, &s->shown, duration);
}

static void end(struct scene *s) {
    office_free(s->office);
    buf_free(&s->first);
    buf_free(&s->last);
}

#define NOBODY \
    { -1, 0 }

TEST(one_witness_by_its_own_times_says_how_long) {
    static const struct {
        struct witness_time at[4];
        uint64_t seconds; /* 0: WITNESS */
    } cases[] = {
        {{{0, 1000}, NOBODY, {0, 5000}, NOBODY}, 4000},
        {{{0, 1000}, {1, 2000}, {0, 5000}, {1, 5500}}, 4000},
        {{{0, 4000}, {1, 2000}, {0, 5000}, {1, 5500}}, 3500},
        /* Of two, each saw one. */
        {{{0, 1000}, NOBODY, {1, 5000}, NOBODY}, 0},
        {{NOBODY, NOBODY, {0, 5000}, {1, 5000}}, 0},
        {{{0, 1000}, {1, 1000}, NOBODY, NOBODY}, 0},
        {{NOBODY, NOBODY, NOBODY, NOBODY}, 0},
        /* A clock that stands, or goes back. */
        {{{0, 5000}, NOBODY, {0, 5000}, NOBODY}, 0},
        {{{0, 5000}, NOBODY, {0, 1000}, NOBODY}, 0},
        /* More than can be counted in milliseconds. */
        {{{0, 1000}, NOBODY, {0, INT64_MAX}, NOBODY}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        uint64_t duration;
        begin(&s, cases[i].at);
        CHECK_EQ(judge(&s, &duration), cases[i].seconds > 0 ? OFFICE_OK : OFFICE_WITNESS);
        CHECK_EQ(duration, cases[i].seconds * TIME_SECOND);
        end(&s);
    }
}

TEST(each_part_of_what_a_ledger_shows_is_checked) {
    static const struct witness_time at[] = {{0, 1000}, NOBODY, {0, 5000}, NOBODY};
    for (int i = 0; i < 9; i++) {
        struct scene s;
        uint64_t duration;
        enum office_reason reason = OFFICE_LEDGER;
        begin(&s, at);
        if (i == 0)
            s.shown.leaf = s.ledger.leaves[LEDGER_INDEX + 1];
        if (i == 1)
            s.shown.index++;
        if (i == 2)
            s.shown.inclusion.path[0].bytes[0] ^= 1;
        if (i == 3)
            s.shown.consistency.path[0].bytes[0] ^= 1;
        if (i >= 4)
            reason = OFFICE_CHECKPOINT;
        if (i == 4) { /* another log's, though the key is the ledger's */
            buf_clear(&s.first);
            ledger_checkpoint(&s.first, &s.ledger, "example.org/other", &people_ledger,
                              LEDGER_FIRST, at);
        }
        if (i == 5) /* another text than the one that was signed */
            people_replace(&s.last, "\n9\n", "\n8\n");
        if (i == 6)
            s.first.n = 10;
        if (i == 7) {
            s.office->witnesses.n = 0;
            reason = OFFICE_WITNESS;
        }
        if (i == 8) { /* the other way round */
            buf swap = s.first;
            s.first = s.last;
            s.last = swap;
            reason = OFFICE_LEDGER;
        }
        CHECK_EQ(judge(&s, &duration), reason);
        CHECK_EQ(duration, 0);
        end(&s);
    }
}

/* What a text of sightings says is judged as what a ledger shows is; and its entry has to be of the
 * document. */
static enum office_reason judge_text(const buf *text, uint64_t *duration) {
    struct office_sightings *s;
    struct office *office = people_office_load(false);
    buf again = {0};
    size_t line;
    enum office_reason r = office_sightings_load(&s, NULL, buf_slice(text), &line);
    if (r == OFFICE_OK) {
        CHECK_EQ(office_sightings_write(&again, s), OFFICE_OK);
        CHECK_SLICE(buf_slice(&again), buf_slice(text));
        CHECK_EQ(s->each.n, 1);
        r = office_sighting_check(office, &s->each.p[0], duration);
    }
    office_sightings_free(s);
    office_free(office);
    buf_free(&again);
    return r;
}

TEST(a_text_of_sightings_shows_a_document) {
    static const struct witness_time at[] = {{0, 1000}, NOBODY, {0, 5000}, NOBODY};
    static const uint8_t document[32] = {0xd0};
    static const struct {
        const char *old, *by;
        enum office_reason reason;
    } cases[] = {
        {"", "", OFFICE_OK},
        {"document d0", "document d1", OFFICE_LEDGER},
        {"salt 07", "salt 08", OFFICE_LEDGER},
        {"place 3", "place 4", OFFICE_LEDGER},
        {"place 3", "place 0", OFFICE_VALUE},
        {"place 3", "place 999999999999999999", OFFICE_LEDGER},
        {"entry c290", "entry c291", OFFICE_LEDGER},
        {"inclusion ",
         "inclusion 0000000000000000000000000000000000000000000000000000000000000000"
         "\ninclusion ",
         OFFICE_LEDGER},
        {"first ", "first AAAA", OFFICE_CHECKPOINT},
        {"last ", "last AAAA", OFFICE_CHECKPOINT},
        {"sotto sightings 1", "sotto sightings 2", OFFICE_KIND},
        {"\nlast ", "\nlast A", OFFICE_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf text = {0};
        uint64_t duration = 0;
        people_say(&text, SIGHTINGS_HEAD);
        ledger_sighting(&text, document, at);
        if (i > 0)
            people_replace(&text, cases[i].old, cases[i].by);
        enum office_reason r = judge_text(&text, &duration);
        if (r != cases[i].reason)
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].by, office_reason_name(r));
        CHECK_EQ(duration, r == OFFICE_OK ? 4000 * TIME_SECOND : 0);
        buf_free(&text);
    }
}

TEST_MAIN
