/* What is on the disk of an item, and the chains that it is sealed by. */
#define HELD_DAMAGES /* it writes what no handler would */
#include "crypto/chain.h"
#include "server/internal.h"
#include "world.h"

static struct world w;
static struct person ann, bob;
static struct proto_address to[2]; /* ann's, bob's */
static void *chain_memory;         /* of WORLD_CHAINS */

static void begin(void) {
    world_init(&w);
    chain_memory = w.config.chain_memory;
    person_join(&ann, &w, 1);
    person_join(&bob, &w, 2);
    person_address(&ann, &w, &to[0]);
    person_address(&bob, &w, &to[1]);
}

static void end(void) {
    world_end(&w, &ann, &bob);
}

/* ---- What is stored ---- */

enum { STORED_MAX = 64 };

static struct stored {
    buf values[STORED_MAX];
    size_t count;
} all;

static bool keep(void *ctx, struct store_key key, slice value) {
    (void)ctx, (void)key;
    CHECK(all.count < STORED_MAX);
    CHECK_OK(buf_set(&all.values[all.count++], value));
    return true;
}

/* Every stored item, in the order of mailboxes and positions. */
static void read_stored(void) {
    all.count = 0;
    CHECK_OK(store_scan_table(w.memory, MAIL_ITEM, keep, NULL));
}

static struct held_item stored(size_t i) {
    struct held_item row;
    CHECK(i < all.count);
    CHECK_OK(held_item_read(buf_slice(&all.values[i]), &row));
    return row;
}

static void forget_stored(void) {
    for (size_t i = 0; i < STORED_MAX; i++)
        buf_free(&all.values[i]);
}

/* The longest run of bytes that stands somewhere in both. */
static size_t common_run(slice a, slice b) {
    size_t longest = 0;
    for (size_t i = 0; i < a.n; i++)
        for (size_t j = 0; j < b.n; j++) {
            size_t n = 0;
            while (i + n < a.n && j + n < b.n && a.p[i + n] == b.p[j + n])
                n++;
            longest = n > longest ? n : longest;
        }
    return longest;
}

static bool contains(slice in, slice what) {
    for (size_t i = 0; i + what.n <= in.n; i++)
        if (memcmp(in.p + i, what.p, what.n) == 0)
            return true;
    return false;
}

enum { RUN = 6 /* of random bytes: one in a hundred million tests */ };

