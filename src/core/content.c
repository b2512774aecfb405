#include "core/content.h"

#include "base/text.h"
#include "core/cbor.h"
#include "crypto/crypto.h"

/* ---- Reading ---- */

static err read_id(reader *r, slice *id) {
    *id = SLICE_EMPTY;
    if (core_cbor_skip_null(r))
        return OK;
    TRY(core_cbor_read_bytes(r, id));
    return id->n == CORE_MESSAGE_ID ? OK : ERR_MALFORMED;
}

static err read_expires(reader *r, struct content *c) {
    uint64_t count;
    c->has_expires = !core_cbor_skip_null(r);
    c->expires_relative = false;
    c->expires = 0;
    if (!c->has_expires)
        return OK;
    TRY(core_cbor_read_array(r, &count));
    if (count != 2)
        return ERR_MALFORMED;
    TRY(core_cbor_read_bool(r, &c->expires_relative));
    return core_cbor_read_uint(r, UINT32_MAX, &c->expires);
}

static err read_external(reader *r, struct content_part *part) {
    TRY(core_cbor_read_text(r, &part->type));
    TRY(core_cbor_read_text(r, &part->url));
    TRY(core_cbor_read_uint(r, UINT32_MAX, &part->expires));
    TRY(core_cbor_read_uint(r, UINT64_MAX, &part->size));
    TRY(core_cbor_read_uint(r, UINT16_MAX, &part->algorithm));
    TRY(core_cbor_read_bytes(r, &part->key));
    TRY(core_cbor_read_bytes(r, &part->nonce));
    TRY(core_cbor_read_bytes(r, &part->aad));
    TRY(core_cbor_read_uint(r, UINT8_MAX, &part->hash_algorithm));
    TRY(core_cbor_read_bytes(r, &part->hash));
    TRY(core_cbor_read_text(r, &part->description));
    return core_cbor_read_text(r, &part->filename);
}

static err read_part(reader *r, struct content_part *part, unsigned depth, uint64_t *parts);

static err read_multi(reader *r, struct content_part *part, unsigned depth, uint64_t *parts) {
    uint64_t semantics;
    TRY(core_cbor_read_uint(r, CONTENT_PROCESS_ALL, &semantics));
    part->semantics = (enum content_semantics)semantics;
    TRY(core_cbor_read_array(r, &part->count));
    if (part->count < 2)
        return ERR_MALFORMED;
    const uint8_t *start = r->p;
    for (uint64_t i = 0; i < part->count; i++) {
        struct content_part inner;
        TRY(read_part(r, &inner, depth, parts));
    }
    part->body = slice_of(start, (size_t)(r->p - start));
    return OK;
}

/* How long the array of a part is, by its cardinality. */
static uint64_t part_length(enum content_cardinality cardinality) {
    switch (cardinality) {
    case CONTENT_NULL:
        return 3;
    case CONTENT_EXTERNAL:
        return 15;
    default:
        return 5;
    }
}

static err read_part(reader *r, struct content_part *part, unsigned depth, uint64_t *parts) {
    const uint8_t *start = r->p;
    uint64_t count, cardinality;
    memset(part, 0, sizeof *part);
    if (depth == 0 || ++*parts > CONTENT_PARTS_MAX)
        return ERR_TOO_LARGE;
    TRY(core_cbor_read_array(r, &count));
    TRY(core_cbor_read_uint(r, UINT8_MAX, &part->disposition));
    TRY(core_cbor_read_text(r, &part->language));
    TRY(core_cbor_read_uint(r, CONTENT_MULTI, &cardinality));
    part->cardinality = (enum content_cardinality)cardinality;
    if (count != part_length(part->cardinality))
        return ERR_MALFORMED;
    if (part->cardinality == CONTENT_SINGLE) {
        TRY(core_cbor_read_text(r, &part->type));
        TRY(core_cbor_read_bytes(r, &part->body));
    } else if (part->cardinality == CONTENT_EXTERNAL) {
        TRY(read_external(r, part));
    } else if (part->cardinality == CONTENT_MULTI) {
        TRY(read_multi(r, part, depth - 1, parts));
    }
    part->whole = slice_of(start, (size_t)(r->p - start));
    return OK;
}

err core_content_part_read(reader *r, struct content_part *part) {
    uint64_t parts = 0;
    return read_part(r, part, CONTENT_PART_DEPTH, &parts);
}

static const char edited_key[] = "sotto:edited";

