/* Orders that name the account by a handle or a link: what these lead to, and the words if they
 * lead nowhere. */
#include "scene.h"

#include "base/time.h"
#include "lookup/lookup.h"
#include "server/internal.h"

#define NOWHERE \
    "answer not resolved: by the look-up that anybody has, this name leads to nobody here\n"

/* ---- What somebody gives away of themselves ---- */

/* What is wrong with it; 0: nothing. */
enum wrong { RIGHT, OVER, OTHER_SERVER, OTHER_PLACE, OTHER_DEVICE, OTHER_LABEL, AND_PIN };

static void write_contact(struct scene *s, struct person *p, const char *label, slice bound,
                          enum wrong wrong, buf *out) {
    struct proto_address address;
    struct proto_contact c = {.name = slice_str("Ann"), .devices = buf_slice(&p->devices)};
    buf addresses = {0};
    person_address(p, &s->d.w, &address);
    CHECK_OK(proto_address_encode(&addresses, &address));
    c.addresses = (struct proto_list){buf_slice(&addresses), 1};
    c.expires = DESK_NOW / TIME_SECOND + (wrong == OVER ? 0 : 1);
    memcpy(c.server, s->d.w.config.identity, sizeof c.server);
    c.server[0] ^= wrong == OTHER_SERVER;
    memcpy(c.device, p->device, sizeof c.device);
    c.device[0] ^= wrong == OTHER_DEVICE;
    CHECK_OK(proto_contact_encode(out, &c));
    if (wrong == OTHER_LABEL)
        label = PROTO_LABEL_CARD_PUT;
    CHECK_OK(lookup_contact_sign(p->key_priv, label, bound, out));
    buf_free(&addresses);
}

/* All by one key, so that a handle can be handed on. */
static void put_card(struct scene *s, const struct lookup_card_keys *keys,
                     const uint8_t sealed[PROTO_CARD]) {
    struct world *w = &s->d.w;
    static uint8_t owner[32], seed[32];
    static uint64_t version;
    uint8_t hash[32] = {0};
    struct proto_card_put in = {
        .version = ++version, .renew = true, .sealed = slice_of(sealed, PROTO_CARD)};
    in.nonce = version << 32; /* work counts once */
    struct proto_work work;
    buf body = {0};
    const struct frame *f = world_get(w, 77, PROTO_work_get, SLICE_EMPTY, PROTO_work);
    CHECK_OK(proto_work_decode(buf_slice(&f->body), &work));
    if (version == 1)
        CHECK_OK(crypto_ed25519.generate(owner, seed));
    memcpy(in.place, keys->place, sizeof in.place);
    memcpy(in.owner, owner, sizeof in.owner);
    memcpy(in.challenge, work.challenge, sizeof in.challenge);
    do
        CHECK_OK(crypto_work_hash(PROTO_LABEL_WORK, work.challenge, PROTO_card_put, keys->place,
                                  ++in.nonce, hash));
    while (crypto_work_bits(hash) < work.claim_bits);
    CHECK_OK(proto_card_put_encode(&body, &in));
    CHECK_OK(crypto_sign_labeled(body.p + body.n - 64, seed, PROTO_LABEL_CARD_PUT,
                                 slice_of(body.p, body.n - 64)));
    world_get(w, 77, PROTO_card_put, buf_slice(&body), PROTO_ok);
    buf_free(&body);
}

/* The person has the handle. pin: under its place lies that a PIN is needed. */
static void claim(struct scene *s, struct person *p, const char *handle, bool pin,
                  enum wrong wrong) {
    struct lookup_card_keys keys;
    uint8_t sealed[PROTO_CARD], place[32];
    buf contact = {0};
    CHECK_OK(lookup_card_stretch(s->d.w.config.identity, DESK_HANDLE_MEMORY, slice_str(handle),
                                 SLICE_EMPTY, &keys));
    memcpy(place, keys.place, sizeof place);
    place[0] ^= wrong == OTHER_PLACE;
    if (!pin)
        write_contact(s, p, PROTO_LABEL_CONTACT_CARD, SLICE_ARRAY(place), wrong, &contact);
    struct proto_card_content content = {.pin = pin || wrong == AND_PIN,
                                         .contact = buf_slice(&contact)};
    CHECK_OK(lookup_card_seal(&keys, &content, sealed));
    put_card(s, &keys, sealed);
    buf_free(&contact);
}

