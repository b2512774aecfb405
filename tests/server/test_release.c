/* Release orders: what one gives, that it does so once, and every way to get a record without one.
 */
#include "scene.h"

#include "base/text.h"
#include "server/internal.h"

/* ---- What it gives ---- */

TEST(an_order_gives_the_approved_fields_alone) {
    struct scene s;
    scene_begin(&s);
    const char *text = scene_letter(scene_hand_in(&s, NULL));
    CHECK(has(text, "order o-1\ncase c-1\nauthority de-court\naccount id "));
    CHECK(has(text, s.account));
    CHECK(has(text, "\nexists yes\ncreated in the week of 2026-09-28\ndevices 1\nbeside "));
    CHECK(has(text, ": held, sealed, not readable by us\n"));
    CHECK(!has(text, "seen") && !has(text, "items ") && !has(text, "bytes"));
    scene_end(&s);
}

TEST(all_fields_are_the_record_that_the_account_itself_can_read) {
    struct scene s;
    struct proto_record record;
    char line[200];
    scene_begin(&s);
    struct told all = {.old = "fields exists created devices",
                       .by = "fields exists created seen devices items bytes"};
    world_record(&s.d.w, 1, &record);
    const char *text = scene_letter(scene_hand_in(&s, &all));
    snprintf(line, sizeof line,
             "seen in the week of 2026-09-28\ndevices %u\nitems %u\nbytes %llu\n", record.devices,
             record.items, (unsigned long long)record.bytes);
    CHECK(has(text, line));
    scene_end(&s);
}

TEST(an_account_can_be_named_by_its_key) {
    struct scene s;
    char by_id[64], by_key[128] = "account key ";
    scene_begin(&s);
    snprintf(by_id, sizeof by_id, "account id %s", s.account);
    for (int i = 0; i < 32; i++)
        snprintf(by_key + 12 + 2 * i, 3, "%02x", s.ann.identity[i]);
    struct told told = {.old = by_id, .by = by_key};
    CHECK(has(scene_letter(scene_hand_in(&s, &told)), "\nexists yes\n"));
    scene_end(&s);
}

TEST(an_account_that_is_not_there_is_answered_and_the_order_used_up) {
    struct scene s;
    scene_begin(&s);
    memset(s.account, '0', 32);
    const char *text = scene_letter(scene_hand_in(&s, NULL));
    CHECK(has(text, "answer not held: there is no such account\n"));
    CHECK(!has(text, "exists") && !has(text, "created"));
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 1);
    scene_end(&s);
}

TEST(the_manifest_names_what_it_was_done_under_and_hashes_the_package) {
    struct scene s;
    uint8_t hash[32];
    buf line = {0};
    scene_begin(&s);
    struct proto_carried_out r = scene_given(scene_hand_in(&s, NULL));
    CHECK_OK(crypto_sha256.hash(hash, &r.package, 1));
    people_say(&line, "server-number %llu\npackage letter ",
               (unsigned long long)s.d.is.server_number);
    CHECK_OK(hex_encode(&line, SLICE_ARRAY(hash)));
    people_say(&line, "\n");
    CHECK(r.manifest.n > line.n);
    CHECK_SLICE(slice_of(r.manifest.p + r.manifest.n - line.n, line.n), buf_slice(&line));
    CHECK_EQ(r.sealed, false);
    buf_free(&line);
    scene_end(&s);
}

