/* Blobs: what does not fit an item, encrypted under a key of its own. */
#include "core/internal.h"

#define BLOB_TIME TIME_DAY
static const uint8_t nonce[24]; /* the key is used once */

uint64_t core_padded(uint64_t n) {
    unsigned top = 0, bits = 0;
    if (n < 4096)
        return 4096;
    for (uint64_t v = n; v > 1; v >>= 1)
        top++;
    for (unsigned v = top; v > 0; v >>= 1)
        bits++;
    uint64_t mask = ((uint64_t)1 << (top - bits)) - 1;
    return (n + mask) & ~mask;
}

static slice label(void) {
    return slice_str("Sotto blob v1");
}

err core_blob_seal(slice content, buf *sealed, struct proto_blob_reference *reference) {
    if (content.n > BLOB_MAX)
        return ERR_TOO_LARGE;
    size_t start = sealed->n, size = (size_t)core_padded(content.n);
    crypto_random(reference->key, sizeof reference->key);
    TRY(buf_append(sealed, content));
    TRY(buf_resize(sealed, start + size + crypto_xchacha20poly1305.tag));
    uint8_t *p = sealed->p + start;
    TRY(crypto_xchacha20poly1305.seal(p, reference->key, nonce, label(), slice_of(p, size)));
    size_t total = sealed->n - start;
    reference->size = (uint32_t)content.n;
    reference->chunks = (uint32_t)((total + PROTO_CHUNK_MAX - 1) / PROTO_CHUNK_MAX);
    return core_hash32(reference->id, slice_of(p, total));
}

err core_blob_open(slice sealed, const struct proto_blob_reference *reference, buf *content) {
    uint8_t id[32];
    size_t start = content->n, tag = crypto_xchacha20poly1305.tag;
    TRY(core_hash32(id, sealed));
    if (memcmp(id, reference->id, sizeof id) != 0)
        return ERR_CRYPTO;
    if (sealed.n <= tag || sealed.n - tag < reference->size)
        return ERR_TRUNCATED;
    TRY(buf_resize(content, start + sealed.n - tag));
    err e =
        crypto_xchacha20poly1305.open(content->p + start, reference->key, nonce, label(), sealed);
    for (size_t i = start + reference->size; e == OK && i < content->n; i++)
        if (content->p[i] != 0)
            e = ERR_MLS_PADDING;
    err resized = buf_resize(content, start + (e == OK ? reference->size : 0));
    return e == OK ? resized : e;
}

/* ---- Upload ---- */

static slice blob_name(uint64_t command, uint8_t name[8]) {
    put_u64(name, command);
    return slice_of(name, 8);
}

err core_blob_store(struct core *core, uint64_t command, uint16_t place, slice sealed) {
    uint8_t name[8];
    return core_put(core, TABLE_BLOB, blob_name(command, name), place, sealed);
}

err core_blob_forget(struct core *core, uint64_t command, uint16_t count) {
    uint8_t name[8];
    for (uint16_t i = 0; i < count; i++)
        TRY(core_delete(core, TABLE_BLOB, blob_name(command, name), i));
    return OK;
}

static uint32_t chunk_count(const struct entry *entry) {
    return (uint32_t)((entry->blob_bytes.n + PROTO_CHUNK_MAX - 1) / PROTO_CHUNK_MAX);
}

static void have(struct entry *entry, const struct proto_blob_state *state) {
    entry->chunk = state->have;
    if (entry->chunk < chunk_count(entry))
        return;
    if (entry->until == 0 || state->until < entry->until)
        entry->until = state->until;
    entry->chunk = 0;
    entry->blob++;
    buf_clear(&entry->blob_bytes);
}

static void chunk_put(struct core *core, const struct request *request, err e, uint16_t reason,
                      uint16_t type, slice body) {
    struct entry *entry = core_entry_find(core, request->number);
    struct proto_blob_state state;
    (void)reason;
    if (entry == NULL)
        return;
    entry->in_flight = false;
    if (e == ERR_CLOSED || entry->r.stage != STAGE_PREPARED || entry->blob_bytes.n == 0)
        return; /* unknown, or of what was encrypted before the entry was begun again */
    if (e == OK && (type != PROTO_blob_state || proto_blob_state_decode(body, &state) != OK)) {
        core_session_bad_answer(core, ANON);
        return;
    }
    if (e != OK || state.have <= entry->chunk) {
        entry->failures++;
        entry->not_before = core->now + core_backoff(entry->failures, TIME_SECOND, 2 * TIME_MINUTE);
    }
    if (e == OK)
        have(entry, &state);
}

