#include "desk/hi1.h"

#include "base/text.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "desk/hi1_tree.h"

#define NAMESPACE "http://uri.etsi.org/03120/"

const char *hi1_reason_name(enum hi1_reason reason) {
    static const char *const names[] = {"OK",
#define X(name, text) #name,
                                        HI1_REASONS(X)
#undef X
    };
    return (size_t)reason < sizeof names / sizeof names[0] ? names[reason] : "";
}

const char *hi1_reason_text(enum hi1_reason reason) {
    static const char *const texts[] = {"it is fine",
#define X(name, text) text,
                                        HI1_REASONS(X)
#undef X
    };
    return (size_t)reason < sizeof texts / sizeof texts[0] ? texts[reason] : "";
}

/* ---- Before anything is parsed ---- */

static bool is_control(uint32_t c) {
    return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

static enum hi1_reason check_bytes(slice bytes) {
    if (bytes.n > HI1_MAX)
        return HI1_TOO_LARGE;
    if (bytes.n == 0)
        return HI1_EMPTY;
    while (bytes.n > 0) {
        uint32_t point;
        size_t n = utf8_decode(bytes, &point);
        if (n == 0 || is_control(point))
            return HI1_CHARACTERS;
        bytes = slice_of(bytes.p + n, bytes.n - n);
    }
    return HI1_OK;
}

/* ---- Fields ---- What an element holds is a table of these. */

struct reader {
    struct hi1_filing *f;
    const struct hi1_tree *t;
    uint32_t about; /* the element that a refusal is about; 0: see missing */
    const char *missing;
    slice action; /* the identifier of the one that is read */
};
typedef enum hi1_reason read_part(struct reader *r, uint32_t node, void *out);

enum kind {
    LINE,    /* one line that can be seen */
    TEXT,    /* several */
    COUNTRY, /* two capital letters */
    UUID,
    TIME,
    BOOLEAN,
    ENTRY,     /* of a dictionary: its value */
    FREE,      /* for a person to read */
    FORBIDDEN, /* the sender may not say it */
    PART       /* read by a function, and as often as it stands there */
};
struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    bool needed;
    read_part *read;
};

/* Room for one more; arrays grow by doubling. NULL: no memory. */
static void *grow(const struct mem *mem, void *array, size_t n, size_t size) {
    if (n > 0 && (n & (n - 1)) != 0)
        return array;
    return mem_resize(mem, array, n * size, (n == 0 ? 1 : 2 * n) * size);
}

static size_t room_of(size_t n) {
    size_t room = n == 0 ? 0 : 1;
    while (room < n)
        room *= 2;
    return room;
}

#define FREE_ARRAY(mem, a) mem_free((mem), (a).p, room_of((a).n) * sizeof *(a).p)

static enum hi1_reason add_pair(struct reader *r, struct hi1_pairs *pairs, slice name, slice text) {
    void *p = grow(r->f->mem, pairs->p, pairs->n, sizeof *pairs->p);
    if (p == NULL)
        return HI1_MEMORY;
    pairs->p = p;
    pairs->p[pairs->n++] = (struct hi1_pair){name, text};
    return HI1_OK;
}

/* The leaves below a node, each by its own name. The tree's depth is bounded. */
static enum hi1_reason add_leaves(struct reader *r, uint32_t node, struct hi1_pairs *pairs) {
    enum hi1_reason e = HI1_OK;
    slice text = hi1_tree_value(r->t, node);
    if (text.n > 0 || r->t->nodes[node].first == 0)
        e = add_pair(r, pairs, hi1_tree_name(r->t, node), text);
    for (uint32_t i = r->t->nodes[node].first; e == HI1_OK && i != 0; i = r->t->nodes[i].next)
        e = add_leaves(r, i, pairs);
    return e;
}

static bool is_ours(const struct reader *r, uint32_t node) {
    slice namespace = hi1_tree_namespace(r->t, node);
    return slice_skip(&namespace, slice_str(NAMESPACE));
}

static bool is_line(slice s) {
    if (s.n == 0 || s.n > HI1_LINE_MAX)
        return false;
    while (s.n > 0) {
        uint32_t point;
        size_t n = text_point(s, &point);
        if (point == TEXT_INVALID || text_is_unsafe(point))
            return false;
        s = slice_of(s.p + n, s.n - n);
    }
    return true;
}

