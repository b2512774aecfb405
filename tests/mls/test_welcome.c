/* Welcomes (RFC 9420 section 12.4.3): the official ones, and what a joiner refuses. */
#include "crypto/crypto.h"
#include "mls/group.h"
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/transcript.h"
#include "mls/tree_hash.h"
#include "mlstool/setting.h"
#include "tests/mls/official.h"
#include "tests/mls/people.h"

/* ---- The official file ---- */

TEST(official_welcomes) {
    official_check("welcome.json");
}

/* ---- What a joiner refuses ---- */

/* Anna has a group; Bert is added, but has not joined. */
struct scene {
    struct person anna, bert;
    struct mls_committed c;
    buf tree;
};

static void scene_begin(struct scene *s, bool tree_in_welcome) {
    memset(s, 0, sizeof(*s));
    person_init(&s->anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&s->bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_create(&s->anna, "group");
    person_key_package(&s->bert, false);
    slice add = buf_slice(&s->bert.key_package);
    struct mls_commit_params params = {.adds = &add,
                                       .add_count = 1,
                                       .wire = MLS_PRIVATE_MESSAGE,
                                       .tree_in_welcome = tree_in_welcome};
    CHECK_OK(mls_group_commit(s->anna.group, &params, &people_auth, &s->c));
    mls_staged_apply(s->anna.group, s->c.staged);
    s->c.staged = NULL;
    CHECK_OK(mls_group_tree(s->anna.group, &s->tree));
}

static void scene_end(struct scene *s) {
    mls_committed_free(&s->c, NULL);
    buf_free(&s->tree);
    person_free(&s->anna);
    person_free(&s->bert);
}

static err join_with(struct scene *s, const struct mls_own_key_package *own, slice tree,
                     const struct mls_auth *auth) {
    struct mls_group *group = (struct mls_group *)&group;
    uint32_t sender;
    struct mls_join_params params = {
        .welcome = buf_slice(&s->c.welcomes[0]), .own = *own, .tree = tree};
    err e = mls_group_join(&group, &params, auth, &sender);
    CHECK((e == OK) == (group != NULL));
    mls_group_free(group);
    return e;
}

static struct mls_own_key_package own_of(const struct person *p) {
    return (struct mls_own_key_package){buf_slice(&p->key_package), buf_slice(&p->secrets),
                                        buf_slice(&p->priv)};
}

/* RFC 9420 rule 12.4.3.1-1 */
TEST(a_welcome_for_another_key_package_is_told) {
    struct scene s;
    scene_begin(&s, true);
    struct mls_own_key_package own = own_of(&s.bert);
    CHECK_OK(join_with(&s, &own, SLICE_EMPTY, &people_auth));
    person_key_package(&s.bert, false);
    own = own_of(&s.bert);
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_MLS_NO_WELCOME);
    scene_end(&s);
}

/* RFC 9420 rules 12.4.3.1-8, 12.4.3.3-3 */
TEST(a_joiner_needs_the_right_tree) {
    struct scene s;
    scene_begin(&s, false);
    struct mls_own_key_package own = own_of(&s.bert);
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_MLS_RATCHET_TREE);
    CHECK_OK(join_with(&s, &own, buf_slice(&s.tree), &people_auth));
    CHECK_OK(buf_append_byte(&s.tree, 0));
    CHECK_ERR(join_with(&s, &own, buf_slice(&s.tree), &people_auth), ERR_TRAILING);
    buf_clear(&s.tree);
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    struct mls_committed later; /* the tree of a later epoch */
    CHECK_OK(mls_group_commit(s.anna.group, &params, &people_auth, &later));
    mls_staged_apply(s.anna.group, later.staged);
    later.staged = NULL;
    mls_committed_free(&later, NULL);
    CHECK_OK(mls_group_tree(s.anna.group, &s.tree));
    CHECK_ERR(join_with(&s, &own, buf_slice(&s.tree), &people_auth), ERR_MLS_TREE_HASH);
    scene_end(&s);
}