static void write_link(struct scene *s, enum wrong wrong, buf *out) {
    slice server = slice_str("127.0.0.1:4460");
    buf content = {0};
    write_contact(s, &s->ann, PROTO_LABEL_CONTACT_LINK, wrong == OTHER_PLACE ? SLICE_EMPTY : server,
                  wrong, &content);
    people_say(out, "link ");
    CHECK_OK(proto_link_write(out, "contact", server, buf_slice(&content)));
    CHECK_OK(buf_append_byte(out, 0));
    buf_free(&content);
}

/* ---- */

/* What the letter says from the account's name on. */
static const char *answer(struct scene *s, const char *account) {
    struct told told = {.account = account};
    const char *text = strstr(scene_letter(scene_hand_in(s, &told)), "account ");
    return text == NULL ? "" : text;
}

static bool resolved(const struct scene *s, const char *account, const char *text) {
    char expected[8192];
    snprintf(expected, sizeof expected,
             "account %s\nresolved to account id %s\nrecord as it is in the week of "
             "2026-09-28\nexists yes\n",
             account, s->account);
    return strncmp(text, expected, strlen(expected)) == 0;
}

TEST(a_handle_is_resolved_and_the_letter_says_to_whom) {
    struct scene s;
    scene_begin(&s);
    claim(&s, &s.ann, "ann", false, RIGHT);
    const char *text = answer(&s, "handle Ann"); /* in its form it is the same */
    CHECK(resolved(&s, "handle Ann", text));
    scene_end(&s);
}

TEST(a_link_is_resolved_and_the_letter_says_to_whom) {
    struct scene s;
    buf link = {0};
    scene_begin(&s);
    write_link(&s, RIGHT, &link);
    CHECK(resolved(&s, (const char *)link.p, answer(&s, (const char *)link.p)));
    buf_free(&link);
    scene_end(&s);
}

/* One that needs a PIN, one that is nobody's, and one that is none look alike. */
TEST(a_handle_that_leads_nowhere_is_answered_in_fixed_words) {
    static const char *const handles[] = {"handle ben", "handle nobody", "handle x", "handle a:b"};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        struct scene s;
        char expected[256];
        scene_begin(&s);
        claim(&s, &s.ann, "ben", true, RIGHT);
        snprintf(expected, sizeof expected, "account %s\n" NOWHERE "salt ", handles[i]);
        const char *text = answer(&s, handles[i]);
        CHECK_EQ(strncmp(text, expected, strlen(expected)), 0);
        CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 1); /* it was carried out */
        scene_end(&s);
    }
}

TEST(what_a_client_would_not_take_leads_nowhere) {
    for (enum wrong wrong = OVER; wrong <= AND_PIN; wrong++)
        for (int link = 0; link < (wrong == AND_PIN ? 1 : 2); link++) {
            struct scene s;
            buf name = {0};
            scene_begin(&s);
            if (link)
                write_link(&s, wrong, &name);
            else
                claim(&s, &s.ann, "ann", false, wrong);
            const char *text = answer(&s, link ? (const char *)name.p : "handle ann");
            if (strstr(text, "\n" NOWHERE) == NULL || strstr(text, "exists") != NULL)
                test_fail(__FILE__, __LINE__, "%d, %d: %s", wrong, link, text);
            buf_free(&name);
            scene_end(&s);
        }
}

TEST(an_account_that_is_gone_is_not_held_under_its_link) {
    struct scene s;
    buf link = {0};
    scene_begin(&s);
    write_link(&s, RIGHT, &link);
    scene_delete_account(&s);
    CHECK(has(answer(&s, (const char *)link.p), "\nanswer not held: there is no such account\n"));
    buf_free(&link);
    scene_end(&s);
}

TEST(what_a_handle_leads_to_is_preserved_and_what_leads_nowhere_gives_the_same) {
    struct scene s;
    struct told keep = {.id = "k-1", .account = "handle ann", .until = "2026-11-01T00:00:00Z"};
    struct told none = {.id = "k-2",
                        .account = "handle eve",
                        .until = "2026-11-01T00:00:00Z",
                        .old = "case c-1",
                        .by = "case c-2"};
    scene_begin(&s);
    claim(&s, &s.ann, "ann", false, RIGHT);
    struct proto_carried_out out = scene_given(scene_hand_in(&s, &keep));
    CHECK_EQ(out.package.n, 0);
    size_t n = out.manifest.n;
    out = scene_given(scene_hand_in(&s, &none));
    CHECK_EQ(out.package.n, 0);
    CHECK_EQ(out.manifest.n, n);
    CHECK(has(scene_letter(scene_hand_in(&s, NULL)), "record as it was preserved")); /* by its id */
    scene_end(&s);
}

/* ---- Who was told, and whose record it is ---- */

