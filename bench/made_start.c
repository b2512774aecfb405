/* A store as a large server has it, for measuring its start: made data, but rows as the server
 * writes them.
 *
 *     made_start FOLDER [mailboxes] [items in each] [revoked addresses of each] [MiB of log]
 *
 * Mailbox after mailbox, in the order of their ids, so that it takes minutes and not an hour. The
 * log is what a killed server leaves: it ends without closing, and the next start has that much to
 * read. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "server/held.h"

enum { MEMTABLE = 64 << 20, BATCH = 20000, SEALED = 360, WEEK = 2960, ID = 16, SERIAL = 8 };

static struct store *store;
static struct store_batch *batch;
static buf work;

static void must(err e) {
    if (e == OK)
        return;
    fprintf(stderr, "made_start: %s\n", err_text(e));
    exit(1);
}

static void commit(bool now) {
    if (!now && store_batch_count(batch) < BATCH)
        return;
    must(store_commit_now(store, batch));
    store_batch_clear(batch);
}

/* Ids grow with i, and are random beside that. */
static void id_of(uint8_t id[ID], uint64_t i, uint64_t of) {
    uint64_t place = (UINT64_MAX / of) * i;
    crypto_random(id, ID);
    for (int k = 0; k < 5; k++)
        id[k] = (uint8_t)(place >> (56 - 8 * k));
}

static void make_account(const uint8_t id[ID]) {
    uint8_t name[2 * ID], devices[150];
    struct held_account account = {.created = WEEK, .seen = WEEK, .devices = SLICE_ARRAY(devices)};
    struct held_device device;
    memcpy(name, id, ID);
    crypto_random(name + ID, ID);
    crypto_random(devices, sizeof devices);
    crypto_random(device.key, sizeof device.key);
    memcpy(device.mailbox, id, ID);
    must(held_account_put(batch, slice_of(id, ID), 0, &work, &account));
    must(held_device_put(batch, SLICE_ARRAY(name), 0, &work, &device));
}

static void make_item(const uint8_t id[ID], uint64_t position) {
    uint8_t sealed[SEALED];
    struct held_item row = {.week = WEEK, .sealed = SLICE_ARRAY(sealed)};
    crypto_random(sealed, sizeof sealed);
    crypto_random(row.chain, sizeof row.chain);
    crypto_random(&row.number, sizeof row.number);
    must(held_item_put(batch, slice_of(id, ID), position, &work, &row));
}

static void make_mailbox(const uint8_t id[ID], unsigned items, unsigned revoked) {
    struct held_mailbox head = {.gaps = 0};
    struct held_revoked row = {.key_id = 1};
    uint64_t serial;
    crypto_random(&head.floor, sizeof head.floor);
    head.floor >>= 16;
    crypto_random(head.key, sizeof head.key);
    must(held_mailbox_put(batch, slice_of(id, ID), 0, &work, &head));
    for (unsigned i = 1; i <= items; i++)
        make_item(id, head.floor + i);
    for (unsigned i = 0; i < revoked; i++) {
        crypto_random(&serial, sizeof serial);
        must(held_revoked_put(batch, slice_of(id, ID), serial, &work, &row));
    }
    commit(false);
}

static unsigned long argument(int argc, char **argv, int i, unsigned long otherwise) {
    return i < argc ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    struct store_rocksdb_options options = {.memtable = MEMTABLE, .cache = MEMTABLE};
    unsigned long mailboxes = argument(argc, argv, 2, 1000000), items = argument(argc, argv, 3, 10);
    unsigned long revoked = argument(argc, argv, 4, 2), log = argument(argc, argv, 5, 0);
    uint8_t id[ID];
    if (argc < 2)
        return 2;
    must(crypto_init());
    must(store_rocksdb_open(&store, argv[1], &options));
    must(store_batch_new(&batch, NULL));
    for (unsigned long i = 0; i < mailboxes; i++) {
        id_of(id, i, mailboxes);
        make_account(id);
        make_mailbox(id, (unsigned)items, (unsigned)revoked);
    }
    commit(true);
    for (unsigned long i = 0; log > 0 && i < log * 1024 * 1024 / (SEALED + 80); i++) {
        id_of(id, i % 1000, 1000);
        make_item(id, i + 1);
        if (i % 64 == 0)
            commit(true);
    }
    commit(true);
    if (log > 0)
        _exit(0); /* as kill -9 does */
    store_close(store);
    return 0;
}
