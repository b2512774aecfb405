/* Items are sealed to a key that the client renews, and opened by it. */
#include "core/internal.h"
#include "rig.h"
#include "server/held.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void start(void) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
}

static void jump(uint64_t ms) {
    rig.now += ms;
    CHECK_OK(session_key_make(&rig.env.keys[0], 1, rig.identity_seed, time_week(rig.now) + 4));
    for (size_t i = 0; i < RIG_CLIENTS; i++)
        client(i)->count = 0;
    rig_pass(&rig, TIME_MINUTE);
}

static const struct record_account *account(size_t i) {
    return &client(i)->core->account.r;
}

static void say(const char *text) {
    rig_finish(client(0), rig_say(client(0), text), OK);
    rig_pass(&rig, TIME_SECOND);
}

static void heard(const char *texts) {
    CHECK(strcmp(rig_texts(client(1)), texts) == 0);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
}

static void restart_server(void) {
    mail_free(rig.mail);
    CHECK_OK(mail_new(&rig.mail, rig.store, &rig.config, NULL));
    rig_cut(&rig, client(0));
    rig_cut(&rig, client(1));
    rig_pass(&rig, TIME_MINUTE);
}

struct search {
    slice what;
    bool found;
};

static bool search_value(void *ctx, struct store_key key, slice value) {
    struct search *search = ctx;
    (void)key;
    for (size_t i = 0; i + search->what.n <= value.n; i++)
        search->found = search->found || memcmp(value.p + i, search->what.p, search->what.n) == 0;
    return true;
}

static bool stores(size_t i, const uint8_t priv[32]) {
    struct search search = {slice_of(priv, 32), false};
    CHECK_OK(store_scan_table(client(i)->memory, TABLE_STATE, search_value, &search));
    return search.found;
}

/* The one mailbox at the server whose items are sealed to this key; or none. */
static bool serves(const uint8_t key[32]) {
    struct search search = {slice_of(key, 32), false};
    CHECK_OK(store_scan_table(rig.store, MAIL_MAILBOX, search_value, &search));
    return search.found;
}

/* ---- Renewal ---- */

TEST(a_key_is_renewed_after_a_month_and_the_one_before_is_erased) {
    static const uint8_t zeros[32];
    uint8_t key[32], priv[32];
    start();
    memcpy(key, account(1)->mailbox_key, 32);
    memcpy(priv, account(1)->mailbox_priv, 32);
    CHECK(serves(key) && stores(1, priv));
    jump(29 * TIME_DAY);
    CHECK_SLICE(SLICE_ARRAY(account(1)->mailbox_key), SLICE_ARRAY(key));
    say("under the first");
    jump(2 * TIME_DAY);
    CHECK(memcmp(account(1)->mailbox_key, key, 32) != 0);
    CHECK(!serves(key) && serves(account(1)->mailbox_key));
    CHECK_EQ(account(1)->old_until, 0);
    CHECK_SLICE(SLICE_ARRAY(account(1)->old_mailbox_priv), SLICE_ARRAY(zeros));
    CHECK(!stores(1, priv) && stores(1, account(1)->mailbox_priv));
    say("under the second");
    heard("under the first\nunder the second\n");
    rig_fini(&rig);
}

/* Nothing comes of its mailbox. */
static enum verdict no_items(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)body;
    return to == client(1) && (type == PROTO_delivery || type == PROTO_caught_up) ? DROP : PASS;
}

TEST(what_waits_under_the_older_key_still_opens_and_then_the_key_goes) {
    uint8_t old[32];
    start();
    memcpy(old, account(1)->mailbox_priv, 32);
    rig.on_reply = no_items;
    say("one");
    jump(31 * TIME_DAY);
    CHECK(memcmp(account(1)->mailbox_priv, old, 32) != 0);
    CHECK_SLICE(SLICE_ARRAY(account(1)->old_mailbox_priv), SLICE_ARRAY(old));
    CHECK(account(1)->old_until > rig_status(client(1)).position);
    CHECK(account(1)->old_until != UINT64_MAX);
    say("two");
    /* Another month: the older one is needed still, so there is no third. */
    memcpy(old, account(1)->mailbox_priv, 32);
    jump(31 * TIME_DAY);
    CHECK_SLICE(SLICE_ARRAY(account(1)->mailbox_priv), SLICE_ARRAY(old));
    rig_crash(client(1));
    rig.on_reply = NULL;
    rig_cut(&rig, client(1));
    rig_pass(&rig, TIME_MINUTE);
    heard("one\ntwo\n");
    CHECK(!stores(1, old)); /* drained, and renewed again */
    CHECK_EQ(account(1)->old_until, 0);
    rig_fini(&rig);
}

