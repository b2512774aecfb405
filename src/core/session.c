/* The sessions: connection, hello, Noise handshake, frames with request ids, time limits, and
 * trying again. */
#include "core/internal.h"

#define OPEN_TIME (20 * TIME_SECOND)   /* for each step until a session is ready */
#define PROXY_TIME (70 * TIME_SECOND)  /* for the first of them through a proxy */
#define ANSWER_TIME (30 * TIME_SECOND) /* for each request */
#define SILENCE_TIME (2 * TIME_MINUTE) /* then a ping */
/* An anonymous session that nobody uses closes after a while, by chance a shorter or a longer one:
 * so that neither its beginning nor its end says when the other one's are. */
#define IDLE_LEAST (20 * TIME_SECOND)
#define IDLE_MOST (80 * TIME_SECOND)
/* Between the end of one and the beginning of the one that waits for its place. */
#define REST_LEAST (TIME_SECOND / 2)
#define REST_MOST (3 * TIME_SECOND)

uint64_t core_backoff(uint32_t failures, uint64_t first, uint64_t most) {
    uint64_t delay = first;
    for (uint32_t i = 0; i < failures && delay < most; i++)
        delay *= 2;
    if (delay > most)
        delay = most;
    return delay / 2 + core_random(delay + 1);
}

bool core_session_passing(uint16_t reason) {
    return reason == PROTO_REASON_BUSY || reason == PROTO_REASON_LIMIT ||
           reason == PROTO_REASON_DISK || reason == PROTO_REASON_TIMEOUT ||
           reason == PROTO_REASON_UPLOADS;
}

/* ---- State ---- */

static bool wanted(const struct core *core, enum session_kind kind) {
    const struct record_account *a = &core->account.r;
    if (!core->online || core->leaving || core->broken || core->replaced || core->refused)
        return false;
    if (core_linking_is_new(core))
        return kind == ANON;
    if (!core->account.exists || a->deleted)
        return false;
    if (kind == ANON && core_linking_wants(core))
        return true;
    return a->registered || (kind == AUTH && a->command != 0);
}

bool core_session_ready(const struct core *core, enum session_kind kind) {
    return kind == ANON ? wanted(core, ANON) : core->sessions[AUTH].step == STEP_READY;
}

static bool has_room(const struct core_session *s) {
    return s->step == STEP_READY && s->request_count < REQUESTS_MAX / 2;
}

static void notice_connection(struct core *core) {
    struct core_notice notice = {
        .kind = CORE_NOTICE_CONNECTION, .error = core->last_error, .reason = core->last_reason};
    core_action_notice(core, &notice);
}

static bool is_open(const struct core_session *s) {
    return s->step > STEP_WAIT;
}

/* Every request that waits ends here; what it asked may or may not have been carried out. */
static void fail_requests(struct core *core, struct core_session *s, err why) {
    while (s->request_count > 0) {
        struct request request = s->requests[--s->request_count];
        request.done(core, &request, why, 0, 0, SLICE_EMPTY);
    }
}

static void wipe_session(struct core_session *s) {
    noise_wipe(&s->noise);
    wipe(&s->send, sizeof s->send);
    wipe(&s->receive, sizeof s->receive);
    wipe(s->hash, sizeof s->hash);
    buf_free(&s->client_hello);
    buf_free(&s->server_hello);
}

void core_session_fini(struct core_session *s) {
    wipe_session(s);
}

static enum core_phase phase_of(enum session_step step) {
    return step <= STEP_CONNECTING ? CORE_PHASE_CONNECT
           : step == STEP_HELLO    ? CORE_PHASE_HELLO
                                   : CORE_PHASE_SESSION;
}

void core_session_close(struct core *core, struct core_session *s, err why, uint16_t reason) {
    enum core_phase phase = phase_of(s->step);
    bool open = is_open(s);
    if (open)
        core_action_disconnect(core, s->link);
    bool again = wanted(core, s->kind) && (s->kind == AUTH || why != OK);
    s->link = 0;
    s->step = again ? STEP_WAIT : STEP_OFF;
    if (!open)
        return;
    bool slow = reason == PROTO_REASON_BUSY || reason == PROTO_REASON_LIMIT ||
                reason == PROTO_REASON_PROOF || reason == PROTO_REASON_VERSION;
    if (again)
        s->at = core->now +
                core_backoff(s->failures++, slow ? 8 * TIME_SECOND : TIME_SECOND / 2, TIME_MINUTE);
    wipe_session(s);
    if (s->kind == AUTH)
        core->caught_up = core->held = core->count_known = core->stock_busy = core->key_told =
            core->key_asked = false;
    if (s->kind == AUTH || why != OK) {
        core->last_error = why;
        core->last_reason = reason;
        core->last_phase = phase;
    }
    fail_requests(core, s, ERR_CLOSED);
    notice_connection(core);
}

