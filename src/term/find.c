#include "term/find.h"

#include "term/command.h"

static void not_found(struct job *job, err e, const char *kind, const char *text) {
    struct line l = {0};
    line_text(&l, slice_str(text));
    if (l.e != OK || buf_append_byte(&l.b, 0) != OK)
        job_fail(job, "could not look", ERR_NO_MEMORY, 0);
    else if (e == ERR_LIMIT)
        job_fail_text(job, e, EXIT_UNKNOWN,
                      "several fit \"%.200s\": use the number of the conversation (`sotto status`) or "
                      "the beginning of the contact's id (`sotto contacts`)",
                      (const char *)l.b.p);
    else if (e == ERR_NOT_FOUND)
        job_fail_text(job, e, EXIT_UNKNOWN,
                      "there is no %s \"%.200s\". `sotto status` lists conversations, `sotto "
                      "contacts` lists contacts",
                      kind, (const char *)l.b.p);
    else
        job_fail(job, "could not look", e, 0);
    buf_free(&l.b);
}

bool find_conversation(struct job *job, const char *text, struct core_conversation *c) {
    err e = core_conversation_find(job_core(job), slice_str(text), c);
    if (e != OK)
        not_found(job, e, "conversation", text);
    return e == OK;
}

bool find_contact(struct job *job, const char *text, struct core_contact *contact) {
    err e = core_contact_find(job_core(job), slice_str(text), contact);
    if (e != OK)
        not_found(job, e, "contact", text);
    return e == OK;
}

bool find_or_make_conversation(struct job *job, const char *text, uint32_t *number) {
    struct core_conversation c;
    struct core_contact contact;
    uint64_t command;
    err e = core_conversation_find(job_core(job), slice_str(text), &c);
    if (e == OK) {
        *number = c.number;
        return true;
    }
    if (e == ERR_NOT_FOUND)
        e = core_contact_find(job_core(job), slice_str(text), &contact);
    if (e != OK) {
        not_found(job, e, "conversation or contact", text);
        return false;
    }
    uint8_t account[1][CORE_ACCOUNT];
    memcpy(account[0], contact.account, CORE_ACCOUNT);
    e = core_conversation_new(job_core(job), SLICE_EMPTY, (const uint8_t(*)[CORE_ACCOUNT])account, 1,
                              host_now(), &command, number);
    if (e != OK)
        job_fail(job, "could not begin a conversation", e, 0);
    return e == OK;
}
