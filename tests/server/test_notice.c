/* Notice orders: what reaches the account's devices, that it stays until they fetched it, and every
 * way to put something there without one. */
#define HELD_DAMAGES /* it writes what no handler would */
#include "desk.h"

#include "base/text.h"
#include "server/internal.h"

enum { TWO = DESK_LAW | DESK_RIGHTS, DAYS = 40 };
static const char WORDING[] = "A court has asked for what we hold of your account.";

struct scene {
    struct desk d;
    struct person ann, pad, bob; /* pad: another device of ann's */
    char account[33];
    buf order; /* the last one; its text is text_size bytes long */
    size_t text_size;
};

/* ---- The account's second device ---- */

static void list_of_two(struct scene *s, buf *out) {
    const struct person *const both[] = {&s->ann, &s->pad};
    struct proto_device_list list = {.version = 2};
    struct proto_device device;
    buf room = {0};
    writer w = writer_on(&room);
    memcpy(list.identity, s->ann.identity, 32);
    for (size_t i = 0; i < 2; i++) {
        memcpy(device.id, both[i]->device, 16);
        memcpy(device.key, both[i]->key, 32);
        PROTO_LIST_ADD(device, &w, &list.devices, &device);
    }
    list.devices.bytes = buf_slice(&room);
    CHECK_OK(proto_device_list_encode(out, &list));
    CHECK_OK(crypto_sign_labeled(out->p + out->n - 64, s->ann.identity_priv,
                                 PROTO_LABEL_DEVICE_LIST, slice_of(out->p, out->n - 64)));
    buf_free(&room);
}

static void link_pad(struct scene *s) {
    struct proto_device_join in;
    buf list = {0}, body = {0};
    person_init(&s->pad, &s->d.w, 3);
    memcpy(s->pad.account, s->ann.account, 16);
    list_of_two(s, &list);
    in.devices = buf_slice(&list);
    memcpy(in.device, s->pad.device, 16);
    memcpy(in.mailbox_key, s->pad.mailbox_key, 32);
    CHECK_OK(crypto_sign_labeled(in.proof, s->pad.key_priv, PROTO_LABEL_LOGIN,
                                 SLICE_ARRAY(s->pad.hash)));
    CHECK_OK(proto_device_join_encode(&body, &in));
    uint32_t request = person_prove(&s->pad, &s->d.w, PROTO_device_join, buf_slice(&body));
    world_commit(&s->d.w);
    CHECK_EQ(world_answer(&s->d.w, request)->type, PROTO_ok);
    buf_free(&list);
    buf_free(&body);
}

static void begin(struct scene *s) {
    *s = (struct scene){.order = {0}};
    desk_init(&s->d);
    person_join(&s->ann, &s->d.w, 1);
    person_join(&s->bob, &s->d.w, 2);
    link_pad(s);
    for (int i = 0; i < 16; i++)
        snprintf(s->account + 2 * i, 3, "%02x", s->ann.account[i]);
    desk_pin_plain(&s->d);
    CHECK_EQ(desk_list(&s->d, "", TWO), OFFICE_OK);
}

static void end(struct scene *s) {
    buf_free(&s->order);
    person_fini(&s->ann);
    person_fini(&s->pad);
    person_fini(&s->bob);
    desk_fini(&s->d);
}

/* ---- Orders ---- */

static void write_text(struct scene *s, const char *id) {
    struct desk *d = &s->d;
    buf *out = &s->order;
    buf_clear(out);
    uint64_t number = desk_get(d)->server_number;
    people_say(out, "sotto notice 1\nid %s\ncase c-1\naccount id %s\nreceipt ", id, s->account);
    CHECK_OK(hex_encode(out, SLICE_ARRAY(d->w.config.identity)));
    people_say(out, "\nwording %s\nserver ", WORDING);
    CHECK_OK(hex_encode(out, SLICE_ARRAY(d->w.config.identity)));
    people_say(out, "\nserver-number %llu\noffice 1 ", (unsigned long long)number);
    CHECK_OK(hex_encode(out, SLICE_ARRAY(d->office->document.hash)));
    people_say(out, "\nsuspensions %d ", (int)d->list->version);
    CHECK_OK(hex_encode(out, SLICE_ARRAY(d->list->document.hash)));
    people_say(out, "\nmade 2026-10-01T00:00:00Z\n");
}

