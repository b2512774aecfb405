/* Stored rosters, revoked addresses, and what new orders are charged to. */
#define HELD_DAMAGES /* it writes what no handler would */
#include "server/internal.h"
#include "world.h"

static struct world w;
static struct person ann, bob;
static buf made; /* the request that was made last */

enum { GROUP = 5, ROSTER_KEY = 0x77 };

static void begin(void) {
    world_begin(&w, &ann, &bob);
}

static void end(void) {
    buf_free(&made);
    world_end(&w, &ann, &bob);
}

/* So many items wait for the person. */
static uint32_t waiting(const struct person *p) {
    struct proto_record record;
    world_record(&w, p->session, &record);
    return record.items;
}

static void addresses_of(const struct person *p, struct proto_address *to, size_t count) {
    for (size_t i = 0; i < count; i++)
        person_address((struct person *)p, &w, &to[i]);
}

/* ---- Rosters ---- */

/* A roster as a member makes it. */
struct sealed {
    uint8_t hash[32], key[32], blob[32];
    uint16_t count;
    buf bytes;
};

static bool lies; /* the hash that it is bound to is not that of its addresses */

static void seal(struct sealed *s, uint8_t group, uint8_t key, const struct proto_address *to,
                 size_t count) {
    static const uint8_t nonce[24];
    uint8_t bound[sizeof PROTO_LABEL_ROSTER + 64];
    size_t step = 32, at = sizeof PROTO_LABEL_ROSTER;
    *s = (struct sealed){.count = (uint16_t)count};
    while (step < count)
        step *= 2;
    memset(s->key, key, 32);
    for (size_t i = 0; i < count; i++)
        CHECK_OK(proto_address_encode(&s->bytes, &to[i]));
    slice all = buf_slice(&s->bytes);
    CHECK_OK(crypto_blake2b_keyed(s->hash, 32, SLICE_EMPTY, &all, 1));
    s->hash[0] ^= lies;
    memcpy(bound, PROTO_LABEL_ROSTER, at);
    memset(bound + at, group, 32);
    memcpy(bound + at + 32, s->hash, 32);
    CHECK_OK(buf_resize(&s->bytes, step * PROTO_ADDRESS + 16));
    CHECK_OK(crypto_xchacha20poly1305.seal(s->bytes.p, s->key, nonce, SLICE_ARRAY(bound),
                                           slice_of(s->bytes.p, step * PROTO_ADDRESS)));
    all = buf_slice(&s->bytes);
    CHECK_OK(crypto_blake2b_keyed(s->blob, 32, SLICE_EMPTY, &all, 1));
}

static void upload(const struct sealed *s, const struct proto_address *permission) {
    struct proto_blob_put in;
    uint32_t chunks = (uint32_t)((s->bytes.n + PROTO_CHUNK_MAX - 1) / PROTO_CHUNK_MAX);
    for (uint32_t i = 0; i < chunks; i++) {
        size_t at = i * PROTO_CHUNK_MAX, n = s->bytes.n - at;
        in = (struct proto_blob_put){.chunk = i, .chunks = chunks};
        in.bytes = slice_of(s->bytes.p + at, n < PROTO_CHUNK_MAX ? n : PROTO_CHUNK_MAX);
        memcpy(in.address, permission->bytes, PROTO_ADDRESS);
        memcpy(in.id, s->blob, 32);
        buf_clear(&made);
        CHECK_OK(proto_blob_put_encode(&made, &in));
        world_get(&w, 9, PROTO_blob_put, buf_slice(&made), PROTO_blob_state);
    }
}

/* The commit from token `token` to `token + 1`; from: the roster of the epoch that ends (NULL: the
 * addresses); to: the one that it brings. */
static slice commit(uint8_t token, const struct proto_address *addresses, size_t count,
                    const struct sealed *from, const struct sealed *to) {
    struct proto_commit in;
    struct proto_roster roster;
    struct proto_roster_new replaces;
    buf rosters = {0}, news = {0};
    CHECK_OK(proto_commit_decode(
        commit_body(GROUP, token, (uint8_t)(token + 1), addresses, count, slice_str("x"), NULL, 0),
        &in));
    if (from != NULL) {
        roster.count = from->count;
        memcpy(roster.hash, from->hash, 32);
        memcpy(roster.key, from->key, 32);
        CHECK_OK(proto_roster_encode(&rosters, &roster));
        in.roster = (struct proto_list){buf_slice(&rosters), 1};
    }
    if (to != NULL) {
        replaces.count = to->count;
        memcpy(replaces.blob, to->blob, 32);
        memcpy(replaces.key, to->key, 32);
        memcpy(in.roster_hash, to->hash, 32);
        CHECK_OK(proto_roster_new_encode(&news, &replaces));
        in.replaces = (struct proto_list){buf_slice(&news), 1};
    }
    buf out = {0};
    CHECK_OK(proto_commit_encode(&out, &in));
    buf_move(&made, &out);
    buf_free(&rosters);
    buf_free(&news);
    return buf_slice(&made);
}

