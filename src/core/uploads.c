/* Files on their way to the server; then the message that names each. An upload is kept in the
 * store until its message is in the outbox, apart from the outbox: what is written meanwhile is not
 * held up.
 *
 * The host is asked for the content chunk by chunk. The server says how many chunks it has, and
 * what it has is read again only for the hash: of the whole file, which the message brings. */
#include "core/internal.h"

#include "core/content.h"

#define JITTER (20 * TIME_SECOND)
#define RETRY_MOST TIME_HOUR
#define SAVE_TIME (2 * TIME_SECOND)

static slice upload_name(void) {
    return slice_str("upload");
}

/* ---- Objects ---- */

void core_upload_free(struct core *core, struct upload *u) {
    wipe(&u->hash, sizeof u->hash);
    buf_free(&u->bytes);
    mem_free(core->mem, u, sizeof *u);
}

struct upload *core_upload_find(const struct core *core, uint64_t command) {
    for (size_t i = 0; i < core->uploads.n; i++) {
        struct upload *u = core->uploads.p[i];
        if (u->r.command == command)
            return u;
    }
    return NULL;
}

void core_upload_loaded(struct core *core, struct upload *u) {
    crypto_sha256_begin(&u->hash);
    u->not_before = core->now + core_random(JITTER);
}

static err save(struct core *core, struct upload *u) {
    TRY(record_upload_settle(&u->bytes, &u->r));
    return core_put(core, TABLE_OUTBOX, upload_name(), u->r.command, buf_slice(&u->bytes));
}

static err forget(struct core *core, struct upload *u) {
    for (size_t i = 0; i < core->uploads.n; i++) {
        if (core->uploads.p[i] == u) {
            core_list_remove(&core->uploads, i);
            break;
        }
    }
    err e = core_delete(core, TABLE_OUTBOX, upload_name(), u->r.command);
    core_upload_free(core, u);
    return e;
}

void core_upload_end(struct core *core, struct upload *u, err why, uint16_t reason) {
    uint64_t command = u->r.command;
    uint32_t conversation = u->r.conversation;
    if (core_txn_begin(core) != OK)
        return;
    u = core_upload_find(core, command);
    core_action_done(core, command, why, reason, SLICE_EMPTY, conversation);
    (void)!core_txn_end(core, u == NULL ? OK : forget(core, u));
}

static struct file file_of(const struct upload *u) {
    struct file file = {.size = u->r.size, .chunks = core_file_chunks(u->r.size)};
    memcpy(file.id, u->r.id, sizeof file.id);
    memcpy(file.key, u->r.key, sizeof file.key);
    return file;
}

/* ---- The command ---- */

static err check(const struct core_file_sending *s) {
    if (s->size > CORE_FILE_MAX || s->text.n > CORE_TEXT_MAX || s->name.n > CORE_FILE_NAME_MAX ||
        s->type.n > 127 || s->place.n > 4096)
        return ERR_TOO_LARGE;
    bool plain =
        memchr(s->name.p == NULL ? (const uint8_t *)"" : s->name.p, '\n', s->name.n) == NULL;
    if (s->name.n == 0 || !plain || !core_text_valid(s->name) || !core_text_valid(s->text) ||
        s->type.n == 0 || !core_text_valid(s->type))
        return ERR_MALFORMED;
    return OK;
}

static struct upload *same(const struct core *core, uint32_t conversation,
                           const struct core_file_sending *s) {
    for (size_t i = 0; i < core->uploads.n; i++) {
        struct upload *u = core->uploads.p[i];
        if (u->r.conversation == conversation && u->r.size == s->size &&
            slice_equal(u->r.place, s->place) && slice_equal(u->r.name, s->name) &&
            slice_equal(u->r.text, s->text))
            return u;
    }
    return NULL;
}

