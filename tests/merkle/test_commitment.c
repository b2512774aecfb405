#include "tests/test.h"

#include "crypto/crypto.h"
#include "merkle/fields.h"
#include "tests/support.h"

static const uint8_t FILLER[MERKLE_FILLER] = {0xf1}, SALTS[3][MERKLE_SALT] = {{1}, {2}, {3}};

static void fields_of(struct merkle_field fields[3]) {
    fields[0] = (struct merkle_field){0, slice_str("outcome"), SALTS[0], slice_str("rejected")};
    fields[1] = (struct merkle_field){5, slice_str("jurisdiction"), SALTS[1], slice_str("HK")};
    fields[2] = (struct merkle_field){23, slice_str("case"), SALTS[2], SLICE_EMPTY};
}

static void seal_example(uint8_t entry[MERKLE_SEALED]) {
    struct merkle_field fields[3];
    CHECK_OK(crypto_init());
    fields_of(fields);
    CHECK_OK(merkle_seal(entry, fields, 3, FILLER));
}

TEST(each_field_opens_alone) {
    uint8_t entry[MERKLE_SEALED];
    struct merkle_field fields[3];
    seal_example(entry);
    fields_of(fields);
    for (size_t i = 0; i < 3; i++)
        CHECK_OK(merkle_open(SLICE_ARRAY(entry), &fields[i]));
    for (size_t slot = 0; slot < MERKLE_SLOTS; slot++) {
        bool field = slot == 0 || slot == 5 || slot == 23;
        CHECK_ERR(merkle_open_empty(SLICE_ARRAY(entry), slot, FILLER), field ? ERR_PROOF : OK);
    }
    CHECK_ERR(merkle_open_padding(SLICE_ARRAY(entry), FILLER), ERR_PROOF);
}

