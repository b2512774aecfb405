#include "term/arrivals.h"

#include <stdio.h>

#include "host/files.h"
#include "term/command.h"
#include "term/transfer.h"

struct arrival {
    uint64_t command; /* 0: it waits */
    uint32_t conversation;
    uint64_t number, size;
    uint8_t id[CORE_MESSAGE_ID];
    char path[HOST_FILE_PATH];
};

static struct arrival *list(const struct arrivals *a, size_t *count) {
    *count = a->list.n / sizeof(struct arrival);
    return (struct arrival *)(void *)a->list.p;
}

static void remove_at(struct arrivals *a, size_t i) {
    size_t count;
    struct arrival *all = list(a, &count);
    memmove(all + i, all + i + 1, (count - i - 1) * sizeof *all);
    (void)!buf_resize(&a->list, (count - 1) * sizeof *all); /* to shrink can't fail */
}

static void warn(struct job *job, const struct arrival *file, err e, uint16_t reason) {
    job_warn(job, e,
             "the file of message %llu in conversation %u was not saved: %s. `sotto save %u %llu` "
             "tries again",
             (unsigned long long)file->number, (unsigned)file->conversation,
             reason != 0 ? host_reason_text(reason) : err_text(e), (unsigned)file->conversation,
             (unsigned long long)file->number);
}

/* As many at a time as there is room for. One that is there was saved before. */
static void begin(struct job *job, struct arrivals *a) {
    size_t count;
    struct arrival *all = list(a, &count);
    for (size_t i = 0; i < count;) {
        struct arrival *file = &all[i];
        err e = file->command != 0 ? OK
                                   : host_files_fetch(host_files(job_host(job)), file->conversation,
                                                      file->number, file->id, file->path, false,
                                                      false, host_now(), &file->command);
        if (e == ERR_LIMIT)
            return;
        if (e == OK) {
            i++;
            continue;
        }
        if (e != ERR_EXISTS)
            warn(job, file, e, 0);
        remove_at(a, i);
        count--;
    }
}

/* The numbers make the name one of its own, so that what is there is this very file. */
static err set_path(struct arrival *file, const char *folder, slice name) {
    buf safe = {0};
    err e = transfer_file_name(&safe, name);
    int n = snprintf(file->path, sizeof file->path, "%s/%u-%llu-%.*s", folder,
                     (unsigned)file->conversation, (unsigned long long)file->number, (int)safe.n,
                     (const char *)safe.p);
    buf_free(&safe);
    return e != OK ? e : n > 0 && (size_t)n < sizeof file->path ? OK : ERR_TOO_LARGE;
}

struct looking {
    struct job *job;
    struct arrivals *a;
    uint32_t conversation;
};

static bool look(void *ctx, const struct core_message *m) {
    const struct looking *l = ctx;
    struct arrival file = {.conversation = l->conversation, .number = m->number};
    if (!m->has_file || m->own)
        return true;
    file.size = m->file.size;
    memcpy(file.id, m->id, sizeof file.id);
    err e = set_path(&file, l->job->args.to, m->file.name);
    if (e == OK)
        e = buf_append(&l->a->list, slice_of((const uint8_t *)&file, sizeof file));
    if (e != OK)
        warn(l->job, &file, e, 0);
    return true;
}

void arrivals_add(struct job *job, struct arrivals *a, uint32_t conversation, uint64_t number) {
    struct looking l = {job, a, conversation};
    err e = core_messages(job_core(job), conversation, number, number, look, &l);
    if (e != OK)
        job_warn(job, e, "could not look at message %llu", (unsigned long long)number);
    begin(job, a);
}

void arrivals_done(struct job *job, struct arrivals *a, const struct core_notice *n) {
    size_t count;
    struct arrival *all = list(a, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].command != n->command)
            continue;
        if (n->error == OK)
            transfer_saved(job, all[i].conversation, all[i].number, all[i].path, all[i].size);
        else
            warn(job, &all[i], n->error, n->reason);
        remove_at(a, i);
        break;
    }
    begin(job, a);
}

void arrivals_end(struct job *job, struct arrivals *a) {
    size_t count;
    const struct arrival *all = list(a, &count);
    for (size_t i = 0; i < count; i++)
        if (all[i].command != 0)
            (void)!core_file_cancel(job_core(job), all[i].command, host_now());
    buf_free(&a->list);
}
