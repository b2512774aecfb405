/* Vectors of the wire format, of protected messages and of Welcomes (RFC 9420 sections 2.1.2, 6,
 * 12.4.3.1). */
#include "mls/key_package.h"
#include "mls/key_schedule.h"
#include "mls/labels.h"
#include "mls/transcript.h"
#include "mls/tree.h"
#include "mlstool/check.h"
#include "mlstool/setting.h"

/* ---- deserialization ---- */

static void deserialization(struct check *c, struct json_object *o) {
    uint32_t length;
    buf header = check_bytes(c, o, "vlbytes_header"), written = buf_on(&c->mem);
    reader r = reader_of(buf_slice(&header));
    EXPECT_OK(c, reader_varint(&r, &length));
    EXPECT_OK(c, reader_end(&r));
    EXPECT(c, length == check_u64(c, o, "length"));
    writer w = writer_on(&written);
    writer_varint(&w, length);
    EXPECT_OK(c, writer_result(&w));
    EXPECT_SLICE(c, buf_slice(&written), buf_slice(&header));
}

const struct check_type check_deserialization = {
    "deserialization", {"vlbytes_header", "length"}, deserialization};

/* ---- messages ---- */

/* A decoder and encoder behind one shape; the structure itself is never looked at. */
struct codec {
    size_t size;
    err (*read)(reader *r, void *v, const struct mem *mem);
    void (*write)(writer *w, const void *v);
    void (*free)(void *v, const struct mem *mem);
    err (*copy)(void *to, const void *from, const struct mem *mem);
};

#define CODEC(type)                                                                   \
    static err read_##type(reader *r, void *v, const struct mem *mem) {               \
        return mls_##type##_read(r, v, mem);                                          \
    }                                                                                 \
    static void write_##type(writer *w, const void *v) {                              \
        mls_##type##_write(w, v);                                                     \
    }                                                                                 \
    static void free_##type(void *v, const struct mem *mem) {                         \
        mls_##type##_free(v, mem);                                                    \
    }                                                                                 \
    static err copy_##type(void *to, const void *from, const struct mem *mem) {       \
        return mls_##type##_copy(to, from, mem);                                      \
    }                                                                                 \
    static const struct codec codec_##type = {sizeof(struct mls_##type), read_##type, \
                                              write_##type, free_##type, copy_##type};
CODEC(welcome)
CODEC(group_info)
CODEC(key_package)
CODEC(group_secrets)
CODEC(proposal)
CODEC(commit)
CODEC(public_message)
CODEC(private_message)

/* A tree needs to know a suite; the form is the same in all. */
static err read_tree(reader *r, void *v, const struct mem *mem) {
    memset(v, 0, sizeof(struct mls_tree));
    return mls_tree_read(v, r, mls_suite_at(0), mem);
}
static void write_tree(writer *w, const void *v) {
    mls_tree_write(w, v);
}
static void free_tree(void *v, const struct mem *mem) {
    (void)mem;
    mls_tree_free(v);
}
static err copy_tree(void *to, const void *from, const struct mem *mem) {
    (void)mem;
    mls_tree_copy(to, from);
    return OK;
}
static const struct codec codec_tree = {sizeof(struct mls_tree), read_tree, write_tree, free_tree,
                                        copy_tree};

static const struct field {
    const char *name;
    const struct codec *codec;
    uint16_t wire;     /* not 0: in an MLSMessage of this wire format */
    uint16_t proposal; /* not 0: the content of a proposal of this type */
} FIELDS[] = {
    {"mls_welcome", &codec_welcome, MLS_WELCOME, 0},
    {"mls_group_info", &codec_group_info, MLS_GROUP_INFO, 0},
    {"mls_key_package", &codec_key_package, MLS_KEY_PACKAGE, 0},
    {"ratchet_tree", &codec_tree, 0, 0},
    {"group_secrets", &codec_group_secrets, 0, 0},
    {"add_proposal", &codec_proposal, 0, MLS_PROPOSAL_ADD},
    {"update_proposal", &codec_proposal, 0, MLS_PROPOSAL_UPDATE},
    {"remove_proposal", &codec_proposal, 0, MLS_PROPOSAL_REMOVE},
    {"pre_shared_key_proposal", &codec_proposal, 0, MLS_PROPOSAL_PSK},
    {"re_init_proposal", &codec_proposal, 0, MLS_PROPOSAL_REINIT},
    {"external_init_proposal", &codec_proposal, 0, MLS_PROPOSAL_EXTERNAL_INIT},
    {"group_context_extensions_proposal", &codec_proposal, 0,
     MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS},
    {"commit", &codec_commit, 0, 0},
    {"public_message_application", &codec_public_message, MLS_PUBLIC_MESSAGE, 0},
    {"public_message_proposal", &codec_public_message, MLS_PUBLIC_MESSAGE, 0},
    {"public_message_commit", &codec_public_message, MLS_PUBLIC_MESSAGE, 0},
    {"private_message", &codec_private_message, MLS_PRIVATE_MESSAGE, 0},
};