static bool is_country(slice s) {
    return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A pattern of '0' (a digit), 'h' (a hexadecimal one), and what stands for itself. */
static bool fits(slice s, const char *pattern) {
    for (size_t i = 0; i < s.n; i++) {
        char c = pattern[i];
        if (c == '\0' || (c == '0'   ? !is_digit(s.p[i])
                          : c == 'h' ? !is_hex(s.p[i])
                                     : s.p[i] != (uint8_t)c))
            return false;
    }
    return pattern[s.n] == '\0';
}

static int two(slice s, size_t at) {
    return 10 * (s.p[at] - '0') + s.p[at + 1] - '0';
}

/* XML Schema's dateTime with its zone. */
static bool is_time(slice s) {
    uint64_t day;
    if (s.n < 20 || s.n > 40 || !fits(slice_of(s.p, 19), "0000-00-00T00:00:00") ||
        !time_of_date(100 * two(s, 0) + two(s, 2), two(s, 5), two(s, 8), &day) || two(s, 11) > 23 ||
        two(s, 14) > 59 || two(s, 17) > 60)
        return false;
    slice rest = slice_of(s.p + 19, s.n - 19);
    if (slice_skip(&rest, slice_str("."))) {
        size_t n = 0;
        while (n < rest.n && is_digit(rest.p[n]))
            n++;
        if (n == 0)
            return false;
        rest = slice_of(rest.p + n, rest.n - n);
    }
    return slice_equal(rest, slice_str("Z")) || fits(rest, "+00:00") || fits(rest, "-00:00");
}

static bool is_value(enum kind kind, slice s) {
    switch (kind) {
    case LINE:
        return is_line(s);
    case COUNTRY:
        return is_country(s);
    case UUID:
        return fits(s, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh");
    case TIME:
        return is_time(s);
    case BOOLEAN:
        return slice_equal(s, slice_str("true")) || slice_equal(s, slice_str("false"));
    default:
        return true;
    }
}

static enum hi1_reason take(struct reader *r, uint32_t node, const struct field *fields,
                            size_t count, void *out);

struct entry {
    slice owner, name, value;
};
static const struct field entry_fields[] = {
    {"Owner", LINE, offsetof(struct entry, owner), true, NULL},
    {"Name", LINE, offsetof(struct entry, name), true, NULL},
    {"Value", LINE, offsetof(struct entry, value), true, NULL}};

#define TAKE(r, node, fields, out) take(r, node, fields, sizeof fields / sizeof fields[0], out)

static enum hi1_reason take_one(struct reader *r, uint32_t node, const struct field *f, void *out) {
    slice *place = (slice *)(void *)((char *)out + f->offset), text = hi1_tree_value(r->t, node);
    struct entry entry = {0};
    if (f->kind == PART)
        return f->read(r, node, (char *)out + f->offset);
    if (f->kind == FORBIDDEN)
        return HI1_STATUS;
    if (f->kind == FREE)
        return add_leaves(r, node, &r->f->to_read);
    if (place->p != NULL)
        return HI1_COUNT;
    if (f->kind == ENTRY) {
        enum hi1_reason e = TAKE(r, node, entry_fields, &entry);
        *place = entry.value;
        return e;
    }
    if (r->t->nodes[node].elements || !is_value(f->kind, text))
        return HI1_VALUE;
    *place = text.p == NULL ? slice_str("") : text;
    return HI1_OK;
}

static enum hi1_reason take(struct reader *r, uint32_t node, const struct field *fields,
                            size_t count, void *out) {
    uint64_t seen = 0;
    for (uint32_t i = r->t->nodes[node].first; i != 0; i = r->t->nodes[i].next) {
        slice name = hi1_tree_name(r->t, i);
        size_t f = 0;
        while (f < count && !(slice_equal(name, slice_str(fields[f].name)) && is_ours(r, i)))
            f++;
        enum hi1_reason e =
            f == count ? add_leaves(r, i, &r->f->to_read) : take_one(r, i, &fields[f], out);
        if (e != HI1_OK) {
            if (r->about == 0 && r->missing == NULL)
                r->about = i;
            return e;
        }
        if (f < count)
            seen |= (uint64_t)1 << f;
    }
    for (size_t f = 0; f < count; f++)
        if (fields[f].needed && (seen >> f & 1) == 0) {
            r->missing = fields[f].name;
            return HI1_MISSING;
        }
    return HI1_OK;
}

/* A list of lines under one name: ids of objects. */
static enum hi1_reason read_lines(struct reader *r, uint32_t node, void *out) {
    for (uint32_t i = r->t->nodes[node].first; i != 0; i = r->t->nodes[i].next) {
        slice text = hi1_tree_value(r->t, i);
        if (!is_line(text))
            return HI1_VALUE;
        enum hi1_reason e = add_pair(r, out, hi1_tree_name(r->t, i), text);
        if (e != HI1_OK)
            return e;
    }
    return HI1_OK;
}

/* An entry of a dictionary, or a list of them. */
static enum hi1_reason read_entries(struct reader *r, uint32_t node, void *out) {
    struct entry entry = {0};
    uint32_t first = r->t->nodes[node].first;
    bool list = first != 0 && r->t->nodes[first].elements;
    if (!list) {
        enum hi1_reason e = TAKE(r, node, entry_fields, &entry);
        return e == HI1_OK ? add_pair(r, out, entry.name, entry.value) : e;
    }
    for (uint32_t i = first; i != 0; i = r->t->nodes[i].next) {
        enum hi1_reason e = read_entries(r, i, out);
        if (e != HI1_OK)
            return e;
    }
    return HI1_OK;
}

static enum hi1_reason read_leaves(struct reader *r, uint32_t node, void *out) {
    return add_leaves(r, node, out);
}

static const struct field party_fields[] = {
    {"CountryCode", COUNTRY, offsetof(struct hi1_party, country), true, NULL},
    {"UniqueIdentifier", LINE, offsetof(struct hi1_party, id), true, NULL}};

static enum hi1_reason read_party(struct reader *r, uint32_t node, void *out) {
    struct hi1_party *party = out;
    return party->id.p != NULL ? HI1_COUNT : TAKE(r, node, party_fields, party);
}

/* The list's one part, or the part itself. */
static enum hi1_reason read_provider(struct reader *r, uint32_t node, void *out) {
    uint32_t first = r->t->nodes[node].first;
    bool list = first != 0 && r->t->nodes[first].elements;
    return read_party(r, list ? first : node, out);
}

/* ---- Objects ---- */

#define OBJECT_FIELDS(type)                                                             \
    {"ObjectIdentifier", UUID, offsetof(type, object.id), true, NULL},                  \
        {"CountryCode", COUNTRY, offsetof(type, object.country), false, NULL},          \
        {"OwnerIdentifier", LINE, offsetof(type, object.owner), false, NULL},           \
        {"Generation", LINE, offsetof(type, object.generation), false, NULL},           \
        {"ExternalIdentifier", LINE, offsetof(type, object.external), false, NULL},     \
        {"LastChanged", TIME, offsetof(type, object.changed), false, NULL}, {           \
        "AssociatedObjects", PART, offsetof(type, object.associated), false, read_lines \
    }

#define THIS struct hi1_approval
static const struct field approval_fields[] = {
    {"ApprovalType", LINE, offsetof(THIS, type), true, NULL},
    {"ApprovalReference", LINE, offsetof(THIS, reference), false, NULL},
    {"ApprovalTimestamp", TIME, offsetof(THIS, time), false, NULL},
    {"ApprovalIsEmergency", BOOLEAN, offsetof(THIS, emergency), false, NULL},
    {"ApprovalDescription", PART, offsetof(THIS, details), false, read_leaves},
    {"ApproverDetails", PART, offsetof(THIS, details), false, read_leaves},
    {"ApprovalDigitalSignature", PART, offsetof(THIS, details), false, read_leaves},
    {"ApprovalNationalDetails", PART, offsetof(THIS, details), false, read_leaves}};
#undef THIS

static enum hi1_reason read_approval(struct reader *r, uint32_t node, void *out) {
    struct hi1_authorisation *a = out;
    void *p = grow(r->f->mem, a->approvals.p, a->approvals.n, sizeof *a->approvals.p);
    if (p == NULL)
        return HI1_MEMORY;
    a->approvals.p = p;
    a->approvals.p[a->approvals.n] = (struct hi1_approval){0};
    return TAKE(r, node, approval_fields, &a->approvals.p[a->approvals.n++]);
}

static enum hi1_reason read_flags(struct reader *r, uint32_t node, void *out) {
    static const struct {
        const char *name;
        uint32_t flag;
    } known[] = {{"IsEmergency", HI1_EMERGENCY},
                 {"DelayInformingUser", HI1_DELAY_INFORMING},
                 {"EnforcingAuthorityNotified", HI1_ENFORCING_NOTIFIED}};
    struct hi1_pairs flags = {0};
    enum hi1_reason e = read_entries(r, node, &flags);
    for (size_t i = 0; e == HI1_OK && i < flags.n; i++) {
        uint32_t flag = 0;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (slice_equal(flags.p[i].text, slice_str(known[k].name)))
                flag = known[k].flag;
        *(uint32_t *)out |= flag;
        if (flag == 0)
            e = add_pair(r, &r->f->to_read, flags.p[i].name, flags.p[i].text);
    }
    FREE_ARRAY(r->f->mem, flags);
    return e;
}

#define SPAN_FIELDS(type)                                      \
    {"StartTime", TIME, offsetof(type, start), false, NULL}, { \
        "EndTime", TIME, offsetof(type, end), false, NULL      \
    }

static const struct field span_fields[] = {SPAN_FIELDS(struct hi1_authorisation)};

static enum hi1_reason read_span(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, span_fields, out);
}

#define THIS struct hi1_authorisation
static const struct field authorisation_fields[] = {
    OBJECT_FIELDS(THIS),
    {"AuthorisationReference", LINE, offsetof(THIS, reference), true, NULL},
    {"AuthorisationLegalType", ENTRY, offsetof(THIS, legal), true, NULL},
    {"AuthorisationPriority", ENTRY, offsetof(THIS, priority), false, NULL},
    {"AuthorisationStatus", FORBIDDEN, 0, false, NULL},
    {"AuthorisationInvalidReason", FORBIDDEN, 0, false, NULL},
    {"AuthorisationDesiredStatus", ENTRY, offsetof(THIS, desired), false, NULL},
    {"AuthorisationTimespan", PART, 0, false, read_span},
    {"AuthorisationCSPID", PART, offsetof(THIS, provider), false, read_provider},
    {"AuthorisationCreationTimestamp", TIME, offsetof(THIS, created), false, NULL},
    {"AuthorisationServedTimestamp", TIME, offsetof(THIS, served), false, NULL},
    {"AuthorisationTerminationTimestamp", TIME, offsetof(THIS, terminated), false, NULL},
    {"AuthorisationApprovalDetails", PART, 0, true, read_approval},
    {"AuthorisationFlags", PART, offsetof(THIS, flags), false, read_flags},
    {"AuthorisationJurisdiction", LINE, offsetof(THIS, jurisdiction), false, NULL},
    {"AuthorisationTypeOfCase", ENTRY, offsetof(THIS, type_of_case), false, NULL},
    {"AuthorisationManualInformation", FREE, 0, false, NULL}};
#undef THIS

static enum hi1_reason read_authorisation(struct reader *r, uint32_t node) {
    struct hi1_authorisation *a = &r->f->authorisation;
    if (a->object.id.p != NULL)
        return HI1_AUTHORISATIONS;
    a->object.action = r->action;
    enum hi1_reason e = TAKE(r, node, authorisation_fields, a);
    if (e != HI1_OK)
        return e;
    if (slice_equal(a->legal, slice_str("EPOCPR")))
        a->legal_type = HI1_EPOC_PR;
    else if (!slice_equal(a->legal, slice_str("EPOC")))
        return HI1_LEGAL_TYPE;
    return HI1_OK;
}

#define THIS struct hi1_value
static const struct field format_fields[] = {
    {"FormatOwner", LINE, offsetof(THIS, owner), true, NULL},
    {"FormatName", LINE, offsetof(THIS, format), true, NULL}};

static enum hi1_reason read_format(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, format_fields, out);
}

