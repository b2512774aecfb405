/* Contact cards: claims, look-ups, and the work that both cost. */
#include "world.h"

#include "server/internal.h"

static struct world w;
static struct owner { uint8_t key[32], seed[32]; } ann, bob;

enum { FIND = 4, CLAIM = 6, SESSION = 77 };

static void begin(void) {
    world_init(&w);
    w.config.limits.find_bits = FIND;
    w.config.limits.claim_bits = CLAIM;
    world_restart(&w);
    CHECK_OK(crypto_ed25519.generate(ann.key, ann.seed));
    CHECK_OK(crypto_ed25519.generate(bob.key, bob.seed));
}

static struct proto_work work_of(uint64_t session) {
    struct proto_work work;
    const struct frame *f = world_get(&w, session, PROTO_work_get, SLICE_EMPTY, PROTO_work);
    CHECK_OK(proto_work_decode(buf_slice(&f->body), &work));
    return work;
}

/* By the words of docs/PROTOCOL.md, not by the code under test. */
static unsigned zeros_of(const uint8_t challenge[16], uint16_t type, const uint8_t place[32],
                         uint64_t nonce) {
    uint8_t hash[32], bytes[sizeof PROTO_LABEL_WORK + 2 + 32 + 8];
    unsigned zeros = 0;
    memcpy(bytes, PROTO_LABEL_WORK, sizeof PROTO_LABEL_WORK);
    uint8_t *p = bytes + sizeof PROTO_LABEL_WORK;
    p[0] = (uint8_t)(type >> 8);
    p[1] = (uint8_t)type;
    memcpy(p + 2, place, 32);
    put_u64(p + 34, nonce);
    slice part = SLICE_ARRAY(bytes);
    CHECK_OK(crypto_blake2b_keyed(hash, 32, slice_of(challenge, 16), &part, 1));
    while (zeros < 256 && (hash[zeros / 8] >> (7 - zeros % 8) & 1) == 0)
        zeros++;
    return zeros;
}

/* Where to look next: a nonce is taken once. */
static uint64_t fresh(void) {
    static uint64_t starts;
    return ++starts << 32;
}

/* The first nonce from `from` on that has bits zeros, or exactly so many if `exactly`. */
static uint64_t mine(const struct proto_work *work, uint16_t type, const uint8_t place[32],
                     unsigned bits, bool exactly, uint64_t from) {
    for (uint64_t nonce = from;; nonce++) {
        unsigned zeros = zeros_of(work->challenge, type, place, nonce);
        if (zeros >= bits && (!exactly || zeros == bits))
            return nonce;
    }
}

static buf body;

static slice get_body(const uint8_t place[32], uint64_t nonce) {
    struct proto_card_get in = {.nonce = nonce};
    memcpy(in.place, place, 32);
    buf_clear(&body);
    CHECK_OK(proto_card_get_encode(&body, &in));
    return buf_slice(&body);
}

static const uint8_t *places(uint8_t n) {
    static uint8_t place[32];
    memset(place, n, 32);
    return place;
}

/* The card that a look-up answers; valid until world_fini. */
static slice look_up(uint8_t place) {
    struct proto_card card;
    struct proto_work work = work_of(SESSION);
    uint64_t nonce = mine(&work, PROTO_card_get, places(place), work.find_bits, false, fresh());
    const struct frame *f =
        world_get(&w, SESSION, PROTO_card_get, get_body(places(place), nonce), PROTO_card);
    CHECK_OK(proto_card_decode(buf_slice(&f->body), &card));
    return card.sealed;
}

static slice card_bytes(uint8_t fill) {
    static uint8_t bytes[PROTO_CARD];
    memset(bytes, fill, sizeof bytes);
    return SLICE_ARRAY(bytes);
}

static void sign(const struct owner *owner, const char *label) {
    CHECK_OK(crypto_sign_labeled(body.p + body.n - 64, owner->seed, label,
                                 slice_of(body.p, body.n - 64)));
}

static slice put_body(const struct owner *owner, uint8_t place, bool renew, uint64_t version,
                      uint8_t fill) {
    struct proto_work work = work_of(SESSION);
    struct proto_card_put in = {.renew = renew, .version = version, .sealed = card_bytes(fill)};
    memcpy(in.place, places(place), 32);
    memcpy(in.owner, owner->key, 32);
    memcpy(in.challenge, work.challenge, 16);
    in.nonce = mine(&work, PROTO_card_put, in.place, renew ? work.claim_bits : work.find_bits,
                    false, fresh());
    buf_clear(&body);
    CHECK_OK(proto_card_put_encode(&body, &in));
    sign(owner, PROTO_LABEL_CARD_PUT);
    return buf_slice(&body);
}

