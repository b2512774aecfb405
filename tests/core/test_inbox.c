/* Bad, early, repeated and foreign items: refused with their own error, state unchanged, and the
 * queue goes on. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* ---- What a member sent, for a test to use again ---- */

static struct {
    buf body;
    struct proto_send send;
    struct proto_commit commit;
    uint16_t type;
    enum verdict verdict;
    struct client *from;
} caught;

static enum verdict catch (struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r; if (from != caught.from || type != caught.type) return PASS;
    CHECK_OK(buf_set(&caught.body, body));
    if (type == PROTO_send) CHECK_OK(proto_send_decode(buf_slice(&caught.body), &caught.send));
    else CHECK_OK(proto_commit_decode(buf_slice(&caught.body), &caught.commit));
    return caught.verdict;
}

static void catch_from(struct client *c, uint16_t type, enum verdict verdict) {
    caught.from = c;
    caught.type = type;
    caught.verdict = verdict;
    rig.on_request = catch;
}

static const uint8_t *address_at(const struct proto_list *list, size_t i) {
    CHECK(i < list->count);
    return list->bytes.p + i * PROTO_ADDRESS;
}

static void start(size_t count) {
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
    rig_conversation(&rig, count);
}

static void finish(void) {
    buf_free(&caught.body);
    rig_fini(&rig);
}

/* ---- Repeats ---- */

TEST(a_repeated_item_is_dropped_silently) {
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "once"), OK);
    rig_send(&rig, address_at(&caught.send.addresses, 1), caught.send.item);
    CHECK_EQ(rig_status(client(1)).repeats, 1);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    CHECK(strcmp(rig_texts(client(1)), "once\n") == 0);
    rig_crash(client(1));
    rig_pass(&rig, TIME_SECOND);
    rig_send(&rig, address_at(&caught.send.addresses, 1), caught.send.item);
    CHECK_EQ(rig_status(client(1)).repeats, 2);
    CHECK(strcmp(rig_texts(client(1)), "once\n") == 0);
    finish();
}

TEST(the_same_message_in_another_bucket_is_a_repeat) {
    enum proto_item_kind kind;
    slice content;
    buf larger = {0};
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "once"), OK);
    CHECK_OK(proto_item_read(caught.send.item, &kind, &content));
    CHECK_OK(proto_item_write(&larger, PROTO_ITEM_MESSAGE, content));
    CHECK_OK(buf_resize(&larger, larger.n * 2));
    rig_send(&rig, address_at(&caught.send.addresses, 1), buf_slice(&larger));
    CHECK_EQ(rig_status(client(1)).repeats, 1);
    CHECK(strcmp(rig_texts(client(1)), "once\n") == 0);
    /* To ourselves too. */
    rig_send(&rig, address_at(&caught.send.addresses, 0), buf_slice(&larger));
    CHECK_EQ(rig_status(client(0)).repeats, 1);
    CHECK_EQ(rig_status(client(0)).quarantined, 0);
    buf_free(&larger);
    finish();
}

TEST(a_position_that_was_processed_is_ignored) {
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "once"), OK);
    struct core_status before = rig_status(client(1));
    rig_deliver(client(1), before.position, SLICE_EMPTY, caught.send.item);
    CHECK_EQ(rig_status(client(1)).repeats, before.repeats);
    CHECK_EQ(rig_status(client(1)).auth, CORE_LINK_READY);
    finish();
}

/* ---- Items that are nothing ---- */

static void put_aside(slice item, err expected) {
    struct core_status before = rig_status(client(1));
    rig_send(&rig, address_at(&caught.send.addresses, 1), item);
    struct core_status after = rig_status(client(1));
    CHECK_EQ(after.quarantined, before.quarantined + 1);
    CHECK_EQ(after.position, before.position + 1);
    CHECK_ERR(rig_last(client(1), CORE_NOTICE_QUARANTINED)->notice.error, expected);
}

static void put_message(const char *hex, err expected) {
    buf item = {0};
    uint8_t bytes[256];
    size_t n = strlen(hex) / 2;
    support_hex(bytes, n, hex);
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, slice_of(bytes, n)));
    put_aside(buf_slice(&item), expected);
    buf_free(&item);
}

