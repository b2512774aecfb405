/* Accounts of a load, with items that wait, written straight into the store of a server that has
 * not been started yet: what would take hours through the front door. Rows as the server writes
 * them; only the signature of a device list and the content of items are random bytes.
 *
 *     made_store DATA ACCOUNTS [count] [mailboxes with items] [items in each]
 *
 * Makes the data folder, its keys, and the file of accounts for sotto-load. Mailbox after mailbox
 * in the order of their ids, so that the store has little to sort. */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "crypto/crypto.h"
#include "load/accounts.h"
#include "server/held.h"
#include "server/keys.h"
#include "sys/files.h"
#include "sys/loop.h"

/* Of an item of 512 bytes: serial, flag, mark, length, tag. */
enum { MEMTABLE = 256 << 20, BATCH = 20000, SEALED = 512 + 8 + 1 + 64 + 2 + 16, ID = 16 };

struct made {
    struct store *store;
    struct store_batch *batch;
    struct accounts accounts;
    struct keys keys;
    buf work, devices;
    uint32_t week;
};

static void must(err e, const char *what) {
    if (e == OK)
        return;
    fprintf(stderr, "made_store: %s: %s\n", what, err_text(e));
    exit(1);
}

static void commit(struct made *m, bool now) {
    if (!now && store_batch_count(m->batch) < BATCH)
        return;
    must(store_commit_now(m->store, m->batch), "the store");
    store_batch_clear(m->batch);
}

/* Ids grow with i; beside that they are the account's own. */
static void mailbox_id(uint8_t id[ID], const struct account *a, uint64_t i, uint64_t of) {
    uint64_t place = (UINT64_MAX / of) * i;
    memcpy(id, a->mailbox, ID);
    for (int k = 0; k < 5; k++)
        id[k] = (uint8_t)(place >> (56 - 8 * k));
}

/* As the server's own (src/server/addresses.c). */
static err seal_address(const struct made *m, const uint8_t mailbox[ID], uint8_t *address) {
    const struct mail_address_key *key = &m->keys.address[0];
    uint8_t inside[ID + 8];
    memcpy(inside, mailbox, ID);
    crypto_random(inside + ID, 8);
    address[0] = key->id;
    crypto_random(address + 1, 24);
    return crypto_xchacha20poly1305.seal(address + 25, key->key, address + 1, SLICE_EMPTY,
                                         SLICE_ARRAY(inside));
}

static err put_account(struct made *m, const struct account *a, const uint8_t mailbox[ID]) {
    uint8_t name[2 * ID], signature[64];
    struct held_account row = {.created = m->week, .seen = m->week};
    struct held_device device;
    memcpy(name, a->id, ID);
    memcpy(name + ID, a->device, ID);
    memcpy(device.key, a->key, 32);
    memcpy(device.mailbox, mailbox, ID);
    crypto_random(signature, sizeof signature);
    buf_clear(&m->devices);
    writer w = writer_on(&m->devices);
    writer_bytes(&w, SLICE_ARRAY(a->identity));
    writer_u32(&w, 1);
    size_t list = writer_open(&w);
    writer_bytes(&w, SLICE_ARRAY(a->device));
    writer_bytes(&w, SLICE_ARRAY(a->key));
    writer_close(&w, list);
    writer_bytes(&w, SLICE_ARRAY(signature));
    TRY(writer_result(&w));
    row.devices = buf_slice(&m->devices);
    TRY(held_account_put(m->batch, slice_of(a->id, ID), 0, &m->work, &row));
    return held_device_put(m->batch, SLICE_ARRAY(name), 0, &m->work, &device);
}

static err put_items(struct made *m, const uint8_t mailbox[ID], uint64_t floor, uint32_t items) {
    uint8_t sealed[SEALED];
    struct held_item row = {.week = m->week, .sealed = SLICE_ARRAY(sealed)};
    crypto_random(row.chain, sizeof row.chain);
    for (uint32_t i = 1; i <= items; i++) {
        crypto_random(sealed, sizeof sealed);
        row.number = i;
        TRY(held_item_put(m->batch, slice_of(mailbox, ID), floor + i, &m->work, &row));
    }
    return OK;
}

static err make(struct made *m, uint32_t i, uint32_t count, uint32_t items) {
    struct account a;
    uint8_t mailbox[ID], address[PROTO_ADDRESS];
    struct held_mailbox head = {.gaps = 0};
    TRY(account_make(&a, m->accounts.seed, i));
    mailbox_id(mailbox, &a, i, count);
    TRY(seal_address(m, mailbox, address));
    TRY(accounts_add(&m->accounts, address));
    TRY(put_account(m, &a, mailbox));
    crypto_random(&head.floor, sizeof head.floor);
    head.floor >>= 40; /* below all that a first run gives */
    memcpy(head.key, a.mailbox_key, 32);
    TRY(held_mailbox_put(m->batch, slice_of(mailbox, ID), 0, &m->work, &head));
    return put_items(m, mailbox, head.floor, items);
}

static uint32_t argument(int argc, char **argv, int i, uint32_t otherwise) {
    return i < argc ? (uint32_t)strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    struct made m = {0};
    struct store_rocksdb_options options = {.memtable = MEMTABLE, .cache = MEMTABLE};
    char path[1024], why[1024];
    uint8_t seed[ACCOUNTS_SEED];
    uint32_t count = argument(argc, argv, 3, 1000), full = argument(argc, argv, 4, 0);
    uint32_t items = argument(argc, argv, 5, 10);
    if (argc < 3 || argc > 6 || count == 0 || count > 20000000 || full > count)
        return 2;
    must(crypto_init(), "the crypto library");
    must(sys_dir_make(argv[1]), argv[1]);
    must(keys_load(&m.keys, argv[1], true, why), "the keys");
    must(keys_path(path, argv[1], "store"), argv[1]);
    must(store_rocksdb_open(&m.store, path, &options), path);
    must(store_batch_new(&m.batch, NULL), "memory");
    m.week = time_week(sys_clock_wall());
    crypto_random(seed, sizeof seed);
    must(accounts_begin(&m.accounts, seed, m.keys.identity), "memory");
    for (uint32_t i = 0; i < count; i++) {
        must(make(&m, i, count, i < full ? items : 0), "an account");
        commit(&m, false);
    }
    commit(&m, true);
    must(store_rocksdb_flush(m.store), "the store");
    store_close(m.store);
    must(accounts_write(&m.accounts, argv[2]), argv[2]);
    return 0;
}