/* The format stands in a part of its own, or beside the value. */
static const struct field value_fields[] = {
    {"FormatType", PART, 0, false, read_format},
    {"FormatOwner", LINE, offsetof(THIS, owner), false, NULL},
    {"FormatName", LINE, offsetof(THIS, format), false, NULL},
    {"Value", LINE, offsetof(THIS, value), true, NULL}};
#undef THIS

static enum hi1_reason read_value(struct reader *r, uint32_t node, void *out) {
    struct hi1_task *t = out;
    void *p = grow(r->f->mem, t->values.p, t->values.n, sizeof *t->values.p);
    if (p == NULL)
        return HI1_MEMORY;
    t->values.p = p;
    t->values.p[t->values.n] = (struct hi1_value){0};
    enum hi1_reason e = TAKE(r, node, value_fields, &t->values.p[t->values.n]);
    if (e == HI1_OK && t->values.p[t->values.n].format.n == 0) {
        r->missing = "FormatName";
        e = HI1_MISSING;
    }
    t->values.n++;
    return e;
}

static const struct field values_fields[] = {{"RequestValue", PART, 0, true, read_value}};

static enum hi1_reason read_values(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, values_fields, out);
}

#define THIS struct hi1_task
static const struct field request_fields[] = {
    {"Type", ENTRY, offsetof(THIS, type), true, NULL},
    SPAN_FIELDS(THIS),
    {"Subtypes", PART, offsetof(THIS, subtypes), false, read_entries},
    {"Subtype", PART, offsetof(THIS, subtypes), false, read_entries},
    {"RequestValues", PART, 0, false, read_values},
    {"RequestValue", PART, 0, false, read_value}};