static err add(struct core *core, uint32_t conversation, const struct core_file_sending *s,
               uint64_t *command) {
    struct upload *u = mem_new(core->mem, sizeof *u);
    if (u == NULL)
        return ERR_NO_MEMORY;
    u->bytes = buf_on(core->mem);
    crypto_sha256_begin(&u->hash);
    u->r.command = *command = core_number(core);
    u->r.conversation = conversation;
    u->r.place = s->place;
    u->r.name = s->name;
    u->r.type = s->type;
    u->r.text = s->text;
    u->r.in_reply_to = slice_of(s->in_reply_to, s->in_reply_to == NULL ? 0 : CORE_MESSAGE_ID);
    u->r.size = s->size;
    crypto_random(u->r.id, sizeof u->r.id);
    crypto_random(u->r.key, sizeof u->r.key);
    err e = save(core, u);
    if (e == OK)
        e = core_list_add(core, &core->uploads, u);
    if (e != OK)
        core_upload_free(core, u);
    return e;
}

err core_file_send(struct core *core, uint32_t conversation,
                   const struct core_file_sending *sending, uint64_t now, uint64_t *command) {
    struct conversation *c;
    TRY(core_conversation_find_open(core, conversation, now, &c));
    TRY(check(sending));
    struct upload *u = same(core, conversation, sending);
    if (u != NULL) {
        *command = u->r.command;
        u->not_before = 0;
        core_pump(core);
        return OK;
    }
    if (core->uploads.n >= UPLOADS_MAX)
        return ERR_LIMIT;
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, add(core, conversation, sending, command)));
    core_pump(core);
    return OK;
}

/* ---- Answers ---- */

static void tell(struct core *core, struct upload *u, err why, uint16_t reason) {
    uint64_t done = (uint64_t)u->have * FILE_CHUNK;
    struct core_notice notice = {.kind = CORE_NOTICE_PROGRESS,
                                 .command = u->r.command,
                                 .conversation = u->r.conversation,
                                 .error = why,
                                 .reason = reason,
                                 .done = done < u->r.size ? done : u->r.size,
                                 .total = u->r.size};
    core_file_progress(core, &u->told, &notice);
}

/* The server is asked again how much it has. */
static void pause(struct core *core, struct upload *u) {
    u->known = false;
    u->failures++;
    u->not_before = core->now + core_backoff(u->failures, TIME_SECOND, RETRY_MOST);
}

static void refused(struct core *core, struct upload *u, uint16_t reason) {
    if (reason != PROTO_REASON_ADDRESS && !core_session_passing(reason)) {
        core_upload_end(core, u, ERR_DENIED, reason);
        return;
    }
    /* Once for all chunks that were under way. */
    u->addresses += u->known && (reason == PROTO_REASON_ADDRESS || reason == PROTO_REASON_UPLOADS);
    pause(core, u);
    if (u->failures > 1)
        tell(core, u, ERR_DENIED, reason);
}

/* What was read until now, in case the file is changed before it is through. */
static void checkpoint(struct core *core, struct upload *u) {
    if (core->now < u->saved_at + SAVE_TIME || core_txn_begin(core) != OK)
        return;
    u->saved_at = core->now;
    u->r.saved = u->hashed;
    crypto_sha256_digest(&u->hash, u->r.digest);
    (void)!core_txn_end(core, save(core, u));
}

static void advanced(struct core *core, struct upload *u, const struct proto_blob_state *state) {
    bool more = state->have > u->have;
    u->have = state->have;
    u->until = state->until;
    if (!more) {
        pause(core, u);
        return;
    }
    u->failures = 0;
    tell(core, u, OK, 0);
    checkpoint(core, u);
}

static bool decoded(struct core *core, uint16_t type, slice body, struct proto_blob_state *state,
                    const struct upload *u) {
    if (type == PROTO_blob_state && proto_blob_state_decode(body, state) == OK &&
        state->chunks == core_file_chunks(u->r.size) && state->have <= state->chunks)
        return true;
    core_session_bad_answer(core, ANON);
    return false;
}