/* The bytes that the codec reads and writes. */
static buf field_bytes(struct check *c, const struct field *f, slice bytes) {
    buf out = buf_on(&c->mem);
    writer w = writer_on(&out);
    reader body = reader_of(bytes);
    uint16_t wire;
    if (f->wire != 0) {
        EXPECT_OK(c, mls_message_open(bytes, &wire, &body));
        EXPECT(c, wire == f->wire);
    }
    if (f->proposal != 0)
        writer_u16(&w, f->proposal);
    writer_bytes(&w, reader_rest(&body));
    EXPECT_OK(c, writer_result(&w));
    return out;
}

static void *structure(struct check *c, const struct codec *codec) {
    void *v = mem_new(&c->mem, codec->size);
    EXPECT(c, v != NULL);
    return v;
}

static void round_trip(struct check *c, const struct codec *codec, slice bytes) {
    void *v = structure(c, codec), *copy = structure(c, codec);
    reader r = reader_of(bytes);
    buf again = buf_on(&c->mem);
    EXPECT_OK(c, codec->read(&r, v, &c->mem));
    EXPECT_OK(c, reader_end(&r));
    EXPECT_OK(c, codec->copy(copy, v, &c->mem));
    codec->free(v, &c->mem);
    writer w = writer_on(&again);
    codec->write(&w, copy);
    EXPECT_OK(c, writer_result(&w));
    EXPECT_SLICE(c, buf_slice(&again), bytes);
    codec->free(copy, &c->mem);
}

/* Every shorter input is refused, with nothing left behind and the cursor in its place. */
static void truncations(struct check *c, const struct codec *codec, slice bytes) {
    void *v = structure(c, codec);
    for (size_t n = 0; n < bytes.n; n++) {
        reader r = {bytes.p, n};
        EXPECT(c, codec->read(&r, v, &c->mem) != OK);
        EXPECT(c, r.p == bytes.p && r.n == n);
        codec->free(v, &c->mem);
    }
}

static void messages(struct check *c, struct json_object *o) {
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        buf raw = check_bytes(c, o, FIELDS[i].name);
        buf bytes = field_bytes(c, &FIELDS[i], buf_slice(&raw));
        round_trip(c, FIELDS[i].codec, buf_slice(&bytes));
        if (c->thorough)
            truncations(c, FIELDS[i].codec, buf_slice(&bytes));
    }
}

const struct check_type check_messages = {
    "messages", {"mls_welcome", "mls_group_info", "private_message"}, messages};

/* ---- message-protection ---- */

static buf owned(struct check *c, slice bytes) {
    buf out = buf_on(&c->mem);
    EXPECT_OK(c, buf_set(&out, bytes));
    return out;
}

static buf secret(struct check *c, struct json_object *o, const char *key) {
    size_t n = c->suite->hash->len;
    return owned(c, slice_of(check_exactly(c, o, key, n), n));
}

