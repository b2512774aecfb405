/* Mistakes planted here, not in the library: `make secrets` must see them, or it proves nothing. It
 * runs this as it runs the other tests, and wants valgrind's status of one that failed. */
#include <valgrind/memcheck.h>

#include "mls/group.h"
#include "tests/mls/people.h"

static volatile int sink;

static void branch(uint8_t byte) {
    if (byte & 1)
        sink++;
}

static void look_up(uint8_t byte) {
    static const uint8_t table[256] = {1};
    sink += *(const volatile uint8_t *)&table[byte];
}

/* How many errors valgrind has more after `mistake` with that byte. */
static unsigned reported(void (*mistake)(uint8_t byte), uint8_t byte) {
    unsigned before = VALGRIND_COUNT_ERRORS;
    mistake(byte);
    return VALGRIND_COUNT_ERRORS - before;
}

TEST(a_private_key_is_not_branched_on_or_looked_up_unseen) {
    struct person anna;
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    CHECK_EQ(reported(branch, anna.pub.p[0]), 0);
    CHECK_EQ(reported(branch, anna.priv.p[0]), 1);
    CHECK_EQ(reported(look_up, anna.priv.p[1]), 1);
    person_free(&anna);
}

TEST(nor_is_what_the_library_derived) {
    struct person anna, bert, *added[] = {&bert};
    struct mls_commit_params params = {.tree_in_welcome = true};
    buf message = {0};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_create(&anna, "group");
    person_key_package(&bert, false);
    slice add = buf_slice(&bert.key_package);
    params.adds = &add;
    params.add_count = 1;
    people_commit(&anna, &params, NULL, 0, added, 1);
    for (int i = 0; i < 2; i++) {
        const struct mls_epoch *epoch = (i == 0 ? &anna : &bert)->group->epoch;
        CHECK_EQ(reported(branch, epoch->secrets.sender_data[0]), 1);
        CHECK_EQ(reported(branch, epoch->secrets.membership_key[31]), 1);
        CHECK_EQ(reported(branch, epoch->context_bytes.p[0]), 0);
    }
    CHECK_OK(mls_group_protect(anna.group, SLICE_EMPTY, slice_str("hello"), 0, &message));
    CHECK_EQ(reported(branch, message.p[message.n - 1]), 0);
    buf_free(&message);
    person_free(&anna);
    person_free(&bert);
}

TEST_MAIN