static slice drop_body(const struct owner *owner, uint8_t place, uint64_t version) {
    struct proto_work work = work_of(SESSION);
    struct proto_card_drop in = {.version = version};
    memcpy(in.place, places(place), 32);
    memcpy(in.challenge, work.challenge, 16);
    in.nonce = mine(&work, PROTO_card_drop, in.place, work.find_bits, false, fresh());
    buf_clear(&body);
    CHECK_OK(proto_card_drop_encode(&body, &in));
    sign(owner, PROTO_LABEL_CARD_DROP);
    return buf_slice(&body);
}

static void put(const struct owner *owner, uint8_t place, bool renew, uint64_t version,
                uint8_t fill) {
    world_get(&w, SESSION, PROTO_card_put, put_body(owner, place, renew, version, fill), PROTO_ok);
}

/* ---- Claims ---- */

TEST(a_card_is_claimed_found_replaced_and_dropped) {
    begin();
    put(&ann, 1, true, 1, 'a');
    CHECK_SLICE(look_up(1), card_bytes('a'));
    put(&ann, 1, false, 2, 'b');
    CHECK_SLICE(look_up(1), card_bytes('b'));
    world_restart(&w);
    CHECK_SLICE(look_up(1), card_bytes('b'));
    CHECK_EQ(world_rows(&w, MAIL_CARD), 1);
    world_get(&w, SESSION, PROTO_card_drop, drop_body(&ann, 1, 3), PROTO_ok);
    CHECK(!slice_equal(look_up(1), card_bytes('b')));
    CHECK_EQ(world_rows(&w, MAIL_CARD), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    world_refused(&w, SESSION, PROTO_card_drop, drop_body(&ann, 1, 4), PROTO_REASON_NONE);
    put(&bob, 1, true, 1, 'c');
    CHECK_SLICE(look_up(1), card_bytes('c'));
    world_fini(&w);
}

TEST(nobody_else_takes_replaces_or_drops_it) {
    begin();
    put(&ann, 1, true, 1, 'a');
    world_refused(&w, SESSION, PROTO_card_put, put_body(&bob, 1, true, 9, 'x'), PROTO_REASON_TAKEN);
    world_refused(&w, SESSION, PROTO_card_put, put_body(&bob, 1, false, 9, 'x'),
                  PROTO_REASON_TAKEN);
    world_refused(&w, SESSION, PROTO_card_drop, drop_body(&bob, 1, 9), PROTO_REASON_TAKEN);
    CHECK_SLICE(look_up(1), card_bytes('a'));
    world_fini(&w);
}

TEST(what_is_not_signed_by_its_owner_is_refused) {
    begin();
    (void)put_body(&ann, 1, true, 1, 'a');
    sign(&bob, PROTO_LABEL_CARD_PUT);
    world_refused(&w, SESSION, PROTO_card_put, buf_slice(&body), PROTO_REASON_MALFORMED);
    (void)put_body(&ann, 1, true, 1, 'a');
    sign(&ann, PROTO_LABEL_CARD_DROP);
    world_refused(&w, SESSION, PROTO_card_put, buf_slice(&body), PROTO_REASON_MALFORMED);
    (void)put_body(&ann, 1, true, 1, 'a');
    body.p[200] ^= 1; /* of the card */
    world_refused(&w, SESSION, PROTO_card_put, buf_slice(&body), PROTO_REASON_MALFORMED);
    CHECK_EQ(world_rows(&w, MAIL_CARD), 0);
    world_fini(&w);
}

TEST(a_version_only_grows_and_a_replay_changes_nothing) {
    begin();
    put(&ann, 1, true, 5, 'a');
    world_refused(&w, SESSION, PROTO_card_put, put_body(&ann, 1, false, 5, 'x'), PROTO_REASON_OLD);
    world_refused(&w, SESSION, PROTO_card_put, put_body(&ann, 1, true, 4, 'x'), PROTO_REASON_OLD);
    world_refused(&w, SESSION, PROTO_card_drop, drop_body(&ann, 1, 5), PROTO_REASON_OLD);
    buf old = {0};
    CHECK_OK(buf_set(&old, put_body(&ann, 1, false, 6, 'b')));
    world_get(&w, SESSION, PROTO_card_put, buf_slice(&old), PROTO_ok);
    world_get(&w, SESSION, PROTO_card_drop, drop_body(&ann, 1, 7), PROTO_ok);
    /* The same bytes again, here and in a session of somebody else's. */
    world_refused(&w, SESSION, PROTO_card_put, buf_slice(&old), PROTO_REASON_WORK);
    world_refused(&w, SESSION + 1, PROTO_card_put, buf_slice(&old), PROTO_REASON_WORK);
    CHECK_EQ(world_rows(&w, MAIL_CARD), 0);
    buf_free(&old);
    world_fini(&w);
}

TEST(a_free_place_needs_a_claims_work) {
    begin();
    world_refused(&w, SESSION, PROTO_card_put, put_body(&ann, 1, false, 1, 'a'), PROTO_REASON_NONE);
    CHECK_EQ(world_rows(&w, MAIL_CARD), 0);
    world_fini(&w);
}

TEST(two_claims_in_one_batch_have_one_winner) {
    begin();
    uint32_t first = world_ask(&w, SESSION, PROTO_card_put, put_body(&ann, 1, true, 1, 'a'));
    /* put_body asks for work, which commits; so claim from what was made before. */
    buf a = {0}, b = {0};
    CHECK_OK(buf_set(&a, put_body(&ann, 2, true, 1, 'a')));
    CHECK_OK(buf_set(&b, put_body(&bob, 2, true, 1, 'b')));
    CHECK_EQ(world_answer(&w, first)->type, PROTO_ok);
    uint32_t one = world_ask(&w, SESSION, PROTO_card_put, buf_slice(&a));
    uint32_t two = world_ask(&w, SESSION, PROTO_card_put, buf_slice(&b));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, one)->type, PROTO_ok);
    CHECK_EQ(frame_reason(world_answer(&w, two)), PROTO_REASON_TAKEN);
    buf_free(&a);
    buf_free(&b);
    world_fini(&w);
}

