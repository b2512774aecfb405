/* The test frame. A test file is a list of TEST(name) { ... } and ends with TEST_MAIN; each file is
 * a program of its own that prints TAP. Names say the behaviour:
 * TEST(a_failed_read_keeps_the_cursor).
 *
 * A check that fails prints where and what, and ends its test; the next test goes on. Run one file
 * by hand as `build/native/tests/base_codec [part of a test's name]`. */
#ifndef SOTTO_TESTS_TEST_H
#define SOTTO_TESTS_TEST_H

#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"

/* Fits into a static list: tests are registered before main starts, in the order of the file. */
struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};
void test_register(struct test_case *test);

#define TEST(test_name)                                                       \
    static void test_name(void);                                              \
    static struct test_case test_name##_case = {#test_name, test_name, NULL}; \
    __attribute__((constructor)) static void test_name##_register(void) {     \
        test_register(&test_name##_case);                                     \
    }                                                                         \
    static void test_name(void)

#define TEST_MAIN                     \
    int main(int argc, char **argv) { \
        return test_main(argc, argv); \
    }
int test_main(int argc, char **argv);

/* The checks work in helper functions too. */
#define CHECK(condition)                                     \
    do {                                                     \
        if (!(condition))                                    \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)

#define CHECK_OK(expression) test_check_err(__FILE__, __LINE__, #expression, (expression), OK)
#define CHECK_ERR(expression, expected) \
    test_check_err(__FILE__, __LINE__, #expression, (expression), (expected))

/* Integers, and bytes: these print both sides. */
#define CHECK_EQ(got, expected) \
    test_check_eq(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(expected))
#define CHECK_SLICE(got, expected) test_check_slice(__FILE__, __LINE__, #got, (got), (expected))

/* True in a build that AddressSanitizer watches: it makes system calls of its own, and mlock none.
 */
#if defined(__SANITIZE_ADDRESS__)
#define TEST_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_SANITIZED true
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED false
#endif

/* This process is a fork that helps a test: a check that fails ends it with 1. */
void test_help(void);

/* Ends the test, counted as skipped. `why` is a string. */
#define SKIP(why) test_skip(why)

__attribute__((noreturn, format(printf, 3, 4))) void test_fail(const char *file, int line,
                                                               const char *format, ...);
__attribute__((noreturn)) void test_skip(const char *why);
void test_check_err(const char *file, int line, const char *text, err got, err expected);
void test_check_eq(const char *file, int line, const char *text, int64_t got, int64_t expected);
void test_check_slice(const char *file, int line, const char *text, slice got, slice expected);

#endif
