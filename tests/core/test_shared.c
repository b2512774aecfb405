/* What an account's own devices share, and what comes of it when two of them disagree. Client 0 has
 * the identity's key, client 1 is somebody else. */
#include "core/internal.h"
#include "rig.h"
#include "server/held.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static struct client *first, *other, *stranger;

/* Two own devices, and somebody who has a link of each. */
static void two_devices(void) {
    rig_init(&rig, 2);
    first = client(0);
    stranger = client(1);
    other = rig_link(&rig, 0, 2);
    rig_take_link(first, stranger);
    rig_take_link(other, stranger);
    rig_pass(&rig, TIME_MINUTE);
}

/* Long enough for what is shared to arrive. */
static void settle(void) {
    rig_pass(&rig, TIME_MINUTE);
}

/* A device hears nothing until it is back. */
static void leave(struct client *c) {
    core_online(c->core, false, rig.now);
    rig_run(&rig);
}

static void come_back(struct client *c) {
    core_online(c->core, true, rig.now);
    settle();
}

static uint32_t begin(struct client *from, const uint8_t account[CORE_ACCOUNT]) {
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(from->core, SLICE_EMPTY, (const uint8_t(*)[CORE_ACCOUNT])account,
                                   1, rig.now, &command, &number));
    rig_finish(from, command, OK);
    settle();
    return number;
}

/* What own devices say to each other, from whichever member of a conversation, in it. */
static void send_sync(struct client *from, uint32_t conversation, const struct record_sync *sync,
                      size_t cut) {
    buf body = {0}, content = {0};
    uint64_t command, message;
    CHECK_OK(record_sync_write(&body, sync));
    CHECK_OK(core_content_encode(&content, CONTENT_PROFILE, "application/vnd.sotto.sync",
                                 slice_of(body.p, body.n - cut), NULL, NULL));
    CHECK_OK(core_send_content(from->core, conversation, buf_slice(&content), rig.now, &command,
                               &message));
    rig_finish(from, command, OK);
    settle();
    buf_free(&body);
    buf_free(&content);
}

static void add_item(buf *items, slice item) {
    writer w = writer_on(items);
    writer_vec(&w, item);
    CHECK_OK(writer_result(&w));
}

/* ---- Blocks ---- */