void core_session_close_all(struct core *core, err why) {
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        core_session_close(core, &core->sessions[i], why, 0);
}

void core_session_bad_answer(struct core *core, enum session_kind kind) {
    struct core_session *s = core->answering;
    if (s != NULL && s->kind == kind)
        core_session_close(core, s, ERR_MALFORMED, 0);
}

static void refuse(struct core *core) {
    core->refused = true;
    core_action_trouble(core, ERR_IDENTITY, 0,
                        "the server's key is not the one that the invite named: either this is "
                        "another server, or somebody stands in between");
    core_session_close_all(core, ERR_IDENTITY);
}

/* ---- Opening ---- */

static void used(const struct core *core, struct core_session *s) {
    s->idle_at = core_moment(core, IDLE_LEAST, IDLE_MOST);
}

static void start(struct core *core, struct core_session *s) {
    s->step = STEP_CONNECTING;
    s->link = core->next_link++;
    s->at = core->now + (core->network.r.proxy.n > 0 ? PROXY_TIME : OPEN_TIME);
    s->next_request = 1;
    core_action_connect(core, s->link, core_server(core));
}

static struct core_session *find(struct core *core, uint32_t link) {
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (link != 0 && core->sessions[i].link == link && is_open(&core->sessions[i]))
            return &core->sessions[i];
    return NULL;
}

/* ---- Lanes ---- */

uint32_t core_session_lane(const struct core *core, uint32_t conversation) {
    return core_network_isolates(core) ? conversation : 0;
}

static struct core_session *lane_find(struct core *core, uint32_t lane) {
    for (size_t i = 1; i < SESSIONS_MAX; i++)
        if (core->sessions[i].step != STEP_OFF && core->sessions[i].lane == lane)
            return &core->sessions[i];
    return NULL;
}

/* An end and a beginning at one time, or several ends, would be seen to be one client's: so its
 * place is free a moment later. */
static void end_lane(struct core *core, struct core_session *s) {
    core_session_close(core, s, OK, 0);
    s->step = STEP_REST;
    s->at = core_moment(core, REST_LEAST, REST_MOST);
}

/* The one that would close next ends, if nothing is under way on it. One that waits before it tries
 * again keeps its place: else many lanes together would never wait. */
static void make_room(struct core *core) {
    struct core_session *found = NULL;
    for (size_t i = 1; i < SESSIONS_MAX; i++) {
        struct core_session *s = &core->sessions[i];
        bool idle = s->step == STEP_READY && s->request_count == 0;
        if (s->step == STEP_REST)
            return;
        if (idle && (found == NULL || s->idle_at < found->idle_at))
            found = s;
    }
    if (found != NULL)
        end_lane(core, found);
}

static struct core_session *lane_free(struct core *core) {
    for (size_t i = 1; i < SESSIONS_MAX; i++)
        if (core->sessions[i].step == STEP_OFF)
            return &core->sessions[i];
    make_room(core);
    return NULL;
}

static void lane_open(struct core *core, uint32_t lane) {
    struct core_session *s = wanted(core, ANON) ? lane_free(core) : NULL;
    if (s == NULL)
        return;
    s->lane = lane;
    start(core, s);
}

bool core_session_lane_room(struct core *core, uint32_t lane) {
    struct core_session *s = lane_find(core, lane);
    if (s == NULL)
        lane_open(core, lane);
    else
        used(core, s);
    return s != NULL && has_room(s);
}

uint32_t core_session_lane_link(struct core *core, uint32_t lane) {
    const struct core_session *s = lane_find(core, lane);
    return s != NULL && s->step == STEP_READY ? s->link : 0;
}

void core_session_lane_close(struct core *core, uint32_t lane) {
    struct core_session *s = lane_find(core, lane);
    if (s != NULL && is_open(s))
        end_lane(core, s);
}

bool core_session_room(struct core *core, enum session_kind kind) {
    return kind == ANON ? core_session_lane_room(core, 0) : has_room(&core->sessions[AUTH]);
}

