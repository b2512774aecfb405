#include "tests/desk/desks.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/hpke.h"
#include "sys/files.h"
#include "tests/test.h"

const struct desks_kind desks_epoc = {"de-court", "eu-epoc", "subscriber",
                                      "ordinary", "DE",      "exists created"};
static const uint8_t server[32] = {0x5e};

/* ---- The desk ---- */

static void clock_write(struct desks *s) {
    char text[32];
    int n = snprintf(text, sizeof text, "%lld", (long long)s->offset);
    CHECK_OK(sys_file_write(s->clock, slice_of(text, (size_t)n), 0600));
}

void desks_wait(struct desks *s, int64_t ms) {
    s->offset += ms / 1000;
    clock_write(s);
}

static void office_pin_in(struct desks *s) {
    buf text = {0};
    uint8_t hash[32];
    people_office(&text, true, NULL);
    slice bytes = buf_slice(&text);
    CHECK_OK(crypto_sha256.hash(hash, &bytes, 1));
    CHECK_OK(desk_office_pin(s->desk, bytes, hash, &s->why));
    buf_free(&text);
}

void desks_begin(struct desks *s) {
    memset(s, 0, sizeof *s);
    CHECK_OK(crypto_init());
    memcpy(s->folder, "/tmp/sotto-desk-XXXXXX", sizeof "/tmp/sotto-desk-XXXXXX");
    CHECK(mkdtemp(s->folder) != NULL);
    (void)snprintf(s->clock, sizeof s->clock, "%s/clock", s->folder);
    CHECK(setenv("SOTTO_DESK_CLOCK", s->clock, 1) == 0);
    clock_write(s);
    char path[96];
    (void)snprintf(path, sizeof path, "%s/keys", s->folder);
    CHECK_OK(sys_dir_make(path));
    (void)snprintf(path, sizeof path, "%s/keys/notice", s->folder);
    CHECK_OK(sys_file_write(path, slice_of(people_notice_seed, 32), 0600));
    CHECK_OK(desk_open(&s->desk, s->folder));
    office_pin_in(s);
    CHECK_EQ(desks_list(s, ""), DESK_OK);
    CHECK_OK(desk_server_set(s->desk, server, 3));
}

static void remove_file(void *ctx, const char *path) {
    (void)ctx;
    (void)unlink(path);
}

void desks_end(struct desks *s) {
    desk_close(s->desk);
    sys_files_walk(s->folder, "", remove_file, NULL);
    char keys[96];
    (void)snprintf(keys, sizeof keys, "%s/keys", s->folder);
    (void)rmdir(keys);
    (void)rmdir(s->folder);
}

void desks_again(struct desks *s) {
    desk_close(s->desk);
    CHECK_OK(desk_open(&s->desk, s->folder));
}

/* What a call gave: a refusal's reason, or OK. Whatever else is a failure of the test. */
static enum desk_reason reason_of_call(struct desks *s, err e) {
    if (e == ERR_DENIED)
        return s->why.reason;
    CHECK_OK(e);
    return DESK_OK;
}

enum desk_reason desks_list(struct desks *s, const char *entries) {
    return desks_list_witnessed(s, entries, NULL, 0);
}

enum desk_reason desks_list_witnessed(struct desks *s, const char *entries,
                                      const struct office_since *witnessed, size_t count) {
    static const struct signer all[] = {
        {LAW, true}, {RIGHTS, false}, {APPROVER, false}, {EXPERT_1, false}, {EXPERT_2, false}};
    buf text = {0};
    people_list(&text, desk_office(s->desk), desk_list(s->desk), entries);
    people_sign_all(&text, all, 5, UINT32_MAX);
    enum desk_reason r =
        reason_of_call(s, desk_list_change(s->desk, buf_slice(&text), witnessed, count, &s->why));
    buf_free(&text);
    return r;
}

/* ---- Cases ---- */

void desks_receive(struct desks *s, const char *bytes, char id[DESK_ID]) {
    struct desk_filing filing = {.bytes = slice_str(bytes), .channel = slice_str("form")};
    struct desk_receipt receipt;
    CHECK_OK(desk_file_receive(s->desk, &filing, &receipt, &s->why));
    memcpy(id, receipt.case_id, DESK_ID);
}

struct desk_case desks_case(struct desks *s, const char *id) {
    struct desk_case c;
    CHECK_OK(desk_case_get(s->desk, slice_str(id), &c));
    return c;
}

enum desk_state desks_state(struct desks *s, const char *id) {
    return desks_case(s, id).state;
}

/* ---- What is sealed ---- */

