#include "tests/test.h"

#include "base/text.h"
#include "crypto/crypto.h"
#include "merkle/checkpoint.h"
#include "tests/support.h"

#define DASH "\xe2\x80\x94 "
/* The example with which Go's sumdb/note documents the format. */
#define EXAMPLE_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_TEXT "This is an example message.\n"
#define EXAMPLE_LINE                                                                              \
    DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mF" \
         "XmRKuwHjG1Yu72IneyaQM=\n"

static const uint8_t SEED[32] = {7}, OTHER_SEED[32] = {8};

static struct merkle_key key_of(enum merkle_key_type type, const char *name, const uint8_t *seed) {
    struct merkle_key key;
    uint8_t public[32];
    CHECK_OK(crypto_init());
    CHECK_OK(crypto_ed25519.public_of(public, seed));
    CHECK_OK(merkle_key_make(&key, type, slice_str(name), public));
    return key;
}

static err parse(struct merkle_note *note, const char *bytes) {
    return merkle_note_parse(note, slice_str(bytes));
}

TEST(a_published_note_is_verified) {
    struct merkle_key key;
    struct merkle_note note;
    CHECK_OK(crypto_init());
    CHECK_OK(merkle_key_parse(&key, slice_str(EXAMPLE_KEY)));
    CHECK_OK(parse(&note, EXAMPLE_TEXT "\n" EXAMPLE_LINE));
    CHECK_SLICE(note.text, slice_str(EXAMPLE_TEXT));
    CHECK_EQ(note.count, 1);
    CHECK_OK(merkle_note_verify(&note, &key));
    CHECK_OK(parse(&note, "This is an example message!\n\n" EXAMPLE_LINE));
    CHECK_ERR(merkle_note_verify(&note, &key), ERR_SIGNATURE);
}

TEST(a_key_has_one_text) {
    struct merkle_key key, back;
    buf text = {0};
    CHECK_OK(merkle_key_parse(&key, slice_str(EXAMPLE_KEY)));
    CHECK_EQ(key.id, 0x530d903a);
    CHECK_OK(merkle_key_format(&text, &key));
    CHECK_SLICE(buf_slice(&text), slice_str(EXAMPLE_KEY));
    key = key_of(MERKLE_KEY_COSIGNATURE, "witness.example/w\xc3\xa9", SEED);
    buf_clear(&text);
    CHECK_OK(merkle_key_format(&text, &key));
    CHECK_OK(merkle_key_parse(&back, buf_slice(&text)));
    CHECK(memcmp(&back, &key, sizeof key) == 0);
    buf_free(&text);
}