/* The first answer after the renewal is lost, and the link with it. */
static enum verdict lose_answer(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)body;
    return to == client(1) && type == PROTO_mailbox_key_set && r->hits++ == 0 ? CUT : PASS;
}

TEST(a_lost_answer_loses_no_item) {
    start();
    rig.on_reply = lose_answer;
    client(1)->away = true;
    jump(31 * TIME_DAY);
    say("while the answer is on its way");
    CHECK_EQ(rig.hits, 1);
    CHECK_EQ(account(1)->old_until, UINT64_MAX);
    CHECK(serves(account(1)->mailbox_key));
    client(1)->away = false;
    rig_pass(&rig, 2 * TIME_MINUTE); /* it tries again within a minute and a half */
    CHECK_EQ(account(1)->old_until, 0);
    heard("while the answer is on its way\n");
    rig_fini(&rig);
}

/* The request is lost: the server goes on with the older key, and is told again. */
static enum verdict lose_put(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    return from == client(1) && type == PROTO_mailbox_key_put && r->hits++ == 0 ? CUT : PASS;
}

TEST(a_lost_request_is_made_again) {
    uint8_t key[32];
    start();
    rig.on_request = lose_put;
    memcpy(key, account(1)->mailbox_key, 32);
    client(1)->away = true;
    jump(31 * TIME_DAY);
    CHECK(serves(key));
    say("to the older key");
    client(1)->away = false;
    rig_pass(&rig, 2 * TIME_MINUTE); /* it tries again within a minute and a half */
    CHECK(serves(account(1)->mailbox_key) && !serves(key));
    say("to the newer one");
    heard("to the older key\nto the newer one\n");
    CHECK_EQ(account(1)->old_until, 0);
    rig_fini(&rig);
}

TEST(whatever_commit_of_the_store_fails_at_the_renewal_nothing_is_lost) {
    for (int64_t in = 0; in < 6; in++) {
        start();
        client(1)->plan.fail_commit_in = in;
        jump(31 * TIME_DAY);
        client(1)->plan.fail_commit_in = -1;
        rig_pass(&rig, 5 * TIME_MINUTE);
        rig_crash(client(1));
        rig_pass(&rig, TIME_MINUTE);
        say("here");
        heard("here\n");
        CHECK(serves(account(1)->mailbox_key));
        CHECK_EQ(account(1)->old_until, 0);
        rig_fini(&rig);
    }
}

/* A clock that was a year ahead when the key was made does not keep it for a year. */
TEST(a_key_of_a_time_to_come_is_renewed) {
    uint8_t key[32];
    start();
    memcpy(key, account(1)->mailbox_key, 32);
    client(1)->core->account.r.mailbox_made = rig.now + 52 * TIME_WEEK;
    rig_cut(&rig, client(1));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(memcmp(account(1)->mailbox_key, key, 32) != 0);
    rig_fini(&rig);
}

/* ---- A server that was restored from a copy ---- */

struct restore {
    struct store_batch *batch;
    const uint8_t *key, *older;
};

static bool restore_key(void *ctx, struct store_key key, slice value) {
    struct restore *restore = ctx;
    struct held_mailbox row;
    buf work = {0};
    CHECK_OK(held_mailbox_read(value, &row));
    if (memcmp(row.key, restore->key, 32) == 0) {
        memcpy(row.key, restore->older, 32);
        CHECK_OK(held_mailbox_put(restore->batch, key.name, 0, &work, &row));
    }
    buf_free(&work);
    return true;
}

TEST(a_server_with_an_older_key_is_told_the_newest) {
    uint8_t older[32], priv[32];
    struct restore restore = {.older = older};
    start();
    restore.key = account(1)->mailbox_key;
    crypto_x25519_generate(older, priv);
    CHECK_OK(store_batch_new(&restore.batch, NULL));
    CHECK_OK(store_scan_table(rig.store, MAIL_MAILBOX, restore_key, &restore));
    CHECK_EQ(store_batch_count(restore.batch), 1);
    CHECK_OK(store_commit_now(rig.store, restore.batch));
    store_batch_free(restore.batch);
    restart_server();
    CHECK(serves(account(1)->mailbox_key) && !serves(older));
    say("after it");
    heard("after it\n");
    rig_fini(&rig);
}

/* ---- Opening ---- */

/* The delivery comes with another byte, number or chain. */
static void (*spoil)(struct proto_delivery *d, uint8_t *sealed);

static enum verdict spoil_delivery(struct rig *r, struct client *to, uint16_t type, slice body) {
    struct proto_delivery d;
    buf sealed = {0}, changed = {0};
    if (to != client(1) || type != PROTO_delivery || r->hits++ > 0)
        return PASS;
    CHECK_OK(proto_delivery_decode(body, &d));
    CHECK_OK(buf_set(&sealed, d.sealed));
    d.sealed = buf_slice(&sealed);
    spoil(&d, sealed.p);
    CHECK_OK(proto_delivery_encode(&changed, &d));
    struct proto_edge_reply reply = *r->reply;
    reply.body = buf_slice(&changed);
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&sealed);
    buf_free(&changed);
    return DROP;
}

