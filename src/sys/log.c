#include "sys/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
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

struct line {
    char text[LINE_MAX_BYTES + 1]; /* the last byte is the newline's */
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line->text + line->n, sizeof(line->text) - line->n, format, args);
    va_end(args);
    size_t room = LINE_MAX_BYTES - line->n;
    if (n > 0)
        line->n += (size_t)n < room ? (size_t)n : room;
}

static void put_text(struct line *line, const char *text) {
    size_t begin = line->n;
    put(line, "%s", text);
    for (size_t i = begin; i < line->n; i++)
        if ((unsigned char)line->text[i] < 0x20 || line->text[i] == 0x7f)
            line->text[i] = '?';
}

/* As many whole characters as leave room for what ends the object. */
static void put_json(struct line *line, const char *text) {
    static const char end[] = "\"}";
    slice rest = slice_str(text);
    char out[JSON_CHARACTER];
    while (rest.n > 0) {
        size_t n = json_character(rest, out);
        if (line->n + strlen(out) + sizeof(end) - 1 > LINE_MAX_BYTES)
            break;
        put(line, "%s", out);
        rest = slice_of(rest.p + n, rest.n - n);
    }
    put(line, "%s", end);
}

void sys_log_line(const struct sys_log *log, enum sys_log_level level, const char *event,
                  const char *format, ...) {
    if (log == NULL || level > log->level)
        return;
    char text[LINE_MAX_BYTES + 1];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n < 0)
        return;
    struct line line = {.n = 0};
    int year, month, day;
    /* Not gmtime, which opens the time zone's file: a sandboxed process can't. */
    time_date(sys_clock_wall(), &year, &month, &day);
    put(&line,
        log->json ? "{\"day\":\"%04d-%02d-%02d\",\"level\":\"%s\",\"process\":\"%s\""
                  : "%04d-%02d-%02d %s %s: ",
        year, month, day, LEVELS[level], log->who);
    if (log->json) {
        put(&line, ",\"event\":\"%s\",\"text\":\"", event);
        put_json(&line, text);
    } else {
        put_text(&line, text);
    }
    line.text[line.n++] = '\n';
    /* One write, so that the lines of several processes don't mix. A log that can't be written to
     * must not stop the service. */
    ssize_t written = write(log->fd, line.text, line.n);
    (void)written;
}

void sys_log_failure(const struct sys_log *log, const char *event, const char *what, err why) {
    sys_log_line(log, SYS_LOG_ERROR, event, "%s: %s (%s)", what, err_text(why), err_name(why));
}