TEST(bad_keys_are_refused) {
    static const struct {
        const char *text;
        err e;
    } BAD[] = {
        {"", ERR_MALFORMED},
        {"example.com/foo", ERR_MALFORMED},
        {"example.com/foo+530d903a", ERR_MALFORMED},
        {"example.com/foo+530d903a+", ERR_MALFORMED},
        /* the id is another key's */
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MALFORMED},
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MALFORMED},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l", ERR_MALFORMED},
        /* too short, too long, padded twice */
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", ERR_MALFORMED},
        {"example.com/foo+530d90+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MALFORMED},
        {"example.com/foo+530d903g+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MALFORMED},
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MALFORMED},
        {EXAMPLE_KEY "\n", ERR_MALFORMED},
        /* type 2 */
        {"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_UNSUPPORTED},
    };
    struct merkle_key key;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(merkle_key_parse(&key, slice_str(BAD[i].text)), BAD[i].e);
    static const char *const NAMES[] = {"",           "a b",       "a+b",          "a\nb",
                                        "a\tb",       "a\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x83",
                                        "a\xc2\x85z", "\xff",      "\xed\xa0\x80"};
    uint8_t public[32] = {1};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        CHECK_ERR(merkle_key_make(&key, MERKLE_KEY_ED25519, slice_str(NAMES[i]), public),
                  ERR_MALFORMED);
    uint8_t name[MERKLE_KEY_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    CHECK_ERR(merkle_key_make(&key, MERKLE_KEY_ED25519, SLICE_ARRAY(name), public), ERR_TOO_LARGE);
    CHECK_OK(merkle_key_make(&key, MERKLE_KEY_ED25519, slice_of(name, sizeof name - 1), public));
}

TEST(malformed_notes_are_refused) {
    static const char *const BAD[] = {
        "",
        "\n",
        "text\n",
        "text\n\n", /* no signature */
        "\n\n",
        "text\n" EXAMPLE_LINE,            /* no empty line */
        "text\n\n" DASH "n AAAAAAE=",     /* no newline at the end */
        "text\n\n" DASH "n AAAAAAE=\n\n", /* an empty line after */
        "text\n\nsignature n AAAAAAE=\n", /* no dash */
        "text\n\n- n AAAAAAE=\n",
        "text\n\n\xe2\x80\x94n AAAAAAE=\n", /* no space */
        "text\n\n" DASH "n\n",
        "text\n\n" DASH " AAAAAAE=\n", /* no name */
        "text\n\n" DASH "n+n AAAAAAE=\n",
        "text\n\n" DASH "n\xc2\xa0n AAAAAAE=\n",
        "text\n\n" DASH "n AAAAAAE= \n",
        "text\n\n" DASH "n  AAAAAAE=\n",
        "text\n\n" DASH "n AAAAAA==\n", /* an id alone */
        "text\n\n" DASH "n AAAA\n",
        "text\n\n" DASH "n AAAAAAF=\n", /* bits too many */
        "text\n\n" DASH "n AAAAAAE\n",
        "text\n\n" DASH "n AAAAAA_=\n",
        "te\rxt\n\n" DASH "n AAAAAAE=\n",
        "te\txt\n\n" DASH "n AAAAAAE=\n",
        "te\xffxt\n\n" DASH "n AAAAAAE=\n",
        "text\r\n\r\n" DASH "n AAAAAAE=\r\n",
        "text\n\n" DASH "n AAAAAAE=\nmore\n",
    };
    struct merkle_note note;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(parse(&note, BAD[i]), ERR_MALFORMED);
    CHECK_ERR(merkle_note_parse(&note, slice_of("te\0xt\n\n" DASH "n AAAAAAE=\n", 23)),
              ERR_MALFORMED);
    CHECK_OK(parse(&note, "text\n\n" DASH "n AAAAAAE=\n"));
    CHECK_EQ(note.signatures[0].id, 0);
    CHECK_SLICE(note.signatures[0].name, slice_str("n"));
}

TEST(the_text_ends_at_the_last_empty_line) {
    struct merkle_note note;
    CHECK_OK(parse(&note, "a\n\n" DASH "n AAAAAAE=\n\nb\n\n" DASH "m AAAAAAE=\n"));
    CHECK_SLICE(note.text, slice_str("a\n\n" DASH "n AAAAAAE=\n\nb\n"));
    CHECK_EQ(note.count, 1);
    CHECK_SLICE(note.signatures[0].name, slice_str("m"));
    CHECK_OK(parse(&note, "\n\n" DASH "m AAAAAAE=\n"));
    CHECK_SLICE(note.text, slice_str("\n"));
}

TEST(a_note_has_bounds) {
    struct merkle_note note;
    buf b = {0};
    CHECK_OK(buf_append(&b, slice_str("text\n\n")));
    for (size_t i = 0; i < MERKLE_NOTE_SIGNATURES; i++)
        CHECK_OK(buf_append(&b, slice_str(DASH "n AAAAAAE=\n")));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_EQ(note.count, MERKLE_NOTE_SIGNATURES);
    CHECK_OK(buf_append(&b, slice_str(DASH "n AAAAAAE=\n")));
    CHECK_ERR(merkle_note_parse(&note, buf_slice(&b)), ERR_LIMIT);
    CHECK_OK(buf_resize(&b, MERKLE_NOTE_MAX + 1));
    CHECK_ERR(merkle_note_parse(&note, buf_slice(&b)), ERR_TOO_LARGE);
    buf out = {0};
    CHECK_ERR(merkle_note_begin(&out, buf_slice(&b)), ERR_TOO_LARGE);
    CHECK_EQ(out.n, 0);
    buf_free(&b);
}

TEST(several_sign_and_strangers_do_not_matter) {
    struct merkle_key one = key_of(MERKLE_KEY_ED25519, "log.example", SEED);
    struct merkle_key two = key_of(MERKLE_KEY_ED25519, "log.example", OTHER_SEED);
    struct merkle_key renamed = key_of(MERKLE_KEY_ED25519, "other.example", SEED);
    slice text = slice_str("a\n\nb\n");
    struct merkle_note note;
    buf b = {0};
    CHECK_OK(merkle_note_begin(&b, text));
    CHECK_OK(merkle_note_sign(&b, text, &one, SEED));
    CHECK_OK(buf_append(&b, slice_str(DASH "stranger AAAAAAE=\n" DASH "log.example AAAAAAE=\n")));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_SLICE(note.text, text);
    CHECK_OK(merkle_note_verify(&note, &one));
    CHECK_ERR(merkle_note_verify(&note, &two), ERR_NOT_FOUND);
    CHECK_ERR(merkle_note_verify(&note, &renamed), ERR_NOT_FOUND);
    CHECK_OK(merkle_note_sign(&b, text, &two, OTHER_SEED));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_OK(merkle_note_verify(&note, &one));
    CHECK_OK(merkle_note_verify(&note, &two));
    buf_free(&b);
}

/* Every signature that says that it is the key's must be right. */
TEST(a_wrong_signature_beside_a_right_one_spoils_the_note) {
    struct merkle_key key = key_of(MERKLE_KEY_ED25519, "log.example", SEED);
    slice text = slice_str("a\n");
    struct merkle_note note;
    buf b = {0}, wrong = {0};
    CHECK_OK(merkle_note_begin(&b, text));
    CHECK_OK(merkle_note_sign(&b, text, &key, SEED));
    size_t before = b.n;
    CHECK_OK(merkle_note_sign(&b, slice_str("b\n"), &key, SEED));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_ERR(merkle_note_verify(&note, &key), ERR_SIGNATURE);
    /* One of another length, too. */
    CHECK_OK(buf_resize(&b, before));
    CHECK_OK(buf_append(&b, slice_str(DASH "log.example ")));
    uint8_t id[5] = {(uint8_t)(key.id >> 24), (uint8_t)(key.id >> 16), (uint8_t)(key.id >> 8),
                     (uint8_t)key.id};
    CHECK_OK(base64_encode(&b, SLICE_ARRAY(id)));
    CHECK_OK(buf_append_byte(&b, '\n'));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_ERR(merkle_note_verify(&note, &key), ERR_SIGNATURE);
    CHECK_OK(buf_resize(&b, before));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_OK(base64_decode(&wrong, note.signatures[0].base64));
    CHECK_OK(buf_append_byte(&wrong, 0));
    CHECK_OK(buf_append(&b, slice_str(DASH "log.example ")));
    CHECK_OK(base64_encode(&b, buf_slice(&wrong)));
    CHECK_OK(buf_append_byte(&b, '\n'));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_ERR(merkle_note_verify(&note, &key), ERR_SIGNATURE);
    buf_free(&b);
    buf_free(&wrong);
}

TEST(what_can_not_be_a_note_is_not_signed) {
    static const char *const BAD[] = {"", "no newline", "a\tb\n", "\xff\n", "a\r\n"};
    struct merkle_key key = key_of(MERKLE_KEY_ED25519, "log.example", SEED);
    buf b = {0};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(merkle_note_begin(&b, slice_str(BAD[i])), ERR_MALFORMED);
    CHECK_ERR(merkle_note_sign(&b, slice_str("a\n"), &key, OTHER_SEED), ERR_IDENTITY);
    key.type = MERKLE_KEY_COSIGNATURE;
    CHECK_ERR(merkle_note_sign(&b, slice_str("a\n"), &key, SEED), ERR_UNSUPPORTED);
    CHECK_EQ(b.n, 0);
}

/* ---- Checkpoints ---- */

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

TEST(checkpoints_are_read_and_written) {
    static const char *const TEXTS[] = {"example.com/behind-the-sofa\n20852163\n" ROOT,
                                        "an origin, with + and spaces\n0\n" ROOT,
                                        "o\n9223372036854775807\n" ROOT "extension\nand more\n"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct merkle_checkpoint checkpoint;
        buf text = {0};
        CHECK_OK(merkle_checkpoint_parse(&checkpoint, slice_str(TEXTS[i])));
        CHECK_OK(merkle_checkpoint_format(&text, &checkpoint));
        CHECK_SLICE(buf_slice(&text), slice_str(TEXTS[i]));
        buf_free(&text);
    }
}

TEST(bad_checkpoints_are_refused) {
    static const char *const BAD[] = {
        "",
        "o\n",
        "o\n1\n",
        "\n1\n" ROOT,
        "o\n\n" ROOT,
        "o\n01\n" ROOT,
        "o\n-1\n" ROOT,
        "o\n+1\n" ROOT,
        "o\n 1\n" ROOT,
        "o\n1 \n" ROOT,
        "o\n0x1\n" ROOT,
        "o\n9223372036854775808\n" ROOT,
        "o\n99999999999999999999\n" ROOT,
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",   /* no newline */
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", /* bits too many */
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n", /* 31 bytes */
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Ir\n", /* 33 bytes */
        "o\n1\n\n",
        "o\n1\n" ROOT "\n",
        "o\n1\n" ROOT "a\n\nb\n",
        "o\n1\n" ROOT "a",
    };
    struct merkle_checkpoint checkpoint;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(merkle_checkpoint_parse(&checkpoint, slice_str(BAD[i])), ERR_MALFORMED);
    buf text = {0};
    checkpoint = (struct merkle_checkpoint){.origin = slice_str("o\n5")};
    CHECK_ERR(merkle_checkpoint_format(&text, &checkpoint), ERR_MALFORMED);
    checkpoint = (struct merkle_checkpoint){.origin = SLICE_EMPTY};
    CHECK_ERR(merkle_checkpoint_format(&text, &checkpoint), ERR_MALFORMED);
    checkpoint = (struct merkle_checkpoint){.origin = slice_str("o"), .size = MERKLE_SIZE_MAX + 1};
    CHECK_ERR(merkle_checkpoint_format(&text, &checkpoint), ERR_MALFORMED);
    checkpoint = (struct merkle_checkpoint){.origin = slice_str("o"), .extensions = slice_str("e")};
    CHECK_ERR(merkle_checkpoint_format(&text, &checkpoint), ERR_MALFORMED);
    CHECK_EQ(text.n, 0);
}

#define CHECKPOINT "example.com/behind-the-sofa\n20852163\n" ROOT

TEST(cosignatures_carry_their_time) {
    struct merkle_key log = key_of(MERKLE_KEY_ED25519, "w.example", SEED);
    struct merkle_key witness = key_of(MERKLE_KEY_COSIGNATURE, "w.example", SEED);
    struct merkle_note note;
    uint64_t seconds = 1;
    buf b = {0};
    slice text = slice_str(CHECKPOINT);
    CHECK_OK(merkle_note_begin(&b, text));
    CHECK_OK(merkle_note_sign(&b, text, &log, SEED));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_ERR(merkle_cosignature_verify(&note, &witness, &seconds), ERR_NOT_FOUND);
    CHECK_OK(merkle_cosign(&b, text, &witness, SEED, 1679315147));
    CHECK_OK(merkle_cosign(&b, text, &witness, SEED, 0));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_OK(merkle_cosignature_verify(&note, &witness, &seconds));
    CHECK_EQ(seconds, 1679315147);
    CHECK_OK(merkle_note_verify(&note, &log));
    CHECK_ERR(merkle_note_verify(&note, &witness), ERR_UNSUPPORTED);
    CHECK_ERR(merkle_cosignature_verify(&note, &log, &seconds), ERR_UNSUPPORTED);
    buf_free(&b);
}

TEST(a_cosignature_of_another_time_text_or_key_is_wrong) {
    struct merkle_key witness = key_of(MERKLE_KEY_COSIGNATURE, "w.example", SEED);
    struct merkle_key plain = key_of(MERKLE_KEY_ED25519, "w.example", SEED);
    struct merkle_note note;
    uint64_t seconds;
    buf b = {0}, line = {0};
    slice text = slice_str(CHECKPOINT);
    CHECK_OK(merkle_cosign(&line, text, &witness, SEED, 1679315147));
    /* Each character of the time and the signature, in turn. */
    for (size_t i = sizeof DASH - 1 + 10 + 6; i + 5 < line.n; i++) {
        uint8_t was = line.p[i];
        line.p[i] = was == 'A' ? 'B' : 'A';
        buf_clear(&b);
        CHECK_OK(merkle_note_begin(&b, text));
        CHECK_OK(buf_append(&b, buf_slice(&line)));
        CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
        CHECK_ERR(merkle_cosignature_verify(&note, &witness, &seconds), ERR_SIGNATURE);
        line.p[i] = was;
    }
    buf_clear(&b);
    CHECK_OK(merkle_note_begin(&b, slice_str("o\n1\n" ROOT)));
    CHECK_OK(buf_append(&b, buf_slice(&line)));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&b)));
    CHECK_ERR(merkle_cosignature_verify(&note, &witness, &seconds), ERR_SIGNATURE);
    /* What is no checkpoint is not cosigned, and no plain signature counts as one. */
    buf_clear(&line);
    CHECK_ERR(merkle_cosign(&line, slice_str("a\n"), &witness, SEED, 1), ERR_MALFORMED);
    CHECK_ERR(merkle_cosign(&line, text, &witness, OTHER_SEED, 1), ERR_IDENTITY);
    CHECK_ERR(merkle_cosign(&line, text, &plain, SEED, 1), ERR_UNSUPPORTED);
    CHECK_ERR(merkle_cosign(&line, text, &witness, SEED, (uint64_t)1 << 63), ERR_LIMIT);
    CHECK_EQ(line.n, 0);
    buf_free(&b);
    buf_free(&line);
}

TEST_MAIN
