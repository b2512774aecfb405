/* Words are found in what was said, and only in what is still there. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct client *ann, *ben;

static void two(void) {
    rig_init(&rig, 2);
    ann = &rig.clients[0];
    ben = &rig.clients[1];
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
}

/* Its number in the history of its sender. */
static uint64_t say(struct client *c, const char *text) {
    uint64_t command, number;
    CHECK_OK(core_send_text(c->core, 1, CORE_TEXT_PLAIN, slice_str(text), NULL, rig.now, &command,
                            &number));
    return number;
}

static void settle(void) {
    rig_pass(&rig, 10 * TIME_SECOND);
}

struct hits {
    uint64_t numbers[64];
    size_t count;
};

static bool take(void *ctx, const struct core_message *m) {
    struct hits *h = ctx;
    CHECK(h->count < 64);
    h->numbers[h->count++] = m->number;
    return true;
}

/* In the whole conversation; how many steps that took. */
static size_t search(struct client *c, const char *words, struct hits *hits) {
    size_t steps = 0;
    uint64_t next = 0;
    *hits = (struct hits){0};
    do {
        CHECK_OK(core_search(c->core, 1, slice_str(words), next, take, hits, &next));
        steps++;
    } while (next != 0);
    return steps;
}

static size_t found(struct client *c, const char *words) {
    struct hits hits;
    search(c, words, &hits);
    return hits.count;
}

TEST(capitals_are_small_letters_equals_in_many_alphabets) {
    static const char *const PAIRS[][2] = {
        {"hello world", "WORLD Hello"}, {"straße und öl", "STRAßE ÖL"},
        {"łódź žluť", "ŁÓDŹ ŽLUŤ"},     {"ωμέγα", "ΩΜ"},
        {"привет ёж", "ПРИВЕТ ЁЖ"},     {"Ｗｉｄｅ７", "wide7"},
        {"星期四你會來嗎", "四你會"},
    };
    two();
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        say(ann, PAIRS[i][0]);
        settle();
        CHECK_EQ(found(ben, PAIRS[i][1]), 1);
        CHECK_EQ(found(ann, PAIRS[i][1]), 1);
    }
    CHECK_EQ(found(ben, "helo"), 0);
    CHECK_EQ(found(ben, "hello there"), 0);
    CHECK_EQ(found(ben, "Ol"), 0);
    rig_fini(&rig);
}

TEST(only_what_is_said_and_still_there_is_found) {
    uint64_t said, gone, again, command;
    two();
    said = say(ann, "the blue boat");
    gone = say(ann, "the blue bird");
    settle();
    CHECK_EQ(found(ben, "blue"), 2);
    CHECK_OK(core_message_edit(ann->core, 1, said, slice_str("the green boat"), rig.now, &command,
                               &again));
    CHECK_OK(core_message_delete(ann->core, 1, gone, rig.now, &command));
    settle();
    CHECK_EQ(found(ben, "blue"), 0);
    CHECK_EQ(found(ann, "blue"), 0);
    CHECK_EQ(found(ben, "green"), 1);
    CHECK_EQ(found(ann, "green"), 1);
    rig_pass(&rig, 8 * TIME_DAY);
    CHECK_EQ(found(ben, "green"), 0);
    rig_fini(&rig);
}

TEST(a_long_history_is_searched_in_steps_from_the_newest) {
    struct hits hits;
    uint64_t next;
    two();
    for (int i = 0; i < 1000; i++) {
        say(ann, i % 100 == 0 ? "a needle" : "hay");
        if (i % 100 == 99) {
            settle();
            ann->count = ben->count = 0; /* notices */
        }
    }
    CHECK(search(ann, "needle", &hits) >= 3);
    CHECK_EQ(hits.count, 10);
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < hits.count; i++)
        oldest = hits.numbers[i] < oldest ? hits.numbers[i] : oldest;
    CHECK(hits.numbers[0] > oldest);
    hits.count = 0;
    CHECK_OK(core_search(ann->core, 1, slice_str("NEEDLE"), oldest + 1, take, &hits, &next));
    CHECK_EQ(hits.count, 1);
    CHECK_EQ(next, 0);
    rig_fini(&rig);
}

TEST(nothing_to_look_for_is_refused) {
    struct hits hits = {0};
    uint64_t next;
    two();
    CHECK_ERR(core_search(ann->core, 1, slice_str("  "), 0, take, &hits, &next), ERR_MALFORMED);
    CHECK_ERR(core_search(ann->core, 9, slice_str("a"), 0, take, &hits, &next), ERR_NOT_FOUND);
    CHECK_EQ(hits.count, 0);
    rig_fini(&rig);
}

TEST_MAIN