static enum hi1_reason read_request(struct reader *r, uint32_t node, void *out) {
    enum hi1_reason e = TAKE(r, node, request_fields, out);
    if (e == HI1_OK && ((struct hi1_task *)out)->values.n == 0) {
        r->missing = "RequestValue";
        return HI1_MISSING;
    }
    return e;
}

static const struct field task_fields[] = {
    OBJECT_FIELDS(THIS),
    {"Reference", LINE, offsetof(THIS, reference), true, NULL},
    {"Status", FORBIDDEN, 0, false, NULL},
    {"InvalidReason", FORBIDDEN, 0, false, NULL},
    {"LDTaskStatus", FORBIDDEN, 0, false, NULL},
    {"LPTaskStatus", FORBIDDEN, 0, false, NULL},
    {"DesiredStatus", ENTRY, offsetof(THIS, desired), false, NULL},
    {"LDTaskDesiredStatus", ENTRY, offsetof(THIS, desired), false, NULL},
    {"LPTaskDesiredStatus", ENTRY, offsetof(THIS, desired), false, NULL},
    {"RequestDetails", PART, 0, true, read_request},
    {"DeliveryDetails", PART, offsetof(THIS, delivery), false, read_leaves},
    {"ManualInformation", FREE, 0, false, NULL}};
