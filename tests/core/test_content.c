/* MIMI content: the draft's examples, what we write ourselves, and what is refused. */
#include <stdlib.h>

#include "core/cbor.h"
#include "core/content.h"
#include "crypto/crypto.h"
#include "support.h"
#include "test.h"

/* ---- The published examples ---- */

static const struct example {
    const char *name, *id;
    enum core_content_shape shape;
    const char *text; /* how it begins */
} examples[] = {{"attachment", "0176180c7d19a925021fe446d241134d05c38e0d999cdc0f39c391d2377ed9d1",
                 CORE_CONTENT_OTHER, "[video/mp4 \"bigfile.mp4\", 708234961 bytes]"},
                {"conferencing", "01496d15a8dba28d7397f9868b70768e4a67f765d5b5b1ae9e03848c5fdeb0ba",
                 CORE_CONTENT_OTHER, "[unnamed type \"Join the Foo 118 conference\", 0 bytes]"},
                {"delete", "011d9efc78d04d4dcf4d82b07d5199bbef37011c1f0c7e004b6111c6dda504b4",
                 CORE_CONTENT_DELETE, ""},
                {"edit", "014028c0deddbdea56bec26172f6ede953d11024cb82b8192b5e2aea62d7fb47",
                 CORE_CONTENT_EDIT, "Right on! _Congratulations_ y'all!"},
                {"expiring", "01e59db8173939facc2c8a4a0f0ae8d0c7a11a81239626630c9464a8d6717a03",
                 CORE_CONTENT_TEXT, "__*VPN GOING DOWN*__"},
                {"mention-html", "01967ff8e9a66819738ad5cf26d2e0388a3b81d86b0f61d129c077d043ee2a4e",
                 CORE_CONTENT_OTHER, "[text/html;charset=utf-8, "},
                {"mention", "018d825adf9f6be00dcafc5704c4102f5022e74219d0b603e4ba7622654042af",
                 CORE_CONTENT_TEXT, "Kudos to [@Alice Smith]"},
                {"multipart-1", "01da5a515ec5db42cc4dcc19b90c3c31245d8a1cfcce11318f24eb11dce0990e",
                 CORE_CONTENT_TEXT, "# Welcome!"},
                {"multipart-2", "01d65918c6c51c8e76546337276ae6f4bfd873d867d5cb57c76bcdca3d999dd7",
                 CORE_CONTENT_TEXT, "\xe2\x9d\xa4\n\xf0\x9f\xa5\xb3\n\xf0\x9f\xa4\x9e"},
                {"multipart-3", "01cfebeadbdb83c1eefb6403ba4852daf8bbbf9cd53bf5035a74d5d741950c9f",
                 CORE_CONTENT_OTHER, ""},
                {"original", "017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4",
                 CORE_CONTENT_TEXT, "Hi everyone, we just shipped release 2.0. __Good  work__!"},
                {"reaction", "0158c4288911e50a8f6be3f47746b6682f10fd91bc8c05557aa589a3157aff68",
                 CORE_CONTENT_REACTION, "\xe2\x9d\xa4"},
                {"reply", "015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27",
                 CORE_CONTENT_TEXT, "Right on! _Congratulations_ 'all!"},
                {"unlike", "013aadbb8f313253c8930f4e93c6ca54b2ed06d258185bdcec3870534c8a4ec4",
                 CORE_CONTENT_DELETE, ""}};
enum { EXAMPLES = sizeof examples / sizeof examples[0] };

static FILE *open_in(const char *folder, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/mimi-content/%s.cbor", folder, name);
    return fopen(path, "rb");
}

static bool load(const char *name, buf *out) {
    static const char *const folders[] = {"../shared/vectors", "../../shared/vectors",
                                          "../../../shared/vectors"};
    const char *named = getenv("SOTTO_VECTORS");
    FILE *f = named == NULL ? NULL : open_in(named, name);
    for (size_t i = 0; f == NULL && i < sizeof folders / sizeof folders[0]; i++)
        f = open_in(folders[i], name);
    if (f == NULL)
        return false;
    CHECK_OK(buf_resize(out, 16384));
    CHECK_OK(buf_resize(out, fread(out->p, 1, out->n, f)));
    fclose(f);
    return true;
}

/* The examples name sender and room in their extensions 1 and 2. */
static void read_uris(slice extensions, slice *sender, slice *room) {
    reader r = reader_of(extensions);
    struct cbor map;
    uint64_t key;
    CHECK_OK(core_cbor_read(&r, &map));
    CHECK(map.kind == CBOR_MAP && map.value >= 2);
    CHECK_OK(core_cbor_read_uint(&r, 1, &key));
    CHECK_OK(core_cbor_read_text(&r, sender));
    CHECK_OK(core_cbor_read_uint(&r, 2, &key));
    CHECK_OK(core_cbor_read_text(&r, room));
}