static const struct hpke_suite suite = {&crypto_dhkem_x25519, &crypto_sha256, 0x0001,
                                        &crypto_ossl_aes256gcm};

static void aad_make(buf *aad, const char *id, const char *kind, uint64_t number) {
    people_say(aad, "%s", id);
    CHECK_OK(buf_append_byte(aad, 0));
    people_say(aad, "%s", kind);
    CHECK_OK(buf_append_byte(aad, 0));
    people_say(aad, "%llu", (unsigned long long)number);
}

static bool open_one(const uint8_t private[32], const char *info, const char *id, const char *kind,
                     uint64_t number, slice sealed, buf *plain) {
    buf aad = {0};
    aad_make(&aad, id, kind, number);
    CHECK_OK(buf_resize(plain, sealed.n - 48));
    err e = hpke_open(&suite, plain->p, slice_of(sealed.p, 32), slice_of(private, 32),
                      slice_str(info), buf_slice(&aad), slice_of(sealed.p + 32, sealed.n - 32));
    buf_free(&aad);
    return e == OK;
}

static bool case_private(struct desks *s, const char *id, int person, buf *key) {
    uint8_t private[32];
    buf wrap = {0};
    people_seal_private(person, private);
    bool there = desk_wrap_get(s->desk, slice_str(id), slice_str(people_ids[person]), &wrap) == OK;
    bool opens =
        there && open_one(private, "sotto desk 1 wrap", id, "key", 0, buf_slice(&wrap), key);
    buf_free(&wrap);
    return opens;
}

bool desks_open(struct desks *s, const char *id, int person, enum desk_sealed_kind kind,
                uint64_t number, buf *plain) {
    buf key = {0}, sealed = {0};
    bool opens = case_private(s, id, person, &key);
    err e = desk_sealed_get(s->desk, slice_str(id), kind, number, slice_str(people_ids[person]),
                            &sealed);
    if (e != ERR_NOT_FOUND)
        CHECK_OK(e);
    opens = opens && e == OK &&
            open_one(key.p, "sotto desk 1 case", id, desk_sealed_name(kind), number,
                     buf_slice(&sealed), plain);
    buf_free(&key);
    buf_free(&sealed);
    return opens;
}

/* ---- Orders ---- */

struct finding {
    const uint8_t *order;
    uint64_t number;
    bool first;
};
static bool find_order(void *ctx, const struct desk_moved *m) {
    struct finding *f = ctx;
    enum office_order_kind kind;
    if (memcmp(m->order, f->order, 32) == 0 && m->person[0] != '\0' && m->seconds == 0 &&
        desk_move_drafts(m->move, &kind))
        f->number = m->number;
    return true;
}

static bool order_of_hash(struct desks *s, const char *id, int person, const uint8_t hash[32],
                          buf *text) {
    struct finding f = {hash, 0, false};
    buf plain = {0};
    CHECK_OK(desk_moves_list(s->desk, slice_str(id), find_order, &f));
    bool found = f.number != 0 && desks_open(s, id, person, DESK_SEALED_ORDER, f.number, &plain);
    for (size_t i = 0; found && i < plain.n; i++) {
        CHECK_OK(buf_append_byte(text, plain.p[i]));
        if (plain.p[i] == '\n' && (i + 1 == plain.n || plain.p[i + 1] == '\n'))
            break;
    }
    buf_free(&plain);
    return found;
}

bool desks_order(struct desks *s, const char *id, int person, buf *text) {
    struct desk_case c = desks_case(s, id);
    return order_of_hash(s, id, person, c.order, text);
}

/* ---- Acts ---- */

struct last {
    enum desk_move move;
    uint64_t number;
    uint8_t order[32];
};
static bool find_last(void *ctx, const struct desk_moved *m) {
    struct last *l = ctx;
    if (m->move == l->move && m->pending && m->seconds == 0) {
        l->number = m->number;
        memcpy(l->order, m->order, 32);
    }
    return true;
}

static size_t says_of(const struct desks_act *act, struct desk_say says[32]) {
    size_t n = 0;
    for (; n < 32 && act->says[n] != NULL; n++) {
        slice word = slice_str(act->says[n]);
        says[n].name = slice_until(&word, ' ');
        says[n].text = word;
    }
    return n;
}

/* Signs with a passkey; who signs an order that needs it, with a key of their own machine. */
static void sign(buf *document, int person, bool ssh) {
    people_sign(document, document->n, person, ssh ? SOFT_SK_ED25519 : SOFT_EDDSA);
}

