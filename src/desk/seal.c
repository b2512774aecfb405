/* What is sealed to a case's key, and the key's wraps for persons. The desk makes a case's key,
 * wraps its private half, and forgets it: what it seals it can't open. */
#include "crypto/hpke.h"

#include "base/codec.h"
#include "base/text.h"
#include "desk/internal.h"

static const struct hpke_suite suite = {&crypto_dhkem_x25519, &crypto_sha256, 0x0001,
                                        &crypto_ossl_aes256gcm};
static const char case_info[] = "sotto desk 1 case", wrap_info[] = "sotto desk 1 wrap";

enum { ENC = 32, TAG = 16, KEY = 32, WRAP = ENC + KEY + TAG };

/* Who works on cases; an expert gets a key when asked. */
#define KEY_ROLES                                                                                 \
    (OFFICE_ROLE_INTAKE | OFFICE_ROLE_POLICY | OFFICE_ROLE_LOCAL_LAW | OFFICE_ROLE_HUMAN_RIGHTS | \
     OFFICE_ROLE_APPROVER | OFFICE_ROLE_CUSTODIAN | OFFICE_ROLE_AUDITOR)

/* case id || 0 || kind || 0 || number */
static err aad_make(buf *aad, slice case_id, const char *kind, uint64_t number) {
    TRY(buf_append(aad, case_id));
    TRY(buf_append_byte(aad, 0));
    TRY(buf_append(aad, slice_str(kind)));
    TRY(buf_append_byte(aad, 0));
    char text[DECIMAL_TEXT];
    decimal_text(number, text);
    return buf_append(aad, slice_str(text));
}

static err seal(buf *out, const uint8_t key[KEY], const char *info, slice case_id, const char *kind,
                uint64_t number, slice plain) {
    buf aad = {0};
    err e = aad_make(&aad, case_id, kind, number);
    if (e == OK)
        e = buf_resize(out, ENC + plain.n + TAG);
    if (e == OK)
        e = hpke_seal(&suite, out->p, out->p + ENC, slice_of(key, KEY), slice_str(info),
                      buf_slice(&aad), plain, NULL);
    buf_free(&aad);
    return e;
}

/* The other way, with the private key. CRYPTO. */
static err unseal(buf *out, slice private, const char *info, slice case_id, const char *kind,
                  uint64_t number, slice sealed) {
    buf aad = {0};
    size_t n = out->n;
    if (sealed.n < ENC + TAG)
        return ERR_CRYPTO;
    err e = aad_make(&aad, case_id, kind, number);
    if (e == OK)
        e = buf_resize(out, n + sealed.n - ENC - TAG);
    if (e == OK)
        e = hpke_open(&suite, out->p + n, slice_of(sealed.p, ENC), private, slice_str(info),
                      buf_slice(&aad), slice_of(sealed.p + ENC, sealed.n - ENC));
    if (e != OK)
        out->n = n;
    buf_free(&aad);
    return e;
}

err desk_case_key(struct desk *d, slice case_id, uint8_t key[32]) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, "SELECT key FROM cases WHERE id = ?", "t", case_id);
    bool found = desk_rows_next(&q);
    if (found)
        desk_row_copy(&q, 0, key, KEY);
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

err desk_seal_put(struct desk *d, slice case_id, enum desk_sealed_kind kind, uint64_t number,
                  slice person, slice plain) {
    uint8_t key[KEY];
    buf sealed = {0};
    TRY(desk_case_key(d, case_id, key));
    err e = seal(&sealed, key, case_info, case_id, desk_sealed_name(kind), number, plain);
    if (e == OK)
        e = desk_store_run(d->store,
                           "INSERT INTO sealed (case_id, kind, number, person, time, size, bytes)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?)",
                           "tiitiib", case_id, (uint64_t)kind, number, person, desk_now(),
                           (uint64_t)plain.n, buf_slice(&sealed));
    buf_free(&sealed);
    return e;
}

err desk_seal_forget(struct desk *d, slice case_id) {
    TRY(desk_store_run(d->store, "DELETE FROM sealed WHERE case_id = ?", "t", case_id));
    TRY(desk_store_run(d->store, "DELETE FROM lacks WHERE case_id = ?", "t", case_id));
    return desk_store_run(d->store, "DELETE FROM wraps WHERE case_id = ?", "t", case_id);
}