TEST(malformed_items_are_put_aside_and_the_queue_goes_on) {
    uint8_t item[512] = {0};
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    put_aside(slice_of(item, 100), ERR_MALFORMED); /* no bucket */
    put_aside(slice_of(item, 256), ERR_MALFORMED); /* no kind */
    item[0] = PROTO_ITEM_MESSAGE;
    item[255] = 1;
    put_aside(slice_of(item, 256), ERR_MALFORMED); /* padding */
    item[255] = 0;
    item[1] = 0x3f;
    put_aside(slice_of(item, 256), ERR_MALFORMED); /* an empty MLS message */
    item[1] = 0x7f;
    item[2] = 0xff;
    put_aside(slice_of(item, 512), ERR_MALFORMED); /* a length beyond the item */
    item[0] = PROTO_ITEM_BLOB;
    item[1] = 4;
    item[2] = 0;
    put_aside(slice_of(item, 256), ERR_MALFORMED);                 /* no reference */
    put_message("0001000500010003", ERR_DENIED);                   /* a key package */
    put_message("0001000400010003000000000000000000", ERR_DENIED); /* a GroupInfo */
    put_message("00020002", ERR_MALFORMED);                        /* another version */
    put_message("00010002", ERR_MALFORMED);                        /* a private message that ends */
    rig_finish(client(0), rig_say(client(0), "two"), OK);
    rig_run(&rig);
    CHECK(strcmp(rig_texts(client(1)), "one\ntwo\n") == 0);
    finish();
}

TEST(the_same_garbage_is_put_aside_once) {
    uint8_t item[256] = {9};
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    for (int i = 0; i < 3; i++)
        rig_send(&rig, address_at(&caught.send.addresses, 1), SLICE_ARRAY(item));
    CHECK_EQ(rig_status(client(1)).quarantined, 1);
    CHECK_EQ(rig_status(client(1)).repeats, 2);
    finish();
}

TEST(quarantine_is_bounded) {
    uint8_t item[256] = {9};
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    for (unsigned i = 0; i < 100; i++) {
        item[1] = (uint8_t)i;
        rig_send(&rig, address_at(&caught.send.addresses, 1), SLICE_ARRAY(item));
    }
    CHECK_EQ(rig_status(client(1)).quarantined, QUARANTINE_MAX);
    CHECK(rig_notices(client(1), CORE_NOTICE_QUARANTINED) == 100);
    rig_crash(client(1));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(1)).quarantined, QUARANTINE_MAX);
    rig_finish(client(0), rig_say(client(0), "two"), OK);
    CHECK(strcmp(rig_texts(client(1)), "one\ntwo\n") == 0);
    finish();
}

TEST(random_items_change_nothing) {
    struct support_random random = {7};
    uint8_t first[32], item[1024];
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    CHECK_OK(core_conversation_authenticator(client(1)->core, 1, first));
    for (int i = 0; i < 200; i++) {
        memcpy(item, caught.send.item.p, 256);
        item[support_next(&random) % 256] ^= (uint8_t)(1 + support_next(&random) % 255);
        rig_send(&rig, address_at(&caught.send.addresses, 1), slice_of(item, 256));
    }
    uint8_t now[32];
    CHECK_OK(core_conversation_authenticator(client(1)->core, 1, now));
    CHECK_SLICE(SLICE_ARRAY(now), SLICE_ARRAY(first));
    rig_finish(client(0), rig_say(client(0), "two"), OK);
    CHECK(strcmp(rig_texts(client(1)), "one\ntwo\n") == 0);
    CHECK(rig_status(client(1)).quarantined <= 2 * QUARANTINE_MAX);
    finish();
}