/* The order that goes with the move: its draft, or the one that is there. */
static void order_for(struct desks *s, const struct desks_act *act, const struct last *last,
                      const struct desk_texts *texts, buf *order) {
    enum office_order_kind kind;
    bool drafts = desk_move_drafts(act->move, &kind);
    if (texts->order.n > 0)
        CHECK_OK(buf_append(order, buf_slice(&texts->order)));
    else if (last->number != 0 && drafts)
        CHECK(order_of_hash(s, act->id, act->person, last->order, order));
    else if (desk_move_about_order(act->move) &&
             (act->says[0] == NULL || strcmp(act->says[0], "verdict clear") == 0))
        CHECK(desks_order(s, act->id, act->person, order));
    if (order->n == 0 || (drafts && kind == OFFICE_ORDER_RELEASE))
        return;
    size_t text = order->n;
    if (last->number != 0) /* the first one's line, too */
        people_sign(order, text, act->person == LAW ? POLICY : LAW, SOFT_EDDSA);
    people_sign(order, text, act->person, act->person == LAW ? SOFT_SK_ED25519 : SOFT_EDDSA);
}

static enum desk_reason hand_in(struct desks *s, const struct desks_act *act,
                                const struct last *last, struct desk_texts *texts, slice before) {
    buf order = {0};
    struct desk_made made;
    order_for(s, act, last, texts, &order);
    sign(&texts->move, act->person, false);
    struct desk_hand hand = {.move = buf_slice(&texts->move),
                             .order = buf_slice(&order),
                             .before = before,
                             .letter = act->also == NULL ? SLICE_EMPTY : slice_str(act->also)};
    err e = desk_move(s->desk, slice_str(act->id), &hand, &made, &s->why);
    buf_free(&order);
    return reason_of_call(s, e);
}

enum desk_reason desks_act(struct desks *s, const struct desks_act *act) {
    static const uint8_t none[32];
    struct desk_say says[32];
    struct last last = {.move = act->move};
    struct desk_texts texts;
    enum office_order_kind kind;
    buf before = {0};
    struct desk_case c = desks_case(s, act->id);
    if (act->seconds)
        CHECK_OK(desk_moves_list(s->desk, slice_str(act->id), find_last, &last));
    if (desk_move_drafts(act->move, &kind) && memcmp(c.order, none, 32) != 0)
        (void)desks_order(s, act->id, act->person, &before);
    struct desk_draft draft = {
        .case_id = slice_str(act->id),
        .person = slice_str(people_ids[act->person]),
        .move = act->move,
        .says = says,
        .say_count = says_of(act, says),
        .before = buf_slice(&before),
        .account = {OFFICE_BY_ID, slice_str("000102030405060708090a0b0c0d0e0f")},
        .fields = act->fields,
        .wording = &(slice){(const uint8_t *)"A court asked.", 14},
        .wording_count = 1,
        .until = desk_now() / 1000 * 1000 + 30 * TIME_DAY,
        .seconds = last.number};
    enum desk_reason r = reason_of_call(s, desk_compose(s->desk, &draft, &texts, &s->why));
    if (r == DESK_OK)
        r = hand_in(s, act, &last, &texts, buf_slice(&before));
    buf_free(&texts.move);
    buf_free(&texts.order);
    buf_free(&before);
    return r;
}

void desks_do(struct desks *s, const struct desks_act *act) {
    enum desk_reason r = desks_act(s, act);
    if (r != DESK_OK)
        test_fail(__FILE__, __LINE__, "%s by %s in %s: %s", desk_move_name(act->move),
                  people_ids[act->person], desk_state_name(desks_state(s, act->id)),
                  desk_why_name(&s->why));
}

/* ---- Manifests ---- */

void desks_say_hash(char say[DESKS_SAY], const char *name, const char *text) {
    char hex[HEX_TEXT];
    uint8_t hash[32];
    slice bytes = slice_str(text);
    CHECK_OK(crypto_sha256.hash(hash, &bytes, 1));
    hex_text(hash, hex);
    (void)snprintf(say, DESKS_SAY, "%s %s", name, hex);
}

void desks_manifest(struct desks_manifest *m, const char *id, const uint8_t order[32],
                    const char *more) {
    char hex[HEX_TEXT];
    hex_text(order, hex);
    (void)snprintf(m->text, sizeof m->text,
                   "sotto manifest 1\norder release-1 %s\ncase %s\nserver-number 7\n%s", hex, id,
                   more);
    desks_say_hash(m->say, "manifest", m->text);
}

enum desk_reason desks_deliver(struct desks *s, const char *id) {
    struct desks_manifest m;
    desks_manifest(&m, id, desks_case(s, id).order, "");
    return desks_act(s, &(struct desks_act){.id = id,
                                            .move = DESK_MOVE_DELIVER,
                                            .person = CUSTODIAN,
                                            .says = {m.say},
                                            .also = m.text});
}

