/* Whether those who are here could bring a case to its answer. */
#include "desk/internal.h"
#include "desk/step.h"

/* So many who can act in one of the roles; ended by none. */
struct need {
    uint32_t roles;
    size_t n;
};
static const struct need
    ordinary[] = {{POLICY, 1}, {LAW, 1}, {RIGHTS, 1}, {APPROVER, 1}, {CUSTODIAN, 1}, {0, 0}},
    emergency[] = {{INTAKE, 2}, {LAW | RIGHTS, 1}, {APPROVER, 1}, {CUSTODIAN, 1}, {0, 0}},
    compelled[] = {{LAW, 1}, {RIGHTS, 1}, {APPROVER, 1}, {CUSTODIAN, 1}, {0, 0}},
    preservation[] = {{POLICY, 1}, {LAW, 1}, {CUSTODIAN, 1}, {0, 0}},
    demand[] = {{INTAKE, 1}, {APPROVER, 1}, {0, 0}};

static const struct need *needs_of(const struct desk_case *c) {
    switch (c->kind) {
    case DESK_KIND_PRESERVE:
        return preservation;
    case DESK_KIND_DEMAND:
        return demand;
    default:
        return c->path == OFFICE_EMERGENCY   ? emergency
               : c->path == OFFICE_COMPELLED ? compelled
                                             : ordinary;
    }
}

static bool may_act(const struct desk_history *h, const struct desk_world *w,
                    const struct office_person *p, uint32_t role) {
    uint32_t before = desk_role_in(h, p->id);
    bool deputy;
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        if (desk_lens_role[lens] == role)
            return desk_may_review(h, w, p, (enum desk_lens)lens, &deputy);
    return (desk_person_roles(p) & role) != 0 && (before == 0 || before == role) &&
           !office_person_bound(p, w->list);
}

static err count(struct desk *d, const struct desk_history *h, const struct desk_world *w,
                 uint32_t roles, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < w->office->persons.n; i++) {
        const struct office_person *p = &w->office->persons.p[i];
        uint64_t away;
        bool may = false;
        for (uint32_t role = 1; role != 0; role <<= 1)
            may = may || ((roles & role) != 0 && may_act(h, w, p, role));
        TRY(desk_away_get(d, p->id, &away));
        *n += may && away <= w->now;
    }
    return OK;
}

err desk_lacks_somebody(struct desk *d, const struct desk_history *h, const struct desk_world *w,
                        bool *lacks) {
    *lacks = false;
    for (const struct need *need = needs_of(&h->now); need->n != 0; need++) {
        size_t n;
        TRY(count(d, h, w, need->roles, &n));
        *lacks = *lacks || n < need->n;
    }
    return OK;
}