TEST(what_opens_in_no_known_group_is_counted_and_dropped) {
    start(3);
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    rig_finish(client(0), command, OK);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "for all three"), OK);
    uint8_t address[PROTO_ADDRESS];
    memcpy(address, address_at(&caught.send.addresses, 2), sizeof address);
    uint64_t said, message;
    CHECK_OK(core_send_text(client(0)->core, number, CORE_TEXT_PLAIN, slice_str("for two"), NULL,
                            rig.now, &said, &message));
    rig_finish(client(0), said, OK);
    rig_send(&rig, address, caught.send.item);
    CHECK_EQ(rig_status(client(2)).dropped, 1);
    CHECK_EQ(rig_status(client(2)).quarantined, 0);
    CHECK_EQ(rig_status(client(2)).waiting, 0);
    finish();
}

/* ---- Commits ---- */

TEST(a_commit_without_the_servers_mark_is_refused) {
    uint64_t command;
    start(2);
    uint64_t epoch = rig_state(client(0)).epoch;
    catch_from(client(1), PROTO_commit, DROP);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_run(&rig);
    CHECK(caught.commit.addresses.count == 2);
    rig_send(&rig, address_at(&caught.commit.addresses, 0), caught.commit.item);
    CHECK_ERR(rig_last(client(0), CORE_NOTICE_QUARANTINED)->notice.error, ERR_UNORDERED);
    CHECK_EQ(rig_state(client(0)).epoch, epoch);
    CHECK_EQ(rig_state(client(0)).quarantined, 1);
    CHECK(!rig_state(client(0)).spoiled);
    /* To its maker too. */
    rig_send(&rig, address_at(&caught.commit.addresses, 1), caught.commit.item);
    CHECK_EQ(rig_state(client(1)).epoch, epoch);
    /* The real one still comes through. */
    rig.on_request = NULL;
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_state(client(0)).epoch, epoch + 1);
    rig_same_state(&rig, 2);
    finish();
}

static enum verdict spoil(struct rig *r, struct client *from, uint16_t type, slice body) {
    if (type != PROTO_commit || from != client(1) || r->hits++ > 0)
        return PASS;
    struct proto_commit m;
    buf forged = {0};
    writer w = writer_on(&forged);
    CHECK_OK(proto_commit_decode(body, &m));
    m.next[0] ^= 1;
    proto_commit_write(&w, &m);
    CHECK_OK(writer_result(&w));
    struct proto_edge_request request = {
        .session = 1, .request = 1, .type = type, .body = buf_slice(&forged)};
    mail_request(r->mail, &request);
    buf_free(&forged);
    return DROP;
}

TEST(a_commit_whose_mark_does_not_fit_it_is_refused) {
    uint64_t command;
    start(3);
    uint64_t epoch = rig_state(client(0)).epoch;
    rig.on_request = spoil;
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_pass(&rig, TIME_SECOND);
    CHECK_ERR(rig_last(client(0), CORE_NOTICE_QUARANTINED)->notice.error, ERR_UNORDERED);
    CHECK_EQ(rig_state(client(0)).epoch, epoch);
    CHECK(rig_state(client(0)).spoiled);
    CHECK(rig_state(client(2)).spoiled);
    /* Its epoch still carries messages. */
    rig_finish(client(2), rig_say(client(2), "make a new one"), OK);
    CHECK(strcmp(rig_texts(client(0)), "make a new one\n") == 0);
    finish();
}

/* Even well-formed and for a group that we are in: nothing but PrivateMessages. */
TEST(a_public_message_is_refused) {
    buf message = {0}, item = {0};
    writer w = writer_on(&message);
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    writer_u16(&w, 1);
    writer_u16(&w, MLS_PUBLIC_MESSAGE);
    writer_vec(&w, rig_state(client(1)).group_id);
    writer_u64(&w, rig_state(client(1)).epoch);
    writer_u8(&w, 1); /* a member */
    writer_u32(&w, 0);
    writer_vec(&w, SLICE_EMPTY);
    writer_u8(&w, MLS_PROPOSAL);
    CHECK_OK(writer_result(&w));
    CHECK_OK(buf_resize(&message, message.n + 64));
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_MESSAGE, buf_slice(&message)));
    put_aside(buf_slice(&item), ERR_DENIED);
    buf_free(&message);
    buf_free(&item);
    finish();
}