TEST(whoever_is_blocked_on_one_device_asks_the_other_in_vain) {
    struct core_blocked b;
    two_devices();
    begin(stranger, first->account);
    CHECK_EQ(rig_status(first).requests, 1);
    CHECK_EQ(rig_status(other).requests, 1);
    CHECK_OK(core_block(first->core, stranger->account, rig.now));
    settle();
    CHECK_EQ(rig_status(first).requests, 0);
    CHECK_EQ(rig_status(other).requests, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    CHECK_OK(core_blocked_at(other->core, 0, &b));
    CHECK_SLICE(SLICE_ARRAY(b.account), SLICE_ARRAY(stranger->account));
    CHECK_SLICE(b.name, slice_str("n1"));
    CHECK_ERR(core_block(other->core, stranger->account, rig.now), ERR_EXISTS);
    begin(stranger, first->account);
    CHECK_EQ(rig_status(other).requests, 0);
    rig_crash(other);
    rig_pass(&rig, TIME_MINUTE);
    CHECK_EQ(rig_status(other).blocked, 1);
    /* And the other way round. */
    CHECK_OK(core_unblock(other->core, stranger->account, rig.now));
    settle();
    CHECK_EQ(rig_status(first).blocked, 0);
    CHECK_ERR(core_blocked_at(first->core, 0, &b), ERR_NOT_FOUND);
    CHECK_ERR(core_unblock(first->core, stranger->account, rig.now), ERR_NOT_FOUND);
    begin(stranger, first->account);
    CHECK_EQ(rig_status(first).requests, 1);
    CHECK_EQ(rig_status(other).requests, 1);
    rig_fini(&rig);
}

TEST(a_contact_that_is_blocked_on_one_device_is_in_no_conversation_on_the_other) {
    struct core_conversation c;
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    other = rig_link(&rig, 0, 2);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_OK(core_conversation_find(other->core, slice_str("n1"), &c));
    CHECK_EQ(c.state, CORE_CONVERSATION_ACTIVE);
    CHECK_OK(core_block(other->core, client(1)->account, rig.now));
    settle();
    CHECK_EQ(rig_state(client(0)).state, CORE_CONVERSATION_LEFT);
    CHECK_OK(core_conversation_get(other->core, c.number, &c));
    CHECK_EQ(c.state, CORE_CONVERSATION_LEFT);
    rig_fini(&rig);
}

TEST(a_block_that_an_unblock_did_not_know_of_stands) {
    two_devices();
    CHECK_OK(core_block(first->core, stranger->account, rig.now));
    settle();
    /* The first lifts it and the other, which has not heard of that, can't block anew; it lifts it
     * too, and blocks for another reason. Then the first's unblock, which came later, arrives. */
    leave(first);
    leave(other);
    CHECK_OK(core_unblock(other->core, stranger->account, rig.now));
    rig.now += TIME_SECOND;
    CHECK_OK(core_block(other->core, stranger->account, rig.now));
    rig.now += TIME_SECOND;
    CHECK_OK(core_unblock(first->core, stranger->account, rig.now));
    come_back(other);
    come_back(first);
    CHECK_EQ(rig_status(first).blocked, 1);
    CHECK_EQ(rig_status(other).blocked, 1);
    /* Whoever knows of that block lifts it. */
    CHECK_OK(core_unblock(first->core, stranger->account, rig.now));
    settle();
    CHECK_EQ(rig_status(first).blocked, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    rig_fini(&rig);
}

TEST(a_device_that_is_linked_later_knows_who_is_blocked) {
    rig_init(&rig, 2);
    uint8_t account[CORE_ACCOUNT] = {0};
    for (uint32_t i = 0; i < 2000; i++) { /* more than one message takes */
        put_u32(account, i);
        CHECK_OK(core_block(client(0)->core, account, rig.now));
    }
    CHECK_OK(core_unblock(client(0)->core, account, rig.now));
    other = rig_link(&rig, 0, 2);
    CHECK_EQ(rig_status(other).blocked, 1999);
    CHECK_ERR(core_unblock(other->core, account, rig.now), ERR_NOT_FOUND);
    put_u32(account, 7);
    CHECK_OK(core_unblock(other->core, account, rig.now));
    rig_fini(&rig);
}

/* A block of somebody by an own device, as it is told; by: after any other's. */
static struct record_blocked blocked_of(const uint8_t account[CORE_ACCOUNT], uint64_t time) {
    struct record_blocked r = {.time = time};
    memcpy(r.account, account, sizeof r.account);
    memset(r.by, 0xff, sizeof r.by);
    return r;
}

static void write_blocked(const struct record_blocked *r, buf *items) {
    buf item = {0};
    CHECK_OK(record_blocked_write(&item, r));
    add_item(items, buf_slice(&item));
    buf_free(&item);
}

static void tell_blocked(struct client *from, uint32_t conversation, const struct record_blocked *r,
                         size_t cut) {
    struct record_sync sync = {.kind = SYNC_BLOCKED};
    buf items = {0};
    write_blocked(r, &items);
    sync.items = buf_slice(&items);
    send_sync(from, conversation, &sync, cut);
    buf_free(&items);
}

TEST(the_later_change_holds_whatever_came_first) {
    uint8_t account[CORE_ACCOUNT] = {9};
    two_devices();
    uint32_t own = rig_status(first).own;
    struct record_blocked r = blocked_of(account, rig.now);
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    r.over = true;
    r.time--;
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    r.time++; /* at the same time, by the same device: it was told already */
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    r.time++;
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    /* At the same time, by another device. */
    r.over = false;
    memset(r.by, 0, sizeof r.by);
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    rig_fini(&rig);
}

TEST(a_change_from_a_clock_that_is_wrong_holds_for_a_day) {
    uint8_t account[CORE_ACCOUNT] = {9};
    two_devices();
    uint32_t own = rig_status(first).own;
    struct record_blocked r = blocked_of(account, UINT64_MAX);
    r.over = true;
    tell_blocked(first, own, &r, 0);
    r.over = false;
    r.time = rig.now + 2 * TIME_DAY;
    rig_pass(&rig, 2 * TIME_DAY);
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 1);
    rig_fini(&rig);
}

/* One that is told a block and an unblock of a year ahead, and blocks again, is heard. */
static void blocked_again(const uint8_t account[CORE_ACCOUNT]) {
    come_back(other);
    CHECK_EQ(rig_status(first).blocked, 0);
    CHECK_OK(core_block(first->core, account, rig.now));
    settle();
    CHECK_EQ(rig_status(first).blocked, 1);
    CHECK_EQ(rig_status(other).blocked, 1);
    CHECK_OK(core_unblock(first->core, account, rig.now));
    settle();
}

TEST(what_a_device_changed_by_a_wrong_clock_holds_for_a_day_on_it_too) {
    uint8_t account[CORE_ACCOUNT] = {9};
    two_devices();
    for (unsigned i = 0; i < 2; i++, account[0]++) {
        leave(other);
        CHECK_OK(core_block(other->core, account, rig.now + 52 * TIME_WEEK));
        CHECK_OK(core_unblock(other->core, account, rig.now + 52 * TIME_WEEK));
        if (i == 1)
            rig_crash(other); /* the clock is set right between two runs */
        blocked_again(account);
    }
    rig_fini(&rig);
}

TEST(what_own_devices_share_is_taken_from_nobody_else) {
    uint8_t account[CORE_ACCOUNT] = {9};
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
    first = client(0);
    other = rig_link(&rig, 0, 2);
    rig_pass(&rig, 2 * TIME_MINUTE);
    struct record_blocked r = blocked_of(account, rig.now);
    tell_blocked(client(1), 1, &r, 0); /* from a contact */
    tell_blocked(first, 1, &r, 0);     /* from ourselves, where others hear it */
    /* From somebody whom another device of ours let into the conversation of own devices. */
    struct record_sync sync = {.kind = SYNC_BLOCKED};
    buf items = {0}, body = {0};
    write_blocked(&r, &items);
    sync.items = buf_slice(&items);
    CHECK_OK(record_sync_write(&body, &sync));
    uint8_t sender[32] = {0};
    memcpy(sender, client(1)->account, CORE_ACCOUNT);
    CHECK_OK(core_txn_begin(other->core));
    err e =
        core_sync_receive(other->core, core_conversation_lookup(other->core, rig_status(other).own),
                          sender, buf_slice(&body));
    CHECK_OK(core_txn_end(other->core, e));
    buf_free(&items);
    buf_free(&body);
    CHECK_EQ(rig_status(first).blocked, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    rig_fini(&rig);
}

/* ---- Contacts ---- */

static struct record_contact known_as(struct client *c) {
    return core_contact_lookup(c->core, client(1)->account)->r;
}

static void import(struct client *c, const struct record_contact *r) {
    CHECK_OK(core_txn_begin(c->core));
    CHECK_OK(core_txn_end(c->core, core_contact_import(c->core, r)));
}

static buf told;

/* Client 1 is a contact of client 0, whose record this is: a copy. */
static struct record_contact a_contact(void) {
    struct record_contact known, copy;
    rig_init(&rig, 3);
    rig_meet_all(&rig, 2);
    known = known_as(client(0));
    buf_clear(&told);
    CHECK_OK(record_contact_write(&told, &known));
    CHECK_OK(record_contact_read(buf_slice(&told), &copy));
    return copy;
}

static void end_contact(void) {
    buf_free(&told);
    rig_fini(&rig);
}

TEST(what_the_user_said_of_a_contact_stays_when_another_device_knows_an_older_word) {
    struct record_contact r = a_contact();
    CHECK_OK(core_contact_rename(client(0)->core, client(1)->account, slice_str("Ben"), rig.now));
    CHECK_OK(core_contact_set_verified(client(0)->core, client(1)->account, true, rig.now));
    r.petname = slice_str("Mallory");
    r.name = slice_str("Somebody");
    r.verified = false;
    import(client(0), &r);
    CHECK_SLICE(known_as(client(0)).petname, slice_str("Ben"));
    CHECK_SLICE(known_as(client(0)).name, slice_str("n1"));
    CHECK(known_as(client(0)).verified);
    end_contact();
}

TEST(a_later_word_of_another_device_takes_petname_and_verification_away) {
    struct record_contact r = a_contact();
    CHECK_OK(core_contact_rename(client(0)->core, client(1)->account, slice_str("Ben"), rig.now));
    CHECK_OK(core_contact_set_verified(client(0)->core, client(1)->account, true, rig.now));
    r.changed = known_as(client(0)).changed + 1;
    import(client(0), &r);
    CHECK_EQ(known_as(client(0)).petname.n, 0);
    CHECK(!known_as(client(0)).verified);
    end_contact();
}

TEST(another_device_adds_what_is_missing_of_a_contact) {
    struct record_contact r = a_contact();
    r.petname = slice_str("Ben");
    r.verified = true;
    r.changed = rig.now;
    import(client(0), &r);
    CHECK_SLICE(known_as(client(0)).petname, slice_str("Ben"));
    CHECK(known_as(client(0)).verified);
    import(client(2), &r);
    CHECK_SLICE(known_as(client(2)).petname, slice_str("Ben"));
    CHECK_EQ(known_as(client(2)).version, 1);
    end_contact();
}

TEST(a_contact_that_is_new_here_is_dated_a_day_ahead_at_most) {
    struct record_contact r = a_contact();
    r.petname = slice_str("Ben");
    r.changed = UINT64_MAX;
    import(client(2), &r);
    CHECK_SLICE(known_as(client(2)).petname, slice_str("Ben"));
    CHECK_EQ(known_as(client(2)).changed, client(2)->core->now + TIME_DAY);
    r.petname = slice_str("Bob");
    r.changed = rig.now + 2 * TIME_DAY;
    rig.now += 2 * TIME_DAY;
    CHECK_OK(core_enter(client(2)->core, rig.now));
    import(client(2), &r);
    CHECK_SLICE(known_as(client(2)).petname, slice_str("Bob"));
    end_contact();
}

TEST(a_link_that_was_taken_by_a_clock_that_is_wrong_gives_way_to_the_next) {
    uint8_t place[16 + PROTO_ADDRESS];
    struct record_contact r = a_contact();
    CHECK_EQ(r.addresses.n, sizeof place);
    memcpy(place, r.addresses.p, sizeof place);
    r.link_until = UINT64_MAX - 1;
    import(client(2), &r);
    rig.now += 2 * TIME_DAY;
    CHECK_OK(core_enter(client(2)->core, rig.now));
    place[sizeof place - 1] ^= 1;
    r.addresses = SLICE_ARRAY(place);
    r.link_until = rig.now + TIME_WEEK;
    import(client(2), &r);
    CHECK_SLICE(known_as(client(2)).addresses, SLICE_ARRAY(place));
    /* The clock that was wrong is this one's. */
    core_contact_lookup(client(2)->core, client(1)->account)->r.link_until = UINT64_MAX;
    CHECK_OK(core_enter(client(2)->core, rig.now - 1));
    CHECK_EQ(known_as(client(2)).link_until, (rig.now - 1 + TIME_WEEK + TIME_DAY) | 1);
    end_contact();
}

TEST(a_contact_that_is_known_under_another_key_is_left_alone) {
    struct record_contact r = a_contact();
    core_contact_lookup(client(0)->core, client(1)->account)->r.identity[0] ^= 1;
    r.verified = true;
    r.petname = slice_str("Ben");
    r.changed = rig.now;
    import(client(0), &r);
    CHECK(!known_as(client(0)).verified);
    CHECK_EQ(known_as(client(0)).petname.n, 0);
    end_contact();
}

static void not_taken(const struct record_contact *r) {
    import(client(2), r);
    CHECK_EQ(rig_status(client(2)).contacts, 0);
}

TEST(a_contact_that_is_not_what_its_identity_signed_is_not_taken) {
    struct record_contact good = a_contact(), r = good;
    buf devices = {0};
    r.identity[0] ^= 1;
    not_taken(&r);
    r = good;
    r.account[0] ^= 1;
    not_taken(&r);
    r = good;
    r.version++;
    not_taken(&r);
    r = good;
    r.petname = slice_str("a\nb");
    not_taken(&r);
    r = good;
    r.devices = client(0)->core->account.r.devices; /* signed, by somebody else */
    not_taken(&r);
    CHECK_OK(buf_set(&devices, good.devices));
    devices.p[devices.n - 1] ^= 1;
    r.devices = buf_slice(&devices);
    not_taken(&r);
    /* Ourselves. */
    r = good;
    memcpy(r.account, client(2)->account, sizeof r.account);
    memcpy(r.identity, client(2)->core->account.r.identity, sizeof r.identity);
    r.devices = client(2)->core->account.r.devices;
    not_taken(&r);
    import(client(2), &good);
    CHECK_EQ(rig_status(client(2)).contacts, 1);
    buf_free(&devices);
    end_contact();
}

TEST(what_does_not_read_changes_nothing) {
    uint8_t account[CORE_ACCOUNT] = {9};
    two_devices();
    uint32_t own = rig_status(first).own;
    struct record_blocked r = blocked_of(account, rig.now);
    for (size_t cut = 1; cut < 60; cut += 7)
        tell_blocked(first, own, &r, cut);
    memcpy(r.account, first->account, sizeof r.account); /* ourselves */
    tell_blocked(first, own, &r, 0);
    memcpy(r.account, account, sizeof r.account);
    r.name = slice_str("a\nb");
    tell_blocked(first, own, &r, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    CHECK_EQ(rig_status(other).quarantined, 0);
    /* The first item of a message whose second is cut off. */
    struct record_sync sync = {.kind = SYNC_BLOCKED};
    buf items = {0};
    r.name = SLICE_EMPTY;
    write_blocked(&r, &items);
    CHECK_OK(buf_append(&items, slice_str("\x20half")));
    sync.items = buf_slice(&items);
    send_sync(first, own, &sync, 0);
    CHECK_EQ(rig_status(other).blocked, 0);
    buf_free(&items);
    rig_fini(&rig);
}

/* ---- Requests ---- */

static uint32_t request_of(struct client *c) {
    struct core_conversation state;
    for (size_t i = 0; core_conversation_at(c->core, i, &state) == OK; i++)
        if (state.state == CORE_CONVERSATION_REQUEST)
            return state.number;
    return 0;
}

TEST(a_request_that_is_accepted_on_one_device_is_a_conversation_on_both) {
    struct core_conversation c;
    two_devices();
    uint32_t number = begin(stranger, first->account);
    CHECK(request_of(other) != 0);
    CHECK_OK(core_request_accept(other->core, request_of(other), slice_str("bob"), rig.now));
    settle();
    CHECK_EQ(request_of(first), 0);
    for (size_t i = 0; i < 2; i++) {
        CHECK_OK(core_conversation_find(i == 0 ? first->core : other->core, slice_str("bob"), &c));
        CHECK_EQ(c.state, CORE_CONVERSATION_ACTIVE);
        CHECK_EQ(c.members, 3);
    }
    CHECK_OK(core_conversation_get(stranger->core, number, &c));
    CHECK_EQ(c.members, 3);
    rig_fini(&rig);
}

/* As when its inviter is not there any more. */
TEST(a_request_is_accepted_by_the_other_device_s_word_alone) {
    struct core_conversation c;
    two_devices();
    begin(stranger, first->account);
    struct record_decision d = {.accepted = true};
    CHECK_OK(core_conversation_get(other->core, request_of(other), &c));
    memcpy(d.group, c.group_id.p, sizeof d.group);
    CHECK_OK(core_txn_begin(other->core));
    CHECK_OK(core_txn_end(other->core, core_request_settle(other->core, &d)));
    CHECK_OK(core_conversation_get(other->core, c.number, &c));
    CHECK_EQ(c.state, CORE_CONVERSATION_ACTIVE);
    CHECK_EQ(rig_status(other).contacts, 0);
    rig_fini(&rig);
}

TEST(a_request_that_is_declined_on_one_device_is_gone_on_both) {
    two_devices();
    begin(stranger, first->account);
    CHECK(request_of(other) != 0);
    CHECK_OK(core_request_decline(first->core, request_of(first), rig.now));
    settle();
    CHECK_EQ(request_of(other), 0);
    /* It may ask again, in another conversation. */
    begin(stranger, first->account);
    CHECK(request_of(first) != 0);
    CHECK(request_of(other) != 0);
    rig_fini(&rig);
}

/* A Welcome that is a blob may come after the word of the other device. */
TEST(a_request_that_was_declined_before_it_came_is_not_shown) {
    uint8_t group[32];
    struct core_conversation c;
    two_devices();
    leave(other);
    uint32_t number = begin(stranger, first->account);
    CHECK_OK(core_conversation_get(stranger->core, number, &c));
    memcpy(group, c.group_id.p, sizeof group);
    struct record_decision d = {0};
    memcpy(d.group, group, sizeof d.group);
    CHECK_OK(core_txn_begin(other->core));
    CHECK_OK(core_txn_end(other->core, core_request_settle(other->core, &d)));
    come_back(other);
    CHECK(request_of(first) != 0);
    CHECK_EQ(request_of(other), 0);
    CHECK_EQ(rig_status(other).quarantined, 0);
    bool declined = true; /* who is added again later is asked again */
    CHECK_OK(core_seen_take_declined(other->core, group, &declined));
    CHECK(!declined);
    rig_fini(&rig);
}

/* ---- Profiles ---- */

static const uint8_t image[200] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
                                   'I',  'H', 'D', 'R', 0,    0,    0,    1,    0, 0, 0, 1};

static void shows(struct client *c, uint32_t conversation, const char *name, size_t picture) {
    struct core_profile p;
    CHECK_OK(core_profile_get(c->core, conversation, &p));
    CHECK_SLICE(p.name, slice_str(name));
    CHECK_EQ(p.picture.n, picture);
}

static void call(struct client *c, uint32_t conversation, const char *name, const slice *picture) {
    slice text = name == NULL ? SLICE_EMPTY : slice_str(name);
    CHECK_OK(
        core_profile_set(c->core, conversation, name == NULL ? NULL : &text, picture, rig.now));
    settle();
}

/* What somebody else sees of the account of client 0. */
static void seen(struct client *c, uint32_t conversation, const char *name, size_t picture) {
    buf text = {0};
    slice shown = SLICE_EMPTY;
    CHECK_OK(core_contact_name_of(c->core, conversation, client(0)->account, &text));
    CHECK_SLICE(buf_slice(&text), slice_str(name));
    err e = core_picture_get(c->core, client(0)->account, conversation, &shown);
    CHECK(e == OK || e == ERR_NOT_FOUND);
    CHECK_EQ(shown.n, picture);
    buf_free(&text);
}

/* Clients 0 and 1 in a conversation, number 1 for both; the other device comes later. Its number
 * of it. */
static uint32_t talk_and_link(void) {
    struct core_conversation c;
    first = client(0);
    stranger = client(1);
    other = rig_link(&rig, 0, 2);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_OK(core_conversation_find(other->core, slice_str("n1"), &c));
    return c.number;
}

static void talk(void) {
    rig_init(&rig, 2);
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
}

TEST(a_profile_that_is_set_on_one_device_is_that_of_both) {
    slice picture = SLICE_ARRAY(image), none = SLICE_EMPTY;
    talk();
    uint32_t number = talk_and_link();
    call(other, 0, "anna", &picture);
    shows(first, 0, "anna", sizeof image);
    CHECK_SLICE(rig_status(first).name, slice_str("anna"));
    call(first, 1, "a.", NULL);
    shows(other, number, "a.", sizeof image);
    shows(other, 0, "anna", sizeof image);
    seen(stranger, 1, "a.", sizeof image);
    rig_crash(other);
    rig_pass(&rig, TIME_MINUTE);
    shows(other, number, "a.", sizeof image);
    call(other, number, NULL, NULL); /* the same as everywhere again */
    shows(first, 1, "anna", sizeof image);
    seen(stranger, 1, "anna", sizeof image);
    call(first, 0, NULL, &none);
    shows(other, number, "anna", 0);
    rig_fini(&rig);
}

TEST(of_two_profiles_the_later_one_holds) {
    talk();
    (void)talk_and_link();
    leave(first);
    leave(other);
    call(first, 0, "early", NULL);
    call(other, 0, "late", NULL);
    come_back(other);
    come_back(first);
    shows(first, 0, "late", 0);
    shows(other, 0, "late", 0);
    seen(stranger, 1, "late", 0);
    rig_fini(&rig);
}

/* Contacts, too: even one who hears of both much later. */
TEST(a_profile_of_a_clock_that_was_wrong_gives_way_to_the_next) {
    slice picture = SLICE_ARRAY(image), none = SLICE_EMPTY, name = slice_str("ahead");
    talk();
    (void)talk_and_link();
    for (unsigned i = 0; i < 2; i++) {
        leave(first);
        CHECK_OK(core_profile_set(first->core, 0, &name, &picture, rig.now + 52 * TIME_WEEK));
        come_back(first);
        shows(first, 0, "ahead", sizeof image);
        shows(other, 0, "ahead", sizeof image);
        if (i == 0)
            seen(stranger, 1, "ahead", sizeof image);
        call(other, 0, "right", &none);
        if (i == 1) {
            rig_pass(&rig, 3 * TIME_DAY);
            come_back(stranger);
        }
        shows(first, 0, "right", 0);
        seen(stranger, 1, "right", 0);
        leave(stranger);
    }
    rig_fini(&rig);
}

/* It knows before it comes in what is shown in one conversation alone. */
TEST(a_device_that_is_linked_later_has_the_profile_and_changes_nothing_of_it) {
    slice picture = SLICE_ARRAY(image);
    talk();
    call(client(0), 1, "a.", NULL);
    call(client(0), 0, "anna", &picture);
    seen(client(1), 1, "a.", sizeof image);
    uint32_t number = talk_and_link();
    shows(other, 0, "anna", sizeof image);
    shows(other, number, "a.", sizeof image);
    seen(stranger, 1, "a.", sizeof image);
    rig_fini(&rig);
}

TEST(a_profile_that_is_none_is_ignored) {
    struct record_profile r = {.named = true, .name = slice_str("a\nb"), .changed = UINT64_MAX};
    struct record_sync sync = {.kind = SYNC_PROFILES};
    buf items = {0}, item = {0};
    two_devices();
    for (int i = 0; i < 2; i++) {
        buf_clear(&items);
        buf_clear(&item);
        CHECK_OK(record_profile_write(&item, &r));
        add_item(&items, buf_slice(&item));
        sync.items = buf_slice(&items);
        send_sync(first, rig_status(first).own, &sync, 0);
        shows(other, 0, "n0", 0);
        r.name = SLICE_EMPTY;
        r.picture = slice_str("no picture");
    }
    buf_free(&items);
    buf_free(&item);
    rig_fini(&rig);
}

/* ---- What was read ---- */

static bool count_content(void *ctx, const struct core_message *m) {
    *(unsigned *)ctx += m->kind == CORE_MESSAGE_CONTENT;
    return true;
}

/* Messages, without the entries that say who came and went. */
static unsigned unread(struct client *c, uint32_t number) {
    struct core_conversation state;
    unsigned count = 0;
    CHECK_OK(core_conversation_get(c->core, number, &state));
    CHECK_OK(core_messages(c->core, number, state.read + 1, UINT64_MAX, count_content, &count));
    return count;
}

static void say(struct client *c, uint32_t number, const char *text) {
    uint64_t command, message;
    CHECK_OK(core_send_text(c->core, number, CORE_TEXT_PLAIN, slice_str(text), NULL, rig.now,
                            &command, &message));
    rig_finish(c, command, OK);
    rig_pass(&rig, TIME_SECOND);
}

static void read_all(struct client *c, uint32_t number) {
    struct core_conversation state;
    CHECK_OK(core_conversation_get(c->core, number, &state));
    CHECK_OK(core_conversation_read(c->core, number, state.messages, rig.now));
}

static unsigned sends;
static enum verdict count_sends(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    sends += from == first && type == PROTO_send;
    return PASS;
}

TEST(what_was_read_on_one_device_is_read_on_the_other) {
    talk();
    uint32_t number = talk_and_link();
    read_all(first, 1);
    read_all(other, number);
    settle();
    say(stranger, 1, "one");
    say(stranger, 1, "two");
    CHECK_EQ(unread(first, 1), 2);
    CHECK_EQ(unread(other, number), 2);
    struct core_conversation c;
    CHECK_OK(core_conversation_get(first->core, 1, &c));
    rig.on_request = count_sends;
    sends = 0;
    CHECK_OK(core_conversation_read(first->core, 1, c.messages - 1, rig.now));
    rig_run(&rig);
    CHECK_EQ(sends, 0); /* not at the moment of reading */
    settle();
    CHECK_EQ(sends, 1);
    CHECK_EQ(unread(other, number), 1);
    /* In a run that ends before the others are told, it is said in the next. */
    read_all(other, number);
    rig_crash(other);
    settle();
    CHECK_EQ(unread(first, 1), 0);
    /* What was read there before does not take anything back. */
    say(stranger, 1, "three");
    say(stranger, 1, "four");
    leave(first);
    CHECK_OK(core_conversation_get(first->core, 1, &c));
    CHECK_OK(core_conversation_read(first->core, 1, c.messages - 1, rig.now));
    read_all(other, number);
    come_back(first);
    settle();
    CHECK_EQ(unread(other, number), 0);
    CHECK_EQ(unread(first, 1), 0);
    rig_fini(&rig);
}

TEST(a_device_that_is_linked_later_has_unread_what_the_first_has) {
    talk();
    say(client(1), 1, "one");
    read_all(client(0), 1);
    say(client(1), 1, "two");
    say(client(1), 1, "three");
    uint32_t number = talk_and_link();
    CHECK_EQ(unread(first, 1), 2);
    CHECK_EQ(unread(other, number), 2);
    read_all(other, number);
    settle();
    CHECK_EQ(unread(first, 1), 0);
    rig_fini(&rig);
}

TEST(what_was_never_read_is_not_read_on_a_device_that_is_linked_later) {
    talk();
    say(client(1), 1, "one");
    uint32_t number = talk_and_link();
    CHECK_EQ(unread(other, number), 1);
    rig_fini(&rig);
}

TEST(a_message_that_is_not_here_is_not_read) {
    struct core_conversation c;
    talk();
    uint32_t number = talk_and_link();
    say(stranger, 1, "one");
    unsigned before = unread(other, number);
    struct record_read r = {0};
    CHECK_OK(core_conversation_get(other->core, number, &c));
    CHECK_OK(core_txn_begin(other->core));
    err e = core_history_import_read(other->core, &r); /* no such group */
    memcpy(r.group, c.group_id.p, sizeof r.group);
    if (e == OK)
        e = core_history_import_read(other->core, &r); /* no such message */
    /* One of the group, in another conversation that the group was before. */
    r.message[0] = 1;
    struct conversation *in = core_conversation_lookup(other->core, number);
    if (e == OK)
        e = core_history_mark_known(other->core, in, r.message, c.messages);
    if (e == OK)
        e = core_history_import_read(other->core, &r);
    CHECK_OK(core_txn_end(other->core, e));
    CHECK_EQ(unread(other, number), before);
    rig_fini(&rig);
}

/* The history of a conversation may come when the user is in it already. */
TEST(what_the_user_has_read_stays_read_when_older_messages_come) {
    struct record_sync sync = {.kind = SYNC_HISTORY};
    struct record_message m = {.kind = CORE_MESSAGE_CONTENT, .id = {1}};
    struct core_conversation c;
    buf items = {0}, item = {0};
    talk();
    uint32_t number = talk_and_link();
    say(stranger, 1, "one");
    read_all(other, number);
    core_conversation_lookup(other->core, number)->r.room = true;
    CHECK_OK(core_conversation_get(other->core, number, &c));
    memcpy(sync.group, c.group_id.p, sizeof sync.group);
    CHECK_OK(record_message_write(&item, &m));
    add_item(&items, buf_slice(&item));
    sync.items = buf_slice(&items);
    send_sync(first, rig_status(first).own, &sync, 0);
    CHECK(!core_conversation_lookup(other->core, number)->r.room);
    CHECK_EQ(unread(other, number), 0);
    buf_free(&items);
    buf_free(&item);
    rig_fini(&rig);
}

/* ---- Contacts ---- */

static struct core_contact contact_of(struct client *c) {
    struct core_contact contact;
    CHECK_OK(core_contact_get(c->core, stranger->account, &contact));
    return contact;
}

TEST(petname_and_verified_are_the_same_on_both) {
    talk();
    (void)talk_and_link();
    rig_pass(&rig, 2 * TIME_MINUTE); /* nothing is under way that would take it along */
    CHECK_OK(core_contact_rename(other->core, stranger->account, slice_str("bob"), rig.now));
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK_SLICE(contact_of(first).petname, slice_str("bob"));
    CHECK_OK(core_contact_set_verified(other->core, stranger->account, true, rig.now));
    rig_pass(&rig, 5 * TIME_SECOND);
    CHECK(contact_of(first).verified);
    rig_fini(&rig);
}

/* Another thing that is new about a contact does not bring back what it was called before. */
TEST(of_two_petnames_the_later_one_holds) {
    talk();
    (void)talk_and_link();
    leave(first);
    leave(other);
    CHECK_OK(core_contact_rename(first->core, stranger->account, slice_str("early"), rig.now));
    rig.now += TIME_SECOND;
    CHECK_OK(core_contact_rename(other->core, stranger->account, slice_str("late"), rig.now));
    CHECK_OK(core_contact_set_verified(other->core, stranger->account, true, rig.now));
    rig.now += TIME_SECOND;
    CHECK_OK(core_txn_begin(first->core));
    CHECK_OK(core_txn_end(first->core, core_sync_contact(first->core, stranger->account)));
    come_back(other);
    come_back(first);
    CHECK_SLICE(contact_of(first).petname, slice_str("late"));
    CHECK_SLICE(contact_of(other).petname, slice_str("late"));
    CHECK(contact_of(first).verified && contact_of(other).verified);
    rig_fini(&rig);
}

static const struct record_contact *record_of(struct client *c) {
    return &core_contact_lookup(c->core, stranger->account)->r;
}

/* The other hears of the link before it is used, and of what comes of it later. */
TEST(a_link_that_was_used_up_on_one_device_is_so_on_the_other) {
    uint64_t command;
    uint8_t account[CORE_ACCOUNT];
    buf link = {0};
    rig_init(&rig, 2);
    first = client(0);
    stranger = client(1);
    other = rig_link(&rig, 0, 2);
    CHECK_OK(core_link_new(stranger->core, true, TIME_WEEK, rig.now, &command));
    rig_finish(stranger, command, OK);
    CHECK_OK(core_contact_accept(first->core, rig_done(stranger, command)->notice.text,
                                 slice_str("bob"), rig.now, account));
    settle();
    CHECK(record_of(first)->once && record_of(other)->once);
    CHECK_OK(buf_set(&link, record_of(other)->addresses));
    leave(other);
    begin(first, stranger->account);
    CHECK(!record_of(first)->once);
    CHECK(!slice_equal(record_of(first)->addresses, buf_slice(&link)));
    /* What it says of the contact before it knows brings the old address to nobody. */
    CHECK_OK(core_contact_rename(other->core, stranger->account, slice_str("rob"), rig.now));
    come_back(other);
    CHECK_SLICE(record_of(first)->petname, slice_str("rob"));
    for (size_t i = 0; i < 2; i++) {
        const struct record_contact *r = record_of(i == 0 ? first : other);
        CHECK(!r->once);
        CHECK(!slice_equal(r->addresses, buf_slice(&link)));
    }
    buf_free(&link);
    rig_fini(&rig);
}

static slice petname_of(struct client *c, struct client *whom) {
    struct core_contact contact;
    CHECK_OK(core_contact_get(c->core, whom->account, &contact));
    return contact.petname;
}

/* "bob" is given to one person on the first device and later to another on the other. */
static void give_twice(struct client *early, struct client *late) {
    leave(first);
    leave(other);
    CHECK_OK(core_contact_rename(first->core, early->account, slice_str("bob"), rig.now));
    rig.now += TIME_SECOND;
    CHECK_OK(core_contact_rename(other->core, late->account, slice_str("bob"), rig.now));
    come_back(other);
    come_back(first);
}

TEST(a_petname_that_two_were_given_is_the_later_one_s_on_both) {
    struct client *people[2];
    rig_init(&rig, 3);
    rig_meet_all(&rig, 3);
    first = client(0);
    people[0] = client(1);
    people[1] = client(2);
    other = rig_link(&rig, 0, 3);
    rig_pass(&rig, 2 * TIME_MINUTE);
    for (size_t i = 0; i < 2; i++) { /* whichever was there before */
        struct client *early = people[i], *late = people[1 - i];
        CHECK_OK(core_contact_rename(other->core, early->account, slice_str("rob"), rig.now));
        settle();
        give_twice(early, late);
        CHECK_SLICE(petname_of(first, late), slice_str("bob"));
        CHECK_SLICE(petname_of(other, late), slice_str("bob"));
        CHECK_EQ(petname_of(first, early).n, 0);
        CHECK_EQ(petname_of(other, early).n, 0);
        CHECK_EQ(rig_notices(first, CORE_NOTICE_PETNAME), i + 1);
        CHECK_EQ(rig_notices(other, CORE_NOTICE_PETNAME), i + 1);
        CHECK_OK(core_contact_rename(other->core, late->account, SLICE_EMPTY, rig.now));
        settle();
    }
    rig_fini(&rig);
}

/* ---- The handle ---- */

/* Of a handle own devices hear within a day. */
static void hear(void) {
    rig_pass(&rig, TIME_DAY + TIME_MINUTE);
}

static void claim(struct client *c, const char *name, const char *pin) {
    uint64_t command;
    CHECK_OK(core_handle_claim(c->core, slice_str(name), slice_str(pin), rig.now, &command));
    rig_finish(c, command, OK);
    hear();
}

/* NULL: none. */
static void holds(struct client *c, const char *name) {
    struct core_handle handle;
    if (name == NULL) {
        CHECK_ERR(core_handle_get(c->core, &handle), ERR_NOT_FOUND);
        return;
    }
    CHECK_OK(core_handle_get(c->core, &handle));
    CHECK_SLICE(handle.name, slice_str(name));
    CHECK_EQ(handle.state, CORE_HANDLE_HELD);
}

static void finds(const char *name, err expected) {
    struct core_contact contact;
    uint64_t command;
    CHECK_OK(core_handle_find(stranger->core, slice_str(name), SLICE_EMPTY, rig.now, &command));
    for (int i = 0; i < 100 && rig_done(stranger, command) == NULL; i++)
        rig_pass(&rig, TIME_SECOND);
    CHECK_ERR(rig_done(stranger, command)->notice.error, expected);
    if (expected != OK)
        return;
    CHECK_OK(core_found_get(stranger->core, &contact));
    CHECK_SLICE(SLICE_ARRAY(contact.account), SLICE_ARRAY(first->account));
}

static void drop(struct client *c) {
    uint64_t command;
    CHECK_OK(core_handle_drop(c->core, rig.now, &command));
    rig_finish(c, command, OK);
    hear();
    hear(); /* who put the card drops it too */
}

static void handle_and_link(const char *name, const char *pin) {
    rig_init(&rig, 2);
    first = client(0);
    stranger = client(1);
    if (name != NULL)
        claim(first, name, pin);
    other = rig_link(&rig, 0, 2);
    settle();
}

TEST(a_handle_is_every_own_device_s_to_change_and_to_drop) {
    handle_and_link(NULL, "");
    claim(first, "alice", "");
    holds(other, "alice");
    claim(other, "alina", "");
    holds(first, "alina");
    holds(other, "alina");
    finds("alice", ERR_NOT_FOUND);
    finds("alina", OK);
    rig_crash(first);
    rig_pass(&rig, TIME_MINUTE);
    drop(first);
    holds(first, NULL);
    holds(other, NULL);
    finds("alina", ERR_NOT_FOUND);
    rig_fini(&rig);
}

/* The second card that the other puts is refused. */
static enum verdict refuse_the_second(struct rig *r, struct client *from, uint16_t type,
                                      slice body) {
    struct proto_error error = {.reason = PROTO_REASON_TAKEN};
    buf answer = {0};
    (void)body;
    if (from != other || type != PROTO_card_put || r->hits++ != 1)
        return PASS;
    struct proto_edge_reply reply = {
        .session = r->request->session, .request = r->request->request, .type = PROTO_error};
    CHECK_OK(proto_error_encode(&answer, &error));
    reply.body = buf_slice(&answer);
    session_reply(&r->links[reply.session - 1].session, &r->env, &reply);
    buf_free(&answer);
    return DROP;
}

TEST(a_claim_that_fails_halfway_costs_no_device_the_handle_that_is_held) {
    uint64_t command;
    handle_and_link("bob", "");
    rig.on_request = refuse_the_second;
    CHECK_OK(
        core_handle_claim(other->core, slice_str("anna"), slice_str("1234"), rig.now, &command));
    rig_finish(other, command, ERR_DENIED);
    CHECK_EQ(rig.hits, 2);
    rig_pass(&rig, 3 * TIME_DAY);
    holds(first, "bob");
    holds(other, "bob");
    finds("bob", OK);
    finds("anna", ERR_NOT_FOUND);
    rig_fini(&rig);
}

TEST(a_device_that_is_linked_later_has_the_handle) {
    struct core_handle handle;
    handle_and_link("alice", "1234");
    holds(other, "alice");
    CHECK_OK(core_handle_get(other->core, &handle));
    CHECK(handle.pin);
    CHECK_EQ(other->core->claims.n, 2);
    drop(other);
    holds(first, NULL);
    rig_fini(&rig);
}

static const struct claim *claim_of(struct client *c) {
    CHECK_EQ(c->core->claims.n, 1);
    return c->core->claims.p[0];
}

/* The server's key lives for a few. */
static void weeks(unsigned n) {
    for (; n > 0; n--) {
        uint32_t until = time_week(rig.now) + 4;
        CHECK_OK(session_key_make(&rig.env.keys[0], 1, rig.identity_seed, until));
        rig_pass(&rig, TIME_WEEK);
        for (size_t i = 0; i < 3; i++)
            client(i)->count = 0; /* the notices, which are many */
    }
}

TEST(a_handle_whose_device_is_away_is_kept_by_another) {
    uint8_t account[CORE_ACCOUNT];
    handle_and_link("alice", "");
    weeks(5); /* the first puts the card; the other has no need to */
    CHECK_EQ(claim_of(first)->r.address.n, PROTO_ADDRESS);
    CHECK_EQ(claim_of(other)->r.address.n, 0);
    leave(first);
    weeks(4);
    CHECK_EQ(claim_of(other)->r.address.n, PROTO_ADDRESS);
    finds("alice", OK);
    CHECK_OK(core_found_accept(stranger->core, SLICE_EMPTY, rig.now, account));
    begin(stranger, account);
    CHECK_EQ(rig_status(other).requests, 1);
    /* Back again it hears of that before its own turn comes, or puts a newer card: one has it. */
    come_back(first);
    weeks(5);
    CHECK_EQ((claim_of(first)->r.address.n > 0) + (claim_of(other)->r.address.n > 0), 1);
    finds("alice", OK);
    rig_fini(&rig);
}

/* How many requests of this type the other own device sent. */
static uint16_t counted_type;
static unsigned counted;

static enum verdict count_of_other(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)body;
    counted += from == other && type == counted_type;
    return PASS;
}

/* The other gets no mail. */
static enum verdict lose(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)body;
    return to == other && (type == PROTO_delivery || type == PROTO_caught_up) ? DROP : PASS;
}

