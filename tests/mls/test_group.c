/* Groups from outside, by the public interface alone. */
#include <stdlib.h>

#include "tests/mls/people.h"

/* Anna, Bert, Carla in one group, made by Anna. */
struct trio {
    struct person anna, bert, carla, *all[3];
};

static void trio_begin(struct trio *t, uint16_t suite) {
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE, .tree_in_welcome = true};
    slice adds[2];
    memset(t, 0, sizeof(*t));
    person_init(&t->anna, suite, "anna");
    person_init(&t->bert, suite, "bert");
    person_init(&t->carla, suite, "carla");
    t->all[0] = &t->anna;
    t->all[1] = &t->bert;
    t->all[2] = &t->carla;
    person_create(&t->anna, "group");
    person_key_package(&t->bert, false);
    person_key_package(&t->carla, false);
    adds[0] = buf_slice(&t->bert.key_package);
    adds[1] = buf_slice(&t->carla.key_package);
    params.adds = adds;
    params.add_count = 2;
    people_commit(&t->anna, &params, NULL, 0, t->all + 1, 2);
}

static void trio_end(struct trio *t) {
    for (int i = 0; i < 3; i++)
        person_free(t->all[i]);
}

static void empty_commit(struct trio *t, struct person *by, enum mls_wire wire) {
    struct mls_commit_params params = {.wire = wire};
    people_commit(by, &params, t->all, 3, NULL, 0);
}

static void protect(struct person *from, const char *text, buf *out) {
    buf_clear(out);
    CHECK_OK(mls_group_protect(from->group, SLICE_EMPTY, slice_str(text), 0, out));
}

TEST(a_group_of_one_is_in_epoch_zero) {
    struct person anna;
    struct mls_member member;
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_create(&anna, "group");
    CHECK_EQ(mls_group_epoch(anna.group), 0);
    CHECK_EQ(mls_group_own_leaf(anna.group), 0);
    CHECK_EQ(mls_group_leaf_count(anna.group), 1);
    CHECK_SLICE(mls_group_id(anna.group), slice_str("group"));
    CHECK_OK(mls_group_member(anna.group, 0, &member));
    CHECK_SLICE(member.identity, slice_str("anna"));
    CHECK_ERR(mls_group_member(anna.group, 1, &member), ERR_NOT_FOUND);
    CHECK(!mls_group_is_out(anna.group));
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    people_commit(&anna, &params, NULL, 0, NULL, 0);
    CHECK_EQ(mls_group_epoch(anna.group), 1);
    person_free(&anna);
}

TEST(three_people_talk_with_each_suite_and_wire_format) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct trio t;
        trio_begin(&t, mls_suite_id(mls_suite_at(i)));
        people_agree(t.all, 3);
        for (int j = 0; j < 3; j++)
            people_talk(t.all[j], t.all, 3, "hello");
        for (int j = 0; j < 3; j++)
            empty_commit(&t, t.all[j], j % 2 == 0 ? MLS_PRIVATE_MESSAGE : MLS_PUBLIC_MESSAGE);
        people_agree(t.all, 3);
        people_talk(&t.carla, t.all, 3, "still there");
        trio_end(&t);
    }
}

