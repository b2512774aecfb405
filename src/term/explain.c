#include "term/explain.h"

#include "host/posix.h"
#include "term/command.h"

int explain_code(err e) {
    switch (e) {
    case OK:
        return EXIT_FINE;
    case ERR_AGAIN:
    case ERR_TIMEOUT:
    case ERR_EXPIRED:
    case ERR_CLOSED:
        return EXIT_AWAY;
    default:
        break;
    }
    if (e >= ERR_PROXY && e <= ERR_PROXY_ADDRESS) /* they stand together */
        return EXIT_AWAY;
    switch (err_class(e)) {
    case ERR_CLASS_DENIED:
        return EXIT_REFUSED;
    case ERR_CLASS_IO:
        return EXIT_STORE;
    default:
        return EXIT_FAILED;
    }
}

static const struct {
    err e;
    const char *text;
} sentences[] = {
    {ERR_IDENTITY,
     "the server shows a key that is not the one in your invite. Somebody may be trying to "
     "stand between you and the server: nothing was sent. Ask the operator, by another way, "
     "whether "
     "the server's key has changed; if it has not, this is an attack"},
    {ERR_DISK_FULL, "the disk is full, and nothing was changed. Make room, then do it again"},
    {ERR_DAMAGED,
     "the store is damaged, and was left as it is. Move the home away, make a new account with "
     "a new invite, and have your contacts add you again; an older copy of the store can't follow "
     "its conversations any more"},
    {ERR_IO, "the store could not be written or read. Look at the disk, then do it again"},
    {ERR_BUSY, "another process holds the store. End it, or wait until it is done"},
    {ERR_NO_MEMORY, "there is not enough memory"},
    {ERR_STATE, "that can't be done in this state (is there an account, and are you still in the "
                "conversation? see `sotto status`)"},
    {ERR_LIMIT, "a limit is reached. Wait until what is under way is through, then do it again"},
    {ERR_TOO_LARGE, "it is too large"},
    {ERR_LATE, "somebody else's change came first, again and again. Do it again"},
    {ERR_PASSPHRASE, "the passphrase is wrong. Nothing was changed; try again"},
    {ERR_TIMEOUT, "it took too long. What waits is kept and goes on when sotto runs again"},
    {ERR_MLS_KEY_PACKAGE,
     "the other device's key package is not valid: it may be of a newer version"},
};

static const char *known_reason(uint16_t reason) {
    const char *name = host_reason_name(reason);
    if (strcmp(name, "INVITE") == 0)
        return "the invite is not valid: it was used already, has expired, or was never made by "
               "this server. "
               "An invite is good for one account; ask the operator for a new one";
    if (strcmp(name, "PROOF") == 0)
        return "the server does not know this device: it was signed off by the device that has the "
               "identity's key (`sotto unlink`, or its words on another device), or the account "
               "was "
               "removed. What is in this home stays readable";
    if (strcmp(name, "ADDRESS") == 0)
        return "the way to them that is known here holds no longer. Ask them for a new link "
               "(`sotto "
               "invite`), take it with `sotto invite LINK`, then do it again";
    return NULL;
}

void explain_add(struct line *l, err e, uint16_t reason) {
    const char *text = reason != 0 ? known_reason(reason) : NULL;
    for (size_t i = 0; text == NULL && reason == 0 && i < sizeof sentences / sizeof sentences[0];
         i++)
        if (sentences[i].e == e)
            text = sentences[i].text;
    if (text == NULL && reason != 0)
        text = host_reason_text(reason);
    line_add(l, "%s", text != NULL ? text : err_text(e));
}

/* ---- The way to the server ---- */

static const struct {
    err e;
    const char *text;
} ways[] = {
    {ERR_CLOSED, "nothing takes connections there now"},
    {ERR_NOT_FOUND, "there is no host of this name"},
    {ERR_AGAIN, "the network does not lead there, or the name can't be looked up now"},
    {ERR_TIMEOUT, "nothing answers there"},
    {ERR_DENIED, "this machine does not let sotto connect there"},
};

/* Where nobody has said yet that it is a server, the error alone says little. */
static const char *way_text(const struct core_status *s) {
    if (s->last_phase == CORE_PHASE_SESSION || err_class(s->last_error) == ERR_CLASS_IO)
        return err_text(s->last_error);
    if (s->last_phase == CORE_PHASE_HELLO)
        return "what answers there is not a Sotto server, or is just ending";
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (ways[i].e == s->last_error)
            return ways[i].text;
    if (err_class(s->last_error) == ERR_CLASS_AGAIN) /* what the proxy says */
        return err_text(s->last_error);
    return "what answers there speaks something else than TLS or WebSocket, or has no Sotto server "
           "under this path";
}

void explain_way(struct line *l, const struct core_status *s) {
    if (s->last_error == OK)
        line_add(l, "it does not answer");
    else if (s->last_reason != 0)
        line_add(l, "%s", host_reason_text(s->last_reason));
    else
        line_add(l, "%s", way_text(s));
}

void explain_home(struct line *l, err e, const char *home, bool no_passphrase) {
    slice name = slice_str(home);
    if (e == ERR_NOT_FOUND) {
        line_text(l, name);
        line_add(l,
                 ": there is no account here yet. Make one with `sotto init LINK`, with the link "
                 "that the operator of a server gave you");
    } else if (e == ERR_PASSPHRASE) {
        line_add(l, "the passphrase does not open ");
        line_text(l, name);
        line_add(l, "%s",
                 no_passphrase ? ". This home has one: leave --no-passphrase away, or use "
                                 "--passphrase-file FILE"
                               : ". Nothing was changed; try again (or, if it was made with "
                                 "--no-passphrase, say so)");
    } else if (e == ERR_DENIED) {
        line_text(l, name);
        line_add(l, ": this user may not read or write it");
    } else if (e == ERR_BUSY) {
        line_text(l, name);
        line_add(l, ": another sotto is using this home and does not take this command. End it, or "
                    "wait until it is done");
    } else if (e == ERR_UNSUPPORTED) {
        line_text(l, name);
        line_add(l, ": a newer version of sotto wrote this; use that one");
    } else {
        line_text(l, name);
        line_add(l, ": ");
        explain_add(l, e, 0);
    }
}

void explain_print(struct out *out, err e, uint16_t reason, slice sentence) {
    struct line l = {0};
    if (out->json) {
        line_object(&l, NULL);
        line_str(&l, "error", slice_str(err_name(e)));
        if (reason != 0)
            line_str(&l, "reason", slice_str(host_reason_name(reason)));
        line_str(&l, "text", sentence);
        line_object_end(&l);
        line_end(&l, out, OUT_NORMAL);
        return;
    }
    line_add(&l, "sotto: ");
    if (buf_append(&l.json.b, sentence) != OK)
        l.json.e = ERR_NO_MEMORY;
    line_add(&l, ".");
    line_end(&l, out, OUT_TROUBLE);
}