/* The server took the commit, and our own mailbox was full. */
static enum verdict refuse_own_copy(struct rig *r, struct client *to, uint16_t type, slice body) {
    struct proto_committed m = {.taken = true, .refused = {.count = 1}};
    struct proto_refusal refusal = {.place = 1, .reason = PROTO_REASON_MAILBOX_FULL};
    buf list = {0}, answer = {0};
    if (to != client(1))
        return PASS;
    if (rig_marked(to, type, body) == 1)
        return DROP;
    if (type != PROTO_committed)
        return PASS;
    writer inner = writer_on(&list), w = writer_on(&answer);
    proto_refusal_write(&inner, &refusal);
    m.refused.bytes = buf_slice(&list);
    proto_committed_write(&w, &m);
    CHECK_OK(writer_result(&w));
    struct proto_edge_reply reply = *r->reply;
    reply.body = buf_slice(&answer);
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&list);
    buf_free(&answer);
    return DROP;
}

TEST(a_commit_whose_own_copy_was_refused_is_applied_all_the_same) {
    uint64_t command;
    start(2);
    uint64_t epoch = rig_state(client(0)).epoch;
    rig.on_reply = refuse_own_copy;
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    CHECK_EQ(rig_done(client(1), command)->notice.refused, 1);
    CHECK_EQ(rig_state(client(1)).epoch, epoch + 1);
    rig_same_state(&rig, 2);
    finish();
}

/* ---- Items that come too early ---- */

static struct {
    struct client *to;
    unsigned marked, skip;
    buf body; /* opened */
    slice mark, item;
} held;

/* Keeps one delivery back: with a mark or without one. */
static enum verdict hold(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r;
    if (to != held.to || held.body.n > 0 || rig_marked(to, type, body) != (held.marked > 0))
        return PASS;
    if (held.skip > 0) {
        held.skip--;
        return PASS;
    }
    CHECK(rig_open(to, type, body, &held.body, &held.mark, &held.item));
    return DROP;
}

static void hold_from(struct client *c, bool marked) {
    memset(&held, 0, sizeof held);
    held.to = c;
    held.marked = marked;
    rig.on_reply = hold;
}

static void release(void) {
    CHECK(held.body.n > 0);
    rig_deliver(held.to, rig_status(held.to).position + 1, held.mark, held.item);
    buf_free(&held.body);
}

TEST(messages_of_a_later_epoch_wait_for_its_commit) {
    uint64_t command;
    start(3);
    hold_from(client(2), true);
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    rig_finish(client(1), rig_say(client(1), "two"), OK);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_finish(client(0), rig_say(client(0), "three"), OK);
    CHECK_EQ(rig_state(client(2)).waiting, 4);
    rig_crash(client(2));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_state(client(2)).waiting, 4);
    release();
    CHECK_EQ(rig_state(client(2)).waiting, 0);
    CHECK(strcmp(rig_texts(client(2)), "one\ntwo\nthree\n") == 0);
    CHECK_EQ(rig_status(client(2)).quarantined, 0);
    rig_same_state(&rig, 3);
    finish();
}

/* Whoever made the group, and whoever joined it. */
TEST(messages_of_one_sender_may_change_places) {
    for (size_t to = 0; to < 2; to++) {
        start(2);
        hold_from(client(to), false);
        rig_finish(client(1 - to), rig_say(client(1 - to), "one"), OK);
        rig_finish(client(1 - to), rig_say(client(1 - to), "two"), OK);
        release();
        CHECK(strcmp(rig_texts(client(to)), "two\none\n") == 0);
        CHECK_EQ(rig_status(client(to)).quarantined, 0);
        finish();
    }
}

TEST(what_waits_is_bounded) {
    uint64_t command;
    enum { MORE = 20 };
    start(2);
    hold_from(client(1), true);
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    for (int i = 0; i < WAITING_CONVERSATION_MAX + MORE; i++) {
        client(0)->count = client(1)->count = 0;
        rig_finish(client(0), rig_say(client(0), "early"), OK);
    }
    CHECK_EQ(rig_state(client(1)).waiting, WAITING_CONVERSATION_MAX);
    CHECK_EQ(rig_state(client(1)).quarantined, MORE);
    release();
    CHECK_EQ(rig_state(client(1)).waiting, 0);
    CHECK_EQ(strlen(rig_texts(client(1))), WAITING_CONVERSATION_MAX * strlen("early\n"));
    finish();
}