TEST(a_claim_lapses_a_year_after_its_last_renewal) {
    begin();
    put(&ann, 1, true, 1, 'a');
    w.now += 40 * TIME_WEEK;
    world_sweep(&w);
    put(&ann, 1, false, 2, 'b'); /* renews nothing */
    w.now += 12 * TIME_WEEK;
    world_sweep(&w);
    CHECK_SLICE(look_up(1), card_bytes('b'));
    put(&ann, 1, true, 3, 'c');
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 1);
    w.now += 52 * TIME_WEEK;
    world_sweep(&w);
    CHECK_SLICE(look_up(1), card_bytes('c'));
    w.now += TIME_WEEK;
    world_sweep(&w);
    CHECK(!slice_equal(look_up(1), card_bytes('c')));
    CHECK_EQ(world_rows(&w, MAIL_CARD), 0);
    CHECK_EQ(world_rows(&w, MAIL_EXPIRY), 0);
    world_fini(&w);
}

TEST(cards_are_bounded_together) {
    begin();
    w.config.limits.cards = 2;
    world_restart(&w);
    put(&ann, 1, true, 1, 'a');
    put(&ann, 2, true, 1, 'a');
    world_refused(&w, SESSION, PROTO_card_put, put_body(&ann, 3, true, 1, 'a'), PROTO_REASON_LIMIT);
    put(&ann, 2, true, 2, 'b');
    world_get(&w, SESSION, PROTO_card_drop, drop_body(&ann, 1, 2), PROTO_ok);
    world_restart(&w);
    put(&ann, 3, true, 1, 'a');
    world_refused(&w, SESSION, PROTO_card_put, put_body(&ann, 4, true, 1, 'a'), PROTO_REASON_LIMIT);
    world_fini(&w);
}

TEST(a_failed_batch_claims_nothing) {
    begin();
    slice bytes = put_body(&ann, 1, true, 1, 'a');
    w.plan.fail_commit_in = 0;
    world_refused(&w, SESSION, PROTO_card_put, bytes, PROTO_REASON_DISK);
    w.plan.fail_commit_in = -1;
    CHECK_EQ(world_rows(&w, MAIL_CARD), 0);
    put(&ann, 1, true, 1, 'a');
    CHECK_SLICE(look_up(1), card_bytes('a'));
    world_fini(&w);
}