TEST(a_joiner_needs_its_own_keys) {
    struct scene s;
    struct person other;
    scene_begin(&s, true);
    person_init(&other, MLS_SUITE_X25519_CHACHA, "other");
    person_key_package(&other, false);
    struct mls_own_key_package own = own_of(&s.bert);
    own.signature_priv = buf_slice(&other.priv);
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_IDENTITY);
    own = own_of(&s.bert);
    own.secrets = buf_slice(&other.secrets);
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_CRYPTO);
    own.secrets = slice_str("nonsense");
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_DAMAGED);
    person_free(&other);
    scene_end(&s);
}

static err refuse_anna(void *ctx, const struct mls_member *before,
                       const struct mls_member *member) {
    (void)ctx;
    (void)before;
    return slice_equal(member->identity, slice_str("anna")) ? ERR_IDENTITY : OK;
}

TEST(a_joiner_needs_the_private_key_of_its_leaf) {
    struct scene s;
    struct person other;
    buf mixed = {0};
    struct mls_key_package_secrets a, b;
    scene_begin(&s, true);
    person_init(&other, MLS_SUITE_X25519_CHACHA, "other");
    person_key_package(&other, false);
    CHECK_OK(mls_key_package_secrets_read(buf_slice(&s.bert.secrets), &a, NULL));
    CHECK_OK(mls_key_package_secrets_read(buf_slice(&other.secrets), &b, NULL));
    struct mls_own_key_package own = own_of(&s.bert);
    for (size_t n = 32; n >= 31; n--) {
        writer w = writer_on(&mixed);
        buf_clear(&mixed);
        writer_u16(&w, 1);
        writer_vec(&w, buf_slice(&a.init_priv));
        writer_vec(&w, slice_of(b.leaf_priv.p, n));
        CHECK_OK(writer_result(&w));
        own.secrets = buf_slice(&mixed);
        CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_DAMAGED);
    }
    mls_key_package_secrets_free(&a);
    mls_key_package_secrets_free(&b);
    person_free(&other);
    buf_free(&mixed);
    scene_end(&s);
}

TEST(refs_that_have_no_room_are_told) {
    struct scene s;
    uint8_t refs[32];
    size_t count = 0;
    scene_begin(&s, true);
    slice welcome = buf_slice(&s.c.welcomes[0]);
    CHECK_ERR(mls_welcome_refs(welcome, refs, 32, &count), ERR_LIMIT);
    count = 1;
    CHECK_OK(mls_welcome_refs(welcome, refs, 32, &count));
    CHECK_EQ(count, 1);
    CHECK_ERR(mls_welcome_refs(buf_slice(&s.c.commit), refs, 32, &count), ERR_UNKNOWN_TYPE);
    scene_end(&s);
}

/* RFC 9420 rule 12.4.3.1-2; bug trailing-bytes */
TEST(a_welcome_of_another_suite_or_too_short_is_refused) {
    struct scene s;
    scene_begin(&s, true);
    struct mls_own_key_package own = own_of(&s.bert);
    buf *welcome = &s.c.welcomes[0];
    welcome->p[4] = 0xf0;
    welcome->p[5] = 0x4d;
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_MLS_SUITE);
    welcome->p[4] = 0;
    welcome->p[5] = 3;
    for (size_t n = 0; n < welcome->n; n++) {
        size_t whole = welcome->n;
        welcome->n = n;
        CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_TRUNCATED);
        welcome->n = whole;
    }
    CHECK_OK(buf_append_byte(welcome, 0));
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &people_auth), ERR_TRAILING);
    scene_end(&s);
}

/* RFC 9420 rule 7.3-1 */
TEST(the_application_judges_every_leaf_of_the_tree) {
    struct scene s;
    struct mls_auth picky = {.accept = refuse_anna}, none = {.accept = NULL};
    scene_begin(&s, true);
    struct mls_own_key_package own = own_of(&s.bert);
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &picky), ERR_IDENTITY);
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, &none), ERR_MLS_CREDENTIAL);
    CHECK_ERR(join_with(&s, &own, SLICE_EMPTY, NULL), ERR_MLS_CREDENTIAL);
    scene_end(&s);
}

TEST(a_changed_byte_of_a_welcome_is_found) {
    struct scene s;
    scene_begin(&s, true);
    struct mls_own_key_package own = own_of(&s.bert);
    buf *welcome = &s.c.welcomes[0];
    for (size_t i = 0; i < welcome->n; i += 7) {
        welcome->p[i] ^= 1;
        CHECK(join_with(&s, &own, SLICE_EMPTY, &people_auth) != OK);
        welcome->p[i] ^= 1;
    }
    CHECK_OK(join_with(&s, &own, SLICE_EMPTY, &people_auth));
    scene_end(&s);
}

