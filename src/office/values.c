/* The values of a text: words of several kinds, numbers, times, bytes. */
#include "office/internal.h"

enum { ID_MAX = 64, BYTES = 32 };

/* ---- Words ---- */

static bool is_lower_or_digit(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_id(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_lower_or_digit(s.p[i]) && (i == 0 || (s.p[i] != '-' && s.p[i] != '.')))
            return false;
    return s.n > 0 && s.n <= ID_MAX;
}

/* ISO 3166-1, and of its reserved and free codes those that are in use for what has authorities of
 * its own: EU, UN, XK. A code that is none would be a suspension of nobody. */
static bool is_country(slice s) {
    static const char codes[] = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBT"
                                "BVBWBYBZCACCCDCFCGCHCICKCL"
                                "CMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETEUFIFJFKFMFOFRGAGBGD"
                                "GEGFGGGHGIGLGMGNGPGQGRGSGT"
                                "GUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKY"
                                "KZLALBLCLILKLRLSLTLULVLYMA"
                                "MCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNU"
                                "NZOMPAPEPFPGPHPKPLPMPNPRPS"
                                "PTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTF"
                                "TGTHTJTKTLTMTNTOTRTTTVTWTZ"
                                "UAUGUMUNUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";
    for (size_t i = 0; i + 2 < sizeof codes; i += 2)
        if (slice_equal(s, slice_of(codes + i, 2)))
            return true;
    return false;
}

static bool ascend(slice words, bool (*good)(slice)) {
    slice before = SLICE_EMPTY;
    do {
        slice word = text_next(&words);
        if (!good(word) || slice_compare(before, word) >= 0)
            return false;
        before = word;
    } while (words.n > 0);
    return true;
}

static bool is_word(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ' ')
            return false;
    return s.n > 0;
}

static bool slice_is(enum text_kind kind, slice s) {
    switch (kind) {
    case TEXT_ID:
        return is_id(s);
    case TEXT_IDS:
        return ascend(s, is_id);
    case TEXT_COUNTRY:
        return is_country(s);
    case TEXT_COUNTRIES:
        return ascend(s, is_country);
    case TEXT_WORD:
        return is_word(s);
    default:
        return s.n > 0;
    }
}

/* ---- Numbers, times, bytes ---- */

/* One that no arithmetic of ours overflows. */
static bool number_read(slice s, uint64_t *v) {
    return decimal_decode(s, UINT64_C(999999999999999999), v) == OK && *v > 0;
}

static void digits(uint8_t *out, size_t n, uint64_t v) {
    while (n-- > 0) {
        out[n] = (uint8_t)('0' + v % 10);
        v /= 10;
    }
}

enum { TIME_LEN = 20 };
static const char TIME_FORM[] = "0000-00-00T00:00:00Z";

static void time_write(uint8_t out[TIME_LEN], uint64_t ms) {
    int year, month, day;
    time_date(ms, &year, &month, &day);
    memcpy(out, TIME_FORM, TIME_LEN);
    digits(out, 4, (uint64_t)year);
    digits(out + 5, 2, (uint64_t)month);
    digits(out + 8, 2, (uint64_t)day);
    digits(out + 11, 2, ms / TIME_HOUR % 24);
    digits(out + 14, 2, ms / TIME_MINUTE % 60);
    digits(out + 17, 2, ms / TIME_SECOND % 60);
}

static bool time_read(slice s, uint64_t *ms) {
    int part[6] = {0};
    size_t at = 0;
    if (s.n != TIME_LEN)
        return false;
    for (size_t i = 0; i < TIME_LEN; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (digit != (TIME_FORM[i] == '0') || (!digit && s.p[i] != TIME_FORM[i]))
            return false;
        if (digit)
            part[at] = part[at] * 10 + (s.p[i] - '0');
        else
            at++;
    }
    if (!time_of_date(part[0], part[1], part[2], ms) || part[3] > 23 || part[4] > 59 ||
        part[5] > 59)
        return false;
    *ms += (uint64_t)part[3] * TIME_HOUR + (uint64_t)part[4] * TIME_MINUTE +
           (uint64_t)part[5] * TIME_SECOND;
    return *ms > 0;
}

bool office_time_read(slice s, uint64_t *ms) {
    return time_read(s, ms);
}