/* ---- Wraps ---- */

bool desk_needs_key(const struct desk *d, const struct office_person *p) {
    return (desk_person_roles(p) & KEY_ROLES) != 0 && !desk_person_bound(d, p);
}

static err wrap_write(struct desk *d, slice case_id, const struct office_person *p, slice wrap) {
    TRY(desk_store_run(d->store, "DELETE FROM lacks WHERE case_id = ? AND person = ?", "tt",
                       case_id, p->id));
    return desk_store_run(d->store,
                          "INSERT OR REPLACE INTO wraps (case_id, person, key, wrap)"
                          " VALUES (?, ?, ?, ?)",
                          "ttbb", case_id, p->id, SLICE_ARRAY(p->seal), wrap);
}

static err lack_add(struct desk *d, slice case_id, const struct office_person *p) {
    return desk_store_run(d->store, "INSERT OR IGNORE INTO lacks (case_id, person) VALUES (?, ?)",
                          "tt", case_id, p->id);
}

/* A person whose key is none can't be wrapped to: they are among those who lack it. */
static err wrap_make(struct desk *d, slice case_id, const struct office_person *p, slice private) {
    buf wrap = {0};
    err e = seal(&wrap, p->seal, wrap_info, case_id, "key", 0, private);
    if (e == OK)
        e = wrap_write(d, case_id, p, buf_slice(&wrap));
    buf_free(&wrap);
    return e == ERR_CRYPTO ? lack_add(d, case_id, p) : e;
}

err desk_case_key_make(struct desk *d, slice case_id, uint8_t key[32]) {
    uint8_t private[KEY];
    err e = OK;
    crypto_x25519_generate(key, private);
    for (size_t i = 0; i < d->office->persons.n && e == OK; i++)
        if (desk_needs_key(d, &d->office->persons.p[i]))
            e = wrap_make(d, case_id, &d->office->persons.p[i], SLICE_ARRAY(private));
    wipe(private, sizeof private);
    return e;
}

err desk_wrap_get(struct desk *d, slice case_id, slice person, buf *wrap) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, "SELECT wrap FROM wraps WHERE case_id = ? AND person = ?", "tt",
                    case_id, person);
    bool found = desk_rows_next(&q);
    if (found)
        q.result = buf_append(wrap, desk_row_bytes(&q, 0));
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

err desk_unseal(struct desk *d, slice case_id, enum desk_sealed_kind kind, uint64_t number,
                slice person, const uint8_t private[32], buf *plain) {
    struct desk_rows q;
    buf wrap = {0}, key = {0};
    err e = desk_wrap_get(d, case_id, person, &wrap);
    if (e == OK)
        e = unseal(&key, slice_of(private, KEY), wrap_info, case_id, "key", 0, buf_slice(&wrap));
    buf_free(&wrap);
    if (e == OK) {
        desk_rows_begin(&q, d->store,
                        "SELECT bytes FROM sealed WHERE case_id = ? AND kind = ? AND number = ?",
                        "tii", case_id, (uint64_t)kind, number);
        bool found = desk_rows_next(&q);
        if (found)
            q.result = unseal(plain, buf_slice(&key), case_info, case_id, desk_sealed_name(kind),
                              number, desk_row_bytes(&q, 0));
        e = desk_rows_end(&q);
        e = e == OK && !found ? ERR_NOT_FOUND : e;
    }
    buf_free(&key);
    return e;
}

static err wrap_there(struct desk *d, slice case_id, const struct office_person *p, bool *there) {
    uint64_t n;
    TRY(desk_store_number(d->store, &n,
                          "SELECT count(*) FROM wraps WHERE case_id = ? AND person = ? AND key = ?",
                          "ttb", case_id, p->id, SLICE_ARRAY(p->seal)));
    *there = n > 0;
    return OK;
}

