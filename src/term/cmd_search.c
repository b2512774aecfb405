#include <stdlib.h>

#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_search = {
    .name = "search",
    .words = "[--in CONVERSATION] [--last N] WORDS...",
    .help = "find what was said",
    .text =
        "Shows the messages of this home that have all WORDS in their text or in their file's\n"
        "name, in CONVERSATION or in all: the last N of each, 20 if it isn't said, with their\n"
        "numbers. Capitals and small letters are the same; a word may stand within another.\n"
        "What was withdrawn or has disappeared is not found, and of what was corrected the last\n"
        "text is. Nothing is fetched, and nothing counts as read.",
    .options = OPTION_IN | OPTION_LAST,
    .words_min = 1,
    .words_max = WORDS_ANY,
    .start = start,
};

enum { MOST = 20 };

struct searching {
    size_t next; /* of all conversations; not used if one was named */
    struct core_conversation c;
    buf numbers; /* u64 each, of what was found in it and is not shown yet, from `at` */
    size_t at;
    bool some;
};

static uint64_t number_at(const struct searching *s, size_t i) {
    uint64_t number;
    memcpy(&number, s->numbers.p + i * sizeof number, sizeof number);
    return number;
}

static size_t count(const struct searching *s) {
    return s->numbers.n / sizeof(uint64_t);
}

static bool take(void *ctx, const struct core_message *m) {
    struct searching *s = ctx;
    /* Without memory for it there is an end to what is found. */
    return buf_append(&s->numbers, slice_of(&m->number, sizeof m->number)) == OK;
}

static int by_number(const void *a, const void *b) {
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static err find(struct job *job, struct searching *s) {
    uint64_t most = job->args.has_last ? job->args.last : MOST, before = 0;
    buf words = {0};
    err e = args_join(&job->args, 0, &words);
    buf_clear(&s->numbers);
    s->at = 0;
    do {
        if (e == OK)
            e = core_search(job_core(job), s->c.number, buf_slice(&words), before, take, s,
                            &before);
    } while (e == OK && before != 0 && count(s) < most);
    buf_free(&words);
    if (count(s) > 0)
        qsort(s->numbers.p, count(s), sizeof(uint64_t), by_number);
    if (count(s) > most)
        s->at = count(s) - most;
    s->some |= count(s) > s->at;
    return e;
}

/* False: all is shown. */
static err find_next(struct job *job, struct searching *s, bool *more) {
    *more = true;
    while (s->at == count(s)) {
        if (job->args.in != NULL || core_conversation_at(job_core(job), s->next++, &s->c) != OK) {
            *more = false;
            return OK;
        }
        TRY(find(job, s));
    }
    return OK;
}

static void printed(struct job *job);

static void finish(struct job *job) {
    struct searching *s = job->state;
    struct line l = {0};
    buf_free(&s->numbers);
    if (!s->some && !job->out.json) {
        line_add(&l, "Nothing found.");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    job_end(job, EXIT_FINE);
}

static void fail(struct job *job, err e) {
    struct searching *s = job->state;
    buf_free(&s->numbers);
    if (e == ERR_MALFORMED)
        job_fail_text(job, e, EXIT_USAGE, "which words?");
    else
        job_fail(job, "could not search", e, 0);
}

static void printed(struct job *job) {
    struct searching *s = job->state;
    bool more;
    err e = find_next(job, s, &more);
    while (e == OK && more) {
        uint64_t number = number_at(s, s->at++);
        struct show_messages what = {
            .first = number, .last = number, .named = job->args.in == NULL, .numbers = true};
        e = show_messages(job, &s->c, &what);
        if (e == OK && !job_printed(job, printed))
            return;
        if (e == OK)
            e = find_next(job, s, &more);
    }
    if (e != OK)
        fail(job, e);
    else
        finish(job);
}

static void start(struct job *job) {
    struct searching *s = job_state(job, sizeof *s);
    if (s == NULL)
        return;
    if (job->args.in != NULL) {
        if (!find_conversation(job, job->args.in, &s->c))
            return;
        err e = find(job, s);
        if (e != OK) {
            fail(job, e);
            return;
        }
    }
    printed(job);
}
