/* An account on several devices: the identity's words, links, and what own devices share. */
#include "core/internal.h"
#include "core/words.h"
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

static void refused(struct client *c, uint64_t command, uint16_t reason) {
    rig_finish(c, command, ERR_DENIED);
    CHECK_EQ(rig_done(c, command)->notice.reason, reason);
}

/* ---- The identity's words ---- */

static char words[CORE_WORDS];
static buf place;

static void keep_words(struct client *c) {
    CHECK_OK(core_words(c->core, words));
    buf_clear(&place);
    CHECK_OK(core_server_link(c->core, &place));
}

static uint64_t take(struct client *c, const char *text, slice link) {
    uint64_t command = 0;
    uint32_t wrong;
    core_online(c->core, true, rig.now);
    CHECK_OK(core_account_take(c->core, link, slice_str(text), slice_str("n0"), rig.now, &command,
                               &wrong));
    return command;
}

TEST(words_put_the_account_on_another_device_and_sign_the_first_off) {
    rig_init(&rig, 2);
    CHECK(rig_status(client(0)).has_identity);
    keep_words(client(0));
    struct client *c = rig_client(&rig, 2);
    rig_finish(c, take(c, words, buf_slice(&place)), OK);
    struct core_status s = rig_status(c), lost = rig_status(client(0));
    CHECK_SLICE(SLICE_ARRAY(s.account), SLICE_ARRAY(lost.account));
    CHECK(memcmp(s.device, lost.device, sizeof s.device) != 0);
    CHECK(s.registered && s.has_identity && s.caught_up);
    rig_pass(&rig, TIME_MINUTE);
    CHECK(rig_status(client(0)).auth != CORE_LINK_READY);
    CHECK_EQ(rig_status(client(0)).last_reason, PROTO_REASON_PROOF);
    CHECK(rig_last(client(0), CORE_NOTICE_TROUBLE) != NULL);
    /* It is reached as any account is. */
    memcpy(c->account, s.account, CORE_ACCOUNT);
    rig_meet(c, client(1));
    uint64_t command;
    uint32_t number;
    CHECK_OK(core_conversation_new(client(1)->core, SLICE_EMPTY,
                                   (const uint8_t(*)[CORE_ACCOUNT])s.account, 1, rig.now, &command,
                                   &number));
    rig_finish(client(1), command, OK);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(c).conversations, 1);
    rig_fini(&rig);
}

TEST(words_of_an_account_that_the_server_does_not_know_say_so) {
    uint8_t seed[32] = {7};
    char text[WORDS_TEXT];
    rig_init(&rig, 1);
    keep_words(client(0));
    CHECK_OK(core_words_write(seed, text));
    struct client *c = rig_client(&rig, 2);
    refused(c, take(c, text, buf_slice(&place)), PROTO_REASON_PROOF);
    /* The right ones, then, in the same home. */
    rig_finish(c, take(c, words, buf_slice(&place)), OK);
    CHECK_SLICE(SLICE_ARRAY(rig_status(c).account), SLICE_ARRAY(client(0)->account));
    rig_fini(&rig);
}

TEST(words_and_links_that_are_wrong_are_refused_at_once) {
    uint64_t command;
    uint32_t wrong;
    rig_init(&rig, 1);
    keep_words(client(0));
    struct client *c = rig_client(&rig, 2);
    CHECK_ERR(core_account_take(c->core, buf_slice(&place), slice_str("zoo zoo nozoo"), SLICE_EMPTY,
                                rig.now, &command, &wrong),
              ERR_MALFORMED);
    CHECK_EQ(wrong, 3);
    CHECK_ERR(core_account_take(c->core, slice_str("here:1"), slice_str(words), SLICE_EMPTY,
                                rig.now, &command, &wrong),
              ERR_UNSUPPORTED);
    CHECK_ERR(core_account_take(c->core, buf_slice(&place), slice_str(words), slice_str("\x1b"),
                                rig.now, &command, &wrong),
              ERR_MALFORMED);
    CHECK(!rig_status(c).has_account);
    CHECK_ERR(core_words(c->core, words), ERR_STATE);
    CHECK_ERR(core_account_take(client(0)->core, buf_slice(&place), slice_str(words), SLICE_EMPTY,
                                rig.now, &command, &wrong),
              ERR_EXISTS);
    rig_fini(&rig);
}

static enum verdict cut_joins(struct rig *r, struct client *to, uint16_t type, slice body) {
    (void)to, (void)type, (void)body;
    bool first = r->reply->device && r->hits == 0;
    r->hits += first;
    return first ? CUT : PASS;
}

TEST(a_takeover_whose_answer_was_lost_goes_on) {
    rig_init(&rig, 1);
    keep_words(client(0));
    struct client *c = rig_client(&rig, 2);
    rig.hits = 0;
    rig.on_reply = cut_joins;
    uint64_t command = take(c, words, buf_slice(&place));
    rig_finish(c, command, OK);
    CHECK_EQ(rig.hits, 1);
    rig_fini(&rig);
}

/* Two devices take the account over at the same time: both have the words. */
TEST(a_list_that_another_overtook_is_made_anew) {
    rig_init(&rig, 1);
    keep_words(client(0));
    struct client *a = rig_client(&rig, 1), *b = rig_client(&rig, 2);
    rig.hits = 0;
    rig.on_reply = cut_joins;
    uint64_t first = take(a, words, buf_slice(&place));
    rig_run(&rig); /* the server has a's list, and a doesn't know */
    CHECK_EQ(rig.hits, 1);
    a->away = true;
    uint64_t second = take(b, words, buf_slice(&place));
    rig_finish(b, second, OK);
    a->away = false;
    rig_finish(a, first, OK);
    CHECK(rig_status(a).registered);
    rig_fini(&rig);
}

TEST_MAIN