static void check_example(const struct example *e, slice bytes) {
    struct content content;
    enum core_content_shape shape;
    struct content_part file;
    bool markdown;
    uint8_t expected[32], id[32];
    slice sender, room;
    buf text = {0}, again = {0};
    CHECK_OK(core_content_decode(bytes, &content));
    read_uris(content.extensions, &sender, &room);
    SUPPORT_HEX(expected, e->id);
    CHECK_OK(core_content_id(id, sender, room, bytes, content.salt));
    CHECK_SLICE(SLICE_ARRAY(id), SLICE_ARRAY(expected));
    CHECK_OK(core_content_show(&content, &shape, &markdown, &file, &text));
    CHECK_EQ(shape, e->shape);
    CHECK(text.n >= strlen(e->text));
    CHECK_SLICE(slice_of(text.p, strlen(e->text)), slice_str(e->text));
    CHECK_OK(core_content_write(&again, &content));
    CHECK_SLICE(buf_slice(&again), bytes);
    /* Whatever its beginning, a part of it is not the whole, and more than it is too much. */
    for (size_t n = 0; n < bytes.n; n++)
        CHECK(core_content_decode(slice_of(bytes.p, n), &content) != OK);
    CHECK_OK(buf_append_byte(&again, 0));
    CHECK_ERR(core_content_decode(buf_slice(&again), &content), ERR_TRAILING);
    buf_free(&text);
    buf_free(&again);
}

TEST(the_examples_of_the_draft_are_read_named_and_written) {
    buf bytes = {0};
    CHECK_OK(crypto_init());
    for (size_t i = 0; i < EXAMPLES; i++) {
        if (!load(examples[i].name, &bytes))
            SKIP("the 14 examples of draft-ietf-mimi-content are not here");
        check_example(&examples[i], buf_slice(&bytes));
    }
    printf("# mimi-content/*.cbor: %d passed, 0 skipped\n", (int)EXAMPLES);
    buf_free(&bytes);
}

/* One item, item by item. */
static void copy(reader *r, writer *w) {
    struct cbor item;
    CHECK_OK(core_cbor_read(r, &item));
    core_cbor_write(w, item.kind, item.value);
    writer_bytes(w, item.bytes);
    for (uint64_t i = 0; item.kind == CBOR_ARRAY && i < item.value; i++)
        copy(r, w);
}

/* They are what a client knows of a message beside its content: nothing that crosses the wire. */
TEST(derived_values_are_read_and_written_but_are_no_content) {
    struct content content;
    uint64_t count;
    slice id;
    buf bytes = {0}, again = {0};
    if (!load("implied-original", &bytes))
        SKIP("the example of derived values is not here");
    CHECK_ERR(core_content_decode(buf_slice(&bytes), &content), ERR_MALFORMED);
    reader r = reader_of(buf_slice(&bytes));
    writer w = writer_on(&again);
    copy(&r, &w);
    CHECK_OK(reader_end(&r));
    CHECK_OK(writer_result(&w));
    CHECK_SLICE(buf_slice(&again), buf_slice(&bytes));
    r = reader_of(buf_slice(&bytes));
    CHECK_OK(core_cbor_read_array(&r, &count));
    CHECK_EQ(count, 7);
    CHECK_OK(core_cbor_read_bytes(&r, &id));
    CHECK_EQ(id.n, 32);
    printf("# mimi-content/implied-original.cbor: 1 passed, 0 skipped\n");
    buf_free(&bytes);
    buf_free(&again);
}

/* ---- What we write ---- */

TEST(a_text_is_written_and_read) {
    struct content content;
    enum core_content_shape shape;
    struct content_part file;
    bool markdown;
    uint8_t id[32] = {1, 2, 3};
    buf out = {0}, text = {0};
    CHECK_OK(crypto_init());
    CHECK_OK(core_content_encode(&out, CONTENT_RENDER, "text/markdown;variant=GFM-MIMI",
                                 slice_str("*hi*"), id, NULL));
    CHECK_OK(core_content_decode(buf_slice(&out), &content));
    CHECK_EQ(content.extensions.n, 1);
    CHECK_SLICE(content.in_reply_to, SLICE_ARRAY(id));
    CHECK_EQ(content.replaces.n, 0);
    CHECK_OK(core_content_show(&content, &shape, &markdown, &file, &text));
    CHECK_EQ(shape, CORE_CONTENT_TEXT);
    CHECK(markdown);
    CHECK_SLICE(buf_slice(&text), slice_str("*hi*"));
    buf_free(&out);
    buf_free(&text);
}