/* What is demanded live is never done, whatever it says: all of it is for a person. */
static const struct field interception_fields[] = {OBJECT_FIELDS(THIS)};
#undef THIS

static enum hi1_reason read_task(struct reader *r, uint32_t node, enum hi1_task_kind kind) {
    struct hi1_filing *f = r->f;
    if (f->tasks.n == HI1_TASKS_MAX)
        return HI1_TASKS;
    void *p = grow(f->mem, f->tasks.p, f->tasks.n, sizeof *f->tasks.p);
    if (p == NULL)
        return HI1_MEMORY;
    f->tasks.p = p;
    struct hi1_task *task = &f->tasks.p[f->tasks.n++];
    *task = (struct hi1_task){.kind = kind, .object.action = r->action};
    return kind == HI1_INTERCEPTION ? TAKE(r, node, interception_fields, task)
                                    : TAKE(r, node, task_fields, task);
}

static enum hi1_reason read_disclosure(struct reader *r, uint32_t node) {
    return read_task(r, node, HI1_DISCLOSURE);
}

static enum hi1_reason read_preservation(struct reader *r, uint32_t node) {
    return read_task(r, node, HI1_PRESERVATION);
}

static enum hi1_reason read_interception(struct reader *r, uint32_t node) {
    return read_task(r, node, HI1_INTERCEPTION);
}

/* ---- Documents ---- */

#define THIS struct hi1_document
static const struct field body_fields[] = {
    {"Contents", TEXT, offsetof(THIS, contents), true, NULL},
    {"ContentType", LINE, offsetof(THIS, content_type), false, NULL},
    {"Checksum", LINE, offsetof(THIS, checksum), false, NULL},
    {"ChecksumType", ENTRY, offsetof(THIS, checksum_type), false, NULL}};

static enum hi1_reason read_body(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, body_fields, out);
}

