#include "tests/test.h"

#include "base/text.h"
#include "office/internal.h"
#include "tests/office/people.h"

/* 1 October 2026, midnight UTC. */
#define MADE ((uint64_t)1790812800000)

static const uint8_t nonce[32] = {0x6e};

static void say_hash(buf *out, const char *word, uint8_t first) {
    uint8_t hash[32] = {first};
    people_say(out, "%s ", word);
    must(hex_encode(out, SLICE_ARRAY(hash)));
    people_say(out, "\n");
}

static void move_text(buf *out, const char *says) {
    people_say(out, "sotto move 1\ncase c-1\nnumber 4\nmove verdict\nstate in-review\n");
    say_hash(out, "previous", 1);
    people_say(out, "role human-rights\n");
    say_hash(out, "salt", 2);
    say_hash(out, "order", 3);
    people_say(out, "%s", says);
    say_hash(out, "office 1", 4);
    say_hash(out, "suspensions 2", 5);
    people_say(out, "made 2026-10-01T00:00:00Z\n");
}

static enum office_reason read_move(const char *says, const char *old, const char *by) {
    buf text = {0};
    struct office_case_move *m;
    move_text(&text, says);
    if (old != NULL)
        people_replace(&text, old, by);
    enum office_reason r = office_case_move_load(&m, NULL, buf_slice(&text), NULL);
    office_case_move_free(m);
    buf_free(&text);
    return r;
}