static slice roster_send(uint8_t group, const struct sealed *s, slice item) {
    struct proto_roster_send in = {.count = s->count, .item = item};
    memset(in.group, group, 32);
    memcpy(in.roster_hash, s->hash, 32);
    memcpy(in.key, s->key, 32);
    buf_clear(&made);
    CHECK_OK(proto_roster_send_encode(&made, &in));
    return buf_slice(&made);
}

/* Refusals of a send, -1: late. */
static int sent(uint8_t group, const struct sealed *s) {
    struct proto_sent out;
    const struct frame *f =
        world_get(&w, 9, PROTO_roster_send, roster_send(group, s, slice_str("hello")), PROTO_sent);
    CHECK_OK(proto_sent_decode(buf_slice(&f->body), &out));
    CHECK(out.taken || out.refused.count == 0);
    return out.taken ? (int)out.refused.count : -1;
}

/* A conversation of 20 addresses, ten each, whose roster is stored. */
static struct proto_address members[20];
static struct sealed first;

static void begin_large(void) {
    begin();
    addresses_of(&ann, members, 10);
    addresses_of(&bob, members + 10, 10);
    seal(&first, GROUP, ROSTER_KEY, members, 20);
    upload(&first, &members[0]);
    CHECK_EQ(world_commit_group(&w, commit(1, members, 1, NULL, &first)), 1);
    CHECK_EQ(world_rows(&w, MAIL_ROSTER), 1);
    CHECK_EQ(world_rows(&w, MAIL_BLOB), 0);
}

static void end_large(void) {
    buf_free(&first.bytes);
    end();
}

TEST(a_send_reaches_the_stored_roster) {
    begin_large();
    CHECK_EQ(waiting(&ann), 1); /* the commit */
    CHECK_EQ(sent(GROUP, &first), 0);
    CHECK_EQ(waiting(&ann), 11);
    CHECK_EQ(waiting(&bob), 10);
    world_restart(&w);
    CHECK_EQ(sent(GROUP, &first), 0);
    person_login(&bob, &w, 12);
    CHECK_EQ(waiting(&bob), 20);
    end_large();
}

TEST(what_does_not_open_the_roster_is_late_and_reaches_nobody) {
    struct sealed wrong;
    begin_large();
    wrong = first;
    wrong.key[3] ^= 1;
    CHECK_EQ(sent(GROUP, &wrong), -1);
    wrong = first;
    wrong.hash[3] ^= 1;
    CHECK_EQ(sent(GROUP, &wrong), -1);
    wrong = first;
    wrong.count = 19; /* would be charged for less */
    CHECK_EQ(sent(GROUP, &wrong), -1);
    wrong.count = 21;
    CHECK_EQ(sent(GROUP, &wrong), -1);
    wrong.count = 0;
    CHECK_EQ(sent(GROUP, &wrong), -1);
    wrong.count = PROTO_ROSTER_MAX + 1;
    CHECK_EQ(sent(GROUP, &wrong), -1);
    CHECK_EQ(sent(GROUP + 1, &first), -1);
    CHECK_EQ(waiting(&bob), 0);
    end_large();
}

TEST(a_commit_replaces_the_roster_and_a_send_to_the_older_one_is_late) {
    struct sealed second;
    begin_large();
    seal(&second, GROUP, 0x78, members, 19);
    upload(&second, &members[0]);
    uint32_t taken = world_ask(&w, 9, PROTO_commit, commit(2, NULL, 0, &first, &second));
    uint32_t late = world_ask(&w, 8, PROTO_roster_send, roster_send(GROUP, &first, slice_str("x")));
    uint32_t good =
        world_ask(&w, 8, PROTO_roster_send, roster_send(GROUP, &second, slice_str("y")));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, taken)->body.p[0], 1);
    CHECK_EQ(world_answer(&w, late)->body.p[0], 0);
    CHECK_EQ(world_answer(&w, good)->body.p[0], 1);
    /* Copies went to the older one: the first has twenty addresses, the second nineteen. */
    CHECK_EQ(waiting(&bob), 10 + 9);
    CHECK_EQ(world_rows(&w, MAIL_ROSTER), 1);
    CHECK_EQ(world_rows(&w, MAIL_BLOB), 0);
    buf_free(&second.bytes);
    end_large();
}

