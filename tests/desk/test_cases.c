#include "tests/test.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "tests/desk/desks.h"

#define TWO_FIELDS (1u << HELD_FIELD_EXISTS | 1u << HELD_FIELD_CREATED)
#define SUSPENSION(jurisdiction)                  \
    "suspension s-1\njurisdictions " jurisdiction \
    "\nscope all\nwording Suspended.\nstart 2026-07-06T00:00:00Z\nreview 2026-10-01T00:00:00Z\n"

TEST(a_filing_becomes_a_case_whose_bytes_only_its_holders_read) {
    struct desks s;
    char id[DESK_ID];
    buf plain = {0};
    desks_begin(&s);
    desks_receive(&s, "We, the court of Beispielstadt, ask.", id);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RECEIVED);
    CHECK(desks_open(&s, id, AUDITOR, DESK_SEALED_FILING, 0, &plain));
    reader r = reader_of(buf_slice(&plain));
    slice channel, bytes;
    CHECK_OK(reader_vec(&r, &channel));
    CHECK_OK(reader_vec(&r, &bytes));
    CHECK_OK(reader_end(&r));
    CHECK_SLICE(bytes, slice_str("We, the court of Beispielstadt, ask."));
    /* An expert has no key, unless asked. */
    CHECK(!desks_open(&s, id, EXPERT_1, DESK_SEALED_FILING, 0, &plain));
    buf_free(&plain);
    desks_end(&s);
}

TEST(an_ordinary_case_is_released_after_three_verdicts_and_the_approver) {
    struct desks s;
    char id[DESK_ID];
    desks_begin(&s);
    desks_receive(&s, "a filing", id);
    desks_authenticated(&s, id, &desks_epoc);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_AUTHENTICATED);
    desks_cleared(&s, id, TWO_FIELDS);
    CHECK_EQ(desks_release(&s, id, APPROVER), DESK_OK);
    CHECK_EQ(desks_state(&s, id), DESK_STATE_RELEASED);
    desks_do(&s, &(struct desks_act){.id = id,
                                     .move = DESK_MOVE_DELIVER,
                                     .person = CUSTODIAN,
                                     .says = {"manifest abc"},
                                     .also = "the manifest"});
    desks_do(&s, &(struct desks_act){.id = id, .move = DESK_MOVE_CLOSE, .person = INTAKE_1});
    CHECK_EQ(desks_state(&s, id), DESK_STATE_CLOSED);
    desks_end(&s);
}

TEST_MAIN
