/* Release orders: what one gives, that it does so once, and every way to get a record without one.
 */
#include "desk.h"

#include "base/text.h"
#include "server/internal.h"

#define SUSPENDED(country)                                                 \
    "suspension s-1\njurisdictions " country                               \
    "\nscope all\nwording Suspended.\nstart 2026-07-06T00:00:00Z\nreview " \
    "2026-11-01T00:00:00Z\n"
#define FREEZE "freeze f-1 2026-10-01T00:00:00Z\n"
enum { TWO = DESK_LAW | DESK_RIGHTS, FOUR = DESK_APPROVER | DESK_LAW | DESK_RIGHTS | DESK_POLICY };

/* What an order says, where it says something else than an honest one; NULL: it doesn't. */
struct told {
    const char *old, *by;         /* before it is signed */
    const char *after, *after_by; /* afterwards: what is handed in is not what they signed */
    const char *stranger;         /* the approver's signature is said to be this one's */
    unsigned who;                 /* 0: the four */
};

struct scene {
    struct desk d;
    struct person ann;
    char account[33];
};

static void begin_at(struct scene *s, bool with_office) {
    desk_init(&s->d);
    person_join(&s->ann, &s->d.w, 1);
    for (int i = 0; i < 16; i++)
        snprintf(s->account + 2 * i, 3, "%02x", s->ann.account[i]);
    if (with_office)
        desk_pin_plain(&s->d);
}

static void begin(struct scene *s) {
    begin_at(s, true);
    CHECK_EQ(desk_list(&s->d, "", TWO), OFFICE_OK);
}

static void end(struct scene *s) {
    person_fini(&s->ann);
    desk_fini(&s->d);
}

static void write_order(struct scene *s, buf *out, const struct told *told) {
    static const struct told honest = {0};
    struct desk *d = &s->d;
    static const uint8_t none[32];
    told = told == NULL ? &honest : told;
    uint64_t number = desk_get(d)->server_number;
    people_say(out,
               "sotto release 1\nid o-1\ncase c-1\naccount id %s\n"
               "fields exists created devices\npath ordinary\nauthority de-court\nbeneficiary "
               "DE\nregime eu-epoc\nserver ",
               s->account);
    CHECK_OK(hex_encode(out, SLICE_ARRAY(d->w.config.identity)));
    people_say(out, "\nserver-number %llu\noffice %d ", (unsigned long long)number,
               d->office == NULL ? 1 : (int)d->office->version);
    CHECK_OK(hex_encode(out, d->office == NULL ? SLICE_ARRAY(none)
                                               : SLICE_ARRAY(d->office->document.hash)));
    people_say(out, "\nsuspensions %d ", d->list == NULL ? 1 : (int)d->list->version);
    CHECK_OK(
        hex_encode(out, d->list == NULL ? SLICE_ARRAY(none) : SLICE_ARRAY(d->list->document.hash)));
    people_say(out, "\nmade 2026-10-01T00:00:00Z\n");
    if (told->old != NULL)
        people_replace(out, told->old, told->by);
    people_sign_all(out, desk_signers, 5, told->who == 0 ? FOUR : told->who);
    if (told->after != NULL)
        people_replace(out, told->after, told->after_by);
    if (told->stranger != NULL)
        people_replace(out, people_ids[APPROVER], told->stranger);
}

static const struct frame *hand_in(struct scene *s, const struct told *told) {
    buf text = {0};
    write_order(s, &text, told);
    const struct frame *f = desk_put(&s->d, MAIL_OFFICE_ORDER, buf_slice(&text), NULL);
    buf_free(&text);
    return f;
}

static struct proto_carried_out released(const struct frame *f) {
    struct proto_carried_out out = {.sealed = false};
    CHECK_EQ(f->type, PROTO_carried_out);
    if (f->type == PROTO_carried_out)
        CHECK_OK(proto_carried_out_decode(buf_slice(&f->body), &out));
    return out;
}