static void chunk_put(struct core *core, const struct request *request, err e, uint16_t reason,
                      uint16_t type, slice body) {
    struct upload *u = core_upload_find(core, request->number);
    struct proto_blob_state state;
    if (u == NULL || u->flying == 0)
        return;
    u->flying--;
    if (e == ERR_CLOSED)
        u->known = false;
    else if (e != OK)
        refused(core, u, reason);
    else if (decoded(core, type, body, &state, u) && u->known)
        advanced(core, u, &state);
}

static void state_came(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    struct upload *u = core_upload_find(core, request->number);
    struct proto_blob_state state = {0};
    if (u == NULL || u->flying == 0)
        return;
    u->flying--;
    if (e == ERR_CLOSED)
        return;
    if (e != OK && reason != PROTO_REASON_NONE) {
        refused(core, u, reason);
    } else if (e != OK || decoded(core, type, body, &state, u)) {
        u->known = true;
        u->have = state.have;
        u->until = state.until;
        u->next = u->hashed < u->have ? u->hashed : u->have;
    }
}

/* ---- One step ---- */

static void ask(struct core *core, struct upload *u) {
    struct proto_blob_ask m;
    buf body = buf_on(core->mem);
    memcpy(m.id, u->r.id, sizeof m.id);
    err e = proto_blob_ask_encode(&body, &m);
    if (e == OK)
        e = core_session_lane_request(core, core_session_lane(core, u->r.conversation),
                                      PROTO_blob_ask, buf_slice(&body), state_came, u->r.command);
    u->flying += e == OK;
    buf_free(&body);
}

static err put(struct core *core, struct upload *u, slice content) {
    struct file file = file_of(u);
    struct proto_blob_put m = {.chunk = u->next, .chunks = file.chunks};
    struct conversation *c = core_conversation_lookup(core, u->r.conversation);
    buf sealed = buf_on(core->mem), body = buf_on(core->mem);
    memcpy(m.id, file.id, sizeof m.id);
    err e = c == NULL ? ERR_STATE : core_blob_permission(core, c, file.id, u->addresses, m.address);
    if (e == OK)
        e = core_file_seal(&file, u->next, content, &sealed);
    m.bytes = buf_slice(&sealed);
    if (e == OK)
        e = proto_blob_put_encode(&body, &m);
    if (e == OK)
        e = core_session_lane_request(core, core_session_lane(core, u->r.conversation),
                                      PROTO_blob_put, buf_slice(&body), chunk_put, u->r.command);
    wipe(&file, sizeof file);
    buf_free(&sealed);
    buf_free(&body);
    return e;
}

/* The content of the next chunk. False: the file is not what it was. */
static bool hash_chunk(struct upload *u, slice content) {
    uint8_t digest[32];
    if (u->next < u->hashed)
        return true;
    crypto_sha256_add(&u->hash, content);
    u->hashed = u->next + 1;
    if (u->r.saved == 0 || u->hashed != u->r.saved)
        return true;
    crypto_sha256_digest(&u->hash, digest);
    return memcmp(digest, u->r.digest, sizeof digest) == 0;
}

/* True if there may be more to do: it moved, or went away. */
static bool take_chunk(struct core *core, struct upload *u, slice content) {
    if (!hash_chunk(u, content)) {
        core_upload_end(core, u, ERR_CHANGED, 0);
        return true;
    }
    err e = u->next < u->have ? OK : put(core, u, content);
    if (e == ERR_AGAIN || core_err_hard(e)) {
        u->not_before = core->now + TIME_SECOND;
        return false;
    }
    if (e != OK) {
        core_upload_end(core, u, e, 0);
        return true;
    }
    if (u->next < u->have)
        tell(core, u, OK, 0); /* to read again what is there takes its time, too */
    else
        u->flying++;
    u->next++;
    return true;
}

void core_upload_bytes(struct core *core, struct upload *u, uint64_t offset, slice bytes) {
    bool asked = u->reading;
    u->reading = false;
    if (!asked || !u->known || offset != (uint64_t)u->next * FILE_CHUNK)
        return; /* it was asked for before the server said how much it has */
    if (bytes.n != core_file_content(u->r.size, u->next))
        core_upload_end(core, u, ERR_CHANGED, 0);
    else
        (void)take_chunk(core, u, bytes);
}

