/* Who signed, and whether these persons are enough for a move. */
#include "office/internal.h"

#define INTAKE OFFICE_ROLE_INTAKE
#define POLICY OFFICE_ROLE_POLICY
#define LAW OFFICE_ROLE_LOCAL_LAW
#define RIGHTS OFFICE_ROLE_HUMAN_RIGHTS
#define APPROVER OFFICE_ROLE_APPROVER
#define EXPERT OFFICE_ROLE_EXPERT
#define REVIEWER (POLICY | LAW | RIGHTS)
#define ANYBODY UINT32_MAX

/* A seat is one signature: a person who holds one of the roles. */
enum { SEATS = 5, SEATS_MAX = OFFICE_SEATS_MAX };
_Static_assert((int)SEATS_MAX == SEATS + (int)OFFICE_ALSO_MAX, "an office file adds to the floor");

/* What no office file can go below. */
static const struct {
    uint32_t seats[SEATS];
    bool ssh; /* one of them signs with an SSH key */
} floors[OFFICE_MOVE_COUNT] = {
    [OFFICE_MOVE_RELEASE] = {{POLICY, LAW, RIGHTS, APPROVER}, true},
    [OFFICE_MOVE_EMERGENCY] = {{INTAKE, INTAKE, LAW | RIGHTS, APPROVER}, true},
    [OFFICE_MOVE_COMPELLED] = {{LAW, RIGHTS, APPROVER}, true},
    [OFFICE_MOVE_PRESERVATION] = {{POLICY, LAW}, false},
    [OFFICE_MOVE_NOTICE] = {{REVIEWER | APPROVER, REVIEWER | APPROVER}, false},
    [OFFICE_MOVE_SUSPEND] = {{RIGHTS | LAW | APPROVER, RIGHTS | LAW | APPROVER}, false},
    [OFFICE_MOVE_LIFT] = {{RIGHTS, LAW, APPROVER, EXPERT, EXPERT}, true},
    [OFFICE_MOVE_FREEZE] = {{ANYBODY}, false},
    [OFFICE_MOVE_UNFREEZE] = {{APPROVER, REVIEWER, REVIEWER}, true},
    [OFFICE_MOVE_OFFICE] = {{APPROVER, REVIEWER, REVIEWER}, true},
};

/* ---- Seats and persons ---- */

struct seats {
    uint32_t roles[SEATS_MAX];
    size_t n;
};

static void seats_of(const struct office *office, enum office_move move, struct seats *s) {
    s->n = 0;
    for (size_t i = 0; i < SEATS && floors[move].seats[i] != 0; i++)
        s->roles[s->n++] = floors[move].seats[i];
    for (size_t i = 0; i < office->also.n; i++)
        if (office->also.p[i].move == (uint32_t)1 << move)
            s->roles[s->n++] = office->also.p[i].roles;
}

struct match {
    const struct seats *seats;
    const uint32_t *roles; /* of each person */
    size_t persons;
    int seat_of[OFFICE_PERSONS_MAX]; /* -1: none */
    bool tried[OFFICE_PERSONS_MAX];
};
_Static_assert((int)OFFICE_SIGNATURES_MAX <= OFFICE_PERSONS_MAX, "who signs can be matched");

/* Finds a person for a seat, and another seat for a person if need be. */
static bool seat_fill(struct match *m, size_t seat) {
    for (size_t i = 0; i < m->persons; i++) {
        if (m->tried[i] || (m->roles[i] & m->seats->roles[seat]) == 0)
            continue;
        m->tried[i] = true;
        if (m->seat_of[i] < 0 || seat_fill(m, (size_t)m->seat_of[i])) {
            m->seat_of[i] = (int)seat;
            return true;
        }
    }
    return false;
}

/* The seats that get no person of their own. */
static void seats_left(const struct seats *seats, const uint32_t *roles, size_t persons,
                       struct seats *left) {
    struct match m = {.seats = seats, .roles = roles, .persons = persons};
    left->n = 0;
    for (size_t i = 0; i < persons; i++)
        m.seat_of[i] = -1;
    for (size_t seat = 0; seat < seats->n; seat++) {
        memset(m.tried, 0, sizeof m.tried);
        if (!seat_fill(&m, seat))
            left->roles[left->n++] = seats->roles[seat];
    }
}

static bool seats_filled(const struct seats *seats, const uint32_t *roles, size_t persons) {
    struct seats left;
    seats_left(seats, roles, persons, &left);
    return left.n == 0;
}

/* Whoever could have a seat can take it from whom it was given to, once all are filled. */
static bool could_sit(const struct seats *seats, uint32_t roles) {
    for (size_t seat = 0; seat < seats->n; seat++)
        if ((roles & seats->roles[seat]) != 0)
            return true;
    return false;
}

bool office_person_bound(const struct office_person *person,
                         const struct office_suspensions *list) {
    for (size_t i = 0; list != NULL && i < list->suspensions.n; i++)
        if (text_shares(person->countries, list->suspensions.p[i].jurisdictions))
            return true;
    return false;
}