static const struct field document_fields[] = {
    OBJECT_FIELDS(THIS),
    {"DocumentReference", LINE, offsetof(THIS, reference), false, NULL},
    {"DocumentName", LINE, offsetof(THIS, name), true, NULL},
    {"DocumentType", ENTRY, offsetof(THIS, type), false, NULL},
    {"DocumentBody", PART, 0, true, read_body}};
#undef THIS

/* Lines may be wrapped. */
static err decode(buf *out, const struct mem *mem, slice text) {
    buf packed = buf_on(mem);
    err e = OK;
    while (e == OK && text.n > 0) {
        size_t n = 0;
        while (n < text.n && memchr(" \t\r\n", text.p[n], 4) == NULL)
            n++;
        e = buf_append(&packed, slice_of(text.p, n));
        n += n < text.n;
        text = slice_of(text.p + n, text.n - n);
    }
    if (e == OK)
        e = base64_decode(out, buf_slice(&packed));
    buf_free(&packed);
    return e;
}

/* Other kinds of checksums are for a person to read. */
static enum hi1_reason check_checksum(struct reader *r, const struct hi1_document *d) {
    uint8_t said[32];
    if (d->checksum.n == 0)
        return HI1_OK;
    if (!slice_equal(d->checksum_type, slice_str("SHA-256")) &&
        !slice_equal(d->checksum_type, slice_str("SHA256")))
        return add_pair(r, &r->f->to_read, slice_str("Checksum"), d->checksum);
    if (hex_decode_to(said, 32, d->checksum) != OK && base64_decode_to(said, 32, d->checksum) != OK)
        return HI1_CHECKSUM;
    return memcmp(said, d->hash, 32) == 0 ? HI1_OK : HI1_CHECKSUM;
}

static enum hi1_reason read_document(struct reader *r, uint32_t node) {
    struct hi1_filing *f = r->f;
    if (f->documents.n == HI1_DOCUMENTS_MAX)
        return HI1_DOCUMENT;
    void *p = grow(f->mem, f->documents.p, f->documents.n, sizeof *f->documents.p);
    if (p == NULL)
        return HI1_MEMORY;
    f->documents.p = p;
    struct hi1_document *d = &f->documents.p[f->documents.n++];
    *d = (struct hi1_document){.object.action = r->action, .bytes = buf_on(f->mem)};
    enum hi1_reason reason = TAKE(r, node, document_fields, d);
    if (reason != HI1_OK)
        return reason;
    err e = decode(&d->bytes, f->mem, d->contents);
    if (e != OK)
        return e == ERR_NO_MEMORY ? HI1_MEMORY : HI1_DOCUMENT;
    slice bytes = buf_slice(&d->bytes);
    if (crypto_sha256.hash(d->hash, &bytes, 1) != OK)
        return HI1_MEMORY;
    return check_checksum(r, d);
}

/* ---- The message ---- */

static enum hi1_reason read_object(struct reader *r, uint32_t node, void *out) {
    static const struct {
        const char *type;
        enum hi1_reason (*read)(struct reader *r, uint32_t node);
    } types[] = {{"AuthorisationObject", read_authorisation},
                 {"LDTaskObject", read_disclosure},
                 {"LPTaskObject", read_preservation},
                 {"LITaskObject", read_interception},
                 {"DocumentObject", read_document}};
    slice type = hi1_tree_type(r->t, node), namespace = hi1_tree_type_namespace(r->t, node);
    (void)out;
    if (!slice_skip(&namespace, slice_str(NAMESPACE)))
        return HI1_OBJECT;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (slice_equal(type, slice_str(types[i].type)))
            return types[i].read(r, node);
    return HI1_OBJECT;
}

static const struct field create_fields[] = {{"HI1Object", PART, 0, true, read_object}};

static enum hi1_reason read_create(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, create_fields, out);
}

static enum hi1_reason refuse_verb(struct reader *r, uint32_t node, void *out) {
    (void)r;
    (void)node;
    (void)out;
    return HI1_VERB;
}

static enum hi1_reason refuse_response(struct reader *r, uint32_t node, void *out) {
    (void)r;
    (void)node;
    (void)out;
    return HI1_RESPONSE;
}