static void sign(struct scene *s, unsigned who) {
    s->text_size = s->order.n;
    people_sign_all(&s->order, desk_signers, 5, who);
}

static const struct frame *hand_in(struct scene *s) {
    return desk_put(&s->d, MAIL_OFFICE_ORDER, buf_slice(&s->order), NULL);
}

static void give(struct scene *s, const char *id) {
    write_text(s, id);
    sign(s, TWO);
    CHECK_EQ(hand_in(s)->type, PROTO_carried_out);
}

static size_t items(const struct scene *s) {
    return world_rows(&s->d.w, MAIL_ITEM);
}

/* ---- At the device ---- */

/* The next frame is the order's text, as the persons signed it, with the notice key's word. */
static struct delivery check_notice(struct scene *s, const struct person *p) {
    static const uint8_t none[8];
    struct proto_notice notice;
    enum proto_item_kind kind;
    slice content;
    struct delivery d = frame_delivery(world_next(&s->d.w, p->session));
    CHECK_OK(proto_item_read(d.item, &kind, &content));
    CHECK_EQ(kind, PROTO_ITEM_NOTICE);
    CHECK_OK(proto_notice_decode(content, &notice));
    CHECK_SLICE(notice.text, slice_of(s->order.p, s->text_size));
    CHECK_OK(crypto_ed25519.verify(SLICE_ARRAY(notice.signature),
                                   SLICE_ARRAY(s->d.office->notice_key), notice.text));
    CHECK(memcmp(d.serial, none, sizeof none) == 0);
    CHECK_EQ(d.mark.n, 0);
    return d;
}

static void ack(struct scene *s, struct person *p, struct delivery d) {
    person_ack(p, &s->d.w, d.position - p->start);
}

TEST(a_notice_reaches_each_device_of_the_account_and_nobody_else) {
    struct scene s;
    begin(&s);
    person_subscribe(&s.ann, &s.d.w, 0);
    (void)frame_caught_up(world_next(&s.d.w, 1));
    give(&s, "n-1");
    (void)check_notice(&s, &s.ann); /* live */
    person_subscribe(&s.pad, &s.d.w, 0);
    (void)check_notice(&s, &s.pad);
    person_subscribe(&s.bob, &s.d.w, 0);
    (void)frame_caught_up(world_next(&s.d.w, 2));
    CHECK_EQ(items(&s), 2);
    end(&s);
}

TEST(an_account_can_be_named_by_its_key) {
    struct scene s;
    char by_id[64], by_key[128] = "account key ";
    begin(&s);
    snprintf(by_id, sizeof by_id, "account id %s", s.account);
    for (int i = 0; i < 32; i++)
        snprintf(by_key + 12 + 2 * i, 3, "%02x", s.ann.identity[i]);
    write_text(&s, "n-1");
    people_replace(&s.order, by_id, by_key);
    sign(&s, TWO);
    CHECK_EQ(hand_in(&s)->type, PROTO_carried_out);
    CHECK_EQ(items(&s), 2);
    end(&s);
}

static void written(struct scene *s, const char *id) {
    struct proto_order_written in = {.id = slice_str(id)};
    slice text = slice_of(s->order.p, s->text_size);
    buf body = {0};
    CHECK_OK(crypto_sha256.hash(in.order, &text, 1));
    CHECK_OK(proto_order_written_encode(&body, &in));
    mail_operator(s->d.w.mail, ++s->d.w.requests, PROTO_order_written, buf_slice(&body));
    world_commit(&s->d.w);
    CHECK_EQ(world_answer(&s->d.w, s->d.w.requests)->type, PROTO_ok);
    buf_free(&body);
}

TEST(an_order_is_carried_out_once) {
    struct scene s;
    begin(&s);
    give(&s, "n-1");
    world_restart(&s.d.w);
    CHECK_EQ(hand_in(&s)->type, PROTO_carried_out); /* its manifest again, and no more */
    CHECK_EQ(items(&s), 2);
    written(&s, "n-1");
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_ORDER, buf_slice(&s.order), NULL), OFFICE_CARRIED_OUT);
    CHECK_EQ(items(&s), 2);
    end(&s);
}

