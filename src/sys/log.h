/* Log lines on stderr: "2026-11-24 info edge: listening on 2 ports", or for programs
 *
 *   {"day":"2026-11-24","level":"info","process":"edge","event":"listening","text":"on 2 ports"}
 *
 * Programs rely on the event's name, which stays when the words change.
 *
 * The rule: a line never holds an address, an account, a device, a mailbox, a session or a time
 * finer than a day, and none is written because of what somebody sends or receives. So there is no
 * level for those who look for a mistake. */
#ifndef SOTTO_SYS_LOG_H
#define SOTTO_SYS_LOG_H

#include <stdbool.h>

#include "base/error.h"

enum sys_log_level { SYS_LOG_ERROR, SYS_LOG_WARN, SYS_LOG_INFO };

struct sys_log {
    int fd;          /* 2 */
    const char *who; /* "edge" */
    enum sys_log_level level;
    bool json;
};

static inline struct sys_log sys_log_as(const char *who, enum sys_log_level level) {
    return (struct sys_log){2, who, level, false};
}
/* "error", "warn", "info". MALFORMED otherwise. */
MUST err sys_log_level_parse(enum sys_log_level *level, const char *text);

/* One line, written at once; cut at 1,000 bytes, JSON so that it stays JSON. As text, control
 * characters become '?'; in JSON what is no UTF-8 becomes U+FFFD. event: lower-case words with '_'.
 * log may be NULL. */
__attribute__((format(printf, 4, 5))) void sys_log_line(const struct sys_log *log,
                                                        enum sys_log_level level, const char *event,
                                                        const char *format, ...);
#define sys_log_error(log, ...) sys_log_line((log), SYS_LOG_ERROR, __VA_ARGS__)
#define sys_log_warn(log, ...) sys_log_line((log), SYS_LOG_WARN, __VA_ARGS__)
#define sys_log_info(log, ...) sys_log_line((log), SYS_LOG_INFO, __VA_ARGS__)

/* "could not open the store: the disk is full (DISK_FULL)": an error line about what was tried. */
void sys_log_failure(const struct sys_log *log, const char *event, const char *what, err why);

#endif