/* The map was read before; others' extensions are nothing to us. */
static err read_extensions(struct content *c) {
    reader r = reader_of(c->extensions);
    struct cbor map;
    slice key, name;
    c->edited = 0;
    TRY(core_cbor_read(&r, &map));
    for (uint64_t i = 0; i < map.value; i++) {
        TRY(core_cbor_skip(&r, &key));
        reader at = reader_of(key), value = r;
        TRY(core_cbor_skip(&r, NULL));
        if (core_cbor_read_text(&at, &name) == OK && slice_equal(name, slice_str(edited_key)) &&
            core_cbor_read_uint(&value, UINT64_MAX, &c->edited) != OK)
            c->edited = 0;
    }
    return OK;
}

err core_content_decode(slice bytes, struct content *c) {
    reader r = reader_of(bytes);
    uint64_t count, parts = 0;
    enum cbor_kind kind;
    TRY(core_cbor_read_array(&r, &count));
    if (count != 7)
        return ERR_MALFORMED;
    TRY(core_cbor_read_bytes(&r, &c->salt));
    if (c->salt.n != CONTENT_SALT)
        return ERR_MALFORMED;
    TRY(read_id(&r, &c->replaces));
    TRY(core_cbor_read_bytes(&r, &c->topic));
    if (c->topic.n > CONTENT_TOPIC_MAX)
        return ERR_TOO_LARGE;
    TRY(read_expires(&r, c));
    TRY(read_id(&r, &c->in_reply_to));
    TRY(core_cbor_peek(&r, &kind));
    if (kind != CBOR_MAP)
        return ERR_MALFORMED;
    TRY(core_cbor_skip(&r, &c->extensions));
    TRY(read_extensions(c));
    TRY(read_part(&r, &c->part, CONTENT_PART_DEPTH, &parts));
    return reader_end(&r);
}

/* ---- Writing ---- */

static void write_id(writer *w, slice id) {
    if (id.n == 0)
        core_cbor_write_null(w);
    else
        core_cbor_write_bytes(w, id);
}

static void write_external(writer *w, const struct content_part *part) {
    core_cbor_write_text(w, part->type);
    core_cbor_write_text(w, part->url);
    core_cbor_write(w, CBOR_UINT, part->expires);
    core_cbor_write(w, CBOR_UINT, part->size);
    core_cbor_write(w, CBOR_UINT, part->algorithm);
    core_cbor_write_bytes(w, part->key);
    core_cbor_write_bytes(w, part->nonce);
    core_cbor_write_bytes(w, part->aad);
    core_cbor_write(w, CBOR_UINT, part->hash_algorithm);
    core_cbor_write_bytes(w, part->hash);
    core_cbor_write_text(w, part->description);
    core_cbor_write_text(w, part->filename);
}

static void write_part(writer *w, const struct content_part *part) {
    core_cbor_write(w, CBOR_ARRAY, part_length(part->cardinality));
    core_cbor_write(w, CBOR_UINT, part->disposition);
    core_cbor_write_text(w, part->language);
    core_cbor_write(w, CBOR_UINT, part->cardinality);
    if (part->cardinality == CONTENT_SINGLE) {
        core_cbor_write_text(w, part->type);
        core_cbor_write_bytes(w, part->body);
    } else if (part->cardinality == CONTENT_EXTERNAL) {
        write_external(w, part);
    } else if (part->cardinality == CONTENT_MULTI) {
        core_cbor_write(w, CBOR_UINT, part->semantics);
        core_cbor_write(w, CBOR_ARRAY, part->count);
        writer_bytes(w, part->body);
    }
}

err core_content_write(buf *out, const struct content *c) {
    writer w = writer_on(out);
    core_cbor_write(&w, CBOR_ARRAY, 7);
    core_cbor_write_bytes(&w, c->salt);
    write_id(&w, c->replaces);
    core_cbor_write_bytes(&w, c->topic);
    if (c->has_expires) {
        core_cbor_write(&w, CBOR_ARRAY, 2);
        core_cbor_write(&w, CBOR_SIMPLE, c->expires_relative ? CBOR_TRUE : CBOR_FALSE);
        core_cbor_write(&w, CBOR_UINT, c->expires);
    } else {
        core_cbor_write_null(&w);
    }
    write_id(&w, c->in_reply_to);
    if (c->extensions.n == 0)
        core_cbor_write(&w, CBOR_MAP, 0);
    else
        writer_bytes(&w, c->extensions);
    write_part(&w, &c->part);
    return writer_result(&w);
}

static slice id_or_none(const uint8_t *id) {
    return id == NULL ? SLICE_EMPTY : slice_of(id, CORE_MESSAGE_ID);
}

static err encode(buf *out, slice extensions, const struct content_part *part,
                  const uint8_t *in_reply_to, const uint8_t *replaces) {
    uint8_t salt[CONTENT_SALT];
    crypto_random(salt, sizeof salt);
    struct content c = {.salt = SLICE_ARRAY(salt),
                        .replaces = id_or_none(replaces),
                        .in_reply_to = id_or_none(in_reply_to),
                        .extensions = extensions,
                        .part = *part};
    return core_content_write(out, &c);
}

