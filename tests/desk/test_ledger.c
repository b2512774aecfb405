/* The desk's ledger as it is published, read as a stranger reads it: from its files alone. */
#include "desk/ledger.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/ledger_internal.h"
#include "sys/files.h"
#include "tests/office/people.h"
#include "tests/support.h"
#include "tests/test.h"

enum { SMALL = 300 }; /* a batch: more than a bundle, and no multiple of one */
#define NOW ((uint64_t)1790000000000)

static char folder[64];
static struct desk desk;
static struct merkle_key log_key;
static const uint8_t PADDING[32] = {77};

/* In the desk's folder. */
static void run(const char *script) {
    char command[300];
    snprintf(command, sizeof command, "cd %s && %s", folder, script);
    CHECK(system(command) == 0);
}

static void put_file(const char *name, slice bytes) {
    char path[LEDGER_PATH];
    CHECK_OK(ledger_path(&desk, name, path));
    CHECK_OK(sys_file_write(path, bytes, 0600));
}

static void open_desk(void) {
    char path[LEDGER_PATH];
    desk.folder = folder;
    CHECK_OK(ledger_path(&desk, "desk.sqlite", path));
    CHECK_OK(desk_store_open(&desk.store, path));
}

static void close_desk(void) {
    desk_store_close(desk.store);
    desk.store = NULL;
    office_suspensions_free(desk.list);
    desk.list = NULL;
}