static void spoil_byte(struct proto_delivery *d, uint8_t *sealed) {
    (void)d;
    sealed[5] ^= 1;
}
static void spoil_count(struct proto_delivery *d, uint8_t *sealed) {
    (void)sealed;
    d->number++;
}
static void spoil_far(struct proto_delivery *d, uint8_t *sealed) {
    (void)sealed;
    d->number += CRYPTO_CHAIN_MAX;
}
static void spoil_chain(struct proto_delivery *d, uint8_t *sealed) {
    (void)sealed;
    d->chain[3] ^= 1;
}
static void spoil_length(struct proto_delivery *d, uint8_t *sealed) {
    (void)sealed;
    d->sealed.n = 5;
}
static void spoil_to_no_key(struct proto_delivery *d, uint8_t *sealed) {
    (void)sealed;
    memset(d->chain, 0, sizeof d->chain);
}

TEST(an_item_that_does_not_open_is_put_aside_and_the_queue_goes_on) {
    void (*const spoils[])(struct proto_delivery *, uint8_t *) = {
        spoil_byte, spoil_count, spoil_far, spoil_chain, spoil_length, spoil_to_no_key};
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        start();
        spoil = spoils[i];
        rig.on_reply = spoil_delivery;
        say("spoiled");
        CHECK_EQ(rig_status(client(1)).quarantined, 1);
        CHECK_ERR(rig_last(client(1), CORE_NOTICE_QUARANTINED)->notice.error, ERR_CRYPTO);
        CHECK_EQ(rig_status(client(1)).auth, CORE_LINK_READY);
        say("whole");
        CHECK(strcmp(rig_texts(client(1)), "whole\n") == 0);
        CHECK_EQ(rig_status(client(1)).quarantined, 1);
        rig_fini(&rig);
    }
}

/* The seal is right, and what is in it is no parcel. */
TEST(a_parcel_that_is_none_is_put_aside) {
    static const char text[] = "this is no parcel";
    uint8_t sealed[sizeof text + CRYPTO_CHAIN_TAG];
    struct proto_delivery d = {0};
    struct crypto_chain chain;
    buf body = {0};
    start();
    CHECK_OK(crypto_chain_begin(&chain, account(1)->mailbox_key));
    CHECK_OK(crypto_chain_seal(&chain, sealed, SLICE_ARRAY(text)));
    memcpy(d.chain, chain.name, sizeof d.chain);
    d.number = chain.first;
    d.position = rig_status(client(1)).position + 1;
    d.sealed = SLICE_ARRAY(sealed);
    CHECK_OK(proto_delivery_encode(&body, &d));
    rig_reply(client(1), PROTO_delivery, buf_slice(&body));
    CHECK_EQ(rig_status(client(1)).quarantined, 1);
    CHECK_EQ(rig_status(client(1)).position, d.position);
    buf_free(&body);
    rig_fini(&rig);
}

TEST(chains_are_walked_on_found_again_and_begun_anew) {
    static const char all[] = "a\nb\nc\nd\ne\nf\ng\n";
    start();
    say("a");
    say("b");
    rig_cut(&rig, client(1));
    rig_pass(&rig, TIME_MINUTE);
    say("c"); /* the same chain, after another link */
    rig_crash(client(1));
    rig_pass(&rig, TIME_MINUTE);
    say("d"); /* from its start again */
    restart_server();
    say("e"); /* another chain */
    client(1)->away = true;
    rig_cut(&rig, client(1));
    say("f");
    restart_server();
    say("g"); /* two chains wait */
    client(1)->away = false;
    rig_pass(&rig, 2 * TIME_MINUTE); /* it tries again within a minute and a half */
    heard(all);
    rig_fini(&rig);
}

/* Everything comes twice: the second time by a chain that is already past it. */
static enum verdict twice(struct rig *r, struct client *to, uint16_t type, slice body) {
    if (to == client(1) && type == PROTO_delivery) {
        buf plain = {0};
        slice mark, item;
        CHECK(rig_open(to, type, body, &plain, &mark, &item));
        buf_free(&plain);
        session_reply(&r->links[r->reply->session - 1].session, &r->env, r->reply);
    }
    return PASS;
}

TEST(what_was_opened_before_opens_again) {
    start();
    rig.on_reply = twice;
    say("a");
    say("b");
    heard("a\nb\n");
    rig_fini(&rig);
}

TEST_MAIN
