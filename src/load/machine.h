/* What the server's processes take, as the system tells it. */
#ifndef SOTTO_LOAD_MACHINE_H
#define SOTTO_LOAD_MACHINE_H

struct machine {
    double cpu;         /* seconds, user and system, of all of them */
    double bytes;       /* proportional set size of all */
    double edges, mail; /* of it */
};

/* Of this process and its children; zeros where there are none. memory: the sizes too. */
struct machine machine_of(int pid, int memory);
/* Seconds, user and system, of the process that asks. */
double machine_own_cpu(void);

#endif
