/* Drafts: kept over a restart, and on this device alone. */
#include "core/internal.h"
#include "rig.h"

static struct rig rig;
static struct client *ann;

static void begin(void) {
    rig_init(&rig, 2);
    ann = &rig.clients[0];
    rig_meet_all(&rig, 2);
    rig_conversation(&rig, 2);
}

static void set(const char *text) {
    CHECK_OK(core_draft_set(ann->core, 1, slice_str(text), rig.now));
}

static void check(struct client *c, const char *text) {
    buf draft = {0};
    CHECK_OK(core_draft_get(c->core, 1, &draft));
    CHECK_SLICE(buf_slice(&draft), slice_str(text));
    buf_free(&draft);
}

TEST(a_draft_is_there_after_a_restart_and_nobody_else_has_it) {
    begin();
    check(ann, "");
    set("not yet");
    set("not yet said");
    rig_crash(ann);
    rig_pass(&rig, TIME_MINUTE);
    check(ann, "not yet said");
    check(&rig.clients[1], "");
    CHECK_EQ(rig_stored(&rig.clients[1], "not yet"), 0);
    rig_fini(&rig);
}

TEST(an_empty_draft_leaves_nothing) {
    begin();
    set("thought better");
    CHECK_EQ(rig_stored(ann, "thought better"), 1);
    set("");
    check(ann, "");
    CHECK_EQ(rig_stored(ann, "thought better"), 0);
    rig_fini(&rig);
}

TEST(a_draft_that_can_not_be_kept_changes_nothing) {
    static uint8_t large[CORE_TEXT_MAX + 1];
    buf draft = {0};
    begin();
    set("here");
    CHECK_ERR(core_draft_set(ann->core, 1, SLICE_ARRAY(large), rig.now), ERR_TOO_LARGE);
    CHECK_ERR(core_draft_set(ann->core, 9, slice_str("x"), rig.now), ERR_NOT_FOUND);
    CHECK_ERR(core_draft_get(ann->core, 9, &draft), ERR_NOT_FOUND);
    check(ann, "here");
    rig_fini(&rig);
}

TEST_MAIN
