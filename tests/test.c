#include "tests/test.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct test_case *first;
static struct test_case **last = &first;

/* How the running test ended, and why it was skipped. */
static enum { PASSED, FAILED, SKIPPED } outcome;
static const char *skip_reason;

void test_register(struct test_case *test) {
    *last = test;
    last = &test->next;
}

/* Leaving a test from any depth: natively by a jump; WebAssembly has none, and its host catches. */
#ifdef __wasm__
__attribute__((import_module("test"), import_name("run"))) void test_host_run(void (*run)(void));
__attribute__((import_module("test"), import_name("leave"), noreturn)) void test_host_leave(void);

static void run_guarded(void (*run)(void)) {
    test_host_run(run);
}

__attribute__((noreturn)) static void leave(void) {
    test_host_leave();
}
#else
#include <setjmp.h>
static jmp_buf out_of_test;
static bool is_helper;

static void run_guarded(void (*run)(void)) {
    if (setjmp(out_of_test) == 0)
        run();
}

__attribute__((noreturn)) static void leave(void) {
    if (is_helper)
        exit(1);
    longjmp(out_of_test, 1);
}

void test_help(void) {
    is_helper = true;
}
#endif

void test_fail(const char *file, int line, const char *format, ...) {
    va_list args;
    printf("# %s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    outcome = FAILED;
    leave();
}

void test_skip(const char *why) {
    outcome = SKIPPED;
    skip_reason = why;
    leave();
}

void test_check_err(const char *file, int line, const char *text, err got, err expected) {
    if (got != expected)
        test_fail(file, line, "%s: got %s, expected %s", text, err_name(got), err_name(expected));
}

void test_check_eq(const char *file, int line, const char *text, int64_t got, int64_t expected) {
    if (got != expected)
        test_fail(file, line, "%s: got %lld, expected %lld", text, (long long)got,
                  (long long)expected);
}

static void print_bytes(const char *what, slice s) {
    size_t shown = s.n < 64 ? s.n : 64;
    printf("#   %s %zu bytes: ", what, s.n);
    for (size_t i = 0; i < shown; i++)
        printf("%02x", s.p[i]);
    printf(shown < s.n ? "...\n" : "\n");
}

void test_check_slice(const char *file, int line, const char *text, slice got, slice expected) {
    if (slice_equal(got, expected))
        return;
    print_bytes("got", got);
    print_bytes("expected", expected);
    test_fail(file, line, "%s: other bytes", text);
}

static bool selected(const struct test_case *test, const char *filter) {
    return filter == NULL || strstr(test->name, filter) != NULL;
}

static void run_one(const struct test_case *test, int number) {
    outcome = PASSED;
    run_guarded(test->run);
    printf("%s %d - %s", outcome == FAILED ? "not ok" : "ok", number, test->name);
    if (outcome == SKIPPED)
        printf(" # SKIP %s", skip_reason);
    printf("\n");
}

int test_main(int argc, char **argv) {
    const char *filter = argc > 1 ? argv[1] : NULL;
    int count = 0, number = 0, failed = 0;
    for (const struct test_case *t = first; t != NULL; t = t->next)
        count += selected(t, filter);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%d\n", count);
    for (const struct test_case *t = first; t != NULL; t = t->next) {
        if (!selected(t, filter))
            continue;
        run_one(t, ++number);
        failed += outcome == FAILED;
    }
    return failed == 0 ? 0 : 1;
}