/* Two answers that say the same have different hashes: by the salt, which the letter alone has. */
TEST(the_manifest_tells_nothing_to_who_guesses_the_letter) {
    uint8_t hashes[2][32];
    char letters[2][1024] = {""};
    for (int i = 0; i < 2; i++) {
        struct scene s;
        scene_begin(&s);
        memset(s.account, '0', 32); /* the one letter that is the same twice */
        const struct frame *f = scene_hand_in(&s, NULL);
        struct proto_carried_out r = scene_given(f);
        const char *text = scene_letter(f), *salt = strstr(text, "\nsalt ");
        CHECK(salt != NULL && strlen(salt) == 6 + 64 + 1);
        snprintf(letters[i], sizeof letters[i], "%.*s", (int)(salt - text), text);
        CHECK_OK(crypto_sha256.hash(hashes[i], &r.package, 1));
        for (size_t at = 0; at + 64 <= r.manifest.n; at++)
            CHECK(memcmp(r.manifest.p + at, salt + 6, 64) != 0);
        scene_end(&s);
    }
    CHECK_EQ(strcmp(letters[0], letters[1]), 0);
    CHECK(memcmp(hashes[0], hashes[1], 32) != 0);
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
    scene_begin(&s);
    scene_write(&s, &order, &items);
    struct proto_carried_out first =
        scene_given(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    person_address(&s.ann, &s.d.w, &address); /* the record becomes another one */
    CHECK_EQ(world_send(&s.d.w, &address, 1, slice_str("an item")), 0);
    world_restart(&s.d.w);
    struct proto_carried_out again =
        scene_given(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    CHECK_SLICE(again.package, first.package);
    CHECK_SLICE(again.manifest, first.manifest);
    done(&s, &again, false);
    CHECK_EQ(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL)->type, PROTO_carried_out);
    done(&s, &again, true);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_CARRIED_OUT);
    buf_free(&order);
    scene_end(&s);
}

TEST(an_order_that_was_cut_off_ends_with_a_suspension_or_its_age) {
    struct scene s;
    buf order = {0};
    scene_begin(&s);
    scene_write(&s, &order, NULL);
    (void)scene_given(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    s.d.w.now += OFFICE_ORDER_LIFE + 1;
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_EXPIRED);
    s.d.w.now = DESK_NOW;
    CHECK_EQ(desk_list(&s.d, SUSPENDED("DE"), SCENE_TWO), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_STALE_LIST);
    buf_free(&order);
    scene_end(&s);
}

TEST(another_order_of_the_same_id_is_none) {
    struct scene s;
    struct told more = {.old = "fields exists created devices", .by = "fields exists items"};
    scene_begin(&s);
    (void)scene_given(scene_hand_in(&s, NULL));
    CHECK_EQ(scene_hand_in(&s, &more)->type, PROTO_office_refused);
    CHECK_EQ(s.d.reason, OFFICE_CARRIED_OUT);
    scene_end(&s);
}

TEST(what_is_not_written_out_is_gone_after_two_weeks_and_the_order_stays_used) {
    struct scene s;
    buf order = {0};
    scene_begin(&s);
    scene_write(&s, &order, NULL);
    (void)scene_given(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL));
    s.d.w.now += 2 * TIME_WEEK;
    world_sweep(&s.d.w);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 1);
    s.d.w.now = DESK_NOW; /* a clock that is turned back gives nothing again */
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_CARRIED_OUT);
    buf_free(&order);
    scene_end(&s);
}

TEST(nothing_leaves_before_it_is_durable) {
    struct scene s;
    buf order = {0};
    scene_begin(&s);
    scene_write(&s, &order, NULL);
    s.d.w.plan.fail_commit_in = 0;
    CHECK_EQ(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL)->type, PROTO_error);
    s.d.w.plan.fail_commit_in = -1;
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    CHECK_EQ(desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL)->type, PROTO_carried_out);
    buf_free(&order);
    scene_end(&s);
}

TEST(a_store_that_can_t_be_read_releases_nothing) {
    struct scene s;
    buf order = {0};
    int64_t reads = 0;
    scene_begin(&s);
    scene_write(&s, &order, NULL);
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
    scene_end(&s);
}

/* A store that is restored has forgotten the order; the number that it names is gone. */
TEST(an_order_from_before_a_start_is_void) {
    struct scene s;
    buf order = {0};
    scene_begin(&s);
    scene_write(&s, &order, NULL);
    world_restart(&s.d.w);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_SERVER_NUMBER);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    buf_free(&order);
    scene_end(&s);
}

/* ---- Without a valid order ---- each for its own reason, and nothing of it is left. */

