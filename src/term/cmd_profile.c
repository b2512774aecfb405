#include "sys/files.h"
#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_profile = {
    .name = "profile",
    .words = "[--name NAME] [--picture FILE] [--in CONVERSATION] [--reset] [--offline]",
    .help = "what others see of you: name and picture",
    .text =
        "Shows what others see of you, or changes it: in all conversations, or with --in in one\n"
        "alone, where it then stays whatever you change elsewhere; --reset, with --in, ends that.\n"
        "NAME may be empty, and so may FILE, for none. A picture is PNG, JPEG or WebP of up to\n"
        "65536 bytes. It goes out as it is, with all that stands in it: a camera's may say where\n"
        "it was taken. Both travel like messages, where the server can't read them. --offline:\n"
        "without connecting; it goes out next time.",
    .options = OPTION_NAME | OPTION_PICTURE | OPTION_IN | OPTION_RESET | OPTION_OFFLINE,
    .start = start,
};

static void show(struct job *job, uint32_t conversation) {
    struct core_profile p;
    struct line l = {0};
    err e = core_profile_get(job_core(job), conversation, &p);
    if (e != OK) {
        job_fail(job, "could not show it", e, 0);
        return;
    }
    if (job->out.json) {
        line_object(&l, "profile");
        line_num(&l, "conversation", conversation);
        line_str(&l, "name", p.name);
        line_bool(&l, "name_here", p.name_here);
        line_str(&l, "picture", slice_str(show_picture_kind(p.picture)));
        line_num(&l, "bytes", p.picture.n);
        line_bool(&l, "picture_here", p.picture_here);
        line_object_end(&l);
    } else {
        line_add(&l, "name:        ");
        line_text(&l, p.name);
        line_add(&l, "%s%s\npicture:     ", p.name.n == 0 ? "(none)" : "",
                 p.name_here ? ", in this conversation alone" : "");
        if (p.picture.n > 0)
            line_add(&l, "%s, %zu bytes", show_picture_kind(p.picture), p.picture.n);
        else
            line_add(&l, "(none)");
        line_add(&l, "%s", p.picture_here ? ", in this conversation alone" : "");
    }
    line_end(&l, &job->out, OUT_NORMAL);
    job_end(job, job->late ? EXIT_AWAY : EXIT_FINE);
}

static void refuse(struct job *job, err e, bool picture) {
    if (e == ERR_MALFORMED && picture)
        job_fail_text(job, e, EXIT_USAGE,
                      "FILE is no picture (PNG, JPEG or WebP), or NAME is no name (a line of "
                      "visible text, not \"you\", not beginning with an asterisk)");
    else if (e == ERR_TOO_LARGE && picture)
        job_fail_text(job, e, EXIT_USAGE,
                      "a name has up to 64 bytes, a picture up to 65536 and 1024 pixels a side: "
                      "make it smaller");
    else if (!job_refuse_name(job, e))
        job_fail(job, "could not change it", e, 0);
}

static err read_picture(struct job *job, buf *image) {
    if (job->args.picture == NULL || job->args.picture[0] == '\0')
        return OK;
    return sys_file_read(job->args.picture, CORE_PICTURE_MAX, image);
}

static bool change(struct job *job, uint32_t conversation) {
    const struct args *args = &job->args;
    buf image = {0};
    slice name = args->name != NULL ? slice_str(args->name) : SLICE_EMPTY;
    err e = read_picture(job, &image);
    if (e != OK && e != ERR_TOO_LARGE) {
        job_fail_text(job, e, EXIT_USAGE, "the file %.200s can't be read: %s", args->picture,
                      err_text(e));
        return false;
    }
    slice picture = buf_slice(&image);
    if (e == OK)
        e = core_profile_set(job_core(job), conversation, args->name != NULL ? &name : NULL,
                             args->picture != NULL ? &picture : NULL, host_now());
    buf_free(&image);
    if (e != OK)
        refuse(job, e, args->picture != NULL);
    return e == OK;
}

static void fetched(struct job *job) {
    const struct args *args = &job->args;
    struct core_conversation c = {0};
    bool changes = args->name != NULL || args->picture != NULL || args->reset;
    if (args->in != NULL && !find_conversation(job, args->in, &c))
        return;
    uint32_t number = c.number;
    if (changes && !change(job, number))
        return;
    if (job->late && changes)
        job_away(job);
    show(job, number);
}

static void start(struct job *job) {
    const struct args *args = &job->args;
    bool given = args->name != NULL || args->picture != NULL;
    if (args->reset && (given || args->in == NULL))
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE,
                      "--reset goes with --in CONVERSATION, and with nothing else");
    else if (given || args->reset)
        job_fetch(job, fetched);
    else
        fetched(job);
}
