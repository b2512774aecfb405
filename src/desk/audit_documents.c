/* What an audit finds of public documents: office files, suspension lists, their notices, and what
 * was released under them. */
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/audit_internal.h"

/* ---- As the ledger has them ---- */

void audit_document_keep(struct audit *a, const slice *v, uint64_t place) {
    bool office = slice_equal(v[MERKLE_SLOT_MOVE], slice_str("office"));
    struct audit_version *versions = office ? a->office : a->lists;
    uint64_t number;
    if (decimal_decode(v[MERKLE_SLOT_NUMBER], AUDIT_VERSIONS - 1, &number) != OK || number == 0 ||
        versions[number].entered ||
        hex_decode_to(versions[number].hash, 32, v[MERKLE_SLOT_DOCUMENT]) != OK) {
        audit_find(a, AUDIT_ENTRY, "entry %llu: a public document", (unsigned long long)place);
        return;
    }
    versions[number].entered = true;
}

err audit_release_keep(struct audit *a, const slice *v, uint64_t list) {
    struct audit_release r = {.list = list};
    if (a->release_count == a->release_room) {
        size_t more = a->release_room == 0 ? 64 : 2 * a->release_room;
        void *p = mem_resize(NULL, a->releases, a->release_room * sizeof r, more * sizeof r);
        if (p == NULL)
            return ERR_NO_MEMORY;
        a->releases = p;
        a->release_room = more;
    }
    snprintf(r.case_id, sizeof r.case_id, "%.*s", (int)v[MERKLE_SLOT_CASE].n,
             (const char *)v[MERKLE_SLOT_CASE].p);
    snprintf(r.issuer, sizeof r.issuer, "%.*s", (int)v[MERKLE_SLOT_ISSUER].n,
             (const char *)v[MERKLE_SLOT_ISSUER].p);
    snprintf(r.beneficiary, sizeof r.beneficiary, "%.*s", (int)v[MERKLE_SLOT_BENEFICIARY].n,
             (const char *)v[MERKLE_SLOT_BENEFICIARY].p);
    a->releases[a->release_count++] = r;
    return OK;
}

/* ---- Public documents ---- */

static err check_version(struct audit *a, const char *kind, struct audit_version *v,
                         uint64_t number) {
    char name[AUDIT_PATH];
    struct office_document d = {.bytes = {0}};
    buf bytes = {0};
    snprintf(name, sizeof name, "%s/%llu", kind, (unsigned long long)number);
    err e = audit_read(a, name, OFFICE_DOCUMENT_MAX, &bytes);
    if (e == OK && office_document_split(&d, buf_slice(&bytes), NULL) != OFFICE_OK)
        e = ERR_MALFORMED;
    if (v->noticed == 0)
        audit_find(a, AUDIT_NOTICE, "%s %llu has no notice", kind, (unsigned long long)number);
    if (!v->entered)
        audit_find(a, AUDIT_DOCUMENT, "%s %llu is not in the ledger", kind,
                   (unsigned long long)number);
    else if (e != OK || memcmp(d.hash, v->hash, 32) != 0)
        audit_find(a, AUDIT_DOCUMENT, "%s %llu", kind, (unsigned long long)number);
    else if (strcmp(kind, "suspensions") == 0 &&
             office_suspensions_load(&v->list, NULL, buf_slice(&bytes), NULL) != OFFICE_OK)
        audit_find(a, AUDIT_DOCUMENT, "%s %llu can't be read", kind, (unsigned long long)number);
    buf_free(&bytes);
    buf_free(&d.bytes);
    return e == ERR_NO_MEMORY ? e : OK;
}

/* ---- Notices ---- A chain: each names the one before, and the ledger's key signs it. */

static bool word_line(slice *text, const char *word, slice *value) {
    slice line;
    if (!slice_line(text, &line) || !slice_skip(&line, slice_str(word)) ||
        !slice_skip(&line, slice_str(" ")))
        return false;
    *value = line;
    return true;
}

struct notice {
    uint64_t number, version, time;
    bool office;
    uint8_t previous[32], document[32];
};

static bool read_notice(const struct audit *a, slice text, struct notice *n) {
    slice ledger, number, previous, kind, version, document, time, first;
    if (!slice_line(&text, &first) || !slice_equal(first, slice_str("sotto publication 1")) ||
        !word_line(&text, "ledger", &ledger) || !word_line(&text, "number", &number) ||
        !word_line(&text, "previous", &previous) || !word_line(&text, "kind", &kind) ||
        !word_line(&text, "version", &version) || !word_line(&text, "document", &document) ||
        !word_line(&text, "time", &time) || text.n > 0)
        return false;
    n->office = slice_equal(kind, slice_str("office"));
    return slice_equal(ledger, a->checkpoint.origin) &&
           decimal_decode(number, UINT32_MAX, &n->number) == OK &&
           hex_decode_to(n->previous, 32, previous) == OK &&
           (n->office || slice_equal(kind, slice_str("suspensions"))) &&
           decimal_decode(version, AUDIT_VERSIONS - 1, &n->version) == OK &&
           hex_decode_to(n->document, 32, document) == OK && office_time_read(time, &n->time);
}