/* The package as a string, good until the next call. */
static const char *letter(const struct frame *f) {
    static char text[PROTO_PACKAGE_MAX + 1];
    struct proto_carried_out r = released(f);
    memcpy(text, r.package.p, r.package.n);
    text[r.package.n] = 0;
    return text;
}

static bool has(const char *text, const char *part) {
    return strstr(text, part) != NULL;
}

/* ---- What it gives ---- */

TEST(an_order_gives_the_approved_fields_alone) {
    struct scene s;
    begin(&s);
    const char *text = letter(hand_in(&s, NULL));
    CHECK(has(text, "order o-1\ncase c-1\nauthority de-court\naccount id "));
    CHECK(has(text, s.account));
    CHECK(has(text, "\nexists yes\ncreated in the week of 2026-09-28\ndevices 1\nbeside "));
    CHECK(has(text, ": held, sealed, not readable by us\n"));
    CHECK(!has(text, "seen") && !has(text, "items ") && !has(text, "bytes"));
    end(&s);
}

TEST(all_fields_are_the_record_that_the_account_itself_can_read) {
    struct scene s;
    struct proto_record record;
    char line[200];
    begin(&s);
    struct told all = {.old = "fields exists created devices",
                       .by = "fields exists created seen devices items bytes"};
    world_record(&s.d.w, 1, &record);
    const char *text = letter(hand_in(&s, &all));
    snprintf(line, sizeof line,
             "seen in the week of 2026-09-28\ndevices %u\nitems %u\nbytes %llu\n", record.devices,
             record.items, (unsigned long long)record.bytes);
    CHECK(has(text, line));
    end(&s);
}

TEST(an_account_can_be_named_by_its_key) {
    struct scene s;
    char by_id[64], by_key[128] = "account key ";
    begin(&s);
    snprintf(by_id, sizeof by_id, "account id %s", s.account);
    for (int i = 0; i < 32; i++)
        snprintf(by_key + 12 + 2 * i, 3, "%02x", s.ann.identity[i]);
    struct told told = {.old = by_id, .by = by_key};
    CHECK(has(letter(hand_in(&s, &told)), "\nexists yes\n"));
    end(&s);
}

TEST(an_account_that_is_not_there_is_answered_and_the_order_used_up) {
    struct scene s;
    begin(&s);
    memset(s.account, '0', 32);
    const char *text = letter(hand_in(&s, NULL));
    CHECK(has(text, "answer not held: there is no such account\n"));
    CHECK(!has(text, "exists") && !has(text, "created"));
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 1);
    end(&s);
}

TEST(the_manifest_names_what_it_was_done_under_and_hashes_the_package) {
    struct scene s;
    uint8_t hash[32];
    buf line = {0};
    begin(&s);
    struct proto_carried_out r = released(hand_in(&s, NULL));
    CHECK_OK(crypto_sha256.hash(hash, &r.package, 1));
    people_say(&line, "server-number %llu\npackage letter ",
               (unsigned long long)s.d.is.server_number);
    CHECK_OK(hex_encode(&line, SLICE_ARRAY(hash)));
    people_say(&line, "\n");
    CHECK(r.manifest.n > line.n);
    CHECK_SLICE(slice_of(r.manifest.p + r.manifest.n - line.n, line.n), buf_slice(&line));
    CHECK_EQ(r.sealed, false);
    buf_free(&line);
    end(&s);
}

/* ---- Once ---- */

static void done(struct scene *s, struct proto_carried_out *r, bool good) {
    struct proto_order_written out = {.id = r->id};
    buf body = {0};
    memcpy(out.order, r->order, 32);
    out.order[0] ^= !good;
    CHECK_OK(proto_order_written_encode(&body, &out));
    mail_operator(s->d.w.mail, ++s->d.w.requests, PROTO_order_written, buf_slice(&body));
    world_commit(&s->d.w);
    CHECK_EQ(world_answer(&s->d.w, s->d.w.requests)->type, good ? PROTO_ok : PROTO_error);
    buf_free(&body);
}

