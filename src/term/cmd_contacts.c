#include "term/show.h"
#include "term/command.h"

static void start(struct job *job);

const struct command command_contacts = {
    .name = "contacts",
    .words = "[--offline]",
    .help = "list your contacts",
    .text =
        "Fetches what is new and lists your contacts, each with the beginning of its account's\n"
        "id. Other commands know a contact by its name, or by the beginning of its id (four\n"
        "digits or more). --offline: without fetching.",
    .options = OPTION_OFFLINE,
    .start = start,
};

static void list(struct job *job) {
    struct core_contact contact;
    size_t i = 0;
    while (core_contact_at(job_core(job), i, &contact) == OK) {
        show_contact(job, &contact);
        i++;
    }
    if (i == 0 && !job->out.json) {
        struct line l = {0};
        line_add(&l, "You have no contacts yet. `sotto invite` prints a link for somebody; `sotto "
                     "invite LINK` takes theirs.");
        line_end(&l, &job->out, OUT_NORMAL);
    }
    job_end_fetched(job);
}

static void start(struct job *job) {
    job_fetch(job, list);
}