TEST(of_two_racing_commits_one_brings_its_roster) {
    struct sealed ours, theirs;
    begin_large();
    seal(&ours, GROUP, 0x78, members, 19);
    seal(&theirs, GROUP, 0x79, members, 18);
    upload(&ours, &members[0]);
    upload(&theirs, &members[1]);
    buf other = {0};
    CHECK_OK(buf_set(&other, commit(2, NULL, 0, &first, &theirs)));
    other.p[64] ^= 1; /* another next token */
    uint32_t one = world_ask(&w, 9, PROTO_commit, commit(2, NULL, 0, &first, &ours));
    uint32_t two = world_ask(&w, 8, PROTO_commit, buf_slice(&other));
    world_commit(&w);
    CHECK_EQ(world_answer(&w, one)->body.p[0], 1);
    CHECK_EQ(world_answer(&w, two)->body.p[0], 0);
    CHECK_EQ(sent(GROUP, &ours), 0);
    CHECK_EQ(sent(GROUP, &theirs), -1);
    /* A repeat is taken again, whatever became of its rosters, and delivers nothing twice. */
    uint32_t before = waiting(&bob);
    CHECK_EQ(world_commit_group(&w, commit(2, NULL, 0, &first, &ours)), 1);
    CHECK_EQ(waiting(&bob), before);
    buf_free(&other);
    buf_free(&ours.bytes);
    buf_free(&theirs.bytes);
    end_large();
}

/* What a failed commit leaves is what was there before. */
static void nothing_moved(slice body, uint16_t reason) {
    world_refused(&w, 9, PROTO_commit, body, reason);
    CHECK_EQ(waiting(&bob), 0);
    CHECK_EQ(sent(GROUP, &first), 0);
    person_ack(&bob, &w, UINT64_MAX);
}

TEST(a_commit_whose_rosters_do_not_fit_changes_nothing) {
    struct sealed second, wrong;
    begin_large();
    seal(&second, GROUP, 0x78, members, 19);
    nothing_moved(commit(2, NULL, 0, &first, &second), PROTO_REASON_NONE);
    upload(&second, &members[0]);
    wrong = first;
    wrong.key[0] ^= 1;
    nothing_moved(commit(2, NULL, 0, &wrong, &second), PROTO_REASON_ROSTER);
    wrong = second;
    wrong.key[0] ^= 1;
    nothing_moved(commit(2, NULL, 0, &first, &wrong), PROTO_REASON_ROSTER);
    wrong = second;
    wrong.hash[0] ^= 1;
    nothing_moved(commit(2, NULL, 0, &first, &wrong), PROTO_REASON_ROSTER);
    wrong = second;
    wrong.count = 18;
    nothing_moved(commit(2, NULL, 0, &first, &wrong), PROTO_REASON_ROSTER);
    world_refused(&w, 9, PROTO_commit, commit(2, members, 2, &first, &second),
                  PROTO_REASON_MALFORMED);
    /* Sealed for another group; and by a member who lies about its hash. */
    seal(&wrong, GROUP + 1, 0x78, members, 19);
    upload(&wrong, &members[0]);
    nothing_moved(commit(2, NULL, 0, &first, &wrong), PROTO_REASON_ROSTER);
    buf_free(&wrong.bytes);
    lies = true;
    seal(&wrong, GROUP, 0x78, members, 19);
    lies = false;
    upload(&wrong, &members[0]);
    nothing_moved(commit(2, NULL, 0, &first, &wrong), PROTO_REASON_ROSTER);
    buf_free(&wrong.bytes);
    w.plan.fail_commit_in = 0;
    nothing_moved(commit(2, NULL, 0, &first, &second), PROTO_REASON_DISK);
    CHECK_EQ(world_commit_group(&w, commit(2, NULL, 0, &first, &second)), 1);
    CHECK_EQ(sent(GROUP, &second), 0);
    buf_free(&second.bytes);
    end_large();
}