static void begin(uint64_t batch_size) {
    CHECK_OK(crypto_init());
    snprintf(folder, sizeof folder, "/tmp/sotto-ledger-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    run("mkdir keys");
    open_desk();
    desk.office = people_office_load(true);
    people_note_key(&log_key, &people_ledger);
    put_file("keys/ledger", slice_of(people_ledger.seed, 32));
    put_file("keys/padding", SLICE_ARRAY(PADDING));
    CHECK_OK(desk_meta_number_set(desk.store, "batch_size", batch_size));
}

static void end(void) {
    close_desk();
    office_free(desk.office);
    run("rm -rf \"$PWD\"");
}

static void add_leaf(const char *case_id, uint64_t number) {
    char text[DECIMAL_TEXT];
    decimal_text(number, text);
    struct merkle_field fields[] = {
        {MERKLE_SLOT_MOVE, slice_str("move"), NULL, slice_str("receive")},
        {MERKLE_SLOT_CASE, slice_str("case"), NULL, slice_str(case_id)},
        {MERKLE_SLOT_NUMBER, slice_str("number"), NULL, slice_str(text)},
        {MERKLE_SLOT_ISSUER, slice_str("issuer"), NULL, slice_str("DE")},
        {MERKLE_SLOT_FILING, slice_str("filing"), NULL, slice_str("a hash")},
        {MERKLE_SLOT_ORDER, slice_str("order"), NULL, slice_str("another")}};
    CHECK_OK(desk_ledger_leaf(&desk, fields, 6, slice_str(case_id), number));
}

static void add_leaves(uint64_t n) {
    CHECK_OK(desk_store_begin(desk.store));
    for (uint64_t i = 0; i < n; i++) {
        char id[20];
        snprintf(id, sizeof id, "c-%llu", (unsigned long long)i);
        add_leaf(id, 1);
    }
    CHECK_OK(desk_store_commit(desk.store));
}

/* ---- A stranger ---- */

static void read_file(const char *name, buf *out) {
    char path[LEDGER_PATH];
    CHECK_OK(ledger_path(&desk, name, path));
    buf_clear(out);
    CHECK_OK(sys_file_read(path, 1 << 22, out));
}

static bool is_file(const char *name) {
    char path[LEDGER_PATH];
    CHECK_OK(ledger_path(&desk, name, path));
    return access(path, F_OK) == 0;
}

/* The checkpoint that is published, with the log's right signature. */
static void published(struct merkle_checkpoint *checkpoint, struct merkle_note *note, buf *bytes) {
    read_file("public/checkpoint", bytes);
    CHECK_OK(merkle_note_parse(note, buf_slice(bytes)));
    CHECK_OK(merkle_note_verify(note, &log_key));
    CHECK_OK(merkle_checkpoint_parse(checkpoint, note->text));
    CHECK_SLICE(checkpoint->origin, slice_str(people_ledger.name));
}

typedef void visit_entry(void *ctx, uint64_t index, slice entry);

/* Reads each entry, and checks that together they have the checkpoint's root. Gives its size. */
static uint64_t read_all(visit_entry *visit, void *ctx) {
    struct merkle_checkpoint checkpoint;
    struct merkle_note note;
    struct merkle_frontier frontier = {0};
    struct merkle_tiles tiles = ledger_tiles(&desk);
    struct merkle_hash root;
    buf bytes = {0}, bundle = {0};
    published(&checkpoint, &note, &bytes);
    for (uint64_t at = 0; at < checkpoint.size; at += MERKLE_TILE_WIDTH) {
        uint64_t left = checkpoint.size - at;
        struct merkle_tile tile = {.entries = true, .index = at / MERKLE_TILE_WIDTH, .width = 256};
        if (left < MERKLE_TILE_WIDTH)
            tile.width = (uint16_t)left;
        CHECK_OK(merkle_tile_read(&tiles, &tile, &bundle));
        reader r = reader_of(buf_slice(&bundle));
        for (uint64_t i = 0; i < tile.width; i++) {
            slice entry;
            struct merkle_hash leaf;
            CHECK_OK(merkle_entry_read(&r, &entry));
            CHECK_EQ(entry.n, MERKLE_SEALED);
            merkle_leaf_hash(&leaf, entry);
            CHECK_OK(merkle_append(&frontier, &leaf));
            if (visit != NULL)
                visit(ctx, at + i, entry);
        }
    }
    merkle_frontier_root(&frontier, &root);
    CHECK(merkle_hash_equal(&root, &checkpoint.root));
    uint64_t size = checkpoint.size;
    buf_free(&bytes);
    buf_free(&bundle);
    return size;
}

struct counted {
    uint64_t padding, sealed;
    uint64_t batch_size;
};

static void count_entry(void *ctx, uint64_t index, slice entry) {
    struct counted *c = ctx;
    uint8_t batch_key[32], filler[32];
    CHECK_OK(merkle_batch_key(batch_key, PADDING, index / c->batch_size + 1));
    CHECK_OK(merkle_padding_filler(filler, batch_key, index));
    if (merkle_open_padding(entry, filler) == OK)
        c->padding++;
    else
        c->sealed++;
}

static void check_published(uint64_t size, uint64_t sealed) {
    struct counted c = {.batch_size = SMALL};
    CHECK_EQ(read_all(count_entry, &c), size);
    CHECK_EQ(c.sealed, sealed);
    CHECK_EQ(c.padding, size - sealed);
}

static uint64_t number_of(const char *sql) {
    uint64_t n;
    CHECK_OK(desk_store_number(desk.store, &n, sql, ""));
    return n;
}

/* ---- Batches ---- */

TEST(a_batch_has_one_size_whatever_there_is) {
    begin(SMALL);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(SMALL, 0);
    add_leaves(7);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(2 * SMALL, 7);
    add_leaves(2 * SMALL + 1);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(3 * SMALL, 7 + SMALL);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(5 * SMALL, 7 + 2 * SMALL + 1);
    buf text = {0};
    read_file("public/batches", &text);
    CHECK_SLICE(buf_slice(&text),
                slice_str("1 0 300\n2 300 300\n3 600 300\n4 900 300\n5 1200 300\n"));
    buf_free(&text);
    end();
}

TEST(the_oldest_leaves_come_first_and_their_order_says_nothing) {
    begin(SMALL);
    add_leaves(2 * SMALL);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(number_of("SELECT COUNT(*) FROM pending_leaves WHERE place IS NOT NULL"), SMALL);
    CHECK_EQ(number_of("SELECT MAX(leaf) FROM pending_leaves WHERE place IS NOT NULL"), SMALL);
    /* By chance one leaf in 300 stays where it was. */
    CHECK(number_of("SELECT COUNT(*) FROM pending_leaves WHERE place = leaf - 1") < 20);
    end();
    /* Few leaves lie anywhere in the batch: the mean of 200 places of 40 batches. */
    begin(SMALL);
    for (int i = 0; i < 40; i++) {
        add_leaves(5);
        CHECK_OK(desk_ledger_publish(&desk, NOW));
    }
    uint64_t mean = number_of("SELECT SUM(place % 300) / COUNT(*) FROM pending_leaves");
    CHECK(mean > 110 && mean < 190);
    end();
}

TEST(a_batch_comes_each_week) {
    struct desk_ledger_state state;
    begin(SMALL);
    CHECK_OK(desk_ledger_state_get(&desk, &state));
    CHECK(state.size == 0 && state.batches == 0 && state.waiting == 0);
    uint64_t monday = time_week_start(time_week(NOW)) + TIME_WEEK;
    CHECK_OK(desk_ledger_tick(&desk, monday));
    add_leaves(3);
    CHECK_OK(desk_ledger_tick(&desk, monday + TIME_WEEK - 1));
    CHECK_OK(desk_ledger_state_get(&desk, &state));
    CHECK(state.size == SMALL && state.batches == 1 && state.waiting == 3);
    CHECK_EQ(state.time, monday);
    CHECK_OK(desk_ledger_tick(&desk, monday + TIME_WEEK));
    CHECK_OK(desk_ledger_tick(&desk, monday + TIME_WEEK + 1));
    CHECK_OK(desk_ledger_state_get(&desk, &state));
    CHECK(state.size == 2 * SMALL && state.waiting == 0);
    /* A clock that was turned back brings none. */
    CHECK_OK(desk_ledger_tick(&desk, monday - TIME_WEEK));
    CHECK_OK(desk_ledger_tick(&desk, monday + 5 * TIME_WEEK));
    CHECK_OK(desk_ledger_state_get(&desk, &state));
    CHECK_EQ(state.size, 3 * SMALL);
    check_published(3 * SMALL, 3);
    end();
}

/* ---- Faults ---- */

struct files {
    buf all; /* name, a NUL, the hash of what it holds */
};

static void note_file(void *ctx, const char *path) {
    struct files *f = ctx;
    buf bytes = {0};
    uint8_t hash[32];
    size_t n = strlen(path);
    if (strstr(path, "/tile/") == NULL || (n > 4 && strcmp(path + n - 4, ".new") == 0))
        return;
    CHECK_OK(sys_file_read(path, 1 << 22, &bytes));
    slice content = buf_slice(&bytes);
    CHECK_OK(crypto_sha256.hash(hash, &content, 1));
    CHECK_OK(buf_append(&f->all, slice_of(path, n + 1)));
    CHECK_OK(buf_append(&f->all, SLICE_ARRAY(hash)));
    buf_free(&bytes);
}

static void note_files(struct files *f) {
    buf_clear(&f->all);
    sys_files_walk(folder, "", note_file, f);
}

/* Every tile that was there is there still, and holds what it held. */
static void check_kept(const struct files *before, const struct files *after) {
    slice rest = buf_slice(&before->all);
    while (rest.n > 0) {
        size_t n = strlen((const char *)rest.p) + 1 + 32;
        const uint8_t *at = memmem(after->all.p, after->all.n, rest.p, n);
        CHECK(at != NULL);
        rest = slice_of(rest.p + n, rest.n - n);
    }
}

TEST(killed_at_any_moment_no_tile_is_ever_written_in_two_ways) {
    struct support_random random = {99};
    struct files before = {{0}}, after = {{0}};
    unsigned killed = 0;
    begin(SMALL);
    add_leaves(900);
    for (int round = 0; round < 20; round++) {
        close_desk();
        fflush(stdout);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            open_desk();
            _exit(desk_ledger_publish(&desk, NOW) == OK ? 0 : 1);
        }
        struct timespec t = {0, (long)(support_next(&random) % 80) * 1000000};
        nanosleep(&t, NULL);
        kill(child, SIGKILL);
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        killed += WIFSIGNALED(status);
        open_desk();
        note_files(&after);
        check_kept(&before, &after);
        buf_move(&before.all, &after.all);
        if (is_file("public/checkpoint"))
            (void)read_all(NULL, NULL);
    }
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    note_files(&after);
    check_kept(&before, &after);
    uint64_t size = read_all(NULL, NULL);
    check_published(size, number_of("SELECT COUNT(*) FROM pending_leaves WHERE place IS NOT NULL"));
    printf("# killed %u times of 20; %llu entries\n", killed, (unsigned long long)size);
    buf_free(&before.all);
    buf_free(&after.all);
    end();
}

