/* The calls of the page: each has a name and arguments, which are text or raw bytes, and answers
 * with one value in JSON. docs/WEB-CALLS.md has their list. */
#ifndef SOTTO_WEB_CALLS_H
#define SOTTO_WEB_CALLS_H

#include "base/json.h"
#include "core/core.h"

struct call {
    struct core *core;
    uint64_t now;
    const slice *args; /* what stands after the name */
    size_t count;
    struct json *out; /* the answer */
    bool wrong;       /* an argument is not what it should be */
    uint32_t word;    /* of an identity's words, the first that is none; 0 else */
};

/* X(the name, the function, least and most arguments) */
enum { CALL_ARGS_MAX = 1100 };
/* clang-format off */
#define CALL_LIST(X)                                                                               \
    /* views */                                                                                    \
    X("status", status, 0, 0)                                                                      \
    X("conversations", conversations, 0, 0)                                                        \
    X("conversation", conversation, 1, 1)                                                          \
    X("messages", messages, 3, 3)                                                                  \
    X("search", search, 3, 3)                                                                      \
    X("receipts", receipts, 0, 0)                                                                  \
    X("typing", typing, 0, 0)                                                                      \
    X("writing", writing, 1, 1)                                                                    \
    X("members", members, 1, 1)                                                                    \
    X("roles", roles, 1, 1)                                                                        \
    X("contacts", contacts, 0, 0)                                                                  \
    X("blocked", blocked, 0, 0)                                                                    \
    X("devices", devices, 0, 0)                                                                    \
    X("links", links, 0, 0)                                                                        \
    X("safety", safety, 1, 1)                                                                      \
    X("words", words, 0, 0)                                                                        \
    X("linking", linking, 0, 0)                                                                    \
    X("handle", handle, 0, 0)                                                                      \
    X("found", found, 0, 0)                                                                        \
    X("profile", profile, 1, 1)                                                                    \
    X("picture", picture, 2, 2)                                                                    \
    X("desk", desk, 0, 0)                                                                          \
    X("notices", notices, 0, 0)                                                                    \
    X("record-get", record_get, 0, 0)                                                              \
    /* commands: a notice DONE comes later */                                                      \
    X("create", create, 2, 2)                                                                      \
    X("take", take, 3, 3)                                                                          \
    X("link", link, 1, 1)                                                                          \
    X("link-take", link_take, 1, 1)                                                                \
    X("unlink", unlink, 1, 1)                                                                      \
    X("contact-link", contact_link, 2, 2)                                                          \
    X("new", new, 1, CALL_ARGS_MAX)                                                                \
    X("add", add, 2, 2)                                                                            \
    X("remove", remove, 2, 2)                                                                      \
    X("rename", rename, 2, 2)                                                                      \
    X("leave", leave, 1, 1)                                                                        \
    X("renew", renew, 1, 1)                                                                        \
    X("send", send, 4, 4)                                                                          \
    X("edit", edit, 3, 3)                                                                          \
    X("delete", delete, 2, 2)                                                                      \
    X("timer", timer, 2, 2)                                                                        \
    X("timer-all", timer_all, 2, 2)                                                                \
    X("role", role, 3, 3)                                                                          \
    X("handle-claim", handle_claim, 2, 2)                                                          \
    X("handle-drop", handle_drop, 0, 0)                                                            \
    X("handle-find", handle_find, 2, 2)                                                            \
    X("record", record, 0, 0)                                                                      \
    X("delete-account", delete_account, 0, 0)                                                      \
    X("file-send", file_send, 7, 7)                                                                \
    X("file-fetch", file_fetch, 5, 5)                                                              \
    /* done at once */                                                                             \
    X("link-confirm", link_confirm, 1, 1)                                                          \
    X("receipts-set", receipts_set, 1, 1)                                                          \
    X("typing-set", typing_set, 1, 1)                                                              \
    X("writes", writes, 1, 1)                                                                      \
    X("draft-set", draft_set, 2, 2)                                                                \
    X("mute", mute, 2, 2)                                                                          \
    X("archive", archive, 2, 2)                                                                    \
    X("read", read, 2, 2)                                                                          \
    X("accept", accept, 2, 2)                                                                      \
    X("decline", decline, 1, 1)                                                                    \
    X("block", block, 1, 1)                                                                        \
    X("unblock", unblock, 1, 1)                                                                    \
    X("contact-accept", contact_accept, 2, 2)                                                      \
    X("contact-rename", contact_rename, 2, 2)                                                      \
    X("meet", meet, 3, 3)                                                                          \
    X("verified", verified, 2, 2)                                                                  \
    X("link-revoke", link_revoke, 1, 1)                                                            \
    X("found-accept", found_accept, 1, 1)                                                          \
    X("file-cancel", file_cancel, 1, 1)                                                            \
    X("profile-set", profile_set, 3, 3)                                                            \
    X("online", online, 1, 1)                                                                      \
    X("notice-read", notice_read, 1, 1)                                                            \
    X("desk-accept", desk_accept, 1, 1)
/* clang-format on */
#define X(name, function, least, most) MUST err call_##function(struct call *c);
CALL_LIST(X)
#undef X

/* Takes a whole call apart (docs/WEB-CALLS.md) and carries it out. out becomes {"answer":VALUE}, or
 * {"error":NAME}: USAGE for an unknown call or an argument that is none of its kind, and then
 * nothing was done; CLOSED if core is NULL. */
void call_run(struct core *core, uint64_t now, slice bytes, struct json *out);

/* ---- Arguments, from 0 ---- MALFORMED, and `wrong` is set */

MUST err call_text(struct call *c, size_t i, slice *text); /* UTF-8 without a NUL */
MUST err call_u64(struct call *c, size_t i, uint64_t *number);
MUST err call_u32(struct call *c, size_t i, uint32_t *number);
MUST err call_bool(struct call *c, size_t i, bool *yes); /* "1" or "0" */
MUST err call_hex(struct call *c, size_t i, uint8_t *out, size_t n);
/* *id is NULL where there is none, else out. */
MUST err call_id_or_none(struct call *c, size_t i, uint8_t out[CORE_MESSAGE_ID],
                         const uint8_t **id);

/* ---- Answers ---- */

/* Hexadecimal, or "" for what is all zero. */
void call_put_id(struct json *out, const char *name, slice id);

#endif