TEST(a_file_is_written_beside_a_text_and_read) {
    struct content content;
    enum core_content_shape shape;
    struct content_part file;
    bool markdown;
    uint8_t id[32] = {0xab, 1}, key[32] = {2}, hash[32] = {3}, read[32];
    buf out = {0}, url = {0}, text = {0}, again = {0};
    CHECK_OK(crypto_init());
    CHECK_OK(core_content_file_url(&url, id));
    struct content_part parts[] = {{.cardinality = CONTENT_SINGLE,
                                    .disposition = CONTENT_RENDER,
                                    .type = slice_str("text/plain;charset=utf-8"),
                                    .body = slice_str("look")},
                                   {.cardinality = CONTENT_EXTERNAL,
                                    .disposition = CONTENT_ATTACHMENT,
                                    .type = slice_str("image/png"),
                                    .url = buf_slice(&url),
                                    .expires = 1800000000,
                                    .size = 3000000000,
                                    .algorithm = CONTENT_AEAD_CHUNKS,
                                    .key = SLICE_ARRAY(key),
                                    .hash_algorithm = CONTENT_HASH_SHA256,
                                    .hash = SLICE_ARRAY(hash),
                                    .filename = slice_str("a.png")}};
    for (size_t first = 0; first < 2; first++) {
        buf_clear(&out);
        buf_clear(&text);
        buf_clear(&again);
        CHECK_OK(core_content_encode_parts(&out, parts + first, 2 - first, id));
        CHECK_OK(core_content_decode(buf_slice(&out), &content));
        CHECK_OK(core_content_show(&content, &shape, &markdown, &file, &text));
        CHECK_EQ(shape, CORE_CONTENT_FILE);
        CHECK_SLICE(buf_slice(&text), slice_str(first == 0 ? "look" : ""));
        CHECK(core_content_is_file(&file, read) && memcmp(read, id, 32) == 0);
        CHECK_EQ(file.size, 3000000000);
        CHECK_SLICE(file.filename, slice_str("a.png"));
        CHECK_OK(core_content_write(&again, &content));
        CHECK_SLICE(buf_slice(&again), buf_slice(&out));
    }
    parts[0] = parts[1]; /* of two files the second is only told of */
    buf_clear(&out);
    buf_clear(&text);
    CHECK_OK(core_content_encode_parts(&out, parts, 2, NULL));
    CHECK_OK(core_content_decode(buf_slice(&out), &content));
    CHECK_OK(core_content_show(&content, &shape, &markdown, &file, &text));
    CHECK_EQ(shape, CORE_CONTENT_OTHER);
    CHECK_SLICE(buf_slice(&text), slice_str("[image/png \"a.png\", 3000000000 bytes]"));
    buf_free(&out);
    buf_free(&url);
    buf_free(&text);
    buf_free(&again);
}

TEST(what_names_no_blob_of_ours_is_no_file) {
    uint8_t id[32] = {0xab}, key[32] = {0}, read[32];
    buf url = {0};
    CHECK_OK(core_content_file_url(&url, id));
    const struct content_part good = {.cardinality = CONTENT_EXTERNAL,
                                      .url = buf_slice(&url),
                                      .algorithm = CONTENT_AEAD_CHUNKS,
                                      .key = SLICE_ARRAY(key),
                                      .hash_algorithm = CONTENT_HASH_SHA256,
                                      .hash = SLICE_ARRAY(key)};
    struct content_part bad = good;
    CHECK(core_content_is_file(&good, read));
    bad.algorithm = 1;
    CHECK(!core_content_is_file(&bad, read));
    bad = good;
    bad.key.n = 31;
    CHECK(!core_content_is_file(&bad, read));
    bad = good;
    bad.hash.n = 0;
    CHECK(!core_content_is_file(&bad, read));
    bad = good;
    bad.url.n--;
    CHECK(!core_content_is_file(&bad, read));
    bad.url = slice_str("https://example.com/");
    CHECK(!core_content_is_file(&bad, read));
    url.p[12] = 'B'; /* upper case */
    CHECK(!core_content_is_file(&good, read));
    url.p[12] = 0;
    CHECK(!core_content_is_file(&good, read));
    buf_free(&url);
}

