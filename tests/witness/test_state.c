#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "branches.h"
#include "crypto/crypto.h"
#include "sys/files.h"
#include "tests/test.h"
#include "witness/witness.h"

enum { NOW = 1700000000 };

static char dir[64];
static struct witness *w;
static struct merkle_key log_key;

static void reopen(void) {
    witness_close(w);
    w = NULL;
    CHECK_OK(witness_open(&w, dir, NULL));
}

static void begin(void) {
    CHECK_OK(crypto_init());
    witness_close(w);
    w = NULL;
    snprintf(dir, sizeof dir, "/tmp/sotto-witness-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    CHECK_OK(witness_init(dir, slice_str("witness.example/w1")));
    branches_key(&log_key, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, BRANCHES_SEED);
    reopen();
    CHECK_OK(witness_add(w, &log_key));
    reopen();
}

/* The first file below the directory whose name ends so, or NULL. */
static void found_one(void *ctx, const char *path) {
    snprintf(ctx, 256, "%s", path);
}
static const char *file(const char *end) {
    static char path[256];
    path[0] = 0;
    sys_files_walk(dir, end, found_one, path);
    return path[0] == 0 ? NULL : path;
}

static void check_file(const char *end, slice expected) {
    buf content = {0};
    CHECK(file(end) != NULL);
    CHECK_OK(sys_file_read(file(end), 100000, &content));
    CHECK_SLICE(buf_slice(&content), expected);
    buf_free(&content);
}

static void end(void) {
    char command[100];
    witness_close(w);
    w = NULL;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK(system(command) == 0);
}

/* The status, or minus the witness's own error. */
static int ask(slice body, uint64_t seconds) {
    struct merkle_witness_answer answer = {.status = MERKLE_STATUS_BAD_REQUEST};
    err e = witness_ask(w, body, seconds, &answer);
    CHECK(e == OK || answer.body.n == 0);
    buf_free(&answer.body);
    return e == OK ? (int)answer.status : -(int)e;
}

static int ask_for(unsigned branch, uint64_t old, uint64_t size, uint64_t seconds) {
    buf body = {0};
    branches_request(&body, branch, old, size);
    int result = ask(buf_slice(&body), seconds);
    buf_free(&body);
    return result;
}

static uint64_t size_now(void) {
    uint64_t size;
    CHECK_EQ(witness_count(w), 1);
    CHECK_SLICE(witness_origin(w, 0, &size), slice_str(BRANCHES_ORIGIN));
    return size;
}

static slice note_now(void) {
    slice note, parent = slice_str(file("keys"));
    CHECK(parent.n > 69);
    CHECK_OK(witness_checkpoint(w, slice_of(parent.p + parent.n - 69, 64), &note));
    return note;
}

/* ---- Remembering ---- */

TEST(what_was_cosigned_is_remembered_by_who_opens_it_next) {
    begin();
    CHECK_EQ(size_now(), 0);
    CHECK(file("checkpoint") == NULL);
    CHECK_EQ(ask_for(0, 0, 5, NOW), MERKLE_STATUS_OK);
    CHECK_EQ(ask_for(0, 5, 9, NOW), MERKLE_STATUS_OK);
    reopen();
    CHECK_EQ(size_now(), 9);
    CHECK_EQ(ask_for(0, 5, 9, NOW), MERKLE_STATUS_CONFLICT);
    CHECK_EQ(ask_for(1, 9, 12, NOW), MERKLE_STATUS_UNPROCESSABLE);
    CHECK_EQ(ask_for(0, 9, 12, NOW), MERKLE_STATUS_OK);
    reopen();
    CHECK_EQ(size_now(), 12);
    end();
}

TEST(the_note_that_is_kept_has_the_signatures_of_log_and_witness_alone) {
    struct merkle_add_checkpoint request;
    struct merkle_note note;
    struct merkle_key stranger;
    static const uint8_t SEED[32] = {9};
    buf body = {0}, signed_note = {0};
    uint64_t seconds = 0;
    begin();
    branches_key(&stranger, MERKLE_KEY_ED25519, "stranger.example", SEED);
    branches_request(&body, 0, 0, 5);
    CHECK_OK(merkle_add_checkpoint_parse(&request, buf_slice(&body)));
    CHECK_OK(merkle_note_parse(&note, request.note));
    CHECK_OK(buf_append(&signed_note, buf_slice(&body)));
    CHECK_OK(merkle_note_sign(&signed_note, note.text, &stranger, SEED));
    CHECK_EQ(ask(buf_slice(&signed_note), NOW), MERKLE_STATUS_OK);
    CHECK_OK(merkle_note_parse(&note, note_now()));
    CHECK_EQ(note.count, 2);
    CHECK_OK(merkle_note_verify(&note, &log_key));
    CHECK_OK(merkle_cosignature_verify(&note, witness_key(w), &seconds));
    CHECK_EQ(seconds, NOW);
    check_file("checkpoint", note_now());
    buf_free(&body);
    buf_free(&signed_note);
    end();
}

TEST(the_same_again_is_cosigned_and_kept_once_a_minute) {
    buf first = {0};
    begin();
    CHECK_EQ(ask_for(0, 0, 5, NOW), MERKLE_STATUS_OK);
    CHECK_OK(buf_set(&first, note_now()));
    CHECK_EQ(ask_for(0, 5, 5, NOW + 59), MERKLE_STATUS_OK);
    CHECK_SLICE(note_now(), buf_slice(&first));
    CHECK_EQ(ask_for(0, 5, 5, NOW + 60), MERKLE_STATUS_OK);
    CHECK(!slice_equal(note_now(), buf_slice(&first)));
    check_file("checkpoint", note_now());
    buf_free(&first);
    end();
}

TEST(times_never_go_back) {
    begin();
    CHECK_EQ(ask_for(0, 0, 5, NOW), MERKLE_STATUS_OK);
    CHECK_EQ(ask_for(0, 5, 5, NOW + 30), MERKLE_STATUS_OK);
    CHECK_EQ(ask_for(0, 5, 9, NOW + 29), -ERR_LATE);
    CHECK_EQ(size_now(), 5);
    CHECK_EQ(ask_for(0, 5, 9, NOW + 30), MERKLE_STATUS_OK);
    reopen();
    CHECK_EQ(ask_for(0, 9, 9, NOW + 29), -ERR_LATE);
    CHECK_EQ(ask_for(0, 9, 9, NOW + 30), MERKLE_STATUS_OK);
    end();
}

/* ---- Faults ---- */

TEST(what_can_not_be_kept_is_not_cosigned) {
    char path[300];
    begin();
    CHECK_EQ(ask_for(0, 0, 5, NOW), MERKLE_STATUS_OK);
    /* Where the new file would be written there is something that can't be taken away. */
    snprintf(path, sizeof path, "%s.new", file("checkpoint"));
    CHECK_OK(sys_dir_make(path));
    CHECK(ask_for(0, 5, 9, NOW) < 0);
    CHECK_EQ(size_now(), 5);
    check_file("checkpoint", note_now());
    CHECK(rmdir(path) == 0);
    /* So the log may still go the other way: nobody has seen this one cosigned. */
    CHECK_EQ(ask_for(0, 5, 12, NOW), MERKLE_STATUS_OK);
    end();
}

static void change(const char *path, size_t at) {
    buf content = {0};
    CHECK_OK(sys_file_read(path, 100000, &content));
    CHECK(at < content.n);
    content.p[at] = content.p[at] == 'A' ? 'B' : 'A';
    CHECK_OK(sys_file_write(path, buf_slice(&content), 0600));
    buf_free(&content);
}

TEST(a_directory_that_was_changed_is_not_used) {
    static const char *const FILES[] = {"checkpoint", "keys", "key"};
    struct witness *other = NULL;
    begin();
    CHECK_EQ(ask_for(0, 0, 5, NOW), MERKLE_STATUS_OK);
    witness_close(w);
    w = NULL;
    for (size_t i = 0; i < 3; i++) {
        buf before = {0};
        char path[256];
        snprintf(path, sizeof path, "%s", file(FILES[i]));
        CHECK_OK(sys_file_read(path, 100000, &before));
        /* A name, and what is signed or signs. */
        const size_t places[] = {0, before.n - 20, before.n - 5};
        for (size_t j = 0; j < 3; j++) {
            change(path, places[j]);
            CHECK_ERR(witness_open(&other, dir, NULL), ERR_DAMAGED);
            CHECK_OK(sys_file_write(path, buf_slice(&before), 0600));
        }
        CHECK_OK(witness_open(&other, dir, NULL));
        witness_close(other);
        other = NULL;
        CHECK_OK(sys_file_write(path, slice_of(before.p, before.n / 2), 0600));
        CHECK_ERR(witness_open(&other, dir, NULL), ERR_DAMAGED);
        CHECK_OK(sys_file_write(path, buf_slice(&before), 0600));
        buf_free(&before);
    }
    end();
}

TEST(one_process_at_a_time_has_the_directory) {
    struct witness *other = NULL;
    begin();
    CHECK_ERR(witness_open(&other, dir, NULL), ERR_BUSY);
    CHECK_ERR(witness_init(dir, slice_str("witness.example/w2")), ERR_EXISTS);
    CHECK_ERR(witness_open(&other, "/tmp", NULL), ERR_NOT_FOUND);
    end();
}

/* ---- Logs ---- */

TEST(a_log_may_have_several_keys) {
    struct merkle_key spare, cosigner;
    uint8_t seed[32] = {2};
    buf note = {0}, body = {0};
    begin();
    branches_key(&spare, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, seed);
    branches_checkpoint(&note, 0, 5, &spare, seed);
    struct merkle_add_checkpoint request = {.note = buf_slice(&note)};
    CHECK_OK(merkle_add_checkpoint_format(&body, &request));
    CHECK_EQ(ask(buf_slice(&body), NOW), MERKLE_STATUS_FORBIDDEN);
    CHECK_OK(witness_add(w, &spare));
    reopen();
    CHECK_EQ(witness_count(w), 1);
    CHECK_EQ(ask(buf_slice(&body), NOW), MERKLE_STATUS_OK);
    CHECK_EQ(ask_for(0, 5, 9, NOW), MERKLE_STATUS_OK);
    CHECK_ERR(witness_add(w, &log_key), ERR_EXISTS);
    CHECK_ERR(witness_add(w, &spare), ERR_EXISTS);
    branches_key(&cosigner, MERKLE_KEY_COSIGNATURE, BRANCHES_ORIGIN, seed);
    CHECK_ERR(witness_add(w, &cosigner), ERR_UNSUPPORTED);
    for (uint8_t i = 3; i <= WITNESS_KEYS; i++) {
        seed[0] = i;
        branches_key(&spare, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, seed);
        CHECK_OK(witness_add(w, &spare));
        reopen();
    }
    seed[0] = 100;
    branches_key(&spare, MERKLE_KEY_ED25519, BRANCHES_ORIGIN, seed);
    CHECK_ERR(witness_add(w, &spare), ERR_LIMIT);
    CHECK_EQ(size_now(), 9);
    buf_free(&note);
    buf_free(&body);
    end();
}

TEST(logs_do_not_mix) {
    struct merkle_key other;
    static const uint8_t SEED[32] = {7};
    slice note;
    begin();
    branches_key(&other, MERKLE_KEY_ED25519, "other.example", SEED);
    CHECK_OK(witness_add(w, &other));
    CHECK_EQ(ask_for(0, 0, 5, NOW), MERKLE_STATUS_OK);
    reopen();
    CHECK_EQ(witness_count(w), 2);
    for (size_t i = 0; i < 2; i++) {
        uint64_t size;
        bool first = slice_equal(witness_origin(w, i, &size), slice_str(BRANCHES_ORIGIN));
        CHECK_EQ(size, first ? 5 : 0);
    }
    CHECK_ERR(witness_checkpoint(w, SLICE_EMPTY, &note), ERR_NOT_FOUND);
    end();
}

TEST(a_fork_is_kept_as_proof_once) {
    struct merkle_note note;
    struct merkle_checkpoint checkpoint;
    struct merkle_hash root;
    buf fork = {0};
    begin();
    CHECK_EQ(ask_for(0, 0, 9, NOW), MERKLE_STATUS_OK);
    CHECK_EQ(ask_for(1, 0, 8, NOW), MERKLE_STATUS_CONFLICT);
    CHECK(file("fork") == NULL);
    CHECK_EQ(ask_for(1, 9, 9, NOW), MERKLE_STATUS_CONFLICT);
    CHECK(file("fork") != NULL);
    CHECK_OK(sys_file_read(file("fork"), 100000, &fork));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&fork)));
    CHECK_OK(merkle_note_verify(&note, &log_key));
    CHECK_OK(merkle_checkpoint_parse(&checkpoint, note.text));
    branches_root(1, 9, &root);
    CHECK(checkpoint.size == 9 && merkle_hash_equal(&checkpoint.root, &root));
    CHECK_EQ(ask_for(0, 9, 12, NOW), MERKLE_STATUS_OK);
    CHECK_EQ(ask_for(1, 12, 12, NOW), MERKLE_STATUS_CONFLICT);
    check_file("fork", buf_slice(&fork));
    buf_free(&fork);
    end();
}

TEST_MAIN
