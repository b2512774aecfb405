#include "tests/test.h"

#include "base/slice.h"
#include "tests/support.h"

TEST(new_memory_is_zero) {
    struct support_mem m;
    support_mem_init(&m, 0);
    uint8_t *p = mem_new(&m.mem, 100);
    CHECK(p != NULL);
    for (size_t i = 0; i < 100; i++)
        CHECK(p[i] == 0);
    mem_free(&m.mem, p, 100);
    CHECK(m.blocks == 0);
}

TEST(an_array_whose_size_overflows_is_refused) {
    CHECK(mem_new_array(NULL, SIZE_MAX / 2, 3) == NULL);
    CHECK(mem_new_array(NULL, 3, SIZE_MAX / 2) == NULL);
    uint32_t *p = mem_new_array(NULL, 10, sizeof(*p));
    CHECK(p != NULL && p[9] == 0);
    mem_free(NULL, p, 10 * sizeof(*p));
}

TEST(free_wipes_and_takes_null) {
    struct support_mem m;
    support_mem_init(&m, 0);
    mem_free(&m.mem, NULL, 0);
    uint8_t *p = mem_new(&m.mem, 64);
    CHECK(p != NULL);
    memset(p, 0x5a, 64);
    mem_free(&m.mem, p, 64);
    CHECK(m.blocks == 0 && m.dirty == 0);
}

TEST(resize_keeps_the_content_and_wipes_what_it_leaves) {
    struct support_mem m;
    support_mem_init(&m, 0);
    uint8_t *p = mem_resize(&m.mem, NULL, 0, 32);
    CHECK(p != NULL);
    memset(p, 0x5a, 32);
    p = mem_resize(&m.mem, p, 32, 4096);
    CHECK(p != NULL && p[0] == 0x5a && p[31] == 0x5a);
    memset(p, 0x5a, 4096);
    p = mem_resize(&m.mem, p, 4096, 8);
    CHECK(p != NULL && p[7] == 0x5a);
    CHECK(mem_resize(&m.mem, p, 8, 0) == NULL);
    CHECK(m.blocks == 0 && m.dirty == 0);
}

TEST(resize_without_memory_leaves_the_block_alone) {
    struct support_mem m;
    support_mem_init(&m, 2);
    uint8_t *p = mem_new(&m.mem, 16);
    CHECK(p != NULL);
    memset(p, 0x5a, 16);
    CHECK(mem_resize(&m.mem, p, 16, 1000) == NULL);
    CHECK(p[0] == 0x5a && p[15] == 0x5a && m.blocks == 1);
    mem_free(&m.mem, p, 16);
    CHECK(m.blocks == 0 && m.dirty == 0);
}

TEST(malloc_stands_behind_a_null_allocator) {
    uint8_t *p = mem_resize(NULL, NULL, 0, 10);
    CHECK(p != NULL);
    memset(p, 7, 10);
    p = mem_resize(NULL, p, 10, 20);
    CHECK(p != NULL && p[9] == 7);
    CHECK(mem_resize(NULL, p, 20, 0) == NULL);
}

TEST(wipe_overwrites) {
    uint8_t secret[40];
    memset(secret, 0xff, sizeof(secret));
    wipe(secret, 39);
    for (size_t i = 0; i < 39; i++)
        CHECK(secret[i] == 0);
    CHECK(secret[39] == 0xff);
    wipe(NULL, 0);
}

TEST(equal_secret_sees_every_bit) {
    uint8_t a[33], b[33];
    struct support_random r = {1};
    support_fill(&r, a, sizeof(a));
    memcpy(b, a, sizeof(a));
    CHECK(equal_secret(a, b, sizeof(a)));
    CHECK(equal_secret(a, b, 0));
    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!equal_secret(a, b, sizeof(a)));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

TEST_MAIN