err core_blob_permission(struct core *core, struct conversation *c, const uint8_t id[32],
                         uint32_t failures, uint8_t address[PROTO_ADDRESS]) {
    buf all = buf_on(core->mem);
    uint32_t count = 0, first = (uint32_t)(id[0] << 8 | id[1]);
    TRY(core_conversation_load(core, c));
    err e = core_leaf_roster(c->group, &all, &count);
    if (e == OK && count > 0)
        memcpy(address, all.p + (first + failures) % count * PROTO_ADDRESS, PROTO_ADDRESS);
    else if (e == OK)
        e = ERR_BUG;
    buf_free(&all);
    return e;
}

static err put_chunk(struct core *core, struct entry *entry) {
    struct proto_blob_put m = {.chunk = entry->chunk, .chunks = chunk_count(entry)};
    size_t at = (size_t)entry->chunk * PROTO_CHUNK_MAX, n = entry->blob_bytes.n - at;
    buf body = buf_on(core->mem);
    memcpy(m.id, entry->blob_id, sizeof m.id);
    m.bytes = slice_of(entry->blob_bytes.p + at, n < PROTO_CHUNK_MAX ? n : PROTO_CHUNK_MAX);
    struct conversation *c = core_conversation_lookup(core, entry->r.conversation);
    err e = c == NULL ? ERR_BUG : core_blob_permission(core, c, m.id, entry->failures, m.address);
    if (e == OK)
        e = proto_blob_put_encode(&body, &m);
    if (e == OK)
        e = core_session_lane_request(core, core_session_lane(core, entry->r.conversation),
                                      PROTO_blob_put, buf_slice(&body), chunk_put,
                                      entry->r.command);
    buf_free(&body);
    return e;
}

err core_blob_load(struct core *core, uint64_t command, uint16_t place, buf *sealed) {
    uint8_t name[8];
    return core_get(core, TABLE_BLOB, blob_name(command, name), place, sealed);
}

static err load_blob(struct core *core, struct entry *entry) {
    buf *bytes = &entry->blob_bytes;
    TRY(core_blob_load(core, entry->r.command, entry->blob, bytes));
    err e = core_hash32(entry->blob_id, buf_slice(bytes));
    if (e != OK)
        buf_clear(bytes);
    return e;
}

bool core_blob_upload(struct core *core, struct entry *entry) {
    err e = OK;
    if (entry->blob >= entry->r.blobs)
        return true;
    if (entry->blob_bytes.n == 0)
        e = load_blob(core, entry);
    if (e == OK)
        e = put_chunk(core, entry);
    entry->in_flight = e == OK;
    if (e != OK)
        entry->not_before = core->now + TIME_SECOND;
    return false;
}

/* ---- Download ---- On the authenticated session: the server knows already that the item which
 * names the blob is this device's. */

static void finish(struct core *core, struct waiting *w, err why) {
    if (core_txn_begin(core) == OK)
        (void)!core_txn_end(core, core_waiting_put_aside(core, w, why));
}

static err keep_content(struct core *core, struct waiting *w, slice content) {
    TRY(core_txn_begin(core));
    w->r.why = WAIT_READY;
    w->r.reference = SLICE_EMPTY;
    w->r.content = content;
    return core_txn_end(core, core_waiting_save(core, w));
}

static void complete(struct core *core, struct waiting *w,
                     const struct proto_blob_reference *reference) {
    buf content = buf_on(core->mem);
    err e = core_blob_open(buf_slice(&w->blob), reference, &content);
    buf_free(&w->blob);
    if (e == OK)
        (void)!keep_content(core, w, buf_slice(&content));
    else if (!core_err_hard(e))
        finish(core, w, e);
    buf_free(&content);
}