void office_time_write(uint64_t ms, char text[OFFICE_TIME_TEXT]) {
    uint8_t digits_[TIME_LEN];
    time_write(digits_, ms);
    memcpy(text, digits_, TIME_LEN);
    text[TIME_LEN] = '\0';
}

static enum office_reason base64_check(slice s) {
    buf bytes = {0};
    err e = base64_decode(&bytes, s);
    buf_free(&bytes);
    return reason_of(e, OFFICE_VALUE);
}

static enum office_reason bits_read(slice words, const struct text_name *name, bool one,
                                    uint32_t *bits) {
    *bits = 0;
    do {
        slice word = text_next(&words);
        while (name->text != NULL && !slice_equal(slice_str(name->text), word))
            name++;
        if (name->text == NULL || (one && *bits != 0))
            return OFFICE_VALUE;
        *bits |= name++->bit;
    } while (words.n > 0);
    return OFFICE_OK;
}

static err bits_write(buf *out, const struct text_name *name, uint32_t bits) {
    const char *between = "";
    for (; name->text != NULL; name++)
        if ((bits & name->bit) != 0) {
            TRY(buf_append(out, slice_str(between)));
            TRY(buf_append(out, slice_str(name->text)));
            between = " ";
        }
    return OK;
}

/* ---- Values ---- */

enum office_reason text_value_read(const struct text_field *f, slice s, uint8_t *at) {
    uint64_t number = 0;
    uint32_t bits = 0;
    switch (f->kind) {
    case TEXT_NUMBER:
    case TEXT_TIME:
        if (!(f->kind == TEXT_TIME ? time_read : number_read)(s, &number))
            return OFFICE_VALUE;
        memcpy(at, &number, sizeof number);
        return OFFICE_OK;
    case TEXT_HASH:
        return reason_of(hex_decode_to(at, BYTES, s), OFFICE_VALUE);
    case TEXT_KEY:
        return reason_of(base64_decode_to(at, BYTES, s), OFFICE_VALUE);
    case TEXT_ONE:
    case TEXT_SET:
        NEED(bits_read(s, f->names, f->kind == TEXT_ONE, &bits));
        memcpy(at, &bits, sizeof bits);
        return OFFICE_OK;
    default:
        if (!slice_is(f->kind, s))
            return OFFICE_VALUE;
        if (f->kind == TEXT_BASE64)
            NEED(base64_check(s));
        memcpy(at, &s, sizeof s);
        return OFFICE_OK;
    }
}

err text_value_write(buf *out, const struct text_field *f, const uint8_t *at) {
    uint64_t number;
    uint32_t bits;
    uint8_t time[TIME_LEN];
    slice s;
    switch (f->kind) {
    case TEXT_NUMBER:
        memcpy(&number, at, sizeof number);
        return decimal_encode(out, number);
    case TEXT_TIME:
        memcpy(&number, at, sizeof number);
        time_write(time, number);
        return buf_append(out, SLICE_ARRAY(time));
    case TEXT_HASH:
        return hex_encode(out, slice_of(at, BYTES));
    case TEXT_KEY:
        return base64_encode(out, slice_of(at, BYTES));
    case TEXT_ONE:
    case TEXT_SET:
        memcpy(&bits, at, sizeof bits);
        return bits_write(out, f->names, bits);
    default:
        memcpy(&s, at, sizeof s);
        /* It would be lines of its own. */
        if (s.n > 0 && memchr(s.p, '\n', s.n) != NULL)
            return ERR_MALFORMED;
        return buf_append(out, s);
    }
}

bool text_value_is_none(const struct text_field *f, const uint8_t *at) {
    static const uint8_t zero[BYTES];
    slice s;
    switch (f->kind) {
    case TEXT_NUMBER:
    case TEXT_TIME:
        return memcmp(at, zero, sizeof(uint64_t)) == 0;
    case TEXT_HASH:
    case TEXT_KEY:
        return memcmp(at, zero, BYTES) == 0;
    case TEXT_ONE:
    case TEXT_SET:
        return memcmp(at, zero, sizeof(uint32_t)) == 0;
    case TEXT_LINE:
        return text_value_is_none(f->record->fields, at + f->record->fields->at);
    default:
        memcpy(&s, at, sizeof s);
        return s.n == 0;
    }
}