TEST(a_wish_to_leave_that_comes_after_its_commit_changes_nothing) {
    uint64_t command;
    start(3);
    hold_from(client(2), false);
    CHECK_OK(core_conversation_leave(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK_EQ(rig_state(client(1)).state, CORE_CONVERSATION_LEFT);
    CHECK_EQ(rig_state(client(2)).waiting, 0);
    CHECK(strcmp(rig_members(client(2)), "02") == 0);
    release();
    CHECK_EQ(rig_state(client(2)).waiting, 0);
    CHECK(strcmp(rig_members(client(2)), "02") == 0);
    CHECK_EQ(rig_status(client(2)).quarantined, 0);
    finish();
}

static enum verdict no_blobs(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    return type == PROTO_blob_get && from == client(2) ? CUT : PASS;
}

/* The largest text is a blob; later ones overtake it without being lost or held up. */
TEST(a_blob_that_is_slow_holds_nothing_up) {
    uint64_t command, message;
    buf text = {0};
    start(3);
    CHECK_OK(buf_resize(&text, 50000));
    memset(text.p, 'x', text.n);
    rig.on_request = no_blobs;
    CHECK_OK(core_send_text(client(0)->core, 1, CORE_TEXT_PLAIN, buf_slice(&text), NULL, rig.now,
                            &command, &message));
    rig_finish(client(0), command, OK);
    rig_finish(client(0), rig_say(client(0), "after it"), OK);
    CHECK(strcmp(rig_texts(client(2)), "after it\n") == 0);
    CHECK_EQ(rig_status(client(2)).waiting, 1);
    rig_crash(client(2));
    rig.on_request = NULL;
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(client(2)).waiting, 0);
    CHECK_EQ(rig_state(client(2)).messages, 4); /* that it joined, the name, and both texts */
    buf_free(&text);
    finish();
}

/* As if another commit won while this was on its way. */
static enum verdict begin_again(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct core *core = from->core;
    (void)body;
    if (type != PROTO_blob_put || r->hits++ > 0)
        return PASS;
    CHECK_OK(core_txn_begin(core));
    CHECK_OK(core_txn_end(core, core_entry_again(core, core->entries.p[0])));
    return PASS;
}

TEST(the_answer_to_an_upload_that_was_given_up_does_not_count_for_the_next) {
    start(2);
    uint64_t before = rig_state(client(1)).messages;
    rig.on_request = begin_again;
    rig_say_much(client(0));
    rig_pass(&rig, TIME_SECOND);
    CHECK(rig.hits > 1);
    CHECK_EQ(rig_status(client(1)).quarantined, 0);
    CHECK_EQ(rig_state(client(1)).messages, before + 1);
    finish();
}

/* More than the waiting room holds, behind a blob that takes its time and a commit. */
TEST(behind_a_slow_blob_nothing_is_lost) {
    uint64_t command;
    start(3);
    uint64_t before = rig_state(client(2)).messages;
    rig.on_request = no_blobs;
    rig_say_much(client(0));
    CHECK_OK(core_conversation_update(client(0)->core, 1, rig.now, &command));
    rig_finish(client(0), command, OK);
    for (int i = 0; i < 300; i++) {
        for (size_t j = 0; j < 3; j++)
            client(j)->count = 0;
        rig_finish(client(0), rig_say(client(0), "behind it"), OK);
    }
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_state(client(2)).messages < before + 301);
    client(2)->count = 0;
    rig.on_request = NULL;
    rig_pass(&rig, 10 * TIME_MINUTE);
    CHECK_EQ(rig_state(client(2)).messages, before + 301);
    CHECK_EQ(rig_status(client(2)).quarantined, 0);
    CHECK_EQ(rig_status(client(2)).waiting, 0);
    rig_same_state(&rig, 3);
    finish();
}