static err send_hello(struct core *core, struct core_session *s) {
    struct proto_client_hello hello = {.version = PROTO_VERSION, .aes = crypto_has_aes()};
    buf copy = buf_on(core->mem);
    buf_clear(&s->client_hello);
    writer w = writer_on(&s->client_hello);
    proto_frame_write(&w, 0, PROTO_client_hello);
    proto_client_hello_write(&w, &hello);
    TRY(writer_result(&w));
    TRY(buf_set(&copy, buf_slice(&s->client_hello)));
    core_action_transmit(core, s->link, &copy);
    s->step = STEP_HELLO;
    return OK;
}

void core_link_up(struct core *core, uint32_t link, uint64_t now) {
    core_clock(core, now);
    struct core_session *s = find(core, link);
    if (s == NULL || s->step != STEP_CONNECTING)
        return;
    s->heard = now;
    err e = send_hello(core, s);
    if (e != OK)
        core_session_close(core, s, e, 0);
    core_pump(core);
}

void core_link_down(struct core *core, uint32_t link, err why, uint64_t now) {
    core_clock(core, now);
    struct core_session *s = find(core, link);
    if (s == NULL)
        return;
    core_session_close(core, s, why == OK ? ERR_CLOSED : why, 0);
    core_pump(core);
}

/* ---- Handshake ---- */

static err start_noise(struct core *core, struct core_session *s,
                       const struct proto_server_hello *hello, slice server_hello) {
    buf prologue = buf_on(core->mem), first = buf_on(core->mem);
    err e = buf_append(&prologue, buf_slice(&s->client_hello));
    if (e == OK)
        e = buf_append(&prologue, server_hello);
    if (e == OK)
        e = noise_start_with(&s->noise, hello->aes ? NOISE_AESGCM : NOISE_CHACHAPOLY, true,
                             hello->noise_key, NULL, buf_slice(&prologue));
    if (e == OK)
        e = noise_write(&s->noise, &first, SLICE_EMPTY);
    if (e == OK) {
        core_action_transmit(core, s->link, &first);
        s->step = STEP_NOISE;
    }
    buf_free(&prologue);
    buf_free(&first);
    return e;
}

static err receive_hello(struct core *core, struct core_session *s, slice message) {
    struct proto_frame frame;
    struct proto_server_hello hello;
    struct proto_error error;
    TRY(proto_frame_decode(message, &frame));
    if (frame.type == PROTO_error) {
        TRY(proto_error_decode(frame.body, &error));
        core_session_close(core, s, ERR_DENIED, error.reason);
        return OK;
    }
    if (frame.type != PROTO_server_hello || frame.request != 0)
        return ERR_STATE;
    TRY(proto_server_hello_decode(frame.body, &hello));
    err e = core_server_accept(core, &hello);
    if (core_err_hard(e))
        return e;
    if (e != OK) {
        refuse(core);
        return OK;
    }
    if (hello.version != PROTO_VERSION)
        return ERR_UNSUPPORTED;
    /* A clock that is wrong, or an old hello that somebody plays again: both may pass. */
    if (hello.until + 1 < time_week(core->now))
        return ERR_EXPIRED;
    /* It takes what we offered, or less. */
    if (hello.aes && !crypto_has_aes())
        return ERR_MALFORMED;
    return start_noise(core, s, &hello, message);
}

static err receive_noise(struct core *core, struct core_session *s, slice message) {
    struct proto_frame frame;
    struct proto_error error;
    if (message.n != NOISE_SECOND_OVERHEAD && proto_frame_decode(message, &frame) == OK &&
        frame.type == PROTO_error && proto_error_decode(frame.body, &error) == OK) {
        core_session_close(core, s, ERR_DENIED, error.reason);
        return OK;
    }
    buf payload = buf_on(core->mem);
    err e = noise_read(&s->noise, &payload, message);
    if (e == OK && payload.n != 0)
        e = ERR_MALFORMED;
    buf_free(&payload);
    TRY(e);
    TRY(noise_split(&s->noise, &s->send, &s->receive, s->hash));
    s->at = core->now + OPEN_TIME;
    if (s->kind == AUTH) {
        s->step = STEP_PROOF;
        core_login_start(core, s);
        return OK;
    }
    s->step = STEP_READY;
    s->failures = 0;
    used(core, s);
    core->last_error = OK;
    core->last_reason = 0;
    notice_connection(core);
    return OK;
}