static err wrap_put(struct desk *d, slice case_id, slice giver, slice person, slice wrap,
                    struct desk_why *why) {
    const struct office_person *p = desk_person(d->office, person),
                               *from = desk_person(d->office, giver);
    struct desk_case c;
    err e = desk_case_get(d, case_id, &c);
    if (e == ERR_NOT_FOUND)
        return desk_refuse(why, DESK_NO_CASE);
    TRY(e);
    if (p == NULL || wrap.n != WRAP || !desk_state_open(c.state))
        return desk_refuse(why, DESK_WRAP);
    if (desk_person_bound(d, p))
        return desk_refuse(why, DESK_BOUND);
    /* Nobody spoils the key that somebody has, or gives what they have not. */
    bool has = false, gives = false;
    TRY(wrap_there(d, case_id, p, &has));
    if (from != NULL)
        TRY(wrap_there(d, case_id, from, &gives));
    if (has || !gives)
        return desk_refuse(why, DESK_WRAP);
    bool asked =
        c.state == DESK_STATE_NEEDS_EXPERT && (desk_person_roles(p) & OFFICE_ROLE_EXPERT) != 0;
    if (!asked && !desk_needs_key(d, p))
        return desk_refuse(why, DESK_WRAP);
    return wrap_write(d, case_id, p, wrap);
}

err desk_wrap_put(struct desk *d, slice case_id, slice giver, slice person, slice wrap,
                  struct desk_why *why) {
    TRY(desk_begin(d));
    return desk_end(d, wrap_put(d, case_id, giver, person, wrap, why));
}

/* The last one stays, whatever it opens: with it the case would be lost for good. */
static err wrap_drop(struct desk *d, slice case_id, slice person, struct desk_why *why) {
    const struct office_person *p = desk_person(d->office, person);
    bool has = false;
    uint64_t others;
    if (p != NULL)
        TRY(wrap_there(d, case_id, p, &has));
    TRY(desk_store_number(d->store, &others,
                          "SELECT count(*) FROM wraps WHERE case_id = ? AND person <> ?", "tt",
                          case_id, person));
    if (!has || others == 0)
        return desk_refuse(why, DESK_WRAP);
    TRY(desk_store_run(d->store, "DELETE FROM wraps WHERE case_id = ? AND person = ?", "tt",
                       case_id, person));
    if (desk_needs_key(d, p))
        TRY(lack_add(d, case_id, p));
    return desk_rewrap_task(d);
}

err desk_wrap_drop(struct desk *d, slice case_id, slice person, struct desk_why *why) {
    TRY(desk_begin(d));
    return desk_end(d, wrap_drop(d, case_id, person, why));
}

/* Whose wrap is for a key that is no longer theirs lacks it, too. */
err desk_wraps_take(struct desk *d) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store, "SELECT DISTINCT person, key FROM wraps", "");
    while (desk_rows_next(&q)) {
        slice id = desk_row_bytes(&q, 0), key = desk_row_bytes(&q, 1);
        const struct office_person *p = desk_person(d->office, id);
        bool keeps = p != NULL && slice_equal(key, SLICE_ARRAY(p->seal)) &&
                     !desk_person_bound(d, p) &&
                     (desk_person_roles(p) & (KEY_ROLES | OFFICE_ROLE_EXPERT)) != 0;
        if (!keeps)
            q.result = desk_store_run(d->store, "DELETE FROM wraps WHERE person = ? AND key = ?",
                                      "tb", id, key);
    }
    return desk_rows_end(&q);
}

static const char forget_text[] = "DELETE FROM lacks WHERE case_id IN"
                                  " (SELECT id FROM cases WHERE seq BETWEEN ? AND ?)";
static const char find_text[] =
    "INSERT INTO lacks (case_id, person) SELECT id, ?1 FROM cases WHERE +open = 1"
    " AND seq BETWEEN ?2 AND ?3 AND NOT EXISTS"
    " (SELECT 1 FROM wraps WHERE case_id = cases.id AND person = ?1)";

err desk_lacks_find(struct desk *d, uint64_t from, uint64_t last) {
    TRY(desk_store_run(d->store, forget_text, "ii", from, last));
    for (size_t i = 0; i < d->office->persons.n; i++)
        if (desk_needs_key(d, &d->office->persons.p[i]))
            TRY(desk_store_run(d->store, find_text, "tii", d->office->persons.p[i].id, from, last));
    return OK;
}