static void count(uint16_t type) {
    counted = 0;
    counted_type = type;
    rig.on_request = count_of_other;
}

/* Its own card is due now; its session began long ago. */
static void put_now(struct client *c) {
    struct claim *claim = c->core->claims.p[0];
    c->core->cards_at = 0;
    claim->r.put_at = rig.now;
    core_wake(c->core, rig.now);
}

TEST(who_comes_back_reads_what_came_before_it_puts_the_card) {
    handle_and_link("alice", "");
    weeks(1);
    leave(other);
    weeks(5);
    count(PROTO_work_get);
    rig.on_reply = lose;
    core_online(other->core, true, rig.now);
    rig_run(&rig);
    CHECK_EQ(counted, 0);
    rig.on_reply = NULL;
    rig_cut(&rig, other);
    rig_pass(&rig, TIME_DAY);
    CHECK_EQ(counted, 0);
    CHECK_EQ(claim_of(other)->r.address.n, 0);
    finds("alice", OK);
    rig_fini(&rig);
}

/* The other hears of the first's card, or of so many puts later. */
static void hear_of_firsts(unsigned puts) {
    struct record_claim r = claim_of(first)->r;
    r.version += puts;
    CHECK_OK(core_txn_begin(other->core));
    CHECK_OK(core_txn_end(other->core, core_handle_import(other->core, &r)));
}