static void setting_load(struct check *c, struct json_object *o, struct setting *s) {
    *s = (struct setting){.suite = c->suite,
                          .mem = &c->mem,
                          .epoch = check_u64(c, o, "epoch"),
                          .group_id = check_bytes(c, o, "group_id"),
                          .context = buf_on(&c->mem),
                          .priv =
                              owned(c, check_private(c, o, "signature_priv", c->suite->sig->priv)),
                          .pub = check_bytes(c, o, "signature_pub"),
                          .encryption = secret(c, o, "encryption_secret"),
                          .sender_data = secret(c, o, "sender_data_secret"),
                          .membership = secret(c, o, "membership_key")};
    struct mls_group_context context = {.version = MLS_VERSION_10,
                                        .suite = c->suite->id,
                                        .epoch = s->epoch,
                                        .group_id = s->group_id,
                                        .tree_hash = check_bytes(c, o, "tree_hash"),
                                        .confirmed_transcript_hash =
                                            check_bytes(c, o, "confirmed_transcript_hash")};
    writer w = writer_on(&s->context);
    mls_group_context_write(&w, &context);
    EXPECT_OK(c, writer_result(&w));
}

static void expect_body(struct check *c, const struct mls_authenticated_content *content,
                        slice expected) {
    buf body = buf_on(&c->mem);
    writer w = writer_on(&body);
    if (content->content.kind == MLS_APPLICATION)
        writer_bytes(&w, buf_slice(&content->content.application));
    else
        mls_content_body_write(&w, &content->content);
    EXPECT_OK(c, writer_result(&w));
    EXPECT_SLICE(c, buf_slice(&body), expected);
}

/* A message of our own, of which the size is foretold. */
static void protect_private(struct check *c, const struct setting *s, enum mls_kind kind,
                            slice body, size_t padding) {
    struct mls_authenticated_content content, opened;
    struct mls_secret_tree mine, theirs;
    buf message = buf_on(&c->mem);
    size_t size;
    EXPECT_OK(c, setting_secret_tree(s, &mine));
    EXPECT_OK(c, setting_secret_tree(s, &theirs));
    EXPECT_OK(c, setting_content(s, kind, MLS_PRIVATE_MESSAGE, body, &content));
    struct mls_protection p = setting_protection(s, &mine);
    EXPECT_OK(c, mls_private_message_protect(&p, &content, padding, &message));
    if (kind == MLS_APPLICATION) {
        size_t inner = mls_private_message_content(s->suite, body.n) + padding;
        EXPECT_OK(c, mls_private_message_size(s->suite, s->group_id.n, 0, inner, &size));
        /* ECDSA's signatures differ by some bytes, and the size is the most. */
        bool ecdsa = strncmp(s->suite->sig->name, "ECDSA", 5) == 0;
        EXPECT(c, ecdsa ? message.n <= size && message.n + 8 > size : message.n == size);
    }
    EXPECT_OK(c, setting_open_private(s, &theirs, buf_slice(&message), &opened));
    expect_body(c, &opened, body);
}

static void protect_public(struct check *c, const struct setting *s, enum mls_kind kind,
                           slice body) {
    struct mls_authenticated_content content, opened;
    buf message = buf_on(&c->mem);
    EXPECT_OK(c, setting_content(s, kind, MLS_PUBLIC_MESSAGE, body, &content));
    EXPECT_OK(c, mls_public_message_protect(s->suite, &content, buf_slice(&s->context),
                                            s->membership.p, &message, &c->mem));
    EXPECT_OK(c, setting_open_public(s, buf_slice(&message), &opened));
    expect_body(c, &opened, body);
}

static void protected_kind(struct check *c, struct json_object *o, const struct setting *s,
                           enum mls_kind kind, const char *plain_key, const char *private_key,
                           const char *public_key) {
    struct mls_authenticated_content content;
    struct mls_secret_tree t;
    buf plain = check_bytes(c, o, plain_key), message = check_bytes(c, o, private_key);
    EXPECT_OK(c, setting_secret_tree(s, &t));
    EXPECT_OK(c, setting_open_private(s, &t, buf_slice(&message), &content));
    EXPECT(c, content.content.kind == kind);
    EXPECT(c, content.content.sender.index == SETTING_SENDER);
    expect_body(c, &content, buf_slice(&plain));
    EXPECT_ERR(c, setting_open_private(s, &t, buf_slice(&message), &content), ERR_REPEAT);
    if (public_key != NULL) {
        message = check_bytes(c, o, public_key);
        EXPECT_OK(c, setting_open_public(s, buf_slice(&message), &content));
        expect_body(c, &content, buf_slice(&plain));
        protect_public(c, s, kind, buf_slice(&plain));
    }
    protect_private(c, s, kind, buf_slice(&plain), 0);
    protect_private(c, s, kind, buf_slice(&plain), 100);
}

