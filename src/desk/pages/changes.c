/* What a paper changes, in words: its difference from what is in force. The text itself is what
 * counts; this says where to look. */
#include "desk/pages/page.h"

static void row(struct page *p, const char *kind, enum word how, enum word what, slice id) {
    html_open(&p->h, "li", NULL);
    page_badge(p, kind, how);
    html_string(&p->h, " ");
    page_say(p, what);
    html_string(&p->h, " ");
    html_element(&p->h, "strong", id, NULL);
    html_close(&p->h);
}

static void comes(struct page *p, enum word what, slice id) {
    row(p, "info", WORD_COMES, what, id);
}

static void goes(struct page *p, enum word what, slice id) {
    row(p, "stop", WORD_GOES, what, id);
}

static void changes(struct page *p, enum word what, slice id) {
    row(p, "warn", WORD_CHANGES, what, id);
}

/* ---- Office files ---- */

static bool same_passkeys(const struct office_person *a, const struct office_person *b) {
    if (a->passkeys.n != b->passkeys.n)
        return false;
    for (size_t i = 0; i < a->passkeys.n; i++) {
        const struct office_passkey *x = &a->passkeys.p[i], *y = &b->passkeys.p[i];
        if (x->algorithm != y->algorithm || x->backed_up != y->backed_up ||
            !slice_equal(x->key, y->key) || !slice_equal(x->credential, y->credential))
            return false;
    }
    return true;
}

static void person_changes(struct page *p, const struct office_person *a,
                           const struct office_person *b) {
    if (a->roles != b->roles || a->deputy != b->deputy)
        changes(p, WORD_ROLES_OF, b->id);
    if (!slice_equal(a->countries, b->countries))
        changes(p, WORD_COUNTRIES_OF, b->id);
    if (memcmp(a->seal, b->seal, sizeof(a->seal)) != 0 || !same_passkeys(a, b) ||
        !office_lines_equal(&a->ssh_keys, &b->ssh_keys))
        changes(p, WORD_KEYS_OF, b->id);
}

static void authority_changes(struct page *p, const struct office_authority *a,
                              const struct office_authority *b) {
    if (!slice_equal(a->name, b->name))
        changes(p, WORD_NAME_OF, b->id);
    if (!slice_equal(a->jurisdiction, b->jurisdiction))
        changes(p, WORD_JURISDICTION_OF, b->id);
    if (!office_lines_equal(&a->calls, &b->calls))
        changes(p, WORD_CALLS_OF, b->id);
    if (!office_lines_equal(&a->certificates, &b->certificates))
        changes(p, WORD_CERTIFICATES_OF, b->id);
}

static bool same_also(const struct office *a, const struct office *b) {
    if (a->also.n != b->also.n)
        return false;
    for (size_t i = 0; i < a->also.n; i++)
        if (a->also.p[i].move != b->also.p[i].move || a->also.p[i].roles != b->also.p[i].roles)
            return false;
    return true;
}

static void head_changes(struct page *p, const struct office *a, const struct office *b) {
    if (!slice_equal(a->name, b->name) || !slice_equal(a->origin, b->origin) ||
        !slice_equal(a->rp, b->rp) || a->demonstration != b->demonstration)
        changes(p, WORD_HEAD_NAME, b->name);
    if (memcmp(a->notice_key, b->notice_key, 32) != 0)
        changes(p, WORD_HEAD_NOTICE_KEY, SLICE_EMPTY);
    if (!slice_equal(a->ledger, b->ledger) || !office_lines_equal(&a->witnesses, &b->witnesses))
        changes(p, WORD_HEAD_LEDGER, SLICE_EMPTY);
    if (!same_also(a, b))
        changes(p, WORD_HEAD_ALSO, SLICE_EMPTY);
}