TEST(a_batch_whose_drawing_broke_off_is_drawn_anew) {
    begin(SMALL);
    add_leaves(10);
    /* Some have their places, and no batch says so. */
    CHECK_OK(desk_store_run(desk.store,
                            "UPDATE pending_leaves SET place = leaf + 5000 WHERE leaf < 6", ""));
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(SMALL, number_of("SELECT COUNT(*) FROM pending_leaves"));
    end();
}

TEST(a_batch_that_could_not_be_written_is_finished_later) {
    begin(SMALL);
    add_leaves(10);
    /* A file where a folder should be. */
    run("mkdir -p public && touch public/tile");
    CHECK(desk_ledger_publish(&desk, NOW) != OK);
    CHECK(!is_file("public/checkpoint"));
    CHECK_EQ(number_of("SELECT COUNT(*) FROM pending_leaves WHERE place IS NOT NULL"), 10);
    uint64_t places = number_of("SELECT SUM(place * leaf) FROM pending_leaves");
    add_leaves(5);
    CHECK(desk_ledger_tick(&desk, NOW) != OK);
    run("rm public/tile");
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    check_published(SMALL, 10);
    CHECK_EQ(number_of("SELECT SUM(place * leaf) FROM pending_leaves"), places);
    /* A checkpoint that is gone comes back. */
    run("rm public/checkpoint");
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    check_published(SMALL, 10);
    end();
}