TEST(a_deletion_has_no_body) {
    struct content content;
    enum core_content_shape shape;
    struct content_part file;
    bool markdown;
    uint8_t id[32] = {1};
    buf out = {0}, text = {0};
    CHECK_OK(core_content_encode_delete(&out, CONTENT_RENDER, NULL, id));
    CHECK_OK(core_content_decode(buf_slice(&out), &content));
    CHECK_OK(core_content_show(&content, &shape, &markdown, &file, &text));
    CHECK_EQ(shape, CORE_CONTENT_DELETE);
    CHECK_EQ(text.n, 0);
    buf_free(&out);
    buf_free(&text);
}

TEST(two_equal_texts_have_two_ids) {
    uint8_t account[16] = {0}, group[32] = {0}, a[32], b[32];
    buf first = {0}, second = {0};
    CHECK_OK(core_content_encode(&first, CONTENT_RENDER, "text/plain", slice_str("x"), NULL, NULL));
    CHECK_OK(
        core_content_encode(&second, CONTENT_RENDER, "text/plain", slice_str("x"), NULL, NULL));
    CHECK_OK(core_content_id_of(a, account, SLICE_ARRAY(group), buf_slice(&first)));
    CHECK_OK(core_content_id_of(b, account, SLICE_ARRAY(group), buf_slice(&second)));
    CHECK(memcmp(a, b, 32) != 0);
    account[0] = 1;
    CHECK_OK(core_content_id_of(b, account, SLICE_ARRAY(group), buf_slice(&first)));
    CHECK(memcmp(a, b, 32) != 0);
    buf_free(&first);
    buf_free(&second);
}

TEST(an_edit_says_when_it_was_made) {
    struct content content;
    uint8_t id[32] = {1};
    buf out = {0}, again = {0};
    CHECK_OK(core_content_encode_edit(&out, "text/plain", slice_str("x"), NULL, id, 1700000000000));
    CHECK_OK(core_content_decode(buf_slice(&out), &content));
    CHECK_EQ(content.edited, 1700000000000);
    CHECK_SLICE(content.replaces, SLICE_ARRAY(id));
    CHECK_OK(core_content_write(&again, &content));
    CHECK_SLICE(buf_slice(&again), buf_slice(&out));
    buf_clear(&out);
    CHECK_OK(core_content_encode(&out, CONTENT_RENDER, "text/plain", slice_str("x"), NULL, id));
    CHECK_OK(core_content_decode(buf_slice(&out), &content));
    CHECK_EQ(content.edited, 0);
    buf_free(&out);
    buf_free(&again);
}

/* ---- What is refused ---- */

static void check(const char *hex, err expected) {
    struct content content;
    uint8_t bytes[256];
    size_t n = strlen(hex) / 2;
    support_hex(bytes, n, hex);
    CHECK_ERR(core_content_decode(slice_of(bytes, n), &content), expected);
}

#define SALT "5000000000000000000000000000000000"

TEST(malformed_content_is_refused) {
    check("87" SALT "f640f6f6a0"
          "83016000",
          OK);
    check("86" SALT "f640f6f6a0"
          "83016000",
          ERR_MALFORMED); /* six */
    check("87"
          "4f000000000000000000000000000000"
          "f640f6f6a0"
          "83016000",
          ERR_MALFORMED); /* short salt */
    check("87" SALT "410140f6f6a0"
          "83016000",
          ERR_MALFORMED); /* short id */
    check("87" SALT "f640"
          "82f51b0000000100000000"
          "f6a0"
          "83016000",
          ERR_MALFORMED); /* expiry beyond 32 bits */
    check("87" SALT "f640f6f680"
          "83016000",
          ERR_MALFORMED); /* extensions are no map */
    check("87" SALT "f640f6f6a0"
          "84016000f6",
          ERR_MALFORMED); /* too many fields of a null part */
    check("87" SALT "f640f6f6a0"
          "83016004",
          ERR_MALFORMED); /* cardinality */
    check("87" SALT "f640f6f6a0"
          "85016003008183016000",
          ERR_MALFORMED); /* a multipart of one */
    check("87" SALT "f640f6f6a0"
          "850160030382830160008301600083016000",
          ERR_MALFORMED); /* semantics */
}

TEST(nesting_is_bounded) {
    check("87" SALT "f640f6f6a0"
          "850160030282"
          "8301600083016000",
          OK);
    check("87" SALT "f640f6f6a0"
          "850160030282"
          "850160030282"
          "850160030282"
          "850160030282"
          "8301600083016000"
          "830160008301600083016000",
          ERR_TOO_LARGE);
}

TEST_MAIN