TEST(every_order_that_is_not_right_gives_nothing) {
    static const char IDENTITY[] =
        "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";
    static const struct {
        const char *what;
        struct told told;
        enum office_reason reason;
    } cases[] = {
        {"no policy", {.who = SCENE_FOUR & ~DESK_POLICY}, OFFICE_SIGNERS},
        {"no lawyer", {.who = SCENE_FOUR & ~DESK_LAW}, OFFICE_SIGNERS},
        {"no human rights", {.who = SCENE_FOUR & ~DESK_RIGHTS}, OFFICE_SIGNERS},
        {"no approver, and so nobody's own machine",
         {.who = SCENE_FOUR & ~DESK_APPROVER},
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
    scene_begin(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        scene_refused(&s, cases[i].what, &cases[i].told, cases[i].reason);
    struct told shown = {.after = s.account, .after_by = "000102030405060708090a0b0c0d0e0f"};
    scene_refused(&s, "shown one account, handed in another", &shown, OFFICE_SIGNATURE);
    CHECK_EQ(scene_hand_in(&s, NULL)->type, PROTO_carried_out); /* and the honest one is taken */
    scene_end(&s);
}

TEST(other_kinds_of_orders_release_nothing) {
    struct scene s;
    scene_begin(&s);
    struct told keep = {.old = "sotto release 1", .by = "sotto preservation 1"};
    struct told notice = {.old = "sotto release 1", .by = "sotto notice 1"};
    scene_refused(&s, "a release by another name", &keep, OFFICE_WORD);
    scene_refused(&s, "the same", &notice, OFFICE_WORD);
    scene_end(&s);
}

TEST(without_an_office_or_a_list_nothing_is_released) {
    struct scene s;
    scene_begin_at(&s, false);
    scene_refused(&s, "no office", NULL, OFFICE_NO_OFFICE);
    desk_pin_plain(&s.d);
    scene_refused(&s, "no list", NULL, OFFICE_UNKNOWN_LIST);
    scene_end(&s);
}

TEST(suspensions_and_freezes_stop_what_was_signed_before_and_after_them) {
    struct scene s;
    buf order = {0};
    scene_begin(&s);
    scene_write(&s, &order, NULL);
    CHECK_EQ(desk_list(&s.d, SUSPENDED("HK"), SCENE_TWO), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_STALE_LIST);
    struct told for_hk = {.old = "beneficiary DE", .by = "beneficiary HK"};
    struct told from_hk = {.old = "authority de-court", .by = "authority hk-police"};
    scene_refused(&s, "for it", &for_hk, OFFICE_SUSPENDED);
    scene_refused(&s, "from it", &from_hk, OFFICE_SUSPENDED);
    CHECK_EQ(desk_list(&s.d, SUSPENDED("HK") FREEZE, DESK_INTAKE), OFFICE_OK);
    scene_refused(&s, "frozen", NULL, OFFICE_FROZEN);
    buf_free(&order);
    scene_end(&s);
}

TEST(an_older_office_s_order_is_void) {
    struct scene s;
    buf order = {0}, next = {0};
    scene_begin(&s);
    scene_write(&s, &order, NULL);
    people_office(&next, false, s.d.office);
    people_sign_all(&next, desk_signers, 5, SCENE_FOUR);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_CHANGE, buf_slice(&next), NULL), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL), OFFICE_STALE_OFFICE);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 0);
    buf_free(&order);
    buf_free(&next);
    scene_end(&s);
}

TEST(an_office_pinned_anew_releases_nothing_for_30_days) {
    struct scene s;
    struct office *next = NULL;
    buf text = {0};
    scene_begin(&s);
    people_office(&text, false, s.d.office);
    people_replace(&text, "certificate QUJD\n", "");
    CHECK_EQ(office_load(&next, NULL, buf_slice(&text), NULL), OFFICE_OK);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ANEW, buf_slice(&text), next->document.hash), OFFICE_OK);
    office_free(s.d.office);
    s.d.office = next;
    struct told later = {.old = "made 2026-10-01", .by = "made 2026-10-30"};
    scene_refused(&s, "at once", NULL, OFFICE_RESTS);
    s.d.w.now += 30 * TIME_DAY - 1;
    scene_refused(&s, "a moment early", &later, OFFICE_RESTS);
    s.d.w.now++;
    CHECK(has(scene_letter(scene_hand_in(&s, &later)), "\nexists yes\n"));
    buf_free(&text);
    scene_end(&s);
}

TEST(a_certificate_that_is_none_uses_up_no_order) {
    struct scene s;
    scene_begin_at(&s, false);
    desk_pin(&s.d); /* its authority's certificate is three letters */
    CHECK_EQ(desk_list(&s.d, "", SCENE_TWO), OFFICE_OK);
    scene_refused(&s, "certificate", NULL, OFFICE_CERTIFICATE);
    scene_end(&s);
}

TEST_MAIN
