/* Files: as they arrive, what is held of them at a time, and what can't be done to them on the way.
 */
#include <stdlib.h>

#include "core/internal.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* ---- The hosts' files ---- */

static struct sent {
    uint64_t size;
    uint8_t seed;
    unsigned reads, fail_at; /* 0: never */
} sent;

static struct got {
    uint64_t end; /* written up to here, without a hole */
    unsigned writes, fail_at;
    bool wrong;
} got;

static uint8_t byte_at(uint64_t i) {
    return (uint8_t)((i * 2654435761u >> 11) ^ sent.seed);
}

static void fill(uint8_t *p, uint64_t offset, size_t n) {
    for (size_t i = 0; i < n; i++)
        p[i] = byte_at(offset + i);
}

static void give(struct client *c, const struct core_action *a) {
    static uint8_t room[FILE_CHUNK];
    size_t n = a->count;
    if (++sent.reads == sent.fail_at) {
        core_file_failed(c->core, a->command, ERR_NOT_FOUND, rig.now);
        return;
    }
    CHECK(n > 0 && n <= sizeof room);
    if (a->offset + n > sent.size)
        n = a->offset > sent.size ? 0 : (size_t)(sent.size - a->offset);
    fill(room, a->offset, n);
    core_file_bytes(c->core, a->command, a->offset, slice_of(room, n), rig.now);
}

static void take(struct client *c, const struct core_action *a) {
    if (++got.writes == got.fail_at) {
        core_file_failed(c->core, a->command, ERR_DISK_FULL, rig.now);
        return;
    }
    got.wrong = got.wrong || a->offset != got.end;
    for (size_t i = 0; i < a->bytes.n; i++)
        got.wrong = got.wrong || a->bytes.p[i] != byte_at(a->offset + i);
    got.end = a->offset + a->bytes.n;
}

static void on_file(struct client *c, const struct core_action *a) {
    if (a->kind == CORE_READ)
        give(c, a);
    else if (a->kind == CORE_WRITE)
        take(c, a);
}

/* ---- Scenes ---- */

static void start(size_t count, uint64_t size) {
    rig_init(&rig, count);
    rig_meet_all(&rig, count);
    rig_conversation(&rig, count);
    for (size_t i = 0; i < count; i++)
        client(i)->on_file = on_file;
    sent = (struct sent){.size = size, .seed = 1};
    got = (struct got){0};
}

static err send_file(struct client *c, const char *text, uint64_t *command) {
    struct core_file_sending s = {.place = slice_str("photo.jpg"),
                                  .name = slice_str("photo.jpg"),
                                  .type = slice_str("image/jpeg"),
                                  .text = slice_str(text),
                                  .size = sent.size};
    return core_file_send(c->core, 1, &s, rig.now, command);
}

static uint64_t begin_send(void) {
    uint64_t command;
    CHECK_OK(send_file(client(0), "", &command));
    return command;
}

static uint64_t last_message(struct client *c) {
    return rig_state(c).messages;
}

static err fetch(struct client *c, uint64_t have, bool hurry, uint64_t *command) {
    return core_file_fetch(c->core, 1, last_message(c), slice_str("/tmp/part"), have, hurry,
                           rig.now, command);
}

static void fetched(uint64_t have, err expected) {
    uint64_t command;
    CHECK_OK(fetch(client(1), have, true, &command));
    rig_finish(client(1), command, expected);
}

static void arrived(void) {
    got = (struct got){0};
    fetched(0, OK);
    CHECK_EQ(got.end, sent.size);
    CHECK(!got.wrong);
}

static void send_and_fetch(void) {
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    arrived();
}

static bool check_message(void *ctx, const struct core_message *m) {
    const char *text = ctx;
    CHECK_EQ(m->shape, CORE_CONTENT_FILE);
    CHECK(m->has_file);
    CHECK_SLICE(m->text, slice_str(text));
    CHECK_SLICE(m->file.name, slice_str("photo.jpg"));
    CHECK_SLICE(m->file.type, slice_str("image/jpeg"));
    CHECK_EQ(m->file.size, sent.size);
    CHECK(m->file.expires > rig.now && m->file.expires < rig.now + 10 * TIME_WEEK);
    return true;
}

