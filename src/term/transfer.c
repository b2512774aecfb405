#include "term/transfer.h"

#include <stdio.h>

#include "base/text.h"
#include "term/command.h"

enum { NAME_MAX_BYTES = 200 };

static slice last_part(slice name) {
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/' || name.p[i - 1] == '\\')
            return slice_of(name.p + i, name.n - i);
    return name;
}

/* Whoever looks for files by a pattern, or hands them to a command, should not be surprised. */
static bool is_odd(uint32_t point) {
    return point == TEXT_INVALID || text_is_unsafe(point) ||
           (point < 0x80 && strchr("/\\*?\"'`$<>|&;!~", (int)point) != NULL);
}

err transfer_file_name(buf *out, slice name) {
    size_t start = out->n;
    name = last_part(name);
    for (size_t i = 0; i < name.n;) {
        uint32_t point;
        size_t n = text_point(slice_of(name.p + i, name.n - i), &point);
        bool first = out->n == start;
        if (out->n - start + n > NAME_MAX_BYTES)
            break;
        if (is_odd(point) || (first && point == '-'))
            TRY(buf_append_byte(out, '_'));
        else if (!first || (point != '.' && point != ' '))
            TRY(buf_append(out, slice_of(name.p + i, n)));
        i += n;
    }
    return out->n > start ? OK : buf_append(out, slice_str("file"));
}

void transfer_size(struct line *l, uint64_t bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB"};
    if (bytes < 1024) {
        line_add(l, "%u bytes", (unsigned)bytes);
        return;
    }
    size_t unit = 0;
    uint64_t tenths = bytes * 10 / 1024;
    for (; tenths >= 10240 && unit < 2; unit++)
        tenths /= 1024;
    line_add(l, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[unit]);
}

void transfer_saved(struct job *job, uint32_t conversation, uint64_t number, const char *path,
                    uint64_t size) {
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "saved");
        line_num(&l, "conversation", conversation);
        line_num(&l, "number", number);
        line_str(&l, "path", slice_str(path));
        line_num(&l, "size", size);
        line_object_end(&l);
    } else {
        line_add(&l, "Saved ");
        line_text(&l, slice_str(path));
        line_add(&l, ", ");
        transfer_size(&l, size);
        line_add(&l, ".");
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

/* ---- Progress ---- */

static void put(struct job *job, struct line *l) {
    if (l->json.e == OK)
        (void)!job->out.put(job->out.ctx, OUT_TROUBLE, buf_slice(&l->json.b));
    buf_free(&l->json.b);
}

void transfer_clear(struct job *job) {
    struct line l = {0};
    if (!job->args.progress || job->out.json)
        return;
    line_add(&l, "\r\033[K");
    put(job, &l);
}

static void show(struct job *job, const struct core_notice *n, const char *what) {
    struct line l = {0};
    if (job->out.json) {
        line_object(&l, "progress");
        line_num(&l, "conversation", n->conversation);
        line_num(&l, "done", n->done);
        line_num(&l, "total", n->total);
        line_object_end(&l);
        line_end(&l, &job->out, OUT_NORMAL);
    } else if (job->args.progress) {
        line_add(&l, "\r%s: %u%% of ", what,
                 n->total == 0 ? 100 : (unsigned)(n->done * 100 / n->total));
        transfer_size(&l, n->total);
        line_add(&l, "\033[K");
        put(job, &l);
    }
}

bool transfer_progress(struct job *job, const struct core_notice *n, const char *what) {
    if (n->error == OK) {
        show(job, n, what);
        if (!job->over)
            job_time_limit(job, job->args.timeout);
        return !job->over;
    }
    const char *reason = host_reason_name(n->reason);
    if (strcmp(reason, "UPLOADS") != 0 && strcmp(reason, "LIMIT") != 0)
        return true;
    transfer_clear(job);
    job_fail_text(
        job, ERR_LIMIT, EXIT_HELD,
        "the server takes no more files %s now: %s. What is there stays there, and it goes "
        "on by itself when sotto runs again; the same command, later, goes on at once",
        strcmp(reason, "UPLOADS") == 0 ? "for these people" : "at all",
        host_reason_text(n->reason));
    return false;
}