/* ---- Frames ---- */

err core_session_tell(struct core *core, struct core_session *s, uint32_t id, uint16_t type,
                      slice body) {
    buf plain = buf_on(core->mem), sealed = buf_on(core->mem);
    writer w = writer_on(&plain);
    proto_frame_write(&w, id, type);
    writer_bytes(&w, body);
    err e = writer_result(&w);
    if (e == OK)
        e = proto_frame_pad(&plain);
    if (e == OK)
        e = noise_seal(&s->send, &sealed, buf_slice(&plain));
    if (e == OK)
        core_action_transmit(core, s->link, &sealed);
    buf_free(&plain);
    buf_free(&sealed);
    return e;
}

static err request(struct core *core, struct core_session *s, uint16_t type, slice body,
                   request_done *done, uint64_t number) {
    if ((s->step != STEP_READY && s->step != STEP_PROOF) || s->request_count == REQUESTS_MAX)
        return ERR_AGAIN;
    uint32_t id = s->next_request++;
    TRY(core_session_tell(core, s, id, type, body));
    s->requests[s->request_count++] = (struct request){id, core->now + ANSWER_TIME, done, number};
    used(core, s);
    return OK;
}

err core_session_lane_request(struct core *core, uint32_t lane, uint16_t type, slice body,
                              request_done *done, uint64_t number) {
    struct core_session *s = lane_find(core, lane);
    if (s == NULL) {
        lane_open(core, lane);
        return ERR_AGAIN;
    }
    return request(core, s, type, body, done, number);
}

err core_session_request(struct core *core, enum session_kind kind, uint16_t type, slice body,
                         request_done *done, uint64_t number) {
    if (kind == ANON)
        return core_session_lane_request(core, 0, type, body, done, number);
    return request(core, &core->sessions[AUTH], type, body, done, number);
}

static bool take_request(struct core_session *s, uint32_t id, struct request *request) {
    for (size_t i = 0; i < s->request_count; i++) {
        if (s->requests[i].id != id)
            continue;
        *request = s->requests[i];
        memmove(&s->requests[i], &s->requests[i + 1],
                (s->request_count - i - 1) * sizeof *s->requests);
        s->request_count--;
        return true;
    }
    return false;
}

static void receive_error(struct core *core, struct core_session *s,
                          const struct proto_frame *frame) {
    struct proto_error error;
    struct request request;
    if (proto_error_decode(frame->body, &error) != OK) {
        core_session_close(core, s, ERR_MALFORMED, 0);
        return;
    }
    bool closes = frame->request == 0 || proto_reason_closes(error.reason);
    uint32_t link = s->link;
    if (frame->request != 0) {
        if (!take_request(s, frame->request, &request)) {
            core_session_close(core, s, ERR_STATE, 0);
            return;
        }
        request.done(core, &request, ERR_DENIED, error.reason, 0, SLICE_EMPTY);
    }
    if (closes && s->link == link)
        core_session_close(core, s, ERR_DENIED, error.reason);
}

static void receive_event(struct core *core, struct core_session *s,
                          const struct proto_frame *frame) {
    struct proto_delivery delivery;
    struct proto_caught_up caught_up;
    if (s->kind == AUTH && frame->type == PROTO_delivery &&
        proto_delivery_decode(frame->body, &delivery) == OK) {
        core_inbox_delivery(core, &delivery);
    } else if (s->kind == AUTH && frame->type == PROTO_caught_up &&
               proto_caught_up_decode(frame->body, &caught_up) == OK) {
        core_inbox_caught_up(core, &caught_up);
    } else if (s->kind == AUTH && frame->type == PROTO_replaced) {
        core->replaced = true;
        struct core_notice notice = {.kind = CORE_NOTICE_REPLACED};
        core_action_notice(core, &notice);
        core_session_close_all(core, ERR_CLOSED);
    } else {
        core_session_close(core, s, ERR_MALFORMED, 0);
    }
}

static void receive_frame(struct core *core, struct core_session *s, slice plain) {
    struct proto_frame frame;
    struct request request;
    if (proto_frame_decode(plain, &frame) != OK)
        core_session_close(core, s, ERR_MALFORMED, 0);
    else if (frame.type == PROTO_error)
        receive_error(core, s, &frame);
    else if (frame.request == 0)
        receive_event(core, s, &frame);
    else if (take_request(s, frame.request, &request))
        request.done(core, &request, OK, 0, frame.type, frame.body);
    else
        core_session_close(core, s, ERR_STATE, 0);
}

