#include "tests/test.h"

#include "merkle/note.h"
#include "tests/office/people.h"

/* A ledger of five leaves at first, of nine at last; the third is the one. */
enum { FIRST = 5, LAST = 9, INDEX = 2 };

static void leaf(struct merkle_hash *out, uint64_t i) {
    uint8_t byte = (uint8_t)i;
    merkle_leaf_hash(out, slice_of(&byte, 1));
}

/* MTH of a complete subtree, from its leaves. */
static err subtree(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out) {
    struct merkle_hash left, right;
    (void)ctx;
    if (level == 0) {
        leaf(out, index);
        return OK;
    }
    TRY(subtree(NULL, level - 1, 2 * index, &left));
    TRY(subtree(NULL, level - 1, 2 * index + 1, &right));
    merkle_node_hash(out, &left, &right);
    return OK;
}
static const struct merkle_source source = {subtree, NULL};

struct witness_time {
    int witness; /* -1: none */
    uint64_t seconds;
};

static void checkpoint(buf *note, const char *origin, const struct people_note_key *signer,
                       uint64_t size, struct witness_time a, struct witness_time b) {
    struct merkle_frontier frontier;
    struct merkle_checkpoint c = {.origin = slice_str(origin), .size = size};
    struct merkle_key key;
    buf text = {0};
    must(merkle_frontier_read(&source, size, &frontier));
    merkle_frontier_root(&frontier, &c.root);
    must(merkle_checkpoint_format(&text, &c));
    must(merkle_note_begin(note, buf_slice(&text)));
    people_note_key(&key, signer);
    must(merkle_note_sign(note, buf_slice(&text), &key, signer->seed));
    struct witness_time both[] = {a, b};
    for (int i = 0; i < 2; i++)
        if (both[i].witness >= 0) {
            const struct people_note_key *w = &people_witnesses[both[i].witness];
            people_note_key(&key, w);
            must(merkle_cosign(note, buf_slice(&text), &key, w->seed, both[i].seconds));
        }
    buf_free(&text);
}

struct scene {
    struct office *office;
    buf first, last;
    struct office_witnessed shown;
};

static void begin(struct scene *s, const struct witness_time at[4]) {
    memset(s, 0, sizeof *s);
    s->office = people_office_load(false);
    checkpoint(&s->first, people_ledger.name, &people_ledger, FIRST, at[0], at[1]);
    checkpoint(&s->last, people_ledger.name, &people_ledger, LAST, at[2], at[3]);
    leaf(&s->shown.leaf, INDEX);
    s->shown.index = INDEX;
    must(merkle_inclusion_prove(&source, INDEX, FIRST, &s->shown.inclusion));
    must(merkle_consistency_prove(&source, FIRST, LAST, &s->shown.consistency));
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
            leaf(&s.shown.leaf, INDEX + 1);
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
            checkpoint(&s.first, "example.org/other", &people_ledger, FIRST, at[0], at[1]);
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

TEST_MAIN