/* Opens Anna's Welcome with Bert's keys, changes what is inside, and seals it again, as a malicious
 * member could. */
struct forged {
    struct mls_group_secrets secrets;
    struct mls_group_info info;
    bool sign; /* with Anna's key, after the change */
    bool cut;  /* the encrypted GroupInfo is shorter than its tag */
};

static void open_welcome(struct scene *s, struct mls_welcome *welcome, struct forged *f) {
    buf plain = {0};
    struct mls_key_package_secrets keys;
    CHECK_OK(mls_key_package_secrets_read(buf_slice(&s->bert.secrets), &keys, NULL));
    slice message = buf_slice(&s->c.welcomes[0]);
    reader r = reader_of(slice_of(message.p + 4, message.n - 4));
    CHECK_OK(mls_welcome_read(&r, welcome, NULL));
    CHECK_OK(mls_label_decrypt(s->bert.suite, buf_slice(&keys.init_priv), "Welcome",
                               buf_slice(&welcome->encrypted_group_info),
                               &welcome->secrets[0].secrets, &plain));
    r = reader_of(buf_slice(&plain));
    CHECK_OK(mls_group_secrets_read(&r, &f->secrets, NULL));
    CHECK_OK(
        setting_group_info(s->bert.suite, welcome, f->secrets.joiner_secret.p, &f->info, NULL));
    mls_key_package_secrets_free(&keys);
    buf_free(&plain);
}

static void seal_group_info(struct scene *s, struct mls_welcome *welcome, struct forged *f) {
    const struct mls_suite *suite = s->bert.suite;
    uint8_t secret[CRYPTO_HASH_MAX], key[32], nonce[24];
    buf plain = {0};
    writer w = writer_on(&plain);
    if (f->sign) {
        mls_group_info_write_unsigned(&w, &f->info);
        buf_free(&f->info.signature);
        CHECK_OK(mls_label_sign(suite, buf_slice(&s->anna.priv), "GroupInfoTBS", buf_slice(&plain),
                                &f->info.signature, NULL));
        buf_clear(&plain);
    }
    mls_group_info_write(&w, &f->info);
    CHECK_OK(mls_key_schedule_welcome(suite, f->secrets.joiner_secret.p, NULL, secret));
    CHECK_OK(mls_key_schedule_welcome_key(suite, secret, key, nonce));
    CHECK_OK(buf_resize(&welcome->encrypted_group_info, plain.n + suite->aead->tag));
    CHECK_OK(suite->aead->seal(welcome->encrypted_group_info.p, key, nonce, SLICE_EMPTY,
                               buf_slice(&plain)));
    if (f->cut)
        welcome->encrypted_group_info.n = 3;
    buf_free(&plain);
}

static err forge(struct scene *s, void (*change)(struct forged *f), bool sign) {
    struct mls_welcome welcome;
    struct mls_key_package kp;
    struct forged f = {.sign = sign};
    buf plain = {0};
    open_welcome(s, &welcome, &f);
    change(&f);
    seal_group_info(s, &welcome, &f);
    writer w = writer_on(&plain);
    mls_group_secrets_write(&w, &f.secrets);
    CHECK_OK(mls_key_package_open(buf_slice(&s->bert.key_package), &kp, NULL));
    mls_hpke_ciphertext_free(&welcome.secrets[0].secrets, NULL);
    struct hpke_info info;
    CHECK_OK(mls_label_prepare(s->bert.suite, "Welcome", buf_slice(&welcome.encrypted_group_info),
                               &info));
    CHECK_OK(mls_label_encrypt(s->bert.suite, buf_slice(&kp.init_key), &info, buf_slice(&plain),
                               &welcome.secrets[0].secrets, NULL));
    buf message = {0};
    writer wm = writer_on(&message);
    mls_message_begin(&wm, MLS_WELCOME);
    mls_welcome_write(&wm, &welcome);
    buf_move(&s->c.welcomes[0], &message);
    struct mls_own_key_package own = own_of(&s->bert);
    err e = join_with(s, &own, SLICE_EMPTY, &people_auth);
    mls_key_package_free(&kp, NULL);
    mls_welcome_free(&welcome, NULL);
    mls_group_secrets_free(&f.secrets, NULL);
    mls_group_info_free(&f.info, NULL);
    buf_free(&plain);
    return e;
}