TEST(a_move_is_read_and_written_as_it_was) {
    buf text = {0}, again = {0};
    struct office_case_move *m;
    move_text(&text, "say verdict clear\nsay reason 沒有問題。\n");
    CHECK_EQ(office_case_move_load(&m, NULL, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_EQ(m->number, 4);
    CHECK_EQ(m->role, OFFICE_ROLE_HUMAN_RIGHTS);
    CHECK_EQ(m->order[0], 3);
    CHECK_EQ(m->seconds[0], 0);
    CHECK_EQ(m->suspensions.number, 2);
    CHECK_EQ(m->made, MADE);
    CHECK_SLICE(office_say_find(m, slice_str("verdict"))->text, slice_str("clear"));
    CHECK(office_say_find(m, slice_str("beneficiary")) == NULL);
    CHECK_EQ(office_case_move_write(&again, m), OFFICE_OK);
    CHECK_SLICE(buf_slice(&again), buf_slice(&text));
    office_case_move_free(m);
    buf_free(&text);
    buf_free(&again);
}

TEST(what_is_no_move_is_refused) {
    CHECK_EQ(read_move("", NULL, ""), OFFICE_OK);
    CHECK_EQ(read_move("", "role human-rights\n", ""), OFFICE_OK);
    CHECK_EQ(read_move("", "role human-rights\n", "role policy human-rights\n"), OFFICE_VALUE);
    CHECK_EQ(read_move("", "role human-rights\n", "role clerk\n"), OFFICE_VALUE);
    CHECK_EQ(read_move("", "sotto move 1", "sotto release 1"), OFFICE_KIND);
    CHECK_EQ(read_move("", "number 4", "number 0"), OFFICE_VALUE);
    CHECK_EQ(read_move("", "state in-review\n", ""), OFFICE_WORD);
    CHECK_EQ(read_move("say verdict\n", NULL, ""), OFFICE_VALUE);
    CHECK_EQ(read_move("say Verdict clear\n", NULL, ""), OFFICE_VALUE);
    buf many = {0};
    for (int i = 0; i < 129; i++)
        people_say(&many, "say a b\n");
    must(buf_append_byte(&many, '\0'));
    CHECK_EQ(read_move((const char *)many.p, NULL, ""), OFFICE_COUNT);
    many.p[many.n - 9] = '\0';
    CHECK_EQ(read_move((const char *)many.p, NULL, ""), OFFICE_OK);
    buf_free(&many);
}

/* Who signed is told, each person once, and who is bound. */
TEST(the_signers_of_a_move_are_told) {
    struct office *o = people_office_load(false);
    struct office_suspensions *list =
        people_list_load(o, "suspension s-1\njurisdictions HK\nscope all\nwording Suspended.\n"
                            "start 2026-07-06T00:00:00Z\nreview 2026-09-01T00:00:00Z\n");
    buf text = {0};
    struct office_case_move *m;
    struct office_signers who;
    move_text(&text, "");
    size_t n = text.n;
    CHECK_EQ(office_case_move_load(&m, NULL, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_EQ(office_signed(o, list, &m->document, &who), OFFICE_UNSIGNED);
    office_case_move_free(m);
    people_sign(&text, n, RIGHTS, SOFT_EDDSA);
    people_sign(&text, n, CUSTODIAN, SOFT_ES256);
    people_sign(&text, n, RIGHTS, SOFT_SK_ED25519);
    CHECK_EQ(office_case_move_load(&m, NULL, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_EQ(office_signed(o, list, &m->document, &who), OFFICE_OK);
    CHECK_EQ(who.n, 2);
    CHECK_SLICE(who.each[0].person->id, slice_str(people_ids[RIGHTS]));
    CHECK(who.each[0].ssh && !who.each[0].bound && !who.each[1].ssh && who.each[1].bound);
    office_case_move_free(m);
    /* A signature of one text under another. */
    people_replace(&text, "number 4", "number 5");
    CHECK_EQ(office_case_move_load(&m, NULL, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_EQ(office_signed(o, list, &m->document, &who), OFFICE_WEBAUTHN_CHALLENGE);
    office_case_move_free(m);
    buf_free(&text);
    office_suspensions_free(list);
    office_free(o);
}

/* ---- Sessions ---- */

struct session {
    struct office *office;
    struct office_suspensions *list;
    const char *person;
    int signer, second; /* second: -1 for none */
    uint8_t nonce, office_hash;
    uint64_t now;
};

static enum office_reason login(const struct session *s) {
    buf text = {0};
    struct office_signer who;
    uint8_t own[32], hash[32];
    memcpy(own, nonce, sizeof own);
    own[1] = s->nonce;
    memcpy(hash, s->office->document.hash, sizeof hash);
    hash[0] = (uint8_t)(hash[0] ^ s->office_hash);
    people_say(&text, "sotto session 1\nperson %s\nnonce ", s->person);
    must(hex_encode(&text, SLICE_ARRAY(own)));
    people_say(&text, "\noffice 1 ");
    must(hex_encode(&text, SLICE_ARRAY(hash)));
    people_say(&text, "\nmade 2026-10-01T00:00:00Z\n");
    size_t n = text.n;
    people_sign(&text, n, s->signer, SOFT_ES256);
    if (s->second >= 0)
        people_sign(&text, n, s->second, SOFT_ES256);
    enum office_reason r =
        office_login_check(&who, s->office, s->list, buf_slice(&text), nonce, s->now, NULL);
    CHECK((r == OFFICE_OK) == (who.person != NULL));
    buf_free(&text);
    return r;
}

TEST(a_session_is_of_one_person_and_one_nonce) {
    struct office *o = people_office_load(false);
    struct office_suspensions *list =
        people_list_load(o, "suspension s-1\njurisdictions HK\nscope all\nwording Suspended.\n"
                            "start 2026-07-06T00:00:00Z\nreview 2026-09-01T00:00:00Z\n");
    struct session right = {o, list, people_ids[LAW], LAW, -1, 0, 0, MADE}, s = right;
    CHECK_EQ(login(&s), OFFICE_OK);
    s.now = MADE + OFFICE_CLOCKS_APART;
    CHECK_EQ(login(&s), OFFICE_OK);
    s.now++;
    CHECK_EQ(login(&s), OFFICE_EXPIRED);
    s.now = MADE - OFFICE_CLOCKS_APART - 1;
    CHECK_EQ(login(&s), OFFICE_FUTURE);
    s = right, s.nonce = 1;
    CHECK_EQ(login(&s), OFFICE_WEBAUTHN_CHALLENGE);
    s = right, s.office_hash = 1;
    CHECK_EQ(login(&s), OFFICE_OTHER_OFFICE);
    s = right, s.signer = RIGHTS;
    CHECK_EQ(login(&s), OFFICE_SIGNERS);
    s = right, s.second = RIGHTS;
    CHECK_EQ(login(&s), OFFICE_SIGNERS);
    s = right, s.person = people_ids[CUSTODIAN], s.signer = CUSTODIAN;
    CHECK_EQ(login(&s), OFFICE_BOUND);
    office_suspensions_free(list);
    office_free(o);
}

TEST_MAIN
