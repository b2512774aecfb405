/* Messages that disappear: at their time, everywhere, and not because a clock jumps. */
#include <stdlib.h>
#include <unistd.h>

#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct client *ann, *ben, *cem;

static void three(void) {
    rig_init(&rig, 3);
    ann = &rig.clients[0];
    ben = &rig.clients[1];
    cem = &rig.clients[2];
    rig_meet_all(&rig, 3);
}

static void two(void) {
    three();
    rig_conversation(&rig, 2);
}

static void settle(void) {
    rig_pass(&rig, 10 * TIME_SECOND);
}

static void set_timer(struct client *c, uint32_t seconds) {
    uint64_t command;
    CHECK_OK(core_conversation_timer(c->core, 1, seconds, rig.now, &command));
    rig_finish(c, command, OK);
    settle();
}

static void check_texts(struct client *c, const char *texts) {
    CHECK_SLICE(slice_str(rig_texts(c)), slice_str(texts));
}

static uint64_t newest(struct client *c) {
    return rig_state(c).messages;
}

/* ---- The timer ---- */

TEST(what_is_said_goes_after_a_week) {
    two();
    CHECK_EQ(rig_state(ann).timer, CORE_TIMER_DEFAULT);
    rig_say(ann, "for a week");
    settle();
    rig_pass(&rig, 7 * TIME_DAY - TIME_MINUTE);
    check_texts(ann, "for a week\n");
    check_texts(ben, "for a week\n");
    CHECK(rig_stored(ben, "for a week") > 0);
    rig_pass(&rig, 2 * TIME_MINUTE);
    check_texts(ann, "");
    check_texts(ben, "");
    CHECK_EQ(rig_stored(ann, "for a week"), 0);
    CHECK_EQ(rig_stored(ben, "for a week"), 0);
    CHECK(rig_last(ben, CORE_NOTICE_CHANGED) != NULL);
    rig_crash(ben);
    check_texts(ben, "");
    rig_fini(&rig);
}

static bool is_timer(void *ctx, const struct core_message *m) {
    if (m->kind == CORE_MESSAGE_TIMER)
        CHECK_OK(buf_set(ctx, m->text));
    return true;
}

TEST(the_timer_is_everybodys) {
    buf text = {0};
    uint64_t command;
    two();
    set_timer(ben, 60);
    CHECK_EQ(rig_state(ann).timer, 60);
    CHECK_EQ(rig_state(ben).timer, 60);
    CHECK_OK(core_messages(ann->core, 1, 1, UINT64_MAX, is_timer, &text));
    CHECK_SLICE(buf_slice(&text), slice_str("60"));
    rig_say(ann, "short");
    settle();
    check_texts(ben, "short\n");
    set_timer(ann, 0);
    rig_say(ann, "long");
    rig_pass(&rig, 2 * TIME_MINUTE);
    check_texts(ann, "long\n");
    check_texts(ben, "long\n");
    rig_pass(&rig, 30 * TIME_DAY);
    check_texts(ben, "long\n");
    CHECK_EQ(rig_state(ben).timer, 0);
    /* Who comes later hears of it; one that starts again remembers it. */
    CHECK_OK(core_conversation_add(ann->core, 1, cem->account, rig.now, &command));
    rig_finish(ann, command, OK);
    settle();
    CHECK_EQ(rig_state(cem).timer, 0);
    rig_crash(cem);
    CHECK_EQ(rig_state(cem).timer, 0);
    CHECK_ERR(core_conversation_timer(ann->core, 1, CORE_TIMER_MAX + 1, rig.now, &command),
              ERR_TOO_LARGE);
    buf_free(&text);
    rig_fini(&rig);
}

TEST(of_two_changes_at_once_the_later_one_holds_for_all) {
    uint64_t command;
    two();
    core_online(ann->core, false, rig.now);
    core_online(ben->core, false, rig.now);
    CHECK_OK(core_conversation_timer(ben->core, 1, 3600, rig.now, &command));
    rig.now += TIME_SECOND;
    CHECK_OK(core_conversation_timer(ann->core, 1, 60, rig.now, &command));
    core_online(ann->core, true, rig.now);
    settle();
    core_online(ben->core, true, rig.now);
    settle();
    CHECK_EQ(rig_state(ann).timer, 60);
    CHECK_EQ(rig_state(ben).timer, 60);
    rig_fini(&rig);
}

/* ---- What goes ---- */