TEST(proposals_by_reference_are_committed_by_another) {
    for (size_t i = 0; mls_suite_at(i) != NULL; i++) {
        struct trio t;
        struct person dora;
        buf add = {0}, update = {0}, remove = {0};
        enum mls_wire wire = i % 2 == 0 ? MLS_PUBLIC_MESSAGE : MLS_PRIVATE_MESSAGE;
        trio_begin(&t, mls_suite_id(mls_suite_at(i)));
        person_init(&dora, mls_suite_id(mls_suite_at(i)), "dora");
        person_key_package(&dora, false);
        CHECK_OK(people_propose_add(t.anna.group, buf_slice(&dora.key_package), &people_auth, wire,
                                    &add));
        CHECK_OK(people_propose_update(t.anna.group, NULL, wire, &update));
        CHECK_OK(
            people_propose_remove(t.bert.group, mls_group_own_leaf(t.bert.group), wire, &remove));
        CHECK_OK(person_process(&t.bert, buf_slice(&add)));
        CHECK_OK(person_process(&t.bert, buf_slice(&update)));
        CHECK_OK(person_process(&t.carla, buf_slice(&update)));
        CHECK_OK(person_process(&t.carla, buf_slice(&add)));
        CHECK_OK(person_process(&t.anna, buf_slice(&remove)));
        CHECK_OK(person_process(&t.carla, buf_slice(&remove)));
        CHECK_EQ(mls_group_pending_proposals(t.carla.group), 3);
        struct mls_commit_params params = {.wire = wire, .tree_in_welcome = true};
        struct person *added[] = {&dora};
        struct mls_committed c;
        CHECK_OK(mls_group_commit(t.carla.group, &params, &people_auth, &c));
        CHECK_EQ(mls_staged_change_count(c.staged), 3);
        CHECK_EQ(mls_staged_change(c.staged, 0).what, MLS_UPDATED);
        CHECK_SLICE(mls_staged_change(c.staged, 0).member.identity, slice_str("anna"));
        CHECK_EQ(mls_staged_change(c.staged, 1).what, MLS_REMOVED);
        CHECK_SLICE(mls_staged_change(c.staged, 1).member.identity, slice_str("bert"));
        CHECK_EQ(mls_staged_change(c.staged, 1).by.index, mls_group_own_leaf(t.bert.group));
        CHECK_EQ(mls_staged_change(c.staged, 2).what, MLS_ADDED);
        CHECK_SLICE(mls_staged_change(c.staged, 2).member.identity, slice_str("dora"));
        mls_committed_free(&c, NULL);
        people_commit(&t.carla, &params, t.all, 3, added, 1);
        CHECK(mls_group_is_out(t.bert.group));
        struct person *rest[] = {&t.anna, &t.carla, &dora};
        people_agree(rest, 3);
        people_talk(&t.anna, rest, 3, "with new keys");
        people_talk(&dora, rest, 3, "in Bert's place");
        CHECK_EQ(mls_group_pending_proposals(t.anna.group), 0);
        person_free(&dora);
        buf_free(&add);
        buf_free(&update);
        buf_free(&remove);
        trio_end(&t);
    }
}

TEST(staging_changes_nothing_until_it_is_applied) {
    struct trio t;
    struct mls_committed c;
    struct mls_received r;
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    uint8_t early[32], late[32];
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_group_commit(t.anna.group, &params, &people_auth, &c));
    CHECK_OK(mls_group_process(t.bert.group, buf_slice(&c.commit), &people_auth, &r));
    CHECK_EQ(r.kind, MLS_COMMIT);
    CHECK_EQ(r.sender, mls_group_own_leaf(t.anna.group));
    CHECK_EQ(mls_group_epoch(t.bert.group), 1);
    CHECK_EQ(mls_staged_epoch(r.commit), 2);
    CHECK_EQ(mls_staged_committer(r.commit), 0);
    people_talk(&t.bert, t.all, 3, "meanwhile");
    CHECK_OK(mls_staged_export(r.commit, slice_str("l"), SLICE_EMPTY, early, 32));
    mls_staged_apply(t.bert.group, r.commit);
    r.commit = NULL;
    mls_received_free(&r);
    CHECK_OK(mls_group_export(t.bert.group, slice_str("l"), SLICE_EMPTY, late, 32));
    CHECK_SLICE(slice_of(late, 32), slice_of(early, 32));
    CHECK_EQ(mls_group_epoch(t.bert.group), 2);
    /* Anna's own can be dropped for another's. */
    mls_committed_free(&c, NULL);
    CHECK_EQ(mls_group_epoch(t.anna.group), 1);
    trio_end(&t);
}

