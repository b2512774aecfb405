/* Orders: to release a record, to give notice to a user, to preserve a record. */
#include "office/internal.h"

static const struct text_name accounts[] = {{"id", OFFICE_BY_ID},
                                            {"key", OFFICE_BY_KEY},
                                            {"handle", OFFICE_BY_HANDLE},
                                            {"link", OFFICE_BY_LINK},
                                            {0}};
static const struct text_name paths[] = {{"ordinary", OFFICE_ORDINARY},
                                         {"emergency", OFFICE_EMERGENCY},
                                         {"compelled", OFFICE_COMPELLED},
                                         {0}};
static const struct text_name fields[] = {
#define X(text, name) {text, (uint32_t)1 << HELD_FIELD_##name},
    HELD_RECORD(X)
#undef X
        {0},
};

/* ---- The texts ---- */

#define THIS struct office_version
static const struct text_field version_fields[] = {
    {FIELD("", TEXT_NUMBER, number, 1, 1)},
    {FIELD("", TEXT_HASH, hash, 1, 1)},
    {0},
};
const struct text_record version_line = {sizeof(THIS), version_fields};
#undef THIS

#define THIS struct office_account
static const struct text_field account_fields[] = {
    {FIELD("", TEXT_ONE, by, 1, 1), .names = accounts},
    {FIELD("", TEXT_WORD, name, 1, 1)},
    {0},
};
static const struct text_record account = {sizeof(THIS), account_fields};
#undef THIS

#define THIS struct office_order
/* What begins and ends each. */
#define HEAD                                                                     \
    {FIELD("id", TEXT_ID, id, 1, 1)}, {FIELD("case", TEXT_ID, case_id, 1, 1)}, { \
        FIELD("account", TEXT_LINE, account, 1, 1), .record = &account           \
    }
#define WHOSE                                                      \
    {FIELD("authority", TEXT_ID, authority, 1, 1)},                \
        {FIELD("beneficiary", TEXT_COUNTRY, beneficiary, 1, 1)}, { \
        FIELD("regime", TEXT_ID, regime, 1, 1)                     \
    }
#define TAIL                                                                             \
    {FIELD("server", TEXT_HASH, server, 1, 1)},                                          \
        {FIELD("server-number", TEXT_NUMBER, server_number, 1, 1)},                      \
        {FIELD("office", TEXT_LINE, office, 1, 1), .record = &version_line},             \
        {FIELD("suspensions", TEXT_LINE, suspensions, 1, 1), .record = &version_line}, { \
        FIELD("made", TEXT_TIME, made, 1, 1)                                             \
    }
static const struct text_field release_fields[] = {
    HEAD,
    {FIELD("fields", TEXT_SET, fields, 1, 1), .names = fields},
    {FIELD("path", TEXT_ONE, path, 1, 1), .names = paths},
    WHOSE,
    {FIELD("carve-outs", TEXT_IDS, carve_outs, 0, 1)},
    TAIL,
    {0},
};
static const struct text_field notice_fields[] = {
    HEAD,
    {FIELD("receipt", TEXT_HASH, receipt, 1, 1)},
    {FIELD("wording", TEXT_LINES, wording, 1, 256), .record = &prose_line},
    TAIL,
    {0},
};
static const struct text_field preservation_fields[] = {
    HEAD, WHOSE, {FIELD("until", TEXT_TIME, until, 1, 1)}, TAIL, {0},
};
#undef THIS

/* An account's id and key are hexadecimal, in small letters. */
static bool is_hex(slice s, size_t bytes) {
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return s.n == 2 * bytes;
}

static enum office_reason check(const void *document) {
    const struct office_order *o = document;
    if ((o->account.by == OFFICE_BY_ID && !is_hex(o->account.name, 16)) ||
        (o->account.by == OFFICE_BY_KEY && !is_hex(o->account.name, 32)))
        return OFFICE_ACCOUNT;
    return OFFICE_OK;
}

static enum office_reason notice_check(const void *document) {
    const struct office_order *o = document;
    return o->document.text.n > OFFICE_NOTICE_MAX ? OFFICE_TOO_LARGE : check(document);
}