TEST(two_copies_of_one_message_share_no_run_of_bytes) {
    static uint8_t item[2048];
    begin();
    memset(item, 'a', sizeof item);
    CHECK_EQ(world_send(&w, to, 2, SLICE_ARRAY(item)), 0);
    read_stored();
    CHECK_EQ(all.count, 2);
    struct held_item a = stored(0), b = stored(1);
    CHECK_EQ(a.sealed.n, b.sealed.n);
    CHECK(common_run(a.sealed, b.sealed) < RUN);
    CHECK(common_run(SLICE_ARRAY(a.chain), SLICE_ARRAY(b.chain)) < RUN);
    CHECK(common_run(a.sealed, SLICE_ARRAY(item)) < RUN);
    /* Nor do two of one mailbox. */
    CHECK_EQ(world_send(&w, to, 1, SLICE_ARRAY(item)), 0);
    read_stored();
    CHECK_EQ(all.count, 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(common_run(stored(i).sealed, stored(j).sealed) < RUN);
    forget_stored();
    end();
}

struct search {
    slice what;
    bool found;
};

static bool search_row(void *ctx, struct store_key key, slice value) {
    struct search *search = ctx;
    search->found =
        search->found || contains(key.name, search->what) || contains(value, search->what);
    return true;
}

/* In any row of the store. */
static bool on_disk(slice what) {
    struct search search = {what, false};
    for (size_t i = 0; i < HELD_COUNT; i++)
        CHECK_OK(store_scan_table(w.memory, held_rows[i].table, search_row, &search));
    return search.found;
}

TEST(nothing_of_an_item_is_on_the_disk_in_clear) {
    uint8_t item[300], group[32];
    struct proto_letter letter = {.item = slice_str("the letter of a new member")};
    begin();
    memset(item, 'i', sizeof item);
    memset(group, 9, sizeof group);
    memcpy(letter.address, to[0].bytes, PROTO_ADDRESS);
    CHECK_EQ(world_commit_group(&w, commit_body(9, 1, 2, to, 2, SLICE_ARRAY(item), &letter, 1)), 1);
    person_subscribe(&bob, &w, 0);
    struct delivery d = frame_delivery(world_next(&w, 2));
    CHECK_EQ(d.mark.n, PROTO_MARK);
    CHECK_SLICE(d.item, SLICE_ARRAY(item));
    CHECK(!on_disk(slice_of(item, 8)));
    CHECK(!on_disk(letter.item));
    CHECK(!on_disk(slice_of(group, 8)));
    CHECK(!on_disk(slice_of(d.mark.p, 16)));
    CHECK(!on_disk(slice_of(d.mark.p + 32, 16)));
    CHECK(!on_disk(SLICE_ARRAY(d.serial)));
    CHECK(!on_disk(slice_of(to[1].bytes + 25, 16)));
    /* The search finds what is there. */
    CHECK(on_disk(SLICE_ARRAY(bob.mailbox_key)));
    read_stored();
    CHECK(on_disk(slice_of(stored(0).sealed.p, 8)));
    forget_stored();
    end();
}

TEST(a_commit_is_as_long_as_any_item) {
    begin();
    CHECK_EQ(world_commit_group(&w, commit_body(9, 1, 2, to + 1, 1, slice_str("same"), NULL, 0)),
             1);
    CHECK_EQ(world_send(&w, to + 1, 1, slice_str("size")), 0);
    read_stored();
    CHECK_EQ(all.count, 2);
    CHECK_EQ(stored(0).sealed.n, stored(1).sealed.n);
    forget_stored();
    end();
}

TEST(sizes_are_counted_without_the_seal_also_after_a_restart) {
    static uint8_t item[PROTO_ITEM_MAX];
    static const size_t sizes[] = {1, 63, 64, 256, 16383, PROTO_ITEM_MAX};
    struct proto_record record;
    uint64_t sum = 0;
    begin();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CHECK_EQ(world_send(&w, to + 1, 1, slice_of(item, sizes[i])), 0);
        sum += sizes[i];
    }
    world_record(&w, 2, &record);
    CHECK_EQ(record.bytes, sum);
    world_restart(&w);
    person_login(&bob, &w, 3);
    world_record(&w, 3, &record);
    CHECK_EQ(record.items, sizeof sizes / sizeof sizes[0]);
    CHECK_EQ(record.bytes, sum);
    end();
}

/* ---- Chains ---- */

static void send_to(size_t whom, unsigned times) {
    while (times-- > 0)
        CHECK_EQ(world_send(&w, to + whom, 1, slice_str("item")), 0);
}

/* Bob's n-th item is of this place in the chains that he sees, 0 and up by their first item, and
 * has this place in it, counted from that first item. */
static void bob_sees(size_t count, const unsigned *chains, const uint32_t *counts) {
    uint8_t names[16][32];
    uint32_t first[16];
    unsigned known = 0;
    person_login(&bob, &w, 20);
    person_subscribe(&bob, &w, 0);
    for (size_t i = 0; i < count; i++) {
        struct delivery d = frame_delivery(world_next(&w, 20));
        unsigned at = 0;
        while (at < known && memcmp(names[at], d.chain, 32) != 0)
            at++;
        if (at == known) {
            memcpy(names[known], d.chain, 32);
            first[known++] = d.number;
        }
        CHECK_EQ(at, chains[i]);
        CHECK_EQ(d.number - first[at], counts[i]);
        CHECK_SLICE(d.item, slice_str("item"));
    }
    CHECK_EQ(world_next(&w, 20)->type, PROTO_caught_up);
}

TEST(a_mailbox_has_one_chain_and_it_counts_on) {
    begin();
    send_to(1, 2);
    send_to(0, 3);
    send_to(1, 2);
    bob_sees(4, (unsigned[]){0, 0, 0, 0}, (uint32_t[]){0, 1, 2, 3});
    end();
}