TEST(an_old_store_does_not_publish_over_what_was_said) {
    buf before = {0}, after = {0};
    begin(SMALL);
    add_leaves(10);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    close_desk();
    run("cp desk.sqlite backup");
    open_desk();
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    close_desk();
    run("rm -f desk.sqlite-* && cp backup desk.sqlite");
    open_desk();
    read_file("public/checkpoint", &before);
    CHECK_ERR(desk_ledger_publish(&desk, NOW), ERR_DAMAGED);
    CHECK_ERR(desk_ledger_tick(&desk, NOW + TIME_WEEK), ERR_DAMAGED);
    read_file("public/checkpoint", &after);
    CHECK_SLICE(buf_slice(&after), buf_slice(&before));
    buf_free(&before);
    buf_free(&after);
    end();
}

TEST(a_changed_tile_stops_the_ledger) {
    buf bytes = {0};
    begin(SMALL);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    read_file("public/tile/0/001.p/44", &bytes);
    bytes.p[7] ^= 1;
    put_file("public/tile/0/001.p/44", buf_slice(&bytes));
    CHECK_ERR(desk_ledger_publish(&desk, NOW), ERR_DAMAGED);
    bytes.p[7] ^= 1;
    put_file("public/tile/0/001.p/44", buf_slice(&bytes));
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    check_published(2 * SMALL, 0);
    buf_free(&bytes);
    end();
}

TEST(without_the_right_key_nothing_is_published) {
    static const uint8_t OTHER[32] = {5};
    struct office *office;
    begin(SMALL);
    put_file("keys/ledger", SLICE_ARRAY(OTHER));
    CHECK_ERR(desk_ledger_publish(&desk, NOW), ERR_IDENTITY);
    put_file("keys/ledger", slice_str("short"));
    CHECK_ERR(desk_ledger_publish(&desk, NOW), ERR_DAMAGED);
    run("rm keys/ledger");
    CHECK_ERR(desk_ledger_tick(&desk, NOW), ERR_NOT_FOUND);
    put_file("keys/ledger", slice_of(people_ledger.seed, 32));
    run("rm keys/padding");
    CHECK_ERR(desk_ledger_publish(&desk, NOW), ERR_NOT_FOUND);
    put_file("keys/padding", SLICE_ARRAY(PADDING));
    office = desk.office;
    desk.office = NULL;
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    CHECK_ERR(desk_ledger_publish(&desk, NOW), ERR_NOT_FOUND);
    desk.office = office;
    CHECK(!is_file("public/checkpoint"));
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    check_published(SMALL, 0);
    end();
}

TEST(one_process_publishes_at_a_time) {
    char path[LEDGER_PATH];
    int lock;
    begin(SMALL);
    CHECK_OK(ledger_path(&desk, "ledger.lock", path));
    CHECK_OK(sys_lock_take(path, &lock));
    CHECK_ERR(desk_ledger_publish(&desk, NOW), ERR_BUSY);
    sys_lock_release(lock);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    end();
}

/* ---- Notices ---- */

static void add_document(const char *kind, uint64_t version,
                         const struct office_document *document) {
    CHECK_OK(desk_store_begin(desk.store));
    CHECK_OK(desk_store_run(desk.store,
                            "INSERT INTO documents (kind, version, hash, bytes, time)"
                            " VALUES (?, ?, ?, ?, ?)",
                            "sibbi", kind, version, SLICE_ARRAY(document->hash),
                            buf_slice(&document->bytes), NOW));
    CHECK_OK(
        desk_ledger_document(&desk, kind, version, document->hash, buf_slice(&document->bytes)));
    CHECK_OK(desk_store_commit(desk.store));
}

