/* How a device comes to an account that exists: with the list that the identity's device signed for
 * it (a link), or, if it took the identity's key over (the words), with one that it signs itself,
 * and in which it has the place of the first device. */
#include "core/internal.h"

/* Others who hold the identity's key, too, may be ahead of us so many times. */
enum { OVERTAKEN_MAX = 8 };

/* ---- The first login ---- */

static void list_send(struct core *core);

static void joined(struct core *core, const struct request *request, err e, uint16_t reason,
                   uint16_t type, slice body) {
    (void)request, (void)body;
    if (e == OK && type == PROTO_ok) {
        core_login_done(core);
    } else if (e == OK) {
        core_session_bad_answer(core, AUTH);
    } else if (e == ERR_DENIED && reason == PROTO_REASON_OLDER && core->account.r.has_identity &&
               core->overtaken < OVERTAKEN_MAX) {
        /* Whoever holds the identity's key makes another list, on top of the newer one. */
        core->overtaken++;
        list_send(core);
    } else if (e == ERR_DENIED && !core_session_passing(reason)) {
        core_login_failed(core, ERR_DENIED, reason);
    } else if (e == ERR_DENIED) {
        core_session_close(core, &core->sessions[AUTH], ERR_DENIED, reason);
    }
}

static void join_send(struct core *core) {
    const struct record_account *a = &core->account.r;
    struct proto_device_join m = {.devices = a->devices};
    buf body = buf_on(core->mem);
    memcpy(m.device, a->device, sizeof m.device);
    memcpy(m.mailbox_key, a->mailbox_key, sizeof m.mailbox_key);
    err e = core_login_prove(core, a->device_seed, PROTO_LABEL_LOGIN, m.proof);
    if (e == OK)
        e = proto_device_join_encode(&body, &m);
    core_login_send(core, PROTO_device_join, &body, e, joined);
    buf_free(&body);
}

/* ---- With the identity's key alone ---- */

/* We have the place of the first device, whose key we have; the others stay. */
static err follow(struct core *core, const struct proto_device_list *old) {
    const struct record_account *a = &core->account.r;
    struct proto_device first, us;
    reader r = reader_of(old->devices.bytes);
    buf list = buf_on(core->mem);
    memcpy(us.id, a->device, sizeof us.id);
    memcpy(us.key, a->device_key, sizeof us.key);
    err e = proto_device_read(&r, &first);
    if (e == OK)
        e = core_account_list_after(a, old, first.id, &us, &list);
    if (e == OK)
        e = core_txn_begin(core);
    if (e == OK) {
        core->account.r.devices = buf_slice(&list);
        e = core_txn_end(core, core_account_save(core));
    }
    buf_free(&list);
    return e;
}

/* A list of lower version than the one that we signed on top of what the server showed before. */
static bool goes_back(const struct core *core, const struct proto_device_list *list) {
    struct proto_device_list signed_last;
    return core_devices_own(core, &signed_last) == OK && list->version < signed_last.version;
}

static void list_came(struct core *core, const struct request *request, err e, uint16_t reason,
                      uint16_t type, slice body) {
    struct proto_device_list_is answer;
    struct proto_device_list list;
    (void)request;
    if (e == ERR_DENIED && !core_session_passing(reason)) {
        core_login_failed(core, ERR_DENIED, reason);
    } else if (e == ERR_DENIED) {
        core_session_close(core, &core->sessions[AUTH], ERR_DENIED, reason);
    } else if (e == OK) {
        if (type != PROTO_device_list_is || proto_device_list_is_decode(body, &answer) != OK ||
            lookup_devices_check(answer.devices, &list) != OK ||
            memcmp(list.identity, core->account.r.identity, sizeof list.identity) != 0)
            core_session_bad_answer(core, AUTH);
        else if (goes_back(core, &list))
            core_login_failed(core, ERR_LATE, 0);
        else if (follow(core, &list) == OK)
            join_send(core);
    }
}

static void list_send(struct core *core) {
    const struct record_account *a = &core->account.r;
    struct proto_device_list_get m;
    buf body = buf_on(core->mem);
    memcpy(m.identity, a->identity, sizeof m.identity);
    err e = core_login_prove(core, a->identity_seed, PROTO_LABEL_IDENTITY, m.proof);
    if (e == OK)
        e = proto_device_list_get_encode(&body, &m);
    core_login_send(core, PROTO_device_list_get, &body, e, list_came);
    buf_free(&body);
}

void core_join_start(struct core *core) {
    if (core->account.r.devices.n > 0)
        join_send(core);
    else
        list_send(core);
}