TEST(an_order_that_was_cut_off_finishes_with_the_same_bytes_and_then_never_again) {
    static const struct told items = {.old = "exists created devices", .by = "exists items"};
    struct scene s;
    struct proto_address address;
    buf order = {0};
    begin(&s);
    write_order(&s, &order, &items);
    struct proto_carried_out first =
        released(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    person_address(&s.ann, &s.d.w, &address); /* the record becomes another one */
    CHECK_EQ(world_send(&s.d.w, &address, 1, slice_str("an item")), 0);
    world_restart(&s.d.w);
    struct proto_carried_out again =
        released(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    CHECK_SLICE(again.package, first.package);
    CHECK_SLICE(again.manifest, first.manifest);
    done(&s, &again, false);
    CHECK_EQ(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL)->type, PROTO_carried_out);
    done(&s, &again, true);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_CARRIED_OUT);
    buf_free(&order);
    end(&s);
}

TEST(an_order_that_was_cut_off_ends_with_a_suspension_or_its_age) {
    struct scene s;
    buf order = {0};
    begin(&s);
    write_order(&s, &order, NULL);
    (void)released(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    s.d.w.now += OFFICE_ORDER_LIFE + 1;
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_EXPIRED);
    s.d.w.now = DESK_NOW;
    CHECK_EQ(desk_list(&s.d, SUSPENDED("DE"), TWO), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_STALE_LIST);
    buf_free(&order);
    end(&s);
}

TEST(another_order_of_the_same_id_is_none) {
    struct scene s;
    struct told more = {.old = "fields exists created devices", .by = "fields exists items"};
    begin(&s);
    (void)released(hand_in(&s, NULL));
    CHECK_EQ(hand_in(&s, &more)->type, PROTO_office_refused);
    CHECK_EQ(s.d.reason, OFFICE_CARRIED_OUT);
    end(&s);
}

TEST(what_is_not_written_out_is_gone_after_two_weeks_and_the_order_stays_used) {
    struct scene s;
    buf order = {0};
    begin(&s);
    write_order(&s, &order, NULL);
    (void)released(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    s.d.w.now += 2 * TIME_WEEK;
    world_sweep(&s.d.w);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 1);
    s.d.w.now = DESK_NOW; /* a clock that is turned back gives nothing again */
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_CARRIED_OUT);
    buf_free(&order);
    end(&s);
}

TEST(nothing_leaves_before_it_is_durable) {
    struct scene s;
    buf order = {0};
    begin(&s);
    write_order(&s, &order, NULL);
    s.d.w.plan.fail_commit_in = 0;
    CHECK_EQ(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL)->type, PROTO_error);
    s.d.w.plan.fail_commit_in = -1;
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    CHECK_EQ(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL)->type, PROTO_carried_out);
    buf_free(&order);
    end(&s);
}

TEST(a_store_that_can_t_be_read_releases_nothing) {
    struct scene s;
    buf order = {0};
    int64_t reads = 0;
    begin(&s);
    write_order(&s, &order, NULL);
    for (;; reads++) {
        s.d.w.plan.fail_get_in = reads;
        s.d.w.plan.with = ERR_IO;
        const struct frame *f = desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL);
        s.d.w.plan.fail_get_in = -1;
        if (f->type == PROTO_carried_out)
            break;
        CHECK_EQ(f->type, PROTO_error);
        CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    }
    CHECK(reads >= 3); /* the office, the order, the account */
    buf_free(&order);
    end(&s);
}

/* A store that is restored has forgotten the order; the number that it names is gone. */
TEST(an_order_from_before_a_start_is_void) {
    struct scene s;
    buf order = {0};
    begin(&s);
    write_order(&s, &order, NULL);
    world_restart(&s.d.w);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_SERVER_NUMBER);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    buf_free(&order);
    end(&s);
}

/* ---- Without a valid order ---- each for its own reason, and nothing of it is left. */

static void check_refused(struct scene *s, const char *what, const struct told *told,
                          enum office_reason reason) {
    const struct frame *f = hand_in(s, told);
    if (f->type != PROTO_office_refused || s->d.reason != reason)
        test_fail(__FILE__, __LINE__, "%s: %s, expected %s", what, office_reason_name(s->d.reason),
                  office_reason_name(reason));
    CHECK_EQ(world_rows(&s->d.w, MAIL_CARRIED), 0);
}

