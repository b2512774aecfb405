#include "tests/test.h"

#include "crypto/crypto.h"
#include "branches.h"
#include "tests/support.h"

/* ---- A witness and the log's keys ---- */

static const uint8_t SPARE_SEED[32] = {2}, WITNESS_SEED[32] = {3}, STRANGER_SEED[32] = {4};
#define WITNESS "witness.example/w1"

struct world {
    struct merkle_key keys[2], witness_key, stranger;
    struct merkle_witnessed logs[2];
    struct merkle_witness witness;
};
static struct world w;

static void begin(void) {
    CHECK_OK(crypto_init());
    memset(&w, 0, sizeof w);
    branches_key(&w.keys[0], MERKLE_KEY_ED25519, BRANCHES_ORIGIN, BRANCHES_SEED);
    branches_key(&w.keys[1], MERKLE_KEY_ED25519, BRANCHES_ORIGIN, SPARE_SEED);
    branches_key(&w.stranger, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, STRANGER_SEED);
    branches_key(&w.witness.key, MERKLE_KEY_COSIGNATURE, WITNESS, WITNESS_SEED);
    w.logs[0] = (struct merkle_witnessed){.origin = slice_str("another"), .keys = w.keys};
    w.logs[1] = (struct merkle_witnessed){
        .origin = slice_str(BRANCHES_ORIGIN), .keys = w.keys, .key_count = 2};
    w.witness.logs = w.logs;
    w.witness.count = 2;
    w.witness.seed = WITNESS_SEED;
}

/* What the witness says; OK is applied. */
static enum merkle_status ask(const buf *body, const char *expected) {
    struct merkle_witness_answer answer;
    struct merkle_witnessed before = w.logs[1];
    CHECK_OK(merkle_witness_stage(&w.witness, buf_slice(body), 1700000000, &answer));
    CHECK(memcmp(&before, &w.logs[1], sizeof before) == 0);
    if (expected != NULL)
        CHECK_SLICE(buf_slice(&answer.body), slice_str(expected));
    CHECK((answer.body.n > 0) ==
          (answer.status == MERKLE_STATUS_OK || answer.status == MERKLE_STATUS_CONFLICT));
    merkle_witness_apply(&w.witness, &answer);
    if (answer.status != MERKLE_STATUS_OK)
        CHECK(memcmp(&before, &w.logs[1], sizeof before) == 0);
    buf_free(&answer.body);
    return answer.status;
}

/* ---- Tests ---- */

TEST(a_witness_follows_a_log_that_grows) {
    static const uint64_t SIZES[] = {0, 1, 1, 2, 7, 8, 20, 20, 40};
    buf body = {0};
    uint64_t old = 0;
    begin();
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        struct merkle_hash root;
        branches_request(&body, 0, old, SIZES[i]);
        CHECK_EQ(ask(&body, NULL), MERKLE_STATUS_OK);
        old = SIZES[i];
        branches_root(0, old, &root);
        CHECK_EQ(w.logs[1].size, old);
        CHECK_SLICE(merkle_hash_slice(&w.logs[1].root), merkle_hash_slice(&root));
    }
    CHECK_EQ(w.logs[0].size, 0);
    buf_free(&body);
}

TEST(every_growth_is_cosigned_and_no_fork_and_no_rollback) {
    buf body = {0};
    begin();
    for (uint64_t old = 0; old <= BRANCHES_LEAVES; old++)
        for (uint64_t size = 0; size <= BRANCHES_LEAVES; size += 1 + size / 9) {
            w.logs[1].size = old;
            branches_root(0, old, &w.logs[1].root);
            struct merkle_witnessed known = w.logs[1];
            if (size >= old) {
                branches_request(&body, 0, old, size);
                CHECK_EQ(ask(&body, NULL), MERKLE_STATUS_OK);
                w.logs[1] = known;
                /* The other branch, with its own right proof. */
                branches_request(&body, 1, old, size);
                bool same = old <= 2 && (old < size || size <= 2);
                CHECK_EQ(ask(&body, NULL), same          ? MERKLE_STATUS_OK
                                           : old == size ? MERKLE_STATUS_CONFLICT
                                                         : MERKLE_STATUS_UNPROCESSABLE);
                w.logs[1] = known;
            } else {
                /* Back to a smaller one, from where the witness is not. */
                branches_request(&body, 0, size, size);
                CHECK_EQ(ask(&body, NULL), MERKLE_STATUS_CONFLICT);
            }
        }
    buf_free(&body);
}

