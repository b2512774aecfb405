/* How the authenticated session becomes a device's: registration or login, then subscription. */
#include "core/internal.h"

static void login_send(struct core *core);

static void subscribed(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    (void)request, (void)reason, (void)body;
    struct core_session *s = &core->sessions[AUTH];
    if (e != OK)
        return;
    if (type != PROTO_ok) {
        core_session_bad_answer(core, AUTH);
        return;
    }
    s->step = STEP_READY;
    s->failures = 0;
    uint64_t shortly = core_shortly(core);
    if (core->revoke_after < shortly)
        core->revoke_after = shortly;
    core->out = false;
    core->last_error = OK;
    core->last_reason = 0;
    struct core_notice notice = {.kind = CORE_NOTICE_CONNECTION};
    core_action_notice(core, &notice);
}

void core_login_send(struct core *core, uint16_t type, const buf *body, err e, request_done *done) {
    if (e == OK)
        e = core_session_request(core, AUTH, type, buf_slice(body), done, 0);
    if (e != OK)
        core_session_close(core, &core->sessions[AUTH], e, 0);
}

static void subscribe(struct core *core) {
    struct proto_subscribe m = {.after = core->counters.position};
    buf body = buf_on(core->mem);
    core->subscription++;
    core_desk_ask(core); /* first: what comes then is known to be the desk's, or not */
    core_login_send(core, PROTO_subscribe, &body, proto_subscribe_encode(&body, &m), subscribed);
    buf_free(&body);
}

/* ---- Registration's outcome ---- */

static err set_registered(struct core *core) {
    TRY(core_txn_begin(core));
    core->account.r.registered = true;
    memset(core->account.r.code, 0, sizeof core->account.r.code);
    return core_txn_end(core, core_account_save(core));
}

void core_login_failed(struct core *core, err error, uint16_t reason) {
    uint64_t command = core->account.r.command;
    if (core_txn_begin(core) != OK)
        return;
    core->account.r.command = 0;
    core->account.r.tried = false;
    err e = core_account_save(core);
    core_action_done(core, command, error, reason, SLICE_EMPTY, 0);
    if (core_txn_end(core, e) == OK)
        core_session_close_all(core, ERR_DENIED);
}

void core_login_done(struct core *core) {
    if (set_registered(core) == OK)
        subscribe(core);
}

/* ---- Login ---- */

static void logged_in(struct core *core, const struct request *request, err e, uint16_t reason,
                      uint16_t type, slice body) {
    (void)request, (void)body;
    bool registered = core->account.r.registered;
    if (e == ERR_DENIED && !registered && reason == PROTO_REASON_PROOF) {
        /* The code was used, and not by us. */
        core_login_failed(core, ERR_DENIED, PROTO_REASON_INVITE);
    } else if (e == ERR_DENIED && !registered) {
        core_session_close(core, &core->sessions[AUTH], ERR_DENIED, reason);
    } else if (e == ERR_DENIED && reason == PROTO_REASON_PROOF) {
        core->out = true;
        core_action_trouble(core, ERR_DENIED, reason, "the server does not know this device");
    } else if (e == OK && type != PROTO_ok) {
        core_session_bad_answer(core, AUTH);
    } else if (e == OK && (registered || set_registered(core) == OK)) {
        subscribe(core);
    }
}

err core_login_prove(const struct core *core, const uint8_t seed[32], const char *label,
                     uint8_t proof[64]) {
    return crypto_sign_labeled(proof, seed, label, slice_of(core->sessions[AUTH].hash, NOISE_HASH));
}

static err prove(const struct core *core, uint8_t proof[64]) {
    return core_login_prove(core, core->account.r.device_seed, PROTO_LABEL_LOGIN, proof);
}

static void login_send(struct core *core) {
    struct proto_login m = {0};
    buf body = buf_on(core->mem);
    memcpy(m.account, core->account.r.account, sizeof m.account);
    memcpy(m.device, core->account.r.device, sizeof m.device);
    err e = prove(core, m.proof);
    if (e == OK)
        e = proto_login_encode(&body, &m);
    core_login_send(core, PROTO_login, &body, e, logged_in);
    buf_free(&body);
}

/* ---- Registration ---- */

static void registered(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    (void)body;
    bool tried_before = request->number != 0;
    bool refused = reason == PROTO_REASON_INVITE || reason == PROTO_REASON_CLOSED;
    if (e == OK && type == PROTO_ok) {
        if (set_registered(core) == OK)
            subscribe(core);
    } else if (e == OK) {
        core_session_bad_answer(core, AUTH);
    } else if (e == ERR_DENIED && (reason == PROTO_REASON_EXISTS || (refused && tried_before))) {
        /* An earlier try whose answer was lost did it. */
        login_send(core);
    } else if (e == ERR_DENIED && !core_session_passing(reason)) {
        core_login_failed(core, ERR_DENIED, reason);
    } else if (e == ERR_DENIED) {
        core_session_close(core, &core->sessions[AUTH], ERR_DENIED, reason);
    }
}

static err set_tried(struct core *core) {
    TRY(core_txn_begin(core));
    core->account.r.tried = true;
    return core_txn_end(core, core_account_save(core));
}

static err register_body(struct core *core, buf *body) {
    struct proto_register_account m = {.devices = core->account.r.devices};
    memcpy(m.code, core->account.r.code, sizeof m.code);
    memcpy(m.device, core->account.r.device, sizeof m.device);
    memcpy(m.mailbox_key, core->account.r.mailbox_key, sizeof m.mailbox_key);
    TRY(prove(core, m.proof));
    return proto_register_account_encode(body, &m);
}

static void register_send(struct core *core, struct core_session *s) {
    bool tried_before = core->account.r.tried;
    uint32_t link = s->link;
    if (!tried_before && set_tried(core) != OK)
        return;
    if (s->link != link)
        return;
    buf body = buf_on(core->mem);
    err e = register_body(core, &body);
    if (e == OK)
        e = core_session_request(core, AUTH, PROTO_register_account, buf_slice(&body), registered,
                                 tried_before);
    if (e != OK)
        core_session_close(core, s, e, 0);
    buf_free(&body);
}

void core_login_start(struct core *core, struct core_session *s) {
    if (core->account.r.registered)
        login_send(core);
    else if (core->account.r.joining)
        core_join_start(core);
    else
        register_send(core, s);
}