/* The first's word comes while the other works for its own card. */
static enum verdict tell_meanwhile(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)body;
    if (to != other || type != PROTO_work || r->hits > 0)
        return PASS;
    r->hits++;
    hear_of_firsts(1);
    return PASS;
}

TEST(a_card_that_another_device_put_meanwhile_is_not_put) {
    handle_and_link("alice", "");
    count(PROTO_card_put);
    rig.on_reply = tell_meanwhile;
    put_now(other);
    settle();
    CHECK_EQ(rig.hits, 1);
    CHECK_EQ(counted, 0);
    rig_fini(&rig);
}

/* The first put it, and the other has not heard of that yet. */
TEST(who_has_an_older_card_waits_for_the_word_of_who_has_the_newer_one) {
    handle_and_link("alice", "");
    put_now(first);
    settle();
    count(PROTO_card_put);
    put_now(other);
    settle();
    CHECK_EQ(counted, 1); /* which was refused */
    CHECK(claim_of(other)->r.doubt);
    CHECK_EQ(claim_of(other)->r.version, claim_of(first)->r.version);
    hear_of_firsts(0);
    rig_pass(&rig, TIME_WEEK);
    CHECK_EQ(counted, 1);
    CHECK_EQ(claim_of(first)->r.address.n, PROTO_ADDRESS);
    /* With no word it goes on. */
    leave(first);
    put_now(other);
    rig_pass(&rig, TIME_WEEK);
    CHECK_EQ(claim_of(other)->r.address.n, PROTO_ADDRESS);
    CHECK(!claim_of(other)->r.doubt);
    rig_fini(&rig);
}

