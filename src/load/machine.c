#include "load/machine.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t read_file(const char *pid, const char *name, char *text, size_t size) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%.20s/%s", pid, name);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0;
    size_t n = fread(text, 1, size - 1, f);
    fclose(f);
    text[n] = 0;
    return n;
}

static double read_size(const char *pid) {
    char text[4096];
    double kib = 0;
    if (read_file(pid, "smaps_rollup", text, sizeof text) == 0)
        return 0;
    const char *at = strstr(text, "\nPss:");
    return at != NULL && sscanf(at, "\nPss: %lf", &kib) == 1 ? kib * 1024 : 0;
}

static void add_size(struct machine *m, const char *pid) {
    char command[512];
    size_t n = read_file(pid, "cmdline", command, sizeof command);
    double bytes = read_size(pid);
    m->bytes += bytes;
    if (n > 5 && strcmp(command + n - 5, "edge") == 0)
        m->edges += bytes;
    else if (n > 5 && strcmp(command + n - 5, "mail") == 0)
        m->mail += bytes;
}

static void add(struct machine *m, const char *pid, int parent, int memory) {
    char text[1024];
    unsigned long user = 0, system_time = 0;
    int of = 0;
    if (read_file(pid, "stat", text, sizeof text) == 0)
        return;
    const char *after = strrchr(text, ')');
    if (after == NULL || sscanf(after, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &of,
                                &user, &system_time) != 3)
        return;
    if (of != parent && atoi(pid) != parent)
        return;
    m->cpu += (double)(user + system_time) / (double)sysconf(_SC_CLK_TCK);
    if (memory)
        add_size(m, pid);
}

struct machine machine_of(int pid, int memory) {
    struct machine m = {0, 0, 0, 0};
    DIR *proc = pid > 0 ? opendir("/proc") : NULL;
    for (struct dirent *e; proc != NULL && (e = readdir(proc)) != NULL;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
            add(&m, e->d_name, pid, memory);
    if (proc != NULL)
        closedir(proc);
    return m;
}
