#include "term/command.h"

/* In the order in which somebody new needs them. */
/* clang-format off */
const struct command *const commands[] = {
    &command_init,       &command_words,
    &command_passphrase, &command_link,
    &command_unlink,     &command_devices,
    &command_invite,     &command_handle,
    &command_find,       &command_contacts,
    &command_name,       &command_profile,
    &command_show,       &command_requests,
    &command_accept,     &command_decline,
    &command_block,      &command_unblock,
    &command_blocked,    &command_new,
    &command_add,        &command_remove,
    &command_role,       &command_leave,
    &command_renew,      &command_send,
    &command_react,      &command_edit,
    &command_delete,     &command_timer,
    &command_mute,       &command_archive,
    &command_receipts,   &command_typing,
    &command_save,       &command_read,
    &command_search,     &command_listen,
    &command_chat,       &command_status,
    &command_record,     &command_desk,
    &command_verify,     &command_web_check,
    &command_delete_account,&command_help,
    NULL,
};
/* clang-format on */

/* A code is taken by a device that has an account. */
bool command_makes_home(const struct args *args) {
    return (args->command->flags & COMMAND_MAKES_HOME) != 0 && args->code == NULL;
}

const struct command *command_named(const char *name) {
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}