TEST(who_has_not_heard_that_the_handle_was_dropped_does_not_claim_it_again) {
    handle_and_link("alice", "");
    rig.on_reply = lose;
    drop(first);
    struct claim *c = other->core->claims.p[0];
    c->r.renewed -= 30; /* and is to renew it */
    put_now(other);
    rig_pass(&rig, TIME_DAY);
    holds(other, "alice");
    finds("alice", ERR_NOT_FOUND);
    rig.on_reply = NULL;
    rig_cut(&rig, other);
    rig_pass(&rig, TIME_WEEK);
    holds(other, NULL);
    finds("alice", ERR_NOT_FOUND);
    rig_fini(&rig);
}

/* The word of the drop was in the mailbox for as long as an item is. */
TEST(who_was_away_for_too_long_claims_no_handle_that_was_dropped) {
    handle_and_link("alice", "");
    leave(other);
    drop(first);
    weeks(7);
    while (mail_sweep(rig.mail))
        mail_commit(rig.mail);
    come_back(other);
    CHECK(rig_status(other).gaps > 0);
    weeks(1);
    holds(other, NULL);
    finds("alice", ERR_NOT_FOUND);
    rig_fini(&rig);
}

static bool forget_card(void *ctx, struct store_key key, slice value) {
    (void)value;
    CHECK_OK(store_batch_delete(ctx, key));
    return true;
}