TEST(a_roster_that_was_changed_on_the_disk_opens_no_more) {
    uint8_t order[32], name[32], group[32];
    slice parts[] = {slice_of("Sotto order v1", 15), SLICE_ARRAY(group)};
    struct store_batch *batch;
    buf row = {0};
    begin_large();
    memset(group, GROUP, 32);
    CHECK_OK(crypto_blake2b_keyed(order, 32, SLICE_ARRAY(w.config.pepper), parts, 2));
    slice more[] = {slice_of(PROTO_LABEL_ROSTER, sizeof PROTO_LABEL_ROSTER), SLICE_ARRAY(order)};
    CHECK_OK(crypto_blake2b_keyed(name, 32, SLICE_ARRAY(w.config.pepper), more, 2));
    struct store_key key = mail_key(MAIL_ROSTER, SLICE_ARRAY(name), 0);
    CHECK_OK(store_get(w.memory, NULL, key, &row));
    CHECK_EQ(row.n, 2 + 32 * PROTO_ADDRESS + 16); /* the same for 17 as for 32 */
    row.p[7] ^= 1;
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_batch_put(batch, key, buf_slice(&row)));
    CHECK_OK(store_commit_now(w.memory, batch));
    store_batch_free(batch);
    CHECK_EQ(sent(GROUP, &first), -1);
    buf_free(&row);
    end_large();
}

TEST(a_conversation_that_shrinks_has_no_roster_any_more) {
    begin_large();
    CHECK_EQ(world_commit_group(&w, commit(2, NULL, 0, &first, NULL)), 1);
    CHECK_EQ(world_rows(&w, MAIL_ROSTER), 0);
    CHECK_EQ(waiting(&bob), 10);
    CHECK_EQ(sent(GROUP, &first), -1);
    end_large();
}

TEST(a_roster_expires_with_its_order) {
    begin_large();
    uint64_t limit = first.bytes.n + 3 * MAIL_BLOB_ENTRY;
    w.config.limits.blobs_bytes = limit;
    world_restart(&w);
    person_login(&bob, &w, 12);
    struct proto_blob_put in = {.chunks = 2, .bytes = slice_of(first.bytes.p, 100)};
    memcpy(in.address, members[0].bytes, PROTO_ADDRESS);
    buf body = {0};
    CHECK_OK(proto_blob_put_encode(&body, &in));
    world_refused(&w, 9, PROTO_blob_put, buf_slice(&body), PROTO_REASON_LIMIT);
    w.now += 52 * TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ROSTER), 1);
    w.now += TIME_WEEK;
    world_sweep(&w);
    CHECK_EQ(world_rows(&w, MAIL_ROSTER), 0);
    CHECK_EQ(world_rows(&w, MAIL_ORDER), 0);
    world_get(&w, 9, PROTO_blob_put, buf_slice(&body),
              PROTO_blob_state); /* its bytes count no more */
    CHECK_EQ(sent(GROUP, &first), -1);
    buf_free(&body);
    end_large();
}

TEST(one_send_reaches_a_thousand_mailboxes) {
    enum { PEOPLE = 1000 };
    static struct proto_address all[PROTO_ROSTER_MAX];
    static struct person people[PEOPLE];
    static uint8_t big[PROTO_ITEM_MAX];
    struct sealed roster;
    struct proto_sent out;
    begin();
    for (size_t i = 0; i < PEOPLE; i++) {
        person_join(&people[i], &w, 2000 + i);
        person_address(&people[i], &w, &all[i]);
    }
    addresses_of(&ann, all + PEOPLE, 24);
    seal(&roster, GROUP, ROSTER_KEY, all, PROTO_ROSTER_MAX);
    upload(&roster, &all[PEOPLE]);
    CHECK_EQ(world_commit_group(&w, commit(1, all, 1, NULL, &roster)), 1);
    CHECK_EQ(sent(GROUP, &roster), 0);
    CHECK_EQ(world_rows(&w, MAIL_ITEM), 1 + PROTO_ROSTER_MAX);
    CHECK_EQ(waiting(&ann), 24);
    memcpy(all[4].bytes + 30, "bad", 3);
    buf_free(&roster.bytes);
    seal(&roster, GROUP, ROSTER_KEY + 1, all, PROTO_ROSTER_MAX);
    upload(&roster, &all[PEOPLE]);
    CHECK_EQ(world_commit_group(&w, commit(2, all, 1, NULL, &roster)), 1);
    const struct frame *f = world_get(&w, 9, PROTO_roster_send,
                                      roster_send(GROUP, &roster, SLICE_ARRAY(big)), PROTO_sent);
    CHECK_OK(proto_sent_decode(buf_slice(&f->body), &out));
    CHECK_EQ(out.refused.count, 1);
    CHECK_EQ(waiting(&ann), 48);
    for (size_t i = 0; i < PEOPLE; i++)
        person_fini(&people[i]);
    buf_free(&roster.bytes);
    end();
}

/* ---- Revoked addresses ---- */