/* A notice of the ledger, by its facts. previous becomes its hash, for the next. */
static void check_notice(const char *name, unsigned number, const char *kind, unsigned version,
                         const uint8_t document[32], char previous[65]) {
    struct merkle_note note;
    char text[600];
    buf bytes = {0}, hex = {0};
    uint8_t digest[32];
    CHECK_OK(hex_encode(&hex, slice_of(document, 32)));
    CHECK_OK(buf_append_byte(&hex, 0));
    snprintf(text, sizeof text,
             "sotto publication 1\nledger example.org/ledger\nnumber %u\nprevious %s\n"
             "kind %s\nversion %u\ndocument %s\ntime 2026-09-21T14:13:20Z\n",
             number, previous, kind, version, (const char *)hex.p);
    read_file(name, &bytes);
    CHECK_OK(merkle_note_parse(&note, buf_slice(&bytes)));
    CHECK_OK(merkle_note_verify(&note, &log_key));
    CHECK_SLICE(note.text, slice_str(text));
    CHECK_OK(crypto_sha256.hash(digest, &note.text, 1));
    buf_clear(&hex);
    CHECK_OK(hex_encode(&hex, SLICE_ARRAY(digest)));
    memcpy(previous, hex.p, 64);
    buf_free(&bytes);
    buf_free(&hex);
}

static struct office_suspensions *next_list(const struct office_suspensions *present) {
    struct office_suspensions *list;
    buf text = {0};
    people_list(&text, desk.office, present, "");
    CHECK(office_suspensions_load(&list, NULL, buf_slice(&text), NULL) == OFFICE_OK);
    buf_free(&text);
    return list;
}

TEST(documents_are_public_at_once_in_a_chain_of_notes) {
    char previous[65] = {0}, second[65];
    buf bytes = {0};
    begin(SMALL);
    memset(previous, '0', 64);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    uint8_t office[32];
    memcpy(office, desk.office->document.hash, sizeof office);
    struct office_suspensions *list = people_list_load(desk.office, "");
    struct office_suspensions *longer = next_list(list);
    add_document("office", 1, &desk.office->document);
    add_document("suspensions", 1, &list->document);
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    check_notice("public/notices/1", 1, "office", 1, office, previous);
    check_notice("public/notices/2", 2, "suspensions", 1, list->document.hash, previous);
    memcpy(second, previous, sizeof second);
    read_file("public/suspensions/1", &bytes);
    CHECK_SLICE(buf_slice(&bytes), buf_slice(&list->document.bytes));
    add_document("suspensions", 2, &longer->document);
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    check_notice("public/notices/3", 3, "suspensions", 2, longer->document.hash, previous);
    check_notice("public/notices/newest", 3, "suspensions", 2, longer->document.hash, second);
    /* And they are leaves of the next batch. */
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(2 * SMALL, 3);
    CHECK_EQ(number_of("SELECT COUNT(*) FROM leaf_fields JOIN document_leaves USING (leaf)"), 9);
    office_suspensions_free(list);
    office_suspensions_free(longer);
    buf_free(&bytes);
    end();
}

TEST(a_notice_that_could_not_be_written_is_written_later_as_it_was_signed) {
    buf before = {0}, after = {0};
    begin(SMALL);
    run("mkdir -p public && touch public/office");
    struct office_suspensions *list = people_list_load(desk.office, "");
    add_document("office", 1, &desk.office->document);
    CHECK(desk_ledger_tick(&desk, NOW) != OK);
    CHECK(!is_file("public/notices/newest"));
    add_document("suspensions", 1, &list->document);
    run("rm public/office");
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    read_file("public/notices/2", &before);
    read_file("public/notices/newest", &after);
    CHECK_SLICE(buf_slice(&after), buf_slice(&before));
    CHECK_EQ(number_of("SELECT COUNT(*) FROM publications"), 2);
    office_suspensions_free(list);
    buf_free(&before);
    buf_free(&after);
    end();
}

/* ---- Receipts ---- */

static struct desk_receipt receipt_of(const char *case_id) {
    struct desk_receipt receipt = {.received = NOW};
    snprintf(receipt.case_id, sizeof receipt.case_id, "%s", case_id);
    memset(receipt.hash, 0xab, sizeof receipt.hash);
    return receipt;
}

