/* What persons sign at the desk that no server checks: the moves of a case, and that somebody is
 * there. */
#include "office/internal.h"

enum { SAYS = 128 };

#define THIS struct office_say
static const struct text_field say_fields[] = {
    {FIELD("", TEXT_ID, name, 1, 1)},
    {FIELD("", TEXT_PROSE, text, 1, 1)},
    {0},
};
static const struct text_record say = {sizeof(THIS), say_fields};
#undef THIS

#define THIS struct office_case_move
static const struct text_field move_fields[] = {
    {FIELD("case", TEXT_ID, case_id, 1, 1)},
    {FIELD("number", TEXT_NUMBER, number, 1, 1)},
    {FIELD("move", TEXT_ID, move, 1, 1)},
    {FIELD("state", TEXT_ID, state, 1, 1)},
    {FIELD("previous", TEXT_HASH, previous, 1, 1)},
    {FIELD("role", TEXT_ONE, role, 0, 1), .names = office_role_names},
    {FIELD("salt", TEXT_HASH, salt, 1, 1)},
    {FIELD("order", TEXT_HASH, order, 0, 1)},
    {FIELD("seconds", TEXT_HASH, seconds, 0, 1)},
    {FIELD("say", TEXT_LINES, says, 0, SAYS), .record = &say},
    {FIELD("office", TEXT_LINE, office, 1, 1), .record = &version_line},
    {FIELD("suspensions", TEXT_LINE, suspensions, 0, 1), .record = &version_line},
    {FIELD("made", TEXT_TIME, made, 1, 1)},
    {0},
};
#undef THIS

#define THIS struct office_login
static const struct text_field login_fields[] = {
    {FIELD("person", TEXT_ID, person, 1, 1)},
    {FIELD("nonce", TEXT_HASH, nonce, 1, 1)},
    {FIELD("office", TEXT_LINE, office, 1, 1), .record = &version_line},
    {FIELD("made", TEXT_TIME, made, 1, 1)},
    {0},
};
#undef THIS

/* The lines say all. */
static enum office_reason no_more(const void *document) {
    (void)document;
    return OFFICE_OK;
}

static const struct document_type move_type = {
    {"move", {sizeof(struct office_case_move), move_fields}}, no_more};
static const struct document_type login_type = {
    {"session", {sizeof(struct office_login), login_fields}}, no_more};

enum office_reason office_case_move_load(struct office_case_move **out, const struct mem *mem,
                                         slice bytes, size_t *line) {
    void *document = NULL;
    enum office_reason r = document_new(&document, mem, &move_type, bytes, line);
    *out = document;
    return r;
}

void office_case_move_free(struct office_case_move *m) {
    document_free(&move_type, m);
}

enum office_reason office_case_move_write(buf *out, const struct office_case_move *m) {
    return text_write(out, &move_type.text, m);
}

const struct office_say *office_say_find(const struct office_case_move *m, slice name) {
    return text_find(m->says.p, m->says.n, sizeof *m->says.p, name);
}

enum office_reason office_login_load(struct office_login **out, const struct mem *mem, slice bytes,
                                     size_t *line) {
    void *document = NULL;
    enum office_reason r = document_new(&document, mem, &login_type, bytes, line);
    *out = document;
    return r;
}

void office_login_free(struct office_login *l) {
    document_free(&login_type, l);
}

enum office_reason office_login_write(buf *out, const struct office_login *l) {
    return text_write(out, &login_type.text, l);
}

/* ---- Who signed ---- */

enum office_reason office_signed(const struct office *office, const struct office_suspensions *list,
                                 const struct office_document *document,
                                 struct office_signers *out) {
    struct signers signers;
    out->n = 0;
    NEED(signers_read(office, document, &signers));
    for (size_t i = 0; i < signers.n; i++) {
        const struct office_person *p = signers.each[i].person;
        out->each[out->n++] =
            (struct office_signer){p, signers.each[i].ssh, office_person_bound(p, list)};
    }
    return OFFICE_OK;
}

static enum office_reason login_check(const struct office_login *l, const struct office *office,
                                      const struct office_suspensions *list,
                                      const uint8_t nonce[32], uint64_t now,
                                      struct office_signer *who) {
    struct office_signers signers;
    if (!equal_secret(l->nonce, nonce, sizeof l->nonce))
        return OFFICE_WEBAUTHN_CHALLENGE;
    if (l->office.number != office->version ||
        memcmp(l->office.hash, office->document.hash, sizeof l->office.hash) != 0)
        return OFFICE_OTHER_OFFICE;
    if (l->made > now + OFFICE_CLOCKS_APART)
        return OFFICE_FUTURE;
    if (now > l->made + OFFICE_CLOCKS_APART)
        return OFFICE_EXPIRED;
    NEED(office_signed(office, list, &l->document, &signers));
    if (signers.n != 1 || !slice_equal(signers.each[0].person->id, l->person))
        return OFFICE_SIGNERS;
    *who = signers.each[0];
    return who->bound ? OFFICE_BOUND : OFFICE_OK;
}

enum office_reason office_login_check(struct office_signer *who, const struct office *office,
                                      const struct office_suspensions *list, slice bytes,
                                      const uint8_t nonce[32], uint64_t now, size_t *line) {
    struct office_login *l;
    *who = (struct office_signer){NULL, false, false};
    NEED(office_login_load(&l, office->document.bytes.mem, bytes, line));
    enum office_reason r = login_check(l, office, list, nonce, now, who);
    if (r != OFFICE_OK)
        who->person = NULL;
    office_login_free(l);
    return r;
}