TEST(every_order_that_is_not_right_gives_nothing) {
    static const char IDENTITY[] =
        "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";
    static const struct {
        const char *what;
        struct told told;
        enum office_reason reason;
    } cases[] = {
        {"no policy", {.who = FOUR & ~DESK_POLICY}, OFFICE_SIGNERS},
        {"no lawyer", {.who = FOUR & ~DESK_LAW}, OFFICE_SIGNERS},
        {"no human rights", {.who = FOUR & ~DESK_RIGHTS}, OFFICE_SIGNERS},
        {"no approver, and so nobody's own machine",
         {.who = FOUR & ~DESK_APPROVER},
         OFFICE_SIGNERS},
        {"a stolen key of the desk's own", {.stranger = "desk"}, OFFICE_PERSON},
        {"one who signs for another", {.stranger = "p13"}, OFFICE_SIGNATURE},
        {"the desk's database: other fields",
         {.after = "fields exists created devices",
          .after_by = "fields exists created devices items"},
         OFFICE_SIGNATURE},
        {"the jurisdiction changed",
         {.after = "beneficiary DE", .after_by = "beneficiary FR"},
         OFFICE_SIGNATURE},
        {"another authority",
         {.after = "authority de-court", .after_by = "authority hk-police"},
         OFFICE_SIGNATURE},
        {"a jurisdiction of its own",
         {.old = "beneficiary DE\n", .by = "beneficiary DE\njurisdiction FR\n"},
         OFFICE_WORD},
        {"a recipient's key of its own",
         {.old = "authority de-court\n", .by = "authority de-court\ncertificate QUJD\n"},
         OFFICE_WORD},
        {"an authority of nobody's", {.old = "de-court", .by = "de-nobody"}, OFFICE_AUTHORITY},
        {"content", {.old = "exists created devices", .by = "exists content"}, OFFICE_VALUE},
        {"another server",
         {.old = IDENTITY,
          .by = "005e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"},
         OFFICE_SERVER},
        {"another number",
         {.old = "server-number ", .by = "server-number 1"},
         OFFICE_SERVER_NUMBER},
        {"another office", {.old = "office 1 ", .by = "office 2 "}, OFFICE_UNKNOWN_OFFICE},
        {"another list", {.old = "suspensions 1 ", .by = "suspensions 7 "}, OFFICE_UNKNOWN_LIST},
        {"too old", {.old = "made 2026-10-01", .by = "made 2026-09-27"}, OFFICE_EXPIRED},
        {"of tomorrow", {.old = "made 2026-10-01", .by = "made 2026-10-02"}, OFFICE_FUTURE},
        {"a carve-out of no list",
         {.old = "regime eu-epoc\n", .by = "regime eu-epoc\ncarve-outs k-1\n"},
         OFFICE_CARVE_OUT},
        {"compelled, with its own signers missing",
         {.who = DESK_LAW | DESK_RIGHTS},
         OFFICE_SIGNERS},
    };
    struct scene s;
    begin(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(&s, cases[i].what, &cases[i].told, cases[i].reason);
    struct told shown = {.after = s.account, .after_by = "000102030405060708090a0b0c0d0e0f"};
    check_refused(&s, "shown one account, handed in another", &shown, OFFICE_SIGNATURE);
    CHECK_EQ(hand_in(&s, NULL)->type, PROTO_carried_out); /* and the honest one is taken */
    end(&s);
}

TEST(a_handle_or_a_link_is_not_resolved) {
    struct scene s;
    char named[64];
    begin(&s);
    snprintf(named, sizeof named, "id %s", s.account);
    struct told handle = {.old = named, .by = "handle ann"}, link = {.old = named, .by = "link x"};
    check_refused(&s, "handle", &handle, OFFICE_NOT_RESOLVED);
    check_refused(&s, "link", &link, OFFICE_NOT_RESOLVED);
    end(&s);
}

TEST(other_kinds_of_orders_release_nothing) {
    struct scene s;
    begin(&s);
    struct told keep = {.old = "sotto release 1", .by = "sotto preservation 1"};
    struct told notice = {.old = "sotto release 1", .by = "sotto notice 1"};
    check_refused(&s, "a release by another name", &keep, OFFICE_WORD);
    check_refused(&s, "the same", &notice, OFFICE_WORD);
    struct told whole = {.old = "fields exists created devices\npath ordinary\n", .by = ""};
    buf text = {0};
    write_order(&s, &text, &whole);
    text.n = (size_t)((const uint8_t *)strstr((const char *)text.p, "\n\n") - text.p) + 1;
    CHECK_OK(buf_append_byte(&text, 0));
    text.n--;
    people_replace(&text, "sotto release 1", "sotto preservation 1");
    people_replace(&text, "regime eu-epoc\n", "regime eu-epoc\nuntil 2026-11-30T00:00:00Z\n");
    people_sign_all(&text, desk_signers, 5, FOUR);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&text), NULL), OFFICE_ORDER_KIND);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    buf_free(&text);
    end(&s);
}

