/* The checks of test vectors, with cases of our own: what passes, what fails, what is skipped. */
#include "mlstool/vectors.h"

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/mls/people.h"
#include "tests/test.h"

static char last_failure[256];

static void failed(void *ctx, size_t number, const char *why) {
    (void)ctx;
    (void)number;
    snprintf(last_failure, sizeof(last_failure), "%s", why);
}

static struct vectors_result check(struct json_object *file) {
    struct vectors_result r;
    last_failure[0] = '\0';
    vectors_check(file, failed, NULL, &r);
    return r;
}

static struct vectors_result check_text(const char *text) {
    struct json_object *file = json_tokener_parse(text);
    CHECK(file != NULL);
    struct vectors_result r = check(file);
    json_object_put(file);
    return r;
}

static void put(struct json_object *o, const char *key, slice bytes) {
    buf hex = {0};
    CHECK_OK(hex_encode(&hex, bytes));
    json_object_object_add(o, key, json_object_new_string_len((const char *)hex.p, (int)hex.n));
    buf_free(&hex);
}

static void put_number(struct json_object *o, const char *key, uint64_t v) {
    json_object_object_add(o, key, json_object_new_uint64(v));
}

/* ---- A passive client of our own making: Bert, whom Anna adds with a resumption PSK ---- */

struct scene {
    struct person anna, bert;
    struct json_object *o, *epochs;
};

static void put_keys(struct scene *s) {
    uint16_t version;
    slice init, leaf;
    reader r = reader_of(buf_slice(&s->bert.secrets));
    CHECK_OK(reader_u16(&r, &version));
    CHECK_OK(reader_vec(&r, &init));
    CHECK_OK(reader_vec(&r, &leaf));
    put(s->o, "key_package", buf_slice(&s->bert.key_package));
    put(s->o, "signature_priv", buf_slice(&s->bert.priv));
    put(s->o, "init_priv", init);
    put(s->o, "encryption_priv", leaf);
}

static void put_resumption(struct scene *s, uint64_t epoch) {
    uint8_t secret[CRYPTO_HASH_MAX];
    size_t n = sizeof(secret);
    CHECK_OK(mls_group_resumption_psk(s->anna.group, epoch, secret, &n));
    struct json_object *one = json_object_new_object(), *list = json_object_new_array();
    put(one, "group_id", mls_group_id(s->anna.group));
    put_number(one, "epoch", epoch);
    put(one, "psk", slice_of(secret, n));
    json_object_array_add(list, one);
    json_object_object_add(s->o, "resumption_psks", list);
}

static void begin(struct scene *s, uint16_t suite) {
    memset(s, 0, sizeof(*s));
    s->o = json_object_new_object();
    s->epochs = json_object_new_array();
    person_init(&s->anna, suite, "anna");
    person_init(&s->bert, suite, "bert");
    person_create(&s->anna, "group");
    person_key_package(&s->bert, false);
    slice add = buf_slice(&s->bert.key_package);
    struct mls_propose psk = {.type = MLS_PROPOSAL_PSK, .resumption = true, .epoch = 0};
    struct mls_commit_params params = {.adds = &add,
                                       .add_count = 1,
                                       .proposals = &psk,
                                       .proposal_count = 1,
                                       .tree_in_welcome = true};
    struct mls_committed c = {0};
    CHECK_OK(mls_group_commit(s->anna.group, &params, &people_auth, &c));
    mls_staged_apply(s->anna.group, c.staged);
    c.staged = NULL;
    put_number(s->o, "cipher_suite", suite);
    put_keys(s);
    put_resumption(s, 0);
    put(s->o, "welcome", buf_slice(&c.welcomes[0]));
    put(s->o, "initial_epoch_authenticator", mls_group_epoch_authenticator(s->anna.group));
    json_object_object_add(s->o, "ratchet_tree", NULL);
    json_object_object_add(s->o, "external_psks", json_object_new_array());
    json_object_object_add(s->o, "epochs", s->epochs);
    mls_committed_free(&c, NULL);
}

static void end(struct scene *s) {
    json_object_put(s->o);
    person_free(&s->anna);
    person_free(&s->bert);
}