TEST(a_conflict_names_the_size) {
    buf body = {0};
    uint64_t size;
    begin();
    branches_request(&body, 0, 0, 5);
    CHECK_EQ(ask(&body, NULL), MERKLE_STATUS_OK);
    branches_request(&body, 0, 0, 9);
    CHECK_EQ(ask(&body, "5\n"), MERKLE_STATUS_CONFLICT);
    branches_request(&body, 0, 6, 9);
    CHECK_EQ(ask(&body, "5\n"), MERKLE_STATUS_CONFLICT);
    branches_request(&body, 0, 4, 4);
    CHECK_EQ(ask(&body, "5\n"), MERKLE_STATUS_CONFLICT);
    branches_request(&body, 1, 5, 5);
    CHECK_EQ(ask(&body, "5\n"), MERKLE_STATUS_CONFLICT);
    CHECK_OK(merkle_conflict_parse(slice_str("5\n"), &size));
    CHECK_EQ(size, 5);
    static const char *const BAD[] = {
        "", "5", "\n", "05\n", "5\n\n", "-5\n", "9223372036854775808\n"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(merkle_conflict_parse(slice_str(BAD[i]), &size), ERR_MALFORMED);
    buf_free(&body);
}

TEST(only_a_known_log_with_its_own_signature_is_cosigned) {
    buf body = {0}, note = {0};
    begin();
    /* 404: not known. */
    branches_request(&body, 0, 0, 5);
    w.logs[1].origin = slice_str("log.example/des");
    CHECK_EQ(ask(&body, ""), MERKLE_STATUS_NOT_FOUND);
    w.logs[1].origin = slice_str(BRANCHES_ORIGIN);
    /* 403: signed by a stranger of the same name. */
    branches_checkpoint(&note, 0, 5, &w.stranger, STRANGER_SEED);
    struct merkle_add_checkpoint request = {.note = buf_slice(&note)};
    buf_clear(&body);
    CHECK_OK(merkle_add_checkpoint_format(&body, &request));
    CHECK_EQ(ask(&body, ""), MERKLE_STATUS_FORBIDDEN);
    /* 403: the log's signature over something else. */
    branches_checkpoint(&note, 0, 5, &w.keys[0], BRANCHES_SEED);
    CHECK(note.p[sizeof BRANCHES_ORIGIN] == '5');
    note.p[sizeof BRANCHES_ORIGIN] = '6';
    request.note = buf_slice(&note);
    buf_clear(&body);
    CHECK_OK(merkle_add_checkpoint_format(&body, &request));
    CHECK_EQ(ask(&body, ""), MERKLE_STATUS_FORBIDDEN);
    /* 403 comes before what the size would say. */
    w.logs[1].size = 3;
    CHECK_EQ(ask(&body, ""), MERKLE_STATUS_FORBIDDEN);
    w.logs[1].size = 0;
    /* Any of its keys will do. */
    branches_checkpoint(&note, 0, 5, &w.keys[1], SPARE_SEED);
    request.note = buf_slice(&note);
    buf_clear(&body);
    CHECK_OK(merkle_add_checkpoint_format(&body, &request));
    CHECK_EQ(ask(&body, NULL), MERKLE_STATUS_OK);
    buf_free(&note);
    buf_free(&body);
}

TEST(a_wrong_proof_is_unprocessable) {
    buf body = {0};
    struct merkle_add_checkpoint request;
    begin();
    branches_request(&body, 0, 0, 5);
    CHECK_EQ(ask(&body, NULL), MERKLE_STATUS_OK);
    buf good = {0};
    branches_request(&good, 0, 5, 13);
    CHECK_OK(merkle_add_checkpoint_parse(&request, buf_slice(&good)));
    for (size_t i = 0; i < request.proof.n; i++) {
        request.proof.path[i].bytes[i] ^= 1;
        buf_clear(&body);
        CHECK_OK(merkle_add_checkpoint_format(&body, &request));
        CHECK_EQ(ask(&body, ""), MERKLE_STATUS_UNPROCESSABLE);
        request.proof.path[i].bytes[i] ^= 1;
    }
    request.proof.n--;
    buf_clear(&body);
    CHECK_OK(merkle_add_checkpoint_format(&body, &request));
    CHECK_EQ(ask(&body, ""), MERKLE_STATUS_UNPROCESSABLE);
    /* Where nothing is to be proved, nothing may be there. */
    w.logs[1].size = 0;
    request.old = 0;
    request.proof.n = 1;
    buf_clear(&body);
    CHECK_OK(merkle_add_checkpoint_format(&body, &request));
    CHECK_EQ(ask(&body, ""), MERKLE_STATUS_UNPROCESSABLE);
    request.proof.n = 0;
    buf_clear(&body);
    CHECK_OK(merkle_add_checkpoint_format(&body, &request));
    CHECK_EQ(ask(&body, NULL), MERKLE_STATUS_OK);
    buf_free(&good);
    buf_free(&body);
}

TEST(bad_requests_are_refused) {
#define HASH_LINE "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    static const char *const BAD[] = {
        "",
        "old\n\n",
        "old 1",
        "old 1\n",
        "old 01\n\n",
        "old  1\n\n",
        "old -1\n\n",
        "Old 1\n\n",
        "size 1\n\n",
        "old 9223372036854775808\n\n",
        "old 1\n" HASH_LINE,
        "old 1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n\n",
        "old 1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n\n",
        "old 1\n " HASH_LINE "\n",
    };
    struct merkle_add_checkpoint request;
    buf body = {0};
    begin();
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        CHECK_ERR(merkle_add_checkpoint_parse(&request, slice_str(BAD[i])), ERR_MALFORMED);
        CHECK_OK(buf_set(&body, slice_str(BAD[i])));
        CHECK_EQ(ask(&body, ""), MERKLE_STATUS_BAD_REQUEST);
    }
    /* Requests that are well formed around a checkpoint that is not; or with an old size beyond. */
    static const char *const NOTES[] = {"", ("o\n1\n" HASH_LINE),
                                        "o\n1\n\n\xe2\x80\x94 n AAAAAAE=\n"};
    for (size_t i = 0; i < sizeof(NOTES) / sizeof(NOTES[0]); i++) {
        CHECK_OK(buf_set(&body, slice_str("old 0\n\n")));
        CHECK_OK(buf_append(&body, slice_str(NOTES[i])));
        CHECK_EQ(ask(&body, ""), MERKLE_STATUS_BAD_REQUEST);
    }
    branches_request(&body, 0, 5, 5);
    body.p[4] = '6';
    CHECK_EQ(ask(&body, ""), MERKLE_STATUS_BAD_REQUEST);
    /* 63 hashes, and one more. */
    CHECK_OK(buf_set(&body, slice_str("old 1\n")));
    for (size_t i = 0; i < MERKLE_REQUEST_HASHES; i++)
        CHECK_OK(buf_append(&body, slice_str(HASH_LINE)));
    size_t n = body.n;
    CHECK_OK(buf_append(&body, slice_str("\nnote")));
    CHECK_OK(merkle_add_checkpoint_parse(&request, buf_slice(&body)));
    CHECK_EQ(request.proof.n, MERKLE_REQUEST_HASHES);
    CHECK_SLICE(request.note, slice_str("note"));
    CHECK_OK(buf_resize(&body, n));
    CHECK_OK(buf_append(&body, slice_str(HASH_LINE "\nnote")));
    CHECK_ERR(merkle_add_checkpoint_parse(&request, buf_slice(&body)), ERR_TOO_LARGE);
    request.proof.n = MERKLE_REQUEST_HASHES + 1;
    CHECK_ERR(merkle_add_checkpoint_format(&body, &request), ERR_TOO_LARGE);
    buf_free(&body);
}