static const struct document_type types[] = {
    [OFFICE_ORDER_RELEASE] = {{"release", {sizeof(struct office_order), release_fields}}, check},
    [OFFICE_ORDER_NOTICE] = {{"notice", {sizeof(struct office_order), notice_fields}},
                             notice_check},
    [OFFICE_ORDER_PRESERVATION] = {{"preservation",
                                    {sizeof(struct office_order), preservation_fields}},
                                   check},
};
enum { TYPES = sizeof types / sizeof types[0] };

/* ---- Reading, writing ---- */

/* By its first line. What is none is refused as any of them. */
static enum office_order_kind kind_of(slice bytes) {
    size_t kind = TYPES - 1;
    while (kind > 0 && !text_skip_head(&(slice){bytes.p, bytes.n}, &types[kind].text))
        kind--;
    return (enum office_order_kind)kind;
}

enum office_reason office_order_load(struct office_order **out, const struct mem *mem, slice bytes,
                                     size_t *line) {
    enum office_order_kind kind = kind_of(bytes);
    void *document = NULL;
    enum office_reason r = document_new(&document, mem, &types[kind], bytes, line);
    *out = document;
    if (r == OFFICE_OK)
        (*out)->kind = kind;
    return r;
}

void office_order_free(struct office_order *o) {
    if (o != NULL)
        document_free(&types[o->kind], o);
}

enum office_reason office_order_write(buf *out, const struct office_order *o) {
    return text_write(out, &types[o->kind].text, o);
}

/* ---- Checks ---- */

static enum office_reason version_check(const struct office_version *named, uint64_t present,
                                        const uint8_t hash[32], enum office_reason stale,
                                        enum office_reason unknown) {
    if (named->number < present)
        return stale;
    return named->number == present && memcmp(named->hash, hash, 32) == 0 ? OFFICE_OK : unknown;
}

static enum office_reason place_check(const struct office_order *o,
                                      const struct office_here *here) {
    if (memcmp(o->server, here->server, sizeof o->server) != 0)
        return OFFICE_SERVER;
    if (o->server_number != here->server_number)
        return OFFICE_SERVER_NUMBER;
    NEED(version_check(&o->office, here->office->version, here->office->document.hash,
                       OFFICE_STALE_OFFICE, OFFICE_UNKNOWN_OFFICE));
    return version_check(&o->suspensions, here->list->version, here->list->document.hash,
                         OFFICE_STALE_LIST, OFFICE_UNKNOWN_LIST);
}

static enum office_reason time_check(const struct office_order *o, uint64_t now) {
    if (o->made > now + OFFICE_CLOCKS_APART)
        return OFFICE_FUTURE;
    if (now > o->made + OFFICE_ORDER_LIFE)
        return OFFICE_EXPIRED;
    if (o->kind == OFFICE_ORDER_PRESERVATION &&
        (o->until <= now || o->until > o->made + OFFICE_PRESERVATION_MAX))
        return OFFICE_UNTIL;
    return OFFICE_OK;
}

/* Where some authorities are suspended: who asks for another country than its own doesn't say for
 * which authority there. A wider suspension never stops less than a narrower one. */
static bool binds(const struct office_suspension *s, slice issuer, const struct office_order *o) {
    bool from = text_has(s->jurisdictions, issuer);
    bool for_them = text_has(s->jurisdictions, o->beneficiary);
    switch (s->scope.kind) {
    case OFFICE_SCOPE_REGIMES:
        return (from || for_them) && text_has(s->scope.only, o->regime);
    case OFFICE_SCOPE_AUTHORITIES:
        return (from && text_has(s->scope.only, o->authority)) ||
               (for_them && !slice_equal(issuer, o->beneficiary));
    default:
        return from || for_them;
    }
}

/* By a carve-out that the order names and that is for its path. */
static bool carved_out(const struct office_suspension *s, const struct office_order *o) {
    for (size_t i = 0; i < s->carve_outs.n; i++)
        if (s->carve_outs.p[i].path == o->path && text_has(o->carve_outs, s->carve_outs.p[i].id))
            return true;
    return false;
}