/* One more epoch, in which Anna says something. */
static void put_epoch(struct scene *s) {
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE};
    struct mls_committed c = {0};
    struct json_object *epoch = json_object_new_object(), *said = json_object_new_object();
    struct json_object *list = json_object_new_array();
    buf message = {0};
    CHECK_OK(mls_group_commit(s->anna.group, &params, &people_auth, &c));
    mls_staged_apply(s->anna.group, c.staged);
    c.staged = NULL;
    CHECK_OK(mls_group_protect(s->anna.group, SLICE_EMPTY, slice_str("hello"), 0, &message));
    put(said, "message", buf_slice(&message));
    put(said, "plaintext", slice_str("hello"));
    json_object_array_add(list, said);
    json_object_object_add(epoch, "proposals", json_object_new_array());
    put(epoch, "commit", buf_slice(&c.commit));
    put(epoch, "epoch_authenticator", mls_group_epoch_authenticator(s->anna.group));
    json_object_object_add(epoch, "applications", list);
    json_object_array_add(s->epochs, epoch);
    mls_committed_free(&c, NULL);
    buf_free(&message);
}

static void check_fails(struct scene *s, const char *why) {
    struct vectors_result r = check(s->o);
    CHECK_EQ(r.failed, 1);
    CHECK_EQ(r.passed + r.skipped, 0);
    if (strstr(last_failure, why) == NULL)
        test_fail(__FILE__, __LINE__, "no \"%s\" in: %s", why, last_failure);
}

TEST(a_passive_client_of_any_origin_passes) {
    static const uint16_t suites[] = {MLS_SUITE_X25519_CHACHA, MLS_SUITE_XWING_CHACHA,
                                      MLS_SUITE_P384_AES256};
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        struct scene s;
        begin(&s, suites[i]);
        put_epoch(&s);
        put_epoch(&s);
        struct vectors_result r = check(s.o);
        CHECK_EQ(r.passed, 1);
        CHECK_EQ(r.failed + r.skipped, 0);
        CHECK(strcmp(r.type, "passive-client") == 0);
        end(&s);
    }
}

TEST(a_passive_client_that_differs_fails_with_the_reason) {
    struct scene s;
    begin(&s, MLS_SUITE_X25519_CHACHA);
    put_epoch(&s);
    struct json_object *epoch = json_object_array_get_idx(s.epochs, 0);
    put(epoch, "epoch_authenticator", slice_str("something else"));
    check_fails(&s, "expected 14 bytes");
    put(epoch, "commit", slice_str("nonsense"));
    check_fails(&s, "mls_group_process");
    json_object_object_del(epoch, "commit");
    check_fails(&s, "there is no commit");
    json_object_object_del(s.o, "resumption_psks");
    check_fails(&s, "got MLS_PSK");
    put_number(s.o, "welcome", 7);
    check_fails(&s, "welcome is not text");
    put_number(s.o, "cipher_suite", MLS_SUITE_X448_CHACHA);
    put(s.o, "welcome", SLICE_EMPTY);
    check_fails(&s, "mls_group_join");
    end(&s);
}

TEST(cases_are_told_apart_and_counted) {
    struct vectors_result r = check_text("[{\"vlbytes_header\":\"40ff\",\"length\":255},"
                                         "{\"vlbytes_header\":\"40ff\",\"length\":256},"
                                         "{\"psks\":[],\"cipher_suite\":77,\"psk_secret\":\"\"},"
                                         "{\"n_leaves\":1,\"n_nodes\":1,\"root\":0,\"left\":[null],"
                                         "\"right\":[null],\"parent\":[null],\"sibling\":[null]},"
                                         "{\"something\":7}]");
    CHECK_EQ(r.passed, 2);
    CHECK_EQ(r.failed, 2);
    CHECK_EQ(r.skipped, 1);
    CHECK(strstr(last_failure, "no format") != NULL);
    r = check_text("{\"vlbytes_header\":\"3f\",\"length\":63}");
    CHECK_EQ(r.passed, 1);
}

TEST(nonsense_is_no_case) {
    static const char *const texts[] = {"7",
                                        "\"text\"",
                                        "[null]",
                                        "[[]]",
                                        "{}",
                                        "[{\"vlbytes_header\":null,\"length\":1}]",
                                        "[{\"vlbytes_header\":\"zz\",\"length\":1}]",
                                        "[{\"n_leaves\":0,\"n_nodes\":0,\"sibling\":[]}]",
                                        "[{\"n_leaves\":-1,\"n_nodes\":0,\"sibling\":[]}]"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct vectors_result r = check_text(texts[i]);
        CHECK_EQ(r.failed, 1);
        CHECK_EQ(r.passed + r.skipped, 0);
    }
}

TEST_MAIN