/* ---- Looking up ---- */

TEST(a_place_without_a_card_answers_the_same_until_its_moment_of_the_week) {
    begin();
    buf first = {0};
    unsigned changes = 0, distinct = 0;
    CHECK_OK(buf_set(&first, look_up(1)));
    world_restart(&w);
    CHECK_SLICE(look_up(1), buf_slice(&first));
    CHECK(!slice_equal(look_up(2), buf_slice(&first)));
    size_t zeros = 0;
    for (size_t i = 0; i < first.n; i++)
        zeros += first.p[i] == 0;
    CHECK(zeros < 64);
    for (int day = 0; day < 28; day++) {
        w.now += TIME_DAY;
        slice now = look_up(1);
        changes += !slice_equal(now, buf_slice(&first));
        CHECK_OK(buf_set(&first, now));
        distinct += day == 27;
    }
    CHECK(changes >= 3 && changes <= 5 && distinct == 1);
    buf_free(&first);
    world_fini(&w);
}

/* The hour of the week in which what is made up for the place changes. */
static int change_of(uint8_t place) {
    uint64_t start = w.now;
    buf before = {0};
    int hour = 0;
    CHECK_OK(buf_set(&before, look_up(place)));
    do {
        w.now += TIME_HOUR;
        hour++;
    } while (slice_equal(look_up(place), buf_slice(&before)));
    buf_free(&before);
    w.now = start;
    return hour;
}

TEST(made_up_cards_change_at_moments_of_their_own) {
    begin();
    int first = change_of(1), second = change_of(2), third = change_of(3);
    CHECK(first != second || second != third);
    world_fini(&w);
}

TEST(beside_other_cards_a_missing_one_is_still_made_up) {
    begin();
    put(&ann, 1, true, 1, 'a');
    put(&ann, 2, true, 1, 'b');
    for (uint8_t place = 10; place < 18; place++)
        CHECK(!slice_equal(look_up(place), card_bytes('a')) &&
              !slice_equal(look_up(place), card_bytes('b')));
    world_fini(&w);
}

TEST(the_pepper_makes_up_the_card) {
    begin();
    buf first = {0};
    CHECK_OK(buf_set(&first, look_up(1)));
    w.config.pepper[0] ^= 1;
    world_restart(&w);
    CHECK(!slice_equal(look_up(1), buf_slice(&first)));
    buf_free(&first);
    world_fini(&w);
}

TEST(the_disk_names_no_place) {
    begin();
    put(&ann, 0x5c, true, 1, 'a');
    buf value = {0};
    CHECK_ERR(store_get(w.memory, NULL, mail_key(MAIL_CARD, slice_of(places(0x5c), 32), 0), &value),
              ERR_NOT_FOUND);
    CHECK_EQ(world_rows(&w, MAIL_CARD), 1);
    buf_free(&value);
    world_fini(&w);
}

/* ---- Work ---- */

TEST(too_little_work_is_refused_and_enough_is_taken_once) {
    begin();
    struct proto_work work = work_of(SESSION);
    CHECK_EQ(work.find_bits, FIND);
    CHECK_EQ(work.claim_bits, CLAIM);
    uint64_t little = mine(&work, PROTO_card_get, places(1), FIND - 1, true, 0);
    uint64_t enough = mine(&work, PROTO_card_get, places(1), FIND, true, 0);
    world_refused(&w, SESSION, PROTO_card_get, get_body(places(1), little), PROTO_REASON_WORK);
    /* Neither for another place, nor for another session, nor for another message. */
    uint64_t other = enough;
    while (zeros_of(work.challenge, PROTO_card_get, places(2), other) >= FIND ||
           zeros_of(work.challenge, PROTO_card_get, places(1), other) < FIND)
        other++;
    world_refused(&w, SESSION, PROTO_card_get, get_body(places(2), other), PROTO_REASON_WORK);
    struct proto_work theirs = work_of(SESSION + 1);
    CHECK(memcmp(theirs.challenge, work.challenge, 16) != 0);
    while (zeros_of(theirs.challenge, PROTO_card_get, places(1), other) >= FIND ||
           zeros_of(work.challenge, PROTO_card_get, places(1), other) < FIND)
        other++;
    world_refused(&w, SESSION + 1, PROTO_card_get, get_body(places(1), other), PROTO_REASON_WORK);
    world_get(&w, SESSION, PROTO_card_get, get_body(places(1), enough), PROTO_card);
    world_refused(&w, SESSION, PROTO_card_get, get_body(places(1), enough), PROTO_REASON_WORK);
    world_fini(&w);
}