static void change_nothing(struct forged *f) {
    (void)f;
}
static void change_epoch(struct forged *f) {
    f->info.context.epoch++;
}
static void change_tag(struct forged *f) {
    f->info.confirmation_tag.p[3] ^= 1;
}
static void shorten_tag(struct forged *f) {
    f->info.confirmation_tag.n = 0;
}
static void change_signature(struct forged *f) {
    f->info.signature.p[3] ^= 1;
}
static void change_signer_to_nobody(struct forged *f) {
    f->info.signer = 17;
}
static void change_signer_to_joiner(struct forged *f) {
    f->info.signer = 1;
}
static void change_version(struct forged *f) {
    f->info.context.version = 2;
}
static void change_suite(struct forged *f) {
    f->info.context.suite = 1;
}
static void change_tree_hash(struct forged *f) {
    f->info.context.tree_hash.p[0] ^= 1;
}
static void change_path_secret(struct forged *f) {
    f->secrets.path_secret.p[0] ^= 1;
}
static void shorten_joiner(struct forged *f) {
    f->secrets.joiner_secret.n--;
}
static void ask_for_a_psk(struct forged *f) {
    f->secrets.psk_count = 1;
    f->secrets.psks = mem_new(NULL, sizeof(*f->secrets.psks));
    f->secrets.psks[0].type = MLS_PSK_EXTERNAL;
    CHECK_OK(buf_resize(&f->secrets.psks[0].nonce, 32));
}
static void ask_for_a_branch(struct forged *f) {
    ask_for_a_psk(f);
    f->secrets.psks[0].type = MLS_PSK_RESUMPTION;
    f->secrets.psks[0].usage = MLS_PSK_BRANCH;
}
static void ask_with_a_short_nonce(struct forged *f) {
    ask_for_a_psk(f);
    f->secrets.psks[0].nonce.n = 5;
}
static void cut_group_info(struct forged *f) {
    f->cut = true;
}
static void repeat_an_extension(struct forged *f) {
    struct mls_extension two[] = {{0x0a0a, SLICE_EMPTY}, {0x0a0a, SLICE_EMPTY}};
    mls_extensions_free(&f->info.extensions, NULL);
    CHECK_OK(mls_extensions_from(&f->info.extensions, two, 2, NULL));
}
static void need_an_extension(struct forged *f) {
    struct mls_extension one = {0xfe01, SLICE_EMPTY};
    CHECK_OK(mls_extensions_from(&f->info.context.extensions, &one, 1, NULL));
}

/* A group of Anna alone. */
static void take_joiner_out(struct forged *f) {
    struct mls_tree tree;
    uint8_t hash[CRYPTO_HASH_MAX];
    buf bytes = {0};
    const struct mls_suite *suite = mls_suite_find(f->info.context.suite);
    reader r =
        reader_of(mls_extensions_find(&f->info.extensions, MLS_EXTENSION_RATCHET_TREE)->data);
    CHECK_OK(mls_tree_read(&tree, &r, suite, NULL));
    CHECK_OK(mls_tree_remove(&tree, 1));
    CHECK_OK(mls_tree_hash_root(&tree, hash));
    CHECK_OK(buf_set(&f->info.context.tree_hash, slice_of(hash, suite->hash->len)));
    writer w = writer_on(&bytes);
    mls_tree_write(&w, &tree);
    struct mls_extension one = {MLS_EXTENSION_RATCHET_TREE, buf_slice(&bytes)};
    mls_extensions_free(&f->info.extensions, NULL);
    CHECK_OK(mls_extensions_from(&f->info.extensions, &one, 1, NULL));
    mls_tree_free(&tree);
    buf_free(&bytes);
}