err core_content_encode(buf *out, enum content_disposition disposition, const char *type,
                        slice body, const uint8_t *in_reply_to, const uint8_t *replaces) {
    struct content_part part = {.cardinality = CONTENT_SINGLE,
                                .disposition = disposition,
                                .type = slice_str(type),
                                .body = body};
    return encode(out, SLICE_EMPTY, &part, in_reply_to, replaces);
}

err core_content_encode_delete(buf *out, enum content_disposition disposition,
                               const uint8_t *in_reply_to, const uint8_t *replaces) {
    struct content_part part = {.cardinality = CONTENT_NULL, .disposition = disposition};
    return encode(out, SLICE_EMPTY, &part, in_reply_to, replaces);
}

err core_content_encode_edit(buf *out, const char *type, slice text, const uint8_t *in_reply_to,
                             const uint8_t *replaces, uint64_t edited) {
    struct content_part part = {.cardinality = CONTENT_SINGLE,
                                .disposition = CONTENT_RENDER,
                                .type = slice_str(type),
                                .body = text};
    buf map = buf_on(out->mem);
    writer w = writer_on(&map);
    core_cbor_write(&w, CBOR_MAP, 1);
    core_cbor_write_text(&w, slice_str(edited_key));
    core_cbor_write(&w, CBOR_UINT, edited);
    err e = writer_result(&w);
    if (e == OK)
        e = encode(out, buf_slice(&map), &part, in_reply_to, replaces);
    buf_free(&map);
    return e;
}

err core_content_encode_parts(buf *out, const struct content_part *parts, size_t count,
                              const uint8_t *in_reply_to) {
    buf body = buf_on(out->mem);
    writer w = writer_on(&body);
    struct content_part all = {.cardinality = CONTENT_MULTI,
                               .disposition = CONTENT_RENDER,
                               .semantics = CONTENT_PROCESS_ALL,
                               .count = count};
    if (count == 1)
        return encode(out, SLICE_EMPTY, &parts[0], in_reply_to, NULL);
    for (size_t i = 0; i < count; i++)
        write_part(&w, &parts[i]);
    err e = writer_result(&w);
    all.body = buf_slice(&body);
    if (e == OK)
        e = encode(out, SLICE_EMPTY, &all, in_reply_to, NULL);
    buf_free(&body);
    return e;
}

/* ---- Files ---- */

static const char url_start[] = "sotto:blob:";

err core_content_file_url(buf *out, const uint8_t id[32]) {
    TRY(buf_append(out, slice_str(url_start)));
    return hex_encode(out, slice_of(id, 32));
}

/* In lower case alone, so that a blob has one name. */
static bool read_hex(slice text, uint8_t id[32]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < text.n; i++) {
        const char *digit = text.p[i] == 0 ? NULL : strchr(digits, text.p[i]);
        if (digit == NULL)
            return false;
        uint8_t v = (uint8_t)(digit - digits);
        id[i / 2] = i % 2 == 0 ? (uint8_t)(v << 4) : (uint8_t)(id[i / 2] | v);
    }
    return true;
}

bool core_content_is_file(const struct content_part *part, uint8_t id[32]) {
    size_t start = sizeof url_start - 1;
    return part->cardinality == CONTENT_EXTERNAL && part->algorithm == CONTENT_AEAD_CHUNKS &&
           part->key.n == 32 && part->nonce.n == 0 && part->aad.n == 0 &&
           part->hash_algorithm == CONTENT_HASH_SHA256 && part->hash.n == 32 &&
           part->url.n == start + 64 && memcmp(part->url.p, url_start, start) == 0 &&
           read_hex(slice_of(part->url.p + start, 64), id);
}

/* ---- Message ids ---- */

err core_content_id(uint8_t id[CORE_MESSAGE_ID], slice sender_uri, slice room_uri, slice content,
                    slice salt) {
    uint8_t hash[32];
    uint8_t lengths[4] = {(uint8_t)(sender_uri.n >> 8), (uint8_t)sender_uri.n,
                          (uint8_t)(room_uri.n >> 8), (uint8_t)room_uri.n};
    if (sender_uri.n > UINT16_MAX || room_uri.n > UINT16_MAX)
        return ERR_TOO_LARGE;
    slice parts[] = {
        slice_of(lengths, 2), sender_uri, slice_of(lengths + 2, 2), room_uri, content, salt};
    TRY(crypto_sha256.hash(hash, parts, sizeof parts / sizeof parts[0]));
    id[0] = 1;
    memcpy(id + 1, hash, CORE_MESSAGE_ID - 1);
    return OK;
}

