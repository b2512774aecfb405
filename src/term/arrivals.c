#include "term/arrivals.h"

#include <stdio.h>

#include "host/files.h"
#include "term/command.h"
#include "term/transfer.h"

enum { MOST_DEFAULT = 1024, WAITING_MAX = 128, SHARE = 4 };

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

static void warn_text(struct job *job, const struct arrival *file, err e, const char *why) {
    job_warn(job, e,
             "the file of message %llu in conversation %u was not saved: %s. `sotto save %u %llu` "
             "saves it",
             (unsigned long long)file->number, (unsigned)file->conversation, why,
             (unsigned)file->conversation, (unsigned long long)file->number);
}

static void warn(struct job *job, const struct arrival *file, err e, uint16_t reason) {
    warn_text(job, file, e, reason != 0 ? host_reason_text(reason) : err_text(e));
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
        if (e == ERR_EXISTS)
            a->bytes -= file->size;
        else
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

/* Nobody sits in front of it: what others send must not fill the disk, nor one of them, by one
 * file, use up what is there for all. What fails later has taken its room all the same, since a
 * part of it may be left. */
static bool admit(struct job *job, struct arrivals *a, const struct arrival *file) {
    uint64_t most = (job->args.has_most ? job->args.most : MOST_DEFAULT) << 20;
    const char *why = NULL;
    if (file->size > most / SHARE)
        why = "it is larger than a quarter of what is saved in all, as --most says";
    else if (file->size > most - a->bytes)
        why = "as much was saved already as --most says";
    else if (a->list.n / sizeof *file >= WAITING_MAX)
        why = "too many wait already";
    if (why != NULL)
        warn_text(job, file, ERR_LIMIT, why);
    return why == NULL;
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
    if (!admit(l->job, l->a, &file))
        return true;
    err e = set_path(&file, l->job->args.to, m->file.name);
    if (e == OK)
        e = buf_append(&l->a->list, slice_of((const uint8_t *)&file, sizeof file));
    if (e == OK)
        l->a->bytes += file.size;
    else
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
    for (size_t i = 0; i < count; i++) {
        warn_text(job, &all[i], ERR_CLOSED, "this ends before");
        if (all[i].command != 0)
            (void)!core_file_cancel(job_core(job), all[i].command, host_now());
    }
    buf_free(&a->list);
}
