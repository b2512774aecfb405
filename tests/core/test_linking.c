/* What joins a client's two kinds of session: nothing that crosses the wire, and nothing that the
 * server keeps of it, in its rows or in memory. */
#include <stdlib.h>

#include "rig.h"
#define HELD_DAMAGES /* nothing is written here */
#include "server/internal.h"

enum { MESSAGES = 1000, WINDOW = 8, DIFFERENT = 7 };

static struct rig rig;
static buf receiving, sending; /* every byte inside the sessions of client 0, in the clear */
/* What tells nothing: our own addresses (see below), and what a stranger's session says alike. */
static buf own_addresses, told_by_all;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* ---- Listening ---- */

static buf *stream_of(uint64_t session) {
    return rig.links[session - 1].session.state == SESSION_ANON ? &sending : &receiving;
}

static enum verdict hear_request(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)type;
    if (from->index == 0)
        CHECK_OK(buf_append(stream_of(r->request->session), body));
    if (from->index == 2)
        CHECK_OK(buf_append(&told_by_all, body));
    return PASS;
}

static enum verdict hear_reply(struct rig *r, struct client *to, uint16_t type, slice body) {
    struct proto_address_made made;
    if (to->index != 0)
        return PASS;
    if (type == PROTO_address_made) {
        CHECK_OK(proto_address_made_decode(body, &made));
        CHECK_OK(buf_append(&own_addresses, made.addresses.bytes));
    }
    CHECK_OK(buf_append(stream_of(r->reply->session), body));
    return PASS;
}

/* ---- Comparing ---- */

static int by_value(const void *a, const void *b) {
    return memcmp(a, b, WINDOW);
}

/* Bytes that chance would hardly make twice: no counters, no padding, no fields of a structure. Of
 * random ones this holds for 199 in 200. */
static bool is_telling(const uint8_t *p) {
    size_t different = 0;
    for (size_t i = 0; i < WINDOW; i++) {
        bool fresh = true;
        for (size_t j = 0; j < i; j++)
            fresh = fresh && p[i] != p[j];
        different += fresh;
    }
    return different >= DIFFERENT;
}

/* All windows of the bytes, sorted. */
static buf windows(const buf *bytes) {
    buf all = {0};
    for (size_t i = 0; i + WINDOW <= bytes->n; i++)
        if (is_telling(bytes->p + i))
            CHECK_OK(buf_append(&all, slice_of(bytes->p + i, WINDOW)));
    if (all.n > 0)
        qsort(all.p, all.n / WINDOW, WINDOW, by_value);
    return all;
}

static bool among(const buf *sorted, const uint8_t *window) {
    return sorted->n > 0 &&
           bsearch(window, sorted->p, sorted->n / WINDOW, WINDOW, by_value) != NULL;
}

/* Windows of the one that the other has too, but for those of `but`. */
static size_t in_common(const buf *one, const buf *other, const buf *but) {
    buf a = windows(one), b = windows(other), except = windows(but);
    size_t n = 0;
    for (size_t i = 0; i < a.n; i += WINDOW)
        n += among(&b, a.p + i) && !among(&except, a.p + i);
    buf_free(&a);
    buf_free(&b);
    buf_free(&except);
    return n;
}

/* ---- What the server keeps ---- */

struct rows {
    const buf *receiving, *sending, *except;
    size_t joined, seen;
};

static bool look(void *ctx, struct store_key key, slice value) {
    struct rows *rows = ctx;
    buf row = {0};
    CHECK_OK(buf_append(&row, key.name));
    CHECK_OK(buf_append(&row, value));
    bool received = in_common(&row, rows->receiving, rows->except) > 0;
    bool sent = in_common(&row, rows->sending, rows->except) > 0;
    rows->joined += received && sent;
    rows->seen += received || sent;
    buf_free(&row);
    return true;
}

static struct rows rows_of(const buf *from_receiving, const buf *from_sending) {
    struct rows rows = {from_receiving, from_sending, &told_by_all, 0, 0};
    for (uint8_t table = 0; table < STORE_TABLES_MAX; table++)
        CHECK_OK(store_scan_table(rig.store, table, look, &rows));
    return rows;
}

/* ---- The tests ---- */

static void begin(void) {
    rig_init(&rig, 0);
    rig.on_request = hear_request;
    rig.on_reply = hear_reply;
    buf_clear(&receiving);
    buf_clear(&sending);
    buf_clear(&own_addresses);
    buf_clear(&told_by_all);
    for (size_t i = 0; i < 3; i++)
        rig_account(&rig, i);
    CHECK_OK(buf_append(&told_by_all, buf_slice(&own_addresses)));
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
}

static void end(void) {
    buf_free(&receiving);
    buf_free(&sending);
    buf_free(&own_addresses);
    buf_free(&told_by_all);
    rig_fini(&rig);
}

static void talk(size_t messages) {
    for (size_t i = 0; i < messages; i++) {
        (void)rig_say(client(i % 10 == 9), "hello");
        rig_pass(&rig, i % 100 == 99 ? 2 * TIME_MINUTE : TIME_SECOND);
        client(0)->count = client(1)->count = 0;
    }
}

TEST(a_thousand_messages_put_nothing_of_one_session_on_the_other) {
    begin();
    talk(MESSAGES);
    CHECK(sending.n > 250 * MESSAGES && receiving.n > 16 * MESSAGES);
    CHECK_EQ(in_common(&receiving, &sending, &told_by_all), 0);
    /* The test hears: what is said on both is found. */
    CHECK_OK(buf_append(&receiving, slice_of(sending.p + sending.n / 2, 64)));
    CHECK(in_common(&receiving, &sending, &told_by_all) > 0);
    end();
}

/* Our own address stands in the roster, as everybody's: the one thing that was issued on one and
 * goes over the other, and the server opens it anyway while it handles the send. */
TEST(but_for_the_address_in_our_own_leaf) {
    buf none = {0};
    begin();
    talk(10);
    CHECK(in_common(&own_addresses, &sending, &none) > 0);
    end();
}

TEST(no_row_of_the_server_joins_them) {
    begin();
    talk(50);
    client(1)->away = true; /* so that some wait */
    rig_cut(&rig, client(1));
    talk(50);
    struct rows rows = rows_of(&receiving, &sending);
    CHECK(rows.seen > 0);
    CHECK_EQ(rows.joined, 0);
    end();
}

/* Whoever sends leaves nothing behind: only sessions that proved a device are known to mail. */
TEST(no_structure_of_the_server_knows_who_sends) {
    begin();
    talk(20);
    struct mail *m = rig.mail;
    size_t devices = 0, others = 0;
    for (size_t i = 1; i < rig.link_count; i++) {
        const struct link *link = &rig.links[i];
        if (link->client == NULL || !link->open)
            continue;
        bool known = table_find(&m->sessions, table_hash_number(link->session.id)) != NULL;
        bool device = link->session.state == SESSION_DEVICE;
        CHECK_EQ(known, device);
        devices += device;
        others += !device;
    }
    CHECK_EQ(devices, 3);
    CHECK(others >= 1);
    CHECK_EQ(m->sessions.count, 3);
    CHECK_EQ(m->effect_count, 0);
    end();
}

TEST_MAIN