TEST(a_blob_that_is_not_there_is_put_aside) {
    struct proto_blob_reference reference = {.chunks = 1, .size = 10};
    buf content = {0}, item = {0};
    writer w = writer_on(&content);
    start(2);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    proto_blob_reference_write(&w, &reference);
    CHECK_OK(writer_result(&w));
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_BLOB, buf_slice(&content)));
    rig_send(&rig, address_at(&caught.send.addresses, 1), buf_slice(&item));
    CHECK_EQ(rig_status(client(1)).waiting, 0);
    CHECK_ERR(rig_last(client(1), CORE_NOTICE_QUARANTINED)->notice.error, ERR_NOT_FOUND);
    buf_free(&content);
    buf_free(&item);
    finish();
}

TEST(a_welcome_joins_once) {
    uint64_t command;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    catch_from(client(0), PROTO_commit, PASS);
    rig_conversation(&rig, 2);
    struct proto_letter letter;
    reader r = reader_of(caught.commit.letters.bytes);
    CHECK_OK(proto_letter_read(&r, &letter));
    enum proto_item_kind kind;
    slice content;
    buf again = {0};
    CHECK_OK(proto_item_read(letter.item, &kind, &content));
    CHECK_OK(proto_item_write(&again, kind, content));
    CHECK_OK(buf_resize(&again, again.n * 2));
    if (again.n <= PROTO_ITEM_MAX) {
        rig_send(&rig, letter.address, buf_slice(&again));
        CHECK_EQ(rig_status(client(1)).repeats, 1);
    }
    CHECK_EQ(rig_status(client(1)).conversations, 1);
    CHECK_OK(core_conversation_update(client(1)->core, 1, rig.now, &command));
    rig_finish(client(1), command, OK);
    buf_free(&again);
    finish();
}

/* The server gives somebody else's key package. */
static enum verdict swap_address(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_key_package_take m;
    if (from != client(0) || type != PROTO_key_package_take)
        return PASS;
    CHECK_OK(proto_key_package_take_decode(body, &m));
    struct proto_edge_request other = *r->request;
    other.body = slice_of(address_at(&caught.send.addresses, 2), PROTO_ADDRESS);
    mail_request(r->mail, &other);
    return DROP;
}

TEST(a_key_package_of_somebody_else_is_refused) {
    uint64_t command;
    uint32_t number;
    struct core_conversation c;
    start(3);
    catch_from(client(0), PROTO_send, PASS);
    rig_finish(client(0), rig_say(client(0), "one"), OK);
    rig.on_request = swap_address;
    CHECK_OK(core_conversation_new(client(0)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[16])client(1)->account, 1, rig.now, &command,
                                   &number));
    uint64_t said, message;
    CHECK_OK(core_send_text(client(0)->core, number, CORE_TEXT_PLAIN, slice_str("x"), NULL, rig.now,
                            &said, &message));
    rig_finish(client(0), command, ERR_MLS_CREDENTIAL);
    rig_finish(client(0), said, ERR_MLS_REMOVED);
    CHECK_OK(core_conversation_get(client(0)->core, number, &c));
    CHECK_EQ(c.state, CORE_CONVERSATION_FAILED);
    CHECK_EQ(rig_status(client(2)).conversations, 1);
    finish();
}

TEST(a_gap_is_told) {
    struct proto_caught_up m = {.gaps = 3};
    buf body = {0};
    writer w = writer_on(&body);
    start(2);
    m.position = rig_status(client(1)).position + 1000;
    proto_caught_up_write(&w, &m);
    CHECK_OK(writer_result(&w));
    rig_reply(client(1), PROTO_caught_up, buf_slice(&body));
    CHECK_EQ(rig_status(client(1)).gaps, 3);
    CHECK_EQ(rig_status(client(1)).position, m.position);
    CHECK_EQ(rig_last(client(1), CORE_NOTICE_GAPS)->notice.count, 3);
    buf_free(&body);
    finish();
}

TEST_MAIN