/* And once its own card was taken, the server has lost one that is not there. */
TEST(who_was_away_for_too_long_keeps_a_handle_that_is_held) {
    struct store_batch *batch = NULL;
    handle_and_link("alice", "");
    leave(other);
    weeks(7);
    while (mail_sweep(rig.mail))
        mail_commit(rig.mail);
    leave(first);
    come_back(other);
    CHECK(rig_status(other).gaps > 0);
    put_now(other);
    weeks(1);
    CHECK_EQ(claim_of(other)->r.address.n, PROTO_ADDRESS);
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_scan_table(rig.store, MAIL_CARD, forget_card, batch));
    CHECK_OK(store_commit_now(rig.store, batch));
    store_batch_free(batch);
    put_now(other);
    rig_pass(&rig, 4 * TIME_DAY);
    holds(other, "alice");
    finds("alice", OK);
    rig_fini(&rig);
}

TEST(who_put_the_card_after_it_was_dropped_drops_it_too) {
    handle_and_link("alice", "");
    rig.on_reply = lose;
    drop(first);
    put_now(other);
    rig_pass(&rig, 4 * TIME_DAY); /* with no word for so long it claims it again */
    finds("alice", OK);
    rig.on_reply = NULL;
    rig_cut(&rig, other);
    rig_pass(&rig, 2 * TIME_DAY);
    holds(other, NULL);
    finds("alice", ERR_NOT_FOUND);
    rig_fini(&rig);
}