/* What a line of the text says. */
static slice line_of(slice text, const char *word) {
    slice line;
    while (slice_line(&text, &line))
        if (slice_skip(&line, slice_str(word)))
            return line;
    CHECK(!"no such line");
    return SLICE_EMPTY;
}

/* Checks a proof by the receipt alone and the log's key. */
static void check_proof(slice proof, slice receipt_text) {
    struct merkle_proof path = {0};
    struct merkle_note note;
    struct merkle_checkpoint checkpoint;
    struct merkle_hash leaf, promised;
    buf extra = {0};
    slice line, entry, name, value, salt;
    uint64_t index;
    CHECK(slice_skip(&proof, slice_str("c2sp.org/tlog-proof@v1\nextra ")));
    CHECK(slice_line(&proof, &line));
    CHECK_OK(base64_decode(&extra, line));
    CHECK(slice_skip(&proof, slice_str("index ")) && slice_line(&proof, &line));
    CHECK_OK(decimal_decode(line, UINT64_MAX, &index));
    while (slice_line(&proof, &line) && line.n > 0)
        CHECK_OK(base64_decode_to(path.path[path.n++].bytes, MERKLE_HASH, line));
    CHECK_OK(merkle_note_parse(&note, proof));
    CHECK_OK(merkle_note_verify(&note, &log_key));
    CHECK_OK(merkle_checkpoint_parse(&checkpoint, note.text));
    reader r = reader_of(buf_slice(&extra));
    CHECK_OK(reader_vec(&r, &entry));
    merkle_leaf_hash(&leaf, entry);
    CHECK_OK(hex_decode_to(promised.bytes, MERKLE_HASH, line_of(receipt_text, "entry ")));
    CHECK(merkle_hash_equal(&leaf, &promised));
    CHECK_OK(merkle_inclusion_verify(&path, &leaf, index, checkpoint.size, &checkpoint.root));
    unsigned opened = 0;
    for (; r.n > 0; opened++) {
        enum merkle_slot slot;
        CHECK_OK(reader_vec(&r, &name));
        CHECK_OK(reader_bytes(&r, MERKLE_SALT, &salt));
        CHECK_OK(reader_vec(&r, &value));
        CHECK_OK(merkle_slot_find(name, &slot));
        struct merkle_field field = {slot, name, salt.p, value};
        CHECK_OK(merkle_open(entry, &field));
        CHECK(slot != MERKLE_SLOT_ISSUER && slot != MERKLE_SLOT_ORDER);
    }
    CHECK_EQ(opened, 4);
    buf_free(&extra);
}

TEST(a_receipt_is_proved_by_what_is_published) {
    struct desk_receipt receipt = receipt_of("c-5"), none = receipt_of("c-x");
    struct merkle_note note;
    buf signed_text = {0}, proof = {0};
    begin(SMALL);
    add_leaves(10);
    CHECK_OK(desk_ledger_receipt(&desk, &receipt, &signed_text));
    CHECK_OK(merkle_note_parse(&note, buf_slice(&signed_text)));
    CHECK_OK(merkle_note_verify(&note, &log_key));
    CHECK_SLICE(line_of(note.text, "case "), slice_str("c-5"));
    CHECK_SLICE(line_of(note.text, "received "), slice_str("2026-09-21T14:13:20Z"));
    CHECK_ERR(desk_ledger_proof(&desk, &receipt, &proof), ERR_MISSING);
    CHECK_ERR(desk_ledger_receipt(&desk, &none, &proof), ERR_NOT_FOUND);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    for (int i = 0; i < 2; i++) {
        buf_clear(&proof);
        CHECK_OK(desk_ledger_proof(&desk, &receipt, &proof));
        check_proof(buf_slice(&proof), note.text);
        CHECK_OK(desk_ledger_publish(&desk, NOW));
    }
    buf_free(&signed_text);
    buf_free(&proof);
    end();
}

TEST(a_case_that_is_forgotten_keeps_what_names_nobody) {
    begin(SMALL);
    add_leaves(3);
    CHECK_OK(desk_ledger_forget(&desk, slice_str("c-1")));
    CHECK_EQ(number_of("SELECT COUNT(*) FROM leaf_fields"), 16);
    CHECK_EQ(number_of("SELECT COUNT(*) FROM leaf_fields WHERE leaf = 2 AND slot IN (18, 20)"), 0);
    CHECK_EQ(number_of("SELECT COUNT(*) FROM leaf_fields WHERE leaf = 3 AND slot IN (18, 20)"), 2);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(SMALL, 3);
    end();
}

