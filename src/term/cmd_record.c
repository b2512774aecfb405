#include <stdio.h>

#include "base/held.h"
#include "base/time.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_record = {
    .name = "record",
    .words = "",
    .help = "what the server's disk says about this account",
    .text =
        "Asks the server for the record that its disk holds about this account. It is the "
        "complete\n"
        "answer to any request about it: the server's software has no code that could say more.",
    .flags = COMMAND_ASKS,
    .start = start,
};

enum { DATE = 32 };

static void week_text(uint32_t week, char text[DATE]) {
    int year, month, day;
    time_week_date(week, &year, &month, &day);
    snprintf(text, DATE, "%04d-%02d-%02d", year, month, day);
}

static void held_object(struct job *job, const struct core_held *h) {
    struct line l = {0};
    line_object(&l, "held");
    line_str(&l, "kind", h->name);
    line_num(&l, "count", h->count);
    line_num(&l, "bytes", h->bytes);
    line_object_end(&l);
    line_end(&l, &job->out, OUT_NORMAL);
}

static void object(struct job *job, const struct core_record *r, const char *created,
                   const char *seen) {
    struct line l = {0};
    line_object(&l, "record");
    line_bool(&l, "exists", true);
    line_num(&l, "created_week", r->created_week);
    line_str(&l, "created", slice_str(created));
    line_num(&l, "seen_week", r->seen_week);
    line_str(&l, "seen", slice_str(seen));
    line_num(&l, "devices", r->devices);
    line_num(&l, "items", r->items);
    line_num(&l, "bytes", r->bytes);
    line_str(&l, "beside", slice_str(HELD_KINDS));
    line_str(&l, "beside_is", slice_str(HELD_WORDS));
    line_object_end(&l);
    line_end(&l, &job->out, OUT_NORMAL);
}

static void sentences(struct job *job, const struct core_record *r, const char *created,
                      const char *seen) {
    struct line l = {0};
    line_add(
        &l,
        "The account exists; created in the week of %s; last seen in the week of %s; number of "
        "devices: %u; sealed, undelivered items: %u, of %llu bytes with their padding.\n",
        created, seen, (unsigned)r->devices, (unsigned)r->items, (unsigned long long)r->bytes);
    line_add(&l, "Beside it the server has, " HELD_WORDS ": " HELD_KINDS
                 " (docs/WHAT-WE-HOLD.md).\nOf these lead to this account:");
    for (size_t i = 0; i < r->beside_count; i++) {
        line_add(&l, i == 0 ? " " : "; ");
        line_text(&l, r->beside[i].name);
        line_add(&l, ": %llu, of %llu bytes", (unsigned long long)r->beside[i].count,
                 (unsigned long long)r->beside[i].bytes);
    }
    line_add(&l, ". Whose the rest is, the server can't tell.");
    line_end(&l, &job->out, OUT_NORMAL);
}

static void done(struct job *job, const struct core_notice *n) {
    struct core_record r;
    char created[DATE], seen[DATE];
    err e = n->error;
    if (e == OK)
        e = core_record_get(job_core(job), &r);
    if (e != OK) {
        job_fail(job, "could not ask for the record", e, n->reason);
        return;
    }
    week_text(r.created_week, created);
    week_text(r.seen_week, seen);
    if (job->out.json)
        object(job, &r, created, seen);
    else
        sentences(job, &r, created, seen);
    for (size_t i = 0; job->out.json && i < r.beside_count; i++)
        held_object(job, &r.beside[i]);
    job_end(job, EXIT_FINE);
}

static void start(struct job *job) {
    uint64_t command;
    err e = core_record_ask(job_core(job), host_now(), &command);
    if (e != OK)
        job_fail(job, "could not ask for the record", e, 0);
    else
        job_await(job, command, done);
}
