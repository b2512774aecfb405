/* Texts of the office, signed or not: office files, suspension lists, orders, sightings. What is
 * read is written again as it was, and nothing is accepted that one person alone did not sign
 * enough for.
 */
#include "office_desk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct office_document *document, slice bytes, const buf *again) {
    require(slice_equal(buf_slice(again), document->text) && slice_skip(&bytes, document->text));
    require(bytes.n == 0 || slice_skip(&bytes, slice_str("\n")));
    require(slice_equal(bytes, document->signatures));
}

static void office(slice bytes) {
    struct office *o, *next;
    buf again = {0};
    if (office_load(&o, NULL, bytes, NULL) != OFFICE_OK)
        return;
    require(office_write(&again, o) == OFFICE_OK);
    same(&o->document, bytes, &again);
    (void)office_could_compel(o, slice_str("DE"));
    require(office_change(&next, office_desk(), NULL, bytes, NULL) != OFFICE_OK && next == NULL);
    office_free(o);
    buf_free(&again);
}

/* As the first list, and after itself. */
static void suspensions(slice bytes) {
    struct office_suspensions *s, *next;
    struct office_evidence evidence = {.now = 1788220800000};
    buf again = {0};
    if (office_suspensions_load(&s, NULL, bytes, NULL) != OFFICE_OK)
        return;
    require(office_suspensions_write(&again, s) == OFFICE_OK);
    same(&s->document, bytes, &again);
    require(office_suspensions_change(&next, office_desk(), NULL, bytes, &evidence, NULL) !=
                OFFICE_OK &&
            next == NULL);
    s->version--;
    require(office_suspensions_change(&next, office_desk(), s, bytes, &evidence, NULL) !=
                OFFICE_OK &&
            next == NULL);
    office_suspensions_free(s);
    buf_free(&again);
}

static void order(slice bytes) {
    struct office_order *o, *checked;
    struct office_suspensions none = {.version = 1};
    buf again = {0};
    if (office_order_load(&o, NULL, bytes, NULL) != OFFICE_OK)
        return;
    require(office_order_write(&again, o) == OFFICE_OK);
    same(&o->document, bytes, &again);
    struct office_here here = {office_desk(), &none, {0}, o->server_number, o->made};
    memcpy(here.server, o->server, sizeof here.server);
    require(office_order_check(&checked, &here, bytes, NULL) != OFFICE_OK && checked == NULL);
    office_order_free(o);
    buf_free(&again);
}

static void sightings(slice bytes) {
    struct office_sightings *s;
    uint64_t duration;
    buf again = {0};
    if (office_sightings_load(&s, NULL, bytes, NULL) != OFFICE_OK)
        return;
    require(office_sightings_write(&again, s) == OFFICE_OK);
    same(&s->document, bytes, &again);
    for (size_t i = 0; i < s->each.n; i++)
        require((office_sighting_check(office_desk(), &s->each.p[i], &duration) == OFFICE_OK) ==
                (duration > 0));
    office_sightings_free(s);
    buf_free(&again);
}

static void move(slice bytes) {
    struct office_case_move *m;
    struct office_signers signers;
    buf again = {0};
    if (office_case_move_load(&m, NULL, bytes, NULL) != OFFICE_OK)
        return;
    require(office_case_move_write(&again, m) == OFFICE_OK);
    same(&m->document, bytes, &again);
    require(office_signed(office_desk(), NULL, &m->document, &signers) != OFFICE_OK ||
            signers.n == 1);
    office_case_move_free(m);
    buf_free(&again);
}

static void login(slice bytes) {
    struct office_login *l;
    struct office_signer who;
    buf again = {0};
    if (office_login_load(&l, NULL, bytes, NULL) != OFFICE_OK)
        return;
    require(office_login_write(&again, l) == OFFICE_OK);
    same(&l->document, bytes, &again);
    require(office_login_check(&who, office_desk(), NULL, bytes, l->nonce, l->made, NULL) !=
                OFFICE_OK ||
            slice_equal(who.person->id, l->person));
    office_login_free(l);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    slice bytes = slice_of(data, size);
    (void)office_desk();
    office(bytes);
    suspensions(bytes);
    order(bytes);
    sightings(bytes);
    move(bytes);
    login(bytes);
    return 0;
}