TEST(a_file_arrives_as_it_was_and_with_its_text) {
    static char look[] = "look";
    uint64_t command;
    start(2, 100000);
    CHECK_OK(send_file(client(0), look, &command));
    CHECK_EQ(rig_status(client(0)).outbox, 1);
    rig_finish(client(0), command, OK);
    const struct notice *done = rig_done(client(0), command);
    CHECK_EQ(done->notice.message, last_message(client(0)));
    rig_pass(&rig, TIME_SECOND);
    for (size_t i = 0; i < 2; i++)
        CHECK_OK(core_messages(client(i)->core, 1, last_message(client(i)), UINT64_MAX,
                               check_message, look));
    arrived();
    const struct notice *progress = rig_last(client(1), CORE_NOTICE_PROGRESS);
    CHECK_EQ(progress->notice.done, sent.size);
    CHECK_EQ(progress->notice.total, sent.size);
    CHECK_EQ(rig_status(client(0)).outbox, 0);
    rig_fini(&rig);
}

TEST(files_of_every_size_arrive) {
    static const uint64_t sizes[] = {
        0, 1, 4096, 4097, FILE_CHUNK, FILE_CHUNK + 1, 7 * FILE_CHUNK - 1, 500000};
    start(2, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        sent.size = sizes[i];
        sent.seed = (uint8_t)i;
        send_and_fetch();
    }
    rig_fini(&rig);
}

TEST(what_is_no_file_can_not_be_sent_or_fetched) {
    uint64_t command;
    start(2, CORE_FILE_MAX + 1);
    CHECK_ERR(send_file(client(0), "", &command), ERR_TOO_LARGE);
    struct core_file_sending s = {.name = slice_str("a\nb"), .type = slice_str("x/y")};
    CHECK_ERR(core_file_send(client(0)->core, 1, &s, rig.now, &command), ERR_MALFORMED);
    s.name = SLICE_EMPTY;
    CHECK_ERR(core_file_send(client(0)->core, 1, &s, rig.now, &command), ERR_MALFORMED);
    s.name = slice_str("a");
    s.type = SLICE_EMPTY;
    CHECK_ERR(core_file_send(client(0)->core, 1, &s, rig.now, &command), ERR_MALFORMED);
    s.type = slice_str("x/y");
    CHECK_ERR(core_file_send(client(0)->core, 9, &s, rig.now, &command), ERR_NOT_FOUND);
    CHECK_ERR(core_file_fetch(client(1)->core, 1, 1, s.name, 0, true, rig.now, &command),
              ERR_NOT_FOUND);
    CHECK_ERR(core_file_fetch(client(1)->core, 1, 99, s.name, 0, true, rig.now, &command),
              ERR_NOT_FOUND);
    CHECK_ERR(core_file_cancel(client(0)->core, 1234, rig.now), ERR_NOT_FOUND);
    CHECK_EQ(rig_status(client(0)).outbox, 0);
    rig_fini(&rig);
}

/* ---- Loss ---- */

static unsigned countdown, put_count;
static bool crash;
static uint16_t lost;

static enum verdict lose(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)r, (void)to, (void)body;
    return type == lost && countdown > 0 && --countdown == 0 ? CUT : PASS;
}

static enum verdict count_puts(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)from, (void)body;
    put_count += type == PROTO_blob_put;
    return PASS;
}

TEST(an_upload_goes_on_after_a_loss_at_every_chunk) {
    uint32_t chunks = core_file_chunks(300000);
    start(2, 300000);
    lost = PROTO_blob_state;
    rig.on_reply = lose;
    rig.on_request = count_puts;
    for (unsigned at = 1; at <= chunks + 1; at++) {
        for (crash = false;; crash = true) {
            countdown = at;
            put_count = 0;
            uint64_t command = begin_send();
            rig_run(&rig);
            if (crash && countdown == 0)
                rig_crash(client(0));
            client(0)->on_file = on_file;
            rig_finish(client(0), command, OK);
            CHECK(put_count <= chunks + FILE_WINDOW);
            rig_pass(&rig, TIME_SECOND);
            arrived();
            client(1)->count = client(0)->count = 0;
            if (crash)
                break;
        }
    }
    rig_fini(&rig);
}

static enum verdict drop_puts(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)from, (void)body;
    return type == PROTO_blob_put ? DROP : PASS;
}