void page_office_changes(struct page *p, const struct office *next) {
    const struct office *now = desk_office(p->desk);
    html_open(&p->h, "ul", "class", "changes", NULL);
    head_changes(p, now, next);
    for (size_t i = 0; i < now->persons.n; i++)
        if (desk_person(next, now->persons.p[i].id) == NULL)
            goes(p, WORD_PERSON, now->persons.p[i].id);
    for (size_t i = 0; i < next->persons.n; i++) {
        const struct office_person *b = &next->persons.p[i], *a = desk_person(now, b->id);
        if (a == NULL)
            comes(p, WORD_PERSON, b->id);
        else
            person_changes(p, a, b);
    }
    for (size_t i = 0; i < now->authorities.n; i++)
        if (office_authority_find(next, now->authorities.p[i].id) == NULL)
            goes(p, WORD_AUTHORITY, now->authorities.p[i].id);
    for (size_t i = 0; i < next->authorities.n; i++) {
        const struct office_authority *b = &next->authorities.p[i],
                                      *a = office_authority_find(now, b->id);
        if (a == NULL)
            comes(p, WORD_AUTHORITY, b->id);
        else
            authority_changes(p, a, b);
    }
    html_close(&p->h);
}

/* ---- Suspension lists ---- */

static const struct office_suspension *suspension_of(const struct office_suspensions *l, slice id) {
    for (size_t i = 0; l != NULL && i < l->suspensions.n; i++)
        if (slice_equal(l->suspensions.p[i].id, id))
            return &l->suspensions.p[i];
    return NULL;
}

static bool has_notice(const struct office_suspensions *l, slice id) {
    for (size_t i = 0; l != NULL && i < l->notices.n; i++)
        if (slice_equal(l->notices.p[i].id, id))
            return true;
    return false;
}

static bool has_freeze(const struct office_suspensions *l, slice id) {
    for (size_t i = 0; l != NULL && i < l->freezes.n; i++)
        if (slice_equal(l->freezes.p[i].id, id))
            return true;
    return false;
}

static bool same_entry(const struct office_suspension *a, const struct office_suspension *b) {
    uint8_t x[32], y[32];
    return office_suspension_hash(a, x) == OFFICE_OK && office_suspension_hash(b, y) == OFFICE_OK &&
           memcmp(x, y, sizeof(x)) == 0;
}

static void entries_changes(struct page *p, const struct office_suspensions *now,
                            const struct office_suspensions *next) {
    for (size_t i = 0; now != NULL && i < now->suspensions.n; i++)
        if (suspension_of(next, now->suspensions.p[i].id) == NULL)
            goes(p, WORD_SUSPENSION, now->suspensions.p[i].id);
    for (size_t i = 0; i < next->suspensions.n; i++) {
        const struct office_suspension *b = &next->suspensions.p[i], *a = suspension_of(now, b->id);
        if (a == NULL)
            comes(p, WORD_SUSPENSION, b->id);
        else if (!same_entry(a, b))
            changes(p, WORD_SUSPENSION, b->id);
    }
}

void page_list_changes(struct page *p, const struct office_suspensions *next) {
    const struct office_suspensions *now = desk_list(p->desk);
    html_open(&p->h, "ul", "class", "changes", NULL);
    entries_changes(p, now, next);
    for (size_t i = 0; now != NULL && i < now->notices.n; i++)
        if (!has_notice(next, now->notices.p[i].id))
            goes(p, WORD_NOTICE_OF_LIFT, now->notices.p[i].id);
    for (size_t i = 0; i < next->notices.n; i++)
        if (!has_notice(now, next->notices.p[i].id))
            comes(p, WORD_NOTICE_OF_LIFT, next->notices.p[i].id);
    for (size_t i = 0; now != NULL && i < now->freezes.n; i++)
        if (!has_freeze(next, now->freezes.p[i].id))
            goes(p, WORD_FREEZE_NAME, now->freezes.p[i].id);
    for (size_t i = 0; i < next->freezes.n; i++)
        if (!has_freeze(now, next->freezes.p[i].id))
            comes(p, WORD_FREEZE_NAME, next->freezes.p[i].id);
    html_close(&p->h);
}