static void message_protection(struct check *c, struct json_object *o) {
    struct setting s;
    setting_load(c, o, &s);
    protected_kind(c, o, &s, MLS_PROPOSAL, "proposal", "proposal_priv", "proposal_pub");
    protected_kind(c, o, &s, MLS_COMMIT, "commit", "commit_priv", "commit_pub");
    protected_kind(c, o, &s, MLS_APPLICATION, "application", "application_priv", NULL);
}

const struct check_type check_message_protection = {
    "message-protection", {"cipher_suite", "proposal_priv", "commit_pub"}, message_protection};

/* ---- welcome ---- */

static void group_info(struct check *c, const struct mls_group_info *info,
                       const uint8_t *joiner_secret, slice signer) {
    buf tbs = buf_on(&c->mem), context = buf_on(&c->mem);
    uint8_t tag[CRYPTO_HASH_MAX];
    struct mls_epoch_secrets secrets;
    writer w = writer_on(&tbs), wc = writer_on(&context);
    mls_group_info_write_unsigned(&w, info);
    mls_group_context_write(&wc, &info->context);
    EXPECT_OK(c, writer_result(&w));
    EXPECT_OK(c, writer_result(&wc));
    EXPECT_OK(c, mls_label_verify(c->suite, signer, "GroupInfoTBS", buf_slice(&tbs),
                                  buf_slice(&info->signature), &c->mem));
    EXPECT_OK(c,
              mls_key_schedule_epoch(c->suite, joiner_secret, NULL, buf_slice(&context), &secrets));
    EXPECT_OK(c, mls_key_schedule_mac(c->suite, secrets.confirmation_key,
                                      buf_slice(&info->context.confirmed_transcript_hash), tag));
    EXPECT(c,
           mls_tag_equal(slice_of(tag, c->suite->hash->len), buf_slice(&info->confirmation_tag)));
}

static void welcome(struct check *c, struct json_object *o) {
    const struct mls_suite *suite = c->suite;
    struct mls_key_package kp;
    struct mls_welcome opened;
    struct mls_group_secrets secrets;
    struct mls_group_info info;
    uint8_t ref[CRYPTO_HASH_MAX], refs[CRYPTO_HASH_MAX];
    size_t n = suite->hash->len, count = 1;
    slice init = check_private(c, o, "init_priv", suite->kem->priv);
    buf key_package = check_bytes(c, o, "key_package"), signer = check_bytes(c, o, "signer_pub");
    buf message = check_bytes(c, o, "welcome"), plain = buf_on(&c->mem);
    EXPECT_OK(c, mls_key_package_open(buf_slice(&key_package), &kp, &c->mem));
    EXPECT(c, kp.suite == suite->id);
    EXPECT_OK(c, mls_key_package_make_ref(suite, &kp, ref, &c->mem));
    EXPECT_OK(c, mls_welcome_refs(buf_slice(&message), refs, n, &count));
    EXPECT(c, count == 1);
    EXPECT_SLICE(c, slice_of(refs, n), slice_of(ref, n));
    uint16_t wire;
    reader r;
    EXPECT_OK(c, mls_message_open(buf_slice(&message), &wire, &r));
    EXPECT_OK(c, mls_welcome_read(&r, &opened, &c->mem));
    EXPECT_OK(c, mls_label_decrypt(suite, init, "Welcome", buf_slice(&opened.encrypted_group_info),
                                   &opened.secrets[0].secrets, &plain));
    r = reader_of(buf_slice(&plain));
    EXPECT_OK(c, mls_group_secrets_read(&r, &secrets, &c->mem));
    EXPECT(c, secrets.joiner_secret.n == n);
    EXPECT_OK(c, setting_group_info(suite, &opened, secrets.joiner_secret.p, &info, &c->mem));
    group_info(c, &info, secrets.joiner_secret.p, buf_slice(&signer));
}

const struct check_type check_welcome = {
    "welcome", {"cipher_suite", "signer_pub", "welcome"}, welcome};
