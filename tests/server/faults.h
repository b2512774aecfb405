/* What can go wrong around a process: a library that is loaded before all others (faults.c) reads
 * it from a page that the test has in memory, too. Zeros: all is well. */
#ifndef SOTTO_TESTS_SERVER_FAULTS_H
#define SOTTO_TESTS_SERVER_FAULTS_H

#include <stdint.h>

struct faults {
    volatile int32_t sync_ms;     /* how long each sync of a file takes, at least */
    volatile int32_t sync_errno;  /* how each sync fails */
    volatile int32_t write_errno; /* how each write into a file fails */
    volatile int32_t no_memory;   /* the process that gets none */
    volatile int64_t wall_ms;     /* how far ahead the time of day is */
    volatile uint32_t syncs;      /* begun so far */
};

#define FAULTS_PAGE "SOTTO_TEST_FAULTS" /* the page's file */

#endif