TEST(without_an_office_or_a_list_nothing_is_released) {
    struct scene s;
    begin_at(&s, false);
    check_refused(&s, "no office", NULL, OFFICE_NO_OFFICE);
    desk_pin_plain(&s.d);
    check_refused(&s, "no list", NULL, OFFICE_UNKNOWN_LIST);
    end(&s);
}

TEST(suspensions_and_freezes_stop_what_was_signed_before_and_after_them) {
    struct scene s;
    buf order = {0};
    begin(&s);
    write_order(&s, &order, NULL);
    CHECK_EQ(desk_list(&s.d, SUSPENDED("HK"), TWO), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_STALE_LIST);
    struct told for_hk = {.old = "beneficiary DE", .by = "beneficiary HK"};
    struct told from_hk = {.old = "authority de-court", .by = "authority hk-police"};
    check_refused(&s, "for it", &for_hk, OFFICE_SUSPENDED);
    check_refused(&s, "from it", &from_hk, OFFICE_SUSPENDED);
    CHECK_EQ(desk_list(&s.d, SUSPENDED("HK") FREEZE, DESK_INTAKE), OFFICE_OK);
    check_refused(&s, "frozen", NULL, OFFICE_FROZEN);
    buf_free(&order);
    end(&s);
}

TEST(an_older_office_s_order_is_void) {
    struct scene s;
    buf order = {0}, next = {0};
    begin(&s);
    write_order(&s, &order, NULL);
    people_office(&next, false, s.d.office);
    people_sign_all(&next, desk_signers, 5, FOUR);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_CHANGE, buf_slice(&next), NULL), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_STALE_OFFICE);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    buf_free(&order);
    buf_free(&next);
    end(&s);
}

TEST(an_office_pinned_anew_releases_nothing_for_30_days) {
    struct scene s;
    struct office *next = NULL;
    buf text = {0};
    begin(&s);
    people_office(&text, false, s.d.office);
    people_replace(&text, "certificate QUJD\n", "");
    CHECK_EQ(office_load(&next, NULL, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ANEW, buf_slice(&text), next->document.hash), OFFICE_OK);
    office_free(s.d.office);
    s.d.office = next;
    struct told later = {.old = "made 2026-10-01", .by = "made 2026-10-30"};
    check_refused(&s, "at once", NULL, OFFICE_RESTS);
    s.d.w.now += 30 * TIME_DAY - 1;
    check_refused(&s, "a moment early", &later, OFFICE_RESTS);
    s.d.w.now++;
    CHECK(has(letter(hand_in(&s, &later)), "\nexists yes\n"));
    buf_free(&text);
    end(&s);
}

TEST(a_certificate_that_is_none_uses_up_no_order) {
    struct scene s;
    begin_at(&s, false);
    desk_pin(&s.d); /* its authority's certificate is three letters */
    CHECK_EQ(desk_list(&s.d, "", TWO), OFFICE_OK);
    check_refused(&s, "certificate", NULL, OFFICE_CERTIFICATE);
    end(&s);
}

TEST_MAIN
