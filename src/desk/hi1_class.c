#include "desk/hi1_class.h"

#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Who ---- */

static uint8_t id_letter(uint8_t c) {
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

const struct office_authority *hi1_authority(const struct office *o, const struct hi1_party *p) {
    char id[DESK_ID];
    size_t n = 0;
    if (o == NULL || p->country.n + 1 + p->id.n >= sizeof id)
        return NULL;
    for (size_t i = 0; i < p->country.n; i++)
        id[n++] = (char)id_letter(p->country.p[i]);
    id[n++] = '-';
    for (size_t i = 0; i < p->id.n; i++)
        id[n++] = (char)id_letter(p->id.p[i]);
    const struct office_authority *a = office_authority_find(o, slice_of(id, n));
    return a != NULL && slice_equal(a->jurisdiction, p->country) ? a : NULL;
}

/* ---- About whom ---- */

static bool is_hex(slice s, size_t digits) {
    uint8_t bytes[32];
    return s.n == digits && hex_decode_to(bytes, digits / 2, s) == OK;
}

static bool begins(slice s, const char *beginning) {
    return slice_skip(&s, slice_str(beginning));
}

/* Formats of ETSI's dictionaries that name no account here, by the beginning of their names. What
 * is in none of these is told by its form alone. */
static const struct {
    const char *format, *nothing;
} known[] = {{"InternationalE164", "telephone"},
             {"NationalE164", "telephone"},
             {"E164", "telephone"},
             {"MSISDN", "telephone"},
             {"TEL", "telephone"},
             {"IMSI", "machine"},
             {"IMEI", "machine"},
             {"MAC", "machine"},
             {"EUI", "machine"},
             {"InternationalizedEmail", "e-mail"},
             {"Email", "e-mail"},
             {"EMail", "e-mail"},
             {"IPv4", "ip"},
             {"IPv6", "ip"},
             {"IPAddress", "ip"},
             {"Name", "name"},
             {"IBAN", "payment"}};

static struct hi1_account account_of(const struct hi1_value *v) {
    struct hi1_account a = {.nothing = "", .name = v->value};
    for (size_t i = 0; i < COUNT(known); i++)
        if (begins(v->format, known[i].format)) {
            a.nothing = known[i].nothing;
            return a;
        }
    if (is_hex(v->value, 32))
        a.by = OFFICE_BY_ID;
    else if (is_hex(v->value, 64))
        a.by = OFFICE_BY_KEY;
    else if (begins(v->value, "https://"))
        a.by = OFFICE_BY_LINK;
    else if (begins(v->value, "@") || begins(v->format, "Handle") || begins(v->format, "UserName"))
        a.by = OFFICE_BY_HANDLE;
    return a;
}

/* Once each, however many tasks ask about it. */
static err add_account(struct hi1_class *c, const struct hi1_value *v) {
    struct hi1_account a = account_of(v);
    for (size_t i = 0; i < c->account_count; i++)
        if (c->accounts[i].by == a.by && slice_equal(c->accounts[i].name, a.name))
            return OK;
    if (c->account_count == c->room) {
        size_t more = c->room == 0 ? 4 : 2 * c->room;
        void *p = mem_resize(NULL, c->accounts, c->room * sizeof *c->accounts,
                             more * sizeof *c->accounts);
        if (p == NULL)
            return ERR_NO_MEMORY;
        c->accounts = p;
        c->room = more;
    }
    c->accounts[c->account_count++] = a;
    return OK;
}

static err add_accounts(struct hi1_class *c, const struct hi1_filing *f) {
    for (size_t i = 0; i < f->tasks.n; i++)
        for (size_t k = 0; k < f->tasks.p[i].values.n; k++)
            TRY(add_account(c, &f->tasks.p[i].values.p[k]));
    return OK;
}

static uint64_t accounts_named(const struct hi1_class *c) {
    uint64_t n = 0;
    for (size_t i = 0; i < c->account_count; i++)
        n += c->accounts[i].by != 0;
    return n;
}

/* All that it names is known to name none. */
static bool names_nothing(const struct hi1_class *c) {
    for (size_t i = 0; i < c->account_count; i++)
        if (c->accounts[i].by != 0 || c->accounts[i].nothing[0] == '\0')
            return false;
    return c->account_count > 0;
}

/* ---- What ---- */

static const char *category_of(slice type) {
    static const struct {
        const char *type, *category;
    } types[] = {{"SubscriberData", "subscriber"},
                 {"UserIdentifyingData", "identification"},
                 {"TrafficData", "traffic"},
                 {"StoredContentData", "content"}};
    for (size_t i = 0; i < COUNT(types); i++)
        if (slice_equal(type, slice_str(types[i].type)))
            return types[i].category;
    return "";
}

/* A case has one category. Of two, none is taken: what is ordered as one must not be released as
 * the other. */
static const char *category(const struct hi1_filing *f) {
    const char *first = category_of(f->tasks.p[0].type);
    for (size_t i = 1; i < f->tasks.n; i++)
        if (strcmp(category_of(f->tasks.p[i].type), first) != 0)
            return "";
    return first;
}

static uint32_t fields_of(const char *regime, const char *category_, const struct desk_regime *all,
                          size_t count) {
    uint32_t fields = 0;
    for (size_t i = 0; i < count && category_[0] != '\0'; i++)
        for (int k = 0; strcmp(all[i].id, regime) == 0 && k < DESK_FIELD_COUNT; k++)
            if (strcmp(all[i].categories[k], category_) == 0)
                fields |= (uint32_t)1 << k;
    return fields;
}

static bool is_demand(const struct hi1_filing *f) {
    for (size_t i = 0; i < f->tasks.n; i++)
        if (f->tasks.p[i].kind == HI1_INTERCEPTION)
            return true;
    return false;
}

static const char *ground(const struct hi1_class *c) {
    if (c->kind == DESK_KIND_DEMAND)
        return "live-data";
    if (names_nothing(c))
        return "no-such-identifier";
    if (c->kind == DESK_KIND_PRODUCE && c->category[0] != '\0' && c->fields == 0)
        return "not-held";
    return "";
}

err hi1_classify(struct hi1_class *class, const struct hi1_filing *f, const struct office *o,
                 const struct desk_regime *regimes, size_t regime_count) {
    bool produce = f->authorisation.legal_type == HI1_EPOC;
    bool emergency = produce && (f->authorisation.flags & HI1_EMERGENCY) != 0;
    *class = (struct hi1_class){.kind = is_demand(f) ? DESK_KIND_DEMAND
                                        : produce    ? DESK_KIND_PRODUCE
                                                     : DESK_KIND_PRESERVE,
                                .path = emergency ? OFFICE_EMERGENCY : OFFICE_ORDINARY,
                                .authority = hi1_authority(o, &f->sender),
                                .country = f->sender.country,
                                .regime = produce ? "eu-epoc" : "eu-epoc-pr",
                                .process = produce ? "epoc" : "epoc-pr",
                                .category = is_demand(f) ? "interception" : category(f)};
    class->fields = fields_of(class->regime, class->category, regimes, regime_count);
    err e = add_accounts(class, f);
    if (e != OK)
        hi1_class_free(class);
    else
        class->ground = ground(class);
    return e;
}

void hi1_class_free(struct hi1_class *class) {
    mem_free(NULL, class->accounts, class->room * sizeof *class->accounts);
    *class = (struct hi1_class){0};
}

/* ---- In words ---- */

static err put_text(buf *out, slice text) {
    while (text.n > 0) {
        uint32_t point;
        size_t n = text_point(text, &point);
        if (point == '\n')
            TRY(buf_append(out, slice_str("\n    ")));
        else if (point == TEXT_INVALID || text_is_unsafe(point))
            TRY(buf_append(out, slice_str("\xEF\xBF\xBD")));
        else
            TRY(buf_append(out, slice_of(text.p, n)));
        text = slice_of(text.p + n, text.n - n);
    }
    return OK;
}

/* "NAME VALUE"; nothing for what is empty. */
static err line(buf *out, const char *name, slice value) {
    if (value.n == 0)
        return OK;
    TRY(buf_append(out, slice_str(name)));
    TRY(buf_append_byte(out, ' '));
    TRY(put_text(out, value));
    return buf_append_byte(out, '\n');
}

static err fields_line(buf *out, uint32_t fields) {
    static const char *const names[] = {
#define X(text, name) text,
        HELD_RECORD(X)
#undef X
    };
    if (fields == 0)
        return OK;
    TRY(buf_append(out, slice_str("fields")));
    for (size_t i = 0; i < COUNT(names); i++)
        if (fields >> i & 1) {
            TRY(buf_append_byte(out, ' '));
            TRY(buf_append(out, slice_str(names[i])));
        }
    return buf_append_byte(out, '\n');
}

err hi1_class_say(buf *out, const struct hi1_class *c) {
    char accounts[DECIMAL_TEXT];
    decimal_text(accounts_named(c), accounts);
    TRY(line(out, "kind", slice_str(desk_kind_name(c->kind))));
    TRY(line(out, "path", slice_str(desk_path_name(c->path))));
    TRY(line(out, "authority", c->authority == NULL ? slice_str("unknown") : c->authority->id));
    TRY(line(out, "regime", slice_str(c->regime)));
    TRY(line(out, "category", slice_str(c->category[0] == '\0' ? "unknown" : c->category)));
    TRY(line(out, "process", slice_str(c->process)));
    TRY(line(out, "accounts", slice_str(accounts)));
    TRY(line(out, "beneficiary", c->country));
    TRY(fields_line(out, c->fields));
    return line(out, "ground", slice_str(c->ground));
}

static err put_pairs(buf *out, const char *title, const struct hi1_pairs *pairs) {
    if (pairs->n > 0)
        TRY(buf_append(out, slice_str(title)));
    for (size_t i = 0; i < pairs->n; i++) {
        TRY(buf_append(out, slice_str("  ")));
        TRY(put_text(out, pairs->p[i].name));
        TRY(buf_append(out, slice_str(": ")));
        TRY(put_text(out, pairs->p[i].text));
        TRY(buf_append_byte(out, '\n'));
    }
    return OK;
}

static err put_accounts(buf *out, const struct hi1_class *c) {
    for (size_t i = 0; i < c->account_count; i++) {
        const struct hi1_account *a = &c->accounts[i];
        static const char *const by[] = {[OFFICE_BY_ID] = "account id",
                                         [OFFICE_BY_KEY] = "account key",
                                         [OFFICE_BY_HANDLE] = "account handle",
                                         [OFFICE_BY_LINK] = "account link"};
        const char *what = a->by != 0 ? by[a->by] : "no account";
        TRY(line(out, what, a->name));
        if (a->by == 0)
            TRY(line(out, " ", slice_str(a->nothing[0] != '\0' ? a->nothing : "see what it is")));
    }
    return OK;
}

static err put_authorisation(buf *out, const struct hi1_authorisation *a) {
    TRY(line(out, "authorisation", a->reference));
    TRY(line(out, "legal-type", a->legal));
    TRY(line(out, "priority", a->priority));
    TRY(line(out, "desired-status", a->desired));
    TRY(line(out, "start", a->start));
    TRY(line(out, "end", a->end));
    TRY(line(out, "jurisdiction", a->jurisdiction));
    TRY(line(out, "type-of-case", a->type_of_case));
    if ((a->flags & HI1_EMERGENCY) != 0)
        TRY(line(out, "flag", slice_str("IsEmergency")));
    if ((a->flags & HI1_DELAY_INFORMING) != 0)
        TRY(line(out, "flag", slice_str("DelayInformingUser")));
    if ((a->flags & HI1_ENFORCING_NOTIFIED) != 0)
        TRY(line(out, "flag", slice_str("EnforcingAuthorityNotified")));
    for (size_t i = 0; i < a->approvals.n; i++) {
        TRY(line(out, "approval", a->approvals.p[i].type));
        TRY(line(out, "  reference", a->approvals.p[i].reference));
        TRY(line(out, "  time", a->approvals.p[i].time));
        TRY(line(out, "  emergency", a->approvals.p[i].emergency));
        TRY(put_pairs(out, "", &a->approvals.p[i].details));
    }
    return OK;
}

static err put_task(buf *out, const struct hi1_task *t) {
    static const char *const kinds[] = {"disclosure", "preservation", "interception"};
    TRY(line(out, "task", slice_str(kinds[t->kind])));
    TRY(line(out, "  reference", t->reference));
    TRY(line(out, "  type", t->type));
    TRY(line(out, "  start", t->start));
    TRY(line(out, "  end", t->end));
    for (size_t i = 0; i < t->values.n; i++) {
        TRY(line(out, "  format", t->values.p[i].format));
        TRY(line(out, "  value", t->values.p[i].value));
    }
    TRY(put_pairs(out, "", &t->subtypes));
    return put_pairs(out, "", &t->delivery);
}

static err put_document(buf *out, const struct hi1_document *d) {
    TRY(line(out, "document", d->name));
    TRY(line(out, "  type", d->type));
    TRY(buf_append(out, slice_str("  sha256 ")));
    TRY(hex_encode(out, slice_of(d->hash, sizeof d->hash)));
    return buf_append_byte(out, '\n');
}

err hi1_read_out(buf *out, const struct hi1_filing *f, const struct hi1_class *c) {
    TRY(hi1_class_say(out, c));
    TRY(put_accounts(out, c));
    TRY(buf_append_byte(out, '\n'));
    TRY(line(out, "sender-country", f->sender.country));
    TRY(line(out, "sender", f->sender.id));
    TRY(line(out, "receiver", f->receiver.id));
    TRY(line(out, "transaction", f->transaction));
    TRY(line(out, "time", f->time));
    TRY(put_authorisation(out, &f->authorisation));
    for (size_t i = 0; i < f->tasks.n; i++)
        TRY(put_task(out, &f->tasks.p[i]));
    for (size_t i = 0; i < f->documents.n; i++)
        TRY(put_document(out, &f->documents.p[i]));
    return put_pairs(out, "\nto be read by a person:\n", &f->to_read);
}