TEST(who_is_removed_reads_nothing_more) {
    struct trio t;
    buf message = {0};
    struct mls_received r;
    struct mls_committed c;
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    protect(&t.anna, "before", &message);
    uint32_t carla = mls_group_own_leaf(t.carla.group);
    struct mls_commit_params params = {
        .removes = &carla, .remove_count = 1, .wire = MLS_PRIVATE_MESSAGE};
    CHECK_OK(mls_group_commit(t.anna.group, &params, &people_auth, &c));
    CHECK_OK(mls_group_process(t.carla.group, buf_slice(&c.commit), &people_auth, &r));
    CHECK(mls_staged_removes_us(r.commit));
    CHECK_EQ(mls_staged_leaf_count(r.commit), 2);
    uint8_t exported[32];
    CHECK_ERR(mls_staged_export(r.commit, slice_str("l"), SLICE_EMPTY, exported, 32),
              ERR_MLS_REMOVED);
    mls_staged_apply(t.carla.group, r.commit);
    r.commit = NULL;
    mls_received_free(&r);
    CHECK_OK(person_process(&t.bert, buf_slice(&c.commit)));
    mls_staged_apply(t.anna.group, c.staged);
    c.staged = NULL;
    CHECK(mls_group_is_out(t.carla.group));
    person_reload(&t.carla);
    CHECK(mls_group_is_out(t.carla.group));
    /* A late message of the last epoch opens; nothing later does, and nothing can be sent. */
    CHECK_OK(person_process(&t.carla, buf_slice(&message)));
    protect(&t.anna, "after", &message);
    CHECK_ERR(person_process(&t.carla, buf_slice(&message)), ERR_MLS_REMOVED);
    CHECK_ERR(person_process(&t.carla, buf_slice(&c.commit)), ERR_MLS_REMOVED);
    CHECK_ERR(mls_group_protect(t.carla.group, SLICE_EMPTY, SLICE_EMPTY, 0, &message),
              ERR_MLS_REMOVED);
    CHECK_ERR(mls_group_export(t.carla.group, slice_str("l"), SLICE_EMPTY, exported, 32),
              ERR_MLS_REMOVED);
    params = (struct mls_commit_params){.wire = MLS_PRIVATE_MESSAGE};
    mls_committed_free(&c, NULL);
    CHECK_ERR(mls_group_commit(t.carla.group, &params, &people_auth, &c), ERR_MLS_REMOVED);
    CHECK_ERR(people_propose_update(t.carla.group, NULL, MLS_PRIVATE_MESSAGE, &message),
              ERR_MLS_REMOVED);
    people_talk(&t.bert, t.all, 2, "just us");
    buf_free(&message);
    trio_end(&t);
}

TEST(late_messages_open_in_past_epochs_within_the_limit) {
    struct trio t;
    buf early[10] = {{0}}, saved = {0};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    for (int i = 0; i < 10; i++) {
        protect(&t.anna, "late", &early[i]);
        empty_commit(&t, t.all[i % 3], MLS_PRIVATE_MESSAGE);
    }
    person_reload(&t.bert);
    for (int i = 9; i >= 0; i--) { /* eight past epochs are kept */
        err expected = i >= 2 ? OK : ERR_MLS_EPOCH;
        CHECK_ERR(person_process(&t.bert, buf_slice(&early[i])), expected);
        if (expected == OK)
            CHECK_ERR(person_process(&t.bert, buf_slice(&early[i])), ERR_REPEAT);
    }
    for (int i = 0; i < 10; i++)
        buf_free(&early[i]);
    buf_free(&saved);
    trio_end(&t);
}