TEST(who_waits_sees_that_what_is_there_is_read_again) {
    start(2, 300000);
    lost = PROTO_blob_state;
    countdown = core_file_chunks(sent.size);
    rig.on_reply = lose;
    (void)begin_send();
    rig_run(&rig);
    rig_crash(client(0));
    client(0)->on_file = on_file;
    client(0)->count = 0;
    rig.on_request = drop_puts;
    rig_pass(&rig, TIME_MINUTE);
    const struct notice *progress = rig_last(client(0), CORE_NOTICE_PROGRESS);
    CHECK(progress != NULL && progress->notice.error == OK && progress->notice.done > 100000);
    rig_fini(&rig);
}

TEST(a_download_goes_on_after_a_loss_at_every_chunk) {
    uint32_t chunks = core_file_chunks(300000);
    start(2, 300000);
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    lost = PROTO_blob_chunk;
    rig.on_reply = lose;
    for (unsigned at = 1; at <= chunks; at++) {
        countdown = at;
        client(1)->count = 0;
        arrived();
        CHECK_EQ(countdown, 0);
    }
    rig_fini(&rig);
}

static unsigned gets;
static enum verdict count_gets(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)r, (void)from, (void)body;
    gets += type == PROTO_blob_get;
    return PASS;
}

TEST(a_download_that_is_asked_for_again_goes_on_where_the_host_has_it) {
    start(2, 300000);
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    rig.on_request = count_gets;
    uint32_t chunks = core_file_chunks(sent.size);
    for (uint64_t have = 0; have <= sent.size; have += 20000) {
        got = (struct got){.end = have / FILE_CHUNK * FILE_CHUNK};
        gets = 0;
        fetched(have, OK);
        CHECK_EQ(got.end, have == sent.size ? got.end : sent.size);
        CHECK(!got.wrong || have == sent.size);
        CHECK_EQ(gets, chunks - (have == sent.size ? (have + FILE_CHUNK - 1) / FILE_CHUNK
                                                   : have / FILE_CHUNK));
        client(1)->count = 0;
    }
    rig_fini(&rig);
}

static uint8_t disk[300000];

static void on_a_disk(struct client *c, const struct core_action *a) {
    uint8_t *p = disk + a->offset;
    if (a->kind == CORE_READ)
        core_file_bytes(c->core, a->command, a->offset, slice_of(p, a->count), rig.now);
    else
        memcpy(p, a->bytes.p, a->bytes.n);
}

TEST(what_the_host_has_of_something_else_is_fetched_again) {
    start(2, sizeof disk);
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    client(1)->on_file = on_a_disk;
    for (uint64_t have = 100000; have <= sizeof disk; have += 100000) {
        memset(disk, 1, sizeof disk);
        fetched(have, OK);
        for (size_t i = 0; i < sizeof disk; i++)
            CHECK(disk[i] == byte_at(i));
        client(1)->count = 0;
    }
    rig_fini(&rig);
}

TEST(what_is_written_meanwhile_is_not_held_up) {
    start(2, 3000000);
    lost = PROTO_blob_state;
    rig.on_reply = lose;
    countdown = 20;
    uint64_t command = begin_send();
    rig_finish(client(0), rig_say(client(0), "meanwhile"), OK);
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    arrived();
    rig_fini(&rig);
}

TEST(an_upload_that_is_asked_for_twice_is_one) {
    uint64_t again;
    start(2, 300000);
    client(0)->away = true;
    rig_cut(&rig, client(0));
    uint64_t command = begin_send();
    rig_run(&rig);
    CHECK_OK(send_file(client(0), "", &again));
    CHECK_EQ(again, command);
    CHECK_EQ(rig_status(client(0)).outbox, 1);
    rig_crash(client(0));
    client(0)->on_file = on_file;
    client(0)->away = false;
    CHECK_OK(send_file(client(0), "", &again));
    CHECK_EQ(again, command);
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    arrived();
    rig_fini(&rig);
}

/* ---- What the host can't do ---- */

TEST(a_file_that_can_not_be_read_or_written_ends_so) {
    start(2, 300000);
    sent.fail_at = 3;
    rig_finish(client(0), begin_send(), ERR_NOT_FOUND);
    CHECK_EQ(rig_status(client(0)).outbox, 0);
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    got = (struct got){.fail_at = 4};
    fetched(0, ERR_DISK_FULL);
    arrived();
    rig_fini(&rig);
}

static enum verdict slow(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to, (void)body;
    if (type == PROTO_blob_state)
        r->now += 3 * TIME_SECOND;
    return type == lost && countdown > 0 && --countdown == 0 ? CUT : PASS;
}