static uint32_t roles_of(const struct office_person *p) {
    return p->roles | p->deputy;
}

enum office_reason signers_enough(const struct office *office,
                                  const struct office_suspensions *list,
                                  const struct signers *signers, enum office_move move) {
    struct seats seats;
    uint32_t roles[OFFICE_SIGNATURES_MAX] = {0};
    bool ssh[OFFICE_SIGNATURES_MAX], enough = !floors[move].ssh;
    size_t n = 0;
    seats_of(office, move, &seats);
    for (size_t i = 0; i < signers->n; i++)
        if (!office_person_bound(signers->each[i].person, list)) {
            roles[n] = roles_of(signers->each[i].person);
            ssh[n++] = signers->each[i].ssh;
        }
    if (!seats_filled(&seats, roles, n))
        return n < signers->n ? OFFICE_BOUND : OFFICE_SIGNERS;
    for (size_t i = 0; i < n && !enough; i++)
        enough = ssh[i] && could_sit(&seats, roles[i]);
    return enough ? OFFICE_OK : OFFICE_NO_SSH;
}

void office_missing(const struct office *o, const struct office_signers *signers,
                    enum office_move move, struct office_missing *out) {
    struct seats seats, left;
    uint32_t roles[OFFICE_SIGNATURES_MAX];
    size_t n = 0;
    seats_of(o, move, &seats);
    out->ssh = floors[move].ssh;
    for (size_t i = 0; i < signers->n; i++) {
        if (signers->each[i].bound)
            continue;
        roles[n] = roles_of(signers->each[i].person);
        if (signers->each[i].ssh && could_sit(&seats, roles[n]))
            out->ssh = false;
        n++;
    }
    seats_left(&seats, roles, n, &left);
    out->n = left.n;
    memcpy(out->seats, left.roles, left.n * sizeof left.roles[0]);
}

bool office_could_compel(const struct office *o, slice countries) {
    static const enum office_move paths[] = {OFFICE_MOVE_RELEASE, OFFICE_MOVE_EMERGENCY,
                                             OFFICE_MOVE_COMPELLED};
    uint32_t roles[OFFICE_PERSONS_MAX] = {0};
    size_t n = 0;
    for (size_t i = 0; i < o->persons.n; i++)
        if (text_shares(o->persons.p[i].countries, countries))
            roles[n++] = roles_of(&o->persons.p[i]);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct seats seats;
        seats_of(o, paths[i], &seats);
        if (seats_filled(&seats, roles, n))
            return true;
    }
    return false;
}

/* ---- Lines of signatures ---- */

err public_key_check(const struct crypto_sig *kind, slice key) {
    if (key.n != kind->pub)
        return ERR_LENGTH;
    return kind == &crypto_ecdsa_p256 ? crypto_dhkem_p256.check(key.p) : OK;
}

static enum office_reason signature_check(const struct office *office,
                                          const struct office_person *person,
                                          const struct office_document *over, bool ssh,
                                          slice text) {
    buf bytes = {0};
    enum office_reason r = reason_of(base64_decode(&bytes, text), OFFICE_SIGNATURE_LINE);
    if (r == OFFICE_OK)
        r = ssh ? sshsig_verify(person, over, buf_slice(&bytes))
                : webauthn_verify(office, person, over, buf_slice(&bytes));
    buf_free(&bytes);
    return r;
}

static void signer_add(struct signers *s, const struct office_person *person, bool ssh) {
    size_t i = 0;
    while (i < s->n && s->each[i].person != person)
        i++;
    if (i == s->n) {
        s->each[s->n].person = person;
        s->each[s->n++].ssh = ssh;
    }
    s->each[i].ssh = s->each[i].ssh || ssh;
}

/* "— PERSON KIND BASE64" */
static enum office_reason line_read(const struct office *office, const struct office_document *over,
                                    slice line, struct signers *out) {
    slice dash = text_next(&line), id = text_next(&line), kind = text_next(&line);
    bool ssh = slice_equal(kind, slice_str("ssh"));
    if (!slice_equal(dash, slice_str("\u2014")) ||
        !(ssh || slice_equal(kind, slice_str("webauthn"))))
        return OFFICE_SIGNATURE_LINE;
    const struct office_person *person =
        text_find(office->persons.p, office->persons.n, sizeof *person, id);
    if (person == NULL)
        return OFFICE_PERSON;
    NEED(signature_check(office, person, over, ssh, line));
    signer_add(out, person, ssh);
    return OFFICE_OK;
}

enum office_reason signers_read(const struct office *office, const struct office_document *over,
                                struct signers *out) {
    slice lines = over->signatures;
    size_t unused;
    out->n = 0;
    if (lines.n == 0)
        return OFFICE_UNSIGNED;
    NEED(text_check(lines, &unused));
    slice line;
    for (size_t count = 0; slice_line(&lines, &line); count++) {
        if (count == OFFICE_SIGNATURES_MAX)
            return OFFICE_UNSIGNED;
        NEED(line_read(office, over, line, out));
    }
    return OFFICE_OK;
}
