/* The way to the server: through which proxy, remembered. */
#include "rig.h"

static struct rig rig;

static struct client *client(size_t i) {
    return &rig.clients[i];
}

/* What the next CONNECT says; carries nothing out. */
static bool connects_through(struct core *core, const char *proxy) {
    struct core_action action;
    bool found = false;
    while (core_next_action(core, &action)) {
        if (action.kind != CORE_CONNECT)
            continue;
        found = true;
        CHECK_SLICE(action.proxy, slice_str(proxy));
    }
    return found;
}

TEST(every_link_names_the_proxy_and_another_run_does_too) {
    rig_init(&rig, 1);
    struct core *core = client(0)->core;
    CHECK_OK(core_proxy_set(core, slice_str("127.0.0.1:9050"), rig.now));
    CHECK(connects_through(core, "127.0.0.1:9050"));
    rig_crash(client(0));
    CHECK(connects_through(client(0)->core, "127.0.0.1:9050"));
    rig_fini(&rig);
}

TEST(a_new_way_closes_what_stands_and_the_same_one_does_not) {
    rig_init(&rig, 1);
    struct core *core = client(0)->core;
    size_t links = rig.link_count;
    CHECK_OK(core_proxy_set(core, SLICE_EMPTY, rig.now));
    CHECK_OK(core_isolate_set(core, CORE_ISOLATE_UNSET, rig.now));
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig.link_count, links);
    CHECK_OK(core_proxy_set(core, slice_str("there:1"), rig.now));
    CHECK(rig_status(client(0)).auth != CORE_LINK_READY);
    rig_pass(&rig, TIME_SECOND);
    CHECK_EQ(rig_status(client(0)).auth, CORE_LINK_READY);
    CHECK(rig.link_count > links);
    rig_fini(&rig);
}

static bool isolates(struct core *core) {
    struct core_network network;
    core_network_get(core, &network);
    return network.isolates;
}

TEST(conversations_are_kept_apart_with_a_proxy_unless_one_says_otherwise) {
    rig_init(&rig, 1);
    struct core *core = client(0)->core;
    CHECK(!isolates(core));
    CHECK_OK(core_proxy_set(core, slice_str("there:1"), rig.now));
    CHECK(isolates(core));
    CHECK_OK(core_isolate_set(core, CORE_ISOLATE_OFF, rig.now));
    CHECK(!isolates(core));
    CHECK_OK(core_proxy_set(core, SLICE_EMPTY, rig.now));
    CHECK_OK(core_isolate_set(core, CORE_ISOLATE_ON, rig.now));
    CHECK(isolates(core));
    rig_crash(client(0));
    CHECK(isolates(client(0)->core));
    CHECK_ERR(core_isolate_set(client(0)->core, CORE_ISOLATE_OFF + 1, rig.now), ERR_MALFORMED);
    rig_fini(&rig);
}

TEST(a_setting_that_was_not_stored_does_not_hold) {
    rig_init(&rig, 1);
    struct core *core = client(0)->core;
    uint8_t long_name[CORE_PROXY_MAX + 1];
    memset(long_name, 'x', sizeof long_name);
    CHECK_OK(core_proxy_set(core, slice_str("there:1"), rig.now));
    client(0)->plan.fail_commit_in = 0;
    CHECK(core_proxy_set(core, SLICE_EMPTY, rig.now) != OK);
    client(0)->plan.fail_commit_in = -1;
    CHECK_ERR(core_proxy_set(core, SLICE_ARRAY(long_name), rig.now), ERR_TOO_LARGE);
    (void)connects_through(core, "there:1");
    core_wake(core, rig.now + TIME_MINUTE);
    CHECK(connects_through(core, "there:1"));
    rig_fini(&rig);
}

/* Whoever can't read which way to go must not go any. */
TEST(a_store_whose_setting_is_damaged_does_not_open) {
    rig_init(&rig, 1);
    struct store_batch *batch;
    struct core *core;
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_batch_put(batch, (struct store_key){1, slice_str("network"), 0},
                             slice_str("\x40what")));
    CHECK_OK(store_commit_now(client(0)->memory, batch));
    CHECK_ERR(core_open(&core, client(0)->memory, NULL, rig.now), ERR_DAMAGED);
    store_batch_free(batch);
    rig_fini(&rig);
}

TEST_MAIN
