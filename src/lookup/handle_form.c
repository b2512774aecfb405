#include "lookup/handle_form.h"

#include <utf8proc.h>

#include "base/text.h"

/* Room: a handle of the most characters, each decomposed and each part looking like something. */
enum { POINTS = 1024, MARKS_MOST = 4 };

struct points {
    int32_t p[POINTS];
    size_t n;
};

static err add(struct points *to, int32_t point) {
    if (to->n == POINTS)
        return ERR_TOO_LARGE;
    to->p[to->n++] = point;
    return OK;
}

static err write(const struct points *from, buf *out) {
    uint8_t bytes[4];
    for (size_t i = 0; i < from->n; i++)
        TRY(buf_append(out, slice_of(bytes, (size_t)utf8proc_encode_char(from->p[i], bytes))));
    return OK;
}

/* ---- Mapping ---- */

static bool is_letter(const struct points *s, size_t i) {
    if (i >= s->n)
        return false;
    utf8proc_category_t c = utf8proc_category(s->p[i]);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

/* Unicode's toLowerCase, with the two mappings that are not of one character to one: I with a dot
 * above, and sigma at the end of a word. */
static err add_lower(struct points *to, const struct points *from, size_t i) {
    int32_t point = from->p[i];
    if (point == 0x130) {
        TRY(add(to, 'i'));
        return add(to, 0x307);
    }
    if (point == 0x3a3 && i > 0 && is_letter(from, i - 1) && !is_letter(from, i + 1))
        return add(to, 0x3c2);
    return add(to, utf8proc_tolower(point));
}

/* The width mapping, of one character. */
static err add_width(struct points *to, int32_t point) {
    int32_t mapped[8];
    int boundary = 0;
    utf8proc_propval_t type = utf8proc_get_property(point)->decomp_type;
    if (type != UTF8PROC_DECOMP_TYPE_WIDE && type != UTF8PROC_DECOMP_TYPE_NARROW)
        return add(to, point);
    utf8proc_ssize_t n =
        utf8proc_decompose_char(point, mapped, 8, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
    for (utf8proc_ssize_t i = 0; i < n && i < 8; i++)
        TRY(add(to, mapped[i]));
    return OK;
}

static err decompose(struct points *s) {
    struct points out = {.n = 0};
    for (size_t i = 0; i < s->n; i++) {
        int boundary = 0;
        utf8proc_ssize_t n =
            utf8proc_decompose_char(s->p[i], out.p + out.n, (utf8proc_ssize_t)(POINTS - out.n),
                                    UTF8PROC_DECOMPOSE, &boundary);
        if (n < 0 || (size_t)n > POINTS - out.n)
            return ERR_TOO_LARGE;
        out.n += (size_t)n;
    }
    /* The canonical order of marks. */
    for (size_t i = 1; i < out.n; i++)
        for (size_t j = i; j > 0; j--) {
            int before = utf8proc_get_property(out.p[j - 1])->combining_class;
            int here = utf8proc_get_property(out.p[j])->combining_class;
            if (here == 0 || before <= here)
                break;
            int32_t swap = out.p[j - 1];
            out.p[j - 1] = out.p[j];
            out.p[j] = swap;
        }
    *s = out;
    return OK;
}

static err compose(struct points *s) {
    TRY(decompose(s));
    utf8proc_ssize_t n =
        utf8proc_normalize_utf32(s->p, (utf8proc_ssize_t)s->n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (n < 0)
        return ERR_MALFORMED;
    s->n = (size_t)n;
    return OK;
}

/* ---- What a form may have ---- */

static const struct handle_range *find(int32_t point) {
    size_t low = 0, high = handle_range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct handle_range *r = &handle_ranges[middle];
        if ((uint32_t)point < r->first)
            high = middle;
        else if ((uint32_t)point - r->first >= r->count)
            low = middle + 1;
        else
            return r;
    }
    return NULL;
}

static bool is_of(const struct points *s, size_t i, uint8_t script) {
    const struct handle_range *r = i < s->n ? find(s->p[i]) : NULL;
    return r != NULL && r->scripts != 0 &&
           (handle_sets[r->scripts].bits[script / 64] >> script % 64 & 1) != 0;
}

static bool has(const struct points *s, int32_t point, size_t i) {
    return i < s->n && s->p[i] == point;
}

/* The contexts of RFC 5892, appendix A. */
static bool context_holds(const struct points *s, size_t i) {
    switch (s->p[i]) {
    case 0xb7: /* between two l */
        return i > 0 && has(s, 'l', i - 1) && has(s, 'l', i + 1);
    case 0x375:
        return is_of(s, i + 1, handle_script_grek);
    case 0x5f3:
    case 0x5f4:
        return i > 0 && is_of(s, i - 1, handle_script_hebr);
    case 0x30fb:
        for (size_t j = 0; j < s->n; j++)
            if (j != i && (is_of(s, j, handle_script_hira) || is_of(s, j, handle_script_kana) ||
                           is_of(s, j, handle_script_hani)))
                return true;
        return false;
    default:
        return true;
    }
}

static bool is_mark(int32_t point) {
    utf8proc_category_t c = utf8proc_category(point);
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC;
}

static err check_characters(const struct points *s) {
    for (size_t i = 0; i < s->n; i++)
        if (find(s->p[i]) == NULL || !context_holds(s, i))
            return ERR_MALFORMED;
    int32_t first = s->p[0];
    return is_mark(first) || first == '.' || first == '_' || first == '-' ? ERR_MALFORMED : OK;
}

static err check_marks(const struct points *form) {
    struct points s = *form;
    size_t row = 0;
    TRY(decompose(&s));
    for (size_t i = 0; i < s.n; i++) {
        row = is_mark(s.p[i]) ? row + 1 : 0;
        if (row > MARKS_MOST || (row > 1 && s.p[i] == s.p[i - 1]))
            return ERR_MALFORMED;
    }
    return OK;
}

static err check_scripts(const struct points *s) {
    uint64_t common[3] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    uint32_t zero = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct handle_range *r = find(s->p[i]);
        if (r->digits && zero != 0 && zero != r->first)
            return ERR_UNSUPPORTED;
        if (r->digits)
            zero = r->first;
        for (int j = 0; j < 3; j++)
            common[j] &= handle_sets[r->scripts].bits[j];
    }
    return (common[0] | common[1] | common[2]) == 0 ? ERR_UNSUPPORTED : OK;
}

/* ---- The Bidi Rule (RFC 5893 section 2) ---- */

#define BIDI(class) (1u << UTF8PROC_BIDI_CLASS_##class)

static unsigned direction(int32_t point) {
    return 1u << utf8proc_get_property(point)->bidi_class;
}

static err check_direction(const struct points *s) {
    unsigned all = 0, first = direction(s->p[0]), last = 0;
    for (size_t i = 0; i < s->n; i++) {
        all |= direction(s->p[i]);
        if (direction(s->p[i]) != BIDI(NSM))
            last = direction(s->p[i]);
    }
    if ((all & (BIDI(R) | BIDI(AL) | BIDI(AN))) == 0)
        return OK;
    unsigned neutral = BIDI(EN) | BIDI(ES) | BIDI(CS) | BIDI(ET) | BIDI(ON) | BIDI(BN) | BIDI(NSM);
    bool right = (first & (BIDI(R) | BIDI(AL))) != 0;
    bool good = right && (all & ~(BIDI(R) | BIDI(AL) | BIDI(AN) | neutral)) == 0 &&
                (last & (BIDI(R) | BIDI(AL) | BIDI(EN) | BIDI(AN))) != 0 &&
                (all & (BIDI(EN) | BIDI(AN))) != (BIDI(EN) | BIDI(AN));
    return good ? OK : ERR_MALFORMED; /* what begins from the left may have none of these */
}

/* ---- Forms and skeletons ---- */

static err read(slice text, struct points *s) {
    uint32_t point;
    s->n = 0;
    for (size_t i = 0, n; i < text.n; i += n) {
        n = utf8_decode(slice_of(text.p + i, text.n - i), &point);
        if (n == 0)
            return ERR_MALFORMED;
        TRY(add(s, (int32_t)point));
    }
    return OK;
}

static err map(const struct points *text, struct points *form) {
    struct points wide = {.n = 0};
    for (size_t i = 0; i < text->n; i++)
        TRY(add_width(&wide, text->p[i]));
    form->n = 0;
    for (size_t i = 0; i < wide.n; i++)
        TRY(add_lower(form, &wide, i));
    return compose(form);
}

err lookup_handle_form(slice text, buf *form) {
    struct points s, mapped;
    TRY(read(text, &s));
    TRY(map(&s, &mapped));
    if (mapped.n > HANDLE_MOST)
        return ERR_TOO_LARGE;
    if (mapped.n < HANDLE_LEAST)
        return ERR_LENGTH;
    TRY(check_characters(&mapped));
    TRY(check_marks(&mapped));
    TRY(check_scripts(&mapped));
    TRY(check_direction(&mapped));
    return write(&mapped, form);
}

static err add_look(struct points *to, int32_t point) {
    size_t low = 0, high = handle_look_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct handle_look *look = &handle_looks[middle];
        if (look->from == (uint32_t)point) {
            for (size_t i = 0; i < look->n; i++)
                TRY(add(to, (int32_t)handle_pool[look->at + i]));
            return OK;
        }
        if (look->from < (uint32_t)point)
            low = middle + 1;
        else
            high = middle;
    }
    return add(to, point);
}

err lookup_handle_skeleton(slice form, buf *skeleton) {
    struct points s, looks = {.n = 0};
    TRY(read(form, &s));
    TRY(decompose(&s));
    for (size_t i = 0; i < s.n; i++)
        TRY(add_look(&looks, s.p[i]));
    TRY(decompose(&looks));
    return write(&looks, skeleton);
}