TEST(a_claims_work_is_more_than_a_look_ups) {
    begin();
    struct proto_work work = work_of(SESSION);
    struct proto_card_put in = {.renew = true, .version = 1, .sealed = card_bytes('a')};
    memcpy(in.place, places(1), 32);
    memcpy(in.owner, ann.key, 32);
    memcpy(in.challenge, work.challenge, 16);
    in.nonce = mine(&work, PROTO_card_put, in.place, FIND, true, 0);
    buf_clear(&body);
    CHECK_OK(proto_card_put_encode(&body, &in));
    sign(&ann, PROTO_LABEL_CARD_PUT);
    world_refused(&w, SESSION, PROTO_card_put, buf_slice(&body), PROTO_REASON_WORK);
    world_fini(&w);
}

TEST(work_of_the_hour_before_is_worth_nothing) {
    begin();
    w.config.limits.find_bits = 16; /* more than chance gives */
    world_restart(&w);
    struct proto_work work = work_of(SESSION);
    uint64_t nonce = mine(&work, PROTO_card_get, places(1), 16, false, 0);
    w.now += TIME_HOUR;
    world_refused(&w, SESSION, PROTO_card_get, get_body(places(1), nonce), PROTO_REASON_WORK);
    world_fini(&w);
}

static void ask(uint64_t session, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        struct proto_work work = work_of(session);
        uint64_t nonce = mine(&work, PROTO_card_get, places(1), work.find_bits, false, fresh());
        world_get(&w, session, PROTO_card_get, get_body(places(1), nonce), PROTO_card);
    }
}

TEST(look_ups_grow_dear_within_a_session_and_cheap_again_with_time) {
    begin();
    ask(SESSION, 24);
    CHECK(work_of(SESSION).find_bits > FIND);
    CHECK(work_of(SESSION).claim_bits > CLAIM);
    CHECK_EQ(work_of(SESSION + 1).find_bits, FIND);
    w.now += TIME_HOUR;
    CHECK_EQ(work_of(SESSION).find_bits, FIND);
    world_fini(&w);
}

TEST(all_look_ups_together_make_them_dear_for_everybody) {
    begin();
    w.config.limits.find_bits = 0;
    world_restart(&w);
    /* Sessions that look up once each. Frames are many: they are forgotten now and then. */
    for (uint64_t i = 0; i < 4096; i++) {
        (void)world_ask(&w, 1000 + i, PROTO_card_get, get_body(places(1), i));
        world_commit(&w);
        while (w.count > 0)
            buf_free(&w.frames[--w.count].body);
    }
    CHECK_EQ(work_of(1).find_bits, 1);
    w.now += TIME_HOUR;
    CHECK_EQ(work_of(1).find_bits, 0);
    world_fini(&w);
}

TEST(what_was_taken_is_remembered_in_bounded_memory) {
    begin();
    w.config.limits.find_bits = 0;
    world_restart(&w);
    struct proto_work before = work_of(SESSION), after = before;
    unsigned taken = 0;
    /* Another session each time, so that the price stays low. */
    for (uint64_t i = 0; i < 200000 && memcmp(&after, &before, 16) == 0; i++) {
        uint32_t request = world_ask(&w, 1000 + i, PROTO_card_get, get_body(places(1), i));
        world_commit(&w);
        taken += world_answer(&w, request)->type == PROTO_card;
        after = work_of(SESSION);
        while (w.count > 0)
            buf_free(&w.frames[--w.count].body);
    }
    CHECK_EQ(taken, MAIL_WORK_USED / 2);
    world_fini(&w);
}

TEST(garbage_is_refused_and_changes_nothing) {
    static const uint16_t types[] = {PROTO_card_get, PROTO_card_put, PROTO_card_drop};
    uint8_t bytes[5000];
    begin();
    memset(bytes, 0xa5, sizeof bytes);
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0; n < sizeof bytes; n += 997)
            world_refused(&w, SESSION, types[i], slice_of(bytes, n), PROTO_REASON_MALFORMED);
    CHECK_EQ(world_rows(&w, MAIL_CARD), 0);
    world_fini(&w);
}

TEST_MAIN