TEST(the_witness_has_faults_of_its_own) {
    struct merkle_witness_answer answer;
    buf body = {0};
    begin();
    branches_request(&body, 0, 0, 5);
    w.witness.seed = STRANGER_SEED;
    CHECK_ERR(merkle_witness_stage(&w.witness, buf_slice(&body), 1, &answer), ERR_IDENTITY);
    CHECK(answer.status != MERKLE_STATUS_OK && answer.body.n == 0);
    w.witness.seed = WITNESS_SEED;
    CHECK_ERR(merkle_witness_stage(&w.witness, buf_slice(&body), (uint64_t)1 << 63, &answer),
              ERR_LIMIT);
    CHECK(answer.status != MERKLE_STATUS_OK && answer.body.n == 0);
    buf_free(&body);
}

TEST(the_log_takes_the_cosignatures_of_witnesses_it_knows) {
    struct merkle_witness_answer answer;
    struct merkle_note parsed;
    struct merkle_key other;
    uint64_t seconds = 0;
    buf body = {0}, note = {0}, lines = {0};
    begin();
    branches_key(&other, MERKLE_KEY_COSIGNATURE, WITNESS, STRANGER_SEED);
    branches_request(&body, 0, 0, 5);
    CHECK_OK(merkle_witness_stage(&w.witness, buf_slice(&body), 1700000000, &answer));
    branches_checkpoint(&note, 0, 5, &w.keys[0], BRANCHES_SEED);
    /* A stranger's line comes along, and is left. */
    CHECK_OK(merkle_note_parse(&parsed, buf_slice(&note)));
    CHECK_OK(merkle_cosign(&lines, parsed.text, &other, STRANGER_SEED, 5));
    CHECK_OK(buf_append(&lines, buf_slice(&answer.body)));
    size_t before = note.n;
    CHECK_OK(merkle_cosignature_take(&note, buf_slice(&lines), &w.witness.key, &seconds));
    CHECK_EQ(seconds, 1700000000);
    CHECK_EQ(note.n, before + answer.body.n);
    CHECK_OK(merkle_note_parse(&parsed, buf_slice(&note)));
    CHECK_OK(merkle_note_verify(&parsed, &w.keys[0]));
    CHECK_OK(merkle_cosignature_verify(&parsed, &w.witness.key, &seconds));
    CHECK_ERR(merkle_cosignature_verify(&parsed, &other, &seconds), ERR_NOT_FOUND);
    /* What does not fit leaves the note as it was. */
    before = note.n;
    CHECK_ERR(merkle_cosignature_take(&note, SLICE_EMPTY, &w.witness.key, &seconds), ERR_MALFORMED);
    CHECK_ERR(merkle_cosignature_take(&note, slice_str("no\n"), &w.witness.key, &seconds),
              ERR_MALFORMED);
    branches_key(&other, MERKLE_KEY_COSIGNATURE, "unknown.example", STRANGER_SEED);
    CHECK_ERR(merkle_cosignature_take(&note, buf_slice(&lines), &other, &seconds), ERR_NOT_FOUND);
    CHECK_OK(buf_set(&lines, slice_str("\n")));
    CHECK_OK(buf_append(&lines, buf_slice(&answer.body)));
    CHECK_ERR(merkle_cosignature_take(&note, buf_slice(&lines), &w.witness.key, &seconds),
              ERR_MALFORMED);
    buf_clear(&lines);
    for (size_t i = 0; i < MERKLE_NOTE_SIGNATURES; i++)
        CHECK_OK(buf_append(&lines, buf_slice(&answer.body)));
    CHECK_ERR(merkle_cosignature_take(&note, buf_slice(&lines), &w.witness.key, &seconds),
              ERR_LIMIT);
    branches_checkpoint(&lines, 0, 6, &w.keys[0], BRANCHES_SEED);
    CHECK_ERR(merkle_cosignature_take(&lines, buf_slice(&answer.body), &w.witness.key, &seconds),
              ERR_SIGNATURE);
    CHECK_EQ(note.n, before);
    buf_free(&answer.body);
    buf_free(&body);
    buf_free(&note);
    buf_free(&lines);
}

TEST_MAIN