TEST(with_a_message_goes_what_was_said_about_it) {
    uint64_t command, number;
    two();
    set_timer(ann, 600);
    rig_say(ann, "first text");
    settle();
    number = newest(ann);
    set_timer(ann, 0);
    CHECK_OK(core_message_edit(ann->core, 1, number, slice_str("second text"), rig.now, &command,
                               &command));
    settle();
    struct core_conversation c = rig_state(ben);
    uint8_t id[32];
    memcpy(id, rig_last(ben, CORE_NOTICE_CHANGED)->notice.message_id, 32);
    CHECK_OK(core_send_text(ben->core, 1, CORE_TEXT_REACTION, slice_str("applause"), id, rig.now,
                            &command, &number));
    settle();
    CHECK(rig_stored(ann, "second text") > 0 && rig_stored(ann, "applause") > 0);
    CHECK_EQ(c.timer, 0);
    rig_pass(&rig, 10 * TIME_MINUTE);
    check_texts(ann, "");
    check_texts(ben, "");
    CHECK_EQ(rig_stored(ann, "second text") + rig_stored(ben, "second text"), 0);
    CHECK_EQ(rig_stored(ann, "applause") + rig_stored(ben, "applause"), 0);
    rig_fini(&rig);
}

TEST(what_could_not_be_sent_in_its_time_is_not_sent) {
    two();
    set_timer(ann, 60);
    core_online(ann->core, false, rig.now);
    uint64_t command = rig_say(ann, "too late");
    rig_pass(&rig, 2 * TIME_MINUTE);
    CHECK(rig_done(ann, command) != NULL);
    CHECK_ERR(rig_done(ann, command)->notice.error, ERR_EXPIRED);
    CHECK_EQ(rig_state(ann).outbox, 0);
    CHECK_EQ(rig_stored(ann, "too late"), 0);
    core_online(ann->core, true, rig.now);
    settle();
    check_texts(ben, "");
    rig_fini(&rig);
}

TEST(what_comes_too_late_is_shown_for_a_while) {
    two();
    core_online(ben->core, false, rig.now);
    rig_say(ann, "you were away");
    rig_pass(&rig, 8 * TIME_DAY);
    check_texts(ann, "");
    core_online(ben->core, true, rig.now);
    settle();
    check_texts(ben, "you were away\n");
    rig_pass(&rig, 23 * TIME_HOUR);
    check_texts(ben, "you were away\n");
    rig_pass(&rig, 2 * TIME_HOUR);
    check_texts(ben, "");
    CHECK_EQ(rig_stored(ben, "you were away"), 0);
    rig_fini(&rig);
}

/* ---- The clock ---- */

static void wake(struct client *c, uint64_t now) {
    struct core_action action;
    core_wake(c->core, now);
    while (core_next_action(c->core, &action))
        ;
}

static void jump_back_in_time(uint64_t ahead) {
    two();
    rig_say(ann, "still good");
    settle();
    core_online(ann->core, false, rig.now);
    wake(ann, rig.now);
    wake(ann, rig.now + ahead);
    check_texts(ann, ""); /* its time is over, says the clock */
    CHECK(rig_stored(ann, "still good") > 0);
}

TEST(a_clock_that_jumps_deletes_nothing) {
    jump_back_in_time(30 * TIME_DAY);
    wake(ann, rig.now + 30 * TIME_DAY + 23 * TIME_HOUR);
    CHECK(rig_stored(ann, "still good") > 0);
    wake(ann, rig.now);
    check_texts(ann, "still good\n");
    /* The same over a start. */
    wake(ann, rig.now + 2 * TIME_HOUR);
    core_close(ann->core);
    CHECK_OK(core_open(&ann->core, ann->store, &ann->config, rig.now + 30 * TIME_DAY));
    wake(ann, rig.now + 30 * TIME_DAY);
    check_texts(ann, "");
    core_close(ann->core);
    CHECK_OK(core_open(&ann->core, ann->store, &ann->config, rig.now + 3 * TIME_HOUR));
    wake(ann, rig.now + 3 * TIME_HOUR);
    check_texts(ann, "still good\n");
    rig_fini(&rig);
}

TEST(a_clock_that_stays_where_it_jumped_to_is_believed) {
    jump_back_in_time(8 * TIME_DAY);
    for (uint64_t h = 0; h <= 24; h += 12)
        wake(ann, rig.now + 8 * TIME_DAY + h * TIME_HOUR);
    CHECK_EQ(rig_stored(ann, "still good"), 0);
    rig_fini(&rig);
}

TEST(who_comes_now_and_then_is_believed_the_next_time) {
    jump_back_in_time(8 * TIME_DAY);
    core_close(ann->core);
    CHECK_OK(core_open(&ann->core, ann->store, &ann->config, rig.now + 11 * TIME_DAY));
    wake(ann, rig.now + 11 * TIME_DAY);
    CHECK_EQ(rig_stored(ann, "still good"), 0);
    rig_fini(&rig);
}

/* ---- The file ---- */