/* The hash is of what was sent: nothing that was changed half-way goes out. */
TEST(a_file_that_was_changed_meanwhile_is_not_sent) {
    start(2, 300000);
    uint64_t before = last_message(client(0));
    rig.on_reply = slow;
    lost = PROTO_blob_state;
    countdown = 6;
    uint64_t command = begin_send();
    rig_run(&rig);
    rig_crash(client(0));
    client(0)->on_file = on_file;
    sent.seed ^= 1;
    rig_finish(client(0), command, ERR_CHANGED);
    sent.size -= 1;
    sent.reads = 0;
    command = begin_send();
    sent.size -= 1; /* shorter than was said */
    rig_finish(client(0), command, ERR_CHANGED);
    CHECK_EQ(last_message(client(0)), before);
    rig_fini(&rig);
}

TEST(either_can_be_cancelled) {
    uint64_t command;
    start(2, 300000);
    client(0)->away = true;
    rig_cut(&rig, client(0));
    command = begin_send();
    CHECK_OK(core_file_cancel(client(0)->core, command, rig.now));
    rig_finish(client(0), command, ERR_CLOSED);
    client(0)->away = false;
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_OK(fetch(client(1), 0, false, &command));
    CHECK_OK(core_file_cancel(client(1)->core, command, rig.now));
    rig_finish(client(1), command, ERR_CLOSED);
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK_EQ(got.writes, 0);
    rig_fini(&rig);
}

/* ---- The server's limits ---- */

TEST(a_mailbox_that_takes_no_more_today_is_told_and_tried_again) {
    start(2, 300000);
    mail_free(rig.mail);
    rig.config.limits.uploads_bytes = 200000;
    CHECK_OK(mail_new(&rig.mail, rig.store, &rig.config, NULL));
    rig_cut(&rig, client(0));
    uint64_t command = begin_send();
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_done(client(0), command) == NULL);
    const struct notice *progress = rig_last(client(0), CORE_NOTICE_PROGRESS);
    CHECK_ERR(progress->notice.error, ERR_DENIED);
    CHECK_EQ(progress->notice.reason, PROTO_REASON_UPLOADS);
    rig_pass(&rig, 2 * TIME_DAY);
    rig_finish(client(0), command, OK);
    rig_fini(&rig);
}

TEST(a_file_goes_on_by_another_address_when_one_takes_no_more) {
    start(2, 300000);
    mail_free(rig.mail);
    rig.config.limits.uploads_bytes = 500000; /* half of it by one address */
    CHECK_OK(mail_new(&rig.mail, rig.store, &rig.config, NULL));
    rig_cut(&rig, client(0));
    uint64_t command = begin_send();
    rig_pass(&rig, TIME_MINUTE);
    rig_finish(client(0), command, OK);
    CHECK(rig_last(client(0), CORE_NOTICE_PROGRESS)->notice.error == OK);
    rig_fini(&rig);
}

TEST(a_file_that_has_expired_is_not_there) {
    uint64_t command;
    start(2, 100);
    CHECK_OK(
        core_conversation_timer(client(0)->core, 1, 0, rig.now, &command)); /* but its message */
    rig_finish(client(0), command, OK);
    mail_free(rig.mail);
    rig.config.limits.blob_days = 7;
    CHECK_OK(mail_new(&rig.mail, rig.store, &rig.config, NULL));
    for (size_t i = 0; i < 2; i++)
        rig_cut(&rig, client(i));
    rig_pass(&rig, TIME_MINUTE);
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    rig.now += 2 * TIME_WEEK;
    for (int i = 0; i < 1000 && mail_sweep(rig.mail); i++)
        mail_commit(rig.mail);
    rig_pass(&rig, TIME_MINUTE);
    client(1)->count = 0;
    CHECK_OK(fetch(client(1), 0, true, &command));
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_done(client(1), command) != NULL);
    CHECK_EQ(rig_done(client(1), command)->notice.reason, PROTO_REASON_NONE);
    rig_fini(&rig);
}

/* ---- Who fetches, and when ---- */

static unsigned by_device, by_stranger;
static enum verdict who_gets(struct rig *r, struct client *from, uint16_t type, slice body) {
    (void)from, (void)body;
    if (type != PROTO_blob_get)
        return PASS;
    bool device = r->links[r->request->session - 1].session.state == SESSION_DEVICE;
    by_device += device;
    by_stranger += !device;
    return PASS;
}