/* A fresh address and its serial. */
static void address_with_serial(struct person *p, struct proto_address *to, uint8_t serial[8]) {
    struct proto_address_made out;
    const struct frame *f =
        world_get(&w, p->session, PROTO_address_make, slice_of("\1", 1), PROTO_address_made);
    CHECK_OK(proto_address_made_decode(buf_slice(&f->body), &out));
    CHECK_EQ(out.serials.n, 8);
    memcpy(to->bytes, out.addresses.bytes.p, PROTO_ADDRESS);
    memcpy(serial, out.serials.p, 8);
}

static slice revocations(const uint8_t (*serials)[8], size_t count, uint8_t key_id) {
    struct proto_address_revoke in = {0};
    buf list = {0};
    writer out = writer_on(&list);
    for (size_t i = 0; i < count; i++) {
        struct proto_revocation r = {.key_id = key_id};
        memcpy(r.serial, serials[i], 8);
        PROTO_LIST_ADD(revocation, &out, &in.revoked, &r);
    }
    CHECK_OK(writer_result(&out));
    in.revoked.bytes = buf_slice(&list);
    buf_clear(&made);
    CHECK_OK(proto_address_revoke_encode(&made, &in));
    buf_free(&list);
    return buf_slice(&made);
}

TEST(a_revoked_address_answers_as_if_it_took_the_item_and_stores_nothing) {
    struct proto_address to[2];
    uint8_t serial[8];
    begin();
    address_with_serial(&bob, &to[0], serial);
    person_address(&bob, &w, &to[1]);
    CHECK_EQ(world_send(&w, to, 1, slice_str("before")), 0);
    world_get(&w, 2, PROTO_address_revoke, revocations(&serial, 1, 1), PROTO_ok);
    CHECK_EQ(world_send(&w, to, 1, slice_str("after")), 0);
    CHECK_EQ(waiting(&bob), 1);
    CHECK_EQ(world_send(&w, to, 2, slice_str("both")), 0);
    CHECK_EQ(waiting(&bob), 2);
    world_restart(&w);
    person_login(&bob, &w, 12);
    CHECK_EQ(world_send(&w, to, 1, slice_str("later")), 0);
    CHECK_EQ(waiting(&bob), 2);
    /* Only its owner's: the same serial of Ann's mailbox is another address. */
    CHECK_EQ(world_rows(&w, MAIL_REVOKED), 1);
    end();
}

TEST(a_revoked_address_is_answered_only_once_something_is_durable) {
    struct proto_address to;
    uint8_t serial[8];
    begin();
    address_with_serial(&bob, &to, serial);
    world_get(&w, 2, PROTO_address_revoke, revocations(&serial, 1, 1), PROTO_ok);
    w.plan.fail_commit_in = 0;
    world_refused(&w, 9, PROTO_send, send_body(&to, 1, slice_str("x")), PROTO_REASON_DISK);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    end();
}

TEST(a_revocation_that_failed_is_not_remembered) {
    struct proto_address to;
    uint8_t serial[8];
    begin();
    address_with_serial(&bob, &to, serial);
    w.plan.fail_commit_in = 0;
    world_refused(&w, 2, PROTO_address_revoke, revocations(&serial, 1, 1), PROTO_REASON_DISK);
    CHECK_EQ(world_send(&w, &to, 1, slice_str("x")), 0);
    CHECK_EQ(waiting(&bob), 1);
    end();
}

TEST(a_revoked_address_gives_the_last_resort_and_uses_up_nothing) {
    struct proto_address to[2];
    uint8_t serial[8];
    struct proto_key_package_taken out;
    begin();
    address_with_serial(&bob, &to[0], serial);
    person_address(&bob, &w, &to[1]);
    w.config.limits.takes_mailbox = 1;
    world_restart(&w);
    person_login(&bob, &w, 2);
    world_get(&w, 2, PROTO_key_package_put, slice_of("\4\3one", 5), PROTO_ok);
    world_get(&w, 2, PROTO_last_resort_put, slice_of("\4last", 5), PROTO_ok);
    world_get(&w, 2, PROTO_address_revoke, revocations(&serial, 1, 1), PROTO_ok);
    const struct frame *f =
        world_get(&w, 9, PROTO_key_package_take, slice_of(to[0].bytes, PROTO_ADDRESS),
                  PROTO_key_package_taken);
    CHECK_OK(proto_key_package_taken_decode(buf_slice(&f->body), &out));
    CHECK(out.last_resort);
    f = world_get(&w, 9, PROTO_key_package_take, slice_of(to[1].bytes, PROTO_ADDRESS),
                  PROTO_key_package_taken);
    CHECK_OK(proto_key_package_taken_decode(buf_slice(&f->body), &out));
    CHECK(!out.last_resort);
    CHECK_SLICE(out.key_package, slice_str("one"));
    end();
}