err core_content_id_of(uint8_t id[CORE_MESSAGE_ID], const uint8_t account[CORE_ACCOUNT],
                       slice group_id, slice content) {
    struct content c;
    buf sender = buf_on(NULL), room = buf_on(NULL);
    err e = core_content_decode(content, &c);
    if (e != OK)
        return e;
    TRY_OUT(e, buf_append(&sender, slice_str("sotto:u/")));
    TRY_OUT(e, hex_encode(&sender, slice_of(account, CORE_ACCOUNT)));
    TRY_OUT(e, buf_append(&room, slice_str("sotto:r/")));
    TRY_OUT(e, hex_encode(&room, group_id));
    e = core_content_id(id, buf_slice(&sender), buf_slice(&room), content, c.salt);
out:
    buf_free(&sender);
    buf_free(&room);
    return e;
}

/* ---- Showing ---- */

static bool type_is(slice type, const char *name) {
    size_t n = strlen(name);
    return type.n >= n && memcmp(type.p, name, n) == 0 && (type.n == n || type.p[n] == ';');
}

static bool is_text(const struct content_part *part) {
    return part->cardinality == CONTENT_SINGLE &&
           (type_is(part->type, "text/plain") || type_is(part->type, "text/markdown"));
}

static bool is_markdown(const struct content_part *part) {
    return part->cardinality == CONTENT_SINGLE && type_is(part->type, "text/markdown");
}

static err show_other(const struct content_part *part, buf *text) {
    bool external = part->cardinality == CONTENT_EXTERNAL;
    TRY(buf_append(text, slice_str("[")));
    slice name = part->filename.n > 0 ? part->filename : part->description;
    TRY(buf_append(text, part->type.n > 0 ? part->type : slice_str("unnamed type")));
    if (external && name.n > 0) {
        TRY(buf_append(text, slice_str(" \"")));
        TRY(buf_append(text, name));
        TRY(buf_append(text, slice_str("\"")));
    }
    TRY(buf_append(text, slice_str(", ")));
    TRY(decimal_encode(text, external ? part->size : part->body.n));
    return buf_append(text, slice_str(" bytes]"));
}

struct showing {
    struct content_part *file;
    bool markdown, other;
    buf *text;
};

static err show_part(struct showing *s, const struct content_part *part);

/* The first that is one. */
static bool takes_file(const struct showing *s, const struct content_part *part) {
    uint8_t id[32];
    return s->file->cardinality == CONTENT_NULL && core_content_is_file(part, id);
}

/* Of several that say the same, the first that is text; else every part on a line of its own. */
static err show_multi(struct showing *s, const struct content_part *part) {
    reader r = reader_of(part->body);
    struct content_part inner;
    for (uint64_t i = 0; part->semantics == CONTENT_CHOOSE_ONE && i < part->count; i++) {
        TRY(core_content_part_read(&r, &inner));
        if (is_text(&inner))
            return show_part(s, &inner);
    }
    r = reader_of(part->body);
    for (uint64_t i = 0, lines = 0; i < part->count; i++) {
        TRY(core_content_part_read(&r, &inner));
        bool is_file = takes_file(s, &inner);
        if (!is_file && lines++ > 0)
            TRY(buf_append(s->text, slice_str("\n")));
        TRY(show_part(s, &inner));
    }
    return OK;
}

static err show_part(struct showing *s, const struct content_part *part) {
    if (part->cardinality == CONTENT_NULL)
        return OK;
    if (part->cardinality == CONTENT_MULTI)
        return show_multi(s, part);
    if (takes_file(s, part)) {
        *s->file = *part;
        return OK;
    }
    if (!is_text(part)) {
        s->other = true;
        return show_other(part, s->text);
    }
    s->markdown = s->markdown || is_markdown(part);
    return buf_append(s->text, part->body);
}

err core_content_show(const struct content *c, enum core_content_shape *shape, bool *markdown,
                      struct content_part *file, buf *text) {
    struct showing s = {.file = file, .text = text};
    memset(file, 0, sizeof *file);
    err e = show_part(&s, &c->part);
    *markdown = s.markdown;
    TRY(e);
    if (c->replaces.n > 0 && c->part.cardinality == CONTENT_NULL)
        *shape = CORE_CONTENT_DELETE;
    else if (c->part.disposition == CONTENT_REACTION && c->in_reply_to.n > 0)
        *shape = CORE_CONTENT_REACTION;
    else if (c->replaces.n > 0)
        *shape = CORE_CONTENT_EDIT;
    else if (s.other || c->part.cardinality == CONTENT_NULL)
        *shape = CORE_CONTENT_OTHER;
    else
        *shape = file->cardinality == CONTENT_NULL ? CORE_CONTENT_TEXT : CORE_CONTENT_FILE;
    return OK;
}
