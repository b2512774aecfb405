/* The commands: one file each, a const descriptor at its top; command.c lists them. */
#ifndef SOTTO_TERM_COMMAND_H
#define SOTTO_TERM_COMMAND_H

#include "term/args.h"
#include "term/job.h"

/* How a program ends; docs/man/sotto.1 lists them. */
enum exit_code {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_AWAY = 3,    /* the server can't be reached, or doesn't answer in time */
    EXIT_REFUSED = 4, /* passphrase, invite, keys: not allowed */
    EXIT_STORE = 5,   /* the store: disk full, damaged, in use */
    EXIT_UNKNOWN = 6, /* no such contact or conversation, or several */
    EXIT_PARTLY = 7,  /* sent, but not every member's mailbox took it */
    EXIT_HELD = 8,    /* kept, and held back: nobody could take or read it now */
    EXIT_DIFFERS = 9, /* the web page is not the one that was built */
    EXIT_STOPPED = 130
};

enum command_flags {
    COMMAND_MAKES_HOME = 1,
    COMMAND_WITHOUT_HOME = 2, /* main.c does all of it */
    COMMAND_STAYS = 4,        /* runs until it is told to end: no time limit, and serves others */
    COMMAND_ALONE = 8,        /* can't be handed to another process */
    COMMAND_ASKS = 16,        /* only asks: nothing of it is kept for later */
    COMMAND_LOCKS = 32        /* app.c does all of it, on a home that nobody has open */
};

struct command {
    const char *name, *words, *help; /* help: one line */
    const char *text;                /* more of it, for `sotto help NAME` */
    unsigned options, flags;
    size_t words_min, words_max;
    void (*start)(struct job *job);
    /* Notices of the core besides what the job awaits. May be NULL. */
    void (*notice)(struct job *job, const struct core_notice *notice);
    /* It was stopped by a signal, or is over: let go of what is held. May be NULL. */
    void (*over)(struct job *job);
    /* Does all of it, without a home, and returns the exit code; then there is no start(). */
    int (*alone)(const struct args *args, struct out *out);
};

/* Whether this command line makes a home where there is none. */
bool command_makes_home(const struct args *args);

#define WORDS_ANY ((size_t)-1)

extern const struct command *const commands[];
const struct command *command_named(const char *name);

extern const struct command command_init, command_invite, command_contacts, command_name,
    command_new, command_add, command_remove, command_leave, command_renew, command_send,
    command_save, command_read, command_listen, command_chat, command_status, command_record,
    command_verify, command_help, command_requests, command_accept, command_decline, command_block,
    command_unblock, command_blocked, command_delete_account, command_handle, command_find,
    command_react, command_search, command_edit, command_delete, command_timer, command_mute,
    command_archive, command_receipts, command_typing, command_role;
extern const struct command command_words, command_passphrase, command_link, command_unlink,
    command_devices;
extern const struct command command_profile, command_show, command_desk, command_web_check;

#endif