static bool note_value(void *ctx, struct store_key key, slice value) {
    buf *all = ctx;
    (void)key;
    CHECK(value.n >= 64);
    CHECK_OK(buf_append(all, slice_of(value.p + 24, 40))); /* beyond its nonce */
    return true;
}

static void read_file(const char *path, buf *out) {
    FILE *f = fopen(path, "rb");
    buf_clear(out);
    if (f == NULL)
        return;
    CHECK_OK(buf_resize(out, 64 * 1024 * 1024));
    CHECK_OK(buf_resize(out, fread(out->p, 1, out->n, f)));
    fclose(f);
}

/* How many of the noted values the file has, whole. */
static size_t found(const char *path, const buf *noted) {
    buf file = {0};
    size_t count = 0;
    read_file(path, &file);
    for (size_t at = 0; at < noted->n; at += 40)
        count += file.n > 0 && memmem(file.p, file.n, noted->p + at, 40) != NULL;
    buf_free(&file);
    return count;
}

static bool has_words(void *ctx, struct store_key key, slice value) {
    bool *has = ctx;
    (void)key;
    *has = *has || memmem(value.p, value.n, "sealed words", 12) != NULL;
    return true;
}

TEST(nothing_sealed_of_it_stays_in_the_file) {
    static const uint8_t key[32] = {7};
    char folder[] = "/tmp/sotto-timer-XXXXXX", path[64], log[64];
    struct store *sealed;
    buf noted = {0};
    bool has = false;
    two();
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/store.db", folder);
    snprintf(log, sizeof log, "%s/store.db-wal", folder);
    /* Another person, whose store is a file. */
    struct client *dan = rig_client(&rig, 3);
    core_close(dan->core);
    store_close(dan->store);
    CHECK_OK(store_sqlite_open(&dan->memory, path));
    CHECK_OK(store_sealed_open(&sealed, dan->memory, key, NULL));
    CHECK_OK(store_faulty_open(&dan->store, sealed, &dan->plan, NULL));
    CHECK_OK(core_open(&dan->core, dan->store, &dan->config, rig.now));
    uint64_t command;
    core_online(dan->core, true, rig.now);
    CHECK_OK(
        core_account_create(dan->core, rig_join_link(&rig), slice_str("dan"), rig.now, &command));
    rig_finish(dan, command, OK);
    memcpy(dan->account, rig_status(dan).account, CORE_ACCOUNT);
    rig_meet(ann, dan);
    CHECK_OK(core_conversation_add(ann->core, 1, dan->account, rig.now, &command));
    rig_finish(ann, command, OK);
    set_timer(ann, 3600);
    for (int i = 0; i < 40; i++)
        rig_say(ann, "sealed words, of which nothing is to stay once their time is over");
    settle();
    CHECK(strstr(rig_texts(dan), "sealed words") != NULL);
    CHECK_OK(store_scan_table(dan->memory, TABLE_HISTORY, note_value, &noted));
    CHECK_OK(store_scan_table(dan->memory, TABLE_HISTORY, has_words, &has));
    CHECK(!has); /* it is sealed */
    CHECK(noted.n / 40 >= 40);
    CHECK(found(path, &noted) + found(log, &noted) >= 40); /* the search finds them */
    dan->plan.unsettled = 1; /* it is tried again with what is done next */
    rig_pass(&rig, 2 * TIME_HOUR);
    check_texts(dan, "");
    CHECK_EQ(dan->plan.unsettled, 0);
    CHECK_OK(core_conversation_archive(dan->core, 1, true, rig.now));
    buf gone = {0}, kept = {0};
    CHECK_OK(store_scan_table(dan->memory, TABLE_HISTORY, note_value, &kept));
    for (size_t at = 0; at < noted.n; at += 40)
        if (kept.n == 0 || memmem(kept.p, kept.n, noted.p + at, 40) == NULL)
            CHECK_OK(buf_append(&gone, slice_of(noted.p + at, 40)));
    CHECK(gone.n / 40 >= 40);
    CHECK_EQ(found(path, &gone), 0);
    CHECK_EQ(found(log, &gone), 0);
    core_close(dan->core);
    dan->core = NULL;
    store_close(dan->store);
    CHECK_EQ(found(path, &gone), 0);
    CHECK_EQ(found(log, &gone), 0);
    CHECK_OK(store_memory_open(&dan->memory, NULL));
    CHECK_OK(store_faulty_open(&dan->store, dan->memory, &dan->plan, NULL));
    CHECK_OK(core_open(&dan->core, dan->store, &dan->config, rig.now));
    unlink(path);
    unlink(log);
    rmdir(folder);
    buf_free(&noted);
    buf_free(&gone);
    buf_free(&kept);
    rig_fini(&rig);
}

TEST_MAIN