TEST(the_manifest_says_nothing_of_the_account) {
    struct scene s;
    struct proto_carried_out out[2];
    begin(&s);
    for (int there = 0; there < 2; there++) {
        write_text(&s, there ? "n-1" : "n-2");
        if (!there) {
            people_replace(&s.order, s.account, "000102030405060708090a0b0c0d0e0f");
            people_replace(&s.order, "case c-1", "case c-2");
        }
        sign(&s, TWO);
        const struct frame *f = hand_in(&s);
        CHECK_EQ(f->type, PROTO_carried_out);
        CHECK_OK(proto_carried_out_decode(buf_slice(&f->body), &out[there]));
        CHECK_EQ(out[there].package.n, 0);
    }
    CHECK_EQ(out[0].manifest.n, out[1].manifest.n);
    end(&s);
}

TEST(a_server_that_dies_after_the_order_delivers_it_all_the_same) {
    struct scene s;
    begin(&s);
    give(&s, "n-1");
    world_restart(&s.d.w);
    person_login(&s.ann, &s.d.w, 11);
    person_subscribe(&s.ann, &s.d.w, 0);
    (void)check_notice(&s, &s.ann);
    end(&s);
}

TEST(an_order_that_could_not_be_stored_put_nothing_anywhere) {
    struct scene s;
    begin(&s);
    write_text(&s, "n-1");
    sign(&s, TWO);
    s.d.w.plan.fail_commit_in = 0;
    CHECK_EQ(hand_in(&s)->type, PROTO_error);
    s.d.w.plan.fail_commit_in = -1;
    CHECK_EQ(items(&s), 0);
    CHECK_EQ(world_rows(&s.d.w, MAIL_KEPT_NOTICE) + world_rows(&s.d.w, MAIL_CARRIED), 0);
    CHECK_EQ(hand_in(&s)->type, PROTO_carried_out);
    CHECK_EQ(items(&s), 2);
    end(&s);
}

TEST(a_store_that_can_t_be_read_puts_nothing_anywhere) {
    struct scene s;
    int64_t reads = 0;
    begin(&s);
    world_restart(&s.d.w); /* no mailbox is in memory */
    write_text(&s, "n-1");
    sign(&s, TWO);
    for (;; reads++) {
        s.d.w.plan.fail_get_in = reads;
        s.d.w.plan.with = ERR_IO;
        const struct frame *f = hand_in(&s);
        s.d.w.plan.fail_get_in = -1;
        if (f->type == PROTO_carried_out)
            break;
        CHECK_EQ(f->type, PROTO_error);
        CHECK_EQ(items(&s), 0);
    }
    CHECK(reads >= 6); /* the office, the order, the account, two devices and their mailboxes */
    CHECK_EQ(items(&s), 2);
    end(&s);
}

TEST(whether_there_is_such_an_account_is_not_told) {
    struct scene s;
    begin(&s);
    memset(s.account, '0', 32);
    give(&s, "n-1");
    CHECK_EQ(items(&s), 0);
    CHECK_EQ(world_rows(&s.d.w, MAIL_CARRIED), 1);
    write_text(&s, "n-2"); /* nor where a handle leads */
    people_replace(&s.order, "account id ", "account handle x");
    sign(&s, TWO);
    CHECK_EQ(hand_in(&s)->type, PROTO_carried_out);
    CHECK_EQ(items(&s), 0);
    end(&s);
}

TEST(a_full_mailbox_has_room_for_a_notice) {
    struct scene s;
    struct proto_address to[4];
    begin(&s);
    s.d.w.config.limits.mailbox_items = 4;
    world_restart(&s.d.w);
    person_login(&s.ann, &s.d.w, 11);
    for (int i = 0; i < 4; i++) {
        person_address(&s.ann, &s.d.w, &to[i]);
        CHECK_EQ(world_send(&s.d.w, &to[i], 1, slice_str("junk")), 0);
    }
    CHECK_EQ(world_send(&s.d.w, &to[0], 1, slice_str("junk")), 1);
    give(&s, "n-1");
    CHECK_EQ(world_send(&s.d.w, &to[0], 1, slice_str("junk")), 1);
    person_subscribe(&s.ann, &s.d.w, 0);
    for (int i = 0; i < 4; i++)
        CHECK_SLICE(frame_delivery(world_next(&s.d.w, 11)).item, slice_str("junk"));
    (void)check_notice(&s, &s.ann);
    end(&s);
}

