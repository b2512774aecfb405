#include "sys/locked.h"

#include <grp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { SOME = 256 * 1024 };

/* The flags of the mapping that begins at p, as the kernel tells them. */
static void flags_of(const void *p, char *flags, size_t size) {
    char line[512], start[32];
    bool found = false;
    snprintf(start, sizeof start, "%lx-", (unsigned long)(uintptr_t)p);
    FILE *f = fopen("/proc/self/smaps", "r");
    CHECK(f != NULL);
    flags[0] = 0;
    while (flags[0] == 0 && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, start, strlen(start)) == 0)
            found = true;
        else if (found && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, size, "%.200s", line);
    }
    fclose(f);
}

TEST(locked_memory_is_zeroed_and_neither_swapped_nor_dumped) {
    void *p = NULL;
    char flags[256];
    static const uint8_t zeros[SOME];
    if (TEST_SANITIZED)
        SKIP("mlock does nothing under AddressSanitizer");
    if (sys_locked_limit() < SOME / 1024)
        SKIP("this machine locks nothing");
    CHECK_OK(sys_locked_new(&p, SOME));
    CHECK(memcmp(p, zeros, SOME) == 0);
    flags_of(p, flags, sizeof flags);
    CHECK(strstr(flags, " lo") != NULL);
    CHECK(strstr(flags, " dd") != NULL);
    memset(p, 7, SOME);
    sys_locked_free(p, SOME);
    sys_locked_free(NULL, SOME);
}

/* In a child, since there is no way back from a lower limit. */
enum { FINE = 0, LIMITED, OTHERWISE };

static int try_with(uint64_t soft, uint64_t hard) {
    int status = 0;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        const struct rlimit limit = {soft, hard};
        void *p = NULL;
        bool ready = setrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
                     (geteuid() != 0 || (setgroups(0, NULL) == 0 && setuid(65534) == 0));
        err e = ready ? sys_locked_new(&p, SOME) : ERR_BUG;
        _exit(e == OK ? FINE : e == ERR_LIMIT ? LIMITED : OTHERWISE);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(what_the_system_does_not_lock_is_refused) {
    if (TEST_SANITIZED)
        SKIP("mlock does nothing under AddressSanitizer");
    CHECK_EQ(try_with(0, 0), LIMITED);
    CHECK_EQ(try_with(SOME / 2, SOME / 2), LIMITED);
}

TEST(the_limit_is_raised_as_far_as_it_may_be) {
    if (TEST_SANITIZED)
        SKIP("mlock does nothing under AddressSanitizer");
    if (sys_locked_limit() < 2 * SOME / 1024)
        SKIP("this machine locks nothing");
    CHECK_EQ(try_with(0, 2 * SOME), FINE);
}

TEST_MAIN