/* bug leaf-reuse */
TEST(a_late_message_shows_its_sender_as_it_was) {
    struct trio t;
    struct person dora;
    buf message = {0}, bert_key = {0};
    struct mls_received r;
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(buf_append(&bert_key, buf_slice(&t.bert.pub)));
    protect(&t.bert, "old news", &message);
    uint32_t bert = mls_group_own_leaf(t.bert.group);
    struct mls_commit_params remove = {
        .removes = &bert, .remove_count = 1, .wire = MLS_PRIVATE_MESSAGE};
    people_commit(&t.anna, &remove, t.all, 3, NULL, 0);
    person_init(&dora, MLS_SUITE_X25519_CHACHA, "dora");
    struct person *rest[] = {&t.anna, &t.carla};
    people_add(&t.anna, &dora, rest, 2);
    CHECK_EQ(mls_group_own_leaf(dora.group), bert);
    people_talk(&dora, rest, 2, "in Bert's place");
    person_reload(&t.carla);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mls_group_process(rest[i]->group, buf_slice(&message), &people_auth, &r));
        CHECK_EQ(r.sender, bert);
        CHECK_SLICE(r.sender_identity, slice_str("bert"));
        CHECK_SLICE(r.sender_signature_pub, buf_slice(&bert_key));
        mls_received_free(&r);
    }
    buf_free(&message);
    person_free(&dora);
    buf_free(&bert_key);
    trio_end(&t);
}

TEST(messages_may_come_out_of_order_but_once) {
    struct trio t;
    buf messages[5] = {{0}};
    static const int order[] = {3, 0, 4, 1, 2};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    for (int i = 0; i < 5; i++)
        protect(&t.anna, "one of five", &messages[i]);
    for (int i = 0; i < 5; i++)
        CHECK_OK(person_process(&t.bert, buf_slice(&messages[order[i]])));
    for (int i = 0; i < 5; i++)
        CHECK_ERR(person_process(&t.bert, buf_slice(&messages[i])), ERR_REPEAT);
    for (int i = 0; i < 5; i++)
        buf_free(&messages[i]);
    trio_end(&t);
}

TEST(our_own_messages_are_told_apart) {
    struct trio t;
    buf message = {0};
    struct mls_committed c;
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    protect(&t.anna, "mine", &message);
    CHECK_ERR(person_process(&t.anna, buf_slice(&message)), ERR_MLS_OWN_MESSAGE);
    CHECK_OK(mls_group_commit(t.anna.group, &params, &people_auth, &c));
    CHECK_ERR(person_process(&t.anna, buf_slice(&c.commit)), ERR_MLS_OWN_MESSAGE);
    mls_committed_free(&c, NULL);
    params.wire = MLS_PRIVATE_MESSAGE;
    CHECK_OK(mls_group_commit(t.anna.group, &params, &people_auth, &c));
    CHECK_ERR(person_process(&t.anna, buf_slice(&c.commit)), ERR_MLS_OWN_MESSAGE);
    mls_staged_apply(t.anna.group, c.staged);
    c.staged = NULL;
    mls_committed_free(&c, NULL);
    CHECK_ERR(person_process(&t.anna, buf_slice(&message)), ERR_MLS_OWN_MESSAGE);
    buf_free(&message);
    trio_end(&t);
}

TEST(a_member_takes_new_keys_and_another_name_by_a_commit) {
    struct trio t;
    struct mls_member member;
    buf old = {0}, message = {0};
    struct mls_extension extension = {0xfe77, slice_str("address")};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(buf_append(&old, buf_slice(&t.anna.pub)));
    protect(&t.anna, "with the old key", &message);
    buf_clear(&t.anna.pub);
    buf_clear(&t.anna.priv);
    CHECK_OK(mls_signature_keys_new(t.anna.suite, &t.anna.pub, &t.anna.priv));
    snprintf(t.anna.name, sizeof(t.anna.name), "anna maria");
    struct mls_leaf_params leaf = person_leaf(&t.anna);
    leaf.extensions = &extension;
    leaf.extension_count = 1;
    struct mls_commit_params params = {.leaf = &leaf, .wire = MLS_PRIVATE_MESSAGE};
    struct mls_committed c;
    struct mls_received r;
    CHECK_OK(mls_group_commit(t.anna.group, &params, &people_auth, &c));
    CHECK_EQ(mls_staged_change_count(c.staged), 1);
    CHECK_EQ(mls_staged_change(c.staged, 0).what, MLS_UPDATED);
    CHECK_SLICE(mls_staged_change(c.staged, 0).member.identity, slice_str("anna maria"));
    CHECK_OK(person_process(&t.bert, buf_slice(&c.commit)));
    CHECK_OK(person_process(&t.carla, buf_slice(&c.commit)));
    mls_staged_apply(t.anna.group, c.staged);
    c.staged = NULL;
    mls_committed_free(&c, NULL);
    people_agree(t.all, 3);
    people_talk(&t.anna, t.all, 3, "with the new key");
    CHECK_OK(mls_group_member(t.bert.group, 0, &member));
    CHECK_EQ(member.extension_count, 1);
    CHECK_SLICE(member.extensions[0].data, slice_str("address"));
    person_reload(&t.bert); /* the past epoch still knows the old name and key */
    CHECK_OK(mls_group_process(t.bert.group, buf_slice(&message), &people_auth, &r));
    CHECK_SLICE(r.sender_identity, slice_str("anna"));
    CHECK_SLICE(r.sender_signature_pub, buf_slice(&old));
    mls_received_free(&r);
    buf_free(&old);
    buf_free(&message);
    trio_end(&t);
}