/* ---- The message ---- */

/* The last moment at which the server surely has it, as the message says it. */
static uint64_t expires(const struct upload *u) {
    uint64_t end = time_week_start(u->until + 1) / 1000;
    return end <= UINT32_MAX ? end : 0;
}

static err write_content(const struct upload *u, buf *content) {
    uint8_t digest[32];
    buf url = buf_on(content->mem);
    crypto_sha256_digest(&u->hash, digest);
    struct content_part parts[2] = {{.cardinality = CONTENT_SINGLE,
                                     .disposition = CONTENT_RENDER,
                                     .type = slice_str("text/plain;charset=utf-8"),
                                     .body = u->r.text},
                                    {.cardinality = CONTENT_EXTERNAL,
                                     .disposition = CONTENT_ATTACHMENT,
                                     .type = u->r.type,
                                     .expires = expires(u),
                                     .size = u->r.size,
                                     .algorithm = CONTENT_AEAD_CHUNKS,
                                     .key = SLICE_ARRAY(u->r.key),
                                     .hash_algorithm = CONTENT_HASH_SHA256,
                                     .hash = SLICE_ARRAY(digest),
                                     .filename = u->r.name}};
    bool text = u->r.text.n > 0;
    err e = core_content_file_url(&url, u->r.id);
    parts[1].url = buf_slice(&url);
    if (e == OK)
        e = core_content_encode_parts(content, text ? parts : parts + 1, text ? 2 : 1,
                                      u->r.in_reply_to.n > 0 ? u->r.in_reply_to.p : NULL);
    buf_free(&url);
    return e;
}

static err send_message(struct core *core, struct conversation *c, struct upload *u) {
    uint64_t message;
    buf content = buf_on(core->mem);
    err e = write_content(u, &content);
    if (e == OK)
        e = core_timer_date(core, c, &content);
    if (e == OK)
        e = core_queue_content(core, c, buf_slice(&content), u->r.command, &message);
    if (e == OK)
        e = forget(core, u);
    buf_free(&content);
    return e;
}

/* ---- The pump ---- */

/* True if it went away. */
static bool step(struct core *core, struct upload *u) {
    struct conversation *c = core_conversation_lookup(core, u->r.conversation);
    uint32_t chunks = core_file_chunks(u->r.size);
    if (c == NULL || !(core_conversation_open(c) || c->r.state == CORE_CONVERSATION_NEW)) {
        core_upload_end(core, u, ERR_STATE, 0);
        return true;
    }
    if (c->r.state != CORE_CONVERSATION_ACTIVE || u->reading || core->now < u->not_before ||
        !core_session_lane_room(core, core_session_lane(core, u->r.conversation)))
        return false;
    if (!u->known) {
        if (u->flying == 0)
            ask(core, u);
    } else if (u->next == chunks && u->have == chunks && u->flying == 0) {
        return core->entries.n < OUTBOX_MAX && core_txn_begin(core) == OK &&
               core_txn_end(core, send_message(core, c, u)) == OK;
    } else if (u->next < chunks && u->flying < FILE_WINDOW) {
        size_t n = core_file_content(u->r.size, u->next);
        if (n > 0)
            u->reading = core_action_read(core, u->r.command, (uint64_t)u->next * FILE_CHUNK, n);
        else
            return take_chunk(core, u, SLICE_EMPTY);
    }
    return false;
}

bool core_upload_pump(struct core *core) {
    size_t before = core->entries.n;
    for (size_t i = 0; !core->broken && i < core->uploads.n;)
        i = step(core, core->uploads.p[i]) ? 0 : i + 1;
    return core->entries.n > before;
}

uint64_t core_upload_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; core_session_ready(core, ANON) && i < core->uploads.n; i++) {
        const struct upload *u = core->uploads.p[i];
        if (u->not_before > core->now && u->not_before < at)
            at = u->not_before;
    }
    return at;
}
