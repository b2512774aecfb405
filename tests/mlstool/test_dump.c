/* The dump: what it shows, and that nothing malformed is too much for it. */
#include "mlstool/dump.h"

#include <stdlib.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/mls/people.h"
#include "tests/test.h"

/* The text; the caller frees it. */
static char *dump(const char *type, slice bytes, err *e) {
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    CHECK(out != NULL);
    *e = dump_print(out, type, bytes, false);
    fclose(out);
    return text;
}

static void check_shows(const char *type, slice bytes, const char *part) {
    err e;
    char *text = dump(type, bytes, &e);
    CHECK_OK(e);
    if (strstr(text, part) == NULL)
        test_fail(__FILE__, __LINE__, "no \"%s\" in:\n%s", part, text);
    free(text);
}

/* Every truncation fails; every changed byte may do as it likes, but not crash. */
static void check_survives(const char *type, slice bytes) {
    buf copy = {0};
    err e;
    for (size_t n = 0; n < bytes.n; n++) {
        buf_free(&copy); /* exactly n bytes, so that a sanitizer sees a read beyond */
        CHECK_OK(buf_append(&copy, slice_of(bytes.p, n)));
        free(dump(type, buf_slice(&copy), &e));
        CHECK(e != OK);
    }
    CHECK_OK(buf_set(&copy, bytes));
    for (size_t i = 0; i < bytes.n; i++) {
        copy.p[i] ^= 0x5a;
        free(dump(type, buf_slice(&copy), &e));
        copy.p[i] ^= 0x5a;
    }
    buf_free(&copy);
}

struct scene {
    struct person anna, bert;
    struct mls_committed c;
    buf info, tree, text;
};

static void begin(struct scene *s) {
    memset(s, 0, sizeof(*s));
    person_init(&s->anna, MLS_SUITE_X25519_CHACHA, "anna");
    person_init(&s->bert, MLS_SUITE_X25519_CHACHA, "bert");
    person_create(&s->anna, "a group");
    person_key_package(&s->bert, false);
    slice add = buf_slice(&s->bert.key_package);
    struct mls_commit_params params = {
        .adds = &add, .add_count = 1, .wire = MLS_PUBLIC_MESSAGE, .tree_in_welcome = true};
    CHECK_OK(mls_group_commit(s->anna.group, &params, &people_auth, &s->c));
    mls_staged_apply(s->anna.group, s->c.staged);
    s->c.staged = NULL;
    CHECK_OK(mls_group_info(s->anna.group, true, true, &s->info));
    CHECK_OK(mls_group_tree(s->anna.group, &s->tree));
    CHECK_OK(mls_group_protect(s->anna.group, SLICE_EMPTY, slice_str("hello"), 0, &s->text));
}

static void end(struct scene *s) {
    mls_committed_free(&s->c, NULL);
    person_free(&s->anna);
    person_free(&s->bert);
    buf_free(&s->info);
    buf_free(&s->tree);
    buf_free(&s->text);
}

TEST(every_wire_format_is_shown_in_the_standard_s_names) {
    struct scene s;
    begin(&s);
    slice key_package = buf_slice(&s.bert.key_package);
    check_shows("MLSMessage", key_package, "wire_format: 0x0005 (mls_key_package)");
    check_shows("MLSMessage", key_package, "identity: 4 bytes 62657274 \"bert\"");
    check_shows("MLSMessage", buf_slice(&s.c.commit), "proposal_type: 0x0001 (add)");
    check_shows("MLSMessage", buf_slice(&s.c.commit), "membership_tag: 32 bytes");
    check_shows("MLSMessage", buf_slice(&s.c.welcomes[0]), "encrypted_group_info: ");
    check_shows("MLSMessage", buf_slice(&s.info), "extension_type: 0x0004 (external_pub)");
    check_shows("MLSMessage", buf_slice(&s.info), "node_type: 1 (leaf)");
    check_shows("MLSMessage", buf_slice(&s.text), "group_id: 7 bytes 612067726f7570 \"a group\"");
    check_shows("ratchettree", buf_slice(&s.tree), "[2]");
    end(&s);
}

TEST(nothing_malformed_crashes_it) {
    struct scene s;
    begin(&s);
    check_survives("MLSMessage", buf_slice(&s.bert.key_package));
    check_survives("MLSMessage", buf_slice(&s.c.commit));
    check_survives("MLSMessage", buf_slice(&s.c.welcomes[0]));
    check_survives("MLSMessage", buf_slice(&s.info));
    check_survives("MLSMessage", buf_slice(&s.text));
    check_survives("RatchetTree", buf_slice(&s.tree));
    end(&s);
}

TEST(a_mistake_is_told_with_its_place) {
    static const uint8_t bytes[] = {0, 1, 0, 9, 1};
    err e;
    char *text = dump("MLSMessage", SLICE_ARRAY(bytes), &e);
    CHECK_EQ(e, ERR_UNKNOWN_TYPE);
    CHECK(strstr(text, "! byte 2: ") != NULL);
    free(text);
    static const uint8_t trailing[] = {0, 0, 0, 0, 0, 7};
    text = dump("Capabilities", SLICE_ARRAY(trailing), &e);
    CHECK_EQ(e, ERR_TRAILING);
    CHECK(strstr(text, "! byte 5: ") != NULL);
    free(text);
    free(dump("NoSuchThing", SLICE_EMPTY, &e));
    CHECK_EQ(e, ERR_NOT_FOUND);
}

TEST(bytes_hexadecimal_and_base64_are_told_apart) {
    static const uint8_t bytes[] = {0x00, 0x01, 0x00, 0x05, 0xfb, 0xff};
    buf out = {0};
    CHECK_OK(dump_input(SLICE_ARRAY(bytes), &out));
    CHECK_SLICE(buf_slice(&out), SLICE_ARRAY(bytes));
    CHECK_OK(dump_input(slice_str("00010005\nFBff\n"), &out));
    CHECK_SLICE(buf_slice(&out), SLICE_ARRAY(bytes));
    CHECK_OK(dump_input(slice_str("AAEA\r\nBfv/"), &out));
    CHECK_SLICE(buf_slice(&out), SLICE_ARRAY(bytes));
    CHECK_OK(dump_input(slice_str("AAEABfv_"), &out));
    CHECK_SLICE(buf_slice(&out), SLICE_ARRAY(bytes));
    CHECK_OK(dump_input(slice_str("AAEABQ=="), &out));
    CHECK_SLICE(buf_slice(&out), slice_of(bytes, 4));
    CHECK_OK(dump_input(slice_str("AAEABQ"), &out));
    CHECK_SLICE(buf_slice(&out), slice_of(bytes, 4));
    buf_free(&out);
}

TEST_MAIN