TEST(revocations_have_a_limit_and_go_with_their_address_key) {
    uint8_t serials[4][8];
    struct proto_address to;
    begin();
    w.config.limits.revoked = 3;
    world_restart(&w);
    person_login(&bob, &w, 2);
    for (size_t i = 0; i < 4; i++)
        address_with_serial(&bob, &to, serials[i]);
    world_refused(&w, 2, PROTO_address_revoke, revocations(serials, 4, 1), PROTO_REASON_LIMIT);
    CHECK_EQ(world_rows(&w, MAIL_REVOKED), 0);
    world_get(&w, 2, PROTO_address_revoke, revocations(serials, 3, 1), PROTO_ok);
    world_get(&w, 2, PROTO_address_revoke, revocations(serials, 3, 1), PROTO_ok); /* again */
    CHECK_EQ(world_rows(&w, MAIL_REVOKED), 3);
    world_refused(&w, 2, PROTO_address_revoke, revocations(serials + 3, 1, 1), PROTO_REASON_LIMIT);
    /* One of a key that is gone is no address any more. */
    world_get(&w, 2, PROTO_address_revoke, revocations(serials + 3, 1, 9), PROTO_ok);
    CHECK_EQ(world_rows(&w, MAIL_REVOKED), 3);
    w.config.keys[1] = w.config.keys[0];
    w.config.keys[0].id = 2;
    world_restart(&w);
    CHECK_EQ(world_rows(&w, MAIL_REVOKED), 3);
    w.config.keys[1].id = 3;
    world_restart(&w); /* and it never comes again */
    CHECK_EQ(world_rows(&w, MAIL_REVOKED), 0);
    person_login(&bob, &w, 2);
    world_refused(&w, 2, PROTO_address_revoke, slice_of("\0", 1), PROTO_REASON_MALFORMED);
    end();
}

TEST(many_revocations_are_found_each) {
    enum { MANY = 300 };
    static struct proto_address to[MANY];
    static uint8_t serials[MANY][8];
    begin();
    for (size_t i = 0; i < MANY; i++)
        address_with_serial(&bob, &to[i], serials[i]);
    for (size_t i = 0; i + 1 < MANY; i += 2)
        world_get(&w, 2, PROTO_address_revoke, revocations(&serials[i], 1, 1), PROTO_ok);
    CHECK_EQ(world_send(&w, to, MANY, slice_str("x")), 0);
    CHECK_EQ(waiting(&bob), MANY / 2);
    world_restart(&w);
    person_login(&bob, &w, 2);
    CHECK_EQ(world_send(&w, to, MANY, slice_str("x")), 0);
    CHECK_EQ(waiting(&bob), MANY);
    end();
}

/* ---- Key packages that are dropped ---- */

TEST(a_device_drops_its_key_packages_and_puts_others) {
    struct proto_address to;
    struct proto_key_package_taken out;
    begin();
    person_address(&bob, &w, &to);
    world_get(&w, 2, PROTO_key_package_put, slice_of("\10\3old\3odd", 9), PROTO_ok);
    world_get(&w, 2, PROTO_key_package_drop, SLICE_EMPTY, PROTO_ok);
    world_get(&w, 2, PROTO_key_package_drop, SLICE_EMPTY, PROTO_ok);
    CHECK_EQ(world_rows(&w, MAIL_KEY_PACKAGE), 0);
    world_get(&w, 2, PROTO_key_package_put, slice_of("\4\3new", 5), PROTO_ok);
    world_restart(&w);
    const struct frame *f = world_get(&w, 9, PROTO_key_package_take,
                                      slice_of(to.bytes, PROTO_ADDRESS), PROTO_key_package_taken);
    CHECK_OK(proto_key_package_taken_decode(buf_slice(&f->body), &out));
    CHECK_SLICE(out.key_package, slice_str("new"));
    end();
}

/* ---- What new orders are charged to ---- */