TEST(a_field_opens_as_nothing_else) {
    uint8_t entry[MERKLE_SEALED], other_salt[MERKLE_SALT];
    seal_example(entry);
    slice sealed = SLICE_ARRAY(entry);
    static const struct merkle_field BAD[] = {
        {0, {(const uint8_t *)"outcome", 7}, SALTS[0], {(const uint8_t *)"released", 8}},
        {0, {(const uint8_t *)"outcome", 7}, SALTS[0], {(const uint8_t *)"rejecte", 7}},
        {0, {(const uint8_t *)"outcome", 7}, SALTS[1], {(const uint8_t *)"rejected", 8}},
        {0, {(const uint8_t *)"outcom", 6}, SALTS[0], {(const uint8_t *)"rejected", 8}},
        {1, {(const uint8_t *)"outcome", 7}, SALTS[0], {(const uint8_t *)"rejected", 8}},
        {5, {(const uint8_t *)"outcome", 7}, SALTS[0], {(const uint8_t *)"rejected", 8}},
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK_ERR(merkle_open(sealed, &BAD[i]), ERR_PROOF);
    /* Each bit of the salt, and of the commitment. */
    struct merkle_field field = BAD[0];
    field.value = slice_str("rejected");
    field.salt = other_salt;
    memcpy(other_salt, SALTS[0], sizeof other_salt);
    CHECK_OK(merkle_open(sealed, &field));
    for (size_t bit = 0; bit < 256; bit++) {
        other_salt[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_ERR(merkle_open(sealed, &field), ERR_PROOF);
        other_salt[bit / 8] ^= (uint8_t)(1 << bit % 8);
        entry[16 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_ERR(merkle_open(sealed, &field), ERR_PROOF);
        entry[16 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_OK(merkle_open(sealed, &field));
}

/* Two fields that would be the same bytes, if a name had no length before it: the other's salt
 * takes a byte of the name, and its value the last of the salt. */
TEST(names_and_values_are_framed) {
    uint8_t entry[MERKLE_SEALED], salt[MERKLE_SALT] = {[MERKLE_SALT - 1] = 2};
    uint8_t shifted[MERKLE_SALT] = {'b'};
    struct merkle_field one = {3, slice_str("ab"), salt, slice_str("c")}, two = one;
    CHECK_OK(merkle_seal(entry, &one, 1, FILLER));
    two.name = slice_str("a");
    two.salt = shifted;
    two.value = slice_str("\x01"
                          "c");
    CHECK_ERR(merkle_open(SLICE_ARRAY(entry), &two), ERR_PROOF);
    CHECK_OK(merkle_open(SLICE_ARRAY(entry), &one));
}

TEST(padding_is_proved_by_its_filler_alone) {
    uint8_t entry[MERKLE_SEALED], key[32] = {9}, batch[32], again[32], filler[32], next[32];
    CHECK_OK(merkle_batch_key(batch, key, 7));
    CHECK_OK(merkle_batch_key(again, key, 8));
    CHECK(memcmp(batch, again, 32) != 0);
    CHECK_OK(merkle_padding_filler(filler, batch, 1000));
    CHECK_OK(merkle_padding_filler(next, batch, 1001));
    CHECK(memcmp(filler, next, 32) != 0);
    CHECK_OK(merkle_seal(entry, NULL, 0, filler));
    CHECK_OK(merkle_open_padding(SLICE_ARRAY(entry), filler));
    CHECK_ERR(merkle_open_padding(SLICE_ARRAY(entry), next), ERR_PROOF);
    CHECK_ERR(merkle_open_padding(SLICE_ARRAY(entry), batch), ERR_PROOF);
    /* One slot that is something else is enough, whichever it is. */
    for (size_t slot = 0; slot < MERKLE_SLOTS; slot++) {
        struct merkle_field field = {slot, slice_str("hidden"), SALTS[0], SLICE_EMPTY};
        CHECK_OK(merkle_seal(entry, &field, 1, filler));
        CHECK_ERR(merkle_open_padding(SLICE_ARRAY(entry), filler), ERR_PROOF);
    }
}

/* What padding and sealed entries show is the same: a head, and bytes that no two slots share. */
TEST(padding_looks_like_what_is_sealed) {
    uint8_t a[MERKLE_SEALED], b[MERKLE_SEALED];
    seal_example(a);
    CHECK_OK(merkle_seal(b, NULL, 0, (const uint8_t[MERKLE_FILLER]){0xf2}));
    CHECK(memcmp(a, b, 16) == 0);
    CHECK_SLICE(slice_of(a, 16), slice_str("sotto ledger v1\n"));
    for (size_t i = 0; i < 2 * MERKLE_SLOTS; i++)
        for (size_t j = 0; j < i; j++) {
            const uint8_t *one = i % 2 == 0 ? a : b, *two = j % 2 == 0 ? a : b;
            CHECK(memcmp(one + 16 + i / 2 * 32, two + 16 + j / 2 * 32, 32) != 0);
        }
}

TEST(what_no_entry_holds_is_refused) {
    uint8_t entry[MERKLE_SEALED], zero[MERKLE_SEALED] = {0};
    static uint8_t long_value[MERKLE_FIELD_MAX + 1];
    struct merkle_field fields[3];
    fields_of(fields);
    fields[1].slot = 0;
    CHECK_ERR(merkle_seal(entry, fields, 3, FILLER), ERR_EXISTS);
    CHECK(memcmp(entry, zero, sizeof entry) == 0);
    fields[1].slot = MERKLE_SLOTS;
    CHECK_ERR(merkle_seal(entry, fields, 3, FILLER), ERR_LIMIT);
    fields[1].slot = 5;
    fields[1].name = SLICE_EMPTY;
    CHECK_ERR(merkle_seal(entry, fields, 3, FILLER), ERR_MALFORMED);
    fields[1].name = slice_of(long_value, MERKLE_FIELD_NAME_MAX + 1);
    CHECK_ERR(merkle_seal(entry, fields, 3, FILLER), ERR_TOO_LARGE);
    fields[1].name = slice_str("n");
    fields[1].value = SLICE_ARRAY(long_value);
    CHECK_ERR(merkle_seal(entry, fields, 3, FILLER), ERR_TOO_LARGE);
    fields[1].value = slice_of(long_value, MERKLE_FIELD_MAX);
    CHECK_OK(merkle_seal(entry, fields, 3, FILLER));
    CHECK_OK(merkle_open(SLICE_ARRAY(entry), &fields[1]));
    /* And what is no entry is not opened. */
    CHECK_ERR(merkle_open(slice_of(entry, MERKLE_SEALED - 1), &fields[1]), ERR_MALFORMED);
    CHECK_ERR(merkle_open_padding(SLICE_EMPTY, FILLER), ERR_MALFORMED);
    CHECK_ERR(merkle_open_empty(SLICE_ARRAY(entry), MERKLE_SLOTS, FILLER), ERR_LIMIT);
    fields[1].name = SLICE_EMPTY; /* an empty slot is not opened as a field */
    CHECK_ERR(merkle_open(SLICE_ARRAY(entry), &fields[1]), ERR_MALFORMED);
    entry[0] ^= 1;
    CHECK_ERR(merkle_open(SLICE_ARRAY(entry), &fields[0]), ERR_MALFORMED);
}

TEST(each_name_has_a_slot_of_its_own) {
    enum merkle_slot slot;
    for (size_t i = 0; i < MERKLE_SLOTS_NAMED; i++) {
        CHECK_OK(merkle_slot_find(merkle_slot_name((enum merkle_slot)i), &slot));
        CHECK_EQ(slot, i);
    }
    CHECK_ERR(merkle_slot_find(slice_str("identifier"), &slot), ERR_NOT_FOUND);
    CHECK_ERR(merkle_slot_find(slice_str("mov"), &slot), ERR_NOT_FOUND);
    CHECK_ERR(merkle_slot_find(SLICE_EMPTY, &slot), ERR_NOT_FOUND);
}

TEST_MAIN