TEST(suspensions_and_freezes_don_t_stop_a_notice) {
    struct scene s;
    begin(&s);
    CHECK_EQ(desk_list(&s.d, "freeze f-1 2026-10-01T00:00:00Z\n", DESK_INTAKE), OFFICE_OK);
    give(&s, "n-1");
    CHECK_EQ(items(&s), 2);
    end(&s);
}

/* ---- It stays ---- */

static void pass(struct scene *s, unsigned days) {
    for (unsigned i = 0; i < days; i++) {
        s->d.w.now += TIME_DAY;
        world_sweep(&s->d.w);
    }
}

TEST(a_notice_outlives_other_items_until_each_device_has_it) {
    struct scene s;
    struct proto_address to;
    begin(&s);
    person_address(&s.ann, &s.d.w, &to);
    CHECK_EQ(world_send(&s.d.w, &to, 1, slice_str("before")), 0);
    give(&s, "n-1");
    CHECK_EQ(world_send(&s.d.w, &to, 1, slice_str("after")), 0);
    person_subscribe(&s.pad, &s.d.w, 0);
    ack(&s, &s.pad, check_notice(&s, &s.pad));
    for (int round = 0; round < 3; round++) {
        pass(&s, DAYS);
        world_restart(&s.d.w);
        CHECK_EQ(items(&s), 1);
        CHECK_EQ(world_rows(&s.d.w, MAIL_KEPT_NOTICE), 1); /* pad has it */
    }
    person_login(&s.ann, &s.d.w, 11);
    person_subscribe(&s.ann, &s.d.w, 0);
    struct delivery d = check_notice(&s, &s.ann);
    CHECK_EQ(frame_caught_up(world_next(&s.d.w, 11)).gaps, 2); /* no gap for the notice */
    ack(&s, &s.ann, d);
    CHECK_EQ(items(&s), 0);
    pass(&s, 7);
    CHECK_EQ(world_rows(&s.d.w, MAIL_KEPT_NOTICE), 0);
    pass(&s, DAYS);
    CHECK_EQ(items(&s), 0);
    CHECK_EQ(world_rows(&s.d.w, MAIL_EXPIRY), 1); /* whom the case means */
    end(&s);
}

TEST(what_comes_later_and_is_acknowledged_takes_no_notice_with_it) {
    struct scene s;
    struct proto_address to;
    begin(&s);
    person_address(&s.ann, &s.d.w, &to);
    give(&s, "n-1");
    pass(&s, 30);
    CHECK_EQ(world_send(&s.d.w, &to, 1, slice_str("later")), 0);
    pass(&s, 7); /* the notice expires, and is there anew after it */
    person_login(&s.ann, &s.d.w, 11);
    person_subscribe(&s.ann, &s.d.w, 0);
    struct delivery later = frame_delivery(world_next(&s.d.w, 11));
    CHECK_SLICE(later.item, slice_str("later"));
    ack(&s, &s.ann, later);
    (void)check_notice(&s, &s.ann);
    world_restart(&s.d.w);
    person_login(&s.ann, &s.d.w, 12);
    person_subscribe(&s.ann, &s.d.w, 0);
    (void)check_notice(&s, &s.ann);
    end(&s);
}

TEST(with_a_device_goes_what_was_kept_for_it) {
    struct scene s;
    struct proto_account_delete in = {.week = 0};
    uint8_t fields[16 + 4];
    buf body = {0};
    begin(&s);
    give(&s, "n-1");
    in.week = time_week(s.d.w.now);
    memcpy(fields, s.ann.account, 16);
    put_u32(fields + 16, in.week);
    CHECK_OK(crypto_sign_labeled(in.proof, s.ann.identity_priv, PROTO_LABEL_DELETE,
                                 SLICE_ARRAY(fields)));
    CHECK_OK(proto_account_delete_encode(&body, &in));
    (void)world_get(&s.d.w, 1, PROTO_account_delete, buf_slice(&body), PROTO_ok);
    CHECK_EQ(items(&s), 0);
    pass(&s, 7);
    CHECK_EQ(world_rows(&s.d.w, MAIL_KEPT_NOTICE), 0);
    buf_free(&body);
    end(&s);
}