TEST(an_update_of_our_own_brings_our_new_keys_into_use) {
    struct trio t;
    buf update = {0};
    trio_begin(&t, MLS_SUITE_XWING_CHACHA);
    buf_clear(&t.anna.pub);
    buf_clear(&t.anna.priv);
    CHECK_OK(mls_signature_keys_new(t.anna.suite, &t.anna.pub, &t.anna.priv));
    struct mls_leaf_params leaf = person_leaf(&t.anna);
    CHECK_OK(people_propose_update(t.anna.group, &leaf, MLS_PRIVATE_MESSAGE, &update));
    person_reload(&t.anna);
    CHECK_OK(person_process(&t.bert, buf_slice(&update)));
    CHECK_OK(person_process(&t.carla, buf_slice(&update)));
    person_reload(&t.bert);
    empty_commit(&t, &t.bert, MLS_PRIVATE_MESSAGE);
    people_agree(t.all, 3);
    people_talk(&t.anna, t.all, 3, "signed anew");
    empty_commit(&t, &t.anna, MLS_PRIVATE_MESSAGE);
    people_agree(t.all, 3);
    buf_free(&update);
    trio_end(&t);
}

TEST(the_overhead_is_what_a_message_is_longer_by) {
    struct trio t;
    buf message = {0}, plain = {0};
    static const size_t sizes[] = {0, 1, 63, 64, 1000, 16383, 16384, 20000};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t overhead, padding;
        CHECK_OK(buf_resize(&plain, sizes[i]));
        buf_clear(&message);
        CHECK_OK(mls_group_overhead(t.anna.group, slice_str("aad"), plain.n, &overhead));
        CHECK_OK(mls_group_protect(t.anna.group, slice_str("aad"), buf_slice(&plain), 0, &message));
        CHECK_EQ(message.n, plain.n + overhead);
        for (size_t total = message.n; total < message.n + 40000; total += 997) {
            buf padded = {0};
            CHECK_OK(mls_group_padding(t.anna.group, slice_str("aad"), plain.n, total, &padding));
            CHECK_OK(mls_group_protect(t.anna.group, slice_str("aad"), buf_slice(&plain), padding,
                                       &padded));
            CHECK(padded.n <= total && padded.n + 2 >= total);
            buf_free(&padded);
        }
        CHECK_ERR(
            mls_group_padding(t.anna.group, slice_str("aad"), plain.n, message.n - 1, &padding),
            ERR_TOO_LARGE);
    }
    buf_free(&message);
    buf_free(&plain);
    trio_end(&t);
}