TEST(a_mailbox_gets_so_many_new_orders_in_a_day) {
    struct proto_address own, to[2];
    struct proto_letter letter[2] = {{.item = slice_str("welcome")},
                                     {.item = slice_str("welcome")}};
    begin();
    w.config.limits.orders_mailbox = 3;
    world_restart(&w);
    person_login(&ann, &w, 1);
    person_login(&bob, &w, 2);
    person_address(&ann, &w, &own);
    addresses_of(&ann, to + 1, 1);
    memcpy(letter[1].address, to[1].bytes, PROTO_ADDRESS);
    for (uint8_t i = 0; i < 3; i++) {
        addresses_of(&bob, to, 1);
        memcpy(letter[0].address, to[0].bytes, PROTO_ADDRESS);
        CHECK_EQ(world_commit_group(&w, commit_body(i, 1, 2, &own, 1, slice_str("c"), letter, 1)),
                 1);
    }
    addresses_of(&bob, to, 1);
    memcpy(letter[0].address, to[0].bytes, PROTO_ADDRESS);
    /* Ann's own copies are not what it is charged to. */
    world_refused(&w, 9, PROTO_commit, commit_body(3, 1, 2, &own, 1, slice_str("c"), letter, 1),
                  PROTO_REASON_LIMIT);
    CHECK_EQ(world_rows(&w, MAIL_ORDER), 3);
    /* A flood on one mailbox keeps nobody else's out. */
    CHECK_EQ(world_commit_group(&w, commit_body(4, 1, 2, &own, 1, slice_str("c"), letter, 2)), 1);
    /* Going on is no new order. */
    CHECK_EQ(world_commit_group(&w, commit_body(0, 2, 3, &own, 1, slice_str("c"), letter, 1)), 1);
    w.now += TIME_DAY;
    CHECK_EQ(world_commit_group(&w, commit_body(3, 1, 2, &own, 1, slice_str("c"), letter, 1)), 1);
    end();
}

TEST(an_order_without_a_welcome_is_charged_to_its_copies) {
    struct proto_address own;
    begin();
    w.config.limits.orders_mailbox = 8; /* two by one address */
    world_restart(&w);
    person_login(&ann, &w, 1);
    person_address(&ann, &w, &own);
    for (uint8_t i = 0; i < 2; i++)
        CHECK_EQ(world_commit_group(&w, commit_body(i, 1, 2, &own, 1, slice_str("c"), NULL, 0)), 1);
    world_refused(&w, 9, PROTO_commit, commit_body(3, 1, 2, &own, 1, slice_str("c"), NULL, 0),
                  PROTO_REASON_LIMIT);
    end();
}

TEST(one_address_begins_a_quarter_of_a_days_orders) {
    struct proto_address to[2];
    begin();
    w.config.limits.orders_mailbox = 8;
    world_restart(&w);
    person_login(&ann, &w, 1);
    addresses_of(&ann, to, 2);
    for (uint8_t i = 0; i < 2; i++)
        CHECK_EQ(world_commit_group(&w, commit_body(i, 1, 2, to, 1, slice_str("c"), NULL, 0)), 1);
    world_refused(&w, 9, PROTO_commit, commit_body(3, 1, 2, to, 1, slice_str("c"), NULL, 0),
                  PROTO_REASON_LIMIT);
    CHECK_EQ(world_commit_group(&w, commit_body(3, 1, 2, to + 1, 1, slice_str("c"), NULL, 0)), 1);
    end();
}

TEST(a_commit_is_charged_to_a_mailbox_once) {
    struct proto_address to[4];
    begin();
    w.config.limits.orders_mailbox = 4;
    world_restart(&w);
    person_login(&ann, &w, 1);
    addresses_of(&ann, to, 4);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 1, 2, to, 3, slice_str("c"), NULL, 0)), 1);
    for (uint8_t i = 1; i < 4; i++)
        CHECK_EQ(
            world_commit_group(&w, commit_body(9 + i, 1, 2, to + i, 1, slice_str("c"), NULL, 0)),
            1);
    end();
}

/* It is refused as one that holds, and whoever bears another is not. */
TEST(a_revoked_address_begins_orders_at_no_other_ones_cost) {
    struct proto_address to, other;
    uint8_t serial[8];
    begin();
    w.config.limits.orders_mailbox = 1;
    world_restart(&w);
    person_login(&bob, &w, 2);
    address_with_serial(&bob, &to, serial);
    person_address(&bob, &w, &other);
    world_get(&w, 2, PROTO_address_revoke, revocations(&serial, 1, 1), PROTO_ok);
    CHECK_EQ(world_commit_group(&w, commit_body(1, 1, 2, &to, 1, slice_str("c"), NULL, 0)), 1);
    world_refused(&w, 9, PROTO_commit, commit_body(2, 1, 2, &to, 1, slice_str("c"), NULL, 0),
                  PROTO_REASON_LIMIT);
    CHECK_EQ(world_commit_group(&w, commit_body(3, 1, 2, &other, 1, slice_str("c"), NULL, 0)), 1);
    end();
}