bool office_is_suspended(const struct office_suspensions *list, slice issuer,
                         const struct office_order *o) {
    for (size_t i = 0; i < list->suspensions.n; i++) {
        const struct office_suspension *s = &list->suspensions.p[i];
        if (binds(s, issuer, o) && !carved_out(s, o))
            return true;
    }
    return false;
}

static enum office_reason suspension_check(const struct office_order *o,
                                           const struct office_here *here) {
    const struct office_authority *a = office_authority_find(here->office, o->authority);
    if (a == NULL)
        return OFFICE_AUTHORITY;
    for (slice left = o->carve_outs; left.n > 0;) {
        const struct office_carve_out *c = office_carve_out_find(here->list, text_next(&left));
        if (c == NULL || c->path != o->path)
            return OFFICE_CARVE_OUT;
    }
    if (office_is_suspended(here->list, a->jurisdiction, o))
        return OFFICE_SUSPENDED;
    return here->list->freezes.n > 0 ? OFFICE_FROZEN : OFFICE_OK;
}

static enum office_move move_of(const struct office_order *o) {
    if (o->kind == OFFICE_ORDER_NOTICE)
        return OFFICE_MOVE_NOTICE;
    if (o->kind == OFFICE_ORDER_PRESERVATION)
        return OFFICE_MOVE_PRESERVATION;
    return o->path == OFFICE_EMERGENCY   ? OFFICE_MOVE_EMERGENCY
           : o->path == OFFICE_COMPELLED ? OFFICE_MOVE_COMPELLED
                                         : OFFICE_MOVE_RELEASE;
}

/* The signatures but the last line of them, which is *last. */
static slice without_last(slice signatures, slice *last) {
    size_t n = signatures.n > 0 ? signatures.n - 1 : 0;
    while (n > 0 && signatures.p[n - 1] != '\n')
        n--;
    *last = slice_of(signatures.p + n, signatures.n - n);
    return slice_of(signatures.p, n);
}

/* The notice key's word for a notice, "— office notice BASE64", stands after those of the persons:
 * the user, whose client knows that key and no person's, is shown what all of them signed. */
static enum office_reason told_check(struct office_order *o, const struct office *office,
                                     slice line) {
    slice word;
    if (!slice_line(&line, &word) || !slice_skip(&word, slice_str("\u2014 office notice ")) ||
        base64_decode_to(o->told, sizeof o->told, word) != OK)
        return OFFICE_NOTICE_KEY;
    return reason_of(crypto_ed25519.verify(SLICE_ARRAY(o->told), SLICE_ARRAY(office->notice_key),
                                           o->document.text),
                     OFFICE_NOTICE_KEY);
}

/* Those of persons. */
static enum office_reason signatures_check(struct office_order *o, const struct office *office,
                                           struct signers *signers) {
    struct office_document over = o->document;
    slice last;
    if (o->kind == OFFICE_ORDER_NOTICE) {
        over.signatures = without_last(o->document.signatures, &last);
        NEED(told_check(o, office, last));
    }
    return signers_read(office, &over, signers);
}

/* A user may be told whatever is suspended or frozen: that gives nothing to anybody else. */
static enum office_reason order_check(struct office_order *o, const struct office_here *here) {
    NEED(place_check(o, here));
    NEED(time_check(o, here->now));
    if (o->kind != OFFICE_ORDER_NOTICE)
        NEED(suspension_check(o, here));
    struct signers signers;
    NEED(signatures_check(o, here->office, &signers));
    for (size_t i = 0; i < signers.n; i++)
        if (office_person_bound(signers.each[i].person, here->list))
            return OFFICE_BOUND;
    return signers_enough(here->office, here->list, &signers, move_of(o));
}

enum office_reason office_order_check(struct office_order **out, const struct office_here *here,
                                      slice bytes, size_t *line) {
    NEED(office_order_load(out, here->office->document.bytes.mem, bytes, line));
    enum office_reason r = order_check(*out, here);
    if (r != OFFICE_OK) {
        office_order_free(*out);
        *out = NULL;
    }
    return r;
}