struct action {
    slice id;
};
static const struct field action_fields[] = {
    {"ActionIdentifier", LINE, offsetof(struct action, id), true, NULL},
    {"CREATE", PART, 0, true, read_create},
    {"UPDATE", PART, 0, false, refuse_verb},
    {"GET", PART, 0, false, refuse_verb},
    {"LIST", PART, 0, false, refuse_verb},
    {"DELIVER", PART, 0, false, refuse_verb},
    {"GETCSPCONFIG", PART, 0, false, refuse_verb}};

static enum hi1_reason read_action(struct reader *r, uint32_t node, void *out) {
    struct action action = {0};
    (void)out;
    /* It may stand behind what it names. */
    for (uint32_t i = r->t->nodes[node].first; i != 0; i = r->t->nodes[i].next)
        if (slice_equal(hi1_tree_name(r->t, i), slice_str("ActionIdentifier")))
            r->action = hi1_tree_value(r->t, i);
    return TAKE(r, node, action_fields, &action);
}

static const struct field actions_fields[] = {{"ActionRequest", PART, 0, true, read_action}};

static enum hi1_reason read_actions(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, actions_fields, out);
}

static const struct field request_payload_fields[] = {
    {"ActionRequests", PART, 0, true, read_actions}};

static enum hi1_reason read_request_payload(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, request_payload_fields, out);
}

static const struct field payload_fields[] = {
    {"RequestPayload", PART, 0, true, read_request_payload},
    {"ResponsePayload", PART, 0, false, refuse_response}};

static enum hi1_reason read_payload(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, payload_fields, out);
}

#define THIS struct hi1_filing
static const struct field version_fields[] = {
    {"ETSIVersion", LINE, offsetof(THIS, etsi_version), true, NULL},
    {"NationalProfileOwner", LINE, offsetof(THIS, profile_owner), true, NULL},
    {"NationalProfileVersion", LINE, offsetof(THIS, profile_version), true, NULL}};

static enum hi1_reason read_version(struct reader *r, uint32_t node, void *out) {
    struct hi1_filing *f = out;
    enum hi1_reason e = TAKE(r, node, version_fields, f);
    slice etsi = f->etsi_version, profile = f->profile_version;
    if (e != HI1_OK)
        return e;
    return slice_skip(&etsi, slice_str("V1.")) && slice_skip(&profile, slice_str("v1.")) &&
                   slice_equal(f->profile_owner, slice_str("EU"))
               ? HI1_OK
               : HI1_PROFILE;
}

static const struct field header_fields[] = {
    {"SenderIdentifier", PART, offsetof(THIS, sender), true, read_party},
    {"ReceiverIdentifier", PART, offsetof(THIS, receiver), true, read_party},
    {"TransactionIdentifier", UUID, offsetof(THIS, transaction), true, NULL},
    {"Timestamp", TIME, offsetof(THIS, time), true, NULL},
    {"Version", PART, 0, true, read_version}};
#undef THIS

static enum hi1_reason read_header(struct reader *r, uint32_t node, void *out) {
    return TAKE(r, node, header_fields, out);
}

static const struct field message_fields[] = {{"Header", PART, 0, true, read_header},
                                              {"Payload", PART, 0, true, read_payload}};

/* ---- How its objects belong together ---- */

/* To the authorisation; what names nothing belongs to the only one there is. */
static bool belongs(const struct hi1_filing *f, const struct hi1_object *o) {
    for (size_t i = 0; i < o->associated.n; i++)
        if (slice_equal(o->associated.p[i].text, f->authorisation.object.id))
            return true;
    return o->associated.n == 0;
}

static enum hi1_reason check_whole(const struct hi1_filing *f) {
    const struct hi1_authorisation *a = &f->authorisation;
    enum hi1_task_kind kind = a->legal_type == HI1_EPOC ? HI1_DISCLOSURE : HI1_PRESERVATION;
    if (a->object.id.p == NULL)
        return HI1_AUTHORISATIONS;
    if (f->tasks.n == 0)
        return HI1_TASKS;
    for (size_t i = 0; i < f->tasks.n; i++) {
        if (f->tasks.p[i].kind != kind && f->tasks.p[i].kind != HI1_INTERCEPTION)
            return HI1_TASK_KIND;
        if (!belongs(f, &f->tasks.p[i].object))
            return HI1_ASSOCIATED;
    }
    for (size_t i = 0; i < f->documents.n; i++)
        if (!belongs(f, &f->documents.p[i].object))
            return HI1_ASSOCIATED;
    return HI1_OK;
}

