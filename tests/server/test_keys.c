/* The server's lasting secrets, and the turn of its address keys. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "crypto/crypto.h"
#include "server/keys.h"
#include "sys/loop.h"
#include "test.h"

static char folder[64];
static struct keys keys;

static void begin(void) {
    char why[1024];
    snprintf(folder, sizeof folder, "/tmp/sotto-keys-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    CHECK_OK(crypto_init());
    CHECK_OK(keys_load(&keys, folder, true, why));
}

static void path_of(char path[128], const char *name) {
    snprintf(path, 128, "%s/%s", folder, name);
}

static void end(void) {
    static const char *const names[] = {"identity", "pepper", "address-keys"};
    char path[128];
    for (size_t i = 0; i < 3; i++) {
        path_of(path, names[i]);
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(folder) == 0);
    keys_wipe(&keys);
}

TEST(the_address_key_turns_twice_a_year_and_the_one_before_is_kept) {
    char why[1024];
    struct keys before, loaded;
    uint64_t now = sys_clock_wall();
    begin();
    before = keys;
    CHECK_OK(keys_turn(&keys, folder, now + 25 * TIME_WEEK, false));
    CHECK_EQ(keys.address[0].id, before.address[0].id);
    CHECK_OK(keys_turn(&keys, folder, now + 26 * TIME_WEEK, false));
    CHECK_EQ(keys.address[0].id, before.address[0].id + 1);
    CHECK_SLICE(SLICE_ARRAY(keys.address[1].key), SLICE_ARRAY(before.address[0].key));
    CHECK_OK(keys_load(&loaded, folder, false, why));
    CHECK_SLICE(SLICE_ARRAY(loaded.address[0].key), SLICE_ARRAY(keys.address[0].key));
    CHECK_SLICE(SLICE_ARRAY(loaded.identity), SLICE_ARRAY(before.identity));
    /* Not again the next hour. */
    CHECK_OK(keys_turn(&keys, folder, now + 26 * TIME_WEEK + TIME_HOUR, false));
    CHECK_SLICE(SLICE_ARRAY(loaded.address[0].key), SLICE_ARRAY(keys.address[0].key));
    end();
}

TEST(a_clock_that_is_far_ahead_turns_no_key_until_it_is_certain) {
    struct keys before;
    uint64_t far = sys_clock_wall() + 40 * TIME_WEEK;
    begin();
    before = keys;
    CHECK_OK(keys_turn(&keys, folder, far, false));
    CHECK_EQ(keys.address[0].id, before.address[0].id);
    CHECK_OK(keys_turn(&keys, folder, far, true));
    CHECK_EQ(keys.address[0].id, before.address[0].id + 1);
    end();
}

TEST(a_new_key_that_can_not_be_kept_is_not_used) {
    char path[128];
    struct keys before;
    uint64_t later = sys_clock_wall() + 30 * TIME_WEEK;
    begin();
    before = keys;
    path_of(path, "address-keys.new"); /* where it would be written first */
    CHECK(mkdir(path, 0700) == 0);
    CHECK(keys_turn(&keys, folder, later, true) != OK);
    CHECK_EQ(keys.address[0].id, before.address[0].id);
    CHECK_SLICE(SLICE_ARRAY(keys.address[0].key), SLICE_ARRAY(before.address[0].key));
    CHECK(rmdir(path) == 0);
    CHECK_OK(keys_turn(&keys, folder, later, true));
    CHECK_EQ(keys.address[0].id, before.address[0].id + 1);
    end();
}

TEST_MAIN