/* ---- Witnesses ---- */

static struct merkle_key witness_keys[PEOPLE_WITNESSES];
static struct merkle_witnessed witnessed[PEOPLE_WITNESSES];
static struct merkle_witness witnesses[PEOPLE_WITNESSES];

static void make_witnesses(void) {
    for (int i = 0; i < PEOPLE_WITNESSES; i++) {
        people_note_key(&witness_keys[i], &people_witnesses[i]);
        witnessed[i] = (struct merkle_witnessed){
            .origin = slice_str(people_ledger.name), .keys = &log_key, .key_count = 1};
        witnesses[i] = (struct merkle_witness){.logs = &witnessed[i],
                                               .count = 1,
                                               .key = witness_keys[i],
                                               .seed = people_witnesses[i].seed};
    }
}

static slice key_of(int witness) {
    return desk.office->witnesses.p[witness].text;
}

/* Which of ours has the office's i-th key: the office's file has them in their order. */
static int witness_of(slice key) {
    struct merkle_key parsed;
    CHECK_OK(merkle_key_parse(&parsed, key));
    for (int i = 0; i < PEOPLE_WITNESSES; i++)
        if (memcmp(parsed.public, witness_keys[i].public, MERKLE_KEY) == 0)
            return i;
    CHECK(!"no such witness");
    return 0;
}

/* Carries a request there and the answer back. */
static unsigned carry(int witness, uint64_t seconds, err *taken) {
    struct merkle_witness_answer answer;
    struct merkle_witness *w = &witnesses[witness_of(key_of(witness))];
    buf body = {0};
    CHECK_OK(desk_ledger_ask(&desk, key_of(witness), &body));
    CHECK_OK(merkle_witness_stage(w, buf_slice(&body), seconds, &answer));
    merkle_witness_apply(w, &answer);
    unsigned status = answer.status;
    *taken = desk_ledger_answer(&desk, key_of(witness), status, buf_slice(&answer.body));
    buf_free(&answer.body);
    buf_free(&body);
    return status;
}

static unsigned cosignatures(void) {
    struct merkle_checkpoint checkpoint;
    struct merkle_note note;
    buf bytes = {0};
    uint64_t seconds;
    unsigned count = 0;
    CHECK_OK(desk_ledger_tick(&desk, NOW));
    published(&checkpoint, &note, &bytes);
    for (int i = 0; i < PEOPLE_WITNESSES; i++)
        count += merkle_cosignature_verify(&note, &witness_keys[i], &seconds) == OK;
    CHECK_EQ(note.count, 1 + count);
    buf_free(&bytes);
    return count;
}

static bool sum_sizes(void *ctx, const struct desk_ledger_witness *w) {
    *(uint64_t *)ctx += w->size;
    return true;
}

TEST(cosignatures_are_published_with_the_checkpoint) {
    uint64_t sizes = 0;
    err taken;
    buf body = {0};
    begin(SMALL);
    make_witnesses();
    CHECK_ERR(desk_ledger_ask(&desk, key_of(0), &body), ERR_NOT_FOUND);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(cosignatures(), 0);
    CHECK_EQ(carry(0, 1000, &taken), 200);
    CHECK_OK(taken);
    CHECK_EQ(cosignatures(), 1);
    CHECK_EQ(carry(1, 1000, &taken), 200);
    CHECK_EQ(carry(0, 2000, &taken), 200);
    CHECK_EQ(cosignatures(), 2);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(cosignatures(), 0);
    CHECK_EQ(carry(1, 3000, &taken), 200);
    CHECK_OK(taken);
    CHECK_EQ(cosignatures(), 1);
    CHECK_OK(desk_ledger_witnesses(&desk, sum_sizes, &sizes));
    CHECK_EQ(sizes, 3 * SMALL);
    end();
}

TEST(a_witness_that_knows_another_size_is_asked_again) {
    err taken;
    begin(SMALL);
    make_witnesses();
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(carry(0, 1000, &taken), 200);
    /* Its answer came, and was lost here. */
    CHECK_OK(desk_store_run(desk.store, "DELETE FROM witnesses", ""));
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(carry(0, 2000, &taken), 409);
    CHECK_OK(taken);
    CHECK_EQ(carry(0, 3000, &taken), 200);
    CHECK_OK(taken);
    CHECK_EQ(cosignatures(), 1);
    end();
}