TEST(the_header_is_what_anyone_can_see) {
    struct trio t;
    struct mls_header header;
    struct mls_committed c;
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE};
    buf message = {0};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    protect(&t.anna, "hidden", &message);
    CHECK_OK(mls_message_header(buf_slice(&message), &header));
    CHECK_EQ(header.wire, MLS_PRIVATE_MESSAGE);
    CHECK_EQ(header.kind, MLS_APPLICATION);
    CHECK_EQ(header.epoch, 1);
    CHECK_SLICE(header.group_id, slice_str("group"));
    CHECK_OK(mls_group_commit(t.anna.group, &params, &people_auth, &c));
    CHECK_OK(mls_message_header(buf_slice(&c.commit), &header));
    CHECK_EQ(header.wire, MLS_PUBLIC_MESSAGE);
    CHECK_EQ(header.kind, MLS_COMMIT);
    mls_committed_free(&c, NULL);
    CHECK_ERR(mls_message_header(slice_of(message.p, 10), &header), ERR_TRUNCATED);
    CHECK_OK(mls_message_header(buf_slice(&t.bert.key_package), &header));
    CHECK_EQ(header.wire, MLS_KEY_PACKAGE);
    CHECK_EQ(header.suite, MLS_SUITE_X25519_CHACHA);
    buf_clear(&message);
    CHECK_OK(mls_group_info(t.anna.group, false, true, &message));
    CHECK_OK(mls_message_header(buf_slice(&message), &header));
    CHECK_EQ(header.wire, MLS_GROUP_INFO);
    CHECK_EQ(header.suite, MLS_SUITE_X25519_CHACHA);
    CHECK_EQ(header.epoch, 1);
    CHECK_SLICE(header.group_id, slice_str("group"));
    t.bert.key_package.p[3] = 6;
    CHECK_ERR(mls_message_header(buf_slice(&t.bert.key_package), &header), ERR_UNKNOWN_TYPE);
    buf_free(&message);
    trio_end(&t);
}

TEST(extensions_of_the_group_must_be_understood_by_all) {
    struct person anna, bert;
    struct mls_extension extension = {0xfe01, slice_str("of the group")};
    size_t count;
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    struct mls_group_params group = {.suite = anna.suite,
                                     .group_id = slice_str("group"),
                                     .leaf = person_leaf(&anna),
                                     .extensions = &extension,
                                     .extension_count = 1};
    CHECK_OK(mls_group_create(&anna.group, &group, &people_auth));
    CHECK_SLICE(mls_group_extensions(anna.group, &count)->data, slice_str("of the group"));
    CHECK_EQ(count, 1);
    person_key_package(&bert, false);
    slice add = buf_slice(&bert.key_package);
    struct mls_commit_params params = {
        .adds = &add, .add_count = 1, .wire = MLS_PRIVATE_MESSAGE, .tree_in_welcome = true};
    struct mls_committed c;
    CHECK_ERR(mls_group_commit(anna.group, &params, &people_auth, &c), ERR_MLS_CAPABILITIES);
    static const uint16_t understood[] = {0xfe01};
    struct mls_key_package_params able = {.leaf = person_leaf(&bert)};
    able.leaf.supported_extensions = understood;
    able.leaf.supported_extension_count = 1;
    buf_clear(&bert.key_package);
    buf_clear(&bert.secrets);
    CHECK_OK(mls_key_package_new(bert.suite, &able, &bert.key_package, &bert.secrets));
    add = buf_slice(&bert.key_package);
    struct person *added[] = {&bert}, *both[] = {&anna, &bert};
    people_commit(&anna, &params, NULL, 0, added, 1);
    people_agree(both, 2);
    params = (struct mls_commit_params){.wire = MLS_PRIVATE_MESSAGE};
    people_commit(&bert, &params, both, 2, NULL, 0);
    people_agree(both, 2);
    person_free(&anna);
    person_free(&bert);
}

TEST(creating_checks_what_it_is_given) {
    struct person anna, bert;
    struct mls_group *group;
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    struct mls_group_params params = {
        .suite = anna.suite, .group_id = slice_str("group"), .leaf = person_leaf(&anna)};
    CHECK_ERR(mls_group_create(&group, &params, NULL), ERR_MLS_CREDENTIAL);
    params.leaf.signature_priv = buf_slice(&bert.priv);
    CHECK_ERR(mls_group_create(&group, &params, &people_auth), ERR_SIGNATURE);
    params.leaf.signature_priv = slice_str("short");
    CHECK_ERR(mls_group_create(&group, &params, &people_auth), ERR_BUG);
    params.leaf = person_leaf(&anna);
    struct mls_extension twice[] = {{0xfe01, SLICE_EMPTY}, {0xfe01, SLICE_EMPTY}};
    params.extensions = twice;
    params.extension_count = 2;
    CHECK_ERR(mls_group_create(&group, &params, &people_auth), ERR_MLS_EXTENSION);
    params.suite = NULL;
    CHECK_ERR(mls_group_create(&group, &params, &people_auth), ERR_MLS_SUITE);
    CHECK(group == NULL);
    person_free(&anna);
    person_free(&bert);
}

