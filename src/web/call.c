#include "base/text.h"
#include "web/calls.h"

struct entry {
    const char *name;
    err (*run)(struct call *c);
    size_t least, most;
};

static const struct entry entries[] = {
#define X(name, function, least, most) {name, call_##function, least, most},
    CALL_LIST(X)
#undef X
};

/* ---- Arguments ---- */

static err wrong(struct call *c) {
    c->wrong = true;
    return ERR_MALFORMED;
}

err call_text(struct call *c, size_t i, slice *text) {
    uint32_t point;
    for (size_t at = 0, n; at < c->args[i].n; at += n) {
        n = utf8_decode(slice_of(c->args[i].p + at, c->args[i].n - at), &point);
        if (n == 0 || point == 0)
            return wrong(c);
    }
    *text = c->args[i];
    return OK;
}

static err number(struct call *c, size_t i, uint64_t max, uint64_t *out) {
    return decimal_decode(c->args[i], max, out) == OK ? OK : wrong(c);
}

err call_u64(struct call *c, size_t i, uint64_t *out) {
    return number(c, i, UINT64_MAX, out);
}

err call_u32(struct call *c, size_t i, uint32_t *out) {
    uint64_t wide;
    TRY(number(c, i, UINT32_MAX, &wide));
    *out = (uint32_t)wide;
    return OK;
}

err call_bool(struct call *c, size_t i, bool *yes) {
    uint64_t wide;
    TRY(number(c, i, 1, &wide));
    *yes = wide == 1;
    return OK;
}

err call_hex(struct call *c, size_t i, uint8_t *out, size_t n) {
    return hex_decode_to(out, n, c->args[i]) == OK ? OK : wrong(c);
}

err call_id_or_none(struct call *c, size_t i, uint8_t out[CORE_MESSAGE_ID], const uint8_t **id) {
    *id = c->args[i].n == 0 ? NULL : out;
    return c->args[i].n == 0 ? OK : call_hex(c, i, out, CORE_MESSAGE_ID);
}

/* ---- Answers ---- */

void call_put_id(struct json *out, const char *name, slice id) {
    bool zero = true;
    for (size_t i = 0; i < id.n; i++)
        zero &= id.p[i] == 0;
    json_hex(out, name, zero ? SLICE_EMPTY : id);
}

static void put_error(struct json *out, const char *name, uint32_t word) {
    buf_clear(&out->b);
    *out = (struct json){.b = out->b};
    json_object(out, NULL);
    json_str(out, "error", slice_str(name));
    if (word != 0)
        json_num(out, "word", word);
    json_object_end(out);
}

/* ---- The call ---- */

static bool take_u32(slice *rest, uint32_t *number) {
    if (rest->n < 4)
        return false;
    *number = rest->p[0] | (uint32_t)rest->p[1] << 8 | (uint32_t)rest->p[2] << 16 |
              (uint32_t)rest->p[3] << 24;
    *rest = slice_of(rest->p + 4, rest->n - 4);
    return true;
}

/* Exactly count parts, each after its length. */
static bool take_parts(slice rest, slice *parts, uint32_t count) {
    for (uint32_t i = 0, n; i < count; i++) {
        if (!take_u32(&rest, &n) || rest.n < n)
            return false;
        parts[i] = slice_of(rest.p, n);
        rest = slice_of(rest.p + n, rest.n - n);
    }
    return rest.n == 0;
}

static const struct entry *find(slice name) {
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (slice_equal(name, slice_str(entries[i].name)))
            return &entries[i];
    return NULL;
}

static err run(struct call *c, const slice *parts, uint32_t count) {
    const struct entry *entry = count == 0 ? NULL : find(parts[0]);
    c->wrong = entry == NULL || count - 1 < entry->least || count - 1 > entry->most;
    if (c->wrong)
        return ERR_MALFORMED;
    if (c->core == NULL)
        return ERR_CLOSED;
    c->args = parts + 1;
    c->count = count - 1;
    json_object(c->out, NULL);
    json_name(c->out, "answer");
    TRY(entry->run(c));
    json_object_end(c->out);
    return OK;
}

void call_run(struct core *core, uint64_t now, slice bytes, struct json *out) {
    struct call c = {.core = core, .now = now, .out = out};
    uint32_t count;
    slice *parts = mem_new_array(NULL, CALL_ARGS_MAX + 1, sizeof *parts);
    bool whole = parts != NULL && take_u32(&bytes, &count) && count <= CALL_ARGS_MAX + 1 &&
                 take_parts(bytes, parts, count);
    err e = parts == NULL ? ERR_NO_MEMORY : whole ? run(&c, parts, count) : ERR_MALFORMED;
    if (e == OK)
        e = out->e;
    if (e != OK)
        put_error(out, c.wrong || (parts != NULL && !whole) ? "USAGE" : err_name(e), c.word);
    mem_free(NULL, parts, (CALL_ARGS_MAX + 1) * sizeof *parts);
}