/* Else a number would tell how many items a mailbox got before. */
TEST(no_chain_s_numbers_begin_where_another_s_do) {
    begin();
    send_to(0, 1);
    send_to(1, 1);
    world_restart(&w);
    send_to(1, 1);
    read_stored();
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(stored(i).number - stored(j).number > 8 &&
                  stored(j).number - stored(i).number > 8);
    forget_stored();
    end();
}

TEST(a_chain_ends_after_so_many_items) {
    begin();
    w.config.limits.chain_items = 3;
    world_restart(&w);
    send_to(1, 7);
    bob_sees(7, (unsigned[]){0, 0, 0, 1, 1, 1, 2}, (uint32_t[]){0, 1, 2, 0, 1, 2, 0});
    end();
}

TEST(a_restart_ends_chains_and_what_they_sealed_still_opens) {
    begin();
    send_to(1, 2);
    world_restart(&w);
    send_to(1, 1);
    bob_sees(3, (unsigned[]){0, 0, 1}, (uint32_t[]){0, 1, 0});
    end();
}

TEST(a_batch_that_failed_ends_the_chains_that_it_used) {
    struct proto_address both[2];
    begin();
    memcpy(both, to, sizeof both);
    send_to(1, 2);
    send_to(0, 1);
    w.plan.fail_commit_in = 0;
    CHECK_EQ(world_send(&w, to + 1, 1, slice_str("lost")), -1);
    send_to(1, 1);
    send_to(0, 1);
    bob_sees(3, (unsigned[]){0, 0, 1}, (uint32_t[]){0, 1, 0});
    read_stored(); /* Ann's was not in it */
    size_t of_ann = 0;
    for (size_t i = 0; i < all.count; i++)
        for (size_t j = 0; j < i; j++)
            of_ann += memcmp(stored(i).chain, stored(j).chain, 32) == 0;
    CHECK_EQ(of_ann, 2); /* her two, and Bob's first two */
    forget_stored();
    end();
}

/* A place for two chains, three mailboxes: the one that was used longest ago loses its own. */
TEST(when_the_memory_is_full_the_chain_that_was_used_longest_ago_ends) {
    struct person joe;
    struct proto_address to_joe;
    begin();
    w.config.chains = 2;
    world_restart(&w);
    person_join(&joe, &w, 3);
    person_address(&joe, &w, &to_joe);
    send_to(0, 1);
    send_to(1, 1);
    send_to(0, 1);                                              /* Bob's is the oldest */
    CHECK_EQ(world_send(&w, &to_joe, 1, slice_str("item")), 0); /* takes it */
    send_to(1, 2);                                              /* takes Ann's */
    CHECK_EQ(world_send(&w, &to_joe, 1, slice_str("item")), 0); /* goes on */
    bob_sees(3, (unsigned[]){0, 1, 1}, (uint32_t[]){0, 0, 1});
    person_subscribe(&joe, &w, 0);
    uint32_t number = frame_delivery(world_next(&w, 3)).number;
    CHECK_EQ(frame_delivery(world_next(&w, 3)).number, number + 1);
    person_fini(&joe);
    end();
}

TEST(one_place_is_enough_for_a_send_to_many) {
    begin();
    w.config.chains = 1;
    world_restart(&w);
    CHECK_EQ(world_send(&w, to, 2, slice_str("item")), 0);
    CHECK_EQ(world_send(&w, to, 2, slice_str("item")), 0);
    bob_sees(2, (unsigned[]){0, 1}, (uint32_t[]){0, 0});
    end();
}

TEST(a_mailbox_that_memory_forgets_begins_another_chain) {
    begin();
    w.config.limits.cached_items = 1;
    world_restart(&w);
    send_to(1, 2);
    bob_sees(2, (unsigned[]){0, 1}, (uint32_t[]){0, 0});
    end();
}

/* ---- The memory of keys ---- */

/* As a picture of the memory has it: the chain of that name. */
static struct crypto_chain find_chain(const uint8_t *picture, size_t n, const uint8_t name[32]) {
    struct crypto_chain c = {0};
    for (size_t i = 0; i + sizeof c <= n; i += 4)
        if (memcmp(picture + i, name, 32) == 0) {
            memcpy(&c, picture + i, sizeof c);
            return c;
        }
    CHECK(!"the chain is not there");
    return c;
}

