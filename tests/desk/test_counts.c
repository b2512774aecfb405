/* What a report counts of moves that were made: from the leaves that they left. */
#include "tests/test.h"

#include "desk/count.h"
#include "tests/desk/desks.h"

#define TWO_FIELDS (1u << HELD_FIELD_EXISTS | 1u << HELD_FIELD_CREATED)

static bool add(void *ctx, const struct count_cell *cell) {
    uint64_t *sums = ctx;
    for (int i = 0; i < COUNT_COLUMN_COUNT; i++)
        sums[i] += cell->number[i];
    return true;
}

static void count_leaf(struct desks *s, struct count *c, uint64_t leaf) {
    slice values[MERKLE_SLOTS_NAMED] = {SLICE_EMPTY};
    buf store[MERKLE_SLOTS_NAMED] = {{0}};
    struct desk_rows q;
    desk_rows_begin(&q, s->desk->store, "SELECT slot, value FROM leaf_fields WHERE leaf = ?", "i",
                    leaf);
    while (desk_rows_next(&q)) {
        uint64_t slot = desk_row_number(&q, 0);
        if (slot >= MERKLE_SLOTS_NAMED)
            continue;
        CHECK_OK(buf_append(&store[slot], desk_row_bytes(&q, 1)));
        values[slot] = buf_slice(&store[slot]);
    }
    CHECK_OK(desk_rows_end(&q));
    CHECK_OK(count_add(c, values));
    for (size_t i = 0; i < MERKLE_SLOTS_NAMED; i++)
        buf_free(&store[i]);
}

/* Over all cases. */
static void counted(struct desks *s, uint64_t sums[COUNT_COLUMN_COUNT]) {
    struct count *c;
    uint64_t last;
    struct count_by by = {.until = UINT64_MAX, .keys = COUNT_KEY_COUNT};
    memset(sums, 0, COUNT_COLUMN_COUNT * sizeof *sums);
    CHECK_OK(count_new(&c));
    CHECK_OK(desk_store_number(s->desk->store, &last, "SELECT max(leaf) FROM pending_leaves", ""));
    for (uint64_t leaf = 1; leaf <= last; leaf++)
        count_leaf(s, c, leaf);
    CHECK_OK(count_cells(c, &by, add, sums));
    count_free(c);
}

static void begin_case(struct desks *s, char id[DESK_ID]) {
    desks_begin(s);
    desks_receive(s, "a filing", id);
    desks_authenticated(s, id, &desks_epoc);
}

TEST(what_one_of_two_began_is_not_counted_as_done) {
    struct desks s;
    char id[DESK_ID];
    uint64_t sums[COUNT_COLUMN_COUNT];
    begin_case(&s, id);
    struct desks_act keep = {.id = id, .move = DESK_MOVE_PRESERVE, .person = POLICY};
    desks_do(&s, &keep);
    counted(&s, sums);
    CHECK(sums[COUNT_RECEIVED] == 1 && sums[COUNT_PRESERVED] == 0);
    keep.person = LAW;
    keep.seconds = true;
    desks_do(&s, &keep);
    counted(&s, sums);
    CHECK_EQ(sums[COUNT_PRESERVED], 1);
    desks_open_case(&s, id, TWO_FIELDS);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(&s, id, (enum desk_lens)lens, "block", "DE"), DESK_OK);
    struct desks_act reject = {.id = id,
                               .move = DESK_MOVE_REJECT,
                               .person = desks_reviewer(&s, id, DESK_LENS_POLICY),
                               .says = {"ground protected-activity"}};
    desks_do(&s, &reject);
    counted(&s, sums);
    CHECK(sums[COUNT_PENDING] == 1 && sums[COUNT_REJECTED] == 0);
    reject =
        (struct desks_act){.id = id, .move = DESK_MOVE_REJECT, .person = APPROVER, .seconds = true};
    desks_do(&s, &reject);
    struct desks_act challenge = {.id = id, .move = DESK_MOVE_CHALLENGE, .person = LAW};
    desks_do(&s, &challenge);
    counted(&s, sums);
    CHECK(sums[COUNT_REJECTED] == 1 && sums[COUNT_CHALLENGED] == 0);
    challenge = (struct desks_act){
        .id = id, .move = DESK_MOVE_CHALLENGE, .person = APPROVER, .seconds = true};
    desks_do(&s, &challenge);
    struct desks_act compel = {.id = id,
                               .move = DESK_MOVE_COMPEL,
                               .person = APPROVER,
                               .says = {"ground protected-activity"}};
    enum desk_reason r = desks_act(&s, &compel);
    CHECK_EQ(r, DESK_OK);
    counted(&s, sums);
    CHECK(sums[COUNT_CHALLENGED] == 1 && sums[COUNT_COMPELLED] == 0);
    desks_end(&s);
}

/* Whoever has the ledger's keys would write lines into the auditor's draft. */
TEST(a_case_has_the_id_of_a_case) {
    static const char *const ids[] = {"c1", "c1 agreed\nclosed", "c1\x1b[2J", "C1"};
    struct count *c;
    CHECK_OK(count_new(&c));
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        slice values[MERKLE_SLOTS_NAMED] = {[MERKLE_SLOT_MOVE] = slice_str("receive"),
                                            [MERKLE_SLOT_CASE] = slice_str(ids[i]),
                                            [MERKLE_SLOT_NUMBER] = slice_str("1"),
                                            [MERKLE_SLOT_TO] = slice_str("received"),
                                            [MERKLE_SLOT_TIME] = slice_str("2026-01-01T00:00:00Z"),
                                            [MERKLE_SLOT_ACCOUNTS] = slice_str("1")};
        CHECK_EQ(count_add(c, values), i == 0 ? OK : ERR_MALFORMED);
    }
    count_free(c);
}

TEST_MAIN
