/* The process: one loop, one host, and the jobs that use it. */
#ifndef SOTTO_TERM_APP_H
#define SOTTO_TERM_APP_H

#include "host/control.h"
#include "host/terminal.h"
#include "term/command.h"
#include "term/job.h"

struct app {
    const char *home;
    struct sys_loop *loop;
    struct host *host;
    struct host_control *control;
    struct sys_signals signals;
    struct sys_later sweep;
    struct job *jobs;
    struct job own;
    bool ended;
};

/* Opens the home, runs the command that own holds, and says how it ended. packed: the command line
 * as it is handed to another process that holds the home. */
int app_run(struct app *app, slice packed);

/* job.c's, for app.c: what happens to a job. */
void job_start(struct job *job);
void job_notice(struct job *job, const struct core_notice *notice);
void job_out_printed(struct job *job);
void job_fini(struct job *job);

#endif