static void refused(struct scene *s, const struct told *told) {
    size_t carried = world_rows(&s->d.w, MAIL_CARRIED);
    CHECK_EQ(scene_hand_in(s, told)->type, PROTO_office_refused);
    CHECK_EQ(s->d.reason, OFFICE_OTHER_ACCOUNT);
    CHECK_EQ(world_rows(&s->d.w, MAIL_CARRIED), carried);
}

/* By whatever name, and whatever the first order of the case was. */
TEST(a_handle_that_changed_hands_since_the_notice_releases_nothing) {
    static const struct told first[] = {
        {.id = "n-1", .account = "handle ann", .notice = true},
        {.id = "k-1", .account = "handle ann", .until = "2026-11-01T00:00:00Z"},
        {.id = "r-1", .account = "handle ann"}};
    struct told release = {.account = "handle ann"};
    struct told again = {.id = "n-2", .account = "handle ann", .notice = true};
    struct told keep = {.id = "k-2", .account = "handle ann", .until = "2026-11-01T00:00:00Z"};
    struct told other = {.id = "o-2", .account = "handle ann", .old = "case c-1", .by = "case c-2"};
    struct told by_id = {.id = "o-3"};
    struct told nowhere = {.id = "o-4", .account = "handle eve"};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct scene s;
        struct person bob;
        scene_begin(&s);
        person_join(&bob, &s.d.w, 2);
        claim(&s, &s.ann, "ann", false, RIGHT);
        (void)scene_given(scene_hand_in(&s, &first[i]));
        claim(&s, &bob, "ann", false, RIGHT);
        world_restart(&s.d.w);
        refused(&s, &release);
        refused(&s, &again);
        refused(&s, &keep);
        CHECK(!has(scene_letter(scene_hand_in(&s, &other)), s.account)); /* it is bob's */
        CHECK(has(scene_letter(scene_hand_in(&s, &nowhere)), NOWHERE));
        CHECK(has(scene_letter(scene_hand_in(&s, &by_id)), s.account)); /* of ann */
        person_login(&s.ann, &s.d.w, 1);
        claim(&s, &s.ann, "ann", false, RIGHT);
        CHECK(has(scene_letter(scene_hand_in(&s, &release)), s.account));
        person_fini(&bob);
        scene_end(&s);
    }
}

TEST(who_claims_a_handle_after_a_notice_to_nobody_was_not_told) {
    struct told notice = {.id = "n-1", .account = "handle ann", .notice = true};
    struct told release = {.account = "handle ann"};
    struct scene s;
    scene_begin(&s);
    (void)scene_given(scene_hand_in(&s, &notice));
    CHECK(has(scene_letter(scene_hand_in(&s, &release)), NOWHERE));
    claim(&s, &s.ann, "ann", false, RIGHT);
    release.id = "o-2";
    refused(&s, &release);
    scene_end(&s);
}

/* Neither case nor account can be read from it, and it ends. */
TEST(whom_a_case_means_is_kept_as_a_keyed_hash_for_a_year) {
    struct told notice = {.id = "n-1", .notice = true};
    struct scene s;
    scene_begin(&s);
    size_t before = world_rows(&s.d.w, MAIL_OFFICE);
    (void)scene_given(scene_hand_in(&s, &notice));
    CHECK_EQ(world_rows(&s.d.w, MAIL_OFFICE), before + 1);
    s.d.w.now += 51 * TIME_WEEK;
    world_sweep(&s.d.w);
    CHECK_EQ(world_rows(&s.d.w, MAIL_OFFICE), before + 1);
    s.d.w.now += 2 * TIME_WEEK;
    world_sweep(&s.d.w);
    CHECK_EQ(world_rows(&s.d.w, MAIL_OFFICE), before);
    scene_end(&s);
}

/* Nothing of a name is looked at for an order that is refused. */
TEST(a_refused_order_resolves_nothing) {
    struct scene s;
    struct told few = {.account = "handle ann", .who = SCENE_TWO};
    buf order = {0};
    int64_t reads = 0;
    scene_begin(&s);
    claim(&s, &s.ann, "ann", false, RIGHT);
    scene_write(&s, &order, &few);
    for (; reads < 100; reads++) {
        s.d.w.plan.fail_get_in = reads;
        s.d.w.plan.with = ERR_IO;
        const struct frame *f = desk_put(&s.d, MAIL_OFFICE_ORDER, buf_slice(&order), NULL);
        s.d.w.plan.fail_get_in = -1;
        if (f->type == PROTO_office_refused)
            break;
    }
    CHECK_EQ(s.d.reason, OFFICE_SIGNERS);
    CHECK(reads <= 2); /* the office, whether it was carried out */
    buf_free(&order);
    scene_end(&s);
}

TEST_MAIN
