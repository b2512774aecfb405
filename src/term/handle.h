/* What the commands about handles share; in cmd_handle.c. */
#ifndef SOTTO_TERM_HANDLE_H
#define SOTTO_TERM_HANDLE_H

#include "term/job.h"

enum { HANDLE_WORK_SECONDS = 300 };

/* What core_handle_claim or core_handle_find said at once; `what` begins the sentence, as in
 * job_fail. */
void handle_refuse(struct job *job, const char *what, err e);
/* To the user, that it takes a while. */
void handle_say_work(struct job *job);
/* For a command's notice(): gives it time to work once there is a connection. */
void handle_take_time(struct job *job, const struct core_notice *n);

#endif