static err receive_sealed(struct core *core, struct core_session *s, slice message) {
    buf plain = buf_on(core->mem);
    slice frame;
    err e = noise_open(&s->receive, &plain, message);
    if (e == OK)
        e = proto_frame_unpad(buf_slice(&plain), &frame);
    core->answering = s;
    if (e == OK)
        receive_frame(core, s, frame);
    core->answering = NULL;
    buf_free(&plain);
    return e;
}

void core_link_message(struct core *core, uint32_t link, slice message, uint64_t now) {
    core_clock(core, now);
    struct core_session *s = find(core, link);
    if (s == NULL)
        return;
    err e = ERR_STATE;
    s->heard = now;
    if (s->step == STEP_HELLO)
        e = receive_hello(core, s, message);
    else if (s->step == STEP_NOISE)
        e = receive_noise(core, s, message);
    else if (s->step == STEP_PROOF || s->step == STEP_READY)
        e = receive_sealed(core, s, message);
    if (e != OK && s->link == link)
        core_session_close(core, s, e, 0);
    core_pump(core);
}

/* ---- Time ---- */

static void ping_done(struct core *core, const struct request *request, err e, uint16_t reason,
                      uint16_t type, slice body) {
    (void)request, (void)reason, (void)body;
    if (e == OK && type != PROTO_ok)
        core_session_bad_answer(core, AUTH);
}

/* When a ready session has to be looked at: an answer is overdue; or it was silent for long, and
 * then AUTH says a ping, and ANON closes. */
static uint64_t ready_until(const struct core_session *s) {
    if (s->request_count == 0)
        return s->kind == AUTH ? s->heard + SILENCE_TIME : s->idle_at;
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < s->request_count; i++)
        if (s->requests[i].deadline < at)
            at = s->requests[i].deadline;
    return at;
}

static void pump_ready(struct core *core, struct core_session *s) {
    if (core->now < ready_until(s))
        return;
    if (s->kind == ANON && s->request_count == 0)
        core_session_close(core, s, OK, 0);
    else if (s->request_count > 0 || request(core, s, PROTO_ping, SLICE_EMPTY, ping_done, 0) != OK)
        core_session_close(core, s, ERR_TIMEOUT, 0);
}

/* ---- Leaving ---- */

/* The first anonymous session ends at once, the others and the authenticated one after a moment
 * each, if there was another: sessions that end together are one client's. */
void core_session_leave(struct core *core) {
    uint64_t at = core->now;
    for (size_t i = 1; i <= SESSIONS_MAX; i++) {
        struct core_session *s = &core->sessions[i % SESSIONS_MAX];
        if (!is_open(s))
            continue;
        s->end_at = at;
        at = core_shortly(core);
    }
}

static bool lingers(const struct core *core, const struct core_session *s) {
    return core->leaving && is_open(s) && core->now < s->end_at;
}

static void end(struct core *core, struct core_session *s) {
    if (core->leaving && s->kind == AUTH)
        core_inbox_ack_now(core);
    if (s->step != STEP_OFF)
        core_session_close(core, s, OK, 0);
}

/* AUTH stands as long as it may. An anonymous one is off until somebody asks for it, and after a
 * failure off again once it may be tried anew. */
static void pump(struct core *core, struct core_session *s) {
    if (!wanted(core, s->kind)) {
        if (!lingers(core, s))
            end(core, s);
        s->failures = 0;
        return;
    }
    bool due = core->now >= s->at;
    if (s->kind == AUTH && (s->step == STEP_OFF || (s->step == STEP_WAIT && due)))
        start(core, s);
    else if (!is_open(s) && due)
        s->step = STEP_OFF; /* now its place is free */
    else if (s->step == STEP_READY)
        pump_ready(core, s);
    else if (due)
        core_session_close(core, s, ERR_TIMEOUT, 0);
}

void core_session_pump(struct core *core) {
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        pump(core, &core->sessions[i]);
}

uint64_t core_session_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        const struct core_session *s = &core->sessions[i];
        uint64_t due = s->step == STEP_OFF     ? UINT64_MAX
                       : core->leaving         ? s->end_at
                       : s->step == STEP_READY ? ready_until(s)
                                               : s->at;
        if (due < at)
            at = due;
    }
    return at;
}