static bool damage(void *ctx, struct store_key key, slice value) {
    static uint8_t bytes[PROTO_ITEM_MAX + 128];
    struct store_batch *batch = ctx;
    memcpy(bytes, value.p, value.n);
    bytes[value.n - 1] ^= 1;
    CHECK_OK(store_batch_put(batch, key, slice_of(bytes, value.n)));
    return true;
}

TEST(a_damaged_row_is_reported_and_breaks_nothing) {
    struct scene s;
    struct store_batch *batch = NULL;
    begin(&s);
    give(&s, "n-1");
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(store_scan_table(s.d.w.memory, MAIL_KEPT_NOTICE, damage, batch));
    CHECK_OK(store_commit_now(s.d.w.memory, batch));
    store_batch_free(batch);
    pass(&s, DAYS);
    CHECK_EQ(items(&s), 0);
    person_login(&s.ann, &s.d.w, 11);
    person_subscribe(&s.ann, &s.d.w, 0);
    CHECK_EQ(frame_caught_up(world_next(&s.d.w, 11)).gaps, 1);
    end(&s);
}

/* ---- At rest ---- */

struct looking {
    slice what;
    bool found;
};

static bool look(void *ctx, struct store_key key, slice value) {
    struct looking *l = ctx;
    (void)key;
    for (size_t i = 0; i + l->what.n <= value.n; i++)
        l->found = l->found || memcmp(value.p + i, l->what.p, l->what.n) == 0;
    return true;
}

static bool on_disk(const struct scene *s, slice what) {
    struct looking l = {what, false};
    for (unsigned table = 1; table < STORE_TABLES_MAX; table++)
        CHECK_OK(store_scan_table(s->d.w.memory, (uint8_t)table, look, &l));
    return l.found;
}

static bool take_size(void *ctx, struct store_key key, slice value) {
    struct held_item row;
    size_t **at = ctx;
    (void)key;
    CHECK_OK(held_item_read(value, &row));
    *(*at)++ = row.sealed.n;
    return true;
}

TEST(on_the_disk_a_notice_is_an_item_like_any_other) {
    struct scene s;
    struct proto_address to;
    enum proto_item_kind kind;
    slice content;
    uint8_t item[1024] = {PROTO_ITEM_MESSAGE, 3, 1, 2, 3};
    size_t sizes[2], *next = sizes;
    begin(&s);
    person_address(&s.bob, &s.d.w, &to);
    give(&s, "n-1");
    CHECK(!on_disk(&s, slice_str("A court")));
    written(&s, "n-1"); /* with the manifest goes the order's id */
    CHECK(!on_disk(&s, slice_str("n-1")));
    CHECK(on_disk(&s, SLICE_ARRAY(s.ann.device))); /* the look does find what is there */
    CHECK(!on_disk(&s, slice_str("sotto notice")));
    person_subscribe(&s.ann, &s.d.w, 0);
    struct delivery d = check_notice(&s, &s.ann);
    CHECK_EQ(d.item.n, sizeof item); /* one of the sizes of items */
    ack(&s, &s.ann, d);
    CHECK_OK(proto_item_read(slice_of(item, sizeof item), &kind, &content));
    CHECK_EQ(world_send(&s.d.w, &to, 1, slice_of(item, sizeof item)), 0);
    CHECK_EQ(items(&s), 2);
    CHECK_OK(store_scan_table(s.d.w.memory, MAIL_ITEM, take_size, &next));
    CHECK_EQ(sizes[0], sizes[1]);
    end(&s);
}

/* ---- Without a valid order ---- */

static void check_refused(struct scene *s, const char *what, enum office_reason reason) {
    const struct frame *f = hand_in(s);
    if (f->type != PROTO_office_refused || s->d.reason != reason)
        test_fail(__FILE__, __LINE__, "%s: %s, expected %s", what, office_reason_name(s->d.reason),
                  office_reason_name(reason));
    CHECK_EQ(items(s), 0);
    CHECK_EQ(world_rows(&s->d.w, MAIL_CARRIED), 0);
}