err desk_wraps_lacking(struct desk *d, desk_lack_visit *visit, void *ctx) {
    struct desk_rows q;
    bool more = true;
    desk_rows_begin(&q, d->store,
                    "SELECT case_id, person FROM lacks WHERE (SELECT open FROM cases"
                    " WHERE id = case_id) = 1 ORDER BY case_id, person",
                    "");
    while (more && desk_rows_next(&q)) {
        const struct office_person *p = desk_person(d->office, desk_row_bytes(&q, 1));
        more = p == NULL || desk_person_bound(d, p) || visit(ctx, desk_row_bytes(&q, 0), p);
    }
    return desk_rows_end(&q);
}

/* ---- Reading ---- */

/* Verdicts that are not shown yet, and the orders that were signed with them. */
static bool hidden(const struct desk_history *h, const struct desk_sealed *s, slice viewer) {
    if ((s->kind != DESK_SEALED_MOVE && s->kind != DESK_SEALED_ORDER) ||
        slice_equal(slice_str(s->person), viewer))
        return false;
    for (size_t i = 0; i < h->move_count; i++)
        if (h->moves[i].number == s->number)
            return h->moves[i].move == DESK_MOVE_VERDICT && !desk_round_shown(h, h->moves[i].round);
    return false;
}

/* A row of kind, number, person, time, size. */
static struct desk_sealed sealed_of(struct desk_rows *q) {
    struct desk_sealed s = {.kind = (enum desk_sealed_kind)desk_row_number(q, 0),
                            .number = desk_row_number(q, 1),
                            .time = desk_row_number(q, 3),
                            .size = desk_row_number(q, 4)};
    desk_row_text(q, 2, s.person, sizeof s.person);
    return s;
}

/* What was sealed is not read here: it may be large. A picture stands behind its attachment. */
err desk_sealed_list(struct desk *d, slice case_id, enum desk_sealed_kind kind, slice viewer,
                     desk_sealed_visit *visit, void *ctx) {
    struct desk_history h;
    struct desk_rows q;
    TRY(desk_history_load(d, case_id, &h));
    desk_rows_begin(&q, d->store,
                    "SELECT kind, number, person, time, size FROM sealed WHERE case_id = ?"
                    " ORDER BY iif(kind = ?2, ?3, kind), iif(kind = ?2, number / ?4, number),"
                    " kind, number",
                    "tiii", case_id, (uint64_t)DESK_SEALED_PICTURE,
                    (uint64_t)DESK_SEALED_ATTACHMENT, (uint64_t)DESK_PICTURE_PLACES);
    while (desk_rows_next(&q)) {
        struct desk_sealed s = sealed_of(&q);
        if ((kind < DESK_SEALED_COUNT && s.kind != kind) || hidden(&h, &s, viewer))
            continue;
        if (!visit(ctx, &s))
            break;
    }
    desk_history_free(&h);
    return desk_rows_end(&q);
}

err desk_sealed_get(struct desk *d, slice case_id, enum desk_sealed_kind kind, uint64_t number,
                    slice viewer, buf *sealed) {
    struct desk_history h;
    struct desk_rows q;
    TRY(desk_history_load(d, case_id, &h));
    desk_rows_begin(&q, d->store,
                    "SELECT kind, number, person, time, size, bytes FROM sealed"
                    " WHERE case_id = ? AND kind = ? AND number = ?",
                    "tii", case_id, (uint64_t)kind, number);
    bool found = desk_rows_next(&q);
    if (found) {
        struct desk_sealed s = sealed_of(&q);
        found = !hidden(&h, &s, viewer);
    }
    if (found)
        q.result = buf_append(sealed, desk_row_bytes(&q, 5));
    desk_history_free(&h);
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

/* ---- Persons' own keys ---- */

err desk_person_key_put(struct desk *d, slice person, slice credential, slice wrapped) {
    return desk_store_run(d->store,
                          "INSERT OR REPLACE INTO person_keys (person, credential, wrapped)"
                          " VALUES (?, ?, ?)",
                          "ttb", person, credential, wrapped);
}

err desk_person_key_get(struct desk *d, slice person, slice credential, buf *wrapped) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT wrapped FROM person_keys WHERE person = ? AND credential = ?", "tt",
                    person, credential);
    bool found = desk_rows_next(&q);
    if (found)
        q.result = buf_append(wrapped, desk_row_bytes(&q, 0));
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}