TEST(a_joiner_checks_what_a_malicious_member_could_change) {
    static const struct {
        void (*change)(struct forged *f);
        bool sign;
        err expected;
    } forgeries[] = {
        {change_nothing, false, OK},
        {change_nothing, true, OK},
        {change_epoch, false, ERR_SIGNATURE},                  /* rule 12.4.3.1-6 */
        {change_epoch, true, ERR_MLS_CONFIRMATION_TAG},        /* rule 12.4.3.1-16 */
        {change_tag, false, ERR_SIGNATURE},                    /* rule 12.4.3.1-6 */
        {change_tag, true, ERR_MLS_CONFIRMATION_TAG},          /* rule 12.4.3.1-16 */
        {shorten_tag, true, ERR_MLS_CONFIRMATION_TAG},         /* rule 12.4.3.1-16 */
        {change_signature, false, ERR_SIGNATURE},              /* rule 12.4.3.1-6 */
        {change_signer_to_nobody, true, ERR_MLS_SENDER},       /* rule 12.4.3.1-5 */
        {change_signer_to_joiner, true, ERR_SIGNATURE},        /* rule 12.4.3.1-6 */
        {change_version, true, ERR_MLS_VERSION},               /* rule 8.1-2 */
        {change_suite, true, ERR_MLS_SUITE},                   /* rule 12.4.3.1-7 */
        {change_tree_hash, true, ERR_MLS_TREE_HASH},           /* rule 12.4.3.1-8 */
        {change_path_secret, true, ERR_MLS_UPDATE_PATH},       /* rule 12.4.3.1-15 */
        {shorten_joiner, true, ERR_MALFORMED},                 /* rule 8-1 */
        {ask_for_a_psk, true, ERR_MLS_PSK},                    /* rule 12.4.3.1-3 */
        {ask_for_a_branch, true, ERR_MLS_PSK},                 /* rule 12.4.3.1-3 */
        {ask_with_a_short_nonce, true, ERR_MLS_PROPOSAL_LIST}, /* rule 8.4-1 */
        {cut_group_info, true, ERR_CRYPTO},
        {repeat_an_extension, true, ERR_MLS_EXTENSION},
        {need_an_extension, true, ERR_MLS_CAPABILITIES}, /* rule 12.4.3-1 */
        {take_joiner_out, true, ERR_MLS_TREE},           /* rule 12.4.3.1-14 */
    };
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        struct scene s;
        scene_begin(&s, true);
        err e = forge(&s, forgeries[i].change, forgeries[i].sign);
        if (e != forgeries[i].expected)
            printf("# forgery %zu\n", i);
        CHECK_ERR(e, forgeries[i].expected);
        scene_end(&s);
    }
}

/* bug old-signer */
TEST(a_committer_with_new_keys_signs_the_welcome_with_them) {
    struct person anna, bert, *added[] = {&bert}, *both[] = {&anna, &bert};
    person_init(&anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_create(&anna, "group");
    person_key_package(&bert, false);
    slice add = buf_slice(&bert.key_package);
    buf_clear(&anna.pub);
    buf_clear(&anna.priv);
    CHECK_OK(mls_signature_keys_new(anna.suite, &anna.pub, &anna.priv));
    struct mls_leaf_params leaf = person_leaf(&anna);
    struct mls_commit_params params = {
        .leaf = &leaf, .adds = &add, .add_count = 1, .tree_in_welcome = true};
    people_commit(&anna, &params, NULL, 0, added, 1);
    people_agree(both, 2);
    person_free(&anna);
    person_free(&bert);
}

TEST(several_join_by_one_welcome_or_by_their_own) {
    for (int each = 0; each < 2; each++) {
        struct person anna, other[5], *all[6] = {&anna};
        slice adds[5];
        person_init(&anna, MLS_SUITE_XWING_CHACHA, "anna");
        person_create(&anna, "group");
        for (int i = 0; i < 5; i++) {
            char name[] = {(char)('b' + i), 0};
            person_init(&other[i], MLS_SUITE_XWING_CHACHA, name);
            person_key_package(&other[i], false);
            adds[i] = buf_slice(&other[i].key_package);
            all[i + 1] = &other[i];
        }
        struct mls_commit_params params = {.adds = adds,
                                           .add_count = 5,
                                           .wire = MLS_PUBLIC_MESSAGE,
                                           .tree_in_welcome = each == 0,
                                           .welcome_each = each == 1};
        people_commit(&anna, &params, NULL, 0, all + 1, 5);
        people_agree(all, 6);
        people_talk(&other[4], all, 6, "hello");
        for (int i = 0; i < 6; i++)
            person_free(all[i]);
    }
}

TEST_MAIN