static bool find_notice(void *ctx, const struct desk_moved *m) {
    if ((m->move == DESK_MOVE_NOTIFY || m->move == DESK_MOVE_LATE_NOTICE) && m->order[0] != 0)
        memcpy(ctx, m->order, sizeof m->order);
    return true;
}

void desks_notice(struct desks *s, const char *id, uint8_t hash[32]) {
    memset(hash, 0, 32);
    CHECK_OK(desk_moves_list(s->desk, slice_str(id), find_notice, hash));
}

static bool find_carry(void *ctx, const struct desk_task *t) {
    if (t->kind == DESK_TASK_CARRY)
        *(uint64_t *)ctx = t->id;
    return true;
}

void desks_notice_carried(struct desks *s, const char *id) {
    struct desks_manifest m;
    uint8_t hash[32];
    uint64_t task = 0;
    desks_notice(s, id, hash);
    desks_manifest(&m, id, hash, "");
    CHECK_OK(desk_tasks_list(s->desk, 0, find_carry, &task));
    CHECK_OK(desk_carry_done(s->desk, task, SLICE_EMPTY, slice_str(m.text), &s->why));
}

/* ---- The disk ---- */

struct search {
    slice bytes;
    bool found;
};
static void search_file(void *ctx, const char *path) {
    struct search *search = ctx;
    buf content = {0};
    CHECK_OK(sys_file_read(path, 1 << 28, &content));
    for (size_t i = 0; i + search->bytes.n <= content.n && !search->found; i++)
        search->found = memcmp(content.p + i, search->bytes.p, search->bytes.n) == 0;
    buf_free(&content);
}

bool desks_disk_has(struct desks *s, slice bytes) {
    struct search search = {bytes, false};
    sys_files_walk(s->folder, "", search_file, &search);
    return search.found;
}

/* ---- Whole ways ---- */

void desks_authenticated(struct desks *s, const char *id, const struct desks_kind *kind) {
    char authority[96], regime[96], category[96], path[32], beneficiary[32], fields[96];
    (void)snprintf(authority, sizeof authority, "authority %s", kind->authority);
    (void)snprintf(regime, sizeof regime, "regime %s", kind->regime);
    (void)snprintf(category, sizeof category, "category %s", kind->category);
    (void)snprintf(path, sizeof path, "path %s", kind->path);
    (void)snprintf(beneficiary, sizeof beneficiary, "beneficiary %s", kind->beneficiary);
    (void)snprintf(fields, sizeof fields, "fields %s", kind->fields);
    struct desks_act classify = {.id = id,
                                 .move = DESK_MOVE_CLASSIFY,
                                 .person = INTAKE_1,
                                 .says = {"kind produce", path, authority, regime, category,
                                          beneficiary, fields, "process national-order",
                                          "accounts 1"}};
    struct desks_act call = {
        .id = id,
        .move = DESK_MOVE_CALL_BACK,
        .person = INTAKE_2,
        .says = {"number +49 30 000000", "checklists 1", "a1 yes", "a2 yes", "a3 yes", "a4 yes"}};
    desks_do(s, &classify);
    if (desks_state(s, id) != DESK_STATE_RECEIVED)
        return;
    desks_do(s, &call);
    if (desks_state(s, id) == DESK_STATE_RECEIVED) { /* an emergency: twice */
        call.person = INTAKE_1;
        call.says[0] = "number +49 30 000001";
        desks_do(s, &call);
    }
}

void desks_open_case(struct desks *s, const char *id, uint32_t fields) {
    desks_do(s, &(struct desks_act){
                    .id = id, .move = DESK_MOVE_OPEN, .person = INTAKE_1, .fields = fields});
}

struct seats {
    enum desk_lens lens;
    uint32_t round;
    int person;
};
static bool find_seat(void *ctx, const struct desk_seat *seat) {
    struct seats *f = ctx;
    for (int i = 0; i < PEOPLE; i++)
        if (seat->lens == f->lens && !seat->out && seat->round == f->round &&
            strcmp(seat->person, people_ids[i]) == 0)
            f->person = i;
    return true;
}

int desks_reviewer(struct desks *s, const char *id, enum desk_lens lens) {
    struct seats f = {lens, desks_case(s, id).round, -1};
    CHECK_OK(desk_seats_list(s->desk, slice_str(id), SLICE_EMPTY, find_seat, &f));
    CHECK(f.person >= 0);
    return f.person;
}

