/* What tests/wasm/run.mjs does with the files in its memory, beside keeping them. */
#ifndef SOTTO_TESTS_STORE_HOST_H
#define SOTTO_TESTS_STORE_HOST_H

#include <stddef.h>
#include <stdint.h>

#define TEST_HOST(name) __attribute__((import_module("test"), import_name(#name)))

/* All files of a folder; whether one of them holds the word. */
TEST_HOST(files_remove) void host_files_remove(const char *folder, size_t n);
TEST_HOST(files_hold)
int host_files_hold(const char *folder, size_t n, const char *word, size_t word_n);

/* The power goes at the count-th write, truncation or sync from now on: it and all that come after
 * it fail. What was synced stays; of what came later any part, as the seed has it. */
TEST_HOST(files_cut) void host_files_cut(uint32_t count, uint32_t seed);
/* The power is back; 1 if it was gone. */
TEST_HOST(files_restore) int host_files_restore(void);

#endif