TEST(answers_that_are_wrong_change_nothing) {
    err taken;
    buf body = {0};
    struct merkle_witness_answer answer;
    begin(SMALL);
    make_witnesses();
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(carry(0, 1000, &taken), 200);
    CHECK_ERR(desk_ledger_answer(&desk, slice_str("x"), 200, SLICE_EMPTY), ERR_NOT_FOUND);
    CHECK_ERR(desk_ledger_answer(&desk, key_of(0), 403, SLICE_EMPTY), ERR_UNSUPPORTED);
    CHECK_ERR(desk_ledger_answer(&desk, key_of(0), 200, SLICE_EMPTY), ERR_MALFORMED);
    CHECK_ERR(desk_ledger_answer(&desk, key_of(0), 409, slice_str("x\n")), ERR_MALFORMED);
    CHECK_ERR(desk_ledger_answer(&desk, key_of(0), 409, slice_str("301\n")), ERR_DAMAGED);
    /* Another witness's, and one of an older checkpoint. */
    CHECK_OK(desk_ledger_ask(&desk, key_of(0), &body));
    CHECK_OK(
        merkle_witness_stage(&witnesses[witness_of(key_of(0))], buf_slice(&body), 2000, &answer));
    CHECK_EQ(answer.status, 200);
    CHECK_ERR(desk_ledger_answer(&desk, key_of(1), 200, buf_slice(&answer.body)), ERR_NOT_FOUND);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_ERR(desk_ledger_answer(&desk, key_of(0), 200, buf_slice(&answer.body)), ERR_SIGNATURE);
    CHECK_EQ(number_of("SELECT COUNT(*) FROM cosigned"), 1);
    CHECK_EQ(number_of("SELECT SUM(size) FROM witnesses"), SMALL);
    CHECK_EQ(cosignatures(), 0);
    buf_free(&answer.body);
    buf_free(&body);
    end();
}

/* How long the first version of the list was seen. */
static uint64_t seen(void) {
    uint64_t duration;
    CHECK_OK(desk_ledger_seen(&desk, 1, &duration));
    return duration / TIME_DAY;
}

TEST(how_long_a_list_was_seen_is_by_one_witness_and_its_own_times) {
    const uint64_t day = TIME_DAY / TIME_SECOND;
    struct office_suspensions *list;
    err taken;
    begin(SMALL);
    make_witnesses();
    list = people_list_load(desk.office, "");
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(carry(0, 1 * day, &taken), 200);
    add_document("suspensions", 1, &list->document);
    CHECK_EQ(seen(), 0);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(seen(), 0);
    CHECK_EQ(carry(0, 5 * day, &taken), 200);
    CHECK_EQ(seen(), 0);
    CHECK_EQ(carry(1, 9 * day, &taken), 200);
    CHECK_EQ(seen(), 0);
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    CHECK_EQ(carry(0, 15 * day, &taken), 200);
    CHECK_EQ(seen(), 10);
    CHECK_EQ(carry(1, 20 * day, &taken), 200);
    CHECK_EQ(seen(), 11);
    CHECK_EQ(carry(0, 19 * day, &taken), 200);
    CHECK_EQ(seen(), 14);
    office_suspensions_free(list);
    end();
}

/* ---- The store ---- */

TEST(a_store_of_the_version_before_gets_the_ledgers_tables) {
    static const char *const TABLES[] = {"DROP TABLE batches",
                                         "DROP TABLE document_leaves",
                                         "DROP TABLE publications",
                                         "DROP TABLE cosigned",
                                         "DROP TABLE witnesses",
                                         "DROP INDEX leaves_place",
                                         "DROP TABLE lacks",
                                         "DROP INDEX wraps_person",
                                         "DROP INDEX cases_open",
                                         "DROP TABLE unread",
                                         "DROP TRIGGER unread_came",
                                         "DROP TRIGGER unread_went",
                                         "DROP TRIGGER unread_grew",
                                         "ALTER TABLE cases DROP COLUMN size",
                                         "ALTER TABLE cases DROP COLUMN told",
                                         "ALTER TABLE tasks DROP COLUMN reason",
                                         "PRAGMA user_version = 1"};
    begin(SMALL);
    add_leaves(3);
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
        CHECK_OK(desk_store_run(desk.store, TABLES[i], ""));
    close_desk();
    open_desk();
    CHECK_OK(desk_ledger_publish(&desk, NOW));
    check_published(SMALL, 3);
    end();
}

TEST_MAIN
