#include "sys/files.h"
#include "term/find.h"
#include "term/show.h"
#include "term/command.h"

enum { PICTURE_MODE = 0600 };

static void start(struct job *job);

const struct command command_show = {
    .name = "show",
    .words = "PERSON [--in CONVERSATION] [--picture FILE] [--offline]",
    .help = "show somebody, and save their picture",
    .text =
        "PERSON is a contact, or a member of a conversation. --in: as they show themselves in\n"
        "that conversation. --picture FILE: writes their picture into FILE, in place of what was\n"
        "there. It is PNG, JPEG or WebP by its first bytes, and nobody has looked into it: open\n"
        "it with a program that you trust. --offline: without fetching what is new first.",
    .options = OPTION_IN | OPTION_PICTURE | OPTION_OFFLINE,
    .words_min = 1,
    .words_max = 1,
    .start = start,
};

static void show(struct job *job, const struct core_contact *person, uint32_t met, slice picture) {
    struct line l = {0};
    slice name = person->petname.n > 0 ? person->petname : person->name;
    if (job->out.json) {
        line_object(&l, "person");
        line_hex(&l, "account", SLICE_ARRAY(person->account));
        line_str(&l, "name", name);
        line_bool(&l, "named", person->petname.n > 0);
        line_bool(&l, "contact", met == 0);
        line_bool(&l, "verified", person->verified);
        line_str(&l, "picture", slice_str(show_picture_kind(picture)));
        line_num(&l, "bytes", picture.n);
        line_object_end(&l);
    } else {
        show_person(&l, job, name, person->account);
        line_add(&l, "%s%s\naccount ", met != 0 ? ", not a contact" : "",
                 person->verified ? ", verified" : "");
        for (size_t i = 0; i < CORE_ACCOUNT; i++)
            line_add(&l, "%02x", person->account[i]);
        if (picture.n > 0)
            line_add(&l, "\npicture: %s, %zu bytes", show_picture_kind(picture), picture.n);
        else
            line_add(&l, "\nno picture");
    }
    line_end(&l, &job->out, OUT_NORMAL);
}

/* A member who is no contact: the name that it goes by there. */
static bool take_name(void *ctx, const struct core_member *m) {
    struct core_contact *person = ctx;
    if (memcmp(m->account, person->account, CORE_ACCOUNT) != 0)
        return true;
    person->name = m->name;
    return false;
}

static void fetched(struct job *job) {
    const struct args *args = &job->args;
    struct core_contact person;
    struct core_conversation c = {0};
    slice picture = SLICE_EMPTY;
    uint32_t met;
    if (args->in != NULL && !find_conversation(job, args->in, &c))
        return;
    uint32_t in = c.number;
    if (!find_person(job, args->words[0], &person, &met))
        return;
    uint32_t number = in != 0 ? in : met;
    if (met != 0 && core_members(job_core(job), met, take_name, &person) != OK)
        person.name = SLICE_EMPTY;
    buf name = {0};
    err e = buf_append(&name, person.name); /* other accessors come between */
    person.name = buf_slice(&name);
    if (e == OK)
        e = core_picture_get(job_core(job), person.account, number, &picture);
    if (e == ERR_NOT_FOUND)
        e = args->picture == NULL ? OK : e;
    if (e == OK && args->picture != NULL)
        e = sys_file_write(args->picture, picture, PICTURE_MODE);
    if (e == OK)
        show(job, &person, met, picture);
    buf_free(&name);
    if (e == ERR_NOT_FOUND)
        job_fail_text(job, e, EXIT_UNKNOWN, "they show no picture");
    else if (e != OK)
        job_fail(job, "could not save the picture", e, 0);
    else if (job->late)
        job_away(job);
    job_end(job, e != OK ? job->code : job->late ? EXIT_AWAY : EXIT_FINE);
}

static void start(struct job *job) {
    if (job->args.picture != NULL && job->args.picture[0] == '\0')
        job_fail_text(job, ERR_MALFORMED, EXIT_USAGE, "--picture: it takes a file to write into");
    else
        job_fetch(job, fetched);
}
