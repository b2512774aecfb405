/* A command that runs: this process's own, or one that another process handed over. Jobs of one
 * process share its host; each is told of every notice, and ends by itself. */
#ifndef SOTTO_TERM_JOB_H
#define SOTTO_TERM_JOB_H

#include "host/posix.h"
#include "term/args.h"
#include "term/line.h"

struct app;

struct job {
    struct app *app;
    struct job *next;
    struct args args;
    struct out out;
    struct host_caller *caller; /* NULL: this process's own */
    buf text, argv;             /* what args point into, if it was handed over */

    uint64_t awaited; /* a command of the core; 0: none */
    void (*then)(struct job *job, const struct core_notice *notice);
    void (*fetched)(struct job *job); /* waits for the mailbox */
    void (*printed)(struct job *job); /* waits for its caller's output */
    bool late;                        /* the mailbox could not be fetched */
    bool caught_up;                   /* it was, but for items that wait for something */
    struct sys_timer timer, tick;
    void (*look)(struct job *job); /* at each tick */
    err trouble;                   /* the last one that was told to the user */

    void (*command_over)(struct job *job);
    void *state; /* the command's */
    size_t state_size;
    bool over;
    int code;
};

struct core *job_core(struct job *job);
struct sys_loop *job_loop(struct job *job);
struct host *job_host(struct job *job);

/* Zeroed memory that lives as long as the job. NULL without memory: then the job has ended. */
void *job_state(struct job *job, size_t size);

/* Calls then() at the command's DONE, which may be an error. */
void job_await(struct job *job, uint64_t command,
               void (*then)(struct job *job, const struct core_notice *notice));
/* Calls fetched() when the mailbox was fetched, or when that takes too long (job->late), or at once
 * with --offline. */
void job_fetch(struct job *job, void (*fetched)(struct job *job));
/* True if all that it has put is printed. False: then() is called when it is, or, if that fails,
 * never. */
bool job_printed(struct job *job, void (*then)(struct job *job));
/* From now on it ends after so many seconds. */
void job_time_limit(struct job *job, uint64_t seconds);

/* Calls look() again and again, until the job ends: for what no notice tells. */
void job_look(struct job *job, void (*look)(struct job *job));

void job_end(struct job *job, int code);
/* Says what went wrong and ends. `what` begins the sentence: "could not send". */
void job_fail(struct job *job, const char *what, err e, uint16_t reason);
/* The same in the command's own words. */
__attribute__((format(printf, 4, 5))) void job_fail_text(struct job *job, err e, int code,
                                                         const char *format, ...);
/* True if the core refused a name, for its form or as another contact's petname: says so, and ends.
 */
bool job_refuse_name(struct job *job, err e);
/* Says it and goes on. */
__attribute__((format(printf, 3, 4))) void job_warn(struct job *job, err e, const char *format,
                                                    ...);
/* The server can't be reached: says so, and what becomes of what waits. */
void job_away(struct job *job);
/* Ends what job_fetch's fetched() has shown; says so if it may not be the newest. */
void job_end_fetched(struct job *job);

#endif