enum desk_reason desks_verdict(struct desks *s, const char *id, enum desk_lens lens,
                               const char *verdict, const char *beneficiary) {
    static const char *const answers[DESK_LENS_COUNT][14] = {
        {"p1 yes", "p2 yes", "p3 yes", "p4 no", "p5 yes", "p6 no", "p7 yes"},
        {"l1 yes", "l2 yes", "l3 yes", "l4 yes", "l5 yes", "l6 no", "l7 yes", "l8 yes", "l9 yes",
         "l10 yes"},
        {"h1 yes", "h2 yes", "h3 yes", "h4 yes", "h5 no", "h6 no", "h7 yes", "h8 no", "h9 no",
         "h10 yes", "h11 no", "h12 no"}};
    static const char *const emergency[] = {"e1 yes", "e2 yes", "e3 yes",
                                            "e4 yes", "e5 yes", "e6 yes"};
    char verdict_text[32], beneficiary_text[32];
    struct desks_act act = {
        .id = id, .move = DESK_MOVE_VERDICT, .person = desks_reviewer(s, id, lens)};
    size_t n = 0;
    (void)snprintf(verdict_text, sizeof verdict_text, "verdict %s", verdict);
    (void)snprintf(beneficiary_text, sizeof beneficiary_text, "beneficiary %s", beneficiary);
    act.says[n++] = verdict_text;
    act.says[n++] = beneficiary_text;
    act.says[n++] = "conflict no";
    act.says[n++] = "policy 1";
    act.says[n++] = "guidelines 1";
    act.says[n++] = "checklists 1";
    for (int i = 0; i < 14 && answers[lens][i] != NULL; i++)
        act.says[n++] = answers[lens][i];
    for (int i = 0; i < 6; i++)
        act.says[n++] = emergency[i];
    return desks_act(s, &act);
}

void desks_cleared(struct desks *s, const char *id, uint32_t fields) {
    desks_open_case(s, id, fields);
    for (int lens = 0; lens < DESK_LENS_COUNT; lens++)
        CHECK_EQ(desks_verdict(s, id, (enum desk_lens)lens, "clear", "DE"), DESK_OK);
    CHECK_EQ(desks_state(s, id), DESK_STATE_CLEARED);
}

/* ---- Release ---- */

struct lines {
    struct desks *s;
    const char *id;
    int person;
    uint32_t round;
    uint64_t numbers[16];
    size_t n;
};
static bool find_lines(void *ctx, const struct desk_moved *m) {
    struct lines *l = ctx;
    if (m->round == l->round && l->n < 16 &&
        (m->move == DESK_MOVE_VERDICT || m->move == DESK_MOVE_SIGN_ORDER))
        l->numbers[l->n++] = m->number;
    return true;
}

/* Appends the signature lines of one signed order. */
static void lines_append(struct lines *l, uint64_t number, buf *order, size_t text) {
    buf signed_order = {0};
    if (desks_open(l->s, l->id, l->person, DESK_SEALED_ORDER, number, &signed_order) &&
        signed_order.n > text + 1) {
        if (order->n == text)
            CHECK_OK(buf_append_byte(order, '\n'));
        CHECK_OK(buf_append(order, slice_of(signed_order.p + text + 1, signed_order.n - text - 1)));
    }
    buf_free(&signed_order);
}

enum desk_reason desks_release(struct desks *s, const char *id, int approver) {
    return desks_release_by(s, id, approver, approver);
}

enum desk_reason desks_release_by(struct desks *s, const char *id, int approver, int signer) {
    struct desk_draft draft = {.case_id = slice_str(id),
                               .person = slice_str(people_ids[approver]),
                               .move = DESK_MOVE_RELEASE};
    struct lines lines = {.s = s, .id = id, .person = approver, .round = desks_case(s, id).round};
    struct desk_texts texts;
    struct desk_made made;
    buf order = {0};
    enum desk_reason r = reason_of_call(s, desk_compose(s->desk, &draft, &texts, &s->why));
    if (r != DESK_OK)
        return r;
    CHECK(desks_order(s, id, approver, &order));
    size_t text = order.n;
    CHECK_OK(desk_moves_list(s->desk, slice_str(id), find_lines, &lines));
    for (size_t i = 0; i < lines.n; i++)
        lines_append(&lines, lines.numbers[i], &order, text);
    people_sign(&order, text, signer, SOFT_SK_ED25519);
    sign(&texts.move, approver, false);
    struct desk_hand hand = {.move = buf_slice(&texts.move), .order = buf_slice(&order)};
    r = reason_of_call(s, desk_move(s->desk, slice_str(id), &hand, &made, &s->why));
    buf_free(&order);
    buf_free(&texts.move);
    buf_free(&texts.order);
    return r;
}
