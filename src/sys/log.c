#include "sys/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "sys/loop.h"

enum { LINE_MAX_BYTES = 1000 };

static const char *const LEVELS[] = {"error", "warn", "info"};

err sys_log_level_parse(enum sys_log_level *level, const char *text) {
    for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
        if (strcmp(text, LEVELS[i]) == 0) {
            *level = (enum sys_log_level)i;
            return OK;
        }
    }
    return ERR_MALFORMED;
}

void sys_log_line(const struct sys_log *log, enum sys_log_level level, const char *format, ...) {
    if (log == NULL || level > log->level)
        return;
    char line[LINE_MAX_BYTES + 1];
    int year, month, day;
    /* Not gmtime, which opens the time zone's file: a sandboxed process can't. */
    time_date(sys_clock_wall(), &year, &month, &day);
    int head = snprintf(line, sizeof(line), "%04d-%02d-%02d %s %s: ", year, month, day,
                        LEVELS[level], log->who);
    if (head < 0 || (size_t)head >= sizeof(line))
        return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line + head, sizeof(line) - (size_t)head, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t size = (size_t)head + (size_t)n;
    if (size >= sizeof(line))
        size = sizeof(line) - 1;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[size++] = '\n';
    /* One write, so that the lines of several processes don't mix. A log that can't be written to
     * must not stop the service. */
    ssize_t written = write(log->fd, line, size);
    (void)written;
}

void sys_log_failure(const struct sys_log *log, const char *what, err why) {
    sys_log_line(log, SYS_LOG_ERROR, "%s: %s (%s)", what, err_text(why), err_name(why));
}
