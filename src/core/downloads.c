/* Files that the user wants to have, handed to the host chunk by chunk, each once it has opened.
 * They are not kept in the store: what came until now is with the host, is read again when one is
 * asked for anew, and is part of the hash at the end like the rest. */
#include "core/internal.h"

#include "core/content.h"

#define JITTER TIME_MINUTE

static void download_free(struct core *core, struct download *d) {
    wipe(&d->hash, sizeof d->hash);
    buf_free(&d->place);
    mem_free(core->mem, d, sizeof *d);
}

struct download *core_download_find(const struct core *core, uint64_t command) {
    for (size_t i = 0; i < core->downloads.n; i++) {
        struct download *d = core->downloads.p[i];
        if (d->command == command)
            return d;
    }
    return NULL;
}

static void remove_at(struct core *core, size_t i) {
    download_free(core, core->downloads.p[i]);
    core_list_remove(&core->downloads, i);
}

void core_download_end(struct core *core, struct download *d, err why, uint16_t reason) {
    struct core_notice notice = {.kind = CORE_NOTICE_DONE,
                                 .command = d->command,
                                 .error = why,
                                 .reason = reason,
                                 .conversation = d->conversation,
                                 .message = d->message};
    core_action_notice(core, &notice);
    for (size_t i = 0; i < core->downloads.n; i++)
        if (core->downloads.p[i] == d)
            remove_at(core, i--);
}

void core_download_free_all(struct core *core) {
    while (core->downloads.n > 0)
        remove_at(core, core->downloads.n - 1);
}

/* ---- The command ---- */

static err read_file(struct core *core, const struct conversation *c, struct download *d) {
    struct record_message m;
    struct content content;
    struct content_part part;
    enum core_content_shape shape;
    bool markdown;
    buf bytes = buf_on(core->mem), text = buf_on(core->mem);
    err e = core_history_shown(core, c, d->message, &bytes, &m);
    if (e == OK &&
        (m.kind != CORE_MESSAGE_CONTENT || core_content_decode(m.content, &content) != OK))
        e = ERR_NOT_FOUND;
    if (e == OK)
        e = core_content_show(&content, &shape, &markdown, &part, &text);
    if (e == OK && !core_content_is_file(&part, d->file.id))
        e = ERR_NOT_FOUND;
    if (e == OK && part.size > CORE_FILE_MAX)
        e = ERR_TOO_LARGE;
    if (e == OK) {
        memcpy(d->file.key, part.key.p, sizeof d->file.key);
        memcpy(d->digest, part.hash.p, sizeof d->digest);
        d->file.size = part.size;
        d->file.chunks = core_file_chunks(part.size);
    }
    buf_free(&bytes);
    buf_free(&text);
    return e;
}

/* How many chunks are with the host as a whole. */
static uint32_t whole_chunks(uint64_t size, uint64_t have) {
    if (have >= size)
        return (uint32_t)((size + FILE_CHUNK - 1) / FILE_CHUNK);
    return (uint32_t)(have / FILE_CHUNK);
}

err core_file_fetch(struct core *core, uint32_t conversation, uint64_t message, slice place,
                    uint64_t have, bool hurry, uint64_t now, uint64_t *command) {
    TRY(core_enter(core, now));
    const struct conversation *c = core_conversation_lookup(core, conversation);
    if (c == NULL)
        return ERR_NOT_FOUND;
    if (core->downloads.n >= DOWNLOADS_MAX)
        return ERR_LIMIT;
    struct download *d = mem_new(core->mem, sizeof *d);
    if (d == NULL)
        return ERR_NO_MEMORY;
    d->conversation = conversation;
    d->message = message;
    d->place = buf_on(core->mem);
    crypto_sha256_begin(&d->hash);
    err e = read_file(core, c, d);
    if (e == OK)
        e = buf_set(&d->place, place);
    if (e == OK)
        e = core_command_number(core, command);
    if (e == OK)
        e = core_list_add(core, &core->downloads, d);
    if (e != OK) {
        download_free(core, d);
        return e;
    }
    d->command = *command;
    d->local = whole_chunks(d->file.size, have);
    d->next = d->local;
    d->not_before = hurry ? 0 : core->now + core_random(JITTER);
    core_pump(core);
    return OK;
}

/* ---- Chunks ---- */

static void tell(struct core *core, struct download *d, err why, uint16_t reason) {
    uint64_t done = (uint64_t)d->hashed * FILE_CHUNK;
    struct core_notice notice = {.kind = CORE_NOTICE_PROGRESS,
                                 .command = d->command,
                                 .conversation = d->conversation,
                                 .message = d->message,
                                 .error = why,
                                 .reason = reason,
                                 .done = done < d->file.size ? done : d->file.size,
                                 .total = d->file.size};
    core_file_progress(core, &d->told, &notice);
}