/* The next of the chain. NOT_FOUND at its end; MALFORMED if it is none of ours. */
static err take_notice(struct audit *a, uint64_t number, uint8_t previous[32], struct notice *n) {
    char name[AUDIT_PATH];
    struct merkle_note note;
    buf bytes = {0};
    snprintf(name, sizeof name, "notices/%llu", (unsigned long long)number);
    err e = audit_read(a, name, AUDIT_FILE_MAX, &bytes);
    if (e == OK)
        e = merkle_note_parse(&note, buf_slice(&bytes));
    if (e == OK)
        e = merkle_note_verify(&note, &a->key);
    if (e == OK && (!read_notice(a, note.text, n) || n->number != number ||
                    memcmp(n->previous, previous, 32) != 0))
        e = ERR_MALFORMED;
    if (e == OK)
        e = crypto_sha256.hash(previous, &note.text, 1);
    buf_free(&bytes);
    return e;
}

static void read_notices(struct audit *a) {
    uint8_t previous[32] = {0};
    struct notice n;
    err e = OK;
    for (uint64_t i = 1; e == OK && i < 2 * AUDIT_VERSIONS; i++) {
        e = take_notice(a, i, previous, &n);
        if (e != OK && e != ERR_NOT_FOUND)
            audit_find(a, AUDIT_NOTICE, "notice %llu: %s", (unsigned long long)i, err_text(e));
        if (e != OK)
            continue;
        struct audit_version *v = n.office ? &a->office[n.version] : &a->lists[n.version];
        v->noticed = n.time;
        if (v->entered && memcmp(v->hash, n.document, 32) != 0)
            audit_find(a, AUDIT_NOTICE, "notice %llu is of another document",
                       (unsigned long long)i);
    }
}

/* Every version up to the highest that is entered or that a move names. */
static err check_versions(struct audit *a, const char *kind, struct audit_version *versions,
                          uint64_t most) {
    for (uint64_t i = 1; i < AUDIT_VERSIONS; i++)
        if (versions[i].entered && i > most)
            most = i;
    for (uint64_t i = 1; i <= most; i++)
        TRY(check_version(a, kind, &versions[i], i));
    return OK;
}

static bool names(slice jurisdictions, const char *country) {
    slice c = slice_str(country);
    while (jurisdictions.n > 0)
        if (slice_equal(slice_until(&jurisdictions, ' '), c))
            return c.n > 0;
    return false;
}

/* A suspension of all, without a way out, binds whatever was released under its list. */
static void check_releases(struct audit *a) {
    for (size_t i = 0; i < a->release_count; i++) {
        const struct audit_release *r = &a->releases[i];
        const struct office_suspensions *list = a->lists[r->list].list;
        for (size_t k = 0; list != NULL && k < list->suspensions.n; k++) {
            const struct office_suspension *s = &list->suspensions.p[k];
            if (s->scope.kind == OFFICE_SCOPE_ALL && s->carve_outs.n == 0 &&
                (names(s->jurisdictions, r->issuer) || names(s->jurisdictions, r->beneficiary)))
                audit_find(a, AUDIT_SUSPENDED, "case %s", r->case_id);
        }
    }
}

/* ---- Suspensions ---- The report's are those of the lists that its ledger has. */

err audit_suspensions(const struct audit *a, struct report_suspensions *s) {
    err e = OK;
    for (uint64_t i = 1; e == OK && i < AUDIT_VERSIONS; i++)
        if (a->lists[i].list != NULL)
            e = report_suspensions_take(s, a->lists[i].list, a->lists[i].noticed);
    return e;
}

static err expected(const struct audit *a, buf *out) {
    struct report_suspensions s = {.n = 0};
    err e = audit_suspensions(a, &s);
    if (e == OK)
        e = report_suspensions_write(out, &s, a->report.from, a->report.until);
    report_suspensions_free(&s);
    return e;
}

static void compare_suspensions(struct audit *a, slice reported, slice listed) {
    slice x, y;
    for (unsigned number = 1; reported.n > 0 || listed.n > 0; number++) {
        bool one = slice_line(&reported, &x), other = slice_line(&listed, &y);
        if (!one || !other || !slice_equal(x, y)) {
            audit_find(a, AUDIT_SUSPENSION, "suspensions, line %u", number);
            return;
        }
    }
}

static err check_suspensions(struct audit *a) {
    buf reported = {0}, listed = {0};
    err e = expected(a, &listed);
    if (audit_read_report(a, "suspensions.csv", AUDIT_TABLE_MAX, &reported) != OK)
        audit_find(a, AUDIT_SUSPENSION, "the file can't be read");
    else if (e == OK)
        compare_suspensions(a, buf_slice(&reported), buf_slice(&listed));
    buf_free(&reported);
    buf_free(&listed);
    return e;
}

/* ---- All ---- */

err audit_documents_check(struct audit *a) {
    read_notices(a);
    TRY(check_versions(a, "office", a->office, a->office_most));
    TRY(check_versions(a, "suspensions", a->lists, a->list_most));
    check_releases(a);
    return check_suspensions(a);
}

void audit_documents_free(struct audit *a) {
    for (size_t i = 0; i < AUDIT_VERSIONS; i++)
        office_suspensions_free(a->lists[i].list);
    mem_free(NULL, a->releases, a->release_room * sizeof *a->releases);
}