TEST(files_are_fetched_by_strangers_and_what_items_name_by_its_device) {
    uint64_t command, message;
    buf text = {0};
    start(2, 100000);
    rig.on_request = who_gets;
    by_device = by_stranger = 0;
    CHECK_OK(buf_resize(&text, 50000));
    memset(text.p, 'x', text.n);
    CHECK_OK(core_send_text(client(0)->core, 1, CORE_TEXT_PLAIN, buf_slice(&text), NULL, rig.now,
                            &command, &message));
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK(by_device > 0);
    CHECK_EQ(by_stranger, 0);
    by_device = 0;
    rig_finish(client(0), begin_send(), OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_OK(fetch(client(1), 0, false, &command));
    rig_run(&rig);
    CHECK_EQ(by_stranger, 0); /* at some moment soon, not now */
    rig_pass(&rig, TIME_MINUTE);
    rig_finish(client(1), command, OK);
    CHECK_EQ(by_stranger, core_file_chunks(sent.size));
    CHECK_EQ(by_device, 0);
    buf_free(&text);
    rig_fini(&rig);
}

/* ---- What can't be done to it on the way ---- */

static struct file some_file(uint64_t size) {
    struct file f = {.size = size, .chunks = core_file_chunks(size)};
    memset(f.id, 1, sizeof f.id);
    memset(f.key, 2, sizeof f.key);
    return f;
}

static void refuses(const struct file *f, uint32_t chunk, slice sealed, err expected) {
    buf content = {0};
    CHECK_ERR(core_file_open(f, chunk, sealed, &content), expected);
    buf_free(&content);
}

TEST(a_chunk_opens_in_its_place_alone) {
    struct file f = some_file(3 * FILE_CHUNK), other = f;
    static uint8_t plain[FILE_CHUNK];
    buf sealed = {0}, again = {0}, content = {0};
    CHECK_OK(crypto_init());
    CHECK_OK(core_file_seal(&f, 1, SLICE_ARRAY(plain), &sealed));
    CHECK_EQ(sealed.n, PROTO_CHUNK_MAX);
    CHECK_OK(core_file_open(&f, 1, buf_slice(&sealed), &content));
    CHECK_SLICE(buf_slice(&content), SLICE_ARRAY(plain));
    CHECK_OK(core_file_seal(&f, 1, SLICE_ARRAY(plain), &again));
    CHECK(!slice_equal(buf_slice(&sealed), buf_slice(&again)));
    refuses(&f, 0, buf_slice(&sealed), ERR_CRYPTO);
    refuses(&f, 2, buf_slice(&sealed), ERR_CRYPTO);
    refuses(&f, 9, buf_slice(&sealed), ERR_CRYPTO);
    other.id[0] ^= 1;
    refuses(&other, 1, buf_slice(&sealed), ERR_CRYPTO);
    other = f;
    other.key[0] ^= 1;
    refuses(&other, 1, buf_slice(&sealed), ERR_CRYPTO);
    other = some_file(40 * FILE_CHUNK); /* as if it went on */
    refuses(&other, 1, buf_slice(&sealed), ERR_CRYPTO);
    refuses(&f, 1, slice_of(sealed.p, sealed.n - 1), ERR_CRYPTO);
    refuses(&f, 1, SLICE_EMPTY, ERR_CRYPTO);
    for (size_t i = 0; i < sealed.n; i += 1021) {
        sealed.p[i] ^= 1;
        refuses(&f, 1, buf_slice(&sealed), ERR_CRYPTO);
        sealed.p[i] ^= 1;
    }
    buf_free(&sealed);
    buf_free(&again);
    buf_free(&content);
}

TEST(padding_is_zero) {
    struct file longer = some_file(200), f = some_file(100);
    static uint8_t plain[200];
    buf sealed = {0};
    CHECK_OK(crypto_init());
    plain[150] = 1;
    CHECK_OK(core_file_seal(&longer, 0, SLICE_ARRAY(plain), &sealed));
    refuses(&f, 0, buf_slice(&sealed), ERR_MLS_PADDING);
    CHECK_ERR(core_file_seal(&f, 0, SLICE_ARRAY(plain), &sealed), ERR_BUG);
    CHECK_ERR(core_file_seal(&f, 1, SLICE_EMPTY, &sealed), ERR_BUG);
    buf_free(&sealed);
}

TEST(sizes_of_files_are_padded_to_few) {
    CHECK_EQ(core_padded(0), 4096);
    CHECK_EQ(core_padded(4097), core_padded(4300));
    CHECK_EQ(core_padded(CORE_FILE_MAX), CORE_FILE_MAX);
    CHECK_EQ(core_padded(CORE_FILE_MAX - 1), CORE_FILE_MAX);
    CHECK_EQ(core_padded(CORE_FILE_MAX / 2 + 1), CORE_FILE_MAX / 2 + CORE_FILE_MAX / 64);
    CHECK_EQ(core_file_chunks(CORE_FILE_MAX), PROTO_CHUNKS_MAX);
    CHECK_EQ(core_file_chunks(0), 1);
}

struct swap {
    struct store_key keys[64];
    uint8_t names[64][32];
    buf values[64];
    size_t count;
};

static bool collect(void *ctx, struct store_key key, slice value) {
    struct swap *s = ctx;
    s->keys[s->count] = key;
    memcpy(s->names[s->count], key.name.p, 32);
    s->keys[s->count].name = SLICE_ARRAY(s->names[s->count]);
    CHECK_OK(buf_set(&s->values[s->count++], value));
    return s->count < 64;
}

static uint8_t blob_id[32];
static enum verdict see_id(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_blob_put m;
    (void)r, (void)from;
    if (type == PROTO_blob_put && proto_blob_put_decode(body, &m) == OK)
        memcpy(blob_id, m.id, 32);
    return PASS;
}

/* What the server's disk says is another's: two chunks change places, or one has another bit. */
static void disturb(bool flip) {
    struct swap *s = calloc(1, sizeof *s);
    struct store_batch *batch;
    CHECK_OK(store_scan(rig.store, (struct store_key){9, SLICE_ARRAY(blob_id), 1}, UINT64_MAX,
                        collect, s));
    CHECK(s->count > 3);
    CHECK_OK(store_batch_new(&batch, NULL));
    if (flip)
        s->values[2].p[s->values[2].n - 1] ^= 1;
    CHECK_OK(store_batch_put(batch, s->keys[2], buf_slice(&s->values[flip ? 2 : 1])));
    CHECK_OK(store_commit_now(rig.store, batch));
    store_batch_free(batch);
    for (size_t i = 0; i < s->count; i++)
        buf_free(&s->values[i]);
    free(s);
}

TEST(a_file_that_the_server_changed_is_refused) {
    for (int flip = 0; flip < 2; flip++) {
        start(2, 200000);
        rig.on_request = see_id;
        rig_finish(client(0), begin_send(), OK);
        rig_pass(&rig, TIME_SECOND);
        arrived();
        client(1)->count = 0;
        disturb(flip == 1);
        fetched(0, ERR_CRYPTO);
        rig_fini(&rig);
    }
}

/* ---- Memory ---- */

static size_t held, peak;
static void *count_memory(void *ctx, void *p, size_t old, size_t size) {
    (void)ctx;
    void *q = realloc(p, size == 0 ? 1 : size);
    if (q == NULL)
        return NULL;
    if (size == 0) {
        free(q);
        q = NULL;
    }
    held = held - old + size;
    peak = held > peak ? held : peak;
    return q;
}
static const struct mem counting = {.resize = count_memory};

static size_t peak_of(uint64_t size) {
    start(2, size);
    for (size_t i = 0; i < 2; i++) {
        client(i)->config.mem = &counting;
        if (i == 0)
            held = 0;
        rig_crash(client(i));
        client(i)->on_file = on_file;
    }
    rig_pass(&rig, TIME_SECOND);
    peak = held;
    size_t before = held;
    uint64_t command = begin_send();
    rig_finish(client(0), command, OK);
    rig_pass(&rig, TIME_SECOND);
    arrived();
    size_t most = peak - before;
    rig_fini(&rig);
    return most;
}

TEST(what_is_held_of_a_file_does_not_grow_with_it) {
    size_t small = peak_of(2 << 20), large = peak_of(48 << 20);
    printf("# both sides together: %zu bytes at most for 2 MiB, %zu for 48 MiB\n", small, large);
    CHECK(large < small + 65536);
    CHECK(large < 4 << 20);
}

TEST_MAIN