static err refuse_all(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return ERR_IDENTITY;
}

TEST(our_own_new_leaf_is_held_to_the_rules) {
    struct trio t;
    struct mls_committed c;
    struct mls_auth nobody = {.accept = refuse_all};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    struct mls_leaf_params leaf = person_leaf(&t.anna);
    struct mls_commit_params params = {.leaf = &leaf, .wire = MLS_PRIVATE_MESSAGE};
    CHECK_ERR(mls_group_commit(t.anna.group, &params, &nobody, &c), ERR_IDENTITY);
    leaf.signature_priv = buf_slice(&t.bert.priv); /* not the pair of the public key */
    CHECK_ERR(mls_group_commit(t.anna.group, &params, &people_auth, &c), ERR_SIGNATURE);
    leaf.signature_pub = buf_slice(&t.bert.pub); /* a pair, but another member's */
    CHECK_ERR(mls_group_commit(t.anna.group, &params, &people_auth, &c), ERR_MLS_DUPLICATE_KEY);
    empty_commit(&t, &t.anna, MLS_PRIVATE_MESSAGE);
    trio_end(&t);
}

TEST(our_own_proposals_are_held_to_the_rules) {
    struct trio t;
    struct person dora;
    struct mls_auth nobody = {.accept = refuse_all};
    buf out = {0};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    person_init(&dora, MLS_SUITE_XWING_CHACHA, "dora");
    person_key_package(&dora, false);
    struct mls_group *anna = t.anna.group;
    CHECK_ERR(people_propose_add(anna, buf_slice(&dora.key_package), &people_auth,
                                 MLS_PRIVATE_MESSAGE, &out),
              ERR_MLS_SUITE);
    person_key_package(&t.bert, true);
    CHECK_ERR(people_propose_add(anna, buf_slice(&t.bert.key_package), &nobody, MLS_PRIVATE_MESSAGE,
                                 &out),
              ERR_IDENTITY);
    CHECK_ERR(people_propose_remove(anna, 17, MLS_PRIVATE_MESSAGE, &out), ERR_MLS_PROPOSAL_LIST);
    struct mls_leaf_params leaf = person_leaf(&t.carla);
    CHECK_ERR(people_propose_update(anna, &leaf, MLS_PRIVATE_MESSAGE, &out), ERR_MLS_DUPLICATE_KEY);
    CHECK_EQ(out.n, 0);
    CHECK_EQ(mls_group_pending_proposals(anna), 0);
    person_free(&dora);
    buf_free(&out);
    trio_end(&t);
}

TEST(a_staged_commit_shows_the_members_to_come) {
    struct trio t;
    struct mls_committed c;
    struct mls_member member;
    uint32_t bert = 1;
    struct mls_commit_params params = {
        .removes = &bert, .remove_count = 1, .wire = MLS_PRIVATE_MESSAGE};
    trio_begin(&t, MLS_SUITE_X25519_CHACHA);
    CHECK_OK(mls_group_commit(t.anna.group, &params, &people_auth, &c));
    CHECK_ERR(mls_staged_member(c.staged, 1, &member), ERR_NOT_FOUND);
    CHECK_OK(mls_staged_member(c.staged, 2, &member));
    CHECK_SLICE(member.identity, slice_str("carla"));
    CHECK_OK(mls_group_member(t.anna.group, 1, &member));
    mls_committed_free(&c, NULL);
    trio_end(&t);
}

TEST_MAIN
