#include "load/machine.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"

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

/* The decimal number at the front, behind spaces. */
static uint64_t number_at(const char *text) {
    uint64_t value = 0;
    size_t n;
    text += strspn(text, " ");
    for (n = 0; text[n] >= '0' && text[n] <= '9'; n++)
        ;
    return decimal_decode(slice_of(text, n), UINT64_MAX / 2, &value) == OK ? value : 0;
}

/* Field `n` of /proc/PID/stat, counted from the one behind the name in brackets. */
static uint64_t stat_field(const char *text, int n) {
    const char *at = strrchr(text, ')');
    for (at = at == NULL ? "" : at + 1; n > 0 && *at != 0; n--)
        at += strcspn(at + 1, " ") + 1;
    return number_at(at);
}

static double read_size(const char *pid) {
    char text[4096];
    if (read_file(pid, "smaps_rollup", text, sizeof text) == 0)
        return 0;
    const char *at = strstr(text, "\nPss:");
    return at == NULL ? 0 : (double)number_at(at + 5) * 1024;
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

enum { PARENT = 1, USER_TIME = 11, SYSTEM_TIME = 12 };

static void add(struct machine *m, const char *pid, uint64_t parent, int memory) {
    char text[1024];
    if (read_file(pid, "stat", text, sizeof text) == 0)
        return;
    if (stat_field(text, PARENT) != parent && number_at(pid) != parent)
        return;
    m->cpu += (double)(stat_field(text, USER_TIME) + stat_field(text, SYSTEM_TIME)) /
              (double)sysconf(_SC_CLK_TCK);
    if (memory)
        add_size(m, pid);
}

struct machine machine_of(int pid, int memory) {
    struct machine m = {0, 0, 0, 0};
    DIR *proc = pid > 0 ? opendir("/proc") : NULL;
    for (struct dirent *e; proc != NULL && (e = readdir(proc)) != NULL;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
            add(&m, e->d_name, (uint64_t)pid, memory);
    if (proc != NULL)
        closedir(proc);
    return m;
}

double machine_own_cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}