TEST(without_a_valid_order_nothing_is_put_anywhere) {
    static const struct {
        const char *what;
        const char *old, *by;         /* before it is signed */
        const char *after, *after_by; /* afterwards */
        unsigned who;                 /* 0: the two */
        enum office_reason reason;
    } cases[] = {
        {"one person alone", .who = DESK_LAW, .reason = OFFICE_SIGNERS},
        {"intake", .who = DESK_INTAKE | DESK_LAW, .reason = OFFICE_SIGNERS},
        {"another wording than they signed", .after = "wording A court",
         .after_by = "wording No court", .reason = OFFICE_NOTICE_KEY},
        {"another key", .after = "office notice ", .after_by = "office notice A",
         .reason = OFFICE_NOTICE_KEY},
        {"the desk's own word missing", .after = "office notice", .after_by = "p05 webauthn",
         .reason = OFFICE_NOTICE_KEY},
        {"another server", .old = "server 5e", .by = "server 00", .reason = OFFICE_SERVER},
        {"another number", .old = "server-number ", .by = "server-number 1",
         .reason = OFFICE_SERVER_NUMBER},
        {"too old", .old = "made 2026-10-01", .by = "made 2026-09-27", .reason = OFFICE_EXPIRED},
    };
    struct scene s;
    begin(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text(&s, "n-1");
        if (cases[i].old != NULL)
            people_replace(&s.order, cases[i].old, cases[i].by);
        sign(&s, cases[i].who == 0 ? TWO : cases[i].who);
        if (cases[i].after != NULL)
            people_replace(&s.order, cases[i].after, cases[i].after_by);
        check_refused(&s, cases[i].what, cases[i].reason);
    }
    write_text(&s, "n-1");
    sign(&s, TWO);
    people_replace(&s.order, s.account, "000102030405060708090a0b0c0d0e0f");
    check_refused(&s, "for another account", OFFICE_NOTICE_KEY);
    give(&s, "n-1"); /* and the honest one is taken */
    end(&s);
}

TEST(what_a_stranger_sends_never_comes_as_the_server_s_own) {
    static const uint8_t none[8];
    struct scene s;
    struct proto_address to;
    begin(&s);
    give(&s, "n-1");
    person_subscribe(&s.pad, &s.d.w, 0);
    struct delivery real = check_notice(&s, &s.pad);
    person_address(&s.bob, &s.d.w, &to);
    CHECK_EQ(world_send(&s.d.w, &to, 1, real.item), 0);
    person_subscribe(&s.bob, &s.d.w, 0);
    struct delivery d = frame_delivery(world_next(&s.d.w, 2));
    CHECK_SLICE(d.item, real.item);
    CHECK(memcmp(d.serial, none, sizeof none) != 0);
    end(&s);
}

/* ---- What clients are told of the desk ---- */

static struct proto_desk desk_of(struct scene *s) {
    struct proto_desk desk;
    const struct frame *f = world_get(&s->d.w, 2, PROTO_desk_get, SLICE_EMPTY, PROTO_desk);
    CHECK_OK(proto_desk_decode(buf_slice(&f->body), &desk));
    return desk;
}

TEST(a_device_is_told_of_the_desk_and_its_key) {
    static const uint8_t none[32];
    struct scene s;
    buf next = {0};
    s = (struct scene){.order = {0}};
    desk_init(&s.d);
    person_join(&s.ann, &s.d.w, 1);
    person_join(&s.bob, &s.d.w, 2);
    person_init(&s.pad, &s.d.w, 3);
    struct proto_desk desk = desk_of(&s);
    CHECK_EQ(desk.version, 0);
    CHECK(memcmp(desk.notice_key, none, sizeof none) == 0);
    desk_pin_plain(&s.d);
    desk = desk_of(&s);
    CHECK_EQ(desk.version, 1);
    CHECK_SLICE(desk.name, s.d.office->name);
    CHECK_SLICE(desk.origin, s.d.office->origin);
    CHECK_SLICE(SLICE_ARRAY(desk.notice_key), SLICE_ARRAY(s.d.office->notice_key));
    CHECK_SLICE(SLICE_ARRAY(desk.hash), SLICE_ARRAY(s.d.office->document.hash));
    people_office(&next, false, s.d.office);
    people_sign_all(&next, desk_signers, 5, TWO | DESK_APPROVER);
    CHECK_EQ(desk_reason(&s.d, MAIL_OFFICE_CHANGE, buf_slice(&next), NULL), OFFICE_OK);
    CHECK_EQ(desk_of(&s).version, 2);
    world_refused(&s.d.w, 9, PROTO_desk_get, SLICE_EMPTY, PROTO_REASON_STATE); /* no device */
    buf_free(&next);
    end(&s);
}

TEST_MAIN