static void retry_later(struct core *core, struct waiting *w, uint16_t reason) {
    w->failures++;
    w->not_before = core->now + core_backoff(w->failures, TIME_SECOND, 2 * TIME_MINUTE);
    if (reason == PROTO_REASON_NONE || w->failures > ATTEMPTS_MAX)
        finish(core, w, ERR_NOT_FOUND);
}

static void chunk_came(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    struct waiting *w = core_waiting_find(core, request->number);
    struct proto_blob_reference reference;
    struct proto_blob_chunk chunk;
    if (w == NULL)
        return;
    w->fetching = false;
    if (e == ERR_CLOSED) {
        w->failures++;
        w->not_before = core->now + core_backoff(w->failures, TIME_SECOND, 2 * TIME_MINUTE);
        return;
    }
    if (e != OK) {
        retry_later(core, w, reason);
    } else if (type != PROTO_blob_chunk || proto_blob_chunk_decode(body, &chunk) != OK) {
        core_session_bad_answer(core, AUTH);
    } else if (proto_blob_reference_decode(w->r.reference, &reference) != OK ||
               chunk.chunks != reference.chunks) {
        finish(core, w, ERR_MALFORMED);
    } else if (buf_append(&w->blob, chunk.bytes) == OK) {
        core->fetched += w->r.asks ? 0 : chunk.bytes.n;
        w->failures = 0;
        if (++w->chunk == reference.chunks)
            complete(core, w, &reference);
    }
}

static err get_chunk(struct core *core, struct waiting *w) {
    struct proto_blob_reference reference;
    struct proto_blob_get m = {.chunk = w->chunk};
    buf body = buf_on(core->mem);
    TRY(proto_blob_reference_decode(w->r.reference, &reference));
    memcpy(m.id, reference.id, sizeof m.id);
    err e = proto_blob_get_encode(&body, &m);
    if (e == OK)
        e = core_session_request(core, AUTH, PROTO_blob_get, buf_slice(&body), chunk_came,
                                 w->r.number);
    buf_free(&body);
    if (e == OK && w->r.asks)
        core->fetched_asking += PROTO_CHUNK_MAX; /* also if nothing is there */
    return e;
}

/* An item of 256 bytes names megabytes, and holds up what comes after it: not all day. */
bool core_blob_paused(const struct core *core, bool asks) {
    bool over = asks ? core->fetched_asking >= REQUESTS_FETCHED_MAX : core->fetched >= FETCHED_MAX;
    return over && core->now < core->fetch_day + TIME_DAY;
}

/* Time and again the connection ended while it was fetched, and nothing of it came. */
static bool hopeless(const struct core *core, const struct waiting *w) {
    return w->r.why == WAIT_BLOB && !w->fetching && w->failures > ATTEMPTS_MAX &&
           core->now > w->r.time + BLOB_TIME;
}

static void begin_day(struct core *core) {
    if (core->now < core->fetch_day + TIME_DAY)
        return;
    core->fetch_day = core->now;
    core->fetched = core->fetched_asking = 0;
}

void core_blob_fetch_pump(struct core *core) {
    size_t fetching = 0;
    begin_day(core);
    for (size_t i = 0; i < core->waiting.n && fetching < FETCHES_MAX; i++) {
        struct waiting *w = core->waiting.p[i];
        if (hopeless(core, w)) {
            finish(core, w, ERR_CLOSED);
            return;
        }
        if (w->r.why != WAIT_BLOB || core_blob_paused(core, w->r.asks))
            continue;
        if (!w->fetching && core->now >= w->not_before && core_session_room(core, AUTH))
            w->fetching = get_chunk(core, w) == OK;
        fetching += w->fetching;
    }
}

uint64_t core_blob_wake(const struct core *core) {
    uint64_t at = UINT64_MAX;
    if (!core_session_ready(core, AUTH))
        return at;
    for (size_t i = 0; i < core->waiting.n; i++) {
        const struct waiting *w = core->waiting.p[i];
        uint64_t due =
            core_blob_paused(core, w->r.asks) ? core->fetch_day + TIME_DAY : w->not_before;
        if (w->r.why == WAIT_BLOB && !w->fetching && due > core->now && due < at)
            at = due;
    }
    return at;
}