/* What the host had of an earlier try may be at fault, after a loss of power for instance. */
static void start_over(struct download *d) {
    crypto_sha256_begin(&d->hash);
    d->hashed = d->local = d->next = 0;
}

/* The content of the next chunk is with the host. */
static void take_content(struct core *core, struct download *d, slice content) {
    uint8_t digest[32];
    crypto_sha256_add(&d->hash, content);
    d->hashed++;
    tell(core, d, OK, 0);
    if (d->hashed < d->file.chunks)
        return;
    crypto_sha256_digest(&d->hash, digest);
    bool right = memcmp(digest, d->digest, 32) == 0;
    if (!right && d->local > 0)
        start_over(d);
    else
        core_download_end(core, d, right ? OK : ERR_CRYPTO, 0);
}

void core_download_bytes(struct core *core, struct download *d, uint64_t offset, slice bytes) {
    bool asked = d->reading;
    d->reading = false;
    if (!asked || offset != (uint64_t)d->hashed * FILE_CHUNK)
        return;
    if (bytes.n != core_file_content(d->file.size, d->hashed))
        core_download_end(core, d, ERR_CHANGED, 0);
    else
        take_content(core, d, bytes);
}

static void open_chunk(struct core *core, struct download *d, slice sealed) {
    buf content = buf_on(core->mem);
    uint64_t offset = (uint64_t)d->hashed * FILE_CHUNK;
    err e = core_file_open(&d->file, d->hashed, sealed, &content);
    if (e == OK && content.n > 0)
        e = core_action_write(core, d->command, offset, buf_slice(&content));
    if (e == OK)
        take_content(core, d, buf_slice(&content));
    else
        core_download_end(core, d, e == ERR_MLS_PADDING ? ERR_CRYPTO : e, 0);
    buf_free(&content);
}

/* What is still under way comes in vain: it is asked for again. */
static void again(struct core *core, struct download *d, uint16_t reason) {
    d->skip = d->flying;
    d->next = d->hashed > d->local ? d->hashed : d->local;
    d->failures++;
    d->not_before = core->now + core_backoff(d->failures, TIME_SECOND, 2 * TIME_MINUTE);
    if (d->failures > 1 && reason != 0)
        tell(core, d, ERR_DENIED, reason);
}

static void chunk_came(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    struct download *d = core_download_find(core, request->number);
    struct proto_blob_chunk chunk;
    if (d == NULL || d->flying == 0)
        return;
    d->flying--;
    if (d->skip > 0)
        d->skip--;
    else if (e == ERR_CLOSED || (e != OK && core_session_passing(reason)))
        again(core, d, reason);
    else if (e != OK)
        core_download_end(core, d, ERR_DENIED, reason);
    else if (type != PROTO_blob_chunk || proto_blob_chunk_decode(body, &chunk) != OK)
        core_session_bad_answer(core, ANON);
    else if (chunk.chunks != d->file.chunks)
        core_download_end(core, d, ERR_CRYPTO, 0);
    else {
        d->failures = 0;
        open_chunk(core, d, chunk.bytes);
    }
}

static err get(struct core *core, struct download *d) {
    struct proto_blob_get m = {.chunk = d->next};
    buf body = buf_on(core->mem);
    memcpy(m.id, d->file.id, sizeof m.id);
    err e = proto_blob_get_encode(&body, &m);
    if (e == OK)
        e = core_session_lane_request(core, core_session_lane(core, d->conversation),
                                      PROTO_blob_get, buf_slice(&body), chunk_came, d->command);
    buf_free(&body);
    return e;
}

/* ---- The pump ---- */

/* True if it went away or has more to do. */
static bool step(struct core *core, struct download *d) {
    if (d->reading || core->now < d->not_before)
        return false;
    if (d->hashed < d->local) {
        d->reading = core_action_read(core, d->command, (uint64_t)d->hashed * FILE_CHUNK,
                                      core_file_content(d->file.size, d->hashed));
        return false;
    }
    if (d->skip > 0 || d->flying >= FILE_WINDOW || d->next >= d->file.chunks ||
        !core_session_lane_room(core, core_session_lane(core, d->conversation)) ||
        get(core, d) != OK)
        return false;
    d->next++;
    d->flying++;
    return true;
}

void core_download_pump(struct core *core) {
    for (size_t i = 0; i < core->downloads.n;)
        i = step(core, core->downloads.p[i]) ? 0 : i + 1;
}

uint64_t core_download_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; core_session_ready(core, ANON) && i < core->downloads.n; i++) {
        const struct download *d = core->downloads.p[i];
        if (d->not_before > core->now && d->not_before < at)
            at = d->not_before;
    }
    return at;
}