/* Tells client 0 of a claim, as another own device would. */
static void tell_claim(const char *name, uint8_t state, uint64_t made) {
    struct record_claim r = {.state = state, .name = slice_str(name), .made = made, .version = 9};
    memset(r.place, name[0], sizeof r.place);
    CHECK_OK(core_txn_begin(first->core));
    CHECK_OK(core_txn_end(first->core, core_handle_import(first->core, &r)));
}

TEST(of_two_handles_the_one_that_was_claimed_later_is_kept) {
    enum { HELD = 2 };
    handle_and_link("alice", "");
    tell_claim("bob", HELD, claim_of(first)->r.made - 1);
    settle();
    CHECK_EQ(first->core->claims.n, 2);
    tell_claim("carol", HELD, rig.now);
    hear(); /* then it is dropped, and a day later at most told */
    hear();
    finds("alice", ERR_NOT_FOUND);
    CHECK_EQ(first->core->claims.n, 2); /* those that it was told of */
    holds(other, NULL);
    rig_fini(&rig);
}

static uint64_t sent_at;

static enum verdict note_send(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)body;
    if (from == other && type == PROTO_send && sent_at == 0)
        sent_at = r->now;
    return PASS;
}

TEST(hours_lie_between_the_card_and_what_own_devices_are_told) {
    uint64_t least = UINT64_MAX, most = 0;
    char name[] = "alice";
    handle_and_link(NULL, "");
    hear();
    rig.on_request = note_send;
    for (; name[0] < 'i'; name[0]++) {
        uint64_t command;
        CHECK_OK(core_handle_claim(other->core, slice_str(name), SLICE_EMPTY, rig.now, &command));
        rig_finish(other, command, OK);
        sent_at = 0;
        uint64_t begun = rig.now;
        hear();
        holds(first, name);
        CHECK(sent_at != 0);
        uint64_t after = sent_at - begun;
        least = after < least ? after : least;
        most = after > most ? after : most;
    }
    CHECK(least >= TIME_HOUR - TIME_MINUTE);
    CHECK(most - least >= TIME_HOUR);
    rig_fini(&rig);
}