static uint16_t put_by(const struct proto_address *by, uint8_t id) {
    struct proto_blob_put in = {.chunks = 1, .bytes = slice_str("x")};
    memset(in.id, id, 32);
    memcpy(in.address, by->bytes, PROTO_ADDRESS);
    buf_clear(&made);
    CHECK_OK(proto_blob_put_encode(&made, &in));
    uint32_t request = world_ask(&w, 9, PROTO_blob_put, buf_slice(&made));
    world_commit(&w);
    return world_answer(&w, request)->type;
}

TEST(a_revoked_address_uploads_at_no_other_ones_cost) {
    struct proto_address to, other, third;
    uint8_t serial[8];
    begin();
    w.config.limits.uploads_bytes = 2 * (1 + 2 * MAIL_BLOB_ENTRY); /* half of it by one address */
    world_restart(&w);
    person_login(&bob, &w, 2);
    address_with_serial(&bob, &to, serial);
    person_address(&bob, &w, &other);
    person_address(&bob, &w, &third);
    world_get(&w, 2, PROTO_address_revoke, revocations(&serial, 1, 1), PROTO_ok);
    CHECK_EQ(put_by(&to, 1), PROTO_blob_state);
    CHECK_EQ(put_by(&to, 2), PROTO_error);
    CHECK_EQ(put_by(&other, 3), PROTO_blob_state);
    CHECK_EQ(put_by(&other, 4), PROTO_error);
    CHECK_EQ(put_by(&third, 5), PROTO_blob_state);
    end();
}

TEST(what_is_refused_takes_no_other_ones_count) {
    static struct mail_day before[2 * MAIL_DAYS];
    uint8_t id[MAIL_ID] = {3}, serial[MAIL_SERIAL] = {0};
    begin();
    for (uint32_t i = 0; i < 8 * MAIL_DAYS; i++) { /* until it is crowded */
        put_u32(serial, i);
        CHECK(mail_day_take(w.mail, MAIL_DAY_UPLOADS, id, serial, 5, 5));
    }
    memcpy(before, w.mail->days, sizeof before);
    put_u32(serial, UINT32_MAX);
    CHECK(!mail_day_take(w.mail, MAIL_DAY_UPLOADS, id, serial, 6, 5));
    CHECK(memcmp(before, w.mail->days, sizeof before) == 0);
    CHECK(mail_day_take(w.mail, MAIL_DAY_UPLOADS, id, serial, 5, 5));
    CHECK(memcmp(before, w.mail->days, sizeof before) != 0);
    end();
}

TEST(a_days_charges_are_not_kept_until_the_next_one) {
    struct proto_address to;
    size_t counts = 0;
    begin();
    person_address(&bob, &w, &to);
    CHECK_EQ(put_by(&to, 1), PROTO_blob_state);
    for (size_t i = 0; i < (size_t)2 * MAIL_DAYS; i++)
        counts += w.mail->days[i].count > 0;
    CHECK_EQ(counts, 2);
    w.now += TIME_DAY;
    world_commit(&w);
    for (size_t i = 0; i < (size_t)2 * MAIL_DAYS; i++)
        CHECK(w.mail->days[i].tag == 0 && w.mail->days[i].count == 0);
    end();
}

/* ---- A flood ---- */

TEST(a_flood_on_one_mailbox_costs_its_neighbour_nothing) {
    static uint8_t big[PROTO_ITEM_MAX];
    struct proto_address hated, other;
    struct proto_record record;
    begin();
    w.config.limits.mailbox_items = 400;
    w.config.limits.mailbox_bytes = 4 << 20;
    w.config.limits.cached_items = 2000;
    world_restart(&w);
    person_login(&ann, &w, 1);
    person_login(&bob, &w, 2);
    person_address(&bob, &w, &other);
    for (int i = 0; i < 8; i++) {
        person_address(&ann, &w, &hated);
        for (int j = 0; j < 100; j++)
            (void)world_send(&w, &hated, 1, SLICE_ARRAY(big));
        CHECK_EQ(world_send(&w, &other, 1, slice_str("hello")), 0);
    }
    world_record(&w, 1, &record);
    CHECK(record.items <= 400 && record.bytes <= 4 << 20);
    CHECK_EQ(waiting(&bob), 8);
    CHECK(w.mail->cached <= 2000); /* what memory knows of all mailboxes together */
    end();
}

TEST_MAIN
