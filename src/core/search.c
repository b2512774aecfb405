/* Looking for words in what was said. Everything lies sealed, so there is no index: entries are
 * opened one after the other, some at a time. */
#include "core/internal.h"

#include "base/text.h"

enum { STEP = 400 };

/* Small letters for capitals in the alphabets that have both, and common forms for wide ones; what
 * has accents stays another letter than what has none. */
static uint32_t fold_point(uint32_t p) {
    if ((p >= 'A' && p <= 'Z') || (p >= 0xc0 && p <= 0xde && p != 0xd7)) /* Latin */
        return p + 32;
    if (p >= 0x100 && p <= 0x17e) { /* pairs, of which the capital comes first */
        bool odd = (p >= 0x139 && p <= 0x148) || p >= 0x179;
        bool none = p == 0x130 || p == 0x131 || p == 0x138 || p == 0x149 || p == 0x178;
        return !none && (p & 1) == odd ? p + 1 : p;
    }
    if ((p >= 0x391 && p <= 0x3a9) || (p >= 0x410 && p <= 0x42f)) /* Greek, Cyrillic */
        return p + 32;
    if (p >= 0x400 && p <= 0x40f)
        return p + 80;
    if (p >= 0x531 && p <= 0x556) /* Armenian */
        return p + 48;
    if (p >= 0xff01 && p <= 0xff5e) /* wide forms */
        return fold_point(p - 0xff01 + '!');
    return p;
}

static err append_point(buf *out, uint32_t p) {
    uint8_t bytes[4];
    size_t n = 0;
    if (p < 0x80) {
        bytes[n++] = (uint8_t)p;
    } else if (p < 0x800) {
        bytes[n++] = (uint8_t)(0xc0 | p >> 6);
    } else if (p < 0x10000) {
        bytes[n++] = (uint8_t)(0xe0 | p >> 12);
        bytes[n++] = (uint8_t)(0x80 | (p >> 6 & 0x3f));
    } else {
        bytes[n++] = (uint8_t)(0xf0 | p >> 18);
        bytes[n++] = (uint8_t)(0x80 | (p >> 12 & 0x3f));
        bytes[n++] = (uint8_t)(0x80 | (p >> 6 & 0x3f));
    }
    if (p >= 0x80)
        bytes[n++] = (uint8_t)(0x80 | (p & 0x3f));
    return buf_append(out, slice_of(bytes, n));
}

err core_search_fold(buf *out, slice text) {
    while (text.n > 0) {
        uint32_t point;
        size_t n = text_point(text, &point);
        TRY(append_point(out, point == TEXT_INVALID ? '?' : fold_point(point)));
        text = slice_of(text.p + n, text.n - n);
    }
    return OK;
}

static bool has(slice text, slice word) {
    for (; text.n >= word.n; text = slice_of(text.p + 1, text.n - 1))
        if (memcmp(text.p, word.p, word.n) == 0)
            return true;
    return false;
}

static bool has_all(slice text, slice words) {
    while (words.n > 0) {
        slice word = slice_until(&words, ' ');
        if (word.n > 0 && !has(text, word))
            return false;
    }
    return true;
}

static bool has_word(slice words) {
    while (words.n > 0)
        if (slice_until(&words, ' ').n > 0)
            return true;
    return false;
}

struct search {
    struct core *core;
    slice words; /* folded */
    core_message_visit *visit;
    void *ctx;
    err e;
};

static bool look(void *ctx, const struct core_message *m) {
    struct search *s = ctx;
    buf text = buf_on(s->core->mem);
    bool is_said = m->kind == CORE_MESSAGE_CONTENT && !m->withdrawn &&
                   (m->shape == CORE_CONTENT_TEXT || m->shape == CORE_CONTENT_FILE);
    if (!is_said)
        return true;
    s->e = core_search_fold(&text, m->text);
    if (s->e == OK)
        s->e = buf_append_byte(&text, '\n');
    if (s->e == OK)
        s->e = core_search_fold(&text, m->file.name);
    bool more = s->e == OK;
    if (more && has_all(buf_slice(&text), s->words))
        more = s->visit(s->ctx, m);
    buf_free(&text);
    return more;
}

err core_search(struct core *core, uint32_t conversation, slice words, uint64_t before,
                core_message_visit *visit, void *ctx, uint64_t *next) {
    const struct conversation *c = core_conversation_lookup(core, conversation);
    buf folded = buf_on(core->mem);
    struct search s = {.core = core, .visit = visit, .ctx = ctx};
    *next = 0;
    if (c == NULL)
        return ERR_NOT_FOUND;
    uint64_t last = before == 0 || before > c->r.messages ? c->r.messages : before - 1;
    uint64_t first = last > STEP ? last - STEP + 1 : 1;
    s.e = core_search_fold(&folded, words);
    s.words = buf_slice(&folded);
    if (s.e == OK && !has_word(s.words))
        s.e = ERR_MALFORMED;
    if (s.e == OK) {
        err e = core_messages(core, conversation, first, last, look, &s);
        s.e = e == OK ? s.e : e;
    }
    buf_free(&folded);
    if (s.e == OK && first > 1)
        *next = first;
    return s.e;
}