TEST(what_own_devices_are_told_waits_for_a_card_that_is_due) {
    handle_and_link("alice", "");
    hear();
    leave(other);
    struct claim *c = other->core->claims.p[0];
    c->r.put_at = c->r.tell_at = rig.now;
    rig_pass(&rig, TIME_HOUR);
    rig.on_request = note_send;
    sent_at = 0;
    uint64_t begun = rig.now;
    come_back(other);
    hear();
    CHECK_EQ(claim_of(other)->r.address.n, PROTO_ADDRESS);
    CHECK(sent_at >= begun + TIME_HOUR);
    rig_fini(&rig);
}

TEST(hours_lie_between_a_word_and_the_drop_that_it_causes) {
    enum { HELD = 2, UNWANTED };
    for (int i = 0; i < 2; i++) {
        handle_and_link("alice", "");
        other = first; /* whose requests are counted */
        count(PROTO_work_get);
        struct record_claim r = claim_of(first)->r;
        if (i == 0) {
            tell_claim("bob", HELD, rig.now);
        } else {
            r.state = UNWANTED;
            CHECK_OK(core_txn_begin(first->core));
            CHECK_OK(core_txn_end(first->core, core_handle_import(first->core, &r)));
        }
        rig_pass(&rig, TIME_HOUR - TIME_MINUTE);
        CHECK_EQ(counted, 0);
        hear();
        CHECK_EQ(counted, 1);
        finds("alice", ERR_NOT_FOUND);
        rig_fini(&rig);
    }
}

TEST(a_handle_that_was_claimed_by_a_wrong_clock_gives_way_to_the_next) {
    enum { HELD = 2 };
    handle_and_link(NULL, "");
    tell_claim("bob", HELD, UINT64_MAX);
    CHECK_EQ(claim_of(first)->r.made, first->core->now + TIME_DAY);
    rig_fini(&rig);
}

TEST(a_claim_that_is_none_is_ignored) {
    enum { WANTED = 1, HELD, UNWANTED };
    handle_and_link("alice", "");
    tell_claim("bob", WANTED, rig.now);
    tell_claim("bob", UNWANTED, rig.now);
    tell_claim("Bob", HELD, rig.now); /* not in its form */
    tell_claim("b", HELD, rig.now);
    CHECK_EQ(first->core->claims.n, 1);
    /* Of a place that is ours, neither held nor dropped; and with another key. */
    struct record_claim r = claim_of(first)->r;
    for (int i = 0; i < 2; i++) {
        r.state = i == 0 ? WANTED : UNWANTED;
        r.seed[0] ^= (uint8_t)i;
        CHECK_OK(core_txn_begin(first->core));
        CHECK_OK(core_txn_end(first->core, core_handle_import(first->core, &r)));
        holds(first, "alice");
    }
    char name[] = "aa";
    for (; name[0] <= 'z'; name[0]++)
        tell_claim(name, HELD, 0);
    CHECK_EQ(first->core->claims.n, 16);
    rig_fini(&rig);
}

TEST_MAIN
