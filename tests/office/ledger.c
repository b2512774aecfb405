#include "tests/office/ledger.h"

#include "base/text.h"
#include "merkle/fields.h"
#include "tests/test.h"

void ledger_init(struct ledger *l, slice entry) {
    for (uint64_t i = 0; i < LEDGER_LAST; i++) {
        uint8_t byte = (uint8_t)i;
        bool given = i == LEDGER_INDEX && entry.n > 0;
        merkle_leaf_hash(&l->leaves[i], given ? entry : slice_of(&byte, 1));
    }
}

/* MTH of a complete subtree, from its leaves. */
static err subtree(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out) {
    const struct ledger *l = ctx;
    struct merkle_hash left, right;
    if (level == 0) {
        *out = l->leaves[index];
        return OK;
    }
    TRY(subtree(ctx, level - 1, 2 * index, &left));
    TRY(subtree(ctx, level - 1, 2 * index + 1, &right));
    merkle_node_hash(out, &left, &right);
    return OK;
}

struct merkle_source ledger_source(struct ledger *l) {
    return (struct merkle_source){subtree, l};
}

void ledger_checkpoint(buf *note, struct ledger *l, const char *origin,
                       const struct people_note_key *signer, uint64_t size,
                       const struct witness_time at[2]) {
    struct merkle_frontier frontier;
    struct merkle_source source = ledger_source(l);
    struct merkle_checkpoint c = {.origin = slice_str(origin), .size = size};
    struct merkle_key key;
    buf text = {0};
    must(merkle_frontier_read(&source, size, &frontier));
    merkle_frontier_root(&frontier, &c.root);
    must(merkle_checkpoint_format(&text, &c));
    must(merkle_note_begin(note, buf_slice(&text)));
    people_note_key(&key, signer);
    must(merkle_note_sign(note, buf_slice(&text), &key, signer->seed));
    for (int i = 0; i < 2; i++)
        if (at[i].witness >= 0) {
            const struct people_note_key *w = &people_witnesses[at[i].witness];
            people_note_key(&key, w);
            must(merkle_cosign(note, buf_slice(&text), &key, w->seed, at[i].seconds));
        }
    buf_free(&text);
}

static void say_proof(buf *out, const char *word, const struct merkle_proof *proof) {
    for (size_t i = 0; i < proof->n; i++) {
        people_say(out, "%s ", word);
        must(hex_encode(out, merkle_hash_slice(&proof->path[i])));
        people_say(out, "\n");
    }
}

static void say_base64(buf *out, const char *word, slice bytes) {
    people_say(out, "%s ", word);
    must(base64_encode(out, bytes));
    people_say(out, "\n");
}

void ledger_sighting(buf *out, const uint8_t document[32], const struct witness_time at[4]) {
    static const uint8_t salt[MERKLE_SALT] = {7}, filler[MERKLE_FILLER] = {8};
    uint8_t entry[MERKLE_SEALED];
    struct ledger l;
    struct merkle_source source = ledger_source(&l);
    struct merkle_proof inclusion, consistency;
    buf hex = {0}, first = {0}, last = {0};
    must(hex_encode(&hex, slice_of(document, 32)));
    struct merkle_field fields[] = {
        {MERKLE_SLOT_MOVE, slice_str("move"), filler, slice_str("suspensions")},
        {MERKLE_SLOT_DOCUMENT, slice_str("document"), salt, buf_slice(&hex)}};
    must(merkle_seal(entry, fields, 2, filler));
    ledger_init(&l, SLICE_ARRAY(entry));
    ledger_checkpoint(&first, &l, people_ledger.name, &people_ledger, LEDGER_FIRST, at);
    ledger_checkpoint(&last, &l, people_ledger.name, &people_ledger, LEDGER_LAST, at + 2);
    must(merkle_inclusion_prove(&source, LEDGER_INDEX, LEDGER_FIRST, &inclusion));
    must(merkle_consistency_prove(&source, LEDGER_FIRST, LEDGER_LAST, &consistency));
    people_say(out, "document ");
    must(buf_append(out, buf_slice(&hex)));
    people_say(out, "\n");
    say_base64(out, "entry", SLICE_ARRAY(entry));
    people_say(out, "salt ");
    must(hex_encode(out, SLICE_ARRAY(salt)));
    people_say(out, "\nplace %d\n", LEDGER_INDEX + 1);
    say_base64(out, "first", buf_slice(&first));
    say_proof(out, "inclusion", &inclusion);
    say_base64(out, "last", buf_slice(&last));
    say_proof(out, "consistency", &consistency);
    buf_free(&hex);
    buf_free(&first);
    buf_free(&last);
}