TEST(a_picture_of_the_memory_opens_what_comes_and_nothing_that_was) {
    static uint8_t picture[65536];
    uint8_t out[256];
    size_t n = mail_chains_size(WORLD_CHAINS);
    begin();
    CHECK(n <= sizeof picture);
    send_to(1, 2);
    memcpy(picture, chain_memory, n);
    send_to(1, 1);
    read_stored();
    struct held_item last = stored(2), before = stored(1);
    CHECK_EQ(last.number, before.number + 1);
    struct crypto_chain c = find_chain(picture, n, last.chain);
    CHECK_OK(crypto_chain_open(&c, last.number, out, last.sealed));
    c = find_chain(picture, n, last.chain);
    CHECK_ERR(crypto_chain_open(&c, before.number, out, before.sealed), ERR_REPEAT);
    c.count--;
    CHECK_ERR(crypto_chain_open(&c, before.number, out, before.sealed), ERR_CRYPTO);
    forget_stored();
    end();
}

static bool is_zero(const void *p, size_t n) {
    const uint8_t *bytes = p;
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

TEST(a_chain_that_ended_and_a_server_that_stopped_leave_no_key) {
    uint8_t name[32];
    begin();
    send_to(1, 1);
    read_stored();
    memcpy(name, stored(0).chain, 32);
    slice memory = slice_of(chain_memory, mail_chains_size(WORLD_CHAINS));
    CHECK(contains(memory, SLICE_ARRAY(name)));
    w.plan.fail_commit_in = 0;
    CHECK_EQ(world_send(&w, to + 1, 1, slice_str("lost")), -1);
    CHECK(!contains(memory, SLICE_ARRAY(name)));
    send_to(1, 1);
    mail_free(w.mail);
    w.mail = NULL;
    CHECK(is_zero(memory.p, memory.n));
    forget_stored();
    end();
}

TEST(without_memory_for_chains_there_is_no_server) {
    struct mail *m = NULL;
    begin();
    struct mail_config config = w.config;
    config.chain_memory = NULL;
    CHECK_ERR(mail_new(&m, w.store, &config, NULL), ERR_BUG);
    config = w.config;
    config.chains = 0;
    CHECK_ERR(mail_new(&m, w.store, &config, NULL), ERR_BUG);
    CHECK(m == NULL);
    end();
}

/* ---- The mailbox's key ---- */

static uint64_t put_key(struct person *p) {
    struct proto_mailbox_key_put in;
    struct proto_mailbox_key_set out;
    buf body = {0};
    memcpy(in.key, p->mailbox_key, 32);
    CHECK_OK(proto_mailbox_key_put_encode(&body, &in));
    const struct frame *f =
        world_get(&w, p->session, PROTO_mailbox_key_put, buf_slice(&body), PROTO_mailbox_key_set);
    CHECK_OK(proto_mailbox_key_set_decode(buf_slice(&f->body), &out));
    buf_free(&body);
    return out.up_to - p->start;
}

TEST(another_key_ends_the_chain_and_says_where_the_older_one_ends) {
    uint8_t old_priv[32], out[256];
    struct crypto_chain c;
    begin();
    send_to(1, 2);
    memcpy(old_priv, bob.mailbox_priv, 32);
    person_new_key(&bob);
    CHECK_EQ(put_key(&bob), 2);
    send_to(1, 1);
    CHECK_EQ(put_key(&bob), 3); /* the same again changes nothing */
    send_to(1, 1);
    read_stored();
    CHECK_OK(crypto_chain_follow(&c, stored(2).chain, old_priv));
    CHECK_ERR(crypto_chain_open(&c, stored(2).number, out, stored(2).sealed), ERR_CRYPTO);
    CHECK_OK(crypto_chain_follow(&c, stored(1).chain, bob.mailbox_priv));
    CHECK_ERR(crypto_chain_open(&c, stored(1).number, out, stored(1).sealed), ERR_CRYPTO);
    bob_sees(4, (unsigned[]){0, 0, 1, 1}, (uint32_t[]){0, 1, 0, 1});
    forget_stored();
    end();
}

TEST(a_key_outlives_a_restart_and_a_failed_batch_takes_it_back) {
    begin();
    uint8_t old[32], old_priv[32];
    memcpy(old, bob.mailbox_key, 32);
    memcpy(old_priv, bob.mailbox_priv, 32);
    person_new_key(&bob);
    w.plan.fail_commit_in = 0;
    world_refused(&w, 2, PROTO_mailbox_key_put, SLICE_ARRAY(bob.mailbox_key), PROTO_REASON_DISK);
    CHECK(on_disk(SLICE_ARRAY(old)));
    CHECK(!on_disk(SLICE_ARRAY(bob.mailbox_key)));
    send_to(1, 1);
    read_stored();
    struct crypto_chain c;
    uint8_t out[256];
    CHECK_OK(crypto_chain_follow(&c, stored(0).chain, old_priv));
    CHECK_OK(crypto_chain_open(&c, stored(0).number, out, stored(0).sealed));
    CHECK_EQ(put_key(&bob), 1);
    CHECK(!on_disk(SLICE_ARRAY(old)));
    world_restart(&w);
    CHECK(on_disk(SLICE_ARRAY(bob.mailbox_key)));
    send_to(1, 1);
    bob_sees(2, (unsigned[]){0, 1}, (uint32_t[]){0, 0});
    forget_stored();
    end();
}

static const uint8_t no_keys[][32] = {{0}, {1}};

TEST(a_key_that_nothing_can_be_sealed_to_is_malformed) {
    struct person eve;
    begin();
    for (size_t i = 0; i < 2; i++) {
        world_refused(&w, 2, PROTO_mailbox_key_put, SLICE_ARRAY(no_keys[i]),
                      PROTO_REASON_MALFORMED);
        person_init(&eve, &w, 5 + i);
        memcpy(eve.mailbox_key, no_keys[i], 32);
        uint32_t r = person_prove(&eve, &w, PROTO_register_account, person_register_body(&eve));
        world_commit(&w);
        CHECK_EQ(frame_reason(world_answer(&w, r)), PROTO_REASON_MALFORMED);
        person_fini(&eve);
    }
    CHECK(on_disk(SLICE_ARRAY(bob.mailbox_key)));
    end();
}

TEST(a_stranger_changes_no_key) {
    begin();
    world_refused(&w, 9, PROTO_mailbox_key_put, SLICE_ARRAY(ann.mailbox_key), PROTO_REASON_STATE);
    CHECK(on_disk(SLICE_ARRAY(bob.mailbox_key)));
    end();
}

/* Its mailbox's head holds a key that is none. */
static bool spoil_key(void *ctx, struct store_key key, slice value) {
    struct store_batch *batch = ctx;
    struct held_mailbox row;
    buf work = {0};
    CHECK_OK(held_mailbox_read(value, &row));
    if (memcmp(row.key, bob.mailbox_key, 32) == 0) {
        memset(row.key, 0, 32);
        CHECK_OK(held_mailbox_put(batch, key.name, 0, &work, &row));
    }
    buf_free(&work);
    return true;
}

TEST(a_damaged_key_is_its_own_mailbox_s_trouble) {
    struct store_batch *batch;
    begin();
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_scan_table(w.memory, MAIL_MAILBOX, spoil_key, batch));
    CHECK_EQ(store_batch_count(batch), 1);
    CHECK_OK(store_commit_now(w.memory, batch));
    store_batch_free(batch);
    world_restart(&w);
    CHECK_EQ(world_send(&w, to, 2, slice_str("item")), 1);
    CHECK_EQ(world_send(&w, to, 1, slice_str("item")), 0);
    end();
}

TEST(a_store_that_was_rolled_back_keeps_the_keys) {
    begin();
    CHECK_OK(mail_rolled_back(w.memory, w.now));
    world_restart(&w);
    CHECK(on_disk(SLICE_ARRAY(bob.mailbox_key)));
    send_to(1, 1);
    end();
}

TEST_MAIN
