/* A lift, as the desk takes it: 14 days by its own clock, and 14 by a witness's, between two
 * checkpoints of its ledger. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/ledger.h"
#include "desks.h"
#include "merkle/witness.h"
#include "sys/files.h"
#include "tests/test.h"

#define HK                                                                        \
    "suspension s-hk\njurisdictions HK\nscope all\nwording All requests.\nstart " \
    "2026-07-06T00:00:00Z\nreview 2026-10-01T00:00:00Z\n"
#define MO                                                                     \
    "suspension s-mo\njurisdictions MO\nscope all\nwording These too.\nstart " \
    "2026-07-07T00:00:00Z\nreview 2026-12-01T00:00:00Z\n"
#define NOTICE "lift-notice n-1\nlifts s-hk\nbecomes nothing\nwording It will end.\n"
#define S(n) "section " #n " 0101010101010101010101010101010101010101010101010101010101010101\n"
#define LIFTED                                                                                     \
    "lifted n-1\nlifts s-hk\nbecomes nothing\n" S(1) S(2) S(3) S(4) S(5) S(6) S(7) S(8) S(9) S(10) \
        S(11) S(12) S(13) S(14) S(15) S(16) S(17) S(18)

static struct desks s;
static struct merkle_key log_key;
static struct merkle_witnessed log_;
static struct merkle_witness witness;

static void put_key(const char *name, const uint8_t *key) {
    char path[200];
    snprintf(path, sizeof path, "%s/keys", s.folder);
    CHECK_OK(sys_dir_make(path));
    snprintf(path, sizeof path, "%s/keys/%s", s.folder, name);
    CHECK_OK(sys_file_write(path, slice_of(key, 32), 0600));
}

static void begin(void) {
    static const uint8_t PADDING[32] = {3};
    desks_begin(&s);
    put_key("ledger", people_ledger.seed);
    put_key("padding", PADDING);
    people_note_key(&log_key, &people_ledger);
    log_ = (struct merkle_witnessed){
        .origin = slice_str(people_ledger.name), .keys = &log_key, .key_count = 1};
    witness = (struct merkle_witness){.logs = &log_, .count = 1, .seed = people_witnesses[0].seed};
    people_note_key(&witness.key, &people_witnesses[0]);
}

static void end(void) {
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s/keys %s/public", s.folder, s.folder);
    CHECK(system(command) == 0);
    desks_end(&s);
}

/* The witness cosigns the newest checkpoint, by its own clock. */
static void cosign(uint64_t days) {
    struct merkle_witness_answer answer;
    buf body = {0}, key = {0};
    CHECK_OK(merkle_key_format(&key, &witness.key));
    CHECK_OK(desk_ledger_ask(s.desk, buf_slice(&key), &body));
    CHECK_OK(merkle_witness_stage(&witness, buf_slice(&body), 1000 + days * 86400, &answer));
    CHECK_EQ(answer.status, MERKLE_STATUS_OK);
    merkle_witness_apply(&witness, &answer);
    CHECK_OK(desk_ledger_answer(s.desk, buf_slice(&key), 200, buf_slice(&answer.body)));
    buf_free(&answer.body);
    buf_free(&body);
    buf_free(&key);
}

/* What a server that is handed the ledger's text finds for the present list. */
static void check_sightings(uint64_t days) {
    struct office_sightings *sightings;
    uint64_t duration = 0;
    buf text = {0};
    CHECK_OK(desk_ledger_sightings(s.desk, &text));
    CHECK_EQ(office_sightings_load(&sightings, NULL, buf_slice(&text), NULL), OFFICE_OK);
    for (size_t i = 0; i < sightings->each.n; i++) {
        const struct office_sighting *each = &sightings->each.p[i];
        if (memcmp(each->document, desk_list(s.desk)->document.hash, 32) == 0)
            CHECK_EQ(office_sighting_check(desk_office(s.desk), each, &duration), OFFICE_OK);
    }
    CHECK_EQ(duration / TIME_DAY, days);
    office_sightings_free(sightings);
    buf_free(&text);
}

static void check_refused(enum office_reason why) {
    CHECK_EQ(desks_list(&s, LIFTED), DESK_OFFICE);
    CHECK_EQ(s.why.office, why);
    CHECK_EQ(desk_list(s.desk)->suspensions.n, 1);
}

TEST(a_lift_takes_fourteen_days_by_the_desks_clock_and_fourteen_by_a_witness) {
    begin();
    CHECK_EQ(desks_list(&s, HK), DESK_OK);
    CHECK_OK(desk_ledger_publish(s.desk, desk_now()));
    cosign(0);
    CHECK_EQ(desks_list(&s, HK NOTICE), DESK_OK);
    check_refused(OFFICE_NOTICE_SHORT);
    /* A witness saw the ledger long ago, but not this notice in it. */
    cosign(30);
    desks_wait(&s, (int64_t)(15 * TIME_DAY));
    check_refused(OFFICE_WITNESS);
    CHECK_OK(desk_ledger_publish(s.desk, desk_now()));
    check_refused(OFFICE_WITNESS);
    cosign(31);
    check_refused(OFFICE_WITNESS);
    cosign(44);
    check_refused(OFFICE_WITNESS);
    CHECK_OK(desk_ledger_publish(s.desk, desk_now()));
    cosign(45);
    check_sightings(14);
    CHECK_EQ(desks_list(&s, LIFTED), DESK_OK);
    CHECK_EQ(desk_list(s.desk)->suspensions.n, 0);
    end();
}

TEST(a_notice_that_went_and_came_again_begins_anew) {
    begin();
    CHECK_EQ(desks_list(&s, HK NOTICE), DESK_OK);
    CHECK_OK(desk_ledger_publish(s.desk, desk_now()));
    cosign(1);
    desks_wait(&s, (int64_t)(15 * TIME_DAY));
    CHECK_EQ(desks_list(&s, HK), DESK_OK);
    desks_wait(&s, (int64_t)TIME_HOUR);
    CHECK_EQ(desks_list(&s, HK NOTICE), DESK_OK);
    desks_wait(&s, (int64_t)(15 * TIME_DAY));
    cosign(31);
    check_refused(OFFICE_WITNESS);
    CHECK_OK(desk_ledger_publish(s.desk, desk_now()));
    cosign(32);
    cosign(46);
    CHECK_EQ(desks_list(&s, LIFTED), DESK_OK);
    end();
}

TEST(lists_that_come_in_between_change_nothing) {
    begin();
    CHECK_EQ(desks_list(&s, HK NOTICE), DESK_OK);
    CHECK_OK(desk_ledger_publish(s.desk, desk_now()));
    cosign(1);
    desks_wait(&s, (int64_t)(15 * TIME_DAY));
    CHECK_EQ(desks_list(&s, HK MO NOTICE), DESK_OK);
    cosign(16);
    CHECK_EQ(desks_list(&s, MO LIFTED), DESK_OK);
    CHECK_EQ(desk_list(s.desk)->suspensions.n, 1);
    end();
}

TEST_MAIN