/* ---- The whole ---- */

static enum hi1_reason parse(struct hi1_filing *f, slice bytes) {
    (void)slice_skip(&bytes, slice_str("\xEF\xBB\xBF"));
    slice rest = bytes;
    while (rest.n > 0 && memchr(" \t\r\n", rest.p[0], 4) != NULL)
        rest = slice_of(rest.p + 1, rest.n - 1);
    f->json = rest.n > 0 && rest.p[0] == '{';
    return f->json ? hi1_tree_json(f->tree, bytes) : hi1_tree_xml(f->tree, bytes);
}

static enum hi1_reason read_message(struct reader *r, slice bytes) {
    struct hi1_filing *f = r->f;
    f->tree = mem_new(f->mem, sizeof *f->tree);
    if (f->tree == NULL)
        return HI1_MEMORY;
    hi1_tree_init(f->tree, f->mem);
    r->t = f->tree;
    enum hi1_reason e = parse(f, bytes);
    if (e != HI1_OK)
        return e;
    slice namespace = hi1_tree_namespace(r->t, 0);
    if (!slice_equal(hi1_tree_name(r->t, 0), slice_str("HI1Message")) ||
        !slice_skip(&namespace, slice_str(NAMESPACE "common/")) ||
        slice_until(&namespace, '/').n == 0 || slice_until(&namespace, '/').n == 0 ||
        !slice_equal(namespace, slice_str("Core")))
        return HI1_MESSAGE;
    e = TAKE(r, 0, message_fields, f);
    return e == HI1_OK ? check_whole(f) : e;
}

/* An element's name came from the stranger, too. */
static void say_where(const struct reader *r, char where[HI1_WHERE]) {
    slice name = r->missing != NULL ? slice_str(r->missing)
                 : r->about != 0    ? hi1_tree_name(r->t, r->about)
                                    : SLICE_EMPTY;
    size_t n = 0;
    for (; n < name.n && n + 1 < HI1_WHERE; n++)
        where[n] = name.p[n] > ' ' && name.p[n] < 0x7F ? (char)name.p[n] : '?';
    where[n] = '\0';
}

enum hi1_reason hi1_load(struct hi1_filing **filing, const struct mem *mem, slice bytes,
                         char where[HI1_WHERE]) {
    struct reader r = {0};
    where[0] = '\0';
    *filing = NULL;
    enum hi1_reason e = check_bytes(bytes);
    if (e != HI1_OK)
        return e;
    r.f = mem_new(mem, sizeof *r.f);
    if (r.f == NULL)
        return HI1_MEMORY;
    r.f->mem = mem;
    e = read_message(&r, bytes);
    if (e == HI1_OK) {
        *filing = r.f;
        return HI1_OK;
    }
    say_where(&r, where);
    hi1_free(r.f);
    return e;
}

static void free_object(const struct mem *mem, struct hi1_object *o) {
    FREE_ARRAY(mem, o->associated);
}

static void free_authorisation(const struct mem *mem, struct hi1_authorisation *a) {
    free_object(mem, &a->object);
    for (size_t i = 0; i < a->approvals.n; i++)
        FREE_ARRAY(mem, a->approvals.p[i].details);
    FREE_ARRAY(mem, a->approvals);
}

static void free_task(const struct mem *mem, struct hi1_task *t) {
    free_object(mem, &t->object);
    FREE_ARRAY(mem, t->subtypes);
    FREE_ARRAY(mem, t->delivery);
    FREE_ARRAY(mem, t->values);
}

void hi1_free(struct hi1_filing *f) {
    if (f == NULL)
        return;
    free_authorisation(f->mem, &f->authorisation);
    for (size_t i = 0; i < f->tasks.n; i++)
        free_task(f->mem, &f->tasks.p[i]);
    FREE_ARRAY(f->mem, f->tasks);
    for (size_t i = 0; i < f->documents.n; i++) {
        free_object(f->mem, &f->documents.p[i].object);
        buf_free(&f->documents.p[i].bytes);
    }
    FREE_ARRAY(f->mem, f->documents);
    FREE_ARRAY(f->mem, f->to_read);
    if (f->tree != NULL)
        hi1_tree_fini(f->tree);
    mem_free(f->mem, f->tree, sizeof *f->tree);
    mem_free(f->mem, f, sizeof *f);
}
